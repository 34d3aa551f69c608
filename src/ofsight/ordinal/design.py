"""Arrays in: the design of a model, and its outline, which is the same without the rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError

__all__ = ["Design", "Outline"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Outline:
    """What is known of a design without its rows, wherever they are.

    Attributes
    ----------
    levels : tuple of str, length J
        The grades, lowest first.
    location_names, nominal_names, scale_names, group_names : tuple of str
        Names of the columns and of the groupings.
    n : int
        Rows.
    grade_counts : ndarray of int64, shape (J,)
        Rows of each grade.
    weight_counts : ndarray, shape (J,)
        The weight of each grade; the same where there are no weights.
    group_counts : tuple of int
        Groups of each grouping.
    weighted, has_offset, has_scale_offset : bool
        Whether there are weights and offsets.
    start_offset : float
        The weighted mean of the offset, where the search starts.
    mean_offset, mean_scale_offset : float
        Means over the rows; zero where there is none.
    """

    levels: tuple[str, ...]
    location_names: tuple[str, ...]
    nominal_names: tuple[str, ...]
    scale_names: tuple[str, ...]
    group_names: tuple[str, ...]
    n: int
    grade_counts: Ints
    weight_counts: Floats
    group_counts: tuple[int, ...]
    weighted: bool
    has_offset: bool
    has_scale_offset: bool
    start_offset: float
    mean_offset: float
    mean_scale_offset: float

    @property
    def total_weight(self) -> float:
        """The sum of the weights; the number of rows when there are none."""
        return float(self.weight_counts.sum())


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

    @cached_property
    def outline(self) -> Outline:
        """The same without the rows."""
        counts = np.bincount(self.y, minlength=len(self.levels)).astype(np.int64)
        weights = np.bincount(self.y, weights=self.weights, minlength=len(self.levels)).astype(float)
        offset = self.offset
        start = 0.0 if offset is None or not weights.any() else np.average(offset, weights=self.weights)
        return Outline(
            levels=self.levels,
            location_names=self.location_names,
            nominal_names=self.nominal_names,
            scale_names=self.scale_names,
            group_names=self.group_names,
            n=int(self.y.shape[0]),
            grade_counts=counts,
            weight_counts=weights,
            group_counts=tuple(int(codes.max()) + 1 for codes in self.groups),
            weighted=self.weights is not None,
            has_offset=offset is not None,
            has_scale_offset=self.scale_offset is not None,
            start_offset=float(start),
            mean_offset=0.0 if offset is None else float(offset.mean()),
            mean_scale_offset=0.0 if self.scale_offset is None else float(self.scale_offset.mean()),
        )
