"""Table 4 on the authors' own table: every printed digit, and R's full precision."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest

from ofsight.definitions.study import load_study
from ofsight.study.authorities import fit_authorities, fit_authority_model
from ofsight.study.authority_table import read_authority_table
from ofsight.study.findings import Findings
from ofsight.study.ledger import make_ledger

_STUDY = load_study("outsourcing-2022")
# R, ordinal 2022.11-16: clm on the same table (models 1 and 4, and with the third sector's share).
_R = {
    ("paper", "overall"): (-161.339787611266, -0.0776783241547332, 0.0348792348739365, 146),
    ("paper", "care"): (-139.207058115083, None, None, 144),
    ("third sector instead (falsification)", "overall"): (-140.442040451408, None, None, 126),
    ("third sector instead (falsification)", "care"): (-121.268075933627, None, None, 124),
}


@pytest.fixture(scope="module")
def table(official: Path) -> pl.DataFrame:
    file = (
        official.parent / "derived" / "bengoodair-outsourcing-childrens-social-care" / "ladata_submitted.csv"
    )
    if not file.is_file():
        pytest.skip(f"needs the authors' table beside the releases of OFSIGHT_RELEASES: {file}")
    return read_authority_table(file)


@pytest.fixture(scope="module")
def found(table: pl.DataFrame) -> Findings:
    return fit_authorities(table, _STUDY)


def test_every_printed_digit_of_table_4_comes_out(found: Findings) -> None:
    ledger = make_ledger(_STUDY, found.estimates, found.facts).filter(pl.col("item") == "table4")
    assert ledger.height == 8
    assert set(ledger["verdict"]) == {"same to print"}
    ratios = ledger.filter(pl.col("quantity") == "odds ratio")
    assert ratios["std_error_same_to_print"].all()
    assert ledger["published_n"].to_list() == ledger["ours_n"].to_list()


@pytest.mark.parametrize(("model", "outcome"), list(_R))
def test_fits_agree_with_r(found: Findings, model: str, outcome: str) -> None:
    log_likelihood, beta, error, n = _R[model, outcome]
    (fact,) = (f for f in found.facts if (f.model, f.outcome) == (model, outcome))
    assert fact.log_likelihood == pytest.approx(log_likelihood, rel=1e-8)
    assert fact.n == n
    if beta is not None:
        (ours,) = (e for e in found.estimates if (e.model, e.outcome, e.term) == (model, outcome, "profit"))
        assert ours.log_estimate == pytest.approx(beta, rel=1e-6)
        assert ours.std_error_log == pytest.approx(error, rel=1e-5)


def test_tests_of_terms_agree_with_r_and_hold_where_r_has_none(found: Findings) -> None:
    tests = {
        (row["outcome"], row["test"], row["term"]): row
        for row in found.tables["table4_tests"].iter_rows(named=True)
    }
    # R on centred covariates: likelihood-ratio statistics of nominal_test, which is NA on the raw ones.
    for term, statistic in (("profit", 4.15980740424413), ("female", 1.16893681936722),
                            ("under18", 6.10919109032716), ("n", 3.75425185276032)):  # fmt: skip
        assert tests["overall", "nominal", term]["statistic"] == pytest.approx(statistic, rel=1e-6)
    assert tests["overall", "nominal", "region"]["convergence"] == "SEPARATED"


def test_the_third_sector_s_share_is_not_associated(found: Findings) -> None:
    falsified = [e for e in found.estimates if e.term == "third"]
    assert len(falsified) == 4
    assert all(e.p_value is not None and e.p_value > 0.1 for e in falsified)


def test_moving_a_covariate_moves_no_odds_ratio_of_the_exposure(table: pl.DataFrame) -> None:
    model = _STUDY.authority_models[2]
    before = fit_authority_model(table, model)
    after = fit_authority_model(table.with_columns(pl.col("white") * 10 + 3), model)
    assert after.coefficients["profit"] == pytest.approx(before.coefficients["profit"], rel=1e-6)
    assert math.isclose(after.log_likelihood, before.log_likelihood, rel_tol=1e-10)
