"""The command line: parse, call one function, print. No logic."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ofsight import __version__
from ofsight.errors import OfsightError, one_line

__all__ = ["app", "main"]


class _Group(TyperGroup):
    """Commands whose errors are one message and an exit code, never a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OfsightError as error:
            _complain(str(error))
            raise typer.Exit(error.exit_code) from None
        except (PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError) as error:
            _complain(f"{error.filename}: {error.strerror}. Check the path and its rights.")
            raise typer.Exit(2) from None
        except OSError as error:
            _complain(f"{error.strerror or error} ({error.filename or 'no file named'}).")
            raise typer.Exit(1) from None


def _complain(message: str) -> None:
    typer.echo(f"Error: {one_line(message)}", err=True)


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Who runs England's children's homes, how inspectors judge them, and what follows: from the "
    "official releases, every number traceable to a file, sheet and row.",
    epilog="First time here? Run: ofsight demo",
)

ReleasesOption = Annotated[Path, typer.Option("--releases", help="Folder with the official files.")]
DatasetOption = Annotated[Path, typer.Option("--dataset", help="Folder of the dataset.")]
StudyOption = Annotated[str, typer.Option("--study", help="Which study to run.")]
FormatOption = Annotated[
    list[str] | None,
    typer.Option("--format", help="html, docx or pdf; give it several times for several. Default: html."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print a summary as JSON, for scripts.")]


# Entries of a list, files named in one, and letters of a name or reason; the rest is left to --json.
_LISTED = 15
_NAMED = 3
_WIDE = 120


def _version(value: bool) -> None:
    if value:
        typer.echo(f"ofsight {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


@app.command()
def build(
    releases: ReleasesOption,
    dataset: DatasetOption,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Build the dataset from the official files; does nothing when they have not changed."""
    summary = _build(releases, dataset, quiet or as_json)
    _print(summary, _build_lines(summary), quiet, as_json)


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
    _print(summary, _study_lines(summary), quiet, as_json)


@app.command()
def report(
    study: Annotated[Path, typer.Option("--study", help="Folder of a study's results.")],
    to: Annotated[Path, typer.Option("--to", help="Folder for the report.")],
    formats: FormatOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write the readable report of a study."""
    written = _report(study, to, formats, quiet or as_json)
    _print(written, [f"Report: {path}" for path in written["files"]], quiet, as_json)


@app.command()
def run(
    releases: ReleasesOption,
    to: Annotated[Path, typer.Option("--to", help="Folder for dataset, study and report.")],
    study: StudyOption = "outsourcing-2022",
    formats: FormatOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Build, study and report, into DIR/dataset, DIR/study and DIR/report."""
    _run(releases, to, study, formats, quiet, as_json)


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

    with _progress(quiet or as_json) as tell:
        tell("Writing synthetic releases")
        write_releases(to / "releases", seed=seed)
    _run(to / "releases", to, "outsourcing-2022", None, quiet, as_json)
    if not (quiet or as_json):
        typer.echo(
            "\nThese releases are synthetic. With the official ones:\n"
            "  ofsight run --releases FOLDER-WITH-OFFICIAL-FILES --to results"
        )


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

    with _progress(quiet or as_json) as tell:
        found = run_specifications(dataset, to, study=study, limit=limit, n_jobs=n_jobs, progress=tell)
    line = (
        f"Specifications: {found.to}: {found.n:,} asked for, {found.n_fitted:,} fitted now, "
        f"{found.n_resumed:,} held before, {found.n_failed:,} without estimate, {found.seconds:.0f} s."
    )
    _print(found.as_dict(), [line], quiet, as_json)


@app.command()
def reports(
    folder: Annotated[Path, typer.Argument(help="Folder with inspection reports (pdf).")],
    dataset: DatasetOption,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Read inspection reports into a dataset: judgements, requirements, recommendations."""
    from ofsight.dataset.reports import add_reports

    with _progress(quiet or as_json) as tell:
        found = add_reports(folder, dataset, progress=lambda path: tell(f"Reading {path.name}"))
    lines = [
        f"Reports: {found.n_read:,} of {found.n_files:,} files read; the dataset now holds "
        f"{found.n_reports:,} reports, {found.n_requirements:,} requirements and "
        f"{found.n_recommendations:,} recommendations.",
        *(f"  Not read: {file}: {why}" for file, why in found.unread.items()),
    ]
    _print(found.as_dict(), lines, quiet, as_json)


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

    with _progress(quiet or as_json) as tell:
        tell("Writing")
        found = export_dataset(dataset, to, kind=kind, tables=tables)
    _print(found.as_dict(), [f"Export: {to}: {len(found.tables)} tables as {kind}."], quiet, as_json)


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
    _print(found.as_dict(), lines, quiet, as_json)


def _run(releases: Path, to: Path, study: str, formats: list[str] | None, quiet: bool, as_json: bool) -> None:
    silent = quiet or as_json
    built = _build(releases, to / "dataset", silent)
    found = _study(to / "dataset", to / "study", study, silent)
    written = _report(to / "study", to / "report", formats, silent)
    lines = [*_build_lines(built), *_study_lines(found), *(f"Report: {path}" for path in written["files"])]
    _print({"build": built, "study": found, "report": written}, lines, quiet, as_json)


def _build(releases: Path, dataset: Path, silent: bool) -> dict[str, Any]:
    from ofsight.dataset.build import build_dataset

    with _progress(silent) as tell:
        summary = build_dataset(
            releases, dataset, progress=lambda name, done, of: tell(f"Reading {name} ({done + 1} of {of})")
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

    with _progress(silent) as tell:
        return run_study(
            dataset,
            to,
            study=study,
            authority_table=authority_table,
            requirements_table=requirements_table,
            progress=lambda what: tell(f"Fitting {what}"),
        ).as_dict()


def _report(study: Path, to: Path, formats: list[str] | None, silent: bool) -> dict[str, Any]:
    from ofsight.report import write_report

    with _progress(silent) as tell:
        tell("Writing the report")
        return {"files": [str(path) for path in write_report(study, to, formats=formats or ("html",))]}


def _build_lines(summary: dict[str, Any]) -> list[str]:
    if summary["unchanged"]:
        return [
            f"Dataset: {summary['dataset']} is up to date with its {summary['n_files']} files; nothing to do."
        ]
    aside = ", ".join(f"{n:,} {reason}" for reason, n in summary["set_aside"].items())
    known = len(summary["passed_over"])
    recognised = [
        f"{item['release']}: {_place(item)}, {item['n_read']:,} rows" for item in summary["recognised"]
    ]
    passed: dict[str, dict[str, list[str]]] = {}
    for item in summary["passed_over"]:
        sheets = passed.setdefault(item["reason"], {}).setdefault(item["file"], [])
        sheets.extend([item["sheet"]] if item["sheet"] else [])
    return [
        *(["Synthetic releases: no number is about a real home."] if summary["synthetic"] else []),
        f"Dataset: {summary['dataset']}: {summary['tables']['inspections']:,} inspections of "
        f"{summary['tables']['homes']:,} homes from {summary['n_releases']} releases.",
        *_listed(recognised),
        f"  Rows: {summary['n_read']:,} read = {summary['n_kept']:,} kept + {summary['n_set_aside']:,} set "
        "aside" + (f" ({aside})." if aside else "."),
        f"  Passed over: {known:,} files or sheets. Findings: {summary['n_findings']}; see table 'findings'.",
        *_listed(
            [f"{_first_of(map(_sheets_of, files.items()))}: {_cut(why)}" for why, files in passed.items()]
        ),
    ]


def _place(item: dict[str, Any]) -> str:
    return f"{item['file']}, sheet {item['sheet']}" if item["sheet"] else str(item["file"])


def _sheets_of(entry: tuple[str, list[str]]) -> str:
    file, sheets = entry
    return f"{_cut(file)} ({_first_of(sheets)})" if sheets else _cut(file)


def _first_of(names: Iterable[str]) -> str:
    named = list(names)
    more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more


def _cut(text: str) -> str:
    return text if len(text) <= _WIDE else f"{text[: _WIDE - 3]}..."


def _listed(entries: list[str]) -> list[str]:
    """Indent the first entries of a list, and say how many more there are and where they stand."""
    more = len(entries) - _LISTED
    shown = [f"    {one_line(entry)}" for entry in entries[:_LISTED]]
    return [*shown, f"    and {more:,} more; --json lists all"] if more > 0 else shown


def _study_lines(summary: dict[str, Any]) -> list[str]:
    lines = [
        f"Study: {summary['to']}: {summary['n_inspections']:,} inspections of {summary['n_homes']:,} homes, "
        f"{summary['seconds']:.1f} s."
    ]
    for outcome, ratios in summary["odds_ratios"].items():
        cells = ", ".join(
            f"{sector.replace('_', ' ')} {ratio:.3f} ({low:.3f} to {high:.3f})"
            for sector, (ratio, low, high) in ratios.items()
            if ratio is not None and low is not None and high is not None
        )
        lines.append(f"  Odds of a higher grade against local authority, {outcome}: {cells}")
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in summary["verdicts"].items() if n)
    return [*lines, f"  Ledger: {verdicts}."] if verdicts else lines


def _print(summary: dict[str, Any], lines: list[str], quiet: bool, as_json: bool) -> None:
    if as_json:
        text = json.dumps(summary, indent=2, ensure_ascii=False, default=str)
        # A file name that is no UTF-8 holds half characters, which JSON may write as escapes only.
        typer.echo(text.encode("utf-8", "backslashreplace").decode("utf-8"))
    elif not quiet:
        typer.echo("\n".join(map(one_line, lines)))


@contextmanager
def _progress(silent: bool) -> Iterator[Callable[[str], None]]:
    """Show what is being done, on a terminal only."""
    if silent or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status("Starting") as status:
        # Not as a string: rich would read [brackets] in the name of a file as markup.
        yield lambda text: status.update(Text(one_line(text)))


def main() -> None:
    """Run the command line."""
    app()
