"""Ofsted's own series of counts: several small tables one above the other on a sheet, each with a title."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import polars as pl

from ofsight.definitions.schema import SeriesDefinition, fold
from ofsight.harmonise.periods import Period, stated_day
from ofsight.harmonise.recognise import Recognised
from ofsight.harmonise.rows import HarmonisedTable, finish_table, refuse_empty, refuse_too_many
from ofsight.vocabulary import Grade

__all__ = ["harmonise_control_totals"]

_GROUP: Final = re.compile(
    r"judgements? (?:of|for) (?:all )?(.*?)(?:,? inspections between|,? as at|$)", re.I
)
_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "row": pl.Int64,
    "counted": pl.String,
    "provision": pl.String,
    "grade": pl.String,
    "year": pl.Int32,
    "on": pl.Date,
    "n": pl.Int64,
    "as_published": pl.String,
}


def harmonise_control_totals(found: Recognised) -> HarmonisedTable:
    """Turn a sheet of time series into one row a number.

    Raises
    ------
    ReleaseError
        When more than one row in a hundred has no readable period.
    """
    series = found.candidates[0]
    rows = found.table.rows
    refuse_empty(found, len(rows) - found.heading_row - 1)
    positions, title = found.positions, _title_above(rows, found.heading_row)
    heads = rows[found.heading_row]
    records: list[dict[str, object]] = []
    aside: list[dict[str, object]] = []
    for index in range(found.heading_row + 1, len(rows)):
        cells = rows[index]
        where: dict[str, object] = {"row": index + 1, "detail": cells[0] if cells else None}
        if not any(cell.strip() for cell in cells):
            aside.append(where | {"reason": "blank row", "detail": None})
        elif series.column_of(fold(cells[0])) == "period":
            heads, title = cells, _title_above(rows, index)
            positions = _positions(series, cells)
            aside.append(where | {"reason": "repeated heading"})
        elif sum(bool(cell.strip()) for cell in cells) == 1:
            aside.append(where | {"reason": "title or note"})
        elif (when := _when(cells[0])) is None:
            aside.append(where | {"reason": "unknown year"})
        else:
            records += _numbers(series, index + 1, cells, heads, positions, title, when)
    set_aside = pl.DataFrame(aside, schema={"row": pl.Int64, "reason": pl.String, "detail": pl.String})
    n_read = len(rows) - found.heading_row - 1
    refuse_too_many(
        set_aside, n_read, found, "Look at the period's cell; a new way to write it is for ofsight."
    )
    frame = pl.DataFrame(records, schema=_SCHEMA)
    return finish_table(found, series, _period(frame), records=frame, set_aside=set_aside, n_read=n_read)


def _positions(series: SeriesDefinition, cells: list[str]) -> dict[str, int]:
    positions: dict[str, int] = {}
    for place, cell in enumerate(cells):
        name = series.column_of(fold(cell)) if cell.strip() else None
        if name is not None:
            positions.setdefault(name, place)
    return positions


def _title_above(rows: list[list[str]], heading_row: int) -> str:
    for cells in reversed(rows[max(0, heading_row - 3) : heading_row]):
        if cells and cells[0].strip().lower().startswith("table"):
            return " ".join(cells[0].split())
    return ""


def _when(cell: str) -> tuple[int, date | None] | None:
    """Read "2022-23", "2023-03-31", "31-Mar-15 [Note 3]": the year to 31 March, the day where it is one."""
    text = re.sub(r"\[.*?\]", "", cell).strip()
    # "Tuesday, March 31, 2015": how one spreadsheet program writes a day for a table with notes in its cells.
    text = re.sub(r"^\w+day, (\w+) (\d{1,2}), (\d{4})$", r"\2 \1 \3", text)
    years = re.fullmatch(r"(20\d\d)\s*[-/–]\s*(?:20)?(\d\d)", text)
    if years:
        return int(years[1]) + 1, None
    iso = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text)
    day = date(int(iso[1]), int(iso[2]), int(iso[3])) if iso else stated_day(text)
    if day is None:
        return None
    return day.year + (day > date(day.year, 3, 31)), day


def _numbers(
    series: SeriesDefinition,
    row: int,
    cells: list[str],
    heads: list[str],
    positions: dict[str, int],
    title: str,
    when: tuple[int, date | None],
) -> list[dict[str, object]]:
    shared = {"row": row, "year": when[0], "on": when[1]}
    if "counted" in positions:
        counted = cells[positions["counted"]].strip().lower()
        skipped = {positions["period"], positions["counted"]}
        names = {place: name for name, place in positions.items()}
        return [
            shared
            | {"counted": counted, "provision": names.get(place, fold(head)), "grade": None}
            | _count(cells[place])
            for place, head in enumerate(heads)
            if place not in skipped and head.strip() and place < len(cells) and cells[place].strip()
        ]
    group = _GROUP.search(title)
    provision = fold(group[1]) if group else "all providers"
    return [
        shared
        | {"counted": series.topic, "provision": _provision(provision, title), "grade": grade.value}
        | _count(cells[positions[grade.value]])
        for grade in Grade
    ]


def _provision(text: str, title: str) -> str:
    """Name a group of providers alike in every table: "all" before children's homes makes a difference."""
    text = re.sub(r"^providers$", "all providers", text)
    text = {"children's home": "children's homes", "secure children's home": "secure children's homes"}.get(
        text, text
    )
    text = re.sub(r"^residential special schools? \(reg.*", _REGISTERED, text)
    if text == "children's homes" and re.search(r"\ball children", title, re.I):
        return "all children's homes"
    return text


_REGISTERED: Final = "residential special schools (registered as a children's home)"


def _count(cell: str) -> dict[str, object]:
    text = cell.strip()
    digits = text.replace(",", "")
    return {"n": int(digits) if digits.isdigit() else None, "as_published": text or None}


def _period(frame: pl.DataFrame) -> Period:
    last = max((int(year) for year in frame["year"].drop_nulls()), default=date.today().year)
    newest = [day for day in frame["on"].drop_nulls() if day.year >= last - 1]
    day = max(newest, default=date(last, 3, 31))
    return Period(day.isoformat(), day, day)
