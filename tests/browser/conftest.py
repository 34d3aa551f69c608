"""The browser tier: the explorer as a reader meets it, in Debian's Chromium, on this machine only.

Where the real releases are held the pages are those of the real dataset; a small synthetic one, with a plan
and an owner whose name is a script, stands beside it always.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from explorer import shared_dataset, shared_plan

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path; the tests are skipped where there is none."""
    found = os.environ.get("OFSIGHT_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if not found:
        pytest.skip("needs Chromium: apt-get install chromium, or set OFSIGHT_CHROMIUM to its path")
    return found


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def _served(log: Path, **folders: Path) -> Iterator[str]:
    """Give the address of an explorer in a process of its own.

    It makes no page before one is asked for: hundreds that no test reads would hold up all other tests.
    """
    port = _free_port()
    options = ["--no-warm", *(f"--{name}={folder}" for name, folder in folders.items())]
    command = [sys.executable, "-c", "from ofsight.cli import main; main()", "serve", f"--port={port}"]
    with log.open("wb") as said:
        server = subprocess.Popen([*command, *options], stdout=said, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert server.poll() is None, log.read_text()
            try:
                if httpx.get(f"{address}/health", timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="session")
def made_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of the synthetic dataset, its study and its plans."""
    from report_study_folder import make_study_folder  # `explorer` says where it lies

    study = make_study_folder(tmp_path_factory.mktemp("made") / "study")
    return {
        "dataset": shared_dataset(tmp_path_factory),
        "study": study,
        "plan": shared_plan(tmp_path_factory),
    }


@pytest.fixture(scope="session")
def made_site(
    chromium: str, made_folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of the explorer of the synthetic dataset, with plans."""
    with _served(tmp_path_factory.mktemp("log") / "made", **made_folders) as address:
        yield address


@pytest.fixture(scope="session")
def site(
    chromium: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of the explorer of the real dataset where it is held, else of the synthetic one."""
    if not os.environ.get("OFSIGHT_RELEASES"):
        yield request.getfixturevalue("made_site")
        return
    study = request.getfixturevalue("official_study")
    dataset = request.getfixturevalue("official_dataset").path
    with _served(tmp_path_factory.mktemp("log") / "real", dataset=dataset, study=study) as address:
        yield address


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """A browser for one module: Playwright's loop must end before other modules run loops of their own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield opened
        opened.close()


@dataclass
class Told:
    """What a page said while it was used: errors of scripts and of the policy, requests to other hosts."""

    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def listen(self, page: Any, *own: str) -> None:
        """Listen to a page that may ask only addresses that begin as one of its own."""

        def message(one: Any) -> None:
            if one.type in ("error", "warning"):
                self.errors.append(f"{page.url}: {one.text}")

        def asked(one: Any) -> None:
            if not one.url.startswith((*own, "data:")):
                self.outside.append(one.url)

        page.on("console", message)
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))
        page.on("request", asked)


Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, site: str, made_folders: dict[str, Path]) -> Iterator[Open]:
    """Open a page in a context of its own; in the end no page has told of an error or asked another host."""
    told, contexts = Told(), []

    def opened(address: str = "/", *, base: str = site, **options: Any) -> Any:
        context = browser.new_context(**{"base_url": base, "accept_downloads": True} | options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        told.listen(page, base)
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert told.errors == []
    assert told.outside == []
