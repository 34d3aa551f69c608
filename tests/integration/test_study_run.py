"""A study on synthetic releases: tables of the user's own, what is missing said, analyses chosen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ofsight.dataset.store import open_dataset
from ofsight.errors import DatasetError, UsageError
from ofsight.study.run import run_study
from ofsight.vocabulary import Grade
from shared import made_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_dataset(tmp_path_factory, seed=31)


def _description(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    return found


def _authorities(path: Path, n: int = 160) -> Path:
    rng = np.random.default_rng(5)
    profit = rng.uniform(5, 50, n)
    columns: dict[str, object] = {"profit": profit, "region": rng.choice(["North", "South"], n)}
    for name, low, high in (("third", 0, 15), ("white", 40, 95), ("female", 38, 50), ("n", 1, 15),
                            ("imd", 0, 0.6), ("under18", 17, 26)):  # fmt: skip
        columns[name] = rng.uniform(low, high, n)
    for name in ("over", "lead", "safe", "exper"):
        latent = -0.08 * profit + rng.logistic(size=n)
        codes = np.digitize(latent, np.quantile(latent, [0.1, 0.45, 0.85]))
        columns[name] = [list(Grade)[code].value for code in codes]
    pl.DataFrame(columns).write_csv(path)
    return path


def _requirements(path: Path, dataset: Path) -> Path:
    rng = np.random.default_rng(6)
    full = open_dataset(dataset).inspections.filter(pl.col("overall").is_not_null())
    private = (full["sector"] == "Private").to_numpy()
    full.select("urn", "inspected_on").with_columns(
        n_requirements=pl.Series(rng.poisson(np.where(private, 2.0, 1.0))),
        n_recommendations=pl.Series(rng.poisson(1.0, full.height)),
    ).unique(["urn", "inspected_on"]).write_csv(path)
    return path


def test_tables_of_the_user_s_own_fill_tables_3_and_4(dataset: Path, tmp_path: Path) -> None:
    summary = run_study(
        dataset,
        tmp_path / "study",
        authority_table=_authorities(tmp_path / "authorities.csv"),
        requirements_table=_requirements(tmp_path / "requirements.csv", dataset),
        analyses=["authorities", "requirements"],
    )
    assert summary.verdicts["not reproducible from public data"] == 0
    ledger = pl.read_csv(tmp_path / "study" / "ledger.csv", infer_schema_length=None)
    for item in ("table3", "table4"):
        assert ledger.filter(pl.col("item") == item)["ours"].null_count() == 0
    results = json.loads((tmp_path / "study" / "results.json").read_text(encoding="utf-8"))
    (linear,) = (
        row
        for row in results
        if (row["item"], row["model"], row["outcome"], row["term"], row["variance"])
        == ("table3", "linear", "requirements", "sector:private", "cluster")
    )
    assert linear["ci_low"] < 1.0 < linear["ci_high"]
    notes = " ".join(_description(tmp_path / "study")["notes"])  # type: ignore[arg-type]
    assert "authorities.csv: 160 local authorities" in notes
    assert "requirements.csv are in the sample" in notes


def test_what_the_dataset_lacks_is_said_and_no_number_goes_without_a_verdict(
    dataset: Path, tmp_path: Path
) -> None:
    summary = run_study(dataset, tmp_path / "study", analyses=["authorities", "requirements", "placements"])
    ledger = pl.read_csv(tmp_path / "study" / "ledger.csv", infer_schema_length=None)
    assert ledger["verdict"].null_count() == 0
    assert sum(summary.verdicts.values()) == ledger.height
    table3 = ledger.filter(pl.col("item") == "table3")
    assert set(table3["verdict"]) == {"not reproducible from public data"}
    notes = " ".join(_description(tmp_path / "study")["notes"])  # type: ignore[arg-type]
    for words in ("Table 3 was not computed", "'authorities' was not computed", "placements was not fitted"):
        assert words in notes


def test_only_what_is_asked_for_is_done(dataset: Path, tmp_path: Path) -> None:
    run_study(dataset, tmp_path / "study", analyses=[])
    names = {path.stem for path in (tmp_path / "study" / "tables").glob("*.csv")}
    assert {"table1", "table2", "figure1", "probabilities"} <= names
    assert not names & {"gaps", "codings", "table4", "imputation"}
    with pytest.raises(UsageError, match="codings"):
        run_study(dataset, tmp_path / "study", analyses=["guesswork"])


def test_a_faulty_table_leaves_the_earlier_study_whole(dataset: Path, tmp_path: Path) -> None:
    run_study(dataset, tmp_path / "study", analyses=[])
    before = (tmp_path / "study" / "results.json").read_bytes()
    (tmp_path / "bad.csv").write_text("over,lead\nGood,Good\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="lacks"):
        run_study(dataset, tmp_path / "study", authority_table=tmp_path / "bad.csv", analyses=["authorities"])
    assert (tmp_path / "study" / "results.json").read_bytes() == before


def test_the_study_to_today_runs_on_synthetic_releases(dataset: Path, tmp_path: Path) -> None:
    # Crossed random effects are left to the unit tests: they take most of the time. That two runs give the
    # same bytes is tested with the commands.
    wanted = ["codings", "gaps", "imputation", "specifications"]
    run_study(dataset, tmp_path / "study", study="outsourcing-latest", analyses=wanted)
    names = {path.stem for path in (tmp_path / "study" / "tables").glob("*.csv")}
    assert {"codings", "gaps", "imputation", "specifications", "table2"} <= names
    assert "table3" not in names
    assert _description(tmp_path / "study")["seed"] == 2022
