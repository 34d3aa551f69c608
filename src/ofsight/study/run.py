"""A whole study: sample, models, tables, ledger, written to a folder as one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import polars as pl

from ofsight.dataset.store import Dataset, open_dataset
from ofsight.definitions.study import Analysis, StudyDefinition, load_study
from ofsight.errors import ModelError, UsageError
from ofsight.study.analyses import ANALYSES, Context
from ofsight.study.estimates import Estimate
from ofsight.study.findings import Findings
from ofsight.study.ledger import VERDICTS, make_ledger
from ofsight.study.probabilities import predict_grades
from ofsight.study.ratings import fit_ratings
from ofsight.study.results_folder import list_releases, refuse_other_folder, write_results
from ofsight.study.samples import Sample, draw_sample
from ofsight.study.tables import (
    describe_sample,
    make_counts_by_year,
    make_figure1,
    make_table1,
    make_table2,
)

__all__ = ["StudySummary", "run_study"]


@dataclass(frozen=True, slots=True)
class StudySummary:
    """What a study found, in short.

    Attributes
    ----------
    study, to : str
        Its name and folder.
    synthetic : bool
        Whether the data are synthetic.
    n_inspections, n_homes : int
        The sample.
    odds_ratios : dict
        Outcome, then sector: the unadjusted odds ratio with its interval.
    verdicts : dict of str to int
        The ledger's verdicts, counted.
    seconds : float
        How long it took.
    """

    study: str
    to: str
    synthetic: bool
    n_inspections: int
    n_homes: int
    odds_ratios: dict[str, dict[str, list[float | None]]]
    verdicts: dict[str, int]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def run_study(
    dataset: Path,
    to: Path,
    *,
    study: str = "outsourcing-2022",
    authority_table: Path | None = None,
    requirements_table: Path | None = None,
    analyses: Collection[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> StudySummary:
    """Run a study on a dataset and write its results.

    Parameters
    ----------
    dataset : Path
        A folder written by ``ofsight build``.
    to : Path
        The folder to write; an earlier study in it is replaced when this one has ended well.
    study : str
        The name of a definition in ``definitions/studies``.
    authority_table : Path, optional
        A CSV of local authorities for table 4 (columns: ``ofsight.study.authority_table``), in the place of
        the dataset's own.
    requirements_table : Path, optional
        A CSV of inspections for table 3 (columns: ``ofsight.study.requirement_table``), in the place of the
        dataset's own.
    analyses : collection of str, optional
        Which of the study's further analyses to do; all that its definition names when None, only tables 1
        and 2 and the figures when empty.
    progress : callable, optional
        Told what is being done.

    Returns
    -------
    StudySummary
        The main numbers.

    Raises
    ------
    UsageError
        When there is no such study or analysis, or `to` holds something else.
    DatasetError
        When the dataset or a table cannot be read, or holds no inspection of the sample.
    ModelError
        When a model cannot be fitted.
    """
    clock = _Clock()
    definition = load_study(study)
    wanted = _choose(definition, analyses)
    data = open_dataset(dataset)
    refuse_other_folder(to)
    sample = draw_sample(data, definition)
    found = Findings(estimates=describe_sample(sample, definition))
    fitted, found.facts, fits = fit_ratings(sample, definition, progress=progress)
    clock.stop("table 2")
    probabilities, grades = predict_grades(fits, definition)
    found.estimates += [*fitted, *probabilities]
    clock.stop("figure 2")
    found.tables = {
        "table1": make_table1(found.estimates),
        "table2": make_table2(found.estimates, found.facts),
        "figure1": make_figure1(sample),
        "counts_by_year": make_counts_by_year(sample),
        "probabilities": grades,
        "releases": list_releases(data),
        "set_aside": data.set_aside.group_by("reason").len("n").sort("n", "reason", descending=[True, False]),
    }
    context = Context(
        data, sample, definition, fits, list(found.estimates), authority_table, requirements_table
    )
    for name in wanted:
        if progress is not None:
            progress(name)
        found.add(_analyse(name, context))
        clock.stop(name)
    ledger = make_ledger(definition, found.estimates, found.facts)
    seconds = clock.read()
    write_results(to, definition, data, sample, found, ledger, seconds)
    return _summary(definition, to, data, sample, found.estimates, ledger, seconds["all"])


def _analyse(name: Analysis, context: Context) -> Findings:
    """Run one analysis; on data of the dataset that cannot carry it, say so and go on.

    A table that the user supplied is another matter: there the error is the answer.
    """
    supplied = {"authorities": context.authority_table, "requirements": context.requirements_table}
    try:
        return ANALYSES[name](context)
    except ModelError as error:
        if supplied.get(name) is not None:
            raise
        return Findings(notes=[f"The analysis '{name}' was not computed on this dataset. {error}"])


class _Clock:
    """Seconds by part of the work, and in all."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self._parts: dict[str, float] = {}

    def stop(self, part: str) -> None:
        now = time.perf_counter()
        self._parts[part], self._last = round(now - self._last, 3), now

    def read(self) -> dict[str, float]:
        return {**self._parts, "all": round(time.perf_counter() - self._began, 3)}


def _choose(definition: StudyDefinition, analyses: Collection[str] | None) -> tuple[Analysis, ...]:
    """Return the analyses to do, in the definition's order."""
    if analyses is None:
        return definition.analyses
    known = get_args(Analysis)
    if unknown := sorted(set(analyses) - set(known)):
        raise UsageError(f"There is no analysis '{unknown[0]}'. The analyses are: {', '.join(known)}.")
    return tuple(name for name in known if name in analyses)


def _summary(
    definition: StudyDefinition,
    to: Path,
    data: Dataset,
    sample: Sample,
    estimates: Sequence[Estimate],
    ledger: pl.DataFrame,
    seconds: float,
) -> StudySummary:
    ratios: dict[str, dict[str, list[float | None]]] = {}
    for estimate in estimates:
        if (
            estimate.item == "table2"
            and estimate.model == definition.models[0].model
            and estimate.variance == "model"
            and estimate.term.startswith("sector:")
        ):
            interval = [estimate.estimate, estimate.ci_low, estimate.ci_high]
            ratios.setdefault(str(estimate.outcome), {})[estimate.term.removeprefix("sector:")] = interval
    counted = dict(ledger["verdict"].cast(pl.String).value_counts().iter_rows())
    return StudySummary(
        study=definition.id,
        to=str(to),
        synthetic=data.synthetic is not None,
        n_inspections=sample.frame.height,
        n_homes=sample.frame["urn"].n_unique(),
        odds_ratios=ratios,
        verdicts={verdict: counted.get(verdict, 0) for verdict in VERDICTS},
        seconds=seconds,
    )
