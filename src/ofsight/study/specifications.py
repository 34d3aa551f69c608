"""The specification curve of homes: thousands of models, in parallel, resumable, each written as it ends."""

from __future__ import annotations

import importlib
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import polars as pl

from ofsight.dataset.store import Dataset, open_dataset
from ofsight.definitions.study import StudyDefinition, load_study
from ofsight.errors import ModelError, UsageError
from ofsight.files import write_text
from ofsight.ordinal import OrdinalFit, clm, clmm
from ofsight.study.codings import with_coding
from ofsight.study.estimates import odds_ratio
from ofsight.study.findings import Findings
from ofsight.study.ratings import term_name
from ofsight.study.samples import draw_sample
from ofsight.study.specification_space import Specification, all_specifications, spread_evenly, take_sample

__all__ = ["N_SAMPLED", "SpecificationSummary", "run_specifications", "sample_curve", "summarise_curve"]

_LINES = "specifications.jsonl"
_TABLE = "specifications.csv"
_SUMMARY = "specifications_summary.csv"
_FACTS = "specifications.json"
_BATCH = 8
_FORMAT = 1
N_SAMPLED: Final = 60
"""How many specifications a study fits by default: a few seconds' work."""


@dataclass(frozen=True, slots=True)
class SpecificationSummary:
    """What a run of the curve did.

    Attributes
    ----------
    to : str
        Its folder.
    n, n_fitted, n_resumed, n_failed : int
        Specifications that were asked for; fitted now; found from an earlier run; that have no estimate.
    seconds : float
        How long this run took.
    """

    to: str
    n: int
    n_fitted: int
    n_resumed: int
    n_failed: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def run_specifications(
    dataset: Path,
    to: Path,
    *,
    study: str = "outsourcing-2022",
    limit: int | None = None,
    n_jobs: int = 2,
    backend: str = "loky",
    progress: Callable[[str], None] | None = None,
) -> SpecificationSummary:
    """Fit the models of homes in every defensible way.

    Parameters
    ----------
    dataset : Path
        A folder written by ``ofsight build``.
    to : Path
        The folder of the curve. One that holds a part of it is gone on with: nothing is fitted twice on the
        same dataset.
    study : str
        Whose sample.
    limit : int, optional
        Fit only so many, spread evenly over the choices, the same ones every time.
    n_jobs : int
        Processes. More than one needs joblib (``pip install 'ofsight[scale]'``).
    backend : str
        joblib's backend: ``loky``, ``threading``, or ``dask`` with a ``distributed.Client`` connected by the
        caller.
    progress : callable, optional
        Told how far it is.

    Returns
    -------
    SpecificationSummary
        The estimates are in ``specifications.csv``, sorted, one row a specification, sector and kind of
        error; ``specifications_summary.csv`` has the spread by judgement and sector.

    Raises
    ------
    UsageError
        When `limit` or `n_jobs` is not positive, joblib is missing, or `to` holds something else.
    DatasetError
        When the dataset cannot be read or holds no inspection of the sample.
    """
    started = time.perf_counter()
    if n_jobs < 1 or (limit is not None and limit < 1):
        raise UsageError(f"limit ({limit}) and n_jobs ({n_jobs}) must be 1 or more.")
    definition, data = load_study(study), open_dataset(dataset)
    context = _context(data, definition)
    space = _space(definition)
    chosen = space if limit is None else spread_evenly(space, limit)
    wanted = {one.key(context): one for one in chosen}
    _claim(to)
    done = _read_done(to / _LINES, wanted)
    left = {key: one for key, one in wanted.items() if key not in done}
    batches = _batches(data, definition, left)
    with (to / _LINES).open("a", encoding="utf-8") as lines:
        for records in _in_parallel(batches, n_jobs, backend):
            for record in records:
                lines.write(json.dumps(record, allow_nan=False) + "\n")
                done[record["key"]] = record
            lines.flush()
            if progress is not None:
                progress(f"specification {len(done)} of {len(wanted)}")
    table = _as_table(done)
    table.write_csv(to / _TABLE)
    summarise_curve(table).write_csv(to / _SUMMARY)
    summary = SpecificationSummary(
        to=str(to),
        n=len(wanted),
        n_fitted=len(left),
        n_resumed=len(wanted) - len(left),
        n_failed=sum(record["error"] is not None for record in done.values()),
        seconds=round(time.perf_counter() - started, 3),
    )
    facts = {
        **context,
        **summary.as_dict(),
        "n_possible": len(space),
        "synthetic": data.synthetic is not None,
    }
    write_text(to / _FACTS, json.dumps(facts, indent=1) + "\n")
    return summary


def _context(data: Dataset, definition: StudyDefinition) -> dict[str, Any]:
    """Return what a specification's name tells apart beside its own words."""
    return {"format": _FORMAT, "study": definition.id, "dataset": data.metadata.get("fingerprint")}


def _space(definition: StudyDefinition) -> list[Specification]:
    """Return every specification that a study can have.

    One without a day for the paper's age has no such column; one that ends within a year of the pause has too
    little after it to be a sample.
    """
    without = set() if definition.age_on is not None else {"age_months_paper"}
    pause, end = definition.pause, definition.sample.end
    long_after = pause is not None and (end is None or (end - pause.end).days > 365)
    return [
        one
        for one in all_specifications()
        if not without & set(one.covariates) and (long_after or one.sample != "after the pause")
    ]


def sample_curve(data: Dataset, definition: StudyDefinition, n: int = N_SAMPLED) -> Findings:
    """Fit a small part of the curve, spread evenly over its choices, as a study does by default.

    Parameters
    ----------
    data : Dataset
        What the sample is drawn from.
    definition : StudyDefinition
        The study.
    n : int
        How many specifications; the same ones every time.

    Returns
    -------
    Findings
        Tables ``specifications`` and ``specifications_summary``, as `run_specifications` writes them, and
        ``specifications_scope``: ``n`` of the ``n_possible``.
    """
    space = _space(definition)
    context = _context(data, definition)
    chosen = {one.key(context): one for one in spread_evenly(space, n)}
    done: dict[str, dict[str, Any]] = {}
    for frame, members in _batches(data, definition, chosen):
        done |= {record["key"]: record for record in fit_batch(frame, members)}
    table = _as_table(done)
    scope = pl.DataFrame({"n": [len(chosen)], "n_possible": [len(space)]})
    found = Findings(
        tables={
            "specifications": table,
            "specifications_summary": summarise_curve(table),
            "specifications_scope": scope,
        }
    )
    found.notes.append(
        f"Of the specification curve {len(chosen):,} of {len(space):,} models were fitted, spread evenly "
        "over its choices; `ofsight specifications` fits them all."
    )
    return found


def _batches(
    data: Dataset, definition: StudyDefinition, left: dict[str, Specification]
) -> Iterator[tuple[pl.DataFrame, list[tuple[str, Specification]]]]:
    """Give the specifications that are left with the sample that they are fitted on, a few at a time."""
    frames: dict[str, pl.DataFrame] = {}
    ordered = sorted(left.items(), key=lambda item: (item[1].coding, item[1].sample, item[1]))
    for (coding, sample), group in groupby(ordered, key=lambda item: (item[1].coding, item[1].sample)):
        if coding not in frames:
            frames[coding] = draw_sample(data, with_coding(definition, coding)).frame
        frame = take_sample(frames[coding], sample, definition.pause)
        members = list(group)
        for first in range(0, len(members), _BATCH):
            yield frame, members[first : first + _BATCH]


def _claim(to: Path) -> None:
    """Make the folder, or refuse one that holds something else."""
    if to.exists() and (not to.is_dir() or (any(to.iterdir()) and not (to / _LINES).exists())):
        raise UsageError(f"{to} exists and is no specification curve: choose another folder, or empty it.")
    to.mkdir(parents=True, exist_ok=True)


def _read_done(path: Path, wanted: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Read what an earlier run wrote; a line that was cut off by its end is left out and fitted again."""
    done: dict[str, dict[str, Any]] = {}
    if not path.exists():
        return done
    names = set(wanted)
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        write_text(path, whole)
    for line in whole.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if record.get("key") in names:
            done[record["key"]] = record
    return done


def _in_parallel(
    batches: Iterable[tuple[pl.DataFrame, list[tuple[str, Specification]]]], n_jobs: int, backend: str
) -> Iterator[list[dict[str, Any]]]:
    if n_jobs == 1 and backend == "loky":
        for frame, members in batches:
            yield fit_batch(frame, members)
        return
    try:
        joblib = importlib.import_module("joblib")
    except ImportError:
        raise UsageError(
            "Fitting in parallel needs the package joblib. Install it with: pip install 'ofsight[scale]', "
            "or ask for one process."
        ) from None
    with ExitStack() as stack:
        stack.enter_context(joblib.parallel_config(backend=backend, n_jobs=n_jobs))
        # Unordered: each batch is written as soon as it is there; the table is sorted at the end.
        pool = joblib.Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs")
        yield from pool(joblib.delayed(fit_batch)(frame, members) for frame, members in batches)


def fit_batch(frame: pl.DataFrame, members: Sequence[tuple[str, Specification]]) -> list[dict[str, Any]]:
    """Fit some specifications of one sample; runs in a worker, so it takes and gives plain things."""
    return [_fit(frame, key, one) for key, one in members]


def _fit(frame: pl.DataFrame, key: str, one: Specification) -> dict[str, Any]:
    record: dict[str, Any] = {"key": key, **asdict(one), "covariates": " ".join(one.covariates)}
    used = frame.select(one.outcome, "urn", "sector", "year", *one.covariates).drop_nulls()
    try:
        if one.clustering == "none":
            fit = clm(one.formula, used)
            robust = fit.covariance("cluster", cluster=used["urn"].rank("dense").to_numpy())
        else:
            fit = clmm(one.formula, used, group="urn")
            robust = fit.covariance("cluster")
    except ModelError as error:
        return record | {"error": str(error), "estimates": []}
    if fit.convergence.code < 0:
        return record | {"error": fit.convergence.message, "estimates": []}
    errors = {
        "model": fit.standard_errors,
        "cluster": {n: math.sqrt(v) for n, v in zip(fit.names, robust.diagonal().tolist(), strict=True)},
    }
    return record | {
        "error": None,
        "n": fit.n,
        "n_homes": used["urn"].n_unique(),
        "aic": fit.aic,
        "estimates": _sectors(fit, errors),
    }


def _sectors(fit: OrdinalFit, errors: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    definition = load_study("outsourcing-2022")
    rows = []
    for name, value in fit.coefficients.items():
        if name.startswith("sector["):
            for variance, by_name in errors.items():
                estimate = odds_ratio(
                    value, by_name[name], study="", item="", model="", outcome=None, term=""
                )
                rows.append(
                    {
                        "term": term_name(name, definition),
                        "variance": variance,
                        "odds_ratio": estimate.estimate,
                        "ci_low": estimate.ci_low,
                        "ci_high": estimate.ci_high,
                        "p_value": estimate.p_value,
                    }
                )
    return rows


def _as_table(done: dict[str, dict[str, Any]]) -> pl.DataFrame:
    """Lay the curve out: one row a specification, sector and kind of error; a failed one has a bare row."""
    rows = []
    for record in done.values():
        shared = {name: value for name, value in record.items() if name != "estimates"}
        rows += [shared | estimate for estimate in record["estimates"] or [{}]]
    columns = {
        **dict.fromkeys(("key", "outcome", "coding", "sample", "covariates", "clustering"), pl.String),
        **dict.fromkeys(("term", "variance"), pl.String),
        **dict.fromkeys(("odds_ratio", "ci_low", "ci_high", "p_value"), pl.Float64),
        **dict.fromkeys(("n", "n_homes"), pl.Int64),
        "aic": pl.Float64,
        "error": pl.String,
    }
    table = pl.DataFrame(rows, schema=columns)
    return table.sort("outcome", "term", "variance", "odds_ratio", "key", nulls_last=True)


def summarise_curve(table: pl.DataFrame) -> pl.DataFrame:
    """Tell the spread of the curve by judgement, sector, clustering and kind of error.

    Returns
    -------
    DataFrame
        ``n``, the smallest, middle and largest odds ratio, the 5th and 95th percentile, and the shares of
        specifications with an odds ratio below 1 and with an interval below 1.
    """
    ratio = pl.col("odds_ratio")
    return (
        table.drop_nulls("odds_ratio")
        .group_by("outcome", "term", "clustering", "variance")
        .agg(
            n=pl.len(),
            smallest=ratio.min(),
            percentile_5=ratio.quantile(0.05),
            median=ratio.median(),
            percentile_95=ratio.quantile(0.95),
            largest=ratio.max(),
            share_below_1=(ratio < 1).mean(),
            share_interval_below_1=(pl.col("ci_high") < 1).mean(),
        )
        .sort("outcome", "term", "clustering", "variance")
    )
