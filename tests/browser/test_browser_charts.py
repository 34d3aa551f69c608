"""Interactive charts: opened by mouse and by keys under the site's own policy, read, and left again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from explorer import shared_site

Open = Callable[..., Any]
AREA = "/areas/england"
# Lines and grades, boundaries and a funnel, shares by name: the other kinds are these marks and axes again.
OPENED = (AREA, "/areas?map=boundaries", "/study/probabilities")
_FITS = """() => {
  const wide = document.documentElement.clientWidth;
  return [...document.querySelectorAll('.explored, .explored *')].filter((one) =>
    !one.closest('.hidden, svg') && one.getBoundingClientRect().right > wide + 1).length
    + Math.max(0, document.documentElement.scrollWidth - wide);
}"""
_FAINT = """() => {
  const shine = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const paper = shine(getComputedStyle(document.body).backgroundColor);
  const ours = '.chart-place svg :is(.role-axis-label, .role-axis-title) text';
  const words = [...document.querySelectorAll(ours)];
  const faint = words.filter((one) => {
    const [low, high] = [paper, shine(getComputedStyle(one).fill)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05) < 4.5;
  });
  return { words: words.length, faint: faint.map((one) => one.textContent) };
}"""
_REDRAWN = "(old) => ![old, undefined].includes(document.querySelector('.chart-place svg')?.innerHTML)"
_OPACITIES = """(figure) => [...figure.querySelectorAll('.chart-place .mark-symbol.role-mark path')]
  .map((one) => one.getAttribute('opacity'))"""


# Before the browser, which tests ask for later: writing the site runs a loop, which an open browser forbids.
@pytest.fixture(scope="module", autouse=True)
def frozen(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_site(tmp_path_factory)


def _explore(page: Any) -> Any:
    """Open the first chart of a page that is still plain; return its figure."""
    button = page.get_by_role("button", name=re.compile("^Explore this chart")).first
    button.wait_for()
    figure = page.locator("figure").nth(
        button.evaluate("(one) => [...document.querySelectorAll('figure')].indexOf(one.closest('figure'))")
    )
    button.click()
    # The first to ask may have to wait for the run time to be made, on a machine that has more to do.
    opened = "(one) => one.classList.contains('is-explored')"
    page.wait_for_function(opened, arg=figure.element_handle(), timeout=60_000)
    return figure


def _axe(page: Any, *rules: str) -> list[str]:
    """Return what axe finds in the charts that are open; the rest of the pages has tests of its own.

    Drawings are left out: they are hidden from those for whom axe asks, and of their words it reads `color`
    where they have `fill`. `_FAINT` looks at those, in a hundredth of the time.
    """
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    context = {"include": [[".is-explored"]], "exclude": [[".chart-place svg"]]}
    found = Axe().run(page, context=context, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"][:3]]


def test_nothing_of_it_is_loaded_before_it_is_asked_for_and_paper_has_the_plain_chart(
    open_page: Open, made_site: str
) -> None:
    page = open_page("/accessibility", base=made_site)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(AREA)
    page.get_by_role("button", name=re.compile("^Explore this chart")).first.wait_for()
    assert not [url for url in asked if re.search(r"/static/(vega|charts)\.|vl\.json", url)]
    _explore(page)
    assert len([url for url in asked if re.search(r"/static/(vega|charts)\.|vl\.json", url)]) == 3
    _explore(page)
    assert len([url for url in asked if re.search(r"/static/(vega|charts)\.", url)]) == 2
    page.emulate_media(media="print")
    assert page.locator("figure.is-explored").count() == 2
    for figure in page.locator("figure.is-explored").all():
        assert figure.locator("> .chart.wide").is_visible()
        assert figure.locator(".explored").is_hidden()
    assert page.locator(".explore").first.is_hidden()


def test_mouse_reads_a_value_singles_out_a_sector_and_goes_back(open_page: Open, made_site: str) -> None:
    page = open_page(AREA, base=made_site)
    figure = _explore(page)
    assert figure.locator("> .chart.wide").is_hidden()
    point = figure.locator(".chart-place .mark-symbol.role-mark path").first
    point.hover()
    tip = figure.locator(".chart-tip")
    tip.wait_for()
    words = tip.inner_text()
    assert re.search(r"Year\s+20\d\d", words)
    assert re.search(r"Number\s+[\d,]+", words)
    assert "Source: Ofsted" in words
    tip.hover()  # it stays while it is pointed at (WCAG 1.4.13)
    page.wait_for_timeout(500)
    assert tip.is_visible()
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    before = figure.evaluate(_OPACITIES)
    assert set(before) == {"1"}
    sector = figure.get_by_role("button", name="For-profit", exact=True)
    sector.click()
    assert sector.get_attribute("aria-pressed") == "true"
    page.wait_for_function(
        f"(figure) => ({_OPACITIES})(figure).includes('0.15')", arg=figure.element_handle()
    )
    after = figure.evaluate(_OPACITIES)
    assert 0 < after.count("1") < len(before)
    sector.click()
    page.wait_for_function(
        f"(figure) => !({_OPACITIES})(figure).includes('0.15')", arg=figure.element_handle()
    )
    figure.get_by_role("button", name="Back to the plain chart").click()
    assert figure.locator("> .chart.wide").is_visible()
    assert figure.locator(".explored").count() == 0
    assert page.evaluate("document.activeElement.textContent").startswith("Explore this chart")


def test_keyboard_alone_opens_steps_comes_closer_and_leaves(open_page: Open, made_site: str) -> None:
    page = open_page(AREA, base=made_site)
    page.get_by_role("button", name=re.compile("^Explore this chart")).first.focus()
    page.keyboard.press("Enter")
    plot = page.locator(".chart-plot").first
    plot.wait_for()
    page.wait_for_function("() => document.activeElement.classList.contains('chart-plot')")
    said = page.locator(".explored [role=status]").first
    heard = []
    for key in ("ArrowRight", "ArrowRight", "End", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        heard.append(said.inner_text())
        assert page.locator(".chart-tip").first.is_visible()
        assert page.locator(".chart-ring").first.is_visible()
    assert heard[0] != heard[1]
    assert heard[3] == heard[0]  # from the last it goes on with the first
    assert heard[4] == heard[2]
    assert re.search(r"Of: [A-Z].*; Year: \d{4}; Number: ", heard[0])
    page.keyboard.press("Escape")
    assert page.locator(".chart-tip").first.is_hidden()
    ways = page.locator(".explored").first.get_by_role("button", name="Closer")
    if ways.count():
        labels = page.locator(".chart-place").first.inner_text()
        page.keyboard.press("+")
        page.wait_for_function(
            "(old) => document.querySelector('.chart-place').innerText !== old", arg=labels
        )
        page.keyboard.press("0")
        page.wait_for_function(
            "(old) => document.querySelector('.chart-place').innerText === old", arg=labels
        )


def test_an_area_of_the_map_leads_to_its_page(open_page: Open, made_site: str) -> None:
    page = open_page("/areas", base=made_site)
    _explore(page)
    page.keyboard.press("ArrowRight")
    name = re.search("Local authority: ([^;]+);", page.locator(".explored [role=status]").first.inner_text())
    assert name is not None
    page.keyboard.press("Enter")
    page.wait_for_url("**/areas/*")
    assert page.locator("h1").inner_text() == name[1]


def test_charts_open_by_themselves_for_the_rest_of_the_visit(open_page: Open, made_site: str) -> None:
    page = open_page(AREA, base=made_site)
    figure = _explore(page)
    page.goto("/areas/leeds")
    page.locator("figure").first.scroll_into_view_if_needed()
    page.locator("figure.is-explored").first.wait_for()
    assert page.evaluate("document.activeElement === document.body")
    figure = page.locator("figure.is-explored").first
    figure.get_by_role("button", name="Back to the plain chart").click()
    page.goto(AREA)
    page.get_by_role("button", name=re.compile("^Explore this chart")).first.wait_for()
    page.wait_for_timeout(300)
    assert page.locator("figure.is-explored").count() == 0


@pytest.mark.parametrize("address", OPENED)
def test_open_charts_are_accessible_in_both_schemes_and_fit(
    open_page: Open, made_site: str, address: str
) -> None:
    page = open_page(address, base=made_site)
    page.set_viewport_size({"width": 320, "height": 700})
    buttons = page.get_by_role("button", name=re.compile("^Explore this chart"))
    assert buttons.count() > 0
    for _ in range(buttons.count()):
        _explore(page)
    assert page.evaluate(_FITS) == 0
    drawn = page.locator(".chart-place svg").first
    narrow = drawn.inner_html()
    page.set_viewport_size({"width": 1200, "height": 900})
    page.wait_for_function(_REDRAWN, arg=narrow)
    page.locator(".chart-plot").first.press("ArrowRight")
    assert _axe(page) == []
    assert page.locator(".chart-place :is(a, button, [tabindex])").count() == 0
    light, ink = drawn.inner_html(), page.evaluate(_FAINT)
    assert ink["faint"] == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(_REDRAWN, arg=light)
    assert page.evaluate(_FAINT) == ink
    if address == AREA:  # what stands around the drawing is of one style everywhere
        assert _axe(page, "color-contrast") == []


def test_without_scripts_there_is_no_button(open_page: Open, made_site: str) -> None:
    page = open_page(AREA, base=made_site, java_script_enabled=False)
    assert page.get_by_role("button", name=re.compile("Explore")).count() == 0
    assert page.locator("figure .chart.wide svg").first.is_visible()
    assert page.get_by_role("link", name=re.compile("^Vega-Lite")).first.is_visible()


def test_what_cannot_be_loaded_is_said_and_the_plain_chart_stays(browser: Any, made_site: str) -> None:
    context = browser.new_context(base_url=made_site)
    page = context.new_page()
    page.route(re.compile("/static/vega"), lambda route: route.abort())
    page.goto(AREA)
    page.get_by_role("button", name=re.compile("^Explore this chart")).first.click()
    page.get_by_text("The interactive chart could not be loaded.").first.wait_for()
    assert page.locator("figure .chart.wide").first.is_visible()
    page.unroute(re.compile("/static/vega"))
    _explore(page)  # the same button tries again
    context.close()


def test_frozen_charts_answer_from_a_disk(frozen: Path, browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((frozen / "areas.html").as_uri())
    _explore(page)
    page.keyboard.press("ArrowRight")
    assert "Local authority: " in page.locator(".explored [role=status]").first.inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{(frozen / 'areas').as_uri()}/*.html")
    assert page.locator("h1").count() == 1
    page.locator("figure.is-explored").first.wait_for()
    assert said == []
    context.close()
