"""Where the rows are: partitions as Parquet files, or as frames that Dask makes.

A partition is read whole or not at all. What was read is known by its sha256, so that one that has
to be read again, because a worker died, is the same or the fit stops.
"""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ofsight.errors import ModelError
from ofsight.ordinal.columns import Columns, open_columns

__all__ = ["MANIFEST", "Loaded", "Part", "hold_frame", "is_spread", "list_parts", "read_part"]

MANIFEST: Final = "_partitions.json"
"""Written by `partition_by_group` beside the files: their names, rows and sha256."""


@dataclass(frozen=True)
class Part:
    """One partition.

    Attributes
    ----------
    label : str
        What messages call it.
    path : str or None
        The Parquet file; None for a frame that Dask makes.
    sha256 : str or None
        What the file must hold, where the manifest of its folder says so.
    frame : object
        A Delayed that gives a polars or pandas frame, where there is no file.
    """

    label: str
    path: str | None
    sha256: str | None = None
    frame: Any = None


@dataclass(frozen=True)
class Loaded:
    """The columns of a partition that a model uses, on a worker.

    ``digest`` tells whether a partition that was read again is the same.
    """

    frame: Any
    label: str
    digest: str

    def __sizeof__(self) -> int:
        """Return the bytes held, so that Dask knows when memory is short."""
        if hasattr(self.frame, "estimated_size"):
            return int(self.frame.estimated_size())
        return int(self.frame.memory_usage(deep=False).sum())


def is_spread(data: Any) -> bool:
    """Say whether data are partitions for an engine: paths, a Dask frame, a list of delayed frames."""
    if isinstance(data, str | Path):
        return True
    if isinstance(data, Sequence):
        return all(isinstance(d, str | Path) or _is_dask(d) for d in data) and len(data) > 0
    return _is_dask(data)


def _is_dask(data: Any) -> bool:
    return hasattr(data, "__dask_graph__")


def list_parts(data: Any) -> list[Part]:
    """Return the partitions of a source, in their fixed order: by name, or as given.

    Parameters
    ----------
    data : str, Path, sequence of them, Dask DataFrame or sequence of Delayed
        A folder of Parquet files, a pattern, files; or frames that Dask makes. Paths are those that
        the workers see; with fsspec's packages ``s3://`` and the like too.

    Raises
    ------
    ModelError
        If there is nothing, or a file that the manifest names is missing.
    """
    if not is_spread(data):
        raise ModelError(
            f"With engine= the data are partitions: a folder or pattern of Parquet files, a Dask DataFrame, "
            f"or a list of delayed frames; this is {type(data).__name__}. Leave engine out to fit a frame "
            "in memory, or write it as Parquet and call partition_by_group."
        )
    parts = _list_given(data)
    paths = [part.path for part in parts if part.path is not None]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise ModelError(f"The partition {twice} is given twice: its rows would count double. Give it once.")
    return parts


def _list_given(data: Any) -> list[Part]:
    if isinstance(data, str | Path):
        return _list_files(str(data))
    if hasattr(data, "to_delayed"):
        data = list(data.to_delayed())
    parts: list[Part] = []
    for one in data if isinstance(data, Sequence) else [data]:
        if isinstance(one, str | Path):
            parts += _list_files(str(one))
        else:
            parts.append(Part(f"partition {len(parts)} of the Dask frame", None, frame=one))
    return parts


def _list_files(given: str) -> list[Part]:
    """Return the Parquet files of a folder, a pattern, or one path."""
    files, root = _file_system(given)

    def name(path: str) -> str:
        return str(files.unstrip_protocol(path)) if "://" in given else path

    if any(c in given for c in "*?["):
        found = sorted(files.glob(root))
    elif files.isdir(root):
        if files.exists(f"{root}/{MANIFEST}"):
            return _list_manifest(files, root, name)
        found = [p for p in sorted(files.glob(f"{root}/*.parquet")) if p.rpartition("/")[2][0] not in "._"]
    else:
        found = [root] if files.exists(root) else []
    if not found:
        raise ModelError(
            f"There is no Parquet file at {given}. Give a folder that holds *.parquet, a pattern such as "
            "'data/*.parquet', or a file; as the workers see it."
        )
    return [Part(name(p), name(p)) for p in found]


def _file_system(path: str) -> tuple[Any, str]:
    """Return what reads a path, here or in the cloud, and the path as it knows it."""
    fsspec: Any = importlib.import_module("fsspec.core")  # of Dask
    files, root = fsspec.url_to_fs(path)
    return files, str(root)


def _list_manifest(files: Any, root: str, name: Any) -> list[Part]:
    where = f"{root}/{MANIFEST}"
    try:
        entries = json.loads(files.cat_file(where))["files"]
        parts = [Part(name(f"{root}/{e['name']}"), name(f"{root}/{e['name']}"), e["sha256"]) for e in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"The list of partitions {where} is damaged. Write the folder again with partition_by_group."
        ) from error
    gone = [e["name"] for e in entries if not files.exists(f"{root}/{e['name']}")]
    if gone:
        raise ModelError(
            f"{len(gone)} of {len(entries)} partitions are missing from {root}: {', '.join(gone[:5])}. "
            "Restore them, or write the folder again with partition_by_group."
        )
    return parts


def read_part(part: Part, columns: Sequence[str] | None) -> Loaded:
    """Return columns of a partition file; None for all. Runs on a worker.

    Raises
    ------
    ModelError
        If the file is missing, damaged, or lacks a column.
    """
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    assert part.path is not None
    remedy = "Restore it, or write the partitions again with partition_by_group."
    try:
        files, root = _file_system(part.path)
        content = files.cat_file(root)
    except FileNotFoundError:
        raise ModelError(f"Partition {part.label} is missing. {remedy}") from None
    except OSError as error:
        raise ModelError(f"Partition {part.label} cannot be read: {error}. {remedy}") from error
    digest = sha256(content).hexdigest()
    if part.sha256 is not None and digest != part.sha256:
        raise ModelError(f"Partition {part.label} is damaged: it is not what was written. {remedy}")
    try:
        with pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True) as file:
            known = Columns(pl.DataFrame(schema=file.schema_arrow.names))
            for column in columns or ():
                known.column(column)
            table = file.read(None if columns is None else list(columns), use_threads=False)
        frame = pl.from_arrow(table)
    except MemoryError:  # Arrow's is an ArrowException too
        raise
    except (pa.ArrowException, OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(
            f"Partition {part.label} is damaged or no Parquet file ({reason}). {remedy}"
        ) from error
    except ModelError as error:
        raise ModelError(f"Partition {part.label}: {error}") from None
    return Loaded(frame, part.label, digest)


def hold_frame(frame: Any, label: str, columns: Sequence[str]) -> Loaded:
    """Return the columns of a frame that Dask made. Runs on a worker.

    It is known again by its values: what made it may read a file that has changed, or draw at random.
    """
    known = open_columns(frame)
    try:
        for column in columns:
            known.column(column)
    except ModelError as error:
        raise ModelError(f"{label}: {error}") from None
    picked = known.data[list(columns)]
    return Loaded(picked, label, _digest(picked))


def _digest(frame: Any) -> str:
    """Return the sha256 of a frame's values, whichever library holds it."""
    import pandas as pd
    import polars as pl

    if isinstance(frame, pl.DataFrame):
        # The codes of a categorical depend on what the process met before.
        hashes = frame.with_columns(pl.col(pl.Categorical).cast(pl.String)).hash_rows(seed=0).to_numpy()
    else:
        hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return sha256(hashes.tobytes()).hexdigest()
