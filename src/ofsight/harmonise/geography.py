"""Which authority is like which (statistical neighbours), and which district lies in which authority."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from ofsight.definitions.schema import fold
from ofsight.errors import ReleaseError
from ofsight.harmonise.periods import span_period
from ofsight.harmonise.recognise import Recognised
from ofsight.harmonise.rows import (
    HarmonisedTable,
    finish_table,
    judge_rows,
    raw_frame,
    refuse_empty,
    refuse_too_many,
    unknown_headings,
)

__all__ = ["harmonise_lookup", "harmonise_neighbours"]

# Cumberland and Westmorland and Furness began in April 2023; the model of 2021 cannot know their numbers.
_BEGAN_2023: Final = ("942", "943")
_OLD_MODEL, _NEW_MODEL = 2021, 2025
_RANK: Final = re.compile(r"sn[_ ]?(\d{1,2})")


def harmonise_neighbours(found: Recognised) -> HarmonisedTable:
    """Turn a table of statistical neighbours into one neighbour a row.

    Each neighbour's closeness stands in the column to the right of its number.

    Raises
    ------
    ReleaseError
        When more than one row in a hundred is faulty, or the table has no rows.
    """
    sheet = found.table.sheet or ""
    by_sheet = [series for series in found.candidates if re.search(series.sheet, sheet, re.IGNORECASE)]
    by_none = [series for series in found.candidates if not series.is_a_sheet]
    series = (*by_sheet, *by_none, *found.candidates)[0]
    raw = raw_frame(found, ("area_number", "area_name", "first"))
    refuse_empty(found, raw.height)
    judged = judge_rows(
        raw,
        [
            ("blank row", pl.col("blank"), pl.lit(None)),
            (
                "note below the table",
                pl.col("area_name").is_null() | pl.col("area_number").is_null(),
                pl.lit(None),
            ),
            ("unknown area", ~pl.col("area_number").str.contains(r"^\d{3}$"), pl.col("area_number")),
            # Authorities of 2023 in a model of 2021 have a dash.
            (
                "no neighbours",
                ~pl.col("first").str.contains(r"^\d{3}$").fill_null(value=False),
                pl.col("first"),
            ),
        ],
    )
    set_aside = judged.filter(pl.col("reason").is_not_null()).select("row", "reason", "detail")
    refuse_too_many(set_aside, raw.height, found, "Download it again from its publication page.")
    kept = judged.filter(pl.col("reason").is_null())
    headings = [fold(cell) for cell in found.table.rows[found.heading_row]]
    places = [(int(m[1]), i) for i, h in enumerate(headings) if (m := _RANK.fullmatch(h))]
    records = pl.concat([_neighbours(found, kept, rank, place) for rank, place in places])
    model = _model(found, records)
    return finish_table(
        found,
        series,
        span_period(model, model),
        records=records.with_columns(model=pl.lit(model, dtype=pl.Int32)).sort("row", "rank"),
        set_aside=set_aside,
        n_read=raw.height,
    )


def _model(found: Recognised, records: pl.DataFrame) -> int:
    """Return the model's year: as the title or the name says, else by the authorities that it knows."""
    for text in (found.title, found.table.file.stem):
        years = re.findall(r"(?<!\d)20[12]\d(?!\d)", text)
        if years:
            return int(years[0])
    return _NEW_MODEL if records["area_number"].is_in(_BEGAN_2023).any() else _OLD_MODEL


def _neighbours(found: Recognised, kept: pl.DataFrame, rank: int, place: int) -> pl.DataFrame:
    rows = found.table.rows
    cells = [[*rows[row - 1], "", ""][place : place + 2] for row in kept["row"]]
    return kept.select(
        "row",
        "area_number",
        "area_name",
        pl.lit(rank, dtype=pl.Int32).alias("rank"),
        pl.Series("neighbour_number", [number.strip() or None for number, _ in cells], dtype=pl.String),
        pl.Series(
            "closeness", [" ".join(word.split()).capitalize() or None for _, word in cells], dtype=pl.String
        ),
    )


def harmonise_lookup(found: Recognised) -> HarmonisedTable:
    """Turn a lookup of lower-tier to upper-tier authorities into one district a row.

    Raises
    ------
    ReleaseError
        When its headings name no year, or more than one row in a hundred has no code.
    """
    series = found.candidates[0]
    raw = raw_frame(found, ("lower_code", "lower_name", "upper_code", "upper_name"))
    refuse_empty(found, raw.height)
    years = {
        int(digits)
        for cell in found.table.rows[found.heading_row]
        for digits in re.findall(r"^(?:ltla|lad|utla|ctyua)(\d\d)cd$", fold(cell))
    }
    if not years:
        raise ReleaseError(
            "the headings name no year (LTLA23CD is of 2023).",
            file=found.table.file,
            sheet=found.table.sheet,
            row=found.heading_row + 1,
            hint="Download it again from the Open Geography portal.",
        )
    judged = judge_rows(
        raw,
        [
            ("blank row", pl.col("blank"), pl.lit(None)),
            (
                "unknown area",
                ~pl.col("upper_code").str.contains(r"^[EWSN]\d{8}$").fill_null(value=False),
                pl.col("upper_code"),
            ),
        ],
    )
    set_aside = judged.filter(pl.col("reason").is_not_null()).select("row", "reason", "detail")
    refuse_too_many(set_aside, raw.height, found, "Download it again from the Open Geography portal.")
    year = 2000 + max(years)
    return finish_table(
        found,
        series,
        span_period(year, year),
        records=judged.filter(pl.col("reason").is_null()).select(
            "row",
            "lower_code",
            "lower_name",
            "upper_code",
            "upper_name",
            year=pl.lit(year, dtype=pl.Int32),
        ),
        set_aside=set_aside,
        n_read=raw.height,
        findings=unknown_headings(found),
    )
