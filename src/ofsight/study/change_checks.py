"""What a sceptic asks of a gap that changed over the pause of 2020, each question as another sample or model.

A change in the odds ratio may come of other homes, other visits, other years or other rules instead of the
homes' own grades. Every check fits the same model, the gap before and after the pause, to inspections of
which one of these explanations cannot hold; and two tables look at the grades without that model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm

from ofsight.definitions.study import StudyDefinition
from ofsight.errors import ModelError
from ofsight.ordinal import OrdinalFit, clm, clmm
from ofsight.study.change_counts import (
    AFTER,
    BEFORE,
    FEWEST,
    compare_homes_with_themselves,
    count_shares,
    last_and_first,
    of_both_parts,
    sectors_of_both_parts,
    with_parts,
)
from ofsight.study.estimates import finite_exp, odds_ratio
from ofsight.study.findings import Findings
from ofsight.study.samples import Sample
from ofsight.vocabulary import Domain, Grade, Sector

__all__ = ["check_change"]

_LARGEST: Final = 10
_FRAMEWORK: Final = date(2017, 4, 1)
"""When the social care common inspection framework came into force."""
_Z95: Final = float(norm.ppf(0.975))


@dataclass(frozen=True)
class _Check:
    """One question: what it asks, which inspections are kept, what is added to the model."""

    name: str
    asks: str
    keep: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame
    covariates: tuple[str, ...] = ()
    group: Literal["home", "home and part", "none"] = "home"
    of_all: bool = False
    """Asked of every judgement; the others of the overall one."""


def _one_owner_kind(frame: pl.DataFrame) -> pl.DataFrame:
    stays = pl.col("sector").n_unique().over("urn") == 1
    if "council_company" in frame.columns:
        stays &= ~pl.col("council_company").fill_null(value=False).any().over("urn")
    return frame.filter(stays)


def _without_largest(frame: pl.DataFrame) -> pl.DataFrame:
    largest = (
        frame.filter(pl.col("sector") != Sector.LOCAL_AUTHORITY.value)
        .drop_nulls("owner_key")
        .group_by("owner_key")
        .len("n")
        .sort("n", "owner_key", descending=[True, False])
        .head(_LARGEST)["owner_key"]
    )
    return frame.filter(~pl.col("owner_key").is_in(largest.to_list()).fill_null(value=False))


def _without_newest_year(frame: pl.DataFrame) -> pl.DataFrame:
    newest = frame["inspected_on"].max()
    if not isinstance(newest, date):
        return frame
    return frame.filter(pl.col("inspected_on") <= newest - timedelta(days=365))


def _at_step(grades: tuple[Grade, ...]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Make each judgement a yes or no: one of these grades, or not."""
    names = [grade.value for grade in grades]

    def keep(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(
            pl.when(pl.col(domain.value).is_not_null())
            .then(pl.col(domain.value).cast(pl.String).is_in(names).cast(pl.Int8))
            .alias(domain.value)
            for domain in Domain
        )

    return keep


_CHECKS: Final = (
    _Check(
        "every inspection",
        "The comparison itself, by calendar year, with a random intercept per home.",
        of_all=True,
    ),
    _Check(
        "homes may have changed",
        "Is it that the model holds a home’s own standing to be the same for ten years? Here each home has "
        "one standing before the pause and another after it.",
        group="home and part",
        of_all=True,
    ),
    _Check(
        "no effects of homes",
        "What do all inspections say together? No random intercept: the odds over homes, not for one home.",
        group="none",
        of_all=True,
    ),
    _Check(
        "the same homes",
        "Is it that other homes are inspected now? Only homes inspected both before and after.",
        of_both_parts,
        of_all=True,
    ),
    _Check(
        "one inspection each",
        "Is it that weak homes are inspected more often? Of the same homes only the last inspection before "
        "the pause and the first after it.",
        last_and_first,
        of_all=True,
    ),
    _Check(
        "homes open before",
        "Is it that new homes are better? No home that was first inspected after the pause.",
        lambda frame: frame.filter((pl.col("part") == BEFORE).any().over("urn")),
    ),
    _Check(
        "first inspections",
        "Do homes that are new to inspection show it? Only the first full inspection of a home registered "
        "since 2014.",
        lambda frame: frame.filter(pl.col("visit") == "first"),
        of_all=True,
    ),
    _Check(
        "later inspections",
        "Is it that first inspections differ? All but those.",
        lambda frame: frame.filter(pl.col("visit") == "later"),
    ),
    _Check(
        "without 2020 and 2021",
        "Is it the odd choice of homes around the pause? Neither of these years.",
        lambda frame: frame.filter(~pl.col("inspected_on").dt.year().is_in([2020, 2021])),
    ),
    _Check(
        "without the newest year",
        "Is it that the newest record is not whole? Nothing of the last 365 days.",
        _without_newest_year,
    ),
    _Check(
        "one framework",
        "Is it the change of rules? Only from April 2017, under the common inspection framework.",
        lambda frame: frame.filter(pl.col("inspected_on") >= _FRAMEWORK),
    ),
    _Check(
        "same region",
        "Is it that for-profit homes stand in other places? Compared within regions.",
        covariates=("region",),
    ),
    _Check(
        "same age, chain and places",
        "Is it that homes have become smaller, younger or part of larger chains? Compared at the same age, "
        "places and chain size.",
        covariates=("age_months", "chain_size", "places"),
    ),
    _Check(
        "without the largest owners",
        f"Is it the doing of a few owners? Without the {_LARGEST} owners, councils aside, with the most "
        "inspections.",
        _without_largest,
    ),
    _Check(
        "homes that stayed in their sector",
        "Is it that homes changed hands? No home that changed sector, none of a company of a council.",
        _one_owner_kind,
    ),
    _Check(
        "Good or better, or not",
        "Is it at the lower end? The grade is only whether it is Good or better.",
        _at_step((Grade.GOOD, Grade.OUTSTANDING)),
    ),
    _Check(
        "Outstanding, or not",
        "Is it at the upper end? The grade is only whether it is Outstanding.",
        _at_step((Grade.OUTSTANDING,)),
    ),
)


def check_change(sample: Sample, study: StudyDefinition) -> Findings:
    """Ask of the gap before and after the pause whether something else than the grades made it change.

    Parameters
    ----------
    sample : Sample
        The inspections.
    study : StudyDefinition
        Its ``pause``; without one, or with too few inspections on either side, nothing is done.

    Returns
    -------
    Findings
        Tables ``change_checks`` (by check, judgement and sector: the odds ratios before and after, and the
        factor between them with its interval and p value on errors clustered by home), ``change_shares``
        (grades as counted) and ``change_within_homes`` (each home compared with itself).
    """
    found = Findings()
    if study.pause is None:
        return found
    frame = with_parts(sample.frame, study.pause)
    if not sectors_of_both_parts(frame):
        found.notes.append(
            "Checks of a change over the pause of 2020 were not made: it takes "
            f"{FEWEST} inspections of a sector and of local authority homes before and after it."
        )
        return found
    rows: list[dict[str, Any]] = []
    for check in _CHECKS:
        for domain in Domain if check.of_all else (Domain.OVERALL,):
            rows += _answer(check, frame, domain, study, found.notes)
    found.tables["change_checks"] = pl.DataFrame(rows, infer_schema_length=None)
    kept = {"every inspection": frame, "the same homes": of_both_parts(frame)}
    kept["one inspection each"] = last_and_first(frame)
    found.tables["change_shares"] = pl.concat(
        [count_shares(part).select(pl.lit(name).alias("check"), pl.all()) for name, part in kept.items()]
    )
    found.tables["change_within_homes"] = pl.DataFrame(
        [row for domain in Domain for row in compare_homes_with_themselves(frame, domain)],
        infer_schema_length=None,
    )
    return found


def _answer(
    check: _Check, frame: pl.DataFrame, domain: Domain, study: StudyDefinition, notes: list[str]
) -> Iterator[dict[str, Any]]:
    """Fit one check for one judgement; one that cannot be fitted is noted and passed over."""
    used = check.keep(frame).drop_nulls([domain.value, *check.covariates])
    sectors = sectors_of_both_parts(used)
    if not sectors:
        notes.append(
            f"Check of the change, {check.name}, {domain.value}: left out, fewer than {FEWEST} inspections "
            "of a sector before or after the pause."
        )
        return
    names = [sector.value for sector in (Sector.LOCAL_AUTHORITY, *sectors)]
    used = used.filter(pl.col("sector").is_in(names))
    try:
        fit, robust = _fit(used, domain, sectors, check)
    except ModelError as error:
        notes.append(f"Check of the change, {check.name}, {domain.value}: {error}")
        return
    if fit.convergence.code < 0:
        notes.append(f"Check of the change, {check.name}, {domain.value}: {fit.convergence.message}")
        return
    for sector in sectors:
        yield {
            "check": check.name,
            "asks": check.asks,
            "outcome": domain.value,
            "term": f"sector:{sector.key}",
            **_before_and_after(fit, robust, sector, study),
            "n": fit.n,
            "n_homes": used["urn"].n_unique(),
        }


def _fit(
    frame: pl.DataFrame, domain: Domain, sectors: tuple[Sector, ...], check: _Check
) -> tuple[OrdinalFit, NDArray[np.float64]]:
    """Return the fit and its covariance clustered by home, whatever the random intercept is of."""
    columns = [
        ((pl.col("sector") == sector.value) & (pl.col("part") == part))
        .cast(pl.Float64)
        .alias(f"{sector.key}_{i}")
        for sector in sectors
        for i, part in enumerate((BEFORE, AFTER))
    ]
    names = [f"{sector.key}_{i}" for sector in sectors for i in (0, 1)]
    terms = [*names, "C(year)", *("C(region)" if name == "region" else name for name in check.covariates)]
    formula = f"{domain.value} ~ {' + '.join(terms)}"
    group = pl.col("urn") if check.group == "home" else pl.concat_str("urn", pl.lit(" "), "part")
    frame = frame.with_columns(*columns, group=group)
    frame = frame.select(domain.value, "urn", "group", "year", *check.covariates, *names)
    fit = clm(formula, frame) if check.group == "none" else clmm(formula, frame, group="group")
    homes = np.unique(frame["urn"].to_numpy(), return_inverse=True)[1]
    return fit, fit.covariance("cluster", cluster=homes)


def _before_and_after(
    fit: OrdinalFit, robust: NDArray[np.float64], sector: Sector, study: StudyDefinition
) -> dict[str, Any]:
    """Return the odds ratios before and after and the factor between them, all on clustered errors."""
    errors = dict(zip(fit.names, np.sqrt(robust.diagonal()).tolist(), strict=True))
    values: dict[str, Any] = {}
    for i, word in enumerate(("before", "after")):
        name = f"{sector.key}_{i}"
        one = odds_ratio(
            fit.coefficients[name],
            errors[name],
            study=study.id,
            item="change_checks",
            model="",
            outcome=None,
            term="",
        )
        values |= {word: one.estimate, f"{word}_low": one.ci_low, f"{word}_high": one.ci_high}
    weights = np.zeros(len(fit.names))
    weights[fit.names.index(f"{sector.key}_1")] = 1.0
    weights[fit.names.index(f"{sector.key}_0")] = -1.0
    change = fit.coefficients[f"{sector.key}_1"] - fit.coefficients[f"{sector.key}_0"]
    error = math.sqrt(float(weights @ robust @ weights))
    return values | {
        "factor": finite_exp(change),
        "factor_low": finite_exp(change - _Z95 * error),
        "factor_high": finite_exp(change + _Z95 * error),
        "p_value": float(2 * norm.sf(abs(change / error))) if error > 0 else None,
    }
