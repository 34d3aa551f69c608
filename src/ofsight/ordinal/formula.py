"""Formulas and data frames in, a `Design` out.

formulaic reads the formulas. What it leaves open is settled here: what a row with a missing
value means, in which order grades and levels come, what happens to those that never occur.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.columns import encode_groups, encode_outcome, open_columns
from ofsight.ordinal.convergence import ConvergenceCode, Finding
from ofsight.ordinal.design import Design

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ModelFrame",
    "Request",
    "build_frame",
    "design_matrix",
    "levels_in_use",
    "parse_formula",
    "variables_in",
    "variables_of",
]

Floats = NDArray[np.float64]

_STATEFUL = "__is_stateful_transform__"  # formulaic's mark
_RANDOM = re.compile(r"\+?\s*\(\s*1\s*\|\s*([^()|]+?)\s*\)")


@dataclass(frozen=True)
class Request:
    """What the user asked for, before any data is read.

    ``formula`` has its random terms moved to ``group``; ``location`` is its right-hand side.
    """

    formula: str
    outcome: str
    location: str
    nominal: str | None
    scale: str | None
    group: tuple[str, ...]
    weights: Any = None
    offset: Any = None
    scale_offset: Any = None

    @classmethod
    def parse(
        cls,
        formula: str,
        nominal: str | None,
        scale: str | None,
        group: str | Sequence[str] | None,
        **columns: Any,
    ) -> Request:
        """Return the request of a call; ``(1 | urn)`` in the formula counts as a group."""
        random: list[str] = []
        for text in _RANDOM.findall(formula):
            nested = [part.strip() for part in text.split("/")]
            random += [":".join(nested[: i + 1]) for i in range(len(nested))]
        bare = _RANDOM.sub("", formula).strip()
        left, tilde, right = bare.partition("~")
        if not tilde or not left.strip():
            raise ModelError(
                f"The formula {formula!r} names no outcome. Write it as 'outcome ~ x + C(year)'."
            )
        outcome = left.strip().strip("`")
        named = [group] if isinstance(group, str) else list(group or [])
        groups = tuple(dict.fromkeys([*named, *random]))
        right = right.strip().lstrip("+").strip() or "1"
        return cls(
            f"{outcome} ~ {right}", outcome, right, _right_side(nominal), _right_side(scale),
            groups, **columns,
        )  # fmt: skip


def _right_side(formula: str | None) -> str | None:
    if formula is None:
        return None
    left, tilde, right = formula.partition("~")
    return right.strip() if tilde else left.strip()


@dataclass(frozen=True)
class ModelFrame:
    """What is needed to read a fit and to predict from it.

    Attributes
    ----------
    request : Request
        What was asked for.
    specs : dict
        formulaic's specification of each part: ``location``, ``nominal``, ``scale``.
    predictors : pandas.DataFrame
        The complete rows of the variables used.
    factors : dict of str to tuple
        Levels of each variable that is a factor.
    source : object
        The data frame as given.
    kept : ndarray of int64, shape (n,)
        Positions of the rows used.
    n_dropped : int
        Rows left out for a missing value.
    notes : tuple of Finding
        What to know of the data.
    means : dict of str to float, optional
        Means of the numeric predictors, where ``predictors`` is only a sample of the rows.
    engine : object, optional
        What the rows are spread over; ``kept`` is empty then.
    """

    request: Request
    specs: Mapping[str, Any]
    predictors: pd.DataFrame
    factors: Mapping[str, tuple[Any, ...]]
    source: Any
    kept: NDArray[np.int64]
    n_dropped: int
    notes: tuple[Finding, ...] = field(default=())
    means: Mapping[str, float] | None = None
    engine: Any = None

    def mean(self, name: str) -> float:
        """Return the mean of a numeric predictor over the rows used."""
        return float(self.predictors[name].mean()) if self.means is None else self.means[name]


@lru_cache(maxsize=256)
def parse_formula(text: str) -> Any:
    """Return a parsed right-hand side that always has an intercept.

    Parsing takes longer than one pass of a small model over its data, and a study fits one formula
    thousands of times. formulaic keeps what it learns from data in the specification, not in here.
    """
    import formulaic
    from formulaic.errors import FormulaicError

    try:
        terms = formulaic.Formula(text)
    except FormulaicError as error:
        raise ModelError(f"The formula {text!r} cannot be read: {error}") from error
    if not isinstance(terms, formulaic.SimpleFormula):
        raise ModelError(f"The formula {text!r} must have one right-hand side.")
    named = [str(t) for t in terms]
    return formulaic.Formula(["1", *(t for t in named if t != "1")])


def design_matrix(spec: Any, data: pd.DataFrame) -> Any:
    """Return formulaic's matrix of a formula or a specification.

    Raises
    ------
    ModelError
        If a term cannot be evaluated on the data.
    """
    from formulaic.errors import FormulaicError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return spec.get_model_matrix(data, output="numpy", na_action="ignore")
    except (FormulaicError, ValueError, TypeError, KeyError, NameError, Warning) as error:
        raise ModelError(f"The formula cannot be evaluated on these data: {error}") from error


def _matrices(request: Request, predictors: pd.DataFrame) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return matrices and specifications of the parts that were asked for."""
    matrices: dict[str, Any] = {}
    specs: dict[str, Any] = {}
    for part in ("location", "nominal", "scale"):
        text = getattr(request, part)
        if text is None:
            continue
        matrix = design_matrix(parse_formula(text), predictors)
        specs[part] = matrix.model_spec
        matrices[part] = np.asarray(matrix, dtype=np.float64).reshape(len(predictors), -1)
    return matrices, specs


def levels_in_use(specs: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return the levels of each variable that enters as a factor."""
    factors: dict[str, tuple[Any, ...]] = {}
    for spec in specs.values():
        for factor, state in spec.factor_contrasts.items():
            text = str(factor)
            found = re.match(r"C\(\s*`?([\w .'-]+?)`?\s*[,)]", text)
            factors[found.group(1) if found else text.strip("`")] = tuple(state.levels)
    return factors


def _names(specs: Mapping[str, Any], part: str) -> tuple[str, ...]:
    return tuple(str(n) for n in specs[part].column_names) if part in specs else ()


@lru_cache(maxsize=256)
def variables_in(text: str) -> frozenset[str]:
    """Return the columns that a right-hand side uses.

    formulaic does not tell those inside transforms that learn from data (``scale(x)``, ``bs(x)``).
    """
    from formulaic.transforms import TRANSFORMS

    formula = parse_formula(text)
    names = {str(v) for v in formula.required_variables}
    for factor in {factor.expr for term in formula for factor in term.factors}:
        try:
            tree = ast.parse(factor, mode="eval")
        except SyntaxError:  # a name in backticks
            continue
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and hasattr(TRANSFORMS.get(ast.unparse(call.func)), _STATEFUL):
                inner = (node for part in (*call.args, *call.keywords) for node in ast.walk(part))
                names |= {n.id for n in inner if isinstance(n, ast.Name)} - set(TRANSFORMS)
    return frozenset(names)


def variables_of(request: Request) -> list[str]:
    """Return the columns that the formulas use."""
    texts = (request.location, request.nominal, request.scale)
    return sorted(frozenset[str]().union(*(variables_in(text) for text in texts if text is not None)))


def build_frame(request: Request, data: Any) -> tuple[Design, ModelFrame]:
    """Return the design of a request on a data frame, aliased columns still in, and how to read it.

    Parameters
    ----------
    request : Request
        What is asked for.
    data : polars.DataFrame or pandas.DataFrame
        One row per observation. Rows with a missing value in any variable used are dropped
        and counted.

    Raises
    ------
    ModelError
        If a column is missing, the outcome has no order, or no rows are left.
    """
    columns = open_columns(data)
    used = variables_of(request)
    if request.outcome in used:
        raise ModelError(f"The outcome {request.outcome!r} is also a predictor. Remove it.")
    group_columns = [part for name in request.group for part in name.split(":")]
    extra: dict[str, Any] = {}
    for role in ("weights", "offset", "scale_offset"):
        given = getattr(request, role)
        if given is not None:
            extra[role] = columns.numbers(given, role)
    complete = columns.complete([request.outcome, *used, *group_columns], extra.values())
    kept = np.flatnonzero(complete)
    if kept.size == 0:
        raise ModelError(
            "No rows are left once those with a missing value are dropped. Look for a column "
            f"that is missing throughout, among: {', '.join([request.outcome, *used])}."
        )
    notes: list[Finding] = []
    n_dropped = columns.height - kept.size
    if n_dropped:
        message = f"{n_dropped} of {columns.height} rows have a missing value and were dropped."
        notes.append(Finding(ConvergenceCode.ROWS_DROPPED, message))
    y, levels = encode_outcome(columns, request.outcome, kept, notes)
    predictors = columns.predictors(used, kept, notes)
    groups = tuple(encode_groups(columns, name.split(":"), kept) for name in request.group)
    matrices, specs = _matrices(request, predictors)
    empty = np.zeros((kept.size, 0))
    design = Design(
        y=y,
        levels=levels,
        location=matrices["location"][:, 1:],
        nominal=matrices.get("nominal", empty),
        scale=matrices["scale"][:, 1:] if "scale" in matrices else empty,
        location_names=_names(specs, "location")[1:],
        nominal_names=_names(specs, "nominal"),
        scale_names=_names(specs, "scale")[1:],
        groups=groups,
        group_names=request.group,
        **{role: values[kept] for role, values in extra.items()},
    )
    frame = ModelFrame(request, specs, predictors, levels_in_use(specs), data, kept, n_dropped, tuple(notes))
    return design, frame
