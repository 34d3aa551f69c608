"""How wrong forecasts of need have been: errors of every past year, and intervals made of them.

An error is ``log(came / foreseen)``. It has four parts: what all areas share in a year, what a region
shares, the area's own, and the chance of a count (one over the number foreseen). The variances of the first
three are taken from earlier errors by moments, so that a sum over any set of areas has an interval too:
what is shared does not average out. How many standard deviations an interval needs is taken from earlier
errors as well (conformal prediction; Vovk, Gammerman and Shafer 2005), since they are not normal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ofsight.planning.models.need_methods import Method, Past
from ofsight.planning.models.need_series import NeedSeries

__all__ = ["LEVELS", "Forecasts", "Spread", "foresee", "spread_of"]

Floats = NDArray[np.float64]

LEVELS: Final = (0.80, 0.95)
_FEWEST_ORIGINS: Final = 3
_FEWEST_ERRORS: Final = 40
_FIRST_ORIGIN: Final = 1


@dataclass(frozen=True, eq=False)
class Forecasts:
    """What a method foresaw in every past year.

    Attributes
    ----------
    ahead : array, shape (origins, areas, steps)
        The forecasts of each origin; origin k is made with years up to ``origins[k]``.
    origins : tuple of int
        Indices of years.
    came : array, shape (origins, areas, steps)
        What was published; NaN where not, or not yet.
    """

    ahead: Floats
    origins: tuple[int, ...]
    came: Floats

    @property
    def errors(self) -> Floats:
        """``log(came / foreseen)``, a half added to both; shape (origins, areas, steps)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Floats = np.log((self.came + 0.5) / (self.ahead + 0.5))
        return found


@dataclass(frozen=True)
class Spread:
    """How far the log of a number to come may lie from its forecast, by year ahead.

    Attributes
    ----------
    national, regional, own : tuple of float
        Variances by step.
    reach : mapping of float to tuple of float
        By level of the interval: how many standard deviations, by step.
    n_errors : tuple of int
        Errors each step rests on.
    """

    national: tuple[float, ...]
    regional: tuple[float, ...]
    own: tuple[float, ...]
    reach: Mapping[float, tuple[float, ...]]
    n_errors: tuple[int, ...]

    def deviation(self, foreseen: Floats, regions: NDArray[np.str_], step: int) -> float:
        """Return the standard deviation of the log of a sum of areas' numbers.

        Parameters
        ----------
        foreseen : array, shape (areas,)
            The forecasts of the areas in the sum.
        regions : array of str
            Their regions.
        step : int
            Years ahead, from 0.
        """
        # A forecast of no children has the chance of a count of a half.
        weights = (foreseen + 1e-9) / (foreseen + 1e-9).sum()
        shared = sum(float(weights[regions == region].sum()) ** 2 for region in np.unique(regions))
        own = float((weights**2 * (self.own[step] + 1.0 / (foreseen + 0.5))).sum())
        return float(np.sqrt(self.national[step] + self.regional[step] * shared + own))

    def limits(
        self, foreseen: Floats, regions: NDArray[np.str_], step: int
    ) -> dict[float, tuple[float, float]]:
        """Return the interval of a sum of areas' numbers at each of `LEVELS`."""
        total, sd = float(foreseen.sum()), self.deviation(foreseen, regions, step)
        found = {}
        for level in LEVELS:
            factor = np.exp(self.reach[level][step] * sd)
            found[level] = (
                max(0.0, float((total + 0.5) / factor - 0.5)),
                float((total + 0.5) * factor - 0.5),
            )
        return found


def foresee(series: NeedSeries, method: Method, steps: int) -> Forecasts:
    """Return what a method would have foreseen in every year of the past, with the years up to it alone."""
    n_years = len(series.years)
    origins = tuple(range(_FIRST_ORIGIN, n_years - 1))
    regions = np.array(series.regions)
    came = np.full((len(origins), len(series.areas), steps), np.nan)
    ahead = np.full_like(came, np.nan)
    for k, origin in enumerate(origins):
        ahead[k] = method(
            Past(series.values[:, : origin + 1], series.population[:, : origin + 1], regions), steps
        )
        last = min(steps, n_years - 1 - origin)
        came[k, :, :last] = series.values[:, origin + 1 : origin + 1 + last]
    return Forecasts(ahead, origins, came)


def spread_of(found: Forecasts, regions: NDArray[np.str_], known_until: int) -> Spread | None:
    """Return the spread of forecasts made at a year, from the errors that were known by then.

    Parameters
    ----------
    found : Forecasts
        Of one method.
    regions : array of str
        The region of each area.
    known_until : int
        Index of the last known year; only errors of forecasts for years up to it are used.

    Returns
    -------
    Spread or None
        None where fewer than `_FEWEST_ERRORS` errors one year ahead are known.
    """
    steps = found.ahead.shape[2]
    errors = found.errors
    parts: list[tuple[float, ...]] = []
    reaches: list[dict[float, float]] = []
    counts: list[int] = []
    for step in range(steps):
        known = [k for k, origin in enumerate(found.origins) if origin + step + 1 <= known_until]
        rows, mean = errors[known, :, step], found.ahead[known, :, step]
        n = int(np.isfinite(rows).sum())
        if step == 0 and n < _FEWEST_ERRORS:
            return None
        enough = n >= _FEWEST_ERRORS and len(known) >= (1 if step == 0 else _FEWEST_ORIGINS)
        # Too few errors so far ahead: those of one year ahead, as of steps that add up.
        part = _parts(rows, mean, regions) if enough else tuple((step + 1) * v for v in parts[0])
        parts.append(part)
        reaches.append(_reach(rows, mean, part) if enough else reaches[0])
        counts.append(n if enough else counts[0])
    # What is further ahead is never known better.
    grown = np.maximum.accumulate(np.array(parts), axis=0)
    return Spread(
        tuple(grown[:, 0].tolist()),
        tuple(grown[:, 1].tolist()),
        tuple(grown[:, 2].tolist()),
        {level: tuple(reach[level] for reach in reaches) for level in LEVELS},
        tuple(counts),
    )


def _parts(errors: Floats, foreseen: Floats, regions: NDArray[np.str_]) -> tuple[float, float, float]:
    """Return the variances shared nationally, shared regionally and of the areas' own, by moments."""
    national, regional = [], []
    # Areas weigh by their children: a small one's errors are mostly chance, and say little of the rest.
    own, chance, total = 0.0, 0.0, 0.0
    for row, mean in zip(errors, foreseen, strict=True):
        known = np.isfinite(row) & np.isfinite(mean)
        if not known.any():
            continue
        e, w, r = row[known], mean[known], regions[known]
        common = float((w * e).sum() / w.sum())
        national.append(common**2)
        rest = e - common
        for region in np.unique(r):
            here = r == region
            shift = float((w[here] * rest[here]).sum() / w[here].sum())
            left = rest[here] - shift
            if here.sum() > 1:
                freed = here.sum() / (here.sum() - 1)
                own += freed * float((w[here] * left**2).sum())
                chance += float((w[here] / (w[here] + 0.5)).sum())
                total += float(w[here].sum())
                share = w[here] / w[here].sum()
                regional.append((shift**2, float((share**2).sum())))
    own_variance = max(0.0, (own - chance) / total) if total else 0.0
    shared = float(np.mean([s - q * own / total for s, q in regional])) if regional and total else 0.0
    return float(np.mean(national)) if national else 0.0, max(0.0, shared), own_variance


def _reach(errors: Floats, foreseen: Floats, part: Sequence[float]) -> dict[float, float]:
    """Return how many standard deviations hold each share of the errors; at least half a normal's."""
    sd = np.sqrt(sum(part) + 1.0 / (foreseen + 0.5))
    sizes = np.abs(errors / sd)
    sizes = sizes[np.isfinite(sizes)]
    found = {}
    for level in LEVELS:
        rank = min(1.0, level * (1.0 + 1.0 / sizes.size))
        found[level] = max(float(np.quantile(sizes, rank)), 0.5 * float(norm.ppf(0.5 + level / 2)))
    return found
