"""From official files to a report: build, study, specifications, report, and all at once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ofsight.cli.frame import (
    DatasetOption,
    FormatOption,
    JsonOption,
    QuietOption,
    ReleasesOption,
    StudyOption,
    app,
    show,
    show_progress,
)
from ofsight.cli.lines import build_lines, study_lines
from ofsight.cli.release_lines import fetch_lines
from ofsight.cli.releases import FAILED, fetch_all
from ofsight.errors import UsageError

_AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=["%Y-%m-%d"],
        help="Of a shelf: the versions that had been published by this day (2024-08-01).",
    ),
]
_HeldByOption = Annotated[
    datetime | None,
    typer.Option(
        "--held-by",
        formats=["%Y-%m-%d"],
        help="Of a shelf: only what had come to it by this day. With --as-of, a vintage stays what it was.",
    ),
]


@app.command()
def build(
    releases: ReleasesOption,
    dataset: DatasetOption,
    as_of: _AsOfOption = None,
    held_by: _HeldByOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Build the dataset from the official files; does nothing when they have not changed."""
    summary = _build(releases, dataset, quiet or as_json, as_of, held_by)
    show(summary, build_lines(summary), quiet, as_json)


@app.command()
def study(
    dataset: DatasetOption,
    to: Annotated[Path, typer.Option("--to", help="Folder for the study's results.")],
    study: StudyOption = "outsourcing-2022",
    authority_table: Annotated[
        Path | None,
        typer.Option("--authority-table", help="CSV of local authorities for table 4, in place of ours."),
    ] = None,
    requirements_table: Annotated[
        Path | None,
        typer.Option("--requirements-table", help="CSV of inspections for table 3, in place of ours."),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run a study on a dataset: estimates, tables and the ledger of published numbers."""
    summary = _study(dataset, to, study, quiet or as_json, authority_table, requirements_table)
    show(summary, study_lines(summary), quiet, as_json)


@app.command()
def specifications(
    dataset: DatasetOption,
    to: Annotated[Path, typer.Option("--to", help="Folder of the curve; one begun there is gone on with.")],
    study: StudyOption = "outsourcing-2022",
    limit: Annotated[int | None, typer.Option("--limit", help="Fit only so many, spread evenly.")] = None,
    n_jobs: Annotated[int, typer.Option("--jobs", help="Processes at once.")] = 2,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fit the models of homes in every defensible way, to see how much the finding depends on it."""
    from ofsight.study.specifications import run_specifications

    with show_progress(quiet or as_json) as tell:
        found = run_specifications(dataset, to, study=study, limit=limit, n_jobs=n_jobs, progress=tell)
    line = (
        f"Specifications: {found.to}: {found.n:,} asked for, {found.n_fitted:,} fitted now, "
        f"{found.n_resumed:,} held before, {found.n_failed:,} without estimate, {found.seconds:.0f} s."
    )
    show(found.as_dict(), [line], quiet, as_json)


@app.command()
def report(
    to: Annotated[Path, typer.Option("--to", help="Folder for the report.")],
    study: Annotated[Path | None, typer.Option("--study", help="Folder of a study's results.")] = None,
    area: Annotated[
        list[str] | None,
        typer.Option("--area", help="A few pages on an area instead: a council, a region, a set; or each."),
    ] = None,
    dataset: Annotated[
        Path | None, typer.Option("--dataset", help="Folder of the dataset, for --area.")
    ] = None,
    formats: FormatOption = None,
    specifications: Annotated[
        Path | None,
        typer.Option("--specifications", help="Folder of a whole specification curve, to show in place."),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write the readable report of a study; with --area the edition of an area, from a dataset."""
    silent = quiet or as_json
    if area:
        written = _area_reports(dataset, area, to, study, formats, silent)
    elif study is None:
        raise UsageError("A report of what? Give --study DIR, or --area NAME with --dataset DIR.")
    else:
        written = _report(study, to, formats, silent, specifications)
    show(written, [f"Report: {path}" for path in written["files"]], quiet, as_json)


@app.command()
def run(
    to: Annotated[Path, typer.Option("--to", help="Folder for dataset, study and report.")],
    releases: Annotated[
        Path | None,
        typer.Option(
            "--releases",
            help="Folder with the official files. Without it they are fetched first, into DIR/releases.",
        ),
    ] = None,
    study: StudyOption = "outsourcing-2022",
    formats: FormatOption = None,
    as_of: _AsOfOption = None,
    held_by: _HeldByOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch (without --releases), build, study and report, into folders of DIR.

    Exit code 3: something could not be fetched and is named; the rest is done with what is held.
    """
    if releases is not None:
        _run(releases, to, study, formats, quiet, as_json, as_of=as_of, held_by=held_by)
        return
    fetched = fetch_all(to / "releases", silent=quiet or as_json)
    if not fetched.held:
        show({"fetch": fetched.as_dict()}, fetch_lines(fetched.as_dict()), quiet, as_json)
        raise typer.Exit(FAILED)
    _run(
        to / "releases",
        to,
        study,
        formats,
        quiet,
        as_json,
        fetched.as_dict(),
        as_of=as_of,
        held_by=held_by,
    )
    if fetched.failed:
        raise typer.Exit(FAILED)


@app.command()
def demo(
    to: Annotated[Path, typer.Option("--to", help="Folder for releases, dataset, study and report.")] = Path(
        "demo"
    ),
    seed: Annotated[int, typer.Option("--seed", help="Seed of the synthetic releases.")] = 2022,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write synthetic releases in the official layouts, then run everything on them."""
    from ofsight.demo import write_releases

    with show_progress(quiet or as_json) as tell:
        tell("Writing synthetic releases")
        write_releases(to / "releases", seed=seed)
    _run(to / "releases", to, "outsourcing-2022", None, quiet, as_json)
    if not (quiet or as_json):
        typer.echo(
            "\nThese releases are synthetic. With the official ones:\n"
            "  ofsight run --releases FOLDER-WITH-OFFICIAL-FILES --to results"
        )


def _run(
    releases: Path,
    to: Path,
    study: str,
    formats: list[str] | None,
    quiet: bool,
    as_json: bool,
    fetched: dict[str, Any] | None = None,
    as_of: datetime | None = None,
    held_by: datetime | None = None,
) -> None:
    silent = quiet or as_json
    built = _build(releases, to / "dataset", silent, as_of, held_by)
    found = _study(to / "dataset", to / "study", study, silent)
    written = _report(to / "study", to / "report", formats, silent, _curve(to))
    lines = [*build_lines(built), *study_lines(found), *(f"Report: {path}" for path in written["files"])]
    summary = {"build": built, "study": found, "report": written}
    if fetched is not None:
        summary, lines = {"fetch": fetched, **summary}, [*fetch_lines(fetched), *lines]
    show(summary, lines, quiet, as_json)


def _build(
    releases: Path,
    dataset: Path,
    silent: bool,
    as_of: datetime | None = None,
    held_by: datetime | None = None,
) -> dict[str, Any]:
    from ofsight.dataset.build import build_dataset

    with show_progress(silent) as tell:
        summary = build_dataset(
            releases,
            dataset,
            progress=lambda name, done, of: tell(f"Reading {name} ({done + 1} of {of})"),
            as_of=None if as_of is None else as_of.date(),
            held_by=None if held_by is None else held_by.date(),
        )
    return summary.as_dict()


def _study(
    dataset: Path,
    to: Path,
    study: str,
    silent: bool,
    authority_table: Path | None = None,
    requirements_table: Path | None = None,
) -> dict[str, Any]:
    from ofsight.study.run import run_study

    with show_progress(silent) as tell:
        return run_study(
            dataset,
            to,
            study=study,
            authority_table=authority_table,
            requirements_table=requirements_table,
            progress=lambda what: tell(f"Fitting {what}"),
        ).as_dict()


def _curve(to: Path) -> Path | None:
    """Return the folder's specifications where a run of them stands beside its study."""
    from ofsight.report import find_specifications

    return find_specifications(to / "study", to / "specifications")


def _report(
    study: Path, to: Path, formats: list[str] | None, silent: bool, specifications: Path | None = None
) -> dict[str, Any]:
    from ofsight.report import write_report

    with show_progress(silent) as tell:
        tell("Writing the report")
        files = write_report(study, to, formats=formats or ("html",), specifications=specifications)
        return {"files": [str(path) for path in files]}


def _area_reports(
    dataset: Path | None,
    areas: list[str],
    to: Path,
    study: Path | None,
    formats: list[str] | None,
    silent: bool,
) -> dict[str, Any]:
    from ofsight.report.areas import write_area_reports

    if dataset is None:
        raise UsageError("--area needs the dataset, too: --dataset DIR.")
    with show_progress(silent) as tell:
        files = write_area_reports(
            dataset, areas, to, study=study, formats=formats or ("html",), progress=lambda name: tell(name)
        )
    return {"files": [str(path) for path in files]}
