"""What the report's title says is worked out from the estimates, and says so when they say otherwise."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ofsight.report.folder import Estimate
from ofsight.report.gaps import (
    find_gaps,
    finding,
    main_model,
    models_of,
    say_change,
    say_directions,
    split_gaps,
)


def estimate(
    ratio: float | None,
    *,
    outcome: str = "overall",
    sector: str = "private",
    model: str = "unadjusted",
    error: float | None = 0.05,
    variance: str = "model",
) -> Estimate:
    log = None if ratio is None else math.log(ratio)
    known = log is not None and error is not None
    return Estimate(
        item="table2",
        model=model,
        outcome=outcome,
        term=f"sector:{sector}",
        estimate=ratio,
        log_estimate=log,
        std_error_log=error,
        ci_low=math.exp(log - 1.96 * error) if known else None,
        ci_high=math.exp(log + 1.96 * error) if known else None,
        p_value=None,
        n=100,
        n_groups=10,
        variance=variance,
    )


def domains(overall: float, leadership: float, protection: float, **more: object) -> list[Estimate]:
    values = {"overall": overall, "leadership": leadership, "protection": protection}
    return [estimate(ratio, outcome=outcome, **more) for outcome, ratio in values.items()]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ((0.5, 0.6, 0.7), "For-profit homes were judged lower than local authority homes in every domain"),
        ((1.5, 1.6, 1.7), "For-profit homes were judged higher than local authority homes in every domain"),
        ((1.0, 1.01, 0.99), "No clear difference between for-profit and local authority homes in any domain"),
        (
            (0.5, 1.0, 1.0),
            "For-profit homes were judged lower than local authority homes in overall experiences and "
            "progress; no clear difference was found in leadership and management and help and protection",
        ),
        (
            (0.5, 1.6, 1.0),
            "For-profit homes were judged lower than local authority homes in overall experiences and "
            "progress; they were judged higher in leadership and management; no clear difference was "
            "found in help and protection",
        ),
    ],
)
def test_the_finding_follows_the_estimates(ratios: tuple[float, float, float], expected: str) -> None:
    assert finding(find_gaps(domains(*ratios))) == expected


def test_a_wide_interval_is_no_clear_difference() -> None:
    assert finding(find_gaps(domains(0.7, 0.7, 0.7, error=0.3))).startswith("No clear difference")


def test_a_clustered_interval_that_holds_one_withdraws_the_finding() -> None:
    model = domains(0.7, 0.7, 0.7, error=0.05)
    cluster = domains(0.7, 0.7, 0.7, error=0.3, variance="cluster")
    gaps = find_gaps([*model, *cluster])
    assert [gap.direction for gap in gaps] == ["unclear"] * 3
    assert gaps[0].high == pytest.approx(0.7 * math.exp(1.96 * 0.05)), "the interval shown is the model's own"


def test_one_domain_is_named_and_two_are_both() -> None:
    assert finding(find_gaps([estimate(0.5)])).endswith("in overall experiences and progress")
    assert finding(find_gaps(domains(0.5, 0.5, 0.5)[:2])).endswith("in both domains")


def test_without_an_interval_nothing_is_clear() -> None:
    assert find_gaps([estimate(0.2, error=None)])[0].direction == "unclear"
    assert find_gaps([estimate(None)])[0].direction == "unclear"


def test_the_title_speaks_of_the_unadjusted_model_wherever_it_stands() -> None:
    estimates = [*domains(1.5, 1.5, 1.5, model="adjusted"), *domains(0.5, 0.5, 0.5)]
    gaps = find_gaps(estimates)
    assert main_model(gaps) == "unadjusted"
    assert models_of(estimates) == ["unadjusted", "adjusted"]
    assert "judged lower" in finding(gaps)


def test_without_for_profit_homes_the_title_is_of_the_sector_compared() -> None:
    gaps = find_gaps(domains(0.5, 0.5, 0.5, sector="voluntary"))
    assert finding(gaps) == "Third sector homes were judged lower than local authority homes in every domain"
    assert say_directions(gaps, "private") == ""


def test_nothing_compared_is_no_finding() -> None:
    assert finding(find_gaps([])) == ""
    covariate = Estimate("table2", "m", "overall", "places", 1.0, 0.0, 0.1, 0.9, 1.1, 1.0, 1, 1, "model")
    assert find_gaps([covariate]) == ()


def parts(before: float, after: float, sector: str = "private") -> list[Estimate]:
    found = []
    for part, ratio in (("after the pause", after), ("before the pause", before)):
        for one in domains(ratio, ratio, ratio, sector=sector):
            found.append(replace(one, item="gap_pause", term=f"{one.term}/{part}"))
    return found


def test_parts_keep_their_order_and_only_the_main_model() -> None:
    adjusted = [replace(one, model="adjusted") for one in parts(0.9, 0.9)]
    split = split_gaps([*adjusted, *parts(0.5, 1.0)])
    assert list(split) == ["before the pause", "after the pause"]
    assert [gap.direction for gap in split["before the pause"]] == ["lower"] * 3
    assert [gap.direction for gap in split["after the pause"]] == ["unclear"] * 3


TESTED = dict.fromkeys(("overall", "leadership", "protection"), 0.01)


def test_a_change_is_said_when_the_directions_differ_and_the_tests_speak_for_it() -> None:
    said = finding(find_gaps(domains(0.7, 0.7, 0.7)), split_gaps(parts(0.5, 1.0)), TESTED)
    assert said == (
        "For-profit homes were judged lower than local authority homes in every domain before inspections "
        "paused in 2020; no clear difference in any domain since they resumed"
    )
    turned = finding(find_gaps(domains(0.7, 0.7, 0.7)), split_gaps(parts(0.5, 1.5)), TESTED)
    assert turned.endswith("they were judged higher in every domain since they resumed")


@pytest.mark.parametrize("p_values", [{}, {**TESTED, "overall": 0.3}, {**TESTED, "leadership": None}])
def test_a_change_that_no_test_shows_is_not_said(p_values: dict[str, float | None]) -> None:
    said = finding(find_gaps(domains(0.7, 0.7, 0.7)), split_gaps(parts(0.5, 1.0)), p_values)
    assert said == "For-profit homes were judged lower than local authority homes in every domain"


def test_gaps_that_go_the_same_way_have_not_changed_direction() -> None:
    assert say_change(split_gaps(parts(0.5, 0.7)), "private", TESTED) == ""
    assert say_change(split_gaps(parts(0.5, 1.0)), "voluntary", TESTED) == ""
    assert say_change({}, "private", TESTED) == ""
