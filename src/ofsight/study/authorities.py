"""Models of local authorities' own judgements by the share of placements they buy (table 4 of the paper)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
import polars as pl

from ofsight.definitions.study import AuthorityModel, StudyDefinition
from ofsight.errors import ModelError
from ofsight.ordinal import OrdinalFit, clm, clm_arrays, nominal_test, scale_test
from ofsight.study.estimates import Estimate, ModelFacts, describe_convergence, odds_ratio
from ofsight.study.findings import Findings

__all__ = ["EXPOSURES", "fit_authorities", "fit_authority_model", "make_table4", "run_authority_curve"]

EXPOSURES = {"profit": "paper", "third": "third sector instead (falsification)"}
"""The exposure, and the name of the model in which it stands."""
_TESTED = ("profit", "white", "imd", "female", "under18", "n", "region")


def fit_authorities(table: pl.DataFrame, study: StudyDefinition) -> Findings:
    """Fit the paper's models of local authorities, and the falsification with the third sector's share.

    Parameters
    ----------
    table : DataFrame
        From ``ofsight.study.authority_table``: one row an authority.
    study : StudyDefinition
        Its ``authority_models``.

    Returns
    -------
    Findings
        Item ``table4``: an odds ratio for each term (per unit of it), tables ``table4``, ``table4_tests``
        (what relaxing each term of the full plain model would gain) and ``table4_curve`` (every subset of
        the covariates).

    Raises
    ------
    ModelError
        When a model of the paper cannot be fitted.
    """
    found = Findings()
    for exposure, name in EXPOSURES.items():
        for model in study.authority_models:
            fit = fit_authority_model(table, model, exposure)
            if fit.convergence.code < 0:
                raise ModelError(f"Table 4, {model.label}, {name}: {fit.convergence.message}")
            found.estimates += _estimates(fit, study, model, name)
            found.facts.append(_facts(fit, model, name))
    found.tables["table4"] = make_table4(found.estimates, found.facts)
    found.tables["table4_tests"] = _test_terms(table, study.authority_models)
    found.tables["table4_curve"] = run_authority_curve(table, study)
    return found


def fit_authority_model(table: pl.DataFrame, model: AuthorityModel, exposure: str = "profit") -> OrdinalFit:
    """Fit one model, with another exposure in the place of ``profit`` where that is asked for."""

    def terms(given: Sequence[str]) -> str:
        return " + ".join(exposure if term == "profit" else term for term in given)

    used = {*model.location, *model.scale, *model.nominal, exposure} - ({"profit"} - {exposure})
    return clm(
        f"{model.outcome} ~ {terms(model.location)}",
        table.select(model.outcome, *sorted(used)),
        scale=f"~ {terms(model.scale)}" if model.scale else None,
        nominal=f"~ {terms(model.nominal)}" if model.nominal else None,
    )


def _estimates(fit: OrdinalFit, study: StudyDefinition, model: AuthorityModel, name: str) -> list[Estimate]:
    """Return odds ratios; a term of the scale is a ratio of spreads, one at a threshold names it."""
    where: dict[str, Any] = {
        "study": study.id,
        "item": "table4",
        "model": name,
        "outcome": model.outcome,
        "n": fit.n,
        "variance": "model",
    }
    errors = fit.standard_errors
    rows = [(_term(key), value, errors[key]) for key, value in fit.coefficients.items()]
    rows += [(key.replace("scale.", "scale:"), v, errors[key]) for key, v in fit.scale_coefficients.items()]
    for key, value in fit.thresholds.items():
        threshold, _, term = key.rpartition(".")
        if threshold and term in model.nominal:
            # A threshold that rises makes higher grades rarer: the sign turns.
            rows.append((f"{term}/threshold:{threshold}", -value, errors[key]))
    return [odds_ratio(value, error, term=term, **where) for term, value, error in rows]


def _term(name: str) -> str:
    if name.startswith("region["):
        return f"region:{name[len('region[T.') : -1]}"
    return name


def _facts(fit: OrdinalFit, model: AuthorityModel, name: str) -> ModelFacts:
    request = fit.frame.request if fit.frame is not None else None
    formula = request.formula if request is not None else ""
    if request is not None:
        formula += "".join(f", {part} {t}" for part in ("scale", "nominal") if (t := getattr(request, part)))
    return ModelFacts(
        item="table4",
        model=name,
        outcome=model.outcome,
        label=f"{model.label}: {name}",
        formula=formula,
        n=fit.n,
        n_groups=None,
        n_dropped=fit.n_dropped,
        log_likelihood=fit.log_likelihood,
        aic=fit.aic,
        random_sd=None,
        thresholds=dict(fit.thresholds),
        convergence=describe_convergence(fit),
    )


def make_table4(estimates: Sequence[Estimate], facts: Sequence[ModelFacts]) -> pl.DataFrame:
    """Lay table 4 out: one row a term, with the standard error on the scale of the odds ratio, as printed."""
    by_model = {(fact.model, fact.outcome): fact for fact in facts if fact.item == "table4"}
    rows = []
    for estimate in estimates:
        if estimate.item != "table4" or estimate.outcome is None:
            continue
        fact = by_model[estimate.model, estimate.outcome]
        ratio, error = estimate.estimate or math.nan, estimate.std_error_log
        rows.append(
            {key: value for key, value in estimate.as_dict().items() if key not in ("study", "n_groups")}
            | {
                "std_error_ratio": None if error is None else ratio * error,
                "label": fact.label,
                "log_likelihood": fact.log_likelihood,
                "aic": fact.aic,
                "n_dropped": fact.n_dropped,
                "convergence": fact.convergence,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def _test_terms(table: pl.DataFrame, models: Sequence[AuthorityModel]) -> pl.DataFrame:
    """Test for every judgement whether a term acts at each threshold in its own way, or on the spread.

    The tests are made on the model with all covariates and none of the relaxations, which is where the
    paper's choice of scale and nominal terms comes from. Covariates are centred, which moves no test: far
    from zero a threshold's own slope and its level are nearly one and the same.
    """
    numbers = [name for name in _TESTED if name != "region"]
    centred = table.with_columns(pl.col(name) - pl.col(name).mean() for name in numbers)
    frames = []
    for model, kind, test in _each_test(models):
        fit = clm(f"{model.outcome} ~ {' + '.join(_TESTED)}", centred.select(model.outcome, *_TESTED))
        tested: pl.DataFrame = test(fit)
        frames.append(tested.with_columns(outcome=pl.lit(model.outcome), test=pl.lit(kind), n=pl.lit(fit.n)))
    if not frames:
        return pl.DataFrame()
    return pl.concat(frames).select("outcome", "test", pl.exclude("outcome", "test"))


def _each_test(models: Sequence[AuthorityModel]) -> Iterator[tuple[AuthorityModel, str, Any]]:
    for model in models:
        yield model, "nominal", nominal_test
        yield model, "scale", scale_test


def run_authority_curve(table: pl.DataFrame, study: StudyDefinition) -> pl.DataFrame:
    """Fit the models of authorities with every subset of the covariates, and both exposures.

    Proportional odds throughout: the curve asks what the choice of covariates does.

    Parameters
    ----------
    table : DataFrame
        From ``ofsight.study.authority_table``.
    study : StudyDefinition
        Its ``authority_models`` name the judgements.

    Returns
    -------
    DataFrame
        One row a specification: ``outcome, exposure, covariates, n_covariates``, the odds ratio per
        percentage point with its interval, p value, ``n``, ``aic``, ``error`` and ``papers`` (whether it has
        the covariates that the paper's model has).
    """
    others = [name for name in _TESTED if name != "profit"]
    subsets = [names for k in range(len(others) + 1) for names in combinations(others, k)]
    rows: list[dict[str, Any]] = []
    for model in study.authority_models:
        papers = {*model.location, *model.scale, *model.nominal} - {"profit"}
        for exposure, names in product(EXPOSURES, subsets):
            row: dict[str, Any] = {
                "outcome": model.outcome,
                "exposure": exposure,
                "covariates": " ".join(names),
                "n_covariates": len(names),
                "papers": set(names) == papers,
            }
            try:
                fit = _fit_arrays(table, model.outcome, (exposure, *names))
                if fit.convergence.code < 0:
                    raise ModelError(fit.convergence.message)
            except ModelError as error:
                rows.append(row | {"error": str(error)})
                continue
            estimate = odds_ratio(
                fit.coefficients[exposure],
                fit.standard_errors[exposure],
                study=study.id,
                item="",
                model="",
                outcome=None,
                term=exposure,
            )
            shown = ("estimate", "ci_low", "ci_high", "p_value")
            rows.append(
                row
                | {name: getattr(estimate, name) for name in shown}
                | {"n": fit.n, "aic": fit.aic, "error": None}
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def _fit_arrays(table: pl.DataFrame, outcome: str, names: Sequence[str]) -> OrdinalFit:
    """Fit one specification of the curve from arrays: a formula would take longer to read than to fit."""
    used = table.select(outcome, *names).drop_nulls()
    columns: list[pl.Series] = []
    labels: list[str] = []
    for name in names:
        if name == "region":
            for level in sorted(used[name].unique())[1:]:
                columns.append((used[name] == level).cast(pl.Float64))
                labels.append(f"region[T.{level}]")
        else:
            columns.append(used[name])
            labels.append(name)
    x = np.column_stack([column.to_numpy() for column in columns])
    return clm_arrays(used[outcome].to_physical().to_numpy(), x, names=labels)
