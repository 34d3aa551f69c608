"""Precision and recall of the owner linkage on the hand-labelled sample ``tests/data/owner_pairs.csv``.

``docs/owners.md`` says how the sample was drawn and labelled. Here the linker sees only the names of the
sample, and of each pair whether a registration or an authority is in common. The same on all official files
is in ``tests/integration/test_link_owners_releases.py``.
"""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from ofsight.link.owners import link_owners

PAIRS = Path(__file__).parents[1] / "data" / "owner_pairs.csv"


def wilson(k: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Give the Wilson interval of k successes in n."""
    centre, half = k + z * z / 2, z * math.sqrt(k * (n - k) / n + z * z / 4)
    return (centre - half) / (n + z * z), (centre + half) / (n + z * z)


def counts(pairs: pl.DataFrame) -> tuple[int, int, int]:
    """Give (linked and same, linked and different, same and not linked); unclear pairs count as different."""
    same = pl.col("label") == "same"
    linked = pl.col("linked")
    return tuple(pairs.filter(rule).height for rule in (linked & same, linked & ~same, ~linked & same))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def pairs() -> pl.DataFrame:
    return pl.read_csv(PAIRS, infer_schema_length=None).with_row_index("pair")


@pytest.fixture(scope="module")
def names(pairs: pl.DataFrame) -> pl.DataFrame:
    """The names of the sample, with the evidence that each pair carries."""
    shared = pl.when(pl.col("shared_registrations") > 0).then(pl.format("pair {}", "pair"))
    place = pl.when(pl.col("shared_authority") > 0).then(pl.format("place {}", "pair"))
    both = [
        pairs.select(owner=side, urn=shared, local_authority=place, year=pl.lit(2018))
        for side in ("one", "other")
    ]
    return pl.concat(both)


def decided(pairs: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    owner = dict(links.select("owner_as_published", "owner_id").iter_rows())
    linked = [owner[one] == owner[other] for one, other in pairs.select("one", "other").iter_rows()]
    return pairs.with_columns(linked=pl.Series(linked, dtype=pl.Boolean))


def test_the_sample_is_large_stratified_and_labelled(pairs: pl.DataFrame) -> None:
    assert pairs.height >= 700
    assert set(pairs["label"]) == {"same", "different", "unclear"}
    assert pairs.select("one", "other").is_duplicated().sum() == 0
    assert (pairs["one"] != pairs["other"]).all()
    strata = Counter(pairs["stratum"])
    assert len(strata) == 6
    assert min(strata.values()) >= 60
    assert pairs.filter(pl.col("label") == "unclear").height <= 8


def test_precision_and_recall(pairs: pl.DataFrame, names: pl.DataFrame) -> None:
    right, wrong, missed = counts(decided(pairs, link_owners(names)))
    assert right / (right + wrong) >= 0.98
    assert right / (right + missed) >= 0.95
    assert wilson(right, right + wrong)[0] >= 0.97
    assert wilson(right, right + missed)[0] >= 0.93


def test_without_aliases_the_rules_alone_reach_the_bar(pairs: pl.DataFrame, names: pl.DataFrame) -> None:
    """Aliases were written from the same files as the sample, so they must not carry the result."""
    right, wrong, missed = counts(decided(pairs, link_owners(names, aliases={})))
    assert right / (right + wrong) >= 0.98
    assert right / (right + missed) >= 0.95


def test_beyond_equal_normal_forms(pairs: pl.DataFrame, names: pl.DataFrame) -> None:
    """The easy stratum must not hide the hard ones."""
    hard = pairs.filter(pl.col("stratum") != "same normal form")
    right, wrong, missed = counts(decided(hard, link_owners(names, aliases={})))
    assert right + missed >= 50
    assert right / (right + wrong) >= 0.95
    assert right / (right + missed) >= 0.85


def test_pairs_that_nobody_could_decide_are_not_linked(pairs: pl.DataFrame, names: pl.DataFrame) -> None:
    unclear = decided(pairs, link_owners(names)).filter(pl.col("label") == "unclear")
    assert unclear.filter(pl.col("linked"))["one"].to_list() == []


def test_likeness_alone_would_not_do(pairs: pl.DataFrame) -> None:
    """Why there are guards: a plain threshold on likeness is either blind or wrong on the hard strata."""
    from rapidfuzz import fuzz

    from ofsight.link.owners import normalise_owner

    hard = pairs.filter(pl.col("stratum") != "same normal form", pl.col("label") != "unclear")
    score = pl.Series(
        [
            fuzz.ratio(normalise_owner(a), normalise_owner(b))
            for a, b in hard.select("one", "other").iter_rows()
        ]
    )
    best = 0.0
    for threshold in range(70, 101):
        right, wrong, missed = counts(hard.with_columns(linked=score >= threshold))
        if right and right / (right + missed) >= 0.6:
            best = max(best, right / (right + wrong))
    assert best < 0.9
