"""The page of a home."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from ofsight.web.answer import Answer
from ofsight.web.offer import Held, Site
from ofsight.web.queries.homes import home

__all__ = ["offer"]


def _home(
    sources: Held,
    urn: Annotated[str, Path(max_length=20, description="Ofsted's number: SC123456 or 1234567.")],
) -> Answer:
    return home(sources, urn)


def offer(site: Site) -> None:
    """Offer the page of a home."""
    site.offer(
        "/homes/{urn}",
        _home,
        tag="Homes",
        summary="One home by its number",
        parts=("inspections", "lists", "changes", "movements", "revisions", "reregistrations"),
    )
