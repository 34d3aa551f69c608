"""Csv releases mutated by seed: built as the file says, or refused by file and row; never a traceback."""

from __future__ import annotations

import pytest
from judge import Base, base_of_builders, base_of_demo, judge, names_of
from mutations import MUTATIONS

N_SEEDS = {"builders": 5, "demo": 4}


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Base]:
    return {
        "builders": base_of_builders(tmp_path_factory.mktemp("builders")),
        "demo": base_of_demo(tmp_path_factory.mktemp("demo")),
    }


@pytest.mark.parametrize("name", names_of("csv"))
def test_a_mutated_csv_is_read_as_it_is_or_refused(bases: dict[str, Base], name: str) -> None:
    outcomes = [judge(bases[base], name, range(n)) for base, n in N_SEEDS.items()]
    assert [sum(counted.values()) for counted in outcomes] == list(N_SEEDS.values())
    if MUTATIONS[name].kind == "same":
        assert all("refused" not in counted for counted in outcomes)


def test_no_bytes_and_web_pages_are_always_refused(bases: dict[str, Base]) -> None:
    for name in ("no_bytes", "a_page_of_the_web"):
        assert judge(bases["demo"], name, range(4, 7)) == {"refused": 3}
