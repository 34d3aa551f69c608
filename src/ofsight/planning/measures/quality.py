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

__all__ = [
    "RECENT_MONTHS",
    "expected_places",
    "places_by_judgement",
    "quality_values",
    "places_with_group_record",
]

RECENT_MONTHS: Final = 18
"""A judgement older than this is told apart (CONVENTIONS E, "Quality-weighted capacity")."""

_NEVER: Final = 1e-9
_Z95: Final = 1.959963984540054
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


def places_with_group_record(
    homes: pl.DataFrame, expected: pl.DataFrame, groups: pl.DataFrame
) -> tuple[float, float, float, int] | None:
    """Return the places expected in homes judged Good or better, with what each home's group got.

    The log-odds of each home are moved by as much as those of its group are: from the share that its mix
    gives to the share that is left when the group's record is drawn towards all groups (beta-binomial, see
    `ofsight.planning.measures.risk`). A group of few judged homes moves little.

    Parameters
    ----------
    homes : DataFrame
        ``urn, places, holder_id``; a home without a named owner is not moved.
    expected : DataFrame
        As for `expected_places`.
    groups : DataFrame
        ``holder_id, n_judged, expected, shrunk, shrunk_low, shrunk_high``: shares below Good.

    Returns
    -------
    tuple or None
        As `expected_places`. The interval adds up three variances: chance, the model's error (one for all
        homes) and each group's error (one for its homes, groups independent), and takes the sum as normal.
    """
    prior = pl.col("expected") / pl.col("n_judged")
    moves = groups.select(
        "holder_id",
        by=_log_odds(prior) - _log_odds(pl.col("shrunk")),
        least=_log_odds(prior) - _log_odds(pl.col("shrunk_high")),
        most=_log_odds(prior) - _log_odds(pl.col("shrunk_low")),
    )
    known = (
        homes.select("urn", "holder_id", places=pl.col("places").cast(pl.Float64))
        .join(expected, on="urn")
        .drop_nulls(["places", "probability"])
        .join(moves, on="holder_id", how="left")
        .with_columns(pl.col("by", "least", "most").fill_null(0.0))
        .with_columns(
            moved=_share(_log_odds(pl.col("probability")) + pl.col("by")),
            width=_share(_log_odds(pl.col("probability")) + pl.col("most"))
            - _share(_log_odds(pl.col("probability")) + pl.col("least")),
        )
    )
    if known.is_empty():
        return None
    places, chance = known["places"], known["moved"]
    spread = (known["high"] - known["low"]).fill_null(0.0) if "high" in known.columns else 0.0 * chance
    by_group = (
        known.filter(pl.col("holder_id").is_not_null())
        .group_by("holder_id")
        .agg(sd=(pl.col("places") * pl.col("width")).sum() / (2 * _Z95))["sd"]
    )
    variance = (
        float((places * places * chance * (1 - chance)).sum())
        + (float((places * spread).sum()) / (2 * _Z95)) ** 2
        + float((by_group * by_group).sum())
    )
    middle, reach, total = float((places * chance).sum()), _Z95 * variance**0.5, float(places.sum())
    return middle, max(0.0, middle - reach), min(total, middle + reach), known.height


def _share(log_odds: pl.Expr) -> pl.Expr:
    return 1 / (1 + (-log_odds).exp())


def _log_odds(share: pl.Expr) -> pl.Expr:
    safe = share.clip(_NEVER, 1 - _NEVER)
    return (safe / (1 - safe)).log()


def quality_values(
    homes: pl.DataFrame,
    expected: pl.DataFrame | None,
    day: date,
    source: str,
    groups: pl.DataFrame | None = None,
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
    groups : DataFrame, optional
        As for `places_with_group_record`; adds the expectation with the groups' own record.

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
    if expected is None:
        yield withheld("expected_good_places", "no model given", as_at=as_at, source=source)
        return
    yield _expected_value(expected_places(homes, expected), "all", as_at, source)
    # What is held against the judgements that there are: homes not yet judged have none to compare.
    judged = homes.filter(pl.col("overall").is_not_null())
    yield _expected_value(expected_places(judged, expected), "judged homes", as_at, source)
    if groups is not None:
        found = places_with_group_record(homes, expected, groups)
        yield _expected_value(found, "with the groups' record", as_at, source)


def _expected_value(
    found: tuple[float, float, float, int] | None, part: str, as_at: str, source: str
) -> Value:
    name = "expected_good_places"
    if found is None:
        return withheld(name, "no home with a prediction", part, as_at, source)
    value, low, high, n = found
    return Value(name, part, value, low, high, n=n, as_at=as_at, source=f"{source}; model")
