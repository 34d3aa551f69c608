"""What all workers of a test run share: folders that the first to ask fills and nobody writes to after.

A session fixture is made once a worker. What is dear to make and only read is made here once a run, under a
lock, as pytest-xdist's documentation shows.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from builders import grid, providers, visits, write_csv
from ofsight.dataset.build import build_dataset
from ofsight.demo import write_releases


def shared_folder(factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], object]) -> Path:
    """Return the folder of this name, filled once a test run: read it, never write to it.

    Where filling fails the next that asks begins anew: it fails for the same reason, not for half a folder.
    """
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, done = root / f"shared-{name}", root / f"shared-{name}.done"
    with (root / f"shared-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            fill(folder)
            done.touch()
    return folder


def made_dataset(factory: pytest.TempPathFactory, **releases: int) -> Path:
    """Return the dataset of synthetic releases (`seed`, `n_homes`, `first_year`, ...) built once a test run.

    The releases are beside it: `made_dataset(...).parent / "releases"`.
    """

    def fill(folder: Path) -> None:
        write_releases(folder / "releases", **releases)
        build_dataset(folder / "releases", folder / "dataset")

    said = "-".join(f"{key}-{value}" for key, value in sorted(releases.items()))
    return shared_folder(factory, f"made-{said or 'demo'}", fill) / "dataset"


def copy_small_build(factory: pytest.TempPathFactory, to: Path) -> Path:
    """Give a test a folder of its own: ``releases`` (a list, a year's visits), ``dataset`` built of them."""

    def fill(folder: Path) -> None:
        write_csv(folder / "releases" / "year.csv", grid(visits()))
        write_csv(folder / "releases" / "list.csv", grid(providers()))
        build_dataset(folder / "releases", folder / "dataset")

    return Path(shutil.copytree(shared_folder(factory, "small-build", fill), to, dirs_exist_ok=True))
