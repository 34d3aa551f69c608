"""Newton's method with step halving, from the outside of the seam.

It sees `Objective.evaluate` and nothing else. Where the Hessian is not negative definite its
eigenvalues are turned; where a step does not climb it is halved.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.objective import Evaluation, Objective

__all__ = ["TOLERANCE", "Optimum", "Stop", "maximise", "solve_information"]

Floats = NDArray[np.float64]

TOLERANCE: Final = 1e-8
"""Largest gradient, in standard-error units, at which Newton's method stops."""


class Stop(Enum):
    """Why the search stopped."""

    GRADIENT = "the gradient is zero"
    PRECISION = "no step climbs further within floating-point precision"
    ITERATIONS = "the iteration limit was reached"
    FLOOR = "a parameter fell below its floor"
    OUTSIDE = "the starting values give some row no probability"


@dataclass(frozen=True)
class Optimum:
    """Where the search ended.

    Attributes
    ----------
    parameters : ndarray, shape (p,)
        The last point.
    evaluation : Evaluation
        Log-likelihood, gradient and Hessian there.
    iterations : int
        Newton steps taken.
    stop : Stop
        Why it stopped.
    step : ndarray, shape (p,)
        The Newton step not taken: how far the optimum still is, if the Hessian is right.
    """

    parameters: Floats
    evaluation: Evaluation
    iterations: int
    stop: Stop
    step: Floats


def solve_information(hessian: Floats, gradient: Floats) -> tuple[Floats, Floats, bool]:
    """Return an ascent step, standard errors, and whether -hessian is positive definite.

    The matrix is scaled to a unit diagonal first, so that the units of the parameters do not
    matter. If it is not positive definite, its eigenvalues are replaced by their absolute
    values (at least 1e-4 of the largest) and the standard errors are of that matrix.
    """
    information = -hessian
    diagonal = np.abs(np.diag(information))
    scale = 1.0 / np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    scaled = information * np.outer(scale, scale)
    try:
        factor = np.linalg.cholesky(scaled)
        root = np.linalg.inv(factor)
        inverse = root.T @ root
        definite = bool(np.all(np.isfinite(inverse)))
    except np.linalg.LinAlgError:
        definite = False
    if not definite:
        scaled = np.nan_to_num(scaled)
        values, vectors = np.linalg.eigh(0.5 * (scaled + scaled.T))
        values = np.maximum(np.abs(values), 1e-4 * np.max(np.abs(values)) + 1e-12)
        inverse = (vectors / values) @ vectors.T
    step: Floats = scale * (inverse @ (scale * gradient))
    errors: Floats = scale * np.sqrt(np.diag(inverse))
    return step, errors, definite


def maximise(
    objective: Objective,
    start: Floats,
    *,
    max_iterations: int = 200,
    tolerance: float = TOLERANCE,
    longest_step: float = 6.0,
    floors: Floats | None = None,
    keep_hessian: bool = False,
) -> Optimum:
    """Climb to a maximum.

    Parameters
    ----------
    objective : Objective
        What to maximise.
    start : ndarray, shape (p,)
        Where to start; the log-likelihood must be finite there.
    max_iterations : int
        Newton steps at most.
    tolerance : float
        Stop when no gradient exceeds this, in standard-error units.
    longest_step : float
        No coordinate moves further than this, or this many standard errors, in one step.
    floors : ndarray, shape (p,), optional
        Where a coordinate below its floor ends the search (a log standard deviation on its way
        to minus infinity).
    keep_hessian : bool
        Take further steps with a Hessian already found as long as each brings the gradient
        down tenfold: for objectives whose Hessian costs many gradients. The last is fresh.

    Returns
    -------
    Optimum
        Also when the search failed: ``stop`` says how it ended.
    """
    point = np.array(start, dtype=np.float64)
    if point.size == 0:
        return Optimum(point, objective.evaluate(point), 0, Stop.GRADIENT, point)
    here = objective.evaluate(point)
    if not np.isfinite(here.log_likelihood):
        return Optimum(point, here, 0, Stop.OUTSIDE, np.zeros_like(point))
    step = np.zeros_like(point)
    stale = False
    for iteration in range(max_iterations):
        step, errors, definite = solve_information(here.hessian, here.gradient)
        size = float(np.max(np.abs(here.gradient) * errors))
        if definite and size < tolerance:
            if not stale:
                return Optimum(point, here, iteration, Stop.GRADIENT, step)
            here, stale = objective.evaluate(point), False
            continue
        # Along nearly collinear columns far is near: there the leash is as long as the errors.
        excess = float(np.max(np.abs(step) / np.maximum(longest_step, longest_step * errors)))
        if excess > 1.0:
            step = step / excess
        order = 1 if keep_hessian and definite and excess <= 1.0 else 2
        found = _climb(objective, point, here, step, order)
        if found is None:
            if not stale:
                return Optimum(point, here, iteration, Stop.PRECISION, step)
            here, stale = objective.evaluate(point), False
            continue
        point, there = found
        if order == 1 and float(np.max(np.abs(there.gradient) * errors)) < 0.1 * size:
            here, stale = there._replace(hessian=here.hessian), True
        else:
            here, stale = there if order == 2 else objective.evaluate(point), False
        if floors is not None and np.any(point < floors):
            return Optimum(point, here, iteration + 1, Stop.FLOOR, step)
    if stale:
        here = objective.evaluate(point)
    return Optimum(point, here, max_iterations, Stop.ITERATIONS, step)


def _climb(
    objective: Objective, point: Floats, here: Evaluation, step: Floats, order: int
) -> tuple[Floats, Evaluation] | None:
    """Return a higher point along a step, halving it as often as needed, or None."""
    rise = float(here.gradient @ step)
    noise = 1e-13 * (1.0 + abs(here.log_likelihood))
    fraction = 1.0
    for halving in range(40):
        target = point + fraction * step
        there = objective.evaluate(target, order if halving == 0 else 0)
        gain = there.log_likelihood - here.log_likelihood
        if np.isfinite(gain) and gain >= 1e-4 * fraction * rise - noise:
            if halving:
                there = objective.evaluate(target, order)
            if fraction * rise > 10 * noise or _is_smaller(there, here):
                return target, there
            return None
        fraction *= 0.5
    return None


def _is_smaller(there: Evaluation, here: Evaluation) -> bool:
    """Say whether the gradient shrank: the judge once the log-likelihood is down to noise."""
    _, errors, _ = solve_information(here.hessian, here.gradient)
    after = float(np.max(np.abs(there.gradient) * errors))
    before = float(np.max(np.abs(here.gradient) * errors))
    return after < 0.9 * before
