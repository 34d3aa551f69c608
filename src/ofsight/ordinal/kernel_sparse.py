"""Kernel: sparse symmetric positive definite matrices as L D L'.

Columns are compressed and hold the upper triangle of the matrix: for column k, rows i <= k in
ascending order, the diagonal last. The elimination tree fixes the pattern of L once; numbers
are filled in as often as needed. `invert_selected` gives the entries of the inverse on the
pattern of L, all that leverages need.

References
----------
Davis, T. A. (2005). Algorithm 849: a concise sparse Cholesky factorization package. ACM TOMS
31, 587-591.
Erisman, A. M. & Tinney, W. F. (1975). On computing certain elements of the inverse of a sparse
matrix. CACM 18, 177-179 (after Takahashi et al. 1973).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.compile import compiled, leaf

__all__ = ["analyse", "factor", "invert_selected", "solve"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def analyse(starts: Ints, index: Ints) -> tuple[Ints, Ints]:
    """Return the elimination tree (parents) and where each column of L starts, (q + 1,)."""
    q = starts.shape[0] - 1
    parent = np.full(q, -1, dtype=np.int64)
    flag = np.full(q, -1, dtype=np.int64)
    count = np.zeros(q, dtype=np.int64)
    for k in range(q):
        flag[k] = k
        for p in range(starts[k], starts[k + 1]):
            i = index[p]
            while i < k and flag[i] != k:
                if parent[i] == -1:
                    parent[i] = k
                count[i] += 1
                flag[i] = k
                i = parent[i]
    ends = np.zeros(q + 1, dtype=np.int64)
    for k in range(q):
        ends[k + 1] = ends[k] + count[k]
    return parent, ends


@compiled
def factor(
    starts: Ints,
    index: Ints,
    values: Floats,
    parent: Ints,
    l_starts: Ints,
    l_index: Ints,
    l_values: Floats,
    pivots: Floats,
) -> bool:
    """Fill l_index, l_values (below the unit diagonal) and pivots; False if not definite."""
    q = starts.shape[0] - 1
    y = np.zeros(q)
    flag = np.full(q, -1, dtype=np.int64)
    filled = np.zeros(q, dtype=np.int64)
    pattern = np.zeros(q, dtype=np.int64)
    stack = np.zeros(q, dtype=np.int64)
    for k in range(q):
        top = q
        flag[k] = k
        for p in range(starts[k], starts[k + 1]):
            i = index[p]
            y[i] += values[p]
            depth = 0
            while flag[i] != k:
                stack[depth] = i
                depth += 1
                flag[i] = k
                i = parent[i]
            while depth > 0:
                depth -= 1
                top -= 1
                pattern[top] = stack[depth]
        pivot = y[k]
        y[k] = 0.0
        for t in range(top, q):
            i = pattern[t]
            yi = y[i]
            y[i] = 0.0
            end = l_starts[i] + filled[i]
            for p in range(l_starts[i], end):
                y[l_index[p]] -= l_values[p] * yi
            entry = yi / pivots[i]
            pivot -= entry * yi
            l_index[end] = k
            l_values[end] = entry
            filled[i] += 1
        if not pivot > 0.0:
            return False
        pivots[k] = pivot
    return True


@leaf
def solve(l_starts: Ints, l_index: Ints, l_values: Floats, pivots: Floats, x: Floats) -> None:
    """Overwrite x with the solution of L D L' x = x."""
    q = pivots.shape[0]
    for j in range(q):
        for p in range(l_starts[j], l_starts[j + 1]):
            x[l_index[p]] -= l_values[p] * x[j]
    for j in range(q):
        x[j] /= pivots[j]
    for j in range(q - 1, -1, -1):
        for p in range(l_starts[j], l_starts[j + 1]):
            x[j] -= l_values[p] * x[l_index[p]]


@compiled
def invert_selected(
    l_starts: Ints, l_index: Ints, l_values: Floats, pivots: Floats, off: Floats, diagonal: Floats
) -> None:
    """Fill the inverse on the pattern of L: ``off`` beside l_values, and its diagonal.

    From the last column back: column j of the inverse, on the pattern of column j of L, is
    made of entries whose rows and columns both lie in that pattern, which are known by then.
    """
    q = pivots.shape[0]
    place = np.full(q, -1, dtype=np.int64)
    for j in range(q - 1, -1, -1):
        first = l_starts[j]
        last = l_starts[j + 1]
        for p in range(first, last):
            place[l_index[p]] = p
            off[p] = 0.0
        for p in range(first, last):
            k = l_index[p]
            off[p] -= l_values[p] * diagonal[k]
            for s in range(l_starts[k], l_starts[k + 1]):
                t = place[l_index[s]]
                if t >= 0:
                    off[t] -= l_values[p] * off[s]
                    off[p] -= l_values[t] * off[s]
        diagonal[j] = 1.0 / pivots[j]
        for p in range(first, last):
            diagonal[j] -= l_values[p] * off[p]
            place[l_index[p]] = -1
