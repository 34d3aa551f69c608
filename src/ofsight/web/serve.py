"""Serving the explorer with uvicorn."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import uvicorn

from ofsight.web.app import ENVIRONMENT, create_app
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
        Processes. Each holds the tables and its own cache, and makes the main pages for itself.
    warm : bool
        Make the main pages before they are asked for.
    url : str
        Where visitors reach it, if not at the root of a host: see `ofsight.web.mount.read_mount`.
    quiet : bool
        Print nothing but errors.
    """
    read_mount(url)  # refused here, in one message, and not by each worker
    if not quiet:
        print(f"The explorer is at http://{host}:{port}/ (stop it with Ctrl-C)", file=sys.stderr, flush=True)
    options = {
        "host": host,
        "port": port,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "date_header": True,
        "timeout_keep_alive": 20,
        "limit_concurrency": 512,
        "h11_max_incomplete_event_size": 16_384,
        "timeout_graceful_shutdown": 5,
    }
    if workers == 1:
        uvicorn.run(create_app(dataset, study, plan, warm=warm, url=url), **options)  # type: ignore[arg-type]
        return
    for name, folder in (("dataset", dataset), ("study", study), ("plan", plan)):
        os.environ[ENVIRONMENT[name]] = "" if folder is None else str(folder.absolute())
    os.environ[ENVIRONMENT["url"]] = url
    os.environ[ENVIRONMENT["warm"]] = "yes" if warm else "no"
    uvicorn.run(_FACTORY, factory=True, workers=workers, **options)  # type: ignore[arg-type]
