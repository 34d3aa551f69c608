"""The homes open on a day: one row each, with owner, places, age and latest judgement as on that day."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.errors import UsageError
from ofsight.link.areas import load_areas
from ofsight.profiles.area import Area, authority_names, dataset_day, history_names
from ofsight.profiles.everywhere import Slices
from ofsight.profiles.kept import keep
from ofsight.vocabulary import InspectionType

__all__ = [
    "LINKED",
    "UNLINKED",
    "group_slug",
    "lists_of_judged_homes",
    "open_homes",
    "snapshot_dates",
    "snapshot_on",
]

LINKED: Final = "linked"
UNLINKED: Final = "unlinked"

_DAYS_PER_YEAR: Final = 365.25
_HARDLY_ANY: Final = 0.01
"""Below this share of homes without a judgement a list leaves new homes out; full lists have 4 to 18 %."""


def snapshot_dates(dataset: Dataset) -> tuple[date, ...]:
    """Return the dates of the lists of homes, oldest first.

    Lists differ in what they hold: that of September 2014 has no judgement, that of March 2015 no places;
    some lists of the time hold inspected homes only. The owner's name is printed from March 2018.
    """
    return keep(
        dataset,
        "snapshot_dates",
        lambda: tuple(dataset.home_snapshots["listed_on"].unique().sort().to_list()),
    )


def lists_of_judged_homes(dataset: Dataset) -> tuple[date, ...]:
    """Return the lists that leave out homes not yet judged, where others hold them; oldest first.

    Homes cannot be compared between the two kinds of list without saying so: new homes are missing in one.
    A list that prints no judgement at all is of neither kind.
    """
    return keep(dataset, "lists_of_judged_homes", lambda: _judged_only(dataset))


def _judged_only(dataset: Dataset) -> tuple[date, ...]:
    lists = (
        dataset.home_snapshots.group_by("listed_on")
        .agg(new=pl.col("latest_overall").is_null().mean())
        .filter(pl.col("new") < 1)
        .sort("listed_on")
    )
    judged = lists.filter(pl.col("new") < _HARDLY_ANY)["listed_on"].to_list()
    return tuple(judged) if len(judged) < lists.height else ()


def snapshot_on(dataset: Dataset, on: date | None = None) -> date:
    """Return the newest list at or before a day.

    Raises
    ------
    UsageError
        When there is no list so old.
    """
    dates = snapshot_dates(dataset)
    fitting = [day for day in dates if on is None or day <= on]
    if not fitting:
        known = f"The first list is of {dates[0]}." if dates else "The dataset has no list of homes."
        raise UsageError(f"No list of homes at or before {on}. {known}")
    return fitting[-1]


def group_slug(group: str) -> str:
    """Return a group's id: ``group-caretech``. It never equals an owner's id, for those are made of names."""
    return "group-" + re.sub(r"[^a-z0-9]+", "-", group.casefold()).strip("-")


def open_homes(dataset: Dataset, area: Area | None = None, on: date | None = None) -> pl.DataFrame:
    """Return the homes open on a day.

    A home is open on the date of a list when the list holds it, whatever its registration status (``Active``
    or ``Suspended``). Children's homes only: all three kinds of `ofsight.vocabulary.ProvisionType`.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    area : Area, optional
        Only the homes in it; all of England without it. For an earlier date, the homes of authorities of the
        past that the area is made of count too (`ofsight.profiles.area.history_names`).
    on : date, optional
        The day; the newest list at or before it is meant. The newest list without it.

    Returns
    -------
    pl.DataFrame
        One row per home, by ``urn``:

        - ``urn``; ``listed_on`` (the date of the list); ``authority_code`` (ONS code of the current
          authority; null where the authority of that day is no more), ``authority``, ``region``;
        - ``sector``, ``provision_type`` (enums of the vocabulary), ``registration_status``;
        - ``owner_id``, ``owner`` (null where Ofsted prints no name); ``group_id``, ``group`` (null where no
          group is known, which is not the same as independent); ``holder_id``, ``holder`` (the group, else
          the owner, null where unlinked); ``council_company``; ``link_status`` (``linked`` or ``unlinked``);
        - ``places`` (registered, not vacancies), ``places_status`` (``published`` or ``not published``);
        - ``short_breaks_only`` (null where the list does not say);
        - ``registered_on``, ``age_years`` (on the day of the list);
        - the latest graded full inspection up to that day: ``overall``, ``protection``, ``leadership``
          (ordered grades), ``inspected_on``, ``months_since`` (whole months); null where there is none yet;
        - ``judgement_status``: ``graded`` or ``not yet graded``;
        - where the row comes from: ``release``, ``sheet``, ``row``.

    Raises
    ------
    UsageError
        When there is no list so old.
    """
    day = snapshot_on(dataset, on)
    homes = keep(dataset, ("open_homes", day), lambda: _make(dataset, day))
    if area is None or area.kind == "england":
        return homes
    current = day >= max(snapshot_dates(dataset))
    names = authority_names(dataset, area) if current else ()
    wanted = sorted({*names, *history_names(dataset, area)})
    if current:
        by_name = keep(dataset, ("open_homes by authority", day), lambda: Slices.by(homes, "authority"))
        there = [name for name in wanted if name in by_name.places]
        if len(there) < 2:
            return by_name.of(there[0] if there else "")
    return homes.filter(pl.col("authority").is_in(wanted))


def _make(dataset: Dataset, day: date) -> pl.DataFrame:
    listed = dataset.home_snapshots.filter(pl.col("listed_on") == day)
    owners = dataset.owners.select("owner_id", owner_name="owner").unique("owner_id", keep="first")
    codes = _codes(dataset)
    names = listed["owner_group"].drop_nulls().unique().to_list()
    groups = pl.DataFrame(
        {"owner_group": names, "group_id": [group_slug(name) for name in names]},
        schema={"owner_group": pl.String, "group_id": pl.String},
    )
    group = pl.col("owner_group")
    return (
        listed.join(owners, on="owner_id", how="left")
        .join(_latest_graded(dataset, day), on="urn", how="left")
        .join(codes, on="authority", how="left")
        .join(groups, on="owner_group", how="left")
        .with_columns(
            age_years=((pl.lit(day) - pl.col("registered_on")).dt.total_days() / _DAYS_PER_YEAR),
            months_since=_months_between(pl.col("inspected_on"), pl.lit(day)),
        )
        .select(
            "urn",
            "listed_on",
            "authority_code",
            "authority",
            region=pl.col("standard_region"),
            sector="sector",
            provision_type="provision_type",
            registration_status="registration_status",
            owner_id="owner_id",
            owner=pl.coalesce("owner_name", pl.when(pl.col("owner_id").is_not_null()).then("owner")),
            group_id="group_id",
            group=group,
            holder_id=pl.coalesce("group_id", "owner_id"),
            holder=pl.coalesce(group, "owner_name"),
            council_company="council_company",
            link_status=pl.when(pl.col("owner_id").is_null())
            .then(pl.lit(UNLINKED))
            .otherwise(pl.lit(LINKED)),
            places="places",
            places_status=pl.when(pl.col("places").is_null())
            .then(pl.lit("not published"))
            .otherwise(pl.lit("published")),
            short_breaks_only="short_breaks_only",
            registered_on="registered_on",
            age_years="age_years",
            overall="graded_overall",
            protection="graded_protection",
            leadership="graded_leadership",
            inspected_on="inspected_on",
            months_since="months_since",
            judgement_status=pl.when(pl.col("graded_overall").is_null())
            .then(pl.lit("not yet graded"))
            .otherwise(pl.lit("graded")),
            release="release",
            sheet="sheet",
            row="row",
        )
        .sort("urn")
    )


def _latest_graded(dataset: Dataset, day: date) -> pl.DataFrame:
    """Return each home's latest full inspection with an overall grade up to a day."""
    return (
        dataset.inspections.filter(
            (pl.col("inspection_type") == InspectionType.FULL.value)
            & pl.col("overall").is_not_null()
            & (pl.col("inspected_on") <= day)
        )
        .sort("inspected_on")
        .unique("urn", keep="last")
        .select(
            "urn",
            "inspected_on",
            graded_overall="overall",
            graded_protection="protection",
            graded_leadership="leadership",
        )
    )


def _codes(dataset: Dataset) -> pl.DataFrame:
    day = dataset_day(dataset)
    current = [(found.name, found.code_on(day)) for found in load_areas().on(day)]
    return pl.DataFrame(current, schema={"authority": pl.String, "authority_code": pl.String}, orient="row")


def _months_between(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """Return the whole months from one day to another."""
    months = (last.dt.year() - first.dt.year()) * 12 + (
        last.dt.month().cast(pl.Int32) - first.dt.month().cast(pl.Int32)
    )
    return months - (last.dt.day() < first.dt.day()).cast(pl.Int32)
