"""Builds from a shelf: the newest versions, those of a day, and never a byte that is not as it came."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from builders import grid, providers, visits, write_csv
from ofsight.cli import app
from ofsight.dataset.build import build_dataset
from ofsight.dataset.inputs import list_inputs
from ofsight.dataset.recognised import recognise_file
from ofsight.dataset.store import Dataset, open_dataset
from ofsight.dataset.tables import TABLES
from ofsight.demo import write_releases
from ofsight.errors import ReleaseError, UsageError
from ofsight.files import hash_file
from ofsight.releases.add import Provenance, add_files
from ofsight.releases.shelf import Shelf
from shelf_builders import line

SECTOR = "Sector"


def keep(shelf: Shelf, path: Path, **facts: Any) -> str:
    """Keep a file as a fetch would; return its hash."""
    sha256, extension = hash_file(path), path.suffix.removeprefix(".")
    told = {"series": "provider-level-at-31-march", "period": "2019-03-31", **facts}
    place = f"{told['series']}/{told['period']}/{sha256}.{extension}"
    held = line(sha256, size=path.stat().st_size, file=place, name=path.name, **told)
    with shelf.reserved(held.series, held.period) as part:
        shutil.copyfile(path, part)
        shelf.hold(part, held)
    return sha256


@pytest.fixture
def list_of(tmp_path: Path) -> Callable[..., Path]:
    """Write a list at 31 March 2019, of homes of one sector."""

    def make(sector: str, name: str = "list.csv") -> Path:
        return write_csv(tmp_path / sector / name, grid(providers(sector and 40, **{SECTOR: sector})))

    return make


@pytest.fixture
def shelf(tmp_path: Path, list_of: Callable[..., Path]) -> Shelf:
    """A shelf on which July's list was replaced in August; the second came in the year after."""
    made = Shelf(tmp_path / "shelf")
    keep(made, list_of("Private"), published="2019-07-15", retrieved="2020-01-01T00:00:00+00:00")
    keep(made, list_of("Voluntary"), published="2019-08-05", retrieved="2021-01-01T00:00:00+00:00")
    return made


def _table(dataset: Dataset, name: str) -> pl.DataFrame:
    found: pl.DataFrame = getattr(dataset, name)
    return found


def _sectors(dataset: Path) -> list[str]:
    return open_dataset(dataset).inspections["sector"].unique().to_list()


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_build_takes_the_newest_version_and_says_what_it_left(shelf: Shelf, tmp_path: Path) -> None:
    summary = build_dataset(shelf.path, tmp_path / "dataset")
    assert _sectors(tmp_path / "dataset") == ["Voluntary"]
    reasons = {item["file"]: item["reason"] for item in summary.passed_over}
    (old, _) = shelf.versions("provider-level-at-31-march", "2019-03-31")
    assert reasons == {old.file: "not the version that stands now"}
    assert summary.as_of is None


@pytest.mark.parametrize(
    ("day", "sectors"),
    [("2019-07-15", ["Private"]), ("2019-08-04", ["Private"]), ("2019-08-05", ["Voluntary"])],
)
def test_a_vintage_is_what_was_published_by_then(
    shelf: Shelf, tmp_path: Path, day: str, sectors: list[str]
) -> None:
    result = _run("build", "--releases", shelf.path, "--dataset", tmp_path / "dataset", "--as-of", day)
    assert result.exit_code == 0, result.output
    assert f"Vintage: as published by {day}." in result.stdout
    assert _sectors(tmp_path / "dataset") == sectors


def test_the_dataset_knows_its_vintage_and_where_each_file_came_from(shelf: Shelf, tmp_path: Path) -> None:
    build_dataset(shelf.path, tmp_path / "dataset", as_of=date(2019, 8, 1), held_by=date(2020, 6, 1))
    facts = json.loads((tmp_path / "dataset" / "dataset.json").read_text(encoding="utf-8"))
    vintage = facts["vintage"]
    assert (vintage["as_of"], vintage["held_by"]) == ("2019-08-01", "2020-06-01")
    (release,) = open_dataset(tmp_path / "dataset").releases.iter_rows(named=True)
    source = vintage["sources"][release["file"]]
    assert source["url"].startswith("https://")
    assert source["published"] == "2019-07-15"
    assert release["file"].endswith(f"/{release['sha256']}.csv")


def test_a_vintage_is_reproduced_to_the_byte_after_the_shelf_has_grown(
    shelf: Shelf, tmp_path: Path, list_of: Callable[..., Path]
) -> None:
    day, by = date(2019, 7, 31), date(2020, 12, 31)
    first = build_dataset(shelf.path, tmp_path / "first", as_of=day, held_by=by)
    keep(shelf, list_of("Local Authority"), published="2019-07-20", retrieved="2022-01-01T00:00:00+00:00",
         origin="added", url=None)  # fmt: skip
    keep(shelf, write_csv(tmp_path / "y" / "year.csv", grid(visits(40))), series="provider-level-in-year",
         period="2018-19", published="2019-07-15", retrieved="2022-01-01T00:00:00+00:00")  # fmt: skip
    again = build_dataset(shelf.path, tmp_path / "again", as_of=day, held_by=by)
    assert (first.n_releases, again.n_releases) == (1, 1)
    one, other = open_dataset(tmp_path / "first"), open_dataset(tmp_path / "again")
    for table in TABLES:
        assert _table(one, table.name).equals(_table(other, table.name)), table.name
    facts = [json.loads((tmp_path / name / "dataset.json").read_text("utf-8")) for name in ("first", "again")]
    assert facts[0]["fingerprint"] == facts[1]["fingerprint"]
    # Without the second day, what came later has its say about the first.
    assert build_dataset(shelf.path, tmp_path / "now", as_of=day).n_releases == 2
    assert open_dataset(tmp_path / "now").home_snapshots["sector"].unique().to_list() == ["Local Authority"]


def test_a_build_of_another_day_is_no_build_of_this_one(shelf: Shelf, tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    build_dataset(shelf.path, dataset, as_of=date(2019, 7, 31))
    assert build_dataset(shelf.path, dataset, as_of=date(2019, 7, 31)).unchanged
    assert not build_dataset(shelf.path, dataset).unchanged
    assert _sectors(dataset) == ["Voluntary"]
    keep(shelf, shelf.files()[0][0], published="2019-09-01")  # the same bytes told of anew
    assert build_dataset(shelf.path, dataset).unchanged


def test_a_damaged_file_stops_the_build_and_the_dataset_stays(shelf: Shelf, tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    build_dataset(shelf.path, dataset)
    before = hash_file(dataset / "dataset.json")
    path, _ = shelf.files()[0]
    path.write_bytes(path.read_bytes() + b"x")
    result = _run("build", "--releases", shelf.path, "--dataset", dataset)
    assert result.exit_code == 3
    assert "the file is damaged" in result.stderr
    assert hash_file(dataset / "dataset.json") == before


def test_days_are_asked_of_shelves_only(tmp_path: Path, list_of: Callable[..., Path]) -> None:
    folder = list_of("Private").parent
    result = _run("build", "--releases", folder, "--dataset", tmp_path / "d", "--as-of", "2019-08-01")
    assert result.exit_code == 2
    assert "is no shelf" in result.stderr
    with pytest.raises(UsageError, match="is no shelf"):
        list_inputs(folder, held_by=date(2019, 8, 1))


def test_a_day_before_all_files_says_which_is_the_first(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="nothing of that day; its first file is of 2019-07-15"):
        build_dataset(shelf.path, tmp_path / "dataset", as_of=date(2019, 7, 14))
    empty = Shelf(tmp_path / "empty")
    empty.make()
    with pytest.raises(ReleaseError, match=r"the shelf is empty.*ofsight fetch"):
        build_dataset(empty.path, tmp_path / "dataset")


def test_a_folder_with_a_manifest_of_somebody_else_is_read_as_before(
    tmp_path: Path, list_of: Callable[..., Path]
) -> None:
    folder = list_of("Private").parent
    (folder / "manifest.jsonl").write_text('{"name": "list.csv"}\n', encoding="utf-8")
    assert build_dataset(folder, tmp_path / "dataset").n_releases == 1


def test_what_the_manifest_does_not_list_is_not_read(shelf: Shelf, tmp_path: Path) -> None:
    write_csv(shelf.path / "mine" / "year.csv", grid(visits(40)))
    summary = build_dataset(shelf.path, tmp_path / "dataset")
    reasons = {item["file"]: item["reason"] for item in summary.passed_over}
    assert reasons["mine/year.csv"] == "no line of the shelf's manifest"
    assert summary.n_releases == 1


def test_a_shelf_within_a_folder_is_told_and_not_read_version_by_version(
    shelf: Shelf, tmp_path: Path
) -> None:
    """Its old versions would contradict its new ones."""
    write_csv(tmp_path / "all" / "year.csv", grid(visits(40)))
    shelf.path.rename(tmp_path / "all" / "shelf")
    summary = build_dataset(tmp_path / "all", tmp_path / "dataset")
    reasons = {item["file"]: item["reason"] for item in summary.passed_over}
    assert reasons["shelf"] == "a shelf: build it by itself (--releases)"


def test_a_day_that_only_the_name_says_is_not_lost_on_the_shelf(tmp_path: Path) -> None:
    """Lists of places carry no date; their publisher's name for the file, or the catalogue, says the day."""
    headings = ["URN", "Provision type", "Registration status", "Local authority", "Sector", "Places"]
    rows = [{**row, "Registration status": "Active"} for row in providers(40)]
    year = write_csv(tmp_path / "x" / "year.csv", grid(visits(40)))
    for name in ("providers-and-places-31-march-2018.csv", "data.csv"):
        places = write_csv(tmp_path / "x" / name, grid(rows, headings))
        shelf = Shelf(tmp_path / f"shelf-{name}")
        keep(shelf, places, series="providers-and-places", period="2018-03-31")
        keep(shelf, year, series="provider-level-in-year", period="2018-19")
        build_dataset(shelf.path, tmp_path / f"dataset-{name}")
        found = open_dataset(tmp_path / f"dataset-{name}").home_snapshots["listed_on"].unique()
        assert found.to_list() == [date(2018, 3, 31)]
    assert build_dataset(shelf.path, tmp_path / "dataset-data.csv").unchanged


def test_an_error_names_the_file_where_it_lies_and_as_it_is_called(tmp_path: Path) -> None:
    headings = list(providers(1)[0])
    bad = write_csv(
        tmp_path / "Provider_level_2019.csv", grid(providers(40), [h for h in headings if h != "URN"])
    )
    shelf = Shelf(tmp_path / "shelf")
    sha256 = keep(shelf, bad)
    with pytest.raises(ReleaseError) as told:
        build_dataset(shelf.path, tmp_path / "dataset")
    assert f"{sha256}.csv ('Provider_level_2019 (31 March 2019).csv')" in str(told.value)


def test_synthetic_files_say_so_on_a_shelf_too(tmp_path: Path) -> None:
    write_releases(tmp_path / "demo", n_homes=200, first_year=2018, last_year=2019)
    files = [
        path for path in sorted((tmp_path / "demo").rglob("*")) if path.suffix in (".csv", ".ods", ".xlsx")
    ]
    shelf = Shelf(tmp_path / "shelf")
    said = Provenance("made by ofsight demo")
    added = add_files([f for f in files if recognise_file(f)], shelf, said, recognise=recognise_file)
    assert len({item.held.key for item in added}) == len(added)
    assert build_dataset(shelf.path, tmp_path / "dataset").synthetic
    one, other = tmp_path / "dataset", tmp_path / "plain"
    build_dataset(tmp_path / "demo", other)
    for name in ("inspections", "homes", "home_snapshots"):
        assert _table(open_dataset(one), name).equals(_table(open_dataset(other), name)), name


def test_real_releases_are_recognised_and_kept_whole(official: Path, tmp_path: Path) -> None:
    """Official files added as a user would. `test_fetch_official` compares the builds."""
    names = (
        "provider-level-at-31-march/provider-level-at-31-march-2015.csv",
        "provider-level-in-year/childrens-homes-inspections-2014-jan-mar.csv",
        "providers-and-places/providers-and-places-31-march-2018.csv",
        "providers-and-places/providers-and-places-september-2014.csv",
        "joiners-and-leavers/joiners-leavers-2018-19.csv",
        "la-inspection-outcomes/la-inspection-outcomes-as-at-31-march-2024.ods",
    )
    for name in names:
        target = tmp_path / "plain" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(official / "ofsted" / name, target)
    shelf = Shelf(tmp_path / "shelf")
    said = Provenance("https://www.gov.uk/government/collections/childrens-social-care-statistics")
    files = [tmp_path / "plain" / name for name in names]
    added = add_files(files, shelf, said, recognise=recognise_file)
    assert [item.held.period for item in added] == [
        *("2015-03-31", "2014-03-31", "2018-03-31", "2014-09-30", "2018-19", "2024-03-31"),
    ]
    assert [path.read_bytes() for path in files] == [shelf.path_of(item.held).read_bytes() for item in added]
    assert {held.sha256 for _, held in shelf.files()} == {hash_file(path) for path in files}


def test_the_withdrawn_file_is_what_stood_in_the_way(tmp_path: Path, list_of: Callable[..., Path]) -> None:
    """Two files that both are one release, and differ: the build says which, `withdraw` settles it."""
    shelf = Shelf(tmp_path / "shelf")
    keep(shelf, list_of("Private"))
    wrong = keep(shelf, list_of("Voluntary"), series="added", period="2019-03-31", origin="added", url=None)
    result = _run("build", "--releases", shelf.path, "--dataset", tmp_path / "dataset")
    assert result.exit_code == 3
    assert "ofsight withdraw" in result.stderr
    result = _run("withdraw", wrong[:10], "--why", "not the published file", "--from", shelf.path)
    assert result.exit_code == 0, result.output
    assert "Withdrawn: added 2019-03-31" in result.stdout
    assert build_dataset(shelf.path, tmp_path / "dataset").n_releases == 1
    assert _sectors(tmp_path / "dataset") == ["Private"]
