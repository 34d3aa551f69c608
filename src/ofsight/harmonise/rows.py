"""What every reader of a recognised table shares: its rows as text, its result, what it says of itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from ofsight.definitions.schema import SeriesDefinition
from ofsight.errors import ReleaseError
from ofsight.harmonise import values
from ofsight.harmonise.findings import Finding
from ofsight.harmonise.periods import Period
from ofsight.harmonise.recognise import Recognised

__all__ = [
    "FAULTS",
    "HarmonisedTable",
    "finish_table",
    "judge_rows",
    "notice",
    "printable",
    "raw_frame",
    "refuse_empty",
    "refuse_too_many",
    "unknown_headings",
]

# Reasons for setting a row aside that are faults: too many of them condemn the file.
FAULTS: Final = (
    "not a URN",
    "unknown provision type",
    "unknown sector",
    "unknown inspection type",
    "impossible date",
    "inspection without a date",
    "unknown grade",
    "home listed twice, differently",
    "visit told twice, differently",
    "unknown area",
    "unknown year",
    "unknown authority",
)
_MOST_FAULTY: Final = 0.01
_DOWNLOAD: Final = "Look at the rows and correct them, or download the file again."
_HINTS: Final = {
    "not a URN": f"A URN is SC and six digits, or six or seven digits. {_DOWNLOAD}",
    "impossible date": "Dates are read as 31/03/2024, 2024-03-31, 31 March 2024 or 31-Mar-24, up to the last "
    f"day of the release. {_DOWNLOAD}",
    "inspection without a date": _DOWNLOAD,
    "home listed twice, differently": "A list names a home once. Keep the row that the publisher offers.",
    "visit told twice, differently": "Keep the row that the publisher offers.",
}
_NEW_SPELLING: Final = (
    "If this is a new spelling, add it to definitions/spellings.yaml; else download it again."
)


@dataclass(frozen=True, slots=True)
class HarmonisedTable:
    """One table of one release, harmonised.

    Attributes
    ----------
    series : SeriesDefinition
        What it is.
    period : Period
        What time it speaks of.
    release : str
        ``series id / period``: the name by which every row of the dataset refers to it.
    file : Path
        The file.
    sheet : str or None
        The sheet.
    encoding : str
        How it was decoded.
    heading_row : int
        The row of the headings, from 1.
    records : DataFrame
        One row a record kept, with ``row``; the other columns are those of the series' kind.
    set_aside : DataFrame
        ``row`` (Int64), ``reason`` and ``detail`` (String): one row a row set aside.
    n_read : int
        Rows below the headings.
    findings : tuple of Finding
        What was noticed.
    """

    series: SeriesDefinition
    period: Period
    release: str
    file: Path
    sheet: str | None
    encoding: str
    heading_row: int
    records: pl.DataFrame
    set_aside: pl.DataFrame
    n_read: int
    findings: tuple[Finding, ...]


def finish_table(
    found: Recognised,
    series: SeriesDefinition,
    period: Period,
    *,
    records: pl.DataFrame,
    set_aside: pl.DataFrame,
    n_read: int,
    findings: Iterable[Finding] = (),
) -> HarmonisedTable:
    """Put a reader's results together, with what is odd about any table: hidden, or a column twice."""
    odd = [
        notice(found, "column-doubled", f"two columns alike mean '{name}'; the first was read")
        for name in found.doubled
    ]
    if found.table.is_hidden:
        odd.append(notice(found, "sheet-hidden", "the workbook hides this sheet; it was read all the same"))
    return HarmonisedTable(
        series=series,
        period=period,
        release=f"{series.id}/{period.label}",
        file=found.table.file,
        sheet=found.table.sheet,
        encoding=found.table.encoding,
        heading_row=found.heading_row + 1,
        records=records,
        set_aside=set_aside,
        n_read=n_read,
        findings=(*odd, *findings),
    )


def raw_frame(found: Recognised, names: Iterable[str] | None = None) -> pl.DataFrame:
    """Take columns out of the rows, as cleaned text, with the row's number and whether it is blank.

    Parameters
    ----------
    found : Recognised
        The table.
    names : iterable of str, optional
        The columns, null where the table has none of that name; else those of its definition.
    """
    body = found.table.rows[found.heading_row + 1 :]
    columns: dict[str, list[str | None]] = {}
    for name in names if names is not None else found.candidates[0].columns:
        position = found.positions.get(name)
        columns[name] = (
            [None] * len(body)
            if position is None
            else [row[position] if position < len(row) else None for row in body]
        )
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    return frame.select(
        pl.int_range(found.heading_row + 2, found.heading_row + 2 + len(body), dtype=pl.Int64).alias("row"),
        pl.Series("blank", [not any(cell.strip() for cell in row) for row in body], dtype=pl.Boolean),
        values.clean_text(pl.all()),
    )


def judge_rows(frame: pl.DataFrame, checks: list[tuple[str, pl.Expr, pl.Expr]]) -> pl.DataFrame:
    """Add ``reason`` and ``detail``: the first check that holds, in order, or null for a row that is kept."""
    reason, detail = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.String)
    for name, holds, what in reversed(checks):
        reason = pl.when(holds).then(pl.lit(name)).otherwise(reason)
        detail = pl.when(holds).then(what.cast(pl.String)).otherwise(detail)
    return frame.with_columns(reason=reason, detail=detail)


def refuse_empty(found: Recognised, n_rows: int) -> None:
    """Refuse a table with headings and no rows."""
    if n_rows == 0:
        raise ReleaseError(
            "there is no row below the headings.",
            file=found.table.file,
            sheet=found.table.sheet,
            row=found.heading_row + 1,
            hint="Download it again from its publication page.",
        )


def refuse_too_many(
    set_aside: pl.DataFrame,
    n_rows: int,
    found: Recognised,
    hint: str | None = None,
) -> None:
    """Refuse a file with more than one faulty row in a hundred: a fault here and there is only a row's.

    Without a hint the commonest fault has its own: a new spelling mends a word, but no date and no URN.
    """
    faults = set_aside.filter(pl.col("reason").is_in(FAULTS))
    n_blank = int(set_aside["reason"].is_in(["blank row", "note below the table"]).sum())
    if faults.height <= _MOST_FAULTY * max(1, n_rows - n_blank):
        return
    reason, n = faults["reason"].value_counts(sort=True).row(0)
    first = faults.filter(pl.col("reason") == reason).row(0, named=True)
    raise ReleaseError(
        f"{faults.height} of {n_rows - n_blank} rows are faulty, more than one in a hundred; {n} of them: "
        f"{reason}, first '{first['detail'] or ''}'.",
        file=found.table.file,
        sheet=found.table.sheet,
        row=first["row"],
        hint=hint or _HINTS.get(reason, _NEW_SPELLING),
    )


def unknown_headings(found: Recognised) -> list[Finding]:
    """Return a finding for each heading that no definition knows."""
    return [
        notice(found, "unknown-heading", f"heading '{heading}' is in no definition and was not read")
        for heading in found.unknown
    ]


def notice(found: Recognised, code: str, message: str, n: int = 1, row: int | None = None) -> Finding:
    """Return a finding about a table."""
    return Finding(code, message, printable(found.table.file.name), found.table.sheet, row, n)


def printable(name: Path | str) -> str:
    """Return a file's name as text that can be stored: old archives make names that are no UTF-8."""
    return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
