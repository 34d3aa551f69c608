"""Several random intercepts: the sparse pattern, found once, and the objective over it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.kernel_crossed import Pattern, evaluate_crossed
from ofsight.ordinal.kernel_rows import Rows
from ofsight.ordinal.kernel_sparse import analyse, factor
from ofsight.ordinal.objective import Evaluation, fixed_size, thresholds_of
from ofsight.ordinal.threads import run_chunks

__all__ = ["CrossedObjective", "build_pattern"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_STEP = 1e-4  # of a fitting unit, for differences of the exact gradient


def _elimination_order(effects: Ints, q: int) -> Ints:
    """Return each effect's position in an order of elimination that keeps the factor sparse.

    Minimum degree on the graph of effects that share a row. For nested groupings it adds no
    entry at all; for crossed ones it eliminates the larger grouping first.
    """
    from scipy.sparse import csc_matrix, identity
    from scipy.sparse.linalg import splu

    n, width = effects.shape
    z = csc_matrix((np.ones(n * width), (np.repeat(np.arange(n), width), effects.reshape(-1))), shape=(n, q))
    joint = (z.T @ z).tocsc()
    joint.data[:] = 1.0
    joint = joint + identity(q, format="csc") * (float(q) + 1.0)  # dominant: no pivoting
    lu = splu(
        joint,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    return np.asarray(lu.perm_c, dtype=np.int64)


def build_pattern(codes: Sequence[Ints]) -> tuple[Pattern, tuple[Ints, ...]]:
    """Return the pattern of groupings, and where each group's effect is in it.

    Parameters
    ----------
    codes : sequence of ndarray of int64, each of shape (n,)
        Group codes of each grouping, 0..G_k - 1.

    Returns
    -------
    pattern : Pattern
    positions : tuple of ndarray of int64, each of shape (G_k,)
        Position of each group among all effects.
    """
    sizes = [int(c.max()) + 1 for c in codes]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    q = int(offsets[-1])
    natural = np.column_stack([c + o for c, o in zip(codes, offsets[:-1], strict=True)])
    position = _elimination_order(natural, q)
    effects = np.ascontiguousarray(position[natural])
    width = effects.shape[1]
    kind = np.empty(q, dtype=np.int64)
    kind[position] = np.repeat(np.arange(width), sizes)
    ends = [(a, b) for a in range(width) for b in range(a, width)]
    columns = np.column_stack([np.maximum(effects[:, a], effects[:, b]) for a, b in ends])
    lines = np.column_stack([np.minimum(effects[:, a], effects[:, b]) for a, b in ends])
    keys, inverse = np.unique(
        np.concatenate([(columns * q + lines).reshape(-1), np.arange(q) * (q + 1)]),
        return_inverse=True,
    )
    inverse = inverse.reshape(-1)
    index = (keys % q).astype(np.int64)
    starts = np.searchsorted(keys // q, np.arange(q + 1)).astype(np.int64)
    parent, l_starts = analyse(starts, index)
    pairs = inverse[: columns.size].reshape(columns.shape).astype(np.int64)
    l_index = _factor_index(starts, index, parent, l_starts)
    l_keys = np.repeat(np.arange(q), np.diff(l_starts)) * q + l_index
    apart = [t for t, (a, b) in enumerate(ends) if a != b]
    wanted = lines[:, apart] * q + columns[:, apart]
    l_pairs = np.searchsorted(l_keys, wanted).astype(np.int64).reshape(effects.shape[0], len(apart))
    pattern = Pattern(
        effects, kind, starts, index, parent, l_starts, np.ascontiguousarray(pairs),
        np.ascontiguousarray(l_pairs),
    )  # fmt: skip
    return pattern, tuple(position[o : o + s] for o, s in zip(offsets[:-1], sizes, strict=True))


def _factor_index(starts: Ints, index: Ints, parent: Ints, l_starts: Ints) -> Ints:
    """Return the row indices of the factor's columns, from factoring a dominant matrix."""
    q = parent.shape[0]
    values = np.full(index.shape[0], -1e-9)
    values[starts[1:] - 1] = 1.0
    l_index = np.zeros(int(l_starts[-1]), dtype=np.int64)
    factor(starts, index, values, parent, l_starts, l_index, np.zeros(l_index.shape[0]), np.ones(q))
    return l_index


class CrossedObjective:
    """The Laplace log-likelihood with several random intercepts.

    Gradients are exact; the Hessian is by central differences of the gradient, one pair of
    evaluations per parameter, spread over threads.

    Parameters
    ----------
    rows : Rows
        The arrays.
    codes : sequence of ndarray of int64, each of shape (n,)
        Group codes, in the order of the rows.
    link : int
        Position of the link in ``links.LINKS``.
    """

    def __init__(self, rows: Rows, codes: Sequence[Ints], link: int) -> None:
        self.rows = rows
        self.link = link
        self.pattern, self.positions = build_pattern(codes)
        self._r = np.zeros(self.pattern.kind.shape[0])

    @property
    def size(self) -> int:
        """The number of parameters, log standard deviations included (last)."""
        return fixed_size(self.rows) + int(self.pattern.effects.shape[1])

    def _run(
        self, parameters: Floats, order: int, r: Floats, scores: Floats, level_scores: Floats
    ) -> tuple[float, Floats, Floats]:
        params = np.array(parameters, dtype=np.float64)
        gradient = np.zeros(self.size)
        errors = np.zeros(r.shape[0])
        value = evaluate_crossed(
            self.rows,
            self.pattern,
            params,
            thresholds_of(self.rows, params),
            self.link,
            order,
            r,
            errors,
            gradient,
            scores,
            level_scores,
        )
        return value, gradient, errors

    def evaluate(self, parameters: Floats, order: int = 2) -> Evaluation:
        """Return the log-likelihood and its derivatives."""
        none = np.zeros((0, fixed_size(self.rows)))
        r = self._r.copy()
        value, gradient, _ = self._run(parameters, min(order, 1), r, none, np.zeros(0))
        size = self.size
        hessian = np.zeros((size, size))
        if not np.isfinite(value):
            return Evaluation(-np.inf, gradient, hessian)
        self._r = r
        if order > 1:
            sides = np.zeros((2 * size, size))

            def work(k: int) -> float:
                moved = np.array(parameters, dtype=np.float64)
                moved[k // 2] += _STEP if k % 2 else -_STEP
                side, sides[k], _ = self._run(moved, 1, r.copy(), none, np.zeros(0))
                return side

            run_chunks(work, 2 * size)
            hessian = (sides[1::2] - sides[::2]) / (2.0 * _STEP)
            hessian = 0.5 * (hessian + hessian.T)
        return Evaluation(value, gradient, hessian)

    def scores(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Return the gradient split by row, (n, p), and for each tau by effect, (q,).

        Effects are in elimination order; ``positions`` says where each group is.
        """
        rows = np.zeros((self.rows.y.shape[0], fixed_size(self.rows)))
        levels = np.zeros(self._r.shape[0])
        self._run(parameters, 1, self._r.copy(), rows, levels)
        return rows, levels

    def modes(self, parameters: Floats) -> tuple[tuple[Floats, Floats], ...]:
        """Return conditional modes and standard errors of each grouping, each (G_k,)."""
        r = self._r.copy()
        none = np.zeros((0, fixed_size(self.rows)))
        _, _, errors = self._run(parameters, 1, r, none, np.zeros(0))
        return tuple((r[where], errors[where]) for where in self.positions)
