"""What the report's title says is worked out from the estimates, and says so when they say otherwise."""

from __future__ import annotations

import math

import pytest

from ofsight.report.folder import Estimate
from ofsight.report.gaps import find_gaps, finding, main_model, models_of, say_directions


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
