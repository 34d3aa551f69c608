"""Days and spans of days in the forms of a decade of reports."""

from __future__ import annotations

from datetime import date

import pytest

from ofsight.harmonise.reports.days import find_days, read_day, read_span


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("18 and 19 June 2025", date(2025, 6, 18), date(2025, 6, 19)),
        ("18 June 2025", date(2025, 6, 18), date(2025, 6, 18)),
        ("30 June and 1 July 2025", date(2025, 6, 30), date(2025, 7, 1)),
        ("31 December 2024 and 2 January 2025", date(2024, 12, 31), date(2025, 1, 2)),
        ("31 December and 2 January 2025", date(2024, 12, 31), date(2025, 1, 2)),
        ("3, 4 and 10 May 2016", date(2016, 5, 3), date(2016, 5, 10)),
        ("24 February – 18 March 2015", date(2015, 2, 24), date(2015, 3, 18)),
        ("18 March 2014 – 09 April 2014", date(2014, 3, 18), date(2014, 4, 9)),
        ("17 March to 21 March 2025", date(2025, 3, 17), date(2025, 3, 21)),
        ("19 November–30 November 2018", date(2018, 11, 19), date(2018, 11, 30)),
        ("11 September 2017 to 5 October 2017", date(2017, 9, 11), date(2017, 10, 5)),
        ("Monday 8 to Friday 19 July 2024", date(2024, 7, 8), date(2024, 7, 19)),
        ("8th and 9th July 2024", date(2024, 7, 8), date(2024, 7, 9)),
        ("12/11/2014 to 13/11/2014", date(2014, 11, 12), date(2014, 11, 13)),
        ("12/11/2014", date(2014, 11, 12), date(2014, 11, 12)),
        ("13 and 14 February 20 24", date(2024, 2, 13), date(2024, 2, 14)),
        ("8 July to 12 July and 7 August 2024", date(2024, 7, 8), date(2024, 8, 7)),
        ("4 March 2024, announced at 9 in the morning", date(2024, 3, 4), date(2024, 3, 4)),
    ],
)
def test_spans(said: str, first: date, last: date) -> None:
    assert read_span(said) == (first, last)


@pytest.mark.parametrize("said", ["", "none", "31 June 2024", "12 May", "2024", "page 3 of 9"])
def test_what_is_no_span_gives_none(said: str) -> None:
    assert read_span(said) is None


def test_days_are_found_in_order_and_impossible_ones_passed_over() -> None:
    assert find_days("by 31/06/2024, or 1 July 2024, or 2.8.24") == [date(2024, 7, 1), date(2024, 8, 2)]
    assert read_day("Immediate") is None
