"""Files that are never half written: hashes, atomic replacement of a file or of a whole folder."""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["folder_being_written", "hash_file", "restore_folder", "write_text"]

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all: beside it, synced, then renamed over it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _backup_of(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.previous"


def restore_folder(folder: Path) -> bool:
    """Bring a folder back that a killed replacement left under its backup name.

    Returns
    -------
    bool
        Whether anything had to be restored.
    """
    backup = _backup_of(folder)
    if folder.exists() or not backup.exists():
        return False
    backup.rename(folder)
    return True


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step where the system can (Linux); say whether it did."""
    library = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
    renameat2 = getattr(library, "renameat2", None)
    if renameat2 is None:
        return False
    status: int = renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return status == 0


@contextmanager
def folder_being_written(folder: Path) -> Iterator[Path]:
    """Give a new folder to write into; put it in the place of `folder` when the block ends well.

    The new folder stands beside the old one, so that the last step is a rename on one file system. When the
    block raises, the new folder is removed and the old one is as it was. A process killed at any moment
    leaves the old folder, the new one, or (where the system cannot swap) the old one under a backup name,
    from which `restore_folder` brings it back.

    Parameters
    ----------
    folder : Path
        The folder to be replaced; it need not exist.

    Yields
    ------
    Path
        The folder to write into.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    restore_folder(folder)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
    new.chmod(0o755)
    try:
        yield new
        _sync(new)
        if not folder.exists():
            new.rename(folder)
        elif _exchange(new, folder):
            shutil.rmtree(new, ignore_errors=True)
        else:
            backup = _backup_of(folder)
            shutil.rmtree(backup, ignore_errors=True)
            folder.rename(backup)
            new.rename(folder)
            shutil.rmtree(backup, ignore_errors=True)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as handle, suppress(OSError):
                os.fsync(handle.fileno())
