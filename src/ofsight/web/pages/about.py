"""Pages about the service: method, accessibility, changes, the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import Response

from ofsight.web.answer import Answer
from ofsight.web.offer import Held, Site, page_response
from ofsight.web.queries import about, changes

__all__ = ["offer"]


def _method(sources: Held) -> Answer:
    return about.method(sources)


def _accessibility(sources: Held) -> Answer:
    return about.accessibility(sources)


def _changes(
    sources: Held,
    since: Annotated[date | None, Query(alias="from", description="Day of the older list.")] = None,
    to: Annotated[date | None, Query(description="Day of the newer list.")] = None,
) -> Answer:
    return changes.between(sources, since, to)


def _feed(sources: Held) -> Response:
    return Response(changes.feed(sources), media_type="application/atom+xml; charset=utf-8")


def _api(request: Request, sources: Held) -> Response:
    described: dict[str, Any] = request.app.openapi()
    return page_response(request, sources, "api.html.j2", described=described)


def offer(site: Site) -> None:
    """Offer the pages about the service."""
    site.offer("/method", _method, tag="About", summary="How the numbers are made", parts=("measures",))
    site.offer("/accessibility", _accessibility, tag="About", summary="Accessibility statement", parts=())
    site.offer(
        "/changes",
        _changes,
        tag="About",
        summary="What changed between two lists, and what Ofsted revised",
        parts=("counts", "homes", "revisions"),
        template="changes.html.j2",
    )
    site.pages.add_api_route("/changes.atom", _feed, methods=["GET"])
    site.pages.add_api_route("/api", _api, methods=["GET"])
