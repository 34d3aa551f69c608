"""What changed between two datasets, and how it is written."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest

from ofsight.dataset.changes import Changes, compare_datasets, find_changes, write_changes
from ofsight.dataset.store import Dataset
from ofsight.dataset.tables import TABLES
from ofsight.errors import DatasetError, UsageError

SCHEMAS = {table.name: table.schema() for table in TABLES}
HOME = {"urn": "SC000001", "sector": "Private", "authority": "Leeds", "registered_on": date(2010, 1, 1)}
VISIT = {
    "urn": "SC000001",
    "inspected_on": date(2022, 5, 1),
    "inspection_type": "Full inspection",
    "overall": "Good",
    "sector": "Private",
    "authority": "Leeds",
    "release": "in-year/2022-23",
}
LISTED = {
    "urn": "SC000001",
    "listed_on": date(2023, 3, 31),
    "owner": "Keys Ltd",
    "owner_id": "keys",
    "authority": "Leeds",
    "release": "list/2023-03-31",
}


def dataset(name: str, **tables: list[dict[str, Any]]) -> Dataset:
    given: dict[str, list[dict[str, Any]]] = {
        table: [] for table in ("homes", "inspections", "home_snapshots", "releases")
    }
    frames = {
        table: pl.DataFrame(rows, schema=SCHEMAS[table], strict=False)
        for table, rows in (given | tables).items()
    }
    return Dataset(Path(name), {"newest_release": name, "built_at": "2026-01-01T00:00:00+00:00"}, frames)


def old() -> Dataset:
    return dataset("old", homes=[HOME], inspections=[VISIT], home_snapshots=[LISTED])


def told(changes: Changes) -> list[tuple[Any, ...]]:
    return changes.table.select("kind", "urn", "on", "what", "old_value", "new_value").rows()


def test_nothing_changed() -> None:
    changes = compare_datasets(old(), old())
    assert changes.table.is_empty()
    assert set(changes.counts.values()) == {0}


def test_a_new_home_and_one_that_closed() -> None:
    newer = dataset(
        "new",
        homes=[
            HOME | {"closed_on": date(2024, 1, 5), "closure_status": "Resigned"},
            HOME | {"urn": "2000001", "registered_on": date(2023, 9, 1)},
        ],
    )
    assert told(compare_datasets(old(), newer)) == [
        ("new", "2000001", date(2023, 9, 1), "home", None, "Private"),
        ("closed", "SC000001", date(2024, 1, 5), "registration", None, "Resigned"),
    ]


def test_a_home_is_regraded_by_a_newer_full_inspection_only() -> None:
    later = VISIT | {"inspected_on": date(2023, 8, 1), "overall": "Inadequate", "release": "in-year/2023-24"}
    same = later | {"overall": "Good"}
    interim = later | {"inspection_type": "Interim inspection"}
    assert told(compare_datasets(old(), dataset("new", homes=[HOME], inspections=[VISIT, later]))) == [
        ("re-graded", "SC000001", date(2023, 8, 1), "overall", "Good", "Inadequate")
    ]
    for visit in (same, interim):
        assert not told(compare_datasets(old(), dataset("new", homes=[HOME], inspections=[VISIT, visit])))


def test_an_owner_spelled_otherwise_is_no_other_owner() -> None:
    spelled = LISTED | {"listed_on": date(2024, 3, 31), "owner": "KEYS LIMITED"}
    sold = spelled | {"owner": "Horizon", "owner_id": "horizon"}
    assert not told(compare_datasets(old(), dataset("new", homes=[HOME], home_snapshots=[LISTED, spelled])))
    assert told(compare_datasets(old(), dataset("new", homes=[HOME], home_snapshots=[LISTED, sold]))) == [
        ("re-owned", "SC000001", date(2024, 3, 31), "owner", "Keys Ltd", "Horizon")
    ]


def test_what_is_said_otherwise_of_one_inspection_is_restated() -> None:
    restated = VISIT | {"overall": "Requires improvement to be good", "protection": "Good"}
    assert told(compare_datasets(old(), dataset("new", homes=[HOME], inspections=[restated]))) == [
        ("restated", "SC000001", date(2022, 5, 1), "overall", "Good", "Requires improvement to be good"),
        ("restated", "SC000001", date(2022, 5, 1), "protection", None, "Good"),
    ]


@pytest.fixture
def some() -> Changes:
    later = VISIT | {"inspected_on": date(2023, 8, 1), "overall": "Inadequate"}
    opened = {"urn": "2000001", "authority": "Bath & <Wells>", "registered_on": date(2023, 9, 1)}
    homes = [HOME, HOME | opened]
    return compare_datasets(old(), dataset("new", homes=homes, inspections=[VISIT, later]))


def test_letters_that_no_xml_may_hold_do_not_spoil_the_feed() -> None:
    """Official csv files hold such letters now and then, and one alone makes a feed unreadable."""
    owner = {**LISTED, "listed_on": date(2024, 3, 31), "owner": "Ca\x0bre \ufffe\x00Ltd", "owner_id": "care"}
    newer = dataset("new", homes=[HOME], inspections=[VISIT], home_snapshots=[LISTED, owner])
    feed = ElementTree.fromstring(write_changes(compare_datasets(old(), newer), "atom"))
    assert any("Ca\ufffdre \ufffd\ufffdLtd" in text for text in feed.itertext())


def test_json_csv_and_atom_hold_every_change(some: Changes) -> None:
    told_json = json.loads(write_changes(some, "json"))
    assert told_json["counts"] == {"new": 1, "closed": 0, "re-graded": 1, "re-owned": 0, "restated": 0}
    assert [change["urn"] for change in told_json["changes"]] == ["2000001", "SC000001"]
    rows = list(csv.DictReader(io.StringIO(write_changes(some, "csv"))))
    assert [row["new_value"] for row in rows] == ["Private", "Inadequate"]
    assert rows[1]["on"] == "2023-08-01"
    feed = ElementTree.fromstring(write_changes(some, "atom"))
    names = {"atom": "http://www.w3.org/2005/Atom"}
    entries = feed.findall("atom:entry", names)
    assert len(entries) == 2
    assert entries[0].findtext("atom:title", namespaces=names) == (
        "Home 2000001 (Bath & <Wells>): new, Private"
    )
    ids = [entry.findtext("atom:id", namespaces=names) for entry in entries]
    assert len(set(ids)) == 2
    assert feed.findtext("atom:updated", namespaces=names) == "2026-01-01T00:00:00+00:00"


def test_an_unknown_format_names_those_there_are(some: Changes) -> None:
    with pytest.raises(UsageError, match="json, csv, atom"):
        write_changes(some, "xml")


def test_folders_that_are_none_or_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one dataset"):
        find_changes(tmp_path, tmp_path)
    with pytest.raises(DatasetError, match="no dataset"):
        find_changes(tmp_path / "a", tmp_path / "b")
