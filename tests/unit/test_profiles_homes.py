"""Homes open, supply over time, judgements and holders: against counts made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from profile_tables import NEWEST, dataset_of, inspected, listed

from ofsight.dataset.store import Dataset
from ofsight.errors import UsageError
from ofsight.profiles.area import authority_names, find_area, list_areas
from ofsight.profiles.holders import holders_in
from ofsight.profiles.homes_open import lists_of_judged_homes, open_homes, snapshot_dates, snapshot_on
from ofsight.profiles.judgements import judgements_by_year, latest_judgements
from ofsight.profiles.supply import homes_over_time, openings_closures

OLD = date(2019, 3, 31)
NO_PLACES = date(2015, 3, 31)


@pytest.fixture(scope="module")
def data() -> Dataset:
    group = {"owner": "Keys Care Ltd", "owner_id": "keys-care", "owner_group": "Keys Group"}
    sister = {"owner": "Keys Childcare Ltd", "owner_id": "keys-childcare", "owner_group": "Keys Group"}
    council = {"sector": "Local Authority", "owner": "Bolton Council", "owner_id": "council-bolton"}
    unlinked = {"owner": None, "owner_id": None}
    lists = [
        listed("SC1", **group, places=5, registered_on=date(2018, 4, 15)),
        listed("SC2", **sister, places=3),
        listed("SC3", **council, places=6),
        listed("SC4", **unlinked, places=2),
        listed("SC5", places=1, authority="Kent"),
        listed("SC6", **council, places=8, registration_status="Suspended"),
        *(listed(urn, listed_on=OLD, places=7) for urn in ("SC1", "SC2", "SC9")),
        *(listed(urn, listed_on=NO_PLACES, places=None, **unlinked) for urn in ("SC1", "SC9")),
    ]
    inspections = [
        inspected(
            "SC1", date(2023, 5, 30), overall="Inadequate", leadership="Requires improvement to be good"
        ),
        inspected("SC1", date(2024, 1, 10), inspection_type="Assurance visit", overall=None, protection=None),
        inspected("SC1", date(2024, 5, 1), overall="Outstanding"),  # after the list
        inspected("SC1", date(2018, 9, 1), overall="Good"),
        inspected("SC2", date(2022, 2, 1), overall="Outstanding"),
        inspected("SC3", date(2023, 3, 31), overall="Good", sector="Local Authority"),
    ]
    homes = [
        {**row, "n_inspections": 0, "n_graded": 0, "last_listed_on": row["listed_on"]}
        for row in lists
        if row["listed_on"] == NEWEST
    ]
    homes.append({**listed("SC9"), "closed_on": date(2020, 4, 1), "closure_status": "Cancelled",
                  "registered_on": date(2014, 1, 1), "n_inspections": 0, "n_graded": 0})  # fmt: skip
    joined = {"urn": "SC1", "kind": "joined", "release": "joiners/2018-19", "row": 1}
    release = {"release": "joiners/2018-19", "period_end": date(2019, 3, 31)}
    return dataset_of(home_snapshots=lists, inspections=inspections, homes=homes, movements=[joined],
                      releases=[release])  # fmt: skip


def test_open_homes_are_those_of_the_list(data: Dataset) -> None:
    homes = open_homes(data)
    assert homes["urn"].to_list() == ["SC1", "SC2", "SC3", "SC4", "SC5", "SC6"]
    first = homes.row(0, named=True)
    assert first["inspected_on"] == date(2023, 5, 30)  # neither the visit without grades nor what came later
    assert (first["overall"], first["leadership"]) == ("Inadequate", "Requires improvement to be good")
    assert first["months_since"] == 10
    assert first["age_years"] == pytest.approx((NEWEST - date(2018, 4, 15)).days / 365.25)
    assert (first["group_id"], first["holder_id"], first["holder"]) == (
        "group-keys-group", "group-keys-group", "Keys Group"
    )  # fmt: skip
    third = homes.row(2, named=True)
    assert (third["group"], third["holder_id"], third["months_since"]) == (None, "council-bolton", 12)
    fourth = homes.row(3, named=True)
    assert (fourth["link_status"], fourth["holder_id"], fourth["judgement_status"]) == (
        "unlinked", None, "not yet graded"
    )  # fmt: skip


def test_lists_without_homes_not_yet_judged_are_told_apart() -> None:
    def of(on: date, grades: list[str | None]) -> list[dict[str, object]]:
        return [listed(f"SC{i}", listed_on=on, latest_overall=grade) for i, grade in enumerate(grades)]

    no_grades, judged = of(NO_PLACES, [None, None]), of(OLD, ["Good"] * 4)
    assert lists_of_judged_homes(dataset_of(home_snapshots=[*no_grades, *judged])) == ()
    full = of(NEWEST, ["Good"] * 19 + [None])
    assert lists_of_judged_homes(dataset_of(home_snapshots=[*no_grades, *judged, *full])) == (OLD,)


def test_open_homes_by_area_and_day(data: Dataset) -> None:
    assert open_homes(data, find_area(data, "Kent"))["urn"].to_list() == ["SC5"]
    assert open_homes(data, find_area(data, "City of London")).is_empty()
    assert open_homes(data, find_area(data, "North West+Kent")).height == 6
    old = open_homes(data, on=date(2020, 1, 1))
    assert old["urn"].to_list() == ["SC1", "SC2", "SC9"]
    assert old["inspected_on"].to_list() == [date(2018, 9, 1), None, None]
    assert set(open_homes(data, on=NO_PLACES)["places_status"]) == {"not published"}
    assert snapshot_dates(data) == (NO_PLACES, OLD, NEWEST)
    assert snapshot_on(data, OLD) == OLD
    with pytest.raises(UsageError, match="first list is of 2015-03-31"):
        open_homes(data, on=date(2014, 1, 1))


def test_homes_over_time_counts_zeros_and_says_where_places_are_unknown(data: Dataset) -> None:
    counted = homes_over_time(data, find_area(data, "Bolton"))
    assert counted.height == 3 * 4

    def row(day: date, sector: str) -> dict[str, object]:
        found = counted.filter((pl.col("listed_on") == day) & (pl.col("sector") == sector))
        return found.row(0, named=True)

    assert row(NO_PLACES, "All")["n_places"] is None
    assert row(NO_PLACES, "All")["n_unlinked"] == 2
    assert row(NO_PLACES, "Voluntary")["n_places"] == 0
    assert row(OLD, "All")["n_places"] == 21
    now = row(NEWEST, "Local Authority")
    assert (now["n_homes"], now["n_places"]) == (2, 14)
    assert now["share_of_places"] == pytest.approx(14 / 24)
    assert row(NEWEST, "All")["share_of_homes"] == 1.0
    nowhere = homes_over_time(data, find_area(data, "Rutland"))
    assert nowhere["n_homes"].sum() == nowhere["n_places"].sum() == 0
    assert nowhere["share_of_homes"].null_count() == nowhere.height


def test_openings_and_closures_begin_where_the_releases_do(data: Dataset) -> None:
    counted = openings_closures(data).filter(pl.col("sector") == "All")
    rows = {row["year"]: row for row in counted.iter_rows(named=True)}
    assert min(rows) == 2016  # closures: the year after the first list
    assert max(rows) == 2024
    assert rows[2018]["n_opened"] is None  # joiners are known from the year to March 2019
    assert (rows[2019]["n_opened"], rows[2019]["places_opened"]) == (1, 5)  # 15 April 2018
    assert (rows[2020]["n_closed"], rows[2021]["n_closed"]) == (0, 1)  # 1 April is of the next year
    assert rows[2021]["n_cancelled"] == 1


def test_latest_judgements_count_by_domain_and_sector(data: Dataset) -> None:
    found = latest_judgements(data)
    overall = {
        row["sector"]: row for row in found.filter(pl.col("domain") == "overall").iter_rows(named=True)
    }
    every = overall["All"]
    assert (every["n_homes"], every["n_graded"], every["n_ungraded"]) == (6, 3, 3)
    assert (every["n_inadequate"], every["n_good"], every["n_outstanding"]) == (1, 1, 1)
    assert every["share"] == pytest.approx(2 / 3)
    assert every["low"] == pytest.approx(0.20766, abs=1e-5)  # Wilson, by R's prop.test(2, 3, correct = FALSE)
    assert every["high"] == pytest.approx(0.93851, abs=1e-5)
    assert every["few"]
    assert overall["Voluntary"]["share"] is None
    leadership = found.filter((pl.col("domain") == "leadership") & (pl.col("sector") == "Private"))
    assert leadership["n_requires_improvement"].item() == 1


def test_judgements_by_year_count_full_inspections_only(data: Dataset) -> None:
    found = judgements_by_year(data).filter(pl.col("sector") == "All")
    rows = {row["year"]: row for row in found.iter_rows(named=True)}
    assert sorted(rows) == list(range(2018, 2025))
    assert (rows[2024]["n_inspections"], rows[2024]["n_full"], rows[2024]["n_graded"]) == (2, 1, 1)
    assert (rows[2023]["n_inadequate"], rows[2023]["n_good"]) == (1, 1)
    assert rows[2019]["n_inspections"] == 0
    assert rows[2019]["share"] is None
    with pytest.raises(UsageError, match="overall, protection, leadership"):
        judgements_by_year(data, None, "happiness")


def test_holders_are_groups_then_owners_and_the_unlinked_last(data: Dataset) -> None:
    found = holders_in(data, find_area(data, "Bolton"))
    assert found.select("rank", "holder", "kind", "n_homes", "n_places").rows() == [
        (1, "Bolton Council", "council", 2, 14),
        (2, "Keys Group", "group", 2, 8),
        (None, None, "unlinked", 1, 2),
    ]
    assert found["share_of_places"].sum() == pytest.approx(1.0)
    assert found["share_of_homes"].to_list() == pytest.approx([0.4, 0.4, 0.2])
    assert found["n_good_or_better"].to_list() == [1, 1, 0]
    assert found["n_areas_in_england"].to_list() == [1, 1, None]
    assert holders_in(data, find_area(data, "City of London")).is_empty()
    before_names = holders_in(data, on=NO_PLACES)
    assert before_names.select("kind", "n_homes", "n_places").rows() == [("unlinked", 2, None)]


@pytest.mark.parametrize(
    "ask", [homes_over_time, openings_closures, latest_judgements, judgements_by_year, holders_in]
)
def test_an_area_looked_up_is_as_one_asked_about_alone(data, ask):
    """Areas with a name are answered all at once; the same authorities as a set are asked about alone."""
    seen = 0
    for slug in list_areas(data)["slug"]:
        area = find_area(data, slug)
        if area.kind == "england" or not {"Bolton", "Kent", "Rutland", "Dorset"} & set(
            authority_names(data, area)
        ):
            continue
        alone = ask(data, replace(area, kind="set"))
        # Polars divides by one number as it multiplies by its reciprocal: the last digit may differ.
        assert_frame_equal(ask(data, area), alone, rel_tol=1e-14, abs_tol=0)
        seen += 1
    assert seen >= 7
    assert_frame_equal(ask(data), ask(data, find_area(data, "England")))
