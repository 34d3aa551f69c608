"""A partition on its worker: its design, what is measured of it, its share of the log-likelihood.

A draft is the design as the formula gives it; a piece is the same in fitting coordinates, with the
modes of its groups. Both stay on the worker that made them. Dask makes them again from the
partition when that worker dies.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.aliasing import (
    Kept,
    Products,
    blocks_of,
    cross_products,
    keep_columns,
    triangle_of,
)
from ofsight.ordinal.columns import Columns, encode_groups
from ofsight.ordinal.coordinates import Scales, prepare
from ofsight.ordinal.design import Design, Outline
from ofsight.ordinal.distributed.crew import told
from ofsight.ordinal.distributed.parts import Loaded
from ofsight.ordinal.distributed.survey import select_rows
from ofsight.ordinal.formula import Request, design_matrix
from ofsight.ordinal.kernel_rows import Rows
from ofsight.ordinal.objective import Evaluation, FixedObjective, InterceptObjective
from ofsight.ordinal.threads import one_thread

__all__ = [
    "Draft",
    "Measures",
    "Piece",
    "Plan",
    "Spread",
    "draft_part",
    "evaluate_piece",
    "measure_draft",
    "modes_of_piece",
    "settle_draft",
    "squares_of_piece",
    "triangles_of_draft",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_formulaic = threading.Lock()  # it is asked with warnings as errors, which is a setting of the process


@dataclass(frozen=True)
class Plan:
    """What the whole tells each partition.

    Attributes
    ----------
    request : Request
        What was asked for.
    used : tuple of str
        The predictors.
    outcome : tuple
        The grades that occur, in their order, as values.
    levels : tuple of str
        Their names.
    factors : dict of str to tuple
        The levels that occur of each predictor that is a factor.
    specs : dict
        formulaic's specification of each part of the model, its state that of the whole.
    """

    request: Request
    used: tuple[str, ...]
    outcome: tuple[Any, ...]
    levels: tuple[str, ...]
    factors: Mapping[str, tuple[Any, ...]]
    specs: Mapping[str, Any]


class Spread(NamedTuple):
    """Means of columns and sums of squares about them, each of shape (k,), of n rows."""

    n: int
    means: Floats
    squares: Floats


class Measures(NamedTuple):
    """What is measured of a draft: the outline, spreads and cross-products of its columns."""

    outline: Outline
    location: Spread
    nominal: Spread
    scale: Spread
    products: tuple[Products, Products]


@dataclass(frozen=True)
class Draft:
    """The design of a partition, in the user's units."""

    design: Design
    label: str

    def __sizeof__(self) -> int:
        """Return the bytes held, so that Dask knows when memory is short."""
        d = self.design
        held = (d.y, d.location, d.nominal, d.scale, d.weights, d.offset, d.scale_offset, *d.groups)
        return sum(a.nbytes for a in held if a is not None)


class Piece:
    """The rows of a partition in fitting coordinates, and its share of the log-likelihood.

    Parameters
    ----------
    rows : Rows
        The arrays, sorted by group where there are groups.
    starts : ndarray of int64, shape (n_groups + 1,), or None
        Where each group's rows start.
    """

    def __init__(self, rows: Rows, starts: Ints | None) -> None:
        self.rows = rows
        self.starts = starts
        self._intercepts: dict[tuple[int, int], InterceptObjective] = {}

    def objective(self, link: int, nodes: int) -> FixedObjective | InterceptObjective:
        """Return the log-likelihood; without a random intercept where ``nodes`` is 0.

        That with another number of nodes starts from the modes that are known.
        """
        if nodes == 0:
            return FixedObjective(self.rows, link)
        assert self.starts is not None
        if (link, nodes) not in self._intercepts:
            near = next((o for (code, _), o in self._intercepts.items() if code == link), None)
            fresh = InterceptObjective(self.rows, self.starts, link, nodes)
            self._intercepts[link, nodes] = fresh if near is None else near.with_nodes(nodes)
        return self._intercepts[link, nodes]

    def __sizeof__(self) -> int:
        """Return the bytes held, so that Dask knows when memory is short."""
        held = sum(a.nbytes for a in self.rows)
        if self.starts is not None:
            held += self.starts.nbytes * (1 + 2 * len(self._intercepts))
        return held


def _recode(columns: Columns, name: str, kept: Ints, levels: Sequence[Any]) -> Ints:
    """Return the positions of a column's values among the levels of the whole."""
    codes, own, _ = columns.coded(name, kept)
    position = {level: i for i, level in enumerate(levels)}
    where = np.array([position.get(level, -1) for level in own], dtype=np.int64)
    result = where[codes]
    if result.size and result.min() < 0:
        raise ModelError(f"{name!r} has levels that it had not when the fit began: the data changed.")
    return result


@told
def draft_part(loaded: Loaded, plan: Plan, digest: str) -> Draft:
    """Return the design of a partition. Runs on a worker.

    Raises
    ------
    ModelError
        If the partition is not the one that was surveyed, or a value cannot enter the model.
    """
    import pandas as pd

    if loaded.digest != digest:
        raise ModelError(
            f"Partition {loaded.label} changed while the model was fitted. Leave the partitions alone "
            "until the fit is done, and fit again."
        )
    request = plan.request
    chosen = select_rows(loaded.frame, request, plan.used)
    columns, kept = chosen.columns, chosen.kept
    predictors: dict[str, Any] = {}
    for name in plan.used:
        if name in plan.factors:
            codes = _recode(columns, name, kept, plan.factors[name])
            predictors[name] = pd.Categorical.from_codes(codes, categories=list(plan.factors[name]))
        else:
            values = columns.numbers(name, "predictor")[kept]
            predictors[name] = values.astype(np.int64) if columns.is_integer(name) else values
    frame = pd.DataFrame(predictors, index=pd.RangeIndex(kept.size))
    try:
        with _formulaic:
            matrices = {
                part: np.asarray(design_matrix(spec, frame), dtype=np.float64).reshape(kept.size, -1)
                for part, spec in plan.specs.items()
            }
        empty = np.zeros((kept.size, 0))

        def names(part: str) -> tuple[str, ...]:
            return tuple(str(n) for n in plan.specs[part].column_names) if part in plan.specs else ()

        design = Design(
            y=_recode(columns, request.outcome, kept, plan.outcome),
            levels=plan.levels,
            location=matrices["location"][:, 1:],
            nominal=matrices.get("nominal", empty),
            scale=matrices["scale"][:, 1:] if "scale" in matrices else empty,
            location_names=names("location")[1:],
            nominal_names=names("nominal"),
            scale_names=names("scale")[1:],
            groups=tuple(encode_groups(columns, name.split(":"), kept) for name in request.group),
            group_names=request.group,
            **{role: values[kept] for role, values in chosen.extra.items()},
        )
    except ModelError as error:
        raise ModelError(f"Partition {loaded.label}: {error}") from None
    return Draft(design, loaded.label)


def _spread(values: Floats) -> Spread:
    means = np.array([values[:, j].mean() for j in range(values.shape[1])])
    squares = np.array([float(((values[:, j] - m) ** 2).sum()) for j, m in enumerate(means)])
    return Spread(values.shape[0], means, squares)


@told
def measure_draft(draft: Draft) -> Measures:
    """Return what the whole needs to know of a partition's columns. Runs on a worker."""
    design = draft.design
    main, scale = blocks_of(design)
    return Measures(
        design.outline, _spread(design.location), _spread(design.nominal[:, 1:]), _spread(design.scale),
        (cross_products(main), cross_products(scale)),
    )  # fmt: skip


@told
def triangles_of_draft(draft: Draft) -> tuple[Floats, Floats]:
    """Return the triangles by which aliased columns are found. Runs on a worker."""
    main, scale = blocks_of(draft.design)
    return triangle_of(main), triangle_of(scale)


@told
def settle_draft(draft: Draft, threshold: str, kept: Kept | None, scales: Scales) -> Piece:
    """Return the rows of a draft in fitting coordinates. Runs on a worker."""
    design = draft.design if kept is None else keep_columns(draft.design, kept)[0]
    rows = prepare(design, threshold, scales).rows
    if not design.groups:
        return Piece(rows, None)
    sizes = np.bincount(design.groups[0])
    return Piece(rows, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


@told
def evaluate_piece(piece: Piece, parameters: Floats, order: int, link: int, nodes: int) -> Evaluation:
    """Return a partition's share of the log-likelihood and its derivatives. Runs on a worker."""
    with one_thread():
        return piece.objective(link, nodes).evaluate(parameters, order)


@told
def modes_of_piece(piece: Piece, parameters: Floats, link: int, nodes: int) -> tuple[Floats, Floats]:
    """Return the conditional modes of a partition's groups and their errors. Runs on a worker."""
    with one_thread():
        objective = piece.objective(link, nodes)
        assert isinstance(objective, InterceptObjective)
        return objective.modes(parameters)[0]


@told
def squares_of_piece(
    piece: Piece, parameters: Floats, link: int, nodes: int, transform: Floats
) -> tuple[Floats, int]:
    """Return the sum of squares of transformed scores, and of how many. Runs on a worker.

    The scores are those of groups, or of rows without a random intercept.
    """
    with one_thread():
        influence = piece.objective(link, nodes).scores(parameters) @ transform
    return influence.T @ influence, influence.shape[0]
