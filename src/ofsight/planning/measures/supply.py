"""Supply: homes and places by sector, openings and closures, time to a first judgement, usable places."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.planning.measures.concentration import is_council
from ofsight.planning.measures.limits import survival_median
from ofsight.planning.measures.values import Value, withheld
from ofsight.profiles.area import Area, history_names
from ofsight.profiles.homes_open import snapshot_on
from ofsight.vocabulary import InspectionType, Sector

__all__ = [
    "BAND",
    "WINDOWS",
    "closed_homes",
    "first_judgements",
    "months_before",
    "opened_homes",
    "supply_values",
]

BAND: Final = (0.75, 0.90)
"""The band of occupancy shown beside the user's own: CONVENTIONS E; ICHA reports 80 to 85 %."""

WINDOWS: Final = (12, 36)
"""Months over which openings and closures are counted."""

_FEW: Final = 5


def months_before(day: date, months: int) -> date:
    """Return the day so many months before, the last of its month where it would not exist."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def supply_values(dataset: Dataset, area: Area, homes: pl.DataFrame, occupancy: float) -> Iterator[Value]:
    """Measure the supply of an area.

    Parameters
    ----------
    dataset : Dataset
        For openings and closures, which lists of homes open do not hold.
    area : Area
        The area of `homes`.
    homes : DataFrame
        Its open homes, as `ofsight.profiles.homes_open.open_homes` gives them.
    occupancy : float
        Share of registered places taken to be usable, 0 to 1.

    Notes
    -----
    Registered places are not vacancies: a place may be taken, held empty to match children, or without staff.
    On 31 March 2020 Ofsted counted 9,700 to 9,989 places and DfE 6,780 children in homes; ICHA reports 80 to
    85 % occupancy (CONVENTIONS E, "Usable capacity"; dialogueltd.co.uk/the-sufficiency-enigma).
    """
    day = snapshot_on(dataset)
    as_at, source = day.isoformat(), _list_release(homes, dataset)
    parts = [("all", homes), *((s.value, homes.filter(_of(s))) for s in Sector)]
    parts.append(("councils and their companies", homes.filter(is_council())))
    for part, some in parts:
        unknown = some["places"].null_count()
        yield Value("homes", part, some.height, n=some.height, as_at=as_at, source=source)
        yield Value("places", part, _places(some), n=some.height - unknown, as_at=as_at, source=source)
    yield from _short_breaks(homes, as_at, source)
    total = _places(homes)
    usable, low, high = (share * total for share in (occupancy, *BAND))
    yield Value("usable_places", "all", usable, low, high, n=homes.height, as_at=as_at, source=source)
    yield _in_house(homes, total, as_at, source)
    yield from _pipeline(dataset, area, day)
    yield _time_to_judgement(dataset, area, day)


def _short_breaks(homes: pl.DataFrame, as_at: str, source: str) -> Iterator[Value]:
    """Count homes for short breaks only, and those of which the list does not say it."""
    said = homes["short_breaks_only"]
    parts = (("all", homes.filter(said.fill_null(value=False))), ("not said", homes.filter(said.is_null())))
    for part, some in parts:
        n = homes.height - said.null_count() if part == "all" else some.height
        for name, value in (("homes", float(some.height)), ("places", _places(some))):
            measure = f"{name}_for_short_breaks"
            if n or not homes.height:
                yield Value(measure, part, value, n=n, as_at=as_at, source=source)
            elif part == "all":
                yield withheld(measure, "not said by this list", part, as_at, source)
            else:
                yield Value(measure, part, value, n=0, as_at=as_at, source=source)


def _of(sector: Sector) -> pl.Expr:
    return pl.col("sector").cast(pl.String) == sector.value


def _places(homes: pl.DataFrame) -> float:
    return float(homes["places"].sum() or 0)


def _list_release(homes: pl.DataFrame, dataset: Dataset) -> str:
    found = homes["release"].drop_nulls().unique().sort().to_list()
    return "; ".join(found) or str(dataset.metadata.get("newest_release") or "")


def _in_house(homes: pl.DataFrame, total: float, as_at: str, source: str) -> Value:
    if not total:
        return withheld("in_house_share", "no places", as_at=as_at, source=source)
    share = _places(homes.filter(is_council())) / total
    return Value("in_house_share", "all", 100 * share, n=homes.height, as_at=as_at, source=source)


def opened_homes(dataset: Dataset, area: Area, after: date, upto: date) -> pl.DataFrame:
    """Return the homes registered in a window, ``after`` left out and ``upto`` included: table ``homes``."""
    return _in_area(dataset, area).filter(
        (pl.col("registered_on") > after) & (pl.col("registered_on") <= upto)
    )


def closed_homes(dataset: Dataset, area: Area, after: date, upto: date) -> pl.DataFrame:
    """Return the homes that left the register in a window, for whatever reason: table ``homes``."""
    return _in_area(dataset, area).filter((pl.col("closed_on") > after) & (pl.col("closed_on") <= upto))


def _in_area(dataset: Dataset, area: Area) -> pl.DataFrame:
    return dataset.homes.filter(pl.col("authority").is_in(sorted(history_names(dataset, area))))


def _pipeline(dataset: Dataset, area: Area, day: date) -> Iterator[Value]:
    """Count registrations and closures, as the field's joiners and leavers (CONVENTIONS E, "Pipeline")."""
    source, as_at = "Ofsted lists of homes, joiners and leavers, closed homes", day.isoformat()
    pairs = dataset.reregistrations
    for months in WINDOWS:
        start = months_before(day, months)
        opened, closed = (make(dataset, area, start, day) for make in (opened_homes, closed_homes))
        again = opened["urn"].is_in(pairs["new_urn"].to_list()).sum()
        counts: tuple[tuple[str, pl.DataFrame], ...] = (("opened", opened), ("closed", closed))
        for name, some in counts:
            known = some.height - some["places"].null_count()
            yield Value(
                f"homes_{name}", f"{months} months", some.height, n=some.height, as_at=as_at, source=source
            )
            yield Value(
                f"places_{name}", f"{months} months", _places(some), n=known, as_at=as_at, source=source
            )
        yield Value(
            "homes_registered_again",
            f"{months} months",
            float(again),
            n=opened.height,
            as_at=as_at,
            source=source,
        )


def first_judgements(dataset: Dataset, area: Area, after: date, upto: date) -> pl.DataFrame:
    """Return homes registered in a window with the days they waited for a first graded full inspection.

    Returns
    -------
    DataFrame
        ``urn, registered_on, days`` (to the first judgement, else to the closing or the window's end) and
        ``judged``. Homes with an inspection before their registration date are left out: their date is that
        of a later registration.
    """
    graded = (
        dataset.inspections.filter(
            (pl.col("inspection_type").cast(pl.String) == InspectionType.FULL.value)
            & pl.col("overall").is_not_null()
            & (pl.col("inspected_on") <= upto)
        )
        .group_by("urn")
        .agg(first=pl.col("inspected_on").min())
    )
    end = pl.min_horizontal(pl.coalesce("closed_on", pl.lit(upto)), pl.lit(upto))
    return (
        opened_homes(dataset, area, after, upto)
        .join(graded, on="urn", how="left")
        .with_columns(judged=pl.col("first").is_not_null())
        .with_columns(days=(pl.coalesce("first", end) - pl.col("registered_on")).dt.total_days())
        .filter(pl.col("days") >= 0)
        .select("urn", "registered_on", "days", "judged")
        .sort("urn")
    )


def _time_to_judgement(dataset: Dataset, area: Area, day: date) -> Value:
    name, source = "days_to_first_judgement", "Ofsted lists of homes and inspections"
    waits = first_judgements(dataset, area, months_before(day, 36), day)
    if waits.height < _FEW:
        few = f"fewer than {_FEW} homes registered"
        return withheld(name, few, "36 months", day.isoformat(), source)
    median, low, high = survival_median(waits["days"].cast(pl.Float64).to_numpy(), waits["judged"].to_numpy())
    if median is None:
        return withheld(name, "fewer than half judged yet", "36 months", day.isoformat(), source)
    return Value(name, "36 months", median, low, high, n=waits.height, as_at=day.isoformat(), source=source)
