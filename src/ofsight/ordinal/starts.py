"""Good starting values: margins for the thresholds, a short walk over the variance."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.design import Outline
from ofsight.ordinal.links import LATENT_VARIANCE
from ofsight.ordinal.objective import Objective

__all__ = ["inflate", "quantile", "start_fixed", "start_variance"]

Floats = NDArray[np.float64]


def quantile(link: str, p: float) -> float:
    """Return the quantile of a link's latent distribution."""
    if link == "logit":
        return math.log(p / (1.0 - p))
    if link == "probit":
        return NormalDist().inv_cdf(p)
    if link == "cloglog":
        return math.log(-math.log1p(-p))
    if link == "loglog":
        return -math.log(-math.log(p))
    return math.tan(math.pi * (p - 0.5))


def start_fixed(basis: Floats, outline: Outline, link: str, size: int) -> Floats:
    """Return starting values of a model without random effects.

    Thresholds reproduce the marginal distribution of the outcome, at the mean offset; all
    effects are zero. Structured thresholds take the nearest values of their structure.

    Parameters
    ----------
    basis : ndarray, shape (J - 1, q)
        Thresholds as linear functions of threshold parameters.
    outline : Outline
        What is known of the rows.
    link : str
        The link.
    size : int
        The number of parameters.
    """
    counts = outline.weight_counts + 0.5
    cumulative = np.cumsum(counts)[:-1] / counts.sum()
    theta = np.array([quantile(link, float(p)) for p in cumulative]) + outline.start_offset
    if basis.shape[1] < basis.shape[0]:
        middle = 0.5 * (theta[0] + theta[-1])
        even = np.linspace(theta[0], theta[-1], theta.shape[0])
        target = theta if link != "cauchit" else middle + (even - middle)
        alpha = np.linalg.lstsq(basis, target, rcond=None)[0]
        if np.any(np.diff(basis @ alpha) <= 0.0):
            alpha = np.linalg.lstsq(basis, even, rcond=None)[0]
    else:
        alpha = np.linalg.solve(basis, theta)
    start = np.zeros(size)
    start[: alpha.shape[0]] = alpha
    return start


def inflate(link: str, variance: float) -> float:
    """Return by how much a random effect stretches the coefficients given it.

    The conditional model is steeper than the marginal one by about the square root of total
    over residual variance on the latent scale (exact for the probit link).
    """
    residual = LATENT_VARIANCE[link]
    if math.isnan(residual):
        residual = 3.0
    return math.sqrt(1.0 + variance / residual)


def start_variance(objective: Objective, fixed: Floats, n_location: int, link: str, n_effects: int) -> Floats:
    """Return starting values of a mixed model from those of the fixed one.

    Parameters
    ----------
    objective : Objective
        The mixed model's, in fitting coordinates; log standard deviations last.
    fixed : ndarray, shape (p,)
        The optimum without random effects.
    n_location : int
        How many of the first parameters (thresholds and location) stretch.
    link : str
        The link.
    n_effects : int
        How many log standard deviations there are.

    Returns
    -------
    ndarray, shape (p + n_effects,)
        The best of a few standard deviations, each twice the last, the same for every effect.
    """
    residual = LATENT_VARIANCE[link]
    unit = math.sqrt(3.0 if math.isnan(residual) else residual)
    tried: dict[int, tuple[float, Floats]] = {}

    def place(step: float) -> Floats:
        sd = 0.4 * unit * 2.0**step
        start = np.concatenate([fixed, np.full(n_effects, math.log(sd / math.sqrt(n_effects)))])
        start[:n_location] *= inflate(link, sd * sd)
        return start

    def attempt(step: int) -> float:
        if step not in tried:
            start = place(step)
            tried[step] = objective.evaluate(start, 0).log_likelihood, start
        return tried[step][0]

    step = 1 if attempt(1) > attempt(0) else 0
    direction = 1 if step else -1
    while abs(step) < 4 and attempt(step + direction) > attempt(step):
        step += direction
    if step - 1 in tried and step + 1 in tried:  # the top of the parabola through three points
        low, top, high = attempt(step - 1), attempt(step), attempt(step + 1)
        bend = low - 2.0 * top + high
        if math.isfinite(bend) and bend < 0.0:
            return place(step + 0.5 * (low - high) / bend)
    return tried[step][1]
