r"""Link functions: the log-probability of a cell and its derivatives, safe far into the tails.

A cell is the event ``lo < latent <= hi`` with probability :math:`P = F(hi) - F(lo)`. A lowest
cell has no lower edge, a highest cell no upper edge. With :math:`L = \log P`,
:math:`\partial_1 = \partial/\partial hi`, :math:`\partial_2 = \partial/\partial lo` and the
shift :math:`D = \partial_1 + \partial_2` (both edges move together, as a random effect moves
them), the kernels need :math:`G_k = D^k L` for k = 0, 1, 2 with first and second derivatives.

Differences of probabilities lose every digit in the tails, and differences of derivatives
lose them again. So each link is written in the form that keeps them:

logit
    :math:`L = \log F(hi) + \log(1 - F(lo)) + \log(1 - e^{-(hi - lo)})`; the last term does not
    move under a shift.
cloglog
    with :math:`w = e^\eta`: :math:`L = -w_2 + \log(1 - e^{-d})`, :math:`d = w_1 - w_2`, and
    :math:`D d = d`.
loglog
    the mirror image of cloglog: :math:`L(hi, lo) = L_{cloglog}(-lo, -hi)`.
probit, cauchit
    ratios of densities to P, formed on the side of the nearer tail (Mills ratios; the
    arc tangent of a difference).

References
----------
McCullagh, P. (1980). Regression models for ordinal data. JRSS B 42, 109-142.
Christensen, R. H. B. (2019). Cumulative link models for ordinal regression with the R package
ordinal (vignette).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.compile import leaf
from ofsight.ordinal.links_normal import HIGHEST, INTERIOR, LOWEST, capped_exp, probit_parts

__all__ = [
    "HIGHEST",
    "INTERIOR",
    "LATENT_VARIANCE",
    "LINKS",
    "LOWEST",
    "cell_derivatives",
    "cell_shift",
    "cell_value",
]

LINKS: Final = ("logit", "probit", "cloglog", "loglog", "cauchit")
LOGIT: Final = 0
PROBIT: Final = 1
CLOGLOG: Final = 2
LOGLOG: Final = 3
CAUCHIT: Final = 4

LATENT_VARIANCE: Final = {
    "logit": math.pi**2 / 3,
    "probit": 1.0,
    "cloglog": math.pi**2 / 6,
    "loglog": math.pi**2 / 6,
    "cauchit": math.nan,
}
"""Variance of the latent error; the Cauchy distribution has none."""

_FAR: Final = 700.0  # exp() of more overflows
_LINEAR: Final = -100.0  # below, log F of the cloglog link is a straight line to the last digit


@leaf
def _log_logistic(x: float) -> float:
    """Return log(1 / (1 + exp(-x)))."""
    if x > 0.0:
        return -math.log1p(math.exp(-x))
    return x - math.log1p(math.exp(x))


@leaf
def _cauchit_parts(kind: int, hi: float, lo: float) -> tuple[float, float, float]:
    """Return (log P, f(hi) / P, f(lo) / P) of the Cauchy distribution."""
    if kind == LOWEST:
        p = math.atan2(1.0, -hi)
    elif kind == HIGHEST:
        p = math.atan2(1.0, lo)
    else:
        p = math.atan2(hi - lo, 1.0 + hi * lo)
    first = 0.0 if kind == HIGHEST else 1.0 / ((1.0 + hi * hi) * p)
    second = 0.0 if kind == LOWEST else 1.0 / ((1.0 + lo * lo) * p)
    return math.log(p / math.pi), first, second


@leaf
def _density_ratios(link: int, x: float) -> tuple[float, float, float]:
    """Return f'/f, f''/f and f'''/f at x."""
    if link == PROBIT:
        return -x, x * x - 1.0, x * (3.0 - x * x)
    s = 1.0 / (1.0 + x * x)
    return -2.0 * x * s, (6.0 * x * x - 2.0) * s * s, 24.0 * x * (1.0 - x * x) * s * s * s


@leaf
def _gap(d: float) -> tuple[float, float]:
    """Return q = 1 / (exp(d) - 1) and s = q (1 + q), the derivatives of log(1 - exp(-d))."""
    if d > _FAR:
        return 0.0, 0.0
    q = 1.0 / math.expm1(d)
    return q, q * (1.0 + q)


@leaf
def _logit_value(kind: int, hi: float, lo: float) -> float:
    """Return the log-probability of a cell with the logit link.

    One logarithm of the product of the factors, unless that is extreme: then one of each.
    """
    p = 1.0
    if kind != HIGHEST:
        e = math.exp(-abs(hi))
        p *= (1.0 if hi > 0.0 else e) / (1.0 + e)
    if kind != LOWEST:
        e = math.exp(-abs(lo))
        p *= (e if lo > 0.0 else 1.0) / (1.0 + e)
    if kind == INTERIOR:
        p *= -math.expm1(lo - hi)
    if 1e-9 < p < 0.999:
        return math.log(p)
    return _logit_value_far(kind, hi, lo)


@leaf
def _logit_value_far(kind: int, hi: float, lo: float) -> float:
    """Return the same as a sum of logarithms, exact when the probability is near 0 or 1."""
    value = 0.0
    if kind != HIGHEST:
        value += _log_logistic(hi)
    if kind != LOWEST:
        value += _log_logistic(-lo)
    if kind == INTERIOR:
        value += math.log(-math.expm1(lo - hi))
    return value


@leaf
def cell_value(link: int, kind: int, hi: float, lo: float) -> float:
    """Return the log-probability of a cell; minus infinity when its edges cross."""
    if kind == INTERIOR and not hi > lo:
        return -math.inf
    if link == LOGIT:
        return _logit_value(kind, hi, lo)
    if link == LOGLOG or (link == PROBIT and kind == INTERIOR and hi + lo > 0.0):
        hi, lo = -lo, -hi
        if link == LOGLOG:
            link = CLOGLOG
            kind = LOWEST if kind == HIGHEST else (HIGHEST if kind == LOWEST else INTERIOR)
    if link == CLOGLOG:
        drop = max(_LINEAR - hi, 0.0) if kind != HIGHEST else 0.0
        hi += drop
        lo += drop
        value = -drop if kind == LOWEST else -drop - capped_exp(lo)
        if kind != HIGHEST:
            d = capped_exp(hi) if kind == LOWEST else capped_exp(lo) * math.expm1(min(hi - lo, _FAR))
            if d <= 0.0:
                return -math.inf
            value += math.log(-math.expm1(-d))
        return value
    if link == PROBIT:
        return probit_parts(kind, hi, lo)[0]
    return _cauchit_parts(kind, hi, lo)[0]


@leaf
def cell_shift(link: int, kind: int, hi: float, lo: float) -> tuple[float, float]:
    """Return D L and D^2 L: all that the search for a conditional mode needs."""
    if link == LOGIT:
        slope = 0.0
        curve = 0.0
        if kind != HIGHEST:
            e = math.exp(-abs(hi))
            f = 1.0 / (1.0 + e)
            slope += e * f if hi > 0.0 else f
            curve -= e * f * f
        if kind != LOWEST:
            e = math.exp(-abs(lo))
            f = 1.0 / (1.0 + e)
            slope -= f if lo > 0.0 else e * f
            curve -= e * f * f
        return slope, curve
    sign = 1.0
    if link == LOGLOG or (link == PROBIT and kind == INTERIOR and hi + lo > 0.0):
        hi, lo = -lo, -hi
        sign = -1.0
        if link == LOGLOG:
            link = CLOGLOG
            kind = LOWEST if kind == HIGHEST else (HIGHEST if kind == LOWEST else INTERIOR)
    if link == CLOGLOG:
        drop = max(_LINEAR - hi, 0.0) if kind != HIGHEST else 0.0
        hi += drop
        lo += drop
        slope = 0.0 if kind == LOWEST else -capped_exp(lo)
        curve = slope
        if kind != HIGHEST:
            d = capped_exp(hi) if kind == LOWEST else capped_exp(lo) * math.expm1(min(hi - lo, _FAR))
            q, s = _gap(d)
            slope += d * q
            curve += d * q - d * (d * s)
        return sign * slope, curve
    if link == PROBIT:
        _, a1, b1 = probit_parts(kind, hi, lo)
    else:
        _, a1, b1 = _cauchit_parts(kind, hi, lo)
    n1 = a1 - b1
    first = 0.0 if kind == HIGHEST else a1 * _density_ratios(link, hi)[0]
    second = 0.0 if kind == LOWEST else b1 * _density_ratios(link, lo)[0]
    return sign * n1, first - second - n1 * n1


@leaf
def _logit_table(kind: int, hi: float, lo: float, g: NDArray[np.float64]) -> None:
    """Fill the table of G_k for the logit link."""
    p = 1.0  # the product of the factors of P, for one logarithm when none is extreme
    if kind != HIGHEST:
        e = math.exp(-abs(hi))
        f = 1.0 / (1.0 + e)
        upper = e * f if hi > 0.0 else f  # 1 - F(hi)
        p *= f if hi > 0.0 else e * f
        d0 = e * f * f
        d1 = d0 * (2.0 * upper - 1.0)
        g[1] += upper
        g[3] -= d0
        g[6] += upper
        g[7] -= d0
        g[9] -= d1
        g[12] -= d0
        g[13] -= d1
        g[15] -= d0 * (1.0 - 6.0 * d0)
    if kind != LOWEST:
        e = math.exp(-abs(lo))
        f = 1.0 / (1.0 + e)
        lower = f if lo > 0.0 else e * f  # F(lo)
        p *= e * f if lo > 0.0 else f
        d0 = e * f * f
        d1 = d0 * (1.0 - 2.0 * lower)
        g[2] -= lower
        g[5] -= d0
        g[6] -= lower
        g[8] -= d0
        g[11] -= d1
        g[12] -= d0
        g[14] -= d1
        g[17] -= d0 * (1.0 - 6.0 * d0)
    if kind == INTERIOR:
        q, s = _gap(hi - lo)
        p /= 1.0 + q
        g[1] += q
        g[2] -= q
        g[3] -= s
        g[4] += s
        g[5] -= s
    g[0] = math.log(p) if 1e-9 < p < 0.999 else _logit_value_far(kind, hi, lo)


@leaf
def _cloglog_table(kind: int, hi: float, lo: float, g: NDArray[np.float64]) -> None:
    """Fill the table of G_k for the complementary log-log link."""
    drop = max(_LINEAR - hi, 0.0) if kind != HIGHEST else 0.0
    hi += drop
    lo += drop
    w2 = 0.0 if kind == LOWEST else capped_exp(lo)
    for k in range(3):
        g[6 * k] = -w2
        g[6 * k + 2] = -w2
        g[6 * k + 5] = -w2
    if kind == HIGHEST:
        return
    w1 = capped_exp(hi)
    d = w1 if kind == LOWEST else w2 * math.expm1(min(hi - lo, _FAR))
    if d <= 0.0:
        g[0] = -math.inf
        return
    q, s = _gap(d)
    g[0] += math.log(-math.expm1(-d)) - drop
    if q == 0.0:
        return
    odd = 1.0 + 2.0 * q
    s1 = -s * odd
    s2 = s * (odd * odd + 2.0 * s)
    # phi_0 = log(1 - e^-d), phi_1 = d phi_0', phi_2 = d phi_1'; below, their values and
    # first two derivatives in d.
    p11 = q - d * s
    p12 = -2.0 * s - d * s1
    p13 = -3.0 * s1 - d * s2
    g[6] += d * q
    g[12] += d * p11
    firsts = (q, p11, p11 + d * p12)
    seconds = (-s, p12, 2.0 * p12 + d * p13)
    for k in range(3):
        first = firsts[k]
        second = seconds[k]
        g[6 * k + 1] += first * w1
        g[6 * k + 2] -= first * w2
        g[6 * k + 3] += second * w1 * w1 + first * w1
        g[6 * k + 4] -= second * w1 * w2
        g[6 * k + 5] += second * w2 * w2 - first * w2


@leaf
def _ratio_table(link: int, kind: int, hi: float, lo: float, g: NDArray[np.float64]) -> None:
    """Fill the table of G_k from ratios of densities to the cell's probability.

    With a_k = F^(k)(hi) / P, b_k = -F^(k)(lo) / P and N_k = a_k + b_k = (D^k P) / P:
    d1 N_k = a_{k+1} - N_k a_1, and so on. Working with N_k, not with second differences of
    derivatives of L, saves digits when the cell is narrow.
    """
    if link == PROBIT:
        value, a1, b1 = probit_parts(kind, hi, lo)
    else:
        value, a1, b1 = _cauchit_parts(kind, hi, lo)
    b1 = -b1
    a2 = a3 = a4 = b2 = b3 = b4 = 0.0
    if kind != HIGHEST:
        r1, r2, r3 = _density_ratios(link, hi)
        a2, a3, a4 = a1 * r1, a1 * r2, a1 * r3
    if kind != LOWEST:
        r1, r2, r3 = _density_ratios(link, lo)
        b2, b3, b4 = b1 * r1, b1 * r2, b1 * r3
    n1 = a1 + b1
    n2 = a2 + b2
    g[0] = value
    g[1] = a1
    g[2] = b1
    g[3] = a2 - a1 * a1
    g[4] = -a1 * b1
    g[5] = b2 - b1 * b1
    g[6] = n1
    g[7] = a2 - n1 * a1
    g[8] = b2 - n1 * b1
    g[9] = a3 - 2.0 * a2 * a1 - n1 * a2 + 2.0 * n1 * a1 * a1
    g[10] = -a2 * b1 - a1 * b2 + 2.0 * n1 * a1 * b1
    g[11] = b3 - 2.0 * b2 * b1 - n1 * b2 + 2.0 * n1 * b1 * b1
    g[12] = n2 - n1 * n1
    g[13] = a3 - n2 * a1 - 2.0 * n1 * g[7]
    g[14] = b3 - n2 * b1 - 2.0 * n1 * g[8]
    g[15] = a4 - 2.0 * a3 * a1 - n2 * a2 + 2.0 * n2 * a1 * a1 - 2.0 * (g[7] * g[7] + n1 * g[9])
    g[16] = -a3 * b1 - a1 * b3 + 2.0 * n2 * a1 * b1 - 2.0 * (g[7] * g[8] + n1 * g[10])
    g[17] = b4 - 2.0 * b3 * b1 - n2 * b2 + 2.0 * n2 * b1 * b1 - 2.0 * (g[8] * g[8] + n1 * g[11])


@leaf
def cell_derivatives(link: int, kind: int, hi: float, lo: float, g: NDArray[np.float64]) -> None:
    """Fill a table of shape (18,): G_k, d1, d2, d11, d12, d22 for k = 0, 1, 2.

    When the edges cross the value is minus infinity and the derivatives are zero.
    """
    for j in range(18):
        g[j] = 0.0
    if kind == INTERIOR and not hi > lo:
        g[0] = -math.inf
        return
    if link == LOGIT:
        _logit_table(kind, hi, lo, g)
        return
    mirror = link == LOGLOG or (link == PROBIT and kind == INTERIOR and hi + lo > 0.0)
    if mirror:
        hi, lo = -lo, -hi
        if link == LOGLOG:
            link = CLOGLOG
            kind = LOWEST if kind == HIGHEST else (HIGHEST if kind == LOWEST else INTERIOR)
    if link == CLOGLOG:
        _cloglog_table(kind, hi, lo, g)
    else:
        _ratio_table(link, kind, hi, lo, g)
    if mirror:
        sign = 1.0
        for k in range(0, 18, 6):
            g[k] *= sign
            g[k + 1], g[k + 2] = -sign * g[k + 2], -sign * g[k + 1]
            g[k + 3], g[k + 5] = sign * g[k + 5], sign * g[k + 3]
            g[k + 4] *= sign
            sign = -sign
