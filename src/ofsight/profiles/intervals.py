"""Intervals of shares and rates, and the limits of funnels: exact or Wilson's, in plain numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import binom, norm, poisson

__all__ = ["FEW", "binomial_funnel", "poisson_funnel", "wilson", "with_share"]

FloatArray = npt.NDArray[np.float64]

FEW: Final = 10
"""Below this many behind a share, say the counts and no share."""

_Z95: Final = float(norm.ppf(0.975))
_TAILS: Final = (0.025, 0.001)


def wilson(k: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's 95 % score interval of a share; NaN where nothing is behind it.

    Parameters
    ----------
    k, n : ndarray, shape (m,)
        How many of how many.

    References
    ----------
    Wilson (1927), J. Am. Stat. Assoc. 22, 209-212.
    """
    counts = np.where(n > 0, n, np.nan)
    share, z2 = k / counts, _Z95**2
    centre = (share + z2 / (2 * counts)) / (1 + z2 / counts)
    half = _Z95 * np.sqrt(share * (1 - share) / counts + z2 / (4 * counts**2)) / (1 + z2 / counts)
    low = np.where(k == 0, 0.0, np.clip(centre - half, 0, 1))
    high = np.where(k == n, 1.0, np.clip(centre + half, 0, 1))
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def with_share(frame: pl.DataFrame, k: str, n: str) -> pl.DataFrame:
    """Add ``share``, ``low``, ``high`` (null of nothing) and ``few`` to counts."""
    some, all_ = frame[k].cast(pl.Float64).to_numpy(), frame[n].cast(pl.Float64).to_numpy()
    low, high = wilson(some, all_)
    with np.errstate(invalid="ignore"):
        share = some / np.where(all_ > 0, all_, np.nan)
    return frame.with_columns(
        pl.Series("share", share).fill_nan(None),
        pl.Series("low", low).fill_nan(None),
        pl.Series("high", high).fill_nan(None),
        (pl.col(n) < FEW).alias("few"),
    )


def binomial_funnel(k: FloatArray, n: FloatArray, centre: float) -> dict[str, npt.NDArray[np.generic]]:
    """Return the exact limits of shares about a centre, and where each stands.

    Parameters
    ----------
    k, n : ndarray, shape (m,)
        Counts; `n` positive.
    centre : float
        The share that all would have, between 0 and 1.

    Returns
    -------
    dict of str to ndarray, shape (m,)
        ``low_95``, ``high_95``, ``low_998``, ``high_998`` (shares) and ``position``.

    References
    ----------
    Spiegelhalter (2005), Stat. Med. 24, 1185-1202: limits of a funnel from the exact distribution.
    """
    below, above = binom.cdf(k, n, centre), binom.sf(k - 1, n, centre)
    limits = [binom.ppf(tail, n, centre) / n for tail in (0.025, 0.975, 0.001, 0.999)]
    return _named(limits, _position(below, above))


def poisson_funnel(k: FloatArray, expected: FloatArray) -> dict[str, npt.NDArray[np.generic]]:
    """Return the exact limits of counts about their expectations, as ratios to them, and where each stands.

    Parameters
    ----------
    k, expected : ndarray, shape (m,)
        Counts, and positive expectations.
    """
    below, above = poisson.cdf(k, expected), poisson.sf(k - 1, expected)
    limits = [poisson.ppf(tail, expected) / expected for tail in (0.025, 0.975, 0.001, 0.999)]
    return _named(limits, _position(below, above))


def _named(limits: list[FloatArray], position: npt.NDArray[np.generic]) -> dict[str, npt.NDArray[np.generic]]:
    names = ("low_95", "high_95", "low_998", "high_998")
    return {**dict(zip(names, limits, strict=True)), "position": position}


def _position(below: FloatArray, above: FloatArray) -> npt.NDArray[np.generic]:
    """Say where a count stands by the probability of one so low or so high: exact, whatever the rounding."""
    wide, narrow = _TAILS
    words = np.full(below.shape, "within", dtype=object)
    words[below < wide] = "below 95%"
    words[above < wide] = "above 95%"
    words[below < narrow] = "below 99.8%"
    words[above < narrow] = "above 99.8%"
    return words
