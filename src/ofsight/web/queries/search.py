"""What was found for some words, as an answer."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import polars as pl

from ofsight.web.answer import Answer, Field, Part
from ofsight.web.search import find
from ofsight.web.sources import Sources

__all__ = ["results"]


def results(sources: Sources, words: str, limit: int) -> Answer:
    """Answer what words may mean: areas, owners, homes."""
    # What cannot be seen (marks that turn the direction of writing, say) is no part of a question.
    asked = " ".join(re.sub(r"[^\w\s&'’().,/-]", " ", words).split())[:100]
    found = find(sources, asked, limit) if asked else []
    frame = pl.DataFrame(
        {
            "label": [one.label for one in found],
            "kind": [one.kind for one in found],
            "address": [one.address for one in found],
        },
        schema={"label": pl.String, "kind": pl.String, "address": pl.String},
    )
    part = Part(
        "results",
        "Results",
        frame,
        (
            Field("label", "Name", link="{address}"),
            Field("kind", "What it is"),
            Field("address", "Page", shown=False),
        ),
    )
    query = urlencode({"q": asked, "limit": limit} if limit != 20 else {"q": asked})
    title = f"Search: {asked}" if asked else "Search"
    return Answer(f"/search?{query}", title, (part,), extra={"asked": asked, "found": found})
