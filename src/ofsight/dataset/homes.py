"""Homes on the dates of the lists, and each home as it was last described."""

from __future__ import annotations

import polars as pl

from ofsight.harmonise.values import folded
from ofsight.vocabulary import InspectionType

__all__ = ["describe_homes", "take_snapshots"]

_SETTING = ("provision_type", "sector", "local_authority", "region", "places", "owner", "registration_status")

# Lists are drawn up while closures are still being entered: homes stand on one up to this many days after.
_LATE_ON_A_LIST = 62


def take_snapshots(records: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return one row per home and list date: the lists of one date made one, the one with inspections first.

    The lists of inspected providers leave homes out that no one has inspected; the lists of providers and
    places hold every registered one. Where both hold a home, what the first does not say (places, owner) is
    taken from the second, and the second row is set aside under that reason.

    Parameters
    ----------
    records : DataFrame
        From ``ofsight.dataset.reconcile.gather_records``.

    Returns
    -------
    tuple of DataFrame
        Table ``home_snapshots``, and the rows that gave way: ``release, sheet, row, reason, detail``.
    """
    full = pl.col("inspection_type") == InspectionType.FULL
    on_one_date = ["urn", "listed_on"]
    listed = records.filter(pl.col("listed_on").is_not_null()).sort(
        "urn", "listed_on", pl.col("judged").not_(), "release", "row"
    )
    first = pl.int_range(pl.len()).over(on_one_date) == 0
    gave_way = listed.filter(~first).select(
        "release", "sheet", "row", reason=pl.lit("in another list of the same date"), detail=pl.col("urn")
    )
    snapshots = (
        listed.with_columns(
            pl.col(name).drop_nulls().first().over(on_one_date).alias(name)
            for name in (*_SETTING[2:], "registered_on", "short_breaks_only")
        )
        .filter(first)
        .with_columns(
            latest_inspected_on=pl.when(full).then("inspected_on"),
            latest_overall=pl.when(full).then("overall"),
            owner_key=folded(pl.col("owner")),
        )
        .with_columns(
            n_homes_of_owner=pl.when(pl.col("owner").is_not_null())
            .then(pl.len().over("listed_on", "owner_key"))
            .cast(pl.UInt32)
        )
    )
    return snapshots, gave_way


def describe_homes(
    records: pl.DataFrame, inspections: pl.DataFrame, movements: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return one row per home: its last description, and the span in which it is seen.

    Parameters
    ----------
    records : DataFrame
        From ``gather_records``: oldest edition first.
    inspections : DataFrame
        Table ``inspections``.
    movements : DataFrame, optional
        Table ``movements``: registrations and closures, and homes that no list holds.

    Returns
    -------
    DataFrame
        Table ``homes``.
    """
    seen = records.with_columns(described_on="edition")
    if movements is not None:
        described_there = movements.filter(pl.col("provision_type").is_not_null())
        seen = pl.concat(
            [
                described_there.with_columns(described_on="edition", in_year=pl.lit(value=False)),
                seen,
            ],
            how="diagonal_relaxed",
        )
    described = (
        seen.sort("edition", "in_year", "inspected_on", "row", nulls_last=False, maintain_order=True)
        .group_by("urn", maintain_order=True)
        .agg(
            *(pl.col(name).drop_nulls().last() for name in _SETTING),
            # Later lists print another day for a few homes; the earliest is the registration.
            registered_on=pl.col("registered_on").min(),
            first_listed_on=pl.col("listed_on").min(),
            last_listed_on=pl.col("listed_on").max(),
            described_on=pl.col("described_on").max(),
        )
    )
    inspected = inspections.group_by("urn").agg(
        first_inspected_on=pl.col("inspected_on").min(),
        last_inspected_on=pl.col("inspected_on").max(),
        n_inspections=pl.len().cast(pl.UInt32),
        n_graded=pl.col("overall").is_not_null().sum().cast(pl.UInt32),
    )
    homes = (
        described.join(inspected, on="urn", how="left")
        .with_columns(pl.col("n_inspections", "n_graded").fill_null(0))
        .sort("urn")
    )
    # A cancellation that was appealed, or a slip: the home was still on a list long after.
    stands = pl.col("last_listed_on").is_null() | (
        pl.col("closed_on") + pl.duration(days=_LATE_ON_A_LIST) >= pl.col("last_listed_on")
    )
    return homes.join(_closures(movements), on="urn", how="left").with_columns(
        pl.when(stands).then(pl.col("closed_on", "closure_status"))
    )


def _closures(movements: pl.DataFrame | None) -> pl.DataFrame:
    """Return each home's last leaving, with its status."""
    if movements is None:
        return pl.DataFrame(schema={"urn": pl.String, "closed_on": pl.Date, "closure_status": pl.String})
    left = movements.filter(pl.col("kind") == "left").sort("edition", "release", "row")
    return left.group_by("urn").agg(
        closed_on=pl.col("on").drop_nulls().last(), closure_status=pl.col("status").drop_nulls().last()
    )
