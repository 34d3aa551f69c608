"""Tier: property. Simulated recovery: intervals cover the truth as often as they say."""

from __future__ import annotations

import numpy as np
from numba import config

from ofsight.ordinal import clmm_arrays

SEEDS = 2 if config.DISABLE_JIT else 200


def test_intervals_cover_the_truth() -> None:
    groups, size = 60, 6
    truth = np.array([-1.0, 0.8, 2.0, 0.7, -0.5, np.log(0.9)])
    code = np.repeat(np.arange(groups), size)
    hits = np.zeros(truth.size)
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        x = np.column_stack([rng.normal(size=code.size), rng.integers(0, 2, code.size)])
        latent = x @ truth[3:5] + 0.9 * rng.normal(size=groups)[code] + rng.logistic(size=code.size)
        fit = clmm_arrays(np.digitize(latent, truth[:3]), x, code, nodes=7)
        assert fit.convergence.ok
        errors = np.sqrt(np.diag(fit.covariance()))
        hits += np.abs(fit.arrays.estimates - truth) < 1.959964 * errors
    coverage = hits / SEEDS
    if SEEDS == 200:
        # All six parameters together, and the two that studies report one by one.
        assert 0.92 <= coverage.mean() <= 0.98, coverage
        assert np.all((coverage[3:5] >= 0.92) & (coverage[3:5] <= 0.98)), coverage
        assert np.all(coverage >= 0.90), coverage
