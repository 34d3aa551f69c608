"""Days and spans of days as reports print them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from ofsight.harmonise.reports.layout import plain

__all__ = ["DAY", "find_days", "read_day", "read_span"]

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb febuary", "march mar", "april apr", "may", "june jun", "july jul",
            "august aug", "september sept sep", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? )?"
_NUMBER = r"\d{1,2}(?: ?(?:st|nd|rd|th)\b)?"
DAY = rf"{_WEEKDAY}{_NUMBER} ?(?:of )?{_MONTH},? ?\d{{4}}|\b\d{{1,2}}[/.]\d{{1,2}}[/.](?:\d{{4}}|\d{{2}})\b"
"""Pattern of one whole day, for case-ignoring search in plain text."""

_DAY = re.compile(DAY, re.IGNORECASE)
_WORDS = re.compile(rf"{_WEEKDAY}({_NUMBER}) ?(?:of )?({_MONTH}),? ?(\d{{4}})", re.IGNORECASE)
_DIGITS = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})")
# One end of a span: the day, with or without month and year.
_END = re.compile(rf"{_WEEKDAY}({_NUMBER})(?: ?(?:of )?({_MONTH}))?(?:,? ?((?:19|20)\d\d)\b)?", re.IGNORECASE)
_JOIN = re.compile(r"\s*(?:-|to|and|until|,|&|;)+\s*(?:and |to )?", re.IGNORECASE)


def read_day(text: str) -> date | None:
    """Return the first whole day in a text, or None."""
    days = find_days(text)
    return days[0] if days else None


def find_days(text: str) -> list[date]:
    """Return every whole day in a text, in order; impossible ones (31 June) are passed over."""
    found = (_one_day(match.group()) for match in _DAY.finditer(_mended(text)))
    return [day for day in found if day is not None]


def read_span(text: str) -> tuple[date, date] | None:
    """Return first and last day of an inspection, or None.

    Reads ``18 and 19 June 2025``, ``30 June and 1 July 2025``, ``31 December 2024 to 2 January 2025``,
    ``3, 4 and 10 May 2016``, ``24 February - 18 March 2015``, ``12/11/2014 to 13/11/2014``: a part that
    lacks its month or year takes it from the next part that has one.
    """
    text = _mended(text)
    numeric = [_one_day(match.group()) for match in _DIGITS.finditer(text)]
    if days := [day for day in numeric if day is not None]:
        return min(days), max(days)
    ends: list[tuple[int, int | None, int | None]] = []
    place = 0
    while match := _END.match(text, place) if ends else _END.search(text, place):
        number = int(re.sub(r"\D", "", match[1]))
        month = _MONTHS[match[2].lower().rstrip(".")] if match[2] else None
        ends.append((number, month, int(match[3]) if match[3] else None))
        joined = _JOIN.match(text, match.end())
        if joined is None or joined.end() == match.end():
            break
        place = joined.end()
    return _whole(ends)


def _whole(ends: list[tuple[int, int | None, int | None]]) -> tuple[date, date] | None:
    # The last part that is followed by a year closes the span; what comes after it was other text.
    while ends and ends[-1][2] is None:
        ends.pop()
    if not ends:
        return None
    days: list[date] = []
    month: int | None = None
    year: int | None = None
    for number, own_month, own_year in reversed(ends):
        next_month = month
        month = own_month or month
        year = own_year or year
        if month is None or year is None:
            return None
        # "30 December and 2 January 2025": the year printed belongs to the later month.
        if own_year is None and next_month is not None and month > next_month:
            year -= 1
        try:
            days.append(date(year, month, number))
        except ValueError:
            return None
    first, last = min(days), max(days)
    return (first, last) if last - first <= timedelta(days=400) else None


def _mended(text: str) -> str:
    # Some PDFs break numbers: "1 9 June 20 19" is not mended, "20 19" is.
    text = " ".join(plain(text).split())
    return re.sub(rf"({_MONTH}) (20) (\d\d)\b", r"\1 \2\3", text, flags=re.IGNORECASE)


def _one_day(text: str) -> date | None:
    if match := _DIGITS.fullmatch(text):
        day, month, year = (int(part) for part in match.groups())
        year += 2000 if year < 100 else 0
    elif match := _WORDS.fullmatch(text):
        day, month = int(re.sub(r"\D", "", match[1])), _MONTHS[match[2].lower().rstrip(".")]
        year = int(match[3])
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
