"""What several releases say of one inspection, made one row; every difference kept as a revision.

One inspection is one home and one first day. It appears in its own year's release and in every later list
that still shows it as the latest, and not always alike: the first day moved by a day or two between editions
(76 times in 2014-2021), grades were restated, event numbers were renumbered or damaged.

Rule
----
Two rows of one home and one kind of visit are the same inspection when their days are at most three apart,
or when they carry the same event number at most two months apart. But two rows of one release with two event
numbers and two days are two inspections, however near: an edition does not restate itself (met once, two
monitoring visits of June 2019). No two different full inspections of one home have been met less than 13
days apart. The newest release is believed on what was judged, and when;
within one edition the year's own file comes before the list. How the home is described (sector, authority,
places, owner) is taken from the release nearest to the inspection, since a later one describes a later home.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from ofsight.harmonise.rows import HarmonisedTable
from ofsight.vocabulary import Framework, InspectionType, enum_type, framework_on

__all__ = ["Reconciled", "gather_records", "reconcile"]

_SAME_VISIT_DAYS = 3
_SAME_EVENT_DAYS = 62
_JUDGED = (
    "inspected_on",
    "event_number",
    "inspection_type",
    "framework",
    "overall",
    "overall_as_published",
    "protection",
    "protection_as_published",
    "leadership",
    "leadership_as_published",
    "effectiveness",
    "published_on",
)
_SETTING = (
    "provision_type",
    "provision_type_as_published",
    "sector",
    "sector_as_published",
    "local_authority",
    "region",
    "places",
    "registered_on",
    "owner",
)
_ORIGIN = ("release", "sheet", "row")
# A new event number or publication day is bookkeeping; these are what a reader would call a revision.
_COMPARED = ("inspected_on", "inspection_type", "overall", "protection", "leadership", "effectiveness")
# The kinds of series whose rows describe a home, inspected or not.
_OF_HOMES = ("list", "in year", "places")
_BY_INSPECTION = ("urn", "inspection")


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The inspections, the published rows behind them, what differs, and the rows that gave way.

    Attributes
    ----------
    inspections, records, revisions : DataFrame
        As in ``ofsight.dataset.tables``.
    set_aside : DataFrame
        ``release, sheet, row, reason, detail``: rows of lesser visits on the day of another.
    """

    inspections: pl.DataFrame
    records: pl.DataFrame
    revisions: pl.DataFrame
    set_aside: pl.DataFrame


def gather_records(tables: list[HarmonisedTable]) -> pl.DataFrame:
    """Stack the records of all tables, each with its origin and its rank in believing."""
    frames = [
        table.records.with_columns(
            release=pl.lit(table.release),
            sheet=pl.lit(table.sheet, dtype=pl.String),
            edition=pl.lit(table.period.end),
            in_year=pl.lit(table.series.reads == "in year"),
            judged=pl.lit(table.series.reads != "places"),
        )
        for table in tables
        if table.series.reads in _OF_HOMES
    ]
    return pl.concat(frames).sort("edition", "in_year", "release", "row")


def reconcile(records: pl.DataFrame) -> Reconciled:
    """Make one row an inspection of what all releases say.

    Parameters
    ----------
    records : DataFrame
        From `gather_records`.
    """
    visits = records.filter(pl.col("inspected_on").is_not_null())
    days = visits["inspected_on"].unique()
    frameworks = [framework_on(day).value for day in days]
    visits = visits.with_columns(
        framework=pl.col("inspected_on")
        .replace_strict(days, pl.Series(frameworks, dtype=pl.String), default=None, return_dtype=pl.String)
        .cast(enum_type(Framework))
    )
    visits = _group_visits(visits)
    newest = visits.sort("edition", "in_year", descending=True, maintain_order=True).unique(
        ["urn", "visit"], keep="first", maintain_order=True
    )
    visits = visits.join(
        newest.select("urn", "visit", inspection="inspected_on"), on=["urn", "visit"], maintain_order="left"
    )
    visits, gave_way = _one_visit_a_day(visits)
    return Reconciled(
        _inspections(visits), visits.sort("urn", "inspection", "edition"), _revisions(visits), gave_way
    )


def _group_visits(visits: pl.DataFrame) -> pl.DataFrame:
    """Give each home's visits their numbers: rows of one kind, close in time or alike in event number."""
    visits = visits.sort("urn", "inspection_type", "inspected_on", maintain_order=True)
    gap = (pl.col("inspected_on") - pl.col("inspected_on").shift()).over("urn", "inspection_type")
    starts = (gap > timedelta(days=_SAME_VISIT_DAYS)).fill_null(value=True)
    visits = visits.with_columns(visit=starts.cum_sum().over("urn").cast(pl.Int64))
    numbered = pl.col("event_number").is_not_null()
    for _ in range(3):
        event = ["urn", "inspection_type", "event_number"]
        span = (pl.col("inspected_on").max() - pl.col("inspected_on").min()).over(event)
        same_event = numbered & (span <= timedelta(days=_SAME_EVENT_DAYS))
        joined = visits.with_columns(
            joined=pl.when(same_event).then(pl.col("visit").min().over(event)).otherwise("visit")
        ).with_columns(joined=pl.col("joined").min().over("urn", "visit"))
        if joined["joined"].equals(joined["visit"]):
            break
        visits = joined.with_columns(visit="joined").drop("joined")
    return _part_visits(visits)


def _part_visits(visits: pl.DataFrame) -> pl.DataFrame:
    """Part rows that one release itself tells apart, by two event numbers and two days."""
    group = ["urn", "visit"]
    numbered = visits.filter(pl.col("event_number").is_not_null())
    parted = (
        numbered.group_by(*group, "release")
        .agg(pl.col("event_number", "inspected_on").n_unique())
        .filter((pl.col("event_number") > 1) & (pl.col("inspected_on") > 1))
        .select(group)
        .unique()
    )
    if parted.is_empty():
        return visits
    visits = visits.with_row_index("n")
    of_parted = visits.join(parted, on=group, how="semi")
    numbers = {
        n: visit for rows in of_parted.partition_by(group, maintain_order=True) for n, visit in _parts(rows)
    }
    # Parts count on from far above the numbers given so far.
    return visits.with_columns(
        visit=pl.col("visit")
        + pl.col("n").replace_strict(numbers, default=0, return_dtype=pl.Int64) * (visits.height + 1)
    ).drop("n")


def _parts(rows: pl.DataFrame) -> list[tuple[int, int]]:
    """Give each row of one group its part: that of its event number, else that with the nearest day."""
    days: dict[str, list[date]] = {}
    told = rows.filter(pl.col("event_number").is_not_null())
    editions = told.group_by("release", maintain_order=True).agg(pl.col("event_number").n_unique())
    names = editions.sort("event_number", descending=True, maintain_order=True)["release"]
    # The release that tells most of them apart gives the parts; a number of another joins the nearest.
    for number, day in (
        told.filter(pl.col("release") == names[0]).select("event_number", "inspected_on").rows()
    ):
        days.setdefault(number, []).append(day)
    parts = list(days)
    found = []
    for n, number, day in rows.select("n", "event_number", "inspected_on").rows():
        near = min(parts, key=lambda part: min(abs((day - other).days) for other in days[part]))
        found.append((n, parts.index(number if number in days else near)))
    return found


def _one_visit_a_day(visits: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keep the most searching of the visits that a home had on one day; set the others aside."""
    searching = {kind.value: rank for rank, kind in enumerate(InspectionType)}
    ranked = visits.with_columns(
        rank=pl.col("inspection_type").cast(pl.String).replace_strict(searching, return_dtype=pl.Int64)
    )
    first = pl.col("rank") == pl.col("rank").min().over(*_BY_INSPECTION)
    gave_way = ranked.filter(~first).select(
        *_ORIGIN,
        reason=pl.lit("another visit on the same day"),
        detail=pl.col("inspection_type").cast(pl.String),
    )
    return ranked.filter(first).drop("rank"), gave_way


def _inspections(visits: pl.DataFrame) -> pl.DataFrame:
    newest_first = visits.sort("edition", "in_year", descending=True, maintain_order=True)
    judged = newest_first.group_by(_BY_INSPECTION, maintain_order=True).agg(
        pl.col(*_JUDGED, *_ORIGIN).first(),
        known_event=pl.col("event_number").drop_nulls().first(),
        known_published_on=pl.col("published_on").drop_nulls().first(),
        n_records=pl.len().cast(pl.UInt32),
    )
    revised = (
        _one_a_release(visits)
        .group_by(_BY_INSPECTION)
        .agg(revised=pl.any_horizontal(pl.col(column).n_unique() > 1 for column in _COMPARED))
    )
    judged = judged.join(revised, on=_BY_INSPECTION, maintain_order="left")
    # A number that a spreadsheet has damaged in one release is whole in another: 1.02E+07.
    judged = judged.with_columns(
        event_number=pl.coalesce("event_number", "known_event"),
        published_on=pl.coalesce("published_on", "known_published_on"),
    )
    nearest_first = visits.sort(["edition", "in_year"], descending=[False, True], maintain_order=True)
    described = nearest_first.group_by(_BY_INSPECTION, maintain_order=True).agg(
        pl.col(*_SETTING).first(), *(pl.col(name).first().alias(f"setting_{name}") for name in _ORIGIN)
    )
    return judged.join(described, on=_BY_INSPECTION).sort("urn", "inspected_on")


def _one_a_release(visits: pl.DataFrame) -> pl.DataFrame:
    """Keep the row of each release that is believed, its first: a release does not revise itself."""
    return visits.unique([*_BY_INSPECTION, "release"], keep="first", maintain_order=True)


def _revisions(visits: pl.DataFrame) -> pl.DataFrame:
    """List each value that a newer release gives otherwise than the release before it."""
    ordered = _one_a_release(visits).sort("urn", "inspection", "edition", "in_year", maintain_order=True)
    pieces = []
    for column in _COMPARED:
        previous = {f"old_{name}": pl.col(name).shift().over(_BY_INSPECTION) for name in (*_ORIGIN, column)}
        pieces.append(
            ordered.with_columns(**previous)
            .filter(pl.col("old_release").is_not_null(), pl.col(column).ne_missing(pl.col(f"old_{column}")))
            .select(
                "urn",
                inspected_on="inspection",
                column=pl.lit(column),
                old_value=pl.col(f"old_{column}").cast(pl.String),
                new_value=pl.col(column).cast(pl.String),
                **{f"old_{name}": pl.col(f"old_{name}") for name in _ORIGIN},
                **{f"new_{name}": pl.col(name) for name in _ORIGIN},
            )
        )
    return pl.concat(pieces).sort("urn", "inspected_on", "column", "new_release", "new_row")
