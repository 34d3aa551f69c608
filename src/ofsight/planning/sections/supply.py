"""Supply: homes and places by sector, what opened and closed, how much of it is usable."""

from __future__ import annotations

from ofsight.planning.area_plan import AreaPlan
from ofsight.planning.sections.beside import Line, list_source, make_table, mid_name, short_name
from ofsight.planning.wording import n_of, portion, with_interval
from ofsight.report.charts.model import Line as ChartLine
from ofsight.report.charts.model import LineChart, LinePanel, Series
from ofsight.report.document import Block, Column, Figure, Paragraph, Row, Section, Table
from ofsight.report.wording import capital, count, percent
from ofsight.vocabulary import Sector

__all__ = ["supply_section"]

_SERIES: tuple[Series, ...] = ("one", "two", "three")


def supply_section(plan: AreaPlan) -> Section:
    """Return the section on supply."""
    blocks: list[Block] = [Paragraph(_lead(plan), "lead"), _sectors(plan), Paragraph(_usable(plan))]
    figure = _figure(plan)
    if figure is not None:
        blocks.append(figure)
    blocks.append(_pipeline(plan))
    return Section("supply", "Supply", tuple(blocks))


def _lead(plan: AreaPlan) -> str:
    homes, places = plan.value("homes").value or 0, plan.value("places").value or 0
    day = plan.inputs.day
    when = f"{day.day} {day:%B %Y}"
    name = short_name(plan.area.name)
    if not homes:
        where = mid_name(plan.area.name)
        return (
            f"No children’s home was registered in {where} on {when}; its children in homes live elsewhere."
        )
    held = {sector: plan.value("places", sector.value).value or 0 for sector in Sector}
    largest = max(held, key=lambda sector: held[sector])
    council = plan.value("places", "councils and their companies").value or 0
    ran = portion(council, places, homes) if council else "none"
    return (
        f"{name} had {n_of(homes, 'children’s home', 'children’s homes')} with "
        f"{n_of(places, 'registered place', 'registered places')} on {when}. "
        f"{capital(portion(held[largest], places, homes, 'places'))} were {_PROVIDED[largest]}; councils and "
        f"their companies ran {ran}."
    )


_PROVIDED = {
    Sector.LOCAL_AUTHORITY: "the local authority’s own",
    Sector.PRIVATE: "for-profit",
    Sector.VOLUNTARY: "in the third sector",
}


def _sectors(plan: AreaPlan) -> Table:
    lines: list[Line | str] = ["Homes", Line("All", "homes")]
    lines += [Line(sector.label, "homes", sector.value) for sector in Sector]
    lines += ["Registered places", Line("All", "places")]
    lines += [Line(sector.label, "places", sector.value) for sector in Sector]
    lines += [
        "Of these, for short breaks only",
        Line("Homes", "homes_for_short_breaks"),
        Line("Registered places", "places_for_short_breaks"),
        Line("Homes of which the list does not say", "homes_for_short_breaks", "not said"),
        Line("... registered places in them", "places_for_short_breaks", "not said"),
    ]
    lines += ["Share of places"]
    lines += [Line(sector.label, "share_of_places", sector.value, 1, "%") for sector in Sector]
    lines += [Line("Councils and companies they set up", "in_house_share", "all", 1, "%")]
    lines += [
        "Places for 100 children, with 95% limits",
        Line("Per 100 looked-after children", "places_per_100_looked_after", places=1),
        Line("Per 100 children in homes", "places_per_100_in_homes", places=0),
    ]
    note = (
        f"{list_source(plan)} Homes of all three kinds: children’s homes, secure homes, residential special "
        "schools registered as homes; homes for short breaks only are among them, though "
        "DfE’s children leave out those on a series of short breaks; those of health "
        f"authorities count as local authority. Children are those of 31 March {plan.inputs.list_year}, "
        "wherever they live; places here are also used by other authorities. Limits are exact Poisson limits "
        "of the places."
    )
    return make_table(plan, "table-supply", "Homes and places by sector", lines, note, "Sector")


def _usable(plan: AreaPlan) -> str:
    usable = plan.value("usable_places")
    share = percent(plan.inputs.occupancy, 0)
    words = with_interval(usable)
    if not usable.value:
        return "No registered place, so none is usable."
    return (
        f"At an occupancy of {share}, which is an assumption, {words} places would be usable; the range is "
        "that of an occupancy of 75 to 90%. Homes keep places empty to match children, or for want of "
        "staff, and no official release says how many are free."
    )


def _figure(plan: AreaPlan) -> Figure | None:
    trend = plan.trend.filter((plan.trend["listed_on"].dt.month() == 3) & (plan.trend["homes"] > 0))
    if trend.height < 2:
        return None
    lines, rows = [], []
    for sector, series in zip(Sector, _SERIES, strict=True):
        column = f"places_{sector.key}"
        points = tuple((day.year, float(n)) for day, n in trend.select("listed_on", column).iter_rows())
        lines.append(ChartLine(sector.label, series, points))
    for row in trend.iter_rows(named=True):
        cells = [count(row[f"places_{sector.key}"]) for sector in Sector]
        rows.append(Row((f"{row['listed_on'].day} {row['listed_on']:%B %Y}", count(row["homes"]), *cells)))
    columns = (
        Column("List of", share=1.4),
        Column("Homes", numeric=True),
        *(Column(sector.label, numeric=True) for sector in Sector),
    )
    before, after = trend["places_private"][0], trend["places_private"][-1]
    years = trend["listed_on"].dt.year()
    name = short_name(plan.area.name)
    moved = "unchanged at" if before == after else ("up from" if after > before else "down from")
    title = f"For-profit places in {mid_name(plan.area.name)}: {moved} {count(before)}"
    title += "" if before == after else f" in {years[0]} to {count(after)} in {years[-1]}"
    return Figure(
        "figure-places",
        title,
        f"{name}: lines of registered places by sector on the lists of 31 March.",
        LineChart((LinePanel("Registered places", tuple(lines)),)),
        Table("table-places-years", "Registered places by sector", columns, tuple(rows), folded=True),
        "Source: Ofsted lists at 31 March. Those of 2019 and 2020 leave out homes not yet inspected. "
        "Registered places, not vacancies.",
    )


def _pipeline(plan: AreaPlan) -> Table:
    lines: list[Line | str] = []
    for months in (12, 36):
        part = f"{months} months"
        lines += [
            f"In the {months} months to the list",
            Line("Homes registered", "homes_opened", part),
            Line("... places in them", "places_opened", part),
            Line("... perhaps an old home under a new number", "homes_registered_again", part),
            Line("Homes that left the register", "homes_closed", part),
            Line("... places in them", "places_closed", part),
        ]
    lines += [
        "Waiting for a first judgement",
        Line("Median days from registration, with 95% limits", "days_to_first_judgement", "36 months"),
    ]
    note = (
        "Registered, left and judged by Ofsted’s lists, joiners and leavers, closed homes and inspections. "
        "A home that is sold can leave the register under one number and return under another. The median "
        "counts homes registered in the 36 months, those still waiting as waiting."
    )
    return make_table(plan, "table-pipeline", "Opened and closed", lines, note, "What")
