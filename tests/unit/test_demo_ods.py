"""The small ODS writer: what is written is what calamine reads, in a package that is in order."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from python_calamine import CalamineWorkbook

from ofsight.demo import Sheet, write_ods


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.ods"


def read(path: Path, sheet: str) -> list[list[object]]:
    return CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        'a < b & c > "d"',
        "two  spaces and   three",
        " ",
        " led by one, followed by two  ",
        "\u00a0no-break",
        "\nled by a line break",
        "two\nlines",
        "children’s – dash",
        "1.02E+07",
        "007",
    ],
)
def test_text_comes_back_as_it_was(path, text):
    write_ods(path, [Sheet("One", [[text, "after"]])])
    assert read(path, "One") == [[text, "after"]]


def test_cells_keep_their_types(path):
    write_ods(path, [Sheet("One", [[9000123, 2.5, date(2015, 3, 31), "Good", None, "", 0]])])
    (row,) = read(path, "One")
    assert row == [9000123.0, 2.5, datetime(2015, 3, 31), "Good", "", "", 0.0]
    assert [type(cell) for cell in row[:4]] == [float, float, datetime, str]


def test_empty_cells_and_rows_hold_their_place(path):
    rows = [["a", None, None, "d"], [], ["", "b"]]
    write_ods(path, [Sheet("One", rows)])
    assert read(path, "One") == [["a", "", "", "d"], ["", "", "", ""], ["", "b", "", ""]]


def test_sheets_keep_order_and_odd_names(path):
    names = [
        "Cover",
        "Providers+places_at_31_Mar_2023",
        "'https://ofsight.invalid/a%20b.ods'#Cover",
        'A "q" & <b>',
    ]
    write_ods(path, [Sheet(name, [[name]]) for name in names])
    workbook = CalamineWorkbook.from_path(path)
    assert workbook.sheet_names == names
    assert [read(path, name)[0][0] for name in names] == names


def test_an_empty_sheet_is_read_as_empty(path):
    write_ods(path, [Sheet("One", []), Sheet("Two", [["x"]])])
    assert read(path, "One") == []


def test_package_is_in_order(path):
    write_ods(path, [Sheet("One", [["x"]])])
    with zipfile.ZipFile(path) as package:
        entries = package.infolist()
        assert entries[0].filename == "mimetype"
        assert entries[0].compress_type == zipfile.ZIP_STORED
        assert not entries[0].extra
        assert package.read("mimetype") == b"application/vnd.oasis.opendocument.spreadsheet"
        assert package.testzip() is None
        manifest = ElementTree.fromstring(package.read("META-INF/manifest.xml"))
        namespace = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
        listed = {item.get(f"{namespace}full-path") for item in manifest}
        assert listed == {"/"} | {e.filename for e in entries} - {"mimetype", "META-INF/manifest.xml"}
        for name in listed - {"/"}:
            ElementTree.fromstring(package.read(name))


def test_rows_and_sheets_fill_the_grid_as_saved_by_spreadsheet_programs(path):
    write_ods(path, [Sheet("One", [["x", "y"], ["z"]])])
    with zipfile.ZipFile(path) as package:
        content = ElementTree.fromstring(package.read("content.xml"))
    table = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
    n_rows = 0
    for row in content.iter(f"{table}table-row"):
        n_rows += int(row.get(f"{table}number-rows-repeated", "1"))
        assert sum(int(c.get(f"{table}number-columns-repeated", "1")) for c in row) == 16_384
    assert n_rows == 1_048_576


def test_equal_sheets_give_equal_bytes(tmp_path):
    sheets = [Sheet("One", [["x", 1, date(2020, 1, 2)]])]
    for name in ("a.ods", "b.ods"):
        write_ods(tmp_path / name, sheets)
    assert (tmp_path / "a.ods").read_bytes() == (tmp_path / "b.ods").read_bytes()
