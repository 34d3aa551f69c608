"""What readers do: search, filter, compare, download, go back; with a keyboard, without scripts, on paper."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

Open = Callable[..., Any]


def rows_in(page: Any, key: str) -> int:
    return int(page.locator(f"#table-{key} tbody tr").count())


def test_search_suggests_and_leads_to_the_page(open_page: Open) -> None:
    page = open_page("/")
    box = page.get_by_role("combobox", name=re.compile("Search by area"))
    box.press_sequentially("birmngham", delay=15)
    first = page.get_by_role("option").first
    first.wait_for()
    assert "Birmingham" in first.inner_text()
    assert box.get_attribute("aria-expanded") == "true"
    box.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == first.get_attribute("id")
    box.press("Enter")
    page.wait_for_url("**/areas/birmingham")
    assert page.locator("h1").inner_text() == "Birmingham"


def test_escape_closes_suggestions_and_the_words_stay(open_page: Open) -> None:
    page = open_page("/")
    box = page.get_by_role("combobox")
    box.press_sequentially("leeds", delay=15)
    page.get_by_role("option").first.wait_for()
    box.press("Escape")
    assert page.get_by_role("listbox").is_hidden()
    assert box.input_value() == "leeds"
    box.press("Enter")
    page.wait_for_url("**/search?q=leeds")
    assert page.locator(".results a").first.inner_text() == "Leeds"


def test_home_is_found_by_its_number(open_page: Open, site: str) -> None:
    page = open_page("/data/homes")
    urn = page.locator("#table-rows tbody tr th a, #table-rows tbody tr td a").first.inner_text()
    page.locator("#q").fill(urn)
    page.get_by_role("button", name="Search").click()
    page.locator(".results a").first.click()
    assert urn in page.locator("h1").inner_text()


def test_filter_gives_fewer_rows_at_an_address_to_share(open_page: Open) -> None:
    page = open_page("/data/homes")
    page.get_by_label("Column", exact=True).select_option("sector")
    page.get_by_label("Test", exact=True).select_option("eq")
    page.get_by_label("Value", exact=True).fill("Voluntary")
    page.get_by_role("button", name="Add filter").click()
    page.wait_for_url("**/data/homes?where=sector*")
    assert "sector%3Aeq%3AVoluntary" in page.url or "sector:eq:Voluntary" in page.url
    heads = page.locator("#table-rows thead th").all_inner_texts()
    place = next(at for at, head in enumerate(heads) if "ector" in head)
    cells = page.locator(f"#table-rows tbody tr > :nth-child({place + 1})").all_inner_texts()
    assert cells
    assert len(set(cells)) == 1
    again = open_page(page.url)
    assert again.locator("#table-rows tbody tr").count() == len(cells)


def test_two_areas_side_by_side_and_back(open_page: Open) -> None:
    page = open_page("/areas/leeds")
    page.get_by_role("link", name="Compare with other areas").click()
    page.get_by_label("Area 2").fill("kent")
    page.get_by_role("button", name="Compare areas").click()
    page.wait_for_url("**/compare?area=leeds&area=kent*")
    text = page.locator("main").inner_text()
    assert "Leeds" in text
    assert "Kent" in text
    page.go_back()
    page.go_back()
    assert page.locator("h1").inner_text() == "Leeds"


def test_table_downloads_as_csv_with_every_row(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/areas/leeds")
    with page.expect_download() as waiting:
        page.locator("#table-owners .get a").first.click()
    found = waiting.value
    assert re.fullmatch(r"ofsight-areas-leeds-owners\.csv", found.suggested_filename)
    found.save_as(tmp_path / "owners.csv")
    with (tmp_path / "owners.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) - 1 == rows_in(page, "owners")


def test_whole_table_downloads_as_parquet(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/data/owners")
    with page.expect_download() as waiting:
        page.get_by_role("link", name=re.compile("parquet", re.IGNORECASE)).first.click()
    waiting.value.save_as(tmp_path / "owners.parquet")
    assert pl.read_parquet(tmp_path / "owners.parquet").height > 0


def test_column_sorts_as_numbers(open_page: Open) -> None:
    page = open_page("/owners")
    column = page.locator("#table-owners thead th.number").first
    place = column.evaluate("cell => cell.cellIndex") + 1
    column.get_by_role("button").click()
    assert column.get_attribute("aria-sort") == "ascending"
    shown = page.locator(f"#table-owners tbody tr > :nth-child({place})").all_inner_texts()
    numbers = [float(words.replace(",", "")) for words in shown if re.match(r"[\d,.]+$", words)]
    assert numbers == sorted(numbers)
    assert len(numbers) > 3


def test_everything_reads_without_scripts(open_page: Open) -> None:
    page = open_page("/", java_script_enabled=False)
    page.get_by_label(re.compile("Search by area")).fill("leeds")
    page.get_by_role("button", name="Search").click()
    page.locator(".results a").first.click()
    assert page.locator("h1").inner_text() == "Leeds"
    assert page.locator("svg").first.is_visible()
    assert rows_in(page, "owners") > 0
    page.locator("summary").first.click()
    assert page.locator("details[open] table").first.is_visible()


def test_keyboard_alone_reaches_everything_and_shows_where_it_is(open_page: Open) -> None:
    page = open_page("/areas/leeds", reduced_motion="reduce")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to main content"
    assert skip.bounding_box()["x"] >= 0, "it is on the screen while it has the focus"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.reload()
    seen: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        where = page.evaluate(
            """() => { const one = document.activeElement, look = getComputedStyle(one);
            const box = one.getBoundingClientRect();
            return { what: one.outerHTML.slice(0, 90), width: parseFloat(look.outlineWidth) || 0,
                     style: look.outlineStyle, top: box.top, bottom: box.bottom, high: innerHeight }; }"""
        )
        assert where["style"] != "none", where["what"]
        assert where["width"] >= 2, where["what"]
        assert where["bottom"] > 0, where["what"]
        assert where["top"] < where["high"], where["what"]
        seen.append(where["what"])
    assert len(set(seen)) == len(seen), "the focus goes on and is never caught"


def test_summary_opens_with_the_keyboard(open_page: Open) -> None:
    page = open_page("/areas/leeds")
    summary = page.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details[open] table").first.is_visible()


def test_paper_has_the_words_and_the_numbers_and_no_controls(open_page: Open) -> None:
    page = open_page("/areas/leeds")
    page.emulate_media(media="print")
    for hidden in (".search", ".top nav", ".filters", ".crumbs", ".get"):
        assert page.locator(hidden).first.is_hidden(), hidden
    for shown in ("h1", ".lead", "#table-owners table", "#cautions", "footer"):
        assert page.locator(shown).first.is_visible(), shown
    folded = page.locator("details:not([open]) table").first
    assert folded.evaluate("table => table.getBoundingClientRect().height") > 0, "paper unfolds tables"
    assert len(page.pdf()) > 10_000


def test_owner_called_script_is_words(open_page: Open, made_site: str) -> None:
    page = open_page("/search?q=script alert", base=made_site)
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.locator(".results a").filter(has_text="<script>").first.click()
    assert "<script>alert(1)</script>" in page.locator("h1").inner_text()
    box = page.get_by_role("combobox")
    box.press_sequentially("script alert", delay=10)
    page.get_by_role("option").first.wait_for()
    assert ran == []


def test_scenario_is_made_by_forms_and_shared_by_its_address(open_page: Open, made_site: str) -> None:
    page = open_page("/areas/birmingham/planning", base=made_site)
    assert "Registered places, not vacancies" in page.locator("main").inner_text()
    page.get_by_role("link", name=re.compile("What if")).first.click()
    page.locator("summary", has_text="Homes open").click()
    page.get_by_label("Homes", exact=True).fill("3")
    page.get_by_label("Places in each").fill("4")
    page.get_by_role("form", name="Homes open").get_by_role("button", name="Add").click()
    page.wait_for_url("**/what-if?event=open(homes=3;places=4*")
    assert "3 homes of 4 places open" in page.locator("main").inner_text()
    change = page.locator("#table-change tbody tr", has_text="Registered places").first.inner_text()
    assert "12" in change
    again = open_page(page.url, base=made_site)
    assert again.locator("#table-years").inner_text() == page.locator("#table-years").inner_text()
    page.get_by_role("link", name=re.compile("^Remove")).click()
    assert "Nothing beside what is known today" in page.locator("main").inner_text()
