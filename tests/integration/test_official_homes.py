"""Homes, places and movements of the real releases against Ofsted's own counts."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from ofsight.dataset.store import Dataset

# Ofsted, tables 6a and 6b: all children's homes and their places on 31 March.
PUBLISHED = {
    2018: (2209, 11746),
    2021: (2706, 12732),
    2022: (2873, 12898),
    2023: (3119, 13528),
}


@pytest.fixture
def dataset(official_dataset: Dataset) -> Dataset:
    return official_dataset


@pytest.mark.parametrize("year", PUBLISHED)
def test_homes_and_places_equal_the_published_series(dataset: Dataset, year: int) -> None:
    listed = dataset.home_snapshots.filter(pl.col("listed_on") == date(year, 3, 31))
    assert (listed.height, listed["places"].sum()) == PUBLISHED[year]


def test_the_list_of_september_2014_is_read(dataset: Dataset) -> None:
    listed = dataset.home_snapshots.filter(pl.col("listed_on") == date(2014, 9, 30))
    assert listed.height == 2062
    assert listed["places"].null_count() == 0


def test_movements_of_each_year(dataset: Dataset) -> None:
    counts = dict(
        dataset.movements.filter(pl.col("release").str.starts_with("joiners"))
        .group_by(key=pl.concat_str("release", "kind", separator=" "))
        .len()
        .rows()
    )
    assert counts["joiners-and-leavers/2016-17 joined"] == 228
    assert counts["joiners-and-leavers/2016-17 left"] == 154
    assert counts["joiners-and-leavers/2022-23 joined"] == 370
    assert counts["joiners-and-leavers/2022-23 left"] == 124


def test_no_home_is_inspected_long_after_it_left(dataset: Dataset) -> None:
    homes = dataset.homes.filter(pl.col("closed_on").is_not_null())
    assert homes.height > 1300
    late = homes.filter(pl.col("last_inspected_on") > pl.col("closed_on").dt.offset_by("62d"))
    assert late.height <= 5
