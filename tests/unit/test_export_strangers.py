"""Exports and study folders keep what is not theirs; a report notices what a study folder has lost."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from ofsight.dataset.export import MARK, export_dataset
from ofsight.dataset.store import Dataset, open_dataset, write_dataset
from ofsight.dataset.tables import TABLES
from ofsight.errors import DatasetError, UsageError
from ofsight.files import hash_file
from ofsight.report import write_report
from ofsight.study.results_folder import STUDY_FILE, refuse_other_folder


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("strangers") / "dataset"
    frames = {table.name: pl.DataFrame(schema=table.schema()) for table in TABLES}
    write_dataset(folder, frames, {"newest_release": "x"})
    return open_dataset(folder)


@pytest.mark.parametrize("kind", ["csv", "parquet", "sqlite"])
def test_an_export_lists_its_files_and_refuses_a_stranger(
    dataset: Dataset, tmp_path: Path, kind: str
) -> None:
    to = tmp_path / "out"
    export_dataset(dataset.path, to, kind=kind)
    listed = json.loads((to / MARK).read_text())["files"]
    assert listed == sorted(path.name for path in to.iterdir())
    (to / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"mine\.txt"):
        export_dataset(dataset.path, to, kind=kind)
    assert (to / "mine.txt").read_text() == "mine"


def test_a_table_of_the_user_s_own_in_an_sqlite_export_is_a_stranger(
    dataset: Dataset, tmp_path: Path
) -> None:
    export_dataset(dataset.path, tmp_path / "out", kind="sqlite")
    (tmp_path / "out" / "homes.csv").write_text("my homes")
    with pytest.raises(UsageError, match=r"homes\.csv"):
        export_dataset(dataset.path, tmp_path / "out")


def _study(folder: Path) -> Path:
    (folder / "tables").mkdir(parents=True)
    (folder / "results.json").write_text("[]")
    (folder / "ledger.csv").write_text("id,item,verdict\n")
    (folder / "tables" / "table2.csv").write_text("a,b\n1,2\n")
    names = ["ledger.csv", "results.json", "tables/table2.csv"]
    about = {
        "study": "x",
        "title": "A study",
        "files": [*names, STUDY_FILE],
        "sha256": {name: hash_file(folder / name) for name in names},
    }
    (folder / STUDY_FILE).write_text(json.dumps(about))
    return folder


def test_a_study_folder_with_a_stranger_is_refused(tmp_path: Path) -> None:
    study = _study(tmp_path / "study")
    refuse_other_folder(study)
    (study / "tables" / "draft.docx").write_text("mine")
    with pytest.raises(UsageError, match=r"tables/draft\.docx"):
        refuse_other_folder(study)


def test_a_whole_study_folder_is_reported(tmp_path: Path) -> None:
    assert write_report(_study(tmp_path / "study"), tmp_path / "report")[0].is_file()


@pytest.mark.parametrize("name", ["tables/table2.csv", "ledger.csv"])
@pytest.mark.parametrize("damage", ["is missing", "is not as the study wrote it"])
def test_a_report_names_what_its_study_has_lost(tmp_path: Path, name: str, damage: str) -> None:
    study = _study(tmp_path / "study")
    if damage == "is missing":
        (study / name).unlink()
    else:
        (study / name).write_bytes((study / name).read_bytes()[:-1])
    with pytest.raises(DatasetError, match=rf"{name}: {damage}.*ofsight study. again"):
        write_report(study, tmp_path / "report")
    assert not (tmp_path / "report").exists()
