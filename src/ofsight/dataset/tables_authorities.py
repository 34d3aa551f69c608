"""The tables about local authorities: their inspections, their statistics, their like, and control totals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from ofsight.dataset.columns import ORIGIN, Column, Reference, Table
from ofsight.dataset.tables_homes import OF_RELEASE
from ofsight.harmonise.authority_inspections import AUTHORITY_JUDGEMENTS
from ofsight.harmonise.outlines import SMALLEST, TOLERANCE
from ofsight.vocabulary import Grade

__all__ = ["AREA", "AUTHORITY_TABLES"]

AREA: Final = (
    Column("authority", pl.String, "the local authority, by the one name it has in this dataset"),
    Column("area_code", pl.String, "its ONS code on the day", "E06000001"),
    Column(
        "constant_area",
        pl.String,
        "the area with one boundary since April 2009: one key before and after a reorganisation",
    ),
    Column("standard_region", pl.String, "the standard region (nine)"),
)
_SUBJECTS: Final = {
    "overall": "overall effectiveness",
    "leaders": "the impact of leaders (SIF: leadership, management and governance)",
    "protection": "children who need help and protection (SLAC: safeguarding)",
    "care": "children in care (with care leavers to 2022; SIF: looked after and achieving permanence)",
    "care_leavers": "care leavers (SIF sub-judgement; ILACS from January 2023)",
    "adoption": "adoption performance (SIF sub-judgement)",
}


def _judgements() -> Iterable[Column]:
    for name in AUTHORITY_JUDGEMENTS:
        subject = _SUBJECTS[name]
        yield Column(name, Grade, f"grade for {subject}; empty where none was given", "ordered, worst first")
        yield Column(f"{name}_as_published", pl.String, f"what the release prints for {name}")


_INSPECTION: Final = (
    Column("framework", pl.String, "SLAC, CPI, TLAC, SIF or ILACS; a list of latest judgements does not say"),
    Column("inspection_type", pl.String, "the kind of inspection or visit, as published"),
    Column("inspected_on", pl.Date, "its first day, where a release prints it"),
    Column("published_on", pl.Date, "the day of the report, where a release prints it"),
    *_judgements(),
    Column("theme", pl.String, "what a focused or monitoring visit looked at, as published"),
)
_AS_PRINTED: Final = Column("local_authority", pl.String, "the authority as published", required=True)

AUTHORITY_TABLES: Final[tuple[Table, ...]] = (
    Table(
        "authority_inspections",
        "one inspection of (or visit to) one local authority's children's services",
        ("authority", "framework", "on"),
        (
            AREA[0],
            Column("on", pl.Date, "its first day; where no release prints it, the report's", required=True),
            *AREA[1:],
            *_INSPECTION,
            Column("known_on", pl.Date, "from when its judgement was public", required=True),
            Column("n_records", pl.UInt32, "how many published rows speak of it", "rows", required=True),
            *ORIGIN,
        ),
        references=(OF_RELEASE,),
        source="Ofsted: local authority inspection outcomes; social care data, sheets LA_...",
    ),
    Table(
        "authority_records",
        "one inspection of a local authority as one row of one release says it",
        ("release", "row", "block"),
        (
            _AS_PRINTED,
            *AREA,
            *_INSPECTION,
            *ORIGIN,
            Column("block", pl.String, "which inspection of a row with several; else empty", required=True),
        ),
        references=(OF_RELEASE,),
        source="as authority_inspections",
    ),
    Table(
        "authority_statistics",
        "one published number about one area in one year, with its status",
        ("release", "row", "category", "breakdown", "measure"),
        (
            Column("level", pl.String, "National, Regional or Local authority"),
            Column("published_code", pl.String, "the area's code as published"),
            Column("published_number", pl.String, "DfE's three-digit number as published"),
            Column("published_name", pl.String, "the area's name as published"),
            *AREA,
            Column("year", pl.Int32, "the year to (or at) 31 March; of a mid-year estimate, that year"),
            Column("topic", pl.String, "the subject of the data set", required=True),
            Column("category", pl.String, "what is broken down", required=True),
            Column("breakdown", pl.String, "which part of it", required=True),
            Column("measure", pl.String, "what is measured", required=True),
            Column("unit", pl.String, "the unit of the value", required=True),
            Column("value", pl.Float64, "the number; empty where a symbol stands in its place"),
            Column(
                "status",
                pl.String,
                "empty for a number; else the symbol published in its place (c z x k u ..); "
                "blank for an empty cell",
                required=True,
            ),
            Column("status_meaning", pl.String, "value, or what the symbol means there", required=True),
            Column("as_published", pl.String, "the cell as published"),
            Column("rounding", pl.String, "how numbers of this level are rounded, where the release says so"),
            Column("newest", pl.Boolean, "whether no later release says it again", required=True),
            *ORIGIN,
        ),
        references=(OF_RELEASE,),
        source="DfE: statistical first releases, Explore Education Statistics, FOI; MHCLG; ONS",
    ),
    Table(
        "neighbours",
        "one of the ten authorities that DfE holds most like an authority",
        ("release", "published_number", "rank"),
        (
            Column("model", pl.Int32, "the year of the model", required=True),
            Column("published_number", pl.String, "DfE's number of the authority", required=True),
            Column("published_name", pl.String, "its name as published"),
            AREA[0],
            Column("rank", pl.Int32, "1 is the most like", required=True),
            Column("neighbour_number", pl.String, "DfE's number of the neighbour"),
            Column("neighbour", pl.String, "the neighbour, by its one name"),
            Column("closeness", pl.String, "how like, in DfE's words"),
            *ORIGIN,
        ),
        references=(OF_RELEASE,),
        source="DfE: statistical neighbours",
    ),
    Table(
        "district_lookup",
        "one lower-tier authority and the upper-tier authority that ONS puts it in",
        ("release", "lower_code"),
        (
            Column("year", pl.Int32, "the vintage", required=True),
            Column("lower_code", pl.String, "code of the lower tier", required=True),
            Column("lower_name", pl.String, "its name"),
            Column("upper_code", pl.String, "code of the upper tier", required=True),
            Column("upper_name", pl.String, "its name"),
            *ORIGIN,
        ),
        references=(OF_RELEASE,),
        source="ONS: geography lookups",
    ),
    Table(
        "boundaries",
        "one file of boundaries among the releases; what is drawn of it is in `outlines`",
        ("sha256",),
        (
            Column("file", pl.String, "the file, below the folder of releases", required=True),
            Column("sha256", pl.String, "of its bytes", required=True),
            Column("code_property", pl.String, "the property that holds an area's ONS code", required=True),
            Column("year", pl.Int32, "the vintage that the property names"),
            Column("n_areas", pl.Int64, "areas", "areas", required=True),
            Column("n_in_england", pl.Int64, "of them in England", "areas", required=True),
            Column("reference_system", pl.String, "the system of the coordinates", required=True),
        ),
        source="ONS: boundaries",
    ),
    Table(
        "outlines",
        "the outline of one English authority or region in one file of boundaries, for maps",
        ("sha256", "code"),
        (
            Column("code", pl.String, "its ONS code", "E06000001", required=True),
            Column("name", pl.String, "its name in the file"),
            Column("kind", pl.String, "authority or region", required=True),
            Column("year", pl.Int32, "the vintage of the code", required=True),
            Column(
                "shape",
                pl.String,
                "its pieces as well-known text, easting and northing on the British National Grid; points "
                f"within {TOLERANCE:,.0f} m of the line are left out, common borders stay common, and "
                f"islands and holes under {SMALLEST / 1e6:g} km² are left out: to draw, not to measure",
                "MULTIPOLYGON, whole metres",
                required=True,
            ),
            Column("file", pl.String, "the file, below the folder of releases", required=True),
            Column("sha256", pl.String, "of its bytes", required=True),
        ),
        references=(Reference(("sha256",), "boundaries", ("sha256",)),),
        source="ONS: boundaries. Contains OS data © Crown copyright and database right",
    ),
    Table(
        "control_totals",
        "one number of Ofsted's own published series",
        ("release", "row", "provision", "grade"),
        (
            Column("counted", pl.String, "providers, places, graded in the year or latest grade"),
            Column("provision", pl.String, "which providers"),
            Column("grade", pl.String, "of which overall grade"),
            Column("year", pl.Int32, "the year to 31 March"),
            Column("on", pl.Date, "the day, of a count on a day"),
            Column("n", pl.Int64, "how many; empty where a symbol is printed", "providers, places or visits"),
            Column("as_published", pl.String, "the cell as published"),
            *ORIGIN,
        ),
        references=(OF_RELEASE,),
        source="Ofsted: time series in the social care data",
    ),
    Table(
        "reconciliation",
        "one published number about children's homes beside ours",
        ("counted", "provision", "grade", "year", "on"),
        (
            Column(
                "counted", pl.String, "providers, places, graded in the year or latest grade", required=True
            ),
            Column("provision", pl.String, "which homes", required=True),
            Column("grade", pl.String, "of which overall grade"),
            Column("year", pl.Int32, "the year to 31 March"),
            Column("on", pl.Date, "the day, of a count on a day"),
            Column("published", pl.Int64, "Ofsted's number, in the newest release of its series"),
            Column("in_release", pl.Int64, "ours, in the year's or the day's own releases"),
            Column("difference", pl.Int64, "`in_release` less `published`"),
            Column("in_dataset", pl.Int64, "graded inspections of the year in all releases together"),
            Column("reason", pl.String, "why they differ, or `equal`", required=True),
            Column("release", pl.String, "the release of the published number", required=True),
        ),
        references=(OF_RELEASE,),
        source="control_totals beside records, inspections and home_snapshots",
    ),
)
