"""What table 4 and the placements take from the dataset: the newest inspection of a span, shares, gaps."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ofsight.dataset.store import Dataset
from ofsight.definitions.study import SpanDefinition
from ofsight.study.authority_table import COVARIATES, authorities_of_dataset
from ofsight.study.placement_panel import placement_panel


def _dataset(folder: Path, **frames: pl.DataFrame) -> Dataset:
    for name in frames:
        (folder / f"{name}.parquet").touch()
    return Dataset(folder, {}, dict(frames))


def _span(start: date | None, end: date | None) -> SpanDefinition:
    return SpanDefinition.model_validate({"from": start, "to": end})


def _judged(authority: str, on: date, grade: str | None) -> dict[str, object]:
    row: dict[str, object] = {"authority": authority, "on": on, "framework": "ILACS", "region": "North"}
    row |= dict.fromkeys(("overall", "leaders", "protection", "care"), grade)
    return row | dict.fromkeys(COVARIATES, 10.0)


@pytest.fixture
def judged(tmp_path: Path) -> Dataset:
    rows = [
        _judged("A", date(2015, 5, 1), "Inadequate"),
        _judged("A", date(2018, 5, 1), "Good"),
        _judged("A", date(2023, 5, 1), "Outstanding"),
        _judged("B", date(2019, 5, 1), "Good"),
        _judged("B", date(2020, 5, 1), None),
        _judged("C", date(2012, 5, 1), "Good"),
    ]
    return _dataset(tmp_path, authority_panel=pl.DataFrame(rows))


def test_each_authority_s_newest_judgement_of_the_span_is_taken(judged: Dataset) -> None:
    table = authorities_of_dataset(judged, _span(date(2016, 1, 1), date(2021, 8, 31)))
    assert table is not None
    assert table["overall"].cast(pl.String).to_list() == ["Good", "Good"]
    open_ended = authorities_of_dataset(judged, _span(date(2016, 1, 1), None))
    assert open_ended is not None
    assert sorted(open_ended["overall"].cast(pl.String)) == ["Good", "Outstanding"]


def test_a_span_without_inspections_and_a_dataset_without_the_table_give_none(
    judged: Dataset, tmp_path: Path
) -> None:
    assert authorities_of_dataset(judged, _span(date(2030, 1, 1), None)) is None
    (tmp_path / "older").mkdir()
    assert authorities_of_dataset(Dataset(tmp_path / "older", {}), _span(None, None)) is None
    assert placement_panel(Dataset(tmp_path / "older", {})) is None


def _number(
    topic: str, category: str, breakdown: str, value: float | None, **more: object
) -> dict[str, object]:
    return {
        "authority": "A", "year": 2021, "topic": topic, "category": category, "breakdown": breakdown,
        "measure": "children", "value": value, "newest": True, "release": "r1", **more,
    }  # fmt: skip


def test_shares_are_of_the_right_whole_and_symbols_stay_gaps(tmp_path: Path) -> None:
    march, stability = "looked after on 31 March", "placement stability"
    long_term = "Under 16 and looked after for 2.5 years"
    stayed = "Living in the same placement for at least 2 years, or are placed for adoption and so on"
    outside = "Placed outside the local authority boundary"
    numbers = [
        _number(march, "Locality of placement", outside, 60.0),
        _number(march, "Locality of placement", outside, 999.0, newest=False),
        _number(march, "Locality of placement", outside, 50.0, measure="percent"),
        _number(stability, long_term, stayed, 30.0),
        _number(stability, long_term, "Total", 40.0),
        _number(stability, "Looked after on 31 March", "With 3 or more placements during the year", None),
        _number(stability, "Looked after on 31 March", "Total", 200.0),
        _number(march, "Locality of placement", outside, 70.0, year=2022),
    ]
    shares = ("private_percent", "voluntary_percent", "white_percent", "female_percent")
    years = pl.DataFrame({"authority": ["A", "A"], "year": [2021, 2022], "looked_after": [200.0, 50.0]})
    years = years.with_columns(pl.lit(25.0).alias(name) for name in shares)
    panel = placement_panel(
        _dataset(tmp_path, authority_years=years, authority_statistics=pl.DataFrame(numbers))
    )
    assert panel is not None
    first, second = panel.iter_rows(named=True)
    assert first["outside"] == pytest.approx(30.0)
    assert first["moved"] == pytest.approx(25.0)
    assert first["thrice"] is None
    assert first["n"] == pytest.approx(2.0)
    # 70 of 50 children cannot be.
    assert second["outside"] is None
