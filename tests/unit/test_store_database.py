"""The dataset's database: ordered words, paths that DuckDB reads otherwise, and nothing but reading."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ofsight.dataset.store import DATABASE, METADATA, Dataset, open_dataset, write_dataset
from ofsight.dataset.tables import TABLES
from ofsight.errors import DatasetError, UsageError
from ofsight.vocabulary import Grade, enum_type

SCHEMAS = {table.name: table.schema() for table in TABLES}
GRADES = [*(grade.value for grade in Grade), None]
FACTS = {"newest_release": "list/2024-03-31", "built_at": "2026-01-01"}


def write(folder: Path) -> Dataset:
    frames = {name: pl.DataFrame(schema=schema) for name, schema in SCHEMAS.items()}
    homes = [{"urn": f"SC{n:06}", "latest_overall": grade} for n, grade in enumerate(GRADES)]
    frames["home_snapshots"] = pl.DataFrame(homes, schema=SCHEMAS["home_snapshots"])
    write_dataset(folder, frames, FACTS)
    return open_dataset(folder)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return write(tmp_path_factory.mktemp("store") / "dataset")


def test_grades_are_ordered_in_sql(data: Dataset) -> None:
    below = data.sql("select count(*) as n from home_snapshots where latest_overall < 'Good'::grade")
    assert below["n"].item() == 2
    best = data.sql("select max(latest_overall) as best, min(latest_overall) as worst from home_snapshots")
    assert best.row(0) == (Grade.OUTSTANDING, Grade.INADEQUATE)
    ordered = data.sql("select latest_overall from home_snapshots order by 1 nulls last")
    assert ordered.to_series().to_list() == GRADES
    assert ordered.schema == {"latest_overall": enum_type(Grade)}


def test_every_closed_list_is_an_enum_with_its_words_in_order(data: Dataset) -> None:
    with duckdb.connect(str(data.path / DATABASE), read_only=True) as connection:
        for table in TABLES:
            kinds = dict(
                zip(connection.table(table.name).columns, connection.table(table.name).types, strict=True)
            )
            for name, dtype in table.schema().items():
                if isinstance(dtype, pl.Enum):
                    assert dict(kinds[name].children)["values"] == dtype.categories.to_list()
                else:
                    assert kinds[name].id != "enum"


def test_the_comment_of_a_grade_says_how_to_compare_it(data: Dataset) -> None:
    comment = data.sql(
        "select comment from duckdb_columns() "
        "where table_name = 'home_snapshots' and column_name = 'latest_overall'"
    ).item()
    assert comment.endswith("compare as latest_overall < 'Good'::grade")


@pytest.mark.parametrize("name", ["what?", "back\\slash", "[1]", "a*b", "o'clock", 'say "x"', "a?b=1#c %20"])
def test_a_folder_of_any_name_can_be_written_and_read(tmp_path: Path, name: str) -> None:
    data = write(tmp_path / name)
    assert data["home_snapshots"].height == len(GRADES)
    assert data.sql("select count(*) as n from home_snapshots").item() == len(GRADES)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert sorted(path.name for path in data.path.iterdir()) == data.metadata["files"]


@pytest.mark.parametrize(
    "query",
    [
        "copy homes to '{folder}/out.csv'",
        "export database '{folder}/out'",
        "attach '{folder}/out.duckdb'",
        "create table mine as select 1",
        "set enable_external_access = true",
        "delete from homes",
        "select * from read_text('{folder}/secret')",
        "",
        "-- nothing",
        "select",
        "select interval 1 day",
    ],
)
def test_a_query_that_is_no_reading_of_the_tables_is_refused(
    data: Dataset, tmp_path: Path, query: str
) -> None:
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(UsageError):
        data.sql(query.format(folder=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("content", [None, b"junk", b""])
def test_a_damaged_database_is_no_fault_of_the_query(tmp_path: Path, content: bytes | None) -> None:
    data = write(tmp_path / "dataset")
    (data.path / DATABASE).unlink()
    if content is not None:
        (data.path / DATABASE).write_bytes(content)
    with pytest.raises(DatasetError, match="Build the dataset again"):
        data.sql("select 1 from homes")


def test_a_dataset_is_gone_through_like_a_mapping(data: Dataset) -> None:
    assert "homes" in data
    assert "palaces" not in data
    assert 0 not in data
    assert list(data) == list(data.tables) == [table.name for table in TABLES]
    assert len(data) == len(TABLES)
    assert {*data.tables, "sql", "path"} <= set(dir(data))
    assert repr(data) == f"<Dataset '{data.path}': {len(TABLES)} tables, newest release list/2024-03-31>"
    assert pickle.loads(pickle.dumps(data)).homes.equals(data.homes)


def test_the_facts_list_every_file_and_a_stranger_stops_the_next_build(tmp_path: Path) -> None:
    data = write(tmp_path / "dataset")
    facts = json.loads((data.path / METADATA).read_text())
    assert facts["files"] == sorted(path.name for path in data.path.iterdir())
    (data.path / "releases").mkdir()
    with pytest.raises(UsageError, match="releases/"):
        write(tmp_path / "dataset")


def test_a_dataset_of_an_older_ofsight_without_a_list_is_replaced(tmp_path: Path) -> None:
    data = write(tmp_path / "dataset")
    facts = json.loads((data.path / METADATA).read_text())
    del facts["files"]
    (data.path / METADATA).write_text(json.dumps(facts))
    assert "files" in write(tmp_path / "dataset").metadata
