"""The further analyses on the real releases: what they must find, and within what bounds."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from ofsight.dataset.build import build_dataset
from ofsight.study.run import run_study


@pytest.fixture(scope="module")
def studied(official: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    build_dataset(official, folder / "dataset")
    run_study(folder / "dataset", folder / "study")
    run_study(folder / "dataset", folder / "latest", study="outsourcing-latest", analyses=["gaps"])
    return folder


def _table(studied: Path, name: str, study: str = "study") -> pl.DataFrame:
    return pl.read_csv(studied / study / "tables" / f"{name}.csv", infer_schema_length=None)


def test_the_other_coding_of_adequate_moves_the_gap_by_less_than_half_a_standard_error(studied: Path) -> None:
    rows = _table(studied, "codings").filter(pl.col("variance") == "model")
    assert rows.height == 12
    assert (rows["n_missing"] < rows["n_requires_improvement"]).all()
    private = rows.filter(pl.col("term") == "sector:private")
    assert private["difference_in_standard_errors"].abs().max() < 0.5  # type: ignore[operator]


def test_the_gap_by_year_holds_every_year_and_the_whole(studied: Path) -> None:
    """The gap of all years together lies within the spread of the years'."""
    rows = _table(studied, "gaps").filter(
        (pl.col("item") == "gap_by_year") & (pl.col("outcome") == "overall"),
        (pl.col("model") == "unadjusted") & (pl.col("variance") == "model"),
        pl.col("sector") == "Private",
    )
    assert rows["part"].cast(pl.String).to_list() == [str(y) for y in range(2014, 2022)]
    assert rows["n_in_part"].sum() == pytest.approx(10_164, abs=60)
    whole = next(
        row["estimate"]
        for row in json.loads((studied / "study" / "results.json").read_text(encoding="utf-8"))
        if (row["item"], row["model"], row["outcome"], row["term"], row["variance"])
        == ("table2", "unadjusted", "overall", "sector:private", "model")
    )
    assert rows["estimate"].min() < whole < rows["estimate"].max()


def test_the_latest_study_goes_on_where_the_paper_s_stops(studied: Path) -> None:
    text = (studied / "latest" / "study.json").read_text(encoding="utf-8")
    sample = json.loads(text)["sample"]
    assert sample["n_inspections"] > 21_000
    assert sample["to"] is None
    years = _table(studied, "gaps", "latest").filter(pl.col("item") == "gap_by_year")["part"]
    assert set(years.cast(pl.String)) >= {str(y) for y in range(2014, 2024)}
    assert pl.read_csv(studied / "latest" / "ledger.csv").is_empty()
