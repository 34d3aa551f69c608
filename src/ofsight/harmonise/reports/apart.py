"""PDFs opened in a process of their own: a crafted one may never end, fill the memory, or end the process.

A content stream may use another a thousand times, and that one the next; a page of a few kilobytes then has
more letters than any memory, and the library that lays it out cannot be interrupted. What is done apart ends
by itself, by the system's limits of processor time and memory, and the rest of the run goes on.
"""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

from ofsight.errors import ReleaseError
from ofsight.harmonise.reports.pages import Document, load_library, open_document, read_content, read_document

if sys.platform != "win32":
    import resource
    import signal

__all__ = ["MOST_MEMORY", "MOST_SECONDS", "open_apart"]

MOST_SECONDS: Final = 20
"""Of processor time for one PDF: the longest report met takes less than one."""
MOST_MEMORY: Final = 512 * 1024**2
"""Beyond what the process has before the first PDF: a report needs about 50 MB."""
_HINT: Final = "No report is like that; take it out, or fetch it again from reports.ofsted.gov.uk."
_LENGTH: Final = 8

_lock = threading.Lock()
_reader: _Reader | None = None


def open_apart(path: Path | str, seconds: int = MOST_SECONDS) -> Document:
    """Read a PDF's words as `ofsight.harmonise.reports.pages.open_document` does, in another process.

    Parameters
    ----------
    path : Path or str
        The PDF.
    seconds : int
        Of processor time, after which it is given up.

    Raises
    ------
    ReleaseError
        As there, and when the PDF takes too long, too much memory, or ends the process that reads it.
    UsageError
        The PDF library is not installed.
    """
    if sys.platform == "win32":
        return open_document(path)
    path = Path(path)
    content = read_content(path)
    load_library()
    global _reader
    with _lock:
        # A process that was forked has its parent's reader, who answers its parent; one that ended while
        # it waited is no PDF's fault.
        if _reader is None or _reader.owner != os.getpid() or _reader.has_ended():
            _reader = _Reader()
        answer = _reader.ask(content, path.name, seconds)
        if answer is None:
            status, _reader = _reader.end(), None
            raise ReleaseError(_why_it_ended(status, seconds), file=path, hint=_HINT)
    if isinstance(answer, ReleaseError):
        raise ReleaseError(answer.problem, file=path, hint=answer.hint)
    return answer


def _why_it_ended(status: int, seconds: int) -> str:
    if status == -signal.SIGXCPU:
        return f"takes more than {seconds} seconds to read: its pages repeat something without end."
    return f"ends the PDF library (status {status}): it is damaged, or would fill the memory."


class _Reader:
    """The other process, which takes one PDF after the other until its input ends."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
        folders = [folder for folder in sys.path if folder]
        environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(folders))
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import _serve; _serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        atexit.register(self.end)

    def ask(self, content: bytes, name: str, seconds: int) -> Document | ReleaseError | None:
        """Send a PDF and wait for its answer; None when the process has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _send(self._process.stdin, (content, name, seconds))
            answer: Document | ReleaseError | None = _receive(self._process.stdout)
        except BrokenPipeError:
            return None
        except BaseException:
            self._process.kill()  # half a question, or half an answer
            raise
        return answer

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        if self._process.poll() is None:
            return False
        self.end()
        return True

    def end(self) -> int:
        """Let the process end and say how it ended."""
        atexit.unregister(self.end)
        if self.owner != os.getpid():
            return 0
        for stream in (self._process.stdin, self._process.stdout):
            try:
                if stream is not None:
                    stream.close()
            except BrokenPipeError:
                pass
        return self._process.wait()


def _send(stream: Any, what: Any) -> None:
    content = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    stream.write(len(content).to_bytes(_LENGTH, "big") + content)
    stream.flush()


def _receive(stream: Any) -> Any:
    """Read what was sent, whole; None at the stream's end."""
    length = stream.read(_LENGTH)
    if len(length) < _LENGTH:
        return None
    content = stream.read(size := int.from_bytes(length, "big"))
    return pickle.loads(content) if len(content) == size else None


def _serve() -> None:
    """Answer until there are no more questions. Runs in the other process."""
    if sys.platform == "win32":
        return
    # Whoever stops the whole run at the keyboard stops its reader by ending its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    load_library()
    here = Path("/proc/self/statm")
    if here.exists():
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        mapped = int(here.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (_at_most(mapped + MOST_MEMORY, most), most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    while (question := _receive(questions)) is not None:
        content, name, seconds = question
        used = resource.getrusage(resource.RUSAGE_SELF)
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        until = int(used.ru_utime + used.ru_stime) + 1 + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (_at_most(until, most), most))
        try:
            answer: Document | ReleaseError = read_document(content, Path(name))
        except ReleaseError as error:
            answer = ReleaseError(error.problem, hint=error.hint)
        except MemoryError:
            answer = ReleaseError("needs more memory than any report.", hint=_HINT)
        _send(answers, answer)


def _at_most(wanted: int, bound: int) -> int:
    return wanted if bound == resource.RLIM_INFINITY else min(wanted, bound)
