"""The shape of every definition file, checked when it is read; unknown keys are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from ofsight.errors import DefinitionError

__all__ = [
    "ColumnDefinition",
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
    needed : bool
        Whether a table without it cannot be used.
    """

    headings: tuple[str, ...] = Field(min_length=1)
    needed: bool = False


class SeriesDefinition(_Strict):
    """An official series: where it is published and how its tables are recognised and read.

    Attributes
    ----------
    id, title, publisher, licence : str
        What it is.
    pages : tuple of str
        GOV.UK paths where its editions are found.
    reads : {"list", "in year"}
        Whether a row is a provider on a date or one inspection.
    sheet, file, title_pattern : str
        Regular expressions (case ignored) that the sheet's name, the file's name and the lines above the
        heading row match when they name this series.
    prefixes, passed_over_prefixes : tuple of str
        Words that may stand in front of a heading; those of the second kind mark another table's columns.
    anchor : str
        The column without which a row is not a heading row.
    columns : dict of str to ColumnDefinition
        Our column names.
    not_read : tuple of str
        Headings that are known and on purpose not read.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    publisher: str
    licence: str
    pages: tuple[str, ...] = ()
    reads: Literal["list", "in year"]
    sheet: str
    file: str
    title_pattern: str
    prefixes: tuple[str, ...] = ()
    passed_over_prefixes: tuple[str, ...] = ()
    anchor: str
    columns: dict[str, ColumnDefinition]
    not_read: tuple[str, ...] = ()

    _check_patterns = field_validator("sheet", "file", "title_pattern")(_pattern)

    def headings(self) -> dict[str, str]:
        """Return every folded heading and the column it stands for."""
        known: dict[str, str] = {}
        for name, column in self.columns.items():
            for heading in _with_prefixes(column.headings, self.prefixes):
                if known.setdefault(heading, name) != name:
                    raise DefinitionError(
                        f"series {self.id}: heading '{heading}' is claimed by {known[heading]} and {name}."
                    )
        return known

    def known_but_not_read(self) -> frozenset[str]:
        """Return the folded headings that are recognised and left alone."""
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
        shared = ("prefixes", "passed_over_prefixes", "anchor", "columns", "not_read")
        data = {key: template[key] for key in shared if key in template} | data
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
