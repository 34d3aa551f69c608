r"""Kernel: one random intercept, integrated out group by group.

For a group with rows i the integrand is :math:`e^{h(r)}`,

.. math:: h(\phi, r) = \sum_i w_i \ell_i(r) - \tfrac12 r^2 e^{-2\tau} - \tau

with r on the scale of the linear predictor, :math:`\phi` = (alpha, beta, zeta, tau) and tau the
log standard deviation. With :math:`\hat r` its mode, :math:`D = -h_{rr}(\hat r)`,
:math:`\kappa = D^{-1/2}` and Gauss-Hermite nodes :math:`\xi_q` for the weight
:math:`e^{-\xi^2/2}`, the group adds

.. math:: M = \log \sum_q \omega_q e^{h(\hat r + \kappa \xi_q)} + \log \kappa .

One node is the Laplace approximation. Gradient and Hessian are exact derivatives of M, those
of the mode and of D included, by implicit differentiation of :math:`h_r(\phi, \hat r) = 0`.

References
----------
Pinheiro, J. C. & Bates, D. M. (1995). Approximations to the log-likelihood function in the
nonlinear mixed-effects model. JCGS 4, 12-35.
Tutz, G. & Hennevogl, W. (1996). Random effects in ordinal regression models. CSDA 22, 537-557.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.compile import compiled
from ofsight.ordinal.kernel_rows import (
    Rows,
    add_outer_row,
    add_row,
    chain_row,
    place_row,
    row_gradient,
)
from ofsight.ordinal.links import HIGHEST, INTERIOR, LOWEST, cell_derivatives, cell_shift, cell_value

__all__ = ["evaluate_groups"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class _Space(NamedTuple):
    """Working arrays of one call: p fixed parameters, p + 1 with tau, Q nodes, n rows a group.

    kinds (n,), places (n, 4): each row's u, v, A and weight. tables (n, 18): its G_k at the
    mode. b, work (3, p). vectors (4, p + 1): h_phi, h_r,phi, h_rr,phi, h_rrr,phi at the mode;
    sums (5,): h and its four derivatives in r there. turns (3, p + 1): gradients of the mode,
    of D and of kappa. nodes, posterior (Q,); firsts, mixed (Q, p + 1): h_phi, h_r,phi at the
    nodes; slopes (Q, 2): h_r, h_rr there.
    """

    kinds: Ints
    places: Floats
    tables: Floats
    b: Floats
    work: Floats
    vectors: Floats
    sums: Floats
    turns: Floats
    score: Floats
    nodes: Floats
    posterior: Floats
    firsts: Floats
    mixed: Floats
    slopes: Floats


@compiled
def _slope(link: int, n: int, kinds: Ints, places: Floats, r: float, omega: float) -> tuple[float, float]:
    """Return h_r and -h_rr at r for the n rows of a group."""
    slope = -r * omega
    curve = omega
    for i in range(n):
        a = places[i, 2]
        w = places[i, 3]
        d1, d2 = cell_shift(link, kinds[i], a * (places[i, 0] - r), a * (places[i, 1] - r))
        slope -= w * a * d1
        curve -= w * a * a * d2
    return slope, curve


@compiled
def _find_mode(link: int, n: int, kinds: Ints, places: Floats, start: float, omega: float) -> float:
    """Return the conditional mode of a group.

    Newton's method kept inside a bracket that the sign of the slope narrows; where the
    curvature has the wrong sign (the Cauchy link) it bisects or walks uphill.
    """
    r = start
    low = -math.inf
    high = math.inf
    for _ in range(200):
        slope, curve = _slope(link, n, kinds, places, r, omega)
        if slope > 0.0:
            low = r
        else:
            high = r
        # Without a curvature to trust, the prior's is a safe one.
        step = slope / curve if curve > 0.1 * omega else slope / omega
        limit = 8.0 / math.sqrt(max(curve, omega))
        step = min(max(step, -limit), limit)
        target = r + step
        if not low < target < high:
            if step == 0.0 or r + 0.5 * step == r:
                break
            target = 0.5 * (max(low, r - limit) + min(high, r + limit))
        moved = abs(target - r) * math.sqrt(max(curve, omega))
        r = target
        if moved < 1e-8:  # quadratic convergence: the error left is its square
            break
    return r


@compiled
def _edges(places: Floats, i: int, r: float, kind: int) -> tuple[float, float]:
    """Return the two edges of row i at random effect r; zero for an edge at infinity."""
    a = places[i, 2]
    hi = 0.0 if kind == HIGHEST else a * (places[i, 0] - r)
    lo = 0.0 if kind == LOWEST else a * (places[i, 1] - r)
    return hi, lo


@compiled
def _log_integrand(
    link: int, n: int, kinds: Ints, places: Floats, r: float, tau: float, omega: float
) -> float:
    """Return h at r."""
    total = -0.5 * r * r * omega - tau
    for i in range(n):
        hi, lo = _edges(places, i, r, kinds[i])
        total += places[i, 3] * cell_value(link, kinds[i], hi, lo)
    return total


@compiled
def _allocate(n: int, size: int, n_nodes: int) -> _Space:
    """Return the working arrays."""
    return _Space(
        np.zeros(n, dtype=np.int64),
        np.ones((n, 4)),
        np.zeros((n, 18)),
        np.zeros((3, size - 1)),
        np.zeros((3, size - 1)),
        np.zeros((4, size)),
        np.zeros(5),
        np.zeros((3, size)),
        np.zeros(size),
        np.zeros(n_nodes),
        np.ones(n_nodes),
        np.zeros((n_nodes, size)),
        np.zeros((n_nodes, size)),
        np.zeros((n_nodes, 2)),
    )


@compiled
def _expand_at_mode(
    link: int, first: int, n: int, rows: Rows, r: float, tau: float, n_alpha: int, space: _Space
) -> None:
    """Sum over a group's rows, at its mode, all that the derivatives of M need."""
    h = np.zeros(10)
    b = space.b
    vectors = space.vectors
    sums = space.sums
    p = b.shape[1]
    omega = math.exp(-2.0 * tau)
    vectors[:, :] = 0.0
    sums[:] = 0.0
    for i in range(n):
        w = space.places[i, 3]
        a = space.places[i, 2]
        hi, lo = _edges(space.places, i, r, space.kinds[i])
        g = space.tables[i]
        cell_derivatives(link, space.kinds[i], hi, lo, g)
        row_gradient(first + i, rows, n_alpha, b)
        sign = w
        for k in range(3):
            chain_row(g, a, hi, lo, k, h)
            sums[k] += sign * h[0]
            add_row(h, sign, b, vectors[k])
            sign = -sign
        # D^3 L and its gradient come from the second derivatives of D^2 L.
        cube = a * a * a
        h30 = g[13] + g[14]
        h31 = g[15] + g[16]
        h32 = g[16] + g[17]
        h[1] = cube * a * h31
        h[2] = cube * a * h32
        h[3] = cube * (3.0 * h30 + hi * h31 + lo * h32)
        add_row(h, -w, b, vectors[3])
        sums[3] -= w * cube * h30
        sums[4] += w * cube * a * (h31 + h32)
    sums[0] += -0.5 * r * r * omega - tau
    sums[1] -= r * omega
    sums[2] -= omega
    vectors[0, p] = r * r * omega - 1.0
    vectors[1, p] = 2.0 * r * omega
    vectors[2, p] = 2.0 * omega


@compiled
def _expand_at_nodes(
    link: int, first: int, n: int, rows: Rows, tau: float, n_alpha: int, space: _Space
) -> None:
    """Sum h_phi, h_r,phi, h_r and h_rr at every node."""
    p = space.b.shape[1]
    omega = math.exp(-2.0 * tau)
    h = np.zeros(10)
    g = np.zeros(18)
    space.firsts[:, :] = 0.0
    space.mixed[:, :] = 0.0
    for q in range(space.nodes.shape[0]):
        r = space.nodes[q]
        space.slopes[q, 0] = -r * omega
        space.slopes[q, 1] = -omega
        space.firsts[q, p] = r * r * omega - 1.0
        space.mixed[q, p] = 2.0 * r * omega
    for i in range(n):
        w = space.places[i, 3]
        a = space.places[i, 2]
        row_gradient(first + i, rows, n_alpha, space.b)
        for q in range(space.nodes.shape[0]):
            hi, lo = _edges(space.places, i, space.nodes[q], space.kinds[i])
            cell_derivatives(link, space.kinds[i], hi, lo, g)
            chain_row(g, a, hi, lo, 0, h)
            add_row(h, w, space.b, space.firsts[q])
            chain_row(g, a, hi, lo, 1, h)
            add_row(h, -w, space.b, space.mixed[q])
            space.slopes[q, 0] -= w * a * g[6]
            space.slopes[q, 1] += w * a * a * g[12]


@compiled
def _add_curvature(
    link: int,
    first: int,
    n: int,
    rows: Rows,
    r: float,
    n_alpha: int,
    space: _Space,
    c1: float,
    c2: float,
    hessian: Floats,
) -> None:
    """Add the rows' second derivatives, weighted by how M depends on each.

    Weight one, spread over the nodes, on l_phi,phi; c1 on l_r,phi,phi and c2 on
    l_rr,phi,phi at the mode.
    """
    h = np.zeros(10)
    w = np.zeros(6)
    g = np.zeros(18)
    n_nodes = space.nodes.shape[0]
    for i in range(n):
        a = space.places[i, 2]
        kind = space.kinds[i]
        hi, lo = _edges(space.places, i, r, kind)
        chain_row(space.tables[i], a, hi, lo, 1, h)
        for j in range(6):
            w[j] = -c1 * h[4 + j]
        chain_row(space.tables[i], a, hi, lo, 2, h)
        for j in range(6):
            w[j] += c2 * h[4 + j]
        for q in range(n_nodes):
            if n_nodes == 1:
                chain_row(space.tables[i], a, hi, lo, 0, h)
            else:
                hi, lo = _edges(space.places, i, space.nodes[q], kind)
                cell_derivatives(link, kind, hi, lo, g)
                chain_row(g, a, hi, lo, 0, h)
            for j in range(6):
                w[j] += space.posterior[q] * h[4 + j]
        for j in range(6):
            w[j] *= space.places[i, 3]
        row_gradient(first + i, rows, n_alpha, space.b)
        add_outer_row(w, space.b, space.work, hessian)


@compiled
def _add_nodes(xi: Floats, order: int, space: _Space, hessian: Floats) -> tuple[float, float]:
    """Add the gradient and the outer products of adaptive quadrature with several nodes.

    Returns the posterior means of h_r and of xi h_r: the weights on the second derivatives of
    mode and kappa.
    """
    size = space.score.shape[0]
    n_nodes = xi.shape[0]
    moves = np.zeros((n_nodes, size))
    mean = np.zeros(size)
    firsts = space.firsts
    mixed = space.mixed
    e1 = 0.0
    e2 = 0.0
    for q in range(n_nodes):
        slope = space.slopes[q, 0]
        e1 += space.posterior[q] * slope
        e2 += space.posterior[q] * xi[q] * slope
        for c in range(size):
            moves[q, c] = space.turns[0, c] + xi[q] * space.turns[2, c]
            firsts[q, c] += slope * moves[q, c]
            mean[c] += space.posterior[q] * firsts[q, c]
    for c in range(size):
        space.score[c] += mean[c]
    if order > 1:
        for r in range(size):
            for c in range(r + 1):
                value = -mean[r] * mean[c]
                for q in range(n_nodes):
                    value += space.posterior[q] * (
                        firsts[q, r] * firsts[q, c]
                        + mixed[q, r] * moves[q, c]
                        + moves[q, r] * mixed[q, c]
                        + space.slopes[q, 1] * moves[q, r] * moves[q, c]
                    )
                hessian[r, c] += value
    return e1, e2


@compiled
def _add_mode_terms(
    space: _Space,
    curve: float,
    r: float,
    omega: float,
    weight_mode: float,
    weight_curve: float,
    weight_bend: float,
    hessian: Floats,
) -> None:
    """Add the group's outer products from the second derivatives of mode and curvature.

    ``weight_mode`` multiplies the second derivative of the mode (inside that of D too),
    ``weight_curve`` that of D, ``weight_bend`` the square of D's gradient.
    """
    size = space.score.shape[0]
    vectors = space.vectors
    cm = weight_mode / curve
    square = 0.5 * (cm * space.sums[3] - weight_curve * space.sums[4])
    if space.nodes.shape[0] == 1:
        square += 0.5 * curve
    for i in range(size):
        turn = space.turns[0, i]
        bend = weight_bend * space.turns[1, i]
        left = square * turn + cm * vectors[2, i] - weight_curve * vectors[3, i]
        for j in range(i + 1):
            right = square * space.turns[0, j] + cm * vectors[2, j] - weight_curve * vectors[3, j]
            hessian[i, j] += left * space.turns[0, j] + turn * right + bend * space.turns[1, j]
    t = size - 1
    hessian[t, t] += 4.0 * omega * (weight_curve - r * cm)
    for q in range(space.nodes.shape[0]):
        hessian[t, t] -= 2.0 * space.posterior[q] * space.nodes[q] ** 2 * omega


@compiled
def _log_mean(
    link: int, n: int, r: float, kappa: float, tau: float, xi: Floats, log_omega: Floats, space: _Space
) -> float:
    """Return the log of the quadrature sum; set nodes and their posterior weights."""
    omega = math.exp(-2.0 * tau)
    n_nodes = xi.shape[0]
    top = -math.inf
    for q in range(n_nodes):
        space.nodes[q] = r + kappa * xi[q]
        space.posterior[q] = log_omega[q] + _log_integrand(
            link, n, space.kinds, space.places, space.nodes[q], tau, omega
        )
        top = max(top, space.posterior[q])
    if not top > -math.inf:
        return -math.inf
    mass = 0.0
    for q in range(n_nodes):
        space.posterior[q] = math.exp(space.posterior[q] - top)
        mass += space.posterior[q]
    for q in range(n_nodes):
        space.posterior[q] /= mass
    return top + math.log(mass)


@compiled
def _place_group(first: int, n: int, rows: Rows, theta: Floats, params: Floats, space: _Space) -> bool:
    """Fill the places of a group's rows; say whether every cell has edges in order."""
    n_alpha = rows.basis.shape[1] * max(1, rows.nominal.shape[1])
    for i in range(n):
        kind = place_row(first + i, rows, theta, params, n_alpha, space.places[i])
        space.kinds[i] = kind
        space.places[i, 3] = 1.0 if rows.weights.shape[0] == 0 else rows.weights[first + i]
        if kind == INTERIOR and not space.places[i, 0] > space.places[i, 1]:
            return False
    return True


@compiled
def _differentiate(
    link: int,
    first: int,
    n: int,
    rows: Rows,
    r: float,
    tau: float,
    curve: float,
    xi: Floats,
    order: int,
    space: _Space,
    hessian: Floats,
) -> None:
    """Set the group's score and add its Hessian, once mode, nodes and sums are there."""
    n_alpha = rows.basis.shape[1] * max(1, rows.nominal.shape[1])
    omega = math.exp(-2.0 * tau)
    kappa = 1.0 / math.sqrt(curve)
    h3 = space.sums[3]
    size = space.score.shape[0]
    for c in range(size):
        turn = space.vectors[1, c] / curve
        bend = -(space.vectors[2, c] + h3 * turn)
        space.turns[0, c] = turn
        space.turns[1, c] = bend
        space.turns[2, c] = -0.5 * bend * kappa / curve
        space.score[c] = -0.5 * bend / curve
    weight_curve = -0.5 / curve
    weight_bend = 0.5 / (curve * curve)
    weight_mode = 0.0
    if xi.shape[0] == 1:
        for c in range(size):
            space.score[c] += space.vectors[0, c]
    else:
        _expand_at_nodes(link, first, n, rows, tau, n_alpha, space)
        weight_mode, e2 = _add_nodes(xi, order, space, hessian)
        weight_curve -= 0.5 * e2 * kappa / curve
        weight_bend += 0.75 * e2 * kappa / (curve * curve)
    weight_mode -= weight_curve * h3
    if order > 1:
        _add_mode_terms(space, curve, r, omega, weight_mode, weight_curve, weight_bend, hessian)
        _add_curvature(link, first, n, rows, r, n_alpha, space, weight_mode / curve, -weight_curve, hessian)


@compiled
def evaluate_groups(
    first_group: int,
    last_group: int,
    starts: Ints,
    rows: Rows,
    params: Floats,
    theta: Floats,
    link: int,
    order: int,
    xi: Floats,
    log_omega: Floats,
    modes: Floats,
    gradient: Floats,
    hessian: Floats,
    scores: Floats,
) -> float:
    """Return the log-likelihood of groups first..last-1; add gradient and lower Hessian.

    Rows are sorted by group; group g holds rows starts[g]..starts[g + 1] - 1. ``params`` ends
    with tau. ``modes`` (n_groups, 2) holds each group's mode, where the search starts and
    what it finds, and kappa. ``scores`` (n_groups, p + 1) is filled when it has rows.
    """
    tau = params[-1]
    omega = math.exp(-2.0 * tau)
    longest = 0
    for group in range(first_group, last_group):
        longest = max(longest, starts[group + 1] - starts[group])
    space = _allocate(longest, params.shape[0], xi.shape[0])
    n_alpha = rows.basis.shape[1] * max(1, rows.nominal.shape[1])
    total = 0.0
    for group in range(first_group, last_group):
        first = starts[group]
        n = starts[group + 1] - first
        if not _place_group(first, n, rows, theta, params, space):
            return -math.inf
        r = _find_mode(link, n, space.kinds, space.places, modes[group, 0], omega)
        if order > 0:
            _expand_at_mode(link, first, n, rows, r, tau, n_alpha, space)
            curve = -space.sums[2]
        else:
            _, curve = _slope(link, n, space.kinds, space.places, r, omega)
        if not curve > 0.0 or not abs(r) < math.inf:
            return -math.inf
        kappa = 1.0 / math.sqrt(curve)
        modes[group, 0] = r
        modes[group, 1] = kappa
        space.nodes[0] = r
        if xi.shape[0] > 1:
            value = _log_mean(link, n, r, kappa, tau, xi, log_omega, space)
        elif order > 0:
            value = space.sums[0]
        else:
            value = _log_integrand(link, n, space.kinds, space.places, r, tau, omega)
        value += math.log(kappa)
        if not abs(value) < math.inf:
            return -math.inf
        total += value
        if order > 0:
            _differentiate(link, first, n, rows, r, tau, curve, xi, order, space, hessian)
            for c in range(params.shape[0]):
                gradient[c] += space.score[c]
                if scores.shape[0] > 0:
                    scores[group, c] = space.score[c]
    return total
