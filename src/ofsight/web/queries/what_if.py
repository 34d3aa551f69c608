"""What if: a scenario of an area, run when it is asked for. Its address holds it; nothing is fitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from ofsight.errors import DefinitionError, UsageError
from ofsight.planning.area_plan import AreaPlan
from ofsight.planning.scenarios.query import scenario_from_query, scenario_to_query
from ofsight.planning.scenarios.run import ScenarioResult
from ofsight.planning.scenarios.scenario import (
    Event,
    Leave,
    Need,
    Occupancy,
    Open,
    PhaseOut,
    Range,
    Scenario,
    parse_scenario,
)
from ofsight.planning.sections.scenario import carried_on, run, run_carried_on
from ofsight.planning.wording import CAUTIONS, NOT_VACANCIES
from ofsight.profiles.area import Area
from ofsight.report.document import Bullets, Column, Paragraph, Row, Table
from ofsight.report.wording import count, day, decimal, percent
from ofsight.vocabulary import Sector
from ofsight.web.answer import Answer, Crumb, Field, Heading, Part, Picture, Prose
from ofsight.web.bands import Band, BandPanel, BandPoint, draw_bands
from ofsight.web.problems import Refusal
from ofsight.web.queries.planning import plan_of, source_of, trail_of, what_if_address
from ofsight.web.sources import Sources

__all__ = ["EventShown", "address_with", "scenario_of", "scenario_page", "scenario_with_event", "words_of"]

_SHOWN: Final = (
    "homes",
    "places",
    "usable_places",
    "good_places",
    "ungraded_places",
    "children_in_homes",
    "places_needed",
    "gap",
    "closed_places",
    "opened_places",
    "private_share",
    "council_share",
    "largest_share",
    "hhi",
)
_MOST_HOLDERS: Final = 60
_RANGE: Final = "The middle of many futures, and in brackets the range in which eight of ten lie."
_FIELDS: Final = (
    Field("measure", "Name in data", "code"),
    Field("label", "Measure"),
    Field("year", "Year", "year", meaning="Years after the list; 0 is the list itself."),
    Field("on", "On", "date"),
    Field("unit", "Unit"),
    Field("base", "Middle", "number", low="low", high="high", meaning="Half of all futures lie below."),
)


@dataclass(frozen=True, slots=True)
class EventShown:
    """An event of a scenario in words, and the address of the scenario without it."""

    words: str
    without: str


def scenario_of(query: str) -> Scenario:
    """Return the scenario of an address.

    Raises
    ------
    Refusal
        422: what is wrong with it.
    """
    try:
        return scenario_from_query(query)
    except (UsageError, DefinitionError) as error:
        raise Refusal(422, str(error)) from None


def address_with(area: Area, scenario: Scenario) -> str:
    """Return the address of a scenario of an area."""
    query = scenario_to_query(scenario)
    return f"{what_if_address(area)}?{query}" if query else what_if_address(area)


def scenario_page(sources: Sources, text: str, query: str) -> Answer:
    """Answer what comes of a scenario in an area.

    Parameters
    ----------
    text : str
        Anything that names an area.
    query : str
        The scenario as `ofsight.planning.scenarios.query` writes it; empty for the future carried on.

    Raises
    ------
    Refusal
        404: no plans, no such area, no models. 422: a scenario that does not fit the area.
    """
    plan = plan_of(sources, text)
    scenario = scenario_of(query) if query else carried_on(plan)
    try:
        found = run(plan, scenario) if query else run_carried_on(plan)
    except UsageError as error:
        raise Refusal(422, str(error)) from None
    if found is None:
        raise Refusal(404, "No scenario can be run: the models behind the plans could not be fitted.")
    source = source_of(plan)
    events = bool(found.compared.height)
    body: list[Part | Prose] = [Heading("What comes of it", "result"), *_years(found, source, events)]
    if events:
        body += [Heading("What the events change", "change"), _compared(found, source)]
    body += [Heading("Every assumption", "assumptions"), _assumptions(found, source)]
    if found.notes:
        body.append(Bullets(found.notes))
    return Answer(
        address=address_with(plan.area, scenario) if query else what_if_address(plan.area),
        title=f"What if: {plan.area.name}",
        body=tuple(body),
        lead=_lead(found),
        cautions=CAUTIONS,
        trail=(*trail_of(plan.area), Crumb("Plan", f"/areas/{plan.area.slug}/planning")),
        description=f"Scenarios of children’s homes in {plan.area.name}. {NOT_VACANCIES}",
        extra=_extra(plan, scenario),
    )


def _extra(plan: AreaPlan, scenario: Scenario) -> dict[str, object]:
    """Return what the forms of the page need."""
    events = scenario.events
    names = _holders(plan)
    shown = [
        EventShown(
            words_of(event, dict(names)),
            address_with(
                plan.area, scenario.model_copy(update={"events": (*events[:at], *events[at + 1 :])})
            ),
        )
        for at, event in enumerate(events)
    ]
    return {
        "area": plan.area,
        "scenario": scenario,
        "events": shown,
        "holders": names,
        "query": scenario_to_query(scenario),
        "plain": what_if_address(plan.area),
        "given": {name: _words(getattr(scenario, name), scale) for name, scale in _GIVEN},
        "sectors": [(sector.value, sector.label) for sector in Sector],
    }


_GIVEN: Final = (
    ("occupancy", 100),
    ("own_use", 100),
    ("near_home", 100),
    ("children_in_homes", 1),
    ("opening", 1),
    ("closing", 1),
)


def _words(value: Range | None, scale: int) -> str:
    """Return a range as the form takes it: one number, or three with spaces."""
    if value is None:
        return ""
    ends = (value.base,) if value.is_known else (value.low, value.base, value.high)
    return " ".join(f"{round(scale * end, 4):g}" for end in ends)


def _holders(plan: AreaPlan) -> list[tuple[str, str]]:
    held = plan.exposure.filter(pl.col("holder_id").is_not_null()).head(_MOST_HOLDERS)
    rows = held.select("holder_id", "holder", "places").iter_rows()
    return [(key, f"{name} ({count(places)} places)") for key, name, places in rows]


def words_of(event: Event, names: dict[str, str]) -> str:
    """Return what an event says, as a sentence for people."""
    match event:
        case Leave():
            name = names.get(event.holder, event.holder).rpartition(" (")[0] or event.holder
            rest = "one new owner" if event.sold_to == "one" else "owners of their own"
            return (
                f"Year {event.year}: {name} leaves; {_share(event.share)} of its homes close, others are "
                f"sold to {rest}."
            )
        case PhaseOut():
            return (
                f"From year {event.year} over {event.over} years: {event.sector.label} homes end "
                f"({_share(event.share)}); of these {_share(event.converted)} go on as "
                f"{event.to_sector.label}."
            )
        case Open():
            name = event.holder or "a new holder"
            return (
                f"Year {event.year}: {event.homes} homes of {event.places} places open "
                f"({event.sector.label}, {name})."
            )
        case Need():
            change = _share(event.per_year)
            return f"From year {event.year}: need changes by {change} a year beside the forecast."
        case Occupancy():
            return f"From year {event.year}: {_share(event.occupancy)} of places can be used."


def _share(value: Range) -> str:
    low, base, high = value.low, value.base, value.high
    if low == high:
        return percent(base, _places(base))
    return f"{percent(base, _places(base))} ({percent(low, _places(low))} to {percent(high, _places(high))})"


def _places(value: float) -> int:
    return 0 if abs(100 * value - round(100 * value)) < 1e-9 else 1


def _name(scenario: Scenario) -> str:
    """Return the name of a scenario; the plain one says nothing once something is taken to happen."""
    unnamed = scenario.name == Scenario.model_fields["name"].default
    return "With what is taken to happen" if unnamed and scenario.events else scenario.name


def _at(found: ScenarioResult, measure: str, year: int) -> dict[str, object]:
    return found.measure(measure).filter(year=year).row(0, named=True)


def _lead(found: ScenarioResult) -> str:
    last = found.scenario.years
    now, then = _at(found, "usable_places", 0), _at(found, "usable_places", last)
    on = day(str(then["on"]))
    places = _at(found, "places", last)
    words = (
        f"{_name(found.scenario)}. On {on} there would be {_cell('places', places)} registered places, of "
        f"which {_cell('usable_places', then)} could be used, against "
        f"{_write('usable_places', now['base'])} on the newest list."
    )
    gap = _at(found, "gap", last)
    if gap["base"] is None:
        return f"{words} No gap is given: the number of the area’s children in homes is not known."
    value, low, high = (float(str(gap[end])) for end in ("base", "low", "high"))
    either = " The range runs through zero: it may also be the other way." if low < 0 < high else ""
    if value > 0:
        return (
            f"{words} {_cell('gap', gap)} more registered places would be needed {_for_whom(found.scenario)}."
            f"{either}"
        )
    spare = {"base": -value, "low": -high, "high": -low}
    others = "" if found.inputs.area.kind == "england" else "; other areas’ children live here too"
    return (
        f"{words} That is {_cell('gap', spare)} registered places more than would be needed "
        f"{_for_whom(found.scenario)}{others}.{either} No release says how many are free."
    )


def _for_whom(scenario: Scenario) -> str:
    """Return whom a gap is counted for: the words must follow what was taken as given."""
    near, own = scenario.near_home, scenario.own_use
    whom = (
        "all the area’s children in homes"
        if near.low == near.high == 1
        else "those of the area’s children in homes who are taken to belong within it"
    )
    whose = "" if own.low == own.high == 1 else ", in the places taken to be open to them"
    return f"for {whom} to live in it{whose}"


def _years(found: ScenarioResult, source: str, compared: bool) -> Iterator[Part | Prose]:
    if not compared:
        yield Paragraph(
            "Nothing is taken to happen yet: this is the future if homes open and close as they have and "
            "need goes as forecast. Add an event above."
        )
    yield Part(
        "years",
        f"The years to come: {_name(found.scenario)}",
        found.years,
        _FIELDS,
        source,
        f"{_RANGE} {NOT_VACANCIES}",
        _picture(found),
        laid=_laid("years", f"The years to come: {_name(found.scenario)}", found.years),
        most=200,
    )


def _compared(found: ScenarioResult, source: str) -> Part:
    title = "The scenario less the same futures without its events"
    note = f"{_RANGE} A minus sign: fewer with the events than without."
    return Part(
        "change", title, found.compared, _FIELDS, source, note, laid=_laid("change", title, found.compared)
    )


def _assumptions(found: ScenarioResult, source: str) -> Part:
    fields = (Field("assumption", "Assumption"), Field("value", "Value"), Field("source", "Source"))
    frame = found.assumptions.with_columns(pl.col("value").cast(pl.String))
    return Part("assumptions", "What this rests on", frame, fields, source, stacked=True, most=200)


def _laid(key: str, caption: str, years: pl.DataFrame) -> Table:
    """Return a table with a column a year, as a reader compares them."""
    days: dict[int, date] = {}
    cells: dict[str, list[str]] = {}
    for row in years.sort("year", maintain_order=True).iter_rows(named=True):
        days[row["year"]] = row["on"]
        cells.setdefault(row["measure"], [row["label"]]).append(_cell(row["measure"], row))
    rows = tuple(Row(tuple(cells[name])) for name in _SHOWN if name in cells)
    columns = (Column("What", share=2.0), *(Column(day(str(on)), numeric=True) for on in days.values()))
    return Table(key, caption, columns, rows, stacked=True)


def _cell(name: str, row: Mapping[str, object]) -> str:
    base, low, high = row["base"], row["low"], row["high"]
    if base is None:
        return "not known"
    if low == high:
        return _write(name, base)
    return f"{_write(name, base)} ({_write(name, low)} to {_write(name, high)})"


def _write(name: str, value: object) -> str:
    number = float(str(value))
    if name == "hhi":
        return decimal(number, 3)
    return percent(number, 0) if name.endswith("share") else decimal(number, 0)


def _picture(found: ScenarioResult) -> Picture:
    # Both lines in registered places: places needed are children over occupancy, so usable places, which
    # are places times occupancy, would count the occupancy twice.
    there, needed = found.measure("places"), found.measure("places_needed")
    lines = [Band("Registered places", "one", _points(there))]
    if needed["base"].null_count() == 0:
        lines.append(Band("Needed", "two", _points(needed)))
    panels = [
        BandPanel("Places", tuple(lines)),
        BandPanel("Judged Good or better", (Band("Places", "three", _points(found.measure("good_places"))),)),
    ]
    last = found.scenario.years
    both = ", there and needed" if len(lines) > 1 else ""
    title = f"Registered places{both}, with the range of eight in ten futures"
    description = "; ".join(
        f"{words} in year {last}: {_cell(name, _at(found, name, last))}"
        for words, name in (("registered places", "places"), ("registered places needed", "places_needed"))
    )
    return draw_bands(panels, key="years", title=title, description=description)


def _points(frame: pl.DataFrame) -> Sequence[BandPoint]:
    rows = frame.sort("year").select("on", "base", "low", "high").iter_rows()
    return tuple(BandPoint(on.year, base, low, high) for on, base, low, high in rows if base is not None)


def scenario_with_event(scenario: Scenario, fields: dict[str, object]) -> Scenario:
    """Return a scenario with one more event.

    Raises
    ------
    Refusal
        422: what does not fit.
    """
    data = scenario.model_dump(mode="json")
    try:
        return parse_scenario({**data, "events": [*data["events"], fields]}, "This event")
    except DefinitionError as error:
        raise Refusal(422, str(error).removesuffix(" See docs/scenarios.md.")) from None
