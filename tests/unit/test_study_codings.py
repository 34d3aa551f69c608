"""Both codings of Adequate, each odds ratio beside the other, with both kinds of error."""

from __future__ import annotations

import math
from types import SimpleNamespace

import polars as pl
import pytest
from study_simulated import simulated_sample

from ofsight.definitions.study import StudyDefinition, load_study
from ofsight.ordinal import clmm
from ofsight.study import codings
from ofsight.study.codings import compare_codings, with_coding
from ofsight.study.ratings import fit_ratings
from ofsight.study.samples import Sample

_LATEST = load_study("outsourcing-latest")
_STUDY = _LATEST.model_copy(
    update={"models": tuple(m.model_copy(update={"outcomes": m.outcomes[:1]}) for m in _LATEST.models)}
)


def _without_old_words(sample: Sample) -> Sample:
    """The first year's Requires improvement was called Adequate."""
    old = (pl.col("year") == 2016) & (pl.col("overall") == "Requires improvement to be good")
    return Sample(sample.frame.with_columns(overall=pl.when(~old).then("overall")), sample.flow)


def test_each_odds_ratio_stands_beside_the_other_coding_s(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = simulated_sample(n_homes=400, years=(2016, 2017, 2018))
    recoded = _without_old_words(sample)

    def draw(dataset: object, study: StudyDefinition) -> Sample:
        return recoded if study.sample.adequate == "missing" else sample

    monkeypatch.setattr(codings, "draw_sample", draw)
    estimates, _, _ = fit_ratings(sample, _STUDY)
    found = compare_codings(SimpleNamespace(), _STUDY, estimates)  # type: ignore[arg-type]
    table = found.tables["codings"]
    assert table.height == 2 * 2 * 2
    row = table.filter(
        (pl.col("model") == "unadjusted")
        & (pl.col("term") == "sector:private")
        & (pl.col("variance") == "model")
    ).row(0, named=True)
    ours, theirs = (
        clmm("overall ~ sector + C(year)", s.frame.select("overall", "sector", "year", "urn"), group="urn")
        for s in (sample, recoded)
    )
    name = "sector[T.Private]"
    assert row["odds_ratio_requires_improvement"] == pytest.approx(math.exp(ours.coefficients[name]))
    assert row["odds_ratio_missing"] == pytest.approx(math.exp(theirs.coefficients[name]))
    shift = (theirs.coefficients[name] - ours.coefficients[name]) / ours.standard_errors[name]
    assert row["difference_in_standard_errors"] == pytest.approx(shift, rel=1e-6)
    assert row["n_missing"] == theirs.n < row["n_requires_improvement"]
    grades = found.tables["probabilities_codings"]
    sums = grades.group_by("model", "outcome", "sector", "kind").agg(pl.col("probability").sum())
    assert sums["probability"].to_list() == pytest.approx([1.0] * sums.height)
    assert {e.item for e in found.estimates} == {"codings"}


def test_a_study_with_the_other_coding_is_compared_with_the_paper_s(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = simulated_sample(n_homes=200, years=(2016, 2017))
    asked: list[str] = []

    def draw(dataset: object, study: StudyDefinition) -> Sample:
        asked.append(study.sample.adequate)
        return sample

    monkeypatch.setattr(codings, "draw_sample", draw)
    study = with_coding(_STUDY, "missing")
    estimates, _, _ = fit_ratings(sample, study)
    found = compare_codings(SimpleNamespace(), study, estimates)  # type: ignore[arg-type]
    assert asked == ["requires improvement"]
    assert {e.model for e in found.estimates} == {
        "unadjusted, Adequate as requires improvement",
        "adjusted, Adequate as requires improvement",
    }
