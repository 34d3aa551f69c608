"""GOV.UK: what a page offers, through the Content API.

A page answers in many ways: with its content, with a redirect that is written in the answer (status 200,
``schema_name: redirect``), with one in the headers, as gone (410), as withdrawn, or with all its links in the
text. Reference: SOURCES.md, section 11.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from ofsight.errors import ReleaseError
from ofsight.releases.attachments import (
    SITE,
    Attachment,
    is_file,
    linked_files,
    split_address,
    stated_text,
)
from ofsight.releases.refusals import ContentError

if TYPE_CHECKING:
    from ofsight.releases.download import Answer, Downloader

__all__ = ["Listed", "MissingPageError", "Page", "read_listed", "read_page"]

_MOST_REDIRECTS: Final = 5


class MissingPageError(ReleaseError):
    """A page that is not there: never was (404), or is gone (410)."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of GOV.UK.

    Attributes
    ----------
    path : str
        Where it is now, without a leading slash.
    title, document_type : str
        What it is.
    published : str or None
        When it last changed, ISO 8601.
    withdrawn : str or None
        Why it was withdrawn, where it was; its files are still there.
    files : tuple of Attachment
        What it offers.
    children : tuple of (str, str)
        Title and path of its parts that are pages themselves.
    body : str
        Its text, HTML.
    """

    path: str
    title: str
    document_type: str
    published: str | None
    withdrawn: str | None
    files: tuple[Attachment, ...]
    children: tuple[tuple[str, str], ...]
    body: str

    @property
    def url(self) -> str:
        """Where a person opens it."""
        return f"{SITE}/{self.path}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A page that a collection or a search lists."""

    title: str
    path: str
    published: str | None


def read_page(loader: Downloader, path: str) -> Page:
    """Read a page, wherever it has moved to.

    Parameters
    ----------
    loader : Downloader
        Who asks.
    path : str
        Without a leading slash.

    Raises
    ------
    MissingPageError
        When it is not there, or is gone; where the publisher names another in its place, so does this.
    ReleaseError
        When its redirects lead in a circle or off GOV.UK, or the answer is none of the Content API's.
    """
    return _page(_read(loader, path))


def read_listed(loader: Downloader, path: str) -> list[Listed]:
    """Read what a collection lists, withdrawn pages and announcements left out.

    Raises
    ------
    MissingPageError, ReleaseError
        As `read_page`.
    """
    content = _read(loader, path)
    listed = []
    for document in _mappings(_mapping(content.get("links")).get("documents")):
        base, title = document.get("base_path"), document.get("title")
        announced = "announcement" in str(document.get("document_type", ""))
        if (
            isinstance(base, str)
            and isinstance(title, str)
            and not announced
            and not document.get("withdrawn")
        ):
            listed.append(Listed(title, base.strip("/"), stated_text(document.get("public_updated_at"))))
    return listed


def _read(loader: Downloader, path: str) -> dict[str, Any]:
    asked: list[str] = []
    path = path.strip("/")
    while len(asked) <= _MOST_REDIRECTS:
        if path in asked:
            break
        asked.append(path)
        url = f"{SITE}/api/content/{path}"
        answer = loader.get(url, accept="application/json", statuses=(200, 404, 410))
        if answer.status == 404:
            raise MissingPageError("there is no such page.", file=f"{SITE}/{path}")
        content = _content(answer, url)
        if answer.status == 410 or content.get("schema_name") == "gone":
            raise _gone(path, content)
        if content.get("schema_name") != "redirect":
            return content
        path = _destination(path, content)
    raise ReleaseError(
        f"its redirects lead in a circle or on and on ({' to '.join(asked)}).",
        file=f"{SITE}/{asked[0]}",
        hint="Look the page up in a browser, and correct its path in definitions/catalogue.",
    )


def _content(answer: Answer, url: str) -> dict[str, Any]:
    try:
        content = answer.json()
    except ContentError:
        if answer.status != 410:
            raise
        return {}
    if not isinstance(content, dict) or "schema_name" not in content:
        raise ReleaseError(
            "the answer is not the content of a page.",
            file=url,
            hint="Try again later, or tell its publisher.",
        )
    return content


def _gone(path: str, content: Mapping[str, Any]) -> MissingPageError:
    details = _mapping(content.get("details"))
    why = " ".join(re.sub(r"<[^>]+>", " ", stated_text(details.get("explanation")) or "").split())
    other = stated_text(details.get("alternative_path"))
    return MissingPageError(
        "the publisher has taken the page away" + (f": {why.rstrip('.')}." if why else "."),
        file=f"{SITE}/{path}",
        hint=f"In its place it names {other}." if other else None,
    )


def _destination(path: str, content: Mapping[str, Any]) -> str:
    """Return where a redirect written in an answer leads: exact ones first, then by the longest prefix."""
    asked = f"/{path}"
    exact: str | None = None
    prefixed: tuple[int, str] | None = None
    for redirect in _mappings(content.get("redirects")):
        source, to = redirect.get("path"), redirect.get("destination")
        if not isinstance(source, str) or not isinstance(to, str):
            continue
        if redirect.get("type", "exact") == "exact":
            exact = to if source == asked else exact
        elif (asked == source or asked.startswith(f"{source.rstrip('/')}/")) and (
            prefixed is None or len(source) > prefixed[0]
        ):
            # A prefix carries the rest of the path along, unless it says that it does not.
            rest = asked[len(source.rstrip("/")) :] if redirect.get("segments_mode") != "ignore" else ""
            prefixed = (len(source), to.rstrip("/") + rest)
    found = exact if exact is not None else prefixed[1] if prefixed else None
    if found is None:
        raise ReleaseError("it is a redirect that says no destination.", file=f"{SITE}{asked}")
    parts = split_address(found)
    if parts is None or parts.scheme != "https" or parts.hostname != "www.gov.uk":
        raise ReleaseError(
            f"it has moved off GOV.UK, to {found}.",
            file=f"{SITE}{asked}",
            hint="Look at it in a browser; the catalogue has to be told whom to ask instead.",
        )
    return parts.path.strip("/")


def _page(content: Mapping[str, Any]) -> Page:
    details = _mapping(content.get("details"))
    path = str(content.get("base_path", "")).strip("/")
    files: dict[str, Attachment] = {}
    children: list[tuple[str, str]] = []
    for item in _mappings(details.get("attachments")):
        kind, url = item.get("attachment_type", "file"), stated_text(item.get("url"))
        if url is None:
            continue
        if kind == "html":
            part = split_address(url)
            if part is not None and part.hostname == "www.gov.uk":
                children.append((str(item.get("title", "")), part.path.strip("/")))
        elif kind == "file":
            _add(files, _attachment(item, url))
    body = stated_text(details.get("body")) or ""
    older = (text for text in _sequence(details.get("documents")) if isinstance(text, str))
    for attachment in linked_files([*older, body], f"{SITE}/{path}"):
        _add(files, attachment)
    notice = _mapping(content.get("withdrawn_notice"))
    return Page(
        path=path,
        title=str(content.get("title", "")),
        document_type=str(content.get("document_type", "")),
        published=stated_text(content.get("public_updated_at"))
        or stated_text(content.get("first_published_at")),
        withdrawn=stated_text(notice.get("explanation")) or ("no reason is given" if notice else None),
        files=tuple(files.values()),
        children=tuple(children),
        body=body,
    )


def _attachment(item: Mapping[str, Any], url: str) -> Attachment | None:
    parts = split_address(url)
    if parts is None or not is_file(parts.geturl()):
        return None
    size = item.get("file_size")
    name = stated_text(item.get("filename")) or unquote(PurePosixPath(parts.path).name)
    return Attachment(
        title=str(item.get("title") or name),
        filename=name,
        url=parts.geturl(),
        content_type=stated_text(item.get("content_type")),
        size=size if isinstance(size, int) and size >= 0 else None,
    )


def _add(files: dict[str, Attachment], attachment: Attachment | None) -> None:
    if attachment is not None:
        files.setdefault(attachment.url, attachment)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in _sequence(value) if isinstance(item, dict)]
