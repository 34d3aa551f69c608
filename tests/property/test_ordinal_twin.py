"""Tier: property. The compiled kernels against a slow, obvious NumPy twin.

The twin writes the model as the papers do: probabilities as differences of distribution
functions, one group after the other, the mode by a general-purpose search, derivatives by
differences. It knows nothing of how the kernels do it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import minimize_scalar

from ofsight.ordinal.crossed import CrossedObjective
from ofsight.ordinal.kernel_rows import Rows
from ofsight.ordinal.links import LINKS
from ofsight.ordinal.objective import FixedObjective, InterceptObjective, Objective
from ofsight.ordinal.thresholds import THRESHOLDS, threshold_basis

Floats = NDArray[np.float64]
EXAMPLES = 4 if config.DISABLE_JIT else 40

CDF: dict[str, Any] = {
    "logit": stats.logistic.cdf,
    "probit": stats.norm.cdf,
    "cloglog": lambda x: -np.expm1(-np.exp(x)),
    "loglog": lambda x: np.exp(-np.exp(-x)),
    "cauchit": stats.cauchy.cdf,
}
# The same from above: where both edges lie high, a difference of values near one has no digits left.
SURVIVAL: dict[str, Any] = {
    "logit": stats.logistic.sf,
    "probit": stats.norm.sf,
    "cloglog": lambda x: np.exp(-np.exp(x)),
    "loglog": lambda x: -np.expm1(-np.exp(-x)),
    "cauchit": stats.cauchy.sf,
}


def twin_rows(rows: Rows, params: Floats, link: str, r: Any) -> Any:
    """Log-likelihood of each row, shape (n, ...), at random effects r broadcast against rows."""
    q, m = rows.basis.shape[1], max(1, rows.nominal.shape[1])
    k, s = rows.location.shape[1], rows.scale.shape[1]
    n = rows.y.shape[0]
    alpha = params[: q * m].reshape(m, q)
    beta = params[q * m : q * m + k]
    zeta = params[q * m + k : q * m + k + s]
    nominal = rows.nominal if rows.nominal.shape[1] else np.ones((n, 1))
    theta = nominal @ alpha @ rows.basis.T
    theta = np.column_stack([np.full(n, -np.inf), theta, np.full(n, np.inf)])
    shift = rows.location @ beta + (rows.offset if rows.offset.size else 0.0)
    scale = np.exp(rows.scale @ zeta + (rows.scale_offset if rows.scale_offset.size else 0.0))
    upper = (theta[np.arange(n), rows.y + 1] - shift)[:, None]
    lower = (theta[np.arange(n), rows.y] - shift)[:, None]
    high, low = (upper - r) / scale[:, None], (lower - r) / scale[:, None]
    with np.errstate(over="ignore"):
        below = CDF[link](high) - CDF[link](low)
        above = SURVIVAL[link](low) - SURVIVAL[link](high)
    p = np.where(low > 0.0, above, below)
    weights = rows.weights if rows.weights.size else np.ones(n)
    return weights[:, None] * np.log(np.maximum(p, 1e-300))


def twin_value(
    rows: Rows, starts: Any, params: Floats, link: str, nodes: int, *, brute: bool = False
) -> float:
    """Log-likelihood: fixed (nodes 0), Laplace or quadrature, or by brute force."""
    if nodes == 0:
        return float(twin_rows(rows, params, link, np.zeros((1, 1))).sum())
    sd = np.exp(params[-1])
    total = 0.0
    for first, last in pairwise(starts):
        part = Rows(*(a[first:last] if a.size and a is not rows.basis else a for a in rows))
        part = part._replace(nominal=rows.nominal[first:last], location=rows.location[first:last])
        part = part._replace(scale=rows.scale[first:last])

        def joint(r: Any, part: Rows = part) -> Any:
            r = np.atleast_1d(r)
            return twin_rows(part, params[:-1], link, r[None, :]).sum(axis=0) + stats.norm.logpdf(r, scale=sd)

        if brute:  # the trapezoid rule is spectrally accurate on an integrand that dies out
            grid = np.linspace(-14 * sd, 14 * sd, 40001)
            values = joint(grid)
            top = values.max()
            total += top + np.log(np.exp(values - top).sum() * (grid[1] - grid[0]))
            continue
        found = minimize_scalar(lambda r: -float(joint(r)[0]), bracket=(-sd, sd), options={"xtol": 1e-10})
        mode, h = found.x, 2e-3 * sd
        around = joint(mode + h * np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))
        curve = -(around @ [-1.0, 16.0, -30.0, 16.0, -1.0]) / (12 * h * h)
        x, w = np.polynomial.hermite_e.hermegauss(nodes)
        terms = w * np.exp(joint(mode + x / np.sqrt(curve)) + 0.5 * x * x)
        total += float(np.log(terms.sum() / np.sqrt(curve)))
    return total


def build(
    seed: int, link: str, threshold: str, nominal: bool, scale: bool, extras: bool, n: int = 24
) -> tuple[Rows, Any, Floats]:
    """Return random rows, group starts and parameters with thresholds in order."""
    rng = np.random.default_rng(seed)
    n_levels = int(rng.integers(3, 6))
    basis, _, _ = threshold_basis(threshold, [str(j) for j in range(n_levels)])
    groups = np.sort(rng.integers(0, 6, n))
    starts = np.concatenate([[0], np.flatnonzero(np.diff(groups)) + 1, [n]]).astype(np.int64)
    none = np.zeros(0)
    w = np.column_stack([np.ones(n), rng.uniform(-1, 1, n)]) if nominal else np.zeros((n, 0))
    rows = Rows(
        rng.integers(0, n_levels, n).astype(np.int64),
        np.ascontiguousarray(basis),
        w,
        rng.normal(size=(n, 2)),
        rng.normal(size=(n, 1)) if scale else np.zeros((n, 0)),
        rng.uniform(0.5, 2.0, n) if extras else none,
        rng.normal(size=n) * 0.3 if extras else none,
        rng.normal(size=n) * 0.2 if extras else none,
    )
    theta = np.cumsum(rng.uniform(0.5, 1.2, n_levels - 1)) - 0.4 * n_levels
    alpha = np.linalg.lstsq(basis, theta, rcond=None)[0]
    second = rng.uniform(-0.08, 0.08, alpha.shape[0]) if nominal else none
    parts = [alpha, second, rng.normal(size=2) * 0.4, rng.normal(size=int(scale)) * 0.2]
    return rows, starts, np.concatenate(parts)


def differences(objective: Objective, point: Floats) -> tuple[Floats, Floats]:
    """Gradient and Hessian by central differences of the value and of the gradient."""
    h = 1e-5
    gradient, hessian = np.zeros_like(point), np.zeros((point.size, point.size))
    for j in range(point.size):
        e = np.zeros_like(point)
        e[j] = h
        up, down = objective.evaluate(point + e, 1), objective.evaluate(point - e, 1)
        gradient[j] = (up.log_likelihood - down.log_likelihood) / (2 * h)
        hessian[j] = (up.gradient - down.gradient) / (2 * h)
    return gradient, hessian


def assert_derivatives(objective: Objective, point: Floats) -> None:
    here = objective.evaluate(point)
    gradient, hessian = differences(objective, point)
    size = 1.0 + np.abs(here.hessian).max()
    np.testing.assert_allclose(here.gradient, gradient, atol=2e-6 * size)
    np.testing.assert_allclose(here.hessian, hessian, atol=2e-6 * size)
    for order in (0, 1):
        assert objective.evaluate(point, order).log_likelihood == pytest.approx(
            here.log_likelihood, abs=1e-10 * size
        )


MODEL = {
    "seed": st.integers(0, 10**6),
    "link": st.sampled_from(LINKS),
    "threshold": st.sampled_from(THRESHOLDS),
    "nominal": st.booleans(),
    "scale": st.booleans(),
    "extras": st.booleans(),
}


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(**MODEL)
def test_fixed_model(seed: int, link: str, threshold: str, nominal: bool, scale: bool, extras: bool) -> None:
    rows, _, params = build(seed, link, threshold, nominal, scale, extras)
    objective = FixedObjective(rows, LINKS.index(link))
    value = objective.evaluate(params).log_likelihood
    assert value == pytest.approx(twin_value(rows, None, params, link, 0), rel=1e-9)
    assert_derivatives(objective, params)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(**MODEL, nodes=st.sampled_from([1, 2, 5, 9]), log_sd=st.floats(-1.5, 0.8))
def test_random_intercept(
    seed: int,
    link: str,
    threshold: str,
    nominal: bool,
    scale: bool,
    extras: bool,
    nodes: int,
    log_sd: float,
) -> None:
    rows, starts, params = build(seed, link, threshold, nominal, scale, extras)
    point = np.append(params, log_sd)
    objective = InterceptObjective(rows, starts, LINKS.index(link), nodes)
    value = objective.evaluate(point).log_likelihood
    if link != "cauchit":  # whose integrand may have several modes: the twin may find another
        assert value == pytest.approx(twin_value(rows, starts, point, link, nodes), abs=1e-6)
    assert_derivatives(objective, point)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("scale", [False, True])
def test_quadrature_reaches_the_integral(link: str, scale: bool) -> None:
    rows, starts, params = build(11, link, "flexible", True, scale, True, n=18)
    point = np.append(params, -0.4)
    exact = twin_value(rows, starts, point, link, 1, brute=True)
    nodes = 150 if link == "cauchit" else 80  # heavy tails converge slowly
    value = InterceptObjective(rows, starts, LINKS.index(link), nodes).evaluate(point, 0)
    assert value.log_likelihood == pytest.approx(exact, abs=1e-10)


@settings(max_examples=max(2, EXAMPLES // 2), deadline=None, derandomize=True)
@given(**MODEL)
def test_one_grouping_by_the_sparse_path(
    seed: int, link: str, threshold: str, nominal: bool, scale: bool, extras: bool
) -> None:
    rows, starts, params = build(seed, link, threshold, nominal, scale, extras)
    point = np.append(params, -0.2)
    codes = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    dense = InterceptObjective(rows, starts, LINKS.index(link)).evaluate(point)
    sparse = CrossedObjective(rows, [codes], LINKS.index(link)).evaluate(point)
    size = 1.0 + np.abs(dense.hessian).max()
    if link != "cauchit":
        assert sparse.log_likelihood == pytest.approx(dense.log_likelihood, abs=1e-9)
        np.testing.assert_allclose(sparse.gradient, dense.gradient, atol=1e-7 * size)
        np.testing.assert_allclose(sparse.hessian, dense.hessian, atol=1e-5 * size)


@settings(max_examples=max(2, EXAMPLES // 2), deadline=None, derandomize=True)
@given(**MODEL, nested=st.booleans())
def test_several_groupings_gradient(
    seed: int, link: str, threshold: str, nominal: bool, scale: bool, extras: bool, nested: bool
) -> None:
    rows, starts, params = build(seed, link, threshold, nominal, scale, extras)
    first = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    rng = np.random.default_rng(seed)
    second = first // 3 if nested else rng.integers(0, 4, first.size)
    second = np.unique(second, return_inverse=True)[1].astype(np.int64)
    objective = CrossedObjective(rows, [first, second], LINKS.index(link))
    point = np.concatenate([params, [-0.3, -0.7]])
    here = objective.evaluate(point, 1)
    for j in range(point.size):
        e = np.zeros_like(point)
        e[j] = 1e-5
        up, down = objective.evaluate(point + e, 0), objective.evaluate(point - e, 0)
        slope = (up.log_likelihood - down.log_likelihood) / 2e-5
        assert here.gradient[j] == pytest.approx(slope, abs=1e-5 * (1.0 + abs(slope)))


def test_several_groupings_value_against_dense_algebra() -> None:
    rows, starts, params = build(5, "logit", "flexible", False, False, False)
    first = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    second = np.random.default_rng(1).integers(0, 3, first.size)
    second = np.unique(second, return_inverse=True)[1].astype(np.int64)
    sizes = [first.max() + 1, second.max() + 1]
    z = np.column_stack([np.eye(sizes[0])[first], np.eye(sizes[1])[second]])
    sds = np.repeat([0.7, 0.5], sizes)

    def joint(r: Floats) -> float:
        rows_part = twin_rows(rows, params, "logit", (z @ r)[:, None]).sum()
        return float(rows_part + stats.norm.logpdf(r, scale=sds).sum())

    from scipy.optimize import minimize

    mode = minimize(lambda r: -joint(r), np.zeros(sds.size), tol=1e-12).x
    h = 1e-3
    eye = np.eye(sds.size) * h
    hessian = np.array(
        [
            [
                (joint(mode + a + b) - joint(mode + a - b) - joint(mode - a + b) + joint(mode - a - b))
                / (4 * h * h)
                for b in eye
            ]
            for a in eye
        ]
    )
    laplace = joint(mode) + 0.5 * sds.size * np.log(2 * np.pi)
    laplace -= 0.5 * np.linalg.slogdet(-hessian)[1]
    objective = CrossedObjective(rows, [first, second], 0)
    value = objective.evaluate(np.concatenate([params, np.log([0.7, 0.5])]), 0).log_likelihood
    assert value == pytest.approx(laplace, abs=1e-5)
