"""The statistics, inspections of authorities and control totals of the real releases."""

from __future__ import annotations

import polars as pl
import pytest

from ofsight.dataset.store import Dataset


@pytest.fixture
def tables(official_dataset: Dataset) -> Dataset:
    return official_dataset


def test_value_or_status_never_both_never_neither(tables: Dataset) -> None:
    statistics = tables["authority_statistics"]
    assert statistics.height > 230_000
    assert statistics.filter(pl.col("value").is_null() == (pl.col("status") == "")).is_empty()
    assert statistics.filter(pl.col("status_meaning") == "damaged").height <= 1


def test_every_authority_with_a_code_is_known(tables: Dataset) -> None:
    # The census speaks of Wales too.
    local = tables["authority_statistics"].filter(
        pl.col("level") == "Local authority", pl.col("published_code").str.starts_with("E")
    )
    strangers = local.filter(pl.col("authority").is_null())["published_code"].unique().to_list()
    # Two joint returns of the workforce: published as one figure for two authorities.
    assert sorted(strangers) == ["E06000061 / E06000062", "E09000021 / E09000027"]


@pytest.mark.parametrize(
    ("year", "category", "breakdown", "children"),
    [
        (2011, "Placement provider", "Private provision", 19080),
        (2015, "Looked after on 31 March", "Total", 69540),
        (2022, "Looked after on 31 March", "Total", 82090),  # 82,170 before it was restated
        (2025, "Looked after on 31 March", "Total", 81770),
    ],
)
def test_known_numbers_of_england(
    tables: Dataset, year: int, category: str, breakdown: str, children: int
) -> None:
    found = tables["authority_statistics"].filter(
        pl.col("level") == "National",
        pl.col("year") == year,
        pl.col("category") == category,
        pl.col("breakdown") == breakdown,
        pl.col("measure") == "children",
        pl.col("newest"),
    )
    assert found["value"].unique().to_list() == [float(children)]


def test_inspections_of_authorities(tables: Dataset) -> None:
    inspections = tables["authority_inspections"]
    graded = inspections.filter(pl.col("framework") == "ILACS", pl.col("overall").is_not_null())
    assert graded["published_on"].null_count() == 0
    assert graded["inspected_on"].null_count() <= 5
    delay = (graded["published_on"] - graded["inspected_on"]).dt.total_days().drop_nulls()
    assert delay.is_between(1, 200).all()
    sif = inspections.filter(pl.col("framework") == "SIF")
    assert (sif.height, sif["authority"].n_unique()) == (173, 152)
    birmingham = inspections.filter(pl.col("authority") == "Birmingham", pl.col("framework") == "SIF")
    assert birmingham["overall"].to_list() == ["Inadequate", "Inadequate"]


def test_control_totals(tables: Dataset) -> None:
    found = tables["control_totals"].filter(
        pl.col("counted") == "graded in the year",
        pl.col("provision") == "all children's homes",
        pl.col("year") == 2023,
    )
    assert dict(found.select("grade", "n").rows()) == {
        "Outstanding": 215,
        "Good": 1777,
        "Requires improvement to be good": 515,
        "Inadequate": 234,
    }


def test_ten_neighbours_each(tables: Dataset) -> None:
    neighbours = tables["neighbours"]
    assert neighbours.group_by("release", "published_number").len()["len"].unique().to_list() == [10]
    assert neighbours["neighbour"].null_count() == 0
    assert set(neighbours["model"]) == {2021, 2025}


def test_one_row_of_an_authority_is_the_newest_whatever_its_codes(tables: Dataset) -> None:
    """North Yorkshire and Somerset were given new codes in 2023; both codes stand in the files."""
    newest = tables["authority_statistics"].filter(
        pl.col("newest"), pl.col("level") == "Local authority", pl.col("authority").is_not_null()
    )
    number = ["authority", "year", "topic", "category", "breakdown", "measure"]
    assert newest.select(number).is_duplicated().sum() == 0
    codes = newest.group_by("authority").agg(pl.col("published_code").drop_nulls().unique())
    assert (codes["published_code"].list.len() > 1).any()
    somerset = tables["authority_years"].filter(pl.col("authority") == "Somerset", pl.col("year") == 2022)
    assert somerset["looked_after"].to_list() == [548]
    assert somerset["looked_after_release"].to_list() == ["cla-number-and-rate/2021-2025"]
