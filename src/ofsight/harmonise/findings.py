"""What was noticed while reading: a finding is not an error, but it is never silent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import polars as pl

__all__ = ["FINDINGS_SCHEMA", "Finding", "findings_frame"]

FINDINGS_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "code": pl.String,
    "message": pl.String,
    "file": pl.String,
    "sheet": pl.String,
    "row": pl.Int64,
    "n": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing noticed.

    Attributes
    ----------
    code : str
        Its kind, in words joined by hyphens, the same from release to release.
    message : str
        A sentence a reader can act on.
    file, sheet, row : optional
        Where; `row` is the first one where several are meant.
    n : int
        How many rows (or cells) it speaks of.
    """

    code: str
    message: str
    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    n: int = 1


def findings_frame(findings: Iterable[Finding]) -> pl.DataFrame:
    """Return findings as a table, in the order in which they were made."""
    return pl.DataFrame([asdict(finding) for finding in findings], schema=FINDINGS_SCHEMA)
