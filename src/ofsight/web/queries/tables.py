"""Tables and charts that areas and owners have in common: supply, judgements, holders."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from ofsight.profiles.homes_open import lists_of_judged_homes
from ofsight.report.charts.model import Line, LineChart, LinePanel, Series
from ofsight.report.wording import day, joined, percent
from ofsight.vocabulary import Domain, Sector
from ofsight.web.answer import Field, Part, Picture
from ofsight.web.charts import GradeRow, draw_grades
from ofsight.web.sources import Sources

__all__ = [
    "SERIES",
    "TOO_FEW",
    "hide_few",
    "holders_part",
    "judgements_part",
    "lists_differ",
    "openings_part",
    "supply_part",
    "years_part",
]

SERIES: Final[dict[str, Series]] = {
    Sector.LOCAL_AUTHORITY.value: "one",
    Sector.PRIVATE.value: "two",
    Sector.VOLUNTARY.value: "three",
}
TOO_FEW: Final = "too few"
_ALL: Final = "All"
_GRADE_COUNTS: Final = ("n_inadequate", "n_requires_improvement", "n_good", "n_outstanding")
_BY_GRADE: Final = (
    Field("n_inadequate", "Inadequate", "count"),
    Field("n_requires_improvement", "Requires improvement", "count"),
    Field("n_good", "Good", "count"),
    Field("n_outstanding", "Outstanding", "count"),
)
_SHARE: Final = Field(
    "share",
    "Good or better (95% interval)",
    "share",
    places=0,
    low="low",
    high="high",
    status="share_status",
)


def hide_few(frame: pl.DataFrame) -> pl.DataFrame:
    """Return shares of fewer than ten as empty, with the reason beside them in ``share_status``."""
    status = pl.when(pl.col("few") & (pl.col("n_graded") > 0)).then(pl.lit(TOO_FEW)).otherwise(pl.lit(""))
    hidden = [pl.when(~pl.col("few")).then(pl.col(name)).alias(name) for name in ("share", "low", "high")]
    return frame.with_columns(*hidden, status.alias("share_status"))


def lists_differ(sources: Sources) -> str:
    """Return which lists leave out homes not yet judged, with a space before; nothing where all are alike."""
    days = lists_of_judged_homes(sources.dataset)
    if not days:
        return ""
    each = joined(day(on) for on in days)
    return (
        f" Lists differ: new homes that were not yet judged are left out of those of {each}, and are on the "
        "others, so part of a step between the two is new homes coming into view."
    )


def supply_part(sources: Sources, frame: pl.DataFrame, *, whose: str = "") -> Part:
    """Return homes and places by list and sector, with lines over the years."""
    shares = [name for name in ("share_of_homes", "share_of_places", "n_unlinked") if name in frame.columns]
    labels = {
        "share_of_homes": "Share of homes",
        "share_of_places": "Share of places",
        "n_unlinked": "Owner unknown",
    }
    return Part(
        "homes",
        f"Homes and registered places by list{whose}",
        frame,
        (
            Field("listed_on", "List of", "date"),
            Field("sector", "Sector", "sector"),
            Field("n_homes", "Homes", "count"),
            Field("n_places", "Places", "count", meaning="registered places, not vacancies"),
            *(
                Field(name, labels[name], "count" if name.startswith("n_") else "share", places=0)
                for name in shares
            ),
        ),
        f"Source: Ofsted, lists of providers; newest: {sources.newest}.",
        note=f"Registered places, not vacancies.{lists_differ(sources)}",
        picture=_supply_picture(frame),
        folded=True,
        most=400,
    )


def _last_of_years(frame: pl.DataFrame) -> dict[int, dict[str, tuple[int | None, int | None]]]:
    """Return homes and places by year and sector on the last list of each year; None where not counted."""
    days: dict[int, date] = {}
    found: dict[int, dict[str, tuple[int | None, int | None]]] = {}
    columns = ("listed_on", "sector", "n_homes", "n_places")
    for on, sector, homes, places in frame.select(columns).sort("listed_on").iter_rows():
        if sector == _ALL:
            continue
        if days.get(on.year) != on:
            days[on.year], found[on.year] = on, {}
        found[on.year][sector] = (homes, places)
    return found


def _supply_picture(frame: pl.DataFrame) -> Picture | None:
    years = _last_of_years(frame)
    if not years:
        return None

    def lines(place: int) -> tuple[Line, ...]:
        drawn = []
        for sector, series in SERIES.items():
            pairs = ((year, by_sector.get(sector, (None, None))[place]) for year, by_sector in years.items())
            points = tuple((year, float(n)) for year, n in pairs if n is not None)
            if any(n for _, n in points):
                drawn.append(Line(Sector(sector).label, series, points))
        return tuple(drawn)

    def said(year: int) -> tuple[int, int]:
        homes, places = zip(*years[year].values(), strict=True)
        return sum(filter(None, homes)), sum(filter(None, places))

    first, last = min(years), max(years)
    title = "{:,} homes and {:,} registered places in {}".format(*said(last), last)
    if first != last:
        title += "; {:,} and {:,} in {}".format(*said(first), first)
    panels = tuple(
        LinePanel(name, drawn)
        for name, drawn in (("Homes", lines(0)), ("Registered places", lines(1)))
        if drawn
    )
    return Picture(title, "Lines by sector over years; the numbers are in the table.", LineChart(panels))


def openings_part(sources: Sources, frame: pl.DataFrame) -> Part:
    """Return homes opened and closed by year."""
    return Part(
        "openings",
        "Homes opened and closed, by year to 31 March",
        frame,
        (
            Field("year", "Year", "year"),
            Field("sector", "Sector", "sector"),
            Field("n_opened", "Opened", "count"),
            Field("places_opened", "Places opened", "count"),
            Field("n_closed", "Closed", "count"),
            Field("places_closed", "Places closed", "count"),
            Field("n_cancelled", "of them cancelled by Ofsted", "count"),
        ),
        f"Source: Ofsted, joiners and leavers, closed homes; newest: {sources.newest}.",
        note="An empty cell: no release speaks of that year. A home that is registered anew counts "
        "as closed and opened.",
        folded=True,
        most=200,
    )


def judgements_part(sources: Sources, frame: pl.DataFrame, on: date | None, *, whose: str = "") -> Part:
    """Return latest judgements by domain and sector, with bars of the overall grades."""
    overall = frame.filter(pl.col("domain") == "overall")
    rows = [
        GradeRow(
            "All" if row["sector"] == _ALL else Sector(row["sector"]).label,
            tuple(int(row[name]) for name in _GRADE_COUNTS),  # type: ignore[arg-type]
        )
        for row in overall.iter_rows(named=True)
        if row["n_homes"]
    ]
    labels = {domain.value: domain.label for domain in Domain}
    shown = hide_few(frame).with_columns(domain_label=pl.col("domain").replace(labels))
    when = f" on {day(on.isoformat())}" if on else ""
    return Part(
        "judgements",
        f"Latest graded full inspection of each home open{when}{whose}",
        shown,
        (
            Field("domain_label", "Judgement"),
            Field("domain", "Domain", shown=False),
            Field("sector", "Sector", "sector"),
            Field("n_homes", "Homes", "count"),
            Field("n_ungraded", "Not graded", "count"),
            Field("n_graded", "Graded", "count"),
            *_BY_GRADE,
            Field("n_good_or_better", "Good or better", "count", shown=False),
            _SHARE,
        ),
        f"Source: Ofsted inspections; newest release: {sources.newest}.",
        note="Of homes open then. No share is given where fewer than ten homes are graded. Homes not "
        "graded are new, or were visited without a grade.",
        picture=draw_grades(rows, key="judgements-bars", title=_judged_title(overall), what="graded")
        if rows
        else None,
        folded=bool(rows),
        most=30,
    )


def _judged_title(overall: pl.DataFrame) -> str:
    whole = overall.filter(pl.col("sector") == _ALL)
    if not whole.height or not whole["n_graded"][0]:
        return "No home has a grade"
    row = whole.row(0, named=True)
    if row["few"]:
        return (
            f"{row['n_good_or_better']} of {row['n_graded']} graded homes are judged Good or better overall"
        )
    return (
        f"{percent(row['share'], 0)} of {row['n_graded']:,} graded homes are judged Good or better overall "
        f"({percent(row['low'], 0)} to {percent(row['high'], 0)})"
    )


def years_part(sources: Sources, frame: pl.DataFrame) -> Part:
    """Return inspections by year and sector."""
    shown = hide_few(frame.filter(pl.col("n_inspections") > 0))
    return Part(
        "inspections-by-year",
        "Inspections by calendar year: overall grades",
        shown,
        (
            Field("year", "Year", "year"),
            Field("sector", "Sector", "sector"),
            Field("n_inspections", "Visits of any kind", "count"),
            Field("n_full", "Full inspections", "count"),
            Field("n_graded", "Graded", "count"),
            *_BY_GRADE,
            _SHARE,
        ),
        f"Source: Ofsted inspections; newest release: {sources.newest}.",
        note="Inspections, not homes: a home may be inspected more than once a year. Routine inspections "
        "were paused from March 2020.",
        folded=True,
        most=200,
    )


def holders_part(sources: Sources, frame: pl.DataFrame, on: date | None) -> Part:
    """Return who runs the homes of an area, with shares of homes and places."""
    when = f" on {day(on.isoformat())}" if on else ""
    page = frame.with_columns(
        page=pl.when(pl.col("kind").is_in(["unlinked"])).then(None).otherwise(pl.col("holder_id"))
    )
    unlinked = int(frame.filter(pl.col("kind") == "unlinked")["n_homes"].sum())
    return Part(
        "owners",
        f"Owners and groups with homes here{when}",
        page,
        (
            Field("holder", "Owner or group", link="/owners/{page}"),
            Field("holder_id", "Identifier", shown=False),
            Field("kind", "Kind"),
            Field("sector", "Sector", "sector"),
            Field("n_homes", "Homes here", "count"),
            Field("n_places", "Places here", "count"),
            Field("share_of_homes", "Share of homes", "share", places=0),
            Field("share_of_places", "Share of places", "share", places=0),
            Field("n_graded", "Graded", "count"),
            Field("n_good_or_better", "Good or better", "count"),
            Field("n_homes_in_england", "Homes in England", "count"),
            Field("n_areas_in_england", "Areas in England", "count"),
            Field("rank", "Rank by places", "count", shown=False),
            Field("page", "Page", shown=False),
        ),
        f"Source: Ofsted, owners of providers, linked; newest release: {sources.newest}. See docs/owners.md.",
        note=f"{unlinked} home{'' if unlinked == 1 else 's'} without a published owner. A council "
        "stands for the homes of the local authority itself.",
        most=25,
    )
