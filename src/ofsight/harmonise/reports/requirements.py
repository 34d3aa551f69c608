"""From the rows and items of the improvement section to requirements and recommendations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from ofsight.harmonise.reports.citations import (
    read_citations,
    read_guide,
    read_standards,
    regulation_in_column,
)
from ofsight.harmonise.reports.days import read_day
from ofsight.harmonise.reports.improvement import Row, list_items, table_rows
from ofsight.harmonise.reports.layout import join_lines, plain
from ofsight.harmonise.reports.model import (
    Citation,
    Finding,
    Recommendation,
    RegulationSet,
    Requirement,
    SectionState,
)
from ofsight.harmonise.reports.pages import Document, Line
from ofsight.harmonise.reports.privacy import Names
from ofsight.harmonise.reports.statute import has_paragraph, regulation_set_on, standard_number

__all__ = ["Improvement", "read_improvement"]

_STATUTORY = re.compile(r"^(?:Statutory [Rr]equirements?|Requirements):?$")
_RECOMMENDED = re.compile(r"^(?:Further r|Good practice r|R)ecommendations?:?$")
_NONE = re.compile(
    r"\b(?:no|not any) (?:statutory )?(?:requirements?|recommendations?)\b[^.]{0,60}"
    r"\b(?:made|raised|set|identified)",
    re.IGNORECASE,
)
# Headings begin with a capital and stand alone: a line within a requirement may begin with the same words.
_ENDS = re.compile(
    r"^(?:Information about this (?:inspection|(?:secure )?children'?s home|service|home|visit)$"
    r"|(?:Secure c|C)hildren'?s home details|The inspection judgements and what|Full report$"
    r"|What (?:the )?inspection judgements? means?|What does the .{0,30}home need to do"
    r"|What must be done to"
    r"|Findings from the (?:visit|inspection)$|Summary of (?:key )?findings"
    r"|Progress since the last inspection$"
    r"|(?:Inspection judgements?|About this inspection|Inspectors?:?|(?:Recent i|I)nspection history"
    r"|Service information|Areas for improvement|Overall effectiveness|Th(?:is|e) monitoring visit"
    r"|Outcomes for children and young people)$|The Office for Standards)"
)
# A note below the table: with the mark it explains, or in the plural without one.
_NOTICE = re.compile(
    r"\s*(?:\*+\s*(?:note:?\s*)?(?:this|these|the above|requirements?)|(?:these|the above) requirements)\b"
    r"[^*]{0,80}?\bcompliance notices?\b[^*]{0,40}?(?:\.|$)",
    re.IGNORECASE,
)
_NOTICE_SAID = re.compile(r"subject (?:to|of) (?:a |the )?compliance notices?", re.IGNORECASE)
# A citation that lost its brackets, at the end or in front of the text.
_BARE = re.compile(
    r"(?:^|[.;]\s+)(regulations? \d{1,2}[A-Z]?\b(?:\s*\([\w]+\)|\s+and\s+\d{1,2}|,)*)\s*(?:[.:*-]|$)", re.I
)
_BUILDING = re.compile(r"(?<=\))\s*\(([A-Z][^()]{1,60})\)\s*\.?$")


@dataclass(slots=True)
class Improvement:
    """What the section says."""

    state: SectionState = "absent"
    requirements: tuple[Requirement, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    findings: list[Finding] = field(default_factory=list)


def read_improvement(
    document: Document, lines: Sequence[Line], names: Names, inspected_on: date | None
) -> Improvement:
    """Read requirements and recommendations of a home's report."""
    found = Improvement()
    tables, lists, intro = _parts(lines)
    statute = _regulation_set(intro, inspected_on, found)
    for table in tables:
        rows = table_rows(table, document.pages)
        marked = _marks(rows, join_lines(table))
        made = [
            _requirement(row, notice, statute, names, found) for row, notice in zip(rows, marked, strict=True)
        ]
        found.requirements += tuple(r for r in made if r not in found.requirements)
        if not rows and not _NONE.search(plain(join_lines(table))):
            page = table[0].page if table else None
            found.findings.append(
                Finding(
                    "requirements-unread", "A heading of requirements without a row that could be read.", page
                )
            )
    seen: set[str] = set()
    for part in lists:
        for item in list_items(part):
            if _NONE.search(plain(item.text)) or item.text in seen:
                continue
            seen.add(item.text)
            page, paragraph, source = read_guide(item.text)
            text = names.remove(_without_building(item.text, item.page, found))
            found.recommendations += (Recommendation(text, page, paragraph, source, item.page),)
    if found.requirements or found.recommendations:
        found.state = "listed"
    elif _NONE.search(plain(join_lines(lines))):
        found.state = "none stated"
    return found


def _parts(lines: Sequence[Line]) -> tuple[list[list[Line]], list[list[Line]], str]:
    """Return the tables' lines, the lists' lines and the words that introduce them."""
    tables: list[list[Line]] = []
    lists: list[list[Line]] = []
    current: list[Line] | None = None
    for line in lines:
        words = plain(line.text).strip()
        if _STATUTORY.match(words) and not (current and tables and current is tables[-1] and not current):
            tables.append(current := [])
        elif _RECOMMENDED.match(words):
            lists.append(current := [])
        elif _ENDS.match(words):
            current = None
        elif current is not None:
            current.append(line)
    intro = " ".join(plain(join_lines(part[:6])) for part in tables)
    return tables, lists, intro


def _regulation_set(intro: str, inspected_on: date | None, found: Improvement) -> RegulationSet:
    by_date = regulation_set_on(inspected_on)
    said: RegulationSet | None = None
    if re.search(r"\(England\) Regulations 2015|Regulations,? 2015", intro, re.IGNORECASE):
        said = "2015"
    elif re.search(r"Regulations,? 2001|as amended\) 2001|\(2001\)", intro, re.IGNORECASE):
        said = "2001"
    if said and said != by_date:
        found.findings.append(
            Finding(
                "regulation-set-differs",
                f"The section speaks of the Regulations {said}; on the day of the inspection those of "
                f"{by_date} "
                "were in force.",
            )
        )
    return said or by_date


def _marks(rows: Sequence[Row], whole: str) -> list[bool | None]:
    said = bool(_NOTICE_SAID.search(plain(whole)))
    marks: list[bool | None] = []
    for row in rows:
        text = _NOTICE.sub("", plain(row.text)).strip()
        starred = text.startswith("*") or text.endswith("*") or "*" in row.due or row.number.endswith("*")
        starred = starred or bool(re.search(r"\)\s*\*", text))
        marks.append(starred or bool(_NOTICE_SAID.search(text)))
    if not any(marks):
        # A note in the plural without any mark speaks of the whole table.
        return [True if said else None] * len(rows)
    return marks


def _requirement(
    row: Row, notice: bool | None, statute: RegulationSet, names: Names, found: Improvement
) -> Requirement:
    text = _without_notice(row.text)
    text = _without_building(text, row.page, found)
    citations = read_citations(text, has_paragraph if statute == "2015" else lambda _n, _p: None)
    column = regulation_in_column(row.number) if row.number else None
    if column and column.regulation not in {c.regulation for c in citations}:
        citations = (column, *citations)
    if not citations:
        citations = tuple(Citation(standard) for standard in read_standards(text))
    if not citations and (bare := _BARE.search(plain(text))):
        citations = read_citations(f"({bare[1]})")
    if not citations and (number := standard_number(text)):
        citations = (Citation(number),)
    own_set: RegulationSet = statute
    if citations and all(c.regulation.startswith("NMS") for c in citations):
        own_set = "NMS"
    elif "2001" in row.number:
        own_set = "2001"
    if not citations:
        found.findings.append(Finding("requirement-uncited", "A requirement cites no regulation.", row.page))
    due_on = read_day(row.due)
    if due_on is None:
        said = f"says '{row.due}'" if row.due else "is empty"
        found.findings.append(Finding("due-date-unread", f"The due date of a requirement {said}.", row.page))
    return Requirement(citations, own_set, names.remove(text), due_on, row.due.strip("* "), notice, row.page)


def _without_notice(text: str) -> str:
    even = plain(text)
    if cut := _NOTICE.search(even):
        text = text[: cut.start()] + text[cut.end() :]
    return re.sub(r"(?<=\))\s*\*+", "", text.strip().strip("*")).strip()


def _without_building(text: str, page: int, found: Improvement) -> str:
    # The name of one of a home's buildings after the citation: a place nobody should find here.
    cut = _BUILDING.search(text)
    if cut is None or re.match(r"(?:Reg|NMS|Guide|The |Statutory|Working|Standard|page)", cut[1]):
        return text
    found.findings.append(Finding("building-removed", "The name of a building was removed.", page))
    return text[: cut.start()].rstrip()
