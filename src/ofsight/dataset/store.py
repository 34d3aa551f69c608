"""The dataset on disk: one Parquet file a table, one DuckDB file over them, and a page of facts about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from ofsight.dataset.database import openable, write_database
from ofsight.dataset.publish import CSVW, DATAPACKAGE, describe_csvw, describe_datapackage
from ofsight.dataset.readings import READINGS
from ofsight.dataset.tables import TABLES, conform
from ofsight.errors import DatasetError, UsageError
from ofsight.files import Contents, folder_being_written, hash_file, list_contents, restore_folder

__all__ = [
    "CONTENTS",
    "DATABASE",
    "METADATA",
    "Dataset",
    "open_dataset",
    "read_metadata",
    "read_table",
    "write_dataset",
]

METADATA = "dataset.json"
DATABASE = "ofsight.duckdb"
FORMAT = 1
CONTENTS: Final = Contents(
    "dataset",
    METADATA,
    (DATABASE, DATAPACKAGE, CSVW, READINGS, *(f"{table.name}.parquet" for table in TABLES)),
)
_READ_ONLY: Final[dict[str, str | bool | int | float | list[str]]] = {
    "enable_external_access": "false",
    "lock_configuration": "true",
}


@dataclass(frozen=True, repr=False)
class Dataset:
    """A built dataset, its tables read when they are asked for.

    It behaves like a mapping of names to frames: ``"homes" in data``, ``for name in data``, ``len(data)``.

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

    def __contains__(self, name: object) -> bool:
        """Say whether there is a table of this name."""
        return name in self.tables

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the tables."""
        return iter(self.tables)

    def __len__(self) -> int:
        """Return the number of tables."""
        return len(self.tables)

    def __dir__(self) -> list[str]:
        """Name the tables among the attributes, for completion."""
        return sorted({*super().__dir__(), *self.tables})

    def __repr__(self) -> str:
        """Return the folder, the newest release and the number of tables in one line."""
        newest = self.metadata.get("newest_release")
        kind = ", synthetic" if self.synthetic else ""
        return f"<Dataset {str(self.path)!r}: {len(self)} tables, newest release {newest}{kind}>"

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
            self._frames[name] = self._read(name)
        return self._frames[name]

    def _read(self, name: str) -> pl.DataFrame:
        """Read a table; one (or a column) that ofsight did not have when the dataset was built is empty."""
        known = self.metadata.get("tables")
        file = self.path / f"{name}.parquet"
        schema = next((table.schema() for table in TABLES if table.name == name), {})
        if isinstance(known, dict) and known and name not in known and not file.exists():
            return pl.DataFrame(schema=schema)
        frame = read_table(file, "Build the dataset again.")
        new = {column: dtype for column, dtype in schema.items() if column not in frame.columns}
        return frame.with_columns(pl.lit(None, dtype=dtype).alias(column) for column, dtype in new.items())

    def __getattr__(self, name: str) -> pl.DataFrame:
        """Return a table as an attribute: ``dataset.inspections``."""
        if name.startswith("_") or name not in self.tables:
            raise AttributeError(f"a dataset has no '{name}'; its tables are: {', '.join(self.tables)}")
        return self[name]

    def sql(self, query: str) -> pl.DataFrame:
        """Answer a query in SQL (DuckDB) over the tables, read-only.

        Closed lists of words are DuckDB enums, sorted as their vocabulary is, and come back as polars enums.
        DuckDB compares an enum with a bare text letter by letter; say ``overall < 'Good'::grade`` for the
        order of grades.

        Raises
        ------
        UsageError
            When DuckDB does not understand the query, or it has no answer that a table can hold.
        DatasetError
            When the database is missing or damaged.
        """
        with openable(self.path / DATABASE) as file:
            try:
                connection = duckdb.connect(file, read_only=True, config=_READ_ONLY)
            except duckdb.Error as error:
                raise DatasetError(
                    f"{self.path / DATABASE} cannot be read ({_first_line(error)}). Build the dataset again."
                ) from None
            with connection:
                try:
                    relation = connection.sql(query)
                    if relation is None:
                        raise UsageError("The query has no answer. Give one that begins with SELECT.")
                    answer: pl.DataFrame = relation.pl()
                    return answer.with_columns(
                        pl.col(name).cast(pl.Enum([str(word) for word in words]))
                        for name, words in zip(answer.columns, map(_words_of, relation.types), strict=True)
                        if words
                    )
                except duckdb.Error as error:
                    raise UsageError(f"DuckDB does not accept this query: {error}") from None
                except pl.exceptions.PolarsError as error:
                    raise UsageError(
                        f"The answer has a type that a table cannot hold ({_first_line(error)}). Cast it in "
                        "the query, for example to varchar."
                    ) from None


def _words_of(kind: Any) -> list[Any]:
    """Return the words of DuckDB's type when it is an enum, in order; none for any other."""
    return dict(kind.children)["values"] if kind.id == "enum" else []


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


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


def read_table(file: Path, remedy: str) -> pl.DataFrame:
    """Read one table from its file.

    Raises
    ------
    DatasetError
        When the file is missing or damaged; `remedy` says what to do then.
    """
    try:
        return pl.read_parquet(file, glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DatasetError(f"{file} cannot be read ({_first_line(error)}). {remedy}") from None


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
        When the folder holds something that ofsight did not write, which would be lost.
    DatasetError
        When the database cannot be written: the disk is full.
    """
    with folder_being_written(path, CONTENTS) as new:
        facts: dict[str, Any] = {}
        whole: dict[str, pl.DataFrame] = {}
        for table in TABLES:
            file = new / f"{table.name}.parquet"
            whole[table.name] = conform(table, tables[table.name])
            whole[table.name].write_parquet(file, compression="zstd", statistics=True)
            facts[table.name] = {"rows": tables[table.name].height, "sha256": hash_file(file)}
        try:
            write_database(new / DATABASE, whole)
        except duckdb.Error as error:
            # A full disk, most often: DuckDB tells it with an error of its own and not with the system's.
            raise DatasetError(
                f"{path} cannot be written ({_first_line(error)}). What stood there is as it was; make room "
                "or choose another folder, and build again."
            ) from None
        if also is not None:
            also(new)
        files = list_contents(new, METADATA, DATAPACKAGE, CSVW)
        about = {"format": FORMAT, **metadata, "tables": facts, "files": files}
        for name, description in (
            (METADATA, about),
            (DATAPACKAGE, describe_datapackage(about)),
            (CSVW, describe_csvw()),
        ):
            text = json.dumps(description, indent=2, ensure_ascii=False)
            (new / name).write_text(text + "\n", encoding="utf-8")
