"""Asking the application from within the process: for the frozen site, for warming its cache."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

__all__ = ["Reply", "ask", "started"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the application."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """Its media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()


async def ask(app: Callable[..., Any], address: str) -> Reply:
    """Ask for an address with GET, as a browser without compression would.

    Parameters
    ----------
    app : ASGI application
        Started, see `started`.
    address : str
        Path and query.
    """
    path, _, query = address.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii", "replace"),
        "query_string": query.encode("ascii", "replace"),
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 80),
    }
    found: dict[str, Any] = {"status": 500, "headers": {}}
    chunks: list[bytes] = []

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            found["status"] = message["status"]
            found["headers"] = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            chunks.append(message.get("body", b""))

    await app(scope, receive, send)
    return Reply(found["status"], found["headers"], b"".join(chunks))


@asynccontextmanager
async def started(app: Any) -> AsyncIterator[None]:
    """Start the application and stop it at the end."""
    async with app.router.lifespan_context(app):
        yield
