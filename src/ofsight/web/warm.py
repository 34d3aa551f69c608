"""Making the pages that most visitors ask for before they do: after the start, and when the data is new."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from ofsight.profiles.area import list_areas
from ofsight.profiles.owner import list_owners
from ofsight.web.assets import assets
from ofsight.web.inside import ask
from ofsight.web.search import index_of
from ofsight.web.sources import Holdings, NotReady, Sources

__all__ = ["keep_warm", "prepare"]

_LOOK: Final = 5.0
_OWNERS: Final = 400
"""Owners whose pages are made beforehand, those with most homes. Pages of homes are too many, and cheap."""
_PATIENCE: Final = 2.0
"""Seconds for which answers that are being made for visitors hold up the next page at most."""
_REST: Final = 1 / 3
"""Of the time that a page took: the sooner all are made, the fewer visitors wait for one."""
_log = logging.getLogger(__name__)


def prepare(sources: Sources) -> None:
    """Make what many answers need: the index of the search, the list of areas."""
    index_of(sources)
    list_areas(sources.dataset)


def _one_of_each(sources: Sources) -> Iterator[str]:
    """Give the pages of the top and one of every other kind: the first of a kind works out what all share."""
    yield from ("/", "/areas", "/areas/england")
    if sources.plan is not None:
        yield "/areas/england/planning"
    yield from (f"/owners/{slug}" for slug in list_owners(sources.dataset)["slug"].head(1))
    yield from (f"/homes/{urn}" for urn in sources.dataset["homes"]["urn"].head(1))
    yield from ("/search?q=england", "/owners", "/study", "/data", "/compare", "/method", "/changes")


def _popular(sources: Sources) -> Iterator[str]:
    """Give every area, its plan and its future carried on, the owners with most homes, then the charts."""
    areas = list_areas(sources.dataset)
    slugs = areas["slug"].to_list()
    if sources.plan is not None:
        # Those of regions take longest: their futures are of hundreds of homes.
        yield from (f"/areas/{slug}/planning" for slug in areas.filter(kind="region")["slug"])
    yield from (f"/areas/{slug}" for slug in slugs)
    if sources.plan is not None:
        for slug in slugs:
            yield f"/areas/{slug}/planning"
            yield f"/areas/{slug}/planning/what-if"
    yield from (f"/owners/{slug}" for slug in list_owners(sources.dataset)["slug"].head(_OWNERS))
    # The run time of interactive charts is made of its library once a process: two seconds of a processor,
    # for which at the start every page would wait.
    yield from filter(None, (assets().charts(),))


def _settle() -> None:
    """Take what is held now out of the garbage collector's sight.

    What is read and worked out once is hundreds of thousands of objects that stay as long as the data does:
    to look through them takes a fifth of a second in which nobody is answered.
    """
    gc.collect()
    gc.freeze()


async def keep_warm(
    app: Any, holdings: Holdings, n_making: Callable[[], int] = lambda: 0, *, pages: bool = True
) -> None:
    """Ask for the main pages whenever there is a new version, resting between them.

    Runs until it is cancelled. What fails here is answered again, and told, when a visitor asks.

    Parameters
    ----------
    app : ASGI application
        The explorer, started.
    holdings : Holdings
        What it shows.
    n_making : callable
        Says how many answers are being made for visitors; these come first.
    pages : bool
        Whether pages are made here; without, another process does, and here what is held only settles.
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
        gc.unfreeze()  # what was held before may go
        if not pages:
            await asyncio.to_thread(_settle)
        for addresses in (_one_of_each, _popular) if pages else ():
            for address in addresses(sources):
                if holdings.version == done:
                    await _make(app, address, n_making)
            await asyncio.to_thread(_settle)


async def _make(app: Any, address: str, n_making: Callable[[], int]) -> None:
    begun = time.monotonic()
    while n_making() and time.monotonic() - begun < _PATIENCE:
        await asyncio.sleep(0.005)
    begun = time.monotonic()
    try:
        await ask(app, address)
    except Exception:
        _log.exception("The page %s could not be made beforehand.", address)
    await asyncio.sleep(_REST * (time.monotonic() - begun))
