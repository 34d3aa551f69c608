"""What the commands print: names of any kind on one line, and what a build recognised and passed over."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from builders import grid, providers, visits, write_csv
from ofsight import __version__
from ofsight.cli import app
from ofsight.cli.frame import show, show_progress
from ofsight.cli.lines import build_lines
from ofsight.errors import one_line


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    folder = tmp_path / "releases"
    write_csv(folder / "year.csv", grid(visits()))
    write_csv(folder / "list.csv", grid(providers()))
    return folder


def test_a_build_says_what_it_recognised_and_what_it_passed_over_and_why(releases: Path) -> None:
    for n in range(5):
        (releases / f"letter{n}.txt").write_text("dear")
    dataset = releases.parent / "dataset"
    result = _run("build", "--releases", releases, "--dataset", dataset)
    assert result.exit_code == 0, result.output
    summary = json.loads((dataset / "dataset.json").read_text(encoding="utf-8"))["summary"]
    assert len(summary["recognised"]) == 2
    for item in summary["recognised"]:
        assert f"    {item['release']}: {item['file']}, {item['n_read']:,} rows\n" in result.stdout
    (reason,) = {item["reason"] for item in summary["passed_over"]}
    assert f"    letter0.txt, letter1.txt, letter2.txt and 2 more: {reason[:40]}" in result.stdout
    again = _run("build", "--releases", releases, "--dataset", dataset, "--quiet")
    assert again.stdout == ""


def _summary(n: int) -> dict[str, object]:
    release = {"release": "list/2019", "file": "a\nb.csv", "sheet": "S", "n_read": 1200, "n_kept": 1}
    return {
        "unchanged": False,
        "synthetic": False,
        "dataset": "ds",
        "n_files": n,
        "n_releases": n,
        "n_read": 1,
        "n_kept": 1,
        "n_set_aside": 0,
        "set_aside": {},
        "tables": {"inspections": 1, "homes": 1},
        "recognised": [release] * n,
        "passed_over": [{"file": f"f{k}", "sheet": None, "reason": "why " * k} for k in range(n)],
        "n_findings": 0,
    }


def test_sheets_passed_over_stand_behind_their_workbook() -> None:
    sheets = [{"file": "a.ods", "sheet": f"S{k}", "reason": "no table"} for k in range(4)]
    other = [{"file": "b.ods", "sheet": "Cover", "reason": "no table"}]
    lines = build_lines(_summary(1) | {"passed_over": sheets + other})
    assert lines[-1] == "    a.ods (S0, S1, S2 and 1 more), b.ods (Cover): no table"


def test_long_lists_are_cut_and_counted() -> None:
    lines = build_lines(_summary(40))
    assert lines.count("    list/2019: a\\nb.csv, sheet S, 1,200 rows") == 15
    assert lines.count("    and 25 more; --json lists all") == 2
    assert max(map(len, lines)) < 300
    assert len(build_lines(_summary(15))) == 3 + 2 * 15


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("caf\udce9.csv", "caf\\udce9.csv"),
        ("\u202efdp.exe", "\\u202efdp.exe"),
        ("Größe – 日本 [bold]", "Größe – 日本 [bold]"),
    ],
)
def test_what_cannot_be_printed_is_shown_escaped(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_an_error_about_a_name_with_newlines_is_one_line(tmp_path: Path) -> None:
    result = _run("build", "--releases", tmp_path / "two\nlines\x1b[31m", "--dataset", tmp_path / "ds")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "two\\nlines\\x1b[31m" in result.stderr


def test_an_error_of_the_system_about_a_name_with_newlines_is_one_line(
    tmp_path: Path, releases: Path
) -> None:
    (tmp_path / "a\nfile").write_text("")
    result = _run("build", "--releases", releases, "--dataset", tmp_path / "a\nfile" / "ds")
    assert result.exit_code == 2
    assert (result.stderr.count("\n"), "a\\nfile" in result.stderr) == (1, True)


def test_json_can_hold_a_name_that_is_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    show({"file": "caf\udce9"}, [], quiet=False, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"file": "caf\udce9"}


@pytest.mark.parametrize("name", ["x[/red].csv", "[bold]x.csv", "a\nb [/]\x1b[31m.csv"])
def test_progress_shows_a_name_with_markup_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    with show_progress(silent=False) as tell:
        tell(f"Reading {name}")
        tell(f"Reading {name}")
    assert f"Reading {one_line(name)}" in capsys.readouterr().err


def test_a_folder_without_reports_is_told(tmp_path: Path, releases: Path) -> None:
    dataset = tmp_path / "dataset"
    assert _run("build", "--releases", releases, "--dataset", dataset).exit_code == 0
    result = _run("reports", releases, "--dataset", dataset)
    assert result.exit_code == 2
    assert "no PDF" in result.stderr


def test_releases_inside_the_dataset_s_folder_are_not_lost(tmp_path: Path, releases: Path) -> None:
    dataset = tmp_path / "dataset"
    assert _run("build", "--releases", releases, "--dataset", dataset).exit_code == 0
    (dataset / "notes.txt").write_text("mine")
    releases.rename(dataset / "releases")
    (dataset / "releases" / "list.csv").write_bytes((dataset / "releases" / "list.csv").read_bytes() + b"\n")
    result = _run("build", "--releases", dataset / "releases", "--dataset", dataset)
    assert result.exit_code == 2
    assert "notes.txt, releases/" in result.stderr
    assert (dataset / "releases" / "year.csv").is_file()


def test_reports_that_a_build_kept_are_counted() -> None:
    assert not [line for line in build_lines(_summary(1)) if "Reports" in line]
    assert "  Reports: 1,204 added before by 'ofsight reports' are kept." in build_lines(
        _summary(1) | {"n_reports_kept": 1204}
    )


def test_the_package_runs_as_a_module() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "ofsight", "--version"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, f"ofsight {__version__}\n")


def test_a_reader_who_leaves_is_no_error() -> None:
    command = f"{sys.executable} -m ofsight releases --offline --json | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
