"""What time a table speaks of."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from ofsight.harmonise.periods import list_period, year_period


def _days(first: date, last: date, n: int = 400) -> pl.Series:
    span = (last - first).days
    return pl.Series([first + timedelta(days=round(span * k / (n - 1))) for k in range(n)], dtype=pl.Date)


@pytest.mark.parametrize(
    ("stated", "label"),
    [
        ("Provider_level_at_31_Mar_2025", "2025-03-31"),
        ("Provider_level_at_30_09_25", "2025-09-30"),
        ("Children's social care data in England 2022 - Provider level as at March 2022", "2022-03-31"),
        ("Provider level as at 31st August 2023", "2023-08-31"),
    ],
)
def test_a_list_is_believed_about_its_day(stated: str, label: str) -> None:
    period, doubt = list_period(stated, "x", _days(date(2010, 1, 1), date(2021, 3, 30)))
    assert (period.label, doubt) == (label, None)


def test_without_a_title_the_rows_say_the_day() -> None:
    assert list_period("", "data", _days(date(2012, 1, 1), date(2019, 3, 28)))[0].label == "2019-03-31"
    assert list_period("", "data", _days(date(2012, 1, 1), date(2023, 8, 30)))[0].label == "2023-08-31"


def test_one_slip_of_the_keyboard_does_not_move_the_day() -> None:
    days = pl.concat([_days(date(2012, 1, 1), date(2019, 3, 28)), pl.Series([date(2091, 1, 1)])])
    assert list_period("", "data", days)[0].label == "2019-03-31"


def test_a_file_name_is_believed_only_where_the_rows_allow_it() -> None:
    rows = _days(date(2012, 1, 1), date(2021, 2, 20))
    assert list_period("", "provider-level-at-31-march-2021", rows) == (
        list_period("", "x", rows)[0],
        None,
    )
    march = _days(date(2012, 1, 1), date(2024, 3, 28))
    period, doubt = list_period("", "Provider_level_at_31_Aug_2025", march)
    assert period.label == "2024-03-31"
    assert doubt is not None
    assert "2025-08-31" in doubt


@pytest.mark.parametrize(
    "stated",
    ["Provider_level_in_year_2021-22", "Provider level in year 2021 to 2022", "in year 2021-2022"],
)
def test_a_year_is_believed_about_itself(stated: str) -> None:
    period = year_period(stated, _days(date(2016, 4, 1), date(2017, 3, 31)))
    assert (period.label, period.start, period.end) == ("2021-22", date(2021, 4, 1), date(2022, 3, 31))


def test_without_a_title_the_rows_say_the_year_or_the_quarter() -> None:
    assert year_period("", _days(date(2016, 4, 4), date(2017, 3, 30))).label == "2016-17"
    quarter = year_period("", _days(date(2014, 1, 7), date(2014, 3, 31)))
    assert (quarter.label, quarter.start, quarter.end) == (
        "2014-01 to 2014-03", date(2014, 1, 1), date(2014, 3, 31),
    )  # fmt: skip
