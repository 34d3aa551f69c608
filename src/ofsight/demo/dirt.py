"""Known faults, put into the releases in small known amounts, each like one met in the real ones."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from ofsight.demo.homes import HOME
from ofsight.demo.layouts import IN_YEAR, LIST
from ofsight.demo.tables import Cell, Entry, ReleaseTable

__all__ = ["Soiled", "soil"]

_N_DAY_APART = 6
_N_RESTATED = 2
_N_DAMAGED = 2
_N_NO_BREAK_SPACES = 5
_N_CAPITAL_GRADES = 2
_N_CAPITAL_PROVISION = 2

Key = tuple[str, int]
"""Series and edition."""


@dataclass
class Soiled:
    """Release tables with faults in them, and the account of the faults.

    Attributes
    ----------
    tables : dict of (series, edition) to ReleaseTable
    counts : Counter of str
        Faults by kind.
    faults : list of dict
        One record per altered cell: kind, series, edition, urn, heading, was, is.
    """

    tables: dict[Key, ReleaseTable]
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[dict[str, Any]] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)

    def change(self, kind: str, key: Key, row: int, field_name: str, value: Cell) -> None:
        """Change one cell and put it on record."""
        table = self.tables[key]
        heading = table.heading_of(field_name)
        was = table.rows[row][table.headings.index(heading)]
        urn = table.entries[row].home.urn
        self.tables[key] = table.with_cell(row, heading, value)
        self.counts[kind] += 1
        self.touched.add(urn)
        self.faults.append(
            {
                "kind": kind,
                "series": key[0],
                "edition": key[1],
                "urn": urn,
                "heading": heading.strip(),
                "was": _plain(was),
                "is": _plain(value),
            }
        )

    def rows_where(self, key: Key, test: Callable[[Entry], bool]) -> list[int]:
        """Find data rows of homes without another fault so far that pass a test."""
        return [
            i
            for i, entry in enumerate(self.tables[key].entries)
            if entry.home.kind == HOME and entry.home.urn not in self.touched and test(entry)
        ]

    def keys(self, series: str, first: int = 0, last: int = 9999) -> list[Key]:
        """Releases of a series in a span of years."""
        return [key for key in sorted(self.tables) if key[0] == series and first <= key[1] <= last]


def _plain(value: Cell) -> str | int | float | None:
    return value.isoformat() if isinstance(value, date) else value


def _is_full_of_year(entry: Entry) -> bool:
    visit = entry.inspection
    return (
        visit is not None
        and visit.kind == "full"
        and date(entry.as_of.year - 1, 4, 1) <= visit.inspected_on < entry.as_of
        # the calendar year is a term of the model, so the shift stays within it
        and (visit.inspected_on.month, visit.inspected_on.day) != (12, 31)
    )


def _requires_improvement(entry: Entry) -> bool:
    visit = entry.inspection
    return visit is not None and visit.grades is not None and visit.grades[0] == 2


def _put_days_apart(soiled: Soiled, rng: random.Random) -> None:
    """Date some inspections a day later in the list than in the in-year file, as lists to 2018 do."""
    keys = soiled.keys(LIST, 2015, 2018) or soiled.keys(LIST)
    for n in range(_N_DAY_APART):
        key = keys[n % len(keys)]
        rows = soiled.rows_where(key, _is_full_of_year)
        if rows:
            row = rng.choice(rows)
            visit = soiled.tables[key].entries[row].inspection
            assert visit is not None
            soiled.change("day_apart", key, row, "inspected_on", visit.inspected_on + timedelta(days=1))


def _restate_grades(soiled: Soiled, rng: random.Random) -> None:
    """Let a later list say Good of an inspection that earlier releases called requires improvement."""

    def is_old_and_poor(entry: Entry) -> bool:
        visit = entry.inspection
        return (
            _requires_improvement(entry)
            and visit is not None
            and date(2015, 4, 1) <= visit.inspected_on < date(entry.as_of.year - 1, 4, 1)
        )

    left = _N_RESTATED
    # the list of 2021 repeats that of 2020 almost whole: the natural place
    for key in soiled.keys(LIST, 2021, 2021) + soiled.keys(LIST, 2016)[::-1]:
        rows = soiled.rows_where(key, is_old_and_poor)
        for row in rng.sample(rows, min(left, len(rows))):
            entry = soiled.tables[key].entries[row]
            for later in soiled.keys(LIST, key[1]):
                for i, other in enumerate(soiled.tables[later].entries):
                    if other.inspection == entry.inspection:
                        soiled.change("restated_grade", later, i, "overall", "Good")
            left -= 1


def _damage_event_numbers(soiled: Soiled, rng: random.Random) -> None:
    """Turn a number into 9.00E+07, as spreadsheet programs do; only a csv can hold that."""
    keys = [k for k in soiled.keys(LIST) if soiled.tables[k].layout.encoding != "ods"]
    if not keys:
        return
    rows = soiled.rows_where(keys[-1], _is_full_of_year)
    for row in rng.sample(rows, min(_N_DAMAGED, len(rows))):
        visit = soiled.tables[keys[-1]].entries[row].inspection
        assert visit is not None
        value = visit.inspection_id or visit.event_number
        soiled.change("damaged_event_number", keys[-1], row, "event_number", f"{value:.2E}")


def _put_no_break_spaces(soiled: Soiled, rng: random.Random) -> None:
    """Begin some owners with a no-break space."""
    keys = [
        key
        for key in soiled.keys(LIST, 2018)
        # the real mac_roman file holds a single byte beyond ASCII, in its title
        if soiled.tables[key].layout.encoding != "mac_roman"
    ]
    for n in range(_N_NO_BREAK_SPACES if keys else 0):
        key = keys[n % len(keys)]
        rows = soiled.rows_where(key, lambda entry: entry.home.sector == "private")
        if rows:
            row = rng.choice(rows)
            owner = soiled.tables[key].entries[row].home.owner.printed(key[1])
            soiled.change("no_break_space", key, row, "owner", f"\u00a0{owner}")


def _capitalise(soiled: Soiled, rng: random.Random) -> None:
    """Put capitals where there should be none: in grades, provision types, event types."""
    for key in soiled.keys(LIST, 2019, 2019):
        rows = soiled.rows_where(key, _requires_improvement)
        for row in rng.sample(rows, min(_N_CAPITAL_GRADES, len(rows))):
            soiled.change("capital_in_grade", key, row, "overall", "Requires Improvement to be good")
    for key in soiled.keys(LIST, 2016, 2017) + soiled.keys(IN_YEAR, 2016, 2017):
        for row, entry in enumerate(soiled.tables[key].entries):
            if entry.home.kind == "boarding" and _requires_improvement(entry):
                soiled.change("capital_in_grade", key, row, "overall", "Requires Improvement")
    for key in soiled.keys(LIST, 2016) + soiled.keys(IN_YEAR, 2016):
        rows = soiled.rows_where(key, lambda entry: entry.inspection is not None)
        for row in rng.sample(rows, min(_N_CAPITAL_PROVISION, len(rows))):
            soiled.change("capital_in_provision_type", key, row, "provision_type", "Children's Home")
    kinds = {"full": "Full Inspection", "monitoring": "Monitoring Inspection"}
    for key in soiled.keys(IN_YEAR, 2025):
        rows = soiled.rows_where(key, lambda e: e.inspection is not None and e.inspection.kind in kinds)
        for row in rng.sample(rows, len(rows) // 60):
            visit = soiled.tables[key].entries[row].inspection
            assert visit is not None
            soiled.change("capital_in_event_type", key, row, "event_type", kinds[visit.kind])


def _count_what_is_there(soiled: Soiled) -> None:
    """Faults that come with layouts, homes and visits rather than from here."""
    changed = set()
    for (series, _), table in soiled.tables.items():
        soiled.counts["trailing_blank_rows"] += table.layout.n_blank_rows
        soiled.counts["trailing_blank_columns"] += table.layout.n_blank_columns
        soiled.counts["null_text"] += sum(cell == "NULL" for row in table.rows for cell in row)
        for entry in table.entries:
            if entry.home.later_sector != entry.home.sector:
                changed.add(entry.home.urn)
            if series == LIST and entry.inspection and entry.inspection.kind == "monitoring":
                soiled.counts["monitoring_in_list"] += 1
    soiled.counts["homes_changing_sector"] = len(changed)


def soil(tables: Mapping[Key, ReleaseTable], seed: int) -> Soiled:
    """Put the documented faults into clean releases.

    Parameters
    ----------
    tables : mapping of (series, edition) to ReleaseTable
        Clean releases of series `LIST` and `IN_YEAR`.
    seed : int
        Decides where the faults go.
    """
    rng = random.Random(f"ofsight-demo-dirt-{seed}")
    soiled = Soiled(dict(tables))
    for put in (_put_days_apart, _restate_grades, _damage_event_numbers, _put_no_break_spaces, _capitalise):
        if soiled.keys(LIST):
            put(soiled, rng)
    _count_what_is_there(soiled)
    return soiled
