"""From an edition of the catalogue to files with an address, by asking its publisher."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from ofsight.definitions.catalogue_schema import EditionDefinition, FileKind, PublicationDefinition
from ofsight.errors import ReleaseError
from ofsight.releases.arcgis import features_as_csv, features_as_geojson, service_url
from ofsight.releases.attachments import SITE, Attachment, choose_file
from ofsight.releases.catalogue import Chosen
from ofsight.releases.discovery import find_editions
from ofsight.releases.ees import DataFile, find_releases, list_data_files, offer_releases
from ofsight.releases.govuk import Listed, MissingPageError, Page, read_listed, read_page
from ofsight.releases.offers import Absence, Absent, Offer, Part, period_of, want
from ofsight.releases.ons import find_ons_editions, offer_ons_file
from ofsight.releases.refusals import UnreachableError

if TYPE_CHECKING:
    from ofsight.releases.download import Downloader

__all__ = ["Planner"]

_PORTAL: Final = "https://geoportal.statistics.gov.uk"
_NAMED: Final = 6


class Planner:
    """Asks publishers what there is, each page once.

    Parameters
    ----------
    loader : Downloader
        Who asks.
    """

    def __init__(self, loader: Downloader) -> None:
        self._loader = loader
        self._pages: dict[str, Page | MissingPageError] = {}
        self._listed: dict[str, list[Listed]] = {}
        self._data_files: dict[str, list[DataFile]] = {}

    def discover(self, chosen: Chosen) -> Chosen:
        """Return it with the editions that the publisher lists and the catalogue does not.

        Raises
        ------
        ReleaseError
            When the publisher's lists cannot be read.
        """
        publication = chosen.publication
        if publication.discover is None:
            return chosen
        if publication.ask == "govuk":
            return chosen.with_found(find_editions(self._loader, publication))
        if publication.ask == "ees":
            return chosen.with_found(find_releases(publication, self._files_of(publication)))
        if publication.ask == "ons":
            return chosen.with_found(find_ons_editions(self._loader, publication))
        return chosen

    def plan(self, publication: PublicationDefinition, edition: EditionDefinition) -> list[Offer | Absent]:
        """Return every file of an edition, with its address or with why it has none.

        Raises
        ------
        UnreachableError
            When the publisher cannot be reached at all.
        """
        try:
            return list(self._plan(publication, edition))
        except UnreachableError:
            raise
        except ReleaseError as error:
            return _all_absent(publication, edition, "failed", str(error), None)

    def _plan(
        self, publication: PublicationDefinition, edition: EditionDefinition
    ) -> Iterator[Offer | Absent]:
        if publication.ask == "govuk":
            yield from self._plan_govuk(publication, edition)
        elif publication.ask == "ees":
            files = self._files_of(publication)
            yield from offer_releases(self._loader, publication, [edition], files)
        elif publication.ask == "ons":
            yield offer_ons_file(self._loader, publication, edition)
        elif publication.ask == "arcgis":
            yield from _offer_features(self._loader, publication, edition)
        else:
            yield from _all_absent(publication, edition, "by hand", publication.note, None)

    def _files_of(self, publication: PublicationDefinition) -> list[DataFile]:
        if publication.id not in self._data_files:
            self._data_files[publication.id] = list_data_files(self._loader, publication)
        return self._data_files[publication.id]

    def _plan_govuk(
        self, publication: PublicationDefinition, edition: EditionDefinition
    ) -> Iterator[Offer | Absent]:
        missing: Absence = "failed" if edition.status == "known" else "not found"
        try:
            page = self._find_page(publication, edition)
        except MissingPageError as error:
            yield from _all_absent(publication, edition, missing, str(error), error.file)
            return
        files = self._with_children(publication, edition, page)
        taken: set[str] = set()
        absent: list[Absent] = []
        for kind in publication.kinds(edition):
            if kind.unless in taken:
                continue
            period = period_of(kind, edition)
            if kind.body:
                yield _offer_body(publication, kind, edition, page)
                taken.add(kind.series)
                continue
            try:
                file = choose_file(kind, files, edition.called)
            except ReleaseError as error:
                absent.append(Absent(kind.series, period, "failed", str(error), page.url))
                continue
            if file is None:
                status = "not offered" if kind.optional else missing
                absent.append(Absent(kind.series, period, status, _not_among(files), page.url))
                continue
            taken.add(kind.series)
            yield _offer_file(publication, kind, edition, page, file)
        if not taken and not any(item.status == "failed" for item in absent):
            # Each of its kinds may be wanting, and all of them together may not.
            yield from (
                Absent(item.series, item.period, missing, item.reason, item.page) for item in absent[:1]
            )
            return
        yield from absent

    def _find_page(self, publication: PublicationDefinition, edition: EditionDefinition) -> Page:
        """Return the first page of an edition that is there, else the one that the collection lists."""
        tried: MissingPageError | None = None
        for path in edition.pages:
            found = self._page(path)
            if isinstance(found, Page):
                return found
            # What was taken away says more than what never was there.
            tried = found if tried is None or "taken" in found.problem else tried
        if publication.collection is not None and edition.title is not None:
            for listed in self._collection(publication.collection):
                title = " ".join(listed.title.replace("’", "'").split())
                if re.search(edition.title, title, re.IGNORECASE):
                    found = self._page(listed.path)
                    if isinstance(found, Page):
                        return found
        raise tried or MissingPageError(
            f"no edition of {edition.period} is listed.", file=f"{SITE}/{publication.collection}"
        )

    def _page(self, path: str) -> Page | MissingPageError:
        if path not in self._pages:
            try:
                self._pages[path] = read_page(self._loader, path)
            except MissingPageError as error:
                self._pages[path] = error
        return self._pages[path]

    def _collection(self, path: str) -> list[Listed]:
        if path not in self._listed:
            try:
                self._listed[path] = read_listed(self._loader, path)
            except MissingPageError:
                self._listed[path] = []
        return self._listed[path]

    def _with_children(
        self, publication: PublicationDefinition, edition: EditionDefinition, page: Page
    ) -> list[Attachment]:
        """Return a page's files; those of its parts too where it lacks one that should be there."""
        files = list(page.files)
        wanted = [kind for kind in publication.kinds(edition) if not kind.body]
        for _, path in page.children:
            if not _lacks(wanted, files, edition.called):
                break
            child = self._page(path)
            if isinstance(child, Page):
                known = {file.url for file in files}
                files += [file for file in child.files if file.url not in known]
        return files


def _lacks(kinds: list[FileKind], files: list[Attachment], called: str) -> bool:
    """Whether a file that should be there is not; of kinds that stand for each other, one is enough."""
    found: set[str] = set()
    for kind in kinds:
        try:
            if choose_file(kind, files, called) is not None:
                found.add(kind.series)
        except ReleaseError:
            found.add(kind.series)
    needed = [kind for kind in kinds if not kind.optional and kind.unless not in found]
    return not found or any(kind.series not in found for kind in needed)


def _offer_file(
    publication: PublicationDefinition,
    kind: FileKind,
    edition: EditionDefinition,
    page: Page,
    file: Attachment,
) -> Offer:
    # Publishers often begin the title of a file with that of its page.
    whole = file.title.casefold().startswith(page.title.casefold())
    title = file.title if whole else f"{page.title}: {file.title}"
    title = title if page.withdrawn is None else f"{title} (withdrawn)"
    offered = partial(
        want, publication, url=file.url, page=page.url, title=title, published=page.published, size=file.size
    )
    if file.extension != "zip":
        return Offer(offered(kind, edition, extension=file.extension, media_type=file.content_type))
    # The archive is kept as it was published, under a name of its own, beside what is taken out of it.
    archive = kind.model_copy(update={"series": f"{kind.series}-archive"})
    inner = next((ending for ending in kind.formats if ending != "zip"), "csv")
    part = replace(offered(kind, edition, extension=inner), size=None)
    return Offer(offered(archive, edition, extension="zip"), parts=(Part(kind, part),))


def _offer_body(
    publication: PublicationDefinition, kind: FileKind, edition: EditionDefinition, page: Page
) -> Offer:
    """Return the text of a page as a file: it has tables, and nothing to download."""
    wanted = want(
        publication,
        kind,
        edition,
        url=f"{SITE}/api/content/{page.path}",
        extension="html",
        page=page.url,
        title=page.title,
        published=page.published,
        media_type="text/html",
    )
    return Offer(wanted, make=partial(_as_html, page))


def _as_html(page: Page) -> bytes:
    if not page.body.strip():
        raise ReleaseError("the page has no text.", file=page.url, hint="Look at it in a browser.")
    return f"{page.body.strip()}\n".encode()


def _offer_features(
    loader: Downloader, publication: PublicationDefinition, edition: EditionDefinition
) -> Iterator[Offer]:
    for kind in publication.kinds(edition):
        form, make = ("geojson", features_as_geojson) if edition.geometry else ("csv", features_as_csv)
        wanted = want(
            publication,
            kind,
            edition,
            url=service_url(edition),
            extension=form,
            page=_PORTAL,
            title=f"{publication.title}: {edition.service}",
        )
        yield Offer(wanted, make=partial(make, loader, edition))


def _all_absent(
    publication: PublicationDefinition,
    edition: EditionDefinition,
    status: Absence,
    reason: str,
    page: str | None,
) -> list[Offer | Absent]:
    """Say of the files that should be there why none can be had."""
    return [
        Absent(kind.series, period_of(kind, edition), status, reason, page)
        for kind in publication.expected(edition)
    ]


def _not_among(files: list[Attachment]) -> str:
    if not files:
        return "the page offers no file"
    named = "; ".join(f"'{file.title}' ({file.filename})" for file in files[:_NAMED])
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    return f"none of the page's files is called so: {named}{more}"
