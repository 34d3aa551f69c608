"""What a scenario says: a small file that a person writes, or an address that carries the same.

::

    name: The largest group leaves
    years: 3
    occupancy: {low: 0.75, base: 0.85, high: 0.90}
    events:
      - {kind: leave, holder: group-caretech, year: 1, share: {low: 0.3, base: 0.6, high: 1}}
      - {kind: open, homes: 4, places: 3, sector: Local Authority, year: 2}

Every number that is not known may be one value or a range ``{low, base, high}``; the simulation then draws
from the triangle between them. Nothing in a scenario speaks of a child, or of a place below the authority.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from ofsight.errors import DefinitionError, one_line
from ofsight.planning.scenarios.ranges import (
    Children,
    Growth,
    Months,
    Multiple,
    OccupancyShare,
    Range,
    Share,
)
from ofsight.planning.yaml_file import LARGEST_FILE, read_yaml_file
from ofsight.vocabulary import Sector

__all__ = [
    "LARGEST_FILE",
    "MOST_EVENTS",
    "MOST_YEARS",
    "Event",
    "Leave",
    "Need",
    "Occupancy",
    "Open",
    "PhaseOut",
    "Range",
    "Scenario",
    "explain_faults",
    "load_scenario",
    "parse_scenario",
]

MOST_EVENTS: Final = 12
MOST_YEARS: Final = 5


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _plain(value: Any) -> Any:
    """Refuse what cannot stand on one line."""
    if isinstance(value, str) and (one_line(value) != value or value != value.strip()):
        raise ValueError("give plain text on one line, without spaces at its ends")
    return value


def _sector(value: Any) -> Any:
    """Accept a sector by its value, key or label."""
    if isinstance(value, Sector):
        return value
    folded = value.strip().casefold() if isinstance(value, str) else ""
    for sector in Sector:
        if folded in (sector.value.casefold(), sector.key, sector.label.casefold()):
            return sector
    allowed = ", ".join(f"{sector.value}" for sector in Sector)
    named = one_line(value[:40]) if isinstance(value, str) else f"of a {type(value).__name__}"
    raise ValueError(f"no sector '{named}'; allowed: {allowed}")


def _number(value: Any) -> Any:
    """Refuse yes and no where a whole number is asked."""
    if isinstance(value, bool):
        raise ValueError("give a whole number, not yes or no")
    return value


Word = Annotated[str, Field(min_length=1, max_length=120), BeforeValidator(_plain)]
AnySector = Annotated[Sector, BeforeValidator(_sector)]
Year = Annotated[int, Field(ge=1, le=MOST_YEARS), BeforeValidator(_number)]


class Leave(_Strict):
    """An owner or group leaves: of its homes in the area some close, the others are sold and keep running.

    Attributes
    ----------
    holder : str
        Its id or its name, as `ofsight.profiles` gives them.
    year : int
        In which year.
    share : Range
        Share of its homes that close.
    sold_to : {"one", "many"}
        Whether one new owner takes over the others, or each goes to an owner of its own.
    """

    kind: Literal["leave"] = "leave"
    holder: Word
    year: Year = 1
    share: Share = Range(low=1, base=1, high=1)
    sold_to: Literal["one", "many"] = "one"


class PhaseOut(_Strict):
    """A rule ends a sector's homes over years, as Wales has begun for profit-making provision.

    Attributes
    ----------
    sector : Sector
        Which sector.
    year : int
        The first year in which homes end.
    over : int
        Over how many years.
    share : Range
        Share of the sector's homes that end by then.
    converted : Range
        Of those, the share that goes on under another sector rather than closing.
    to_sector : Sector
        Which one.
    new_homes : bool
        Whether homes of the sector may still open once it begins.
    """

    kind: Literal["phase_out"] = "phase_out"
    sector: AnySector = Sector.PRIVATE
    year: Year = 1
    over: Year = 3
    share: Share = Range(low=1, base=1, high=1)
    converted: Share = Range(low=0, base=0, high=0)
    to_sector: AnySector = Sector.VOLUNTARY
    new_homes: bool = False

    @model_validator(mode="after")
    def _another(self) -> PhaseOut:
        if self.sector == self.to_sector:
            raise ValueError(
                f"homes of {self.sector.value} cannot go on as {self.to_sector.value}; give another"
            )
        return self


class Open(_Strict):
    """Homes open.

    Attributes
    ----------
    homes, places : int
        How many, and registered places of each.
    sector : Sector
        Whose.
    holder : str, optional
        The id or name of a holder there is; without it, one new holder runs them all.
    year : int
        In which year.
    months_to_grade : Range, optional
        Months until the first judgement; by default what homes of the last years took.
    """

    kind: Literal["open"] = "open"
    homes: Annotated[int, Field(ge=1, le=200), BeforeValidator(_number)]
    places: Annotated[int, Field(ge=1, le=50), BeforeValidator(_number)]
    sector: AnySector
    holder: Word | None = None
    year: Year = 1
    months_to_grade: Months | None = None


class Need(_Strict):
    """Need rises or falls beside the forecast.

    Attributes
    ----------
    per_year : Range
        By what share each year, from `year` on: 0.03 is 3 per cent more each year than the forecast says.
    year : int
        From which year.
    """

    kind: Literal["need"] = "need"
    per_year: Growth
    year: Year = 1


class Occupancy(_Strict):
    """Homes are filled more or less from a year on.

    Attributes
    ----------
    occupancy : Range
        Share of registered places that can be used.
    year : int
        From which year.
    """

    kind: Literal["occupancy"] = "occupancy"
    occupancy: OccupancyShare
    year: Year = 1


Event = Annotated[Leave | PhaseOut | Open | Need | Occupancy, Field(discriminator="kind")]


class Scenario(_Strict):
    """A scenario: what is taken to happen, and what is taken as given.

    Attributes
    ----------
    name : str
        For people.
    years : int
        How many years ahead.
    seed : int
        Of the random numbers: one seed gives one result.
    vintage : date, optional
        The list of homes it was written for; another one is noted with the result.
    occupancy : Range
        Share of registered places that can be used at any time. ICHA reports 80 to 85 per cent occupied;
        homes hold places empty for matching.
    own_use : Range
        Share of the area's places that its own children can use; the others serve children from elsewhere.
    near_home : Range
        Share of the area's children in homes who should live in a home within the area.
    children_in_homes : Range, optional
        The council's own number of its children in homes today, where the published one is withheld or old.
    opening : Range
        Homes opening each year, as a multiple of the last three years; 0 is none.
    closing : Range
        The same of closures: as a multiple of what the hazard says.
    events : tuple of Event
        At most `MOST_EVENTS`.
    """

    name: Word = "What is known today, carried on"
    years: Year = 3
    seed: Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(_number)] = 1
    vintage: date | None = None
    occupancy: OccupancyShare = Range(low=0.75, base=0.85, high=0.90)
    own_use: Share = Range(low=1, base=1, high=1)
    near_home: Share = Range(low=1, base=1, high=1)
    children_in_homes: Children | None = None
    opening: Multiple = Range(low=1, base=1, high=1)
    closing: Multiple = Range(low=1, base=1, high=1)
    events: Annotated[tuple[Event, ...], Field(max_length=MOST_EVENTS)] = ()

    @model_validator(mode="after")
    def _within(self) -> Scenario:
        late = [event.kind for event in self.events if event.year > self.years]
        if late:
            raise ValueError(
                f"an event ({late[0]}) begins after the last of {self.years} years; give more years, or an "
                "earlier one"
            )
        return self

    def without_events(self) -> Scenario:
        """Return the same future with nothing of this happening: what a result is compared with."""
        return self.model_copy(update={"events": (), "name": "The same without these events"})


def parse_scenario(data: Any, where: str = "the scenario") -> Scenario:
    """Return a scenario from what a YAML file or a form holds.

    Parameters
    ----------
    data : mapping
        Its fields.
    where : str
        The file, for messages.

    Raises
    ------
    DefinitionError
        Naming the place and every field that does not fit.
    """
    if not isinstance(data, Mapping):
        raise DefinitionError(
            f"{where}: a scenario is a list of fields such as 'name: ...'; see docs/scenarios.md."
        )
    try:
        return Scenario.model_validate(dict(data))
    except ValidationError as error:
        raise DefinitionError(f"{where}: {explain_faults(error)} See docs/scenarios.md.") from None


def explain_faults(error: ValidationError) -> str:
    """Return what is wrong with each field, as sentences on one line."""
    faults = []
    for fault in error.errors():
        # The kind of an event stands in its place a second time: events.0.leave.share.
        named = [str(part) for k, part in enumerate(fault["loc"]) if not (k == 2 and part in _KINDS)]
        place = ".".join(named) or "the scenario"
        message = fault["msg"].removeprefix("Value error, ").replace("Input should", "it should")
        if fault["type"] == "extra_forbidden":
            message = "no such field"
        elif fault["type"] == "union_tag_invalid":
            message = f"kind is one of {', '.join(_KINDS)}"
        elif fault["type"] == "union_tag_not_found":
            message = f"an event needs a kind: {', '.join(_KINDS)}"
        faults.append(one_line(f"{place}: {message}"))
    return f"{'; '.join(faults)}."


_KINDS: Final = ("leave", "phase_out", "open", "need", "occupancy")


def load_scenario(path: Path | str) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path : Path or str
        A YAML file of at most `LARGEST_FILE` bytes.

    Raises
    ------
    DefinitionError
        When it cannot be read, is too large, is no YAML, or has a field that does not fit.
    """
    path = Path(path)
    return parse_scenario(read_yaml_file(path, "scenario"), str(path))
