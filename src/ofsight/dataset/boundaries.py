"""Boundaries among the releases: which file holds which areas. Their shapes, made coarse, are `outlines`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl

from ofsight.dataset.tables_authorities import AUTHORITY_TABLES
from ofsight.harmonise.findings import Finding

__all__ = ["BOUNDARY_SUFFIXES", "describe_boundaries"]

BOUNDARY_SUFFIXES: Final = (".geojson",)
_CODE: Final = re.compile(r"(?:CTYUA|UTLA|LAD|LTLA|RGN|CTRY)(\d\d)CD", re.IGNORECASE)


def describe_boundaries(
    paths: Iterable[Path], names: Mapping[Path, str], hashes: Mapping[Path, str]
) -> tuple[pl.DataFrame, list[Finding]]:
    """Return table ``boundaries`` and a finding for each file that is none.

    Parameters
    ----------
    paths : iterable of Path
        GeoJSON files.
    names, hashes : mapping of Path to str
        Their names below the folder and the sha256 of their bytes.
    """
    rows: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for path in paths:
        try:
            found = _describe(json.loads(path.read_text(encoding="utf-8-sig")))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            reason = f"is no collection of areas with ONS codes ({error or type(error).__name__})"
            findings.append(Finding("boundaries-unread", reason, names[path]))
            continue
        rows.append({"file": names[path], "sha256": hashes[path], **found})
    schema = next(table.schema() for table in AUTHORITY_TABLES if table.name == "boundaries")
    return pl.DataFrame(rows, schema=schema, strict=False), findings


def _describe(collection: dict[str, Any]) -> dict[str, Any]:
    """Return what a feature collection holds.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        When it is none, or its areas carry no ONS code.
    """
    features = collection["features"]
    if not features:
        raise ValueError("it holds no area")
    codes = [name for name in features[0]["properties"] if _CODE.fullmatch(name)]
    if not codes:
        raise ValueError("no property is an ONS code")
    found = _CODE.fullmatch(codes[0])
    areas = [str(feature["properties"][codes[0]]) for feature in features]
    reference = collection.get("crs", {}).get("properties", {}).get("name")
    return {
        "code_property": codes[0],
        "year": 2000 + int(found[1]) if found else None,
        "n_areas": len(areas),
        "n_in_england": sum(area.startswith("E") for area in areas),
        # Without a word of its own GeoJSON is in longitude and latitude (RFC 7946).
        "reference_system": reference or "WGS 84",
    }
