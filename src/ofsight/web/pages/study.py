"""The pages of the study."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from ofsight.web.answer import Answer
from ofsight.web.offer import Held, Site
from ofsight.web.queries import study

__all__ = ["offer"]

_TAG = "Study"
Key = Annotated[str, Path(description="Key of a section or name of a table.", max_length=80)]


def _overview(sources: Held) -> Answer:
    return study.overview(sources)


def _tables(sources: Held) -> Answer:
    return study.raw_tables(sources)


def _table(sources: Held, name: Key) -> Answer:
    return study.table(sources, name)


def _section(sources: Held, key: Key) -> Answer:
    return study.section(sources, key)


def offer(site: Site) -> None:
    """Offer the questions about the study."""
    site.offer("/study", _overview, tag=_TAG, summary="What the study found", parts=())
    site.offer("/study/files", _tables, tag=_TAG, summary="The study's tables", parts=("tables",))
    site.offer("/study/files/{name}", _table, tag=_TAG, summary="A table of the study", parts=("rows",))
    site.offer("/study/{key}", _section, tag=_TAG, summary="A section of the study's report", parts=())
