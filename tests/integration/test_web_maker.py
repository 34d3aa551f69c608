"""A second process makes the pages: the same bytes, believed by its pass alone, and never needed."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from explorer import shared_dataset
from ofsight.web.app import ENVIRONMENT, create_app
from ofsight.web.cache import Kept
from ofsight.web.inside import Reply, ask, started
from ofsight.web.maker import Maker, Spot
from ofsight.web.maker_process import beside

ASKED = (
    "/",
    "/areas/leeds",
    "/api/v1/areas/leeds.json",
    "/api/v1/areas/leeds/tables/homes.csv",
    "/search?q=%C3%A9&x=1",
    "/nowhere",
    "/areas/atlantis",
    "/api/v1/areas/leeds.json?foo=1",
    "/static/explorer.css",
    "/changes.atom",
)


def replies(app: Any, addresses: tuple[str, ...] = ASKED) -> list[Reply]:
    async def run() -> list[Reply]:
        async with started(app):
            return [await ask(app, address) for address in addresses]

    return asyncio.run(run())


def wait_for(spot: Spot) -> None:
    for _ in range(600):
        try:
            assert httpx.get(f"http://127.0.0.1:{spot.port}/health", trust_env=False).status_code == 403
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the maker did not start")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_dataset(tmp_path_factory)


def test_what_it_makes_is_what_is_made_here_and_it_may_die(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    here = replies(create_app(dataset, url="/below"))
    shown = {"dataset": str(dataset), "warm": "no", "url": "/below"}
    environment = {ENVIRONMENT[name]: value for name, value in shown.items()}
    with beside(environment, said.append) as spot:
        wait_for(spot)
        made: list[Kept | None] = []
        make = Maker.make

        async def seen(self: Maker, scope: Any, version: str) -> Kept | None:
            made.append(await make(self, scope, version))
            return made[-1]

        monkeypatch.setattr(Maker, "make", seen)
        assert replies(create_app(dataset, url="/below", spot=spot)) == here
        assert all(made)
        assert len(made) == len(ASKED)

        # What is sent as it comes, and the state of the process, are answered where they are asked.
        made.clear()
        replies(create_app(dataset, spot=spot), ("/health", "/api/v1/rows/homes.csv"))
        assert made == [None, None]

        # Killed, it is not missed, and comes back.
        [process] = [one for one in psutil.Process().children() if "maker_process" in " ".join(one.cmdline())]
        process.kill()
        while not said:
            time.sleep(0.01)
        made.clear()
        assert replies(create_app(dataset, url="/below", spot=spot)) == here
        assert not any(made)
        wait_for(spot)
        assert said == ["The process that makes pages ended with -9; starting it again."]
    assert not any("maker_process" in " ".join(one.cmdline()) for one in psutil.Process().children())


def test_it_is_started_once_the_process_that_answers_listens() -> None:
    def children() -> list[psutil.Process]:
        return [one for one in psutil.Process().children() if "maker_process" in " ".join(one.cmdline())]

    with socket.create_server(("127.0.0.1", 0)) as other, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with beside({}, lambda _: None, bound.getsockname()):
            time.sleep(0.2)
            assert not children()
            bound.listen()
            while not children():
                time.sleep(0.01)
        with beside({}, lambda _: None, ("0.0.0.0", other.getsockname()[1])):
            while not children():
                time.sleep(0.01)
    assert not children()


@pytest.mark.parametrize(
    ("status", "headers", "believed"),
    [
        (200, {"x-ofsight-pass": "word", "etag": '"12345678-abc-z"', "content-type": "text/html"}, True),
        (200, {"x-ofsight-pass": "word", "etag": '"87654321-abc"'}, False),  # another state of the data
        (200, {"etag": '"12345678-abc"'}, False),  # another program on the port
        (404, {"x-ofsight-pass": "word"}, True),
        (503, {"x-ofsight-pass": "word"}, False),
    ],
)
def test_only_the_maker_is_believed_and_only_of_the_same_data(
    status: int, headers: dict[str, str], believed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[httpx.Request] = []

    async def sent() -> AsyncIterator[bytes]:
        yield b"body"

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, headers=headers, content=sent())

    async def run() -> Kept | None:
        maker = Maker(Spot(1, "word"))
        await maker.close()
        maker._client = httpx.AsyncClient(
            transport=httpx.MockTransport(answer),
            base_url="http://127.0.0.1:1",
            headers={"x-ofsight-pass": "word"},
        )
        scope = {"path": "/areas/é", "raw_path": b"/areas/%C3%A9", "query_string": b"a=%2F&a="}
        kept = await maker.make(scope, "1234567890")
        await maker.close()
        return kept

    kept = asyncio.run(run())
    assert asked[0].url.raw_path == b"/areas/%C3%A9?a=%2F&a="
    assert (kept is not None) == believed
    if kept is not None:
        assert kept.body == b"body"
        assert kept.status == status
        assert kept.tag == ("12345678-abc" if status == 200 else "")
        assert dict(kept.headers).keys() <= {b"content-type"}


def test_a_spot_is_read_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, spot in (("", None), ("80", None), ("x:y", None), ("80:word", Spot(80, "word"))):
        monkeypatch.setenv("OFSIGHT_MAKER", text)
        assert Spot.from_environment() == spot
    assert json.dumps(str(Spot(80, "word"))) == '"80:word"'
