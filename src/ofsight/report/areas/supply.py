"""Homes and places of an area by sector over time, and what opened and closed."""

from __future__ import annotations

from datetime import date

import polars as pl

from ofsight.profiles.bundle import AreaProfile
from ofsight.profiles.supply import ALL_SECTORS
from ofsight.report.areas.words import NOT_VACANCIES, plural
from ofsight.report.charts.model import Line, LineChart, LinePanel, Series
from ofsight.report.document import Block, Cell, Column, Figure, Paragraph, Row, Section, Table, Text
from ofsight.report.wording import count, day, percent
from ofsight.vocabulary import Sector

__all__ = ["SERIES", "supply_section"]

SERIES: dict[str, Series] = {
    Sector.LOCAL_AUTHORITY.value: "one",
    Sector.PRIVATE.value: "two",
    Sector.VOLUNTARY.value: "three",
}
"""The colour and marker of each sector, as in every other chart."""

_YEARS_BACK = 3


def supply_section(profile: AreaProfile) -> Section:
    """Return the section on homes and places."""
    counted = profile.homes_over_time
    title = "Homes and registered places"
    if not counted.filter(pl.col("n_homes") > 0).height:
        words = (
            f"No list since {_first(counted)} holds a children’s home in {profile.area.name}: there are no "
            "judgements and no owners to show."
        )
        return Section("supply", title, (Paragraph(words),))
    said = f"{_say_change(counted)} {_say_movements(profile.openings_closures)}".strip()
    blocks: list[Block] = [Paragraph(said), _figure(profile, counted)]
    if not _at(counted, counted["listed_on"].max())["n_homes"]:
        blocks.append(Paragraph("None is open now: there are no judgements and no owners to show."))
    return Section("supply", title, tuple(blocks))


def _first(counted: pl.DataFrame) -> str:
    first = counted["listed_on"].min()
    return day(first) if isinstance(first, date) else "the first"


def _at(counted: pl.DataFrame, when: object, sector: str = ALL_SECTORS) -> dict[str, object]:
    return counted.filter((pl.col("listed_on") == when) & (pl.col("sector") == sector)).row(0, named=True)


def _say_change(counted: pl.DataFrame) -> str:
    every = counted.filter(pl.col("sector") == ALL_SECTORS)
    there = every.filter((pl.col("n_homes") > 0) & pl.col("n_places").is_not_null())
    if there.is_empty():
        return NOT_VACANCIES
    first, last = there["listed_on"][0], every["listed_on"][-1]
    was, now = _at(counted, first), _at(counted, last)
    n_homes = _int(now["n_homes"])
    words = f"On {day(last)} there {'was' if n_homes == 1 else 'were'} {plural(n_homes, 'home')}"
    if now["n_places"] is not None:
        words += f" with {plural(_int(now['n_places']), 'registered place')}"
    if first != last:
        words += f"; on {day(first)}, {count(_int(was['n_homes']))} with {count(_int(was['n_places']))}"
    words += ". "
    private_was = _at(counted, first, Sector.PRIVATE.value)["share_of_places"]
    private_now = _at(counted, last, Sector.PRIVATE.value)["share_of_places"]
    if isinstance(private_was, float) and isinstance(private_now, float) and first != last:
        then, today = percent(private_was, 0), percent(private_now, 0)
        moved = f"went from {then} to {today}" if then != today else f"was {today} on both days"
        words += f"For-profit providers’ share of places {moved}. "
    return words + NOT_VACANCIES


def _int(value: object) -> int:
    return int(value) if isinstance(value, int) else 0


def _figure(profile: AreaProfile, counted: pl.DataFrame) -> Figure:
    # One point a year: of two lists in a year, that of March.
    yearly = [d for d in counted["listed_on"].unique().sort() if d.month == 3 or _alone(counted, d)]
    shown = counted.filter(pl.col("listed_on").is_in(yearly))
    panels = tuple(
        LinePanel(heading, tuple(_line(shown, sector, column) for sector in SERIES))
        for heading, column in (("Homes", "n_homes"), ("Registered places", "n_places"))
    )
    name = profile.area.name
    return Figure(
        "figure-supply",
        f"Homes and registered places in {name} by who runs them",
        f"Lines by year for local authority, for-profit and third-sector homes in {name}: how many "
        "homes, and "
        "how many registered places. The table holds every number.",
        LineChart(panels),
        _table(shown, yearly),
        source=_source(profile, counted),
    )


def _alone(counted: pl.DataFrame, when: date) -> bool:
    days = counted["listed_on"].unique().to_list()
    return not any(other.year == when.year and other.month == 3 for other in days)


def _line(counted: pl.DataFrame, sector: str, column: str) -> Line:
    rows = counted.filter((pl.col("sector") == sector) & pl.col(column).is_not_null()).sort("listed_on")
    points = tuple((when.year, float(value)) for when, value in rows.select("listed_on", column).iter_rows())
    return Line(Sector(sector).label, SERIES[sector], points)


def _table(counted: pl.DataFrame, yearly: list[date]) -> Table:
    sectors = [*SERIES, ALL_SECTORS]
    labels = [*(Sector(sector).label for sector in SERIES), "All"]
    columns = (
        Column("List of", share=1.9),
        *(Column(f"Homes: {label.lower()}", numeric=True) for label in labels),
        *(Column(f"Places: {label.lower()}", numeric=True) for label in labels),
    )
    rows = []
    for when in yearly:
        found = [_at(counted, when, sector) for sector in sectors]
        homes: list[Text | Cell] = [count(_int(row["n_homes"])) for row in found]
        places: list[Text | Cell] = [
            Cell("–", "muted") if row["n_places"] is None else count(_int(row["n_places"])) for row in found
        ]
        rows.append(Row((day(when), *homes, *places)))
    return Table(
        "table-supply",
        "Homes and registered places by sector",
        columns,
        tuple(rows),
        note="– : the list does not print places. Lists up to 2020 hold inspected homes, most of all homes."
        if rows and yearly[0].year <= 2020
        else "",
        folded=True,
    )


def _source(profile: AreaProfile, counted: pl.DataFrame) -> str:
    unlinked = counted.filter(pl.col("sector") == ALL_SECTORS).sort("listed_on").row(-1, named=True)
    words = f"Source: Ofsted, lists of providers to {day(unlinked['listed_on'])}. {NOT_VACANCIES}"
    return f"{profile.area.note} {words}".strip()


def _say_movements(moved: pl.DataFrame) -> str:
    every = moved.filter(pl.col("sector") == ALL_SECTORS).sort("year").tail(_YEARS_BACK)
    totals = every.sum().row(0, named=True)
    opened, closed, cancelled = (_int(totals[name]) for name in ("n_opened", "n_closed", "n_cancelled"))
    if every.is_empty() or every["n_opened"].null_count() or not opened + closed:
        return ""
    last = int(every["year"][-1])
    words = (
        f"In the {every.height} years to March {last} {plural(opened, 'home')} opened "
        f"({count(_int(totals['places_opened']))} places) and {count(closed)} closed "
        f"({count(_int(totals['places_closed']))} places)"
    )
    words += f", {count(cancelled)} of them cancelled by Ofsted. " if cancelled else ". "
    return words + "A home that is sold may close under one number and open under another."
