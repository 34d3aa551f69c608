"""What a question is answered with: tables that know what they hold, and the words between them.

An `Answer` is made once by a function of `ofsight.web.queries` and shown thrice: as a page, as JSON and, each
of its tables, as CSV. So a number on a page can always be followed into a program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from ofsight.report.charts.model import Chart
from ofsight.report.document import (
    Bullets,
    Cell,
    Code,
    Facts,
    KeyFigures,
    Note,
    Paragraph,
    Section,
    Table,
    Text,
    plain,
)

__all__ = ["Answer", "Crumb", "Field", "Heading", "Kind", "Part", "Picture", "part_of_table", "slug_of"]

Kind = Literal[
    "text",
    "code",
    "count",
    "number",
    "percent",
    "share",
    "ratio",
    "p",
    "date",
    "year",
    "grade",
    "sector",
    "flag",
    "measure",
]
"""How a value is shown. A share is of one, a percent of a hundred; a year has no thousands separator; a
measure is shown as the unit in column ``unit`` of its row asks."""

NUMERIC: frozenset[str] = frozenset({"count", "number", "percent", "share", "ratio", "p", "measure"})


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a part.

    Parameters
    ----------
    name : str
        The column of the frame, and its name in JSON and CSV.
    label : str
        Its heading on a page.
    kind : Kind
        How its values are shown.
    meaning : str
        What a value says; part of the JSON twin.
    unit : str
        The unit of a number.
    status : str, optional
        The column with the symbol that stands where there is no value: it is shown in its place, and goes
        into JSON and CSV beside it.
    link : str, optional
        Where a cell leads: an address with columns in braces, ``/homes/{urn}``; no link where one is empty.
    places : int
        Decimals of a number, percent or ratio.
    low, high : str, optional
        Columns with the ends of the interval, shown in brackets behind the value.
    printed : str, optional
        The column with what the release prints, shown below the value where it says something else.
    shown : bool
        Whether it is a column of the page; else of JSON and CSV only.
    """

    name: str
    label: str
    kind: Kind = "text"
    meaning: str = ""
    unit: str = ""
    status: str | None = None
    link: str | None = None
    places: int = 1
    low: str | None = None
    high: str | None = None
    printed: str | None = None
    shown: bool = True

    @property
    def numeric(self) -> bool:
        """Whether its cells are set to the right."""
        return self.kind in NUMERIC


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart of a part: drawn as SVG, wide and narrow, with the part's table below it.

    Parameters
    ----------
    title : str
        The finding, as a sentence.
    description : str
        What a reader who cannot see it is told.
    chart : Chart or str
        A chart of `ofsight.report.charts`, or a ready SVG from `ofsight.web.charts`.
    narrow : str
        For a ready SVG: the drawing for small screens; the wide one where it is empty.
    model : object
        For a ready SVG: what it shows, in numbers, as `ofsight.web.vega` knows it.
    """

    title: str
    description: str
    chart: Chart | str
    narrow: str = ""
    model: object = None


@dataclass(frozen=True)
class Part:
    """One table of an answer, with its chart where it has one.

    Parameters
    ----------
    key : str
        Its name in addresses: ``/api/v1/areas/leeds/tables/places.csv``. Unique in the answer.
    title : str
        Caption: what the table shows.
    frame : polars.DataFrame
        The values, with every column that `fields` names (and their status and interval columns).
    fields : tuple of Field
        The columns in order; columns of the frame that no field names are not given out.
    source : str
        Where the numbers come from, with its date.
    note : Text
        Below the table: units, what is missing, what a mark means.
    picture : Picture, optional
        The chart above it.
    folded : bool
        On the page the table is shown closed.
    most : int
        So many rows are shown on the page at most; the page says of how many, and CSV has all.
    laid : Table, optional
        The same as laid out by the report, shown in place of the frame where it is given.
    stacked : bool
        On a small screen each row becomes a card; for tables with long words in them.
    links : tuple of (str, str)
        Names of formats and addresses where the table is to be had, in place of the usual CSV and JSON.
    """

    key: str
    title: str
    frame: pl.DataFrame
    fields: tuple[Field, ...]
    source: str = ""
    note: Text = ""
    picture: Picture | None = None
    folded: bool = False
    most: int = 100
    laid: Table | None = None
    stacked: bool = False
    links: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        missing = [name for name in self.columns if name not in self.frame.columns]
        if missing:
            raise ValueError(
                f"Part {self.key!r} has no column {', '.join(missing)}; it has {self.frame.columns}"
            )

    @property
    def columns(self) -> list[str]:
        """The columns given out: each field with its interval and status behind it."""
        names: dict[str, None] = {}
        for one in self.fields:
            for name in (one.name, one.low, one.high, one.status, one.printed):
                if name is not None:
                    names[name] = None
        return list(names)

    @property
    def given(self) -> pl.DataFrame:
        """The frame as programs get it."""
        return self.frame.select(self.columns)

    @property
    def visible(self) -> tuple[Field, ...]:
        """The fields that are columns of the page."""
        return tuple(one for one in self.fields if one.shown)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a page."""

    title: str
    key: str = ""
    level: int = 2

    @property
    def anchor(self) -> str:
        """Its place in the address: ``#places``."""
        return self.key or slug_of(self.title)


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way from the front page."""

    label: str
    address: str


Prose = Heading | Paragraph | Bullets | Note | KeyFigures | Facts | Code


@dataclass(frozen=True)
class Answer:
    """The answer to one question.

    Parameters
    ----------
    address : str
        Its own page with whatever makes it this answer: ``/areas/leeds?on=2023-03-31``. The JSON twin has the
        same address below ``/api/v1`` with ``.json`` before the ``?``.
    title : str
        The page's one h1.
    body : tuple
        Parts and prose, in reading order.
    lead : Text
        What a reader takes away; empty when there is nothing to say in a sentence.
    cautions : tuple of Text
        What must be read beside the numbers. Every answer that shows a gap has them.
    trail : tuple of Crumb
        Breadcrumbs above the page, the front page left out.
    description : str
        For search engines and link previews.
    """

    address: str
    title: str
    body: tuple[Part | Prose, ...] = ()
    lead: Text = ""
    cautions: tuple[Text, ...] = ()
    trail: tuple[Crumb, ...] = ()
    description: str = ""
    extra: dict[str, object] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its tables."""
        return tuple(block for block in self.body if isinstance(block, Part))

    @property
    def headings(self) -> tuple[Heading, ...]:
        """Its headings of the second level, for the list of contents."""
        return tuple(block for block in self.body if isinstance(block, Heading) and block.level == 2)

    def part(self, key: str) -> Part | None:
        """Return one of its tables."""
        return next((part for part in self.parts if part.key == key), None)

    def twin(self, part: str = "", ending: str = "json") -> str:
        """Return the address of the JSON twin, or of one part as ``json`` or ``csv``."""
        path, _, query = self.address.partition("?")
        whole = f"/api/v1{path.rstrip('/') or '/start'}{f'/tables/{part}' if part else ''}.{ending}"
        return f"{whole}?{query}" if query else whole


def slug_of(words: str) -> str:
    """Return words as part of an address: lower case letters, digits and hyphens.

    >>> slug_of("Kingston upon Hull, City of")
    'kingston-upon-hull-city-of'
    """
    return re.sub(r"[^a-z0-9]+", "-", words.lower().replace("’", "").replace("'", "")).strip("-") or "x"


def _names(headings: Sequence[str]) -> list[str]:
    """Make column names of headings, each once."""
    names: list[str] = []
    for heading in headings:
        name = base = slug_of(heading).replace("-", "_")
        place = 2
        while name in names:
            name, place = f"{base}_{place}", place + 1
        names.append(name)
    return names


def part_of_table(
    table: Table, *, source: str = "", picture: Picture | None = None, key: str | None = None
) -> Part:
    """Make a part of a table that the report has laid out; its cells stay the words that are printed.

    In the frame, which programs read, a minus sign is the hyphen that they take for one. A row that heads a
    group becomes the first column of the rows below it.
    """
    names = _names([column.heading for column in table.columns])
    grouped = any(row.kind == "group" for row in table.rows)
    group, rows = "", []
    for row in table.rows:
        cells = [
            plain(cell.text if isinstance(cell, Cell) else cell).replace("\u2212", "-") for cell in row.cells
        ]
        if row.kind == "group":
            group = cells[0]
        else:
            rows.append([group, *cells] if grouped else cells)
    fields = tuple(
        Field(name, column.heading, "text") for name, column in zip(names, table.columns, strict=True)
    )
    if grouped:
        first = next(name for name in ("group", "under", "part_of") if name not in names)
        names, fields = [first, *names], (Field(first, "Group"), *fields)
    cells_of = zip(*rows, strict=True) if rows else ([] for _ in names)
    frame = pl.DataFrame(
        [pl.Series(name, cells, dtype=pl.String) for name, cells in zip(names, cells_of, strict=True)]
    )
    return Part(
        key=key or table.key,
        title=table.caption,
        frame=frame,
        fields=fields,
        source=source,
        note=table.note,
        picture=picture,
        folded=table.folded or picture is not None,
        laid=table,
        stacked=table.stacked,
    )


def parts_of_section(section: Section, source: str = "") -> Iterator[Part | Prose]:
    """Give a section of the report as the body of an answer, sections below it under headings."""
    for inner in section.walk():
        if inner is not section:
            yield Heading(inner.title, inner.key)
        for block in inner.blocks:
            if isinstance(block, Table):
                yield part_of_table(block, source=source)
            elif isinstance(block, (Paragraph, Bullets, Note, KeyFigures, Facts, Code)):
                yield block
            else:
                shown = Picture(block.title, block.description, block.chart)
                yield part_of_table(block.table, source=plain(block.source), picture=shown, key=block.key)
