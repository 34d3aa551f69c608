"""Homes and registered places of an area over time, and homes that opened and closed.

Registered places are not vacancies: what a home may hold, not what is free.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.profiles.area import Area
from ofsight.profiles.everywhere import AREA, answer_everywhere
from ofsight.profiles.homes_open import UNLINKED, open_homes, snapshot_dates
from ofsight.profiles.kept import keep
from ofsight.vocabulary import Sector

__all__ = [
    "ALL_SECTORS",
    "SECTORS",
    "count_openings",
    "dated_homes",
    "homes_by_authority",
    "homes_over_time",
    "openings_closures",
]

ALL_SECTORS: Final = "All"
SECTORS: Final = (*(sector.value for sector in Sector), ALL_SECTORS)
"""The sectors in their order, all together last."""

_COUNTS: Final = ("n_homes", "n_places", "n_without_places", "n_unlinked")
_CANCELLED: Final = "Cancelled"


def homes_over_time(dataset: Dataset, area: Area | None = None) -> pl.DataFrame:
    """Count homes and registered places by sector on the date of every list.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    area : Area, optional
        England without it. Authorities of the past count where the same area is made of them; lists from
        before the area was one (`ofsight.profiles.area.begins_on`) are left out.

    Returns
    -------
    pl.DataFrame
        One row per list and sector (with ``All``), zeros too: ``listed_on``, ``sector``, ``n_homes``,
        ``n_places`` (null where the list prints no places), ``n_without_places`` (homes without a number),
        ``n_unlinked`` (homes whose owner is not printed), ``share_of_homes``, ``share_of_places`` (0 to 1, of
        all sectors; null of nothing).

    Notes
    -----
    Source: Ofsted, provider level as at a date, and providers and places. A list of the time may hold
    inspected homes only (September 2014 to 2020): the dataset adds those that the list of places names.
    """
    cube = keep(dataset, "supply_cube", lambda: _cube(dataset))
    dates = snapshot_dates(dataset)
    return answer_everywhere(
        dataset, area, cube, lambda rows, areas: _count_over_time(rows, areas, dates), "homes_over_time"
    )


def homes_by_authority(dataset: Dataset) -> set[tuple[date, str]]:
    """Return every date of a list with every authority that has a home on it."""
    cube = keep(dataset, "supply_cube", lambda: _cube(dataset))
    return set(cube.select("listed_on", "authority").iter_rows())


def _count_over_time(cube: pl.DataFrame, areas: pl.DataFrame, dates: tuple[date, ...]) -> pl.DataFrame:
    """Add up counted homes by area, date and sector, with shares."""
    sums = [pl.col(name).sum() for name in _COUNTS]
    parts = cube.group_by(AREA, "listed_on", "sector").agg(sums)
    total = cube.group_by(AREA, "listed_on").agg(sums).with_columns(sector=pl.lit(ALL_SECTORS))
    grid = pl.DataFrame(
        [(day, sector) for day in dates for sector in SECTORS],
        schema={"listed_on": pl.Date, "sector": pl.String},
        orient="row",
    )
    counted = (
        areas.join(grid, how="cross")
        .filter(pl.col("begins").is_null() | (pl.col("listed_on") >= pl.col("begins")))
        .drop("begins")
        .join(
            pl.concat([parts, total.select(parts.columns)]),
            on=[AREA, "listed_on", "sector"],
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col(name).fill_null(0) for name in _COUNTS)
    )
    # No number at all where no home of the list has one; an area without a home has no place, and that is 0.
    unknown = (pl.col("n_homes") > 0) & (pl.col("n_without_places") == pl.col("n_homes"))
    counted = counted.with_columns(n_places=pl.when(~unknown).then("n_places"))
    of_all = counted.filter(pl.col("sector") == ALL_SECTORS).select(
        AREA, "listed_on", all_homes="n_homes", all_places="n_places"
    )
    return (
        counted.join(of_all, on=[AREA, "listed_on"], how="left", maintain_order="left")
        .with_columns(
            share_of_homes=pl.when(pl.col("all_homes") > 0).then(pl.col("n_homes") / pl.col("all_homes")),
            share_of_places=pl.when(pl.col("all_places") > 0).then(pl.col("n_places") / pl.col("all_places")),
        )
        .drop("all_homes", "all_places")
    )


def openings_closures(dataset: Dataset, area: Area | None = None) -> pl.DataFrame:
    """Count homes that were registered and homes that left the register, by year to 31 March and sector.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    area : Area, optional
        England without it. A home counts where it was last listed.

    Returns
    -------
    pl.DataFrame
        One row per year and sector (with ``All``): ``year`` (2024: April 2023 to March 2024), ``sector``,
        ``n_opened``, ``places_opened``, ``n_closed``, ``places_closed``, ``n_cancelled`` (of the closed,
        those whose registration Ofsted cancelled). Null in years before the releases know it: openings from
        the first list of joiners, closures from the first list of homes.

    Notes
    -----
    A home sold to another company may be closed under one number and opened under another on the next day
    (table ``reregistrations`` proposes such pairs): openings and closures hold such changes, too. Places are
    those last listed. Source: Ofsted, lists of homes, joiners and leavers, closed homes.
    """
    homes = keep(dataset, "opened_closed", lambda: dated_homes(dataset))
    return answer_everywhere(
        dataset,
        area,
        homes,
        lambda rows, areas: count_openings(dataset, rows, areas),
        "openings_closures",
    )


def count_openings(dataset: Dataset, homes: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    """Count the openings and closures of many areas, or owners, at once.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    homes, areas : DataFrame
        As an `ofsight.profiles.everywhere.Ask` takes them: rows of `dated_homes`, and whose they are.
    """
    dates = snapshot_dates(dataset)
    if not dates:
        return pl.DataFrame(schema={AREA: pl.String, **_OPENINGS})
    first_closed, last = _year_to(dates[0]) + 1, _year_to(dates[-1])
    first_opened = keep(dataset, "first_joiners", lambda: _first_joiners(dataset)) or last
    homes = homes.with_columns(
        opened=_year_ending(pl.col("registered_on")), closed=_year_ending(pl.col("closed_on"))
    )
    opened = _by_sector(homes, "opened", n_opened=pl.len(), places_opened=pl.col("places").sum())
    closed = _by_sector(
        homes,
        "closed",
        n_closed=pl.len(),
        places_closed=pl.col("places").sum(),
        n_cancelled=(pl.col("closure_status") == _CANCELLED).sum(),
    )
    grid = pl.DataFrame(
        [(y, s) for y in range(min(first_closed, first_opened), last + 1) for s in SECTORS],
        schema={"year": pl.Int32, "sector": pl.String},
        orient="row",
    )
    # The year in which an area began is not whole.
    begun = _year_ending(pl.col("begins").dt.offset_by("-1d"))
    key = [AREA, "year", "sector"]
    joined = (
        areas.join(grid, how="cross")
        .filter(pl.col("begins").is_null() | (pl.col("year") > begun))
        .join(opened, on=key, how="left", maintain_order="left")
        .join(closed, on=key, how="left", maintain_order="left")
    )
    return joined.select(
        *key,
        *(
            pl.when(pl.col("year") >= first).then(pl.col(name).fill_null(0).cast(pl.Int64)).alias(name)
            for name, first in (
                ("n_opened", first_opened),
                ("places_opened", first_opened),
                ("n_closed", first_closed),
                ("places_closed", first_closed),
                ("n_cancelled", first_closed),
            )
        ),
    )


_OPENINGS: Final = {
    "year": pl.Int32,
    "sector": pl.String,
    "n_opened": pl.Int64,
    "places_opened": pl.Int64,
    "n_closed": pl.Int64,
    "places_closed": pl.Int64,
    "n_cancelled": pl.Int64,
}


def _cube(dataset: Dataset) -> pl.DataFrame:
    """Count homes by list, authority and sector, once."""
    frames = [open_homes(dataset, on=day) for day in snapshot_dates(dataset)]
    if not frames:
        text = {"authority": pl.String, "sector": pl.String}
        return pl.DataFrame(schema={"listed_on": pl.Date, **text, **dict.fromkeys(_COUNTS, pl.Int64)})
    return (
        pl.concat(
            [frame.select("listed_on", "authority", "sector", "places", "link_status") for frame in frames]
        )
        .group_by("listed_on", "authority", pl.col("sector").cast(pl.String))
        .agg(
            n_homes=pl.len().cast(pl.Int64),
            n_places=pl.col("places").sum().cast(pl.Int64),
            n_without_places=pl.col("places").is_null().sum().cast(pl.Int64),
            n_unlinked=(pl.col("link_status") == UNLINKED).sum().cast(pl.Int64),
        )
    )


def dated_homes(dataset: Dataset) -> pl.DataFrame:
    """Return every home with its days of registration and of closing, as `count_openings` takes them."""
    return dataset.homes.select(
        "urn",
        "authority",
        "owner_id",
        "owner_group",
        pl.col("sector").cast(pl.String),
        "places",
        "registered_on",
        "closed_on",
        "closure_status",
    )


def _first_joiners(dataset: Dataset) -> int | None:
    joined = dataset.movements.filter(pl.col("kind") == "joined")["release"].unique()
    starts = dataset.releases.filter(pl.col("release").is_in(joined.to_list()))["period_end"]
    first = starts.min()
    return _year_to(first) if isinstance(first, date) else None


def _by_sector(homes: pl.DataFrame, year: str, **counts: pl.Expr) -> pl.DataFrame:
    there = homes.filter(pl.col(year).is_not_null())
    when = pl.col(year).alias("year")
    parts = there.group_by(AREA, when, "sector").agg(**counts)
    total = there.group_by(AREA, when).agg(**counts).with_columns(sector=pl.lit(ALL_SECTORS))
    return pl.concat([parts, total.select(parts.columns)])


def _year_ending(day: pl.Expr) -> pl.Expr:
    return (day.dt.year() + (day.dt.month() > 3).cast(pl.Int32)).cast(pl.Int32)


def _year_to(day: date) -> int:
    return day.year + (day.month > 3)
