"""A dataset exported: every row and type comes back, and the descriptions say what the files hold."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from ofsight.dataset.changes import find_changes
from ofsight.dataset.export import export_dataset
from ofsight.dataset.store import Dataset, open_dataset, write_dataset
from ofsight.dataset.tables import TABLES
from ofsight.errors import UsageError
from ofsight.files import hash_file

SCHEMAS = {table.name: table.schema() for table in TABLES}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Write a small dataset with the types that are hard to carry: grades, dates, quotes, nothing at all."""
    folder = tmp_path_factory.mktemp("export") / "dataset"
    homes = [
        {
            "urn": "SC000001",
            "sector": "Private",
            "provision_type": "Children's home",
            "owner": 'Keys, "North" Ltd',
            "council_company": False,
            "places": 4,
            "registered_on": "2010-01-02",
            "n_inspections": 2,
            "n_graded": 1,
        },
        {"urn": "1234567", "sector": "Voluntary", "provision_type": "Children's home", "owner": "Ö\nb"},
    ]
    frames = {name: pl.DataFrame(schema=schema) for name, schema in SCHEMAS.items()}
    frames["homes"] = pl.DataFrame(
        homes, schema=SCHEMAS["homes"] | {"registered_on": pl.String}, strict=False
    ).with_columns(pl.col("registered_on").str.to_date())
    write_dataset(folder, frames, {"ofsight": "1", "built_at": "2026-01-01", "newest_release": "x"})
    return open_dataset(folder)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_hold_the_table_and_their_hash(dataset: Dataset, tmp_path: Path, kind: str) -> None:
    to = tmp_path / "out"
    summary = export_dataset(dataset.path, to, kind=kind)
    assert list(summary.tables) == list(dataset.tables)
    fact = summary.tables["homes"]
    assert fact == {"file": f"homes.{kind}", "rows": 2, "sha256": hash_file(to / f"homes.{kind}")}
    if kind == "parquet":
        back = pl.read_parquet(to / "homes.parquet")
    else:
        back = pl.read_csv(to / "homes.csv", infer_schema=False).select(
            pl.col(name).cast(dtype) if dtype not in (pl.Date, pl.Boolean)
            else pl.col(name).str.to_date() if dtype == pl.Date
            else pl.col(name) == "true"
            for name, dtype in SCHEMAS["homes"].items()
        )  # fmt: skip
    assert back.equals(dataset.homes)
    package = json.loads((to / "datapackage.json").read_text())
    described = next(item for item in package["resources"] if item["name"] == "homes")
    assert (described["path"], described["hash"]) == (f"homes.{kind}", f"sha256:{fact['sha256']}")
    assert (to / "csv-metadata.json").exists() == (kind == "csv")


def test_sqlite_holds_every_table_with_keys(dataset: Dataset, tmp_path: Path) -> None:
    summary = export_dataset(dataset.path, tmp_path / "out", kind="sqlite")
    assert summary.tables["homes"]["rows"] == 2
    connection = sqlite3.connect(tmp_path / "out" / "ofsight.sqlite")
    try:
        tables = {name for (name,) in connection.execute("select name from sqlite_master where type='table'")}
        assert tables == set(dataset.tables)
        row = connection.execute(
            "select owner, places, registered_on, council_company from homes where urn = 'SC000001'"
        ).fetchone()
        assert row == ('Keys, "North" Ltd', 4, "2010-01-02", 0)
        keys = [name for _, name, *_, key in connection.execute("pragma table_info(homes)") if key]
        assert keys == ["urn"]
    finally:
        connection.close()


def test_some_tables_only_and_an_export_replaced(dataset: Dataset, tmp_path: Path) -> None:
    to = tmp_path / "out"
    export_dataset(dataset.path, to)
    export_dataset(dataset.path, to, tables=["homes"])
    assert sorted(file.name for file in to.iterdir()) == [
        "csv-metadata.json",
        "datapackage.json",
        "homes.csv",
        "ofsight-export.json",
    ]


def test_what_is_not_an_export_is_not_overwritten(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="no export"):
        export_dataset(dataset.path, tmp_path)
    with pytest.raises(UsageError, match="no export"):
        export_dataset(dataset.path, dataset.path)
    with pytest.raises(UsageError, match="csv, parquet, sqlite"):
        export_dataset(dataset.path, tmp_path / "out", kind="xlsx")
    with pytest.raises(UsageError, match="no table 'house'"):
        export_dataset(dataset.path, tmp_path / "out", tables=["house"])


def test_changes_between_two_folders(dataset: Dataset, tmp_path: Path) -> None:
    frames = {name: dataset[name] for name in dataset.tables}
    frames["homes"] = frames["homes"].filter(pl.col("urn") == "SC000001")
    write_dataset(tmp_path / "old", frames, {"newest_release": "old", "built_at": "2025-01-01"})
    changes = find_changes(tmp_path / "old", dataset.path)
    assert changes.counts["new"] == 1
    assert changes.table["urn"].to_list() == ["1234567"]
