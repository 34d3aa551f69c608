"""The tables of a dataset: reports read into it, files written from it, what a new release changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ofsight.cli.frame import DatasetOption, JsonOption, QuietOption, app, show, show_progress


@app.command()
def reports(
    folder: Annotated[Path, typer.Argument(help="Folder with inspection reports (pdf).")],
    dataset: DatasetOption,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Read inspection reports into a dataset: judgements, requirements, recommendations."""
    from ofsight.dataset.reports import add_reports

    with show_progress(quiet or as_json) as tell:
        found = add_reports(folder, dataset, progress=lambda path: tell(f"Reading {path.name}"))
    lines = [
        f"Reports: {found.n_read:,} of {found.n_files:,} files read; the dataset now holds "
        f"{found.n_reports:,} reports, {found.n_requirements:,} requirements and "
        f"{found.n_recommendations:,} recommendations.",
        *(f"  Not read: {file}: {why}" for file, why in found.unread.items()),
    ]
    show(found.as_dict(), lines, quiet, as_json)


@app.command()
def export(
    dataset: DatasetOption,
    to: Annotated[Path, typer.Option("--to", help="Folder for the files.")],
    kind: Annotated[str, typer.Option("--format", help="csv, parquet or sqlite.")] = "csv",
    tables: Annotated[
        list[str] | None, typer.Option("--table", help="One table; several times for several. Default: all.")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write the dataset's tables for other programs, with row counts and hashes."""
    from ofsight.dataset.export import export_dataset

    with show_progress(quiet or as_json) as tell:
        tell("Writing")
        found = export_dataset(dataset, to, kind=kind, tables=tables)
    show(found.as_dict(), [f"Export: {to}: {len(found.tables)} tables as {kind}."], quiet, as_json)


@app.command()
def changes(
    old: Annotated[Path, typer.Argument(help="Folder of the older dataset.")],
    new: Annotated[Path, typer.Argument(help="Folder of the newer dataset.")],
    kind: Annotated[str | None, typer.Option("--format", help="Print json, csv or atom instead.")] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say what a new release changed: homes new, closed, re-graded, re-owned; inspections restated."""
    from ofsight.dataset.changes import find_changes, write_changes

    found = find_changes(old, new)
    if kind is not None:
        typer.echo(write_changes(found, kind), nl=False)
        return
    lines = [f"{n:,} {what}" for what, n in found.counts.items()] or ["Nothing changed."]
    show(found.as_dict(), lines, quiet, as_json)
