"""What the explorer holds: the tables in memory, the study as written, and the version of both."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from ofsight import __version__
from ofsight.dataset.store import METADATA, Dataset, open_dataset
from ofsight.errors import DatasetError, OfsightError, UsageError
from ofsight.profiles.kept import Once
from ofsight.report.folder import StudyFolder, read_study_folder
from ofsight.report.wording import release_day

__all__ = ["Holdings", "NotReady", "Sources"]

_STUDY = "study.json"
_LOOK_AGAIN = 2.0
_RECENT = 24

Made = TypeVar("Made")


class NotReady(OfsightError):
    """There is nothing to show yet: the dataset is missing, half built or damaged.

    The message is for visitors and names no folder; `cause` is for the log.
    """


@dataclass(frozen=True)
class Sources:
    """One state of the dataset and the study, never changed: a newer state is a new object.

    Parameters
    ----------
    dataset : Dataset
        With every table in memory.
    study : StudyFolder, optional
        None when there is none, or when it cannot be read; `study_problem` says why.
    plan : Path, optional
        Folder of a prepared plan.
    version : str
        Changes whenever anything shown could.
    """

    dataset: Dataset
    study: StudyFolder | None
    plan: Path | None
    version: str
    study_problem: str = ""
    frozen: bool = False
    _made: dict[str, Once] = field(default_factory=dict, repr=False, compare=False)
    _recent: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict, repr=False, compare=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """Return what `make` makes, made once for these sources; the name is its own."""
        with self._lock:
            # Held for a moment only: what takes long is waited for by those who need it, and nobody else.
            once = self._made.setdefault(name, Once())
        return cast(Made, once.get(make))

    def recent(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what `make` makes; the last few are kept: a page's twins are asked for right after it."""
        with self._lock:
            if key in self._recent:
                self._recent.move_to_end(key)
                return cast(Made, self._recent[key])
        made = make()
        with self._lock:
            self._recent[key] = made
            while len(self._recent) > _RECENT:
                self._recent.popitem(last=False)
        return made

    @property
    def facts(self) -> dict[str, Any]:
        """What stands at the foot of every page and in every JSON answer."""
        data = self.dataset.metadata
        return {
            "version": self.version,
            "fingerprint": data.get("fingerprint"),
            "newest_release": data.get("newest_release"),
            "built_at": data.get("built_at"),
            "synthetic": bool(self.dataset.synthetic),
            "ofsight": __version__,
            "study": None if self.study is None else self.study.about.get("study"),
            "study_on_this_dataset": self.study_fits,
        }

    @property
    def study_fits(self) -> bool | None:
        """Whether the study was run on this very dataset; None without a study."""
        if self.study is None:
            return None
        return self.study.dataset.get("fingerprint") == self.dataset.metadata.get("fingerprint")

    @property
    def newest(self) -> str:
        """The day of the newest release, in words."""
        return release_day(self.dataset.metadata.get("newest_release"))


def _digest(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]


def _mark(file: Path) -> tuple[int, int, int]:
    """Return what tells one state of a file from another, without reading it."""
    try:
        found = file.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_ino, found.st_size)


def _plan_mark(plan: Path | None) -> tuple[int, int, int]:
    if plan is None:
        return (0, 0, 0)
    return max((_mark(file) for file in (plan, *sorted(plan.glob("*.json")))), default=(0, 0, 0))


class Holdings:
    """The newest state of the folders: read at the start, and again when they are written anew.

    A state that cannot be read does not take the place of one that can: visitors keep the older.

    Parameters
    ----------
    dataset : Path
        Folder of the dataset.
    study : Path, optional
        Folder of a study's results.
    plan : Path, optional
        Folder of a prepared plan.
    """

    def __init__(
        self,
        dataset: Path,
        study: Path | None = None,
        plan: Path | None = None,
        *,
        frozen: bool = False,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.dataset, self.study, self.plan, self.frozen = dataset, study, plan, frozen
        self._tell = tell
        self._lock = threading.Lock()
        self._marks: object = None
        self._looked = 0.0
        self._sources: Sources | None = None
        self._problem = NotReady("The explorer has not started yet.")

    def current(self) -> Sources:
        """Return the newest state that could be read.

        Raises
        ------
        NotReady
            When there never was one.
        """
        if self._sources is None:
            raise self._problem
        return self._sources

    @property
    def version(self) -> str:
        """The version of what is held; empty when nothing is."""
        return "" if self._sources is None else self._sources.version

    def is_due(self) -> bool:
        """Say, at most every two seconds, that it is time to look again; a site is written of one state."""
        if self.frozen:
            return False
        now = time.monotonic()
        if now - self._looked < _LOOK_AGAIN:
            return False
        self._looked = now
        return True

    def refresh(self) -> None:
        """Look whether the folders were written anew and read what is new; one look at a time."""
        if self._lock.acquire(blocking=False):
            try:
                self.read()
            finally:
                self._lock.release()

    def read(self) -> None:
        """Read the folders where they have changed since they were last read."""
        marks = (
            _mark(self.dataset / METADATA),
            _mark(self.study / _STUDY) if self.study else (0, 0, 0),
            _plan_mark(self.plan),
        )
        self._looked = time.monotonic()
        if marks == self._marks:
            return
        try:
            self._sources = self._load(marks)
            self._marks = marks
        except (OfsightError, OSError) as error:
            # Not marked as read: a dataset that is being written is tried again at the next look.
            said = f"The dataset cannot be shown: {error}"
            if said != str(self._problem.__cause__ or ""):
                self._tell(said)
            self._problem = NotReady(_for_visitors(error))
            self._problem.__cause__ = DatasetError(said)

    def _load(self, marks: object) -> Sources:
        dataset = open_dataset(self.dataset)
        for name in dataset:
            _ = dataset[name]
        study, problem = self._load_study()
        digest = _digest(
            __version__,
            dataset.metadata.get("fingerprint"),
            json.dumps(dataset.metadata.get("tables"), sort_keys=True),
            "" if study is None else json.dumps(study.about, sort_keys=True, default=str),
            problem,
            marks[2] if isinstance(marks, tuple) else "",
        )
        return Sources(dataset, study, self.plan, digest, problem, self.frozen)

    def _load_study(self) -> tuple[StudyFolder | None, str]:
        if self.study is None:
            return None, "The explorer was started without a study."
        try:
            return read_study_folder(self.study), ""
        except (UsageError, DatasetError) as error:
            self._tell(f"The study cannot be shown: {error}")
            return None, "The study's results are missing, or were damaged or written half."


def _for_visitors(error: Exception) -> str:
    """Say what is the matter without naming a folder of the server."""
    words = str(error)
    if "There is no dataset" in words:
        return "There is no dataset yet: it has not been built, or is being built now."
    if "has format" in words:
        return "The dataset was built by another version of ofsight and must be built again."
    return "The dataset is not whole: it is being written now, or was damaged, and must be built again."
