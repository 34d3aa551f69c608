"""The hazard of leaving the register: estimates, risks, and what is drawn towards none."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from ofsight.errors import ModelError
from ofsight.planning.models.hazard import (
    CANDIDATES,
    Hazard,
    cumulative_risk,
    fit_candidates,
    log_hazards,
    rare_hazard,
    term_matrix,
)

GRADES = ["Inadequate", "Requires improvement to be good", "Good", "Outstanding"]


def homes(n: int = 4000, seed: int = 5) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "urn": [f"h{k}" for k in range(n)],
            "holder": [f"g{k}" for k in rng.integers(0, max(1, n // 3), n)],
            "sector": rng.choice(["Local Authority", "Private", "Voluntary"], n, p=[0.2, 0.7, 0.1]),
            "special": rng.random(n) < 0.05,
            "places": rng.integers(1, 10, n),
            "age_years": rng.uniform(0, 20, n),
            "grade": [[*GRADES, None][k] for k in rng.choice(5, n, p=[0.05, 0.2, 0.55, 0.15, 0.05])],
            "group_size": rng.integers(1, 40, n),
            "rivals": rng.integers(0, 80, n),
            "lead": rng.integers(1, 7, n).astype(float),
        }
    )


def drawn(frame: pl.DataFrame, truth: dict[str, float], seed: int = 6) -> np.ndarray:
    names = ["intercept", *truth]
    x = term_matrix(frame, names)
    rate = np.exp(x @ np.array([np.log(0.04), *np.log(list(truth.values()))]))
    return (np.random.default_rng(seed).random(frame.height) < 1 - np.exp(-rate)).astype(float)


def test_estimates_equal_those_of_another_program() -> None:
    frame = homes()
    left = drawn(frame, {"inadequate": 5.0, "voluntary": 2.0, "outstanding": 0.4})
    fit = fit_candidates(frame, left)["hazard"]
    x = term_matrix(frame, fit.terms)
    twin = sm.GLM(left, x, family=sm.families.Binomial(link=sm.families.links.CLogLog())).fit()
    np.testing.assert_allclose(fit.estimates, twin.params, atol=2e-5)


def test_a_part_of_an_exit_counts_as_a_part() -> None:
    """A weight of 0.4 is what 4 of 10 like homes would give."""
    frame = homes(300)
    share = drawn(frame, {"inadequate": 8.0}) * 0.4
    fit = fit_candidates(frame, share)["by sector"]
    rate = 1 - np.exp(-np.exp(term_matrix(frame, fit.terms) @ fit.estimates))
    assert rate.sum() == pytest.approx(share.sum(), rel=1e-6)


def test_the_truth_lies_within_the_intervals() -> None:
    truth = {"inadequate": 5.0, "requires_improvement": 2.5, "outstanding": 0.4, "group_1": 1.6}
    inside = total = 0
    for seed in range(8):
        frame = homes(4000, seed)
        table = fit_candidates(frame, drawn(frame, truth, seed + 100))["hazard"].table()
        for name, ratio in truth.items():
            row = table.row(by_predicate=pl.col("term") == name, named=True)
            inside += row["low"] <= ratio <= row["high"]
            total += 1
    assert inside / total >= 0.87, "95 % intervals, 32 of them: four or fewer misses are likely"


def test_shrinking_keeps_the_total_and_draws_effects_to_none() -> None:
    frame = homes(2500)
    left = drawn(frame, {"inadequate": 3.0, "outstanding": 0.4})
    fits = fit_candidates(frame, left)
    plain, shrunk = fits["hazard"], fits["hazard, shrunk"]
    assert 0 < shrunk.factor < 1
    np.testing.assert_allclose(shrunk.estimates[1:], shrunk.factor * plain.estimates[1:])
    rate = 1 - np.exp(-np.exp(term_matrix(frame, shrunk.terms) @ shrunk.estimates))
    assert rate.sum() == pytest.approx(left.sum(), rel=1e-6)
    both = shrunk.table().join(plain.table(), on="term")
    np.testing.assert_allclose(both["hazard_ratio"][1:], both["hazard_ratio_right"][1:], rtol=1e-9)
    assert both["used"][1:].to_list() == pytest.approx(both["hazard_ratio"][1:].to_numpy() ** shrunk.factor)


def test_noise_alone_is_shrunk_to_nearly_nothing() -> None:
    frame = homes(900, seed=3)
    left = (np.random.default_rng(1).random(900) < 0.05).astype(float)
    assert fit_candidates(frame, left)["hazard, shrunk"].factor < 0.5


def test_a_column_without_an_exit_is_left_out() -> None:
    frame = homes(500).with_columns(special=pl.lit(value=False))
    fit = fit_candidates(frame, drawn(frame, {"inadequate": 4.0}))["hazard"]
    assert "special" not in fit.terms
    assert np.isfinite(fit.estimates).all()


def test_no_exit_is_told() -> None:
    frame = homes(50)
    with pytest.raises(ModelError, match="No home left"):
        fit_candidates(frame, np.zeros(50))


def test_risks_of_competing_outcomes_and_of_staying_add_up() -> None:
    rng = np.random.default_rng(0)
    close, transfer = np.log(rng.uniform(0.001, 0.3, (2, 40, 6)))
    a, b = cumulative_risk(close, transfer), cumulative_risk(transfer, close)
    stays = np.exp(-(np.exp(close) + np.exp(transfer)).sum(axis=1))
    np.testing.assert_allclose(a + b + stays, 1.0)
    # The same by going through the half years one by one.
    alive, risk = np.ones(40), np.zeros(40)
    for k in range(6):
        own, other = np.exp(close[:, k]), np.exp(transfer[:, k])
        leaves = 1 - np.exp(-(own + other))
        risk += alive * leaves * own / (own + other)
        alive *= 1 - leaves
    np.testing.assert_allclose(a, risk)


def test_age_moves_on_and_a_judgement_wanes() -> None:
    hazard = Hazard(
        "hazard", ("intercept", "age_0", "inadequate", "inadequate_later"), np.array([-3.0, -1.0, 2.0, -0.5]),
        np.eye(4),
    )  # fmt: skip
    one = homes(1).with_columns(age_years=pl.lit(0.25), grade=pl.lit("Inadequate"))
    logs, _ = log_hazards(hazard, one, 4)
    expected = [-3 - 1 + 2, -3 - 1 + 2 - 0.5, -3 + 2 - 0.5 * np.log2(3), -3 + 2 - 0.5 * 2]
    np.testing.assert_allclose(logs[0], expected)


def test_one_rate_has_a_row_a_home() -> None:
    assert term_matrix(homes(7), ("intercept",)).shape == (7, 1)
    assert term_matrix(homes(7).head(0), CANDIDATES["hazard"]).shape == (0, 1 + len(CANDIDATES["hazard"]))
    rate = 1 - np.exp(-np.exp(rare_hazard(1000).estimates[0]))
    assert 0 < rate < 1 / 1000
