"""From publishers in recorded shape, with the real files behind them, to the dataset: by the commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest
from typer.testing import CliRunner

from official_site import BY_HAND, OfficialSite, official_site
from ofsight.cli import app
from ofsight.dataset.build import build_dataset
from ofsight.dataset.store import open_dataset
from ofsight.files import hash_file
from ofsight.releases.manifest import append_lines
from ofsight.releases.publishers import STAND_INS
from ofsight.releases.shelf import Shelf

pytestmark = pytest.mark.releases
# Editions that the publishers have and this folder has not, by publication.
ABSENT = {
    "children-looked-after": {"2020", "2021", "2022", "2023", "2024", "2025"},
    "childrens-social-care": {"2025-03-31", "2026-03-31"},
    "childrens-social-care-mid-year": {"2016-09-30", "2018-09-30", "2019-08-31", "2021-08-31", "2025-09-30"},
    "local-authority-inspection-outcomes": {"2025-03-31"},
    "five-year-inspection-data": {"2024"},
    "largest-providers": {"2022-03-31", "2023-03-31", "2024-03-31"},
    "regulatory-activity": {"2025-03-31"},
    "ownership": {"2025"},
    "deprivation": {"2015", "2025"},
    "population": {"2001-2011", "2011-2022", "2011-2023", "2024"},
    "district-lookup": {"2025"},
    "boundaries": {"2022-12-31", "2024-12-31", "2025-12-31"},
}
# Put together from pages of answers, not copied.
MADE = ("ons/boundaries", "ons/geography-lookups")
# All files are fetched. Built are two years of Ofsted's annual tables, and every file of all others: each
# kind of file, in half the time. The whole is built as `official_dataset`.
ANNUAL = {
    "provider-level-at-31-march",
    "provider-level-in-year",
    "joiners-and-leavers",
    "childrens-social-care-workbook",
}
BUILT = {"2018-03-31", "2023-03-31", "2024-03-31", "2017-18", "2023-24"}
# Columns that tell where a file lay; and of what is put together from a service's pages, how it was sent.
PLACES = ("file", "sha256")
AS_SENT = ("encoding", "reference_system")


@pytest.fixture(scope="module")
def site(official: Path) -> OfficialSite:
    return official_site(official)


@pytest.fixture
def asked(site: OfficialSite, monkeypatch: pytest.MonkeyPatch) -> Iterator[OfficialSite]:
    with site.publishers.serve() as stand_ins:
        monkeypatch.setenv(STAND_INS, json.dumps(stand_ins))
        yield site


def ofsight(*arguments: Any) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, json.loads(result.stdout) if result.stdout else {"error": result.stderr}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fetched") / "shelf"


def test_fetch_brings_every_file_that_is_offered(asked: OfficialSite, shelf: Path, official: Path) -> None:
    code, summary = ofsight("fetch", "--to", shelf)
    assert code == 3
    failed = {
        (file["publication"], file["period"]) for file in summary["files"] if file["status"] == "failed"
    }
    assert failed == {(publication, period) for publication, periods in ABSENT.items() for period in periods}
    kept = {path.read_bytes() for path in shelf.rglob("*") if path.suffix in (".csv", ".ods")}
    for name in asked.offered:
        assert name.startswith(MADE) or (official / name).read_bytes() in kept, name
    for number, (series, period, name) in enumerate(BY_HAND):
        options = ("--source", "by hand", "--series", series, "--period", period)
        assert ofsight("add", official / name, "--to", shelf, *options)[0] == 0, number
    assert Shelf(shelf).verify() == ()
    agents = {headers["user-agent"] for _, _, headers in asked.publishers.asked}
    assert all("complaints" in agent for agent in agents)


def test_a_second_fetch_gets_no_file_again(asked: OfficialSite, shelf: Path) -> None:
    held = Shelf(shelf).held()
    _, summary = ofsight("fetch", "--to", shelf)
    assert not {"new", "changed"} & set(summary["counts"])
    # What is put together from pages, or taken out of an archive, has no version that could be asked for.
    assert {file["series"] for file in summary["files"] if file["status"] == "same bytes"} == {
        "district-lookup",
        "boundaries-authorities",
        "boundaries-regions",
        "cla-sfr",
    }
    assert Shelf(shelf).held() == held
    _, listing = ofsight("releases", "--to", shelf)
    assert listing["counts"]["held"] == len(held)
    # Whether a file lies behind an address is seen when it is fetched, and not before.
    missing = {file["publication"] for file in listing["files"] if file["state"] in ("missing", "newer")}
    assert missing == {"boundaries", "district-lookup", "population"}


@pytest.fixture(scope="module")
def few(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shelf as it would be had no more been fetched than what is built."""
    made = Shelf(tmp_path_factory.mktemp("few") / "shelf")
    made.make()
    lines = [held for held in Shelf(shelf).held() if held.series not in ANNUAL or held.period in BUILT]
    for held in lines:
        made.path_of(held).parent.mkdir(parents=True, exist_ok=True)
        made.path_of(held).symlink_to(Shelf(shelf).path_of(held))
    append_lines(made.manifest, lines)
    return made.path


@pytest.fixture(scope="module")
def plain(site: OfficialSite, few: Path, official: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of the same files in a plain folder, as a user has them."""
    root = tmp_path_factory.mktemp("plain")
    kept = {held.sha256 for held in Shelf(few).held()}
    for name in [*site.offered, *(name for _, _, name in BY_HAND)]:
        if not name.startswith(MADE) and hash_file(official / name) not in kept:
            continue
        target = root / "releases" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(official / name)
    build_dataset(root / "releases", root / "dataset")
    return root / "dataset"


def test_a_build_from_the_shelf_is_the_build_from_the_folder(few: Path, plain: Path) -> None:
    code, summary = ofsight("build", "--releases", few, "--dataset", few.parent / "dataset")
    assert code == 0, summary
    one, other = open_dataset(plain), open_dataset(few.parent / "dataset")
    assert one.inspections.height > 5_000
    assert one.releases.height > 40
    # The file of 2019 is on the National Grid. The service would send it in degrees; this stand-in cannot,
    # and the build tells of degrees that lie far from England.
    assert other.findings.filter(pl.col("code") == "outlines-unread").height == 1
    apart = {name for name in one.tables if not _alike(getattr(one, name), getattr(other, name))}
    assert apart == {"findings", "outlines"}
    assert _alike(one.findings, other.findings.filter(pl.col("code") != "outlines-unread"))
    assert _alike(one.outlines.filter(pl.col("year") != 2019), other.outlines)


def _alike(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    apart = [name for name in (*PLACES, *AS_SENT) if name in one.columns]
    return one.drop(apart).sort(pl.all()).equals(other.drop(apart).sort(pl.all()))


def test_a_changed_edition_is_seen_by_the_watch_and_named_in_the_feed(
    asked: OfficialSite, few: Path, official: Path
) -> None:
    url, old = next(
        (f"https://{host}{target}", content)
        for (host, target), (content, _) in asked.publishers.files.items()
        if target.endswith("Provider_level_in_year_2023-24.csv")
    )
    line = next(line for line in old.split(b"\r\n" if b"\r\n" in old else b"\n") if b",Outstanding," in line)
    asked.publishers.add_file(url, old.replace(line, line.replace(b",Outstanding,", b",Good,")))
    feed = few.parent / "feed"
    places = ("--to", few, "--dataset", few.parent / "dataset", "--feed", feed)
    code, summary = ofsight("watch", "provider-level-in-year", "--since", "2024", *places)
    assert code == 3  # of the editions of 2025 and 2026, which this folder has not
    assert summary["changed"]
    assert [(item["series"], item["period"], item["change"]) for item in summary["versions"]] == [
        ("provider-level-in-year", "2023-24", "changed")
    ]
    titles = [
        entry.findtext("{*}title", "")
        for entry in ElementTree.parse(feed / "changes.atom").getroot().findall("{*}entry")
    ]
    assert titles[0].startswith("provider-level-in-year 2023-24: a changed file, Children's social care data")
    assert len(Shelf(few).versions("provider-level-in-year", "2023-24")) == 2
