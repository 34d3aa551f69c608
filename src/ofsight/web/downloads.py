"""Tables as files: written as they are sent, or made once and kept while the data stays the same."""

from __future__ import annotations

import io
import shutil
import sqlite3
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import polars as pl

from ofsight.dataset.export import SQLITE, export_dataset
from ofsight.web.sources import Sources

__all__ = ["csv_chunks", "parquet_bytes", "sqlite_bytes", "whole_sqlite"]

_BATCH: Final = 10_000
_AT_ONCE = threading.BoundedSemaphore(2)
"""Whole files made in memory at once: each may take some hundred megabytes."""


def csv_chunks(frame: pl.DataFrame) -> Iterator[bytes]:
    """Give a frame as CSV, some thousand rows at a time, the heading first."""
    for start in range(0, max(frame.height, 1), _BATCH):
        stream = io.BytesIO()
        frame.slice(start, _BATCH).write_csv(stream, include_header=start == 0, line_terminator="\n")
        yield stream.getvalue()


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """Return a frame as a Parquet file."""
    stream = io.BytesIO()
    with _AT_ONCE:
        frame.write_parquet(stream, compression="zstd")
    return stream.getvalue()


_SQLITE_TYPES: Final = {pl.Float32: "real", pl.Float64: "real", pl.Boolean: "integer"}


def sqlite_bytes(frame: pl.DataFrame, name: str) -> bytes:
    """Return a frame as an SQLite file with one table of that name; dates are ISO text."""
    kinds = [
        "integer" if kind.is_integer() else _SQLITE_TYPES.get(kind.base_type(), "text")
        for kind in frame.schema.values()
    ]
    columns = ", ".join(f'"{column}" {kind}' for column, kind in zip(frame.columns, kinds, strict=True))
    holes = ", ".join("?" * frame.width)
    ready = frame.with_columns(pl.col(pl.Date).cast(pl.String), pl.col(pl.Enum).cast(pl.String))
    with _AT_ONCE, closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f'create table "{name}" ({columns})')
        connection.executemany(f'insert into "{name}" values ({holes})', ready.iter_rows())
        connection.commit()
        return connection.serialize()


class _Kept:
    """A file made once in a folder that goes when nobody holds it any more."""

    def __init__(self, sources: Sources) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ofsight-explorer-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._sources = sources
        self._lock = threading.Lock()
        self._made: Path | None = None

    def file(self) -> Path:
        with self._lock:
            if self._made is None:
                to = self._folder / "export"
                export_dataset(self._sources.dataset.path, to, kind="sqlite")
                self._made = to / SQLITE
            return self._made


def whole_sqlite(sources: Sources) -> Path:
    """Return the whole dataset as one SQLite file, made at the first call for these sources."""
    return sources.once("whole sqlite", lambda: _Kept(sources)).file()
