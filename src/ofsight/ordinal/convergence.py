"""Convergence as a value: codes, measures and plain words on what to do.

Negative codes are failures, zero is success, codes 1 to 9 are doubts about the result, codes
from 10 are notes on the data. A fit may carry several; ``code`` is the gravest failure or
doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.optimise import Optimum, Stop, solve_information

__all__ = ["Convergence", "ConvergenceCode", "Finding", "assess"]

Floats = NDArray[np.float64]

GRADIENT_LIMIT: Final = 1e-6
"""Largest gradient, in standard-error units, that counts as zero."""
CONDITION_LIMIT: Final = 1e10
"""Condition number, with unit diagonal, beyond which a model is nearly unidentifiable."""
_STEP_LIMIT: Final = 1e-3
_FAR_OUT: Final = 12.0
"""On the scale of the linear predictor of columns scaled to unit spread."""


class ConvergenceCode(IntEnum):
    """What became of a fit."""

    OUTSIDE_DOMAIN = -4
    HESSIAN_NOT_DEFINITE = -3
    ITERATION_LIMIT = -2
    GRADIENT_NOT_ZERO = -1
    CONVERGED = 0
    SEPARATED = 1
    NEARLY_UNIDENTIFIABLE = 2
    VARIANCE_AT_ZERO = 3
    ONE_OBSERVATION_PER_GROUP = 4
    LAPLACE_UNRELIABLE = 5
    ALIASED_COLUMNS = 10
    EMPTY_GRADES = 11
    EMPTY_LEVELS = 12
    ROWS_DROPPED = 13


@dataclass(frozen=True)
class Finding:
    """One thing to know of a fit: a code and a sentence on it."""

    code: ConvergenceCode
    message: str


@dataclass(frozen=True)
class Convergence:
    """How a fit ended.

    Attributes
    ----------
    code : ConvergenceCode
        The gravest failure, else the first doubt, else ``CONVERGED``.
    findings : tuple of Finding
        All failures, doubts and notes.
    max_gradient : float
        Largest absolute gradient in standard-error units; below 1e-6 at an optimum.
    condition_number : float
        Largest over smallest eigenvalue of the Hessian, in the units of the estimates, as R
        prints it (``cond.H``). Units move it.
    scaled_condition_number : float
        The same with the Hessian scaled to a unit diagonal: units do not move it.
    iterations : int
        Newton steps taken.
    """

    code: ConvergenceCode
    findings: tuple[Finding, ...]
    max_gradient: float
    condition_number: float
    scaled_condition_number: float
    iterations: int

    @property
    def ok(self) -> bool:
        """Whether the search found a maximum (doubts may remain: see ``findings``)."""
        return self.code >= 0

    @property
    def codes(self) -> frozenset[ConvergenceCode]:
        """All codes that apply."""
        return frozenset(f.code for f in self.findings) | {self.code}

    @property
    def message(self) -> str:
        """What to know, in sentences."""
        if not self.findings:
            return "Converged."
        return " ".join(f.message for f in self.findings)


def _gravest(findings: Sequence[Finding]) -> ConvergenceCode:
    failures = [f.code for f in findings if f.code < 0]
    doubts = [f.code for f in findings if 0 < f.code < 10]
    return min(failures or doubts or [ConvergenceCode.CONVERGED])


def _ratio(matrix: Floats) -> float:
    if matrix.size == 0:
        return 1.0
    values = np.abs(np.linalg.eigvalsh(np.nan_to_num(matrix)))
    return float(values.max() / values.min()) if values.min() > 0.0 else float("inf")


def _unit_diagonal(information: Floats) -> Floats:
    diagonal = np.sqrt(np.abs(np.diag(information)))
    diagonal[diagonal == 0.0] = 1.0
    scaled: Floats = information / np.outer(diagonal, diagonal)
    return scaled


def _check_stop(optimum: Optimum, definite: bool, max_gradient: float, condition: float) -> list[Finding]:
    if optimum.stop is Stop.OUTSIDE:
        return [
            Finding(
                ConvergenceCode.OUTSIDE_DOMAIN,
                "The starting values give some row no probability: the model cannot be started. "
                "Check offsets and scale columns for extreme values.",
            )
        ]
    if not definite:
        return [
            Finding(
                ConvergenceCode.HESSIAN_NOT_DEFINITE,
                "The search ended at a point that is not a maximum: the Hessian is not negative "
                "definite. Do not use the estimates. Simplify the model or rescale its columns.",
            )
        ]
    if optimum.stop is Stop.PRECISION and condition > CONDITION_LIMIT and max_gradient < 0.1:
        return []  # as near as rounding lets one come; the doubt is raised below
    if max_gradient > GRADIENT_LIMIT:
        code, why = (
            (ConvergenceCode.ITERATION_LIMIT, "the iteration limit was reached")
            if optimum.stop is Stop.ITERATIONS
            else (ConvergenceCode.GRADIENT_NOT_ZERO, "no step climbs further")
        )
        return [
            Finding(
                code,
                f"Not converged: {why} while the largest gradient is {max_gradient:.1e} "
                "standard-error units. Do not use the estimates. Simplify the model.",
            )
        ]
    return []


def _separation(names: Sequence[str]) -> Finding:
    return Finding(
        ConvergenceCode.SEPARATED,
        "The data are separated: estimates run off to infinity while the log-likelihood stands "
        f"still ({', '.join(names)}). Their values and standard errors mean nothing; compare "
        "models by likelihood ratio, merge sparse categories, or drop the term.",
    )


def _find_flat_runaway(
    optimum: Optimum, information: Floats, names: Sequence[str], n_alpha: int
) -> list[Finding]:
    """Recognise separation along a combination of estimates, where the Hessian is singular.

    All of them are far out on the scale of the linear predictor, and the log-likelihood no
    longer curves along the direction in which they went. A threshold went too: collinear
    columns run off against each other and leave the thresholds where they are.
    """
    far = np.abs(optimum.parameters)
    if not far.size or not far.max() > _FAR_OUT or not np.all(np.isfinite(information)):
        return []
    values, vectors = np.linalg.eigh(information)
    if values[0] > values[-1] / CONDITION_LIMIT:
        return []
    weight = np.abs(vectors[:, 0])
    guilty = (weight > 0.1 * weight.max()) & (far > 0.3 * _FAR_OUT)
    if not np.any(guilty[:n_alpha]):
        return []
    return [_separation([n for n, g in zip(names, guilty, strict=True) if g])]


def _check_identification(
    optimum: Optimum, back: Floats, names: Sequence[str], condition: float
) -> list[Finding]:
    step = np.abs(optimum.step)
    # A step that matters on the scale of the outcome though it is nothing to the errors.
    runaway = step.size > 0 and float(step.max()) > _STEP_LIMIT and condition < CONDITION_LIMIT
    if runaway:
        moved = np.abs(back @ optimum.step) * _units(back)
        guilty = [n for n, d in zip(names, moved, strict=True) if d > 0.1 * moved.max()]
        return [_separation(guilty)]
    if condition > CONDITION_LIMIT:
        return [
            Finding(
                ConvergenceCode.NEARLY_UNIDENTIFIABLE,
                f"The model is nearly unidentifiable (condition number {condition:.0e} after "
                "scaling). Columns are almost collinear; drop or combine some.",
            )
        ]
    return []


def _units(back: Floats) -> Floats:
    """Return what brings each estimate back to fitting units, one per row of ``back``."""
    diagonal = np.abs(np.diag(back))
    return 1.0 / np.where(diagonal > 0.0, diagonal, 1.0)


def assess(
    optimum: Optimum,
    back: Floats,
    names: Sequence[str],
    notes: Sequence[Finding] = (),
    n_alpha: int = 0,
    hessian: Floats | None = None,
) -> Convergence:
    """Return the verdict on a search.

    Parameters
    ----------
    optimum : Optimum
        Where the search ended, in fitting coordinates.
    back : ndarray, shape (p, p)
        Estimates = back @ fitted.
    names : sequence of str, length p
        Names of the estimates.
    notes : sequence of Finding
        What is known of the data already.
    n_alpha : int
        How many of the first parameters are thresholds.
    hessian : ndarray, shape (p, p), optional
        In fitting coordinates, where the search took place in others: the condition numbers
        that are reported are of this one.
    """
    gradient = optimum.evaluation.gradient
    step, errors, definite = solve_information(optimum.evaluation.hessian, gradient)
    max_gradient = float(np.max(np.abs(gradient) * errors)) if gradient.size else 0.0
    information = -optimum.evaluation.hessian
    standard = _unit_diagonal(information)
    scaled = _ratio(standard)
    forward = np.linalg.inv(back)
    findings: list[Finding] = []
    if max_gradient < GRADIENT_LIMIT and (not definite or scaled > CONDITION_LIMIT):
        findings = _find_flat_runaway(optimum, standard, names, n_alpha)
    if not findings:
        findings = _check_stop(optimum, definite or not gradient.size, max_gradient, scaled)
    if not findings:
        here = Optimum(optimum.parameters, optimum.evaluation, 0, optimum.stop, step)
        findings = _check_identification(here, back, names, scaled)
    findings = [*findings, *notes]
    reported = information if hessian is None else -hessian
    return Convergence(
        _gravest(findings),
        tuple(findings),
        max_gradient,
        _ratio(forward.T @ reported @ forward),
        _ratio(_unit_diagonal(reported)),
        optimum.iterations,
    )
