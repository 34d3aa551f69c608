"""The files that a page of GOV.UK offers, and which of them is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from ofsight.definitions.catalogue_schema import FileKind, plain_name
from ofsight.errors import ReleaseError

__all__ = [
    "SITE",
    "Attachment",
    "choose_file",
    "is_file",
    "linked_files",
    "read_links",
    "split_address",
    "stated_text",
]

SITE: Final = "https://www.gov.uk"
_ASSETS: Final = "assets.publishing.service.gov.uk"
_ENDINGS: Final = {
    "text/csv": "csv",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.ms-excel": "xls",
    "application/pdf": "pdf",
    "application/zip": "zip",
}
_VERSION: Final = re.compile(r"\bv ?(\d+)\b|\bversion (\d+)\b")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a page offers.

    Attributes
    ----------
    title, filename : str
        What the page and the publisher call it.
    url : str
        Where its bytes are, of a host of GOV.UK.
    content_type : str or None
        As the page says it.
    size : int or None
        Bytes, as the page says.
    """

    title: str
    filename: str
    url: str
    content_type: str | None = None
    size: int | None = None

    @property
    def name(self) -> str:
        """Its title and name, as patterns are compared with them."""
        return plain_name(self.title, self.filename)

    @property
    def extension(self) -> str:
        """Its kind by its name, else by its content type; empty where neither says it."""
        ending = PurePosixPath(self.filename).suffix.lower().lstrip(".")
        return ending or _ENDINGS.get((self.content_type or "").partition(";")[0].strip().lower(), "")


def split_address(address: str, base: str = SITE) -> SplitResult | None:
    """Return the parts of an address, relative or not; None where it is no address."""
    try:
        parts = urlsplit(urljoin(base, address.strip()))
        _ = parts.hostname, parts.port
    except ValueError:
        return None
    return parts


def is_file(url: str) -> bool:
    """Whether an address is of a file that GOV.UK serves; previews and other pages are none."""
    parts = split_address(url)
    if parts is None:
        return False
    if parts.scheme != "https" or parts.path.endswith("/preview"):
        return False
    if parts.hostname == _ASSETS:
        return True
    return parts.hostname == "www.gov.uk" and parts.path.startswith(("/government/uploads/", "/media/"))


class _Links(HTMLParser):
    """Collect the links of a text: address and what is written on them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._address: str | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._address, self._words = dict(attrs).get("href"), []

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._address:
            self.found.append((self._address, " ".join(" ".join(self._words).split())))
            self._address = None


def read_links(text: str) -> list[tuple[str, str]]:
    """Return every link of an HTML text: its address as written, and the words on it."""
    parser = _Links()
    parser.feed(text)
    parser.close()
    return parser.found


def linked_files(texts: Iterable[str], base: str) -> Iterator[Attachment]:
    """Find the files that HTML links to. A file may be linked by its picture first: no words.

    Parameters
    ----------
    texts : iterable of str
        HTML, in which links may be relative.
    base : str
        What they are relative to.
    """
    words: dict[str, str] = {}
    for text in texts:
        for address, written in read_links(text):
            parts = split_address(address, base)
            if parts is not None and is_file(parts.geturl()):
                words[parts.geturl()] = words.get(parts.geturl()) or written
    for url, written in words.items():
        name = unquote(PurePosixPath(urlsplit(url).path).name)
        yield Attachment(title=written or name, filename=name, url=url)


def choose_file(kind: FileKind, files: Iterable[Attachment], called: str = "") -> Attachment | None:
    """Choose the file of a kind among those of a page; None where there is none.

    Of several formats the preferred is taken, and of several issues (``v1``, ``v2``) the last.

    Parameters
    ----------
    kind : FileKind
        What is looked for.
    files : iterable of Attachment
        What there is.
    called : str
        A regular expression that its title and name hold too.

    Raises
    ------
    ReleaseError
        When several fit and nothing tells them apart: to take the first would be to guess.
    """
    usable = [
        file
        for file in files
        if file.extension in kind.formats
        and re.search(called, file.name)
        and not (kind.not_called and re.search(kind.not_called, file.name))
    ]
    for pattern in kind.called:
        fitting = [file for file in usable if re.search(pattern, file.name)]
        for ending in kind.formats:
            of_format = [file for file in fitting if file.extension == ending]
            if of_format:
                return _last_issue(kind, of_format)
    return None


def _last_issue(kind: FileKind, files: list[Attachment]) -> Attachment:
    bare = {re.sub(r"\s+", " ", _VERSION.sub(" ", file.name)).strip() for file in files}
    if len(bare) > 1:
        named = "; ".join(f"'{file.title}' ({file.filename})" for file in files)
        raise ReleaseError(
            f"{len(files)} files may be '{kind.series}': {named}.",
            hint="Make the pattern 'called' of this file narrower in definitions/catalogue.",
        )
    return max(files, key=lambda file: max((int(a or b) for a, b in _VERSION.findall(file.name)), default=1))


def stated_text(value: Any) -> str | None:
    """Return what a publisher's answer states as text; None where it is blank, missing or no text at all."""
    return value if isinstance(value, str) and value.strip() else None
