"""Run a scenario: every measure by year with base, low and high, and every assumption with its source."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ofsight.errors import UsageError
from ofsight.planning.scenarios.assumptions import list_assumptions, list_notes
from ofsight.planning.scenarios.inputs import ScenarioInputs
from ofsight.planning.scenarios.query import scenario_to_query
from ofsight.planning.scenarios.scenario import Scenario
from ofsight.planning.scenarios.simulate import DRAWS, simulate

__all__ = ["CAUTION", "MEASURE_LABELS", "ScenarioResult", "run_scenario"]

Floats = NDArray[np.float64]

CAUTION: Final = "Registered places, not vacancies."
_LOW, _HIGH = 0.10, 0.90
_MOST_DRAWS: Final = 2000
_FEWEST_DRAWS: Final = 100
_FEW_HOMES: Final = 400

MEASURE_LABELS: Final[dict[str, tuple[str, str]]] = {
    "homes": ("Homes", "homes"),
    "places": ("Registered places", "places"),
    "usable_places": ("Usable places: registered places times occupancy", "places"),
    "good_places": ("Places expected to be judged Good or better", "places"),
    "ungraded_places": ("Places of homes not yet judged", "places"),
    "children_in_homes": ("The area's own children in homes", "children"),
    "places_needed": ("Registered places needed for those who should live within the area", "places"),
    "gap": ("Gap: registered places needed less those its children can use", "places"),
    "hhi": ("Concentration of places (HHI, 0 to 1)", "index"),
    "largest_share": ("Share of places of the largest holder (CR1)", "share"),
    "private_share": ("Share of places: for-profit", "share"),
    "council_share": ("Share of places: local authority and companies that councils set up", "share"),
    "closed_places": ("Places closed in the year", "places"),
    "opened_places": ("Places opened in the year", "places"),
}
"""Every measure: its words and its unit."""

_YEARS_SCHEMA: Final = {
    "measure": pl.String,
    "label": pl.String,
    "unit": pl.String,
    "year": pl.Int64,
    "on": pl.Date,
    "base": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}


@dataclass(frozen=True, eq=False)
class ScenarioResult:
    """What comes of a scenario in an area.

    Attributes
    ----------
    scenario : Scenario
        What was asked.
    inputs : ScenarioInputs
        What it was run on.
    years : DataFrame
        ``measure, label, unit, year`` (0 is the list), ``on`` (the day), ``base`` (the middle of all futures:
        half lie below), ``low`` and ``high`` (a tenth lie below, a tenth above). Null where it cannot be
        given; `notes` say why.
    compared : DataFrame
        The same for the difference that the events make: each future with them less the same future without.
        Empty where the scenario has no event.
    assumptions : DataFrame
        ``assumption, value, source``: every one of them.
    notes : tuple of str
        What a reader must know.
    """

    scenario: Scenario
    inputs: ScenarioInputs
    years: pl.DataFrame
    compared: pl.DataFrame
    assumptions: pl.DataFrame
    notes: tuple[str, ...]

    @property
    def query(self) -> str:
        """The scenario as the query of an address."""
        return scenario_to_query(self.scenario)

    def measure(self, name: str) -> pl.DataFrame:
        """Return one measure by year."""
        if name not in MEASURE_LABELS:
            raise UsageError(f"No measure '{name}'. There are: {', '.join(MEASURE_LABELS)}.")
        return self._by_measure[name]

    @cached_property
    def _by_measure(self) -> dict[str, pl.DataFrame]:
        parts = self.years.partition_by("measure", as_dict=True)
        return {name: parts.get((name,), self.years.clear()) for name in MEASURE_LABELS}

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        return {
            "area": {"slug": self.inputs.area.slug, "name": self.inputs.area.name},
            "vintage": self.inputs.vintage.isoformat(),
            "scenario": self.scenario.model_dump(mode="json"),
            "query": self.query,
            "caution": CAUTION,
            "years": _plain(self.years),
            "compared": _plain(self.compared),
            "assumptions": self.assumptions.to_dicts(),
            "notes": list(self.notes),
        }


def run_scenario(scenario: Scenario, inputs: ScenarioInputs, *, draws: int | None = None) -> ScenarioResult:
    """Run a scenario on an area.

    Parameters
    ----------
    scenario : Scenario
        What is taken to happen.
    inputs : ScenarioInputs
        Of the area.
    draws : int, optional
        Futures, 2 to 2,000; by default `DRAWS`, fewer where there are many homes: chance counts for less
        there.

    Returns
    -------
    ScenarioResult
        The same for the same scenario (its seed included), inputs and draws.

    Raises
    ------
    UsageError
        When an event names a holder that has no home in the area.
    """
    if draws is None:
        draws = int(np.clip(DRAWS * _FEW_HOMES / max(inputs.n_homes, 1), _FEWEST_DRAWS, DRAWS))
    if not 2 <= draws <= _MOST_DRAWS:
        raise UsageError(f"A simulation has 2 to {_MOST_DRAWS} futures; not {draws}.")
    found = simulate(scenario, inputs, draws)
    days = _days(inputs, scenario.years)
    compared = pl.DataFrame(schema=_YEARS_SCHEMA)
    if scenario.events:
        plain = simulate(scenario.without_events(), inputs, draws)
        compared = _table({name: found[name] - plain[name] for name in found}, days)
    return ScenarioResult(
        scenario,
        inputs,
        _table(found, days),
        compared,
        list_assumptions(scenario, inputs, draws),
        list_notes(scenario, inputs),
    )


def _days(inputs: ScenarioInputs, years: int) -> list[Any]:
    steps = pl.lit(pl.Series([f"{12 * k}mo" for k in range(years + 1)]))
    return pl.select(pl.lit(inputs.vintage).dt.offset_by(steps)).to_series().to_list()


def _table(found: dict[str, Floats], days: list[Any]) -> pl.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for name, (label, unit) in MEASURE_LABELS.items():
        values = found[name][:, : len(days)]
        known: NDArray[np.bool_] = np.all(np.isfinite(values), axis=0)
        ends = np.full((len(days), 3), np.nan)
        ends[known] = np.quantile(values[:, known], [0.5, _LOW, _HIGH], axis=0).T
        for year, day in enumerate(days):
            shown = ends[year].tolist() if known[year] else [None] * 3
            rows.append((name, label, unit, year, day, *shown))
    return pl.DataFrame(rows, schema=_YEARS_SCHEMA, orient="row")


def _plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return frame.with_columns(pl.col("on").cast(pl.String)).to_dicts()
