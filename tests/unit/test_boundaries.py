"""Files of boundaries: described, not copied; one that is none is a finding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ofsight.dataset.boundaries import describe_boundaries


def area(code: str, name: str = "CTYUA23CD") -> dict[str, Any]:
    return {"type": "Feature", "properties": {"OBJECTID": 1, name: code}, "geometry": None}


def describe(tmp_path: Path, text: str) -> tuple[list[dict[str, Any]], list[str]]:
    file = tmp_path / "a.geojson"
    file.write_text(text, encoding="utf-8")
    frame, findings = describe_boundaries([file], {file: "a.geojson"}, {file: "ab"})
    return frame.to_dicts(), [finding.code for finding in findings]


def test_areas_vintage_and_system(tmp_path: Path) -> None:
    system = {"properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    collection = {"features": [area("E06000001"), area("W06000001")], "crs": system}
    assert describe(tmp_path, json.dumps(collection)) == (
        [
            {
                "file": "a.geojson",
                "sha256": "ab",
                "code_property": "CTYUA23CD",
                "year": 2023,
                "n_areas": 2,
                "n_in_england": 1,
                "reference_system": "urn:ogc:def:crs:EPSG::27700",
            }
        ],
        [],
    )
    plain = describe(tmp_path, json.dumps({"features": [area("E12000001", "rgn19cd")]}))[0][0]
    assert (plain["year"], plain["reference_system"]) == (2019, "WGS 84")


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "{}",
        '{"features": []}',
        '{"features": [{"properties": {"name": "Leeds"}}]}',
        '{"features": [3]}',
    ],
)
def test_what_is_no_boundary_is_a_finding(tmp_path: Path, text: str) -> None:
    assert describe(tmp_path, text) == ([], ["boundaries-unread"])
