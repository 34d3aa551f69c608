"""Inspection reports of a dataset's homes, by the command, over loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from builders import write_list
from fake_publishers import FILES, REPORTS, Publishers, Reply
from ofsight.cli import app
from ofsight.dataset.build import build_dataset
from ofsight.releases import ofsted_reports
from ofsight.releases.publishers import STAND_INS
from ofsight.releases.shelf import Shelf


@pytest.fixture
def publishers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publishers]:
    found = Publishers()
    link = f'<a href="https://{FILES}/v1/file/50000001">Full inspection, PDF - 1 May 2019</a>'
    for number in range(1, 201):
        html = {"Content-Type": "text/html"}
        found.routes[REPORTS, f"/provider/2/SC{900000 + number}"] = Reply(200, link.encode(), html)
    report = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n"
    found.routes[FILES, "/v1/file/50000001"] = Reply(200, report, {"Content-Type": "application/pdf"})
    monkeypatch.setattr(ofsted_reports, "_GAP", 0.0)
    with found.serve() as stand_ins:
        monkeypatch.setenv(STAND_INS, json.dumps(stand_ins))
        yield found


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write_list(tmp_path / "releases" / "provider-level-at-31-march-2019.csv")
    build_dataset(tmp_path / "releases", tmp_path / "dataset")
    return tmp_path / "dataset"


def fetch(tmp_path: Path, *more: Any) -> Any:
    options = ["--to", tmp_path / "shelf", "--dataset", tmp_path / "dataset", *more]
    return CliRunner().invoke(app, ["fetch", "inspection-reports", *map(str, options)])


def test_only_homes_of_the_dataset_are_asked_for(
    publishers: Publishers, dataset: Path, tmp_path: Path
) -> None:
    found = fetch(tmp_path, "--limit", 3)
    assert found.exit_code == 0, found.output
    assert "3 new" in found.output
    asked = [path for path in publishers.paths(REPORTS) if path != "/robots.txt"]
    assert len(asked) == 3
    assert set(asked) <= {f"/provider/2/SC{900000 + number}" for number in range(1, 201)}
    assert {held.series for held in Shelf(tmp_path / "shelf").held()} == {"inspection-reports"}


def test_a_site_that_refuses_ends_it_with_3(publishers: Publishers, dataset: Path, tmp_path: Path) -> None:
    publishers.routes[REPORTS, "/robots.txt"] = Reply(429, b"", {"Retry-After": "3600"})
    found = fetch(tmp_path)
    assert found.exit_code == 3
    assert "does not want to be asked any more" in found.output
    assert len(publishers.asked) == 1


def test_reports_are_fetched_alone(publishers: Publishers, dataset: Path, tmp_path: Path) -> None:
    found = fetch(tmp_path, "childrens-social-care")
    assert found.exit_code == 2
    assert "fetched alone" in found.output
    assert publishers.asked == []
