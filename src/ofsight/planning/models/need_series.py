"""The series that need is forecast from: children by area and year, in areas of one boundary throughout.

An authority that was made anew has a short past of its own; the area with one boundary since 2009 has a whole
one. So methods are fitted and judged on those areas (table ``authority_years``, ``constant_area``), and a
present authority moves as its area does. A year of an area counts where every authority in it has a
published number; a withheld cell is never filled, and its area has no number that year.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ofsight.dataset.store import Dataset
from ofsight.errors import ModelError, UsageError
from ofsight.planning.measures.need import read_need

__all__ = ["MEASURES", "NeedSeries", "read_series"]

Floats = NDArray[np.float64]

MEASURES: Final = {
    "looked_after": "Children looked after on 31 March",
    "in_homes": "Children placed in secure homes and children's homes on 31 March",
}
"""What can be forecast; each in the words of a reader."""

_FEWEST_YEARS: Final = 3


@dataclass(frozen=True, eq=False)
class NeedSeries:
    """One measure by area and year.

    Attributes
    ----------
    measure : str
        One of `MEASURES`.
    areas, regions : tuple of str
        The areas of one boundary, and the region of each.
    years : tuple of int
        Years to 31 March, without a gap.
    values, population : arrays, shape (areas, years)
        Children; residents aged 0 to 17 in the middle of the year before. NaN where not published.
    published : DataFrame
        ``authority, area_code, constant_area, region, year, value, status, release``: what was published.
    """

    measure: str
    areas: tuple[str, ...]
    regions: tuple[str, ...]
    years: tuple[int, ...]
    values: Floats
    population: Floats
    published: pl.DataFrame


def read_series(dataset: Dataset, measure: str) -> NeedSeries:
    """Read a measure of need.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    measure : str
        One of `MEASURES`.

    Raises
    ------
    UsageError
        When there is no such measure.
    ModelError
        When fewer than three years are published.
    """
    if measure not in MEASURES:
        raise UsageError(f"No measure of need '{measure}'. Allowed: {', '.join(MEASURES)}.")
    years_table = dataset.authority_years.select(
        "authority",
        "area_code",
        "constant_area",
        "year",
        "looked_after",
        "looked_after_status",
        "looked_after_release",
        "population_0_17",
        region="standard_region",
    )
    if measure == "looked_after":
        published = years_table.select(
            *("authority", "area_code", "constant_area", "region", "year"),
            value="looked_after",
            status="looked_after_status",
            release="looked_after_release",
        )
    else:
        cells = read_need(dataset).filter(level="authority", measure="children_in_homes")
        published = years_table.join(
            cells.select("year", "value", "status", "release", authority="name"),
            on=["authority", "year"],
            how="inner",
        ).select("authority", "area_code", "constant_area", "region", "year", "value", "status", "release")
    published = published.sort("authority", "year")
    some = published.filter(pl.col("value").is_not_null())["year"]
    if some.n_unique() < _FEWEST_YEARS:
        raise ModelError(
            f"{MEASURES[measure]}: {some.n_unique()} years are published in this dataset; a forecast needs "
            f"at least {_FEWEST_YEARS}. Build it with more of the DfE's releases."
        )
    years = tuple(range(int(some.min()), int(some.max()) + 1))  # type: ignore[arg-type]
    whole = _by_area(published.filter(pl.col("year").is_in(years)), "value")
    people = _by_area(years_table.filter(pl.col("year").is_in(years)), "population_0_17")
    areas = whole.filter(pl.col("value").is_not_null())["constant_area"].unique().sort().to_list()
    regions = dict(published.drop_nulls("region").sort("year").select("constant_area", "region").iter_rows())
    return NeedSeries(
        measure,
        tuple(areas),
        tuple(regions.get(area, "") for area in areas),
        years,
        _matrix(whole, areas, years),
        _matrix(people, areas, years),
        published,
    )


def _by_area(cells: pl.DataFrame, column: str) -> pl.DataFrame:
    """Sum a column over the authorities of each area; null unless every one has a number."""
    whole = pl.col(column).is_not_null().all()
    return cells.group_by("constant_area", "year").agg(value=pl.when(whole).then(pl.col(column).sum()))


def _matrix(cells: pl.DataFrame, areas: list[str], years: tuple[int, ...]) -> Floats:
    found = np.full((len(areas), len(years)), np.nan)
    rows = {area: k for k, area in enumerate(areas)}
    for area, year, value in cells.select("constant_area", "year", "value").iter_rows():
        if area in rows and value is not None:
            found[rows[area], year - years[0]] = value
    return found
