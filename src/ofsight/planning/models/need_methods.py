"""Ways to forecast need, each a function of the past alone: ``(past, steps) -> ahead``.

``ahead`` has shape (areas, steps), NaN where a method cannot say. One set of parameters serves all areas: a
council has some ten numbers, too few for parameters of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "METHODS",
    "SAME",
    "Method",
    "Past",
    "damped_trend",
    "negative_binomial",
    "population_rate",
    "region_trend",
    "same",
]

Floats = NDArray[np.float64]

SAME: Final = "same as last year"
_TREND_YEARS: Final = 3
_DAMPING: Final = 0.8
_RIDGE: Final = 1e-6
_STEPS: Final = 25


@dataclass(frozen=True, eq=False)
class Past:
    """What is known in the year forecast from.

    Attributes
    ----------
    values, population : arrays, shape (areas, years)
        Children; residents aged 0 to 17. The last year is the one that is known. NaN where not published.
    regions : array of str, shape (areas,)
    """

    values: Floats
    population: Floats
    regions: NDArray[np.str_]


Method = Callable[[Past, int], Floats]


def same(past: Past, steps: int) -> Floats:
    """Return last year's number for every year to come: what any other method has to beat."""
    return np.repeat(past.values[:, [-1]], steps, axis=1)


def population_rate(past: Past, steps: int) -> Floats:
    """Return last year's number per child of the population, the population growing as in the last years."""
    growth = _growth(past.population, _TREND_YEARS)
    ahead: Floats = past.values[:, [-1]] * np.exp(growth[:, None] * np.arange(1, steps + 1))
    return ahead


def region_trend(past: Past, steps: int) -> Floats:
    """Return last year's number, growing as its region did in the last years, each year a fifth less."""
    growth = np.full(past.values.shape[0], np.nan)
    for region in np.unique(past.regions):
        members = past.regions == region
        known = members & np.isfinite(past.values[:, -_TREND_YEARS - 1 :]).all(axis=1)
        if known.any():
            growth[members] = _growth(past.values[known].sum(axis=0, keepdims=True), _TREND_YEARS)[0]
    damped = np.cumsum(_DAMPING ** np.arange(1, steps + 1))
    ahead: Floats = past.values[:, [-1]] * np.exp(growth[:, None] * damped)
    return ahead


def damped_trend(past: Past, steps: int) -> Floats:
    """Return the damped trend of Gardner and McKenzie (1985, Management Science 31, 1237-1246) on logarithms.

    Level and trend are smoothed by two weights and the trend is damped by a third; the three are those with
    the least squared error one year ahead, over all areas and years of the past.
    """
    logs = _logs(past.values)
    if logs.shape[1] < _TREND_YEARS:
        # Too few years to tell a trend: the level is all there is.
        return same(past, steps)
    best: tuple[float, Floats, Floats, float] | None = None
    for alpha, beta, phi in product((0.6, 0.8, 1.0), (0.0, 0.1, 0.3, 0.6), (0.7, 0.8, 0.9, 0.98)):
        error, level, trend = _smooth(logs, alpha, beta, phi)
        if np.isfinite(error) and (best is None or error < best[0]):
            best = (error, level, trend, phi)
    if best is None:
        return np.full((past.values.shape[0], steps), np.nan)
    _, level, trend, phi = best
    damped = np.cumsum(phi ** np.arange(1, steps + 1))
    ahead: Floats = np.exp(level[:, None] + trend[:, None] * damped)
    return ahead


def negative_binomial(past: Past, steps: int) -> Floats:
    """Return a negative-binomial regression on population, last year's rate and the area's own usual rate.

    ``log(mean) = log(population) + b0 + b1 log(rate a year before) + b2 log(mean rate of the area so
    far)``; the third is the area's effect (Mundlak 1978). The variance is ``mean + a mean**2``, a by
    moments. The population grows as in the last years.
    """
    rates = _logs(past.values) - _logs(past.population)
    rows = [
        (t, np.isfinite(rates[:, t]) & np.isfinite(rates[:, t - 1]) & np.isfinite(past.population[:, t]))
        for t in range(1, past.values.shape[1])
    ]
    if not any(known.any() for _, known in rows):
        return np.full((past.values.shape[0], steps), np.nan)
    x = np.concatenate([_columns(rates[:, :t])[known] for t, known in rows])
    y = np.concatenate([past.values[known, t] for t, known in rows])
    offset = np.concatenate([np.log(past.population[known, t]) for t, known in rows])
    b = _fit_counts(x, y, offset)
    growth = _growth(past.population, _TREND_YEARS)
    seen, ahead = rates, np.empty((past.values.shape[0], steps))
    for step in range(steps):
        rate = _columns(seen) @ b
        ahead[:, step] = np.exp(rate + _logs(past.population)[:, -1] + growth * (step + 1))
        seen = np.column_stack([seen, rate])
    return ahead


METHODS: Final[dict[str, Method]] = {
    SAME: same,
    "same rate, population moves on": population_rate,
    "as the region, damped": region_trend,
    "damped trend": damped_trend,
    "negative binomial": negative_binomial,
}
"""Every method by its name; the first is what the others have to beat."""


def _logs(values: Floats) -> Floats:
    """Return logarithms of counts; a count of nothing stands as a half."""
    with np.errstate(invalid="ignore"):
        logs: Floats = np.log(np.where(values == 0, 0.5, values))
    return logs


def _growth(values: Floats, years: int) -> Floats:
    """Return the mean yearly growth of logarithms over the last years, as many as there are."""
    back = min(years, values.shape[1] - 1)
    if back < 1:
        return np.full(values.shape[0], np.nan)
    logs = _logs(values)
    growth: Floats = (logs[:, -1] - logs[:, -1 - back]) / back
    return growth


def _smooth(logs: Floats, alpha: float, beta: float, phi: float) -> tuple[float, Floats, Floats]:
    """Return mean squared error one year ahead, level and trend at the end; a gap restarts an area."""
    level, trend = logs[:, 0].copy(), np.zeros(logs.shape[0])
    squares, n = 0.0, 0
    for t in range(1, logs.shape[1]):
        foreseen, now = level + phi * trend, logs[:, t]
        error = now - foreseen
        known = np.isfinite(error)
        if t > 1:
            squares, n = squares + float((error[known] ** 2).sum()), n + int(known.sum())
        updated = foreseen + alpha * error
        slope = phi * trend + beta * error
        level = np.where(known, updated, now)
        trend = np.where(known, slope, 0.0)
    return (squares / n if n else np.inf), level, trend


def _columns(rates: Floats) -> Floats:
    """Return the columns of the regression: one, the last rate, the mean of all rates so far."""
    known = np.isfinite(rates)
    total = np.where(known, rates, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = total / known.sum(axis=1)
    return np.column_stack([np.ones(rates.shape[0]), rates[:, -1], usual])


def _fit_counts(x: Floats, y: Floats, offset: Floats) -> Floats:
    """Return coefficients of a negative-binomial regression with a log link, by iterated weighting."""
    b = np.zeros(x.shape[1])
    b[0] = np.log(max(y.sum(), 0.5) / np.exp(offset).sum())
    spread = 0.0
    for _ in range(_STEPS):
        mean = np.exp(np.clip(x @ b + offset, -20.0, 20.0))
        weight = mean / (1.0 + spread * mean)
        step = np.linalg.solve(
            x.T @ (weight[:, None] * x) + _RIDGE * np.eye(x.shape[1]), x.T @ (weight * (y - mean) / mean)
        )
        b = b + step
        mean = np.exp(np.clip(x @ b + offset, -20.0, 20.0))
        spread = max(0.0, float((((y - mean) ** 2 - mean) / mean**2).mean()))
        if np.abs(step).max() < 1e-9:
            break
    return b
