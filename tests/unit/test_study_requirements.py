"""Table 3 from a table with a known truth, the ledger it fills, and tables that are refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from study_simulated import simulated_sample

from ofsight.definitions.study import load_study
from ofsight.errors import DatasetError
from ofsight.study.findings import Findings
from ofsight.study.ledger import make_ledger
from ofsight.study.requirement_table import RequirementTable, read_home_means, read_requirement_table
from ofsight.study.requirements import compare_home_means, model_requirements
from ofsight.study.samples import Sample

_STUDY = load_study("outsourcing-2022")


@pytest.fixture(scope="module")
def sample() -> Sample:
    return simulated_sample(n_homes=700, years=(2016, 2017, 2018))


@pytest.fixture(scope="module")
def file(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Counts with 1.5 times the requirements in for-profit homes, twice regulation 13, and home effects."""
    rng = np.random.default_rng(21)
    frame = sample.frame
    private = (frame["sector"] == "Private").to_numpy()
    homes = frame["urn"].to_physical() if frame["urn"].dtype == pl.Categorical else frame["urn"].rank("dense")
    effect = rng.gamma(4, 0.25, int(homes.max()) + 1)[homes.to_numpy().astype(int)]
    requirements = rng.poisson(1.2 * np.where(private, 1.5, 1.0) * effect)
    recommendations = rng.poisson(0.9 * effect)
    kinds = ["12", "13", "14", "40"]
    regulations = [
        ";".join(rng.choice(kinds, n, p=[0.2, 0.4, 0.2, 0.2] if own else [0.25, 0.25, 0.25, 0.25]))
        for n, own in zip(requirements, private, strict=True)
    ]
    path = tmp_path_factory.mktemp("requirements") / "table.csv"
    frame.select("urn", "inspected_on").with_columns(
        n_requirements=pl.Series(requirements),
        n_recommendations=pl.Series(recommendations),
        regulations=pl.Series(regulations),
    ).write_csv(path)
    return path


@pytest.fixture(scope="module")
def found(file: Path, sample: Sample) -> Findings:
    return model_requirements(read_requirement_table(file), sample, _STUDY)


def _one(
    found: Findings, model: str, outcome: str = "requirements", term: str = "sector:private"
) -> dict[str, float]:
    rows = found.tables["table3"].filter(
        (pl.col("model") == model) & (pl.col("outcome") == outcome) & (pl.col("term") == term)
    )
    return rows.sort("variance").row(0, named=True)


@pytest.mark.parametrize(
    "model", ["Poisson", "negative binomial", "Poisson, adjusted", "negative binomial, adjusted"]
)
def test_the_ratio_of_counts_is_found(found: Findings, model: str) -> None:
    row = _one(found, model)
    assert row["variance"] == "cluster"
    assert abs(row["log_estimate"] - math.log(1.5)) < 3 * row["std_error_log"]
    same = _one(found, model, "recommendations")
    assert abs(same["log_estimate"]) < 3 * same["std_error_log"]


@pytest.mark.parametrize("model", ["linear", "linear, home effects"])
def test_the_difference_in_counts_is_found(found: Findings, model: str) -> None:
    row = _one(found, model)
    assert row["ci_low"] < 0.6 < row["ci_high"]
    assert row["log_estimate"] is None


def test_at_least_one_is_modelled_with_and_without_home_effects(found: Findings) -> None:
    plain, mixed = _one(found, "logistic"), _one(found, "logistic, home effects")
    assert plain["ci_low"] > 1
    # The ratio for one home is further from 1 than that over homes.
    assert mixed["estimate"] > plain["estimate"] > 1


def test_which_regulation_is_broken_more(found: Findings) -> None:
    """Regulation 13 against all others: odds 0.4/0.2 against 0.25/0.25, so twice."""
    row = _one(found, "multinomial", term="sector:private/regulation:13")
    assert abs(row["log_estimate"] - math.log(2)) < 3 * row["std_error_log"]
    twelve = _one(found, "multinomial", term="sector:private/regulation:12")
    assert abs(twelve["log_estimate"]) < 3 * twelve["std_error_log"]
    counted = found.tables["table3_regulations"]
    assert set(counted["kind"]) == {"12", "13", "14", "40"}


def test_the_ledger_takes_table_3_up(found: Findings) -> None:
    ledger = make_ledger(_STUDY, found.estimates, []).filter(pl.col("item") == "table3")
    assert ledger["ours"].null_count() == 0
    assert "not reproducible from public data" not in ledger["verdict"].cast(pl.String).to_list()


def test_few_inspections_are_not_modelled(sample: Sample) -> None:
    few = sample.frame.head(30).select("urn", "inspected_on").with_columns(
        n_requirements=pl.lit(1), n_recommendations=pl.lit(0)
    )  # fmt: skip
    table = RequirementTable(few, few.head(0).select("urn", "inspected_on", regulation="urn"), "here")
    found = model_requirements(table, sample, _STUDY)
    assert not found.estimates
    assert "not computed" in found.notes[-1]


def test_means_by_home_weigh_by_inspections(sample: Sample) -> None:
    """Each home's true mean is 1, and 1.4 in for-profit homes."""
    homes = sample.frame.group_by("urn").agg(pl.col("sector").last()).sort("urn")
    rng = np.random.default_rng(2)
    private = pl.col("sector") == "Private"
    means = homes.with_columns(
        reqs_per=pl.when(private).then(1.4).otherwise(1.0) + pl.Series(rng.normal(0, 0.3, homes.height)),
        recs_per=pl.Series(rng.normal(1, 0.3, homes.height)),
    ).select(URN="urn", reqs_per="reqs_per", recs_per="recs_per")
    rows = compare_home_means(means, sample)
    first = rows.filter((pl.col("outcome") == "requirements") & (pl.col("term") == "sector:private"))
    assert first["low"].item() < 0.4 < first["high"].item()
    assert first["difference"].item() == pytest.approx(0.4, abs=0.1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("urn,inspected_on,n_requirements\nSC1,2018-01-01,1\n", "n_recommendations"),
        ("urn,inspected_on,n_requirements,n_recommendations\nSC1,1 May,1,0\n", "YYYY-MM-DD"),
        ("urn,inspected_on,n_requirements,n_recommendations\nSC1,2018-01-01,some,0\n", "whole number"),
        ("urn,inspected_on,n_requirements,n_recommendations\nSC1,2018-01-01,-1,0\n", "below zero"),
        (
            "urn,inspected_on,n_requirements,n_recommendations\nSC1,2018-01-01,1,0\nSC1,2018-01-01,2,0\n",
            "twice",
        ),
    ],
)
def test_a_faulty_table_is_refused_with_its_fault(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match=said):
        read_requirement_table(tmp_path / "table.csv")


def test_means_by_home_are_told_from_a_table_of_inspections(tmp_path: Path) -> None:
    means = tmp_path / "means.csv"
    means.write_text('"","URN","reqs_per","recs_per"\n"1","SC1",2.5,NA\n"2","SC2",0,1\n', encoding="utf-8")
    found = read_home_means(means)
    assert found is not None
    assert found.rows() == [("SC1", 2.5, None), ("SC2", 0.0, 1.0)]
    other = tmp_path / "inspections.csv"
    other.write_text("urn,inspected_on,n_requirements,n_recommendations\n", encoding="utf-8")
    assert read_home_means(other) is None


@pytest.mark.parametrize(
    ("row", "said"),
    [("SC1,1,1", "SC1 is there twice"), ("SC2,-1,0", "below zero"), ("SC2,many,0", "no number")],
)
def test_means_by_home_that_cannot_be_are_refused(tmp_path: Path, row: str, said: str) -> None:
    means = tmp_path / "means.csv"
    means.write_text(f"URN,reqs_per,recs_per\nSC1,2.5,1\n{row}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=said):
        read_home_means(means)
