"""One measured value with everything that must travel with it, and the frame that many of them make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl

__all__ = ["SCHEMA", "Value", "read_values", "values_frame", "withheld"]

SCHEMA: Final = {
    "area": pl.String,
    "measure": pl.String,
    "part": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n": pl.Int64,
    "status": pl.String,
    "as_at": pl.String,
    "source": pl.String,
}
"""Columns of table ``measures`` of a plan folder; `ofsight.planning.measures.register` says what each is."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of one measure.

    Attributes
    ----------
    measure : str
        Its id in ``definitions/measures/planning.yaml``, which has its unit, definition, kind of interval.
    part : str
        Of what part: ``all``, a sector's name, ``without councils``.
    value, low, high : float, optional
        The number and its interval; None where there is none.
    n : int, optional
        How many homes (or children, where the measure says so) are behind it.
    status : str
        Empty for a number; else why there is none: the publisher's symbol, or words.
    as_at : str
        The day or year it is of.
    source : str
        The release it is from, or the releases it is counted from.
    """

    measure: str
    part: str = "all"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    status: str = ""
    as_at: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) != bool(self.status):
            raise ValueError(f"{self.measure}: a value or a status, one of both: {self!r}")


def withheld(measure: str, status: str, part: str = "all", as_at: str = "", source: str = "") -> Value:
    """Return a value that is not there, with why."""
    return Value(measure, part, None, status=status or "not published", as_at=as_at, source=source)


def values_frame(area: str, values: Iterable[Value]) -> pl.DataFrame:
    """Return values of one area as rows of table ``measures``."""
    rows = [
        (area, v.measure, v.part, v.value, v.low, v.high, v.n, v.status, v.as_at, v.source) for v in values
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def read_values(frame: pl.DataFrame) -> dict[tuple[str, str], Value]:
    """Return the values of one area by measure and part, of rows that `values_frame` wrote."""
    found: dict[tuple[str, str], Value] = {}
    for _, *row in frame.select(list(SCHEMA)).iter_rows():
        value = Value(*row)
        found.setdefault((value.measure, value.part), value)
    return found
