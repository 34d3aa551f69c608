"""The text of a document as HTML: every word escaped, looks as elements, links only where they may lead."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup, escape

from ofsight.report.document import Cell, Span, Text

__all__ = ["block_kind", "tone", "words", "words_within"]

_ABROAD: Final = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)
_WITHIN: Final = re.compile(r"(https?://|mailto:|#|/(?!/))", re.IGNORECASE)


def words(text: Text | Cell) -> Markup:
    """Return a text of a page that stands alone: its links lead into the page or abroad."""
    return _marked(text, _ABROAD)


def words_within(text: Text | Cell) -> Markup:
    """Return a text of a page among others: its links may lead to one of them too (``/areas/leeds``)."""
    return _marked(text, _WITHIN)


def tone(cell: Text | Cell) -> str:
    """Return the tone of a cell; a text has none."""
    return cell.tone if isinstance(cell, Cell) else "plain"


def block_kind(block: object) -> str:
    """Name a block for its template: its class in lower case."""
    return type(block).__name__.lower()


def _marked(text: Text | Cell, safe: re.Pattern[str]) -> Markup:
    if isinstance(text, Cell):
        text = text.text
    if isinstance(text, str):
        return escape(text)
    return Markup("").join(_span(part, safe) for part in text)


def _span(part: str | Span, safe: re.Pattern[str]) -> Markup:
    if isinstance(part, str):
        return escape(part)
    shown = escape(part.words)
    if part.code:
        shown = Markup("<code>{}</code>").format(shown)
    if part.strong:
        shown = Markup("<strong>{}</strong>").format(shown)
    if part.link and safe.match(part.link):
        shown = Markup('<a href="{}">{}</a>').format(part.link, shown)
    return shown
