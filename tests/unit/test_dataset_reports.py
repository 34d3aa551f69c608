"""Inspection reports held against the inspections of the dataset."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from ofsight.dataset.reports import check_reports
from ofsight.dataset.tables import TABLES

SCHEMAS = {table.name: table.schema() for table in TABLES}
VISIT = {"urn": "SC000001", "inspected_on": date(2024, 2, 27), "overall": "Good", "protection": "Good"}
REPORT = VISIT | {"kind": "home", "file": "a.pdf", "file_sha256": "aa"}
EARLIER = {"file_sha256": "aa", "n": 1, "urn": "SC000001", "inspected_on": date(2023, 3, 1)}


def check(
    report: dict[str, Any] | None = None,
    visits: tuple[dict[str, Any], ...] = (VISIT,),
    history: tuple[dict[str, Any], ...] = (),
) -> list[tuple[str, str | None]]:
    tables = {
        "reports": pl.DataFrame([report or REPORT], schema=SCHEMAS["reports"]),
        "report_history": pl.DataFrame(list(history), schema=SCHEMAS["report_history"]),
    }
    inspections = pl.DataFrame(list(visits), schema=SCHEMAS["inspections"])
    return [(finding.code, finding.file) for finding in check_reports(tables, inspections)]


def test_a_report_that_says_what_the_release_says_is_no_finding() -> None:
    assert check() == []


def test_the_first_day_may_differ_by_three_days() -> None:
    assert check(REPORT | {"inspected_on": date(2024, 2, 29)}) == []
    assert check(REPORT | {"inspected_on": date(2024, 3, 4)}) == [("report-without-inspection", "a.pdf")]


def test_another_home_on_that_day_is_not_this_one() -> None:
    assert check(REPORT | {"urn": "SC000002"}) == [("report-without-inspection", "a.pdf")]


def test_a_grade_that_differs_is_named() -> None:
    assert check(REPORT | {"protection": "Inadequate"}) == [("report-grade-differs", "a.pdf")]
    assert check(REPORT | {"protection": None}) == []


def test_history_is_held_against_the_inspections_that_the_dataset_could_hold() -> None:
    assert check(history=(EARLIER,)) == []  # before the dataset's first inspection
    older = VISIT | {"inspected_on": date(2022, 1, 1)}
    assert check(visits=(VISIT, older), history=(EARLIER,)) == [
        ("report-history-without-inspection", "a.pdf")
    ]
    there = VISIT | {"inspected_on": date(2023, 3, 2)}
    assert check(visits=(VISIT, older, there), history=(EARLIER,)) == []


def test_a_report_on_an_authority_is_not_held_against_homes() -> None:
    assert check(REPORT | {"kind": "local authority", "urn": None}) == []
