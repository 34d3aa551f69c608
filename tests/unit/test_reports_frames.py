"""Frames for the dataset: one row a report, a paragraph required, a recommendation, a finding."""

# ruff: noqa: E501 (what reports print stays on one line)

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ofsight.demo.reports import HomeText, RecommendationText, RequirementText, write_home
from ofsight.harmonise.reports import (
    findings_frame,
    read_reports,
    recommendations_frame,
    reports_frame,
    requirements_frame,
)

pytest.importorskip("reportlab")

TEXT = HomeText(
    requirements=(
        RequirementText(
            ("The registered person must do this.",),
            "(Regulation 12 (1) (2)(a)(i) and Regulation 13 (1)(a))",
            (),
            date(2024, 9, 1),
            "1 September 2024",
            notice=True,
        ),
        RequirementText(("The registered person must do that.",), "(Regulation 44)", (), None, "Immediate"),
    ),
    recommendations=(
        RecommendationText(
            "The registered person should do so. (‘Guide to the Children’s Homes Regulations’, page 15, paragraph 3.9)"
        ),
    ),
)


@pytest.fixture
def frames(tmp_path: Path) -> dict[str, pl.DataFrame]:
    reports, findings = read_reports([write_home(TEXT, tmp_path / "a.pdf")])
    return {
        "reports": reports_frame(reports),
        "requirements": requirements_frame(reports),
        "recommendations": recommendations_frame(reports),
        "findings": findings_frame(findings),
    }


def test_reports_have_one_row_each(frames: dict[str, pl.DataFrame]) -> None:
    row = frames["reports"].row(0, named=True)
    assert (row["urn"], row["inspected_on"], row["overall"]) == ("1234567", date(2024, 7, 11), "Good")
    assert (row["n_requirements"], row["n_recommendations"], row["n_compliance_notices"]) == (2, 1, 1)
    assert len(row["file_sha256"]) == 64


def test_requirements_have_one_row_a_paragraph(frames: dict[str, pl.DataFrame]) -> None:
    columns = ["n", "regulation", "paragraph", "due_on", "compliance_notice"]
    assert frames["requirements"].select(columns).rows() == [
        (1, "12", "(1)", date(2024, 9, 1), True),
        (1, "12", "(2)(a)(i)", date(2024, 9, 1), True),
        (1, "13", "(1)(a)", date(2024, 9, 1), True),
        (2, "44", None, None, False),
    ]
    assert frames["requirements"]["heading"].to_list()[-1] == "Independent person: visits and reports"


def test_recommendations_and_findings(frames: dict[str, pl.DataFrame]) -> None:
    assert frames["recommendations"].select("n", "guide_page", "guide_paragraph", "source").rows() == [
        (1, 15, "3.9", "Guide")
    ]
    assert frames["findings"]["code"].to_list() == ["due-date-unread"]


def test_empty_frames_keep_their_columns() -> None:
    for make in (reports_frame, requirements_frame, recommendations_frame, findings_frame):
        frame = make([])
        assert frame.height == 0
        assert frame.width >= 4
