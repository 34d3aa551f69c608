"""Owner names to owners to groups: rules, guards, dates, counts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ofsight.errors import DefinitionError, UsageError
from ofsight.link.owners import (
    RULES,
    chain_sizes,
    group_on,
    link_owners,
    linkage_report,
    load_aliases,
    load_owner_groups,
    shared_registrations,
)

HEAD = "owner,group,kind,authorities,valid_from,valid_until,source\n"


def ids(*names: str, urn: list[str] | None = None, place: list[str] | None = None) -> dict[str, str]:
    """Link names of successive years, without aliases: published name -> owner id."""
    frame = pl.DataFrame(
        {
            "owner": list(names),
            "year": list(range(2018, 2018 + len(names))),
            "urn": urn or [f"SC{i}" for i in range(len(names))],
            "local_authority": place or [f"Place {i}" for i in range(len(names))],
        }
    )
    return dict(link_owners(frame, aliases={}).select("owner_as_published", "owner_id").iter_rows())


def rule_of(links: pl.DataFrame, name: str) -> str:
    return str(links.filter(pl.col("owner_as_published") == name)["rule"].item())


def test_the_result_has_one_row_per_name_and_says_how() -> None:
    links = link_owners(
        pl.DataFrame(
            {
                "owner": [
                    "Keys Care Ltd",
                    "Keys Care Limited",
                    "Keys Care Limited",
                    "Leeds City Council",
                    "",
                    None,
                ],
                "year": [2018, 2019, 2020, 2018, 2018, 2018],
            }
        )
    )
    assert links["owner_as_published"].to_list() == [
        "",
        "Keys Care Limited",
        "Keys Care Ltd",
        "Leeds City Council",
    ]
    assert links["owner_id"].to_list() == [None, "keys-care", "keys-care", "council-leeds"]
    assert links["owner"].to_list() == [None, "Keys Care Limited", "Keys Care Limited", "Leeds council"]
    assert links["rule"].to_list() == ["no name", "normal form", "normal form", "council"]
    assert set(links["rule"]) <= set(RULES)
    assert links["score"].to_list() == [None, 100.0, 100.0, 100.0]


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [
        ("Beacon Child Care Ltd", "Beacon Childcare Limited", "spacing"),
        ("Homes2inspire Limited", "Homes 2 Inspire Ltd", "spacing"),
        ("North Adoption And Fostering Service", "North Fostering And Adoption Service", "word order"),
        ("Oundle Mencap Holidays Ltd 05393382", "Oundle School Mencap Holiday 05393382", "company number"),
        ("Monach Intervention Services Ltd", "Monarch Intervention Services Ltd", "typing error"),
        ("Malvern Acheivement Services", "Malvern Achievement Services Limited", "typing error"),
        ("Evolution Children Services Ltd", "Evolution Childrens Services Ltd", "typing error"),
        ("Adecyn Children's Home Ltd", "Adecyn Childrens Homes Ltd", "typing error"),
        ("Green Harvest Capital Consulti", "Green Harvest Capital Consulting Ltd", "typing error"),
    ],
)
def test_each_rule_links_without_evidence(one: str, other: str, rule: str) -> None:
    links = link_owners(pl.DataFrame({"owner": [one, other], "year": [2018, 2019]}), aliases={})
    assert links["owner_id"].n_unique() == 1
    assert rule_of(links, other) == rule


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Malvern Acheivment Services", "Malvern Achievement Services Limited"),
        ("Broadwood Education Services", "Broadwood Educational Services Limited"),
        ("Kelwel Care Limited", "Kelwell Care Limited"),
        ("Stepping Stone Children's Homes Ltd", "Stepping Stones Childrens Homes Ltd"),
        ("Barnardo Services Limited", "Barnardo's Services Limited"),
    ],
)
def test_larger_slips_need_a_registration_in_common(one: str, other: str) -> None:
    shared = ids(one, other, urn=["SC1", "SC1"])
    assert shared[one] == shared[other]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Keys Care North Ltd", "Keys Care South Ltd"),
        ("Compass Fostering East Limited", "Compass Fostering Eastern Limited"),
        ("Options Autism (4) Ltd", "Options Autism (5) Limited"),
        ("Stepping Stones Care (Midlands) Limited", "Stepping Stones Care (Midlands 1) Limited"),
        ("Pathway Care Solutions Ltd", "Pathway Care Solutions Ii Ltd"),
        ("Heartwood RSC Ltd", "Heartwood RSR Limited"),
        ("Care Bolton Homes Ltd", "Care Boston Homes Ltd"),
        ("Compass Childrens Homes And Education East", "Compass Childrens Homes And Education Eastern"),
        ("Compass Childrens Homes And Education", "Compass Childrens Homes And Education2"),
        ("East Sussex County Council", "West Sussex County Council"),
        ("4 Keys Care Ltd", "Keys Care Limited"),
    ],
)
def test_what_tells_companies_apart_is_never_a_slip(one: str, other: str) -> None:
    """Not even with a registration and a place in common."""
    found = ids(one, other, urn=["SC1", "SC1"], place=["Leeds", "Leeds"])
    assert found[one] != found[other]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Inspire Fostering Ltd", "Inspired Fostering Limited"),
        ("Bowden House School", "Rowden House School Limited"),
        ("Star Fostering Ltd", "Starz Fostering C.I.C"),
        ("SuperCare Residential Ltd", "SureCare Residential Ltd"),
        ("Progression Care Limited", "Progressive Care Limited"),
        ("Pathfinder Care Services Ltd", "Pathfinders Care Services Limited"),
        ("Therapeutic Care Limited", "Therapeutic care Nw LTD"),
        ("Shared Care Services Limited", "Shore Care Services Ltd"),
        ("Acorn Care & Education Limited", "Anchor Care and Education Ltd"),
    ],
)
def test_names_that_look_alike_stay_apart_without_evidence(one: str, other: str) -> None:
    found = ids(one, other)
    assert found[one] != found[other]


def test_another_first_letter_is_another_word_unless_a_registration_is_in_common() -> None:
    one, other = "Oak Bowden School Ltd", "Oak Rowden School Ltd"
    assert len(set(ids(one, other, place=["Leeds", "Leeds"]).values())) == 2
    assert len(set(ids(one, other, urn=["SC1", "SC1"]).values())) == 1


def test_three_words_in_another_order_are_another_name() -> None:
    found = ids("Oak House Care Ltd", "Care Oak House Ltd")
    assert found["Oak House Care Ltd"] != found["Care Oak House Ltd"]


def test_of_two_printings_in_one_year_the_more_frequent_gives_the_id() -> None:
    frame = pl.DataFrame(
        {"owner": ["Monach Care Ltd", "Monarch Care Ltd"], "n": [1, 9], "local_authority": ["Kent"] * 2}
    )
    assert link_owners(frame)["owner_id"].unique().to_list() == ["monarch-care"]


def test_a_word_that_several_companies_use_is_not_a_slip() -> None:
    names = [
        "Horizon Care Ltd",
        "Horizon Homes Ltd",
        "Horizen Care Ltd",
        "Horizen Fostering Ltd",
        "Horizen Trust",
    ]
    found = ids(*names, place=["Leeds"] * 5)
    assert found["Horizen Care Ltd"] == found["Horizon Care Ltd"]  # rare when it was first met
    again = ids(*["Horizen Fostering Ltd", "Horizen Trust", *names[:3]], place=["Leeds"] * 5)
    assert again["Horizen Care Ltd"] != again["Horizon Care Ltd"]


def test_an_alias_joins_what_no_rule_can() -> None:
    frame = pl.DataFrame(
        {"owner": ["Break", "Break Charity", "break charity ltd"], "year": [2018, 2023, 2024]}
    )
    assert link_owners(frame, aliases={})["owner_id"].n_unique() == 2
    links = link_owners(frame)
    assert links["owner_id"].unique().to_list() == ["break"]
    assert rule_of(links, "break charity ltd") == "alias"


def test_an_alias_may_lead_to_a_council() -> None:
    links = link_owners(pl.DataFrame({"owner": ["Bradford Childrens Specialist Service"]}))
    assert links["owner_id"].item() == "council-bradford"


def test_ids_stay_when_names_of_later_years_come() -> None:
    first = pl.DataFrame({"owner": ["Monach Care Services Ltd", "Keys Care Ltd"], "year": [2018, 2018]})
    later = pl.DataFrame(
        {"owner": ["Monarch Care Services Ltd"] * 9 + ["AKeys Care Ltd"], "year": [2019] * 10}
    )
    before = dict(link_owners(first).select("owner_as_published", "owner_id").iter_rows())
    after = dict(link_owners(pl.concat([first, later])).select("owner_as_published", "owner_id").iter_rows())
    assert {name: after[name] for name in before} == before
    assert after["Monarch Care Services Ltd"] == before["Monach Care Services Ltd"]


def test_a_company_number_that_comes_later_changes_no_id() -> None:
    first = pl.DataFrame(
        {"owner": ["Oak House 04249271", "Elm House", "Elm House"], "year": [2018, 2018, 2018]}
    )
    later = pl.DataFrame({"owner": ["Elm House 04249271"], "year": [2019]})
    found = dict(link_owners(pl.concat([first, later])).select("owner_as_published", "owner_id").iter_rows())
    assert found["Elm House"] == found["Elm House 04249271"] == "elm-house"
    assert found["Oak House 04249271"] == "oak-house"


def test_a_frame_without_owners_is_refused() -> None:
    with pytest.raises(UsageError, match="No column 'owner' among name"):
        link_owners(pl.DataFrame({"name": ["A"]}))


def test_no_names_give_no_links() -> None:
    empty = pl.DataFrame({"owner": []}, schema={"owner": pl.String})
    assert link_owners(empty).columns == ["owner_as_published", "owner_id", "owner", "score", "rule"]


def test_groups_are_dated() -> None:
    assert group_on("cambian-childcare", date(2018, 3, 31)) == "Cambian"
    assert group_on("cambian-childcare", date(2019, 3, 31)) == "CareTech"
    assert group_on("keys-specialist-residential-childrens-services", date(2024, 3, 31)) == "Keys Group"
    assert group_on("homes2inspire", date(2024, 3, 31)) == "Homes2Inspire (Shaw Trust)"
    assert group_on("timeout-childrens-homes", date(2024, 3, 31)) == "Timeout"
    assert group_on("4-keys-care", date(2024, 3, 31)) is None
    assert group_on("key-community", date(2024, 3, 31)) is None


def test_council_companies_are_flagged_with_their_councils() -> None:
    groups = load_owner_groups()
    on = date(2024, 3, 31)
    assert groups.council_company("birmingham-childrens-trust", on) == ("Birmingham",)
    assert groups.council_company("achieving-for-children", on) == (
        "Kingston upon Thames", "Richmond upon Thames", "Windsor and Maidenhead",
    )  # fmt: skip
    found = groups.match(pl.Series(["slough-children-first", "keys-care", "council-leeds", None]), on)
    assert found["council_company"].to_list() == [True, False, False, None]
    assert found["council_authorities"].to_list() == ["Slough", None, None, None]
    assert found["group"].to_list() == [None, "Keys Group", None, None]


def test_groups_match_one_day_per_owner() -> None:
    found = load_owner_groups().match(
        pl.Series(["cambian-childcare"] * 3), pl.Series([date(2018, 3, 31), date(2020, 3, 31), None])
    )
    assert found["group"].to_list() == ["Cambian", "CareTech", None]
    with pytest.raises(UsageError, match="1 owners but 0 days"):
        load_owner_groups().match(pl.Series(["a"]), pl.Series([], dtype=pl.Date))


def test_the_most_exact_row_gives_the_group(tmp_path: Path) -> None:
    file = tmp_path / "owner_groups.csv"
    rows = [
        "keys *,Keys,group,,,,x",
        "keys care north *,North,group,,,,x",
        "keys care north west,West,group,,,,x",
    ]
    for order in (rows, rows[::-1]):
        file.write_text(HEAD + "\n".join(order) + "\n", encoding="utf-8")
        groups = load_owner_groups(file)
        found = [
            groups.group_on(f"keys-{rest}", date(2024, 1, 1))
            for rest in ("one", "care-north-east", "care-north-west")
        ]
        assert found == ["Keys", "North", "West"]


def test_every_group_of_ofsteds_list_that_names_allow_is_there() -> None:
    groups = {row.group for row in load_owner_groups().rows}
    assert groups >= {
        "CareTech", "Keys Group", "Aspris", "Hexagon Care", "Compass Community", "Esland",
        "Homes2Inspire (Shaw Trust)", "Outcomes First Group", "Care Today / Parallel Parents",
        "Horizon Care and Education", "Witherslack Group", "Polaris", "Reflexion Care Group", "Meadows Care",
        "Your Chapter", "Timeout", "Phoenix Learning and Care", "Blue Mountain Homes", "First Blue Group",
        "Life Change", "Action for Children", "The Together Trust", "Break", "Barnardo's",
        "The Caldecott Foundation",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("keys *,Keys,firm,,,,name\n", "kind is 'firm'"),
        ("Keys Ltd,Keys,group,,,,name\n", "'Keys Ltd' is not a normal form. Write 'keys'"),
        ("keys *,Keys,group,,,,\n", "group and source must be given"),
        ("keys *,Keys,group,Leeds,,,name\n", "nothing else, names its authorities"),
        ("keys *,Keys,council company,,,,name\n", "nothing else, names its authorities"),
        ("keys *,Keys,council company,Leedss,,,name\n", "'Leedss' is not the canonical name"),
        ("keys *,Keys,group,,2020,,name\n", "is not a date"),
        ("keys *,A,group,,,2020-01-01,x\nkeys *,B,group,,2020-01-01,,x\n", "is in 'A' and 'B' on one day"),
        ("keys *,Keys\n", "not 7 cells"),
    ],
)
def test_a_wrong_group_row_is_named(tmp_path: Path, rows: str, message: str) -> None:
    file = tmp_path / "owner_groups.csv"
    file.write_text(HEAD + rows, encoding="utf-8")
    with pytest.raises(DefinitionError, match=message):
        load_owner_groups(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("published,owner,source\nA,B,\n", "must all be given"),
        ("published,owner,source\nA,B,x\nA,C,x\n", "'A' is given a second time"),
        ("published,owner\nA,B\n", "the columns are"),
    ],
)
def test_a_wrong_alias_row_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "owner_aliases.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=message):
        load_aliases(file)


def test_chain_size_counts_homes_of_one_owner_on_one_date() -> None:
    first, second = date(2023, 3, 31), date(2024, 3, 31)
    homes = pl.DataFrame(
        {
            "list_date": [first, first, first, first, second, first, first],
            "urn": ["1", "2", "2", "3", "1", "8", "9"],
            "owner_id": ["a", "a", "a", "b", "a", None, None],
        }
    )
    sized = chain_sizes(homes)
    assert sized["chain_size"].to_list() == [2, 2, 2, 1, 1, None, None]
    assert sized.drop("chain_size").equals(homes)
    with pytest.raises(UsageError, match="no column owner_id"):
        chain_sizes(homes.drop("owner_id"))


def test_the_report_counts_every_home_once() -> None:
    homes = pl.DataFrame(
        {
            "year": [2017, 2017, 2018, 2018, 2018, 2018, 2018],
            "owner": [
                None,
                None,
                "Keys Care Ltd",
                "Keys Care Limited",
                "Keys-Care",
                "Leeds City Council",
                " ",
            ],
        }
    )
    links = link_owners(homes)
    report = linkage_report(homes, links)
    assert report["year"].to_list() == [2017, 2018]
    assert report["n_homes"].to_list() == [2, 5]
    assert report["n_unlinked"].to_list() == [2, 1]
    assert report["unlinked_share"].to_list() == [1.0, 0.2]
    assert report["n_spellings"].to_list() == [0, 4]
    assert report["n_owners"].to_list() == [0, 2]
    assert report["n_single_home_owners"].to_list() == [0, 1]
    assert report["inexact_share"].to_list() == [0.0, 0.0]
    by_rule = report.select(pl.sum_horizontal(f"n_{rule.replace(' ', '_')}" for rule in RULES)).to_series()
    assert by_rule.to_list() == report["n_homes"].to_list()


def test_the_report_refuses_names_that_were_not_linked() -> None:
    homes = pl.DataFrame({"year": [2018], "owner": ["Keys Care Ltd"]})
    links = link_owners(pl.DataFrame({"owner": ["Other Ltd"]}))
    with pytest.raises(
        UsageError, match="1 owners of the homes are not in the links, the first 'Keys Care Ltd'"
    ):
        linkage_report(homes, links)


def test_registrations_in_common_propose_renames() -> None:
    homes = pl.DataFrame(
        {
            "urn": ["1", "1", "2", "2", "3", "3", "4"],
            "owner": [
                "Priory Ltd",
                "Aspris Ltd",
                "Priory Ltd",
                "Aspris Ltd",
                "Aspris Ltd",
                "Other Ltd",
                "Other Ltd",
            ],
        }
    )
    pairs = shared_registrations(homes, link_owners(homes))
    assert pairs.rows() == [("aspris", "priory", 2, 3, 2), ("aspris", "other", 1, 3, 2)]
