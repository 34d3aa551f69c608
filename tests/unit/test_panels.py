"""Authorities by year and the panels: what is suppressed stays so, and covariates are those of the day."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from ofsight.dataset.authority_years import NOT_PUBLISHED, make_authority_years
from ofsight.dataset.panels import make_authority_panel, make_home_panel
from ofsight.dataset.tables import TABLES, conform
from ofsight.dataset.tables_panels import PANEL_TABLES

SCHEMAS = {table.name: table.schema() for table in TABLES}
TOPIC = "looked after on 31 March"


def frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMAS[table], strict=False)


def number(year: int, category: str, breakdown: str, cell: float | str, **more: Any) -> dict[str, Any]:
    value, status = (None, cell) if isinstance(cell, str) else (float(cell), "")
    return {
        "level": "Local authority",
        "authority": "Leeds",
        "year": year,
        "topic": TOPIC,
        "category": category,
        "breakdown": breakdown,
        "measure": "children",
        "value": value,
        "status": status,
        "newest": True,
        "release": f"test/{year}",
    } | more


STATISTICS = [
    number(2016, "Looked after on 31 March", "Total", 200),
    number(2016, "Placement provider", "Private provision", 50),
    number(2016, "Placement provider", "Voluntary provision", "x"),
    number(2017, "Looked after on 31 March", "Total", 220),
    number(2017, "Placement provider", "Private provision", "c"),
    number(2017, "Sex", "Female", 99, newest=False),
    number(2017, "Sex", "Female", 110),
    number(2016, "Age group", "0 to 17", 160_000, topic="population", measure="population"),
    number(2019, "Index of multiple deprivation", "", 0.33, topic="deprivation", measure="extent"),
    number(2021, "Ethnicity", "White", 600_000, topic="census", measure="residents"),
    number(2021, "Ethnicity", "Mixed", 200_000, topic="census", measure="residents"),
]
INSPECTION = {
    "authority": "Leeds",
    "framework": "ILACS",
    "on": date(2018, 10, 29),
    "known_on": date(2018, 12, 18),
    "overall": "Outstanding",
    "leaders": "Outstanding",
    "standard_region": "Yorkshire and The Humber",
}
EARLIER = INSPECTION | {
    "framework": "SIF",
    "on": date(2015, 3, 27),
    "known_on": date(2015, 3, 27),
    "overall": "Good",
}
SNAPSHOT = {
    "urn": "SC000001",
    "listed_on": date(2017, 3, 31),
    "authority": "Leeds",
    "sector": "Private",
    "places": 4,
}


def years() -> pl.DataFrame:
    return make_authority_years(
        frame("authority_statistics", STATISTICS),
        frame(
            "home_snapshots",
            [
                SNAPSHOT,
                SNAPSHOT | {"urn": "SC000002", "sector": "Local Authority", "places": 6},
                SNAPSHOT | {"urn": "SC000001", "listed_on": date(2015, 3, 31), "places": None},
                SNAPSHOT | {"urn": "SC000003", "listed_on": date(2017, 8, 31)},
            ],
        ),
        frame("authority_inspections", [INSPECTION, EARLIER]),
    )


def leeds(year: int) -> dict[str, Any]:
    made = conform(next(table for table in PANEL_TABLES if table.name == "authority_years"), years())
    return made.filter(pl.col("authority") == "Leeds", pl.col("year") == year).row(0, named=True)


def test_a_share_is_of_the_children_and_suppressed_where_the_count_is() -> None:
    row = leeds(2016)
    assert (row["looked_after"], row["private_percent"], row["private_percent_status"]) == (200.0, 25.0, "")
    assert (row["voluntary_percent"], row["voluntary_percent_status"]) == (None, "x")
    row = leeds(2017)
    assert (row["placed_private"], row["placed_private_status"], row["private_percent_status"]) == (
        None,
        "c",
        "c",
    )
    assert row["female_percent"] == 50.0
    assert row["white_status"] == NOT_PUBLISHED


def test_population_is_of_the_middle_of_the_year_before_and_deprivation_of_every_year() -> None:
    assert leeds(2017)["population_0_17"] == 160_000
    assert leeds(2016)["population_0_17_status"] == NOT_PUBLISHED
    assert leeds(2015)["imd_extent"] == leeds(2017)["imd_extent"] == 0.33


def test_homes_and_places_are_of_the_list_of_march() -> None:
    row = leeds(2017)
    assert (row["n_homes"], row["n_homes_private"], row["n_homes_local_authority"]) == (2, 1, 1)
    assert (row["n_places"], row["n_places_private"], row["n_places_voluntary"]) == (10, 4, 0)
    assert leeds(2015)["n_homes"] == 1
    assert leeds(2015)["n_places"] is None  # the list prints none: unknown, not zero


def test_the_judgement_in_force_is_the_newest_published_by_the_day() -> None:
    assert leeds(2015)["judgement"] == "Good"
    assert leeds(2017)["judged_under"] == "SIF"
    assert years().filter(pl.col("authority") == "Barnsley")["judgement"].null_count() == 3


def test_every_authority_of_the_day_has_a_row() -> None:
    assert years().filter(pl.col("year") == 2016).height == 152


def test_covariates_of_an_authority_are_those_known_on_the_day() -> None:
    panel = make_authority_panel(
        frame("authority_inspections", [INSPECTION, EARLIER]),
        years(),
        frame("authority_statistics", STATISTICS),
    ).sort("on")
    assert panel["profit"].to_list() == [None, 25.0]
    assert panel["profit_year"].to_list() == [None, 2016]  # 2017 is suppressed
    assert panel["n"].to_list() == [None, 2.2]
    assert panel["n_year"].to_list() == [None, 2017]
    assert panel["under18"].to_list() == [None, 20.0]
    assert panel["imd"].to_list() == [0.33, 0.33]
    assert panel["latest"].to_list() == [False, True]


def test_covariates_of_a_home_come_from_the_nearest_list_and_say_so() -> None:
    visit = {
        "urn": "SC000001",
        "inspected_on": date(2017, 5, 1),
        "inspection_type": "Full inspection",
        "framework": "SCCIF",
        "provision_type": "Children's home",
        "sector": "Private",
        "overall": "Good",
    }
    earlier = visit | {"inspected_on": date(2016, 12, 1), "places": 9, "owner_id": "own"}
    ungraded = visit | {"inspected_on": date(2016, 6, 1), "overall": None}
    interim = visit | {"inspected_on": date(2016, 7, 1), "inspection_type": "Interim inspection"}
    panel = make_home_panel(
        frame("inspections", [visit, earlier, ungraded, interim]),
        frame("homes", [{"urn": "SC000001", "registered_on": date(2017, 1, 1)}]),
        frame(
            "home_snapshots",
            [
                SNAPSHOT | {"n_homes_of_owner": 7, "owner_id": "keys", "owner_group": "Keys"},
                SNAPSHOT | {"listed_on": date(2014, 9, 30), "places": 3},
            ],
        ),
    )
    assert panel["inspected_on"].to_list() == [date(2016, 12, 1), date(2017, 5, 1)]
    assert panel["places"].to_list() == [9, 4]
    assert panel["places_listed_on"].to_list() == [None, date(2017, 3, 31)]
    assert panel["owner_id"].to_list() == ["own", "keys"]
    assert panel["chain_size"].to_list() == [7, 7]
    # Registered, as printed, after the first inspection: a correction, no age.
    assert panel["age_months"][0] is None
    assert 3.9 < panel["age_months"][1] < 4.0
    assert 52 < panel["age_months_paper"][0] < 54
