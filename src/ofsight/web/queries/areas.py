"""An area: its homes, places, judgements, owners, its children and its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from ofsight.errors import UsageError
from ofsight.profiles.area import Area, SetTooLargeError, find_area, list_areas, region_of
from ofsight.profiles.children import children_over_time, deprivation, latest_children
from ofsight.profiles.council import council_inspections
from ofsight.profiles.holders import holders_in
from ofsight.profiles.homes_open import snapshot_dates
from ofsight.profiles.judgements import judgements_by_year, latest_judgements
from ofsight.profiles.neighbours import neighbour_models
from ofsight.profiles.supply import homes_over_time, openings_closures
from ofsight.report.document import Bullets, KeyFigure, KeyFigures, Paragraph, Span, Text
from ofsight.report.wording import count, day, percent
from ofsight.vocabulary import Sector
from ofsight.web.answer import Answer, Crumb, Field, Heading, Part, Prose
from ofsight.web.problems import Refusal
from ofsight.web.queries.beside import neighbour_parts
from ofsight.web.queries.tables import (
    holders_part,
    judgements_part,
    openings_part,
    supply_part,
    years_part,
)
from ofsight.web.search import find
from ofsight.web.sources import Sources

__all__ = ["AREAS", "CAUTIONS", "area_of", "area_page", "list_of"]

AREAS: Final = Crumb("Areas", "/areas")
CAUTIONS: Final[tuple[Text, ...]] = (
    "Registered places are not vacancies, and homes take children from other areas.",
    "Grades measure compliance and safeguarding as inspectors see them, not what becomes of the children.",
    "Homes may choose which children they take, and councils where they place them: a difference between "
    "sectors or areas is not its cause.",
    "Shares of few homes vary by chance; look at the interval before the share.",
)


def area_of(sources: Sources, text: str) -> Area:
    """Return the area that an address names.

    Raises
    ------
    Refusal
        404, with the nearest areas; 422 for a set of more areas than can be joined.
    """
    try:
        return find_area(sources.dataset, text.replace("_", " "))
    except SetTooLargeError as error:
        raise Refusal(422, str(error)) from None
    except UsageError as error:
        near = [
            (one.label, one.address) for one in find(sources, text, 6) if one.address.startswith("/areas/")
        ]
        raise Refusal(404, str(error), near) from None


def list_of(sources: Sources, on: date | None) -> date | None:
    """Check that there is a list of a day.

    Raises
    ------
    Refusal
        422, with the days there are.
    """
    if on is not None and on not in snapshot_dates(sources.dataset):
        known = ", ".join(one.isoformat() for one in snapshot_dates(sources.dataset))
        raise Refusal(422, f"There is no list of {on}. There are lists of: {known}.")
    return on


def area_page(sources: Sources, text: str, on: date | None = None, model: int | None = None) -> Answer:
    """Answer everything about an area.

    Parameters
    ----------
    text : str
        Anything that names an area, or several joined with a comma.
    on : date, optional
        Judgements and owners on the list of this day; the newest without it.
    model : int, optional
        Year of DfE's model of statistical neighbours; the newest without it.
    """
    area, on = area_of(sources, text), list_of(sources, on)
    models = neighbour_models(sources.dataset)
    if model is not None and model not in models:
        raise Refusal(422, f"There is no model of {model}. There are: {', '.join(map(str, models))}.")
    asked = [f"on={on}" if on else "", f"model={model}" if model else ""]
    query = "&".join(filter(None, asked))
    region = region_of(sources.dataset, area)
    days = snapshot_dates(sources.dataset)
    homes = supply_part(sources, homes_over_time(sources.dataset, area))
    judged = latest_judgements(sources.dataset, area, on)
    trail = (AREAS, *((Crumb(region.name, f"/areas/{region.slug}"),) if region else ()))
    return Answer(
        f"/areas/{area.slug}{f'?{query}' if query else ''}",
        area.name,
        (
            *([Paragraph(area.note)] if area.note else []),
            _key_figures(homes.frame, judged),
            Heading("Homes and places", "homes"),
            homes,
            openings_part(sources, openings_closures(sources.dataset, area)),
            Heading("Judgements", "judgements"),
            judgements_part(sources, judged, on or (days[-1] if days else None)),
            years_part(sources, judgements_by_year(sources.dataset, area)),
            Heading("Who runs the homes", "owners"),
            holders_part(sources, holders_in(sources.dataset, area, on), on or (days[-1] if days else None)),
            *_council(sources, area),
            *_children(sources, area),
            *neighbour_parts(sources, area, model),
            *_members(sources, area),
        ),
        lead=_lead(area, homes.frame),
        cautions=CAUTIONS,
        trail=trail,
        description=f"Children’s homes in {area.name}: who runs them, how they are judged, children "
        "looked after.",
        extra={"area": area, "days": days, "on": on, "models": models, "model": model},
    )


def _newest(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the rows of the newest list by sector."""
    last = frame.filter(pl.col("listed_on") == pl.col("listed_on").max())
    return {str(row["sector"]): row for row in last.iter_rows(named=True)}


def _lead(area: Area, frame: pl.DataFrame) -> str:
    rows = _newest(frame)
    whole, private = rows.get("All"), rows.get(Sector.PRIVATE.value)
    if whole is None or not whole["n_homes"]:
        return f"No children’s home in {area.name} is on the newest list."
    has = "have" if area.kind == "set" else "has"
    said = (
        f"{area.name} {has} {count(whole['n_homes'])} children’s home{'' if whole['n_homes'] == 1 else 's'} "
    )
    said += f"with {count(whole['n_places'])} registered places"
    if private is not None and whole["n_homes"] >= 10:
        said += f"; for-profit providers run {percent(private['share_of_places'], 0)} of the places"
    return f"{said} ({day(whole['listed_on'].isoformat())})."


def _key_figures(frame: pl.DataFrame, judged: pl.DataFrame) -> KeyFigures:
    rows = _newest(frame)
    figures = []
    for sector in Sector:
        row = rows.get(sector.value)
        if row is not None:
            figures.append(
                KeyFigure(count(row["n_homes"]), f"{sector.label} homes", f"{count(row['n_places'])} places")
            )
    overall = judged.filter((pl.col("domain") == "overall") & (pl.col("sector") == "All"))
    if overall.height:
        row = overall.row(0, named=True)
        value, label = percent(row["share"], 0), "of graded homes Good or better overall"
        detail = f"{percent(row['low'], 0)} to {percent(row['high'], 0)}; {count(row['n_graded'])} graded"
        if row["few"]:
            value, label = (
                count(row["n_good_or_better"]),
                f"of {count(row['n_graded'])} graded homes Good or better",
            )
            detail = "too few for a share"
        figures.append(KeyFigure(value, label, detail))
    return KeyFigures(tuple(figures))


def _council(sources: Sources, area: Area) -> list[Part | Heading | Paragraph]:
    if len(area.authorities) > 40:
        return []
    frame = council_inspections(sources.dataset, area)
    names = ("overall", "leaders", "protection", "care", "care_leavers")
    labels = ("Overall", "Leaders", "Protection", "Children in care", "Care leavers")
    judged = tuple(
        Field(name, label, "grade", printed=f"{name}_as_published")
        for name, label in zip(names, labels, strict=True)
    )
    single = area.is_single
    part = Part(
        "council-inspections",
        "Inspections of the local authority’s own services, newest first",
        frame,
        (
            Field("on", "Inspected", "date"),
            *(() if single else (Field("authority", "Local authority"),)),
            Field("inspection_type", "Kind"),
            *judged,
            Field("theme", "Looked at"),
            Field("framework", "Framework", shown=False),
            Field("published_on", "Published", "date", shown=False),
            Field("release", "Release", shown=False),
            Field("sheet", "Sheet", shown=False),
            Field("row", "Row", "year", shown=False),
        ),
        "Source: Ofsted, inspections of local authority children’s services.",
        note="Focused visits give no grades. From April 2026 Ofsted gives no overall judgement of local "
        "authorities; none is worked out here.",
        most=60,
        folded=not single,
        stacked=True,
    )
    return [Heading("The council’s own inspections", "council"), part]


_CHILDREN: Final = (
    Field("label", "Figure"),
    Field("measure", "Name in data", shown=False),
    Field("year", "Year", "year"),
    Field("value", "Value", "measure", status="status"),
    Field("unit", "Unit"),
    Field("n_authorities", "Authorities", "count", shown=False),
    Field("n_withheld", "Withheld", "count", shown=False),
    Field("how", "How", shown=False),
    Field("rounding", "Rounding", shown=False),
    Field("release", "Release", shown=False),
)


def _children(sources: Sources, area: Area) -> list[Part | Prose]:
    note = (
        "As published at 31 March. A sum of authorities is given only where every part is published; "
        "nothing is worked out from what surrounds a withheld number."
    )
    source = "Source: DfE, ONS and MHCLG; each row names its release in the CSV."
    return [
        Heading("Children looked after", "children"),
        Part(
            "children",
            "The newest figures",
            latest_children(sources.dataset, area),
            _CHILDREN,
            source,
            note,
            most=60,
        ),
        Part(
            "children-by-year",
            "Every year",
            children_over_time(sources.dataset, area),
            _CHILDREN,
            source,
            note,
            folded=True,
            most=600,
        ),
        Part(
            "deprivation", "Deprivation", deprivation(sources.dataset, area), _CHILDREN, source, folded=True
        ),
    ]


def _members(sources: Sources, area: Area) -> list[Heading | Bullets]:
    if area.is_single:
        return []
    listed = list_areas(sources.dataset)
    if area.kind == "england":
        inside = listed.filter(pl.col("kind") == "region")
        title = "Regions"
    else:
        inside = listed.filter(pl.col("code").is_in(list(area.authorities)) & (pl.col("kind") == "authority"))
        title = "Local authorities in it"
    links: Sequence[Text] = [
        (Span(row["name"], link=f"/areas/{row['slug']}"),) for row in inside.iter_rows(named=True)
    ]
    return [Heading(title, "members"), Bullets(tuple(links))]
