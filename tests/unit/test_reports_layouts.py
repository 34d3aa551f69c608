"""Layouts that no writer of whole reports covers: letters, old tables, secure homes, earlier frameworks."""

# ruff: noqa: E501 (what reports print stays on one line)

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from ofsight.demo.reports import HomeText, RecommendationText, RequirementText, Style, write_home
from ofsight.demo.reports.pen import LEFT, Pen
from ofsight.harmonise.reports import Report, read_report
from ofsight.vocabulary import Grade

pytest.importorskip("reportlab")

RI = Grade.REQUIRES_IMPROVEMENT.value
END = (
    "The Office for Standards in Education, Children’s Services and Skills (Ofsted) regulates and inspects to achieve"
    " excellence.",
    "© Crown copyright 2018",
)
Page = Sequence["str | list[tuple[str, str]]"]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Page], Report]:
    """Write paragraphs, two-column tables (lists), bullets (a leading ``*``) and page turns (``---``)."""

    def write_and_read(parts: Page) -> Report:
        path = tmp_path / "report.pdf"
        pen = Pen(path, Style(), lambda page: ("", str(page)))
        for part in (*parts, *END):
            if part == "---":
                pen.turn()
            elif isinstance(part, list):
                pen.pairs(part, 250.0)
            elif part.startswith("*"):
                pen.mark("\u2022")
                pen.put(part[1:], LEFT + 20)
                pen.down(1.4)
            else:
                pen.say(part)
        pen.close()
        return read_report(path)

    return write_and_read


@pytest.mark.parametrize("style", [Style(), Style(rules=True, bullet="", curly=False)])
def test_the_table_of_2014_has_a_column_for_the_regulation(style: Style, tmp_path: Path) -> None:
    text = HomeText(
        layout="2014",
        first=date(2014, 7, 11),
        last=date(2014, 7, 11),
        last_on=date(2014, 1, 11),
        overall="Adequate",
        requirements=(
            RequirementText(
                (
                    "ensure that the quality of care is reviewed at least every six months and that a report is sent.",
                ),
                "(Regulation 34 (2))",
                (),
                date(2014, 9, 1),
                "01/09/2014",
                column="34 (2001)",
            ),
            RequirementText(
                ("ensure that the registered provider visits each month",),
                "",
                (),
                None,
                "30/09/2014",
                column="33 (2001)",
            ),
        ),
        recommendations=(
            RecommendationText("ensure that children are helped to eat well. (NMS 10.3)"),
            RecommendationText("ensure that staff are supervised. (NMS 19.4)"),
        ),
        style=style,
    )
    report = read_report(write_home(text, tmp_path / "report.pdf"))
    assert (report.framework, report.overall, report.overall_as_published) == ("April 2014", RI, "adequate")
    cited = [(r.regulation_set, [str(c) for c in r.regulations], r.due_on) for r in report.requirements]
    assert cited == [("2001", ["34 (2)"], date(2014, 9, 1)), ("2001", ["33"], date(2014, 9, 30))]
    assert [r.source for r in report.recommendations] == ["NMS 10.3", "NMS 19.4"]
    assert report.findings == ()


def test_a_secure_home_has_five_judgements(read: Callable[[Page], Report]) -> None:
    report = read(
        [
            "SC012345",
            "Registered provider: Larkspur Example Council",
            "Full inspection",
            "Inspected under the social care common inspection framework",
            "Information about this secure children’s home",
            "Inspection dates: 4 to 6 March 2024",
            [
                (
                    "Overall experiences and progress of children and young people, taking into account",
                    RI.lower(),
                ),
                ("Children’s education and learning", "good"),
                ("Children’s health", "outstanding"),
                ("How well children and young people are helped and protected", RI.lower()),
                ("The effectiveness of leaders and managers", "inadequate"),
            ],
            "Date of last inspection: 6 June 2023",
            "Overall judgement at last inspection: requires improvement to be good",
            "Enforcement action since last inspection:",
            "A compliance notice was served on 3 January 2024 under regulation 12.",
            "---",
            "Recent inspection history",
            "06/06/2023 Full Requires improvement to be good",
            "01/02/2023 Assurance No judgement",
            "04/06/2019 Interim Declined in effectiveness",
        ]
    )
    assert {j.domain: j.grade for j in report.judgements} == {
        "overall": RI,
        "education": "Good",
        "health": "Outstanding",
        "protection": RI,
        "leadership": "Inadequate",
    }
    assert (report.enforcement, report.last_overall) == ("taken", RI)
    assert [(r.inspection_type, r.judgement) for r in report.history] == [
        ("Full inspection", RI),
        ("Assurance visit", None),
        ("Interim inspection", "Declined effectiveness"),
    ]
    assert report.findings == ()


def test_a_child_protection_inspection_of_2013(read: Callable[[Page], Report]) -> None:
    report = read(
        [
            "Inspection of local authority arrangements for the protection of children",
            "Norfolk County Council",
            "Inspection dates: 4 – 13 February 2013",
            "Lead inspector Karin Mockname HMI",
            "---",
            "Overall effectiveness",
            "13. The overall effectiveness of the arrangements to protect children is judged to be inadequate.",
            "Areas for improvement",
            "14. The local authority and its partners should take the following action.",
            "*ensure that all children are seen by a social worker",
            "*ensure that plans are clear",
            "---",
            "The quality of practice",
            "20. The quality of practice is inadequate.",
            "Leadership and governance",
            "30. Leadership and governance are adequate.",
        ]
    )
    assert (report.authority, report.framework) == ("Norfolk", "earlier")
    assert (report.inspected_on, report.inspected_to) == (date(2013, 2, 4), date(2013, 2, 13))
    grades = {j.domain: (j.grade, j.as_published) for j in report.judgements}
    assert grades["overall"] == ("Inadequate", "inadequate")
    assert grades["leadership"] == (RI, "adequate")
    assert [r.text[:11] for r in report.recommendations] == ["ensure that", "ensure that"]
    assert "Mockname" not in repr(report)


def test_a_letter_on_a_joint_inspection(read: Callable[[Page], Report]) -> None:
    report = read(
        [
            "14 March 2018",
            "Ms Jane Inventedname, Director of Children’s Services, London Borough of Bexley",
            "Joint targeted area inspection of the multi-agency response to abuse in the family environment in Bexley",
            "Between 5 and 9 March 2018, Ofsted, the Care Quality Commission and HMI Constabulary undertook a joint"
            " inspection of the multi-agency response to abuse in the family environment in Bexley.",
            "Dear local partnership",
            "Key strengths",
            "*There is a strong culture.",
            "Areas for improvement",
            "*The timeliness of strategy meetings.",
            "*The quality of plans agreed with Ms Inventedname.",
            "Next steps",
            "Yours sincerely",
            "Yvette Mockname",
            "National Director, Social Care",
        ]
    )
    assert (report.authority, report.framework, report.inspection_type) == (
        "Bexley",
        "JTAI",
        "Joint inspection",
    )
    assert (report.inspected_on, report.inspected_to) == (date(2018, 3, 5), date(2018, 3, 9))
    assert len(report.recommendations) == 2
    assert "name]" in report.recommendations[1].text or "removed]" in report.recommendations[1].text
    assert "Inventedname" not in repr(report)
    assert "Mockname" not in repr(report)


def test_a_monitoring_letter_before_2018_belongs_to_the_single_inspection(
    read: Callable[[Page], Report],
) -> None:
    report = read(
        [
            "Dear Sally",
            "Monitoring visit of Barnet local authority children’s services",
            "This letter summarises the findings of the monitoring visit to Barnet local authority children’s services"
            " on 14 and 15 November 2017. The visit was the first since the local authority was judged inadequate in"
            " July 2017. The inspectors were Tara Mockname, HMI and Brenda Mockname-Lee, HMI.",
            "Yours sincerely",
            "Tara Mockname",
            "Her Majesty’s Inspector",
        ]
    )
    assert (report.authority, report.framework, report.inspection_type) == (
        "Barnet",
        "SIF",
        "Monitoring visit",
    )
    assert (report.inspected_on, report.inspected_to) == (date(2017, 11, 14), date(2017, 11, 15))
    assert report.judgements == ()


def test_a_monitoring_visit_to_a_home(read: Callable[[Page], Report]) -> None:
    report = read(
        [
            "1234567",
            "Registered provider: Larkspur Example Care Limited",
            "Monitoring inspection",
            "Inspected under the social care common inspection framework",
            "Information about this children’s home",
            "Inspection date: 4 March 2024",
            "Date of last inspection: 6 June 2023",
            "Overall judgement at last inspection: inadequate",
            "Enforcement action since last inspection: two compliance notices were served",
            "This monitoring visit",
            "What does the children’s home need to do to improve?",
            "No requirements or recommendations were made at this inspection.",
        ]
    )
    assert report.inspection_type == "Monitoring inspection"
    assert (report.inspected_on, report.inspected_to) == (date(2024, 3, 4), date(2024, 3, 4))
    assert (report.overall, report.last_overall, report.enforcement) == (None, "Inadequate", "taken")
    assert report.improvement_section == "none stated"
    assert report.findings == ()


def test_a_requirement_of_several_paragraphs_as_printed_in_2025(tmp_path: Path) -> None:
    need = RequirementText(
        (
            "The registered person must ensure that an independent person visits the children’s home at least once"
            " each month.",
            "The independent person must provide a copy of the independent person’s report to—",
            "HMCI.",
        ),
        "(Regulation 44 (1) (7)(a))",
        (),
        date(2025, 7, 18),
        "18 July 2025",
    )
    text = HomeText(first=date(2025, 6, 18), last=date(2025, 6, 19), last_on=None, requirements=(need,))
    report = read_report(write_home(text, tmp_path / "report.pdf"))
    assert [str(c) for c in report.requirements[0].regulations] == ["44 (1) (7)(a)"]
    assert report.requirements[0].due_on == date(2025, 7, 18)
    assert report.requirements[0].compliance_notice is None
    assert report.findings == ()


def test_a_line_that_begins_like_a_heading_does_not_end_the_table(tmp_path: Path) -> None:
    lines = (
        "The registered person must act on the",
        "findings from the visit of the independent person and on its",
        "recommendations",
        "areas for improvement",
        "inspectors",
        "requirements",
        "overall effectiveness",
    )
    need = RequirementText(lines, "(Regulation 44 (1))", (), date(2024, 9, 1), "1 September 2024")
    text = HomeText(
        requirements=(need, RequirementText(lines, "(Regulation 45 (1))", (), None, "1 October 2024"))
    )
    report = read_report(write_home(text, tmp_path / "report.pdf"))
    assert [r.text for r in report.requirements] == [r.text for r in text.requirements]
    assert [r.due_on for r in report.requirements] == [date(2024, 9, 1), date(2024, 10, 1)]
    assert report.findings == ()
