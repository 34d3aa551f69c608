"""``python -m benchmarks.load``: the explorer under load, on loopback only; bounded in time and rate.

Starts ``ofsight serve`` on a free port, asks for pages and API answers at a fixed rate, and prints: how soon
the first answer came, answers a second, latency (50th and 99th percentile, of all and by kind), errors, bytes
of a first view, memory of the server through the run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

MOST_SECONDS, MOST_RATE = 1800, 500
CONNECTIONS = 24


@dataclass
class Tally:
    """What was measured: seconds by kind of address, errors, bytes."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    n_bytes: int = 0
    late: int = 0


def addresses(dataset: Path, seed: int) -> dict[str, list[str]]:
    """Return addresses by kind, in the mix that visitors ask for."""
    homes = pl.read_parquet(dataset / "homes.parquet", columns=["urn", "authority", "owner_id"])
    areas = [quote(name) for name in homes["authority"].drop_nulls().unique().sort().to_list()]
    owners = homes["owner_id"].drop_nulls().unique().sort().to_list()
    urns = homes["urn"].to_list()
    dice = random.Random(seed)
    pairs = [dice.sample(areas, 2) for _ in range(40)]
    return {
        "front page": ["/"] * 10,
        "areas": ["/areas", "/areas?measure=homes", "/areas?measure=private_homes"],
        "area": [f"/areas/{name}" for name in areas],
        "area, JSON": [f"/api/v1/areas/{name}.json" for name in areas[:60]],
        "area, CSV": [f"/api/v1/areas/{name}/tables/homes.csv" for name in areas[:60]],
        "owners": ["/owners", "/owners?page=2", "/owners?kind=group"],
        "owner": [f"/owners/{name}" for name in dice.sample(owners, min(300, len(owners)))],
        "home": [f"/homes/{urn}" for urn in dice.sample(urns, min(1500, len(urns)))],
        "compare": [f"/compare?area={one}&area={other}" for one, other in pairs],
        "study": ["/study", "/study/gap", "/study/ledger", "/study/odds?ratio=0.5"],
        "data": ["/data", "/data/inspections", "/data/homes?where=sector:eq:Private"],
        "rows": [f"/api/v1/rows/inspections.json?where=urn:eq:{urn}" for urn in dice.sample(urns, 200)],
        "search": [f"/api/v1/search.json?q={name[:5]}" for name in areas] + ["/search?q=birmingam"],
    }


class Connection:
    """One keep-alive connection that asks one question at a time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, address: str) -> tuple[int, int]:
        """Return status and bytes of the body."""
        if self.writer is None or self.writer.is_closing():
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert self.reader is not None
        self.writer.write(
            f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        )
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        length = int(head.partition("content-length:")[2].partition("\r\n")[0] or 0)
        await self.reader.readexactly(length)
        return status, length

    def close(self) -> None:
        """Close it."""
        if self.writer is not None:
            self.writer.close()


async def run(port: int, mix: dict[str, list[str]], rate: float, seconds: float, seed: int) -> Tally:
    """Ask at a fixed rate, whether or not earlier answers have come: waiting is part of the latency."""
    tally, dice, kinds = Tally(), random.Random(seed), list(mix)
    waiting: asyncio.Queue[tuple[float, str, str] | None] = asyncio.Queue()

    async def work() -> None:
        connection = Connection(port)
        while (asked := await waiting.get()) is not None:
            due, kind, address = asked
            try:
                status, n_bytes = await connection.ask(address)
                tally.n_bytes += n_bytes
                if status != 200:
                    tally.errors[f"{kind}: status {status}"] += 1
            except (OSError, asyncio.IncompleteReadError, ValueError) as error:
                tally.errors[f"{kind}: {type(error).__name__}"] += 1
                connection.close()
                connection = Connection(port)
            tally.seconds[kind].append(time.perf_counter() - due)
        connection.close()

    workers = [asyncio.create_task(work()) for _ in range(CONNECTIONS)]
    begun = time.perf_counter()
    for place in range(int(rate * seconds)):
        due = begun + place / rate
        if (rest := due - time.perf_counter()) > 0:
            await asyncio.sleep(rest)
        kind = dice.choice(kinds)
        waiting.put_nowait((due, kind, dice.choice(mix[kind])))
        tally.late = max(tally.late, waiting.qsize())
    for _ in workers:
        waiting.put_nowait(None)
    await asyncio.gather(*workers)
    return tally


def memory_of(pid: int) -> float:
    """Return the resident memory of a process and its children, in MB."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            facts = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if int(facts["Pid"]) == pid or int(facts["PPid"]) == pid:
            total += int(facts.get("VmRSS", "0 kB").split()[0])
    return total / 1024


def busy_of(pid: int) -> float:
    """Return the seconds of processor time that a process and its children have used."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            values = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == pid or int(values[1]) == pid:
            total += int(values[11]) + int(values[12])
    return total / os.sysconf("SC_CLK_TCK")


async def watch(pid: int, every: float, seen: list[float]) -> None:
    """Note the memory of the server again and again."""
    while True:
        seen.append(memory_of(pid))
        await asyncio.sleep(every)


def start(options: argparse.Namespace) -> tuple[subprocess.Popen[bytes], int, float]:
    """Start the explorer and return it, its port, and the seconds to its first answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [str(Path(sys.executable).with_name("ofsight")), "serve", "--dataset", str(options.dataset)]
    command += ["--study", str(options.study)] if options.study else []
    command += ["--port", str(port), "--workers", str(options.workers), "--quiet"]
    begun = time.perf_counter()
    server = subprocess.Popen(command)
    while time.perf_counter() - begun < 60:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
                one.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if one.recv(64).startswith(b"HTTP/1.1 200"):
                    return server, port, time.perf_counter() - begun
        except OSError:
            pass
        time.sleep(0.02)
    server.terminate()
    raise SystemExit("The server did not answer within a minute.")


async def first_view(port: int) -> int:
    """Return the bytes of a first visit: page, style, script, as sent."""
    connection, total = Connection(port), 0
    for address in ("/areas", "/"):
        _, n_bytes = await connection.ask(address)
        total = max(total, n_bytes)
    page = await asyncio.to_thread(_read, port)
    for part in page.split('"'):
        if part.startswith("/static/"):
            total += (await connection.ask(part))[1]
    connection.close()
    return total


def _read(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
        one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: one.recv(65536), b"")).decode("utf-8", "replace")


def percentile(values: list[float], part: float) -> float:
    """Return a percentile in milliseconds."""
    ordered = sorted(values)
    return 1000 * ordered[min(int(part * len(ordered)), len(ordered) - 1)]


async def measure(options: argparse.Namespace, server: subprocess.Popen[bytes], port: int) -> dict[str, Any]:
    """Run the load and return what was measured."""
    mix = addresses(options.dataset, options.seed)
    view = await first_view(port)
    if options.settle:
        await asyncio.sleep(options.settle)
    seen: list[float] = []
    watching = asyncio.create_task(watch(server.pid, max(options.seconds / 40, 0.5), seen))
    begun, busy = time.perf_counter(), busy_of(server.pid)
    tally = await run(port, mix, options.rate, options.seconds, options.seed)
    took = time.perf_counter() - begun
    watching.cancel()
    every = [value for values in tally.seconds.values() for value in values]
    return {
        "requests": len(every),
        "rate asked": options.rate,
        "rate answered": round(len(every) / took, 1),
        "errors": dict(tally.errors),
        "ms, p50": round(percentile(every, 0.5), 1),
        "ms, p99": round(percentile(every, 0.99), 1),
        "ms, p99 by kind": {k: round(percentile(v, 0.99), 1) for k, v in sorted(tally.seconds.items())},
        "server, ms of processor a request": round(1000 * (busy_of(server.pid) - busy) / len(every), 2),
        "longest queue": tally.late,
        "first view, kB": round(view / 1000, 1),
        "sent, MB": round(tally.n_bytes / 1e6, 1),
        "memory, MB, in quarters": [round(seen[int(len(seen) * part) - 1]) for part in (0.25, 0.5, 0.75, 1)],
        "machine": f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}",
    }


def main() -> None:
    """Read the options, start, measure, print, stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--settle", type=float, default=0, help="seconds to wait before")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    options.rate, options.seconds = min(options.rate, MOST_RATE), min(options.seconds, MOST_SECONDS)
    server, port, started = start(options)
    try:
        found = asyncio.run(measure(options, server, port))
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
    print(json.dumps({"seconds to the first answer": round(started, 2), **found}, indent=1))


if __name__ == "__main__":
    main()
