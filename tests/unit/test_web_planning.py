"""What the forms of scenarios take, and what a scenario says in words."""

from __future__ import annotations

import re

import pytest

from ofsight.planning.scenarios.query import scenario_from_query
from ofsight.web.pages.planning import _number
from ofsight.web.problems import Refusal
from ofsight.web.queries.what_if import scenario_of, scenario_with_event, words_of


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("occupancy", "85", 0.85),
        ("occupancy", " 85 % ", 0.85),
        ("share", "20 50 100", {"low": 0.2, "base": 0.5, "high": 1.0}),
        ("share", "20 to 50 to 100", {"low": 0.2, "base": 0.5, "high": 1.0}),
        ("per_year", "−3", -0.03),
        ("opening", "0.5~1~2", {"low": 0.5, "base": 1.0, "high": 2.0}),
        ("years", "3", 3),
        ("children_in_homes", "120", 120.0),
    ],
)
def test_field_of_a_form_is_a_number_or_a_range(name: str, words: str, expected: object) -> None:
    assert _number(name, words) == expected


@pytest.mark.parametrize("words", ["many", "1 2", "1 2 3 4", "<b>", "1 2 x"])
def test_field_that_is_no_number_is_refused_with_what_to_give(words: str) -> None:
    with pytest.raises(Refusal, match="Give one number, or the least") as refused:
        _number("share", words)
    assert refused.value.status == 422


def test_event_is_added_and_stands_in_the_address() -> None:
    plain = scenario_of("years=4")
    fields = {"kind": "open", "homes": 2, "places": 3, "sector": "Private", "year": 2}
    changed = scenario_with_event(plain, fields)
    assert changed.years == 4
    (event,) = changed.events
    assert words_of(event, {}) == "Year 2: 2 homes of 3 places open (For-profit, a new holder)."


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("event=leave(holder=g;share=0.2~0.5~1)", "Year 1: The Group leaves; 50% (20% to 100%) of its homes"),
        ("event=need(per_year=0.025)", "need changes by 2.5% a year beside the forecast"),
        ("event=occupancy(occupancy=0.8)", "From year 1: 80% of places can be used."),
        ("event=phase_out(converted=0.3)", "From year 1 over 3 years: For-profit homes end (100%)"),
    ],
)
def test_event_in_words(query: str, expected: str) -> None:
    (event,) = scenario_from_query(query).events
    assert expected in words_of(event, {"g": "The Group (12 places)"})


@pytest.mark.parametrize("query", ["years=9", "nothing=1", "event=fly()", "event=open(homes=2)"])
def test_scenario_that_cannot_be_meant_is_422(query: str) -> None:
    with pytest.raises(Refusal, match=re.compile("scenario|event", re.IGNORECASE)) as refused:
        scenario_of(query)
    assert refused.value.status == 422


def test_event_that_does_not_fit_is_refused() -> None:
    with pytest.raises(Refusal, match="homes"):
        scenario_with_event(scenario_of(""), {"kind": "open", "homes": 0, "places": 3, "sector": "Private"})
