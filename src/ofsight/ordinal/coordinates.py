"""The coordinates in which a model is fitted.

Columns are centred and scaled before they reach the kernel, so that a calendar year or a
number of pounds is as easy as a dummy variable. The map back is linear and exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.design import Design, Outline
from ofsight.ordinal.kernel_rows import Rows
from ofsight.ordinal.thresholds import threshold_basis

__all__ = ["Coordinates", "Scale", "Scales", "Working", "choose_scale", "lay_out", "prepare"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Scale(NamedTuple):
    """Centres and spreads of columns, each of shape (k,)."""

    centres: Floats
    spreads: Floats


class Scales(NamedTuple):
    """Those of each part of a design; of the nominal columns without the intercept."""

    location: Scale
    nominal: Scale
    scale: Scale


@dataclass(frozen=True)
class Coordinates:
    """How fitting coordinates go back to the user's units.

    Attributes
    ----------
    basis : ndarray, shape (J - 1, q)
        Thresholds as linear functions of threshold parameters.
    back : ndarray, shape (p, p)
        estimates = back @ fitted, random effects excluded.
    names : tuple of str, length p
        Names of the estimates.
    n_alpha, n_beta, n_zeta : int
        How many parameters of each kind; their sum is p.
    scale_means : ndarray, shape (n_zeta,)
        Means of the scale columns in fitting coordinates.
    """

    basis: Floats
    back: Floats
    names: tuple[str, ...]
    n_alpha: int
    n_beta: int
    n_zeta: int
    scale_means: Floats


@dataclass(frozen=True)
class Working(Coordinates):
    """A design in fitting coordinates, sorted by the first grouping if there is one.

    Attributes
    ----------
    rows : Rows
        Arrays for the kernel.
    order : ndarray of int64, shape (n,)
        Row ``order[i]`` of the design is row i here.
    """

    rows: Rows
    order: Ints


def choose_scale(means: Floats, spreads: Floats, centre: bool) -> Scale:
    """Return by what columns of these means and standard deviations are centred and divided.

    Dummy variables stay zero where they are zero: the kernel skips zeros, and they are near
    enough to the origin. Only columns far from it are centred.
    """
    spreads = np.where(spreads > 0.0, spreads, 1.0)
    far = np.abs(means) > 3.0 * spreads
    return Scale(np.where(far & centre, means, 0.0), spreads)


def _measure(values: Floats, order: Ints | None, centre: bool) -> Scale:
    """Return the scale of columns, taken in the order in which they are fitted."""
    columns = [values[:, j] if order is None else values[order, j] for j in range(values.shape[1])]
    means = np.array([c.mean() for c in columns])
    return choose_scale(means, np.array([c.std() for c in columns]), centre)


def _standardise(values: Floats, order: Ints | None, scale: Scale) -> Floats:
    """Return columns centred and scaled: a sorted copy."""
    result = np.empty(values.shape)
    for j in range(values.shape[1]):
        column = values[:, j] if order is None else values[order, j]
        np.subtract(column, scale.centres[j], out=result[:, j])
        result[:, j] /= scale.spreads[j]
    return result


def lay_out(outline: Outline, threshold: str, scales: Scales, scale_means: Floats) -> Coordinates:
    """Return the coordinates of a model whose columns are centred and scaled like this."""
    basis, alpha_names, shift = threshold_basis(threshold, outline.levels)
    q = basis.shape[1]
    m = max(1, len(outline.nominal_names))
    k, s = len(outline.location_names), len(outline.scale_names)
    back = np.eye(m * q + k + s)
    for c in range(1, m):
        for j in range(q):
            back[c * q + j, c * q + j] = 1.0 / scales.nominal.spreads[c - 1]
            back[j, c * q + j] = -scales.nominal.centres[c - 1] / scales.nominal.spreads[c - 1]
    for c in range(k):
        back[m * q + c, m * q + c] = 1.0 / scales.location.spreads[c]
        back[:q, m * q + c] = shift * scales.location.centres[c] / scales.location.spreads[c]
    for c in range(s):
        back[m * q + k + c, m * q + k + c] = 1.0 / scales.scale.spreads[c]
    crossed = tuple(f"{a}.{c}" for c in outline.nominal_names for a in alpha_names)
    thresholds = crossed if m > 1 else alpha_names
    names = (*thresholds, *outline.location_names, *(f"scale.{c}" for c in outline.scale_names))
    return Coordinates(np.ascontiguousarray(basis), back, names, m * q, k, s, scale_means)


def prepare(design: Design, threshold: str, scales: Scales | None = None) -> Working:
    """Return the design as the kernel takes it, and the way back to the user's units.

    Parameters
    ----------
    design : Design
        The arrays.
    threshold : str
        The structure of the thresholds.
    scales : Scales, optional
        By what to centre and divide the columns; default what these rows suggest. Parts of a
        whole take those of the whole.
    """
    n, m = design.y.shape[0], max(1, design.nominal.shape[1])
    order = np.argsort(design.groups[0], kind="stable") if design.groups else None
    if scales is None:
        scales = Scales(
            _measure(design.location, order, True),
            _measure(design.nominal[:, 1:], order, True),
            _measure(design.scale, order, False),
        )
    x = _standardise(design.location, order, scales.location)
    w = _standardise(design.nominal[:, 1:], order, scales.nominal)
    z = _standardise(design.scale, order, scales.scale)
    nominal = np.column_stack([np.ones(n), w]) if m > 1 else np.zeros((n, 0))

    def column(values: Floats | None) -> Floats:
        if values is None:
            return np.zeros(0)
        return np.array(values if order is None else values[order], dtype=np.float64)

    laid = lay_out(design.outline, threshold, scales, z.mean(axis=0) if n else np.zeros(z.shape[1]))
    rows = Rows(
        np.array(design.y if order is None else design.y[order], dtype=np.int64),
        laid.basis,
        np.ascontiguousarray(nominal),
        x,
        z,
        column(design.weights),
        column(design.offset),
        column(design.scale_offset),
    )
    return Working(
        laid.basis, laid.back, laid.names, laid.n_alpha, laid.n_beta, laid.n_zeta, laid.scale_means,
        rows, np.arange(n) if order is None else order,
    )  # fmt: skip
