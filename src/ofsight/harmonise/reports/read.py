"""From a PDF to a `Report`, and from a folder of PDFs to reports and findings."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from ofsight.errors import ReleaseError, UsageError
from ofsight.harmonise.reports.apart import open_apart
from ofsight.harmonise.reports.authorities import is_authority_report, read_authority
from ofsight.harmonise.reports.checks import check
from ofsight.harmonise.reports.homes import is_home_report, read_home
from ofsight.harmonise.reports.model import Finding, Report
from ofsight.harmonise.reports.pages import Document

__all__ = ["find_reports", "name_files", "read_report", "read_reports", "report_of"]


def read_report(path: Path | str) -> Report:
    """Read an inspection report of a children's home or of a local authority.

    Parameters
    ----------
    path : Path or str
        The PDF as published.

    Returns
    -------
    Report
        What it says, without any person it names; where it disagrees with itself stands in `findings`.

    Raises
    ------
    ReleaseError
        The file is missing, empty, too big, no PDF, encrypted, damaged, without text, or not such a report.
    """
    return report_of(open_apart(path), path)


def report_of(document: Document, path: Path | str) -> Report:
    """Read what a document says; see `read_report`. The path is only told in errors."""
    # The library's authority reports speak of children's homes too; a home's report has a reference number.
    if is_home_report(document):
        report = read_home(document)
    elif is_authority_report(document):
        report = read_authority(document)
    else:
        raise ReleaseError(
            "is not an inspection report of a children's home or of a local authority.",
            file=path,
            hint="Read are Ofsted's reports on children's homes (2012 on) and on local authority children's "
            "services (single inspections, ILACS, visits, joint inspections). Take other files out.",
        )
    return replace(report, findings=check(report, document))


def read_reports(
    paths: Iterable[Path | str], progress: Callable[[Path], None] | None = None
) -> tuple[list[Report], list[Finding]]:
    """Read many reports; a file that cannot be read becomes a finding and the run goes on.

    Parameters
    ----------
    paths : iterable of Path or str
        The PDFs.
    progress : callable, optional
        Called with each path before it is read.

    Returns
    -------
    reports : list of Report
        In the order of `paths`, named by `name_files`; the same bytes under a second name are read once.
    findings : list of Finding
        Those of every report and one ``file-unread`` for each file that could not be read.
    """
    reports: list[Report] = []
    findings: list[Finding] = []
    seen: dict[str, str] = {}
    files = [Path(path) for path in paths]
    names = name_files(files)
    for path in files:
        name = names[path]
        if progress is not None:
            progress(path)
        try:
            report = read_report(path)
        except ReleaseError as error:
            message = " ".join(part for part in (error.problem, error.hint) if part)
            findings.append(Finding("file-unread", message, None, name))
            continue
        except UsageError:
            raise
        except Exception as error:
            # One report in a layout nobody foresaw must not stop the other thousand.
            findings.append(
                Finding("file-unread", f"failed while being read ({type(error).__name__}).", None, name)
            )
            continue
        if report.sha256 in seen:
            note = f"holds the same bytes as {seen[report.sha256]} and is counted once."
            findings.append(Finding("file-repeated", note, None, name))
            continue
        seen[report.sha256] = name
        if name != report.file:
            noticed = tuple(finding._replace(file=name) for finding in report.findings)
            report = replace(report, file=name, findings=noticed)
        reports.append(report)
        findings += report.findings
    return reports, findings


def name_files(paths: Iterable[Path]) -> dict[Path, str]:
    """Name files so that no two share a name: where two do, by the path below the folder that holds all.

    >>> name_files([Path("/r/a/x.pdf"), Path("/r/b/x.pdf"), Path("/r/b/y.pdf")])[Path("/r/b/x.pdf")]
    'b/x.pdf'
    """
    files = list(dict.fromkeys(paths))
    used = Counter(path.name for path in files)
    if len(used) == len(files):
        return {path: path.name for path in files}
    top = os.path.commonpath([path.absolute().parent for path in files])
    return {
        path: path.name if used[path.name] == 1 else path.absolute().relative_to(top).as_posix()
        for path in files
    }


def find_reports(folder: Path | str) -> list[Path]:
    """Return the files of a folder and its sub-folders that should be reports: every ``.pdf``, sorted.

    Raises
    ------
    UsageError
        The folder is not there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder. Name the folder that holds the report PDFs.")
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".pdf" and path.is_file())
