"""The pages of owners and groups, and of comparisons."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from ofsight.web.answer import Answer
from ofsight.web.offer import Held, Site
from ofsight.web.queries import owners
from ofsight.web.queries.compare import compare

__all__ = ["offer"]

_TAG = "Owners"


def _all(
    sources: Held,
    kind: Annotated[str, Query(max_length=20, description="Only group or owner.")] = "",
    page: Annotated[int, Query(ge=1, le=1000, description="Which hundred.")] = 1,
) -> Answer:
    return owners.all_owners(sources, kind, page)


def _whole(sources: Held) -> Answer:
    return owners.owners_whole(sources)


def _owner(
    sources: Held,
    owner: Annotated[str, Path(max_length=200, description="Identifier or name of an owner or group.")],
) -> Answer:
    return owners.owner_page(sources, owner)


def _compare(
    sources: Held,
    area: Annotated[list[str], Query(default_factory=list, max_length=12, description="Areas, up to six.")],
    owner: Annotated[list[str], Query(default_factory=list, max_length=12, description="Owners, up to six.")],
) -> Answer:
    return compare(sources, area, owner)


def offer(site: Site) -> None:
    """Offer the questions about owners, and comparisons."""
    site.offer(
        "/owners", _all, tag=_TAG, summary="Owners and groups", parts=("owners",), template="owners.html.j2"
    )
    site.offer("/owners/list", _whole, tag=_TAG, summary="Every owner and group", parts=("owners",))
    site.offer(
        "/owners/{owner}",
        _owner,
        tag=_TAG,
        summary="One owner or group",
        parts=("homes", "openings", "areas", "judgements", "expected", "changes", "list"),
        template="owner.html.j2",
    )
    site.offer(
        "/compare",
        _compare,
        tag="Compare",
        summary="Up to six areas or owners side by side",
        parts=("figures", "chance"),
        template="compare.html.j2",
    )
