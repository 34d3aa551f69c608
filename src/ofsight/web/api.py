"""What only programs ask for: rows of the dataset's tables, filtered, paged, whole, in four formats."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import polars as pl
from fastapi import Path, Query, Request
from fastapi.responses import FileResponse, Response, StreamingResponse

from ofsight.dataset.columns import Table
from ofsight.dataset.publish import describe_csvw, describe_datapackage
from ofsight.dataset.tables import TABLES
from ofsight.web.downloads import csv_chunks, parquet_bytes, sqlite_bytes, whole_sqlite
from ofsight.web.filters import MOST_FILTERS, TESTS, apply_filters, choose_columns, find_table, read_filters
from ofsight.web.formats import rows_json
from ofsight.web.front import HEAD, STREAM
from ofsight.web.offer import (
    CSV_ANSWER,
    PART_SCHEMA,
    Cursor,
    Held,
    Limit,
    Site,
    answers,
    json_response,
    refusals,
)

__all__ = ["offer"]

_TAG: Final = "Tables"
_SQLITE: Final = "application/vnd.sqlite3"
_PARQUET: Final = "application/vnd.apache.parquet"

_NAMES: Any = Literal[tuple(table.name for table in TABLES)]
Name = Annotated[_NAMES, Path(description="The table.")]
Where = Annotated[
    list[str],
    Query(
        default_factory=list,
        description=f"Filters `column:test:value`, at most {MOST_FILTERS}, all of which hold. Tests: "
        + ", ".join(f"`{test}` ({words})" for test, words in TESTS.items())
        + ". Example: `sector:eq:Private`.",
        max_length=MOST_FILTERS,
    ),
]
Columns = Annotated[
    list[str],
    Query(
        default_factory=list,
        alias="column",
        description="Columns to give; all when none is named.",
        max_length=100,
    ),
]


def _chosen(
    sources: Held, name: str, where: list[str], columns: list[str]
) -> tuple[Table, pl.DataFrame, str]:
    """Return table, filtered rows and the question in one text."""
    table = find_table(name)
    filters = read_filters(table, where)
    names = choose_columns(table, columns)
    frame = apply_filters(sources.dataset[table.name], table, filters).select(names)
    asked = "&".join([*(f"where={one.text}" for one in filters), *(f"column={one}" for one in names)])
    return table, frame, asked


def _rows(
    request: Request,
    sources: Held,
    table: Name,
    where: Where,
    column: Columns,
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Response:
    found, frame, asked = _chosen(sources, table, where, column)
    body, following = rows_json(
        found, frame, sources, asked, limit, cursor, path=request.url.path, query=request.query_params
    )
    headers = {"link": f'<{following}>; rel="next"'} if following else {}
    return Response(body, media_type="application/json", headers=headers)


def _disposition(name: str, ending: str, filtered: bool) -> dict[str, str]:
    file = f"ofsight-{name}{'-filtered' if filtered else ''}.{ending}"
    return {"content-disposition": f'attachment; filename="{file}"', STREAM: "1"}


def _csv(
    request: Request,
    sources: Held,
    table: Name,
    where: Where,
    column: Columns,
) -> Response:
    _, frame, _ = _chosen(sources, table, where, column)
    headers = _disposition(table, "csv", bool(where))
    kind = "text/csv; charset=utf-8; header=present"
    # Asked for its head a file is not made: a stream of nothing says no length, where an empty body says 0.
    chunks = iter(()) if request.scope.get(HEAD) else csv_chunks(frame)
    return StreamingResponse(chunks, media_type=kind, headers=headers)


def _parquet(sources: Held, table: Name, where: Where, column: Columns) -> Response:
    _, frame, _ = _chosen(sources, table, where, column)
    body = parquet_bytes(frame)
    return Response(body, media_type=_PARQUET, headers=_disposition(table, "parquet", bool(where)))


def _sqlite(request: Request, sources: Held, table: Name, where: Where, column: Columns) -> Response:
    _, frame, _ = _chosen(sources, table, where, column)
    headers = _disposition(table, "sqlite", bool(where))
    if request.scope.get(HEAD):
        return StreamingResponse(iter(()), media_type=_SQLITE, headers=headers)
    return Response(sqlite_bytes(frame, table), media_type=_SQLITE, headers=headers)


def _whole(sources: Held) -> Response:
    headers = {"content-disposition": 'attachment; filename="ofsight.sqlite"', STREAM: "1"}
    return FileResponse(whole_sqlite(sources), media_type=_SQLITE, headers=headers)


def _package(sources: Held) -> Response:
    package = describe_datapackage(sources.dataset.metadata, "csv")
    for resource in package["resources"]:
        resource["path"] = f"rows/{resource['name']}.csv"
        resource.pop("hash", None)  # it is of the Parquet file
    return json_response(package)


def _csvw() -> Response:
    described = describe_csvw()
    for table in described["tables"]:
        table["url"] = f"rows/{table['url']}"
    return json_response(described)


def _binary(kind: str) -> dict[int | str, dict[str, Any]]:
    schema = {"type": "string", "format": "binary"}
    return {200: {"description": "The file", "content": {kind: {"schema": schema}}}} | refusals()


def offer(site: Site) -> None:
    """Offer the tables' rows."""
    add = site.api.add_api_route
    common: dict[str, Any] = {"methods": ["GET"], "tags": [_TAG], "response_class": Response}
    add("/rows/{table}.json", _rows, summary="Rows of a table", responses=answers(PART_SCHEMA), **common)
    add(
        "/rows/{table}.csv",
        _csv,
        summary="Rows of a table, as CSV",
        responses=CSV_ANSWER | refusals(),
        **common,
    )
    add(
        "/rows/{table}.parquet",
        _parquet,
        summary="Rows of a table, as Parquet",
        responses=_binary(_PARQUET),
        **common,
    )
    add(
        "/rows/{table}.sqlite",
        _sqlite,
        summary="Rows of a table, as SQLite",
        responses=_binary(_SQLITE),
        **common,
    )
    described = answers({"type": "object"})
    add("/datapackage.json", _package, summary="The tables, as a data package", responses=described, **common)
    add("/csv-metadata.json", _csvw, summary="The tables, as CSV on the Web", responses=described, **common)
    add(
        "/ofsight.sqlite",
        _whole,
        summary="Every table, as one SQLite file",
        responses=_binary(_SQLITE),
        **common,
    )
