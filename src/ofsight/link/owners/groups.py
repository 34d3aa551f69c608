"""Owners -> groups of owners under one ultimate owner, by date; and companies that councils own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import polars as pl

from ofsight.errors import DefinitionError, UsageError
from ofsight.link.areas import Areas, load_areas
from ofsight.link.areas.read import rows_of
from ofsight.link.owners.aliases import shipped
from ofsight.link.owners.naming import compact, normalise_owner

__all__ = ["KINDS", "GroupRow", "OwnerGroups", "group_on", "load_owner_groups"]

KINDS = ("group", "council company")
"""``group``: owned by that group. ``council company``: a company or trust that councils own or set up."""

_COLUMNS = ("owner", "group", "kind", "authorities", "valid_from", "valid_until", "source")
_MATCHED = {
    "owner_id": pl.String,
    "group": pl.String,
    "council_company": pl.Boolean,
    "council_authorities": pl.String,
}


@dataclass(frozen=True)
class GroupRow:
    """One row of ``owner_groups.csv``.

    Attributes
    ----------
    owner : str
        Normal form of the owner, without the ``*``.
    any_ending : bool
        Whether the row stands for every owner whose name begins with these words (``keys *``).
    group : str
        Name of the group.
    kind : str
        One of `KINDS`.
    authorities : tuple of str
        For council companies, the authorities they deliver for.
    valid_from, valid_until : date or None
        First and last day; None is open. Where the day of a sale is not known, the first day on which a
        source attests the group.
    source : str
        Where this is from.
    """

    owner: str
    any_ending: bool
    group: str
    kind: str
    authorities: tuple[str, ...]
    valid_from: date | None
    valid_until: date | None
    source: str

    def covers(self, owner_id: str, on: date | None) -> bool:
        """Tell whether the row speaks of this owner on this day (without a day: on any)."""
        return self.names(owner_id) and (on is None or self.holds_on(on))

    def names(self, owner_id: str) -> bool:
        """Tell whether the row speaks of this owner, on whatever day."""
        form = owner_id.replace("-", " ")
        return form.startswith(f"{self.owner} ") if self.any_ending else compact(form) == compact(self.owner)

    def holds_on(self, on: date) -> bool:
        """Tell whether the row holds on this day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on <= self.valid_until
        )


class OwnerGroups:
    """All rows of ``owner_groups.csv``. Make one with `load_owner_groups`."""

    def __init__(self, rows: Iterable[GroupRow]) -> None:
        self.rows = tuple(rows)
        # A dataset asks for the same owner on many days; its name is held against the rows once.
        self._naming: dict[str, tuple[GroupRow, ...]] = {}

    def group_on(self, owner_id: str, on: date) -> str | None:
        """Give the group of an owner on a day.

        Parameters
        ----------
        owner_id : str
            As `ofsight.link.owners.link_owners` gives it.
        on : date
            The day.

        Returns
        -------
        str or None
            None where no row speaks of it: unknown, which is not the same as independent.
        """
        row = self._row(owner_id, on, "group")
        return row.group if row else None

    def council_company(self, owner_id: str, on: date) -> tuple[str, ...]:
        """Give the authorities that a council company delivers for; none if it is not one."""
        row = self._row(owner_id, on, "council company")
        return row.authorities if row else ()

    def match(self, owner_ids: pl.Series, on: date | pl.Series) -> pl.DataFrame:
        """Match a column of owner ids; nothing is dropped.

        Parameters
        ----------
        owner_ids : pl.Series
            Owner ids; null where there is no name.
        on : date or pl.Series of Date
            The day, or one per id.

        Returns
        -------
        pl.DataFrame
            One row per id, in order: ``owner_id``, ``group``, ``council_company`` (null without an id) and
            ``council_authorities`` (joined with ``"; "``). A council itself is no council company.
        """
        ids = owner_ids.to_list()
        days: list[date | None] = on.cast(pl.Date).to_list() if isinstance(on, pl.Series) else [on] * len(ids)
        if len(days) != len(ids):
            raise UsageError(
                f"{len(ids)} owners but {len(days)} days: give one day per owner, or one for all."
            )
        seen: dict[tuple[str | None, date | None], tuple[object, ...]] = {}
        for owner_id, day in set(zip(ids, days, strict=True)):
            if owner_id is None or day is None:
                seen[owner_id, day] = (owner_id, None, None, None)
                continue
            councils = self.council_company(owner_id, day)
            seen[owner_id, day] = (
                owner_id, self.group_on(owner_id, day), bool(councils), "; ".join(councils) or None,
            )  # fmt: skip
        return pl.DataFrame(
            [seen[pair] for pair in zip(ids, days, strict=True)], schema=_MATCHED, orient="row"
        )

    def _row(self, owner_id: str, on: date, kind: str) -> GroupRow | None:
        """Find the row with the longest name; an exact name before one with any ending."""
        if owner_id not in self._naming:
            self._naming[owner_id] = tuple(row for row in self.rows if row.names(owner_id))
        fitting = [row for row in self._naming[owner_id] if row.kind == kind and row.holds_on(on)]
        return max(fitting, key=lambda row: (not row.any_ending, len(row.owner)), default=None)


def load_owner_groups(file: Path | None = None, *, areas: Areas | None = None) -> OwnerGroups:
    """Load ``owner_groups.csv``.

    Parameters
    ----------
    file : Path, optional
        The CSV file; the shipped one (read once) without it.
    areas : Areas, optional
        The authorities that council companies may name.

    Raises
    ------
    DefinitionError
        A wrong layout, an unknown kind or authority, a row without source, a name not in normal form, or two
        rows that give one owner two groups on one day.
    """
    return _read(file, areas or load_areas()) if file else _load_shipped()


def group_on(owner_id: str, on: date) -> str | None:
    """Give the group of an owner on a day, from the shipped file (see `OwnerGroups.group_on`)."""
    return load_owner_groups().group_on(owner_id, on)


@lru_cache(maxsize=1)
def _load_shipped() -> OwnerGroups:
    return _read(shipped("owner_groups.csv"), load_areas())


def _read(file: Path, areas: Areas) -> OwnerGroups:
    rows: list[GroupRow] = []
    for line, cells in rows_of(file, _COLUMNS):
        row = _row_of(cells, file, line, areas)
        for other in rows:
            same = (other.owner, other.any_ending, other.kind) == (row.owner, row.any_ending, row.kind)
            if same and _overlap(other, row):
                raise DefinitionError(
                    f"{file}, row {line}: '{cells['owner']}' is in '{other.group}' and '{row.group}' on one "
                    "day. End one of them (valid_until) before the other begins (valid_from)."
                )
        rows.append(row)
    return OwnerGroups(rows)


def _row_of(cells: dict[str, str], file: Path, line: int, areas: Areas) -> GroupRow:
    where = f"{file}, row {line}"
    owner = cells["owner"].removesuffix(" *")
    if cells["kind"] not in KINDS:
        raise DefinitionError(f"{where}: kind is '{cells['kind']}', not one of {', '.join(KINDS)}.")
    if not owner or normalise_owner(owner) != owner:
        raise DefinitionError(
            f"{where}: '{owner}' is not a normal form. Write '{normalise_owner(owner)}', "
            "with ' *' for any ending."
        )
    if not cells["group"] or not cells["source"]:
        raise DefinitionError(f"{where}: group and source must be given.")
    authorities = tuple(part.strip() for part in cells["authorities"].split(";") if part.strip())
    if bool(authorities) != (cells["kind"] == "council company"):
        raise DefinitionError(f"{where}: a council company, and nothing else, names its authorities.")
    for name in authorities:
        if (found := areas.recognise(name)) is None or found.name != name:
            raise DefinitionError(f"{where}: '{name}' is not the canonical name of an authority.")
    try:
        days = [
            date.fromisoformat(text) if text else None for text in (cells["valid_from"], cells["valid_until"])
        ]
    except ValueError:
        raise DefinitionError(
            f"{where}: '{cells['valid_from']}' or '{cells['valid_until']}' is not a date. Write YYYY-MM-DD."
        ) from None
    any_ending = cells["owner"].endswith(" *")
    return GroupRow(
        owner, any_ending, cells["group"], cells["kind"], authorities, days[0], days[1], cells["source"]
    )


def _overlap(one: GroupRow, other: GroupRow) -> bool:
    begins = max(one.valid_from or date.min, other.valid_from or date.min)
    return begins <= min(one.valid_until or date.max, other.valid_until or date.max)
