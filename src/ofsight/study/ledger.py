"""The ledger: every published number beside ours, with a verdict and, where they differ, a reason."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from ofsight.definitions.study import PublishedNumber, StudyDefinition
from ofsight.study.estimates import Estimate, ModelFacts

__all__ = ["VERDICTS", "count_verdicts", "make_ledger"]

VERDICTS = (
    "same to print",
    "within one standard error",
    "same direction",
    "differs",
    "not reproducible from public data",
    "not in this dataset",
)
_UNPUBLISHED = ("table3",)
_RATIOS = ("odds ratio",)
_DIFFERENCES = ("difference in count per inspection", "points per point")


@dataclass(frozen=True, slots=True)
class _Ours:
    value: float
    low: float | None = None
    high: float | None = None
    std_error: float | None = None
    n: int | None = None


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
        One row a published number: ``id, item, model, outcome, contrast, quantity, published, published_low,
        published_high, ours, ours_low, ours_high, difference, verdict, note``, the difference in units of the
        last printed digit and of the standard error, where the number is printed and with how many decimals,
        and both standard errors and numbers of observations where the paper prints them. Standard errors are
        on the scale of the printed one: the log odds ratio (table 2) or the odds ratio itself (table 4).
    """
    ours = _index(estimates, facts)
    # What rests on data that a user may yet supply is not said to be beyond reproduction.
    computed = {item for item, *_ in ours}
    rows = [
        _row(number, ours.get(_key(number)), study, number.item in computed) for number in study.published
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
            "place": pl.String,
            "decimals": pl.Int64,
            "published_std_error": pl.Float64,
            "ours_std_error": pl.Float64,
            "std_error_same_to_print": pl.Boolean,
            "interval_same_to_print": pl.Boolean,
            "published_n": pl.Int64,
            "ours_n": pl.Int64,
        },
    )


def count_verdicts(ledger: pl.DataFrame) -> pl.DataFrame:
    """Count the ledger's verdicts by table and in all: ``item, verdict, n``."""
    counted = ledger.group_by("item", "verdict").len("n")
    whole = (
        ledger.group_by("verdict").len("n").with_columns(item=pl.lit("all")).select("item", "verdict", "n")
    )
    return pl.concat([whole.sort("verdict"), counted.sort("item", "verdict")])


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
    # Robust errors are compared only where there are no others.
    for estimate in sorted(estimates, key=lambda one: one.variance == "cluster"):
        if estimate.estimate is None:
            continue
        key = (estimate.item, estimate.model, estimate.outcome or "", estimate.term, "estimate")
        error = estimate.std_error_log
        if error is None and estimate.ci_low is not None and estimate.ci_high is not None:
            error = (estimate.ci_high - estimate.ci_low) / 3.92
        ours = _Ours(estimate.estimate, estimate.ci_low, estimate.ci_high, error, estimate.n)
        index.setdefault(key, ours)
    for fact in facts:
        for quantity, value in (("AIC", fact.aic), ("n", float(fact.n))):
            index[fact.item, fact.model, fact.outcome, "", quantity] = _Ours(value, n=fact.n)
    return index


def _row(
    number: PublishedNumber, ours: _Ours | None, study: StudyDefinition, computed: bool
) -> dict[str, object]:
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
        "place": number.place,
        "decimals": number.decimals,
        "published_std_error": None if number.std_error is None else float(number.std_error),
        "published_n": number.n,
    }
    if ours is None:
        if computed or number.item in _UNPUBLISHED:
            return row | {"verdict": VERDICTS[4], "note": _why(number, study)}
        return row | {"verdict": VERDICTS[5], "note": "study.json says under notes what is missing."}
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
        **_beside(number, ours),
    }


def _beside(number: PublishedNumber, ours: _Ours) -> dict[str, object]:
    """Compare what is printed beside the number: standard error, interval, observations."""
    error = ours.std_error
    if error is not None and number.item == "table4":
        error *= ours.value
    beside: dict[str, object] = {"ours_n": ours.n, "ours_std_error": error}
    if number.std_error is not None and error is not None:
        beside["std_error_same_to_print"] = _same(error, number.std_error)
    if None not in (number.low, number.high, ours.low, ours.high):
        beside["interval_same_to_print"] = all(
            _same(mine or 0.0, printed or Decimal(0))
            for mine, printed in ((ours.low, number.low), (ours.high, number.high))
        )
    return beside


def _same(ours: float, printed: Decimal) -> bool:
    """Whether a number rounds to what is printed.

    Half a unit of the last digit, and a hair for the floating point of a value that lies on the edge.
    """
    unit = 10.0 ** int(printed.as_tuple().exponent)
    return abs(ours - float(printed)) <= unit * (0.5 + 1e-9)


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
    if _same(ours.value, number.value):
        return VERDICTS[0]
    if in_errors is not None and abs(in_errors) <= 1:
        return VERDICTS[1]
    neutral = 1.0 if number.quantity in _RATIOS else 0.0
    directed = number.quantity in (*_RATIOS, *_DIFFERENCES)
    if directed and (ours.value - neutral) * (float(number.value) - neutral) > 0:
        return VERDICTS[2]
    return VERDICTS[3]


def _why(number: PublishedNumber, study: StudyDefinition) -> str:
    """Return the definition's reason, the nearest to the number first."""
    table, model = number.item, f"{number.item}-{number.model}"
    quantities = (number.quantity, number.quantity.split()[-1])
    keys = [number.id, *(f"{place}/{word}" for place in (model, table) for word in quantities)]
    for key in (*keys, table, *quantities):
        if key in study.why:
            return study.why[key]
    return ""
