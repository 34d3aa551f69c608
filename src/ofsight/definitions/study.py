"""The shape of a study's definition: its sample, its models, and every number that was published."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ofsight.definitions.schema import parse_definition, read_definition
from ofsight.errors import UsageError
from ofsight.vocabulary import Domain, Grade, InspectionType, ProvisionType

__all__ = [
    "ModelDefinition",
    "PublishedNumber",
    "SampleDefinition",
    "StudyDefinition",
    "list_studies",
    "load_study",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SampleDefinition(_Strict):
    """Which inspections are studied.

    Attributes
    ----------
    provision_types, inspection_types : tuple
        Kinds of home and of visit.
    start, end : date
        First and last day, both included (``from`` and ``to`` in the file); None is open.
    adequate : {"requires improvement", "missing"}
        What the word used to March 2015 counts as.
    """

    provision_types: tuple[ProvisionType, ...]
    inspection_types: tuple[InspectionType, ...]
    start: date | None = Field(None, alias="from")
    end: date | None = Field(None, alias="to")
    adequate: Literal["requires improvement", "missing"] = "requires improvement"


class ModelDefinition(_Strict):
    """One row of a table of models: the same terms for each outcome.

    Attributes
    ----------
    item, model, label : str
        The table it belongs to, its name in results, its heading for readers.
    outcomes : tuple of Domain
        The judgements.
    location : tuple of str
        Terms of the formula, as formulaic reads them.
    group : str
        The column of the random intercept.
    """

    item: str
    model: str
    label: str
    outcomes: tuple[Domain, ...]
    location: tuple[str, ...]
    group: str = "urn"


class PublishedNumber(_Strict):
    """One number as it stands in the paper.

    Attributes
    ----------
    id : str
        Its name in the ledger.
    item, model, outcome, term, quantity, grade : str or None
        Where it stands and what it is.
    value, low, high, std_error : Decimal or None
        As printed: the digits after the point are its precision.
    n : int or None
        The number of observations printed beside it.
    """

    id: str
    item: str
    quantity: str
    value: Decimal
    model: str | None = None
    outcome: str | None = None
    term: str | None = None
    grade: Grade | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    std_error: Decimal | None = None
    n: int | None = None

    @property
    def last_digit(self) -> float:
        """The value of one unit of the last printed digit."""
        exponent = self.value.as_tuple().exponent
        return 10.0 ** int(exponent)


class StudyDefinition(_Strict):
    """A study."""

    id: str
    title: str
    question: str
    citation: str
    sample: SampleDefinition
    age_on: date
    models: tuple[ModelDefinition, ...]
    terms: dict[str, str] = {}
    cautions: tuple[str, ...]
    why: dict[str, str] = {}
    published: tuple[PublishedNumber, ...] = ()

    @model_validator(mode="after")
    def _unique_ids(self) -> StudyDefinition:
        ids = [number.id for number in self.published]
        doubled = {name for name in ids if ids.count(name) > 1}
        if doubled:
            raise ValueError(f"published numbers share an id: {', '.join(sorted(doubled))}")
        return self


def list_studies() -> tuple[str, ...]:
    """Return the names of the studies that are defined."""
    folder = resources.files("ofsight.definitions").joinpath("studies")
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".yaml")))


@cache
def load_study(name: str) -> StudyDefinition:
    """Return a study's definition.

    Raises
    ------
    UsageError
        When there is no such study.
    DefinitionError
        When its file breaks the schema.
    """
    if name not in list_studies():
        raise UsageError(f"There is no study '{name}'. The studies are: {', '.join(list_studies())}.")
    file = f"studies/{name}.yaml"
    return parse_definition(StudyDefinition, read_definition(file), f"definitions/{file}")
