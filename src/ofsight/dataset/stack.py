"""The records of all releases of one kind, each with its origin."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import polars as pl

from ofsight.harmonise.rows import HarmonisedTable

__all__ = ["stack_records"]


def stack_records(tables: Iterable[HarmonisedTable], kinds: Collection[str]) -> pl.DataFrame | None:
    """Stack the records of all tables of some kinds, oldest edition first, or None where there are none.

    Parameters
    ----------
    tables : iterable of HarmonisedTable
        Every table that was read.
    kinds : collection of str
        Kinds of series (``reads``) whose records have the same columns.

    Returns
    -------
    DataFrame or None
        The records with ``release``, ``sheet`` and ``edition``, the release's last day.
    """
    frames = [
        table.records.with_columns(
            release=pl.lit(table.release),
            sheet=pl.lit(table.sheet, dtype=pl.String),
            edition=pl.lit(table.period.end),
        )
        for table in tables
        if table.series.reads in kinds
    ]
    return pl.concat(frames).sort("edition", "release", "row") if frames else None
