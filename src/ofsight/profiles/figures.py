"""One column of figures for an area: what stands beside its neighbours, its region, England, and others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.profiles.area import Area, authority_names
from ofsight.profiles.children import newest_rows
from ofsight.profiles.homes_open import open_homes, snapshot_dates
from ofsight.profiles.intervals import FEW, wilson
from ofsight.profiles.kept import keep
from ofsight.vocabulary import Grade, Sector

__all__ = ["FIGURES_SCHEMA", "TOO_FEW", "figures_of"]

FIGURES_SCHEMA: Final = {
    "measure": pl.String,
    "label": pl.String,
    "unit": pl.String,
    "year": pl.Int32,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n": pl.Int64,
    "status": pl.String,
}

TOO_FEW: Final = "too few"
"""Status of a share with fewer than ten behind it: the share is not given, `n` is."""

_NOTHING: Final = "none"
_NOT_PUBLISHED: Final = "not published"


@dataclass(frozen=True, slots=True)
class _Counted:
    """Counts of open homes of one authority."""

    n_homes: int
    n_places: int
    places_private: int
    places_voluntary: int
    places_authority: int
    n_graded: int
    n_good_or_better: int
    n_without_places: int


def figures_of(dataset: Dataset, area: Area) -> pl.DataFrame:
    """Give the key figures of an area, one row each.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    area : Area
        Any.

    Returns
    -------
    pl.DataFrame
        ``measure``, ``label``, ``unit``, ``year``, ``value``, ``low`` and ``high`` (Wilson, 95 %, for the
        share Good or better only), ``n`` (homes behind it; null for published figures), ``status`` (empty
        for a number; else why there is none). Measures: ``n_homes``, ``n_places``, ``places_per_10000``
        (registered places per 10,000 residents aged 0 to 17), ``places_private``, ``places_voluntary``,
        ``places_authority`` (shares of places, per cent), ``good_or_better`` (per cent of graded homes,
        latest full inspection, overall), then those of `ofsight.profiles.measures`.

    Notes
    -----
    Home figures are of the newest list; the population is the newest mid-year estimate, which may be of
    another year.
    """

    def make() -> pl.DataFrame:
        return _make(dataset, area)

    # Sets are without end, and what is kept of them would be, too.
    return keep(dataset, ("figures_of", area.slug), make) if area.kind != "set" else make()


def _make(dataset: Dataset, area: Area) -> pl.DataFrame:
    rows = [
        (measure, label, unit, year, value, None, None, None, status)
        for measure, label, unit, year, value, status, *_ in newest_rows(dataset, area)
    ]
    population = next((row[4] for row in rows if row[0] == "population_0_17"), None)
    return pl.DataFrame([*_of_homes(dataset, area, population), *rows], schema=FIGURES_SCHEMA, orient="row")


_Row = tuple[str, str, str, int | None, float | None, float | None, float | None, int | None, str]


def _of_homes(dataset: Dataset, area: Area, population: float | None) -> list[_Row]:
    days = snapshot_dates(dataset)
    if not days:
        return []
    year = days[-1].year
    by_authority = keep(dataset, "counted_homes", lambda: _count(dataset))
    found = [by_authority[name] for name in authority_names(dataset, area) if name in by_authority]
    homes, places = sum(c.n_homes for c in found), sum(c.n_places for c in found)
    unknown = homes > 0 and sum(c.n_without_places for c in found) == homes
    graded, better = sum(c.n_graded for c in found), sum(c.n_good_or_better for c in found)

    def per(part: float, whole: float | None, times: int) -> tuple[float | None, str]:
        if unknown:
            return None, _NOT_PUBLISHED
        return (times * part / whole, "") if whole else (None, _NOTHING)

    shown = None if unknown else float(places)
    rows: list[_Row] = [
        ("n_homes", "Children's homes", "homes", year, float(homes), None, None, homes, ""),
        ("n_places", "Registered places", "places", year, shown, None, None, homes,
         _NOT_PUBLISHED if unknown else ""),
    ]  # fmt: skip
    value, status = per(places, population, 10_000)
    rows.append(
        (
            "places_per_10000",
            "Registered places per 10,000 children",
            "per 10,000 children",
            year,
            value,
            None,
            None,
            homes,
            status,
        )
    )
    for key, sector, part in (
        ("places_private", Sector.PRIVATE, sum(c.places_private for c in found)),
        ("places_voluntary", Sector.VOLUNTARY, sum(c.places_voluntary for c in found)),
        ("places_authority", Sector.LOCAL_AUTHORITY, sum(c.places_authority for c in found)),
    ):
        value, status = per(part, places, 100)
        rows.append(
            (
                key,
                f"Places run by: {sector.label.lower()}",
                "per cent",
                year,
                value,
                None,
                None,
                homes,
                status,
            )
        )
    rows.append(_share_better(graded, better, year))
    return rows


def _share_better(graded: int, better: int, year: int) -> _Row:
    label = "Homes judged Good or better"
    if graded < FEW:
        status = TOO_FEW if graded else _NOTHING
        return ("good_or_better", label, "per cent", year, None, None, None, graded, status)
    low, high = wilson(np.array([float(better)]), np.array([float(graded)]))
    return (
        "good_or_better",
        label,
        "per cent",
        year,
        100 * better / graded,
        100 * float(low[0]),
        100 * float(high[0]),
        graded,
        "",
    )


def _count(dataset: Dataset) -> dict[str, _Counted]:
    """Count the open homes of each authority, once."""

    def places(sector: Sector) -> pl.Expr:
        return pl.col("places").filter(pl.col("sector").cast(pl.String) == sector.value).sum()

    better = pl.col("overall").is_in([Grade.GOOD.value, Grade.OUTSTANDING.value])
    counted = (
        open_homes(dataset)
        .group_by("authority")
        .agg(
            pl.len(),
            pl.col("places").sum().alias("n_places"),
            places(Sector.PRIVATE).alias("private"),
            places(Sector.VOLUNTARY).alias("voluntary"),
            places(Sector.LOCAL_AUTHORITY).alias("local"),
            pl.col("overall").count().alias("graded"),
            better.sum().alias("better"),
            pl.col("places").is_null().sum().alias("without"),
        )
    )
    return {name: _Counted(*numbers) for name, *numbers in counted.iter_rows()}
