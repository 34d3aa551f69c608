"""What every area's plan is made of: read and fitted once for all areas."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.errors import ModelError, UsageError
from ofsight.planning.fitted import FittedModels
from ofsight.planning.measures.expected_places import ExpectedPlaces, fit_expected_places
from ofsight.planning.measures.exposure import holder_reach
from ofsight.planning.measures.need import read_need
from ofsight.planning.measures.ownership import FIRST_LIST_WITH_OWNERS
from ofsight.planning.measures.risk import GroupJudgements, group_judgements
from ofsight.planning.measures.screen import Screen, load_screen, screen_groups
from ofsight.profiles.area import list_areas
from ofsight.profiles.homes_open import open_homes, snapshot_dates, snapshot_on
from ofsight.report.folder import read_study_folder
from ofsight.report.sections.summary import title_of

__all__ = ["OCCUPANCY", "PlanInputs", "check_occupancy", "gather_inputs"]

OCCUPANCY: Final = 0.85
"""Share of registered places taken to be usable where the user sets none: the top of what ICHA reports."""


@dataclass(frozen=True)
class PlanInputs:
    """Everything that is the same for every area.

    Attributes
    ----------
    dataset : Dataset
        The open dataset.
    day : date
        The day of the newest list of homes.
    occupancy : float
        Share of registered places taken to be usable, 0 to 1.
    homes : DataFrame
        All open homes on the day.
    lists : tuple of date
        Lists with owners, oldest first.
    need : DataFrame
        Of `ofsight.planning.measures.need.read_need`.
    reach, screened : DataFrame
        How far each holder reaches; which would be difficult to replace by `screen`.
    screen : Screen
        The thresholds.
    places : ExpectedPlaces, optional
        Observed against expected places; None where it cannot be fitted, with a word in `notes`.
    groups : GroupJudgements, optional
        Groups' judgements against chance; likewise.
    models : FittedModels
        What was fitted of homes and of need.
    notes : tuple of str
        What could not be worked out, and why.
    finding : str
        What a study of all England found, in a sentence; empty where none is named.
    """

    dataset: Dataset
    day: date
    occupancy: float
    homes: pl.DataFrame
    lists: tuple[date, ...]
    need: pl.DataFrame
    reach: pl.DataFrame
    screen: Screen
    screened: pl.DataFrame
    places: ExpectedPlaces | None = None
    groups: GroupJudgements | None = None
    models: FittedModels = field(default_factory=FittedModels)
    notes: tuple[str, ...] = ()
    finding: str = ""
    kept: dict[str, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def expected(self) -> pl.DataFrame | None:
        """Each home's probability of a judgement of Good or better."""
        return self.models.expected

    @property
    def closing(self) -> pl.DataFrame | None:
        """Each home's probability of closing."""
        return self.models.closing

    @property
    def list_year(self) -> int:
        """The year of the newest 31 March at or before the list: the children it is set against."""
        return self.day.year if (self.day.month, self.day.day) >= (3, 31) else self.day.year - 1


def check_occupancy(occupancy: float) -> float:
    """Return an occupancy that can be meant.

    Raises
    ------
    UsageError
        When it is not a share of 1: 85 for 0.85, say.
    """
    if not 0 < occupancy <= 1:
        raise UsageError(
            f"An occupancy of {occupancy} is no share of the places. Give a number above 0 and up to 1, such "
            f"as {OCCUPANCY}; 0.75 to 0.90 is the usual band."
        )
    return occupancy


def gather_inputs(
    dataset: Dataset,
    *,
    occupancy: float = OCCUPANCY,
    screen: Screen | None = None,
    models: FittedModels | None = None,
    study: Path | None = None,
    known: tuple[ExpectedPlaces | None, GroupJudgements | None] | None = None,
) -> PlanInputs:
    """Read what every area's plan needs, and fit the two models of all authorities and all groups.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    occupancy : float
        Share of registered places taken to be usable.
    screen : Screen, optional
        Thresholds of what is difficult to replace; ours without it.
    models : FittedModels, optional
        Of `ofsight.planning.fitted.fit_models`; without it, what they say is not measured.
    study : Path, optional
        A study folder, whose finding for all England stands beside the area's judgements.
    known : tuple of (ExpectedPlaces, GroupJudgements), optional
        The two models as they were fitted before, so that nothing is fitted.

    Raises
    ------
    UsageError
        When the occupancy is no share, or the dataset has no list of homes.
    """
    day = snapshot_on(dataset)
    homes = open_homes(dataset)
    need = read_need(dataset)
    screen = screen or load_screen()
    notes: list[str] = []
    places, groups = known or (None, None)
    if known is None:
        places, groups, notes = _fit(dataset, homes, need, day)
    return PlanInputs(
        dataset=dataset,
        day=day,
        occupancy=check_occupancy(occupancy),
        homes=homes,
        lists=tuple(d for d in snapshot_dates(dataset) if d >= FIRST_LIST_WITH_OWNERS),
        need=need,
        reach=holder_reach(homes),
        screen=screen,
        screened=screen_groups(homes, screen),
        places=places,
        groups=groups,
        models=models or FittedModels(),
        notes=tuple(notes),
        finding="" if study is None else title_of(read_study_folder(study)),
    )


def _fit(
    dataset: Dataset, homes: pl.DataFrame, need: pl.DataFrame, day: date
) -> tuple[ExpectedPlaces | None, GroupJudgements | None, list[str]]:
    """Fit places against children and groups against chance; what cannot be is None, with why."""
    notes: list[str] = []
    places: ExpectedPlaces | None = None
    groups: GroupJudgements | None = None
    year = day.year if (day.month, day.day) >= (3, 31) else day.year - 1
    try:
        places = fit_expected_places(_authorities(dataset, homes, need, year))
    except ModelError as error:
        notes.append(str(error))
    try:
        groups = group_judgements(homes)
    except ModelError as error:
        notes.append(str(error))
    return places, groups, notes


def _authorities(dataset: Dataset, homes: pl.DataFrame, need: pl.DataFrame, year: int) -> pl.DataFrame:
    """Return places and looked-after children of every current authority in a year."""
    current = list_areas(dataset).filter(kind="authority").select("code", authority="name", region="region")
    children = need.filter(level="authority", measure="looked_after", year=year).select(
        authority="name", looked_after="value", looked_after_status="status"
    )
    places = homes.group_by("authority").agg(observed=pl.col("places").sum().cast(pl.Int64))
    return (
        current.join(children, on="authority", how="left", maintain_order="left")
        .join(places, on="authority", how="left", maintain_order="left")
        .with_columns(
            pl.col("observed").fill_null(0), pl.col("looked_after_status").fill_null("not published")
        )
    )
