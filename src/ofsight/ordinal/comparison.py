"""Likelihood-ratio comparison, and what relaxing each term would gain."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.formula import Request

if TYPE_CHECKING:
    import polars as pl

    from ofsight.ordinal.result import OrdinalFit

__all__ = ["chi_squared_tail", "compare", "nominal_test", "scale_test"]


def chi_squared_tail(x: float, df: int) -> float:
    """Return the upper tail of the chi-squared distribution.

    Sums of known terms for integer degrees of freedom; exact far into the tail.
    """
    if df < 1 or math.isnan(x):
        return math.nan
    if x <= 0.0:
        return 1.0
    half = 0.5 * x
    if df % 2:
        total = math.erfc(math.sqrt(half))
        term = math.exp(-half) * math.sqrt(half) / math.gamma(1.5)
        start = 1.5
    else:
        total = 0.0
        term = math.exp(-half)
        start = 1.0
    for k in range((df - 1 if df % 2 else df) // 2):
        total += term
        term *= half / (start + k)
    return min(total, 1.0)


def _describe(fit: OrdinalFit, position: int) -> str:
    if fit.frame is None:
        return f"model {position + 1}"
    request = fit.frame.request
    text = request.formula
    for part in ("nominal", "scale"):
        if (term := getattr(request, part)) is not None:
            text += f", {part} ~ {term}"
    if request.group:
        text += f", group {' + '.join(request.group)}"
    return f"{text} [{fit.arrays.link}, {fit.arrays.threshold}]"


def _weights(fit: OrdinalFit) -> NDArray[np.float64]:
    """Return the weight of each row, or of each grade where the rows are elsewhere."""
    if fit.arrays.held is None:
        return fit.arrays.outline.weight_counts
    weights = fit.arrays.held.weights
    return np.ones(fit.n) if weights is None else weights


def _outcome(fit: OrdinalFit) -> NDArray[np.int64]:
    """Return the grade of each row, or the rows of each grade where the rows are elsewhere."""
    held = fit.arrays.held
    return fit.arrays.outline.grade_counts if held is None else held.y


def _check_comparable(first: OrdinalFit, other: OrdinalFit) -> None:
    """Refuse a comparison of likelihoods that do not compare."""
    if (first.arrays.held is None) != (other.arrays.held is None):
        raise ModelError("One fit has its rows here, the other on an engine. Fit both in one way.")
    if not np.array_equal(_outcome(first), _outcome(other)) or first.levels != other.levels:
        raise ModelError(
            f"The fits used different rows or outcomes ({first.n} and {other.n} rows). "
            "Drop rows with missing values in any variable first, then fit both."
        )
    if not np.array_equal(_weights(first), _weights(other)):
        raise ModelError("The fits used different weights: their likelihoods do not compare.")
    if first.is_mixed and other.is_mixed and first.arrays.nodes != other.arrays.nodes:
        raise ModelError(
            "The fits used different numbers of quadrature nodes: their likelihoods are "
            "different approximations. Refit with the same nodes."
        )


def compare(*fits: OrdinalFit) -> pl.DataFrame:
    """Return a likelihood-ratio comparison of nested fits, from the smallest to the largest.

    Parameters
    ----------
    *fits : OrdinalFit
        Two or more fits to the same rows, each nested in the next larger one. Whether they are
        nested is for the user to know.

    Returns
    -------
    polars.DataFrame
        Columns model, n_parameters, log_likelihood, aic, statistic, df, p_value; the last
        three compare with the row above. A variance under test lies on the boundary of its
        space: the p-value is then conservative (about twice too large for one variance).

    Raises
    ------
    ModelError
        If there are fewer than two fits, or they used different rows or outcomes.
    """
    import polars as pl

    if len(fits) < 2:
        raise ModelError("compare needs at least two fits.")
    for other in fits[1:]:
        _check_comparable(fits[0], other)
    ordered = sorted(fits, key=lambda f: f.n_parameters)
    rows: list[tuple[Any, ...]] = []
    for k, fit in enumerate(ordered):
        test: tuple[Any, ...] = (None, None, None)
        if k:
            df = fit.n_parameters - ordered[k - 1].n_parameters
            statistic = 2.0 * (fit.log_likelihood - ordered[k - 1].log_likelihood)
            test = (statistic, df, chi_squared_tail(statistic, df) if df else None)
        rows.append((_describe(fit, k), fit.n_parameters, fit.log_likelihood, fit.aic, *test))
    schema = {
        "model": pl.String, "n_parameters": pl.Int64, "log_likelihood": pl.Float64,
        "aic": pl.Float64, "statistic": pl.Float64, "df": pl.Int64, "p_value": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _terms(fit: OrdinalFit) -> list[str]:
    assert fit.frame is not None
    return [str(t) for t in fit.frame.specs["location"].term_slices if str(t) != "1"]


def _widen(request: Request, part: str, text: str) -> Request:
    return replace(request, nominal=text) if part == "nominal" else replace(request, scale=text)


def _relax(fit: OrdinalFit, part: str) -> pl.DataFrame:
    """Return what adding each location term to another part of the model gains."""
    import polars as pl

    from ofsight.ordinal.clm import fit_request

    if fit.frame is None:
        raise ModelError("A model fitted to arrays has no terms to test. Fit by formula.")
    options: dict[str, Any] = {"link": fit.arrays.link, "threshold": fit.arrays.threshold}
    if fit.frame.engine is not None:
        options["engine"] = fit.frame.engine.crew.client
    if fit.is_mixed:
        options["nodes"] = fit.arrays.nodes
    request: Request = fit.frame.request
    already = getattr(request, part)
    rows: list[tuple[Any, ...]] = [
        ("<none>", fit.n_parameters, fit.log_likelihood, fit.aic, None, None, None, "CONVERGED")
    ]
    for term in _terms(fit):
        text = term if already is None else f"{already} + {term}"
        try:
            wider = fit_request(_widen(request, part, text), fit.frame.source, **options)
        except ModelError as error:
            rows.append((term, None, None, None, None, None, None, str(error)))
            continue
        df = wider.n_parameters - fit.n_parameters
        if df < 1:
            continue  # the term is in that part already
        statistic = 2.0 * (wider.log_likelihood - fit.log_likelihood)
        failed = not wider.convergence.ok
        p_value = None if failed else chi_squared_tail(statistic, df)
        rows.append(
            (
                term, wider.n_parameters, wider.log_likelihood, wider.aic,
                None if failed else statistic, df, p_value, wider.convergence.code.name,
            )
        )  # fmt: skip
    schema = {
        "term": pl.String, "n_parameters": pl.Int64, "log_likelihood": pl.Float64,
        "aic": pl.Float64, "statistic": pl.Float64, "df": pl.Int64, "p_value": pl.Float64,
        "convergence": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def nominal_test(fit: OrdinalFit) -> pl.DataFrame:
    """Return what letting each location term differ by threshold would gain.

    Parameters
    ----------
    fit : OrdinalFit
        A model fitted by formula, mixed or not.

    Returns
    -------
    polars.DataFrame
        One row per term: term, n_parameters, log_likelihood, aic, statistic, df, p_value
        (likelihood ratio against the fit), convergence of the wider fit. A small p-value
        speaks against proportional odds for the term. With ``SEPARATED`` the statistic stands,
        the wider estimates do not.

    References
    ----------
    Peterson, B. & Harrell, F. E. (1990). Partial proportional odds models for ordinal response
    variables. Applied Statistics 39, 205-217.
    """
    return _relax(fit, "nominal")


def scale_test(fit: OrdinalFit) -> pl.DataFrame:
    """Return what letting the latent scale depend on each location term would gain.

    Parameters and columns as in `nominal_test`.

    References
    ----------
    Cox, C. (1995). Location-scale cumulative odds models for ordinal data. Statistics in
    Medicine 14, 1191-1203.
    """
    return _relax(fit, "scale")
