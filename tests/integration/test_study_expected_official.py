"""Expected judgements on the official releases: what docs/study.md and the changelog say of them."""

from __future__ import annotations

import polars as pl
import pytest

from ofsight.dataset.store import Dataset
from ofsight.profiles.homes_open import open_homes
from ofsight.profiles.owner import list_owners
from ofsight.study.expected_groups import expect_judgements


@pytest.mark.releases
def test_groups_are_those_of_the_profiles_and_checks_are_told(official_dataset: Dataset) -> None:
    found = expect_judgements(official_dataset)
    groups = found.tables["group_performance"]
    assert set(groups["holder_id"]) <= set(list_owners(official_dataset)["slug"])
    largest = groups.row(0, named=True)
    homes = open_homes(official_dataset).filter(pl.col("holder_id") == largest["holder_id"])
    assert largest["n"] == homes["overall"].count()
    assert largest["observed"] == homes["overall"].is_in(["Good", "Outstanding"]).sum()
    # The model knows little of a home: the tables must say so.
    checks = {row["check"]: row for row in found.tables["expected_checks"].iter_rows(named=True)}
    assert checks["owners not seen, uncorrected"]["auc"] < 0.6
    assert 0 < found.tables["expected_terms"]["shrink"][0] < 1
    home = found.tables["home_expected"]
    assert home.height == open_homes(official_dataset).height
    assert ((home["low"] < home["probability"]) & (home["probability"] < home["high"])).all()
    again = expect_judgements(official_dataset).tables
    assert all(again[name].equals(table) for name, table in found.tables.items())
