"""The frozen site: the same pages as files, links that work from a disk, nothing that needs a server."""

from __future__ import annotations

import json
import posixpath
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from explorer import HOSTILE, shared_dataset, shared_plan, shared_site
from ofsight.errors import DatasetError, UsageError
from ofsight.web import freeze
from ofsight.web.freeze import MARK, freeze_site
from ofsight.web.links import file_of, links_in, relink, trim_links

LINK = re.compile(r'\b(?:href|src|action)="([^"]*)"')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_site(tmp_path_factory)


def freeze_only(monkeypatch: pytest.MonkeyPatch, *seeds: str) -> None:
    """Make `freeze_site` write these addresses and follow no link: a whole site takes 20 seconds."""
    monkeypatch.setattr(freeze, "_SEEDS", seeds)
    monkeypatch.setattr(freeze, "links_in", lambda page: iter(()))
    monkeypatch.setattr(freeze, "_found_by_search", lambda app, homes: iter(()))


def test_every_kind_of_page_is_there(folder: Path) -> None:
    for name in ("index", "areas", "areas@map~3dboundaries", "areas/leeds", "areas/england", "owners",
                 "study", "study/gap", "data", "data/homes", "method", "accessibility", "changes",
                 "search", "compare", "api"):  # fmt: skip
        assert (folder / f"{name}.html").is_file(), name
    assert len(list((folder / "homes").glob("*.html"))) > 100
    csv = (folder / "api/v1/areas/leeds/tables/homes.csv").read_text(encoding="utf-8")
    assert csv.startswith("listed_on,sector,n_homes")
    json.loads((folder / "api/v1/areas/leeds.json").read_text(encoding="utf-8"))
    tables = (folder / "api/v1/areas").rglob("tables/*.json")
    assert [file for file in tables if ".vl" not in file.name] == [], "the page's JSON holds every table"


def test_a_site_without_a_study_says_so_on_the_page_of_the_study(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze_only(monkeypatch, "/study")
    made = freeze_site(shared_dataset(tmp_path_factory), tmp_path / "site", homes=False)
    assert made.n_pages == 1
    page = (tmp_path / "site" / "study.html").read_text(encoding="utf-8")
    assert "study" in page.lower()
    assert "<h1" in page
    assert not (tmp_path / "site" / "study").exists()


def test_every_link_leads_to_a_file(folder: Path) -> None:
    n = 0
    for page in folder.rglob("*.html"):
        here = page.parent.relative_to(folder).as_posix()
        text = page.read_text(encoding="utf-8")
        for link in map(unescape, LINK.findall(text)):
            if re.match(r"https?://|mailto:", link):
                continue
            assert not link.startswith("/"), f"{page}: {link} needs a server"
            path, _, anchor = link.partition("#")
            assert "?" not in path
            target = folder / posixpath.normpath(posixpath.join(here, unquote(path))) if path else page
            assert target.is_file(), f"{page}: {link}"
            if anchor and target.suffix == ".html":
                assert f'id="{anchor}"' in (text if target == page else target.read_text(encoding="utf-8"))
            n += 1
    assert n > 5000


def test_no_form_needs_a_server_but_the_search(folder: Path) -> None:
    for page in (
        "index.html",
        "areas.html",
        "areas/leeds.html",
        "owners.html",
        "data/homes.html",
        "compare.html",
    ):
        text = (folder / page).read_text(encoding="utf-8")
        actions = re.findall(r'<form[^>]*action="([^"]*)"', text)
        assert [posixpath.basename(action) for action in actions] == ["search.html"]


def test_search_index_is_a_script_that_cannot_be_ended(folder: Path) -> None:
    text = (folder / "static/search-index.js").read_text(encoding="utf-8")
    assert "<" not in text
    found = json.loads(text.removeprefix("window.ofsightIndex=").removesuffix(";\n"))
    labels = {label: file for label, _, file in found["entries"]}
    assert labels["Leeds"] == "areas/leeds.html"
    assert HOSTILE in labels
    assert all((folder / file).is_file() for file in labels.values())
    assert all((folder / "homes" / f"{urn}.html").is_file() for urn in found["urns"])
    assert len(found["urns"]) > 100


def test_site_is_replaced_whole_and_strangers_stay(
    folder: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mark = json.loads((folder / MARK).read_text(encoding="utf-8"))
    assert "areas/leeds.html" in mark["files"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="is no site"):
        freeze_site(shared_dataset(tmp_path_factory), tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "mine"


def test_map_in_boundaries_is_among_the_files(folder: Path) -> None:
    page = (folder / "areas@map~3dboundaries.html").read_text(encoding="utf-8")
    for name in ("leeds", "city-of-london", "isles-of-scilly"):
        assert f'<a href="areas/{name}.html" aria-label=' in page
    assert 'href="areas.html#map">Show the map in squares' in page
    assert 'href="areas%40map~3dboundaries.html#map"' in (folder / "areas.html").read_text(encoding="utf-8")


def test_every_measure_of_the_map_is_a_page(folder: Path) -> None:
    page = (folder / "areas.html").read_text(encoding="utf-8")
    assert "Homes judged Good or better (shown)" in page
    other = "areas@measure~3dprivate_homes.html"
    assert f'href="{other.replace("@", "%40")}"' in page
    page = (folder / other).read_text(encoding="utf-8")
    assert "Homes run for profit (shown)" in page
    assert '<a href="areas.html">Homes judged Good or better</a>' in page
    both = folder / "areas@measure~3dprivate_homes~26map~3dboundaries.html"
    assert "Homes run for profit (shown)" in both.read_text(encoding="utf-8")


def test_without_homes_they_are_named_and_not_linked(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze_only(monkeypatch, "/data/homes")
    freeze_site(shared_dataset(tmp_path_factory), tmp_path / "site", homes=False)
    page = (tmp_path / "site/data/homes.html").read_text(encoding="utf-8")
    assert "<tr><th" in page
    assert 'href="../homes/' not in page
    index = (tmp_path / "site/static/search-index.js").read_text(encoding="utf-8")
    assert json.loads(index.removeprefix("window.ofsightIndex=").removesuffix(";\n"))["urns"] == []


def test_plans_are_written_and_what_needs_a_server_is_left_out(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze_only(monkeypatch, "/areas/birmingham", "/areas/birmingham/planning")
    dataset, plan = shared_dataset(tmp_path_factory), shared_plan(tmp_path_factory)
    freeze_site(dataset, tmp_path / "site", plan=plan)
    assert 'href="birmingham/planning.html"' in (tmp_path / "site/areas/birmingham.html").read_text("utf-8")
    page = (tmp_path / "site/areas/birmingham/planning.html").read_text("utf-8")
    assert "Registered places, not vacancies" in page
    assert "what-if" not in page
    assert "these files hold none" in page


@pytest.mark.parametrize("missing", ["study", "plan"])
def test_what_was_asked_for_and_cannot_be_shown_stops_it_at_once(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, missing: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=f"leave out --{missing}"):
        freeze_site(shared_dataset(tmp_path_factory), tmp_path / "site", **{missing: tmp_path / "empty"})
    assert not (tmp_path / "site").exists()


def test_a_broken_link_stops_it(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze_only(monkeypatch, "/accessibility")
    monkeypatch.setattr(freeze, "links_in", lambda page: iter(["/nowhere", "/method#nothing"]))
    with pytest.raises(DatasetError, match=r"/nowhere \(404\).*/method#nothing"):
        freeze_site(shared_dataset(tmp_path_factory), tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_no_dataset_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="There is no dataset"):
        freeze_site(tmp_path / "nothing", tmp_path / "site")


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("/", "index.html"),
        ("/areas/leeds", "areas/leeds.html"),
        ("/areas/leeds#homes", "areas/leeds.html"),
        ("/static/explorer.abc.css", "static/explorer.abc.css"),
        ("/api/v1/areas/leeds/tables/homes.csv", "api/v1/areas/leeds/tables/homes.csv"),
        ("/owners/a%2F..%2F..%2Fb", "owners/a~2f..~2f..~2fb.html"),
        ("/../x", "x.html"),
    ],
)
def test_addresses_become_files_below_the_site(address: str, file: str) -> None:
    assert file_of(address) == file


def test_two_addresses_never_share_a_file() -> None:
    addresses = [
        "/a/b",
        "/a/b?x=1",
        "/a/b?x=2",
        "/a%20b",
        "/a_20b",
        "/a~20b",
        "/a/b.json",
        "/a/b/tables/c.json",
    ]
    assert len({file_of(address) for address in addresses}) == len(addresses)


def test_links_are_read_and_turned() -> None:
    page = '<a href="/areas/leeds#homes">x</a><a href="https://a.example/">y</a><a href="#top">z</a>'
    page += '<img src="/i.svg">'
    assert list(links_in(page)) == ["/areas/leeds#homes", "#top", "/i.svg"]
    turned = relink(page, "/owners/mine")
    assert '<a href="../areas/leeds.html#homes">x</a>' in turned
    assert 'href="https://a.example/"' in turned
    assert 'src="../i.svg"' in turned
    assert trim_links('<a href="/homes/SC1">SC1</a>', "/", homes=False) == "SC1"
