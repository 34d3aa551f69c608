"""Cells to values."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofsight.harmonise import values


def _apply(expression: pl.Expr, *cells: str | None) -> list[object]:
    return pl.DataFrame({"x": pl.Series(cells, dtype=pl.String)}).select(expression).to_series().to_list()


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("31/03/2024", date(2024, 3, 31)),
        ("1/2/2024", date(2024, 2, 1)),
        ("2024-03-31", date(2024, 3, 31)),
        ("2024-03-31 00:00:00", date(2024, 3, 31)),
        ("31 March 2024", date(2024, 3, 31)),
        ("31 Mar 2024", date(2024, 3, 31)),
        ("31-Mar-24", date(2024, 3, 31)),
        ("31-Mar-2024", date(2024, 3, 31)),
        ("45382", date(2024, 3, 31)),
        ("31/02/2024", None),
        ("13/13/2024", None),
        ("soon", None),
        (None, None),
    ],
)
def test_dates_are_read_in_every_style_met(written: str | None, day: date | None) -> None:
    assert _apply(values.parse_date(pl.col("x")), written) == [day]


@given(st.dates(min_value=date(1970, 1, 1), max_value=date(2099, 12, 31)))
def test_a_date_survives_the_way_through_either_style(day: date) -> None:
    assert _apply(values.parse_date(pl.col("x")), f"{day:%d/%m/%Y}", day.isoformat()) == [day, day]


def test_a_column_with_the_month_in_front_is_told_apart() -> None:
    days = [date(2023, 1, 1 + n % 28) for n in range(100)]
    assert values.looks_month_first(pl.Series([f"{day:%m/%d/%Y}" for day in days]))
    assert not values.looks_month_first(pl.Series([f"{day:%d/%m/%Y}" for day in days]))
    assert not values.looks_month_first(pl.Series([*(f"{day:%d/%m/%Y}" for day in days), "01/31/2023"]))


@pytest.mark.parametrize(
    ("written", "urn"),
    [("SC123456", "SC123456"), ("sc123456", "SC123456"), (" SC 123456", "SC123456"), ("2590934.0", "2590934"),
     ("402508", "402508"), ("SC12345", None), ("12345678", None), ("1.02E+07", None), ("Total", None)],
)  # fmt: skip
def test_registration_numbers(written: str, urn: str | None) -> None:
    assert _apply(values.parse_urn(pl.col("x")), written) == [urn]


def test_event_numbers_that_a_spreadsheet_damaged_are_none() -> None:
    written = ["10223112", "10223112.0", "1.02E+07", "326436", ""]
    assert _apply(values.parse_event_number(pl.col("x")), *written) == [
        "10223112", "10223112", None, "326436", None,
    ]  # fmt: skip


def test_counts() -> None:
    assert _apply(values.parse_count(pl.col("x")), "4", "4.0", "1,024", "110.8", "-1", "four") == [
        4, 4, 1024, None, None, None,
    ]  # fmt: skip


def test_text_is_cleaned_of_what_nobody_sees() -> None:
    written = [
        "\u00a0swan Cottage  Ltd ",
        "\ufeffGood",
        "Go\u200bod",
        " ",
        "NULL",
        "a\nb",
        "x\x00y",
        "\u200fGood\u200e",
    ]
    assert _apply(values.clean_text(pl.col("x")), *written) == [
        "swan Cottage Ltd", "Good", "Good", None, None, "a b", "xy", "Good",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "grade"),
    [
        ("Requires Improvement to be good", "Requires improvement to be good"),
        ("ADEQUATE", "Requires improvement to be good"),
        ("satisfactory", "Requires improvement to be good"),
        ("good", "Good"),
        ("Goood", None),
    ],
)
def test_grades_are_known_in_every_spelling_met(written: str, grade: str | None) -> None:
    assert _apply(values.recode(pl.col("x"), "grade"), written) == [grade]


def test_apostrophes_and_dashes_of_every_kind_are_one() -> None:
    assert _apply(values.recode(pl.col("x"), "provision_type"), "children’s HOME") == ["Children's home"]
    assert _apply(values.recode(pl.col("x"), "inspection_type"), "SC – Emergency inspection") == [
        "Emergency inspection"
    ]
