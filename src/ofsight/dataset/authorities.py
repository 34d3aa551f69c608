"""Inspections of local authorities made one row each, from releases that say different halves of it.

The lists and the year's sheets print an inspection's first day, the histories its publication. Two rows of
one authority and framework are one inspection when the report came out within `_REPORTED_WITHIN` of the first
day and the overall grades are alike; or when they print the same day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import polars as pl

from ofsight.dataset.areas import match_areas
from ofsight.dataset.stack import stack_records
from ofsight.dataset.tables_authorities import AUTHORITY_TABLES
from ofsight.harmonise.authority_inspections import AUTHORITY_JUDGEMENTS
from ofsight.harmonise.findings import Finding
from ofsight.harmonise.rows import HarmonisedTable
from ofsight.link.areas import MatchStatus

__all__ = ["gather_authority_records", "reconcile_authority_inspections", "unmatched_areas"]

_KINDS = ("authority inspections", "authority history")
# Reports have come out 21 to 120 days after the first day; the pandemic's took longest.
_REPORTED_WITHIN = timedelta(days=200)
_USUAL_DELAY = timedelta(days=60)
_DAYS_APART = timedelta(days=14)
# Re-inspections under SIF went on into 2018; those stand in the histories, under their name.
_FRAMEWORKS = (
    (date(2018, 1, 1), "ILACS"),
    (date(2013, 11, 1), "SIF"),
    (date.min, "SLAC"),
)
_TOLD = (
    "inspection_type",
    "inspected_on",
    "published_on",
    *(name for domain in AUTHORITY_JUDGEMENTS for name in (domain, f"{domain}_as_published")),
    "theme",
)


def gather_authority_records(tables: Iterable[HarmonisedTable]) -> pl.DataFrame:
    """Stack what all releases say of inspections of authorities: table ``authority_records``."""
    records = stack_records(tables, _KINDS)
    if records is None:
        return pl.DataFrame(
            schema=AUTHORITY_TABLES[1].schema() | {"edition": pl.Date, "area_status": pl.String}
        )
    records = records.with_columns(day=pl.coalesce("inspected_on", "published_on"))
    return match_areas(records, "local_authority", "day").drop("day")


def unmatched_areas(frame: pl.DataFrame, name: str, table: str) -> list[Finding]:
    """Return a finding for each name that is no authority of England."""
    strangers = frame.filter(pl.col("area_status").is_in([MatchStatus.UNMATCHED.value]))
    return [
        Finding("area-not-matched", f"'{text}' ({table}) is no local authority known to ofsight", n=n)
        for text, n in strangers[name].value_counts(sort=True).iter_rows()
    ]


def reconcile_authority_inspections(records: pl.DataFrame) -> pl.DataFrame:
    """Make one row an inspection of what all releases say: table ``authority_inspections``.

    Parameters
    ----------
    records : DataFrame
        From `gather_authority_records`, oldest edition first.
    """
    rows = [row for row in records.iter_rows(named=True) if row["authority"] is not None]
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["authority"], []).append(row)
    merged = [_merge(event) for group in groups.values() for event in _events(group)]
    frame = pl.DataFrame(merged, schema=AUTHORITY_TABLES[0].schema(), orient="row")
    return frame.sort("authority", "on", "framework").unique(
        ["authority", "framework", "on"], keep="last", maintain_order=True
    )


def _events(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Group one authority's rows into inspections."""
    events: list[list[dict[str, Any]]] = []
    # Rows with a first day before those that only know the report's, so that each of these finds its own.
    for row in sorted(
        rows, key=lambda row: (row["inspected_on"] is None, row["inspected_on"] or row["published_on"])
    ):
        fitting = [event for event in events if _fits(row, event)]
        if fitting:
            min(fitting, key=lambda event: _distance(row, event)).append(row)
        else:
            events.append([row])
    return events


def _framework_on(day: date) -> str:
    """Return the framework of a judgement that no release names, by its first day."""
    return next(name for start, name in _FRAMEWORKS if day >= start)


def _fits(row: dict[str, Any], event: list[dict[str, Any]]) -> bool:
    frameworks = {other["framework"] for other in (row, *event)} - {None}
    return (
        len(frameworks) < 2
        and any(_same(row, other) for other in event)
        and not any(_contradict(row, other) for other in event if other["edition"] == row["edition"])
    )


def _contradict(row: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two rows of one edition print two days of one kind: then they are two inspections."""
    return any(
        row[name] is not None and other[name] is not None and abs(row[name] - other[name]) > _DAYS_APART
        for name in ("inspected_on", "published_on")
    )


def _same(row: dict[str, Any], other: dict[str, Any]) -> bool:
    for name in ("inspected_on", "published_on"):
        if row[name] is not None and other[name] is not None:
            return bool(abs(row[name] - other[name]) <= _DAYS_APART)
    began = row["inspected_on"] or other["inspected_on"]
    reported = row["published_on"] or other["published_on"]
    if began is None or reported is None:
        return False
    # From April 2026 on there is no overall judgement: then the one on leaders is compared.
    judged = "leaders" if None in (row["overall"], other["overall"]) else "overall"
    graded = row[judged] is not None and other[judged] is not None
    alike = row[judged] == other[judged]
    # A report follows its inspection: a visit without a grade has no report in the histories.
    return graded and alike and timedelta(0) < reported - began <= _REPORTED_WITHIN


def _distance(row: dict[str, Any], event: list[dict[str, Any]]) -> timedelta:
    other = event[0]
    for name in ("inspected_on", "published_on"):
        if row[name] is not None and other[name] is not None:
            return timedelta(days=abs((row[name] - other[name]).days))
    began = row["inspected_on"] or other["inspected_on"]
    reported = row["published_on"] or other["published_on"]
    return abs(reported - began - _USUAL_DELAY) if began and reported else timedelta.max


def _merge(event: list[dict[str, Any]]) -> dict[str, Any]:
    """Let the newest edition speak where it says something."""
    newest_first = sorted(event, key=lambda row: row["edition"], reverse=True)
    told: dict[str, Any] = {
        name: next((row[name] for row in newest_first if row[name] is not None), None) for name in _TOLD
    }
    for domain in AUTHORITY_JUDGEMENTS:  # the grade and its text come from one row
        said = next((row for row in newest_first if row[domain] is not None), None)
        if said is not None:
            told[domain], told[f"{domain}_as_published"] = said[domain], said[f"{domain}_as_published"]
    on = told["inspected_on"] or told["published_on"]
    known = told["published_on"] or on + _USUAL_DELAY
    return {
        **{name: newest_first[0][name] for name in ("authority", "area_code", "constant_area")},
        "standard_region": newest_first[0]["standard_region"],
        "framework": next((row["framework"] for row in newest_first if row["framework"]), None)
        or _framework_on(on),
        **told,
        "on": on,
        "known_on": known,
        "n_records": len(event),
        **{name: newest_first[0][name] for name in ("release", "sheet", "row")},
    }
