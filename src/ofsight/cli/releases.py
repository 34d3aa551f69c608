"""The publishers' files: fetch them, list them, watch them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ofsight.cli.frame import JsonOption, QuietOption, app, show, show_progress
from ofsight.cli.release_lines import fetch_lines, listing_lines, reports_lines, watch_lines

if TYPE_CHECKING:
    from ofsight.releases.outcomes import FetchSummary

__all__ = ["CHANGED", "FAILED", "fetch_all", "show_files"]

# What `ofsight watch` leaves with; 0 is that nothing changed. A fault has precedence over a change, and is
# told in the same way by `fetch` and `releases`.
CHANGED = 10
FAILED = 3

SeriesArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Publications or series, as `ofsight releases` lists them. Default: all."),
]
ShelfOption = Annotated[Path, typer.Option("--to", help="The shelf: where official files are kept.")]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", help="Leave out editions that speak of a time before: 2014, 2014-04-01."),
]


@app.command()
def fetch(
    series: SeriesArgument = None,
    since: SinceOption = None,
    to: ShelfOption = Path("releases"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask what there is, and fetch nothing.")] = False,
    dataset: Annotated[
        Path | None,
        typer.Option("--dataset", help="For inspection-reports: the dataset whose homes are meant."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", help="For inspection-reports: ask for no more homes than these.")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Get the official files from their publishers; those that are held and unchanged are left alone.

    Exit code 0: all is there. 3: something failed and is named; the rest came.
    """
    if series == ["inspection-reports"]:
        _fetch_reports(to, dataset, limit, quiet, as_json)
        return
    summary = fetch_all(to, series or (), since, dry_run=dry_run, silent=quiet or as_json)
    show(summary.as_dict(), fetch_lines(summary.as_dict()), quiet, as_json)
    if summary.failed:
        raise typer.Exit(FAILED)


@app.command()
def releases(
    series: SeriesArgument = None,
    since: SinceOption = None,
    to: ShelfOption = Path("releases"),
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask nobody: compare the shelf with the catalogue alone.")
    ] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """List what is published, and what of it is held, missing, or held in an older version.

    Exit code 0: every publisher asked has answered. 3: something could not be asked for and is named.
    """
    from ofsight.releases.listing import list_releases

    with show_progress(quiet or as_json) as tell:
        tell("Asking the publishers" if not offline else "Reading the shelf")
        listing = list_releases(series or (), shelf=to, since=since, ask=not offline).as_dict()
    show(listing, listing_lines(listing), quiet, as_json)
    if listing["counts"].get("failed"):
        raise typer.Exit(FAILED)


@app.command()
def watch(
    dataset: Annotated[
        Path, typer.Option("--dataset", help="Folder of the dataset that is kept up to date.")
    ],
    feed: Annotated[Path, typer.Option("--feed", help="Folder for the feed: changes.atom and changes.json.")],
    series: SeriesArgument = None,
    since: SinceOption = None,
    to: ShelfOption = Path("releases"),
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch, build anew, and tell in a feed what changed. For cron.

    Exit code 0: nothing changed. 10: something did. 3: something failed, whatever else changed.
    """
    from ofsight.watch import watch as watch_publishers

    with show_files(quiet or as_json) as tell:
        summary = watch_publishers(
            shelf=to, dataset=dataset, feed=feed, series=series or (), since=since, progress=tell
        )
    show(summary.as_dict(), watch_lines(summary.as_dict()), quiet, as_json)
    if summary.fetched.failed:
        raise typer.Exit(FAILED)
    if summary.changed:
        raise typer.Exit(CHANGED)


def fetch_all(
    to: Path,
    series: Sequence[str] = (),
    since: str | None = None,
    *,
    dry_run: bool = False,
    silent: bool = False,
) -> FetchSummary:
    """Fetch with its progress shown; return the summary."""
    from ofsight.releases.fetch import fetch as fetch_releases

    with show_files(silent) as tell:
        return fetch_releases(series, to=to, since=since, dry_run=dry_run, progress=tell)


def _fetch_reports(to: Path, dataset: Path | None, limit: int | None, quiet: bool, as_json: bool) -> None:
    from ofsight.dataset.store import open_dataset
    from ofsight.errors import UsageError
    from ofsight.releases.ofsted_reports import fetch_reports

    if dataset is None:
        raise UsageError("Reports are fetched for the homes of a dataset only: name it with --dataset.")
    urns = open_dataset(dataset).homes.sort("last_inspected_on", descending=True)["urn"].to_list()
    with show_progress(quiet or as_json) as tell:
        found = fetch_reports(
            urns,
            to,
            limit=limit,
            progress=lambda urn, done, of: tell(f"Asking for the reports of {urn} ({done + 1:,} of {of:,})"),
        ).as_dict()
    show(found, reports_lines(found), quiet, as_json)
    if found["stopped"] or found["failed"]:
        raise typer.Exit(FAILED)


@contextmanager
def show_files(silent: bool) -> Iterator[Callable[[Any], None] | None]:
    """Show how far all files are, and how far the one of each publisher is; on a terminal only."""
    if silent or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

    from ofsight.errors import one_line

    total = Progress(
        TextColumn("All files"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    # Names come from publishers: shown as they are, never read as markup.
    each = Progress(TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    rows: dict[str, TaskID] = {}
    with Live(Group(total, each), console=Console(stderr=True), transient=True, refresh_per_second=5):
        whole = total.add_task("All files", total=None)

        def tell(step: Any) -> None:
            total.update(whole, completed=step.done, total=step.of or None)
            said = one_line(f"{step.publisher}: {step.what}")[:80]
            row = rows.get(step.publisher)
            if row is None or each.tasks[each.task_ids.index(row)].description != said:
                # A row of its own for each file: a total, once known, cannot be taken back.
                if row is not None:
                    each.remove_task(row)
                row = rows[step.publisher] = each.add_task(said, total=None)
            each.update(row, completed=step.received or 0, total=step.size)

        yield tell
