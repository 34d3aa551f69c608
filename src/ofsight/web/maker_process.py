"""The process that makes pages: started beside the one that answers, and anew when it dies; ended with it."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

from ofsight.web.app import create_app_from_environment
from ofsight.web.maker import PASS, SPOT, Spot

__all__ = ["beside", "main"]

_COMMAND: Final = "from ofsight.web.maker_process import main; main()"
_AGAIN: Final = 1.0
"""Seconds before it is started again, doubled each time that it ends within a minute."""
_LASTING: Final = 60.0
_LOOK: Final = 0.05
"""Seconds between two looks whether the process that answers listens."""

_THREADS: Final = {"POLARS_MAX_THREADS": "1"}
"""A page is made of many small queries: to share each between threads costs more than it saves."""

App = Callable[..., Awaitable[None]]


@contextmanager
def beside(
    environment: dict[str, str], tell: Callable[[str], None], after: tuple[str, int] | None = None
) -> Iterator[Spot]:
    """Keep a maker running while the context lasts, and give where it listens.

    It is told to end by the end of its standard input, so that it does not outlive a parent that was killed.

    Parameters
    ----------
    environment : dict
        What it shows: the variables of `ofsight.web.app.ENVIRONMENT`.
    tell : callable
        Gets a line when it has ended by itself.
    after : (str, int), optional
        The host and port of the process that answers. The maker is started once that listens: side by side
        each would take the processors from the other, and the first visitor wait half as long again.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        spot = Spot(free.getsockname()[1], secrets.token_hex(16))
    stopped = threading.Event()
    running: list[subprocess.Popen[bytes]] = []

    def keep_running() -> None:
        wait = _AGAIN
        while after is not None and not _listens(*after) and not stopped.wait(_LOOK):
            pass
        while not stopped.is_set():
            process = subprocess.Popen(
                [sys.executable, "-c", _COMMAND],
                env={**_THREADS, **os.environ, **environment, SPOT: str(spot)},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=os.name == "posix",  # Ctrl-C is for the parent, which ends it
            )
            running[:] = [process]
            with process:
                try:
                    process.wait(_LASTING)
                except subprocess.TimeoutExpired:
                    wait = _AGAIN
                    process.wait()
            if not stopped.is_set():
                tell(f"The process that makes pages ended with {process.returncode}; starting it again.")
                stopped.wait(wait)
                wait = min(2 * wait, _LASTING)

    keeper = threading.Thread(target=keep_running, name="maker", daemon=True)
    keeper.start()
    try:
        yield spot
    finally:
        stopped.set()
        for process in running:
            process.terminate()
        keeper.join(5.0)
        for process in running:
            process.kill()


def _listens(host: str, port: int) -> bool:
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        with socket.create_connection((here, port), 1.0):
            return True
    except OSError:
        return False


def main() -> None:
    """Make pages for the process that started this one, until it ends."""
    spot = Spot.from_environment()
    if spot is None:
        raise SystemExit(f"This is started by `ofsight serve`; {SPOT} is not set.")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    uvicorn.run(
        _only_for(spot, create_app_from_environment(asks_maker=False)),
        host="127.0.0.1",
        port=spot.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
    )


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # nothing is written here that could be left half


def _only_for(spot: Spot, app: App) -> App:
    """Let in who knows the pass, and show it: the port was free a moment ago, and could be another's."""
    password = (PASS.encode(), spot.password.encode())

    async def guarded(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def send_with_pass(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], password]}
            await send(message)

        if password in scope["headers"]:
            await app(scope, receive, send_with_pass)
        else:
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    return guarded
