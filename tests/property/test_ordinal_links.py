"""Tier: property. Links far into the tails: exact logs, no NaN, probabilities that sum to one."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config
from scipy import special

from ofsight.ordinal.links import HIGHEST, INTERIOR, LINKS, LOWEST, cell_derivatives, cell_shift, cell_value

EXAMPLES = 20 if config.DISABLE_JIT else 100
ETA = st.floats(-40, 40)
KINDS = [INTERIOR, LOWEST, HIGHEST]


def log_cdf(link: str, x: float) -> float:
    """Log distribution function from scipy, exact in both tails."""
    if link == "logit":
        return float(special.log_expit(x))
    if link == "probit":
        return float(special.log_ndtr(x))
    if link == "cloglog":
        w = math.exp(x)
        return math.log(-math.expm1(-w)) if w < 700 else 0.0
    if link == "loglog":
        return -math.exp(-x)
    if x < 0:
        return math.log(math.atan(-1.0 / x) / math.pi)
    return math.log1p(-math.atan2(1.0, x) / math.pi)


def log_tail(link: str, x: float) -> float:
    """Log of one minus the distribution function."""
    mirrored = {"cloglog": "loglog", "loglog": "cloglog"}.get(link, link)
    return log_cdf(mirrored, -x)


@pytest.mark.parametrize("link", LINKS)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(eta=ETA)
def test_outer_cells_are_exact_in_the_tails(link: str, eta: float) -> None:
    code = LINKS.index(link)
    assert cell_value(code, LOWEST, eta, 0.0) == pytest.approx(log_cdf(link, eta), rel=1e-11, abs=1e-300)
    assert cell_value(code, HIGHEST, 0.0, eta) == pytest.approx(log_tail(link, eta), rel=1e-11, abs=1e-300)


@pytest.mark.parametrize("link", LINKS)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(lo=ETA, width=st.floats(1e-3, 10))
def test_interior_cells(link: str, lo: float, width: float) -> None:
    code = LINKS.index(link)
    hi = lo + width
    upper, lower = log_cdf(link, hi), log_cdf(link, lo)
    above, below = log_tail(link, lo), log_tail(link, hi)
    # The difference on the side where it loses fewer digits.
    if lower < above:
        expected = upper + math.log(-math.expm1(lower - upper)) if lower < upper else -math.inf
        lost = abs(1 / math.expm1(lower - upper)) if lower < upper else math.inf
    else:
        expected = above + math.log(-math.expm1(below - above)) if below < above else -math.inf
        lost = abs(1 / math.expm1(below - above)) if below < above else math.inf
    value = cell_value(code, INTERIOR, hi, lo)
    assert not math.isnan(value)
    if math.isfinite(expected) and lost < 1e6:
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-12 * lost + 1e-12)


@pytest.mark.parametrize("link", LINKS)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(centre=st.floats(-40, 40), gaps=st.lists(st.floats(0.01, 5), min_size=1, max_size=5))
def test_probabilities_sum_to_one(link: str, centre: float, gaps: list[float]) -> None:
    code = LINKS.index(link)
    edges = centre + np.concatenate([[0.0], np.cumsum(gaps)])
    logs = [cell_value(code, LOWEST, edges[0], 0.0), cell_value(code, HIGHEST, 0.0, edges[-1])]
    logs += [cell_value(code, INTERIOR, b, a) for a, b in pairwise(edges)]
    assert sum(math.exp(v) for v in logs) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(lo=ETA, width=st.floats(0.2, 6))
def test_tables_are_finite_and_consistent(link: str, kind: int, lo: float, width: float) -> None:
    code = LINKS.index(link)
    hi = lo + width
    table = np.zeros(18)
    cell_derivatives(code, kind, hi, lo, table)
    assert np.all(np.isfinite(table))
    assert table[0] == pytest.approx(cell_value(code, kind, hi, lo), rel=1e-12, abs=1e-14)
    slope, curve = cell_shift(code, kind, hi, lo)
    size = 1.0 + abs(table[1]) + abs(table[2])
    assert slope == pytest.approx(table[6], abs=1e-12 * size)
    assert curve == pytest.approx(table[12], abs=1e-12 * size**2)
    assert table[1] + table[2] == pytest.approx(table[6], abs=1e-10 * size)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(lo=st.floats(-6, 6), width=st.floats(0.3, 4))
def test_tables_are_derivatives(link: str, kind: int, lo: float, width: float) -> None:
    code = LINKS.index(link)
    hi, h = lo + width, 1e-5

    def table(a: float, b: float) -> np.ndarray:
        result = np.zeros(18)
        cell_derivatives(code, kind, hi + a, lo + b, result)
        return result

    here = table(0, 0)
    by_hi = (table(h, 0) - table(-h, 0)) / (2 * h)
    by_lo = (table(0, h) - table(0, -h)) / (2 * h)
    size = 1.0 + np.abs(here).max()
    for k in range(3):
        j = 6 * k
        expected = [by_hi[j], by_lo[j], by_hi[j + 1], by_hi[j + 2], by_lo[j + 2]]
        np.testing.assert_allclose(here[j + 1 : j + 6], expected, atol=1e-6 * size)
        if k:
            assert here[j] == pytest.approx(by_hi[j - 6] + by_lo[j - 6], abs=1e-6 * size)


@pytest.mark.parametrize("link", LINKS)
def test_crossed_edges_have_no_probability(link: str) -> None:
    code = LINKS.index(link)
    table = np.ones(18)
    cell_derivatives(code, INTERIOR, 0.0, 1.0, table)
    assert table[0] == -math.inf
    assert not table[1:].any()
    assert cell_value(code, INTERIOR, 1.0, 1.0) == -math.inf


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("eta", [-500.0, -80.0, 80.0, 500.0])
def test_beyond_forty(link: str, eta: float) -> None:
    code = LINKS.index(link)
    for kind in KINDS:
        assert not math.isnan(cell_value(code, kind, eta + 1.0, eta))
        assert not any(math.isnan(v) for v in cell_shift(code, kind, eta + 1.0, eta))
