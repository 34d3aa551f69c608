"""What people read of a fetch, of what is published, and of a watch, line by line."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["fetch_lines", "listing_lines", "reports_lines", "watch_lines"]

_STATES = {
    "newer": "newer versions are published",
    "missing": "published and not held",
    "by hand": "to be got by hand (`ofsight add`)",
    "not found": "not found where they were looked for",
    "not offered": "not offered",
    "failed": "could not be asked for",
    "held": "held",
}
_MARKS = {"held": "held", "newer": "NEWER", "missing": "missing", "failed": "FAILED"}
_LISTED = 20
_WIDE = 240
_ADDRESS = 90


def fetch_lines(summary: dict[str, Any]) -> list[str]:
    """Say what came, what did not, and why."""
    counts = summary["counts"]
    files = summary["files"]
    if summary["dry_run"]:
        size = sum(file["size"] or 0 for file in files if file["status"] == "planned")
        said = f"{counts.get('planned', 0):,} files would be fetched, {_size(size)} as far as it is said."
        lines = [f"Fetch (dry run): {said}", *_listed(_of(files, "planned"), lambda file: _name(file))]
    else:
        here = counts.get("unchanged", 0) + counts.get("same bytes", 0)
        lines = [
            f"Fetch: {summary['shelf']}: {counts.get('new', 0):,} new, {counts.get('changed', 0):,} changed, "
            f"{here:,} unchanged, {counts.get('failed', 0):,} failed; {_size(summary['received'])} received."
        ]
        lines += _listed(_of(files, "new", "changed"), lambda file: f"{file['status']}: {_name(file)}")
    found = [file for file in files if file["found"] and file["status"] not in ("not offered", "failed")]
    if found:
        periods = ", ".join(dict.fromkeys(f"{file['publication']} {file['period']}" for file in found))
        lines.append(
            f"  Editions that the catalogue does not list yet: {periods}. Look at them before you cite them."
        )
    for status, what in (("failed", "Failed"), ("not found", "Not found"), ("by hand", "By hand")):
        lines += [f"  {what}: {line}" for line in _by_reason(_of(files, status))]
    absent = len(_of(files, "not offered"))
    if absent:
        lines.append(f"  Not offered by their editions, and not needed: {absent:,} files; --json lists them.")
    return lines


def listing_lines(listing: dict[str, Any]) -> list[str]:
    """Say, publication by publication, what is held and what is not."""
    counts = ", ".join(
        f"{listing['counts'][state]:,} {what}"
        for state, what in _STATES.items()
        if state in listing["counts"]
    )
    source = "publishers asked today" if listing["asked"] else "by the catalogue, nobody asked"
    lines = [f"Releases: {listing['shelf']} ({source}): {counts or 'nothing'}."]
    by_publication: dict[str, list[dict[str, Any]]] = {}
    for file in listing["files"]:
        by_publication.setdefault(file["publication"] or "on the shelf, and not in the catalogue", []).append(
            file
        )
    for publication, files in by_publication.items():
        lines.append(f"  {publication}: {files[0]['publisher']}")
        lines += [f"    {_MARKS.get(file['state'], file['state']):<11} {_about(file)}" for file in files]
    return lines


def watch_lines(summary: dict[str, Any]) -> list[str]:
    """Say what a watch found, and where it is told."""
    lines = fetch_lines(summary["fetched"])
    if not summary["changed"]:
        return [*lines, "Watch: nothing changed."]
    if summary["first"]:
        lines.append(
            f"Watch: the first dataset, {summary['built']['dataset']}; the next run compares with it."
        )
    lines += [
        f"  {version['change']}: {version['series']} {version['period']}" for version in summary["versions"]
    ]
    if summary["changes"] is not None:
        told = ", ".join(f"{n:,} {kind}" for kind, n in summary["changes"].items())
        lines.append(f"Watch: the dataset changed: {told}.")
    return [*lines, *(f"Feed: {path}" for path in summary["feed"])]


def reports_lines(summary: dict[str, Any]) -> list[str]:
    """Say which inspection reports came."""
    lines = [
        f"Reports: {summary['n_new']:,} new, {summary['n_held']:,} held before, of {summary['n_listed']:,} "
        f"listed; {summary['n_asked']:,} of {summary['n_homes']:,} homes asked for, of which "
        f"{summary['n_unchanged']:,} unchanged.",
        *(f"  Failed: {urn}: {_cut(why)}" for urn, why in summary["failed"].items()),
    ]
    if summary["missing"]:
        lines.append(f"  Without a page: {len(summary['missing']):,} homes.")
    return [*lines, f"  Stopped: {summary['stopped']}"] if summary["stopped"] else lines


def _of(files: list[dict[str, Any]], *statuses: str) -> list[dict[str, Any]]:
    return [file for file in files if file["status"] in statuses]


def _name(file: dict[str, Any]) -> str:
    size = f", {_size(file['size'])}" if file["size"] else ""
    return f"{file['series']} {file['period']}: {_cut(file['title'])}{size}"


def _about(file: dict[str, Any]) -> str:
    words = [f"{file['series']} {file['period']}"]
    if file["retrieved"]:
        words.append(f"held since {file['retrieved'][:10]}")
    if file["held_published"]:
        words.append(f"published {file['held_published'][:10]}")
    if file["published"] and file["state"] in ("newer", "missing"):
        words.append(f"offered: {file['published'][:10]}")
    if file["found"]:
        words.append("not in the catalogue yet")
    return "; ".join(words) + (f": {_cut(file['reason'])}" if file["reason"] else "")


def _listed(files: list[dict[str, Any]], tell: Any) -> list[str]:
    more = len(files) - _LISTED
    shown = [f"    {tell(file)}" for file in files[:_LISTED]]
    return [*shown, f"    and {more:,} more; --json lists all"] if more > 0 else shown


def _by_reason(files: list[dict[str, Any]]) -> list[str]:
    """Say each reason once, after all that it holds for: a publisher that is down is one line."""
    together: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        together.setdefault(file["reason"], []).append(file)
    return [f"{_named(held_for)}: {_cut(reason)}" for reason, held_for in together.items()]


def _named(files: list[dict[str, Any]]) -> str:
    """Name files by series and period; those of many publications by these alone."""
    publications = list(dict.fromkeys(file["publication"] for file in files))
    if len(publications) > 1:
        return f"{len(files):,} files of {', '.join(publications)}"
    series: dict[str, list[str]] = {}
    for file in files:
        series.setdefault(file["series"], []).append(file["period"])
    return "; ".join(f"{name} {', '.join(periods)}" for name, periods in series.items())


def _cut(text: str) -> str:
    """Shorten what a line cannot hold: addresses first, which hide what is said after them."""
    plain = " ".join(text.split())
    if len(plain) > _WIDE:
        plain = re.sub(rf"(https?://\S{{{_ADDRESS}}})\S+?(:?)(?=\s|$)", r"\1…\2", plain)
    return plain if len(plain) <= _WIDE else f"{plain[: _WIDE - 1]}…"


def _size(n: int) -> str:
    return f"{n / 1e6:,.1f} MB" if n >= 100_000 else f"{n / 1e3:,.1f} kB"
