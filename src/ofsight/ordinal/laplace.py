"""Is Laplace's approximation good enough here? Adaptive quadrature is asked.

Laplace's error grows without bound with the standard deviation where groups have few rows: its
own maximum may then lie far above the likelihood's, at a standard deviation many times too
large. No search can mend that, since the approximation has no other maximum; so it is told.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.convergence import ConvergenceCode, Finding
from ofsight.ordinal.objective import Objective
from ofsight.ordinal.optimise import Optimum, Stop, maximise

__all__ = ["NODES", "Check", "check_laplace"]

Floats = NDArray[np.float64]

NODES: Final = 12
"""Nodes of the quadrature that judges; what users are told to take.

An odd rule has a node at the mode and, far out, shares much of Laplace's error; an even one does not.
"""
SCREEN_NODES: Final = 4
"""Enough to see whether a closer look is needed. Even, for the same reason."""
_LARGEST_ERROR: Final = math.log(1.1)
"""A standard deviation off by more than a tenth is wrong, if that is more than its error."""
_STRIDE: Final = 1e-5  # of a standard error
_SETTLED: Final = 1.0
"""Largest difference between rules, in log-likelihood, that moves no conclusion."""
_SCREEN: Final = 0.5 * _LARGEST_ERROR  # one Newton step, and from far off it falls short


@dataclass(frozen=True)
class Check:
    """What quadrature says of a Laplace optimum.

    Attributes
    ----------
    optimum : Optimum
        The maximum of the Laplace approximation to report: where it has several, that of the
        highest likelihood by quadrature.
    reliable : bool
        Whether its standard deviation is that of quadrature, within a tenth or its error.
    settled : bool
        Whether quadrature with twice the nodes agrees with quadrature.
    sd : float
        The standard deviation by quadrature; NaN where the optimum needed no closer look.
    error : float
        Laplace's log-likelihood less that of quadrature at the optimum; NaN likewise.
    """

    optimum: Optimum
    reliable: bool
    settled: bool = True
    sd: float = math.nan
    error: float = math.nan

    def describe(self, name: str, rows_per_group: float, alone: bool) -> list[Finding]:
        """Return the doubt in words, if there is one.

        Parameters
        ----------
        name : str
            The grouping.
        rows_per_group : float
            Their mean.
        alone : bool
            Whether the model has this grouping only, so that quadrature is open to it.
        """
        if self.reliable:
            return []
        sd = math.exp(self.optimum.parameters[-1])
        nodes = NODES if self.settled else 2 * NODES
        remedy = f"Refit with nodes={nodes}" + ("" if alone else f" and {name!r} as the only grouping")
        if not self.settled:
            remedy += " and with more, until nothing moves; the data say little of this variance"
        return [
            Finding(
                ConvergenceCode.LAPLACE_UNRELIABLE,
                f"The Laplace approximation is not reliable here: it puts the standard deviation of "
                f"{name!r} at {sd:.3g} where adaptive quadrature puts it at {self.sd:.3g} "
                f"({rows_per_group:.1f} rows a group; log-likelihood wrong by {self.error:+.1f}). "
                f"Do not rely on the estimates. {remedy}.",
            )
        ]


def check_laplace(
    laplace: Objective,
    quadrature: Callable[[int], Objective],
    optimum: Optimum,
    start: Callable[[Objective], Floats],
    *,
    floors: Floats,
    max_iterations: int,
) -> Check:
    """Hold a maximum of the Laplace approximation against adaptive quadrature.

    A screen of two evaluations looks how far one Newton step of the quadrature would move the
    standard deviation. Only where that is much is the model fitted by quadrature too.

    Parameters
    ----------
    laplace : Objective
        What was maximised; the log standard deviation is its last parameter.
    quadrature : callable
        Makes the same objective by quadrature, of so many nodes.
    optimum : Optimum
        Its maximum.
    start : callable
        Finds where the search of an objective starts.
    floors, max_iterations
        As of `maximise`.

    Returns
    -------
    Check
    """
    covariance = _covariance(optimum)
    if optimum.stop is not Stop.GRADIENT or covariance is None:
        return Check(optimum, True)  # a failure of its own, and told as that
    error = math.sqrt(covariance[-1, -1])
    moved = abs(_newton_step(quadrature(SCREEN_NODES), optimum.parameters, covariance))
    if moved <= _SCREEN:
        return Check(optimum, True)
    judge = quadrature(NODES)
    truth = maximise(judge, start(judge), floors=floors, max_iterations=max_iterations)
    if truth.stop not in (Stop.GRADIENT, Stop.PRECISION, Stop.FLOOR):
        return Check(optimum, True)
    best = _choose(laplace, judge, optimum, truth.parameters, floors, max_iterations)
    off = abs(float(best.parameters[-1] - truth.parameters[-1]))
    wrong = best.evaluation.log_likelihood - judge.evaluate(best.parameters, 0).log_likelihood
    sd = 0.0 if truth.stop is Stop.FLOOR else math.exp(truth.parameters[-1])
    spread = _covariance(best)
    limit = error if spread is None else math.sqrt(spread[-1, -1])
    finer = quadrature(2 * NODES).evaluate(truth.parameters, 0).log_likelihood
    settled = abs(finer - truth.evaluation.log_likelihood) < _SETTLED
    return Check(best, settled and off <= max(limit, _LARGEST_ERROR), settled, sd, wrong)


def _covariance(optimum: Optimum) -> Floats | None:
    """Return the inverse information, or None where it is not positive definite."""
    information = -optimum.evaluation.hessian
    try:
        np.linalg.cholesky(information)
        inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    return inverse if np.all(np.isfinite(inverse)) and inverse[-1, -1] > 0.0 else None


def _newton_step(judge: Objective, point: Floats, covariance: Floats) -> float:
    """Return how far a Newton step moves the log standard deviation, with Laplace's curvature.

    It is the covariance's last row times the gradient: the derivative along that row, taken as
    a difference over so little that the groups' modes are found again at once.
    """
    row = covariance[-1]
    variance = float(row[-1])
    width = _STRIDE * math.sqrt(variance)
    stride = row * (width / variance)
    after = judge.evaluate(point + stride, 0).log_likelihood
    before = judge.evaluate(point - stride, 0).log_likelihood
    slope = (after - before) / (2.0 * width)
    return slope * variance if math.isfinite(slope) else math.inf


def _choose(
    laplace: Objective,
    judge: Objective,
    optimum: Optimum,
    truth: Floats,
    floors: Floats,
    max_iterations: int,
) -> Optimum:
    """Return the maximum of the approximation that is best by quadrature: found, or near the truth."""
    if np.any(truth < floors):
        return optimum
    near = maximise(laplace, truth, floors=floors, max_iterations=max_iterations)
    if near.stop is not Stop.GRADIENT:
        return optimum
    here, there = (judge.evaluate(o.parameters, 0).log_likelihood for o in (optimum, near))
    apart = float(np.max(np.abs(near.parameters - optimum.parameters))) > 1e-3
    return near if apart and there > here else optimum
