"""Joiners and leavers in each layout, lists of closed homes: what becomes of each row."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ofsight.errors import ReleaseError
from ofsight.harmonise.readers import harmonise
from ofsight.harmonise.recognise import PassedOver, Recognised, recognise
from ofsight.harmonise.rows import HarmonisedTable
from ofsight.harmonise.spreadsheets import TextTable

FIRST = "First effective date (that the provider {})"
HOME = ["Children's home", "Private", "Leeds", "Yorkshire and The Humber"]
LAYOUTS = {
    "four dates, unfilled template": (
        [FIRST.format("became active"), FIRST.format("became resigned"), FIRST.format("closed")],
        [FIRST.format("became cancelled"), "Flag for appealed", "Registration status (as at @enddate)"],
        {
            "joined": ["05/05/2016", "", "", "", "???", "Active"],
            "left": ["04/02/2009", "06/07/2016", "06/07/2016", "", "???", "Resigned"],
        },
    ),
    "date closed": (
        ["Registration date", "Date closed"],
        ["Registration status at 31 March 2017", "Notes"],
        {
            "joined": ["05/05/2016", "", "Active", ""],
            "left": ["04/02/2009", "06/07/2016", "Resigned", ""],
        },
    ),
    "cancelled or resigned": (
        ["Registration date", "Cancelled or resigned date"],
        ["Registration status (as at 31 March 2017)"],
        {"joined": ["2016-05-05", "", "Active"], "left": ["2009-02-04", "2016-07-06", "Resigned"]},
    ),
    "resigned/closed": (
        ["Registration date", "Resigned/closed date"],
        ["Registration status at 31 March 2017"],
        {
            "joined": ["05/05/2016", "", "Active"],
            "left": ["04/02/2009", "06/07/2016", "Resigned"],
        },
    ),
}
SETTING = ["URN", "Provision type", "Sector", "Local authority", "Government Office Region"]
STATUS = ["Joiner status", "Leaver status"]


def read(rows: list[list[str]], name: str = "a.csv", sheet: str | None = None) -> HarmonisedTable:
    found = recognise(TextTable(Path(name), sheet, rows, "utf-8"))
    assert isinstance(found, Recognised), found
    table = harmonise(found)
    assert not isinstance(table, PassedOver)
    return table


def joiners(layout: str) -> list[list[str]]:
    dates, others, cells = LAYOUTS[layout]
    rows = [[*SETTING, *dates, *STATUS, *others]]
    n = len(dates)
    for urn, kind, said in (("SC000001", "joined", ["Joiner", ""]), ("1234567", "left", ["", "Leaver"])):
        rows.append([urn, *HOME, *cells[kind][:n], *said, *cells[kind][n:]])
    return rows


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_movements(layout: str) -> None:
    table = read(joiners(layout))
    assert table.release == "joiners-and-leavers/2016-17"
    moved = table.records.sort("kind").select("urn", "kind", "on", "status", "sector").rows()
    assert moved == [
        ("SC000001", "joined", date(2016, 5, 5), "Active", "Private"),
        ("1234567", "left", date(2016, 7, 6), "Resigned", "Private"),
    ]
    assert table.set_aside.is_empty()


def test_a_home_that_came_and_went_in_the_year_moves_twice() -> None:
    rows = joiners("cancelled or resigned")
    rows[1][7:9] = ["Joiner", "Leaver"]
    rows[1][6] = "2016-12-24"
    moved = read(rows).records.filter(pl.col("urn") == "SC000001")
    assert moved.select("kind", "on").rows() == [
        ("joined", date(2016, 5, 5)),
        ("left", date(2016, 12, 24)),
    ]


def test_rows_that_are_no_movement_of_a_home_are_set_aside_by_name() -> None:
    rows = joiners("date closed")
    width = len(rows[0])
    neither = list(rows[1])
    neither[7:9] = ["", ""]
    neither[0] = "SC000009"
    other = list(rows[1])
    other[1] = "Independent Fostering Agency"
    rows += [neither, other, [""] * width, list(rows[1])]
    table = read(rows)
    assert table.n_read == 6
    assert table.set_aside["reason"].to_list() == [
        "neither joiner nor leaver",
        "other provision",
        "blank row",
        "repeated row",
    ]


def test_a_leaver_without_a_date_is_kept_and_noticed() -> None:
    rows = joiners("date closed")
    rows[2][6] = ""
    table = read(rows)
    assert table.records.filter(pl.col("kind") == "left")["on"].to_list() == [None]
    assert [finding.code for finding in table.findings] == ["movement-without-a-date"]


def test_an_unreadable_date_is_a_fault() -> None:
    rows = joiners("date closed")
    rows[2][6] = "summer"
    with pytest.raises(ReleaseError, match=r"impossible date, first '.*summer"):
        read(rows)


def test_a_missing_needed_heading_is_named_with_the_nearest() -> None:
    rows = joiners("date closed")
    rows[0][5] = "Registrations date"
    with pytest.raises(ReleaseError, match=r"'Registration date'.*'Registrations date'"):
        read(rows)


def test_closed_homes_without_a_date_have_not_closed() -> None:
    rows = [
        ["URN", "Registration status", "Date closed"],
        ["SC000001", "Resigned", "04/02/2014"],
        ["1234567", "Active", ""],
    ]
    table = read(rows, "closed-childrens-homes-at-31-march-2014.csv")
    assert table.release == "closed-homes/2014-03-31"
    assert table.records.select("urn", "kind", "on", "status").rows() == [
        ("SC000001", "left", date(2014, 2, 4), "Resigned")
    ]
    assert table.set_aside["reason"].to_list() == ["no closing date"]
