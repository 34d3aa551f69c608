"""The tables of regulations and of the Guide."""

from __future__ import annotations

from datetime import date

import pytest

from ofsight.harmonise.reports.statute import (
    guide_page,
    has_paragraph,
    heading,
    regulation_exists,
    regulation_set_on,
    standard_number,
)


def test_the_set_follows_the_day() -> None:
    assert regulation_set_on(date(2015, 3, 31)) == "2001"
    assert regulation_set_on(date(2015, 4, 1)) == "2015"
    assert regulation_set_on(None) == "2015"


def test_the_same_number_means_another_duty_before_april_2015() -> None:
    assert heading("34", "2001") == "Review of quality of care"
    assert heading("34", "2015") == "Policies for the protection of children"
    assert heading("4.3", "NMS") is None


def test_which_regulations_exist() -> None:
    assert all(regulation_exists(str(n), "2015") for n in range(1, 58))
    assert not regulation_exists("58", "2015")
    assert regulation_exists("17A", "2001")
    assert not regulation_exists("44", "2001")
    assert regulation_exists("NMS 4.3", "NMS")


@pytest.mark.parametrize(
    ("number", "path", "known"),
    [
        ("12", "(2)(a)(vii)", True),
        ("12", "(2)(a)", True),
        ("12", "(2)(a)(viii)", False),
        ("12", "(3)", False),
        ("44", "(7)(f)", False),
        ("16", "(3)(b)", None),  # the table names this regulation's paragraphs, not their parts
        ("38", "(1)", None),
        ("99", "(1)", None),
    ],
)
def test_paragraphs(number: str, path: str, known: bool | None) -> None:
    assert has_paragraph(number, path) is known


@pytest.mark.parametrize(
    ("paragraph", "page"), [("3.9", 15), ("9.30", 45), ("13.5", 61), ("14.2", 61), ("14.1", None)]
)
def test_the_guide_is_paged_as_printed(paragraph: str, page: int | None) -> None:
    assert guide_page(paragraph) == page


def test_a_standard_is_known_by_its_opening_words() -> None:
    assert standard_number("The protection of children standard is that children are protected") == "12"
    assert standard_number("13: The leadership and management standard") == "13"
    assert standard_number("The registered person must") is None
