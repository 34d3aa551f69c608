"""The Office for National Statistics: files of a data set's editions.

Pages of ONS answer as JSON at ``/data``. File names move from issue to issue (``v2``, ``v3``), so the page of
an edition is asked first; the catalogue's name stands where it does not answer. Reference: SOURCES.md,
section 8.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ofsight.definitions.catalogue_schema import EditionDefinition, PublicationDefinition
from ofsight.errors import ReleaseError
from ofsight.releases.catalogue import found_edition
from ofsight.releases.offers import Offer, want
from ofsight.releases.refusals import ContentError

if TYPE_CHECKING:
    from ofsight.releases.download import Downloader

__all__ = ["find_ons_editions", "offer_ons_file"]

_SITE: Final = "https://www.ons.gov.uk"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+\.[a-z]{3,4}")
_ISSUE: Final = re.compile(r"v\d+$")


def offer_ons_file(
    loader: Downloader, publication: PublicationDefinition, edition: EditionDefinition
) -> Offer:
    """Return the file of an edition: the one that its page names today.

    Raises
    ------
    ReleaseError
        When the page names several and none of them is the catalogue's.
    """
    path = f"{publication.page}/{edition.folder}"
    about = _ask(loader, path)
    downloads = about.get("downloads")
    named = [
        item.get("file")
        for item in (downloads if isinstance(downloads, list) else ())
        if isinstance(item, dict)
    ]
    files = [name for name in named if isinstance(name, str) and _NAME.fullmatch(name)]
    file = _choose(str(edition.file), files, f"{_SITE}/{path}")
    described = about.get("description")
    released = described.get("releaseDate") if isinstance(described, dict) else None
    kind = publication.files[0]
    return Offer(
        want(
            publication,
            kind,
            edition,
            url=f"{_SITE}/file?uri={quote(f'/{path}/{file}')}",
            extension=PurePosixPath(file).suffix.lower().lstrip("."),
            page=f"{_SITE}/{publication.page}",
            published=released if isinstance(released, str) else None,
        )
    )


def _choose(known: str, files: list[str], page: str) -> str:
    """Take the catalogue's file, or its newest issue, or the only one of its kind."""
    if not files:
        return known
    stem, ending = PurePosixPath(known).stem, PurePosixPath(known).suffix
    alike = [name for name in files if name.endswith(ending)]
    issues = [name for name in alike if _bare(name) == _ISSUE.sub("", stem)]
    if issues:
        return max(issues, key=lambda name: (len(name), name))
    if len(alike) == 1:
        return alike[0]
    raise ReleaseError(
        f"the page offers {', '.join(files)}, and none of them is '{known}'.",
        file=page,
        hint="Say which is meant: 'file' of this edition in definitions/catalogue.",
    )


def _bare(name: str) -> str:
    return _ISSUE.sub("", PurePosixPath(name).stem)


def find_ons_editions(loader: Downloader, publication: PublicationDefinition) -> list[EditionDefinition]:
    """Find editions that the data set's page lists and the catalogue does not, by their folders' names."""
    if publication.discover is None:
        return []
    known = {edition.folder for edition in publication.editions}
    periods = {edition.period for edition in publication.editions}
    newest = max((edition.ends_on for edition in publication.editions), default=None)
    found: dict[str, EditionDefinition] = {}
    listed = _ask(loader, str(publication.page)).get("datasets")
    for item in listed if isinstance(listed, list) else ():
        folder = PurePosixPath(str(item.get("uri", ""))).name if isinstance(item, dict) else ""
        match = re.search(publication.discover.title, folder)
        if match is None or folder in known or re.fullmatch(r"[a-z0-9]+", folder) is None:
            continue
        period = publication.discover.period.format(year=match["year"])
        # The page of the edition says what its file is called; till then it has none of its own.
        edition = found_edition(period=period, folder=folder, file="unknown.xlsx")
        if edition is None or period in periods:
            continue
        if newest is None or edition.ends_on > newest:
            found.setdefault(period, edition)
    return sorted(found.values(), key=lambda edition: edition.ends_on)


def _ask(loader: Downloader, path: str) -> Mapping[str, Any]:
    """Return what a page says of itself; nothing where it has no such answer."""
    answer = loader.get(f"{_SITE}/{path}/data", accept="application/json", statuses=(200, 404))
    if answer.status == 404:
        return {}
    try:
        content = answer.json()
    except ContentError:  # a page for people
        return {}
    return content if isinstance(content, dict) else {}
