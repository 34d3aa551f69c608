"""A dataset in memory with only the rows that a test names: every other table is empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.dataset.tables import TABLES
from ofsight.link.areas import load_areas

NEWEST = date(2024, 3, 31)

_HOME: dict[str, Any] = {
    "listed_on": NEWEST,
    "provision_type": "Children's home",
    "provision_type_as_published": "Children's home",
    "sector": "Private",
    "sector_as_published": "Private",
    "authority": "Bolton",
    "places": 4,
    "registered_on": date(2015, 4, 2),
    "registration_status": "Active",
    "owner": "Example Care Ltd",
    "owner_id": "example-care",
    "owner_group": None,
    "council_company": False,
    "release": "lists/2024-03-31",
    "row": 2,
}
_INSPECTION: dict[str, Any] = {
    "inspection_type": "Full inspection",
    "framework": "SCCIF",
    "overall": "Good",
    "overall_as_published": "Good",
    "protection": "Good",
    "leadership": "Good",
    "provision_type": "Children's home",
    "sector": "Private",
    "authority": "Bolton",
    "revised": False,
    "release": "lists/2024-03-31",
    "row": 2,
}
_STATISTIC: dict[str, Any] = {
    "level": "Local authority",
    "category": "",
    "breakdown": "",
    "unit": "children",
    "status": "",
    "status_meaning": "value",
    "rounding": "none",
    "newest": True,
    "release": "cla/2024",
    "row": 1,
}


def listed(urn: str, **cells: Any) -> dict[str, Any]:
    """A home on a list."""
    authority = cells.get("authority", "Bolton")
    found = load_areas().find(authority)
    return {**_HOME, "urn": urn, "standard_region": found.region, "area_code": found.code, **cells}


def inspected(urn: str, on: date, **cells: Any) -> dict[str, Any]:
    """An inspection of a home."""
    return {**_INSPECTION, "urn": urn, "inspected_on": on, **cells}


def published(
    where: str, year: int, cell: tuple[str, str, str, str], value: float | str, **cells: Any
) -> Any:
    """A published number, or the symbol in its place."""
    topic, category, breakdown, measure = cell
    meanings = {"c": "suppressed", "z": "not applicable", "x": "not available"}
    symbol = isinstance(value, str)
    return {
        **_STATISTIC,
        "authority": where,
        "published_name": where,
        "year": year,
        "topic": topic,
        "category": category,
        "breakdown": breakdown,
        "measure": measure,
        "value": None if symbol else float(value),
        "status": value if symbol else "",
        "status_meaning": meanings[str(value)] if symbol else "value",
        "as_published": str(value),
        **cells,
    }


def dataset_of(**tables: Iterable[Mapping[str, Any]]) -> Dataset:
    """A dataset of these rows; homes and owners follow from the lists where they are not given."""
    rows = {name: list(found) for name, found in tables.items()}
    lists = rows.get("home_snapshots", [])
    rows.setdefault("owners", _owners(lists))
    rows.setdefault("homes", _homes(lists))
    frames = {}
    for table in TABLES:
        schema = table.schema()
        given = [{name: row.get(name) for name in schema} for row in rows.get(table.name, [])]
        frames[table.name] = pl.DataFrame(given, schema=schema, orient="row")
    return Dataset(Path("nowhere"), {}, frames)


def _owners(lists: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    names = {row["owner_id"]: row["owner"] for row in lists if row.get("owner_id")}
    return [{"owner_as_published": name, "owner_id": key, "owner": name} for key, name in names.items()]


def _homes(lists: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    last: dict[str, dict[str, Any]] = {}
    for row in sorted(lists, key=lambda row: row["listed_on"]):
        first = last.get(row["urn"], row).get("first_listed_on", row["listed_on"])
        last[row["urn"]] = {
            **row, "first_listed_on": first, "last_listed_on": row["listed_on"], "n_inspections": 0,
            "n_graded": 0,
        }  # fmt: skip
    return list(last.values())
