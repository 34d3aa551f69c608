"""Who joined and who left the register, over all releases."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from ofsight.dataset.stack import stack_records
from ofsight.dataset.tables_homes import HOME_TABLES
from ofsight.harmonise.rows import HarmonisedTable

__all__ = ["gather_movements"]

_KINDS = ("movements", "closures")


def gather_movements(tables: Iterable[HarmonisedTable]) -> pl.DataFrame:
    """Stack the movements of all releases, each with its origin and ``edition``, the release's last day."""
    stacked = stack_records(tables, _KINDS)
    if stacked is None:
        return pl.DataFrame(schema=HOME_TABLES[0].schema() | {"edition": pl.Date})
    return stacked.sort("urn", "edition", "kind", "release")
