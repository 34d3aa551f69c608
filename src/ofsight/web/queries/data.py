"""What is held and where to get it: tables, their meaning, releases, checks, licence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

import polars as pl

from ofsight.dataset.columns import Column, Table
from ofsight.dataset.tables import TABLES
from ofsight.report.document import Bullets, Code, Facts, Paragraph, Span, Text
from ofsight.report.wording import count, day
from ofsight.web.answer import Answer, Crumb, Field, Heading, Kind, Part
from ofsight.web.filters import Filter, apply_filters, find_table, read_filters
from ofsight.web.formats import LICENCE
from ofsight.web.sources import Sources

__all__ = ["DATA", "checks", "held", "licence", "releases", "table_page"]

DATA: Final = Crumb("Data", "/data")
_SHOWN: Final = 25
_STATEMENT: Final = "Contains public sector information licensed under the Open Government Licence v3.0."


def held(sources: Sources) -> Answer:
    """Answer which tables there are and in which formats."""
    rows = [
        {
            "table": table.name,
            "row": table.row,
            "n_rows": sources.dataset[table.name].height,
            "n_columns": len(table.columns),
        }
        for table in TABLES
    ]
    tables = Part(
        "tables",
        "Tables of the dataset",
        pl.DataFrame(rows),
        (
            Field("table", "Table", link="/data/{table}"),
            Field("row", "One row is"),
            Field("n_rows", "Rows", "count"),
            Field("n_columns", "Columns", "count"),
        ),
        f"Dataset built {day(sources.dataset.metadata.get('built_at'))}.",
        stacked=True,
    )
    more: tuple[Text, ...] = (
        (Span("Releases that were read", link="/data/sources"), ": every official file, with its hash"),
        (Span("Reconciliation", link="/data/checks"), ": Ofsted’s own published numbers beside ours"),
        (Span("Changes", link="/changes"), " between lists, and revisions that Ofsted made"),
        (Span("Licence and how to cite", link="/data/licence"),),
        (Span("The API", link="/api"), ": the same for programs"),
        (
            "Descriptions of the tables for machines: ",
            Span("data package", link="/api/v1/datapackage.json"),
            " (Frictionless) and ",
            Span("CSV on the Web", link="/api/v1/csv-metadata.json"),
        ),
    )
    whole: tuple[Text, ...] = (
        (Span("Everything as one SQLite file", link="/api/v1/ofsight.sqlite"),),
        "Each table as CSV, Parquet, SQLite or JSON, whole or filtered: on its own page below.",
    )
    return Answer(
        "/data",
        "Data and downloads",
        (
            Heading("Download"),
            Bullets(whole),
            Heading("Tables"),
            tables,
            Heading("About the data"),
            Bullets(more),
        ),
        lead="Every table behind these pages. Each row names the release, sheet and row it was read from.",
        description="Tables of children’s homes, inspections, owners and local authorities in England.",
    )


def _kind_of(column: Column) -> Kind:
    kind = column.polars_type
    if column.name in ("year", "first_year", "last_year") or column.name.endswith("_year"):
        return "year"
    if column.name in ("row", "old_row", "new_row", "setting_row"):
        return "year"  # a place in a file, no quantity: without a thousands separator
    if column.name == "sector":
        return "sector"
    if kind == pl.Date:
        return "date"
    if kind == pl.Boolean:
        return "flag"
    if kind in (pl.Float32, pl.Float64):
        return "number"
    if kind in (pl.Int32, pl.Int64, pl.UInt32, pl.UInt64):
        return "count"
    return "grade" if isinstance(kind, pl.Enum) and "Inadequate" in kind.categories else "text"


_URNS: Final = ("urn", "old_urn", "new_urn")


def _with_pages(frame: pl.DataFrame, homes: pl.Series) -> pl.DataFrame:
    """Return rows with a column beside each number of a home: the number where the home has a page.

    Ofsted's lists of joiners and leavers name homes that no list of homes and no inspection knows.
    """
    known = homes.implode()
    there = [name for name in _URNS if name in frame.columns]
    return frame.with_columns(
        pl.when(pl.col(name).is_in(known)).then(pl.col(name)).alias(f"{name}_page") for name in there
    )


def _formats(frozen: bool) -> list[tuple[str, str]]:
    """Return the formats of a table: pages of JSON need a server, and one SQLite file holds every table."""
    files = [("CSV", "csv"), ("Parquet", "parquet")]
    return files if frozen else [*files, ("SQLite", "sqlite"), ("JSON", "json")]


def _rows_part(
    table: Table, frame: pl.DataFrame, filters: Sequence[Filter], n_all: int, sources: Sources
) -> Part:
    query = urlencode([("where", one.text) for one in filters])
    behind = f"?{query}" if query else ""
    names = {column.name for column in table.columns}
    shown = tuple(
        Field(
            column.name,
            column.name,
            _kind_of(column),
            meaning=column.meaning,
            unit=column.unit,
            status=f"{column.name}_status"
            if f"{column.name}_status" in names
            else "status"
            if column.name == "value" and "status" in names
            else None,
            link=f"/homes/{{{column.name}_page}}" if column.name in _URNS else None,
            places=2,
            # An outline is thousands of figures long: csv and the map have it.
            shown=(table.name, column.name) != ("outlines", "shape"),
        )
        for column in table.columns
    )
    matching = f"{count(frame.height)} of {count(n_all)} rows match" if filters else f"{count(n_all)} rows"
    return Part(
        "rows",
        f"{table.name}: {matching}",
        _with_pages(frame.head(_SHOWN), sources.dataset["homes"]["urn"]),
        shown,
        f"Source: {table.source}." if table.source else "",
        note=f"The first {min(_SHOWN, frame.height)} are shown here; the files hold every matching row.",
        links=tuple(
            (name, f"/api/v1/rows/{table.name}.{ending}{behind}") for name, ending in _formats(sources.frozen)
        ),
    )


def _columns_part(table: Table) -> Part:
    rows = [
        {
            "column": column.name,
            "type": _type_words(column),
            "unit": column.unit,
            "meaning": column.meaning,
            "always": column.required,
        }
        for column in table.columns
    ]
    return Part(
        "columns",
        f"Columns of {table.name}",
        pl.DataFrame(rows),
        (
            Field("column", "Column", "code"),
            Field("meaning", "Meaning"),
            Field("type", "Type"),
            Field("unit", "Unit"),
            Field("always", "Always filled", "flag"),
        ),
        most=200,
        stacked=True,
    )


def _type_words(column: Column) -> str:
    kind = column.polars_type
    if isinstance(kind, pl.Enum):
        return f"one of: {', '.join(kind.categories)}"
    if kind == pl.Date:
        return "date"
    if kind == pl.Boolean:
        return "yes or no"
    if kind in (pl.Float32, pl.Float64):
        return "number"
    return "text" if kind == pl.String else "whole number"


def table_page(sources: Sources, name: str, where: Sequence[str]) -> Answer:
    """Answer with a table: its meaning, its first rows and where to get all, filtered as asked."""
    table = find_table(name)
    filters = read_filters(table, where)
    whole = sources.dataset[table.name]
    frame = apply_filters(whole, table, filters)
    query = urlencode([("where", one.text) for one in filters])
    facts: list[tuple[str, Text]] = [("One row is", table.row)]
    if table.key:
        facts.append(("Key", ", ".join(table.key)))
    facts += [
        (
            "Refers to",
            (f"{', '.join(one.columns)} to ", Span(one.table, link=f"/data/{one.table}")),
        )
        for one in table.references
    ]
    return Answer(
        f"/data/{table.name}{f'?{query}' if query else ''}",
        f"Table {table.name}",
        (
            Facts(tuple(facts)),
            Heading("Rows"),
            _rows_part(table, frame, filters, whole.height, sources),
            Heading("Columns"),
            _columns_part(table),
        ),
        trail=(DATA,),
        description=f"{table.name}: {table.row}.",
        extra={"table": table, "filters": filters, "n_rows": frame.height},
    )


def releases(sources: Sources) -> Answer:
    """Answer which official files were read and what became of their rows."""
    frame = sources.dataset["releases"]
    wanted = (
        "release",
        "title",
        "publisher",
        "period",
        "file",
        "sheet",
        "n_read",
        "n_kept",
        "n_set_aside",
        "sha256",
    )
    labels = {
        "n_read": "Rows read",
        "n_kept": "Kept",
        "n_set_aside": "Set aside",
        "sha256": "SHA-256",
        "release": "Release",
    }
    shown = tuple(
        Field(
            name,
            labels.get(name, name.capitalize()),
            "count" if name.startswith("n_") else "code" if name in ("sha256", "file") else "text",
            shown=name not in ("sha256", "file"),
        )
        for name in wanted
        if name in frame.columns
    )
    listed = Part(
        "releases",
        "Tables of official files that were read",
        frame.sort("release"),
        shown,
        "Hashes and file names are in the CSV and the JSON.",
        note="A row is kept or set aside under a named reason, and the sum closes.",
        most=500,
        stacked=True,
    )
    aside = (
        sources.dataset["set_aside"].group_by("reason").agg(pl.len().alias("n")).sort("n", descending=True)
    )
    reasons = Part(
        "set-aside",
        "Rows set aside, by reason",
        aside,
        (Field("reason", "Reason"), Field("n", "Rows", "count")),
        "The rows themselves are in the table set_aside.",
    )
    return Answer(
        "/data/sources",
        "Releases that were read",
        (listed, Heading("Rows set aside"), reasons),
        lead=f"{count(frame.height)} tables of official files. The raw bytes are kept as published, by hash.",
        trail=(DATA,),
    )


def checks(sources: Sources) -> Answer:
    """Answer how our counts compare with Ofsted's own."""
    frame = sources.dataset["reconciliation"].sort("counted", "provision", "year", "on")
    n_equal = frame.filter(pl.col("reason") == "equal").height
    reasons = (
        frame.group_by("counted", "reason")
        .agg(pl.len().alias("n"))
        .sort("counted", "n", descending=[False, True])
    )
    summary = Part(
        "reasons",
        "Published numbers beside ours: how they compare",
        reasons,
        (Field("counted", "Counted"), Field("reason", "Comparison"), Field("n", "Numbers", "count")),
        "Source: Ofsted, time series in its social care data.",
    )
    every = Part(
        "numbers",
        "Every published number beside ours",
        frame,
        (
            Field("counted", "Counted"),
            Field("provision", "Homes"),
            Field("grade", "Grade"),
            Field("year", "Year to 31 March", "year"),
            Field("on", "On", "date"),
            Field("published", "Published", "count"),
            Field("in_release", "Ours, in the same release", "count"),
            Field("difference", "Difference", "count"),
            Field("in_dataset", "Ours, all releases together", "count"),
            Field("reason", "Why"),
            Field("release", "Release", shown=False),
        ),
        "Source: Ofsted, time series in its social care data.",
        most=700,
        folded=True,
    )
    n_without = frame["in_release"].null_count()
    lead = (
        f"Of Ofsted’s own published numbers {count(frame.height - n_without)} can be counted again from the "
        f"releases held here; {count(n_equal)} come out the same, and each of the others has its reason."
    )
    if n_without:
        lead += f" For {count(n_without)} more no release is held or none was made."
    return Answer(
        "/data/checks", "Reconciliation", (summary, every), lead=lead if frame.height else "", trail=(DATA,)
    )


def licence(sources: Sources) -> Answer:
    """Answer what may be done with the data and how to cite it."""
    facts = sources.dataset.metadata
    built = str(facts.get("built_at") or "")[:10]
    named = (
        f"ofsight dataset, version {sources.version}, built {day(built)}, newest release {sources.newest}."
    )
    lines: list[str] = [named, LICENCE]
    body: list[Text] = [
        "Ofsted, DfE, ONS and MHCLG publish their data under the Open Government Licence v3.0: it "
        "may be copied, "
        "changed and sold, with this statement: " + _STATEMENT,
        "ONS boundaries also need: Contains OS data © Crown copyright and database right.",
        "The code of ofsight is under the MIT licence.",
        "Names and addresses of children’s homes are withheld by the publisher to protect children. They "
        "are not in the data, and nobody should try to find them.",
    ]
    study: tuple[Paragraph, ...] = ()
    if sources.study is not None and sources.study.words("citation"):
        study = (Paragraph(f"The study that is repeated here: {sources.study.words('citation')}"),)
    return Answer(
        "/data/licence",
        "Licence and how to cite",
        (
            Heading("Licence"),
            Bullets(tuple(body)),
            Heading("How to cite"),
            Paragraph("Give the version: it changes whenever a number could have changed."),
            Code(tuple(lines), "Citation"),
            *study,
        ),
        trail=(DATA,),
    )
