"""What inspection reports required: PDFs read into tables, and held against the inspections.

A report is not a release: it is one inspection's own document. So its rows are keyed by the home and the
first day, and by the sha256 of the file.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ofsight.dataset.readings import READINGS, Readings
from ofsight.dataset.store import open_dataset, read_metadata, write_dataset
from ofsight.dataset.tables_reports import REPORT_TABLES
from ofsight.errors import UsageError
from ofsight.files import hash_file
from ofsight.harmonise.findings import Finding, findings_frame
from ofsight.harmonise.reports import (
    Report,
    find_reports,
    name_files,
    read_reports,
    recommendations_frame,
    reports_frame,
    requirements_frame,
)

__all__ = ["ReportTables", "ReportsSummary", "add_reports", "check_reports", "read_report_tables"]

_SAME_VISIT_DAYS = 3
_NAMES = tuple(table.name for table in REPORT_TABLES)
_OF_REPORTS = "report-"
# The findings of `check_reports`: made anew over all reports whenever some are added.
_CHECKED = ("without-inspection", "grade-differs", "history-without-inspection")


@dataclass(frozen=True, slots=True)
class ReportTables:
    """The tables of reports, and what was noticed while reading them.

    Attributes
    ----------
    tables : dict of str to DataFrame
        ``reports``, ``report_history``, ``requirements`` and ``recommendations``.
    findings : list of Finding
        Named with ``report-`` in front.
    unread : dict of str to str
        Files that are no reports or cannot be read, by their names (see `read_report_tables`), and why.
    """

    tables: dict[str, pl.DataFrame]
    findings: list[Finding]
    unread: dict[str, str]


@dataclass(frozen=True, slots=True)
class ReportsSummary:
    """What a reading of reports made.

    Attributes
    ----------
    dataset : str
        The folder.
    n_files, n_read, n_unread : int
        PDFs below the folder, reports among them, and the others.
    n_reports, n_requirements, n_recommendations : int
        In the dataset now. Requirements are counted as a report numbers them, not by regulation.
    unread : dict of str to str
        Each file that was not read, and why.
    findings : dict of str to int
        Findings of reports in the dataset now, by code.
    """

    dataset: str
    n_files: int
    n_read: int
    n_unread: int
    n_reports: int
    n_requirements: int
    n_recommendations: int
    unread: dict[str, str]
    findings: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def read_report_tables(
    paths: Iterable[Path],
    progress: Callable[[Path], None] | None = None,
    readings: Readings | None = None,
    names: Mapping[Path, str] | None = None,
) -> ReportTables:
    """Read report PDFs; one that is damaged, encrypted or no report is a finding and the run goes on.

    Parameters
    ----------
    paths : iterable of Path
        The PDFs; one whose bytes were read under another name counts once.
    progress : callable, optional
        Called with each path before it is read.
    readings : Readings, optional
        What an earlier build read; this one's readings are kept there.
    names : mapping of Path to str, optional
        What each file is called in tables, findings and `unread`; else as `name_files` does.
    """
    paths = list(paths)
    names = name_files(paths) if names is None else names
    pieces: dict[str, list[pl.DataFrame]] = {name: [] for name in _NAMES}
    findings: list[Finding] = []
    unread: dict[str, str] = {}
    seen: dict[str, str] = {}
    for path in paths:
        sha256, name = hash_file(path), names[path]
        if sha256 in seen:
            note = f"holds the same bytes as {seen[sha256]} and is counted once"
            findings.append(Finding(f"{_OF_REPORTS}file-repeated", note, name))
            continue
        seen[sha256] = name
        if progress is not None:
            progress(path)
        found = None if readings is None else readings.find(path, sha256)
        facts, frames = found if found is not None else _read_one(path)
        if readings is not None and found is None:
            readings.keep(path, sha256, facts, frames)
        for table in _NAMES:
            pieces[table].append(_named(frames[table], name))
        noticed = [Finding(**{**finding, "file": name}) for finding in facts["findings"]]
        findings += noticed
        for item in noticed:
            if item.code == f"{_OF_REPORTS}file-unread":
                unread[name] = item.message
    schemas = {table.name: table.schema() for table in REPORT_TABLES}
    empty = {name: pl.DataFrame(schema=schemas[name]) for name in _NAMES}
    tables = {name: pl.concat(frames) if frames else empty[name] for name, frames in pieces.items()}
    return ReportTables(tables, findings, unread)


def _named(frame: pl.DataFrame, file: str) -> pl.DataFrame:
    """Put the file's name into a frame that tells it: a reading is kept under the name without its folder."""
    return frame.with_columns(file=pl.lit(file)) if "file" in frame.columns else frame


def _read_one(path: Path) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    reports, noticed = read_reports([path])
    findings = [
        asdict(Finding(f"{_OF_REPORTS}{item.code}", item.message, item.file, None, item.page))
        for item in noticed
    ]
    frames = {
        "reports": reports_frame(reports),
        "report_history": _history(reports),
        "requirements": requirements_frame(reports),
        "recommendations": recommendations_frame(reports),
    }
    return {"findings": findings}, {name: frames[name] for name in _NAMES}


def _history(reports: Iterable[Report]) -> pl.DataFrame:
    rows = [
        {
            "file_sha256": report.sha256,
            "n": n,
            "urn": report.urn,
            "inspected_on": row.inspected_on,
            "inspection_type": row.inspection_type,
            "judgement": row.judgement,
            "judgement_as_published": row.judgement_as_published,
        }
        for report in reports
        for n, row in enumerate(report.history, start=1)
    ]
    schema = next(table.schema() for table in REPORT_TABLES if table.name == "report_history")
    return pl.DataFrame(rows, schema=schema, strict=False)


def _carry(dataset: Path, new: Path) -> None:
    """Keep the readings of the releases beside the tables."""
    if (dataset / READINGS).is_file():
        shutil.copyfile(dataset / READINGS, new / READINGS)


def check_reports(tables: dict[str, pl.DataFrame], inspections: pl.DataFrame) -> list[Finding]:
    """Hold reports of homes, and the histories in them, against table ``inspections``.

    Parameters
    ----------
    tables : dict of str to DataFrame
        With ``reports`` and ``report_history``.
    inspections : DataFrame
        Table ``inspections``.

    Returns
    -------
    list of Finding
        Reports whose inspection is not there, grades that differ, history rows that are not there.
    """
    reports = tables["reports"].filter(pl.col("kind") == "home")
    matched = _nearest(reports, inspections)
    findings = [
        _of(row, "without-inspection", "the dataset holds no inspection of this home on that day")
        for row in matched.filter(pl.col("found_on").is_null()).iter_rows(named=True)
    ]
    for domain in ("overall", "protection", "leadership"):
        differ = matched.filter(
            pl.col(domain).is_not_null()
            & pl.col(f"found_{domain}").is_not_null()
            & (pl.col(domain).cast(pl.String) != pl.col(f"found_{domain}").cast(pl.String))
        )
        findings += [
            _of(row, "grade-differs", f"{domain} is {row[domain]}; the release says {row[f'found_{domain}']}")
            for row in differ.iter_rows(named=True)
        ]
    history = (
        tables["report_history"]
        .filter(pl.col("urn").is_not_null())
        .join(reports.select("file_sha256", "file"), on="file_sha256", how="inner")
    )
    covered = inspections["inspected_on"].min()
    if covered is not None:
        history = history.filter(pl.col("inspected_on") >= covered)
    absent = _nearest(history, inspections).filter(pl.col("found_on").is_null())
    findings += [
        _of(
            row,
            "history-without-inspection",
            "its history names an inspection that is not in the dataset",
        )
        for row in absent.iter_rows(named=True)
    ]
    return findings


def _nearest(rows: pl.DataFrame, inspections: pl.DataFrame) -> pl.DataFrame:
    """Put the home's inspection within three days beside each row."""
    grades = ("overall", "protection", "leadership")
    found = inspections.select(
        "urn", "inspected_on", found_on="inspected_on", **{f"found_{name}": pl.col(name) for name in grades}
    )
    return (
        rows.filter(pl.col("inspected_on").is_not_null(), pl.col("urn").is_not_null())
        .sort("inspected_on")
        .join_asof(
            found.sort("inspected_on"),
            on="inspected_on",
            by="urn",
            strategy="nearest",
            tolerance=f"{_SAME_VISIT_DAYS}d",
            check_sortedness=False,
        )
    )


def _of(row: dict[str, Any], code: str, message: str) -> Finding:
    return Finding(
        f"{_OF_REPORTS}{code}", f"home {row['urn']}, {row['inspected_on']}: {message}", row.get("file")
    )


def add_reports(
    folder: Path, dataset: Path, *, progress: Callable[[Path], None] | None = None
) -> ReportsSummary:
    """Read the report PDFs below a folder into a dataset; those that it holds already are replaced.

    Parameters
    ----------
    folder : Path
        Searched to the bottom for ``.pdf``.
    dataset : Path
        A built dataset; it is replaced whole, or stays as it was.
    progress : callable, optional
        Called with each file before it is read.

    Raises
    ------
    UsageError
        When the folder is not there, or holds no PDF.
    DatasetError
        When there is no dataset.
    """
    data = open_dataset(dataset)
    paths = find_reports(folder)
    if not paths:
        raise UsageError(f"There is no PDF in {folder} or below it. Name the folder that holds the reports.")
    read = read_report_tables(paths, progress)
    tables = {name: data[name] for name in data.tables}
    new = read.tables["reports"]["file_sha256"]
    for name in _NAMES:
        kept = tables[name].filter(~pl.col("file_sha256").is_in(new.implode()))
        schema = next(table.schema() for table in REPORT_TABLES if table.name == name)
        made = read.tables[name].select(pl.col(column).cast(kind) for column, kind in schema.items())
        tables[name] = pl.concat([kept, made])
    names = {*name_files(paths).values(), *(path.name for path in paths)}
    old = tables["findings"].filter(
        ~(pl.col("code").str.starts_with(_OF_REPORTS) & pl.col("file").is_in(list(names)))
        & ~pl.col("code").is_in([f"{_OF_REPORTS}{code}" for code in _CHECKED])
    )
    noticed = [*read.findings, *check_reports(tables, tables["inspections"])]
    tables["findings"] = pl.concat([old, findings_frame(noticed)])
    metadata = dict(read_metadata(dataset) or {})
    for key in ("format", "tables"):
        metadata.pop(key, None)
    metadata.setdefault("summary", {})["tables"] = {name: frame.height for name, frame in tables.items()}
    write_dataset(dataset, tables, metadata, also=lambda folder: _carry(dataset, folder))
    of_reports = tables["findings"].filter(pl.col("code").str.starts_with(_OF_REPORTS))
    return ReportsSummary(
        dataset=str(dataset),
        n_files=len(paths),
        n_read=new.len(),
        n_unread=len(read.unread),
        n_reports=tables["reports"].height,
        n_requirements=tables["requirements"].select("file_sha256", "n").n_unique(),
        n_recommendations=tables["recommendations"].height,
        unread=read.unread,
        findings=dict(of_reports["code"].value_counts(sort=True).iter_rows()),
    )
