"""Workbooks that must not be opened: damaged archives, and those that would fill the memory.

A sheet is held whole, from its first cell to its last. Two cells, one of them in the last column of the last
row, are 17 thousand million cells, and the library that reads them ends the process.
"""

from __future__ import annotations

import errno
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from ofsight.errors import ReleaseError

__all__ = ["DOWNLOAD_AGAIN", "MOST_CELLS", "MOST_LETTERS", "refuse_bad_archive"]

DOWNLOAD_AGAIN: Final = "Download it again from its publication page and compare the size."

MOST_CELLS: Final = 20_000_000
"""The largest sheet met has two million."""
MOST_LETTERS: Final = 500_000_000
"""Of a sheet, once each cell has its text: the largest workbook met has 40 million."""

# A workbook of this series holds about 40 MB of XML. Far more than that, or far better compressed than text
# ever is, is a bomb and not a release.
_MOST_BYTES: Final = 2_000_000_000
_MOST_RATIO: Final = 400
_ENCRYPTED: Final = 0x1

# An OpenDocument row: how often it stands there, how often its cells do, and what only a filled cell has.
_ROW_REPEATED: Final = re.compile(rb"number-rows-repeated\s*=\s*[\"'](\d+)")
_CELLS_REPEATED: Final = re.compile(rb"number-columns-repeated\s*=\s*[\"'](\d+)")
_SPACES_REPEATED: Final = re.compile(rb"<text:s\b[^<>]*?text:c\s*=\s*[\"'](\d+)")
_FILLED: Final = (b"</table:table-cell>", b"</table:covered-table-cell>", b" office:", b"<text:")
# An Excel cell with something in it, by its name; a row by its number; a cell that leaves its name out.
_CELL: Final = re.compile(rb"\br\s*=\s*[\"']\$?([A-Za-z]+)(\d+)[\"'][^<>]*?(/?)>(</)?")
_ROW: Final = re.compile(rb"<(?:\w+:)?row\b[^<>]*?\br\s*=\s*[\"'](\d+)[\"'][^<>]*?(/?)>")
_TAG_OF_CELL: Final = re.compile(rb"<(?:\w+:)?c\b")
_NAMELESS: Final = re.compile(rb"<(?:\w+:)?c(?:\s+(?!r\s*=)[^\s=<>]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))*\s*>")

# A cell that names one of the workbook's shared strings; and where each of them begins.
_SHARING: Final = re.compile(
    rb"<(?:\w+:)?c\b(?=[^<>]*\bt\s*=)(?![^<>]*\bt\s*=\s*[\"'](?:n|b|d|e|str|inlineStr)[\"'])[^<>]*>"
    rb"(?:(?!</?(?:\w+:)?c\b).)*?<(?:\w+:)?v\b[^<>]*>\s*(\d+)",
    re.DOTALL,
)
_SHARED: Final = re.compile(rb"<(?:\w+:)?si\b")
_SHEET_LISTED: Final = re.compile(rb"<(?:\w+:)?sheet\b")


def refuse_bad_archive(path: Path) -> None:
    """Refuse a workbook that is no zip archive, is cut off, or would swell beyond all measure.

    Every entry is unpacked once: one that is longer than it says is damaged, and never gets any further.

    Raises
    ------
    ReleaseError
        When it must not be opened.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_swollen(archive.infolist(), path)
            shared = _lengths_of_shared_strings(archive)
            for entry in archive.infolist():
                part = archive.read(entry)
                _refuse_vast(part, path)
                _refuse_wordy(part, shared, path)
            _refuse_sheets_that_are_one(archive, path)
    except ReleaseError:
        raise
    except Exception as error:  # zipfile raises half a dozen kinds, by what is damaged
        # A place before the file's beginning is "invalid" to the system; all else is its own affair.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise ReleaseError(f"{_what_it_is(path, error)}.", file=path, hint=DOWNLOAD_AGAIN) from None


def _refuse_swollen(entries: list[zipfile.ZipInfo], path: Path) -> None:
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise ReleaseError(
            "the workbook asks for a password.", file=path, hint="Save it without one, or download it again."
        )
    swollen = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if swollen > _MOST_BYTES or (swollen > 50_000_000 and swollen / packed > _MOST_RATIO):
        raise ReleaseError(
            f"the workbook would unpack to {swollen / 1e6:,.0f} MB from {packed / 1e6:,.1f} MB: refused.",
            file=path,
            hint="No release is like that; check where the file came from.",
        )


def _what_it_is(path: Path, error: Exception) -> str:
    with path.open("rb") as handle:
        start = handle.read(512).lstrip().lower()
    if start.startswith((b"<!doctype", b"<html")):
        return "this is a web page, not a workbook"
    if isinstance(error, zipfile.BadZipFile) and "zip file" in str(error):
        return "the workbook is cut off or damaged (its archive has no end)"
    return "the workbook is cut off or damaged (its archive cannot be unpacked)"


def _refuse_vast(part: bytes, path: Path) -> None:
    """Refuse a part that would be a sheet of more cells than any release has."""
    for rows, columns in (*_sizes_of_tables(part), *_size_of_worksheet(part)):
        if rows * columns > MOST_CELLS:
            raise ReleaseError(
                f"a sheet reaches over {rows:,} rows and {columns:,} columns: more than {MOST_CELLS:,} "
                "cells are refused.",
                file=path,
                hint="A cell far outside the table has something in it: delete the rows and columns beyond "
                "the table and save it, or download it again.",
            )


def _sizes_of_tables(part: bytes) -> Iterator[tuple[int, int]]:
    """Yield rows and columns, at most, of every table of an OpenDocument part."""
    if b"<table:table-row" not in part:
        return
    height = used = width = 0
    for row in part.split(b"</table:table-row>"):
        if b"</table:table>" in row:
            yield used, width
            height = used = width = 0
        start = row.find(b"<table:table-row")
        if start < 0:
            continue
        said = _ROW_REPEATED.search(row, start)
        height += int(said[1]) if said else 1
        # Empty cells at the end of a row are nothing, however many.
        last = max(row.rfind(mark) for mark in _FILLED)
        if last > start:
            used = height
            filled = row[start : row.find(b">", last) + 1]
            n = filled.count(b"<table:table-cell") + filled.count(b"<table:covered-table-cell")
            width = max(width, n + sum(map(int, _CELLS_REPEATED.findall(filled))))
    yield used, width


def _size_of_worksheet(part: bytes) -> Iterator[tuple[int, int]]:
    """Yield rows and columns, at most, of an Excel worksheet. Formats without contents do not count."""
    if b"sheetData" not in part:
        return
    rows = columns = 0
    for letters, number, empty, closed in _CELL.findall(part):
        if not (empty or closed):
            rows = max(rows, int(number))
            columns = max(columns, _column(letters))
    if _NAMELESS.search(part):
        # Cells without a name stand one after the other, in the row that is named or the next.
        rows = max([rows, *(int(number) for number, empty in _ROW.findall(part) if not empty)])
        by_row = [len(_TAG_OF_CELL.findall(row)) for row in re.split(rb"<(?:\w+:)?row\b", part)]
        rows, columns = rows + len(by_row), columns + max(by_row)
    yield rows, columns


def _column(letters: bytes) -> int:
    """Return a column's number, from 1: ``A`` is 1, ``XFD`` 16384."""
    number = 0
    for letter in letters.upper()[:12]:
        number = 26 * number + letter - 64
    return number


def _refuse_wordy(part: bytes, shared: list[int], path: Path) -> None:
    """Refuse a sheet in which one text stands so often that the memory would not hold it."""
    letters = max(_letters_of_tables(part), _letters_of_worksheet(part, shared))
    if letters > MOST_LETTERS:
        raise ReleaseError(
            f"a sheet would have {letters:,} letters: more than {MOST_LETTERS:,} are refused.",
            file=path,
            hint="One long text stands in many cells. No release is like that; check where it came from.",
        )


def _letters_of_tables(part: bytes) -> int:
    """Return the letters, at most, of all tables of an OpenDocument part, with all that is repeated."""
    if b"<table:table-row" not in part:
        return 0
    letters = 0
    for row in part.split(b"</table:table-row>"):
        if b"<text:" not in row:
            continue
        said = _ROW_REPEATED.search(row)
        spaces = sum(map(int, _SPACES_REPEATED.findall(row)))
        repeated = max(map(int, _CELLS_REPEATED.findall(row)), default=1)
        own = repeated * (len(row) + spaces)
        if own > len(row) + 1_000_000:
            # Most of what is repeated is empty: look at each cell.
            own = sum(_letters_of_cell(cell) for cell in re.split(rb"<table:(?:covered-)?table-cell\b", row))
        letters += own * (int(said[1]) if said else 1)
    return letters


def _letters_of_cell(cell: bytes) -> int:
    if b"<text:" not in cell:
        return 0
    said = _CELLS_REPEATED.search(cell, 0, cell.find(b">"))
    return (len(cell) + sum(map(int, _SPACES_REPEATED.findall(cell)))) * (int(said[1]) if said else 1)


def _lengths_of_shared_strings(archive: zipfile.ZipFile) -> list[int]:
    """Return the bytes of each text that the cells of an Excel workbook share."""
    for entry in archive.infolist():
        if "sharedstrings" in entry.filename.lower():
            part = archive.read(entry)
            starts = [found.start() for found in _SHARED.finditer(part)]
            return [end - start for start, end in pairwise([*starts, len(part)])]
    return []


def _letters_of_worksheet(part: bytes, shared: list[int]) -> int:
    """Return the letters of an Excel worksheet's shared texts, each counted where a cell has it."""
    if b"sheetData" not in part or max(shared, default=0) * part.count(b"<v") <= MOST_LETTERS:
        return 0
    named = Counter(_SHARING.findall(part))
    return sum(n * shared[int(text)] for text, n in named.items() if int(text[:9]) < len(shared))


def _refuse_sheets_that_are_one(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse an Excel workbook that lists more sheets than it has: one sheet may be read a million times."""
    if "xl/workbook.xml" not in archive.namelist():
        return
    n_listed = len(_SHEET_LISTED.findall(archive.read("xl/workbook.xml")))
    n_parts = sum(name.startswith("xl/") and name.endswith(".xml") for name in archive.namelist())
    if n_listed > n_parts:
        raise ReleaseError(
            f"the workbook lists {n_listed:,} sheets and holds fewer.", file=path, hint=DOWNLOAD_AGAIN
        )
