"""The page of owners: its figures are of holders, each home once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from profile_tables import dataset_of, listed

from ofsight.report.document import KeyFigures
from ofsight.web.queries.owners import all_owners
from ofsight.web.sources import Sources


def homes(n: int, owner: str, **cells: Any) -> list[dict[str, Any]]:
    one = {"owner": owner, "owner_id": owner.lower(), **cells}
    return [listed(f"{owner}-{k}", **one) for k in range(n)]


def test_a_groups_homes_are_counted_once() -> None:
    """One group of two owners (4 and 2 homes), eleven owners with a home each, a council with 3."""
    lists = [
        *homes(4, "North", owner_group="Both"),
        *homes(2, "South", owner_group="Both"),
        *(row for k in range(11) for row in homes(1, f"Alone{k}")),
        *homes(3, "council-bolton", sector="Local Authority"),
    ]
    sources = cast(Sources, SimpleNamespace(dataset=dataset_of(home_snapshots=lists), newest="today"))
    figures = next(block for block in all_owners(sources).body if isinstance(block, KeyFigures))
    shown = [figure.value for figure in figures.figures]
    # The ten largest are the group (6) and nine owners: 15 of 20 homes.
    assert shown == ["1", "11", "75%", "11"]
