"""A document for the editions with pages: findings first, long tables in an annex at the end.

On a screen a folded table takes one line until a reader opens it. Paper cannot fold: the same table would
stand for pages between a finding and the next one. So it goes to an annex, and a line says where it is; one
that stands in an annex already stays there, in smaller type.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ofsight.report.document import Block, Document, Figure, Paragraph, Section, Span, Table

__all__ = ["paged"]

_KEY = "annex-tables"


def _goes(table: Table) -> bool:
    return table.folded and not table.short


def _pointer(table: Table, letter: str) -> Paragraph:
    return Paragraph(
        (f"{table.caption.rstrip('.')}: ", Span(f"annex {letter}", link=f"#{table.key}")), "small"
    )


def _stay(blocks: tuple[Block, ...], letter: str) -> Iterator[Block]:
    """Give the blocks that stay, with a line in the place of each table that goes."""
    for block in blocks:
        if isinstance(block, Table) and _goes(block):
            yield _pointer(block, letter)
        elif isinstance(block, Figure) and _goes(block.table):
            yield replace(block, bare=True)
            yield _pointer(block.table, letter)
        else:
            yield block


def _thinned(section: Section, letter: str) -> Section:
    inner = tuple(_thinned(part, letter) for part in section.sections)
    return replace(section, blocks=tuple(_stay(section.blocks, letter)), sections=inner)


def _long_tables(section: Section) -> tuple[Table, ...]:
    """Return the tables of a section, and of all below it, that go to the annex."""
    tables = (
        block.table if isinstance(block, Figure) else block
        for part in section.walk()
        for block in part.blocks
        if isinstance(block, Table | Figure)
    )
    return tuple(replace(table, dense=True) for table in tables if _goes(table))


def _small(section: Section) -> Section:
    """Return an annex with its long tables in smaller type."""
    blocks = tuple(
        replace(block, dense=True) if isinstance(block, Table) and _goes(block) else block
        for block in section.blocks
    )
    return replace(section, blocks=blocks, sections=tuple(map(_small, section.sections)))


def paged(document: Document) -> Document:
    """Return the document as it stands on pages.

    Parameters
    ----------
    document : Document
        As the page on a screen shows it.

    Returns
    -------
    Document
        The same words and rows. Tables that the screen folds and that are too long to be kept on one page
        stand in a last annex, in the order of the report and under the titles of their sections; those of an
        annex stay in it. A document of a few pages, without contents, comes back as it is.
    """
    if not document.contents:
        return document
    document = replace(
        document, sections=tuple(_small(part) if part.annex else part for part in document.sections)
    )
    findings = (section for section in document.sections if not section.annex)
    found = [(section, tables) for section in findings if (tables := _long_tables(section))]
    if not found:
        return document
    letter = chr(ord("A") + sum(section.annex for section in document.sections))
    words = Paragraph("The tables behind the figures and the checks, in the order of the report.")
    parts = tuple(Section(f"{_KEY}-{section.key}", section.title, tables) for section, tables in found)
    annex = Section(_KEY, f"Annex {letter}. Tables in full", (words,), parts, annex=True)
    thinned = (part if part.annex else _thinned(part, letter) for part in document.sections)
    return replace(document, sections=(*thinned, annex))
