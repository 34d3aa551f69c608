"""Quality: what the homes were last judged, and how many Good places homes like these would have."""

from __future__ import annotations

from ofsight.planning.area_plan import AreaPlan
from ofsight.planning.measures.quality import KINDS
from ofsight.planning.measures.values import Value
from ofsight.planning.sections.beside import list_source, short_name
from ofsight.planning.wording import say_status, with_interval
from ofsight.report.document import Block, Column, Paragraph, Row, Section, Table
from ofsight.report.wording import count, percent

__all__ = ["quality_section"]


def quality_section(plan: AreaPlan) -> Section:
    """Return the section on quality."""
    if not plan.value("homes").value:
        return Section("quality", "Quality", (Paragraph(_lead(plan), "lead"),))
    blocks: tuple[Block, ...] = (
        Paragraph(_lead(plan), "lead"),
        _table(plan),
        Paragraph(_expected(plan)),
        *_finding(plan),
    )
    return Section("quality", "Quality", blocks)


def _finding(plan: AreaPlan) -> tuple[Block, ...]:
    """Return what the study found for all of England: it does not say it of this area."""
    if not plan.inputs.finding:
        return ()
    words = f"In all of England: {plan.inputs.finding}. The study says nothing of a single area."
    return (Paragraph(words),)


def _lead(plan: AreaPlan) -> str:
    total = plan.value("places").value or 0
    good = sum(plan.value("places_by_judgement", kind).value or 0 for kind in KINDS[:2])
    below = sum(plan.value("places_by_judgement", kind).value or 0 for kind in KINDS[2:4])
    waiting = sum(plan.value("places_by_judgement", kind).value or 0 for kind in KINDS[4:])
    if not total:
        return f"{short_name(plan.area.name)} has no registered place to judge."
    return (
        f"{count(good)} of {count(total)} places were in homes last judged Good or Outstanding, "
        f"{count(below)} in homes last judged Requires improvement or Inadequate, {count(waiting)} in homes "
        "not yet judged."
    )


def _table(plan: AreaPlan) -> Table:
    rows = []
    for kind in KINDS:
        homes, places = plan.value("homes_by_judgement", kind), plan.value("places_by_judgement", kind)
        pairs = zip(
            plan.values_beside("places_by_judgement", kind), plan.values_beside("places"), strict=True
        )
        shares = [_share(part, whole) for part, whole in pairs]
        rows.append(
            Row(
                (kind, count(homes.value), count(places.value), _share(places, plan.value("places")), *shares)
            )
        )
    columns = (
        Column("Latest judgement", share=2.6),
        Column("Homes", numeric=True),
        Column("Places", numeric=True),
        Column("Share of places", numeric=True),
        *(Column(f"{area.name}, share", numeric=True) for area, _ in plan.beside),
    )
    note = (
        f"{list_source(plan)} Overall experiences and progress, at the latest full inspection with a grade. "
        "Grades are counted, never averaged. Framework contracts usually admit Good or Outstanding homes "
        "only."
    )
    return Table("table-quality", "Homes and places by the latest judgement", columns, tuple(rows), note)


def _share(part: Value, whole: Value) -> str:
    return percent(part.value / whole.value, 0) if part.value is not None and whole.value else "–"


def _expected(plan: AreaPlan) -> str:
    found, judged = (plan.value("expected_good_places", part) for part in ("all", "judged homes"))
    if found.value is None:
        return f"Places expected in Good homes: {say_status(found.status)}."
    counts = [plan.value("places_by_judgement", kind).value or 0 for kind in KINDS]
    good, waiting = sum(counts[:2]), sum(counts[4:])
    words = (
        f"Of the {count(sum(counts[:4]))} places in judged homes, homes of the same age, size, region and "
        f"sector would be expected to have {with_interval(judged)} in Good or Outstanding homes; "
        f"{count(good)} are."
    )
    whole = f"with the {count(waiting)} not yet judged, {with_interval(found)}"
    record = plan.value("expected_good_places", "with the groups' record")
    if waiting:
        words += f" Of all places, {whole}"
        words += (
            "." if record.value is None else f", or {with_interval(record)} with what their groups have got."
        )
    elif record.value is not None:
        words += f" With what their groups have got, {with_interval(record)} would be."
    return (
        f"{words} Ranges are of 95%. It says what judgements homes like these get, not how good any home is."
    )
