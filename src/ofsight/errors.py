"""Everything that can go wrong, in one tree.

::

    OfsightError                  exit 1   base of all errors raised on purpose
    ├── UsageError                exit 2   an argument that cannot be meant
    ├── ReleaseError              exit 3   an official file that cannot be used as it is
    ├── DatasetError              exit 4   a dataset that is missing, damaged or does not add up
    ├── DefinitionError           exit 5   a definition (YAML, CSV) that breaks its schema
    └── ModelError                exit 6   a model that cannot be fitted to these data

A message says what is wrong, where it is, what would be allowed, and what to do next.
The command line prints it without a traceback and leaves with the exit code.
"""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "DatasetError",
    "DefinitionError",
    "ModelError",
    "OfsightError",
    "ReleaseError",
    "UsageError",
    "one_line",
]


def one_line(text: str) -> str:
    r"""Return a text on one line, what cannot be printed shown escaped: names of files hold anything.

    >>> print(one_line("list\n2019.csv"))
    list\n2019.csv
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


class OfsightError(Exception):
    """Base of every error that ofsight raises on purpose."""

    exit_code = 1


class UsageError(OfsightError):
    """An argument that cannot be meant: an unknown name, a folder that is not there."""

    exit_code = 2


class ReleaseError(OfsightError):
    """An official file that cannot be used as it is.

    Parameters
    ----------
    problem : str
        What is wrong, as one sentence.
    file : Path or str, optional
        The file.
    sheet : str, optional
        The sheet of a workbook.
    row : int, optional
        The row as a spreadsheet program numbers it, from 1.
    hint : str, optional
        What is allowed or what to do next.
    """

    exit_code = 3

    def __init__(
        self,
        problem: str,
        *,
        file: Path | str | None = None,
        sheet: str | None = None,
        row: int | None = None,
        hint: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = None if file is None else str(file)
        self.sheet = sheet
        self.row = row
        self.hint = hint
        where = ", ".join(
            part
            for part in (
                self.file,
                f"sheet '{sheet}'" if sheet else None,
                f"row {row}" if row is not None else None,
            )
            if part
        )
        message = f"{where}: {problem}" if where else problem
        super().__init__(f"{message} {hint}" if hint else message)


class DatasetError(OfsightError):
    """A dataset that is missing, damaged, or does not add up."""

    exit_code = 4


class DefinitionError(OfsightError):
    """A definition file (YAML or CSV) that breaks its schema."""

    exit_code = 5


class ModelError(OfsightError, ValueError):
    """A model that cannot be fitted to the data it was given."""

    exit_code = 6
