"""Who joined and who left the register, over all releases."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from ofsight.dataset.tables_homes import HOME_TABLES
from ofsight.harmonise.rows import HarmonisedTable

__all__ = ["gather_movements"]

_KINDS = ("movements", "closures")


def gather_movements(tables: Iterable[HarmonisedTable]) -> pl.DataFrame:
    """Stack the movements of all releases, each with its origin and ``edition``, the release's last day."""
    frames = [
        table.records.with_columns(
            release=pl.lit(table.release),
            sheet=pl.lit(table.sheet, dtype=pl.String),
            edition=pl.lit(table.period.end),
        )
        for table in tables
        if table.series.reads in _KINDS
    ]
    if not frames:
        return pl.DataFrame(schema=HOME_TABLES[0].schema() | {"edition": pl.Date})
    return pl.concat(frames).sort("urn", "edition", "kind", "release")
