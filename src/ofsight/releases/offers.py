"""What a publisher offers of an edition: files that can be fetched, and what is not there and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ofsight.definitions.catalogue_schema import EditionDefinition, FileKind, PublicationDefinition
from ofsight.releases.wanted import Wanted, moment

__all__ = ["Absent", "Absence", "Offer", "Part", "period_of", "want"]

Absence = Literal["not offered", "not found", "by hand", "failed"]


@dataclass(frozen=True, slots=True)
class Part:
    """A file within an archive.

    Attributes
    ----------
    kind : FileKind
        By whose `member` (or `called`) its name is known.
    wanted : Wanted
        What it is on the shelf.
    """

    kind: FileKind
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that can be fetched.

    Attributes
    ----------
    wanted : Wanted
        What it is, and where.
    make : callable, optional
        Returns the bytes where there is no file to download: the publisher gives them in pieces, or within
        something else.
    parts : tuple of Part
        Where it is an archive, what is taken out of it beside it.
    """

    wanted: Wanted
    make: Callable[[], bytes] | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """A file of an edition that cannot be fetched.

    Attributes
    ----------
    series, period : str
        Which.
    status : str
        ``not offered``: the page is there and such a file is not on it; ``not found``: a page that was
        inferred is not there; ``by hand``: nothing to ask; ``failed``: it should be there.
    reason : str
        Why, for a reader.
    page : str or None
        Where to look.
    """

    series: str
    period: str
    status: Absence
    reason: str
    page: str | None = None


def period_of(kind: FileKind, edition: EditionDefinition) -> str:
    """Return the period of a file: its edition's, or the year to that day (``2023-24``)."""
    if kind.speaks_of == "edition":
        return edition.period
    year = edition.ends_on.year
    return f"{year - 1}-{year % 100:02d}"


def want(
    publication: PublicationDefinition,
    kind: FileKind,
    edition: EditionDefinition,
    *,
    url: str,
    extension: str,
    page: str | None,
    title: str | None = None,
    published: str | None = None,
    media_type: str | None = None,
    size: int | None = None,
) -> Wanted:
    """Return what is wanted of an edition, as the shelf keeps it."""
    return Wanted(
        series=kind.series,
        period=period_of(kind, edition),
        url=url,
        page=page,
        title=" ".join((title or publication.title).split()),
        publisher=publication.publisher,
        licence=publication.licence,
        published=_time_or_none(published),
        media_type=media_type,
        extension=extension,
        size=size,
        hosts=publication.hosts,
    )


def _time_or_none(text: str | None) -> str | None:
    """Return a time that a publisher wrote, where it is one: a date that cannot be is no date."""
    try:
        moment(text or "")
    except ValueError:
        return None
    return text
