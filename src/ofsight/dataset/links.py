"""Who owns what, and where: owners and areas put beside inspections, homes and lists."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ofsight.dataset.areas import match_areas
from ofsight.link.owners import link_owners, load_owner_groups

__all__ = ["LinkedHomes", "link_homes"]

_OWNED = ("owner_id", "owner_group", "council_company")


@dataclass(frozen=True, slots=True)
class LinkedHomes:
    """The tables about homes with owners and areas beside what was published.

    Attributes
    ----------
    inspections, homes, snapshots : DataFrame
        The tables with the columns ``LINKED`` of ``ofsight.dataset.tables_panels``.
    owners : DataFrame
        Table ``owners``: each published name, its owner, and how it was linked.
    """

    inspections: pl.DataFrame
    homes: pl.DataFrame
    snapshots: pl.DataFrame
    owners: pl.DataFrame


def link_homes(inspections: pl.DataFrame, homes: pl.DataFrame, snapshots: pl.DataFrame) -> LinkedHomes:
    """Link owners and areas into the tables about homes.

    Parameters
    ----------
    inspections, homes, snapshots : DataFrame
        The tables as published, with ``owner`` and ``local_authority``.
    """
    owners = _owners(inspections, snapshots, homes)

    def linked(frame: pl.DataFrame, on: str) -> pl.DataFrame:
        return _with_owner(match_areas(frame, "local_authority", on), owners, on)

    chain = pl.col("urn").n_unique().over("listed_on", "owner_id").cast(pl.UInt32)
    return LinkedHomes(
        inspections=linked(inspections, "inspected_on"),
        homes=linked(homes, "described_on"),
        snapshots=linked(snapshots, "listed_on").with_columns(
            # An unknown chain is not a chain of one.
            n_homes_of_owner=pl.when(pl.col("owner_id").is_not_null()).then(chain)
        ),
        owners=owners,
    )


def _owners(inspections: pl.DataFrame, snapshots: pl.DataFrame, homes: pl.DataFrame) -> pl.DataFrame:
    """Link every name that was published; lists and inspections are the evidence, oldest first."""
    seen = pl.concat(
        [
            snapshots.select("owner", "urn", "local_authority", year=pl.col("listed_on").dt.year()),
            inspections.select("owner", "urn", "local_authority", year=pl.col("inspected_on").dt.year()),
            homes.select("owner", "urn", "local_authority", year=pl.col("described_on").dt.year()),
        ]
    ).filter(pl.col("owner").is_not_null())
    counted = seen.group_by("owner", "year", "urn", "local_authority").len("n").sort("year", "owner", "urn")
    links = link_owners(counted)
    span = seen.group_by("owner").agg(
        n_homes=pl.col("urn").n_unique().cast(pl.UInt32),
        first_year=pl.col("year").min().cast(pl.Int32),
        last_year=pl.col("year").max().cast(pl.Int32),
    )
    return links.join(span, left_on="owner_as_published", right_on="owner", how="left").sort(
        "owner_as_published"
    )


def _with_owner(frame: pl.DataFrame, owners: pl.DataFrame, on: str) -> pl.DataFrame:
    """Add the owner of each name, and its group and whether it is a council's company on the day."""
    names = owners.select(owner="owner_as_published", owner_id="owner_id")
    frame = frame.drop([name for name in _OWNED if name in frame.columns])
    linked = frame.join(names, on="owner", how="left", maintain_order="left")
    days = linked.select("owner_id", on).drop_nulls().unique(maintain_order=True)
    matched = load_owner_groups().match(days["owner_id"], days[on])
    dated = days.with_columns(owner_group=matched["group"], council_company=matched["council_company"])
    return linked.join(dated, on=["owner_id", on], how="left", maintain_order="left")
