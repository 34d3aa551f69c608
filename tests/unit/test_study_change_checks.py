"""Checks of a change over the pause: a change in the homes is found, one of their make-up told from it."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from study_simulated import simulated_sample

from ofsight.definitions.study import load_study
from ofsight.study.change_checks import check_change
from ofsight.study.change_counts import (
    AFTER,
    BEFORE,
    compare_homes_with_themselves,
    last_and_first,
    with_parts,
)
from ofsight.study.findings import Findings
from ofsight.study.samples import Sample
from ofsight.vocabulary import Domain, Sector

_STUDY = load_study("outsourcing-latest")
_YEARS = (2016, 2017, 2018, 2019, 2022, 2023)


def _closing(frame: pl.DataFrame) -> np.ndarray:
    """A gap of -1 that is gone after the pause, in the same homes."""
    return np.where(frame["year"].to_numpy() >= 2021, 0.0, -1.0)


def _other_homes(sample: Sample) -> Sample:
    """Weak for-profit homes leave at the pause: every gap stays what it is in each home."""
    number = pl.col("urn").str.slice(2).cast(pl.Int64) % 2
    weak = (pl.col("sector") == Sector.PRIVATE.value) & (number == 0) & (pl.col("year") >= 2021)
    return Sample(sample.frame.filter(~weak), sample.flow)


def _half_weak(frame: pl.DataFrame) -> np.ndarray:
    number = frame["urn"].str.slice(2).cast(pl.Int64).to_numpy() % 2
    return np.where(number == 0, -2.0, 0.0)


@pytest.fixture(scope="module")
def closing() -> Findings:
    return check_change(simulated_sample(n_homes=500, years=_YEARS, gap=_closing), _STUDY)


@pytest.fixture(scope="module")
def exchanged() -> Findings:
    return check_change(_other_homes(simulated_sample(n_homes=700, years=_YEARS, gap=_half_weak)), _STUDY)


def _row(found: Findings, check: str, outcome: str = "overall") -> dict[str, float]:
    (row,) = found.tables["change_checks"].filter(
        (pl.col("check") == check) & (pl.col("outcome") == outcome) & (pl.col("term") == "sector:private")
    ).iter_rows(named=True)  # fmt: skip
    return row


@pytest.mark.parametrize(
    "check",
    ["every inspection", "homes may have changed", "the same homes", "one inspection each", "same region"],
)
def test_a_change_in_the_homes_themselves_is_found_by_every_check(closing: Findings, check: str) -> None:
    row = _row(closing, check)
    assert row["factor_low"] < np.exp(1.0) < row["factor_high"]
    assert row["p_value"] < 0.05
    assert row["factor"] == pytest.approx(row["after"] / row["before"])


def test_other_homes_after_the_pause_are_told_from_homes_that_changed(exchanged: Findings) -> None:
    """Weak homes left: over all inspections the gap closes, in the same homes nothing has moved."""
    assert _row(exchanged, "no effects of homes")["p_value"] < 1e-6
    assert _row(exchanged, "the same homes")["p_value"] > 0.01
    rows = exchanged.tables["change_within_homes"].filter(
        (pl.col("term") == "sector:private") & (pl.col("outcome") == "overall")
    )
    assert (rows["p_value"] > 0.01).all()


def test_homes_with_themselves_agree_with_plain_counting() -> None:
    """With one visit each before and after, the points are the difference of differences of the shares."""
    frame = with_parts(simulated_sample(n_homes=600, years=(2019, 2022), gap=_closing).frame, _STUDY.pause)  # type: ignore[arg-type]
    frame = frame.filter(pl.col("sector") != Sector.VOLUNTARY.value)
    row = next(
        r for r in compare_homes_with_themselves(frame, Domain.OVERALL) if r["measure"] == "below Good"
    )
    low = pl.col("overall").cast(pl.String).is_in(["Inadequate", "Requires improvement to be good"])
    share = {(s, p): v for s, p, v in frame.group_by("sector", "part").agg(100 * low.mean()).rows()}
    moved = [share[s.value, AFTER] - share[s.value, BEFORE] for s in (Sector.PRIVATE, Sector.LOCAL_AUTHORITY)]
    assert row["points"] == pytest.approx(moved[0] - moved[1])
    # And the clustered error is that of a difference of two means of differences.
    wide = frame.select("urn", "sector", "part", low=100.0 * low).pivot(
        "part", index=["urn", "sector"], values="low"
    )
    wide = wide.with_columns(moved=pl.col(AFTER) - pl.col(BEFORE))
    by_sector = wide.group_by("sector").agg(v=pl.col("moved").var(ddof=0) / pl.len())
    expected = float(by_sector["v"].sum()) ** 0.5 * (wide.height / (wide.height - 1)) ** 0.5
    assert (row["high"] - row["points"]) / 1.959964 == pytest.approx(expected, rel=1e-6)


def test_one_inspection_each_is_the_last_before_and_the_first_after() -> None:
    frame = pl.DataFrame(
        {
            "urn": ["a", "a", "a", "a", "b"],
            "inspected_on": [
                date(2018, 1, 1),
                date(2019, 1, 1),
                date(2022, 1, 1),
                date(2023, 1, 1),
                date(2019, 5, 1),
            ],
            "part": [BEFORE, BEFORE, AFTER, AFTER, BEFORE],
        }
    )
    assert last_and_first(frame)["inspected_on"].to_list() == [date(2019, 1, 1), date(2022, 1, 1)]


def test_the_pause_itself_belongs_to_no_part() -> None:
    sample = simulated_sample(n_homes=300, years=(2019, 2020, 2021))
    assert _STUDY.pause is not None
    kept = with_parts(sample.frame, _STUDY.pause)
    inside = pl.col("inspected_on").is_between(_STUDY.pause.start, _STUDY.pause.end)
    assert kept.height == sample.frame.filter(~inside).height
    assert kept.filter(inside).is_empty()


def test_too_few_after_the_pause_is_said_not_computed() -> None:
    sample = simulated_sample(n_homes=60, years=(2018, 2019, 2021))
    found = check_change(sample, _STUDY)
    assert found.tables == {}
    assert "30 inspections" in found.notes[0]
    without = _STUDY.model_copy(update={"pause": None})
    assert check_change(sample, without) == Findings()


def test_shares_are_counts_over_counts(closing: Findings) -> None:
    shares = closing.tables["change_shares"]
    assert set(shares["check"]) == {"every inspection", "the same homes", "one inspection each"}
    assert (shares["share_below_good"] == shares["n_below_good"] / shares["n"]).all()
    each = shares.filter(pl.col("check") == "one inspection each")
    assert (each["n"] == each["n_homes"]).all()
