"""One home by its URN: every inspection as published and as harmonised, and where each row came from.

Never its name or address. The smallest place is the local authority.
"""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from ofsight.errors import UsageError
from ofsight.profiles.area import list_areas
from ofsight.profiles.home import Home, find_home
from ofsight.profiles.owner import list_owners
from ofsight.report.document import Facts, Span, Text
from ofsight.report.wording import count, day, sector_label
from ofsight.vocabulary import Domain
from ofsight.web.answer import Answer, Crumb, Field, Heading, Part
from ofsight.web.problems import Refusal
from ofsight.web.queries.changes import REVISION_FIELDS
from ofsight.web.search import find
from ofsight.web.sources import Sources

__all__ = ["home"]

_ORIGIN: Final = (
    Field("release", "Release"),
    Field("sheet", "Sheet", shown=False),
    Field("row", "Row", "year"),
)
_SHORT: Final = {"overall": "Overall", "protection": "Protection", "leadership": "Leadership"}
_CAUTIONS: Final[tuple[Text, ...]] = (
    "A grade is one inspection’s word on one day, under the framework of that day. It measures compliance "
    "and safeguarding as inspectors see them, not what becomes of the children.",
    "Names and addresses of homes are withheld to protect children. Do not try to find them.",
)


def _words(value: object, otherwise: str = "not published") -> str:
    return otherwise if value in (None, "") else str(value)


def _facts(home: Home, area: str, owner: str, group: str) -> Facts:
    now = home.now
    authority = _words(now.get("authority"))
    state = (
        "On the newest list"
        if now.get("is_open")
        else f"Last listed {day(now.get('last_listed_on')) or 'never'}"
    )
    if now.get("closed_on"):
        state = f"{_words(now.get('closure_status'), 'Closed')} on {day(now.get('closed_on'))}"
    places = now.get("places")
    pairs: list[tuple[str, Text]] = [
        ("URN", home.urn),
        ("State", state),
        ("Kind", _words(now.get("provision_type"))),
        ("Sector", sector_label(_words(now.get("sector")))),
        ("Registered places", count(int(str(places))) if places is not None else "not published"),
        ("For short breaks only", _short_breaks(home)),
        ("Registered", day(now.get("registered_on")) or "not published"),
        ("Local authority", (Span(authority, link=area),) if area else authority),
        ("Owner", (Span(_words(now.get("owner")), link=owner),) if owner else _words(now.get("owner"))),
    ]
    if now.get("owner_group"):
        named = str(now["owner_group"])
        pairs.append(("Group", (Span(named, link=group),) if group else named))
    return Facts(tuple(pairs))


def _short_breaks(home: Home) -> str:
    """Return what the last list says of short breaks: it counts in areas' places, yet not for their need."""
    if home.standings.is_empty():
        return "not known: on no list"
    said, on = home.now.get("short_breaks_only"), day(home.standings["listed_on"].last())
    if said is None:
        return f"the list of {on} does not say"
    return f"yes, by the list of {on}: its places are counted with the others" if said else "no"


def _timeline(home: Home) -> Part:
    judged = tuple(
        Field(
            domain.value,
            _SHORT[domain.value],
            "grade",
            meaning=f"{domain.label}, harmonised",
            printed=f"{domain.value}_as_published",
        )
        for domain in Domain
    )
    return Part(
        "inspections",
        "Inspections, newest first",
        home.timeline,
        (
            Field("inspected_on", "Inspected", "date"),
            Field("inspection_type", "Kind of visit"),
            *judged,
            Field("effectiveness", "Interim judgement"),
            Field("framework", "Framework", shown=False),
            Field("published_on", "Published", "date", shown=False),
            Field("places", "Places then", "count", shown=False),
            Field("owner", "Owner then", shown=False),
            Field("sector", "Sector then", "sector", shown=False),
            Field("revised", "Revised later", "flag"),
            *_ORIGIN,
            Field("setting_release", "Described by", shown=False),
        ),
        "Source: Ofsted; each row names its release and row.",
        note="Grades are harmonised; below them stands what the release prints, where it says something "
        "else. Both are in the CSV. Interim visits give no grade; a monitoring visit gives one only where "
        "the home was judged again.",
        most=200,
        stacked=True,
    )


def _standings(sources: Sources, home: Home) -> Part:
    return Part(
        "lists",
        "The home on each list",
        home.standings.with_columns(
            group_page=pl.Series(
                [_owner_page(sources, group) for group in home.standings["group_id"]], dtype=pl.String
            )
        ),
        (
            Field("listed_on", "List of", "date"),
            Field("sector", "Sector", "sector"),
            Field("places", "Places", "count"),
            Field(
                "short_breaks_only",
                "Short breaks only",
                "flag",
                meaning="Whether the list marks the home as one for short breaks only; empty where not said.",
            ),
            Field("owner", "Owner"),
            Field("owner_group", "Group", link="{group_page}"),
            Field("group_id", "Group, identifier", shown=False),
            Field("authority", "Local authority"),
            Field("registration_status", "Registration"),
            *_ORIGIN,
        ),
        "Source: Ofsted, lists of providers; each row names its release and row.",
        folded=True,
        stacked=True,
    )


def _others(home: Home) -> list[Part | Heading]:
    """Return the smaller tables that are not empty."""
    tables: tuple[tuple[str, str, pl.DataFrame, tuple[Field, ...]], ...] = (
        (
            "changes",
            "What differs between one list and the next",
            home.changes,
            (
                Field("on", "From", "date"),
                Field("what", "What"),
                Field("before", "Before"),
                Field("after", "After"),
            ),
        ),
        (
            "movements",
            "When it joined or left the register",
            home.movements,
            (
                Field("kind", "Kind"),
                Field("on", "On", "date"),
                Field("status", "Status"),
                Field("reason", "Note"),
                *_ORIGIN,
            ),
        ),
        (
            "revisions",
            "What a newer release says otherwise",
            home.revisions,
            REVISION_FIELDS,
        ),
        (
            "reregistrations",
            "Numbers that may be the same home registered anew: a proposal",
            home.reregistrations,
            (
                Field("old_urn", "Left the register", link="/homes/{old_urn}"),
                Field("new_urn", "Registered", link="/homes/{new_urn}"),
                Field("closed_on", "Left on", "date"),
                Field("registered_on", "Registered on", "date"),
                Field("score", "Likeness, 0 to 1", "number", places=2),
            ),
        ),
    )
    return [
        Part(key, title, frame, fields, stacked=True) for key, title, frame, fields in tables if frame.height
    ]


def _find(sources: Sources, urn: str) -> Home:
    try:
        return find_home(sources.dataset, urn)
    except UsageError as error:
        near = [(one.label, one.address) for one in find(sources, urn, 5) if one.kind == "Home"]
        raise Refusal(404, str(error), near) from None


def home(sources: Sources, urn: str) -> Answer:
    """Answer what is known of one home."""
    found = _find(sources, urn)
    now: dict[str, Any] = found.now
    area = sources.once("area pages", lambda: _area_pages(sources)).get(str(now.get("authority")), "")
    owner = _owner_page(sources, now.get("owner_id"))
    group = _owner_page(sources, now.get("group_id"))
    n = found.timeline.height
    trail = (Crumb(str(now["authority"]), area),) if area else ()
    return Answer(
        f"/homes/{found.urn}",
        f"Home {found.urn}",
        (
            _facts(found, area, owner, group),
            Heading("Inspections"),
            _timeline(found),
            Heading("Sector, places and owner by date"),
            _standings(sources, found),
            *_others(found),
        ),
        lead=f"{sector_label(_words(now.get('sector')))} home in "
        f"{_words(now.get('authority'), 'England')}, with "
        f"{count(n)} inspection{'' if n == 1 else 's'} in the releases.",
        cautions=_CAUTIONS,
        trail=trail,
        description=f"Inspections of the children’s home with URN {found.urn}, as published.",
    )


def _owner_page(sources: Sources, owner: object) -> str:
    """Return the page of an owner or group; empty where it has none, for it is on no list."""
    known = sources.once("owner pages", lambda: frozenset(list_owners(sources.dataset)["slug"]))
    return f"/owners/{owner}" if owner in known else ""


def _area_pages(sources: Sources) -> dict[str, str]:
    listed = list_areas(sources.dataset).filter(pl.col("kind") == "authority")
    return {row["name"]: f"/areas/{row['slug']}" for row in listed.iter_rows(named=True)}
