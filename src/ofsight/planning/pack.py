"""The printable pack of an area: HTML, Word, PDF, in the order of a sufficiency statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl

from ofsight.errors import UsageError
from ofsight.planning.area_plan import AreaPlan
from ofsight.planning.measures.quality import KINDS
from ofsight.planning.scenarios.scenario import Scenario
from ofsight.planning.sections.beside import short_name
from ofsight.planning.sections.exposure import exposure_section
from ofsight.planning.sections.foreseen import foreseen_section
from ofsight.planning.sections.need import need_section
from ofsight.planning.sections.outlook import outlook_section
from ofsight.planning.sections.ownership import ownership_section
from ofsight.planning.sections.quality import quality_section
from ofsight.planning.sections.scenario import scenario_section
from ofsight.planning.sections.supply import supply_section
from ofsight.planning.sections.unknown import sources_section, unknown_section
from ofsight.planning.wording import BANNER, CAUTIONS, NOT_VACANCIES, n_of, portion, say_status
from ofsight.report.document import Block, Document, KeyFigure, KeyFigures, Note, Paragraph, Section, Text
from ofsight.report.wording import count, day, percent, release_day
from ofsight.report.write import FORMATS, write_document
from ofsight.vocabulary import Sector

__all__ = ["check_formats", "file_stem", "make_pack", "write_pack"]

_LONGEST_TITLE: Final = 110
_SYNTHETIC: Final = "Synthetic data: no number here is about a real home."


def make_pack(plan: AreaPlan, scenario: Scenario | None = None) -> Document:
    """Build the pack of an area, before it has a format.

    Parameters
    ----------
    plan : AreaPlan
        Of `ofsight.planning.area_plan.plan_area`.
    scenario : Scenario, optional
        What if; a section of its own after the outlook.

    Returns
    -------
    Document
        Sections in the order of a sufficiency statement (LGA's template): need, supply, quality, ownership,
        exposure, outlook, what we do not know; then the annexes: the record of the closures foreseen, sources
        and definitions.
    """
    synthetic = plan.inputs.dataset.synthetic is not None
    name = plan.area.name
    if len(name) > _LONGEST_TITLE:
        name = f"a set of {len(plan.area.authorities)} authorities"
    banner = BANNER if not synthetic else f"{_SYNTHETIC} {BANNER}"
    facts = plan.inputs.dataset.metadata
    return Document(
        title=f"Planning places for children in homes: {name}",
        kicker="Sufficiency: need, supply, quality, ownership, exposure, outlook",
        byline=(
            f"Homes as of {day(plan.inputs.day.isoformat())}; newest release "
            f"{release_day(facts.get('newest_release'))}; dataset built {day(facts.get('built_at'))}.",
            "Not official statistics. Made by ofsight from official releases.",
        ),
        banner=banner,
        opening=_opening(plan, synthetic),
        sections=(
            need_section(plan),
            supply_section(plan),
            quality_section(plan),
            ownership_section(plan),
            exposure_section(plan),
            outlook_section(plan),
            *((scenario_section(plan, scenario),) if scenario is not None else ()),
            unknown_section(plan),
            *_annexes(plan),
        ),
        footer=(
            "Contains public sector information licensed under the Open Government Licence v3.0. Ofsted "
            "and DfE do not endorse this pack.",
            NOT_VACANCIES,
        ),
        keywords=("children's homes", "sufficiency", "ownership", name),
    )


def _annexes(plan: AreaPlan) -> list[Section]:
    """Return what is looked up rather than read, under letters."""
    found = [part for part in (foreseen_section(plan), sources_section(plan)) if part is not None]
    return [
        replace(part, title=f"Annex {letter}. {part.title}", flows=True)
        for letter, part in zip("AB", found, strict=False)
    ]


def _opening(plan: AreaPlan, synthetic: bool) -> tuple[Block, ...]:
    blocks: list[Block] = [Paragraph(_headline(plan), "lead"), _key_figures(plan)]
    if plan.area.note:
        blocks.append(Note("About this area", (plan.area.note,)))
    if plan.area.kind == "set":
        blocks.append(Note("This set of areas", (f"The set is: {plan.area.name}.",)))
    if synthetic:
        words = (
            "These numbers were made up to show the tool. Nothing here is about children’s homes in England."
        )
        blocks.append(Note("Synthetic data", (words,), "synthetic"))
    items: tuple[Text, ...] = CAUTIONS
    blocks.append(Note("Read this first", items, "caution"))
    return tuple(blocks)


def _headline(plan: AreaPlan) -> str:
    name = short_name(plan.area.name)
    homes, places = plan.value("homes").value or 0, plan.value("places").value or 0
    children = plan.value("children_in_homes")
    if not homes:
        words = f"{name} had no children’s home on {day(plan.inputs.day.isoformat())}"
        return f"{words}: its children in homes live elsewhere."
    words = f"{name} had {n_of(places, 'registered place', 'registered places')} "
    words += f"in {n_of(homes, 'children’s home', 'children’s homes')}"
    if children.value is not None:
        words += f", and {count(children.value)} of its own children living in homes here or elsewhere"
    private = plan.value("places", Sector.PRIVATE.value).value or 0
    return f"{words}. For-profit owners held {portion(private, places, homes, 'places')}."


def _key_figures(plan: AreaPlan) -> KeyFigures:
    children, places = plan.value("children_in_homes"), plan.value("places")
    usable, homes = plan.value("usable_places"), plan.value("homes").value or 0
    good = sum(plan.value("places_by_judgement", kind).value or 0 for kind in KINDS[:2])
    total = places.value or 0
    held = plan.exposure.filter(pl.col("holder_id").is_not_null() & (pl.col("kind") != "council"))
    most = held["places"][0] if held.height else 0
    others = total - (plan.value("places", "councils and their companies").value or 0)
    good_share = portion(good, total, homes) if total else "–"
    held_share = portion(most, others, int(held["homes"].sum())) if most else "–"
    figures = [
        KeyFigure(
            say_status(children.status) if children.value is None else count(children.value),
            "children in homes",
            f"{children.as_at}, wherever they live",
        ),
        KeyFigure(count(places.value), "registered places here", "not vacancies"),
        KeyFigure(
            count(usable.value),
            f"usable at {percent(plan.inputs.occupancy, 0)} occupancy",
            f"{count(usable.low)} to {count(usable.high)} at 75 to 90%",
        ),
        KeyFigure(
            good_share,
            f"{_of(good_share)}places last judged Good or Outstanding",
            f"{count(good)} places",
        ),
        KeyFigure(
            held_share,
            f"{_of(held_share)}places councils do not run held by the largest group",
            held["holder"][0] if held.height else "none",
        ),
    ]
    return KeyFigures(tuple(figures))


def _of(share: str) -> str:
    """Return the word between a share and what it is of; a count, ``12 of 12``, has it already."""
    return "of " if share.endswith("%") else ""


def write_pack(
    plan: AreaPlan, to: Path, formats: Sequence[str] = ("html",), scenario: Scenario | None = None
) -> list[Path]:
    """Write the pack of an area, each edition whole or not at all.

    Parameters
    ----------
    plan : AreaPlan
        The area's plan.
    to : Path
        Folder; made when it is not there. Files of other names in it are left alone.
    formats : sequence of str
        Of `ofsight.report.write.FORMATS`.
    scenario : Scenario, optional
        What if.

    Returns
    -------
    list of Path
        ``<to>/plan-<slug>.html`` and so on, in the order asked for.

    Raises
    ------
    UsageError
        An unknown format, or one whose library is not installed.
    """
    wanted = check_formats(formats)
    document, written = make_pack(plan, scenario), []
    for name in wanted:
        path = to / f"{file_stem(plan)}.{name}"
        write_document(document, path, name)
        written.append(path)
    return written


def check_formats(formats: Sequence[str]) -> list[str]:
    """Return the formats, each once; refuse one that is none."""
    wanted = list(dict.fromkeys(formats))
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown or not wanted:
        raise UsageError(
            f"Unknown format: {', '.join(unknown) or 'none named'}. Allowed: {', '.join(FORMATS)}."
        )
    return wanted


def file_stem(plan: AreaPlan) -> str:
    """Return the name of an area's files: its slug, that of a large set cut short."""
    slug = plan.area.slug.replace(",", "+")
    return f"plan-{slug}" if len(slug) <= 120 else f"plan-{slug[:100]}-and-more"
