"""The real reports, against facts read from each by eye (dates, grades, counts: no sentence, no name)."""

# ruff: noqa: E501 (one report to a row)

from __future__ import annotations

import re
import time
from datetime import date
from pathlib import Path

import pytest

from ofsight.harmonise.reports import Report, find_reports, read_report, read_reports
from ofsight.harmonise.reports.layout import body_lines
from ofsight.harmonise.reports.pages import open_document
from ofsight.harmonise.reports.privacy import learn_names

pytestmark = pytest.mark.releases

RI = "Requires improvement to be good"
O, G, I = "Outstanding", "Good", "Inadequate"  # noqa: E741

# file: urn, first, last, published, last inspection and its grade, history rows, recommendations (page, paragraph)
HOMES = {
    "2647163_2024-07-11": (
        "2647163", date(2024, 7, 11), date(2024, 7, 12), date(2024, 8, 27), date(2023, 8, 8), O,
        [(date(2023, 8, 8), O), (date(2022, 11, 1), G)], [(15, "3.9")], "listed",
    ),
    "sc025813_2023-09-06": (
        "SC025813", date(2023, 9, 6), date(2023, 9, 7), date(2023, 10, 10), date(2022, 11, 1), G,
        [(date(2022, 11, 1), G), (date(2022, 2, 24), O), (date(2020, 1, 15), O), (date(2019, 3, 7), G)],
        [(61, "13.5"), (61, "14.2")], "listed",
    ),
    "sc485956_2024-02-27": (
        "SC485956", date(2024, 2, 27), date(2024, 2, 28), date(2024, 4, 15), date(2023, 2, 14), O,
        [(date(2023, 2, 14), O), (date(2022, 3, 9), O), (date(2019, 5, 8), G), (date(2018, 5, 15), G)], [], "absent",
    ),
}  # fmt: skip

# file: authority, framework, type, first, last, grades on the title page, points to improve
AUTHORITIES = {
    "birmingham_2014-05-23_sif": (
        "Birmingham", "SIF", "Single inspection", date(2014, 3, 18), date(2014, 4, 9),
        {"overall": I, "protection": I, "permanence": I, "adoption": I, "care leavers": I, "leadership": I,
         "safeguarding board": I}, 22,
    ),
    "devon_2015-05-12_sif": (
        "Devon", "SIF", "Single inspection", date(2015, 2, 24), date(2015, 3, 18),
        {"overall": RI, "protection": RI, "permanence": RI, "adoption": G, "care leavers": I, "leadership": RI}, 40,
    ),
    "leicester_2017-09-04_sif": (
        "Leicester", "SIF", "Single inspection", date(2017, 6, 19), date(2017, 7, 13),
        {"overall": RI, "protection": RI, "permanence": RI, "adoption": G, "care leavers": RI, "leadership": G}, 11,
    ),
    "hillingdon_2018-05-30_ilacs": (
        "Hillingdon", "ILACS", "Standard", date(2018, 4, 16), date(2018, 4, 27),
        {"leadership": O, "protection": G, "care and care leavers": G, "overall": G}, 4,
    ),
    "barking-and-dagenham_2019-04-01_ilacs": (
        "Barking and Dagenham", "ILACS", "Standard", date(2019, 2, 18), date(2019, 3, 1),
        {"leadership": RI, "protection": RI, "care and care leavers": RI, "overall": RI}, 6,
    ),
    "north-somerset_2020-06-10_ilacs": (
        "North Somerset", "ILACS", "Standard", date(2020, 3, 2), date(2020, 3, 13),
        {"leadership": RI, "protection": RI, "care and care leavers": G, "overall": RI}, 6,
    ),
    "milton-keynes_2021-12-17_ilacs": (
        "Milton Keynes", "ILACS", "Standard", date(2021, 10, 25), date(2021, 11, 5),
        {"leadership": RI, "protection": RI, "care and care leavers": RI, "overall": RI}, 8,
    ),
    "haringey_2023-04-11_ilacs": (
        "Haringey", "ILACS", "Standard", date(2023, 2, 13), date(2023, 2, 24),
        {"leadership": G, "protection": G, "care": RI, "care leavers": G, "overall": G}, 5,
    ),
    "dorset_2025-05-09_ilacs-short": (
        "Dorset", "ILACS", "Short", date(2025, 3, 17), date(2025, 3, 21),
        {"leadership": O, "protection": O, "care": O, "care leavers": G, "overall": O}, 1,
    ),
}  # fmt: skip


def pdf(official: Path, ending: str) -> Path:
    found = next(iter(sorted(official.rglob(f"*_{ending}.pdf"))), None)
    if found is None:
        pytest.skip(f"the report {ending} is not under OFSIGHT_RELEASES")
    return found


@pytest.mark.parametrize("ending", sorted(HOMES))
def test_a_home_is_read_as_by_eye(official: Path, ending: str) -> None:
    urn, first, last, published, last_on, last_grade, history, guide, state = HOMES[ending]
    report = read_report(pdf(official, ending))
    assert (report.kind, report.urn, report.inspected_on, report.inspected_to) == ("home", urn, first, last)
    assert (report.inspection_type, report.framework) == ("Full inspection", "SCCIF")
    assert (report.overall, report.protection, report.leadership) == (O, O, O)
    assert [j.place for j in report.judgements] == ["front"] * 3 + ["heading"] * 3
    assert (report.published_on, report.published_on_basis) == (published, "pdf")
    assert (report.last_inspected_on, report.last_overall) == (last_on, last_grade)
    assert [(r.inspected_on, r.judgement) for r in report.history] == history
    assert {r.inspection_type for r in report.history} == {"Full inspection"}
    assert (report.enforcement, report.improvement_section) == ("none", state)
    assert report.requirements == ()
    assert [(r.guide_page, r.guide_paragraph) for r in report.recommendations] == guide
    assert report.provider
    assert report.findings == ()


@pytest.mark.parametrize("ending", sorted(AUTHORITIES))
def test_an_authority_is_read_as_by_eye(official: Path, ending: str) -> None:
    authority, framework, kind, first, last, grades, n_points = AUTHORITIES[ending]
    report = read_report(pdf(official, ending))
    assert (report.kind, report.authority) == ("local authority", authority)
    assert (report.framework, report.inspection_type) == (framework, kind)
    assert (report.inspected_on, report.inspected_to) == (first, last)
    assert {j.domain: j.grade for j in report.judgements if j.place == "front"} == grades
    assert report.overall == grades["overall"]
    assert len(report.recommendations) == n_points
    assert report.findings == ()


def all_reports(official: Path) -> list[Path]:
    paths = [p for p in find_reports(official) if re.search(r"inspection-report_", p.name)]
    if not paths:
        pytest.skip("no inspection reports under OFSIGHT_RELEASES")
    return paths


def test_every_report_is_read_quickly_and_without_a_name(official: Path) -> None:
    paths = all_reports(official)
    started = time.perf_counter()
    reports, findings = read_reports(paths)
    assert time.perf_counter() - started < 2.0 * len(paths)
    assert len(reports) == len(paths)
    assert [f for f in findings if f.code == "file-unread"] == []
    for path, report in zip(paths, reports, strict=True):
        assert_nobody(path, report)


def assert_nobody(path: Path, report: Report) -> None:
    """No name that stands in a labelled field, a letter or a signature occurs in the report."""
    names = learn_names(body_lines(open_document(path)))
    assert names.full  # every report names its inspector
    said = repr(report)
    for name in names.full:
        assert name not in said
        assert name.split()[-1] not in said or report.provider or report.authority
    for text in (*(r.text for r in report.requirements), *(r.text for r in report.recommendations)):
        assert not names.occur_in(text)


@pytest.mark.parametrize(
    ("ending", "n_people"),
    [
        ("2647163_2024-07-11", 3),
        ("sc025813_2023-09-06", 3),
        ("sc485956_2024-02-27", 3),
        ("birmingham_2014-05-23_sif", 10),
        ("devon_2015-05-12_sif", 10),
        ("leicester_2017-09-04_sif", 8),
        ("haringey_2023-04-11_ilacs", 1),
        ("dorset_2025-05-09_ilacs-short", 1),
    ],
)
def test_everybody_named_is_learnt(official: Path, ending: str, n_people: int) -> None:
    assert len(learn_names(body_lines(open_document(pdf(official, ending)))).full) == n_people
