"""Cells to values: text, registration numbers, dates, grades. Vectorised, and never a guess in silence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from ofsight.definitions.schema import load_spellings

__all__ = [
    "FIRST_DAY",
    "clean_text",
    "fits_month_first",
    "folded",
    "looks_month_first",
    "parse_count",
    "parse_date",
    "parse_event_number",
    "parse_urn",
    "recode",
]

# Children's homes were first registered with a national inspectorate under the Care Standards Act 2000, from
# April 2002. Registration dates carried over from before are real; inspections before it are not.
FIRST_DAY = date(2002, 4, 1)

_INVISIBLE = "[\u200b\u200c\u200d\u200e\u200f\u202a-\u202e\u2060\ufeff\\x00]"
_EMPTY = ["", "NULL", "null", "#N/A", "#REF!", "nan", "NaN"]
_EXCEL_EPOCH = date(1899, 12, 30)


def clean_text(column: pl.Expr) -> pl.Expr:
    """Return text with spaces of every kind evened out, invisible marks gone, and empty cells null."""
    text = column.str.replace_all(_INVISIBLE, "").str.replace_all(r"[\s\u00a0]+", " ").str.strip_chars()
    return pl.when(~text.is_in(_EMPTY)).then(text).otherwise(None)


def folded(column: pl.Expr) -> pl.Expr:
    """Return cleaned text as `ofsight.definitions.schema.fold` folds a word."""
    return (
        column.str.replace_all("[\u2018\u2019`]", "'")
        .str.replace_all("[\u2010-\u2015]", "-")
        .str.to_lowercase()
    )


def recode(column: pl.Expr, vocabulary: str) -> pl.Expr:
    """Return the word each spelling stands for; null where the spelling is not one of the vocabulary's."""
    table: Mapping[str, str] = load_spellings()[vocabulary]
    return folded(column).replace_strict(table, default=None, return_dtype=pl.String)


def parse_urn(column: pl.Expr) -> pl.Expr:
    """Return registration numbers: ``SC`` and six digits, or six or seven digits; null for anything else.

    Numbers that went through a spreadsheet arrive as ``2590934.0``.
    """
    text = column.str.to_uppercase().str.replace_all(" ", "").str.replace(r"\.0+$", "")
    return pl.when(text.str.contains(r"^(?:SC[0-9]{6}|[0-9]{6,7})$")).then(text).otherwise(None)


def parse_event_number(column: pl.Expr) -> pl.Expr:
    """Return event numbers; null where a spreadsheet has damaged them (``1.02E+07``)."""
    text = column.str.replace(r"\.0+$", "")
    return pl.when(text.str.contains(r"^[0-9]{4,9}$")).then(text).otherwise(None)


def parse_count(column: pl.Expr) -> pl.Expr:
    """Return whole numbers of zero or more; null for anything else.

    A comma parts thousands (``1,024``) and nothing else: ``3,5`` is no number here.
    """
    text = column.str.replace(r"\.0+$", "")
    is_whole = text.str.contains(r"^(?:[0-9]{1,6}|[0-9]{1,3},[0-9]{3})$")
    return pl.when(is_whole).then(text.str.replace_all(",", "")).otherwise(None).cast(pl.Int32)


def parse_date(column: pl.Expr, *, month_first: bool = False) -> pl.Expr:
    """Return dates written as 31/03/2024, 2024-03-31, 31 March 2024, 31-Mar-24 or as a day number.

    Parameters
    ----------
    column : Expr
        Cleaned text.
    month_first : bool
        Whether the column writes 03/31/2024; see `looks_month_first`.
    """
    text = column.str.replace(r"[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$", "")
    slashed = "%m/%d/%Y" if month_first else "%d/%m/%Y"
    serial = pl.when(text.str.contains(r"^[34][0-9]{4}$")).then(text).otherwise(None).cast(pl.Int32)
    # Before the others: %Y would take the "24" of 31-Mar-24 for the year 24.
    short = pl.when(text.str.contains(r"^\d{1,2}[-/ ][A-Za-z]{3}[-/ ]\d{2}$")).then(
        text.str.replace_all("[/ ]", "-")
    )
    # A year of two digits after slashes is no year of the first century, and which part it is nobody says.
    text = pl.when(text.str.contains(r"\d{4}")).then(text).otherwise(None)
    return pl.coalesce(
        short.otherwise(None).str.to_date("%d-%b-%y", strict=False),
        *(
            text.str.to_date(form, strict=False, exact=True)
            for form in (slashed, "%Y-%m-%d", "%d %B %Y", "%d %b %Y", "%d-%b-%Y", "%d-%m-%Y", "%d.%m.%Y")
        ),
        pl.lit(_EXCEL_EPOCH) + pl.duration(days=serial),
    )


def looks_month_first(cells: pl.Series) -> bool:
    """Whether a column of slashed dates can only be read with the month in front."""
    n, day, month = _slashed_dates(cells)
    # One or two impossible days are faults of rows; many that all turn good are another convention.
    return n - day > max(2, n // 20) and month > day


def fits_month_first(cells: pl.Series) -> bool:
    """Whether every slashed date of a column could have the month in front: nothing speaks against it."""
    n, _, month = _slashed_dates(cells)
    return 0 < n == month


def _slashed_dates(cells: pl.Series) -> tuple[int, int, int]:
    """Count slashed dates, those that are dates with the day in front, and those with the month in front."""
    slashed = (
        cells.drop_nulls().to_frame("text").filter(pl.col("text").str.contains(r"^\d{1,2}/\d{1,2}/\d{4}"))
    )
    text = pl.col("text").str.slice(0, 10).str.strip_chars()
    day, month = slashed.select(
        day=text.str.to_date("%d/%m/%Y", strict=False).is_not_null().sum(),
        month=text.str.to_date("%m/%d/%Y", strict=False).is_not_null().sum(),
    ).row(0)
    return slashed.height, int(day), int(month)
