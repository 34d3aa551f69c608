"""Reports as tidy frames: one row a report, a requirement and regulation, a recommendation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from ofsight.harmonise.reports.model import Finding, Report
from ofsight.harmonise.reports.statute import heading

__all__ = ["findings_frame", "recommendations_frame", "reports_frame", "requirements_frame"]

_KEY: dict[str, Any] = {
    "kind": pl.String,
    "urn": pl.String,
    "authority": pl.String,
    "inspected_on": pl.Date,
}
_FILE: dict[str, Any] = {"page": pl.Int32, "file": pl.String, "file_sha256": pl.String}
_REPORT: dict[str, Any] = _KEY | {
    "inspected_to": pl.Date,
    "published_on": pl.Date,
    "published_on_basis": pl.String,
    "inspection_type": pl.String,
    "inspection_type_as_published": pl.String,
    "framework": pl.String,
    "provider": pl.String,
    "provision_type": pl.String,
    "overall": pl.String,
    "overall_as_published": pl.String,
    "protection": pl.String,
    "protection_as_published": pl.String,
    "leadership": pl.String,
    "leadership_as_published": pl.String,
    "interim_judgement": pl.String,
    "assurance_outcome": pl.String,
    "care": pl.String,
    "care_leavers": pl.String,
    "care_and_care_leavers": pl.String,
    "permanence": pl.String,
    "adoption": pl.String,
    "safeguarding_board": pl.String,
    "last_inspected_on": pl.Date,
    "last_overall": pl.String,
    "enforcement": pl.String,
    "improvement_section": pl.String,
    "n_requirements": pl.Int32,
    "n_recommendations": pl.Int32,
    "n_compliance_notices": pl.Int32,
    "n_pages": pl.Int32,
    "file": pl.String,
    "file_sha256": pl.String,
}
_REQUIREMENT: dict[str, Any] = (
    _KEY
    | {
        "n": pl.Int32,
        "regulation_set": pl.String,
        "regulation": pl.String,
        "heading": pl.String,
        "paragraph": pl.String,
        "text": pl.String,
        "due_on": pl.Date,
        "due_as_published": pl.String,
        "compliance_notice": pl.Boolean,
    }
    | _FILE
)
_RECOMMENDATION: dict[str, Any] = (
    _KEY
    | {
        "n": pl.Int32,
        "text": pl.String,
        "guide_page": pl.Int32,
        "guide_paragraph": pl.String,
        "source": pl.String,
    }
    | _FILE
)
_FINDING: dict[str, Any] = {"code": pl.String, "message": pl.String, "page": pl.Int32, "file": pl.String}


def _key(report: Report) -> dict[str, Any]:
    return {
        "kind": report.kind,
        "urn": report.urn,
        "authority": report.authority,
        "inspected_on": report.inspected_on,
    }


def _frame(rows: Sequence[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")


def reports_frame(reports: Iterable[Report]) -> pl.DataFrame:
    """Return one row a report. Homes are keyed by ``urn`` and ``inspected_on``, the first day."""
    rows = []
    for report in reports:
        row = {name: getattr(report, name, None) for name in _REPORT}
        for domain in (
            "care",
            "care leavers",
            "care and care leavers",
            "permanence",
            "adoption",
            "safeguarding board",
        ):
            row[domain.replace(" ", "_")] = report.grade(domain)
        row |= {
            "n_requirements": len(report.requirements),
            "n_recommendations": len(report.recommendations),
            "n_compliance_notices": sum(r.compliance_notice is True for r in report.requirements),
            "file_sha256": report.sha256,
        }
        rows.append(row)
    return _frame(rows, _REPORT)


def requirements_frame(reports: Iterable[Report]) -> pl.DataFrame:
    """Return one row a requirement, regulation and paragraph cited.

    ``n`` counts the requirements of a report from 1: count requirements by ``n``, not by rows. A citation of
    a whole regulation has an empty ``paragraph``; a requirement that cites nothing has one row with empty
    ``regulation``.
    """
    rows = []
    for report in reports:
        for n, requirement in enumerate(report.requirements, start=1):
            common = _key(report) | {
                "n": n,
                "regulation_set": requirement.regulation_set,
                "text": requirement.text,
                "due_on": requirement.due_on,
                "due_as_published": requirement.due_as_published,
                "compliance_notice": requirement.compliance_notice,
                "page": requirement.page,
                "file": report.file,
                "file_sha256": report.sha256,
            }
            cited: list[tuple[str | None, str | None]] = [
                (c.regulation, p) for c in requirement.regulations for p in (c.paragraphs or (None,))
            ]
            for number, paragraph in cited or [(None, None)]:
                title = heading(number, requirement.regulation_set) if number else None
                rows.append(common | {"regulation": number, "heading": title, "paragraph": paragraph})
    return _frame(rows, _REQUIREMENT)


def recommendations_frame(reports: Iterable[Report]) -> pl.DataFrame:
    """Return one row a recommendation; ``n`` counts within the report from 1."""
    rows = [
        _key(report)
        | {
            "n": n,
            "text": item.text,
            "guide_page": item.guide_page,
            "guide_paragraph": item.guide_paragraph,
            "source": item.source,
            "page": item.page,
            "file": report.file,
            "file_sha256": report.sha256,
        }
        for report in reports
        for n, item in enumerate(report.recommendations, start=1)
    ]
    return _frame(rows, _RECOMMENDATION)


def findings_frame(findings: Iterable[Finding]) -> pl.DataFrame:
    """Return one row a finding: code, message, page, file."""
    return _frame([finding._asdict() for finding in findings], _FINDING)
