"""What the service says of itself and gives besides pages: its files, whether it is well."""

from __future__ import annotations

import json
from typing import Annotated

import anyio.to_thread
from fastapi import Path, Request
from fastapi.responses import Response

from ofsight.web.assets import assets
from ofsight.web.offer import Site
from ofsight.web.problems import Refusal
from ofsight.web.runtime import run_time
from ofsight.web.sources import NotReady

__all__ = ["offer"]

_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}


async def _static(name: Annotated[str, Path(max_length=120)]) -> Response:
    found = assets().find(name)
    if found is None and name == run_time().name:
        body = await anyio.to_thread.run_sync(run_time().body)
        if body is None:
            raise Refusal(503, "Interactive charts cannot be made ready here. The plain ones show the same.")
        return Response(body, media_type="text/javascript; charset=utf-8", headers=_FOR_EVER)
    if found is None:
        raise Refusal(404, "There is no such file.")
    return Response(found.body, media_type=found.media_type, headers=_FOR_EVER)


async def _health(request: Request) -> Response:
    holdings = request.app.state.holdings
    try:
        facts, status = {"status": "ok", **holdings.current().facts}, 200
    except NotReady as error:
        facts, status = {"status": "not ready", "detail": str(error)}, 503
    return Response(
        json.dumps(facts), status, media_type="application/json", headers={"cache-control": "no-store"}
    )


async def _robots() -> Response:
    return Response("User-agent: *\nDisallow: /search\nDisallow: /api/\n", media_type="text/plain")


def offer(site: Site) -> None:
    """Offer the files, the state of health and the word to crawlers."""
    site.pages.add_api_route("/static/{name}", _static, methods=["GET"])
    site.pages.add_api_route("/health", _health, methods=["GET"])
    site.pages.add_api_route("/robots.txt", _robots, methods=["GET"])
