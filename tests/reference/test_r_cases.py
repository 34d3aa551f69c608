"""Agreement with R (packages ordinal and emmeans) on simulated data, from stored results.

Purpose of this tier: two programs, one answer. No R is needed: ``r/*.json`` hold what R said, the
scripts beside them say how, and ``README.md`` says how exact each number is and why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ofsight.ordinal import ConvergenceCode, clm, clmm, compare, nominal_test, scale_test

FOLDER = Path(__file__).parent / "r"

# Tightest first. An "estimate" tolerance is in units of the larger of the estimate and its
# standard error, so that an estimate near zero is not held to more digits than it has.
CLM_LOG_LIKELIHOOD = 1e-10  # relative
CLM_ESTIMATE = 1e-6
CLM_STANDARD_ERROR = 1e-5  # relative
CLM_COVARIANCE = 1e-5  # in units of the product of two standard errors

# Mixed models: R's objective without its shortcuts (r/exact.R). The accuracy that R reached in
# each case is in the case (`accuracy`) and is added to these.
CLMM_LOG_LIKELIHOOD = 1e-9  # relative
CLMM_ESTIMATE_IN_SE = 1e-5
CLMM_STANDARD_ERROR = 1e-5  # relative
CLMM_MODE_IN_SE = 1e-5

LINKS = ("logit", "probit", "cloglog", "loglog", "cauchit")
THRESHOLDS = ("flexible", "equidistant", "symmetric")
OPTIONS = ("link", "threshold", "nominal", "scale", "weights", "offset")


@cache
def read_cases(file: str) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads((FOLDER / file).read_text(encoding="utf-8"))["cases"])


@cache
def read_table(file: str) -> pl.DataFrame:
    return pl.read_csv(FOLDER / file)


def parametrize(*files: str) -> pytest.MarkDecorator:
    cases = [case for file in files for case in read_cases(file)]
    return pytest.mark.parametrize("case", cases, ids=lambda case: case["id"])


def options_of(case: Mapping[str, Any]) -> dict[str, Any]:
    return {name: case[name] for name in OPTIONS if case.get(name) is not None}


@cache
def fit_text(case: str) -> Any:
    """Fit a case given as text, once: several tests ask about the same fit."""
    wanted = json.loads(case)
    table = read_table(wanted["data"])
    if wanted["model"] == "clm":
        return clm(wanted["formula"], table, **options_of(wanted))
    return clmm(wanted["formula"], table, group=wanted["group"], nodes=wanted["nodes"], **options_of(wanted))


def fit_case(case: Mapping[str, Any]) -> Any:
    parts = ("model", "data", "formula", "group", "nodes", *OPTIONS)
    return fit_text(json.dumps({name: case[name] for name in parts if name in case}))


def key_of(name: str) -> tuple[str, str]:
    """Return kind and R's name of one of our parameters: ``scale.z[T.b]`` is ("zeta", "zb")."""
    kind = "beta"
    if name.startswith("scale."):
        kind, name = "zeta", name.removeprefix("scale.")
    elif name.startswith("log_sd."):
        return "log_sd", name.removeprefix("log_sd.")
    elif "|" in name or re.match(r"(threshold|central|spacing)\b", name):
        kind = "alpha"
    name = re.sub(r"C\((\w+)\)", r"\1", name)
    name = re.sub(r"\[T\.([^\]]*)\]", r"\1", name)
    return kind, name.replace("Intercept", "(Intercept)")


def keys_in_r(case: Mapping[str, Any]) -> list[tuple[str, str]]:
    expected = case["expected"]
    keys = [(kind, name) for kind in ("alpha", "beta", "zeta") for name in expected[kind]]
    groups = [case["group"]] if isinstance(case.get("group"), str) else list(expected.get("random_sd", ()))
    return keys + [("log_sd", group) for group in groups]


def estimates_in_r(case: Mapping[str, Any]) -> np.ndarray:
    expected = case["expected"]
    values = [v for kind in ("alpha", "beta", "zeta") for v in expected[kind].values()]
    sds = expected.get("random_sd", [])
    sds = list(sds.values()) if isinstance(sds, Mapping) else np.atleast_1d(sds)
    return np.array([*values, *np.log(sds)])


def square(lower: list[float]) -> np.ndarray:
    """Return the symmetric matrix of a lower triangle stored column by column."""
    size = int((np.sqrt(8 * len(lower) + 1) - 1) / 2)
    matrix = np.zeros((size, size))
    matrix[np.triu_indices(size)] = lower  # the lower triangle by columns is the upper by rows
    return np.asarray(matrix + matrix.T - np.diag(np.diag(matrix)))


def check_names(fit: Any, case: Mapping[str, Any]) -> np.ndarray:
    """Compare names and return the position in our vectors of each of R's parameters."""
    ours = [key_of(name) for name in fit.names]
    theirs = keys_in_r(case)
    assert sorted(ours) == sorted(theirs)
    return np.array([ours.index(key) for key in theirs])


def check_estimates(fit: Any, case: Mapping[str, Any], *, estimate: float, error: float) -> None:
    order = check_names(fit, case)
    theirs, errors = estimates_in_r(case), np.array(case["expected"]["se"])
    ours = np.array(list(fit.estimates.values()))[order]
    unit = np.maximum(np.abs(theirs), errors) if case["model"] == "clm" else errors
    assert np.max(np.abs(ours - theirs) / unit) < estimate
    our_errors = np.array(list(fit.standard_errors.values()))[order]
    np.testing.assert_allclose(our_errors, errors, rtol=error)
    covariance = fit.covariance()[np.ix_(order, order)] / np.outer(errors, errors)
    expected = square(case["expected"]["vcov_lower"]) / np.outer(errors, errors)
    np.testing.assert_allclose(covariance, expected, rtol=0, atol=2 * error)


@parametrize("clm_grid.json", "clm_special.json")
def test_clm_agrees_with_r(case: dict[str, Any]) -> None:
    fit = fit_case(case)
    expected = case["expected"]
    assert fit.convergence.ok, fit.convergence.message
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"], rel=CLM_LOG_LIKELIHOOD)
    check_estimates(fit, case, estimate=CLM_ESTIMATE, error=CLM_STANDARD_ERROR)
    assert list(fit.levels) == case["levels"]
    assert fit.n_parameters == len(expected["names"])
    assert fit.n_observations == pytest.approx(case["n_weighted"])
    assert fit.n + fit.n_dropped == read_table(case["data"]).height
    assert [key_of(name)[1] for name in fit.aliased] == expected["aliased"]


@parametrize("clm_grid.json", "clm_special.json")
def test_clm_named_estimates_agree_with_r(case: dict[str, Any]) -> None:
    fit = fit_case(case)
    for ours, kind in (
        (fit.thresholds, "alpha"),
        (fit.coefficients, "beta"),
        (fit.scale_coefficients, "zeta"),
    ):
        theirs = case["expected"][kind]
        named = {key_of(name)[1]: value for name, value in ours.items()}
        assert named == pytest.approx(theirs, rel=CLM_ESTIMATE, abs=CLM_ESTIMATE)


@parametrize("clm_grid.json")
def test_robust_covariance_by_row_agrees_with_r(case: dict[str, Any]) -> None:
    fit = fit_case(case)
    order, errors = check_names(fit, case), np.array(case["expected"]["se"])
    ours = fit.covariance("cluster")[np.ix_(order, order)]
    theirs = square(case["expected"]["sandwich_lower"])
    unit = np.outer(errors, errors)
    np.testing.assert_allclose(ours / unit, theirs / unit, rtol=0, atol=CLM_COVARIANCE)


@parametrize("clmm_one.json", "clmm_effects.json", "clmm_several.json")
def test_clmm_agrees_with_r(case: dict[str, Any]) -> None:
    fit = fit_case(case)
    expected, accuracy = case["expected"], case["accuracy"]
    assert fit.convergence.ok, fit.convergence.message
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"], rel=CLMM_LOG_LIKELIHOOD)
    check_estimates(
        fit,
        case,
        estimate=CLMM_ESTIMATE_IN_SE + accuracy["newton_step_in_se"] + accuracy["step_disagreement"],
        error=CLMM_STANDARD_ERROR + accuracy["se_disagreement"],
    )
    sds = (
        expected["random_sd"]
        if isinstance(expected["random_sd"], dict)
        else {case["group"]: expected["random_sd"]}
    )
    counts = case["n_groups"] if isinstance(case["n_groups"], dict) else {case["group"]: case["n_groups"]}
    assert fit.random_sds == pytest.approx(sds, rel=CLMM_ESTIMATE_IN_SE)
    assert fit.group_counts == counts


# -- what is asked of a fit ------------------------------------------------------------------------

PROFILE_IN_SE = 1e-6
COMPARISON = 1e-8  # relative, of likelihood-ratio statistics (absolute when they are near zero)
PROBABILITY = 1e-8  # absolute
PROBABILITY_ERROR = 1e-6  # relative
CLMM_PROBABILITY = 1e-7  # absolute


def of_kind(kind: str) -> pytest.MarkDecorator:
    cases = [case for case in read_cases("clm_inference.json") if case["kind"] == kind]
    assert cases
    return pytest.mark.parametrize("case", cases, ids=lambda case: case["id"])


@of_kind("robust")
def test_cluster_robust_covariance_agrees_with_r(case: dict[str, Any]) -> None:
    fit = fit_case(case)
    ours = [key_of(name)[1] for name in fit.names]
    assert ours == case["expected"]["names"]
    for cluster, stored in ((None, "by_row_lower"), (case["cluster"], "by_cluster_lower")):
        theirs = square(case["expected"][stored])
        unit = np.sqrt(np.outer(np.diag(theirs), np.diag(theirs)))
        covariance = fit.covariance("cluster", cluster=cluster)
        np.testing.assert_allclose(covariance / unit, theirs / unit, rtol=0, atol=CLM_COVARIANCE)


@of_kind("profile")
def test_intervals_agree_with_r(case: dict[str, Any]) -> None:
    fit = fit_case(case)
    errors = {key_of(name)[1]: error for name, error in fit.standard_errors.items()}
    for method in ("profile", "wald"):
        ours = {
            key_of(row["name"])[1]: row
            for row in fit.confint(case["level"], method=method).iter_rows(named=True)
        }
        theirs = case["expected"][method]
        assert sorted(ours) == sorted(theirs)
        for name, (low, high) in theirs.items():
            tolerance = PROFILE_IN_SE * errors[name]
            assert ours[name]["low"] == pytest.approx(low, rel=0, abs=tolerance), (method, name)
            assert ours[name]["high"] == pytest.approx(high, rel=0, abs=tolerance), (method, name)


@of_kind("relax")
def test_relaxing_a_term_agrees_with_r(case: dict[str, Any]) -> None:
    fit = fit_case(case)
    location = re.split(r"\s*\+\s*", case["formula"].split("~")[1].strip())
    for table, stored in ((nominal_test(fit), "nominal_test"), (scale_test(fit), "scale_test")):
        theirs = case["expected"][stored]
        ours = {row["term"]: row for row in table.iter_rows(named=True)}
        # R also tries terms that only the scale has; ours are those of the location
        assert set(location) & set(theirs) <= set(ours) <= set(theirs)
        for term, row in ours.items():
            assert row["log_likelihood"] == pytest.approx(theirs[term]["logLik"], rel=CLM_LOG_LIKELIHOOD)
            assert row["aic"] == pytest.approx(theirs[term]["AIC"], rel=CLM_LOG_LIKELIHOOD)
            if term != "<none>":
                assert row["df"] == theirs[term]["Df"]
                assert row["statistic"] == pytest.approx(theirs[term]["LRT"], rel=COMPARISON, abs=COMPARISON)
                assert row["p_value"] == pytest.approx(theirs[term]["Pr(>Chi)"], rel=1e-7)


@of_kind("compare")
def test_likelihood_ratio_agrees_with_r(case: dict[str, Any]) -> None:
    larger = {**case, **{name.removesuffix("_2"): v for name, v in case.items() if name.endswith("_2")}}
    table = compare(fit_case(case), fit_case(larger))
    expected = case["expected"]
    np.testing.assert_allclose(table["log_likelihood"], expected["log_likelihoods"], rtol=CLM_LOG_LIKELIHOOD)
    np.testing.assert_allclose(table["aic"], expected["aic"], rtol=CLM_LOG_LIKELIHOOD)
    assert table["n_parameters"].to_list() == expected["n_parameters"]
    last = table.row(1, named=True)
    assert last["df"] == expected["df"]
    assert last["statistic"] == pytest.approx(expected["statistic"], rel=COMPARISON)
    assert last["p_value"] == pytest.approx(expected["p_value"], rel=1e-7)


@of_kind("predict")
def test_predictions_agree_with_r(case: dict[str, Any]) -> None:
    fit = fit_case(case)
    grid = pl.DataFrame(case["newdata"] | {"v": np.full(len(case["newdata"]["x"]), case["newdata"]["v"][0])})
    prob, errors = np.array(case["expected"]["prob"]), np.array(case["expected"]["se"])
    # R gives, with new data, the probabilities of all grades
    np.testing.assert_allclose(fit.predict(grid).to_numpy(), prob, rtol=0, atol=PROBABILITY)
    np.testing.assert_allclose(
        fit.predict(grid, "cumulative").to_numpy(), prob.cumsum(1), rtol=0, atol=PROBABILITY
    )
    names = [
        name
        for name in ("x", "z", "w", "v")
        if re.search(rf"\b{name}\b", str(options_of(case)) + case["formula"])
    ]
    for row, p, error in zip(grid.iter_rows(named=True), prob, errors, strict=True):
        table = fit.probabilities(names, at={name: [row[name]] for name in names})
        np.testing.assert_allclose(table["probability"], p, rtol=0, atol=PROBABILITY)
        np.testing.assert_allclose(table["std_error"], error, rtol=PROBABILITY_ERROR)


def check_emmeans(fit: Any, case: Mapping[str, Any], accuracy: float) -> None:
    rows = fit.probabilities(case["by"]).iter_rows(named=True)
    ours = {(row[case["by"]], str(row["grade"])): row for row in rows}
    theirs = {(row["level"], row["grade"]): row for row in case["expected"]["rows"]}
    assert sorted(ours) == sorted(theirs)
    for key, expected in theirs.items():
        row = ours[key]
        assert row["probability"] == pytest.approx(expected["prob"], rel=0, abs=accuracy)
        assert row["std_error"] == pytest.approx(expected["se"], rel=100 * accuracy)
        assert row["low"] == pytest.approx(expected["lower"], rel=0, abs=100 * accuracy)
        assert row["high"] == pytest.approx(expected["upper"], rel=0, abs=100 * accuracy)


@of_kind("emmeans")
def test_probabilities_on_the_reference_grid_agree_with_emmeans(case: dict[str, Any]) -> None:
    check_emmeans(fit_case(case), case, PROBABILITY)


@parametrize("clmm_emmeans.json")
def test_probabilities_of_mixed_models_agree_with_emmeans(case: dict[str, Any]) -> None:
    fit = fit_case(case)
    assert fit.log_likelihood == pytest.approx(case["expected"]["log_likelihood"], rel=CLMM_LOG_LIKELIHOOD)
    check_emmeans(fit, case, CLMM_PROBABILITY)


@parametrize("clmm_one.json", "clmm_effects.json", "clmm_several.json")
def test_conditional_modes_agree_with_r(case: dict[str, Any]) -> None:
    fit = fit_case(case)
    expected = case["expected"]
    one = isinstance(case["group"], str)
    for grouping in [case["group"]] if one else case["group"]:
        modes = expected["mode"] if one else expected["mode"][grouping]
        variances = expected["mode_variance"] if one else expected["mode_variance"][grouping]
        table = fit.random_effects(grouping)
        ours = {row["group"]: row for row in table.iter_rows(named=True)}
        assert sorted(ours) == sorted(modes)
        for group, mode in modes.items():
            error = np.sqrt(variances[group])
            assert ours[group]["mode"] == pytest.approx(mode, rel=0, abs=CLMM_MODE_IN_SE * error), group
            assert ours[group]["std_error"] == pytest.approx(error, rel=CLMM_MODE_IN_SE), group


@parametrize("clmm_zero.json")
def test_a_variance_at_zero_agrees_with_r(case: dict[str, Any]) -> None:
    fit = fit_case(case)
    assert ConvergenceCode.VARIANCE_AT_ZERO in fit.convergence.codes
    assert [name for name, sd in fit.random_sds.items() if sd == 0.0] == case["expected"]["zero"]
    # R stops short of zero
    assert fit.log_likelihood == pytest.approx(
        case["expected"]["log_likelihood"], rel=0, abs=case["accuracy"]["log_likelihood"]
    )
    assert fit.log_likelihood >= case["expected"]["log_likelihood"] - 1e-8


# -- the stored results themselves ---------------------------------------------------------------------


def test_every_link_threshold_and_effect_is_stored() -> None:
    effects = {
        (link, threshold, n, s) for link in LINKS for threshold in THRESHOLDS for n in (0, 1) for s in (0, 1)
    }
    stored = {
        (c["link"], c["threshold"], int(c["nominal"] is not None), int(c["scale"] is not None))
        for c in read_cases("clm_grid.json")
    }
    assert stored == effects
    mixed = {(c["link"], c["threshold"]) for c in read_cases("clmm_one.json") if c["nodes"] == 1}
    assert mixed == {(link, threshold) for link in LINKS for threshold in THRESHOLDS}
    assert {3, 7, 11, 15} <= {c["nodes"] for c in read_cases("clmm_one.json")}


def test_stored_results_say_how_they_were_made() -> None:
    for path in FOLDER.glob("*.json"):
        whole = json.loads(path.read_text(encoding="utf-8"))
        assert whole["versions"]["R"].startswith("R version")
        assert whole["versions"]["ordinal"]
        assert whole["not_fitted"] in ([], {}), path.name
        for case in whole["cases"]:
            assert (FOLDER / case["data"]).is_file()


def test_stored_results_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_500_000
