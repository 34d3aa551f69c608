"""Tables are recognised by their headings, whatever the file is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import LIST_HEADINGS, grid, providers, write_csv
from ofsight.errors import ReleaseError
from ofsight.harmonise.recognise import PassedOver, Recognised, recognise
from ofsight.harmonise.spreadsheets import TextTable


def _table(rows: list[list[str]], name: str = "data.csv", sheet: str | None = None) -> TextTable:
    return TextTable(Path(name), sheet, rows, "utf-8")


def _with_heading(old: str, new: str) -> list[list[str]]:
    rows = grid(providers(5))
    rows[0] = [new if heading == old else heading for heading in rows[0]]
    return rows


def test_a_list_is_recognised_under_any_name_and_below_any_banner() -> None:
    rows = [["Provider information", "", "Latest Full Inspection"], [""], *grid(providers(5))]
    found = recognise(_table(rows, "x.csv"))
    assert isinstance(found, Recognised)
    assert found.heading_row == 2
    assert {series.reads for series in found.candidates} == {"list", "in year"}
    assert found.unknown == ()


@pytest.mark.parametrize(
    "heading",
    ["\nURN", " urn ", "URN\u200b", "\ufeffURN"],
)
def test_headings_are_compared_without_what_nobody_sees(heading: str) -> None:
    assert isinstance(recognise(_table(_with_heading("URN", heading))), Recognised)


def test_a_prefix_that_newer_editions_put_in_front_is_no_other_heading() -> None:
    rows = grid(providers(5))
    rows[0] = [
        f"Latest full inspection {heading[0].lower()}{heading[1:]}" if position >= 19 else heading
        for position, heading in enumerate(rows[0])
    ]
    found = recognise(_table(rows))
    assert isinstance(found, Recognised)
    assert found.positions["overall"] == LIST_HEADINGS.index(
        "Overall experiences and progress of children and young people"
    )


def test_the_linked_school_s_number_is_not_the_home_s() -> None:
    found = recognise(_table(grid(providers(5))))
    assert isinstance(found, Recognised)
    assert found.positions["urn"] == LIST_HEADINGS.index("URN")


def test_columns_of_the_previous_inspection_are_left_alone() -> None:
    rows = grid(providers(5))
    rows = [[*row, "x", "x"] for row in rows]
    rows[0][-2:] = ["Previous full inspection event date", "Previous effectiveness of leaders and managers"]
    found = recognise(_table(rows))
    assert isinstance(found, Recognised)
    assert found.unknown == ()
    assert found.positions["leadership"] == LIST_HEADINGS.index("The effectiveness of leaders and managers")


def test_an_extra_column_is_told_and_not_refused() -> None:
    rows = [[*row, "x"] for row in grid(providers(5))]
    rows[0][-1] = "Ofsted's new idea"
    found = recognise(_table(rows))
    assert isinstance(found, Recognised)
    assert found.unknown == ("Ofsted's new idea",)


def test_a_missing_needed_column_names_file_sheet_heading_and_the_nearest_seen() -> None:
    rows = _with_heading("Inspection date", "Day of the inspection")
    with pytest.raises(ReleaseError) as caught:
        recognise(_table(rows, "list.ods", "Provider_level_at_31_Mar_2019"))
    message = str(caught.value)
    for part in ("list.ods", "Provider_level_at_31_Mar_2019", "'Inspection date'", "'Day of the inspection'",
                 "definitions/series"):  # fmt: skip
        assert part in message
    assert caught.value.exit_code == 3


def test_two_columns_of_one_meaning_that_differ_are_refused() -> None:
    rows = [[*row, "Private"] for row in grid(providers(5, Sector="Voluntary"))]
    rows[0][-1] = "Sector"
    with pytest.raises(ReleaseError, match="2 columns mean 'sector'"):
        recognise(_table(rows))
    same = [[*row, row[LIST_HEADINGS.index("Sector")]] for row in grid(providers(5))]
    assert isinstance(recognise(_table(same)), Recognised)


def test_another_known_publication_is_passed_over_by_name() -> None:
    rows = [["time_period", "time_identifier", "geographic_level", "number"], ["2024", "x", "National", "1"]]
    found = recognise(_table(rows))
    assert isinstance(found, PassedOver)
    assert found.known
    assert "DfE" in found.reason


def test_a_stranger_that_calls_itself_a_release_is_refused() -> None:
    rows = [["School", "Pupils"], ["A", "1"]]
    with pytest.raises(ReleaseError, match=r"no heading 'URN'"):
        recognise(_table(rows, "provider-level-in-year-2019-20.csv"))
    found = recognise(_table(rows, "schools.csv"))
    assert isinstance(found, PassedOver)
    assert not found.known


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    from ofsight.harmonise.spreadsheets import read_tables

    path = write_csv(tmp_path / "a.csv", grid(providers(3)))
    assert isinstance(recognise(next(iter(read_tables(path)))), Recognised)


def test_a_sheet_that_only_resembles_a_register_is_passed_over() -> None:
    """The premises sheet of the 2025 workbook shares columns with providers and places, and is neither."""
    shared = [
        "URN",
        "Provision type",
        "Registration date",
        "Registration status",
        "Local authority",
        "Places",
    ]
    rows = [shared, ["SC900001", "Supported accommodation", "01/01/2024", "Active", "Bolton", "4"]]
    found = recognise(_table(rows, "book.ods", "Rooms_at_31_Mar_2025"))
    assert isinstance(found, PassedOver)
    known = recognise(_table(rows, "book.ods", "SA_Premises_at_31_Mar_2025"))
    assert isinstance(known, PassedOver)
    assert known.known
