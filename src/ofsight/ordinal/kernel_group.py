"""Kernel: one group of a random intercept: its rows in place, its mode, its integral."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.compile import compiled, leaf
from ofsight.ordinal.kernel_rows import Rows, place_row
from ofsight.ordinal.links import HIGHEST, INTERIOR, LOWEST, cell_shift, cell_value

__all__ = [
    "Space",
    "allocate",
    "edges",
    "find_mode",
    "log_integrand",
    "log_mean",
    "place_group",
    "slope",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Space(NamedTuple):
    """Working arrays of one call: p fixed parameters, p + 1 with tau, Q nodes, n rows a group.

    kinds (n,), places (n, 4): each row's u, v, A and weight. tables (n, 18): its G_k at the
    mode. b (3, p), where (p,): a row's gradients. vectors (4, p + 1): h_phi, h_r,phi, h_rr,phi,
    h_rrr,phi at the mode; sums (5,): h and its four derivatives in r there. turns (3, p + 1):
    gradients of the mode, of D and of kappa. nodes, posterior (Q,); firsts, mixed (Q, p + 1):
    h_phi, h_r,phi at the nodes; slopes (Q, 2): h_r, h_rr there; moves (Q, p + 1): how each
    node moves. mean (p + 1,), w (6,), h (10,), g (18,): scratch.
    """

    kinds: Ints
    places: Floats
    tables: Floats
    b: Floats
    where: Ints
    vectors: Floats
    sums: Floats
    turns: Floats
    score: Floats
    nodes: Floats
    posterior: Floats
    firsts: Floats
    mixed: Floats
    slopes: Floats
    moves: Floats
    mean: Floats
    w: Floats
    h: Floats
    g: Floats


@leaf
def slope(link: int, n: int, kinds: Ints, places: Floats, r: float, omega: float) -> tuple[float, float]:
    """Return h_r and -h_rr at r for the n rows of a group."""
    first = -r * omega
    curve = omega
    for i in range(n):
        a = places[i, 2]
        w = places[i, 3]
        d1, d2 = cell_shift(link, kinds[i], a * (places[i, 0] - r), a * (places[i, 1] - r))
        first -= w * a * d1
        curve -= w * a * a * d2
    return first, curve


@leaf
def find_mode(link: int, n: int, kinds: Ints, places: Floats, start: float, omega: float) -> float:
    """Return the conditional mode of a group.

    Newton's method kept inside a bracket that the sign of the slope narrows; where the
    curvature has the wrong sign (the Cauchy link) it bisects or walks uphill.
    """
    r = start
    low = -math.inf
    high = math.inf
    for _ in range(200):
        first, curve = slope(link, n, kinds, places, r, omega)
        if first > 0.0:
            low = r
        else:
            high = r
        # Without a curvature to trust, the prior's is a safe one.
        step = first / curve if curve > 0.1 * omega else first / omega
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


@leaf
def edges(places: Floats, i: int, r: float, kind: int) -> tuple[float, float]:
    """Return the two edges of row i at random effect r; zero for an edge at infinity."""
    a = places[i, 2]
    hi = 0.0 if kind == HIGHEST else a * (places[i, 0] - r)
    lo = 0.0 if kind == LOWEST else a * (places[i, 1] - r)
    return hi, lo


@leaf
def log_integrand(
    link: int, n: int, kinds: Ints, places: Floats, r: float, tau: float, omega: float
) -> float:
    """Return h at r."""
    total = -0.5 * r * r * omega - tau
    for i in range(n):
        hi, lo = edges(places, i, r, kinds[i])
        total += places[i, 3] * cell_value(link, kinds[i], hi, lo)
    return total


@compiled
def allocate(n: int, size: int, n_nodes: int) -> Space:
    """Return the working arrays."""
    return Space(
        np.zeros(n, dtype=np.int64),
        np.ones((n, 4)),
        np.zeros((n, 18)),
        np.zeros((3, size - 1)),
        np.zeros(size - 1, dtype=np.int64),
        np.zeros((4, size)),
        np.zeros(5),
        np.zeros((3, size)),
        np.zeros(size),
        np.zeros(n_nodes),
        np.ones(n_nodes),
        np.zeros((n_nodes, size)),
        np.zeros((n_nodes, size)),
        np.zeros((n_nodes, 2)),
        np.zeros((n_nodes, size)),
        np.zeros(size),
        np.zeros(6),
        np.zeros(10),
        np.zeros(18),
    )


@leaf
def log_mean(
    link: int, n: int, r: float, kappa: float, tau: float, xi: Floats, log_omega: Floats, space: Space
) -> float:
    """Return the log of the quadrature sum; set nodes and their posterior weights."""
    omega = math.exp(-2.0 * tau)
    n_nodes = xi.shape[0]
    top = -math.inf
    for q in range(n_nodes):
        space.nodes[q] = r + kappa * xi[q]
        space.posterior[q] = log_omega[q] + log_integrand(
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


@leaf
def place_group(first: int, n: int, rows: Rows, theta: Floats, params: Floats, space: Space) -> bool:
    """Fill the places of a group's rows; say whether every cell has edges in order."""
    n_alpha = rows.basis.shape[1] * max(1, rows.nominal.shape[1])
    for i in range(n):
        kind = place_row(first + i, rows, theta, params, n_alpha, space.places, i)
        space.kinds[i] = kind
        space.places[i, 3] = 1.0 if rows.weights.shape[0] == 0 else rows.weights[first + i]
        if kind == INTERIOR and not space.places[i, 0] > space.places[i, 1]:
            return False
    return True
