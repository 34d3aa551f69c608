"""Quality: places by what their homes were last judged, and the Good places that a model expects.

Grades are never averaged: places are counted under each grade.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from ofsight.planning.measures.limits import weighted_sum_interval
from ofsight.planning.measures.supply import months_before
from ofsight.planning.measures.values import Value, withheld
from ofsight.vocabulary import Grade

__all__ = ["RECENT_MONTHS", "expected_places", "places_by_judgement", "quality_values"]

RECENT_MONTHS: Final = 18
"""A judgement older than this is told apart (CONVENTIONS E, "Quality-weighted capacity")."""

GOOD: Final = (Grade.GOOD.value, Grade.OUTSTANDING.value)
KINDS: Final = (
    "Good or Outstanding",
    "Good or Outstanding, over 18 months ago",
    Grade.REQUIRES_IMPROVEMENT.value,
    Grade.INADEQUATE.value,
    "New, not yet judged",
    "Not yet judged, open over 18 months",
)


def places_by_judgement(homes: pl.DataFrame, day: date) -> pl.DataFrame:
    """Count homes and places under what each home was last judged.

    Parameters
    ----------
    homes : DataFrame
        Open homes with ``overall, inspected_on, registered_on, places``.
    day : date
        The day the list is of.

    Returns
    -------
    DataFrame
        ``judgement, homes, places``, one row for each of `KINDS`, in order; ``places`` add up to the
        published places.
    """
    overall, since = pl.col("overall").cast(pl.String), months_before(day, RECENT_MONTHS)
    good = overall.is_in(GOOD)
    kind = (
        pl.when(good & (pl.col("inspected_on") >= since))
        .then(pl.lit(KINDS[0]))
        .when(good)
        .then(pl.lit(KINDS[1]))
        .when(overall.is_not_null())
        .then(overall)
        .when(pl.col("registered_on") >= since)
        .then(pl.lit(KINDS[4]))
        .otherwise(pl.lit(KINDS[5]))
    )
    found = homes.group_by(judgement=kind).agg(
        homes=pl.len().cast(pl.Int64), places=pl.col("places").sum().cast(pl.Int64)
    )
    every = pl.DataFrame({"judgement": KINDS})
    return every.join(found, on="judgement", how="left", maintain_order="left").fill_null(0)


def expected_places(homes: pl.DataFrame, expected: pl.DataFrame) -> tuple[float, float, float, int] | None:
    """Return the places that a model expects to be in homes judged Good or better: sum of p times P.

    Parameters
    ----------
    homes : DataFrame
        Open homes with ``urn, places``.
    expected : DataFrame
        ``urn, probability`` and, where the model gives one, its interval ``low, high``: of a judgement of
        Good or better for a home of that age, size, sector and group.

    Returns
    -------
    tuple or None
        The expectation, the lower and upper 95 % bounds, and the number of homes; None where no home has
        both. The lower bound takes every home's probability at its low end and then the lower tail of the
        sum of places, the upper one the opposite: they allow for chance and for the model's uncertainty as
        if its errors were all one way, so they are wide rather than narrow.
    """
    known = (
        homes.select("urn", "places")
        .join(expected, on="urn")
        .filter(pl.col("places").is_not_null() & pl.col("probability").is_not_null())
    )
    if known.is_empty():
        return None
    places = known["places"].cast(pl.Int64).to_numpy()
    middle = known["probability"].to_numpy()
    low = known["low"].fill_null(known["probability"]).to_numpy() if "low" in known.columns else middle
    high = known["high"].fill_null(known["probability"]).to_numpy() if "high" in known.columns else middle
    lower, _ = weighted_sum_interval(low, places)
    _, upper = weighted_sum_interval(high, places)
    return float(np.dot(middle, places)), lower, upper, known.height


def quality_values(
    homes: pl.DataFrame, expected: pl.DataFrame | None, day: date, source: str
) -> Iterator[Value]:
    """Measure the quality of an area's places.

    Parameters
    ----------
    homes : DataFrame
        Its open homes.
    expected : DataFrame, optional
        As for `expected_places`.
    day : date
        The day the list is of.
    source : str
        The release of the list.

    Notes
    -----
    There is no accepted standard for children's homes. Places in Good and Outstanding homes are shown beside
    the expectation, as DfE's school places scorecards set the quality of places created beside their number;
    commissioning frameworks usually admit only Good or Outstanding homes (CONVENTIONS E).
    """
    as_at = day.isoformat()
    for judgement, n_homes, places in places_by_judgement(homes, day).iter_rows():
        yield Value("places_by_judgement", judgement, places, n=n_homes, as_at=as_at, source=source)
        yield Value("homes_by_judgement", judgement, n_homes, n=n_homes, as_at=as_at, source=source)
    found = None if expected is None else expected_places(homes, expected)
    if found is None:
        why = "no model given" if expected is None else "no home with a prediction"
        yield withheld("expected_good_places", why, as_at=as_at, source=source)
        return
    value, low, high, n = found
    yield Value("expected_good_places", "all", value, low, high, n=n, as_at=as_at, source=f"{source}; model")
