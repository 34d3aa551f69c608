"""The ledger: every published number beside ours, with a verdict and, where they differ, a reason."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from ofsight.definitions.study import PublishedNumber, StudyDefinition
from ofsight.study.estimates import Estimate, ModelFacts

__all__ = ["VERDICTS", "make_ledger"]

VERDICTS = (
    "same to print",
    "within one standard error",
    "same direction",
    "differs",
    "not reproducible from public data",
)
_RATIOS = ("odds ratio",)
_DIFFERENCES = ("difference in count per inspection",)


@dataclass(frozen=True, slots=True)
class _Ours:
    value: float
    low: float | None = None
    high: float | None = None
    std_error: float | None = None


def make_ledger(
    study: StudyDefinition, estimates: Iterable[Estimate], facts: Iterable[ModelFacts]
) -> pl.DataFrame:
    """Put ours beside every number that the study's definition says was published.

    Parameters
    ----------
    study : StudyDefinition
        With its published numbers.
    estimates : iterable of Estimate
        Ours; those with the model's own variance are compared.
    facts : iterable of ModelFacts
        For numbers that describe a model as a whole.

    Returns
    -------
    DataFrame
        One row a published number of the tables that were computed: ``id, item, model, outcome, contrast, quantity, published, published_low,
        published_high, ours, ours_low, ours_high, difference, verdict, note`` and the difference in units of
        the last printed digit and of the standard error.
    """
    ours = _index(estimates, facts)
    # A table that this edition does not compute is not said to be beyond reproduction.
    computed = {item for item, *_ in ours}
    rows = [
        _row(number, ours.get(_key(number)), study) for number in study.published if number.item in computed
    ]
    schema = dict.fromkeys(("id", "item", "model", "outcome", "contrast", "quantity"), pl.String)
    numbers = ("published", "published_low", "published_high", "ours", "ours_low", "ours_high", "difference")
    return pl.DataFrame(
        rows,
        schema={
            **schema,
            **dict.fromkeys(numbers, pl.Float64),
            "verdict": pl.Enum(VERDICTS),
            "note": pl.String,
            "difference_in_last_digits": pl.Float64,
            "difference_in_standard_errors": pl.Float64,
        },
    )


_Key = tuple[str, str, str, str, str]


def _key(number: PublishedNumber) -> _Key:
    """Name a published number as `_index` names ours."""
    outcome, term = number.outcome or "", number.term or ""
    if number.item == "table1":
        if number.quantity == "count":
            return "table1", "count", outcome, f"{term}/grade:{number.grade}", "estimate"
        if number.quantity == "inspections":
            return "table1", "inspections", "", term or "all", "estimate"
        *name, statistic = number.quantity.split()
        return "table1", statistic, "", f"{term}/{'_'.join(name)}", "estimate"
    if number.quantity in ("AIC", "n"):
        return number.item, number.model or "", outcome, "", number.quantity
    if number.quantity == "probability":
        return number.item, "grid", outcome, f"{term}/grade:{number.grade}", "estimate"
    return number.item, number.model or "", outcome, term, "estimate"


def _index(estimates: Iterable[Estimate], facts: Iterable[ModelFacts]) -> dict[_Key, _Ours]:
    index: dict[_Key, _Ours] = {}
    for estimate in estimates:
        if estimate.variance == "cluster" or estimate.estimate is None:
            continue
        key = (estimate.item, estimate.model, estimate.outcome or "", estimate.term, "estimate")
        error = estimate.std_error_log
        if error is None and estimate.ci_low is not None and estimate.ci_high is not None:
            error = (estimate.ci_high - estimate.ci_low) / 3.92
        index[key] = _Ours(estimate.estimate, estimate.ci_low, estimate.ci_high, error)
    for fact in facts:
        for quantity, value in (("AIC", fact.aic), ("n", float(fact.n))):
            index[fact.item, fact.model, fact.outcome, "", quantity] = _Ours(value)
    return index


def _row(number: PublishedNumber, ours: _Ours | None, study: StudyDefinition) -> dict[str, object]:
    published = float(number.value)
    row: dict[str, object] = {
        "id": number.id,
        "item": number.item,
        "model": number.model,
        "outcome": number.outcome,
        "contrast": number.term if number.grade is None else f"{number.term}/grade:{number.grade}",
        "quantity": number.quantity,
        "published": published,
        "published_low": None if number.low is None else float(number.low),
        "published_high": None if number.high is None else float(number.high),
    }
    if ours is None:
        return row | {"verdict": VERDICTS[4], "note": _why(number, study)}
    difference = ours.value - published
    in_errors = _in_standard_errors(number, ours)
    verdict = _verdict(number, ours, in_errors)
    return row | {
        "ours": ours.value,
        "ours_low": ours.low,
        "ours_high": ours.high,
        "difference": difference,
        "verdict": verdict,
        "note": "" if verdict == VERDICTS[0] else _why(number, study),
        "difference_in_last_digits": difference / number.last_digit,
        "difference_in_standard_errors": in_errors,
    }


def _in_standard_errors(number: PublishedNumber, ours: _Ours) -> float | None:
    """Return the difference in standard errors: the printed one where there is one, else ours.

    Table 2 prints the error of the log odds ratio, table 4 that of the odds ratio itself. A count has the
    error of a Poisson count.
    """
    published = float(number.value)
    if number.quantity in _RATIOS:
        printed = None if number.std_error is None else float(number.std_error)
        if printed is not None and number.item == "table4":
            printed /= published
        if printed is None and number.low is not None and number.high is not None:
            printed = (math.log(number.high) - math.log(number.low)) / 3.92
        error = printed or ours.std_error
        return math.log(ours.value / published) / error if error else None
    if number.quantity in ("count", "inspections"):
        return (ours.value - published) / math.sqrt(published)
    error = None
    if number.low is not None and number.high is not None:
        error = float(number.high - number.low) / 3.92
    error = error or ours.std_error
    return (ours.value - published) / error if error else None


def _verdict(number: PublishedNumber, ours: _Ours, in_errors: float | None) -> str:
    # Half a unit of the last digit, and a hair for the floating point of a value that lies on the edge.
    if abs(ours.value - float(number.value)) <= number.last_digit * (0.5 + 1e-9):
        return VERDICTS[0]
    if in_errors is not None and abs(in_errors) <= 1:
        return VERDICTS[1]
    neutral = 1.0 if number.quantity in _RATIOS else 0.0
    directed = number.quantity in (*_RATIOS, *_DIFFERENCES)
    if directed and (ours.value - neutral) * (float(number.value) - neutral) > 0:
        return VERDICTS[2]
    return VERDICTS[3]


def _why(number: PublishedNumber, study: StudyDefinition) -> str:
    """Return the definition's reason: by the number's table, its quantity, or the quantity's last word."""
    for key in (number.item, number.quantity, number.quantity.split()[-1]):
        if key in study.why:
            return study.why[key]
    return ""
