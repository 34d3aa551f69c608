"""The array layer: a `Design` in, an `ArrayFit` out. No formulas, no data frames.

What is fitted is a `Problem`: the outline of the data, coordinates, and a way to the
log-likelihood. Whether the rows are here or spread over machines makes no difference to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.aliasing import drop_aliased
from ofsight.ordinal.convergence import ConvergenceCode, Finding, assess
from ofsight.ordinal.coordinates import Working, prepare
from ofsight.ordinal.crossed import CrossedObjective
from ofsight.ordinal.design import Design, Outline
from ofsight.ordinal.laplace import check_laplace
from ofsight.ordinal.links import LATENT_VARIANCE, LINKS
from ofsight.ordinal.objective import (
    FixedObjective,
    Integrated,
    InterceptObjective,
    Objective,
    StretchedObjective,
)
from ofsight.ordinal.optimise import TOLERANCE, Optimum, maximise
from ofsight.ordinal.problem import ArrayFit, Problem
from ofsight.ordinal.starts import start_fixed, start_variance
from ofsight.ordinal.thresholds import THRESHOLDS

__all__ = ["fit_design", "fit_problem"]

Floats = NDArray[np.float64]

_LARGEST_SD = 20.0  # times the latent standard deviation
_ROUGH = 0.3  # of a standard error
_FAR_ZERO = math.log(1e4)  # thresholds ten thousand times what they are at the data say nothing
_SMALLEST_LOG_SD = -7.0  # a standard deviation of 0.001 of a unit: zero for every purpose


def _check_options(outline: Outline, link: str, threshold: str, nodes: int) -> None:
    if link not in LINKS:
        raise ModelError(f"Unknown link {link!r}. Allowed: {', '.join(LINKS)}.")
    if threshold not in THRESHOLDS:
        raise ModelError(f"Unknown threshold {threshold!r}. Allowed: {', '.join(THRESHOLDS)}.")
    if nodes < 1:
        raise ModelError(f"nodes must be at least 1 (Laplace); it is {nodes}.")
    if nodes > 1 and len(outline.group_names) > 1:
        raise ModelError(
            "Adaptive quadrature (nodes > 1) is for one random intercept; "
            f"there are {len(outline.group_names)}. Use nodes=1 (Laplace)."
        )
    for name, count in zip(outline.group_names, outline.group_counts, strict=True):
        if count == 1:
            raise ModelError(
                f"Grouping {name!r} has a single group: its variance cannot be estimated. Leave it out."
            )


def fit_design(
    design: Design,
    *,
    link: str = "logit",
    threshold: str = "flexible",
    nodes: int = 1,
    notes: Sequence[Finding] = (),
    max_iterations: int = 200,
) -> ArrayFit:
    """Fit a cumulative link model, mixed when the design has groups.

    Parameters
    ----------
    design : Design
        The arrays.
    link : {"logit", "probit", "cloglog", "loglog", "cauchit"}
        The latent distribution.
    threshold : {"flexible", "equidistant", "symmetric"}
        The structure of the thresholds.
    nodes : int
        Quadrature nodes for one random intercept; 1 is the Laplace approximation.
    notes : sequence of Finding
        What is known of the data, passed on into ``convergence``.
    max_iterations : int
        Newton steps at most.

    Returns
    -------
    ArrayFit

    Raises
    ------
    ModelError
        If an option is unknown or the model cannot be set up.
    """
    _check_options(design.outline, link, threshold, nodes)
    design, aliased = drop_aliased(design)
    working = prepare(design, threshold)

    def build(code: int, count: int, active: Sequence[int]) -> Objective:
        return build_objective(design, working, code, count, active)

    problem = Problem(design.outline, working, build, link, threshold, nodes, aliased, design)
    return fit_problem(problem, notes=notes, max_iterations=max_iterations)


def fit_problem(problem: Problem, *, notes: Sequence[Finding] = (), max_iterations: int = 200) -> ArrayFit:
    """Fit what is set up; see `fit_design`."""
    outline = problem.outline
    _check_options(outline, problem.link, problem.threshold, problem.nodes)
    notes = list(notes)
    if problem.aliased:
        message = f"Left out because other columns determine them: {', '.join(problem.aliased)}."
        notes.append(Finding(ConvergenceCode.ALIASED_COLUMNS, message))
    search = problem.objective(())
    start = start_fixed(problem.coordinates.basis, outline, problem.link, search.size)
    # A mixed model only starts from here: near is near enough.
    tolerance = _ROUGH if outline.group_names else TOLERANCE
    fixed = maximise(search, start, max_iterations=max_iterations, tolerance=tolerance)
    if not outline.group_names:
        return _finish(replace(problem, nodes=0), search, fixed, (), notes)
    return _fit_mixed(problem, fixed, notes, max_iterations)


def build_objective(
    design: Design, working: Working, link: int, nodes: int, active: Sequence[int]
) -> Objective:
    """Return the log-likelihood of the groupings that are active."""
    if not active:
        return FixedObjective(working.rows, link)
    codes = [design.groups[k][working.order] for k in active]
    if list(active) == [0]:
        starts = np.concatenate([[0], np.cumsum(np.bincount(codes[0]))]).astype(np.int64)
        return InterceptObjective(working.rows, starts, link, nodes)
    return CrossedObjective(working.rows, codes, link)


def _fit_mixed(problem: Problem, fixed: Optimum, notes: list[Finding], max_iterations: int) -> ArrayFit:
    """Fit with random effects; drop, and say so, those whose variance goes to zero."""
    outline, link = problem.outline, problem.link
    for name, count in zip(outline.group_names, outline.group_counts, strict=True):
        if count == outline.n:
            message = (
                f"Every group of {name!r} has one observation: its variance is identified by the "
                "shape of the link alone. Read it with distrust."
            )
            notes.append(Finding(ConvergenceCode.ONE_OBSERVATION_PER_GROUP, message))
    active = list(range(len(outline.group_names)))
    n_location = problem.coordinates.n_alpha + problem.coordinates.n_beta
    while active:
        search = problem.objective(active)
        start = start_variance(search, fixed.parameters, n_location, link, len(active))
        floors = np.full(search.size, -np.inf)
        floors[-len(active) :] = _SMALLEST_LOG_SD
        optimum = maximise(
            search, start, max_iterations=max_iterations, floors=floors, keep_hessian=active != [0]
        )
        log_sds = optimum.parameters[-len(active) :]
        gone = [k for k, s in zip(active, log_sds, strict=True) if s <= _SMALLEST_LOG_SD]
        if not gone:
            if active == [0] and problem.nodes == 1:
                optimum, doubts = _check_laplace(
                    problem, search, optimum, fixed.parameters, floors, max_iterations
                )
                notes += doubts
                log_sds = optimum.parameters[-len(active) :]
            notes += _note_large(outline, active, log_sds, link)
            return _finish(problem, search, optimum, tuple(active), notes)
        for k in gone:
            message = (
                f"The variance of {outline.group_names[k]!r} is estimated at zero: its groups "
                "differ no more than chance would have them. The estimates are those without it."
            )
            notes.append(Finding(ConvergenceCode.VARIANCE_AT_ZERO, message))
        active = [k for k in active if k not in gone]
    bare = problem.objective(())
    fixed = maximise(bare, fixed.parameters, max_iterations=max_iterations)
    return _finish(problem, bare, fixed, (), notes)


def _check_laplace(
    problem: Problem,
    search: Objective,
    optimum: Optimum,
    fixed: Floats,
    floors: Floats,
    max_iterations: int,
) -> tuple[Optimum, list[Finding]]:
    """Return the Laplace optimum to report, and the doubt that quadrature casts on it."""
    outline, c = problem.outline, problem.coordinates
    laplace = search.inner if isinstance(search, StretchedObjective) else search
    assert isinstance(laplace, Integrated)  # as every objective of one random intercept
    check = check_laplace(
        search,
        lambda count: problem.search(laplace.with_nodes(count)),
        optimum,
        lambda judge: start_variance(judge, fixed, c.n_alpha + c.n_beta, problem.link, 1),
        floors=floors,
        max_iterations=max_iterations,
    )
    rows = outline.n / outline.group_counts[0]
    return check.optimum, check.describe(outline.group_names[0], rows, len(outline.group_names) == 1)


def _note_large(outline: Outline, active: Sequence[int], log_sds: Floats, link: str) -> list[Finding]:
    """Return a doubt for each grouping that all but determines the outcome."""
    unit = LATENT_VARIANCE[link]
    limit = _LARGEST_SD * (1.0 if math.isnan(unit) else math.sqrt(unit))
    return [
        Finding(
            ConvergenceCode.SEPARATED,
            f"Groups of {outline.group_names[k]!r} all but determine the outcome: their standard "
            f"deviation runs off ({math.exp(s):.0f}). The approximation is not to be trusted.",
        )
        for k, s in zip(active, log_sds, strict=True)
        if math.exp(s) > limit
    ]


def _note_far_zero(problem: Problem, search: StretchedObjective, inner: Floats) -> list[Finding]:
    """Return a doubt where thresholds and location belong to a point far from the data."""
    c = problem.coordinates
    shift = float(search.means @ inner[c.n_alpha + c.n_beta :][: c.n_zeta])
    if abs(shift) < _FAR_ZERO:
        return []
    return [
        Finding(
            ConvergenceCode.NEARLY_UNIDENTIFIABLE,
            f"Zero lies far from the values of the scale terms ({', '.join(problem.outline.scale_names)}): "
            "thresholds, location coefficients and random effects are given where those terms are "
            f"zero, and are {math.exp(min(abs(shift), 600.0)):.3g} times "
            f"{'larger' if shift > 0 else 'smaller'} than at their mean. Centre the scale terms.",
        )
    ]


def _finish(
    problem: Problem,
    objective: Objective,
    optimum: Optimum,
    active: tuple[int, ...],
    notes: Sequence[Finding],
) -> ArrayFit:
    """Assemble the result in the user's units."""
    notes = list(notes)
    outline, working = problem.outline, problem.coordinates
    searched = optimum
    if isinstance(objective, StretchedObjective):
        inner = objective.to_inner(optimum.parameters)
        notes += _note_far_zero(problem, objective, inner)
        objective = objective.inner
        optimum = replace(optimum, parameters=inner, evaluation=objective.evaluate(inner))
    size = objective.size
    back = np.eye(size)
    p = working.back.shape[0]
    back[:p, :p] = working.back
    names = (*working.names, *(f"log_sd.{outline.group_names[k]}" for k in active))
    sds = [0.0] * len(outline.group_names)
    for position, k in enumerate(active):
        sds[k] = math.exp(optimum.parameters[p + position])
    return ArrayFit(
        outline=outline,
        working=working,
        link=problem.link,
        threshold=problem.threshold,
        nodes=problem.nodes,
        names=names,
        estimates=back @ optimum.parameters,
        fitted=optimum.parameters,
        back=back,
        hessian=optimum.evaluation.hessian,
        log_likelihood=optimum.evaluation.log_likelihood,
        objective=objective,
        random_sds=tuple(sds),
        active=active,
        aliased=problem.aliased,
        convergence=assess(searched, back, names, notes, working.n_alpha, optimum.evaluation.hessian),
        held=problem.design,
    )
