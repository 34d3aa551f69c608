"""Homes at risk by half year: who enters when, who leaves, and that nothing of the future is used."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from profile_tables import dataset_of, inspected, listed

from ofsight.dataset.store import Dataset
from ofsight.errors import ModelError
from ofsight.planning.models.periods import covariates_on, landmark_rows, make_periods, outcome_share

LISTS = [date(year, 3, 31) for year in (2018, 2019, 2020, 2021)]


def homes_table(rows: list[dict[str, Any]], closed: dict[str, date]) -> list[dict[str, Any]]:
    last: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["listed_on"]):
        last[row["urn"]] = {**row, "closed_on": closed.get(row["urn"]), "n_inspections": 0, "n_graded": 0}
    return list(last.values())


def made(**others: Any) -> Dataset:
    """Ten homes on every list, of which H0 closes in May 2019, and N1 first listed in 2020."""
    closed = {"H0": date(2019, 5, 20), **others.pop("closed", {})}
    rows = [
        listed(f"H{k}", listed_on=on, owner_id=f"o{k % 3}", registered_on=date(2016, 1, 1))
        for on in LISTS
        for k in range(10)
        if closed.get(f"H{k}", date.max) > on and others.get("gone", {}).get(f"H{k}", date.max) > on
    ]
    rows += [
        listed("N1", listed_on=on, owner_id="o9", registered_on=date(2019, 9, 1), authority="Bury")
        for on in LISTS[2:]
    ]
    inspections = [
        inspected("H1", date(2018, 1, 5), overall="Good", published_on=date(2018, 2, 5)),
        inspected("H1", date(2019, 3, 20), overall="Inadequate", published_on=date(2019, 5, 1)),
    ]
    return dataset_of(home_snapshots=rows, homes=homes_table(rows, closed), inspections=inspections)


def of(frame: pl.DataFrame, urn: str) -> pl.DataFrame:
    return frame.filter(pl.col("urn") == urn).sort("starts_on")


def test_half_years_lie_within_the_lists() -> None:
    periods = made_periods = make_periods(made())
    assert (periods.since, periods.until) == (LISTS[0], LISTS[-1])
    assert made_periods.frame["starts_on"].n_unique() == 6
    assert periods.frame.filter(pl.col("ends_on") > LISTS[-1]).is_empty()


def test_a_home_leaves_in_the_half_year_of_its_day_and_is_gone_after() -> None:
    rows = of(make_periods(made()).frame, "H0")
    assert rows["exited"].to_list() == [False, False, True]
    assert rows["starts_on"].to_list()[-1] == date(2019, 3, 31)


def test_a_home_enters_with_the_list_that_first_holds_it() -> None:
    rows = of(make_periods(made()).frame, "N1")
    assert rows["starts_on"].to_list() == [date(2020, 3, 31), date(2020, 9, 30)]
    assert rows["age_years"].to_list() == pytest.approx([212 / 365.25, 395 / 365.25])
    assert not rows["exited"].any()


def test_a_home_that_vanished_left_in_the_middle_of_the_gap() -> None:
    periods = make_periods(made(gone={"H5": date(2020, 3, 1)}))
    rows = of(periods.frame, "H5")
    # Last listed on 31 March 2019, next list a year later: half way is 30 September 2019.
    assert rows["exited"].to_list()[-1]
    assert rows.height == 3
    assert periods.about["n_exits_without_a_day"] == 1


def test_the_judgement_is_the_one_whose_report_was_out() -> None:
    grades = of(make_periods(made()).frame, "H1")["grade"].to_list()
    assert grades == ["Good", "Good", "Good", "Inadequate", "Inadequate", "Inadequate"]


def test_group_and_rivals_are_counted_on_the_newest_list() -> None:
    found = covariates_on(made(), LISTS[0])
    mine = found.filter(pl.col("urn") == "H1").row(0, named=True)
    assert (mine["group_size"], mine["rivals"]) == (3, 7)
    unlinked = dataset_of(home_snapshots=[listed("A"), listed("B", owner_id=None, owner=None), listed("C")])
    alone = covariates_on(unlinked, date(2024, 4, 1)).filter(pl.col("urn") == "B").row(0, named=True)
    assert alone["group_size"] is None
    assert alone["rivals"] == 2


def test_nothing_of_the_future_is_used() -> None:
    dataset = made()
    whole = make_periods(dataset).frame.filter(pl.col("ends_on") <= LISTS[2])
    early = make_periods(dataset, until=LISTS[2]).frame
    keys = ["urn", "starts_on"]
    assert early.drop("continued").sort(keys).equals(whole.drop("continued").sort(keys))


def test_an_exit_that_went_on_is_shared_between_outcomes() -> None:
    on = date(2019, 5, 20)
    rows = [listed(f"H{k}", listed_on=d, registered_on=date(2016, 1, 1)) for d in LISTS[:2] for k in range(9)]
    rows += [
        listed(f"H{k}", listed_on=d, registered_on=date(2016, 1, 1)) for d in LISTS[2:] for k in range(1, 9)
    ]
    rows += [listed("NEW", listed_on=d, registered_on=on, owner_id="buyer") for d in LISTS[2:]]
    periods = make_periods(dataset_of(home_snapshots=rows, homes=homes_table(rows, {"H0": on})))
    assert outcome_share(periods.frame, "exit").sum() == 1
    assert outcome_share(periods.frame, "transfer").sum() == pytest.approx(1.0)
    assert outcome_share(periods.frame, "close").sum() == pytest.approx(0.0)


def test_landmarks_follow_a_home_as_it_was_known() -> None:
    frame = make_periods(made()).frame
    rows = landmark_rows(frame, 3)
    marks = [day for day in LISTS if day in set(frame["starts_on"])]
    assert rows.filter(pl.col("lead") == 1).height == frame.filter(pl.col("starts_on").is_in(marks)).height
    h1 = rows.filter(pl.col("urn") == "H1", pl.col("starts_on") == LISTS[0]).sort("lead")
    assert h1["grade"].to_list() == ["Good"] * 3
    assert h1["age_years"].diff().drop_nulls().to_list() == pytest.approx([0.5, 0.5])
    h0 = rows.filter(pl.col("urn") == "H0", pl.col("starts_on") == LISTS[0]).sort("lead")
    assert h0["exited"].to_list() == [False, False, True]


def test_lists_too_few_or_without_owners_are_told() -> None:
    with pytest.raises(ModelError, match="at least a year apart"):
        make_periods(dataset_of(home_snapshots=[listed("A")]))
    rows = [listed("A", listed_on=on, owner_id=None, owner=None) for on in LISTS]
    with pytest.raises(ModelError, match="owner, places and registration date"):
        make_periods(dataset_of(home_snapshots=rows))


def test_days_of_leaving_before_the_window_are_no_exit() -> None:
    dataset = made(closed={"H2": LISTS[0] - timedelta(days=3)})
    assert make_periods(dataset).frame.filter(pl.col("urn") == "H2").is_empty()
