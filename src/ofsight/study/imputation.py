"""Covariates that no list tells, filled in: many times over and pooled, beside the single fill of the paper.

The unknown ones are those of homes that closed before the first list that prints them, so they are missing by
what is known (years, sector, grades), which is what multiple imputation asks for. A home is the unit: its day
of registration, places and chain size are drawn once and hold for all its inspections.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import t as student

from ofsight.definitions.study import StudyDefinition
from ofsight.ordinal import clmm
from ofsight.study.estimates import Estimate, finite_exp, odds_ratio
from ofsight.study.findings import Findings
from ofsight.study.ratings import term_name
from ofsight.study.samples import Sample
from ofsight.vocabulary import Domain, Grade, Sector

__all__ = ["Pooled", "fill_many", "fill_once", "impute_covariates", "pool"]

Floats = NDArray[np.float64]

N_IMPUTATIONS: Final = 10
"""At least the percentage of incomplete rows (White, Royston and Wood 2011): about nine in a hundred."""
_CYCLES: Final = 5
_DONORS: Final = 5
_DAYS_A_MONTH: Final = 365.25 / 12


def impute_covariates(sample: Sample, study: StudyDefinition) -> Findings:
    """Fit the shown model with the covariates filled in, both ways.

    Parameters
    ----------
    sample : Sample
        The inspections.
    study : StudyDefinition
        Its shown model and the seed.

    Returns
    -------
    Findings
        Item ``imputation``, models ``single fill`` (each sector's median, in the manner of the paper, which
        does not print its own) and ``multiple imputation``; table ``imputation`` with complete cases beside
        them and the fraction of information that is missing.
    """
    model = study.model(study.shown)
    found = Findings()
    rows: list[dict[str, Any]] = []
    single = fill_once(sample.frame)
    many = fill_many(sample.frame, N_IMPUTATIONS, study.seed)
    for outcome in model.outcomes:
        fitted = {
            name: [_fit(frame, outcome, model.location) for frame in frames]
            for name, frames in (
                ("complete cases", [sample.frame]),
                ("single fill", [single]),
                ("multiple imputation", many),
            )
        }
        for name, fits in fitted.items():
            for term in fits[0].coefficients:
                if term.startswith("C("):
                    continue
                pooled = pool(
                    [fit.coefficients[term] for fit in fits],
                    [fit.standard_errors[term] ** 2 for fit in fits],
                    fits[0].n_groups - len(fits[0].names),
                )
                estimate = _estimate(pooled, study, name, outcome, term_name(term, study), fits[0])
                if name != "complete cases":
                    found.estimates.append(estimate)
                rows.append(
                    {k: v for k, v in estimate.as_dict().items() if k not in ("study", "item")}
                    | {
                        "n_imputations": len(fits),
                        "degrees_of_freedom": pooled.df,
                        "missing_information": pooled.missing_information,
                    }
                )
    found.tables["imputation"] = pl.DataFrame(rows, infer_schema_length=None)
    found.notes.append(
        f"Covariates were imputed {N_IMPUTATIONS} times by predictive mean matching over homes ({_CYCLES} "
        f"cycles of chained equations, {_DONORS} donors, seed {study.seed}), pooled by Rubin's rules."
    )
    return found


def _fit(frame: pl.DataFrame, outcome: Domain, location: Sequence[str]) -> Any:
    columns = {term.removeprefix("C(").removesuffix(")") for term in location}
    return clmm(
        f"{outcome.value} ~ {' + '.join(location)}",
        frame.select(outcome.value, "urn", *sorted(columns)),
        group="urn",
    )


def _estimate(
    pooled: Pooled, study: StudyDefinition, name: str, outcome: Domain, term: str, fit: Any
) -> Estimate:
    estimate = odds_ratio(
        pooled.value,
        pooled.std_error,
        study=study.id,
        item="imputation",
        model=name,
        outcome=outcome.value,
        term=term,
        n=fit.n,
        n_groups=fit.n_groups,
        variance="model",
    )
    if pooled.between == 0:
        return estimate
    # Between imputations the error is itself estimated: Student's t in the normal's place.
    reach = float(student.ppf(0.975, pooled.df)) * pooled.std_error
    return Estimate(
        **estimate.as_dict()
        | {
            "ci_low": finite_exp(pooled.value - reach),
            "ci_high": finite_exp(pooled.value + reach),
            "p_value": float(2 * student.sf(abs(pooled.value) / pooled.std_error, pooled.df)),
        }
    )


@dataclass(frozen=True, slots=True)
class Pooled:
    """Estimates of one quantity from several filled-in samples, pooled.

    Attributes
    ----------
    value, std_error : float
        The mean, and its error: within samples and between them.
    within, between : float
        The two variances.
    df : float
        Degrees of freedom (Barnard and Rubin).
    missing_information : float
        The fraction of information that is missing, 0 to 1.
    """

    value: float
    std_error: float
    within: float
    between: float
    df: float
    missing_information: float


def pool(values: Sequence[float], variances: Sequence[float], complete_df: float) -> Pooled:
    """Pool by Rubin's rules.

    Parameters
    ----------
    values, variances : sequence of float
        The estimate and its squared standard error, from each filled-in sample.
    complete_df : float
        Degrees of freedom that the estimate would have if nothing were missing.

    References
    ----------
    Rubin, D. B. (1987). Multiple imputation for nonresponse in surveys.
    Barnard, J. & Rubin, D. B. (1999). Small-sample degrees of freedom with multiple imputation.
    Biometrika 86, 948-955.
    """
    m = len(values)
    value, within = float(np.mean(values)), float(np.mean(variances))
    between = float(np.var(values, ddof=1)) if m > 1 else 0.0
    total = within + (1 + 1 / m) * between
    # Fits of one and the same sample differ by rounding alone.
    if between <= 1e-12 * within:
        return Pooled(value, math.sqrt(total), within, 0.0, complete_df, 0.0)
    share = (1 + 1 / m) * between / total
    observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
    old = (m - 1) / share**2
    df = 1 / (1 / old + 1 / observed)
    ratio = share / (1 - share)
    missing = (ratio + 2 / (df + 3)) / (ratio + 1)
    return Pooled(value, math.sqrt(total), within, between, df, missing)


def fill_once(frame: pl.DataFrame) -> pl.DataFrame:
    """Fill each covariate with its sector's median: one value for all that are unknown."""
    names = ("age_months_paper", "age_months", "places", "chain_size")
    return frame.with_columns(pl.col(name).fill_null(pl.col(name).median().over("sector")) for name in names)


def fill_many(frame: pl.DataFrame, m: int, seed: int) -> list[pl.DataFrame]:
    """Fill the covariates several times, by chained predictive mean matching over homes.

    Parameters
    ----------
    frame : DataFrame
        Of a `Sample`.
    m : int
        How many times.
    seed : int
        Of the draws: the same seed gives the same fillings.

    Returns
    -------
    list of DataFrame
        The frame with ``registered_on``, ``age_months_paper``, ``age_months``, ``places`` and ``chain_size``
        filled.

    References
    ----------
    van Buuren, S. (2018). Flexible imputation of missing data, 2nd ed., 3.4.
    """
    homes, predictors = _describe_homes(frame)
    known = {name: homes[name].to_numpy() for name in ("registered", "log_places", "log_chain")}
    filled = []
    for k in range(m):
        rng = np.random.default_rng([seed, k])
        drawn = _chain(known, predictors, rng)
        filled.append(_put_in(frame, homes, drawn))
    return filled


def _describe_homes(frame: pl.DataFrame) -> tuple[pl.DataFrame, Floats]:
    """Return a row per home, with what predicts: sector, region, when it was seen, how it was judged."""
    homes = (
        frame.group_by("urn")
        .agg(
            *_mean_ranks(),
            pl.col("sector").last().cast(pl.String),
            pl.col("region").last().fill_null("not told"),
            first_seen=pl.col("year").min(),
            last_seen=pl.col("year").max(),
            n_seen=pl.len(),
            registered=pl.col("registered_on").min().cast(pl.Int32).cast(pl.Float64),
            log_places=pl.col("places").mean().log(),
            log_chain=pl.col("chain_size").mean().log(),
        )
        .sort("urn")
    )
    columns: list[Floats] = [np.ones(homes.height)]
    for name, levels in (("sector", [s.value for s in Sector]), ("region", sorted(homes["region"].unique()))):
        columns += [(homes[name] == level).to_numpy().astype(np.float64) for level in levels[1:]]
    for name in ("first_seen", "last_seen", "n_seen", *(f"mean_{d.value}" for d in Domain)):
        values = homes[name].cast(pl.Float64).fill_null(homes[name].mean()).to_numpy()
        columns.append((values - values.mean()) / (values.std() or 1.0))
    return homes, np.column_stack(columns)


def _mean_ranks() -> list[pl.Expr]:
    """Outcomes belong in a model that fills covariates. A mean of ranks is a predictor here, no finding."""
    ranks = {grade.value: i for i, grade in enumerate(Grade)}
    return [
        pl.col(domain.value)
        .cast(pl.String)
        .replace_strict(ranks, return_dtype=pl.Float64)
        .mean()
        .alias(f"mean_{domain.value}")
        for domain in Domain
    ]


def _chain(known: dict[str, Floats], predictors: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """Draw every unknown value, each covariate given the others, over and over."""
    missing = {name: np.isnan(values) for name, values in known.items()}
    now = {}
    for name, values in known.items():
        now[name] = values.copy()
        if missing[name].any():
            now[name][missing[name]] = rng.choice(values[~missing[name]], int(missing[name].sum()))
    for _ in range(_CYCLES):
        for name in known:
            if missing[name].any():
                others = [_standardise(now[other]) for other in known if other != name]
                design = np.column_stack([predictors, *others])
                now[name][missing[name]] = _match(design, known[name], missing[name], rng)
    return now


def _standardise(values: Floats) -> Floats:
    result: Floats = (values - values.mean()) / (values.std() or 1.0)
    return result


def _match(design: Floats, values: Floats, missing: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Draw for each unknown value one of the known values whose homes look most alike (type 1 matching)."""
    x, y = design[~missing], values[~missing]
    # A little of the diagonal keeps columns that say the same (or nothing) from making it singular.
    diagonal = np.diag(x.T @ x)
    ridge = 1e-5 * np.diag(np.where(diagonal > 0, diagonal, 1.0))
    inverse = np.linalg.inv(x.T @ x + ridge)
    beta = inverse @ x.T @ y
    residual = y - x @ beta
    sigma = math.sqrt(float(residual @ residual) / rng.chisquare(max(1, len(y) - x.shape[1])))
    drawn = beta + sigma * np.linalg.cholesky(inverse) @ rng.normal(size=len(beta))
    order = np.argsort(x @ beta, kind="stable")
    fitted, donors = (x @ beta)[order], y[order]
    target = design[missing] @ drawn
    # The nearest few lie side by side in the sorted list.
    at = np.searchsorted(fitted, target)
    width = min(_DONORS, len(donors))
    reach = np.clip(at[:, None] + np.arange(-width, width), 0, len(donors) - 1)
    apart = np.abs(fitted[reach] - target[:, None])
    nearest = np.take_along_axis(reach, np.argsort(apart, axis=1, kind="stable")[:, :width], axis=1)
    chosen: Floats = donors[nearest[np.arange(len(target)), rng.integers(0, width, len(target))]]
    return chosen


def _put_in(frame: pl.DataFrame, homes: pl.DataFrame, drawn: dict[str, Floats]) -> pl.DataFrame:
    """Put a home's drawn values where its inspections have none."""
    values = pl.DataFrame(
        {
            "urn": homes["urn"],
            "drawn_day": np.rint(drawn["registered"]).astype(np.int32),
            "drawn_places": np.exp(drawn["log_places"]),
            "drawn_chain": np.exp(drawn["log_chain"]),
        }
    ).with_columns(pl.col("drawn_day").cast(pl.Date))
    # The paper's day is what was known minus the age it gave: the same for every home.
    offset = frame.select(
        (
            pl.col("age_months_paper")
            + (pl.col("registered_on").cast(pl.Int32).cast(pl.Float64) / _DAYS_A_MONTH)
        ).median()
    ).item()
    day = pl.coalesce("registered_on", "drawn_day")
    at_inspection = (pl.col("inspected_on") - day).dt.total_days() / _DAYS_A_MONTH
    paper = pl.lit(offset, dtype=pl.Float64) - day.cast(pl.Int32).cast(pl.Float64) / _DAYS_A_MONTH
    return (
        frame.join(values, on="urn", how="left")
        .with_columns(
            registered_on=day,
            age_months_paper=pl.coalesce("age_months_paper", paper),
            age_months=pl.coalesce("age_months", at_inspection.clip(lower_bound=0)),
            places=pl.coalesce("places", "drawn_places"),
            chain_size=pl.coalesce("chain_size", "drawn_chain"),
        )
        .drop("drawn_day", "drawn_places", "drawn_chain")
    )
