"""One row per local authority and year: children looked after, placed with whom, homes, judgement.

A number that was published as a symbol stays one: its value is empty, ``<column>_status`` holds the symbol.
A share of a suppressed count is as suppressed as the count.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from ofsight.definitions.measures_schema import YearColumn, YearDefinition, load_year_definition
from ofsight.link.areas import load_areas
from ofsight.vocabulary import Sector

__all__ = ["NOT_PUBLISHED", "make_authority_years"]

NOT_PUBLISHED = "not published"
_KEY = ["authority", "year"]


def make_authority_years(
    statistics: pl.DataFrame, snapshots: pl.DataFrame, inspections: pl.DataFrame
) -> pl.DataFrame:
    """Return table ``authority_years``.

    Parameters
    ----------
    statistics : DataFrame
        Table ``authority_statistics``.
    snapshots : DataFrame
        Table ``home_snapshots`` with ``authority``.
    inspections : DataFrame
        Table ``authority_inspections``.
    """
    definition = load_year_definition()
    local = statistics.filter(
        pl.col("level") == "Local authority", pl.col("authority").is_not_null(), pl.col("newest")
    )
    years = _years(local, snapshots)
    frame = _authorities(years)
    for name, column in definition.counts.items():
        frame = _with_number(frame, local, name, column, _KEY)
    for name, column in definition.constants.items():
        frame = _with_number(frame, local, name, column, ["authority"])
    frame = _with_shares(frame, definition)
    frame = frame.join(_homes(snapshots), on=_KEY, how="left", maintain_order="left")
    return _with_judgement(frame, inspections).sort("authority", "year")


def _years(local: pl.DataFrame, snapshots: pl.DataFrame) -> range:
    """Return the years to 31 March that placements, or lists of homes, speak of."""
    topics = ["looked after on 31 March", "number and rate"]
    spoken = local.filter(pl.col("topic").is_in(topics))["year"].unique().to_list()
    listed = snapshots.filter(pl.col("listed_on").dt.month() == 3)["listed_on"].dt.year().unique().to_list()
    years = [*spoken, *listed]
    return range(min(years), max(years) + 1) if years else range(0)


def _authorities(years: range) -> pl.DataFrame:
    areas = load_areas()
    rows = [
        {
            "authority": authority.name,
            "year": year,
            "area_code": authority.code_on(date(year, 3, 31)),
            "constant_area": authority.constant_area,
            "standard_region": authority.region,
        }
        for year in years
        for authority in areas.on(date(year, 3, 31))
    ]
    text = dict.fromkeys(("area_code", "constant_area", "standard_region"), pl.String)
    return pl.DataFrame(rows, schema={"authority": pl.String, "year": pl.Int32, **text})


def _with_number(
    frame: pl.DataFrame, local: pl.DataFrame, name: str, column: YearColumn, key: list[str]
) -> pl.DataFrame:
    """Add a number, its status and its release from the first place that has it."""
    found = pl.concat(
        [
            local.filter(
                pl.col("topic") == place.topic,
                pl.col("category") == place.category,
                pl.col("breakdown") == place.breakdown,
                pl.col("measure") == place.measure,
            ).with_columns(order=pl.lit(order), year=pl.col("year") + column.lag)
            for order, place in enumerate(column.places)
        ]
    )
    # A new authority is back-cast as "not applicable" in years when its predecessor has the number.
    found = (
        found.sort("order", pl.col("value").is_null(), "release")
        .group_by(key, maintain_order=True)
        .agg(pl.col("value", "status", "release").first())
        .rename({"value": name, "status": f"{name}_status", "release": f"{name}_release"})
    )
    return frame.join(found, on=key, how="left", maintain_order="left").with_columns(
        pl.col(f"{name}_status").fill_null(NOT_PUBLISHED)
    )


def _with_shares(frame: pl.DataFrame, definition: YearDefinition) -> pl.DataFrame:
    """Add counts over the looked-after children; what is suppressed in either is suppressed in the share."""
    whole, whole_status = pl.col("looked_after"), pl.col("looked_after_status")
    shares: dict[str, pl.Expr] = {}
    for name, share in definition.shares.items():
        part, status = pl.col(share.of), pl.col(f"{share.of}_status")
        shares[name] = pl.when(whole > 0).then(100 * part / whole)
        stated = pl.when(status != "").then(status).otherwise(whole_status)
        shares[f"{name}_status"] = pl.when((stated == "") & (whole == 0)).then(pl.lit("z")).otherwise(stated)
    return frame.with_columns(**shares)


def _homes(snapshots: pl.DataFrame) -> pl.DataFrame:
    """Count homes and places by sector on each 31 March that has a list of every registered home."""
    march = snapshots.filter(pl.col("listed_on").dt.month() == 3, pl.col("authority").is_not_null())
    counts: dict[str, pl.Expr] = {"n_homes": pl.len(), "n_places": pl.col("places").sum()}
    for sector in Sector:
        of_sector = pl.col("sector") == sector
        counts[f"n_homes_{sector.key}"] = of_sector.sum()
        counts[f"n_places_{sector.key}"] = pl.col("places").filter(of_sector).sum()
    # Lists before 2016 print no places: their sum is unknown, not zero.
    unknown = pl.col("places").is_null().all()
    places = [name for name in counts if name.startswith("n_places")]
    return (
        march.group_by("authority", year=pl.col("listed_on").dt.year())
        .agg(unknown=unknown, **{name: count.cast(pl.Int32) for name, count in counts.items()})
        .with_columns(pl.when(~pl.col("unknown")).then(pl.col(places)))
        .drop("unknown")
    )


def _with_judgement(frame: pl.DataFrame, inspections: pl.DataFrame) -> pl.DataFrame:
    """Add the judgement in force on 31 March: the newest graded one whose report was out."""
    graded = inspections.filter(pl.col("overall").is_not_null()).select(
        "authority",
        "known_on",
        judged_on="on",
        judged_under="framework",
        judgement="overall",
    )
    return (
        frame.with_columns(day=pl.date(pl.col("year"), 3, 31))
        .sort("day")
        .join_asof(
            graded.sort("known_on"),
            left_on="day",
            right_on="known_on",
            by="authority",
            strategy="backward",
            check_sortedness=False,
        )
        .drop("day", "known_on", strict=False)
    )
