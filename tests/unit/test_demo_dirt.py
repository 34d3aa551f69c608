"""Every fault in the demo is put in on purpose, stands where the account says, and is counted."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from ofsight.demo import IN_YEAR, LIST, Truth, default_domains, make_histories, make_homes, make_tables
from ofsight.demo.dirt import soil

TRUTH = Truth(seed=3, n_homes=500, first_year=2015, last_year=2025, domains=default_domains())


@pytest.fixture(scope="module")
def clean():
    return make_tables(make_histories(make_homes(TRUTH), TRUTH), 2015, 2025)


@pytest.fixture(scope="module")
def soiled(clean):
    return soil(clean, seed=3)


def of_kind(soiled, kind):
    return [fault for fault in soiled.faults if fault["kind"] == kind]


def test_every_changed_cell_is_on_record(clean, soiled):
    changed = Counter()
    for key, table in soiled.tables.items():
        assert table.headings == clean[key].headings
        assert len(table.rows) == len(clean[key].rows)
        for before, after, entry in zip(clean[key].rows, table.rows, table.entries, strict=True):
            for heading, was, now in zip(table.headings, before, after, strict=True):
                if was != now:
                    changed[(*key, entry.home.urn, heading.strip())] += 1
    recorded = Counter((f["series"], f["edition"], f["urn"], f["heading"]) for f in soiled.faults)
    assert changed == recorded
    assert len(recorded) > 20


def test_counts_agree_with_the_record(soiled):
    by_kind = Counter(fault["kind"] for fault in soiled.faults)
    for kind, n in by_kind.items():
        assert soiled.counts[kind] == n
    assert soiled.counts["day_apart"] == 6
    assert soiled.counts["damaged_event_number"] == 2
    assert soiled.counts["no_break_space"] == 5
    assert soiled.counts["restated_grade"] >= 2
    assert soiled.counts["homes_changing_sector"] == 3
    assert soiled.counts["null_text"] > 0
    assert soiled.counts["monitoring_in_list"] > 0
    assert soiled.counts["trailing_blank_rows"] == 27
    assert soiled.counts["trailing_blank_columns"] == 22


def test_days_apart_are_one_day_within_a_year_and_only_in_the_list(clean, soiled):
    for fault in of_kind(soiled, "day_apart"):
        was, now = date.fromisoformat(fault["was"]), date.fromisoformat(fault["is"])
        assert now - was == timedelta(days=1)
        assert now.year == was.year
        assert now <= date(fault["edition"], 3, 31)
        assert fault["series"] == LIST
        in_year = soiled.tables[IN_YEAR, fault["edition"]]
        days = {
            row[in_year.headings.index(in_year.heading_of("inspected_on"))]
            for row, entry in zip(in_year.rows, in_year.entries, strict=True)
            if entry.home.urn == fault["urn"]
        }
        assert was in days
        assert now not in days


def test_damaged_event_numbers_look_like_a_spreadsheets(soiled):
    for fault in of_kind(soiled, "damaged_event_number"):
        assert fault["is"] == "9.00E+07"
        assert soiled.tables[LIST, fault["edition"]].layout.encoding != "ods"


def test_restated_grades_differ_from_the_in_year_release(soiled):
    faults = of_kind(soiled, "restated_grade")
    assert {fault["is"] for fault in faults} == {"Good"}
    assert all(str(fault["was"]).startswith("Requires improvement") for fault in faults)
    for fault in faults:
        table = soiled.tables[LIST, fault["edition"]]
        (entry,) = [e for e in table.entries if e.home.urn == fault["urn"]]
        assert entry.inspection is not None
        first_told = (LIST, entry.inspection.inspected_on.year + (entry.inspection.inspected_on.month > 3))
        assert first_told[1] < fault["edition"], "an earlier release said otherwise"


def test_a_home_bears_one_fault_of_a_place_at_most_but_for_later_lists(soiled):
    kinds = {}
    for fault in soiled.faults:
        kinds.setdefault(fault["urn"], set()).add(fault["kind"])
    assert all(len(found) == 1 for urn, found in kinds.items())


def test_monitoring_rows_in_lists_carry_an_overall_grade_only(soiled):
    n = 0
    for (series, _), table in soiled.tables.items():
        if series != LIST:
            continue
        for row, entry in zip(table.rows, table.entries, strict=True):
            if entry.inspection and entry.inspection.kind == "monitoring":
                n += 1
                values = dict(zip((f for _, f in table.layout.columns), row, strict=True))
                assert values["event_type"] == "Monitoring inspection"
                assert str(values["overall"]).startswith("Requires improvement")
                assert values["protection"] == values["leadership"] == ""
    assert n == soiled.counts["monitoring_in_list"]


def test_clean_tables_are_left_as_they_were(clean):
    before = {key: table.rows for key, table in clean.items()}
    soil(clean, seed=99)
    assert {key: table.rows for key, table in clean.items()} == before


def test_a_short_span_can_be_soiled_too():
    truth = Truth(seed=1, n_homes=40, first_year=2023, last_year=2023, domains=default_domains())
    tables = make_tables(make_histories(make_homes(truth), truth), 2023, 2023)
    soiled = soil(tables, seed=1)
    assert soiled.counts["damaged_event_number"] == 0, "a workbook keeps its numbers"
    assert soiled.counts["day_apart"] > 0
