"""Tier: reference. The estimators against R's ordinal and emmeans on real data.

Needs the shared reference folder: OFSIGHT_REFERENCE, or OFSIGHT_RELEASES whose grandparent
holds ``reference``. Tolerances are those of its README: R's mixed models are inexact.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ofsight.ordinal import OrdinalFit, clm, clmm, nominal_test, scale_test

CLM_LOG_LIKELIHOOD = 1e-8  # relative
CLM_ESTIMATE = 1e-6  # relative
CLM_STD_ERROR = 1e-5  # relative
STRICT_LOG_LIKELIHOOD = 1e-6  # absolute
STRICT_ESTIMATE = 1e-4  # of a standard error
PLAIN_LOG_LIKELIHOOD = 1e-2  # absolute: R's determinant is one inner step behind
PLAIN_ESTIMATE = 2e-3  # of a standard error
PLAIN_STD_ERROR = 5e-4  # relative
GRADES = ["Inadequate", "Requires improvement to be good", "Good", "Outstanding"]


def find_reference() -> Path | None:
    if "OFSIGHT_REFERENCE" in os.environ:
        return Path(os.environ["OFSIGHT_REFERENCE"]) / "r"
    if "OFSIGHT_RELEASES" in os.environ:
        return Path(os.environ["OFSIGHT_RELEASES"]).resolve().parent.parent / "reference" / "r"
    return None


REFERENCE = find_reference()
pytestmark = pytest.mark.skipif(
    REFERENCE is None or not REFERENCE.is_dir(),
    reason="needs R's stored results: set OFSIGHT_REFERENCE (or OFSIGHT_RELEASES beside it)",
)


def load(name: str) -> dict[str, Any]:
    assert REFERENCE is not None
    return json.loads((REFERENCE / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def homes() -> pl.DataFrame:
    assert REFERENCE is not None
    return (
        pl.read_csv(REFERENCE / "homes_sample.csv", infer_schema_length=None, null_values=["NA", ""])
        .filter(pl.col("year").is_between(2014, 2021))
        .with_columns(
            pl.col("overall", "protection").cast(pl.Int64),
            pl.col("sector").cast(pl.Enum(["Local Authority", "Private", "Voluntary"])),
        )
    )


@pytest.fixture(scope="module")
def authorities() -> pl.DataFrame:
    assert REFERENCE is not None
    folder = REFERENCE.parent.parent / "data/derived/bengoodair-outsourcing-childrens-social-care"
    path = folder / "ladata_submitted.csv"
    if not path.is_file():
        pytest.skip(f"needs the authors' table of local authorities: {path}")
    return pl.read_csv(path, null_values=["NA", ""], infer_schema_length=None).with_columns(
        pl.col("over", "exper").cast(pl.Enum(GRADES))
    )


def translate(name: str) -> str:
    """Return our name of one of R's coefficients."""
    name = name.replace(".(Intercept)", ".Intercept")
    for level in ("Private", "Voluntary"):
        name = name.replace(f"sector{level}", f"sector[T.{level}]")
    for prefix in ("factor(year)", "yf", "year"):
        if name.startswith(prefix) and name != prefix:
            return f"C(year)[T.{name.removeprefix(prefix)}]"
    if name.startswith("factor(region)"):
        return f"region[T.{name.removeprefix('factor(region)')}]"
    return name


def assert_same_clm(fit: OrdinalFit, r: dict[str, Any]) -> None:
    assert fit.n == r["n"]
    assert fit.log_likelihood == pytest.approx(r["logLik"], rel=CLM_LOG_LIKELIHOOD)
    names = [translate(n) for n in r["coef_names"]]
    if r["zeta"]:
        names[-len(r["zeta"]) :] = [f"scale.{n}" for n in names[-len(r["zeta"]) :]]
    assert set(names) == set(fit.names)
    ours = np.array([fit.estimates[n] for n in names])
    errors = np.array([fit.standard_errors[n] for n in names])
    np.testing.assert_allclose(ours, r["estimate"], rtol=CLM_ESTIMATE)
    np.testing.assert_allclose(errors, r["se"], rtol=CLM_STD_ERROR)
    assert fit.convergence.max_gradient < 1e-6


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_clm_overall(homes: pl.DataFrame, link: str) -> None:
    assert_same_clm(clm("overall ~ sector + C(year)", homes, link=link), load(f"clm_overall_{link}"))


def test_clm_protection(homes: pl.DataFrame) -> None:
    assert_same_clm(clm("protection ~ sector + C(year)", homes), load("clm_protection_logit"))


def test_clm_nominal(homes: pl.DataFrame) -> None:
    fit = clm("overall ~ C(year)", homes, nominal="~ sector")
    assert_same_clm(fit, load("clm_overall_logit_nominal_sector"))


@pytest.mark.parametrize("outcome", ["overall", "protection"])
def test_clmm_strict(homes: pl.DataFrame, outcome: str) -> None:
    fit = clmm(f"{outcome} ~ sector + C(year)", homes, group="urn")
    r = load(f"clmm_strict_{outcome}_plain")
    assert fit.log_likelihood == pytest.approx(r["logLik_strict"], abs=STRICT_LOG_LIKELIHOOD)
    errors = np.array(list(fit.standard_errors.values()))
    assert np.max(np.abs(fit.arrays.estimates - r["par"]) / errors) < STRICT_ESTIMATE
    assert fit.random_sd == pytest.approx(r["re_sd"], rel=1e-6)
    assert fit.n_groups == r["ngroups"]
    assert fit.convergence.max_gradient < 1e-6
    assert fit.aic == pytest.approx(r["AIC_strict"], abs=1e-5)


@pytest.mark.parametrize("outcome", ["overall", "protection"])
def test_clmm_independent_fit_of_r(homes: pl.DataFrame, outcome: str) -> None:
    fit = clmm(f"{outcome} ~ sector + C(year)", homes, group="urn")
    r = load(f"clmm_{outcome}_plain")
    names = [translate(n) for n in r["coefficients"]]
    ours = np.array([fit.estimates[n] for n in names])
    errors = np.array([fit.standard_errors[n] for n in names])
    theirs = np.array(list(r["coefficients"].values()))
    assert np.max(np.abs(ours - theirs) / errors) < PLAIN_ESTIMATE
    np.testing.assert_allclose(errors, list(r["se"].values()), rtol=PLAIN_STD_ERROR)
    assert fit.log_likelihood == pytest.approx(r["logLik"], abs=PLAIN_LOG_LIKELIHOOD)


@pytest.mark.parametrize("share", ["profit", "third"])
def test_table_4_models(authorities: pl.DataFrame, share: str) -> None:
    prefix = "table4_" if share == "profit" else "table4_third_"
    first = clm(f"over ~ {share} + imd + female + n + region", authorities, scale="~ white")
    fourth = clm(f"exper ~ {share} + white + imd + female + under18 + n + region", authorities)
    assert_same_clm(first, load(f"{prefix}model1"))
    assert_same_clm(fourth, load(f"{prefix}model4"))


EMMEANS_CLM = 1e-6  # absolute; we find 1e-13
EMMEANS_CLMM = 1e-4  # absolute: as accurate as R's fit, 2e-3 of a standard error


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("clm_overall_logit", EMMEANS_CLM),
        ("clm_overall_logit_factoryear_form", EMMEANS_CLM),
        ("clm_overall_logit_nominal_sector", EMMEANS_CLM),
        ("clmm_overall_plain", EMMEANS_CLMM),
        ("clmm_protection_plain", EMMEANS_CLMM),
    ],
)
def test_emmeans(homes: pl.DataFrame, name: str, tolerance: float) -> None:
    outcome = "protection" if "protection" in name else "overall"
    if "nominal" in name:
        fit = clm("overall ~ C(year)", homes, nominal="~ sector")
    elif name.startswith("clmm"):
        fit = clmm(f"{outcome} ~ sector + C(year)", homes, group="urn")
    else:
        fit = clm("overall ~ sector + C(year)", homes)
    table = fit.probabilities("sector")
    rows = load(f"emmeans_{name}")["rows"]
    assert [(r["sector"], r[outcome]) for r in rows] == table.select("sector", "grade").rows()
    ours = table.select("probability", "std_error", "low", "high").to_numpy()
    theirs = [[r["prob"], r["SE"], r["asymp.LCL"], r["asymp.UCL"]] for r in rows]
    np.testing.assert_allclose(ours, theirs, atol=tolerance)


def assert_same_tests(table: pl.DataFrame, r: dict[str, Any], skip: tuple[str, ...] = ()) -> None:
    assert table["term"].to_list()[1:] == [
        t.replace("yf", "C(year)").replace("reg", "region") for t in r["terms"][1:]
    ]
    for term, row, theirs in zip(r["terms"], table.iter_rows(named=True), r["values"], strict=True):
        if term in skip or theirs[1] is None:
            continue
        assert row["log_likelihood"] == pytest.approx(theirs[1], rel=CLM_LOG_LIKELIHOOD)
        assert row["df"] == theirs[0]
        if theirs[3] is not None:
            assert row["statistic"] == pytest.approx(theirs[3], rel=1e-5, abs=1e-6)
            assert row["p_value"] == pytest.approx(theirs[4], rel=1e-5)


def test_nominal_test_on_homes(homes: pl.DataFrame) -> None:
    fit = clm("overall ~ sector + C(year)", homes)
    assert_same_tests(nominal_test(fit), load("clm_overall_logit_tests")["nominal_test"])


@pytest.mark.parametrize(("outcome", "model"), [("over", "model1"), ("exper", "model4")])
def test_term_tests_of_table_4(authorities: pl.DataFrame, outcome: str, model: str) -> None:
    # R needs centred columns for some of these; here the units do not matter.
    fit = clm(f"{outcome} ~ profit + white + imd + female + under18 + n + region", authorities)
    r = load(f"table4_{model}_full_tests_centred")
    assert fit.log_likelihood == pytest.approx(r["logLik"], rel=CLM_LOG_LIKELIHOOD)
    assert_same_tests(nominal_test(fit), r["nominal_test"], skip=("reg",))  # separated in R
    assert_same_tests(scale_test(fit), r["scale_test"])
    region = nominal_test(fit).filter(term="region").row(0, named=True)
    assert region["convergence"] == "SEPARATED"


# Table 4 as printed: odds ratio per percentage point of for-profit placements, its standard
# error on the odds-ratio scale, AIC and rows.
TABLE_4 = {
    "over": ("profit + imd + female + n + region", None, "~ white", 0.925, 0.032, 356.7, 146),
    "lead": ("profit + white + female + under18 + n + region", None, "~ imd", 0.959, 0.013, 343.9, 144),
    "safe": (
        "profit + white + imd + female + under18 + region", "~ n", None, 0.954, 0.019, 299.3, 144,
    ),
    "exper": (
        "profit + white + imd + female + under18 + n + region", None, None, 0.957, 0.018, 314.4, 144,
    ),
}  # fmt: skip


@pytest.mark.parametrize("outcome", TABLE_4)
def test_table_4_to_every_printed_digit(authorities: pl.DataFrame, outcome: str) -> None:
    terms, nominal, scale, ratio, error, aic, n = TABLE_4[outcome]
    data = authorities.with_columns(pl.col(outcome).cast(pl.Enum(GRADES)))
    fit = clm(f"{outcome} ~ {terms}", data, nominal=nominal, scale=scale)
    row = fit.odds_ratios().filter(name="profit").row(0, named=True)
    printed = (round(row["odds_ratio"], 3), round(row["odds_ratio"] * row["std_error_log"], 3))
    assert (*printed, round(fit.aic, 1), fit.n) == (ratio, error, aic, n)
