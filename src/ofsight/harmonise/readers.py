"""The reader of each kind of series: a recognised table goes in, records come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ofsight.harmonise.authority_inspections import (
    harmonise_authority_blocks,
    harmonise_authority_inspections,
)
from ofsight.harmonise.control_totals import harmonise_control_totals
from ofsight.harmonise.geography import harmonise_lookup, harmonise_neighbours
from ofsight.harmonise.movements import harmonise_closures, harmonise_movements
from ofsight.harmonise.recognise import PassedOver, Recognised
from ofsight.harmonise.rows import HarmonisedTable
from ofsight.harmonise.series import harmonise_table
from ofsight.harmonise.statistics import harmonise_statistics

__all__ = ["SPINE", "harmonise"]

# The kinds of series without which there is no dataset: they hold inspections.
SPINE: Final = ("list", "in year")

_READERS: Final[Mapping[str, Callable[[Recognised], HarmonisedTable | PassedOver]]] = {
    "list": harmonise_table,
    "in year": harmonise_table,
    "places": harmonise_table,
    "movements": harmonise_movements,
    "closures": harmonise_closures,
    "authority inspections": harmonise_authority_inspections,
    "authority history": harmonise_authority_blocks,
    "control totals": harmonise_control_totals,
    "long statistics": harmonise_statistics,
    "wide statistics": harmonise_statistics,
    "neighbours": harmonise_neighbours,
    "lookup": harmonise_lookup,
}


def harmonise(found: Recognised) -> HarmonisedTable | PassedOver:
    """Read a recognised table with the reader of its kind.

    Raises
    ------
    ReleaseError
        When the table cannot be used.
    """
    return _READERS[found.candidates[0].reads](found)
