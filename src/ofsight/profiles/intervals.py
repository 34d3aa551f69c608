"""Intervals of shares and rates, and the limits of funnels: exact or Wilson's, in plain numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import bdtrik, betainc, betaincc, ndtri, pdtr, pdtrc, pdtrik

__all__ = ["FEW", "binomial_funnel", "poisson_funnel", "wilson", "with_share"]

FloatArray = npt.NDArray[np.float64]

FEW: Final = 10
"""Below this many behind a share, say the counts and no share."""

_Z95: Final = float(ndtri(0.975))
_TAILS: Final = (0.025, 0.001)
_CUTS: Final = (0.025, 0.975, 0.001, 0.999)


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
    below, above = _upto(k, n, centre), np.where(k > 0, betainc(np.maximum(k, 1), n - k + 1, centre), 1.0)
    limits = [
        _least(lambda count: _upto(count, n, centre), bdtrik(tail, n, centre), tail) / n for tail in _CUTS
    ]
    return _named(limits, _position(below, above))


def poisson_funnel(k: FloatArray, expected: FloatArray) -> dict[str, npt.NDArray[np.generic]]:
    """Return the exact limits of counts about their expectations, as ratios to them, and where each stands.

    Parameters
    ----------
    k, expected : ndarray, shape (m,)
        Counts, and positive expectations.
    """
    below, above = pdtr(k, expected), np.where(k > 0, pdtrc(np.maximum(k - 1, 0), expected), 1.0)
    limits = [
        _least(lambda count: pdtr(count, expected), pdtrik(tail, expected), tail) / expected for tail in _CUTS
    ]
    return _named(limits, _position(below, above))


def _upto(k: FloatArray, n: FloatArray, centre: float) -> FloatArray:
    """Return the probability of at most `k` of `n`: the incomplete beta function, which is quick to load."""
    found: FloatArray = np.where(k < n, betaincc(k + 1, np.maximum(n - k, 1), centre), 1.0)
    return found


def _least(upto: Callable[[FloatArray], FloatArray], near: FloatArray, tail: float) -> FloatArray:
    """Return the least counts whose probability `upto` them reaches `tail`, from `near`, where it does.

    `near` solves the equation in real numbers: the count is the next whole one, or, where it was rounded up,
    the one before.
    """
    count = np.ceil(near)
    before = np.maximum(count - 1, 0)
    found: FloatArray = np.where(upto(before) >= tail, before, count)
    return found


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
