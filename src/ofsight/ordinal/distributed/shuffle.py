"""Partitions of whole groups, as Parquet: what a fit over partitions needs.

Two passes, both on the workers. The first cuts each source into one slice for each partition to
be (a row group of a file between); the second puts together the slices of each partition. A worker
holds one source or one partition at a time.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ofsight.errors import ModelError
from ofsight.ordinal.columns import open_columns
from ofsight.ordinal.distributed.crew import Crew, told
from ofsight.ordinal.distributed.parts import MANIFEST, Part, list_parts, read_part
from ofsight.ordinal.distributed.survey import group_keys

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Partitions", "partition_by_group"]


@dataclass(frozen=True)
class Partitions:
    """What `partition_by_group` wrote.

    Attributes
    ----------
    path : Path
        The folder: give it to ``clmm(..., engine=)``.
    n_partitions, n_rows, n_groups : int
        Files, rows and groups in all. Partitions that would be empty are not written.
    """

    path: Path
    n_partitions: int
    n_rows: int
    n_groups: int


def partition_by_group(
    source: Any, group: str | Sequence[str], to: str | Path, n_partitions: int, client: Any
) -> Partitions:
    """Write data as Parquet partitions that hold every group whole.

    Parameters
    ----------
    source : str, Path, sequence of them, Dask DataFrame or sequence of Delayed
        A folder or pattern of Parquet files, files, or frames that Dask makes.
    group : str or sequence of str
        The column whose groups stay whole, or several whose combinations do.
    to : str or Path
        A folder that is not there yet, which all workers can write.
    n_partitions : int
        How many files: some hundred thousand rows each, and several for every worker.
    client : distributed.Client or str
        The workers, or the address of their scheduler.

    Returns
    -------
    Partitions

    Raises
    ------
    ModelError
        If `to` is there already, a source cannot be read, or the cluster fails. Then nothing is
        left in `to`.

    Notes
    -----
    Which partition a group goes to depends on its value and on `n_partitions` alone. Rows with no
    group are kept, in the first partition. Within a partition rows are sorted by group, otherwise
    in the order of the source. The folder holds a list of its files with their sha256, which every
    later fit checks.
    """
    target = Path(to)
    names = group.split(":") if isinstance(group, str) else list(group)
    if n_partitions < 1:
        raise ModelError(f"n_partitions must be at least 1; it is {n_partitions}.")
    if target.exists():
        raise ModelError(f"{target} is there already. Choose another folder, or remove it first.")
    crew = Crew(client)
    parts = list_parts(source)
    between = target.with_name(f".{target.name}.partial")
    shutil.rmtree(between, ignore_errors=True)  # of a run that was cut off
    between.mkdir(parents=True)
    try:
        cuts = [
            crew.submit(cut_part, part, _made(crew, part), names, n_partitions, str(between / f"cut-{i:05d}"))
            for i, part in enumerate(parts)
        ]
        files = crew.gather(cuts)
        joins = [crew.submit(join_slices, files, j, names, str(between)) for j in range(n_partitions)]
        entries = [entry for entry in crew.gather(joins) if entry is not None]
        if not entries:
            raise ModelError("The source has no rows.")
        for path in files:
            Path(path).unlink()
        listed = {"format": 1, "group": names, "n_partitions": n_partitions, "files": entries}
        (between / MANIFEST).write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
        between.rename(target)
    except BaseException:
        shutil.rmtree(between, ignore_errors=True)
        raise
    return Partitions(
        target, len(entries), sum(e["rows"] for e in entries), sum(e["groups"] for e in entries)
    )


def _made(crew: Crew, part: Part) -> Any:
    return None if part.frame is None else crew.compute(part.frame)


def _as_polars(frame: Any) -> pl.DataFrame:
    import polars as pl

    data = open_columns(frame).data
    return data if isinstance(data, pl.DataFrame) else pl.from_pandas(data)


@told
def cut_part(part: Part, made: Any, names: Sequence[str], n_partitions: int, to: str) -> str:
    """Write a source as one row group for each partition to be. Runs on a worker."""
    import pyarrow.parquet as pq

    frame = _as_polars(read_part(part, None).frame if made is None else made)
    columns = open_columns(frame)
    try:
        whole = np.flatnonzero(columns.complete(names, ()))
        bucket = np.zeros(frame.height, dtype=np.int64)
        if whole.size:
            codes, keys = group_keys(columns, names, whole)
            bucket[whole] = (keys % np.uint64(n_partitions)).astype(np.int64)[codes]
    except ModelError as error:
        raise ModelError(f"{part.label}: {error}") from None
    table = frame[np.argsort(bucket, kind="stable")].to_arrow()
    ends = np.cumsum(np.bincount(bucket, minlength=n_partitions)).tolist()
    with pq.ParquetWriter(to, table.schema, compression="zstd", write_statistics=False) as writer:
        for first, last in zip([0, *ends], ends, strict=False):
            writer.write_table(table.slice(first, last - first), row_group_size=max(last - first, 1))
    return to


@told
def join_slices(files: Sequence[str], position: int, names: Sequence[str], to: str) -> dict[str, Any] | None:
    """Write one partition from its slices; None where it has no rows. Runs on a worker."""
    import polars as pl
    import pyarrow.parquet as pq

    slices: list[pl.DataFrame] = []
    for cut in files:
        with pq.ParquetFile(cut) as file:
            slices.append(_as_polars(pl.from_arrow(file.read_row_group(position, use_threads=False))))
    try:
        frame = pl.concat(slices).sort(names, maintain_order=True, nulls_last=True)
    except pl.exceptions.PolarsError as error:
        raise ModelError(
            f"The sources do not go together: {error}. Write them with the same columns and types."
        ) from error
    if not frame.height:
        return None
    name = f"part-{position:05d}.parquet"
    path = Path(to) / name
    beside = path.with_suffix(f".{os.getpid()}")  # whoever does this again after a death writes its own
    with pq.ParquetWriter(
        beside, (table := frame.to_arrow()).schema, compression="zstd", write_page_checksum=True
    ) as writer:
        writer.write_table(table, row_group_size=max(frame.height, 1))
    content = beside.read_bytes()
    beside.rename(path)
    groups = frame.select(names).drop_nulls().n_unique()
    return {"name": name, "rows": frame.height, "groups": groups, "sha256": sha256(content).hexdigest()}
