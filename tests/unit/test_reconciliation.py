"""Our counts beside published ones: counted alike, and every difference with a reason."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from ofsight.dataset.reconciliation import make_reconciliation, reconciliation_page
from ofsight.dataset.tables import TABLES

SCHEMAS = {table.name: table.schema() for table in TABLES}
HOMES = "all children's homes"
YEAR = "provider-level-in-year/2021-22"
LIST = "provider-level-at-31-march/2022-03-31"
VISIT = {
    "release": YEAR,
    "urn": "SC000001",
    "inspected_on": date(2021, 5, 1),
    "inspection_type": "Full inspection",
    "overall": "Good",
    "provision_type": "Children's home",
}
SNAPSHOT = {
    "urn": "SC000001",
    "listed_on": date(2022, 3, 31),
    "provision_type": "Children's home",
    "places": 4,
}


def frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMAS[table], strict=False)


def total(counted: str, n: int | None, **more: Any) -> dict[str, Any]:
    return {
        "release": "time-series/2022",
        "row": 1,
        "counted": counted,
        "provision": HOMES,
        "year": 2022,
        "n": n,
    } | more


def reconcile(
    totals: list[dict[str, Any]],
    records: tuple[dict[str, Any], ...] = (VISIT,),
    snapshots: tuple[dict[str, Any], ...] = (SNAPSHOT,),
    inspections: tuple[dict[str, Any], ...] = (VISIT,),
) -> pl.DataFrame:
    return make_reconciliation(
        frame("control_totals", totals),
        frame("records", list(records)),
        frame("inspections", list(inspections)),
        frame("home_snapshots", list(snapshots)),
        frame(
            "releases",
            [
                {"release": YEAR, "series": "provider-level-in-year", "period_end": date(2022, 3, 31)},
                {"release": LIST, "series": "provider-level-at-31-march", "period_end": date(2022, 3, 31)},
            ],
        ),
    )


def row(made: pl.DataFrame) -> tuple[Any, ...]:
    assert made.height == 1
    return made.select("published", "in_release", "difference", "reason").row(0)


GRADED = "graded in the year"


def test_graded_visits_are_counted_once_and_by_the_years_own_release() -> None:
    again = VISIT | {"event_number": "1"}
    interim = VISIT | {"inspected_on": date(2021, 6, 1), "overall": None}
    from_list = VISIT | {"release": LIST, "inspected_on": date(2021, 7, 1)}
    late = VISIT | {"inspected_on": date(2022, 3, 31)}
    next_year = VISIT | {"inspected_on": date(2022, 4, 1)}
    made = reconcile(
        [total(GRADED, 1, grade="Good")],
        records=(VISIT, again, interim, from_list),
        inspections=(VISIT, late, next_year),
    )
    assert row(made) == (1, 1, 0, "equal")
    assert made["in_dataset"].to_list() == [2]


def test_a_grade_that_the_release_does_not_hold_counts_zero() -> None:
    made = reconcile([total(GRADED, 2, grade="Inadequate")])
    assert row(made)[:3] == (2, 0, -2)


@pytest.mark.parametrize(
    ("year", "published", "reason"),
    [
        (2020, 3, "no release of that year's inspections"),
        (2021, 0, "routine inspection was suspended"),
        (2022, 3, "within two"),
        (2022, 9, "nothing published says why"),
        (2022, None, "no number is published"),
    ],
)
def test_every_difference_has_a_reason(year: int, published: int | None, reason: str) -> None:
    made = reconcile([total(GRADED, published, grade="Good", year=year)])
    assert reason in row(made)[3]


def test_homes_and_places_on_the_day_by_kind() -> None:
    secure = SNAPSHOT | {"urn": "SC000002", "provision_type": "Secure children's home", "places": 8}
    day = date(2022, 3, 31)
    made = reconcile(
        [
            total("providers", 2, on=day),
            total("places", 12, on=day),
            total("providers", 1, on=day, provision="secure children's homes"),
            total("places", 9, on=day, provision="secure children's homes"),
            total("providers", 5, on=date(2021, 3, 31), year=2021),
        ],
        snapshots=(SNAPSHOT, secure),
    ).sort("on", "provision", "counted")
    assert made.select("in_release", "difference").rows() == [
        (None, None),
        (12, 0),
        (2, 0),
        (8, -1),
        (1, 0),
    ]
    assert made["reason"][0] == "no list of that day is among the files"


def test_a_list_of_inspected_homes_only_is_called_so() -> None:
    made = reconcile([total("providers", 7, on=date(2022, 3, 31))])
    assert row(made)[2:] == (-6, "the list of that day leaves out homes that had not been inspected")


def test_the_newest_release_of_a_series_is_the_published_number() -> None:
    newer = total(GRADED, 1, grade="Good", release="time-series/2023")
    assert row(reconcile([total(GRADED, 4, grade="Good"), newer]))[0] == 1


def test_the_page_shows_each_number_and_reason() -> None:
    day = date(2022, 3, 31)
    made = reconcile([total(GRADED, 3, grade="Good"), total("places", 1004, on=day)])
    page = reconciliation_page(made)
    assert "| 2021-22 | Good | 3 | 1 | -2 | 1 | within two" in page
    assert "| 2022-03-31 | places | 1,004 | 4 | -1000 |" in page
