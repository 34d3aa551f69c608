"""Aliases of owners: what no rule can know, as rows that people edit."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from ofsight.errors import DefinitionError
from ofsight.link.areas.read import rows_of

__all__ = ["load_aliases", "shipped"]


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
