"""Asking the process that makes pages, so that the one that answers visitors is free for finished answers.

Python runs one thread of a process at a time, and a page takes 5 to 60 ms of a processor when it is first
made: in one process every finished answer would wait behind the pages that are being made. So a second
process, which `ofsight.web.maker_process` starts, is the explorer once more, asked over the loopback by the
first. Where it does not answer, or shows another state of the data, the first makes the page itself.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx

from ofsight.web.cache import Kept

__all__ = ["PASS", "SPOT", "Maker", "Spot"]

SPOT: Final = "OFSIGHT_MAKER"
"""The variable that says where the maker listens and what lets in: ``PORT:PASS``."""

PASS: Final = "x-ofsight-pass"
"""The header with the pass, in what is asked and in what is answered: nobody else is let in, nor believed."""

_HERE: Final = ("/health", "/api/v1/rows/", "/api/v1/ofsight.sqlite")
"""What is answered where it is asked: the state of the process, and downloads that are sent as they come."""

_OF_THE_WIRE: Final = frozenset(
    {
        b"connection",
        b"content-encoding",
        b"content-length",
        b"date",
        b"etag",
        b"transfer-encoding",
        b"vary",
        PASS.encode(),
    }
)
"""Headers of this one transfer: `ofsight.web.front` writes its own, as the visitor's request asks."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the maker listens on this machine, and the word that lets in."""

    port: int
    password: str

    @classmethod
    def from_environment(cls) -> Self | None:
        """Return the spot that the environment names; None where it names none."""
        port, _, password = os.environ.get(SPOT, "").partition(":")
        return cls(int(port), password) if port.isdecimal() and password else None

    def __str__(self) -> str:
        """Return it as the environment holds it."""
        return f"{self.port}:{self.password}"


class Maker:
    """The process that makes pages, as seen from one that answers.

    Parameters
    ----------
    spot : Spot
        Where it listens.
    seconds : float
        How long an answer may take; then it is made here.
    """

    def __init__(self, spot: Spot, seconds: float = 60.0) -> None:
        self._password = spot.password
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{spot.port}",
            headers={PASS: spot.password, "accept-encoding": "gzip"},
            timeout=httpx.Timeout(seconds, connect=1.0),
            limits=httpx.Limits(max_connections=128, max_keepalive_connections=32, keepalive_expiry=10.0),
            trust_env=False,
        )

    async def make(self, scope: MutableMapping[str, Any], version: str) -> Kept | None:
        """Return the finished answer to a request; None when it is to be made here.

        Parameters
        ----------
        scope : ASGI scope
            The request.
        version : str
            The state of the data that is shown here: an answer from another is not taken.
        """
        if not version or scope["path"].startswith(_HERE):
            return None
        try:
            path = scope.get("raw_path") or scope["path"].encode("ascii")
            query = scope.get("query_string", b"")
            url = self._client.base_url.copy_with(raw_path=path + (b"?" + query if query else b""))
            async with self._client.stream("GET", url) as reply:
                body = b"".join([chunk async for chunk in reply.aiter_raw()])
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            return None
        if reply.headers.get(PASS) != self._password or reply.status_code >= 500:
            return None
        tag = reply.headers.get("etag", "").strip('"').removesuffix("-z")
        if reply.status_code == 200 and not tag.startswith(f"{version[:8]}-"):
            return None
        lowered = ((name.lower(), value) for name, value in reply.headers.raw)
        headers = tuple((name, value) for name, value in lowered if name not in _OF_THE_WIRE)
        return Kept(reply.status_code, headers, body, "content-encoding" in reply.headers, tag)

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.aclose()
