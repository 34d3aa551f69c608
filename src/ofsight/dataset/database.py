"""The dataset as one DuckDB file: every table, its vocabularies as types in order, meanings as comments."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType

import duckdb
import polars as pl

from ofsight.dataset.tables import TABLES, Column
from ofsight.vocabulary import Grade

__all__ = ["openable", "write_database"]


@contextmanager
def openable(database: Path) -> Iterator[str]:
    """Give a path of a database that DuckDB opens: it reads ``?`` and a backslash in a path as its own.

    A database at such a path is copied for the reading; links do not help, for DuckDB follows them.
    """
    if not _is_odd(database) or not database.is_file():
        yield str(database)
        return
    with tempfile.TemporaryDirectory(prefix="ofsight-") as folder:
        yield str(shutil.copyfile(database, Path(folder) / database.name))


def _is_odd(database: Path) -> bool:
    return os.sep == "/" and not {"?", "\\"}.isdisjoint(os.path.realpath(database))


def write_database(file: Path, tables: Mapping[str, pl.DataFrame]) -> None:
    """Put every table into one DuckDB file, with its meanings as comments. Ctrl-C waits until it is written.

    Parameters
    ----------
    file : Path
        Where there is none yet.
    tables : mapping of str to DataFrame
        Every table of `TABLES` by name.

    Raises
    ------
    duckdb.Error
        When it cannot be written.
    """
    with _ctrl_c_waits():
        if not _is_odd(file):
            _fill_database(file, tables)
            return
        with tempfile.TemporaryDirectory(prefix="ofsight-") as plain:
            _fill_database(Path(plain) / file.name, tables)
            shutil.move(Path(plain) / file.name, file)


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Let Ctrl-C come after: DuckDB would tell it as a failure of its own, of the disk or of a query."""
    came: list[tuple[int, FrameType | None]] = []
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield
        return
    signal.signal(signal.SIGINT, lambda *call: came.append(call))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if came:
        usual(*came[-1])


def _fill_database(file: Path, tables: Mapping[str, pl.DataFrame]) -> None:
    with duckdb.connect(str(file)) as connection:
        # One transaction: each of some hundred comments would else be synced to the disk on its own.
        connection.begin()
        for vocabulary in dict.fromkeys(filter(None, map(_vocabulary, _all_columns()))):
            words = ", ".join(f"'{_quoted(word)}'" for word in vocabulary)
            connection.execute(f"create type {_type_name(vocabulary)} as enum ({words})")
        for table in TABLES:
            # The frame, whose order of words is cast to an enum: of one in a file DuckDB makes a text.
            connection.register("_frame", tables[table.name].to_arrow())
            columns = ", ".join(_selected(column) for column in table.columns)
            connection.execute(f"create table {table.name} as select {columns} from _frame")
            connection.unregister("_frame")
            connection.execute(f"comment on table {table.name} is '{_quoted(table.row)}'")
            for column in table.columns:
                connection.execute(
                    f"""comment on column {table.name}."{column.name}" is '{_quoted(_comment(column))}'"""
                )
        connection.commit()


def _all_columns() -> Iterator[Column]:
    return (column for table in TABLES for column in table.columns)


def _vocabulary(column: Column) -> type[StrEnum] | None:
    return column.dtype if isinstance(column.dtype, type) and issubclass(column.dtype, StrEnum) else None


def _type_name(vocabulary: type[StrEnum]) -> str:
    """Return a vocabulary's name as an SQL type: ``InspectionType`` is ``inspection_type``."""
    name = vocabulary.__name__
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in name).strip("_").lower()


def _comment(column: Column) -> str:
    """Return a column's meaning, for an ordered one with how to compare it: a bare text loses the order."""
    vocabulary = _vocabulary(column)
    if vocabulary is not Grade:
        return column.meaning
    return f"{column.meaning}; compare as {column.name} < 'Good'::{_type_name(vocabulary)}"


def _selected(column: Column) -> str:
    vocabulary = _vocabulary(column)
    cast = f"::{_type_name(vocabulary)}" if vocabulary else ""
    return f'"{column.name}"{cast} as "{column.name}"'


def _quoted(text: str) -> str:
    return text.replace("'", "''")
