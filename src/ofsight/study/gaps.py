"""How the gap between sectors moves: by year, over the pause of 2020, from first inspections to later.

Each question splits the sectors' effects by a column and keeps everything else of the model as it is. What is
estimated is the gap in each part (not its difference from a reference part), so that every number can be read
alone; whether the gap is the same in all parts is tested by likelihood ratio and, robust to dependence within
homes, by a Wald test on clustered errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from scipy.stats import chi2

from ofsight.definitions.study import ModelDefinition, PauseDefinition, StudyDefinition
from ofsight.ordinal import OrdinalFit, clmm, compare
from ofsight.study.estimates import Estimate, describe_convergence, odds_ratio
from ofsight.study.findings import Findings
from ofsight.study.samples import Sample
from ofsight.vocabulary import Domain, Sector

__all__ = ["split_gaps", "wald_test"]

_COMPARED: Final = (Sector.PRIVATE, Sector.VOLUNTARY)
_FEWEST = 10
"""Inspections that a sector must have in a part for its gap there to be estimated."""


@dataclass(frozen=True)
class _Question:
    item: str
    words: str
    part: pl.Expr
    main: tuple[str, ...] = ()


def split_gaps(sample: Sample, study: StudyDefinition) -> Findings:
    """Estimate the gap by year, before and after the pause, and at first and later inspections.

    Parameters
    ----------
    sample : Sample
        The inspections.
    study : StudyDefinition
        Its models: the first (without covariates) and the first with covariates that is fitted on all years.

    Returns
    -------
    Findings
        Items ``gap_by_year``, ``gap_pause``, ``gap_visit`` with terms ``sector:private/2016``; tables
        ``gaps`` and ``gap_tests``.
    """
    found = Findings()
    # One with covariates that every year has: to see the gap move, early years must be there.
    models = [study.models[0], *[m for m in study.models[1:] if not m.told][:1]]
    rows: list[dict[str, Any]] = []
    tests: list[dict[str, Any]] = []
    for question in _questions(study.pause):
        frame = sample.frame.with_columns(part=question.part).drop_nulls("part")
        if frame["part"].n_unique() < 2:
            found.notes.append(f"The gap {question.words} was not estimated: the sample has one part only.")
            continue
        for model in models:
            for outcome in model.outcomes:
                _answer(frame, study, model, outcome, question, found.estimates, rows, tests)
    found.tables["gaps"] = pl.DataFrame(rows, infer_schema_length=None)
    found.tables["gap_tests"] = pl.DataFrame(tests, infer_schema_length=None)
    return found


def _questions(pause: PauseDefinition | None) -> Iterable[_Question]:
    yield _Question("gap_by_year", "by year", pl.col("year").cast(pl.String))
    if pause is not None:
        day = pl.col("inspected_on")
        before, after = pl.lit("before the pause"), pl.lit("after the pause")
        period = pl.when(day < pause.start).then(before).when(day > pause.end).then(after)
        yield _Question("gap_pause", "before and after the pause", period)
    yield _Question("gap_visit", "at first and later inspections", pl.col("visit"), ("later_visit",))


def _answer(
    frame: pl.DataFrame,
    study: StudyDefinition,
    model: ModelDefinition,
    outcome: Domain,
    question: _Question,
    estimates: list[Estimate],
    rows: list[dict[str, Any]],
    tests: list[dict[str, Any]],
) -> None:
    """Fit one question for one judgement: the gap in each part, one gap for all, and a straight line."""
    covariates = [term for term in model.location if term not in ("sector", "C(year)")]
    used = frame.drop_nulls([outcome.value, *covariates])
    used, split, counts = _with_indicators(used)
    others = ["C(year)", *question.main, *covariates]
    wide = _fit(used, outcome, [*split.values(), *others])
    one = _fit(used, outcome, [sector.key for sector in _COMPARED], others)
    names = [name for name in split.values() if name in wide.coefficients]
    errors = {"model": wide.standard_errors, "cluster": _robust(wide)}
    for (sector, part), name in split.items():
        if name not in names:
            continue
        for variance, by_name in errors.items():
            estimate = odds_ratio(
                wide.coefficients[name],
                by_name[name],
                study=study.id,
                item=question.item,
                model=model.model,
                outcome=outcome.value,
                term=f"sector:{sector.key}/{part}",
                n=wide.n,
                n_groups=wide.n_groups,
                variance=variance,
            )
            estimates.append(estimate)
            shown = {k: v for k, v in estimate.as_dict().items() if k not in ("study", "term")}
            n_here, n_reference = counts[sector, part]
            rows.append(
                shown
                | {"sector": sector.value, "part": part, "n_in_part": n_here, "n_reference": n_reference}
                | {"convergence": describe_convergence(wide)}
            )
    where = {"item": question.item, "model": model.model, "outcome": outcome.value, "n": wide.n}
    tests.append(where | {"test": "likelihood ratio"} | _ratio_test(one, wide))
    for sector in _COMPARED:
        mine = [split[key] for key in split if key[0] is sector and split[key] in names]
        if len(mine) > 1:
            tests.append(where | {"test": f"Wald, clustered: {sector.key}"} | wald_test(wide, mine))
    if question.item == "gap_by_year":
        tests += [where | row for row in _trend(used, outcome, others, one)]


def _with_indicators(
    frame: pl.DataFrame,
) -> tuple[pl.DataFrame, dict[tuple[Sector, str], str], dict[tuple[Sector, str], tuple[int, int]]]:
    """Add a column of 0 and 1 for each sector in each part where it has enough inspections."""
    parts = sorted(frame["part"].unique().to_list())
    n = {(s, p): k for s, p, k in frame.group_by("sector", "part").len().rows()}
    names: dict[tuple[Sector, str], str] = {}
    counts: dict[tuple[Sector, str], tuple[int, int]] = {}
    columns = [(pl.col("sector") == sector.value).cast(pl.Float64).alias(sector.key) for sector in _COMPARED]
    for sector in _COMPARED:
        for i, part in enumerate(parts):
            here = n.get((sector.value, part), 0)
            reference = n.get((Sector.LOCAL_AUTHORITY.value, part), 0)
            if min(here, reference) < _FEWEST:
                continue
            names[sector, part] = f"{sector.key}_{i}"
            counts[sector, part] = (here, reference)
            inside = (pl.col("sector") == sector.value) & (pl.col("part") == part)
            columns.append(inside.cast(pl.Float64).alias(f"{sector.key}_{i}"))
    # Inspections of a sector where it has too few leave, lest they count as the reference.
    kept = pl.col("sector") == Sector.LOCAL_AUTHORITY.value
    for sector, part in names:
        kept |= (pl.col("sector") == sector.value) & (pl.col("part") == part)
    later = (pl.col("part") == "later").cast(pl.Float64).alias("later_visit")
    return frame.filter(kept).with_columns(*columns, later), names, counts


def _fit(frame: pl.DataFrame, outcome: Domain, *terms: Sequence[str]) -> OrdinalFit:
    names = [name for group in terms for name in group]
    columns = {name.removeprefix("C(").removesuffix(")") for name in names}
    return clmm(
        f"{outcome.value} ~ {' + '.join(names)}",
        frame.select(outcome.value, "urn", *sorted(columns)),
        group="urn",
    )


def _robust(fit: OrdinalFit) -> dict[str, float]:
    spread = fit.covariance("cluster").diagonal()
    return dict(zip(fit.names, np.sqrt(spread).tolist(), strict=True))


def _ratio_test(narrow: OrdinalFit, wide: OrdinalFit) -> dict[str, Any]:
    last = compare(narrow, wide).row(1, named=True)
    return {name: last[name] for name in ("statistic", "df", "p_value")}


def wald_test(fit: OrdinalFit, names: Sequence[str]) -> dict[str, Any]:
    """Test whether several estimates are equal, on clustered errors.

    Returns
    -------
    dict
        ``statistic`` (chi-squared), ``df`` (one less than the estimates), ``p_value``.
    """
    where = [fit.names.index(name) for name in names]
    values = np.array([fit.estimates[name] for name in names])
    covariance = fit.covariance("cluster")[np.ix_(where, where)]
    differences = np.hstack([-np.ones((len(names) - 1, 1)), np.eye(len(names) - 1)])
    gap = differences @ values
    statistic = float(gap @ np.linalg.solve(differences @ covariance @ differences.T, gap))
    df = len(names) - 1
    return {"statistic": statistic, "df": df, "p_value": float(chi2.sf(statistic, df))}


def _trend(
    frame: pl.DataFrame, outcome: Domain, others: Sequence[str], one: OrdinalFit
) -> list[dict[str, Any]]:
    """Fit the gap as a straight line over calendar years: how its log odds ratio moves in a year."""
    middle = frame["year"].mean()
    lines = [
        (pl.col(sector.key) * (pl.col("year") - middle)).alias(f"{sector.key}_by_year")
        for sector in _COMPARED
    ]
    frame = frame.with_columns(lines)
    keys = [sector.key for sector in _COMPARED]
    slopes = [f"{key}_by_year" for key in keys]
    fit = _fit(frame, outcome, keys, slopes, others)
    rows = [{"test": "likelihood ratio: straight line"} | _ratio_test(one, fit)]
    for name in slopes:
        if name not in fit.coefficients:
            continue
        for kind, errors in (("model", fit.standard_errors), ("cluster", _robust(fit))):
            moved = odds_ratio(
                fit.coefficients[name], errors[name], study="", item="", model="", outcome=None, term=""
            )
            rows.append(
                {
                    "test": f"change in the odds ratio a year: {name.removesuffix('_by_year')}, {kind} error",
                    "p_value": moved.p_value,
                    "estimate": moved.estimate,
                    "low": moved.ci_low,
                    "high": moved.ci_high,
                }
            )
    return rows
