"""Intervals: known values, and an exact sum held to every outcome counted out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import chi2

from ofsight.planning.measures.limits import poisson_interval, survival_median, weighted_sum_interval


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390)])
def test_poisson_interval_has_the_tabled_values(count, low, high):
    assert poisson_interval(count) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


def test_poisson_interval_by_chi_squared():
    for count in (3, 57, 4000):
        low, high = poisson_interval(count, 0.998)
        assert low == pytest.approx(chi2.ppf(0.001, 2 * count) / 2)
        assert high == pytest.approx(chi2.ppf(0.999, 2 * count + 2) / 2)


def test_weighted_sum_is_every_outcome_counted_out():
    rng = np.random.default_rng(3)
    for _ in range(20):
        n = int(rng.integers(1, 9))
        chances, weights = rng.uniform(0.05, 0.95, n), rng.integers(0, 7, n)
        mass: dict[int, float] = {}
        for outcome in product((0, 1), repeat=n):
            total = int(np.dot(outcome, weights))
            mass[total] = mass.get(total, 0.0) + float(
                np.prod([p if yes else 1 - p for p, yes in zip(chances, outcome, strict=True)])
            )
        low, high = weighted_sum_interval(chances, weights)
        inside = sum(p for total, p in mass.items() if low <= total <= high)
        below = sum(p for total, p in mass.items() if total < low)
        above = sum(p for total, p in mass.items() if total > high)
        assert inside >= 0.95 - 1e-12
        assert below <= 0.025 + 1e-12
        assert above <= 0.025 + 1e-12


def test_weighted_sum_of_sure_outcomes():
    assert weighted_sum_interval(np.array([1.0, 0.0]), np.array([4, 9])) == (4.0, 4.0)
    assert weighted_sum_interval(np.zeros(0), np.zeros(0, dtype=np.int64)) == (0.0, 0.0)


def test_median_of_the_leukaemia_trial():
    """Freireich's 6-MP arm, as printed in every textbook: median 23 weeks, interval 13 to not reached."""
    weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    relapsed = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    found = survival_median(np.array(weeks, dtype=float), np.array(relapsed, dtype=bool))
    assert found == (23.0, 13.0, None)


def test_median_without_waiting_is_the_median():
    days = np.arange(1.0, 102.0)
    median, low, high = survival_median(days, np.ones(101, dtype=bool))
    assert median == 51
    assert low is not None
    assert high is not None
    assert low < 51 < high


def test_no_event_has_no_median():
    assert survival_median(np.array([3.0, 4.0]), np.zeros(2, dtype=bool)) == (None, None, None)
