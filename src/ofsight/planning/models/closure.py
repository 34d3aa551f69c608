"""The hazard that a home closes: fitted, chosen and judged in one call."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ofsight.dataset.store import Dataset
from ofsight.errors import ModelError
from ofsight.planning.models.closure_check import check_closure
from ofsight.planning.models.closure_model import OUTCOMES, SOURCE, ClosureModel
from ofsight.planning.models.continuations import describe_continuations
from ofsight.planning.models.hazard import (
    CANDIDATES,
    MOST_LEADS,
    Hazard,
    fit_candidates,
    log_hazards,
    rare_hazard,
)
from ofsight.planning.models.periods import Periods, covariates_on, landmark_rows, make_periods, outcome_share

__all__ = ["CANDIDATES", "OUTCOMES", "SOURCE", "ClosureModel", "fit_closure"]

_PLAIN: Final = "one rate"


def fit_closure(dataset: Dataset, *, since: date | None = None, until: date | None = None) -> ClosureModel:
    """Fit the hazard of leaving the register, and judge it out of time.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    since, until : date, optional
        The window; see `ofsight.planning.models.periods.make_periods`.

    Returns
    -------
    ClosureModel
        For each outcome (close, transfer) the candidate with the best log score out of time: fitted to the
        first years, judged on the year after, for every year that can be. Where no year can be judged, one
        rate.

    Raises
    ------
    ModelError
        When the lists do not span a year, or no home left the register.

    Notes
    -----
    Allan and Forder (2015, Health Economics 24 S1, 132-145) find that care homes of lower quality, and
    those in more competitive markets, close more often; the terms follow them. The study's random intercept
    by home has no place here (a home leaves once); the clustering of a group's homes is in the standard
    errors and in ``about["group_variance"]``.
    """
    periods = make_periods(dataset, since=since, until=until)
    if not periods.about["n_exits"]:
        raise ModelError(
            f"No home left the register between {periods.since} and {periods.until} in this dataset, so no "
            "hazard can be fitted. Build it with the releases that name closed homes."
        )
    check = check_closure(dataset, since=periods.since, until=periods.until)
    hazards = {outcome: _fit(periods, outcome, check.chosen.get(outcome, _PLAIN)) for outcome in OUTCOMES}
    stock = covariates_on(dataset, periods.until)
    return ClosureModel(
        hazards,
        periods.since,
        periods.until,
        check.years,
        check.calibration,
        check.choice,
        describe_continuations(dataset.homes, periods.since, periods.until),
        {
            **{name: float(value) for name, value in periods.about.items()},
            "n_continued": float(periods.frame["continued"].sum() or 0.0),
            "group_variance": _group_variance(periods, hazards["close"]),
            "year_sd": check.year_sd,
        },
        stock.group_by("authority", "holder")
        .agg(n_homes=pl.len().cast(pl.Int64))
        .sort("authority", "holder"),
        tuple(check.notes),
    )


def _fit(periods: Periods, outcome: str, candidate: str) -> Hazard:
    rows = landmark_rows(periods.frame, MOST_LEADS)
    share = outcome_share(rows, outcome)
    if share.sum() > 0:
        return fit_candidates(rows, share, (candidate,))[candidate]
    return rare_hazard(periods.frame.height)


def _group_variance(periods: Periods, hazard: Hazard) -> float:
    """Return the variance of a factor of mean 1 that a holder's homes share in a year.

    By moments: of holder-years with E closures expected, the variance beyond Poisson's is ``variance *
    E**2``.
    """
    frame = periods.frame
    logs, _ = log_hazards(hazard, frame, 1)
    year = ((pl.col("starts_on") - pl.lit(periods.since)).dt.total_days() // 365).alias("year")
    cells = (
        frame.with_columns(
            expected=pl.Series(1.0 - np.exp(-np.exp(logs[:, 0]))),
            observed=pl.Series(outcome_share(frame, "close")),
        )
        .group_by(pl.coalesce("holder", "urn").alias("holder"), year)
        .agg(pl.col("expected").sum(), pl.col("observed").sum())
    )
    e: NDArray[np.float64] = cells["expected"].to_numpy()
    o: NDArray[np.float64] = cells["observed"].to_numpy()
    return float(max(0.0, (((o - e) ** 2) - e).sum() / (e**2).sum()))
