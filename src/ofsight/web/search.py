"""Finding areas, owners and homes by what somebody types, right spelling or not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from rapidfuzz import fuzz, process

from ofsight.profiles.area import list_areas
from ofsight.profiles.owner import list_owners
from ofsight.web.sources import Sources

__all__ = ["MOST", "Found", "find", "index_of"]

MOST: Final = 50
_LONGEST: Final = 100
_ENOUGH: Final = 72.0
_URN: Final = re.compile(r"(?:sc)?\d{3,7}", re.IGNORECASE)
_KINDS: Final = {"authority": "Local authority", "region": "Region", "england": "Country"}


@dataclass(frozen=True, slots=True)
class Found:
    """Something that can be shown.

    Parameters
    ----------
    label : str
        What it is called.
    kind : str
        What it is, in a word or two.
    address : str
        Its page.
    weight : float
        How much it matters among equals: homes of an owner, say.
    """

    label: str
    kind: str
    address: str
    weight: float = 0.0


@dataclass(frozen=True)
class _Index:
    """Everything with a name, and the URNs."""

    entries: tuple[Found, ...]
    keys: tuple[str, ...]
    urns: tuple[str, ...]


def _key(words: str) -> str:
    """Return words as they are compared: no accents, no case, no punctuation, ``&`` read as ``and``."""
    plain = unicodedata.normalize("NFKD", words.replace("&", " and ")).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain.lower()).split())


def index_of(sources: Sources) -> _Index:
    """Return the index, made once for these sources."""

    def make() -> _Index:
        areas = [
            Found(
                row["name"],
                _KINDS.get(row["kind"], "Area"),
                f"/areas/{row['slug']}",
                1e6 if row["kind"] != "authority" else 1e5,
            )
            for row in list_areas(sources.dataset).iter_rows(named=True)
        ]
        owners = [
            Found(
                row["name"],
                "Group" if row["kind"] == "group" else "Owner",
                f"/owners/{row['slug']}",
                float(row["n_homes"] or 0),
            )
            for row in list_owners(sources.dataset).iter_rows(named=True)
        ]
        entries = (*areas, *owners)
        urns = tuple(sources.dataset["homes"].select(pl.col("urn").sort())["urn"].to_list())
        return _Index(entries, tuple(_key(found.label) for found in entries), urns)

    return sources.once("search index", make)


def find(sources: Sources, words: str, limit: int = 10) -> list[Found]:
    """Return what words may mean, best first.

    A URN, whole or its beginning, gives homes. Names are taken as they begin, as their words begin, or, where
    neither is, as they are most like: ``birmingam`` finds Birmingham.
    """
    index = index_of(sources)
    asked = _key(words[:_LONGEST])
    if not asked:
        return []
    limit = min(limit, MOST)
    if _URN.fullmatch(asked.replace(" ", "")):
        return _homes(index.urns, asked.replace(" ", "").upper(), limit)
    return _named(index, asked, limit)


def _homes(urns: Sequence[str], asked: str, limit: int) -> list[Found]:
    wanted = asked.removeprefix("SC")
    hits = [urn for urn in urns if urn.upper() == asked or urn.upper().removeprefix("SC").startswith(wanted)]
    hits.sort(key=lambda urn: (urn.upper() != asked and urn.removeprefix("SC") != wanted, len(urn), urn))
    return [Found(f"Home {urn}", "Home", f"/homes/{urn}") for urn in hits[:limit]]


def _named(index: _Index, asked: str, limit: int) -> list[Found]:
    scored: dict[int, tuple[float, float]] = {}
    for place, key in enumerate(index.keys):
        if key == asked:
            rank = 300.0
        elif key.startswith(asked):
            rank = 200.0
        elif f" {asked}" in f" {key}":
            rank = 150.0
        else:
            continue
        scored[place] = (rank, index.entries[place].weight)
    if len(scored) < limit:
        alike = process.extract(asked, index.keys, scorer=fuzz.WRatio, limit=limit * 2, score_cutoff=_ENOUGH)
        for _, score, place in alike:
            scored.setdefault(place, (score, index.entries[place].weight))
    order = sorted(
        scored, key=lambda place: (-scored[place][0], -scored[place][1], index.entries[place].label)
    )
    return [index.entries[place] for place in order[:limit]]
