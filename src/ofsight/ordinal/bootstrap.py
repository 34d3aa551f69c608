"""Cluster bootstrap: groups drawn with replacement, the model fitted again to each draw.

Each draw has a random stream of its own, made from the seed and its number: the same digits here,
on the workers of a cluster, and whichever worker does which draw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.covariance import cluster_codes
from ofsight.ordinal.design import Design
from ofsight.ordinal.fit import fit_design

if TYPE_CHECKING:
    import polars as pl

    from ofsight.ordinal.result import OrdinalFit

__all__ = ["Bootstrap", "bootstrap"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_METHODS: Final = ("percentile", "basic")
_BATCH = 16  # draws a task
_FEWEST: Final = 20
"""Clusters below which an interval from resampling them means little."""


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Estimates of resampled data.

    Attributes
    ----------
    fit : OrdinalFit
        What was resampled.
    names : tuple of str, length p
        Names of the estimates, as of the fit.
    estimates : ndarray, shape (n, p)
        One row per draw, in order; NaN throughout where the fit failed, and for an estimate that a
        draw does not have (a level that was not drawn). A log standard deviation is minus infinity
        where the draw's variance is at zero.
    log_likelihoods : ndarray, shape (n,)
        NaN where the fit failed.
    n_clusters : int
        How many clusters each draw takes, with replacement.
    seed : int
        What the draws were made from.
    """

    fit: OrdinalFit
    names: tuple[str, ...]
    estimates: Floats
    log_likelihoods: Floats
    n_clusters: int
    seed: int

    @property
    def n_failed(self) -> int:
        """Draws whose fit failed; they are left out of everything below."""
        return int(np.isnan(self.log_likelihoods).sum())

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard deviations of the draws, by name; NaN with fewer than two, or one at infinity."""
        errors = {}
        for k, name in enumerate(self.names):
            known = self._known(k)
            told = known.size > 1 and bool(np.isfinite(known).all())
            errors[name] = float(np.std(known, ddof=1)) if told else math.nan
        return errors

    def _known(self, position: int) -> Floats:
        values = self.estimates[:, position]
        known: Floats = values[~np.isnan(values)]
        return known

    def confint(
        self, level: float = 0.95, *, method: str = "percentile", names: Sequence[str] | None = None
    ) -> pl.DataFrame:
        """Return intervals: columns name, estimate, low, high, std_error, n.

        Parameters
        ----------
        level : float
            Coverage.
        method : {"percentile", "basic"}
            Quantiles of the draws; or those mirrored about the estimate, which corrects a shift of
            the draws. A log standard deviation is best read by percentiles.
        names : sequence of str, optional
            Which estimates; default all.

        Returns
        -------
        polars.DataFrame
            ``n`` counts the draws that have the estimate.

        References
        ----------
        Davison, A. C. & Hinkley, D. V. (1997). Bootstrap Methods and their Application, chapter 5.
        """
        import polars as pl

        if method not in _METHODS:
            raise ModelError(f"Unknown method {method!r}. Allowed: {', '.join(_METHODS)}.")
        if not 0.0 < level < 1.0:
            raise ModelError(f"A confidence level lies between 0 and 1; this is {level}.")
        for name in names or ():
            if name not in self.names:
                raise ModelError(f"No estimate {name!r}. There are: {', '.join(self.names)}.")
        errors = self.standard_errors
        rows = []
        for k, name in enumerate(self.names):
            if names is not None and name not in names:
                continue
            known, value = self._known(k), self.fit.estimates[name]
            low, high = math.nan, math.nan
            if known.size:
                # Between a draw at minus infinity and one that is not there is no line.
                rule: Literal["linear", "nearest"] = "linear" if np.isfinite(known).all() else "nearest"
                ends = [0.5 - 0.5 * level, 0.5 + 0.5 * level]
                low, high = np.quantile(known, ends, method=rule).tolist()
            if method == "basic":
                low, high = 2.0 * value - high, 2.0 * value - low
            rows.append((name, value, low, high, errors[name], known.size))
        schema = {
            "name": pl.String, "estimate": pl.Float64, "low": pl.Float64, "high": pl.Float64,
            "std_error": pl.Float64, "n": pl.Int64,
        }  # fmt: skip
        return pl.DataFrame(rows, schema=schema, orient="row")

    def __repr__(self) -> str:
        failed = f", {self.n_failed} failed" if self.n_failed else ""
        n = self.estimates.shape[0]
        return f"<bootstrap of {self.fit!r}: {n} draws of {self.n_clusters} clusters{failed}>"


@dataclass(frozen=True)
class _Task:
    """What every draw needs, sent to each worker once."""

    design: Design
    clusters: Ints
    link: str
    threshold: str
    nodes: int
    names: tuple[str, ...]
    seed: int


def bootstrap(
    fit: OrdinalFit, n: int = 999, *, seed: int, cluster: Any = None, client: Any = None
) -> Bootstrap:
    """Resample clusters of a fit, with replacement, and fit each draw again.

    Parameters
    ----------
    fit : OrdinalFit
        What to resample: a fit with its rows here, mixed or not.
    n : int
        Draws. Some hundreds for standard errors, 999 or more for intervals.
    seed : int
        What the draws are made from; the same seed gives the same digits.
    cluster : str or array, optional
        A column of the data, or a code per row: what is drawn. Default the random intercept's
        grouping, or each row of a fixed model. A cluster drawn twice counts as two clusters, its
        groups as groups of their own.
    client : distributed.Client or str, optional
        A Dask client, or the address of a scheduler, that shares the draws out; default this
        process. No digit depends on it.

    Returns
    -------
    Bootstrap

    Raises
    ------
    ModelError
        If there are too few draws or clusters, the rows are on an engine, or every fit failed.

    References
    ----------
    Field, C. A. & Welsh, A. H. (2007). Bootstrapping clustered data. JRSS B 69, 369-390.
    """
    if n < 1:
        raise ModelError(f"A bootstrap needs at least one draw; n is {n}.")
    arrays = fit.arrays
    if arrays.held is None:
        raise ModelError(
            "A bootstrap draws from the rows, and they are on the workers of the engine. Fit without "
            "engine=, or use covariance('cluster'), which needs no draws."
        )
    clusters = cluster_codes(fit, cluster)
    _check_clusters(arrays.held, clusters)
    task = _Task(arrays.held, clusters, arrays.link, arrays.threshold, max(arrays.nodes, 1), fit.names, seed)
    batches = [range(first, min(first + _BATCH, n)) for first in range(0, n, _BATCH)]
    if client is None:
        drawn = [_draw_batch(task, batch) for batch in batches]
    else:
        drawn = _draw_on(client, task, batches)
    table = np.concatenate([values for values, _ in drawn])
    heights = np.concatenate([values for _, values in drawn])
    if not np.isfinite(heights).any():
        raise ModelError(f"None of the {n} draws could be fitted. {fit.convergence.message}")
    return Bootstrap(fit, task.names, table, heights, int(clusters.max()) + 1, seed)


def _check_clusters(design: Design, clusters: Ints) -> None:
    count = int(clusters.max()) + 1
    if count < _FEWEST:
        raise ModelError(
            f"There are {count} clusters: fewer than {_FEWEST} are too few to resample. Use a finer cluster, "
            "or the profile intervals of the fit."
        )
    for name, groups in zip(design.group_names, design.groups, strict=True):
        by_group = np.zeros(int(groups.max()) + 1, dtype=np.int64)
        by_group[groups] = clusters
        if np.any(by_group[groups] != clusters):
            raise ModelError(
                f"Clusters cut through groups of {name!r}: a draw would tear them. Cluster by a grouping "
                "that holds all others."
            )


def _draw_on(client: Any, task: _Task, batches: Sequence[range]) -> list[tuple[Floats, Floats]]:
    """Return the draws of all batches, made by the workers of a client."""
    from ofsight.ordinal.distributed.crew import Crew

    crew = Crew(client)
    shared = crew.share(task)
    drawn: list[tuple[Floats, Floats]] = crew.gather(
        [crew.submit(draw_batch_there, shared, batch) for batch in batches]
    )
    return drawn


def draw_batch_there(task: _Task, batch: range) -> tuple[Floats, Floats]:
    """Return the draws of a batch. Runs on a worker, which has its own use for other threads."""
    from ofsight.ordinal.threads import one_thread

    with one_thread():
        return _draw_batch(task, batch)


def _draw_batch(task: _Task, batch: range) -> tuple[Floats, Floats]:
    """Return estimates (len(batch), p) and log-likelihoods of some draws."""
    count = int(task.clusters.max()) + 1
    order = np.argsort(task.clusters, kind="stable").astype(np.int64)
    sizes = np.bincount(task.clusters, minlength=count)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    table = np.full((len(batch), len(task.names)), np.nan)
    heights = np.full(len(batch), np.nan)
    position = {name: k for k, name in enumerate(task.names)}
    for line, number in enumerate(batch):
        rng = np.random.default_rng(np.random.SeedSequence(task.seed, spawn_key=(number,)))
        drawn = rng.integers(0, count, count)
        # Row by row: where the rows of each drawn cluster lie, and the number of its draw.
        draw = np.repeat(np.arange(count), sizes[drawn])
        within = np.arange(draw.shape[0]) - np.repeat(np.cumsum(sizes[drawn]) - sizes[drawn], sizes[drawn])
        rows = order[starts[drawn][draw] + within]
        try:
            fit = fit_design(
                _take(task.design, rows, draw), link=task.link, threshold=task.threshold, nodes=task.nodes
            )
        except ModelError:  # one grade, or one group: a draw without an estimate
            continue
        if fit.convergence.code < 0:
            continue
        heights[line] = fit.log_likelihood
        for k, grouping in enumerate(task.design.group_names):
            if k not in fit.active and (name := f"log_sd.{grouping}") in position:
                table[line, position[name]] = -math.inf
        for name, value in zip(fit.names, fit.estimates.tolist(), strict=True):
            if name in position:
                table[line, position[name]] = value
    return table, heights


def _take(design: Design, rows: Ints, draw: Ints) -> Design:
    """Return the drawn rows; groups are told apart by draw, grades and columns that vanished dropped."""
    grades, y = np.unique(design.y[rows], return_inverse=True)

    def pick(values: Floats | None) -> Floats | None:
        return None if values is None else values[rows]

    return replace(
        design,
        y=y.astype(np.int64).reshape(-1),
        levels=tuple(design.levels[g] for g in grades),
        location=design.location[rows],
        nominal=design.nominal[rows],
        scale=design.scale[rows],
        weights=pick(design.weights),
        offset=pick(design.offset),
        scale_offset=pick(design.scale_offset),
        groups=tuple(
            np.unique(draw * (int(g.max()) + 1) + g[rows], return_inverse=True)[1]
            .astype(np.int64)
            .reshape(-1)
            for g in design.groups
        ),
    )
