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

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.compile import compiled, leaf
from ofsight.ordinal.kernel_group import (
    Space,
    allocate,
    edges,
    find_mode,
    log_integrand,
    log_mean,
    place_group,
    slope,
)
from ofsight.ordinal.kernel_rows import (
    Rows,
    add_outer_row,
    add_row,
    chain_row,
    row_gradient,
)
from ofsight.ordinal.links import cell_derivatives
from ofsight.ordinal.links_normal import IMPOSSIBLE

__all__ = ["evaluate_groups"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@leaf
def _expand_at_mode(
    link: int, first: int, n: int, rows: Rows, r: float, tau: float, n_alpha: int, space: Space
) -> None:
    """Sum over a group's rows, at its mode, all that the derivatives of M need."""
    h = space.h
    g = space.g
    b = space.b
    where = space.where
    vectors = space.vectors
    sums = space.sums
    p = b.shape[1]
    omega = math.exp(-2.0 * tau)
    for c in range(p + 1):
        for k in range(4):
            vectors[k, c] = 0.0
    for k in range(5):
        sums[k] = 0.0
    for i in range(n):
        w = space.places[i, 3]
        a = space.places[i, 2]
        hi, lo = edges(space.places, i, r, space.kinds[i])
        cell_derivatives(link, space.kinds[i], hi, lo, g)
        for j in range(18):
            space.tables[i, j] = g[j]
        count = row_gradient(first + i, rows, n_alpha, b, where)
        sign = w
        for k in range(3):
            chain_row(g, a, hi, lo, k, h)
            sums[k] += sign * h[0]
            add_row(h, sign, b, where, count, vectors, k)
            sign = -sign
        # D^3 L and its gradient come from the second derivatives of D^2 L.
        cube = a * a * a
        h30 = g[13] + g[14]
        h31 = g[15] + g[16]
        h32 = g[16] + g[17]
        h[1] = cube * a * h31
        h[2] = cube * a * h32
        h[3] = cube * (3.0 * h30 + hi * h31 + lo * h32)
        add_row(h, -w, b, where, count, vectors, 3)
        sums[3] -= w * cube * h30
        sums[4] += w * cube * a * (h31 + h32)
    sums[0] += -0.5 * r * r * omega - tau
    sums[1] -= r * omega
    sums[2] -= omega
    vectors[0, p] = r * r * omega - 1.0
    vectors[1, p] = 2.0 * r * omega
    vectors[2, p] = 2.0 * omega


@leaf
def _expand_at_nodes(
    link: int, first: int, n: int, rows: Rows, tau: float, n_alpha: int, space: Space
) -> None:
    """Sum h_phi, h_r,phi, h_r and h_rr at every node."""
    p = space.b.shape[1]
    omega = math.exp(-2.0 * tau)
    h = space.h
    g = space.g
    for q in range(space.nodes.shape[0]):
        for c in range(p):
            space.firsts[q, c] = 0.0
            space.mixed[q, c] = 0.0
        r = space.nodes[q]
        space.slopes[q, 0] = -r * omega
        space.slopes[q, 1] = -omega
        space.firsts[q, p] = r * r * omega - 1.0
        space.mixed[q, p] = 2.0 * r * omega
    for i in range(n):
        w = space.places[i, 3]
        a = space.places[i, 2]
        count = row_gradient(first + i, rows, n_alpha, space.b, space.where)
        for q in range(space.nodes.shape[0]):
            hi, lo = edges(space.places, i, space.nodes[q], space.kinds[i])
            cell_derivatives(link, space.kinds[i], hi, lo, g)
            chain_row(g, a, hi, lo, 0, h)
            add_row(h, w, space.b, space.where, count, space.firsts, q)
            chain_row(g, a, hi, lo, 1, h)
            add_row(h, -w, space.b, space.where, count, space.mixed, q)
            space.slopes[q, 0] -= w * a * g[6]
            space.slopes[q, 1] += w * a * a * g[12]


@leaf
def _add_curvature(
    link: int,
    first: int,
    n: int,
    rows: Rows,
    r: float,
    n_alpha: int,
    space: Space,
    c1: float,
    c2: float,
    hessian: Floats,
) -> None:
    """Add the rows' second derivatives, weighted by how M depends on each.

    Weight one, spread over the nodes, on l_phi,phi; c1 on l_r,phi,phi and c2 on
    l_rr,phi,phi at the mode.
    """
    h = space.h
    w = space.w
    g = space.g
    n_nodes = space.nodes.shape[0]
    for i in range(n):
        a = space.places[i, 2]
        kind = space.kinds[i]
        hi, lo = edges(space.places, i, r, kind)
        for j in range(18):
            g[j] = space.tables[i, j]
        chain_row(g, a, hi, lo, 1, h)
        for j in range(6):
            w[j] = -c1 * h[4 + j]
        chain_row(g, a, hi, lo, 2, h)
        for j in range(6):
            w[j] += c2 * h[4 + j]
        for q in range(n_nodes):
            if n_nodes == 1:
                chain_row(g, a, hi, lo, 0, h)
            else:
                hi, lo = edges(space.places, i, space.nodes[q], kind)
                cell_derivatives(link, kind, hi, lo, g)
                chain_row(g, a, hi, lo, 0, h)
            for j in range(6):
                w[j] += space.posterior[q] * h[4 + j]
        for j in range(6):
            w[j] *= space.places[i, 3]
        count = row_gradient(first + i, rows, n_alpha, space.b, space.where)
        add_outer_row(w, 0, space.b, space.where, count, hessian)


@leaf
def _add_nodes(xi: Floats, order: int, space: Space, hessian: Floats) -> tuple[float, float]:
    """Add the gradient and the outer products of adaptive quadrature with several nodes.

    Returns the posterior means of h_r and of xi h_r: the weights on the second derivatives of
    mode and kappa.
    """
    size = space.score.shape[0]
    n_nodes = xi.shape[0]
    moves = space.moves
    mean = space.mean
    for c in range(size):
        mean[c] = 0.0
    firsts, mixed = space.firsts, space.mixed
    e1 = 0.0
    e2 = 0.0
    for q in range(n_nodes):
        push = space.slopes[q, 0]
        e1 += space.posterior[q] * push
        e2 += space.posterior[q] * xi[q] * push
        for c in range(size):
            moves[q, c] = space.turns[0, c] + xi[q] * space.turns[2, c]
            firsts[q, c] += push * moves[q, c]
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


@leaf
def _add_mode_terms(
    space: Space,
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


@leaf
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
    space: Space,
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


@leaf
def _add_groups(
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
    space: Space,
) -> float:
    """Do the work of `evaluate_groups` in the arrays that it made."""
    tau = params[params.shape[0] - 1]
    omega = math.exp(-2.0 * tau)
    n_alpha = rows.basis.shape[1] * max(1, rows.nominal.shape[1])
    total = 0.0
    for group in range(first_group, last_group):
        first = starts[group]
        n = starts[group + 1] - first
        if not place_group(first, n, rows, theta, params, space):
            return -math.inf
        r = find_mode(link, n, space.kinds, space.places, modes[group, 0], omega)
        if order > 0:
            _expand_at_mode(link, first, n, rows, r, tau, n_alpha, space)
            curve = -space.sums[2]
        else:
            _, curve = slope(link, n, space.kinds, space.places, r, omega)
        if not curve > 0.0 or not abs(r) < math.inf:
            return -math.inf
        kappa = 1.0 / math.sqrt(curve)
        modes[group, 0] = r
        modes[group, 1] = kappa
        space.nodes[0] = r
        if xi.shape[0] > 1:
            value = log_mean(link, n, r, kappa, tau, xi, log_omega, space)
        elif order > 0:
            value = space.sums[0]
        else:
            value = log_integrand(link, n, space.kinds, space.places, r, tau, omega)
        value += math.log(kappa)
        if not value > IMPOSSIBLE or not value < math.inf:
            return -math.inf
        total += value
        if order > 0:
            _differentiate(link, first, n, rows, r, tau, curve, xi, order, space, hessian)
            for c in range(params.shape[0]):
                gradient[c] += space.score[c]
                if scores.shape[0] > 0:
                    scores[group, c] = space.score[c]
    return total


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
    longest = 0
    for group in range(first_group, last_group):
        longest = max(longest, starts[group + 1] - starts[group])
    space = allocate(longest, params.shape[0], xi.shape[0])
    return _add_groups(
        first_group, last_group, starts, rows, params, theta, link, order, xi, log_omega, modes,
        gradient, hessian, scores, space,
    )  # fmt: skip
