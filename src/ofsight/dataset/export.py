"""A dataset written out for others: csv or Parquet files with their descriptions, or one SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from ofsight.dataset.publish import CSVW, DATAPACKAGE, describe_csvw, describe_datapackage
from ofsight.dataset.store import open_dataset
from ofsight.dataset.tables import TABLES
from ofsight.errors import UsageError
from ofsight.files import Contents, folder_being_written, hash_file, list_contents

__all__ = ["EXPORT_FORMATS", "ExportSummary", "export_dataset"]

EXPORT_FORMATS: Final = ("csv", "parquet", "sqlite")
SQLITE: Final = "ofsight.sqlite"
MARK: Final = "ofsight-export.json"
CONTENTS: Final = Contents(
    "export",
    MARK,
    (SQLITE, DATAPACKAGE, CSVW, *(f"{table.name}.{end}" for table in TABLES for end in ("csv", "parquet"))),
)
_BATCH: Final = 20_000


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What an export wrote.

    Attributes
    ----------
    folder, format : str
        Where and how.
    tables : dict of str to dict
        For each table its ``file``, ``rows`` and ``sha256`` (of the file; one file holds all in SQLite).
    """

    folder: str
    format: str
    tables: dict[str, dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def export_dataset(
    dataset: Path, to: Path, *, kind: str = "csv", tables: Iterable[str] | None = None
) -> ExportSummary:
    """Write a dataset's tables in a format that other programs read.

    Parameters
    ----------
    dataset : Path
        A built dataset.
    to : Path
        The folder to write; an earlier export there is replaced; anything else in it is refused, and stays.
    kind : {"csv", "parquet", "sqlite"}
        The format. In csv an empty field is a missing value and dates are yyyy-mm-dd.
    tables : iterable of str, optional
        Which tables; all without it.

    Raises
    ------
    UsageError
        When the format or a table is unknown, or the folder holds what ofsight did not write.
    DatasetError
        When there is no dataset.
    """
    if kind not in EXPORT_FORMATS:
        raise UsageError(f"'{kind}' is no format of an export. The formats are: {', '.join(EXPORT_FORMATS)}.")
    data = open_dataset(dataset)
    names = list(tables) if tables is not None else list(data.tables)
    if strangers := [name for name in names if name not in data.tables]:
        raise UsageError(f"There is no table '{strangers[0]}'. The tables are: {', '.join(data.tables)}.")
    with folder_being_written(to, CONTENTS) as new:
        frames = {name: data[name] for name in names}
        if kind == "sqlite":
            _write_sqlite(new / SQLITE, frames)
            facts = {name: _fact(new / SQLITE, frame) for name, frame in frames.items()}
        else:
            facts = {name: _write_file(new, name, frame, kind) for name, frame in frames.items()}
        described = {"csv": (DATAPACKAGE, CSVW), "parquet": (DATAPACKAGE,), "sqlite": ()}[kind]
        about = {
            "ofsight": data.metadata.get("ofsight"),
            "built_at": data.metadata.get("built_at"),
            "synthetic": data.synthetic is not None,
            "format": kind,
            "tables": facts,
            "files": list_contents(new, MARK, *described),
        }
        _write_json(new / MARK, about)
        if kind != "sqlite":
            package = describe_datapackage(about, kind)
            package["resources"] = [item for item in package["resources"] if item["name"] in facts]
            _write_json(new / DATAPACKAGE, package)
        if kind == "csv":
            csvw = describe_csvw()
            csvw["tables"] = [item for item in csvw["tables"] if item["url"][:-4] in facts]
            _write_json(new / CSVW, csvw)
    return ExportSummary(str(to), kind, facts)


def _write_file(folder: Path, name: str, frame: pl.DataFrame, kind: str) -> dict[str, Any]:
    file = folder / f"{name}.{kind}"
    if kind == "csv":
        frame.write_csv(file, date_format="%Y-%m-%d")
    else:
        frame.write_parquet(file, compression="zstd", statistics=True)
    return _fact(file, frame)


def _fact(file: Path, frame: pl.DataFrame) -> dict[str, Any]:
    return {"file": file.name, "rows": frame.height, "sha256": hash_file(file)}


def _write_json(file: Path, data: Any) -> None:
    file.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_sqlite(file: Path, frames: dict[str, pl.DataFrame]) -> None:
    """Write every table with its types and primary key; dates as yyyy-mm-dd text, booleans as 0 and 1."""
    declared = {table.name: table for table in TABLES}
    connection = sqlite3.connect(file)
    try:
        for name, frame in frames.items():
            table = declared[name]
            columns = [f'"{column.name}" {_sqlite_type(column.polars_type)}' for column in table.columns]
            required = {column.name for column in table.columns if column.required}
            if table.key and set(table.key) <= required:
                keys = ", ".join(f'"{key}"' for key in table.key)
                columns.append(f"primary key ({keys})")
            connection.execute(f'create table "{name}" ({", ".join(columns)})')
            marks = ", ".join("?" * len(table.columns))
            for start in range(0, frame.height, _BATCH):
                rows = [
                    tuple(value.isoformat() if isinstance(value, date) else value for value in row)
                    for row in frame.slice(start, _BATCH).iter_rows()
                ]
                connection.executemany(f'insert into "{name}" values ({marks})', rows)
        connection.commit()
    finally:
        connection.close()


def _sqlite_type(dtype: pl.DataType | type[pl.DataType]) -> str:
    if dtype in (pl.Float32, pl.Float64):
        return "real"
    if dtype == pl.Boolean or dtype in (pl.Int32, pl.Int64, pl.UInt32, pl.UInt64):
        return "integer"
    return "text"
