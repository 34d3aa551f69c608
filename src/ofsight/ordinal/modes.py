"""Conditional modes of the random effects: what the model says of each group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.crossed import CrossedObjective
from ofsight.ordinal.objective import InterceptObjective

if TYPE_CHECKING:
    import polars as pl

    from ofsight.ordinal.result import OrdinalFit

__all__ = ["conditional_modes", "random_effects"]

Floats = NDArray[np.float64]


def conditional_modes(fit: OrdinalFit) -> list[tuple[Floats, Floats]]:
    """Return modes and standard errors of each grouping, each (G_k,); zeros at zero variance."""
    design = fit.arrays.design
    result = [(np.zeros(int(c.max()) + 1), np.zeros(int(c.max()) + 1)) for c in design.groups]
    objective = fit.arrays.objective
    if isinstance(objective, InterceptObjective | CrossedObjective):
        found = objective.modes(fit.arrays.fitted)
        for k, pair in zip(fit.arrays.active, found, strict=True):
            result[k] = pair
    return result


def random_effects(fit: OrdinalFit, grouping: str | None = None) -> pl.DataFrame:
    """Return the conditional modes of the random effects.

    Parameters
    ----------
    fit : OrdinalFit
        A mixed model.
    grouping : str, optional
        Which grouping; default all.

    Returns
    -------
    polars.DataFrame
        Columns grouping, group, n (rows), mode, std_error. The mode is on the scale of the
        linear predictor; its standard error is that of the random effect given the estimates,
        from the curvature of the integrand (R's ``condVar``).
    """
    import polars as pl

    known = fit.arrays.outline.group_names
    if not known:
        raise ModelError("This model has no random effects. Fit one with clmm(group=...).")
    if grouping is not None and grouping not in known:
        raise ModelError(f"No grouping {grouping!r}. There are: {', '.join(known)}.")
    if fit.frame is not None and fit.frame.engine is not None:
        from ofsight.ordinal.distributed.answers import random_effects_there

        return random_effects_there(fit)
    design = fit.arrays.design
    frames = []
    pairs = conditional_modes(fit)
    for name, codes, (modes, errors) in zip(design.group_names, design.groups, pairs, strict=True):
        if grouping not in (None, name):
            continue
        frames.append(
            pl.DataFrame(
                {
                    "grouping": [name] * modes.shape[0],
                    "group": group_labels(fit, name, codes),
                    "n": np.bincount(codes, minlength=modes.shape[0]),
                    "mode": modes,
                    "std_error": errors,
                }
            )
        )
    return pl.concat(frames)


def group_labels(fit: OrdinalFit, name: str, codes: NDArray[np.int64]) -> list[str]:
    """Return the label of each group, as text."""
    first = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    first[codes[::-1]] = np.arange(codes.shape[0])[::-1]
    if fit.frame is None:
        return [str(i) for i in range(first.shape[0])]
    parts: list[list[Any]] = []
    for column in name.split(":"):
        values = fit.frame.source[column]
        rows = fit.frame.kept[first]
        polars = type(fit.frame.source).__module__.startswith("polars")
        parts.append((values.gather(rows) if polars else values.iloc[rows]).to_list())
    return [":".join(str(v) for v in values) for values in zip(*parts, strict=True)]
