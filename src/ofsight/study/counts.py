"""Regressions of counts, shares and kinds: linear, Poisson, negative binomial, logistic, multinomial.

Small and exact: maximum likelihood by Newton's method with analytic derivatives, errors from the observed
information and robust to dependence within clusters (sandwich with the small-sample factor G / (G - 1)). They
know arrays only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import digamma, expit, gammaln, log_expit, polygamma

from ofsight.errors import ModelError

__all__ = [
    "CountFit",
    "fit_linear",
    "fit_linear_mixed",
    "fit_logistic",
    "fit_multinomial",
    "fit_negative_binomial",
    "fit_poisson",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ITERATIONS: Final = 60
_TOLERANCE: Final = 1e-9
_SMALLEST_LOG_ALPHA: Final = -14.0


@dataclass(frozen=True)
class CountFit:
    """A fitted regression.

    Attributes
    ----------
    coefficients : ndarray, shape (p,)
        Of the columns of the design; of a multinomial model those of category 1, then of 2, and so on.
    covariance, robust : ndarray, shape (p, p)
        From the observed information, and robust to dependence within clusters.
    log_likelihood : float
        Maximised; of a linear model the Gaussian one, of a mixed one the restricted one.
    dispersion : float
        Of a linear model the residual variance, of a negative binomial one alpha; else 1.
    random_variance : float
        Of the random intercept; 0 where there is none.
    n, n_clusters : int
        Rows and clusters.
    """

    coefficients: Floats
    covariance: Floats
    robust: Floats
    log_likelihood: float
    dispersion: float
    random_variance: float
    n: int
    n_clusters: int


def _sandwich(bread: Floats, scores: Floats, clusters: Ints) -> tuple[Floats, int]:
    n_clusters = int(clusters.max()) + 1
    if n_clusters < 2:
        raise ModelError("Robust errors need at least two clusters.")
    sums = np.zeros((n_clusters, scores.shape[1]))
    np.add.at(sums, clusters, scores)
    return bread @ (sums.T @ sums) @ bread * n_clusters / (n_clusters - 1), n_clusters


def _inverse(information: Floats, what: str) -> Floats:
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        raise ModelError(
            f"{what}: the information is singular. Columns are collinear or a group has no variation; "
            "drop one."
        ) from None
    return np.asarray(np.linalg.inv(information), dtype=np.float64)


_Evaluate = Callable[[Floats], tuple[float, Floats, Floats]]


def _climb(evaluate: _Evaluate, start: Floats, what: str) -> tuple[Floats, float, Floats, Floats]:
    """Maximise by Newton's method with halved steps; return place, value, scores by row and information."""
    place: Floats = start
    value, scores, information = evaluate(place)
    for _ in range(_ITERATIONS):
        gradient = scores.sum(axis=0)
        step: Floats = _inverse(information, what) @ gradient
        if gradient @ step < _TOLERANCE:
            return place, value, scores, information
        size = 1.0
        while True:
            trial: Floats = place + size * step
            new = evaluate(trial)
            if np.isfinite(new[0]) and new[0] >= value - 1e-12:
                break
            size /= 2
            if size < 1e-10:
                raise ModelError(f"{what}: no step climbs further. Simplify the model or rescale columns.")
        place, (value, scores, information) = trial, new
    raise ModelError(f"{what}: not converged. A category may be separated by a covariate; drop or merge it.")


def fit_linear(y: Floats, x: Floats, clusters: Ints, weights: Floats | None = None) -> CountFit:
    """Fit by least squares, weighted where weights are given.

    Parameters
    ----------
    y : ndarray, shape (n,)
        The outcome.
    x : ndarray, shape (n, p)
        The design, with its intercept.
    clusters : ndarray of int, shape (n,)
        Codes 0 to G - 1.
    weights : ndarray, shape (n,), optional
        Inverse to each row's variance.

    Raises
    ------
    ModelError
        When columns are collinear.
    """
    w = np.ones(len(y)) if weights is None else weights
    inverse = _inverse((x * w[:, None]).T @ x, "Linear model")
    beta = inverse @ (x.T @ (w * y))
    residual = y - x @ beta
    variance = float(w @ residual**2) / (len(y) - x.shape[1])
    robust, n_clusters = _sandwich(inverse, x * (w * residual)[:, None], clusters)
    spread = float(w @ residual**2) / len(y)
    half_logs = 0.5 * float(np.log(w[w > 0]).sum())
    log_likelihood = half_logs - 0.5 * len(y) * (np.log(2 * np.pi * spread) + 1)
    return CountFit(
        beta, variance * inverse, robust, float(log_likelihood), variance, 0.0, len(y), n_clusters
    )


def fit_linear_mixed(y: Floats, x: Floats, clusters: Ints) -> CountFit:
    """Fit a linear model with a random intercept per cluster, by restricted maximum likelihood.

    Parameters as in `fit_linear`. The ratio of the two variances is sought on a line; all else is closed.

    References
    ----------
    Laird, N. M. & Ware, J. H. (1982). Random-effects models for longitudinal data. Biometrics 38, 963-974.
    """
    n, p = x.shape
    sizes = np.bincount(clusters).astype(np.float64)
    x_sums, y_sums = np.zeros((len(sizes), p)), np.bincount(clusters, weights=y)
    np.add.at(x_sums, clusters, x)

    def solve(log_ratio: float) -> tuple[float, Floats, Floats, float]:
        ratio = np.exp(log_ratio)
        shrink = ratio / (1 + ratio * sizes)
        xx = x.T @ x - (x_sums * shrink[:, None]).T @ x_sums
        xy = x.T @ y - x_sums.T @ (shrink * y_sums)
        yy = float(y @ y - shrink @ y_sums**2)
        inverse = _inverse(xx, "Linear mixed model")
        beta = inverse @ xy
        variance = (yy - float(xy @ beta)) / (n - p)
        criterion = (
            float(np.log1p(ratio * sizes).sum())
            + float(np.linalg.slogdet(xx)[1])
            + (n - p) * (np.log(2 * np.pi * variance) + 1)
        )
        return criterion, beta, inverse, variance

    found = minimize_scalar(
        lambda place: solve(place)[0], bounds=(-14.0, 6.0), method="bounded", options={"xatol": 1e-9}
    )
    criterion, beta, inverse, variance = solve(float(found.x))
    ratio = float(np.exp(found.x))
    shrink = ratio / (1 + ratio * sizes)
    residual = y - x @ beta
    sums = np.bincount(clusters, weights=residual)
    whitened = residual - (shrink * sums)[clusters]
    robust, n_clusters = _sandwich(inverse, x * whitened[:, None], clusters)
    return CountFit(
        beta, variance * inverse, robust, -0.5 * criterion, variance, ratio * variance, n, n_clusters
    )


def fit_logistic(y: Floats, x: Floats, clusters: Ints) -> CountFit:
    """Fit a logistic model of 0 and 1. Parameters as in `fit_linear`."""

    def evaluate(beta: Floats) -> tuple[float, Floats, Floats]:
        eta = x @ beta
        p = expit(eta)
        value = float(np.where(y > 0, log_expit(eta), log_expit(-eta)).sum())
        return value, x * (y - p)[:, None], (x * (p * (1 - p))[:, None]).T @ x

    return _finish(evaluate, np.zeros(x.shape[1]), clusters, "Logistic model")


def fit_poisson(y: Floats, x: Floats, clusters: Ints) -> CountFit:
    """Fit a Poisson model with log link. Parameters as in `fit_linear`."""

    def evaluate(beta: Floats) -> tuple[float, Floats, Floats]:
        eta = np.minimum(x @ beta, 50.0)
        mu = np.exp(eta)
        value = float((y * eta - mu - gammaln(y + 1)).sum())
        return value, x * (y - mu)[:, None], (x * mu[:, None]).T @ x

    return _finish(evaluate, _start_of_counts(y, x), clusters, "Poisson model")


def _start_of_counts(y: Floats, x: Floats) -> Floats:
    """Start from least squares on a logarithm, which is near enough for Newton's method."""
    return np.asarray(np.linalg.lstsq(x, np.log(y + 0.5), rcond=None)[0], dtype=np.float64)


def fit_negative_binomial(y: Floats, x: Floats, clusters: Ints) -> CountFit:
    """Fit a negative binomial model (variance ``mu + alpha mu^2``) with log link.

    Parameters as in `fit_linear`; ``dispersion`` of the result is alpha. Where the counts vary no more than
    Poisson's, alpha has its maximum at 0 and the Poisson fit is returned with alpha 0.

    References
    ----------
    Cameron, A. C. & Trivedi, P. K. (2013). Regression analysis of count data, 2nd ed., 3.3.
    """
    poisson = fit_poisson(y, x, clusters)
    mu = np.exp(x @ poisson.coefficients)
    surplus = float(((y - mu) ** 2 - y).sum() / (mu**2).sum())
    if surplus <= 0:
        # The derivative of the log-likelihood by alpha at 0 has the sign of this surplus.
        return replace(poisson, dispersion=0.0)

    def evaluate(place: Floats) -> tuple[float, Floats, Floats]:
        return _negative_binomial(y, x, place)

    start: Floats = np.append(poisson.coefficients, np.log(max(surplus, 1e-3)))
    place, value, scores, information = _climb(evaluate, start, "Negative binomial model")
    inverse = _inverse(information, "Negative binomial model")
    robust, n_clusters = _sandwich(inverse, scores, clusters)
    p = x.shape[1]
    return CountFit(
        place[:p], inverse[:p, :p], robust[:p, :p], value, float(np.exp(place[p])), 0.0, len(y), n_clusters
    )


def _negative_binomial(y: Floats, x: Floats, place: Floats) -> tuple[float, Floats, Floats]:
    """Return log-likelihood, scores and information in the coefficients and log alpha."""
    eta, log_alpha = np.minimum(x @ place[:-1], 50.0), max(float(place[-1]), _SMALLEST_LOG_ALPHA)
    mu, r = np.exp(eta), np.exp(-log_alpha)
    total = r + mu
    value = gammaln(y + r) - gammaln(r) - gammaln(y + 1) + r * np.log(r / total) + y * (eta - np.log(total))
    by_eta = (y - mu) * r / total
    by_r = digamma(y + r) - digamma(r) + np.log(r / total) + 1 - (r + y) / total
    by_r_r = polygamma(1, y + r) - polygamma(1, r) + 1 / r - 2 / total + (r + y) / total**2
    scores = np.column_stack([x * by_eta[:, None], -r * by_r])
    p = x.shape[1]
    information = np.zeros((p + 1, p + 1))
    information[:p, :p] = (x * (mu * r * (r + y) / total**2)[:, None]).T @ x
    information[:p, p] = information[p, :p] = x.T @ (r * (y - mu) * mu / total**2)
    information[p, p] = -float((r * by_r + r**2 * by_r_r).sum())
    if information[p, p] <= 0:
        # Far from the maximum the curvature may have the wrong sign: climb by the outer product instead.
        information[p, p] = float((scores[:, p] ** 2).sum()) + 1e-8
    return float(value.sum()), scores, information


def fit_multinomial(codes: Ints, x: Floats, clusters: Ints) -> CountFit:
    """Fit a multinomial logistic model; category 0 is the reference.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        The category of each row, 0 to K - 1.
    x, clusters
        As in `fit_linear`.

    Returns
    -------
    CountFit
        ``coefficients`` has shape ((K - 1) * p,): category by category.
    """
    n, p = x.shape
    k = int(codes.max())
    chosen = np.zeros((n, k))
    rows = np.flatnonzero(codes > 0)
    chosen[rows, codes[rows] - 1] = 1.0

    def evaluate(place: Floats) -> tuple[float, Floats, Floats]:
        eta = x @ place.reshape(k, p).T
        top = np.maximum(eta.max(axis=1), 0.0)
        weights = np.exp(eta - top[:, None])
        total = np.exp(-top) + weights.sum(axis=1)
        probability = weights / total[:, None]
        value = float(((chosen * eta).sum(axis=1) - top - np.log(total)).sum())
        scores = ((chosen - probability)[:, :, None] * x[:, None, :]).reshape(n, k * p)
        information = np.zeros((k * p, k * p))
        for a in range(k):
            for b in range(a, k):
                weight = probability[:, a] * ((a == b) - probability[:, b])
                block = (x * weight[:, None]).T @ x
                information[a * p : (a + 1) * p, b * p : (b + 1) * p] = block
                information[b * p : (b + 1) * p, a * p : (a + 1) * p] = block.T
        return value, scores, information

    return _finish(evaluate, np.zeros(k * p), clusters, "Multinomial model")


def _finish(evaluate: _Evaluate, start: Floats, clusters: Ints, what: str) -> CountFit:
    place, value, scores, information = _climb(evaluate, start, what)
    inverse = _inverse(information, what)
    robust, n_clusters = _sandwich(inverse, scores, clusters)
    return CountFit(place, inverse, robust, value, 1.0, 0.0, len(scores), n_clusters)
