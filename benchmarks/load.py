"""The explorer under load, on this machine only: ``make load``.

Servers of its own on the loopback. From one that makes nothing beforehand, some pages of every kind are
asked for one by one: what each costs when it is made. Of another, just started, readers ask at a steady rate,
popular pages more than others, for a minute in which nearly every page is still to be made, and then for ten
minutes more. Both are told, apart: answers a second, the time to answer by kind, and by whether anybody had
asked before; errors; and the memory of the server and its helpers from beginning to end. A reader whose turn
has come while the server is slow asks all the same, so that a slow answer is counted and not left out. On a
busy machine the times are those of the other work too; the processor time of server and readers is given
beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl

from benchmarks.readers import Readers, Seen
from ofsight.dataset.store import open_dataset
from ofsight.profiles.area import list_areas
from ofsight.profiles.owner import list_owners

_FIRST_VIEW = 150 * 1024
_LOADED = re.compile(r'<(?:script|link|img)\b[^>]*?\b(?:src|href)="(/static/[^"]+)"')
"""What a browser fetches with a page by itself. What a chart needs once a reader asks for it is not in it."""


def addresses(dataset: Path, *, study: bool, plan: bool) -> list[tuple[str, str, float]]:
    """Return kind, address and weight of what readers ask for: the many areas, owners and homes among it."""
    data = open_dataset(dataset)
    areas = list_areas(data)["slug"].to_list()
    owners = list_owners(data)["slug"].head(400).to_list()
    homes = data["homes"]["urn"].sample(min(600, data["homes"].height), seed=1).to_list()
    words = ("leeds", "birmngham", "kent", "caretech", "SC0", "north", "keys+group", "bath")
    found = [
        ("front", "/", 8.0),
        ("areas", "/areas", 4.0),
        ("owners", "/owners", 3.0),
        ("data", "/data", 2.0),
    ]
    found += [("table", f"/data/{name}", 0.4) for name in ("homes", "inspections", "owners", "releases")]
    found += [("about", address, 0.5) for address in ("/method", "/accessibility", "/changes", "/api")]
    found += _by_rank("area", [f"/areas/{one}" for one in areas], 30)
    found += _by_rank("area json", [f"/api/v1/areas/{one}.json" for one in areas], 5)
    found += _by_rank("area csv", [f"/api/v1/areas/{one}/tables/homes.csv" for one in areas], 3)
    found += _by_rank("owner", [f"/owners/{one}" for one in owners], 15)
    found += _by_rank("home", [f"/homes/{one}" for one in homes], 15)
    found += [("search", f"/search?q={one}", 0.5) for one in words]
    found += [("suggestions", f"/api/v1/search.json?q={one}", 0.8) for one in words]
    pairs = [f"/compare?area={one}&area={other}" for one, other in itertools.pairwise(areas)]
    found += _by_rank("comparison", pairs, 3)
    if study:
        found += [
            ("study", f"/study{one}", 1.0) for one in ("", "/gap", "/ledger", "/specifications", "/odds")
        ]
    if plan:
        found += _by_rank("plan", [f"/areas/{one}/planning" for one in areas], 5)
        found += _by_rank("what if", [f"/areas/{one}/planning/what-if" for one in areas], 1)
    return found


def _by_rank(kind: str, of_kind: list[str], weight: float) -> list[tuple[str, str, float]]:
    """Return addresses with weights that fall as one over their rank, as the fame of pages does."""
    random.Random(2).shuffle(of_kind)
    shares = 1 / np.arange(1, len(of_kind) + 1)
    return [(kind, one, weight * share) for one, share in zip(of_kind, shares / shares.sum(), strict=True)]


def cpu_of(pid: int) -> float:
    """Return the processor time of a process and its children, seconds."""
    total = 0
    for one in (pid, *_children(pid)):
        try:
            fields = Path(f"/proc/{one}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def ask_alone(base: str, asked: list[tuple[str, str, float]], n_each: int, pid: int) -> list[dict[str, Any]]:
    """Ask for some pages of every kind one by one, each for the first time, and return what they cost."""
    rows = []
    with httpx.Client(base_url=base, timeout=60, trust_env=False) as client:
        for kind in dict.fromkeys(kind for kind, _, _ in asked):
            some = [address for of, address, _ in asked if of == kind][-n_each:]
            busy, taken = [cpu_of(pid)], []
            for address in some:
                begun = time.monotonic()
                client.get(address).raise_for_status()
                taken.append(time.monotonic() - begun)
                busy.append(cpu_of(pid))
            # The first of its kind pays for what is worked out once.
            others = 1000 * (busy[-1] - busy[1]) / max(len(some) - 1, 1)
            row = {**_row(kind, taken), "processor ms, first of its kind": round(1000 * (busy[1] - busy[0]))}
            rows.append({**row, "processor ms, others": round(others, 1) if len(some) > 1 else None})
    return rows


def memory_of(pid: int) -> float:
    """Return the memory of a process and its children, MB: resident, shared pages counted by their part."""
    total = 0.0
    for one in (pid, *_children(pid)):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024
    return total


def _children(pid: int) -> list[int]:
    """Return the processes that a process has started, whichever of its threads did, and theirs."""
    listed: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            listed += map(int, thread.read_text(encoding="ascii").split())
    return [found for one in listed for found in (one, *_children(one))]


@contextmanager
def _server(folders: dict[str, Path], *options: str) -> Iterator[tuple[int, int, float]]:
    """Give process, port and seconds to the first answer of a server that runs as long as it is needed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-c", "from ofsight.cli import main; main()", "serve", "--quiet"]
    command += [f"--port={port}", *options, *(f"--{name}={folder}" for name, folder in folders.items())]
    begun = time.monotonic()
    server = subprocess.Popen(command)
    try:
        yield server.pid, port, _wait(server, port, begun)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def _wait(server: subprocess.Popen[bytes], port: int, begun: float) -> float:
    while time.monotonic() - begun < 60 and server.poll() is None:
        try:
            reply = httpx.get(f"http://127.0.0.1:{port}/health", timeout=5, trust_env=False)
            if reply.status_code == 200:
                return time.monotonic() - begun
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise SystemExit("The server did not start.")


def _first_views(base: str) -> dict[str, int]:
    """Return the bytes of first views over the wire: the page, its style, its scripts."""
    views = {}
    with httpx.Client(base_url=base, timeout=30, trust_env=False) as client:
        for address in ("/", "/areas", "/areas/england", "/owners", "/study", "/data/homes"):
            page = client.get(address)
            if page.status_code != 200:
                continue
            replies = [page, *(client.get(part) for part in sorted(set(_LOADED.findall(page.text))))]
            views[address] = sum(int(reply.headers["content-length"]) for reply in replies)
    return views


def _row(kind: str, taken: list[float]) -> dict[str, Any]:
    if not taken:
        return {"kind": kind, "n": 0}
    ms = 1000 * np.array(taken)
    p50, p99 = np.quantile(ms, [0.5, 0.99])
    return {
        "kind": kind,
        "n": len(taken),
        "p50 ms": round(p50, 1),
        "p99 ms": round(p99, 1),
        "max ms": round(float(ms.max()), 1),
    }


@dataclass(frozen=True)
class Part:
    """The answers of one part of a run, by kind: seconds each took."""

    again: dict[str, list[float]]
    first: dict[str, list[float]]

    @classmethod
    def of(cls, seen: Seen, since: float, until: float) -> Part:
        """Return the answers to requests that were due in a span, seconds since the first reader."""
        again, first = (
            {kind: [took for due, took in each if since <= due < until] for kind, each in held.items()}
            for held in (seen.again, seen.first)
        )
        return cls(again, first)

    def told(self) -> dict[str, Any]:
        """Return the times of all, of those asked again and of those asked for the first time."""
        again, first = (
            [took for each in held.values() for took in each] for held in (self.again, self.first)
        )
        rows = {"all": again + first, "asked again": again, "asked first": first}
        return {name: {k: v for k, v in _row("", took).items() if k != "kind"} for name, took in rows.items()}

    def by_kind(self) -> list[dict[str, Any]]:
        """Return the times of each kind, those asked for the first time beside all."""
        rows = []
        for kind in sorted({*self.again, *self.first}):
            first = _row(kind, self.first.get(kind, []))
            row = _row(kind, self.again.get(kind, []) + self.first.get(kind, []))
            rows.append({**row, **{f"first: {k}": first.get(k) for k in ("n", "p50 ms", "p99 ms", "max ms")}})
        return rows


def report(seen: Seen, cold: float, seconds: float, started: float, views: dict[str, int]) -> dict[str, Any]:
    """Return what was measured, for people and for a file: the first minute, then the time after it."""
    minute, after = Part.of(seen, 0.0, cold), Part.of(seen, cold, float("inf"))
    n = sum(len(took) for held in (seen.again, seen.first) for took in held.values())
    # The answers that were still to come when the time was over took their time too.
    lasted = max(cold + seconds, seen.memory[-1][0])
    # Caches fill in the first half; after it the memory should not grow.
    half = [used for at, used in seen.memory if at >= cold + seconds / 2]
    return {
        "seconds to start": round(started, 2),
        "requests a second": round(n / lasted, 1),
        "requests": n,
        "errors": len(seen.errors),
        "some errors": seen.errors[:5],
        "MB sent": round(seen.n_bytes / 2**20, 1),
        "memory MB": {
            "start": round(seen.memory[0][1]),
            "half": round(half[0]),
            "end": round(half[-1]),
            "highest": round(max(used for _, used in seen.memory)),
        },
        f"after the first {cold:.0f} seconds, for {seconds:.0f}": after.told(),
        f"the first {cold:.0f} seconds, pages still to be made": minute.told(),
        "the readers": {
            "processor ms a request": round(1000 * seen.own / max(n, 1), 2),
            "left late, p50 and p99 ms": [
                round(1000 * float(late), 1) for late in np.quantile(seen.late or [0.0], [0.5, 0.99])
            ],
            "held back": seen.held_back,
        },
        "by kind, after": after.by_kind(),
        "by kind, at first": minute.by_kind(),
        "first view KB": {address: round(size / 1024, 1) for address, size in views.items()},
    }


def main() -> None:
    """Measure and print; leave with 1 when there was an error or a first view is too heavy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--plan", type=Path)
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second, at most 1000")
    parser.add_argument("--cold", type=float, default=60.0, help="seconds from the start, told apart")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long after that, at most 1800")
    parser.add_argument("--alone", type=int, default=15, help="pages of each kind asked for one by one")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--to", type=Path, help="write what was measured as JSON")
    given = parser.parse_args()
    rate, cold, seconds = min(given.rate, 1000.0), min(given.cold, 600.0), min(given.seconds, 1800.0)
    folders = {name: getattr(given, name) for name in ("dataset", "study", "plan") if getattr(given, name)}
    asked = addresses(given.dataset, study="study" in folders, plan="plan" in folders)
    with _server(folders, "--no-warm", "--no-maker") as (pid, port, _):
        alone = ask_alone(f"http://127.0.0.1:{port}", asked, given.alone, pid)
    with _server(folders, f"--workers={given.workers}") as (pid, port, started):
        views = _first_views(f"http://127.0.0.1:{port}")
        before = cpu_of(pid)
        seen = asyncio.run(Readers(port, asked, lambda: memory_of(pid)).run(rate, cold + seconds))
        spent = cpu_of(pid) - before
    found = report(seen, cold, seconds, started, views)
    found["processor s of the server"] = round(spent, 1)
    found["processor ms a request"] = round(1000 * spent / found["requests"], 2)
    found["load of the machine"] = [round(one, 1) for one in os.getloadavg()]
    found["by kind, alone and first"] = alone
    tables = {key: found[key] for key in found if key.startswith("by kind")}
    print(json.dumps({key: value for key, value in found.items() if key not in tables}, indent=1))
    for title, rows in tables.items():
        print(title)
        with pl.Config(
            tbl_rows=50,
            tbl_cols=12,
            tbl_width_chars=130,
            tbl_hide_dataframe_shape=True,
            tbl_hide_column_data_types=True,
        ):
            print(pl.DataFrame(rows))
    if given.to is not None:
        given.to.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if seen.errors or any(size > _FIRST_VIEW for size in views.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
