"""Homes at risk of leaving the register, half year by half year: what the hazard of closure is fitted on.

What the tables hold, and what follows
--------------------------------------
- The owner is printed from the list of March 2018, so group size is known from then; registration dates are
  known for nearly every home open in 2016 or later. `since` is the first list on which both are known.
- A home is at risk from the first list that holds it (delayed entry: left truncation). Some lists of 2016 to
  2020 leave out homes not yet inspected; those enter with the list that first holds them. Homes that joined
  and left between two lists are never at risk, and are counted in `Periods.about`.
- Age runs from the registration date. It starts anew when a home is registered anew.
- A home still on the last list is censored there. One that vanished from the lists without a published day of
  leaving is taken to have left in the middle of the gap; such homes are counted too.
- Covariates are those of the newest list at or before the first day of the half year, and of the latest
  graded full inspection published by then: nothing of the future.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ofsight.dataset.store import Dataset
from ofsight.errors import ModelError
from ofsight.planning.models.continuations import continuation_probabilities
from ofsight.profiles.homes_open import group_slug
from ofsight.vocabulary import InspectionType, ProvisionType

__all__ = ["MONTHS", "Periods", "covariates_on", "landmark_rows", "make_periods", "outcome_share"]

MONTHS: Final = 6
"""The length of a period, in months."""

_LANDMARK_EVERY: Final = 2
"""A landmark every so many half years: each year, as the lists are."""
_DAYS_A_YEAR: Final = 365.25
_KNOWN_ENOUGH: Final = 0.95
_COLUMNS: Final = (
    *(
        "urn",
        "authority",
        "holder",
        "sector",
        "special",
        "places",
        "age_years",
        "grade",
        "group_size",
        "rivals",
    ),
)


@dataclass(frozen=True)
class Periods:
    """Homes at risk, one row a home and half year.

    Attributes
    ----------
    frame : DataFrame
        ``urn, authority, holder`` (group, else owner), ``sector, special`` (secure home or residential
        school), ``places``, ``age_years`` at the start, ``grade`` (null: not yet graded), ``group_size``
        (homes of the holder; null: owner not known), ``rivals`` (homes of others in the authority),
        ``starts_on``, ``ends_on``, ``exited`` (left the register in the period), ``continued`` (of an exit:
        the probability that the home went on under another number).
    since, until : date
        The window.
    about : mapping of str to int
        Counts a reader needs: homes, exits, never at risk, day of leaving not published, age not known.
    """

    frame: pl.DataFrame
    since: date
    until: date
    about: Mapping[str, int]


def make_periods(dataset: Dataset, *, since: date | None = None, until: date | None = None) -> Periods:
    """Return the homes at risk by half year.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    since : date, optional
        The first day; by default the first list on which owner, places and registration date are known of
        95 % of homes.
    until : date, optional
        The last day; by default the last list. Nothing after it is used.

    Raises
    ------
    ModelError
        When the lists do not span two half years.
    """
    lists = dataset.home_snapshots.join(
        dataset.homes.select("urn", registered="registered_on"), on="urn", how="left"
    ).with_columns(registered_on=pl.coalesce("registered", "registered_on"))
    if until is not None:
        lists = lists.filter(pl.col("listed_on") <= until)
    dates = lists["listed_on"].unique().sort().to_list()
    first = since or _first_known(lists)
    last = until or (dates[-1] if dates else None)
    starts = _starts(first, last)
    if first is None or last is None or len(starts) < 2:
        raise ModelError(
            "The hazard of closure needs lists of homes at least a year apart that print owner, places and "
            f"registration date; this dataset's lists are of {', '.join(map(str, dates)) or 'no date'}."
        )
    last = starts[-1][1]
    spells = _spells(dataset, lists, dates, last)
    rows = [_at_risk(dataset, lists, spells, start, end) for start, end in starts]
    frame = pl.concat(rows)
    moved = continuation_probabilities(dataset.homes, first, last).select("urn", "continued")
    known = frame.filter(pl.col("age_years").is_not_null())
    frame = known.join(moved, on="urn", how="left").with_columns(
        continued=pl.when("exited").then(pl.col("continued").fill_null(0.0))
    )
    return Periods(frame, first, last, _count(dataset, frame, spells, first, last, known.height, rows))


def covariates_on(dataset: Dataset, day: date, lists: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the covariates of every home as on a day, from the newest list at or before it.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    day : date
        The day.
    lists : DataFrame, optional
        Table ``home_snapshots`` with the registration date filled in from ``homes``.
    """
    if lists is None:
        lists = dataset.home_snapshots.join(
            dataset.homes.select("urn", registered="registered_on"), on="urn", how="left"
        ).with_columns(registered_on=pl.coalesce("registered", "registered_on"))
    seen = lists.filter(pl.col("listed_on") <= day)
    newest = seen.filter(pl.col("listed_on") == pl.col("listed_on").max())
    holder = _holder()
    sizes = newest.group_by(holder=holder).agg(group_size=pl.len().cast(pl.Int64)).drop_nulls("holder")
    local = newest.group_by("authority", holder=holder).agg(own=pl.len().cast(pl.Int64))
    stock = newest.group_by("authority").agg(local=pl.len().cast(pl.Int64))
    age = (pl.lit(day) - pl.col("registered_on")).dt.total_days() / _DAYS_A_YEAR
    return (
        seen.sort("listed_on")
        .unique("urn", keep="last")
        .with_columns(holder=holder, age_years=age.clip(lower_bound=0.0))
        .join(sizes, on="holder", how="left")
        .join(local, on=["authority", "holder"], how="left", nulls_equal=True)
        .join(stock, on="authority", how="left")
        .join(_grades(dataset, day), on="urn", how="left")
        .with_columns(
            special=pl.col("provision_type") != ProvisionType.CHILDRENS_HOME.value,
            # Of an unknown owner only the home itself is known to be its own.
            rivals=(
                pl.col("local").fill_null(1)
                - pl.when(pl.col("holder").is_null()).then(1).otherwise(pl.col("own").fill_null(1))
            ).clip(lower_bound=0),
        )
        .select(*_COLUMNS)
        .sort("urn")
    )


def _holder() -> pl.Expr:
    """Return who holds a home: the group, else the owner, by the ids of `ofsight.profiles.homes_open`."""
    group = pl.col("owner_group").map_elements(group_slug, return_dtype=pl.String, skip_nulls=True)
    return pl.coalesce(group, "owner_id")


def _grades(dataset: Dataset, day: date) -> pl.DataFrame:
    """Return each home's latest grade of a full inspection whose report was out by a day."""
    return (
        dataset.inspections.filter(
            pl.col("inspection_type") == InspectionType.FULL.value,
            pl.col("overall").is_not_null(),
            pl.coalesce("published_on", "inspected_on") <= day,
        )
        .sort("inspected_on")
        .unique("urn", keep="last")
        .select("urn", grade="overall")
    )


def _first_known(lists: pl.DataFrame) -> date | None:
    """Return the first list on which owner, places and registration date are known of nearly all homes."""
    known = (
        lists.group_by("listed_on")
        .agg(
            least=pl.min_horizontal(
                *(pl.col(name).is_not_null().mean() for name in ("owner_id", "places", "registered_on"))
            )
        )
        .filter(pl.col("least") >= _KNOWN_ENOUGH)
    )
    return known["listed_on"].min() if known.height else None  # type: ignore[return-value]


def _starts(first: date | None, last: date | None) -> list[tuple[date, date]]:
    """Return the half years that lie wholly within the window."""
    if first is None or last is None:
        return []
    marks = pl.select(
        pl.lit(first).dt.offset_by(pl.format("{}mo", pl.int_range(0, 200) * MONTHS)).alias("mark")
    )["mark"]
    inside = marks.filter(marks <= last).to_list()
    return list(pairwise(inside))


def _spells(dataset: Dataset, lists: pl.DataFrame, dates: list[date], last: date) -> pl.DataFrame:
    """Return from when a home is at risk and when it left: ``urn, enters_on, exit_on, vanished``."""
    after = pl.DataFrame({"final": dates[:-1], "next": dates[1:]}, schema={"final": pl.Date, "next": pl.Date})
    middle = pl.col("final") + (pl.col("next") - pl.col("final")) / 2
    closed = pl.when(pl.col("closed_on") <= last).then("closed_on")
    return (
        lists.group_by("urn")
        .agg(enters_on=pl.col("listed_on").min(), final=pl.col("listed_on").max())
        .join(dataset.homes.select("urn", closed_on=closed), on="urn", how="left")
        .join(after, on="final", how="left")
        .with_columns(vanished=pl.col("closed_on").is_null() & pl.col("next").is_not_null())
        .with_columns(exit_on=pl.coalesce("closed_on", pl.when("vanished").then(middle.cast(pl.Date))))
        .select("urn", "enters_on", "exit_on", "vanished")
    )


def _at_risk(
    dataset: Dataset, lists: pl.DataFrame, spells: pl.DataFrame, start: date, end: date
) -> pl.DataFrame:
    here = spells.filter(
        pl.col("enters_on") <= start, pl.col("exit_on").is_null() | (pl.col("exit_on") > start)
    )
    return (
        covariates_on(dataset, start, lists)
        .join(here, on="urn")
        .with_columns(
            starts_on=pl.lit(start),
            ends_on=pl.lit(end),
            exited=pl.col("exit_on").is_not_null() & (pl.col("exit_on") <= end),
        )
        .select(*_COLUMNS, "starts_on", "ends_on", "exited")
    )


def _count(
    dataset: Dataset,
    frame: pl.DataFrame,
    spells: pl.DataFrame,
    since: date,
    until: date,
    n_known: int,
    rows: list[pl.DataFrame],
) -> dict[str, int]:
    left = dataset.homes.filter(pl.col("closed_on") > since, pl.col("closed_on") <= until)
    at_risk = frame["urn"].unique()
    return {
        "n_periods": frame.height,
        "n_homes": at_risk.len(),
        "n_exits": int(frame["exited"].sum()),
        "n_exits_never_at_risk": left.filter(~pl.col("urn").is_in(at_risk.implode())).height,
        "n_exits_without_a_day": spells.filter("vanished", pl.col("exit_on") > since).height,
        "n_periods_age_not_known": sum(part.height for part in rows) - n_known,
    }


def outcome_share(frame: pl.DataFrame, outcome: str) -> NDArray[np.float64]:
    """Return how much of each row is an outcome: ``close``, ``transfer`` or ``exit``; shape (n,), 0 to 1."""
    exited = frame["exited"].to_numpy().astype(np.float64)
    continued = frame["continued"].fill_null(0.0).to_numpy()
    parts = {"close": exited * (1.0 - continued), "transfer": exited * continued, "exit": exited}
    share: NDArray[np.float64] = parts[outcome]
    return share


def landmark_rows(frame: pl.DataFrame, most_leads: int) -> pl.DataFrame:
    """Return homes as known at each landmark with what came of them: one row a home, landmark, half year.

    A landmark is every second half year from the first: the day of a list.

    Parameters
    ----------
    frame : DataFrame
        `Periods.frame`.
    most_leads : int
        For how many half years a home is followed from a landmark.

    Returns
    -------
    DataFrame
        The columns of `Periods.frame`: covariates of the landmark, age of the half year, ``exited`` and
        ``continued`` of the half year; and ``lead`` (1 is the half year that begins at the landmark).
    """
    marks = frame["starts_on"].unique().sort()
    numbers = pl.DataFrame({"starts_on": marks, "number": np.arange(marks.len(), dtype=np.int64)})
    numbered = frame.join(numbers, on="starts_on")
    fates = numbered.select("urn", "exited", "continued", then="number")
    parts = [
        numbered.filter(pl.col("number") % _LANDMARK_EVERY == 0)
        .drop("exited", "continued")
        .with_columns(then=pl.col("number") + lead, lead=pl.lit(lead + 1.0))
        .join(fates, on=["urn", "then"])
        .with_columns(pl.col("age_years") + lead * MONTHS / 12)
        for lead in range(most_leads)
    ]
    return pl.concat(parts).drop("number", "then")
