"""Synthetic releases in the official layouts, with a known truth.

The way through: `make_homes` draws a population, `make_histories` visits it, `release_table` prints what one
release says of it, `soil` adds documented faults, `write_csv` and `write_ods` make files. `write_releases`
does all of it. Nothing here reads a real release, and nothing here is shared with the code that reads them:
a fault in the reader cannot hide in the demo.
"""

from ofsight.demo.boundaries import BOUNDARY_FILE, make_boundaries
from ofsight.demo.files import encode_csv, write_csv
from ofsight.demo.homes import Home, Owner, make_homes
from ofsight.demo.inspections import History, Inspection, full_inspection_records, make_histories
from ofsight.demo.layouts import IN_YEAR, LIST, QUARTER, Layout, layout_of
from ofsight.demo.ods import Sheet, sheet_of, write_ods
from ofsight.demo.releases import make_tables, write_releases
from ofsight.demo.tables import (
    Entry,
    ReleaseTable,
    in_year_entries,
    list_entries,
    quarter_entries,
    release_table,
    rows_for,
)
from ofsight.demo.truth import DOMAINS, MARKER, DomainTruth, Truth, default_domains

__all__ = [
    "write_releases",
    "Truth",
    "DomainTruth",
    "default_domains",
    "MARKER",
    "DOMAINS",
    "make_homes",
    "Home",
    "Owner",
    "make_histories",
    "History",
    "Inspection",
    "full_inspection_records",
    "make_tables",
    "make_boundaries",
    "BOUNDARY_FILE",
    "list_entries",
    "in_year_entries",
    "quarter_entries",
    "release_table",
    "rows_for",
    "Entry",
    "ReleaseTable",
    "Layout",
    "layout_of",
    "LIST",
    "IN_YEAR",
    "QUARTER",
    "write_csv",
    "encode_csv",
    "write_ods",
    "Sheet",
    "sheet_of",
]
