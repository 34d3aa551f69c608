"""How many homes of one group are judged below Good at once, against what chance and its mix would give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import minimize_scalar
from scipy.special import betaln, gammaln
from scipy.stats import beta, betabinom, chi2

from ofsight.errors import ModelError
from ofsight.planning.measures.quality import GOOD
from ofsight.vocabulary import Grade

__all__ = ["GroupJudgements", "group_judgements"]

FloatArray = npt.NDArray[np.float64]
_RIDGE: Final = 1e-2
_ROUNDS: Final = 50
_FEWEST: Final = 30


@dataclass(frozen=True, slots=True)
class GroupJudgements:
    """Groups against chance and mix.

    Attributes
    ----------
    frame : DataFrame
        One row a holder with a judged home: ``holder_id, holder, n_judged, n_not_judged, n_below_good,
        n_inadequate, share`` (of judged homes below Good, 0 to 1),
        ``expected`` (homes below Good if its homes were judged like homes of that sector, region, size and
        age in England), ``p_chance`` (chance of so many or more if homes were independent), ``p_spread``
        (the same where groups differ as groups do), ``shrunk, shrunk_low, shrunk_high`` (share given what
        is known of all groups, 95 %), most homes first.
    correlation : float
        How alike the homes of one group are judged beyond their mix (intraclass, 0 to 1), by all groups.
    p_correlation : float
        Of the test that it is 0 (likelihood ratio on the boundary).
    n_homes, n_groups : int
        Judged homes, and holders of two or more.
    """

    frame: pl.DataFrame
    correlation: float
    p_correlation: float
    n_homes: int
    n_groups: int


def group_judgements(homes: pl.DataFrame) -> GroupJudgements:
    """Compare each group's homes below Good with what chance and its mix would give.

    The chance of each home comes from a logistic model on all judged homes by sector, region, size (1-2, 3-4,
    5-9, 10 or more places) and age (under 3, 3-9, 10 or more years), with a small ridge. The number of a
    group's homes below Good is beta-binomial around the mean of its homes' chances, with one correlation
    for all groups, by maximum likelihood.

    Parameters
    ----------
    homes : DataFrame
        All open homes.

    Raises
    ------
    ModelError
        When fewer than thirty homes are judged.

    Notes
    -----
    CONVENTIONS E, "Concentration of risk in a group": it bears on the test of a parent undertaking in the
    Children's Wellbeing and Schools Act 2026, s.16. With as many groups as there are, some reach a small p by
    chance: read them with n beside.
    """
    held = homes.filter(pl.col("holder_id").is_not_null())
    overall = pl.col("overall").cast(pl.String)
    judged = held.filter(pl.col("overall").is_not_null()).with_columns(
        below=(~overall.is_in(GOOD)).cast(pl.Float64), inadequate=overall == Grade.INADEQUATE.value
    )
    if judged.height < _FEWEST:
        raise ModelError(
            f"Judgements of groups need at least {_FEWEST} judged homes with a named owner; there are "
            f"{judged.height}."
        )
    judged = judged.with_columns(chance=pl.Series(_chances(judged)))
    groups = (
        judged.group_by("holder_id")
        .agg(
            holder=pl.col("holder").sort().first(),
            n_judged=pl.len().cast(pl.Int64),
            n_below_good=pl.col("below").sum().cast(pl.Int64),
            n_inadequate=pl.col("inadequate").sum().cast(pl.Int64),
            expected=pl.col("chance").sum(),
            chances="chance",
        )
        .join(_not_judged(held), on="holder_id", how="left")
        .with_columns(pl.col("n_not_judged").fill_null(0), share=pl.col("n_below_good") / pl.col("n_judged"))
        .sort("n_judged", "holder_id", descending=[True, False])
    )
    k, n = (groups[name].to_numpy().astype(float) for name in ("n_below_good", "n_judged"))
    mean = groups["expected"].to_numpy() / n
    correlation, p = _fit_correlation(k, n, mean)
    columns = _tails(k, n, mean, groups["chances"].to_list(), correlation)
    frame = groups.drop("chances").with_columns(**{name: pl.Series(found) for name, found in columns.items()})
    order = ["holder_id", "holder", "n_judged", "n_not_judged", "n_below_good", "n_inadequate", "share"]
    rest = ["expected", "p_chance", "p_spread", "shrunk", "shrunk_low", "shrunk_high"]
    return GroupJudgements(frame.select(*order, *rest), correlation, p, judged.height, int((n > 1).sum()))


def _not_judged(held: pl.DataFrame) -> pl.DataFrame:
    waiting = held.filter(pl.col("overall").is_null())
    return waiting.group_by("holder_id").agg(n_not_judged=pl.len().cast(pl.Int64))


def _chances(judged: pl.DataFrame) -> FloatArray:
    """Return the chance of each home to be below Good by its mix, of a ridge logistic model (Newton)."""
    mix = judged.select(
        pl.col("sector").cast(pl.String),
        pl.col("region").fill_null("unknown"),
        size=_band("places", (2, 4, 9)),
        age=_band("age_years", (3, 10)),
    ).to_dummies(drop_first=True)
    x = np.column_stack([np.ones(judged.height), mix.to_numpy().astype(float)])
    y = judged["below"].to_numpy()
    penalty = np.full(x.shape[1], _RIDGE)
    penalty[0] = 0.0
    at = np.zeros(x.shape[1])
    at[0] = np.log((y.sum() + 0.5) / (y.size - y.sum() + 0.5))
    for _ in range(_ROUNDS):
        p = 1 / (1 + np.exp(-(x @ at)))
        gradient = x.T @ (y - p) - penalty * at
        # Half a unit keeps the matrix regular where a single kind of home has one grade only.
        hessian = (x * (p * (1 - p))[:, None]).T @ x + np.diag(penalty + 1e-9)
        step = np.linalg.solve(hessian, gradient)
        at = at + step
        if np.abs(step).max() < 1e-10:
            break
    chance: FloatArray = 1 / (1 + np.exp(-(x @ at)))
    return np.clip(chance, 1e-6, 1 - 1e-6)


def _band(column: str, upto: tuple[int, ...]) -> pl.Expr:
    """Return which band a number falls in, each up to and with its number; `unknown` without one."""
    bands = [pl.when(pl.col(column) <= number).then(pl.lit(f"up to {number}")) for number in upto]
    more = pl.when(pl.col(column).is_not_null()).then(pl.lit("more"))
    return pl.coalesce(*bands, more, pl.lit("unknown"))


def _fit_correlation(k: FloatArray, n: FloatArray, mean: FloatArray) -> tuple[float, float]:
    several = n > 1
    k, n, mean = k[several], n[several], mean[several]
    if not k.size:
        return 0.0, 1.0
    choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)

    def minus(logit: float) -> float:
        size = np.exp(-logit)  # (1 - rho) / rho
        a, b = mean * size, (1 - mean) * size
        return -float((choose + betaln(k + a, n - k + b) - betaln(a, b)).sum())

    found = minimize_scalar(minus, bounds=(-12.0, 4.0), method="bounded", options={"xatol": 1e-8})
    none = -float((choose + k * np.log(mean) + (n - k) * np.log1p(-mean)).sum())
    ratio = 2 * (none - float(found.fun))
    if ratio <= 0:
        return 0.0, 1.0
    return float(1 / (1 + np.exp(-found.x))), float(0.5 * chi2.sf(ratio, 1))


def _tails(
    k: FloatArray, n: FloatArray, mean: FloatArray, chances: list[list[float]], correlation: float
) -> dict[str, FloatArray]:
    p_chance = np.array([_tail(list(own), int(count)) for own, count in zip(chances, k, strict=True)])
    if correlation <= 0:
        return {
            "p_chance": p_chance,
            "p_spread": p_chance,
            "shrunk": mean,
            "shrunk_low": mean,
            "shrunk_high": mean,
        }
    size = (1 - correlation) / correlation
    a, b = mean * size, (1 - mean) * size
    return {
        "p_chance": p_chance,
        "p_spread": np.where(k > 0, betabinom.sf(k - 1, n, a, b), 1.0),
        "shrunk": (a + k) / (size + n),
        "shrunk_low": beta.ppf(0.025, a + k, b + n - k),
        "shrunk_high": beta.ppf(0.975, a + k, b + n - k),
    }


def _tail(chances: list[float], count: int) -> float:
    """Return the chance of so many or more of independent outcomes, exactly."""
    mass = np.zeros(len(chances) + 1)
    mass[0] = 1.0
    for done, chance in enumerate(chances):
        mass[1 : done + 2] = mass[1 : done + 2] * (1 - chance) + mass[: done + 1] * chance
        mass[0] *= 1 - chance
    return float(min(mass[count:].sum(), 1.0))
