r"""Kernel: several random intercepts, nested or crossed, by the sparse Laplace approximation.

With r the vector of all random effects, :math:`\Omega` their prior precisions
:math:`e^{-2\tau_k}` and Z the indicator matrix of rows by effects,

.. math:: h(\phi, r) = \sum_i w_i \ell_i(z_i'r) - \tfrac12 r'\Omega r - \sum_k n_k \tau_k,
   \qquad M = h(\hat r) - \tfrac12 \log\det H, \quad H = \Omega - Z' \ell_{rr} Z .

The gradient is exact: with leverages :math:`v_i = z_i'H^{-1}z_i` and
:math:`\lambda = H^{-1} Z'(v\,\ell_{rrr})`, row i adds
:math:`\ell_\phi + \tfrac12 v_i \ell_{rr\phi} + \tfrac12 (z_i'\lambda) \ell_{r\phi}`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.compile import compiled, leaf
from ofsight.ordinal.kernel_rows import Rows, add_row, chain_row, place_row, row_gradient
from ofsight.ordinal.kernel_sparse import factor, invert_selected, solve
from ofsight.ordinal.links import HIGHEST, INTERIOR, LOWEST, cell_derivatives, cell_shift, cell_value
from ofsight.ordinal.links_normal import IMPOSSIBLE

__all__ = ["Pattern", "evaluate_crossed"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Pattern(NamedTuple):
    """Which rows touch which effects, and where that lands in H and in its factor.

    Attributes
    ----------
    effects : ndarray of int64, shape (n, R)
        The R effects of each row, as positions in the elimination order.
    kind : ndarray of int64, shape (q,)
        The grouping of each effect.
    starts, lines : ndarray of int64
        Upper triangle of H by columns.
    parent, l_starts : ndarray of int64
        Elimination tree and columns of the factor.
    pairs : ndarray of int64, shape (n, R (R + 1) / 2)
        Where each pair of a row's effects lies in H.
    l_pairs : ndarray of int64, shape (n, R (R - 1) / 2)
        Where each pair of different effects lies in the factor.
    """

    effects: Ints
    kind: Ints
    starts: Ints
    lines: Ints
    parent: Ints
    l_starts: Ints
    pairs: Ints
    l_pairs: Ints


@leaf
def _place_all(rows: Rows, theta: Floats, params: Floats, kinds: Ints, places: Floats) -> bool:
    """Fill every row's kind and (u, v, A, weight); False when cell edges cross."""
    n_alpha = rows.basis.shape[1] * max(1, rows.nominal.shape[1])
    for i in range(rows.y.shape[0]):
        kinds[i] = place_row(i, rows, theta, params, n_alpha, places, i)
        places[i, 3] = 1.0 if rows.weights.shape[0] == 0 else rows.weights[i]
        if kinds[i] == INTERIOR and not places[i, 0] > places[i, 1]:
            return False
    return True


@leaf
def _shift(pattern: Pattern, i: int, r: Floats) -> float:
    """Return the sum of row i's random effects."""
    total = 0.0
    for k in range(pattern.effects.shape[1]):
        total += r[pattern.effects[i, k]]
    return total


@leaf
def _log_joint(link: int, pattern: Pattern, kinds: Ints, places: Floats, r: Floats, taus: Floats) -> float:
    """Return h at r."""
    total = 0.0
    for j in range(r.shape[0]):
        tau = taus[pattern.kind[j]]
        total -= 0.5 * r[j] * r[j] * math.exp(-2.0 * tau) + tau
    for i in range(kinds.shape[0]):
        s = _shift(pattern, i, r)
        a = places[i, 2]
        total += places[i, 3] * cell_value(link, kinds[i], a * (places[i, 0] - s), a * (places[i, 1] - s))
    return total


@leaf
def _assemble(
    link: int,
    pattern: Pattern,
    kinds: Ints,
    places: Floats,
    r: Floats,
    taus: Floats,
    convex: bool,
    slope: Floats,
    values: Floats,
) -> None:
    """Fill the gradient of h in r and H; ``convex`` leaves out rows of the wrong curvature."""
    for j in range(values.shape[0]):
        values[j] = 0.0
    for j in range(r.shape[0]):
        omega = math.exp(-2.0 * taus[pattern.kind[j]])
        slope[j] = -omega * r[j]
        values[pattern.starts[j + 1] - 1] = omega  # the diagonal is last in its column
    n_effects = pattern.effects.shape[1]
    for i in range(kinds.shape[0]):
        s = _shift(pattern, i, r)
        a = places[i, 2]
        d1, d2 = cell_shift(link, kinds[i], a * (places[i, 0] - s), a * (places[i, 1] - s))
        curve = -places[i, 3] * a * a * d2
        if convex:
            curve = max(curve, 0.0)
        for k in range(n_effects):
            slope[pattern.effects[i, k]] -= places[i, 3] * a * d1
        for t in range(pattern.pairs.shape[1]):
            values[pattern.pairs[i, t]] += curve


@compiled
def _find_modes(
    link: int,
    pattern: Pattern,
    kinds: Ints,
    places: Floats,
    taus: Floats,
    r: Floats,
    slope: Floats,
    values: Floats,
    l_index: Ints,
    l_values: Floats,
    pivots: Floats,
) -> float:
    """Move r to the mode, leave H factored there, return h; -inf when it fails."""
    trial = r.copy()
    here = _log_joint(link, pattern, kinds, places, r, taus)
    if not here > -math.inf:
        r[:] = 0.0
        here = _log_joint(link, pattern, kinds, places, r, taus)
    if not here > IMPOSSIBLE:
        return -math.inf
    for _ in range(200):
        definite = False
        for convex in (False, True):  # rows of the wrong curvature (cauchit) only if they must go
            if not definite:
                _assemble(link, pattern, kinds, places, r, taus, convex, slope, values)
                definite = factor(
                    pattern.starts, pattern.lines, values, pattern.parent, pattern.l_starts,
                    l_index, l_values, pivots,
                )  # fmt: skip
        if not definite:
            return -math.inf
        solve(pattern.l_starts, l_index, l_values, pivots, slope)
        moved = 0.0
        for j in range(r.shape[0]):
            unit = math.sqrt(values[pattern.starts[j + 1] - 1])
            moved = max(moved, abs(slope[j]) * unit)
        fraction = 1.0
        for _ in range(40):
            for j in range(r.shape[0]):
                trial[j] = r[j] + fraction * slope[j]
            there = _log_joint(link, pattern, kinds, places, trial, taus)
            if there >= here - 1e-12 * (1.0 + abs(here)):
                break
            fraction *= 0.5
        r[:] = trial
        here = there
        if moved < 1e-8:
            break
    _assemble(link, pattern, kinds, places, r, taus, False, slope, values)
    if not factor(
        pattern.starts, pattern.lines, values, pattern.parent, pattern.l_starts, l_index,
        l_values, pivots,
    ):  # fmt: skip
        return -math.inf
    return here


@compiled
def _add_rows(
    link: int,
    rows: Rows,
    pattern: Pattern,
    kinds: Ints,
    places: Floats,
    r: Floats,
    leverage: Floats,
    weights: Floats,
    stage: int,
    into: Floats,
    gradient: Floats,
    scores: Floats,
) -> None:
    """Pass over the rows. Stage 0: add v l_rrr to effects. Stage 1: add the rows' gradients.

    ``leverage`` (n,) holds v; ``weights`` (q,) lambda in stage 1.
    """
    n_alpha = rows.basis.shape[1] * max(1, rows.nominal.shape[1])
    p = gradient.shape[0]
    b = np.zeros((3, p))
    where = np.zeros(p, dtype=np.int64)
    g = np.zeros(18)
    h = np.zeros(10)
    score = np.zeros((1, p))
    for i in range(kinds.shape[0]):
        s = _shift(pattern, i, r)
        a = places[i, 2]
        w = places[i, 3]
        hi = 0.0 if kinds[i] == HIGHEST else a * (places[i, 0] - s)
        lo = 0.0 if kinds[i] == LOWEST else a * (places[i, 1] - s)
        cell_derivatives(link, kinds[i], hi, lo, g)
        if stage == 0:
            third = -w * (a * a * a) * (g[13] + g[14]) * leverage[i]
            for k in range(pattern.effects.shape[1]):
                into[pattern.effects[i, k]] += third
            continue
        count = row_gradient(i, rows, n_alpha, b, where)
        score[0, :] = 0.0
        chain_row(g, a, hi, lo, 0, h)
        add_row(h, w, b, where, count, score, 0)
        chain_row(g, a, hi, lo, 1, h)
        add_row(h, -0.5 * w * _shift(pattern, i, weights), b, where, count, score, 0)
        chain_row(g, a, hi, lo, 2, h)
        add_row(h, 0.5 * w * leverage[i], b, where, count, score, 0)
        for c in range(p):
            gradient[c] += score[0, c]
            if scores.shape[0] > 0:
                scores[i, c] = score[0, c]


@compiled
def evaluate_crossed(
    rows: Rows,
    pattern: Pattern,
    params: Floats,
    theta: Floats,
    link: int,
    order: int,
    r: Floats,
    errors: Floats,
    gradient: Floats,
    scores: Floats,
    level_scores: Floats,
) -> float:
    """Return the log-likelihood; fill the gradient when ``order`` is 1.

    ``params`` ends with one tau per grouping. ``r`` (q,) holds the modes, where the search
    starts and what it finds; ``errors`` (q,) their standard errors when ``order`` is 1.
    ``scores`` (n, p) and ``level_scores`` (q,) split the gradient by row and, for tau, by
    effect.
    """
    n = rows.y.shape[0]
    q = r.shape[0]
    n_effects = pattern.effects.shape[1]
    p = params.shape[0] - n_effects
    taus = params[p:].copy()
    kinds = np.zeros(n, dtype=np.int64)
    places = np.ones((n, 4))
    if not _place_all(rows, theta, params, kinds, places):
        return -math.inf
    slope = np.zeros(q)
    values = np.zeros(pattern.lines.shape[0])
    l_index = np.zeros(pattern.l_starts[q], dtype=np.int64)
    l_values = np.zeros(pattern.l_starts[q])
    pivots = np.ones(q)
    total = _find_modes(link, pattern, kinds, places, taus, r, slope, values, l_index, l_values, pivots)
    if not total > IMPOSSIBLE:
        return -math.inf
    for j in range(q):
        total -= 0.5 * math.log(pivots[j])
    if order == 0:
        return total
    off = np.zeros(l_values.shape[0])
    diagonal = np.zeros(q)
    invert_selected(pattern.l_starts, l_index, l_values, pivots, off, diagonal)
    leverage = np.zeros(n)
    for i in range(n):
        for k in range(n_effects):
            leverage[i] += diagonal[pattern.effects[i, k]]
        for t in range(pattern.l_pairs.shape[1]):
            leverage[i] += 2.0 * off[pattern.l_pairs[i, t]]
    weights = np.zeros(q)
    fixed = np.zeros(p)
    _add_rows(link, rows, pattern, kinds, places, r, leverage, weights, 0, weights, fixed, scores)
    solve(pattern.l_starts, l_index, l_values, pivots, weights)
    _add_rows(link, rows, pattern, kinds, places, r, leverage, weights, 1, weights, fixed, scores)
    gradient[:p] = fixed
    for j in range(q):
        omega = math.exp(-2.0 * taus[pattern.kind[j]])
        level = omega * (r[j] * r[j] + diagonal[j] + weights[j] * r[j]) - 1.0
        gradient[p + pattern.kind[j]] += level
        errors[j] = math.sqrt(diagonal[j])
        if level_scores.shape[0] > 0:
            level_scores[j] = level
    return total
