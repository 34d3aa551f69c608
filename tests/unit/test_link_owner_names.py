"""What the normaliser of owner names folds, and what it keeps."""

from __future__ import annotations

import pytest

from ofsight.link.areas import load_areas
from ofsight.link.owners import company_number, find_council, is_withheld, normalise_owner


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cambian Childcare Ltd", "Cambian Childcare Limited"),
        ("24/7 SUPPORT UK LIMITED", "24/7 Support UK Limited"),
        ("A & T Home Limited", "A+t Home"),
        ("A J Residential Care Ltd", "A.J. Residential Care Limited"),
        ("After Care (N W) Limited", "After Care Nw Limited"),
        ("Achieving Aspirations  Community Interest Company", "Achieving Aspirations CIC"),
        ("Apex Children's Services", "Apex Children\u2019s Services Limited"),
        ("Arc HD Services Ltd", "Arc-HD Services Ltd"),
        ("\u00a0swan Cottage Limited", "Swan Cottage Ltd."),
        ("Caf\u00e9 Care Ltd", "Cafe\u0301 Care Limited"),
        ("Birtenshaw - company number 02978546", "Birtenshaw "),
        ("Crystal Care Solutions Limited Company Number 05952454", "Crystal Care Solutions"),
        ("Slough Children's Services Trust Limited (09487106)", "Slough Childrens Services Trust Ltd"),
        ("ERA Care Limited 5921904 ", "ERA Care Limited"),
        ("Over The Wall 03713232, 1075361", "Over the Wall"),
        ("Inspirations Leicestershire Limited Comp", "Inspirations Leicestershire Ltd"),
        ("Positive Outcomes Childcare L TD", "Positive Outcomes Childcare Limited"),
        ("Bright Futures Care Limited T/A Cornerstones", "Bright Futures Care Ltd"),
        ("A&m Care Solutions Ltd - T/a Metropolitan Care Solutions", "A & M Care Solutions Limited"),
        ("Lioncare Ltd Operating As The Lioncare Group", "Lioncare Limited"),
        ("The Adolescent And Children's Trust (tact)", "The Adolescent and Children's Trust"),
        ("National Autistic Society (The)", "The National Autistic Society"),
        ("St Mary's school (part of the Talking Trust)", "St. Marys School"),
        ("Spectrum Care LLP", "Spectrum Care plc"),
        ("TJY Care lytd", "TJY Care Ltd"),
        ("Willows(Devon)Ltd", "Willows (Devon) Limited"),
    ],
)
def test_printings_of_one_name_have_one_normal_form(one: str, other: str) -> None:
    assert normalise_owner(one) == normalise_owner(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Keys Care North Ltd", "Keys Care South Ltd"),
        ("Options Autism (4) Ltd", "Options Autism (5) Limited"),
        ("Hillcrest Children's Services Ltd", "Hillcrest Children's Services (2) Ltd"),
        ("Pathway Care Solutions Ltd", "Pathway Care Solutions II Ltd"),
        ("Brinscall Care Limited", "Brinscall Care (NW) Limited"),
        ("Your Chapter Limited", "Your Chapter Holdings Limited"),
        ("Beaufort Care", "Beaufort Care Group"),
        ("Acorn Care (UK) Limited", "Acorn Care & Education Limited"),
        ("Nugent Care", "Nugent Care 2019"),
        ("Heartwood RSL Ltd", "Heartwood RSS Limited"),
    ],
)
def test_names_of_different_companies_keep_apart(one: str, other: str) -> None:
    assert normalise_owner(one) != normalise_owner(other)


@pytest.mark.parametrize("name", ["Limited", "The Ltd", "T/A Sunrise", "12345678", "(part of it)", "&", "L"])
def test_something_is_left_of_every_name_with_letters(name: str) -> None:
    assert normalise_owner(name) or not any(letter.isalnum() for letter in name)


@pytest.mark.parametrize("cell", [None, "", "  ", "\u00a0", "REDACTED", "redacted", "N/A", "-", "NULL"])
def test_cells_without_a_name_are_recognised(cell: str | None) -> None:
    assert is_withheld(cell)


def test_a_short_name_is_a_name() -> None:
    assert not is_withheld("Q")
    assert not is_withheld("Break")


def test_company_numbers_have_eight_characters() -> None:
    assert company_number("ERA Care Limited 5921904") == {"05921904"}
    assert company_number("Over The Wall 03713232, 1075361") == {"03713232", "01075361"}
    assert company_number("Kibble SC158220") == {"SC158220"}
    assert company_number("24/7 Support, 1848 Ltd, 16 Plus") == frozenset()


@pytest.mark.parametrize(
    ("name", "authority"),
    [
        ("Hull City Council", "Kingston upon Hull"),
        ("Kingston Upon Hull City Council", "Kingston upon Hull"),
        ("Metropolitan Borough of Wirral", "Wirral"),
        ("Cheshire West and Chester LA", "Cheshire West and Chester"),
        ("Norfolk County Council Children's Services", "Norfolk"),
        ("Dorset Council-Social Care, Children's Homes", "Dorset"),
        ("Dorset County Council", "Dorset (to 2019)"),
        ("Tameside Mbc", "Tameside"),
        ("CITY OF YORK", "York"),
        ("Wiltshire", "Wiltshire"),
        ("The London Borough of Hillingdon", "Hillingdon"),
        ("Westmorland and Furness Council\u00a0", "Westmorland and Furness"),
    ],
)
def test_councils_are_recognised(name: str, authority: str) -> None:
    found = find_council(name, load_areas())
    assert found is not None
    assert found.name == authority


@pytest.mark.parametrize(
    "name",
    [
        "Birmingham Children's Trust Limited",
        "South Tyneside College",
        "Norfolk County Council Trading Limited",
        "Bury Care Ltd",
        "Kent Limited",
        "Peterborough City & Cambridgeshire County Councils",
        "Bradstow School (Wandsworth Local Authority)",
        "Northamptonshire Healthcare NHS Foundation Trust",
        "Break",
    ],
)
def test_companies_named_after_places_are_not_councils(name: str) -> None:
    assert find_council(name, load_areas()) is None
