"""Lines without running heads and feet, joined into text, and cut at headings.

Matching is done on `plain` text, which has the same length as what it was made from, so that a place found
in the one can be cut out of the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ofsight.harmonise.reports.pages import Document, Line

__all__ = ["BULLETS", "body_lines", "footer_urns", "join_lines", "join_texts", "plain", "tidy"]

BULLETS = (
    "\uf0b7\uf06e\uf0a7\uf0d8\uf076\u2022\u25cf\u25a0\u25fc\u25aa"
    "\u25e6\u2023\u2043\u25cb\u00b7\u27a2\u2b1b\u25fe"
)
"""Marks at the start of a list item; the first are Wingdings glyphs (U+F06E in new reports)."""

_EVEN = {ord("’"): "'", ord("‘"): "'", ord("´"): "'", ord("`"): "'", ord("“"): '"', ord("”"): '"'}
_EVEN |= {ord(dash): "-" for dash in "–—‒―−\u2010\u2011"} | {0xA0: " ", 0x202F: " ", 0x2009: " ", 0x00AD: "-"}

_URN = r"(?:SC\d{6}|\d{6,8})"
_FOOTER = re.compile(
    r"^(?:page )?\d{1,3}(?: (?:of|/) \d{1,3})?$"
    rf"|^inspection report (?:for )?(?:secure )?children'?s'? ?homes?\b.*?:? ?(?P<urn>{_URN})?(?: "
    rf"(?:page )?\d{{1,3}}(?: of \d{{1,3}})?)?$"
    r"|^\d{1,3}? ?inspection report (?:for|of) .{0,80}\b\d{4} (?:page )?\d{1,3} of \d{1,3}$",
    re.IGNORECASE,
)
_FOOT_OF_LETTER = re.compile(
    r"^(?:inspection of|focused visit to|monitoring visit (?:of|to)|joint (?:targeted )?area|assurance "
    r"visit to)"
    r" .{3,120}$",
    re.IGNORECASE,
)
_FOOT_DATES = re.compile(r"^\d{1,2}\b[\w ,-]{4,60}\b20\d\d(?: \d{1,3})?$")


def plain(text: str) -> str:
    """Return the text with straight quotes, hyphens for dashes and common spaces; same length."""
    return text.translate(_EVEN)


def tidy(text: str) -> str:
    """Return the text with single spaces and no soft hyphens, nothing else changed."""
    return " ".join(text.replace("\u00ad", "").split())


def join_lines(lines: Iterable[Line]) -> str:
    """Join lines to running text; a word broken at a line's end is put together again."""
    return join_texts(line.text for line in lines)


def join_texts(texts: Iterable[str]) -> str:
    """Join the texts of lines: a soft hyphen at the end goes, a hard one stays, both without a space."""
    parts: list[str] = []
    for text in texts:
        last = parts[-1] if parts else ""
        if last.endswith("\u00ad"):
            parts[-1] = last[:-1] + text
        elif len(last) > 1 and last[-1] == "-" and last[-2].isalnum() and text[:1].isalnum():
            parts[-1] = last + text
        else:
            parts.append(text)
    return tidy(" ".join(parts))


def body_lines(document: Document) -> list[Line]:
    """Return the lines of all pages in reading order without running feet, page numbers, footnote marks."""
    lines: list[Line] = []
    for page in document.pages:
        at_foot = False
        for line in page.lines:
            words = plain(line.text).strip()
            if _FOOTER.match(words):
                continue
            if line.top > 0.9 * page.height or line.bottom < 0.06 * page.height:
                # The foot of letters and authority reports: title, then dates and the page's number.
                if _FOOT_OF_LETTER.match(words) or (at_foot and _FOOT_DATES.match(words)):
                    at_foot = True
                    continue
                if _FOOT_DATES.match(words) and line.top > 0.92 * page.height:
                    continue
            lines.append(line)
    return lines


def footer_urns(document: Document) -> set[str]:
    """Return the unique reference numbers in the running feet."""
    found = set()
    for page in document.pages:
        for line in page.lines:
            match = _FOOTER.match(plain(line.text).strip())
            if match and match["urn"]:
                found.add(match["urn"].upper())
    return found
