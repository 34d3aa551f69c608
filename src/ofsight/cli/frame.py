"""What all commands share: the group that turns errors into one message, options, progress, printing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ofsight import __version__
from ofsight.errors import OfsightError, one_line

__all__ = [
    "app",
    "DatasetOption",
    "FormatOption",
    "JsonOption",
    "QuietOption",
    "ReleasesOption",
    "StudyOption",
    "show",
    "show_progress",
]


# As the work goes, for whoever reads --help: everything at once, then step by step. A new command comes last.
_ORDER = (
    *("demo", "run", "fetch", "releases", "watch", "add", "withdraw", "verify"),
    *("build", "study", "specifications", "report", "plan", "serve", "freeze"),
    *("reports", "export", "changes"),
)


class _Group(TyperGroup):
    """Commands whose errors are one message and an exit code, never a traceback."""

    def list_commands(self, ctx: Any) -> list[str]:
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OfsightError as error:
            _complain(str(error))
            raise typer.Exit(error.exit_code) from None
        except BrokenPipeError:
            # Whoever read our output has enough of it (`ofsight ... | head`): nothing to complain of.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from None
        except (PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError) as error:
            _complain(f"{error.filename}: {error.strerror}. Check the path and its rights.")
            raise typer.Exit(2) from None
        except OSError as error:
            _complain(f"{error.strerror or error} ({error.filename or 'no file named'}).")
            raise typer.Exit(1) from None
        except BaseException as error:
            if str(error) == "Query interrupted" or "KeyboardInterrupt" in str(error):
                raise KeyboardInterrupt from None  # DuckDB and polars tell Ctrl-C as a failure of their own
            raise


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


def show(summary: dict[str, Any], lines: list[str], quiet: bool, as_json: bool) -> None:
    """Print a command's summary: lines for people, JSON for scripts, or nothing."""
    if as_json:
        text = json.dumps(summary, indent=2, ensure_ascii=False, default=str)
        # A file name that is no UTF-8 holds half characters, which JSON may write as escapes only.
        typer.echo(text.encode("utf-8", "backslashreplace").decode("utf-8"))
    elif not quiet:
        typer.echo("\n".join(map(one_line, lines)))


@contextmanager
def show_progress(silent: bool) -> Iterator[Callable[[str], None]]:
    """Show what is being done, on a terminal only."""
    if silent or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status("Starting") as status:
        # Not as a string: rich would read [brackets] in the name of a file as markup.
        yield lambda text: status.update(Text(one_line(text)))
