"""Release tables: headings and rows of one release, ready to be altered or written.

A test takes one table, alters a heading or a cell with `ReleaseTable.with_heading`, `with_cell` and their
like, and writes it with `ofsight.demo.files.write_csv` or `ofsight.demo.ods.write_ods`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from ofsight.demo.homes import HOME, Home
from ofsight.demo.inspections import History, Inspection
from ofsight.demo.layouts import IN_YEAR, LIST, QUARTER, Layout, layout_of
from ofsight.demo.spellings import (
    spell_event_type,
    spell_grade,
    spell_place_use,
    spell_provision,
    spell_quarter_code,
    spell_result,
    spell_sector,
)

__all__ = [
    "Cell",
    "Entry",
    "ReleaseTable",
    "in_year_entries",
    "list_entries",
    "period_of",
    "quarter_entries",
    "release_table",
    "rows_for",
]

Cell = str | int | float | date | None
"""Value of a cell. A csv file prints it, a workbook keeps its type; None and "" are empty."""

_UNINSPECTED_LISTED = {2021, 2022, 2025}
_SYNTHETIC = "SYNTHETIC DATA, no real home"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one row says: a home as the release knows it, and an inspection (None: not yet inspected)."""

    home: Home
    as_of: date
    status: str
    inspection: Inspection | None
    previous: Inspection | None = None


@dataclass(frozen=True)
class ReleaseTable:
    """One table of one release.

    Parameters
    ----------
    layout : Layout
        Where it comes from; `encoding`, `newline` and blank edges are taken from it on writing.
    banner : tuple of tuples of Cell
        Rows above the headings.
    headings : tuple of str
        Headings as published.
    rows : tuple of tuples of Cell
        Data rows, as wide as `headings`.
    """

    layout: Layout
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    banner: tuple[tuple[Cell, ...], ...] = ()
    sheet: str = ""
    entries: tuple[Entry, ...] = field(default=(), repr=False, compare=False)

    def with_heading(self, old: str, new: str) -> ReleaseTable:
        """Return the table with one heading renamed."""
        position = self.headings.index(old)
        return replace(self, headings=(*self.headings[:position], new, *self.headings[position + 1 :]))

    def with_cell(self, row: int, heading: str, value: Cell) -> ReleaseTable:
        """Return the table with one cell changed; `row` counts data rows from 0."""
        at = self.headings.index(heading)
        changed = (*self.rows[row][:at], value, *self.rows[row][at + 1 :])
        return replace(self, rows=(*self.rows[:row], changed, *self.rows[row + 1 :]))

    def heading_of(self, field_name: str) -> str:
        """Heading under which the layout prints a field.

        Raises
        ------
        KeyError
            If this release does not print the field.
        """
        for heading, name in self.layout.columns:
            if name == field_name:
                return heading
        raise KeyError(field_name)

    def grid(self) -> list[list[Cell]]:
        """All rows as a file holds them: banner, headings, data, blank edges."""
        width = len(self.headings) + self.layout.n_blank_columns
        rows: list[Sequence[Cell]] = [*self.banner, self.headings, *self.rows]
        rows += [()] * self.layout.n_blank_rows
        return [[*row, *("",) * (width - len(row))] for row in rows]


def period_of(edition: int) -> str:
    """Financial year that an in-year release of a year covers: 2022 gives ``2021-22``."""
    return f"{edition - 1}-{edition % 100:02d}"


def _latest(history: History, until: date) -> list[Inspection]:
    """Find the listed inspections to a day, the newest first."""
    found = [v for v in history.inspections if v.is_listed and v.inspected_on <= until]
    return found[::-1]


def list_entries(histories: Iterable[History], edition: int) -> list[Entry]:
    """Homes open on 31 March of a year, each with its latest full inspection.

    Most editions list inspected homes only; those of 2021, 2022 and 2025 list the others too.
    """
    as_of = date(edition, 3, 31)
    entries = []
    for history in histories:
        if not history.is_open_on(as_of):
            continue
        latest = _latest(history, as_of)
        if latest or edition in _UNINSPECTED_LISTED:
            entries.append(
                Entry(
                    home=history.home,
                    as_of=as_of,
                    status="Active",
                    inspection=latest[0] if latest else None,
                    previous=latest[1] if len(latest) > 1 else None,
                )
            )
    return entries


def _visits_between(histories: Iterable[History], first: date, last: date) -> list[Entry]:
    entries = []
    for history in histories:
        is_open = history.is_open_on(last)
        for position, inspection in enumerate(history.inspections):
            if first <= inspection.inspected_on <= last:
                earlier = [v for v in history.inspections[:position] if v.is_listed]
                entries.append(
                    Entry(
                        home=history.home,
                        as_of=last,
                        status="Active" if is_open else history.closing_status,
                        inspection=inspection,
                        previous=earlier[-1] if earlier else None,
                    )
                )
    return entries


def in_year_entries(histories: Iterable[History], edition: int) -> list[Entry]:
    """Every visit of the financial year that ends on 31 March of a year."""
    return _visits_between(histories, date(edition - 1, 4, 1), date(edition, 3, 31))


def quarter_entries(histories: Iterable[History], quarter: str) -> list[Entry]:
    """Visits to children's homes in a quarter of 2014.

    Parameters
    ----------
    quarter : str
        ``jan-mar``, complete; or ``apr-jun``, of which the real file held about a third.
    """
    homes = [h for h in histories if h.home.kind in {HOME, "secure"}]
    if quarter == "jan-mar":
        entries = _visits_between(homes, date(2014, 1, 1), date(2014, 3, 31))
    else:
        entries = _visits_between(homes, date(2014, 4, 1), date(2014, 6, 30))[::3]
    return [e for e in entries if e.inspection and e.inspection.kind in {"full", "interim"}]


_Field = Callable[[Entry], Cell]


def _grade_fields(layout: Layout) -> dict[str, _Field]:
    edition, is_quarter = layout.edition, layout.series == QUARTER

    def grade(position: int) -> _Field:
        def spell(entry: Entry) -> Cell:
            visit = entry.inspection
            if visit is None or entry.home.kind == "supported":
                return ""
            value = visit.grades[position] if visit.grades else 0
            if is_quarter:
                return spell_quarter_code(visit.kind, value, visit.result if position == 0 else "")
            if position == 0 and visit.result:
                return spell_result(visit.result, edition)
            if position == 0 and visit.rejudged:
                value = visit.rejudged
            return spell_grade(value, visit.inspected_on, edition)

        return spell

    def previous(position: int) -> _Field:
        def spell(entry: Entry) -> Cell:
            visit = entry.previous
            if visit is None:
                return ""
            value = visit.grades[position] if visit.grades else visit.rejudged if position == 0 else 0
            return spell_grade(value, visit.inspected_on, edition)

        return spell

    def filler(_: Entry) -> Cell:
        # judgements that the demo does not model: outcomes, quality of care, education, health
        return "0" if is_quarter else ""

    return {
        "overall": grade(0),
        "protection": grade(1),
        "leadership": grade(2),
        "previous_overall": previous(0),
        "previous_protection": previous(1),
        "previous_leadership": previous(2),
        "outcomes": filler,
        "quality": filler,
        "education": filler,
        "health": filler,
    }


def _visit_fields(layout: Layout) -> dict[str, _Field]:
    series, edition = layout.series, layout.edition
    # the real in-year file of 2023-24 prints NULL for a previous inspection that there was not
    no_previous = "NULL" if series == IN_YEAR and edition == 2024 else ""
    outcomes = ("Consistently strong", "Inconsistent quality", "Serious or widespread weaknesses")

    def event_number(visit: Inspection) -> Cell:
        return (visit.inspection_id or visit.event_number) if edition <= 2015 else visit.event_number

    def of(read: Callable[[Inspection], Cell], missing: Cell = "") -> _Field:
        return lambda entry: read(entry.inspection) if entry.inspection else missing

    def of_previous(read: Callable[[Inspection], Cell], missing: Cell = "") -> _Field:
        return lambda entry: read(entry.previous) if entry.previous else missing

    def event_type(visit: Inspection) -> Cell:
        return spell_event_type(visit.kind, series, edition)

    def supported_outcome(entry: Entry) -> Cell:
        if entry.home.kind != "supported" or entry.inspection is None:
            return ""
        return outcomes[entry.inspection.event_number % 3]

    return {
        "event_type": of(event_type),
        "inspected_on": of(lambda v: v.inspected_on),
        "published_on": of(lambda v: v.published_on),
        "event_number": of(event_number),
        "previous_event_type": of_previous(event_type),
        "previous_inspected_on": of_previous(lambda v: v.inspected_on, no_previous),
        "previous_published_on": of_previous(lambda v: v.published_on, no_previous),
        "previous_event_number": of_previous(event_number),
        "supported_outcome": supported_outcome,
    }


def _home_fields(layout: Layout) -> dict[str, _Field]:
    series, edition = layout.series, layout.edition
    redacted = "Redacted" if series == QUARTER else "REDACTED"

    def urn(entry: Entry) -> Cell:
        return entry.home.urn if entry.home.urn.startswith("SC") else int(entry.home.urn)

    def name(entry: Entry) -> Cell:
        is_withheld = entry.home.kind in {HOME, "secure", "special_school_home"}
        return redacted if is_withheld else f"Example provider {entry.home.urn} (synthetic)"

    def place_use(entry: Entry) -> Cell:
        if series == IN_YEAR and edition == 2022:
            return 0
        return spell_place_use(
            short_breaks=entry.home.short_breaks, is_home=entry.home.kind == HOME, edition=edition
        )

    def owner(entry: Entry) -> Cell:
        text = entry.home.owner.printed(edition)
        # the real mac_roman file holds a single byte beyond ASCII, in its title
        return text.replace("’", "'") if layout.encoding == "mac_roman" else text

    def local_authority(entry: Entry) -> Cell:
        return entry.home.authority.name_in(edition, entry.home.part)

    return {
        "web_link": lambda _: _SYNTHETIC,
        "urn": urn,
        "linked_urn": lambda _: "",
        "provision_type": lambda e: spell_provision(e.home.kind, edition),
        "registered_on": lambda e: e.home.registered_on,
        "status": lambda e: e.status,
        "name": name,
        # a quarterly file has no title and no link column: its addresses say what it is
        "withheld": lambda _: "Redacted (SYNTHETIC)" if series == QUARTER else redacted,
        "ofsted_region": lambda e: e.home.authority.ofsted_region,
        "region": lambda e: e.home.authority.region,
        "local_authority": local_authority,
        "constituency": lambda e: f"{e.home.authority.name_in(edition, e.home.part)} (synthetic)",
        "sector": lambda e: spell_sector(e.home.sector_on(e.as_of), edition),
        "places": lambda e: e.home.places,
        "premises": lambda e: 1 if e.home.kind == "supported" else "",
        "short_breaks": place_use,
        "multi_building": lambda e: "Y" if e.home.multi_building else "",
        "owner": owner,
    }


def rows_for(layout: Layout, entries: Iterable[Entry]) -> list[tuple[Cell, ...]]:
    """Rows of a release: each entry printed field by field in the order of the layout."""
    fields = {**_home_fields(layout), **_visit_fields(layout), **_grade_fields(layout)}
    readers = [fields[name] for _, name in layout.columns]
    return [tuple([read(entry) for read in readers]) for entry in entries]


def _banner(layout: Layout) -> tuple[tuple[Cell, ...], ...]:
    edition = layout.edition
    if layout.banner == "groups":
        first = next(i for i, (_, name) in enumerate(layout.columns) if name == "event_type")
        right = "Latest Full Inspection" + (" information" if edition == 2016 else "")
        return (("Provider information (SYNTHETIC)", *("",) * (first - 1), right),)
    if layout.banner == "none":
        return ()
    what = (
        f"Provider level in year {period_of(edition)}"
        if layout.series == IN_YEAR
        else f"Provider level as at {'31 ' if edition >= 2023 else ''}March {edition}"
    )
    dash = "–" if edition == 2024 else "-"
    # "Oftsed" is the publisher's, in 2022 and 2023
    ofsted = (
        "Oftsed Social Care Provider Webpage" if edition <= 2023 else "Ofsted social care provider webpage"
    )
    notes: list[tuple[Cell, ...]] = [
        (f"SYNTHETIC Children's social care data in England {edition} {dash} {what}",),
        (
            f"This worksheet contains one table, this table begins in cell A{layout.n_banner_rows + 1}. "
            f"Column A includes a link to the {ofsted} for each provider, links will open in a new window.",
        ),
        (
            "Some cells in this table are empty. This is in instances where the column refers to data that "
            "is not applicable for that provider type.",
        ),
    ]
    return tuple(notes + [()] * (layout.n_banner_rows - len(notes)))


def sheet_name(series: str, edition: int) -> str:
    """Name of a release's sheet in a workbook."""
    if series == LIST:
        return f"Provider_level_at_31_Mar_{edition}"
    return f"Provider_level_in_year_{period_of(edition)}"


def release_table(series: str, edition: int, entries: Iterable[Entry]) -> ReleaseTable:
    """Print entries as the table of one release."""
    layout = layout_of(series, edition)
    kept = tuple(entries)
    return ReleaseTable(
        layout=layout,
        headings=layout.headings,
        rows=tuple(rows_for(layout, kept)),
        banner=_banner(layout),
        sheet=sheet_name(series, edition),
        entries=kept,
    )
