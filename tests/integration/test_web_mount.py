"""Behind a proxy under a path: every address in every answer leads back through the proxy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer import Client, explorer, shared_dataset, shared_plan
from ofsight.errors import UsageError
from ofsight.web.mount import _OURS, Mount, read_mount

PREFIX = "/inspections/ofsight"
ADDRESS = re.compile(r'\s(?:href|src|action|data-search|data-[a-z]+-src)="(/[^"]*)"')


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_dataset(tmp_path_factory)


@pytest.fixture(scope="module")
def client(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with explorer(
        dataset, plan=shared_plan(tmp_path_factory), url=f"https://homes.example.org{PREFIX}"
    ) as it:
        yield it


@pytest.fixture(scope="module")
def plain(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with explorer(dataset, plan=shared_plan(tmp_path_factory)) as it:
        yield it


PAGES = ("/", "/areas?map=boundaries", "/areas/leeds", "/owners", "/data", "/data/homes", "/search?q=leds",
         "/changes", "/api", "/areas/Leds", "/areas/birmingham/planning/what-if")  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_every_address_of_a_page_is_below_the_path_and_answers(client: Client, page: str) -> None:
    reply = client.ask(PREFIX + page)
    found = {unescape(link).partition("#")[0] for link in ADDRESS.findall(reply.text)}
    assert len(found) > 10
    assert all(link.startswith(f"{PREFIX}/") for link in found), sorted(found)
    assert "<code>/a" not in reply.text
    # The run time of charts is one file of /static among others, and costs more than all the rest to make.
    asked = sorted(
        link for link in found if not link.startswith((f"{PREFIX}/study", f"{PREFIX}/static/vega."))
    )
    for link in asked[:: max(len(asked) // 5, 1)]:
        assert client.ask(link).status_code == 200, link


@pytest.mark.parametrize(
    "page", [*PAGES, "/api/v1/areas/leeds.json", "/api/v1/rows/homes.csv", "/changes.atom"]
)
def test_it_is_the_same_answer_with_and_without_the_path(client: Client, plain: Client, page: str) -> None:
    """A proxy may take the path off or leave it; without it in the answer, it is what is served at a root."""
    through, bare, alone = client.ask(PREFIX + page), client.ask(page), plain.ask(page)
    assert through.status_code == bare.status_code == alone.status_code
    assert through.text == bare.text
    names = (f"https://homes.example.org{PREFIX}", PREFIX)
    text = through.text.replace(names[0], "").replace(names[1], "")
    assert text == alone.text


def test_json_leads_on_through_the_proxy(client: Client) -> None:
    address, n = f"{PREFIX}/api/v1/rows/inspections.json?limit=500", 0
    while address:
        assert address.startswith(f"{PREFIX}/api/v1/")
        reply = client.ask(address)
        found = reply.json()
        n += len(found["rows"])
        assert found["page"].startswith(f"{PREFIX}/data/")
        address = found["next"]
        assert reply.headers.get("link", "") == (f'<{address}>; rel="next"' if address else "")
    assert n == found["n_rows"]
    rows = client.ask(f"{PREFIX}/api/v1/search.json?q=leeds").json()["rows"]
    assert rows[0]["address"] == f"{PREFIX}/areas/leeds"
    lost = client.ask(f"{PREFIX}/api/v1/areas/Leds.json").json()
    assert lost["suggestions"][0]["address"] == f"{PREFIX}/areas/leeds"
    described = client.ask(f"{PREFIX}/api/v1/openapi.json").json()
    assert described["servers"] == [{"url": f"https://homes.example.org{PREFIX}"}]
    assert "/api/v1/areas.json" in described["paths"]


def test_forms_lead_back_and_the_feed_names_its_host(client: Client) -> None:
    form = f"{PREFIX}/data/homes/filter?column=sector&test=eq&value=Private"
    assert client.ask(form).headers["location"].startswith(f"{PREFIX}/data/homes?where=sector")
    feed = ElementTree.fromstring(client.ask(f"{PREFIX}/changes.atom").content)
    links = [one.attrib for one in feed.iter("{http://www.w3.org/2005/Atom}link")]
    assert {link["rel"] for link in links} == {"self", "alternate"}
    assert all(link["href"].startswith(f"https://homes.example.org{PREFIX}/changes") for link in links)


def test_conditions_heads_and_compression_hold(client: Client) -> None:
    first = client.ask(f"{PREFIX}/areas/leeds", accept_encoding="gzip")
    assert first.headers["content-encoding"] == "gzip"
    tag = first.headers["etag"]
    again = client.ask(f"{PREFIX}/areas/leeds", accept_encoding="gzip", if_none_match=tag)
    assert (again.status_code, again.content) == (304, b"")
    head = client.ask(f"{PREFIX}/areas/leeds", "HEAD", accept_encoding="gzip")
    assert head.content == b""
    assert head.headers["content-length"] == first.headers["content-length"]
    assert client.ask(f"{PREFIX}/areas/leeds", "POST").status_code == 405
    assert client.ask("/inspections/ofsightful/areas").status_code == 404
    assert client.ask(PREFIX).text == client.ask("/").text


def test_paths_that_would_hide_a_page_are_refused(plain: Client) -> None:
    firsts = {str(route.path).split("/")[1] for route in plain.app.routes if getattr(route, "path", "")}
    firsts |= {path.split("/")[1] for path in plain.app.openapi()["paths"]}
    links = {link.split("/")[1].partition("?")[0] for link in ADDRESS.findall(plain.ask("/").text)}
    assert links - {""} <= _OURS
    assert firsts - {""} <= _OURS
    for name in sorted(_OURS):
        with pytest.raises(UsageError, match="cannot stand before"):
            read_mount(f"https://homes.example.org/{name}/more")


@pytest.mark.parametrize(
    ("url", "mount"),
    [
        ("", Mount()),
        ("/", Mount()),
        ("/ofsight/", Mount("", "/ofsight")),
        ("https://homes.example.org", Mount("https://homes.example.org", "")),
        ("http://[::1]:8080/a/b-c", Mount("http://[::1]:8080", "/a/b-c")),
    ],
)
def test_public_addresses(url: str, mount: Mount) -> None:
    assert read_mount(url) == mount


@pytest.mark.parametrize(
    "url",
    [
        "ofsight",
        "//host/x",
        "ftp://host/x",
        "https:///x",
        "https://host/x?y",
        "/a//b",
        "/a/../b",
        '/a"b',
        "/ä",
        "https://host:port/",
        "https://us er@host/",
        "https://user@host/",
        "/x#y",
        "https://ho<st/",
    ],
)
def test_no_public_addresses(url: str) -> None:
    with pytest.raises(UsageError, match="no address at which"):
        read_mount(url)


@given(st.text())
def test_any_words_are_an_address_or_one_message(url: str) -> None:
    try:
        mount = read_mount(url)
    except UsageError:
        return
    assert re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", mount.prefix)
