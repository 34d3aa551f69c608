"""Axes: where the ticks stand, and what value lies where."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Log", "Root", "Straight", "spread", "years_shown"]

_RATIOS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0)
_WIDEST = (0.05, 20.0)


@dataclass(frozen=True, slots=True)
class Log:
    """A logarithmic axis around 1; what lies outside is drawn at its end.

    Parameters
    ----------
    low, high : float
        Values at the ends, both positive.
    left, right : float
        Where the ends are drawn.
    """

    low: float
    high: float
    left: float
    right: float

    @classmethod
    def around(cls, values: Sequence[float], left: float, right: float) -> Log:
        """Make an axis that holds the values and 1, with a little room at both ends."""
        inside = [value for value in values if value > 0]
        low = max(min([*inside, 0.8]) / 1.06, _WIDEST[0])
        high = min(max([*inside, 1.2]) * 1.06, _WIDEST[1])
        return cls(low, high, left, right)

    def at(self, value: float) -> float:
        """Return where a value is drawn."""
        held = min(max(value, self.low), self.high)
        part = math.log(held / self.low) / math.log(self.high / self.low)
        return self.left + part * (self.right - self.left)

    def holds(self, value: float) -> bool:
        """Say whether a value lies on the axis."""
        return self.low <= value <= self.high

    def ticks(self, apart: float) -> list[float]:
        """Return round ratios at least so far apart; 1 is always one of them."""
        chosen = [1.0]
        for wanted in sorted((r for r in _RATIOS if self.holds(r)), key=_plainness):
            if all(abs(self.at(wanted) - self.at(tick)) >= apart for tick in chosen):
                chosen.append(wanted)
        return sorted(chosen)


def _plainness(value: float) -> tuple[int, float]:
    order = (1.0, 0.5, 2.0, 0.1, 10.0, 0.2, 5.0, 0.7, 1.5, 0.8, 1.2)
    return (order.index(value) if value in order else len(order), value)


@dataclass(frozen=True, slots=True)
class Straight:
    """A linear axis, from zero where nothing else is said.

    Parameters
    ----------
    step, high : float
        Distance of the ticks; the last tick.
    start, end : float
        Where the first and the last tick are drawn.
    low : float
        The first tick.
    """

    step: float
    high: float
    start: float
    end: float
    low: float = 0.0

    @classmethod
    def upto(cls, most: float, start: float, end: float, n_ticks: int = 4, least: float = 0.0) -> Straight:
        """Make an axis whose ticks are round, from below the least value to above the largest."""
        most = most if most > least else least + 1.0
        rough = (most - least) / n_ticks
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= rough * 0.999)
        low = step * math.floor(least / step + 1e-9)
        return cls(step, step * math.ceil(most / step - 1e-9), start, end, low)

    def at(self, value: float) -> float:
        """Return where a value is drawn."""
        return self.start + (self.end - self.start) * (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return the ticks, the lowest first."""
        n_steps = round((self.high - self.low) / self.step)
        return [self.low + self.step * place for place in range(n_steps + 1)]


@dataclass(frozen=True, slots=True)
class Root:
    """A square-root axis from zero: small sizes have room, and chance is about as wide everywhere.

    Parameters
    ----------
    high : float
        The value at the end, positive.
    start, end : float
        Where zero and the end are drawn.
    """

    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value is drawn."""
        return self.start + (self.end - self.start) * math.sqrt(max(value, 0.0) / self.high)

    def ticks(self, apart: float) -> list[float]:
        """Return zero and round values at least so far apart."""
        chosen = [0.0]
        size = 10.0 ** math.floor(math.log10(self.high))
        wanted = [size * part for part in range(1, 10)]
        wanted += [size * part / scale for scale in (10, 100) for part in (5, 2, 1)]
        for value in (value for value in wanted if value <= self.high):
            if all(abs(self.at(value) - self.at(tick)) >= apart for tick in chosen):
                chosen.append(value)
        return sorted(chosen)


def spread(wanted: Sequence[float], apart: float, lowest: float, highest: float) -> list[float]:
    """Move labels as little as needed for none to lie on another.

    Parameters
    ----------
    wanted : sequence of float
        Where each label would stand best.
    apart : float
        Least distance between two.
    lowest, highest : float
        Between which they stay, where there is room.

    Returns
    -------
    list of float
        Places in the order of `wanted`.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places = [0.0] * len(wanted)
    floor = lowest
    for index in order:
        places[index] = max(wanted[index], floor)
        floor = places[index] + apart
    ceiling = highest
    for index in reversed(order):
        places[index] = min(places[index], ceiling)
        ceiling = places[index] - apart
    return places


def years_shown(years: Sequence[int], room: float, each: float) -> list[int]:
    """Return the first year and as many after it, evenly spaced, as have room (each so wide)."""
    span = range(years[0], years[-1] + 1)
    for step in (1, 2, 3, 4, 5, 10, 20):
        shown = list(span)[::step]
        if len(shown) == 1 or room / (len(span) - 1) * step >= each:
            return shown
    return [years[0]]
