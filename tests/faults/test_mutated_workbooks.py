"""Workbooks mutated by seed: built as the sheets say, or refused by file and sheet; never a traceback."""

from __future__ import annotations

import pytest
from judge import Base, base_of_workbook, judge, names_of
from mutations import MUTATIONS

N_SEEDS = 4


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return base_of_workbook(tmp_path_factory.mktemp("workbook"))


@pytest.mark.parametrize("name", names_of("ods"))
def test_a_mutated_workbook_is_read_as_it_is_or_refused(workbook: Base, name: str) -> None:
    outcomes = judge(workbook, name, range(N_SEEDS))
    assert sum(outcomes.values()) == N_SEEDS
    assert MUTATIONS[name].kind != "same" or "refused" not in outcomes


def test_there_are_more_than_five_hundred_of_all_kinds() -> None:
    import test_mutated_lists

    n = len(names_of("csv")) * sum(test_mutated_lists.N_SEEDS.values()) + len(names_of("ods")) * N_SEEDS
    assert n >= 500
    assert {mutation.kind for mutation in MUTATIONS.values()} == {"same", "value", "broken"}
