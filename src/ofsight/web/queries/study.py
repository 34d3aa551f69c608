"""What the study found: its sections as the report has them, its tables as the study wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

import polars as pl

from ofsight.report.content import make_document
from ofsight.report.document import Bullets, Document, Paragraph, Section, Span, Text
from ofsight.report.folder import StudyFolder, number
from ofsight.report.sections.sources import source_line
from ofsight.web.answer import Answer, Crumb, Field, Heading, Part, parts_of_section
from ofsight.web.problems import Refusal
from ofsight.web.sources import Sources

__all__ = ["STUDY", "overview", "raw_tables", "section", "study_of", "table"]

STUDY: Final = Crumb("Study", "/study")

_WHAT: Final[Mapping[str, str]] = {
    "ledger": "Every published number beside ours, with a verdict",
    "ledger_summary": "Verdicts counted by table",
    "table1": "Inspections by grade and sector",
    "table2": "Cumulative link mixed models of judgements",
    "table3": "Requirements and recommendations per inspection",
    "table4": "Models of local authorities",
    "table4_curve": "Specification curve of the models of local authorities",
    "figure1": "Inspections and homes by year and sector",
    "probabilities": "Probability of each grade by sector",
    "gaps": "Gaps between sectors by year, before and after the pause, and by visit",
    "gap_tests": "Tests of whether the gaps changed",
    "group_performance": "Groups against what like homes would get",
}


def study_of(sources: Sources) -> StudyFolder:
    """Return the study.

    Raises
    ------
    Refusal
        404 when there is none.
    """
    if sources.study is None:
        raise Refusal(404, f"There are no study results to show. {sources.study_problem}")
    return sources.study


def _document(sources: Sources) -> Document:
    """Return the study's report with its links leading to pages, made once."""
    study = study_of(sources)

    def make() -> Document:
        found = make_document(study)
        where = {
            inner.key: f"/study/{top.key}{'' if inner is top else f'#{inner.key}'}"
            for top in found.sections
            for inner in top.walk()
        }
        return replace(found, sections=tuple(_relink(top, where) for top in found.sections))

    return sources.once("study document", make)


def _relink(value: Any, where: Mapping[str, str]) -> Any:
    """Return a block with its links to sections made links to the pages of these sections."""
    if isinstance(value, Span):
        link = value.link or ""
        return replace(value, link=where.get(link[1:], "/study")) if link.startswith("#") else value
    if isinstance(value, tuple):
        return tuple(_relink(item, where) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {one.name: _relink(getattr(value, one.name), where) for one in fields(value)}
        if any(changed[name] is not getattr(value, name) for name in changed):
            return replace(value, **changed)
    return value


def _titles(sources: Sources) -> list[tuple[str, str]]:
    return [(top.title, f"/study/{top.key}") for top in _document(sources).sections]


def _warnings(sources: Sources) -> tuple[Text, ...]:
    if sources.study_fits is False:
        return (
            "The study was run on another build of the dataset than the one shown on the other pages: its "
            "numbers may differ a little from theirs.",
        )
    return ()


def overview(sources: Sources) -> Answer:
    """Answer what the study found, and where each of its tables is."""
    study, document = study_of(sources), _document(sources)
    source = source_line(study)
    body = list(parts_of_section(document.sections[0], source))
    lead = next((b.text for b in body if isinstance(b, Paragraph) and b.role == "lead"), "")
    body = [block for block in body if not (isinstance(block, Paragraph) and block.role == "lead")]
    links: tuple[Text, ...] = tuple((Span(title, link=address),) for title, address in _titles(sources)[1:])
    held = {
        "/study/specifications": ("specifications", "table4_curve"),
        "/study/odds": ("table1",),
    }
    tools: tuple[Text, ...] = (
        *(
            (Span(title, link=address),)
            for title, address in (
                ("The specification curve, to explore", "/study/specifications"),
                ("Odds ratios as numbers in a hundred", "/study/odds"),
            )
            if any(study.rows(name) for name in held[address])
        ),
        (Span("Every table of the study, for programs", link="/study/files"),),
    )
    return Answer(
        address="/study",
        title=document.title,
        lead=lead,
        body=(
            *body,
            Heading("All results", "results"),
            Bullets(links),
            Heading("To explore", "explore"),
            Bullets(tools),
            Paragraph(source, "small"),
        ),
        cautions=_warnings(sources),
        trail=(),
        description=document.title,
    )


def section(sources: Sources, key: str) -> Answer:
    """Answer what one section of the study's report says."""
    study = study_of(sources)
    found = next((top for top in _document(sources).sections if top.key == key), None)
    if found is None:
        raise Refusal(404, f"The study has no section '{key[:80]}'.", _titles(sources))
    source = source_line(study)
    return Answer(
        address=f"/study/{found.key}",
        title=found.title,
        body=tuple(parts_of_section(found, source)),
        cautions=(*_warnings(sources), *_cautions(study, found)),
        trail=(STUDY,),
        description=f"{found.title}: {study.words('title')}",
    )


def _cautions(study: StudyFolder, found: Section) -> tuple[Text, ...]:
    """Return the study's cautions, unless the section has its own note of them."""
    noted = any(type(block).__name__ == "Note" for inner in found.walk() for block in inner.blocks)
    return () if noted else study.listed("cautions")


def _typed(rows: Sequence[Mapping[str, str]]) -> pl.DataFrame:
    """Return rows of text as a frame whose columns are numbers where every cell is one, or empty."""
    names = list(rows[0]) if rows else []
    frame = pl.DataFrame(
        {name: [row.get(name) or None for row in rows] for name in names},
        schema_overrides=dict.fromkeys(names, pl.String),
    )
    changed = []
    for name in names:
        values = frame[name].drop_nulls()
        if values.len() and all(number(value) is not None and "," not in value for value in values):
            whole = all(value.lstrip("-").isdecimal() for value in values)
            changed.append(pl.col(name).cast(pl.Int64 if whole else pl.Float64))
    return frame.with_columns(changed)


def _raw_part(name: str, rows: Sequence[Mapping[str, str]], source: str) -> Part:
    frame = _typed(rows)
    shown = tuple(
        Field(
            column,
            column,
            "year"
            if column == "year"
            else "number"
            if kind == pl.Float64
            else "count"
            if kind == pl.Int64
            else "text",
            places=3,
        )
        for column, kind in frame.schema.items()
    )
    return Part(
        name, f"{_WHAT.get(name, name.replace('_', ' ').capitalize())} ({name})", frame, shown, source
    )


def raw_tables(sources: Sources) -> Answer:
    """Answer which tables the study wrote."""
    study = study_of(sources)
    rows = [
        {"table": name, "what": _WHAT.get(name, name.replace("_", " ").capitalize()), "n_rows": len(found)}
        for name, found in sorted(study.tables.items())
    ]
    listed = Part(
        "tables",
        "Tables of the study",
        pl.DataFrame(rows, schema={"table": pl.String, "what": pl.String, "n_rows": pl.Int64}),
        (
            Field("table", "Table", link="/study/files/{table}"),
            Field("what", "What it holds"),
            Field("n_rows", "Rows", "count"),
        ),
        source_line(study),
    )
    return Answer(
        "/study/files",
        "Every table of the study",
        (listed,),
        lead="The tables as the study wrote them, with every digit.",
        cautions=study.listed("cautions"),
        trail=(STUDY,),
    )


def table(sources: Sources, name: str) -> Answer:
    """Answer with one table as the study wrote it."""
    study = study_of(sources)
    if name not in study.tables:
        near = [(known, f"/study/files/{known}") for known in sorted(study.tables)]
        raise Refusal(404, f"The study has no table '{name[:80]}'.", near)
    part = sources.once(
        f"study table {name}", lambda: _raw_part(name, study.tables[name], source_line(study))
    )
    return Answer(
        f"/study/files/{name}",
        part.title,
        (replace(part, key="rows"),),
        cautions=study.listed("cautions"),
        trail=(STUDY, Crumb("Every table", "/study/files")),
    )
