"""The one seam: ``evaluate(parameters) -> (log-likelihood, gradient, Hessian)``.

The optimiser, the profile and the tests see an `Objective` and nothing behind it. Here are the
local ones, over the compiled kernels, and two that wrap another: a change of coordinates and
parameters held fixed. A sum over partitions on other machines is one more.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.kernel_intercept import evaluate_groups
from ofsight.ordinal.kernel_rows import Rows, evaluate_rows
from ofsight.ordinal.threads import chunk_count, run_chunks

__all__ = [
    "Evaluation",
    "FixedObjective",
    "HeldObjective",
    "Integrated",
    "InterceptObjective",
    "MappedObjective",
    "Objective",
    "StretchedObjective",
    "fixed_size",
    "gauss_hermite",
    "thresholds_of",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Evaluation(NamedTuple):
    """What an objective says of a point.

    Attributes
    ----------
    log_likelihood : float
        Minus infinity where the model gives some row no probability.
    gradient : ndarray, shape (p,)
        Zeros when not asked for.
    hessian : ndarray, shape (p, p)
        Symmetric; zeros when not asked for.
    """

    log_likelihood: float
    gradient: Floats
    hessian: Floats


class Objective(Protocol):
    """A log-likelihood to maximise."""

    @property
    def size(self) -> int:
        """The number of parameters, p."""
        ...

    def evaluate(self, parameters: Floats, order: int = 2) -> Evaluation:
        """Return the log-likelihood and its derivatives up to ``order`` (0, 1 or 2)."""
        ...


@runtime_checkable
class Integrated(Objective, Protocol):
    """A log-likelihood with one random intercept, integrated out by quadrature."""

    def with_nodes(self, nodes: int) -> Objective:
        """Return the same with another number of nodes."""
        ...


def fixed_size(rows: Rows) -> int:
    """Return the number of parameters that are not of random effects."""
    q = rows.basis.shape[1] * max(1, rows.nominal.shape[1])
    return int(q + rows.location.shape[1] + rows.scale.shape[1])


def thresholds_of(rows: Rows, parameters: Floats) -> Floats:
    """Return thresholds by nominal column, shape (J - 1, m)."""
    q = rows.basis.shape[1]
    m = max(1, rows.nominal.shape[1])
    return np.ascontiguousarray(rows.basis @ parameters[: q * m].reshape(m, q).T)


def _mirror(lower: Floats) -> Floats:
    """Fill the upper triangle of a sum of chunks' lower triangles."""
    total: Floats = lower.sum(axis=0)
    return np.tril(total) + np.tril(total, -1).T


class FixedObjective:
    """The log-likelihood of a cumulative link model: a sum over independent rows.

    Parameters
    ----------
    rows : Rows
        The arrays.
    link : int
        Position of the link in ``links.LINKS``.
    """

    def __init__(self, rows: Rows, link: int) -> None:
        self.rows = rows
        self.link = link
        n = rows.y.shape[0]
        self._bounds = np.linspace(0, n, chunk_count(n) + 1).astype(np.int64)

    @property
    def size(self) -> int:
        """The number of parameters."""
        return fixed_size(self.rows)

    def evaluate(self, parameters: Floats, order: int = 2) -> Evaluation:
        """Return the log-likelihood and its derivatives."""
        return self._evaluate(parameters, order, np.zeros((0, self.size)))

    def scores(self, parameters: Floats) -> Floats:
        """Return each row's gradient, shape (n, p)."""
        scores = np.zeros((self.rows.y.shape[0], self.size))
        self._evaluate(parameters, 1, scores)
        return scores

    def _evaluate(self, parameters: Floats, order: int, scores: Floats) -> Evaluation:
        params = np.array(parameters, dtype=np.float64)
        theta = thresholds_of(self.rows, params)
        bounds = self._bounds
        count = bounds.shape[0] - 1
        gradients = np.zeros((count, 1, self.size))
        hessians = np.zeros((count, self.size, self.size))

        def work(i: int) -> float:
            return evaluate_rows(
                int(bounds[i]),
                int(bounds[i + 1]),
                self.rows,
                params,
                theta,
                self.link,
                order,
                gradients[i],
                hessians[i],
                scores,
            )

        value = float(sum(run_chunks(work, count)))
        return Evaluation(value, gradients.sum(axis=(0, 1)), _mirror(hessians))


def gauss_hermite(nodes: int) -> tuple[Floats, Floats]:
    """Return nodes and log-weights for integrals against exp(-x^2 / 2), rescaled.

    Parameters
    ----------
    nodes : int
        How many; one gives the Laplace approximation.

    Returns
    -------
    x, log_weights : ndarray, shape (nodes,)
        ``sum(exp(log_weights) * f(x))`` is the integral of ``f(x) / sqrt(2 pi)`` over the
        line, exact for f = polynomial times exp(-x^2 / 2). The factor exp(x^2 / 2) is part of
        the weights.
    """
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    keep = w > 0.0  # the outermost of very many nodes underflow
    x, w = x[keep], w[keep]
    return x, np.log(w) + 0.5 * x * x - 0.5 * np.log(2.0 * np.pi)


class InterceptObjective:
    """The log-likelihood with one random intercept, by (adaptive) quadrature.

    Parameters
    ----------
    rows : Rows
        The arrays, sorted by group.
    starts : ndarray of int64, shape (n_groups + 1,)
        Where each group's rows start.
    link : int
        Position of the link in ``links.LINKS``.
    nodes : int
        Quadrature nodes; 1 is the Laplace approximation.
    """

    def __init__(self, rows: Rows, starts: Ints, link: int, nodes: int = 1) -> None:
        self.rows = rows
        self.starts = starts
        self.link = link
        self._xi, self._log_omega = gauss_hermite(nodes)
        n = rows.y.shape[0]
        cuts = np.searchsorted(starts, np.linspace(0, n, chunk_count(n) + 1))
        self._bounds = np.unique(cuts).astype(np.int64)
        self._modes = np.zeros((starts.shape[0] - 1, 2))

    @property
    def size(self) -> int:
        """The number of parameters, the log standard deviation included (last)."""
        return fixed_size(self.rows) + 1

    def evaluate(self, parameters: Floats, order: int = 2) -> Evaluation:
        """Return the log-likelihood and its derivatives."""
        return self._evaluate(parameters, order, np.zeros((0, self.size)))

    def with_nodes(self, nodes: int) -> InterceptObjective:
        """Return the same with another number of nodes, its modes known as far as here."""
        other = InterceptObjective(self.rows, self.starts, self.link, nodes)
        other._modes = self._modes.copy()
        return other

    def scores(self, parameters: Floats) -> Floats:
        """Return each group's gradient, shape (n_groups, p)."""
        scores = np.zeros((self.starts.shape[0] - 1, self.size))
        self._evaluate(parameters, 1, scores)
        return scores

    def modes(self, parameters: Floats) -> tuple[tuple[Floats, Floats], ...]:
        """Return the conditional modes and their standard errors, each of shape (n_groups,).

        The standard error is that of the random effect given the parameters, from the
        curvature of the integrand at its mode.
        """
        self.evaluate(parameters, 0)
        return ((self._modes[:, 0].copy(), self._modes[:, 1].copy()),)

    def _evaluate(self, parameters: Floats, order: int, scores: Floats) -> Evaluation:
        params = np.array(parameters, dtype=np.float64)
        theta = thresholds_of(self.rows, params)
        bounds = self._bounds
        count = bounds.shape[0] - 1
        gradients = np.zeros((count, self.size))
        hessians = np.zeros((count, self.size, self.size))
        modes = self._modes.copy()

        def work(i: int) -> float:
            return evaluate_groups(
                int(bounds[i]),
                int(bounds[i + 1]),
                self.starts,
                self.rows,
                params,
                theta,
                self.link,
                order,
                self._xi,
                self._log_omega,
                modes,
                gradients[i],
                hessians[i],
                scores,
            )

        value = float(sum(run_chunks(work, count)))
        if np.isfinite(value):  # a point outside the model's domain leaves no trace
            self._modes = modes
        return Evaluation(value, gradients.sum(axis=0), _mirror(hessians))


class MappedObjective:
    """An objective in other coordinates: outer = matrix @ inner.

    Parameters
    ----------
    inner : Objective
        The objective in inner coordinates.
    inverse : ndarray, shape (p, p)
        inner = inverse @ outer.
    """

    def __init__(self, inner: Objective, inverse: Floats) -> None:
        self.inner = inner
        self.inverse = inverse

    @property
    def size(self) -> int:
        """The number of parameters."""
        return self.inner.size

    def evaluate(self, parameters: Floats, order: int = 2) -> Evaluation:
        """Return the log-likelihood and its derivatives in outer coordinates."""
        value, gradient, hessian = self.inner.evaluate(self.inverse @ parameters, order)
        return Evaluation(value, self.inverse.T @ gradient, self.inverse.T @ hessian @ self.inverse)


class StretchedObjective:
    """An objective in which thresholds and location are those at the mean of the scale columns.

    In the user's parameterisation they belong to the point where every scale column is zero. Where that
    point lies far from the data (a scale effect of the year), they and the scale effect move
    together along a curve that Newton's method cannot follow: so the search takes place here.

    With ``k = exp(c'zeta)``, c the columns' means: ``inner = outer * k`` for thresholds and
    location, ``inner = outer + c'zeta`` for log standard deviations, zeta as it is.

    Parameters
    ----------
    inner : Objective
        The objective in the parameterisation of the kernel.
    n_location : int
        How many of the first parameters are thresholds and location.
    means : ndarray, shape (s,)
        The means of the scale columns, which come next.
    """

    def __init__(self, inner: Objective, n_location: int, means: Floats) -> None:
        self.inner = inner
        self._n = n_location
        self.means = means
        self._scale = slice(n_location, n_location + means.shape[0])

    @property
    def size(self) -> int:
        """The number of parameters."""
        return self.inner.size

    def to_inner(self, parameters: Floats) -> Floats:
        """Return the point in the kernel's parameterisation."""
        inner = np.array(parameters, dtype=np.float64)
        shift = float(self.means @ inner[self._scale])
        with np.errstate(over="ignore", invalid="ignore"):
            inner[: self._n] *= np.exp(shift)
        inner[self._scale.stop :] += shift
        return inner

    def evaluate(self, parameters: Floats, order: int = 2) -> Evaluation:
        """Return the log-likelihood and its derivatives at a point of the search."""
        inner = self.to_inner(parameters)
        if not np.all(np.isfinite(inner)):
            return Evaluation(-np.inf, np.zeros(self.size), np.zeros((self.size, self.size)))
        value, gradient, hessian = self.inner.evaluate(inner, order)
        if order == 0 or not np.isfinite(value):
            return Evaluation(value, gradient, hessian)
        n, scale, c = self._n, self._scale, self.means
        k = float(np.exp(c @ inner[scale]))
        jacobian = np.eye(self.size)
        jacobian[:n, :n] *= k
        jacobian[:n, scale] = np.outer(inner[:n], c)
        jacobian[scale.stop :, scale] = c
        with np.errstate(over="ignore", invalid="ignore"):  # far out, curvature may exceed all numbers
            outer_gradient = jacobian.T @ gradient
            outer_hessian = jacobian.T @ hessian @ jacobian
        if order > 1:  # the curvature of the map itself
            cross = k * np.outer(gradient[:n], c)
            outer_hessian[:n, scale] += cross
            outer_hessian[scale, :n] += cross.T
            outer_hessian[scale, scale] += float(gradient[:n] @ inner[:n]) * np.outer(c, c)
        return Evaluation(value, outer_gradient, outer_hessian)


class HeldObjective:
    """An objective with some parameters held fixed.

    Parameters
    ----------
    inner : Objective
        The objective of all parameters.
    held : dict of int to float
        Fixed parameters by position.
    """

    def __init__(self, inner: Objective, held: dict[int, float]) -> None:
        self.inner = inner
        self._full = np.zeros(inner.size)
        for position, value in held.items():
            self._full[position] = value
        self._free = np.array([i for i in range(inner.size) if i not in held], dtype=np.int64)

    @property
    def size(self) -> int:
        """The number of free parameters."""
        return int(self._free.shape[0])

    def complete(self, parameters: Floats) -> Floats:
        """Return all parameters, the fixed ones filled in."""
        full = self._full.copy()
        full[self._free] = parameters
        return full

    def evaluate(self, parameters: Floats, order: int = 2) -> Evaluation:
        """Return the log-likelihood and its derivatives in the free parameters."""
        value, gradient, hessian = self.inner.evaluate(self.complete(parameters), order)
        return Evaluation(value, gradient[self._free], hessian[np.ix_(self._free, self._free)])
