"""What the synthetic writer writes in a home's report is read back exactly, whatever the layout."""

from __future__ import annotations

import csv
import dataclasses
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ofsight.demo.reports import (
    HistoryText,
    HomeText,
    People,
    RecommendationText,
    RequirementText,
    Style,
    say_day,
    write_home,
)
from ofsight.harmonise.reports import Report, read_report
from ofsight.harmonise.reports.statute import _guide, _paragraphs
from ofsight.vocabulary import Effectiveness, Grade, InspectionType

pytest.importorskip("reportlab")

# Writing and reading a PDF takes 0.05 s: shrinking a failure would take minutes, the text itself says enough.
QUICK = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
GRADES = [grade.value for grade in Grade]
WORDS = (
    *("staff", "records", "children", "plans", "risk", "home", "review", "daily", "medicine", "training"),
    *("safe", "managers", "keep", "clear", "each", "agreed", "assess", "effective", "first", "reflect"),
    *("offer", "well-being", "up-to-date"),
)


def straight(text: str) -> str:
    return text.translate(str.maketrans("‘’“”", "''\"\""))


def read(text: HomeText) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        return read_report(write_home(text, Path(folder) / "report.pdf"))


def steps(path: str) -> list[str]:
    return [step + ")" for step in path.split(")")[:-1]]


def say_paths(paths: Sequence[str], short: bool, space: str) -> str:
    """Print paragraphs in full, or each only where it differs from the one before."""
    said, before = [], []
    for path in paths:
        now = steps(path)
        shared = 0
        while short and shared < min(len(now), len(before)) - 1 and now[shared] == before[shared]:
            shared += 1
        # "(1)(a)(2)" would be read as a new paragraph only if the first step differs: keep it then.
        said.append(space.join(now[shared:]))
        before = now
    return " ".join(said)


@st.composite
def citations(draw: st.DrawFn) -> tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    known = {number: paths for number, paths in _paragraphs().items() if paths}
    order = {number: i for i, number in enumerate(known)}
    numbers = draw(
        st.lists(st.sampled_from(sorted(known, key=order.get)), min_size=1, max_size=3, unique=True)
    )
    short, space = draw(st.booleans()), draw(st.sampled_from(["", "", " "]))
    truth, parts = [], []
    for number in numbers:
        listed = _listed(number)
        chosen = draw(st.lists(st.sampled_from(range(len(listed))), max_size=4, unique=True).map(sorted))
        paths = tuple(listed[i] for i in chosen)
        truth.append((number, paths))
        parts.append(f"{number}{draw(st.sampled_from([' ', '']))}{say_paths(paths, short, space)}".strip())
    form = draw(st.sampled_from(["each", "plural", "brackets", "comma"]))
    if form == "plural" and len(parts) > 1:
        said = f"(Regulations {' and '.join([', '.join(parts[:-1]), parts[-1]])})"
    elif form == "brackets":
        said = " ".join(f"(Regulation {part})" for part in parts)
    elif form == "comma":
        said = "(" + ", ".join(f"Regulation {part}" for part in parts) + ")"
    else:
        said = "(" + " and ".join(f"Regulation {part}" for part in parts) + ")"
    return said, tuple(truth)


def _listed(number: str) -> list[str]:
    # In the order of the statute, as the definition file has them.
    text = (resources.files("ofsight.definitions") / "codes" / "regulations_2015.csv").read_text("utf-8")
    return next(
        row["paragraphs"].split() for row in csv.DictReader(text.splitlines()) if row["number"] == number
    )


sentences = st.lists(st.sampled_from(WORDS), min_size=4, max_size=30).map(
    lambda words: "The registered person must ensure that " + " ".join(words) + "."
)


@st.composite
def requirements(draw: st.DrawFn, first: date) -> RequirementText:
    said, truth = draw(citations())
    due = first + timedelta(days=draw(st.integers(5, 200)))
    form = draw(st.sampled_from(["long", "long", "digits", "ordinal", "now"]))
    due_said = {
        "long": say_day(due),
        "digits": f"{due:%d/%m/%Y}",
        "ordinal": f"{due.day}th {due:%B %Y}",
        "now": "Immediate",
    }[form]
    return RequirementText(
        paragraphs=tuple(draw(st.lists(sentences, min_size=1, max_size=3))),
        citation=said,
        regulations=truth,
        due_on=None if form == "now" else due,
        due_said=due_said,
        notice=draw(st.booleans()),
        after=draw(st.sampled_from(["", "", "This specifically relates to the plans of the home."])),
    )


@st.composite
def recommendations(draw: st.DrawFn) -> RecommendationText:
    paragraph = draw(st.sampled_from(sorted(_guide())))
    page = _guide()[paragraph]
    comma = draw(st.sampled_from(["standards’, page", "standards,’ page", "standards’ page"]))
    joint = draw(st.sampled_from([", ", " "]))
    words = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=3, max_size=25)))
    text = (
        f"The registered person should ensure that {words}. (‘Guide to the Children’s Homes Regulations, "
        f"including the quality {comma} {page}{joint}paragraph {paragraph})"
    )
    return RecommendationText(text, page, paragraph, "Guide")


styles = st.builds(
    Style,
    curly=st.booleans(),
    ligatures=st.booleans(),
    typo=st.booleans(),
    grade_beside=st.sampled_from(["first", "middle"]),
    due_beside=st.just("first"),
    rules=st.booleans(),
    head_again=st.booleans(),
    bullet=st.sampled_from(["\u2022", "\u25a0", ""]),
    filler=st.integers(2, 16),
    leading=st.sampled_from([13.8, 14.4, 15.5]),
)


@st.composite
def homes(draw: st.DrawFn, layout: str) -> HomeText:
    earliest = {"2014": date(2012, 6, 1), "2015": date(2015, 7, 1), "sccif": date(2017, 4, 1)}[layout]
    latest = {"2014": date(2015, 3, 1), "2015": date(2017, 3, 30), "sccif": date(2026, 8, 1)}[layout]
    first = draw(st.dates(earliest, latest))
    last = first + timedelta(days=draw(st.integers(0, 3))) if layout == "sccif" else first
    last_on = first - timedelta(days=draw(st.integers(100, 700)))
    grades = [draw(st.sampled_from(GRADES)) for _ in range(3)]
    if layout == "2014":
        # The Regulations of 2001 have other numbers; the 2015 ones would be findings, not text.
        needs: list[RequirementText] = []
    else:
        needs = draw(st.lists(requirements(first), max_size=6))
    items = draw(st.lists(recommendations(), max_size=3, unique_by=lambda r: r.text))
    rows = [
        (last_on - timedelta(days=300 * k), draw(st.sampled_from(GRADES)))
        for k in range(draw(st.integers(0, 3)))
    ]
    if rows:
        rows[0] = (last_on, grades[0])
    return HomeText(
        urn=draw(st.sampled_from(["1234567", "SC012345", "2799999"])),
        first=first,
        last=last,
        layout=layout,
        overall=grades[0],
        protection=grades[1],
        leadership=grades[2],
        last_on=last_on,
        last_judgement=grades[0].lower(),
        enforcement=draw(st.sampled_from(["none", "None", "a compliance notice was served on 3 May 2019"])),
        history=tuple(HistoryText(day, "Full", grade) for day, grade in rows) if layout != "2014" else (),
        requirements=tuple({r.text: r for r in needs}.values()),
        recommendations=tuple(items),
        no_requirements_said=not needs and not items and draw(st.booleans()),
        style=draw(styles),
    )


def assert_same(report: Report, text: HomeText) -> None:
    assert (report.kind, report.urn, report.provider) == ("home", text.urn, text.provider)
    assert (report.inspected_on, report.inspected_to) == (text.first, text.last)
    assert report.inspection_type == text.kind.value
    assert (report.overall, report.protection, report.leadership) == (
        text.overall,
        text.protection,
        text.leadership,
    )
    if text.layout != "2014":
        assert report.last_overall == next(g for g in GRADES if g.lower() == text.last_judgement)
        assert report.enforcement == ("none" if text.enforcement.lower() == "none" else "taken")
        assert [(r.inspected_on, r.judgement) for r in report.history] == [
            (row.inspected_on, row.judgement) for row in text.history
        ]
    if text.layout != "2015":
        assert report.last_inspected_on == text.last_on
    assert [straight(r.text) for r in report.requirements] == [straight(r.text) for r in text.requirements]
    for read_back, written in zip(report.requirements, text.requirements, strict=True):
        assert tuple(map(tuple, read_back.regulations)) == written.regulations
        assert (read_back.due_on, read_back.due_as_published) == (written.due_on, written.due_said)
        assert bool(read_back.compliance_notice) == written.notice
    assert [straight(r.text) for r in report.recommendations] == [
        straight(r.text) for r in text.recommendations
    ]
    for got, put in zip(report.recommendations, text.recommendations, strict=True):
        assert (got.guide_page, got.guide_paragraph, got.source) == (put.page, put.paragraph, put.source)
    listed = bool(text.requirements or text.recommendations)
    state = "listed" if listed else "none stated" if text.no_requirements_said else "absent"
    assert report.improvement_section == state


def assert_nobody(report: Report, people: People) -> None:
    said = repr(report)
    for name in (*people.inspectors, people.manager or "-", people.responsible):
        for part in name.split()[-2:]:
            assert part == "-" or part not in said


@QUICK
@given(homes("sccif"))
def test_a_report_of_the_present_framework_is_read_back(text: HomeText) -> None:
    report = read(text)
    assert_same(report, text)
    assert_nobody(report, text.people)
    assert {f.code for f in report.findings} <= {"due-date-unread", "limiting-judgement"}


@QUICK
@given(homes("2015"))
def test_a_report_of_2015_to_2017_is_read_back(text: HomeText) -> None:
    report = read(text)
    assert_same(report, text)
    assert_nobody(report, text.people)


@settings(QUICK, max_examples=25)
@given(homes("2014"))
def test_a_report_before_2015_is_read_back(text: HomeText) -> None:
    report = read(text)
    assert_same(report, text)
    assert_nobody(report, text.people)
    assert report.framework in ("before April 2014", "April 2014")


@settings(QUICK, max_examples=40)
@given(homes("sccif"))
def test_due_dates_in_the_middle_of_their_rows_are_read_back(text: HomeText) -> None:
    rows = tuple(dataclasses.replace(r, paragraphs=r.paragraphs[:1]) for r in text.requirements)
    rows = tuple({r.text: r for r in rows}.values())
    text = dataclasses.replace(
        text, requirements=rows, style=dataclasses.replace(text.style, due_beside="middle")
    )
    assert_same(read(text), text)


@settings(QUICK, max_examples=30)
@given(
    homes("sccif"),
    st.sampled_from([InspectionType.INTERIM, InspectionType.ASSURANCE, InspectionType.MONITORING]),
    st.sampled_from(list(Effectiveness)),
    st.booleans(),
)
def test_reports_without_grades_are_read_back(
    text: HomeText, kind: InspectionType, effect: Effectiveness, concerns: bool
) -> None:
    text = dataclasses.replace(
        text,
        kind=kind,
        overall=None,
        protection=None,
        leadership=None,
        effectiveness=effect if kind == InspectionType.INTERIM else None,
        concerns=concerns,
    )
    report = read(text)
    assert_same(report, text)
    assert report.interim_judgement == (effect.value if kind == InspectionType.INTERIM else None)
    expected = "Serious or widespread concerns" if concerns else "No serious or widespread concerns"
    assert report.assurance_outcome == (expected if kind == InspectionType.ASSURANCE else None)


@settings(QUICK, max_examples=20)
@given(
    homes("sccif"),
    st.sampled_from(["Ms Perpetua Larkmoor", "Barnaby Thistlewick", "Mr Thistlewick", "P Larkmoor"]),
)
def test_a_name_within_a_requirement_is_taken_out(text: HomeText, name: str) -> None:
    need = RequirementText(
        (f"The registered person must ensure that {name} is trained.",),
        "(Regulation 33 (4)(a))",
        (("33", ("(4)(a)",)),),
        text.last + timedelta(days=40),
        say_day(text.last + timedelta(days=40)),
    )
    report = read(dataclasses.replace(text, requirements=(need,), no_requirements_said=False))
    assert report.requirements[0].text.startswith(
        "The registered person must ensure that [name removed] is trained."
    )
    assert_nobody(report, text.people)
