"""What each partition holds, and what the whole holds: levels, counts, a sample that shows every level.

Levels, contrasts and the state of a formula belong to the whole. Each partition says what it has;
the driver joins that, in the order of the partitions, and tells all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.columns import Columns, encode_groups, open_columns
from ofsight.ordinal.distributed.crew import told
from ofsight.ordinal.distributed.parts import Loaded
from ofsight.ordinal.formula import Request

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Levels",
    "Selection",
    "Survey",
    "group_keys",
    "join_levels",
    "label_groups",
    "select_rows",
    "survey_part",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_DISTINCT: Final = 1000
"""Values of a number that a partition shows all of; a number with more is no factor."""
_HEAD = 32


@dataclass(frozen=True)
class Levels:
    """The levels of a column in a partition, or in all.

    ``declared`` levels are those of an Enum or a categorical, in their order, whether they occur
    or not; others are those that occur, sorted.
    """

    values: list[Any]
    counts: Ints
    declared: bool
    ordered: bool


@dataclass(frozen=True)
class Survey:
    """What a partition holds.

    Attributes
    ----------
    label, digest : str
        Which partition, and by what it is known again.
    height, n : int
        Its rows, and those with nothing missing.
    kinds : dict of str to str
        What each column holds, in a word; must agree between partitions.
    outcome : Levels or None
        None where no row is left.
    factors : dict of str to Levels
        Of the predictors that are factors.
    sums : dict of str to float
        Of the predictors that are numbers.
    many : frozenset of str
        Numbers with too many values for a factor.
    sample : pandas.DataFrame or None
        A few rows of the predictors that show every value of those with few.
    groups : tuple of ndarray of uint64
        A key of each group of each grouping.
    """

    label: str
    digest: str
    height: int
    n: int
    kinds: Mapping[str, str]
    outcome: Levels | None = None
    factors: Mapping[str, Levels] = field(default_factory=dict)
    sums: Mapping[str, float] = field(default_factory=dict)
    many: frozenset[str] = frozenset()
    sample: pd.DataFrame | None = None
    groups: tuple[NDArray[np.uint64], ...] = ()


@dataclass(frozen=True)
class Selection:
    """The rows of a partition with nothing missing, and the numbers that belong to rows."""

    columns: Columns
    kept: Ints
    extra: Mapping[str, Floats]


def select_rows(frame: Any, request: Request, used: Sequence[str]) -> Selection:
    """Return the rows of a partition that a model uses."""
    columns = open_columns(frame)
    extra = {
        role: columns.numbers(given, role)
        for role in ("weights", "offset", "scale_offset")
        if (given := getattr(request, role)) is not None
    }
    parts = [part for name in request.group for part in name.split(":")]
    kept = np.flatnonzero(columns.complete([request.outcome, *used, *parts], extra.values()))
    return Selection(columns, kept, extra)


@told
def survey_part(loaded: Loaded, request: Request, used: Sequence[str], expressed: frozenset[str]) -> Survey:
    """Return what a partition holds. Runs on a worker.

    ``expressed`` are the predictors inside expressions: any of them may turn out to be a factor.
    """
    try:
        chosen = select_rows(loaded.frame, request, used)
        columns, kept = chosen.columns, chosen.kept
        parts = [part for name in request.group for part in name.split(":")]
        kinds = {name: columns.kind(name) for name in dict.fromkeys((request.outcome, *used, *parts))}
        if kept.size == 0:
            return Survey(loaded.label, loaded.digest, columns.height, 0, {})
        factors: dict[str, Levels] = {}
        sums: dict[str, float] = {}
        many: set[str] = set()
        shown = [np.arange(min(_HEAD, kept.size))]
        for name in used:
            if columns.is_factor(name):
                codes, factors[name] = _count(columns, name, kept)
                shown.append(np.unique(codes, return_index=True)[1])
                continue
            values = columns.numbers(name, "predictor")[kept]
            sums[name] = float(values.sum())
            if name in expressed:
                first = _first_of_each(values)
                if first is None:
                    many.add(name)
                else:
                    shown.append(first)
        rows = np.unique(np.concatenate(shown))
        return Survey(
            loaded.label, loaded.digest, columns.height, int(kept.size), kinds,
            _count(columns, request.outcome, kept)[1], factors, sums, frozenset(many),
            _sample(columns, used, kept[rows]),
            tuple(group_keys(columns, name.split(":"), kept)[1] for name in request.group),
        )  # fmt: skip
    except ModelError as error:
        raise ModelError(f"Partition {loaded.label}: {error}") from None


def _count(columns: Columns, name: str, kept: Ints) -> tuple[Ints, Levels]:
    codes, values, ordered = columns.coded(name, kept)
    counts = np.bincount(codes, minlength=len(values)).astype(np.int64)
    return codes, Levels(list(values), counts, columns.declares(name), ordered)


def _first_of_each(values: Floats) -> Ints | None:
    """Return where each value occurs first, or None where there are too many."""
    import pandas as pd

    codes, distinct = pd.factorize(values)
    if len(distinct) > _MOST_DISTINCT:
        return None
    first = np.full(len(distinct), -1, dtype=np.int64)
    first[codes[::-1]] = np.arange(codes.shape[0])[::-1]
    return first


def _sample(columns: Columns, names: Sequence[str], rows: Ints) -> pd.DataFrame:
    """Return a few rows as plain values; the driver gives factors the levels of the whole."""
    import pandas as pd

    result: dict[str, Any] = {}
    for name in names:
        if columns.is_factor(name):
            codes, levels, _ = columns.coded(name, rows)
            result[name] = pd.Series([levels[c] for c in codes], dtype=object)
        else:
            values = columns.numbers(name, "predictor")[rows]
            result[name] = values.astype(np.int64) if columns.is_integer(name) else values
    return pd.DataFrame(result, index=pd.RangeIndex(rows.size))


def group_keys(columns: Columns, names: Sequence[str], kept: Ints) -> tuple[Ints, NDArray[np.uint64]]:
    """Return each row's group 0..G-1 within the partition, and a 64-bit key of each group.

    The key depends on the values alone, so that a group has the same in every partition.
    """
    from pandas.util import hash_array

    codes = encode_groups(columns, names, kept)
    first = first_rows(codes)
    key = np.zeros(first.shape[0], dtype=np.uint64)
    for values in _values(columns, names, kept[first]):
        fresh = hash_array(values, categorize=False)
        key = fresh if len(names) == 1 else key * np.uint64(0x9E3779B97F4A7C15) + fresh
    return codes, key


def first_rows(codes: Ints) -> Ints:
    """Return the first row of each code 0..G-1."""
    first = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    first[codes[::-1]] = np.arange(codes.shape[0])[::-1]
    return first


def _values(columns: Columns, names: Sequence[str], rows: Ints) -> list[NDArray[Any]]:
    """Return columns at some rows as arrays that hash the same wherever they are: numbers or text."""
    result = []
    for name in names:
        column = columns.column(name)
        values = column.gather(rows) if columns.is_polars else column.iloc[rows]
        if columns.kind(name) == "integer":
            result.append(np.asarray(values.to_numpy(), dtype=np.int64))
        else:
            result.append(np.array([str(v) for v in values.to_list()], dtype=object))
    return result


@told
def label_groups(loaded: Loaded, request: Request, used: Sequence[str], position: int) -> dict[str, Any]:
    """Return the key, the label (a tuple) and the rows of each group, in the order of its codes."""
    chosen = select_rows(loaded.frame, request, used)
    names = request.group[position].split(":")
    if chosen.kept.size == 0:
        return {"key": np.zeros(0, dtype=np.uint64), "label": [], "n": np.zeros(0, dtype=np.int64)}
    codes, keys = group_keys(chosen.columns, names, chosen.kept)
    rows = chosen.kept[first_rows(codes)]
    values = [v.tolist() for v in _values(chosen.columns, names, rows)]
    return {"key": keys, "label": list(zip(*values, strict=True)), "n": np.bincount(codes)}


def join_levels(name: str, parts: Sequence[tuple[str, Levels]]) -> Levels:
    """Return the levels of a column over all partitions.

    Raises
    ------
    ModelError
        If partitions declare different levels, or their values cannot be put in one order.
    """
    label, first = parts[0]
    for other_label, other in parts[1:]:
        if other.declared != first.declared or (first.declared and other.values != first.values):
            raise ModelError(
                f"Partitions declare different levels of {name!r}: {_some(first.values)} in {label}, "
                f"{_some(other.values)} in {other_label}. Cast the column to one Enum (or, in a Dask "
                "frame, call .cat.as_known()) before writing the partitions."
            )
    if first.declared:
        counts = np.sum([levels.counts for _, levels in parts], axis=0)
        return Levels(first.values, counts, True, first.ordered)
    counted: dict[Any, int] = {}
    for _, levels in parts:
        for value, count in zip(levels.values, levels.counts.tolist(), strict=True):
            counted[value] = counted.get(value, 0) + count
    values = sorted(counted)
    return Levels(values, np.array([counted[v] for v in values]), False, first.ordered)


def _some(values: Sequence[Any]) -> str:
    return ", ".join(map(repr, values[:6])) + (", ..." if len(values) > 6 else "")
