"""The models behind a plan: fitted once, kept in the plan folder, read from there ever after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.errors import ModelError, UsageError
from ofsight.planning.models.closure import ClosureModel, fit_closure
from ofsight.profiles.homes_open import open_homes

__all__ = ["FittedModels", "fit_models"]


@dataclass(frozen=True)
class FittedModels:
    """What was fitted; None where the dataset does not allow it, with a word in `notes`.

    Attributes
    ----------
    closure : ClosureModel, optional
        The hazard that a home closes.
    closing : DataFrame, optional
        What it says of each open home: ``urn, p_close_12, p_close_36`` with ``_low`` and ``_high``.
    expected : DataFrame, optional
        ``urn, probability, low, high``: of a judgement of Good or better.
    notes : tuple of str
        What could not be fitted, and why.
    """

    closure: ClosureModel | None = None
    closing: pl.DataFrame | None = None
    expected: pl.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def to_frames(self) -> dict[str, pl.DataFrame]:
        """Return everything as tables for a plan folder."""
        frames = {} if self.closure is None else dict(self.closure.to_frames())
        for name, found in (("home_closing", self.closing), ("home_expected", self.expected)):
            if found is not None:
                frames[name] = found
        return frames

    @classmethod
    def from_frames(cls, frames: Mapping[str, pl.DataFrame], notes: tuple[str, ...] = ()) -> FittedModels:
        """Return what `to_frames` gave, nothing fitted."""
        closure = ClosureModel.from_frames(frames) if "closure_terms" in frames else None
        return cls(closure, frames.get("home_closing"), frames.get("home_expected"), notes)


def fit_models(
    dataset: Dataset,
    *,
    expected: pl.DataFrame | None = None,
    progress: Callable[[str], None] | None = None,
) -> FittedModels:
    """Fit every model of a plan.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    expected : DataFrame, optional
        ``urn, probability, low, high`` of a model of judgements, fitted elsewhere.
    progress : callable, optional
        Told what is being fitted.
    """
    tell = progress or (lambda _: None)
    notes: list[str] = []
    closure: ClosureModel | None = None
    closing: pl.DataFrame | None = None
    tell("closures")
    try:
        closure = fit_closure(dataset)
        closing = closure.predict(open_homes(dataset))
    except (ModelError, UsageError) as error:
        notes.append(f"Closures: {error}")
    return FittedModels(closure, closing, expected, tuple(notes))
