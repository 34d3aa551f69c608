"""A home that an older release brings in is not a new home."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest

from ofsight.dataset.changes import compare_datasets, write_changes
from ofsight.dataset.store import Dataset
from ofsight.dataset.tables import TABLES

SCHEMAS = {table.name: table.schema() for table in TABLES}
KNOWN = {"urn": "SC000001", "sector": "Private"}
LISTED = {"urn": "SC000001", "listed_on": date(2023, 3, 31)}
VISIT = {"urn": "SC000001", "inspected_on": date(2022, 12, 1), "inspection_type": "Full inspection"}


def dataset(name: str, **tables: list[dict[str, Any]]) -> Dataset:
    given: dict[str, list[dict[str, Any]]] = {
        table: [] for table in ("homes", "inspections", "home_snapshots", "releases")
    }
    frames = {
        table: pl.DataFrame(rows, schema=SCHEMAS[table], strict=False)
        for table, rows in (given | tables).items()
    }
    return Dataset(Path(name), {"newest_release": name, "built_at": "2026-01-01T00:00:00+00:00"}, frames)


def kind_of(home: dict[str, Any], **old: list[dict[str, Any]]) -> str:
    before = dataset("old", homes=[KNOWN], **old)
    after = dataset("new", homes=[KNOWN, {"urn": "2000001", "sector": "Voluntary", **home}])
    changes = compare_datasets(before, after)
    (kind,) = changes.table["kind"].to_list()
    assert changes.counts[kind] == 1
    assert sum(changes.counts.values()) == 1
    return str(kind)


@pytest.mark.parametrize(
    ("home", "kind"),
    [
        ({"registered_on": date(1984, 5, 1)}, "first seen"),
        ({"registered_on": date(2023, 3, 31)}, "first seen"),
        ({"registered_on": date(2023, 4, 1)}, "new"),
        ({"first_inspected_on": date(2015, 1, 1)}, "first seen"),
        ({"first_listed_on": date(2024, 3, 31), "first_inspected_on": date(2023, 9, 1)}, "new"),
        # Registered anew under the same number: it was there before.
        ({"registered_on": date(2023, 9, 1), "first_inspected_on": date(2016, 1, 1)}, "first seen"),
        ({}, "new"),
    ],
)
def test_a_home_that_was_there_before_the_last_list_is_first_seen(home: dict[str, Any], kind: str) -> None:
    assert kind_of(home, home_snapshots=[LISTED], inspections=[VISIT]) == kind


def test_without_a_list_the_last_inspection_counts() -> None:
    assert kind_of({"registered_on": date(2010, 1, 1)}, inspections=[VISIT]) == "first seen"
    assert kind_of({"registered_on": date(2023, 1, 1)}, inspections=[VISIT]) == "new"
    assert kind_of({"registered_on": date(2010, 1, 1)}) == "new"


def test_a_feed_says_first_seen() -> None:
    old = dataset("old", homes=[KNOWN], home_snapshots=[LISTED])
    home = {"urn": "2000001", "sector": "Voluntary", "registered_on": date(1984, 5, 1)}
    feed = ElementTree.fromstring(
        write_changes(compare_datasets(old, dataset("new", homes=[KNOWN, home])), "atom")
    )
    names = {"atom": "http://www.w3.org/2005/Atom"}
    assert feed.findtext("atom:entry/atom:title", namespaces=names) == "Home 2000001: first seen, Voluntary"
    category = feed.find("atom:entry/atom:category", names)
    assert category is not None
    assert category.get("term") == "first seen"
