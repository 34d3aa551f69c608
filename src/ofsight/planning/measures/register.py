"""What every measure of a plan is: label, unit, definition, interval, source, caution."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ofsight.definitions.measures_schema import Place
from ofsight.definitions.schema import parse_definition, read_definition

__all__ = ["Measure", "Measures", "Published", "Section", "load_measures"]

Section = Literal["need", "supply", "quality", "ownership", "exposure"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Published(_Strict):
    """A number that a publisher prints, and where it stands in ``authority_statistics``.

    Attributes
    ----------
    sign : int
        -1 where the measure is the published number with its sign turned.
    places : tuple of Place
        Where it is looked for; for each year the first that has it wins.
    """

    sign: Literal[1, -1] = 1
    places: tuple[Place, ...] = Field(min_length=1)


class Measure(_Strict):
    """One measure.

    Attributes
    ----------
    section : str
        The part of a sufficiency statement it belongs to.
    label, unit, definition : str
        For readers.
    interval : str
        What ``low`` and ``high`` are.
    reference : str
        Whose definition it is.
    caution : str
        What it must not be taken for.
    """

    section: Section
    label: str
    unit: str
    definition: str
    interval: str
    reference: str
    caution: str = ""


class Measures(_Strict):
    """Every measure of a plan, by its id."""

    published: dict[str, Published]
    measures: dict[str, Measure]

    @model_validator(mode="after")
    def _published_are_measures(self) -> Measures:
        strange = sorted(set(self.published) - set(self.measures))
        if strange:
            raise ValueError(f"published but not described: {', '.join(strange)}")
        return self

    def frame(self, only: Iterable[str] | None = None) -> pl.DataFrame:
        """Return the measures as a table, one row each, in the order of the file."""
        wanted = None if only is None else set(only)
        rows = [
            {"measure": name, **found.model_dump()}
            for name, found in self.measures.items()
            if wanted is None or name in wanted
        ]
        return pl.DataFrame(rows)


@cache
def load_measures() -> Measures:
    """Return the register, ``definitions/measures/planning.yaml``.

    Raises
    ------
    DefinitionError
        When the file breaks its schema.
    """
    name = "measures/planning.yaml"
    return parse_definition(Measures, read_definition(name), f"definitions/{name}")
