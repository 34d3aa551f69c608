"""The gap in each part of the record: found where it was put, and not found to change where it does not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from study_simulated import simulated_sample

from ofsight.definitions.study import load_study
from ofsight.study.findings import Findings
from ofsight.study.gaps import split_gaps

_STUDY = load_study("outsourcing-latest").model_copy(
    update={"models": tuple(
        m.model_copy(update={"outcomes": m.outcomes[:1]}) for m in load_study("outsourcing-latest").models
    )}
)  # fmt: skip


def _widening(frame: pl.DataFrame) -> np.ndarray:
    """A gap that opens in 2018."""
    return np.where(frame["year"].to_numpy() >= 2018, -1.2, 0.0)


@pytest.fixture(scope="module")
def opening() -> Findings:
    return split_gaps(simulated_sample(gap=_widening), _STUDY)


@pytest.fixture(scope="module")
def steady() -> Findings:
    return split_gaps(simulated_sample(gap=-0.6), _STUDY)


def _p_value(found: Findings, item: str, test: str, model: str = "unadjusted") -> float:
    (row,) = found.tables["gap_tests"].filter(
        (pl.col("item") == item) & (pl.col("test") == test) & (pl.col("model") == model)
    ).iter_rows(named=True)  # fmt: skip
    return float(row["p_value"])


@pytest.mark.parametrize("model", ["unadjusted", "adjusted"])
def test_the_gap_of_each_year_is_found(opening: Findings, model: str) -> None:
    shown = [
        e
        for e in opening.estimates
        if (e.item, e.model, e.variance) == ("gap_by_year", model, "model")
        and e.term.startswith("sector:private")
    ]
    assert [e.term for e in shown] == [f"sector:private/{y}" for y in (2016, 2017, 2018, 2019, 2021)]
    for estimate, truth in zip(shown, (0.0, 0.0, -1.2, -1.2, -1.2), strict=True):
        assert estimate.log_estimate is not None
        assert estimate.std_error_log is not None
        assert abs(estimate.log_estimate - truth) < 3 * estimate.std_error_log


def test_a_gap_that_opens_is_told_from_one_that_does_not(opening: Findings, steady: Findings) -> None:
    for test in ("likelihood ratio", "likelihood ratio: straight line", "Wald, clustered: private"):
        assert _p_value(opening, "gap_by_year", test) < 1e-4
        assert _p_value(steady, "gap_by_year", test) > 0.001
    assert _p_value(opening, "gap_pause", "likelihood ratio") < 0.01
    assert _p_value(steady, "gap_pause", "likelihood ratio") > 0.01
    assert _p_value(opening, "gap_by_year", "Wald, clustered: voluntary") > 0.01


def test_before_and_after_the_pause_count_the_right_inspections(steady: Findings) -> None:
    sample = simulated_sample(gap=-0.6).frame
    rows = steady.tables["gaps"].filter(
        (pl.col("item") == "gap_pause") & (pl.col("variance") == "model") & (pl.col("model") == "unadjusted")
    )
    counted = {(r["sector"], r["part"]): r["n_in_part"] for r in rows.iter_rows(named=True)}
    after = sample.filter((pl.col("year") == 2021) & (pl.col("inspected_on") > pl.date(2021, 3, 31)))
    for sector in ("Private", "Voluntary"):
        assert counted[sector, "after the pause"] == (after["sector"] == sector).sum()


def test_robust_errors_stand_beside_the_model_s(steady: Findings) -> None:
    by_term: dict[tuple[str, str, str], set[str | None]] = {}
    for e in steady.estimates:
        by_term.setdefault((e.item, e.model, e.term), set()).add(e.variance)
    assert set(map(frozenset, by_term.values())) == {frozenset({"model", "cluster"})}


def test_a_record_of_one_part_says_so() -> None:
    found = split_gaps(simulated_sample(years=(2018,), n_homes=150), _STUDY)
    assert not found.estimates
    assert len(found.notes) == 3
    assert all("one part only" in note for note in found.notes)


def test_a_part_with_few_inspections_of_a_sector_is_left_out() -> None:
    sample = simulated_sample(n_homes=300)
    few = sample.frame.filter(~((pl.col("sector") == "Voluntary") & (pl.col("year") == 2019)))
    found = split_gaps(type(sample)(few, sample.flow), _STUDY)
    terms = {e.term for e in found.estimates if e.item == "gap_by_year"}
    assert "sector:voluntary/2019" not in terms
    assert {"sector:voluntary/2018", "sector:private/2019"} <= terms
