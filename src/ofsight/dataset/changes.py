"""What a newer dataset says that an older did not: homes new, closed, re-graded, re-owned; words restated.

Two datasets built by one ofsight from different releases are compared home by home and inspection by
inspection, so that a change is a change of the releases.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import polars as pl

from ofsight.dataset.store import Dataset, open_dataset
from ofsight.errors import UsageError
from ofsight.vocabulary import InspectionType

__all__ = [
    "CHANGES",
    "FORMATS",
    "Changes",
    "add_element",
    "compare_datasets",
    "find_changes",
    "plain_xml",
    "write_changes",
]

CHANGES: Final[dict[str, Any]] = {
    "kind": pl.String,
    "urn": pl.String,
    "authority": pl.String,
    "on": pl.Date,
    "what": pl.String,
    "old_value": pl.String,
    "new_value": pl.String,
    "release": pl.String,
}
FIRST_SEEN: Final = "first seen"
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
KINDS: Final = {
    "new": "homes registered since the older dataset's last list",
    "closed": "homes that have left the register since, or since are known to have",
    "re-graded": "homes whose newest graded full inspection has another overall grade",
    "re-owned": "homes whose owner is another",
    "restated": "inspections of which the newer dataset says otherwise what both hold",
    FIRST_SEEN: "homes of before the older dataset's last list that the older dataset does not hold",
}
FORMATS: Final = ("json", "csv", "atom")
_RESTATED: Final = ("overall", "protection", "leadership", "inspection_type", "sector")
_ATOM: Final = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True)
class Changes:
    """What changed between two datasets.

    Attributes
    ----------
    old, new : str
        The newest release of each.
    old_built_at, new_built_at : str
        When each was built.
    releases : list of str
        Releases that only the newer one holds.
    counts : dict of str to int
        Changes by kind; "first seen" only where there are any.
    table : DataFrame
        One change a row: ``kind, urn, authority, on, what, old_value, new_value, release``.
    """

    old: str
    new: str
    old_built_at: str
    new_built_at: str
    releases: list[str]
    counts: dict[str, int]
    table: pl.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON, dates as text."""
        return {
            "old": self.old,
            "new": self.new,
            "old_built_at": self.old_built_at,
            "new_built_at": self.new_built_at,
            "releases": self.releases,
            "counts": self.counts,
            "changes": self.table.with_columns(pl.col("on").cast(pl.String)).to_dicts(),
        }


def find_changes(old: Path, new: Path) -> Changes:
    """Compare two dataset folders.

    Raises
    ------
    DatasetError
        When one of them is no dataset.
    UsageError
        When they are one dataset, or synthetic and real.
    """
    if old.resolve() == new.resolve():
        raise UsageError(f"{old} and {new} are one dataset. Give an older and a newer one.")
    one, other = open_dataset(old), open_dataset(new)
    if (one.synthetic is None) != (other.synthetic is None):
        raise UsageError("One of the datasets is synthetic and the other is not: they cannot be compared.")
    return compare_datasets(one, other)


def compare_datasets(old: Dataset, new: Dataset) -> Changes:
    """Compare two datasets, the older first."""
    known = old.homes.select("urn")
    pieces = [
        _new_homes(old.homes, new.homes, _last_day(old)),
        _closed(old.homes, new.homes),
        _regraded(old.inspections, new.inspections, known),
        _reowned(old.home_snapshots, new.home_snapshots),
        *(_restated(old.inspections, new.inspections, column) for column in _RESTATED),
    ]
    rank = {kind: number for number, kind in enumerate(KINDS)}
    table = (
        pl.concat(
            [piece.select(pl.col(name).cast(kind) for name, kind in CHANGES.items()) for piece in pieces]
        )
        .with_columns(rank=pl.col("kind").replace_strict(rank, return_dtype=pl.Int64))
        .sort("rank", "on", "urn", "what")
        .drop("rank")
    )
    releases = new.releases.join(old.releases, on=["release", "sha256"], how="anti")["release"].sort()
    counted = dict(table["kind"].value_counts().iter_rows())
    return Changes(
        old=str(old.metadata.get("newest_release")),
        new=str(new.metadata.get("newest_release")),
        old_built_at=str(old.metadata.get("built_at")),
        new_built_at=str(new.metadata.get("built_at")),
        releases=releases.to_list(),
        counts={kind: counted.get(kind, 0) for kind in KINDS if kind != FIRST_SEEN or kind in counted},
        table=table,
    )


def _change(frame: pl.DataFrame, kind: str | pl.Expr, **columns: Any) -> pl.DataFrame:
    columns["kind"] = kind if isinstance(kind, pl.Expr) else pl.lit(kind)
    missing = {name: pl.lit(None) for name in CHANGES if name not in (*columns, *frame.columns)}
    return frame.with_columns(**missing, **columns)


def _last_day(old: Dataset) -> date | None:
    """Return the day of a dataset's last list, or of its last inspection where it holds no list."""
    lists, visits = old.home_snapshots["listed_on"].max(), old.inspections["inspected_on"].max()
    last = lists if lists is not None else visits
    return last if isinstance(last, date) else None


def _new_homes(old: pl.DataFrame, new: pl.DataFrame, known_to: date | None) -> pl.DataFrame:
    """Find homes that only the newer dataset holds: new ones, and old ones that older releases brought in."""
    days = ("registered_on", "first_listed_on", "first_inspected_on")
    opened = new.join(old, on="urn", how="anti")
    there = pl.min_horizontal(*days) <= pl.lit(known_to, dtype=pl.Date)
    return _change(
        opened,
        pl.when(there).then(pl.lit(FIRST_SEEN)).otherwise(pl.lit("new")),
        on=pl.coalesce(*days),
        what=pl.lit("home"),
        new_value=pl.col("sector").cast(pl.String),
    )


def _closed(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    before = old.filter(pl.col("closed_on").is_not_null()).select("urn")
    closed = new.filter(pl.col("closed_on").is_not_null()).join(before, on="urn", how="anti")
    return _change(closed, "closed", on="closed_on", what=pl.lit("registration"), new_value="closure_status")


def _regraded(old: pl.DataFrame, new: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    pairs = _newest_grade(old).join(_newest_grade(new), on="urn", suffix="_new").join(known, on="urn")
    changed = pairs.filter(
        pl.col("inspected_on_new") > pl.col("inspected_on"), pl.col("overall_new") != pl.col("overall")
    )
    return _change(
        changed,
        "re-graded",
        on="inspected_on_new",
        what=pl.lit("overall"),
        old_value=pl.col("overall").cast(pl.String),
        new_value=pl.col("overall_new").cast(pl.String),
        authority="authority_new",
        release="release_new",
    )


def _newest_grade(inspections: pl.DataFrame) -> pl.DataFrame:
    graded = inspections.filter(
        pl.col("inspection_type") == InspectionType.FULL, pl.col("overall").is_not_null()
    )
    newest = graded.sort("urn", "inspected_on").unique("urn", keep="last", maintain_order=True)
    return newest.select("urn", "inspected_on", "overall", "authority", "release")


def _reowned(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    pairs = _newest_owner(old).join(_newest_owner(new), on="urn", suffix="_new")
    changed = pairs.filter(
        pl.col("listed_on_new") > pl.col("listed_on"), pl.col("owner_id_new") != pl.col("owner_id")
    )
    return _change(
        changed,
        "re-owned",
        on="listed_on_new",
        what=pl.lit("owner"),
        old_value="owner",
        new_value="owner_new",
        authority="authority_new",
        release="release_new",
    )


def _newest_owner(snapshots: pl.DataFrame) -> pl.DataFrame:
    owned = snapshots.filter(pl.col("owner_id").is_not_null())
    newest = owned.sort("urn", "listed_on").unique("urn", keep="last", maintain_order=True)
    return newest.select("urn", "listed_on", "owner", "owner_id", "authority", "release")


def _restated(old: pl.DataFrame, new: pl.DataFrame, column: str) -> pl.DataFrame:
    """Find inspections that both hold and of which they say different things."""
    pairs = old.select("urn", "inspected_on", column).join(
        new.select("urn", "inspected_on", "authority", "release", column),
        on=["urn", "inspected_on"],
        suffix="_new",
    )
    changed = pairs.filter(pl.col(column).ne_missing(pl.col(f"{column}_new")))
    return _change(
        changed,
        "restated",
        on="inspected_on",
        what=pl.lit(column),
        old_value=pl.col(column).cast(pl.String),
        new_value=pl.col(f"{column}_new").cast(pl.String),
    )


def write_changes(changes: Changes, kind: str) -> str:
    """Return changes as JSON, CSV or an Atom feed.

    Raises
    ------
    UsageError
        When the format is none of these.
    """
    if kind == "json":
        return json.dumps(changes.as_dict(), indent=2, ensure_ascii=False) + "\n"
    if kind == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(changes.table.columns)
        writer.writerows(changes.table.iter_rows())
        return out.getvalue()
    if kind == "atom":
        return _atom(changes)
    raise UsageError(f"'{kind}' is no format of changes. The formats are: {', '.join(FORMATS)}.")


def _atom(changes: Changes) -> str:
    """Write one entry a change; its id is the same whenever the same change is found."""
    ElementTree.register_namespace("", _ATOM)
    feed = ElementTree.Element(f"{{{_ATOM}}}feed")
    add_element(feed, "id", f"urn:ofsight:changes:{changes.new}")
    add_element(feed, "title", f"Children's homes: changes from {changes.old} to {changes.new}")
    add_element(feed, "updated", changes.new_built_at)
    add_element(add_element(feed, "author"), "name", "ofsight")
    for row in changes.table.iter_rows(named=True):
        entry = add_element(feed, "entry")
        key = ":".join(str(row[name]) for name in ("kind", "urn", "on", "what", "new_value"))
        add_element(entry, "id", f"urn:ofsight:change:{key.replace(' ', '-')}")
        add_element(entry, "title", _sentence(row))
        add_element(entry, "updated", changes.new_built_at)
        ElementTree.SubElement(entry, f"{{{_ATOM}}}category", term=row["kind"])
        add_element(entry, "summary", f"{KINDS[row['kind']]}; release {row['release'] or changes.new}")
    return ElementTree.tostring(feed, encoding="unicode", xml_declaration=True) + "\n"


def add_element(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    """Add an element of a feed, its text such as XML may hold."""
    child = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}")
    child.text = None if text is None else plain_xml(text)
    return child


def plain_xml(text: str) -> str:
    """Return a text with all that no XML may hold replaced: one such letter, and no reader takes the feed."""
    return _NO_XML.sub("\ufffd", text)


def _sentence(row: Mapping[str, Any]) -> str:
    where = f"Home {row['urn']}" + (f" ({row['authority']})" if row["authority"] else "")
    if row["kind"] in ("new", FIRST_SEEN):
        return f"{where}: {row['kind']}, {row['new_value']}"
    if row["kind"] == "closed":
        return f"{where}: {row['new_value'] or 'left the register'} on {row['on']}"
    return f"{where}: {row['what']} {row['old_value'] or 'none'} to {row['new_value'] or 'none'}, {row['on']}"
