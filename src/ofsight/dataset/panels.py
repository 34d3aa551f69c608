"""The tables that models are fitted on: covariates as they were on the day, each with where it comes from."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from ofsight.vocabulary import Domain, InspectionType

__all__ = ["AUTHORITY_COVARIATES", "make_authority_panel", "make_home_panel"]

_DAYS_A_MONTH: Final = 365.25 / 12
# The authors of the study take age from registration to this day, for every inspection.
_PAPERS_DAY: Final = date(2021, 6, 1)
_JUDGED: Final = tuple(name for domain in Domain for name in (domain.value, f"{domain}_as_published"))

# Covariate of the panel, and the column of authority_years it comes from (scaled).
AUTHORITY_COVARIATES: Final[dict[str, tuple[str, float]]] = {
    "profit": ("private_percent", 1.0),
    "third": ("voluntary_percent", 1.0),
    "white": ("white_percent", 1.0),
    "female": ("female_percent", 1.0),
    "n": ("looked_after", 0.01),
}


def make_home_panel(inspections: pl.DataFrame, homes: pl.DataFrame, snapshots: pl.DataFrame) -> pl.DataFrame:
    """Return table ``home_panel``: one graded full inspection a row.

    Parameters
    ----------
    inspections, homes, snapshots : DataFrame
        The linked tables.
    """
    full = inspections.filter(
        pl.col("inspection_type") == InspectionType.FULL,
        pl.any_horizontal(pl.col(domain).is_not_null() for domain in Domain),
    )
    frame = full.select(
        *("urn", "inspected_on", "published_on", "framework", "provision_type", "sector"),
        *_JUDGED,
        *("local_authority", "authority", "area_code", "constant_area", "standard_region"),
        *("region", "owner", "owner_id", "owner_group", "council_company", "setting_release"),
        own_places="places",
        year=pl.col("inspected_on").dt.year().cast(pl.Int32),
    ).join(homes.select("urn", "registered_on"), on="urn", how="left")
    frame = _nearest(frame, snapshots, {"places": "listed_places"}, "places")
    frame = _nearest(
        frame,
        snapshots,
        {"n_homes_of_owner": "chain_size", "owner_id": "listed_owner_id", "owner_group": "listed_group"},
        "chain",
    )
    paper = (pl.lit(_PAPERS_DAY) - pl.col("registered_on")).dt.total_days() / _DAYS_A_MONTH
    age = (pl.col("inspected_on") - pl.col("registered_on")).dt.total_days() / _DAYS_A_MONTH
    return frame.with_columns(
        age_months_paper=paper,
        # A registration after the inspection is a correction of a later list, not an age.
        age_months=pl.when(age >= 0).then(age),
        places=pl.coalesce("own_places", "listed_places"),
        places_listed_on=pl.when(pl.col("own_places").is_null()).then("places_on"),
        owner_id=pl.coalesce("owner_id", "listed_owner_id"),
        owner_group=pl.when(pl.col("owner_id").is_null()).then("listed_group").otherwise("owner_group"),
        chain_listed_on="chain_on",
    ).sort("urn", "inspected_on")


def _nearest(
    frame: pl.DataFrame, snapshots: pl.DataFrame, columns: dict[str, str], name: str
) -> pl.DataFrame:
    """Add columns of the list nearest in time that knows the first of them, and that list's day."""
    first = next(iter(columns))
    lists = snapshots.filter(pl.col(first).is_not_null()).select(
        "urn",
        "listed_on",
        pl.col("listed_on").alias(f"{name}_on"),
        **{new: old for old, new in columns.items()},
    )
    return (
        frame.sort("inspected_on", "urn")
        .join_asof(
            lists.sort("listed_on", "urn"),
            left_on="inspected_on",
            right_on="listed_on",
            by="urn",
            strategy="nearest",
            check_sortedness=False,
        )
        .drop("listed_on", strict=False)
    )


def make_authority_panel(
    inspections: pl.DataFrame, years: pl.DataFrame, statistics: pl.DataFrame
) -> pl.DataFrame:
    """Return table ``authority_panel``: one graded inspection of an authority a row.

    A covariate is that of the newest 31 March on or before the day for which it was published as a number;
    ``<covariate>_year`` says which. A symbol is passed over, and stays in ``authority_years``.

    Parameters
    ----------
    inspections : DataFrame
        Table ``authority_inspections``.
    years : DataFrame
        Table ``authority_years``.
    statistics : DataFrame
        Table ``authority_statistics``, for the residents of the census.
    """
    judged = ("overall", "leaders", "protection", "care", "care_leavers")
    frame = inspections.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in judged)).select(
        *("authority", "on", "framework", "inspection_type", "inspected_on", "published_on"),
        *(name for domain in judged for name in (domain, f"{domain}_as_published")),
        *("area_code", "constant_area"),
        region="standard_region",
        year=pl.col("on").dt.year().cast(pl.Int32),
    )
    for name, (column, scale) in AUTHORITY_COVARIATES.items():
        frame = _before(frame, years, column, name, scale)
    frame = _before(frame, years, "population_0_17", "population_0_17", 1.0)
    imd = years.group_by("authority").agg(imd=pl.col("imd_extent").drop_nulls().first())
    residents = (
        statistics.filter(pl.col("topic") == "census", pl.col("authority").is_not_null())
        .group_by("authority")
        .agg(residents=pl.col("value").sum())
    )
    newest = pl.col("on") == pl.col("on").max().over("authority")
    return (
        frame.join(imd, on="authority", how="left")
        .join(residents, on="authority", how="left")
        .with_columns(
            under18=pl.when(pl.col("residents") > 0).then(
                100 * pl.col("population_0_17") / pl.col("residents")
            ),
            latest=newest,
        )
        .sort("authority", "on", "framework")
    )


def _before(frame: pl.DataFrame, years: pl.DataFrame, column: str, name: str, scale: float) -> pl.DataFrame:
    """Add the newest number of an authority on or before the day, and its year."""
    known = years.filter(pl.col(column).is_not_null()).select(
        "authority",
        pl.date(pl.col("year"), 3, 31).alias("day"),
        (pl.col(column) * scale).alias(name),
        pl.col("year").alias(f"{name}_year"),
    )
    return (
        frame.sort("on")
        .join_asof(
            known.sort("day"),
            left_on="on",
            right_on="day",
            by="authority",
            strategy="backward",
            check_sortedness=False,
        )
        .drop("day", strict=False)
    )
