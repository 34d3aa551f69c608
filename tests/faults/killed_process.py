"""A process that has loaded ofsight and forks a child for each job, which is killed where the job says.

Jobs come as lines of JSON: what to do, with what, and when to die: before the n-th change of the file system
that Python itself makes (``event``), or after some seconds (``after``), when polars or DuckDB may be writing.
For each job a line is answered: the signal that ended it (0: none) and how many such changes it made.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from ofsight.dataset.build import build_dataset
from ofsight.definitions.catalogue_schema import PublicationDefinition
from ofsight.releases.fetch import fetch
from ofsight.study.run import run_study

_CHANGES = {
    "os.rename",
    "os.mkdir",
    "os.remove",
    "os.rmdir",
    "os.chmod",
    "os.link",
    "os.truncate",
    "os.utime",
}


def _plan(source: str, to: str) -> None:
    """Plan six areas in the place of all: what is written, and how, is the same."""
    prepare = import_module("ofsight.planning.prepare")
    every = prepare.list_areas
    prepare.list_areas = lambda data: every(data).head(6)
    prepare.prepare_plans(Path(source), Path(to))


def _freeze(source: str, to: str) -> None:
    """Freeze some pages in the place of all: no link is followed."""
    site = import_module("ofsight.web.freeze")
    every = site._found_by_search
    site.links_in = lambda page: []
    site._found_by_search = lambda app, homes: islice(every(app, homes), 5)
    site._check = lambda walk: None
    site._SEEDS = ("/data",)
    site.freeze_site(Path(source), Path(to), homes=False)


def _report(source: str, to: str) -> None:
    import_module("ofsight.report.write").write_report(Path(source), Path(to), formats=("html",))


_JOBS: dict[str, Callable[[str, str], object]] = {
    "build": lambda source, to: build_dataset(Path(source), Path(to)),
    "study": lambda source, to: run_study(Path(source), Path(to), analyses=()),
    "fetch": lambda source, to: fetch(
        to=Path(to), discover=False, catalogue=[PublicationDefinition.model_validate_json(source)]
    ),
    "plan": _plan,
    "report": _report,
    "freeze": _freeze,
}
# What is loaded before the first child is made, so that a child need not.
_LOADED = {
    "study": ("formulaic", "pandas", "ofsight.ordinal.predict", "ofsight.ordinal.kernel_probabilities"),
    "plan": ("ofsight.planning.prepare", "ofsight.planning.closures"),
    "report": ("ofsight.report.write",),
    "freeze": ("ofsight.web.freeze", "ofsight.web.app"),
}


def _child(job: dict[str, Any], answer: int) -> None:
    n = 0

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal n
        writes = (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        # The exchange of two folders goes past Python, by the system's own library.
        if writes or event in _CHANGES or (event == "ctypes.dlsym" and arguments[1] == "renameat2"):
            n += 1
            if n == job.get("event"):
                os.kill(os.getpid(), signal.SIGKILL)

    if job.get("after") is not None:
        # Not a handler's: the system ends the process wherever it is.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, job["after"])
    sys.addaudithook(watch)
    began = time.monotonic()
    try:
        _JOBS[job["what"]](job["source"], job["to"])
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os.write(answer, json.dumps({"events": n, "seconds": time.monotonic() - began}).encode())
    os._exit(0)


def main() -> None:
    """Take jobs until there are no more."""
    for line in sys.stdin:
        told, answer = os.pipe()
        job = json.loads(line)
        for name in _LOADED.get(job["what"], ()):
            if find_spec(name) is not None:
                import_module(name)
        child = os.fork()
        if child == 0:
            _child(job, answer)
        os.close(answer)
        _, status = os.waitpid(child, 0)
        with os.fdopen(told, "rb") as stream:
            text = stream.read()
        facts = json.loads(text) if text else {}
        ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        print(json.dumps({"signal": ended, "code": status >> 8, **facts}), flush=True)


if __name__ == "__main__":
    main()
