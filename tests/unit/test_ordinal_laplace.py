"""Tier: unit. A Laplace maximum that is not the likelihood's is told, and a sound one is left alone."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from ofsight.ordinal import ConvergenceCode, clmm
from ofsight.ordinal import fit as fitting
from ofsight.ordinal.laplace import NODES, check_laplace
from ofsight.ordinal.objective import Evaluation
from ofsight.ordinal.optimise import maximise

UNRELIABLE = ConvergenceCode.LAPLACE_UNRELIABLE
CUTS = [-4.7, -2.4, 1.9]  # a year of inspections: most homes seen once, most of them good


def year(rows: int = 2000, groups: int = 1800, sd: float = 1.8, seed: int = 3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    home = np.concatenate([np.arange(groups), rng.integers(0, groups, rows - groups)])
    x = rng.normal(size=rows)
    latent = 0.4 * x + sd * rng.normal(size=groups)[home] + rng.logistic(size=rows)
    return pl.DataFrame({"y": np.digitize(latent, CUTS), "x": x, "home": home})


@pytest.fixture(scope="module")
def sparse() -> pl.DataFrame:
    return year()


def test_a_runaway_is_told_with_the_answer_of_quadrature(sparse: pl.DataFrame) -> None:
    laplace = clmm("y ~ x", sparse, group="home")
    truth = clmm("y ~ x", sparse, group="home", nodes=NODES)
    assert laplace.random_sd > 3 * truth.random_sd
    assert laplace.convergence.code is UNRELIABLE
    assert laplace.convergence.ok  # a doubt: the search itself found a maximum
    said = laplace.convergence.message
    assert f"nodes={NODES}" in said
    assert f"{laplace.random_sd:.3g}" in said
    assert f"{truth.random_sd:.3g}" in said
    assert "laplace unreliable" in laplace.summary()
    assert UNRELIABLE not in truth.convergence.codes
    assert truth.random_sd == pytest.approx(1.8, rel=0.4)


@pytest.mark.parametrize("rows", [150, 400, 1000])
def test_small_extracts_are_told_too(rows: int) -> None:
    told = 0
    for seed in range(6):
        data = year(rows, int(0.9 * rows), seed=seed)
        laplace = clmm("y ~ x", data, group="home")
        truth = clmm("y ~ x", data, group="home", nodes=25)
        runaway = laplace.random_sd > 3 * truth.random_sd
        told += runaway
        assert not runaway or UNRELIABLE in laplace.convergence.codes, seed
    assert told  # the cases are of the kind they are meant to be


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_groups_of_several_rows_raise_no_doubt(link: str) -> None:
    data = year(4000, 900, sd=1.4)
    fit = clmm("y ~ x", data, group="home", link=link)
    assert fit.convergence.code is ConvergenceCode.CONVERGED
    assert fit.convergence.findings == ()


def test_the_check_moves_no_sound_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    data = year(4000, 900, sd=1.4)
    checked = clmm("y ~ x", data, group="home")
    monkeypatch.setattr(fitting, "_check_laplace", lambda *args: (args[2], []))
    assert clmm("y ~ x", data, group="home").estimates == checked.estimates


def test_scale_effects_are_checked_as_well(sparse: pl.DataFrame) -> None:
    fit = clmm("y ~ x", sparse, group="home", scale="~ x")
    assert UNRELIABLE in fit.convergence.codes


class Hills:
    """A log-likelihood of one parameter: log sums of bells (height, top, width)."""

    size = 1

    def __init__(self, *bells: tuple[float, float, float]) -> None:
        self.bells = bells

    def evaluate(self, parameters: np.ndarray, order: int = 2) -> Evaluation:
        x = float(parameters[0])
        parts = [h * math.exp(-0.5 * ((x - t) / w) ** 2) for h, t, w in self.bells]
        pulls = [-(x - t) / w**2 for _, t, w in self.bells]
        gradient = sum(p * d for p, d in zip(parts, pulls, strict=True))
        hessian = sum(
            p * (d * d - 1.0 / w**2) for p, d, (_, _, w) in zip(parts, pulls, self.bells, strict=True)
        )
        return Evaluation(sum(parts), np.array([gradient]), np.array([[hessian]]))


def test_of_two_maxima_the_one_that_quadrature_prefers_is_reported() -> None:
    laplace = Hills((300.0, 0.05, 0.4), (500.0, 3.0, 0.4))  # the higher one is the error's
    truth = Hills((3000.0, 0.0, 2.0))
    runaway = maximise(laplace, np.array([2.8]))
    assert runaway.parameters[0] == pytest.approx(3.0, abs=0.01)
    check = check_laplace(
        laplace,
        lambda nodes: truth,
        runaway,
        lambda judge: np.array([0.2]),
        floors=np.array([-7.0]),
        max_iterations=100,
    )
    assert check.optimum.parameters[0] == pytest.approx(0.05, abs=0.01)
    assert check.reliable
    assert check.describe("home", 1.0, alone=True) == []


def test_with_other_groupings_dropped_the_remedy_names_them() -> None:
    data = year().with_columns(other=pl.int_range(2000) % 5)  # chance alone: its variance is zero
    fit = clmm("y ~ x", data, group=["home", "other"])
    if fit.arrays.active != (0,):
        pytest.skip("the second grouping kept a variance")
    assert UNRELIABLE in fit.convergence.codes
    assert "only grouping" in fit.convergence.message
