"""Writing the editions of a report, each whole or not at all."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ofsight.errors import UsageError
from ofsight.files import write_bytes, write_text
from ofsight.report.content import make_document
from ofsight.report.document import Document
from ofsight.report.folder import read_study_folder
from ofsight.report.html import render_html

__all__ = ["FORMATS", "write_document", "write_report"]


def _write_html(document: Document, path: Path) -> None:
    write_text(path, render_html(document))


def _write_docx(document: Document, path: Path) -> None:
    write_bytes(path, _edition("docx").render_docx(document))


def _write_pdf(document: Document, path: Path) -> None:
    write_bytes(path, _edition("pdf").render_pdf(document))


def _edition(name: str) -> Any:
    """Import an edition whose library is an extra, so that the page is written without it."""
    try:
        return importlib.import_module(f"ofsight.report.{name}")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("ofsight"):
            raise
        raise UsageError(
            f"The {name} edition needs the package `{error.name}`, which is not installed. Install "
            "`ofsight[documents]`, or ask for html only."
        ) from error


_WRITERS: Mapping[str, Callable[[Document, Path], None]] = {
    "html": _write_html,
    "docx": _write_docx,
    "pdf": _write_pdf,
}

FORMATS: tuple[str, ...] = tuple(_WRITERS)
"""The editions that can be written."""


def write_document(document: Document, path: Path, edition: str) -> None:
    """Write one edition of a document, whole or not at all.

    Parameters
    ----------
    document : Document
        What is said.
    path : Path
        The file; its folder is made where it is not there.
    edition : str
        One of `FORMATS`.

    Raises
    ------
    UsageError
        An unknown edition, or one whose library is not installed.
    """
    if edition not in _WRITERS:
        raise UsageError(f"Unknown report format: {edition}. Allowed: {', '.join(FORMATS)}.")
    _WRITERS[edition](document, path)


def write_report(
    study: Path, to: Path, *, formats: Sequence[str] = ("html",), specifications: Path | None = None
) -> list[Path]:
    """Write the report of a study.

    Parameters
    ----------
    study : Path
        A study folder, as `ofsight study` writes it. Nothing else is read but `specifications`.
    to : Path
        Folder of the report; made when it is not there. Files of other names in it are left alone.
    formats : sequence of str
        Which editions, of `FORMATS`.
    specifications : Path, optional
        A folder that `ofsight specifications` wrote for the same study and dataset: its curve is shown in the
        place of the study's own part of it.

    Returns
    -------
    list of Path
        The files written, in the order of the formats: ``<to>/report.html`` and so on.

    Raises
    ------
    UsageError
        An unknown format, one whose library is not installed, or a folder is not what it should be.
    DatasetError
        A file of the study folder is damaged, or the specifications are of another study or dataset.
    """
    wanted = [formats] if isinstance(formats, str) else list(dict.fromkeys(formats))
    unknown = [name for name in wanted if name not in _WRITERS]
    if unknown or not wanted:
        raise UsageError(
            f"Unknown report format: {', '.join(unknown) or 'none named'}. Allowed: {', '.join(FORMATS)}."
        )
    document = make_document(read_study_folder(Path(study), specifications))
    written = []
    for name in wanted:
        path = Path(to) / f"report.{name}"
        write_document(document, path, name)
        written.append(path)
    return written
