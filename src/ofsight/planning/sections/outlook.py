"""Outlook: what may close, how many children may need a place, and what a scenario would change."""

from __future__ import annotations

from ofsight.planning.area_plan import AreaPlan
from ofsight.planning.models.need import MEASURES
from ofsight.planning.sections.beside import mid_name, short_name
from ofsight.planning.sections.foreseen import foreseen_words
from ofsight.planning.sections.scenario import carried_on_blocks
from ofsight.planning.wording import say_status
from ofsight.report.document import Block, Column, Paragraph, Row, Section, Table
from ofsight.report.wording import count, joined

__all__ = ["outlook_section"]


def outlook_section(plan: AreaPlan) -> Section:
    """Return the section on the outlook."""
    blocks: list[Block] = [Paragraph(_closures(plan), "lead")]
    for measure, label in MEASURES.items():
        blocks.extend(_need(plan, measure, label))
    blocks.extend(carried_on_blocks(plan))
    blocks.extend(foreseen_words(plan))
    return Section("outlook", "Outlook", tuple(blocks))


def _closures(plan: AreaPlan) -> str:
    found, places = plan.value("expected_loss", "36 months"), plan.value("places").value or 0
    name = short_name(plan.area.name)
    if not places:
        return f"{name} has no registered place that could close."
    opened = plan.value("places_opened", "36 months").value or 0
    closed = plan.value("places_closed", "36 months").value or 0
    past = f"In the 36 months past, {count(closed)} places went here and {count(opened)} came."
    if found.value is None or found.low is None or found.high is None:
        return f"Places expected to close within 36 months: {say_status(found.status)}. {past}"
    return (
        f"Of {count(places)} places, {count(found.value)} ({count(found.low)} to {count(found.high)}) are in "
        "homes expected to close within 36 months, if they close as homes like them have over England. The "
        f"range is the model’s doubt about that number; chance comes on top. {past}"
    )


def _need(plan: AreaPlan, measure: str, label: str) -> list[Block]:
    """Return what may come of one measure of need, with the record of how it was foreseen before."""
    forecast = plan.inputs.models.need.get(measure)
    if forecast is None:
        return []
    coming = forecast.for_area(plan.area)
    if coming["base"].drop_nulls().is_empty():
        status = next(iter(coming["status"].drop_nulls().unique().to_list()), "not published")
        name = mid_name(plan.area.name)
        why = joined(say_status(word) for word in status.split(", "))
        return [Paragraph(f"{label}: no forecast for {name}, whose last number is {why}.")]
    rows = [
        Row(
            (
                str(row["year"]),
                count(row["base"]),
                _range(row["low80"], row["high80"]),
                _range(row["low95"], row["high95"]),
            )
        )
        for row in coming.iter_rows(named=True)
    ]
    last = coming.row(0, named=True)
    rows.insert(0, Row((f"{last['last_year']}, last published", count(last["last_value"]), "–", "–")))
    columns = (
        Column("31 March", share=1.4),
        Column("Children", numeric=True),
        Column("80% range", numeric=True),
        Column("95% range", numeric=True),
    )
    note = forecast.verdict
    if last["status"]:
        note += f" The sum is not whole: {last['status']}."
    if last["n_authorities"] > 1:
        note += " A sum of the authorities’ own numbers, which are not rounded as DfE’s totals are."
    return [Table(f"table-need-{measure.replace('_', '-')}", f"{label}, to come", columns, tuple(rows), note)]


def _range(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{count(low)} to {count(high)}"
