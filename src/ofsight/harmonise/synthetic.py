"""Releases that say of themselves that they are invented, whatever folder they lie in."""

from __future__ import annotations

import re
from typing import Final

from ofsight.harmonise.findings import Finding
from ofsight.harmonise.recognise import Recognised
from ofsight.harmonise.rows import notice

__all__ = ["SAYS_SYNTHETIC", "notice_synthetic"]

SAYS_SYNTHETIC: Final = "says-synthetic"
_WORD: Final = re.compile(r"(?<![a-z])synthetic(?![a-z])", re.IGNORECASE)
_CAPITALS: Final = re.compile(r"\bSYNTHETIC\b")
_ROWS_TO_TELL_BY: Final = 3


def notice_synthetic(found: Recognised) -> list[Finding]:
    """Return a finding where a table says SYNTHETIC: its file's or sheet's name, its title, a link cell.

    Of the cells below the headings only columns that are not read count, and only in capitals: an owner may
    have such a name.
    """
    table = found.table
    above = [cell for row in table.rows[: found.heading_row] for cell in row]
    read = set(found.positions.values())
    first = table.rows[found.heading_row + 1 : found.heading_row + 1 + _ROWS_TO_TELL_BY]
    links = [cell for row in first for position, cell in enumerate(row) if position not in read]
    if any(map(_WORD.search, [table.file.stem, table.sheet or "", *above])) or any(
        map(_CAPITALS.search, links)
    ):
        return [notice(found, SAYS_SYNTHETIC, "the table says of itself that it is synthetic")]
    return []
