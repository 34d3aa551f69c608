"""The API: the numbers of the pages, rows that add up, refusals in one shape, nothing hostile answered."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pytest
from report_study_folder import make_study_folder

from explorer import Client, explorer, shared_dataset
from ofsight.dataset.store import Dataset, open_dataset
from ofsight.web.formats import MOST_ROWS


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(shared_dataset(tmp_path_factory))


@pytest.fixture(scope="module")
def client(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with explorer(data.path, make_study_folder(tmp_path_factory.mktemp("study"))) as client:
        yield client


def rows_of(reply: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(reply)))


def test_page_json_and_csv_say_the_same(client: Client) -> None:
    whole = client.ask("/api/v1/areas/birmingham.json").json()
    parts = {part["key"]: part for part in whole["parts"]}
    for key, part in parts.items():
        one = client.ask(f"/api/v1/areas/birmingham/tables/{key}.json?limit=1000").json()
        assert one["rows"] == part["rows"][:1000]
        assert one["n_rows"] == part["n_rows"]
        table = rows_of(client.ask(f"/api/v1/areas/birmingham/tables/{key}.csv").text)
        assert len(table) == part["n_rows"]
        names = [name for field in part["fields"] for name in (field["name"],)]
        assert all(name in table[0] for name in names) if table else True
        by_format = client.ask(f"/api/v1/areas/birmingham/tables/{key}?format=csv")
        assert rows_of(by_format.text) == table
    text = client.ask("/areas/birmingham").text
    newest = parts["homes"]["rows"][-1]
    assert newest["sector"] == "All"
    assert f"{newest['n_homes']:,} homes" in text


def test_pages_of_rows_are_all_rows_once(client: Client, data: Dataset) -> None:
    address, seen = "/api/v1/rows/inspections.json?limit=137&column=urn&column=inspected_on", []
    while address:
        reply = client.ask(address)
        found = reply.json()
        seen += found["rows"]
        address = found["next"]
        linked = reply.headers.get("link", "")
        assert linked == (f'<{address}>; rel="next"' if address else "")
    assert [(row["urn"], row["inspected_on"]) for row in seen] == [
        (urn, on.isoformat()) for urn, on in data["inspections"].select("urn", "inspected_on").iter_rows()
    ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("sector:eq:Private", pl.col("sector") == "Private"),
        ("sector:eq:private", pl.col("sector") == "Private"),
        ("sector:ne:Private", pl.col("sector") != "Private"),
        ("overall:lt:Good", pl.col("overall").is_in(["Inadequate", "Requires improvement to be good"])),
        ("overall:ge:Good", pl.col("overall").is_in(["Good", "Outstanding"])),
        ("inspected_on:ge:2022-04-01", pl.col("inspected_on") >= pl.date(2022, 4, 1)),
        ("places:le:3", pl.col("places") <= 3),
        ("overall:empty", pl.col("overall").is_null()),
        ("owner:filled", pl.col("owner").is_not_null()),
        ("local_authority:contains:EE", pl.col("local_authority").str.to_lowercase().str.contains("ee")),
        ("revised:eq:yes", pl.col("revised")),
    ],
)
def test_filter_is_the_filter_of_the_frame(
    client: Client, data: Dataset, where: str, expected: pl.Expr
) -> None:
    wanted = data["inspections"].filter(expected)
    reply = client.ask(f"/api/v1/rows/inspections.csv?where={quote(where)}")
    assert [row["urn"] for row in rows_of(reply.text)] == wanted["urn"].to_list()
    found = client.ask(f"/api/v1/rows/inspections.json?where={quote(where)}&limit=1").json()
    assert found["n_rows"] == wanted.height


def test_whole_tables_in_every_format(client: Client, data: Dataset, tmp_path: Path) -> None:
    frame = data["homes"]
    (tmp_path / "homes.parquet").write_bytes(client.ask("/api/v1/rows/homes.parquet").content)
    assert pl.read_parquet(tmp_path / "homes.parquet").equals(frame)
    for name, address in (("one", "/api/v1/rows/homes.sqlite"), ("whole", "/api/v1/ofsight.sqlite")):
        file = tmp_path / f"{name}.sqlite"
        file.write_bytes(client.ask(address).content)
        connection = sqlite3.connect(file)
        found = connection.execute("select urn, registered_on from homes order by rowid").fetchall()
        connection.close()
        days = [None if on is None else on.isoformat() for on in frame["registered_on"]]
        assert found == list(zip(frame["urn"], days, strict=True))


def test_value_and_status_travel_together(client: Client, data: Dataset) -> None:
    statistics = data["authority_statistics"].filter(pl.col("status") != "")
    assert statistics.height, "the fixture has withheld cells"
    rows = client.ask("/api/v1/rows/authority_statistics.json?where=status:eq:c&limit=5").json()["rows"]
    assert all(row["value"] is None and row["status"] == "c" for row in rows)
    found = client.ask("/api/v1/areas/england.json").json()
    for part in found["parts"]:
        if part["key"] in ("children", "children-by-year", "beside"):
            for field in part["fields"]:
                if "status" in field:
                    assert all(
                        row[field["name"]] is not None or row[field["status"]] != "" for row in part["rows"]
                    )


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/rows/homes.json?where=sector",
        "/api/v1/rows/homes.json?where=nothing:eq:1",
        "/api/v1/rows/homes.json?where=sector:like:P",
        "/api/v1/rows/homes.json?where=sector:eq:Publik",
        "/api/v1/rows/homes.json?where=places:eq:many",
        "/api/v1/rows/homes.json?where=places:eq:99999999999999999999999",
        "/api/v1/rows/homes.json?where=places:eq:1e400",
        "/api/v1/rows/homes.json?where=registered_on:ge:yesterday",
        "/api/v1/rows/homes.json?where=urn:eq:" + "x" * 300,
        "/api/v1/rows/homes.json?" + "&".join(["where=urn:filled"] * 11),
        "/api/v1/rows/homes.json?column=password",
        "/api/v1/rows/homes.json?limit=0",
        "/api/v1/rows/homes.json?limit=100000",
        "/api/v1/rows/homes.json?limit=ten",
        "/api/v1/rows/homes.json?wher=sector:eq:Private",
        "/api/v1/rows/passwords.json",
        "/api/v1/areas.json?measure=nothing",
        "/api/v1/areas/leeds.json?on=2001-01-01",
        "/api/v1/areas/leeds.json?model=1950",
        "/api/v1/areas/leeds/tables/nothing.csv",
        f"/api/v1/areas/{','.join(['leeds', *(f'E060000{n:02}' for n in range(60))])}.json",
        "/api/v1/owners.json?page=0",
        "/api/v1/study/odds.json?ratio=0",
        "/api/v1/study/odds.json?ratio=nan",
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_one_shape(client: Client, address: str) -> None:
    reply = client.ask(address)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert problem["status"] == 422
    assert reply.headers["cache-control"] == "no-store"


def cursor_of(client: Client, address: str) -> str:
    return str(client.ask(address).json()["next"].partition("cursor=")[2].partition("&")[0])


def test_hostile_cursors_are_refused(client: Client) -> None:
    good = cursor_of(client, "/api/v1/rows/homes.json?limit=3")
    assert client.ask(f"/api/v1/rows/homes.json?limit=3&cursor={good}").status_code == 200
    for cursor in (
        "x", "AAAA", "-1", "../../etc/passwd", "MTAwMA", good[:-2], good + "AA", good.swapcase(), "%00", "é",
        quote("9" * 100),
    ):  # fmt: skip
        reply = client.ask(f"/api/v1/rows/homes.json?limit=3&cursor={quote(cursor, safe='%')}")
        assert reply.status_code == 422, cursor
    # A cursor belongs to its question: another table's, or another filter's, is none here.
    assert client.ask(f"/api/v1/rows/inspections.json?limit=3&cursor={good}").status_code == 422
    assert client.ask(f"/api/v1/rows/homes.json?where=sector:eq:Private&cursor={good}").status_code == 422


def test_search_is_tolerant_of_spelling(client: Client, data: Dataset) -> None:
    def labels(words: str) -> list[str]:
        return [row["label"] for row in client.ask(f"/api/v1/search.json?q={quote(words)}").json()["rows"]]

    assert labels("birmingam")[0] == "Birmingham"
    assert labels("BIRM")[0] == "Birmingham"
    assert labels("kingston upon hul")[0].startswith("Kingston upon Hull")
    assert labels("londno")[0] == "London"
    assert labels("zzzzzzzzzz") == []
    urn = data["homes"]["urn"][0]
    assert labels(urn.lower())[0] == f"Home {urn}"
    assert labels("") == []
    for hostile in ("'; drop table homes; --", "%", "\u202e\u202esdeel", "a" * 100, "🏠", "<b>"):
        assert client.ask(f"/api/v1/search.json?q={quote(hostile)}").status_code == 200


def test_description_covers_every_endpoint(client: Client) -> None:
    described = client.ask("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.")
    for path, methods in described["paths"].items():
        assert set(methods) == {"get"}, path
        one = methods["get"]
        assert one["summary"]
        assert "503" in one["responses"]
        assert "422" in one["responses"]
        problem = one["responses"]["422"]["content"]
        assert list(problem) == ["application/problem+json"]
    assert "/api/v1/areas/{area}.json" in described["paths"]
    assert "HTTPValidationError" not in json.dumps(described)


def test_json_never_holds_what_json_has_not(client: Client) -> None:
    for address in ("/api/v1/areas.json", "/api/v1/areas/isles-of-scilly.json", "/api/v1/start.json"):
        assert json.loads(client.ask(address).text, parse_constant=pytest.fail)


def test_long_answer_says_how_to_go_on(client: Client, data: Dataset) -> None:
    reply = client.ask(f"/api/v1/rows/authority_statistics.json?limit={MOST_ROWS}").json()
    assert reply["n_rows"] == data["authority_statistics"].height > MOST_ROWS
    assert len(reply["rows"]) == MOST_ROWS
    assert reply["next"]


def test_csv_is_whole_and_compressed_only_by_the_reader_s_wish(client: Client) -> None:
    plain = client.ask("/api/v1/areas/england/tables/homes.csv", accept_encoding="identity")
    assert "content-encoding" not in plain.headers
    zipped = client.ask("/api/v1/areas/england/tables/homes.csv", accept_encoding="gzip")
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.text == plain.text
    assert len(gzip.compress(plain.content)) < len(plain.content)
    assert "attachment" in plain.headers["content-disposition"]


def test_tables_are_described_for_machines(client: Client, data: Dataset) -> None:
    package = client.ask("/api/v1/datapackage.json").json()
    assert {one["name"] for one in package["resources"]} == set(data.tables)
    csvw = client.ask("/api/v1/csv-metadata.json").json()
    for path in [one["path"] for one in package["resources"][:3]] + [csvw["tables"][0]["url"]]:
        rows = client.ask(f"/api/v1/{path}?where=").status_code
        assert rows == 422, "an empty filter is none"
        assert client.ask(f"/api/v1/{path}").headers["content-type"].startswith("text/csv")
