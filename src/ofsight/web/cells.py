"""Cells of tables: how each kind of value is shown; a column at a time, for pages have thousands of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from html import escape
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup

from ofsight.report.wording import count, day, decimal, p_value, ratio, sector_label
from ofsight.vocabulary import Grade
from ofsight.web.answer import Field, Part

__all__ = ["STATUS_WORDS", "body_of", "fill", "show_value", "status_words"]

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
    match one.kind:
        case "measure":
            return _of_unit(value, unit)
        case "count":
            return count(value)
        case "number":
            return decimal(value, one.places)
        case "percent":
            return f"{decimal(value, one.places)}%"
        case "share":
            return f"{decimal(100 * value, one.places)}%"
        case "ratio":
            return ratio(value, one.places)
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


def _html_of(value: Any, one: Field, unit: str) -> str:
    """Return a value as HTML without interval and link."""
    words = escape(show_value(value, one, unit))
    if one.kind == "grade" and value in _GRADES:
        return f'<span class="tag {_GRADES[value]}">{words}</span>'
    return f"<code>{words}</code>" if one.kind == "code" else words


def _printed(one: Field, row: Mapping[str, Any]) -> str:
    """Return what the release prints, where it is not the value itself."""
    words = row.get(one.printed) if one.printed else None
    if words in (None, "") or str(words) == str(row.get(one.name)):
        return ""
    return f'<span class="printed"> printed: {escape(str(words))}</span>'


def _column(one: Field, rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Give the cells of a column as HTML; words that come again are made once."""
    made: dict[tuple[Any, str], str] = {}
    for row in rows:
        value = row.get(one.name)
        printed = _printed(one, row)
        if value is None or value == "" or value != value:
            symbol = str(row.get(one.status) or "") if one.status else ""
            words = f'<span class="status">{escape(status_words(symbol))}</span>' if symbol else _NONE
            yield f"{words}{printed}"
            continue
        unit = str(row.get("unit") or "") if one.kind == "measure" else ""
        shown = made.get((value, unit))
        if shown is None:
            shown = made[value, unit] = _html_of(value, one, unit)
        if one.low and one.high and row.get(one.low) is not None and row.get(one.high) is not None:
            low, high = (show_value(row[end], one, unit) for end in (one.low, one.high))
            shown = f'{shown} <span class="interval">({escape(low)} to {escape(high)})</span>'
        address = fill(one.link, row) if one.link else ""
        yield f'<a href="{escape(address)}">{shown}</a>{printed}' if address else f"{shown}{printed}"


def body_of(part: Part) -> Markup:
    """Return the rows of a part that a page shows, as the HTML of a table's body.

    Every value is escaped here; nothing of the data is taken as HTML.
    """
    rows = part.frame.head(part.most).to_dicts()
    columns = [list(_column(one, rows)) for one in part.visible]
    starts = [
        "" if place == 0 else f'<td data-label="{escape(one.label)}"{_NUMBER if one.numeric else ""}>'
        for place, one in enumerate(part.visible)
    ]
    lines = []
    for cells in zip(*columns, strict=True):
        rest = "".join(f"{start}{cell}</td>" for start, cell in zip(starts[1:], cells[1:], strict=True))
        lines.append(f'<tr><th scope="row">{cells[0]}</th>{rest}</tr>')
    return Markup("\n".join(lines))


_NUMBER: Final = ' class="number"'
