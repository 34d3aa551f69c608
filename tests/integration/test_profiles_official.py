"""Profiles on the official releases: equal to plain SQL, adding up, and giving away nothing withheld."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest

from ofsight.dataset.store import Dataset
from ofsight.profiles.area import find_area, list_areas
from ofsight.profiles.children import children_over_time
from ofsight.profiles.funnel import FUNNELS, funnel
from ofsight.profiles.holders import holders_in
from ofsight.profiles.home import find_home
from ofsight.profiles.homes_open import open_homes, snapshot_dates
from ofsight.profiles.judgements import judgements_by_year, latest_judgements
from ofsight.profiles.measures import MEASURES
from ofsight.profiles.neighbours import beside, neighbours_of
from ofsight.profiles.owner import find_owner, list_owners, owner_areas
from ofsight.profiles.supply import homes_over_time, openings_closures
from ofsight.profiles.withheld import WITHHELD_HERE

PLACES = ("Birmingham", "Norfolk", "City of London", "North Northamptonshire", "Northamptonshire", "London",
          "England", "Norfolk+Suffolk")  # fmt: skip


def where(dataset: Dataset, name: str) -> str:
    """The area in SQL, by names alone."""
    by_hand = {
        "England": "true",
        "London": "standard_region = 'London'",
        "Northamptonshire": "authority in ('Northamptonshire', 'North Northamptonshire', "
        "'West Northamptonshire')",
        "Norfolk+Suffolk": "authority in ('Norfolk', 'Suffolk')",
    }
    return by_hand.get(name, f"authority = '{name}'")


@pytest.mark.releases
@pytest.mark.parametrize("name", PLACES)
def test_supply_is_what_sql_counts(official_dataset: Dataset, name: str) -> None:
    ours = homes_over_time(official_dataset, find_area(official_dataset, name))
    theirs = official_dataset.sql(
        f"""select listed_on, coalesce(sector::varchar, 'All') as sector, count(*) as n_homes,
                   sum(places)::bigint as n_places, count(*) - count(owner_id) as n_unlinked
            from home_snapshots where {where(official_dataset, name)}
            group by grouping sets ((listed_on, sector), (listed_on)) order by all"""
    ).with_columns(pl.col("sector").cast(pl.String))
    columns = ["listed_on", "sector", "n_homes", "n_places", "n_unlinked"]
    there = ours.filter(pl.col("n_homes") > 0).select(columns).sort("listed_on", "sector")
    assert there.rows() == theirs.select(columns).sort("listed_on", "sector").rows()


@pytest.mark.releases
@pytest.mark.parametrize("name", PLACES)
def test_latest_judgements_are_what_sql_counts(official_dataset: Dataset, name: str) -> None:
    ours = latest_judgements(official_dataset, find_area(official_dataset, name))
    theirs = official_dataset.sql(
        f"""with newest as (select max(listed_on) as day from home_snapshots),
            here as (select urn, sector from home_snapshots, newest
                     where listed_on = day and {where(official_dataset, name)}),
            graded as (select urn, overall,
                              row_number() over (partition by urn order by inspected_on desc) as n
                       from inspections, newest where inspection_type = 'Full inspection'
                       and overall is not null and inspected_on <= day)
            select coalesce(sector::varchar, 'All') as sector, count(*) as n_homes,
                   count(overall) as n_graded,
                   count(*) filter (overall = 'Inadequate') as n_inadequate,
                   count(*) filter (overall in ('Good', 'Outstanding')) as n_good_or_better
            from here left join (select * from graded where n = 1) using (urn)
            group by grouping sets ((sector), ())"""
    ).with_columns(pl.col("sector").cast(pl.String))
    columns = ["sector", "n_homes", "n_graded", "n_inadequate", "n_good_or_better"]
    overall = ours.filter((pl.col("domain") == "overall") & (pl.col("n_homes") > 0))
    expected = theirs.filter(pl.col("n_homes") > 0)
    assert overall.select(columns).sort("sector").rows() == expected.select(columns).sort("sector").rows()


@pytest.mark.releases
def test_parts_make_the_whole(official_dataset: Dataset) -> None:
    every = list_areas(official_dataset)
    counts = ["n_homes", "n_places", "n_unlinked"]
    whole = homes_over_time(official_dataset).select(counts).sum().row(0)
    regions = [find_area(official_dataset, slug) for slug in every.filter(pl.col("kind") == "region")["slug"]]
    parts = pl.concat([homes_over_time(official_dataset, region) for region in regions])
    assert parts.select(counts).sum().row(0) == whole
    newest = snapshot_dates(official_dataset)[-1]
    authorities = [
        find_area(official_dataset, s) for s in every.filter(pl.col("kind") == "authority")["slug"]
    ]
    assert sum(open_homes(official_dataset, area).height for area in authorities) == (
        open_homes(official_dataset, on=newest).height
    )
    held = holders_in(official_dataset)
    assert held["share_of_places"].sum() == pytest.approx(1)
    assert held["n_homes"].sum() == open_homes(official_dataset).height
    by_year = judgements_by_year(official_dataset).filter(pl.col("sector") == "All")
    assert by_year["n_inspections"].sum() == official_dataset.inspections.height


@pytest.mark.releases
def test_openings_are_what_sql_counts(official_dataset: Dataset) -> None:
    ours = openings_closures(official_dataset).filter((pl.col("sector") == "All") & (pl.col("year") >= 2017))
    theirs = official_dataset.sql(
        """with days as (select registered_on as day, 'opened' as kind, places from homes
                         union all select closed_on, 'closed', places from homes)
           select year(day) + (month(day) > 3)::int as year, count(*) filter (kind = 'opened') as n_opened,
                  count(*) filter (kind = 'closed') as n_closed, sum(places) filter (kind = 'closed') as p
           from days where day is not null group by 1 having year between 2017 and 2024 order by 1"""
    )
    assert ours.select("year", "n_opened", "n_closed", "places_closed").rows() == [
        (int(y), o, c, int(p)) for y, o, c, p in theirs.iter_rows()
    ]
    assert ours["year"].to_list() == list(range(2017, 2025))


@pytest.mark.releases
def test_an_owner_s_areas_add_up_to_its_homes(official_dataset: Dataset) -> None:
    listed = list_owners(official_dataset)
    for slug, n_homes, n_places in listed.select("slug", "n_homes", "n_places").head(25).iter_rows():
        areas = owner_areas(official_dataset, find_owner(official_dataset, slug))
        now = areas.filter(pl.col("listed_on") == snapshot_dates(official_dataset)[-1])
        assert (now["n_homes"].sum(), now["n_places"].sum()) == (n_homes, n_places)
    slugs = listed["slug"].to_list()
    assert len(set(slugs)) == len(slugs)
    assert all(find_owner(official_dataset, slug).slug == slug for slug in slugs)


@pytest.mark.releases
def test_each_authority_has_ten_neighbours_in_each_model(official_dataset: Dataset) -> None:
    slugs = list_areas(official_dataset).filter(pl.col("kind") == "authority")["slug"]
    for slug, model in product(slugs, (2021, 2025)):
        found = neighbours_of(official_dataset, find_area(official_dataset, slug), model)
        assert found.height in ((10,) if model == 2025 else (0, 10)), (slug, model)
        assert found["rank"].to_list() == list(range(1, found.height + 1))
    roles = beside(official_dataset, find_area(official_dataset, "Norfolk"))["role"].unique().to_list()
    assert sorted(roles) == sorted(["area", "neighbour", "median of neighbours", "region", "England"])


@pytest.mark.releases
def test_every_funnel_has_most_authorities_where_chance_would(official_dataset: Dataset) -> None:
    for one in FUNNELS:
        found = funnel(official_dataset, one.key)
        assert found.height == 153
        assert found.filter(pl.col("status") == "")["value"].null_count() == 0
    # Homes are judged by one frame: areas differ little more than chance.
    good = funnel(official_dataset, "good_or_better")["position"].drop_nulls()
    assert (good == "within").mean() > 0.85  # type: ignore[operator]


@pytest.mark.releases
def test_a_home_s_page_is_its_rows(official_dataset: Dataset) -> None:
    for urn in official_dataset.homes["urn"].gather_every(400):
        home = find_home(official_dataset, urn)
        assert home.timeline.height == official_dataset.inspections.filter(pl.col("urn") == urn).height
        assert home.standings.height == official_dataset.home_snapshots.filter(pl.col("urn") == urn).height


Key = tuple[str, str, str]
MARCH = "looked after on 31 March"
FAR, PLACE = "Distance between home and placement", "Locality of placement"


def identities(cells: set[Key]) -> list[tuple[Key, list[Key]]]:
    """What holds between the counts of one authority and year: a total and its parts, and equal totals.

    The cells are those of every breakdown that a measure of a profile is taken from, shown or not.
    """
    found: list[tuple[Key, list[Key]]] = []
    totals = sorted(cell for cell in cells if cell[2] == "Total")
    for total in totals:
        parts = sorted(cell for cell in cells if cell[:2] == total[:2] and cell != total)
        if len(parts) > 1:
            found.append((total, parts))
    on_31_march = [total for total in totals if total[0] == MARCH]
    found += [(on_31_march[0], [other]) for other in on_31_march[1:]]
    crossed = sorted(c for c in cells if c[1] == f"{FAR} and locality of placement" and c[2] != "Total")
    if crossed:
        outside = [cell for cell in crossed if "outside" in cell[2]]
        found.append(((MARCH, PLACE, "Placed outside the local authority boundary"), outside))
        far = [cell for cell in crossed if "more than 20" in cell[2]]
        found.append(((MARCH, FAR, "Placed more than 20 miles from home"), far))
    return found


@pytest.mark.releases
def test_nothing_shown_gives_a_withheld_count_away(official_dataset: Dataset) -> None:
    """No withheld count follows from the figures shown, by the totals and parts that hold between cells.

    Everything a profile shows of each authority is taken as known: its counts, and its percentages as the
    counts they would be if they were exact. If a count that DfE withholds is then the one solution of the
    identities, it is given away.
    """
    named = {cell[:3]: m for m in MEASURES for cell in (*m.cells, *m.part, *m.whole) if cell[3] == "children"}
    statistics = official_dataset.authority_statistics.filter(
        pl.col("newest") & (pl.col("measure") == "children") & (pl.col("level") == "Local authority")
        & (pl.col("year") >= 2020)
    )  # fmt: skip
    keys = {tuple(row) for row in statistics.select("topic", "category", "breakdown").unique().iter_rows()}
    of_measures = {key for key in keys if any(key[:2] == name[:2] for name in named) or FAR in key[1]}
    rules = identities(of_measures)
    assert len(rules) > 8
    checked = given_away = 0
    for slug in list_areas(official_dataset).filter(pl.col("kind") == "authority")["slug"]:
        area = find_area(official_dataset, slug)
        shown = children_over_time(official_dataset, area).filter(pl.col("value").is_not_null())
        mine = statistics.filter(pl.col("area_code").is_in(list(area.authorities)))
        by_measure = {m.key: m for m in MEASURES}
        for year in range(2020, 2025):
            known = set()
            for measure in shown.filter(pl.col("year") == year)["measure"]:
                m = by_measure[measure]
                known |= {cell[:3] for cell in (*(m.cells if m.kind == "count" else m.part), *m.whole)}
            withheld = mine.filter((pl.col("year") == year) & (pl.col("status") == "c"))
            hidden = {tuple(row) for row in withheld.select("topic", "category", "breakdown").iter_rows()}
            checked += len(hidden)
            given_away += len(solved(rules, known - hidden) & hidden)
    assert checked > 1_000
    assert given_away == 0


def solved(rules: list[tuple[Key, list[Key]]], known: set[Key]) -> set[Key]:
    """The unknown cells that the rules determine, by linear algebra."""
    cells = sorted({cell for total, parts in rules for cell in (total, *parts)})
    unknown = [cell for cell in cells if cell not in known]
    if not unknown:
        return set()
    matrix = np.array([
        [(cell in parts) - float(cell == total) for cell in unknown] for total, parts in rules
    ], dtype=float)  # fmt: skip
    *_, size, right = np.linalg.svd(matrix)
    free = right[(size > 1e-9).sum() :]
    return {
        cell for cell, column in zip(unknown, free.T, strict=True) if np.abs(column).max(initial=0) < 1e-9
    }


def test_the_check_of_what_is_given_away_finds_what_is() -> None:
    a, b, c, total = (("t", "k", name) for name in ("a", "b", "c", "Total"))
    rules = identities({a, b, c, total})[:1]
    assert solved(rules, {a, b, total}) == {c}
    assert solved(rules, {a, total}) == set()


@pytest.mark.releases
def test_no_net_loss_is_shown_where_it_is_a_withheld_number(official_dataset: Dataset) -> None:
    """Without a home in the area, the net loss is the number of its own children in homes."""
    open_by = set(
        official_dataset.home_snapshots.select("authority", pl.col("listed_on").dt.year()).iter_rows()
    )
    hidden = 0
    for slug in list_areas(official_dataset).filter(pl.col("kind") == "authority")["slug"]:
        area = find_area(official_dataset, slug)
        frame = children_over_time(official_dataset, area).filter(pl.col("year") >= 2015)
        rows = {(row["measure"], row["year"]): row for row in frame.iter_rows(named=True)}
        for (measure, year), row in rows.items():
            own = (rows.get((key, year)) for key in ("homes_out_of_area_percent", "in_homes"))
            if measure != "homes_net_gain" or not any(r is not None and r["status"] == "c" for r in own):
                continue
            if (area.name, year) not in open_by:
                assert row["value"] is None, (area.name, year)
                hidden += row["status"] == WITHHELD_HERE
    assert hidden >= 10
