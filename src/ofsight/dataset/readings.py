"""What was read from each file, kept in the dataset, so that a build over one changed file reads one file.

A reading is kept under the sha256 of the file's bytes and name, and under a fingerprint of the code and the
definitions that read it: when either changes, the reading is made anew. Only what the last build used stays.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
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

__all__ = ["READINGS", "FileReading", "PassedSheet", "Readings", "hash_code"]

READINGS: Final = "readings.zip"
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
        self._old = _open_archive(None if dataset is None else dataset / READINGS, self._fingerprint)
        self._reused: set[str] = set()
        self._made: dict[str, tuple[dict[str, Any], dict[str, pl.DataFrame]]] = {}

    @property
    def n_reused(self) -> int:
        """How many files were not read again."""
        return len(self._reused)

    def find(self, path: Path, sha256: str) -> tuple[dict[str, Any], dict[str, pl.DataFrame]] | None:
        """Return the facts and frames kept of a file; None where there are none or they are damaged."""
        key = _key(path, sha256)
        try:
            facts = json.loads(self._old[f"{key}.json"])
            frames = {
                name: pl.read_ipc(io.BytesIO(self._old[f"{key}.{number}.arrow"]))
                for number, name in enumerate(facts["frames"])
            }
        except (ValueError, KeyError, OSError, pl.exceptions.PolarsError):
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
        kept = self._reused - self._made.keys()
        with zipfile.ZipFile(dataset / READINGS, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_FINGERPRINT, self._fingerprint)
            for name, data in self._old.items():
                if name.split(".")[0] in kept:
                    archive.writestr(name, data)
            for key, (facts, frames) in self._made.items():
                text = json.dumps({"facts": facts, "frames": list(frames)}, ensure_ascii=False)
                archive.writestr(f"{key}.json", text)
                for number, frame in enumerate(frames.values()):
                    arrow = io.BytesIO()
                    frame.write_ipc(arrow, compression="lz4")
                    archive.writestr(f"{key}.{number}.arrow", arrow.getvalue())


def _open_archive(file: Path | None, fingerprint: str) -> dict[str, bytes]:
    """Return the entries of an archive of readings; none where it is missing, damaged or of other code."""
    if file is None or not file.is_file():
        return {}
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.read(_FINGERPRINT).decode() != fingerprint:
                return {}
            return {name: archive.read(name) for name in archive.namelist() if name != _FINGERPRINT}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return {}


def _key(path: Path, sha256: str) -> str:
    """Return the name of a file's reading: a period may be told by the file's name."""
    return hashlib.sha256(f"{sha256} {path.name}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
