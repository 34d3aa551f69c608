"""Fetching: what is asked, what is believed, what goes wrong. HTTP is faked at the transport."""

from __future__ import annotations

import errno
import gzip
import io
import json
import random
import shutil
import ssl
import tracemalloc
import zlib
from collections import namedtuple
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from ofsight.errors import ReleaseError
from ofsight.releases.addresses import check_address, name_in
from ofsight.releases.archives import ArchiveLimits
from ofsight.releases.download import Downloader, Limits
from ofsight.releases.guard import ContentLimits
from ofsight.releases.refusals import (
    BrokenOffError,
    ContentError,
    RefusedError,
    StatusError,
    UnreachableError,
)
from ofsight.releases.shelf import Shelf
from ofsight.releases.wire import user_agent
from shelf_builders import (
    ANSWERED,
    CSV,
    HOST,
    MODIFIED,
    URL,
    Broken,
    Publisher,
    answer,
    ods,
    packed,
    serve_ranges,
    wanted,
)

FACTS = {"etag": '"v1"', "last-modified": MODIFIED, "date": ANSWERED}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were waited between attempts, none of them really."""
    waited: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    return waited


def _bytes(shelf: Shelf) -> list[bytes]:
    return [path.read_bytes() for path, _ in shelf.files()]


def _left(shelf: Shelf) -> list[str]:
    """What a download has left of itself, locks apart."""
    folder = shelf.path / ".partial"
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock") if folder.exists() else []


# ---- the plain way


def test_a_file_is_fetched_and_its_line_says_where_from(shelf: Shelf) -> None:
    publisher = Publisher(answer(headers=FACTS))
    told: list[tuple[int, int | None]] = []
    fetched = publisher.loader().download(wanted(), shelf, progress=lambda *done: told.append(done))
    held = fetched.held
    assert (fetched.status, fetched.received, fetched.resumed) == ("new", len(CSV), 0)
    assert _bytes(shelf) == [CSV]
    assert (held.sha256, held.size) == (sha256(CSV).hexdigest(), len(CSV))
    assert (held.url, held.page) == (URL, "https://www.publisher.test/statistics/2024")
    assert (held.etag, held.last_modified, held.media_type) == ('"v1"', MODIFIED, "text/csv")
    assert (held.published, held.licence, held.origin) == (
        "2024-07-15T09:30:00+01:00",
        "OGL-UK-3.0",
        "fetched",
    )
    assert held.name == "Provider_level_at_31_March_2024.csv"
    assert abs((datetime.now(UTC) - held.retrieved_at).total_seconds()) < 60
    assert told[0] == (0, len(CSV))
    assert told[-1] == (len(CSV), len(CSV))
    assert _left(shelf) == []


def test_who_asks_says_who_and_where_to_complain(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher = Publisher(answer(), answer(b"{}", headers={"content-type": "application/json"}))
    loader = publisher.loader()
    loader.download(wanted(), shelf)
    monkeypatch.setenv("OFSIGHT_CONTACT", "data@council.test\r\nX-Evil: 1")
    loader.get_json(f"https://{HOST}/api")
    first, second = publisher.header("user-agent")
    assert first is not None
    assert first.startswith("ofsight/")
    assert "/issues" in first
    assert second is not None
    assert "data@council.test" in second
    assert "\r" not in second
    assert "\n" not in user_agent()
    # A file's bytes are asked for as they are, so that an interrupted one can be gone on with.
    assert publisher.header("accept-encoding") == ["identity", "gzip"]


def test_what_has_not_changed_is_not_sent_again(shelf: Shelf) -> None:
    publisher = Publisher(serve_ranges(CSV))
    loader = publisher.loader()
    loader.download(wanted(), shelf)
    again = loader.download(wanted(), shelf)
    assert (again.status, again.received) == ("unchanged", 0)
    assert publisher.header("if-none-match") == [None, '"v1"']
    assert publisher.header("if-modified-since") == [None, MODIFIED]
    assert len(shelf.held()) == 1


def test_a_server_that_ignores_conditions_costs_bytes_and_no_version(shelf: Shelf) -> None:
    loader = Publisher(lambda _: answer(headers=FACTS)).loader()
    loader.download(wanted(), shelf)
    again = loader.download(wanted(), shelf)
    assert (again.status, again.received) == ("same bytes", len(CSV))
    assert len(shelf.held()) == 1


def test_a_changed_file_is_a_version_beside_the_old(shelf: Shelf) -> None:
    loader = Publisher(serve_ranges(CSV), serve_ranges(CSV + b"SC999999,Private,Good\r\n", '"v2"')).loader()
    loader.download(wanted(), shelf)
    changed = loader.download(wanted(published="2024-08-05"), shelf)
    assert changed.status == "changed"
    assert len(shelf.versions("provider-level-at-31-march", "2024-03-31")) == 2
    assert _bytes(shelf) == [CSV + b"SC999999,Private,Good\r\n"]
    assert [path.read_bytes() for path, _ in shelf.files(datetime(2024, 7, 31).date())] == [CSV]


def test_a_new_date_of_publication_of_the_same_bytes_is_noted(shelf: Shelf) -> None:
    loader = Publisher(serve_ranges(CSV)).loader()
    loader.download(wanted(), shelf)
    again = loader.download(wanted(published="2024-09-01"), shelf)
    assert (again.status, again.held.published) == ("unchanged", "2024-09-01")
    assert shelf.current(*again.held.key) == again.held
    assert len(shelf.versions(*again.held.key)) == 1
    loader.download(wanted(published="2024-09-01"), shelf)
    assert len(shelf.held()) == 2


def test_a_condition_is_only_for_bytes_that_are_sound_and_from_there(shelf: Shelf) -> None:
    publisher = Publisher(serve_ranges(CSV))
    loader = publisher.loader()
    held = loader.download(wanted(), shelf).held
    shelf.path_of(held).write_bytes(b"damaged")
    assert loader.download(wanted(), shelf).status == "same bytes"
    assert _bytes(shelf) == [CSV]
    loader.download(wanted(url=f"https://{HOST}/media/9999/elsewhere.csv"), shelf)
    assert publisher.header("if-none-match") == [None, None, None]


def test_what_was_withdrawn_stays_so_when_its_publisher_still_sends_it(shelf: Shelf) -> None:
    loader = Publisher(serve_ranges(CSV)).loader()
    held = loader.download(wanted(), shelf).held
    shelf.withdraw(held.sha256, "the wrong year")
    for published in ("2024-07-15T09:30:00+01:00", "2024-09-01"):
        again = loader.download(wanted(published=published), shelf)
        assert again.status == "unchanged"
        assert not again.held.withdrawn
        assert shelf.current(*held.key) is None
    n = len(shelf.held())
    loader.download(wanted(published="2024-09-01"), shelf)
    assert len(shelf.held()) == n


# ---- interrupted


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadError("reset"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
    ],
)
def test_an_interrupted_download_goes_on_where_it_broke_off(shelf: Shelf, error: Exception) -> None:
    broken = answer(
        headers={**FACTS, "content-length": str(len(CSV))}, stream=Broken(CSV[:1000], error=error)
    )
    publisher = Publisher(broken, serve_ranges(CSV))
    fetched = publisher.loader().download(wanted(), shelf)
    assert publisher.header("range") == [None, "bytes=1000-"]
    assert publisher.header("if-range") == [None, '"v1"']
    assert (fetched.received, fetched.resumed) == (len(CSV), 1000)
    assert _bytes(shelf) == [CSV]
    assert _left(shelf) == []


def test_a_run_that_gave_up_is_gone_on_with_by_the_next(shelf: Shelf) -> None:
    def broken(_: httpx.Request) -> httpx.Response:
        return answer(headers={**FACTS, "content-length": str(len(CSV))}, stream=Broken(CSV[:700]))

    with pytest.raises(BrokenOffError, match=r"reset by peer.*again and again.*goes on"):
        Publisher(broken).loader(Limits(attempts=1)).download(wanted(), shelf)
    assert shelf.held() == ()
    publisher = Publisher(serve_ranges(CSV))
    fetched = publisher.loader().download(wanted(), shelf)
    assert publisher.header("range") == ["bytes=700-"]
    assert (fetched.received, fetched.resumed) == (len(CSV) - 700, 700)
    assert _bytes(shelf) == [CSV]


def test_a_date_of_change_serves_where_there_is_no_strong_etag(shelf: Shelf) -> None:
    facts = {"etag": 'W/"weak"', "last-modified": MODIFIED, "date": ANSWERED}
    broken = answer(headers={**facts, "content-length": str(len(CSV))}, stream=Broken(CSV[:500]))
    publisher = Publisher(broken, serve_ranges(CSV, 'W/"weak"'))
    assert publisher.loader().download(wanted(), shelf).resumed == 500
    assert publisher.header("if-range") == [None, MODIFIED]


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"etag": 'W/"weak"'},
        {"last-modified": MODIFIED},  # and no date: it may have changed this second
        {"last-modified": MODIFIED, "date": MODIFIED},
        {"last-modified": "once", "date": ANSWERED},
    ],
)
def test_without_a_name_for_the_version_it_begins_anew(shelf: Shelf, facts: dict[str, str]) -> None:
    broken = answer(headers={**facts, "content-length": str(len(CSV))}, stream=Broken(CSV[:500]))
    publisher = Publisher(broken, answer())
    fetched = publisher.loader().download(wanted(), shelf)
    assert publisher.header("range") == [None, None]
    assert fetched.resumed == 0
    assert _bytes(shelf) == [CSV]


def _begun(shelf: Shelf, content: bytes = CSV[:500]) -> None:
    broken = answer(headers={**FACTS, "content-length": str(len(CSV))}, stream=Broken(content))
    with pytest.raises(BrokenOffError):
        Publisher(broken).loader(Limits(attempts=1)).download(wanted(), shelf)


def test_a_server_that_ignores_ranges_sends_it_whole(shelf: Shelf) -> None:
    _begun(shelf)
    fetched = Publisher(answer(headers=FACTS)).loader().download(wanted(), shelf)
    assert (fetched.received, fetched.resumed) == (len(CSV), 0)
    assert _bytes(shelf) == [CSV]


def test_a_file_that_changed_in_between_is_sent_whole(shelf: Shelf) -> None:
    _begun(shelf)
    other = b"URN,Sector\r\nSC1,Voluntary\r\n" * 50
    fetched = Publisher(serve_ranges(other, '"v2"')).loader().download(wanted(), shelf)
    assert fetched.resumed == 0
    assert _bytes(shelf) == [other]
    assert fetched.held.etag == '"v2"'


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (416, {"content-range": "bytes */9"}),
        (416, {}),
        (206, {}),
        (206, {"content-range": "bytes 0-499/9"}),
        (206, {"content-range": f"bytes 501-{len(CSV) - 1}/{len(CSV)}"}),
        (206, {"content-range": f"bytes 500-{len(CSV)}/{len(CSV) + 1}"}),
        (206, {"content-range": f"bytes 500-600/{len(CSV)}"}),
        (206, {"content-range": f"bytes 500-{len(CSV) - 1}/{len(CSV)}", "etag": '"v2"'}),
        (206, {"content-range": f"bytes 500-{len(CSV) - 1}/{len(CSV)}", "content-encoding": "gzip"}),
        (206, {"content-range": "lines 1-2/3"}),
        (206, {"content-type": "multipart/byteranges; boundary=x"}),
    ],
)
def test_a_range_that_does_not_fit_begins_anew(shelf: Shelf, status: int, headers: dict[str, str]) -> None:
    _begun(shelf)
    publisher = Publisher(answer(CSV[500:], status, headers), answer(headers=FACTS))
    fetched = publisher.loader().download(wanted(), shelf)
    assert publisher.header("range") == ["bytes=500-", None]
    assert fetched.resumed == 0
    assert _bytes(shelf) == [CSV]


def test_a_download_of_another_address_is_not_gone_on_with(shelf: Shelf) -> None:
    _begun(shelf)
    publisher = Publisher(serve_ranges(CSV))
    publisher.loader().download(wanted(url=f"https://{HOST}/media/4567/new.csv"), shelf)
    assert publisher.header("range") == [None]


def test_what_was_spliced_wrongly_is_found_out_and_fetched_whole(shelf: Shelf) -> None:
    """A server that says that nothing changed, and sends the rest of another file."""
    old, new = ods(random.Random(1).randbytes(4000)), ods(random.Random(2).randbytes(4000))
    item = wanted(extension="ods", url=f"https://{HOST}/a.ods")
    broken = answer(headers={**FACTS, "content-length": str(len(old))}, stream=Broken(old[:3000]))
    said = {**FACTS, "content-range": f"bytes 3000-{len(new) - 1}/{len(new)}"}
    publisher = Publisher(broken, answer(new[3000:], 206, said), answer(new, headers={"etag": '"v1"'}))
    fetched = publisher.loader().download(item, shelf)
    assert publisher.header("range") == [None, "bytes=3000-", None]
    assert fetched.resumed == 0
    assert _bytes(shelf) == [new]


def test_facts_without_bytes_and_damaged_facts_begin_anew(shelf: Shelf) -> None:
    for damage in ("facts", "bytes"):
        _begun(shelf)
        part = next((shelf.path / ".partial").glob("*.part"))
        beside = part.with_name(f"{part.name}.json")
        beside.write_text("{", encoding="utf-8") if damage == "facts" else part.unlink()
        publisher = Publisher(answer(headers=FACTS))
        publisher.loader().download(wanted(), shelf)
        assert publisher.header("range") == [None]
        assert _bytes(shelf) == [CSV]


def test_an_answer_that_ends_early_without_a_word_is_noticed(shelf: Shelf) -> None:
    """Some servers and all proxies of old close the connection where the body ends, or anywhere."""
    short = answer(CSV[:900], headers={"content-length": ""})
    publisher = Publisher(short, answer(headers={"content-length": ""}))
    publisher.loader().download(wanted(size=len(CSV)), shelf)
    assert _bytes(shelf) == [CSV]
    assert len(publisher.asked) == 2


def test_fewer_bytes_than_announced_are_not_a_file(shelf: Shelf) -> None:
    publisher = Publisher(lambda _: answer(CSV[:900], headers={"content-length": str(len(CSV))}))
    with pytest.raises(BrokenOffError, match=f"broke off after 900 of {len(CSV):,} bytes"):
        publisher.loader(Limits(attempts=2)).download(wanted(), shelf)
    assert shelf.held() == ()


def test_a_server_that_drips_for_ever_is_given_up(shelf: Shelf) -> None:
    now = [0.0]

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(100):  # given up after three
                now[0] += 20
                yield b"URN,Sector\r\n"

    publisher = Publisher(answer(headers={"content-length": ""}, stream=Drip()))
    with pytest.raises(BrokenOffError, match="took longer than 60 s"):
        publisher.loader(Limits(seconds=60), clock=lambda: now[0]).download(wanted(), shelf)
    assert len(publisher.asked) == 1


# ---- asking again


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again_with_growing_pauses(
    shelf: Shelf, waits: list[float], status: int
) -> None:
    busy = [answer(b"busy", status, {"content-type": "text/html"}) for _ in range(3)]
    publisher = Publisher(*busy, answer())
    assert publisher.loader(Limits(wait_jitter=0.5)).download(wanted(), shelf).status == "new"
    assert len(waits) == 3
    for wait, least in zip(waits, (1.0, 2.0, 4.0), strict=True):
        assert least <= wait <= least + 0.5
    assert len({round(wait % 1, 6) for wait in waits}) > 1, "no jitter"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 418, 451, 501, 304, 204])
def test_what_will_not_pass_is_asked_once(shelf: Shelf, waits: list[float], status: int) -> None:
    publisher = Publisher(answer(b"no", status))
    with pytest.raises(StatusError, match=rf"publisher.test/.*answers {status}") as told:
        publisher.loader().download(wanted(), shelf)
    assert (told.value.status, told.value.text) == (status, "no")
    assert (len(publisher.asked), waits) == (1, [])
    assert shelf.held() == ()


def test_after_the_last_attempt_the_status_is_told(shelf: Shelf) -> None:
    publisher = Publisher(lambda _: answer(b"down", 503))
    with pytest.raises(StatusError, match="answers 503, again and again") as told:
        publisher.loader(Limits(attempts=3)).download(wanted(), shelf)
    assert told.value.status == 503
    assert len(publisher.asked) == 3


@pytest.mark.parametrize("as_date", [False, True])
def test_the_server_says_how_long_to_wait(shelf: Shelf, waits: list[float], as_date: bool) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    busy = answer(b"", 429, {"retry-after": until if as_date else "60"})
    Publisher(busy, answer()).loader().download(wanted(), shelf)
    assert waits == [pytest.approx(60, abs=3)]


def test_a_server_that_wants_to_be_left_alone_is(shelf: Shelf, waits: list[float]) -> None:
    publisher = Publisher(answer(b"", 503, {"retry-after": "3600"}))
    with pytest.raises(StatusError, match="left alone for 3,600 s"):
        publisher.loader().download(wanted(), shelf)
    assert (len(publisher.asked), waits) == (1, [])


def test_a_word_on_waiting_that_cannot_be_read_is_not_minded(shelf: Shelf, waits: list[float]) -> None:
    Publisher(answer(b"", 503, {"retry-after": "soon"}), answer()).loader().download(wanted(), shelf)
    assert len(waits) == 1
    assert 1 <= waits[0] <= 2


def test_some_statuses_end_it_at_once_where_the_caller_says_so() -> None:
    publisher = Publisher(answer(b"", 429, {"retry-after": "1"}))
    with pytest.raises(StatusError):
        publisher.loader().get(URL, never_again=(403, 429))
    assert len(publisher.asked) == 1


def test_offline_is_told_soon(shelf: Shelf, waits: list[float]) -> None:
    publisher = Publisher(httpx.ConnectError("[Errno -2] Name or service not known"))
    with pytest.raises(
        UnreachableError, match=r"cannot be reached .*Name or service.*HTTPS_PROXY.*can be built"
    ):
        publisher.loader().download(wanted(), shelf)
    assert len(publisher.asked) == 3
    assert sum(waits) < 6
    assert shelf.held() == ()


def test_offline_leaves_what_was_held(shelf: Shelf) -> None:
    publisher = Publisher(serve_ranges(CSV), httpx.ConnectTimeout("timed out"))
    loader = publisher.loader()
    loader.download(wanted(), shelf)
    with pytest.raises(UnreachableError):
        loader.download(wanted(), shelf)
    assert _bytes(shelf) == [CSV]


def test_a_certificate_that_is_not_trusted_is_no_matter_of_patience(shelf: Shelf) -> None:
    error = httpx.ConnectError("certificate verify failed: self-signed certificate in certificate chain")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed certificate in certificate chain")
    publisher = Publisher(error)
    with pytest.raises(UnreachableError, match=r"not trusted.*SSL_CERT_FILE"):
        publisher.loader().download(wanted(), shelf)
    assert len(publisher.asked) == 1


def test_one_host_is_not_asked_faster_than_agreed() -> None:
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    publisher = Publisher(lambda _: answer(b"{}"))
    loader = publisher.loader(gap=1.0, sleep=sleep, clock=lambda: now[0], allowed_hosts=(HOST, "other.test"))
    loader.get(URL)
    loader.get("https://other.test/")
    loader.get(URL)
    now[0] += 0.4
    loader.get(URL)
    now[0] += 5
    loader.get(URL)
    assert slept == [pytest.approx(1.0), pytest.approx(0.6)]


# ---- where it may lead


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/a.csv",
        "https://evil.test/a.csv",
        f"https://{HOST}.evil.test/a.csv",
        f"https://sub.{HOST}/a.csv",
        f"https://{HOST}:8443/a.csv",
        f"https://user:password@{HOST}/a.csv",
        f"https://{HOST}@evil.test/a.csv",
        f"https://{HOST}./a.csv",
        f"ftp://{HOST}/a.csv",
        "file:///etc/passwd",
        "//evil.test/a.csv",
        "/a.csv",
        "",
        "https://[::1]/a.csv",
        "http://127.0.0.1/a.csv",
        "http://169.254.169.254/latest/meta-data",
        f"https://{HOST}/" + "a" * 3000,
        f"https://{HOST}/\x00",
    ],
)
def test_only_https_and_only_the_publishers_hosts_are_asked(shelf: Shelf, url: str) -> None:
    publisher = Publisher(answer())
    loader = publisher.loader()
    with pytest.raises(RefusedError) as told:
        loader.download(wanted(url=url), shelf)
    assert "password" not in str(told.value) or "name or password" in str(told.value)
    with pytest.raises(RefusedError):
        loader.get(url)
    assert publisher.asked == []


def test_a_host_of_the_catalogue_is_no_host_of_this_file(shelf: Shelf) -> None:
    publisher = Publisher(answer())
    loader = publisher.loader(allowed_hosts=(HOST, "www.publisher.test"))
    with pytest.raises(RefusedError):
        loader.download(wanted(url="https://www.publisher.test/a.csv"), shelf)
    with pytest.raises(RefusedError):
        loader.download(wanted(url="https://evil.test/a.csv", hosts=("evil.test",)), shelf)
    assert publisher.asked == []


def _led(*to: str, status: int = 302) -> Publisher:
    return Publisher(*(answer(b"", status, {"location": url}) for url in to), answer())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("to", [f"https://{HOST}/new.csv", "/new.csv", f"//{HOST}/new.csv", "new.csv"])
def test_a_redirect_within_the_hosts_is_followed(shelf: Shelf, status: int, to: str) -> None:
    publisher = _led(to, status=status)
    held = publisher.loader().download(wanted(), shelf).held
    assert publisher.asked[1].url.host == HOST
    assert publisher.asked[1].url.path.endswith("new.csv")
    assert held.url == URL, "the catalogue's address is what is asked the next time"


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.test/a.csv",
        f"http://{HOST}/a.csv",
        "http://127.0.0.1:8080/a.csv",
        "file:///etc/passwd",
        f"https://u:p@{HOST}/a.csv",
        "javascript:alert(1)",
        "https://[bad",
    ],
)
def test_a_redirect_elsewhere_is_refused_and_nothing_asked(shelf: Shelf, to: str) -> None:
    publisher = _led(to)
    with pytest.raises(RefusedError, match="leads on to"):
        publisher.loader().download(wanted(), shelf)
    assert len(publisher.asked) == 1
    assert shelf.held() == ()


def test_a_redirect_two_steps_away_is_looked_at_too(shelf: Shelf) -> None:
    publisher = _led("/one.csv", "https://evil.test/a.csv")
    with pytest.raises(RefusedError):
        publisher.loader().download(wanted(), shelf)
    assert len(publisher.asked) == 2


def test_redirects_in_a_circle_end(shelf: Shelf) -> None:
    publisher = Publisher(lambda _: answer(b"", 302, {"location": "/again.csv"}))
    with pytest.raises(RefusedError, match="more than 5 times"):
        publisher.loader().download(wanted(), shelf)
    assert len(publisher.asked) == 6


def test_this_machine_is_asked_only_where_a_developer_says_so(shelf: Shelf) -> None:
    url = "http://127.0.0.1:8080/a.csv"
    publisher = Publisher(answer())
    publisher.loader(allow_loopback=True).get(url)
    with pytest.raises(RefusedError):
        publisher.loader().get(url)
    # Even then no publisher leads there.
    led = _led(url)
    with pytest.raises(RefusedError, match="leads on"):
        led.loader(allow_loopback=True).download(wanted(), shelf)
    assert len(led.asked) == 1
    for other in ("http://10.0.0.1/", "http://localhost.evil.test/"):
        with pytest.raises(RefusedError):
            check_address(other, (HOST,), allow_loopback=True)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.test/a/List%20of%20homes.csv?x=/etc/passwd.csv", "List of homes.csv"),
        ("https://x.test/..%2f..%2f..%2fetc%2fpasswd.csv", "passwd.csv"),
        ("https://x.test/..%5c..%5cwin.csv", "win.csv"),
        ("https://x.test/%00evil%0a.csv", "evil.csv"),
        ("https://x.test/.htaccess", None),
        ("https://x.test/csv", None),
        ("https://x.test/a.notanending", None),
        ("https://x.test/" + "n" * 500 + ".csv", "n" * 120 + ".csv"),
    ],
)
def test_no_path_from_a_server_is_ever_used(shelf: Shelf, url: str, name: str | None) -> None:
    assert name_in(httpx.URL(url)) == name
    headers = {"content-disposition": 'attachment; filename="../../evil.csv"'}
    address = url.replace("x.test", HOST)
    held = Publisher(answer(headers=headers)).loader().download(wanted(url=address), shelf).held
    assert held.file == f"provider-level-at-31-march/2024-03-31/{held.sha256}.csv"
    below = {path.relative_to(shelf.path).as_posix() for path in shelf.path.rglob("*") if path.is_file()}
    assert {file for file in below if not file.startswith(".partial/")} == {held.file, "manifest.jsonl"}


# ---- what came


def test_a_web_page_is_not_kept_for_a_csv(shelf: Shelf) -> None:
    page = b"<!DOCTYPE html><title>Sign in to the council's network</title>"
    for kind in ("text/html; charset=utf-8", "text/csv"):
        with pytest.raises(ContentError, match="web page"):
            Publisher(answer(page, headers={"content-type": kind})).loader().download(wanted(), shelf)
    assert shelf.held() == ()
    assert _left(shelf) == []


def test_what_the_server_calls_a_web_page_is_not_kept_whatever_it_looks_like(shelf: Shelf) -> None:
    with pytest.raises(ContentError, match="the server sends a web page"):
        Publisher(answer(headers={"content-type": "text/html"})).loader().download(wanted(), shelf)
    assert shelf.held() == ()


def test_a_bomb_is_not_kept(shelf: Shelf) -> None:
    limits = Limits(content=ContentLimits(archive=ArchiveLimits(ratio_from=1_000_000)))
    bomb = packed([("mimetype", b"x"), ("content.xml", bytes(5_000_000))])
    with pytest.raises(ContentError, match="400 to 1"):
        Publisher(answer(bomb)).loader(limits).download(wanted(extension="ods"), shelf)
    assert shelf.held() == ()
    assert _left(shelf) == []


def test_a_file_announced_too_large_is_refused_before_its_first_byte(shelf: Shelf) -> None:
    publisher = Publisher(answer(headers={"content-length": "600000000"}, stream=Broken()))
    with pytest.raises(ContentError, match=r"600 MB; 500 MB are allowed"):
        publisher.loader().download(wanted(), shelf)
    assert len(publisher.asked) == 1


def test_a_file_that_grows_too_large_is_stopped_while_it_comes(shelf: Shelf) -> None:
    sent = []

    class Endless(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(2_000):  # without the limit a test would fill the disk
                sent.append(1)
                yield b"URN,Sector\r\n" * 100

    limits = Limits(content=ContentLimits(file=50_000))
    with pytest.raises(ContentError, match="that is the limit"):
        Publisher(answer(headers={"content-length": ""}, stream=Endless())).loader(limits).download(
            wanted(), shelf
        )
    assert len(sent) < 200
    assert shelf.held() == ()


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate"])
def test_a_body_packed_on_the_way_is_kept_unpacked(shelf: Shelf, coding: str) -> None:
    body = zlib.compress(CSV) if coding == "deflate" else gzip.compress(CSV[:300]) + gzip.compress(CSV[300:])
    fetched = Publisher(answer(body, headers={"content-encoding": coding})).loader().download(wanted(), shelf)
    assert _bytes(shelf) == [CSV]
    assert fetched.held.size == len(CSV)


def test_a_packed_body_that_broke_off_begins_anew(shelf: Shelf) -> None:
    body = gzip.compress(CSV)
    facts = {**FACTS, "content-encoding": "gzip", "content-length": str(len(body))}
    publisher = Publisher(answer(body[:60], headers=facts), answer(body, headers=facts))
    publisher.loader().download(wanted(), shelf)
    assert publisher.header("range") == [None, None]
    assert _bytes(shelf) == [CSV]


def test_a_bomb_of_gzip_is_stopped_by_the_limit_and_not_by_the_memory(shelf: Shelf) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    limits = Limits(content=ContentLimits(file=1_000_000), answer=1_000_000)
    response = answer(bomb, headers={"content-encoding": "gzip"})
    tracemalloc.start()
    with pytest.raises(ContentError, match="that is the limit"):
        Publisher(response).loader(limits).download(wanted(), shelf)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_500_000
    with pytest.raises(ContentError, match="that is the limit"):
        Publisher(answer(bomb, headers={"content-encoding": "gzip"})).loader(limits).get(URL)


def test_a_packing_that_was_not_asked_for_is_refused(shelf: Shelf) -> None:
    with pytest.raises(ContentError, match="packed as 'br'"):
        Publisher(answer(headers={"content-encoding": "br"})).loader().download(wanted(), shelf)
    with pytest.raises(ContentError, match="damaged"):
        Publisher(answer(headers={"content-encoding": "gzip"})).loader().download(wanted(), shelf)


def test_a_full_disk_is_one_message_and_gives_its_room_back(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = Publisher(serve_ranges(CSV)).loader()
    loader.download(wanted(), shelf)
    opened = Path.open

    class FullDisk(io.FileIO):
        """Takes a few bytes, as a disk does before it is full."""

        taken = 0

        def write(self, data: Any) -> int:
            self.taken += len(data)
            if self.taken > 100:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    def open_on_full_disk(self: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if self.suffix == ".part" and mode in ("wb", "ab"):
            return FullDisk(self, mode)
        return opened(self, mode, *rest, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", open_on_full_disk)
        with pytest.raises(ReleaseError, match=r"the disk is full\. What was held is as it was"):
            Publisher(serve_ranges(CSV + b"more", '"v2"')).loader().download(wanted(), shelf)
    assert _bytes(shelf) == [CSV]
    assert _left(shelf) == []


def test_a_disk_that_will_not_do_is_told_before_the_first_byte(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 0, 100))
    publisher = Publisher(answer(stream=Broken()))
    with pytest.raises(ReleaseError, match="the disk is full: the file has"):
        publisher.loader().download(wanted(), shelf)
    assert _left(shelf) == []


def test_ctrl_c_leaves_what_came_for_the_next_run(shelf: Shelf) -> None:
    stopped = Broken(CSV[:400], error=KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        Publisher(answer(headers=FACTS, stream=stopped)).loader().download(wanted(), shelf)
    assert shelf.held() == ()
    assert Publisher(serve_ranges(CSV)).loader().download(wanted(), shelf).resumed == 400


# ---- answers that are no files


def test_an_answer_has_its_status_address_and_text() -> None:
    publisher = Publisher(
        answer(b"", 303, {"location": "/api/content/new"}),
        answer(
            '{"title": "Où"}'.encode("latin-1"), headers={"content-type": "text/plain; charset=ISO-8859-1"}
        ),
    )
    found = publisher.loader().get(f"https://{HOST}/api/content/old", accept="application/json")
    assert (found.status, found.url) == (200, f"https://{HOST}/api/content/new")
    assert found.text == '{"title": "Où"}'
    assert publisher.header("accept") == ["application/json"] * 2


def test_statuses_that_are_answers_are_given_with_their_body() -> None:
    gone = {"details": {"alternative_path": "/new"}}
    publisher = Publisher(answer(json.dumps(gone).encode(), 410), answer(b"", 304))
    loader = publisher.loader()
    assert loader.get(URL, statuses=(200, 410)).json() == gone
    assert loader.get(URL, statuses=(200, 304), etag='"x"', last_modified=MODIFIED).status == 304
    assert publisher.header("if-none-match") == [None, '"x"']


def test_an_answer_that_came_whole_is_taken_too() -> None:
    """What httpx itself builds for a test is read already; packed ones are unpacked already."""
    body = gzip.compress(b'{"a": 1}')
    packed_answer = httpx.Response(200, headers={"content-encoding": "gzip"}, content=body)
    loader = Publisher(httpx.Response(200, json={"a": 1}), packed_answer).loader()
    assert loader.get_json(URL) == {"a": 1}
    assert loader.get_json(URL) == {"a": 1}


def test_json_that_is_none_says_so() -> None:
    with pytest.raises(ContentError, match=r"should answer in JSON.*sign-in page"):
        Publisher(answer(b"<html>")).loader().get_json(URL)


def test_an_encoding_that_nobody_knows_is_read_as_utf_8() -> None:
    loader = Publisher(
        answer("\ufeffé".encode(), headers={"content-type": "text/html; charset=x-unknown"})
    ).loader()
    assert loader.get_text(URL) == "é"


def test_a_client_of_our_own_is_closed_and_a_given_one_is_not() -> None:
    with Downloader(allowed_hosts=(HOST,)) as loader:
        own = loader._client
    assert own.is_closed
    given = httpx.Client(transport=httpx.MockTransport(Publisher(answer())))
    with Downloader(given, allowed_hosts=(HOST,)):
        pass
    assert not given.is_closed
    given.close()
