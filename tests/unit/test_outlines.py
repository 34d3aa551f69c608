"""Outlines for maps: on the National Grid, coarse, without gaps, and a damaged file is one clear message."""

from __future__ import annotations

import json
import math
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ofsight.dataset.outlines import gather_outlines
from ofsight.dataset.store import Dataset
from ofsight.errors import DatasetError
from ofsight.harmonise.national_grid import _project, to_national_grid
from ofsight.harmonise.outlines import Ring, Shape, area_of, ring_of, simplify_shapes, to_wkt


def test_the_projection_at_the_water_tower_of_the_guide() -> None:
    """Ordnance Survey's worked example (Caister water tower), given on Airy's ellipsoid."""
    lam, phi = math.radians(1 + 43 / 60 + 4.5177 / 3600), math.radians(52 + 39 / 60 + 27.2531 / 3600)
    east, north = _project(np.array([lam]), np.array([phi]))
    assert east[0] == pytest.approx(651_409.903, abs=0.01)
    assert north[0] == pytest.approx(313_177.270, abs=0.01)


@pytest.mark.parametrize(
    ("longitude", "latitude", "east", "north"),
    [
        (1 + 42 / 60 + 57.8663 / 3600, 52 + 39 / 60 + 28.8282 / 3600, 651_409.8, 313_177.45),
        (-1.27018, 54.67614, 447_160, 531_474),  # Hartlepool as ONS gives it
    ],
)
def test_places_by_satellite_are_within_five_metres(
    longitude: float, latitude: float, east: float, north: float
) -> None:
    found = to_national_grid(np.array([longitude]), np.array([latitude]))
    assert math.hypot(found[0][0] - east, found[1][0] - north) < 5


def _jagged(start: tuple[int, int], end: tuple[int, int], bends: list[int]) -> list[tuple[int, int]]:
    (x, y), (to_x, to_y) = start, end
    n = len(bends) + 1
    inner = [
        (
            x + (to_x - x) * k // n + (bend if x == to_x else 0),
            y + (to_y - y) * k // n + (bend if y == to_y else 0),
        )
        for k, bend in enumerate(bends, start=1)
    ]
    return [start, *inner]


def _neighbours(bends: list[int]) -> dict[str, Shape]:
    """Two squares of 20 km side by side, with a jagged border; the second has an island and an islet."""
    border = _jagged((20_000, 0), (20_000, 20_000), bends)
    left = ring_of([(0, 0), *border, (20_000, 20_000), (0, 20_000)])
    right = ring_of([(40_000, 0), (40_000, 20_000), (20_000, 20_000), *reversed(border)])
    island = ring_of([(50_000, 0), (53_000, 0), (53_000, 3_000)])
    islet = ring_of([(60_000, 0), (60_500, 0), (60_500, 500)])
    return {"left": ((left,),), "right": ((islet,), (right,), (island,))}


def _total(shapes: dict[str, Shape]) -> float:
    return sum(area_of(piece[0]) for shape in shapes.values() for piece in shape)


def _sides(ring: Ring) -> Counter[frozenset[tuple[int, int]]]:
    return Counter(frozenset(side) for side in pairwise(ring))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-900, 900), min_size=3, max_size=40))
def test_a_common_border_stays_common(bends: list[int]) -> None:
    shapes = _neighbours(bends)
    found = simplify_shapes(shapes)
    left, (right, island) = found["left"][0][0], (piece[0] for piece in found["right"])
    inner = [side for side in _sides(left) if side in _sides(right)]
    assert inner, "the squares still touch"
    outer = (_sides(left) + _sides(right)).items()
    # Every side but those of the outline stands in both: no gap, no overlap.
    lone = [side for side, n in outer if n == 1]
    assert all(not all(0 < y < 20_000 for _, y in side) for side in lone)
    assert area_of(left) + area_of(right) == 40_000 * 20_000
    assert area_of(island) == area_of(shapes["right"][2][0])
    assert len(left) <= len(shapes["left"][0][0])


def test_points_within_the_tolerance_go_and_others_stay() -> None:
    flat = simplify_shapes(_neighbours([100, -100] * 8))
    assert len(flat["left"][0][0]) == 5
    bent = simplify_shapes(_neighbours([0, 0, 3_000, 0, 0]))
    assert len(bent["left"][0][0]) > 5
    assert len(bent["right"]) == 2, "the islet is left out"


def test_an_area_smaller_than_all_that_is_drawn_stays() -> None:
    tiny = {"tiny": ((ring_of([(0, 0), (200, 0), (200, 200), (0, 200)]),),)}
    assert area_of(simplify_shapes(tiny)["tiny"][0][0]) > 0


def test_well_known_text_with_a_hole() -> None:
    outer, hole = ring_of([(0, 0), (9, 0), (9, 9)]), ring_of([(5, 1), (6, 1), (6, 2)])
    said = to_wkt(((outer, hole), (outer,)))
    assert said == ("MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0), (5 1, 6 1, 6 2, 5 1)), ((0 0, 9 0, 9 9, 0 0)))")


def _area(code: str, ring: list[Any], name: str = "Anywhere") -> dict[str, Any]:
    shape = {"type": "Polygon", "coordinates": [ring]}
    return {"properties": {"CTYUA23CD": code, "CTYUA23NM": name}, "geometry": shape}


GRID = {"properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
SQUARE = [[400_000, 300_000], [420_000, 300_000], [420_000, 320_000], [400_000, 320_000], [400_000, 300_000]]


def gather(tmp_path: Path, collection: Any) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    file = tmp_path / "b.geojson"
    file.write_text(collection if isinstance(collection, str) else json.dumps(collection), encoding="utf-8")
    frame, findings = gather_outlines([file], {file: "ons/b.geojson"}, {file: "ab"})
    return frame.to_dicts(), [(one.code, one.message) for one in findings]


def test_english_areas_of_a_file(tmp_path: Path) -> None:
    features = [_area("E06000001", SQUARE, " Here "), _area("W06000001", SQUARE), _area("S12000001", SQUARE)]
    rows, findings = gather(tmp_path, {"crs": GRID, "features": features})
    assert findings == []
    assert [(row["code"], row["name"], row["kind"], row["year"]) for row in rows] == [
        ("E06000001", "Here", "authority", 2023)
    ]
    assert rows[0]["shape"].startswith("MULTIPOLYGON (((4")


def test_longitude_and_latitude_are_projected(tmp_path: Path) -> None:
    ring = [[-2.0, 52.0], [-1.8, 52.0], [-1.8, 52.2], [-2.0, 52.0]]
    rows, findings = gather(tmp_path, {"features": [_area("E10000001", ring)]})
    assert findings == []
    east = [int(word.split()[0]) for word in rows[0]["shape"].strip("MULTIPOYGN ()").split(", ")]
    assert min(east) == pytest.approx(400_096, abs=20)


@pytest.mark.parametrize(
    ("collection", "said"),
    [
        ({"crs": GRID, "features": [_area("E06000001", [[-2.0, 52.0]] * 4)]}, "no polygon"),
        ({"features": [_area("E06000001", SQUARE)]}, "no longitude and latitude"),
        ({"features": [_area("E06000001", [[170, 10], [171, 10], [171, 11], [170, 10]])]}, "outside England"),
        ({"crs": GRID, "features": [_area("E06000001", SQUARE)] * 2}, "stands in it twice"),
        ({"crs": GRID, "features": [_area("E06000001", [[1, 2], [3]])]}, "no GeoJSON"),
        ({"crs": GRID, "features": [_area("E06000001", [["a", 2]] * 4)]}, "no GeoJSON"),
        ({"crs": GRID, "features": [_area("E06000001", [[math.nan, 2]] * 4)]}, "no ring"),
        ({"crs": {"properties": {"name": "EPSG:3857"}}, "features": [_area("E06000001", SQUARE)]}, "3857"),
        (
            {"crs": GRID, "features": [{"properties": {"CTYUA23CD": "E06000001"}, "geometry": None}]},
            "no polygon",
        ),
        ({"crs": 3, "features": [_area("E06000001", SQUARE)]}, "no GeoJSON"),
    ],
)
def test_shapes_that_cannot_be_drawn_are_one_message(tmp_path: Path, collection: Any, said: str) -> None:
    rows, findings = gather(tmp_path, collection)
    assert rows == []
    assert [code for code, _ in findings] == ["outlines-unread"]
    assert said in findings[0][1]


@pytest.mark.parametrize("text", ["no json", "[]", "{}", '{"features": [3]}', "[" * 100_000])
def test_what_is_no_boundary_at_all_is_told_of_elsewhere(tmp_path: Path, text: str) -> None:
    assert gather(tmp_path, text) == ([], [])


def test_a_dataset_older_than_a_table_has_it_empty(tmp_path: Path) -> None:
    older = Dataset(tmp_path, {"tables": {"homes": {}}})
    assert older["outlines"].height == 0
    assert "shape" in older["outlines"].columns
    with pytest.raises(DatasetError, match=r"homes\.parquet cannot be read"):
        _ = older["homes"]
