"""Need: how many children are looked after, how many live in homes, and where."""

from __future__ import annotations

import polars as pl

from ofsight.planning.area_plan import AreaPlan
from ofsight.planning.measures.need import TOTAL_NOT_SHOWN
from ofsight.planning.sections.beside import Line, make_table, mid_name, short_name, values_of
from ofsight.planning.wording import say_status
from ofsight.profiles.withheld import WITHHELD_HERE
from ofsight.report.charts.model import Line as ChartLine
from ofsight.report.charts.model import LineChart, LinePanel
from ofsight.report.document import Block, Column, Figure, Paragraph, Row, Section, Table
from ofsight.report.wording import count, decimal

__all__ = ["need_section"]

_LINES = (
    Line("Looked-after children", "looked_after"),
    Line("... per 10,000 children", "looked_after_rate"),
    Line("Children in children’s and secure homes", "children_in_homes"),
    Line("Net loss of children to homes elsewhere", "net_loss_in_homes"),
    Line("Children in homes outside the authority", "out_of_area_in_homes"),
    Line("... as a share of children in homes", "out_of_area_in_homes_share", mark="%"),
    Line("Looked-after children over 20 miles from home", "over_20_miles_share", mark="%"),
    Line("... and outside the authority", "over_20_miles_outside_share", mark="%"),
)

_FEW_CHILDREN = 50
_PANELS = (
    ("looked_after", "Looked-after children"),
    ("children_in_homes", "Children in children’s homes"),
)


def need_section(plan: AreaPlan) -> Section:
    """Return the section on need."""
    blocks: list[Block] = [Paragraph(_lead(plan), "lead"), _table(plan)]
    figure = _figure(plan)
    if figure is not None:
        blocks.append(figure)
    return Section("need", "Need", tuple(blocks))


def _lead(plan: AreaPlan) -> str:
    looked, homes, net = (
        plan.value(name) for name in ("looked_after", "children_in_homes", "net_loss_in_homes")
    )
    words = []
    if looked.value is not None:
        words.append(f"{count(looked.value)} children were looked after on {looked.as_at}")
    if homes.value is not None:
        words.append(f"{count(homes.value)} lived in children’s homes on {homes.as_at}")
    first = (
        "; ".join(words) + "." if words else "The newest numbers of children are withheld or not published."
    )
    if net.value is None or plan.area.kind == "england":
        # England's is of children placed across its border, or where nothing is recorded.
        return first
    year = net.as_at.rpartition(" ")[2]
    if net.value > 0:
        moves = (
            f"{count(net.value)} more children were placed in homes elsewhere than came here to live in one"
        )
    elif net.value < 0:
        moves = f"{count(-net.value)} more children came here to live in a home than were placed elsewhere"
    else:
        moves = "as many children were placed in homes elsewhere as came here to live in one"
    return f"{first} In {year}, {moves}."


def _table(plan: AreaPlan) -> Table:
    statuses = {found.status for line in _LINES for found in values_of(plan, line.measure)}
    notes = ["As published by DfE, each measure of its newest year."]
    if "c" in statuses or any("withheld" in status for status in statuses):
        notes.append(
            "Withheld: DfE keeps small numbers back to protect children (c), and nothing here brings them "
            "back."
        )
    if WITHHELD_HERE in statuses:
        notes.append(
            "Withheld here: with no home in the area the net loss would be a number that DfE withholds."
        )
    if TOTAL_NOT_SHOWN in statuses:
        notes.append("A total is not shown where it would narrow a member’s withheld number.")
    notes.append("Regions and England are rounded by DfE to the nearest 10, so parts do not add up to them.")
    notes.append("Below zero, a net loss is a net gain.")
    if plan.value("out_of_area_in_homes_share").value is not None:
        notes.append(
            "The share outside is DfE’s own, over its own count, which can differ from the number above."
        )
    return make_table(
        plan, "table-need", "Children looked after, and where", _LINES, " ".join(notes), dated=True
    )


def _figure(plan: AreaPlan) -> Figure | None:
    panels: list[LinePanel] = []
    cells: dict[int, dict[str, str]] = {}
    for measure, title in _PANELS:
        series = plan.need.filter(measure=measure)
        points = tuple(
            (int(year), float(value))
            for year, value in series.drop_nulls("value").select("year", "value").iter_rows()
        )
        if len(points) > 1:
            panels.append(LinePanel(title, (ChartLine("", "one", points),)))
        for year, value, status in series.select("year", "value", "status").iter_rows():
            shown = count(value) if value is not None else say_status(status)
            cells.setdefault(year, {})[measure] = shown
    if not panels:
        return None
    rows = tuple(
        Row((str(year), *(found.get(measure, "–") for measure, _ in _PANELS)))
        for year, found in sorted(cells.items())
    )
    name = short_name(plan.area.name)
    return Figure(
        "figure-need",
        f"Children looked after in {mid_name(plan.area.name)}{_change(plan.need)}",
        f"{name}: lines over the years of children looked after, and of those in children’s homes, on 31 "
        "March.",
        LineChart(tuple(panels)),
        Table(
            "table-need-years",
            "Children on 31 March of each year",
            (Column("Year"), *(Column(title, numeric=True) for _, title in _PANELS)),
            rows,
            folded=True,
        ),
        "Source: DfE, children looked after in England. A missing year was not published or is withheld.",
    )


def _change(need: pl.DataFrame) -> str:
    first, last = _ends(need, "looked_after")
    if first is None or last is None or not first[1]:
        return ""
    if min(first[1], last[1]) < _FEW_CHILDREN:
        return f": {count(first[1])} in {first[0]}, {count(last[1])} in {last[0]}"
    percent = 100 * (last[1] / first[1] - 1)
    if abs(percent) < 0.5:
        return f": as many in {last[0]} as in {first[0]}"
    return f": {'up' if percent > 0 else 'down'} {decimal(abs(percent), 0)}% from {first[0]} to {last[0]}"


def _ends(need: pl.DataFrame, measure: str) -> tuple[tuple[int, float] | None, tuple[int, float] | None]:
    known = need.filter(measure=measure).drop_nulls("value").select("year", "value").rows()
    return (known[0], known[-1]) if len(known) > 1 else (None, None)
