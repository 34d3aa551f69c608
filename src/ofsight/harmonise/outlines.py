"""Shapes made coarse enough to draw: borders that areas share are cut once, so that nothing gapes.

The rings are parted at junctions, the points where borders meet, into arcs. An arc is simplified once,
whoever uses it and in whichever direction, and its ends stay where they are (Bostock, TopoJSON).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "SMALLEST",
    "TOLERANCE",
    "Point",
    "Ring",
    "Shape",
    "area_of",
    "ring_of",
    "simplify_shapes",
    "to_wkt",
]

Point = tuple[int, int]
Ring = tuple[Point, ...]
"""Points in metres; the first stands again at the end."""
Shape = tuple[tuple[Ring, ...], ...]
"""Pieces, each an outer ring and its holes."""

TOLERANCE: Final = 500.0
"""How far, in metres, a point that is left out may lie from the line drawn in its place."""
SMALLEST: Final = 1_000_000.0
"""Square metres: smaller islands and holes are left out; an area's largest piece never is."""


def simplify_shapes(
    shapes: Mapping[str, Shape], *, tolerance: float = TOLERANCE, smallest: float = SMALLEST
) -> dict[str, Shape]:
    """Return the shapes with fewer points (Douglas and Peucker 1973), their common borders still common.

    Parameters
    ----------
    shapes : mapping of str to Shape
        By code.
    tolerance : float
        Metres.
    smallest : float
        Square metres.
    """
    junctions = _junctions(ring for shape in shapes.values() for piece in shape for ring in piece)
    kept: dict[Ring, Ring] = {}
    found = {}
    for code, shape in shapes.items():
        largest = max(shape, key=lambda piece: area_of(piece[0]))
        pieces = []
        for piece in shape:
            outer = _coarse(piece[0], junctions, kept, tolerance)
            if piece is largest and not _has_body(outer):
                outer = piece[0]
            if piece is not largest and area_of(outer) < smallest:
                continue
            holes = (_coarse(hole, junctions, kept, tolerance) for hole in piece[1:])
            pieces.append((outer, *(hole for hole in holes if area_of(hole) >= smallest)))
        found[code] = tuple(pieces)
    return found


def area_of(ring: Ring) -> float:
    """Return the area within a ring, square metres."""
    return abs(sum(x * ny - nx * y for (x, y), (nx, ny) in pairwise(ring))) / 2


def to_wkt(shape: Shape) -> str:
    """Return a shape as well-known text: ``MULTIPOLYGON (((x y, x y, ...)))``."""
    pieces = (
        ", ".join("(" + ", ".join(f"{x} {y}" for x, y in ring) + ")" for ring in piece) for piece in shape
    )
    return "MULTIPOLYGON (" + ", ".join(f"({piece})" for piece in pieces) + ")"


def _has_body(ring: Ring) -> bool:
    return len(ring) >= 4 and area_of(ring) > 0


def _junctions(rings: Iterable[Ring]) -> set[Point]:
    """Return the points with other than two neighbours, over all rings: there borders meet or part."""
    beside: dict[Point, set[Point]] = {}
    for ring in rings:
        for one, other in pairwise(ring):
            beside.setdefault(one, set()).add(other)
            beside.setdefault(other, set()).add(one)
    return {point for point, others in beside.items() if len(others) != 2}


def _coarse(ring: Ring, junctions: set[Point], kept: dict[Ring, Ring], tolerance: float) -> Ring:
    """Return a ring put together from its simplified arcs."""
    points = ring[:-1]
    cuts = [place for place, point in enumerate(points) if point in junctions]
    if not cuts:
        # A border of two areas alone, or an island: both sides must begin at the same point.
        cuts = [points.index(min(points))]
    turned = points[cuts[0] :] + points[: cuts[0]]
    starts = [cut - cuts[0] for cut in cuts] + [len(points)]
    closed = (*turned, turned[0])
    made: list[Point] = [turned[0]]
    for start, end in pairwise(starts):
        made.extend(_arc(closed[start : end + 1], kept, tolerance)[1:])
    return tuple(made)


def _arc(arc: Ring, kept: dict[Ring, Ring], tolerance: float) -> Ring:
    """Return an arc simplified: the same points in both directions."""
    back = arc[::-1]
    forward = arc <= back
    key = arc if forward else back
    if key not in kept:
        kept[key] = _thin(key, tolerance)
    return kept[key] if forward else kept[key][::-1]


def _thin(arc: Ring, tolerance: float) -> Ring:
    """Return the points that a line within the tolerance needs; a closed arc keeps at least three."""
    points = np.array(arc, dtype=np.float64)
    keep = np.zeros(len(arc), dtype=bool)
    keep[[0, -1]] = True
    spans: list[tuple[int, int]] = [(0, len(arc) - 1)]
    if arc[0] == arc[-1] and len(arc) > 3:
        far = int(np.hypot(*(points - points[0]).T).argmax())
        third = int(_distances(points, 0, far)[1:-1].argmax()) + 1
        keep[[far, third]] = True
        ends = sorted({0, far, third, len(arc) - 1})
        spans = list(pairwise(ends))
    while spans:
        start, end = spans.pop()
        if end - start < 2:
            continue
        away = _distances(points[start : end + 1], 0, -1)
        most = int(away.argmax())
        if away[most] > tolerance:
            keep[start + most] = True
            spans += [(start, start + most), (start + most, end)]
    return tuple(arc[int(place)] for place in np.flatnonzero(keep))


def _distances(points: NDArray[np.float64], start: int, end: int) -> NDArray[np.float64]:
    """Return how far each point lies from the line between two of them, as far as it goes."""
    first, last = points[start], points[end]
    along = last - first
    length = float(along @ along)
    share = np.clip((points - first) @ along / length, 0, 1) if length else np.zeros(len(points))
    found: NDArray[np.float64] = np.hypot(*(points - first - share[:, None] * along).T)
    return found


def ring_of(points: Sequence[Point]) -> Ring:
    """Return a closed ring without a point that stands twice in a row."""
    ring = [point for place, point in enumerate(points) if place == 0 or point != points[place - 1]]
    return tuple(ring) if ring[0] == ring[-1] else (*ring, ring[0])
