"""Faults of files and of rows: one clear message, exit code 3, and what was there stays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from builders import OVERALL, grid, provider, providers, write_csv
from ofsight.cli import app
from ofsight.dataset.store import open_dataset
from ofsight.demo import Sheet, write_ods
from shared import copy_small_build


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def _build(folder: Path, *more: str) -> Result:
    return _run("build", "--releases", folder / "releases", "--dataset", folder / "dataset", *more)


@pytest.fixture
def built(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two good releases and the dataset made of them."""
    return copy_small_build(tmp_path_factory, tmp_path)


def _state(dataset: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(dataset.iterdir())}


def _truncated_workbook(path: Path) -> None:
    write_ods(path.with_suffix(".ods"), [Sheet("Provider_level_at_31_Mar_2020", grid(providers()))])
    whole = path.with_suffix(".ods").read_bytes()
    path.with_suffix(".ods").write_bytes(whole[: len(whole) // 2])


def _without(heading: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        rows = grid(providers())
        position = rows[0].index(heading)
        write_csv(path, [[cell for number, cell in enumerate(row) if number != position] for row in rows])

    return write


def _as_workbook_without_urn(path: Path) -> None:
    rows = grid(providers())
    rows[0][1] = "Reference"
    sheets = [Sheet("Cover", [["Cover"]]), Sheet("Provider_level_at_31_Mar_2020", rows)]
    write_ods(path.with_suffix(".ods"), sheets)


def _many_unknown_grades(path: Path) -> None:
    write_csv(path, grid([*providers(195), *(provider(n, **{OVERALL: "Splendid"}) for n in range(196, 201))]))


FAULTS: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "missing column": (_without("Inspection date"), ["new.csv", "'Inspection date'", "nearest seen"]),
    "missing sector": (_without("Sector"), ["new.csv", "'Sector'", "definitions/series"]),
    "no URN in a sheet": (_as_workbook_without_urn, ["new.ods", "_at_31_Mar_2020", "'URN'", "'Reference'"]),
    "empty file": (lambda path: path.write_bytes(b""), ["new.csv", "empty"]),
    "headings only": (lambda path: write_csv(path, grid([])), ["new.csv", "no row below the headings"]),
    "truncated workbook": (_truncated_workbook, ["new.ods", "cut off or damaged", "Download it again"]),
    "web page": (lambda path: path.write_text("<!doctype html><title>404</title>"), ["new.csv", "web page"]),
    "another publication": (
        lambda path: write_csv(path, [["School", "Pupils"], ["A", "1"], ["B", "2"]]),
        ["new.csv", "'School'", "no release of a known series"],
    ),
    "schools": (
        lambda path: write_csv(path, [["URN", "School name", "Phase"], ["100000", "A", "Primary"]]),
        ["new.csv", "'School name'"],
    ),
    "same release, other contents": (
        lambda path: write_csv(path, grid(providers(Sector="Voluntary"))),
        ["list.csv", "new.csv", "contents differ", "sector"],
    ),
    "too many unknown grades": (_many_unknown_grades, ["new.csv", "Splendid", "one in a hundred", "row 197"]),
    "binary": (lambda path: path.write_bytes(bytes(range(256)) * 50), ["new.csv"]),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_refused_and_the_dataset_stays(built: Path, fault: str) -> None:
    write, words = FAULTS[fault]
    before = _state(built / "dataset")
    write(built / "releases" / "new.csv")
    result = _build(built)
    assert result.exit_code == 3, result.output
    message = result.stderr.strip()
    assert message.startswith("Error: ")
    assert "Traceback" not in message
    assert len(message.splitlines()) == 1
    for word in words:
        assert word in message
    assert _state(built / "dataset") == before
    assert {path.name for path in built.iterdir()} == {"releases", "dataset"}


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({OVERALL: "Splendid"}, "unknown grade"),
        ({"The effectiveness of leaders and managers": "Goood"}, "unknown grade"),
        ({"Inspection date": "31/02/2019"}, "impossible date"),
        ({"Inspection date": "12/05/2091"}, "impossible date"),
        ({"Inspection date": "12/05/1891"}, "impossible date"),
        ({"Inspection date": ""}, "inspection without a date"),
        ({"URN": "1.02E+07"}, "not a URN"),
        ({"URN": ""}, "not a URN"),
        ({"Event type": "Surprise party"}, "unknown inspection type"),
        ({"Sector": "Unknown"}, "unknown sector"),
        ({"Provision type": "Children's home (new kind)"}, "unknown provision type"),
    ],
)
def test_a_faulty_row_is_set_aside_by_name(tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    rows = providers(200)
    rows[99] = {**rows[99], **cells}
    write_csv(tmp_path / "releases" / "list.csv", grid(rows))
    result = _build(tmp_path, "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["set_aside"] == {reason: 1}
    assert summary["n_read"] == summary["n_kept"] + summary["n_set_aside"] == 200
    data = open_dataset(tmp_path / "dataset")
    assert data.set_aside.select("row", "reason").rows() == [(101, reason)]
    finding = data.findings.filter(data.findings["code"] == "row-set-aside").row(0, named=True)
    assert (finding["file"], finding["row"]) == ("list.csv", 101)


def test_rows_that_are_no_records_are_no_faults(tmp_path: Path) -> None:
    rows = grid([*providers(50), provider(60, **{"Provision type": "Independent Fostering Agency"})])
    rows += [[""] * len(rows[0]), ["Source: Ofsted. Notes on these data are in the methodology report."]]
    write_csv(tmp_path / "releases" / "list.csv", rows)
    summary = json.loads(_build(tmp_path, "--json").stdout)
    assert summary["set_aside"] == {"other provision": 1, "blank row": 1, "note below the table": 1}


def test_a_folder_that_is_not_there_and_one_without_releases(tmp_path: Path) -> None:
    assert _build(tmp_path).exit_code == 2
    (tmp_path / "releases").mkdir()
    result = _build(tmp_path)
    assert result.exit_code == 3
    assert "ofsight demo" in result.stderr


def test_what_is_not_a_dataset_is_not_overwritten(built: Path) -> None:
    target = built / "thesis"
    target.mkdir()
    (target / "chapter.docx").write_text("years of work")
    result = _run("build", "--releases", built / "releases", "--dataset", target)
    assert result.exit_code == 2
    assert (target / "chapter.docx").read_text() == "years of work"


def test_commands_on_a_missing_dataset_say_what_to_do(tmp_path: Path) -> None:
    result = _run("study", "--dataset", tmp_path / "nothing", "--to", tmp_path / "study")
    assert result.exit_code == 4
    assert "ofsight build" in result.stderr


def test_an_unchanged_build_says_so_and_does_nothing(built: Path) -> None:
    before = _state(built / "dataset")
    result = _build(built)
    assert "nothing to do" in result.stdout
    assert _state(built / "dataset") == before


def test_a_damaged_dataset_is_built_anew(built: Path) -> None:
    (built / "dataset" / "inspections.parquet").unlink()
    assert "nothing to do" not in _build(built).stdout
    assert open_dataset(built / "dataset").inspections.height > 0
    (built / "dataset" / "dataset.json").write_text("{half")
    assert _build(built).exit_code == 0
    assert open_dataset(built / "dataset").inspections.height > 0


def test_copies_of_one_file_are_passed_over(built: Path) -> None:
    shutil.copy(built / "releases" / "list.csv", built / "releases" / "copy of list.csv")
    result = _build(built, "--json")
    assert result.exit_code == 0
    reasons = [item["reason"] for item in json.loads(result.stdout)["passed_over"]]
    assert any("the same bytes as" in reason for reason in reasons)


def test_quiet_is_quiet(built: Path) -> None:
    (built / "releases" / "list.csv").unlink()
    result = _build(built, "--quiet")
    assert (result.exit_code, result.output) == (0, "")
