"""Descriptions of the tables, made from their declarations: for people, for Frictionless, for CSVW."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from ofsight.dataset.columns import Column, Table
from ofsight.dataset.tables import TABLES

__all__ = ["CSVW", "DATAPACKAGE", "data_dictionary", "describe_csvw", "describe_datapackage"]

DATAPACKAGE: Final = "datapackage.json"
CSVW: Final = "csv-metadata.json"
_LICENCE: Final = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
_STATEMENT: Final = (
    "Contains public sector information licensed under the Open Government Licence v3.0. "
    "Made with ofsight; not official statistics."
)


def _kind(column: Column) -> str:
    """Return the column's type in Frictionless' words."""
    dtype = column.polars_type
    if dtype == pl.Boolean:
        return "boolean"
    if dtype == pl.Date:
        return "date"
    if dtype in (pl.Float32, pl.Float64):
        return "number"
    if isinstance(dtype, pl.DataType) and dtype.is_integer():
        return "integer"
    return "integer" if isinstance(dtype, type) and dtype.is_integer() else "string"


def _words(column: Column) -> list[str]:
    dtype = column.polars_type
    return list(dtype.categories) if isinstance(dtype, pl.Enum) else []


def describe_datapackage(facts: Mapping[str, Any], suffix: str = "parquet") -> dict[str, Any]:
    """Return the dataset as a Frictionless data package.

    Parameters
    ----------
    facts : mapping
        The facts of ``dataset.json``: ``tables`` with rows and sha256, ``built_at``, ``ofsight``.
    suffix : str
        The ending of the tables' files.
    """
    return {
        "profile": "data-package",
        "name": "ofsight",
        "title": "Children's homes in England: inspections, homes, owners and authorities",
        "description": _STATEMENT,
        "version": facts.get("ofsight"),
        "created": facts.get("built_at"),
        "licenses": [{"name": "OGL-UK-3.0", "path": _LICENCE}],
        "resources": [
            _resource(table, facts.get("tables", {}).get(table.name, {}), suffix) for table in TABLES
        ],
    }


def _resource(table: Table, fact: Mapping[str, Any], suffix: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"fields": [_field(column) for column in table.columns], "missingValues": [""]}
    if table.key and all(column.required for column in table.columns if column.name in table.key):
        schema["primaryKey"] = list(table.key)
    if table.references:
        schema["foreignKeys"] = [
            {
                "fields": list(reference.columns),
                "reference": {"resource": reference.table, "fields": list(reference.key)},
            }
            for reference in table.references
        ]
    resource: dict[str, Any] = {
        "name": table.name,
        "path": f"{table.name}.{suffix}",
        "format": suffix,
        "description": f"One row: {table.row}.",
        "schema": schema,
    }
    if table.source:
        resource["sources"] = [{"title": table.source}]
    if fact:
        resource |= {"hash": f"sha256:{fact['sha256']}", "rows": fact["rows"]}
    return resource


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": _kind(column), "description": column.meaning}
    if column.unit:
        field["unit"] = column.unit
    constraints: dict[str, Any] = {}
    if column.required:
        constraints["required"] = True
    if words := _words(column):
        constraints["enum"] = words
    return field | ({"constraints": constraints} if constraints else {})


def describe_csvw() -> dict[str, Any]:
    """Return the tables as CSV on the Web describes them (W3C); the csv files are those of an export."""
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:title": "Children's homes in England: inspections, homes, owners and authorities",
        "dc:description": _STATEMENT,
        "dc:license": {"@id": _LICENCE},
        "tables": [
            {
                "url": f"{table.name}.csv",
                "dc:description": f"One row: {table.row}.",
                "tableSchema": {
                    "columns": [
                        {
                            "name": column.name,
                            "titles": column.name,
                            "dc:description": column.meaning,
                            "datatype": _kind(column),
                            "required": column.required,
                        }
                        for column in table.columns
                    ],
                    **_csvw_keys(table),
                },
            }
            for table in TABLES
        ],
    }


def _csvw_keys(table: Table) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    if table.key and all(column.required for column in table.columns if column.name in table.key):
        keys["primaryKey"] = list(table.key)
    if table.references:
        keys["foreignKeys"] = [
            {
                "columnReference": list(reference.columns),
                "reference": {"resource": f"{reference.table}.csv", "columnReference": list(reference.key)},
            }
            for reference in table.references
        ]
    return keys


def data_dictionary() -> str:
    """Return ``docs/data-dictionary.md``: every table and column, from their declarations."""
    lines = [
        "# Data dictionary",
        "",
        "Made from the declarations in `src/ofsight/dataset/tables*.py`; do not edit. Write it anew with "
        "`python -m ofsight.dataset.publish`.",
        "",
        "A column marked * always has a value. Grades are ordered, worst first. An empty cell is a value "
        "that no release gives; where a symbol stands in its place, the column beside it says which.",
        "",
        "| table | one row is |",
        "| --- | --- |",
        *(f"| [{table.name}](#{table.name}) | {table.row} |" for table in TABLES),
        "",
    ]
    for table in TABLES:
        lines += [f"## {table.name}", "", f"One row: {table.row}.", ""]
        if table.key:
            lines += [f"Key: {', '.join(f'`{name}`' for name in table.key)}.", ""]
        lines += [
            f"`{', '.join(reference.columns)}` refers to `{reference.table}`."
            for reference in table.references
        ]
        lines += [""] if table.references else []
        if table.source:
            lines += [f"Source: {table.source}.", ""]
        lines += ["| column | type | unit | meaning |", "| --- | --- | --- | --- |"]
        lines += [_line(column) for column in table.columns]
        lines.append("")
    return "\n".join(lines)


def _line(column: Column) -> str:
    words = _words(column)
    kind = "one of " + ", ".join(words) if words else _kind(column)
    cells = [f"`{column.name}`{'*' if column.required else ''}", kind, column.unit, column.meaning]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    from pathlib import Path

    from ofsight.files import write_text

    write_text(Path(__file__).parents[3] / "docs" / "data-dictionary.md", data_dictionary())
