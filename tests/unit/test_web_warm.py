"""Pages made beforehand: which, in which order, anew with new data, and never before a visitor's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from profile_tables import dataset_of, listed

from ofsight.web import warm
from ofsight.web.sources import Holdings, NotReady, Sources


@dataclass
class Fake:
    """Holdings whose data can be replaced, and an application that writes down what it is asked for."""

    versions: list[str]
    plan: Path | None = None
    making: int = 0
    fails: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    settled: int = 0

    def __post_init__(self) -> None:
        group = {"owner": "Keys Care Ltd", "owner_id": "keys-care", "owner_group": "Keys Group"}
        homes = [listed("SC1", **group), listed("SC2", authority="Kent")]
        rows = [
            {**row, "n_inspections": 0, "n_graded": 0, "last_listed_on": row["listed_on"]} for row in homes
        ]
        self.dataset = dataset_of(home_snapshots=homes, homes=rows)

    @property
    def version(self) -> str:
        return self.versions[0]

    def current(self) -> Sources:
        if not self.version:
            raise NotReady("Not yet.")
        return Sources(self.dataset, None, self.plan, self.version)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append((self.version, scope["path"]))
        if scope["path"] == self.fails:
            raise RuntimeError("this page cannot be made")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def paths(self, version: str) -> list[str]:
        return [path for at, path in self.asked if at == version]


def run(fake: Fake, monkeypatch: pytest.MonkeyPatch, steps: Iterable[str]) -> None:
    """Keep warm until it has settled twice, then with the next version, and so on."""
    monkeypatch.setattr(warm, "_LOOK", 0.005)
    monkeypatch.setattr(warm, "_settle", lambda: setattr(fake, "settled", fake.settled + 1))

    async def go() -> None:
        holdings = cast(Holdings, fake)
        task = asyncio.create_task(warm.keep_warm(fake, holdings, lambda: fake.making))
        try:
            async with asyncio.timeout(20):
                for version in steps:
                    fake.versions.insert(0, version)
                    wanted = fake.settled + 2
                    while fake.settled < wanted and not task.done():
                        await asyncio.sleep(0.005)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    asyncio.run(go())


def test_one_of_each_kind_then_every_area_and_the_largest_owners(monkeypatch, tmp_path):
    fake = Fake([""], plan=tmp_path)
    run(fake, monkeypatch, ["one"])
    paths = fake.paths("one")
    assert paths[:4] == ["/", "/areas", "/areas/england", "/areas/england/planning"]
    for path in ("/areas/leeds", "/areas/leeds/planning", "/areas/leeds/planning/what-if", "/homes/SC1"):
        assert path in paths
    assert {"/owners/keys-care", "/owners/group-keys-group"} <= set(paths)
    assert paths.index("/areas/york") < paths.index("/areas/leeds/planning") < len(paths) - 2


def test_new_data_are_made_anew_and_nothing_fails_for_a_page_that_cannot_be_made(monkeypatch):
    fake = Fake([""], fails="/areas")
    run(fake, monkeypatch, ["one", "two"])
    assert fake.paths("one") == fake.paths("two")
    assert "/areas/leeds" in fake.paths("two")
    assert not any(path.endswith("planning") for path in fake.paths("two"))


def test_visitors_come_first(monkeypatch):
    fake = Fake([""], making=1)
    monkeypatch.setattr(warm, "_PATIENCE", 60.0)

    async def go() -> None:
        fake.versions.insert(0, "one")
        task = asyncio.create_task(warm.keep_warm(fake, cast(Holdings, fake), lambda: fake.making))
        await asyncio.sleep(0.15)
        assert not fake.asked
        fake.making = 0
        async with asyncio.timeout(10):
            while not fake.asked:
                await asyncio.sleep(0.005)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(go())
