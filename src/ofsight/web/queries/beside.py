"""An authority beside its statistical neighbours, its region and England."""

from __future__ import annotations

from typing import Final

import polars as pl

from ofsight.profiles.area import Area
from ofsight.profiles.neighbours import beside, neighbour_models, neighbours_of
from ofsight.web.answer import Field, Heading, Part, Prose
from ofsight.web.sources import Sources

__all__ = ["neighbour_parts"]

_ROLES: Final = {
    "area": "here",
    "median of neighbours": "neighbours",
    "region": "region",
    "England": "england",
}
_LABELS: Final = {
    "here": "Here",
    "neighbours": "Median of neighbours",
    "region": "Region",
    "england": "England",
}


_VALUES: Final = {"value": pl.Float64, "low": pl.Float64, "high": pl.Float64, "status": pl.String}
_WIDE: Final = {
    "measure": pl.String,
    "label": pl.String,
    "unit": pl.String,
    "year": pl.Int32,
    **{f"{column}_{name}": kind for name in _ROLES.values() for column, kind in _VALUES.items()},
}


def _wide(frame: pl.DataFrame) -> pl.DataFrame:
    """Put the roles side by side: a value, its limits and its status for each."""
    found: dict[str, dict[str, object]] = {}
    columns = ("role", "measure", "label", "unit", "year", *_VALUES)
    for role, measure, label, unit, year, *values in frame.select(columns).iter_rows():
        if role == "area":
            found[measure] = {"measure": measure, "label": label, "unit": unit, "year": year}
        name = _ROLES.get(role)
        if name is not None and measure in found:
            found[measure] |= {f"{column}_{name}": v for column, v in zip(_VALUES, values, strict=True)}
    return pl.DataFrame(list(found.values()), schema=_WIDE)


def neighbour_parts(sources: Sources, area: Area, model: int | None) -> list[Part | Prose]:
    """Return the figures of an area beside others', and who the neighbours are."""
    frame = beside(sources.dataset, area, model)
    if not frame.height:
        return []
    wide = _wide(frame)
    names = [name for name in _LABELS if wide[f"value_{name}"].is_not_null().any() or name == "here"]
    found: list[Part | Prose] = [
        Heading("Beside neighbours, region and England", "beside"),
        Part(
            "beside",
            "Key figures side by side",
            wide,
            (
                Field("label", "Figure"),
                Field("measure", "Name in data", shown=False),
                Field("unit", "Unit"),
                Field("year", "Year", "year"),
                *(
                    Field(
                        f"value_{name}",
                        _LABELS[name],
                        "measure",
                        low=f"low_{name}",
                        high=f"high_{name}",
                        status=f"status_{name}",
                    )
                    for name in names
                ),
            ),
            "Source: Ofsted, DfE, ONS, MHCLG; neighbours by DfE.",
            note="In brackets 95% intervals of shares of homes. A median is of the neighbours whose figure "
            "is published; of numbers that grow with the size of an area none is given.",
            most=60,
        ),
    ]
    if area.is_single:
        found += _who(sources, area, model, frame)
    return found


def _who(sources: Sources, area: Area, model: int | None, frame: pl.DataFrame) -> list[Part | Prose]:
    listed = neighbours_of(sources.dataset, area, model)
    if not listed.height:
        return []
    year = int(listed["model"][0])
    models = ", ".join(map(str, neighbour_models(sources.dataset)))
    each = frame.filter(pl.col("role") == "neighbour").sort("measure", "rank")
    return [
        Part(
            "neighbours",
            f"Statistical neighbours, DfE’s model of {year}",
            listed,
            (
                Field("rank", "Rank", "count"),
                Field("name", "Local authority", link="/areas/{slug}"),
                Field("closeness", "How like"),
                Field("slug", "Page", shown=False),
                Field("model", "Model", "year", shown=False),
                Field("release", "Release", shown=False),
            ),
            "Source: DfE, statistical neighbours.",
            note=f"Models held: {models}.",
        ),
        Part(
            "neighbours-figures",
            "The same figures of each neighbour",
            each,
            (
                Field("label", "Figure"),
                Field("name", "Neighbour", link="/areas/{slug}"),
                Field("rank", "Rank", "count"),
                Field("value", "Value", "measure", low="low", high="high", status="status"),
                Field("unit", "Unit"),
                Field("year", "Year", "year"),
                Field("measure", "Name in data", shown=False),
                Field("slug", "Page", shown=False),
            ),
            "Source: Ofsted, DfE, ONS, MHCLG.",
            folded=True,
            most=400,
        ),
    ]
