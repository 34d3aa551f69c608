"""Descriptions made from the declarations: complete, and the page of the docs is not stale."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from ofsight.dataset.publish import data_dictionary, describe_csvw, describe_datapackage
from ofsight.dataset.tables import KEPT, TABLES

DOCS = Path(__file__).parents[2] / "docs"
BY_NAME = {table.name: table for table in TABLES}


def test_the_data_dictionary_is_that_of_the_declarations() -> None:
    assert (DOCS / "data-dictionary.md").read_text(encoding="utf-8") == data_dictionary(), (
        "docs/data-dictionary.md is stale: python -m ofsight.dataset.publish"
    )


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_declaration_is_whole(table: object) -> None:
    table = BY_NAME[table.name]  # type: ignore[attr-defined]
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    assert set(table.key) <= set(names)
    assert all(column.meaning.strip() for column in table.columns)
    for reference in table.references:
        assert set(reference.columns) <= set(names)
        assert set(reference.key) <= {column.name for column in BY_NAME[reference.table].columns}


def test_tables_that_hold_rows_of_releases_say_which() -> None:
    for name in KEPT:
        assert {"release", "sheet", "row"} <= {column.name for column in BY_NAME[name].columns}


def test_the_data_package_has_every_table_with_types_and_keys() -> None:
    facts = {"tables": {"homes": {"rows": 3, "sha256": "ab"}}, "ofsight": "1", "built_at": "now"}
    package = json.loads(json.dumps(describe_datapackage(facts)))
    resources = {resource["name"]: resource for resource in package["resources"]}
    assert list(resources) == [table.name for table in TABLES]
    homes = resources["homes"]
    assert (homes["rows"], homes["hash"]) == (3, "sha256:ab")
    assert homes["schema"]["primaryKey"] == ["urn"]
    fields = {field["name"]: field for field in resources["inspections"]["schema"]["fields"]}
    assert fields["inspected_on"]["type"] == "date"
    assert fields["places"]["type"] == "integer"
    assert fields["revised"]["type"] == "boolean"
    assert fields["overall"]["constraints"]["enum"][0] == "Inadequate"
    values = resources["authority_statistics"]["schema"]["fields"]
    assert next(field for field in values if field["name"] == "value")["type"] == "number"
    targets = {key["reference"]["resource"] for key in resources["inspections"]["schema"]["foreignKeys"]}
    assert targets == {"homes", "releases"}


def test_csvw_names_every_column() -> None:
    tables = describe_csvw()["tables"]
    assert [table["url"] for table in tables] == [f"{table.name}.csv" for table in TABLES]
    for described, table in zip(tables, TABLES, strict=True):
        names = [column["name"] for column in described["tableSchema"]["columns"]]
        assert names == [column.name for column in table.columns]


def test_every_type_has_a_word() -> None:
    kinds = {type(column.polars_type) for table in TABLES for column in table.columns}
    assert kinds  # a new kind of column must be given its word in publish
    for table in describe_datapackage({})["resources"]:
        for field in table["schema"]["fields"]:
            assert field["type"] in {"string", "integer", "number", "boolean", "date"}
    assert pl.Enum in {type(column.polars_type) for column in BY_NAME["inspections"].columns}
