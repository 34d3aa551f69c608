"""What the synthetic writer writes in a local authority's report is read back exactly."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ofsight.demo.reports import AuthorityText, Style, write_authority
from ofsight.harmonise.reports import Report, read_report
from ofsight.vocabulary import Grade

pytest.importorskip("reportlab")

# Writing and reading a PDF takes 0.05 s: shrinking a failure would take minutes.
QUICK = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
GRADES = [grade.value for grade in Grade]
NAMES = ["Dorset", "Isle of Wight", "Kingston upon Hull", "Brighton and Hove", "St Helens", "Herefordshire"]
ILACS = {
    "leadership": "The impact of leaders on social work practice with children and families",
    "protection": "The experiences and progress of children who need help and protection",
    "care": "The experiences and progress of children in care",
    "care leavers": "The experiences and progress of care leavers",
}
UNTIL_2022 = "The experiences and progress of children in care and care leavers"
SIF = {
    "protection": "1. Children who need help and protection",
    "permanence": "2. Children looked after and achieving permanence",
    "adoption": "2.1 Adoption performance",
    "care leavers": "2.2 Experiences and progress of care leavers",
    "leadership": "3. Leadership, management and governance",
}
styles = st.builds(
    Style,
    curly=st.booleans(),
    ligatures=st.booleans(),
    grade_beside=st.sampled_from(["first", "middle"]),
    bullet=st.sampled_from(["\u2022", "\u25a0"]),
    filler=st.integers(1, 8),
)
points = st.lists(
    st.lists(
        st.sampled_from(
            ["timely", "plans", "oversight", "children", "supervision", "quality", "of", "care", "visits"]
        ),
        min_size=3,
        max_size=22,
    ),
    min_size=1,
    max_size=5,
    unique_by=tuple,
).map(lambda rows: tuple(f"The {' '.join(row)}." for row in rows))
days = st.dates(date(2018, 1, 8), date(2026, 9, 1))


def read(text: AuthorityText) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        report = read_report(write_authority(text, Path(folder) / "report.pdf"))
    said = repr(report)
    for name in (*text.people.inspectors, text.people.responsible, text.people.addressee):
        assert name.split()[-1] not in said
    assert (report.kind, report.authority) == ("local authority", text.title)
    assert (report.inspected_on, report.inspected_to) == (text.first, text.last)
    assert tuple(r.text for r in report.recommendations) == text.points
    return report


def front(report: Report) -> dict[str, str | None]:
    return {j.domain: j.grade for j in report.judgements if j.place == "front"}


@QUICK
@given(
    st.sampled_from(NAMES),
    days,
    st.booleans(),
    st.lists(st.sampled_from(GRADES), min_size=5, max_size=5),
    points,
    styles,
)
def test_an_inspection_under_ilacs(
    title: str, first: date, short: bool, grades: list[str], needs: tuple[str, ...], style: Style
) -> None:
    """Three judgements and overall to 2022, four and overall to March 2026, four and no overall since."""
    labels = dict(ILACS)
    if first < date(2023, 1, 1):
        labels = {k: v for k, v in labels.items() if not k.startswith("care")} | {
            "care and care leavers": UNTIL_2022
        }
    if first < date(2026, 4, 1):
        labels["overall"] = "Overall effectiveness"
    truth = dict(zip(labels, grades, strict=False))
    text = AuthorityText(
        title=title,
        first=first,
        last=first + timedelta(days=4 if short else 11),
        kind="Short" if short else "Standard",
        grades=tuple((labels[k], truth[k]) for k in labels),
        points=needs,
        style=style,
    )
    report = read(text)
    assert front(report) == truth
    assert (report.framework, report.inspection_type) == ("ILACS", text.kind)
    assert (report.overall, report.protection, report.leadership) == (
        truth.get("overall"),
        truth["protection"],
        truth["leadership"],
    )
    assert report.findings == ()


@QUICK
@given(st.sampled_from(NAMES), st.lists(st.sampled_from(GRADES), min_size=6, max_size=6), points, styles)
def test_a_single_inspection(title: str, grades: list[str], needs: tuple[str, ...], style: Style) -> None:
    said = {"Requires improvement to be good": "require improvement to be good"}
    text = AuthorityText(
        title=title,
        first=date(2015, 2, 24),
        last=date(2015, 3, 18),
        kind="Single inspection",
        grades=tuple((SIF[k], grade) for k, grade in zip(SIF, grades, strict=False)),
        overall_said=said.get(grades[5], f"are {grades[5].lower()}"),
        points=needs,
        style=style,
    )
    report = read(text)
    assert front(report) == dict(zip(SIF, grades, strict=False)) | {"overall": grades[5]}
    assert (report.framework, report.inspection_type) == ("SIF", "Single inspection")
    assert (report.published_on, report.published_on_basis) == (text.last, "printed")


@QUICK
@given(
    st.sampled_from(NAMES),
    days,
    st.sampled_from(["Focused visit", "Monitoring visit", "Joint inspection"]),
    st.booleans(),
    points,
    styles,
)
def test_visits_and_joint_inspections_give_no_grades(
    title: str, first: date, kind: str, letter: bool, needs: tuple[str, ...], style: Style
) -> None:
    text = AuthorityText(
        title=title,
        first=first,
        last=first + timedelta(days=1),
        kind=kind,
        letter=letter and kind != "Joint inspection",
        points=needs,
        style=style,
    )
    report = read(text)
    assert report.inspection_type == kind
    assert report.framework == ("JTAI" if kind == "Joint inspection" else "ILACS")
    assert report.judgements == ()
    assert report.overall is None
