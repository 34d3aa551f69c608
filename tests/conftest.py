"""What every tier of tests shares: where the real releases are, and that no test reaches the network."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ofsight.dataset.build import build_dataset
from ofsight.dataset.store import Dataset, open_dataset
from ofsight.study.run import run_study


@pytest.fixture(scope="session")
def official() -> Path:
    """The folder of real official releases; the test is skipped where there is none."""
    folder = os.environ.get("OFSIGHT_RELEASES")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs the real official releases: set OFSIGHT_RELEASES to their folder")
    return Path(folder)


@contextmanager
def _made_once(name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder that all workers of a test run share, to one of them at a time."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield root / name


@pytest.fixture(scope="session")
def official_dataset(official: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The dataset of all official releases, built once a test run. Read it; never write to it."""
    with _made_once("official-dataset", tmp_path_factory) as folder:
        if not folder.exists():
            build_dataset(official, folder)
        return open_dataset(folder)


@pytest.fixture(scope="session")
def official_study(official_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study of 2022 on it, run once a test run."""
    with _made_once("official-study", tmp_path_factory) as folder:
        if not folder.exists():
            run_study(official_dataset.path, folder)
        return folder


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
