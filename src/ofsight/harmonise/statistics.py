"""Published statistics as one number a row: its measure, its area, its year, and its status beside its value.

A cell that is not a number (``c z x k low ..``) is neither zero nor missing: its symbol is the status, and
what the symbol means is said beside it, since publishers have used one letter for two meanings.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import polars as pl

from ofsight.definitions.schema import MeasureDefinition, SeriesDefinition, fold
from ofsight.errors import ReleaseError
from ofsight.harmonise import values
from ofsight.harmonise.findings import Finding
from ofsight.harmonise.periods import span_period
from ofsight.harmonise.recognise import PassedOver, Recognised
from ofsight.harmonise.rows import (
    HarmonisedTable,
    finish_table,
    judge_rows,
    notice,
    raw_frame,
    refuse_empty,
    refuse_too_many,
    unknown_headings,
)

__all__ = ["STATUS_MEANINGS", "harmonise_statistics", "parse_value"]

STATUS_MEANINGS: Final[dict[str, str]] = {
    "c": "suppressed",
    "z": "not applicable",
    "x": "not available",
    "[x]": "not available",
    "k": "rounds to zero",
    "u": "low reliability",
    "low": "low reliability",
    "..": "not available",
    ".": "not applicable",
    ":": "not available",
    "-": "not available",
    "na": "not available",
    "n/a": "not applicable",
}
_NUMBER: Final = r"^[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?%?$"
_LEVELS: Final = {
    "national": "National",
    "country": "National",
    "regional": "Regional",
    "region": "Regional",
    "la": "Local authority",
    "local authority": "Local authority",
}
_COLUMNS: Final = (
    "time_period",
    "level",
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "area_code",
    "area_number",
    "area_name",
    "category",
    "breakdown",
)


def harmonise_statistics(found: Recognised) -> HarmonisedTable | PassedOver:
    """Turn a table of statistics, long or wide, into one number a row.

    Raises
    ------
    ReleaseError
        When no column of numbers is known, no year is said, or more than one row in a hundred is faulty.
    """
    raw = raw_frame(found, _COLUMNS)
    refuse_empty(found, raw.height)
    series = _choose(found, raw)
    if series is None:
        title = found.candidates[0].publisher
        return PassedOver(
            found.table, f"{title}: a data set of another subject, not part of this build", True
        )
    measures = _measures(found, series)
    parsed = _with_area(_with_year(found, series, raw))
    judged = judge_rows(
        parsed,
        [
            ("blank row", pl.col("blank"), pl.lit(None)),
            ("note below the table", _is_note(found), pl.lit(None)),
            ("unknown year", pl.col("year").is_null(), pl.col("time_period")),
            ("unknown area", pl.col("area").is_null() & pl.col("name").is_null(), pl.col("level_")),
        ],
    )
    set_aside = judged.filter(pl.col("reason").is_not_null()).select("row", "reason", "detail")
    refuse_too_many(set_aside, raw.height, found, "Download it again from its publication page.")
    kept = judged.filter(pl.col("reason").is_null())
    records = pl.concat([_melt(found, series, kept, place, measure) for place, measure in measures])
    years = records["year"].drop_nulls().unique().sort().to_list()
    if not years:
        raise ReleaseError(
            "no row names an area and a year.",
            file=found.table.file,
            sheet=found.table.sheet,
            row=found.heading_row + 1,
            hint="Download it again from its publication page.",
        )
    period = span_period(years[0], years[-1])
    return finish_table(
        found,
        series,
        period,
        records=records,
        set_aside=set_aside,
        n_read=raw.height,
        findings=[*unknown_headings(found), *_odd(found, records)],
    )


def _choose(found: Recognised, raw: pl.DataFrame) -> SeriesDefinition | None:
    """Tell data sets of one layout apart by the title above them, else by the words in their rows."""
    fallback = None
    for series in found.candidates:
        if found.title and re.search(series.title_pattern, found.title, re.IGNORECASE):
            return series
    for series in found.candidates:
        if not series.tells:
            fallback = fallback or series
        elif all(
            bool(values_of.str.contains(f"(?i){pattern}").any())
            for values_of, pattern in ((raw[name].drop_nulls(), text) for name, text in series.tells.items())
        ):
            return series
    return fallback


def _measures(found: Recognised, series: SeriesDefinition) -> list[tuple[int, MeasureDefinition]]:
    """Return the position and meaning of every column of numbers that the definition knows."""
    headings = found.table.rows[found.heading_row]
    measures = [
        (place, measure)
        for place, heading in enumerate(headings)
        if heading.strip() and (measure := series.measure_of(fold(heading))) is not None
    ]
    if not measures:
        seen = ", ".join(f"'{heading.strip()}'" for heading in headings if heading.strip())[:400]
        raise ReleaseError(
            f"this looks like '{series.title}', but none of its columns of numbers is there; seen: {seen}.",
            file=found.table.file,
            sheet=found.table.sheet,
            row=found.heading_row + 1,
            hint=f"If the publisher renamed them, add them to definitions/series/{series.id}.yaml.",
        )
    return measures


def _with_year(found: Recognised, series: SeriesDefinition, raw: pl.DataFrame) -> pl.DataFrame:
    """Add ``year``: that of the row; else the one that headings, title or name carry."""
    text = pl.col("time_period").str.replace_all(r"[^\d]", "")
    in_row = (
        pl.when(text.str.len_chars() == 4)
        .then(text)
        # 202324 and 2023-24 are the year to March 2024.
        .when(text.str.len_chars() == 6)
        .then(pl.concat_str(text.str.slice(0, 2), text.str.slice(4, 2)))
        .when(text.str.len_chars() == 8)
        .then(text.str.slice(4, 4))
        .otherwise(None)
        .cast(pl.Int32, strict=False)
    )
    if series.one_off is not None:
        return raw.with_columns(year=pl.lit(series.one_off.year, dtype=pl.Int32))
    year = in_row.alias("year") if "time_period" in found.positions else _stated_year(found)
    first, last = 1990, date.today().year + 1
    return raw.with_columns(year).with_columns(
        year=pl.when(pl.col("year").is_between(first, last)).then("year")
    )


def _stated_year(found: Recognised) -> pl.Expr:
    headings = " ".join(found.table.rows[found.heading_row])
    for text in (headings, found.title, found.table.file.stem):
        years = re.findall(r"(?<!\d)(20\d\d)(?!\d)", text)
        if years:
            most_common = max(set(years), key=years.count)
            return pl.lit(int(most_common), dtype=pl.Int32).alias("year")
    return pl.lit(None, dtype=pl.Int32).alias("year")


def _with_area(raw: pl.DataFrame) -> pl.DataFrame:
    """Add ``level_``, ``area`` (code) and ``name`` of the area that the row speaks of."""
    stated = values.folded(pl.col("level")).replace_strict(_LEVELS, default=None, return_dtype=pl.String)
    by_code = (
        pl.when(pl.col("area_code").str.contains(r"^(?:E(?:0|10)|[WSN]0[1-9])"))
        .then(pl.lit("Local authority"))
        .when(pl.col("area_name").is_not_null() & pl.col("area_code").is_null())
        .then(pl.lit("Local authority"))
        .when(pl.coalesce("area_code", "region_code").str.contains("^E1[23]"))
        .then(pl.lit("Regional"))
        .when(pl.coalesce("area_code", "country_code").str.contains("^E92"))
        .then(pl.lit("National"))
    )
    level = pl.coalesce(stated, by_code)
    pick = {
        "Local authority": ("area_code", "area_name"),
        "Regional": ("region_code", "region_name"),
        "National": ("country_code", "country_name"),
    }
    frame = raw.with_columns(level_=level)
    code, name = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.String)
    for word, (code_of, name_of) in pick.items():
        here = pl.col("level_") == word
        # Wide tables have one column of codes for every level.
        code = pl.when(here).then(pl.coalesce(code_of, "area_code")).otherwise(code)
        name = pl.when(here).then(pl.coalesce(name_of, "area_name")).otherwise(name)
    return frame.with_columns(area=code, name=name)


def _is_note(found: Recognised) -> pl.Expr:
    """Tell a line of text below the table: no area, no number."""
    named = [name for name in _COLUMNS if name in found.positions]
    return (pl.sum_horizontal(pl.col(name).is_not_null() for name in named) <= 1) & pl.col("level_").is_null()


def _melt(
    found: Recognised, series: SeriesDefinition, kept: pl.DataFrame, place: int, measure: MeasureDefinition
) -> pl.DataFrame:
    """Return one column of numbers as records."""
    rows = found.table.rows
    cells = [rows[row - 1][place] if place < len(rows[row - 1]) else None for row in kept["row"]]
    symbols = STATUS_MEANINGS | series.symbols
    frame = kept.with_columns(pl.Series("cell", cells, dtype=pl.String)).with_columns(
        cell=pl.col("cell").str.strip_chars()
    )
    status = parse_status(pl.col("cell"))
    return frame.select(
        "row",
        "year",
        level="level_",
        area_code="area",
        area_number="area_number",
        area_name="name",
        topic=pl.lit(series.topic),
        category=_word(pl.col("category"), series.categories, measure.category),
        breakdown=_word(pl.col("breakdown"), series.breakdowns, measure.breakdown),
        measure=pl.lit(measure.measure),
        unit=pl.lit(measure.unit),
        value=parse_value(pl.col("cell")),
        status=status,
        status_meaning=status.replace_strict(
            symbols | {"": "value", "blank": "blank"}, default="damaged", return_dtype=pl.String
        ),
        as_published="cell",
        rounding=pl.col("level_").replace_strict(series.rounding, default=None, return_dtype=pl.String),
    )


def parse_value(cell: pl.Expr) -> pl.Expr:
    """Return the number in a cell (thousands separators allowed), null for a symbol."""
    is_number = cell.str.contains(_NUMBER) & cell.str.contains(r"\d")
    digits = cell.str.replace_all("[,%+]", "")
    return pl.when(is_number).then(digits).otherwise(None).cast(pl.Float64, strict=False)


def parse_status(cell: pl.Expr) -> pl.Expr:
    """Return "" for a number, "blank" for an empty cell, else the symbol that is printed."""
    return (
        pl.when(cell.is_null() | (cell == ""))
        .then(pl.lit("blank"))
        .when(parse_value(cell).is_not_null())
        .then(pl.lit(""))
        .otherwise(cell.str.to_lowercase())
    )


def _word(published: pl.Expr, words: dict[str, str], stated: str) -> pl.Expr:
    """Return our word for a category or breakdown: the column's own, else the row's, renamed where listed."""
    if stated:
        return pl.lit(stated)
    # "2. Placed outside": numbers in front order a drop-down list and change from edition to edition.
    plain = published.str.replace(r"^\d+[a-z]?\.\s+", "")
    folded = {fold(spelling): word for spelling, word in words.items()}
    ours = values.folded(plain).replace_strict(folded, default=None, return_dtype=pl.String)
    return pl.coalesce(ours, plain).fill_null("")


def _odd(found: Recognised, records: pl.DataFrame) -> list[Finding]:
    findings = []
    damaged = records.filter(pl.col("status_meaning") == "damaged")
    if damaged.height:
        first = damaged.row(0, named=True)
        message = f"cells are neither a number nor a known symbol, first '{first['as_published']}'"
        findings.append(notice(found, "unknown-symbol", message, damaged.height, first["row"]))
    return findings
