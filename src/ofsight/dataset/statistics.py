"""Published statistics of all releases: areas put beside codes, restatements told apart, neighbours named."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from ofsight.dataset.areas import match_areas
from ofsight.dataset.stack import stack_records
from ofsight.dataset.tables_authorities import AUTHORITY_TABLES
from ofsight.harmonise.rows import HarmonisedTable

__all__ = ["gather_control_totals", "gather_lookup", "gather_neighbours", "gather_statistics"]

_SCHEMAS = {table.name: table.schema() for table in AUTHORITY_TABLES}
_SAME_NUMBER = (
    "level",
    "year",
    "topic",
    "category",
    "breakdown",
    "measure",
)


def gather_statistics(tables: Iterable[HarmonisedTable]) -> pl.DataFrame:
    """Return table ``authority_statistics``, with ``area_status`` and ``edition`` beside."""
    stacked = stack_records(tables, ("long statistics", "wide statistics"))
    if stacked is None:
        return pl.DataFrame(schema=_SCHEMAS["authority_statistics"] | {"area_status": pl.String})
    stacked = stacked.rename(
        {"area_code": "published_code", "area_number": "published_number", "area_name": "published_name"}
    )
    # A code names one area for ever; a name may name two. On 31 March of its year, for the code of that day.
    stacked = stacked.with_columns(
        key=pl.when(pl.col("level") == "Local authority").then(
            pl.coalesce("published_code", "published_name")
        )
    )
    stacked = match_areas(stacked, "key").drop("key")
    # An authority that was given another code for the same area (North Yorkshire, Somerset in 2023) is one.
    area = pl.coalesce("authority", "published_code", "published_name")
    newest = pl.col("edition") == pl.col("edition").max().over(area, *_SAME_NUMBER)
    return stacked.with_columns(newest=newest)


def gather_neighbours(tables: Iterable[HarmonisedTable]) -> pl.DataFrame:
    """Return table ``neighbours``."""
    stacked = stack_records(tables, ("neighbours",))
    if stacked is None:
        return pl.DataFrame(schema=_SCHEMAS["neighbours"])
    stacked = match_areas(stacked, "area_number")
    # Old numbers are matched too: the neighbour of a model of 2021 may have gone since.
    other = match_areas(stacked.select("neighbour_number").unique(), "neighbour_number")
    return stacked.join(
        other.select("neighbour_number", neighbour="authority"), on="neighbour_number", how="left"
    ).rename({"area_number": "published_number", "area_name": "published_name"})


def gather_lookup(tables: Iterable[HarmonisedTable]) -> pl.DataFrame:
    """Return table ``district_lookup``."""
    stacked = stack_records(tables, ("lookup",))
    return pl.DataFrame(schema=_SCHEMAS["district_lookup"]) if stacked is None else stacked


def gather_control_totals(tables: Iterable[HarmonisedTable]) -> pl.DataFrame:
    """Return table ``control_totals``."""
    stacked = stack_records(tables, ("control totals",))
    return pl.DataFrame(schema=_SCHEMAS["control_totals"]) if stacked is None else stacked
