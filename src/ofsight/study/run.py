"""A whole study: sample, models, tables, ledger, written to a folder as one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ofsight import __version__
from ofsight.dataset.store import Dataset, open_dataset
from ofsight.definitions.study import StudyDefinition, load_study
from ofsight.errors import UsageError
from ofsight.files import folder_being_written
from ofsight.study.estimates import Estimate, ModelFacts
from ofsight.study.ledger import VERDICTS, make_ledger
from ofsight.study.probabilities import predict_grades
from ofsight.study.ratings import fit_ratings
from ofsight.study.samples import Sample, draw_sample
from ofsight.study.tables import (
    describe_sample,
    make_counts_by_year,
    make_figure1,
    make_table1,
    make_table2,
)
from ofsight.study.web_tables import write_html_table

__all__ = ["StudySummary", "run_study"]

STUDY_FILE = "study.json"
_LICENCE = "Contains public sector information licensed under the Open Government Licence v3.0."


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
    progress : callable, optional
        Told what is being done.

    Returns
    -------
    StudySummary
        The main numbers.

    Raises
    ------
    UsageError
        When there is no such study, or `to` holds something else.
    DatasetError
        When the dataset cannot be read or holds no inspection of the sample.
    ModelError
        When a model cannot be fitted.
    """
    started = time.perf_counter()
    definition = load_study(study)
    data = open_dataset(dataset)
    _refuse_other_folder(to)
    sample = draw_sample(data, definition)
    estimates = describe_sample(sample, definition)
    fitted, facts, fits = fit_ratings(sample, definition, progress=progress)
    probabilities, table = predict_grades(fits, definition)
    estimates += [*fitted, *probabilities]
    ledger = make_ledger(definition, estimates, facts)
    tables = {
        "table1": make_table1(estimates),
        "table2": make_table2(estimates, facts),
        "figure1": make_figure1(sample),
        "counts_by_year": make_counts_by_year(sample),
        "probabilities": table,
        "releases": _releases(data),
        "set_aside": data.set_aside.group_by("reason").len("n").sort("n", descending=True),
    }
    seconds = round(time.perf_counter() - started, 3)
    with folder_being_written(to) as folder:
        _write(folder, definition, data, sample, estimates, facts, ledger, tables, seconds)
    return _summary(definition, to, data, sample, estimates, ledger, seconds)


def _refuse_other_folder(to: Path) -> None:
    if to.exists() and (not to.is_dir() or (any(to.iterdir()) and not (to / STUDY_FILE).is_file())):
        raise UsageError(f"{to} exists and is not a study of ofsight: choose another folder, or empty it.")


def _releases(data: Dataset) -> pl.DataFrame:
    return data.releases.select(
        "release",
        "title",
        "period",
        "file",
        "sheet",
        "sha256",
        "n_read",
        "n_kept",
        "n_set_aside",
        "n_full_inspections",
    )


def _write(
    folder: Path,
    definition: StudyDefinition,
    data: Dataset,
    sample: Sample,
    estimates: Sequence[Estimate],
    facts: Sequence[ModelFacts],
    ledger: pl.DataFrame,
    tables: dict[str, pl.DataFrame],
    seconds: float,
) -> None:
    _write_json(folder / STUDY_FILE, _describe(definition, data, sample, seconds))
    _write_json(folder / "results.json", [estimate.as_dict() for estimate in estimates])
    _write_json(folder / "models.json", [fact.as_dict() for fact in facts])
    ledger.write_csv(folder / "ledger.csv")
    (folder / "tables").mkdir()
    for name, frame in tables.items():
        frame.write_csv(folder / "tables" / f"{name}.csv")
    for name in ("table1", "table2"):
        write_html_table(folder / "tables" / f"{name}.html", name, tables[name], data.synthetic is not None)


def _write_json(path: Path, content: Any) -> None:
    path.write_text(
        json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )


def _describe(definition: StudyDefinition, data: Dataset, sample: Sample, seconds: float) -> dict[str, Any]:
    by_sector = sample.frame.group_by("sector").agg(n_inspections=pl.len(), n_homes=pl.col("urn").n_unique())
    return {
        "study": definition.id,
        "title": definition.title,
        "question": definition.question,
        "citation": definition.citation,
        "licence": _LICENCE,
        "synthetic": data.synthetic,
        "dataset": {
            key: data.metadata.get(key) for key in ("fingerprint", "built_at", "newest_release", "ofsight")
        },
        "ofsight": __version__,
        "sample": {
            "description": _sentence(definition),
            "from": _iso(definition.sample.start),
            "to": _iso(definition.sample.end),
            "adequate": definition.sample.adequate,
            "n_inspections": sample.frame.height,
            "n_homes": sample.frame["urn"].n_unique(),
            "by_sector": {
                str(row["sector"]): {"n_inspections": row["n_inspections"], "n_homes": row["n_homes"]}
                for row in by_sector.sort("sector").iter_rows(named=True)
            },
            "flow": [{"step": step, "n": n} for step, n in sample.flow],
        },
        "cautions": list(definition.cautions),
        "notes": [
            "Odds ratios are of a higher grade, against local authority homes; below 1, lower judgements.",
            "Models: cumulative link mixed models (logit, flexible thresholds), random intercept per home, "
            "fixed effect per calendar year, Laplace approximation.",
            "Intervals are 95%, Wald; 'model' from the observed information, 'cluster' robust to dependence "
            "within homes (sandwich).",
        ],
        "seconds": seconds,
    }


def _iso(day: Any) -> str | None:
    return None if day is None else day.isoformat()


def _sentence(definition: StudyDefinition) -> str:
    sample = definition.sample
    kinds = " and ".join(kind.value.lower() + "s" for kind in sample.inspection_types)
    homes = " or ".join(f'"{kind.value}"' for kind in sample.provision_types)
    start = f" from {sample.start:%-d %B %Y}" if sample.start else ""
    end = f" to {sample.end:%-d %B %Y}" if sample.end else ""
    return (
        f"{kinds[0].upper()}{kinds[1:]} of provision type exactly {homes}{start}{end}, "
        "one row per home and first inspection day."
    )


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
            and estimate.model == "unadjusted"
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
