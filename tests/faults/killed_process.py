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


def _do(what: str, source: str, to: str) -> None:
    if what == "build":
        build_dataset(Path(source), Path(to))
    elif what == "study":
        run_study(Path(source), Path(to), analyses=())
    else:
        fetch(to=Path(to), discover=False, catalogue=[PublicationDefinition.model_validate_json(source)])


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
        _do(job["what"], job["source"], job["to"])
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os.write(answer, json.dumps({"events": n, "seconds": time.monotonic() - began}).encode())
    os._exit(0)


def main() -> None:
    """Take jobs until there are no more."""
    for line in sys.stdin:
        told, answer = os.pipe()
        child = os.fork()
        if child == 0:
            _child(json.loads(line), answer)
        os.close(answer)
        _, status = os.waitpid(child, 0)
        with os.fdopen(told, "rb") as stream:
            text = stream.read()
        facts = json.loads(text) if text else {}
        ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        print(json.dumps({"signal": ended, "code": status >> 8, **facts}), flush=True)


if __name__ == "__main__":
    main()
