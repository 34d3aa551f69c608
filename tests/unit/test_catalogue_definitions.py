"""The catalogue: complete, and refused where a person's edit breaks it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ofsight.definitions.catalogue_schema import (
    EditionDefinition,
    PublicationDefinition,
    load_catalogue,
    plain_name,
)
from ofsight.definitions.schema import load_series, parse_definition
from ofsight.errors import DefinitionError, UsageError
from ofsight.releases.catalogue import choose
from ofsight.releases.offers import period_of

# Every page and service of the reference's sections 1 to 8 that an edition is fetched from.
PAGES = [
    "government/statistical-data-sets/quarterly-management-information-ofst"
    "eds-childrens-homes-inspection-outcomes",
    "government/statistics/childrens-social-care-data-in-england-2015",
    "government/statistics/childrens-social-care-data-in-england-2016",
    "government/statistics/childrens-social-care-data-in-england-2017",
    "government/statistics/childrens-social-care-data-in-england-2018",
    "government/statistics/childrens-social-care-data-in-england-2019",
    "government/publications/childrens-social-care-data-in-england-2020",
    "government/statistics/childrens-social-care-data-in-england-2020",
    "government/statistics/childrens-social-care-data-in-england-2021",
    "government/statistics/childrens-social-care-data-in-england-2022",
    "government/statistics/childrens-social-care-data-in-england-2023",
    "government/statistics/childrens-social-care-in-england-2024",
    "government/statistics/childrens-social-care-in-england-2025",
    "government/statistics/childrens-social-care-in-england-2026",
    "government/publications/local-authority-and-childrens-homes-in-england"
    "-inspection-outcomes-as-at-30-september-2016",
    "government/publications/local-authority-and-childrens-homes-in-england"
    "-inspections-and-outcomes-autumn-2017",
    "government/statistics/local-authority-and-childrens-homes-in-england-i"
    "nspections-and-outcomes-autumn-2018",
    "government/statistics/local-authority-and-childrens-homes-in-england-i"
    "nspections-and-outcomes-autumn-2019",
    "government/statistics/local-authority-and-childrens-homes-in-england-i"
    "nspections-and-outcomes-autumn-2021",
    "government/publications/inspection-and-regulation-of-childrens-social-care-providers",
    "government/statistics/local-authority-inspection-outcomes-as-at-31-march-2024",
    "government/statistics/local-authority-inspection-outcomes-as-at-31-march-2025",
    "government/publications/five-year-ofsted-inspection-data",
    "government/statistics/ownership-of-childrens-social-care-providers-in-england-2025",
    "government/statistics/english-indices-of-deprivation-2015",
    "government/statistics/english-indices-of-deprivation-2019",
    "government/statistics/english-indices-of-deprivation-2025",
]
SERVICES = [
    "Counties_and_Unitary_Authorities_December_2024_Boundaries_UK_BUC",
    "Counties_and_Unitary_Authorities_December_2025_Boundaries_UK_BSC",
    "Counties_and_Unitary_Authorities_December_2022_UK_BGC",
    "LAD25_CTYUA25_UK_LU_v2",
    "Local_Authority_Districts_DEC_2025_Boundaries_UK_BUC",
]


def test_every_page_of_the_reference_is_in_the_catalogue() -> None:
    pages = {path for item in load_catalogue() for edition in item.editions for path in edition.pages}
    assert set(PAGES) <= pages
    for child in ("march-2022", "march-2023", "march-2024", "31-march-2025"):
        assert any(path.endswith(child) for path in pages), child
    assert set(SERVICES) <= {edition.service for item in load_catalogue() for edition in item.editions}


def test_every_series_that_is_read_can_be_got() -> None:
    held = {series for item in load_catalogue() for series in item.holds}
    assert held == {series.id for series in load_series()}


def test_what_is_inferred_is_said_to_be() -> None:
    by_period = {
        edition.period: edition.status
        for item in load_catalogue()
        if item.id == "childrens-social-care"
        for edition in item.editions
    }
    assert by_period["2015-03-31"] == by_period["2016-03-31"] == "inferred"
    assert by_period["2017-03-31"] == by_period["2025-03-31"] == "known"


def test_names_that_a_user_knows_lead_to_publications() -> None:
    chosen = choose(["joiners-and-leavers"], since="2021")
    assert [item.publication.id for item in chosen] == [
        "childrens-social-care-mid-year",
        "childrens-social-care",
    ]
    annual = chosen[1]
    assert {kind.series for kind in annual.publication.files} == {
        "childrens-social-care-workbook",
        "joiners-and-leavers",
    }
    assert [edition.period[:4] for edition in annual.editions] == [
        "2021",
        "2022",
        "2023",
        "2024",
        "2025",
        "2026",
    ]


def test_an_unknown_name_and_an_impossible_year_are_told() -> None:
    with pytest.raises(UsageError, match=r"Did you mean .*joiners-and-leavers"):
        choose(["joiners-leavers"])
    with pytest.raises(UsageError, match="2014 or 2014-04-01"):
        choose(since="last year")


def test_a_file_of_the_year_is_named_by_the_year() -> None:
    [chosen] = choose(["provider-level-in-year"], catalogue=[_publication(speaks_of="year to")])
    [edition] = chosen.editions
    assert period_of(chosen.publication.files[0], edition) == "2017-18"


@pytest.mark.parametrize(
    ("period", "last"),
    [
        ("2024", "2024-12-31"),
        ("2023-24", "2024-03-31"),
        ("2024-08-31", "2024-08-31"),
        ("2012-2024", "2024-12-31"),
    ],
)
def test_a_period_ends_on_a_day(period: str, last: str) -> None:
    assert EditionDefinition(period=period).ends_on.isoformat() == last


def test_titles_are_compared_without_their_marks() -> None:
    assert plain_name("Joiners – leavers", "Providers+places_at_31_Mar_2022.ods") == (
        "joiners leavers providers places at 31 mar 2022 ods"
    )


def _definition(**more: Any) -> dict[str, Any]:
    return {
        "id": "children",
        "title": "Children",
        "publisher": "Ofsted",
        "licence": "OGL-UK-3.0",
        "ask": "govuk",
        "files": [{"series": "provider-level-in-year", "called": "provider level"}],
        "editions": [{"period": "2018-03-31", "pages": ["government/statistics/children-2018"]}],
        **more,
    }


def _publication(**kind: Any) -> PublicationDefinition:
    files = [{"series": "provider-level-in-year", "called": "provider level", **kind}]
    return parse_definition(PublicationDefinition, _definition(files=files), "a test")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"askk": "govuk"}, "askk"),
        ({"editions": [{"period": "next year", "pages": ["a"]}]}, "period"),
        ({"editions": [{"period": "2018-13-31", "pages": ["a"]}]}, "no day, year or span"),
        ({"editions": [{"period": "2018", "pages": ["https://elsewhere.example/a"]}]}, "no path of a page"),
        ({"editions": [{"period": "2018", "pages": ["../secret"]}]}, "no path of a page"),
        ({"editions": [{"period": "2018"}]}, "needs pages"),
        ({"editions": [{"period": 2018, "pages": ["a"]}, {"period": "2018", "pages": ["b"]}]}, "one period"),
        ({"editions": [{"period": "2018", "pages": ["a"], "files": ["other"]}]}, "not listed"),
        ({"files": [{"series": "a", "called": "("}]}, "files.0.called"),
        ({"files": [{"series": "../a"}]}, "series"),
        ({"files": [{"series": "a", "unless": "b"}]}, "'unless' names files"),
        ({"discover": {"title": "children 2018"}}, "year"),
        ({"ask": "arcgis"}, "name of a service"),
        ({"ask": "ees"}, "slug"),
        ({"ask": "by hand"}, "says how"),
    ],
)
def test_a_slip_in_a_definition_is_named(more: dict[str, Any], said: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(said)):
        parse_definition(PublicationDefinition, _definition(**more), "definitions/catalogue/children.yaml")
