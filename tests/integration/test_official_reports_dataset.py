"""The real report PDFs in a dataset: read at the build, added later, read twice without doubling."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import polars as pl
import pytest

from ofsight.dataset.build import build_dataset
from ofsight.dataset.reports import add_reports
from ofsight.dataset.store import open_dataset

RELEASES = os.environ.get("OFSIGHT_RELEASES")
pytestmark = pytest.mark.skipif(
    not RELEASES, reason="set OFSIGHT_RELEASES to the folder with the official files"
)


def test_reports_are_added_to_a_dataset_and_not_doubled(tmp_path: Path) -> None:
    ofsted = Path(str(RELEASES)) / "ofsted"
    releases = tmp_path / "releases"
    releases.mkdir()
    for name in ("2022-23", "2023-24"):
        for file in (ofsted / "provider-level-in-year").glob(f"*{name}.csv"):
            shutil.copy(file, releases)
    folder = tmp_path / "dataset"
    build_dataset(releases, folder)
    before = open_dataset(folder)
    assert before["reports"].is_empty()
    homes = ofsted / "childrens-home-inspection-reports"
    broken = tmp_path / "broken"
    shutil.copytree(homes, broken)
    (broken / "cut.pdf").write_bytes(b"%PDF-1.4 cut")
    for _ in range(2):
        summary = add_reports(broken, folder)
        assert (summary.n_reports, summary.n_unread) == (3, 1)
        assert summary.findings["report-file-unread"] == 1
    data = open_dataset(folder)
    assert data.inspections.equals(before.inspections)
    july = data["reports"].filter(pl.col("urn") == "2647163")
    assert july["overall"].to_list() == ["Outstanding"]
    # July 2024 is after the releases; the two of 2023-24 are among their inspections.
    lost = data.findings.filter(pl.col("code") == "report-without-inspection")["message"].to_list()
    assert [message.split(",")[0] for message in lost] == ["home 2647163"]
    assert data.findings.filter(pl.col("code") == "report-grade-differs").is_empty()
