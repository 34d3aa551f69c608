"""``make bench-scale``: fits over partitions, up to ten million rows, and what a cluster would need."""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.__main__ import REPORT, machine, row
from benchmarks.simulate import FORMULA, GROUP, write_pieces
from ofsight.ordinal import clmm
from ofsight.ordinal.distributed import partition_by_group
from ofsight.ordinal.distributed.fit import wait_for_piece
from ofsight.ordinal.distributed.objective import SpreadObjective

ROWS_PER_PARTITION = 250_000
ROWS_PER_HOME = 10_000_000 / 2_400_000
WORKERS = 2
WORKER_MEMORY = "1800MB"
TITLE = "## Scale: fits over partitions"

_LOCAL = """
import json, sys, time
import polars as pl
from ofsight.ordinal import clmm
folder, formula, group = sys.argv[1:4]
used = ["urn", "year", "sector", "overall"]
clmm(formula, pl.read_parquet(sys.argv[4], columns=used).head(3000), group=group)
for _ in range(int(sys.argv[5])):
    wall, cpu = time.perf_counter(), time.process_time()
    fit = clmm(formula, pl.read_parquet(folder + "/*.parquet", columns=used), group=group)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"wall": wall, "cpu": cpu, "log_likelihood": fit.log_likelihood,
        "estimates": list(fit.estimates.values())}))
"""


class Meter:
    """Processor seconds and peak memory of some processes, the one that asks among them."""

    def __init__(self, pids: list[int]) -> None:
        self.processes = [psutil.Process(p) for p in [os.getpid(), *pids]]
        self.wall = self.cpu = self.work = 0.0
        self.peak = 0

    def _cpu(self) -> float:
        return sum(sum(p.cpu_times()[:2]) for p in self.processes)

    def _work(self) -> float:
        """Return processor seconds without Dask's event loops, which run for as long as the clock does.

        In a worker the loop is the main thread; here it is any but the main thread.
        """
        total = 0.0
        for process in self.processes:
            here = process.pid == os.getpid()
            threads = [t for t in process.threads() if (t.id == process.pid) == here]
            total += sum(t.user_time + t.system_time for t in threads)
        return total

    def _memory(self) -> int:
        return sum(p.memory_info().rss for p in self.processes)

    @contextmanager
    def running(self) -> Iterator[None]:
        stop = threading.Event()

        def look() -> None:
            while not stop.wait(0.1):
                self.peak = max(self.peak, self._memory())

        watcher = threading.Thread(target=look, daemon=True)
        self.peak = self._memory()
        watcher.start()
        wall, cpu, work = time.perf_counter(), self._cpu(), self._work()
        try:
            yield
        finally:
            self.wall, self.cpu = time.perf_counter() - wall, self._cpu() - cpu
            self.work = self._work() - work
            stop.set()
            watcher.join()


def _warm(partition: str) -> None:
    """Load what a fit needs and its compiled code; counted out, as for the other benchmarks."""
    import polars as pl

    clmm(FORMULA, pl.read_parquet(partition).head(3000), group=GROUP)


@contextmanager
def cluster() -> Iterator[tuple[Any, list[int]]]:
    """Give a client of a few worker processes on this machine, and their process ids."""
    import dask
    import distributed

    with (
        dask.config.set({"distributed.worker.profile.enabled": False}),
        distributed.LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, memory_limit=WORKER_MEMORY, dashboard_address=None,
            silence_logs=50,
        ) as local,
        distributed.Client(local) as client,
    ):  # fmt: skip
        yield client, [w.pid for w in local.workers.values()]


def run_size(rows: int, folder: Path, client: Any, pids: list[int]) -> dict[str, Any]:
    """Simulate, partition and fit one size; return what it took."""
    homes = max(2, round(rows / ROWS_PER_HOME))
    source, parts = folder / f"source-{rows}", folder / f"parts-{rows}"
    started = time.perf_counter()
    write_pieces(source, rows, homes, ROWS_PER_PARTITION)
    simulated = time.perf_counter() - started
    meter = Meter(pids)
    count = max(WORKERS * 2, math.ceil(rows / ROWS_PER_PARTITION))
    with meter.running():
        written = partition_by_group(source, GROUP, parts, count, client)
    shuffle = {"wall": meter.wall, "cpu": meter.cpu, "peak": meter.peak}
    first = str(sorted(parts.glob("*.parquet"))[0])
    client.run(_warm, first)
    _warm(first)
    with meter.running():
        fit = clmm(FORMULA, str(parts), group=GROUP, engine=client)
    return {
        "rows": rows, "homes": written.n_groups, "partitions": written.n_partitions, "simulated": simulated,
        "shuffle": shuffle,
        "fit": {"wall": meter.wall, "cpu": meter.cpu, "work": meter.work, "peak": meter.peak},
        "iterations": fit.convergence.iterations, "code": fit.convergence.code.name, "sd": fit.random_sd,
        "result": fit,
    }  # fmt: skip


def against_local(folder: Path, rows: int, client: Any, pids: list[int], repeats: int) -> dict[str, Any]:
    """Return the least times of the same fit here and on the workers, in turn, and how they agree."""
    parts = folder / f"parts-{rows}"
    first = str(sorted(parts.glob("*.parquet"))[0])
    command = [sys.executable, "-c", _LOCAL, str(parts), FORMULA, GROUP, first, "1"]
    here: list[dict[str, Any]] = []
    there: list[dict[str, float]] = []
    meter = Meter(pids)
    for _ in range(repeats):
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        here.append(json.loads(done.stdout))
        with meter.running():
            fit = clmm(FORMULA, str(parts), group=GROUP, engine=client)
        there.append({"wall": meter.wall, "cpu": meter.cpu, "work": meter.work})
    ours = np.array(list(fit.estimates.values()))
    return {
        "rows": rows,
        **{f"local_{k}": min(h[k] for h in here) for k in ("wall", "cpu")},
        **{f"spread_{k}": min(t[k] for t in there) for k in ("wall", "cpu", "work")},
        "log_likelihood_apart": abs(fit.log_likelihood / here[-1]["log_likelihood"] - 1.0),
        "estimates_apart": float(np.max(np.abs(ours / np.array(here[-1]["estimates"]) - 1.0))),
    }


def cost_of_a_task(run: dict[str, Any], count: int = 400) -> float:
    """Return the processor seconds of driver and scheduler for a task that does nothing."""
    objective: SpreadObjective = run["result"].arrays.objective
    pieces = [objective.pieces[i % len(objective.pieces)] for i in range(count)]
    started = time.process_time()  # the scheduler is in this process
    objective.crew.gather([objective.crew.submit(wait_for_piece, piece) for piece in pieces])
    return (time.process_time() - started) / count


def on_paper(runs: list[dict[str, Any]], task: float, rows: int = 100_000_000) -> list[str]:
    """Return what a cluster would need, from the constants measured here."""
    big = runs[-1]
    per_row, shuffle = big["fit"]["work"] / big["rows"], big["shuffle"]["cpu"] / big["rows"]
    idle = runs[0]["fit"]["peak"]
    held = max(big["fit"]["peak"] - idle, 0) / big["rows"]
    evaluations = 16
    lines = [
        f"### {rows // 10**6} million rows, on paper", "",
        f"Not measured: computed from {per_row * 1e6:.2f} µs of processor a row for the fit, "
        f"{shuffle * 1e6:.2f} µs for the partitioning, {held:.0f} bytes a row at the peak over the "
        f"{idle / 2**20:.0f} MiB of the empty processes, and {task * 1e3:.1f} ms of the driver's processor a "
        f"task ({evaluations} evaluations, one task a partition of 500,000 rows). A cluster's network is "
        "not in it: each task returns two kilobytes.", "",
        row("cores", "partitioning", "fit", "memory in all", "of the driver's part"), row(*["--:"] * 5),
    ]  # fmt: skip
    for cores in (2, 16, 64, 256):
        driver = evaluations * (rows / 500_000) * task
        fit = rows * per_row / cores + driver
        memory = rows * held + cores * idle / (WORKERS + 1)
        lines.append(
            row(cores, f"{rows * shuffle / cores:,.0f} s", f"{fit:,.0f} s", f"{memory / 1e9:.0f} GB",
                f"{driver / fit:.0%}")
        )  # fmt: skip
    return [*lines, ""]


def growth(runs: list[dict[str, Any]]) -> list[str]:
    """Return time and memory by size, and the exponent of growth."""
    lines = [
        row(
            "rows",
            "homes",
            "partitions",
            "partitioning",
            "fit",
            "processor",
            "event loops",
            "µs a row",
            "peak memory",
        ),
        row(*["--:"] * 9),
    ]
    for run in runs:
        fit, cut = run["fit"], run["shuffle"]
        lines.append(
            row(
                f"{run['rows']:,}", f"{run['homes']:,}", run["partitions"], f"{cut['wall']:.1f} s",
                f"{fit['wall']:.1f} s", f"{fit['work']:.1f} s", f"{fit['cpu'] - fit['work']:.1f} s",
                f"{fit['work'] / run['rows'] * 1e6:.2f}",
                f"{max(fit['peak'], cut['peak']) / 1e9:.2f} GB",
            )
        )  # fmt: skip
    return [*lines, ""]


def exponent(runs: list[dict[str, Any]], key: str) -> float:
    """Return the exponent of growth between the two largest sizes."""
    small, big = runs[-2], runs[-1]
    return math.log(big["fit"][key] / small["fit"][key]) / math.log(big["rows"] / small["rows"])


def report(where: str, runs: list[dict[str, Any]], compared: dict[str, Any], task: float) -> str:
    """Return the section of docs/benchmarks.md."""
    cpu = compared["spread_cpu"] / compared["local_cpu"]
    work = compared["spread_work"] / compared["local_cpu"]
    wall = compared["spread_wall"] / compared["local_wall"]
    peak = max(max(r["fit"]["peak"], r["shuffle"]["peak"]) for r in runs) / 1e9
    big, loops = runs[-1], compared["spread_cpu"] - compared["spread_work"]
    lines = [
        TITLE, "",
        f"Written by `make bench-scale`. Measured {datetime.now(UTC):%Y-%m-%d} on {where}. "
        f"{WORKERS} worker processes of one thread and {WORKER_MEMORY} each. The model is that of table 2; "
        f"the data are simulated in pieces that cut through homes, and partitioned by home on the workers. "
        "Memory is the peak of driver and workers together. Times include reading the partitions. "
        "Dask's sampling profiler is off. Its event loops take about a tenth of a core for as long as the "
        "clock runs, which on a busy machine is long: so they are told apart.", "",
        *growth(runs),
        row("what", "measured", "target"), row("---", "--:", "--:"),
        row("growth exponent, processor time, two largest sizes", f"{exponent(runs, 'work'):.3f}", "1.05"),
        row("the same, Dask's event loops included", f"{exponent(runs, 'cpu'):.3f}", ""),
        row("the same, by the clock", f"{exponent(runs, 'wall'):.3f}", ""),
        row(f"distributed over local, processor time, {compared['rows']:,} rows", f"{work:.2f}", "1.3"),
        row("the same, Dask's event loops included", f"{cpu:.2f}", ""),
        row("the same, by the clock", f"{wall:.2f}", ""),
        row(f"peak memory, {big['rows']:,} rows", f"{peak:.2f} GB", "4 GB"),
        row("log-likelihood, distributed against local, relative",
            f"{compared['log_likelihood_apart']:.0e}", "1e-10"),
        row("estimates, likewise, largest", f"{compared['estimates_apart']:.0e}", "1e-10"), "",
        f"Local: {compared['local_wall']:.1f} s ({compared['local_cpu']:.1f} s of processor); distributed: "
        f"{compared['spread_wall']:.1f} s ({compared['spread_work']:.1f} s and {loops:.1f} s of loops). "
        "The least of several, in turn. "
        f"The largest fit took {big['iterations']} iterations and ended {big['code']}, standard deviation "
        f"{big['sd']:.3f} (1.456 simulated).", "",
        *on_paper(runs, task),
    ]  # fmt: skip
    return "\n".join(lines)


def write_section(text: str, to: Path) -> None:
    """Replace the section in the report, or add it."""
    before = to.read_text(encoding="utf-8") if to.exists() else ""
    head, _, rest = before.partition(TITLE)
    after = rest.partition("\n## ")
    tail = f"\n## {after[2]}" if after[1] else ""
    to.write_text(head.rstrip() + "\n\n" + text.rstrip() + "\n" + tail, encoding="utf-8")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="the largest size (default %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="of the comparison with a local fit")
    parser.add_argument("--to", type=Path, default=REPORT, help="where to write (default %(default)s)")
    options = parser.parse_args()
    where = machine()
    sizes = [options.rows // 100, options.rows // 10, options.rows]
    with tempfile.TemporaryDirectory(prefix="ofsight-scale-") as name:
        folder, runs = Path(name), []
        for size in sizes:
            with cluster() as (client, pids):
                run = run_size(size, folder, client, pids)
                shown = {k: v for k, v in run.items() if k != "result"}
                print(json.dumps(shown), flush=True)
                runs.append(run)
                if size == sizes[0]:
                    task = cost_of_a_task(run)
                if size == sizes[1]:
                    compared = against_local(folder, size, client, pids, options.repeats)
                    print(json.dumps(compared), flush=True)
                del run["result"]
    text = report(where, runs, compared, task)
    print(text)
    write_section(text, options.to)
    print(f"Written to {options.to}")


if __name__ == "__main__":
    main()
