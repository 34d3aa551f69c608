"""Kernel: probabilities of every grade, and their derivatives by the parameters."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.compile import compiled
from ofsight.ordinal.kernel_rows import Rows, place_row, row_gradient
from ofsight.ordinal.links import HIGHEST, LOWEST, cell_derivatives

__all__ = ["grade_probabilities"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def grade_probabilities(
    first: int,
    last: int,
    rows: Rows,
    params: Floats,
    theta: Floats,
    link: int,
    sd: float,
    nodes: Floats,
    masses: Floats,
    probabilities: Floats,
    jacobian: Floats,
    mean_jacobian: Floats,
) -> float:
    """Fill probabilities (n, J); add up their gradients as far as there is room for them.

    A random effect of standard deviation ``sd`` is averaged over nodes with masses; one node
    at zero leaves it at zero. ``rows.y`` is overwritten. ``jacobian`` (n, J, p + 1) and
    ``mean_jacobian`` (J, p + 1), a sum weighted by ``rows.weights``, are left alone when they
    have no rows; their last column is the derivative by ``sd``.
    """
    p = params.shape[0]
    n_alpha = rows.basis.shape[1] * max(1, rows.nominal.shape[1])
    n_grades = theta.shape[0] + 1
    place = np.zeros((1, 3))
    g = np.zeros(18)
    b = np.zeros((3, p))
    where = np.zeros(p, dtype=np.int64)
    count = 0
    turn = np.zeros(p + 1)
    wants = jacobian.shape[0] > 0 or mean_jacobian.shape[0] > 0
    for i in range(first, last):
        weight = 1.0 if rows.weights.shape[0] == 0 else rows.weights[i]
        for j in range(n_grades):
            rows.y[i] = j
            kind = place_row(i, rows, theta, params, n_alpha, place, 0)
            a = place[0, 2]
            turn[:] = 0.0
            if wants:
                count = row_gradient(i, rows, n_alpha, b, where)
            total = 0.0
            for q in range(nodes.shape[0]):
                r = sd * nodes[q]
                hi = 0.0 if kind == HIGHEST else a * (place[0, 0] - r)
                lo = 0.0 if kind == LOWEST else a * (place[0, 1] - r)
                cell_derivatives(link, kind, hi, lo, g)
                mass = masses[q] * math.exp(g[0])
                total += mass
                if wants:
                    cu = mass * a * g[1]
                    cv = mass * a * g[2]
                    ct = mass * (hi * g[1] + lo * g[2])
                    for t in range(count):
                        turn[where[t]] += cu * b[0, t] + cv * b[1, t] + ct * b[2, t]
                    turn[p] -= (cu + cv) * nodes[q]
            probabilities[i, j] = total
            if jacobian.shape[0] > 0:
                jacobian[i, j] = turn
            if mean_jacobian.shape[0] > 0:
                for c in range(p + 1):
                    mean_jacobian[j, c] += weight * turn[c]
    return 0.0
