"""Files that a user has: where they are put, what is asked, what is refused."""

from __future__ import annotations

import errno
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from builders import grid, providers, visits, write_csv
from ofsight.cli import app
from ofsight.dataset.recognised import recognise_file
from ofsight.definitions.catalogue_schema import load_catalogue
from ofsight.definitions.schema import load_series
from ofsight.errors import ReleaseError, UsageError
from ofsight.releases.add import Added, Provenance, Recognised, add_files, find_place
from ofsight.releases.refusals import ContentError
from ofsight.releases.shelf import Shelf
from shelf_builders import packed

SAID = Provenance("https://www.gov.uk/government/statistics/list", "2019-07-15")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


@pytest.fixture
def year(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "mine" / "downloaded (1).csv", grid(visits(60)))


def _add(shelf: Shelf, *paths: Path, said: Provenance = SAID, **more: Any) -> list[Added]:
    return add_files(paths, shelf, said, recognise=more.pop("recognise", recognise_file), **more)


def _run(*arguments: object, **more: Any) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], **more)


# ---- where it is put


def test_a_file_is_put_where_the_catalogue_would_put_its_publishers_own(shelf: Shelf, year: Path) -> None:
    before = year.read_bytes()
    (added,) = _add(shelf, year)
    held = added.held
    assert (held.series, held.period) == ("provider-level-in-year", "2018-19")
    assert (held.publisher, held.licence, held.origin) == ("Ofsted", "OGL-UK-3.0", "added")
    assert (held.url, held.said, held.published) == (SAID.source, None, "2019-07-15")
    assert held.name == "downloaded (1).csv"
    assert (added.status, added.stands) == ("new", True)
    assert shelf.path_of(held).read_bytes() == before == year.read_bytes()


def test_every_kind_of_file_of_the_catalogue_is_found_by_what_it_holds() -> None:
    """Whatever holds the tables of one kind of file, on its edition's day, is put under that kind's name."""
    n = 0
    for publication in load_catalogue():
        for edition in publication.editions:
            for kind in publication.kinds(edition):
                if not kind.holds or (kind.unless and publication.ask == "govuk"):
                    continue
                tables = [Recognised(series, edition.period, edition.ends_on) for series in kind.holds]
                place = find_place(tables)
                rivals = [
                    other.series
                    for any_publication in load_catalogue()
                    for other in any_publication.files
                    if set(kind.holds) <= set(other.holds)
                ]
                assert place.series in rivals
                if len(rivals) == 1:
                    assert place.series == kind.series
                    n += 1
    assert n > 30


def test_of_two_publications_the_one_with_an_edition_of_that_day_is_meant() -> None:
    def put(day: date) -> tuple[str, str]:
        place = find_place([Recognised("provider-level-at-31-march", day.isoformat(), day)])
        return place.series, place.period

    assert put(date(2023, 3, 31)) == ("provider-level-at-31-march", "2023-03-31")
    assert put(date(2023, 8, 31)) == ("provider-level-mid-year", "2023-08-31")


def test_a_workbook_of_several_tables_is_one_file() -> None:
    series = ("provider-level-at-31-march", "provider-level-in-year", "joiners-and-leavers")
    place = find_place([Recognised(name, "x", date(2023, 3, 31)) for name in series])
    assert (place.series, place.period) == ("childrens-social-care-workbook", "2023-03-31")


def test_a_workbook_with_a_sheet_more_than_the_catalogue_knows_is_still_that_workbook() -> None:
    series = ("provider-level-at-31-march", "provider-level-in-year", "census-ethnic-group")
    place = find_place([Recognised(name, "x", date(2023, 3, 31)) for name in series])
    assert place.series == "childrens-social-care-workbook"
    strange = [Recognised(name, "x", date(2023, 3, 31)) for name in ("provider-level-in-year", "cla-sfr")]
    assert find_place(strange).series == "added"


def test_what_the_catalogue_does_not_know_is_kept_under_its_series() -> None:
    day = Recognised("provider-level-in-year", "2014-01 to 2014-03", date(2014, 3, 31))
    known = {definition.id: definition for definition in load_series()}["provider-level-in-year"]
    place = find_place([day], catalogue=())
    assert (place.series, place.period, place.title) == (
        "provider-level-in-year",
        "2014-01-to-2014-03",
        known.title,
    )
    several = find_place([day, Recognised("joiners-and-leavers", "2013-14", date(2014, 3, 31))], catalogue=())
    assert (several.series, several.period) == ("added", "2014-03-31")


def test_an_edition_that_the_catalogue_does_not_list_has_its_own_day() -> None:
    place = find_place([Recognised("provider-level-at-31-march", "2031-03-31", date(2031, 3, 31))])
    assert place.period == "2031-03-31"
    place = find_place([Recognised("provider-level-in-year", "2030-31", date(2031, 3, 31))])
    assert place.period == "2030-31"


def test_the_user_says_what_is_not_recognised(shelf: Shelf, tmp_path: Path) -> None:
    zipped = tmp_path / "sfr.zip"
    zipped.write_bytes(packed([("a.csv", b"a,b\n")]))
    with pytest.raises(UsageError, match=r"no table of a known series.*--series and --period"):
        _add(shelf, zipped)
    (added,) = _add(shelf, zipped, series="cla-sfr", period="2017")
    assert added.held.file.startswith("cla-sfr/2017/")
    assert added.held.publisher == "Department for Education"
    (other,) = _add(shelf, zipped, series="my-own", period="2017")
    assert (other.held.publisher, other.held.title) == ("unknown", "sfr")
    for series, period in (("../x", "2017"), ("x", "a/b")):
        with pytest.raises(UsageError, match="cannot be the name"):
            _add(shelf, zipped, series=series, period=period)


def test_half_a_place_is_completed_by_what_is_recognised(shelf: Shelf, year: Path) -> None:
    (added,) = _add(shelf, year, period="2018")
    assert added.held.key == ("provider-level-in-year", "2018")
    (added,) = _add(shelf, year, series="my-own")
    assert added.held.key == ("my-own", "2018-19")


def test_a_report_is_kept_without_its_name(shelf: Shelf, tmp_path: Path) -> None:
    """A report's file may be called after the home."""
    for number in (1, 2):
        (tmp_path / f"Rose Cottage {number}.pdf").write_bytes(b"%%PDF-1.7 %d" % number)
    added = _add(shelf, *sorted(tmp_path.glob("*.pdf")))
    assert len({item.held.key for item in added}) == 2
    assert {item.held.series for item in added} == {"inspection-reports"}
    assert b"Rose" not in shelf.manifest.read_bytes()


# ---- what is told


def test_where_it_comes_from_is_asked_for(shelf: Shelf, year: Path) -> None:
    asked = []

    def ask(question: str, needed: bool) -> str:
        asked.append((question, needed))
        return "  e-mail from Ofsted,\n3 May 2024 " if needed else ""

    (added,) = _add(shelf, year, said=Provenance(), ask=ask)
    assert (added.held.said, added.held.url) == ("e-mail from Ofsted, 3 May 2024", None)
    assert added.held.published is None
    assert [needed for _, needed in asked] == [True, False]
    assert all(year.name in question for question, _ in asked)


def test_nobody_is_asked_what_was_said(shelf: Shelf, year: Path) -> None:
    (added,) = _add(shelf, year, ask=lambda *_: pytest.fail("asked"))
    assert added.held.url == SAID.source


def test_without_a_source_nothing_is_kept(shelf: Shelf, year: Path) -> None:
    for said in (Provenance(), Provenance(source="  ")):
        with pytest.raises(UsageError, match=r"nobody says where it comes from.*--source"):
            _add(shelf, year, said=said)
    assert not shelf.path.exists()


@pytest.mark.parametrize("day", ["15 July 2024", "2024-13-01", "last week"])
def test_a_day_that_is_none_is_refused(shelf: Shelf, year: Path, day: str) -> None:
    with pytest.raises(UsageError, match="is no day"):
        _add(shelf, year, said=Provenance("x", day))


def test_a_password_in_the_source_is_not_kept(shelf: Shelf, year: Path) -> None:
    with pytest.raises(UsageError, match="name or password") as told:
        _add(shelf, year, said=Provenance("https://me:secret@x.test/a.csv"))
    assert "secret" not in str(told.value)


def test_a_source_that_only_looks_like_an_address_is_words(shelf: Shelf, year: Path) -> None:
    for source in ("ftp://x.test/a", "https://", "see gov.uk", "https://[bad", "javascript:x"):
        (added,) = _add(shelf, year, said=Provenance(source))
        assert (added.held.url, added.held.said) == (None, source)


# ---- what is refused


def test_all_or_none(shelf: Shelf, year: Path, tmp_path: Path) -> None:
    page = tmp_path / "saved.csv"
    page.write_bytes(b"<!DOCTYPE html><html></html>")
    with pytest.raises(ContentError, match=r"saved.csv: .*web page"):
        _add(shelf, year, page)
    assert not shelf.path.exists()


@pytest.mark.parametrize("name", ["nothing.csv", "list.exe", "list", "folder.csv"])
def test_what_is_no_file_of_a_kind_is_refused(shelf: Shelf, tmp_path: Path, name: str) -> None:
    if name.startswith("list"):
        (tmp_path / name).write_bytes(b"x")
    if name.startswith("folder"):
        (tmp_path / name).mkdir()
    with pytest.raises(UsageError, match=r"There is no file|is a folder|a shelf keeps files of kind"):
        _add(shelf, tmp_path / name)


def test_a_place_speaks_of_one_file(shelf: Shelf, year: Path) -> None:
    with pytest.raises(UsageError, match="speak of one file"):
        _add(shelf, year, year, series="x")


def test_a_bomb_of_the_users_own_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.ods"
    bomb.write_bytes(packed([("mimetype", b"x"), ("content.xml", bytes(60_000_000))]))
    with pytest.raises(ContentError, match="400 to 1"):
        _add(shelf, bomb)


def test_a_full_disk_is_one_message(
    shelf: Shelf, year: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(ReleaseError, match="the disk is full"):
        _add(shelf, year)
    assert shelf.held() == ()
    assert [path for path in (shelf.path / ".partial").iterdir() if path.suffix != ".lock"] == []


# ---- again, and beside others


def test_added_again_it_is_there_already(shelf: Shelf, year: Path) -> None:
    _add(shelf, year)
    (again,) = _add(shelf, year)
    assert (again.status, again.stands) == ("same bytes", True)
    assert len(shelf.held()) == 1


def test_an_older_copy_is_kept_and_does_not_stand(shelf: Shelf, tmp_path: Path, year: Path) -> None:
    _add(shelf, year)
    other = write_csv(tmp_path / "mine" / "older.csv", grid(visits(50)))
    (older,) = _add(shelf, other, said=Provenance("my drive", "2019-07-01"))
    assert (older.status, older.stands) == ("changed", False)
    (undated,) = _add(shelf, write_csv(tmp_path / "mine" / "u.csv", grid(visits(40))), said=Provenance("x"))
    assert (undated.status, undated.stands) == ("changed", False)


def test_a_download_that_was_interrupted_is_left_to_be_gone_on_with(shelf: Shelf, year: Path) -> None:
    with shelf.reserved("provider-level-in-year", "2018-19") as part:
        part.write_bytes(b"half")
    _add(shelf, year)
    assert part.read_bytes() == b"half"


# ---- the commands


def test_the_command_adds_and_says_what_it_did(tmp_path: Path, year: Path) -> None:
    shelf = tmp_path / "shelf"
    result = _run("add", year, "--to", shelf, "--source", "e-mail", "--published", "2019-07-15")
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{year}: provider-level-in-year 2018-19: added.\n"
    older = write_csv(tmp_path / "o.csv", grid(visits(50)))
    result = _run("add", older, "--to", shelf, "--source", "e-mail", "--published", "2019-01-01")
    assert "added beside another version; another version, published later, is the one that builds take" in (
        result.stdout
    )
    result = _run("add", year, "--to", shelf, "--source", "e-mail", "--json", "--published", "2019-07-15")
    assert '"status": "same bytes"' in result.stdout


def test_the_command_asks_nobody_where_nobody_is(tmp_path: Path, year: Path) -> None:
    result = _run("add", year, "--to", tmp_path / "shelf", input="x\n\n")
    assert result.exit_code == 2
    assert "--source" in result.stderr
    assert not (tmp_path / "shelf").exists()


def test_the_command_withdraws(tmp_path: Path, year: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    (added,) = _add(shelf, year)
    result = _run("withdraw", added.held.sha256[:8], "--why", "wrong file", "--from", shelf.path)
    assert result.exit_code == 0, result.output
    assert shelf.current(*added.held.key) is None
    result = _run("withdraw", added.held.sha256[:8], "--why", "wrong file", "--from", shelf.path)
    assert result.exit_code == 2


def test_the_command_verifies(tmp_path: Path, year: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    (added,) = _add(shelf, year)
    result = _run("verify", "--from", shelf.path)
    assert (result.exit_code, result.stdout) == (0, f"Shelf: {shelf.path}: files: 1, faults: 0.\n")
    (shelf.path / "stray.csv").write_text("x", encoding="utf-8")
    assert _run("verify", "--from", shelf.path).exit_code == 0
    shelf.path_of(added.held).write_bytes(b"x")
    result = _run("verify", "--from", shelf.path)
    assert result.exit_code == 3
    assert f"damaged: {added.held.file}" in result.stdout
    assert "unlisted: stray.csv" in result.stdout


def test_a_name_is_not_believed_against_the_rows(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "provider-level-in-year-2015-16.csv", grid(providers(200)))
    (found,) = recognise_file(path)
    assert found.ends_on == date(2019, 3, 31)
    (tmp_path / "notes.txt").write_text("Notes", encoding="utf-8")
    assert recognise_file(tmp_path / "notes.txt") == ()
