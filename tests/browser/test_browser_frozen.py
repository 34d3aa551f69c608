"""The frozen site: opened from a disk, without a server, it reads, links and searches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explorer import shared_site


@pytest.fixture(scope="module")
def frozen(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_site(tmp_path_factory)


# The site comes before the browser: writing it runs a loop of its own, which an open browser forbids.
@pytest.fixture
def page(frozen: Path, browser: Any) -> Iterator[Any]:
    """A page of the site on the disk; in the end it has told of no error and asked for nothing elsewhere."""
    said: list[str] = []
    asked: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: asked.append(one.url))
    page.goto((frozen / "index.html").as_uri())
    yield page
    context.close()
    assert said == []
    assert [url for url in asked if not url.startswith((frozen.as_uri(), "data:"))] == []


def test_links_lead_from_page_to_page(page: Any, frozen: Path) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Areas").click()
    assert page.locator("h1").inner_text() == "Areas"
    page.locator("svg.tiles a").first.click()
    assert page.url.startswith((frozen / "areas").as_uri())
    page.locator(".crumbs a").first.click()
    assert page.url == (frozen / "index.html").as_uri()
    assert page.locator("body").evaluate("body => getComputedStyle(body).fontFamily").startswith('"Helvetica')


def test_map_in_boundaries_leads_to_areas_and_back_to_squares(page: Any, frozen: Path) -> None:
    page.goto((frozen / "areas.html").as_uri())
    page.get_by_role("link", name="Show the map in boundaries").click()
    page.get_by_role("link", name=re.compile("^Leeds: ")).click()
    assert page.locator("h1").inner_text() == "Leeds"
    page.go_back()
    page.get_by_role("link", name="Show the map in squares").click()
    assert page.url == f"{(frozen / 'areas.html').as_uri()}#map"


def test_search_suggests_tolerantly_and_leads_to_a_file(page: Any, frozen: Path) -> None:
    box = page.get_by_role("combobox")
    box.press_sequentially("birmngham", delay=15)
    first = page.get_by_role("option").first
    first.wait_for()
    assert "Birmingham" in first.inner_text()
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url("**/areas/birmingham.html")
    assert page.locator("h1").inner_text() == "Birmingham"


def test_page_of_results_works_from_a_disk(page: Any) -> None:
    page.locator("#q").fill("leeds")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url(re.compile(r"search\.html\?q=leeds"))
    page.locator("[data-results] a").first.wait_for()
    page.locator("[data-results] a").first.click()
    assert page.locator("h1").inner_text() == "Leeds"


def test_tables_are_beside_the_pages(page: Any, frozen: Path) -> None:
    page.goto((frozen / "areas" / "leeds.html").as_uri())
    link = page.locator("#table-owners .get a").first
    target = link.evaluate("one => one.href")
    assert target.startswith(frozen.as_uri())
    assert target.endswith(".csv")
    with page.expect_download() as waiting:
        link.click()
    shown = page.locator("#table-owners tbody tr").count()
    assert shown > 0
    assert Path(waiting.value.path()).read_text(encoding="utf-8").count("\n") == shown + 1
