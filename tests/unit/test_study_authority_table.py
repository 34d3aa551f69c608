"""A table of authorities that a user supplies: read strictly, fitted to a known truth."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ofsight.definitions.study import load_study
from ofsight.errors import DatasetError
from ofsight.ordinal import clm
from ofsight.study.authorities import fit_authorities, run_authority_curve
from ofsight.study.authority_table import COVARIATES, conform_authorities, read_authority_table
from ofsight.study.findings import Findings
from ofsight.vocabulary import Grade

_STUDY = load_study("outsourcing-2022")


def authorities(n: int = 600, effect: float = -0.06, seed: int = 4) -> pl.DataFrame:
    """Authorities whose judgements worsen with ``profit`` by a known log odds ratio a point."""
    rng = np.random.default_rng(seed)
    columns: dict[str, object] = {
        "profit": rng.uniform(5, 55, n),
        "third": rng.uniform(0, 15, n),
        "white": rng.uniform(40, 95, n),
        "female": rng.normal(44, 3, n),
        "n": rng.uniform(1, 15, n),
        "imd": rng.uniform(0, 0.6, n),
        "under18": rng.normal(21, 2, n),
        "region": rng.choice(["North", "South", "West"], n),
    }
    for authors_name in ("over", "lead", "safe", "exper"):
        latent = effect * columns["profit"] + rng.logistic(size=n)  # type: ignore[operator]
        grades = np.digitize(latent, np.quantile(latent, [0.12, 0.45, 0.85]))
        columns[authors_name] = [list(Grade)[g].value for g in grades]
    return pl.DataFrame(columns)


@pytest.fixture(scope="module")
def found() -> Findings:
    """The models of 600 authorities, fitted once."""
    return fit_authorities(conform_authorities(authorities(), "here"), _STUDY)


def test_the_known_effect_is_found_and_the_third_sector_s_is_not(found: Findings) -> None:
    profit = [e for e in found.estimates if e.model == "paper" and e.term == "profit"]
    assert [e.outcome for e in profit] == ["overall", "leaders", "protection", "care"]
    # The first two let the spread vary with a covariate: their scale is that at its zero.
    for estimate in profit[2:]:
        assert estimate.log_estimate is not None
        assert estimate.std_error_log is not None
        assert abs(estimate.log_estimate + 0.06) < 3 * estimate.std_error_log
        assert estimate.p_value is not None
        assert estimate.p_value < 1e-6
    third = [e for e in found.estimates if e.term == "third"]
    assert len(third) == 4
    assert sum((e.p_value or 0) < 0.05 for e in third) <= 1


def test_the_standard_error_of_table_4_is_that_of_the_ratio(found: Findings) -> None:
    rows = found.tables["table4"].filter(pl.col("term") == "profit")
    assert rows.height == 4
    for row in rows.iter_rows(named=True):
        assert row["std_error_ratio"] == pytest.approx(row["estimate"] * row["std_error_log"])
        half = 1.959964 * row["std_error_log"]
        assert row["ci_high"] == pytest.approx(math.exp(row["log_estimate"] + half), rel=1e-5)


def test_terms_at_thresholds_and_of_the_spread_say_so(found: Findings) -> None:
    terms = {(e.outcome, e.term) for e in found.estimates if e.model == "paper"}
    assert ("overall", "scale:white") in terms
    assert ("protection", "n/threshold:Good|Outstanding") in terms
    assert ("protection", "n") not in terms


def test_missing_values_are_dropped_model_by_model(tmp_path: Path) -> None:
    frame = authorities().with_columns(third=pl.when(pl.col("third") > 12).then(None).otherwise("third"))
    frame.write_csv(tmp_path / "table.csv", null_value="NA")
    found = fit_authorities(read_authority_table(tmp_path / "table.csv"), _STUDY)
    by_model = {(f.model, f.outcome): f.n for f in found.facts}
    assert by_model["paper", "care"] == 600
    assert by_model["third sector instead (falsification)", "care"] == frame["third"].drop_nulls().len()


@pytest.mark.parametrize("column", [*COVARIATES, "region", "over"])
def test_a_missing_column_is_named(column: str) -> None:
    with pytest.raises(DatasetError, match="overall" if column == "over" else column):
        conform_authorities(authorities(20).drop(column), "here")


def test_an_unknown_grade_is_refused() -> None:
    frame = authorities(20).with_columns(over=pl.lit("Splendid"))
    with pytest.raises(DatasetError, match="Splendid"):
        conform_authorities(frame, "here")


def test_a_covariate_in_words_is_refused() -> None:
    with pytest.raises(DatasetError, match="not a number"):
        conform_authorities(authorities(20).with_columns(white=pl.lit("many")), "here")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"absent\.csv"):
        read_authority_table(tmp_path / "absent.csv")


def test_the_curve_of_authorities_spans_every_subset_and_holds_the_plain_model() -> None:
    table = conform_authorities(authorities(200), "here")
    curve = run_authority_curve(table, _STUDY)
    assert curve.height == 4 * 2 * 2**6
    assert curve["error"].null_count() == curve.height
    papers = curve.filter((pl.col("outcome") == "care") & pl.col("papers") & (pl.col("exposure") == "profit"))
    direct = clm("care ~ profit + white + imd + female + under18 + n + region", table)
    assert papers["estimate"].item() == pytest.approx(math.exp(direct.coefficients["profit"]), rel=1e-9)
    assert papers["aic"].item() == pytest.approx(direct.aic, rel=1e-10)
    bare = curve.filter((pl.col("outcome") == "care") & (pl.col("n_covariates") == 0))
    assert set(bare["exposure"]) == {"profit", "third"}
    ratios = curve.filter(pl.col("exposure") == "profit")["estimate"]
    assert ratios.max() < 1  # type: ignore[operator]
