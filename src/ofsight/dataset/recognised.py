"""Which tables of known series a file holds: asked before it is put on a shelf."""

from __future__ import annotations

from pathlib import Path

from ofsight.harmonise.readers import harmonise
from ofsight.harmonise.recognise import PassedOver, recognise
from ofsight.harmonise.spreadsheets import SPREADSHEET_SUFFIXES, read_tables
from ofsight.releases.add import Recognised

__all__ = ["recognise_file"]


def recognise_file(path: Path) -> tuple[Recognised, ...]:
    """Return the tables of known series in a spreadsheet; none in any other file.

    Raises
    ------
    ReleaseError
        When the file is damaged, or is plainly meant to be a series and lacks a needed column.
    """
    if path.suffix.lower() not in SPREADSHEET_SUFFIXES:
        return ()
    found = []
    for table in read_tables(path):
        known = recognise(table)
        read = known if isinstance(known, PassedOver) else harmonise(known)
        if not isinstance(read, PassedOver):
            found.append(Recognised(read.series.id, read.period.label, read.period.end))
    return tuple(found)
