"""Declared references are held, and what is odd in the tables beside inspections is counted."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from ofsight.dataset.tables import TABLES
from ofsight.dataset.validate import validate
from ofsight.errors import DatasetError

SCHEMAS = {table.name: table.schema() for table in TABLES}
HOME = {
    "urn": "SC000001",
    "provision_type": "Children's home",
    "sector": "Private",
    "n_inspections": 0,
    "n_graded": 0,
}
MOVEMENT = {"urn": "SC000009", "kind": "left", "release": "closed-homes/2024", "row": 2}
RELEASE = {
    "release": "closed-homes/2024",
    **dict.fromkeys(("series", "title", "publisher", "licence", "period", "file", "sha256"), "x"),
    "period_start": date(2024, 3, 31),
    "period_end": date(2024, 3, 31),
    "heading_row": 1,
    **dict.fromkeys(("n_read", "n_kept"), 1),
    **dict.fromkeys(("n_set_aside", "n_inspections", "n_full_inspections"), 0),
}


def tables(**rows: list[dict[str, Any]]) -> dict[str, pl.DataFrame]:
    return {
        name: pl.DataFrame(rows.get(name, []), schema=schema, strict=False)
        for name, schema in SCHEMAS.items()
    }


def codes(**rows: list[dict[str, Any]]) -> dict[str, int]:
    return {finding.code: finding.n for finding in validate(tables(**rows))}


def test_an_empty_dataset_is_consistent() -> None:
    assert codes() == {}


def test_a_proposal_about_a_home_that_is_not_there_is_refused() -> None:
    pair = {
        "old_urn": "SC000001",
        "new_urn": "2000001",
        "authority": "Leeds",
        "owner_id": "keys",
        "closed_on": date(2020, 1, 1),
        "registered_on": date(2020, 1, 1),
        "days_apart": 0,
        "n_rivals": 1,
        "score": 1.0,
    }
    with pytest.raises(DatasetError, match="'reregistrations' refers to '2000001' of 'homes'"):
        validate(tables(homes=[HOME], reregistrations=[pair]))
    assert codes(homes=[HOME, HOME | {"urn": "2000001"}], reregistrations=[pair]) == {}


def test_a_row_of_a_release_that_is_not_there_is_refused() -> None:
    with pytest.raises(DatasetError, match="'movements' refers to 'closed-homes/2024'"):
        validate(tables(movements=[MOVEMENT]))


def test_a_key_that_occurs_twice_is_refused() -> None:
    with pytest.raises(DatasetError, match="occurs twice"):
        validate(tables(homes=[HOME, HOME]))


def test_rows_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(DatasetError, match="do not add up"):
        validate(tables(movements=[MOVEMENT], releases=[RELEASE | {"n_read": 2}]))


def test_oddities_are_counted_by_name() -> None:
    closed = HOME | {
        "closed_on": date(2020, 1, 1),
        "registered_on": date(2021, 1, 1),
        "last_listed_on": date(2020, 2, 1),
        "last_inspected_on": date(2020, 1, 9),
    }
    assert codes(homes=[closed], movements=[MOVEMENT], releases=[RELEASE]) == {
        "listed-after-closing": 1,
        "closed-before-registered": 1,
        "inspected-after-closing": 1,
        "movement-of-a-home-never-described": 1,
    }
