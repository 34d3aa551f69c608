"""An area's plan for sufficiency: what the printed pack says, as a page, with every measure for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import polars as pl

from ofsight.errors import DatasetError, UsageError
from ofsight.planning.area_plan import AreaPlan, plan_area
from ofsight.planning.inputs import PlanInputs
from ofsight.planning.pack import make_pack
from ofsight.planning.prepare import Plans, read_plans
from ofsight.planning.sections.expected import FUNNEL_KEY
from ofsight.planning.wording import CAUTIONS
from ofsight.profiles.area import Area
from ofsight.report.document import Block, Note, Paragraph, Section, Span, Text
from ofsight.report.wording import count, day, decimal, percent
from ofsight.web.answer import Answer, Crumb, Field, Heading, Part, Prose, parts_of_section
from ofsight.web.problems import Refusal
from ofsight.web.queries.areas import AREAS, area_of
from ofsight.web.sources import Sources

__all__ = [
    "PARTS",
    "plan_of",
    "planning_page",
    "plans_of",
    "prepare",
    "source_of",
    "trail_of",
    "what_if_address",
]

PARTS: Final = "measures"
"""The table that every plan has, whatever else the pack of the area holds."""


def plans_of(sources: Sources) -> Plans:
    """Return the prepared plans.

    Raises
    ------
    Refusal
        404 when there are none, or none of this dataset.
    """
    folder = sources.plan
    if folder is None:
        raise Refusal(404, "There are no plans to show: the explorer was started without prepared plans.")
    try:
        plans = sources.once("plans", lambda: read_plans(folder))
    except (UsageError, DatasetError):
        raise Refusal(404, "The prepared plans are missing, or were written by another ofsight.") from None
    if plans.about["dataset"].get("fingerprint") != sources.dataset.metadata.get("fingerprint"):
        raise Refusal(404, "The plans were prepared from another build of the dataset; prepare them again.")
    return plans


def prepare(sources: Sources) -> PlanInputs:
    """Return what the plan of every area is made of, read from the folder once.

    Raises
    ------
    Refusal
        404, as `plans_of`, and where a table of the folder cannot be read.
    """
    plans = plans_of(sources)
    try:
        return sources.once("plan inputs", lambda: plans.inputs(sources.dataset))
    except (UsageError, DatasetError):
        raise Refusal(404, "The prepared plans are damaged; they must be prepared again.") from None


def plan_of(sources: Sources, text: str) -> AreaPlan:
    """Return the plan of an area.

    Raises
    ------
    Refusal
        404: no plans, or no such area.
    """
    inputs, area = prepare(sources), area_of(sources, text)
    return sources.recent(("plan", area.slug), lambda: plan_area(inputs, area))


def trail_of(area: Area) -> tuple[Crumb, ...]:
    """Return the way to an area's plan."""
    return (AREAS, Crumb(area.name, f"/areas/{area.slug}"))


def source_of(plan: AreaPlan) -> str:
    """Return where the numbers of a plan are from, in a sentence."""
    return (
        f"Source: Ofsted’s lists of homes as of {day(plan.inputs.day.isoformat())}; DfE; models of ofsight. "
        "Releases are named under Sources."
    )


def planning_page(sources: Sources, text: str) -> Answer:
    """Answer what a council needs to plan places with ownership in view.

    Parameters
    ----------
    text : str
        Anything that names an area, or several joined with a comma.

    Returns
    -------
    Answer
        The pack's sections in its order, then every measure as a table of numbers.

    Raises
    ------
    Refusal
        404: no plans, or no such area.
    """
    plan = plan_of(sources, text)
    pack, area, source = make_pack(plan), plan.area, source_of(plan)
    lead = next((b.text for b in pack.opening if isinstance(b, Paragraph) and b.role == "lead"), "")
    body: list[Part | Prose] = list(_opening(pack.opening, source))
    for section in pack.sections:
        body.append(Heading(section.title, section.key))
        body += _blocks(section, source, plan)
        if section.key == "outlook":
            body += _what_if(sources, area)
    body += [Heading("Every measure as a number", "numbers"), measures_part(sources, plan)]
    return Answer(
        address=f"/areas/{area.slug}/planning",
        title=pack.title,
        body=_unique(body),
        lead=lead,
        cautions=CAUTIONS,
        trail=trail_of(area),
        description=f"Planning places for children in homes in {area.name}: need, supply, quality, owners.",
        extra={"area": area, "banner": pack.banner},
    )


def _opening(blocks: tuple[Block, ...], source: str) -> Iterator[Part | Prose]:
    kept = tuple(
        block
        for block in blocks
        if not (isinstance(block, Paragraph) and block.role == "lead")
        and not (isinstance(block, Note) and block.kind in ("caution", "synthetic"))
    )
    yield from parts_of_section(Section("opening", "", kept), source)


def _blocks(section: Section, source: str, plan: AreaPlan) -> Iterator[Part | Prose]:
    for block in parts_of_section(section, source):
        if isinstance(block, Heading):
            yield replace(block, level=3)
        elif isinstance(block, Part) and block.key == FUNNEL_KEY and plan.inputs.places is not None:
            # The page shows the authorities of the region; programs get every point of the funnel.
            frame = plan.inputs.places.frame.sort("expected", descending=True, nulls_last=True)
            yield replace(block, frame=frame, fields=_FUNNEL)
        elif isinstance(block, Part):
            yield replace(block, key=block.key.removeprefix("table-"))
        elif isinstance(block, Note) and block.kind == "caution":
            continue  # said once, at the foot of the page
        elif isinstance(block, Paragraph) and block.role == "lead":
            yield replace(block, role="plain")
        else:
            yield block


_FUNNEL: Final = (
    Field("code", "Code", "code"),
    Field("authority", "Authority"),
    Field("region", "Region"),
    Field("looked_after", "Looked-after children", "count", status="status"),
    Field("observed", "Places", "count"),
    Field("expected", "Places expected", "number"),
    Field(
        "ratio",
        "Places over expected",
        "ratio",
        low="low",
        high="high",
        meaning="With its exact Poisson limits.",
    ),
    *(
        Field(f"{kind}_{side}_{level}", f"{words}, {side} {label}", "ratio")
        for kind, words in (("funnel", "By chance"), ("spread", "As authorities differ"))
        for level, label in (("95", "95%"), ("998", "99.8%"))
        for side in ("low", "high")
    ),
    Field("chance_position", "Against chance"),
    Field("position", "Against how authorities differ"),
)


def _unique(body: list[Part | Prose]) -> tuple[Part | Prose, ...]:
    """Return the blocks with every table under a name of its own."""
    seen: dict[str, int] = {}
    found: list[Part | Prose] = []
    for block in body:
        if isinstance(block, Part):
            seen[block.key] = seen.get(block.key, 0) + 1
            if seen[block.key] > 1:
                block = replace(block, key=f"{block.key}-{seen[block.key]}")
        found.append(block)
    return tuple(found)


def _what_if(sources: Sources, area: Area) -> list[Prose]:
    if sources.frozen:
        return [Paragraph("Scenarios are worked out when they are asked for: these files hold none.")]
    words: Text = (Span("What if an owner left, homes opened or need rose?", link=what_if_address(area)),)
    return [Paragraph(words)]


def what_if_address(area: Area) -> str:
    """Return the address of an area's scenarios."""
    return f"/areas/{area.slug}/planning/what-if"


_FIELDS: Final = (
    Field("section", "Part of the plan"),
    Field("label", "Measure"),
    Field("part", "Of"),
    Field("shown", "Value", meaning="The value with its interval, or why there is none, in words."),
    Field("unit", "Unit"),
    Field("n", "n", "count", meaning="Homes, authorities or judgements that it is made of."),
    Field("as_at", "As at"),
    Field("source", "Source"),
    Field("measure", "Name in data", shown=False),
    Field("value", "Value", "number", status="status", low="low", high="high", shown=False),
)


def measures_part(sources: Sources, plan: AreaPlan) -> Part:
    """Return every measure of a plan with its unit, interval, status, date and source."""
    known = plans_of(sources).table("definitions").select("measure", "section", "label", "unit")
    frame = plan.measures.join(known, on="measure", how="left", maintain_order="left")
    rows = [_shown(row) for row in frame.iter_rows(named=True)]
    return Part(
        PARTS,
        "Every measure of this plan, its interval, date and source",
        frame.with_columns(pl.Series("shown", rows, dtype=pl.String), pl.col("section").str.to_titlecase()),
        _FIELDS,
        "Definitions are in the table above; the CSV holds value, low, high and status apart.",
        folded=True,
        most=200,
        stacked=True,
    )


def _shown(row: dict[str, object]) -> str:
    value, low, high = row["value"], row["low"], row["high"]
    if not isinstance(value, float):
        return str(row["status"] or "not known")
    unit = str(row["unit"] or "")
    words = _number(value, unit)
    if low is None and high is None:
        return words
    ends = [_number(end, unit) if isinstance(end, float) else "not reached" for end in (low, high)]
    return f"{words} ({ends[0]} to {ends[1]})"


def _number(value: float, unit: str) -> str:
    if unit == "per cent":
        return percent(value / 100, 1)
    if unit in ("0 to 1", "ratio"):
        return decimal(value, 3 if unit == "0 to 1" else 2)
    return count(value) if value.is_integer() else decimal(value, 1)
