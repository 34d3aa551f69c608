"""The checks of table 2 find what was put into a sample, and nothing where nothing was put."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from study_simulated import simulated_sample

from ofsight.definitions.study import StudyDefinition, load_study
from ofsight.ordinal import clmm
from ofsight.study.robustness import (
    cross_random_effects,
    interact,
    leave_owners_out,
    relax_proportional_odds,
)
from ofsight.study.samples import Sample
from ofsight.vocabulary import Grade


def _one_outcome() -> StudyDefinition:
    study = load_study("outsourcing-latest")
    models = tuple(m.model_copy(update={"outcomes": m.outcomes[:1]}) for m in study.models)
    return study.model_copy(update={"models": models})


_STUDY = _one_outcome()


@pytest.fixture(scope="module")
def sample() -> Sample:
    return simulated_sample(n_homes=600, years=(2016, 2017, 2018, 2019))


def _test_of(tests: pl.DataFrame, kind: str, term: str) -> float:
    row = tests.filter(
        (pl.col("test") == kind) & (pl.col("term") == term) & (pl.col("model") == "unadjusted")
    )
    return float(row["p_value"].item())


def test_proportional_odds_stand_where_they_hold(sample: Sample) -> None:
    found = relax_proportional_odds(sample, _STUDY)
    assert _test_of(found.tables["proportional_odds_tests"], "nominal", "sector") > 0.01
    assert _test_of(found.tables["proportional_odds_tests"], "scale", "sector") > 0.01
    by_threshold = [
        e
        for e in found.estimates
        if e.model == "unadjusted, nominal" and e.term.startswith("sector:private/threshold:")
    ]
    assert [e.term.split("|")[-1] for e in by_threshold] == [
        "Requires improvement to be good",
        "Good",
        "Outstanding",
    ]
    over_homes = {e.term: e for e in found.estimates if e.model == "unadjusted, nominal, no random intercept"}
    for estimate in by_threshold:
        # Over homes the odds ratio is nearer to 1 than for one home.
        averaged = over_homes[estimate.term]
        assert averaged.variance == "cluster"
        assert estimate.estimate is not None
        assert averaged.estimate is not None
        assert estimate.estimate < averaged.estimate < 1
        assert estimate.log_estimate is not None
        assert estimate.std_error_log is not None
        assert abs(estimate.log_estimate + 0.6) < 3.5 * estimate.std_error_log


def test_a_gap_at_the_top_alone_is_told_by_threshold(sample: Sample) -> None:
    """Three in four Outstanding judgements of for-profit homes are made Good."""
    rng = np.random.default_rng(3)
    lowered = pl.Series(rng.random(sample.frame.height) < 0.75)
    top = (pl.col("sector") == "Private") & (pl.col("overall") == Grade.OUTSTANDING.value) & lowered
    good = pl.lit(Grade.GOOD.value, dtype=sample.frame["overall"].dtype)
    frame = sample.frame.with_columns(overall=pl.when(top).then(good).otherwise("overall"))
    found = relax_proportional_odds(Sample(frame, ()), _STUDY)
    assert _test_of(found.tables["proportional_odds_tests"], "nominal", "sector") < 1e-6
    ratios = {e.term: e.estimate for e in found.estimates if e.model == "unadjusted, nominal"}
    worst, best = (
        ratios[f"sector:private/threshold:{t}"]
        for t in ("Inadequate|Requires improvement to be good", "Good|Outstanding")
    )
    assert best is not None
    assert worst is not None
    assert best < 0.5 * worst


def test_a_gap_that_grows_with_places_is_found_at_its_quartiles() -> None:
    sample = simulated_sample(
        n_homes=900, gap=lambda frame: -0.4 * (frame["places"].to_numpy() - 4.0), years=(2016, 2017, 2018)
    )
    found = interact(sample, _STUDY)
    tests = {row["covariate"]: row for row in found.tables["interaction_tests"].iter_rows(named=True)}
    assert set(tests) == {"age_months", "chain_size", "places"}
    assert tests["places"]["p_value"] < 1e-3
    assert tests["places"]["ratio_per_unit_private"] == pytest.approx(np.exp(-0.4), rel=0.25)
    gaps = [
        e
        for e in found.estimates
        if e.model == "adjusted, sector by places" and e.term.startswith("sector:private/places=")
    ]
    assert len(gaps) >= 2
    values = [e.estimate or 0.0 for e in gaps]
    assert values == sorted(values, reverse=True)


def test_leaving_one_owner_out_undoes_what_that_owner_did(sample: Sample) -> None:
    """All homes of one owner are made Inadequate: without it, the gap is what it was without its homes."""
    mine = pl.col("owner_key") == "owner 1"
    bad = pl.when(mine).then(pl.lit("Inadequate", dtype=sample.frame["overall"].dtype)).otherwise("overall")
    crowd = pl.when(pl.col("owner_key").is_in([f"owner {i}" for i in range(2, 12)])).then(pl.lit("owner 1"))
    frame = sample.frame.with_columns(owner_key=crowd.otherwise("owner_key")).with_columns(overall=bad)
    rows = leave_owners_out(Sample(frame, ()), _STUDY).tables["leave_one_owner_out"]
    private = rows.filter(pl.col("term") == "sector:private")
    assert private.height == 21
    whole = private.row(0, named=True)
    assert whole["left_out"] == "no one"
    without = private.filter(pl.col("left_out") == "owner 1").row(0, named=True)
    assert without["estimate"] > 1.2 * whole["estimate"]
    direct = clmm(
        "overall ~ sector + C(year)",
        frame.filter(~mine).select("overall", "sector", "year", "urn"),
        group="urn",
    )
    assert np.log(without["estimate"]) == pytest.approx(direct.coefficients["sector[T.Private]"], abs=1e-8)
    assert without["n"] == frame.height - without["left_out_inspections"]


def test_homes_without_an_owner_stay_when_owners_are_left_out(sample: Sample) -> None:
    frame = sample.frame.with_columns(owner_key=pl.when(pl.col("sector") == "Private").then("owner_key"))
    rows = leave_owners_out(Sample(frame, ()), _STUDY).tables["leave_one_owner_out"]
    assert (rows["n"] == frame.height - rows["left_out_inspections"]).all()


def test_random_effects_of_owners_and_authorities_stand_beside_the_homes(sample: Sample) -> None:
    found = cross_random_effects(sample, _STUDY)
    assert not found.notes
    rows = found.tables["random_effects"]
    homes = rows.filter(pl.col("model") == "homes").row(0, named=True)
    direct = clmm(
        "overall ~ sector + C(year)", sample.frame.select("overall", "sector", "year", "urn"), group="urn"
    )
    assert homes["log_likelihood"] == pytest.approx(direct.log_likelihood, abs=1e-7)
    assert homes["sd_urn"] == pytest.approx(direct.random_sd, rel=1e-4)
    largest = rows.filter(pl.col("model") == "homes, owners and authorities")
    assert (largest["log_likelihood"] >= homes["log_likelihood"] - 1e-6).all()
    assert largest["n_local_authority"].to_list() == [30, 30]
