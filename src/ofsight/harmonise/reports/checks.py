"""What a report says twice must agree, and what it cites must exist: a breach is a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from ofsight.harmonise.reports.layout import footer_urns, plain
from ofsight.harmonise.reports.model import Finding, Report
from ofsight.harmonise.reports.pages import Document
from ofsight.harmonise.reports.statute import guide_page, has_paragraph, regulation_exists
from ofsight.vocabulary import Framework, Grade, InspectionType

__all__ = ["CODES", "check"]

CODES = {
    "building-removed": "The name of one of a home's buildings stood after a citation and was removed.",
    "concerns-unread": "An assurance inspection without a statement on serious or widespread concerns.",
    "copyright-year-differs": "The copyright year is not the year of publication.",
    "dates-missing": "No inspection date could be read.",
    "dates-order": "Two dates stand in an order that cannot be.",
    "due-date-odd": "A due date before the inspection or more than two years after it.",
    "due-date-unread": "A requirement without a due date that is a day.",
    "effectiveness-unread": "An interim inspection without its judgement.",
    "file-unread": "The file could not be read at all; the message says why.",
    "file-repeated": "The same bytes under two names; counted once.",
    "grade-missing": "A full inspection without one of its judgements.",
    "grades-differ": "The front table and the heading of the narrative give different grades.",
    "guide-page-differs": "A paragraph of the Guide stands on another page than the one cited.",
    "guide-paragraph-unknown": "The Guide has no paragraph of that number.",
    "history-order": "The rows of the inspection history are not in order, newest first, all before this "
    "one.",
    "last-inspection-differs": "The last inspection named on the front is not the first row of the history.",
    "limiting-judgement": "An overall grade that the framework does not allow beside the others.",
    "paragraph-unknown": "The regulation cited has no such paragraph.",
    "regulation-set-differs": "The section speaks of other Regulations than those in force on the day.",
    "regulation-unknown": "There is no regulation of that number.",
    "requirement-uncited": "A requirement without a regulation.",
    "requirements-unread": "A heading of requirements without a row that could be read.",
    "sentence-differs": "The standard sentence belongs to another overall grade.",
    "type-missing": "The kind of inspection could not be read.",
    "urn-differs": "The running foot gives another unique reference number than the first page.",
    "urn-missing": "No unique reference number could be read.",
    "authority-missing": "No local authority could be read.",
}
"""Every code of finding and what it means."""

_SENTENCES = (
    (Grade.OUTSTANDING, r"provides highly effective services that consistently exceed the standards of good"),
    (Grade.GOOD, r"provides effective services that meet the requirements for good"),
    (
        Grade.REQUIRES_IMPROVEMENT,
        r"not yet delivering good help and care|not yet delivering good help, protection",
    ),
    (Grade.INADEQUATE, r"serious and/?(?:or)? ?widespread failures that mean children"),
)
_RANK = {grade.value: rank for rank, grade in enumerate(Grade)}


def check(report: Report, document: Document) -> tuple[Finding, ...]:
    """Return the report's findings, those of the reading first."""
    found = list(report.findings)
    if report.kind == "home":
        found += [
            *_home_missing(report),
            *_reference_numbers(report, document),
            *_sentence(report, document),
            *_limits(report),
            *_history(report),
        ]
    elif report.authority is None:
        found.append(Finding("authority-missing", CODES["authority-missing"], 1))
    if report.inspected_on is None:
        found.append(Finding("dates-missing", CODES["dates-missing"], 1))
    found += [*_grades(report), *_dates(report), *_citations(report)]
    return tuple(dict.fromkeys(finding._replace(file=report.file) for finding in found))


def _home_missing(report: Report) -> Iterator[Finding]:
    if report.urn is None:
        yield Finding("urn-missing", CODES["urn-missing"], 1)
    if report.inspection_type is None:
        yield Finding("type-missing", CODES["type-missing"], 1)
    if report.inspection_type == InspectionType.FULL:
        for name in ("overall", "protection", "leadership"):
            if getattr(report, name) is None:
                yield Finding("grade-missing", f"A full inspection without the judgement '{name}'.", 1)
    if report.inspection_type == InspectionType.INTERIM and report.interim_judgement is None:
        yield Finding("effectiveness-unread", CODES["effectiveness-unread"], 1)
    if report.inspection_type == InspectionType.ASSURANCE and report.assurance_outcome is None:
        yield Finding("concerns-unread", CODES["concerns-unread"], 1)


def _reference_numbers(report: Report, document: Document) -> Iterator[Finding]:
    for urn in sorted(footer_urns(document)):
        if report.urn and urn != report.urn:
            yield Finding("urn-differs", f"The running foot says {urn}, the first page {report.urn}.", 1)


def _grades(report: Report) -> Iterator[Finding]:
    front = {j.domain: j for j in report.judgements if j.place == "front"}
    for judgement in report.judgements:
        first = front.get(judgement.domain)
        if judgement.place == "heading" and first and first.grade != judgement.grade:
            yield Finding(
                "grades-differ",
                f"{judgement.domain}: '{first.as_published}' on the front, '{judgement.as_published}' in "
                f"the heading.",
                judgement.page,
            )


def _sentence(report: Report, document: Document) -> Iterator[Finding]:
    if report.overall is None or not report.judgements:
        return
    words = plain(" ".join(line.text for page in document.pages[:2] for line in page.lines))
    for grade, pattern in _SENTENCES:
        if re.search(pattern, words, re.IGNORECASE) and grade != report.overall:
            yield Finding(
                "sentence-differs",
                f"The standard sentence is that of '{grade.value}', the overall grade '{report.overall}'.",
                report.judgements[0].page,
            )


def _limits(report: Report) -> Iterator[Finding]:
    if report.framework not in (Framework.SCCIF, Framework.APRIL_2015) or report.overall is None:
        return
    inadequate = Grade.INADEQUATE.value
    if report.protection == inadequate and report.overall != inadequate:
        yield Finding("limiting-judgement", f"Protection is inadequate, overall '{report.overall}'.", 1)
    if report.leadership == inadequate and _RANK[report.overall] > _RANK[Grade.REQUIRES_IMPROVEMENT.value]:
        yield Finding("limiting-judgement", f"Leadership is inadequate, overall '{report.overall}'.", 1)


def _history(report: Report) -> Iterator[Finding]:
    days = [row.inspected_on for row in report.history if row.inspected_on]
    if days != sorted(days, reverse=True) or (
        report.inspected_on and any(d >= report.inspected_on for d in days)
    ):
        yield Finding("history-order", CODES["history-order"])
    if not report.history or report.last_inspected_on is None or not days:
        return
    if report.last_inspected_on not in days:
        yield Finding(
            "last-inspection-differs",
            f"The front says {report.last_inspected_on}, the history begins with {days[0]}.",
        )
    same = [row for row in report.history if row.inspected_on == report.last_inspected_on]
    for row in same:
        if (
            row.judgement
            and report.last_overall
            and row.judgement in _RANK
            and row.judgement != report.last_overall
        ):
            yield Finding(
                "last-inspection-differs",
                f"The last judgement is '{report.last_overall}' on the front, '{row.judgement}' in the "
                f"history.",
            )


def _dates(report: Report) -> Iterator[Finding]:
    first, last = report.inspected_on, report.inspected_to
    order: Sequence[tuple[str, date | None, str, date | None]] = (
        ("the first day", first, "the last day", last),
        ("the last inspection", report.last_inspected_on, "this inspection", first),
        ("the inspection", last, "publication", report.published_on),
    )
    for name, before, other, after in order:
        if before and after and before > after:
            yield Finding("dates-order", f"{name} ({before}) comes after {other} ({after}).", 1)
    if first and last and last - first > timedelta(days=60):
        yield Finding("dates-order", f"The inspection lasts {(last - first).days + 1} days.", 1)
    published = report.published_on
    if published and report.copyright_year and published.year != report.copyright_year:
        yield Finding(
            "copyright-year-differs", f"Published on {published}, Crown copyright {report.copyright_year}."
        )
    for requirement in report.requirements:
        due = requirement.due_on
        if due and first and not timedelta(0) <= due - first <= timedelta(days=731):
            yield Finding("due-date-odd", f"Due on {due}, inspected on {first}.", requirement.page)


def _citations(report: Report) -> Iterator[Finding]:
    for requirement in report.requirements:
        for citation in requirement.regulations:
            number, statute = citation.regulation, requirement.regulation_set
            if not regulation_exists(number, statute):
                yield Finding(
                    "regulation-unknown",
                    f"The Regulations {statute} have no number {number}.",
                    requirement.page,
                )
            elif statute == "2015":
                for path in citation.paragraphs:
                    if has_paragraph(number, path) is False:
                        yield Finding(
                            "paragraph-unknown",
                            f"Regulation {number} has no paragraph {path}.",
                            requirement.page,
                        )
    for recommendation in report.recommendations:
        paragraph, page = recommendation.guide_paragraph, recommendation.guide_page
        if paragraph is None or recommendation.source != "Guide":
            continue
        printed = guide_page(paragraph)
        if printed is None:
            yield Finding(
                "guide-paragraph-unknown", f"The Guide has no paragraph {paragraph}.", recommendation.page
            )
        elif page is not None and page != printed:
            yield Finding(
                "guide-page-differs",
                f"Paragraph {paragraph} stands on page {printed} of the Guide, not {page}.",
                recommendation.page,
            )
