"""Rows of a table chosen by a reader: ``where=column:test:value``, checked against the table's declaration.

Nothing a reader writes becomes code: a column is one of the declared ones, a test one of `TESTS`, and a
value is
made the column's own type before anything is compared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from ofsight.dataset.columns import Column, Table
from ofsight.dataset.tables import TABLES
from ofsight.web.problems import Refusal

__all__ = ["MOST_FILTERS", "TESTS", "Filter", "apply_filters", "choose_columns", "find_table", "read_filters"]

MOST_FILTERS: Final = 10
_LONGEST_VALUE: Final = 200

TESTS: Final[Mapping[str, str]] = {
    "eq": "is",
    "ne": "is not",
    "lt": "is below or before",
    "le": "is at most",
    "gt": "is above or after",
    "ge": "is at least",
    "contains": "contains",
    "empty": "is empty",
    "filled": "is not empty",
}
"""The tests that a filter may make, with their words."""

_COMPARISONS: Final[Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    "eq": lambda one, other: one == other,
    "ne": lambda one, other: one.is_null() | (one != other),
    "lt": lambda one, other: one < other,
    "le": lambda one, other: one <= other,
    "gt": lambda one, other: one > other,
    "ge": lambda one, other: one >= other,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on a column; several all hold."""

    column: str
    test: str
    value: str = ""

    @property
    def text(self) -> str:
        """The filter as it stands in an address."""
        return f"{self.column}:{self.test}:{self.value}" if self.value else f"{self.column}:{self.test}"


def find_table(name: str) -> Table:
    """Return a table's declaration.

    Raises
    ------
    Refusal
        404, with every table there is.
    """
    for table in TABLES:
        if table.name == name:
            return table
    raise Refusal(
        404, f"There is no table '{name[:80]}'.", [(table.name, f"/data/{table.name}") for table in TABLES]
    )


def _column(table: Table, name: str) -> Column:
    for column in table.columns:
        if column.name == name:
            return column
    allowed = ", ".join(column.name for column in table.columns)
    raise Refusal(422, f"Table {table.name} has no column '{name[:80]}'. Its columns are: {allowed}.")


def read_filters(table: Table, asked: Sequence[str]) -> tuple[Filter, ...]:
    """Read filters as they stand in an address and check them against a table.

    Raises
    ------
    Refusal
        422: too many, not ``column:test:value``, an unknown column or test, a value of another type.
    """
    if len(asked) > MOST_FILTERS:
        raise Refusal(422, f"At most {MOST_FILTERS} filters can be set at once.")
    found = []
    for words in asked:
        name, _, rest = words.partition(":")
        test, _, value = rest.partition(":")
        if test not in TESTS:
            raise Refusal(
                422,
                f"A filter is column:test:value, with a test of: {', '.join(TESTS)}. This one is not: "
                f"'{words[:100]}'.",
            )
        if len(value) > _LONGEST_VALUE:
            raise Refusal(422, f"The value of a filter has at most {_LONGEST_VALUE} characters.")
        one = Filter(name, test, "" if test in ("empty", "filled") else value)
        _expression(_column(table, name), one)
        found.append(one)
    return tuple(dict.fromkeys(found))


def apply_filters(frame: pl.DataFrame, table: Table, filters: Sequence[Filter]) -> pl.DataFrame:
    """Return the rows for which every filter holds."""
    for one in filters:
        frame = frame.filter(_expression(_column(table, one.column), one))
    return frame


def choose_columns(table: Table, asked: Sequence[str]) -> list[str]:
    """Return the columns asked for, in the order asked; all when none is."""
    names = [name for words in asked for name in words.split(",") if name]
    if not names:
        return [column.name for column in table.columns]
    return list(dict.fromkeys(_column(table, name).name for name in names[:200]))


def _expression(column: Column, one: Filter) -> pl.Expr:
    held = pl.col(column.name)
    if one.test == "empty":
        return held.is_null() | (held.cast(pl.String) == "")
    if one.test == "filled":
        return held.is_not_null() & (held.cast(pl.String) != "")
    if one.test == "contains":
        lowered = held.cast(pl.String).str.to_lowercase()
        return lowered.str.contains(one.value.lower(), literal=True)
    return _COMPARISONS[one.test](held, pl.lit(_typed(column, one), dtype=_type_of(column)))


def _type_of(column: Column) -> Any:
    return column.polars_type


def _typed(column: Column, one: Filter) -> Any:
    """Return the value of a filter as the column's type has it."""
    kind = column.polars_type
    try:
        if isinstance(kind, pl.Enum):
            words = {word.lower(): word for word in kind.categories}
            return words[one.value.lower()]
        if kind == pl.Boolean:
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                one.value.lower()
            ]
        if kind == pl.Date:
            return date.fromisoformat(one.value)
        if kind == pl.String:
            return one.value
        return _number(kind, one.value)
    except (KeyError, ValueError, OverflowError):
        raise Refusal(
            422, f"Column {column.name} cannot be compared with '{one.value[:60]}': {_wanted(kind)}."
        ) from None


def _number(kind: Any, words: str) -> float | int:
    if len(words) > 30:
        raise ValueError(words)
    if kind in (pl.Float32, pl.Float64):
        value = float(words)
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(words)
        return value
    whole = int(words)
    bits = 32 if kind in (pl.Int32, pl.UInt32) else 64
    low = 0 if kind in (pl.UInt32, pl.UInt64) else -(2 ** (bits - 1))
    high = 2**bits - 1 if low == 0 else 2 ** (bits - 1) - 1
    if not low <= whole <= high:
        raise OverflowError(words)
    return whole


def _wanted(kind: Any) -> str:
    if isinstance(kind, pl.Enum):
        return f"give one of {', '.join(kind.categories)}"
    if kind == pl.Date:
        return "give a day as 2024-03-31"
    return "give yes or no" if kind == pl.Boolean else "give a number"
