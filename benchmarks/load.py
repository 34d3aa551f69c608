"""The explorer under load, on this machine only: ``make load``.

A server of its own on the loopback. First some pages of every kind are asked for one by one: what each costs
when it is made. Then readers ask at a steady rate, popular pages more than others: answers a second, the time
to answer by kind, errors, and the server's memory from beginning to end. A reader whose turn has come while
the server is slow asks all the same, so that a slow answer is counted and not left out. On a busy machine the
times are those of the other work too; the server's own processor time is given beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl

from ofsight.dataset.store import open_dataset
from ofsight.profiles.area import list_areas
from ofsight.profiles.owner import list_owners

_WAITING = 400
"""Requests under way at once, at most: beyond, the readers themselves would be the bottleneck."""
_FIRST_VIEW = 150 * 1024


@dataclass
class Seen:
    """What the readers saw."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    first: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    n_bytes: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)


def addresses(dataset: Path, *, study: bool, plan: bool) -> list[tuple[str, str, float]]:
    """Return kind, address and weight of what readers ask for: the many areas, owners and homes among it."""
    data = open_dataset(dataset)
    areas = list_areas(data)["slug"].to_list()
    owners = list_owners(data)["slug"].head(400).to_list()
    homes = data["homes"]["urn"].sample(min(600, data["homes"].height), seed=1).to_list()
    words = ("leeds", "birmngham", "kent", "caretech", "SC0", "north", "keys group", "bath")
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
            before, taken = cpu_of(pid), []
            for address in some:
                begun = time.monotonic()
                client.get(address).raise_for_status()
                taken.append(time.monotonic() - begun)
            cost = 1000 * (cpu_of(pid) - before) / len(some)
            rows.append({**_row(kind, taken), "processor ms each": round(cost, 1)})
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
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [found for one in map(int, listed) for found in (one, *_children(one))]


async def _load(
    base: str, asked: list[tuple[str, str, float]], rate: float, seconds: float, pid: int
) -> Seen:
    seen, chance = Seen(), random.Random(1)
    weights = [weight for _, _, weight in asked]
    known: set[str] = set()
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    tasks: set[asyncio.Task[None]] = set()
    begun = time.monotonic()

    async def one(client: httpx.AsyncClient, kind: str, address: str, due: float) -> None:
        try:
            reply = await client.get(address)
        except httpx.HTTPError as error:
            seen.errors.append(f"{address}: {type(error).__name__}")
            return
        took = time.monotonic() - due
        (seen.seconds if address in known else seen.first)[kind].append(took)
        known.add(address)
        seen.n_bytes += int(reply.headers.get("content-length", len(reply.content)))
        if reply.status_code != 200:
            seen.errors.append(f"{address}: {reply.status_code}")

    async with httpx.AsyncClient(base_url=base, limits=limits, timeout=30, trust_env=False) as client:
        n, looked = 0, -10.0
        while (now := time.monotonic() - begun) < seconds:
            if now - looked >= 5:
                looked = now
                seen.memory.append((now, memory_of(pid)))
            # Every request has its moment; its time to answer counts from there.
            while n / rate <= now:
                if len(tasks) >= _WAITING:
                    break
                kind, address, _ = chance.choices(asked, weights)[0]
                task = asyncio.create_task(one(client, kind, address, begun + n / rate))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                n += 1
            await asyncio.sleep(0.002)
        if tasks:
            await asyncio.wait(tasks, timeout=30)
    seen.memory.append((time.monotonic() - begun, memory_of(pid)))
    return seen


def _start(folders: dict[str, Path], workers: int) -> tuple[subprocess.Popen[bytes], str, float]:
    """Start a server and return it, its address, and the seconds until it answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from ofsight.cli import main; main()", "serve", "--quiet"]
    command += [f"--port={port}", f"--workers={workers}"]
    begun = time.monotonic()
    server = subprocess.Popen(command + [f"--{name}={folder}" for name, folder in folders.items()])
    base = f"http://127.0.0.1:{port}"
    while time.monotonic() - begun < 60 and server.poll() is None:
        try:
            if httpx.get(f"{base}/health", timeout=5, trust_env=False).status_code == 200:
                return server, base, time.monotonic() - begun
        except httpx.TransportError:
            time.sleep(0.02)
    server.kill()
    raise SystemExit("The server did not start.")


def _first_views(base: str) -> dict[str, int]:
    """Return the bytes of first views over the wire: the page, its style, its scripts."""
    views = {}
    with httpx.Client(base_url=base, timeout=30, trust_env=False) as client:
        for address in ("/", "/areas", "/areas/england", "/owners", "/study", "/data/homes"):
            page = client.get(address)
            if page.status_code != 200:
                continue
            parts = {part.split('"')[0] for part in page.text.split('"/static/')[1:]}
            replies = [page, *(client.get(f"/static/{part}") for part in sorted(parts))]
            views[address] = sum(int(reply.headers["content-length"]) for reply in replies)
    return views


def _row(kind: str, taken: list[float]) -> dict[str, Any]:
    ms = 1000 * np.array(taken)
    p50, p99 = np.quantile(ms, [0.5, 0.99])
    return {
        "kind": kind,
        "n": len(taken),
        "p50 ms": round(p50, 1),
        "p99 ms": round(p99, 1),
        "max ms": round(float(ms.max()), 1),
    }


def report(seen: Seen, seconds: float, started: float, views: dict[str, int]) -> dict[str, Any]:
    """Return what was measured, for people and for a file."""
    n = sum(map(len, (*seen.seconds.values(), *seen.first.values())))
    # Caches fill in the first half; after it the memory should not grow.
    half = [used for at, used in seen.memory if at >= seconds / 2]
    again = [value for values in seen.seconds.values() for value in values]
    first = [value for values in seen.first.values() for value in values]
    return {
        "seconds to start": round(started, 2),
        "requests a second": round(n / seconds, 1),
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
        "asked again": _row("all", again) if again else {},
        "asked first": _row("all", first) if first else {},
        "by kind, asked again": [_row(kind, seen.seconds[kind]) for kind in sorted(seen.seconds)],
        "by kind, asked first": [_row(kind, seen.first[kind]) for kind in sorted(seen.first)],
        "first view KB": {address: round(size / 1024, 1) for address, size in views.items()},
    }


def main() -> None:
    """Measure and print; leave with 1 when there was an error or a first view is too heavy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--plan", type=Path)
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second, at most 1000")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long, at most 1800")
    parser.add_argument("--alone", type=int, default=15, help="pages of each kind asked for one by one")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--to", type=Path, help="write what was measured as JSON")
    given = parser.parse_args()
    rate, seconds = min(given.rate, 1000.0), min(given.seconds, 1800.0)
    folders = {name: getattr(given, name) for name in ("dataset", "study", "plan") if getattr(given, name)}
    asked = addresses(given.dataset, study="study" in folders, plan="plan" in folders)
    server, base, started = _start(folders, given.workers)
    try:
        views = _first_views(base)
        alone = ask_alone(base, asked, given.alone, server.pid)
        before = cpu_of(server.pid)
        seen = asyncio.run(_load(base, asked, rate, seconds, server.pid))
        spent = cpu_of(server.pid) - before
    finally:
        server.terminate()
        server.wait(20)
    found = report(seen, seconds, started, views)
    found["processor ms a request"] = round(1000 * spent / found["requests"], 2)
    found["load of the machine"] = [round(one, 1) for one in os.getloadavg()]
    found["by kind, alone and first"] = alone
    tables = {key: found[key] for key in found if key.startswith("by kind")}
    print(json.dumps({key: value for key, value in found.items() if key not in tables}, indent=1))
    for title, rows in tables.items():
        print(title)
        with pl.Config(tbl_rows=50, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):
            print(pl.DataFrame(rows))
    if given.to is not None:
        given.to.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if seen.errors or any(size > _FIRST_VIEW for size in views.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
