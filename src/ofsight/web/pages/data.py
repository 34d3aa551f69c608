"""The pages of the data."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Path, Query
from fastapi.responses import RedirectResponse, Response

from ofsight.web.answer import Answer
from ofsight.web.filters import MOST_FILTERS, Filter, find_table, read_filters
from ofsight.web.offer import Held, Site
from ofsight.web.queries import data

__all__ = ["offer"]

_TAG = "Data"
_Where = Annotated[
    list[str],
    Query(default_factory=list, description="Filters `column:test:value`.", max_length=MOST_FILTERS),
]


def _held(sources: Held) -> Answer:
    return data.held(sources)


def _releases(sources: Held) -> Answer:
    return data.releases(sources)


def _checks(sources: Held) -> Answer:
    return data.checks(sources)


def _licence(sources: Held) -> Answer:
    return data.licence(sources)


def _table(
    sources: Held,
    table: Annotated[str, Path(max_length=80)],
    where: _Where,
) -> Answer:
    return data.table_page(sources, table, where)


def _add_filter(
    table: Annotated[str, Path(max_length=80)],
    column: Annotated[str, Query(max_length=80)],
    test: Annotated[str, Query(max_length=20)],
    where: _Where,
    value: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Turn the fields of the form into the address of the filtered table: every state is a plain address."""
    found = find_table(table)
    filters = read_filters(found, [*where, Filter(column, test, value).text])
    query = urlencode([("where", one.text) for one in filters])
    return RedirectResponse(f"/data/{found.name}?{query}#rows", 303)


def offer(site: Site) -> None:
    """Offer the questions about the data."""
    site.offer("/data", _held, tag=_TAG, summary="The dataset's tables", parts=("tables",))
    site.offer(
        "/data/sources",
        _releases,
        tag=_TAG,
        summary="Releases that were read",
        parts=("releases", "set-aside"),
    )
    site.offer(
        "/data/checks",
        _checks,
        tag=_TAG,
        summary="Ofsted's numbers beside ours",
        parts=("reasons", "numbers"),
    )
    site.offer("/data/licence", _licence, tag=_TAG, summary="Licence and how to cite", parts=())
    site.pages.add_api_route("/data/{table}/filter", _add_filter, methods=["GET"])
    site.offer(
        "/data/{table}",
        _table,
        tag=_TAG,
        summary="A table of the dataset and its columns",
        parts=("rows", "columns"),
        template="table.html.j2",
    )
