"""The front page: the finding, the gap by year, what is held."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from ofsight.report.charts.model import Line, LineChart, LinePanel, Series
from ofsight.report.document import (
    Block,
    Figure,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Span,
    Text,
)
from ofsight.report.folder import StudyFolder
from ofsight.report.sections.change import change_section
from ofsight.report.sections.change_checks import say_firmness
from ofsight.report.sections.sources import source_line
from ofsight.report.sections.summary import over_all_years, say_of_hundred, title_of
from ofsight.report.wording import count, day
from ofsight.vocabulary import Sector
from ofsight.web.answer import Answer, Field, Heading, Part, Picture, part_of_table
from ofsight.web.queries.tables import lists_differ
from ofsight.web.sources import Sources

__all__ = ["front_page", "homes_by_sector"]

_SERIES: Final[dict[str, Series]] = {
    Sector.LOCAL_AUTHORITY.value: "one",
    Sector.PRIVATE.value: "two",
    Sector.VOLUNTARY.value: "three",
}


def homes_by_sector(sources: Sources) -> Part:
    """Return homes and places on the last list of each year, by sector, with a chart."""
    snapshots = sources.dataset["home_snapshots"]
    days = (
        snapshots.select("listed_on")
        .unique()
        .filter(pl.col("listed_on").dt.month() == 3)
        .sort("listed_on")["listed_on"]
    )
    frame = (
        snapshots.filter(pl.col("listed_on").is_in(days.implode()))
        .group_by("listed_on", "sector")
        .agg(
            pl.len().alias("n_homes"),
            pl.when(pl.col("places").is_not_null().any()).then(pl.col("places").sum()).alias("n_places"),
            pl.col("places").null_count().alias("n_without_places"),
        )
        .sort("listed_on", "sector")
        .with_columns(pl.col("sector").cast(pl.String), pl.col("listed_on").dt.year().alias("year"))
    )
    return Part(
        "homes-by-sector",
        "Children’s homes and registered places on 31 March, by sector",
        frame,
        (
            Field("listed_on", "List of", "date"),
            Field("year", "Year", "year", shown=False),
            Field("sector", "Sector", "sector", meaning="who runs the home"),
            Field("n_homes", "Homes", "count"),
            Field("n_places", "Places", "count", meaning="registered places, not vacancies", unit="places"),
            Field(
                "n_without_places",
                "Homes without a number of places",
                "count",
                meaning="homes not in n_places",
            ),
        ),
        f"Source: Ofsted, lists of 31 March; newest release: {sources.newest}.",
        note=f"Registered places, not vacancies. Homes of health authorities count as local authority. "
        f"Lists of other days are left out.{lists_differ(sources)}",
        picture=_picture(frame) if frame.height else None,
        folded=True,
    )


def _picture(frame: pl.DataFrame) -> Picture:
    def lines(column: str) -> tuple[Line, ...]:
        return tuple(
            Line(
                Sector(sector).label,
                _SERIES[sector],
                tuple(
                    (int(year), float(n)) for year, n in rows.select("year", column).drop_nulls().iter_rows()
                ),
            )
            for sector in _SERIES
            if (rows := frame.filter(pl.col("sector") == sector)).height
        )

    panels = (LinePanel("Homes", lines("n_homes")), LinePanel("Registered places", lines("n_places")))
    return Picture(
        _finding(frame), "Lines by year for each sector; the numbers are in the table.", LineChart(panels)
    )


def _finding(frame: pl.DataFrame) -> str:
    totals = frame.group_by("year").agg(pl.col("n_homes").sum().alias("all")).sort("year")
    private = frame.filter(pl.col("sector") == Sector.PRIVATE.value)
    joined = totals.join(private, on="year", how="left").with_columns(
        (pl.col("n_homes").fill_null(0) / pl.col("all") * 100).alias("share")
    )
    first, last = joined.row(0, named=True), joined.row(-1, named=True)
    if joined.height < 2:
        return f"{last['share']:.0f}% of children’s homes were for-profit in {last['year']}"
    return (
        f"{first['share']:.0f}% of children’s homes were for-profit in {first['year']}, "
        f"{last['share']:.0f}% in {last['year']}"
    )


def _gap_part(sources: Sources) -> list[Part | Heading]:
    """Return the gap by year as the study's report draws it; nothing without a study that asks for it."""
    if sources.study is None:
        return []
    section = change_section(sources.study)
    blocks: tuple[Block, ...] = () if section is None else section.blocks
    figure = next((b for b in blocks if isinstance(b, Figure) and b.key == "figure-gap-by-year"), None)
    if figure is None:
        return []
    picture = Picture(figure.title, figure.description, figure.chart)
    part = part_of_table(figure.table, source=source_line(sources.study), picture=picture, key="gap-by-year")
    return [Heading("The gap by year", "gap"), part]


def _counts(sources: Sources) -> KeyFigures:
    data = sources.dataset
    snapshots = data["home_snapshots"]
    newest = snapshots["listed_on"].max()
    listed = snapshots.filter(pl.col("listed_on") == newest)
    full = data["inspections"].filter(pl.col("overall").is_not_null()).height
    return KeyFigures(
        (
            KeyFigure(count(listed.height), "homes on the newest list", day(newest)),
            KeyFigure(count(int(listed["places"].sum())), "registered places", "not vacancies"),
            KeyFigure(
                count(full), "graded inspections", f"of {count(data['inspections'].height)} of any kind"
            ),
            KeyFigure(count(data["authority_inspections"].height), "inspections of local authorities"),
        )
    )


def _firmness(study: StudyFolder) -> list[Paragraph]:
    """Return how firm the change in the heading is, as the study says it; its link leads to the checks."""
    said = say_firmness(study)
    if not said:
        return []
    words = said if isinstance(said, tuple) else (said,)
    linked = tuple(
        replace(word, link=f"/study/change{word.link}")
        if isinstance(word, Span) and word.link and word.link.startswith("#")
        else word
        for word in words
    )
    return [Paragraph(linked)]


def front_page(sources: Sources) -> Answer:
    """Answer what the explorer is about: the finding in a sentence, the gap by year, what is held."""
    study = sources.study
    title, lead = "Children’s homes in England", ""
    cautions: tuple[str, ...] = ()
    before: list[Paragraph] = []
    if study is not None:
        title = title_of(study)
        lead = over_all_years(study, said) if (said := say_of_hundred(study)) else ""
        cautions = study.listed("cautions")
        words: Text = (
            "In brackets 95% intervals. ",
            Span("How this was found, and what it does not mean", link="/study"),
            ".",
        )
        before = [Paragraph(words), *_firmness(study)]
    elif sources.study_problem:
        before = [Paragraph(f"No finding is shown. {sources.study_problem}")]
    return Answer(
        address="/",
        title=title,
        lead=lead,
        body=(
            *before,
            _counts(sources),
            *_gap_part(sources),
            Heading("Who runs the homes", "homes"),
            homes_by_sector(sources),
        ),
        cautions=cautions,
        description="Who runs England’s children’s homes, how inspectors judge them, and what follows.",
    )
