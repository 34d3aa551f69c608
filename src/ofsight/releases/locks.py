"""One at a time: a lock that ends with its process, so that a killed fetch bars nobody."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ofsight.errors import ReleaseError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["PATIENCE", "locked"]

_LOOK_AGAIN: Final = 0.2
# Whom a lock waits for is never gone for good: the system lets go of the lock of a process that ends.
PATIENCE: Final = 1800.0


@contextmanager
def locked(
    path: Path,
    doing: str,
    *,
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Hold a lock while the block runs; wait for another process, or thread, that holds it.

    Parameters
    ----------
    path : Path
        The lock's file, made where it is not there, and left: its holder matters, not that it is there.
    doing : str
        What is being done under it, for the message.
    patience : float
        Seconds to wait.
    sleep, clock : callable
        How to wait, and by which clock.

    Raises
    ------
    ReleaseError
        When another held it all that time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    try:
        until = clock() + patience
        while not _try(handle):
            if clock() >= until:
                raise ReleaseError(
                    f"another ofsight has been {doing} for {patience:,.0f} s.",
                    file=path,
                    hint="Wait until it has ended, or end it; nothing has to be cleared away after it.",
                )
            sleep(_LOOK_AGAIN)
        try:
            yield
        finally:
            _let_go(handle)
    finally:
        os.close(handle)


def _try(handle: int) -> bool:
    """Take the lock if it is free. Where a file system knows no locks, everybody gets it."""
    if sys.platform == "win32":
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _let_go(handle: int) -> None:
    with suppress(OSError):
        if sys.platform == "win32":
            os.lseek(handle, 0, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_UN)
