"""Pages of GOV.UK in every shape in which they answer."""

from __future__ import annotations

from typing import Any

import pytest

from fake_publishers import (
    ASSETS,
    GOVUK,
    Publishers,
    Reply,
    attachment,
    json_reply,
    loader_of,
    page,
    redirect,
)
from ofsight.definitions.catalogue_schema import FileKind
from ofsight.errors import ReleaseError
from ofsight.releases.attachments import Attachment, choose_file, linked_files
from ofsight.releases.govuk import MissingPageError, Page, read_listed, read_page

PATH = "government/statistics/childrens-social-care-in-england-2025"
OLD = "government/statistics/childrens-social-care-data-in-england-2025"


def ask(publishers: Publishers, path: str = PATH) -> Page:
    return read_page(loader_of(publishers), path)


def with_page(path: str = PATH, **more: Any) -> Publishers:
    publishers = Publishers()
    publishers.pages[path] = page(path, **more)
    return publishers


def test_a_page_gives_its_files_parts_and_dates() -> None:
    child = {"attachment_type": "html", "id": "1", "title": "Methodology", "url": f"/{PATH}/methodology"}
    outside = {
        "attachment_type": "external",
        "id": "2",
        "title": "Elsewhere",
        "url": "https://elsewhere.example/x.csv",
    }
    found = ask(with_page(details={"attachments": [child, outside, attachment(file_size=3230291)]}))
    assert [file.filename for file in found.files] == ["underlying_data.ods"]
    assert found.files[0].size == 3230291
    assert found.files[0].extension == "ods"
    assert found.children == (("Methodology", f"{PATH}/methodology"),)
    assert found.published == "2025-08-05T09:30:00.000+01:00"
    assert found.withdrawn is None


def test_a_redirect_in_the_body_of_a_200_is_followed() -> None:
    publishers = with_page(details={"attachments": [attachment()]})
    publishers.pages[OLD] = redirect(OLD, to=f"/{PATH}#contents")
    assert ask(publishers, OLD).path == PATH
    assert publishers.paths(GOVUK) == [f"/api/content/{OLD}", f"/api/content/{PATH}"]


@pytest.mark.parametrize(
    ("mode", "end"), [({}, f"{PATH}/methodology"), ({"segments_mode": "preserve"}, f"{PATH}/methodology"),
                      ({"segments_mode": "ignore"}, PATH)]
)  # fmt: skip
def test_a_prefix_redirect_carries_the_rest_of_the_path_along(mode: dict[str, str], end: str) -> None:
    publishers = with_page()
    publishers.pages[f"{PATH}/methodology"] = page(f"{PATH}/methodology", schema_name="html_publication")
    moved = f"{OLD}/methodology"
    publishers.pages[moved] = redirect(moved, to=f"/{PATH}", kind="prefix", source=OLD, **mode)
    assert ask(publishers, moved).path == end


def test_a_303_is_followed_and_the_final_path_counts() -> None:
    publishers = with_page()
    publishers.pages[f"{PATH}/csv"] = Reply(303, b"", {"Location": f"/api/content/{PATH}"})
    assert ask(publishers, f"{PATH}/csv").path == PATH


def test_redirects_in_a_circle_are_told() -> None:
    publishers = Publishers()
    publishers.pages["a"], publishers.pages["b"] = redirect("a", to="/b"), redirect("b", to="/a")
    with pytest.raises(ReleaseError, match=r"circle or on and on .a to b"):
        ask(publishers, "a")


def test_redirects_without_end_are_told() -> None:
    publishers = Publishers()
    for number in range(20):
        publishers.pages[f"p{number}"] = redirect(f"p{number}", to=f"/p{number + 1}")
    with pytest.raises(ReleaseError, match="on and on"):
        ask(publishers, "p0")
    assert len(publishers.asked) == 6


@pytest.mark.parametrize(
    "to", ["https://elsewhere.example/a", "//elsewhere.example/a", "http://www.gov.uk/a"]
)
def test_a_redirect_off_govuk_is_refused(to: str) -> None:
    publishers = Publishers()
    publishers.pages[OLD] = redirect(OLD, to=to)
    with pytest.raises(ReleaseError, match=r"moved off GOV\.UK"):
        ask(publishers, OLD)
    assert {host for host, _, _ in publishers.asked} == {GOVUK}


def test_a_redirect_without_destination_is_told() -> None:
    publishers = Publishers()
    publishers.pages[OLD] = {
        "schema_name": "redirect",
        "redirects": [{"path": "/other", "destination": "/x"}],
    }
    with pytest.raises(ReleaseError, match="no destination"):
        ask(publishers, OLD)


def test_a_page_that_is_gone_says_why_and_what_is_in_its_place() -> None:
    publishers = Publishers()
    details = {
        "explanation": "<p>Published in error.</p>",
        "alternative_path": "/government/statistics/other",
    }
    publishers.pages[PATH] = {"schema_name": "gone", "base_path": f"/{PATH}", "details": details}
    with pytest.raises(
        MissingPageError, match=r"taken the page away: Published in error\. .*statistics/other"
    ):
        ask(publishers)


def test_a_410_without_a_body_of_its_own_is_gone_too() -> None:
    publishers = Publishers()
    publishers.pages[PATH] = Reply(410, b"<html>gone</html>", {"Content-Type": "text/html"})
    with pytest.raises(MissingPageError, match="taken the page away"):
        ask(publishers)


def test_a_page_that_is_not_there_is_missing() -> None:
    with pytest.raises(MissingPageError, match="no such page"):
        ask(Publishers())


def test_a_withdrawn_page_still_has_its_files() -> None:
    notice = {"explanation": "Superseded.", "withdrawn_at": "2025-01-01T00:00:00Z"}
    found = ask(with_page(withdrawn_notice=notice, details={"attachments": [attachment()]}))
    assert found.withdrawn == "Superseded."
    assert len(found.files) == 1


def test_files_that_stand_in_the_text_alone_are_found() -> None:
    body = f"""
      <p><a href="https://{ASSETS}/media/0123456789abcdef01234567/Homes_Jan_to_Mar_2014.csv"><img/></a>
      <a href="https://{ASSETS}/media/0123456789abcdef01234567/Homes_Jan_to_Mar_2014.csv">Homes, January</a>
      <a href="/government/uploads/system/uploads/attachment_data/file/1/Homes%20Apr.csv">Homes, <b>April</b>
      </a>
      <a href="https://{ASSETS}/media/0123456789abcdef01234567/Homes_Jan_to_Mar_2014.csv/preview">View</a>
      <a href="https://elsewhere.example/Homes.csv">Elsewhere</a> <a href="/government/statistics/x">Page</a>
      <a href="http://[broken">Broken</a> <a name="here">Anchor</a></p>"""
    found = ask(with_page(schema_name="statistical_data_set", details={"body": body}))
    assert [(file.title, file.filename) for file in found.files] == [
        ("Homes, January", "Homes_Jan_to_Mar_2014.csv"),
        ("Homes, April", "Homes Apr.csv"),
    ]


def test_files_of_the_older_rendering_are_found_and_not_twice() -> None:
    item = attachment()
    documents = [f'<section class="attachment"><a href="{item["url"]}">Underlying data</a></section>']
    assert len(ask(with_page(details={"documents": documents})).files) == 1
    assert len(ask(with_page(details={"documents": documents, "attachments": [item]})).files) == 1


def test_an_attachment_of_another_host_is_no_file() -> None:
    item = attachment(url="https://elsewhere.example/underlying_data.ods")
    assert ask(with_page(details={"attachments": [item]})).files == ()


@pytest.mark.parametrize("value", [[], {"title": "no schema"}, "text", None])
def test_an_answer_of_another_shape_is_told(value: Any) -> None:
    publishers = Publishers()
    publishers.pages[PATH] = json_reply(value)
    with pytest.raises(ReleaseError, match="not the content of a page"):
        ask(publishers)


def test_details_that_are_not_what_they_should_be_do_no_harm() -> None:
    details = {"attachments": [None, "x", {"attachment_type": "file"}, {"attachment_type": "file", "url": 7}],
               "documents": [None], "body": None}  # fmt: skip
    found = ask(with_page(details=details, public_updated_at=None, first_published_at=None))
    assert (found.files, found.published) == ((), None)


def test_a_collection_lists_its_documents_and_not_what_is_announced_or_withdrawn() -> None:
    publishers = with_page(
        "government/collections/x",
        schema_name="document_collection",
        links={
            "documents": [
                {"title": "One", "base_path": f"/{PATH}", "public_updated_at": "2025-07-16T09:30:00Z"},
                {"title": "Old", "base_path": "/old", "withdrawn": True},
                {"title": "Next", "base_path": "/next", "document_type": "statistics_announcement"},
                {"title": "No path"},
            ]
        },
    )
    listed = read_listed(loader_of(publishers), "government/collections/x")
    assert [(item.title, item.path) for item in listed] == [("One", PATH)]


def kind(**more: Any) -> FileKind:
    return FileKind(**{"series": "a", "called": "underlying data", **more})


def file(title: str = "Underlying data", filename: str = "underlying_data.ods") -> Attachment:
    return Attachment(title, filename, f"https://{ASSETS}/media/1/{filename}")


def test_the_preferred_format_is_taken() -> None:
    files = [
        file(filename="underlying_data.csv"),
        file(filename="underlying_data.ODS"),
        file(filename="x.pdf"),
    ]
    found = choose_file(kind(formats=("ods", "csv")), files)
    assert found is not None
    assert found.filename == "underlying_data.ODS"


def test_the_last_issue_is_taken() -> None:
    names = ["File_11_-_IoD2025_upper-tier__v2.xlsx", "File_11_-_IoD2025_upper-tier__v10.xlsx",
             "File_11_-_IoD2025_upper-tier.xlsx"]  # fmt: skip
    files = [file("File 11: upper-tier local authority summaries", name) for name in names]
    found = choose_file(kind(called="file 11.*upper.?tier", formats=("xlsx",)), files)
    assert found is not None
    assert found.filename == names[1]


def test_two_that_fit_are_for_a_person_to_tell_apart() -> None:
    files = [file("Underlying data: homes", "homes.ods"), file("Underlying data: adoption", "adoption.ods")]
    with pytest.raises(ReleaseError, match=r"2 files may be 'a'.*homes.ods.*adoption.ods.*narrower"):
        choose_file(kind(), files)
    found = choose_file(kind(called=("underlying data homes", "underlying data")), files)
    assert found is not None
    assert found.filename == "homes.ods"


def test_what_is_called_otherwise_is_left() -> None:
    files = [file("Underlying data: joiners and leavers")]
    assert choose_file(kind(not_called="leavers"), files) is None
    assert choose_file(kind(), files, called="2014") is None
    assert choose_file(kind(formats=("csv",)), files) is None


def test_a_kind_is_told_by_content_type_where_the_name_has_none() -> None:
    item = Attachment("Data", "data", f"https://{ASSETS}/media/1/data", "text/csv; charset=utf-8")
    assert item.extension == "csv"


def test_links_in_a_text_that_breaks_off_are_read_as_far_as_it_goes() -> None:
    text = f'<a href="https://{ASSETS}/media/1/a.csv">A</a><a href="https://{ASSETS}/media/1/b.csv">B'
    assert [item.filename for item in linked_files([text], "https://www.gov.uk/x")] == ["a.csv"]
