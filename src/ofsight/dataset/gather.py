"""Every spreadsheet below a folder, recognised and harmonised; each passed-over one with its reason."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from ofsight.dataset.boundaries import BOUNDARY_SUFFIXES
from ofsight.dataset.readings import FileReading, PassedSheet, Readings
from ofsight.errors import ReleaseError, UsageError
from ofsight.files import hash_file
from ofsight.harmonise.findings import Finding
from ofsight.harmonise.readers import SPINE, harmonise
from ofsight.harmonise.recognise import PassedOver, Recognised, recognise
from ofsight.harmonise.rows import HarmonisedTable, printable
from ofsight.harmonise.spreadsheets import SPREADSHEET_SUFFIXES, read_tables
from ofsight.harmonise.synthetic import SAYS_SYNTHETIC, notice_synthetic
from ofsight.releases.shelf import Shelf

__all__ = ["Gathered", "PassedOverFile", "gather_tables", "list_files", "list_skipped"]

# The file by which a folder that ofsight wrote is known.
_MARKS = {
    "dataset.json": "a dataset",
    "ofsight-export.json": "an export",
    "study.json": "the results of a study",
    "datapackage.json": "a data package",
}
# What a spreadsheet may have damaged on the way from a workbook to a csv; two copies that differ only here
# are one release.
_DAMAGED_BY_COPYING = ("event_number", "event_number_as_published")


@dataclass(frozen=True, slots=True)
class PassedOverFile:
    """A file (or sheet) that was not read, and why."""

    file: str
    sheet: str | None
    reason: str


@dataclass
class Gathered:
    """What a folder holds.

    Attributes
    ----------
    tables : list of HarmonisedTable
        One a release.
    passed_over : list of PassedOverFile
        What was not read.
    findings : list of Finding
        What was noticed on the way.
    names, hashes : dict of Path to str
        Each file's name below the folder and the sha256 of its bytes.
    reports, boundaries : list of Path
        PDFs, which may be inspection reports; GeoJSON files.
    synthetic : set of (Path, str or None)
        Files and sheets that say of themselves that they are synthetic.
    """

    tables: list[HarmonisedTable] = field(default_factory=list)
    passed_over: list[PassedOverFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    names: dict[Path, str] = field(default_factory=dict)
    hashes: dict[Path, str] = field(default_factory=dict)
    reports: list[Path] = field(default_factory=list)
    boundaries: list[Path] = field(default_factory=list)
    synthetic: set[tuple[Path, str | None]] = field(default_factory=set)


def list_files(releases: Path) -> list[tuple[Path, str]]:
    """Return every file below a folder with its hash, sorted by name; hidden ones left out.

    Raises
    ------
    UsageError
        When there is no such folder or file.
    """
    if not releases.exists():
        raise UsageError(f"There is no folder or file '{releases}'. Give the folder with the official files.")
    if releases.is_file():
        return [(releases, hash_file(releases))]
    return [(path, hash_file(path)) for path in _walk(releases)[0]]


def list_skipped(releases: Path) -> list[PassedOverFile]:
    """Return what lies below a folder and is not among its files: lost links, ofsight's own folders."""
    return _walk(releases)[1] if releases.is_dir() else []


def _walk(releases: Path) -> tuple[list[Path], list[PassedOverFile]]:
    """Find every file below a folder, links followed; a folder that is met twice is read once.

    Folders that links lead to come after all others, so that a folder in its own place is read there.
    """
    files: list[Path] = []
    skipped: list[PassedOverFile] = []
    seen: set[tuple[int, int]] = set()
    waiting = deque([releases])
    while waiting:
        # What was just found comes first, as a reader goes down; links were put at the end.
        folder = waiting.popleft()
        about = folder.stat()
        if (about.st_dev, about.st_ino) in seen:
            skipped.append(_skip(folder, releases, "a link to a folder that is read in its own place"))
            continue
        seen.add((about.st_dev, about.st_ino))
        if folder != releases and Shelf.is_at(folder):
            skipped.append(_skip(folder, releases, "a shelf: build it by itself (--releases)"))
            continue
        kind = _made_by_ofsight(folder) if folder != releases else None
        if kind is not None:
            skipped.append(_skip(folder, releases, f"{kind} that ofsight made, and no release"))
            continue
        try:
            entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "~$")))
        except OSError as error:
            skipped.append(_skip(folder, releases, f"the folder cannot be opened ({error.strerror})"))
            continue
        below = [entry for entry in entries if entry.is_dir()]
        waiting.extendleft(entry for entry in reversed(below) if not entry.is_symlink())
        waiting.extend(entry for entry in below if entry.is_symlink())
        for entry in entries:
            if entry.is_file():
                files.append(entry)
            elif not entry.is_dir():
                why = "a link to what is not there" if entry.is_symlink() else "neither a file nor a folder"
                skipped.append(_skip(entry, releases, why))
    return files, skipped


def _skip(path: Path, releases: Path, reason: str) -> PassedOverFile:
    return PassedOverFile(printable(path.relative_to(releases)), None, reason)


def _made_by_ofsight(folder: Path) -> str | None:
    """Say what ofsight made of a folder, by the mark that it leaves in each, or None."""
    for mark, kind in _MARKS.items():
        try:
            facts = json.loads((folder / mark).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(facts, dict) and ("ofsight" in facts or facts.get("name") == "ofsight"):
            return kind
    return None


def gather_tables(
    releases: Path,
    files: list[tuple[Path, str]],
    *,
    progress: Callable[[str, int, int], None] | None = None,
    readings: Readings | None = None,
    called: Mapping[Path, str] | None = None,
    passed_over: list[PassedOverFile] | None = None,
) -> Gathered:
    """Recognise and harmonise every spreadsheet.

    Parameters
    ----------
    releases : Path
        The folder, to which names are told relative.
    files : list of (Path, str)
        From `list_files`.
    progress : callable, optional
        Called with a file's name, files done, files in all.
    readings : Readings, optional
        What an earlier build read; this one's readings are kept there.
    called : mapping of Path to str, optional
        What a file is called where its own name says nothing: on a shelf, which names files by their hash.
    passed_over : list of PassedOverFile, optional
        What was left out before; without it, what `list_skipped` finds.

    Raises
    ------
    ReleaseError
        When a file is damaged, lacks a needed column, is a stranger among releases, or contradicts another.
    """
    gathered = Gathered(passed_over=list_skipped(releases) if passed_over is None else [*passed_over])
    strangers: list[Path] = []
    seen: dict[str, Path] = {}
    for done, (path, sha256) in enumerate(files):
        name = printable(path.relative_to(releases) if releases.is_dir() else path.name)
        gathered.names[path], gathered.hashes[path] = name, sha256
        if progress is not None:
            progress(name, done, len(files))
        suffix = path.suffix.lower()
        if suffix in (".pdf", *BOUNDARY_SUFFIXES) and printable(path.name) != path.name:
            reason = "its name is in no encoding; give it another"
            gathered.passed_over.append(PassedOverFile(name, None, reason))
            gathered.findings.append(Finding("file-name-unreadable", reason, name))
        elif suffix == ".pdf":
            gathered.reports.append(path)
        elif suffix in BOUNDARY_SUFFIXES:
            gathered.boundaries.append(path)
        elif suffix not in SPREADSHEET_SUFFIXES:
            gathered.passed_over.append(PassedOverFile(name, None, "not a spreadsheet"))
        elif sha256 in seen:
            original = gathered.names[seen[sha256]]
            gathered.passed_over.append(PassedOverFile(name, None, f"the same bytes as {original}"))
        else:
            seen[sha256] = path
            _gather_file(path, name, gathered, strangers, readings, (called or {}).get(path, path.name))
    _refuse_strangers(gathered, strangers)
    gathered.tables = _one_a_release(gathered)
    return gathered


def _gather_file(
    path: Path, name: str, gathered: Gathered, strangers: list[Path], readings: Readings | None, called: str
) -> None:
    sha256, shown = gathered.hashes[path], path.with_name(called)
    reading = None if readings is None else readings.find_file(shown, sha256)
    if reading is None:
        try:
            reading = _read_file(path, shown)
        except ReleaseError as error:
            raise _in_its_place(error, shown, path) from None
        if readings is not None and reading.doubt is None:
            readings.keep_file(shown, sha256, reading)
    for sheet in reading.passed:
        gathered.passed_over.append(PassedOverFile(name, sheet.sheet, sheet.reason))
        if sheet.finding is not None:
            gathered.findings.append(Finding(sheet.finding, sheet.reason, name, sheet.sheet))
    for table in reading.tables:
        findings = tuple(finding for finding in table.findings if finding.code != SAYS_SYNTHETIC)
        if len(findings) < len(table.findings):
            gathered.synthetic.add((path, table.sheet))
        gathered.tables.append(replace(table, file=path, findings=findings))
    if not reading.tables and not any(sheet.known for sheet in reading.passed):
        if reading.doubt is not None:
            raise _in_its_place(reading.doubt, shown, path)
        strangers.append(path)


def _in_its_place(error: ReleaseError, shown: Path, path: Path) -> ReleaseError:
    """Return an error that names the file where it lies, and not only as it is called."""
    if shown == path or error.file not in (str(shown), str(path)):
        return error
    return ReleaseError(
        error.problem, file=f"{path} ('{shown.name}')", sheet=error.sheet, row=error.row, hint=error.hint
    )


def _read_file(path: Path, shown: Path) -> FileReading:
    """Recognise and harmonise every table of a file, which is read as if it were called otherwise."""
    tables: list[HarmonisedTable] = []
    passed: list[PassedSheet] = []
    doubt: ReleaseError | None = None
    for found_table in read_tables(path):
        table = replace(found_table, file=shown)
        found = recognise(table)
        read = found if isinstance(found, PassedOver) else harmonise(found)
        if isinstance(read, PassedOver):
            code = None
            if read.doubt is not None:
                doubt, code = doubt or read.doubt, "look-alike-sheet"
            elif read is not found:
                code = "not-read"
            passed.append(PassedSheet(table.sheet, read.reason, read.known, code))
        else:
            said = notice_synthetic(found) if isinstance(found, Recognised) else []
            tables.append(replace(read, findings=(*read.findings, *said)))
    return FileReading(tables, passed, doubt)


def _refuse_strangers(gathered: Gathered, strangers: list[Path]) -> None:
    """Refuse an unknown spreadsheet that lies among releases: it was probably meant to be one.

    In a folder of its own it is another series that this edition does not know: a finding, no more.
    """
    homes_of_releases = {table.file.parent for table in gathered.tables if table.series.reads in SPINE}
    for path in strangers:
        if path.parent in homes_of_releases:
            first = next((row for row in next(iter(read_tables(path))).rows if any(row)), [])
            seen = ", ".join(f"'{cell.strip()[:40]}'" for cell in first if cell.strip())[:300]
            raise ReleaseError(
                f"this is no release of a known series; its first headings are {seen or 'empty'}.",
                file=path,
                hint="It lies among releases. Take it out of the folder if it is another publication; if it "
                "is a new layout, add its headings to ofsight/definitions/series.",
            )
        gathered.findings.append(
            Finding("unknown-spreadsheet", "no known series was recognised in it", gathered.names[path])
        )


def _one_a_release(gathered: Gathered) -> list[HarmonisedTable]:
    """Keep one table a release; two that differ are for the user to settle."""
    by_release: dict[str, HarmonisedTable] = {}
    for table in gathered.tables:
        other = by_release.setdefault(table.release, table)
        if other is table:
            continue
        difference = _first_difference(other, table)
        if difference:
            raise ReleaseError(
                f"this and {_place(gathered, other)} both are '{table.release}', and their contents differ: "
                f"{difference}.",
                file=table.file,
                sheet=table.sheet,
                hint="Keep the one that the publisher offers today and take the other out of the folder "
                "(out of a shelf: ofsight withdraw).",
            )
        # A workbook's numbers have been through no second spreadsheet.
        kept, left = (other, table) if other.sheet is not None else (table, other)
        by_release[table.release] = kept
        gathered.passed_over.append(
            PassedOverFile(
                gathered.names[left.file], left.sheet, f"the same release as {_place(gathered, kept)}, alike"
            )
        )
    return list(by_release.values())


def _place(gathered: Gathered, table: HarmonisedTable) -> str:
    name = gathered.names[table.file]
    return f"{name}, sheet '{table.sheet}'" if table.sheet else name


def _first_difference(one: HarmonisedTable, other: HarmonisedTable) -> str | None:
    """Say where two tables of one release differ, rows in any order, or None."""
    columns = [name for name in one.records.columns if name not in ("row", *_DAMAGED_BY_COPYING)]
    if one.records.height != other.records.height:
        what = "rows about homes" if "urn" in columns else "records"
        return f"{one.records.height} and {other.records.height} {what}"
    stray = one.records.join(other.records, on=columns, how="anti", nulls_equal=True)
    if stray.is_empty():
        return None
    first = stray.row(0, named=True)
    if "urn" not in columns:
        return f"row {first['row']} of one is not in the other"
    twin = other.records.filter(pl.col("urn") == first["urn"])
    if twin.is_empty():
        return f"home {first['urn']} (row {first['row']}) is in one only"
    second = twin.row(0, named=True)
    name = next((name for name in columns if first[name] != second[name]), "its rows")
    return (
        f"home {first['urn']}, {name}: '{first.get(name)}' (row {first['row']}) "
        f"and '{second.get(name)}' (row {second['row']})"
    )
