"""The pages of areas."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Path, Query

from ofsight.web.answer import Answer
from ofsight.web.offer import Held, Site
from ofsight.web.queries.areas import area_page
from ofsight.web.queries.map import BOUNDARIES, MEASURES, TILES, all_areas

__all__ = ["offer"]

_TAG = "Areas"


def _all(
    sources: Held,
    measure: Annotated[str, Query(max_length=60, description=f"One of {', '.join(MEASURES)}.")] = MEASURES[0],
    area: Annotated[str, Query(max_length=100, description="An authority to point out in the funnel.")] = "",
    drawn: Annotated[
        str,
        Query(
            alias="map", max_length=20, description=f"{TILES}, or {BOUNDARIES} where the dataset holds them."
        ),
    ] = TILES,
) -> Answer:
    return all_areas(sources, measure, area, drawn)


def _area(
    sources: Held,
    area: Annotated[
        str,
        Path(max_length=1500, description="Name, code or slug of an area, or several joined with commas."),
    ],
    on: Annotated[date | None, Query(description="Judgements and owners on the list of this day.")] = None,
    model: Annotated[
        int | None, Query(ge=1900, le=2200, description="Year of DfE's model of statistical neighbours.")
    ] = None,
) -> Answer:
    return area_page(sources, area, on, model)


def offer(site: Site) -> None:
    """Offer the questions about areas."""
    site.offer(
        "/areas",
        _all,
        tag=_TAG,
        summary="All areas: map, funnel, list",
        parts=("map", "funnel", "areas"),
        template="areas.html.j2",
    )
    site.offer(
        "/areas/{area}",
        _area,
        tag=_TAG,
        summary="One area, or several together",
        parts=(
            "homes",
            "openings",
            "judgements",
            "inspections-by-year",
            "owners",
            "council-inspections",
            "children",
            "children-by-year",
            "deprivation",
            "beside",
            "neighbours",
            "neighbours-figures",
        ),
        template="area.html.j2",
    )
