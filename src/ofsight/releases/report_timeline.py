"""The reports that a home's page on Ofsted's site lists; names and addresses on it are left there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ofsight.releases.attachments import read_links, split_address

__all__ = ["ReportFile", "read_timeline"]

_FILE_PATHS: Final = (
    (("files.ofsted.gov.uk", "files.api.ofsted.gov.uk"), re.compile(r"/v1/file/(\d{6,10})")),
    (("reports.ofsted.gov.uk",), re.compile(r"/provider/files/(\d{5,10})/urn/[A-Z0-9]+\.pdf", re.IGNORECASE)),
)
# What a report may be called; whatever else stands on a link is not kept.
_KINDS: Final = (
    "full inspection",
    "interim inspection",
    "monitoring visit",
    "monitoring inspection",
    "assurance visit",
    "emergency inspection",
)
_DAY: Final = re.compile(r"\b(\d{1,2} [A-Z][a-z]+ \d{4})\b")


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report on a home's page.

    Attributes
    ----------
    number : str
        Its number: a number never changes its content.
    kind : str
        ``full inspection`` ...; ``report`` where the page says something else.
    published : str or None
        ISO 8601.
    url : str
        Its address.
    """

    number: str
    kind: str
    published: str | None
    url: str


def read_timeline(text: str, page: str) -> list[ReportFile]:
    """Find the reports on a home's page.

    Parameters
    ----------
    text : str
        The page, HTML.
    page : str
        Its address.

    Returns
    -------
    list of ReportFile
        Each number once, as the page orders them. Links to other hosts, and to what is no report, are left.
    """
    found: dict[str, ReportFile] = {}
    for address, words in read_links(text):
        parts = split_address(address, page)
        if parts is None:
            continue
        for hosts, path in _FILE_PATHS:
            match = path.fullmatch(parts.path)
            if parts.scheme == "https" and parts.hostname in hosts and match:
                kind = next((kind for kind in _KINDS if kind in words.casefold()), "report")
                url = f"https://{parts.hostname}{parts.path}"
                found.setdefault(match[1], ReportFile(match[1], kind, _day(words), url))
    return list(found.values())


def _day(words: str) -> str | None:
    """Return the last day that stands on a link: that of publication."""
    for written in reversed(_DAY.findall(words)):
        try:
            return datetime.strptime(written, "%d %B %Y").date().isoformat()
        except ValueError:
            continue
    return None
