"""What is wrong with a release is told or refused, never swallowed: cells, words, rows, dates, titles."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from builders import OVERALL, grid, provider, providers, visits
from ofsight.errors import ReleaseError
from ofsight.harmonise import values
from ofsight.harmonise.provisions import tell_provisions
from ofsight.harmonise.recognise import Recognised, recognise
from ofsight.harmonise.rows import HarmonisedTable
from ofsight.harmonise.series import harmonise_table
from ofsight.harmonise.spreadsheets import TextTable

PROTECTION = "How well children and young people are helped and protected"
LEADERSHIP = "The effectiveness of leaders and managers"


def _read(cells: list[list[str]], name: str = "data.csv", sheet: str | None = None) -> HarmonisedTable:
    found = recognise(TextTable(Path(name), sheet, cells, "utf-8"))
    assert isinstance(found, Recognised)
    read = harmonise_table(found)
    assert isinstance(read, HarmonisedTable)
    return read


def _with(n: int, every: int, **cells: str) -> list[dict[str, str]]:
    """Rows of homes, one in so many with other cells."""
    return [{**row, **cells} if number % every == 0 else row for number, row in enumerate(providers(n))]


def _told(table: HarmonisedTable, code: str) -> list[tuple[int | None, int]]:
    return [(finding.row, finding.n) for finding in table.findings if finding.code == code]


@pytest.mark.parametrize(
    ("heading", "cell", "column"),
    [
        ("Registration date", "31/02/2015", "registered_on"),
        ("Registration date", "11/11/14", "registered_on"),
        ("Registration date", "01/01/0014", "registered_on"),
        ("Publication date", "99/99/9999", "published_on"),
        ("Places", "four", "places"),
        ("Places", "-3", "places"),
    ],
)
def test_a_cell_that_cannot_be_read_is_told_and_many_condemn_the_file(
    heading: str, cell: str, column: str
) -> None:
    table = _read(grid(_with(400, 200, **{heading: cell})))
    assert table.records.height == 400
    assert table.records[column].null_count() == 2
    assert _told(table, "cell-unreadable") == [(2, 2)]
    with pytest.raises(
        ReleaseError, match=f"8 of 400 filled cells of '{heading}'.*first is '{cell}'"
    ) as told:
        _read(grid(_with(400, 50, **{heading: cell})))
    assert told.value.row == 2
    assert "spellings.yaml" not in str(told.value)


@pytest.mark.parametrize("cell", ["", "N/A", "-", "REDACTED", "Not known"])
def test_a_cell_that_is_not_filled_is_no_fault(cell: str) -> None:
    table = _read(grid(_with(100, 2, **{"Registration date": cell, "Places": cell})))
    assert table.records["places"].null_count() == 50
    assert table.findings == ()


def test_a_year_of_two_digits_is_no_year_of_the_first_century() -> None:
    written = pl.DataFrame({"x": ["11/11/14", "11-11-14", "11.11.14", "11 November 14", "11-Nov-14"]})
    for month_first in (False, True):
        read = written.select(values.parse_date(pl.col("x"), month_first=month_first)).to_series()
        assert read.to_list() == [None] * 4 + [date(2014, 11, 11)]


@pytest.mark.parametrize("kind", ["Residential children's setting", "Chidrens Hme", "Childs house", "Homely"])
def test_a_provision_type_like_a_homes_is_a_fault(kind: str) -> None:
    table = _read(grid(_with(400, 200, **{"Provision type": kind})))
    assert table.set_aside["reason"].to_list() == ["unknown provision type"] * 2
    with pytest.raises(ReleaseError, match="unknown provision type"):
        _read(grid(_with(400, 20, **{"Provision type": kind})))


def test_a_provision_type_never_met_is_told_and_may_not_outnumber_the_homes() -> None:
    table = _read(grid(_with(400, 10, **{"Provision type": "Moonlight lodge"})))
    assert Counter(table.set_aside["reason"]) == {"other provision": 40}
    assert _told(table, "unknown-provision-type") == [(2, 40)]
    with pytest.raises(ReleaseError, match=r"400 of 400 rows.*'Moonlight lodge'.*other_provision"):
        _read(grid(providers(400, **{"Provision type": "Moonlight lodge"})))


def test_other_providers_that_are_known_say_nothing() -> None:
    table = _read(grid(_with(400, 2, **{"Provision type": "Independent Fostering agency"})))
    assert Counter(table.set_aside["reason"]) == {"other provision": 200}
    assert table.findings == ()
    slip = tell_provisions(pl.Series(["Residential Holiday Schemes for Disabled Children", "CAFCASS"]))
    assert (slip.near, len(slip.strangers)) == ((), 1)


def test_rows_copied_whole_do_not_make_a_list_a_year() -> None:
    table = _read(grid([*providers(200), *providers(200)]))
    assert table.series.reads == "list"
    assert Counter(table.set_aside["reason"]) == {"repeated row": 200}
    assert _read(grid(visits(200))).series.reads == "in year"


def test_a_home_listed_twice_with_other_contents_is_a_fault() -> None:
    rows = providers(200)
    table = _read(grid([*rows, rows[4], {**rows[7], OVERALL: "Inadequate"}]))
    assert table.set_aside.select("row", "reason", "detail").rows() == [
        (202, "repeated row", None),
        (203, "home listed twice, differently", "otherwise in row 9"),
    ]
    assert _told(table, "row-set-aside") == [(203, 1)]
    assert table.records.filter(pl.col("row") == 9)["overall"].to_list() == ["Good"]


def test_a_visit_told_twice_is_a_fault_where_the_grades_differ() -> None:
    rows = visits(200)
    table = _read(grid([*rows, rows[4], {**rows[7], OVERALL: "Inadequate"}]))
    assert table.set_aside.select("row", "reason").rows() == [
        (302, "repeated row"),
        (303, "visit told twice, differently"),
    ]
    assert _told(table, "row-set-aside") == [(303, 1)]


def _titled(title: str, rows: list[dict[str, str]]) -> list[list[str]]:
    return [[title], *grid(rows)]


@pytest.mark.parametrize(
    ("title", "rows"),
    [
        ("Provider level in year 2023-24", visits(200)),
        ("Provider level in year 2030-31", visits(200)),
        ("Provider level as at 31 March 2024", providers(200)),
        ("Provider level as at 31 March 2018", providers(200)),
    ],
)
def test_a_title_that_the_rows_contradict_is_refused(title: str, rows: list[dict[str, str]]) -> None:
    with pytest.raises(ReleaseError, match="it says that it speaks of"):
        _read(_titled(title, rows))


def test_a_title_is_believed_where_the_rows_allow_it_or_are_few() -> None:
    assert _read(_titled("Provider level as at 31 March 2020", providers(200))).period.label == "2020-03-31"
    early = {**visits(200)[0], "Inspection date": "20/03/2018", "Publication date": "01/05/2018"}
    table = _read(_titled("Provider level in year 2018-19", [*visits(200), early]))
    assert (table.period.label, _told(table, "inspected-before-the-year")) == ("2018-19", [(None, 1)])
    few = _read(_titled("Provider level as at 31 March 2024", providers(5)))
    assert [finding.code for finding in few.findings] == ["title-contradicts-rows"]


def test_a_list_without_any_date_is_not_dated_today() -> None:
    bare = {
        "Inspection date": "", "Publication date": "", "Event type": "", "Registration date": "",
        OVERALL: "", PROTECTION: "", LEADERSHIP: "",
    }  # fmt: skip
    cells = grid(providers(50, **bare))
    with pytest.raises(ReleaseError, match="name the day in the file's name"):
        _read(cells)
    assert _read(cells, "list-at-31-march-2019.csv").period.label == "2019-03-31"


def _codes(n: int = 300) -> list[dict[str, str]]:
    """A quarter of 2014 in codes."""
    rows = [
        provider(number, **{OVERALL: "2", PROTECTION: "1", LEADERSHIP: "3",
                            "Inspection date": f"{1 + number % 28:02d}/{4 + number % 3:02d}/2014",
                            "Publication date": "30/08/2014"})
        for number in range(1, n)
    ]  # fmt: skip
    interim = {"Event type": "Interim inspection", PROTECTION: "9", LEADERSHIP: "9"}
    again = [{**row, **interim, "Inspection date": "30/06/2014"} for row in rows[::4]]
    return [*rows, *again]


def test_one_odd_word_among_codes_is_a_fault_of_its_row() -> None:
    rows = _codes()
    rows[10][OVERALL] = "Splendid"
    rows[11][OVERALL], rows[12][OVERALL], rows[13][OVERALL] = "N/A", "3.0", "Good"
    table = _read(grid(rows))
    assert table.set_aside.select("row", "reason", "detail").rows() == [
        (12, "unknown grade", "overall: Splendid")
    ]
    kept = dict(table.records.select("row", "overall").rows())
    assert [kept[row] for row in (13, 14, 15, 16)] == [
        None,
        "Requires improvement to be good",
        "Good",
        "Good",
    ]
    interim = table.records.filter(pl.col("inspection_type") == "Interim inspection")
    assert set(interim["effectiveness"]) == {"Improved effectiveness"}
    assert interim["overall"].null_count() == interim.height


def test_one_code_among_words_is_a_fault_of_its_row() -> None:
    table = _read(grid(_with(200, 200, **{OVERALL: "2"})))
    assert table.set_aside.select("reason", "detail").rows() == [("unknown grade", "overall: 2")]


def test_rubbish_is_no_note() -> None:
    rubbish = {"URN": "??", "Provision type": "", "Sector": ""}
    rows = providers(300)
    with pytest.raises(ReleaseError, match=r"80 of 380 rows are faulty.*not a URN, first '\?\?'"):
        _read(grid([*rows[:150], *[{**row, **rubbish} for row in rows[:80]], *rows[150:]]))
    below = [["??"] + [""] * 26 for _ in range(400)]
    with pytest.raises(ReleaseError, match="not a URN"):
        _read([*grid(rows), *below])
    table = _read([*grid(rows), ["Source: Ofsted."], ["", "1. Notes are in the methodology report."]])
    assert table.set_aside["reason"].to_list() == ["note below the table"] * 2


def test_exchanged_headings_of_dates_are_refused() -> None:
    cells = grid(providers(200))
    one, other = cells[0].index("Inspection date"), cells[0].index("Publication date")
    cells[0][one], cells[0][other] = cells[0][other], cells[0][one]
    with pytest.raises(ReleaseError, match="200 of 200 inspections were published before"):
        _read(cells)


@pytest.mark.parametrize(
    ("cells", "is_a_word"),
    [
        ({"Inspection date": "31/02/2019"}, False),
        ({"URN": "no"}, False),
        ({"Sector": "Prvate"}, True),
        ({OVERALL: "Goood"}, True),
    ],
)
def test_only_a_word_may_be_a_new_spelling(cells: dict[str, str], is_a_word: bool) -> None:
    with pytest.raises(ReleaseError) as told:
        _read(grid(_with(200, 10, **cells)))
    assert ("spellings.yaml" in str(told.value)) == is_a_word
