"""The probability of a judgement of Good or better for a home of its age, size, region and sector.

A cumulative link model of the latest graded full inspection of every open home gives each home's probability
of Good or better. On owners that it has not seen such a model promises too much, so its probabilities are
drawn towards the overall share by as much as ten folds by owner tell (``shrink``). What a group got is held
against the sum over its homes, from a model fitted without them. The model knows six things about a home and
no more: what is left may be quality, children's needs, or chance.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import brentq
from scipy.special import expit, logit

from ofsight.dataset.store import Dataset
from ofsight.errors import ModelError
from ofsight.ordinal import clm_arrays
from ofsight.vocabulary import Domain, Grade, InspectionType, ProvisionType, Sector

__all__ = [
    "GOOD",
    "ExpectedModel",
    "find_shrink",
    "fit_expected",
    "graded_homes",
    "home_expected",
    "predict_unseen",
]

SEED: Final = 2022
"""Of the draws of the model's parameters; the same dataset gives the same table."""

_DRAWS: Final = 400
_FOLDS: Final = 10
_AGES: Final = (
    (0.0, "under 1 year"),
    (12.0, "1 to 2 years"),
    (24.0, "2 to 5 years"),
    (60.0, "5 to 10 years"),
)
_OLDER: Final = 120.0
_DAYS_A_MONTH: Final = 365.25 / 12
_USUAL_PLACES: Final = 4.0
_FEWEST_ROWS: Final = 100
_FEWEST_WITH: Final = 10
_GRADES: Final = [grade.value for grade in Grade]
GOOD: Final = _GRADES.index(Grade.GOOD.value)
"""Code of the grade Good in column ``grade``."""


Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ExpectedModel:
    """A fitted model of the latest judgement.

    Attributes
    ----------
    names : tuple of str, length k
        Of the columns, as `design` makes them; a column of next to no homes is left out.
    coefficients : ndarray, shape (1 + k,)
        The threshold below Good, then the location effects (log-odds of a better grade).
    covariance : ndarray, shape (1 + k, 1 + k)
        Of them; robust to dependence between homes of one holder.
    n : int
        Homes behind it.
    shift, shrink : float
        The correction: log-odds of Good or better are ``shift + shrink * log-odds of the model``. `shrink` is
        1 where the model holds on owners that it has not seen, 0 where it tells nothing of them.
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    n: int
    shift: float = 0.0
    shrink: float = 1.0

    def probability(self, homes: pl.DataFrame) -> Floats:
        """Return each home's probability of Good or better, shape (n,)."""
        return np.asarray(expit(self.shift + self.shrink * (self._columns(homes) @ self.coefficients)))

    def draws(self, homes: pl.DataFrame, n_draws: int = _DRAWS, seed: int = SEED) -> Floats:
        """Return probabilities under drawn parameters, shape (n_draws, n): how well they are known."""
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.clip(values, 0, None))
        normal = np.random.default_rng(seed).standard_normal((n_draws, self.coefficients.shape[0]))
        drawn = self.coefficients + normal @ root.T
        return np.asarray(expit(self.shift + self.shrink * (drawn @ self._columns(homes).T)))

    def _columns(self, homes: pl.DataFrame) -> Floats:
        columns, names = design(homes)
        kept = columns[:, [names.index(name) for name in self.names]]
        return np.column_stack([-np.ones(homes.height), kept])


def graded_homes(dataset: Dataset, domain: Domain = Domain.OVERALL, on: date | None = None) -> pl.DataFrame:
    """Return the homes of a list with what the model knows of them and their latest grade.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    domain : Domain
        Which judgement.
    on : date, optional
        The date of a list; the newest without it.

    Returns
    -------
    pl.DataFrame
        One row per home with registration date and places: ``urn``, ``sector``, ``region``, ``places``,
        ``special`` (secure, or a residential special school), ``age_months`` (at the latest graded full
        inspection; where there is none, on the list), ``grade`` (code, worst 0; null where none is given
        yet), ``holder_id``, ``holder``, ``kind`` (group, owner, council; null where the owner is not
        printed).
    """
    lists = dataset.home_snapshots
    day = on or lists["listed_on"].max()
    full = (pl.col("inspection_type") == InspectionType.FULL.value) & pl.col(domain.value).is_not_null()
    latest = (
        dataset.inspections.filter(full & (pl.col("inspected_on") <= day))
        .sort("inspected_on")
        .unique("urn", keep="last")
        .select("urn", "inspected_on", grade=pl.col(domain.value).cast(pl.String))
    )
    owners = dataset.owners.select("owner_id", owner_name="owner").unique("owner_id", keep="first")
    seen_on = pl.coalesce("inspected_on", pl.lit(day))
    return (
        lists.filter(pl.col("listed_on") == day)
        .drop_nulls(["registered_on", "places"])
        .join(latest, on="urn", how="left")
        .join(owners, on="owner_id", how="left")
        .select(
            "urn",
            pl.col("sector").cast(pl.String),
            pl.col("standard_region").fill_null("unknown").alias("region"),
            pl.col("places").cast(pl.Float64),
            special=pl.col("provision_type").cast(pl.String) != ProvisionType.CHILDRENS_HOME.value,
            age_months=((seen_on - pl.col("registered_on")).dt.total_days() / _DAYS_A_MONTH).clip(0),
            grade=pl.col("grade").replace_strict(
                _GRADES, list(range(len(_GRADES))), default=None, return_dtype=pl.Int64
            ),
            holder_id=pl.coalesce(_slug("owner_group"), "owner_id"),
            holder=pl.coalesce("owner_group", "owner_name"),
            kind=pl.when(pl.col("owner_group").is_not_null())
            .then(pl.lit("group"))
            .when(pl.col("owner_id").is_null())
            .then(None)
            .when(pl.col("sector").cast(pl.String) == Sector.LOCAL_AUTHORITY.value)
            .then(pl.lit("council"))
            .otherwise(pl.lit("owner")),
        )
        .sort("urn")
    )


def _slug(column: str) -> pl.Expr:
    """Return a group's id, as `ofsight.profiles.homes_open.group_slug` makes it."""
    words = pl.col(column).str.to_lowercase().str.replace_all(r"[^a-z0-9]+", "-")
    return pl.concat_str(pl.lit("group-"), words.str.strip_chars("-"))


def design(homes: pl.DataFrame) -> tuple[Floats, list[str]]:
    """Return the model's columns and their names, before any is left out.

    Sector (against local authority), places as a power of two about four and its square, age in bands
    (against ten years and more), region (against the North West), and whether the home is secure or a school.
    """
    size = np.log2(homes["places"].to_numpy() / _USUAL_PLACES)
    age = homes["age_months"].to_numpy()
    ends = [start for start, _ in _AGES[1:]] + [_OLDER]
    columns: dict[str, Floats] = {
        f"sector: {sector.label}": (homes["sector"] == sector.value).to_numpy().astype(float)
        for sector in (Sector.PRIVATE, Sector.VOLUNTARY)
    }
    columns |= {"places, doubled": size, "places, doubled, squared": size**2}
    columns |= {
        f"age: {label}": ((age >= start) & (age < end)).astype(float)
        for (start, label), end in zip(_AGES, ends, strict=True)
    }
    columns |= {
        f"region: {region}": (homes["region"] == region).to_numpy().astype(float) for region in _REGIONS
    }
    columns["secure or a residential special school"] = homes["special"].to_numpy().astype(float)
    return np.column_stack(list(columns.values())), list(columns)


_REGIONS: Final = (
    "East Midlands", "East of England", "London", "North East", "South East", "South West", "West Midlands",
    "Yorkshire and The Humber",
)  # fmt: skip


def fit_expected(homes: pl.DataFrame, shrink: float | None = None) -> ExpectedModel:
    """Fit the model of the latest judgement.

    Parameters
    ----------
    homes : pl.DataFrame
        As `graded_homes` gives them; those without a grade are left out.
    shrink : float, optional
        The correction of the log-odds; found by `find_shrink` without it.

    Raises
    ------
    ModelError
        Fewer than a hundred graded homes, or none below Good, or none at or above it.
    """
    graded = homes.drop_nulls("grade")
    grades = graded["grade"].to_numpy()
    n_good = int((grades >= GOOD).sum())
    if graded.height < _FEWEST_ROWS or n_good in (0, graded.height):
        raise ModelError(
            f"Expected judgements need {_FEWEST_ROWS} graded homes, some below Good and some not; there are "
            f"{graded.height}, {n_good} of them Good or better. Build the dataset from lists of all homes."
        )
    columns, names = design(graded)
    rest = np.minimum((columns != 0).sum(axis=0), (columns != 1).sum(axis=0))
    kept = [k for k in range(len(names)) if rest[k] >= _FEWEST_WITH and np.ptp(columns[:, k]) > 0]
    levels, codes = np.unique(grades, return_inverse=True)
    fit = clm_arrays(codes, columns[:, kept])
    if fit.convergence.code < 0 or fit.aliased:
        raise ModelError(
            f"The model of expected judgements did not converge on {graded.height} homes. Build the dataset "
            "from more lists."
        )
    below = int((levels < GOOD).sum()) - 1
    picked = [below, *range(len(levels) - 1, len(fit.names))]
    # A home whose owner is not printed is its own holder.
    holders = graded.select(pl.coalesce("holder_id", "urn"))["holder_id"].to_list()
    spread = fit.covariance("cluster", cluster=np.unique(holders, return_inverse=True)[1])
    model = ExpectedModel(
        tuple(names[k] for k in kept),
        np.array(list(fit.estimates.values()))[picked],
        np.asarray(spread)[np.ix_(picked, picked)],
        graded.height,
    )
    return _corrected(model, graded, find_shrink(graded) if shrink is None else shrink)


def _corrected(model: ExpectedModel, graded: pl.DataFrame, shrink: float) -> ExpectedModel:
    """Return the model corrected so that it expects as many Good or better as there are."""
    scores = shrink * logit(model.probability(graded))
    share = float((graded["grade"] >= GOOD).mean())  # type: ignore[arg-type]
    shift = brentq(lambda value: float(expit(value + scores).mean()) - share, -30.0, 30.0)
    return replace(model, shift=float(shift), shrink=shrink)


def find_shrink(homes: pl.DataFrame) -> float:
    """Find how much of the model's differences holds on owners that it has not seen, 0 to 1.

    Homes are put into ten folds by holder; each fold's log-odds come from a model fitted to the other nine.
    The slope of what happened on them is the correction (van Houwelingen & Le Cessie 1990, Stat. Med. 9,
    1303-1325). Where a fold cannot be fitted nothing is known, and the differences are kept as they are.
    """
    graded = homes.drop_nulls("grade")
    try:
        probability, good = predict_unseen(graded)
    except ModelError:
        return 1.0
    fit = clm_arrays(good.astype(np.int64), logit(probability)[:, None])
    (slope,) = fit.coefficients.values()
    return float(np.clip(slope, 0.0, 1.0))


def predict_unseen(graded: pl.DataFrame) -> tuple[Floats, Floats]:
    """Return uncorrected probabilities from models that have not seen a home's owner, and what happened."""
    holders = graded.select(pl.coalesce("holder_id", "urn"))["holder_id"]
    # The same owner always falls into the same fold, on every machine.
    folds = np.array([zlib.crc32(holder.encode()) % _FOLDS for holder in holders])
    probability = np.zeros(graded.height)
    for fold in np.unique(folds):
        inside = folds == fold
        model = fit_expected(graded.filter(~inside), shrink=1.0)
        probability[inside] = model.probability(graded.filter(inside))
    return probability, (graded["grade"] >= GOOD).to_numpy().astype(float)


def home_expected(dataset: Dataset, on: date | None = None, domain: Domain = Domain.OVERALL) -> pl.DataFrame:
    """Give every open home's probability of Good or better, as homes like it have.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    on : date, optional
        The date of a list; the newest without it.
    domain : Domain
        Which judgement.

    Returns
    -------
    pl.DataFrame
        ``urn``, ``probability``, ``low``, ``high`` (95 %, of the probability: how well the model knows it,
        not what the home will get), ``graded``. The home's own grade counts only as one of all. A home
        without registration date or places has no row.

    Raises
    ------
    ModelError
        When the dataset cannot carry the model.
    """
    homes = graded_homes(dataset, domain, on)
    model = fit_expected(homes)
    drawn = model.draws(homes)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return homes.select(
        "urn",
        probability=pl.Series(model.probability(homes)),
        low=pl.Series(low),
        high=pl.Series(high),
        graded=pl.col("grade").is_not_null(),
    )
