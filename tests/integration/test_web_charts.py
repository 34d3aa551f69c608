"""Charts as the explorer gives them out: specifications in the API, the run time beside the other files."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from explorer import Client, explorer, shared_dataset
from ofsight.web import runtime
from ofsight.web.assets import assets
from ofsight.web.runtime import RunTime, run_time


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with explorer(shared_dataset(tmp_path_factory)) as made:
        yield made


def test_a_specification_has_what_the_table_has(client: Client) -> None:
    made = client.ask("/api/v1/areas/tables/map.vl.json?measure=private_homes").json()
    table = client.ask("/api/v1/areas/tables/map.json?measure=private_homes&limit=1000").json()
    assert made["usermeta"]["ofsight"]["table"] == "/api/v1/areas/tables/map.csv?measure=private_homes"
    assert [row["label"] for row in made["data"]["values"]] == [row["name"] for row in table["rows"]]
    assert made["usermeta"]["ofsight"]["dataset"]["synthetic"] is True
    assert made["usermeta"]["ofsight"]["cautions"] == table["cautions"]


def test_a_specification_tells_no_value_that_the_table_withholds(client: Client) -> None:
    made = client.ask("/api/v1/areas/england/tables/judgements.vl.json").json()
    assert made["data"]["values"]
    assert {"share", "low", "high"}.isdisjoint(name for row in made["data"]["values"] for name in row)


def test_a_table_without_a_chart_names_those_that_have_one(client: Client) -> None:
    refused = client.ask("/api/v1/areas/tables/areas.vl.json")
    assert refused.status_code == 404
    assert refused.json()["detail"] == "The table 'areas' has no chart. Tables with one here: map, funnel."
    assert client.ask("/api/v1/areas/tables/map.vl.json?measur=x").status_code == 422


def test_every_chart_of_a_page_leads_to_its_specification(client: Client) -> None:
    page = client.ask("/areas/england").text
    assert page.count(" data-chart>") == page.count("<figcaption>") > 1
    assert 'href="/api/v1/areas/england/tables/homes.vl.json" data-chart>' in page


def test_specifications_are_described(client: Client) -> None:
    paths = client.ask("/api/v1/openapi.json").json()["paths"]
    described = [path for path in paths if path.endswith("/tables/{part}.vl.json")]
    assert "/api/v1/areas/tables/{part}.vl.json" in described
    assert len(described) == sum(path.endswith("/tables/{part}.csv") for path in paths)


def test_the_run_time_is_one_script_kept_for_ever(client: Client) -> None:
    address = assets().charts()
    assert f'data-vega-src="{address}"' in client.ask("/").text
    reply = client.ask(address, accept_encoding="gzip")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/javascript; charset=utf-8"
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.headers["content-encoding"] == "gzip"
    assert int(reply.headers["content-length"]) < 350_000
    assert "window.ofsightVega" in reply.text
    assert "University of Washington" in reply.text
    assert 'src="https:' not in reply.text


def test_without_the_library_there_is_no_run_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_LIBRARY", "not-a-library-of-this-machine")
    absent = RunTime()
    assert (absent.name, absent.body()) == ("", None)
    monkeypatch.setattr("ofsight.web.assets.run_time", lambda: absent)
    assert assets().charts() == ""


def test_what_cannot_be_made_is_told_and_tried_again(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = RunTime()
    monkeypatch.setattr(runtime, "_MAKE", "raise SystemExit('the bundler fails')")
    monkeypatch.setattr("ofsight.web.assets.run_time", lambda: broken)
    assert broken.body() is None
    assert "the bundler fails" in caplog.text
    assert assets().charts() != ""  # a server may succeed at the next request
    assert assets().charts(ready=True) == ""  # files never will
    monkeypatch.setattr(runtime, "_MAKE", "print('made')")
    made = broken.body()
    assert made is not None
    assert made.endswith(b"made\n")


def test_a_run_time_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object, **given: float) -> None:
        raise subprocess.TimeoutExpired("python", given["timeout"])

    monkeypatch.setattr(subprocess, "run", late)
    assert RunTime().body() is None


def test_its_name_follows_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "version", lambda _: "99.0")
    assert RunTime().name != run_time().name
