"""Observed against expected places: a Poisson model with an effect of each authority, limits of a funnel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import minimize
from scipy.special import gammaincinv, gammaln, pdtr, pdtrik
from scipy.stats import nbinom

from ofsight.errors import ModelError
from ofsight.planning.measures.limits import poisson_interval
from ofsight.profiles.intervals import poisson_funnel

__all__ = ["ExpectedPlaces", "fit_expected_places", "funnel_lines"]

_LEVELS: Final = (("95", 0.95), ("998", 0.998))
_LEAST_EXPECTED: Final = 0.25
FloatArray = npt.NDArray[np.float64]
Upto = Callable[[FloatArray], FloatArray]
Near = Callable[[float], FloatArray]
_FEWEST: Final = 10
_SMALLEST_SPREAD: Final = 1e-8


@dataclass(frozen=True, slots=True)
class ExpectedPlaces:
    """What the model found.

    Attributes
    ----------
    frame : DataFrame
        One row an authority: ``authority, looked_after, observed, expected, ratio, low, high`` (exact
        Poisson, 95 %), ``shrunk, shrunk_low, shrunk_high`` (the authority's effect given all authorities),
        ``funnel_low_95 ... funnel_high_998`` (ratio between which Poisson chance keeps it),
        ``spread_low_95 ... spread_high_998`` (with the authorities' own spread), ``position`` (against that
        spread), ``chance_position`` (against chance alone, by exact tail: ``within``, ``above 95%`` ..) and
        ``status``.
    intercept, slope : float
        Of the log of expected places on the log of looked-after children. A slope of 1 is proportion.
    spread : float
        Variance of the authorities' effects (gamma with mean 1); 0 would be Poisson chance alone.
    n : int
        Authorities in the model.
    """

    frame: pl.DataFrame
    intercept: float
    slope: float
    spread: float
    n: int


def fit_expected_places(authorities: pl.DataFrame) -> ExpectedPlaces:
    """Fit places to looked-after children over all authorities.

    Places of authority a are Poisson with mean ``E_a times theta_a``, log E linear in the log of looked-after
    children, theta gamma with mean 1: so their number is negative binomial, fitted by maximum likelihood.

    Parameters
    ----------
    authorities : DataFrame
        ``authority, looked_after, looked_after_status, observed``, one row each. Where the children are
        withheld or none, there is no expectation: the authority is left out of the model, with a status.

    Raises
    ------
    ModelError
        When fewer than ten authorities have both numbers.

    References
    ----------
    Goodair, Bach-Mortensen et al. 2025, doi 10.1016/S2468-2667(25)00279-8, figure 2: expected from a Poisson
    model of children in care with an effect of each authority, exact Poisson limits on observed over
    expected. Clayton and Kaldor 1987, Biometrics 43, 671-681 (gamma effects); Spiegelhalter 2005 (funnels).
    """
    known = authorities.filter(pl.col("looked_after") > 0)
    if known.height < _FEWEST:
        raise ModelError(
            f"Expected places need at least {_FEWEST} authorities with looked-after children; there are "
            f"{known.height}. Build the dataset with DfE's releases of children looked after."
        )
    observed = known["observed"].cast(pl.Float64).to_numpy()
    children = np.log(known["looked_after"].cast(pl.Float64).to_numpy())
    centre = float(children.mean())
    intercept, slope, spread = _fit(observed, children - centre)
    expected = np.exp(intercept + slope * (children - centre))
    fitted = _limits(known.select("authority"), observed, expected, spread)
    missing = pl.col("looked_after").is_null()
    status = (
        pl.when(missing)
        .then(pl.coalesce(pl.col("looked_after_status").replace("", None), pl.lit("not published")))
        .when(pl.col("looked_after") <= 0)
        .then(pl.lit("no looked-after children"))
        .otherwise(pl.lit(""))
    )
    frame = authorities.with_columns(status=status).join(
        fitted, on="authority", how="left", maintain_order="left"
    )
    return ExpectedPlaces(
        frame.select(pl.exclude("status", "looked_after_status"), "status"),
        intercept - slope * centre,
        slope,
        spread,
        known.height,
    )


def _fit(observed: FloatArray, children: FloatArray) -> tuple[float, float, float]:
    """Return intercept, slope and spread at the greatest likelihood."""

    def minus_log_likelihood(at: FloatArray) -> float:
        mean, k = np.exp(at[0] + at[1] * children), np.exp(-at[2])
        terms = (
            gammaln(observed + k)
            - gammaln(k)
            - gammaln(observed + 1)
            + k * np.log(k / (k + mean))
            + observed * np.log(mean / (k + mean))
        )
        return -float(terms.sum())

    start = np.array([np.log(max(observed.mean(), 0.5)), 1.0, np.log(0.3)])
    bounds = [(None, None), (-5.0, 5.0), (np.log(_SMALLEST_SPREAD), np.log(1e3))]
    found = minimize(minus_log_likelihood, start, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13})
    if not np.isfinite(found.fun):
        raise ModelError("Expected places could not be fitted: the likelihood is not finite.")
    return float(found.x[0]), float(found.x[1]), float(np.exp(found.x[2]))


def _limits(names: pl.DataFrame, observed: FloatArray, expected: FloatArray, spread: float) -> pl.DataFrame:
    k = 1 / spread
    exact = np.array([poisson_interval(count) for count in observed]) / expected[:, None]
    columns: dict[str, FloatArray] = {
        "expected": expected,
        "ratio": observed / expected,
        "low": exact[:, 0],
        "high": exact[:, 1],
        "shrunk": (observed + k) / (expected + k),
        "shrunk_low": gammaincinv(observed + k, 0.025) / (expected + k),
        "shrunk_high": gammaincinv(observed + k, 0.975) / (expected + k),
    }
    chance, by_chance = k / (k + expected), poisson_funnel(observed, expected)
    for name, level in _LEVELS:
        for side in ("low", "high"):
            columns[f"funnel_{side}_{name}"] = by_chance[f"{side}_{name}"].astype(float)
        tail = (1 - level) / 2
        columns[f"spread_low_{name}"] = nbinom.ppf(tail, k, chance) / expected
        columns[f"spread_high_{name}"] = nbinom.ppf(1 - tail, k, chance) / expected
    ratio = pl.col("ratio")
    position = (
        pl.when(ratio > pl.col("spread_high_998"))
        .then(pl.lit("above, outside 99.8 %"))
        .when(ratio > pl.col("spread_high_95"))
        .then(pl.lit("above, outside 95 %"))
        .when(ratio < pl.col("spread_low_998"))
        .then(pl.lit("below, outside 99.8 %"))
        .when(ratio < pl.col("spread_low_95"))
        .then(pl.lit("below, outside 95 %"))
        .otherwise(pl.lit("within"))
    )
    return names.with_columns(**{name: pl.Series(values) for name, values in columns.items()}).with_columns(
        position=position, chance_position=pl.Series([str(word) for word in by_chance["position"]])
    )


def funnel_lines(places: ExpectedPlaces, n: int = 160) -> pl.DataFrame:
    """Return the limits as lines to be drawn: between whole numbers of places as between them.

    Parameters
    ----------
    places : ExpectedPlaces
        The model.
    n : int
        How many points each line has.

    Returns
    -------
    DataFrame
        ``expected`` (evenly spaced by its square root, up to the greatest) and the limits of `ExpectedPlaces`
        as ratios to it. An authority is outside a limit of its row in ``frame`` just where its ratio lies
        beyond the line.

    References
    ----------
    Spiegelhalter 2005, Stat. Med. 24, 1185-1202, appendix A.1: limits of counts interpolated between the two
    whole numbers whose tails hold the level.
    """
    most = max(float(places.frame["expected"].max() or 0), 2 * _LEAST_EXPECTED)  # type: ignore[arg-type]
    expected = np.linspace(_LEAST_EXPECTED**0.5, most**0.5, n) ** 2
    k = 1 / places.spread
    chance = k / (k + expected)
    kinds: tuple[tuple[str, Upto, Near], ...] = (
        (
            "funnel",
            lambda count: pdtr(np.maximum(count, 0), expected),
            lambda p: np.ceil(pdtrik(p, expected)),
        ),
        ("spread", lambda count: nbinom.cdf(count, k, chance), lambda p: nbinom.ppf(p, k, chance)),
    )
    columns: dict[str, FloatArray] = {}
    for name, upto, near in kinds:
        for level, held in _LEVELS:
            tail = (1 - held) / 2
            columns[f"{name}_low_{level}"] = _lower_line(upto, near, tail) / expected
            columns[f"{name}_high_{level}"] = _upper_line(upto, near, tail) / expected
    return pl.DataFrame({"expected": expected, **columns})


def _lower_line(upto: Upto, near: Near, tail: float) -> FloatArray:
    """Return where the probability of so few falls to `tail`, between whole counts; 0 where it never does."""
    count = _reaching(upto, near(tail), tail)
    at, before = upto(count), np.where(count > 0, upto(np.maximum(count - 1, 0.0)), 0.0)
    line: FloatArray = np.maximum(count - (at - tail) / (at - before), 0.0)
    return line


def _upper_line(upto: Upto, near: Near, tail: float) -> FloatArray:
    """Return where the probability of so many falls to `tail`, between whole counts."""
    count = _reaching(upto, near(1 - tail), 1 - tail)
    so_many, more = 1 - np.where(count > 0, upto(np.maximum(count - 1, 0.0)), 0.0), 1 - upto(count)
    line: FloatArray = count + (so_many - tail) / (so_many - more)
    return line


def _reaching(upto: Upto, near: FloatArray, level: float) -> FloatArray:
    """Return the least counts whose probability `upto` them reaches `level`, from near them."""
    count = np.maximum(near, 0.0)
    before = np.maximum(count - 1, 0.0)
    count = np.where(upto(before) >= level, before, count)
    found: FloatArray = np.where(upto(count) < level, count + 1, count)
    return found
