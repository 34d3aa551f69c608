"""The normal distribution in its tails: Mills ratios, log-probabilities, narrow cells."""

from __future__ import annotations

import math
from typing import Final

from ofsight.ordinal.compile import leaf

__all__ = [
    "HIGHEST",
    "IMPOSSIBLE",
    "INTERIOR",
    "LOWEST",
    "capped_exp",
    "inverse_mills",
    "log_normal_cdf",
    "probit_parts",
]

INTERIOR: Final = 0
LOWEST: Final = 1
HIGHEST: Final = 2

IMPOSSIBLE: Final = -1e30
"""A log-probability below this is none: no sum with it has a digit of any other row."""

_FAR: Final = 700.0  # exp() of more overflows
_LOG_ROOT_2PI: Final = 0.9189385332046727
_ROOT_HALF: Final = 0.7071067811865476
_ROOT_2_OVER_PI: Final = 0.7978845608028654


@leaf
def capped_exp(x: float) -> float:
    """Return exp(x), capped short of overflow."""
    return math.exp(min(x, _FAR))


@leaf
def inverse_mills(x: float) -> float:
    """Return phi(x) / Phi(x) of the normal distribution, for any x."""
    if x > -5.0:
        return _ROOT_2_OVER_PI * math.exp(-0.5 * x * x) / math.erfc(-x * _ROOT_HALF)
    # Laplace's continued fraction of the Mills ratio, from the bottom up.
    z = -x
    tail = z
    for k in range(60, 0, -1):
        tail = z + k / tail
    return tail


@leaf
def log_normal_cdf(x: float) -> float:
    """Return log Phi(x)."""
    if x > -5.0:
        if x > 1.0:
            return math.log1p(-0.5 * math.erfc(x * _ROOT_HALF))
        return math.log(0.5 * math.erfc(-x * _ROOT_HALF))
    return -0.5 * x * x - _LOG_ROOT_2PI - math.log(inverse_mills(x))


@leaf
def probit_parts(kind: int, hi: float, lo: float) -> tuple[float, float, float]:
    """Return (log P, phi(hi) / P, phi(lo) / P) for edges that lie mostly below zero."""
    if kind == LOWEST:
        return log_normal_cdf(hi), inverse_mills(hi), 0.0
    if kind == HIGHEST:
        return log_normal_cdf(-lo), 0.0, inverse_mills(-lo)
    width = hi - lo
    centre = 0.5 * (hi + lo)
    if width < 0.02 and width * abs(centre) < 0.02:
        # The integral of the density about the centre, as a series in the width.
        h = 0.25 * width * width
        c = centre * centre
        ratio = width * (1.0 + h / 6.0 * (c - 1.0) + h * h / 120.0 * (c * c - 6.0 * c + 3.0))
        log_p = -0.5 * c - _LOG_ROOT_2PI + math.log(ratio)
        return (
            log_p,
            capped_exp(-0.5 * width * centre - 0.125 * width * width) / ratio,
            capped_exp(0.5 * width * centre - 0.125 * width * width) / ratio,
        )
    mills = inverse_mills(hi)
    density = capped_exp(width * centre)  # phi(lo) / phi(hi)
    below = density * mills / inverse_mills(lo)  # Phi(lo) / Phi(hi)
    rest = 1.0 - below
    return log_normal_cdf(hi) + math.log(rest), mills / rest, density * mills / rest
