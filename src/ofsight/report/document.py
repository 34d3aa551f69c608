"""The report before it has a format: what is said, in which order, and nothing about how it looks.

A `Document` is built once from a study folder (`ofsight.report.content`) and drawn by each edition
(`html`, `docx`, `pdf`). Everything here is frozen and plain text: an edition escapes it in its own way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Literal

from ofsight.report.charts.model import Chart

__all__ = [
    "Block",
    "Bullets",
    "Cell",
    "Code",
    "Column",
    "Document",
    "Facts",
    "Figure",
    "KeyFigure",
    "KeyFigures",
    "Note",
    "Paragraph",
    "Row",
    "Section",
    "Span",
    "Table",
    "Text",
    "Tone",
    "plain",
]

_SHORT = 30
_LETTERS = 105

Tone = Literal["plain", "good", "fair", "poor", "muted"]
"""How a cell is marked besides its words; no meaning hangs on the mark alone."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of words with one look.

    Parameters
    ----------
    words : str
        The words, as a reader sees them.
    strong : bool
        Set in bold.
    code : bool
        Set in a fixed width: a command, a hash, a file name.
    link : str, optional
        Where the words lead to; only ``http``, ``https``, ``mailto`` and ``#section`` are followed.
    """

    words: str
    strong: bool = False
    code: bool = False
    link: str | None = None


Text = str | tuple[str | Span, ...]
"""A line of text: one string, or strings and spans in order."""


def plain(text: Text) -> str:
    """Return a text without its looks."""
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else part.words for part in text)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph; the lead is the sentence a reader takes away."""

    text: Text
    role: Literal["plain", "lead", "small"] = "plain"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of short statements."""

    items: tuple[Text, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """Something set apart so that it is not read over.

    Parameters
    ----------
    title : str
        Its heading.
    items : tuple of Text
        One paragraph when there is one, a list when there are several.
    kind : {"caution", "information", "synthetic"}
        What it warns of.
    """

    title: str
    items: tuple[Text, ...]
    kind: Literal["caution", "information", "synthetic"] = "information"


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A number with its unit and, where it has one, its interval."""

    value: str
    label: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """Key figures shown side by side."""

    figures: tuple[KeyFigure, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of a name and what it is."""

    pairs: tuple[tuple[str, Text], ...]

    @property
    def short(self) -> bool:
        """Whether the names are letters or numbers, and need little room."""
        return all(len(name) <= 4 for name, _ in self.pairs)


@dataclass(frozen=True, slots=True)
class Code:
    """Commands to copy, one a line."""

    lines: tuple[str, ...]
    label: str = "Commands"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table when plain words do not do."""

    text: Text
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what its cells are, and how wide it asks to be.

    Parameters
    ----------
    heading : str
        The heading; never empty.
    numeric : bool
        Set to the right, digits of one width.
    share : float
        Width against the other columns in the editions that have pages.
    """

    heading: str
    numeric: bool = False
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row; the first cell names it. A group row has that one cell only and spans the table."""

    cells: tuple[Text | Cell, ...]
    kind: Literal["plain", "group", "total"] = "plain"


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption, that can be read without the text around it.

    Parameters
    ----------
    key : str
        Name in links and file names: ``table-1``.
    caption : str
        What the table shows.
    columns, rows
        Every plain and total row has as many cells as there are columns.
    note : Text
        Below the table: units, what is missing, what a mark means.
    folded : bool
        May be shown closed on a screen; always open on paper.
    stacked : bool
        On a phone each row becomes a card; for tables with long words in them.
    dense : bool
        Set in smaller type where there are pages: a table to look something up in.
    """

    key: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: Text = ""
    folded: bool = False
    stacked: bool = False
    dense: bool = False

    @property
    def short(self) -> bool:
        """Whether it is kept on one page: a heading over one or two rows is read as another table."""
        return sum(map(self._lines, self.rows)) <= _SHORT

    def _lines(self, row: Row) -> int:
        """Return about how many lines a row takes on A4, by its longest cell and that column's share."""
        if row.kind == "group":
            return 1
        whole = sum(column.share for column in self.columns)
        texts = (plain(cell.text if isinstance(cell, Cell) else cell) for cell in row.cells)
        rooms = (max(_LETTERS * column.share / whole, 1) for column in self.columns)
        return max(ceil(len(text) / room) or 1 for text, room in zip(texts, rooms, strict=True))

    def __post_init__(self) -> None:
        for row in self.rows:
            allowed = 1 if row.kind == "group" else len(self.columns)
            if len(row.cells) != allowed:
                raise ValueError(
                    f"Table {self.key!r} has a {row.kind} row with {len(row.cells)} cells where {allowed} "
                    f"are needed: {row.cells!r}"
                )


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart that says what it shows, with the numbers behind it.

    Parameters
    ----------
    key : str
        Name in links and file names: ``figure-1``.
    title : str
        The finding, as a sentence.
    description : str
        What a reader who cannot see the chart is told.
    chart : Chart
        What is drawn.
    table : Table
        The numbers, all of them.
    source : Text
        Where they come from.
    bare : bool
        The table stands elsewhere in the same edition (`ofsight.report.paging`).
    """

    key: str
    title: str
    description: str
    chart: Chart
    table: Table
    source: Text = ""
    bare: bool = False


Block = Paragraph | Bullets | Note | KeyFigures | Facts | Code | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it.

    Parameters
    ----------
    key : str
        Its name in addresses.
    title : str
        Its heading.
    blocks : tuple of Block
        What stands under the heading.
    sections : tuple of Section
        The sections below it.
    annex : bool
        To be looked up rather than read: it starts a page, and keeps its own long tables.
    flows : bool
        An annex that starts on the page where what is before it ends; for a document of few pages.
    """

    key: str
    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    annex: bool = False
    flows: bool = False

    @property
    def starts_page(self) -> bool:
        """Whether it starts a page where there are pages."""
        return self.annex and not self.flows

    def walk(self) -> Iterator[Section]:
        """Give this section and all below it, in reading order."""
        yield self
        for section in self.sections:
            yield from section.walk()


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report.

    Parameters
    ----------
    title : str
        The finding.
    kicker : str
        Which study it belongs to.
    byline : tuple of Text
        Sources and dates, beneath the title.
    banner : str
        Words that stand on every page; empty when there are none.
    opening : tuple of Block
        What stands before the first section.
    sections : tuple of Section
        The rest.
    footer : tuple of Text
        Licence and status lines.
    language : str
        BCP 47 language of the words.
    keywords : tuple of str
        What a library would file it under.
    contents : bool
        Whether the editions with pages have a table of contents; a few pages need none.
    """

    title: str
    kicker: str
    byline: tuple[Text, ...]
    banner: str
    opening: tuple[Block, ...]
    sections: tuple[Section, ...]
    footer: tuple[Text, ...]
    language: str = "en-GB"
    keywords: tuple[str, ...] = field(default=())
    contents: bool = True

    def blocks(self) -> Iterator[Block]:
        """Give every block in reading order."""
        yield from self.opening
        for top in self.sections:
            for section in top.walk():
                yield from section.blocks
