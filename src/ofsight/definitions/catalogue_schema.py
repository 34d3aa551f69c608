"""What the publishers publish and where: the shape of ``definitions/catalogue/*.yaml``, checked when read."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from importlib import resources
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ofsight.definitions.schema import load_series, parse_definition, read_definition
from ofsight.errors import DefinitionError

__all__ = [
    "PUBLISHER_HOSTS",
    "Ask",
    "Discovery",
    "EditionDefinition",
    "FileKind",
    "PublicationDefinition",
    "load_catalogue",
    "plain_name",
]

Ask = Literal["govuk", "ees", "ons", "arcgis", "report pages", "by hand"]
Status = Literal["known", "inferred"]

# Whom each way of asking speaks to, and nobody else: where an answer leads elsewhere, ofsight stops.
PUBLISHER_HOSTS: Final[dict[str, tuple[str, ...]]] = {
    "govuk": ("www.gov.uk", "assets.publishing.service.gov.uk"),
    "ees": (
        "api.education.gov.uk",
        "content.explore-education-statistics.service.gov.uk",
        "explore-education-statistics.service.gov.uk",
    ),
    "ons": ("www.ons.gov.uk",),
    "arcgis": ("services1.arcgis.com",),
    "report pages": ("reports.ofsted.gov.uk", "files.ofsted.gov.uk", "files.api.ofsted.gov.uk"),
    "by hand": (),
}
_PATH = re.compile(r"[a-z0-9][a-z0-9/_.-]*", re.IGNORECASE)


def plain_name(*parts: str) -> str:
    """Return a file's title and name as patterns are compared with them.

    >>> plain_name("Provider level data", "Providers+places_at_31_Mar.csv")
    'provider level data providers places at 31 mar csv'
    """
    return " ".join(re.sub(r"[\s_+.,:;\u2010-\u2015-]+", " ", " ".join(parts)).split()).casefold()


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"'{value}' is no regular expression ({error})") from None
    return value


def _page_path(value: str) -> str:
    if not _PATH.fullmatch(value) or ".." in value or "//" in value:
        raise ValueError(f"'{value}' is no path of a page: write it without host and without a leading slash")
    return value


class FileKind(_Strict):
    """One file that every edition of a publication brings.

    Attributes
    ----------
    series : str
        The name under which it is put on the shelf: a series of ``definitions/series`` where the file is one
        table; a name of its own for a workbook of several.
    holds : tuple of str
        The series whose tables are in the file.
    called : tuple of str
        Regular expressions of which the file's title and name hold one; the first that finds a file counts.
        They are compared in one line, in small letters, with a space for every run of dashes, underscores,
        pluses and stops (`plain_name`).
    not_called : str, optional
        One that they do not hold.
    unless : str, optional
        A kind of file in place of which this one is taken: where the edition has that, this is left.
    speaks_of : {"edition", "year to"}
        Whether the file is named by its edition (a day or year), or by the year to that day.
    formats : tuple of str
        Endings, the preferred one first, where a page offers a table in several.
    member : str, optional
        Where the file is in a zip archive: a regular expression that the name of the member holds.
    optional : bool
        Whether an edition may be without it.
    since, to : date, optional
        The first and the last edition that have it.
    body : bool
        The text of the page itself is kept: it has tables and no files.
    """

    series: str = Field(pattern=r"^[a-z0-9-]+$")
    holds: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    not_called: str | None = None
    unless: str | None = None
    speaks_of: Literal["edition", "year to"] = "edition"
    formats: tuple[str, ...] = ("ods", "xlsx", "csv")
    member: str | None = None
    optional: bool = False
    since: date | None = None
    to: date | None = None
    body: bool = False

    @field_validator("called", mode="before")
    @classmethod
    def _as_several(cls, value: Any) -> Any:
        """Take one pattern for several of one."""
        return (value,) if isinstance(value, str) else value

    @field_validator("called")
    @classmethod
    def _check_called(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_pattern, value))

    @field_validator("not_called", "member")
    @classmethod
    def _check_pattern(cls, value: str | None) -> str | None:
        return None if value is None else _pattern(value)


class EditionDefinition(_Strict):
    """One edition of a publication.

    Attributes
    ----------
    period : str
        The day (``2024-03-31``), year (``2024``) or years that it speaks of.
    pages : tuple of str
        Paths of its page, the likeliest first; a path that is not there is passed over.
    title : str, optional
        A regular expression of its title, by which the collection is searched where no path is there.
    published : date, optional
        When it first came out.
    status : {"known", "inferred"}
        Whether the page has been seen, or its path follows from others'.
    files : tuple of str
        The kinds of files that it has, where these are not all of the publication's.
    called : str
        A regular expression that its files' titles and names hold too: editions may share a page.
    release : str, optional
        How the publisher's interface names the release, where that is not the period.
    service, where, fields, geometry : optional
        Of a feature service: its name, which rows, which columns, whether with outlines.
    folder, file : str, optional
        Of an ONS data set: the edition's folder and the file in it.
    note : str
        What a person should know.
    """

    period: str = Field(pattern=r"^[0-9][0-9a-z-]*$")
    pages: tuple[Annotated[str, Field()], ...] = ()
    title: str | None = None
    published: date | None = None
    status: Status = "known"
    files: tuple[str, ...] = ()
    called: str = ""
    release: str | None = None
    service: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_]+$")
    where: str = "1=1"
    fields: tuple[str, ...] = ()
    geometry: bool = False
    folder: str | None = Field(default=None, pattern=r"^[a-z0-9]+$")
    file: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]+\.(xlsx|xls|csv|zip)$")
    note: str = ""

    @field_validator("period", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        """Take a year or a day that YAML has read as a number or date."""
        return (
            value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, int) else value
        )

    @field_validator("pages")
    @classmethod
    def _check_pages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_page_path, value))

    @field_validator("title", "called")
    @classmethod
    def _check_title(cls, value: str | None) -> str | None:
        return None if value is None else _pattern(value)

    @property
    def ends_on(self) -> date:
        """The last day that the edition speaks of, as far as its period says it."""
        day = re.fullmatch(r"(20\d\d)-(\d\d)-(\d\d)", self.period)
        if day:
            return date(int(day[1]), int(day[2]), int(day[3]))
        years = re.fullmatch(r"(20\d\d)-(\d\d)", self.period)
        if years:
            return date(int(years[1]) + 1, 3, 31)
        return date(int(re.findall(r"(?:19|20)\d\d", self.period)[-1]), 12, 31)

    @model_validator(mode="after")
    def _check_period(self) -> EditionDefinition:
        try:
            found = self.ends_on
        except (ValueError, IndexError):
            found = None
        if found is None:
            raise ValueError(f"period '{self.period}' is no day, year or span of years")
        return self


class Discovery(_Strict):
    """How an edition that the catalogue does not list is known among what the publisher lists.

    Attributes
    ----------
    title : str
        A regular expression (case ignored) of its title, with a group ``year``.
    organisation : str, optional
        Whose publications the search asks for.
    period : str
        Its period, with ``{year}`` in it.
    """

    title: str
    organisation: str | None = None
    period: str = "{year}"

    @field_validator("title")
    @classmethod
    def _check_title(cls, value: str) -> str:
        if "year" not in re.compile(_pattern(value)).groupindex:
            raise ValueError("the pattern needs a group (?P<year>...)")
        return value


class PublicationDefinition(_Strict):
    """A publication: who publishes it, how its publisher is asked, its files and its editions.

    Attributes
    ----------
    id, title, publisher, licence : str
        What it is. The licence as SPDX names it.
    ask : str
        How: one of `Ask`.
    cadence : str
        When a new edition is due, for people.
    collection : str, optional
        The path of the page that lists its editions.
    discover : Discovery, optional
        How an edition that is not listed here is known.
    publication : dict of str to str
        Explore Education Statistics: ``slug``, and ``id`` where it is known.
    page : str, optional
        ONS: the path of the data set's page.
    files : tuple of FileKind
        What each edition brings.
    editions : tuple of EditionDefinition
        The editions, the oldest first.
    note : str
        What a person should know; where it has to be got by hand, how.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    publisher: str
    licence: str
    ask: Ask
    cadence: str = ""
    collection: str | None = None
    discover: Discovery | None = None
    publication: dict[Literal["slug", "id"], str] = Field(default_factory=dict)
    page: str | None = None
    files: tuple[FileKind, ...]
    editions: tuple[EditionDefinition, ...] = ()
    note: str = ""

    @field_validator("collection", "page")
    @classmethod
    def _check_path(cls, value: str | None) -> str | None:
        return None if value is None else _page_path(value)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that may be asked for it."""
        return PUBLISHER_HOSTS[self.ask]

    @property
    def holds(self) -> tuple[str, ...]:
        """The series whose tables its files hold."""
        return tuple(dict.fromkeys(series for kind in self.files for series in kind.holds))

    def kinds(self, edition: EditionDefinition) -> tuple[FileKind, ...]:
        """Return the kinds of files that an edition has."""
        return tuple(
            kind
            for kind in self.files
            if (not edition.files or kind.series in edition.files)
            and (kind.since is None or kind.since <= edition.ends_on)
            and (kind.to is None or edition.ends_on <= kind.to)
        )

    def expected(self, edition: EditionDefinition) -> tuple[FileKind, ...]:
        """Return the kinds that an edition cannot be without; where it may be without each, the first."""
        kinds = self.kinds(edition)
        there = {kind.series for kind in kinds}
        needed = tuple(kind for kind in kinds if not kind.optional and kind.unless not in there)
        return needed or kinds[:1]

    @model_validator(mode="after")
    def _check_parts(self) -> PublicationDefinition:
        names = {kind.series for kind in self.files}
        for edition in self.editions:
            unknown = set(edition.files) - names
            if unknown:
                raise ValueError(
                    f"edition {edition.period} names files that are not listed: {sorted(unknown)}"
                )
            if self.ask == "govuk" and not edition.pages and not (self.collection and edition.title):
                raise ValueError(f"edition {edition.period} needs pages, or a title to look for")
            if self.ask == "arcgis" and edition.service is None:
                raise ValueError(f"edition {edition.period} needs the name of a service")
            if self.ask == "ons" and (edition.folder is None or edition.file is None):
                raise ValueError(f"edition {edition.period} needs folder and file")
        strays = {kind.unless for kind in self.files if kind.unless} - names
        if strays:
            raise ValueError(f"'unless' names files that are not listed: {sorted(strays)}")
        if self.ask == "ees" and "slug" not in self.publication:
            raise ValueError("publication needs a slug")
        if self.ask == "ons" and self.page is None:
            raise ValueError("page is needed")
        places = [(kind.series, e.period) for e in self.editions for kind in self.kinds(e)]
        if len(set(places)) < len(places):
            raise ValueError("two editions have one period")
        if self.ask == "by hand" and not self.note:
            raise ValueError("what is got by hand needs a note that says how")
        return self


@cache
def load_catalogue() -> tuple[PublicationDefinition, ...]:
    """Return every publication of the catalogue, by id.

    Raises
    ------
    DefinitionError
        When a file breaks the shape, names a series that is not read, or two share a name on the shelf.
    """
    folder = resources.files("ofsight.definitions").joinpath("catalogue")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    read = {series.id for series in load_series()}
    publications: list[PublicationDefinition] = []
    owners: dict[str, str] = {}
    for name in names:
        where = f"definitions/catalogue/{name}"
        publication = parse_definition(PublicationDefinition, read_definition(f"catalogue/{name}"), where)
        if f"{publication.id}.yaml" != name:
            raise DefinitionError(f"{where}: its id is '{publication.id}': name the file after it.")
        unknown = set(publication.holds) - read
        if unknown:
            raise DefinitionError(f"{where}: holds series that are not defined: {sorted(unknown)}.")
        for kind in publication.files:
            owner = owners.setdefault(kind.series, publication.id)
            if owner != publication.id:
                raise DefinitionError(f"{where}: '{kind.series}' is also a file of {owner}.")
        publications.append(publication)
    return tuple(publications)
