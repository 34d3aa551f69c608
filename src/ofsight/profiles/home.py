"""One home by its registration number: its inspections, its lists, and where each row comes from.

Never a name or an address: the smallest place shown is the local authority.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.errors import UsageError
from ofsight.profiles.everywhere import Slices
from ofsight.profiles.homes_open import group_slug
from ofsight.profiles.kept import keep
from ofsight.vocabulary import Domain

__all__ = ["Home", "find_home"]

_URN: Final = re.compile(r"(?:SC)?\d{1,10}", re.IGNORECASE)

TIMELINE: Final = (
    "inspected_on", "inspection_type", "framework",
    *(name for domain in Domain for name in (domain.value, f"{domain.value}_as_published")),
    "effectiveness", "published_on", "event_number", "sector", "sector_as_published", "provision_type",
    "places",
    "owner_id", "owner", "authority", "revised", "n_records", "release", "sheet", "row", "setting_release",
    "setting_sheet", "setting_row",
)  # fmt: skip
STANDINGS: Final = (
    "listed_on", "sector", "sector_as_published", "provision_type", "provision_type_as_published", "places",
    "short_breaks_only", "registered_on", "registration_status", "owner_id", "owner", "owner_group",
    "group_id", "council_company", "authority", "area_code", "region", "release", "sheet", "row",
)  # fmt: skip
_CHANGES: Final = (
    ("sector", "Sector"),
    ("owner_id", "Owner"),
    ("owner_group", "Group"),
    ("places", "Registered places"),
    ("provision_type", "Kind of home"),
    ("registration_status", "Registration"),
    ("authority", "Local authority"),
)


@dataclass(frozen=True)
class Home:
    """What the dataset knows of one home.

    Attributes
    ----------
    urn : str
        Ofsted's registration number.
    now : dict
        As last described: ``sector``, ``provision_type``, ``places``, ``registered_on``, ``authority``,
        ``region``, ``owner_id``, ``owner``, ``owner_group``, ``group_id``, ``registration_status``,
        ``first_listed_on``, ``last_listed_on``, ``closed_on``, ``closure_status``, ``is_open`` (on the newest
        list), ``described_on``, ``short_breaks_only`` (by the last list that holds it; None where that list
        does not say).
    timeline : pl.DataFrame
        One row per inspection, newest first: every judgement as harmonised and ``..._as_published``, with the
        row of the release that says it and the row that describes the home (``setting_...``).
    standings : pl.DataFrame
        One row per list that holds the home, oldest first: sector, places, owner, group and authority, with
        the row of the release.
    changes : pl.DataFrame
        What differs between one list and the next: ``on``, ``what``, ``before``, ``after``.
    revisions : pl.DataFrame
        What a newer release says otherwise of an inspection: ``inspected_on``, ``column``, ``old_value``,
        ``new_value``, ``old_release``, ``new_release``.
    movements : pl.DataFrame
        When it joined or left the register, as published: ``kind``, ``on``, ``status``,
        ``status_as_published``, ``reason``, ``release``, ``sheet``, ``row``.
    reregistrations : pl.DataFrame
        Numbers that may be the same home registered anew: proposals, nothing is merged.
    """

    urn: str
    now: dict[str, object]
    timeline: pl.DataFrame
    standings: pl.DataFrame
    changes: pl.DataFrame
    revisions: pl.DataFrame
    movements: pl.DataFrame
    reregistrations: pl.DataFrame


def find_home(dataset: Dataset, urn: str) -> Home:
    """Find a home by its registration number.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    urn : str
        ``SC123456`` or ``1234567``; case and spaces around do not count.

    Raises
    ------
    UsageError
        No such number in the dataset.
    """
    asked = str(urn).strip().upper()
    rows = keep(dataset, "homes_by_urn", lambda: _index(dataset.homes))
    if not _URN.fullmatch(asked) or asked not in rows:
        shown = asked if len(asked) <= 20 else f"{asked[:20]}..."
        raise UsageError(
            f"No children's home with the number '{shown}'. Give Ofsted's registration number (URN), as "
            "SC123456 or 1234567."
        )
    record = dataset.homes.row(rows[asked][0], named=True)
    tables = keep(dataset, "tables of homes", lambda: _tables(dataset))
    standings = tables["home_snapshots"].of(asked)
    return Home(
        asked,
        _now(dataset, record) | {"short_breaks_only": standings["short_breaks_only"].last()},
        tables["inspections"].of(asked),
        standings,
        _changes(standings),
        tables["revisions"].of(asked),
        tables["movements"].of(asked),
        _proposals(dataset, asked),
    )


def _tables(dataset: Dataset) -> dict[str, Slices]:
    """Return what a home's answer holds of each table, of all homes: one home is looked up, not asked for."""
    lists = dataset.home_snapshots
    names = lists["owner_group"].drop_nulls().unique().to_list()
    groups = pl.DataFrame(
        {"owner_group": names, "group_id": [group_slug(name) for name in names]},
        schema={"owner_group": pl.String, "group_id": pl.String},
    )
    standings = lists.sort("listed_on", maintain_order=True).join(
        groups, on="owner_group", how="left", maintain_order="left"
    )
    found = {
        "home_snapshots": standings.with_columns(region=pl.col("standard_region")).select("urn", *STANDINGS),
        "inspections": dataset.inspections.sort("inspected_on", descending=True, maintain_order=True).select(
            "urn", *TIMELINE
        ),
        "revisions": dataset.revisions.sort("inspected_on", "column", maintain_order=True).select(
            "urn", "inspected_on", "column", "old_value", "new_value", "old_release", "new_release"
        ),
        "movements": dataset.movements.sort("on", nulls_last=True, maintain_order=True).select(
            "urn", "kind", "on", "status", "status_as_published", "reason", "release", "sheet", "row"
        ),
    }
    return {name: Slices.by(rows, "urn", drop=True) for name, rows in found.items()}


def _now(dataset: Dataset, record: dict[str, object]) -> dict[str, object]:
    names = (
        "sector", "provision_type", "places", "registered_on", "authority", "owner_id", "owner",
        "owner_group",
        "registration_status", "first_listed_on", "last_listed_on", "closed_on", "closure_status",
        "described_on",
    )  # fmt: skip
    newest = dataset.home_snapshots["listed_on"].max()
    group = record["owner_group"]
    return {
        **{name: record[name] for name in names},
        "region": record["standard_region"],
        "group_id": group_slug(group) if isinstance(group, str) else None,
        "is_open": isinstance(newest, date) and record["last_listed_on"] == newest,
    }


def _changes(standings: pl.DataFrame) -> pl.DataFrame:
    """Say what differs from one list to the next; a cell that one of the two does not print is no change."""
    rows: list[tuple[date, str, str, str]] = []
    known: dict[str, object] = {}
    for row in standings.iter_rows(named=True):
        for name, label in _CHANGES:
            value = row[name]
            if value is None:
                continue
            if name in known and known[name] != value:
                before = known.get(f"{name} shown")
                rows.append((row["listed_on"], label, str(before), _shown(row, name)))
            known[name] = value
            known[f"{name} shown"] = _shown(row, name)
    schema = {"on": pl.Date, "what": pl.String, "before": pl.String, "after": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _shown(row: dict[str, object], name: str) -> str:
    """Return a value for people: of an owner its name, not its id."""
    return str(row["owner"] if name == "owner_id" and row["owner"] is not None else row[name])


def _proposals(dataset: Dataset, urn: str) -> pl.DataFrame:
    """Return the re-registrations that one of two numbers is this home's."""
    table = dataset.reregistrations
    numbers = [name for name in table.columns if "urn" in name]
    named = keep(dataset, "urns of proposals", lambda: {urn for name in numbers for urn in table[name]})
    if urn not in named:
        return table.clear()
    return table.filter(pl.any_horizontal(pl.col(name) == urn for name in numbers))


def _index(table: pl.DataFrame) -> dict[str, list[int]]:
    """Return the rows of each home in a table."""
    rows: dict[str, list[int]] = {}
    for number, urn in enumerate(table["urn"].to_list()):
        if urn is not None:
            rows.setdefault(urn, []).append(number)
    return rows
