"""Chunks of work on threads, with results that do not depend on how many threads there are.

Work is cut at places that depend on the data alone; each chunk sums into arrays of its own;
the chunks are added in order. So a fit gives the same bits on one core and on sixteen.
Kernels release the interpreter's lock, so plain threads suffice: unlike numba's own
threading layers they may be used from several threads at once and survive a fork.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar

import numba

__all__ = ["chunk_count", "one_thread", "run_chunks"]

_ROWS_PER_CHUNK = 2048
_MOST_CHUNKS = 64
_pools: dict[int, ThreadPoolExecutor] = {}
_alone: ContextVar[bool] = ContextVar("alone", default=False)


@contextmanager
def one_thread() -> Iterator[None]:
    """Do without threads of our own, where whoever calls has one for each piece of work."""
    before = _alone.set(True)
    try:
        yield
    finally:
        _alone.reset(before)


def chunk_count(n_rows: int) -> int:
    """Return into how many chunks a number of rows is cut."""
    return max(1, min(_MOST_CHUNKS, n_rows // _ROWS_PER_CHUNK))


def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_chunks(work: Callable[[int], float], count: int) -> list[float]:
    """Return ``[work(0), ..., work(count - 1)]``, computed on the cores that there are."""
    cores = _available_cores()
    if count < 2 or cores < 2 or _alone.get() or numba.config.DISABLE_JIT:
        return [work(i) for i in range(count)]
    pid = os.getpid()
    if pid not in _pools:
        _pools.clear()  # a forked child has the parent's pool without its threads
        _pools[pid] = ThreadPoolExecutor(cores, thread_name_prefix="ofsight-ordinal")
    results = [0.0] * count
    waiting = iter(range(count))  # shared: whoever is free takes the next chunk

    def take() -> None:
        for i in waiting:
            results[i] = work(i)

    helpers = [_pools[pid].submit(take) for _ in range(min(cores, count) - 1)]
    take()
    for helper in helpers:
        helper.result()
    return results
