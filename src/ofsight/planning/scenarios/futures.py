"""What a simulation keeps of every future: the homes of the list, and those that opened after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ofsight.planning.scenarios.scenario import Range

__all__ = ["NewHomes", "State", "draw_range", "join_new", "no_new_homes", "sum_by_draw", "sum_by_label"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class NewHomes:
    """Homes that opened after the list: one entry a home and future.

    Attributes
    ----------
    draw, holder, sector, places, opened : arrays of int, shape (n,)
        Which future; whose; of which sector; registered places; in which year.
    grade_after : array, shape (n,)
        Months from opening to the first judgement.
    left : array, shape (n,)
        What is left of its life, as a sum of hazards: drawn from the exponential of mean 1 when it opens, it
        closes when the hazards of its years have used it up.
    alive : array of bool, shape (n,)
    """

    draw: Ints
    holder: Ints
    sector: Ints
    places: Ints
    opened: Ints
    grade_after: Floats
    left: Floats
    alive: Bools

    def but(self, **changes: Any) -> NewHomes:
        """Return the same homes with other values."""
        return replace(self, **changes)

    def where(self, keep: Bools) -> NewHomes:
        """Return some of the homes."""
        return NewHomes(*(getattr(self, part.name)[keep] for part in fields(self)))


@dataclass(eq=False)
class State:
    """Where every future stands; changed year by year.

    Attributes
    ----------
    alive, converted : arrays of bool, shape (draws, homes)
        Homes of the list still there; those that go on under another sector.
    holder, converted_to : arrays of int, shape (homes,)
        Whose home it is, whose sector it passes to. Which homes are still there differs between futures;
        who has those that are does not.
    n_holders : int
        Holders, new ones among them.
    new : NewHomes
    closed_places, opened_places : arrays, shape (draws,)
        Of the year.
    """

    alive: Bools
    converted: Bools
    holder: Ints
    converted_to: Ints
    n_holders: int
    new: NewHomes
    closed_places: Floats
    opened_places: Floats


def draw_range(value: Range, stream: np.random.Generator, n: int) -> Floats:
    """Draw from the triangle of a range; the stream moves on alike whether it is one number or not."""
    u = stream.random(n)
    if value.is_known:
        return np.full(n, value.base)
    width = value.high - value.low
    rise = (value.base - value.low) / width
    below = value.low + np.sqrt(u * width * (value.base - value.low))
    above = value.high - np.sqrt((1.0 - u) * width * (value.high - value.base))
    drawn: Floats = np.where(u < rise, below, above)
    return drawn


def no_new_homes() -> NewHomes:
    """Return none."""
    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    return NewHomes(whole, whole, whole, whole, whole, real, real, np.zeros(0, dtype=np.bool_))


def join_new(parts: Sequence[NewHomes]) -> NewHomes:
    """Return all of them."""
    return NewHomes(
        *(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(NewHomes))
    )


def sum_by_draw(new: NewHomes, values: Floats | Ints, draws: int) -> Floats:
    """Sum something over the new homes still there, by future; shape (draws,)."""
    weights = (values * new.alive).astype(np.float64)
    return np.bincount(new.draw, weights=weights, minlength=draws).astype(np.float64)


def sum_by_label(values: NDArray[Any], labels: Ints, n: int) -> Floats:
    """Sum columns by label; shape (draws, n)."""
    found = np.zeros((values.shape[0], n))
    if values.shape[1]:
        order = np.argsort(labels, kind="stable")
        names, first = np.unique(labels[order], return_index=True)
        found[:, names] = np.add.reduceat(values[:, order], first, axis=1)
    return found
