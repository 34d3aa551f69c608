"""Cells of tables: how each kind of value is shown; a column at a time, for pages have thousands of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from html import escape
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup
from markupsafe import escape as mark

from ofsight.report.document import Cell, Table, Text
from ofsight.report.markup import tone, words_within
from ofsight.report.wording import count, day, decimal, p_value, ratio, sector_label
from ofsight.vocabulary import Grade
from ofsight.web.answer import Field, Kind, Part

__all__ = ["STATUS_WORDS", "body_of", "fill", "laid_body_of", "show_value", "status_words"]

STATUS_WORDS: Final[Mapping[str, str]] = {
    "c": "withheld",
    "x": "not available",
    "z": "not applicable",
    "k": "rounds to 0",
    "low": "rounds to 0",
    "u": "low reliability",
    "..": "not available",
    ".": "not applicable",
    ":": "not available",
    "-": "rounds to 0",
    "~": "rounds to 0",
    "*": "withheld",
    "REDACTED": "withheld",
    "not published": "not published",
    "too few": "too few",
    "none": "none",
    "blank": "empty in the release",
}
"""What each symbol means that stands in place of a number."""

_NONE: Final = '<span class="none">–</span>'
_GRADES: Final = dict(zip((grade.value for grade in Grade), ("poor", "fair", "good", "best"), strict=True))
_HOLE: Final = re.compile(r"\{(\w+)\}")


def status_words(symbol: str) -> str:
    """Return what stands in place of a value: the meaning of its symbol, and the symbol.

    >>> status_words("c"), status_words("not published"), status_words("?")
    ('withheld (c)', 'not published', '?')
    """
    words = STATUS_WORDS.get(symbol)
    return symbol if words is None or words == symbol else f"{words} ({symbol})"


def fill(pattern: str, row: Mapping[str, Any]) -> str:
    """Return an address with a row's values in its holes; empty where one of them is.

    >>> fill("/owners/{owner_id}", {"owner_id": "a/b"})
    '/owners/a%2Fb'
    """
    names = _HOLE.findall(pattern)
    if any(row.get(name) in (None, "") for name in names):
        return ""
    safe = "/" if pattern.startswith("{") else ""  # a pattern that is one hole is filled with an address
    return _HOLE.sub(lambda hole: quote(str(row[hole[1]]), safe=safe), pattern)


def _of_unit(value: float, unit: str) -> str:
    """Return a value as its unit asks: whole numbers of things, shares in per cent, else one decimal."""
    if unit in ("per cent", "percent"):
        return f"{decimal(value, 0 if float(value).is_integer() else 1)}%"
    if unit == "share":
        return f"{decimal(100 * value, 0)}%"
    return count(value) if float(value).is_integer() else decimal(value, 1)


def show_value(value: Any, one: Field, unit: str = "") -> str:
    """Return a value in a reader's words, not escaped.

    Parameters
    ----------
    value : object
        Never None.
    one : Field
        Says which kind it is.
    unit : str
        The unit of its row, for a measure.
    """
    return _show(value, one.kind, one.places, unit)


def _show(value: Any, kind: Kind, places: int, unit: str) -> str:
    match kind:
        case "measure":
            return _of_unit(value, unit)
        case "count":
            return count(value)
        case "number":
            return decimal(value, places)
        case "percent":
            return f"{decimal(value, places)}%"
        case "share":
            return f"{decimal(100 * value, places)}%"
        case "ratio":
            return ratio(value, places)
        case "p":
            return p_value(value)
        case "date":
            return day(value.isoformat() if isinstance(value, date) else value)
        case "sector":
            return sector_label(str(value))
        case "flag":
            return "yes" if value else "no"
        case _:
            return str(value)


@lru_cache(maxsize=16_384, typed=True)
def _html_of(value: Any, kind: Kind, places: int, unit: str) -> str:
    """Return a value as HTML without interval and link; most values stand in many cells, of many pages."""
    words = escape(_show(value, kind, places, unit))
    if kind == "grade" and value in _GRADES:
        return f'<span class="tag {_GRADES[value]}">{words}</span>'
    return f"<code>{words}</code>" if kind == "code" else words


def _column(one: Field, data: Mapping[str, list[Any]]) -> list[str]:
    """Return the cells of a column as HTML; words that come again are made once."""
    values = data[one.name]
    n, kind, places = len(values), one.kind, one.places
    empty = [value is None or value == "" or value != value for value in values]
    units = [str(unit or "") for unit in data["unit"]] if kind == "measure" and "unit" in data else [""] * n
    if kind == "text":  # of any length, so that none is kept
        cells = [
            _NONE if nothing else escape(str(value)) for value, nothing in zip(values, empty, strict=True)
        ]
    else:
        cells = [
            _NONE if nothing else _html_of(value, kind, places, unit)
            for value, unit, nothing in zip(values, units, empty, strict=True)
        ]
    if one.status:
        symbols = data[one.status]
        words = {symbol: _status(str(symbol)) for symbol in set(symbols) if symbol}
        cells = [
            words[symbol] if nothing and symbol else cell
            for cell, nothing, symbol in zip(cells, empty, symbols, strict=True)
        ]
    if one.low and one.high:
        for place, (low, high) in enumerate(zip(data[one.low], data[one.high], strict=True)):
            if not (empty[place] or low is None or high is None):
                ends = [_html_of(end, kind, places, units[place]) for end in (low, high)]
                cells[place] += f' <span class="interval">({ends[0]} to {ends[1]})</span>'
    if one.link:
        addresses = _addresses(one.link, data, n)
        cells = [
            f'<a href="{address}">{cell}</a>' if address and not nothing else cell
            for cell, nothing, address in zip(cells, empty, addresses, strict=True)
        ]
    if one.printed:
        for place, (value, words_there) in enumerate(zip(values, data[one.printed], strict=True)):
            # What the release prints, where it is not the value itself.
            if words_there not in (None, "") and str(words_there) != str(value):
                cells[place] += f'<span class="printed"> printed: {escape(str(words_there))}</span>'
    return cells


def _status(symbol: str) -> str:
    return f'<span class="status">{escape(status_words(symbol))}</span>'


def _addresses(pattern: str, data: Mapping[str, list[Any]], n: int) -> list[str]:
    """Return a column's addresses, escaped; each other one is made once."""
    names = list(dict.fromkeys(_HOLE.findall(pattern)))
    rows = list(zip(*(data.get(name, [None] * n) for name in names), strict=True)) if names else [()] * n
    made = {row: escape(fill(pattern, dict(zip(names, row, strict=True)))) for row in set(rows)}
    return [made[row] for row in rows]


def body_of(part: Part) -> Markup:
    """Return the rows of a part that a page shows, as the HTML of a table's body.

    Every value is escaped here; nothing of the data is taken as HTML.
    """
    data = part.frame.head(part.most).to_dict(as_series=False)
    columns = [_column(one, data) for one in part.visible]
    starts = [
        f'<td data-label="{escape(one.label)}"{_NUMBER if one.numeric else ""}>' for one in part.visible[1:]
    ]
    lines = []
    for first, *cells in zip(*columns, strict=True):
        rest = "".join([f"{start}{cell}</td>" for start, cell in zip(starts, cells, strict=True)])
        lines.append(f'<tr><th scope="row">{first}</th>{rest}</tr>')
    return Markup("\n".join(lines))


def laid_body_of(table: Table) -> Markup:
    """Return the rows of a table that the report has laid out, as the HTML of a table's body.

    Every word is escaped here, as in `ofsight.report.markup`.
    """
    starts = [
        f'<td data-label="{mark(column.heading)}"{_NUMBER if column.numeric else ""}>'
        for column in table.columns[1:]
    ]
    lines: list[str] = []
    for row in table.rows:
        first, *others = row.cells
        if row.kind == "group":
            wide = len(table.columns)
            lines.append(f'<tr class="group"><th scope="colgroup" colspan="{wide}">{_words(first)}</th></tr>')
            continue
        lines.append('<tr class="total">' if row.kind == "total" else "<tr>")
        lines.append(f'<th scope="row">{_words(first)}</th>')
        for start, cell in zip(starts, others, strict=True):
            look = tone(cell)
            lines.append(
                f"{start}{_words(cell)}</td>"
                if look == "plain"
                else f'{start}<span class="tag {mark(look)}">{_words(cell)}</span></td>'
            )
        lines.append("</tr>")
    return Markup("\n".join(lines))


def _words(cell: Text | Cell) -> str:
    return _marked(cell) if isinstance(cell, str) else words_within(cell)


@lru_cache(maxsize=16_384)
def _marked(words: str) -> str:
    """Return words escaped; a page has a thousand cells, and most of them are on many pages."""
    return str(mark(words))


_NUMBER: Final = ' class="number"'
