"""Every kind of page: axe finds nothing in either colour scheme, and it fits 320 px and 400 % zoom."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

Open = Callable[..., Any]

PAGES = (
    "/", "/areas?measure=private_homes&area=leeds", "/areas/leeds", "/areas/england",
    "/owners", "/compare?area=leeds&area=kent&area=england", "/compare", "/study",
    "/study/gap", "/study/ledger", "/study/odds?ratio=0.5", "/study/files", "/data",
    "/data/homes?where=sector:eq:Private", "/data/sources", "/data/checks", "/data/licence", "/method",
    "/accessibility", "/changes", "/api", "/search?q=leds", "first owner", "first home",
)  # fmt: skip
MADE = (
    "/areas?map=boundaries",
    "/areas/birmingham/planning",
    "/areas/birmingham/planning/what-if?event=open(homes=3;places=4;sector=Private)&event=need(per_year=0.03)",
    "/areas/isles-of-scilly/planning/what-if",
)
_FITS = """() => {
  const wide = document.documentElement.clientWidth;
  const over = [...document.querySelectorAll('body *')].filter((one) =>
    !one.closest('.table-frame, pre, .hidden') && getComputedStyle(one).position !== 'absolute'
    && one.getBoundingClientRect().right > wide + 1).map((one) => one.outerHTML.slice(0, 80));
  return { over: over.slice(0, 3), scrolls: document.documentElement.scrollWidth - wide };
}"""


def _found(page: Any, *rules: str) -> str:
    """Return what axe finds, a line each; empty when it finds nothing."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    violations = Axe().run(page, options=options).response["violations"]
    return "\n".join(
        f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for one in violations
        for node in one["nodes"][:4]
    )


def _address(page: Any, name: str) -> str:
    """Return the address of the first owner or home, from the page that lists them."""
    listing, inside = (
        ("/owners", "#table-owners") if name == "first owner" else ("/data/homes", "#table-rows")
    )
    page.goto(listing)
    return str(page.locator(f"{inside} tbody a").first.get_attribute("href"))


def _check(page: Any) -> None:
    """Check the page that is open: both schemes, a small screen, high zoom."""
    assert _found(page) == ""
    page.emulate_media(color_scheme="dark")
    assert _found(page, "color-contrast", "link-in-text-block") == ""
    page.emulate_media(color_scheme="light")
    # 1280 by 1024 at 400 % leaves 320 by 256: what WCAG 1.4.10 asks for.
    page.set_viewport_size({"width": 320, "height": 256})
    assert page.evaluate(_FITS) == {"over": [], "scrolls": 0}
    assert _found(page, "target-size", "scrollable-region-focusable") == ""


@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible(open_page: Open, name: str) -> None:
    page = open_page("/search" if name.startswith("first ") else name)
    if name.startswith("first "):
        page.goto(_address(page, name))
    _check(page)


def test_specification_curve_is_accessible(open_page: Open) -> None:
    if not os.environ.get("OFSIGHT_RELEASES"):
        pytest.skip("needs a study run on the real releases: set OFSIGHT_RELEASES to their folder")
    _check(open_page("/study/specifications"))


def test_refusal_is_accessible(browser: Any, site: str) -> None:
    context = browser.new_context(
        base_url=site
    )  # not `open_page`: the browser tells of the status as an error
    page = context.new_page()
    assert page.goto("/areas/Leds").status == 404
    _check(page)
    context.close()


@pytest.mark.parametrize("address", MADE)
def test_page_of_synthetic_data_is_accessible(open_page: Open, made_site: str, address: str) -> None:
    page = open_page(address, base=made_site)
    if "what-if" in address:
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    _check(page)


def test_open_suggestions_are_accessible(open_page: Open) -> None:
    page = open_page("/")
    page.get_by_role("combobox").press_sequentially("lee", delay=15)
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")
    assert _found(page) == ""
    page.emulate_media(color_scheme="dark")
    assert _found(page, "color-contrast") == ""


def test_words_twice_as_large_and_spaced_still_fit(open_page: Open) -> None:
    page = open_page("/areas/leeds", viewport={"width": 640, "height": 800})
    page.evaluate(
        """() => { const style = new CSSStyleSheet();
        style.replaceSync('html { font-size: 200% } * { line-height: 1.5 !important; letter-spacing: .12em '
          + '!important; word-spacing: .16em !important }');
        document.adoptedStyleSheets = [style]; }"""
    )
    assert page.evaluate(_FITS)["scrolls"] == 0
