"""Watching the publishers: fetch, build anew, and say in a feed what changed. Made for cron.

A run may be killed at any moment. What the feed has told already is counted in ``watch.json``, and the
dataset that it speaks of is kept (as links, so it takes no room) until the feed is written: the next run
tells what the killed one did not.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from ofsight.dataset.build import BuildSummary, Progress, build_dataset
from ofsight.dataset.changes import Changes, add_element, find_changes, plain_xml, write_changes
from ofsight.dataset.store import open_dataset
from ofsight.errors import DatasetError, ReleaseError
from ofsight.files import write_text
from ofsight.releases.fetch import OpenDownloader, fetch
from ofsight.releases.locks import locked
from ofsight.releases.outcomes import FetchSummary, Step
from ofsight.releases.publishers import open_downloader
from ofsight.releases.shelf import Shelf
from ofsight.releases.wanted import Held

__all__ = ["FEED", "WatchSummary", "watch"]

FEED: Final = "changes.atom"
_LATEST: Final = "changes.json"
_STATE: Final = "watch.json"
_ATOM: Final = "http://www.w3.org/2005/Atom"
# A feed is read whole each time: what is older stands in the dated files beside it.
_MOST_ENTRIES: Final = 1000
_TOLD: Final = ("series", "period", "title", "published", "retrieved", "sha256", "url", "page")
_WORDS: Final = {"new": "a new file", "changed": "a changed file", "withdrawn": "a file taken back"}


@dataclass(frozen=True)
class WatchSummary:
    """What a run of the watch found.

    Attributes
    ----------
    changed : bool
        Whether a file came, or the dataset is another.
    first : bool
        Whether there was no dataset before, with which to compare.
    fetched : FetchSummary
        What the publishers offered.
    built : BuildSummary
        What was built of it.
    versions : list of dict
        Each version that came since the feed was last written: ``change`` (``new``, ``changed``,
        ``withdrawn``), ``series, period, title, published, retrieved, sha256, url, page``.
    changes : Changes or None
        What changed in the dataset.
    feed : list of str
        Files that were written.
    """

    changed: bool
    first: bool
    fetched: FetchSummary
    built: BuildSummary
    versions: list[dict[str, Any]]
    changes: Changes | None
    feed: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "changed": self.changed,
            "first": self.first,
            "fetched": self.fetched.as_dict(),
            "built": self.built.as_dict(),
            "versions": self.versions,
            "changes": None if self.changes is None else self.changes.counts,
            "feed": self.feed,
        }


def watch(
    *,
    shelf: Path,
    dataset: Path,
    feed: Path,
    series: Sequence[str] = (),
    since: str | None = None,
    progress: Callable[[Step], None] | None = None,
    build_progress: Progress | None = None,
    open_loader: OpenDownloader = open_downloader,
) -> WatchSummary:
    """Fetch what is new, build the dataset anew where anything is, and write what changed to a feed.

    Parameters
    ----------
    shelf, dataset : Path
        Where files are kept, and the dataset of them; both are made where they are not there.
    feed : Path
        Folder of the feed: ``changes.atom`` (of all runs), ``changes.json`` (of the last change) and a dated
        copy of it for each change.
    series, since
        As in `ofsight.releases.fetch.fetch`.
    progress, build_progress : callable, optional
        Called while fetching and while building.
    open_loader : callable
        Gives who asks a publisher's hosts.

    Raises
    ------
    ReleaseError
        When a file cannot be used, or another watch is at work; the dataset stays as it was.
    UsageError, DatasetError
        When a folder is none of the kind that it should be.
    """
    feed.mkdir(parents=True, exist_ok=True)
    with locked(feed / ".watch.lock", "watching into this feed", patience=0.0):
        told = _read_told(feed / _STATE, shelf)
        fetched = fetch(series, to=shelf, since=since, progress=progress, open_loader=open_loader)
        lines = Shelf(shelf).held()
        if not lines and fetched.failed:
            # Not that the shelf is empty, but why.
            raise ReleaseError(f"nothing could be fetched. {fetched.failed[0].reason}", file=shelf)
        before = dataset.parent / f".{dataset.name}.before"
        _keep_before(dataset, before)
        built = build_dataset(shelf, dataset, progress=build_progress)
        first = not before.exists()
        # With nothing to compare, all would be new: that is one piece of news, and not a hundred.
        versions = _versions_since(lines, len(lines) if first else told)
        changes = None if first or _same_build(before, dataset) else find_changes(before, dataset)
        changed = first or bool(versions) or changes is not None
        written: list[str] = []
        if changed:
            written = _write_feed(feed, versions, changes, built)
        write_text(feed / _STATE, json.dumps({"ofsight": "watch", "lines": len(lines)}) + "\n")
        shutil.rmtree(before, ignore_errors=True)
    return WatchSummary(changed, first, fetched, built, versions, changes, written)


def _read_told(path: Path, shelf: Path) -> int:
    """Return of how many lines of the manifest the feed has told; all that are there before its first run."""
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["lines"])
    except FileNotFoundError:
        return len(Shelf(shelf).held())
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseError(
            f"it is damaged ({error}).",
            file=path,
            hint="Remove it: the feed then goes on from what the shelf holds now.",
        ) from None


def _keep_before(dataset: Path, before: Path) -> None:
    """Keep the dataset that the feed speaks of: of a run that was killed, the one of before that run."""
    if before.exists() or not dataset.exists():
        return
    try:
        open_dataset(dataset)
    except DatasetError:
        return  # damaged: the build makes it anew, and there is nothing to compare it with
    half = before.with_name(f"{before.name}.new")
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(dataset, half, copy_function=_link)
    half.rename(before)


def _link(source: str, target: str) -> str:
    """Link a file where the disk can: a build writes new files, and never into the old."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _same_build(one: Path, other: Path) -> bool:
    return open_dataset(one).metadata.get("fingerprint") == open_dataset(other).metadata.get("fingerprint")


def _versions_since(lines: Sequence[Held], told: int) -> list[dict[str, Any]]:
    """Return what came that the feed has not told: other bytes, or bytes taken back; no new address alone."""
    last: dict[tuple[str, str], str | None] = {}
    found = []
    for number, line in enumerate(lines):
        before = last.get(line.key)
        if number >= told and (line.withdrawn or before != line.sha256):
            change = "withdrawn" if line.withdrawn else "changed" if line.key in last else "new"
            found.append({"change": change} | {name: getattr(line, name) for name in _TOLD})
        last[line.key] = None if line.withdrawn else line.sha256
    return found


def _write_feed(
    feed: Path, versions: list[dict[str, Any]], changes: Changes | None, built: BuildSummary
) -> list[str]:
    now = datetime.now(UTC)
    told = {
        "at": now.isoformat(timespec="seconds"),
        "n_releases": built.n_releases,
        "versions": versions,
        "changes": None if changes is None else changes.as_dict(),
    }
    text = json.dumps(told, indent=2, ensure_ascii=False, default=str) + "\n"
    dated = feed / f"changes-{now:%Y%m%dT%H%M%S%f}Z.json"
    write_text(dated, text)
    write_text(feed / _LATEST, text)
    write_text(feed / FEED, _atom(feed / FEED, versions, changes, now))
    return [str(dated), str(feed / _LATEST), str(feed / FEED)]


def _atom(path: Path, versions: list[dict[str, Any]], changes: Changes | None, now: datetime) -> str:
    """Write the feed: what is new before what an earlier run told."""
    ElementTree.register_namespace("", _ATOM)
    moment = now.isoformat(timespec="seconds")
    entries = [_version_entry(version, moment) for version in versions]
    if changes is not None:
        entries += ElementTree.fromstring(write_changes(changes, "atom")).findall(f"{{{_ATOM}}}entry")
    known = {entry.findtext(f"{{{_ATOM}}}id") for entry in entries}
    entries += [entry for entry in _earlier(path) if entry.findtext(f"{{{_ATOM}}}id") not in known]
    root = ElementTree.Element(f"{{{_ATOM}}}feed")
    add_element(root, "id", "urn:ofsight:watch")
    add_element(root, "title", "Children's homes: new and changed releases, and what they change")
    add_element(root, "updated", moment)
    add_element(add_element(root, "author"), "name", "ofsight")
    root.extend(entries[:_MOST_ENTRIES])
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _earlier(path: Path) -> list[ElementTree.Element]:
    """Return the entries of the feed in place; of one that somebody damaged, none."""
    try:
        return ElementTree.parse(path).getroot().findall(f"{{{_ATOM}}}entry")
    except (FileNotFoundError, ElementTree.ParseError):
        return []


def _version_entry(version: dict[str, Any], moment: str) -> ElementTree.Element:
    entry = ElementTree.Element(f"{{{_ATOM}}}entry")
    key = ":".join(str(version[name]) for name in ("series", "period", "sha256", "change"))
    add_element(entry, "id", f"urn:ofsight:release:{key}")
    what = _WORDS[version["change"]]
    add_element(entry, "title", f"{version['series']} {version['period']}: {what}, {version['title']}")
    add_element(entry, "updated", moment)
    ElementTree.SubElement(entry, f"{{{_ATOM}}}category", term=f"release {version['change']}")
    if version["page"]:
        ElementTree.SubElement(entry, f"{{{_ATOM}}}link", href=plain_xml(version["page"]))
    said = f"published {version['published']}" if version["published"] else "no date of publication"
    add_element(entry, "summary", f"{said}; fetched {version['retrieved']}; sha256 {version['sha256']}")
    return entry
