"""Grade probabilities by factor: on a reference grid, over the sample, over the population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.formula import ModelFrame
from ofsight.ordinal.intervals import normal_quantile, two_sided_p
from ofsight.ordinal.predict import frame_matrices, mean_probabilities, own_matrices

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from ofsight.ordinal.result import OrdinalFit

__all__ = ["probabilities", "probability_contrasts"]

Floats = NDArray[np.float64]
Cell = tuple[Any, ...]

_LARGEST_GRID = 1_000_000


def _frame(fit: OrdinalFit) -> ModelFrame:
    if fit.frame is None:
        raise ModelError("A model fitted to arrays has no factors to predict by. Fit by formula.")
    return fit.frame


def _values(frame: ModelFrame, name: str, at: Mapping[str, Any]) -> list[Any]:
    """Return the values that a variable takes on the reference grid."""
    known = frame.factors.get(name)
    if name in at:
        given = at[name]
        values = [given] if isinstance(given, str) or np.ndim(given) == 0 else list(given)
        if known is not None and (wrong := [v for v in values if v not in known]):
            raise ModelError(
                f"Factor {name!r} has no level {wrong[0]!r}. Known: {', '.join(map(str, known))}."
            )
        return values
    if known is not None:
        return list(known)
    return [frame.mean(name)]


def _check_names(frame: ModelFrame, by: Sequence[str], at: Mapping[str, Any]) -> None:
    known = list(frame.predictors.columns)
    for name in (*by, *at):
        if name not in known:
            raise ModelError(f"{name!r} is not in the model. Its variables: {', '.join(known)}.")
    for name in by:
        if name not in frame.factors and name not in at:
            raise ModelError(
                f"{name!r} is a number, not a factor: say at which values, at={{{name!r}: [...]}}."
            )


def _as_column(own: pd.Series[Any], values: Sequence[Any]) -> Any:
    """Return grid values in the type that the formula saw."""
    import pandas as pd

    if isinstance(own.dtype, pd.CategoricalDtype):
        return pd.Categorical(list(values), categories=own.cat.categories)
    return np.asarray(values, dtype=np.float64)


def _cells(
    fit: OrdinalFit, by: Sequence[str], average: str, random: str, at: Mapping[str, Any]
) -> tuple[list[Cell], Floats, Floats]:
    """Return the cells of ``by``, mean probabilities (C, J) and their derivatives (C, J, p)."""
    if average not in ("grid", "sample"):
        raise ModelError(f"Unknown average={average!r}. Allowed: grid, sample.")
    if average == "sample" and not by and not at:
        means = [mean_probabilities(fit, own_matrices(fit), random)]
        return [()], np.array([m[0] for m in means]), np.array([m[1] for m in means])
    frame = _frame(fit)
    _check_names(frame, by, at)
    outline = fit.arrays.outline
    cells = list(product(*(_values(frame, name, at) for name in by)))
    rest = [name for name in frame.predictors.columns if name not in by]
    levels = [_values(frame, name, at) for name in rest]
    means = []
    for cell in cells:
        if average == "grid":
            grid = _reference_grid(frame, by, cell, rest, levels)
            n = len(grid)
            shift = [
                np.full(n, mean) if there else None
                for there, mean in (
                    (outline.has_offset, outline.mean_offset),
                    (outline.has_scale_offset, outline.mean_scale_offset),
                )
            ]
            matrices = frame_matrices(fit, grid, *shift)
        else:
            design = fit.arrays.design  # that is, the rows: an error where they are elsewhere
            rows = frame.predictors.copy(deep=False)
            fixed = {**{k: v for k, v in at.items() if k not in by}, **dict(zip(by, cell, strict=True))}
            for name, value in fixed.items():
                if not isinstance(value, str) and np.ndim(value) > 0:
                    raise ModelError(f"Over the sample, at[{name!r}] takes one value, not several.")
                rows[name] = _as_column(frame.predictors[name], [value] * len(rows))
            matrices = frame_matrices(fit, rows, design.offset, design.scale_offset, design.weights)
        means.append(mean_probabilities(fit, matrices, random))
    return cells, np.array([m[0] for m in means]), np.array([m[1] for m in means])


def _reference_grid(
    frame: ModelFrame, by: Sequence[str], cell: Cell, rest: Sequence[str], levels: Sequence[list[Any]]
) -> pd.DataFrame:
    """Return one row per combination of the other factors, numbers at their means."""
    import pandas as pd

    size = int(np.prod([len(v) for v in levels])) if levels else 1
    if size > _LARGEST_GRID:
        raise ModelError(
            f"The reference grid has {size} rows for each cell. Restrict factors with at=, or "
            "use average='sample'."
        )
    columns: dict[str, Any] = {}
    for name, value in zip(by, cell, strict=True):
        columns[name] = _as_column(frame.predictors[name], [value] * size)
    combined = list(zip(*product(*levels), strict=True)) if levels else []
    for name, values in zip(rest, combined, strict=True):
        columns[name] = _as_column(frame.predictors[name], values)
    return pd.DataFrame(columns, index=pd.RangeIndex(size))


def _errors(jacobian: Floats, covariance: Floats) -> Floats:
    """Return delta-method standard errors over the last axis of a Jacobian."""
    variance = np.einsum("...p,pq,...q->...", jacobian, covariance, jacobian)
    result: Floats = np.sqrt(np.maximum(variance, 0.0))
    return result


def probabilities(
    fit: OrdinalFit,
    by: str | Sequence[str] | None = None,
    *,
    average: str = "grid",
    random: str = "zero",
    at: Mapping[str, Any] | None = None,
    level: float = 0.95,
    kind: str = "model",
    cluster: Any = None,
) -> pl.DataFrame:
    """Return the probability of each grade by the levels of factors.

    Parameters
    ----------
    fit : OrdinalFit
        The fit.
    by : str or sequence of str, optional
        Factors, or numbers with values in ``at``.
    average : {"grid", "sample"}
        ``grid``: over the combinations of the other factors with equal weights, numbers at
        their means (the definition of emmeans with ``mode = "prob"``). ``sample``: over the
        rows fitted, each set to the level in turn.
    random : {"zero", "integrate"}
        Random effects at zero (probabilities for a typical group), or averaged over their
        normal distribution (population-averaged).
    at : mapping, optional
        Values of variables: ``{"age": 10}``, ``{"year": [2019, 2020]}``.
    level : float
        Coverage of the intervals.
    kind, cluster
        The covariance; see `OrdinalFit.covariance`.

    Returns
    -------
    polars.DataFrame
        Columns of ``by``, grade, probability, std_error, low, high. Standard errors by the
        delta method; intervals symmetric on the probability scale.

    References
    ----------
    Searle, S. R., Speed, F. M. & Milliken, G. A. (1980). Population marginal means in the
    linear model. The American Statistician 34, 216-221.
    """
    import polars as pl

    names = [by] if isinstance(by, str) else list(by or [])
    cells, values, jacobian = _cells(fit, names, average, random, at or {})
    errors = _errors(jacobian, fit.covariance(kind, cluster=cluster))
    z = normal_quantile(level)
    grades = len(fit.levels)
    columns: dict[str, Any] = {
        name: [cell[k] for cell in cells for _ in range(grades)] for k, name in enumerate(names)
    }
    columns["grade"] = pl.Series(list(fit.levels) * len(cells), dtype=pl.Enum(list(fit.levels)))
    columns["probability"] = values.reshape(-1)
    columns["std_error"] = errors.reshape(-1)
    columns["low"] = (values - z * errors).reshape(-1)
    columns["high"] = (values + z * errors).reshape(-1)
    return pl.DataFrame(columns)


def probability_contrasts(
    fit: OrdinalFit,
    by: str,
    *,
    method: str = "reference",
    average: str = "grid",
    random: str = "zero",
    at: Mapping[str, Any] | None = None,
    level: float = 0.95,
    kind: str = "model",
    cluster: Any = None,
) -> pl.DataFrame:
    """Return differences of grade probabilities between levels of a factor.

    Parameters
    ----------
    fit : OrdinalFit
        The fit.
    by : str
        The factor.
    method : {"reference", "pairwise"}
        Each level against the first, or every pair.
    average, random, at, level, kind, cluster
        As in `probabilities`.

    Returns
    -------
    polars.DataFrame
        Columns contrast (``B - A``), grade, difference, std_error, statistic, p_value, low,
        high.
    """
    import polars as pl

    if method not in ("reference", "pairwise"):
        raise ModelError(f"Unknown method {method!r}. Allowed: reference, pairwise.")
    cells, values, jacobian = _cells(fit, [by], average, random, at or {})
    pairs = [(0, k) for k in range(1, len(cells))]
    if method == "pairwise":
        pairs = list(combinations(range(len(cells)), 2))
    covariance = fit.covariance(kind, cluster=cluster)
    z = normal_quantile(level)
    rows = []
    for a, b in pairs:
        change = values[b] - values[a]
        errors = _errors(jacobian[b] - jacobian[a], covariance)
        for grade, d, e in zip(fit.levels, change.tolist(), errors.tolist(), strict=True):
            statistic = d / e if e > 0.0 else float("nan")
            name = f"{cells[b][0]} - {cells[a][0]}"
            p_value = two_sided_p(statistic)
            rows.append((name, grade, d, e, statistic, p_value, d - z * e, d + z * e))
    names = ["contrast", "grade", "difference", "std_error", "statistic", "p_value", "low", "high"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        pl.col("grade").cast(pl.Enum(list(fit.levels)))
    )
