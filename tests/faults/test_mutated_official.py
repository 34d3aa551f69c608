"""Official releases, mutated: built as the file says, refused by name, never other numbers in silence.

``make test`` mutates each kind once, ``OFSIGHT_MUTATIONS=500`` that many times in all; cuts of some hundred
homes, which say what whole files say. What comes out is looked at, not only that something does.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from copy import deepcopy
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest
from judge import Base, base_of, check_alike, gather, judge, names_of, records_of
from mutations import MUTATIONS, Book

from ofsight.dataset.build import make_tables
from ofsight.errors import ReleaseError
from ofsight.harmonise.recognise import Recognised, recognise
from ofsight.harmonise.spreadsheets import read_tables
from ofsight.vocabulary import Domain

pytestmark = pytest.mark.releases

N_ASKED = int(os.environ.get("OFSIGHT_MUTATIONS", "0"))
N_ROWS = 400
GRADES = {"Outstanding", "Good", "Requires improvement to be good", "Inadequate"}
FILES = (
    "provider-level-at-31-march/provider-level-at-31-march-2019.csv",
    "provider-level-in-year/provider-level-in-year-2018-19.csv",
    "provider-level-at-31-march/provider-level-at-31-march-2016.csv",
    "provider-level-in-year/provider-level-in-year-2023-24.csv",
)


def load(official: Path, name: str, *, whole: bool) -> tuple[Book, dict[str, int]]:
    """An official file as a book, and where its columns stand; a cut of it keeps rows drawn with a seed."""
    (table,) = read_tables(official / "ofsted" / name)
    found = recognise(table)
    assert isinstance(found, Recognised)
    rows = [list(row) for row in table.rows]
    head, body = rows[: found.heading_row + 1], [row for row in rows[found.heading_row + 1 :] if any(row)]
    if not whole:
        # A year tells of one home several times: the rows of a home are kept together, so that they tell it.
        urn = found.positions["urn"]
        homes = sorted({row[urn] for row in body})
        kept = set(random.Random(name).sample(homes, min(len(homes), N_ROWS)))
        body = [row for row in body if row[urn] in kept]
    return Book(Path(name).name, {"": [*head, *body]}, {"": found.heading_row}), dict(found.positions)


@pytest.fixture(scope="module")
def loaded(official: Path) -> list[tuple[Book, dict[str, int]]]:
    return [load(official, name, whole=False) for name in FILES]


@pytest.fixture(scope="module")
def bases(loaded: list[tuple[Book, dict[str, int]]], tmp_path_factory: pytest.TempPathFactory) -> list[Base]:
    return [base_of([book], tmp_path_factory.mktemp("official")) for book, _ in loaded]


@pytest.mark.parametrize("name", names_of("csv"))
def test_a_mutated_release_is_read_as_it_is_or_refused(bases: list[Base], name: str) -> None:
    names = names_of("csv")
    number = names.index(name)
    if not N_ASKED:
        outcomes = judge(bases[number % len(bases)], name, range(1))
    else:
        each = -(-N_ASKED // (len(names) * len(bases)))
        outcomes = sum((judge(base, name, range(each)) for base in bases), Counter())
        print(f"\n{name}: {dict(outcomes)}", end="")
    assert sum(outcomes.values()) > 0
    assert MUTATIONS[name].kind != "same" or "refused" not in outcomes


def build(books: list[Book], folder: Path) -> dict[str, pl.DataFrame]:
    return make_tables(gather(books, folder))


def codes(tables: dict[str, pl.DataFrame]) -> set[str]:
    return set(tables["findings"]["code"])


def test_a_shuffled_release_builds_the_same_dataset(
    loaded: list[tuple[Book, dict[str, int]]], tmp_path: Path
) -> None:
    books = [deepcopy(book) for book, _ in loaded[:2]]
    usual = build(books, tmp_path / "usual")
    for seed, book in enumerate(books):
        body = book.body("")
        random.Random(seed).shuffle(body)
        book.put_body("", body)
    check_alike(usual, build(books, tmp_path / "shuffled"))


def test_each_renamed_column_that_is_needed_is_refused_by_name(
    loaded: list[tuple[Book, dict[str, int]]], tmp_path: Path
) -> None:
    """File, row, the heading that is missing, and the new one as the nearest."""
    for book, positions in loaded[:2]:
        for needed in ("urn", "sector", *(domain.value for domain in Domain)):
            changed = deepcopy(book)
            old = changed.headings("")[positions[needed]]
            changed.headings("")[positions[needed]] = f"{old} (revised)"
            with pytest.raises(ReleaseError) as told:
                gather([changed], tmp_path / "renamed")
            assert told.value.file is not None
            assert Path(told.value.file).name == book.name
            assert told.value.row == book.heading_rows[""] + 1
            assert f"({needed})" in told.value.problem
            assert f"nearest seen: '{old.strip()} (revised)'" in told.value.problem


def test_a_column_twice_is_told_and_twice_with_other_cells_refused(
    loaded: list[tuple[Book, dict[str, int]]], tmp_path: Path
) -> None:
    book, positions = loaded[0]
    column = positions["overall"]
    changed = deepcopy(book)
    for row in changed.sheets[""][book.heading_rows[""] :]:
        row.append(row[column])
    gathered = gather([changed], tmp_path / "twice")
    (table,) = gathered.tables
    assert "column-doubled" in {finding.code for finding in table.findings}
    usual = records_of(gather([book], tmp_path / "usual"))
    check_alike(usual, records_of(gathered))
    row = next(row for row in changed.body("") if row[column] == "Good")
    row[-1] = "Outstanding"
    with pytest.raises(ReleaseError, match="2 columns mean 'overall'") as told:
        gather([changed], tmp_path / "twice")
    assert told.value.row == book.heading_rows[""] + 1


def test_whichever_two_headings_are_exchanged_no_number_changes_in_silence(
    official: Path, tmp_path: Path
) -> None:
    """All pairs of columns that are read: refused, told, or the same. Grades take a second release."""
    book, positions = load(official, FILES[0], whole=False)
    usual = gather([book], tmp_path / "usual").tables[0]
    unused = {"registration_status", "ofsted_region"}  # in no table of the dataset where there is a region
    outcomes: Counter[str] = Counter()
    unnamed = 0
    grades = {domain.value for domain in Domain}
    for one, other in combinations(positions, 2):
        changed = deepcopy(book)
        headings = changed.headings("")
        here, there = positions[one], positions[other]
        headings[here], headings[there] = headings[there], headings[here]
        try:
            table = gather([changed], tmp_path / "exchanged").tables[0]
        except ReleaseError as error:
            unnamed += error.file is None or error.row is None
            outcomes["refused"] += 1
            continue
        columns = [name for name in usual.records.columns if name not in unused]
        alike = table.records.select(columns).equals(usual.records.select(columns))
        noticed = len(table.findings) > len(usual.findings)
        assert alike or noticed or {one, other} <= grades, f"{one} and {other}"
        outcomes["same" if alike else "told" if noticed else "grades"] += 1
    assert outcomes["refused"] > 100
    assert unnamed == 0
    assert outcomes["grades"] == 3


@pytest.mark.parametrize(("one", "other"), list(combinations([domain.value for domain in Domain], 2)))
@pytest.mark.parametrize("which", [0, 1])
def test_exchanged_grades_are_refused_where_another_release_tells_the_same_inspections(
    official: Path, tmp_path: Path, which: int, one: str, other: str
) -> None:
    found = [load(official, name, whole=True) for name in FILES[:2]]
    book, positions = found[which]
    headings = book.headings("")
    headings[positions[one]], headings[positions[other]] = (
        headings[positions[other]],
        headings[positions[one]],
    )
    with pytest.raises(ReleaseError, match=r"the other way round, at \d+ of \d+|unknown grade") as told:
        build([book for book, _ in found], tmp_path / "exchanged")
    named = told.value.problem + (told.value.hint or "") + str(told.value.file)
    assert book.name in named


def test_a_column_of_grades_that_moved_by_a_row_is_told(official: Path, tmp_path: Path) -> None:
    found = [load(official, name, whole=True) for name in FILES[:2]]
    usual = build([book for book, _ in found], tmp_path / "usual")
    assert "releases-contradict" not in codes(usual)
    book, positions = found[0]
    column, body = positions["leadership"], book.body("")
    moved = [body[-1][column], *(row[column] for row in body[:-1])]
    for row, cell in zip(body, moved, strict=True):
        row[column] = cell if row[column] in GRADES and cell in GRADES else row[column]
    tables = build([book for book, _ in found], tmp_path / "moved")
    told = tables["findings"].filter(pl.col("code") == "releases-contradict")
    assert told.height == 1
    assert "Effectiveness of leaders and managers" in told["message"][0]
    assert told["file"][0] in {Path(name).name for name in FILES[:2]}
