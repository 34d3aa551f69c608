"""Clocks: warm times, whole processes, peak memory, the floor under an evaluation."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numba import njit

from benchmarks.simulate import FORMULA, GROUP, simulate

_CHILD = """
import sys, time
import polars as pl
from ofsight.ordinal import clmm
data = pl.read_parquet(sys.argv[1])
clmm(sys.argv[2], data.head(2000), group=sys.argv[3])  # imports and compiled code, counted out
def memory(line):
    with open("/proc/self/status") as status:
        return next(int(x.split()[1]) for x in status if x.startswith(line))
try:  # Linux: forget the peak so far, then read what is in use
    with open("/proc/self/clear_refs", "w") as clear:
        clear.write("5")
    before = memory("VmRSS")
except OSError:
    before = None
ready, cpu = time.perf_counter(), time.process_time()
fit = clmm(sys.argv[2], data, group=sys.argv[3])
done, cpu = time.perf_counter(), time.process_time() - cpu
after = None if before is None else memory("VmHWM")
import json
print(json.dumps({"before": before, "after": after, "fit": done - ready, "cpu": cpu, "sd": fit.random_sd,
    "design": fit.arrays.design.location.nbytes + fit.arrays.design.y.nbytes,
    "iterations": fit.convergence.iterations, "code": fit.convergence.code.name}))
"""

_WHOLE = """
import sys
import polars as pl
from ofsight.ordinal import clmm
print(clmm(sys.argv[2], pl.read_parquet(sys.argv[1]), group=sys.argv[3]).summary())
"""


def clock(work: Callable[[], Any], repeats: int = 7) -> tuple[float, float]:
    """Return the least and the median of repeated times, in seconds, after one warm-up."""
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times), median(times)


def whole_process(rows: int, repeats: int = 3) -> float:
    """Return the least time of a new Python process that reads the data, fits and prints."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.parquet"
        simulate(rows).write_parquet(path)
        command = [sys.executable, "-c", _WHOLE, str(path), FORMULA, GROUP]
        subprocess.run(command, check=True, capture_output=True)
        times = []
        for _ in range(repeats):
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times.append(time.perf_counter() - started)
    return min(times)


def size_run(rows: int) -> dict[str, Any]:
    """Return time and peak memory of one fit in a process of its own."""
    data = simulate(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.parquet"
        data.write_parquet(path)
        command = [sys.executable, "-c", _CHILD, str(path), FORMULA, GROUP]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    used = data.select("urn", "year", "sector", "overall")
    result["rows"] = rows
    result["frame"] = used.estimated_size()
    known = result["before"] is not None
    result["added"] = (result["after"] - result["before"]) * 1024 if known else float("nan")
    return result


@njit(nogil=True, error_model="numpy")
def _exponentials(x: np.ndarray) -> float:
    total = 0.0
    for i in range(x.shape[0]):
        total += math.exp(-abs(x[i]))
    return total


def floor_of_exponentials(rows: int) -> float:
    """Return the time of two exponentials per row on one core: each row has two cell edges.

    No evaluation of a logit likelihood can do with fewer.
    """
    x = np.random.default_rng(0).normal(size=2 * rows) * 2.0
    return clock(lambda: _exponentials(x), 50)[0]
