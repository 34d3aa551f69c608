"""Two releases that tell the same inspections: exchanged grades are refused, odd ones told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import DEFAULTS, LIST_HEADINGS, OVERALL, grid, provider, write_csv
from ofsight.dataset.gather import gather_tables, list_files
from ofsight.errors import ReleaseError
from ofsight.harmonise.contradictions import compare_releases
from ofsight.harmonise.findings import Finding

PROTECTION = "How well children and young people are helped and protected"
LEADERSHIP = "The effectiveness of leaders and managers"
N = 60


def homes() -> list[dict[str, str]]:
    """Every fourth home is protected less well than it is led."""
    grades = [{PROTECTION: "Inadequate", LEADERSHIP: "Outstanding"} if n % 4 == 0 else {} for n in range(N)]
    return [provider(n, **cells) for n, cells in enumerate(grades, 1)]


def compare(folder: Path, *releases: list[list[str]]) -> list[Finding]:
    for number, cells in enumerate(releases):
        title = [f"Providers at {31 - number} March 2019"]
        write_csv(folder / f"list-at-{31 - number}-march-2019.csv", [title, *cells])
    gathered = gather_tables(folder, list_files(folder))
    assert len(gathered.tables) == len(releases)
    return compare_releases(gathered.tables)


def exchanged(one: str, other: str) -> list[str]:
    return [{one: other, other: one}.get(heading, heading) for heading in LIST_HEADINGS]


def test_releases_that_agree_or_regrade_a_home_are_taken(tmp_path: Path) -> None:
    rows = homes()
    assert compare(tmp_path, grid(rows), grid(rows)) == []
    again = [row | {OVERALL: "Outstanding"} if n < 3 else row for n, row in enumerate(rows)]
    assert compare(tmp_path, grid(rows), grid(again)) == []


def test_exchanged_headings_are_refused_by_the_file_that_stands_alone(tmp_path: Path) -> None:
    rows = homes()
    wrong = [exchanged(PROTECTION, LEADERSHIP), *grid(rows)[1:]]
    with pytest.raises(ReleaseError, match="at 15 of 15 inspections") as told:
        compare(tmp_path, grid(rows), wrong, grid(rows))
    assert told.value.file == str(tmp_path / "list-at-30-march-2019.csv")
    assert told.value.row == 2
    assert "exchanged here:" in str(told.value)
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(ReleaseError, match=r"exchanged here or in list-at-3[01]-march-2019\.csv"):
        compare(tmp_path, grid(rows), wrong)


def test_grades_that_differ_often_are_told(tmp_path: Path) -> None:
    rows = homes()
    again = [row | {OVERALL: "Outstanding"} if n % 5 == 0 else row for n, row in enumerate(rows)]
    (finding,) = compare(tmp_path, grid(rows), grid(again))
    assert finding.code == "releases-contradict"
    assert "differ from those of" in finding.message
    assert "at 12 of 60 inspections" in finding.message


def odd_words() -> Iterator[tuple[str, list[dict[str, str]]]]:
    rows = homes()
    region, authority = "Government Office Region", "Local authority"
    yield "'region' has 60 different", [row | {region: f"Town {n}"} for n, row in enumerate(rows)]
    yield "'region' names no region", [row | {region: "Active"} for row in rows]
    many = [row | {authority: f"Owner {n} Ltd"} for n, row in enumerate(rows * 4)]
    yield "'local_authority' has 240 different", many
    one_of = ("North West", "South East", "London")
    mixed = [row | {region: one_of[n % 2], "Ofsted region": one_of[n % 3]} for n, row in enumerate(rows)]
    yield "'region' has 2 different entries and 'ofsted_region' 3", mixed


@pytest.mark.parametrize(("words", "rows"), list(odd_words()), ids=lambda value: str(value)[:30])
def test_words_under_another_heading_are_refused(
    tmp_path: Path, words: str, rows: list[dict[str, str]]
) -> None:
    assert set(DEFAULTS) < set(LIST_HEADINGS)
    write_csv(tmp_path / "list-at-31-march-2019.csv", grid(rows))
    with pytest.raises(ReleaseError, match=words) as told:
        gather_tables(tmp_path, list_files(tmp_path))
    assert told.value.row == 1
    assert "exchanged" in str(told.value)
