"""Small workbooks that would fill the memory, and archives that lie, are refused in words."""

# Parts of workbooks are longer than lines of code.
# ruff: noqa: E501
from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from fuzz_targets import xlsx_parts

from ofsight.demo import Sheet, write_ods
from ofsight.errors import ReleaseError
from ofsight.harmonise.spreadsheets import read_tables

SHEET = "xl/worksheets/sheet1.xml"
ROWS = b"<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>%s</sheetData></worksheet>"


def _xlsx(path: Path, rows: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**xlsx_parts(), SHEET: ROWS % rows}.items():
            archive.writestr(name, content)
    return path


def _ods(path: Path, old: bytes, new: bytes) -> Path:
    write_ods(path, [Sheet("A", [["a", "b"], [1, "d"]])])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts["content.xml"]
    parts["content.xml"] = parts["content.xml"].replace(old, new, 1)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


VAST = {
    "the last cell of all": b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    "beyond the last": b'<row r="1"><c r="A1"><v>1</v></c></row><row r="9"><c r="ZZZZZZZ99999999999"><v>1</v></c></row>',
    "cells without names": b'<row r="1048576"><c><v>1</v></c></row><row r="1">' + b"<c><v>1</v></c>" * 99 + b"</row>",
}  # fmt: skip


@pytest.mark.parametrize("what", VAST)
def test_two_cells_far_apart_are_no_sheet(tmp_path: Path, what: str) -> None:
    with pytest.raises(ReleaseError, match=r"a sheet reaches over [\d,]+ rows and [\d,]+ columns") as told:
        list(read_tables(_xlsx(tmp_path / "list.xlsx", VAST[what])))
    assert told.value.file is not None
    assert "delete the rows and columns" in str(told.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<table:table-row>", b'<table:table-row table:number-rows-repeated="99999999">'),
        (b"<table:table-cell ", b'<table:table-cell table:number-columns-repeated="99999999" '),
        (b"<table:table-row>", b'<table:table-row><table:table-cell office:value-type="float" office:value="1" '
         b'table:number-columns-repeated="99999999"/>'),
    ],
)  # fmt: skip
def test_cells_repeated_without_end_are_no_sheet(tmp_path: Path, old: bytes, new: bytes) -> None:
    with pytest.raises(ReleaseError, match="more than 20,000,000 cells"):
        list(read_tables(_ods(tmp_path / "list.ods", old, new)))


def test_formats_without_contents_are_no_reason_to_refuse(tmp_path: Path) -> None:
    rows = b'<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="1"/></row><row r="1048576"><c r="XFD1048576" s="1"/></row>'
    assert next(iter(read_tables(_xlsx(tmp_path / "list.xlsx", rows)))).rows == [["1"]]
    empty = b'<table:table-cell table:number-columns-repeated="3"/>' + b"<table:table-cell/>" * 16_000
    empty += b'</table:table-row><table:table-row table:number-rows-repeated="900000"><table:table-cell/></table:table-row>'
    table = next(
        iter(
            read_tables(
                _ods(tmp_path / "list.ods", b"</table:table-row></table:table>", empty + b"</table:table>")
            )
        )
    )
    assert [row[:2] for row in table.rows[:2]] == [["a", "b"], ["1", "d"]]


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml"])
def test_a_part_longer_than_it_says_is_damaged(tmp_path: Path, part: str) -> None:
    path = _xlsx(tmp_path / "list.xlsx", b"<row r='1'><c r='A1'><v>1</v></c></row>" + b" " * 9000)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(part).file_size
    while (at := content.find(size.to_bytes(4, "little"))) >= 0:
        content[at : at + 4] = (size - 5).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(ReleaseError, match="cannot be unpacked"):
        list(read_tables(path))


def test_a_password_is_asked_for_in_words(tmp_path: Path) -> None:
    path = _xlsx(tmp_path / "list.xlsx", b"")
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(ReleaseError, match="asks for a password"):
        list(read_tables(path))
