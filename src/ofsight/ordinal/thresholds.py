"""Threshold structures: J - 1 thresholds as linear functions of fewer parameters.

``flexible``
    Every threshold is a parameter: ``1|2``, ``2|3``, ...
``equidistant``
    The first threshold and one spacing: ``threshold.1``, ``spacing``.
``symmetric``
    Thresholds mirror each other about a centre: ``central`` (or ``central.1``, ``central.2``
    when their number is even) and ``spacing.1``, ``spacing.2``, ...

Names are those of R's ordinal package.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError

__all__ = ["THRESHOLDS", "threshold_basis", "threshold_labels"]

THRESHOLDS: Final = ("flexible", "equidistant", "symmetric")


def threshold_labels(levels: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the thresholds between neighbouring grades: ``low|high``."""
    return tuple(f"{low}|{high}" for low, high in pairwise(levels))


def threshold_basis(
    structure: str, levels: Sequence[str]
) -> tuple[NDArray[np.float64], tuple[str, ...], NDArray[np.float64]]:
    """Return how thresholds depend on threshold parameters.

    Parameters
    ----------
    structure : {"flexible", "equidistant", "symmetric"}
        The structure.
    levels : sequence of str
        The J >= 2 grades, lowest first.

    Returns
    -------
    basis : ndarray, shape (J - 1, q)
        Thresholds = basis @ parameters.
    names : tuple of str, length q
        Names of the parameters.
    shift : ndarray, shape (q,)
        The parameters that move every threshold up by one.

    Raises
    ------
    ModelError
        If a symmetric structure is asked of fewer than two thresholds.

    References
    ----------
    Christensen, R. H. B. (2019). Cumulative link models for ordinal regression with the R
    package ordinal, section "Structured thresholds".
    """
    n = len(levels) - 1
    if structure == "flexible" or (structure == "equidistant" and n == 1):
        return np.eye(n), threshold_labels(levels), np.ones(n)
    if structure == "equidistant":
        basis = np.column_stack([np.ones(n), np.arange(n, dtype=float)])
        return basis, ("threshold.1", "spacing"), np.array([1.0, 0.0])
    if n < 2:
        raise ModelError(
            f"Symmetric thresholds need at least three grades; the outcome has {n + 1}. "
            'Use threshold="flexible".'
        )
    half, odd = divmod(n, 2)
    if odd:
        basis = np.zeros((n, half + 1))
        basis[:, 0] = 1.0
        for k in range(1, half + 1):
            basis[half - k, k] = -1.0
            basis[half + k, k] = 1.0
        names = ("central", *(f"spacing.{k}" for k in range(1, half + 1)))
        shift = np.r_[1.0, np.zeros(half)]
    else:
        basis = np.zeros((n, half + 1))
        basis[:half, 0] = 1.0
        basis[half:, 1] = 1.0
        for k in range(1, half):
            basis[half - 1 - k, k + 1] = -1.0
            basis[half + k, k + 1] = 1.0
        names = ("central.1", "central.2", *(f"spacing.{k}" for k in range(1, half)))
        shift = np.r_[1.0, 1.0, np.zeros(half - 1)]
    return basis, names, shift
