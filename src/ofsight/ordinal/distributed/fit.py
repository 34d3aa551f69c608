"""Fit a model to partitions: the same search, through the same seam, with the rows on workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.aliasing import Kept, add_products, join_triangles, judge, settled_quickly
from ofsight.ordinal.coordinates import Coordinates, lay_out
from ofsight.ordinal.design import Outline
from ofsight.ordinal.distributed.crew import Crew, told
from ofsight.ordinal.distributed.objective import SpreadObjective
from ofsight.ordinal.distributed.parts import Loaded, Part, hold_frame, list_parts, read_part
from ofsight.ordinal.distributed.pieces import (
    Measures,
    Plan,
    draft_part,
    measure_draft,
    settle_draft,
    triangles_of_draft,
)
from ofsight.ordinal.distributed.survey import Survey, label_groups, select_rows, survey_part
from ofsight.ordinal.distributed.whole import (
    expressed_variables,
    join_outlines,
    join_surveys,
    learn_formula,
    stateful_terms,
    teach,
    whole_scales,
)
from ofsight.ordinal.fit import fit_problem
from ofsight.ordinal.formula import ModelFrame, Request, levels_in_use, variables_of
from ofsight.ordinal.objective import Objective
from ofsight.ordinal.problem import Problem

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Future

    from ofsight.ordinal.result import OrdinalFit

__all__ = ["Engine", "fit_partitions", "wait_for_piece"]

Floats = NDArray[np.float64]


@told
def load_part(part: Part, columns: Sequence[str]) -> Loaded:
    """Return the columns of a partition file. Runs on a worker."""
    return read_part(part, columns)


@told
def load_frame(frame: Any, label: str, columns: Sequence[str]) -> Loaded:
    """Return the columns of a frame that Dask made. Runs on a worker."""
    return hold_frame(frame, label, columns)


@dataclass(frozen=True)
class Engine:
    """What a fit keeps of its workers: who they are and where its rows come from.

    Attributes
    ----------
    crew : Crew
        The workers.
    parts : tuple of Part
        The partitions that have rows, in their order.
    request : Request
        What was fitted.
    used : tuple of str
        The predictors.
    """

    crew: Crew
    parts: tuple[Part, ...]
    request: Request
    used: tuple[str, ...]

    def load(self, columns: Sequence[str] | None = None) -> list[Future[Any]]:
        """Return the futures of the partitions' columns, on the workers."""
        wanted = list(dict.fromkeys([*_columns_of(self.request, self.used), *(columns or ())]))
        return [
            self.crew.submit(load_part, part, wanted)
            if part.frame is None
            else self.crew.submit(load_frame, self.crew.compute(part.frame), part.label, wanted)
            for part in self.parts
        ]

    def label_groups(self, position: int) -> list[dict[str, Any]]:
        """Return key, label and rows of the groups of a grouping, partition by partition."""
        loaded = self.load()
        asked = [self.crew.submit(label_groups, one, self.request, self.used, position) for one in loaded]
        return self.crew.gather(asked)


def _columns_of(request: Request, used: Sequence[str]) -> list[str]:
    parts = [part for name in request.group for part in name.split(":")]
    extra = [given for r in ("weights", "offset", "scale_offset") if (given := getattr(request, r))]
    return list(dict.fromkeys([request.outcome, *used, *parts, *extra]))


def _check_request(request: Request, used: Sequence[str]) -> None:
    """Refuse what partitions cannot hold."""
    for role in ("weights", "offset", "scale_offset"):
        given = getattr(request, role)
        if given is not None and not isinstance(given, str):
            raise ModelError(f"With engine= {role} is the name of a column of the partitions, not an array.")
    if request.outcome in used:
        raise ModelError(f"The outcome {request.outcome!r} is also a predictor. Remove it.")
    if len(request.group) > 1:
        raise ModelError(
            f"With engine= a model has one random intercept; this has {len(request.group)} "
            f"({', '.join(request.group)}). Groups of several are not whole in any partition. Fit it "
            "without engine=, or keep the grouping that varies most."
        )


def fit_partitions(request: Request, data: Any, engine: Any, **options: Any) -> OrdinalFit:
    """Fit a model to partitions on the workers of an engine.

    Parameters
    ----------
    request : Request
        What to fit.
    data : str, Path, sequence of them, Dask DataFrame or sequence of Delayed
        The partitions; every group whole in one of them.
    engine : distributed.Client or str
        The workers: a client, or the address of a scheduler.
    **options
        ``link``, ``threshold``, and ``nodes`` of a mixed model, as of `clmm`.

    Returns
    -------
    OrdinalFit
        As of a fit in one place. What needs the rows themselves says so.

    Raises
    ------
    ModelError
        If the model cannot be set up, or the cluster or the partitions fail.
    """
    from ofsight.ordinal.result import OrdinalFit

    used = tuple(variables_of(request))
    _check_request(request, used)
    crew = Crew(engine)
    parts = tuple(list_parts(data))
    team = Engine(crew, parts, request, used)
    loaded = team.load()
    asked = [crew.submit(survey_part, one, request, used, expressed_variables(request)) for one in loaded]
    surveys: list[Survey] = crew.gather(asked)
    whole = join_surveys(surveys, request, used)
    there = [i for i, s in enumerate(surveys) if s.n]
    loaded, surveys = [loaded[i] for i in there], [surveys[i] for i in there]
    team = replace(team, parts=tuple(parts[i] for i in there))
    _check_groups_whole(team, surveys)
    specs = learn_formula(request, whole, surveys)
    if terms := stateful_terms(specs):
        specs = teach(specs, terms, _columns_here(crew, loaded, team, terms))
    plan = Plan(request, used, whole.outcome, whole.levels, whole.factors, specs)
    problem = _set_up(team, plan, loaded, surveys, **options)
    frame = ModelFrame(
        request, specs, whole.sample, levels_in_use(specs), data, np.zeros(0, dtype=np.int64),
        whole.n_dropped, whole.notes, whole.means, team,
    )  # fmt: skip
    return OrdinalFit(fit_problem(problem, notes=whole.notes), frame)


def _set_up(
    team: Engine, plan: Plan, loaded: list[Future[Any]], surveys: Sequence[Survey], **options: Any
) -> Problem:
    """Bring the partitions into fitting coordinates, on their workers, and return the problem."""
    crew, threshold = team.crew, options.get("threshold", "flexible")
    drafts = [
        crew.submit(draft_part, one, plan, survey.digest) for one, survey in zip(loaded, surveys, strict=True)
    ]
    asked = [crew.submit(measure_draft, draft) for draft in drafts]
    loaded.clear()  # the columns may go as soon as the drafts are made
    measures: list[Measures] = crew.gather(asked)
    del asked
    kept = None
    products = [add_products([m.products[k] for m in measures]) for k in (0, 1)]
    if not all(settled_quickly(p) for p in products):
        triangles = crew.gather([crew.submit(triangles_of_draft, draft) for draft in drafts])
        main, scale = (join_triangles([t[k] for t in triangles]) for k in (0, 1))
        kept = judge(main, scale, len(measures[0].outline.nominal_names))
    outline = join_outlines([m.outline for m in measures], plan.levels)
    outline, measures, aliased = _without_aliased(outline, measures, kept)
    scales, scale_means = whole_scales(measures)
    coordinates = lay_out(outline, threshold, scales, scale_means)
    pieces = []
    for position in range(len(drafts)):
        pieces.append(crew.submit(settle_draft, drafts[position], threshold, kept, scales))
    drafts.clear()  # each may go as soon as its piece is made
    crew.gather([crew.submit(wait_for_piece, piece) for piece in pieces])
    return Problem(
        outline,
        coordinates,
        _builder(crew, pieces, coordinates),
        options.get("link", "logit"),
        threshold,
        options.get("nodes", 1),
        aliased,
    )


@told
def wait_for_piece(piece: Any) -> None:
    """Wait for a piece, and tell its failure."""


def _builder(crew: Crew, pieces: Sequence[Future[Any]], coordinates: Coordinates) -> Any:
    p = coordinates.back.shape[0]

    def build(link: int, nodes: int, active: Sequence[int]) -> Objective:
        count = nodes if active else 0
        return SpreadObjective(crew, pieces, p + len(active), link, count)

    return build


def _without_aliased(
    outline: Outline, measures: Sequence[Measures], kept: Kept | None
) -> tuple[Outline, list[Measures], tuple[str, ...]]:
    """Return outline and measures of the columns that stay, and the names of the others."""
    if kept is None or all(all(verdicts) for verdicts in kept):
        return outline, list(measures), ()
    dropped: list[str] = []
    names: dict[str, tuple[str, ...]] = {}
    for part, prefix in (("location", ""), ("nominal", "nominal."), ("scale", "scale.")):
        verdicts = getattr(kept, part)
        own = getattr(outline, f"{part}_names")
        dropped += [prefix + n for n, k in zip(own, verdicts, strict=True) if not k]
        names[f"{part}_names"] = tuple(n for n, k in zip(own, verdicts, strict=True) if k)
    masks = {
        "location": np.array(kept.location, dtype=bool),
        "nominal": np.array(kept.nominal[1:], dtype=bool),  # without the intercept
        "scale": np.array(kept.scale, dtype=bool),
    }

    def pick(one: Measures) -> Measures:
        spreads = {
            part: (s := getattr(one, part))._replace(means=s.means[mask], squares=s.squares[mask])
            for part, mask in masks.items()
        }
        return one._replace(**spreads)

    return replace(outline, **names), [pick(m) for m in measures], tuple(dropped)  # type: ignore[arg-type]


@told
def _take_columns(loaded: Loaded, request: Request, used: Sequence[str], names: Sequence[str]) -> Any:
    """Return columns of the rows used as numbers. Runs on a worker."""
    chosen = select_rows(loaded.frame, request, used)
    return {name: chosen.columns.numbers(name, "predictor")[chosen.kept] for name in names}


def _columns_here(
    crew: Crew, loaded: Sequence[Future[Any]], team: Engine, terms: dict[str, tuple[str, ...]]
) -> pd.DataFrame:
    """Return all values of the columns that some terms learn from; 8 bytes a row and column, here."""
    import pandas as pd

    names = sorted({name for variables in terms.values() for name in variables})
    taken = crew.gather([crew.submit(_take_columns, one, team.request, team.used, names) for one in loaded])
    return pd.DataFrame({name: np.concatenate([t[name] for t in taken]) for name in names})


def _check_groups_whole(team: Engine, surveys: Sequence[Survey]) -> None:
    """Refuse partitions that cut through groups: their likelihood is no sum over partitions."""
    for k, name in enumerate(team.request.group):
        keys = np.concatenate([s.groups[k] for s in surveys])
        keys.sort()
        twice = keys[1:][keys[1:] == keys[:-1]]
        if not twice.size:
            continue
        # Two groups may share a key of 64 bits by chance: their labels decide.
        seen: dict[Any, str] = {}
        shared: list[tuple[Any, str, str]] = []
        for found, survey in zip(team.label_groups(k), surveys, strict=True):
            for position in np.flatnonzero(np.isin(found["key"], twice)):
                label = found["label"][position]
                if label in seen:
                    shared.append((label, seen[label], survey.label))
                seen[label] = survey.label
        if shared:
            (*label,), one, other = shared[0]
            group = ":".join(map(str, label))
            raise ModelError(
                f"{len(shared)} groups of {name!r} are cut by the partitions: {group} is in {one}"
                f" and in {other}. Bring whole groups together with partition_by_group(source, {name!r}, to, "
                "n_partitions, client)."
            )
