"""Tier: unit. What clm and clmm take and give back."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from numba import config
from scipy import stats

from ofsight.errors import ModelError
from ofsight.ordinal import clm, clm_arrays, clmm, clmm_arrays, compare, nominal_test, scale_test
from ofsight.ordinal.comparison import chi_squared_tail
from ofsight.ordinal.design import drop_aliased, prepare
from ofsight.ordinal.thresholds import threshold_basis

GRADES = ["poor", "fair", "good"]


@pytest.fixture(scope="module")
def data() -> pl.DataFrame:
    rng = np.random.default_rng(42)
    n, groups = 900, 90
    g = rng.integers(0, groups, n)
    x = rng.normal(size=n)
    year = rng.integers(2014, 2018, n)
    kind = rng.choice(["public", "private", "charity"], n)
    shift = 0.7 * x - 0.5 * (kind == "private") + 0.2 * (year - 2014)
    effects = 0.8 * rng.normal(size=groups) + np.repeat(rng.normal(size=10), 9)
    latent = shift + effects[g] + rng.logistic(size=n)
    return pl.DataFrame(
        {
            "grade": pl.Series(np.array(GRADES)[np.digitize(latent, [-0.5, 1.2])], dtype=pl.Enum(GRADES)),
            "x": x,
            "year": year,
            "kind": pl.Series(kind, dtype=pl.Enum(["public", "private", "charity"])),
            "g": g,
            "area": g // 9,
            "w": rng.integers(1, 4, n).astype(float),
            "o": rng.normal(size=n),
        }
    )  # fmt: skip


def test_names_and_mappings(data: pl.DataFrame) -> None:
    fit = clmm("grade ~ kind + x + C(year)", data, group="g")
    assert list(fit.thresholds) == ["poor|fair", "fair|good"]
    assert list(fit.coefficients) == [
        "kind[T.private]", "kind[T.charity]", "x",
        "C(year)[T.2015]", "C(year)[T.2016]", "C(year)[T.2017]",
    ]  # fmt: skip
    assert list(fit.standard_errors) == [*fit.thresholds, *fit.coefficients, "log_sd.g"]
    assert math.log(fit.random_sd) == pytest.approx(fit.estimates["log_sd.g"])
    assert fit.n == 900
    assert fit.n_groups == data["g"].n_unique()
    assert fit.aic == pytest.approx(-2 * fit.log_likelihood + 2 * 9)
    assert fit.levels == ("poor", "fair", "good")
    assert fit.convergence.max_gradient < 1e-6
    ratios = fit.odds_ratios()
    np.testing.assert_allclose(ratios["odds_ratio"], np.exp(list(fit.coefficients.values())))
    assert (ratios["low"] < ratios["odds_ratio"]).all()


@pytest.mark.parametrize("as_pandas", ["ordered", "strings"])
def test_pandas_gives_the_same(data: pl.DataFrame, as_pandas: str) -> None:
    import pandas as pd

    frame = pd.DataFrame({k: data[k].to_list() for k in data.columns})
    frame["grade"] = pd.Categorical(frame["grade"], GRADES, ordered=True)
    if as_pandas == "ordered":
        frame["kind"] = pd.Categorical(frame["kind"], ["public", "private", "charity"])
    ours, theirs = clm("grade ~ kind + x", data), clm("grade ~ kind + x", frame)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, abs=1e-9)
    reference = "charity" if as_pandas == "strings" else "public"
    assert f"kind[T.{reference}]" not in theirs.coefficients


def test_random_term_in_the_formula(data: pl.DataFrame) -> None:
    one = clmm("grade ~ x + (1 | g)", data)
    assert one.estimates == clmm("grade ~ x", data, group="g").estimates
    nested = clmm("grade ~ x + (1 | area/g)", data)
    assert list(nested.random_sds) == ["area", "area:g"]
    with pytest.raises(ModelError, match="random_sds"):
        _ = nested.random_sd


def test_rows_with_missing_values_are_dropped_and_counted(data: pl.DataFrame) -> None:
    holes = data.with_columns(
        x=pl.when(pl.int_range(pl.len()) < 10).then(None).otherwise("x"),
        g=pl.when(pl.int_range(pl.len()).is_between(10, 14)).then(None).otherwise("g"),
        o=pl.when(pl.int_range(pl.len()) == 20).then(float("nan")).otherwise("o"),
    )
    fit = clmm("grade ~ x", holes, group="g", offset="o")
    assert (fit.n, fit.n_dropped) == (884, 16)
    whole = clmm("grade ~ x", holes.drop_nulls().filter(~pl.col("o").is_nan()), group="g", offset="o")
    assert fit.estimates == whole.estimates


def test_weights_are_repetitions(data: pl.DataFrame) -> None:
    repeated = data.select(pl.all().repeat_by(pl.col("w").cast(pl.Int64))).explode(pl.all())
    weighted = clm("grade ~ x + kind", data, weights="w")
    plain = clm("grade ~ x + kind", repeated)
    np.testing.assert_allclose(weighted.covariance(), plain.covariance(), rtol=1e-8)
    assert weighted.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
    assert weighted.n_observations == plain.n
    assert weighted.bic == pytest.approx(plain.bic)


def test_offset_is_a_coefficient_of_one(data: pl.DataFrame) -> None:
    fit = clm("grade ~ x + o", data)
    moved = clm("grade ~ x", data, offset=fit.coefficients["o"] * data["o"].to_numpy())
    assert moved.coefficients["x"] == pytest.approx(fit.coefficients["x"], rel=1e-7)


def test_scale_offset_is_a_scale_coefficient(data: pl.DataFrame) -> None:
    fit = clm("grade ~ x", data, scale="~ o")
    moved = clm("grade ~ x", data, scale_offset=fit.scale_coefficients["scale.o"] * data["o"].to_numpy())
    assert moved.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-9)
    assert moved.coefficients["x"] == pytest.approx(fit.coefficients["x"], rel=1e-6)


@pytest.mark.parametrize("part", ["location", "nominal", "scale"])
def test_units_do_not_matter(data: pl.DataFrame, part: str) -> None:
    shifted = data.with_columns(z=data["x"] * 250.0 + (0.0 if part == "scale" else 1e6))
    formulas = {
        "location": ({"formula": "grade ~ x"}, {"formula": "grade ~ z"}),
        "nominal": ({"formula": "grade ~ o", "nominal": "~ x"}, {"formula": "grade ~ o", "nominal": "~ z"}),
        "scale": ({"formula": "grade ~ o", "scale": "~ x"}, {"formula": "grade ~ o", "scale": "~ z"}),
    }[part]  # fmt: skip
    one, two = (clmm(data=shifted, group="g", **f) for f in formulas)
    assert one.log_likelihood == pytest.approx(two.log_likelihood, abs=1e-7)
    name = {"location": "x", "nominal": "fair|good.x", "scale": "scale.x"}[part]
    other = name.replace("x", "z")
    assert two.estimates[other] * 250.0 == pytest.approx(one.estimates[name], rel=1e-6)
    assert two.standard_errors[other] * 250.0 == pytest.approx(one.standard_errors[name], rel=1e-5)


def test_nominal_term_aliases_location(data: pl.DataFrame) -> None:
    fit = clm("grade ~ kind + x", data, nominal="~ kind")
    assert fit.aliased == ("kind[T.private]", "kind[T.charity]")
    assert list(fit.coefficients) == ["x"]
    same = clm("grade ~ x", data, nominal="~ kind")
    np.testing.assert_allclose(fit.arrays.estimates, same.arrays.estimates, rtol=1e-9)


def test_formula_without_intercept_keeps_it(data: pl.DataFrame) -> None:
    assert clm("grade ~ 0 + kind", data).estimates == clm("grade ~ kind", data).estimates


def test_arrays_give_the_same_as_formulas(data: pl.DataFrame) -> None:
    codes = data["grade"].to_physical().to_numpy()
    x = data.select("x", "o").to_numpy()
    one = clm_arrays(codes, x, names=["x", "o"], scale=data["w"].to_numpy())
    two = clm("grade ~ x + o", data, scale="~ w")
    np.testing.assert_allclose(one.arrays.estimates, two.arrays.estimates, rtol=1e-8)
    mixed = clmm_arrays(codes, x, data["g"].to_numpy(), nodes=5)
    assert mixed.log_likelihood == pytest.approx(
        clmm("grade ~ x + o", data, group="g", nodes=5).log_likelihood, abs=1e-9
    )


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog", "loglog", "cauchit"])
@pytest.mark.parametrize("threshold", ["flexible", "equidistant", "symmetric"])
def test_every_link_and_threshold_converges(data: pl.DataFrame, link: str, threshold: str) -> None:
    options = {"link": link, "threshold": threshold, "scale": "~ o"}
    for fit in (
        clm("grade ~ x", data, nominal="~ kind", **options),
        clmm("grade ~ x", data, nominal="~ kind", group="g", **options),
    ):
        assert fit.convergence.ok, fit.convergence.message
        assert fit.convergence.max_gradient < 1e-6
        assert np.all(np.isfinite(fit.covariance()))


def test_cloglog_and_loglog_are_mirror_images(data: pl.DataFrame) -> None:
    codes = data["grade"].to_physical().to_numpy().astype(int)
    one = clmm_arrays(codes, data["x"], data["g"], link="cloglog")
    two = clmm_arrays(2 - codes, data["x"], data["g"], link="loglog")
    assert one.log_likelihood == pytest.approx(two.log_likelihood, abs=1e-8)
    assert one.coefficients["x1"] == pytest.approx(-two.coefficients["x1"], rel=1e-7)


def test_results_do_not_depend_on_threads(data: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    from ofsight.ordinal import threads

    big = pl.concat([data] * 8)
    many = clmm("grade ~ x + kind", big, group="g")
    monkeypatch.setattr(threads, "_available_cores", lambda: 1)
    one = clmm("grade ~ x + kind", big, group="g")
    assert many.estimates == one.estimates
    assert many.standard_errors == one.standard_errors


def test_order_of_rows_does_not_matter(data: pl.DataFrame) -> None:
    one = clmm("grade ~ x", data, group="g")
    two = clmm("grade ~ x", data.sample(fraction=1.0, shuffle=True, seed=1), group="g")
    assert one.log_likelihood == pytest.approx(two.log_likelihood, abs=1e-8)
    label = one.random_effects().sort("group")
    assert label["mode"].to_list() == pytest.approx(
        two.random_effects().sort("group")["mode"].to_list(), abs=1e-7
    )


# -- inference ---------------------------------------------------------------------------


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


# -- predictions -------------------------------------------------------------------------


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


# -- pieces ------------------------------------------------------------------------------


@pytest.mark.parametrize("n_levels", [3, 4, 5, 6, 7])
def test_threshold_structures(n_levels: int) -> None:
    levels = [str(j) for j in range(n_levels)]
    rng = np.random.default_rng(n_levels)
    basis, names, shift = threshold_basis("symmetric", levels)
    theta = basis @ rng.normal(size=len(names))
    middles = (theta + theta[::-1]) / 2
    np.testing.assert_allclose(middles, middles[0])
    np.testing.assert_allclose(basis @ shift, 1.0)
    basis, names, shift = threshold_basis("equidistant", levels)
    np.testing.assert_allclose(np.diff(basis @ rng.normal(size=2), n=2), 0.0, atol=1e-12)
    np.testing.assert_allclose(basis @ shift, 1.0)


def test_alias_check_by_blocks() -> None:
    from ofsight.ordinal.clm import build_design

    rng = np.random.default_rng(0)
    x = rng.normal(size=(70_000, 3))
    columns = np.column_stack([x, x[:, 0] + x[:, 1], np.ones(70_000), rng.normal(size=70_000)])
    design, dropped = drop_aliased(build_design(rng.integers(0, 3, 70_000), columns))
    assert dropped == ("x4", "x5")
    assert design.location_names == ("x1", "x2", "x3", "x6")


def test_coordinates_go_back_and_forth() -> None:
    from ofsight.ordinal.clm import build_design

    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 2)) * [1.0, 30.0] + [0.0, 2000.0]
    design = build_design(np.arange(50) % 4, x, nominal=rng.normal(size=50) + 9.0)
    working = prepare(design, "flexible")
    fitted = rng.normal(size=working.back.shape[0])
    estimates = working.back @ fitted
    inner = working.rows.nominal @ fitted[:6].reshape(2, 3) - (working.rows.location @ fitted[6:])[:, None]
    outer = design.nominal @ estimates[:6].reshape(2, 3) - (design.location @ estimates[6:])[:, None]
    np.testing.assert_allclose(inner, outer, rtol=1e-9, atol=1e-9)
