"""Readers of the explorer, many at once and cheap: plain HTTP/1.1 over connections that are kept.

A client for people does much that a measurement must not pay for (redirects, cookies, decompression): of the
two cores that server and readers share it took more than the server. Here a request is one write, an answer
is read to its length and not unpacked.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Readers", "Seen"]

_WAITING = 400
"""Requests under way at once, each over a connection of its own as other people's are, at most: the server
takes 512."""
_LONGEST = 30.0
_LOOK_EVERY = 5.0


@dataclass
class Seen:
    """What the readers saw.

    Attributes
    ----------
    again, first : dict of str to list of (float, float)
        When each request was due, seconds since the beginning, and the seconds from then to the last byte of
        its answer, by kind: of addresses asked for before in this run, and of those asked for the first time.
    errors : list of str
        Answers that did not come, or had another status than 200.
    n_bytes : int
        Of bodies, as sent.
    memory : list of (float, float)
        Seconds since the beginning, and MB that the server held.
    late : list of float
        Seconds by which each request left after it was due: the readers' own slowness, a connection that is
        opened, and waiting where `_WAITING` are under way.
    own : float
        Processor seconds of the readers.
    held_back : int
        Moments at which a request was due and `_WAITING` others were under way already.
    """

    again: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    first: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    n_bytes: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    own: float = 0.0
    held_back: int = 0


class _Wire(asyncio.Protocol):
    """One connection; one question at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, int]] | None = None
        self._got = bytearray()
        self._whole = 0
        self._status = 0
        self._length = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @property
    def is_open(self) -> bool:
        """Whether it can be asked."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, address: str) -> asyncio.Future[tuple[int, int]]:
        """Send a question; the answer is its status and the bytes of its body."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._got.clear()
        self._whole = 0
        request = f"GET {address} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\n\r\n"
        self._transport.write(request.encode("ascii"))
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._got += data
        if not self._whole:
            end = self._got.find(b"\r\n\r\n")
            if end < 0:
                return
            lines = bytes(self._got[:end]).lower().split(b"\r\n")
            lengths = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
            if not lengths:
                self._fail(ValueError("an answer without its length"))
                return
            self._status, self._length = int(lines[0].split()[1]), lengths[0]
            self._whole = end + 4 + self._length
        if len(self._got) >= self._whole and self._answer is not None and not self._answer.done():
            self._answer.set_result((self._status, self._length))

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(error or ConnectionResetError())

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.close()


class Readers:
    """Ask at a steady rate and write down what comes.

    Parameters
    ----------
    port : int
        Of the server, on the loopback.
    asked : list of (str, str, float)
        Kind, address and weight of what is asked for.
    memory : callable
        Gives the server's memory, MB.
    """

    def __init__(self, port: int, asked: list[tuple[str, str, float]], memory: Callable[[], float]) -> None:
        self._port = port
        self._asked = asked
        self._memory = memory
        self._known: set[str] = set()
        self._free: deque[_Wire] = deque()
        self._begun = 0.0
        self.seen = Seen()

    async def run(self, rate: float, seconds: float) -> Seen:
        """Ask `rate` times a second.

        Every request has its moment, and its time to answer counts from there: a reader whose turn has come
        while the server is slow asks all the same.
        """
        chance = random.Random(1)
        weights = [weight for _, _, weight in self._asked]
        order = iter(chance.choices(self._asked, weights, k=int(rate * seconds)))
        tasks: set[asyncio.Task[None]] = set()
        begun, busy = time.monotonic(), time.process_time()
        self._begun = begun
        n, looked = 0, -_LOOK_EVERY
        while (now := time.monotonic() - begun) < seconds:
            if now - looked >= _LOOK_EVERY:
                looked = now
                self.seen.memory.append((now, self._memory()))
            while n / rate <= now and n < rate * seconds - 1:
                if len(tasks) >= _WAITING:
                    self.seen.held_back += 1
                    break
                kind, address, _ = next(order)
                task = asyncio.create_task(self._one(kind, address, begun + n / rate))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                n += 1
            await asyncio.sleep(0.002)
        if tasks:
            await asyncio.wait(tasks, timeout=_LONGEST)
        self.seen.memory.append((time.monotonic() - begun, self._memory()))
        self.seen.own = time.process_time() - busy
        while self._free:
            self._free.pop().close()
        return self.seen

    async def _one(self, kind: str, address: str, due: float) -> None:
        wire: _Wire | None = None
        try:
            wire = await self._wire()
            self.seen.late.append(time.monotonic() - due)
            async with asyncio.timeout(_LONGEST):
                status, length = await wire.ask(address)
        except (OSError, ValueError) as error:
            self.seen.errors.append(f"{address}: {type(error).__name__}")
            if wire is not None:
                wire.close()
            return
        self._free.append(wire)
        taken = (due - self._begun, time.monotonic() - due)
        (self.seen.again if address in self._known else self.seen.first)[kind].append(taken)
        self._known.add(address)
        self.seen.n_bytes += length
        if status != 200:
            self.seen.errors.append(f"{address}: {status}")

    async def _wire(self) -> _Wire:
        while self._free:
            # The one used last: as many are open as are needed, and the server may close the others.
            wire = self._free.pop()
            if wire.is_open:
                return wire
        _, wire = await asyncio.get_running_loop().create_connection(_Wire, "127.0.0.1", self._port)
        return wire
