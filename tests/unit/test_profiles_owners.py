"""Owners, groups and homes: what they were on every list, what changed, and where each row is from."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from profile_tables import NEWEST, dataset_of, inspected, listed

from ofsight.dataset.store import Dataset
from ofsight.errors import UsageError
from ofsight.profiles.bundle import owner_profile
from ofsight.profiles.compare import compare_owners
from ofsight.profiles.home import find_home
from ofsight.profiles.homes_open import open_homes, snapshot_dates
from ofsight.profiles.judgements import count_latest
from ofsight.profiles.owner import (
    find_owner,
    list_owners,
    owner_areas,
    owner_changes,
    owner_homes,
    owner_judgements,
    owner_openings_closures,
    owner_over_time,
)
from ofsight.profiles.supply import openings_closures

FIRST, SECOND = date(2018, 3, 31), date(2019, 3, 31)
CAMBIAN = {"owner": "Cambian Ltd", "owner_id": "cambian"}
KEYS = {"owner": "Keys Care Ltd", "owner_id": "keys-care", "owner_group": "Keys Group"}
SCRIPT = {"owner": "<script>alert(1)</script>", "owner_id": "script-alert-1-script"}


@pytest.fixture(scope="module")
def data() -> Dataset:
    lists = [
        listed("SC1", listed_on=FIRST, **CAMBIAN),
        listed("SC1", listed_on=SECOND, owner=None, owner_id=None),
        listed("SC1", **{**CAMBIAN, "owner_group": "CareTech"}, places=6),
        listed("SC2", listed_on=FIRST, **CAMBIAN),
        listed("SC2", listed_on=SECOND, **KEYS, authority="Kent"),
        listed("SC2", **KEYS, sector="Voluntary", authority="Kent"),
        listed("SC3", **SCRIPT),
    ]
    inspections = [
        inspected("SC2", date(2018, 5, 1), overall="Inadequate", overall_as_published="Inadequate"),
        inspected("SC2", date(2021, 5, 1), overall="Good", row=9),
    ]
    revisions = [
        {"urn": "SC2", "inspected_on": date(2021, 5, 1), "column": "overall", "old_value": "Inadequate",
         "new_value": "Good", "old_release": "a", "new_release": "b"}
    ]  # fmt: skip
    return dataset_of(home_snapshots=lists, inspections=inspections, revisions=revisions)


def test_owners_are_found_by_any_spelling(data: Dataset) -> None:
    for text in ("cambian", "Cambian Ltd", "CAMBIAN LIMITED", "The Cambian"):
        assert find_owner(data, text).slug == "cambian"
    group = find_owner(data, "keys group")
    assert (group.slug, group.kind, group.owner_ids) == ("group-keys-group", "group", ("keys-care",))
    assert find_owner(data, SCRIPT["owner"]).slug == SCRIPT["owner_id"]
    for slug in list_owners(data)["slug"]:
        assert find_owner(data, slug).slug == slug
    with pytest.raises(UsageError, match="Nearest: Cambian Ltd"):
        find_owner(data, "cambain")
    for nothing in ("", "x" * 1000, "\x00"):
        with pytest.raises(UsageError, match="No owner or group"):
            find_owner(data, nothing)


def test_what_is_counted_of_all_at_once_is_what_is_counted_of_one(data: Dataset) -> None:
    """Answers are slices of those of all owners: held here to the plain question about one."""
    lists = {day: open_homes(data, on=day) for day in snapshot_dates(data)}
    for slug, kind in list_owners(data).select("slug", "kind").iter_rows():
        owner, mine = find_owner(data, slug), pl.col(f"{kind}_id") == slug
        homes = open_homes(data).filter(mine)
        assert owner_homes(data, owner).equals(homes)
        assert owner_homes(data, owner, FIRST).equals(lists[FIRST].filter(mine))
        assert owner_judgements(data, owner).equals(count_latest(homes))
        counted, where = owner_over_time(data, owner), owner_areas(data, owner)
        for day, frame in lists.items():
            there = frame.filter(mine)
            of_day, by_area = counted.filter(listed_on=day), where.filter(listed_on=day)
            assert of_day["n_homes"].sum() == by_area["n_homes"].sum() == there.height
            assert of_day["n_places"].sum() == by_area["n_places"].sum() == there["places"].sum()
            assert sorted(by_area["authority"]) == sorted(there["authority"].unique())
        opened = owner_openings_closures(data, owner).filter(sector="All")
        known = data.homes.filter(
            pl.col("owner_group") == owner.name if kind == "group" else pl.col("owner_id") == slug
        )
        assert opened["n_closed"].sum() <= known["closed_on"].count()
        assert opened.height == openings_closures(data).filter(sector="All").height


def test_an_owner_counts_in_its_group_from_the_day_it_belongs(data: Dataset) -> None:
    caretech = find_owner(data, "CareTech")
    counted = owner_over_time(data, caretech)
    assert counted.select("listed_on", "n_homes", "n_places").rows() == [
        (FIRST, 0, 0), (SECOND, 0, 0), (NEWEST, 1, 6)
    ]  # fmt: skip
    listed_owners = list_owners(data)
    cambian = listed_owners.filter(pl.col("slug") == "cambian").row(0, named=True)
    assert (cambian["group"], cambian["n_homes"], cambian["first_listed_on"]) == ("CareTech", 1, FIRST)


def test_changes_of_owner_skip_lists_without_a_name(data: Dataset) -> None:
    gone = owner_changes(data, find_owner(data, "cambian"))
    assert gone.rows() == [(SECOND, "went to", 1, 4, "keys-care", "Keys Care Ltd")]
    group = owner_changes(data, find_owner(data, "group-keys-group"))
    assert group.rows() == [(SECOND, "came from", 1, 4, "cambian", "Cambian Ltd")]
    joined = owner_changes(data, find_owner(data, "group-caretech"))
    assert joined.select("listed_on", "direction", "other").rows() == [(NEWEST, "came from", "Cambian Ltd")]


def test_areas_of_an_owner_with_its_share(data: Dataset) -> None:
    rows = owner_areas(data, find_owner(data, "keys-care")).filter(pl.col("listed_on") == NEWEST)
    assert rows.select("authority", "n_homes", "share_of_homes").rows() == [("Kent", 1, 1.0)]
    first = owner_areas(data, find_owner(data, "cambian")).row(-1, named=True)
    assert (first["authority"], first["n_homes"], first["share_of_places"]) == ("Bolton", 2, 1.0)


def test_owner_profiles_and_comparisons(data: Dataset) -> None:
    profile = owner_profile(data, find_owner(data, "keys-care"))
    assert profile.judgements.filter(pl.col("domain") == "overall")["n_good"].max() == 1
    found = compare_owners(data, [find_owner(data, "keys-care"), find_owner(data, "cambian")])
    assert found.filter(pl.col("measure") == "n_places")["value"].to_list() == [4, 6]
    assert set(found.filter(pl.col("measure") == "good_or_better_overall")["status"]) == {"too few", "none"}


def test_a_home_s_timeline_says_where_each_row_is_from(data: Dataset) -> None:
    home = find_home(data, " sc2 ")
    assert home.timeline["inspected_on"].to_list() == [date(2021, 5, 1), date(2018, 5, 1)]
    assert home.timeline.select("release", "row").row(0) == ("lists/2024-03-31", 9)
    assert home.timeline["overall_as_published"].to_list() == ["Good", "Inadequate"]
    assert home.changes.rows() == [
        (SECOND, "Owner", "Cambian Ltd", "Keys Care Ltd"),
        (SECOND, "Local authority", "Bolton", "Kent"),
        (NEWEST, "Sector", "Private", "Voluntary"),
    ]
    assert home.revisions.height == 1
    assert home.now["is_open"] is True
    assert home.now["group_id"] == "group-keys-group"


@pytest.mark.parametrize("said", [True, False, None])
def test_a_home_says_of_short_breaks_what_the_last_list_says(said: bool | None) -> None:
    rows = [
        listed("SC1", listed_on=SECOND, short_breaks_only=not said),
        listed("SC1", short_breaks_only=said),
    ]
    made = dataset_of(home_snapshots=rows, homes=[listed("SC1")])
    home = find_home(made, "SC1")
    assert home.now["short_breaks_only"] is said
    assert home.standings["short_breaks_only"].to_list() == [not said, said]


def test_a_home_shows_no_name_or_address(data: Dataset) -> None:
    home = find_home(data, "SC1")
    shown = {*home.timeline.columns, *home.standings.columns, *home.movements.columns, *home.now}
    assert not [
        name for name in shown if any(word in name for word in ("name", "address", "postcode", "town"))
    ]
    for wrong in ("SC99999999999999", "SC999", "../x", "", "SC1'; drop table homes"):
        with pytest.raises(UsageError, match="No children's home"):
            find_home(data, wrong)
