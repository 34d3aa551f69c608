"""Pages from templates: how each kind of value is shown, charts drawn, every word escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from ofsight.report.charts import NARROW, WIDE, draw
from ofsight.report.document import Cell, Span, Text, plain
from ofsight.report.wording import count, day, decimal, p_value, ratio, sector_label
from ofsight.vocabulary import Grade
from ofsight.web.answer import Field, Part, Picture
from ofsight.web.assets import assets
from ofsight.web.filters import TESTS

__all__ = ["STATUS_WORDS", "fill", "render", "show_cell", "status_words"]

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
_NONE: Final = "–"
_SAFE_LINK = re.compile(r"(https?://|mailto:|#|/(?!/))", re.IGNORECASE)
_GRADES: Final = {
    grade.value: name for grade, name in zip(Grade, ("poor", "fair", "good", "best"), strict=True)
}
_HOLE = re.compile(r"\{(\w+)\}")


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


def _words_of(value: Any, one: Field, row: Mapping[str, Any]) -> str:
    """Return a value in a reader's words."""
    match one.kind:
        case "measure":
            return _of_unit(value, str(row.get("unit") or ""))
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


def show_cell(one: Field, row: Mapping[str, Any]) -> Markup:
    """Return one cell: the value with interval and link, or what stands in its place."""
    value = row.get(one.name)
    if isinstance(value, float) and value != value:
        value = None
    if value is None or value == "":
        symbol = str(row.get(one.status) or "") if one.status else ""
        if not symbol:
            return Markup('<span class="none">{}</span>').format(_NONE)
        return Markup('<span class="status">{}</span>').format(status_words(symbol))
    shown = escape(_words_of(value, one, row))
    if one.kind == "grade" and str(value) in _GRADES:
        shown = Markup('<span class="tag {}">{}</span>').format(_GRADES[str(value)], value)
    elif one.kind == "code":
        shown = Markup("<code>{}</code>").format(value)
    low, high = (row.get(name) if name else None for name in (one.low, one.high))
    if low is not None and high is not None:
        ends = f"{_words_of(low, one, row)} to {_words_of(high, one, row)}"
        shown = Markup('{} <span class="interval">({})</span>').format(shown, ends)
    address = fill(one.link, row) if one.link else ""
    return Markup('<a href="{}">{}</a>').format(address, shown) if address else shown


def _words(text: Text | Cell) -> Markup:
    """Return a text as HTML: every word escaped, looks as elements."""
    if isinstance(text, Cell):
        text = text.text
    if isinstance(text, str):
        return escape(text)
    return Markup("").join(_span(part) for part in text)


def _span(part: str | Span) -> Markup:
    if isinstance(part, str):
        return escape(part)
    shown = escape(part.words)
    if part.code:
        shown = Markup("<code>{}</code>").format(shown)
    if part.strong:
        shown = Markup("<strong>{}</strong>").format(shown)
    if part.link and _SAFE_LINK.match(part.link):
        shown = Markup('<a href="{}">{}</a>').format(part.link, shown)
    return shown


def _tone(cell: Text | Cell) -> str:
    return cell.tone if isinstance(cell, Cell) else "plain"


def _drawing(picture: Picture, key: str, narrow: bool) -> Markup:
    """Return a chart as SVG; the drawings escape every word they write, so their text is safe as it is."""
    if isinstance(picture.chart, str):
        return Markup(picture.narrow if narrow and picture.narrow else picture.chart)
    name = f"{key}-{'narrow' if narrow else 'wide'}"
    width = NARROW if narrow else WIDE
    return Markup(draw(picture.chart, width, name=name, title=picture.title, description=picture.description))


def _kind(block: Any) -> str:
    """Name a block for the template: its class in lower case."""
    return type(block).__name__.lower()


def _rows(part: Part) -> list[dict[str, Any]]:
    """Return the rows of a part that a page shows."""
    return part.frame.head(part.most).to_dicts()


def _source(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_source),
        auto_reload=False,
    )
    environment.filters.update(words=_words, tone=_tone, plain=plain, day=day, count=count, kind=_kind)
    environment.globals.update(
        cell=show_cell,
        rows_of=_rows,
        drawing=_drawing,
        asset=assets().address,
        has_narrow=_has_narrow,
        tests=TESTS,
    )
    return environment


def _has_narrow(picture: Picture) -> bool:
    return not isinstance(picture.chart, str) or bool(picture.narrow)


def render(template: str, **context: Any) -> str:
    """Return a page.

    Parameters
    ----------
    template : str
        Name of a file of ``templates/``.
    **context
        What it needs: see the template. A name that is missing is an error, never an empty place.
    """
    return _environment().get_template(template).render(**context)
