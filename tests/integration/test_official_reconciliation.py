"""The real releases against Ofsted's own series; and the page of the docs made from that."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ofsight.dataset.reconciliation import ALL_HOMES, reconciliation_page
from ofsight.dataset.store import Dataset

PAGE = Path(__file__).parents[2] / "docs" / "reconciliation.md"


@pytest.fixture
def reconciliation(official_dataset: Dataset) -> pl.DataFrame:
    return official_dataset["reconciliation"]


@pytest.mark.parametrize(
    ("year", "within"), [(2015, 0), (2017, 0), (2018, 0), (2020, 0), (2022, 2), (2023, 2)]
)
def test_graded_inspections_equal_the_series(reconciliation: pl.DataFrame, year: int, within: int) -> None:
    graded = reconciliation.filter(
        pl.col("counted") == "graded in the year",
        pl.col("provision") == ALL_HOMES,
        pl.col("year") == year,
    )
    assert graded.height == 4
    assert graded["difference"].abs().sum() <= within


def test_years_that_are_further_off_say_why(reconciliation: pl.DataFrame) -> None:
    differ = reconciliation.filter(pl.col("difference") != 0)
    assert differ.filter(pl.col("reason") == "equal").is_empty()
    unexplained = differ.filter(pl.col("reason").str.contains("nothing published"))
    assert unexplained.is_empty(), unexplained.rows()


def test_the_page_is_that_of_these_releases(reconciliation: pl.DataFrame) -> None:
    page, made = PAGE.read_text(encoding="utf-8"), reconciliation_page(reconciliation)
    if [line for line in page.splitlines() if line.startswith("Published numbers")] != [
        line for line in made.splitlines() if line.startswith("Published numbers")
    ]:
        pytest.skip("docs/reconciliation.md was made from other editions than these")
    assert page == made, "docs/reconciliation.md is stale: python tools/write_docs.py DATASET"
