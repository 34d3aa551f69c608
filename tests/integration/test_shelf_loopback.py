"""Fetching over real sockets from a server on this machine: broken connections, kill -9, two at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ofsight.releases.download import Downloader, Limits
from ofsight.releases.refusals import BrokenOffError, ContentError, RefusedError, UnreachableError
from ofsight.releases.shelf import Shelf
from shelf_builders import ANSWERED, MODIFIED, ods, wanted

OLD = b"URN,Sector\r\n" + b"SC000001,Private\r\n" * 200_000
NEW = OLD + b"SC000002,Voluntary\r\n"
LIMITS = Limits(attempts=3, wait_initial=0.01, wait_jitter=0.0, wait_max=0.01, silence=5.0)

# A fetch in a process of its own: arguments are the address and the shelf.
FETCH = """
import sys
from pathlib import Path
from ofsight.releases.download import Downloader
from ofsight.releases.shelf import Shelf
sys.path.insert(0, {tests!r})
from shelf_builders import wanted
with Downloader(allowed_hosts=(), allow_loopback=True) as loader:
    item = wanted(url=sys.argv[1], hosts=())
    print(loader.download(item, Shelf(Path(sys.argv[2]))).status)
"""


@dataclass
class Site:
    """A publisher's server: what it serves, how it fails, what it was asked."""

    content: bytes = OLD
    etag: str = '"old"'
    stop_after: int | None = None
    hold: threading.Event | None = None
    moved_to: str | None = None
    ranges: list[str | None] = field(default_factory=list)
    n_whole: int = 0
    url: str = ""


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

        def do_GET(self) -> None:
            if site.moved_to is not None:
                self._say(302, {"Location": site.moved_to, "Content-Length": "0"})
                return
            asked = self.headers
            site.ranges.append(asked.get("Range"))
            start = 0
            if asked.get("If-None-Match") == site.etag:
                self._say(304, {})
                return
            if asked.get("Range") and asked.get("If-Range") == site.etag:
                start = int(asked["Range"].removeprefix("bytes=").removesuffix("-"))
            rest = site.content[start:]
            facts = {"Content-Type": "text/csv", "Content-Length": str(len(rest)), "Last-Modified": MODIFIED}
            if start:
                facts["Content-Range"] = f"bytes {start}-{len(site.content) - 1}/{len(site.content)}"
            self._say(206 if start else 200, facts)
            self._send(rest)

        def _send(self, rest: bytes) -> None:
            try:
                if site.stop_after is not None:
                    self.wfile.write(rest[: site.stop_after])
                    self.wfile.flush()
                    if site.hold is not None:
                        site.hold.wait(30)
                    self.close_connection = True
                    return
                self.wfile.write(rest)
                site.n_whole += 1
            except OSError:
                self.close_connection = True

        def _say(self, status: int, facts: dict[str, str]) -> None:
            self.send_response_only(status)
            for name, value in {"ETag": site.etag, "Date": ANSWERED, **facts}.items():
                self.send_header(name, value)
            self.end_headers()

    return Handler


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}/media/list.csv"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield made
    if made.hold is not None:
        made.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def loader() -> Iterator[Downloader]:
    with Downloader(allowed_hosts=(), limits=LIMITS, allow_loopback=True, gap=0.0) as made:
        yield made


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


def _process(site: Site, shelf: Shelf) -> subprocess.Popen[str]:
    code = FETCH.format(tests=str(Path(__file__).parents[1]))
    command = [sys.executable, "-c", code, site.url, str(shelf.path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _until(what: str, seconds: float, *, true: object) -> None:
    until = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < until, what
        time.sleep(0.02)


def test_a_file_comes_over_the_wire_and_is_not_sent_twice(
    site: Site, loader: Downloader, shelf: Shelf
) -> None:
    item = wanted(url=site.url, hosts=())
    assert loader.download(item, shelf).status == "new"
    assert loader.download(item, shelf).status == "unchanged"
    assert site.n_whole == 1
    assert [path.read_bytes() for path, _ in shelf.files()] == [OLD]


def test_connections_that_break_off_again_and_again_still_end_in_the_file(
    site: Site, loader: Downloader, shelf: Shelf
) -> None:
    site.stop_after = len(OLD) // 3 + 1
    fetched = loader.download(wanted(url=site.url, hosts=()), shelf)
    assert fetched.received == len(OLD)
    assert len(site.ranges) == 3
    assert site.ranges[0] is None
    assert all(asked is not None for asked in site.ranges[1:])
    assert [path.read_bytes() for path, _ in shelf.files()] == [OLD]


def test_a_silent_server_is_given_up_and_gone_on_with(site: Site, shelf: Shelf) -> None:
    site.stop_after, site.hold = 100_000, threading.Event()
    item = wanted(url=site.url, hosts=())
    hasty = Limits(attempts=1, silence=0.3)
    with (
        Downloader(allowed_hosts=(), limits=hasty, allow_loopback=True) as loader,
        pytest.raises(BrokenOffError, match="fell silent"),
    ):
        loader.download(item, shelf)
    site.hold.set()
    site.stop_after = None
    with Downloader(allowed_hosts=(), limits=LIMITS, allow_loopback=True) as loader:
        assert loader.download(item, shelf).resumed == 100_000


def test_kill_9_leaves_what_was_held_and_the_next_run_goes_on(
    site: Site, loader: Downloader, shelf: Shelf
) -> None:
    item = wanted(url=site.url, hosts=())
    loader.download(item, shelf)
    before = shelf.manifest.read_bytes()
    site.content, site.etag, site.stop_after, site.hold = NEW, '"new"', 1_000_000, threading.Event()
    part = shelf.path / ".partial" / "provider-level-at-31-march--2024-03-31.part"
    process = _process(site, shelf)
    try:
        arrived = lambda: part.exists() and part.stat().st_size > 500_000  # noqa: E731
        _until("nothing came", 20, true=lambda: arrived() or process.poll() is not None)
        assert process.poll() is None, process.communicate()[1]
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    # Whoever looks now sees the old file, whole, and nothing else.
    assert shelf.manifest.read_bytes() == before
    assert shelf.verify() == ()
    assert [path.read_bytes() for path, _ in shelf.files()] == [OLD]
    came = part.stat().st_size
    site.hold.set()
    site.stop_after = None
    site.ranges.clear()
    fetched = loader.download(item, shelf)
    assert site.ranges == [f"bytes={came}-"]
    assert (fetched.status, fetched.resumed, fetched.received) == ("changed", came, len(NEW) - came)
    assert [path.read_bytes() for path, _ in shelf.files()] == [NEW]
    assert shelf.verify() == ()


def test_two_fetches_at_once_bring_it_once(site: Site, shelf: Shelf) -> None:
    first, second = _process(site, shelf), _process(site, shelf)
    said = [process.communicate(timeout=60) for process in (first, second)]
    assert sorted(out.strip() for out, _ in said) == ["new", "unchanged"], said
    assert site.n_whole == 1
    assert len(shelf.held()) == 1
    assert shelf.verify() == ()


def test_this_machine_does_not_lead_elsewhere(site: Site, loader: Downloader, shelf: Shelf) -> None:
    for target in ("https://www.gov.uk/a.csv", "file:///etc/passwd", "http://0.0.0.0/"):
        site.moved_to = target
        with pytest.raises(RefusedError, match="leads on"):
            loader.download(wanted(url=site.url, hosts=()), shelf)
    assert shelf.held() == ()


def test_a_publisher_cannot_be_replaced_by_this_machine(site: Site, shelf: Shelf) -> None:
    with Downloader(allowed_hosts=("127.0.0.1",), limits=LIMITS) as loader, pytest.raises(RefusedError):
        loader.download(wanted(url=site.url, hosts=("127.0.0.1",)), shelf)
    assert site.ranges == []


def test_nobody_there_is_offline(loader: Downloader, shelf: Shelf) -> None:
    with pytest.raises(UnreachableError, match="cannot be reached"):
        loader.download(wanted(url="http://127.0.0.1:9/a.csv", hosts=()), shelf)


def test_a_workbook_cut_off_by_a_proxy_that_hides_it_is_refused(
    site: Site, loader: Downloader, shelf: Shelf
) -> None:
    """The length fits what came; only the archive itself tells."""
    site.content = ods(os.urandom(50_000))[:-500]
    with pytest.raises(ContentError, match="cut off or damaged"):
        loader.download(wanted(url=site.url, hosts=(), extension="ods"), shelf)
    assert shelf.held() == ()
