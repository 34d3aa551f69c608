"""Any csv, ods or xlsx file as tables of text: one table a sheet, every cell a string, nothing interpreted.

Row numbers are those that a spreadsheet program shows, from 1.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

import python_calamine

from ofsight.errors import ReleaseError
from ofsight.harmonise.archives import DOWNLOAD_AGAIN, refuse_bad_archive

__all__ = ["SPREADSHEET_SUFFIXES", "TextTable", "read_tables"]

SPREADSHEET_SUFFIXES = frozenset({".csv", ".ods", ".xlsx", ".xlsm", ".xls", ".xlsb"})
_ARCHIVES = frozenset({".ods", ".xlsx", ".xlsm", ".xlsb"})

_LONGEST_CELL = 1_000_000
# The last column of any spreadsheet program is XFD.
_MOST_COLUMNS = 16_384
# The largest csv met has 9 MB.
_MOST_BYTES = 500_000_000
_ROWS_TO_TELL_BY = 40
_START = 4096  # bytes from which an encoding is told
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[!?a-zA-Z]")
_VISIBLE = python_calamine.SheetVisibleEnum.Visible
_ASCII = bytes(range(0x80))
# Sheets of other workbooks that LibreOffice has kept copies of: 'https://...xlsm'#Cover_sheet.
_CACHED_LINK = re.compile(r"'?(?:file|https?|smb)://?|'[^']*'#")


@dataclass(frozen=True, slots=True)
class TextTable:
    """A sheet as text.

    Attributes
    ----------
    file : Path
        Where it was read.
    sheet : str or None
        The sheet's name; None for a csv.
    rows : list of list of str
        Every row from the first, ragged, cells stripped of nothing.
    encoding : str
        How the bytes were decoded; "typed" for a workbook.
    is_hidden : bool
        Whether a workbook keeps the sheet from view.
    """

    file: Path
    sheet: str | None
    rows: list[list[str]]
    encoding: str
    is_hidden: bool = False


def read_tables(path: Path) -> Iterator[TextTable]:
    """Read every table of a spreadsheet file.

    Parameters
    ----------
    path : Path
        A csv, ods or xlsx file.

    Yields
    ------
    TextTable
        One for a csv, one a sheet for a workbook (sheets that are cached links to other files left out).

    Raises
    ------
    ReleaseError
        When the file is empty, cut off, damaged, or not what its name says.
    """
    if path.stat().st_size == 0:
        raise ReleaseError("the file is empty (0 bytes).", file=path, hint=DOWNLOAD_AGAIN)
    if path.suffix.lower() == ".csv":
        yield _read_csv(path)
    else:
        yield from _read_workbook(path)


def _read_csv(path: Path) -> TextTable:
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise ReleaseError(
            f"the file has {size / 1e6:,.0f} MB; a csv of more than {_MOST_BYTES / 1e6:,.0f} MB is refused.",
            file=path,
            hint="No release is like that; check where it came from.",
        )
    data = path.read_bytes()
    if _MARKUP.match(data):
        raise ReleaseError("this is a web page, not a csv file.", file=path, hint=DOWNLOAD_AGAIN)
    if data.startswith((b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0")):
        raise ReleaseError(
            "the bytes are those of another kind of file, not of a csv.",
            file=path,
            hint="Give the file its own ending (.ods, .xlsx, .pdf) or download the csv.",
        )
    text, encoding = _decode(data, path)
    rows = _split_rows(text, path)
    _refuse_cut_off(rows, text, path)
    return TextTable(path, None, rows, encoding)


def _split_rows(text: str, path: Path) -> list[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text)):
            rows.append(row)
            if len(row) > _MOST_COLUMNS:
                raise ReleaseError(
                    f"the row has {len(row):,} cells; more than {_MOST_COLUMNS:,} are refused.",
                    file=path,
                    row=len(rows),
                    hint=DOWNLOAD_AGAIN,
                )
    except csv.Error as error:
        raise ReleaseError(
            f"cannot be read as csv ({error}).",
            file=path,
            row=len(rows) + 1,
            hint="Look for a quotation mark that is never closed, or download it again.",
        ) from None
    return rows


def _separator(text: str) -> str:
    """Return what separates the cells: a comma, unless another mark makes the first rows far wider.

    Spreadsheet programs of countries that write 1,5 for a half save csv with semicolons; a copy has tabs.
    """

    def width(separator: str) -> int:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            return sum(len(row) - 1 for row in islice(reader, _ROWS_TO_TELL_BY))
        except csv.Error:  # a row that it does not part is longer than any cell may be
            return 0

    other = max(";\t|", key=width)
    return other if width(other) > 2 * width(",") else ","


def _decode(data: bytes, path: Path) -> tuple[str, str]:
    """Decode in the order in which Ofsted's files have been met.

    Mac Roman decodes anything, and cp1252 nearly anything, so a file is taken for Mac Roman only where its
    single odd bytes become dashes there and letters in cp1252 (the 2024 list: one 0xD0 in the title).
    """
    wide = _wide_encoding(data)
    if wide is not None:
        try:
            return data.decode(wide), wide
        except UnicodeDecodeError as error:
            line = data[: error.start].decode(wide, errors="ignore").count("\n") + 1
            raise ReleaseError(
                "the file stops in the middle of a character, or holds bytes that are no "
                f"{wide[:6].upper()}.",
                file=path,
                row=line,
                hint=DOWNLOAD_AGAIN,
            ) from None
    try:
        return data.decode("utf-8-sig"), "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"
    except UnicodeDecodeError:
        pass
    dashes = data.count(b" \xd0 ") + data.count(b" \xd1 ")
    odd = len(data.translate(None, _ASCII))
    if dashes and dashes == odd:
        return data.decode("mac_roman"), "mac_roman"
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError as error:
        if dashes or b"\xd5" in data:
            return data.decode("mac_roman"), "mac_roman"
        line = data.count(b"\n", 0, error.start) + 1
        raise ReleaseError(
            f"the text is in no encoding met so far (byte 0x{data[error.start]:02x}).",
            file=path,
            row=line,
            hint="Save it as csv UTF-8, or download it again.",
        ) from None


def _wide_encoding(data: bytes) -> str | None:
    """Tell UTF-16 and UTF-32 by their marks, and UTF-16 without one by every other byte being zero."""
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    first, second = data[:_START:2], data[1:_START:2]
    for zeros, others, name in ((second, first, "utf-16-le"), (first, second, "utf-16-be")):
        if len(others) > 3 and zeros.count(0) > 0.9 * len(zeros) and others.count(0) < 0.1 * len(others):
            return name
    return None


def _refuse_cut_off(rows: list[list[str]], text: str, path: Path) -> None:
    """Refuse a csv whose last record stops short: the mark of a download that was interrupted."""
    if len(rows) < 3 or text.endswith(("\n", "\r")):
        return
    usual = len(rows[-2])
    if len(rows[-1]) < usual or text.count('"') % 2:
        raise ReleaseError(
            f"the file stops in the middle of a row ({len(rows[-1])} cells of {usual}).",
            file=path,
            row=len(rows),
            hint=DOWNLOAD_AGAIN,
        )


def _read_workbook(path: Path) -> Iterator[TextTable]:
    if path.suffix.lower() in _ARCHIVES:
        refuse_bad_archive(path)
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
        sheets = list(workbook.sheets_metadata)
    except BaseException as error:
        _let_pass(error)
        raise ReleaseError(
            f"the workbook is damaged ({_first_line(error)}).", file=path, hint=DOWNLOAD_AGAIN
        ) from None
    names = [sheet.name for sheet in sheets]
    for name, is_hidden in ((sheet.name, sheet.visible != _VISIBLE) for sheet in sheets):
        if _CACHED_LINK.match(name):
            continue
        if names.count(name) > 1:
            raise ReleaseError(
                "two sheets have this name; which is meant nobody can say.",
                file=path,
                sheet=name,
                hint="Rename or delete one, or download it again.",
            )
        try:
            cells = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
        except BaseException as error:
            _let_pass(error)
            raise ReleaseError(
                f"the sheet cannot be read ({_first_line(error)}).",
                file=path,
                sheet=name,
                hint=DOWNLOAD_AGAIN,
            ) from None
        yield TextTable(path, name, [[_as_text(cell) for cell in row] for row in cells], "typed", is_hidden)


def _let_pass(error: BaseException) -> None:
    """Raise again what is no fault of a workbook.

    Calamine raises several kinds, and where its own code panics, an heir of `BaseException` and of no other.
    """
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        raise error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _as_text(cell: Any) -> str:
    """Write a typed cell as a person would have: whole numbers without a point, dates as yyyy-mm-dd."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell)
