"""What if: the future as it is carried on, and a scenario beside it, with every assumption."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from ofsight.planning.area_plan import AreaPlan
from ofsight.planning.measures.supply import BAND
from ofsight.planning.scenarios.inputs import ScenarioTables
from ofsight.planning.scenarios.run import ScenarioResult, run_scenario
from ofsight.planning.scenarios.scenario import Range, Scenario
from ofsight.report.document import Block, Bullets, Code, Column, Paragraph, Row, Section, Table
from ofsight.report.wording import day, decimal, percent

__all__ = ["carried_on", "carried_on_blocks", "run", "run_carried_on", "scenario_section"]

_SHOWN: Final = (
    "homes",
    "places",
    "usable_places",
    "good_places",
    "children_in_homes",
    "gap",
    "hhi",
    "largest_share",
    "private_share",
)


def carried_on(plan: AreaPlan) -> Scenario:
    """Return the scenario of no event: what is known today, carried on, at the plan's occupancy."""
    occupancy = plan.inputs.occupancy
    low, high = min(BAND[0], occupancy), max(BAND[1], occupancy)
    return Scenario(occupancy=Range(low=low, base=occupancy, high=high))


def run(plan: AreaPlan, scenario: Scenario) -> ScenarioResult | None:
    """Run a scenario on the area of a plan; None where the models could not be fitted."""
    models, kept = plan.inputs.models, plan.inputs.kept
    if not models.scenario:
        return None
    tables = kept.get("scenario tables")
    if not isinstance(tables, ScenarioTables):
        tables = kept["scenario tables"] = ScenarioTables({**models.to_frames(), **models.scenario})
    return run_scenario(scenario, tables.of(plan.area))


def run_carried_on(plan: AreaPlan) -> ScenarioResult | None:
    """Run the scenario of no event; of an area with a name once for each set of inputs."""
    kept, key = plan.inputs.kept, f"carried on {plan.area.slug}"
    if key in kept:
        found = kept[key]
        return found if isinstance(found, ScenarioResult) else None
    made = run(plan, carried_on(plan))
    if plan.area.kind != "set":
        kept[key] = made
    return made


def carried_on_blocks(plan: AreaPlan) -> list[Block]:
    """Return the table of the future carried on, for the outlook."""
    if not plan.homes.height:
        return []
    found = run_carried_on(plan)
    if found is None:
        return []
    note = (
        "If homes open and close as they have, and need goes as forecast: the middle of many futures, and "
        "the range in which eight of ten lie. Gap: the registered places that all the area’s children in "
        "homes would need to live in it (children over occupancy), less the registered places, if no other "
        "area used them; below zero, the places are more than that, which makes none of them vacant. Judged "
        "Good or better: as homes of the same age, size, region and sector are, and of homes not yet judged "
        "only once they would be. Children and occupancy are drawn, so children and usable places differ a "
        "little from those above."
    )
    return [_table("table-carried-on", "The years to come, carried on", found.years, note)]


def scenario_section(plan: AreaPlan, scenario: Scenario) -> Section:
    """Return the section of a scenario: its years, what it changes, every assumption, how to share it."""
    title = f"What if: {scenario.name}"
    found = run(plan, scenario)
    if found is None:
        return Section(
            "scenario", title, (Paragraph("No model could be fitted, so no scenario can be run."),)
        )
    blocks: list[Block] = [
        _table("table-scenario", "The years of the scenario", found.years, _RANGES),
    ]
    if found.compared.height:
        caption = "What the events change: the scenario less the same futures without them"
        blocks.append(_table("table-scenario-change", caption, found.compared, _RANGES))
    rows = tuple(
        Row((row["assumption"], str(row["value"]), row["source"])) for row in found.assumptions.to_dicts()
    )
    columns = (Column("Assumption", share=2.2), Column("Value", share=1.6), Column("Source", share=2.2))
    blocks.append(Table("table-assumptions", "Every assumption", columns, rows, stacked=True))
    if found.notes:
        blocks.append(Bullets(found.notes))
    # One long word would run off the page: the parts of the query stand below each other.
    parts = tuple(found.query.replace("&", "&\n").split("\n"))
    blocks += [Paragraph(_SHARE), Code(parts, "The scenario as the query of an address")]
    return Section("scenario", title, tuple(blocks))


_SHARE: Final = (
    "To share the scenario: the query of its address, its lines joined. The same seed gives the same numbers."
)
_RANGES: Final = (
    "The middle of many futures, and the range in which eight of ten lie. Registered places, not vacancies."
)


def _table(key: str, caption: str, years: pl.DataFrame, note: str) -> Table:
    days: dict[int, date] = {}
    cells: dict[str, list[str]] = {}
    unknown: set[str] = set()
    values = years.sort("year", maintain_order=True).select(
        "measure", "label", "year", "on", "base", "low", "high"
    )
    for name, label, year, on, *ends in values.iter_rows():
        days[year] = on
        cells.setdefault(name, [label]).append(_cell(name, *ends))
        if ends[0] is None:
            unknown.add(name)
    rows = tuple(Row(tuple(cells[name])) for name in _SHOWN if name in cells)
    columns = (
        Column("What", share=2.0),
        *(Column(day(on.isoformat()), numeric=True) for on in days.values()),
    )
    more = " No gap is given where the number of children in homes is withheld." if "gap" in unknown else ""
    if "hhi" in unknown:
        more += " Concentration and shares are not given where in some futures no place is left."
    return Table(key, caption, columns, rows, note + more)


def _cell(name: str, base: float | None, low: float | None, high: float | None) -> str:
    if base is None or low is None or high is None:
        return "not known"
    ends = [_write(name, value) for value in (base, low, high)]
    return ends[0] if low == high else f"{ends[0]} ({ends[1]} to {ends[2]})"


def _write(name: str, value: float) -> str:
    if name == "hhi":
        return decimal(value, 3)
    if name.endswith("share"):
        return percent(value, 0)
    return decimal(value, 0)
