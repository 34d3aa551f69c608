"""Predicted probabilities of each grade by sector (figure 2 of the paper), and averaged over homes.

``grid``: other covariates at their mean, years equally weighted, the home's effect at zero (the definition of
emmeans, ``mode = "prob"``). ``population``: averaged over the distribution of the homes' effects, which is
what one would count among many homes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from ofsight.definitions.study import StudyDefinition
from ofsight.study.estimates import Estimate
from ofsight.vocabulary import Sector

__all__ = ["predict_grades"]


def predict_grades(
    fits: Mapping[tuple[str, str], Any], study: StudyDefinition
) -> tuple[list[Estimate], pl.DataFrame]:
    """Predict each grade's probability by sector from every fitted model.

    Parameters
    ----------
    fits : mapping
        From ``ofsight.study.ratings.fit_ratings``.
    study : StudyDefinition
        The study.

    Returns
    -------
    list of Estimate
        Item ``figure2``, model ``grid`` or ``population``: those of the study's `shown` model.
    DataFrame
        ``model, outcome, sector, grade, probability, low, high, kind``, for every model.
    """
    frames = []
    for (model, outcome), fit in fits.items():
        for kind in ("grid", "population"):
            frames.append(
                _probabilities(fit, kind).with_columns(model=pl.lit(model), outcome=pl.lit(outcome))
            )
    table = pl.concat(frames).select(
        "model", "outcome", "sector", "grade", "probability", "std_error", "low", "high", "kind"
    )
    shown = table.filter(pl.col("model") == study.shown)
    estimates = [
        Estimate(
            study.id,
            "figure2",
            row["kind"],
            row["outcome"],
            f"sector:{Sector(row['sector']).key}/grade:{row['grade']}",
            row["probability"],
            ci_low=row["low"],
            ci_high=row["high"],
            n=fits[study.shown, row["outcome"]].n,
            n_groups=fits[study.shown, row["outcome"]].n_groups,
            variance="model",
        )
        for row in shown.iter_rows(named=True)
    ]
    return estimates, table


def _probabilities(fit: Any, kind: str) -> pl.DataFrame:
    """Return sector, grade, probability, standard error and interval of one fit.

    Linear (delta-method) intervals can reach below zero for rare grades; a probability cannot.
    """
    random = "zero" if kind == "grid" else "integrate"
    found: pl.DataFrame = fit.probabilities("sector", average="grid", random=random)
    return found.select(
        pl.col("sector").cast(pl.String),
        pl.col("grade").cast(pl.String),
        "probability",
        "std_error",
        pl.col("low").clip(lower_bound=0),
        pl.col("high").clip(upper_bound=1),
        kind=pl.lit(kind),
    )
