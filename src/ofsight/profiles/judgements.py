"""How the homes of an area are judged: the latest grades of open homes, and inspections by year.

Grades are counted, never averaged. A share of few homes says little; its interval and ``few`` say how little.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.errors import UsageError
from ofsight.profiles.area import Area
from ofsight.profiles.everywhere import AREA, answer_everywhere, one_area
from ofsight.profiles.homes_open import open_homes, snapshot_on
from ofsight.profiles.intervals import with_share
from ofsight.profiles.kept import keep
from ofsight.profiles.supply import ALL_SECTORS, SECTORS
from ofsight.vocabulary import Domain, Grade, InspectionType

__all__ = ["GRADE_COLUMNS", "count_latest", "count_latest_each", "judgements_by_year", "latest_judgements"]

GRADE_COLUMNS: Final = {
    "n_inadequate": Grade.INADEQUATE.value,
    "n_requires_improvement": Grade.REQUIRES_IMPROVEMENT.value,
    "n_good": Grade.GOOD.value,
    "n_outstanding": Grade.OUTSTANDING.value,
}
"""Columns of counts and the grade that each counts, worst first."""

_DOMAINS: Final = tuple(domain.value for domain in Domain)


def latest_judgements(dataset: Dataset, area: Area | None = None, on: date | None = None) -> pl.DataFrame:
    """Count the latest full graded judgements of the homes open on a day, by domain and sector.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    area : Area, optional
        England without it.
    on : date, optional
        The day of a list; the newest without it. Only inspections up to it count.

    Returns
    -------
    pl.DataFrame
        One row per domain and sector (with ``All``): ``domain``, ``sector``, ``n_homes``, ``n_ungraded``,
        ``n_graded``, ``n_inadequate``, ``n_requires_improvement``, ``n_good``, ``n_outstanding``,
        ``n_good_or_better``, ``share`` (of the graded), ``low``, ``high`` (Wilson, 95 %), ``few``.
    """
    day = snapshot_on(dataset, on)
    newest = day == snapshot_on(dataset)
    homes = open_homes(dataset, on=day)
    return answer_everywhere(dataset, area, homes, count_latest_each, "latest_judgements" if newest else None)


def count_latest(homes: pl.DataFrame) -> pl.DataFrame:
    """Count the latest judgements of homes given as `open_homes` gives them; see `latest_judgements`."""
    return one_area(homes, count_latest_each)


def count_latest_each(homes: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    """Count the same of many areas, or owners, at once: an `ofsight.profiles.everywhere.Ask`."""
    both = [
        homes.select(AREA, pl.col("sector").cast(pl.String), *_DOMAINS),
        homes.select(AREA, pl.lit(ALL_SECTORS).alias("sector"), *_DOMAINS),
    ]
    counted = (
        pl.concat(both)
        .unpivot(on=_DOMAINS, index=[AREA, "sector"], variable_name="domain", value_name="grade")
        .group_by(AREA, "domain", "sector")
        .agg(_count_grades("grade"), n_homes=pl.len(), n_ungraded=pl.col("grade").is_null().sum())
    )
    grid = pl.DataFrame(
        [(domain, sector) for domain in _DOMAINS for sector in SECTORS],
        schema={"domain": pl.String, "sector": pl.String},
        orient="row",
    )
    grid = areas.select(AREA).join(grid, how="cross")
    return _finish(grid, counted, [AREA, "domain", "sector"], ("n_homes", "n_ungraded"))


def judgements_by_year(
    dataset: Dataset, area: Area | None = None, domain: Domain | str = Domain.OVERALL
) -> pl.DataFrame:
    """Count inspections by calendar year and sector, and how the full ones ended.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    area : Area, optional
        England without it.
    domain : Domain or str
        Which judgement.

    Returns
    -------
    pl.DataFrame
        One row per year and sector (with ``All``): ``year``, ``sector``, ``n_inspections`` (of every kind),
        ``n_full``, ``n_graded`` (full, with a grade in the domain), ``n_inadequate`` ... ``n_outstanding``,
        ``n_good_or_better``, ``share``, ``low``, ``high``, ``few``. The sector is that on the day.

    Raises
    ------
    UsageError
        An unknown domain.

    Notes
    -----
    Inspections of one home within a year are not independent: the interval is of the count, not of a model.
    The first and the last year may be incomplete. Few were made between April 2020 and March 2021.
    """
    try:
        name = Domain(domain).value
    except ValueError:
        raise UsageError(f"No domain '{domain}'. Allowed: {', '.join(_DOMAINS)}.") from None
    cube = keep(dataset, "inspections_cube", lambda: _inspections(dataset))
    years = keep(dataset, "inspection_years", lambda: _years(dataset))
    return answer_everywhere(
        dataset,
        area,
        cube,
        lambda rows, areas: _count_by_year(rows, areas, years, name),
        ("judgements_by_year", name),
    )


def _count_by_year(cube: pl.DataFrame, areas: pl.DataFrame, years: list[int], domain: str) -> pl.DataFrame:
    full = pl.col("inspection_type") == InspectionType.FULL.value
    counts = [
        *_count_grades(domain, full),
        pl.len().alias("n_inspections"),
        full.sum().alias("n_full"),
    ]
    parts = cube.group_by(AREA, "year", "sector").agg(counts)
    total = cube.group_by(AREA, "year").agg(counts).with_columns(sector=pl.lit(ALL_SECTORS))
    grid = pl.DataFrame(
        [(year, sector) for year in years for sector in SECTORS],
        schema={"year": pl.Int32, "sector": pl.String},
        orient="row",
    )
    grid = (
        areas.join(grid, how="cross")
        .filter(pl.col("begins").is_null() | (pl.col("year") >= pl.col("begins").dt.year()))
        .drop("begins")
    )
    counted = pl.concat([parts, total.select(parts.columns)])
    return _finish(grid, counted, [AREA, "year", "sector"], ("n_inspections", "n_full"))


def _count_grades(column: str, where: pl.Expr | None = None) -> list[pl.Expr]:
    within = pl.lit(True) if where is None else where
    return [((pl.col(column) == grade) & within).sum().alias(name) for name, grade in GRADE_COLUMNS.items()]


def _finish(
    grid: pl.DataFrame, counted: pl.DataFrame, key: list[str], first: tuple[str, ...]
) -> pl.DataFrame:
    """Lay counts on a whole grid, add the totals of grades and the share Good or better."""
    names = list(GRADE_COLUMNS)
    frame = (
        grid.join(counted, on=key, how="left", maintain_order="left")
        .with_columns(pl.col(name).fill_null(0).cast(pl.Int64) for name in (*first, *names))
        .with_columns(
            n_graded=pl.sum_horizontal(names),
            n_good_or_better=pl.col("n_good") + pl.col("n_outstanding"),
        )
    )
    frame = frame.select(*key, *first, "n_graded", *names, "n_good_or_better")
    return with_share(frame, "n_good_or_better", "n_graded")


def _inspections(dataset: Dataset) -> pl.DataFrame:
    return dataset.inspections.select(
        pl.col("inspected_on").dt.year().cast(pl.Int32).alias("year"),
        "authority",
        pl.col("sector").cast(pl.String),
        pl.col("inspection_type").cast(pl.String),
        *_DOMAINS,
    )


def _years(dataset: Dataset) -> list[int]:
    years = dataset.inspections["inspected_on"].dt.year()
    first, last = years.min(), years.max()
    return list(range(first, last + 1)) if isinstance(first, int) and isinstance(last, int) else []
