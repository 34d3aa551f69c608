"""``python -m benchmarks``: measure, print, and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks import measure, peers
from benchmarks.simulate import FORMULA, GROUP, ROWS, simulate
from ofsight.ordinal import clm, clmm

REPORT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def machine() -> str:
    """Return what the figures were measured on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [x.split(":")[1].strip() for x in info.read_text().splitlines() if "model name" in x]
        cpu = names[0] if names else cpu
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "numba", "polars", "formulaic"))
    return f"{cpu}, {cores} cores{load}; Python {platform.python_version()}, {packages}"


def row(*cells: Any) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(str(c) for c in cells) + " |"


def seconds(value: float) -> str:
    """Return a time to three digits."""
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"


def table_2(data: pl.DataFrame) -> tuple[list[str], float]:
    """Return the main model's times and targets, and its warm time."""
    warm, middle = measure.clock(lambda: clmm(FORMULA, data, group=GROUP), 15)
    whole = measure.whole_process(data.height)
    fixed, _ = measure.clock(lambda: clm(FORMULA, data), 15)
    quadrature, _ = measure.clock(lambda: clmm(FORMULA, data, group=GROUP, nodes=7), 5)
    crossed, _ = measure.clock(lambda: clmm(FORMULA, data, group=[GROUP, "area"]), 2)
    return [
        f"## The table 2 model: {data.height:,} rows, {data['urn'].n_unique():,} groups",
        "",
        row("what", "least", "target"),
        row("---", "--:", "--:"),
        row("clmm, Laplace, warm, formula to result", f"{seconds(warm)} (median {seconds(middle)})", "60 ms"),
        row("the same as a whole new process", seconds(whole), "3 s"),
        row("clm, warm", seconds(fixed), ""),
        row("clmm, 7 nodes, warm", seconds(quadrature), ""),
        row("clmm, two random intercepts (group and area), warm", seconds(crossed), ""),
        "",
    ], warm  # fmt: skip


def floor(data: pl.DataFrame) -> list[str]:
    """Return how far one evaluation is above the exponentials it cannot avoid."""
    fit = clmm(FORMULA, data, group=GROUP)
    objective, point = fit.arrays.objective, fit.arrays.fitted
    least = measure.floor_of_exponentials(data.height)
    lines = [
        "## The floor",
        "",
        "Each row has two cell edges, so one pass over the data costs two exponentials a row. They take",
        f"{seconds(least)} on one core for this size. One evaluation of the mixed likelihood, on all cores:",
        "",
        row("evaluation", "time", "times the floor"),
        row("---", "--:", "--:"),
    ]
    for order, name in ((0, "value"), (1, "value, gradient"), (2, "value, gradient, Hessian")):
        settled = measure.clock(lambda o=order: objective.evaluate(point, o), 20)[0]
        lines.append(row(f"{name}, modes known", seconds(settled), f"{settled / least:.1f}"))
    flip = np.array([0.02, -0.02])

    def moved() -> None:
        flip[:] = flip[::-1]
        objective.evaluate(point + flip[0], 2)

    away = measure.clock(moved, 20)[0]
    lines.append(row("all three, modes to be found anew", seconds(away), f"{away / least:.1f}"))
    return [*lines, ""]


def growth(sizes: list[int]) -> list[str]:
    """Return time and memory by size."""
    lines = [
        "## Growth",
        "",
        "Each size in a process of its own. Growth is processor time per row against the size before (it",
        "does not mind other work on the machine): at most 1.2 per tenfold rows. Memory is the peak",
        "added by the fit, against the frame's columns in use and",
        "against the design matrix with the outcome (what an array user would hand in).",
        "",
        row("rows", "iterations", "fit", "processor", "growth", "memory", "x frame", "x design"),
        row(*["--:"] * 8),
    ]
    before = None
    for size in sizes:
        run = measure.size_run(size)
        per_row = run["cpu"] / size
        ratio = "" if before is None else f"{per_row / before:.2f}"
        before = per_row
        lines.append(
            row(
                f"{size:,}", run["iterations"], seconds(run["fit"]), f"{per_row * 1e6:.2f} µs a row", ratio,
                f"{run['added'] / 2**20:.0f} MiB", f"{run['added'] / run['frame']:.1f}",
                f"{run['added'] / run['design']:.1f}",
            )
        )  # fmt: skip
    return [*lines, ""]


def against_peers(data: pl.DataFrame, warm: float, r_rows: int | None) -> list[str]:
    """Return the peers' times in this run."""
    lines = [
        "## Peers, in the same run",
        "",
        row("model", "rows", "peer", "theirs", "ours", "ratio", "log-likelihood, theirs minus ours"),
        row("---", "--:", "---", "--:", "--:", "--:", "--:"),
    ]
    missing = []

    def add(model: str, part: pl.DataFrame, result: dict[str, Any] | None, name: str) -> None:
        if result is None:
            missing.append(name)
            return
        fit = (lambda: clm(FORMULA, part)) if model == "clm" else (lambda: clmm(FORMULA, part, group=GROUP))
        ours = measure.clock(fit, 5)[0]
        gap = result["log_likelihood"] - fit().log_likelihood
        lines.append(
            row(
                model, f"{part.height:,}", result["version"], seconds(result["seconds"]), seconds(ours),
                f"{result['seconds'] / ours:,.0f}", f"{gap:.1e}",
            )
        )  # fmt: skip

    add("clm", data, peers.run_statsmodels(data), "statsmodels")
    add("clm", data, peers.run_r("clm", data), "R's ordinal")
    add("clmm", data, peers.run_interlace(data), "interlace-lme")
    if r_rows:
        part = simulate(r_rows)
        add("clmm", part, peers.run_r("clmm", part), "R's ordinal")
    lines.append("")
    if missing:
        lines += [f"Not installed here: {', '.join(dict.fromkeys(missing))}.", ""]
    if not r_rows:
        lines += ["R's `clmm` was not run (ask with `--r-rows`).", ""]
    return [
        *lines,
        "R needs 9 to 21 minutes for the mixed model at full size on one core (597 s measured on real",
        "data of 13,668 rows with the machine otherwise idle), about",
        f"{597 / warm:,.0f} times the warm time above.",
        "",
    ]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--r-rows", type=int, help="also run R's clmm on this many rows (minutes)")
    parser.add_argument("--quick", action="store_true", help="leave out the largest size")
    parser.add_argument("--to", type=Path, default=REPORT, help="where to write (default %(default)s)")
    options = parser.parse_args()
    data = simulate()
    head = [
        "# Benchmarks of the estimators",
        "",
        "Written by `make bench` (`python -m benchmarks`). The data are simulated in the shape of the",
        "study's table 2. Times are the least of several.",
        "",
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}.",
        "",
    ]
    main_lines, warm = table_2(data)
    sizes = [ROWS, 10 * ROWS] if options.quick else [ROWS, 10 * ROWS, 100 * ROWS]
    lines = head + main_lines + floor(data) + growth(sizes)
    lines += against_peers(data, warm, options.r_rows)
    text = "\n".join(lines).rstrip() + "\n"
    print(text)
    options.to.write_text(text)
    print(f"Written to {options.to}")


if __name__ == "__main__":
    main()
