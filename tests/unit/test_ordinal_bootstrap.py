"""Tier: unit. The cluster bootstrap: what a draw is, what is told of many, what is refused."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from test_ordinal_data import graded_data

from ofsight.errors import ModelError
from ofsight.ordinal import OrdinalFit, bootstrap, clm, clm_arrays, clmm, clmm_arrays
from ofsight.ordinal.bootstrap import Bootstrap


@pytest.fixture(scope="module")
def fit() -> OrdinalFit:
    return clmm("grade ~ kind + x", graded_data(), group="g")


@pytest.fixture(scope="module")
def drawn(fit: OrdinalFit) -> Bootstrap:
    return bootstrap(fit, 120, seed=4)


def test_a_draw_is_a_fit_to_whole_groups_a_group_drawn_twice_being_two(fit: OrdinalFit) -> None:
    """The slow, obvious twin: the rows of each drawn group, copied under a new name."""
    data = graded_data()
    one = bootstrap(fit, 3, seed=9)
    names = data["g"].unique().sort()
    for number in range(3):
        rng = np.random.default_rng(np.random.SeedSequence(9, spawn_key=(number,)))
        chosen = rng.integers(0, len(names), len(names))
        copies = [
            data.filter(pl.col("g") == names[int(c)]).with_columns(g=pl.lit(i)) for i, c in enumerate(chosen)
        ]
        twin = clmm("grade ~ kind + x", pl.concat(copies), group="g")
        np.testing.assert_allclose(one.estimates[number], twin.arrays.estimates, rtol=1e-9)
        assert one.log_likelihoods[number] == pytest.approx(twin.log_likelihood, rel=1e-12)


def test_the_same_seed_gives_the_same_digits_and_more_draws_keep_the_first(
    fit: OrdinalFit, drawn: Bootstrap
) -> None:
    fewer = bootstrap(fit, 20, seed=4)
    assert fewer.estimates.tobytes() == drawn.estimates[:20].tobytes()
    assert not np.array_equal(bootstrap(fit, 20, seed=5).estimates, fewer.estimates)


def test_errors_are_near_the_robust_ones(fit: OrdinalFit, drawn: Bootstrap) -> None:
    robust = np.sqrt(np.diag(fit.covariance("cluster")))
    ratio = np.array(list(drawn.standard_errors.values())) / robust
    assert np.all((ratio > 0.75) & (ratio < 1.35)), ratio


def test_intervals_are_quantiles_or_their_mirror(fit: OrdinalFit, drawn: Bootstrap) -> None:
    k = fit.names.index("x")
    low, high = np.quantile(drawn.estimates[:, k], [0.05, 0.95])
    plain = drawn.confint(0.9, names=["x"]).row(0, named=True)
    assert (plain["low"], plain["high"]) == pytest.approx((low, high))
    basic = drawn.confint(0.9, method="basic", names=["x"]).row(0, named=True)
    value = fit.coefficients["x"]
    assert (basic["low"], basic["high"]) == pytest.approx((2 * value - high, 2 * value - low))
    assert drawn.confint()["name"].to_list() == list(fit.names)
    assert drawn.confint()["n"].to_list() == [120] * len(fit.names)
    assert drawn.n_failed == 0
    assert repr(drawn).endswith("120 draws of 90 clusters>")


def test_coarser_clusters_and_fixed_models(fit: OrdinalFit) -> None:
    areas = np.arange(900) % 30
    assert bootstrap(clm("grade ~ x", graded_data()), 2, seed=1).n_clusters == 900
    assert bootstrap(clm("grade ~ x", graded_data()), 2, seed=1, cluster="g").n_clusters == 90
    assert bootstrap(clm("grade ~ x", graded_data()), 2, seed=1, cluster=areas).n_clusters == 30
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(60), 5)
    several = clmm_arrays(rng.integers(0, 3, 300) + (codes % 3), None, {"home": codes, "owner": codes // 2})
    assert np.isfinite(bootstrap(several, 2, seed=1, cluster="owner").log_likelihoods).all()


def test_a_variance_at_zero_in_a_draw_counts() -> None:
    rng = np.random.default_rng(2)
    groups = np.arange(400) // 4
    y = np.digitize(0.35 * rng.normal(size=100)[groups] + rng.logistic(size=400), [-0.7, 0.7])
    near = bootstrap(clmm_arrays(y, None, groups), 20, seed=3)
    column = near.estimates[:, near.names.index("log_sd.group")]
    assert 0 < np.isneginf(column).sum() < 20
    row = near.confint(names=["log_sd.group"]).row(0, named=True)
    assert row["low"] == -math.inf
    assert math.isfinite(row["high"])
    assert row["n"] == 20
    assert math.isnan(row["std_error"])


def test_a_level_that_is_not_drawn_leaves_its_estimate_out() -> None:
    rng = np.random.default_rng(1)
    n = 240
    x = np.zeros((n, 2))
    x[:, 0] = rng.normal(size=n)
    x[:2, 1] = 1.0  # two rows: not in every draw
    y = np.digitize(x[:, 0] + rng.logistic(size=n), [-1.0, 1.0])
    y[0], y[1] = 0, 2
    some = bootstrap(clm_arrays(y, x), 40, seed=2)
    counts = dict(some.confint().select("name", "n").iter_rows())
    assert counts["x1"] == 40
    assert 20 < counts["x2"] < 40


def test_what_cannot_be_resampled_is_refused(fit: OrdinalFit, drawn: Bootstrap) -> None:
    with pytest.raises(ModelError, match="at least one draw"):
        bootstrap(fit, 0, seed=1)
    with pytest.raises(ModelError, match="10 clusters: fewer than 20"):
        bootstrap(clm("grade ~ x", graded_data()), 5, seed=1, cluster="area")
    with pytest.raises(ModelError, match="Clusters cut through groups of 'g'"):
        bootstrap(fit, 5, seed=1, cluster=np.arange(900))
    with pytest.raises(ModelError, match="Unknown method 'bca'"):
        drawn.confint(method="bca")
    with pytest.raises(ModelError, match="No estimate 'z'"):
        drawn.confint(names=["z"])
    with pytest.raises(ModelError, match="between 0 and 1"):
        drawn.confint(95)
