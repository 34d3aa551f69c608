"""The shelf: every file as it was published, every version beside the others, each with where it came from.

::

    SHELF/manifest.jsonl                    a line for each version: where from, when, its hash
    SHELF/series/period/sha256.ext          its bytes; the names are ours, never a server's
    SHELF/.partial/                         downloads under way, and locks; nobody reads there

A file is there whole before the manifest speaks of it, and nothing reads what the manifest does not list: so
nothing half-written is ever seen, whatever was killed when.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from ofsight.errors import ReleaseError, UsageError
from ofsight.files import hash_file
from ofsight.releases.locks import PATIENCE, locked
from ofsight.releases.manifest import MANIFEST, append_lines, is_manifest, read_lines, sync_folder
from ofsight.releases.versions import group_versions, newest
from ofsight.releases.wanted import Held, Status, check_name

__all__ = ["Fault", "Shelf", "disk_full_told"]

_PARTIAL: Final = ".partial"
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_DROPPINGS: Final = frozenset({"Thumbs.db", "desktop.ini"})
_FEWEST_DIGITS: Final = 8
# What does not make a version told twice a new line of the manifest.
_NOT_COMPARED: Final = frozenset({"retrieved"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file on the shelf.

    Attributes
    ----------
    file : str
        The file, from the shelf down.
    problem : str
        ``missing``, ``damaged`` (its bytes are not those that came) or ``unlisted`` (no line speaks of it).
    """

    file: str
    problem: str


@contextmanager
def disk_full_told(folder: Path) -> Iterator[None]:
    """Turn the error of a full disk into one message.

    Raises
    ------
    ReleaseError
        When the block met a full disk.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise ReleaseError(
            "the disk is full.",
            file=folder,
            hint="What was held is as it was. Make room, or choose a shelf on another disk, and try again.",
        ) from None


class Shelf:
    """A folder of official files with their manifest.

    Parameters
    ----------
    path : Path
        The folder. It need not exist: the first file makes it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @staticmethod
    def is_at(path: Path) -> bool:
        """Whether a folder is a shelf: it holds a manifest that ofsight wrote."""
        return is_manifest(path / MANIFEST)

    @property
    def manifest(self) -> Path:
        """The manifest."""
        return self.path / MANIFEST

    def held(self) -> tuple[Held, ...]:
        """Return every line of the manifest, in order.

        Raises
        ------
        ReleaseError
            When a line is damaged.
        """
        return read_lines(self.manifest)

    def versions(self, series: str, period: str) -> tuple[Held, ...]:
        """Return the line with which each version of a file came, oldest first."""
        found = group_versions(held for held in self.held() if held.key == (series, period))
        return tuple(version.first for version in sorted(found, key=lambda version: version.since))

    def current(self, series: str, period: str) -> Held | None:
        """Return the last line about the version that stands now; None where nothing is held."""
        version = newest(group_versions(held for held in self.held() if held.key == (series, period)))
        return None if version is None else version.last

    def last_fetched(self, series: str, period: str) -> Held | None:
        """Return the last line of a file that came from its publisher; None where none did."""
        lines = [
            held
            for held in self.held()
            if held.key == (series, period) and held.origin == "fetched" and not held.withdrawn
        ]
        return lines[-1] if lines else None

    def as_of(self, day: date | None = None, held_by: date | None = None) -> dict[tuple[str, str], Held]:
        """Return what stood on a day, by series and period: what a build of that day takes.

        Parameters
        ----------
        day : date, optional
            Leave out what was published later (`ofsight.releases.versions` says what counts); without it,
            the newest of each.
        held_by : date, optional
            Leave out what came to the shelf later: with it, a build of a day in the past stays the same
            when older files come to the shelf afterwards.
        """
        lines: dict[tuple[str, str], list[Held]] = {}
        for held in self.held():
            lines.setdefault(held.key, []).append(held)
        standing = {key: newest(group_versions(lines[key], held_by), day) for key in sorted(lines)}
        return {key: version.first for key, version in standing.items() if version is not None}

    def files(self, as_of: date | None = None, held_by: date | None = None) -> list[tuple[Path, Held]]:
        """Return the files that stood on a day, their bytes checked, by series and period.

        Raises
        ------
        ReleaseError
            When one is missing or damaged; nothing is taken in its place.
        """
        found = []
        for held in self.as_of(as_of, held_by).values():
            problem = self.fault(held)
            if problem is not None:
                raise ReleaseError(
                    f"the file is {problem}: the manifest lists it with sha256 {held.sha256[:12]}….",
                    file=self.path_of(held),
                    hint="Get it again (ofsight fetch, ofsight add), or put it back from a copy.",
                )
            found.append((self.path_of(held), held))
        return found

    def path_of(self, held: Held) -> Path:
        """Return where a version's bytes are."""
        return self.path.joinpath(*held.file.split("/"))

    def fault(self, held: Held) -> str | None:
        """Say whether a version's bytes are ``missing`` or ``damaged``; None where they are as they came."""
        path = self.path_of(held)
        try:
            sound = path.stat().st_size == held.size and hash_file(path) == held.sha256
        except (FileNotFoundError, NotADirectoryError):
            return "missing"
        return None if sound else "damaged"

    def unlisted(self) -> tuple[str, ...]:
        """Return the files below the shelf of which no line speaks; hidden ones left out."""
        listed = {held.file for held in self.held()} | {MANIFEST}
        below = (
            path.relative_to(self.path)
            for path in self.path.rglob("*")
            if path.is_file() and path.name not in _DROPPINGS
        )
        names = (path.as_posix() for path in below if not any(part.startswith(".") for part in path.parts))
        return tuple(sorted(name for name in names if name not in listed))

    def verify(self) -> tuple[Fault, ...]:
        """Look through all versions and return what is wrong; nothing where all is as it came.

        Raises
        ------
        UsageError
            When there is no shelf.
        """
        self._require()
        by_file = {held.file: held for held in self.held()}
        problems = {file: self.fault(held) for file, held in by_file.items()}
        faults = [Fault(file, problem) for file, problem in sorted(problems.items()) if problem is not None]
        return (*faults, *(Fault(file, "unlisted") for file in self.unlisted()))

    def _require(self) -> None:
        if not self.is_at(self.path):
            raise UsageError(
                f"'{self.path}' is no shelf: it has no {MANIFEST}. Files come to a shelf by `ofsight fetch` "
                "and `ofsight add`."
            )

    def make(self) -> None:
        """Make the shelf where it is not there.

        Raises
        ------
        UsageError
            When the folder holds something else: its files would be taken for no releases any more.
        """
        if self.is_at(self.path):
            return
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"{self.path} is a file: a shelf is a folder.")
        strange = sorted(
            entry.name
            for entry in (self.path.iterdir() if self.path.exists() else ())
            if not entry.name.startswith(".") and entry.name not in _DROPPINGS
        )
        if strange:
            more = f" and {len(strange) - 3} more" if len(strange) > 3 else ""
            raise UsageError(
                f"{self.path} is no shelf of ofsight and is not empty ({', '.join(strange[:3])}{more}). "
                "Choose an empty folder; official files that you have go on a shelf with: ofsight add FILE..."
            )
        with disk_full_told(self.path), self._lock():
            if not self.manifest.exists():
                append_lines(self.manifest, ())

    def _lock(self) -> AbstractContextManager[None]:
        return locked(self.path / _PARTIAL / "shelf.lock", "writing the manifest")

    @contextmanager
    def reserved(self, series: str, period: str, *, patience: float = PATIENCE) -> Iterator[Path]:
        """Give the place where a file may be put together, to one at a time; it outlives a killed process.

        Yields
        ------
        Path
            On the shelf's own disk, so that it can be moved to its place in one step.

        Raises
        ------
        ReleaseError
            When another process does not let go of it.
        """
        self.make()
        name = f"{check_name(series, 'series')}--{check_name(period, 'period')}"
        folder = self.path / _PARTIAL
        doing = f"fetching {series} {period}"
        with disk_full_told(self.path), locked(folder / f"{name}.lock", doing, patience=patience):
            yield folder / f"{name}.part"

    def hold(self, source: Path, held: Held) -> tuple[Held, Status]:
        """Put a whole, checked file on the shelf and write its line.

        Parameters
        ----------
        source : Path
            Its bytes, at the place that `reserved` gave; moved.
        held : Held
            Its line.

        Returns
        -------
        Held
            The line: this one, or the one before that says the same.
        str
            ``new``, ``changed`` or ``same bytes``.

        Raises
        ------
        ReleaseError
            When the disk is full; the shelf is as it was.
        """
        Held.from_dict(held.as_dict())
        self.make()
        with disk_full_told(self.path), self._lock():
            lines = [line for line in self.held() if line.key == held.key]
            self._place(source, held)
            standing = [version.last for version in group_versions(lines)]
            before = _told_before(lines, standing, held)
            if before is not None and _tells_the_same(before, held):
                return before, "same bytes"
            append_lines(self.manifest, (held,))
        if not standing:
            return held, "new"
        compared = [before] if before is not None else standing
        return held, "same bytes" if any(line.sha256 == held.sha256 for line in compared) else "changed"

    def withdraw(self, sha256: str, why: str) -> tuple[Held, ...]:
        """Take a file back, everywhere it stands: its bytes stay, and no build takes them any more.

        Parameters
        ----------
        sha256 : str
            Its hash, or the hash's first eight digits or more.
        why : str
            The reason, for those who read the manifest.

        Returns
        -------
        tuple of Held
            The lines written.

        Raises
        ------
        UsageError
            When there is no shelf, no file that stands has that hash, or two have.
        """
        self._require()
        with disk_full_told(self.path), self._lock():
            lines = self.held()
            standing = {
                (version.last.key, version.last.sha256): version.last
                for key in dict.fromkeys(held.key for held in lines)
                for version in group_versions(held for held in lines if held.key == key)
            }
            found = [held for held in standing.values() if held.sha256.startswith(sha256.lower())]
            if len(sha256) < _FEWEST_DIGITS or len({held.sha256 for held in found}) != 1:
                what = "several files have" if found else "no file that stands there has"
                raise UsageError(
                    f"{what} the hash '{sha256}' on {self.path}. Give {_FEWEST_DIGITS} digits or more of the "
                    "file's name; a build names the files that it reads."
                )
            now = datetime.now(UTC).isoformat(timespec="seconds")
            taken_back = tuple(replace(held, retrieved=now, said=why, withdrawn=True) for held in found)
            append_lines(self.manifest, taken_back)
        return taken_back

    def note(self, held: Held) -> Held:
        """Write a line about bytes that are held already, where it says something new; return the line."""
        with disk_full_told(self.path), self._lock():
            lines = [line for line in self.held() if line.key == held.key and line.origin == held.origin]
            if lines and _tells_the_same(lines[-1], held):
                return lines[-1]
            append_lines(self.manifest, (held,))
        return held

    def _place(self, source: Path, held: Held) -> None:
        """Move bytes to their place; bytes that are there already, and sound, stay."""
        if self.fault(held) is None:
            source.unlink(missing_ok=True)
            return
        with source.open("rb+") as handle:
            os.fsync(handle.fileno())
        target = self.path_of(held)
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
        for folder in (target.parent, target.parent.parent, self.path):
            sync_folder(folder)


def _told_before(lines: list[Held], standing: list[Held], held: Held) -> Held | None:
    """Return the line that a new one is compared with: None where there is none.

    What a publisher sends is compared with what it sent last; what a user adds, with the same bytes where
    they stand.
    """
    alike = [line for line in lines if line.origin == held.origin and not line.withdrawn]
    if held.origin == "added":
        stands = any(line.sha256 == held.sha256 for line in standing)
        alike = [line for line in alike if stands and line.sha256 == held.sha256]
    return alike[-1] if alike else None


def _tells_the_same(one: Held, other: Held) -> bool:
    before, now = one.as_dict(), other.as_dict()
    return all(before[name] == now[name] for name in before if name not in _NOT_COMPARED)
