"""Explore Education Statistics: the csv files of a publication's releases.

Three ways lead to them, each asked where the one before does not have the file: the public API's data sets;
the site's own list of data files; the page of the release, of which there is also an archive of everything.
Reference: SOURCES.md, sections 6.3 and 6.4; only the first is a promise of the publisher's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from ofsight.definitions.catalogue_schema import EditionDefinition, FileKind, PublicationDefinition
from ofsight.errors import ReleaseError
from ofsight.releases.attachments import Attachment, choose_file, stated_text
from ofsight.releases.catalogue import found_edition
from ofsight.releases.offers import Absence, Absent, Offer, Part, period_of, want

if TYPE_CHECKING:
    from ofsight.releases.download import Downloader

__all__ = ["DataFile", "find_releases", "list_data_files", "offer_releases"]

API: Final = "https://api.education.gov.uk/statistics/v1"
CONTENT: Final = "https://content.explore-education-statistics.service.gov.uk/api"
SITE: Final = "https://explore-education-statistics.service.gov.uk"
_API_PAGE: Final = 20
_LIST_PAGE: Final = 40
_MOST_PAGES: Final = 200
_ID: Final = re.compile(r"[0-9a-f-]{36}", re.IGNORECASE)
_NEXT_DATA: Final = re.compile(r"<script[^>]*id=\"__NEXT_DATA__\"[^>]*>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A csv file of a release.

    Attributes
    ----------
    release : str
        The release, as the publisher names it in addresses: ``2024``.
    file : Attachment
        Title, name and address.
    published : str or None
        ISO 8601.
    rank : int
        Which way led to it: the lower the better.
    """

    release: str
    file: Attachment
    published: str | None
    rank: int


def offer_releases(
    loader: Downloader,
    publication: PublicationDefinition,
    editions: list[EditionDefinition],
    files: list[DataFile],
) -> list[Offer | Absent]:
    """Return what there is of each edition.

    Parameters
    ----------
    loader : Downloader
        Who asks, where the files listed lack an edition.
    publication : PublicationDefinition
        The publication.
    editions : list of EditionDefinition
        Those that are wanted.
    files : list of DataFile
        From `list_data_files`.
    """
    return [item for edition in editions for item in _offer_release(loader, publication, edition, files)]


def _offer_release(
    loader: Downloader, publication: PublicationDefinition, edition: EditionDefinition, files: list[DataFile]
) -> Iterator[Offer | Absent]:
    release = edition.release or edition.period
    page = f"{SITE}/find-statistics/{publication.publication['slug']}/{release}"
    kinds = publication.kinds(edition)
    have = [file for file in files if file.release == release]
    missing: Absence = "failed" if edition.status == "known" else "not found"
    archive: str | None = None
    why = "none of the release's files is called so: " + "; ".join(file.file.title for file in have)[:400]
    # Where the lists have all that must be there, the page of the release is left in peace.
    if any(not kind.optional and not _is_there(kind, have) for kind in kinds):
        try:
            more, archive = _read_release_page(loader, page, release)
            have += more
        except ReleaseError as error:
            why = why if have else str(error)
    if not have and archive is not None:
        yield _offer_archive(publication, edition, page, archive)
        return
    for kind in kinds:
        period = period_of(kind, edition)
        try:
            found = _choose(kind, have)
        except ReleaseError as error:
            yield Absent(kind.series, period, "failed", str(error), page)
            continue
        if found is None:
            yield Absent(kind.series, period, "not offered" if kind.optional else missing, why, page)
            continue
        yield Offer(
            want(
                publication,
                kind,
                edition,
                url=found.file.url,
                extension="csv",
                page=page,
                title=f"{publication.title}: {found.file.title}",
                published=found.published,
                media_type="text/csv",
            )
        )


def _is_there(kind: FileKind, files: list[DataFile]) -> bool:
    try:
        return _choose(kind, files) is not None
    except ReleaseError:  # several: that is told when it is chosen
        return True


def _choose(kind: FileKind, files: list[DataFile]) -> DataFile | None:
    """Choose the file of a kind from the best of the ways that have it, its last issue there."""
    for rank in sorted({file.rank for file in files}):
        by_url = {file.file.url: file for file in files if file.rank == rank}
        found = choose_file(kind, [file.file for file in by_url.values()])
        if found is not None:
            return by_url[found.url]
    return None


def _offer_archive(
    publication: PublicationDefinition, edition: EditionDefinition, page: str, version: str
) -> Offer:
    """Return the archive of everything, and what is taken out of it."""
    url = f"{CONTENT}/releases/{version}/files"
    whole = FileKind(series=f"{publication.id}-archive")
    title = f"{publication.title}: all files of the release"
    return Offer(
        want(publication, whole, edition, url=url, extension="zip", page=page, title=title),
        parts=tuple(
            Part(kind, want(publication, kind, edition, url=url, extension="csv", page=page))
            for kind in publication.kinds(edition)
        ),
    )


def list_data_files(loader: Downloader, publication: PublicationDefinition) -> list[DataFile]:
    """List the csv files of all releases that the API and the site's list name.

    Returns
    -------
    list of DataFile
        Empty where neither has any.

    Raises
    ------
    ReleaseError
        When neither answers; what the last one said.
    """
    found: list[DataFile] = []
    failed: list[ReleaseError] = []
    try:
        identity = _find_publication(loader, publication)
    except ReleaseError as error:
        failed.append(error)
        identity = publication.publication.get("id")
    for read in (_read_api, _read_list):
        if identity is None:
            continue
        try:
            found += read(loader, identity)
        except ReleaseError as error:
            failed.append(error)
    if not found and len(failed) > 1:
        raise failed[-1]
    return found


def find_releases(publication: PublicationDefinition, files: list[DataFile]) -> list[EditionDefinition]:
    """Find releases that the publisher lists and the catalogue does not, newer than all that it does."""
    if publication.discover is None:
        return []
    known = {edition.release or edition.period for edition in publication.editions}
    newest = max((edition.ends_on for edition in publication.editions), default=None)
    found: dict[str, EditionDefinition] = {}
    for release in sorted({file.release for file in files} - known):
        match = re.search(publication.discover.title, release)
        if match is None:
            continue
        period = publication.discover.period.format(year=match["year"])
        edition = found_edition(period=period, release=release)
        if edition is not None and (newest is None or edition.ends_on > newest):
            found.setdefault(period, edition)
    return list(found.values())


def _find_publication(loader: Downloader, publication: PublicationDefinition) -> str | None:
    known = publication.publication.get("id")
    if known is not None:
        return known
    slug = publication.publication["slug"]
    for item in _pages(loader, f"{API}/publications", _API_PAGE, search=publication.title[:60]):
        if item.get("slug") == slug and _ID.fullmatch(str(item.get("id", ""))):
            return str(item["id"])
    answer = loader.get(f"{CONTENT}/publications/{slug}", accept="application/json", statuses=(200, 404))
    if answer.status == 404:
        return None
    identity = str(_object(answer.json(), answer.url).get("id", ""))
    return identity if _ID.fullmatch(identity) else None


def _read_api(loader: Downloader, identity: str) -> Iterator[DataFile]:
    """Read the data sets of the public API, every published version of each, the newest of a release."""
    for data_set in _pages(loader, f"{API}/publications/{identity}/data-sets", _API_PAGE):
        key, title = str(data_set.get("id", "")), str(data_set.get("title", ""))
        if not _ID.fullmatch(key):
            continue
        newest: dict[str, tuple[tuple[int, ...], Mapping[str, Any]]] = {}
        for version in _pages(loader, f"{API}/data-sets/{key}/versions", _API_PAGE):
            number = str(version.get("version", ""))
            release = _release_of(version)
            if str(version.get("status", "Published")) != "Published" or release is None:
                continue
            if re.fullmatch(r"\d+(\.\d+)*", number) is None:
                continue
            order = tuple(map(int, number.split(".")))
            if release not in newest or order > newest[release][0]:
                newest[release] = (order, version)
        for release, (_, version) in newest.items():
            url = f"{API}/data-sets/{key}/csv?{urlencode({'dataSetVersion': version['version']})}"
            yield DataFile(
                release, Attachment(title, "data-set.csv", url), stated_text(version.get("published")), 0
            )


def _release_of(version: Mapping[str, Any]) -> str | None:
    """Return the release of a version: as it says, else the last year that it covers."""
    release, periods = version.get("release"), version.get("timePeriods")
    slug = stated_text(release.get("slug")) if isinstance(release, dict) else None
    if slug is not None:
        return slug
    years = re.findall(r"20\d\d", str(periods.get("end", ""))) if isinstance(periods, dict) else []
    return years[-1] if years else None


def _read_list(loader: Downloader, identity: str) -> Iterator[DataFile]:
    """Read the site's list of data files, replaced ones left out."""
    url = f"{CONTENT}/data-set-files"
    for item in _pages(loader, url, _LIST_PAGE, publicationId=identity, latestOnly="false"):
        key, release = str(item.get("id", "")), item.get("release")
        slug = stated_text(release.get("slug")) if isinstance(release, dict) else None
        if slug is None or not _ID.fullmatch(key) or item.get("isSuperseded") is True:
            continue
        file = Attachment(
            title=str(item.get("title", "")),
            filename=stated_text(item.get("filename")) or "data.csv",
            url=f"{CONTENT}/data-set-files/{key}/download",
        )
        yield DataFile(
            slug, file, stated_text(item.get("lastUpdated")) or stated_text(item.get("published")), 1
        )


def _read_release_page(loader: Downloader, page: str, release: str) -> tuple[list[DataFile], str | None]:
    """Read the page of a release: its files, and the number of its version, under which an archive lies."""
    text = loader.get_text(f"{page}/data-guidance")
    match = _NEXT_DATA.search(text)
    try:
        content = json.loads(match[1]) if match else None
    except ValueError:
        content = None
    if content is None:
        raise ReleaseError(
            "the page of the release has changed: its data is not found in it.", file=page, hint=_HINT
        )
    files: dict[str, DataFile] = {}
    version: str | None = None
    for item in _objects(content):
        key, title = (
            str(item.get("dataSetFileId", "")),
            stated_text(item.get("title")) or stated_text(item.get("name")),
        )
        if _ID.fullmatch(key) and title is not None:
            name = stated_text(item.get("filename")) or "data.csv"
            file = Attachment(unescape(title), name, f"{SITE}/data-catalogue/data-set/{key}/csv")
            files.setdefault(key, DataFile(release, file, None, 2))
        found = str(item.get("releaseVersionId", ""))
        version = version or (found if _ID.fullmatch(found) else None)
    return list(files.values()), version


_HINT: Final = "Download its files by hand and give them to: ofsight add"


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Walk all objects of a JSON value, without recursion: the page decides how deep it is."""
    waiting = [value]
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _pages(loader: Downloader, url: str, size: int, **question: str) -> Iterator[Mapping[str, Any]]:
    """Walk the results of all pages of a list."""
    for number in range(1, _MOST_PAGES + 1):
        asked = f"{url}?{urlencode({**question, 'page': str(number), 'pageSize': str(size)})}"
        answer = _object(loader.get_json(asked), asked)
        results, paging = answer.get("results"), answer.get("paging")
        if not isinstance(results, list):
            raise ReleaseError("the answer is not a list of results.", file=asked, hint="Try again later.")
        yield from (item for item in results if isinstance(item, dict))
        total = paging.get("totalPages") if isinstance(paging, dict) else None
        if not results or not isinstance(total, int) or number >= total:
            return


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ReleaseError(
            "the answer is not what this interface gives.", file=where, hint="Try again later."
        )
    return value
