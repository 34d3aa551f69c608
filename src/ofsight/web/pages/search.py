"""Search: a page of results, and the same for suggestions while typing."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from ofsight.web.formats import rows_of
from ofsight.web.offer import Held, Site, json_response, page_response, search_answers
from ofsight.web.queries.search import results

__all__ = ["offer"]

_Words = Annotated[str, Query(max_length=100, description="What is looked for.")]


def _page(request: Request, sources: Held, q: str = "") -> Response:
    answer = results(sources, q[:100], 20)
    return page_response(request, sources, "search.html.j2", answer=answer, asked=str(answer.extra["asked"]))


def _suggest(
    sources: Held,
    q: _Words = "",
    limit: Annotated[int, Query(ge=1, le=50, description="So many at most.")] = 10,
) -> Response:
    answer = results(sources, q, limit)
    return json_response({"rows": rows_of(answer.parts[0].given)})


def offer(site: Site) -> None:
    """Offer the search."""
    site.pages.add_api_route("/search", _page, methods=["GET"])
    site.api.add_api_route(
        "/search.json",
        _suggest,
        methods=["GET"],
        tags=["Search"],
        summary="Areas, owners and homes by name, tolerant of spelling",
        responses=search_answers(),
        response_class=Response,
    )
