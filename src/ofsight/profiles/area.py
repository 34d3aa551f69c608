"""Which area is meant: an authority, a region, England, or a set of areas.

Pages, packs, reports and the command line all ask `find_area`, so that one text means one area everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.errors import UsageError
from ofsight.link.areas import Areas, Authority, load_areas, normalise_authority_name
from ofsight.profiles.kept import keep

__all__ = [
    "ENGLAND_CODE",
    "MOST_IN_A_SET",
    "REGION_CODES",
    "Area",
    "SetTooLargeError",
    "authority_names",
    "begins_on",
    "dataset_day",
    "find_area",
    "history_names",
    "list_areas",
    "region_of",
]

ENGLAND_CODE: Final = "E92000001"
REGION_CODES: Final = {
    "North East": "E12000001",
    "North West": "E12000002",
    "Yorkshire and The Humber": "E12000003",
    "East Midlands": "E12000004",
    "West Midlands": "E12000005",
    "East of England": "E12000006",
    "London": "E12000007",
    "South East": "E12000008",
    "South West": "E12000009",
}
"""The nine standard regions and their ONS codes."""

MOST_IN_A_SET: Final = 60
"""The most parts that a set may be asked for: an address of a page must not ask for endless work."""

_OTHER_SPELLINGS: Final = {"East": "East of England", "Yorkshire": "Yorkshire and The Humber"}
_WITHIN_LONDON: Final = {"inner": ("Inner London", "E13000001"), "outer": ("Outer London", "E13000002")}
_LONGEST: Final = 4000


class SetTooLargeError(UsageError):
    """More areas than can be joined to one (`MOST_IN_A_SET`)."""


@dataclass(frozen=True)
class Area:
    """An area that figures are given for.

    Attributes
    ----------
    slug : str
        Its name in an address: lower-case letters, digits and hyphens; the parts of a set are joined with a
        comma. ``find_area(dataset, area.slug) == area``.
    name : str
        Its name for people.
    kind : str
        ``authority``, ``region``, ``england`` or ``set``.
    authorities : tuple of str
        The ONS codes, on the dataset's newest day, of the authorities in it, sorted.
    note : str
        What a reader must know about how it was found: that an authority was abolished, and what follows it.
        Empty for most. It does not count when areas are compared.
    """

    slug: str
    name: str
    kind: str
    authorities: tuple[str, ...]
    note: str = field(default="", compare=False)

    @property
    def is_single(self) -> bool:
        """Whether it is one authority."""
        return self.kind == "authority"


def dataset_day(dataset: Dataset) -> date:
    """Return the newest day that the dataset speaks of: the authorities of that day are the current ones."""

    def newest() -> date:
        years = dataset.authority_years["year"].drop_nulls()
        days = [
            dataset.home_snapshots["listed_on"].max(),
            dataset.inspections["inspected_on"].max(),
            date(int(years.max()), 3, 31) if years.len() else None,  # type: ignore[arg-type]
        ]
        found = [day for day in days if isinstance(day, date)]
        return max(found) if found else date.today()

    return keep(dataset, "dataset_day", newest)


def find_area(dataset: Dataset, text: str) -> Area:
    """Find the area that a text stands for.

    Parameters
    ----------
    dataset : Dataset
        An open dataset; its newest day decides which authorities are current.
    text : str
        An ONS code (old or new) or DfE number; any spelling of an authority's name; the name or code of a
        region; ``England``; ``Inner London`` or ``Outer London``; a slug; or several of these joined with
        ``+`` or ``,``. An authority that was abolished gives the one or those that followed it, with a note.

    Returns
    -------
    Area

    Raises
    ------
    UsageError
        Nothing of that name; the nearest names are given.
    """
    asked = " ".join(str(text).split())
    if not asked or len(asked) > _LONGEST:
        raise UsageError(
            "Name an area: an authority (Birmingham, E08000025), a region, England, or several joined with +."
        )
    whole = _find_one(dataset, asked)
    if whole is not None:
        return whole
    # "Bristol, City of+Norfolk": names hold commas, so the plus is tried before the comma.
    for mark in ("+", ","):
        parts = [part.strip() for part in asked.split(mark) if part.strip()]
        if len(parts) > 1 or (parts and parts[0] != asked):
            return _make_set(dataset, [_part(dataset, part, mark) for part in _within_limit(parts)])
    raise UsageError(_explain(dataset, asked))


def list_areas(dataset: Dataset) -> pl.DataFrame:
    """List every area that has a name: England, the regions, the current authorities.

    Returns
    -------
    pl.DataFrame
        ``code``, ``name``, ``kind`` (england, region, authority), ``region`` (null for England), ``slug``;
        England first, then regions, then authorities by name.
    """

    def make() -> pl.DataFrame:
        regions = sorted({authority.region for authority in _current(dataset).values()})
        rows: list[tuple[str, str, str, str | None, str]] = [
            (ENGLAND_CODE, "England", "england", None, "england"),
            *((REGION_CODES[name], name, "region", name, _slug(name)) for name in regions),
            *(
                (code, found.name, "authority", found.region, _slug(found.name))
                for code, found in sorted(_current(dataset).items(), key=lambda pair: pair[1].name)
            ),
        ]
        return pl.DataFrame(rows, schema=["code", "name", "kind", "region", "slug"], orient="row")

    return keep(dataset, "list_areas", make)


def authority_names(dataset: Dataset, area: Area) -> tuple[str, ...]:
    """Return the names of an area's authorities, as column ``authority`` of the dataset's tables has them."""
    current = _current(dataset)
    missing = [code for code in area.authorities if code not in current]
    if missing:
        raise UsageError(
            f"{area.name} has authorities that this dataset does not know: {', '.join(missing)}. "
            "Find the area anew in this dataset."
        )
    return tuple(current[code].name for code in area.authorities)


def history_names(dataset: Dataset, area: Area) -> tuple[str, ...]:
    """Return the names of the area's authorities, and of those before them that it is made of.

    Northamptonshire belongs to the set of North and West Northamptonshire and to the East Midlands, and to
    neither of the two alone: its homes before April 2021 cannot be told apart. Bournemouth, Christchurch and
    Poole has none before it, for Christchurch came from Dorset.
    """
    return _history(dataset, area)[0]


def begins_on(dataset: Dataset, area: Area) -> date | None:
    """Return the first day on which the area was made of whole authorities; None for as far back as is known.

    Series of an area begin there: before, its homes and children were counted with those of other areas.
    """
    return _history(dataset, area)[1]


def _history(dataset: Dataset, area: Area) -> tuple[tuple[str, ...], date | None]:
    by_name = {authority.name: authority for authority in load_areas().authorities}
    within = set(authority_names(dataset, area))
    while True:
        before: set[str] = set()
        for name in within:
            older = by_name[name].predecessors
            # All of them or none: a part of what came before is not the area as it was.
            if all(set(by_name[one].successors) <= within for one in older):
                before |= set(older)
        if before <= within:
            break
        within |= before
    starts = [
        by_name[name].exists_from
        for name in within
        if by_name[name].predecessors and not set(by_name[name].predecessors) <= within
    ]
    return tuple(sorted(within)), max((day for day in starts if day is not None), default=None)


def region_of(dataset: Dataset, area: Area) -> Area | None:
    """Return the region that the whole area lies in; None for England, a region and a set across regions."""
    current = _current(dataset)
    regions = {current[code].region for code in area.authorities if code in current}
    if area.kind in ("region", "england") or len(regions) != 1:
        return None
    return find_area(dataset, regions.pop())


def _current(dataset: Dataset) -> dict[str, Authority]:
    """Return the current authorities by code, in order of code."""

    def make() -> dict[str, Authority]:
        day = dataset_day(dataset)
        pairs = ((found.code_on(day), found) for found in load_areas().on(day))
        return {code: found for code, found in sorted(pairs, key=lambda pair: str(pair[0])) if code}

    return keep(dataset, "current_authorities", make)


def _find_one(dataset: Dataset, asked: str) -> Area | None:
    """Find what is no set by its own words; None where nothing is."""
    known = keep(dataset, "named_areas", lambda: _named(dataset))
    found = known.get(asked.upper()) or known.get(_key(asked))
    if found is not None:
        return found
    areas = load_areas()
    authority = areas.recognise(asked, dataset_day(dataset)) or areas.recognise(asked)
    return None if authority is None else _of_authority(dataset, areas, authority)


def _named(dataset: Dataset) -> dict[str, Area]:
    """Return England, the regions and the two parts of London under every key they are asked by."""
    current = _current(dataset)
    england = Area("england", "England", "england", tuple(current))
    found = {"ENGLAND": england, _key("England"): england, ENGLAND_CODE: england, _key("all"): england}
    for name, code in REGION_CODES.items():
        members = tuple(key for key, authority in current.items() if authority.region == name)
        region = Area(_slug(name), name, "region", members)
        also = [other for other, meant in _OTHER_SPELLINGS.items() if meant == name]
        for spelling in (code, *map(_key, (name, *also))):
            found[spelling] = region
    for part, (name, code) in _WITHIN_LONDON.items():
        members = tuple(key for key, authority in current.items() if authority.london == part)
        found[code] = found[_key(name)] = Area(_slug(name), name, "set", members)
    return {key: area for key, area in found.items() if area.authorities}


def _of_authority(dataset: Dataset, areas: Areas, authority: Authority) -> Area | None:
    """Return the area of an authority, or of those that followed it."""
    codes = {found.name: code for code, found in _current(dataset).items()}
    if authority.name in codes:
        return Area(_slug(authority.name), authority.name, "authority", (codes[authority.name],))
    names = sorted(_followers(areas, authority, set(codes)))
    if not names:
        return None
    last = authority.exists_until
    ended = f" ended on {last.day} {last:%B %Y}" if last else " is no longer"
    note = f"{authority.name}{ended}; shown is what followed it: {_joined(names)}."
    followers = [Area(_slug(name), name, "authority", (codes[name],)) for name in names]
    return _make_set(dataset, followers, note)


def _followers(areas: Areas, authority: Authority, current: set[str]) -> set[str]:
    by_name = {found.name: found for found in areas.authorities}
    names: set[str] = set()
    for name in authority.successors:
        names |= {name} if name in current else _followers(areas, by_name[name], current)
    return names


def _part(dataset: Dataset, text: str, mark: str) -> Area:
    found = _find_one(dataset, text)
    if found is not None:
        return found
    if mark == "+" and "," in text:
        return find_area(dataset, text)
    raise UsageError(_explain(dataset, text))


def _within_limit(parts: list[str]) -> list[str]:
    if len(parts) > MOST_IN_A_SET:
        raise SetTooLargeError(
            f"A set of {len(parts)} areas: at most {MOST_IN_A_SET} can be joined. "
            "Ask for a region or England."
        )
    return parts


def _make_set(dataset: Dataset, parts: Iterable[Area], note: str = "") -> Area:
    """Join areas into one; what is only one area stays that area."""
    by_slug = {part.slug: part for part in parts}
    members = sorted({code for part in by_slug.values() for code in part.authorities})
    notes = " ".join(dict.fromkeys(filter(None, [note, *(part.note for part in by_slug.values())])))
    # A part within another adds nothing: "West Midlands+Birmingham" is the West Midlands.
    whole = [
        part
        for part in by_slug.values()
        if not any(set(part.authorities) < set(other.authorities) for other in by_slug.values())
    ]
    if len(whole) == 1:
        only = whole[0]
        return Area(only.slug, only.name, only.kind, only.authorities, notes)
    # A part of the set that was itself a set (an abolished county) stands by its members.
    names: dict[str, str] = {}
    current = _current(dataset)
    for part in whole:
        if part.kind == "set" and "," in part.slug:
            names.update({_slug(current[code].name): current[code].name for code in part.authorities})
        else:
            names[part.slug] = part.name
    ordered = sorted(names)
    return Area(",".join(ordered), _joined([names[slug] for slug in ordered]), "set", tuple(members), notes)


def _explain(dataset: Dataset, asked: str) -> str:
    known = list_areas(dataset)
    by_key = {_key(name): name for name in known["name"]}
    near = [by_key[key] for key in get_close_matches(_key(asked), by_key, n=3, cutoff=0.55)]
    shown = asked if len(asked) <= 60 else f"{asked[:60]}..."
    hint = f"Nearest: {', '.join(near)}." if near else "Nothing is near."
    return (
        f"No area '{shown}'. {hint} Give an English local authority with children's services (name or code), "
        "a region, England, or several joined with +."
    )


def _key(name: str) -> str:
    return normalise_authority_name(name)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", normalise_authority_name(name)).strip("-")


def _joined(names: list[str]) -> str:
    if any("," in name or " and " in name for name in names):
        return " + ".join(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
