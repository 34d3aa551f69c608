"""The PDF edition: the document goes to a Typst template as data, so that no word of it is read as markup."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import typst

from ofsight.report.charts.image import draw_png
from ofsight.report.document import (
    Block,
    Bullets,
    Cell,
    Code,
    Document,
    Facts,
    Figure,
    KeyFigures,
    Note,
    Paragraph,
    Row,
    Section,
    Span,
    Table,
    Text,
)
from ofsight.report.paging import paged

__all__ = ["render_pdf"]

_TEMPLATE = "report.typ"


def render_pdf(document: Document) -> bytes:
    """Return the document as a tagged PDF (PDF/UA-1: headings, tables and figures with words for them).

    Parameters
    ----------
    document : Document
        From `ofsight.report.content.make_document`.

    Returns
    -------
    bytes
        A PDF. Its fonts are those that Typst and vl-convert carry and its date is fixed, so the same document
        always gives the same bytes.
    """
    document = paged(document)
    pictures: dict[str, bytes] = {}
    data = {
        "title": document.title,
        "kicker": document.kicker,
        "banner": document.banner,
        "contents": document.contents,
        "language": document.language.partition("-")[0],
        "region": document.language.partition("-")[2],
        "keywords": list(document.keywords),
        "annexed": [
            *(section.key for section in document.sections if section.annex),
            *(block.key for block in document.blocks() if isinstance(block, Table) and block.dense),
        ],
        "byline": [_text(line) for line in document.byline],
        "footer": [_text(line) for line in document.footer],
        "opening": [_block(block, pictures) for block in document.opening],
        "sections": [_section(section, pictures) for section in document.sections],
    }
    template = resources.files(__package__).joinpath("templates", _TEMPLATE).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="ofsight-report-") as name:
        folder = Path(name)
        (folder / _TEMPLATE).write_text(template, encoding="utf-8")
        (folder / "data.json").write_text(json.dumps(data, ensure_ascii=True), encoding="utf-8")
        for file, picture in pictures.items():
            (folder / file).write_bytes(picture)
        return _compile(folder)


def _compile(folder: Path) -> bytes:
    """Set the template in type.

    PDF/UA asks that every character can be shown. A name in a script that Typst's own fonts lack is shown
    with the machine's fonts, or as an empty box, and then the file is tagged but does not claim the standard.
    """
    main, fixed = str(folder / _TEMPLATE), 0
    try:
        return typst.compile(
            main,
            root=str(folder),
            format="pdf",
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            timestamp=fixed,
        )
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
    return typst.compile(main, root=str(folder), format="pdf", timestamp=fixed)


def _text(text: Text | Cell) -> list[dict[str, Any]]:
    """Return a text as runs: words, and how they look."""
    if isinstance(text, Cell):
        text = text.text
    parts = (text,) if isinstance(text, str) else text
    return [_run(part if isinstance(part, Span) else Span(part)) for part in parts if part]


def _run(span: Span) -> dict[str, Any]:
    return {"words": span.words, "strong": span.strong, "code": span.code, "link": span.link or ""}


def _cell(cell: Text | Cell) -> dict[str, Any]:
    return {"text": _text(cell), "tone": cell.tone if isinstance(cell, Cell) else "plain"}


def _row(row: Row) -> dict[str, Any]:
    return {"kind": row.kind, "cells": [_cell(cell) for cell in row.cells]}


def _table(table: Table) -> dict[str, Any]:
    return {
        "block": "table",
        "key": table.key,
        "caption": table.caption,
        "columns": [
            {"heading": column.heading, "numeric": column.numeric, "share": column.share}
            for column in table.columns
        ],
        "rows": [_row(row) for row in table.rows],
        "short": table.short,
        "dense": table.dense,
        "note": _text(table.note),
    }


def _figure(figure: Figure, pictures: dict[str, bytes]) -> dict[str, Any]:
    file = f"chart-{len(pictures) + 1}.png"
    pictures[file] = draw_png(figure.chart, title=figure.title, description=figure.description)
    return {
        "block": "figure",
        "key": figure.key,
        "title": figure.title,
        "alt": f"{figure.title}. {figure.description}",
        "file": file,
        "source": _text(figure.source),
        "bare": figure.bare,
        "table": _table(figure.table),
    }


def _block(block: Block, pictures: dict[str, bytes]) -> Mapping[str, Any]:
    if isinstance(block, Paragraph):
        return {"block": "paragraph", "role": block.role, "text": _text(block.text)}
    if isinstance(block, Bullets):
        return {"block": "bullets", "ordered": block.ordered, "items": [_text(item) for item in block.items]}
    if isinstance(block, Note):
        items = [_text(item) for item in block.items]
        return {"block": "note", "kind": block.kind, "title": block.title, "items": items}
    if isinstance(block, KeyFigures):
        figures = [{"value": f.value, "label": f.label, "detail": f.detail} for f in block.figures]
        return {"block": "keyfigures", "figures": figures}
    if isinstance(block, Facts):
        return {
            "block": "facts",
            "short": block.short,
            "pairs": [{"name": n, "value": _text(v)} for n, v in block.pairs],
        }
    if isinstance(block, Code):
        return {"block": "code", "lines": list(block.lines)}
    return _table(block) if isinstance(block, Table) else _figure(block, pictures)


def _section(section: Section, pictures: dict[str, bytes]) -> dict[str, Any]:
    return {
        "key": section.key,
        "title": section.title,
        "starts_page": section.starts_page,
        "blocks": [_block(block, pictures) for block in section.blocks],
        "sections": [_section(inner, pictures) for inner in section.sections],
    }
