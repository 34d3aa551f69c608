"""Layouts of the synthetic releases: headings, heading rows, encodings and ragged edges by year."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date

import pytest

from ofsight.demo import (
    IN_YEAR,
    LIST,
    QUARTER,
    ReleaseTable,
    Truth,
    default_domains,
    encode_csv,
    layout_of,
    make_histories,
    make_homes,
    make_tables,
    quarter_entries,
    release_table,
)
from ofsight.demo.spellings import (
    spell_grade,
    spell_place_use,
    spell_quarter_code,
    spell_result,
    spell_sector,
)

TRUTH = Truth(seed=7, n_homes=300, first_year=2015, last_year=2025, domains=default_domains())


@pytest.fixture(scope="module")
def histories():
    return make_histories(make_homes(TRUTH), TRUTH)


@pytest.fixture(scope="module")
def tables(histories) -> Mapping[tuple[str, int], ReleaseTable]:
    return make_tables(histories, 2015, 2025)


def read(table: ReleaseTable) -> list[list[str]]:
    encoding = "utf-8-sig" if table.layout.encoding == "ods" else table.layout.encoding
    return list(csv.reader(io.StringIO(encode_csv(table).decode(encoding), newline="")))


# Row of the headings, counted from 0, and three headings by year: URN's, the date's, overall effectiveness.
OLD_OVERALL = "Overall effectiveness"
SCCIF_OVERALL = "Overall experiences and progress of children and young people"
LISTS = {
    2015: (0, "Inspection Date", OLD_OVERALL),
    2016: (1, "Inspection date", OLD_OVERALL),
    2017: (1, "Inspection date", OLD_OVERALL),
    2018: (1, "Inspection date", OLD_OVERALL),
    2019: (1, "Inspection date", SCCIF_OVERALL),
    2020: (1, "Inspection date", SCCIF_OVERALL),
    2021: (1, "Inspection date", SCCIF_OVERALL),
    2022: (4, "Latest full inspection date", f"Latest full inspection o{SCCIF_OVERALL[1:]}"),
    2023: (3, "Latest full inspection date", SCCIF_OVERALL),
    2024: (3, "Latest full inspection date", SCCIF_OVERALL),
    2025: (3, "Latest full inspection date", f"\n{SCCIF_OVERALL}"),
}
IN_YEARS = {
    2015: (0, "Inspection Date", OLD_OVERALL),
    2016: (0, "Inspection date", OLD_OVERALL),
    2017: (0, "Inspection date", OLD_OVERALL),
    2018: (0, "Inspection date", OLD_OVERALL),
    2019: (0, "Inspection date", SCCIF_OVERALL),
    2020: (0, "Inspection date", SCCIF_OVERALL),
    2022: (3, "Inspection date", f"Inspection o{SCCIF_OVERALL[1:]}"),
    2023: (3, "Inspection date", SCCIF_OVERALL),
    2024: (3, "Inspection date", SCCIF_OVERALL),
    2025: (3, "Inspection date", f"\n{SCCIF_OVERALL}"),
}
ALL = [(LIST, y, *row) for y, row in LISTS.items()] + [(IN_YEAR, y, *row) for y, row in IN_YEARS.items()]


@pytest.mark.parametrize(("series", "edition", "row", "day", "overall"), ALL)
def test_headings_stand_in_the_row_and_words_of_their_year(tables, series, edition, row, day, overall):
    rows = read(tables[series, edition])
    assert "URN" in rows[row]
    assert all("URN" not in above for above in rows[:row])
    assert day in rows[row]
    assert overall in rows[row]
    assert len({len(line) for line in rows}) == 1, "a csv file is a rectangle"


def test_there_is_no_in_year_release_of_the_pandemic_year(tables):
    assert (IN_YEAR, 2021) not in tables
    assert (LIST, 2021) in tables
    with pytest.raises(KeyError):
        layout_of(IN_YEAR, 2021)


def test_headings_that_only_one_year_has():
    def headings(series, year):
        return layout_of(series, year).headings

    assert {"Reg Status", "Setting Name", "Inspection ID"} <= set(headings(LIST, 2015))
    assert "Places" not in headings(LIST, 2015)
    assert "Latest full inspectio health services" in headings(LIST, 2022)
    assert "Previous effectiveness of leaders and managers" in headings(LIST, 2024)
    assert "Previous inspection Date" in headings(IN_YEAR, 2024)
    assert not [h for h in headings(LIST, 2025) if h.startswith("Previous")]
    assert "\nSupported Accommodation outcome" in headings(LIST, 2025)
    assert "Name" not in headings(IN_YEAR, 2017)
    for year in range(2019, 2026):
        assert "Registration date" in headings(LIST, year)
    for year in range(2015, 2018):
        assert not [h for h in headings(LIST, year) if h.startswith("Organisation")]


@pytest.mark.parametrize(
    ("series", "edition", "start", "newline"),
    [
        (LIST, 2016, b"\xef\xbb\xbf", b"\n"),
        (IN_YEAR, 2015, b"\xef\xbb\xbf", b"\r\n"),
        (IN_YEAR, 2016, b"Web", b"\r\n"),
        (IN_YEAR, 2024, b"\xef\xbb\xbf", b"\r\n"),
        (LIST, 2024, b"SYNTHETIC", b"\n"),
    ],
)
def test_byte_order_marks_and_line_ends(tables, series, edition, start, newline):
    content = encode_csv(tables[series, edition])
    assert content.startswith(start)
    assert (b"\r\n" in content) == (newline == b"\r\n")


@pytest.mark.parametrize("edition", [2018, 2020])
def test_cp1252_files_are_not_utf8(tables, edition):
    content = encode_csv(tables[IN_YEAR, edition])
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    assert "Children’s" in content.decode("cp1252")


def test_mac_roman_list_holds_one_byte_beyond_ascii(tables):
    content = encode_csv(tables[LIST, 2024])
    assert [byte for byte in content if byte > 127] == [0xD0]
    assert " – " in content.decode("mac_roman").splitlines()[0]


def test_blank_edges(tables):
    rows = read(tables[LIST, 2016])
    assert all(not any(row) for row in rows[-9:])
    assert any(rows[-10])
    assert {row[-1] for row in read(tables[LIST, 2017])} == {""}
    assert all(not any(row[-21:]) for row in read(tables[IN_YEAR, 2024]))


def test_every_title_row_says_synthetic(tables):
    for table in tables.values():
        if table.banner:
            assert "SYNTHETIC" in str(table.banner[0][0])
        if "Web link" in table.headings:
            at = table.headings.index("Web link")
            assert {row[at] for row in table.rows} == {"SYNTHETIC DATA, no real home"}


def test_urns_are_in_the_synthetic_range_and_homes_are_nameless(tables):
    for (_, edition), table in tables.items():
        urns = [row[table.headings.index("URN")] for row in table.rows]
        assert all(
            (isinstance(u, str) and u.startswith("SC9") and len(u) == 8)
            or (isinstance(u, int) and 9_000_000 <= u <= 9_999_999)
            for u in urns
        )
        if "Name" in table.headings:
            at = table.headings.index("Name")
            for row, entry in zip(table.rows, table.entries, strict=True):
                if entry.home.kind == "home":
                    assert row[at] == "REDACTED", edition
                else:
                    assert row[at] == "REDACTED" or "(synthetic)" in str(row[at])


def test_only_some_lists_hold_homes_without_an_inspection(tables):
    for edition in range(2015, 2026):
        n_without = sum(entry.inspection is None for entry in tables[LIST, edition].entries)
        assert (n_without > 0) == (edition in {2021, 2022, 2025}), edition


def test_lists_keep_the_newest_inspection_before_their_day(tables, histories):
    by_urn = {history.home.urn: history for history in histories}
    for edition in range(2015, 2026):
        for entry in tables[LIST, edition].entries:
            seen = [
                v.inspected_on
                for v in by_urn[entry.home.urn].inspections
                if v.is_listed and v.inspected_on <= date(edition, 3, 31)
            ]
            assert (entry.inspection.inspected_on if entry.inspection else None) == (
                seen[-1] if seen else None
            )


def test_in_year_releases_are_complete(tables, histories):
    visits = {
        (v.urn, v.inspected_on)
        for h in histories
        for v in h.inspections
        if v.inspected_on >= date(2014, 4, 1)
    }
    printed = {
        (e.home.urn, e.inspection.inspected_on)
        for (series, _), table in tables.items()
        if series == IN_YEAR
        for e in table.entries
    }
    assert printed == visits


def test_event_numbers_change_series_after_2015(tables):
    early = tables[IN_YEAR, 2015]
    at = early.headings.index("Inspection ID")
    assert all(900_000 < row[at] < 1_000_000 for row in early.rows)
    later = tables[LIST, 2016]
    at = later.headings.index("Event number")
    assert all(90_000_000 < row[at] < 100_000_000 for row in later.rows)


def test_quarters_print_codes(histories):
    table = release_table(QUARTER, 2014, quarter_entries(histories, "jan-mar"))
    rows = read(table)
    assert rows[0][:3] == ["Provider URN", "Provider status", "Provider type"]
    columns = dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))
    for kind, overall, leaders in zip(
        columns["Event type group"],
        columns["Overall effectiveness"],
        columns["Leadership and management"],
        strict=True,
    ):
        if kind == "Full inspection":
            assert overall in "1234"
            assert leaders in "1234"
        else:
            assert kind == "Interim inspection"
            assert overall in "2345"
            assert leaders == "0"
    assert set(columns["Event type group"]) == {"Full inspection", "Interim inspection"}


@pytest.mark.parametrize(
    ("day", "edition", "text"),
    [
        (date(2014, 6, 1), 2015, "Adequate"),
        (date(2014, 6, 1), 2016, "Requires improvement"),
        (date(2014, 3, 1), 2018, "Adequate"),
        (date(2016, 6, 1), 2017, "Requires improvement"),
        (date(2017, 6, 1), 2018, "Requires improvement to be good"),
        (date(2014, 3, 1), 2019, "Requires improvement to be good"),
    ],
)
def test_second_grade_by_year(day, edition, text):
    assert spell_grade(2, day, edition) == text
    assert [spell_grade(g, day, edition) for g in (1, 3, 4)] == ["Inadequate", "Good", "Outstanding"]


def test_small_spellings():
    assert spell_sector("local_authority", 2015) == "Local authority"
    assert spell_sector("local_authority", 2016) == "Local Authority"
    assert spell_result("declined", 2015) == "Declined in Effectiveness"
    assert spell_result("declined", 2018) == "Declined in effectiveness"
    assert spell_result("declined", 2019) == "Declined effectiveness"
    assert [spell_quarter_code("full", g, "") for g in (4, 3, 2, 1)] == ["1", "2", "3", "4"]
    assert spell_place_use(short_breaks=False, is_home=False, edition=2017) == "NULL"
    assert spell_place_use(short_breaks=False, is_home=True, edition=2024) == " "


def test_tables_can_be_altered_one_thing_at_a_time(tables):
    table = tables[LIST, 2018]
    renamed = table.with_heading("URN", "Unique reference")
    assert renamed.headings[1] == "Unique reference"
    assert renamed.rows == table.rows
    at = table.headings.index("Sector")
    changed = table.with_cell(3, "Sector", "Martian")
    assert changed.rows[3][at] == "Martian"
    assert changed.rows[:3] + changed.rows[4:] == table.rows[:3] + table.rows[4:]
    with pytest.raises(KeyError):
        table.heading_of("registered_on")
