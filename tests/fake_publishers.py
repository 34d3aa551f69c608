"""Publishers that answer in the shapes of SOURCES.md, from memory: over a fake transport or on loopback.

Every answer is made by `Publishers.answer`, whichever way the question came; a test names what it is about.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from ofsight.releases.download import Downloader
from ofsight.releases.wire import Limits

GOVUK = "www.gov.uk"
ASSETS = "assets.publishing.service.gov.uk"
EES_API = "api.education.gov.uk"
EES_CONTENT = "content.explore-education-statistics.service.gov.uk"
EES_SITE = "explore-education-statistics.service.gov.uk"
ARCGIS = "services1.arcgis.com"
ONS = "www.ons.gov.uk"
REPORTS = "reports.ofsted.gov.uk"
FILES = "files.ofsted.gov.uk"
HOSTS = (GOVUK, ASSETS, EES_API, EES_CONTENT, EES_SITE, ARCGIS, ONS, REPORTS, FILES)

TYPES = {
    "csv": "text/csv",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
    "pdf": "application/pdf",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
}


@dataclass
class Reply:
    """An answer: status, headers, body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def json_reply(value: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8"})


def attachment(
    title: str = "Underlying data", filename: str = "underlying_data.ods", url: str | None = None, **more: Any
) -> dict[str, Any]:
    """A file attachment of a page."""
    ending = filename.rpartition(".")[2].lower()
    return {
        "attachment_type": "file",
        "id": "123457",
        "title": title,
        "filename": filename,
        "url": url
        or f"https://{ASSETS}/media/{hashlib.sha256(filename.encode()).hexdigest()[:24]}/{filename}",
        "content_type": TYPES.get(ending, "application/octet-stream"),
        "accessible": False,
        **more,
    }


def page(path: str, **more: Any) -> dict[str, Any]:
    """A page in the shape of the Content API; `details` are merged."""
    details = {"body": "<div class='govspeak'></div>", "political": False, "attachments": []}
    details |= more.pop("details", {})
    return {
        "base_path": f"/{path}",
        "content_id": "00000000-0000-4000-8000-000000000000",
        "schema_name": "publication",
        "document_type": "official_statistics",
        "title": "Children's social care in England 2025",
        "description": "…",
        "locale": "en",
        "public_updated_at": "2025-08-05T09:30:00.000+01:00",
        "first_published_at": "2025-07-16T09:30:00.000+01:00",
        "updated_at": "2025-08-05T09:31:02Z",
        "withdrawn_notice": {},
        "details": details,
        "links": {},
        **more,
    }


def redirect(
    path: str, *, to: str, kind: str = "exact", source: str | None = None, **more: Any
) -> dict[str, Any]:
    """A page that moved: status 200, and a body that says where to."""
    step = {"path": f"/{source or path}", "type": kind, "destination": to, **more}
    return {
        "base_path": f"/{path}",
        "schema_name": "redirect",
        "document_type": "redirect",
        "redirects": [step],
    }


class Publishers:
    """All of them, and what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, dict[str, Any] | Reply] = {}
        self.files: dict[tuple[str, str], tuple[bytes, str]] = {}
        self.search: list[dict[str, Any]] = []
        self.data_sets: dict[str, list[dict[str, Any]]] = {}
        self.versions: dict[str, list[dict[str, Any]]] = {}
        self.data_files: dict[str, list[dict[str, Any]]] = {}
        self.publications: list[dict[str, Any]] = []
        self.services: dict[str, dict[str, Any]] = {}
        self.routes: dict[tuple[str, str], Callable[[dict[str, str], Mapping[str, str]], Reply] | Reply] = {}
        self.asked: list[tuple[str, str, Mapping[str, str]]] = []
        self.per_page = 1000
        self._lock = threading.Lock()

    # What a test puts in.

    def add_page(self, path: str, *files: tuple[str, str, bytes], **more: Any) -> None:
        """A page with files: title, file name, bytes."""
        attachments = []
        for title, filename, content in files:
            item = attachment(title, filename, file_size=len(content))
            item["url"] = (
                f"https://{ASSETS}/media/{hashlib.sha256(path.encode()).hexdigest()[:24]}/{filename}"
            )
            self.add_file(item["url"], content)
            attachments.append(item)
        details = {"attachments": attachments, **more.pop("details", {})}
        self.pages[path] = page(path, details=details, **more)

    def add_file(self, url: str, content: bytes, version: str | None = None) -> None:
        """A file; its ETag is of its bytes unless a test says otherwise."""
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        self.files[str(parts.hostname), target] = (content, version or hashlib.md5(content).hexdigest())

    def add_service(self, name: str, rows: list[dict[str, Any]], geometry: Any = None) -> None:
        """A feature service: its rows, and the outline of each where there are outlines."""
        self.services[name] = {"rows": rows, "geometry": geometry}

    # What is answered.

    def answer(self, host: str, target: str, headers: Mapping[str, str]) -> Reply:
        with self._lock:
            self.asked.append((host, target, {name.lower(): value for name, value in headers.items()}))
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        lower = self.asked[-1][2]
        for key in ((host, target), (host, parts.path)):
            if key in self.routes:
                route = self.routes[key]
                return route if isinstance(route, Reply) else route(query, lower)
        if (host, target) in self.files:
            return self._file(*self.files[host, target], target, lower)
        if host == GOVUK and parts.path.startswith("/api/content/"):
            return self._content(parts.path.removeprefix("/api/content/"))
        if host == GOVUK and parts.path == "/api/search.json":
            return self._search(query)
        if host == EES_API:
            return self._api(parts.path.removeprefix("/statistics/v1/").split("/"), query)
        if host == EES_CONTENT and parts.path == "/api/data-set-files":
            return _paged(self.data_files.get(query["publicationId"], []), query)
        if host == ARCGIS:
            return self._features(parts.path.split("/")[5], query)
        return Reply(404, b"<!DOCTYPE html><title>Page not found</title>", {"Content-Type": "text/html"})

    def _file(self, content: bytes, etag: str, target: str, headers: Mapping[str, str]) -> Reply:
        ending = urlsplit(target).path.rpartition(".")[2].lower()
        about = {"ETag": f'"{etag}"', "Content-Type": TYPES.get(ending, "text/csv"), "Accept-Ranges": "bytes"}
        if headers.get("if-none-match") == about["ETag"]:
            return Reply(304, b"", about)
        return Reply(200, content, about)

    def _content(self, path: str) -> Reply:
        found = self.pages.get(path)
        if isinstance(found, Reply):
            return found
        if found is None:
            return json_reply({"error": "not found"}, 404)
        return json_reply(found, 410 if found["schema_name"] == "gone" else 200)

    def _search(self, query: dict[str, str]) -> Reply:
        known = {"q", "count", "start", "order", "fields", "filter_organisations", "filter_public_timestamp"}
        if set(query) - known:
            return json_reply({"error": f"Unexpected parameters: {sorted(set(query) - known)}"}, 422)
        start, count = int(query.get("start", 0)), int(query.get("count", 10))
        results = self.search[start : start + count]
        return json_reply(
            {
                "results": results,
                "total": len(self.search),
                "start": start,
                "aggregates": {},
                "suggested_queries": [],
            }
        )

    def _api(self, parts: list[str], query: dict[str, str]) -> Reply:
        match parts:
            case ["publications"]:
                return _paged(self.publications, query)
            case ["publications", key, "data-sets"]:
                return _paged(self.data_sets.get(key, []), query)
            case ["data-sets", key, "versions"]:
                return _paged(self.versions.get(key, []), query)
        return json_reply({"title": "Not Found", "status": 404, "errors": []}, 404)

    def _features(self, name: str, query: dict[str, str]) -> Reply:
        service = self.services.get(name)
        if service is None:
            return json_reply({"error": {"code": 400, "message": "Invalid URL", "details": ["Invalid URL"]}})
        start = int(query["resultOffset"])
        count = min(int(query["resultRecordCount"]), self.per_page)
        rows = service["rows"][start : start + count]
        more = start + count < len(service["rows"])
        if query["f"] == "geojson":
            shapes = service["geometry"][start : start + count]
            features = [
                {"type": "Feature", "id": start + n + 1, "geometry": shape, "properties": row}
                for n, (row, shape) in enumerate(zip(rows, shapes, strict=True))
            ]
            crs = {"type": "name", "properties": {"name": "EPSG:4326"}}
            answer: dict[str, Any] = {"type": "FeatureCollection", "crs": crs, "features": features}
            return json_reply(answer | ({"properties": {"exceededTransferLimit": True}} if more else {}))
        wanted = list(service["rows"][0]) if query["outFields"] == "*" else query["outFields"].split(",")
        answer = {
            "objectIdFieldName": "ObjectId",
            "fields": [{"name": column, "type": "esriFieldTypeString"} for column in wanted],
            "features": [{"attributes": {column: row[column] for column in wanted}} for row in rows],
        }
        return json_reply(answer | ({"exceededTransferLimit": True} if more else {}))

    # The two ways in which it is asked.

    def transport(self) -> httpx.MockTransport:
        def handle(request: httpx.Request) -> httpx.Response:
            reply = self.answer(request.url.host, request.url.raw_path.decode(), dict(request.headers))
            return httpx.Response(reply.status, headers=reply.headers, content=reply.body)

        return httpx.MockTransport(handle)

    @contextmanager
    def serve(self) -> Iterator[dict[str, str]]:
        """Answer on loopback; gives what OFSIGHT_PUBLISHERS has to say."""
        publishers = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host = self.headers["Host"].partition(":")[0]
                reply = publishers.answer(host, self.path, dict(self.headers.items()))
                body = reply.body
                if "gzip" in self.headers.get("Accept-Encoding", "") and reply.status == 200:
                    body, reply.headers = (
                        gzip.compress(body, 1),
                        {**reply.headers, "Content-Encoding": "gzip"},
                    )
                self.send_response(reply.status)
                for name, value in {**reply.headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if reply.status != 304:
                    self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield dict.fromkeys(HOSTS, f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def paths(self, host: str) -> list[str]:
        """What was asked of a host, in order, without questions."""
        return [urlsplit(target).path for asked, target, _ in self.asked if asked == host]


def _paged(items: list[dict[str, Any]], query: dict[str, str]) -> Reply:
    number, size = int(query.get("page", 1)), int(query.get("pageSize", 20))
    if size > 40:
        errors = [{"message": "Must be between 1 and 40.", "code": "InclusiveBetween", "path": "pageSize"}]
        return json_reply(
            {"title": "One or more validation errors occurred.", "status": 400, "errors": errors}, 400
        )
    paging = {
        "page": number,
        "pageSize": size,
        "totalResults": len(items),
        "totalPages": -(-len(items) // size),
    }
    return json_reply({"paging": paging, "results": items[(number - 1) * size : number * size]})


def loader_of(publishers: Publishers, *hosts: str, **how: Any) -> Downloader:
    """Who asks them without waiting, once for everything."""
    client = httpx.Client(transport=publishers.transport())
    limits = Limits(attempts=1, wait_initial=0.0, wait_max=0.0, wait_jitter=0.0)
    return Downloader(client, allowed_hosts=hosts or HOSTS, limits=limits, gap=0.0, **how)
