"""Legal requirements and recommendations per inspection, by sector (table 3 of the paper)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm

from ofsight.definitions.study import StudyDefinition
from ofsight.errors import ModelError
from ofsight.ordinal import clmm
from ofsight.study.counts import (
    CountFit,
    fit_linear,
    fit_linear_mixed,
    fit_logistic,
    fit_multinomial,
    fit_negative_binomial,
    fit_poisson,
)
from ofsight.study.estimates import Estimate, odds_ratio
from ofsight.study.findings import Findings
from ofsight.study.requirement_table import RequirementTable
from ofsight.study.samples import Sample
from ofsight.vocabulary import Sector

__all__ = ["FEWEST_INSPECTIONS", "compare_home_means", "model_requirements"]

Floats = NDArray[np.float64]

FEWEST_INSPECTIONS: Final = 100
"""Inspections with reports below which table 3 is not attempted."""
_FEWEST_OF_SECTOR: Final = 10
_MOST_BROKEN: Final = ("12", "13", "14", "16", "32", "33", "35", "36", "45")
"""The regulations of 2015 that the paper names as broken most."""
_FEWEST_OF_KIND: Final = 20
_SECTORS: Final = (Sector.PRIVATE, Sector.VOLUNTARY)
_Z95: Final = float(norm.ppf(0.975))


def model_requirements(table: RequirementTable, sample: Sample, study: StudyDefinition) -> Findings:
    """Fit table 3: how many requirements and recommendations, whether any, and which.

    Parameters
    ----------
    table : RequirementTable
        Counts by inspection.
    sample : Sample
        The inspections they are of; others are left out.
    study : StudyDefinition
        Its shown model names the covariates.

    Returns
    -------
    Findings
        Item ``table3``. Models ``linear`` (difference in the count per inspection, as in the paper),
        ``Poisson`` and ``negative binomial`` (ratio of counts), ``logistic`` (odds ratio of at least one),
        each also ``, adjusted``; ``linear, home effects`` and ``logistic, home effects`` (random intercept
        per home); ``multinomial`` (which regulation: ratio of relative risks against all others).
        Robust errors (``cluster``) are by home. Tables ``table3`` and ``table3_regulations``.
    """
    found = Findings()
    frame = table.counts.join(
        sample.frame.drop("n_requirements", "n_recommendations", strict=False), on=["urn", "inspected_on"]
    )
    found.notes.append(
        f"Table 3: {frame.height} of the {table.counts.height} inspections of {table.source} are in the "
        "sample."
    )
    if frame.height < FEWEST_INSPECTIONS:
        found.notes.append(
            f"Table 3 was not computed: it takes {FEWEST_INSPECTIONS} inspections with their requirements. "
            "Parse more inspection reports into the dataset, or give a table: --requirements-table."
        )
        return found
    covariates = [term for term in study.model(study.shown).location if term not in ("sector", "C(year)")]
    for outcome in ("requirements", "recommendations"):
        for adjusted in (False, True):
            names = covariates if adjusted else []
            used = frame.drop_nulls([f"n_{outcome}", *names])
            design = _Design(used, names)
            y = used[f"n_{outcome}"].to_numpy().astype(np.float64)
            for name, estimates in _fit_counts(y, design, adjusted, found.notes):
                model = f"{name}, adjusted" if adjusted else name
                found.estimates += [
                    replace(e, study=study.id, item="table3", model=model, outcome=outcome) for e in estimates
                ]
    found.estimates += _which_regulation(table, sample, study, found)
    rows = [{k: v for k, v in e.as_dict().items() if k not in ("study", "item")} for e in found.estimates]
    found.tables["table3"] = pl.DataFrame(rows, infer_schema_length=None)
    return found


class _Design:
    """Columns for the array models: intercept, sectors, years, covariates; and codes of homes."""

    def __init__(self, frame: pl.DataFrame, covariates: Sequence[str]) -> None:
        self.frame = frame
        self.covariates = tuple(covariates)
        columns, self.names = [np.ones(frame.height)], ["Intercept"]
        for sector in _SECTORS:
            is_one = (frame["sector"] == sector.value).to_numpy()
            if _FEWEST_OF_SECTOR <= is_one.sum() < frame.height:
                self.names.append(f"sector:{sector.key}")
                columns.append(is_one.astype(np.float64))
        for year in sorted(frame["year"].unique())[1:]:
            self.names.append(f"year:{year}")
            columns.append((frame["year"] == year).to_numpy().astype(np.float64))
        for name in covariates:
            values = frame[name].to_numpy().astype(np.float64)
            if values.std() > 0:
                self.names.append(name)
                columns.append(values - values.mean())
        self.x: Floats = np.column_stack(columns)
        self.clusters = np.unique(frame["urn"].to_numpy(), return_inverse=True)[1].astype(np.int64)


def _fit_counts(
    y: Floats, design: _Design, adjusted: bool, notes: list[str]
) -> Iterator[tuple[str, list[Estimate]]]:
    """Fit every model of one outcome; one that cannot be fitted is noted and passed over."""
    any_at_all = (y > 0).astype(np.float64)
    fitters: list[tuple[str, Callable[[], CountFit], bool]] = [
        ("linear", lambda: fit_linear(y, design.x, design.clusters), False),
        ("Poisson", lambda: fit_poisson(y, design.x, design.clusters), True),
        ("negative binomial", lambda: fit_negative_binomial(y, design.x, design.clusters), True),
        ("logistic", lambda: fit_logistic(any_at_all, design.x, design.clusters), True),
        ("linear, home effects", lambda: fit_linear_mixed(y, design.x, design.clusters), False),
    ]
    for name, fit, ratio in fitters:
        try:
            yield name, _sector_estimates(fit(), design.names, ratio)
        except ModelError as error:
            notes.append(f"Table 3, {name}{', adjusted' if adjusted else ''}: {error}")
    if not adjusted:
        try:
            yield "logistic, home effects", _mixed_logistic(any_at_all, design)
        except ModelError as error:
            notes.append(f"Table 3, logistic, home effects: {error}")


def _sector_estimates(fit: CountFit, names: Sequence[str], ratio: bool, suffix: str = "") -> list[Estimate]:
    estimates = []
    for variance, covariance in (("model", fit.covariance), ("cluster", fit.robust)):
        for name, value, error in zip(names, fit.coefficients, np.sqrt(np.diag(covariance)), strict=True):
            if not name.startswith("sector:"):
                continue
            where: dict[str, Any] = {
                "study": "",
                "item": "",
                "model": "",
                "outcome": None,
                "term": name + suffix,
                "n": fit.n,
                "n_groups": fit.n_clusters,
                "variance": variance,
            }
            if ratio:
                estimates.append(odds_ratio(float(value), float(error), **where))
            else:
                estimates.append(_difference(float(value), float(error), where))
    return estimates


def _difference(value: float, error: float, where: dict[str, Any]) -> Estimate:
    """Make an estimate that is a difference: it has no logarithm."""
    return Estimate(
        estimate=value,
        ci_low=value - _Z95 * error,
        ci_high=value + _Z95 * error,
        p_value=float(2 * norm.sf(abs(value / error))) if error > 0 else math.nan,
        **where,
    )


def _mixed_logistic(any_at_all: Floats, design: _Design) -> list[Estimate]:
    """Fit at-least-one with a random intercept per home: a cumulative link model of two grades."""
    sectors = [name for name in design.names if name.startswith("sector:")]
    names = {name: name.removeprefix("sector:") for name in sectors}
    frame = design.frame.select("urn", "year").with_columns(
        pl.Series("broken", any_at_all.astype(np.int64)),
        *(pl.Series(short, design.x[:, design.names.index(name)]) for name, short in names.items()),
    )
    year = " + C(year)" if frame["year"].n_unique() > 1 else ""
    fit = clmm(f"broken ~ {' + '.join(names.values())}{year}", frame, group="urn")
    if fit.convergence.code < 0:
        raise ModelError(fit.convergence.message)
    return [
        odds_ratio(
            fit.coefficients[short],
            fit.standard_errors[short],
            study="",
            item="",
            model="",
            outcome=None,
            term=name,
            n=fit.n,
            n_groups=fit.n_groups,
            variance="model",
        )
        for name, short in names.items()
    ]


def _which_regulation(
    table: RequirementTable, sample: Sample, study: StudyDefinition, found: Findings
) -> list[Estimate]:
    """Model which regulation a requirement is about; those that are rare count among all others."""
    broken = table.regulations.join(
        sample.frame.select("urn", "inspected_on", "sector", "year"), on=["urn", "inspected_on"]
    )
    number = pl.col("regulation").cast(pl.String).str.extract(r"^(\d+)")
    broken = broken.with_columns(kind=number).drop_nulls("kind")
    counted = broken.group_by("kind", "sector").len("n").sort("kind", "sector")
    if not counted.is_empty():
        found.tables["table3_regulations"] = counted
    kinds = [k for k in _MOST_BROKEN if (broken["kind"] == k).sum() >= _FEWEST_OF_KIND]
    if not kinds or broken.height < FEWEST_INSPECTIONS:
        found.notes.append("Table 3, which regulation: too few requirements with their regulation are known.")
        return []
    design = _Design(broken, ())
    codes = np.zeros(broken.height, dtype=np.int64)
    for i, kind in enumerate(kinds):
        codes[(broken["kind"] == kind).to_numpy()] = i + 1
    try:
        fit = fit_multinomial(codes, design.x, design.clusters)
    except ModelError as error:
        found.notes.append(f"Table 3, which regulation: {error}")
        return []
    names = [f"{name}/regulation:{kind}" for kind in kinds for name in design.names]
    return [
        replace(e, study=study.id, item="table3", model="multinomial", outcome="requirements")
        for e in _sector_estimates(fit, names, ratio=True)
    ]


def compare_home_means(means: pl.DataFrame, sample: Sample) -> pl.DataFrame:
    """Check table 3's direction and size on means by home, weighted by the home's inspections.

    Parameters
    ----------
    means : DataFrame
        ``URN, reqs_per, recs_per``: a home's mean requirements and recommendations per inspection.
    sample : Sample
        Where the home's sector and number of inspections are from.

    Returns
    -------
    DataFrame
        ``outcome, term, difference, low, high, n_homes``: the difference in the count per inspection against
        local authority homes, with robust intervals.
    """
    homes = sample.frame.group_by("urn").agg(sector=pl.col("sector").last(), weight=pl.len())
    frame = means.rename({"URN": "urn"}).with_columns(pl.col("urn").cast(pl.String)).join(homes, on="urn")
    rows = []
    for outcome, column in (("requirements", "reqs_per"), ("recommendations", "recs_per")):
        used = frame.drop_nulls(column).with_columns(year=pl.lit(0))
        design = _Design(used, ())
        fit = fit_linear(
            used[column].to_numpy().astype(np.float64),
            design.x,
            design.clusters,
            used["weight"].to_numpy().astype(np.float64),
        )
        rows += [
            {
                "outcome": outcome,
                "term": e.term,
                "difference": e.estimate,
                "low": e.ci_low,
                "high": e.ci_high,
                "n_homes": used.height,
            }
            for e in _sector_estimates(fit, design.names, ratio=False)
            if e.variance == "cluster"
        ]
    return pl.DataFrame(rows)
