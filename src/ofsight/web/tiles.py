"""A map of England in tiles: each authority one square, near where it lies.

The places of the tiles were worked out once from the middles of the authorities' boundaries (ONS, December
2023; Contains OS data © Crown copyright and database right) and are kept in ``tiles.csv``. An authority that
is not in it, one made later, gets the free square nearest to its region. Write the file anew with
``python -m ofsight.web.tiles BOUNDARIES.geojson``.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tile", "lay_out", "place_tiles"]

_FILE: Final = "tiles.csv"
_COLUMNS, _ROWS = 15, 18
_BY_RANK: Final = 0.62
"""How far places are by rank rather than by distance: London alone holds a fifth of the authorities."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Where an authority's square stands: column and row from the top left."""

    code: str
    column: int
    row: int


def lay_out(middles: Mapping[str, tuple[float, float]]) -> list[Tile]:
    """Give each place a square of its own so that all together stay as near as can be to where they lie.

    Parameters
    ----------
    middles : mapping of str to (float, float)
        Easting and northing of each place, in one unit.

    Returns
    -------
    list of Tile
        The assignment with the least sum of squared distances (Hungarian method).
    """
    from scipy.optimize import linear_sum_assignment  # slow to load, and of no use to a page

    codes = sorted(middles)
    places = np.array([middles[code] for code in codes], dtype=float)
    x = _stretch(places[:, 0]) * (_COLUMNS - 1)
    y = (1 - _stretch(places[:, 1])) * (_ROWS - 1)
    cells = np.array([(column, row) for column in range(_COLUMNS) for row in range(_ROWS)], dtype=float)
    cost = (x[:, None] - cells[None, :, 0]) ** 2 + (y[:, None] - cells[None, :, 1]) ** 2
    chosen = linear_sum_assignment(cost)[1]
    return [
        Tile(code, int(cells[cell][0]), int(cells[cell][1])) for code, cell in zip(codes, chosen, strict=True)
    ]


def _stretch(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values between 0 and 1, partly by distance and partly by rank."""
    span = float(values.max() - values.min()) or 1.0
    ranks = values.argsort().argsort() / max(len(values) - 1, 1)
    stretched: NDArray[np.float64] = (1 - _BY_RANK) * (values - values.min()) / span + _BY_RANK * ranks
    return stretched


@cache
def _kept() -> tuple[Tile, ...]:
    text = resources.files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(text))
    return tuple(Tile(row["code"], int(row["column"]), int(row["row"])) for row in rows)


def place_tiles(areas: Iterable[tuple[str, str]]) -> dict[str, Tile]:
    """Return the tile of each authority.

    Parameters
    ----------
    areas : iterable of (str, str)
        Code and region of each.
    """
    known = {tile.code: tile for tile in _kept()}
    wanted = list(areas)
    found = {code: known[code] for code, _ in wanted if code in known}
    taken = {(tile.column, tile.row) for tile in found.values()}
    for code, region in wanted:
        if code in found:
            continue
        others = [found[other] for other, its in wanted if its == region and other in found]
        column = sum(tile.column for tile in others) / len(others) if others else _COLUMNS
        row = sum(tile.row for tile in others) / len(others) if others else 0.0
        free = ((x, y) for x in range(_COLUMNS + 4) for y in range(_ROWS) if (x, y) not in taken)
        x, y = min(free, key=lambda cell: ((cell[0] - column) ** 2 + (cell[1] - row) ** 2, cell))
        taken.add((x, y))
        found[code] = Tile(code, x, y)
    return found


def _middles(collection: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the middle of each English authority's largest piece."""
    found = {}
    for feature in collection["features"]:
        code = next(
            (str(value) for value in feature["properties"].values() if str(value)[:3] in _ENGLISH), None
        )
        if code is None:
            continue
        shape = feature["geometry"]
        pieces = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        found[code] = max((_middle(piece[0]) for piece in pieces), key=lambda each: each[2])[:2]
    return found


_ENGLISH: Final = ("E06", "E08", "E09", "E10")


def _middle(ring: list[list[float]]) -> tuple[float, float, float]:
    """Return the centroid and the area of a ring."""
    points = np.array([point[:2] for point in ring], dtype=float)
    x, y = points[:-1].T
    nx, ny = points[1:].T
    cross = x * ny - nx * y
    area = float(cross.sum() / 2) or 1e-12
    return (
        float(((x + nx) * cross).sum() / (6 * area)),
        float(((y + ny) * cross).sum() / (6 * area)),
        abs(area),
    )


if __name__ == "__main__":
    tiles = lay_out(_middles(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8-sig"))))
    lines = ["code,column,row", *(f"{tile.code},{tile.column},{tile.row}" for tile in tiles)]
    Path(__file__).with_name(_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
