"""The hazard of closure out of time: fitted to the first years, judged on the homes open afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ofsight.dataset.store import Dataset
from ofsight.errors import ModelError
from ofsight.planning.models.hazard import (
    CANDIDATES,
    MOST_LEADS,
    Hazard,
    cumulative_risk,
    fit_candidates,
    log_hazards,
    rare_hazard,
)
from ofsight.planning.models.periods import MONTHS, Periods, landmark_rows, make_periods, outcome_share

__all__ = ["ClosureCheck", "check_closure", "weighted_concordance"]

Floats = NDArray[np.float64]

HORIZONS: Final = (12, 36)
_FIRST_FIT: Final = 24
_REPEATS: Final = 400
_SEED: Final = 20220
_TENTHS: Final = 10
_YEARS_SCHEMA: Final = {
    "fitted_to": pl.Date,
    "months": pl.Int64,
    "n_homes": pl.Int64,
    "observed": pl.Float64,
    "expected": pl.Float64,
    "ratio": pl.Float64,
    "ratio_low": pl.Float64,
    "ratio_high": pl.Float64,
    "concordance": pl.Float64,
    "concordance_low": pl.Float64,
    "concordance_high": pl.Float64,
    "brier": pl.Float64,
    "brier_one_rate": pl.Float64,
}
_CALIBRATION_SCHEMA: Final = {
    "months": pl.Int64,
    "tenth": pl.Int64,
    "n_homes": pl.Int64,
    "expected": pl.Float64,
    "observed": pl.Float64,
    "observed_low": pl.Float64,
    "observed_high": pl.Float64,
}
_CHOICE_SCHEMA: Final = {
    "outcome": pl.String,
    "candidate": pl.String,
    "n_homes": pl.Int64,
    "log_score": pl.Float64,
    "chosen": pl.Boolean,
}


@dataclass(frozen=True, eq=False)
class ClosureCheck:
    """What came of it; the tables are described in `ofsight.planning.models.closure_model.ClosureModel`.

    Attributes
    ----------
    chosen : mapping of str to str
        The candidate with the best log score, by outcome; empty where no year could be judged.
    choice, years, calibration : DataFrame
    year_sd : float
        Sd of log observed over expected closures between years, beyond what chance within a year makes.
    notes : list of str
        What could not be done.
    """

    chosen: Mapping[str, str]
    choice: pl.DataFrame
    years: pl.DataFrame
    calibration: pl.DataFrame
    year_sd: float
    notes: Sequence[str] = field(default=())


@dataclass(frozen=True, eq=False)
class _Judged:
    """Homes at risk on one day, what each candidate foresaw, and what came."""

    fitted_to: date
    months: int
    holder: NDArray[Any]
    came: Mapping[str, Floats]
    foreseen: Mapping[tuple[str, str], Floats]


def check_closure(dataset: Dataset, *, since: date | None = None, until: date | None = None) -> ClosureCheck:
    """Fit every candidate up to each year that can be judged, and judge it on the 12 and 36 months after.

    A fit up to a day uses lists, exits and registrations up to that day only, as it would have been made
    then.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    since, until : date, optional
        The window; see `ofsight.planning.models.periods.make_periods`.
    """
    whole = make_periods(dataset, since=since, until=until)
    starts = whole.frame["starts_on"].unique().sort().to_list()
    judged: list[_Judged] = []
    notes: list[str] = []
    for k in range(_FIRST_FIT // MONTHS, len(starts), 12 // MONTHS):
        ahead = [m for m in HORIZONS if k + m // MONTHS <= len(starts)]
        if not ahead:
            continue
        try:
            judged += _judge(dataset, whole, starts, k, ahead)
        except ModelError as error:
            notes.append(f"No model could be fitted up to {starts[k]}: {error}")
    if not judged:
        notes.append(
            "The lists are too few to judge the model on years after it; one rate is used for all homes."
        )
    choice = _choose([one for one in judged if one.months == HORIZONS[0]])
    chosen: dict[str, str] = dict(choice.filter("chosen").select("outcome", "candidate").iter_rows())
    years = [_year(one, chosen["close"]) for one in judged]
    return ClosureCheck(
        chosen,
        choice,
        pl.DataFrame(years, schema=_YEARS_SCHEMA, orient="row").sort("months", "fitted_to"),
        pl.DataFrame(
            [row for m in HORIZONS for row in _tenths(judged, m, chosen)],
            schema=_CALIBRATION_SCHEMA,
            orient="row",
        ),
        _year_sd(judged, chosen),
        notes,
    )


def _judge(
    dataset: Dataset, whole: Periods, starts: Sequence[date], k: int, ahead: Sequence[int]
) -> list[_Judged]:
    """Fit up to the k-th half year and collect what came in the months ahead."""
    day = starts[k]
    past = make_periods(dataset, since=whole.since, until=day)
    rows = landmark_rows(past.frame, MOST_LEADS)
    fits = {
        (outcome, candidate): hazard
        for outcome in ("close", "transfer")
        for candidate, hazard in _candidates(rows, outcome, past.frame.height).items()
    }
    homes = whole.frame.filter(pl.col("starts_on") == day)
    found = []
    for months in ahead:
        window = whole.frame.filter(pl.col("starts_on").is_in(starts[k : k + months // MONTHS]))
        came = {outcome: _came(homes, window, outcome) for outcome in ("close", "transfer")}
        foreseen = {
            (outcome, candidate): _foreseen(fits, homes, outcome, candidate, months)
            for outcome, candidate in fits
        }
        holder = homes.select(pl.coalesce("holder", "urn"))["holder"].to_numpy()
        found.append(_Judged(day, months, holder, came, foreseen))
    return found


def _candidates(rows: pl.DataFrame, outcome: str, n_periods: int) -> dict[str, Hazard]:
    share = outcome_share(rows, outcome)
    if outcome == "transfer" and not share.sum() > 0:
        return dict.fromkeys(CANDIDATES, rare_hazard(n_periods))
    return fit_candidates(rows, share)


def _came(homes: pl.DataFrame, window: pl.DataFrame, outcome: str) -> Floats:
    """Return how much of each home's fate in the window is an outcome."""
    share = window.select("urn", share=pl.Series(outcome_share(window, outcome)))
    total = share.group_by("urn").agg(pl.col("share").sum())
    joined = homes.select("urn").join(total, on="urn", how="left", maintain_order="left")
    return joined["share"].fill_null(0.0).to_numpy()


def _foreseen(
    fits: Mapping[tuple[str, str], Hazard], homes: pl.DataFrame, outcome: str, candidate: str, months: int
) -> Floats:
    """Return the probability of an outcome; the other outcome competes at its one rate."""
    other = "transfer" if outcome == "close" else "close"
    own, _ = log_hazards(fits[outcome, candidate], homes, months // MONTHS)
    against, _ = log_hazards(fits[other, "one rate"], homes, months // MONTHS)
    return cumulative_risk(own, against)


def _choose(judged: Sequence[_Judged]) -> pl.DataFrame:
    """Return the summed log score of every candidate by outcome; of equals the simplest is chosen."""
    rows = []
    for outcome in ("close", "transfer") if judged else ():
        scores = {
            candidate: sum(_log_score(one.foreseen[outcome, candidate], one.came[outcome]) for one in judged)
            for candidate in CANDIDATES
        }
        best = max(scores, key=lambda name: scores[name])
        n = sum(one.holder.shape[0] for one in judged)
        rows += [(outcome, name, n, score, name == best) for name, score in scores.items()]
    return pl.DataFrame(rows, schema=_CHOICE_SCHEMA, orient="row")


def _log_score(foreseen: Floats, came: Floats) -> float:
    p = np.clip(foreseen, 1e-12, 1.0 - 1e-12)
    return float((came * np.log(p) + (1.0 - came) * np.log1p(-p)).sum())


def _year(one: _Judged, candidate: str) -> tuple[Any, ...]:
    p, o = one.foreseen["close", candidate], one.came["close"]
    plain = one.foreseen["close", "one rate"]
    weights = _resample(one.holder)
    ratios = (weights @ o) / np.maximum(weights @ p, 1e-12)
    ranks = _concordances(p, o, weights)
    return (
        *(one.fitted_to, one.months, p.shape[0], float(o.sum()), float(p.sum())),
        float(o.sum() / p.sum()),
        *np.quantile(ratios, [0.025, 0.975]).tolist(),
        weighted_concordance(p, o),
        *(np.nanquantile(ranks, [0.025, 0.975]).tolist() if np.isfinite(ranks).any() else (None, None)),
        float(((p - o) ** 2).mean()),
        float(((plain - o) ** 2).mean()),
    )


def _resample(holder: NDArray[Any]) -> Floats:
    """Return weights of homes when holders are drawn with replacement, shape (repeats, n)."""
    _, codes = np.unique(holder, return_inverse=True)
    n = int(codes.max()) + 1 if codes.size else 0
    draws = np.random.default_rng(_SEED).multinomial(n, np.full(n, 1.0 / n), size=_REPEATS)
    weights: Floats = draws[:, codes.reshape(-1)].astype(np.float64)
    return weights


def weighted_concordance(foreseen: Floats, came: Floats) -> float | None:
    """Return how often a home that closed was foreseen as likelier to than one that stayed; ties half.

    Parameters
    ----------
    foreseen : array, shape (n,)
    came : array, shape (n,)
        0 to 1: of an exit that may have been a transfer, a part.
    """
    value = _concordances(foreseen, came, np.ones((1, foreseen.shape[0])))[0]
    return float(value) if np.isfinite(value) else None


def _concordances(foreseen: Floats, came: Floats, weights: Floats) -> Floats:
    """Return the concordance under each row of weights; NaN where all or none closed."""
    order = np.argsort(foreseen, kind="stable")
    _, first = np.unique(foreseen[order], return_index=True)
    closed = np.add.reduceat(weights[:, order] * came[order], first, axis=1)
    stayed = np.add.reduceat(weights[:, order] * (1.0 - came[order]), first, axis=1)
    below = np.cumsum(stayed, axis=1) - 0.5 * stayed
    pairs = closed.sum(axis=1) * stayed.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        value: Floats = np.where(pairs > 0, (closed * below).sum(axis=1) / pairs, np.nan)
    return value


def _tenths(judged: Sequence[_Judged], months: int, chosen: Mapping[str, str]) -> list[tuple[Any, ...]]:
    """Return foreseen and observed shares by tenth of foreseen risk, all judged years together."""
    here = [one for one in judged if one.months == months]
    if not here:
        return []
    p = np.concatenate([one.foreseen["close", chosen["close"]] for one in here])
    o = np.concatenate([one.came["close"] for one in here])
    # A holder's homes are drawn together, in every year.
    weights = _resample(np.concatenate([one.holder for one in here]))
    rows: list[tuple[Any, ...]] = []
    for k, members in enumerate(np.array_split(np.argsort(p, kind="stable"), _TENTHS)):
        if not members.size:
            continue
        w = weights[:, members]
        shares = (w @ o[members]) / np.maximum(w.sum(axis=1), 1e-12)
        limits = np.quantile(shares, [0.025, 0.975]).tolist()
        rows.append(
            (months, k + 1, members.size, float(p[members].mean()), float(o[members].mean()), *limits)
        )
    return rows


def _year_sd(judged: Sequence[_Judged], chosen: Mapping[str, str]) -> float:
    """Return the sd between years of log observed over expected beyond chance, by moments."""
    squares = []
    for one in judged:
        if one.months != HORIZONS[0]:
            continue
        p, o = one.foreseen["close", chosen["close"]], one.came["close"]
        weights = _resample(one.holder)
        ratios = np.log(np.maximum(weights @ o, 0.5) / np.maximum(weights @ p, 1e-12))
        squares.append(float(np.log(max(o.sum(), 0.5) / p.sum()) ** 2 - ratios.var()))
    return float(np.sqrt(max(0.0, float(np.mean(squares))))) if squares else 0.0
