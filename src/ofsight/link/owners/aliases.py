"""Reads the CSV files about owners that people edit."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from ofsight.errors import DefinitionError

__all__ = ["load_aliases", "rows_of", "shipped"]


def load_aliases(file: Path | None = None) -> dict[str, str]:
    """Read ``owner_aliases.csv``: published name to owner name.

    An alias is for what no rule can know: that two different names are one organisation. Each has its source.

    Parameters
    ----------
    file : Path, optional
        The CSV file; the shipped one without it.

    Raises
    ------
    DefinitionError
        A wrong layout, an alias without owner or source, or a name with two owners.
    """
    return dict(_aliases(file or shipped("owner_aliases.csv")))


@lru_cache(maxsize=8)
def _aliases(file: Path) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for line, row in rows_of(file, ("published", "owner", "source")):
        if not all(row.values()):
            raise DefinitionError(f"{file}, row {line}: published, owner and source must all be given.")
        if row["published"] in found:
            raise DefinitionError(f"{file}, row {line}: '{row['published']}' is given a second time.")
        found[row["published"]] = row["owner"]
    return tuple(found.items())


def shipped(name: str) -> Path:
    """Give the path of a CSV file in ``definitions/codes``."""
    return Path(str(files("ofsight.definitions"))) / "codes" / name


def rows_of(file: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (row number from 1, row) of a CSV file that has exactly these columns.

    Raises
    ------
    DefinitionError
        The file cannot be read, or has other columns, or a row has another number of cells.
    """
    try:
        handle = file.open(encoding="utf-8", newline="")
    except OSError as error:
        raise DefinitionError(f"{file} cannot be read: {error.strerror}.") from error
    with handle:
        reader = csv.DictReader(handle)
        if reader.fieldnames is None or tuple(reader.fieldnames) != columns:
            raise DefinitionError(f"{file}: the columns are {reader.fieldnames}, expected {list(columns)}.")
        for row in reader:
            if None in row or None in row.values():
                raise DefinitionError(f"{file}, row {reader.line_num}: not {len(columns)} cells.")
            yield reader.line_num, {column: value.strip() for column, value in row.items()}
