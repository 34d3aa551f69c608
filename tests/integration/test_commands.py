"""The commands as a newcomer runs them, on synthetic releases with a known truth."""

from __future__ import annotations

import json
import math
import shutil
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ofsight.cli import app
from ofsight.dataset.store import open_dataset
from ofsight.study import run


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("newcomer") / "demo"
    return folder, _run("demo", "--to", folder)


def test_the_demo_runs_to_a_report_and_says_where_it_is(demo: tuple[Path, Result]) -> None:
    folder, result = demo
    assert result.exit_code == 0, result.output
    assert str(folder / "report" / "report.html") in result.stdout
    assert "ofsight run --releases" in result.stdout
    assert (folder / "report" / "report.html").stat().st_size > 20_000


def test_everything_made_of_synthetic_releases_says_so(demo: tuple[Path, Result]) -> None:
    folder, result = demo
    assert "synthetic" in result.stdout.lower()
    assert open_dataset(folder / "dataset").synthetic is not None
    for page in ("report/report.html", "study/tables/table1.html", "study/tables/table2.html"):
        assert "ynthetic" in (folder / page).read_text(encoding="utf-8")


def test_the_study_finds_the_truth_that_the_demo_was_made_with(demo: tuple[Path, Result]) -> None:
    """Six odds ratios: each within three standard errors, and no more than one outside its 95% interval."""
    folder, _ = demo
    truth = open_dataset(folder / "dataset").synthetic
    assert truth is not None
    results = json.loads((folder / "study" / "results.json").read_text(encoding="utf-8"))
    outside = 0
    for outcome, made in truth["domains"].items():
        for sector in ("private", "voluntary"):
            (found,) = (
                row
                for row in results
                if row["item"] == "table2"
                and row["model"] == "unadjusted"
                and row["variance"] == "model"
                and row["outcome"] == outcome
                and row["term"] == f"sector:{sector}"
            )
            wanted = made["odds_ratios"][sector]
            assert abs(found["log_estimate"] - math.log(wanted)) < 3 * found["std_error_log"]
            outside += not found["ci_low"] <= wanted <= found["ci_high"]
    assert outside <= 1


def test_results_have_the_fields_that_scripts_count_on(demo: tuple[Path, Result]) -> None:
    folder, _ = demo
    results = json.loads((folder / "study" / "results.json").read_text(encoding="utf-8"))
    fields = {
        "study", "item", "model", "outcome", "term", "estimate", "log_estimate", "std_error_log",
        "ci_low", "ci_high", "p_value", "n", "n_groups", "variance",
    }  # fmt: skip
    assert all(set(row) == fields for row in results)
    table2 = [row for row in results if row["item"] == "table2" and row["term"].startswith("sector:")]
    assert len(table2) == 3 * 3 * 2 * 2
    for row in table2:
        assert row["estimate"] == pytest.approx(math.exp(row["log_estimate"]))
        assert row["ci_low"] < row["estimate"] < row["ci_high"]
        assert row["n"] > row["n_groups"] > 100
    header = (folder / "study" / "ledger.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.startswith(
        "id,item,model,outcome,contrast,quantity,published,published_low,published_high,ours,ours_low,"
        "ours_high,difference,verdict,note"
    )


def test_run_does_nothing_twice_that_it_did_once_and_the_study_is_the_same(
    demo: tuple[Path, Result], tmp_path: Path
) -> None:
    """The dataset is as it was; the study with every analysis, run again, gives the same bytes."""
    folder, _ = demo
    again = tmp_path / "again"
    shutil.copytree(folder / "dataset", again / "dataset")
    result = _run("run", "--releases", folder / "releases", "--to", again, "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["build"]["unchanged"] is True
    assert summary["study"]["n_inspections"] > 1000
    assert [Path(name).name for name in summary["report"]["files"]] == ["report.html"]
    files = sorted(path.relative_to(again / "study") for path in (again / "study").rglob("*.*"))
    assert {"results.json", "models.json", "ledger.csv", "tables/table2.csv"} < set(map(str, files))
    for file in files:
        if file.name != "study.json":  # says when it was run
            assert (again / "study" / file).read_bytes() == (folder / "study" / file).read_bytes(), file


def test_a_quiet_study_prints_nothing(
    demo: tuple[Path, Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the further analyses: what the command prints is asked here, not what they find.
    monkeypatch.setattr(run, "run_study", partial(run.run_study, analyses=()))
    said = _run("study", "--dataset", demo[0] / "dataset", "--to", tmp_path / "study", "--quiet")
    assert (said.exit_code, said.output) == (0, "")
    assert (tmp_path / "study" / "results.json").stat().st_size > 1000


def test_unknown_names_are_refused_with_those_there_are(demo: tuple[Path, Result], tmp_path: Path) -> None:
    folder, _ = demo
    result = _run("study", "--dataset", folder / "dataset", "--to", tmp_path / "x", "--study", "nonsense")
    assert result.exit_code == 2
    assert "outsourcing-2022" in result.stderr
    assert not (tmp_path / "x").exists()
    result = _run("report", "--study", tmp_path / "nothing", "--to", tmp_path / "y")
    assert result.exit_code not in (0, 1)
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["build", "study", "report", "run", "demo"])
def test_every_command_explains_itself(command: str) -> None:
    result = _run(command, "--help")
    assert result.exit_code == 0
    assert "--quiet" in result.output
