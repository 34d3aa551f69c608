"""The map in boundaries: which file is drawn, a link for each authority, London twice and heard once."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import polars as pl

from ofsight.web.boundary_map import choose_outlines, draw_boundaries

SVG = "{http://www.w3.org/2000/svg}"


def square(east: int, north: int, side: int) -> str:
    corners = [(0, 0), (side, 0), (side, side), (0, side), (0, 0)]
    return f"MULTIPOLYGON ((({', '.join(f'{east + x} {north + y}' for x, y in corners)})))"


def table(*rows: tuple[str, str, int, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "code": code,
                "name": code,
                "kind": kind,
                "year": year,
                "shape": square(400_000 + 30_000 * place, 200_000, 20_000),
                "file": f"{sha}.geojson",
                "sha256": sha,
            }
            for place, (code, kind, year, sha) in enumerate(rows)
        ]
    )


def test_the_file_that_knows_most_then_the_newest() -> None:
    old = [(f"E0600000{n}", "authority", 2019, "old") for n in (1, 2, 3)]
    new = [(f"E0600000{n}", "authority", 2023, "new") for n in (1, 2)]
    codes = ["E06000001", "E06000002", "E06000003"]
    chosen = choose_outlines(table(*old, *new), codes)
    assert chosen is not None
    assert (chosen.year, sorted(chosen.lines)) == (2019, codes)
    newer = choose_outlines(table(*old, *new), codes[:2])
    assert newer is not None
    assert newer.year == 2023
    assert choose_outlines(table(("E12000001", "region", 2023, "r")), ["E12000001"]) is None
    assert choose_outlines(table(*old).clear(), codes) is None


def draw(name: str = "There") -> tuple[list[ElementTree.Element], str]:
    outlines = choose_outlines(
        table(("E06000001", "authority", 2023, "a"), ("E09000001", "authority", 2023, "a")),
        ["E06000001", "E09000001"],
    )
    assert outlines is not None
    areas = [
        ("E06000001", name, "there", "North", 1, "75% of 8 homes"),
        ("E09000001", "City", "city", "London", 0, "nothing to compare"),
        ("E06000099", "Made later", "later", "North", 5, "all"),
    ]
    picture = draw_boundaries(areas, outlines, legend=[(1, "few")], title="Homes", description="A map.")
    assert isinstance(picture.chart, str)
    return list(ElementTree.fromstring(f"<both>{picture.chart}</both>")), picture.chart


def test_each_authority_is_a_link_with_its_words() -> None:
    (_, drawn), _ = draw()
    heard = [link for link in drawn.iter(f"{SVG}a") if link.get("tabindex") is None]
    assert [(link.get("href"), link.get("aria-label")) for link in heard] == [
        ("/areas/there", "There: 75% of 8 homes"),
        ("/areas/city", "City: nothing to compare"),
    ]
    assert all(link.find(f"{SVG}title") is not None for link in heard)
    again = [link for link in drawn.iter(f"{SVG}a") if link.get("tabindex") == "-1"]
    assert [link.get("href") for link in again] == ["/areas/city"]


def test_shapes_and_key() -> None:
    (key, drawn), text = draw()
    path = next(drawn.iter(f"{SVG}path"))
    # 20 km square, 100 m a unit, north upwards, two kilometres of edge.
    assert path.get("d") == "M20 220l200 0 0-200-200 0z"
    assert path.get("class") == "q1"
    assert [one.text for one in key.iter(f"{SVG}text")] == ["few"]
    ids = re.findall(r' id="([^"]+)"', text)
    assert re.findall(r'<use href="#([^"]+)"', text) == ids == ["outline-E09000001"]


def test_names_are_escaped() -> None:
    _, text = draw('<script>"&')
    assert "<script" not in text
