"""Every table of the dataset, declared once: column, type, unit, meaning, constraint.

The store writes them in this order, validation holds them to it, and the data dictionary is made from it.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from ofsight.dataset.columns import ORIGIN, URN, Column, Reference, Table
from ofsight.dataset.tables_authorities import AUTHORITY_TABLES
from ofsight.dataset.tables_homes import HOME_TABLES, OF_HOME, OF_RELEASE
from ofsight.dataset.tables_panels import LINKED, PANEL_TABLES
from ofsight.dataset.tables_reports import REPORT_TABLES
from ofsight.vocabulary import (
    Effectiveness,
    Framework,
    Grade,
    InspectionType,
    ProvisionType,
    Sector,
)

__all__ = ["KEPT", "TABLES", "Column", "Reference", "Table", "conform"]


_SETTING = (
    Column("provision_type", ProvisionType, "the kind of home", required=True),
    Column("provision_type_as_published", pl.String, "the kind of home as the release prints it"),
    Column(
        "sector", Sector, "who runs the home; health-authority homes count as local authority", required=True
    ),
    Column("sector_as_published", pl.String, "the sector as the release prints it"),
    Column("local_authority", pl.String, "the local authority in which the home lies, as published"),
    Column(
        "region", pl.String, "the region, as published (Ofsted's eight in 2015, the standard nine from 2016)"
    ),
    Column("places", pl.Int32, "registered places: the most children the home may look after", "places"),
    Column("registered_on", pl.Date, "the day of registration; published from 2018-19"),
    Column("owner", pl.String, "the organisation that owns the provider, as published; from March 2018"),
)


def _judgements() -> Iterable[Column]:
    subjects = {
        "overall": "overall experiences and progress (before SCCIF: overall effectiveness)",
        "protection": "how well children are helped and protected (before: safety, safeguarding)",
        "leadership": "the effectiveness of leaders and managers (before: leadership and management)",
    }
    for name, subject in subjects.items():
        yield Column(name, Grade, f"grade for {subject}; empty where none was given", "ordered, worst first")
        yield Column(f"{name}_as_published", pl.String, f"what the release prints for {name}")


_INSPECTION = (
    Column("inspected_on", pl.Date, "the first day of the inspection", required=True),
    Column("event_number", pl.String, "Ofsted's number of the inspection; empty where none or damaged"),
    Column("inspection_type", InspectionType, "the kind of visit", required=True),
    Column("framework", Framework, "the framework in force on the day", required=True),
    *_judgements(),
    Column("effectiveness", Effectiveness, "the judgement of an interim inspection (to 2020)"),
    Column("published_on", pl.Date, "the day the report was published, where the release says it"),
)

_VISIT = ("urn", "inspected_on")

TABLES: tuple[Table, ...] = (
    Table(
        "inspections",
        "one inspection of one home: the newest word on its judgements, the home as it was described then",
        ("urn", "inspected_on"),
        (
            URN,
            *_INSPECTION,
            *_SETTING,
            *ORIGIN,
            Column(
                "setting_release", pl.String, "the release that describes the home nearest to the inspection"
            ),
            Column("setting_sheet", pl.String, "its sheet"),
            Column("setting_row", pl.Int64, "its row"),
            Column("n_records", pl.UInt32, "how many published rows speak of this inspection", "rows"),
            Column("revised", pl.Boolean, "whether releases differ on it; see `revisions`", required=True),
            *LINKED,
        ),
        references=(OF_HOME, OF_RELEASE, Reference(("setting_release",), "releases", ("release",))),
        source="Ofsted: provider level as at a date, and inspections in the year",
    ),
    Table(
        "homes",
        "one home, as last described",
        ("urn",),
        (
            URN,
            *(column for column in _SETTING if not column.name.endswith("as_published")),
            Column("registration_status", pl.String, "the status last published"),
            Column("first_listed_on", pl.Date, "the first list that holds the home"),
            Column("last_listed_on", pl.Date, "the last list that holds the home"),
            Column("first_inspected_on", pl.Date, "its first inspection of any kind in the dataset"),
            Column("last_inspected_on", pl.Date, "its last inspection of any kind in the dataset"),
            Column(
                "n_inspections",
                pl.UInt32,
                "inspections of any kind in the dataset",
                "inspections",
                required=True,
            ),
            Column("n_graded", pl.UInt32, "inspections with an overall grade", "inspections", required=True),
            Column("described_on", pl.Date, "the last day of the newest release that describes the home"),
            Column(
                "closed_on",
                pl.Date,
                "the day on which it left the register, as last published; none where a list of over two "
                "months later still holds it",
            ),
            Column("closure_status", pl.String, "Resigned, Cancelled or Closed: how it left"),
            *LINKED,
        ),
    ),
    Table(
        "home_snapshots",
        "one home on the date of one list",
        ("urn", "listed_on"),
        (
            URN,
            Column("listed_on", pl.Date, "the date of the list", required=True),
            *_SETTING,
            Column("registration_status", pl.String, "Active, Suspended ... as published"),
            Column(
                "short_breaks_only",
                pl.Boolean,
                "whether the list marks the home as one for short breaks only; empty where it does not "
                "say, or contradicts the other list of its day",
            ),
            Column("latest_inspected_on", pl.Date, "the latest full inspection that the list shows"),
            Column("latest_overall", Grade, "its overall grade"),
            Column("n_homes_of_owner", pl.UInt32, "homes of the same owner on the same list", "homes"),
            *ORIGIN,
            *LINKED,
        ),
        references=(OF_HOME, OF_RELEASE),
        source="Ofsted: provider level as at a date; providers and places",
    ),
    Table(
        "records",
        "one published row about an inspection of a home, harmonised; several may speak of one inspection",
        ("release", "sheet", "row"),
        (
            URN,
            Column("inspection", pl.Date, "`inspected_on` of the inspection it speaks of", required=True),
            *_INSPECTION,
            *_SETTING,
            *ORIGIN,
        ),
        references=(OF_HOME, OF_RELEASE, Reference(("urn", "inspection"), "inspections", _VISIT)),
        source="as inspections",
    ),
    Table(
        "revisions",
        "one thing that a newer release says otherwise than an older one of the same inspection",
        ("urn", "inspected_on", "column", "new_release", "new_sheet", "new_row"),
        (
            URN,
            Column("inspected_on", pl.Date, "the inspection, by the day that stands", required=True),
            Column("column", pl.String, "the column that differs", required=True),
            Column("old_value", pl.String, "what the older release says"),
            Column("new_value", pl.String, "what the newer one says"),
            *(Column(f"old_{column.name}", column.dtype, f"older: {column.meaning}") for column in ORIGIN),
            *(Column(f"new_{column.name}", column.dtype, f"newer: {column.meaning}") for column in ORIGIN),
        ),
        references=(
            Reference(_VISIT, "inspections", _VISIT),
            Reference(("old_release",), "releases", ("release",)),
            Reference(("new_release",), "releases", ("release",)),
        ),
        source="records",
    ),
    *HOME_TABLES,
    *AUTHORITY_TABLES,
    *PANEL_TABLES,
    *REPORT_TABLES,
    Table(
        "releases",
        "one table of one official file",
        ("release",),
        (
            Column("release", pl.String, "series / period", required=True),
            Column("series", pl.String, "the series", required=True),
            Column("title", pl.String, "the series in words", required=True),
            Column("publisher", pl.String, "who publishes it", required=True),
            Column("licence", pl.String, "under which licence", required=True),
            Column("period", pl.String, "the date, year or quarter it speaks of", required=True),
            Column("period_start", pl.Date, "its first day", required=True),
            Column("period_end", pl.Date, "its last day", required=True),
            Column("file", pl.String, "the file, below the folder of releases", required=True),
            Column("sheet", pl.String, "the sheet of a workbook"),
            Column("sha256", pl.String, "of the file's bytes", required=True),
            Column("encoding", pl.String, "how its text was decoded"),
            Column("heading_row", pl.Int64, "the row of its headings", required=True),
            Column("n_read", pl.Int64, "rows below the headings", "rows", required=True),
            Column("n_kept", pl.Int64, "rows that are in the dataset", "rows", required=True),
            Column("n_set_aside", pl.Int64, "rows set aside; see `set_aside`", "rows", required=True),
            Column("n_inspections", pl.Int64, "kept rows that speak of an inspection", "rows", required=True),
            Column("n_full_inspections", pl.Int64, "of them full inspections", "rows", required=True),
        ),
    ),
    Table(
        "set_aside",
        "one row of a release that is not in the dataset, and why",
        ("release", "row"),
        (
            *ORIGIN,
            Column("reason", pl.String, "why, in words that are the same for every release", required=True),
            Column("detail", pl.String, "the cell at fault, where one is"),
        ),
        references=(OF_RELEASE,),
        source="every file that was read",
    ),
    Table(
        "findings",
        "one thing noticed while reading, linking or checking",
        (),
        (
            Column("code", pl.String, "its kind", required=True),
            Column("message", pl.String, "a sentence a reader can act on", required=True),
            Column("file", pl.String, "the file"),
            Column("sheet", pl.String, "the sheet"),
            Column("row", pl.Int64, "the (first) row"),
            Column("n", pl.Int64, "how many rows it speaks of", "rows", required=True),
        ),
    ),
)


# The tables in which a row that was read is found again: a row is kept when it is in one of them.
KEPT: tuple[str, ...] = (
    "records",
    "home_snapshots",
    "movements",
    "authority_records",
    "authority_statistics",
    "neighbours",
    "district_lookup",
    "control_totals",
)


def conform(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with exactly the table's columns, in its order and types."""
    return frame.select(pl.col(name).cast(dtype) for name, dtype in table.schema().items())
