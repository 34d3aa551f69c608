"""Tier: unit. What clm and clmm take and give back."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from test_ordinal_data import GRADES, graded_data

from ofsight.errors import ModelError
from ofsight.ordinal import clm, clm_arrays, clmm, clmm_arrays
from ofsight.ordinal.aliasing import drop_aliased
from ofsight.ordinal.coordinates import prepare
from ofsight.ordinal.thresholds import threshold_basis


@pytest.fixture(scope="module")
def data() -> pl.DataFrame:
    return graded_data()


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
