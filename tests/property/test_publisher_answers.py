"""Whatever publishers answer, a fetch tells it: no answer of theirs is a crash of ours."""

# ruff: noqa: E501 - answers and addresses of publishers are longer than lines
from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_publishers import (
    ARCGIS,
    ASSETS,
    EES_API,
    EES_CONTENT,
    EES_SITE,
    GOVUK,
    ONS,
    Publishers,
    Reply,
    attachment,
    loader_of,
    page,
    redirect,
)
from ofsight.definitions.catalogue_schema import PublicationDefinition
from ofsight.releases.fetch import fetch
from ofsight.releases.report_timeline import read_timeline

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
    | st.sampled_from(["https://www.gov.uk/x", "//elsewhere/x", "http://[x", "2024-99-99", "../..", "2025", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
ASKED_BY = {GOVUK: "govuk", EES_API: "ees", EES_CONTENT: "ees", ONS: "ons", ARCGIS: "arcgis"}
KEY = "00000000-0000-4000-8000-000000000001"
DISCOVER = {"title": r"(?P<year>20\d\d)"}


def publication(ask: str, **more: Any) -> PublicationDefinition:
    return PublicationDefinition.model_validate(
        {"id": ask, "title": "Children", "publisher": "P", "licence": "OGL-UK-3.0", "ask": ask,
         "files": [{"series": f"{ask}-file", "called": ["underlying", "number and rate"], "formats": ["csv", "ods", "xlsx"]}],
         **more}
    )  # fmt: skip


CATALOGUE = (
    publication("govuk", collection="c", discover=DISCOVER, editions=[{"period": "2024", "pages": ["a", "b"], "title": "2024"}]),
    publication("ees", publication={"slug": "s", "id": KEY}, discover=DISCOVER, editions=[{"period": "2024"}]),
    publication("ons", page="d", discover=DISCOVER, editions=[{"period": "2024", "folder": "f", "file": "x.xlsx"}]),
    publication("arcgis", editions=[{"period": "2024", "service": "S"}]),
)  # fmt: skip
RELEASE = {"slug": "2024"}
ANSWERS: dict[tuple[str, str], Any] = {
    (GOVUK, "/api/content/a"): redirect("a", to="/b"),
    (GOVUK, "/api/content/b"): page("b", details={"attachments": [attachment(filename="underlying_data.csv")]}),
    (GOVUK, "/api/content/c"): page("c", links={"documents": [{"title": "Children 2024", "base_path": "/b"}]}),
    (GOVUK, "/api/search.json"): {"results": [{"title": "Children 2026", "link": "/b"}], "total": 1},
    (EES_API, f"/statistics/v1/publications/{KEY}/data-sets"): {"paging": {"totalPages": 1}, "results": [{"id": KEY, "title": "Number and rate"}]},
    (EES_API, f"/statistics/v1/data-sets/{KEY}/versions"): {"paging": {"totalPages": 1}, "results": [{"version": "1.0", "release": RELEASE, "timePeriods": {"end": "2024"}}]},
    (EES_CONTENT, "/api/data-set-files"): {"paging": {"totalPages": 1}, "results": [{"id": KEY, "title": "x", "filename": "underlying.csv", "release": RELEASE, "published": "2024-11-21"}]},
    (ONS, "/d/data"): {"datasets": [{"uri": "/d/f"}, {"uri": "/d/mid2026"}]},
    (ONS, "/d/f/data"): {"downloads": [{"file": "x.xlsx"}], "description": {"releaseDate": "2024-07-01"}},
    (ARCGIS, "/ESMARspQHYMw9BZ9/arcgis/rest/services/S/FeatureServer/0/query"): {"fields": [{"name": "A"}], "features": [{"attributes": {"A": 1}}]},
}  # fmt: skip


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a JSON value, from the whole down."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, part in inner for place in places(part, (*here, key)))]


def put(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    value = copy.copy(value)
    value[place[0]] = put(value[place[0]], place[1:], new)
    return value


def run(publishers: Publishers, *asks: str) -> dict[str, set[str]]:
    with tempfile.TemporaryDirectory() as folder:
        summary = fetch(
            to=Path(folder) / "shelf",
            catalogue=[item for item in CATALOGUE if not asks or item.ask in asks],
            open_loader=lambda hosts: loader_of(publishers, *hosts),
        )
    told: dict[str, set[str]] = {}
    for file in summary.files:
        told.setdefault(file.publication, set()).add(file.status)
    return told


def site() -> Publishers:
    publishers = Publishers()
    for (host, path), answer in ANSWERS.items():
        publishers.routes[host, path] = Reply(
            200, json.dumps(answer).encode(), {"Content-Type": "application/json"}
        )
    publishers.add_file(attachment(filename="underlying_data.csv")["url"], b"URN,A\n1,2\n")
    publishers.add_file(f"https://{EES_CONTENT}/api/data-set-files/{KEY}/download", b"time_period\n2024\n")
    publishers.add_file(
        f"https://{EES_API}/statistics/v1/data-sets/{KEY}/csv?dataSetVersion=1.0", b"time_period\n2024\n"
    )
    return publishers


def test_the_answers_themselves_bring_the_files() -> None:
    told = run(site())
    assert told["govuk"] == told["ees"] == told["arcgis"] == {"new"}
    assert told["ons"] == {"failed", "not found"} or told["ons"] == {"failed"}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_an_answer_that_is_odd_anywhere_is_told_and_no_crash(data: st.DataObject) -> None:
    where = data.draw(st.sampled_from(sorted(ANSWERS)))
    answer = ANSWERS[where]
    place = data.draw(st.sampled_from(sorted(places(answer), key=str)))
    odd = put(answer, place, data.draw(JSON))
    publishers = site()
    publishers.routes[where] = Reply(200, json.dumps(odd).encode(), {"Content-Type": "application/json"})
    ask = ASKED_BY[where[0]]
    assert set(run(publishers, ask)) == {ask}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(where=st.sampled_from(sorted(ANSWERS)), status=st.sampled_from([200, 204, 304, 403, 404, 410, 422, 500, 503]), body=st.binary(max_size=40))  # fmt: skip
def test_an_answer_of_any_status_and_bytes_is_told_and_no_crash(where: Any, status: int, body: bytes) -> None:
    publishers = site()
    publishers.routes[where] = Reply(status, body, {})
    ask = ASKED_BY[where[0]]
    assert set(run(publishers, ask)) == {ask}


@given(text=st.text(alphabet=st.sampled_from("<>a/ hrefl='\"=:.?[]&;#x0123456789\x00"), max_size=80))
def test_a_report_page_of_any_text_is_read(text: str) -> None:
    for report in read_timeline(text, "https://reports.ofsted.gov.uk/provider/2/SC123456"):
        assert report.url.startswith("https://")


def test_what_is_asked_of_whom_is_asked_of_nobody_else() -> None:
    publishers = site()
    asked: list[str] = []
    inner = publishers.transport()

    def watch(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return inner.handle_request(request)

    def open_loader(hosts: tuple[str, ...]) -> Any:
        loader = loader_of(publishers, *hosts)
        loader._client._transport = httpx.MockTransport(watch)
        return loader

    with tempfile.TemporaryDirectory() as folder:
        fetch(to=Path(folder) / "shelf", catalogue=CATALOGUE, open_loader=open_loader)
    assert set(asked) == {GOVUK, ASSETS, EES_API, EES_CONTENT, ONS, ARCGIS}
    assert EES_SITE not in asked
