"""What a scenario is run on: homes, their risk and quality, openings, need. Prepared once, then only read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ofsight.errors import UsageError, one_line
from ofsight.planning.models.frames import require_frames
from ofsight.planning.models.need import NeedForecast
from ofsight.planning.scenarios.scenario import MOST_YEARS
from ofsight.profiles.area import Area
from ofsight.vocabulary import Sector

__all__ = ["SECTORS", "TABLES", "NeedToCome", "ScenarioInputs", "ScenarioTables"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SECTORS: Final = tuple(sector.value for sector in Sector)
TABLES: Final = ("scenario_homes", "scenario_openings", "scenario_new_homes", "scenario_about")
"""The tables of the prepared folder, besides those of the forecast of children in homes."""


@dataclass(frozen=True, eq=False)
class NeedToCome:
    """Children in homes of an area's own, today and to come.

    Attributes
    ----------
    years : tuple of int
        Calendar years (31 March) of `base` and `sd`: the list's year and those after it.
    base : array, shape (years,)
        The published number, or the forecast. NaN where none can be given.
    sd : array, shape (years,)
        Standard deviation of its logarithm; 0 of a published number.
    n_without : int
        Authorities of the area without a number; left out.
    status : str
        Empty, or why there is no number.
    """

    years: tuple[int, ...]
    base: Floats
    sd: Floats
    n_without: int
    status: str


@dataclass(frozen=True, eq=False)
class ScenarioInputs:
    """Everything that `ofsight.planning.scenarios.run.run_scenario` needs of one area.

    Attributes
    ----------
    area : Area
        Which area.
    vintage : date
        The list of homes.
    holders : tuple of str
        Ids of holders; a home of an unknown owner is a holder of its own, named ``home <n>``.
    names : mapping of str to str
        Their names.
    holder, sector, places : arrays of int, shape (homes,)
        Index into `holders` and `SECTORS`; registered places.
    graded : array of bool, shape (homes,)
        Whether it has been judged.
    good, good_sd : arrays, shape (homes,)
        Probability of a judgement of Good or better, and its standard error.
    close : array, shape (homes, MOST_YEARS)
        Probability of closing in each year, for a home still there.
    new_sector, new_places, new_holder : arrays of int, shape (registrations,)
        The homes registered in the 36 months before the list, which openings are drawn from.
    new_real : float
        Share of registrations that were new homes, not a home going on under a new number.
    new_good, new_good_sd : arrays, shape (sectors,)
        Probability that a new home is judged Good or better.
    new_close : array, shape (sectors, MOST_YEARS)
        Probability that a new home closes in each year of its life.
    months_to_grade : tuple of float
        Lower quartile, median and upper quartile of the months to the first judgement.
    need : NeedToCome
    group_variance, year_sd, hazard_sd : float
        How closures cluster in holders and years, and how uncertain the hazard is; see ``ClosureModel``.
    sources : mapping of str to str
        Where each came from.
    """

    area: Area
    vintage: date
    holders: tuple[str, ...]
    names: Mapping[str, str]
    holder: Ints
    sector: Ints
    places: Ints
    graded: NDArray[np.bool_]
    good: Floats
    good_sd: Floats
    close: Floats
    new_sector: Ints
    new_places: Ints
    new_holder: Ints
    new_real: float
    new_good: Floats
    new_good_sd: Floats
    new_close: Floats
    months_to_grade: tuple[float, float, float]
    need: NeedToCome
    group_variance: float
    year_sd: float
    hazard_sd: float
    sources: Mapping[str, str]

    @property
    def n_homes(self) -> int:
        """Homes open on the list."""
        return int(self.holder.shape[0])

    def find_holder(self, text: str) -> int:
        """Return the index of a holder by its id or name.

        Raises
        ------
        UsageError
            When it holds no home here; the largest holders are named.
        """
        folded = text.strip().casefold()
        for k, holder in enumerate(self.holders):
            if folded in (holder.casefold(), self.names.get(holder, "").casefold()):
                return k
        order = [self.holders[k] for k in np.argsort(-self._places_held())]
        known = [name for name in order if not name.startswith(_ALONE)][:3]
        hint = ", ".join(f"{self.names[name]} ({name})" for name in known) or "nobody known"
        raise UsageError(
            f"'{one_line(text[:80])}' holds no home in {self.area.name} on the list of {self.vintage}. "
            f"Its largest holders are: {hint}."
        )

    def _places_held(self) -> Ints:
        held = np.bincount(self.holder, weights=self.places, minlength=len(self.holders))
        return held.astype(np.int64)

    @classmethod
    def from_frames(cls, frames: Mapping[str, pl.DataFrame], area: Area) -> ScenarioInputs:
        """Read the inputs of one area from the tables of a prepared folder; nothing is fitted.

        Parameters
        ----------
        frames : mapping of str to DataFrame
            `TABLES` and those of the forecast of children in homes (``need_in_homes_*``).
        area : Area
            Which area.

        Raises
        ------
        DatasetError
            When a table is missing.
        """
        return ScenarioTables(frames).of(area)


class ScenarioTables:
    """The tables of a prepared folder, read once for the inputs of every area.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        `TABLES` and those of the forecast of children in homes (``need_in_homes_*``).

    Raises
    ------
    DatasetError
        When a table is missing.
    """

    def __init__(self, frames: Mapping[str, pl.DataFrame]) -> None:
        require_frames(frames, TABLES)
        self._facts = dict(frames["scenario_about"].select("name", "value").iter_rows())
        self._homes = _Homes(frames["scenario_homes"])
        self._opened = _Openings(frames["scenario_openings"])
        self._new = frames["scenario_new_homes"].sort(pl.col("sector").cast(pl.Enum(SECTORS)))
        self._need = (
            NeedForecast.from_frames(frames, "in_homes") if "need_in_homes_forecasts" in frames else None
        )

    def of(self, area: Area) -> ScenarioInputs:
        """Return the inputs of one area; nothing is fitted."""
        facts, homes, opened, new = self._facts, self._homes, self._opened, self._new
        here, there = homes.of(area), opened.of(area)
        held = [homes.holder[k] for k in here]
        ids = [name or f"{_ALONE}{k + 1}" for k, name in enumerate(held)]
        opened_by = [opened.holder[k] or _NEW for k in there]
        holders = tuple(dict.fromkeys([*ids, *opened_by]))
        index = {name: k for k, name in enumerate(holders)}
        named = {name: homes.name[k] for k, name in zip(here, held, strict=True) if name is not None}
        vintage = date.fromisoformat(facts["vintage"])
        return ScenarioInputs(
            area=area,
            vintage=vintage,
            holders=holders,
            names={**dict.fromkeys(holders, "Owner not named in the list"), **named},
            holder=np.array([index[name] for name in ids], dtype=np.int64),
            sector=homes.sector[here],
            places=homes.places[here],
            graded=homes.graded[here],
            good=homes.good[here],
            good_sd=homes.good_sd[here],
            close=homes.close[here],
            new_sector=opened.sector[there],
            new_places=opened.places[there],
            new_holder=np.array([index[name] for name in opened_by], dtype=np.int64),
            new_real=float(facts["new_real"]),
            new_good=new["good"].to_numpy().astype(np.float64),
            new_good_sd=new["good_sd"].to_numpy().astype(np.float64),
            new_close=_years(new, "close"),
            months_to_grade=(
                float(facts["months_to_grade_low"]),
                float(facts["months_to_grade"]),
                float(facts["months_to_grade_high"]),
            ),
            need=_need(self._need, area, vintage),
            group_variance=float(facts["group_variance"]),
            year_sd=float(facts["year_sd"]),
            hazard_sd=float(facts["hazard_sd"]),
            sources={
                name.removeprefix("source "): value
                for name, value in facts.items()
                if name.startswith("source ")
            },
        )


class _Openings:
    """Rows of homes as arrays, and which of them are of which authority."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.holder: list[str | None] = frame["holder"].to_list()
        self.sector = _sector_index(frame["sector"])
        self.places = frame["places"].fill_null(0).to_numpy().astype(np.int64)
        self._rows: dict[str | None, list[int]] = {}
        for row, code in enumerate(frame["authority_code"].to_list()):
            self._rows.setdefault(code, []).append(row)

    def of(self, area: Area) -> Ints:
        """Return the rows of an area in their order."""
        rows = sorted(row for code in area.authorities for row in self._rows.get(code, ()))
        return np.array(rows, dtype=np.int64)


class _Homes(_Openings):
    """The same of open homes, with what is expected of them."""

    def __init__(self, frame: pl.DataFrame) -> None:
        super().__init__(frame)
        self.name: list[str] = frame["holder_name"].to_list()
        self.graded = frame["graded"].to_numpy().astype(np.bool_)
        self.good = frame["good"].to_numpy().astype(np.float64)
        self.good_sd = frame["good_sd"].to_numpy().astype(np.float64)
        self.close = _years(frame, "close")


_ALONE: Final = "home "
_NEW: Final = "a new holder"


def _sector_index(sectors: pl.Series) -> Ints:
    places = {name: k for k, name in enumerate(SECTORS)}
    return np.array([places[str(name)] for name in sectors], dtype=np.int64)


def _years(frame: pl.DataFrame, name: str) -> Floats:
    columns = [frame[f"{name}_{k + 1}"].to_numpy() for k in range(MOST_YEARS)]
    return np.column_stack(columns).astype(np.float64).reshape(-1, MOST_YEARS)


def _need(forecast: NeedForecast | None, area: Area, vintage: date) -> NeedToCome:
    """Return children in homes in the list's year and after, from the published numbers and the forecast."""
    first = vintage.year if (vintage.month, vintage.day) >= (3, 31) else vintage.year - 1
    years = tuple(range(first, first + MOST_YEARS + 1))
    nothing = np.full(len(years), np.nan)
    if forecast is None:
        return NeedToCome(years, nothing, nothing, len(area.authorities), "not published")
    rows = forecast.for_area(area).to_dicts()
    known = [row for row in rows if row["base"] is not None]
    if not known:
        words = ", ".join(sorted({row["status"] for row in rows})) or "not published"
        return NeedToCome(years, nothing, nothing, len(area.authorities), words)
    base, sd = _join(forecast, known, area, years)
    return NeedToCome(years, base, sd, known[0]["n_without"], known[0]["status"])


def _join(
    forecast: NeedForecast, known: Sequence[Mapping[str, Any]], area: Area, years: tuple[int, ...]
) -> tuple[Floats, Floats]:
    """Return base and spread by year; after the last year forecast the number stays and its spread grows."""
    past = forecast.past_of(forecast.foreseen(area))
    ahead: dict[int, tuple[float, float]] = {year: (value, 0.0) for year, value in past.items()}
    for row in known:
        # The 80 % interval is a factor either side: its logarithm over the normal's 1.2816 is a deviation.
        high = row["base"] if row["high80"] is None else row["high80"]
        wide = float(np.log((high + 0.5) / (row["base"] + 0.5))) / _Z80
        ahead[row["year"]] = (row["base"], wide)
    last = max(ahead)
    found: list[tuple[float, float]] = []
    for year in years:
        if year <= last:
            found.append(ahead.get(year, (np.nan, np.nan)))
        else:
            value, spread = ahead[last]
            steps = last - known[0]["last_year"]
            found.append((value, spread * float(np.sqrt((steps + year - last) / max(steps, 1)))))
    table: Any = np.array(found, dtype=np.float64)
    return table[:, 0], table[:, 1]


_Z80: Final = 1.2815515594
