"""Cumulative link mixed models: the public functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ofsight.errors import ModelError
from ofsight.ordinal.clm import build_design, fit_request
from ofsight.ordinal.fit import fit_design
from ofsight.ordinal.formula import Request
from ofsight.ordinal.result import OrdinalFit

__all__ = ["clmm", "clmm_arrays"]


def clmm(
    formula: str,
    data: Any,
    *,
    group: str | Sequence[str] | None = None,
    nominal: str | None = None,
    scale: str | None = None,
    link: str = "logit",
    threshold: str = "flexible",
    nodes: int = 1,
    weights: Any = None,
    offset: Any = None,
    scale_offset: Any = None,
    engine: Any = None,
) -> OrdinalFit:
    """Fit a cumulative link mixed model with random intercepts by maximum likelihood.

    Parameters
    ----------
    formula : str
        ``"grade ~ x + C(year)"``; ``(1 | urn)`` in it counts as a group.
    data : polars.DataFrame or pandas.DataFrame
        As in `clm`. With `engine`, partitions: a folder or pattern of Parquet files, a Dask
        DataFrame, or a list of delayed frames, every group whole in one of them
        (`partition_by_group` writes such).
    group : str or sequence of str
        The grouping(s) that have a random intercept. ``"owner:home"`` is the combination of
        two columns. Several groupings may be nested or crossed, in any mixture.
    nominal, scale, link, threshold
        As in `clm`. The random intercept is divided by the scale, as the rest of the location.
    nodes : int
        1 is the Laplace approximation; Q > 1 is adaptive Gauss-Hermite quadrature with Q
        nodes, for one grouping.
    weights, offset, scale_offset : str or array, optional
        As in `clm`.
    engine : distributed.Client or str, optional
        A Dask client, or the address of a scheduler: the workers hold the rows and evaluate.
        The same model, estimates and errors; one grouping.

    Returns
    -------
    OrdinalFit

    Raises
    ------
    ModelError
        If the model cannot be set up; the message says why and what would do.

    References
    ----------
    Tutz, G. & Hennevogl, W. (1996). Random effects in ordinal regression models. CSDA 22,
    537-557.
    Pinheiro, J. C. & Bates, D. M. (1995). Approximations to the log-likelihood function in the
    nonlinear mixed-effects model. JCGS 4, 12-35.
    """
    request = Request.parse(
        formula, nominal, scale, group, weights=weights, offset=offset, scale_offset=scale_offset
    )
    if not request.group:
        raise ModelError("clmm needs a grouping: group='urn' or (1 | urn) in the formula.")
    return fit_request(request, data, link=link, threshold=threshold, engine=engine, nodes=nodes)


def clmm_arrays(
    y: Any,
    x: Any,
    group: Any,
    *,
    link: str = "logit",
    threshold: str = "flexible",
    nodes: int = 1,
    **columns: Any,
) -> OrdinalFit:
    """Fit a cumulative link mixed model to arrays.

    Parameters
    ----------
    y : array of int, shape (n,)
        Grades, in their order.
    x : array, shape (n, k), or None
        Location columns, without an intercept.
    group : array of shape (n,), or dict of str to array
        Codes of the one grouping, or of several by name.
    link, threshold, nodes
        As in `clmm`.
    **columns
        As in `clm_arrays`.

    Returns
    -------
    OrdinalFit
    """
    named = group if isinstance(group, dict) else {"group": group}
    design = build_design(y, x, groups=tuple(named.values()), group_names=tuple(named), **columns)
    return OrdinalFit(fit_design(design, link=link, threshold=threshold, nodes=nodes))
