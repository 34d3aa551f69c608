"""Every assumption of a scenario in words, each with its source: printed beside every result."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ofsight.planning.scenarios.inputs import ScenarioInputs
from ofsight.planning.scenarios.scenario import Event, Leave, Need, Occupancy, Open, PhaseOut, Scenario

__all__ = ["list_assumptions", "list_notes"]

_YOURS: Final = "the scenario"
_SYMBOLS: Final = {
    "c": "withheld to protect children",
    "z": "not applicable",
    "x": "not available",
}
_ICHA: Final = (
    "the scenario; homes were 80 to 85 per cent occupied (ICHA), and hold places empty for matching"
)


def list_assumptions(scenario: Scenario, inputs: ScenarioInputs, draws: int) -> pl.DataFrame:
    """Return every assumption: ``assumption, value, source``.

    Parameters
    ----------
    scenario, inputs, draws
        As `ofsight.planning.scenarios.run.run_scenario` has them.
    """
    sources = inputs.sources
    rows = [
        (
            "Homes and places today",
            f"{inputs.n_homes} homes, {inputs.places.sum():,} places",
            sources["homes"],
        ),
        ("Occupancy", str(scenario.occupancy), _ICHA),
        ("Share of the area's places that its own children can use", str(scenario.own_use), _YOURS),
        ("Share of its children in homes who should live within the area", str(scenario.near_home), _YOURS),
        ("Children in homes", _need_words(scenario, inputs), _need_source(scenario, inputs)),
        ("Closures", _closure_words(scenario, inputs), sources["closures"]),
        (
            "Homes of one holder close together",
            f"a factor a year that they share, of mean 1 and variance {inputs.group_variance:.2f}",
            sources["closures"],
        ),
        ("Openings", _opening_words(scenario, inputs), sources["openings"]),
        ("Quality of places today", _quality_words(inputs), sources["quality"]),
        ("Quality of new homes", _new_quality_words(inputs), sources["new homes"]),
        (
            "Months to a home's first judgement",
            f"{inputs.months_to_grade[1]:.0f} (a quarter by {inputs.months_to_grade[0]:.0f}, three quarters "
            "by "
            f"{inputs.months_to_grade[2]:.0f}); until then its places are not counted as Good",
            sources["new homes"],
        ),
        (
            "A company that a council set up",
            "is the council's, whatever sector Ofsted prints",
            "docs/owners.md: council companies, each with its source",
        ),
        ("A home that is sold", "keeps its places, its judgement and its hazard", "taken as given"),
        (
            "Low, base, high",
            f"a tenth, a half and nine tenths of {draws} simulated futures; seed {scenario.seed}",
            "simulation",
        ),
    ]
    rows += [
        (f"Event {k + 1}", _event_words(event, inputs), _YOURS) for k, event in enumerate(scenario.events)
    ]
    return pl.DataFrame(rows, schema=["assumption", "value", "source"], orient="row")


def list_notes(scenario: Scenario, inputs: ScenarioInputs) -> tuple[str, ...]:
    """Return what a reader must know beside the numbers."""
    notes = [
        "Registered places, not vacancies.",
        "A home's places serve children from anywhere, and most children in homes live outside their own "
        "area: a "
        "gap is of the area as if it stood alone.",
        "Associations in the past are not causes: closing a sector's homes may change what others do.",
    ]
    if scenario.vintage is not None and scenario.vintage != inputs.vintage:
        notes.append(
            f"The scenario was written for the list of {scenario.vintage} and is run on that of "
            f"{inputs.vintage}."
        )
    if not np.isfinite(inputs.need.base).any() and scenario.children_in_homes is None:
        notes.append(
            "The area's number of children in homes is not given "
            f"({_SYMBOLS.get(inputs.need.status, inputs.need.status)}), so there is no gap. Give "
            "the council's own with children_in_homes."
        )
    elif inputs.need.n_without and scenario.children_in_homes is None:
        notes.append(
            f"Children in homes are withheld or not published for {inputs.need.n_without} of the "
            f"{len(inputs.area.authorities)} authorities; they are left out of need, not of places."
        )
    if not inputs.n_homes:
        notes.append(f"There is no children's home in {inputs.area.name} on the list of {inputs.vintage}.")
    elif inputs.n_homes < 10:
        notes.append(
            f"{inputs.area.name} has {inputs.n_homes} home{'s' * (inputs.n_homes > 1)}: one home more or "
            "less moves every number. Read the range, not the middle."
        )
    if any(isinstance(event, PhaseOut) for event in scenario.events):
        notes.append(
            "In Wales new providers of children's homes are not for profit from April 2026 and for-profit "
            "ones may "
            "not expand from April 2027 (Health and Social Care (Wales) Act 2025). No such rule is law in "
            "England."
        )
    return tuple(notes)


def _need_words(scenario: Scenario, inputs: ScenarioInputs) -> str:
    last = scenario.years
    if scenario.children_in_homes is not None:
        return f"{scenario.children_in_homes} today (the council's own number), moving as the forecast does"
    need = inputs.need
    if not np.isfinite(need.base[: last + 1]).all():
        return f"not given: {_SYMBOLS.get(need.status, need.status)}"
    return f"{need.base[0]:,.0f} in {need.years[0]}, {need.base[last]:,.0f} foreseen for {need.years[last]}"


def _need_source(scenario: Scenario, inputs: ScenarioInputs) -> str:
    return _YOURS if scenario.children_in_homes is not None else inputs.sources["need"]


def _closure_words(scenario: Scenario, inputs: ScenarioInputs) -> str:
    times = "" if scenario.closing.is_known and scenario.closing.base == 1 else f", times {scenario.closing}"
    if not inputs.n_homes:
        return f"no homes{times}"
    expected = float(inputs.close[:, 0].sum())
    return (
        f"{expected:.1f} of {inputs.n_homes} homes expected to close in the first year "
        f"({expected / inputs.n_homes:.1%})"
        f"{times}"
    )


def _opening_words(scenario: Scenario, inputs: ScenarioInputs) -> str:
    n = inputs.new_places.size
    times = "" if scenario.opening.is_known and scenario.opening.base == 1 else f", times {scenario.opening}"
    return (
        f"{n * inputs.new_real / 3:.1f} homes a year: {n} registered in 36 months and still open, of which "
        f"{inputs.new_real:.0%} taken to be new and not a home going on under a new number{times}"
    )


def _quality_words(inputs: ScenarioInputs) -> str:
    judged = float((inputs.places * inputs.graded * inputs.good).sum())
    total = float((inputs.places * inputs.graded).sum())
    return (
        f"{judged / total:.0%} of the places of judged homes expected Good or better"
        if total
        else "no judged home"
    )


def _new_quality_words(inputs: ScenarioInputs) -> str:
    return (
        ", ".join(
            f"{share:.0%} {name}"
            for name, share in zip(("local authority", "private", "voluntary"), inputs.new_good, strict=True)
        )
        + " judged Good or better at first"
    )


def _event_words(event: Event, inputs: ScenarioInputs) -> str:
    if isinstance(event, Leave):
        k = inputs.find_holder(event.holder)
        mine = inputs.holder == k
        sold = "one new owner" if event.sold_to == "one" else "owners of their own"
        return (
            f"{inputs.names[inputs.holders[k]]} ({int(mine.sum())} homes, {int(inputs.places[mine].sum())} "
            "places here) "
            f"leaves in year {event.year}; share of its homes that close: {event.share}; the others are "
            f"sold to {sold}"
        )
    if isinstance(event, PhaseOut):
        new = "may" if event.new_homes else "may not"
        return (
            f"{event.sector.label} homes end from year {event.year} over {event.over} years; share: "
            f"{event.share}; of "
            f"those going on as {event.to_sector.label}: {event.converted}; new ones {new} open"
        )
    if isinstance(event, Open):
        whose = event.holder or "a new holder"
        return (
            f"{event.homes} homes of {event.places} places open in year {event.year}; {event.sector.label}, "
            f"{whose}"
        )
    if isinstance(event, Need):
        return f"need changes by {event.per_year} a year beside the forecast, from year {event.year}"
    assert isinstance(event, Occupancy)
    return f"occupancy is {event.occupancy} from year {event.year}"
