"""What a hostile or a broken server says in its headers and its JSON: told in one message, or passed over.

Nothing of it may end a fetch with a traceback, or poison the shelf for the runs after it.
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from ofsight.releases.download import Limits
from ofsight.releases.refusals import RefusedError, StatusError
from ofsight.releases.shelf import Shelf
from ofsight.releases.versions import http_time
from shelf_builders import ANSWERED, CSV, HOST, MODIFIED, URL, Broken, Publisher, answer, wanted

SOON = Limits(attempts=3, wait_initial=0.0, wait_max=0.0, wait_jitter=0.0)
DATES = [
    "Fri, 31 Dec 9999 23:59:59 -0100",
    "Fri, 31 Dec 1999 23:59:59 -99999999999999999999",
    "Fri, 31 Dec 99999999999999999999 23:59:59 GMT",
    "0",
    "",
]
MANY = "9" * 5000  # more digits than Python makes a number of


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


def _answer(headers: list[tuple[str, str]], content: bytes = CSV, status: int = 200) -> httpx.Response:
    """An answer with headers as they come off the wire, of any bytes."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return httpx.Response(status, headers=raw, stream=httpx.ByteStream(content))


@pytest.mark.parametrize("said", DATES)
def test_a_time_that_is_none_is_passed_over(shelf: Shelf, said: str) -> None:
    assert http_time(said) is None
    publisher = Publisher(
        _answer([("last-modified", said), ("date", ANSWERED)]),
        _answer([("last-modified", said), ("date", ANSWERED)], CSV + b"x\r\n"),
    )
    loader = publisher.loader()
    loader.download(wanted(published=None), shelf)
    assert loader.download(wanted(published=None), shelf).status == "changed"
    assert len(shelf.versions("provider-level-at-31-march", "2024-03-31")) == 2


@pytest.mark.parametrize("said", [*DATES[:3], "\xb2", MANY])
def test_a_wait_that_is_none_ends_in_one_message(said: str) -> None:
    publisher = Publisher(lambda _: _answer([("retry-after", said)], b"", 503))
    with pytest.raises(StatusError, match="503"):
        publisher.loader(SOON).get(URL)


@pytest.mark.parametrize("tag", ['"\xe9"', '"\xe2\x82\xac"', 'W/"\xff"'])
def test_a_name_of_a_version_that_no_header_may_hold_is_not_sent_back(shelf: Shelf, tag: str) -> None:
    publisher = Publisher(
        httpx.Response(200, headers=[(b"etag", tag.encode("latin-1"))], stream=Broken(CSV[:900])),
        _answer([("etag", tag)]),
        _answer([("etag", tag)]),
    )
    loader = publisher.loader(SOON)
    assert loader.download(wanted(), shelf).status == "new"
    assert loader.download(wanted(), shelf).status == "same bytes"
    assert publisher.header("if-range") == publisher.header("if-none-match") == [None, None, None]


def test_lengths_of_too_many_digits_are_passed_over(shelf: Shelf) -> None:
    facts = [("etag", '"v1"'), ("last-modified", MODIFIED)]
    begun = httpx.Response(200, headers=[*facts, ("content-length", MANY)], stream=Broken(CSV[:900]))
    goes_on = _answer([*facts, ("content-range", f"bytes 900-{MANY}/*")], CSV[900:], 206)
    Publisher(begun, goes_on, _answer(facts)).loader(SOON).download(wanted(), shelf)
    assert [path.read_bytes() for path, _ in shelf.files()] == [CSV]


@pytest.mark.parametrize(
    "to", ["https://xn--a/", "https://xn--\x80.test/", "https://\uff41.test/", "/" + "a" * 70_000]
)
def test_a_redirect_to_no_address_is_refused(shelf: Shelf, to: str) -> None:
    publisher = Publisher(
        httpx.Response(302, headers=[(b"location", to.encode())], stream=httpx.ByteStream(b""))
    )
    with pytest.raises(RefusedError, match="leads on"):
        publisher.loader(SOON).download(wanted(), shelf)
    assert len(publisher.asked) == 1


def test_unchanged_has_no_body_however_it_would_be_packed() -> None:
    said = [("content-encoding", "gzip"), ("etag", '"v1"')]
    publisher = Publisher(lambda _: _answer(said, b"", 304))
    found = publisher.loader(SOON).get(URL, statuses=(200, 304), etag='"v1"')
    assert (found.status, found.content, len(publisher.asked)) == (304, b"", 1)
    # A page that should have a body, and has none of what was packed, is asked for again.
    page = gzip.compress(b"page")
    publisher = Publisher(_answer(said, b""), _answer(said, page))
    assert publisher.loader(SOON).get(URL).text == "page"


@pytest.mark.parametrize("encoding", ["idna", "punycode", "undefined", "zip", "a\0b", "UNICODE_ESCAPE"])
def test_only_encodings_of_web_pages_are_believed(encoding: str) -> None:
    page = "\\x41 – ä".encode()
    said = [("content-type", f"text/html; charset={encoding}")]
    assert Publisher(_answer(said, page)).loader().get_text(URL) == "\\x41 – ä"


def test_half_a_character_of_json_is_replaced_and_whole_ones_stay() -> None:
    body = rb'{"title": "a\ud800b", "\udc00": ["\ud83d\ude00", "\\ud800"]}'
    found = Publisher(answer(body)).loader().get_json(f"https://{HOST}/x.json")
    assert found == {"title": "a\ufffdb", "\ufffd": ["\U0001f600", "\\ud800"]}


def test_a_name_that_is_no_utf_8_is_kept_and_read_back(shelf: Shelf) -> None:
    """A user's file may be called anything: what cannot be written as it is, is written as an escape."""
    held = Publisher(answer()).loader().download(wanted(title="caf\udce9"), shelf).held
    assert held.title == "caf\udce9"
    assert shelf.held() == (held,)
    assert held.retrieved_at <= datetime.now(UTC)
