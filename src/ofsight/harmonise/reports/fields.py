"""Fields that homes' and authorities' reports share: dates, labelled values, publication."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

from ofsight.harmonise.reports.days import read_day, read_span
from ofsight.harmonise.reports.layout import join_texts, plain, tidy
from ofsight.harmonise.reports.pages import Line

__all__ = ["LABELLED", "copyright_year", "field_value", "read_dates", "read_published", "table_fields"]

_DATES = re.compile(
    r"^(?:inspection dates?|dates? of (?:this |the )?(?:inspection|visit|monitoring visit|assurance "
    r"(?:visit|inspection))"
    r"|(?:assurance|monitoring)? ?(?:visit|inspection) dates?)\s*:?\s*(?P<rest>.*)$",
    re.IGNORECASE,
)
LABELLED = re.compile(
    r"^(?:registered (?:provider|person|manager)|responsible individual|provision|unique reference"
    r"|inspect|type of"
    r"|date of|enforcement|this inspection|information about|full inspection|interim|assurance"
    r"|monitoring|overall"
    r"|previous|the office for standards|recent inspection|what does|judgement)",
    re.IGNORECASE,
)


def read_dates(lines: Sequence[Line]) -> tuple[tuple[date, date], str] | None:
    """Return first and last day of the inspection and the words that say them, or None."""
    for i, line in enumerate(lines):
        match = _DATES.match(plain(line.text))
        if match is None or "type" in match["rest"].lower():
            continue
        said = match["rest"]
        # "... to 2" and "... 31 December 2024 and": the rest stands in the next line.
        if i + 1 < len(lines) and not re.search(r"\d{4}\s*\.?$|/\d\d$", said):
            said = f"{said} {plain(lines[i + 1].text)}".strip()
        if span := read_span(said):
            return span, tidy(
                said if re.search(r"\d{4}\s*\.?$", said) else re.split(r"(?<=\b20\d\d)\b", said)[0]
            )
    return None


def field_value(lines: Sequence[Line], label: re.Pattern[str]) -> str | None:
    """Return what stands after a label, or below it, or None; the label has one group, the value."""
    for i, line in enumerate(lines):
        if match := label.match(plain(line.text)):
            said = tidy(line.text[match.start(1) :])
            if not said and i + 1 < len(lines) and not LABELLED.match(plain(lines[i + 1].text)):
                said = tidy(lines[i + 1].text)
            return said or None
    for text in table_fields(lines):
        if match := label.match(plain(text)):
            return tidy(text[match.start(1) :]) or None
    return None


def table_fields(lines: Sequence[Line]) -> list[str]:
    """Return the rows of two-column tables as ``label value``, each cell put together from its lines."""
    fields: list[str] = []
    i = 0
    while i < len(lines):
        parts = lines[i].segments()
        if len(parts) != 2:
            i += 1
            continue
        label, value = [parts[0].text], [parts[1].text]
        left, right, last = parts[0].x0, parts[1].x0, lines[i]
        i += 1
        while i < len(lines):
            more = lines[i].segments()
            close = lines[i].page == last.page and lines[i].top - last.bottom < 0.6 * last.height
            # Both cells go on when the left one does so in lower case: labels begin with a capital.
            both = len(more) == 2 and more[0].text[0].islower() and abs(more[1].x0 - right) <= 4.0
            one = len(more) == 1 and min(abs(more[0].x0 - left), abs(more[0].x0 - right)) <= 4.0
            if not close or not (both or one):
                break
            for part in more:
                (label if abs(part.x0 - left) <= 4.0 else value).append(part.text)
            last = lines[i]
            i += 1
        fields.append(f"{join_texts(label)} {join_texts(value)}")
    return fields


def copyright_year(words: str) -> int | None:
    """Return the year of the last Crown copyright line, or None."""
    years = re.findall(r"crown copyright,? (20\d\d)", words, re.IGNORECASE)
    return int(years[-1]) if years else None


def read_published(
    words: str, made_on: date | None, inspected_to: date | None
) -> tuple[date | None, Literal["printed", "pdf"] | None]:
    """Return the day of publication and where it was found.

    It is printed in some reports of authorities. The PDF of a home's report was made on the day it was
    published in every case that could be compared with Ofsted's tables.
    """
    if match := re.search(
        r"\b(?:report published(?: on)?:?|published(?: on)?:) (\d{1,2} [A-Za-z]+ 20\d\d)",
        words[:4000],
        re.IGNORECASE,
    ):
        return read_day(match[1]), "printed"
    if made_on and inspected_to and timedelta(0) <= made_on - inspected_to <= timedelta(days=500):
        return made_on, "pdf"
    return None, None
