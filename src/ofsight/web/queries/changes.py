"""What changed from one list of homes to another, and what newer releases say otherwise than older ones."""

from __future__ import annotations

from datetime import date
from itertools import islice, pairwise
from typing import Final
from xml.etree import ElementTree

import polars as pl

from ofsight.report.wording import count, day, release_day
from ofsight.web.answer import Answer, Field, Heading, Part
from ofsight.web.problems import Refusal
from ofsight.web.sources import Sources

__all__ = ["REVISION_FIELDS", "between", "feed", "list_days"]

REVISION_FIELDS: Final = (
    Field("inspected_on", "Inspected", "date"),
    Field("column", "What"),
    Field("old_value", "Older release says"),
    Field("new_value", "Newer release says"),
    Field("old_release", "Older release"),
    Field("new_release", "Newer release"),
)
"""How a row of table ``revisions`` is shown."""

_ATOM: Final = "http://www.w3.org/2005/Atom"
_KINDS: Final = {
    "new": "on the newer list only",
    "left": "on the older list only",
    "owner": "another owner",
    "sector": "another sector",
    "places": "another number of places",
    "grade": "another overall grade of the latest full inspection",
}


def list_days(sources: Sources) -> list[date]:
    """Return the days of the lists, newest first."""
    days = sources.dataset["home_snapshots"].select(pl.col("listed_on").unique().sort(descending=True))
    return days["listed_on"].to_list()


def _changed(older: pl.DataFrame, newer: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each thing that differs between two lists."""
    both = older.join(newer, on="urn", how="inner", suffix="_new")
    rows = [
        newer.join(older, on="urn", how="anti").select(
            "urn",
            "authority",
            kind=pl.lit("new"),
            before=pl.lit(None, pl.String),
            after=pl.col("sector").cast(pl.String),
        ),
        older.join(newer, on="urn", how="anti").select(
            "urn",
            "authority",
            kind=pl.lit("left"),
            before=pl.col("sector").cast(pl.String),
            after=pl.lit(None, pl.String),
        ),
    ]
    for kind, key, shown in (
        ("owner", "owner_id", "owner"),
        ("sector", "sector", "sector"),
        ("places", "places", "places"),
        ("grade", "latest_overall", "latest_overall"),
    ):
        # A thing that one of the lists does not say has not changed.
        differ = both.filter(pl.col(key).is_not_null() & (pl.col(key) != pl.col(f"{key}_new")))
        rows.append(
            differ.select(
                "urn",
                pl.col("authority_new").alias("authority"),
                kind=pl.lit(kind),
                before=pl.col(shown).cast(pl.String),
                after=pl.col(f"{shown}_new").cast(pl.String),
            )
        )
    return pl.concat(rows).sort("kind", "authority", "urn")


def _between(sources: Sources, since: date, to: date) -> pl.DataFrame:
    snapshots = sources.dataset["home_snapshots"]
    lists = (snapshots.filter(pl.col("listed_on") == one) for one in (since, to))
    return _changed(*lists)


def _chosen(sources: Sources, since: date | None, to: date | None) -> tuple[date, date] | None:
    days = list_days(sources)
    if len(days) < 2 and since is None and to is None:
        return None
    known = ", ".join(one.isoformat() for one in days)
    for one in (since, to):
        if one is not None and one not in days:
            raise Refusal(422, f"There is no list of {one.isoformat()}. There are lists of: {known}.")
    newer = to or days[0]
    before = [one for one in days if one < newer]
    older = since or (before[0] if before else None)
    if older is None or older >= newer:
        raise Refusal(422, f"`from` must be a list before `to`. There are lists of: {known}.")
    return older, newer


def _revisions(sources: Sources) -> Part:
    frame = sources.dataset["revisions"].sort("new_release", "urn", descending=[True, False])
    return Part(
        "revisions",
        "Inspections of which a newer release says otherwise than an older one",
        frame,
        (
            Field("urn", "Home", link="/homes/{urn}"),
            *REVISION_FIELDS,
        ),
        "Source: Ofsted, releases as named in each row. The newer word stands.",
        most=150,
        stacked=True,
    )


def between(sources: Sources, since: date | None = None, to: date | None = None) -> Answer:
    """Answer what changed from one list of homes to another; the two newest when none is named."""
    chosen = _chosen(sources, since, to)
    if chosen is None:
        empty = "There are not two lists of homes to compare."
        return Answer(
            "/changes", "Changes", (Heading("Revisions"), _revisions(sources)), lead=empty, extra={"days": []}
        )
    older, newer = chosen
    frame = sources.once(f"changes {older} {newer}", lambda: _between(sources, older, newer))
    counts = pl.DataFrame(
        {
            "kind": list(_KINDS),
            "what": list(_KINDS.values()),
            "n": [frame.filter(pl.col("kind") == kind).height for kind in _KINDS],
        }
    )
    asked = f"?from={older}&to={newer}" if since or to else ""
    title = f"Changes from {day(older.isoformat())} to {day(newer.isoformat())}"
    source = "Source: Ofsted, the lists of homes of the two days."
    return Answer(
        f"/changes{asked}",
        title,
        (
            Part(
                "counts",
                "Homes that changed",
                counts,
                (
                    Field("kind", "Change", shown=False),
                    Field("what", "Homes with"),
                    Field("n", "Homes", "count"),
                ),
                source,
            ),
            Heading("Homes"),
            Part(
                "homes",
                "What changed, home by home",
                frame,
                (
                    Field("urn", "Home", link="/homes/{urn}"),
                    Field("authority", "Local authority"),
                    Field("kind", "Change"),
                    Field("before", "Before"),
                    Field("after", "After"),
                ),
                source,
                note="A change of owner is of the owner as linked, not of its spelling. What one of the "
                "lists does not say has not changed.",
                most=200,
                folded=True,
            ),
            Heading("Revisions"),
            _revisions(sources),
        ),
        lead=f"{count(counts['n'][0])} homes are new on the newer list, {count(counts['n'][1])} "
        "have left it.",
        extra={"days": list_days(sources), "older": older, "newer": newer},
    )


def feed(sources: Sources) -> bytes:
    """Return an Atom feed: an entry for each list of homes, newest first."""
    ElementTree.register_namespace("", _ATOM)
    root = ElementTree.Element(f"{{{_ATOM}}}feed")
    built = str(sources.dataset.metadata.get("built_at") or "1970-01-01T00:00:00+00:00")

    def add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
        child = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
        child.text = text or None
        return child

    add(root, "title", "Children’s homes in England: changes")
    add(root, "id", "tag:ofsight,2026:changes")
    add(root, "updated", built)
    add(root, "link", rel="self", type="application/atom+xml", href="/changes.atom")
    add(root, "link", rel="alternate", href="/changes")
    author = add(root, "author")
    add(author, "name", "ofsight")
    newest = release_day(sources.dataset.metadata.get("newest_release"))
    add(root, "subtitle", f"Newest inspection release: {newest}")
    days = list_days(sources)
    for newer, older in islice(pairwise(days), 20):
        entry = add(root, "entry")
        add(entry, "title", f"List of homes of {day(newer.isoformat())}")
        add(entry, "id", f"tag:ofsight,2026:list/{newer}")
        add(entry, "updated", f"{newer}T00:00:00+00:00")
        add(entry, "link", rel="alternate", href=f"/changes?from={older}&to={newer}")
        words = between(sources, older, newer).lead
        add(entry, "summary", f"Since {day(older.isoformat())}: {words}")
    made: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return made
