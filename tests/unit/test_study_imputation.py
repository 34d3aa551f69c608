"""Filled-in covariates: pooled by the rules, true to what was hidden, the same from run to run."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from study_simulated import simulated_sample

from ofsight.definitions.study import load_study
from ofsight.study.imputation import fill_many, fill_once, impute_covariates, pool
from ofsight.study.samples import Sample

_LATEST = load_study("outsourcing-latest")
_STUDY = _LATEST.model_copy(
    update={"models": tuple(m.model_copy(update={"outcomes": m.outcomes[:1]}) for m in _LATEST.models)}
)
_COVARIATES = ("age_months", "places", "chain_size")


@pytest.fixture(scope="module")
def whole() -> Sample:
    return simulated_sample(n_homes=500, years=(2016, 2017, 2018))


@pytest.fixture(scope="module")
def holed(whole: Sample) -> Sample:
    """Homes lose their covariates more often when they are for-profit: known from what is left."""
    rng = np.random.default_rng(8)
    homes = whole.frame.select("urn", "sector").unique("urn").sort("urn")
    chance = np.where(homes["sector"] == "Private", 0.5, 0.15)
    lost = homes.filter(pl.Series(rng.random(homes.height) < chance))["urn"]
    gone = pl.col("urn").is_in(lost.to_list())
    frame = whole.frame.with_columns(
        pl.when(~gone).then(pl.col(name)).alias(name)
        for name in (*_COVARIATES, "age_months_paper", "registered_on")
    )
    return Sample(frame, whole.flow)


def test_rubin_s_rules_by_hand() -> None:
    """Three fillings: means 1, 2, 3; variances 0.5: B = 1, T = 0.5 + 4/3."""
    pooled = pool([1.0, 2.0, 3.0], [0.5, 0.5, 0.5], 100)
    assert (pooled.value, pooled.within, pooled.between) == (2.0, 0.5, 1.0)
    assert pooled.std_error == pytest.approx(math.sqrt(0.5 + 4 / 3))
    share = (4 / 3) / (0.5 + 4 / 3)
    old, observed = 2 / share**2, 101 / 103 * 100 * (1 - share)
    assert pooled.df == pytest.approx(old * observed / (old + observed))
    assert 0 < pooled.missing_information < 1


def test_one_filling_has_no_variance_between() -> None:
    pooled = pool([0.3], [0.04], 50)
    assert (pooled.std_error, pooled.between, pooled.df) == (pytest.approx(0.2), 0.0, 50)


def test_nothing_is_left_unknown_and_nothing_known_is_changed(holed: Sample) -> None:
    for frame in (fill_once(holed.frame), *fill_many(holed.frame, 2, 1)):
        assert frame.select(_COVARIATES).null_count().row(0) == (0, 0, 0)
        known = holed.frame["places"].is_not_null()
        for name in _COVARIATES:
            assert frame.filter(known)[name].to_list() == holed.frame.filter(known)[name].to_list()


def test_drawn_values_are_values_that_were_met(holed: Sample) -> None:
    drawn = fill_many(holed.frame, 1, 1)[0].filter(holed.frame["places"].is_null())
    met = {round(v, 6) for v in holed.frame["places"].drop_nulls()}
    assert {round(v, 6) for v in drawn["places"]} <= met
    one_a_home = drawn.group_by("urn").agg(pl.col("places").n_unique())
    assert one_a_home["places"].max() == 1


def test_the_fillings_keep_the_sectors_apart(whole: Sample, holed: Sample) -> None:
    """For-profit homes are smaller; what is drawn for them must be, too."""
    unknown = holed.frame["places"].is_null()
    drawn = fill_many(holed.frame, 5, 1)
    for sector in ("Private", "Local Authority"):
        is_one = unknown & (holed.frame["sector"] == sector)
        truth = whole.frame.filter(is_one)["places"].mean()
        mean = np.mean([frame.filter(is_one)["places"].mean() for frame in drawn])
        assert mean == pytest.approx(truth, abs=0.5)


def test_the_same_seed_draws_the_same_and_another_does_not(holed: Sample) -> None:
    one, again = fill_many(holed.frame, 2, 5), fill_many(holed.frame, 2, 5)
    assert all(a.equals(b) for a, b in zip(one, again, strict=True))
    assert not one[0].equals(one[1])
    assert not one[0].equals(fill_many(holed.frame, 1, 6)[0])


def test_all_homes_are_used_and_the_gap_is_that_of_the_whole_sample(whole: Sample, holed: Sample) -> None:
    found = impute_covariates(holed, _STUDY)
    rows = found.tables["imputation"].filter(pl.col("term") == "sector:private")
    by_model = {row["model"]: row for row in rows.iter_rows(named=True)}
    assert by_model["complete cases"]["n"] < by_model["multiple imputation"]["n"] == whole.frame.height
    complete = impute_covariates(whole, _STUDY).tables["imputation"]
    truth = complete.filter((pl.col("term") == "sector:private") & (pl.col("model") == "complete cases"))
    many = by_model["multiple imputation"]
    apart = abs(many["log_estimate"] - truth["log_estimate"].item()) / many["std_error_log"]
    assert apart < 1
    assert 0 < many["missing_information"] < 0.5
    assert {e.model for e in found.estimates} == {"single fill", "multiple imputation"}
    assert f"seed {_STUDY.seed}" in found.notes[0]


def test_with_nothing_missing_all_three_are_one(whole: Sample) -> None:
    rows = impute_covariates(whole, _STUDY).tables["imputation"]
    for _, group in rows.group_by("term"):
        assert group["estimate"].max() == pytest.approx(group["estimate"].min(), rel=1e-9)
        assert group["missing_information"].max() == 0
