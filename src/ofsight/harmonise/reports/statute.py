"""What is known of the regulations and of the Guide: numbers, headings, paragraphs, printed pages."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib import resources

__all__ = [
    "guide_page",
    "heading",
    "has_paragraph",
    "regulation_exists",
    "regulation_set_on",
    "standard_number",
]

from datetime import date

from ofsight.harmonise.reports.layout import plain
from ofsight.harmonise.reports.model import RegulationSet

_IN_FORCE = date(2015, 4, 1)


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    text = (resources.files("ofsight.definitions") / "codes" / name).read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def _headings(regulation_set: str) -> dict[str, str]:
    return {row["number"]: row["heading"] for row in _rows(f"regulations_{regulation_set}.csv")}


@cache
def _paragraphs() -> dict[str, frozenset[str]]:
    return {row["number"]: frozenset(row["paragraphs"].split()) for row in _rows("regulations_2015.csv")}


@cache
def _guide() -> dict[str, int]:
    return {row["paragraph"]: int(row["page"]) for row in _rows("guide_paragraphs.csv")}


def regulation_set_on(day: date | None) -> RegulationSet:
    """Return the statute in force on a day: the 2001 Regulations until 31 March 2015."""
    return "2001" if day is not None and day < _IN_FORCE else "2015"


def regulation_exists(number: str, regulation_set: str) -> bool:
    """Whether a set has a regulation of that number; every national minimum standard is taken to exist."""
    return regulation_set == "NMS" or number.startswith("NMS") or number in _headings(regulation_set)


def heading(number: str, regulation_set: str) -> str | None:
    """Return a regulation's heading, or None."""
    return None if regulation_set == "NMS" else _headings(regulation_set).get(number)


def has_paragraph(number: str, path: str) -> bool | None:
    """Whether a regulation of 2015 has a paragraph such as ``(2)(a)(i)``.

    None where the table does not go that deep: it was taken from the statute by machine, warns only and
    lists the parts of a paragraph for some regulations only.
    """
    listed = _paragraphs().get(number)
    if not listed:
        return None
    steps = re.findall(r"\([^)]*\)", path)
    for depth in range(1, len(steps) + 1):
        parent, here = "".join(steps[: depth - 1]), "".join(steps[:depth])
        if any(known == here or known.startswith(here + "(") for known in listed):
            continue
        siblings = any(known != parent and known.startswith(parent + "(") for known in listed)
        return False if siblings else None
    return True


def guide_page(paragraph: str) -> int | None:
    """Return the printed page of a paragraph of the Guide (v1.17, April 2015), or None."""
    return _guide().get(paragraph)


def standard_number(text: str) -> str | None:
    """Return the regulation whose heading opens a text: ``The protection of children standard`` is 12."""
    words = re.sub(r"^\W*(?:reg(?:ulation)?\.?\s*)?(?:\d{1,2}[A-Z]?\W+)?", "", plain(text)).casefold()
    for number, title in _headings("2015").items():
        if 5 <= int(number) <= 14 and words.startswith(title.casefold()):
            return number
    return None
