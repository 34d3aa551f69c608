"""Each measure is held equal to an independent computation in SQL, on official and synthetic releases."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from ofsight.dataset.store import Dataset, open_dataset
from ofsight.planning.area_plan import AreaPlan, plan_area
from ofsight.planning.inputs import PlanInputs, gather_inputs
from ofsight.planning.measures.register import load_measures
from ofsight.planning.measures.values import Value
from ofsight.profiles.area import find_area, history_names
from ofsight.profiles.withheld import WITHHELD_HERE
from ofsight.report.wording import decimal
from shared import made_dataset

OFFICIAL = (
    "Birmingham",
    "Norfolk",
    "Windsor and Maidenhead",
    "East Midlands",
    "Birmingham+Solihull+Rutland",
    "England",
)
SYNTHETIC = ("England", "London", "Lancashire+Kent")


@pytest.fixture(scope="module")
def inputs(official_dataset: Dataset) -> PlanInputs:
    return gather_inputs(official_dataset, occupancy=0.8)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> PlanInputs:
    """Synthetic releases have no children: need and what is worked out of it is tested on official ones."""
    return gather_inputs(
        open_dataset(made_dataset(tmp_path_factory, seed=11, n_homes=260, first_year=2018)), occupancy=0.8
    )


@pytest.fixture(scope="module", params=[*OFFICIAL, *(f"synthetic {name}" for name in SYNTHETIC)])
def plan(request: pytest.FixtureRequest) -> AreaPlan:
    synthetic = request.param.startswith("synthetic ")
    inputs: PlanInputs = request.getfixturevalue("made_up" if synthetic else "inputs")
    return plan_area(inputs, find_area(inputs.dataset, request.param.removeprefix("synthetic ")))


def names(plan: AreaPlan) -> str:
    found = history_names(plan.inputs.dataset, plan.area)
    return ", ".join("'" + name.replace("'", "''") + "'" for name in found)


def ask(plan: AreaPlan, query: str) -> list[tuple[object, ...]]:
    """Answer a query in which `here` is the area's homes on the newest list."""
    here = f"""
        with day as (select max(listed_on) as d from home_snapshots),
        here as (
            select *, coalesce(owner_group, owner_id) as holder,
                (sector = 'Local Authority' or coalesce(council_company, false)) as council
            from home_snapshots, day where listed_on = d and authority in ({names(plan)})
        )
    """
    return plan.inputs.dataset.sql(here + query).rows()


def one(plan: AreaPlan, query: str) -> float:
    value = ask(plan, query)[0][0]
    return float("nan") if value is None else float(value)  # type: ignore[arg-type]


def test_homes_and_places_by_sector(plan):
    for sector, homes, places in ask(plan, "select sector, count(*), sum(places) from here group by 1"):
        assert plan.value("homes", str(sector)).value == homes
        assert plan.value("places", str(sector)).value == float(places)
        share = plan.value("share_of_places", str(sector)).value
        assert share == pytest.approx(float(places) * 100 / one(plan, "select sum(places) from here"))
    assert plan.value("homes").value == one(plan, "select count(*) from here")
    assert plan.value("places").value == one(plan, "select sum(places) from here")


def test_shares_by_sector(plan):
    rows = ask(
        plan,
        "select sector, 100.0 * count(*) / (select count(*) from here), "
        "100.0 * sum(places) / (select sum(places) from here) from here group by 1",
    )
    for sector, homes, places in rows:
        assert plan.value("share_of_homes", str(sector)).value == pytest.approx(float(str(homes)))
        assert plan.value("share_of_places", str(sector)).value == pytest.approx(float(str(places)))


def test_homes_for_short_breaks_only(plan):
    for part, where in (("all", "short_breaks_only"), ("not said", "short_breaks_only is null")):
        homes, places = ask(plan, f"select count(*), coalesce(sum(places), 0) from here where {where}")[0]
        assert plan.value("homes_for_short_breaks", part).value == homes
        assert plan.value("places_for_short_breaks", part).value == float(str(places))
    if plan.area.name == "England" and plan.inputs.dataset.synthetic is None:
        assert plan.value("homes_for_short_breaks").value == 119


def test_usable_places_and_band(plan):
    found = plan.value("usable_places")
    places = one(plan, "select sum(places) from here")
    assert (found.value, found.low, found.high) == pytest.approx((0.8 * places, 0.75 * places, 0.9 * places))


def test_in_house_share(plan):
    share = one(plan, "select 100.0 * sum(case when council then places else 0 end) / sum(places) from here")
    assert plan.value("in_house_share").value == pytest.approx(share)


@pytest.mark.parametrize("months", [12, 36])
def test_openings_and_closures(plan, months):
    window = f"> d - interval {months} month and %s <= d and authority in ({names(plan)})"
    for name, column in (("opened", "registered_on"), ("closed", "closed_on")):
        where = f"from homes, day where {column} {window % column}"
        homes, places = ask(plan, f"select count(*), coalesce(sum(places), 0) {where}")[0]
        assert plan.value(f"homes_{name}", f"{months} months").value == homes
        assert plan.value(f"places_{name}", f"{months} months").value == float(str(places))
    again = one(
        plan,
        f"select count(*) from homes, day where registered_on {window % 'registered_on'} "
        "and urn in (select new_urn from reregistrations)",
    )
    assert plan.value("homes_registered_again", f"{months} months").value == again


def test_days_to_first_judgement_by_the_product_of_shares(plan):
    """Kaplan and Meier's median, by a window function over days."""
    median = one(
        plan,
        f"""
        , waits as (
            select date_diff('day', registered_on, coalesce(first, least(coalesce(closed_on, d), d))) as t,
                first is not null as judged
            from homes, day left join (
                select urn as u, min(inspected_on) as first from inspections, day
                where inspection_type = 'Full inspection' and overall is not null and inspected_on <= d
                group by 1
            ) on u = urn
            where registered_on > d - interval 36 month and registered_on <= d
                and authority in ({names(plan)})
        ), known as (select * from waits where t >= 0),
        steps as (
            select t, sum(judged::int) as events, (select count(*) from known k where k.t >= w.t) as waiting
            from known w group by t having sum(judged::int) > 0
        ), curve as (
            select t, exp(sum(case when events = waiting then -1e9
                else ln(1.0 - events / waiting::double) end) over (order by t)) as still from steps
        )
        select min(t) from curve where still <= 0.5
        """,
    )
    found = plan.value("days_to_first_judgement", "36 months")
    if found.value is None:
        assert found.status in ("fewer than 5 homes registered", "fewer than half judged yet")
    else:
        assert found.value == median


def test_places_by_judgement(plan):
    rows = ask(
        plan,
        """
        , latest as (
            select urn as u, overall::varchar as grade, inspected_on as seen,
                row_number() over (partition by urn order by inspected_on desc) as k
            from inspections, day
            where inspection_type = 'Full inspection' and overall is not null and inspected_on <= d
        )
        select case when grade in ('Good', 'Outstanding') and seen >= d - interval 18 month
                    then 'Good or Outstanding'
                    when grade in ('Good', 'Outstanding') then 'Good or Outstanding, over 18 months ago'
                    when grade is not null then grade
                    when registered_on >= d - interval 18 month then 'New, not yet judged'
                    else 'Not yet judged, open over 18 months' end as kind,
            count(*), coalesce(sum(places), 0)
        from here left join latest on u = urn and k = 1 group by 1
        """,
    )
    found = {str(kind): (homes, float(str(places))) for kind, homes, places in rows}
    kinds = plan.measures.filter(measure="places_by_judgement")["part"].to_list()
    assert set(found) <= set(kinds)
    for kind in kinds:
        homes, places = found.get(kind, (0, 0.0))
        assert plan.value("homes_by_judgement", kind).value == homes
        assert plan.value("places_by_judgement", kind).value == places


def parts() -> Iterator[tuple[str, str]]:
    yield "all", "true"
    yield "without councils", "not council"


@pytest.mark.parametrize(("part", "where"), list(parts()))
def test_concentration(plan, part, where):
    def hhi(key: str) -> float:
        query = f"""
            , held as (select {key} as k, sum(places) as p from here where {where} group by 1)
            select sum(p * p)::double / (sum(p)::double * sum(p)::double) from held"""
        return one(plan, query)

    expected = {
        "hhi_by_home": hhi("urn"),
        "hhi_by_owner": hhi("coalesce(owner_id, urn)"),
        "hhi_by_group": hhi("coalesce(holder, urn)"),
    }
    if math.isnan(expected["hhi_by_home"]):
        assert plan.value("hhi_by_home", part).status == "no places"
        return
    for name, value in expected.items():
        assert plan.value(name, part).value == pytest.approx(value, rel=1e-12), name
    increment = expected["hhi_by_group"] - expected["hhi_by_home"]
    assert plan.value("hhi_from_common_ownership", part).value == pytest.approx(increment, abs=1e-12)
    for n, name in ((1, "largest_group_share"), (4, "four_largest_share")):
        share = one(
            plan,
            f""", held as (
                select coalesce(holder, urn) as k, sum(places) as p from here where {where} group by 1),
            top as (select p from held order by p desc limit {n})
            select 100.0 * (select sum(p) from top) / (select sum(p) from held)""",
        )
        assert plan.value(name, part).value == pytest.approx(share)
    for n, name in ((1, "largest_group_share_of_homes"), (4, "four_largest_share_of_homes")):
        share = one(
            plan,
            f""", held as (
                select coalesce(holder, urn) as k, count(*) as p from here where {where} group by 1),
            top as (select p from held order by p desc limit {n})
            select 100.0 * (select sum(p) from top) / (select sum(p) from held)""",
        )
        assert plan.value(name, part).value == pytest.approx(share)
    unlinked = one(plan, f"select 100.0 * sum((holder is null)::int) / count(*) from here where {where}")
    assert plan.value("unlinked_share_of_homes", part).value == pytest.approx(unlinked)
    unlinked = one(
        plan,
        "select 100.0 * sum(case when holder is null then places else 0 end) / sum(places) "
        f"from here where {where}",
    )
    assert plan.value("unlinked_share_of_places", part).value == pytest.approx(unlinked)


def test_upper_bound_of_concentration(plan):
    found = plan.value("hhi_by_group")
    high = one(
        plan,
        """, held as (select holder as k, sum(places) as p from here where holder is not null group by 1),
        lost as (select coalesce(sum(places), 0) as u from here where holder is null),
        most as (select max(p) as m from held)
        select ((select sum(p * p) from held) - m * m + (m + u) * (m + u))::double
            / power((select sum(p) from held) + u, 2) from most, lost""",
    )
    assert found.high == pytest.approx(high)


def test_what_is_left_without_each_holder(plan):
    rows = ask(
        plan,
        """, shares as (
            select authority, coalesce(owner_group, owner_id) as holder, sum(places) as p,
                sum(sum(places)) over (partition by authority) as whole
            from home_snapshots, day where listed_on = d group by 1, 2
        ), reach as (
            select holder, count(*) as authorities, sum(p) as places, sum((p > 0.1 * whole)::int) as over_10,
                sum((p > 0.25 * whole)::int) as over_25, sum((p > 0.5 * whole)::int) as over_50
            from shares where holder is not null group by 1
        )
        select holder, count(*), sum(here.places), (select sum(places) from here) - sum(here.places),
            any_value(reach.authorities), any_value(reach.places), any_value(over_10), any_value(over_25),
            any_value(over_50)
        from here join reach using (holder) group by 1""",
    )
    # A group is known by its slug, so that no owner has its id: compare by name and numbers.
    mine = plan.exposure.filter(plan.exposure["holder_id"].is_not_null())
    columns = ("homes", "places", "places_left", "n_authorities", "places_in_england")
    columns += ("n_over_10", "n_over_25", "n_over_50")
    assert sorted(mine.select(columns).rows()) == sorted(tuple(int(str(n)) for n in row[1:]) for row in rows)


def test_rates_left_are_of_published_children(plan):
    if plan.need.is_empty():
        assert plan.exposure["left_per_100_in_homes"].null_count() == plan.exposure.height
        return
    children = {row[0]: row[1] for row in plan.need.filter(year=2024).select("measure", "value").iter_rows()}
    for column, measure in (
        ("left_per_100_looked_after", "looked_after"),
        ("left_per_100_in_homes", "children_in_homes"),
    ):
        value = children[measure]
        for left, rate in plan.exposure.select("places_left", column).iter_rows():
            assert rate == (None if value is None else pytest.approx(100 * left / value))


def test_trend_since_2018(plan):
    rows = plan.inputs.dataset.sql(
        f"""with held as (
            select listed_on, coalesce(owner_group, owner_id, urn) as k, sum(places) as p,
                sum(case when owner_id is null then places else 0 end) as lost, count(*) as n,
                sum(case when sector = 'Private' then places else 0 end) as private
            from home_snapshots
            where listed_on >= '2018-03-31' and authority in ({names(plan)}) group by 1, 2
        )
        select listed_on, sum(n), sum(p), sum(private), sum(p * p)::double / power(sum(p), 2),
            max(p) / sum(p), sum(lost) / sum(p)
        from held group by 1 order by 1"""
    ).rows()
    columns = ["listed_on", "homes", "places", "places_private", "hhi_by_group", "largest_share"]
    mine = plan.trend.select(*columns, "unlinked_share_of_places").rows()
    assert len(mine) == len(rows)
    for ours, theirs in zip(mine, rows, strict=True):
        assert ours[0] == theirs[0]
        assert [float(x) for x in ours[1:]] == pytest.approx([float(str(x)) for x in theirs[1:]])


def test_places_per_100_children(plan):
    if plan.need.is_empty():
        assert plan.value("places_per_100_in_homes").status == "not published for 2024"
        return
    if plan.area.kind == "set":
        assert plan.value("places_per_100_in_homes").status == "a member is withheld"
        return
    level = {"authority": "Local authority", "region": "Regional", "england": "National"}[plan.area.kind]
    name = f"coalesce(authority, standard_region, published_name) = '{plan.area.name}'"
    for measure, breakdown in (
        ("places_per_100_in_homes", "breakdown = 'Secure homes and children''s homes'"),
        (
            "places_per_100_looked_after",
            "topic = 'number and rate' and category = 'Looked after on 31 March'",
        ),
    ):
        children = plan.inputs.dataset.sql(
            f"select value from authority_statistics where level = '{level}' and {name} and {breakdown} "
            "and measure = 'children' and newest and year = 2024"
        ).item()
        places = plan.value("places").value
        assert plan.value(measure).value == pytest.approx(100 * places / children)


def test_published_need_is_the_newest_published_number(inputs):
    """Every authority, region and England, every measure and year: the cell as the release prints it."""
    cells = (
        ("children_in_homes", "breakdown = 'Secure homes and children''s homes' and measure = 'children'", 1),
        ("net_loss_in_homes", "topic = 'net gain in children''s homes' and measure = 'children'", -1),
        ("out_of_area_in_homes", "topic = 'out of area in children''s homes' and measure = 'children'", 1),
        (
            "out_of_area_in_homes_share",
            "topic = 'out of area in children''s homes' and measure = 'percent'",
            1,
        ),
        (
            "over_20_miles_share",
            "category = 'Distance between home and placement' "
            "and breakdown = 'Placed more than 20 miles from home' and measure = 'percent'",
            1,
        ),
        (
            "over_20_miles_outside_share",
            "category = 'Distance between home and placement and locality of placement' "
            "and measure = 'percent' "
            "and breakdown = 'Placed outside the LA boundary, more than 20 miles from home'",
            1,
        ),
        (
            "looked_after_rate",
            "topic = 'number and rate' and category = 'Looked after on 31 March' and breakdown = 'Total' "
            "and measure = 'rate per 10,000'",
            1,
        ),
    )
    for measure, where, sign in cells:
        theirs = {
            (name, year): (None if value is None else sign * value, status)
            for name, year, value, status in inputs.dataset.sql(
                "select authority, year, value, status from authority_statistics "
                f"where level = 'Local authority' and newest and authority is not null and {where}"
            ).iter_rows()
        }
        mine = inputs.need.filter(level="authority", measure=measure)
        assert mine.height == len(theirs) > 700
        mine = mine.filter(pl.col("status") != WITHHELD_HERE)  # held in test_planning_disclosure.py
        assert mine.height > 0.97 * len(theirs)
        for name, year, value, status in mine.select("name", "year", "value", "status").iter_rows():
            assert (value, status) == theirs[name, year]


def test_of_an_authority_under_two_codes_the_later_release_counts(inputs):
    """North Yorkshire and Somerset of 2022 stand under two codes, with different numbers."""
    later = inputs.dataset.sql(
        "select authority, year, arg_max(value, release), count(distinct published_code) from "
        "authority_statistics where level = 'Local authority' and authority is not null "
        "and measure = 'children' and topic = 'number and rate' and category = 'Looked after on 31 March' "
        "and breakdown = 'Total' and year = 2022 group by 1, 2 having count(distinct value) > 1"
    ).rows()
    assert {name for name, *_, n_codes in later if n_codes > 1} == {"North Yorkshire", "Somerset"}
    for name, year, value, _ in later:
        mine = inputs.need.filter(level="authority", measure="looked_after", name=name, year=year)
        assert mine["value"].to_list() == [value]


def test_observed_over_expected_places(plan):
    """Places of the members over the model's line at their children, both from the published tables."""
    found, places = plan.value("observed_over_expected"), plan.inputs.places
    if places is None:
        assert found.status == "no model could be fitted"
        return
    members = ", ".join(f"'{code}'" for code in plan.area.authorities)
    rows = plan.inputs.dataset.sql(
        f"""with day as (select max(listed_on) as d from home_snapshots),
        children as (
            select authority, max(area_code) as code, any_value(value) as n from authority_statistics
            where newest and level = 'Local authority' and year = {plan.inputs.list_year}
                and topic = 'number and rate' and breakdown = 'Total' and measure = 'children'
                and category = 'Looked after on 31 March'
            group by 1
        ), held as (
            select authority, sum(places) as p from home_snapshots, day where listed_on = d group by 1
        )
        select count(*), count(n), sum(coalesce(p, 0)), sum(exp({places.intercept} + {places.slope} * ln(n)))
        from children left join held using (authority) where code in ({members})"""
    ).row(0)
    if rows[0] > rows[1]:
        assert found.value is None
        return
    assert found.n == rows[0] == len(plan.area.authorities)
    assert found.value == pytest.approx(float(rows[2]) / float(rows[3]))


def test_judgements_of_groups(inputs):
    """How many of each holder's homes are judged, and below Good, by the newest full inspection."""
    rows = inputs.dataset.sql(
        """with day as (select max(listed_on) as d from home_snapshots),
        last as (
            select urn, arg_max(overall, (inspected_on, event_number)) as overall from inspections, day
            where inspection_type = 'Full inspection' and overall is not null and inspected_on <= d group by 1
        )
        select count(*), sum((overall in ('Inadequate', 'Requires improvement to be good'))::int),
            sum((overall = 'Inadequate')::int)
        from home_snapshots join last using (urn), day
        where listed_on = d and owner_id is not null and sector is not null and region is not null
        group by coalesce(owner_group, owner_id)"""
    ).rows()
    mine = inputs.groups.frame.select("n_judged", "n_below_good", "n_inadequate").rows()
    assert sorted(mine) == sorted((int(n), int(below), int(bad)) for n, below, bad in rows)


def test_every_measure_has_its_twin():
    """Each name of `measures/planning.yaml` stands in a test that asks SQL for it."""
    folder = Path(__file__).parent
    texts = [(folder / name).read_text() for name in ("test_planning_sql.py", "test_planning_pack.py")]
    names = load_measures().measures
    asked = {word for text in texts for word in re.findall(r"[a-z0-9_]+", text)}
    by_formatted_name = {"homes_opened", "homes_closed"}  # test_openings_and_closures
    missing = set(names) - asked - by_formatted_name
    assert missing == set()


def test_screen_is_the_screen_in_sql(inputs):
    """The three limbs, each as its own query over all homes."""
    base = """
        with day as (select max(listed_on) as d from home_snapshots),
        shares as (
            select authority, coalesce(owner_group, owner_id) as holder, sum(places) as p,
                sum(sum(places)) over (partition by authority) as whole
            from home_snapshots, day where listed_on = d group by 1, 2
        ), reach as (
            select holder, sum(p) as places, count(*) as n, sum((p > 0.1 * whole)::int) as large
            from shares where holder is not null group by 1
        ) select count(*), sum(places) from reach where """
    for limb, where in (
        ("large", "places >= 60"),
        ("spread", "places >= 30 and n >= 16"),
        ("concentrated", "places >= 30 and large >= 3"),
    ):
        n, places = inputs.dataset.sql(base + where).row(0)
        mine = inputs.screened.filter(limb=limb)
        assert (mine.height, mine["places"].sum()) == (n, int(places))
        assert n > 0


def test_the_worked_examples_of_the_docs(official_dataset):
    """The table in docs/planning.md is what the plans say."""
    inputs = gather_inputs(official_dataset)
    plans = [plan_area(inputs, find_area(official_dataset, name)) for name in ("Birmingham", "Norfolk")]
    text = (Path(__file__).parents[2] / "docs" / "planning.md").read_text(encoding="utf-8")
    lines: tuple[tuple[str, str, str, int, str, float], ...] = (
        ("Looked-after children, 2025", "looked_after", "all", 0, "", 1),
        ("Children in children's homes, 2024", "children_in_homes", "all", 0, "", 1),
        ("Net loss to homes elsewhere, 2024", "net_loss_in_homes", "all", 0, "", 1),
        ("Children in homes outside the authority", "out_of_area_in_homes_share", "all", 0, "%", 1),
        ("Homes", "homes", "all", 0, "", 1),
        ("Registered places", "places", "all", 0, "", 1),
        ("Usable at 85% (75 to 90%)", "usable_places", "all", 0, "", 1),
        ("Places per 100 children in homes", "places_per_100_in_homes", "all", 0, "", 1),
        ("Run by councils or their companies", "in_house_share", "all", 0, "%", 1),
        ("Places opened, 36 months", "places_opened", "36 months", 0, "", 1),
        ("Places closed, 36 months", "places_closed", "36 months", 0, "", 1),
        ("Days to a first judgement", "days_to_first_judgement", "36 months", 0, "", 1),
        ("HHI by group, × 10,000", "hhi_by_group", "all", 0, "", 10_000),
        ("Largest group, councils left out", "largest_group_share", "without councils", 0, "%", 1),
        ("Four largest", "four_largest_share", "all", 0, "%", 1),
        ("Observed over expected places", "observed_over_expected", "all", 2, "", 1),
    )
    for label, measure, part, places, mark, times in lines:
        cells = [shown(plan.value(measure, part), places, mark, times) for plan in plans]
        assert f"| {label} | {' | '.join(cells)} |" in text


def shown(found: Value, places: int, mark: str, times: float) -> str:
    def write(value: float) -> str:
        return decimal(times * value, places)

    assert found.value is not None
    if found.low is None or found.high is None:
        return f"{write(found.value)}{mark}"
    return f"{write(found.value)} ({write(found.low)} to {write(found.high)})"
