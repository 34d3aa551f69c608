"""Releases held against one another: the same inspection is told by several, and must be told alike.

Of two columns of grades whose headings are exchanged no single file can tell: both hold grades. Two releases
that tell the same inspections can. In the official releases at most one shared inspection in fifty was
regraded between two of them, and otherwise fewer than one in two thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Final

import polars as pl

from ofsight.errors import ReleaseError
from ofsight.harmonise.findings import Finding
from ofsight.harmonise.rows import HarmonisedTable, printable
from ofsight.vocabulary import Domain

__all__ = ["compare_releases"]

_READ: Final = ("list", "in year")
_VISIT: Final = ["urn", "inspected_on"]
_FEWEST: Final = 20
_MOST_DIFFERENT: Final = 0.05
# Of the inspections whose two grades differ, how many must fit crosswise, and how many are enough to say so.
_CROSSED: Final = 0.8
_FEWEST_CROSSED: Final = 10


def compare_releases(tables: Sequence[HarmonisedTable]) -> list[Finding]:
    """Compare the grades that releases give the same inspections.

    Parameters
    ----------
    tables : sequence of HarmonisedTable
        All of a build; those that are no lists of inspections are left out.

    Returns
    -------
    list of Finding
        ``releases-contradict``: one for each two releases and domain in which more than one shared
        inspection in twenty is graded differently.

    Raises
    ------
    ReleaseError
        When one release has the grades of two domains the other way round.
    """
    graded = [table for table in tables if table.series.reads in _READ and table.records.height]
    pairs = _pairs(graded)
    _refuse_exchanged(pairs, graded)
    findings = []
    for domain in Domain:
        one, other = pl.col(domain.value), pl.col(f"{domain}_right")
        counted = (
            pairs.filter(one.is_not_null() & other.is_not_null(), pl.col("table") < pl.col("table_right"))
            .group_by("table", "table_right")
            .agg(n=pl.len(), different=(one != other).sum())
            .filter(pl.col("n") >= _FEWEST, pl.col("different") > _MOST_DIFFERENT * pl.col("n"))
            .sort("table", "table_right")
        )
        for left, right, n, different in counted.iter_rows():
            table, beside = graded[left], graded[right]
            message = (
                f"the grades of '{domain.label}' differ from those of {beside.release} at {different} of {n} "
                "inspections that both tell: a column of one of them may be another or moved"
            )
            findings.append(
                Finding(
                    "releases-contradict", message, printable(table.file.name), table.sheet, None, different
                )
            )
    return findings


def _pairs(graded: Sequence[HarmonisedTable]) -> pl.DataFrame:
    """Return each inspection beside its twin in every other release, ``_right``."""
    columns = [*map(pl.col, _VISIT), *(pl.col(domain.value).cast(pl.String) for domain in Domain)]
    frames = [
        table.records.filter(pl.col("inspected_on").is_not_null())
        .select(*columns, table=pl.lit(position, dtype=pl.Int64))
        .unique(_VISIT, keep="first", maintain_order=True)
        for position, table in enumerate(graded)
    ]
    if not frames:
        schema = {"urn": pl.String, "inspected_on": pl.Date, **dict.fromkeys(map(str, Domain), pl.String)}
        frames = [pl.DataFrame(schema={**schema, "table": pl.Int64})]
    every = pl.concat(frames)
    return every.join(every, on=_VISIT).filter(pl.col("table") != pl.col("table_right"))


def _refuse_exchanged(pairs: pl.DataFrame, graded: Sequence[HarmonisedTable]) -> None:
    for one, other in combinations(Domain, 2):
        here, there = (pl.col(domain.value) for domain in (one, other))
        here_right, there_right = (pl.col(f"{domain}_right") for domain in (one, other))
        # Where both grades are the same, nothing tells which is which.
        telling = pairs.filter(here != there, here_right != there_right)
        crossed = (here == there_right) & (there == here_right)
        found = (
            telling.group_by("table", "table_right")
            .agg(n=pl.len(), crossed=crossed.sum())
            .filter(pl.col("n") >= _FEWEST_CROSSED, pl.col("crossed") >= _CROSSED * pl.col("n"))
            .sort("crossed", "table", "table_right", descending=[True, False, False])
        )
        if found.is_empty():
            continue
        # The one that stands against most of the others has them exchanged.
        against = Counter(found["table"])
        first, n_against = against.most_common(1)[0]
        beside, n, n_crossed = found.filter(pl.col("table") == first).row(0)[1:]
        alone = sum(count == n_against for count in against.values()) == 1
        table = graded[first]
        raise ReleaseError(
            f"the grades of '{one.label}' and '{other.label}' are those of {graded[beside].release} the "
            f"other way round, at {n_crossed} of {n} inspections that both tell and whose two grades differ.",
            file=table.file,
            sheet=table.sheet,
            row=table.heading_row,
            hint="Their headings are probably exchanged "
            + ("here" if alone else f"here or in {printable(graded[beside].file.name)}")
            + ": correct them, or download the file again.",
        )
