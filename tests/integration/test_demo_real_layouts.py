"""The demo's headings against the real releases, heading by heading."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from ofsight.demo import IN_YEAR, LIST, QUARTER, layout_of

pytestmark = [
    pytest.mark.releases,
    pytest.mark.skipif("OFSIGHT_RELEASES" not in os.environ, reason="OFSIGHT_RELEASES is not set"),
]

# What stands in the name of the file, its series, its edition.
FILES = [
    *((f"provider-level-at-31-march-{y}.csv", LIST, y) for y in (*range(2015, 2022), 2024)),
    *((f"provider-level-in-year-{y - 1}-{y % 100}.csv", IN_YEAR, y) for y in (*range(2015, 2021), 2024)),
    *((f"childrens-homes-inspections-2014-{q}.csv", QUARTER, 2014) for q in ("jan-mar", "apr-jun")),
]
SHEETS = [
    (2022, "Provider_level_at_31_Mar_2022", LIST),
    (2022, "Provider_level_in_year_2021-22", IN_YEAR),
    (2023, "Provider_level_at_31_Mar_2023", LIST),
    (2023, "Provider_level_in_year_2022-23", IN_YEAR),
]


def find(name: str) -> Path:
    found: Iterator[Path] = Path(os.environ["OFSIGHT_RELEASES"]).rglob(name)
    path = next(found, None)
    if path is None:
        pytest.skip(f"{name} is not under OFSIGHT_RELEASES")
    return path


@pytest.mark.parametrize(("name", "series", "edition"), FILES)
def test_csv_headings_encoding_and_edges_are_the_published_ones(name, series, edition):
    layout = layout_of(series, edition)
    raw = find(name).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") == (layout.encoding == "utf-8-sig")
    text = raw.decode(layout.encoding)
    assert ("\r\n" in text) == (layout.newline == "\r\n")
    rows = list(csv.reader(text.splitlines(keepends=True)))
    assert tuple(rows[layout.n_banner_rows]) == (*layout.headings, *("",) * layout.n_blank_columns)
    n_blank = next(i for i, row in enumerate(reversed(rows)) if any(cell.strip() for cell in row))
    assert n_blank == layout.n_blank_rows


@pytest.mark.parametrize(("edition", "sheet", "series"), SHEETS)
def test_workbook_headings_are_the_published_ones(edition, sheet, series):
    layout = layout_of(series, edition)
    book = CalamineWorkbook.from_path(find(f"childrens-social-care-in-england-{edition}-underlying-data.ods"))
    rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False, nrows=8)
    assert tuple(rows[layout.n_banner_rows]) == layout.headings
