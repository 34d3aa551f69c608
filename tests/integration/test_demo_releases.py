"""A whole folder of synthetic releases: complete, readable, marked synthetic, the same every time."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from ofsight.demo import BOUNDARY_FILE, IN_YEAR, LIST, MARKER, QUARTER, Truth, layout_of, write_releases
from ofsight.errors import UsageError

SIZE = {"seed": 5, "n_homes": 250, "last_year": 2025}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("releases")
    write_releases(folder, **SIZE)
    return folder


@pytest.fixture(scope="module")
def truth(folder) -> Truth:
    return Truth.read(folder)


def digest(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def rows_of(folder: Path, name: str, series: str, edition: int) -> list[list[object]]:
    """Rows below the headings, blank ones left out, read with nothing of the demo but the layout's row."""
    layout = layout_of(series, edition)
    if "#" in name:
        file, sheet = name.split("#")
        rows = CalamineWorkbook.from_path(folder / file).get_sheet_by_name(sheet)
        grid: list[list[object]] = rows.to_python(skip_empty_area=False)  # type: ignore[assignment]
    else:
        text = (folder / name).read_bytes().decode(layout.encoding)
        grid = list(csv.reader(io.StringIO(text, newline="")))
    assert tuple(grid[layout.n_banner_rows][: len(layout.headings)]) == layout.headings
    return [row for row in grid[layout.n_banner_rows + 1 :] if any(str(cell).strip() for cell in row)]


def test_every_file_of_the_truth_holds_the_rows_it_says(folder, truth):
    assert len(truth.files) == 11 + 10 + 2
    for name, said in truth.files.items():
        assert len(rows_of(folder, name, said["series"], said["edition"])) == said["n_rows"], name
    on_disk = {p.name for p in folder.iterdir()} - {MARKER, BOUNDARY_FILE, "README.txt"}
    assert on_disk == {name.split("#")[0] for name in truth.files}


def test_both_series_both_formats_all_encodings(truth):
    seen = {(s["series"], s["edition"]) for s in truth.files.values()}
    assert {series for series, _ in seen} == {LIST, IN_YEAR, QUARTER}
    assert {layout_of(*key).encoding for key in seen} == {"utf-8-sig", "utf-8", "cp1252", "mac_roman", "ods"}


def test_everything_says_synthetic(folder):
    for path in folder.iterdir():
        if path.suffix == ".ods":
            book = CalamineWorkbook.from_path(path)
            cover = book.get_sheet_by_name("Cover").to_python()
            assert "SYNTHETIC" in str(cover[0][0])
            for sheet in book.sheet_names:
                first = book.get_sheet_by_name(sheet).to_python()
                assert not first or "SYNTHETIC" in str(first[0][0]), sheet
        else:
            assert b"SYNTHETIC" in path.read_bytes(), path.name
            assert "synthetic" in path.name.lower() or path.name == "README.txt"


def test_the_marker_holds_the_truth(folder, truth):
    payload = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    assert payload["synthetic"] is True
    assert payload["seed"] == 5
    assert payload["domains"]["overall"]["odds_ratios"] == {"private": 0.60, "voluntary": 0.80}
    assert payload["domains"]["protection"]["odds_ratios"] == {"private": 0.65, "voluntary": 0.85}
    assert payload["domains"]["leadership"]["odds_ratios"] == {"private": 0.60, "voluntary": 0.75}
    assert payload["counts"]["homes"] == truth.n_homes == 250
    assert payload["dirt"]["day_apart"] == 6


def test_equal_arguments_give_equal_bytes_whatever_the_hash_seed(folder, tmp_path):
    code = f"from ofsight.demo import write_releases; write_releases({str(tmp_path)!r}, **{SIZE!r})"
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONHASHSEED": "12345"}, timeout=60
    )
    assert digest(tmp_path) == digest(folder)


def test_another_seed_gives_other_data(folder, tmp_path):
    write_releases(tmp_path, seed=6, n_homes=250, first_year=2022, last_year=2022)
    name = "synthetic-childrens-social-care-in-england-2022-underlying-data.ods"
    assert digest(tmp_path)[name] != digest(folder)[name]
    assert {p.name for p in tmp_path.iterdir()} == {name, MARKER, BOUNDARY_FILE, "README.txt"}


def test_workbooks_hold_the_sheets_of_their_year(folder):
    def sheets(year):
        path = folder / f"synthetic-childrens-social-care-in-england-{year}-underlying-data.ods"
        return CalamineWorkbook.from_path(path).sheet_names

    for year in (2022, 2023, 2025):
        assert {"Cover", "Contents", "Guidance", "Notes", "Meta-data"} <= set(sheets(year))
        assert {
            f"Provider_level_at_31_Mar_{year}",
            f"Provider_level_in_year_{year - 1}-{year % 100}",
            f"Providers+places_at_31_Mar_{year}",
            f"Leavers+Joiners_at_31_Mar_{year}",
            "Latest_OE_31_Mar_Time_Series",
            "In_Year_Time_series",
        } <= set(sheets(year))
    assert "LA_level_at_31_Mar_2023" in sheets(2023)
    assert "SA_Premises_at_31_Mar_2025" in sheets(2025)
    phantoms = [name for name in sheets(2022) if "#" in name]
    assert any(name.endswith("#Provider_level_at_31_Mar_2020") for name in phantoms)
    assert not [name for name in sheets(2023) if "#" in name]


def test_workbook_cells_are_typed(folder):
    name = "synthetic-childrens-social-care-in-england-2023-underlying-data.ods"
    rows = rows_of(folder, f"{name}#Provider_level_at_31_Mar_2023", LIST, 2023)
    columns = dict(zip(layout_of(LIST, 2023).headings, zip(*rows, strict=False), strict=False))
    assert {type(urn) for urn in columns["URN"]} == {str, float}
    assert {type(day) for day in columns["Latest full inspection date"]} == {datetime}
    assert {type(number) for number in columns["Latest full inspection event number"]} == {float}


def test_time_series_add_up_to_the_rows(folder):
    """Counts of the workbook's series sheet equal those taken from each year's in-year release."""
    name = "synthetic-childrens-social-care-in-england-2023-underlying-data.ods"
    book = CalamineWorkbook.from_path(folder / name)
    sheet = book.get_sheet_by_name("In_Year_Time_series").to_python(skip_empty_area=False)
    start = next(i for i, row in enumerate(sheet) if str(row[0]).startswith("Table 9b"))
    published = {row[0]: row[1:5] for row in sheet[start + 2 :] if row[0]}
    assert published["2020-21"] == [0.0, 0.0, 0.0, 0.0]
    for edition, file in (
        (2018, "synthetic-provider-level-in-year-2017-18.csv"),
        (2023, f"{name}#Provider_level_in_year_2022-23"),
    ):
        layout = layout_of(IN_YEAR, edition)
        at = {field: i for i, (_, field) in enumerate(layout.columns)}
        grades = [
            row[at["overall"]]
            for row in rows_of(folder, file, IN_YEAR, edition)
            if str(row[at["provision_type"]]).lower() == "children's home"
            and row[at["event_type"]] == "Full inspection"
        ]
        counted = [
            sum(str(grade).startswith(word) for grade in grades)
            for word in ("Outstanding", "Good", "Requires improvement", "Inadequate")
        ]
        assert counted == published[f"{edition - 1}-{edition % 100}"]
        assert sum(counted) > 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_homes": 0}, "at least one home"),
        ({"first_year": 2014}, "known from 2015 to 2025"),
        ({"last_year": 2026}, "known from 2015 to 2025"),
        ({"first_year": 2020, "last_year": 2019}, "not a span"),
    ],
)
def test_arguments_that_cannot_be_meant(tmp_path, arguments, message):
    target = tmp_path / "new"
    with pytest.raises(UsageError, match=message):
        write_releases(target, **arguments)
    assert not target.exists()


def test_one_home_and_one_year_is_enough(tmp_path):
    truth = write_releases(tmp_path, n_homes=1, first_year=2021, last_year=2021)
    assert list(truth.files) == ["synthetic-provider-level-at-31-march-2021.csv"]


@pytest.mark.parametrize("first_year", range(2015, 2026))
@pytest.mark.parametrize("n_homes", [1, 30])
def test_every_span_of_years_can_be_written(tmp_path, first_year, n_homes):
    for last_year in {first_year, min(first_year + 1, 2025), 2025}:
        folder = tmp_path / str(last_year)
        truth = write_releases(folder, seed=1, n_homes=n_homes, first_year=first_year, last_year=last_year)
        assert {s["edition"] for s in truth.files.values()} - {2014} == set(range(first_year, last_year + 1))
