"""Inspection reports by URN: slowly, once, and without a name or address."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fake_publishers import FILES, REPORTS, Publishers, Reply, loader_of
from ofsight.definitions.catalogue_schema import load_catalogue
from ofsight.errors import ReleaseError, UsageError
from ofsight.releases.ofsted_reports import PAGES, SERIES, ReportsSummary, fetch_reports
from ofsight.releases.report_timeline import read_timeline
from ofsight.releases.shelf import Shelf

HTML = {"Content-Type": "text/html; charset=utf-8"}
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n"


def timeline(*numbers: int) -> bytes:
    items = "".join(
        f"""<li class="timeline__day"><p class="timeline__date"><time>28 July 2026</time></p>
        <a class="publication-link" href="https://{FILES}/v1/file/{number}">Full inspection
        <span class="nonvisual">Full inspection, PDF - 08 September 2026</span></a></li>"""
        for number in numbers
    )
    return f"""<html><head><link rel="canonical" href="https://{REPORTS}/provider/2/SC123456"></head><body>
    <h1>Rose Cottage</h1><p class="address">1 Lane, Town, AB1 2CD</p>
    <ol><li class="timeline__day timeline__day--registered">Registered</li>{items}</ol>
    </body></html>""".encode()


class Clock:
    """A clock that stands still but for what is slept and what requests take."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def site(**pages: bytes) -> Publishers:
    publishers = Publishers()
    for urn, body in pages.items():
        publishers.routes[REPORTS, f"/provider/2/{urn}"] = _page(body)
    return publishers


def _page(body: bytes) -> Any:
    def answer(_: dict[str, str], headers: Any) -> Reply:
        about = {**HTML, "ETag": f'"{hash(body)}"'}
        return (
            Reply(304, b"", about)
            if headers.get("if-none-match") == about["ETag"]
            else Reply(200, body, about)
        )

    return answer


def add_reports(publishers: Publishers, *numbers: int) -> None:
    for number in numbers:
        about = {"Content-Type": "application/pdf"}
        publishers.routes[FILES, f"/v1/file/{number}"] = Reply(200, PDF + str(number).encode(), about)


def run(
    publishers: Publishers, to: Path, *urns: str, clock: Clock | None = None, **more: Any
) -> ReportsSummary:
    clock = clock or Clock()
    return fetch_reports(urns, to, loader=loader_of(publishers), sleep=clock.sleep, clock=clock, **more)


def test_reports_come_once_and_pages_are_asked_for_with_what_is_known(tmp_path: Path) -> None:
    publishers = site(SC123456=timeline(50000001, 50000002))
    add_reports(publishers, 50000001, 50000002)
    first = run(publishers, tmp_path, "SC123456")
    assert (first.n_asked, first.n_listed, first.n_new, first.stopped) == (1, 2, 2, None)
    periods = [held.period for held in Shelf(tmp_path).held()]
    assert periods == ["sc123456-50000001", "sc123456-50000002"]
    assert {held.published for held in Shelf(tmp_path).held()} == {"2026-09-08"}
    asked = len(publishers.asked)
    second = run(publishers, tmp_path, "SC123456")
    assert (second.n_unchanged, second.n_held, second.n_new) == (1, 2, 0)
    assert [target for _, target, _ in publishers.asked[asked:]] == ["/robots.txt", "/provider/2/SC123456"]


def test_a_report_that_failed_is_asked_for_again_though_its_page_is_unchanged(tmp_path: Path) -> None:
    publishers = site(SC123456=timeline(50000001))
    assert list(run(publishers, tmp_path, "SC123456").failed) == ["SC123456"]
    add_reports(publishers, 50000001)
    again = run(publishers, tmp_path, "SC123456")
    assert (again.n_unchanged, again.n_new, again.failed) == (1, 1, {})


def test_a_second_at_least_lies_between_two_requests(tmp_path: Path) -> None:
    publishers = site(SC123456=timeline(50000001), SC123457=timeline(50000002))
    add_reports(publishers, 50000001, 50000002)
    clock = Clock()
    run(publishers, tmp_path, "SC123456", "SC123457", clock=clock)
    requests = len(publishers.asked)
    assert requests == 6  # two robots.txt, two pages, two reports
    assert clock.slept == [1.0] * (requests - 1)


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("where", ["page", "report", "robots"])
def test_a_site_that_does_not_want_to_be_asked_is_left(tmp_path: Path, status: int, where: str) -> None:
    publishers = site(SC123456=timeline(50000001), SC123457=timeline(50000002))
    add_reports(publishers, 50000001, 50000002)
    place = {"page": (REPORTS, "/provider/2/SC123456"), "report": (FILES, "/v1/file/50000001"),
             "robots": (REPORTS, "/robots.txt")}[where]  # fmt: skip
    publishers.routes[place] = Reply(status, b"no", {"Retry-After": "0"})
    found = run(publishers, tmp_path, "SC123456", "SC123457")
    assert found.stopped is not None
    assert str(status) in found.stopped
    assert sum((host, target) == place for host, target, _ in publishers.asked) == 1
    assert (REPORTS, "/provider/2/SC123457") not in [(host, target) for host, target, _ in publishers.asked]


def test_a_site_in_trouble_is_left(tmp_path: Path) -> None:
    publishers = Publishers()
    urns = [f"SC1234{number:02d}" for number in range(20)]
    for number, urn in enumerate(urns):
        publishers.routes[REPORTS, f"/provider/2/{urn}"] = Reply(
            200 if number == 3 else 503, timeline(), HTML
        )
    found = run(publishers, tmp_path, *urns)
    assert (found.n_asked, len(found.failed)) == (9, 8)
    assert "5 homes one after another" in str(found.stopped)


def test_what_robots_txt_forbids_is_left(tmp_path: Path) -> None:
    publishers = site(SC123456=timeline(50000001))
    publishers.routes[FILES, "/robots.txt"] = Reply(200, b"User-agent: *\nDisallow: /v1/\n", {})
    found = run(publishers, tmp_path, "SC123456")
    assert found.stopped == f"robots.txt of {FILES} does not allow this; nothing more was asked."
    assert "/v1/file/50000001" not in publishers.paths(FILES)


def test_no_name_and_no_address_is_kept(tmp_path: Path) -> None:
    publishers = site(SC123456=timeline(50000001))
    add_reports(publishers, 50000001)
    run(publishers, tmp_path, "SC123456")
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for word in (b"Rose", b"Cottage", b"AB1", b"Lane"):
        assert word not in kept
    about = json.loads((tmp_path / PAGES).read_text())["SC123456"]
    assert about.keys() == {"asked", "etag", "last_modified", "reports"}


def test_only_homes_that_are_named_and_have_a_number_are_asked_for(tmp_path: Path) -> None:
    for wrong in ("SC12345", "../etc", "Rose Cottage", "1234"):
        with pytest.raises(UsageError, match="no URN"):
            run(Publishers(), tmp_path, "SC123456", wrong)


def test_a_home_without_a_page_is_counted(tmp_path: Path) -> None:
    found = run(Publishers(), tmp_path, "2812345")
    assert (found.missing, found.failed, found.stopped) == (["2812345"], {}, None)


def test_a_limit_goes_on_where_the_last_run_ended(tmp_path: Path) -> None:
    publishers = site(**{f"SC12345{n}": timeline() for n in range(4)})
    urns = [f"SC12345{n}" for n in range(4)]
    run(publishers, tmp_path, *urns, limit=2)
    run(publishers, tmp_path, *urns, limit=2)
    asked = [path for path in publishers.paths(REPORTS) if path != "/robots.txt"]
    assert sorted(asked) == [f"/provider/2/{urn}" for urn in urns]


def test_what_is_known_of_pages_may_be_damaged(tmp_path: Path) -> None:
    run(site(SC123456=timeline()), tmp_path, "SC123456")
    (tmp_path / PAGES).write_text("{")
    with pytest.raises(ReleaseError, match=r"damaged.*Remove it"):
        run(Publishers(), tmp_path, "SC123456")


def test_links_to_other_places_are_no_reports() -> None:
    text = f"""<a href="http://{FILES}/v1/file/50000001">plain http</a>
    <a href="https://elsewhere.example/v1/file/50000002">elsewhere</a>
    <a href="https://{FILES}/v1/file/50000003/../../secret">a path</a>
    <a href="https://{FILES}/v1/file/abc">no number</a> <a href="http://[x">broken</a>
    <a href="https://{FILES}/v1/file/50000004?x=1">Monitoring visit, PDF - 31 February 2024</a>
    <a href="/provider/files/2345678/urn/SC123456.pdf">Interim inspection, PDF - 1 May 2015</a>
    <a href="https://{FILES}/v1/file/50000004">again</a>
    <a href="https://files.api.ofsted.gov.uk/v1/file/50000005">Mr Smith's letter</a>"""
    found = read_timeline(text, f"https://{REPORTS}/provider/2/SC123456")
    assert [(report.number, report.kind, report.published) for report in found] == [
        ("50000004", "monitoring visit", None),
        ("2345678", "interim inspection", "2015-05-01"),
        ("50000005", "report", None),
    ]
    assert found[1].url == f"https://{REPORTS}/provider/files/2345678/urn/SC123456.pdf"


def test_the_series_is_the_catalogues() -> None:
    assert SERIES in {kind.series for publication in load_catalogue() for kind in publication.files}
