"""Scenarios: what may be asked, what is done with it, and what is printed beside the result."""

from __future__ import annotations

import json
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from ofsight.errors import DefinitionError, UsageError
from ofsight.planning.scenarios.inputs import NeedToCome, ScenarioInputs
from ofsight.planning.scenarios.query import LONGEST_QUERY, scenario_from_query, scenario_to_query
from ofsight.planning.scenarios.run import MEASURE_LABELS, ScenarioResult, run_scenario
from ofsight.planning.scenarios.scenario import Scenario, load_scenario, parse_scenario
from ofsight.planning.scenarios.simulate import MEASURES, simulate
from ofsight.vocabulary import Sector
from planning_made import BOLTON, made_inputs

STILL = {"occupancy": 0.8, "opening": 0}


def run(inputs: ScenarioInputs, *events: dict[str, Any], **fields: Any) -> ScenarioResult:
    return run_scenario(parse_scenario({**STILL, **fields, "events": list(events)}), inputs)


def base(result: ScenarioResult, measure: str) -> list[float | None]:
    return result.measure(measure)["base"].to_list()


# -- what may be asked ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"yeers": 3}, "yeers: no such field"),
        ({"years": 9}, "years: it should be less than or equal to 5"),
        ({"occupancy": 85}, "occupancy: an occupancy (0.85 is 85 per cent) lies between 0.3 and 1; not 85"),
        ({"occupancy": {"low": 0.9, "base": 0.8, "high": 1}}, "must be in order: 0.9, 0.8, 1"),
        ({"own_use": "much"}, "own_use: give a number, or {low, base, high}"),
        ({"name": "two\nlines"}, "name: give plain text on one line"),
        ({"events": [{"kind": "fly"}]}, "events.0: kind is one of leave, phase_out, open, need, occupancy"),
        ({"events": [{"holder": "x"}]}, "events.0: an event needs a kind"),
        ({"events": [{"kind": "leave"}]}, "events.0.holder: Field required"),
        ({"events": [{"kind": "open", "homes": 0, "places": 3, "sector": "Private"}]}, "events.0.homes"),
        ({"events": [{"kind": "open", "homes": 1, "places": 3, "sector": "Church"}]}, "no sector 'Church'"),
        ({"events": [{"kind": "phase_out", "to_sector": "private"}]}, "cannot go on as Private"),
        ({"years": True}, "years: give a whole number, not yes or no"),
        ({"occupancy": 10**400}, "occupancy: give a number"),
        ({"events": [{"kind": "open", "homes": 1, "places": 3, "sector": [[1] * 99] * 99}]}, "of a list"),
        ({"years": 1, "events": [{"kind": "need", "per_year": 0.1, "year": 2}]}, "after the last of 1"),
        ({"events": [{"kind": "need", "per_year": 0.1}] * 13}, "events: Tuple should have at most 12"),
    ],
)  # fmt: skip
def test_a_field_that_does_not_fit_is_named(data: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_scenario(data, "mine.yaml")
    assert str(caught.value).startswith("mine.yaml: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sectors_go_by_every_name_a_reader_knows() -> None:
    for word in ("Private", "private", "For-profit"):
        scenario = parse_scenario({"events": [{"kind": "phase_out", "sector": word}]})
        assert scenario.events[0].sector is Sector.PRIVATE  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[1, 2]", "list of fields"),
        (b"name: [", "no YAML that can be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"name: x\n" + b"#" * 70_000, "larger than 64 KB"),
        (b"", "list of fields"),
        (b"!!python/object/apply:os.system ['true']", "no YAML that can be read"),
        (b"vintage: 2024-02-30", "no YAML that can be read (day is out of range"),
        (b"seed: " + b"9" * 5000, "no YAML that can be read"),
        (b"years: 2\nyears: 4", "line 2: it has 'years' twice"),
        (b"name: &a x\nevents: [*a]", "line 2: it has an alias (*a)"),
        (b"events: " + b"[" * 5000, "levels in one another"),
    ],
)
def test_a_file_that_is_no_scenario_is_told(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(content)
    with pytest.raises(DefinitionError, match=r"mine\.yaml") as caught:
        load_scenario(file)
    assert words in str(caught.value)


def test_what_has_no_end_is_not_read() -> None:
    with pytest.raises(DefinitionError, match="larger than 64 KB"):
        load_scenario("/dev/zero")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="cannot be read"):
        load_scenario(tmp_path / "none.yaml")


def test_the_examples_are_scenarios_and_addresses() -> None:
    folder = resources.files("ofsight.definitions").joinpath("scenarios")
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    assert len(files) >= 5
    for entry in files:
        scenario = parse_scenario(yaml.safe_load(entry.read_text("utf-8")), entry.name)
        assert scenario_from_query(scenario_to_query(scenario)) == scenario


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("x=1", "no field 'x'"),
        ("years=3&years=4", "gives years twice"),
        ("event=leave(holder=a", "written as kind(field=value"),
        ("event=leave(holder=a;holder=b)", "each field once"),
        ("&".join(["event=need(per_year=0.1)"] * 13), "13 events"),
        ("name=" + "a" * LONGEST_QUERY, "characters long"),
        ("name=%ff", "no scenario that can be read"),
        ("&".join("years=3" for _ in range(60)), "no scenario that can be read"),
    ],
)
def test_an_address_that_does_not_fit_is_told(query: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        scenario_from_query(query)
    assert words in str(caught.value)


# -- what is done -----------------------------------------------------------------------------


def test_where_nothing_happens_nothing_changes() -> None:
    inputs = made_inputs([4, 4, 6], holder=[0, 0, 1])
    result = run(inputs)
    assert base(result, "places") == [14.0] * 4
    assert base(result, "usable_places") == pytest.approx([0.8 * 14] * 4)
    assert base(result, "good_places") == pytest.approx([0.8 * 14] * 4)
    assert base(result, "hhi") == pytest.approx([(64 + 36) / 196] * 4)
    assert base(result, "largest_share") == pytest.approx([8 / 14] * 4)
    assert base(result, "places_needed") == pytest.approx([25.0] * 4)
    assert base(result, "gap") == pytest.approx([11.0] * 4)
    assert result.compared.is_empty()


def test_a_holder_leaves_and_its_homes_close() -> None:
    inputs = made_inputs([4, 4, 6], holder=[0, 0, 1])
    result = run(inputs, {"kind": "leave", "holder": "holder-0", "year": 2})
    assert base(result, "places") == [14.0, 14.0, 6.0, 6.0]
    assert base(result, "closed_places") == [0.0, 0.0, 8.0, 0.0]
    assert base(result, "hhi")[-1] == 1.0
    less = result.compared.filter(pl.col("measure") == "places")["base"].to_list()
    assert less == [0.0, 0.0, -8.0, -8.0]


def test_a_holder_may_be_named_by_its_name_and_a_stranger_is_told() -> None:
    inputs = made_inputs([4, 4, 6], holder=[0, 0, 1])
    assert base(run(inputs, {"kind": "leave", "holder": "example 0 LTD"}), "places")[-1] == 6.0
    with pytest.raises(UsageError, match=r"largest holders are: Example 0 Ltd \(holder-0\)"):
        run(inputs, {"kind": "leave", "holder": "nobody"})


def test_homes_that_are_sold_keep_their_places() -> None:
    inputs = made_inputs([4, 4, 6], holder=[0, 0, 1])
    one = run(inputs, {"kind": "leave", "holder": "holder-0", "share": 0})
    assert base(one, "places") == [14.0] * 4
    assert base(one, "hhi") == pytest.approx([(64 + 36) / 196] * 4)
    many = run(inputs, {"kind": "leave", "holder": "holder-0", "share": 0, "sold_to": "many"})
    assert base(many, "places") == [14.0] * 4
    assert base(many, "hhi")[1:] == pytest.approx([(16 + 16 + 36) / 196] * 3)


def test_half_of_the_homes_close() -> None:
    inputs = made_inputs([3] * 10, holder=[0] * 10)
    result = run(inputs, {"kind": "leave", "holder": "holder-0", "share": 0.5})
    assert base(result, "places")[1:] == [15.0] * 3


def test_a_sector_is_phased_out_evenly_and_then_gone() -> None:
    inputs = made_inputs([2] * 300, holder=list(range(300)), sector=[1] * 270 + [0] * 30)
    result = run(inputs, {"kind": "phase_out", "year": 1, "over": 3})
    places = base(result, "places")
    assert places[0] == 600
    assert places[1] == pytest.approx(420, abs=12)
    assert places[2] == pytest.approx(240, abs=12)
    assert places[3] == 60
    assert base(result, "private_share")[3] == 0
    assert base(result, "council_share")[3] == 1


def test_converted_homes_stay_under_the_other_sector() -> None:
    inputs = made_inputs([2] * 40, holder=[0] * 40)
    result = run(inputs, {"kind": "phase_out", "over": 1, "converted": 1, "to_sector": "Local Authority"})
    assert base(result, "places") == [80.0] * 4
    assert base(result, "council_share")[1:] == [1.0] * 3
    assert base(result, "hhi")[1:] == pytest.approx([1 / 40] * 3)


def test_a_rule_stops_new_homes_of_the_sector_unless_it_lets_them() -> None:
    inputs = made_inputs([4] * 20, holder=[0] * 20, sector=[0] * 20, opened=[3] * 30)
    fields = {"opening": 1}
    usual = run_scenario(parse_scenario({**STILL, **fields}), inputs)
    barred = run_scenario(
        parse_scenario({**STILL, **fields, "events": [{"kind": "phase_out", "over": 1}]}), inputs
    )
    open_still = {"kind": "phase_out", "over": 1, "share": 0, "new_homes": True}
    let = run_scenario(parse_scenario({**STILL, **fields, "events": [open_still]}), inputs)
    assert base(barred, "places") == [80.0] * 4
    assert base(let, "places") == base(usual, "places")
    assert base(usual, "places")[3] == pytest.approx(80 + 3 * 10 * 3, rel=0.15)


def test_homes_open_are_judged_later_and_are_their_holders() -> None:
    inputs = made_inputs([4, 4], holder=[0, 1])
    event = {"kind": "open", "homes": 3, "places": 4, "sector": "Local Authority", "months_to_grade": 12}
    result = run(inputs, event)
    assert base(result, "places") == [8.0, 20.0, 20.0, 20.0]
    assert base(result, "opened_places") == [0.0, 12.0, 0.0, 0.0]
    assert base(result, "ungraded_places") == [0.0, 12.0, 0.0, 0.0]
    assert base(result, "good_places") == pytest.approx([6.4, 6.4, 6.4 + 0.7 * 12, 6.4 + 0.7 * 12])
    assert base(result, "hhi")[1] == pytest.approx((16 + 16 + 144) / 400)
    theirs = run(inputs, {**event, "holder": "holder-1"})
    assert base(theirs, "hhi")[1] == pytest.approx((16 + 256) / 400)


def test_need_and_occupancy_move_the_gap() -> None:
    inputs = made_inputs([10], holder=[0], children=20, growth=0.1)
    result = run(
        inputs,
        {"kind": "need", "per_year": 0.5, "year": 2},
        {"kind": "occupancy", "occupancy": 1, "year": 3},
        near_home=0.5,
        own_use=0.4,
    )
    children = [20, 22, 24.2 * 1.5, 26.62 * 2.25]
    assert base(result, "children_in_homes") == pytest.approx(children)
    filled = [0.8, 0.8, 0.8, 1.0]
    needed = [0.5 * c / f for c, f in zip(children, filled, strict=True)]
    assert base(result, "places_needed") == pytest.approx(needed)
    assert base(result, "gap") == pytest.approx([n - 4 for n in needed])
    assert base(result, "usable_places") == [8.0, 8.0, 8.0, 10.0]


def test_closures_come_as_often_as_the_hazard_says() -> None:
    inputs = made_inputs([1] * 2000, holder=list(range(2000)), close=0.1)
    result = run(inputs)
    assert base(result, "places") == pytest.approx([2000 * 0.9**k for k in range(4)], rel=0.01)
    twice = run(inputs, closing=2)
    assert base(twice, "places") == pytest.approx([2000 * 0.81**k for k in range(4)], rel=0.01)


def test_a_holders_homes_close_together_and_the_mean_stays() -> None:
    alone = made_inputs([1] * 60, holder=[0] * 60, close=0.05)
    together = made_inputs([1] * 60, holder=[0] * 60, close=0.05, group_variance=1.5)
    scenario = parse_scenario(STILL)
    a, b = (simulate(scenario, inputs, 2000)["places"][:, 1] for inputs in (alone, together))
    assert b.std() > 1.4 * a.std()
    assert b.mean() == pytest.approx(a.mean(), rel=0.02)


def test_an_uncertain_hazard_widens_and_keeps_the_mean() -> None:
    plain = made_inputs([1] * 400, holder=list(range(400)), close=0.05)
    unsure = made_inputs([1] * 400, holder=list(range(400)), close=0.05, hazard_sd=0.4)
    a, b = (simulate(parse_scenario(STILL), one, 2000) for one in (plain, unsure))
    assert b["places"][:, 3].std() > 1.5 * a["places"][:, 3].std()
    closed = [one["closed_places"][:, 1].mean() for one in (a, b)]
    # Without its correction a log-normal of that spread would close 8 per cent more.
    assert closed[1] == pytest.approx(closed[0], rel=0.04)


def test_a_withheld_need_gives_no_gap_unless_the_council_gives_its_own() -> None:
    years = tuple(range(2024, 2030))
    nothing = NeedToCome(years, np.full(6, np.nan), np.full(6, np.nan), 1, "c")
    inputs = made_inputs([4], holder=[0], need=nothing)
    result = run(inputs)
    assert base(result, "gap") == base(result, "children_in_homes") == [None] * 4
    assert any("withheld to protect children" in note for note in result.notes)
    own = run(inputs, children_in_homes=8)
    assert base(own, "gap") == pytest.approx([8 / 0.8 - 4] * 4)


def test_an_area_without_homes_has_a_result() -> None:
    result = run(made_inputs([], holder=[], sector=[]))
    assert base(result, "places") == [0.0] * 4
    assert base(result, "hhi") == [None] * 4
    assert any("no children's home" in note for note in result.notes)


def test_one_seed_gives_one_result_and_another_another() -> None:
    inputs = made_inputs([3] * 50, holder=[k % 7 for k in range(50)], close=0.1, opened=[3] * 9, need_sd=0.1)
    scenario = parse_scenario({"seed": 4})
    first, again = (run_scenario(scenario, inputs).years for _ in range(2))
    assert first.equals(again)
    assert not run_scenario(parse_scenario({"seed": 5}), inputs).years.equals(first)


def test_events_are_compared_with_the_same_futures_without() -> None:
    """Closures, openings and need are drawn alike: an event that does nothing changes nothing."""
    inputs = made_inputs([3] * 50, holder=[k % 7 for k in range(50)], close=0.1, opened=[3] * 9, need_sd=0.1)
    nothing = {"kind": "need", "per_year": 0}
    result = run_scenario(parse_scenario({"events": [nothing]}), inputs)
    assert result.compared.select("base", "low", "high").to_numpy().any() == np.False_
    opens = {"kind": "open", "homes": 1, "places": 5, "sector": "Voluntary", "year": 3}
    later = run_scenario(parse_scenario({"events": [opens]}), inputs).compared.filter(
        pl.col("measure") == "places"
    )
    assert later["base"].to_list() == [0.0, 0.0, 0.0, 5.0]
    assert later["low"].to_list() == later["high"].to_list() == [0.0, 0.0, 0.0, 5.0]


def test_every_assumption_stands_beside_the_result_with_its_source() -> None:
    inputs = made_inputs([4, 4, 6], holder=[0, 0, 1])
    events = [
        {"kind": "leave", "holder": "holder-0"},
        {"kind": "phase_out"},
        {"kind": "open", "homes": 2, "places": 3, "sector": "Voluntary"},
        {"kind": "need", "per_year": {"low": 0, "base": 0.02, "high": 0.05}},
        {"kind": "occupancy", "occupancy": 0.9},
    ]
    result = run(inputs, *events, vintage=date(2023, 3, 31), name="All of them")
    table = result.assumptions
    assert table.filter(pl.col("assumption").str.starts_with("Event")).height == 5
    assert table.null_count().sum_horizontal().item() == 0
    assert (table["source"].str.len_chars() > 0).all()
    words = " ".join(table["value"])
    for said in ("Example 0 Ltd (2 homes, 8 places here)", "0.02 (0 to 0.05)", "seed 1", "0.9 from year 1"):
        assert said in words
    assert "Registered places, not vacancies." in result.notes
    assert any("written for the list of 2023-03-31" in note for note in result.notes)
    assert any("Wales" in note for note in result.notes)


def test_the_result_is_plain_json() -> None:
    result = run(made_inputs(), {"kind": "need", "per_year": 0.01})
    found = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert found["area"] == {"slug": BOLTON.slug, "name": BOLTON.name}
    assert found["caution"] == "Registered places, not vacancies."
    assert {row["measure"] for row in found["years"]} == set(MEASURE_LABELS) == set(MEASURES)
    assert scenario_from_query(found["query"]) == result.scenario


def test_wrong_questions_are_told() -> None:
    with pytest.raises(UsageError, match="2 to 2000 futures"):
        run_scenario(Scenario(), made_inputs(), draws=1)
    with pytest.raises(UsageError, match="No measure 'beds'"):
        run(made_inputs()).measure("beds")
