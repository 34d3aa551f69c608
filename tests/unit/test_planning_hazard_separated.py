"""Few exits: an age at which nobody left has an effect without bound; shrinking it stays within numbers."""

from __future__ import annotations

import numpy as np
import pytest

from ofsight.planning.models.hazard import Hazard, _keep_total, _shrink


def expected(intercept: float, effects: np.ndarray) -> float:
    return float((1 - np.exp(-np.exp(intercept + effects))).sum())


@pytest.mark.parametrize("size", [0.0, 0.5, 8.0, 34.0, 300.0])
def test_total_is_kept_however_large_an_effect_is(size: float) -> None:
    effects = np.repeat([0.0, size], [400, 203])
    assert expected(_keep_total(effects, 7.0), effects) == pytest.approx(7.0, rel=1e-6)


def test_separated_effects_are_shrunk_without_a_warning() -> None:
    x = np.repeat([[0.0], [1.0]], [400, 203], axis=0)
    share = np.zeros(603)
    share[-7:] = 1
    plain = np.diag([7.5e6**2, 7.5e6**2])
    fitted = Hazard("hazard", ("intercept", "age_1_2"), np.array([-36.3, 33.3]), np.diag([1.0, 0.5]))
    found = _shrink("hazard, shrunk", fitted, plain, x, share)
    assert np.isfinite(found.estimates).all()
    assert expected(found.estimates[0], x @ found.estimates[1:]) == pytest.approx(7.0, rel=1e-6)


def test_fit_without_a_covariance_leaves_the_one_rate() -> None:
    share = np.zeros(200)
    share[:4] = 1
    fitted = Hazard("hazard", ("intercept", "age_0"), np.array([-4.0, 3.0]), np.full((2, 2), np.nan))
    found = _shrink("hazard, shrunk", fitted, np.full((2, 2), np.nan), np.ones((200, 1)), share)
    assert found.terms == ("intercept",)
    assert np.exp(found.estimates[0]) == pytest.approx(0.02)
    assert found.factor == 0
