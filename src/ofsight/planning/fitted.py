"""The models behind a plan: fitted once, kept in the plan folder, read from there ever after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.errors import DatasetError, ModelError, UsageError
from ofsight.planning.models.closure import ClosureModel, fit_closure
from ofsight.planning.models.need import MEASURES, NeedForecast, forecast_need
from ofsight.planning.scenarios.prepare import prepare_inputs
from ofsight.profiles.homes_open import open_homes
from ofsight.study.expected import home_expected

__all__ = ["FittedModels", "fit_models"]

_SCENARIO = "scenario_"


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
    need : mapping of str to NeedForecast
        By measure (``looked_after``, ``in_homes``): the children who may be looked after in years to come.
    scenario : mapping of str to DataFrame
        What `ofsight.planning.scenarios.inputs.ScenarioInputs.from_frames` reads, the forecasts besides.
    notes : tuple of str
        What could not be fitted, and why.
    """

    closure: ClosureModel | None = None
    closing: pl.DataFrame | None = None
    expected: pl.DataFrame | None = None
    need: Mapping[str, NeedForecast] = field(default_factory=dict)
    scenario: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_frames(self) -> dict[str, pl.DataFrame]:
        """Return everything as tables for a plan folder."""
        frames = {} if self.closure is None else dict(self.closure.to_frames())
        for name, found in (("home_closing", self.closing), ("home_expected", self.expected)):
            if found is not None:
                frames[name] = found
        for forecast in self.need.values():
            frames.update(forecast.to_frames())
        return {**frames, **self.scenario}

    @classmethod
    def from_frames(cls, frames: Mapping[str, pl.DataFrame], notes: tuple[str, ...] = ()) -> FittedModels:
        """Return what `to_frames` gave, nothing fitted."""
        closure = ClosureModel.from_frames(frames) if "closure_terms" in frames else None
        need = {
            measure: NeedForecast.from_frames(frames, measure)
            for measure in MEASURES
            if f"need_{measure}_about" in frames
        }
        scenario = {name: frame for name, frame in frames.items() if name.startswith(_SCENARIO)}
        return cls(closure, frames.get("home_closing"), frames.get("home_expected"), need, scenario, notes)


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
        ``urn, probability, low, high`` of another model of judgements than `ofsight.study.expected`.
    progress : callable, optional
        Told what is being fitted.
    """
    tell = progress or (lambda _: None)
    notes: list[str] = []
    closure: ClosureModel | None = None
    closing: pl.DataFrame | None = None
    if expected is None:
        tell("judgements")
        try:
            expected = home_expected(dataset)
        except ModelError as error:
            notes.append(f"Judgements expected: {error}")
    tell("closures")
    try:
        closure = fit_closure(dataset)
        closing = closure.predict(open_homes(dataset))
    except (ModelError, UsageError) as error:
        notes.append(f"Closures: {error}")
    need: dict[str, NeedForecast] = {}
    for measure, label in MEASURES.items():
        tell(f"need: {label.lower()}")
        try:
            need[measure] = forecast_need(dataset, measure=measure)
        except (ModelError, UsageError, DatasetError) as error:
            notes.append(str(error))
    scenario: dict[str, pl.DataFrame] = {}
    if closure is not None:
        tell("scenarios")
        made = prepare_inputs(dataset, closure, need.get("in_homes"), expected=expected)
        scenario = {name: frame for name, frame in made.items() if name.startswith(_SCENARIO)}
    return FittedModels(closure, closing, expected, need, scenario, tuple(notes))
