"""Everything that a page or a pack shows of one area or one owner, in one frozen object."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.profiles.area import Area, region_of
from ofsight.profiles.children import children_over_time, deprivation
from ofsight.profiles.council import council_inspections
from ofsight.profiles.holders import holders_in
from ofsight.profiles.judgements import judgements_by_year, latest_judgements
from ofsight.profiles.neighbours import beside
from ofsight.profiles.owner import (
    Owner,
    owner_areas,
    owner_changes,
    owner_judgements,
    owner_openings_closures,
    owner_over_time,
)
from ofsight.profiles.supply import homes_over_time, openings_closures

__all__ = ["AreaProfile", "OwnerProfile", "area_profile", "owner_profile"]


@dataclass(frozen=True)
class AreaProfile:
    """An area, whole. Each frame is what the function of that name returns.

    Attributes
    ----------
    area : Area
        The area.
    region : Area or None
        The region that it lies in.
    """

    area: Area
    region: Area | None
    homes_over_time: pl.DataFrame
    openings_closures: pl.DataFrame
    latest_judgements: pl.DataFrame
    judgements_by_year: pl.DataFrame
    holders: pl.DataFrame
    council_inspections: pl.DataFrame
    children: pl.DataFrame
    deprivation: pl.DataFrame
    beside: pl.DataFrame


@dataclass(frozen=True)
class OwnerProfile:
    """An owner or group, whole. Each frame is what the function ``owner_...`` of that name returns."""

    owner: Owner
    over_time: pl.DataFrame
    areas: pl.DataFrame
    judgements: pl.DataFrame
    changes: pl.DataFrame
    openings_closures: pl.DataFrame


def area_profile(dataset: Dataset, area: Area) -> AreaProfile:
    """Answer every question about an area; see the functions of `ofsight.profiles`."""
    return AreaProfile(
        area=area,
        region=region_of(dataset, area),
        homes_over_time=homes_over_time(dataset, area),
        openings_closures=openings_closures(dataset, area),
        latest_judgements=latest_judgements(dataset, area),
        judgements_by_year=judgements_by_year(dataset, area),
        holders=holders_in(dataset, area),
        council_inspections=council_inspections(dataset, area),
        children=children_over_time(dataset, area),
        deprivation=deprivation(dataset, area),
        beside=beside(dataset, area),
    )


def owner_profile(dataset: Dataset, owner: Owner) -> OwnerProfile:
    """Answer every question about an owner or group."""
    return OwnerProfile(
        owner=owner,
        over_time=owner_over_time(dataset, owner),
        areas=owner_areas(dataset, owner),
        judgements=owner_judgements(dataset, owner),
        changes=owner_changes(dataset, owner),
        openings_closures=owner_openings_closures(dataset, owner),
    )
