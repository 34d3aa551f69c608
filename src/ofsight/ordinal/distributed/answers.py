"""What a fit over partitions answers with its rows on the workers: robust errors, random effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.columns import encode_groups
from ofsight.ordinal.covariance import clusters_of_groups
from ofsight.ordinal.distributed.crew import told
from ofsight.ordinal.distributed.fit import Engine
from ofsight.ordinal.distributed.objective import SpreadObjective
from ofsight.ordinal.distributed.parts import Loaded
from ofsight.ordinal.distributed.pieces import Piece
from ofsight.ordinal.distributed.survey import group_keys, select_rows
from ofsight.ordinal.formula import Request
from ofsight.ordinal.threads import one_thread

if TYPE_CHECKING:
    import polars as pl

    from ofsight.ordinal.result import OrdinalFit

__all__ = ["meat", "random_effects_there"]

Floats = NDArray[np.float64]


def _parts(fit: OrdinalFit) -> tuple[Engine, SpreadObjective]:
    engine, objective = fit.frame.engine if fit.frame else None, fit.arrays.objective
    assert isinstance(engine, Engine)
    assert isinstance(objective, SpreadObjective)
    return engine, objective


def meat(fit: OrdinalFit, cluster: Any, transform: Floats) -> tuple[Floats, int]:
    """Return the sum over clusters of squares of transformed scores, and the number of clusters.

    Parameters
    ----------
    fit : OrdinalFit
        A fit over partitions.
    cluster : str or None
        A column of the partitions. Default: the random intercept's grouping, or each row.
    transform : ndarray, shape (p, p)
        What scores are multiplied by.

    Raises
    ------
    ModelError
        If the cluster is no column, or cuts through groups of the random intercept.
    """
    engine, objective = _parts(fit)
    parameters = fit.arrays.fitted
    own = fit.arrays.outline.group_names
    if cluster is None and own and not objective.nodes:
        cluster = own[0]  # the variance is at zero: scores are by row, clusters still the groups
    if cluster is not None and not isinstance(cluster, str):
        raise ModelError("With engine= cluster is the name of a column of the partitions, not an array.")
    if cluster is None or (objective.nodes and cluster in own):
        return objective.squares(parameters, transform)
    names = cluster.split(":")
    asked = [
        engine.crew.submit(
            sum_by_cluster, piece, loaded, engine.request, engine.used, names,
            (parameters, objective.link, objective.nodes), transform,
        )
        for piece, loaded in zip(objective.pieces, engine.load(names), strict=True)
    ]  # fmt: skip
    shares = engine.crew.gather(asked)
    keys, codes = np.unique(np.concatenate([s[0] for s in shares]), return_inverse=True)
    sums = np.zeros((keys.shape[0], transform.shape[1]))
    np.add.at(sums, codes, np.concatenate([s[1] for s in shares]))
    return sums.T @ sums, keys.shape[0]


@told
def sum_by_cluster(
    piece: Piece,
    loaded: Loaded,
    request: Request,
    used: Sequence[str],
    names: Sequence[str],
    point: tuple[Floats, int, int],
    transform: Floats,
) -> tuple[NDArray[np.uint64], Floats]:
    """Return a key of each cluster in a partition and its transformed score. Runs on a worker."""
    chosen = select_rows(loaded.frame, request, used)
    columns, kept = chosen.columns, chosen.kept
    gone = sum(int(columns.missing(name)[kept].sum()) for name in names)
    if gone:
        raise ModelError(
            f"Cluster column {':'.join(names)!r} is missing in rows of {loaded.label} that the model used. "
            "Fill it or refit without those rows."
        )
    codes, keys = group_keys(columns, names, kept)
    parameters, link, nodes = point
    with one_thread():
        scores = piece.objective(link, nodes).scores(parameters) @ transform
    if request.group:
        groups = encode_groups(columns, request.group[0].split(":"), kept)
        # Without nodes the scores are of the rows of a piece, which are sorted by group.
        codes = clusters_of_groups(groups, codes) if nodes else codes[np.argsort(groups, kind="stable")]
    sums = np.zeros((keys.shape[0], transform.shape[1]))
    np.add.at(sums, codes, scores)
    return keys, sums


def random_effects_there(fit: OrdinalFit) -> pl.DataFrame:
    """Return the conditional modes of a fit over partitions; see `modes.random_effects`."""
    import polars as pl

    engine, objective = _parts(fit)
    name = fit.arrays.outline.group_names[0]
    labelled = engine.label_groups(0)
    if objective.nodes:
        pairs = objective.modes(fit.arrays.fitted)
    else:
        pairs = [(np.zeros(len(one["label"])), np.zeros(len(one["label"]))) for one in labelled]
    labels = [label for one in labelled for label in one["label"]]
    order = sorted(range(len(labels)), key=labels.__getitem__)
    return pl.DataFrame(
        {
            "grouping": [name] * len(labels),
            "group": [":".join(map(str, labels[i])) for i in order],
            "n": np.concatenate([one["n"] for one in labelled])[order],
            "mode": np.concatenate([modes for modes, _ in pairs])[order],
            "std_error": np.concatenate([errors for _, errors in pairs])[order],
        }
    )
