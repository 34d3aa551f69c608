"""Tier: unit. The search's own coordinates for scale effects: exact derivatives, a way there and back."""

from __future__ import annotations

import numpy as np
import pytest

from ofsight.ordinal.objective import Evaluation, StretchedObjective


class _Bowl:
    """A smooth function of five parameters with known derivatives: minus the sum of cosh(p - a)."""

    size = 5
    centre = np.array([0.3, -0.2, 0.5, 0.1, -0.4])

    def evaluate(self, parameters: np.ndarray, order: int = 2) -> Evaluation:
        d = np.asarray(parameters) - self.centre
        return Evaluation(-float(np.cosh(d).sum()), -np.sinh(d), -np.diag(np.cosh(d)))


def _stretched() -> StretchedObjective:
    """Two thresholds, one scale column of mean 0.7 ... and a second of -0.3, one log sd."""
    return StretchedObjective(_Bowl(), 2, np.array([0.7, -0.3]))


POINT = np.array([0.4, -0.6, 0.25, 0.35, 0.15])


def test_the_point_of_the_kernel() -> None:
    objective = _stretched()
    shift = 0.7 * 0.25 - 0.3 * 0.35
    inner = objective.to_inner(POINT)
    assert inner[:2] == pytest.approx(POINT[:2] * np.exp(shift))
    assert inner[2:4] == pytest.approx(POINT[2:4])
    assert inner[4] == pytest.approx(POINT[4] + shift)


def test_derivatives_are_those_of_differences() -> None:
    objective = _stretched()
    found = objective.evaluate(POINT)
    steps = 1e-5 * np.eye(5)
    gradient = [
        (objective.evaluate(POINT + h, 0).log_likelihood - objective.evaluate(POINT - h, 0).log_likelihood)
        / 2e-5
        for h in steps
    ]
    hessian = [
        (objective.evaluate(POINT + h, 1).gradient - objective.evaluate(POINT - h, 1).gradient) / 2e-5
        for h in steps
    ]
    assert found.gradient == pytest.approx(np.array(gradient), abs=1e-8)
    assert found.hessian == pytest.approx(np.array(hessian), abs=1e-7)


def test_a_point_beyond_all_numbers_is_no_point() -> None:
    wild = np.array([1.0, 2.0, 1e4, 0.0, 0.0])
    assert _stretched().evaluate(wild).log_likelihood == -np.inf
