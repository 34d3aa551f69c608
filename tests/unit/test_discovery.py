"""Editions that nobody has listed yet."""

from __future__ import annotations

from typing import Any

import pytest

from fake_publishers import GOVUK, Publishers, Reply, json_reply, loader_of, page
from ofsight.definitions.catalogue_schema import PublicationDefinition
from ofsight.errors import ReleaseError
from ofsight.releases.discovery import find_editions, search_pages

COLLECTION = "government/collections/childrens-social-care-statistics"


def publication(**more: Any) -> PublicationDefinition:
    return PublicationDefinition.model_validate(
        {
            "id": "children",
            "title": "Children's social care in England",
            "publisher": "Ofsted",
            "licence": "OGL-UK-3.0",
            "ask": "govuk",
            "collection": COLLECTION,
            "discover": {
                "organisation": "ofsted",
                "title": r"^children.?s social care in england (?P<year>20\d\d)$",
                "period": "{year}-03-31",
            },
            "files": [{"series": "workbook", "called": "underlying data"}],
            "editions": [{"period": "2025-03-31", "pages": ["government/statistics/children-2025"]}],
            **more,
        }
    )


def result(title: str, link: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "link": link, "public_timestamp": "2026-07-16T09:30:00Z", **more}


def publishers(*documents: dict[str, Any]) -> Publishers:
    found = Publishers()
    found.pages[COLLECTION] = page(
        COLLECTION, schema_name="document_collection", links={"documents": list(documents)}
    )
    return found


def periods(asked: Publishers, **more: Any) -> dict[str, tuple[str, ...]]:
    return {item.period: item.pages for item in find_editions(loader_of(asked), publication(**more))}


def test_a_new_edition_in_the_collection_is_found() -> None:
    asked = publishers(
        {"title": "Children’s social care in England 2026", "base_path": "/government/statistics/c-2026"},
        {
            "title": "Children's social care in England 2025",
            "base_path": "/government/statistics/children-2025",
        },
        {"title": "Children's social care in England 2014", "base_path": "/government/statistics/c-2014"},
        {"title": "Main findings: children's social care in England 2027", "base_path": "/main"},
    )
    assert periods(asked) == {"2026-03-31": ("government/statistics/c-2026",)}


def test_a_new_edition_that_only_the_search_has_is_found_and_announcements_are_not() -> None:
    asked = publishers()
    announced = {"content_store_document_type": "official_statistics_announcement"}
    asked.search = [
        result("Children's social care in England 2026", "/government/statistics/announcements/c-2026"),
        result("Children's social care in England 2026", "/x", **announced),
        result("Children's social care in England 2026", "https://elsewhere.example/c-2026"),
        result("Children's social care in England 2026", "/government/statistics/c-2026"),
        result("Something else", "/government/statistics/other"),
        {"title": None, "link": 7},
    ]  # fmt: skip
    assert periods(asked) == {"2026-03-31": ("government/statistics/c-2026",)}


def test_the_same_edition_is_found_once_and_the_collection_counts_first() -> None:
    asked = publishers({"title": "Children's social care in England 2026", "base_path": "/one"})
    asked.search = [result("Children's social care in England 2026", "/two")]
    assert periods(asked) == {"2026-03-31": ("one",)}
    assert "filter_public_timestamp=from%3A2025-03-31" in asked.asked[-1][1]


def test_a_publication_without_a_rule_is_not_searched() -> None:
    asked = publishers()
    assert periods(asked, discover=None) == {}
    assert asked.asked == []


def test_all_pages_of_a_search_are_read() -> None:
    asked = publishers()
    asked.search = [result(f"Page {number}", f"/page-{number}") for number in range(250)]
    found = search_pages(loader_of(asked), "children", organisation="ofsted", since="2025-01-01")
    assert [item.path for item in found] == [f"page-{number}" for number in range(250)]
    assert asked.paths(GOVUK) == ["/api/search.json"] * 3
    assert all("filter_organisations=ofsted" in target for _, target, _ in asked.asked)
    assert all("filter_public_timestamp=from%3A2025-01-01" in target for _, target, _ in asked.asked)


def test_a_search_that_never_ends_is_left() -> None:
    asked = Publishers()
    endless = {"results": [result("Again", "/again")] * 100, "total": 10**9}
    asked.routes[GOVUK, "/api/search.json"] = json_reply(endless)
    assert len(search_pages(loader_of(asked), "children")) == 1000


def test_a_question_that_the_search_refuses_is_told() -> None:
    asked = Publishers()
    asked.routes[GOVUK, "/api/search.json"] = json_reply({"error": "Unexpected parameter"}, 422)
    with pytest.raises(ReleaseError, match=r"refuses the question.*Unexpected parameter"):
        search_pages(loader_of(asked), "children")


@pytest.mark.parametrize("answer", [{"results": None, "total": 1}, {"results": []}, [], "x"])
def test_an_answer_of_another_shape_is_told(answer: Any) -> None:
    asked = Publishers()
    asked.routes[GOVUK, "/api/search.json"] = json_reply(answer)
    with pytest.raises(ReleaseError, match="not a list of results"):
        search_pages(loader_of(asked), "children")


def test_a_page_for_people_in_place_of_the_answer_is_told() -> None:
    asked = Publishers()
    asked.routes[GOVUK, "/api/search.json"] = Reply(200, b"<html>", {"Content-Type": "text/html"})
    with pytest.raises(ReleaseError, match="JSON"):
        search_pages(loader_of(asked), "children")
