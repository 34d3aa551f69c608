"""What people read of a build and of a study, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ofsight.errors import one_line

__all__ = ["build_lines", "study_lines"]

# Entries of a list, files named in one, and letters of a name or reason; the rest is left to --json.
_LISTED = 15
_NAMED = 3
_WIDE = 120
_HASH = re.compile(r"(?<![0-9a-f])([0-9a-f]{12})[0-9a-f]{52}(?![0-9a-f])")


def build_lines(summary: dict[str, Any]) -> list[str]:
    """Say what a build recognised, kept, set aside and passed over."""
    if summary["unchanged"]:
        return [
            f"Dataset: {summary['dataset']} is up to date with its {summary['n_files']} files; nothing to do."
        ]
    aside = ", ".join(f"{n:,} {reason}" for reason, n in summary["set_aside"].items())
    known = len(summary["passed_over"])
    recognised = [
        f"{item['release']}: {_place(item)}, {item['n_read']:,} rows" for item in summary["recognised"]
    ]
    passed: dict[str, dict[str, list[str]]] = {}
    for item in summary["passed_over"]:
        sheets = passed.setdefault(item["reason"], {}).setdefault(item["file"], [])
        sheets.extend([item["sheet"]] if item["sheet"] else [])
    return [
        *(["Synthetic releases: no number is about a real home."] if summary["synthetic"] else []),
        *([f"Vintage: as published by {summary['as_of']}."] if summary.get("as_of") else []),
        f"Dataset: {summary['dataset']}: {summary['tables']['inspections']:,} inspections of "
        f"{summary['tables']['homes']:,} homes from {summary['n_releases']} releases.",
        *_listed(recognised),
        *_reports_kept(summary),
        f"  Rows: {summary['n_read']:,} read = {summary['n_kept']:,} kept + {summary['n_set_aside']:,} set "
        "aside" + (f" ({aside})." if aside else "."),
        f"  Passed over: {known:,} files or sheets. Findings: {summary['n_findings']}; see table 'findings'.",
        *_listed(
            [f"{_first_of(map(_sheets_of, files.items()))}: {_cut(why)}" for why, files in passed.items()]
        ),
    ]


def _reports_kept(summary: dict[str, Any]) -> list[str]:
    """Say that reports that are not among the releases were taken over from the dataset that stood there."""
    n = summary.get("n_reports_kept", 0)
    if not n:
        return []
    return [f"  Reports: {n:,} added before by 'ofsight reports' {'is' if n == 1 else 'are'} kept."]


def study_lines(summary: dict[str, Any]) -> list[str]:
    """Say what a study found, and how it stands against what was published."""
    lines = [
        f"Study: {summary['to']}: {summary['n_inspections']:,} inspections of {summary['n_homes']:,} homes, "
        f"{summary['seconds']:.1f} s."
    ]
    for outcome, ratios in summary["odds_ratios"].items():
        cells = ", ".join(
            f"{sector.replace('_', ' ')} {ratio:.3f} ({low:.3f} to {high:.3f})"
            for sector, (ratio, low, high) in ratios.items()
            if ratio is not None and low is not None and high is not None
        )
        lines.append(f"  Odds of a higher grade against local authority, {outcome}: {cells}")
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in summary["verdicts"].items() if n)
    return [*lines, f"  Ledger: {verdicts}."] if verdicts else lines


def _place(item: dict[str, Any]) -> str:
    file = _short(item["file"])
    return f"{file}, sheet {item['sheet']}" if item["sheet"] else file


def _short(file: str) -> str:
    """Cut a name that is a hash, as a shelf has them, to what tells it from others."""
    return _HASH.sub(r"\1…", file)


def _sheets_of(entry: tuple[str, list[str]]) -> str:
    file, sheets = entry
    named = _cut(_short(file))
    return f"{named} ({_first_of(sheets)})" if sheets else named


def _first_of(names: Iterable[str]) -> str:
    named = list(names)
    more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more


def _cut(text: str) -> str:
    return text if len(text) <= _WIDE else f"{text[: _WIDE - 3]}..."


def _listed(entries: list[str]) -> list[str]:
    """Indent the first entries of a list, and say how many more there are and where they stand."""
    more = len(entries) - _LISTED
    shown = [f"    {one_line(entry)}" for entry in entries[:_LISTED]]
    return [*shown, f"    and {more:,} more; --json lists all"] if more > 0 else shown
