r"""Kernel: one row of a cumulative link model, and sums over independent rows.

A row with grade j has the cell edges

.. math:: \eta_1 = A (u - r), \qquad \eta_2 = A (v - r), \qquad A = e^t

with u, v the linear predictors of the two thresholds around the grade (threshold minus
location minus offset), t minus the log-scale, r the sum of the row's random effects. All of u,
v, t are linear in the parameters, with gradients b1, b2, b3 of length p.

Parameters are ordered alpha (nominal columns x threshold parameters), beta, zeta. The
derivatives of the row's log-likelihood of order k in r are :math:`(-1)^k H_k`,
:math:`H_k = A^k G_k(\eta_1, \eta_2)`, with G_k from ``links``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.compile import compiled, leaf
from ofsight.ordinal.links import HIGHEST, INTERIOR, LOWEST, cell_derivatives, cell_value
from ofsight.ordinal.links_normal import IMPOSSIBLE

__all__ = [
    "Rows",
    "add_outer_row",
    "add_row",
    "chain_row",
    "evaluate_rows",
    "place_row",
    "row_gradient",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Rows(NamedTuple):
    """The arrays of a model, as the kernels take them: C-contiguous, writable.

    Attributes
    ----------
    y : ndarray of int64, shape (n,)
        Grades 0..J-1.
    basis : ndarray, shape (J - 1, q)
        Thresholds as linear functions of threshold parameters.
    nominal : ndarray, shape (n, m)
        Nominal columns; without columns an intercept alone (m counts as 1).
    location, scale : ndarray, shapes (n, k), (n, s)
        Columns of the location and of the log-scale.
    weights, offset, scale_offset : ndarray, shape (n,) or (0,)
        Empty means one, zero, zero.
    """

    y: Ints
    basis: Floats
    nominal: Floats
    location: Floats
    scale: Floats
    weights: Floats
    offset: Floats
    scale_offset: Floats


@leaf
def place_row(
    i: int, rows: Rows, theta: Floats, params: Floats, n_alpha: int, place: Floats, line: int
) -> int:
    """Fill place[line] = (u, v, A) of row i and return the kind of its cell.

    ``theta`` has shape (J - 1, m): thresholds by nominal column.
    """
    nominal = rows.nominal
    location = rows.location
    scale = rows.scale
    n_beta = location.shape[1]
    shift = 0.0
    for c in range(n_beta):
        shift += location[i, c] * params[n_alpha + c]
    if rows.offset.shape[0] > 0:
        shift += rows.offset[i]
    t = 0.0
    for c in range(scale.shape[1]):
        t -= scale[i, c] * params[n_alpha + n_beta + c]
    if rows.scale_offset.shape[0] > 0:
        t -= rows.scale_offset[i]
    grade = rows.y[i]
    m = nominal.shape[1]
    place[line, 0] = 0.0
    place[line, 1] = 0.0
    kind = INTERIOR
    if grade == theta.shape[0]:
        kind = HIGHEST
    elif m == 0:
        place[line, 0] = theta[grade, 0] - shift
    else:
        for c in range(m):
            place[line, 0] += theta[grade, c] * nominal[i, c]
        place[line, 0] -= shift
    if grade == 0:
        kind = LOWEST
    elif m == 0:
        place[line, 1] = theta[grade - 1, 0] - shift
    else:
        for c in range(m):
            place[line, 1] += theta[grade - 1, c] * nominal[i, c]
        place[line, 1] -= shift
    place[line, 2] = 1.0 if t == 0.0 else math.exp(min(max(t, -700.0), 700.0))
    return kind


@leaf
def row_gradient(i: int, rows: Rows, n_alpha: int, b: Floats, where: Ints) -> int:
    """Fill b (3, p) and where (p,): gradients of u, v and t of row i; return how many entries.

    Only columns that are not zero in the row have an entry (few, with dummy variables);
    ``where`` holds their positions, ascending.
    """
    basis = rows.basis
    nominal = rows.nominal
    location = rows.location
    scale = rows.scale
    n_theta, q = basis.shape
    grade = rows.y[i]
    inner_hi = 1.0 if grade < n_theta else 0.0
    inner_lo = 1.0 if grade > 0 else 0.0
    count = 0
    for c in range(max(1, nominal.shape[1])):
        x = 1.0 if nominal.shape[1] == 0 else nominal[i, c]
        for j in range(q):
            hi = basis[grade, j] * x if grade < n_theta else 0.0
            lo = basis[grade - 1, j] * x if grade > 0 else 0.0
            if hi != 0.0 or lo != 0.0:
                b[0, count] = hi
                b[1, count] = lo
                b[2, count] = 0.0
                where[count] = c * q + j
                count += 1
    n_beta = location.shape[1]
    for c in range(n_beta):
        x = location[i, c]
        if x != 0.0:
            b[0, count] = -x * inner_hi
            b[1, count] = -x * inner_lo
            b[2, count] = 0.0
            where[count] = n_alpha + c
            count += 1
    for c in range(scale.shape[1]):
        x = scale[i, c]
        if x != 0.0:
            b[0, count] = 0.0
            b[1, count] = 0.0
            b[2, count] = -x
            where[count] = n_alpha + n_beta + c
            count += 1
    return count


@leaf
def chain_row(g: Floats, a: float, hi: float, lo: float, k: int, h: Floats) -> None:
    """Fill h of shape (10,): H_k and its derivatives u, v, t, uu, uv, vv, ut, vt, tt."""
    power = 1.0 if k == 0 else (a if k == 1 else a * a)
    j = 6 * k
    g1 = g[j + 1]
    g2 = g[j + 2]
    g11 = g[j + 3]
    g12 = g[j + 4]
    g22 = g[j + 5]
    turn = hi * g1 + lo * g2
    turn1 = hi * g11 + lo * g12
    turn2 = hi * g12 + lo * g22
    h[0] = power * g[j]
    h[1] = power * a * g1
    h[2] = power * a * g2
    h[3] = power * (k * g[j] + turn)
    h[4] = power * a * a * g11
    h[5] = power * a * a * g12
    h[6] = power * a * a * g22
    h[7] = power * a * ((k + 1) * g1 + turn1)
    h[8] = power * a * ((k + 1) * g2 + turn2)
    h[9] = power * (k * k * g[j] + (2 * k + 1) * turn + hi * turn1 + lo * turn2)


@leaf
def add_row(h: Floats, factor: float, b: Floats, where: Ints, count: int, into: Floats, line: int) -> None:
    """Add factor * (h_u b1 + h_v b2 + h_t b3) to a line of a table."""
    cu = factor * h[1]
    cv = factor * h[2]
    ct = factor * h[3]
    for t in range(count):
        into[line, where[t]] += cu * b[0, t] + cv * b[1, t] + ct * b[2, t]


@leaf
def add_outer_row(w: Floats, first: int, b: Floats, where: Ints, count: int, into: Floats) -> None:
    """Add the quadratic form of w[first:] = (uu, uv, vv, ut, vt, tt) to a lower triangle."""
    uu = w[first]
    uv = w[first + 1]
    vv = w[first + 2]
    ut = w[first + 3]
    vt = w[first + 4]
    tt = w[first + 5]
    for r in range(count):
        b1 = b[0, r]
        b2 = b[1, r]
        b3 = b[2, r]
        w1 = uu * b1 + uv * b2 + ut * b3
        w2 = uv * b1 + vv * b2 + vt * b3
        w3 = ut * b1 + vt * b2 + tt * b3
        line = where[r]
        for c in range(r + 1):
            into[line, where[c]] += w1 * b[0, c] + w2 * b[1, c] + w3 * b[2, c]


@leaf
def _add_rows(
    first: int,
    last: int,
    rows: Rows,
    params: Floats,
    theta: Floats,
    link: int,
    order: int,
    gradient: Floats,
    hessian: Floats,
    scores: Floats,
    place: Floats,
    g: Floats,
    h: Floats,
    b: Floats,
    where: Ints,
) -> float:
    """Do the work of `evaluate_rows` in the arrays that it made."""
    n_alpha = rows.basis.shape[1] * max(1, rows.nominal.shape[1])
    weights = rows.weights
    total = 0.0
    for i in range(first, last):
        weight = 1.0 if weights.shape[0] == 0 else weights[i]
        kind = place_row(i, rows, theta, params, n_alpha, place, 0)
        a = place[0, 2]
        hi = a * place[0, 0]
        lo = a * place[0, 1]
        if order == 0:
            value = cell_value(link, kind, hi, lo)
        else:
            cell_derivatives(link, kind, hi, lo, g)
            value = g[0]
        if not value > IMPOSSIBLE:
            return -math.inf
        total += weight * value
        if order == 0:
            continue
        count = row_gradient(i, rows, n_alpha, b, where)
        chain_row(g, a, hi, lo, 0, h)
        if scores.shape[0] > 0:
            add_row(h, weight, b, where, count, scores, i)
        add_row(h, weight, b, where, count, gradient, 0)
        if order > 1:
            for j in range(6):
                h[4 + j] *= weight
            add_outer_row(h, 4, b, where, count, hessian)
    return total


@compiled
def evaluate_rows(
    first: int,
    last: int,
    rows: Rows,
    params: Floats,
    theta: Floats,
    link: int,
    order: int,
    gradient: Floats,
    hessian: Floats,
    scores: Floats,
) -> float:
    """Return the log-likelihood of rows first..last-1; add gradient (1, p) and lower Hessian.

    ``scores`` of shape (n, p) is filled when it has rows. ``order`` 0 leaves the derivatives
    out. Returns minus infinity at once when a row has no probability.
    """
    p = params.shape[0]
    return _add_rows(
        first, last, rows, params, theta, link, order, gradient, hessian, scores,
        np.zeros((1, 3)), np.zeros(18), np.zeros(10), np.zeros((3, p)), np.zeros(p, dtype=np.int64),
    )  # fmt: skip
