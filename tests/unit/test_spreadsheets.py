"""Any spreadsheet as text, and every damaged one refused in one sentence."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from builders import grid, providers, write_csv
from ofsight.demo import Sheet, write_ods
from ofsight.errors import ReleaseError
from ofsight.harmonise.spreadsheets import TextTable, read_tables


def _read(path: Path) -> TextTable:
    return next(iter(read_tables(path)))


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8-sig", "utf-8-sig"), ("utf-8", "utf-8"), ("cp1252", "cp1252"), ("mac_roman", "mac_roman"),
     ("utf-16", "utf-16")],
)  # fmt: skip
def test_every_encoding_met_gives_the_same_text(tmp_path: Path, encoding: str, told: str) -> None:
    rows = [["Children's social care 2024 – Provider level", ""], ["URN", "Name"], ["SC900001", "Zoë’s"]]
    if encoding == "mac_roman":
        rows[2][1] = "plain"
    path = write_csv(tmp_path / "x.csv", rows, encoding=encoding)
    table = _read(path)
    assert table.rows == rows
    assert table.encoding == told


def test_cells_of_several_lines_are_one_row(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('a,"b\nc"\r\n1,2\r\n')
    assert _read(path).rows == [["a", "b\nc"], ["1", "2"]]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", b"", "empty"),
        ("x.ods", b"", "empty"),
        ("x.csv", b"<!DOCTYPE html><html>Page not found</html>", "web page"),
        ("x.ods", b"<html>503</html>", "web page"),
        ("x.csv", b"PK\x03\x04rest of a workbook", "another kind of file"),
        ("x.ods", b"PK\x03\x04rest of a workbook", "cut off or damaged"),
        ("x.xlsx", b"no workbook at all", "cut off or damaged"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ReleaseError, match=message) as caught:
        list(read_tables(path))
    assert str(path) in str(caught.value)


def test_a_csv_cut_off_in_a_row_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "x.csv", grid(providers(20)))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 120])
    with pytest.raises(ReleaseError, match="stops in the middle of a row"):
        _read(path)


def test_a_workbook_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.ods"
    write_ods(path, [Sheet("Data", grid(providers(50)))])
    data = path.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(ReleaseError, match="cut off or damaged"):
            list(read_tables(path))


def test_a_workbook_with_rubbish_inside_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<office:document-content><unclosed>")
    with pytest.raises(ReleaseError, match="damaged"):
        list(read_tables(path))


def test_an_archive_that_would_swell_beyond_measure_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.ods"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", b"0" * 60_000_000)
    with pytest.raises(ReleaseError, match="would unpack to"):
        list(read_tables(path))


def test_typed_cells_are_written_as_a_person_would(tmp_path: Path) -> None:
    from datetime import date

    path = tmp_path / "x.ods"
    write_ods(path, [Sheet("Data", [["URN", "On"], [2590934.0, date(2024, 3, 31)], [1.5, ""]])])
    assert _read(path).rows == [["URN", "On"], ["2590934", "2024-03-31"], ["1.5", ""]]
