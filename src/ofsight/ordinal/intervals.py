"""Intervals, odds ratios, contrasts and the tidy frame."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.objective import HeldObjective, MappedObjective
from ofsight.ordinal.optimise import Stop, maximise

if TYPE_CHECKING:
    import polars as pl

    from ofsight.ordinal.result import OrdinalFit

__all__ = ["contrast", "odds_ratios", "profile_intervals", "tidy_frame", "wald_intervals"]

Floats = NDArray[np.float64]


def normal_quantile(level: float) -> float:
    """Return the two-sided normal quantile of a confidence level."""
    if not 0.0 < level < 1.0:
        raise ModelError(f"A confidence level lies between 0 and 1; this is {level}.")
    return NormalDist().inv_cdf(0.5 + level / 2.0)


def two_sided_p(z: float) -> float:
    """Return the two-sided normal p-value of a statistic, exact far into the tail."""
    return math.erfc(abs(z) / math.sqrt(2.0)) if math.isfinite(z) else math.nan


def _positions(fit: OrdinalFit, names: Sequence[str] | None) -> list[int]:
    if names is None:
        return list(range(len(fit.names)))
    for name in names:
        if name not in fit.names:
            raise ModelError(f"No estimate {name!r}. There are: {', '.join(fit.names)}.")
    return [fit.names.index(n) for n in names]


def wald_intervals(
    fit: OrdinalFit, level: float, kind: str, cluster: Any, names: Sequence[str] | None
) -> pl.DataFrame:
    """Return estimate plus and minus z standard errors."""
    import polars as pl

    z = normal_quantile(level)
    where = _positions(fit, names)
    errors = np.sqrt(np.diag(fit.covariance(kind, cluster=cluster)))[where]
    values = fit.arrays.estimates[where]
    return pl.DataFrame(
        {
            "name": [fit.names[i] for i in where],
            "estimate": values,
            "low": values - z * errors,
            "high": values + z * errors,
        }
    )


def profile_intervals(fit: OrdinalFit, level: float, names: Sequence[str] | None) -> pl.DataFrame:
    """Return intervals where the profile log-likelihood has fallen by half a chi-squared quantile.

    An end that does not exist (separation) is infinite.
    """
    import polars as pl

    if not fit.convergence.ok:
        raise ModelError("The fit did not converge; it has no profile. " + fit.convergence.message)
    if names is None:
        names = [*fit.coefficients, *fit.scale_coefficients]
    where = _positions(fit, names)
    drop = 0.5 * normal_quantile(level) ** 2
    errors = np.sqrt(np.diag(fit.covariance()))
    ends = [[_profile_end(fit, i, sign * errors[i], drop) for sign in (-1.0, 1.0)] for i in where]
    return pl.DataFrame(
        {
            "name": list(names),
            "estimate": fit.arrays.estimates[where],
            "low": [e[0] for e in ends],
            "high": [e[1] for e in ends],
        },
        schema={"name": pl.String, "estimate": pl.Float64, "low": pl.Float64, "high": pl.Float64},
    )


def _profile_end(fit: OrdinalFit, position: int, error: float, drop: float) -> float:
    """Return where the profile of one estimate has fallen by ``drop``, on the side of ``error``.

    Works with the signed root of the deviance, which is nearly linear: a secant search
    converges in a few steps. Along the way the other parameters start where they last were.
    """
    arrays = fit.arrays
    objective = MappedObjective(arrays.objective, np.asarray(np.linalg.inv(arrays.back), dtype=np.float64))
    best = float(arrays.estimates[position])
    rest = np.delete(arrays.estimates, position)
    slope = np.delete(fit.covariance()[:, position], position) / error**2
    target = math.sqrt(drop)

    def root(value: float) -> float:
        held = HeldObjective(objective, {position: value})
        start = rest + slope * (value - best)
        if not np.isfinite(held.evaluate(start, 0).log_likelihood):
            start = rest
        optimum = maximise(held, start)
        if optimum.stop is Stop.OUTSIDE:
            return math.inf
        fall = arrays.log_likelihood - optimum.evaluation.log_likelihood
        return math.sqrt(max(fall, 0.0))

    low, f_low = best, 0.0
    high = best + error * target * math.sqrt(2.0)
    f_high = root(high)
    for _ in range(30):
        if f_high >= target:
            break
        low, f_low = high, f_high
        high = best + 2.0 * (high - best)
        if abs(high - best) > 1e3 * abs(error):
            return math.copysign(math.inf, error)
        f_high = root(high)
    for _ in range(60):
        share = (target - f_low) / (f_high - f_low) if math.isfinite(f_high) else 0.5
        value = low + min(max(share, 0.02), 0.98) * (high - low)
        f = root(value)
        if abs(f - target) < 1e-9 or abs(high - low) < 1e-10 * abs(error):
            return value
        if f < target:
            low, f_low = value, f
        else:
            high, f_high = value, f
    return 0.5 * (low + high)


def odds_ratios(fit: OrdinalFit, level: float, kind: str, cluster: Any) -> pl.DataFrame:
    """Return exp(beta); see `OrdinalFit.odds_ratios`."""
    import polars as pl

    if fit.arrays.link not in ("logit", "cloglog", "loglog"):
        raise ModelError(
            f"With the {fit.arrays.link} link exp(beta) is no ratio of odds or hazards. "
            "Use probabilities() or probability_contrasts()."
        )
    z = normal_quantile(level)
    w = fit.arrays.working
    where = np.arange(w.n_alpha, w.n_alpha + w.n_beta)
    values = fit.arrays.estimates[where]
    errors = np.sqrt(np.diag(fit.covariance(kind, cluster=cluster)))[where]
    return pl.DataFrame(
        {
            "name": [fit.names[i] for i in where],
            "odds_ratio": np.exp(values),
            "low": np.exp(values - z * errors),
            "high": np.exp(values + z * errors),
            "log_estimate": values,
            "std_error_log": errors,
            "p_value": [
                two_sided_p(v / e) if e > 0 else math.nan for v, e in zip(values, errors, strict=True)
            ],
        }
    )


def contrast(
    fit: OrdinalFit,
    weights: Mapping[str, float],
    *,
    level: float = 0.95,
    kind: str = "model",
    cluster: Any = None,
) -> pl.DataFrame:
    """Return a linear combination of estimates with a Wald test and interval.

    Parameters
    ----------
    fit : OrdinalFit
        The fit.
    weights : mapping of str to float
        Weight of each estimate: ``{"sector[T.B]": 1, "sector[T.C]": -1}``.
    level, kind, cluster
        Coverage and covariance.

    Returns
    -------
    polars.DataFrame
        One row: estimate, std_error, statistic, p_value, low, high.
    """
    import polars as pl

    where = _positions(fit, list(weights))
    c = np.array(list(weights.values()), dtype=float)
    covariance = fit.covariance(kind, cluster=cluster)[np.ix_(where, where)]
    value = float(c @ fit.arrays.estimates[where])
    variance = float(c @ covariance @ c)
    # At a point that is no clear maximum the variance can come out negative: then there is no error.
    error = float(np.sqrt(variance)) if variance >= 0.0 else float("nan")
    z = normal_quantile(level)
    statistic = value / error if error > 0.0 else math.nan
    return pl.DataFrame(
        {
            "estimate": [value],
            "std_error": [error],
            "statistic": [statistic],
            "p_value": [two_sided_p(statistic)],
            "low": [value - z * error],
            "high": [value + z * error],
        }
    )


def parts(fit: OrdinalFit) -> list[str]:
    """Return the part of the model that each estimate belongs to."""
    w = fit.arrays.working
    random = len(fit.names) - w.n_alpha - w.n_beta - w.n_zeta
    return (
        ["threshold"] * w.n_alpha + ["location"] * w.n_beta + ["scale"] * w.n_zeta
        + ["random"] * random
    )  # fmt: skip


def tidy_frame(fit: OrdinalFit, level: float, kind: str, cluster: Any) -> pl.DataFrame:
    """Return one row per estimate; see `OrdinalFit.to_frame`."""
    import polars as pl

    frame = wald_intervals(fit, level, kind, cluster, None)
    errors = np.sqrt(np.diag(fit.covariance(kind, cluster=cluster)))
    kinds = parts(fit)
    tested = np.array([k in ("location", "scale") for k in kinds])
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(tested, fit.arrays.estimates / errors, np.nan)
    p_values = [two_sided_p(v) for v in z]
    return pl.DataFrame(
        {
            "part": kinds,
            "name": list(fit.names),
            "estimate": fit.arrays.estimates,
            "std_error": errors,
            "statistic": pl.Series(z, nan_to_null=True),
            "p_value": pl.Series(np.array(p_values, dtype=float), nan_to_null=True),
            "low": frame["low"],
            "high": frame["high"],
        }
    )
