"""The array layer: a `Design` in, an `ArrayFit` out. No formulas, no data frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.convergence import Convergence, ConvergenceCode, Finding, assess
from ofsight.ordinal.crossed import CrossedObjective
from ofsight.ordinal.design import Design, Working, drop_aliased, prepare
from ofsight.ordinal.laplace import check_laplace
from ofsight.ordinal.links import LATENT_VARIANCE, LINKS
from ofsight.ordinal.objective import FixedObjective, InterceptObjective, Objective, StretchedObjective
from ofsight.ordinal.optimise import TOLERANCE, Optimum, maximise
from ofsight.ordinal.starts import start_fixed, start_variance
from ofsight.ordinal.thresholds import THRESHOLDS

__all__ = ["ArrayFit", "fit_design"]

Floats = NDArray[np.float64]

_LARGEST_SD = 20.0  # times the latent standard deviation
_ROUGH = 0.3  # of a standard error
_FAR_ZERO = math.log(1e4)  # thresholds ten thousand times what they are at the data say nothing
_SMALLEST_LOG_SD = -7.0  # a standard deviation of 0.001 of a unit: zero for every purpose


@dataclass(frozen=True)
class ArrayFit:
    """A fitted model as arrays.

    Attributes
    ----------
    design : Design
        What it was fitted to, aliased columns removed.
    working : Working
        The same in fitting coordinates.
    link, threshold : str
        The options.
    nodes : int
        Quadrature nodes; 0 without random effects, 1 for Laplace.
    names : tuple of str, length p
        Thresholds, location, ``scale.*``, then ``log_sd.*`` of each random intercept.
    estimates : ndarray, shape (p,)
        In the units of the user.
    fitted : ndarray, shape (p,)
        In fitting coordinates: estimates = back @ fitted.
    back : ndarray, shape (p, p)
        The map between the two.
    hessian : ndarray, shape (p, p)
        Of the log-likelihood at the optimum, in fitting coordinates.
    log_likelihood : float
        At the optimum.
    objective : Objective
        The log-likelihood in fitting coordinates.
    random_sds : tuple of float
        One per grouping; 0 where the variance is at zero.
    active : tuple of int
        The groupings whose variance is above zero, by position.
    aliased : tuple of str
        Columns left out because others determine them.
    convergence : Convergence
        How the search ended.
    """

    design: Design
    working: Working
    link: str
    threshold: str
    nodes: int
    names: tuple[str, ...]
    estimates: Floats
    fitted: Floats
    back: Floats
    hessian: Floats
    log_likelihood: float
    objective: Objective
    random_sds: tuple[float, ...]
    active: tuple[int, ...]
    aliased: tuple[str, ...]
    convergence: Convergence


def _check_options(design: Design, link: str, threshold: str, nodes: int) -> None:
    if link not in LINKS:
        raise ModelError(f"Unknown link {link!r}. Allowed: {', '.join(LINKS)}.")
    if threshold not in THRESHOLDS:
        raise ModelError(f"Unknown threshold {threshold!r}. Allowed: {', '.join(THRESHOLDS)}.")
    if nodes < 1:
        raise ModelError(f"nodes must be at least 1 (Laplace); it is {nodes}.")
    if nodes > 1 and len(design.groups) > 1:
        raise ModelError(
            "Adaptive quadrature (nodes > 1) is for one random intercept; "
            f"there are {len(design.groups)}. Use nodes=1 (Laplace)."
        )
    for name, codes in zip(design.group_names, design.groups, strict=True):
        if codes.max() == 0:
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
    _check_options(design, link, threshold, nodes)
    design, aliased = drop_aliased(design)
    notes = list(notes)
    if aliased:
        message = f"Left out because other columns determine them: {', '.join(aliased)}."
        notes.append(Finding(ConvergenceCode.ALIASED_COLUMNS, message))
    working = prepare(design, threshold)
    code = LINKS.index(link)
    objective = FixedObjective(working.rows, code)
    start = start_fixed(working.rows, link, objective.size)
    # A mixed model only starts from here: near is near enough.
    tolerance = _ROUGH if design.groups else TOLERANCE
    search = _search_space(objective, working)
    fixed = maximise(search, start, max_iterations=max_iterations, tolerance=tolerance)
    if not design.groups:
        return _finish(design, working, link, threshold, 0, search, fixed, (), aliased, notes)
    return _fit_mixed(design, working, link, threshold, nodes, fixed, aliased, notes, max_iterations)


def _search_space(objective: Objective, working: Working) -> Objective:
    """Return the objective as the search sees it: with scale effects, centred on their columns."""
    if not working.n_zeta:
        return objective
    return StretchedObjective(objective, working.n_alpha + working.n_beta, working.rows.scale.mean(axis=0))


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


def _fit_mixed(
    design: Design,
    working: Working,
    link: str,
    threshold: str,
    nodes: int,
    fixed: Optimum,
    aliased: tuple[str, ...],
    notes: list[Finding],
    max_iterations: int,
) -> ArrayFit:
    """Fit with random effects; drop, and say so, those whose variance goes to zero."""
    for name, codes in zip(design.group_names, design.groups, strict=True):
        if int(codes.max()) + 1 == codes.shape[0]:
            message = (
                f"Every group of {name!r} has one observation: its variance is identified by the "
                "shape of the link alone. Read it with distrust."
            )
            notes.append(Finding(ConvergenceCode.ONE_OBSERVATION_PER_GROUP, message))
    active = list(range(len(design.groups)))
    n_location = working.n_alpha + working.n_beta
    while active:
        objective = build_objective(design, working, LINKS.index(link), nodes, active)
        search = _search_space(objective, working)
        start = start_variance(search, fixed.parameters, n_location, link, len(active))
        floors = np.full(objective.size, -np.inf)
        floors[-len(active) :] = _SMALLEST_LOG_SD
        optimum = maximise(
            search,
            start,
            max_iterations=max_iterations,
            floors=floors,
            keep_hessian=isinstance(objective, CrossedObjective),
        )
        log_sds = optimum.parameters[-len(active) :]
        gone = [k for k, s in zip(active, log_sds, strict=True) if s <= _SMALLEST_LOG_SD]
        if not gone:
            if isinstance(objective, InterceptObjective) and nodes == 1:
                optimum, doubts = _check_laplace(
                    design,
                    working,
                    objective,
                    search,
                    optimum,
                    fixed.parameters,
                    link,
                    floors,
                    max_iterations,
                )
                notes += doubts
                log_sds = optimum.parameters[-len(active) :]
            notes += _note_large(design, active, log_sds, link)
            return _finish(
                design, working, link, threshold, nodes, search, optimum, tuple(active),
                aliased, notes,
            )  # fmt: skip
        for k in gone:
            message = (
                f"The variance of {design.group_names[k]!r} is estimated at zero: its groups "
                "differ no more than chance would have them. The estimates are those without it."
            )
            notes.append(Finding(ConvergenceCode.VARIANCE_AT_ZERO, message))
        active = [k for k in active if k not in gone]
    bare = _search_space(FixedObjective(working.rows, LINKS.index(link)), working)
    fixed = maximise(bare, fixed.parameters, max_iterations=max_iterations)
    return _finish(design, working, link, threshold, nodes, bare, fixed, (), aliased, notes)


def _check_laplace(
    design: Design,
    working: Working,
    objective: InterceptObjective,
    search: Objective,
    optimum: Optimum,
    fixed: Floats,
    link: str,
    floors: Floats,
    max_iterations: int,
) -> tuple[Optimum, list[Finding]]:
    """Return the Laplace optimum to report, and the doubt that quadrature casts on it."""
    check = check_laplace(
        search,
        lambda count: _search_space(objective.with_nodes(count), working),
        optimum,
        lambda judge: start_variance(judge, fixed, working.n_alpha + working.n_beta, link, 1),
        floors=floors,
        max_iterations=max_iterations,
    )
    rows = objective.rows.y.shape[0] / (objective.starts.shape[0] - 1)
    return check.optimum, check.describe(design.group_names[0], rows, len(design.groups) == 1)


def _note_large(design: Design, active: Sequence[int], log_sds: Floats, link: str) -> list[Finding]:
    """Return a doubt for each grouping that all but determines the outcome."""
    unit = LATENT_VARIANCE[link]
    limit = _LARGEST_SD * (1.0 if math.isnan(unit) else math.sqrt(unit))
    return [
        Finding(
            ConvergenceCode.SEPARATED,
            f"Groups of {design.group_names[k]!r} all but determine the outcome: their standard "
            f"deviation runs off ({math.exp(s):.0f}). The approximation is not to be trusted.",
        )
        for k, s in zip(active, log_sds, strict=True)
        if math.exp(s) > limit
    ]


def _note_far_zero(
    design: Design, search: StretchedObjective, inner: Floats, working: Working
) -> list[Finding]:
    """Return a doubt where thresholds and location belong to a point far from the data."""
    shift = float(search.means @ inner[working.n_alpha + working.n_beta :][: working.n_zeta])
    if abs(shift) < _FAR_ZERO:
        return []
    return [
        Finding(
            ConvergenceCode.NEARLY_UNIDENTIFIABLE,
            f"Zero lies far from the values of the scale terms ({', '.join(design.scale_names)}): "
            "thresholds, location coefficients and random effects are given where those terms are "
            f"zero, and are {math.exp(min(abs(shift), 600.0)):.3g} times "
            f"{'larger' if shift > 0 else 'smaller'} than at their mean. Centre the scale terms.",
        )
    ]


def _finish(
    design: Design,
    working: Working,
    link: str,
    threshold: str,
    nodes: int,
    objective: Objective,
    optimum: Optimum,
    active: tuple[int, ...],
    aliased: tuple[str, ...],
    notes: Sequence[Finding],
) -> ArrayFit:
    """Assemble the result in the user's units."""
    notes = list(notes)
    searched = optimum
    if isinstance(objective, StretchedObjective):
        inner = objective.to_inner(optimum.parameters)
        notes += _note_far_zero(design, objective, inner, working)
        objective = objective.inner
        optimum = replace(optimum, parameters=inner, evaluation=objective.evaluate(inner))
    size = objective.size
    back = np.eye(size)
    p = working.back.shape[0]
    back[:p, :p] = working.back
    names = (*working.names, *(f"log_sd.{design.group_names[k]}" for k in active))
    sds = [0.0] * len(design.groups)
    for position, k in enumerate(active):
        sds[k] = math.exp(optimum.parameters[p + position])
    return ArrayFit(
        design=design,
        working=working,
        link=link,
        threshold=threshold,
        nodes=nodes,
        names=names,
        estimates=back @ optimum.parameters,
        fitted=optimum.parameters,
        back=back,
        hessian=optimum.evaluation.hessian,
        log_likelihood=optimum.evaluation.log_likelihood,
        objective=objective,
        random_sds=tuple(sds),
        active=active,
        aliased=aliased,
        convergence=assess(searched, back, names, notes, working.n_alpha, optimum.evaluation.hessian),
    )
