"""Cumulative link models: the public functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.design import Design
from ofsight.ordinal.fit import fit_design
from ofsight.ordinal.formula import Request, build_frame
from ofsight.ordinal.result import OrdinalFit

__all__ = ["build_design", "clm", "clm_arrays", "fit_request"]


def clm(
    formula: str,
    data: Any,
    *,
    nominal: str | None = None,
    scale: str | None = None,
    link: str = "logit",
    threshold: str = "flexible",
    weights: Any = None,
    offset: Any = None,
    scale_offset: Any = None,
    engine: Any = None,
) -> OrdinalFit:
    """Fit a cumulative link model by maximum likelihood.

    Parameters
    ----------
    formula : str
        ``"grade ~ x + C(year)"``. Factors are coded against their first level.
    data : polars.DataFrame or pandas.DataFrame
        One row per observation. The outcome is a polars Enum, an ordered pandas Categorical
        or integers. Rows with a missing value in a variable used are dropped and counted. With
        `engine`, partitions: a folder or pattern of Parquet files, a Dask DataFrame, or a list of
        delayed frames.
    nominal : str, optional
        ``"~ x"``: terms whose effect differs by threshold. A term that is also in the
        location is aliased there, dropped and reported.
    scale : str, optional
        ``"~ z"``: terms of the log-scale.
    link : {"logit", "probit", "cloglog", "loglog", "cauchit"}
        The latent distribution.
    threshold : {"flexible", "equidistant", "symmetric"}
        The structure of the thresholds.
    weights, offset, scale_offset : str or array, optional
        Columns or arrays with a value per row of ``data``: frequency weights, known parts of
        the location and of the log-scale.
    engine : distributed.Client or str, optional
        A Dask client, or the address of a scheduler: the workers hold the rows and evaluate.
        The same model, estimates and errors.

    Returns
    -------
    OrdinalFit

    Raises
    ------
    ModelError
        If the model cannot be set up; the message says why and what would do.

    References
    ----------
    McCullagh, P. (1980). Regression models for ordinal data. JRSS B 42, 109-142.
    """
    request = Request.parse(
        formula, nominal, scale, None, weights=weights, offset=offset, scale_offset=scale_offset
    )
    if request.group:
        from ofsight.errors import ModelError

        raise ModelError("clm fits no random effects. Use clmm for (1 | group).")
    return fit_request(request, data, link=link, threshold=threshold, engine=engine)


def fit_request(request: Request, data: Any, *, engine: Any = None, **options: Any) -> OrdinalFit:
    """Fit what was asked for, here or on the workers of an engine."""
    if engine is not None:
        from ofsight.ordinal.distributed import fit_partitions

        return fit_partitions(request, data, engine, **options)
    design, frame = build_frame(request, data)
    return OrdinalFit(fit_design(design, notes=frame.notes, **options), frame)


def build_design(
    y: Any,
    x: Any,
    *,
    nominal: Any = None,
    scale: Any = None,
    weights: Any = None,
    offset: Any = None,
    scale_offset: Any = None,
    names: Sequence[str] | None = None,
    groups: Sequence[Any] = (),
    group_names: Sequence[str] = (),
) -> Design:
    """Return the design of arrays; see `clm_arrays`."""
    grades, codes = np.unique(np.asarray(y), return_inverse=True)
    n = codes.reshape(-1).shape[0]

    def matrix(values: Any) -> NDArray[np.float64]:
        if values is None:
            return np.zeros((n, 0))
        table = np.asarray(values, dtype=np.float64)
        return table.reshape(-1, 1) if table.ndim == 1 else table

    def vector(values: Any) -> NDArray[np.float64] | None:
        return None if values is None else np.asarray(values, dtype=np.float64).reshape(-1)

    location, w, z = matrix(x), matrix(nominal), matrix(scale)
    if w.shape[1]:
        w = np.column_stack([np.ones(n), w])
    return Design(
        y=codes.reshape(-1).astype(np.int64),
        levels=tuple(str(g) for g in grades.tolist()),
        location=location,
        nominal=w,
        scale=z,
        location_names=tuple(names or (f"x{i + 1}" for i in range(location.shape[1]))),
        nominal_names=("Intercept", *(f"n{i}" for i in range(1, w.shape[1])))[: w.shape[1]],
        scale_names=tuple(f"z{i + 1}" for i in range(z.shape[1])),
        weights=vector(weights),
        offset=vector(offset),
        scale_offset=vector(scale_offset),
        groups=tuple(
            np.unique(np.asarray(g), return_inverse=True)[1].astype(np.int64).reshape(-1) for g in groups
        ),
        group_names=tuple(group_names),
    )


def clm_arrays(
    y: Any, x: Any, *, link: str = "logit", threshold: str = "flexible", **columns: Any
) -> OrdinalFit:
    """Fit a cumulative link model to arrays.

    Parameters
    ----------
    y : array of int, shape (n,)
        Grades, in their order.
    x : array, shape (n, k), or None
        Location columns, without an intercept.
    link, threshold : str
        As in `clm`.
    **columns
        ``nominal`` (n, m) and ``scale`` (n, s) columns without intercepts; ``weights``,
        ``offset``, ``scale_offset`` (n,); ``names`` of the location columns.

    Returns
    -------
    OrdinalFit
    """
    return OrdinalFit(fit_design(build_design(y, x, **columns), link=link, threshold=threshold))
