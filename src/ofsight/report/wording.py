"""Numbers, intervals and lists in a reader's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from ofsight.vocabulary import Domain, Sector

__all__ = [
    "release_day",
    "capital",
    "count",
    "day",
    "decimal",
    "domain_label",
    "in_order",
    "interval",
    "joined",
    "of_hundred",
    "p_value",
    "percent",
    "ratio",
    "ratio_with_interval",
    "sector_label",
    "sector_of",
    "share",
    "term_label",
]

NONE = "–"
"""What stands where there is no number."""

_TERMS: Mapping[str, str] = {
    "age_months": "Age of the home, per month",
    "age_years": "Age of the home, per year",
    "chain_size": "Chain size, per home of the same owner",
    "places": "Places, per place",
}

_SHORT_DOMAINS: Mapping[str, str] = {
    "overall": "overall experiences and progress",
    "protection": "help and protection",
    "leadership": "leadership and management",
}


def count(value: float | int | None) -> str:
    """Return a count with thousands separated: ``13,930``."""
    return NONE if value is None else f"{round(value):,}"


def decimal(value: float | None, places: int = 2) -> str:
    """Return a number with so many decimals, a true minus sign before a negative one."""
    if value is None:
        return NONE
    text = f"{value:,.{places}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.lstrip("-")


def ratio(value: float | None, places: int = 2) -> str:
    """Return an odds ratio; very large and very small ones in few digits."""
    if value is None:
        return NONE
    if value >= 1000 or 0 < value < 10**-places / 2:
        return f"{value:.1e}"
    return decimal(value, places)


def interval(low: float | None, high: float | None, places: int = 2) -> str:
    """Return ``0.52 to 0.84``."""
    if low is None or high is None:
        return NONE
    return f"{ratio(low, places)} to {ratio(high, places)}"


def ratio_with_interval(value: float | None, low: float | None, high: float | None, places: int = 2) -> str:
    """Return ``0.66 (0.52 to 0.84)``."""
    if value is None:
        return "not estimated"
    if low is None or high is None:
        return f"{ratio(value, places)} (no interval)"
    return f"{ratio(value, places)} ({interval(low, high, places)})"


def p_value(value: float | None) -> str:
    """Return a p value as it is printed: three decimals, below that ``<0.001``."""
    if value is None:
        return NONE
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def percent(value: float | None, places: int = 1) -> str:
    """Return a share of one as ``7.3%``."""
    return NONE if value is None else f"{decimal(100 * value, places)}%"


def share(part: float | None, whole: float | None) -> str:
    """Return ``7.3%`` for a part of a whole."""
    return NONE if part is None or not whole else percent(part / whole)


def of_hundred(value: float) -> str:
    """Return how many of 100: whole numbers, below ten one decimal where it matters.

    >>> of_hundred(0.073), of_hundred(0.24), of_hundred(0.05)
    ('7.3', '24', '5')
    """
    hundred = 100 * value
    return f"{hundred:.0f}" if hundred >= 10 or abs(hundred - round(hundred)) < 0.05 else f"{hundred:.1f}"


def joined(words: Iterable[str], last: str = "and") -> str:
    """Return ``a, b and c``."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def capital(words: str) -> str:
    """Return a text with its first letter large."""
    return words[:1].upper() + words[1:]


def day(value: object) -> str:
    """Return ``31 August 2021`` for an ISO date or time; other words as they stand."""
    text = "" if value is None else str(value).strip()
    try:
        when = datetime.fromisoformat(text).date() if len(text) > 10 else date.fromisoformat(text)
    except ValueError:
        return text
    return f"{when.day} {when:%B %Y}"


def release_day(value: object) -> str:
    """Return the day of a release: of ``provider-level-at-31-march/2024-03-31`` the 31 March 2024."""
    return day(str(value or "").strip().rpartition("/")[2])


def sector_of(name: str) -> Sector | None:
    """Return the sector named by its key (``private``) or its value (``Private``)."""
    wanted = name.strip().lower().replace(" ", "_")
    return next((sector for sector in Sector if wanted in (sector.key, sector.value.lower())), None)


def sector_label(name: str) -> str:
    """Return a sector in a reader's words; an unknown one as it stands."""
    sector = sector_of(name)
    return name if sector is None else sector.label


def domain_label(outcome: str, *, short: bool = False) -> str:
    """Return a domain in a reader's words; an unknown outcome made readable."""
    if outcome not in set(Domain):
        return capital(outcome.replace("_", " "))
    return _SHORT_DOMAINS[outcome] if short else Domain(outcome).label


def term_label(term: str) -> str:
    """Return what a coefficient is about: ``For-profit against local authority``.

    >>> term_label("sector:private/threshold:Good|Outstanding")
    'For-profit, at Good | Outstanding'
    >>> term_label("sector:voluntary/places=3")
    'Third sector, where places = 3'
    """
    whole, _, part = term.partition("/")
    if part:
        where, _, threshold = part.partition("threshold:")
        named = threshold.replace("|", " | ") if threshold else ""
        condition = where.replace("_", " ").replace("=", " = ")
        named_sector = term_label(whole).removesuffix(" against local authority")
        return f"{named_sector}, {f'at {named}' if named else f'where {condition}'}"
    kind, _, name = term.partition(":")
    if kind == "scale" and name:
        return f"Spread of grades: {term_label(name)}"
    if kind == "sector" and name:
        return f"{sector_label(name)} against local authority"
    return _TERMS.get(term, capital(term.replace("_", " ").replace(":", ": ")))


def in_order(found: Iterable[str], known: Sequence[str]) -> list[str]:
    """Return the values found, known ones first and in their order, the rest as they came."""
    values = list(dict.fromkeys(found))
    return [value for value in known if value in values] + [value for value in values if value not in known]
