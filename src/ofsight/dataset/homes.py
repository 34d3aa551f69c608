"""Homes on the dates of the lists, and each home as it was last described."""

from __future__ import annotations

import polars as pl

from ofsight.definitions.schema import fold
from ofsight.vocabulary import InspectionType

__all__ = ["describe_homes", "take_snapshots"]

_SETTING = ("provision_type", "sector", "local_authority", "region", "places", "owner", "registration_status")


def take_snapshots(records: pl.DataFrame) -> pl.DataFrame:
    """Return one row per home and list.

    Parameters
    ----------
    records : DataFrame
        From ``ofsight.dataset.reconcile.gather_records``.

    Returns
    -------
    DataFrame
        Table ``home_snapshots``.
    """
    full = pl.col("inspection_type") == InspectionType.FULL
    owner = pl.col("owner").map_elements(fold, return_dtype=pl.String)
    return (
        records.filter(pl.col("listed_on").is_not_null())
        .with_columns(
            latest_inspected_on=pl.when(full).then("inspected_on"),
            latest_overall=pl.when(full).then("overall"),
            owner_key=owner,
        )
        .with_columns(
            n_homes_of_owner=pl.when(pl.col("owner").is_not_null())
            .then(pl.len().over("listed_on", "owner_key"))
            .cast(pl.UInt32)
        )
        .sort("urn", "listed_on")
    )


def describe_homes(records: pl.DataFrame, inspections: pl.DataFrame) -> pl.DataFrame:
    """Return one row per home: its last description, and the span in which it is seen.

    Parameters
    ----------
    records : DataFrame
        From ``gather_records``: oldest edition first.
    inspections : DataFrame
        Table ``inspections``.

    Returns
    -------
    DataFrame
        Table ``homes``.
    """
    described = (
        records.sort("edition", "in_year", "inspected_on", "row", nulls_last=False)
        .group_by("urn", maintain_order=True)
        .agg(
            *(pl.col(name).drop_nulls().last() for name in _SETTING),
            # Later lists print another day for a few homes; the earliest is the registration.
            registered_on=pl.col("registered_on").min(),
            first_listed_on=pl.col("listed_on").min(),
            last_listed_on=pl.col("listed_on").max(),
        )
    )
    inspected = inspections.group_by("urn").agg(
        first_inspected_on=pl.col("inspected_on").min(),
        last_inspected_on=pl.col("inspected_on").max(),
        n_inspections=pl.len().cast(pl.UInt32),
        n_graded=pl.col("overall").is_not_null().sum().cast(pl.UInt32),
    )
    return (
        described.join(inspected, on="urn", how="left")
        .with_columns(pl.col("n_inspections", "n_graded").fill_null(0))
        .sort("urn")
    )
