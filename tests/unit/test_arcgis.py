"""Feature services: pages, errors with status 200, rows as csv and outlines as GeoJSON."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from fake_publishers import ARCGIS, Publishers, json_reply, loader_of
from ofsight.definitions.catalogue_schema import EditionDefinition
from ofsight.errors import ReleaseError
from ofsight.releases.arcgis import features_as_csv, features_as_geojson, service_url

QUERY = "/ESMARspQHYMw9BZ9/arcgis/rest/services/LOOKUP/FeatureServer/0/query"


def edition(**more: Any) -> EditionDefinition:
    return EditionDefinition(**{"period": "2025", "service": "LOOKUP", **more})


def row(number: int) -> dict[str, Any]:
    return {"LAD25CD": f"E{number:08d}", "LAD25NM": f"Area, {number}", "ObjectId": number}


def lookup(n: int, per_page: int = 1000) -> Publishers:
    publishers = Publishers()
    publishers.per_page = per_page
    publishers.add_service("LOOKUP", [row(number) for number in range(n)])
    return publishers


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode())))


@pytest.mark.parametrize(
    ("n", "per_page", "asked"), [(5, 1000, 1), (999, 1000, 1), (1000, 1000, 2), (2500, 1000, 3), (10, 3, 4)]
)
def test_all_pages_are_read_in_order(n: int, per_page: int, asked: int) -> None:
    publishers = lookup(n, per_page)
    if n == 1000:  # a full page is asked on from, though the service does not say that there is more
        publishers.routes[ARCGIS, QUERY] = lambda query, _: publishers._features("LOOKUP", query)
    found = rows_of(features_as_csv(loader_of(publishers), edition()))
    assert found[0] == ["LAD25CD", "LAD25NM", "ObjectId"]
    assert [line[0] for line in found[1:]] == [f"E{number:08d}" for number in range(n)]
    assert len(publishers.asked) == asked


def test_columns_are_those_asked_for_and_nothing_stays_nothing() -> None:
    publishers = lookup(1)
    publishers.services["LOOKUP"]["rows"][0]["LAD25NM"] = None
    wanted = edition(fields=["LAD25NM", "LAD25CD"])
    assert features_as_csv(loader_of(publishers), wanted) == b"LAD25NM,LAD25CD\n,E00000000\n"
    assert "outFields=LAD25NM%2CLAD25CD" in publishers.asked[0][1]


def test_an_error_with_status_200_is_an_error() -> None:
    with pytest.raises(ReleaseError, match=r"error: Invalid URL .Invalid URL.*renamed"):
        features_as_csv(loader_of(Publishers()), edition())


def test_an_error_on_the_second_page_is_an_error() -> None:
    publishers = lookup(10, 3)
    fine = publishers._features

    def answer(query: dict[str, str], _: Any) -> Any:
        if query["resultOffset"] == "3":
            return json_reply({"error": {"code": 504, "message": "Your request has timed out."}})
        return fine("LOOKUP", query)

    publishers.routes[ARCGIS, QUERY] = answer
    with pytest.raises(ReleaseError, match="timed out"):
        features_as_csv(loader_of(publishers), edition())


def test_pages_without_an_order_are_told() -> None:
    publishers = lookup(10, 3)
    fine = publishers._features
    publishers.routes[ARCGIS, QUERY] = lambda query, _: fine("LOOKUP", {**query, "resultOffset": "0"})
    with pytest.raises(ReleaseError, match="a second time"):
        features_as_csv(loader_of(publishers), edition())


def test_a_service_that_promises_more_and_sends_none_is_told() -> None:
    publishers = Publishers()
    publishers.routes[ARCGIS, QUERY] = json_reply({"features": [], "exceededTransferLimit": True})
    with pytest.raises(ReleaseError, match="says that there is more"):
        features_as_csv(loader_of(publishers), edition())


@pytest.mark.parametrize(
    ("answer", "said"),
    [({"features": []}, "holds nothing"), ([], "not that of a feature service"), ({"x": 1}, "no features"),
     ({"features": [7]}, "no features"), ({"error": "down"}, "error: down"),
     ({"features": [{"attributes": None}], "fields": [{"name": "A"}]}, "lacks one of the columns")],
)  # fmt: skip
def test_answers_of_another_shape_are_told(answer: Any, said: str) -> None:
    publishers = Publishers()
    publishers.routes[ARCGIS, QUERY] = json_reply(answer)
    with pytest.raises(ReleaseError, match=said):
        features_as_csv(loader_of(publishers), edition())


def test_outlines_are_put_together_as_they_were_sent() -> None:
    publishers = lookup(5, 2)
    shapes = [
        {"type": "Polygon", "coordinates": [[[-1.40111364934538 + n, 55.011214741813]]]} for n in range(5)
    ]
    publishers.services["LOOKUP"]["geometry"] = shapes
    content = features_as_geojson(loader_of(publishers), edition(geometry=True))
    collection = json.loads(content)
    assert collection["type"] == "FeatureCollection"
    assert [feature["geometry"] for feature in collection["features"]] == shapes
    assert [feature["properties"] for feature in collection["features"]] == [row(n) for n in range(5)]
    assert content == features_as_geojson(loader_of(publishers), edition(geometry=True))
    assert len(publishers.asked) == 6


def test_where_is_sent_along() -> None:
    assert "where=CTYUA24CD+LIKE+%27E%25%27" in service_url(edition(where="CTYUA24CD LIKE 'E%'"))
