"""What every tier of tests shares: where the real releases are, and that no test reaches the network."""

from __future__ import annotations

import os
import socket
from itertools import zip_longest
from pathlib import Path

import pytest

from ofsight.dataset.build import build_dataset
from ofsight.dataset.store import Dataset, open_dataset
from ofsight.study.run import run_study
from shared import shared_folder


def pytest_configure(config: pytest.Config) -> None:
    """Keep the order below: xdist of itself begins with the files of most tests, which are not the dear."""
    if getattr(config.option, "dist", "no") == "loadfile":
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give workers the dear tiers first and the many quick files last, so that none is left alone at the end.

    Files that ask for the shared folders take turns with files that ask for none: where one worker makes the
    official dataset and its study, the next has other work than to wait for them.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    asking = [path for path in files if path.parent.name in ("browser", "integration")]
    quick = [path for path in files if path.parent.name == "unit"]
    others = [path for path in files if path not in {*asking, *quick}]
    turns = [path for pair in zip_longest(asking, others) for path in pair if path is not None]
    items[:] = [item for path in (*turns, *quick) for item in files[path]]


@pytest.fixture(scope="session")
def official() -> Path:
    """The folder of real official releases; the test is skipped where there is none."""
    folder = os.environ.get("OFSIGHT_RELEASES")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs the real official releases: set OFSIGHT_RELEASES to their folder")
    return Path(folder)


@pytest.fixture(scope="session")
def official_dataset(official: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The dataset of all official releases, built once a test run. Read it; never write to it."""
    return open_dataset(
        shared_folder(tmp_path_factory, "official-dataset", lambda folder: build_dataset(official, folder))
    )


@pytest.fixture(scope="session")
def official_study(official_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study of 2022 on it, run once a test run."""
    return shared_folder(
        tmp_path_factory, "official-study", lambda folder: run_study(official_dataset.path, folder)
    )


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that does not stay on this machine."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family in (socket.AF_INET, socket.AF_INET6) and host not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", local_only)
