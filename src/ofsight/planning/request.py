"""What `ofsight plan` asks, answered: the plans of all areas in a folder, or the packs of some."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ofsight.dataset.store import Dataset, open_dataset
from ofsight.errors import UsageError
from ofsight.planning.area_plan import plan_area
from ofsight.planning.fitted import fit_models
from ofsight.planning.inputs import OCCUPANCY, PlanInputs, check_occupancy, gather_inputs
from ofsight.planning.measures.screen import Screen, load_screen
from ofsight.planning.pack import check_formats, write_pack
from ofsight.planning.prepare import prepare_plans, read_plans
from ofsight.planning.scenarios.scenario import load_scenario
from ofsight.planning.wording import NOT_VACANCIES
from ofsight.profiles.area import find_area

__all__ = ["PlanAnswer", "PlanRequest", "answer_request"]


@dataclass(frozen=True)
class PlanRequest:
    """What is asked.

    Attributes
    ----------
    dataset : Path
        A built dataset.
    to : Path
        Folder for the plans, or for the packs.
    areas : tuple of str
        Areas to write packs of; none asks for the plans of all areas.
    study : Path, optional
        A study folder, whose finding for England stands in the packs.
    scenario : Path, optional
        A scenario for the packs.
    occupancy : float
        Share of registered places taken to be usable.
    thresholds : Path, optional
        What makes a group difficult to replace.
    plans : Path, optional
        A plan folder whose models are used as they are.
    formats : tuple of str
        Editions of the packs.
    """

    dataset: Path
    to: Path
    areas: tuple[str, ...] = ()
    study: Path | None = None
    scenario: Path | None = None
    occupancy: float = OCCUPANCY
    thresholds: Path | None = None
    plans: Path | None = None
    formats: tuple[str, ...] = ("html",)


@dataclass(frozen=True)
class PlanAnswer:
    """What was written.

    Attributes
    ----------
    to : Path
        Where.
    files : tuple of Path
        The packs, or the one file that marks a plan folder.
    n_areas : int
        Areas.
    seconds : float
        How long it took.
    lines : tuple of str
        What a person reads of it.
    """

    to: Path
    files: tuple[Path, ...]
    n_areas: int
    seconds: float
    lines: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "to": str(self.to),
            "files": [str(path) for path in self.files],
            "n_areas": self.n_areas,
            "seconds": round(self.seconds, 2),
            "says": NOT_VACANCIES,
        }


def answer_request(request: PlanRequest, progress: Callable[[str], None] | None = None) -> PlanAnswer:
    """Do what is asked.

    Raises
    ------
    UsageError
        An unknown area or format, an occupancy that is no share, options that do not go together.
    """
    started, tell = time.monotonic(), progress or (lambda _: None)
    check_occupancy(request.occupancy)
    check_formats(request.formats)
    screen = load_screen(request.thresholds)
    scenario = None if request.scenario is None else load_scenario(request.scenario)
    data = open_dataset(request.dataset)
    if not request.areas:
        return _prepare(request, data, screen, started, tell)
    areas = [find_area(data, text) for text in request.areas]
    inputs = _inputs(request, data, screen, tell)
    files: list[Path] = []
    for area in areas:
        tell(f"Writing the pack of {area.name}")
        files += write_pack(plan_area(inputs, area), request.to, request.formats, scenario)
    lines = [*(f"Pack: {path}" for path in files), NOT_VACANCIES]
    return PlanAnswer(request.to, tuple(files), len(areas), time.monotonic() - started, tuple(lines))


def _prepare(
    request: PlanRequest, data: Dataset, screen: Screen, started: float, tell: Callable[[str], None]
) -> PlanAnswer:
    if request.scenario is not None:
        raise UsageError("A scenario is of an area: give --area with --scenario.")
    if request.plans is not None:
        raise UsageError("--plan names plans prepared before, for packs: give --area with it.")
    found = prepare_plans(
        data, request.to, study=request.study, occupancy=request.occupancy, screen=screen, progress=tell
    )
    n, seconds = int(found.about["n_areas"]), time.monotonic() - started
    lines = [
        f"Plans: {request.to}: {n} areas, homes as of {found.about['list_of']}, {seconds:.0f} s. "
        f"{NOT_VACANCIES}"
    ]
    lines += [f"  {note}" for note in (*found.about["notes"], *found.about["model_notes"])]
    return PlanAnswer(request.to, (request.to / "plan.json",), n, seconds, tuple(lines))


def _inputs(request: PlanRequest, data: Dataset, screen: Screen, tell: Callable[[str], None]) -> PlanInputs:
    if request.plans is not None:
        return read_plans(request.plans).inputs(
            data, occupancy=request.occupancy, screen=screen, study=request.study
        )
    models = fit_models(data, progress=lambda what: tell(f"Fitting {what}"))
    return gather_inputs(data, occupancy=request.occupancy, screen=screen, models=models, study=request.study)
