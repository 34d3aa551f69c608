"""Whether table 2 would say otherwise under other assumptions.

Odds that are not proportional, gaps that depend on the home, one owner's homes left out, owners and local
authorities as random effects.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from ofsight.definitions.study import ModelDefinition, StudyDefinition
from ofsight.errors import ModelError
from ofsight.ordinal import OrdinalFit, clm, clmm, compare, nominal_test, scale_test
from ofsight.study.estimates import Estimate, describe_convergence, finite_exp, odds_ratio
from ofsight.study.findings import Findings
from ofsight.study.ratings import term_name
from ofsight.study.samples import Sample
from ofsight.vocabulary import Domain, Sector

__all__ = ["cross_random_effects", "interact", "leave_owners_out", "relax_proportional_odds"]

_SECTORS: Final = (Sector.PRIVATE, Sector.VOLUNTARY)
_AT: Final = (0.25, 0.5, 0.75)
"""Quantiles of a covariate at which the gap is told."""
_LEFT_OUT: Final = 20
"""How many of the largest owners are left out, one at a time."""


def _shown_models(study: StudyDefinition) -> list[ModelDefinition]:
    """Return the model without covariates and the one behind figure 2."""
    return [study.models[0], *(m for m in study.models[1:] if m.model == study.shown)]


def _covariates(model: ModelDefinition) -> list[str]:
    return [term for term in model.location if term not in ("sector", "C(year)")]


def _complete(frame: pl.DataFrame, model: ModelDefinition, outcome: Domain, *more: str) -> pl.DataFrame:
    covariates = _covariates(model)
    return frame.drop_nulls([outcome.value, *covariates, *model.told]).select(
        outcome.value, "urn", "sector", "year", *covariates, *more
    )


def _where(fit: OrdinalFit, study: StudyDefinition, item: str, model: str, outcome: Domain) -> dict[str, Any]:
    return {
        "study": study.id,
        "item": item,
        "model": model,
        "outcome": outcome.value,
        "n": fit.n,
        "n_groups": fit.group_counts.get("urn"),
        "variance": "model",
    }


def relax_proportional_odds(sample: Sample, study: StudyDefinition) -> Findings:
    """Let the sectors act at each threshold in their own way, or on the spread; test every term for both.

    Parameters
    ----------
    sample : Sample
        The inspections.
    study : StudyDefinition
        Its models.

    Returns
    -------
    Findings
        Item ``proportional_odds``: the odds ratio of a grade above each threshold (partial proportional odds,
        term ``sector:private/threshold:Good|Outstanding``), and of the model whose spread differs by sector
        the odds ratio and the ratio of spreads (``scale:sector:private``); each with a random intercept per
        home and without (then with clustered errors). Tables ``proportional_odds`` and
        ``proportional_odds_tests``: likelihood-ratio tests of each term.
    """
    found = Findings()
    tests: list[pl.DataFrame] = []
    for model in _shown_models(study):
        for outcome in model.outcomes:
            frame = _complete(sample.frame, model, outcome)
            formula = f"{outcome.value} ~ {' + '.join(model.location)}"
            plain = clmm(formula, frame, group="urn")
            for kind, test in (("nominal", nominal_test), ("scale", scale_test)):
                tested: pl.DataFrame = test(plain)
                tests.append(
                    tested.with_columns(
                        model=pl.lit(model.model),
                        outcome=pl.lit(outcome.value),
                        test=pl.lit(kind),
                        n=pl.lit(plain.n),
                    )
                )
                parts = {kind: "~ sector"}
                relaxed = clmm(
                    formula, frame, group="urn", nominal=parts.get("nominal"), scale=parts.get("scale")
                )
                name = f"{model.model}, {kind}"
                where = _where(relaxed, study, "proportional_odds", name, outcome)
                found.estimates += _relaxed(relaxed, study, where, relaxed.standard_errors)
                # Over homes, without their random intercepts: then errors must be clustered.
                over = clm(formula, frame, nominal=parts.get("nominal"), scale=parts.get("scale"))
                spread = over.covariance("cluster", cluster="urn").diagonal().tolist()
                errors = {n: math.sqrt(v) for n, v in zip(over.names, spread, strict=True)}
                where |= {"model": f"{name}, no random intercept", "variance": "cluster"}
                found.estimates += _relaxed(over, study, where, errors)
    found.tables["proportional_odds"] = _as_table(found.estimates)
    found.tables["proportional_odds_tests"] = pl.concat(tests).select(
        "model", "outcome", "test", pl.exclude("model", "outcome", "test")
    )
    return found


def _relaxed(
    fit: OrdinalFit, study: StudyDefinition, where: dict[str, Any], errors: dict[str, float]
) -> list[Estimate]:
    """Return the sectors' estimates of a relaxed model."""
    rows: list[tuple[str, float, float]] = []
    for name, value in fit.thresholds.items():
        threshold, _, term = name.partition(".sector[")
        if term:
            # A threshold that rises makes higher grades rarer: the sign turns.
            rows.append((f"{term_name('sector[' + term, study)}/threshold:{threshold}", -value, errors[name]))
    for name, value in fit.coefficients.items():
        if name.startswith("sector["):
            rows.append((term_name(name, study), value, errors[name]))
    for name, value in fit.scale_coefficients.items():
        rows.append((f"scale:{term_name(name.removeprefix('scale.'), study)}", value, errors[name]))
    return [odds_ratio(value, error, term=term, **where) for term, value, error in rows]


def _as_table(estimates: Sequence[Estimate]) -> pl.DataFrame:
    rows = [
        {key: value for key, value in estimate.as_dict().items() if key not in ("study", "item")}
        for estimate in estimates
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def interact(sample: Sample, study: StudyDefinition) -> Findings:
    """Let the gap depend on a home's age, places and chain size, one at a time.

    Returns
    -------
    Findings
        Item ``interactions``: the gap at the covariate's quartiles (``sector:private/places=4``), from the
        model with all covariates; table ``interaction_tests``: likelihood ratio against the same gap for all.
    """
    found = Findings()
    model = study.model(study.shown)
    covariates = _covariates(model)
    tests: list[dict[str, Any]] = []
    for outcome in model.outcomes:
        frame = _complete(sample.frame, model, outcome).with_columns(
            (pl.col("sector") == sector.value).cast(pl.Float64).alias(sector.key) for sector in _SECTORS
        )
        keys = [sector.key for sector in _SECTORS]
        base = f"{outcome.value} ~ {' + '.join([*keys, 'C(year)', *covariates])}"
        plain = clmm(base, frame, group="urn")
        for name in covariates:
            centre = float(frame[name].mean() or 0.0)  # type: ignore[arg-type]
            products = [f"{key}_by_{name}" for key in keys]
            wide_frame = frame.with_columns(
                (pl.col(key) * (pl.col(name) - centre)).alias(product)
                for key, product in zip(keys, products, strict=True)
            )
            wide = clmm(f"{base} + {' + '.join(products)}", wide_frame, group="urn")
            missing = [term for term in (*keys, *products) if term not in wide.coefficients]
            if missing:
                found.notes.append(
                    f"Interaction of sector with {study.terms.get(name, name)}, {outcome.label}: the sample "
                    f"cannot tell {', '.join(missing)} from other terms; left out."
                )
                continue
            test = compare(plain, wide).row(1, named=True)
            shown = study.terms.get(name, name)
            tests.append(
                {"outcome": outcome.value, "covariate": shown, "n": wide.n}
                | {key: test[key] for key in ("statistic", "df", "p_value")}
                | {
                    f"ratio_per_unit_{key}": finite_exp(wide.coefficients[p])
                    for key, p in zip(keys, products, strict=True)
                }
            )
            where = _where(wide, study, "interactions", f"{model.model}, sector by {shown}", outcome)
            for key, product in zip(keys, products, strict=True):
                for level in sorted({float(frame[name].quantile(q) or 0.0) for q in _AT}):
                    gap = wide.contrast({key: 1.0, product: level - centre}).row(0, named=True)
                    term = f"sector:{key}/{shown}={level:.4g}"
                    found.estimates.append(odds_ratio(gap["estimate"], gap["std_error"], term=term, **where))
    found.tables["interactions"] = _as_table(found.estimates)
    found.tables["interaction_tests"] = pl.DataFrame(tests, infer_schema_length=None)
    return found


def leave_owners_out(sample: Sample, study: StudyDefinition) -> Findings:
    """Fit the first model again without each of the largest owners.

    Returns
    -------
    Findings
        Table ``leave_one_owner_out``: one row per owner, judgement and sector; the first rows leave no one
        out. How far a row is from those is told in their standard errors.
    """
    model = study.models[0]
    largest = (
        sample.frame.drop_nulls("owner_key")
        .group_by("owner_key")
        .agg(n=pl.len(), n_homes=pl.col("urn").n_unique(), sector=pl.col("sector").mode().sort().first())
        .sort("n", "owner_key", descending=[True, False])
        .head(_LEFT_OUT)
    )
    left_out = [(None, 0, 0, None), *largest.select("owner_key", "n", "n_homes", "sector").rows()]
    rows: list[dict[str, Any]] = []
    for outcome in model.outcomes:
        whole = _complete(sample.frame, model, outcome, "owner_key")
        reference: dict[str, tuple[float, float]] = {}
        for owner, n, n_homes, sector in left_out:
            kept = whole if owner is None else whole.filter(pl.col("owner_key").ne_missing(owner))
            fit = clmm(f"{outcome.value} ~ {' + '.join(model.location)}", kept, group="urn")
            for name, value in fit.coefficients.items():
                if not name.startswith("sector["):
                    continue
                error = fit.standard_errors[name]
                first, spread = reference.setdefault(name, (value, error))
                term = term_name(name, study)
                estimate = odds_ratio(value, error, term=term, **_where(fit, study, "", "", outcome))
                rows.append(
                    {
                        "left_out": owner or "no one",
                        "left_out_sector": sector,
                        "left_out_inspections": n,
                        "left_out_homes": n_homes,
                        "outcome": outcome.value,
                        "term": term,
                        "estimate": estimate.estimate,
                        "ci_low": estimate.ci_low,
                        "ci_high": estimate.ci_high,
                        "n": fit.n,
                        "difference_in_standard_errors": (value - first) / spread,
                    }
                )
    return Findings(tables={"leave_one_owner_out": pl.DataFrame(rows, infer_schema_length=None)})


def cross_random_effects(sample: Sample, study: StudyDefinition) -> Findings:
    """Give owners and local authorities random intercepts beside the homes'.

    A home whose owner no list tells is an owner of its own.

    Returns
    -------
    Findings
        Item ``random_effects``, the first model with homes alone and with owners and authorities beside them;
        table ``random_effects`` with the standard deviations and Akaike's criterion of each.
    """
    found = Findings()
    model = study.models[0]
    variants = {
        "homes": ("urn",),
        "homes, owners and authorities": ("urn", "owner", "local_authority"),
    }
    rows: list[dict[str, Any]] = []
    filled = sample.frame.with_columns(
        owner=pl.coalesce("owner_key", pl.concat_str(pl.lit("owner of "), "urn")),
        local_authority=pl.col("local_authority").fill_null("not told"),
    )
    for outcome in model.outcomes:
        frame = _complete(filled, model, outcome, "owner", "local_authority")
        for name, groups in variants.items():
            formula = f"{outcome.value} ~ {' + '.join(model.location)}"
            try:
                fit = clmm(formula, frame, group=list(groups))
            except ModelError as error:
                found.notes.append(f"Random effects of {name}, {outcome.value}: {error}")
                continue
            if fit.convergence.code < 0:
                found.notes.append(f"Random effects of {name}, {outcome.value}: {fit.convergence.message}")
                continue
            where = _where(fit, study, "random_effects", name, outcome)
            for column, value in fit.coefficients.items():
                if column.startswith("sector["):
                    error_log = fit.standard_errors[column]
                    estimate = odds_ratio(value, error_log, term=term_name(column, study), **where)
                    found.estimates.append(estimate)
                    rows.append(
                        {k: v for k, v in estimate.as_dict().items() if k not in ("study", "item")}
                        | {
                            f"sd_{group}": fit.random_sds.get(group)
                            for group in ("urn", "owner", "local_authority")
                        }
                        | {
                            f"n_{group}": fit.group_counts.get(group)
                            for group in ("owner", "local_authority")
                        }
                        | {"log_likelihood": fit.log_likelihood, "aic": fit.aic}
                        | {"convergence": describe_convergence(fit)}
                    )
    found.tables["random_effects"] = pl.DataFrame(rows, infer_schema_length=None)
    return found
