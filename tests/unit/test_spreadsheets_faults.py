"""Files as people and programs save them: cut off inside a character, other separators, web pages."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from builders import grid, providers
from ofsight.errors import ReleaseError
from ofsight.harmonise.recognise import Recognised, recognise
from ofsight.harmonise.spreadsheets import read_tables


def _write(path: Path, cells: list[list[str]], separator: str, encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as handle:
        csv.writer(handle, delimiter=separator, lineterminator="\n").writerows(cells)
    return path


@pytest.mark.parametrize("separator", [";", "\t", "|", ","])
def test_cells_are_told_apart_by_the_mark_that_separates_them(tmp_path: Path, separator: str) -> None:
    cells = [["Notes, sources; and, more"], *grid(providers(40))]
    cells[5][18] = 'Smith, Jones; "Sons", Ltd\nand Daughters'
    table = next(iter(read_tables(_write(tmp_path / "list.csv", cells, separator))))
    assert table.rows == cells
    assert isinstance(recognise(table), Recognised)


def test_commas_in_text_do_not_outweigh_and_a_file_of_notes_stays_what_it_is(tmp_path: Path) -> None:
    cells = [["Title"], ["One; two; three; four"], ["A", "B", "C", "D", "E", "F"]]
    assert next(iter(read_tables(_write(tmp_path / "a.csv", cells, ",")))).rows == cells


@pytest.mark.parametrize("cut", [1, 2001])
def test_utf_16_that_is_cut_off_inside_a_character_is_told(tmp_path: Path, cut: int) -> None:
    path = _write(tmp_path / "list.csv", grid(providers(40)), ",", "utf-16")
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ReleaseError, match="in the middle of a character") as told:
        next(iter(read_tables(path)))
    assert told.value.row is not None
    assert told.value.row > 20


@pytest.mark.parametrize(
    "start", [b"\xef\xbb\xbf<!DOCTYPE html>", b"\xef\xbb\xbf\n<html>", b"<head><title>404"]
)
def test_a_web_page_is_called_one(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "list.csv").write_bytes(start + b"<p>Page not found, sorry</p>\n")
    with pytest.raises(ReleaseError, match="this is a web page"):
        next(iter(read_tables(tmp_path / "list.csv")))
