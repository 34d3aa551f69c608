"""Each published number gets ours beside it, the difference in two units, and a verdict."""

from __future__ import annotations

import math
from decimal import Decimal

import polars as pl
import pytest

from ofsight.definitions.study import PublishedNumber, load_study
from ofsight.study.estimates import Estimate, ModelFacts, odds_ratio
from ofsight.study.ledger import VERDICTS, count_verdicts, make_ledger

_STUDY = load_study("outsourcing-2022")


def _ledger_row(number: PublishedNumber, estimates: list[Estimate]) -> dict[str, object]:
    study = _STUDY.model_copy(update={"published": (number,)})
    return make_ledger(study, estimates, []).row(0, named=True)


def _published(value: str, **more: object) -> PublishedNumber:
    return PublishedNumber.model_validate(
        {"id": "x", "item": "table2", "model": "unadjusted", "outcome": "overall", "term": "sector:private",
         "quantity": "odds ratio", "value": value, **more}
    )  # fmt: skip


def _ours(value: float, error: float = 0.08) -> Estimate:
    return odds_ratio(
        math.log(value), error, study="s", item="table2", model="unadjusted", outcome="overall",
        term="sector:private", variance="model", n=100, n_groups=10,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        (0.5612, "same to print"),
        (0.5605, "same to print"),
        (0.5625, "within one standard error"),
        (0.600, "within one standard error"),
        (0.700, "same direction"),
        (0.999, "same direction"),
        (1.2, "differs"),
    ],
)
def test_the_verdict_follows_print_error_and_direction(ours: float, verdict: str) -> None:
    row = _ledger_row(_published("0.561", std_error="0.086"), [_ours(ours)])
    assert row["verdict"] == verdict
    assert row["difference"] == pytest.approx(ours - 0.561)
    assert row["difference_in_last_digits"] == pytest.approx((ours - 0.561) / 0.001)
    assert row["difference_in_standard_errors"] == pytest.approx(math.log(ours / 0.561) / 0.086)
    assert bool(row["note"]) == (verdict != "same to print")


def test_the_printed_interval_stands_in_for_a_missing_error() -> None:
    row = _ledger_row(_published("0.663", low="0.522", high="0.842"), [_ours(0.75)])
    error = (math.log(0.842) - math.log(0.522)) / 3.92
    assert row["difference_in_standard_errors"] == pytest.approx(math.log(0.75 / 0.663) / error)


def test_precision_is_what_was_printed() -> None:
    assert _published("0.560").last_digit == pytest.approx(0.001)
    assert _published("27121.8").last_digit == pytest.approx(0.1)
    assert _published("153").last_digit == 1
    assert _ledger_row(_published("0.56"), [_ours(0.5649)])["verdict"] == "same to print"
    assert _ledger_row(_published("0.560"), [_ours(0.5649)])["verdict"] != "same to print"


def test_a_number_that_was_not_found_says_so() -> None:
    estimates = [_ours(0.5), Estimate("s", "table2", "other", "overall", "sector:private", 1.0)]
    row = _ledger_row(_published("0.5", outcome="leadership"), estimates)
    assert (row["verdict"], row["ours"]) == (VERDICTS[4], None)


def test_no_published_number_goes_without_a_verdict_and_a_reason() -> None:
    """With nothing computed: table 3 was never published, the rest is for want of data."""
    ledger = make_ledger(_STUDY, [], [])
    assert ledger.height == len(_STUDY.published)
    assert ledger["verdict"].null_count() == 0
    assert (ledger["note"].str.len_chars() > 20).all()
    unpublished = ledger.filter(pl.col("verdict") == "not reproducible from public data")
    assert set(unpublished["item"]) == {"table3"}
    counted = count_verdicts(ledger).filter(pl.col("item") == "all")
    assert counted["n"].sum() == ledger.height


def test_errors_and_intervals_printed_beside_are_held_to_their_digits() -> None:
    number = _published("0.561", std_error="0.080", low="0.480", high="0.657", n=100)
    row = _ledger_row(number, [_ours(0.5612, 0.0801)])
    assert row["std_error_same_to_print"] is True
    assert row["interval_same_to_print"] is True
    assert (row["published_n"], row["ours_n"]) == (100, 100)
    wider = _ledger_row(number, [_ours(0.5612, 0.0811)])
    assert wider["std_error_same_to_print"] is False
    assert wider["interval_same_to_print"] is False


def test_every_published_number_has_its_place_in_the_paper() -> None:
    tables = {
        "table1": "Table 1",
        "table2": "Table 2",
        "table3": "Table 3",
        "table4": "Table 4",
        "figure2": "Figure 2",
        "placements": "Paper of 2023",
    }
    for number in _STUDY.published:
        assert number.place.startswith(tables.get(number.item, ""))


def test_cluster_robust_estimates_are_not_compared() -> None:
    robust = odds_ratio(0.0, 0.2, study="s", item="table2", model="unadjusted", outcome="overall",
                        term="sector:private", variance="cluster", n=1, n_groups=1)  # fmt: skip
    row = _ledger_row(_published("0.561", std_error="0.086"), [_ours(0.5612), robust])
    assert row["ours"] == pytest.approx(0.5612)


def test_numbers_of_a_whole_model_come_from_its_facts() -> None:
    facts = ModelFacts("table2", "unadjusted", "overall", "", "", 13452, 3000, 0, -1.0, 27121.84, 1.4, {}, "")
    numbers = (
        _published("27121.8", quantity="AIC", term=None),
        _published("13452", quantity="n", term=None, id="y"),
    )
    study = _STUDY.model_copy(update={"published": numbers})
    assert make_ledger(study, [], [facts])["verdict"].to_list() == ["same to print"] * 2


def test_every_published_number_of_the_paper_is_defined_once() -> None:
    """The printed counts of table 1 add up to the sectors' graded inspections (13,452 less the missing)."""
    ids = [number.id for number in _STUDY.published]
    assert len(ids) == len(set(ids)) == 109
    for domain in ("overall", "leadership", "protection"):
        counts = [n.value for n in _STUDY.published if n.quantity == "count" and n.outcome == domain]
        assert (len(counts), sum(counts)) == (12, Decimal(13452))
