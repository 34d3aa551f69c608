"""Serving the explorer with uvicorn."""

from __future__ import annotations

import gc
import os
import socket
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType

import uvicorn

from ofsight.errors import UsageError
from ofsight.web.app import ENVIRONMENT, create_app
from ofsight.web.maker import SPOT
from ofsight.web.maker_process import beside
from ofsight.web.mount import read_mount

__all__ = ["serve_explorer"]

_FACTORY = "ofsight.web.app:create_app_from_environment"


def serve_explorer(
    dataset: Path,
    study: Path | None = None,
    plan: Path | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    warm: bool = True,
    maker: bool = True,
    url: str = "",
    quiet: bool = False,
) -> None:
    """Serve until stopped.

    Parameters
    ----------
    dataset, study, plan : Path
        What to show.
    host, port
        Where to listen; port 0 for a free one.
    workers : int
        Processes that answer. Each holds the tables and its own cache of finished answers.
    warm : bool
        Make the main pages before they are asked for.
    maker : bool
        Let one more process make the pages: finished answers then never wait for one that is being made.
    url : str
        Where visitors reach it, if not at the root of a host: see `ofsight.web.mount.read_mount`.
    quiet : bool
        Print nothing but errors.

    Raises
    ------
    UsageError
        If nobody can listen there, or `url` is no place.
    """
    read_mount(url)  # refused here, in one message, and not by each worker
    bound = _bind(host, port)
    port = bound.getsockname()[1]
    if not quiet:
        shown = f"[{host}]" if ":" in host else host
        _say(f"The explorer is at http://{shown}:{port}/ (stop it with Ctrl-C)")
    options = {
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "date_header": True,
        "timeout_keep_alive": 20,
        "limit_concurrency": 512,
        "h11_max_incomplete_event_size": 16_384,
        "timeout_graceful_shutdown": 5,
    }
    environment = {
        ENVIRONMENT[name]: "" if folder is None else str(folder.absolute())
        for name, folder in (("dataset", dataset), ("study", study), ("plan", plan))
    } | {ENVIRONMENT["url"]: url, ENVIRONMENT["warm"]: "yes" if warm else "no"}
    with ExitStack() as stack:
        stack.enter_context(bound)
        spot = stack.enter_context(beside(environment, _say, (host, port))) if maker else None
        if workers == 1:
            app = create_app(dataset, study, plan, warm=warm, url=url, spot=spot)
            _Server(uvicorn.Config(app, **options)).answer(bound)  # type: ignore[arg-type]
        else:
            os.environ.update(environment | {SPOT: "" if spot is None else str(spot)})
            uvicorn.run(_FACTORY, factory=True, fd=bound.fileno(), workers=workers, **options)  # type: ignore[arg-type]


def _bind(host: str, port: int) -> socket.socket:
    """Return a socket at a place of this machine.

    Raises
    ------
    UsageError
        Where that is not to be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Else the end of an answer waits until its beginning is acknowledged: 40 ms. Connections inherit it;
    # asyncio sets it of itself only where the socket says that it is of TCP.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise UsageError(
            f"The explorer cannot listen at port {port} of {host}: {error.strerror}. End what listens there, "
            "or give another --port (0 takes a free one) or --host (127.0.0.1 is this machine, 0.0.0.0 all)."
        ) from error
    return bound


class _Server(uvicorn.Server):
    """One that ends in order however often it is told to: uvicorn itself falls apart at the second Ctrl-C."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end at the first signal; let those after it change nothing."""
        if not self.should_exit:
            super().handle_exit(sig, frame)

    def answer(self, bound: socket.socket) -> None:
        """Answer who comes to a socket, until told to end."""
        try:
            with suppress(KeyboardInterrupt):  # raised again when all is in order
                self.run([bound])
        finally:
            gc.unfreeze()  # what `ofsight.web.warm` took out of sight, DuckDB would tell as leaked at the end


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
