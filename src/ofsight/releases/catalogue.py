"""Which publications, editions and files are meant by what a user asks for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pydantic import ValidationError

from ofsight.definitions.catalogue_schema import EditionDefinition, PublicationDefinition, load_catalogue
from ofsight.errors import UsageError

__all__ = ["Chosen", "choose", "first_day", "found_edition"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A publication of which some editions are wanted.

    Attributes
    ----------
    publication : PublicationDefinition
        With those of its files that are wanted.
    editions : tuple of EditionDefinition
        The editions wanted, those found since among them.
    since : date or None
        The day from which on editions are wanted.
    found : frozenset of str
        Periods of editions that the catalogue does not list.
    """

    publication: PublicationDefinition
    editions: tuple[EditionDefinition, ...]
    since: date | None = None
    found: frozenset[str] = frozenset()

    def with_found(self, editions: Iterable[EditionDefinition]) -> Chosen:
        """Return it with editions that were discovered."""
        new = tuple(edition for edition in editions if _is_wanted(edition, self.since))
        return replace(
            self, editions=(*self.editions, *new), found=frozenset(edition.period for edition in new)
        )


def choose(
    names: Sequence[str] = (),
    since: str | date | None = None,
    catalogue: Sequence[PublicationDefinition] | None = None,
) -> list[Chosen]:
    """Return what is meant by names of publications, of files on the shelf, or of series.

    Parameters
    ----------
    names : sequence of str
        Nothing means all.
    since : str or date, optional
        A year or day: editions that speak of a time before are left out.
    catalogue : sequence of PublicationDefinition, optional
        In place of ofsight's own.

    Raises
    ------
    UsageError
        When a name is none of these, or `since` is no year or day.
    """
    publications = load_catalogue() if catalogue is None else catalogue
    known = {
        word
        for publication in publications
        for word in (publication.id, *publication.holds, *(kind.series for kind in publication.files))
    }
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            raise UsageError(
                f"'{name}' is no series of the catalogue.{meant} `ofsight releases` lists them all."
            )
    day = first_day(since)
    chosen = []
    for publication in publications:
        kinds = tuple(
            kind
            for kind in publication.files
            if not names or {publication.id, kind.series, *kind.holds} & set(names)
        )
        if kinds:
            part = publication.model_copy(update={"files": kinds})
            editions = tuple(edition for edition in publication.editions if _is_wanted(edition, day))
            chosen.append(Chosen(part, editions, day))
    return chosen


def first_day(since: str | date | None) -> date | None:
    """Read ``2014`` or ``2014-04-01`` as the first day that is wanted.

    Raises
    ------
    UsageError
        When it is neither.
    """
    if since is None or isinstance(since, date):
        return since
    try:
        return date(int(since), 1, 1) if re.fullmatch(r"\d{4}", since) else date.fromisoformat(since)
    except ValueError:
        raise UsageError(f"'{since}' is no year or day. Give it as 2014 or 2014-04-01.") from None


def found_edition(**facts: Any) -> EditionDefinition | None:
    """Return an edition that a publisher's list names; None where what it says cannot be one."""
    try:
        return EditionDefinition(**facts, status="inferred")
    except ValidationError:
        return None


def _is_wanted(edition: EditionDefinition, since: date | None) -> bool:
    return since is None or edition.ends_on >= since
