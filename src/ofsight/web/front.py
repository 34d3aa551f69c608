"""Before and behind every answer: methods, limits, headers, compression, cache, conditional requests.

An ASGI application around the one with the routes, so that nothing can be answered past it.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

from ofsight.web.cache import Cache, Kept
from ofsight.web.maker import Maker
from ofsight.web.mount import Mount
from ofsight.web.sources import Holdings

__all__ = ["HEAD", "SECURITY", "STREAM", "Front"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Refuse = Callable[[str, int, str], tuple[list[tuple[bytes, bytes]], bytes]]
Headers = list[tuple[bytes, bytes]]

STREAM: Final = "x-ofsight-stream"
"""A header by which a handler says that its body is sent as it comes: never kept, never packed here."""

HEAD: Final = "ofsight.head"
"""True in the scope of a request for headers only: a handler may then leave out a body that costs much."""

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), browsing-topics=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_OPEN: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Link, Content-Disposition"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
_CLOSED: Final = ((b"cross-origin-resource-policy", b"same-origin"),)
_ALLOWED: Final = b"GET, HEAD, OPTIONS"
_PLAIN: Final = re.compile(rb"[\w/.,~%+!*'():@-]+")
_log = logging.getLogger("ofsight.web")
_LONGEST = 2000
_AT_ROOT: Final = Mount()
_WORTH_PACKING = 500
_PACKED_TYPES = (
    b"text/",
    b"application/json",
    b"application/problem+json",
    b"image/svg",
    b"application/atom",
)
_OWN_HEADERS = frozenset({b"content-length", STREAM.encode(), b"etag"})


@dataclass
class _Collected:
    """An inner application's answer, gathered until it is whole."""

    status: int = 500
    headers: Headers = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    streams: bool = False


class Front:
    """Stands before the routes.

    Parameters
    ----------
    app : ASGI application
        The routes.
    holdings : Holdings
        Whose version is part of every key of the cache.
    refuse : callable
        Makes headers and body of a refusal from address, status and words.
    cache : Cache, optional
        Where finished answers are kept.
    mount : Mount
        Where visitors reach the explorer.
    maker : Maker, optional
        The process that makes pages; without it they are made here.
    """

    def __init__(
        self,
        app: App,
        holdings: Holdings,
        refuse: Refuse,
        cache: Cache | None = None,
        mount: Mount = _AT_ROOT,
        maker: Maker | None = None,
    ) -> None:
        self.app = app
        self.holdings = holdings
        self.refuse = refuse
        self.cache = Cache() if cache is None else cache
        self.mount = mount
        self.maker = maker
        self._looking: asyncio.Future[None] | None = None
        self._pending: dict[tuple[str, str], asyncio.Future[Kept | None]] = {}

    @property
    def n_making(self) -> int:
        """Answers that are being made."""
        return len(self._pending)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = self.mount.inner(scope)
        if self.holdings.is_due():
            self._looking = asyncio.get_running_loop().run_in_executor(None, self.holdings.refresh)
        asked = dict(scope["headers"])
        method = scope["method"]
        refused = self._refusal(scope)
        if refused is not None:
            await _send(send, self._dress(scope, refused), asked, method)
        elif method == "OPTIONS":
            await _send(send, self._dress(scope, _options()), asked, method)
        elif (place := _without_slash(scope)) is not None:
            headers = self.mount.turn_headers([(b"location", place)])
            await _send(send, self._dress(scope, Kept(308, tuple(headers), b"", False, "")), asked, method)
        else:
            await self._answer(scope, receive, send, asked)

    def _refusal(self, scope: Scope) -> Kept | None:
        """Return the refusal of a request that no route should see; None for any other."""
        path, query = scope["path"], scope.get("query_string", b"")
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            status, words = 405, "Nothing can be changed here. Ask with GET or HEAD."
        elif len(scope.get("raw_path") or path.encode("utf-8", "replace")) + len(query) > _LONGEST:
            status, words = 414, f"Addresses here have at most {_LONGEST:,} characters. Ask for less at once."
        elif any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in path):
            status, words = 404, "An address holds no control characters."
        else:
            return None
        headers, body = self.refuse(path, status, words)
        if status == 405:
            headers.append((b"allow", _ALLOWED))
        return Kept(status, tuple(headers), self.mount.turn(dict(headers)[b"content-type"], body), False, "")

    async def _answer(self, scope: Scope, receive: Receive, send: Send, asked: dict[bytes, bytes]) -> None:
        method = scope["method"]
        query = scope.get("query_string", b"").decode("latin-1")
        key = (self.holdings.version, f"{scope['path']}?{query}")
        kept = self.cache.get(key)
        if kept is None:
            kept = await self._make_once(key, scope, receive, send)
        if kept is not None:
            await _send(send, kept, asked, method)

    async def _make_once(
        self, key: tuple[str, str], scope: Scope, receive: Receive, send: Send
    ) -> Kept | None:
        """Return an answer that is not kept yet, made by whoever asks first; None when it was sent on."""
        pending = self._pending.get(key)
        if pending is not None:
            # Many ask for the same page when it is new; it is made once. What cannot be kept is each one's.
            kept = await asyncio.shield(pending)
            if kept is not None:
                return kept
            return await self._make(key, scope, receive, send)
        self._pending[key] = asyncio.get_running_loop().create_future()
        kept = None
        try:
            kept = await self._make(key, scope, receive, send)
            return kept
        finally:
            self._tell_waiting(key, kept if kept is not None and _can_be_kept(kept) else None)

    def _tell_waiting(self, key: tuple[str, str], kept: Kept | None) -> None:
        waited_for = self._pending.pop(key, None)
        if waited_for is not None:
            waited_for.set_result(kept)

    async def _make(self, key: tuple[str, str], scope: Scope, receive: Receive, send: Send) -> Kept | None:
        kept = None if self.maker is None else await self.maker.make(scope, key[0])
        if kept is None:
            got = await self._collect(key, scope, receive, send)
            if got is None:
                return None
            kept = await asyncio.get_running_loop().run_in_executor(None, self._finish, scope, got)
        if key[0] and _can_be_kept(kept):
            self.cache.put(key, kept)
        return kept

    async def _collect(
        self, key: tuple[str, str], scope: Scope, receive: Receive, send: Send
    ) -> _Collected | None:
        """Run the routes and return their answer; None when it was sent on as a stream."""
        got, method = _Collected(), scope["method"]

        async def gather(message: Message) -> None:
            if message["type"] == "http.response.start":
                got.status, got.headers = message["status"], list(message["headers"])
                got.streams = any(name == STREAM.encode() for name, _ in got.headers)
                if got.streams:
                    self._tell_waiting(key, None)  # it may last, and cannot be shared
                    headers = [(n, v) for n, v in got.headers if n != STREAM.encode()]
                    headers += _standing(scope, got.status, headers)
                    await send({**message, "headers": self.mount.turn_headers(headers)})
            elif got.streams:
                await send({**message, "body": b""} if method == "HEAD" else message)
            else:
                got.chunks.append(message.get("body", b""))

        try:
            await self.app({**scope, "method": "GET", HEAD: method == "HEAD"}, receive, gather)
        except Exception:
            # The routes have answered with status 500 already; what they raise besides is for the log.
            if got.streams or not got.headers:
                raise
            _log.exception("Error while answering %s", scope["path"])
        return None if got.streams else got

    def _finish(self, scope: Scope, got: _Collected) -> Kept:
        body = b"".join(got.chunks)
        headers = [(name, value) for name, value in got.headers if name not in _OWN_HEADERS]
        headers = self.mount.turn_headers(headers)
        kind = next((value for name, value in headers if name == b"content-type"), b"")
        body = self.mount.turn(kind, body)
        # Files are written as they are: nothing is packed that would be unpacked at once.
        worth = len(body) > _WORTH_PACKING and not self.holdings.frozen
        packed = worth and kind.startswith(_PACKED_TYPES)
        tag = ""
        if got.status == 200:
            digest = hashlib.blake2s(body, digest_size=6).hexdigest()
            tag = f"{self.holdings.version[:8] or 'none'}-{digest}"
        if packed:
            body = gzip.compress(body, 6, mtime=0)
        return self._dress(scope, Kept(got.status, tuple(headers), body, packed, tag))

    def _dress(self, scope: Scope, kept: Kept) -> Kept:
        headers = [*kept.headers, *_standing(scope, kept.status, list(kept.headers))]
        return Kept(kept.status, tuple(headers), kept.body, kept.packed, kept.tag)


def _can_be_kept(answer: Kept) -> bool:
    return answer.status == 200 and (b"cache-control", b"no-store") not in answer.headers


def _without_slash(scope: Scope) -> bytes | None:
    """Return where an address that ends in a slash leads: to the same without it; None for any other.

    It leads to this host whatever is asked: of slashes at the beginning one is left, and what a browser might
    take for one (a backslash) leads nowhere.
    """
    raw: bytes = scope.get("raw_path") or b""
    if not raw.endswith(b"/") or not raw.strip(b"/") or not _PLAIN.fullmatch(raw):
        return None
    query = scope.get("query_string", b"")
    return b"/" + raw.strip(b"/") + (b"?" + query if query else b"")


def _options() -> Kept:
    allowed = ((b"allow", _ALLOWED), (b"access-control-allow-methods", _ALLOWED))
    more = ((b"access-control-allow-headers", b"If-None-Match"), (b"access-control-max-age", b"86400"))
    return Kept(204, (*allowed, *more), b"", False, "")


def _standing(scope: Scope, status: int, headers: Headers) -> Headers:
    """Return the headers that stand on every answer and are not there yet."""
    names = {name for name, _ in headers}
    found = [*SECURITY, *(_OPEN if scope["path"].startswith("/api/") else _CLOSED)]
    if b"cache-control" not in names:
        found.append((b"cache-control", b"public, max-age=300" if status == 200 else b"no-store"))
    return [(name, value) for name, value in found if name not in names]


def _accepts_gzip(asked: dict[bytes, bytes]) -> bool:
    for part in asked.get(b"accept-encoding", b"").lower().split(b","):
        name, _, weight = part.strip().partition(b";")
        if name.strip() in (b"gzip", b"*"):
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


async def _send(send: Send, kept: Kept, asked: dict[bytes, bytes], method: str) -> None:
    """Send a finished answer in the way that the request can take."""
    headers = list(kept.headers)
    body = kept.body
    zipped = kept.packed and _accepts_gzip(asked)
    if kept.packed:
        headers.append((b"vary", b"Accept-Encoding"))
        if zipped:
            headers.append((b"content-encoding", b"gzip"))
        else:
            body = gzip.decompress(body)
    status = kept.status
    if kept.tag:
        tag = f'"{kept.tag}{"-z" if zipped else ""}"'.encode()
        headers.append((b"etag", tag))
        if _is_known(asked.get(b"if-none-match", b""), tag):
            status, body = 304, b""
            headers = [(name, value) for name, value in headers if name not in _NOT_OF_304]
    if status != 304 and status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


_NOT_OF_304 = frozenset({b"content-type", b"content-encoding", b"content-disposition", b"link"})


def _is_known(known: bytes, tag: bytes) -> bool:
    """Say whether the request already holds this answer (If-None-Match, compared weakly)."""
    if not known:
        return False
    tags = {part.strip().removeprefix(b"W/") for part in known.split(b",")}
    return b"*" in tags or tag in tags
