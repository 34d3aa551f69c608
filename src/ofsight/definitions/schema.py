"""The shape of every definition file, checked when it is read; unknown keys are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cache, cached_property
from importlib import resources
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from ofsight.errors import DefinitionError

__all__ = [
    "ColumnDefinition",
    "MeasureDefinition",
    "Publication",
    "SeriesDefinition",
    "fold",
    "load_publications",
    "load_series",
    "load_spellings",
    "parse_definition",
    "read_definition",
]


T = TypeVar("T")

Reads = Literal[
    "list",
    "in year",
    "places",
    "movements",
    "closures",
    "authority inspections",
    "authority history",
    "control totals",
    "long statistics",
    "wide statistics",
    "neighbours",
    "lookup",
]
# A pattern that nothing matches: the series is known by its headings alone.
_NEVER = r"(?!)"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def fold(text: str) -> str:
    """Return a heading or word as it is compared: case, apostrophes, dashes and spaces evened out."""
    plain = text.translate(_PLAIN)
    return " ".join(plain.split()).casefold()


# Marks that spreadsheets and word processors leave: no-break and zero-width spaces, direction marks, BOM.
_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "–": "-", "—": "-", "‑": "-", "\xa0": " "}
    | dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff", "")
)


def _pattern(value: str) -> str:
    re.compile(value)
    return value


class ColumnDefinition(_Strict):
    """One column of ours and what the publisher has called it.

    Attributes
    ----------
    headings : tuple of str
        Every heading met, compared after `fold`.
    pattern : str, optional
        A regular expression that a folded heading matches whole, where the publisher writes a date or a
        number into it.
    needed : bool
        Whether a table without it cannot be used.
    """

    headings: tuple[str, ...] = Field(min_length=1)
    pattern: str | None = None
    needed: bool = False

    @field_validator("pattern")
    @classmethod
    def _check_pattern(cls, value: str | None) -> str | None:
        return None if value is None else _pattern(value)


class MeasureDefinition(_Strict):
    """What one column of numbers in a table of statistics measures.

    Attributes
    ----------
    measure : str
        Our word: ``children``, ``percent``, ``rate per 10,000`` ...
    category, breakdown : str
        What is broken down and which part this is, where the heading alone says it; else the row says it.
    unit : str
        The unit of the number.
    pattern : str, optional
        As in `ColumnDefinition`.
    """

    measure: str
    category: str = ""
    breakdown: str = ""
    unit: str = ""
    pattern: str | None = None

    @field_validator("pattern")
    @classmethod
    def _check_pattern(cls, value: str | None) -> str | None:
        return None if value is None else _pattern(value)


class SeriesDefinition(_Strict):
    """An official series: where it is published and how its tables are recognised and read.

    Attributes
    ----------
    id, title, publisher, licence : str
        What it is.
    pages : tuple of str
        GOV.UK paths where its editions are found.
    reads : str
        What a row is: a provider on a date (``list``, ``places``), one inspection (``in year``) or another
        of the kinds in `Reads`.
    sheet, file, title_pattern : str
        Regular expressions (case ignored) that the sheet's name, the file's name and the lines above the
        heading row match when they name this series.
    without : tuple of str
        Headings that no table of this series has: they tell it from one with more columns.
    one_off : date, optional
        The day of a series that was published once and does not say its day.
    topic : str
        The subject of its statistics.
    prefixes, passed_over_prefixes : tuple of str
        Words that may stand in front of a heading; those of the second kind mark another table's columns.
    anchor : str
        The column without which a row is not a heading row.
    columns : dict of str to ColumnDefinition
        Our column names.
    measures : dict of str to MeasureDefinition
        The columns of numbers, by heading.
    categories, breakdowns : dict of str to str
        What the publisher has called a category or a part of it, and our word where the words differ.
    rounding : dict of str to str
        How numbers are rounded, by geographic level.
    symbols : dict of str to str
        What a symbol in place of a number means here, where that is not what it means elsewhere.
    tells : dict of str to str
        Columns, and a pattern that some of their values match, where data sets share one layout.
    not_read : tuple of str
        Headings that are known and on purpose not read.
    other_headings : {"unknown", "left alone"}
        Whether a heading that is in no list is noticed.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    publisher: str
    licence: str
    pages: tuple[str, ...] = ()
    reads: Reads
    sheet: str = _NEVER
    file: str = _NEVER
    title_pattern: str = _NEVER
    without: tuple[str, ...] = ()
    one_off: date | None = None
    topic: str = ""
    prefixes: tuple[str, ...] = ()
    passed_over_prefixes: tuple[str, ...] = ()
    anchor: str
    columns: dict[str, ColumnDefinition]
    measures: dict[str, MeasureDefinition] = Field(default_factory=dict)
    categories: dict[str, str] = Field(default_factory=dict)
    breakdowns: dict[str, str] = Field(default_factory=dict)
    rounding: dict[str, str] = Field(default_factory=dict)
    symbols: dict[str, str] = Field(default_factory=dict)
    tells: dict[str, str] = Field(default_factory=dict)
    not_read: tuple[str, ...] = ()
    other_headings: Literal["unknown", "left alone"] = "unknown"

    _check_patterns = field_validator("sheet", "file", "title_pattern")(_pattern)

    def headings(self) -> dict[str, str]:
        """Return every folded heading and the column it stands for."""
        return self._headings

    def known_but_not_read(self) -> frozenset[str]:
        """Return the folded headings that are recognised and left alone."""
        return self._not_read

    def column_of(self, heading: str) -> str | None:
        """Return the column that a folded heading stands for."""
        known = self._headings.get(heading)
        if known is not None:
            return known
        return next((name for name, pattern in self._patterns if pattern.fullmatch(heading)), None)

    def measure_of(self, heading: str) -> MeasureDefinition | None:
        """Return the measure that a folded heading stands for."""
        known = self._measures.get(heading)
        if known is not None:
            return known
        return next(
            (measure for measure, pattern in self._measure_patterns if pattern.fullmatch(heading)), None
        )

    @property
    def is_a_sheet(self) -> bool:
        """Whether the series is known by the name of its sheet."""
        return self.sheet != _NEVER

    def needed(self) -> tuple[str, ...]:
        """Return the columns without which a table cannot be used."""
        return tuple(name for name, column in self.columns.items() if column.needed)

    def refuses(self, headings: Iterable[str]) -> bool:
        """Whether one of these folded headings tells a table from this series."""
        return not self._refused.isdisjoint(headings)

    @cached_property
    def _refused(self) -> frozenset[str]:
        return frozenset(_with_prefixes(self.without, self.prefixes))

    @cached_property
    def _patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple(
            (name, re.compile(column.pattern)) for name, column in self.columns.items() if column.pattern
        )

    @cached_property
    def _measures(self) -> dict[str, MeasureDefinition]:
        return {fold(heading): measure for heading, measure in self.measures.items()}

    @cached_property
    def _measure_patterns(self) -> tuple[tuple[MeasureDefinition, re.Pattern[str]], ...]:
        return tuple(
            (measure, re.compile(measure.pattern)) for measure in self.measures.values() if measure.pattern
        )

    @cached_property
    def _headings(self) -> dict[str, str]:
        known: dict[str, str] = {}
        for name, column in self.columns.items():
            for heading in _with_prefixes(column.headings, self.prefixes):
                if known.setdefault(heading, name) != name:
                    raise DefinitionError(
                        f"series {self.id}: heading '{heading}' is claimed by {known[heading]} and {name}."
                    )
        return known

    @cached_property
    def _not_read(self) -> frozenset[str]:
        return frozenset(_with_prefixes(self.not_read, self.prefixes))


def _with_prefixes(headings: Iterable[str], prefixes: Iterable[str]) -> list[str]:
    plain = [fold(heading) for heading in headings]
    return plain + [f"{fold(prefix)} {heading}" for prefix in prefixes for heading in plain]


class Publication(_Strict):
    """An official publication that is recognised and passed over."""

    title: str
    headings: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    match: str | None = None


def read_definition(name: str) -> Any:
    """Read one YAML file of the package's ``definitions`` folder.

    Raises
    ------
    DefinitionError
        When the file is not there or is not YAML.
    """
    source = resources.files("ofsight.definitions").joinpath(name)
    try:
        return yaml.safe_load(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DefinitionError(f"There is no definition '{name}' in {source}.") from None
    except yaml.YAMLError as error:
        raise DefinitionError(f"definitions/{name} is not valid YAML: {error}") from None


def parse_definition(kind: type[T], data: Any, where: str) -> T:
    """Check a definition's data against its shape.

    Raises
    ------
    DefinitionError
        Naming the file and each field that does not fit.
    """
    try:
        return TypeAdapter(kind).validate_python(data)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'the file'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise DefinitionError(f"{where}: {faults}.") from None


@cache
def load_series() -> tuple[SeriesDefinition, ...]:
    """Return the definition of every series that is read, by id."""
    folder = resources.files("ofsight.definitions").joinpath("series")
    raw = {
        entry.name: read_definition(f"series/{entry.name}")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".yaml")
    }
    return tuple(_complete(name, data, raw) for name, data in raw.items())


def _complete(name: str, data: dict[str, Any], raw: dict[str, dict[str, Any]]) -> SeriesDefinition:
    """Take the columns of another series where a definition says so, then check it."""
    data = dict(data)
    other = data.pop("same_columns_as", None)
    if other is not None:
        template = raw.get(f"{other}.yaml")
        if template is None:
            raise DefinitionError(f"definitions/series/{name}: same_columns_as names no series '{other}'.")
        shared = (
            *("prefixes", "passed_over_prefixes", "anchor", "columns", "not_read", "other_headings"),
            *("measures", "categories", "breakdowns", "rounding", "symbols"),
        )
        data = {key: template[key] for key in shared if key in template} | data
    if "needs" in data:  # the same columns, others of them needed
        needs = set(data.pop("needs"))
        data["columns"] = {
            name: {**column, "needed": name in needs} for name, column in data["columns"].items()
        }
    series = parse_definition(SeriesDefinition, data, f"definitions/series/{name}")
    if series.anchor not in series.columns:
        raise DefinitionError(
            f"definitions/series/{name}: anchor '{series.anchor}' is not one of its columns."
        )
    series.headings()
    return series


@cache
def load_publications() -> tuple[Publication, ...]:
    """Return the publications that are recognised and passed over."""
    return parse_definition(
        tuple[Publication, ...],
        read_definition("publications.yaml"),
        "definitions/publications.yaml",
    )


@cache
def load_spellings() -> dict[str, dict[str, str]]:
    """Return, for each vocabulary, the folded spelling and the word that it stands for.

    A vocabulary that is a plain list (``no_grade``) maps each spelling to itself.
    """
    data = read_definition("spellings.yaml")
    tables: dict[str, dict[str, str]] = {}
    for vocabulary, words in data.items():
        pairs = (
            [(spelling, spelling) for spelling in words]
            if isinstance(words, list)
            else [(spelling, word) for word, spellings in words.items() for spelling in spellings]
        )
        tables[vocabulary] = {fold(str(spelling)): word for spelling, word in pairs}
    return tables
