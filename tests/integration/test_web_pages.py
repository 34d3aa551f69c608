"""Every kind of page: it answers, it is whole HTML, it escapes, it says where its numbers come from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from report_study_folder import make_study_folder

from explorer import HOSTILE, STRANGER, Client, explorer, shared_dataset
from ofsight.dataset.store import open_dataset
from ofsight.profiles.owner import list_owners


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_dataset(tmp_path_factory)


@pytest.fixture(scope="module")
def client(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    study = make_study_folder(tmp_path_factory.mktemp("study"))
    with explorer(dataset, study) as client:
        yield client


@pytest.fixture(scope="module")
def urn(dataset: Path) -> str:
    homes = open_dataset(dataset)["homes"].filter(pl.col("n_graded") > 1)
    return str(homes["urn"][0])


PAGES = (
    "/", "/areas", "/areas?measure=private_homes&area=leeds", "/areas?map=boundaries", "/areas/england",
    "/areas/north-west", "/areas/birmingham", "/areas/leeds,kent", "/areas/E08000035",
    "/areas/isles-of-scilly", "/owners", "/owners?kind=group", "/owners/list",
    "/compare", "/compare?area=leeds&area=Kent&area=england", "/study", "/study/gap", "/study/ledger",
    "/study/files", "/study/files/table1", "/study/odds?ratio=0.5", "/data", "/data/inspections",
    "/data/homes?where=sector:eq:Private&where=places:ge:4", "/data/sources", "/data/checks", "/data/licence",
    "/method", "/accessibility", "/changes", "/api", "/search", "/search?q=leds", "/health",
)  # fmt: skip

VOID = {"meta", "link", "input", "br", "hr", "img", "path", "rect", "line", "circle", "col"}


class Outline(HTMLParser):
    """Reads a page: elements closed as they were opened, headings, ids, labels, scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if (name := dict(attrs).get("id")) is not None:
            self.ids.append(name)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def outline_of(page: str) -> Outline:
    outline = Outline()
    outline.feed(page)
    outline.close()
    return outline


@pytest.mark.parametrize("address", PAGES)
def test_page_is_whole(client: Client, address: str) -> None:
    reply = client.ask(address)
    assert reply.status_code == 200, reply.text[:600]
    if reply.headers["content-type"].startswith("application/json"):
        return
    outline = outline_of(reply.text)
    assert not outline.open
    assert outline.headings.count(1) == 1
    assert all(
        after <= before + 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False)
    )
    assert len(outline.ids) == len(set(outline.ids))
    labelled = {attrs.get("for") for tag, attrs in outline.found if tag == "label"}
    for tag, attrs in outline.found:
        assert "style" not in attrs, "the policy allows no style in an element"
        assert not any(name.startswith("on") for name in attrs), "nor a script"
        assert tag != "style"
        if tag == "script":
            assert str(attrs["src"]).startswith("/static/")
        if tag in ("select", "input") and attrs.get("type") not in ("hidden", "checkbox"):
            assert attrs.get("id") in labelled
    assert 'href="#main"' in reply.text
    assert "Open Government Licence" in reply.text
    assert len(reply.content) < 600_000


@pytest.mark.parametrize("address", PAGES)
def test_page_asks_nothing_of_another_host(client: Client, address: str) -> None:
    for tag, attrs in outline_of(client.ask(address).text).found:
        for name in ("src", "action") if tag != "link" else ("href", "src"):
            assert not re.match(r"(https?:)?//", attrs.get(name) or "")


def test_synthetic_data_is_marked_on_every_page(client: Client) -> None:
    for address in ("/", "/areas/leeds", "/owners", "/study", "/data"):
        assert "no number here is about a real home" in client.ask(address).text


def test_every_internal_link_of_the_main_pages_leads_somewhere(client: Client, urn: str) -> None:
    seen = set()
    for address in (
        "/",
        "/areas",
        "/areas/birmingham",
        "/owners",
        "/study",
        "/data",
        "/compare",
        f"/homes/{urn}",
    ):
        for tag, attrs in outline_of(client.ask(address).text).found:
            link = attrs.get("href") or ""
            if tag == "a" and link.startswith("/"):
                seen.add(link.partition("#")[0])
    assert len(seen) > 200
    replies = {link: client.ask(link).status_code for link in sorted(seen) if not link.endswith(".sqlite")}
    assert {link: status for link, status in replies.items() if status != 200} == {}


def _authorities_drawn(page: str) -> dict[str, str]:
    """Return what the map says of each authority that the keyboard reaches, by address."""
    drawing = page[page.index('<svg xmlns="http://www.w3.org/2000/svg" viewBox') :].partition("</svg>")[0]
    return {
        str(attrs["href"]): str(attrs["aria-label"])
        for tag, attrs in outline_of(f"{drawing}</svg>").found
        if tag == "a" and attrs.get("tabindex") != "-1"
    }


def test_map_in_boundaries_has_every_authority_with_the_words_of_its_row(client: Client) -> None:
    page = client.ask("/areas?measure=private_homes&map=boundaries").text
    drawn = _authorities_drawn(page)
    rows = client.ask("/api/v1/areas/tables/map.json?measure=private_homes&limit=200").json()["rows"]
    assert set(drawn) == {f"/areas/{row['slug']}" for row in rows}
    assert len(drawn) == 153
    for row in rows:
        said = drawn[f"/areas/{row['slug']}"]
        share = (
            "nothing to compare" if row["value"] is None else f"{100 * row['value']:.0f}% of {row['n']:.0f}"
        )
        assert said.startswith(f"{row['name']}: {share}"), row
    assert "not on the map" not in page
    assert "Boundaries: ONS, December 2024" in page
    assert "Crown copyright" in page
    assert '<a href="/areas?measure=private_homes#map">Show the map in squares</a>' in page
    assert "?measure=private_homes&amp;map=boundaries#map" in client.ask("/areas?measure=private_homes").text


def test_map_has_one_table_however_it_is_drawn(client: Client) -> None:
    tiles, boundaries = (
        client.ask(f"/api/v1/areas/tables/map.csv{query}").text for query in ("", "?map=boundaries")
    )
    assert tiles == boundaries
    refused = client.ask("/areas?map=globe")
    assert refused.status_code == 422
    assert "There are: tiles, boundaries" in refused.text


def test_home_that_no_list_knows_is_named_and_not_linked(client: Client) -> None:
    page = client.ask("/data/movements").text
    assert STRANGER in page
    links = re.findall(r'href="(/homes/[^"]*)"', page)
    assert f"/homes/{STRANGER}" not in links
    assert links
    assert {client.ask(link).status_code for link in links} == {200}
    assert client.ask(f"/homes/{STRANGER}").status_code == 404
    table = client.ask("/api/v1/data/movements.json").json()["parts"][0]
    assert table["rows"][0]["urn"] == STRANGER
    assert not any(name.endswith("_page") for name in table["rows"][0])


def test_hostile_owner_is_words_and_nothing_else(client: Client, dataset: Path) -> None:
    owners = list_owners(open_dataset(dataset))
    hostile = owners.filter(pl.col("name") == HOSTILE)
    assert hostile.height == 1, "the fixture has such an owner"
    slug = hostile["slug"][0]
    homes = open_dataset(dataset)["home_snapshots"].filter(pl.col("owner") == HOSTILE)
    pages = ("/owners", f"/owners/{slug}", "/owners/list", f"/compare?owner={slug}",
             f"/homes/{homes['urn'][0]}",
             "/search?q=script alert", "/data/homes?where=owner:contains:script")  # fmt: skip
    for address in pages:
        text = client.ask(address).text
        assert "<script>alert" not in text, address
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text, address
        assert all(tag != "script" or attrs.get("src") for tag, attrs in outline_of(text).found)
    assert client.ask(f"/api/v1/owners/{slug}.json").json()["title"] == HOSTILE


def test_home_shows_judgements_as_published_and_where_each_row_is_from(client: Client, urn: str) -> None:
    text = client.ask(f"/homes/{urn}").text
    assert "provider-level" in text
    rows = client.ask(f"/api/v1/homes/{urn}/tables/inspections.json").json()["rows"]
    assert all(row["release"] and row["row"] for row in rows)
    assert all("overall_as_published" in row for row in rows)
    differ = [row for row in rows if row["overall_as_published"] not in (row["overall"], None)]
    assert text.count("printed: ") >= len(differ)


def test_home_says_whether_it_is_for_short_breaks_only(client: Client, dataset: Path) -> None:
    listed = open_dataset(dataset)["home_snapshots"].sort("listed_on").group_by("urn").last().sort("urn")
    for said, words in ((True, "yes, by the list of"), (False, "no"), (None, "does not say")):
        homes = listed.filter(pl.col("short_breaks_only").eq_missing(said))
        if said is not None and not homes.height:
            raise AssertionError(f"the fixture has no home of which the list says {said}")
        for urn in homes["urn"].head(1):
            facts = client.ask(f"/api/v1/homes/{urn}.json").json()["words"]
            told = [line for line in facts if line.startswith("For short breaks only: ")]
            assert len(told) == 1
            assert words in told[0]


def test_no_home_has_a_name_or_an_address(client: Client, urn: str) -> None:
    fields = client.ask(f"/api/v1/homes/{urn}.json").json()["parts"]
    names = {field["name"] for part in fields for field in part["fields"]}
    assert not names & {"name", "setting_name", "address", "postcode", "street"}


def test_area_is_found_whatever_the_spelling(client: Client) -> None:
    assert "<h1>Leeds</h1>" in client.ask("/areas/LEEDS").text
    lost = client.ask("/areas/Leds")
    assert lost.status_code == 404
    assert '<a href="/areas/leeds">Leeds</a>' in lost.text


def test_changes_between_two_lists(client: Client, dataset: Path) -> None:
    lists = open_dataset(dataset)["home_snapshots"]
    days = lists["listed_on"].unique().sort()
    older, newer = days[0], days[-1]
    rows = client.ask(f"/api/v1/changes/tables/counts.json?from={older}&to={newer}").json()["rows"]
    on = {day: set(lists.filter(pl.col("listed_on") == day)["urn"]) for day in (older, newer)}
    counted = {row["kind"]: row["n"] for row in rows}
    assert counted["new"] == len(on[newer] - on[older])
    assert counted["left"] == len(on[older] - on[newer])
    assert client.ask("/changes?from=1999-01-01").status_code == 422


def test_feed_is_atom_with_an_entry_for_each_list(client: Client, dataset: Path) -> None:
    from xml.etree import ElementTree

    reply = client.ask("/changes.atom")
    assert reply.headers["content-type"].startswith("application/atom+xml")
    root = ElementTree.fromstring(reply.content)
    atom = "{http://www.w3.org/2005/Atom}"
    n_lists = open_dataset(dataset)["home_snapshots"]["listed_on"].n_unique()
    assert len(root.findall(f"{atom}entry")) == min(n_lists - 1, 20)
    assert root.find(f"{atom}id") is not None


def test_few_homes_have_counts_and_no_share(client: Client) -> None:
    rows = client.ask("/api/v1/areas/leeds/tables/judgements.json").json()["rows"]
    few = [row for row in rows if 0 < row["n_graded"] < 10]
    assert few
    assert all(row["share"] is None and row["share_status"] == "too few" for row in few)


def test_six_can_be_compared_and_not_seven(client: Client) -> None:
    names = ("leeds", "kent", "birmingham", "norfolk", "devon", "england", "london")
    six = "&".join(f"area={name}" for name in names[:6])
    assert client.ask(f"/compare?{six}").status_code == 200
    assert client.ask(f"/compare?{six}&area={names[6]}").status_code == 422
    assert client.ask("/compare?area=leeds&owner=x").status_code == 422


def test_compared_authorities_are_set_against_chance_and_others_are_not(client: Client) -> None:
    query = "area=birmingham&area=england&area=leeds"
    rows = client.ask(f"/api/v1/compare/tables/chance.json?{query}").json()["rows"]
    for row in rows:
        every = client.ask(f"/api/v1/areas/tables/map.json?measure={row['measure']}&limit=200").json()["rows"]
        known = {one["slug"]: one["position"] for one in every}
        assert (row["at_1"], row["at_2"]) == (known["birmingham"], known["leeds"])
        assert "at_3" not in row
    assert any(row["at_1"] for row in rows)
    assert client.ask("/api/v1/compare/tables/chance.json?area=england&area=london").status_code == 404
    page = client.ask(f"/compare?{query}").text
    assert 'href="/areas?measure=private_homes#funnel">Homes run for profit</a>' in page


def test_odds_ratio_of_one_changes_nothing(client: Client) -> None:
    rows = client.ask("/api/v1/study/odds/tables/hundred.json?ratio=1").json()["rows"]
    first, last = rows[0], rows[-1]
    for grade in ("inadequate", "requires_improvement", "good", "outstanding"):
        assert last[grade] == pytest.approx(first[grade], abs=1e-9)
    half = client.ask("/api/v1/study/odds/tables/hundred.json?ratio=0.5").json()["rows"][-1]
    odds = half["good_or_better"] / (100 - half["good_or_better"])
    base = first["good_or_better"] / (100 - first["good_or_better"])
    assert odds == pytest.approx(base / 2)
