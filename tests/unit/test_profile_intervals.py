"""The limits of funnels come from `scipy.special`, quick to load; the numbers are those of `scipy.stats`."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm, poisson

from ofsight.profiles.intervals import _CUTS, _Z95, _position, binomial_funnel, poisson_funnel

LIMITS = ("low_95", "high_95", "low_998", "high_998")
ORDER = dict(zip(LIMITS, _CUTS, strict=True))


@pytest.mark.parametrize("centre", [0.004, 0.1, 0.37, 0.5, 0.83, 0.999])
def test_binomial_funnel_is_that_of_the_distribution(centre: float) -> None:
    n = np.concatenate([np.arange(1, 60), [101, 777, 4001]]).astype(float)
    counts, sizes = zip(
        *[(k, size) for size in n for k in np.unique(np.linspace(0, size, 9).round())], strict=True
    )
    k, n = np.array(counts), np.array(sizes)
    found = binomial_funnel(k, n, centre)
    for name, tail in ORDER.items():
        np.testing.assert_array_equal(found[name], binom.ppf(tail, n, centre) / n)
    expected = _position(binom.cdf(k, n, centre), binom.sf(k - 1, n, centre))
    np.testing.assert_array_equal(found["position"], expected)


def test_poisson_funnel_is_that_of_the_distribution() -> None:
    rates = np.concatenate([np.linspace(0.01, 12, 70), [33.3, 250.0, 9000.5]])
    pairs = [(k, rate) for rate in rates for k in np.unique((rate * np.linspace(0, 2.5, 11)).round())]
    k, expected = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    found = poisson_funnel(k, expected)
    for name, tail in ORDER.items():
        np.testing.assert_array_equal(found[name], poisson.ppf(tail, expected) / expected)
    positions = _position(poisson.cdf(k, expected), poisson.sf(k - 1, expected))
    np.testing.assert_array_equal(found["position"], positions)


def test_the_normal_quantile() -> None:
    assert float(norm.ppf(0.975)) == _Z95
