"""What we do not know: what is withheld here, what no release tells, how old the numbers are."""

from __future__ import annotations

import polars as pl

from ofsight.planning.area_plan import AreaPlan
from ofsight.planning.measures.quality import KINDS
from ofsight.planning.measures.register import load_measures
from ofsight.planning.sections.beside import mid_name
from ofsight.planning.wording import CAUTIONS, NOT_VACANCIES, n_of, say_status
from ofsight.report.document import Block, Bullets, Column, Note, Row, Section, Table, Text
from ofsight.report.wording import day, percent

__all__ = ["sources_section", "unknown_section"]

_SYMBOLS = ("c", "x", "z", "k", "u", "low", "..")


def unknown_section(plan: AreaPlan) -> Section:
    """Return the section on what is not known."""
    blocks: tuple[Block, ...] = (
        Bullets(tuple(_unknown(plan))),
        Note(f"Beside every figure: {NOT_VACANCIES[0].lower()}{NOT_VACANCIES[1:]}", CAUTIONS, "caution"),
    )
    return Section("unknown", "What we do not know", blocks)


def _unknown(plan: AreaPlan) -> list[Text]:
    found: list[Text] = [
        f"Which places are free. {NOT_VACANCIES} No official release counts vacancies, staff or beds held "
        "empty.",
        "What homes say they can do for which children, what a place costs, and how near home it is. Names "
        "and addresses of homes are withheld to protect children; the smallest place shown is the local "
        "authority.",
        "Who uses the places here. Homes take children of other areas, and the area’s children live "
        "elsewhere, so places here are not places for the area’s children.",
        "How many children use homes for short breaks. Such homes are counted with the others, and DfE’s "
        "children leave out those on a series of short breaks.",
        "What foster care, supported accommodation and unregistered placements could take on, or leave to "
        "homes.",
    ]
    withheld = plan.measures.filter(
        pl.col("status").is_in(_SYMBOLS) | pl.col("status").str.contains("withheld")
    )
    labels = load_measures().measures
    names = [
        f"{labels[name].label.lower()} ({say_status(status)})"
        for name, status in withheld.select("measure", "status").unique(maintain_order=True).iter_rows()
    ]
    if names:
        found.insert(0, f"Of {mid_name(plan.area.name)} itself: {'; '.join(names)}.")
    waiting = sum(plan.value("homes_by_judgement", kind).n or 0 for kind in KINDS[4:])
    if waiting:
        found.append(
            f"How inspectors would judge {n_of(waiting, 'home', 'homes')} here without a judgement yet."
        )
    unlinked = plan.value("unlinked_share_of_places").value
    if unlinked:
        found.append(
            f"Who owns the homes with {percent(unlinked / 100, 1)} of the places: the list does not name an "
            "owner. An owner without a group may belong to one, for Companies House is not read."
        )
    dates = {row for row in plan.measures["as_at"].unique().to_list() if row}
    children = sorted(found_at for found_at in dates if found_at.startswith("31 March"))
    found.append(
        f"What happened since. Homes are as of {day(plan.inputs.day.isoformat())}, children as of "
        f"{' and '.join(children) or 'no published day'}; both have moved on."
    )
    found.extend(plan.inputs.notes)
    found.extend(plan.inputs.models.notes)
    return found


def sources_section(plan: AreaPlan) -> Section:
    """Return the annex of releases that the pack's numbers are from, with the definitions of its measures."""
    named = plan.measures["source"].str.split("; ").explode().unique().to_list()
    releases = plan.inputs.dataset.releases.filter(pl.col("release").is_in([n for n in named if n]))
    rows = [
        Row((row["title"], row["publisher"], row["period"], row["file"]))
        for row in releases.sort("publisher", "title", "period").iter_rows(named=True)
    ]
    columns = (
        Column("Release", share=2.2),
        Column("Publisher", share=1.1),
        Column("Of", share=0.9),
        Column("File", share=4.0),
    )
    note = (
        "Openings and closures, and days to a first judgement, are counted from all of Ofsted’s lists, "
        "joiners and leavers, closed homes and inspections in the dataset; ownership since 2018 from its "
        "lists."
    )
    table = Table("table-sources", "Official releases", columns, tuple(rows), note, stacked=True)
    return Section("sources", "Sources and definitions", (table,), (_definitions(plan),), annex=True)


def _definitions(plan: AreaPlan) -> Section:
    """Return the definitions: what each measure is, and whose definition that is."""
    shown = set(plan.measures["measure"])
    rows = [
        Row((found.label, f"{found.definition} {found.caution}".strip(), found.interval, found.reference))
        for name, found in load_measures().measures.items()
        if name in shown
    ]
    columns = (
        Column("Measure", share=1.3),
        Column("Definition", share=3.6),
        Column("Interval", share=1.2),
        Column("After", share=1.6),
    )
    table = Table(
        "table-definitions", "What each measure is", columns, tuple(rows), folded=True, stacked=True
    )
    return Section("definitions", "Definitions", (table,))
