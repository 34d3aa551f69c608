"""What a synthetic report shall say: the truth that a reader must find again.

Every person and organisation here is invented.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from ofsight.vocabulary import Effectiveness, Grade, InspectionType

__all__ = [
    "AuthorityText",
    "HistoryText",
    "HomeText",
    "People",
    "RecommendationText",
    "RequirementText",
    "Style",
    "say_day",
    "say_span",
]


@dataclass(frozen=True, slots=True)
class People:
    """The invented people whom a report names and a reader must forget."""

    inspectors: tuple[str, ...] = ("Ottoline Quenby",)
    manager: str | None = "Ms Perpetua Larkmoor"
    responsible: str = "Barnaby Thistlewick"
    addressee: str = "Mr Ignatius Fennimore"


@dataclass(frozen=True, slots=True)
class Style:
    """How a report is laid out: what differs between reports that say the same.

    Attributes
    ----------
    curly : bool
        Curly quotes, or straight ones.
    ligatures : bool
        Whether ``fi`` is one character.
    typo : bool
        A letter missing in a label, as met in a real report.
    grade_beside : {"first", "middle"}
        On which height of its label a grade stands.
    due_beside : {"first", "middle"}
        On which line of its requirement a due date stands.
    rules : bool
        Whether rules part the rows of the table.
    head_again : bool
        Whether the heading row is repeated on a new page.
    bullet : str
        Mark of a recommendation; empty for none.
    filler : int
        Lines of narrative before the improvement section, to move page breaks.
    leading : float
        Distance of lines in points.
    """

    curly: bool = True
    ligatures: bool = False
    typo: bool = False
    grade_beside: Literal["first", "middle"] = "first"
    due_beside: Literal["first", "middle"] = "first"
    rules: bool = False
    head_again: bool = True
    bullet: Literal["\u2022", "\u25a0", ""] = "\u2022"
    filler: int = 6
    leading: float = 14.4


@dataclass(frozen=True, slots=True)
class RequirementText:
    """A requirement: paragraphs, then its citation; due day and how it is written; the notice's mark."""

    paragraphs: tuple[str, ...]
    citation: str
    regulations: tuple[tuple[str, tuple[str, ...]], ...]
    due_on: date | None
    due_said: str
    notice: bool = False
    after: str = ""
    column: str = ""

    @property
    def text(self) -> str:
        """The text a reader should return."""
        return " ".join(part for part in (*self.paragraphs, self.citation, self.after) if part)


@dataclass(frozen=True, slots=True)
class RecommendationText:
    """A recommendation and what it cites."""

    text: str
    page: int | None = None
    paragraph: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryText:
    """A row of the inspection history."""

    inspected_on: date
    kind: str
    judgement: str


@dataclass(frozen=True, slots=True)
class HomeText:
    """A report of a children's home."""

    urn: str = "1234567"
    provider: str = "Larkspur Example Care Limited"
    first: date = date(2024, 7, 11)
    last: date = date(2024, 7, 12)
    span_said: str | None = None
    kind: InspectionType = InspectionType.FULL
    layout: Literal["sccif", "2015", "2014"] = "sccif"
    overall: str | None = Grade.GOOD.value
    protection: str | None = Grade.GOOD.value
    leadership: str | None = Grade.GOOD.value
    headings: tuple[str, str, str] | None = None
    sentence: Grade | None = None
    effectiveness: Effectiveness | None = None
    concerns: bool = False
    last_on: date | None = date(2023, 8, 8)
    last_judgement: str = "good"
    enforcement: str = "none"
    history: tuple[HistoryText, ...] = ()
    requirements: tuple[RequirementText, ...] = ()
    recommendations: tuple[RecommendationText, ...] = ()
    no_requirements_said: bool = False
    foot_urn: str | None = None
    people: People = field(default_factory=People)
    style: Style = field(default_factory=Style)

    @property
    def graded(self) -> bool:
        """Whether the report gives the three judgements."""
        return self.overall is not None


@dataclass(frozen=True, slots=True)
class AuthorityText:
    """A report of a local authority; `grades` maps the label printed to the grade printed."""

    title: str = "Borsetshire"
    first: date = date(2023, 2, 13)
    last: date = date(2023, 2, 24)
    span_said: str | None = None
    kind: Literal[
        "Single inspection", "Standard", "Short", "Focused visit", "Monitoring visit", "Joint inspection"
    ] = "Standard"
    grades: tuple[tuple[str, str], ...] = ()
    overall_said: str | None = None
    points: tuple[str, ...] = ()
    letter: bool = False
    people: People = field(default_factory=People)
    style: Style = field(default_factory=Style)


def say_day(day: date) -> str:
    """Return ``8 August 2023``."""
    return f"{day.day} {day:%B %Y}"


def say_span(first: date, last: date) -> str:
    """Return the span as reports print it: ``11 and 12 July 2024``, ``30 June and 1 July 2025``."""
    if first == last:
        return say_day(first)
    joint = "and" if (last - first).days == 1 else "to"
    if first.year != last.year:
        return f"{say_day(first)} {joint} {say_day(last)}"
    if first.month != last.month:
        return f"{first.day} {first:%B} {joint} {say_day(last)}"
    return f"{first.day} {joint} {say_day(last)}"
