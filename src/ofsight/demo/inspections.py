"""Invented inspections: when homes were visited, and what the model of the truth made of it.

The grades of one inspection come from a cumulative link mixed model, one per domain, whose residuals are
tied by a Gaussian copula. Domains are therefore correlated, as in reality, while each alone follows its
model exactly. The real rule that an inadequate judgement of protection limits the overall grade is left
out on purpose: it would bend the margins.

What happens next (an earlier visit, a closure) depends on grades already given, never on the intercept.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ofsight.demo.homes import HISTORY_STARTS, HOME, Home
from ofsight.demo.truth import DOMAINS, Truth

__all__ = ["History", "Inspection", "full_inspection_records", "make_histories"]

# No graded inspection began between these days: the pandemic pause.
PAUSE = (date(2020, 3, 18), date(2021, 3, 31))
_FIRST_EVENT_NUMBER = 90_000_001
_FIRST_INSPECTION_ID = 900_001
_INSPECTION_IDS_UNTIL = date(2015, 3, 31)
# share of homes with an interim inspection, by the year in which the financial year starts
_INTERIM = {2013: 0.85, 2014: 0.75, 2015: 0.85, 2016: 0.85, 2017: 0.26, 2018: 0.22, 2019: 0.19, 2021: 0.08}
_INTERIM_RESULTS = {"sustained": 0.49, "improved": 0.33, "declined": 0.13, "not_judged": 0.05}
_ASSURANCE_SINCE = 2022
_REJUDGED_SINCE = date(2017, 4, 1)


@dataclass(frozen=True, slots=True)
class Inspection:
    """One visit.

    Parameters
    ----------
    kind : str
        ``full``, ``interim``, ``monitoring``, ``assurance`` or ``emergency``.
    grades : tuple of 3 int or None
        Overall, protection, leadership; 1 Inadequate to 4 Outstanding. None where the visit is not graded.
    result : str
        Interim inspections only: ``improved``, ``sustained``, ``declined`` or ``not_judged``.
    rejudged : int
        Monitoring inspections only: the overall grade given anew, 0 for none.
    inspection_id : int
        Six digits, in the releases to 2015 and only for inspections to March 2015; else 0.
    event_number : int
        Eight digits, in the releases from 2016 on.
    """

    urn: str
    inspected_on: date
    published_on: date
    kind: str
    grades: tuple[int, int, int] | None = None
    result: str = ""
    rejudged: int = 0
    inspection_id: int = 0
    event_number: int = 0

    @property
    def is_listed(self) -> bool:
        """Whether lists count it as the latest full inspection: full ones, and re-judged monitoring."""
        return self.kind == "full" or self.rejudged > 0


@dataclass(frozen=True, slots=True)
class History:
    """One home with its inspections in order of date, and the day it closed (None while open)."""

    home: Home
    inspections: tuple[Inspection, ...]
    closed_on: date | None
    closing_status: str = "Resigned"

    def is_open_on(self, day: date) -> bool:
        """Whether the home was registered on a day."""
        return self.home.registered_on <= day and (self.closed_on is None or self.closed_on > day)


def financial_year(day: date) -> int:
    """Return the year in which the financial year of a day starts: 1 April to 31 March."""
    return day.year if day.month >= 4 else day.year - 1


def _on_working_day(day: date) -> date:
    weekday = day.weekday()
    return day - timedelta(days=weekday - 4) if weekday > 4 else day


def draw_grades(rng: random.Random, truth: Truth, home: Home, day: date) -> tuple[int, int, int]:
    """Draw the three grades of one full inspection from the model of the truth."""
    rho = truth.correlation_within_inspection
    shared = rng.gauss(0.0, 1.0)
    sector = home.sector_on(day)
    grades = []
    for domain, effect in zip(DOMAINS, home.effects, strict=True):
        model = truth.domains[domain]
        score = math.sqrt(rho) * shared + math.sqrt(1.0 - rho) * rng.gauss(0.0, 1.0)
        below, above = 0.5 * math.erfc(-score / math.sqrt(2.0)), 0.5 * math.erfc(score / math.sqrt(2.0))
        latent = (
            math.log(model.odds_ratios.get(sector, 1.0))
            + model.year_effects[day.year]
            + effect
            + math.log(below)
            - math.log(above)
        )
        grades.append(1 + sum(latent > threshold for threshold in model.thresholds))
    return grades[0], grades[1], grades[2]


def _draw_publication(rng: random.Random, day: date) -> date:
    """Publish a few weeks later; never after the 30 April at which the release of that year closes."""
    deadline = date(financial_year(day) + 1, 4, 30)
    return min(day + timedelta(days=20 + int(rng.expovariate(1 / 16))), deadline)


class _Visits:
    """The growing record of one home while its history is simulated."""

    def __init__(self, rng: random.Random, home: Home, last_day: date) -> None:
        self.rng = rng
        self.home = home
        self.closes_on = home.closes_on
        self.last_day = last_day
        self.made: list[Inspection] = []
        self.days: set[date] = set()

    def can_visit(self, day: date) -> bool:
        in_pause = PAUSE[0] <= day <= PAUSE[1]
        return (
            HISTORY_STARTS <= day <= self.last_day
            and self.home.registered_on < day < self.closes_on
            and not in_pause
            # two visits within a week would be taken for one under two dates
            and all(abs((day - other).days) > 7 for other in self.days)
        )

    def visit(self, day: date, kind: str, **values: object) -> None:
        published_on = _draw_publication(self.rng, day)
        base = Inspection(urn=self.home.urn, inspected_on=day, published_on=published_on, kind=kind)
        self.made.append(replace(base, **values))  # type: ignore[arg-type]
        self.days.add(day)


def _first_due(rng: random.Random, home: Home) -> date:
    """Set a home already open due some day in the first year; a new one within eight months."""
    if home.registered_on < HISTORY_STARTS - timedelta(days=60):
        return HISTORY_STARTS + timedelta(days=rng.randrange(363))
    return home.registered_on + timedelta(days=rng.randint(60, 240))


def _next_due(rng: random.Random, last: date, overall: int) -> date:
    """See an inadequate home again within weeks, any other some day in the next financial year."""
    if overall == 1:
        return last + timedelta(days=rng.randint(50, 120))
    opening = date(financial_year(last) + 1 + (rng.random() < 0.04), 4, 1)
    earliest = max(opening, last + timedelta(days=150))
    latest = date(opening.year + 1, 3, 28)
    return earliest + timedelta(days=rng.randrange(max(1, (latest - earliest).days)))


def _after_full(visits: _Visits, day: date, overall: int, due: date) -> date:
    """Add the lesser visits between a full inspection and the next; return when the next is due."""
    rng = visits.rng
    if overall == 1:
        if rng.random() < 0.14:
            visits.closes_on = min(visits.closes_on, day + timedelta(days=rng.randint(30, 150)))
        visit_on = _on_working_day(day + timedelta(days=rng.randint(20, 40)))
        if visit_on < due - timedelta(days=8) and visits.can_visit(visit_on):
            rejudged = 2 if visit_on >= _REJUDGED_SINCE and rng.random() < 0.03 else 0
            visits.visit(visit_on, "monitoring", rejudged=rejudged)
            if rejudged:
                # no longer inadequate, so no longer in a hurry
                due = _next_due(rng, visit_on, rejudged)
    elif rng.random() < 0.05:
        visit_on = _on_working_day(day + timedelta(days=rng.randint(40, 140)))
        if visits.can_visit(visit_on):
            visits.visit(
                visit_on,
                "monitoring"
                if rng.random() < (0.85 if financial_year(visit_on) == 2016 else 0.99)
                else "emergency",
            )
    year = financial_year(day)
    if rng.random() < _INTERIM.get(year, 0.0):
        visit_on = _on_working_day(day + timedelta(days=rng.randint(70, 200)))
        if financial_year(visit_on) == year and visits.can_visit(visit_on):
            results = list(_INTERIM_RESULTS)
            result = rng.choices(results, weights=list(_INTERIM_RESULTS.values()))[0]
            visits.visit(visit_on, "interim", result=result)
    if year >= _ASSURANCE_SINCE and rng.random() < 0.11:
        visit_on = _on_working_day(day + timedelta(days=rng.randint(90, 240)))
        if visits.can_visit(visit_on):
            visits.visit(visit_on, "assurance")
    return due


def _simulate(rng: random.Random, truth: Truth, home: Home, last_day: date) -> History:
    visits = _Visits(rng, home, last_day)
    due = _first_due(rng, home)
    while due <= last_day and due < visits.closes_on:
        if PAUSE[0] <= due <= PAUSE[1]:
            due = date(2021, 4, 6) + timedelta(days=rng.randrange(355))
        day = _on_working_day(due)
        while day <= last_day and day < visits.closes_on and not visits.can_visit(day):
            day += timedelta(days=3 if day.weekday() == 4 else 1)
        if not visits.can_visit(day):
            break
        # supported accommodation has its own judgement, which is no grade
        grades = (0, 0, 0) if home.kind == "supported" else draw_grades(rng, truth, home, day)
        visits.visit(day, "full", grades=grades)
        due = _next_due(rng, day, grades[0])
        due = _after_full(visits, day, grades[0], due)
    closed_on = visits.closes_on if visits.closes_on <= last_day else None
    return History(
        home=home,
        inspections=tuple(
            sorted(
                (v for v in visits.made if closed_on is None or v.inspected_on < closed_on),
                key=lambda v: v.inspected_on,
            )
        ),
        closed_on=closed_on,
        closing_status="Cancelled" if rng.random() < 0.06 else "Resigned",
    )


def _numbered(histories: Sequence[History]) -> list[History]:
    """Give identifiers in order of date: two series, as the real releases have."""
    ordered = sorted(
        (inspection for history in histories for inspection in history.inspections),
        key=lambda inspection: (inspection.inspected_on, inspection.urn),
    )
    numbers = {(v.urn, v.inspected_on): n for n, v in enumerate(ordered)}

    def number(inspection: Inspection) -> Inspection:
        n = numbers[inspection.urn, inspection.inspected_on]
        early = inspection.inspected_on <= _INSPECTION_IDS_UNTIL
        return replace(
            inspection,
            inspection_id=_FIRST_INSPECTION_ID + n if early else 0,
            event_number=_FIRST_EVENT_NUMBER + 7 * n,
        )

    return [replace(h, inspections=tuple(number(v) for v in h.inspections)) for h in histories]


def make_histories(homes: Iterable[Home], truth: Truth) -> list[History]:
    """Simulate every home from April 2013 to 31 March of the last release year.

    Returns
    -------
    list of History
        In the order of `homes`.
    """
    rng = random.Random(f"ofsight-demo-inspections-{truth.seed}")
    last_day = date(truth.last_year, 3, 31)
    return _numbered([_simulate(rng, truth, home, last_day) for home in homes])


def full_inspection_records(histories: Iterable[History]) -> Mapping[str, list[object]]:
    """Columns of all full inspections of children's homes proper, as the model generated them.

    Returns
    -------
    mapping of str to list
        ``urn, inspected_on, year, sector, overall, protection, leadership``; grades 1 to 4; equal lengths.
    """
    rows = [
        (h.home.urn, v.inspected_on, v.inspected_on.year, h.home.sector_on(v.inspected_on), *v.grades)
        for h in histories
        if h.home.kind == HOME
        for v in h.inspections
        if v.kind == "full" and v.grades is not None
    ]
    names = ("urn", "inspected_on", "year", "sector", *DOMAINS)
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}
