"""The Word edition: headings, tables with repeated heading rows, charts as pictures with words for them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from docx import Document as new_word_document
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from ofsight.report.characters import clean
from ofsight.report.charts.image import draw_png
from ofsight.report.document import (
    Block,
    Bullets,
    Code,
    Document,
    Facts,
    Figure,
    KeyFigures,
    Note,
    Paragraph,
    Section,
    Table,
)
from ofsight.report.docx_parts import (
    add_bookmark,
    add_field,
    add_link,
    add_text,
    describe_picture,
    rule_beside,
    shade,
)
from ofsight.report.docx_tables import add_cards, add_pairs, add_table
from ofsight.report.paging import paged

__all__ = ["render_docx"]

_BLUE, _PINK, _GREY = RGBColor(0x12, 0x43, 0x6D), RGBColor(0x80, 0x16, 0x50), RGBColor(0x4D, 0x4D, 0x4D)
_FONT = "Arial"
_TEXT_WIDTH = Mm(174)
_CHART_WIDTH = Mm(148)
_NOTE_COLOURS = {
    "caution": ("F46A25", "FDF3EC"),
    "information": ("12436D", "F3F4F6"),
    "synthetic": ("801650", "F3F4F6"),
}


def render_docx(document: Document) -> bytes:
    """Return the document as a Word file.

    Parameters
    ----------
    document : Document
        From `ofsight.report.content.make_document`.

    Returns
    -------
    bytes
        A ``.docx``; the same document always gives the same bytes.
    """
    document = paged(document)
    word = new_word_document()
    _set_page(word)
    _set_styles(word)
    _set_properties(word, document)
    _set_running_lines(word, document)
    word.add_paragraph(clean(document.kicker), style="Kicker")
    word.add_paragraph(clean(document.title), style="Title")
    for line in document.byline:
        add_text(word.add_paragraph(style="Small"), line)
    for block in document.opening:
        _add_block(word, block)
    if document.contents:
        _add_contents(word, document)
    for section in document.sections:
        _add_section(word, section, 1)
    word.add_paragraph(style="Small")
    for line in document.footer:
        add_text(word.add_paragraph(style="Small"), line)
    return _fixed(word)


def _set_page(word: Any) -> None:
    page = word.sections[0]
    page.orientation = WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(18)
    page.top_margin, page.bottom_margin = Mm(22), Mm(20)
    page.header_distance = page.footer_distance = Mm(9)


def _set_font(style: Any, size: float, *, bold: bool | None = None, colour: RGBColor | None = None) -> None:
    style.font.name, style.font.size = _FONT, Pt(size)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(kind), _FONT)
    # The theme's fonts, where a style names them, win over the named ones.
    for kind in ("w:asciiTheme", "w:hAnsiTheme", "w:cstheme", "w:eastAsiaTheme"):
        fonts.attrib.pop(qn(kind), None)
    if bold is not None:
        style.font.bold = bold
    if colour is not None:
        style.font.color.rgb = colour


def _set_styles(word: Any) -> None:
    styles = word.styles
    _set_font(styles["Normal"], 10.5)
    styles["Normal"].paragraph_format.space_after = Pt(6)
    styles["Normal"].paragraph_format.line_spacing = 1.15
    language = styles["Normal"].element.get_or_add_rPr()
    tag = language.makeelement(qn("w:lang"), {qn("w:val"): "en-GB"})
    language.append(tag)
    for name, size in (("Title", 20.0), ("Heading 1", 15.0), ("Heading 2", 12.5), ("Heading 3", 11.0)):
        _set_font(
            styles[name], size, bold=True, colour=RGBColor(0x1D, 0x1D, 0x1D) if name == "Title" else _BLUE
        )
        styles[name].paragraph_format.keep_with_next = True
    for edge in styles["Title"].element.pPr.findall(qn("w:pBdr")):
        styles["Title"].element.pPr.remove(edge)
    styles["Title"].paragraph_format.space_after = Pt(8)
    styles["Heading 1"].paragraph_format.space_before = Pt(20)
    _set_font(styles["Caption"], 10, bold=True, colour=RGBColor(0x1D, 0x1D, 0x1D))
    styles["Caption"].paragraph_format.keep_with_next = True
    styles["Caption"].paragraph_format.space_before = Pt(10)
    for name in ("List Bullet", "List Number"):
        _set_font(styles[name], 10.5)
        styles[name].paragraph_format.space_after = Pt(4)
    for name, size, bold, colour in (
        ("Kicker", 10.5, True, _GREY),
        ("Small", 9.0, False, _GREY),
        ("Lead", 13.0, False, None),
        ("Command", 9.0, False, None),
        ("Banner", 9.5, True, _PINK),
    ):
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles["Normal"]
        _set_font(style, size, bold=bold, colour=colour)
        style.paragraph_format.space_after = Pt(3 if name in ("Small", "Command", "Kicker") else 6)
    styles["Command"].font.name = "Courier New"


def _set_properties(word: Any, document: Document) -> None:
    properties = word.core_properties
    properties.title = clean(document.title)[:255]
    properties.subject = clean(document.kicker)[:255]
    properties.author = "ofsight"
    properties.keywords = clean("; ".join(document.keywords))
    properties.language = document.language
    properties.comments = clean(document.banner)


def _set_running_lines(word: Any, document: Document) -> None:
    page = word.sections[0]
    head = page.header.paragraphs[0]
    head.style = word.styles["Banner" if document.banner else "Small"]
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER if document.banner else WD_ALIGN_PARAGRAPH.LEFT
    head.add_run(clean(document.banner or document.kicker))
    foot = page.footer.paragraphs[0]
    foot.style, foot.alignment = word.styles["Small"], WD_ALIGN_PARAGRAPH.RIGHT
    foot.add_run("Page ")
    add_field(foot, "PAGE")
    foot.add_run(" of ")
    add_field(foot, "NUMPAGES")


def _add_contents(word: Any, document: Document) -> None:
    word.add_paragraph("Contents", style="Caption")
    for section in document.sections:
        line = word.add_paragraph(style="Small")
        add_link(line, clean(section.title), f"#{section.key}")


def _add_section(word: Any, section: Section, level: int) -> None:
    heading = word.add_heading(clean(section.title), level=min(level, 3))
    if section.starts_page:
        heading.paragraph_format.page_break_before = True
    add_bookmark(heading, section.key)
    for block in section.blocks:
        _add_block(word, block)
    for inner in section.sections:
        _add_section(word, inner, level + 1)


def _add_block(word: Any, block: Block) -> None:
    if isinstance(block, Paragraph):
        style = {"lead": "Lead", "small": "Small"}.get(block.role, "Normal")
        add_text(word.add_paragraph(style=style), block.text)
    elif isinstance(block, Bullets):
        for item in block.items:
            add_text(word.add_paragraph(style="List Number" if block.ordered else "List Bullet"), item)
    elif isinstance(block, Note):
        _add_note(word, block)
    elif isinstance(block, KeyFigures):
        add_cards(word, block, _TEXT_WIDTH)
    elif isinstance(block, Facts):
        add_pairs(word, block, _TEXT_WIDTH)
    elif isinstance(block, Code):
        for text in block.lines:
            line = word.add_paragraph(clean(text), style="Command")
            shade(line, "F3F4F6")
    elif isinstance(block, Table):
        _add_table(word, block)
    else:
        _add_figure(word, block)


def _add_note(word: Any, note: Note) -> None:
    edge, ground = _NOTE_COLOURS[note.kind]
    title = word.add_paragraph(style="Normal")
    title.add_run(clean(note.title)).bold = True
    title.paragraph_format.keep_with_next = True
    title.paragraph_format.space_before = Pt(8)
    lines = [title]
    for place, item in enumerate(note.items):
        line = word.add_paragraph(style="List Bullet" if len(note.items) > 1 else "Normal")
        line.paragraph_format.keep_with_next = place + 1 < len(note.items)
        add_text(line, item)
        lines.append(line)
    for line in lines:
        shade(line, ground)
        rule_beside(line, edge)


def _add_table(word: Any, table: Table) -> None:
    caption = word.add_paragraph(clean(table.caption), style="Caption")
    add_bookmark(caption, table.key)
    add_table(word, table, _TEXT_WIDTH)
    after = word.add_paragraph(style="Small")
    if table.note:
        add_text(after, table.note)


def _add_figure(word: Any, figure: Figure) -> None:
    caption = word.add_paragraph(clean(figure.title), style="Caption")
    add_bookmark(caption, figure.key)
    line = word.add_paragraph()
    line.paragraph_format.keep_with_next = bool(figure.source)
    picture = draw_png(figure.chart, title=figure.title, description=figure.description)
    line.add_run().add_picture(io.BytesIO(picture), width=_CHART_WIDTH)
    describe_picture(line, clean(figure.title), clean(figure.description))
    if figure.source:
        add_text(word.add_paragraph(style="Small"), figure.source)
    if not figure.bare:
        _add_table(word, figure.table)


def _fixed(word: Any) -> bytes:
    """Return the file with its parts' times fixed, so that equal documents are equal bytes."""
    written, fixed = io.BytesIO(), io.BytesIO()
    word.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            entry = zipfile.ZipInfo(part.filename, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(part))
    return fixed.getvalue()
