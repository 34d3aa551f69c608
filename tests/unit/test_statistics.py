"""Statistics, long and wide: value and status travel together, whatever the columns are called."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ofsight.dataset.statistics import gather_statistics
from ofsight.errors import ReleaseError
from ofsight.harmonise.readers import harmonise
from ofsight.harmonise.recognise import PassedOver, Recognised, recognise
from ofsight.harmonise.rows import HarmonisedTable
from ofsight.harmonise.spreadsheets import TextTable

PLACE = [
    *("time_period", "time_identifier", "geographic_level", "country_code", "country_name"),
    *("region_code", "region_name", "old_la_code", "la_name", "new_la_code"),
]
LEEDS = [
    *("Reporting year", "Local authority", "E92000001", "England"),
    *("E12000003", "Yorkshire and The Humber", "383", "Leeds", "E08000035"),
]
ENGLAND = ["Reporting year", "National", "E92000001", "England", "", "", "", "", ""]


def read(rows: list[list[str]], name: str = "a.csv") -> HarmonisedTable | PassedOver:
    found = recognise(TextTable(Path(name), None, rows, "utf-8"))
    assert isinstance(found, Recognised), found
    return harmonise(found)


def table(rows: list[list[str]], name: str = "a.csv") -> HarmonisedTable:
    made = read(rows, name)
    assert isinstance(made, HarmonisedTable)
    return made


def characteristics(heads: list[str], cells: list[tuple[str, str]]) -> list[list[str]]:
    rows = [[*PLACE, *heads]]
    for breakdown, number in cells:
        rows.append(["2024", *LEEDS, "Place providers", breakdown, number, "10"])
    rows.append(["2020", *ENGLAND, "Placement", "Foster placements", "57,380", "68"])
    return rows


@pytest.mark.parametrize(
    ("heads", "series"),
    [
        (["cla_group", "characteristic", "number", "percentage"], "cla-characteristics/2020-2024"),
        (
            ["characteristic", "breakdown", "children_count", "children_percent"],
            "cla-characteristics-2025/2020-2024",
        ),
    ],
)
def test_renamed_columns_mean_the_same(heads: list[str], series: str) -> None:
    made = table(characteristics(heads, [("Own provision (by the LA)", "640"), ("Private provision", "c")]))
    assert made.release == series
    counts = made.records.filter(pl.col("measure") == "children")
    assert counts.select("area_name", "category", "breakdown", "value", "status").rows() == [
        ("Leeds", "Placement provider", "Own provision", 640.0, ""),
        ("Leeds", "Placement provider", "Private provision", None, "c"),
        ("England", "Placement", "Foster placements", 57380.0, ""),
    ]
    assert made.records.height == 6


@pytest.mark.parametrize(
    ("cell", "value", "status", "meaning"),
    [
        ("12", 12.0, "", "value"),
        ("-300", -300.0, "", "value"),
        ("1,234.5", 1234.5, "", "value"),
        ("0", 0.0, "", "value"),
        ("c", None, "c", "suppressed"),
        ("z", None, "z", "not applicable"),
        ("x", None, "x", "not available"),
        ("k", None, "k", "rounds to zero"),
        ("low", None, "low", "low reliability"),
        ("..", None, "..", "not available"),
        ("", None, "blank", "blank"),
        ("#VALUE!", None, "#value!", "damaged"),
    ],
)
def test_a_symbol_is_neither_zero_nor_missing(
    cell: str, value: float | None, status: str, meaning: str
) -> None:
    heads = ["cla_group", "characteristic", "number", "percentage"]
    made = table(characteristics(heads, [("Private provision", cell)]))
    first = made.records.filter(pl.col("measure") == "children").row(0, named=True)
    assert (first["value"], first["status"], first["status_meaning"]) == (value, status, meaning)
    assert first["as_published"] == cell


def test_x_is_suppressed_in_the_statistical_first_releases() -> None:
    rows = [
        ["New_geog_code", "geog_l", "geog_c", "geog_n", "CLA_Mar2015", "CLA_Priv", "CLAA_InBound"],
        ["E92000001", "NATIONAL", "999", "ENGLAND", "69540", "23480", "42020"],
        ["E08000035", "LA", "383", "Leeds", "1250", "x", "850"],
    ]
    made = table(rows)
    assert made.release == "cla-sfr/2015"
    leeds = made.records.filter(pl.col("area_name") == "Leeds")
    assert leeds.select("category", "breakdown", "value", "status_meaning").rows() == [
        ("Looked after on 31 March", "Total", 1250.0, "value"),
        ("Placement provider", "Private provision", None, "suppressed"),
        ("Locality of placement", "Placed inside the local authority boundary", 850.0, "value"),
    ]
    assert set(made.records["rounding"]) == {"nearest 10", "none"}


def test_data_sets_of_one_layout_are_told_apart_by_their_words() -> None:
    heads = [*PLACE, "characteristic", "number"]
    inside = "1. Children who are the responsibility of other LAs placed within this LA boundary"
    gain = "Net gain of children by responsible LA"
    assert table([heads, ["2022", *LEEDS, inside, "5"]]).series.id == "cla-net-gain"
    titled = [["Net gain of Children Looked After (CLA) on 31 March placed in children's homes"], [""]]
    made = table([*titled, heads, ["2022", *LEEDS, gain, "5"]])
    assert made.series.id == "foi-homes-net-gain"
    assert made.records["row"].to_list() == [4]
    other = read([heads, ["2022", *LEEDS, "Birth weight", "5"]])
    assert isinstance(other, PassedOver)
    assert other.known


def test_a_renamed_column_of_numbers_stops_the_build() -> None:
    rows = characteristics(["cla_group", "characteristic", "amount", "share"], [("Private provision", "1")])
    with pytest.raises(ReleaseError, match=r"none of its columns of numbers is there.*'amount'"):
        read(rows)


def test_a_year_that_cannot_be_is_a_fault() -> None:
    heads = ["cla_group", "characteristic", "number", "percentage"]
    rows = characteristics(heads, [("Private provision", "1")])
    rows[1][0] = "soon"
    with pytest.raises(ReleaseError, match="unknown year, first 'soon'"):
        read(rows)


@pytest.mark.parametrize(("period", "year"), [("2024", 2024), ("202324", 2024), ("2023-24", 2024)])
def test_years_and_financial_years(period: str, year: int) -> None:
    heads = ["cla_group", "characteristic", "number", "percentage"]
    rows = characteristics(heads, [("Private provision", "1")])
    rows[1][0] = period
    assert table(rows).records["year"].to_list()[0] == year


def test_a_restatement_leaves_both_numbers_and_says_which_is_newest() -> None:
    heads = [*PLACE, "population_count", "number", "rate_per_10000"]
    old = table([heads, ["2021", *LEEDS, "Children looked after at 31 March each year", "1,300", "77"]])
    heads = [*PLACE, "population_type", "children_count", "rate_per_10000"]
    new = table(
        [
            heads,
            ["2021", *LEEDS, "Children looked after on 31 March each year", "1,310", "78"],
            ["2022", *LEEDS, "Children looked after on 31 March each year", "1,400", "80"],
        ]
    )
    stacked = gather_statistics([old, new]).filter(pl.col("measure") == "children")
    assert stacked.select("year", "value", "newest", "authority", "constant_area").rows() == [
        (2021, 1300.0, False, "Leeds", stacked["constant_area"][0]),
        (2021, 1310.0, True, "Leeds", stacked["constant_area"][0]),
        (2022, 1400.0, True, "Leeds", stacked["constant_area"][0]),
    ]


def test_a_table_of_notes_only_names_its_file() -> None:
    heads = [*PLACE, "cla_group", "characteristic", "number", "percentage"]
    rows = [heads, [*[""] * 10, "Placement", "", "", ""], [""] * 14]
    with pytest.raises(ReleaseError, match=r"a\.csv"):
        read(rows)
