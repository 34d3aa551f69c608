"""Marks of homes for short breaks only: read from a column or a kind of home, believed or not."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from profile_tables import dataset_of, listed

from ofsight.dataset.short_breaks import believe_marks
from ofsight.dataset.store import open_dataset, write_dataset
from ofsight.dataset.tables import TABLES
from ofsight.harmonise.provisions import parse_short_breaks
from ofsight.planning.measures.supply import supply_values
from ofsight.profiles.area import find_area
from ofsight.profiles.homes_open import open_homes

DAY = date(2024, 3, 31)
HOME = "Children's home"
ONLY = "Short-break-only children's home"


def marks(*rows):
    """Return what is made of rows of provision type and mark."""
    frame = pl.DataFrame(
        list(rows), schema={"provision_type": pl.String, "short_breaks_only": pl.String}, orient="row"
    )
    return frame.select(parse_short_breaks().alias("mark"))["mark"].to_list()


@pytest.mark.parametrize("word", ["Yes", "Short breaks only", ONLY, "short‑break‑only children’s home"])
def test_a_blank_beside_a_mark_is_a_no(word):
    assert marks((HOME, word), (HOME, None)) == [True, False]


def test_words_for_long_term_care_are_a_no():
    assert marks((HOME, "Long term care only"), (HOME, "Short breaks and long term care")) == [False, False]


def test_a_kind_of_home_says_it():
    assert marks((ONLY, None), (HOME, None)) == [True, False]


def test_a_list_without_one_mark_says_nothing():
    assert marks((HOME, None), (HOME, None)) == [None, None]


def test_a_word_never_met_is_neither():
    assert marks((HOME, "Yes"), (HOME, "perhaps"), (HOME, None)) == [True, None, False]


def listing(judged, marked, n=40):
    return pl.DataFrame(
        {
            "release": ["list" if judged else "places"] * n,
            "urn": [f"SC{number:06}" for number in range(n)],
            "listed_on": [DAY] * n,
            "judged": [judged] * n,
            "short_breaks_only": [number in marked for number in range(n)],
        }
    )


def believed(own, other):
    records, findings = believe_marks(pl.concat([listing(True, own), listing(False, other)]))
    return records.filter(~pl.col("judged"))["short_breaks_only"], findings, records


def test_a_column_beside_the_wrong_rows_is_not_believed():
    mark, findings, records = believed(set(range(12)), set(range(11, 23)))
    assert mark.null_count() == 40
    assert records.filter("judged")["short_breaks_only"].sum() == 12
    assert [(found.code, found.n) for found in findings] == [("short-breaks-contradicted", 22)]
    assert findings[0].message.startswith("places: of 12 homes")
    assert "marks 1, and 11 others" in findings[0].message


@pytest.mark.parametrize("other", [set(range(12)), set(range(9)), set(range(15))])
def test_a_column_that_differs_a_little_is_believed(other):
    mark, findings, _ = believed(set(range(12)), other)
    assert mark.sum() == len(other)
    assert findings == []


def test_few_marks_contradict_nothing():
    mark, findings, _ = believed({1, 2, 3}, {4, 5, 6})
    assert mark.null_count() == 0
    assert findings == []


def test_a_plan_tells_what_is_not_said():
    homes = [
        listed("SC1", places=5, short_breaks_only=True),
        listed("SC2", places=3, short_breaks_only=False),
        listed("SC3", places=2, short_breaks_only=None),
    ]
    values = counted(homes)
    assert {key: found.value for key, found in values.items()} == {
        ("homes", "all"): 1,
        ("places", "all"): 5,
        ("homes", "not said"): 1,
        ("places", "not said"): 2,
    }
    assert values["homes", "all"].n == 2


def test_a_plan_of_a_list_that_does_not_say_has_no_number():
    values = counted([listed("SC1", places=5)])
    assert values["homes", "all"].value is None
    assert values["places", "all"].status == "not said by this list"
    assert values["places", "not said"].value == 5


def counted(homes):
    data = dataset_of(home_snapshots=homes)
    area = find_area(data, "Bolton")
    values = supply_values(data, area, open_homes(data, area), 0.8)
    return {
        (found.measure.removesuffix("_for_short_breaks"), found.part): found
        for found in values
        if found.measure.endswith("_for_short_breaks")
    }


def test_a_dataset_made_before_the_column_reads_with_it_empty(tmp_path):
    frames = {table.name: pl.DataFrame(schema=table.schema()) for table in TABLES}
    row = {"urn": "SC000001", "listed_on": DAY, "places": 4}
    frames["home_snapshots"] = pl.DataFrame([row], schema=frames["home_snapshots"].schema)
    write_dataset(tmp_path / "old", frames, {"newest_release": "list/2024-03-31", "built_at": "2026-01-01"})
    before = frames["home_snapshots"].drop("short_breaks_only")
    before.write_parquet(tmp_path / "old" / "home_snapshots.parquet")
    read = open_dataset(tmp_path / "old").home_snapshots
    assert read["places"].to_list() == [4]
    assert read["short_breaks_only"].to_list() == [None]
