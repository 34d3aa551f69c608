"""The pages of the study."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from ofsight.web.answer import Answer
from ofsight.web.offer import Held, Site
from ofsight.web.queries import explore, study

__all__ = ["offer"]

_TAG = "Study"
Key = Annotated[str, Path(description="Key of a section or name of a table.", max_length=80)]


def _overview(sources: Held) -> Answer:
    return study.overview(sources)


def _tables(sources: Held) -> Answer:
    return study.raw_tables(sources)


def _table(sources: Held, name: Key) -> Answer:
    return study.table(sources, name)


def _specifications(
    sources: Held,
    include: Annotated[
        list[str],
        Query(default_factory=list, alias="with", max_length=20, description="Covariates in the model."),
    ],
    exclude: Annotated[
        list[str],
        Query(default_factory=list, alias="without", max_length=20, description="Covariates not in it."),
    ],
    level: Annotated[str, Query(max_length=40, description="homes or authorities.")] = "",
    term: Annotated[str, Query(max_length=60, description="Whose odds ratio.")] = "",
    outcome: Annotated[str, Query(max_length=60, description="Only of this judgement.")] = "",
    sample: Annotated[str, Query(max_length=60, description="Only on this sample.")] = "",
    coding: Annotated[str, Query(max_length=60, description="Only with this coding of Adequate.")] = "",
) -> Answer:
    choice = explore.Choice(level, term, outcome, sample, coding, tuple(include), tuple(exclude))
    return explore.specifications(sources, choice)


def _odds(
    sources: Held,
    outcome: Annotated[
        str, Query(max_length=40, description="overall, protection or leadership.")
    ] = "overall",
    ratio: Annotated[float | None, Query(ge=0.01, le=100, description="An odds ratio of your own.")] = None,
) -> Answer:
    return explore.odds(sources, outcome, ratio)


def _section(sources: Held, key: Key) -> Answer:
    return study.section(sources, key)


def offer(site: Site) -> None:
    """Offer the questions about the study."""
    site.offer("/study", _overview, tag=_TAG, summary="What the study found", parts=())
    site.offer("/study/files", _tables, tag=_TAG, summary="The study's tables", parts=("tables",))
    site.offer("/study/files/{name}", _table, tag=_TAG, summary="A table of the study", parts=("rows",))
    site.offer(
        "/study/specifications",
        _specifications,
        tag=_TAG,
        summary="The specification curve, to explore",
        parts=("curve",),
        template="specifications.html.j2",
    )
    site.offer(
        "/study/odds",
        _odds,
        tag=_TAG,
        summary="Odds ratios as numbers in a hundred",
        parts=("hundred",),
        template="odds.html.j2",
    )
    site.offer("/study/{key}", _section, tag=_TAG, summary="A section of the study's report", parts=())
