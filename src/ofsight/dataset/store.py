"""The dataset on disk: one Parquet file a table, one DuckDB file over them, and a page of facts about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from ofsight.dataset.publish import CSVW, DATAPACKAGE, describe_csvw, describe_datapackage
from ofsight.dataset.tables import TABLES, conform
from ofsight.errors import DatasetError, UsageError
from ofsight.files import folder_being_written, hash_file, restore_folder

__all__ = ["DATABASE", "METADATA", "Dataset", "open_dataset", "read_metadata", "write_dataset"]

METADATA = "dataset.json"
DATABASE = "ofsight.duckdb"
FORMAT = 1


@dataclass(frozen=True)
class Dataset:
    """A built dataset, its tables read when they are asked for.

    Attributes
    ----------
    path : Path
        Its folder.
    metadata : dict
        The facts in ``dataset.json``: version, fingerprint, when built, whether synthetic, rows by table.

    Examples
    --------
    >>> data = open_dataset("demo/dataset")  # doctest: +SKIP
    >>> data.inspections.filter(pl.col("overall") == "Inadequate")  # doctest: +SKIP
    >>> data.sql("select sector, count(*) from inspections group by 1")  # doctest: +SKIP
    """

    path: Path
    metadata: dict[str, Any]
    _frames: dict[str, pl.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables."""
        return tuple(table.name for table in TABLES)

    @property
    def synthetic(self) -> dict[str, Any] | None:
        """The truth behind synthetic releases; None for real ones."""
        return self.metadata.get("synthetic")

    def __getitem__(self, name: str) -> pl.DataFrame:
        """Return a table as a polars frame.

        Raises
        ------
        UsageError
            When there is no such table.
        DatasetError
            When its file is missing or damaged.
        """
        if name not in self.tables:
            raise UsageError(f"There is no table '{name}'. The tables are: {', '.join(self.tables)}.")
        if name not in self._frames:
            file = self.path / f"{name}.parquet"
            try:
                self._frames[name] = pl.read_parquet(file)
            except (OSError, pl.exceptions.PolarsError) as error:
                raise DatasetError(
                    f"{file} cannot be read ({str(error).splitlines()[0]}). Build the dataset again."
                ) from None
        return self._frames[name]

    def __getattr__(self, name: str) -> pl.DataFrame:
        """Return a table as an attribute: ``dataset.inspections``."""
        if name.startswith("_") or name not in self.tables:
            raise AttributeError(f"a dataset has no '{name}'; its tables are: {', '.join(self.tables)}")
        return self[name]

    def sql(self, query: str) -> pl.DataFrame:
        """Answer a query in SQL (DuckDB) over the tables, read-only.

        Raises
        ------
        UsageError
            When DuckDB does not understand the query.
        """
        try:
            with duckdb.connect(str(self.path / DATABASE), read_only=True) as connection:
                answer: pl.DataFrame = connection.sql(query).pl()
                return answer
        except duckdb.Error as error:
            raise UsageError(f"DuckDB does not accept this query: {error}") from None


def open_dataset(path: Path | str) -> Dataset:
    """Open a dataset for reading.

    Parameters
    ----------
    path : Path or str
        The folder that ``ofsight build`` wrote.

    Raises
    ------
    DatasetError
        When there is no dataset in the folder, or one of another format.
    """
    path = Path(path)
    restore_folder(path.absolute())
    metadata = read_metadata(path)
    if metadata is None:
        raise DatasetError(
            f"There is no dataset in {path}. Make one with: ofsight build --releases DIR --dataset {path}"
        )
    if metadata.get("format") != FORMAT:
        raise DatasetError(
            f"The dataset in {path} has format {metadata.get('format')}; this ofsight reads format {FORMAT}. "
            "Build it again."
        )
    return Dataset(path, metadata)


def read_metadata(path: Path) -> dict[str, Any] | None:
    """Return the facts about the dataset in a folder, or None where there is none.

    Raises
    ------
    DatasetError
        When the file of facts is damaged.
    """
    try:
        found = json.loads((path / METADATA).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path / METADATA} is damaged ({error}). Build the dataset again.") from None
    if not isinstance(found, dict):
        raise DatasetError(f"{path / METADATA} is damaged. Build the dataset again.")
    return found


def write_dataset(
    path: Path,
    tables: Mapping[str, pl.DataFrame],
    metadata: Mapping[str, Any],
    *,
    also: Callable[[Path], None] | None = None,
) -> None:
    """Write a dataset whole, in the place of the one before.

    Parameters
    ----------
    path : Path
        The folder.
    tables : mapping of str to DataFrame
        Every declared table.
    metadata : mapping
        The facts about the build.
    also : callable, optional
        Writes more into the new folder, before it is put in place.

    Raises
    ------
    UsageError
        When the folder holds something that is not a dataset, which would be lost.
    """
    if path.exists() and (not path.is_dir() or (any(path.iterdir()) and not (path / METADATA).exists())):
        raise UsageError(
            f"{path} exists and is not a dataset of ofsight: choose another folder, or empty it."
        )
    with folder_being_written(path) as new:
        facts: dict[str, Any] = {}
        for table in TABLES:
            file = new / f"{table.name}.parquet"
            conform(table, tables[table.name]).write_parquet(file, compression="zstd", statistics=True)
            facts[table.name] = {"rows": tables[table.name].height, "sha256": hash_file(file)}
        _write_database(new)
        about = {"format": FORMAT, **metadata, "tables": facts}
        for name, description in (
            (METADATA, about),
            (DATAPACKAGE, describe_datapackage(about)),
            (CSVW, describe_csvw()),
        ):
            text = json.dumps(description, indent=2, ensure_ascii=False)
            (new / name).write_text(text + "\n", encoding="utf-8")
        if also is not None:
            also(new)


def _write_database(folder: Path) -> None:
    """Put every table into one DuckDB file, with its meanings as comments."""
    with duckdb.connect(str(folder / DATABASE)) as connection:
        # One transaction: each of some hundred comments would else be synced to the disk on its own.
        connection.begin()
        for table in TABLES:
            file = str(folder / f"{table.name}.parquet").replace("'", "''")
            connection.execute(f"create table {table.name} as select * from read_parquet('{file}')")
            connection.execute(f"comment on table {table.name} is '{_quoted(table.row)}'")
            for column in table.columns:
                connection.execute(
                    f"""comment on column {table.name}."{column.name}" is '{_quoted(column.meaning)}'"""
                )
        connection.commit()


def _quoted(text: str) -> str:
    return text.replace("'", "''")
