"""Covariance of the estimates: from the observed information, and cluster-robust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.crossed import CrossedObjective
from ofsight.ordinal.objective import FixedObjective, InterceptObjective
from ofsight.ordinal.optimise import solve_information
from ofsight.ordinal.problem import ArrayFit

if TYPE_CHECKING:
    from ofsight.ordinal.result import OrdinalFit

__all__ = ["cluster_codes", "clusters_of_groups", "model_covariance", "sandwich"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def _inverse_information(fit: ArrayFit) -> Floats:
    """Return the inverse of minus the Hessian in fitting coordinates; NaN if there is none."""
    p = fit.hessian.shape[0]
    _, _, definite = solve_information(fit.hessian, np.zeros(p))
    if not definite and p:
        return np.full((p, p), np.nan)
    scale = 1.0 / np.sqrt(np.diag(-fit.hessian))
    inverse = np.linalg.inv(-fit.hessian * np.outer(scale, scale)) * np.outer(scale, scale)
    return 0.5 * (inverse + inverse.T)


def model_covariance(fit: ArrayFit) -> Floats:
    """Return the inverse observed information in the user's units, shape (p, p).

    NaN throughout when the Hessian is not negative definite: there are no standard errors.
    """
    return fit.back @ _inverse_information(fit) @ fit.back.T


def cluster_codes(fit: OrdinalFit, cluster: Any) -> Ints:
    """Return a cluster code 0..G-1 for each row used."""
    design = fit.arrays.design
    if cluster is None:
        if len(design.groups) > 1:
            raise ModelError(
                "With several random intercepts name the clusters: a grouping that holds all "
                f"others (of {', '.join(design.group_names)}) or a coarser column."
            )
        if design.groups:
            return design.groups[0]
        return np.arange(fit.n, dtype=np.int64)
    if isinstance(cluster, str):
        if cluster in design.group_names:
            return design.groups[design.group_names.index(cluster)]
        if fit.frame is None:
            raise ModelError("A model fitted to arrays takes cluster codes as an array.")
        from ofsight.ordinal.columns import encode_groups, open_columns

        columns = open_columns(fit.frame.source)
        gone = columns.missing(cluster)[fit.frame.kept]
        if gone.any():
            raise ModelError(
                f"Cluster column {cluster!r} is missing in {int(gone.sum())} of the rows used. "
                "Fill it or refit without those rows."
            )
        return encode_groups(columns, [cluster], fit.frame.kept)
    codes = np.asarray(cluster)
    if fit.frame is not None and codes.shape == (fit.n + fit.n_dropped,):
        codes = codes[fit.frame.kept]
    if codes.shape != (fit.n,):
        raise ModelError(f"cluster has shape {codes.shape}; the model used {fit.n} rows.")
    return np.unique(codes, return_inverse=True)[1].astype(np.int64).reshape(-1)


def clusters_of_groups(groups: Ints, codes: Ints) -> Ints:
    """Return the cluster of each group, of the groups and the clusters of the rows.

    Raises
    ------
    ModelError
        When rows of one group lie in several clusters.
    """
    by_group = np.zeros(int(groups.max()) + 1, dtype=np.int64)
    by_group[groups] = codes
    if np.any(by_group[groups] != codes):
        raise ModelError(
            "Clusters cut through groups of the random intercept: the likelihood does not "
            "split by such clusters. Cluster by that grouping or by a coarser one."
        )
    return by_group


def _sum_by(scores: Floats, codes: Ints) -> Floats:
    """Return sums of scores by code, shape (G, p)."""
    sums = np.zeros((int(codes.max()) + 1, scores.shape[1]))
    np.add.at(sums, codes, scores)
    return sums


def sandwich(fit: OrdinalFit, cluster: Any, correction: bool) -> Floats:
    r"""Return :math:`H^{-1} \left(\sum_c s_c s_c'\right) H^{-1}` in the user's units.

    Parameters
    ----------
    fit : OrdinalFit
        The fit.
    cluster : str, array or None
        See `OrdinalFit.covariance`.
    correction : bool
        Multiply by G / (G - 1).

    References
    ----------
    Zeileis, A. (2006). Object-oriented computation of sandwich estimators. JSS 16(9).
    """
    arrays = fit.arrays
    bread = _inverse_information(arrays)
    if fit.frame is not None and fit.frame.engine is not None:
        from ofsight.ordinal.distributed.answers import meat

        result, n_clusters = meat(fit, cluster, bread @ arrays.back.T)
        return _corrected(result, n_clusters, correction)
    codes = cluster_codes(fit, cluster)
    objective = arrays.objective
    if isinstance(objective, FixedObjective):
        scores = objective.scores(arrays.fitted)
        sums = _sum_by(scores, codes[arrays.order])
    elif isinstance(objective, InterceptObjective):
        groups = arrays.design.groups[0]
        sums = _sum_by(objective.scores(arrays.fitted), clusters_of_groups(groups, codes))
    elif isinstance(objective, CrossedObjective):
        sums = _component_scores(fit, objective, codes)
    else:
        raise ModelError("This objective gives no scores by cluster. Use kind='model'.")
    # As a square, so that rounding cannot make a variance negative where the bread is ill-conditioned.
    influence = sums @ bread @ arrays.back.T
    return _corrected(influence.T @ influence, int(codes.max()) + 1, correction)


def _corrected(result: Floats, n_clusters: int, correction: bool) -> Floats:
    if n_clusters < 2:
        raise ModelError("There is a single cluster: a sandwich needs several.")
    return result * (n_clusters / (n_clusters - 1)) if correction else result


def _component_scores(fit: OrdinalFit, objective: CrossedObjective, codes: Ints) -> Floats:
    """Return scores by cluster when clusters hold whole groups of every grouping."""
    arrays = fit.arrays
    p = arrays.working.back.shape[0]
    by_row, by_effect = objective.scores(arrays.fitted)
    sums = np.zeros((int(codes.max()) + 1, arrays.fitted.shape[0]))
    sums[:, :p] = _sum_by(by_row, codes[arrays.order])
    for k, grouping in enumerate(arrays.active):
        groups = arrays.design.groups[grouping]
        by_group = np.zeros(int(groups.max()) + 1, dtype=np.int64)
        by_group[groups] = codes
        if np.any(by_group[groups] != codes):
            raise ModelError(
                f"Clusters cut through groups of {arrays.design.group_names[grouping]!r}: the "
                "likelihood does not split by such clusters. Cluster by a grouping that holds "
                "all others, or use kind='model'."
            )
        np.add.at(sums[:, p + k], by_group, by_effect[objective.positions[k]])
    return sums
