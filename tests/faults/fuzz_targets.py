"""What the fuzzer feeds: one function a reader, from bytes to whatever it makes of them.

Each takes bytes of any kind and returns in silence, or raises what nobody meant to raise: an `OfsightError`
is an answer, everything else is a fault. What must hold of any answer is asserted here too, so that the same
functions serve the fuzzer (`make fuzz`), the stored corpus and the seeded sample of the ordinary tests.
"""

# Parts of workbooks and lines of reports are longer than lines of code.
# ruff: noqa: E501
from __future__ import annotations

import atexit
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import polars as pl
from crafted_pdfs import nested, pdf

from builders import LIST_HEADINGS, grid, providers
from ofsight.demo import Sheet, write_ods
from ofsight.errors import OfsightError
from ofsight.harmonise import values
from ofsight.harmonise.periods import contradiction, list_period, span_period, stated_day, year_period
from ofsight.harmonise.readers import harmonise
from ofsight.harmonise.recognise import PassedOver, Recognised, recognise
from ofsight.harmonise.reports.apart import open_apart
from ofsight.harmonise.reports.authorities import is_authority_report, read_authority
from ofsight.harmonise.reports.checks import check
from ofsight.harmonise.reports.homes import is_home_report, read_home
from ofsight.harmonise.reports.pages import Document, Line, Page, Word
from ofsight.harmonise.reports.read import report_of
from ofsight.harmonise.rows import HarmonisedTable
from ofsight.harmonise.spreadsheets import TextTable, read_tables

__all__ = ["CORPUS", "TARGETS", "seeds", "xlsx_parts"]

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 1 << 16


@cache
def _folder() -> Path:
    """A folder in memory where the machine has one: a million files are written into it."""
    memory = Path("/dev/shm")
    own = tempfile.mkdtemp(prefix="ofsight-fuzz-", dir=memory if memory.is_dir() else None)
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return Path(own)


def _file(content: bytes, suffix: str) -> Path:
    path = _folder() / f"{os.getpid()}-provider-level-at-31-march-2019{suffix}"
    path.write_bytes(content)
    return path


# The readers of files.


def csv_file(data: bytes) -> None:
    """A csv of any bytes, read and looked at for a series' headings."""
    with suppress(OfsightError):
        for table in read_tables(_file(data, ".csv")):
            assert all(isinstance(cell, str) for row in table.rows for cell in row)
            recognise(table)


def workbook_file(data: bytes) -> None:
    """A workbook of any bytes; the first tells which ending its name has."""
    suffix = (".xlsx", ".ods", ".xlsm")[data[0] % 3] if data else ".ods"
    with suppress(OfsightError):
        for table in read_tables(_file(data[1:], suffix)):
            assert all(isinstance(cell, str) for row in table.rows for cell in row)


def workbook_part(data: bytes) -> None:
    """A sound archive with one part replaced: the first byte tells which, the rest is what it holds."""
    templates = _templates()
    number = data[0] % sum(len(parts) for _, parts in templates) if data else 0
    for suffix, parts in templates:
        if number < len(parts):
            replaced = dict(parts)
            replaced[list(parts)[number]] = data[1:]
            with suppress(OfsightError):
                for table in read_tables(_file(_archive(replaced), suffix)):
                    assert all(isinstance(cell, str) for row in table.rows for cell in row)
            return
        number -= len(parts)


def pdf_file(data: bytes) -> None:
    """A PDF of any bytes, opened as every PDF is: in a process that may be ended."""
    with suppress(OfsightError):
        path = _file(data, ".pdf")
        report_of(open_apart(path, 2), path)


# The readers of what files hold.


def headings(data: bytes) -> None:
    """Rows of text, lines being rows and tabs parting cells: which series is it, and where does it begin."""
    rows = [line.split("\t") for line in _text(data).split("\n")]
    with suppress(OfsightError):
        found = recognise(TextTable(Path("provider-level-at-31-march-2019.csv"), None, rows, "utf-8"))
        assert isinstance(found, Recognised | PassedOver)


def table_rows(data: bytes) -> None:
    """The same, and what is recognised is harmonised."""
    rows = [line.split("\t") for line in _text(data).split("\n")]
    _harmonise(TextTable(Path("provider-level-at-31-march-2019.csv"), None, rows, "utf-8"))


def list_cells(data: bytes) -> None:
    """Cells of a list of homes that else is sound: each line is the number of a column and a cell."""
    rows = grid(providers(3))
    for number, line in enumerate(_text(data).split("\n")[:60]):
        if line:
            rows[1 + number % 3][ord(line[0]) % len(LIST_HEADINGS)] = line[1:]
    _harmonise(TextTable(Path("provider-level-at-31-march-2019.csv"), None, rows, "utf-8"))


def cell_values(data: bytes) -> None:
    """Dates, grades, numbers, sectors, suppression: each line is a cell."""
    cells = pl.Series("text", _text(data).split("\n")[:200], dtype=pl.String)
    text = pl.col("text")
    clean = cells.to_frame().select(values.clean_text(text))
    month_first = values.looks_month_first(clean["text"])
    read = clean.select(
        text,
        again=values.clean_text(text),
        urn=values.parse_urn(text),
        event=values.parse_event_number(text),
        count=values.parse_count(text),
        day=values.parse_date(text),
        american=values.parse_date(text, month_first=month_first),
        **{
            name: values.recode(text, name) for name in ("grade", "sector", "provision_type", "effectiveness")
        },
    )
    assert read.height == len(cells)
    assert read["text"].equals(read["again"], check_names=False), "cleaned text is not clean"
    assert bool((read["count"].drop_nulls() >= 0).all())
    assert read["day"].dtype == read["american"].dtype == pl.Date
    # No reading out of nothing: what has no digit is neither a day nor a number.
    bare = read.filter(text.is_null() | ~text.str.contains(r"\d"))
    assert all(bare[name].null_count() == bare.height for name in ("urn", "event", "count", "day"))


def stated_periods(data: bytes) -> None:
    """Titles and names of files, beside days in rows taken from the same bytes."""
    text = _text(data)
    title, _, name = text.partition("\n")
    days = [date(2002, 4, 1) + timedelta(days=37 * byte) for byte in data[:12]]
    dates = pl.Series("days", days, dtype=pl.Date)
    day = stated_day(title)
    period, _ = list_period(title, name, dates)
    assert period.start == period.end
    assert day is None or period.end == day
    contradiction(period, dates, is_a_list=True)
    year = year_period(title, dates)
    assert year.start < year.end
    contradiction(year, dates, is_a_list=False)
    span_period(min(days, default=date(2020, 1, 1)).year, max(days, default=date(2020, 1, 1)).year)


def report_lines(data: bytes) -> None:
    """Lines of a report as PDFium would give them: a tab parts columns, a form feed pages."""
    pages = []
    for number, text in enumerate(_text(data).split("\f")[:40], 1):
        lines, top = [], 60.0
        for row in text.split("\n")[:120]:
            words, left = [], 50.0
            for column in row.split("\t"):
                for word in column.split():
                    words.append(Word(word, left, left + 5.0 * len(word), top, top + 11.0))
                    left += 5.0 * len(word) + 3.0
                left = 50.0 + 170.0 * (1 + (left - 50.0) // 170.0)
            if words:
                lines.append(Line(number, tuple(words)))
            top += 13.0
        pages.append(Page(number, 595.0, 842.0, tuple(lines), ()))
    document = Document("report.pdf", "0" * 64, None, tuple(pages))
    with suppress(OfsightError):
        if is_home_report(document):
            check(read_home(document), document)
    with suppress(OfsightError):
        if is_authority_report(document):
            check(read_authority(document), document)


def _text(data: bytes) -> str:
    return data[:LONGEST].decode("utf-8", "replace")


def _harmonise(table: TextTable) -> None:
    with suppress(OfsightError):
        found = recognise(table)
        if isinstance(found, Recognised):
            read = harmonise(found)
            if isinstance(read, PassedOver):
                return
            assert isinstance(read, HarmonisedTable)
            told = set(read.records["row"]) | set(read.set_aside["row"])
            assert read.n_read == len(table.rows) - found.heading_row - 1
            assert told <= set(range(found.heading_row + 2, len(table.rows) + 1))
            if read.series.reads in ("list", "in year", "places"):
                assert read.records.height + read.set_aside.height == read.n_read, "rows got lost"


TARGETS: dict[str, Callable[[bytes], None]] = {
    function.__name__: function
    for function in (
        csv_file,
        workbook_file,
        workbook_part,
        pdf_file,
        headings,
        table_rows,
        list_cells,
        cell_values,
        stated_periods,
        report_lines,
    )
}


# What the fuzzer begins with: made here, so that nothing of a publisher is stored.

_XLSX = {
    "[Content_Types].xml": b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    b'content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    b'relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    b'relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": b'<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/'
    b'2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr '
    b'date1904="0"/><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org'
    b'/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/'
    b'officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    "xl/styles.xml": b'<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/'
    b'2006/main"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
    "xl/sharedStrings.xml": b'<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/'
    b'2006/main"><si><t>URN</t></si><si><r><t>Sec</t></r><r><t>tor</t></r></si></sst>',
    "xl/worksheets/sheet1.xml": b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/'
    b'spreadsheetml/2006/main"><dimension ref="A1:D2"/><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c>'
    b'<c r="B1" t="inlineStr"><is><t>Places</t></is></c></row><row r="2"><c r="A2" s="1"><v>43555</v></c>'
    b'<c r="B2"><f>1+1</f><v>2</v></c><c r="C2" t="b"><v>1</v></c><c r="D2" t="e"><v>#N/A</v></c></row>'
    b'</sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells></worksheet>',
}


@cache
def _templates() -> tuple[tuple[str, dict[str, bytes]], ...]:
    """The parts of a small xlsx and a small ods that a reader looks at."""
    with zipfile.ZipFile(io.BytesIO(_ods())) as archive:
        ods = {name: archive.read(name) for name in archive.namelist()}
    return (".xlsx", _XLSX), (".ods", ods)


def _ods() -> bytes:
    path = _folder() / f"{os.getpid()}-made.ods"
    write_ods(path, [Sheet("A", [["URN", "Day"], [1, date(2019, 3, 31)], ["", "c"]])])
    return path.read_bytes()


def _archive(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def _csv(rows: list[list[str]], separator: str = ",") -> bytes:
    return "\n".join(separator.join(row) for row in rows).encode() + b"\n"


_CELLS = (
    b"31/03/2019\n2019-03-31\n31 March 2019\n31-Mar-19\n43555\nSC123456\n2590934.0\n1,024\nGood\nOutstanding\n"
    b"Requires improvement to be good\nREDACTED\nc\nlow\nPrivate\nLocal authority run\nVoluntary\n9\n12/25/2018"
    b"\nNULL\n#N/A\nChildren's home\nSustained effectiveness\n3.0\n31/03/2019 00:00:00\n"
)
_HOME = (
    b"SC123456\nRegistered provider: Example Care Limited\nFull inspection\n"
    b"Inspected under the social care common inspection framework\nInformation about this children's home\n"
    b"Inspection dates: 3 to 4 April 2019\nOverall experiences and progress of\tgood\n"
    b"children and young people, taking into account\nHow well children and young people are helped and\tgood\n"
    b"protected\nThe effectiveness of leaders and managers\trequires improvement to be good\n"
    b"Date of last inspection: 5 June 2018\nOverall judgement at last inspection: good\n"
    b"Recent inspection history\nInspection date\tInspection type\tInspection judgement\n"
    b"05/06/2018\tFull\tGood\n\fWhat does the children's home need to do to improve?\nStatutory requirements\n"
    b"Requirement\tDue date\nThe registered person must ensure that\t31/05/2019\n"
    b"the care is good. (Regulation 13 (1)(a)(b))\nRecommendations\n"
    b"The registered person should keep records. (The Guide, page 62, paragraph 14.3)\n"
    b"Information about this inspection\nChildren's home details\nUnique reference number: SC123456\n"
    b"Provision sub-type: Children's home\nRegistered provider address: 1 Road\nResponsible individual: A B\n"
    b"Registered manager: C D\nInspector\nE F, social care inspector\n"
)
_AUTHORITY = (
    b"Exampleshire County Council\nInspection of children's social care services\n"
    b"Inspection dates: 3 June 2019 to 14 June 2019\nLead inspector: A B\nHer Majesty's Inspector\n"
    b"Judgement\tGrade\nThe impact of leaders on social work practice with\tGood\nchildren and families\n"
    b"The experiences and progress of children who need\tRequires improvement to be good\n"
    b"help and protection\nThe experiences and progress of children in care and\tGood\ncare leavers\n"
    b"Overall effectiveness\tGood\nWhat needs to improve\n"
    + "\u25aa The quality of plans.\n\u25aa The timeliness of visits.\n".encode()
)


@cache
def _pdf() -> bytes:
    from ofsight.demo.reports import HomeText, write_home

    return write_home(HomeText(), _folder() / f"{os.getpid()}-made.pdf").read_bytes()


def seeds(target: str) -> list[bytes]:
    """What a target begins with: small sound inputs, and the stored corpus but for what is slow."""
    rows = grid(providers(3))
    parts = [part for _, template in _templates() for part in template.values()]
    made: dict[str, list[bytes]] = {
        "csv_file": [_csv(rows), _csv(rows, ";"), _csv(rows).decode().encode("utf-16"), b"a,b\r\n1,2\r\n"],
        "workbook_file": [b"\x00" + _archive(_XLSX), b"\x01" + _ods()],
        "workbook_part": [bytes([number]) + part for number, part in enumerate(parts)],
        "pdf_file": [_pdf(), pdf(), nested(2, 2)] if target == "pdf_file" else [],
        "headings": [_csv(rows, "\t"), b"Title\n\n" + _csv([row[:9] for row in rows], "\t")],
        "table_rows": [_csv(rows, "\t"), b"Title\n\n" + _csv([row[:9] for row in rows], "\t")],
        "list_cells": [bytes([ord("A") + n]) + cell for n, cell in enumerate(_CELLS.split(b"\n"))],
        "cell_values": [_CELLS],
        "stated_periods": [
            b"Provider level data as at 31 March 2019\nlist_31_03_19.csv",
            b"In year 2018-19\nyear-2018-to-2019",
            b"30_09_25\nMarch 2022",
        ],
        "report_lines": [_HOME, _AUTHORITY],
    }  # fmt: skip
    stored = sorted((CORPUS / target).glob("*")) if (CORPUS / target).is_dir() else []
    return [*made[target], *(path.read_bytes() for path in stored if not path.name.startswith("slow-"))]


def xlsx_parts() -> dict[str, bytes]:
    """The parts of a small sound xlsx by name."""
    return dict(_XLSX)
