"""What stands before every answer: methods, limits, headers, cache; and what there is without data."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from explorer import Client, explorer, shared_dataset
from ofsight.dataset.store import Dataset, open_dataset
from ofsight.web.cache import Cache, Kept
from ofsight.web.inside import Reply, ask


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(shared_dataset(tmp_path_factory))


@pytest.fixture(scope="module")
def client(data: Dataset) -> Iterator[Client]:
    with explorer(data.path) as client:
        yield client


ADDRESSES = (
    "/",
    "/data",
    "/api/v1/data.json",
    "/api/v1/rows/homes.csv",
    "/nowhere",
    "/api/v1/nowhere",
    "/health",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_carries_the_headers(client: Client, address: str) -> None:
    headers = client.ask(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers
    if address.startswith("/api/"):
        assert headers["access-control-allow-origin"] == "*"
    else:
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("address", ADDRESSES)
def test_head_is_get_without_a_body(client: Client, address: str) -> None:
    get, head = client.ask(address), client.ask(address, "HEAD")
    assert head.status_code == get.status_code
    assert head.content == b""
    assert head.headers["content-type"] == get.headers["content-type"]
    assert head.headers.get("etag") == get.headers.get("etag")


def test_the_head_of_a_file_made_as_it_is_sent_says_no_length_and_not_none(client: Client) -> None:
    for ending in ("csv", "sqlite"):
        head = client.ask(f"/api/v1/rows/homes.{ending}", "HEAD")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers.get("content-length") != "0", ending
        assert "attachment" in head.headers["content-disposition"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_nothing_can_be_changed(client: Client, method: str) -> None:
    for address in ADDRESSES:
        reply = client.ask(address, method)
        assert reply.status_code == 405
        assert reply.headers["allow"] == "GET, HEAD, OPTIONS"


def test_other_origins_may_ask_the_api(client: Client) -> None:
    reply = client.ask("/api/v1/data.json", "OPTIONS", origin="https://example.org")
    assert reply.status_code == 204
    assert "GET" in reply.headers["access-control-allow-methods"]


def test_what_is_known_is_not_sent_again(client: Client) -> None:
    first = client.ask("/data", accept_encoding="identity")
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.ask("/data", if_none_match=known, accept_encoding="identity")
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == tag
        assert "content-length" not in again.headers
    assert client.ask("/data", if_none_match='"other"').status_code == 200
    zipped = client.ask("/data", accept_encoding="gzip")
    assert zipped.headers["etag"] != tag, "another encoding is another representation"
    assert client.ask("/data", accept_encoding="gzip;q=0").headers.get("content-encoding") is None


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../etc/passwd", "/static/..%2f..%2fapp.py", "/static/explorer.css",
        "/../etc/passwd",
        "/homes/..%2f..%2fetc%2fpasswd", "/areas/%00", "/areas/%0d%0aSet-Cookie:a=b", "/areas/%C2%85",
        "/study/..%2fstudy.json", "/data/..%2fhomes", "/areas/" + "x" * 400, "/homes/" + quote("\u202eSC1"),
        "/owners/" + quote("<script>alert(1)</script>"), "/areas/%ff%fe",
    ],
)  # fmt: skip
def test_hostile_paths_lead_nowhere(client: Client, path: str) -> None:
    reply = client.ask(path)
    assert reply.status_code in (404, 422), reply.status_code
    assert "root:" not in reply.text
    assert "<script>alert" not in reply.text
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/areas/leeds/", "/areas/leeds"),
        ("/areas/?map=boundaries", "/areas?map=boundaries"),
        ("/api/v1/areas/leeds.json/", "/api/v1/areas/leeds.json"),
        ("//elsewhere.example/", "/elsewhere.example"),
        ("/%2Felsewhere.example/", "/%2Felsewhere.example"),
        ("/%5Celsewhere.example/", "/%5Celsewhere.example"),
    ],
)
def test_a_slash_at_the_end_leads_to_the_page_and_never_to_another_host(
    client: Client, path: str, to: str
) -> None:
    reply = client.ask_raw(path)
    assert reply.status == 308
    assert reply.headers["location"] == to


def test_a_backslash_leads_nowhere(client: Client) -> None:
    assert client.ask_raw("/\\elsewhere.example/").status == 404


def test_long_addresses_are_refused(client: Client) -> None:
    assert client.ask("/search?q=" + "x" * 3000).status_code == 414
    assert (
        client.ask("/api/v1/search.json?q=" + "x" * 3000).headers["content-type"]
        == "application/problem+json"
    )
    assert client.ask("/search?q=" + "x" * 500).status_code == 200


def test_a_page_ignores_what_it_does_not_know(client: Client) -> None:
    assert client.ask("/data?utm_source=letter").status_code == 200
    assert client.ask("/api/v1/data.json?utm_source=letter").status_code == 422


def test_static_files_may_be_kept_for_ever(client: Client) -> None:
    page = client.ask("/").text
    style = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    reply = client.ask(style)
    assert reply.headers["content-type"].startswith("text/css")
    assert "immutable" in reply.headers["cache-control"]


def test_without_a_study_the_pages_say_so(client: Client) -> None:
    assert "No finding is shown" in client.ask("/").text
    assert client.ask("/study").status_code == 404
    assert client.ask("/api/v1/study.json").json()["status"] == 404


def test_missing_dataset_gives_a_page_and_then_goes_on(data: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "secret-place" / "dataset"
    with explorer(folder) as client:
        lost = client.ask("/")
        assert lost.status_code == 503
        assert lost.headers["retry-after"] == "10"
        assert "There is no dataset yet" in lost.text
        assert "secret-place" not in lost.text
        assert any("secret-place" in line for line in client.app.state.said), "the operator is told where"
        assert client.ask("/api/v1/data.json").json()["status"] == 503
        assert client.ask("/health").status_code == 503
        style = lost.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        assert client.ask(style).status_code == 200
        shutil.copytree(data.path, folder)
        client.app.holdings.read()
        assert client.ask("/").status_code == 200


def test_half_built_dataset_gives_a_page(data: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "dataset"
    shutil.copytree(data.path, folder)
    (folder / "inspections.parquet").write_bytes(b"PAR1half")
    with explorer(folder) as client:
        reply = client.ask("/areas")
        assert reply.status_code == 503
        assert "not whole" in reply.text


def test_newer_dataset_is_shown_without_a_stop_and_a_broken_one_is_not(data: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "dataset"
    shutil.copytree(data.path, folder)
    with explorer(folder) as client:
        before = client.ask("/data")
        facts = json.loads((folder / "dataset.json").read_text())
        (folder / "dataset.json").write_text(json.dumps(facts | {"fingerprint": "0" * 64}))
        client.app.holdings.read()
        after = client.ask("/data")
        assert after.headers["etag"] != before.headers["etag"]
        (folder / "dataset.json").write_text("{")
        client.app.holdings.read()
        assert client.ask("/data").text == after.text
        assert any("cannot be shown" in line for line in client.app.state.said)


def test_study_that_was_changed_is_not_shown(data: Dataset, tmp_path: Path) -> None:
    from report_study_folder import make_study_folder

    study = make_study_folder(tmp_path / "study")
    (study / "results.json").write_text("[")
    with explorer(data.path, study) as client:
        assert client.ask("/study").status_code == 404
        assert "damaged" in client.ask("/").text


def test_an_error_of_ours_tells_visitors_nothing(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    from ofsight.web.pages import data as pages

    def fail(*_: object) -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr(pages.data, "held", fail)
    with explorer(data.path) as client:
        for address in ("/data", "/api/v1/data.json"):
            reply = client.ask(address)
            assert reply.status_code == 500
            assert "secret" not in reply.text
            assert "content-security-policy" in reply.headers


def kept(size: int) -> Kept:
    return Kept(200, (), b"x" * size, False, "")


def test_cache_is_bounded_and_lets_go_of_what_was_not_asked_for() -> None:
    cache = Cache(most_bytes=100_000)
    for place in range(1000):
        cache.put(("1", str(place)), kept(5000))
        cache.get(("1", "0"))
    assert cache.n_bytes <= 100_000
    assert cache.get(("1", "0")) is not None, "what is asked for again and again stays"
    assert cache.get(("1", "1")) is None
    cache.put(("1", "huge"), kept(50_000))
    assert cache.get(("1", "huge")) is None
    cache.put(("1", "0"), kept(10))
    assert cache.n_bytes == sum(one.size for one in cache._kept.values())


def test_the_second_answer_comes_from_the_cache(client: Client) -> None:
    first = client.ask("/method", accept_encoding="identity")
    cache, key = client.app.cache, (client.app.holdings.version, "/method?")
    found = cache.get(key)
    assert found is not None
    cache.put(key, Kept(200, found.headers, b"from the cache", False, found.tag))
    assert client.ask("/method", accept_encoding="identity").text == "from the cache"
    assert client.ask("/method?", accept_encoding="identity").text == "from the cache"
    assert client.ask("/method?x=1", accept_encoding="identity").text == first.text
    assert not any(version == "" for version, _ in cache._kept), "nothing is kept while there is no dataset"


def _ask_at_once(client: Client, addresses: list[str]) -> tuple[list[Reply], int]:
    """Ask for addresses all at once; return the replies and how often the routes were asked."""
    client.ask("/health")
    front = client.app.front
    assert front is not None
    inner, asked = front.app, []

    async def count(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        await inner(scope, receive, send)

    async def everybody() -> list[Reply]:
        return await asyncio.gather(*(ask(client.app, address) for address in addresses))

    front.app = count
    try:
        replies = client._runner.run(everybody())
    finally:
        front.app = inner
    assert client.app.n_making() == 0
    return replies, len(asked)


def test_a_page_that_many_ask_for_at_once_is_made_once(client: Client) -> None:
    replies, made = _ask_at_once(client, ["/areas/england?model=1"] * 5 + ["/areas/kent"] * 5)
    assert [reply.status for reply in replies[5:]] == [200] * 5
    assert len({reply.body for reply in replies[5:]}) == 1
    assert {reply.status for reply in replies[:5]} == {422}
    assert made == 6  # a refusal is not kept, so each gets its own


def test_a_stream_holds_up_nobody_who_asks_for_the_same(client: Client) -> None:
    replies, made = _ask_at_once(client, ["/api/v1/rows/homes.csv?column=urn"] * 3)
    assert made == 3
    assert len({reply.body for reply in replies}) == 1
    assert replies[0].body.startswith(b"urn")


def test_who_made_a_page_may_go_and_those_who_wait_still_get_it(client: Client) -> None:
    async def leave() -> Reply:
        first = asyncio.create_task(ask(client.app, "/areas/leeds"))
        await asyncio.sleep(0)
        second = asyncio.create_task(ask(client.app, "/areas/leeds"))
        await asyncio.sleep(0.001)
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first
        return await second

    assert client._runner.run(leave()).status == 200
    assert client.app.n_making() == 0
