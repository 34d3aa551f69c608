"""The generative model of the demo: its margins, its timing, its record of the truth."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest

from ofsight.demo import (
    DOMAINS,
    DomainTruth,
    Truth,
    default_domains,
    full_inspection_records,
    make_histories,
    make_homes,
)
from ofsight.demo.inspections import PAUSE, draw_grades

TRUTH = Truth(seed=11, n_homes=600, first_year=2015, last_year=2025, domains=default_domains())


@pytest.fixture(scope="module")
def homes():
    return make_homes(TRUTH)


@pytest.fixture(scope="module")
def histories(homes):
    return make_histories(homes, TRUTH)


def logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


@pytest.mark.parametrize("sector", ["private", "voluntary", "local_authority", "health_authority"])
def test_each_domain_alone_follows_its_cumulative_logit(homes, sector):
    home = replace(homes[0], sector=sector, later_sector=sector, effects=(0.7, -0.4, 0.2))
    rng = random.Random(5)
    n = 20_000
    draws = [draw_grades(rng, TRUTH, home, date(2018, 6, 1)) for _ in range(n)]
    for position, domain in enumerate(DOMAINS):
        model = TRUTH.domains[domain]
        eta = math.log(model.odds_ratios.get(sector, 1.0)) + model.year_effects[2018] + home.effects[position]
        for k, threshold in enumerate(model.thresholds, start=1):
            expected = logistic(threshold - eta)
            share = sum(draw[position] <= k for draw in draws) / n
            # four standard errors: one false alarm in some 1,300 runs of this whole test
            assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / n), (domain, k)
    both = Counter((d[0] == 1, d[1] == 1) for d in draws)
    alone = sum(d[0] == 1 for d in draws) / n * sum(d[1] == 1 for d in draws) / n
    assert both[True, True] / n > 2 * alone, "domains of one inspection go together"


def test_intercepts_have_the_standard_deviations_and_correlation_of_the_truth():
    truth = replace(TRUTH, n_homes=4000)
    effects = list(zip(*(home.effects for home in make_homes(truth)), strict=True))
    n = len(effects[0])

    def covariance(x, y):
        mean_x, mean_y = sum(x) / n, sum(y) / n
        return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / n

    for values, domain in zip(effects, DOMAINS, strict=True):
        assert math.sqrt(covariance(values, values)) == pytest.approx(
            truth.domains[domain].random_sd, rel=0.045
        )
        assert sum(values) / n == pytest.approx(0.0, abs=4 * truth.domains[domain].random_sd / math.sqrt(n))
    correlation = covariance(effects[0], effects[1]) / math.sqrt(
        covariance(effects[0], effects[0]) * covariance(effects[1], effects[1])
    )
    assert correlation == pytest.approx(truth.correlation_between_homes, abs=0.02)


def test_no_visit_in_the_pause_before_registration_or_after_closing(histories):
    for history in histories:
        for visit in history.inspections:
            assert not PAUSE[0] <= visit.inspected_on <= PAUSE[1]
            assert history.home.registered_on < visit.inspected_on
            assert history.closed_on is None or visit.inspected_on < history.closed_on
            assert visit.inspected_on < visit.published_on <= date(visit.inspected_on.year + 1, 4, 30)
            assert visit.inspected_on.weekday() < 5


def test_visits_of_a_home_are_in_order_and_more_than_a_week_apart(histories):
    for history in histories:
        days = [v.inspected_on for v in history.inspections]
        assert all(b - a > timedelta(days=7) for a, b in itertools.pairwise(days))


def test_interim_visits_end_in_march_2022_and_assurance_visits_begin_then(histories):
    days = {kind: [] for kind in ("interim", "assurance")}
    for history in histories:
        for visit in history.inspections:
            if visit.kind in days:
                days[visit.kind].append(visit.inspected_on)
                assert visit.grades is None
    assert max(days["interim"]) <= date(2022, 3, 31)
    assert min(days["assurance"]) >= date(2022, 4, 1)


def test_inadequate_homes_are_seen_again_sooner(histories):
    gaps = {True: [], False: []}
    for history in histories:
        full = [v for v in history.inspections if v.kind == "full" and v.inspected_on < date(2018, 4, 1)]
        for one, other in itertools.pairwise(full):
            gaps[one.grades[0] == 1].append((other.inspected_on - one.inspected_on).days)
    median = {bad: sorted(values)[len(values) // 2] for bad, values in gaps.items()}
    assert len(gaps[True]) > 30
    assert median[True] < 130 < 250 < median[False]


def test_lists_alone_would_lose_most_inadequate_inspections(histories):
    """The bias of the real lists is there: the latest inspections hold few inadequate ones."""
    all_shares, latest_shares = [], []
    for edition in range(2015, 2020):
        first, last = date(edition - 1, 4, 1), date(edition, 3, 31)
        for history in histories:
            full = [v for v in history.inspections if v.kind == "full" and first <= v.inspected_on <= last]
            all_shares += [v.grades[0] == 1 for v in full]
            if full and history.is_open_on(last):
                latest_shares.append(full[-1].grades[0] == 1)
    assert sum(latest_shares) < 0.5 * sum(all_shares)


def test_grades_are_spread_as_in_reality(histories):
    records = full_inspection_records(histories)
    n = len(records["urn"])
    shares = {g: sum(x == g for x in records["overall"]) / n for g in (1, 2, 3, 4)}
    assert 0.03 < shares[1] < 0.10
    assert 0.13 < shares[2] < 0.27
    assert 0.52 < shares[3] < 0.70
    assert 0.07 < shares[4] < 0.20


def test_some_homes_change_sector_and_the_rest_do_not(homes):
    changed = [h for h in homes if h.later_sector != h.sector]
    assert len(changed) == 3
    for home in changed:
        eve = home.sector_changes_on - timedelta(days=1)
        assert home.sector_on(eve) == home.sector != home.sector_on(home.sector_changes_on)
        assert (home.sector_changes_on.month, home.sector_changes_on.day) == (4, 1)
    assert all(h.sector_on(date(2025, 3, 31)) == h.sector for h in homes if h not in changed)


def test_owners_drift_between_years_but_not_within(homes):
    owners = {home.owner for home in homes if home.owner.form == "company"}
    spellings = {owner: {owner.printed(year) for year in range(2018, 2026)} for owner in owners}
    assert all("(synthetic)" in text for texts in spellings.values() for text in texts)
    assert sum(len(texts) > 1 for texts in spellings.values()) > len(owners) / 2


def test_urns_are_unique(homes):
    assert len({home.urn for home in homes}) == len(homes)
    assert sum(home.kind == "home" for home in homes) == 600


def test_truth_survives_its_file():
    truth = replace(
        TRUTH, counts={"homes": 3}, dirt={"x": 1}, faults=({"kind": "x"},), files={"a": {"n_rows": 1}}
    )
    again = Truth.from_json(truth.to_json())
    assert again == truth
    assert again.to_json() == truth.to_json()


def test_the_same_seed_gives_the_same_histories_and_another_does_not(histories):
    again = make_histories(make_homes(TRUTH), TRUTH)
    assert again == histories
    other = replace(TRUTH, seed=12)
    assert make_histories(make_homes(other), other) != histories


def test_odds_ratios_of_the_truth_move_the_grades():
    """A truth of another sign is obeyed: nothing about the sectors is wired in."""
    kinder = {
        name: DomainTruth({"private": 6.0, "voluntary": 1.0}, d.thresholds, d.year_effects, d.random_sd)
        for name, d in default_domains().items()
    }
    truth = replace(TRUTH, domains=kinder)
    records = full_inspection_records(make_histories(make_homes(truth), truth))
    mean = {}
    for sector in ("private", "local_authority"):
        outstanding = [
            g == 4 for g, s in zip(records["overall"], records["sector"], strict=True) if s == sector
        ]
        mean[sector] = sum(outstanding) / len(outstanding)
    assert mean["private"] > mean["local_authority"] + 0.1
