"""Arrays in: the design of a model, and the coordinates in which it is fitted.

Columns are centred and scaled before they reach the kernel, so that a calendar year or a
number of pounds is as easy as a dummy variable. The map back is linear and exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.kernel_rows import Rows
from ofsight.ordinal.thresholds import threshold_basis

__all__ = ["Design", "Working", "drop_aliased", "prepare"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ALIAS_TOLERANCE = 1e-7  # of a column's length, as R's qr()
_BLOCK = 65536


@dataclass(frozen=True)
class Design:
    """What a cumulative link (mixed) model is fitted to.

    Attributes
    ----------
    y : ndarray of int64, shape (n,)
        Grades as 0..J-1, each of them occurring.
    levels : tuple of str, length J
        Their names, lowest first.
    location : ndarray, shape (n, k)
        Columns of the location, without an intercept.
    nominal : ndarray, shape (n, m)
        Columns whose effect differs by threshold; the first is an intercept. No columns means
        an intercept alone.
    scale : ndarray, shape (n, s)
        Columns of the log-scale, without an intercept.
    location_names, nominal_names, scale_names : tuple of str
        Names of the columns.
    weights, offset, scale_offset : ndarray, shape (n,), or None
        Frequency weights; known parts of the location and of the log-scale.
    groups : tuple of ndarray of int64, each of shape (n,)
        Codes 0..G-1 of each grouping that has a random intercept.
    group_names : tuple of str
        Names of the groupings.
    """

    y: Ints
    levels: tuple[str, ...]
    location: Floats
    nominal: Floats
    scale: Floats
    location_names: tuple[str, ...]
    nominal_names: tuple[str, ...]
    scale_names: tuple[str, ...]
    weights: Floats | None = None
    offset: Floats | None = None
    scale_offset: Floats | None = None
    groups: tuple[Ints, ...] = ()
    group_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = self.y.shape[0]
        for name in ("location", "nominal", "scale", "weights", "offset", "scale_offset"):
            values = getattr(self, name)
            if values is None:
                continue
            if values.shape[0] != n:
                raise ModelError(f"{name} has {values.shape[0]} rows; the outcome has {n}.")
            if not np.all(np.isfinite(values)):
                raise ModelError(
                    f"{name} holds a value that is not finite (missing, or infinite after a "
                    "transformation). Remove those rows or mend the transformation."
                )
        if self.weights is not None and np.any(self.weights < 0):
            raise ModelError("weights must not be negative.")
        if n == 0:
            raise ModelError("No rows are left to fit. Look for a column that is missing throughout.")
        if len(self.levels) < 2:
            only = self.levels[0] if self.levels else "none"
            raise ModelError(
                f"The outcome is constant: every row has grade {only!r}. "
                "A cumulative link model needs at least two grades that occur."
            )


@dataclass(frozen=True)
class Working:
    """A design in fitting coordinates, sorted by the first grouping if there is one.

    Attributes
    ----------
    rows : Rows
        Arrays for the kernel.
    order : ndarray of int64, shape (n,)
        Row ``order[i]`` of the design is row i here.
    back : ndarray, shape (p, p)
        estimates = back @ fitted, random effects excluded.
    names : tuple of str, length p
        Names of the estimates.
    n_alpha, n_beta, n_zeta : int
        How many parameters of each kind; their sum is p.
    """

    rows: Rows
    order: Ints
    back: Floats
    names: tuple[str, ...]
    n_alpha: int
    n_beta: int
    n_zeta: int


def _triangle(blocks: tuple[Floats, ...]) -> Floats:
    """Return R of the QR decomposition of [1 | blocks...], block of rows by block of rows."""
    n = blocks[0].shape[0]
    triangle = np.zeros((0, 1 + sum(b.shape[1] for b in blocks)))
    for first in range(0, n, _BLOCK):
        part = [b[first : first + _BLOCK] for b in blocks]
        stacked = np.column_stack([np.ones(part[0].shape[0]), *part])
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, stacked]), mode="r"))
    return triangle


def _clearly_independent(blocks: tuple[Floats, ...]) -> bool:
    """Say whether no column comes near the others: a quick look that settles most cases.

    It works on cross-products, which lose half the digits, so it answers only when every
    column keeps a thousandth of its length; `_independent` decides the rest.
    """
    if sum(b.shape[1] for b in blocks) == 0:
        return True
    n, width = blocks[0].shape[0], sum(b.shape[1] for b in blocks)
    sums, products = np.zeros(width), np.zeros((width, width))
    for first in range(0, n, _BLOCK):
        part = np.column_stack([b[first : first + _BLOCK] for b in blocks])
        sums += part.sum(axis=0)
        products += part.T @ part
    lengths = np.sqrt(np.diag(products))
    if np.any(lengths == 0.0):
        return False
    means = sums / lengths
    products = products / np.outer(lengths, lengths) - np.outer(means, means) / n
    try:
        pivots = np.diag(np.linalg.cholesky(products))
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
        fresh = length > 0.0 and rest > _ALIAS_TOLERANCE * length
        verdicts.append(fresh)
        if fresh:
            kept.append(column / rest)
    return verdicts


def drop_aliased(design: Design) -> tuple[Design, tuple[str, ...]]:
    """Return the design without columns that others determine, and the names dropped.

    Location columns give way to nominal ones and to location columns before them, as in R.
    Names of nominal and scale columns are prefixed ``nominal.`` and ``scale.``.
    """
    m = design.nominal.shape[1]
    if all(_clearly_independent(b) for b in ((design.nominal[:, 1:], design.location), (design.scale,))):
        return design, ()
    verdicts = _independent(_triangle((design.nominal[:, 1:], design.location)))[1:]
    nominal = [True] * min(m, 1) + verdicts[: max(m - 1, 0)]
    location = verdicts[max(m - 1, 0) :]
    scale = _independent(_triangle((design.scale,)))[1:]
    if all(nominal) and all(location) and all(scale):
        return design, ()

    def pick(values: Floats, names: tuple[str, ...], keep: list[bool]) -> tuple[Floats, tuple[str, ...]]:
        chosen = tuple(n for n, k in zip(names, keep, strict=True) if k)
        return values[:, np.array(keep, dtype=bool)], chosen

    dropped = [n for n, k in zip(design.location_names, location, strict=True) if not k]
    dropped += [f"nominal.{n}" for n, k in zip(design.nominal_names, nominal, strict=True) if not k]
    dropped += [f"scale.{n}" for n, k in zip(design.scale_names, scale, strict=True) if not k]
    x, x_names = pick(design.location, design.location_names, location)
    w, w_names = pick(design.nominal, design.nominal_names, nominal)
    z, z_names = pick(design.scale, design.scale_names, scale)
    reduced = Design(
        design.y, design.levels, x, w, z, x_names, w_names, z_names, design.weights,
        design.offset, design.scale_offset, design.groups, design.group_names,
    )  # fmt: skip
    return reduced, tuple(dropped)


def _standardise(values: Floats, order: Ints | None, centre: bool) -> tuple[Floats, Floats, Floats]:
    """Return columns centred and scaled (a sorted copy), their centres and their scales."""
    n, k = values.shape
    result = np.empty((n, k))
    centres = np.zeros(k)
    spreads = np.ones(k)
    for j in range(k):
        column = values[:, j] if order is None else values[order, j]
        if centre:
            centres[j] = column.mean()
        spread = float(column.std())
        spreads[j] = spread if spread > 0.0 else 1.0
        # Dummy variables stay zero where they are zero: the kernel skips zeros, and they are
        # near enough to the origin. Only columns far from it are centred.
        if abs(centres[j]) <= 3.0 * spreads[j]:
            centres[j] = 0.0
        result[:, j] = (column - centres[j]) / spreads[j]
    return result, centres, spreads


def prepare(design: Design, threshold: str) -> Working:
    """Return the design as the kernel takes it, and the way back to the user's units."""
    basis, alpha_names, shift = threshold_basis(threshold, design.levels)
    q = basis.shape[1]
    m = max(1, design.nominal.shape[1])
    k, s = design.location.shape[1], design.scale.shape[1]
    n = design.y.shape[0]
    order = np.argsort(design.groups[0], kind="stable") if design.groups else None
    x, x_centre, x_spread = _standardise(design.location, order, centre=True)
    w, w_centre, w_spread = _standardise(design.nominal[:, 1:], order, centre=True)
    z, _, z_spread = _standardise(design.scale, order, centre=False)
    back = np.eye(m * q + k + s)
    for c in range(1, m):
        for j in range(q):
            back[c * q + j, c * q + j] = 1.0 / w_spread[c - 1]
            back[j, c * q + j] = -w_centre[c - 1] / w_spread[c - 1]
    for c in range(k):
        back[m * q + c, m * q + c] = 1.0 / x_spread[c]
        back[:q, m * q + c] = shift * x_centre[c] / x_spread[c]
    for c in range(s):
        back[m * q + k + c, m * q + k + c] = 1.0 / z_spread[c]
    nominal = np.column_stack([np.ones(n), w]) if m > 1 else np.zeros((n, 0))

    def column(values: Floats | None) -> Floats:
        if values is None:
            return np.zeros(0)
        return np.array(values if order is None else values[order], dtype=np.float64)

    rows = Rows(
        np.array(design.y if order is None else design.y[order], dtype=np.int64),
        np.ascontiguousarray(basis),
        np.ascontiguousarray(nominal),
        x,
        z,
        column(design.weights),
        column(design.offset),
        column(design.scale_offset),
    )
    crossed = tuple(f"{a}.{c}" for c in design.nominal_names for a in alpha_names)
    thresholds = crossed if m > 1 else alpha_names
    names = (*thresholds, *design.location_names, *(f"scale.{c}" for c in design.scale_names))
    return Working(rows, np.arange(n) if order is None else order, back, names, m * q, k, s)
