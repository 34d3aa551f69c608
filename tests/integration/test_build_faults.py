"""What a build finds in place and around it: damage, links, own folders, added reports, synthetic files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from builders import grid, providers, visits, write_csv
from ofsight.dataset.build import BuildSummary, build_dataset
from ofsight.dataset.export import export_dataset
from ofsight.dataset.reports import add_reports
from ofsight.dataset.store import open_dataset
from ofsight.demo import write_releases
from ofsight.errors import ReleaseError
from shared import copy_small_build

RELEASES = os.environ.get("OFSIGHT_RELEASES")


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    write_csv(tmp_path / "releases" / "year.csv", grid(visits()))
    write_csv(tmp_path / "releases" / "list.csv", grid(providers()))
    return tmp_path / "releases"


@pytest.fixture
def built(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same releases and the dataset made of them."""
    return copy_small_build(tmp_path_factory, tmp_path)


def _reasons(summary: BuildSummary) -> dict[str, str]:
    return {item["file"]: item["reason"] for item in summary.passed_over}


def _edit(dataset: Path, change: Callable[[dict[str, object]], object]) -> None:
    facts = json.loads((dataset / "dataset.json").read_text(encoding="utf-8"))
    change(facts)
    (dataset / "dataset.json").write_text(json.dumps(facts), encoding="utf-8")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut off": lambda folder: os.truncate(folder / "inspections.parquet", 100),
    "one byte": lambda folder: (folder / "homes.parquet").write_bytes(
        (folder / "homes.parquet").read_bytes()[:-1] + b"x"
    ),
    "no database": lambda folder: (folder / "ofsight.duckdb").unlink(),
    "junk database": lambda folder: (folder / "ofsight.duckdb").write_bytes(b"junk"),
    "no description": lambda folder: (folder / "datapackage.json").unlink(),
    "no summary": lambda folder: _edit(folder, lambda facts: facts.pop("summary")),
    "another summary": lambda folder: _edit(folder, lambda facts: facts.update(summary={"n": 1})),
    "no tables": lambda folder: _edit(folder, lambda facts: facts.pop("tables")),
    "another format": lambda folder: _edit(folder, lambda facts: facts.update(format=0)),
    "no facts": lambda folder: (folder / "dataset.json").write_text("{", encoding="utf-8"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_dataset_is_not_up_to_date(built: Path, damage: str) -> None:
    releases, dataset = built / "releases", built / "dataset"
    assert build_dataset(releases, dataset).unchanged
    DAMAGE[damage](dataset)
    assert not build_dataset(releases, dataset).unchanged
    data = open_dataset(dataset)
    assert data.inspections.height == data.sql("select count(*) as n from inspections")["n"][0] == 300
    assert build_dataset(releases, dataset).unchanged


def test_the_same_folder_typed_otherwise_is_unchanged(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(built)
    assert build_dataset(Path("releases"), Path("dataset")).unchanged
    assert build_dataset(Path("dataset/../releases"), Path("dataset")).unchanged
    shutil.copytree(built / "releases", tmp_path / "moved")
    assert build_dataset(tmp_path / "moved", tmp_path / "dataset").unchanged
    (tmp_path / "moved" / "list.csv").rename(tmp_path / "moved" / "other.csv")
    assert not build_dataset(tmp_path / "moved", tmp_path / "dataset").unchanged


def test_what_ofsight_wrote_below_the_releases_is_no_release(releases: Path) -> None:
    assert build_dataset(releases, releases / "out" / "dataset").n_files == 2
    again = build_dataset(releases, releases / "out" / "dataset")
    assert again.unchanged
    export_dataset(releases / "out" / "dataset", releases / "export", kind="csv")
    (releases / "more").mkdir()
    write_csv(releases / "more" / "note.txt", [["x"]])
    summary = build_dataset(releases, releases / "out" / "dataset")
    assert summary.n_files == 3
    assert _reasons(summary) == {
        "export": "an export that ofsight made, and no release",
        "out/dataset": "a dataset that ofsight made, and no release",
        "more/note.txt": "not a spreadsheet",
    }


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_followed_once_and_lost_ones_told(releases: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (releases / "list.csv").rename(elsewhere / "list.csv")
    (releases / "a-link").symlink_to(elsewhere)
    (releases / "b-link").symlink_to(elsewhere)
    (releases / "loop").symlink_to(releases)
    (releases / "gone.csv").symlink_to(tmp_path / "nowhere")
    os.mkfifo(releases / "pipe")
    summary = build_dataset(releases, tmp_path / "dataset")
    assert {item["file"] for item in summary.recognised} == {"year.csv", "a-link/list.csv"}
    assert _reasons(summary) == {
        "b-link": "a link to a folder that is read in its own place",
        "loop": "a link to a folder that is read in its own place",
        "gone.csv": "a link to what is not there",
        "pipe": "neither a file nor a folder",
    }


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_in_no_encoding_is_no_reason_to_break(releases: Path, tmp_path: Path) -> None:
    try:
        (releases / "list.csv").rename(os.fsdecode(os.fsencode(releases) + b"/l\x96st.csv"))
    except OSError:
        pytest.skip("this file system takes only names in UTF-8")
    Path(os.fsdecode(os.fsencode(releases) + b"/r\xe9port.pdf")).write_bytes(b"%PDF-1.4")
    write_csv(releases / "year.csv", grid([*visits(), {**visits()[0], "Sector": "Prvate"}]))
    summary = build_dataset(releases, tmp_path / "dataset")
    assert {item["file"] for item in summary.recognised} == {"year.csv", "l\ufffdst.csv"}
    assert list(_reasons(summary)) == ["r\ufffdport.pdf"]
    assert build_dataset(releases, tmp_path / "dataset").unchanged


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_releases(folder / "releases", n_homes=150, first_year=2018, last_year=2019)
    return folder / "releases"


def test_a_marker_in_a_sub_folder_is_found(demo: Path, tmp_path: Path) -> None:
    build_dataset(demo.parent, tmp_path / "dataset")
    truth = open_dataset(tmp_path / "dataset").synthetic
    assert truth is not None
    assert "domains" in truth


@pytest.mark.parametrize("pattern", ["*march-2019.csv", "*in-year-2018-19.csv"])
def test_a_synthetic_release_says_so_without_its_marker(demo: Path, tmp_path: Path, pattern: str) -> None:
    (tmp_path / "one").mkdir()
    shutil.copy(next(demo.glob(pattern)), tmp_path / "one" / "renamed.csv")
    for number, releases in enumerate((tmp_path / "one", tmp_path / "one" / "renamed.csv")):
        dataset = tmp_path / f"dataset-{number}"
        assert build_dataset(releases, dataset).synthetic
        truth = open_dataset(dataset).synthetic
        assert truth is not None
        assert "SYNTHETIC" in truth["note"]
        assert "says-synthetic" not in set(open_dataset(dataset).findings["code"])


def test_real_releases_are_not_synthetic_and_do_not_mix(demo: Path, releases: Path, tmp_path: Path) -> None:
    assert not build_dataset(releases, tmp_path / "dataset").synthetic
    (releases / "list.csv").unlink()
    shutil.copy(next(demo.glob("*march-2018.csv")), releases / "other.csv")
    with pytest.raises(ReleaseError, match=r"not synthetic, but other\.csv is"):
        build_dataset(releases, tmp_path / "dataset")
    shutil.copytree(demo, tmp_path / "mixed")
    # The list's own release of the year: neither listed by the marker nor saying anything of itself.
    (tmp_path / "mixed" / next(demo.glob("*in-year-2018-19.csv")).name).unlink()
    shutil.copy(releases / "year.csv", tmp_path / "mixed")
    with pytest.raises(ReleaseError, match=r"year\.csv: this release is not synthetic"):
        build_dataset(tmp_path / "mixed", tmp_path / "dataset")


def test_a_marker_alone_marks_what_lies_below_it(releases: Path, tmp_path: Path) -> None:
    (releases / "SYNTHETIC-RELEASES.json").write_text('{"note": "made up"}', encoding="utf-8")
    build_dataset(releases, tmp_path / "dataset")
    assert open_dataset(tmp_path / "dataset").synthetic == {"note": "made up"}
    (releases / "SYNTHETIC-RELEASES.json").write_text('{"files": {"gone.csv": {}}}', encoding="utf-8")
    assert build_dataset(releases, tmp_path / "dataset").synthetic


def _reports() -> list[Path]:
    if not RELEASES:
        pytest.skip("set OFSIGHT_RELEASES to the folder with the official files")
    found = sorted((Path(RELEASES) / "ofsted" / "childrens-home-inspection-reports").glob("*.pdf"))
    if len(found) < 3:
        pytest.skip("the inspection reports are not among the releases")
    return found


def test_added_reports_stand_in_the_next_build(releases: Path, tmp_path: Path) -> None:
    dataset, folder = tmp_path / "dataset", tmp_path / "reports"
    mine, *others = _reports()
    shutil.copy(mine, releases)
    folder.mkdir()
    for path in others:
        shutil.copy(path, folder)
    build_dataset(releases, dataset)
    of_release = open_dataset(dataset).reports.height
    added = add_reports(folder, dataset)
    assert added.n_reports > of_release == 1
    before = open_dataset(dataset)
    (releases / "list.csv").unlink()
    summary = build_dataset(releases, dataset)
    assert summary.n_reports_kept == added.n_reports - of_release
    data = open_dataset(dataset)
    for name in ("reports", "report_history", "requirements", "recommendations"):
        assert data[name].sort(pl.all()).equals(before[name].sort(pl.all())), name
    kept = data.findings.filter(pl.col("code") == "reports-kept")
    assert kept["n"].to_list() == [summary.n_reports_kept]
    assert build_dataset(releases, dataset).unchanged
    # A report of the releases that is taken out is gone; those that were added stay, and count once.
    (releases / mine.name).unlink()
    shutil.copy(others[0], releases)
    build_dataset(releases, dataset)
    assert mine.name not in set(open_dataset(dataset).reports["file"])
    assert open_dataset(dataset).reports.height == added.n_reports - of_release
    os.truncate(dataset / "requirements.parquet", 10)
    build_dataset(releases, dataset)
    lost = open_dataset(dataset).findings.filter(pl.col("code") == "reports-dropped")
    assert "ofsight reports" in lost["message"][0]
