"""Need to come: children looked after, and children in children's homes, to three years ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.planning.models.frames import require_frames
from ofsight.planning.models.need_backtest import (
    choose_method,
    errors_by_area,
    errors_by_kind,
    verdict,
)
from ofsight.planning.models.need_errors import LEVELS, Spread, foresee, spread_of
from ofsight.planning.models.need_methods import METHODS, SAME, Past
from ofsight.planning.models.need_series import MEASURES, NeedSeries, read_series
from ofsight.profiles.area import Area

__all__ = ["MEASURES", "STEPS", "NeedForecast", "forecast_need"]

STEPS: Final = 3
"""Years ahead."""

_NOT_ENOUGH: Final = "no interval: too few past errors"
_FORECAST_SCHEMA: Final = {
    "authority": pl.String,
    "area_code": pl.String,
    "region": pl.String,
    "last_year": pl.Int64,
    "last_value": pl.Float64,
    "year": pl.Int64,
    "horizon": pl.Int64,
    "method": pl.String,
    "base": pl.Float64,
    "low80": pl.Float64,
    "high80": pl.Float64,
    "low95": pl.Float64,
    "high95": pl.Float64,
    "status": pl.String,
}
_PARTS: Final = ("forecasts", "published", "backtest", "by_area", "spread", "about")


@dataclass(frozen=True, eq=False)
class NeedForecast:
    """A measure of need to come, with the record of how it was foreseen before.

    Attributes
    ----------
    measure : str
        One of `MEASURES`.
    method : str
        The method that the back-test chose.
    verdict : str
        What the back-test says, in sentences.
    forecasts : DataFrame
        One row a present authority and year ahead: ``authority, area_code, region, last_year, last_value,
        year, horizon, method, base, low80, high80, low95, high95, status``. Where the last number is
        withheld or not published there is no forecast, and ``status`` is the symbol.
    published : DataFrame
        ``authority, area_code, constant_area, region, year, value, status, release``.
    backtest, by_area : DataFrame
        Of `ofsight.planning.models.need_backtest.errors_by_kind` and ``errors_by_area``.
    spread : DataFrame
        ``horizon, national, regional, own`` (variances of the log), ``reach80, reach95`` (standard
        deviations), ``n_errors``: what intervals of any set of areas are made of.
    """

    measure: str
    method: str
    verdict: str
    forecasts: pl.DataFrame
    published: pl.DataFrame
    backtest: pl.DataFrame
    by_area: pl.DataFrame
    spread: pl.DataFrame

    def for_area(self, area: Area) -> pl.DataFrame:
        """Return the need to come of an area: of one authority, or the sum over a region, England or a set.

        Parameters
        ----------
        area : Area
            Which area.

        Returns
        -------
        DataFrame
            ``year, horizon, last_year, last_value, base, low80, high80, low95, high95, n_authorities,
            n_without, status``. A sum is over the authorities that have a forecast; ``n_without`` have
            none, and nothing is put in their place: a sum with some left out says so in ``status``.
        """
        wanted = frozenset(area.authorities)
        rows = []
        for (year, horizon), cells in self._by_year.items():
            mine = [cell for cell in cells if cell["area_code"] in wanted]
            if mine:
                rows.append((year, horizon, *_sum_up(mine, len(area.authorities), self._spread)))
        return pl.DataFrame(rows, schema=_AREA_SCHEMA, orient="row")

    def foreseen(self, area: Area) -> list[str]:
        """Return the codes of an area's authorities that have a forecast."""
        wanted = frozenset(area.authorities)
        cells = (cell for year in self._by_year.values() for cell in year)
        return list(
            dict.fromkeys(
                cell["area_code"]
                for cell in cells
                if cell["area_code"] in wanted and cell["base"] is not None
            )
        )

    def past_of(self, codes: Sequence[str]) -> dict[int, float]:
        """Return the published sum over authorities, for each year in which all of them have a number.

        Parameters
        ----------
        codes : sequence of str
            Their ONS codes.
        """
        found: dict[int, list[float]] = {}
        for code in codes:
            for year, value in self._past.get(code, ()):
                found.setdefault(year, []).append(value)
        return {year: sum(values) for year, values in found.items() if len(values) == len(codes)}

    # A page asks of its area alone: to look through rows that are read once costs a tenth of three queries.
    @cached_property
    def _by_year(self) -> dict[tuple[int, int], list[dict[str, Any]]]:
        found: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for cell in self.forecasts.sort("year", maintain_order=True).iter_rows(named=True):
            found.setdefault((cell["year"], cell["horizon"]), []).append(cell)
        return found

    @cached_property
    def _past(self) -> dict[str, list[tuple[int, float]]]:
        found: dict[str, list[tuple[int, float]]] = {}
        cells = self.published.select("area_code", "year", "value").drop_nulls()
        for code, year, value in cells.iter_rows():
            found.setdefault(code, []).append((year, value))
        return found

    @cached_property
    def _spread(self) -> Spread | None:
        return _read_spread(self.spread)

    def to_frames(self) -> dict[str, pl.DataFrame]:
        """Return the forecast as tables, for a prepared folder; names begin with ``need_<measure>_``."""
        about = pl.DataFrame(
            {"name": ["measure", "method", "verdict"], "value": [self.measure, self.method, self.verdict]}
        )
        parts = (self.forecasts, self.published, self.backtest, self.by_area, self.spread, about)
        return {f"need_{self.measure}_{name}": part for name, part in zip(_PARTS, parts, strict=True)}

    @classmethod
    def from_frames(cls, frames: Mapping[str, pl.DataFrame], measure: str) -> NeedForecast:
        """Read what `to_frames` wrote.

        Raises
        ------
        DatasetError
            When a table is missing.
        """
        names = [f"need_{measure}_{part}" for part in _PARTS]
        require_frames(frames, names)
        forecasts, published, backtest, by_area, spread, about = (frames[name] for name in names)
        facts = dict(about.select("name", "value").iter_rows())
        return cls(
            measure, facts["method"], facts["verdict"], forecasts, published, backtest, by_area, spread
        )


_AREA_SCHEMA: Final = {
    "year": pl.Int64,
    "horizon": pl.Int64,
    "last_year": pl.Int64,
    "last_value": pl.Float64,
    "base": pl.Float64,
    "low80": pl.Float64,
    "high80": pl.Float64,
    "low95": pl.Float64,
    "high95": pl.Float64,
    "n_authorities": pl.Int64,
    "n_without": pl.Int64,
    "status": pl.String,
}


def forecast_need(
    dataset: Dataset, areas: Sequence[Area] | None = None, *, measure: str = "looked_after"
) -> NeedForecast:
    """Forecast a measure of need to three years ahead, by the method that past years favour.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    areas : sequence of Area, optional
        Keep only the forecasts of the authorities in these; all by default. The method is chosen, and its
        errors are taken, over all areas in any case.
    measure : str
        One of `MEASURES`.

    Returns
    -------
    NeedForecast

    Raises
    ------
    UsageError
        When there is no such measure.
    ModelError
        When fewer than three years are published.

    Notes
    -----
    Ofsted wrote in 2022 of many councils that their own forecasting was not credible, so what a forecast was
    worth in the past stands beside it: each past year is forecast with the years before it alone. A
    deterministic projection of places needed by grade and sex of child is not attempted: nothing published by
    area carries it.
    """
    series = read_series(dataset, measure)
    found = {name: foresee(series, method, STEPS) for name, method in METHODS.items()}
    chosen, record = choose_method(found)
    spread = spread_of(found[chosen], np.array(series.regions), len(series.years) - 1)
    forecasts = _forecast(series, chosen, spread)
    if areas is not None:
        wanted = sorted({code for area in areas for code in area.authorities})
        forecasts = forecasts.filter(pl.col("area_code").is_in(wanted))
    return NeedForecast(
        measure,
        chosen,
        verdict(chosen, record),
        forecasts,
        series.published,
        errors_by_kind(series, found),
        errors_by_area(series, found, chosen),
        _write_spread(spread),
    )


def _forecast(series: NeedSeries, chosen: str, spread: Spread | None) -> pl.DataFrame:
    """Return the forecast of every authority of the newest year; each moves as its area does."""
    regions = np.array(series.regions)
    rows: list[tuple[Any, ...]] = []
    ahead = METHODS[chosen](Past(series.values, series.population, regions), STEPS)
    rates = {area: ahead[k] / series.values[k, -1] for k, area in enumerate(series.areas)}
    newest = series.published.filter(pl.col("year") == series.years[-1])
    for cell in newest.iter_rows(named=True):
        growth = rates.get(cell["constant_area"])
        method = chosen
        if growth is None or not np.isfinite(growth).all():
            # The area as a whole has no number, or not the population that the method asks for.
            growth, method = np.ones(STEPS), SAME
        for step in range(STEPS):
            head = (cell["authority"], cell["area_code"], cell["region"], cell["year"], cell["value"])
            when = (series.years[-1] + step + 1, step + 1, method)
            if cell["value"] is None:
                rows.append((*head, *when, *(None,) * 5, cell["status"] or "not published"))
                continue
            base = float(cell["value"] * growth[step])
            limits = _limits(spread, np.array([base]), np.array([cell["region"] or ""]), step)
            rows.append((*head, *when, base, *limits, "" if spread else _NOT_ENOUGH))
    return pl.DataFrame(rows, schema=_FORECAST_SCHEMA, orient="row").sort("authority", "year")


def _limits(spread: Spread | None, base: Any, regions: Any, step: int) -> tuple[float | None, ...]:
    if spread is None:
        return (None,) * (2 * len(LEVELS))
    limits = spread.limits(base, regions, step)
    return tuple(end for level in LEVELS for end in limits[level])


def _sum_up(cells: Sequence[Mapping[str, Any]], n: int, spread: Spread | None) -> tuple[Any, ...]:
    """Return last year, last value, base, limits, counts and status of a sum of n authorities."""
    known = [cell for cell in cells if cell["base"] is not None]
    n_without = n - len(known)
    if not known:
        words = sorted({str(cell["status"]) for cell in cells if cell["status"]})
        return (*(None,) * 7, 0, n_without, ", ".join(words) or "not published")
    base = np.array([cell["base"] for cell in known], dtype=np.float64)
    regions = np.array([cell["region"] or "" for cell in known], dtype=np.str_)
    limits = _limits(spread, base, regions, known[0]["horizon"] - 1)
    status = f"{n_without} of the authorities withheld or not published, and left out" if n_without else ""
    return (
        known[0]["last_year"],
        float(sum(cell["last_value"] for cell in known)),
        float(base.sum()),
        *limits,
        len(known),
        n_without,
        status or ("" if spread else _NOT_ENOUGH),
    )


def _write_spread(spread: Spread | None) -> pl.DataFrame:
    schema = {
        "horizon": pl.Int64,
        "national": pl.Float64,
        "regional": pl.Float64,
        "own": pl.Float64,
        "reach80": pl.Float64,
        "reach95": pl.Float64,
        "n_errors": pl.Int64,
    }
    if spread is None:
        return pl.DataFrame(schema=schema)
    return pl.DataFrame(
        {
            "horizon": list(range(1, STEPS + 1)),
            "national": spread.national,
            "regional": spread.regional,
            "own": spread.own,
            "reach80": spread.reach[LEVELS[0]],
            "reach95": spread.reach[LEVELS[1]],
            "n_errors": spread.n_errors,
        },
        schema=schema,
    )


def _read_spread(frame: pl.DataFrame) -> Spread | None:
    if frame.is_empty():
        return None
    table = frame.sort("horizon")
    return Spread(
        national=tuple(table["national"].to_list()),
        regional=tuple(table["regional"].to_list()),
        own=tuple(table["own"].to_list()),
        reach={level: tuple(table[f"reach{round(100 * level)}"].to_list()) for level in LEVELS},
        n_errors=tuple(table["n_errors"].to_list()),
    )
