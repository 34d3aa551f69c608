"""What holds of the shelf and of fetching whatever happens when."""

from __future__ import annotations

import contextlib
import gzip
import tempfile
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ofsight.errors import UsageError
from ofsight.releases.addresses import check_address, name_in
from ofsight.releases.archives import scan_archive
from ofsight.releases.download import Limits
from ofsight.releases.manifest import append_lines, read_lines
from ofsight.releases.refusals import ContentError, RefusedError
from ofsight.releases.shelf import Shelf
from ofsight.releases.versions import group_versions, newest
from ofsight.releases.wanted import Held, check_name
from ofsight.releases.wire import body_pieces
from shelf_builders import ANSWERED, MODIFIED, Broken, Publisher, answer, line, ods, serve_ranges, wanted

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DAY = date(2024, 1, 1)


@st.composite
def manifests(draw: st.DrawFn) -> list[Held]:
    """Lines of one file, as years of fetching and adding leave them."""
    lines = []
    came = datetime(2024, 6, 1, tzinfo=UTC)
    for _ in range(draw(st.integers(1, 8))):
        came += timedelta(days=draw(st.integers(0, 5)))
        published = draw(st.none() | st.integers(0, 12))
        lines.append(
            line(
                draw(st.sampled_from("abc")) * 64,
                retrieved=came.isoformat(),
                published=None if published is None else (DAY + timedelta(days=published)).isoformat(),
                origin=draw(st.sampled_from(["fetched", "fetched", "added"])),
            )
        )
    return lines


def _slow_newest(lines: list[Held], day: date) -> str | None:
    """Which bytes stand on a day: the rules of `ofsight.releases.versions`, one sentence after another."""
    told: list[list[object]] = []  # bytes, since, whether dated
    for held in lines:
        dated = held.published is not None or held.origin == "fetched"
        if told and told[-1][0] == held.sha256 and (told[-1][2] or not dated):
            continue
        since = (
            datetime.fromisoformat(held.published).replace(tzinfo=UTC)
            if held.published is not None
            else datetime.fromisoformat(held.retrieved)
        )
        if held.origin == "fetched":
            since = max([since, *(seen for _, seen, _, origin in told if origin == "fetched")])  # type: ignore
        told.append([held.sha256, since, dated, held.origin])
    standing = [entry for entry in told if entry[1].date() <= day]  # type: ignore[attr-defined]
    for wanted_dated in (True, False):
        best = None
        for entry in standing:
            if entry[2] is wanted_dated and (best is None or entry[1] >= best[1]):  # type: ignore[operator]
                best = entry
        if best is not None:
            return str(best[0])
    return None


@QUICK
@given(manifests(), st.integers(-1, 200))
def test_the_version_of_a_day_is_that_of_the_slow_twin(lines: list[Held], after: int) -> None:
    day = DAY + timedelta(days=after)
    found = newest(group_versions(lines), day)
    assert (None if found is None else found.first.sha256) == _slow_newest(lines, day)


@QUICK
@given(manifests(), manifests(), st.integers(-1, 200), st.integers(0, 60))
def test_what_comes_later_does_not_change_a_vintage_that_leaves_it_out(
    lines: list[Held], later: list[Held], after: int, held: int
) -> None:
    day, by = DAY + timedelta(days=after), date(2024, 6, 1) + timedelta(days=held)
    later = [item for item in later if item.retrieved_at.date() > by]
    assert newest(group_versions(lines, by), day) == newest(group_versions([*lines, *later], by), day)


@QUICK
@given(manifests(), st.data())
def test_a_manifest_cut_anywhere_is_a_shorter_manifest(lines: list[Held], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.jsonl"
        append_lines(path, lines)
        whole = path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:cut])
        kept = read_lines(path)
        assert kept == tuple(lines[: whole[:cut].count(b"\n")])
        append_lines(path, [lines[0]])
        assert read_lines(path) == (*kept, lines[0])


class Pieces(httpx.SyncByteStream):
    def __init__(self, content: bytes, cuts: list[int]) -> None:
        self._bounds = [0, *sorted(cuts), len(content)]
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        for start, stop in zip(self._bounds, self._bounds[1:], strict=False):
            yield self._content[start:stop]


@QUICK
@given(
    st.binary(max_size=5000),
    st.lists(st.integers(0, 6000), max_size=6),
    st.sampled_from(["gzip", "deflate", ""]),
)
def test_a_body_in_any_pieces_is_the_body(content: bytes, cuts: list[int], coding: str) -> None:
    body = {"gzip": gzip.compress, "deflate": zlib.compress, "": bytes}[coding](content)
    stream = Pieces(body, [min(cut, len(body)) for cut in cuts])
    response = httpx.Response(200, headers={"content-encoding": coding} if coding else {}, stream=stream)
    assert b"".join(body_pieces(response, 10_000, "x")) == content


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 4000), max_size=4), st.booleans())
def test_however_often_it_breaks_off_the_file_is_whole(breaks: list[int], ranges: bool) -> None:
    content = b"URN,Sector\r\n" + b"SC000001,Private\r\n" * 200
    facts = {"etag": '"v1"', "last-modified": MODIFIED, "date": ANSWERED}
    serve = serve_ranges(content)

    def broken(after: int) -> object:
        def break_off(request: httpx.Request) -> httpx.Response:
            sound = serve(request) if ranges else answer(content, 200, facts)
            return httpx.Response(
                sound.status_code,
                headers=sound.headers,
                stream=Broken(b"".join(sound.stream)[:after]),  # type: ignore
            )

        return break_off

    publisher = Publisher(*(broken(after) for after in breaks), serve)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder) / "shelf")
        publisher.loader(Limits(attempts=10)).download(wanted(), shelf)
        ((path, held),) = shelf.files()
        assert path.read_bytes() == content
        assert shelf.verify() == ()
        assert held.size == len(content)


@QUICK
@given(st.text(max_size=90))
def test_a_name_that_passes_is_a_plain_name_everywhere(text: str) -> None:
    try:
        check_name(text, "series")
    except UsageError:
        return
    assert Path(text).name == text == text.casefold()
    assert text.isascii()
    assert text.strip(". ") == text != ""


@QUICK
@given(st.text(max_size=60) | st.from_regex(r"https?://[a-z.@:/\\\[\]#?%0-9-]{0,40}", fullmatch=True))
def test_no_address_but_of_the_hosts_passes(text: str) -> None:
    hosts = ("www.gov.uk",)
    try:
        address = check_address(text, hosts)
    except RefusedError:
        return
    assert (address.scheme, address.host) == ("https", "www.gov.uk")
    assert address.userinfo == b""


@QUICK
@given(st.text(max_size=200))
def test_a_name_from_an_address_is_no_path(text: str) -> None:
    name = name_in(text)
    if name is not None:
        assert not set(name) & set('/\\:*?"<>|\0\n\r')
        assert Path(name).name == name
        assert not name.startswith(".")
        assert len(name) <= 129


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_damaged_archive_is_one_message_or_none(data: st.DataObject) -> None:
    content = bytearray(ods(b"<office:document-content>" + bytes(range(48, 58)) * 30 + b"</x>"))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(1, len(content)))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ods"
        path.write_bytes(bytes(content))
        with contextlib.suppress(ContentError):  # and nothing else
            scan_archive(path, "x")
