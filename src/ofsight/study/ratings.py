"""Models of inspection judgements: cumulative link mixed models, one per domain (table 2 of the paper)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import polars as pl

from ofsight.definitions.study import ModelDefinition, StudyDefinition
from ofsight.errors import ModelError
from ofsight.ordinal import clmm
from ofsight.study.estimates import Estimate, ModelFacts, describe_convergence, odds_ratio
from ofsight.study.samples import Sample
from ofsight.vocabulary import Sector

__all__ = ["fit_ratings", "term_name"]


def fit_ratings(
    sample: Sample, study: StudyDefinition, *, progress: Callable[[str], None] | None = None
) -> tuple[list[Estimate], list[ModelFacts], dict[tuple[str, str], Any]]:
    """Fit every model of ratings that a study defines.

    Parameters
    ----------
    sample : Sample
        From ``ofsight.study.samples.draw_sample``.
    study : StudyDefinition
        Its models.
    progress : callable, optional
        Told which model is being fitted.

    Returns
    -------
    list of Estimate
        Each location term's odds ratio, once with the model's and once with cluster-robust errors.
    list of ModelFacts
        One a model.
    dict
        The fits by (model, outcome), for what is computed from them.

    Raises
    ------
    ModelError
        When a model cannot be fitted, or the sample holds one sector only.
    """
    _refuse_one_sector(sample.frame, study)
    estimates: list[Estimate] = []
    facts: list[ModelFacts] = []
    fits: dict[tuple[str, str], Any] = {}
    for model in study.models:
        for outcome in model.outcomes:
            if progress is not None:
                progress(f"{model.label}: {outcome.label}")
            formula = f"{outcome} ~ {' + '.join(model.location)}"
            fit = clmm(formula, _columns(sample.frame, outcome, model), group=model.group)
            _refuse_failure(fit, model, outcome.label)
            fits[model.model, outcome.value] = fit
            estimates += _estimates(fit, study, model, outcome)
            facts.append(_facts(fit, model, outcome, formula, sample.frame.height))
    return estimates, facts, fits


def _refuse_one_sector(frame: pl.DataFrame, study: StudyDefinition) -> None:
    """Stop where sectors are to be compared and there is one: an extract of a council's own homes."""
    sectors = frame["sector"].drop_nulls().unique().cast(pl.String).to_list()
    if len(sectors) > 1 or not any("sector" in model.location for model in study.models):
        return
    held = f"every inspection is of sector {sectors[0]!r}" if sectors else "no inspection has a sector"
    raise ModelError(
        f"There are no sectors to compare: {held} ({frame.height:,} inspections). The models of study "
        f"{study.id!r} need two at least. Build the dataset from releases with homes of other sectors too."
    )


def _columns(frame: pl.DataFrame, outcome: str, model: ModelDefinition) -> pl.DataFrame:
    named = [name for name in frame.columns if any(name in term for term in model.location)]
    return frame.drop_nulls(model.told).select(
        outcome, model.group, *(name for name in named if name not in (outcome, model.group))
    )


def _estimates(fit: Any, study: StudyDefinition, model: ModelDefinition, outcome: str) -> list[Estimate]:
    where = {
        "study": study.id,
        "item": model.item,
        "model": model.model,
        "outcome": str(outcome),
        "n": fit.n,
        "n_groups": fit.n_groups,
    }
    # Robust to any dependence between the inspections of one home.
    spread = fit.covariance("cluster").diagonal().tolist()
    robust = {name: math.sqrt(value) for name, value in zip(fit.names, spread, strict=True)}
    return [
        odds_ratio(value, errors[name], term=term_name(name, study), variance=variance, **where)
        for variance, errors in (("model", fit.standard_errors), ("cluster", robust))
        for name, value in fit.coefficients.items()
    ]


def term_name(name: str, study: StudyDefinition) -> str:
    """Name a coefficient as results do: ``sector[T.Private]`` is ``sector:private``."""
    if name.startswith("sector["):
        return f"sector:{Sector(name[len('sector[T.') : -1]).key}"
    if name.startswith("C("):
        factor, level = name[2:].split(")[T.")
        return f"{factor}:{level[:-1]}"
    return study.terms.get(name, name)


def _refuse_failure(fit: Any, model: ModelDefinition, outcome: str) -> None:
    """Stop at a model that did not converge, or has as many parameters as rows: its numbers mean nothing."""
    if fit.convergence.code < 0:
        raise ModelError(f"{model.label}, {outcome}: the fit failed. {describe_convergence(fit)}")
    wanted = len(fit.names) + len(fit.aliased)
    if fit.n <= wanted:
        raise ModelError(
            f"{model.label}, {outcome}: too few inspections. {fit.n} of {fit.n_groups} homes cannot tell "
            f"{wanted} parameters. Build the dataset from more releases, or a wider area."
        )


def _facts(fit: Any, model: ModelDefinition, outcome: str, formula: str, n_sample: int) -> ModelFacts:
    return ModelFacts(
        item=model.item,
        model=model.model,
        outcome=str(outcome),
        label=model.label,
        formula=f"{formula} + (1 | {model.group})",
        n=fit.n,
        n_groups=fit.n_groups,
        n_dropped=n_sample - fit.n,
        log_likelihood=fit.log_likelihood,
        aic=fit.aic,
        random_sd=fit.random_sd,
        thresholds=dict(fit.thresholds),
        convergence=describe_convergence(fit),
    )
