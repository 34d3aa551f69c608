"""The front page."""

from __future__ import annotations

from ofsight.web.answer import Answer
from ofsight.web.offer import Held, Site
from ofsight.web.queries.start import front_page

__all__ = ["offer"]


def _front(sources: Held) -> Answer:
    return front_page(sources)


def offer(site: Site) -> None:
    """Offer the front page."""
    site.offer(
        "/",
        _front,
        tag="Start",
        summary="The finding and what is held",
        parts=("gap-by-year", "homes-by-sector"),
        template="start.html.j2",
        twin="/start",
    )
