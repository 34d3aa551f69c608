"""Making the pages that most visitors ask for before they do: after the start, and when the data is new."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Any

from ofsight.profiles.area import list_areas
from ofsight.web.inside import ask
from ofsight.web.search import index_of
from ofsight.web.sources import Holdings, NotReady, Sources

__all__ = ["keep_warm", "prepare"]

_LOOK = 5.0
_log = logging.getLogger(__name__)


def prepare(sources: Sources) -> None:
    """Make what many answers need: the index of the search, the list of areas."""
    index_of(sources)
    list_areas(sources.dataset)


def _addresses(sources: Sources) -> Iterator[str]:
    """Give the pages that are made beforehand: those of the top, then every area and its plan."""
    yield from ("/", "/areas", "/owners", "/study", "/data", "/compare", "/method", "/changes")
    slugs = list_areas(sources.dataset)["slug"].to_list()
    for slug in slugs:
        yield f"/areas/{slug}"
    if sources.plan is not None:
        for slug in slugs:
            yield f"/areas/{slug}/planning"


async def keep_warm(app: Any, holdings: Holdings) -> None:
    """Ask for the main pages whenever there is a new version, resting as long as each has taken.

    Runs until it is cancelled. What fails here is answered again, and told, when a visitor asks.
    """
    done = ""
    while True:
        await asyncio.sleep(0.05 if not done else _LOOK)
        try:
            sources = holdings.current()
        except NotReady:
            done = done or "none"
            continue
        if sources.version == done:
            continue
        done = sources.version
        for address in _addresses(sources):
            begun = time.monotonic()
            try:
                await ask(app, address)
            except Exception:
                _log.exception("The page %s could not be made beforehand.", address)
            await asyncio.sleep(time.monotonic() - begun)
            if holdings.version != done:
                break
