"""Inspections of local authority children's services: one a row, or one authority a row with many blocks.

The sheets of each edition say the latest judgement, the year's visits, or the whole history since 2009. The
history has two tables one above the other: authorities of today, and authorities that are no more.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import polars as pl

from ofsight.definitions.schema import SeriesDefinition, fold, load_spellings
from ofsight.harmonise import values
from ofsight.harmonise.periods import Period, list_period, year_period
from ofsight.harmonise.recognise import Recognised
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
from ofsight.vocabulary import Grade, enum_type

__all__ = ["AUTHORITY_JUDGEMENTS", "harmonise_authority_blocks", "harmonise_authority_inspections"]

AUTHORITY_JUDGEMENTS: Final = ("overall", "leaders", "protection", "care", "care_leavers", "adoption")
_TEXTS: Final = ("local_authority", "authority_code", "region", "inspection_type", "theme")
_DATES: Final = ("inspected_on", "published_on")
_FRAMEWORK_OF: Final = {"slac": "SLAC", "cpi": "CPI", "tlac": "TLAC", "sif": "SIF", "ilacs": "ILACS"}


def harmonise_authority_inspections(found: Recognised) -> HarmonisedTable:
    """Turn a table with one inspection (or visit) a row into records.

    Raises
    ------
    ReleaseError
        When more than one row in a hundred is faulty, or the table has no rows.
    """
    series = found.candidates[0]
    raw = raw_frame(found, (*_TEXTS, *_DATES, *AUTHORITY_JUDGEMENTS))
    refuse_empty(found, raw.height)
    raw = raw.with_columns(framework=pl.lit(None, dtype=pl.String), block=pl.lit(""))
    parsed = _parse(raw)
    stated = f"{found.table.sheet or ''} {found.title}".replace("_", " ")
    if series.id.endswith("in-year"):
        period = year_period(stated, parsed["inspected_on_"], quarters=False)
    else:
        dates = pl.concat([parsed["inspected_on_"], parsed["published_on_"]])
        period, _ = list_period(stated, found.table.file.stem, dates)
    return _finish(found, series, period, parsed, raw.height)


def harmonise_authority_blocks(found: Recognised) -> HarmonisedTable:
    """Turn a table with one authority a row, and a block of columns an inspection, into records.

    Raises
    ------
    ReleaseError
        As `harmonise_authority_inspections`.
    """
    series = found.candidates[0]
    raw = pl.concat([_blocks(found, series, *part) for part in _parts(found, series)])
    refuse_empty(found, raw.height)
    parsed = _parse(raw)
    n_rows = len(found.table.rows) - found.heading_row - 1
    return _finish(found, series, _history_period(found, parsed), parsed, n_rows)


def _parts(found: Recognised, series: SeriesDefinition) -> list[tuple[int, int]]:
    """Return the first and last row of each stacked table, its heading row first, from 0."""
    anchor = {fold(heading) for heading in series.columns[series.anchor].headings}
    rows = found.table.rows
    heads = [found.heading_row] + [
        index
        for index in range(found.heading_row + 1, len(rows))
        if anchor & {fold(cell) for cell in rows[index] if cell.strip()}
    ]
    return list(zip(heads, [*(head - 1 for head in heads[1:]), len(rows) - 1], strict=True))


def _blocks(found: Recognised, series: SeriesDefinition, head: int, last: int) -> pl.DataFrame:
    """Take every block of one stacked table as rows; a row without any inspection is one row, blank."""
    positions: dict[str, int] = {}
    for place, cell in enumerate(found.table.rows[head]):
        name = series.column_of(fold(cell)) if cell.strip() else None
        if name is not None:
            positions.setdefault(name, place)
    blocks = sorted({name.split(".")[0] for name in positions if "." in name})
    columns = ("row", "blank", "block", "framework", *_TEXTS, *_DATES, *AUTHORITY_JUDGEMENTS)
    out: list[dict[str, object]] = []
    # The repeated heading row is a row of the sheet too.
    start = head if head != found.heading_row else head + 1
    for index in range(start, last + 1):
        cells = found.table.rows[index]
        shared = {name: _cell(cells, positions.get(name)) for name in ("local_authority", "region")}
        said = [
            {field: _cell(cells, positions.get(f"{block}.{field}")) for field in columns[4:]}
            | {"block": block, "framework": _FRAMEWORK_OF[block.split("_")[0]]}
            for block in blocks
        ]
        said = [block for block in said if block["published_on"]] if index != head else []
        for block in said or [{"block": None}]:
            row = dict.fromkeys(columns) | block | shared
            out.append(row | {"row": index + 1, "blank": not any(cell.strip() for cell in cells)})
    schema = dict.fromkeys(columns, pl.String) | {"row": pl.Int64, "blank": pl.Boolean}
    text = [name for name, kind in schema.items() if kind == pl.String]
    return pl.DataFrame(out, schema=schema).with_columns(values.clean_text(pl.col(text)))


def _cell(cells: list[str], place: int | None) -> str | None:
    return cells[place] if place is not None and place < len(cells) else None


def _history_period(found: Recognised, parsed: pl.DataFrame) -> Period:
    years = re.findall(r"20\d\d", f"{found.table.sheet or ''} {found.title}")
    if years:
        last = date(int(max(years)), 3, 31)
        return Period(last.isoformat(), last, last)
    return list_period("", found.table.file.stem, parsed["published_on_"])[0]


def _parse(raw: pl.DataFrame) -> pl.DataFrame:
    month_first = {name: values.looks_month_first(raw[name]) for name in _DATES}
    parsed = raw.with_columns(
        **{
            f"{name}_": values.parse_date(pl.col(name), month_first=is_so)
            for name, is_so in month_first.items()
        },
        **{f"{name}_grade": values.recode(pl.col(name), "grade") for name in AUTHORITY_JUDGEMENTS},
    )
    return parsed.with_columns(framework=pl.coalesce("framework", _framework()))


def _framework() -> pl.Expr:
    """Tell the framework by the type of the visit; a list of latest judgements does not say it."""
    kind = values.folded(pl.col("inspection_type"))
    return (
        pl.when(kind.str.contains(r"\bsif\b|single inspection"))
        .then(pl.lit("SIF"))
        .when(kind.is_not_null())
        .then(pl.lit("ILACS"))
    )


def _finish(
    found: Recognised, series: SeriesDefinition, period: Period, parsed: pl.DataFrame, n_read: int
) -> HarmonisedTable:
    judged = _judge(parsed, series)
    faulty = judged.filter(pl.col("reason").is_not_null()).select("row", "reason", "detail")
    refuse_too_many(faulty, n_read, found)
    kept = judged.filter(pl.col("reason").is_null())
    # One bad cell in the history of an authority takes one inspection away, not the authority.
    beside_kept = pl.col("row").is_in(kept["row"].implode())
    lost = [
        notice(found, "inspection-set-aside", f"{fault['reason']}: '{fault['detail']}'", row=fault["row"])
        for fault in faulty.filter(beside_kept).iter_rows(named=True)
    ]
    return finish_table(
        found,
        series,
        period,
        records=_records(kept),
        set_aside=faulty.filter(~beside_kept).unique("row").sort("row"),
        n_read=n_read,
        findings=[*unknown_headings(found), *lost],
    )


def _judge(parsed: pl.DataFrame, series: SeriesDefinition) -> pl.DataFrame:
    """Give each inspection that is set aside its reason."""
    silent = list(load_spellings()["no_grade"])
    unknown = pl.any_horizontal(
        pl.col(name).is_not_null()
        & pl.col(f"{name}_grade").is_null()
        & ~values.folded(pl.col(name)).is_in(silent)
        for name in AUTHORITY_JUDGEMENTS
    )
    unreadable = pl.any_horizontal(
        pl.col(name).str.contains(r"\d") & pl.col(f"{name}_").is_null() for name in _DATES
    )
    # "Not yet inspected" stands in the date's cell.
    undated = pl.all_horizontal(pl.col(f"{name}_").is_null() for name in _DATES)
    heads = {fold(heading) for heading in series.columns["local_authority"].headings}
    said = pl.concat_str(AUTHORITY_JUDGEMENTS, separator="; ", ignore_nulls=True)
    return judge_rows(
        parsed,
        [
            ("blank row", pl.col("blank"), pl.lit(None)),
            ("note below the table", pl.col("local_authority").is_null(), pl.lit(None)),
            (
                "repeated heading",
                values.folded(pl.col("local_authority")).is_in(list(heads)),
                pl.lit(None),
            ),
            ("impossible date", unreadable, pl.coalesce(_DATES)),
            ("no inspection", undated, pl.coalesce(_DATES)),
            ("unknown grade", unknown, said),
        ],
    )


def _records(kept: pl.DataFrame) -> pl.DataFrame:
    """Name and type the columns of an inspection; see ``ofsight.dataset.tables`` for what each means."""
    return kept.select(
        "row",
        "block",
        "local_authority",
        "authority_code",
        "region",
        "framework",
        "inspection_type",
        inspected_on="inspected_on_",
        published_on="published_on_",
        **{
            name: expression
            for domain in AUTHORITY_JUDGEMENTS
            for name, expression in (
                (domain, pl.col(f"{domain}_grade").cast(enum_type(Grade))),
                (f"{domain}_as_published", pl.col(domain)),
            )
        },
        theme="theme",
    )
