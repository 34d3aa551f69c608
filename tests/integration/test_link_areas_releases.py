"""No authority in any official file is left unmatched.

The reader here is a plain one of its own, so that the test does not lean on ``harmonise``: it takes every
column whose heading is known to hold authorities, from every csv and workbook of the releases.
"""

from __future__ import annotations

import csv
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from ofsight.link.areas import Areas, load_areas

pytestmark = [
    pytest.mark.releases,
    pytest.mark.skipif("OFSIGHT_RELEASES" not in os.environ, reason="OFSIGHT_RELEASES is not set"),
]

# Headings, case-folded, of the columns that hold authorities: names or codes.
HEADINGS = re.compile(
    r"local authority(?: name| code)?|la|la[ _]name|la (?:num|number)|la_code \(. digit\)|new_geog_code"
    r"|geog_[cn]|old_la_code|new_la_code|[lu]tla\d\d(?:cd|nm)"
    r"|upper tier local authority .*(?:code|name)(?: \(2019\))?"
    r"|2023 upper tier local authorities(?: code)?|county (?:code|name)|la code|ons code"
    r"|sn_?\d+"
)
# Cells of such columns that are headings of a second block or classes of authorities, not authorities.
LABELS = re.compile(
    r"Local authority name|Old SNs:|-|ONS Code|E\d\d|E6803|Class Breakdown \[o\]|Unitary Authorities"
    r"|Shire (?:Districts|Counties)|Metropolitan Districts|London Boroughs|Combined Authorities"
)
SHEETS = re.compile(r"LA_|Provider|Leavers|Inspections|ILACS|RO3|LA SN|Sheet1")


def releases() -> Path:
    root = Path(os.environ["OFSIGHT_RELEASES"])
    return root / "official" if (root / "official").is_dir() else root


def tables(root: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield (file and sheet, rows of text) of every csv and every sheet of data."""
    for file in sorted(root.rglob("*.csv")):
        raw = file.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252")
        yield file.name, list(csv.reader(text.splitlines(keepends=True)))
    for file in sorted([*root.rglob("*.ods"), *root.rglob("*.xlsx")]):
        book = CalamineWorkbook.from_path(str(file))
        for sheet in filter(SHEETS.match, book.sheet_names):
            rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
            yield (
                f"{file.name}:{sheet}",
                [[f"{c:.0f}" if isinstance(c, float) else str(c) for c in row] for row in rows],
            )


def columns(rows: list[list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield (heading, distinct cells below it) of the columns that hold authorities."""
    for top, row in enumerate(rows[:20]):
        places = [i for i, cell in enumerate(row) if HEADINGS.fullmatch(cell.strip().casefold())]
        if places:
            for place in places:
                cells = (below[place].strip() for below in rows[top + 1 :] if place < len(below))
                yield row[place].strip(), list(dict.fromkeys(cells))
            return


@pytest.fixture(scope="module")
def met() -> dict[str, dict[str, list[str]]]:
    """File -> heading -> distinct cells."""
    found: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for name, rows in tables(releases()):
        for heading, cells in columns(rows):
            found[name][heading] = cells
    return found


@pytest.fixture(scope="module")
def areas() -> Areas:
    return load_areas()


def test_no_authority_is_unmatched(areas: Areas, met: dict[str, dict[str, list[str]]]) -> None:
    unmatched, n_matched = {}, 0
    for name, by_heading in met.items():
        for heading, cells in by_heading.items():
            found = areas.match(pl.Series(cells, dtype=pl.String))
            n_matched += found.filter(pl.col("status") == "authority").height
            left = found.filter(pl.col("status") == "unmatched")["name"].to_list()
            left = [cell for cell in left if not LABELS.fullmatch(cell)]
            if left:
                unmatched[f"{name} [{heading}]"] = left
    assert unmatched == {}
    assert n_matched > 15_000
    assert len(met) > 60


def test_every_series_with_authorities_was_read(met: dict[str, dict[str, list[str]]]) -> None:
    """The test above would pass over a file whose headings it does not know; this one would not."""
    # England-only tables, lists by home (URN) only, a dictionary of measures, and a file without headings
    # (DWP), read by a test of its own.
    without = re.compile(
        r"national-cla|closed-childrens-homes|data-dictionary|children-in-relative-low-income|largest-national"
    )
    silent = [
        file.name
        for file in sorted(releases().rglob("*.csv"))
        if not without.search(file.name) and file.name not in met
    ]
    assert silent == []


def test_the_dwp_table_has_no_heading_and_no_unmatched_name(areas: Areas) -> None:
    (file,) = releases().rglob("children-in-relative-low-income*.csv")
    rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines(keepends=True)))
    names = [row[1].strip() for row in rows if len(row) > 2 and row[1].strip() and row[2].strip().isdigit()]
    found = areas.match(pl.Series(names))
    assert found.filter(pl.col("status") == "unmatched")["name"].to_list() == []
    assert found.filter(pl.col("status") == "authority")["authority"].n_unique() == 153


def test_boundary_files_and_lait_match(areas: Areas) -> None:
    for file in releases().rglob("ctyua-*.geojson"):
        text = file.read_text(encoding="utf-8")
        for field, n_england in (("cd", (151, 153)), ("nm", (151, 153))):
            values = re.findall(rf'"ctyua\d\d{field}": ?"([^"]+)"', text, flags=re.IGNORECASE)
            found = areas.match(pl.Series(values))
            assert found.filter(pl.col("status") == "unmatched").is_empty()
            assert found.filter(pl.col("status") == "authority").height in n_england
    for file in releases().rglob("lait-*.parquet"):
        names = pl.read_parquet(file, columns=["LA and Regions"])["LA and Regions"].unique()
        assert areas.match(names).filter(pl.col("status") == "unmatched").is_empty()


@pytest.mark.parametrize("year", [2015, 2016, 2017, 2018, 2019, 2020, 2021, 2024])
def test_authorities_of_a_list_existed_on_its_day(
    areas: Areas, met: dict[str, dict[str, list[str]]], year: int
) -> None:
    """Ofsted prints the authorities of 31 March, so each must have existed on that day."""
    cells = met[f"provider-level-at-31-march-{year}.csv"]["Local authority"]
    found = areas.match(pl.Series(cells), date(year, 3, 31))
    assert found.filter(pl.col("in_force").not_())["name"].to_list() == []


def test_ofsted_regions_agree_with_ours(areas: Areas) -> None:
    """Authority and Ofsted region of each home, as printed in 2019, are the ones of our table."""
    (file,) = releases().rglob("provider-level-at-31-march-2019.csv")
    rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines(keepends=True)))
    head = [cell.strip() for cell in rows[1]]
    place, region = head.index("Local authority"), head.index("Ofsted region")
    frame = pl.DataFrame(
        {"la": [row[place] for row in rows[2:]], "printed": [row[region] for row in rows[2:]]}
    ).filter(pl.col("la") != "")
    ours = areas.match(frame["la"], date(2019, 3, 31))["ofsted_region"]
    differ = frame.with_columns(ours=ours).filter(
        pl.col("printed").str.to_lowercase() != pl.col("ours").str.to_lowercase()
    )
    assert differ.unique().rows() == []
