"""Two inspections of one release stay two; one release does not revise itself."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from builders import OVERALL, grid, provider, providers, visits, write_csv
from ofsight.dataset.build import build_dataset
from ofsight.dataset.store import Dataset, open_dataset


def _monitoring(day: str, event: str, **cells: str) -> dict[str, str]:
    return provider(
        5,
        **{"Event type": "Monitoring visit", "Inspection date": day, "Publication date": "30/03/2019",
           "Event number": event, OVERALL: "Not judged", **cells},
    )  # fmt: skip


def _build(tmp_path: Path, **releases: list[dict[str, str]]) -> Dataset:
    for name, rows in releases.items():
        write_csv(tmp_path / "releases" / f"{name}.csv", grid(rows))
    build_dataset(tmp_path / "releases", tmp_path / "dataset")
    return open_dataset(tmp_path / "dataset")


def _visits_of_five(data: Dataset) -> list[tuple[object, ...]]:
    of_five = pl.col("urn") == "SC900005", pl.col("inspection_type") == "Monitoring inspection"
    found = data.inspections.filter(*of_five).sort("inspected_on")
    return found.select(pl.col("inspected_on").dt.day(), "event_number", "n_records", "revised").rows()


def test_two_events_on_two_days_of_one_release_are_two_inspections(tmp_path: Path) -> None:
    year = [*visits(), _monitoring("19/12/2018", "10113719"), _monitoring("21/12/2018", "10113400")]
    data = _build(tmp_path, year=year)
    assert _visits_of_five(data) == [(19, "10113719", 1, False), (21, "10113400", 1, False)]
    assert data.revisions.is_empty()
    assert "release-contradicts-itself" not in set(data.findings["code"])


def test_what_another_release_says_joins_the_right_one_of_two(tmp_path: Path) -> None:
    full = {"Event type": "Full inspection", OVERALL: "Good"}
    rows = [row for row in visits() if row["URN"] != "SC900005"]
    year = [
        *rows,
        provider(5, **full, **{"Inspection date": "19/12/2018", "Event number": "10113719"}),
        provider(5, **full, **{"Inspection date": "21/12/2018", "Event number": "10113400"}),
    ]
    listed = [row for row in providers() if row["URN"] != "SC900005"]
    latest = provider(
        5, **{"Inspection date": "20/12/2018", "Event number": "10113400", OVERALL: "Inadequate"}
    )
    data = _build(tmp_path, year=year, listed=[*listed, latest])
    found = data.inspections.filter(pl.col("urn") == "SC900005").sort("inspected_on")
    assert found.select(pl.col("inspected_on").dt.day(), "n_records", "revised").rows() == [
        (19, 1, False),
        (21, 2, True),
    ]


@pytest.mark.parametrize("event", ["10113719", ""])
def test_one_event_of_one_release_on_two_days_is_told_and_no_revision(tmp_path: Path, event: str) -> None:
    year = [*visits(), _monitoring("19/12/2018", "10113719"), _monitoring("21/12/2018", event)]
    data = _build(tmp_path, year=year)
    assert _visits_of_five(data) == [(19, "10113719", 2, False)]
    assert data.revisions.is_empty()
    told = data.findings.filter(pl.col("code") == "release-contradicts-itself")
    assert told["n"].to_list() == [1]


def test_two_releases_that_move_a_day_are_still_one_inspection(tmp_path: Path) -> None:
    listed = [provider(number, **{"Event number": str(20_000_000 + number)}) for number in range(1, 201)]
    listed[4]["Inspection date"] = "16/04/2018"
    data = _build(tmp_path, year=visits(), listed=listed)
    found = data.inspections.filter(
        pl.col("urn") == "SC900005", pl.col("inspection_type") == "Full inspection"
    )
    assert found.select("n_records", "revised").rows() == [(2, True)]
    assert data.revisions["column"].to_list() == ["inspected_on"]
