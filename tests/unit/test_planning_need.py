"""Need as published: statuses travel, sums are whole or not there, telling totals are not shown."""

from __future__ import annotations

import polars as pl
import pytest
from profile_tables import dataset_of, published

from ofsight.dataset.store import Dataset
from ofsight.planning.measures.need import TOTAL_NOT_SHOWN, need_series, need_values, read_need
from ofsight.profiles.area import find_area

HOMES = ("looked after on 31 March", "Placement", "Secure homes and children's homes", "children")
NET = ("net gain in children's homes", "", "Net gain", "children")
OUT = (
    "out of area in children's homes",
    "Locality of placement",
    "Placed outside the local authority boundary",
    "children",
)
SHARE = (*OUT[:3], "percent")


def region(name: str, year: int, cell: tuple[str, str, str, str], value: float) -> dict[str, object]:
    return published(name, year, cell, value, level="Regional", authority=None, rounding="nearest 10")


def east_midlands(total: float, **values: float | str) -> Dataset:
    """Three authorities of a region, whose total is printed."""
    names = {"rutland": "Rutland", "leicester": "Leicester", "derby": "Derby"}
    rows = [
        published(names[key], 2024, OUT, value, standard_region="East Midlands")
        for key, value in values.items()
    ]
    rows += [region("East Midlands", 2024, OUT, total), region("East Midlands", 2024, SHARE, 60)]
    return dataset_of(authority_statistics=rows)


def shown(data: Dataset, name: str, measure: str = "out_of_area_in_homes") -> tuple[float | None, str]:
    series = need_series(read_need(data), data, find_area(data, name)).filter(measure=measure)
    return series.select("value", "status").row(0)


@pytest.mark.parametrize(
    ("total", "hidden"),
    [
        (100, False),  # 98 are shown: the third is 0 to 7, which has all of 1 to 5
        (90, True),  # 98 are shown: at most nothing is left
        (110, True),  # 7 to 17 is no range of a number withheld for being small: it tells none of 1 to 5
    ],
)
def test_a_total_is_shown_only_where_it_tells_nothing_of_one_to_five(total, hidden):
    data = east_midlands(total, rutland="c", leicester=58, derby=40)
    # 7 to 17 rules all of 1 to 5 out, and so tells nothing of which of these it is.
    expected = hidden and total != 110
    value, status = shown(data, "East Midlands")
    assert (value, status) == ((None, TOTAL_NOT_SHOWN) if expected else (total, ""))


@pytest.mark.parametrize(
    ("left", "hidden"), [(-5, True), (-1, True), (0, False), (6, False), (7, True), (10, True), (11, False)]
)
def test_the_edges_of_the_rule(left, hidden):
    """One withheld: from left - 5 to left + 5 must have all of 1 to 5, or none."""
    data = east_midlands(100 + left, rutland="c", leicester=60, derby=40)
    assert (shown(data, "East Midlands")[0] is None) is hidden


def test_several_withheld_need_room_for_each():
    data = east_midlands(50, rutland="c", leicester="c", derby=49)
    assert shown(data, "East Midlands") == (50.0, "")  # together up to 6: one may be 5 with the other 1
    data = east_midlands(50, rutland="c", leicester="c", derby=50)
    assert shown(data, "East Midlands")[0] is None  # together up to 5: with the other 1, none is 5


def test_a_hidden_count_hides_its_share():
    data = east_midlands(90, rutland="c", leicester=58, derby=40)
    assert shown(data, "East Midlands", "out_of_area_in_homes_share") == (None, TOTAL_NOT_SHOWN)
    data = east_midlands(100, rutland="c", leicester=58, derby=40)
    assert shown(data, "East Midlands", "out_of_area_in_homes_share") == (60.0, "")


def test_without_a_withheld_member_every_total_is_shown():
    data = east_midlands(90, rutland=1, leicester=58, derby=40)
    assert shown(data, "East Midlands") == (90.0, "")


def test_sums_of_sets_are_whole_or_not_there():
    data = east_midlands(100, rutland="c", leicester=58, derby=40)
    assert shown(data, "Leicester+Derby") == (98.0, "")
    assert shown(data, "Leicester+Derby+Rutland") == (None, "a member is withheld")
    assert shown(data, "Leicester+Derby+Lincolnshire") == (None, "a member is not published")


def test_a_withheld_cell_keeps_its_symbol():
    data = east_midlands(100, rutland="c", leicester=58, derby=40)
    assert shown(data, "Rutland") == (None, "c")
    values = {
        v.measure: v for v in need_values(need_series(read_need(data), data, find_area(data, "Rutland")))
    }
    assert (values["out_of_area_in_homes"].value, values["out_of_area_in_homes"].status) == (None, "c")
    assert values["looked_after"].status == "not published"


def test_net_loss_is_the_net_gain_turned():
    rows = [published("Derby", 2023, NET, 4), published("Derby", 2024, NET, -7)]
    data = dataset_of(authority_statistics=rows)
    series = need_series(read_need(data), data, find_area(data, "Derby"))
    assert series.select("year", "value").rows() == [(2023, -4.0), (2024, 7.0)]
    newest = next(v for v in need_values(series) if v.measure == "net_loss_in_homes")
    assert (newest.value, newest.as_at) == (7.0, "31 March 2024")


def test_only_the_newest_word_counts():
    rows = [published("Derby", 2024, HOMES, 99, newest=False), published("Derby", 2024, HOMES, 80)]
    data = dataset_of(authority_statistics=rows)
    assert read_need(data)["value"].to_list() == [80.0]


def test_a_dataset_without_statistics_has_no_need():
    data = dataset_of()
    assert read_need(data).is_empty()
    series = need_series(read_need(data), data, find_area(data, "Derby"))
    assert series.is_empty()
    assert {v.status for v in need_values(series)} == {"not published"}
    assert need_series(read_need(data), data, find_area(data, "Derby+Rutland")).is_empty()
    assert isinstance(series, pl.DataFrame)
