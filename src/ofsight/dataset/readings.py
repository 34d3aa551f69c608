"""What was read from each file, kept in the dataset, so that a build over one changed file reads one file.

A reading is kept under the sha256 of the file's bytes and name, and under a fingerprint of the code and the
definitions that read it: when either changes, the reading is made anew. Only what the last build used stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, Final

import polars as pl

from ofsight import __version__
from ofsight.definitions.schema import load_series
from ofsight.errors import ReleaseError
from ofsight.harmonise.findings import Finding
from ofsight.harmonise.periods import Period
from ofsight.harmonise.rows import HarmonisedTable

__all__ = ["FOLDER", "FileReading", "PassedSheet", "Readings", "hash_code"]

FOLDER: Final = "readings"
_FINGERPRINT: Final = "fingerprint"
_READ_BY: Final = ("definitions", "harmonise")


@dataclass(frozen=True, slots=True)
class PassedSheet:
    """A sheet that was not read: why, whether it is known, and the code of its finding, if it is one."""

    sheet: str | None
    reason: str
    known: bool
    finding: str | None = None


@dataclass(frozen=True, slots=True)
class FileReading:
    """What one spreadsheet file holds.

    Attributes
    ----------
    tables : list of HarmonisedTable
        What was read.
    passed : list of PassedSheet
        What was not.
    doubt : ReleaseError or None
        What is wrong with it if it was meant to be read after all.
    """

    tables: list[HarmonisedTable] = field(default_factory=list)
    passed: list[PassedSheet] = field(default_factory=list)
    doubt: ReleaseError | None = None


def hash_code(rooms: tuple[str, ...]) -> str:
    """Return one hash over the code and definitions of some rooms, and over the vocabulary."""
    digest = hashlib.sha256(f"{__version__} {pl.__version__}".encode())
    package = Path(str(resources.files("ofsight")))
    for room in rooms:
        for entry in sorted((package / room).rglob("*")):
            if entry.suffix in {".py", ".yaml", ".csv"}:
                digest.update(entry.name.encode() + entry.read_bytes())
    digest.update((package / "vocabulary.py").read_bytes())
    return digest.hexdigest()


class Readings:
    """The readings of the last build, and those of this one.

    Parameters
    ----------
    dataset : Path, optional
        The dataset of the last build; nothing is taken from it when other code read it.
    """

    def __init__(self, dataset: Path | None = None) -> None:
        self._fingerprint = hash_code(_READ_BY)
        self._old = None if dataset is None else dataset / FOLDER
        if self._old is not None and not self._is_current(self._old):
            self._old = None
        self._reused: set[str] = set()
        self._made: dict[str, tuple[dict[str, Any], dict[str, pl.DataFrame]]] = {}

    @property
    def n_reused(self) -> int:
        """How many files were not read again."""
        return len(self._reused)

    def _is_current(self, folder: Path) -> bool:
        try:
            return (folder / _FINGERPRINT).read_text(encoding="utf-8") == self._fingerprint
        except OSError:
            return False

    def find(self, path: Path, sha256: str) -> tuple[dict[str, Any], dict[str, pl.DataFrame]] | None:
        """Return the facts and frames kept of a file; None where there are none or they are damaged."""
        if self._old is None:
            return None
        key = _key(path, sha256)
        try:
            facts = json.loads((self._old / f"{key}.json").read_text(encoding="utf-8"))
            frames = {
                name: pl.read_ipc(self._old / f"{key}.{number}.arrow")
                for number, name in enumerate(facts["frames"])
            }
        except (OSError, ValueError, KeyError, pl.exceptions.PolarsError):
            return None
        self._reused.add(key)
        return facts["facts"], frames

    def keep(self, path: Path, sha256: str, facts: dict[str, Any], frames: dict[str, pl.DataFrame]) -> None:
        """Keep the facts (as JSON holds them) and frames of a file."""
        self._made[_key(path, sha256)] = (facts, frames)

    def find_file(self, path: Path, sha256: str) -> FileReading | None:
        """Return what was read of a spreadsheet, as `keep_file` kept it."""
        found = self.find(path, sha256)
        if found is None:
            return None
        facts, frames = found
        series = {known.id: known for known in load_series()}
        tables = [
            HarmonisedTable(
                series=series[fact["series"]],
                period=Period(
                    fact["period"]["label"],
                    date.fromisoformat(fact["period"]["start"]),
                    date.fromisoformat(fact["period"]["end"]),
                ),
                release=fact["release"],
                file=path,
                sheet=fact["sheet"],
                encoding=fact["encoding"],
                heading_row=fact["heading_row"],
                records=frames[f"records {number}"],
                set_aside=frames[f"set aside {number}"],
                n_read=fact["n_read"],
                findings=tuple(Finding(**finding) for finding in fact["findings"]),
            )
            for number, fact in enumerate(facts["tables"])
        ]
        return FileReading(tables, [PassedSheet(**sheet) for sheet in facts["passed"]])

    def keep_file(self, path: Path, sha256: str, reading: FileReading) -> None:
        """Keep what was read of a spreadsheet."""
        frames: dict[str, pl.DataFrame] = {}
        facts: list[dict[str, Any]] = []
        for number, table in enumerate(reading.tables):
            frames[f"records {number}"] = table.records
            frames[f"set aside {number}"] = table.set_aside
            facts.append(
                {
                    "series": table.series.id,
                    "period": {
                        "label": table.period.label,
                        "start": table.period.start.isoformat(),
                        "end": table.period.end.isoformat(),
                    },
                    "release": table.release,
                    "sheet": table.sheet,
                    "encoding": table.encoding,
                    "heading_row": table.heading_row,
                    "n_read": table.n_read,
                    "findings": [asdict(finding) for finding in table.findings],
                }
            )
        passed = [asdict(sheet) for sheet in reading.passed]
        self.keep(path, sha256, {"tables": facts, "passed": passed}, frames)

    def write(self, dataset: Path) -> None:
        """Write this build's readings into the folder of a new dataset."""
        folder = dataset / FOLDER
        folder.mkdir()
        (folder / _FINGERPRINT).write_text(self._fingerprint, encoding="utf-8")
        for key in sorted(self._reused - self._made.keys()):
            assert self._old is not None
            for file in sorted(self._old.glob(f"{key}.*")):
                _link(file, folder / file.name)
        for key, (facts, frames) in self._made.items():
            text = json.dumps({"facts": facts, "frames": list(frames)}, ensure_ascii=False)
            (folder / f"{key}.json").write_text(text, encoding="utf-8")
            for number, frame in enumerate(frames.values()):
                frame.write_ipc(folder / f"{key}.{number}.arrow", compression="lz4")


def _key(path: Path, sha256: str) -> str:
    """Return the name of a file's reading: a period may be told by the file's name."""
    return hashlib.sha256(f"{sha256} {path.name}".encode()).hexdigest()[:32]


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new)
    except OSError:
        shutil.copyfile(old, new)
