"""A second build over one changed file: the same tables as a build from nothing, and one file read."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ofsight.dataset import gather
from ofsight.dataset.build import build_dataset
from ofsight.dataset.readings import READINGS
from ofsight.dataset.store import open_dataset
from ofsight.harmonise.spreadsheets import read_tables
from shared import shared_folder

RELEASES = os.environ.get("OFSIGHT_RELEASES")
pytestmark = pytest.mark.skipif(
    not RELEASES, reason="set OFSIGHT_RELEASES to the folder with the official files"
)
FILES = (
    "ofsted/provider-level-in-year/provider-level-in-year-2018-19.csv",
    "ofsted/provider-level-in-year/provider-level-in-year-2019-20.csv",
    "ofsted/joiners-and-leavers/joiners-leavers-2019-20.csv",
    "ofsted/providers-and-places/providers-and-places-31-march-2018.csv",
    "dfe/children-looked-after-sfr/sfr50-2017-cla.csv",
    "dfe/statistical-neighbours/sn-model-2025-wide.csv",
    "ofsted/la-inspection-outcomes/la-inspection-outcomes-as-at-31-march-2024.ods",
    "ofsted/childrens-home-inspection-reports/childrens-home-inspection-report_sc485956_2024-02-27.pdf",
)


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    folder = tmp_path / "releases"
    for name in FILES:
        source = Path(str(RELEASES)) / name
        if not source.exists():
            pytest.skip(f"{name} is not among the releases")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / name)
    return folder


@pytest.fixture
def dataset(releases: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of these releases: built once, copied."""
    built = shared_folder(tmp_path_factory, "incremental", lambda folder: build_dataset(releases, folder))
    return Path(shutil.copytree(built, tmp_path / "dataset"))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []

    def note(path: Path) -> object:
        names.append(path.name)
        return read_tables(path)

    monkeypatch.setattr(gather, "read_tables", note)
    return names


def tables(folder: Path) -> dict[str, pl.DataFrame]:
    data = open_dataset(folder)
    return {name: data[name] for name in data.tables}


def test_one_changed_file_is_read_and_the_tables_are_those_of_a_fresh_build(
    releases: Path, tmp_path: Path, read: list[str]
) -> None:
    dataset = tmp_path / "dataset"
    build_dataset(releases, dataset)
    assert len(read) == len(FILES) - 1  # the PDF is no spreadsheet
    read.clear()
    changed = releases / FILES[0]
    lines = changed.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    changed.write_text("".join(lines[:-5]), encoding="utf-8")
    again = build_dataset(releases, dataset)
    assert not again.unchanged
    assert read == [changed.name]
    build_dataset(releases, tmp_path / "fresh")
    for name, frame in tables(tmp_path / "fresh").items():
        assert tables(dataset)[name].equals(frame), name


def test_a_file_that_is_gone_leaves_no_reading(releases: Path, dataset: Path, read: list[str]) -> None:
    before = (dataset / READINGS).stat().st_size
    (releases / FILES[4]).unlink()
    read.clear()
    build_dataset(releases, dataset)
    assert read == []
    assert (dataset / READINGS).stat().st_size < before
    assert open_dataset(dataset)["authority_statistics"].is_empty()


def test_damaged_or_foreign_readings_are_made_anew(releases: Path, dataset: Path, read: list[str]) -> None:
    whole = tables(dataset)
    _rewrite(dataset, lambda name, data: b"no arrow" if name.endswith(".arrow") else data)
    (releases / FILES[5]).unlink()
    read.clear()
    build_dataset(releases, dataset)
    assert len(read) == len(FILES) - 2
    assert tables(dataset)["inspections"].equals(whole["inspections"])
    _rewrite(dataset, lambda name, data: b"other code" if name == "fingerprint" else data)
    (releases / FILES[4]).unlink()
    read.clear()
    build_dataset(releases, dataset)
    assert len(read) == len(FILES) - 3
    (dataset / READINGS).write_bytes(b"no archive")
    (releases / FILES[3]).unlink()
    read.clear()
    build_dataset(releases, dataset)
    assert len(read) == len(FILES) - 4


def _rewrite(dataset: Path, change: Callable[[str, bytes], bytes]) -> None:
    with zipfile.ZipFile(dataset / READINGS) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(dataset / READINGS, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, change(name, data))
