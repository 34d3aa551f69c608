"""Ofsted's own series: small tables one above the other, each under its title."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ofsight.errors import ReleaseError
from ofsight.harmonise.readers import harmonise
from ofsight.harmonise.recognise import Recognised, recognise
from ofsight.harmonise.rows import HarmonisedTable
from ofsight.harmonise.spreadsheets import TextTable

OVERALL = "Overall effectiveness judgement of "
SCHOOL = "residential special school (registered as a children's home)"
GRADES = ["Outstanding", "Good", "Requires improvement to be good [Note 1]", "Inadequate"]


def read(rows: list[list[str]], sheet: str) -> HarmonisedTable:
    found = recognise(TextTable(Path("a.ods"), sheet, rows, "typed"))
    assert isinstance(found, Recognised), found
    made = harmonise(found)
    assert isinstance(made, HarmonisedTable)
    return made


def test_graded_in_each_year_by_kind_of_home() -> None:
    rows = [
        ["Overall effectiveness", "", "", "", ""],
        ["Table 9a: " + OVERALL + "all children's home inspections between 2013 and 2023"],
        ["Period", *GRADES],
        ["2022-23", "215", "1,777", "515", "234"],
        ["2020-21", "0", "0", "0", "0"],
        ["", "", "", "", ""],
        ["Table 9c: " + OVERALL + SCHOOL + " inspections between 2013 and 2023"],
        ["Period", *GRADES],
        ["2022-23", "4", "39", "15", "-"],
    ]
    made = read(rows, "In_Year_Time_series")
    assert made.release == "time-series-in-year/2023-03-31"
    first = made.records.filter(pl.col("row") == 4)
    assert first["provision"].unique().to_list() == ["all children's homes"]
    assert first.select("grade", "n").rows() == [
        ("Inadequate", 234),
        ("Requires improvement to be good", 515),
        ("Good", 1777),
        ("Outstanding", 215),
    ]
    last = made.records.filter(pl.col("row") == 9)
    assert last["provision"][0] == "residential special schools (registered as a children's home)"
    assert last.filter(pl.col("grade") == "Inadequate").select("n", "as_published").row(0) == (None, "-")
    assert made.set_aside["reason"].to_list() == ["blank row", "title or note", "repeated heading"]


def test_providers_and_places_with_notes_in_the_dates() -> None:
    heads = [
        "Date",
        "Data type",
        "All Children's Homes",
        "Children's Homes",
        "Secure Children's Homes",
        "All",
    ]
    rows = [
        ["Table 6a: National number of providers as at 31 March 2022"],
        heads,
        ["2022-03-31", "Providers", "2873", "2798", "13", "3576"],
        ["31-Mar-15 [Note 3]", "Providers", "2074", "1974", "14", "2787"],
        ["Tuesday, March 31, 2015 [Note 3]", "Providers", "2074", "1974", "14", "2787"],
        ["Table 6b: National number of places, 31 March 2022", "", "", "", "", ""],
        ["Date", "Data type", "All Children's Homes", "Children's Homes", "Secure Children's Homes", ""],
        ["2022-03-31", "Places", "12898", "11095", "230", ""],
    ]
    made = read(rows, "Providers+places_Time_series")
    counted = made.records.filter(pl.col("provision") == "all children's homes")
    assert counted.select("counted", "on", "n").rows() == [
        ("providers", date(2022, 3, 31), 2873),
        ("providers", date(2015, 3, 31), 2074),
        ("providers", date(2015, 3, 31), 2074),
        ("places", date(2022, 3, 31), 12898),
    ]


def test_a_period_that_cannot_be_read_stops_the_build() -> None:
    rows = [["Period as at", *GRADES], ["2023-03-31", "1", "2", "3", "4"], ["spring", "1", "2", "3", "4"]]
    with pytest.raises(ReleaseError, match="unknown year, first 'spring'"):
        read(rows, "Latest_OE_31_Mar_Time_Series")
