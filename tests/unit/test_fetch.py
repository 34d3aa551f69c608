"""Fetching from several publishers: what came, what did not, and that one fault ends nothing."""

from __future__ import annotations

import io
import threading
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from fake_publishers import ARCGIS, ASSETS, GOVUK, Publishers, Reply, json_reply, loader_of, page, redirect
from ofsight.definitions.catalogue_schema import PublicationDefinition
from ofsight.errors import UsageError
from ofsight.releases.fetch import fetch
from ofsight.releases.listing import Listing, list_releases
from ofsight.releases.outcomes import FetchSummary, FileOutcome, Step
from ofsight.releases.shelf import Shelf

CSV = b"URN,Overall effectiveness\nSC123456,Good\n"
PATH = "government/statistics/children-2018"
COLLECTION = "government/collections/children"


def publication(name: str = "children", **more: Any) -> PublicationDefinition:
    return PublicationDefinition.model_validate(
        {
            "id": name,
            "title": "Children",
            "publisher": "Ofsted",
            "licence": "OGL-UK-3.0",
            "ask": "govuk",
            "files": [{"series": f"{name}-file", "called": "provider level", "formats": ["csv", "xlsx"]}],
            "editions": [{"period": "2018-03-31", "pages": [PATH]}],
            **more,
        }
    )


LOOKUP = publication(
    "lookup", ask="arcgis", files=[{"series": "lookup"}], editions=[{"period": "2025", "service": "LOOKUP"}]
)


def run(
    publishers: Publishers,
    to: Path,
    *catalogue: PublicationDefinition,
    names: tuple[str, ...] = (),
    **more: Any,
) -> FetchSummary:
    return fetch(
        names,
        to=to,
        catalogue=catalogue or (publication(),),
        open_loader=lambda hosts: loader_of(publishers, *(hosts or ("none.example",))),
        **more,
    )


def told(summary: FetchSummary) -> dict[tuple[str, str], str]:
    return {(file.series, file.period): file.status for file in summary.files}


def with_file(content: bytes = CSV, **more: Any) -> Publishers:
    publishers = Publishers()
    publishers.add_page(PATH, ("Provider level data", "provider_level.csv", content), **more)
    return publishers


def test_a_file_comes_once_and_then_is_left_alone(tmp_path: Path) -> None:
    publishers = with_file()
    first = run(publishers, tmp_path)
    assert told(first) == {("children-file", "2018-03-31"): "new"}
    assert first.changed
    assert first.received == len(CSV)
    [held] = Shelf(tmp_path).held()
    assert Shelf(tmp_path).path_of(held).read_bytes() == CSV
    assert held.page == f"https://{GOVUK}/{PATH}"
    assert held.title == "Children's social care in England 2025: Provider level data"
    second = run(publishers, tmp_path)
    assert told(second) == {("children-file", "2018-03-31"): "unchanged"}
    assert (second.changed, second.received) == (False, 0)


def test_a_changed_file_stands_beside_the_old(tmp_path: Path) -> None:
    run(with_file(), tmp_path)
    summary = run(with_file(CSV + b"SC123457,Good\n"), tmp_path)
    assert told(summary) == {("children-file", "2018-03-31"): "changed"}
    assert len(Shelf(tmp_path).versions("children-file", "2018-03-31")) == 2


def test_a_dry_run_asks_and_fetches_nothing(tmp_path: Path) -> None:
    publishers = with_file()
    summary = run(publishers, tmp_path / "shelf", dry_run=True)
    assert told(summary) == {("children-file", "2018-03-31"): "planned"}
    assert summary.files[0].size == len(CSV)
    assert publishers.paths(ASSETS) == []
    assert not (tmp_path / "shelf").exists()


def test_a_fault_of_one_series_does_not_stop_the_others(tmp_path: Path) -> None:
    publishers = with_file()
    publishers.add_service("LOOKUP", [{"LAD25CD": "E06000001", "CTYUA25CD": "E06000001"}])
    broken = publication("broken", editions=[{"period": "2019", "pages": ["government/broken"]}])
    web_page = publication("web", editions=[{"period": "2020", "pages": ["government/web"]}])
    publishers.add_page(
        "government/web", ("Provider level", "provider_level.csv", b"<!DOCTYPE html><p>sorry")
    )
    summary = run(publishers, tmp_path, broken, web_page, publication(), LOOKUP)
    assert told(summary) == {
        ("broken-file", "2019"): "failed",
        ("web-file", "2020"): "failed",
        ("children-file", "2018-03-31"): "new",
        ("lookup", "2025"): "new",
    }
    assert "no such page" in summary.failed[0].reason
    assert "government/broken" in summary.failed[0].reason
    assert {held.series for held in Shelf(tmp_path).held()} == {"children-file", "lookup"}


def test_a_publisher_that_cannot_be_reached_is_asked_once_and_all_of_it_is_told(tmp_path: Path) -> None:
    publishers = with_file()
    publishers.add_service("LOOKUP", [{"LAD25CD": "E06000001"}])
    asked: list[str] = []

    def offline(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        raise httpx.ConnectError("no route to host")

    def open_loader(hosts: tuple[str, ...]) -> Any:
        loader = loader_of(publishers, *hosts)
        if GOVUK in hosts:
            loader._client._transport = httpx.MockTransport(offline)
        return loader

    second = publication(
        "second", editions=[{"period": "2019", "pages": ["a"]}, {"period": "2020", "pages": ["b"]}]
    )
    summary = fetch(to=tmp_path, catalogue=(publication(), second, LOOKUP), open_loader=open_loader)
    assert told(summary) == {
        ("children-file", "2018-03-31"): "failed",
        ("second-file", "2019"): "failed",
        ("second-file", "2020"): "failed",
        ("lookup", "2025"): "new",
    }
    assert asked == [GOVUK]
    assert all("cannot be reached" in file.reason for file in summary.failed)


def test_an_edition_that_was_inferred_may_not_be_there(tmp_path: Path) -> None:
    known = publication(editions=[{"period": "2018", "pages": [PATH], "status": "inferred"}])
    summary = run(Publishers(), tmp_path, known)
    assert told(summary) == {("children-file", "2018"): "not found"}
    assert summary.failed == []


def test_the_first_path_that_is_there_counts(tmp_path: Path) -> None:
    known = publication(editions=[{"period": "2018", "pages": ["government/publications/other", PATH]}])
    assert told(run(with_file(), tmp_path, known)) == {("children-file", "2018"): "new"}


def test_where_no_path_is_there_the_collection_is_searched_by_title(tmp_path: Path) -> None:
    publishers = with_file(title="Children’s data 2018")
    publishers.pages[COLLECTION] = page(
        COLLECTION, links={"documents": [{"title": "Children’s data 2018", "base_path": f"/{PATH}"}]}
    )
    edition = {"period": "2018", "pages": ["government/old"], "title": "children.s data 2018"}
    known = publication(
        collection=COLLECTION, editions=[edition, {**edition, "period": "2017", "title": "2017"}]
    )
    summary = run(publishers, tmp_path, known)
    assert told(summary) == {("children-file", "2018"): "new", ("children-file", "2017"): "failed"}
    assert publishers.paths(GOVUK).count(f"/api/content/{COLLECTION}") == 1


def test_a_page_that_moved_is_kept_under_its_new_path(tmp_path: Path) -> None:
    publishers = with_file()
    publishers.pages["government/old"] = redirect("government/old", to=f"/{PATH}")
    known = publication(editions=[{"period": "2018", "pages": ["government/old"]}])
    assert run(publishers, tmp_path, known).files[0].page == f"https://{GOVUK}/{PATH}"


def test_a_page_taken_away_says_why(tmp_path: Path) -> None:
    publishers = Publishers()
    publishers.pages[PATH] = {"schema_name": "gone", "details": {"explanation": "An error."}}
    known = publication(editions=[{"period": "2018", "pages": [PATH, "government/other"]}])
    assert "taken the page away: An error." in run(publishers, tmp_path, known).failed[0].reason


def test_files_of_a_part_of_the_page_are_found(tmp_path: Path) -> None:
    publishers = Publishers()
    child = {"attachment_type": "html", "id": "1", "title": "Data", "url": f"/{PATH}/data"}
    other = {"attachment_type": "html", "id": "2", "title": "Charts", "url": f"/{PATH}/charts"}
    publishers.add_page(PATH, details={"attachments": [child, other]})
    publishers.add_file(f"https://{ASSETS}/media/1/provider_level.csv", CSV)
    body = f'<a href="https://{ASSETS}/media/1/provider_level.csv">Provider level data</a>'
    publishers.pages[f"{PATH}/data"] = page(
        f"{PATH}/data", schema_name="html_publication", details={"body": body}
    )
    assert told(run(publishers, tmp_path)) == {("children-file", "2018-03-31"): "new"}
    assert f"/api/content/{PATH}/charts" not in publishers.paths(GOVUK)


def test_a_workbook_stands_for_the_tables_in_it(tmp_path: Path) -> None:
    kinds = [
        {"series": "workbook", "called": "underlying data", "formats": ["csv"], "optional": True},
        {"series": "list", "called": "provider level", "formats": ["csv"], "unless": "workbook"},
        {
            "series": "movements",
            "called": "leavers",
            "formats": ["csv"],
            "unless": "workbook",
            "optional": True,
        },
    ]
    pages = [
        {"period": "2018", "pages": ["a"]},
        {"period": "2019", "pages": ["b"]},
        {"period": "2020", "pages": ["c"]},
    ]
    publishers = Publishers()
    publishers.add_page("a", ("Underlying data", "a.csv", CSV), ("Provider level", "b.csv", CSV + b"x,y\n"))
    publishers.add_page("b", ("Provider level", "c.csv", CSV + b"z,y\n"))
    publishers.add_page("c", ("Charts", "charts.csv", CSV))
    assert told(run(publishers, tmp_path, publication(files=kinds, editions=pages))) == {
        ("workbook", "2018"): "new",
        ("workbook", "2019"): "not offered",
        ("list", "2019"): "new",
        ("movements", "2019"): "not offered",
        ("workbook", "2020"): "not offered",
        ("list", "2020"): "failed",
        ("movements", "2020"): "not offered",
    }


def test_the_text_of_a_page_is_kept_where_it_has_the_tables(tmp_path: Path) -> None:
    publishers = Publishers()
    publishers.add_page(PATH, details={"body": "<table><tr><td>CareTech</td></tr></table>"})
    known = publication(files=[{"series": "owners", "body": True, "formats": ["html"]}])
    assert told(run(publishers, tmp_path, known)) == {("owners", "2018-03-31"): "new"}
    [held] = Shelf(tmp_path).held()
    assert Shelf(tmp_path).path_of(held).read_bytes() == b"<table><tr><td>CareTech</td></tr></table>\n"
    assert told(run(publishers, tmp_path, known)) == {("owners", "2018-03-31"): "same bytes"}
    publishers.add_page(PATH, details={"body": " "})
    assert "no text" in run(publishers, tmp_path, known).failed[0].reason


def archive(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members:
            opened.writestr(name, content)
    return out.getvalue()


MEMBER = r"sfr ?\d+ ?cla(20\d\d)? csv$"
SFR = publication(
    "sfr", files=[{"series": "sfr", "called": "underlying", "formats": ["zip", "csv"], "member": MEMBER}]
)


def test_an_archive_is_kept_and_its_file_beside_it(tmp_path: Path) -> None:
    publishers = Publishers()
    content = archive(
        ("UD/SFR41_CLA2016.csv", CSV), ("UD/SFR41_AD2016.csv", b"a\n1\n"), ("UD/Meta.doc", b"x")
    )
    publishers.add_page(PATH, ("Underlying data", "SFR41_2016_Underlying.zip", content))
    assert told(run(publishers, tmp_path, SFR)) == {
        ("sfr-archive", "2018-03-31"): "new",
        ("sfr", "2018-03-31"): "new",
    }
    whole, part = Shelf(tmp_path).held()
    assert Shelf(tmp_path).path_of(whole).read_bytes() == content
    assert Shelf(tmp_path).path_of(part).read_bytes() == CSV
    assert part.name == "SFR41_CLA2016.csv"
    assert told(run(publishers, tmp_path, SFR)) == {
        ("sfr-archive", "2018-03-31"): "unchanged",
        ("sfr", "2018-03-31"): "same bytes",
    }


@pytest.mark.parametrize(
    ("members", "said"),
    [([("other.csv", CSV)], "no file of the archive"),
     ([("a/SFR41_CLA2016.csv", CSV), ("b/SFR41_CLA2016.csv", CSV)], "several files of the archive"),
     ([("../../SFR41_CLA2016.exe", CSV)], "no file of the archive"),
     ([("SFR41_CLA2016.csv", b"<html>sorry</html>")], "its bytes are a web page")],
)  # fmt: skip
def test_an_archive_without_the_file_fails_and_is_kept(tmp_path: Path, members: Any, said: str) -> None:
    publishers = Publishers()
    publishers.add_page(PATH, ("Underlying data", "SFR41_2016_Underlying.zip", archive(*members)))
    summary = run(publishers, tmp_path, SFR)
    assert told(summary) == {("sfr-archive", "2018-03-31"): "new", ("sfr", "2018-03-31"): "failed"}
    assert said in summary.failed[0].reason
    assert sorted(path.name for path in tmp_path.rglob("*.csv")) == []


def test_an_archive_member_with_a_path_is_kept_under_our_own_name(tmp_path: Path) -> None:
    publishers = Publishers()
    publishers.add_page(PATH, ("Underlying data", "x.zip", archive(("../../../SFR41_CLA2016.csv", CSV))))
    run(publishers, tmp_path / "shelf", SFR)
    [found] = tmp_path.rglob("*.csv")
    assert found.parent == tmp_path / "shelf" / "sfr" / "2018-03-31"


def test_a_new_edition_is_fetched_and_said_to_be_found(tmp_path: Path) -> None:
    publishers = with_file()
    publishers.add_page("government/statistics/children-2019", ("Provider level", "provider_level.csv", CSV))
    publishers.search = [{"title": "Children 2019", "link": "/government/statistics/children-2019"}]
    known = publication(discover={"title": r"^children (?P<year>20\d\d)$", "period": "{year}-03-31"})
    summary = run(publishers, tmp_path, known)
    assert told(summary) == {("children-file", "2018-03-31"): "new", ("children-file", "2019-03-31"): "new"}
    assert [file.period for file in summary.files if file.found] == ["2019-03-31"]
    assert told(run(publishers, tmp_path, known, discover=False)) == {
        ("children-file", "2018-03-31"): "unchanged"
    }
    assert told(run(publishers, tmp_path, known, since="2020")) == {}


def test_a_search_that_fails_does_not_keep_known_editions_away(tmp_path: Path) -> None:
    publishers = with_file()
    publishers.routes[GOVUK, "/api/search.json"] = Reply(503, b"busy")
    known = publication(discover={"title": r"^children (?P<year>20\d\d)$"})
    summary = run(publishers, tmp_path, known)
    assert told(summary) == {
        ("children-file", "new-editions"): "failed",
        ("children-file", "2018-03-31"): "new",
    }


def test_editions_from_before_are_left_out(tmp_path: Path) -> None:
    known = publication(
        editions=[{"period": "2018-03-31", "pages": [PATH]}, {"period": "2014-03-31", "pages": ["x"]}]
    )
    assert told(run(with_file(), tmp_path, known, since="2018")) == {("children-file", "2018-03-31"): "new"}


def test_a_name_of_a_series_takes_that_file_alone(tmp_path: Path) -> None:
    summary = run(with_file(), tmp_path, publication(), LOOKUP, names=("children-file",))
    assert told(summary) == {("children-file", "2018-03-31"): "new"}
    with pytest.raises(UsageError, match="no series of the catalogue"):
        run(with_file(), tmp_path, publication(), names=("other",))


def test_what_is_got_by_hand_is_named_until_it_is_there(tmp_path: Path) -> None:
    known = publication("foi", ask="by hand", note="Ask for it.", editions=[{"period": "2024"}])
    summary = run(Publishers(), tmp_path, known)
    assert [(file.status, file.reason) for file in summary.files] == [("by hand", "Ask for it.")]
    assert summary.failed == []


def test_a_folder_with_other_things_is_no_shelf(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("x")
    with pytest.raises(UsageError, match=r"not empty \(thesis\.docx\)"):
        run(with_file(), tmp_path)


def test_progress_tells_files_and_bytes(tmp_path: Path) -> None:
    publishers = with_file()
    publishers.add_service("LOOKUP", [{"LAD25CD": "E06000001"}])
    steps: list[Step] = []
    run(publishers, tmp_path, publication(), LOOKUP, progress=steps.append)
    assert steps[0].of == steps[-1].done == steps[-1].of == 2
    assert {step.publisher for step in steps} == {"govuk", "arcgis"}
    assert any(step.received == len(CSV) for step in steps)


def test_publishers_are_asked_at_once_and_each_for_one_thing_at_a_time(tmp_path: Path) -> None:
    publishers = with_file()
    publishers.add_service("LOOKUP", [{"LAD25CD": "E06000001"}])
    meeting = threading.Barrier(2, timeout=10)
    fine, features = publishers._content, publishers._features

    def content(path: str) -> Reply:
        meeting.wait()
        return fine(path)

    def query(name: str, question: dict[str, str]) -> Reply:
        meeting.wait()
        return features(name, question)

    publishers._content, publishers._features = content, query  # type: ignore[method-assign]
    assert set(told(run(publishers, tmp_path, publication(), LOOKUP)).values()) == {"new"}


def test_a_summary_is_json(tmp_path: Path) -> None:
    facts = run(with_file(), tmp_path).as_dict()
    assert facts["counts"] == {"new": 1}
    assert facts["files"][0]["sha256"]
    assert set(facts["files"][0]) == set(FileOutcome.__dataclass_fields__)


# What is listed.


def listed(publishers: Publishers, to: Path, *catalogue: PublicationDefinition, **more: Any) -> Listing:
    return list_releases(
        shelf=to,
        catalogue=catalogue or (publication(),),
        open_loader=lambda hosts: loader_of(publishers, *(hosts or ("none.example",))),
        **more,
    )


def test_a_listing_tells_missing_held_and_newer(tmp_path: Path) -> None:
    publishers = with_file()
    assert listed(publishers, tmp_path / "none").counts == {"missing": 1}
    run(publishers, tmp_path)
    assert listed(publishers, tmp_path).counts == {"held": 1}
    later = with_file(public_updated_at="2026-01-01T09:30:00Z")
    assert listed(later, tmp_path).counts == {"newer": 1}
    moved = Publishers()
    moved.add_page(PATH, ("Provider level data", "provider_level_v2.csv", CSV))
    assert listed(moved, tmp_path).counts == {"newer": 1}
    assert listed(Publishers(), tmp_path).counts == {"held": 1}


def test_a_listing_without_asking_goes_by_the_catalogue(tmp_path: Path) -> None:
    publishers = with_file()
    hand = publication("foi", ask="by hand", note="Ask for it.", editions=[{"period": "2024"}])
    assert listed(publishers, tmp_path, publication(), hand, ask=False).counts == {"missing": 1, "by hand": 1}
    run(publishers, tmp_path)
    asked = len(publishers.asked)
    assert listed(publishers, tmp_path, publication(), hand, ask=False).counts == {"held": 1, "by hand": 1}
    assert len(publishers.asked) == asked


def test_what_only_the_shelf_has_is_listed(tmp_path: Path) -> None:
    publishers = with_file()
    run(publishers, tmp_path)
    other = publication("other", editions=[])
    [file] = listed(publishers, tmp_path, other, ask=False).files
    assert (file.publication, file.series, file.state) == ("", "children-file", "held")


def test_a_service_with_an_error_is_told_in_the_summary(tmp_path: Path) -> None:
    publishers = Publishers()
    publishers.routes[ARCGIS, "/ESMARspQHYMw9BZ9/arcgis/rest/services/LOOKUP/FeatureServer/0/query"] = (
        json_reply({"error": {"code": 400, "message": "Invalid URL"}})
    )
    [file] = run(publishers, tmp_path, LOOKUP).files
    assert file.status == "failed"
    assert "Invalid URL" in file.reason
