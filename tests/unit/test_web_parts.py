"""The small parts of the explorer: cells, filters, cursors, tiles, short names, charts."""

from __future__ import annotations

import re
from html import unescape

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ofsight.dataset.tables import TABLES
from ofsight.link.areas import load_areas
from ofsight.report.document import Column, Row, Table
from ofsight.web.answer import Answer, Field, Part, part_of_table
from ofsight.web.cells import body_of, fill, status_words
from ofsight.web.charts import GradeRow, draw_grades, draw_tiles, short_names
from ofsight.web.filters import TESTS, apply_filters, find_table, read_filters
from ofsight.web.formats import cut_page, rows_of
from ofsight.web.problems import Refusal
from ofsight.web.tiles import lay_out, place_tiles

HOSTILE = '"><script>alert(1)</script>&amp;'


def part(frame: pl.DataFrame, *fields: Field, **options: object) -> Part:
    return Part("one", "One", frame, fields, **options)  # type: ignore[arg-type]


def cells_of(html: str) -> list[str]:
    return [unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", html)]


def test_every_kind_of_value_is_shown_in_words() -> None:
    frame = pl.DataFrame(
        {
            "n": [1234, None], "share": [0.073, None], "low": [0.05, None], "high": [0.1, None],
            "share_status": ["", "too few"], "sector": ["Private", "Voluntary"], "year": [2024, 2025],
            "grade": ["Good", None], "value": [12.0, None], "unit": ["per cent", "children"],
            "status": ["", "c"], "yes": [True, False], "bad": [float("nan"), 1.5],
        }
    )  # fmt: skip
    shown = part(
        frame,
        Field("n", "n", "count"),
        Field("share", "Share", "share", places=0, low="low", high="high", status="share_status"),
        Field("sector", "Sector", "sector"),
        Field("year", "Year", "year"),
        Field("grade", "Grade", "grade"),
        Field("value", "Value", "measure", status="status"),
        Field("yes", "Flag", "flag"),
        Field("bad", "Bad", "number"),
    )
    cells = cells_of(body_of(shown))
    assert cells[:8] == ["1,234", "7% (5% to 10%)", "For-profit", "2024", "Good", "12%", "yes", "–"]
    assert cells[8:] == ["–", "too few", "Third sector", "2025", "–", "withheld (c)", "no", "1.5"]


def test_nothing_of_the_data_is_html() -> None:
    frame = pl.DataFrame({"name": [HOSTILE], "slug": [HOSTILE], "status": [HOSTILE], "none": [None]})
    shown = part(
        frame,
        Field("name", HOSTILE, link="/owners/{slug}"),
        Field("none", HOSTILE, "code", status="status"),
    )
    html = str(body_of(shown))
    assert "<script" not in html
    assert cells_of(html) == [HOSTILE, HOSTILE]
    assert 'href="/owners/%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E%26amp%3B"' in html


def test_a_link_with_an_empty_hole_is_none() -> None:
    assert fill("/homes/{urn}", {"urn": None}) == ""
    assert fill("{page}", {"page": "/areas/a b"}) == "/areas/a%20b"
    assert status_words("z") == "not applicable (z)"


def test_a_part_names_columns_that_are_there() -> None:
    with pytest.raises(ValueError, match="no column gone"):
        part(pl.DataFrame({"a": [1]}), Field("gone", "Gone"))


def test_programs_get_status_and_interval_beside_the_value() -> None:
    frame = pl.DataFrame({"v": [1.0], "l": [0.5], "h": [2.0], "s": [""], "hidden": ["x"]})
    shown = part(frame, Field("v", "V", low="l", high="h", status="s"))
    assert shown.columns == ["v", "l", "h", "s"]


def test_rows_that_head_a_group_become_a_column() -> None:
    table = Table(
        "t", "T", (Column("Name"), Column("n", numeric=True), Column("n")),
        (Row(("First",), "group"), Row(("a", "1", "2")), Row(("Second",), "group"), Row(("b", "3", "4"))),
    )  # fmt: skip
    made = part_of_table(table)
    assert made.frame.rows() == [("First", "a", "1", "2"), ("Second", "b", "3", "4")]
    assert len(set(made.frame.columns)) == 4


def test_programs_get_a_minus_that_they_can_read_and_pages_the_true_one() -> None:
    table = Table(
        "t",
        "T",
        (Column("Name"), Column("n", numeric=True)),
        (
            Row(
                ("a", "\u2212318"),
            ),
        ),
    )
    made = part_of_table(table)
    assert int(made.frame["n"][0]) == -318
    assert made.laid is table


def test_twins_have_the_question_of_the_page() -> None:
    answer = Answer("/areas/leeds?on=2023-03-31", "Leeds")
    assert answer.twin() == "/api/v1/areas/leeds.json?on=2023-03-31"
    assert answer.twin("homes", "csv") == "/api/v1/areas/leeds/tables/homes.csv?on=2023-03-31"
    assert Answer("/", "Front").twin() == "/api/v1/start.json"


@settings(deadline=None)
@given(st.sampled_from(TABLES), st.lists(st.text(max_size=40), max_size=3), st.data())
def test_whatever_is_asked_is_a_filter_or_a_refusal(
    table: object, texts: list[str], data: st.DataObject
) -> None:
    from ofsight.dataset.columns import Table as Declared

    assert isinstance(table, Declared)
    column = data.draw(st.sampled_from([one.name for one in table.columns]))
    test = data.draw(st.sampled_from(sorted(TESTS)))
    asked = [*texts, f"{column}:{test}:{data.draw(st.text(max_size=20))}"]
    frame = pl.DataFrame(schema={one.name: one.polars_type for one in table.columns})
    try:
        filters = read_filters(table, asked)
    except Refusal:
        return
    assert apply_filters(frame, table, filters).height == 0
    assert read_filters(table, [one.text for one in filters]) == filters


def test_filters_keep_grades_in_their_order() -> None:
    table = find_table("inspections")
    grades = ["Outstanding", "Inadequate", None, "Good", "Requires improvement to be good"]
    dtype = next(one.polars_type for one in table.columns if one.name == "overall")
    frame = pl.DataFrame({"overall": grades}, schema={"overall": dtype})
    below = apply_filters(frame, table, read_filters(table, ["overall:lt:good"]))
    assert below["overall"].to_list() == ["Inadequate", "Requires improvement to be good"]


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(1, 20), st.text(max_size=20))
def test_pages_are_the_table_once_and_in_order(n: int, limit: int, what: str) -> None:
    frame = pl.DataFrame({"a": list(range(n))}, schema={"a": pl.Int64})
    cursor, seen = "", []
    for _ in range(n + 2):
        page = cut_page(frame, limit, cursor, what)
        seen += page.frame["a"].to_list()
        cursor = page.next
        if not cursor:
            break
        with pytest.raises(Refusal):
            cut_page(frame, limit, cursor, what + "!")
    assert seen == list(range(n))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    frame = pl.DataFrame({"a": [1, 2, 3]})
    if cursor:
        with pytest.raises(Refusal):
            cut_page(frame, 2, cursor, "x")


def test_json_has_no_number_that_is_none() -> None:
    frame = pl.DataFrame({"a": [float("nan"), float("inf"), 1.0]})
    assert [row["a"] for row in rows_of(frame)] == [None, None, 1.0]


def authorities() -> list[tuple[str, str, str]]:
    from datetime import date

    day = date(2024, 3, 31)
    return [(str(one.code_on(day)), one.name, str(one.region)) for one in load_areas().on(day)]


def test_every_authority_has_a_tile_of_its_own() -> None:
    known = authorities()
    tiles = place_tiles((code, region) for code, _, region in known)
    assert len(tiles) == len(known) == 153
    assert len({(tile.column, tile.row) for tile in tiles.values()}) == 153
    # The map looks like England: Northumberland is above Kent, Cornwall left of both.
    place = {name: tiles[code] for code, name, _ in known}
    assert place["Northumberland"].row < place["Leeds"].row < place["Kent"].row
    assert place["Cornwall"].column < place["Leeds"].column < place["Norfolk"].column


def test_an_authority_made_later_gets_a_free_tile_near_its_region() -> None:
    known = [(code, region) for code, _, region in authorities()]
    tiles = place_tiles([*known, ("E06009999", "South East"), ("E06009998", "")])
    assert len({(tile.column, tile.row) for tile in tiles.values()}) == 155


def test_tiles_keep_their_places_apart_and_in_order() -> None:
    middles = {f"P{x}{y}": (float(x), float(y)) for x in range(5) for y in range(5)}
    tiles = {tile.code: tile for tile in lay_out(middles)}
    assert len({(tile.column, tile.row) for tile in tiles.values()}) == 25
    assert tiles["P04"].row < tiles["P00"].row
    assert tiles["P00"].column < tiles["P40"].column


def test_short_names_are_short_and_different() -> None:
    names = {code: name for code, name, _ in authorities()}
    short = short_names(names)
    assert len(set(short.values())) == len(names)
    assert all(2 <= len(label) <= 4 for label in short.values())


def test_charts_escape_their_words() -> None:
    grades = draw_grades([GradeRow(HOSTILE, (1, 2, 3, 4))], key="k", title=HOSTILE, what=HOSTILE)
    tiles = draw_tiles([("E08000035", HOSTILE, HOSTILE, "South East", 3, HOSTILE)], title=HOSTILE,
                       description=HOSTILE, legend=[(1, HOSTILE)])  # fmt: skip
    for picture in (grades, tiles):
        for drawn in filter(None, (picture.chart, picture.narrow)):
            assert "<script" not in str(drawn)
            assert "style=" not in str(drawn)


def test_a_bar_of_nothing_says_so() -> None:
    assert "none graded" in str(
        draw_grades([GradeRow("x", (0, 0, 0, 0))], key="k", title="t", what="w").chart
    )
