"""A small writer of OpenDocument spreadsheets, with the edges that real releases have.

Cells keep their types: a number is a float cell, a date a date cell, text a string cell. Every row ends in
one repeated empty cell to the full width, every sheet in one repeated empty row to the full height, as
spreadsheet programs save them. The same sheets always give the same bytes.

Format: OpenDocument 1.3, part 2 (packages: ``mimetype`` first and stored) and part 3 (tables).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from ofsight.demo.tables import Cell, ReleaseTable

__all__ = ["Sheet", "sheet_of", "write_ods"]

_MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
_MAX_COLUMNS = 16_384
_MAX_ROWS = 1_048_576
_NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("table", "table"),
        ("text", "text"),
        ("style", "style"),
        ("number", "datastyle"),
        ("meta", "meta"),
    )
)
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_DATE_STYLE = (
    '<number:date-style style:name="N1"><number:day number:style="long"/><number:text>/</number:text>'
    '<number:month number:style="long"/><number:text>/</number:text><number:year number:style="long"/>'
    '</number:date-style><style:style style:name="ce1" style:family="table-cell" '
    'style:data-style-name="N1"/>'
)
_MANIFEST = (
    f"{_DECLARATION}"
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
    f'manifest:version="1.3"><manifest:file-entry manifest:full-path="/" manifest:media-type="{_MIMETYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    '<manifest:file-entry manifest:full-path="styles.xml" manifest:media-type="text/xml"/>'
    '<manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>"
)
_STYLES = (
    f"{_DECLARATION}<office:document-styles {_NAMESPACES} "
    'office:version="1.3"><office:styles/></office:document-styles>'
)
_META = (
    f"{_DECLARATION}<office:document-meta {_NAMESPACES} "
    'office:version="1.3"><office:meta><meta:generator>ofsight.demo (synthetic data)</meta:generator>'
    "</office:meta></office:document-meta>"
)
_SPACES = re.compile(r"^ +| {2,}| +$")


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook: its name and its rows, which may differ in length."""

    name: str
    rows: Sequence[Sequence[Cell]]


def sheet_of(table: ReleaseTable) -> Sheet:
    """Return a release table as a sheet."""
    return Sheet(table.sheet, table.grid())


def _spaces(match: re.Match[str]) -> str:
    return f'<text:s text:c="{len(match.group())}"/>'


def _paragraphs(text: str) -> str:
    """One paragraph a line; runs of spaces are elements, for plain ones would be read as one."""
    return "".join(
        f"<text:p>{_SPACES.sub(_spaces, escape(line))}</text:p>" if line else "<text:p/>"
        for line in text.split("\n")
    )


def _cell(value: Cell) -> str:
    """XML of one filled cell."""
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return (
            f'<table:table-cell table:style-name="ce1" office:value-type="date" '
            f'office:date-value="{day.isoformat()}T00:00:00"><text:p>{day:%d/%m/%Y}</text:p></table:table-cell>'
        )
    if isinstance(value, int | float):
        return (
            f'<table:table-cell office:value-type="float" office:value="{value}">'
            f"<text:p>{value}</text:p></table:table-cell>"
        )
    return f'<table:table-cell office:value-type="string">{_paragraphs(str(value))}</table:table-cell>'


def _empty(n: int) -> str:
    repeated = f' table:number-columns-repeated="{n}"' if n > 1 else ""
    return f"<table:table-cell{repeated}/>"


def _row(row: Sequence[Cell], cells: dict[Cell, str]) -> str:
    parts = []
    n_empty = 0
    for value in row:
        if value is None or value == "":
            n_empty += 1
            continue
        if n_empty:
            parts.append(_empty(n_empty))
            n_empty = 0
        xml = cells.get(value)
        if xml is None:
            xml = cells[value] = _cell(value)
        parts.append(xml)
    parts.append(_empty(_MAX_COLUMNS - len(row) + n_empty))
    return f"<table:table-row>{''.join(parts)}</table:table-row>"


def _table(sheet: Sheet, cells: dict[Cell, str]) -> str:
    rows = [_row(row, cells) for row in sheet.rows]
    rest = _MAX_ROWS - len(rows)
    tail = f'<table:table-row table:number-rows-repeated="{rest}">{_empty(_MAX_COLUMNS)}</table:table-row>'
    columns = f'<table:table-column table:number-columns-repeated="{_MAX_COLUMNS}"/>'
    return f"<table:table table:name={quoteattr(sheet.name)}>{columns}{''.join(rows)}{tail}</table:table>"


def write_ods(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write a workbook.

    Parameters
    ----------
    path : Path
        The file, replaced if it is there.
    sheets : sequence of Sheet
        In order; at least one.
    """
    # cells repeat a lot (grades, regions, REDACTED): each distinct value is turned into XML once.
    # Numbers and dates never equal text, and the demo writes no True, which would equal 1.
    cells: dict[Cell, str] = {}
    content = (
        f'{_DECLARATION}<office:document-content {_NAMESPACES} office:version="1.3">'
        f"<office:automatic-styles>{_DATE_STYLE}</office:automatic-styles><office:body><office:spreadsheet>"
        f"{''.join(_table(sheet, cells) for sheet in sheets)}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as package:
        for name, text in (
            ("mimetype", _MIMETYPE),
            ("content.xml", content),
            ("styles.xml", _STYLES),
            ("meta.xml", _META),
            ("META-INF/manifest.xml", _MANIFEST),
        ):
            # a fixed date, or two writings of one workbook would differ
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            package.writestr(entry, text.encode("utf-8"), compresslevel=4)
