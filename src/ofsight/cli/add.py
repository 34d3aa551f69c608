"""A shelf by hand: files that a user has already put there, taken back, looked through."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ofsight.cli.frame import JsonOption, QuietOption, app, show

ShelfOption = Annotated[Path, typer.Option("--to", help="Folder of the shelf; made where it is not there.")]


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(help="Official files that you have.", show_default=False)],
    to: ShelfOption = Path("releases"),
    source: Annotated[
        str | None,
        typer.Option("--source", help="Where they come from: an address, or in words. Asked for otherwise."),
    ] = None,
    published: Annotated[
        str | None, typer.Option("--published", help="The day of publication, as 2024-07-15.")
    ] = None,
    series: Annotated[
        str | None, typer.Option("--series", help="What it is, where it is not recognised (one file).")
    ] = None,
    period: Annotated[str | None, typer.Option("--period", help="What it speaks of: 2024-03-31.")] = None,
    publisher: Annotated[str | None, typer.Option("--publisher", help="Who published it.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="Its licence, as SPDX names it.")] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Put official files that you have on a shelf, with where they came from."""
    from ofsight.dataset.recognised import recognise_file
    from ofsight.releases.add import Provenance, add_files
    from ofsight.releases.shelf import Shelf

    asks = sys.stdin.isatty() and sys.stderr.isatty() and not (quiet or as_json)
    added = add_files(
        files,
        Shelf(to),
        Provenance(source, published, publisher, licence),
        recognise=recognise_file,
        series=series,
        period=period,
        ask=_ask if asks else None,
    )
    facts = [_facts(item) for item in added]
    show({"shelf": str(to), "added": facts}, [_line(fact) for fact in facts], quiet, as_json)


@app.command()
def withdraw(
    sha256: Annotated[str, typer.Argument(help="The file's hash, eight digits or more: its name.")],
    why: Annotated[str, typer.Option("--why", help="The reason, kept in the manifest.")],
    shelf: Annotated[Path, typer.Option("--from", help="Folder of the shelf.")] = Path("releases"),
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take a file of a shelf back: its bytes stay there, and no build takes them any more."""
    from ofsight.releases.shelf import Shelf

    lines = [line.as_dict() for line in Shelf(shelf).withdraw(sha256, why)]
    told = [f"Withdrawn: {line['series']} {line['period']}, {line['sha256'][:12]}: {why}" for line in lines]
    show({"withdrawn": lines}, told, quiet, as_json)


@app.command()
def verify(
    shelf: Annotated[Path, typer.Option("--from", help="Folder of the shelf.")] = Path("releases"),
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Look through every version on a shelf, whether its bytes are as they came.

    Exit code 0: they are. 3: a file is missing or damaged, and named.
    """
    from ofsight.releases.shelf import Shelf

    held = Shelf(shelf).held()
    faults = [{"file": fault.file, "problem": fault.problem} for fault in Shelf(shelf).verify()]
    lines = [f"{fault['problem']}: {fault['file']}" for fault in faults]
    n_files = len({line.file for line in held})
    lines.append(f"Shelf: {shelf}: files: {n_files:,}, faults: {len(faults):,}.")
    show({"shelf": str(shelf), "n_files": n_files, "faults": faults}, lines, quiet, as_json)
    if any(fault["problem"] != "unlisted" for fault in faults):
        raise typer.Exit(3)


def _ask(question: str, needed: bool) -> str:
    answer: str = typer.prompt(
        question, default=None if needed else "", show_default=False, prompt_suffix=" ", err=True
    )
    return answer


def _facts(added: Any) -> dict[str, Any]:
    return {
        "path": str(added.path),
        "status": added.status,
        "stands": added.stands,
        **added.held.as_dict(),
    }


def _line(fact: dict[str, Any]) -> str:
    what = {"new": "added", "changed": "added beside another version", "same bytes": "is there already"}
    stands = "" if fact["stands"] else "; another version, published later, is the one that builds take"
    return f"{fact['path']}: {fact['series']} {fact['period']}: {what[fact['status']]}{stands}."
