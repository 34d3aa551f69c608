"""What must come out on the real releases: counts, odds ratios, sums that close, cells that are there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ofsight.dataset.store import Dataset
from ofsight.harmonise.spreadsheets import read_tables


@pytest.fixture
def built(official_dataset: Dataset) -> Dataset:
    """The dataset of all official releases."""
    return official_dataset


@pytest.fixture
def studied(official_study: Path) -> list[dict[str, Any]]:
    """Every estimate of the study on them."""
    found: list[dict[str, Any]] = json.loads((official_study / "results.json").read_text(encoding="utf-8"))
    return found


def _table(study: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(study / name, infer_schema_length=None)


def test_every_row_read_is_kept_or_set_aside(built: Dataset) -> None:
    releases = built.releases
    assert (releases["n_read"] == releases["n_kept"] + releases["n_set_aside"]).all()
    provider_level = releases.filter(pl.col("series").str.starts_with("provider-level"))
    assert provider_level.height >= 22
    assert provider_level["n_read"].sum() >= 71_602
    faults = {"not a URN", "unknown grade", "impossible date", "unknown sector", "unknown inspection type"}
    spine = built.set_aside.filter(pl.col("release").str.starts_with("provider-level"))
    assert not faults & set(spine["reason"])


def test_the_sample_is_the_papers_but_for_late_publications(official_study: Path) -> None:
    sample = json.loads((official_study / "study.json").read_text(encoding="utf-8"))["sample"]
    assert 13_850 <= sample["n_inspections"] <= 13_930
    by_sector = dict(
        _table(official_study, "tables/figure1.csv")
        .group_by("sector")
        .agg(pl.col("n_inspections").sum())
        .rows()
    )
    assert sum(by_sector.values()) == sample["n_inspections"]
    assert by_sector["Private"] == pytest.approx(10_164, abs=60)
    assert by_sector["Local Authority"] == pytest.approx(2_825, abs=30)
    assert by_sector["Voluntary"] == pytest.approx(941, abs=15)


@pytest.mark.parametrize(
    ("outcome", "private", "voluntary"),
    [("overall", 0.563, 0.831), ("leadership", 0.585, 0.774), ("protection", 0.614, 0.755)],
)
def test_unadjusted_odds_ratios(
    studied: list[dict[str, Any]], outcome: str, private: float, voluntary: float
) -> None:
    """Against an independent fit on the same releases (STUDY.md), not against the printed values."""
    found = {
        row["term"]: row["estimate"]
        for row in studied
        if (row["item"], row["model"], row["outcome"], row["variance"])
        == ("table2", "unadjusted", outcome, "model")
    }
    assert found["sector:private"] == pytest.approx(private, abs=0.01)
    assert found["sector:voluntary"] == pytest.approx(voluntary, abs=0.01)


def test_every_published_number_of_tables_1_and_2_has_ours_and_a_verdict(official_study: Path) -> None:
    ledger = _table(official_study, "ledger.csv")
    assert ledger["verdict"].null_count() == 0
    shown = ledger.filter(pl.col("item").is_in(["table1", "table2", "figure2"]))
    assert shown.height == 95
    assert shown["ours"].null_count() == 0
    ratios = shown.filter(pl.col("quantity") == "odds ratio")
    assert set(ratios["verdict"]) <= {"same to print", "within one standard error"}


def test_restated_grades_are_told(built: Dataset) -> None:
    changed = built.revisions.filter(pl.col("column") == "overall").select("urn", "old_value", "new_value")
    assert set(changed.rows()) >= {
        ("SC022729", "Requires improvement to be good", "Inadequate"),
        ("SC386430", "Requires improvement to be good", "Good"),
    }


def test_cells_lead_back_to_the_files(official: Path, built: Dataset) -> None:
    """For one row in two hundred, open the file and look."""
    releases = {row["release"]: row for row in built.releases.iter_rows(named=True)}
    sample = built.inspections.gather_every(200)
    assert sample.height > 150
    tables: dict[tuple[str, str | None], list[list[str]]] = {}
    for row in sample.iter_rows(named=True):
        file = releases[row["release"]]["file"]
        if (file, row["sheet"]) not in tables:
            found = read_tables(official / file)
            tables[file, row["sheet"]] = next(t.rows for t in found if t.sheet == row["sheet"])
        cells = [cell.strip() for cell in tables[file, row["sheet"]][row["row"] - 1]]
        assert row["urn"] in cells
        assert (row["overall_as_published"] or "") in cells
        day = row["inspected_on"]
        assert f"{day:%d/%m/%Y}" in cells or day.isoformat() in cells
