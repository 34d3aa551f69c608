"""Owners and groups: how many homes they run, where, since when, and how these are judged."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from ofsight.errors import UsageError
from ofsight.profiles.holders import holders_in
from ofsight.profiles.homes_open import snapshot_dates
from ofsight.profiles.owner import (
    Owner,
    find_owner,
    list_owners,
    owner_areas,
    owner_changes,
    owner_homes,
    owner_judgements,
    owner_openings_closures,
    owner_over_time,
)
from ofsight.report.document import KeyFigure, KeyFigures, Paragraph, Span, Text
from ofsight.report.folder import number
from ofsight.report.wording import count, day
from ofsight.vocabulary import Domain
from ofsight.web.answer import Answer, Crumb, Field, Heading, Part, Prose
from ofsight.web.problems import Refusal
from ofsight.web.queries.tables import judgements_part, openings_part, supply_part
from ofsight.web.search import find
from ofsight.web.sources import Sources

__all__ = ["CAUTIONS", "OWNERS", "all_owners", "owner_of", "owner_page"]

OWNERS: Final = Crumb("Owners", "/owners")
PAGE: Final = 100
KINDS: Final = ("group", "owner")
CAUTIONS: Final[tuple[Text, ...]] = (
    "Owners are linked by name; a group is named from published sources, and links get better over time, "
    "so part of a trend in ownership may be a trend in linking.",
    "Grades measure compliance and safeguarding as inspectors see them, not what becomes of the children.",
    "Shares as counted differ also because homes differ in age, size and region. Homes may choose which "
    "children they take, and councils where they place them: a difference is not its cause.",
    "Registered places are not vacancies; a grade is one inspection’s word on one day.",
)


def owner_of(sources: Sources, text: str) -> Owner:
    """Return the owner or group that an address names.

    Raises
    ------
    Refusal
        404, with the nearest owners.
    """
    try:
        return find_owner(sources.dataset, text)
    except UsageError as error:
        near = [
            (one.label, one.address) for one in find(sources, text, 12) if one.address.startswith("/owners/")
        ]
        raise Refusal(404, str(error), near[:6]) from None


def all_owners(sources: Sources, kind: str = "", page: int = 1) -> Answer:
    """Answer which owners and groups there are, the largest first.

    Parameters
    ----------
    kind : str
        Only groups or owners; all when empty.
    page : int
        Which hundred, from 1.
    """
    if kind and kind not in KINDS:
        raise Refusal(422, f"There is no kind '{kind[:40]}'. There are: {', '.join(KINDS)}.")
    frame = list_owners(sources.dataset).sort("n_places", "n_homes", "name", descending=[True, True, False])
    if kind:
        frame = frame.filter(pl.col("kind") == kind)
    n_pages = max(1, -(-frame.height // PAGE))
    if not 1 <= page <= n_pages:
        raise Refusal(404, f"There are {n_pages} pages of owners.", [("The first page", "/owners")])
    query = "&".join(filter(None, [f"kind={kind}" if kind else "", f"page={page}" if page > 1 else ""]))
    first = (page - 1) * PAGE
    part = Part(
        "owners",
        f"Owners {first + 1:,} to {min(first + PAGE, frame.height):,} of {frame.height:,}, by places",
        frame.slice(first, PAGE),
        (
            Field("name", "Owner or group", link="/owners/{slug}"),
            Field("kind", "Kind"),
            Field("sector", "Sector", "sector"),
            Field("n_homes", "Homes", "count"),
            Field("n_places", "Places", "count"),
            Field("n_areas", "Local authorities", "count"),
            Field("first_listed_on", "First listed", "date"),
            Field("last_listed_on", "Last listed", "date"),
            Field("slug", "Identifier", shown=False),
        ),
        f"Source: Ofsted, owners of providers (from March 2018), linked; newest release: {sources.newest}.",
        note="Homes and places on the newest list; an owner with none was listed before. A group stands "
        "beside each of its owners, with the same homes: rows do not add up.",
        links=(
            ("CSV", "/api/v1/owners/list/tables/owners.csv"),
            ("JSON", "/api/v1/owners/list/tables/owners.json"),
        ),
    )
    return Answer(
        f"/owners{f'?{query}' if query else ''}",
        "Owners and groups",
        (_largest(sources), Heading("All of them", "list"), part),
        lead="Who owns the homes: groups of owners, single owners and councils.",
        cautions=CAUTIONS,
        description="Owners and groups of children’s homes in England.",
        extra={"kinds": KINDS, "kind": kind, "page": page, "n_pages": n_pages},
    )


def owners_whole(sources: Sources) -> Answer:
    """Answer with every owner in one table, for programs."""
    answer = all_owners(sources)
    part = answer.part("owners")
    assert part is not None
    frame = list_owners(sources.dataset).sort("n_places", "n_homes", "name", descending=[True, True, False])
    whole = Part(
        "owners", "Owners and groups, by places", frame, part.fields, part.source, part.note, most=5000
    )
    return Answer(
        "/owners/list", "Owners and groups: the whole list", (whole,), trail=(OWNERS,), cautions=CAUTIONS
    )


def _largest(sources: Sources) -> KeyFigures:
    # Of holders, not of the list below: there a group's homes stand in its row and in those of its owners.
    held = holders_in(sources.dataset).filter(pl.col("holder_id").is_not_null())
    homes = int(held["n_homes"].sum()) or 1
    largest = held.filter(pl.col("kind") != "council").sort("n_homes", descending=True)
    ten = int(largest.head(10)["n_homes"].sum())
    owners = held.filter(pl.col("kind") == "owner")
    return KeyFigures(
        (
            KeyFigure(count(held.filter(pl.col("kind") == "group").height), "groups with homes now"),
            KeyFigure(count(owners.height), "owners of no known group, with homes now", "councils apart"),
            KeyFigure(
                f"{100 * ten / homes:.0f}%",
                "of homes with a named owner are of the ten largest groups and owners",
                "councils left out of the ten",
            ),
            KeyFigure(
                count(owners.filter(pl.col("n_homes") == 1).height), "owners of no known group, with one home"
            ),
        )
    )


def owner_page(sources: Sources, text: str) -> Answer:
    """Answer everything about an owner or group."""
    owner = owner_of(sources, text)
    data = sources.dataset
    over_time = owner_over_time(data, owner)
    days = snapshot_dates(data)
    newest = days[-1] if days else None
    where = owner_areas(data, owner)
    now = _now(over_time, where, newest)
    here = f" of {owner.name}"
    supply = supply_part(sources, over_time, whose=here)
    return Answer(
        f"/owners/{owner.slug}",
        owner.name,
        (
            *_figures(now),
            Heading("Homes and places", "homes"),
            supply,
            openings_part(sources, owner_openings_closures(data, owner)),
            Heading("Where", "areas"),
            _areas_part(sources, where),
            Heading("Judgements", "judgements"),
            judgements_part(sources, owner_judgements(data, owner), newest),
            *_against_expectation(sources, owner),
            Heading("Changes of owner", "changes"),
            _changes_part(sources, owner_changes(data, owner)),
            Heading("Its homes", "list"),
            _homes_part(sources, owner),
        ),
        lead=_lead(owner, now, newest),
        cautions=CAUTIONS,
        trail=(OWNERS,),
        description=f"Children’s homes of {owner.name}: where they are and how they are judged.",
        extra={"owner": owner},
    )


def _now(over_time: pl.DataFrame, areas: pl.DataFrame, newest: date | None) -> tuple[int, int, int]:
    """Return homes, places and local authorities on the newest list."""
    rows = over_time.filter((pl.col("listed_on") == newest) & (pl.col("sector") != "All"))
    here = areas.filter(pl.col("listed_on") == newest)
    return int(rows["n_homes"].sum()), int(rows["n_places"].sum()), here["authority"].n_unique()


def _lead(owner: Owner, now: tuple[int, int, int], newest: date | None) -> str:
    homes, places, areas = now
    if not homes or newest is None:
        return f"{owner.name} has no home on the newest list."
    return (
        f"{owner.name} ({owner.kind}) has {count(homes)} home{'' if homes == 1 else 's'} with "
        f"{count(places)} "
        f"registered places in {count(areas)} local authorit{'y' if areas == 1 else 'ies'} "
        f"({day(newest.isoformat())})."
    )


def _figures(now: tuple[int, int, int]) -> list[KeyFigures]:
    homes, places, areas = now
    if not homes:
        return []
    return [
        KeyFigures(
            (
                KeyFigure(count(homes), "homes on the newest list"),
                KeyFigure(count(places), "registered places", "not vacancies"),
                KeyFigure(count(areas), "local authorities"),
            )
        )
    ]


def _areas_part(sources: Sources, frame: pl.DataFrame) -> Part:
    newest = frame.filter(pl.col("listed_on") == pl.col("listed_on").max()) if frame.height else frame
    return Part(
        "areas",
        "Local authorities with its homes, on the newest list",
        newest.sort("n_places", descending=True),
        (
            Field("authority", "Local authority", link="/areas/{authority_code}"),
            Field("authority_code", "Code", shown=False),
            Field("region", "Region"),
            Field("n_homes", "Homes", "count"),
            Field("n_places", "Places", "count"),
            Field("share_of_homes", "Share of the area’s homes", "share", places=0),
            Field("share_of_places", "Share of the area’s places", "share", places=0),
            Field("listed_on", "List of", "date", shown=False),
        ),
        f"Source: Ofsted, list of homes; newest: {sources.newest}.",
    )


def _changes_part(sources: Sources, frame: pl.DataFrame) -> Part:
    return Part(
        "changes",
        "Homes that came from, or went to, another owner between two lists",
        frame,
        (
            Field("listed_on", "By the list of", "date"),
            Field("direction", "Direction"),
            Field("other", "Other owner", link="/owners/{other_id}"),
            Field("n_homes", "Homes", "count"),
            Field("n_places", "Places", "count"),
            Field("other_id", "Identifier", shown=False),
        ),
        f"Source: Ofsted, owners of providers, linked; newest release: {sources.newest}.",
    )


def _homes_part(sources: Sources, owner: Owner) -> Part:
    return Part(
        "list",
        "Homes on the newest list",
        owner_homes(sources.dataset, owner).sort("authority", "urn"),
        (
            Field("urn", "Home", link="/homes/{urn}"),
            Field("authority", "Local authority"),
            Field("sector", "Sector", "sector"),
            Field("places", "Places", "count", status="places_status"),
            Field("registered_on", "Registered", "date"),
            Field("overall", "Overall", "grade", status="judgement_status"),
            Field("protection", "Protection", "grade"),
            Field("leadership", "Leadership", "grade"),
            Field("inspected_on", "Inspected", "date"),
            Field("release", "Release", shown=False),
            Field("sheet", "Sheet", shown=False),
            Field("row", "Row", "year", shown=False),
        ),
        f"Source: Ofsted, list of homes and inspections; newest: {sources.newest}.",
        most=50,
        stacked=True,
    )


_EXPECTED: Final = (
    Field("judgement", "Judgement"),
    Field("outcome", "Domain", shown=False),
    Field("n", "Graded homes", "count"),
    Field("observed", "Good or better", "count"),
    Field("expected", "Like homes (95 in 100 lie in)", "number", places=0, low="low_95", high="high_95"),
    Field("low_998", "998 in 1,000 from", "count"),
    Field("high_998", "to", "count"),
    Field("difference", "Difference, per 100 homes", "number", places=0),
    Field(
        "q_value",
        "q value",
        "p",
        meaning="the share of false discoveries at which this would be called one",
    ),
    Field("position", "Against chance"),
)


def _against_expectation(sources: Sources, owner: Owner) -> list[Part | Prose]:
    """Return how the owner's homes are judged against what like homes would get, where the study says so."""
    rows = sources.study.rows("group_performance") if sources.study is not None else ()
    names = {"slug", "holder_id", "group_id", "owner_id"}
    mine = [row for row in rows if owner.slug in {row.get(name) for name in names}]
    if not mine:
        return []
    labels = {domain.value: domain.label for domain in Domain}
    numbers = (
        "n",
        "observed",
        "expected",
        "low_95",
        "high_95",
        "low_998",
        "high_998",
        "difference",
        "q_value",
    )
    frame = pl.DataFrame(
        [
            {name: number(row.get(name)) for name in numbers}
            | {name: row.get(name, "") for name in ("outcome", "position")}
            | {"judgement": labels.get(row.get("outcome", ""), row.get("outcome", ""))}
            for row in mine
        ],
        schema=dict.fromkeys(numbers, pl.Float64)
        | dict.fromkeys(("outcome", "position", "judgement"), pl.String),
    )
    link: Text = ("By the study’s model. ", Span("How it was made", link="/study/annex-methods"), ".")
    return [
        Heading("Against like homes", "expected"),
        Paragraph(
            "What homes of the same age, size, region and sector would get, by the study’s model, beside "
            "what this owner’s homes got. A number within the limits may be chance; one outside them is a "
            "reason to ask, and may be the children’s needs, which no model here knows. The limits take "
            "homes as independent; homes of one group are judged alike in England, so more groups lie "
            "outside than the limits say. The plans of areas allow for that: ‘Are their homes judged alike?’"
        ),
        Part(
            "expected",
            "Good or better: observed and expected",
            frame,
            _EXPECTED,
            "Source: the study.",
            link,
            stacked=True,
        ),
    ]
