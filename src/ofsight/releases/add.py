"""A file that a user has already, put on the shelf with where it came from.

Which series a table is, only those know who read tables; they are passed in. The catalogue then says under
which name its publisher's own copy would be kept, so that the two are versions of one file.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ofsight.definitions.catalogue_schema import (
    EditionDefinition,
    FileKind,
    PublicationDefinition,
    load_catalogue,
)
from ofsight.definitions.schema import load_series
from ofsight.errors import UsageError
from ofsight.files import hash_file
from ofsight.releases.addresses import name_in
from ofsight.releases.guard import ContentLimits, check_file
from ofsight.releases.shelf import Shelf
from ofsight.releases.wanted import EXTENSIONS, Held, Status, check_name, moment

__all__ = ["Added", "Place", "Provenance", "Recognised", "add_files", "find_place"]

Ask = Callable[[str, bool], str]
# Kinds of file of which many lie in one place, so that each has a period of its own.
_MANY: Final = {"pdf": "inspection-reports", "geojson": "boundaries"}
_OPEN: Final = "OGL-UK-3.0"


@dataclass(frozen=True, slots=True)
class Recognised:
    """A table found in a file: its series, what period it speaks of, and that period's last day."""

    series: str
    period: str
    ends_on: date


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a user says of a file.

    Attributes
    ----------
    source : str or None
        An address, or words: "e-mail from Ofsted, 3 May 2024".
    published : str or None
        The day of publication, ISO 8601.
    publisher, licence : str or None
        In place of what the catalogue says.
    """

    source: str | None = None
    published: str | None = None
    publisher: str | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the shelf a file belongs, and how it is cited."""

    series: str
    period: str
    title: str
    publisher: str
    licence: str


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a file.

    Attributes
    ----------
    path : Path
        The user's file.
    held : Held
        Its line of the manifest.
    status : str
        ``new``, ``changed`` (beside another version) or ``same bytes``.
    stands : bool
        Whether a build takes it now; else another version, published later, stands.
    """

    path: Path
    held: Held
    status: Status
    stands: bool


Recogniser = Callable[[Path], Sequence[Recognised]]


def add_files(
    paths: Sequence[Path],
    shelf: Shelf,
    said: Provenance,
    *,
    recognise: Recogniser,
    series: str | None = None,
    period: str | None = None,
    ask: Ask | None = None,
) -> list[Added]:
    """Put files on a shelf: all of them, or none where one cannot be.

    Parameters
    ----------
    paths : sequence of Path
        The files; they stay where they are.
    shelf : Shelf
        The shelf; made where it is not there.
    said : Provenance
        What the user says of them all.
    recognise : callable
        Returns the tables of known series in a file, none where there is none.
    series, period : str, optional
        Where to put a single file, in place of what is recognised in it.
    ask : callable, optional
        Asks the user a question, with whether an answer is needed; returns the answer. Without it what is
        missing is an error.

    Raises
    ------
    UsageError
        When a file is not there, or nobody says where one came from or what it is.
    ReleaseError
        When one is not what its ending says, is damaged, or the disk is full.
    """
    if (series or period) and len(paths) != 1:
        raise UsageError("--series and --period speak of one file: give one file.")
    described = []
    for path in paths:
        extension = _check(path)
        place = _place(path, extension, recognise, series, period)
        described.append((path, extension, place, _told(path, said, ask)))
    # Only when all have been found good is the first put there.
    return [_add(path, shelf, extension, place, told) for path, extension, place, told in described]


def _check(path: Path) -> str:
    if path.is_dir():
        raise UsageError(f"'{path}' is a folder: give its files, one after another.")
    if not path.is_file():
        raise UsageError(f"There is no file '{path}'.")
    extension = path.suffix.lower().removeprefix(".")
    if extension not in EXTENSIONS:
        raise UsageError(
            f"'{path}': a shelf keeps files of kind {', '.join(sorted(EXTENSIONS))}, and this has the ending "
            f"'{path.suffix}'."
        )
    check_file(path, extension, str(path), ContentLimits())
    return extension


def _place(
    path: Path, extension: str, recognise: Recogniser, series: str | None, period: str | None
) -> Place:
    if series is not None and period is not None:
        return _named(series, period, path)
    if extension in _MANY and series is None:
        # A report's own name may name the home, and the shelf is no place for that: its hash is its name.
        return _named(_MANY[extension], period or hash_file(path)[:16], path)
    found = recognise(path)
    if not found:
        raise UsageError(
            f"'{path}': no table of a known series was recognised in it. Say what it is with --series and "
            "--period (the catalogue's names: ofsight releases), or leave it out."
        )
    place = find_place(found)
    if series is not None or period is not None:
        return _named(series or place.series, period or place.period, path)
    return place


def find_place(
    found: Sequence[Recognised], catalogue: Sequence[PublicationDefinition] | None = None
) -> Place:
    """Return where the tables of a file belong: where the catalogue would put the publisher's own copy.

    Parameters
    ----------
    found : sequence of Recognised
        The tables, at least one.
    catalogue : sequence of PublicationDefinition, optional
        In place of ofsight's own.

    Returns
    -------
    Place
        Of the kinds of file that hold most of its series, the one with the fewest strange to it, then the
        one whose edition speaks of the same day, then the one that holds least besides, then the one named
        after them. A file of no kind is kept under its first series, or ``added`` where it has several.
    """
    series = {table.series for table in found}
    ends_on = max(table.ends_on for table in found)
    fitting: list[tuple[tuple[int, bool, int, bool], PublicationDefinition, FileKind, str]] = []
    for publication in load_catalogue() if catalogue is None else catalogue:
        for kind in publication.files:
            strange = len(series - set(kind.holds))
            if 2 * strange < len(series):
                edition = _edition(publication, kind, ends_on)
                year = f"{ends_on.year - 1}-{ends_on.year % 100:02d}"
                alone = year if kind.speaks_of == "year to" else ends_on.isoformat()
                period = alone if edition is None or kind.speaks_of == "year to" else edition.period
                least = (strange, edition is None, len(kind.holds), kind.series not in series)
                fitting.append((least, publication, kind, period))
    if fitting:
        _, publication, kind, period = min(fitting, key=lambda item: item[0])
        return Place(kind.series, period, publication.title, publication.publisher, publication.licence)
    first = found[0]
    known = {definition.id: definition for definition in load_series()}.get(first.series)
    return Place(
        first.series if len(series) == 1 else "added",
        _as_name(first.period) if len(series) == 1 else ends_on.isoformat(),
        known.title if known else first.series,
        known.publisher if known else "unknown",
        known.licence if known else "unknown",
    )


def _edition(publication: PublicationDefinition, kind: FileKind, ends_on: date) -> EditionDefinition | None:
    """Return the edition with such a file that speaks of a day, or else of its year."""
    editions = [edition for edition in publication.editions if kind in publication.kinds(edition)]
    exact = [edition for edition in editions if edition.ends_on == ends_on]
    year = [edition for edition in editions if edition.period == str(ends_on.year)]
    return next(iter(exact or year), None)


def _named(series: str, period: str, path: Path) -> Place:
    check_name(series, "series")
    check_name(period, "period")
    for publication in load_catalogue():
        if any(kind.series == series for kind in publication.files):
            return Place(series, period, publication.title, publication.publisher, publication.licence)
    known = {definition.id: definition for definition in load_series()}.get(series)
    if known is not None:
        return Place(series, period, known.title, known.publisher, known.licence)
    return Place(series, period, path.stem, "unknown", "unknown")


def _as_name(text: str) -> str:
    return re.sub(r"[^a-z0-9.-]+", "-", text.lower()).strip("-.") or "undated"


def _told(path: Path, said: Provenance, ask: Ask | None) -> Provenance:
    """Return where a file came from, asked for where it was not said and somebody is there."""
    source, published = said.source, said.published
    if source is None and ask is not None:
        source = ask(f"{path.name}: where does it come from (an address, or in words)?", True)
        published = published or ask(
            f"{path.name}: when was it published (2024-07-15; empty if unknown)?", False
        )
    source = " ".join((source or "").split())
    if not source:
        raise UsageError(
            f"'{path}': nobody says where it comes from. Give --source with its address, or in words: "
            '--source "e-mail from Ofsted, 3 May 2024".'
        )
    if published:
        try:
            moment(published)
        except ValueError:
            raise UsageError(f"'{published}' is no day. Write it as 2024-07-15.") from None
    return Provenance(source, published or None, said.publisher, said.licence)


def _add(path: Path, shelf: Shelf, extension: str, place: Place, told: Provenance) -> Added:
    source = told.source or ""
    address = source if _is_address(source) else None
    with shelf.reserved(place.series, place.period) as partial:
        # Under a name of its own: a download of the same file that was interrupted is gone on with later.
        copy = partial.with_name(f"{partial.name}.added")
        try:
            shutil.copyfile(path, copy)
            # What is kept is what was looked at, whoever changed the file meanwhile.
            check_file(copy, extension, str(path), ContentLimits())
            sha256 = hash_file(copy)
            held = Held(
                series=place.series,
                period=place.period,
                file=f"{place.series}/{place.period}/{sha256}.{extension}",
                sha256=sha256,
                size=copy.stat().st_size,
                origin="added",
                url=address,
                page=None,
                retrieved=datetime.now(UTC).isoformat(timespec="seconds"),
                published=told.published,
                last_modified=None,
                etag=None,
                media_type=None,
                title=place.title,
                publisher=told.publisher or place.publisher,
                licence=told.licence or place.licence,
                name=None if extension == "pdf" else name_in(path.name),
                said=None if address else source,
            )
            line, status = shelf.hold(copy, held)
        finally:
            copy.unlink(missing_ok=True)
    current = shelf.current(place.series, place.period)
    return Added(path, line, status, current is not None and current.sha256 == line.sha256)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return False
    if parts.username or parts.password:
        raise UsageError("The address given as --source carries a name or password: leave that out.")
    return True
