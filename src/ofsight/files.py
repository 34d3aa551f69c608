"""Files that are never half written: hashes, atomic replacement of a file or of a whole folder.

A folder that is replaced whole is ofsight's own: what it wrote is listed in a file of marks, and a folder
that holds anything else is refused, not emptied.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
import json
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from ofsight.errors import UsageError

if sys.platform != "win32":
    import fcntl

__all__ = [
    "Contents",
    "folder_being_written",
    "hash_file",
    "list_contents",
    "refuse_strangers",
    "restore_folder",
    "write_bytes",
    "write_text",
]

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_LISTED = "files"
# What file managers leave in every folder that somebody has looked into.
_DROPPINGS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Contents:
    """What ofsight itself writes into a folder of one kind, so that it knows what is not its own.

    Attributes
    ----------
    kind : str
        What such a folder is: ``"dataset"``.
    mark : str
        The JSON file that every such folder holds; its ``files`` lists all that was written
        (`list_contents`).
    unlisted : tuple of str
        Names or patterns of what was written, for a folder whose mark has no list or is damaged.
    """

    kind: str
    mark: str
    unlisted: tuple[str, ...] = ()


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: beside it, synced, then renamed over it.

    A process killed on the way leaves the old file, and beside it a hidden one that the next writer removes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep_files(path)
    handle, temporary = _make_locked_file(path)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
            temporary.chmod(0o644)
            # Still open, and so still locked: nobody sweeps it away before it has its name.
            if sys.platform != "win32":
                temporary.replace(path)
        if sys.platform == "win32":
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _make_locked_file(path: Path) -> tuple[int, Path]:
    """Make a hidden file beside another, locked until it is closed or the process ends.

    A sweeper may take it between its making and its locking, so it is looked at once more.
    """
    while True:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        if sys.platform == "win32":
            return handle, temporary
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        except OSError:
            return handle, temporary  # A file system without locks: nobody can sweep there either.
        with suppress(OSError):
            if os.path.samestat(os.fstat(handle), temporary.stat()):
                return handle, temporary
        os.close(handle)


def _sweep_files(path: Path) -> None:
    """Remove what killed writers of this file left beside it; a living one holds its lock."""
    if sys.platform == "win32":
        return
    made = re.compile(re.escape(f".{path.name}.") + "[a-z0-9_]{8}")
    try:
        left = [other for other in path.parent.iterdir() if made.fullmatch(other.name)]
    except OSError:
        return
    for other in left:
        with suppress(OSError):
            handle = os.open(other, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if stat.S_ISREG(os.fstat(handle).st_mode):
                    other.unlink()
            finally:
                os.close(handle)


def list_contents(folder: Path, *also: str) -> list[str]:
    """List the files below a folder, and names still to be written, as a mark keeps them."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    return sorted(found | set(also))


def refuse_strangers(folder: Path, contents: Contents) -> None:
    """Refuse to replace a folder that holds anything that ofsight did not write.

    Parameters
    ----------
    folder : Path
        The folder to be replaced; it need not exist, and may be empty.
    contents : Contents
        What it may hold.

    Raises
    ------
    UsageError
        When it is a file, has no mark, or holds more than its mark lists; the strangers are named.
    """
    if not folder.exists():
        return
    strange = list(_strangers(folder, contents)) if folder.is_dir() else []
    if not folder.is_dir() or (strange and not (folder / contents.mark).is_file()):
        raise UsageError(
            f"{folder} exists and is no {contents.kind} of ofsight: choose another folder, or empty it."
        )
    if strange:
        more = f" and {len(strange) - _NAMED} more" if len(strange) > _NAMED else ""
        raise UsageError(
            f"{folder} holds what ofsight did not write, which would be lost when a new {contents.kind} is "
            f"written there: {', '.join(strange[:_NAMED])}{more}. Move it out, or choose another folder."
        )


def _strangers(folder: Path, contents: Contents) -> Iterator[str]:
    """Name the entries that ofsight did not write; a folder with nothing of ours in it by its own name."""
    marked = (folder / contents.mark).is_file()
    own = _listed(folder / contents.mark)
    patterns = contents.unlisted if marked and own is None else ()
    own = (own or set()) | {contents.mark}
    parents = {parent.as_posix() for name in (*own, *patterns) for parent in PurePosixPath(name).parents}
    waiting = [folder]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            name = path.relative_to(folder).as_posix()
            if path.is_dir() and not path.is_symlink():
                if name in parents:
                    waiting.append(path)
                else:
                    yield f"{name}/"
            elif name not in own and path.name not in _DROPPINGS and not _matches(name, patterns):
                yield name


def _matches(name: str, patterns: Iterable[str]) -> bool:
    parts = PurePosixPath(name).parts
    return any(
        len(parts) == len(wanted.parts) and all(map(fnmatchcase, parts, wanted.parts))
        for wanted in map(PurePosixPath, patterns)
    )


def _listed(mark: Path) -> set[str] | None:
    try:
        listed = json.loads(mark.read_text(encoding="utf-8"))[_LISTED]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return {str(name) for name in listed} if isinstance(listed, list) else None


def _backup_of(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.previous"


def _place_of(folder: Path) -> Path:
    """Return where a folder really stands: a link to it stays, and its target is what is replaced."""
    return Path(os.path.realpath(folder))


def restore_folder(folder: Path) -> bool:
    """Bring a folder back that a killed replacement left under its backup name.

    Returns
    -------
    bool
        Whether anything had to be restored.
    """
    folder = _place_of(folder)
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
def folder_being_written(folder: Path, contents: Contents | None = None) -> Iterator[Path]:
    """Give a new folder to write into; put it in the place of `folder` when the block ends well.

    The new folder stands beside the old one, so that the last step is a rename on one file system. When the
    block raises, the new folder is removed and the old one is as it was. A process killed at any moment
    leaves the old folder, the new one, or (where the system cannot swap) the old one under a backup name,
    from which `restore_folder` brings it back; the half-written folder that it leaves beside them is removed
    by the next writer. Where `folder` is a link, the folder that it leads to is replaced.

    Parameters
    ----------
    folder : Path
        The folder to be replaced; it need not exist.
    contents : Contents, optional
        What the folder may hold, looked at before and after the block; without it, all of it is replaced.

    Yields
    ------
    Path
        The folder to write into.

    Raises
    ------
    UsageError
        When the folder holds what ofsight did not write.
    """
    shown, folder = folder, _place_of(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    restore_folder(folder)
    if contents is not None:
        refuse_strangers(shown, contents)
    _sweep(folder)
    new, lock = _make_locked(folder)
    try:
        new.chmod(0o755)
        yield new
        _sync(new)
        if contents is not None:
            # Writing takes minutes; what came into the folder meanwhile is not lost either.
            refuse_strangers(shown, contents)
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
    finally:
        if lock is not None:
            os.close(lock)


def _make_locked(folder: Path) -> tuple[Path, int | None]:
    """Make the folder to write into, locked while this process lives.

    A sweeper may take an unlocked folder between its making and its locking, so it is looked at once more.
    """
    while True:
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
        try:
            lock = _lock(new)
        except OSError:
            if new.exists():
                return new, None  # A file system without locks: nobody can sweep there either.
            continue
        if lock is None:
            shutil.rmtree(new, ignore_errors=True)
            continue
        with suppress(OSError):
            if os.path.samestat(os.fstat(lock), new.stat()):
                return new, lock
        os.close(lock)


def _lock(folder: Path) -> int | None:
    """Lock a folder until its handle is closed or the process ends; None where another holds it.

    Raises
    ------
    OSError
        When the folder is gone, is a link, or its file system has no locks.
    """
    if sys.platform == "win32":
        raise OSError("no lock of a folder")
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except BaseException:
        os.close(handle)
        raise
    return handle


def _sweep(folder: Path) -> None:
    """Remove what killed writers of this folder left beside it; a living one holds its lock."""
    made = re.compile(re.escape(f".{folder.name}.new-") + "[a-z0-9_]{8}")
    try:
        left = [path for path in folder.parent.iterdir() if made.fullmatch(path.name)]
    except OSError:
        return
    for path in left:
        with suppress(OSError):
            lock = _lock(path)
            if lock is not None:
                try:
                    shutil.rmtree(path, ignore_errors=True)
                finally:
                    os.close(lock)


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as handle, suppress(OSError):
                os.fsync(handle.fileno())
