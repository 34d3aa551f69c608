"""Columns of a polars or pandas data frame, read one way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.convergence import ConvergenceCode, Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Columns", "drop_unused", "encode_groups", "encode_outcome", "label_level", "open_columns"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Columns:
    """Columns by name, whichever library holds them.

    Parameters
    ----------
    data : polars.DataFrame or pandas.DataFrame
        The data.
    """

    def __init__(self, data: Any) -> None:
        self.data = data
        self.is_polars = type(data).__module__.partition(".")[0] == "polars"
        self.names = [str(n) for n in data.columns]
        self.height = int(data.shape[0])

    def column(self, name: str) -> Any:
        """Return a column; an unknown name is an error that lists near ones."""
        if name not in self.names:
            from difflib import get_close_matches

            near = get_close_matches(name, self.names, 3, 0.5)
            hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
            raise ModelError(
                f"The data have no column {name!r}.{hint} Columns: {', '.join(self.names[:40])}."
            )
        return self.data[name]

    def missing(self, name: str) -> NDArray[np.bool_]:
        """Say of each row whether the column is null or not a number."""
        column = self.column(name)
        if self.is_polars:
            gone = column.is_null()
            if column.dtype.is_float():
                gone = gone | column.is_nan()
            return np.asarray(gone.fill_null(True).to_numpy(), dtype=bool)
        return np.asarray(column.isna(), dtype=bool)

    def complete(self, names: Iterable[str], extra: Iterable[Floats]) -> NDArray[np.bool_]:
        """Say of each row whether nothing in it is missing."""
        whole = np.ones(self.height, dtype=bool)
        for name in dict.fromkeys(names):
            whole &= ~self.missing(name)
        for values in extra:
            whole &= ~np.isnan(values)
        return whole

    def numbers(self, given: Any, role: str) -> Floats:
        """Return a column or an array as floats, missing values as NaN."""
        if isinstance(given, str):
            column = self.column(given)
            try:
                values = column.cast(float) if self.is_polars else column.astype(float)
            except Exception as error:
                raise ModelError(f"{role}: column {given!r} is not numeric.") from error
            return np.array(values.to_numpy(), dtype=np.float64)
        values = np.asarray(given, dtype=np.float64)
        if values.shape != (self.height,):
            raise ModelError(f"{role} has shape {values.shape}; the data have {self.height} rows.")
        return values

    def coded(self, name: str, kept: Ints) -> tuple[Ints, list[Any], bool]:
        """Return the kept rows' codes, the levels, and whether the levels have an order.

        An Enum or an ordered categorical keeps its order; other values are sorted.
        """
        column = self.column(name)
        if self.is_polars:
            import polars as pl

            column = column.gather(kept) if kept.size < self.height else column
            if column.dtype == pl.Enum:
                levels = column.dtype.categories.to_list()
                return np.array(column.to_physical().to_numpy(), dtype=np.int64), levels, True
            if column.dtype == pl.Categorical:
                column = column.cast(pl.String)
            ordered = column.dtype.is_numeric() or column.dtype == pl.Boolean
            levels = column.unique().sort().to_list()
            dtype = pl.Series(levels, dtype=column.dtype)
            codes = dtype.search_sorted(column)
            return np.array(codes.to_numpy(), dtype=np.int64), levels, ordered
        import pandas as pd

        column = column.iloc[kept]
        if isinstance(column.dtype, pd.CategoricalDtype):
            return (
                np.array(column.cat.codes, dtype=np.int64),
                list(column.cat.categories),
                bool(column.cat.ordered),
            )
        codes, uniques = pd.factorize(column, sort=True)
        ordered = pd.api.types.is_numeric_dtype(column.dtype)
        return np.array(codes, dtype=np.int64), list(uniques), ordered

    def is_factor(self, name: str) -> bool:
        """Say whether a formula takes the column as a factor: text, a category, true or false."""
        column = self.column(name)
        if self.is_polars:
            import polars as pl

            return column.dtype in (pl.String, pl.Categorical, pl.Enum, pl.Boolean)
        import pandas as pd

        return isinstance(column.dtype, pd.CategoricalDtype) or not (
            pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
        )

    def predictors(self, names: Sequence[str], kept: Ints, notes: list[Finding]) -> pd.DataFrame:
        """Return the kept rows of columns as a pandas frame, levels that never occur dropped."""
        import pandas as pd

        result: dict[str, Any] = {}
        for name in names:
            if not self.is_factor(name):
                values = self.numbers(name, "predictor")
                integers = values[kept] if kept.size < self.height else values
                whole = self.is_integer(name)
                result[name] = integers.astype(np.int64) if whole else integers
                continue
            codes, levels, _ = self.coded(name, kept)
            codes, used, unused = _squeeze(codes, levels)
            if unused:
                message = f"Levels of {name!r} that never occur were left out: {', '.join(unused)}."
                notes.append(Finding(ConvergenceCode.EMPTY_LEVELS, message))
            result[name] = pd.Categorical.from_codes(codes, categories=used)
        return pd.DataFrame(result, index=pd.RangeIndex(kept.size))

    def declares(self, name: str) -> bool:
        """Say whether the column's type lists its levels, so that they do not depend on its rows."""
        column = self.column(name)
        if self.is_polars:
            import polars as pl

            return bool(column.dtype == pl.Enum)
        import pandas as pd

        return isinstance(column.dtype, pd.CategoricalDtype)

    def kind(self, name: str) -> str:
        """Return what the column holds, in a word that does not depend on the library."""
        if self.is_integer(name):
            return "integer"
        if self.declares(name):
            return "category"
        column = self.column(name)
        if self.is_polars:
            import polars as pl

            if column.dtype in (pl.String, pl.Categorical):
                return "text"
            return "number" if column.dtype.is_numeric() else str(column.dtype).lower()
        import pandas as pd

        if pd.api.types.is_bool_dtype(column.dtype):
            return "boolean"
        if pd.api.types.is_numeric_dtype(column.dtype):
            return "number"
        if pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype):
            return "text"
        return str(column.dtype).lower()

    def is_integer(self, name: str) -> bool:
        """Say whether the column holds whole numbers by its type."""
        column = self.column(name)
        if self.is_polars:
            return bool(column.dtype.is_integer())
        import pandas as pd

        return bool(pd.api.types.is_integer_dtype(column.dtype))


def drop_unused(levels: Sequence[Any], counts: Ints) -> tuple[list[Any], list[str]]:
    """Return the levels that occur, and the names of the others."""
    pairs = list(zip(levels, counts.tolist(), strict=True))
    return [level for level, count in pairs if count], [str(level) for level, count in pairs if not count]


def _squeeze(codes: Ints, levels: Sequence[Any]) -> tuple[Ints, list[Any], list[str]]:
    """Return codes over the levels that occur, those levels, and the names of the others."""
    counts = np.bincount(codes, minlength=len(levels))
    used, unused = drop_unused(levels, counts)
    if not unused:
        return codes, used, []
    renumber = np.cumsum(counts > 0) - 1
    return renumber[codes].astype(np.int64), used, unused


def open_columns(data: Any) -> Columns:
    """Return the columns of a data frame.

    Raises
    ------
    ModelError
        If it is neither a polars nor a pandas DataFrame.
    """
    kind = type(data).__module__.partition(".")[0]
    if kind == "polars" and type(data).__name__ == "LazyFrame":
        data = data.collect()
    elif kind not in ("polars", "pandas") or not hasattr(data, "columns"):
        raise ModelError(
            f"data must be a polars or a pandas DataFrame; it is {type(data).__name__}. "
            "For arrays use clm_arrays or clmm_arrays; for Parquet partitions give engine=, a Dask client."
        )
    return Columns(data)


def encode_outcome(
    columns: Columns, name: str, kept: Ints, notes: list[Finding]
) -> tuple[Ints, tuple[str, ...]]:
    """Return grades as 0..J-1 and their names; grades that never occur are dropped and noted."""
    codes, levels, ordered = columns.coded(name, kept)
    if not ordered:
        raise ModelError(
            f"The outcome {name!r} has no order. Cast it to pl.Enum([...]) with the grades from "
            "lowest to highest, to an ordered pandas Categorical, or to integers."
        )
    if len(levels) > 100 and len(levels) > 0.2 * kept.size:
        raise ModelError(
            f"The outcome {name!r} takes {len(levels)} values in {kept.size} rows: it looks "
            "continuous, not graded."
        )
    codes, used, unused = _squeeze(codes, levels)
    if unused:
        message = f"Grades of {name!r} that never occur were left out: {', '.join(unused)}."
        notes.append(Finding(ConvergenceCode.EMPTY_GRADES, message))
    return codes, tuple(label_level(level) for level in used)


def label_level(level: Any) -> str:
    """Return the name of a grade; that of 2.0 is 2."""
    if isinstance(level, float) and level.is_integer():
        return str(int(level))
    return str(level)


def encode_groups(columns: Columns, names: Sequence[str], kept: Ints) -> Ints:
    """Return group codes 0..G-1 of one column, or of the combinations of several."""
    if len(names) == 1 and columns.is_polars:
        column = columns.column(names[0])
        column = column.gather(kept) if kept.size < columns.height else column
        ranks = column.rank("dense").to_numpy()  # the codes of `coded`, in one pass
        return np.asarray(ranks, dtype=np.int64) - 1
    codes = np.zeros(kept.size, dtype=np.int64)
    for name in names:
        fresh, levels, _ = columns.coded(name, kept)
        codes = codes * len(levels) + fresh
    return np.unique(codes, return_inverse=True)[1].astype(np.int64).reshape(-1)
