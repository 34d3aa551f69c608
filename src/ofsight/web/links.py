"""Links of pages, read and written: which there are, which file each becomes, how they look from a file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Final
from urllib.parse import quote, unquote

__all__ = ["anchors_in", "file_of", "links_in", "relink", "trim_links"]

# The pages are ours: attributes stand in double quotes and values are escaped, so a pattern is enough.
_LINK: Final = re.compile(r'\b(href|src|action)="([^"]*)"')
_ANCHOR: Final = re.compile(r'\bid="([^"]*)"')
_HOME_LINK: Final = re.compile(r'<a href="/homes/[^"]*">(.*?)</a>', re.DOTALL)
_GET: Final = re.compile(r'<span class="get">.*?</span></a></span>', re.DOTALL)
_PART_JSON: Final = re.compile(
    r',\s*<a href="/api/v1/[^"]*/tables/[^"?]*(?<!\.vl)\.json(?:\?[^"]*)?"[^>]*>.*?</a>', re.DOTALL
)
_LIGHT: Final = ("/homes/", "/owners/")
"""Pages of which there are thousands: each has its JSON, and no file for each of its tables."""

_SUFFIXED: Final = re.compile(r"\.(json|csv|parquet|sqlite|css|js|svg|txt|atom|html)$")
_STRANGE: Final = re.compile(r"[^A-Za-z0-9._,+-]")


def _internal(link: str) -> bool:
    return link.startswith("/") and not link.startswith("//")


def links_in(page: str) -> Iterator[str]:
    """Give every link of a page that stays within the site, places in the page itself included."""
    for _, value in _LINK.findall(page):
        link = unescape(value)
        if _internal(link) or (link.startswith("#") and len(link) > 1):
            yield link


def anchors_in(page: str) -> set[str]:
    """Return the places in a page that a link can lead to."""
    return {unescape(value) for value in _ANCHOR.findall(page)}


def file_of(address: str) -> str:
    """Return the file that an address becomes, below the folder of the site.

    >>> file_of("/"), file_of("/areas/leeds"), file_of("/api/v1/areas/leeds.json")
    ('index.html', 'areas/leeds.html', 'api/v1/areas/leeds.json')
    >>> file_of("/areas?measure=homes")
    'areas@measure~3dhomes.html'
    """
    path, _, query = address.partition("#")[0].partition("?")
    parts = [_STRANGE.sub(_spell, unquote(part)) for part in path.split("/") if part not in ("", ".", "..")]
    name = "/".join(parts) or "index"
    suffix = _SUFFIXED.search(name)
    ending = suffix[0] if suffix else ".html"
    stem = name.removesuffix(suffix[0]) if suffix else name
    if query:
        stem = f"{stem}@{_STRANGE.sub(_spell, unquote(query))}"
    return f"{stem}{ending}"


def _spell(found: re.Match[str]) -> str:
    return "".join(f"~{byte:02x}" for byte in found[0].encode("utf-8"))


def relink(page: str, address: str) -> str:
    """Return a page with its links made relative to its own file."""
    here = posixpath.dirname(file_of(address))

    def turn(found: re.Match[str]) -> str:
        name, link = found[1], unescape(found[2])
        if not _internal(link):
            return found[0]
        path, mark, anchor = link.partition("#")
        to = quote(posixpath.relpath(file_of(path), here or "."))
        return f'{name}="{escape(to)}{mark}{escape(anchor)}"'

    return _LINK.sub(turn, page)


def trim_links(page: str, address: str, *, homes: bool) -> str:
    """Return a page without the links to what is not written.

    That is homes where none are wanted, the tables of pages that are many, and the JSON of single tables: the
    JSON of the page holds them all.
    """
    if not homes:
        page = _HOME_LINK.sub(r"\1", page)
    if address.startswith(_LIGHT):
        return _GET.sub("", page)
    return _PART_JSON.sub("", page)
