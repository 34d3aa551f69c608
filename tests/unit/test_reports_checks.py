"""Each disagreement within a report is a finding of its own code, and only then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ofsight.demo.reports import HistoryText, HomeText, RecommendationText, RequirementText, write_home
from ofsight.harmonise.reports import CODES, Report, read_report
from ofsight.vocabulary import Grade, InspectionType

pytest.importorskip("reportlab")

NEED = RequirementText(
    ("The registered person must ensure that plans are followed.",),
    "(Regulation 12 (2)(a)(i))",
    (("12", ("(2)(a)(i)",)),),
    date(2024, 9, 1),
    "1 September 2024",
)
ADVICE = RecommendationText(
    "The registered person should do so. (‘Guide to the Children’s Homes Regulations, including the quality "
    "standards’, page 15, paragraph 3.9)"
)
PLAIN = HomeText(
    requirements=(NEED,), recommendations=(ADVICE,), history=(HistoryText(date(2023, 8, 8), "Full", "Good"),)
)


def advice(where: str) -> RecommendationText:
    return replace(ADVICE, text=ADVICE.text.replace("page 15, paragraph 3.9", where))


CASES: dict[str, HomeText] = {
    "grades-differ": replace(PLAIN, headings=("Good", "Outstanding", "Good")),
    "sentence-differs": replace(PLAIN, sentence=Grade.INADEQUATE),
    "limiting-judgement": replace(PLAIN, protection="Inadequate"),
    "history-order": replace(
        PLAIN,
        history=(
            HistoryText(date(2022, 8, 8), "Full", "Good"),
            HistoryText(date(2023, 8, 8), "Full", "Good"),
        ),
    ),
    "last-inspection-differs": replace(PLAIN, last_on=date(2023, 8, 9)),
    "dates-order": replace(PLAIN, last_on=date(2024, 12, 1), history=()),
    "due-date-odd": replace(PLAIN, requirements=(replace(NEED, due_said="1 September 2014"),)),
    "due-date-unread": replace(PLAIN, requirements=(replace(NEED, due_said="Immediate"),)),
    "regulation-unknown": replace(PLAIN, requirements=(replace(NEED, citation="(Regulation 77 (1))"),)),
    "paragraph-unknown": replace(PLAIN, requirements=(replace(NEED, citation="(Regulation 12 (5))"),)),
    "requirement-uncited": replace(PLAIN, requirements=(replace(NEED, citation="(as agreed)"),)),
    "guide-page-differs": replace(PLAIN, recommendations=(advice("page 16, paragraph 3.9"),)),
    "guide-paragraph-unknown": replace(PLAIN, recommendations=(advice("page 61, paragraph 14.1"),)),
    "urn-differs": replace(PLAIN, foot_urn="7654321"),
    "building-removed": replace(
        PLAIN, requirements=(replace(NEED, citation=NEED.citation + " (Rook House)"),)
    ),
    "regulation-set-differs": replace(
        PLAIN, first=date(2015, 3, 2), last=date(2015, 3, 3), last_on=None, history=(), requirements=(NEED,)
    ),
    "effectiveness-unread": replace(
        PLAIN, kind=InspectionType.INTERIM, overall=None, protection=None, leadership=None
    ),
    "dates-missing": replace(PLAIN, span_said="to be agreed", history=(), last_on=None),
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[[HomeText], Report]:
    return lambda text: read_report(write_home(text, tmp_path / "report.pdf"))


def test_a_report_that_agrees_with_itself_has_no_finding(read: Callable[[HomeText], Report]) -> None:
    assert read(PLAIN).findings == ()


@pytest.mark.parametrize("code", CASES)
def test_each_breach_is_found(code: str, read: Callable[[HomeText], Report]) -> None:
    found = read(CASES[code]).findings
    assert code in {f.code for f in found}
    assert {f.code for f in found} <= set(CODES)
    assert all(f.file == "report.pdf" and f.message.endswith(".") for f in found)


def test_the_name_of_a_building_is_not_kept(read: Callable[[HomeText], Report]) -> None:
    report = read(CASES["building-removed"])
    assert report.requirements[0].text.endswith("(Regulation 12 (2)(a)(i))")
    assert "Rook" not in repr(report)


def test_dates_that_cross_months_and_years_are_read(read: Callable[[HomeText], Report]) -> None:
    for first, last in ((date(2024, 6, 30), date(2024, 7, 1)), (date(2024, 12, 31), date(2025, 1, 2))):
        report = read(replace(PLAIN, first=first, last=last))
        assert (report.inspected_on, report.inspected_to) == (first, last)


def test_a_provider_who_is_a_person_is_not_kept(read: Callable[[HomeText], Report]) -> None:
    assert read(replace(PLAIN, provider="Mr Barnaby Thistlewick")).provider is None


@pytest.mark.parametrize(
    ("after", "other", "marks"),
    [
        ("*", "", [True, False]),
        ("*", "* This requirement is subject to a compliance notice.", [True, False]),
        ("", "These requirements are subject to a compliance notice.", [True, True]),
        ("This requirement is subject to a compliance notice.", "", [True, False]),
        ("", "", [None, None]),
    ],
)
def test_the_mark_of_a_compliance_notice(
    after: str, other: str, marks: list[bool | None], read: Callable[[HomeText], Report]
) -> None:
    first = replace(NEED, citation=NEED.citation + after) if after == "*" else replace(NEED, after=after)
    second = replace(NEED, citation="(Regulation 13 (2)(h))", after=other)
    report = read(replace(PLAIN, requirements=(first, second)))
    assert [r.compliance_notice for r in report.requirements] == marks
    assert (
        report.requirements[1].text
        == "The registered person must ensure that plans are followed. (Regulation 13 (2)(h))"
    )


@pytest.mark.parametrize("citation", ["Regulation 13 (2)(h)", "Regulation 13(2)(h)."])
def test_a_citation_without_brackets_is_read(citation: str, read: Callable[[HomeText], Report]) -> None:
    report = read(replace(PLAIN, requirements=(replace(NEED, citation=citation),)))
    assert [str(c) for c in report.requirements[0].regulations] == ["13 (2)(h)"]


def test_the_page_on_reports_explains_every_code() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
    for code, meaning in CODES.items():
        assert f"| `{code}` | {meaning} |" in page
