"""Inspections of local authorities: each layout, stacked tables, and rows that say different halves."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ofsight.dataset.authorities import gather_authority_records, reconcile_authority_inspections
from ofsight.errors import ReleaseError
from ofsight.harmonise.readers import harmonise
from ofsight.harmonise.recognise import PassedOver, Recognised, recognise
from ofsight.harmonise.rows import HarmonisedTable
from ofsight.harmonise.spreadsheets import TextTable

HELP = "Experiences and progress of children who need help and protection"
CARE = "Experiences and progress of children in care"
LEAVERS = "Experiences and progress of care leavers"
STANDARD = "ILACS Standard Inspection"
RI = "Requires improvement to be good"
LIST = [
    "Local authority name",
    "Ofsted region",
    "Inspection date",
    "Overall effectiveness",
    "Impact of leaders",
    HELP,
    CARE,
    LEAVERS,
]
WIDE = [
    "Local authority name",
    "LA region",
    "Single Inspection of LA Children's Services (SIF)  First SIF publication date",
    " First SIF Overall Judgement\n(OE)",
    "{}ILACS framework inspection type",
    "{}ILACS framework publication date",
    "{}ILACS framework overall effectiveness",
    "{}ILACS framework impact of leaders",
]


def read(rows: list[list[str]], sheet: str) -> HarmonisedTable:
    found = recognise(TextTable(Path("a.ods"), sheet, rows, "typed"))
    assert isinstance(found, Recognised), found
    table = harmonise(found)
    assert not isinstance(table, PassedOver)
    return table


def latest(sheet: str = "LA_level_at_31_Mar_2023") -> HarmonisedTable:
    rows = [
        ["Data at 31 March 2023"],
        LIST,
        ["Leeds", "North", "2018-10-29", "Outstanding", "Outstanding", "Good", "Good", ""],
        ["Dorset", "South West", "2021-09-27", "Good", "Good", "Good", "Good", "Good"],
        ["Cumberland", "North West", "Not yet inspected", "", "", "", "", ""],
    ]
    return read(rows, sheet)


def history() -> HarmonisedTable:
    first = [heading.format("First ") for heading in WIDE]
    old = [heading.format("") for heading in WIDE]
    rows = [
        first,
        [
            "Leeds",
            "North",
            "2015-03-27",
            "Good",
            "ILACS Standard Inspection",
            "2018-12-18",
            "Outstanding",
            "Good",
        ],
        ["Dorset", "South West", "", "", "ILACS Standard Inspection", "2021-11-19", "Good", "Good"],
        ["", "", "", "", "", "", "", ""],
        ["Table 11: authorities that existed before", "", "", "", "", "", "", ""],
        old,
        ["Dorset", "South West", "2016-05-23", RI, "", "", "", ""],
    ]
    return read(rows, "LA_inspections_2009-2023")


def test_a_list_of_latest_judgements() -> None:
    table = latest()
    assert table.release == "authority-inspections/2023-03-31"
    assert table.records["inspected_on"].to_list() == [date(2018, 10, 29), date(2021, 9, 27)]
    assert table.records["care_leavers"].to_list() == [None, "Good"]
    assert table.set_aside.select("reason", "detail").rows() == [("no inspection", "Not yet inspected")]


def test_the_years_visits_are_told_from_the_list_by_their_theme() -> None:
    heads = [*LIST[:2], "Inspection/Visit date", "Inspection/Visit type", *LIST[3:], "Visit Theme"]
    rows = [
        heads,
        ["Leeds", "North", "2021-06-01", "ILACS Focused Visit", "", "", "", "", "", "Front door"],
    ]
    table = read(rows, "LA_level_in_year_2021-22")
    assert table.release == "authority-inspections-in-year/2021-22"
    assert table.records.select("framework", "theme", "overall").rows() == [("ILACS", "Front door", None)]


def test_the_sheets_of_the_2025_edition_are_read() -> None:
    heads = ["Web link", "Local authority area code", *LIST[:3], "Publication date", *LIST[3:]]
    row = [
        "link",
        "E08000035",
        "Leeds",
        "North",
        "2022-02-28",
        "2022-05-04",
        "Good",
        "Good",
        "Good",
        "Good",
        "",
    ]
    table = read([["as at 31 March 2025"], heads, row], "Inspections_as_at_31_March")
    assert table.release == "authority-inspections/2025-03-31"
    assert table.records["published_on"].to_list() == [date(2022, 5, 4)]
    typed = [*heads[:4], "Inspection type", *heads[4:], "Status"]
    with_type = [*row[:4], "ILACS Short Inspection", *row[4:], "Current"]
    table = read([["31 March 2025"], typed, with_type], "ILACS_inspection_history")
    assert table.series.id == "authority-inspection-history"
    assert table.records["inspection_type"].to_list() == ["ILACS Short Inspection"]


def test_two_stacked_tables_are_read_by_their_own_headings() -> None:
    table = history()
    said = table.records.select("local_authority", "framework", "published_on", "overall").rows()
    assert said == [
        ("Leeds", "ILACS", date(2018, 12, 18), "Outstanding"),
        ("Leeds", "SIF", date(2015, 3, 27), "Good"),
        ("Dorset", "ILACS", date(2021, 11, 19), "Good"),
        ("Dorset", "SIF", date(2016, 5, 23), RI),
    ]
    assert dict(table.set_aside.select("row", "reason").rows()) == {
        4: "blank row",
        5: "no inspection",
        6: "repeated heading",
    }


def test_halves_become_one_inspection_and_namesakes_stay_apart() -> None:
    inspections = reconcile_authority_inspections(gather_authority_records([latest(), history()]))
    assert inspections.select(
        "authority", "framework", "inspected_on", "published_on", "n_records"
    ).rows() == [
        ("Dorset", "ILACS", date(2021, 9, 27), date(2021, 11, 19), 2),
        ("Dorset (to 2019)", "SIF", None, date(2016, 5, 23), 1),
        ("Leeds", "SIF", None, date(2015, 3, 27), 1),
        ("Leeds", "ILACS", date(2018, 10, 29), date(2018, 12, 18), 2),
    ]
    assert inspections["care_leavers"].to_list() == ["Good", None, None, None]


def test_a_report_of_another_grade_is_another_inspection() -> None:
    other = history()
    records = gather_authority_records([latest(), other]).with_columns(
        overall=pl.when(pl.col("published_on") == date(2018, 12, 18))
        .then(pl.lit("Good").cast(other.records["overall"].dtype))
        .otherwise("overall")
    )
    leeds = reconcile_authority_inspections(records).filter(pl.col("authority") == "Leeds")
    assert leeds.filter(pl.col("framework") == "ILACS").height == 2


def test_many_unknown_grades_condemn_the_sheet() -> None:
    rows = [LIST, *([["Leeds", "North", "2018-10-29", "Splendid", "Good", "Good", "Good", ""]] * 3)]
    with pytest.raises(ReleaseError, match=r"unknown grade, first 'Splendid"):
        read(rows, "LA_level_at_31_Mar_2023")


def test_one_bad_cell_of_a_history_takes_one_inspection_away() -> None:
    heads = [heading.format("First ") for heading in WIDE]
    good = ["Leeds", "North", "2015-03-27", "Good", STANDARD, "2018-12-18", "Outstanding", "Good"]
    bad = ["York", "North", "2016-03-27", "3", *good[4:]]
    table = read([heads, *[good] * 120, bad], "LA_inspections_2009-2023")
    york = table.records.filter(pl.col("local_authority") == "York")
    assert york["framework"].to_list() == ["ILACS"]
    assert table.set_aside.is_empty()
    assert [(finding.code, finding.row) for finding in table.findings] == [("inspection-set-aside", 122)]


def test_from_april_2026_there_is_no_overall_judgement() -> None:
    heads = [*LIST[:3], "Publication date", *LIST[4:]]
    row = ["Leeds", "North", "2026-05-11", "2026-07-01", "Good", "Good", "Outstanding", "Good"]
    table = read([["as at 31 March 2027"], heads, row], "Inspections_as_at_31_March")
    assert table.records.select("overall", "leaders", "care").rows() == [(None, "Good", "Outstanding")]
    inspections = reconcile_authority_inspections(gather_authority_records([table]))
    assert inspections["framework"].to_list() == ["ILACS"]
