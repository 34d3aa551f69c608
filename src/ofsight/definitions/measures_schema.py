"""The shape of ``measures/authority-years.yaml``: which published numbers make an authority's year."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from ofsight.definitions.schema import parse_definition, read_definition

__all__ = ["Place", "ShareDefinition", "YearColumn", "YearDefinition", "load_year_definition"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Strict):
    """Where in ``authority_statistics`` a number stands."""

    topic: str
    category: str
    breakdown: str
    measure: str


class YearColumn(_Strict):
    """A number of an authority in a year, and the places where it is looked for, in order.

    Attributes
    ----------
    meaning, unit : str
        For the data dictionary.
    lag : int
        How many years before the row's year it is of.
    places : tuple of Place
        The first that is there wins.
    """

    meaning: str
    unit: str
    lag: int = 0
    places: tuple[Place, ...] = Field(alias="from", min_length=1)


class ShareDefinition(_Strict):
    """A count as a share of the looked-after children, in per cent."""

    of: str
    meaning: str


class YearDefinition(_Strict):
    """Every number of an authority's year.

    Attributes
    ----------
    counts : dict of str to YearColumn
        Numbers of the year.
    constants : dict of str to YearColumn
        Numbers of the authority, whatever the year.
    shares : dict of str to ShareDefinition
        Counts over ``looked_after``.
    """

    counts: dict[str, YearColumn]
    constants: dict[str, YearColumn]
    shares: dict[str, ShareDefinition]


@cache
def load_year_definition() -> YearDefinition:
    """Return the definition of table ``authority_years``."""
    name = "measures/authority-years.yaml"
    return parse_definition(YearDefinition, read_definition(name), f"definitions/{name}")
