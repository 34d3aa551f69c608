"""Builders for tests of fetching and keeping: wanted files, publishers faked at the transport, archives."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import httpx

from ofsight.releases.download import Downloader, Limits
from ofsight.releases.wanted import Held, Wanted

HOST = "assets.publisher.test"
URL = f"https://{HOST}/media/0123/Provider_level_at_31_March_2024.csv"
CSV = b"URN,Sector,Overall\r\n" + b"".join(b"SC%06d,Private,Good\r\n" % n for n in range(400))
MODIFIED = "Mon, 15 Jul 2024 08:30:00 GMT"
ANSWERED = "Mon, 23 Nov 2026 05:00:00 GMT"

Handler = Callable[[httpx.Request], httpx.Response]


def wanted(**facts: Any) -> Wanted:
    """A csv that is wanted; pass what is otherwise."""
    return Wanted(
        **{
            "series": "provider-level-at-31-march",
            "period": "2024-03-31",
            "url": URL,
            "page": "https://www.publisher.test/statistics/2024",
            "title": "Children's social care in England 2024",
            "publisher": "Ofsted",
            "licence": "OGL-UK-3.0",
            "published": "2024-07-15T09:30:00+01:00",
            "media_type": "text/csv",
            "extension": "csv",
            "size": None,
            "hosts": (HOST,),
            **facts,
        }
    )


def line(sha256: str = "a" * 64, **facts: Any) -> Held:
    """A line of a manifest; pass what is otherwise."""
    given: dict[str, Any] = {
        "series": "provider-level-at-31-march",
        "period": "2024-03-31",
        "sha256": sha256,
        "size": 1,
        "origin": "fetched",
        "url": URL,
        "page": None,
        "retrieved": "2026-11-23T05:00:00+00:00",
        "published": None,
        "last_modified": None,
        "etag": None,
        "media_type": None,
        "title": "Children's social care",
        "publisher": "Ofsted",
        "licence": "OGL-UK-3.0",
        **facts,
    }
    return Held(**{"file": f"{given['series']}/{given['period']}/{given['sha256']}.csv", **given})


def answer(
    content: bytes = CSV, status: int = 200, headers: Mapping[str, str] | None = None, **more: Any
) -> httpx.Response:
    """An answer whose body is on the wire still, as a server's is; with its length unless told otherwise."""
    given = {"content-type": "text/csv", "content-length": str(len(content)), **(headers or {})}
    kept = {name: value for name, value in given.items() if value}
    return httpx.Response(status, headers=kept, stream=more.pop("stream", None) or httpx.ByteStream(content))


class Broken(httpx.SyncByteStream):
    """A body that breaks off, with the error that the network gives."""

    def __init__(self, *pieces: bytes, error: Exception | None = None) -> None:
        self._pieces = pieces
        self._error = error or httpx.ReadError("connection reset by peer")

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
        raise self._error


class Publisher:
    """Answers one after another, and keeps what it was asked; the last answer is given again."""

    def __init__(self, *answers: httpx.Response | Exception | Handler) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, httpx.Response) else found(request)

    def loader(self, limits: Limits | None = None, **more: Any) -> Downloader:
        """A downloader that asks this publisher and nobody else."""
        client = httpx.Client(transport=httpx.MockTransport(self))
        more = {"allowed_hosts": (HOST,), "gap": 0.0, **more}
        return Downloader(client, limits=limits, **more)

    def header(self, name: str) -> list[str | None]:
        """What each question said in a header."""
        return [request.headers.get(name) for request in self.asked]


def serve_ranges(content: bytes, etag: str = '"v1"') -> Handler:
    """A server that keeps to HTTP: conditions, ranges and If-Range."""

    def serve(request: httpx.Request) -> httpx.Response:
        facts = {"etag": etag, "last-modified": MODIFIED, "date": ANSWERED, "accept-ranges": "bytes"}
        asked = request.headers
        if asked.get("if-none-match") == etag:
            return answer(b"", 304, {**facts, "content-length": ""})
        start = asked.get("range", "").removeprefix("bytes=").removesuffix("-")
        if start and asked.get("if-range") in (etag, MODIFIED):
            if int(start) >= len(content):
                return answer(b"", 416, {**facts, "content-range": f"bytes */{len(content)}"})
            rest = content[int(start) :]
            said = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return answer(rest, 206, {**facts, "content-range": said})
        return answer(content, 200, facts)

    return serve


def packed(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return made.getvalue()


ODS_MIME = b"application/vnd.oasis.opendocument.spreadsheet"


def ods(content: bytes = b"<office:document-content/>", *more: tuple[str, bytes]) -> bytes:
    """The archive of an ods workbook; its content need not be one that opens."""
    return packed([("mimetype", ODS_MIME), ("content.xml", content), *more])


def xlsx(*more: tuple[str, bytes]) -> bytes:
    """The archive of an xlsx workbook."""
    return packed([("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>"), *more])
