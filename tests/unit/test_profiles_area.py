"""One text means one area, everywhere."""

from __future__ import annotations

import gc
import re
from datetime import date

import polars as pl
import pytest
from profile_tables import dataset_of, listed

from ofsight.dataset.store import Dataset
from ofsight.errors import UsageError
from ofsight.profiles.area import (
    MOST_IN_A_SET,
    Area,
    SetTooLargeError,
    authority_names,
    begins_on,
    dataset_day,
    find_area,
    history_names,
    list_areas,
    region_of,
)
from ofsight.profiles.kept import _KEPT, keep


@pytest.fixture(scope="module")
def data() -> Dataset:
    return dataset_of(home_snapshots=[listed("SC1"), listed("SC2", authority="Kent")])


def test_every_area_is_found_by_code_name_and_slug(data: Dataset) -> None:
    areas = list_areas(data)
    assert areas["slug"].is_unique().all()
    assert areas["kind"].value_counts().sort("count")["count"].to_list() == [1, 9, 153]
    for code, name, kind, slug in areas.select("code", "name", "kind", "slug").iter_rows():
        found = find_area(data, code)
        assert (found.name, found.kind, found.slug) == (name, kind, slug)
        assert found == find_area(data, name) == find_area(data, slug) == find_area(data, slug.upper())
        assert re.fullmatch(r"[a-z0-9-]+", slug)


def test_regions_share_out_england(data: Dataset) -> None:
    regions = [find_area(data, name) for name in list_areas(data).filter(pl.col("kind") == "region")["name"]]
    members = [code for region in regions for code in region.authorities]
    assert sorted(members) == list(find_area(data, "England").authorities)
    assert len(set(members)) == 153


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Bristol, City of", "bristol"),
        ("London Borough of Barnet", "barnet"),
        ("330", "birmingham"),
        ("E08000038", "barnsley"),  # the code of April 2025, in a dataset that ends before it
        ("East", "east-of-england"),
        ("Yorkshire & the Humber", "yorkshire-and-the-humber"),
        ("Inner London", "inner-london"),
        ("City of London", "city-of-london"),
        ("London", "london"),
        ("Poole", "bournemouth-christchurch-and-poole"),
        ("Northamptonshire", "north-northamptonshire,west-northamptonshire"),
        ("Norfolk+Suffolk", "norfolk,suffolk"),
        ("suffolk, norfolk", "norfolk,suffolk"),
        ("Bristol, City of + Norfolk", "bristol,norfolk"),
        ("Norfolk+Norfolk+", "norfolk"),
        ("West Midlands+Birmingham", "west-midlands"),
        ("Kent+Northamptonshire", "kent,north-northamptonshire,west-northamptonshire"),
    ],
)
def test_spellings(data: Dataset, text: str, slug: str) -> None:
    found = find_area(data, text)
    assert found.slug == slug
    assert find_area(data, found.slug) == found
    assert list(found.authorities) == sorted(set(found.authorities))


def test_an_abolished_authority_says_what_followed_it(data: Dataset) -> None:
    found = find_area(data, "Cumbria")
    assert found.authorities == ("E06000063", "E06000064")
    assert found.note == (
        "Cumbria ended on 31 March 2023; shown is what followed it: Cumberland + Westmorland and Furness."
    )
    assert find_area(data, found.slug).note == ""


def test_the_dataset_s_day_decides_what_is_current() -> None:
    old = dataset_of(
        home_snapshots=[listed("SC1", listed_on=date(2018, 3, 31), authority="Northamptonshire")]
    )
    assert dataset_day(old) == date(2018, 3, 31)
    found = find_area(old, "Northamptonshire")
    assert (found.kind, found.authorities, found.note) == ("authority", ("E10000021",), "")
    assert list_areas(old).filter(pl.col("kind") == "authority").height == 152


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Brimingham", "Nearest: Birmingham"),
        ("Wales", "No area 'Wales'"),
        ("E10000099", "No area 'E10000099'"),
        ("norfolk+nowhere at all", "No area 'nowhere at all'"),
        ("", "Name an area"),
        ("+,+", "No area"),
        ("../../etc/passwd", "No area"),
        ("x" * 10_000, "Name an area"),
    ],
)
def test_unknown_areas_are_told_the_nearest(data: Dataset, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        find_area(data, text)


def test_a_set_has_an_end(data: Dataset) -> None:
    names = list_areas(data).filter(pl.col("kind") == "authority")["slug"].to_list()
    with pytest.raises(SetTooLargeError, match=f"at most {MOST_IN_A_SET}"):
        find_area(data, "+".join(names[: MOST_IN_A_SET + 1]))
    assert len(find_area(data, ",".join(names[:MOST_IN_A_SET])).authorities) == MOST_IN_A_SET


def test_history_is_what_lay_wholly_within(data: Dataset) -> None:
    north = find_area(data, "North Northamptonshire")
    assert history_names(data, north) == ("North Northamptonshire",)
    assert "Northamptonshire" in history_names(data, find_area(data, "Northamptonshire"))
    coast = history_names(data, find_area(data, "Bournemouth, Christchurch and Poole"))
    assert coast == ("Bournemouth, Christchurch and Poole",)  # Christchurch came from Dorset
    assert begins_on(data, find_area(data, "Bournemouth, Christchurch and Poole")) == date(2019, 4, 1)
    assert begins_on(data, north) == date(2021, 4, 1)
    assert begins_on(data, find_area(data, "Northamptonshire")) is None
    assert begins_on(data, find_area(data, "norfolk,north-northamptonshire")) == date(2021, 4, 1)
    assert begins_on(data, find_area(data, "Buckinghamshire")) is None
    assert "Dorset (to 2019)" in history_names(data, find_area(data, "South West"))


def test_the_region_of_an_area(data: Dataset) -> None:
    assert region_of(data, find_area(data, "norfolk,suffolk")) == find_area(data, "East of England")
    assert region_of(data, find_area(data, "norfolk,kent")) is None
    assert region_of(data, find_area(data, "London")) is None


def test_an_area_of_another_dataset_is_refused(data: Dataset) -> None:
    with pytest.raises(UsageError, match="does not know: E99999999"):
        authority_names(data, Area("x", "X", "set", ("E99999999",)))


def test_what_is_kept_goes_with_its_dataset() -> None:
    data = dataset_of(home_snapshots=[listed("SC1")])
    made = []
    for _ in range(2):
        assert keep(data, "once", lambda: made.append(1) or "value") == "value"
    assert made == [1]
    key = id(data)
    assert key in _KEPT
    del data
    gc.collect()
    assert key not in _KEPT
