"""What several releases say of one inspection becomes one row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from builders import OVERALL, grid, provider, providers, visits, write_csv
from ofsight.dataset.build import build_dataset
from ofsight.dataset.store import Dataset, open_dataset

_Rows = list[dict[str, str]]


def _build(tmp_path: Path, releases: Mapping[str, _Rows]) -> Dataset:
    for name, rows in releases.items():
        write_csv(tmp_path / "releases" / name, grid(rows))
    build_dataset(tmp_path / "releases", tmp_path / "dataset")
    return open_dataset(tmp_path / "dataset")


def _changed(rows: _Rows, number: int, **cells: str) -> _Rows:
    return [{**row, **cells} if row["URN"] == f"SC{900000 + number}" else row for row in rows]


def _later_list(**cells: str) -> _Rows:
    """A list at 31 March 2020 that still shows the visits of 2018-19; one newer home dates it."""
    newer = [
        provider(900 + number, **dict.fromkeys(("Inspection date", "Publication date"), f"{day:%d/%m/%Y}"))
        for number, day in enumerate(date(2020, 3, 1 + n % 28) for n in range(20))
    ]
    return [*providers(200, **cells), *newer]


def _of(frame: pl.DataFrame, number: int) -> pl.DataFrame:
    return frame.filter(pl.col("urn") == f"SC{900000 + number}")


def test_an_inspection_in_two_releases_is_one_row(tmp_path: Path) -> None:
    data = _build(tmp_path, {"a.csv": visits(), "b.csv": providers()})
    full = data.inspections.filter(pl.col("inspection_type") == "Full inspection")
    assert full.height == 200
    assert full["n_records"].unique().to_list() == [2]
    assert not full["revised"].any()
    assert data.revisions.is_empty()
    # Within one edition the year's own file is believed before the list.
    assert set(full["release"]) == {"provider-level-in-year/2018-19"}


def test_a_newer_release_wins_and_the_change_is_kept(tmp_path: Path) -> None:
    later = _changed(_later_list(), 7, **{OVERALL: "Inadequate"})
    data = _build(tmp_path, {"in-year.csv": visits(), "later.csv": later})
    row = _of(data.inspections, 7).filter(pl.col("inspection_type") == "Full inspection").row(0, named=True)
    assert (row["overall"], row["overall_as_published"], row["revised"]) == ("Inadequate", "Inadequate", True)
    assert row["release"] == "provider-level-at-31-march/2020-03-31"
    assert row["setting_release"] == "provider-level-in-year/2018-19"
    change = data.revisions.filter(pl.col("column") == "overall").row(0, named=True)
    assert (change["old_value"], change["new_value"]) == ("Good", "Inadequate")
    assert change["old_release"] == "provider-level-in-year/2018-19"
    assert data.revisions.height == 1


def test_the_home_is_described_as_it_was_then_and_not_later(tmp_path: Path) -> None:
    data = _build(
        tmp_path, {"in-year.csv": visits(), "later.csv": _later_list(Sector="Voluntary", Places="9")}
    )
    row = _of(data.inspections, 7).row(0, named=True)
    assert (row["sector"], row["places"]) == ("Private", 4)
    assert _of(data.homes, 7)["sector"].to_list() == ["Voluntary"]


@pytest.mark.parametrize("days", [1, 2, 3])
def test_a_first_day_that_moved_is_the_same_inspection(tmp_path: Path, days: int) -> None:
    day = date(2018, 4, 17)
    moved = date(2018, 4, 17 - days)
    later = _changed(_later_list(), 7, **{"Inspection date": f"{moved:%d/%m/%Y}", "Event number": "777777"})
    data = _build(tmp_path, {"in-year.csv": visits(), "later.csv": later})
    full = _of(data.inspections, 7).filter(pl.col("inspection_type") == "Full inspection")
    assert full["inspected_on"].to_list() == [moved]
    change = data.revisions.filter(pl.col("column") == "inspected_on").row(0, named=True)
    assert (change["old_value"], change["new_value"]) == (str(day), str(moved))


def test_four_days_apart_and_another_number_are_two_inspections(tmp_path: Path) -> None:
    later = _changed(_later_list(), 7, **{"Inspection date": "13/04/2018", "Event number": "777777"})
    data = _build(tmp_path, {"in-year.csv": visits(), "later.csv": later})
    full = _of(data.inspections, 7).filter(pl.col("inspection_type") == "Full inspection")
    assert full["inspected_on"].to_list() == [date(2018, 4, 13), date(2018, 4, 17)]


def test_one_event_number_is_one_inspection_though_the_month_slipped(tmp_path: Path) -> None:
    later = _changed(_later_list(), 7, **{"Inspection date": "17/05/2018"})
    data = _build(tmp_path, {"in-year.csv": visits(), "later.csv": later})
    full = _of(data.inspections, 7).filter(pl.col("inspection_type") == "Full inspection")
    assert full["inspected_on"].to_list() == [date(2018, 5, 17)]


def test_an_event_number_damaged_in_one_release_is_whole_from_another(tmp_path: Path) -> None:
    later = _changed(_later_list(), 7, **{"Event number": "1.02E+07"})
    data = _build(tmp_path, {"in-year.csv": visits(), "later.csv": later})
    full = _of(data.inspections, 7).filter(pl.col("inspection_type") == "Full inspection")
    assert full["event_number"].to_list() == ["10000007"]
    assert "event-number-damaged" in data.findings["code"].to_list()


def test_of_two_visits_on_one_day_the_more_searching_stands(tmp_path: Path) -> None:
    monitoring = provider(7, **{"Event type": "Monitoring inspection", "Event number": "555555", OVERALL: "",
                                "How well children and young people are helped and protected": "",
                                "The effectiveness of leaders and managers": ""})  # fmt: skip
    data = _build(tmp_path, {"in-year.csv": [*visits(), monitoring]})
    on_day = _of(data.inspections, 7).filter(pl.col("inspected_on") == date(2018, 4, 17))
    assert on_day["inspection_type"].to_list() == ["Full inspection"]
    assert data.set_aside.select("reason", "detail").rows() == [
        ("another visit on the same day", "Monitoring inspection")
    ]


def test_a_home_without_inspection_is_listed_and_not_inspected(tmp_path: Path) -> None:
    blank = dict.fromkeys(
        ("Event type", "Inspection date", "Publication date", "Event number", OVERALL,
         "How well children and young people are helped and protected",
         "The effectiveness of leaders and managers"), "")  # fmt: skip
    data = _build(tmp_path, {"list.csv": _changed(providers(), 7, **blank)})
    assert _of(data.inspections, 7).is_empty()
    assert _of(data.home_snapshots, 7).height == 1
    assert _of(data.homes, 7)["n_inspections"].to_list() == [0]


def test_every_row_of_every_table_leads_back_to_its_cell(tmp_path: Path) -> None:
    import csv

    data = _build(tmp_path, {"in-year.csv": visits(), "later.csv": _later_list()})
    files = dict(data.releases.select("release", "file").rows())
    cells = {
        release: list(
            csv.DictReader((tmp_path / "releases" / file).read_text(encoding="utf-8-sig").splitlines())
        )
        for release, file in files.items()
    }
    for row in data.inspections.iter_rows(named=True):
        cell = cells[row["release"]][row["row"] - 2]
        assert cell["URN"] == row["urn"]
        assert cell[OVERALL] == (row["overall_as_published"] or "")
        assert cell["Inspection date"] == f"{row['inspected_on']:%d/%m/%Y}"
