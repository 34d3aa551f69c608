"""Preparing the plans of all areas: fitted once, written as tables, so that pages only read."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from ofsight import __version__
from ofsight.dataset.store import Dataset, open_dataset, read_table
from ofsight.errors import DatasetError, UsageError
from ofsight.files import Contents, folder_being_written, hash_file, list_contents, refuse_strangers
from ofsight.planning.area_plan import AreaPlan, WorkedOut, kept_as, plan_area
from ofsight.planning.fitted import FittedModels, fit_models
from ofsight.planning.inputs import OCCUPANCY, PlanInputs, gather_inputs
from ofsight.planning.measures.expected_places import ExpectedPlaces
from ofsight.planning.measures.register import load_measures
from ofsight.planning.measures.risk import GroupJudgements
from ofsight.planning.measures.screen import Screen
from ofsight.planning.wording import CAUTIONS, NOT_VACANCIES
from ofsight.profiles.area import find_area, list_areas

__all__ = ["CONTENTS", "PLAN_FILE", "Plans", "prepare_plans", "read_plans"]

PLAN_FILE: Final = "plan.json"
FORMAT: Final = 2
"""Raised when a folder of before must not be read: those of format 1 hold figures that are withheld today."""

_FACTS: Final = {
    *("dataset", "list_of", "occupancy", "thresholds", "cautions", "notes", "model_notes", "expected_places"),
    *("group_judgements", "tables"),
}
_BY_AREA: Final = ("measures", "need", "exposure", "trend")
CONTENTS: Final = Contents("plan", PLAN_FILE, ("*.parquet",))


@dataclass(frozen=True)
class Plans:
    """A plan folder: the plans of all areas, read when they are asked for.

    Attributes
    ----------
    path : Path
        The folder.
    about : dict
        The facts in ``plan.json``: which dataset, which list, occupancy, thresholds, cautions, notes,
        seconds.

    Notes
    -----
    Tables by area (column ``area`` is `Area.slug`): ``measures``, ``need``, ``exposure``, ``trend``.
    Tables of England: ``areas``, ``definitions``, ``expected_places``, ``groups`` (reach),
    ``group_judgements``, ``screen``; and those of the models, as their rooms describe them.
    """

    path: Path
    about: dict[str, Any]
    _frames: dict[str, pl.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables."""
        return tuple(self.about["tables"])

    def table(self, name: str) -> pl.DataFrame:
        """Return a table.

        Raises
        ------
        UsageError
            When there is no such table.
        DatasetError
            When its file is missing or damaged.
        """
        if name not in self.tables:
            raise UsageError(f"The plan has no table '{name}'. The tables are: {', '.join(self.tables)}.")
        if name not in self._frames:
            self._frames[name] = read_table(self.path / f"{name}.parquet", "Prepare the plans again.")
        return self._frames[name]

    def models(self) -> FittedModels:
        """Return the models, nothing fitted.

        Raises
        ------
        DatasetError
            When another ofsight wrote them.
        """
        frames = {name: self.table(name) for name in self.tables}
        try:
            return FittedModels.from_frames(frames, tuple(self.about["model_notes"]))
        except (pl.exceptions.PolarsError, KeyError) as error:
            raise DatasetError(
                f"The models in {self.path} are not as this ofsight writes them "
                f"({str(error).splitlines()[0]}). "
                "Prepare the plans again."
            ) from None

    def inputs(
        self,
        dataset: Dataset,
        *,
        occupancy: float | None = None,
        screen: Screen | None = None,
        study: Path | None = None,
    ) -> PlanInputs:
        """Return what the plan of any area is made of, a set's too; nothing is fitted.

        Parameters
        ----------
        dataset : Dataset
            The dataset that the plans were prepared from.
        occupancy : float, optional
            Another occupancy than the prepared one.
        screen : Screen, optional
            Other thresholds than the prepared ones.
        study : Path, optional
            A study folder, whose finding stands in the packs.

        Raises
        ------
        UsageError
            When the plans were prepared from another dataset.
        """
        if self.about["dataset"].get("fingerprint") != dataset.metadata.get("fingerprint"):
            raise UsageError(
                f"The plans in {self.path} were prepared from another dataset than {dataset.path}. Prepare "
                f"them again: ofsight plan --dataset {dataset.path} --to {self.path}"
            )
        inputs = gather_inputs(
            dataset,
            occupancy=self.about["occupancy"] if occupancy is None else occupancy,
            screen=screen or Screen.model_validate(self.about["thresholds"]),
            models=self.models(),
            study=study,
            known=self._known(),
        )
        if inputs.occupancy == self.about["occupancy"]:
            inputs.kept.update(self._worked_out())
        return replace(inputs, notes=tuple(self.about["notes"]))

    def _worked_out(self) -> dict[str, WorkedOut]:
        """Return the tables of every area, as `plan_area` looks for them."""
        whole = {name: self.table(name) for name in _BY_AREA}
        parts = {name: frame.partition_by("area", as_dict=True) for name, frame in whole.items()}
        found = {}
        for slug in self.table("areas")["slug"]:
            mine = {name: parts[name].get((slug,), whole[name].clear()) for name in _BY_AREA}
            measures = mine.pop("measures")
            found[kept_as(slug)] = WorkedOut(measures, **{n: frame.drop("area") for n, frame in mine.items()})
        return found

    def _known(self) -> tuple[ExpectedPlaces | None, GroupJudgements | None]:
        """Return the two models of measures as they were fitted."""
        places, groups = self.about["expected_places"], self.about["group_judgements"]
        return (
            None if places is None else ExpectedPlaces(frame=self.table("expected_places"), **places),
            None if groups is None else GroupJudgements(frame=self.table("group_judgements"), **groups),
        )


def read_plans(folder: Path | str) -> Plans:
    """Open a plan folder for reading.

    Raises
    ------
    UsageError
        When there is none, or one of another format.
    """
    path = Path(folder)
    try:
        about = json.loads((path / PLAN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        about = None
    if isinstance(about, dict) and about.get("format") in range(1, FORMAT):
        raise UsageError(
            f"The plans in {path} were written by an older ofsight (format {about['format']}, needed "
            f"{FORMAT}), and hold figures that are withheld today. Prepare them again: ofsight plan "
            f"--dataset DIR --to {path}"
        )
    if not isinstance(about, dict) or about.get("format") != FORMAT or not about.keys() >= _FACTS:
        raise UsageError(
            f"There are no plans of this ofsight in {path}. Prepare them: ofsight plan --dataset DIR --to "
            f"{path}"
        )
    return Plans(path, about)


def prepare_plans(
    dataset: Dataset | Path | str,
    to: Path | str,
    *,
    study: Path | None = None,
    occupancy: float = OCCUPANCY,
    screen: Screen | None = None,
    expected: pl.DataFrame | None = None,
    progress: Callable[[str], None] | None = None,
) -> Plans:
    """Fit once, and write the measures and model outputs of all areas.

    Parameters
    ----------
    dataset : Dataset or Path
        A built dataset.
    to : Path
        The plan folder; what ofsight wrote there before is replaced when all is ready.
    study : Path, optional
        A study folder; its finding for England is kept beside the plans.
    occupancy : float
        Share of registered places taken to be usable.
    screen : Screen, optional
        Thresholds of what is difficult to replace.
    expected : DataFrame, optional
        ``urn, probability, low, high`` of Good or better; fitted here without it.
    progress : callable, optional
        Told what is being done.

    Raises
    ------
    UsageError
        When the folder holds what ofsight did not write, or the occupancy is no share.
    """
    data = dataset if isinstance(dataset, Dataset) else open_dataset(dataset)
    path, tell, started = Path(to), progress or (lambda _: None), time.monotonic()
    refuse_strangers(path, CONTENTS)
    models = fit_models(data, expected=expected, progress=lambda what: tell(f"Fitting {what}"))
    fitted = time.monotonic()
    tell("Measuring all areas")
    inputs = gather_inputs(data, occupancy=occupancy, screen=screen, models=models, study=study)
    named = list_areas(data)
    plans = [plan_area(inputs, find_area(data, slug)) for slug in named["slug"]]
    tables = {**_by_area(plans), **_of_england(inputs, named), **models.to_frames()}
    seconds = {"models": fitted - started, "areas": time.monotonic() - fitted}
    about = _describe(data, inputs, models, study, seconds, plans)
    with folder_being_written(path, CONTENTS) as folder:
        facts: dict[str, Any] = {}
        for name, frame in tables.items():
            file, content = folder / f"{name}.parquet", io.BytesIO()
            frame.write_parquet(content, compression="zstd")
            file.write_bytes(content.getvalue())  # a full disk is the system's error, not one of polars
            facts[name] = {"rows": frame.height, "sha256": hash_file(file)}
        about = {**about, "tables": facts, "files": list_contents(folder, PLAN_FILE)}
        text = json.dumps(about, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / PLAN_FILE).write_text(text + "\n", encoding="utf-8")
    return Plans(path, about)


def _by_area(plans: Iterable[AreaPlan]) -> dict[str, pl.DataFrame]:
    found: dict[str, list[pl.DataFrame]] = {name: [] for name in _BY_AREA}
    for plan in plans:
        found["measures"].append(plan.measures)
        for name, frame in (("need", plan.need), ("exposure", plan.exposure), ("trend", plan.trend)):
            found[name].append(frame.select(pl.lit(plan.area.slug).alias("area"), pl.all()))
    return {name: pl.concat(frames) for name, frames in found.items()}


def _of_england(inputs: PlanInputs, named: pl.DataFrame) -> dict[str, pl.DataFrame]:
    tables = {
        "areas": named,
        "definitions": load_measures().frame(),
        "groups": inputs.reach,
        "screen": inputs.screened,
    }
    if inputs.places is not None:
        tables["expected_places"] = inputs.places.frame
    if inputs.groups is not None:
        tables["group_judgements"] = inputs.groups.frame
    return tables


def _describe(
    data: Dataset,
    inputs: PlanInputs,
    models: FittedModels,
    study: Path | None,
    seconds: Mapping[str, float],
    plans: Iterable[AreaPlan],
) -> dict[str, Any]:
    places, groups = inputs.places, inputs.groups
    return {
        "format": FORMAT,
        "ofsight": __version__,
        "synthetic": data.synthetic,
        "dataset": {key: data.metadata.get(key) for key in ("fingerprint", "built_at", "newest_release")},
        "study": None if study is None else {"folder": str(study), "finding": inputs.finding},
        "list_of": inputs.day.isoformat(),
        "list_year": inputs.list_year,
        "occupancy": inputs.occupancy,
        "thresholds": inputs.screen.model_dump(mode="json"),
        "says": NOT_VACANCIES,
        "cautions": list(CAUTIONS),
        "notes": list(inputs.notes),
        "model_notes": list(models.notes),
        "expected_places": None
        if places is None
        else {"intercept": places.intercept, "slope": places.slope, "spread": places.spread, "n": places.n},
        "group_judgements": None
        if groups is None
        else {
            "correlation": groups.correlation,
            "p_correlation": groups.p_correlation,
            "n_homes": groups.n_homes,
            "n_groups": groups.n_groups,
        },
        "n_areas": sum(1 for _ in plans),
        "seconds": {name: round(spent, 2) for name, spent in seconds.items()},
    }
