"""Local authorities through time: what the shipped files say, and what a new reorganisation does."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from ofsight.errors import DefinitionError, UsageError
from ofsight.link.areas import Areas, DatedCode, load_areas

CODES = Path(str(files("ofsight.definitions"))) / "codes"
AREA_FILES = ("authorities.csv", "authority_changes.csv", "authority_names.csv")


@pytest.fixture(scope="module")
def areas() -> Areas:
    return load_areas()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped files, to edit."""
    for name in AREA_FILES:
        shutil.copy(CODES / name, tmp_path / name)
    return tmp_path


def append(file: Path, row: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + row + "\n", encoding="utf-8")


def constant_areas(areas: Areas) -> set[str]:
    """Return the keys of the areas that stay the same from 1 April 2009 on."""
    return {one.constant_area for one in areas.authorities if one.constant_area}


@pytest.mark.parametrize(
    ("day", "number"),
    [
        ("2008-03-31", 150),
        ("2009-03-31", 150),
        ("2009-04-01", 152),
        ("2019-03-31", 152),
        ("2019-04-01", 151),
        ("2021-03-31", 151),
        ("2021-04-01", 152),
        ("2023-03-31", 152),
        ("2023-04-01", 153),
        ("2025-03-31", 153),
    ],
)
def test_the_number_of_authorities_by_day(areas: Areas, day: str, number: int) -> None:
    assert len(areas.on(date.fromisoformat(day))) == number


def test_every_day_since_2009_is_covered_by_the_same_150_areas(areas: Areas) -> None:
    keys = constant_areas(areas)
    assert len(keys) == 150
    for year in range(2009, 2027):
        assert {authority.constant_area for authority in areas.on(date(year, 4, 1))} == keys


def test_regions_hold_the_published_numbers_of_authorities(areas: Areas) -> None:
    now = areas.table().filter(pl.col("exists_until").is_null())
    ofsted = dict(now.group_by("ofsted_region").len().iter_rows())
    assert ofsted == {
        "East Midlands": 10,
        "East of England": 11,
        "London": 33,
        "North East, Yorkshire and the Humber": 27,
        "North West": 24,
        "South East": 19,
        "South West": 15,
        "West Midlands": 14,
    }
    standard = dict(now.group_by("region").len().iter_rows())
    assert len(standard) == 9
    assert (standard["North East"], standard["Yorkshire and The Humber"]) == (12, 15)
    assert dict(now.group_by("london").len().iter_rows()) == {"inner": 14, "outer": 19, None: 120}


def test_identifiers_are_unique_within_a_day(areas: Areas) -> None:
    now = areas.on(date(2025, 3, 31))
    for values in (
        [authority.code for authority in now],
        [authority.dfe_number for authority in now],
        [authority.ofsted_urn for authority in now],
    ):
        assert None not in values
        assert len(set(values)) == 153


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Bournemouth, Christchurch & Poole", "Bournemouth, Christchurch and Poole"),
        ("Bristol, City of", "Bristol"),
        ("Bristol City", "Bristol"),
        ("City of Bristol", "Bristol"),
        ("Bedford Borough", "Bedford"),
        ("Durham", "County Durham"),
        ("DURHAM", "County Durham"),
        ("Durham UA", "County Durham"),
        ("Herefordshire, County of", "Herefordshire"),
        ("Kingston Upon Hull, City of", "Kingston upon Hull"),
        ("Kingston-upon-Hull UA", "Kingston upon Hull"),
        ("Southend on Sea", "Southend-on-Sea"),
        ("St. Helens", "St Helens"),
        ("St Helens MBC", "St Helens"),
        ("Hammersmith & Fulham", "Hammersmith and Fulham"),
        ("Telford & the Wrekin UA", "Telford and Wrekin"),
        ("Richmond Upon Thames", "Richmond upon Thames"),
        ("Bath & NE Somerset", "Bath and North East Somerset"),
        ("Blackburn", "Blackburn with Darwen"),
        ("Derby, City of", "Derby"),
        ("Leicester City", "Leicester"),
        ("Medway Towns", "Medway"),
        ("Newcastle", "Newcastle upon Tyne"),
        ("West Berkshire (Newbury)", "West Berkshire"),
        ("\u00a0 Stoke\u2010on\u2010Trent ", "Stoke-on-Trent"),
        ("London Borough of Barnet", "Barnet"),
        ("Royal Borough of Kensington & Chelsea", "Kensington and Chelsea"),
        ("Essex County Council", "Essex"),
        ("City of York Council", "York"),
        ("City of Bradford Metropolitan District Council", "Bradford"),
        ("City of London", "City of London"),
        ("City of London Corporation", "City of London"),
        ("City of London Council", "City of London"),
        ("Council of the Isles of Scilly", "Isles of Scilly"),
        ("Dorset (Pre LG)", "Dorset (to 2019)"),
        ("E10000002", "Buckinghamshire"),
        ("E06000060", "Buckinghamshire"),
        ("e08000038", "Barnsley"),
        ("370", "Barnsley"),
        ("80426", "Barnsley"),
        ("2532287", "Bournemouth, Christchurch and Poole"),
    ],
)
def test_every_spelling_met_is_found(areas: Areas, spelling: str, name: str) -> None:
    assert areas.find(spelling).name == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Northamptonshire", "North Northamptonshire"),
        ("Somerset", "North Somerset"),
        ("Derby", "Derbyshire"),
        ("Bedford", "Central Bedfordshire"),
        ("Kingston upon Hull", "Kingston upon Thames"),
        ("North Yorkshire", "East Riding of Yorkshire"),
        ("West Berkshire", "Reading"),
    ],
)
def test_near_names_stay_apart(areas: Areas, one: str, other: str) -> None:
    assert areas.find(one) != areas.find(other)


def test_a_name_of_two_areas_is_decided_by_the_day(areas: Areas) -> None:
    assert areas.find("Dorset", date(2018, 3, 31)).code == "E10000009"
    assert areas.find("Dorset", date(2020, 3, 31)).code == "E06000059"
    assert areas.find("Dorset").code == "E06000059"


@pytest.mark.parametrize(
    ("name", "day", "code"),
    [
        ("Barnsley", date(2025, 3, 31), "E08000016"),
        ("Barnsley", date(2025, 4, 1), "E08000038"),
        ("Northumberland", date(2012, 3, 31), "E06000048"),
        ("Northumberland", date(2013, 4, 1), "E06000057"),
        ("Gateshead", date(2011, 3, 31), "E08000020"),
        ("Buckinghamshire", date(2020, 3, 31), "E10000002"),
        ("Buckinghamshire", date(2020, 4, 1), "E06000060"),
        ("Somerset", date(2023, 3, 31), "E10000027"),
    ],
)
def test_codes_follow_the_day(areas: Areas, name: str, day: date, code: str) -> None:
    assert areas.find(name, day).code_on(day) == code


def test_codes_outside_a_life_are_the_nearest_ones(areas: Areas) -> None:
    cumberland = areas.find("Cumberland")
    assert cumberland.code_on(date(2015, 1, 1)) == "E06000063"
    assert areas.find("Poole").code_on(date(2024, 1, 1)) == "E06000029"
    assert areas.find("875").code_on(date(2008, 1, 1)) is None
    twice = replace(
        cumberland,
        codes=(
            DatedCode("E06000063", date(2023, 4, 1), date(2030, 3, 31)),
            DatedCode("E06000099", date(2030, 4, 1)),
        ),
    )
    assert [twice.code_on(date(year, 4, 1)) for year in (2015, 2029, 2030)] == [
        "E06000063", "E06000063", "E06000099",
    ]  # fmt: skip


def test_without_a_day_codes_are_of_the_2025_vintage(areas: Areas) -> None:
    assert areas.find("Barnsley").code == areas.find("E08000038").code == "E08000016"
    assert areas.match(pl.Series(["Sheffield"]))["code"].item() == "E08000019"
    assert areas.match(pl.Series(["Sheffield"]), date(2025, 4, 1))["code"].item() == "E08000039"


def test_successors_and_predecessors(areas: Areas) -> None:
    def names(found: tuple[object, ...]) -> list[str]:
        return [authority.name for authority in found]  # type: ignore[attr-defined]

    assert names(areas.successors("Cumbria")) == ["Cumberland", "Westmorland and Furness"]
    assert names(areas.predecessors("West Northamptonshire")) == ["Northamptonshire"]
    assert set(names(areas.predecessors("BCP"))) == {"Bournemouth", "Poole", "Dorset (to 2019)"}
    assert set(names(areas.successors("Dorset (to 2019)"))) == {
        "Bournemouth, Christchurch and Poole",
        "Dorset",
    }
    assert areas.successors("Buckinghamshire") == ()
    assert areas.predecessors("Buckinghamshire") == ()
    assert areas.predecessors("Barnsley") == ()


def test_unknown_names_are_refused_with_the_nearest(areas: Areas) -> None:
    with pytest.raises(UsageError, match=r"No local authority 'Wolverhamton'\. Nearest: Wolverhampton"):
        areas.find("Wolverhamton")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("Cardiff", "not in England"),
        ("W06000015", "not in England"),
        ("London", "region or country"),
        ("Allerdale", "district"),
        ("E07000026", "district"),
        ("Dorset Police and Crime Commissioner", "other public body"),
        (" ", "blank"),
        (
            "Kingston upon Thames / Richmond upon Thames",
            "several authorities: Kingston upon Thames, Richmond",
        ),
    ],
)
def test_what_is_not_one_authority_is_refused_by_its_kind(areas: Areas, asked: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        areas.find(asked)


def test_an_authority_is_refused_on_a_day_it_did_not_exist(areas: Areas) -> None:
    with pytest.raises(
        UsageError, match=r"Bournemouth ended on 2019-03-31.*Bournemouth, Christchurch and Poole"
    ):
        areas.find("Bournemouth", date(2020, 1, 1))
    with pytest.raises(UsageError, match=r"Cumberland began on 2023-04-01.*Cumbria"):
        areas.find("Cumberland", date(2020, 1, 1))
    with pytest.raises(UsageError, match="known from 1998-04-01"):
        areas.on(date(1990, 1, 1))


def test_recognise_gives_none_where_find_raises(areas: Areas) -> None:
    found = areas.recognise("Hull City Council")
    assert found is not None
    assert found.name == "Kingston upon Hull"
    for asked in ("Cardiff", "Allerdale", "Nowhere", "", "London"):
        assert areas.recognise(asked) is None


def test_match_keeps_every_row_in_order(areas: Areas) -> None:
    names = pl.Series(["Bristol, City of", None, "Cardiff / Caerdydd", "Nowhere", "Bristol", "Dorset"])
    found = areas.match(names, date(2018, 3, 31))
    assert found["name"].to_list() == names.to_list()
    assert found["authority"].to_list() == ["Bristol", None, None, None, "Bristol", "Dorset (to 2019)"]
    assert found["status"].to_list() == [
        "authority", "blank", "not in England", "unmatched", "authority", "authority",
    ]  # fmt: skip
    assert found["code"].to_list()[5] == "E10000009"
    assert found["constant_area"].to_list()[5] == "Bournemouth, Christchurch, Poole and Dorset"
    assert found["in_force"].to_list() == [True, None, None, None, True, True]


def test_codes_that_are_not_known_are_unmatched_only_where_an_authority_could_be_missing(
    areas: Areas,
) -> None:
    codes = ["E06000999", "E07000999", "E12000001", "E31000001", "S12000033", "123"]
    assert areas.match(pl.Series(codes))["status"].to_list() == [
        "unmatched", "district", "region or country", "other public body", "not in England", "unmatched",
    ]  # fmt: skip


def test_match_takes_one_day_per_name(areas: Areas) -> None:
    days = pl.Series([date(2018, 3, 31), date(2020, 3, 31), None])
    found = areas.match(pl.Series(["Dorset", "Dorset", "Cumbria"]), days)
    assert found["authority"].to_list() == ["Dorset (to 2019)", "Dorset", "Cumbria"]
    assert found["in_force"].to_list() == [True, True, None]
    assert areas.match(pl.Series(["Poole"]), date(2020, 1, 1))["in_force"].to_list() == [False]
    with pytest.raises(UsageError, match="1 names but 3 days"):
        areas.match(pl.Series(["Dorset"]), days)
    assert areas.match(pl.Series([], dtype=pl.String)).height == 0


def test_a_reorganisation_is_one_row(folder: Path) -> None:
    append(
        folder / "authority_changes.csv",
        "2027-04-01,split,Surrey,East Surrey;West Surrey,E06000067;E06000068,,",
    )
    areas = load_areas(folder)
    eve, day = date(2027, 3, 31), date(2027, 4, 1)
    assert (len(areas.on(eve)), len(areas.on(day))) == (153, 154)
    east = areas.find("East Surrey Council", day)
    assert (east.region, east.ofsted_region, east.code) == ("South East", "South East", "E06000067")
    assert areas.find("E06000068").name == "West Surrey"
    surrey = areas.find("Surrey")
    assert (surrey.exists_until, surrey.successors) == (eve, ("East Surrey", "West Surrey"))
    assert [code.valid_until for code in surrey.codes] == [eve]
    assert east.constant_area == surrey.constant_area == "Surrey"
    assert len(constant_areas(areas)) == 150
    with pytest.raises(UsageError, match="Surrey ended on 2027-03-31"):
        areas.find("Surrey", day)


def test_codes_of_a_reorganisation_may_come_later(folder: Path) -> None:
    append(folder / "authority_changes.csv", "2027-04-01,split,Surrey,East Surrey;West Surrey,,,")
    found = load_areas(folder).find("West Surrey")
    assert (found.code, found.dfe_number) == (None, None)


def test_a_merger_unites_the_constant_areas(folder: Path) -> None:
    append(folder / "authority_changes.csv", "2028-04-01,merger,Luton;Bedford,Greater Bedford,E06000070,,")
    areas = load_areas(folder)
    assert len(constant_areas(areas)) == 149
    assert (
        areas.find("Luton").constant_area
        == areas.find("Greater Bedford").constant_area
        == "Bedford and Luton"
    )


def test_a_new_code_is_one_row(folder: Path) -> None:
    append(folder / "authority_changes.csv", "2026-04-01,recode,Leeds,Leeds,E08000040,,boundary")
    leeds = load_areas(folder).find("E08000040")
    assert (leeds.name, leeds.code_on(date(2026, 3, 31)), leeds.code_on(date(2026, 4, 1))) == (
        "Leeds", "E08000035", "E08000040",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("file", "row", "message"),
    [
        ("authority_changes.csv", "2027-04-01,split,Surry,East Surrey,,,", "starts from 'Surry'"),
        ("authority_changes.csv", "2027-04-01,swap,Surrey,East Surrey,,,", "kind is 'swap'"),
        ("authority_changes.csv", ",split,Surrey,East Surrey,,,", "effective_on is empty"),
        ("authority_changes.csv", "April,split,Surrey,East Surrey,,,", "'April' is not a date"),
        ("authority_changes.csv", "2027-04-01,split,Surrey,,,,", "at least one old and one new"),
        ("authority_changes.csv", "2027-04-01,split,Surrey,A;B,E06000067,,", "1 codes for 2 new"),
        ("authority_changes.csv", "2027-04-01,split,Poole,A,,,", "authorities.csv says 2019-03-31"),
        ("authority_changes.csv", "2022-04-01,split,Surrey,Cumberland,,,", "authorities.csv says 2023-04-01"),
        ("authority_changes.csv", "2026-04-01,recode,Leeds,Leeds,,399,", "authorities.csv says 383"),
        ("authority_changes.csv", "2024-04-01,recode,Barnsley,Barnsley,E08000038,,", "says 2025-04-01"),
        ("authority_changes.csv", "2026-04-01,recode,Leeds", "not 7 cells"),
        ("authority_names.csv", "Brizzle,authority,Bristoll,", "stands for 'Bristoll'"),
        ("authority_names.csv", "Brizzle,town,Bristol,", "the kind of 'Brizzle' is 'town'"),
        ("authority_names.csv", "Bristol,district,,", "'Bristol' is a district and also an authority"),
        ("authorities.csv", "Leeds,E08000035,383,,,,,,,", "gives 'Leeds' a second time"),
        ("authorities.csv", "New,X1,383,,,,,,,", "'X1' is not an ONS code"),
        ("authorities.csv", "New,,383,,,,middle,,,", "london is 'middle'"),
    ],
)
def test_a_wrong_row_is_named(folder: Path, file: str, row: str, message: str) -> None:
    append(folder / file, row)
    with pytest.raises(DefinitionError, match=message):
        load_areas(folder)


def test_missing_files_and_wrong_columns_are_named(folder: Path) -> None:
    (folder / "authority_names.csv").write_text("name,kind\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match="the columns are"):
        load_areas(folder)
    (folder / "authority_names.csv").unlink()
    with pytest.raises(DefinitionError, match="cannot be read"):
        load_areas(folder)
