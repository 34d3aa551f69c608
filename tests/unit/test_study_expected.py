"""Expected judgements: exact counts, a known model found again, shrinking where there is nothing to know."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import numpy as np
import polars as pl
import pytest
from profile_tables import NEWEST, dataset_of, inspected, listed

from ofsight.errors import ModelError
from ofsight.profiles.homes_open import group_slug
from ofsight.study.expected import GOOD, find_shrink, fit_expected, graded_homes, home_expected
from ofsight.study.expected_checks import measure_calibration
from ofsight.study.expected_groups import compare_groups, count_distribution, expect_judgements
from ofsight.vocabulary import Grade

REGIONS = ("North West", "London", "South East", "West Midlands")


def homes(n: int = 3_000, *, effect: float = 0.0, good_group: int = 0, seed: int = 1) -> pl.DataFrame:
    """Homes whose log-odds of a better grade fall by `effect` where they are under a year old."""
    rng = np.random.default_rng(seed)
    young = rng.random(n) < 0.4
    latent = -effect * young + rng.logistic(size=n)
    grade = np.digitize(latent, [-4.0, -1.5, 2.5])
    holder = [f"owner-{k}" for k in rng.integers(0, n // 4, n)]
    grade[:good_group] = GOOD
    holder[:good_group] = ["group-best"] * good_group
    return pl.DataFrame(
        {
            "urn": [f"SC{k}" for k in range(n)],
            "sector": rng.choice(["Private", "Local Authority", "Voluntary"], n, p=[0.8, 0.15, 0.05]),
            "region": rng.choice(REGIONS, n),
            "places": rng.integers(1, 9, n).astype(float),
            "special": np.zeros(n, dtype=bool),
            "age_months": np.where(young, 6.0, 150.0),
            "grade": grade,
            "holder_id": holder,
            "holder": holder,
            "kind": ["owner"] * n,
        }
    )


def test_counts_are_exact() -> None:
    """Against adding up every outcome."""
    sets = np.array([[0.1, 0.5, 0.9, 0.3], [0.2, 0.2, 0.7, 1.0]])
    slow = np.zeros(5)
    for probabilities, outcome in product(sets, product((0, 1), repeat=4)):
        mass = np.prod([p if happened else 1 - p for p, happened in zip(probabilities, outcome, strict=True)])
        slow[sum(outcome)] += mass / len(sets)
    assert count_distribution(sets) == pytest.approx(slow)


def test_a_known_effect_is_found_and_kept() -> None:
    frame = homes(effect=1.2)
    model = fit_expected(frame)
    odds = dict(zip(model.names, np.exp(model.coefficients[1:]), strict=True))
    assert odds["age: under 1 year"] == pytest.approx(np.exp(-1.2), rel=0.15)
    assert model.shrink > 0.8
    assert "secure or a residential special school" not in model.names  # no home is one
    good = (frame["grade"] >= GOOD).to_numpy()
    assert model.probability(frame).mean() == pytest.approx(good.mean(), abs=1e-6)


def test_where_there_is_nothing_to_know_all_get_the_overall_share() -> None:
    frame = homes(n=1_500)
    model = fit_expected(frame)
    assert model.shrink < 0.5
    raw = fit_expected(frame, shrink=1.0).probability(frame)
    assert np.ptp(model.probability(frame)) < 0.5 * np.ptp(raw) + 1e-9
    assert find_shrink(frame) == model.shrink


def test_a_group_better_than_its_mix_is_seen_and_the_others_are_not() -> None:
    frame = homes(good_group=60)
    found = compare_groups(frame)
    best = found.filter(pl.col("holder_id") == "group-best").row(0, named=True)
    assert (best["n"], best["observed"]) == (60, 60)
    assert best["position"] == "above 99.8%"
    assert best["high_998"] < 60
    assert 60 - best["expected"] == pytest.approx(best["difference"] * 0.6)
    others = found.filter(pl.col("holder_id") != "group-best")
    assert others.is_empty() or (others["q_value"] > 0.05).all()
    assert found["n"].min() >= 10


def test_groups_like_all_others_lie_outside_as_often_as_chance_says() -> None:
    """Of 75 groups of 40 like homes, about one in twenty beyond the 95 % limits."""
    frame = homes(n=3_000, effect=0.8, seed=5).with_columns(
        holder_id=pl.Series([f"g{k % 75}" for k in range(3_000)])
    )
    found = compare_groups(frame)
    assert found.height == 75
    assert (found["position"] != "within").sum() <= 9  # 2.5 % of chance that more than 8 of 75 are
    assert 0.3 < found["p_value"].mean() < 0.7  # type: ignore[operator]


def test_calibration_of_what_is_right_and_what_is_too_bold() -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(1.0, 1.0, 6_000)
    good = (rng.random(6_000) < 1 / (1 + np.exp(-scores))).astype(float)
    right, bins = measure_calibration(1 / (1 + np.exp(-scores)), good)
    assert right["slope"] == pytest.approx(1, abs=3 * right["slope_error"])
    assert right["intercept"] == pytest.approx(0, abs=3 * right["intercept_error"])
    assert right["brier"] < right["brier_of_the_share"]
    assert bins["n"].sum() == 6_000
    assert ((bins["low"] <= bins["expected"]) & (bins["expected"] <= bins["high"])).sum() >= 8
    bold, _ = measure_calibration(1 / (1 + np.exp(-2 * scores)), good)
    assert bold["slope"] == pytest.approx(0.5, abs=3 * bold["slope_error"])
    assert bold["auc"] == pytest.approx(right["auc"])


def test_homes_are_as_on_the_list_and_ids_as_in_profiles() -> None:
    group = {"owner": "Keys Care Ltd", "owner_id": "keys-care", "owner_group": "Homes2Inspire (Shaw Trust)"}
    lists = [
        listed("SC1", **group, registered_on=date(2020, 3, 31)),
        listed("SC2", owner=None, owner_id=None),
        listed("SC3", places=None),
        listed("SC4", registered_on=NEWEST - timedelta(days=61)),
    ]
    inspections = [
        inspected("SC1", date(2022, 3, 31), overall="Outstanding"),
        inspected("SC1", date(2024, 6, 1), overall="Inadequate"),
        inspected("SC2", date(2022, 3, 31), overall=None),
    ]
    found = graded_homes(dataset_of(home_snapshots=lists, inspections=inspections))
    assert found["urn"].to_list() == ["SC1", "SC2", "SC4"]
    assert found["grade"].to_list() == [list(Grade).index(Grade.OUTSTANDING), None, None]
    assert found["age_months"].to_list() == pytest.approx([24, 107.9, 2.0], abs=0.1)
    assert found["holder_id"][0] == group_slug("Homes2Inspire (Shaw Trust)")
    assert found["kind"].to_list() == ["group", None, "owner"]


def test_a_dataset_that_cannot_carry_it_is_told_why() -> None:
    data = dataset_of(home_snapshots=[listed("SC1")], inspections=[inspected("SC1", date(2023, 1, 1))])
    found = expect_judgements(data)
    assert not found.tables
    assert "100 graded homes" in found.notes[0]
    with pytest.raises(ModelError, match="Build the dataset"):
        home_expected(data)
    assert compare_groups(graded_homes(data)).is_empty()
