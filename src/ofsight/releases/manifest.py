"""The shelf's list of what it holds: one JSON object a line, only ever added to, synced before it counts.

A process that is killed while it writes leaves a last line without its end. Readers pass over it, and the
next writer takes it away. A damaged line anywhere else is nobody's habit and stops the reader.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ofsight.errors import ReleaseError, one_line
from ofsight.releases.wanted import Held

__all__ = ["MANIFEST", "append_lines", "is_manifest", "read_lines", "sync_folder"]

MANIFEST: Final = "manifest.jsonl"
_OWN: Final = frozenset({"series", "period", "file", "sha256", "retrieved"})
_HINT: Final = (
    "Only ofsight writes there, one line after another. Put back the line from a copy of the shelf, or take "
    "the line out: a file without a line is passed over."
)


def is_manifest(path: Path) -> bool:
    """Whether a file is a shelf's manifest: others call a file of theirs so too.

    An empty one counts, and so does one whose first line alone is torn.
    """
    try:
        with path.open("rb") as handle:
            first = handle.readline(1 << 16)
    except OSError:
        return False
    if not first.endswith(b"\n"):
        return first == b"" or first.startswith(b'{"series":')
    facts = _parse(first)
    return isinstance(facts, dict) and facts.keys() >= _OWN


def read_lines(path: Path) -> tuple[Held, ...]:
    """Return every line of a manifest, in order; none where there is no manifest.

    Raises
    ------
    ReleaseError
        When a line but the last is damaged, or is none that ofsight would have written.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    lines = data.split(b"\n")
    lines.pop()  # what stands after the last line's end: nothing, or a line that was never finished
    held = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        facts = _parse(line)
        if not isinstance(facts, dict):
            raise ReleaseError(
                "the line is damaged: it is no JSON object.", file=path, row=number, hint=_HINT
            )
        try:
            held.append(Held.from_dict(facts))
        except ReleaseError as error:
            raise ReleaseError(one_line(error.problem), file=path, row=number, hint=_HINT) from None
    return tuple(held)


def append_lines(path: Path, lines: Iterable[Held]) -> None:
    """Add lines to a manifest; they are on the disk when this returns, or none of them counts.

    The caller holds the shelf's lock.

    Raises
    ------
    OSError
        When they cannot be written; the manifest is as it was.
    """
    text = "".join(json.dumps(held.as_dict(), ensure_ascii=False) + "\n" for held in lines)
    made = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
    try:
        end = _end_of_last_line(handle)
        try:
            os.ftruncate(handle, end)
            os.lseek(handle, end, os.SEEK_SET)
            # Half a character (of a name that is no UTF-8) is written as JSON's own escape of it.
            data = memoryview(text.encode("utf-8", "backslashreplace"))
            while data:
                data = data[os.write(handle, data) :]
            os.fsync(handle)
        except BaseException:
            with suppress(OSError):
                os.ftruncate(handle, end)
            raise
    finally:
        os.close(handle)
    if made:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk, where the system has a way."""
    with suppress(OSError, AttributeError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _end_of_last_line(handle: int) -> int:
    """Return where the last whole line ends: what stands behind it was never finished."""
    size = os.lseek(handle, 0, os.SEEK_END)
    end = size
    while end > 0:
        start = max(0, end - 4096)
        os.lseek(handle, start, os.SEEK_SET)
        piece = os.read(handle, end - start)
        found = piece.rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
