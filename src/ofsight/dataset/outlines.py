"""The outlines of English authorities and regions, from files of boundaries, coarse enough to draw."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from ofsight.dataset.tables_authorities import AUTHORITY_TABLES
from ofsight.harmonise.findings import Finding
from ofsight.harmonise.national_grid import to_national_grid
from ofsight.harmonise.outlines import Ring, Shape, area_of, ring_of, simplify_shapes, to_wkt

__all__ = ["gather_outlines"]

_CODE: Final = re.compile(r"(?P<kind>CTYUA|UTLA|RGN)(?P<year>\d\d)CD", re.IGNORECASE)
_ENGLISH: Final = re.compile(r"E(06|08|09|10|12)\d{6}")
_MOST_POINTS: Final = 1_500_000
_EDGE: Final = 700_000
"""Metres: England reaches no further east or north on the National Grid."""


class _UnreadableError(ValueError):
    """Why the shapes of a file cannot be drawn, in words."""


def gather_outlines(
    paths: Iterable[Path], names: Mapping[Path, str], hashes: Mapping[Path, str]
) -> tuple[pl.DataFrame, list[Finding]]:
    """Return table ``outlines`` and a finding for each file whose shapes cannot be drawn.

    Files that are no boundaries at all are not named again: `describe_boundaries` does so.

    Parameters
    ----------
    paths : iterable of Path
        GeoJSON files.
    names, hashes : mapping of Path to str
        Their names below the folder and the sha256 of their bytes.
    """
    rows: list[dict[str, Any]] = []
    findings: list[Finding] = []
    seen: set[str] = set()
    for path in paths:
        if hashes[path] in seen:
            continue
        seen.add(hashes[path])
        try:
            collection = json.loads(path.read_text(encoding="utf-8-sig"))
            code = _code_property(collection)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
            continue
        if code is None:
            continue
        try:
            found = _read(collection, code)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
            said = str(error) if isinstance(error, _UnreadableError) else "a shape is no GeoJSON"
            findings.append(
                Finding("outlines-unread", f"{said}; there is no map from this file", names[path])
            )
            continue
        rows += [{"file": names[path], "sha256": hashes[path], **row} for row in found]
    schema = next(table.schema() for table in AUTHORITY_TABLES if table.name == "outlines")
    return pl.DataFrame(rows, schema=schema), findings


def _code_property(collection: dict[str, Any]) -> re.Match[str] | None:
    matches = (_CODE.fullmatch(name) for name in collection["features"][0]["properties"])
    return next((found for found in matches if found), None)


def _read(collection: dict[str, Any], code: re.Match[str]) -> list[dict[str, Any]]:
    """Return the rows of one file.

    Raises
    ------
    _UnreadableError
        With the reason, when its shapes cannot be drawn.
    """
    on_grid = _is_on_grid(collection)
    name = code[0][:-2] + ("NM" if code[0][-2:] == "CD" else "nm")
    shapes: dict[str, Shape] = {}
    labels: dict[str, str | None] = {}
    n_points = 0
    for feature in collection["features"]:
        area = feature["properties"][code[0]]
        if not isinstance(area, str) or not _ENGLISH.fullmatch(area):
            continue
        if area in shapes:
            raise _UnreadableError(f"{area} stands in it twice")
        shapes[area] = _shape(area, feature["geometry"], on_grid)
        n_points += sum(len(ring) for piece in shapes[area] for ring in piece)
        if n_points > _MOST_POINTS:
            raise _UnreadableError(
                "it is more detailed than a map needs; take a generalised edition (BGC or BUC)"
            )
        label = feature["properties"].get(name)
        labels[area] = label.strip() or None if isinstance(label, str) else None
    kind = "region" if code["kind"].upper() == "RGN" else "authority"
    return [
        {
            "code": area,
            "name": labels[area],
            "kind": kind,
            "year": 2000 + int(code["year"]),
            "shape": to_wkt(shape),
        }
        for area, shape in simplify_shapes(shapes).items()
    ]


def _is_on_grid(collection: dict[str, Any]) -> bool:
    """Say whether coordinates are on the National Grid; without a word they are longitude and latitude."""
    said = (collection.get("crs") or {}).get("properties", {}).get("name") or "WGS 84"
    if re.search(r"\b27700$", said):
        return True
    if re.search(r"\b(4326|4258|CRS84)$|^WGS 84$", said):
        return False
    raise _UnreadableError(f"its coordinates are in {said[:60]}; EPSG:27700 and EPSG:4326 can be read")


def _shape(area: str, geometry: dict[str, Any] | None, on_grid: bool) -> Shape:
    if not geometry or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise _UnreadableError(f"{area} has no polygon")
    given = geometry["coordinates"]
    pieces = given if geometry["type"] == "MultiPolygon" else [given]
    shape = tuple(tuple(_ring(area, ring, on_grid) for ring in piece) for piece in pieces if piece)
    if not any(area_of(piece[0]) > 0 for piece in shape):
        raise _UnreadableError(f"{area} has no polygon")
    return shape


def _ring(area: str, ring: list[list[float]], on_grid: bool) -> Ring:
    points = np.array([point[:2] for point in ring], dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3 or not np.isfinite(points).all():
        raise _UnreadableError(f"a ring of {area} is no ring")
    if not on_grid:
        if np.abs(points).max() > 180:
            raise _UnreadableError(f"coordinates of {area} are no longitude and latitude")
        points = np.stack(to_national_grid(points[:, 0], points[:, 1]), axis=1)
    if not (points > -_EDGE / 10).all() or not (points < _EDGE).all():
        raise _UnreadableError(f"coordinates of {area} lie outside England")
    whole = points.round().astype(np.int64).tolist()
    return ring_of([(x, y) for x, y in whole])
