"""An invented map: boundaries of authorities as ONS's service sends them, GeoJSON in longitude and latitude.

Codes and names are those of December 2024, public facts. The shapes are drawn here: a country of jagged
cells on a lattice, each region its own stretch, London's boroughs crowded into one cell. No coordinate is
taken from any map.
"""

from __future__ import annotations

import csv
import io
import json
import random
import uuid
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

__all__ = ["BOUNDARY_FILE", "make_boundaries", "write_boundaries"]

BOUNDARY_FILE: Final = "synthetic-Counties_and_Unitary_Authorities_December_2024_Boundaries_UK_BUC.geojson"
"""Name of the file: the service's own name behind the word."""

# One letter a cell, from north to south: an English authority, London, Wales, the sea. The west of the
# middle is empty, as it is in England.
_COUNTRY: Final = (
    "....####....",
    "...######...",
    "..########..",
    ".##########.",
    "....########",
    "....########",
    "....########",
    "...W########",
    "...W########",
    "..##########",
    "########L###",
    "############",
    "############",
    "..#######...",
)
_WELSH: Final = (("W06000023", "Powys", "Powys"), ("W06000009", "Pembrokeshire", "Sir Benfro"))
_ISLES: Final = "Isles of Scilly"
_WEST, _NORTH = -5.7, 55.6
_WIDE, _HIGH = 0.6, 0.4
"""Degrees: the north-west corner of the lattice, and the size of a cell."""
_ROW_OF_LONDON: Final = 6
_JAGGED: Final = 0.16
"""How far, in cells, a corner or a bend may lie from its place; below half, so that no border crosses."""

Place = tuple[float, float]


class _Lattice:
    """Corners and borders of the cells, each drawn once, whichever cell asks for it."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"boundaries {seed}")
        rows, columns = len(_COUNTRY), len(_COUNTRY[0])
        self._corners = {
            (column, row): (column + self._off(), row + self._off())
            for row in range(rows + 1)
            for column in range(columns + 1)
        }
        self._bends: dict[frozenset[tuple[int, int]], Place] = {}

    def _off(self) -> float:
        return self._rng.uniform(-_JAGGED, _JAGGED)

    def corners(self, column: int, row: int) -> list[Place]:
        """Return the corners of a cell, from the north-west, against the clock."""
        return [self._corners[at] for at in _around(column, row)]

    def ring(self, column: int, row: int) -> list[Place]:
        """Return the border of a cell with its bends; London's own sides are straight."""
        places = []
        at = _around(column, row)
        for one, other in zip(at, [*at[1:], at[0]], strict=True):
            places.append(self._corners[one])
            if not _is_of_london(one, other):
                places.append(self._bend(one, other))
        return places

    def _bend(self, one: tuple[int, int], other: tuple[int, int]) -> Place:
        side = frozenset((one, other))
        if side not in self._bends:
            (x, y), (to_x, to_y) = self._corners[one], self._corners[other]
            self._bends[side] = ((x + to_x) / 2 + self._off(), (y + to_y) / 2 + self._off())
        return self._bends[side]


def _around(column: int, row: int) -> list[tuple[int, int]]:
    return [(column, row), (column, row + 1), (column + 1, row + 1), (column + 1, row)]


def _is_of_london(*corners: tuple[int, int]) -> bool:
    ((column, row),) = _cells("L")
    return set(corners) <= set(_around(column, row))


def _cells(letter: str) -> list[tuple[int, int]]:
    return [
        (column, row)
        for row, line in enumerate(_COUNTRY)
        for column, found in enumerate(line)
        if found == letter
    ]


def _boroughs(corners: Sequence[Place], n: int) -> Iterator[list[Place]]:
    """Give each of `n` boroughs a piece of London's cell, rows of six and what is over in the last."""
    north_west, south_west, south_east, north_east = corners

    def at(across: float, down: float) -> Place:
        x, y = (
            (1 - across) * ((1 - down) * north_west[axis] + down * south_west[axis])
            + across * ((1 - down) * north_east[axis] + down * south_east[axis])
            for axis in (0, 1)
        )
        return x, y

    rows = [min(_ROW_OF_LONDON, n - first) for first in range(0, n, _ROW_OF_LONDON)]
    for row, wide in enumerate(rows):
        up, low = row / len(rows), (row + 1) / len(rows)
        for place in range(wide):
            left, right = place / wide, (place + 1) / wide
            yield [at(left, up), at(left, low), at(right, low), at(right, up)]


def _closed(places: Sequence[Place]) -> list[list[float]]:
    """Return a ring in degrees, closed, against the clock as GeoJSON asks."""
    points = [[round(_WEST + x * _WIDE, 6), round(_NORTH - y * _HIGH, 6)] for x, y in places]
    return [*points, points[0]]


def _authorities() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return code and name of the authorities outside London, region by region, and of its boroughs."""
    text = resources.files(__package__).joinpath("authority_codes.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    london = [(row["code"], row["name"]) for row in rows if row["region"] == "London"]
    return [(row["code"], row["name"]) for row in rows if row["region"] != "London"], london


def make_boundaries(seed: int = 2022) -> dict[str, Any]:
    """Return the boundaries of 153 authorities of England and two of Wales as a feature collection.

    Parameters
    ----------
    seed : int
        Equal seeds give equal shapes.

    Returns
    -------
    dict
        GeoJSON (RFC 7946) with the members and properties of ONS's service; ``note`` says what it is.
    """
    lattice = _Lattice(seed)
    others, london = _authorities()
    areas: list[tuple[str, str, str, list[list[Place]]]] = []
    for (code, name), (column, row) in zip(others, _cells("#"), strict=True):
        pieces = [lattice.ring(column, row)]
        if name == _ISLES:
            x, y = 0.5, len(_COUNTRY) - 0.4
            pieces.append([(x, y), (x, y + 0.3), (x + 0.4, y + 0.3), (x + 0.4, y)])
        areas.append((code, name, " ", pieces))
    middle = lattice.corners(*_cells("L")[0])
    boroughs = _boroughs(middle, len(london))
    areas += [(code, name, " ", [ring]) for (code, name), ring in zip(london, boroughs, strict=True)]
    areas += [
        (code, name, welsh, [lattice.ring(column, row)])
        for (code, name, welsh), (column, row) in zip(_WELSH, _cells("W"), strict=True)
    ]
    return {
        "type": "FeatureCollection",
        "note": "SYNTHETIC boundaries written by ofsight.demo: codes and names are real, no shape is.",
        "crs": {"type": "name", "properties": {"name": "EPSG:4326"}},
        "features": [_feature(place, *area) for place, area in enumerate(sorted(areas), start=1)],
    }


def _feature(place: int, code: str, name: str, welsh: str, pieces: list[list[Place]]) -> dict[str, Any]:
    rings = [_closed(piece) for piece in pieces]
    several = len(rings) > 1
    inside = [sum(axis) / len(rings[0][:-1]) for axis in zip(*rings[0][:-1], strict=True)]
    return {
        "type": "Feature",
        "id": place,
        "geometry": {
            "type": "MultiPolygon" if several else "Polygon",
            "coordinates": [[ring] for ring in rings] if several else rings,
        },
        "properties": {
            "FID": place,
            "CTYUA24CD": code,
            "CTYUA24NM": name,
            "CTYUA24NMW": welsh,
            "LONG": round(inside[0], 5),
            "LAT": round(inside[1], 5),
            "GlobalID": str(uuid.uuid5(uuid.NAMESPACE_OID, f"ofsight.demo {code}")),
        },
    }


def write_boundaries(directory: Path, seed: int = 2022) -> None:
    """Write the boundaries into a folder, as `BOUNDARY_FILE`."""
    text = json.dumps(make_boundaries(seed), ensure_ascii=False, separators=(",", ":"))
    (directory / BOUNDARY_FILE).write_text(text + "\n", encoding="utf-8", newline="\n")
