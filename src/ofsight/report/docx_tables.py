"""Tables of the Word edition: rules above and below, heading rows that repeat, rows that do not break."""

from __future__ import annotations

from typing import Any

from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Pt, RGBColor

from ofsight.report.characters import clean
from ofsight.report.document import Cell, Facts, KeyFigures, Row, Table, Text
from ofsight.report.docx_parts import add_text, element

__all__ = ["add_cards", "add_pairs", "add_table"]

_TONES = {"good": "1B6B64", "fair": "9A4509", "poor": "801650", "muted": "4D4D4D"}
_SIZE, _DENSE = 8.5, 7.5


def _new_table(word: Any, n_rows: int, widths: list[int], *, rules: bool, dense: bool = False) -> Any:
    table = word.add_table(rows=n_rows, cols=len(widths))
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    table.autofit = False
    properties = table._tbl.tblPr
    if rules:
        borders = OxmlElement("w:tblBorders")
        for edge, colour, size in (
            ("top", "8A8A8A", "8"),
            ("bottom", "8A8A8A", "8"),
            ("insideH", "DEDEDE", "4"),
        ):
            borders.append(element(f"w:{edge}", val="single", sz=size, space="0", color=colour))
        properties.append(borders)
    margins = OxmlElement("w:tblCellMar")
    air = "10" if dense else "30"
    for edge, margin in (("top", air), ("left", "40"), ("bottom", air), ("right", "60")):
        margins.append(element(f"w:{edge}", w=margin, type="dxa"))
    properties.append(margins)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Emu(width)
    return table


def _widths(shares: list[float], whole: int) -> list[int]:
    return [int(whole * share / sum(shares)) for share in shares]


def _write(
    cell: Any, text: Text | Cell, *, right: bool = False, bold: bool = False, size: float = _SIZE
) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.line_spacing = 1.0
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    tone = text.tone if isinstance(text, Cell) else "plain"
    add_text(
        paragraph,
        text.text if isinstance(text, Cell) else text,
        bold=bold or tone in ("good", "fair", "poor"),
    )
    for run in paragraph.runs:
        run.font.size = Pt(size)
        if tone in _TONES:
            run.font.color.rgb = RGBColor.from_string(_TONES[tone])
    # A link's run is no run of python-docx's paragraph: its size is set where it stands.
    for run in paragraph._p.iter(qn("w:r")):
        look = run.find(qn("w:rPr"))
        if look is not None and look.find(qn("w:sz")) is None:
            look.append(element("w:sz", val=str(int(2 * size))))


def _keep(row: Any, *, heading: bool = False) -> None:
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if heading:
        properties.append(OxmlElement("w:tblHeader"))


def _cells(row: Any, widths: list[int]) -> tuple[Any, ...]:
    """Return a row's cells, each told its width: Word goes by the cells, LibreOffice by the columns."""
    cells = tuple(row.cells)
    for cell, width in zip(cells, widths, strict=True):
        cell.width = Emu(width)
    return cells


def _write_row(made: Any, cells: tuple[Any, ...], row: Row, table: Table) -> None:
    _keep(made)
    size = _DENSE if table.dense else _SIZE
    if row.kind == "group":
        spanned = cells[0].merge(cells[-1])
        _write(spanned, row.cells[0], bold=True, size=size)
        spanned.paragraphs[0].paragraph_format.keep_with_next = True
        spanned.paragraphs[0].paragraph_format.space_before = Pt(4)
        return
    for cell, text, column in zip(cells, row.cells, table.columns, strict=True):
        _write(cell, text, right=column.numeric, bold=row.kind == "total", size=size)


def add_table(word: Any, table: Table, width: int) -> None:
    """Add a table as wide as the text.

    Parameters
    ----------
    word : docx.document.Document
        Where to.
    table : Table
        What.
    width : int
        Width of the text in EMU.
    """
    widths = _widths([column.share for column in table.columns], width)
    made = _new_table(word, len(table.rows) + 1, widths, rules=True, dense=table.dense)
    made._tbl.tblPr.append(element("w:tblCaption", val=clean(table.caption)))
    rows = list(made.rows)
    for cell, column in zip(_cells(rows[0], widths), table.columns, strict=True):
        _write(cell, column.heading, right=column.numeric, bold=True, size=_DENSE if table.dense else _SIZE)
    _keep(rows[0], heading=True)
    for made_row, row in zip(rows[1:], table.rows, strict=True):
        _write_row(made_row, _cells(made_row, widths), row, table)
    if table.short:
        for made_row in rows[:-1]:
            for cell in made_row.cells:
                cell.paragraphs[0].paragraph_format.keep_with_next = True


def add_pairs(word: Any, facts: Facts, width: int) -> None:
    """Add names and what they are, two columns."""
    widths = _widths([1, 14] if facts.short else [1, 2.6], width)
    made = _new_table(word, len(facts.pairs), widths, rules=True)
    for row, (name, value) in zip(made.rows, facts.pairs, strict=True):
        _keep(row)
        first, second = _cells(row, widths)
        _write(first, name, bold=True)
        _write(second, value)
    word.add_paragraph(style="Small")


def add_cards(word: Any, figures: KeyFigures, width: int) -> None:
    """Add key figures side by side."""
    widths = _widths([1.0] * len(figures.figures), width)
    made = _new_table(word, 1, widths, rules=False)
    for cell, figure in zip(_cells(made.rows[0], widths), figures.figures, strict=True):
        cell._tc.get_or_add_tcPr().append(element("w:shd", val="clear", color="auto", fill="F3F4F6"))
        first = cell.paragraphs[0]
        first.paragraph_format.space_after = Pt(0)
        number = first.add_run(clean(figure.value))
        number.bold, number.font.size = True, Pt(18)
        for words in (figure.label, figure.detail):
            if words:
                line = cell.add_paragraph()
                line.paragraph_format.space_after = Pt(0)
                line.add_run(clean(words)).font.size = Pt(9)
    word.add_paragraph(style="Small")
