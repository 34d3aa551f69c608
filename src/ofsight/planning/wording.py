"""What every page of planning says, and how its numbers are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ofsight.planning.measures.values import Value
from ofsight.profiles.intervals import FEW
from ofsight.report.wording import count, decimal, percent

__all__ = [
    "BANNER",
    "CAUTIONS",
    "NOT_VACANCIES",
    "WITHHELD_WORDS",
    "n_of",
    "portion",
    "say_status",
    "with_interval",
]

NOT_VACANCIES: Final = "Registered places, not vacancies."
"""Stands on every page."""

BANNER: Final = (
    f"{NOT_VACANCIES} Judgements measure compliance, not what becomes of children; homes and councils "
    "choose, so an association is no cause; ownership takes long-term planning."
)
"""The cautions in short, at the head of every printed page."""

CAUTIONS: Final = (
    "Judgements measure compliance and safeguarding as inspectors see them, not what becomes of children.",
    "Homes may choose which children they take, and councils where they place them: an association is not "
    "a cause.",
    "For-profit provision cannot be replaced without coordination and long-term planning; ownership should "
    "be part of that planning.",
    "Registered places are not vacancies, and a grade is one inspection’s word on one day.",
)
"""The cautions of the study of 2022 (Bach-Mortensen, Goodair and Barlow), beside every figure of planning."""

WITHHELD_WORDS: Final = {
    "c": "withheld (c)",
    "z": "not applicable (z)",
    "x": "not available (x)",
    "k": "rounds to nothing (k)",
    "low": "low reliability (low)",
    "u": "low reliability (u)",
    "..": "not available (..)",
}
"""The publishers' symbols in words; the symbol stays beside them."""


def n_of(n: float, one: str, many: str) -> str:
    """Return a count with its noun: ``1 home``, ``12 homes``."""
    return f"1 {one}" if round(n) == 1 else f"{count(n)} {many}"


def portion(part: float, whole: float, n_homes: float, noun: str = "") -> str:
    """Return a share as a reader should see it: ``84% of the places``, of few homes ``12 of the 20 places``.

    A share of the places of few homes looks surer than it is, so that below `FEW` homes the counts are said.
    """
    if not whole:
        return "none"
    if n_homes >= FEW:
        return percent(part / whole, 0) + (f" of the {noun}" if noun else "")
    return f"{count(part)} of the {count(whole)} {noun}" if noun else f"{count(part)} of {count(whole)}"


def say_status(status: str) -> str:
    """Return why there is no number, in words."""
    return WITHHELD_WORDS.get(status, status)


def with_interval(
    found: Value, places: int = 0, mark: str = "", write: Callable[[float, int], str] | None = None
) -> str:
    """Return ``120 (100 to 140)``, or the value alone where it has no interval."""
    shown = write or (lambda value, digits: decimal(value, digits))
    if found.value is None:
        return say_status(found.status)
    words = f"{shown(found.value, places)}{mark}"
    if found.low is None and found.high is None:
        return words
    low = "?" if found.low is None else shown(found.low, places)
    high = "not reached" if found.high is None else f"{shown(found.high, places)}{mark}"
    if words == f"{low}{mark}" == high:
        return words  # Bounds that are one number at this precision say nothing more.
    return f"{words} ({low} to {high})"
