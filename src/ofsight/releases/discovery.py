"""Editions that the catalogue does not list yet: what collections and GOV.UK's search name.

What is found is said to be found, and never taken for what the catalogue knows. Reference: SOURCES.md,
section 11.2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from ofsight.definitions.catalogue_schema import EditionDefinition, PublicationDefinition
from ofsight.errors import ReleaseError
from ofsight.releases.attachments import SITE, split_address
from ofsight.releases.catalogue import found_edition
from ofsight.releases.govuk import Listed, read_listed

if TYPE_CHECKING:
    from ofsight.releases.download import Answer, Downloader

__all__ = ["find_editions", "search_pages"]

_PER_PAGE: Final = 100
# Ten pages of a search that is ordered by date and asks for one organisation's words.
_MOST: Final = 1000
_FIELDS: Final = "title,link,public_timestamp,content_store_document_type"


def find_editions(loader: Downloader, publication: PublicationDefinition) -> list[EditionDefinition]:
    """Find editions that are published and not listed, the oldest first.

    Raises
    ------
    ReleaseError
        When neither the collection nor the search answers as it should.
    """
    rule = publication.discover
    if rule is None:
        return []
    known = {edition.period for edition in publication.editions}
    pages = {page for edition in publication.editions for page in edition.pages}
    newest = max((edition.ends_on for edition in publication.editions), default=None)
    listed: list[Listed] = []
    if publication.collection is not None:
        listed += read_listed(loader, publication.collection)
    # Nothing about a later time was published before it.
    since = None if newest is None else newest.isoformat()
    listed += search_pages(loader, publication.title, organisation=rule.organisation, since=since)
    found: dict[str, EditionDefinition] = {}
    for page in listed:
        match = re.search(rule.title, " ".join(page.title.replace("’", "'").split()), re.IGNORECASE)
        if match is None or page.path in pages:
            continue
        period = rule.period.format(year=match["year"])
        edition = found_edition(period=period, pages=(page.path,))
        if edition is None or period in known:
            continue
        # What is older than all that is listed was left out on purpose, or is another's page of that year.
        if newest is None or edition.ends_on > newest:
            found.setdefault(period, edition)
    return sorted(found.values(), key=lambda edition: edition.ends_on)


def search_pages(
    loader: Downloader, words: str, *, organisation: str | None = None, since: str | None = None
) -> list[Listed]:
    """Search GOV.UK, newest first, announcements of what is to come left out.

    Parameters
    ----------
    words : str
        What to look for; the search takes 512 letters.
    organisation : str, optional
        Whose pages, as GOV.UK writes it in addresses.
    since : str, optional
        The first day, ISO 8601.

    Raises
    ------
    ReleaseError
        When the answer is none of the search's, or it refuses the question.
    """
    question = {"q": words[:512], "count": str(_PER_PAGE), "order": "-public_timestamp", "fields": _FIELDS}
    if organisation is not None:
        question["filter_organisations"] = organisation
    if since is not None:
        question["filter_public_timestamp"] = f"from:{since}"
    found: list[Listed] = []
    start = 0
    while start < _MOST:
        url = f"{SITE}/api/search.json?{urlencode({**question, 'start': str(start)})}"
        answer = loader.get(url, accept="application/json", statuses=(200, 422))
        if answer.status == 422:
            raise ReleaseError(f"the search refuses the question ({answer.text[:200].strip()}).", file=url)
        results, total = _results(answer, url)
        found += [page for page in map(_listed, results) if page is not None]
        start += len(results)
        if not results or start >= total:
            break
    return found


def _results(answer: Answer, url: str) -> tuple[list[Any], int]:
    content = answer.json()
    try:
        results, total = content["results"], int(content["total"])
    except (ValueError, KeyError, TypeError):
        results, total = None, 0
    if not isinstance(results, list):
        raise ReleaseError("the answer is not a list of results.", file=url, hint="Try again later.")
    return results, total


def _listed(result: Any) -> Listed | None:
    if not isinstance(result, dict):
        return None
    title, link, when = result.get("title"), result.get("link"), result.get("public_timestamp")
    announced = "announcement" in str(result.get("content_store_document_type", ""))
    if not isinstance(title, str) or not isinstance(link, str) or announced:
        return None
    parts = split_address(link)
    # Recommended links lead elsewhere; announcements have a folder of their own.
    if parts is None or parts.hostname != "www.gov.uk" or "/announcements/" in parts.path:
        return None
    return Listed(title, parts.path.strip("/"), when if isinstance(when, str) else None)
