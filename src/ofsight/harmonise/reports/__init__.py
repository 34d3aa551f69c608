"""Inspection-report PDFs: judgements, requirements, recommendations, and no person's name.

`read_report` reads one, `read_reports` many; the ``*_frame`` functions make tidy tables of them.
"""

from ofsight.harmonise.reports.checks import CODES
from ofsight.harmonise.reports.frames import (
    findings_frame,
    recommendations_frame,
    reports_frame,
    requirements_frame,
)
from ofsight.harmonise.reports.model import (
    Citation,
    Finding,
    HistoryRow,
    Judgement,
    Recommendation,
    Report,
    Requirement,
)
from ofsight.harmonise.reports.read import find_reports, name_files, read_report, read_reports

__all__ = [
    "CODES",
    "Citation",
    "Finding",
    "HistoryRow",
    "Judgement",
    "Recommendation",
    "Report",
    "Requirement",
    "find_reports",
    "findings_frame",
    "name_files",
    "read_report",
    "read_reports",
    "recommendations_frame",
    "reports_frame",
    "requirements_frame",
]
