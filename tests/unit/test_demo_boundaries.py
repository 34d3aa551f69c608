"""The demo's map: codes and names as ONS has them, invented shapes that fit together, the same every time."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ofsight.dataset.boundaries import describe_boundaries
from ofsight.dataset.outlines import gather_outlines
from ofsight.demo import BOUNDARY_FILE, make_boundaries
from ofsight.demo.boundaries import write_boundaries
from ofsight.link.areas import load_areas

Side = frozenset[tuple[float, float]]


@pytest.fixture(scope="module")
def features() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = make_boundaries(7)["features"]
    return found


def _rings(feature: dict[str, Any]) -> list[list[tuple[float, float]]]:
    shape = feature["geometry"]
    pieces = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    return [[(x, y) for x, y in ring] for piece in pieces for ring in piece]


def _area(ring: list[tuple[float, float]]) -> float:
    return sum(x * to_y - to_x * y for (x, y), (to_x, to_y) in pairwise(ring)) / 2


def test_every_authority_of_the_day_is_there_once_under_its_code_and_name(
    features: list[dict[str, Any]],
) -> None:
    on = date(2024, 12, 31)
    areas = load_areas()
    said = {one["properties"]["CTYUA24CD"]: one["properties"]["CTYUA24NM"] for one in features}
    english = {code: name for code, name in said.items() if code.startswith("E")}
    assert len(features) == len(said) == 155
    assert set(english) == {one.code_on(on) for one in areas.on(on)}
    for code, name in english.items():
        known = areas.find(name, on=on)
        assert known is not None, name
        assert known.code_on(on) == code, name


def test_rings_are_closed_against_the_clock_and_do_not_overlap(features: list[dict[str, Any]]) -> None:
    rings = [ring for one in features for ring in _rings(one)]
    assert len(rings) == 156, "one authority has an island"
    assert all(ring[0] == ring[-1] for ring in rings)
    assert min(map(_area, rings)) > 0
    # Inner sides are drawn twice, once in each direction; outer ones once. So no ring lies on another.
    sides = Counter(side for ring in rings for side in pairwise(ring))
    assert set(sides.values()) == {1}
    outer = [side for side in sides if side[::-1] not in sides]
    assert sum(map(_area, rings)) == pytest.approx(sum(x * b - a * y for (x, y), (a, b) in outer) / 2)
    assert sum(side[::-1] in sides for side in sides) > 600


def test_the_reader_of_boundaries_takes_them_as_it_takes_those_of_ons(tmp_path: Path) -> None:
    write_boundaries(tmp_path, 7)
    path = tmp_path / BOUNDARY_FILE
    given = ([path], {path: path.name}, {path: "0" * 64})
    outlines, findings = gather_outlines(*given)
    assert findings == []
    assert outlines.height == 153
    assert outlines["year"].unique().to_list() == [2024]
    described, unread = describe_boundaries(*given)
    assert unread == []
    assert described.select("code_property", "n_areas", "n_in_england", "reference_system").rows() == [
        ("CTYUA24CD", 155, 153, "EPSG:4326")
    ]


def test_equal_seeds_give_equal_bytes_and_others_another_country(tmp_path: Path) -> None:
    made = []
    for place, seed in enumerate((7, 7, 8)):
        (tmp_path / str(place)).mkdir()
        write_boundaries(tmp_path / str(place), seed)
        made.append((tmp_path / str(place) / BOUNDARY_FILE).read_bytes())
    assert made[0] == made[1] != made[2]
    assert b"SYNTHETIC" in made[0]
    assert len(made[0]) < 100_000
    assert json.loads(made[0])["crs"]["properties"]["name"] == "EPSG:4326"
