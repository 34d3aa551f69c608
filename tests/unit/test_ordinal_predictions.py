"""Tier: unit. Probabilities by factor and by row, conditional modes, summaries."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from numba import config
from scipy import stats
from test_ordinal_data import GRADES, graded_data

from ofsight.errors import ModelError
from ofsight.ordinal import clm, clmm


@pytest.fixture(scope="module")
def data() -> pl.DataFrame:
    return graded_data()


def numeric_errors(fit, by: str, **options) -> np.ndarray:
    """Delta-method errors from refitted probabilities at moved estimates."""
    from dataclasses import replace

    from ofsight.ordinal import OrdinalFit

    covariance, h, columns = fit.covariance(), 1e-6, []
    for j in range(len(fit.names)):
        sides = []
        for sign in (1, -1):
            moved = fit.arrays.estimates.copy()
            moved[j] += sign * h
            sds = fit.arrays.random_sds
            if fit.names[j].startswith("log_sd"):
                sds = (math.exp(moved[j]),)
            arrays = replace(fit.arrays, estimates=moved, random_sds=sds)
            sides.append(OrdinalFit(arrays, fit.frame).probabilities(by, **options)["probability"].to_numpy())
        columns.append((sides[0] - sides[1]) / (2 * h))
    jacobian = np.array(columns).T
    return np.sqrt(np.einsum("ip,pq,iq->i", jacobian, covariance, jacobian))


@pytest.mark.parametrize("average", ["grid", "sample"])
@pytest.mark.parametrize("random", ["zero", "integrate"])
def test_probabilities_and_their_errors(data: pl.DataFrame, average: str, random: str) -> None:
    data = data.head(40) if config.DISABLE_JIT else data
    fit = clmm("grade ~ kind + x + C(year)", data, group="g", nominal="~ o", scale="~ w")
    table = fit.probabilities("kind", average=average, random=random)
    assert table.columns == ["kind", "grade", "probability", "std_error", "low", "high"]
    sums = table.group_by("kind").agg(pl.col("probability").sum())["probability"]
    np.testing.assert_allclose(sums, 1.0, atol=1e-10)
    expected = numeric_errors(fit, "kind", average=average, random=random)
    np.testing.assert_allclose(table["std_error"], expected, rtol=1e-4)


def test_grid_is_equal_weights_and_means(data: pl.DataFrame) -> None:
    fit = clm("grade ~ kind + x + C(year)", data)
    b = fit.coefficients
    years = [0.0] + [b[f"C(year)[T.{y}]"] for y in (2015, 2016, 2017)]
    eta = np.array(years) + b["kind[T.private]"] + b["x"] * data["x"].mean()
    low = stats.logistic.cdf(fit.thresholds["poor|fair"] - eta).mean()
    table = fit.probabilities("kind").filter(kind="private", grade="poor")
    assert table["probability"][0] == pytest.approx(low, abs=1e-12)
    fixed = fit.probabilities("kind", at={"year": 2015, "x": 0.0}).filter(kind="public", grade="poor")
    expected = stats.logistic.cdf(fit.thresholds["poor|fair"] - years[1])
    assert fixed["probability"][0] == pytest.approx(expected, abs=1e-12)


def test_population_average_matches_the_sample(data: pl.DataFrame) -> None:
    fit = clmm("grade ~ kind + x", data, group="g")
    table = fit.probabilities(average="sample", random="integrate")
    observed = np.bincount(data["grade"].to_physical(), minlength=3) / data.height
    np.testing.assert_allclose(table["probability"], observed, atol=0.015)
    typical = fit.probabilities(average="sample")["probability"]
    assert np.abs(typical - observed).sum() > np.abs(table["probability"] - observed).sum()


def test_probability_contrasts(data: pl.DataFrame) -> None:
    fit = clm("grade ~ kind + x", data)
    table = fit.probabilities("kind")["probability"].to_numpy().reshape(3, 3)
    rows = fit.probability_contrasts("kind", method="pairwise")
    np.testing.assert_allclose(rows["difference"].to_numpy()[:3], table[1] - table[0])
    assert rows["contrast"].unique(maintain_order=True).to_list() == [
        "private - public", "charity - public", "charity - private",
    ]  # fmt: skip


def test_predictions_by_row(data: pl.DataFrame) -> None:
    fit = clmm("grade ~ kind + x + C(year)", data, group="g")
    own = fit.predict()
    np.testing.assert_allclose(own.to_numpy(), fit.predict(data).to_numpy(), atol=1e-14)
    np.testing.assert_allclose(own.sum_horizontal(), 1.0)
    modes = fit.predict(random="modes").to_numpy()
    codes = data["grade"].to_physical().to_numpy().astype(int)
    at = np.arange(900), codes
    assert np.log(modes[at]).sum() > np.log(own.to_numpy()[at]).sum()
    assert fit.predict(kind="grade")["grade"].dtype == pl.Enum(GRADES)
    assert fit.predict(kind="cumulative")["good"].to_list() == pytest.approx([1.0] * 900)
    few = data.head(2)
    assert fit.predict(few).shape == (2, 3)
    with pytest.raises(ModelError, match="not seen: 2030"):
        fit.predict(few.with_columns(year=2030))
    with pytest.raises(ModelError, match="not seen: other"):
        fit.predict(few.with_columns(kind=pl.lit("other")))
    with pytest.raises(ModelError, match="not in the model"):
        fit.probabilities("area")
    with pytest.raises(ModelError, match="say at which values"):
        fit.probabilities("x")


def test_random_effects(data: pl.DataFrame) -> None:
    fit = clmm("grade ~ x", data, group=["g", "area"])
    table = fit.random_effects()
    assert table["grouping"].unique(maintain_order=True).to_list() == ["g", "area"]
    assert table.filter(grouping="area")["group"].to_list() == [str(a) for a in range(10)]
    assert table["n"].sum() == 2 * fit.n
    assert (table["std_error"] > 0).all()
    one = clmm("grade ~ x", data, group="g").random_effects()
    assert (one["std_error"] < clmm("grade ~ x", data, group="g").random_sd).all()


def test_frames_and_summary(data: pl.DataFrame) -> None:
    fit = clmm("grade ~ x", data, group="g", scale="~ w")
    frame = fit.to_frame()
    assert frame["part"].to_list() == ["threshold", "threshold", "location", "scale", "random"]
    assert frame["p_value"].is_null().to_list() == [True, True, False, False, True]
    text = fit.summary()
    for words in (
        "Laplace",
        "grade ~ x",
        "Thresholds",
        "Log-scale",
        "Random intercepts",
        "Convergence: converged",
    ):
        assert words in text
    assert "cluster-robust" in fit.summary(kind="cluster")
    assert "clmm grade ~ x" in repr(fit)


def test_odds_ratios_are_refused_where_they_mean_nothing(data: pl.DataFrame) -> None:
    with pytest.raises(ModelError, match="no ratio of odds"):
        clm("grade ~ x", data, link="probit").odds_ratios()
