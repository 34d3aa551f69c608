"""Numbers that are not known: one value, or the least, the likeliest and the most."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

__all__ = ["Children", "Growth", "Months", "Multiple", "OccupancyShare", "Range", "Share"]


class Range(BaseModel):
    """A number that is not known: the least, the likeliest and the most that it may be.

    Attributes
    ----------
    low, base, high : float
        In order. One number stands for all three.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: float
    base: float
    high: float

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, value: Any) -> Any:
        if isinstance(value, (Range, Mapping)):
            return value
        try:
            number = None if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = None
        if number is None or not math.isfinite(number):
            raise ValueError("give a number, or {low, base, high}")
        return {"low": number, "base": number, "high": number}

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if not self.low <= self.base <= self.high:
            raise ValueError(
                f"low, base and high must be in order: {self.low:g}, {self.base:g}, {self.high:g}"
            )
        return self

    @property
    def is_known(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high

    def __str__(self) -> str:
        return f"{self.base:g}" if self.is_known else f"{self.base:g} ({self.low:g} to {self.high:g})"


@dataclass(frozen=True)
class _Within:
    """Check that a range lies between two numbers."""

    least: float
    most: float
    what: str

    def __call__(self, value: Range) -> Range:
        if value.low < self.least or value.high > self.most:
            raise ValueError(f"{self.what} lies between {self.least:g} and {self.most:g}; not {value}")
        return value


Share = Annotated[Range, AfterValidator(_Within(0.0, 1.0, "a share"))]
OccupancyShare = Annotated[Range, AfterValidator(_Within(0.3, 1.0, "an occupancy (0.85 is 85 per cent)"))]
Growth = Annotated[Range, AfterValidator(_Within(-0.5, 1.0, "a change per year (0.03 is 3 per cent)"))]
Months = Annotated[Range, AfterValidator(_Within(0.0, 60.0, "a number of months"))]
Children = Annotated[Range, AfterValidator(_Within(0.0, 100_000.0, "a number of children"))]
Multiple = Annotated[Range, AfterValidator(_Within(0.0, 5.0, "a multiple"))]
