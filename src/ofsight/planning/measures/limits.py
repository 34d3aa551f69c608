"""Intervals and limits of counts and shares: exact where there is an exact one."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv
from scipy.stats import norm

__all__ = ["poisson_interval", "survival_median", "weighted_sum_interval"]

FloatArray = npt.NDArray[np.float64]
_LEVEL: Final = 0.95


def poisson_interval(count: float, level: float = _LEVEL) -> tuple[float, float]:
    """Return the exact (Garwood) interval of a Poisson mean, given one count.

    References
    ----------
    Garwood (1936), Biometrika 28, 437-442.
    """
    tail = (1 - level) / 2
    low = float(gammaincinv(count, tail)) if count > 0 else 0.0
    return low, float(gammaincinv(count + 1, 1 - tail))


def weighted_sum_interval(
    probabilities: FloatArray, weights: npt.NDArray[np.int64], level: float = _LEVEL
) -> tuple[float, float]:
    """Return the exact central interval of a sum of weighted independent yes-or-no outcomes.

    The distribution of the sum (of places in homes that are judged well, say) is built up home by home: a
    Poisson-binomial distribution with whole-number weights.

    Parameters
    ----------
    probabilities : ndarray, shape (n,)
        Of a yes, each between 0 and 1.
    weights : ndarray, shape (n,)
        What a yes counts, whole numbers from 0.
    level : float
        Coverage; the interval is at least as wide as that.
    """
    mass = np.zeros(int(weights.sum()) + 1)
    mass[0], top = 1.0, 0
    for chance, weight in zip(probabilities, weights, strict=True):
        if weight == 0:
            continue
        before = mass[: top + 1].copy()
        mass[: top + 1] = before * (1 - chance)
        mass[weight : top + weight + 1] += before * chance
        top += int(weight)
    cumulated = np.cumsum(mass)
    tail = (1 - level) / 2
    low = int(np.searchsorted(cumulated, tail, side="right"))
    high = int(np.searchsorted(cumulated, 1 - tail, side="left"))
    return float(min(low, top)), float(min(high, top))


def survival_median(
    days: FloatArray, happened: npt.NDArray[np.bool_], level: float = _LEVEL
) -> tuple[float | None, float | None, float | None]:
    """Return the median time to an event with its interval, some not having happened yet.

    Kaplan and Meier's curve; the interval is Brookmeyer and Crowley's, on the log-log scale. A bound (or the
    median itself) is None where the curve does not come down so far.

    Parameters
    ----------
    days : ndarray, shape (n,)
        Time to the event, or to the end of watching.
    happened : ndarray of bool, shape (n,)
        Whether the event came; False for those still waiting.

    References
    ----------
    Kaplan and Meier (1958), J. Am. Stat. Assoc. 53, 457-481; Brookmeyer and Crowley (1982), Biometrics 38,
    29-41.
    """
    times = np.unique(days[happened])
    if not times.size:
        return None, None, None
    waiting = np.array([(days >= t).sum() for t in times], dtype=float)
    events = np.array([((days == t) & happened).sum() for t in times], dtype=float)
    curve = np.cumprod(1 - events / waiting)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(events / (waiting * (waiting - events)))
        spread = np.sqrt(greenwood) / np.abs(np.log(curve))
        z = float(norm.ppf(0.5 + level / 2))
        lower, upper = curve ** np.exp(z * spread), curve ** np.exp(-z * spread)
    lower, upper = np.nan_to_num(lower, nan=0.0), np.nan_to_num(upper, nan=1.0)

    def reaches(values: FloatArray) -> float | None:
        found = np.flatnonzero(values <= 0.5)
        return float(times[found[0]]) if found.size else None

    return reaches(curve), reaches(lower), reaches(upper)
