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
    "Analysis",
    "AuthorityModel",
    "ModelDefinition",
    "PauseDefinition",
    "PlacementModel",
    "PublishedNumber",
    "SampleDefinition",
    "SpanDefinition",
    "StudyDefinition",
    "list_studies",
    "load_study",
]


Analysis = Literal[
    "codings",
    "gaps",
    "robustness",
    "imputation",
    "specifications",
    "requirements",
    "authorities",
    "placements",
    "expected",
]
"""What a study may do beside tables 1 and 2 and the figures, in the order in which it is done."""


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
    told : tuple of str
        Columns that the release which describes the inspection must tell itself; it is not enough that
        another list does.
    """

    item: str
    model: str
    label: str
    outcomes: tuple[Domain, ...]
    location: tuple[str, ...]
    group: str = "urn"
    told: tuple[str, ...] = ()


class AuthorityModel(_Strict):
    """One model of judgements of local authorities (table 4 of the paper).

    Attributes
    ----------
    outcome : {"overall", "leaders", "protection", "care"}
        The judgement.
    label : str
        Its heading for readers.
    location, scale, nominal : tuple of str
        Terms that move the judgement, that widen or narrow its spread, and that act at each threshold in
        their own way. ``profit`` is the exposure; the falsification puts ``third`` in its place.
    """

    outcome: Literal["overall", "leaders", "protection", "care"]
    label: str
    location: tuple[str, ...]
    scale: tuple[str, ...] = ()
    nominal: tuple[str, ...] = ()


class SpanDefinition(_Strict):
    """A span of days (``from`` and ``to`` in the file), both included; None is open."""

    start: date | None = Field(None, alias="from")
    end: date | None = Field(None, alias="to")


class PauseDefinition(_Strict):
    """The days between which Ofsted gave no grades (``from`` and ``to`` in the file), both included."""

    start: date = Field(alias="from")
    end: date = Field(alias="to")


class PlacementModel(_Strict):
    """One regression of the panel of local authorities (the paper of 2023).

    Attributes
    ----------
    outcome, exposure : str
        Columns of the panel (``ofsight.study.placement_panel``), in percent.
    model, label : str
        Its name in results, and the outcome for readers.
    covariates : tuple of str
        Further columns.
    """

    outcome: str
    exposure: str
    model: str
    label: str
    covariates: tuple[str, ...] = ()


class PublishedNumber(_Strict):
    """One number as it stands in the paper.

    Attributes
    ----------
    id : str
        Its name in the ledger.
    item, model, outcome, term, quantity, grade : str or None
        Which number of ours it is held against.
    place : str
        Where it stands in the paper: table, column, row.
    value, low, high, std_error : Decimal or None
        As printed: the digits after the point are its precision.
    n : int or None
        The number of observations printed beside it.
    """

    id: str
    item: str
    quantity: str
    value: Decimal
    place: str = ""
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
        return 10.0**-self.decimals

    @property
    def decimals(self) -> int:
        """Its precision: the digits printed after the point."""
        return -int(self.value.as_tuple().exponent)


class StudyDefinition(_Strict):
    """A study.

    Attributes
    ----------
    age_on : date or None
        The day to which the paper counts a home's age; None where only age at inspection is used.
    models : tuple of ModelDefinition
        The models of table 2.
    shown : str
        The model behind figure 2.
    authority_models, authority_inspections
        The models of table 4; of each authority the newest inspection of these days is used.
    placement_models, placement_years
        The regressions of the panel of placements, and its years (by their 31 March).
    analyses : tuple of Analysis
        What else is done.
    pause : PauseDefinition or None
        When no grades were given.
    seed : int
        Of everything that is drawn at random.
    terms : dict
        How a term of the models is named in results; others keep the name of their column.
    why : dict
        By published number's id, ``table/quantity``, table or quantity: why ours may differ.
    """

    id: str
    title: str
    question: str
    citation: str
    sample: SampleDefinition
    age_on: date | None = None
    models: tuple[ModelDefinition, ...]
    shown: str = "adjusted"
    authority_models: tuple[AuthorityModel, ...] = ()
    authority_inspections: SpanDefinition = SpanDefinition.model_validate({})
    placement_models: tuple[PlacementModel, ...] = ()
    placement_years: SpanDefinition = SpanDefinition.model_validate({})
    pause: PauseDefinition | None = None
    analyses: tuple[Analysis, ...] = ()
    seed: int = 2022
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
        if self.shown not in {model.model for model in self.models}:
            raise ValueError(f"shown: there is no model '{self.shown}'")
        return self

    def model(self, name: str) -> ModelDefinition:
        """Return a model of table 2 by its name."""
        return next(model for model in self.models if model.model == name)


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
    data = read_definition(file)
    printed = f"studies/published/{name}.yaml"
    if resources.files("ofsight.definitions").joinpath(printed).is_file():
        data = data | read_definition(printed)
    return parse_definition(StudyDefinition, data, f"definitions/{file}")
