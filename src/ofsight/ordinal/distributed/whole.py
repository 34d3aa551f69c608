"""What the partitions make together: rows in all, levels, the formula's state, scales of columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.columns import drop_unused, label_level
from ofsight.ordinal.convergence import ConvergenceCode, Finding
from ofsight.ordinal.coordinates import Scale, Scales, choose_scale
from ofsight.ordinal.design import Outline
from ofsight.ordinal.distributed.pieces import Measures, Spread
from ofsight.ordinal.distributed.survey import Levels, Survey, join_levels
from ofsight.ordinal.formula import Request, design_matrix, parse_formula, variables_in

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Whole",
    "expressed_variables",
    "join_outlines",
    "join_spreads",
    "join_surveys",
    "learn_formula",
    "stateful_terms",
    "whole_scales",
]

Floats = NDArray[np.float64]
_PARTS = ("location", "nominal", "scale")


@dataclass(frozen=True)
class Whole:
    """What all partitions hold together.

    Attributes
    ----------
    n, n_dropped : int
        Rows used, and left out for a missing value.
    outcome : tuple
        The grades that occur, as values.
    levels : tuple of str
        Their names.
    factors : dict of str to tuple
        Levels that occur of the predictors that are factors.
    sample : pandas.DataFrame
        A few rows of the predictors in which every level occurs.
    means : dict of str to float
        Of the predictors that are numbers.
    notes : tuple of Finding
        What to know of the data.
    """

    n: int
    n_dropped: int
    outcome: tuple[Any, ...]
    levels: tuple[str, ...]
    factors: Mapping[str, tuple[Any, ...]]
    sample: pd.DataFrame
    means: Mapping[str, float]
    notes: tuple[Finding, ...]


def expressed_variables(request: Request) -> frozenset[str]:
    """Return the variables inside expressions, such as C(year), of any part of the model."""
    names: set[str] = set()
    for text in filter(None, (getattr(request, part) for part in _PARTS)):
        for factor in {factor.expr for term in parse_formula(text) for factor in term.factors}:
            if factor.strip("`") not in variables_in(text):
                names |= variables_in(factor)
    return frozenset(names)


def _check_kinds(surveys: Sequence[Survey]) -> None:
    first = surveys[0]
    for other in surveys[1:]:
        for name, kind in first.kinds.items():
            if other.kinds[name] != kind:
                raise ModelError(
                    f"Column {name!r} holds {kind} in {first.label}, {other.kinds[name]} in {other.label}. "
                    "Cast it to one type before writing the partitions."
                )


def join_surveys(surveys: Sequence[Survey], request: Request, used: Sequence[str]) -> Whole:
    """Return what the partitions hold together.

    Raises
    ------
    ModelError
        If there is no row, the outcome has no order, or partitions disagree on a column.
    """
    import pandas as pd

    height = sum(s.height for s in surveys)
    filled = [s for s in surveys if s.n]
    n = sum(s.n for s in filled)
    if not filled:
        raise ModelError(
            "No rows are left once those with a missing value are dropped. Look for a column "
            f"that is missing throughout, among: {', '.join([request.outcome, *used])}."
        )
    _check_kinds(filled)
    notes: list[Finding] = []
    if n < height:
        message = f"{height - n} of {height} rows have a missing value and were dropped."
        notes.append(Finding(ConvergenceCode.ROWS_DROPPED, message))
    outcome = _join_outcome(request.outcome, filled, n, notes)
    factors: dict[str, tuple[Any, ...]] = {}
    for name in filled[0].factors:
        joined = join_levels(name, [(s.label, s.factors[name]) for s in filled])
        factors[name] = _used(name, joined, "Levels", ConvergenceCode.EMPTY_LEVELS, notes)
    sample = pd.concat([s.sample for s in filled], ignore_index=True)
    for name, levels in factors.items():
        sample[name] = pd.Categorical(sample[name], categories=list(levels))
    means = {name: sum(s.sums[name] for s in filled) / n for name in filled[0].sums}
    labels = tuple(label_level(level) for level in outcome)
    return Whole(n, height - n, outcome, labels, factors, sample, means, tuple(notes))


def _join_outcome(name: str, filled: Sequence[Survey], n: int, notes: list[Finding]) -> tuple[Any, ...]:
    parts = [(s.label, s.outcome) for s in filled if s.outcome is not None]
    joined = join_levels(name, parts)
    if not joined.ordered:
        raise ModelError(
            f"The outcome {name!r} has no order. Cast it to pl.Enum([...]) with the grades from "
            "lowest to highest, to an ordered pandas Categorical, or to integers."
        )
    if len(joined.values) > 100 and len(joined.values) > 0.2 * n:
        raise ModelError(
            f"The outcome {name!r} takes {len(joined.values)} values in {n} rows: it looks "
            "continuous, not graded."
        )
    return _used(name, joined, "Grades", ConvergenceCode.EMPTY_GRADES, notes)


def _used(
    name: str, levels: Levels, what: str, code: ConvergenceCode, notes: list[Finding]
) -> tuple[Any, ...]:
    """Return the levels that occur; say which do not."""
    used, unused = drop_unused(levels.values, levels.counts)
    if unused:
        message = f"{what} of {name!r} that never occur were left out: {', '.join(unused)}."
        notes.append(Finding(code, message))
    return tuple(used)


def learn_formula(request: Request, whole: Whole, surveys: Sequence[Survey]) -> dict[str, Any]:
    """Return formulaic's specification of each part of the model, from the sample.

    Every level of every factor occurs in the sample, so contrasts are those of the whole.
    What a term learns from all values (``scale(x)``, ``bs(x)``) is not settled here; see
    `stateful_terms`.

    Raises
    ------
    ModelError
        If an expression is a factor and its levels cannot be told.
    """
    many = frozenset[str]().union(*(s.many for s in surveys))
    specs: dict[str, Any] = {}
    for part in _PARTS:
        text = getattr(request, part)
        if text is None:
            continue
        spec = design_matrix(parse_formula(text), whole.sample).model_spec
        for factor in spec.factor_contrasts:
            _check_factor(factor.expr, whole, many)
        specs[part] = spec
    return specs


def _check_factor(expression: str, whole: Whole, many: frozenset[str]) -> None:
    """Refuse a factor that may have levels that the sample does not show."""
    if expression.strip("`") in whole.factors:
        return
    names = variables_in(expression)
    if len(names) > 1 or any(name in many for name in names):
        why = "depends on several columns" if len(names) > 1 else "has more than 1,000 values"
        raise ModelError(
            f"With engine= the factor {expression} cannot be taken from a formula: it {why}, and no "
            "partition shows all of its levels. Write it as a column of the partitions."
        )


def stateful_terms(specs: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the factors that learn from all values, such as ``scale(x)``, and their variables."""
    found: dict[str, tuple[str, ...]] = {}
    for spec in specs.values():
        if not spec.transform_state:
            continue
        for term in spec.formula:
            for factor in term.factors:
                if any(_flat(key) in _flat(factor.expr) for key in spec.transform_state):
                    found[factor.expr] = tuple(sorted(variables_in(factor.expr)))
    return found


def _flat(text: str) -> str:
    return re.sub(r"\s", "", text)


def teach(specs: Mapping[str, Any], terms: Mapping[str, Any], values: pd.DataFrame) -> dict[str, Any]:
    """Return the specifications with what stateful terms learn from all values of their columns."""
    learnt: dict[str, Any] = {}
    for expression in terms:
        spec = design_matrix(parse_formula(expression), values).model_spec
        learnt |= dict(spec.transform_state)
    result = {}
    for part, spec in specs.items():
        state = {key: learnt.get(key, old) for key, old in spec.transform_state.items()}
        result[part] = spec.update(transform_state=state)
    return result


def join_outlines(outlines: Sequence[Outline], levels: tuple[str, ...]) -> Outline:
    """Return the outline of rows in several parts."""
    first = outlines[0]
    n = sum(o.n for o in outlines)
    weight = sum(o.total_weight for o in outlines)
    return replace(
        first,
        levels=levels,
        n=n,
        grade_counts=np.sum([o.grade_counts for o in outlines], axis=0),
        weight_counts=np.sum([o.weight_counts for o in outlines], axis=0),
        group_counts=tuple(sum(o.group_counts[k] for o in outlines) for k in range(len(first.group_counts))),
        start_offset=sum(o.start_offset * o.total_weight for o in outlines) / weight if weight else 0.0,
        mean_offset=sum(o.mean_offset * o.n for o in outlines) / n,
        mean_scale_offset=sum(o.mean_scale_offset * o.n for o in outlines) / n,
    )


def join_spreads(parts: Sequence[Spread]) -> Spread:
    """Return means and sums of squares of rows in several parts, without losing digits.

    References
    ----------
    Chan, T. F., Golub, G. H. & LeVeque, R. J. (1983). Algorithms for computing the sample
    variance. The American Statistician 37, 242-247.
    """
    total = parts[0]
    for part in parts[1:]:
        n = total.n + part.n
        gap = part.means - total.means
        total = Spread(
            n,
            total.means + gap * (part.n / n),
            total.squares + part.squares + gap * gap * (total.n * part.n / n),
        )
    return total


def whole_scales(measures: Sequence[Measures]) -> tuple[Scales, Floats]:
    """Return by what the columns are centred and divided, and the means of the scaled scale columns."""
    scales: list[Scale] = []
    for part in ("location", "nominal", "scale"):
        spread = join_spreads([getattr(m, part) for m in measures])
        scales.append(choose_scale(spread.means, np.sqrt(spread.squares / spread.n), part != "scale"))
        if part == "scale":
            means = spread.means / scales[-1].spreads
    return Scales(*scales), means
