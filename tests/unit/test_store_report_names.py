"""Reports of one name in two folders: each is told by a name of its own, read or not."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ofsight.dataset.readings import Readings
from ofsight.dataset.reports import add_reports, read_report_tables
from ofsight.dataset.store import open_dataset, write_dataset
from ofsight.dataset.tables import TABLES
from ofsight.demo.reports import HomeText, write_home
from ofsight.harmonise.reports import find_reports, name_files, read_reports


def _two_of_one_name(folder: Path) -> list[Path]:
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
    write_home(HomeText(), folder / "a" / "x.pdf")
    (folder / "b" / "x.pdf").write_bytes(b"%PDF-1.7 junk")
    (folder / "b" / "y.pdf").write_bytes(b"%PDF-1.7 junk, too")
    return find_reports(folder)


def test_a_report_that_was_read_is_not_told_as_unread(tmp_path: Path) -> None:
    read = read_report_tables(_two_of_one_name(tmp_path))
    assert set(read.unread) == {"b/x.pdf", "y.pdf"}
    assert read.tables["reports"]["file"].to_list() == ["a/x.pdf"]
    assert {finding.file for finding in read.findings if "unread" in finding.code} == {"b/x.pdf", "y.pdf"}


def test_a_caller_may_name_the_files(tmp_path: Path) -> None:
    paths = _two_of_one_name(tmp_path)
    read = read_report_tables(paths, names={path: f"r/{path.relative_to(tmp_path)}" for path in paths})
    assert set(read.unread) == {"r/b/x.pdf", "r/b/y.pdf"}
    assert read.tables["reports"]["file"].to_list() == ["r/a/x.pdf"]


def test_a_reading_that_is_used_again_is_named_anew(tmp_path: Path) -> None:
    paths = _two_of_one_name(tmp_path / "releases")
    (tmp_path / "dataset").mkdir()
    readings = Readings(tmp_path / "dataset")
    assert read_report_tables(paths[:1], readings=readings).tables["reports"]["file"].to_list() == ["x.pdf"]
    readings.write(tmp_path / "dataset")
    again = Readings(tmp_path / "dataset")
    read = read_report_tables(paths, readings=again)
    assert again.n_reused == 1
    assert read.tables["reports"]["file"].to_list() == ["a/x.pdf"]


def test_many_reports_are_named_apart(tmp_path: Path) -> None:
    reports, findings = read_reports(_two_of_one_name(tmp_path))
    assert [report.file for report in reports] == ["a/x.pdf"]
    assert {finding.file for finding in reports[0].findings} <= {"a/x.pdf"}
    assert {finding.file for finding in findings if finding.code == "file-unread"} == {"b/x.pdf", "y.pdf"}


def test_reports_added_to_a_dataset_are_named_apart(tmp_path: Path) -> None:
    _two_of_one_name(tmp_path / "pdfs")
    frames = {table.name: pl.DataFrame(schema=table.schema()) for table in TABLES}
    write_dataset(tmp_path / "dataset", frames, {"newest_release": "x"})
    for _ in range(2):
        found = add_reports(tmp_path / "pdfs", tmp_path / "dataset")
        assert (found.n_files, found.n_read, found.n_unread, found.n_reports) == (3, 1, 2, 1)
        assert set(found.unread) == {"b/x.pdf", "y.pdf"}
    data = open_dataset(tmp_path / "dataset")
    unread = data.findings.filter(pl.col("code") == "report-file-unread")["file"].sort()
    assert unread.to_list() == ["b/x.pdf", "y.pdf"]
    assert data.metadata["files"] == sorted(path.name for path in data.path.iterdir())


def test_names_without_a_clash_are_plain(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "x.pdf", tmp_path / "b" / "y.pdf"
    assert name_files([one, other, one]) == {one: "x.pdf", other: "y.pdf"}
    assert name_files([]) == {}
