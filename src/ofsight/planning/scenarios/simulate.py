"""The simulation: many futures of an area's homes, drawn at once; arrays only, nothing fitted.

Each future is a row of every array (``draws``). Homes of the list are columns; homes that open later are
flat lists with the future each belongs to. One seed gives one stream of random numbers for each purpose, so
that a scenario and the same without its events see the same closures, openings and needs: what differs is
the events' doing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ofsight.planning.scenarios.futures import (
    NewHomes,
    State,
    draw_range,
    join_new,
    no_new_homes,
    sum_by_draw,
    sum_by_label,
)
from ofsight.planning.scenarios.inputs import SECTORS, ScenarioInputs
from ofsight.planning.scenarios.scenario import (
    Leave,
    Need,
    Occupancy,
    Open,
    PhaseOut,
    Range,
    Scenario,
)
from ofsight.vocabulary import Sector

__all__ = ["DRAWS", "MEASURES", "simulate"]

Floats = NDArray[np.float64]

DRAWS: Final = 400
"""Futures that are drawn."""

MEASURES: Final = (
    "homes",
    "places",
    "usable_places",
    "good_places",
    "ungraded_places",
    "children_in_homes",
    "places_needed",
    "gap",
    "hhi",
    "largest_share",
    "private_share",
    "council_share",
    "closed_places",
    "opened_places",
)
"""What is given for every year; `ofsight.planning.scenarios.run` says what each is."""

_STREAMS: Final = ("closure", "shock", "opening", "need", "quality", "assumption", "event")
_MONTHS: Final = 12.0


def simulate(scenario: Scenario, inputs: ScenarioInputs, draws: int = DRAWS) -> dict[str, Floats]:
    """Return every measure in every year of every future.

    Parameters
    ----------
    scenario : Scenario
        What is taken to happen.
    inputs : ScenarioInputs
        Of one area.
    draws : int
        Futures.

    Returns
    -------
    dict of str to array, shape (draws, years + 1)
        By the names of `MEASURES`; year 0 is the day of the list. NaN where it cannot be given.

    Raises
    ------
    UsageError
        When an event names a holder that has no home in the area.
    """
    return _Simulation(scenario, inputs, draws).run()


class _Simulation:
    """One run; holds what is drawn once."""

    def __init__(self, scenario: Scenario, inputs: ScenarioInputs, draws: int) -> None:
        self.scenario, self.inputs, self.draws = scenario, inputs, draws
        self.streams = {name: np.random.default_rng([scenario.seed, k]) for k, name in enumerate(_STREAMS)}
        given = self.streams["assumption"]
        self.occupancy = self._draw(scenario.occupancy, given)
        self.own_use = self._draw(scenario.own_use, given)
        self.near_home = self._draw(scenario.near_home, given)
        self.opening = self._draw(scenario.opening, given)
        self.closing = self._draw(scenario.closing, given)
        self.quality_shift = self.streams["quality"].standard_normal(draws)
        self.need = self._needs()
        self.targets = {
            k: self.inputs.find_holder(event.holder)
            for k, event in enumerate(scenario.events)
            if isinstance(event, (Leave, Open)) and event.holder is not None
        }

    def _draw(self, value: Range, stream: np.random.Generator) -> Floats:
        return draw_range(value, stream, self.draws)

    # -- need --------------------------------------------------------------------------

    def _needs(self) -> Floats:
        """Return children in homes, shape (draws, years + 1): one path of need a future."""
        inputs, scenario = self.inputs.need, self.scenario
        z = self.streams["need"].standard_normal(self.draws)
        last = scenario.years + 1
        base, sd = inputs.base[:last], np.nan_to_num(inputs.sd[:last])
        own = scenario.children_in_homes
        if own is not None:
            # The council's own number today; it moves as the forecast does, or stays where there is none.
            moves = base / base[0] if np.isfinite(base).all() and base[0] > 0 else np.ones(last)
            start = self._draw(own, self.streams["assumption"])
            return self._risen(start[:, None] * moves * np.exp(z[:, None] * sd))
        return self._risen(base * np.exp(z[:, None] * sd))

    def _risen(self, need: Floats) -> Floats:
        for k, event in enumerate(self.scenario.events):
            if isinstance(event, Need):
                rate = self._draw(event.per_year, self._event_stream(k))
                years = np.clip(np.arange(need.shape[1]) - event.year + 1, 0, None)
                need = need * (1.0 + rate[:, None]) ** years
        return need

    def _event_stream(self, k: int) -> np.random.Generator:
        return np.random.default_rng([self.scenario.seed, len(_STREAMS), k])

    # -- years -------------------------------------------------------------------------

    def run(self) -> dict[str, Floats]:
        inputs, years = self.inputs, self.scenario.years
        found = {name: np.full((self.draws, years + 1), np.nan) for name in MEASURES}
        n = inputs.n_homes
        state = State(
            alive=np.ones((self.draws, n), dtype=np.bool_),
            converted=np.zeros((self.draws, n), dtype=np.bool_),
            holder=inputs.holder.copy(),
            converted_to=np.zeros(n, dtype=np.int64),
            n_holders=len(inputs.holders),
            new=no_new_homes(),
            closed_places=np.zeros(self.draws),
            opened_places=np.zeros(self.draws),
        )
        self._measure(state, 0, found)
        for year in range(1, years + 1):
            state.closed_places, state.opened_places = np.zeros(self.draws), np.zeros(self.draws)
            before = self._standing(state)
            self._events_close(state, year)
            self._close(state, year)
            state.closed_places = before - self._standing(state)
            self._open(state, year)
            self._measure(state, year, found)
        return found

    def _standing(self, state: State) -> Floats:
        old = state.alive @ self.inputs.places
        return old + sum_by_draw(state.new, state.new.places, self.draws)

    def _close(self, state: State, year: int) -> None:
        """Close homes by their hazard; the homes of one holder share a year's fortune."""
        inputs, stream = self.inputs, self.streams["closure"]
        shock = self._shocks(year)
        chance = -np.log1p(-np.clip(inputs.close[:, year - 1], 0.0, 1.0 - 1e-12))
        level = np.exp(shock["all"] - 0.5 * shock["sd"] ** 2) * self.closing
        # Each stream moves on by as many numbers in every run, whatever has happened.
        u = stream.random((self.draws, inputs.n_homes), dtype=np.float32)
        rate = chance * shock["holder"][:, inputs.holder] * level[:, None]
        state.alive &= u >= -np.expm1(-rate)
        new = state.new
        if new.draw.size:
            age = np.clip(year - new.opened - 1, 0, inputs.new_close.shape[1] - 1)
            fate = -np.log1p(-np.clip(inputs.new_close[new.sector, age], 0.0, 1.0 - 1e-12))
            left = new.left - fate * level[new.draw]
            state.new = new.but(left=left, alive=new.alive & (left > 0.0))

    def _shocks(self, year: int) -> dict[str, Floats]:
        """Draw what all homes share in a year, what a holder's share, and how wrong the hazard may be."""
        stream, inputs = self.streams["shock"], self.inputs
        if year == 1:
            self._hazard_error = stream.standard_normal(self.draws) * inputs.hazard_sd
        common = stream.standard_normal(self.draws) * inputs.year_sd
        size = (self.draws, len(inputs.holders))
        variance = inputs.group_variance
        holder = stream.standard_gamma(1.0 / variance, size) * variance if variance > 0 else np.ones(size)
        sd = np.full(1, np.hypot(inputs.hazard_sd, inputs.year_sd))
        return {"all": common + self._hazard_error, "holder": holder, "sd": sd}

    # -- events that end homes -----------------------------------------------------------

    def _events_close(self, state: State, year: int) -> None:
        for k, event in enumerate(self.scenario.events):
            if isinstance(event, Leave) and event.year == year:
                self._leave(state, event, k)
            elif isinstance(event, PhaseOut) and event.year <= year < event.year + event.over:
                self._phase_out(state, event, k, year)

    def _leave(self, state: State, event: Leave, k: int) -> None:
        """Close a share of a holder's homes, drawn anew in every future; the others go to new owners."""
        stream = self._event_stream(k)
        share = self._draw(event.share, stream)
        mine = np.flatnonzero(state.holder == self.targets[k])
        order = np.argsort(stream.random((self.draws, mine.size)), axis=1).argsort(axis=1)
        # So many of the homes as the share says, a part of a home left to chance.
        count = np.floor(share * mine.size + stream.random(self.draws))
        state.alive[:, mine] &= order >= count[:, None]
        if event.sold_to == "one":
            state.holder[mine] = state.n_holders
            state.n_holders += 1
        else:
            state.holder[mine] = state.n_holders + np.arange(mine.size)
            state.n_holders += int(mine.size)
        # The homes that it opened since the list go to the new owner too.
        gone = state.new.holder == self.targets[k]
        state.new = state.new.but(holder=np.where(gone, state.n_holders - 1, state.new.holder))

    def _phase_out(self, state: State, event: PhaseOut, k: int, year: int) -> None:
        """End homes of a sector, an even part each year, in an order drawn for every future."""
        stream = self._event_stream(k)
        share, converted = self._draw(event.share, stream), self._draw(event.converted, stream)
        code = SECTORS.index(event.sector.value)
        n = self.inputs.n_homes
        rank, fate = stream.random((2, self.draws, n), dtype=np.float32)
        due = share * (year - event.year + 1) / event.over
        mine = self.inputs.sector == code
        ends = mine & (rank < due[:, None]) & state.alive & ~state.converted
        goes_on = ends & (fate < converted[:, None])
        state.converted |= goes_on
        state.converted_to[mine] = SECTORS.index(event.to_sector.value)
        state.alive &= ~(ends & ~goes_on)
        new = state.new
        if new.draw.size:
            fresh = np.random.default_rng([self.scenario.seed, len(_STREAMS) + 2, k, year])
            # Of those still there an even part of what is left to end, so that the whole share ends in time.
            before = share * (year - event.year) / event.over
            part = np.where(before < 1.0, (due - before) / np.maximum(1.0 - before, 1e-9), 1.0)[new.draw]
            ends_new = (new.sector == code) & (fresh.random(new.draw.size) < part)
            on = ends_new & (fresh.random(new.draw.size) < converted[new.draw])
            sector = np.where(on, SECTORS.index(event.to_sector.value), new.sector)
            alive = new.alive & ~(ends_new & ~on)
            state.new = new.but(sector=sector, alive=alive)

    # -- openings ------------------------------------------------------------------------

    def _open(self, state: State, year: int) -> None:
        """Open homes as in the last three years, and those of the scenario."""
        parts = [state.new, self._usual_openings(year)]
        for k, event in enumerate(self.scenario.events):
            if isinstance(event, Open) and event.year == year:
                parts.append(self._opened(state, event, k))
        opened = sum((sum_by_draw(part, part.places, self.draws) for part in parts[1:]), np.zeros(self.draws))
        state.opened_places = opened
        state.new = join_new(parts)

    def _usual_openings(self, year: int) -> NewHomes:
        inputs = self.inputs
        stream = np.random.default_rng([self.scenario.seed, len(_STREAMS) + 3, year])
        n = inputs.new_places.size
        if not n:
            return no_new_homes()
        # The yearly rate is itself known from n homes only: a gamma with that many events in three years.
        rate = stream.standard_gamma(n, self.draws) / 3.0 * inputs.new_real
        count = stream.poisson(rate * self.opening)
        draw = np.repeat(np.arange(self.draws), count)
        picked = stream.integers(0, n, draw.size)
        opened = NewHomes(
            draw,
            inputs.new_holder[picked],
            inputs.new_sector[picked],
            inputs.new_places[picked],
            np.full(draw.size, year),
            self._months(None, stream, draw.size),
            stream.standard_exponential(draw.size),
            np.ones(draw.size, dtype=np.bool_),
        )
        # A home that may no longer open is not replaced by one of another sector.
        return opened.where(~np.isin(opened.sector, self._barred(year)))

    def _barred(self, year: int) -> list[int]:
        return [
            SECTORS.index(event.sector.value)
            for event in self.scenario.events
            if isinstance(event, PhaseOut) and not event.new_homes and year >= event.year
        ]

    def _opened(self, state: State, event: Open, k: int) -> NewHomes:
        holder = self.targets.get(k)
        if holder is None:
            holder = state.n_holders
            state.n_holders += 1
        n = self.draws * event.homes
        stream = self._event_stream(k)
        return NewHomes(
            np.repeat(np.arange(self.draws), event.homes),
            np.full(n, holder),
            np.full(n, SECTORS.index(event.sector.value)),
            np.full(n, event.places),
            np.full(n, event.year),
            self._months(event.months_to_grade, stream, n),
            stream.standard_exponential(n),
            np.ones(n, dtype=np.bool_),
        )

    def _months(self, months: Range | None, stream: np.random.Generator, n: int) -> Floats:
        """Draw months until the first judgement: the scenario's, or log-normal by the usual quartiles."""
        if months is not None:
            return draw_range(months, stream, n)
        low, middle, high = (max(value, 0.1) for value in self.inputs.months_to_grade)
        spread = np.log(high / low) / 1.349
        found: Floats = middle * np.exp(spread * stream.standard_normal(n))
        return found

    # -- measures ------------------------------------------------------------------------

    def _measure(self, state: State, year: int, found: dict[str, Floats]) -> None:
        inputs, new = self.inputs, state.new
        alive = state.alive
        places: Floats = np.where(alive, inputs.places.astype(np.float64), 0.0)
        total = self._standing(state)
        found["homes"][:, year] = alive.sum(axis=1) + sum_by_draw(new, np.ones(new.draw.size), self.draws)
        found["places"][:, year] = total
        occupancy = self._occupancy(year)
        found["usable_places"][:, year] = total * occupancy
        good, ungraded = self._quality(state, places, year)
        found["good_places"][:, year], found["ungraded_places"][:, year] = good, ungraded
        found["closed_places"][:, year] = state.closed_places
        found["opened_places"][:, year] = state.opened_places
        children = self.need[:, year] if year < self.need.shape[1] else np.full(self.draws, np.nan)
        needed = self.near_home * children / occupancy
        found["children_in_homes"][:, year] = children
        found["places_needed"][:, year] = needed
        found["gap"][:, year] = needed - total * self.own_use
        self._ownership(state, places, total, year, found)

    def _occupancy(self, year: int) -> Floats:
        occupancy = self.occupancy
        for k, event in enumerate(self.scenario.events):
            if isinstance(event, Occupancy) and year >= event.year:
                occupancy = self._draw(event.occupancy, self._event_stream(k))
        return occupancy

    def _quality(self, state: State, places: Floats, year: int) -> tuple[Floats, Floats]:
        """Return places expected to be judged Good or better, and places not yet judged beside them."""
        inputs, new = self.inputs, state.new
        # A home of the list without a judgement gets its first one within the usual months.
        waited = year * _MONTHS >= inputs.months_to_grade[1]
        judged = inputs.graded | waited
        level, spread = inputs.good * judged, inputs.good_sd * judged
        good = places @ level + self.quality_shift * (places @ spread)
        most = places @ judged.astype(np.float64)
        ungraded = places @ (~judged).astype(np.float64)
        if new.draw.size:
            seen = (year - new.opened + 0.5) * _MONTHS >= new.grade_after
            chance = (
                inputs.new_good[new.sector] + self.quality_shift[new.draw] * inputs.new_good_sd[new.sector]
            )
            good = good + sum_by_draw(new, new.places * np.clip(chance, 0.0, 1.0) * seen, self.draws)
            most = most + sum_by_draw(new, new.places * seen, self.draws)
            ungraded = ungraded + sum_by_draw(new, new.places * ~seen, self.draws)
        return np.clip(good, 0.0, most), ungraded

    def _ownership(
        self, state: State, places: Floats, total: Floats, year: int, found: dict[str, Floats]
    ) -> None:
        """Fill concentration and shares of sectors; a home converted to another sector is on its own."""
        kept = places * ~state.converted
        apart = places * state.converted
        held = sum_by_label(kept, state.holder, state.n_holders)
        new = state.new
        if new.draw.size:
            flat = new.draw * state.n_holders + new.holder
            held = held + np.bincount(
                flat, weights=new.places * new.alive, minlength=self.draws * state.n_holders
            ).reshape(self.draws, state.n_holders)
        squares = (held**2).sum(axis=1) + (apart**2).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            found["hhi"][:, year] = np.where(total > 0, squares / total**2, np.nan)
            largest = held.max(axis=1, initial=0.0)
            alone = apart.max(axis=1, initial=0.0)
            found["largest_share"][:, year] = np.where(total > 0, np.maximum(largest, alone) / total, np.nan)
            for name, sector in (
                ("private_share", Sector.PRIVATE),
                ("council_share", Sector.LOCAL_AUTHORITY),
            ):
                code = SECTORS.index(sector.value)
                here = kept @ (self.inputs.sector == code) + apart @ (state.converted_to == code)
                here = here + sum_by_draw(new, new.places * (new.sector == code), self.draws)
                found[name][:, year] = np.where(total > 0, here / total, np.nan)
