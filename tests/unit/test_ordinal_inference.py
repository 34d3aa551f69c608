"""Tier: unit. Covariances, intervals, contrasts, comparisons."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats
from test_ordinal_data import graded_data

from ofsight.errors import ModelError
from ofsight.ordinal import clm, clmm, compare, nominal_test, scale_test
from ofsight.ordinal.comparison import chi_squared_tail


@pytest.fixture(scope="module")
def data() -> pl.DataFrame:
    return graded_data()


def test_sandwich_by_row_and_by_cluster(data: pl.DataFrame) -> None:
    fit = clm("grade ~ x", data)
    scores = fit.arrays.objective.scores(fit.arrays.fitted)
    np.testing.assert_allclose(scores.sum(axis=0), 0.0, atol=1e-7)
    back, bread = fit.arrays.back, np.linalg.inv(-fit.arrays.hessian)
    expected = back @ bread @ scores.T @ scores @ bread @ back.T
    np.testing.assert_allclose(fit.covariance("cluster"), expected, rtol=1e-8)
    sums = np.zeros((90, 3))
    np.add.at(sums, data["g"].to_numpy(), scores)
    expected = back @ bread @ sums.T @ sums @ bread @ back.T
    by_name = fit.covariance("cluster", cluster="g")
    np.testing.assert_allclose(by_name, expected, rtol=1e-8)
    np.testing.assert_allclose(fit.covariance("cluster", cluster=data["g"].to_numpy()), by_name)
    corrected = fit.covariance("cluster", cluster="g", correction=True)
    g = data["g"].n_unique()
    np.testing.assert_allclose(corrected, by_name * g / (g - 1))


def test_sandwich_of_a_mixed_model(data: pl.DataFrame) -> None:
    fit = clmm("grade ~ x", data, group="g")
    default = fit.covariance("cluster")
    np.testing.assert_allclose(default, fit.covariance("cluster", cluster="g"))
    coarse = fit.covariance("cluster", cluster="area")
    assert not np.allclose(default, coarse)
    with pytest.raises(ModelError, match="cut through"):
        fit.covariance("cluster", cluster="year")
    nested = clmm("grade ~ x", data, group=["g", "area"])
    assert nested.covariance("cluster", cluster="area").shape == (5, 5)
    with pytest.raises(ModelError, match="cut through"):
        nested.covariance("cluster", cluster="g")
    with pytest.raises(ModelError, match="Allowed: model, cluster"):
        fit.covariance("robust")


def test_sandwich_of_nested_model_splits_the_gradient(data: pl.DataFrame) -> None:
    fit = clmm("grade ~ x", data, group=["g", "area"])
    objective = fit.arrays.objective
    point = fit.arrays.fitted + 0.05
    by_row, by_effect = objective.scores(point)
    gradient = objective.evaluate(point, 1).gradient
    np.testing.assert_allclose(by_row.sum(axis=0), gradient[:3], atol=1e-8)
    for k in range(2):
        total = by_effect[objective.positions[k]].sum()
        assert total == pytest.approx(gradient[3 + k], abs=1e-8)


def test_profile_interval_ends_where_the_deviance_says(data: pl.DataFrame) -> None:
    fit = clm("grade ~ x + kind", data)
    row = fit.confint(method="profile", names=["x"]).row(0, named=True)
    for end in (row["low"], row["high"]):
        held = clm("grade ~ kind", data, offset=end * data["x"].to_numpy())
        fall = 2 * (fit.log_likelihood - held.log_likelihood)
        assert fall == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-6)
    wald = fit.confint(names=["x"]).row(0, named=True)
    assert row["low"] == pytest.approx(wald["low"], abs=0.02)


def test_profile_of_a_variance_and_a_threshold(data: pl.DataFrame) -> None:
    fit = clmm("grade ~ x", data, group="g")
    ends = fit.confint(method="profile", names=["poor|fair", "log_sd.g", "x"])
    assert ((ends["low"] < ends["estimate"]) & (ends["estimate"] < ends["high"])).all()


def test_contrast(data: pl.DataFrame) -> None:
    fit = clm("grade ~ kind", data)
    row = fit.contrast({"kind[T.private]": 1, "kind[T.charity]": -1}).row(0, named=True)
    other = data.with_columns(pl.col("kind").cast(pl.Enum(["charity", "private", "public"])))
    refit = clm("grade ~ kind", other)
    assert row["estimate"] == pytest.approx(refit.coefficients["kind[T.private]"], rel=1e-6)
    assert row["std_error"] == pytest.approx(refit.standard_errors["kind[T.private]"], rel=1e-6)
    with pytest.raises(ModelError, match="No estimate"):
        fit.contrast({"nope": 1})


def test_compare_and_term_tests(data: pl.DataFrame) -> None:
    small, large = clm("grade ~ x", data), clm("grade ~ x + kind", data)
    table = compare(large, small)
    assert table["n_parameters"].to_list() == [3, 5]
    statistic = 2 * (large.log_likelihood - small.log_likelihood)
    assert table["statistic"][1] == pytest.approx(statistic)
    assert table["p_value"][1] == pytest.approx(stats.chi2.sf(statistic, 2), rel=1e-9)
    with pytest.raises(ModelError, match="different rows"):
        compare(small, clm("grade ~ x", data.head(800)))
    for test, part in ((nominal_test, "nominal"), (scale_test, "scale")):
        rows = test(large)
        assert rows["term"].to_list() == ["<none>", "x", "kind"]
        wider = clm("grade ~ x + kind", data, **{part: "~ kind"})
        assert rows["log_likelihood"][2] == pytest.approx(wider.log_likelihood, abs=1e-8)
        assert rows["df"].to_list() == [None, 1, 2]
    mixed = scale_test(clmm("grade ~ x", data, group="g"))
    assert mixed["p_value"][1] is not None


@pytest.mark.parametrize("df", [1, 2, 3, 4, 7, 18, 41])
@pytest.mark.parametrize("x", [1e-6, 0.3, 4.0, 30.0, 400.0])
def test_chi_squared_tail(df: int, x: float) -> None:
    assert chi_squared_tail(x, df) == pytest.approx(stats.chi2.sf(x, df), rel=1e-9)


def test_icc(data: pl.DataFrame) -> None:
    fit = clmm("grade ~ x", data, group="g", link="probit")
    v = fit.random_sd**2
    assert fit.icc() == pytest.approx(v / (v + 1.0))
    assert math.isnan(clmm("grade ~ x", data, group="g", link="cauchit").icc())
    with pytest.raises(ModelError, match="differs by row"):
        clmm("grade ~ x", data, group="g", scale="~ x").icc()
