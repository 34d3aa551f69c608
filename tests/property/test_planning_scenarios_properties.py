"""Scenarios: what must hold whatever is asked - addresses without loss, no places out of nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ofsight.errors import OfsightError
from ofsight.planning.scenarios.inputs import SECTORS, ScenarioInputs
from ofsight.planning.scenarios.query import scenario_from_query, scenario_to_query
from ofsight.planning.scenarios.scenario import Scenario, parse_scenario
from ofsight.planning.scenarios.simulate import MEASURES, simulate
from planning_made import made_inputs

DRAWS = 12


def ranges(low: float, high: float) -> st.SearchStrategy[Any]:
    number = st.floats(low, high, allow_nan=False)
    spread = st.lists(number, min_size=3, max_size=3).map(sorted)
    return st.one_of(number, spread.map(lambda v: dict(zip(("low", "base", "high"), v, strict=True))))


WORDS = st.text(
    st.characters(exclude_categories=("C", "Z")) | st.sampled_from(list("%;()=&+~#? ")),
    min_size=1,
    max_size=30,
).map(str.strip).filter(bool)  # fmt: skip
YEARS = st.integers(1, 3)


def events(holders: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    leave = st.fixed_dictionaries(
        {"kind": st.just("leave"), "holder": holders, "year": YEARS},
        optional={"share": ranges(0, 1), "sold_to": st.sampled_from(["one", "many"])},
    )
    phase_out = st.tuples(
        st.permutations(SECTORS),
        st.fixed_dictionaries(
            {"kind": st.just("phase_out"), "year": YEARS},
            optional={
                "over": st.integers(1, 5), "share": ranges(0, 1), "converted": ranges(0, 1),
                "new_homes": st.booleans(),
            },
        ),
    ).map(lambda pair: {**pair[1], "sector": pair[0][0], "to_sector": pair[0][1]})  # fmt: skip
    opens = st.fixed_dictionaries(
        {
            "kind": st.just("open"), "homes": st.integers(1, 9), "places": st.integers(1, 9), "year": YEARS,
            "sector": st.sampled_from(SECTORS),
        },
        optional={"holder": holders, "months_to_grade": ranges(0, 60)},
    )  # fmt: skip
    need = st.fixed_dictionaries({"kind": st.just("need"), "per_year": ranges(-0.5, 1), "year": YEARS})
    filled = st.fixed_dictionaries({"kind": st.just("occupancy"), "occupancy": ranges(0.3, 1), "year": YEARS})
    return st.lists(st.one_of(leave, phase_out, opens, need, filled), max_size=4)


def scenarios(holders: st.SearchStrategy[str]) -> st.SearchStrategy[Scenario]:
    return st.fixed_dictionaries(
        {"events": events(holders), "years": st.integers(3, 5)},
        optional={
            "name": WORDS,
            "seed": st.integers(0, 2**31 - 1),
            "vintage": st.dates(date(2010, 1, 1), date(2030, 1, 1)),
            "occupancy": ranges(0.3, 1),
            "own_use": ranges(0, 1),
            "near_home": ranges(0, 1),
            "children_in_homes": ranges(0, 5000),
            "opening": ranges(0, 5),
            "closing": ranges(0, 5),
        },
    ).map(parse_scenario)


HOLDERS = st.sampled_from(["holder-0", "Example 1 Ltd"])


@st.composite
def areas(draw: st.DrawFn) -> ScenarioInputs:
    n = draw(st.integers(2, 12))
    whole = st.integers(0, 9)
    return made_inputs(
        draw(st.lists(whole, min_size=n, max_size=n)),
        holder=[0, 1, *draw(st.lists(st.integers(0, 3), min_size=n - 2, max_size=n - 2))],
        sector=draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)),
        close=draw(st.floats(0, 0.5)),
        opened=draw(st.lists(st.integers(1, 6), max_size=4)),
        need_sd=draw(st.floats(0, 0.3)),
        group_variance=draw(st.sampled_from([0.0, 0.5, 2.0])),
        graded=np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n))),
    )


@given(scenarios(WORDS))
def test_an_address_carries_a_scenario_without_loss(scenario: Scenario) -> None:
    query = scenario_to_query(scenario)
    assert scenario_from_query(query) == scenario
    assert scenario_from_query("?" + query) == scenario
    assert query.isascii()
    assert not set(query) & set(" \"'<>#")


@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda b: "event=" + b.decode("latin-1")))
def test_any_address_gives_a_scenario_or_a_message(query: str) -> None:
    message = ""
    try:
        scenario_from_query(query)
    except OfsightError as error:
        message = str(error)
    assert message.isprintable()


@settings(max_examples=60, deadline=None)
@given(scenarios(HOLDERS), areas())
def test_places_come_from_openings_and_go_by_closures_alone(
    scenario: Scenario, inputs: ScenarioInputs
) -> None:
    found = simulate(scenario, inputs, DRAWS)
    places = found["places"]
    np.testing.assert_array_equal(places[:, 0], inputs.places.sum())
    change = found["opened_places"][:, 1:] - found["closed_places"][:, 1:]
    np.testing.assert_allclose(np.diff(places, axis=1), change, atol=1e-9)
    for name in ("homes", "places", "opened_places", "closed_places", "ungraded_places"):
        assert (found[name] >= -1e-9).all()
        np.testing.assert_allclose(found[name], np.round(found[name]), atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(scenarios(HOLDERS), areas())
def test_parts_are_never_more_than_the_whole(scenario: Scenario, inputs: ScenarioInputs) -> None:
    found = simulate(scenario, inputs, DRAWS)
    assert set(found) == set(MEASURES)
    places = found["places"]
    assert (found["usable_places"] <= places + 1e-9).all()
    assert (found["good_places"] + found["ungraded_places"] <= places + 1e-6).all()
    some = places > 0
    for name in ("hhi", "largest_share", "private_share", "council_share"):
        assert (np.isfinite(found[name]) == some).all()
        assert ((found[name][some] >= 0) & (found[name][some] <= 1 + 1e-9)).all()
    assert (found["private_share"][some] + found["council_share"][some] <= 1 + 1e-9).all()
    # The largest share squared is part of the sum of squares, and the sum is at most the largest share.
    assert (found["hhi"][some] >= found["largest_share"][some] ** 2 - 1e-9).all()
    assert (found["hhi"][some] <= found["largest_share"][some] + 1e-9).all()
    # What a gap leaves out of the places needed is what the area's own children can use of its places.
    used = found["places_needed"] - found["gap"]
    assert (used >= -1e-6).all()
    assert (used <= places + 1e-6).all()


@settings(max_examples=40, deadline=None)
@given(areas(), st.integers(0, 2**31 - 1))
def test_without_events_openings_and_closures_today_goes_on(inputs: ScenarioInputs, seed: int) -> None:
    scenario = parse_scenario({"seed": seed, "opening": 0, "closing": 0})
    found = simulate(scenario, inputs, DRAWS)
    for name in ("homes", "places", "hhi", "largest_share", "private_share"):
        np.testing.assert_array_equal(found[name], found[name][:, [0]].repeat(4, axis=1))


@settings(max_examples=40, deadline=None)
@given(areas(), st.integers(1, 6), st.integers(1, 6), YEARS)
def test_homes_that_open_add_their_places_and_no_more(
    inputs: ScenarioInputs, homes: int, places: int, year: int
) -> None:
    event = {"kind": "open", "homes": homes, "places": places, "sector": "Voluntary", "year": year}
    scenario = parse_scenario({"events": [event], "closing": 0})
    with_it, without = (simulate(one, inputs, DRAWS) for one in (scenario, scenario.without_events()))
    more = with_it["places"] - without["places"]
    np.testing.assert_array_equal(more[:, :year], 0)
    np.testing.assert_array_equal(more[:, year:], homes * places)


@settings(max_examples=40, deadline=None)
@given(areas(), ranges(0, 1), YEARS)
def test_a_holder_that_leaves_takes_at_most_its_own(inputs: ScenarioInputs, share: Any, year: int) -> None:
    event = {"kind": "leave", "holder": "holder-0", "share": share, "year": year}
    scenario = parse_scenario({"events": [event], "closing": 0})
    with_it, without = (simulate(one, inputs, DRAWS) for one in (scenario, scenario.without_events()))
    lost = without["places"] - with_it["places"]
    own = inputs.places[inputs.holder == 0].sum()
    assert (lost >= 0).all()
    assert (lost <= own).all()
    np.testing.assert_array_equal(lost[:, :year], 0)


@settings(max_examples=25, deadline=None)
@given(scenarios(HOLDERS), areas())
def test_the_same_is_drawn_twice(scenario: Scenario, inputs: ScenarioInputs) -> None:
    first, again = (simulate(scenario, inputs, DRAWS) for _ in range(2))
    for name in MEASURES:
        np.testing.assert_array_equal(first[name], again[name])
