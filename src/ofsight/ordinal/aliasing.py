"""Columns that others determine: found, named and left out.

What is asked of the rows are sums over blocks of them (cross-products, or a triangle), so that the
verdict on rows spread over machines is the verdict on the same rows in one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.design import Design

__all__ = [
    "Kept",
    "Products",
    "add_products",
    "blocks_of",
    "cross_products",
    "drop_aliased",
    "join_triangles",
    "judge",
    "keep_columns",
    "settled_quickly",
    "triangle_of",
]

Floats = NDArray[np.float64]

_TOLERANCE = 1e-7  # of a column's length, as R's qr()
_BLOCK = 65536


class Products(NamedTuple):
    """Cross-products of columns: their number of rows, sums (k,) and products (k, k)."""

    n: int
    sums: Floats
    products: Floats


class Kept(NamedTuple):
    """Which columns stay, one verdict each."""

    location: tuple[bool, ...]
    nominal: tuple[bool, ...]
    scale: tuple[bool, ...]


def blocks_of(design: Design) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """Return the columns that are judged together: nominal then location, and those of the scale."""
    return (design.nominal[:, 1:], design.location), (design.scale,)


def triangle_of(blocks: Sequence[Floats]) -> Floats:
    """Return R of the QR decomposition of [1 | blocks...], block of rows by block of rows."""
    n = blocks[0].shape[0]
    triangle = np.zeros((0, 1 + sum(b.shape[1] for b in blocks)))
    for first in range(0, n, _BLOCK):
        part = [b[first : first + _BLOCK] for b in blocks]
        stacked = np.column_stack([np.ones(part[0].shape[0]), *part])
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, stacked]), mode="r"))
    return triangle


def join_triangles(triangles: Sequence[Floats]) -> Floats:
    """Return the triangle of rows in several parts from those of the parts."""
    joined = triangles[0]
    for triangle in triangles[1:]:
        joined = np.asarray(np.linalg.qr(np.vstack([joined, triangle]), mode="r"))
    return joined


def cross_products(blocks: Sequence[Floats]) -> Products:
    """Return the cross-products of columns, block of rows by block of rows."""
    n, width = blocks[0].shape[0], sum(b.shape[1] for b in blocks)
    sums, products = np.zeros(width), np.zeros((width, width))
    if width == 0:
        return Products(n, sums, products)
    for first in range(0, n, _BLOCK):
        part = np.column_stack([b[first : first + _BLOCK] for b in blocks])
        sums += part.sum(axis=0)
        products += part.T @ part
    return Products(n, sums, products)


def add_products(parts: Sequence[Products]) -> Products:
    """Return the cross-products of rows in several parts."""
    return Products(
        sum(p.n for p in parts),
        np.sum([p.sums for p in parts], axis=0),
        np.sum([p.products for p in parts], axis=0),
    )


def settled_quickly(products: Products) -> bool:
    """Say whether no column comes near the others: a quick look that settles most cases.

    Cross-products lose half the digits, so it answers only when every column keeps a thousandth
    of its length; `judge` decides the rest.
    """
    n, sums, table = products
    if sums.shape[0] == 0:
        return True
    lengths = np.sqrt(np.diag(table))
    if np.any(lengths == 0.0):
        return False
    means = sums / lengths
    scaled = table / np.outer(lengths, lengths) - np.outer(means, means) / n
    try:
        pivots = np.diag(np.linalg.cholesky(scaled))
    except np.linalg.LinAlgError:
        return False
    return bool(np.all(pivots > 1e-3))


def _independent(triangle: Floats) -> list[bool]:
    """Say of each column whether it adds to the columns kept before it."""
    kept: list[Floats] = []
    verdicts = []
    for j in range(triangle.shape[1]):
        column = triangle[:, j].copy()
        length = float(np.linalg.norm(column))
        for _ in range(2):  # twice is enough to be orthogonal to rounding
            for direction in kept:
                column -= direction * (direction @ column)
        rest = float(np.linalg.norm(column))
        fresh = length > 0.0 and rest > _TOLERANCE * length
        verdicts.append(fresh)
        if fresh:
            kept.append(column / rest)
    return verdicts


def judge(main: Floats, scale: Floats, n_nominal: int) -> Kept:
    """Return the verdict on columns from the triangles of the two groups of `blocks_of`.

    Location columns give way to nominal ones and to location columns before them, as in R.
    """
    verdicts = _independent(main)[1:]
    own = max(n_nominal - 1, 0)
    return Kept(
        location=tuple(verdicts[own:]),
        nominal=tuple([True] * min(n_nominal, 1) + verdicts[:own]),
        scale=tuple(_independent(scale)[1:]),
    )


def keep_columns(design: Design, kept: Kept) -> tuple[Design, tuple[str, ...]]:
    """Return the design with the columns that stay, and the names of the others.

    Names of nominal and scale columns are prefixed ``nominal.`` and ``scale.``.
    """
    if all(all(verdicts) for verdicts in kept):
        return design, ()
    dropped: list[str] = []
    fresh: dict[str, object] = {}
    for part, prefix in (("location", ""), ("nominal", "nominal."), ("scale", "scale.")):
        verdicts = getattr(kept, part)
        names = getattr(design, f"{part}_names")
        dropped += [prefix + n for n, k in zip(names, verdicts, strict=True) if not k]
        fresh[part] = getattr(design, part)[:, np.array(verdicts, dtype=bool)]
        fresh[f"{part}_names"] = tuple(n for n, k in zip(names, verdicts, strict=True) if k)
    return replace(design, **fresh), tuple(dropped)  # type: ignore[arg-type]


def drop_aliased(design: Design) -> tuple[Design, tuple[str, ...]]:
    """Return the design without columns that others determine, and the names dropped."""
    main, scale = blocks_of(design)
    if all(settled_quickly(cross_products(blocks)) for blocks in (main, scale)):
        return design, ()
    kept = judge(triangle_of(main), triangle_of(scale), design.nominal.shape[1])
    return keep_columns(design, kept)
