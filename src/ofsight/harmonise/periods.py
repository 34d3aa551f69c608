"""What time a table speaks of: the day of a list, the year (or quarter) of inspections.

The title or the sheet's name says it where there is one. Else the dates in the rows do, and a file's name is
believed only where the rows do not contradict it.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

__all__ = ["Period", "contradiction", "list_period", "span_period", "stated_day", "year_period"]

_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_abbr) if name}
# The days to which lists have been drawn up: end of March; end of August or September in mid-year editions.
_LIST_DAYS = ((3, 31), (8, 31), (9, 30))
_LONGEST_LAG = timedelta(days=150)
# The list of March 2021 ends 379 days after its newest row, the longest silence met: inspection had stopped.
_LONGEST_SILENCE = timedelta(days=550)


@dataclass(frozen=True, slots=True)
class Period:
    """The days that a release speaks of, both ends included, and its label (``2024-03-31``, ``2023-24``)."""

    label: str
    start: date
    end: date


def list_period(stated: str, file_name: str, dates: pl.Series) -> tuple[Period, str | None]:
    """Return the day of a list.

    Parameters
    ----------
    stated : str
        The sheet's name and the lines above the headings.
    file_name : str
        The file's name.
    dates : Series of Date
        The inspection and registration dates in its rows.

    Returns
    -------
    Period
        One day.
    str or None
        Why the file's name was not believed, where it named another day.
    """
    day = _day_in(stated)
    if day is not None:
        return _one_day(day), None
    latest = _latest(dates)
    named = _day_in(file_name)
    if latest is None:
        return _one_day(named or date.today()), None
    found = _next_list_day(latest)
    if named is None or named == found:
        return _one_day(found), None
    if latest <= named <= latest + _LONGEST_LAG:
        return _one_day(named), None
    return _one_day(found), f"the file's name says {named}, its rows {found}"


def year_period(stated: str, dates: pl.Series, *, quarters: bool = True) -> Period:
    """Return the year to 31 March, or (where a series has quarters) the quarter, that a table speaks of."""
    years = _years_in(stated)
    if years is not None:
        return _financial_year(years)
    known = dates.drop_nulls().sort()
    if known.is_empty():
        return _financial_year(date.today().year - (date.today() < date(date.today().year, 4, 1)))
    low, middle, high = (known[int(q * (len(known) - 1))] for q in (0.005, 0.5, 0.995))
    quarter_start = date(middle.year, 3 * ((middle.month - 1) // 3) + 1, 1)
    quarter_end = _next_quarter(quarter_start) - timedelta(days=1)
    if quarters and quarter_start <= low and high <= quarter_end:
        return Period(f"{quarter_start:%Y-%m} to {quarter_end:%Y-%m}", quarter_start, quarter_end)
    return _financial_year(middle.year - (middle < date(middle.year, 4, 1)))


def contradiction(period: Period, dates: pl.Series, *, is_a_list: bool) -> str | None:
    """Say how the dates in the rows contradict a stated period, or None where they do not.

    Parameters
    ----------
    period : Period
        What a title, a sheet's name or a file's name states.
    dates : Series of Date
        Of a list, the inspection and registration dates in its rows; of a year, the inspection dates.
    is_a_list : bool
        Whether the table speaks of a day; else of a year or quarter, in which its rows must lie.
    """
    known = dates.drop_nulls().sort()
    if known.is_empty():
        return None
    if is_a_list:
        latest = _latest(known)
        if latest is not None and latest > period.end:
            return f"it says that it speaks of {period.label}, but its rows reach to {latest}"
        newest = known.filter(known <= period.end)[-1]
        if period.end - newest > _LONGEST_SILENCE:
            return f"it says that it speaks of {period.label}, but its newest row is of {newest}"
        return None
    inside = int(known.is_between(period.start, period.end).sum())
    if 2 * inside >= len(known):
        return None
    middle = known[len(known) // 2]
    return (
        f"it says that it speaks of {period.label}, but {len(known) - inside} of {len(known)} inspections "
        f"lie outside, the middle one on {middle}"
    )


def stated_day(text: str) -> date | None:
    """Return the day that a title, a sheet's name or a file's name states, or None."""
    return _day_in(text)


def span_period(first: int, last: int) -> Period:
    """Return the years to 31 March `first` to `last` of a table of statistics, ``2018-2022`` or ``2024``."""
    label = str(last) if first == last else f"{first}-{last}"
    return Period(label, date(first - 1, 4, 1), date(last, 3, 31))


def _one_day(day: date) -> Period:
    return Period(day.isoformat(), day, day)


def _financial_year(first: int) -> Period:
    return Period(f"{first}-{(first + 1) % 100:02d}", date(first, 4, 1), date(first + 1, 3, 31))


def _next_quarter(start: date) -> date:
    return date(start.year + (start.month == 10), (start.month + 2) % 12 + 1, 1)


def _latest(dates: pl.Series) -> date | None:
    """Return a late date in the rows: not the very latest, which may be a slip of the keyboard."""
    known = dates.drop_nulls().sort()
    return None if known.is_empty() else known[round(0.995 * (len(known) - 1))]


def _next_list_day(day: date) -> date:
    days = (date(year, month, last) for year in (day.year, day.year + 1) for month, last in _LIST_DAYS)
    return next(candidate for candidate in days if candidate >= day)


def _day_in(text: str) -> date | None:
    """Find "31 March 2024", "31_Mar_2024", "30_09_25", "March 2022" or "march-2018" in a text."""
    text = re.sub(r"[_\-.\s]+", " ", text).casefold()
    months = "|".join(_MONTHS)
    written = re.search(rf"\b(\d{{1,2}})(?:st|nd|rd|th)? ({months})[a-z]* (\d{{4}}|\d{{2}})\b", text)
    if written:
        return _date(written[3], _MONTHS[written[2]], int(written[1]))
    numeric = re.search(r"\b(\d{2}) (\d{2}) (\d{4}|\d{2})\b", text)
    if numeric:
        return _date(numeric[3], int(numeric[2]), int(numeric[1]))
    month = re.search(rf"\b({months})[a-z]* (20\d{{2}})\b", text)
    if month:
        number = _MONTHS[month[1]]
        return _date(month[2], number, calendar.monthrange(int(month[2]), number)[1])
    return None


def _date(year: str, month: int, day: int) -> date | None:
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    except ValueError:
        return None


def _years_in(text: str) -> int | None:
    """Find "2023-24", "2023-2024" or "2023 to 2024" in a text and return its first year."""
    for found in re.finditer(r"(?<!\d)(20\d{2})\s*(?:[-/–_]|to)\s*(20)?(\d{2})(?!\d)", text):
        if (int(found[1]) + 1) % 100 == int(found[3]):
            return int(found[1])
    return None
