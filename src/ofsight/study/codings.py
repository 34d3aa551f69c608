"""Both codings of "Adequate": requires improvement (the paper), or missing (its authors' later work)."""

from __future__ import annotations

from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.definitions.study import StudyDefinition
from ofsight.study.estimates import Estimate
from ofsight.study.findings import Findings
from ofsight.study.probabilities import predict_grades
from ofsight.study.ratings import fit_ratings
from ofsight.study.samples import draw_sample
from ofsight.study.tables import lay_out_models

__all__ = ["compare_codings", "with_coding"]

_WORDS: Final = {"requires improvement": "Adequate as requires improvement", "missing": "Adequate left out"}


def with_coding(study: StudyDefinition, coding: str) -> StudyDefinition:
    """Return a study with another coding of "Adequate"."""
    return study.model_copy(update={"sample": study.sample.model_copy(update={"adequate": coding})})


def compare_codings(dataset: Dataset, study: StudyDefinition, estimates: list[Estimate]) -> Findings:
    """Fit table 2 and figure 2 again under the coding that the study does not use.

    Parameters
    ----------
    dataset : Dataset
        The data.
    study : StudyDefinition
        With its own coding.
    estimates : list of Estimate
        Of its table 2 and figure 2.

    Returns
    -------
    Findings
        Item ``codings`` (odds ratios); table ``codings`` with both codings, each with model-based and
        clustered errors, and how far apart they are in standard errors; table ``probabilities_codings``
        (figure 2 under the other coding).
    """
    own = study.sample.adequate
    (other,) = set(_WORDS) - {own}
    first = study.models[0].model
    models = tuple(
        model.model_copy(update={"item": "codings", "model": f"{model.model}, {_WORDS[other]}"})
        for model in study.models
        if model.model in (first, study.shown)
    )
    recoded = with_coding(study, other).model_copy(
        update={"models": models, "shown": f"{study.shown}, {_WORDS[other]}"}
    )
    sample = draw_sample(dataset, recoded)
    found = Findings()
    found.estimates, found.facts, fits = fit_ratings(sample, recoded)
    _, grades = predict_grades(fits, recoded)
    found.tables["codings"] = _side_by_side(estimates, found.estimates, own, other)
    found.tables["codings_models"] = lay_out_models(found.estimates, found.facts, "codings")
    found.tables["probabilities_codings"] = grades
    return found


def _side_by_side(ours: list[Estimate], theirs: list[Estimate], own: str, other: str) -> pl.DataFrame:
    """Put each sector's odds ratio under both codings into one row per kind of error."""
    recoded = {(e.model.split(", Adequate")[0], e.outcome, e.term, e.variance): e for e in theirs}
    rows = []
    for estimate in ours:
        twin = recoded.get((estimate.model, estimate.outcome, estimate.term, estimate.variance))
        if estimate.item != "table2" or twin is None or not estimate.term.startswith("sector:"):
            continue
        row: dict[str, object] = {
            "model": estimate.model,
            "outcome": estimate.outcome,
            "term": estimate.term,
            "variance": estimate.variance,
        }
        for coding, one in ((own, estimate), (other, twin)):
            name = coding.replace(" ", "_")
            row |= {
                f"odds_ratio_{name}": one.estimate,
                f"low_{name}": one.ci_low,
                f"high_{name}": one.ci_high,
                f"n_{name}": one.n,
            }
        if estimate.log_estimate is not None and twin.log_estimate is not None and estimate.std_error_log:
            shift = (twin.log_estimate - estimate.log_estimate) / estimate.std_error_log
            row["difference_in_standard_errors"] = shift
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)
