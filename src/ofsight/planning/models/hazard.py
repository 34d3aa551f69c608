"""A discrete-time hazard with a complementary log-log link: terms, fitting, cumulative risk.

In a half year a home at risk leaves with probability ``1 - exp(-exp(x'b))``: the model of grouped
proportional hazards (Prentice and Gloeckler 1978, Biometrics 34, 57-67). ``exp(b)`` is a ratio of hazards.
It is `ofsight.ordinal.clm` of a two-valued outcome with the signs turned: an exit is its lower grade.

What is known on a day says less of the second year than of the first: an Inadequate home is inspected
again, and closes or mends. So the model is fitted to landmarks (van Houwelingen 2007, Scandinavian Journal
of Statistics 34, 70-85): on one day of every year the homes are taken as they are known, and
followed for up to `MOST_LEADS` half years; the effect of a judgement changes with the logarithm of the half
years since.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from ofsight.errors import ModelError
from ofsight.ordinal import clm_arrays
from ofsight.vocabulary import Grade, Sector

__all__ = [
    "CANDIDATES",
    "INTERCEPT",
    "MOST_LEADS",
    "TERMS",
    "Hazard",
    "Term",
    "cumulative_risk",
    "fit_candidates",
    "log_hazards",
    "rare_hazard",
    "term_matrix",
]

Floats = NDArray[np.float64]

INTERCEPT: Final = "intercept"
_USUAL_RIVALS: Final = 20
_HALF_YEAR: Final = 0.5
_LEVEL: Final = float(norm.ppf(0.975))
_LATER: Final = "_later"
_SHRUNK: Final = "shrunk"
MOST_LEADS: Final = 6
"""For how many half years a landmark is followed."""


@dataclass(frozen=True)
class Term:
    """One column of the model.

    Attributes
    ----------
    name, label : str
        In tables and for readers; the label says against what it stands.
    column : expression
        Its value, of the columns of `ofsight.planning.models.periods.covariates_on`.
    wanes : bool
        Whether its effect changes with the time since: a second column ``<name>_later``.
    """

    name: str
    label: str
    column: Callable[[], pl.Expr]
    wanes: bool = False


def _places() -> pl.Expr:
    # A home whose places are not published stands with the commonest size.
    return pl.col("places").fill_null(3)


def _size() -> pl.Expr:
    # Of an unknown owner only this home is known.
    return pl.col("group_size").fill_null(1)


def _grade_is(grade: Grade) -> Callable[[], pl.Expr]:
    return lambda: pl.col("grade").cast(pl.String).eq(grade.value).fill_null(False)


def _sector_is(sector: Sector) -> Callable[[], pl.Expr]:
    return lambda: pl.col("sector").cast(pl.String) == sector.value


TERMS: Final[tuple[Term, ...]] = (
    Term("private", "Private (for-profit), against local authority", _sector_is(Sector.PRIVATE)),
    Term("voluntary", "Voluntary (third sector), against local authority", _sector_is(Sector.VOLUNTARY)),
    Term("places_1_2", "1 or 2 places, against 3 or 4", lambda: _places() <= 2),
    Term("places_5_6", "5 or 6 places, against 3 or 4", lambda: _places().is_between(5, 6)),
    Term("places_7", "7 places or more, against 3 or 4", lambda: _places() >= 7),
    Term("age_0", "Registered under 1 year, against 3 to 8 years", lambda: pl.col("age_years") < 1),
    Term(
        "age_1_2",
        "Registered 1 to 3 years, against 3 to 8 years",
        lambda: (pl.col("age_years") >= 1) & (pl.col("age_years") < 3),
    ),
    Term("age_8", "Registered 8 years or more, against 3 to 8 years", lambda: pl.col("age_years") >= 8),
    Term("group_1", "The holder's only home (or owner not known), against 5 to 19", lambda: _size() <= 1),
    Term("group_2_4", "Holder of 2 to 4 homes, against 5 to 19", lambda: _size().is_between(2, 4)),
    Term("group_20", "Holder of 20 homes or more, against 5 to 19", lambda: _size() >= 20),
    Term("outstanding", "Last judged Outstanding, against Good", _grade_is(Grade.OUTSTANDING), wanes=True),
    Term(
        "requires_improvement",
        "Last judged Requires improvement, against Good",
        _grade_is(Grade.REQUIRES_IMPROVEMENT),
        wanes=True,
    ),
    Term("inadequate", "Last judged Inadequate, against Good", _grade_is(Grade.INADEQUATE), wanes=True),
    Term("not_graded", "Not yet graded, against Good", lambda: pl.col("grade").is_null(), wanes=True),
    Term("special", "Secure home or residential school, against other homes", lambda: pl.col("special")),
    Term(
        "rivals",
        "Twice as many homes of others in the authority",
        lambda: (1.0 + pl.col("rivals").fill_null(_USUAL_RIVALS)).log(2) - float(np.log2(1 + _USUAL_RIVALS)),
    ),
)
_EVERY: Final = (
    *(term.name for term in TERMS),
    *(f"{term.name}{_LATER}" for term in TERMS if term.wanes),
)
CANDIDATES: Final[dict[str, tuple[str, ...]]] = {
    "one rate": (),
    "by sector": ("private", "voluntary"),
    "hazard": _EVERY,
    "hazard, shrunk": _EVERY,
}
"""The models that the out-of-time check chooses from, by the terms they hold."""


@dataclass(frozen=True, eq=False)
class Hazard:
    """A fitted hazard of one outcome.

    Attributes
    ----------
    candidate : str
        Which of `CANDIDATES`.
    terms : tuple of str
        ``intercept`` and the names of the terms, in the order of the estimates.
    estimates : array, shape (p,)
        On the log-hazard scale, per half year.
    covariance : array, shape (p, p)
        Clustered by the holder of the homes: a group's homes do not leave one by one.
    factor : float
        How far the effects are drawn towards none: 1 is not at all, 0 is wholly.
    fitted, errors : arrays, shape (p,), optional
        The estimates as fitted and their standard errors, where they are shrunk.
    """

    candidate: str
    terms: tuple[str, ...]
    estimates: Floats
    covariance: Floats
    factor: float = 1.0
    fitted: Floats | None = None
    errors: Floats | None = None

    def table(self) -> pl.DataFrame:
        """Return the hazard ratios.

        Returns
        -------
        DataFrame
            ``term, label, hazard_ratio, low, high`` (95 %, as fitted) and ``used`` (as used to predict: drawn
            towards 1 where the hazard is shrunk). Of the intercept, which has no ratio, the hazard per half
            year.
        """
        fitted = self.estimates if self.fitted is None else self.fitted
        errors = np.sqrt(np.diag(self.covariance)) if self.errors is None else self.errors
        return pl.DataFrame(
            {
                "term": list(self.terms),
                "label": [_label(name) for name in self.terms],
                "hazard_ratio": np.exp(fitted),
                "low": np.exp(fitted - _LEVEL * errors),
                "high": np.exp(fitted + _LEVEL * errors),
                "used": np.exp(self.estimates),
            }
        )


def _label(name: str) -> str:
    if name == INTERCEPT:
        return "Hazard per half year where all else is the reference"
    term = next(term for term in TERMS if name in (term.name, f"{term.name}{_LATER}"))
    return (
        term.label if name == term.name else f"{term.label}: times this for each doubling of the time since"
    )


def term_matrix(homes: pl.DataFrame, terms: Sequence[str]) -> Floats:
    """Return the columns of terms, shape (n, p), the intercept first; ``lead`` says which half year it is."""
    known = {term.name: term.column().cast(pl.Float64).fill_null(0.0) for term in TERMS}
    columns = [
        (known[name] if name in known else known[name.removesuffix(_LATER)] * pl.col("lead").log(2)).alias(
            name
        )
        for name in terms
        if name != INTERCEPT
    ]
    ones = np.ones((homes.height, 1))
    if not columns:
        return ones
    return np.hstack([ones, homes.select(columns).to_numpy().astype(np.float64)])


def fit_candidates(
    homes: pl.DataFrame, share: Floats, names: Sequence[str] = tuple(CANDIDATES)
) -> dict[str, Hazard]:
    """Fit some or all of `CANDIDATES`.

    Parameters
    ----------
    homes : DataFrame
        One row a home, landmark and half year, with the covariates, ``lead``, ``holder`` and ``urn``.
    share : array, shape (n,)
        How much of the row's outcome this is, 0 to 1: of an exit that may have been a transfer, a part. The
        rest of the row is a home that stayed.
    names : sequence of str
        Which.

    Raises
    ------
    ModelError
        When there is no such exit at all: no rate is known then.
    """
    if not share.sum() > 0:
        raise ModelError("No home left the register in the time looked at, so no hazard can be fitted.")
    # A shrunk candidate is made of the plain one of the same terms.
    plain = {name: _fit(homes, share, name) for name in dict.fromkeys(map(_plain, names))}
    return {
        name: plain[name][0] if name == _plain(name) else _shrink(name, *plain[_plain(name)], share)
        for name in names
    }


def _plain(candidate: str) -> str:
    return candidate.removesuffix(f", {_SHRUNK}")


def rare_hazard(n_periods: int) -> Hazard:
    """Return the one rate of an outcome that was never seen: half an exit in all the time at risk."""
    rate = np.log(0.5 / max(n_periods, 1))
    return Hazard("one rate", (INTERCEPT,), np.array([rate]), np.array([[2.0]]))


def _fit(homes: pl.DataFrame, share: Floats, candidate: str) -> tuple[Hazard, Floats, Floats]:
    """Return a hazard, the covariance that a model without clusters has, and the columns of its effects."""
    full = term_matrix(homes, CANDIDATES[candidate])[:, 1:]
    # A column that is the same for all exits, or for all homes, has no finite estimate; it is left out.
    usable = [
        k
        for k in range(full.shape[1])
        if len(np.unique(full[share > 0, k])) > 1 and len(np.unique(full[share < 1, k])) > 1
    ]
    x, names = full[:, usable], [CANDIDATES[candidate][k] for k in usable]
    some = (share > 0) & (share < 1)
    rows = np.concatenate([np.arange(homes.height), np.flatnonzero(some)])
    stayed = np.concatenate([np.where(share > 0, 0, 1), np.ones(int(some.sum()), dtype=np.int64)])
    weights = np.concatenate([np.where(some, share, 1.0), 1.0 - share[some]])
    holder = homes.select(pl.coalesce("holder", "urn").rank("dense"))["holder"].to_numpy()[rows]
    fit = clm_arrays(
        stayed, x[rows] if names else None, link="cloglog", weights=weights, names=names if names else None
    )
    kept = [*fit.thresholds, *fit.coefficients]
    sign = np.array([1.0, *(-1.0 for _ in fit.coefficients)])
    around, p = np.outer(sign, sign), len(kept)
    clustered = fit.covariance("cluster", cluster=holder, correction=True)[:p, :p] * around
    found = Hazard(
        candidate,
        (INTERCEPT, *fit.coefficients),
        sign * np.array([fit.estimates[name] for name in kept]),
        clustered,
    )
    columns = x[:, [names.index(name) for name in fit.coefficients]]
    return found, fit.covariance()[:p, :p] * around, columns


def _shrink(candidate: str, hazard: Hazard, plain: Floats, x: Floats, share: Floats) -> Hazard:
    """Draw the effects of a hazard towards none, by how much of them chance would make; the total is kept.

    The factor of van Houwelingen and le Cessie (1990, Statistics in Medicine 9, 1303-1325), ``1 - df /
    chi2``; the degrees of freedom are those of clustered data, ``tr(clustered covariance / model
    covariance)``.
    """
    if not (np.isfinite(plain).all() and np.isfinite(hazard.covariance).all()):
        # Few exits, and effects without bound: chance would make all of them. What is left is the one rate.
        rate = np.log(share.sum() / share.shape[0])
        return Hazard(candidate, (INTERCEPT,), np.array([rate]), np.array([[1 / share.sum()]]), 0.0)
    beta = hazard.estimates[1:]
    inverse = np.linalg.pinv(plain[1:, 1:])
    strength = float(beta @ inverse @ beta)
    spent = float(np.trace(hazard.covariance[1:, 1:] @ inverse))
    factor = max(0.0, 1.0 - spent / strength) if strength > 0 else 0.0
    intercept = _keep_total(x @ (factor * beta), float(share.sum()))
    scale = np.array([1.0, *np.full(beta.shape[0], factor)])
    return Hazard(
        candidate,
        hazard.terms,
        np.array([intercept, *(factor * beta)]),
        hazard.covariance * np.outer(scale, scale),
        factor,
        hazard.estimates,
        np.sqrt(np.diag(hazard.covariance)),
    )


def _keep_total(effects: Floats, total: float) -> float:
    """Return the intercept with which as many exits are expected as there were.

    The expected number grows with the intercept, so the root is bracketed: effects that are nearly without
    bound (an age at which nobody left) would throw a Newton step out of all numbers.
    """

    def excess(intercept: float) -> float:
        risk = np.exp(np.minimum(intercept + effects, 700.0))
        return float(-np.expm1(-risk).sum()) - total

    lowest = np.log(total / effects.shape[0]) - float(effects.max()) - 1.0
    highest = 8.0 - float(effects.min())
    return float(brentq(excess, lowest, highest, xtol=1e-12)) if excess(highest) > 0 else highest


def log_hazards(hazard: Hazard, homes: pl.DataFrame, periods: int) -> tuple[Floats, list[Floats]]:
    """Return log-hazards of coming half years, shape (n, periods), and the columns behind each.

    All but age is held as it is; age moves on.
    """
    columns = [
        term_matrix(
            homes.with_columns(
                pl.col("age_years") + k * _HALF_YEAR, lead=pl.lit(min(k, MOST_LEADS - 1) + 1.0)
            ),
            hazard.terms,
        )
        for k in range(periods)
    ]
    return np.column_stack([x @ hazard.estimates for x in columns]), columns


def cumulative_risk(own_logs: Floats, others: Floats, shift: Floats | float = 0.0) -> Floats:
    """Return the probability of one outcome by the end of the periods, in competition with another.

    Parameters
    ----------
    own_logs, others : arrays, shape (n, periods)
        Log-hazards of this outcome and of the other.
    shift : array of shape (n,) or float
        Added to every log-hazard of this outcome.
    """
    moved = np.asarray(shift, dtype=np.float64).reshape(-1, 1)
    own, other = np.exp(own_logs + moved), np.exp(others)
    both = own + other
    still = np.exp(-np.cumsum(both, axis=1) + both)
    risk: Floats = np.sum(still * (1.0 - np.exp(-both)) * own / both, axis=1)
    return risk
