"""Tier: unit. Every convergence code has a case that provokes it; no failure is silent."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
import pytest

from ofsight.errors import ModelError
from ofsight.ordinal import ConvergenceCode, OrdinalFit, clm, clm_arrays, clmm, clmm_arrays
from ofsight.ordinal.clm import build_design
from ofsight.ordinal.convergence import assess
from ofsight.ordinal.fit import fit_design
from ofsight.ordinal.objective import Evaluation
from ofsight.ordinal.optimise import Optimum, Stop

CODE = ConvergenceCode
ZERO = 1  # a seed with which chance leaves less variance between groups than within


def simulate(n: int = 300, groups: int = 30, sd: float = 0.0, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    g = np.arange(n) % groups
    x = rng.normal(size=n)
    latent = 0.8 * x + sd * rng.normal(size=groups)[g] + rng.logistic(size=n)
    return pl.DataFrame({"y": np.digitize(latent, [-1.0, 0.5, 1.8]), "x": x, "g": g})


def fake(gradient: list[float], hessian: list[list[float]], stop: Stop) -> Optimum:
    evaluation = Evaluation(-1.0, np.array(gradient), np.array(hessian))
    return Optimum(np.zeros(2), evaluation, 7, stop, np.zeros(2))


def outside() -> OrdinalFit:
    data = simulate().with_columns(o=pl.col("x") * 1e6)
    return clm("y ~ x", data, offset="o", link="cloglog")


def iteration_limit() -> OrdinalFit:
    data = simulate()
    design = build_design(data["y"].to_numpy(), data["x"].to_numpy())
    return OrdinalFit(fit_design(design, max_iterations=1))


def separated() -> OrdinalFit:
    data = simulate().with_columns(top=(pl.col("y") == 3).cast(pl.Int64))
    return clm("y ~ x + top", data)


def nearly_unidentifiable() -> OrdinalFit:
    data = simulate()
    noise = np.random.default_rng(1).normal(size=data.height)
    return clm("y ~ x + z", data.with_columns(z=pl.col("x") + 5e-7 * noise))


def one_observation() -> OrdinalFit:
    data = simulate(sd=1.0)
    return clmm("y ~ x", data.with_columns(g=pl.int_range(data.height)), group="g", link="probit")


def laplace_unreliable() -> OrdinalFit:
    rng = np.random.default_rng(3)  # one or two rows a group, most in one grade
    g = np.concatenate([np.arange(1700), rng.integers(0, 1700, 300)])
    latent = 1.8 * rng.normal(size=1700)[g] + rng.logistic(size=2000)
    return clmm("y ~ 1", pl.DataFrame({"y": np.digitize(latent, [-4.7, -2.4, 1.9]), "g": g}), group="g")


def empty_grades() -> OrdinalFit:
    grades = pl.Enum(["0", "never", "1", "2", "3"])
    return clm("y ~ x", simulate().with_columns(pl.col("y").cast(pl.String).cast(grades)))


def empty_levels() -> OrdinalFit:
    sector = pl.Series(["a", "b"] * 150, dtype=pl.Enum(["a", "never", "b"]))
    return clm("y ~ sector", simulate().with_columns(sector=sector))


PROVOKED = {
    CODE.OUTSIDE_DOMAIN: outside,
    CODE.ITERATION_LIMIT: iteration_limit,
    CODE.CONVERGED: lambda: clm("y ~ x", simulate()),
    CODE.SEPARATED: separated,
    CODE.NEARLY_UNIDENTIFIABLE: nearly_unidentifiable,
    CODE.VARIANCE_AT_ZERO: lambda: clmm("y ~ x", simulate(seed=ZERO), group="g"),
    CODE.ONE_OBSERVATION_PER_GROUP: one_observation,
    CODE.LAPLACE_UNRELIABLE: laplace_unreliable,
    CODE.ALIASED_COLUMNS: lambda: clm("y ~ x + z", simulate().with_columns(z=2 * pl.col("x") + 1)),
    CODE.EMPTY_GRADES: empty_grades,
    CODE.EMPTY_LEVELS: empty_levels,
    CODE.ROWS_DROPPED: lambda: clm(
        "y ~ x", simulate().with_columns(x=pl.when(pl.col("x") > 2).then(None).otherwise("x"))
    ),
}
BY_ASSESSMENT = {
    CODE.HESSIAN_NOT_DEFINITE: fake([0.0, 0.0], [[-1.0, 0.0], [0.0, 1.0]], Stop.PRECISION),
    CODE.GRADIENT_NOT_ZERO: fake([0.5, 0.0], [[-1.0, 0.0], [0.0, -1.0]], Stop.PRECISION),
}


@pytest.mark.parametrize("code", PROVOKED, ids=lambda c: c.name)
def test_code_is_provoked(code: ConvergenceCode) -> None:
    fit = PROVOKED[code]()
    assert code in fit.convergence.codes
    assert code.name.lower().replace("_", " ") in fit.summary()
    if code < 0:
        assert fit.convergence.code == code
        assert not fit.convergence.ok
    if code >= 10:
        assert fit.convergence.code is CODE.CONVERGED
    if code is not CODE.CONVERGED:
        assert len(fit.convergence.message) > 20


@pytest.mark.parametrize("code", BY_ASSESSMENT, ids=lambda c: c.name)
def test_code_is_assessed(code: ConvergenceCode) -> None:
    assert assess(BY_ASSESSMENT[code], np.eye(2), ["a", "b"]).code is code


def test_every_code_is_provoked() -> None:
    assert set(PROVOKED) | set(BY_ASSESSMENT) == set(CODE)


def test_nearly_collinear_columns_at_the_edge_of_precision() -> None:
    data = simulate()
    noise = np.random.default_rng(1).normal(size=data.height)
    fit = clm("y ~ x + z", data.with_columns(z=pl.col("x") + 5e-6 * noise))
    assert fit.convergence.code is CODE.NEARLY_UNIDENTIFIABLE
    assert fit.convergence.max_gradient < 1e-4  # rounding allows no less
    assert fit.coefficients["x"] + fit.coefficients["z"] == pytest.approx(0.8, abs=0.3)


def test_separated_names_the_culprit() -> None:
    finding = separated().convergence.findings[0]
    assert finding.code is CODE.SEPARATED
    assert "top" in finding.message
    assert "infinity" in finding.message


def test_separation_of_the_reference_level_is_recognised() -> None:
    data = simulate(n=2000)
    low = data["y"].to_numpy() == 0
    k = np.where(low, "a", np.where(np.arange(2000) % 2, "b", "c"))
    fit = clm("y ~ k", data.with_columns(k=pl.Series(k)))
    assert fit.convergence.code is CODE.SEPARATED
    assert "k[T.b], k[T.c]" in fit.convergence.message


def test_a_cell_without_rows_is_separated_in_the_nominal_part() -> None:
    data = simulate(n=2000)
    third = pl.int_range(pl.len()) % 3 == 0
    fit = clm("y ~ x", data.with_columns(t=((pl.col("y") > 0) & third).cast(int)), nominal="~ t")
    assert fit.convergence.code is CODE.SEPARATED
    assert "0|1.t" in fit.convergence.message


def test_groups_that_determine_the_outcome() -> None:
    data = simulate(n=2000)
    fit = clmm("y ~ x", data.with_columns(g=pl.col("y") * 100 + pl.col("g")), group="g")
    assert fit.convergence.code is CODE.SEPARATED
    assert "determine the outcome" in fit.convergence.message


def test_a_failed_fit_has_no_standard_errors() -> None:
    assert all(np.isnan(v) for v in outside().standard_errors.values())


def test_variance_at_zero_gives_the_fixed_fit() -> None:
    data = simulate(seed=ZERO)
    mixed, fixed = clmm("y ~ x", data, group="g"), clm("y ~ x", data)
    assert mixed.random_sd == 0.0
    assert mixed.log_likelihood == pytest.approx(fixed.log_likelihood, abs=1e-9)
    assert mixed.coefficients["x"] == pytest.approx(fixed.coefficients["x"], rel=1e-8)
    assert mixed.n_parameters == fixed.n_parameters + 1
    assert mixed.random_effects()["mode"].to_list() == [0.0] * 30


def test_one_of_two_variances_at_zero() -> None:
    data = simulate(n=600, groups=30, sd=1.0, seed=5)
    rng = np.random.default_rng(0)
    for _ in range(20):  # a grouping that means nothing has its variance at zero half the time
        noise = rng.integers(0, 15, data.height)
        fit = clmm_arrays(data["y"], data["x"], {"g": data["g"], "noise": noise})
        if fit.random_sds["noise"] == 0.0:
            break
    assert fit.random_sds["noise"] == 0.0
    assert fit.random_sds["g"] > 0.5
    assert CODE.VARIANCE_AT_ZERO in fit.convergence.codes
    alone = clmm_arrays(data["y"], data["x"], data["g"])
    assert fit.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-7)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda d: clm("y ~ x", d.with_columns(y=pl.lit(2))), "outcome is constant"),
        (lambda d: clm("y ~ x", d.clear()), "No rows are left"),
        (lambda d: clm("y ~ nope", d), "no column 'nope'"),
        (lambda d: clm("y ~ xx", d.with_columns(xxx=1)), "Did you mean"),
        (lambda d: clm("y ~ x", d.with_columns(pl.col("y").cast(pl.String))), "has no order"),
        (lambda d: clm("y ~ x", d.with_columns(y=pl.col("x"))), "looks continuous"),
        (lambda d: clm("y ~ y", d), "also a predictor"),
        (lambda d: clm("~ x", d), "names no outcome"),
        (lambda d: clm("y ~ x +", d), "cannot be read"),
        (lambda d: clm("y ~ np.log(0 * x)", d), "not finite|cannot be evaluated"),
        (lambda d: clm("y ~ x", d, link="logistic"), "Allowed: logit"),
        (lambda d: clm("y ~ x", d, threshold="even"), "Allowed: flexible"),
        (lambda d: clm("y ~ x", d, weights=np.full(d.height, -1.0)), "must not be negative"),
        (lambda d: clm("y ~ x + (1 | g)", d), "Use clmm"),
        (lambda d: clmm("y ~ x", d), "needs a grouping"),
        (lambda d: clmm("y ~ x", d, group="g", nodes=0), "at least 1"),
        (lambda d: clmm("y ~ x", d.with_columns(g=1), group="g"), "single group"),
        (lambda d: clmm("y ~ x", d.with_columns(h="g"), group=["g", "h"], nodes=3), "one random"),
        (lambda d: clm("y ~ x", d.with_columns(pl.col("y").clip(0, 1)), threshold="symmetric"), "three"),
        (lambda d: clm("y ~ x", d.to_dict()), "polars or a pandas"),
        (lambda d: clm_arrays(d["y"], d["x"].head(5)), "rows"),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_says_why(call, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        call(simulate())


@pytest.mark.parametrize("mixed", [False, True])
def test_a_scale_column_far_from_zero_is_no_obstacle(mixed: bool) -> None:
    """`scale = ~ year`: thresholds belong to the year 0, and the maximum is that of the centred model."""
    rng = np.random.default_rng(1)
    n = 1500
    group, year, x = rng.integers(0, 200, n), rng.integers(2012, 2020, n), rng.normal(size=n)
    effect = rng.normal(size=200)[group]
    latent = 0.8 * x + effect + np.exp(0.08 * (year - 2015)) * rng.logistic(size=n)
    data = pl.DataFrame(
        {"y": np.digitize(latent, [-2, 0, 2]), "x": x, "year": year, "centred": year - 2015.5, "g": group}
    )
    fit = partial(clmm, group="g") if mixed else clm
    far = fit("y ~ x", data, scale="~ year")
    near = fit("y ~ x", data, scale="~ centred")
    assert near.convergence.code is ConvergenceCode.CONVERGED
    assert far.convergence.ok
    assert far.convergence.code is ConvergenceCode.NEARLY_UNIDENTIFIABLE
    assert "Centre the scale terms" in far.convergence.message
    assert far.log_likelihood == pytest.approx(near.log_likelihood, rel=1e-10)
    assert far.scale_coefficients["scale.year"] == pytest.approx(
        near.scale_coefficients["scale.centred"], rel=1e-6
    )
