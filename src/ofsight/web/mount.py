"""Where visitors reach the explorer: behind a proxy it may be one path of a host among others.

Inside, every address begins at ``/``. Here a path that a proxy left before it is taken off what is asked, and
put before every address in what is answered: links of pages, addresses in JSON, headers, the feed.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ofsight.errors import UsageError

__all__ = ["Mount", "read_mount"]

Headers = list[tuple[bytes, bytes]]

# The answers are ours: attributes stand in double quotes and values are escaped, so a pattern is enough.
_IN_PAGES: Final = re.compile(
    rb'(\s(?:href|src|action|data-search|data-[a-z]+-src)="|<code>(?=/(?:api|areas)\b))(/(?!/))'
)
_IN_JSON: Final = re.compile(rb'("(?:address|instance|next|page)": ?")(/(?!/))')
_IN_LINKS: Final = re.compile(rb"(<)(/(?!/))")
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_OURS: Final = frozenset(
    {"accessibility", "api", "areas", "changes", "changes.atom", "compare", "data", "health", "homes"}
    | {"method", "owners", "robots.txt", "search", "static", "study"}
)
"""What paths of the explorer begin with: a prefix of the same name could not be told from them."""


@dataclass(frozen=True, slots=True)
class Mount:
    """The public address.

    Attributes
    ----------
    origin : str
        ``https://homes.example.org``; empty when it is not known, and then nothing names a host.
    prefix : str
        ``/ofsight``; empty at the root of a host.
    """

    origin: str = ""
    prefix: str = ""

    def inner(self, scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Return a request without the prefix, whether or not the proxy has taken it off."""
        if not self.prefix or not f"{scope['path']}/".startswith(f"{self.prefix}/"):
            return scope
        found = {**scope, "path": scope["path"].removeprefix(self.prefix) or "/"}
        if raw := scope.get("raw_path"):
            found["raw_path"] = raw.removeprefix(self.prefix.encode()) or b"/"
        return found

    def turn(self, kind: bytes, body: bytes) -> bytes:
        """Return a body with the prefix before its addresses; those of the feed name the host too."""
        before = self.prefix.encode()
        if kind.startswith(b"application/atom"):
            before = self.origin.encode() + before
            pattern = _IN_PAGES
        elif kind.startswith(b"text/html"):
            pattern = _IN_PAGES
        elif kind.startswith((b"application/json", b"application/problem+json")):
            pattern = _IN_JSON
        else:
            return body
        return pattern.sub(lambda found: found[1] + before + found[2], body) if before else body

    def turn_headers(self, headers: Headers) -> Headers:
        """Return headers with the prefix before the addresses in ``location`` and ``link``."""
        before = self.prefix.encode()
        if not before:
            return headers
        turned = []
        for name, value in headers:
            if name == b"location" and value.startswith(b"/"):
                value = before + value
            elif name == b"link":
                value = _IN_LINKS.sub(lambda found: found[1] + before + found[2], value)
            turned.append((name, value))
        return turned


def read_mount(url: str) -> Mount:
    """Return the public address from its words.

    Parameters
    ----------
    url : str
        ``https://homes.example.org/ofsight``, a path of it alone, or nothing for the root of whatever host.

    Raises
    ------
    UsageError
        When it is no such address, or its path begins as paths of the explorer do.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise _refusal(url) from None
    prefix = parts.path.rstrip("/")
    known = (parts.scheme in ("http", "https") and bool(parts.hostname)) or not (parts.scheme or parts.netloc)
    host = re.fullmatch(r"[A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]", parts.netloc.removesuffix(f":{port}"))
    clean = _PATH.fullmatch(prefix) and not {".", ".."} & set(prefix.split("/"))
    if not known or not host or not clean or parts.query or parts.fragment:
        raise _refusal(url)
    if prefix and prefix.split("/")[1] in _OURS:
        raise UsageError(
            f"The path '{prefix}' cannot stand before the explorer's own: they begin with "
            f"/{', /'.join(sorted(_OURS))}. Choose another, such as /ofsight."
        )
    return Mount(f"{parts.scheme}://{parts.netloc}" if parts.scheme else "", prefix)


def _refusal(url: str) -> UsageError:
    return UsageError(
        f"'{url[:200]}' is no address at which visitors could reach the explorer. Give one such as "
        "https://homes.example.org/ofsight, or its path alone: /ofsight."
    )
