"""Probabilities of the grades for given rows, with what the delta method needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.columns import open_columns
from ofsight.ordinal.formula import design_matrix
from ofsight.ordinal.kernel_probabilities import grade_probabilities
from ofsight.ordinal.kernel_rows import Rows
from ofsight.ordinal.links import LINKS
from ofsight.ordinal.objective import thresholds_of
from ofsight.ordinal.threads import chunk_count, run_chunks
from ofsight.ordinal.thresholds import threshold_basis

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from ofsight.ordinal.result import OrdinalFit

__all__ = ["RANDOM", "Matrices", "frame_matrices", "mean_probabilities", "predict", "row_probabilities"]

Floats = NDArray[np.float64]

RANDOM = ("zero", "integrate")
_INTEGRATION_NODES = 61


@dataclass(frozen=True)
class Matrices:
    """Columns of rows to predict for, aliased ones left out; offsets and weights or None."""

    location: Floats
    nominal: Floats
    scale: Floats
    offset: Floats | None = None
    scale_offset: Floats | None = None
    weights: Floats | None = None


def frame_matrices(
    fit: OrdinalFit,
    predictors: pd.DataFrame,
    offset: Floats | None = None,
    scale_offset: Floats | None = None,
    weights: Floats | None = None,
) -> Matrices:
    """Return the columns that a model has for rows of a pandas frame of its predictors."""
    if fit.frame is None:
        raise ModelError("A model fitted to arrays predicts for its own rows only.")
    outline = fit.arrays.outline
    picked: dict[str, Floats] = {}
    for part in ("location", "nominal", "scale"):
        names = getattr(outline, f"{part}_names")
        if part not in fit.frame.specs or not names:
            picked[part] = np.zeros((len(predictors), 0))
            continue
        spec = fit.frame.specs[part]
        matrix = np.asarray(design_matrix(spec, predictors), dtype=np.float64)
        where = [list(spec.column_names).index(n) for n in names]
        picked[part] = np.ascontiguousarray(matrix.reshape(len(predictors), -1)[:, where])
    return Matrices(picked["location"], picked["nominal"], picked["scale"], offset, scale_offset, weights)


def own_matrices(fit: OrdinalFit) -> Matrices:
    """Return the columns of the rows that the model was fitted to."""
    d = fit.arrays.design
    return Matrices(d.location, d.nominal, d.scale, d.offset, d.scale_offset, d.weights)


def random_spread(fit: OrdinalFit, random: str) -> tuple[float, Floats, Floats, Floats]:
    """Return sd of the sum of random effects, nodes, masses, and d sd / d log_sd of each."""
    if random not in RANDOM:
        raise ModelError(f"Unknown random={random!r}. Allowed: {', '.join(RANDOM)}.")
    variances = np.array([fit.arrays.random_sds[k] ** 2 for k in fit.arrays.active])
    total = float(np.sqrt(variances.sum()))
    if random == "zero" or total == 0.0:
        return 0.0, np.zeros(1), np.ones(1), np.zeros(variances.shape[0])
    x, w = np.polynomial.hermite_e.hermegauss(_INTEGRATION_NODES)
    return total, x, w / w.sum(), variances / total


def _run(
    fit: OrdinalFit, matrices: Matrices, random: str, *, jacobian: bool, mean: bool
) -> tuple[Floats, Floats, Floats]:
    """Return probabilities (n, J), their Jacobian (n, J, p) or none, and its weighted sum."""
    arrays = fit.arrays
    basis, _, _ = threshold_basis(arrays.threshold, arrays.outline.levels)
    n = matrices.location.shape[0]
    nothing = np.zeros(0)

    def column(values: Floats | None) -> Floats:
        return nothing if values is None else np.array(values, dtype=np.float64)

    nominal = matrices.nominal if matrices.nominal.shape[1] > 1 else np.zeros((n, 0))
    rows = Rows(
        np.zeros(n, dtype=np.int64),
        np.ascontiguousarray(basis),
        np.array(nominal, dtype=np.float64, order="C"),
        np.array(matrices.location, dtype=np.float64, order="C"),
        np.array(matrices.scale, dtype=np.float64, order="C"),
        column(matrices.weights),
        column(matrices.offset),
        column(matrices.scale_offset),
    )
    p = arrays.working.back.shape[0]
    params = np.array(arrays.estimates[:p])
    theta = thresholds_of(rows, params)
    if np.any(np.diff(theta @ _nominal_or_one(rows).T, axis=0) <= 0.0):
        raise ModelError(
            "With its nominal effects the model gives some of these rows thresholds that cross: "
            "they lie outside the range of the data, where its probabilities would be negative."
        )
    sd, nodes, masses, by_log_sd = random_spread(fit, random)
    grades = basis.shape[0] + 1
    probabilities = np.zeros((n, grades))
    by_row = np.zeros((n if jacobian else 0, grades, p + 1))
    count = chunk_count(n)
    bounds = np.linspace(0, n, count + 1).astype(np.int64)
    sums = np.zeros((count, grades if mean else 0, p + 1))

    def work(i: int) -> float:
        return grade_probabilities(
            int(bounds[i]), int(bounds[i + 1]), rows, params, theta, LINKS.index(arrays.link),
            sd, nodes, masses, probabilities, by_row, sums[i],
        )  # fmt: skip

    run_chunks(work, count)

    def widen(values: Floats) -> Floats:
        """Turn the derivative by sd into those by each log sd."""
        return np.concatenate([values[..., :p], values[..., p:] * by_log_sd], axis=-1)

    return probabilities, widen(by_row), widen(sums.sum(axis=0))


def _nominal_or_one(rows: Rows) -> Floats:
    return rows.nominal if rows.nominal.shape[1] else np.ones((1, 1))


def row_probabilities(
    fit: OrdinalFit, matrices: Matrices, random: str = "zero", *, jacobian: bool = False
) -> tuple[Floats, Floats]:
    """Return probabilities, shape (n, J), and, if asked, derivatives by all estimates, (n, J, p)."""
    probabilities, by_row, _ = _run(fit, matrices, random, jacobian=jacobian, mean=False)
    return probabilities, by_row


def mean_probabilities(fit: OrdinalFit, matrices: Matrices, random: str = "zero") -> tuple[Floats, Floats]:
    """Return the weighted mean of probabilities over rows, (J,), and its derivatives, (J, p)."""
    probabilities, _, total = _run(fit, matrices, random, jacobian=False, mean=True)
    weights = matrices.weights
    if weights is None:
        return probabilities.mean(axis=0), total / probabilities.shape[0]
    share = weights / weights.sum()
    return share @ probabilities, total / weights.sum()


def new_predictors(fit: OrdinalFit, data: Any) -> pd.DataFrame:
    """Return the predictors of new data as the model's formulas take them.

    Raises
    ------
    ModelError
        If a value is missing, or a factor has a level that the model has not seen.
    """
    import pandas as pd

    if fit.frame is None:
        raise ModelError("A model fitted to arrays predicts for its own rows only.")
    columns = open_columns(data)
    own = fit.frame.predictors
    every = np.arange(columns.height)
    result: dict[str, Any] = {}
    for name in own.columns:
        if columns.missing(name).any():
            raise ModelError(f"Column {name!r} is missing in some rows. Fill it or drop them.")
        if isinstance(own[name].dtype, pd.CategoricalDtype):
            known = list(own[name].cat.categories)
            codes, levels, _ = columns.coded(name, every)
            seen = [levels[c] for c in np.unique(codes)]
            _refuse_unseen(name, seen, known)
            recode = np.array([known.index(v) if v in known else -1 for v in levels])
            result[name] = pd.Categorical.from_codes(recode[codes], categories=known)
            continue
        values = columns.numbers(name, "predictor")
        if name in fit.frame.factors:
            _refuse_unseen(name, np.unique(values).tolist(), fit.frame.factors[name])
        result[name] = values.astype(own[name].dtype)
    return pd.DataFrame(result, index=pd.RangeIndex(columns.height))


def _refuse_unseen(name: str, seen: Sequence[Any], known: Sequence[Any]) -> None:
    unseen = [str(v) for v in seen if v not in known]
    if unseen:
        raise ModelError(
            f"Factor {name!r} has levels that the model has not seen: {', '.join(unseen)}. "
            f"Known: {', '.join(map(str, known))}."
        )


def predict(
    fit: OrdinalFit,
    data: Any = None,
    kind: str = "probability",
    *,
    random: str = "zero",
    offset: Any = None,
    scale_offset: Any = None,
) -> pl.DataFrame:
    """Return predictions by row.

    Parameters
    ----------
    fit : OrdinalFit
        The fit.
    data : polars.DataFrame or pandas.DataFrame, optional
        Rows to predict for; default the rows fitted.
    kind : {"probability", "cumulative", "grade"}
        Probability of each grade, of each grade or a lower one, or the most probable grade.
    random : {"zero", "integrate", "modes"}
        Random effects at zero, averaged over their distribution, or (rows fitted only) at
        their conditional modes.
    offset, scale_offset : str or array, optional
        For new data, when the model has them.

    Returns
    -------
    polars.DataFrame
        One row per row of data; one column per grade, or ``grade``.
    """
    import polars as pl

    if data is None:
        matrices = own_matrices(fit)
        if random == "modes":
            matrices, random = _at_modes(fit, matrices), "zero"
    else:
        if random == "modes":
            raise ModelError("random='modes' is for the rows fitted. Use 'zero' or 'integrate'.")
        columns = open_columns(data)
        given = {"offset": offset, "scale_offset": scale_offset}
        for role, value in given.items():
            if getattr(fit.arrays.outline, f"has_{role}") and value is None:
                raise ModelError(f"The model has {role}: give {role}= for the new rows.")
        known = {r: None if v is None else columns.numbers(v, r) for r, v in given.items()}
        matrices = frame_matrices(fit, new_predictors(fit, data), **known)
    probabilities, _ = row_probabilities(fit, matrices, random)
    if kind == "probability":
        return pl.DataFrame(probabilities, schema=list(fit.levels), orient="row")
    if kind == "cumulative":
        return pl.DataFrame(np.cumsum(probabilities, axis=1), schema=list(fit.levels), orient="row")
    if kind == "grade":
        best = np.array(fit.levels)[probabilities.argmax(axis=1)]
        return pl.DataFrame({"grade": pl.Series(best, dtype=pl.Enum(list(fit.levels)))})
    raise ModelError(f"Unknown kind {kind!r}. Allowed: probability, cumulative, grade.")


def _at_modes(fit: OrdinalFit, matrices: Matrices) -> Matrices:
    """Return matrices whose offset holds each row's conditional modes too."""
    from ofsight.ordinal.modes import conditional_modes

    shift = np.zeros(fit.n) if matrices.offset is None else matrices.offset.copy()
    for (modes, _), codes in zip(conditional_modes(fit), fit.arrays.design.groups, strict=True):
        shift += modes[codes]
    return Matrices(
        matrices.location, matrices.nominal, matrices.scale, shift, matrices.scale_offset,
        matrices.weights,
    )  # fmt: skip
