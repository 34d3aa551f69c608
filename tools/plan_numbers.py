"""Print the numbers that docs/planning.md and docs/scenarios.md state, from a dataset and a plan folder.

.venv/bin/python tools/plan_numbers.py DATASET PLAN
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from ofsight.dataset.store import open_dataset
from ofsight.planning.area_plan import AreaPlan, plan_area
from ofsight.planning.measures.need import TOTAL_NOT_SHOWN
from ofsight.planning.prepare import read_plans
from ofsight.planning.scenarios.scenario import load_scenario
from ofsight.planning.sections.scenario import carried_on, run
from ofsight.planning.wording import with_interval
from ofsight.profiles.area import find_area

AREAS = ("Birmingham", "Norfolk")
MEASURES = (
    *(("looked_after", "all"), ("children_in_homes", "all"), ("net_loss_in_homes", "all")),
    *(("out_of_area_in_homes_share", "all"), ("over_20_miles_share", "all")),
    *(("over_20_miles_outside_share", "all"), ("homes", "all"), ("places", "all"), ("usable_places", "all")),
    *(("places_per_100_in_homes", "all"), ("in_house_share", "all"), ("share_of_places", "Private")),
    *(
        ("places_opened", "36 months"),
        ("places_closed", "36 months"),
        ("days_to_first_judgement", "36 months"),
    ),
    *(("hhi_by_group", "all"), ("largest_group_share", "without councils"), ("four_largest_share", "all")),
    *(
        ("observed_over_expected", "all"),
        ("expected_good_places", "judged homes"),
        ("expected_loss", "36 months"),
    ),
)


def say(plan: AreaPlan) -> None:
    """Print one area's numbers."""
    print(f"\n== {plan.area.name}")
    for measure, part in MEASURES:
        found = plan.value(measure, part)
        print(f"{measure} {part}: {with_interval(found, 4 if measure.startswith('hhi') else 2)}")
    for row in plan.measures.filter(measure="places_by_judgement").iter_rows(named=True):
        print(f"places by judgement, {row['part']}: {row['value']:.0f}")
    columns = (
        "holder",
        "homes",
        "places",
        "share_of_places",
        "places_left",
        "left_per_100_in_homes",
        "n_over_25",
    )
    for line in plan.exposure.select(columns).head(5).iter_rows():
        print("holder", *line)
    print("trend", plan.trend.select("listed_on", "hhi_by_group").row(0))
    folder = Path(__file__).parents[1] / "src" / "ofsight" / "definitions" / "scenarios"
    given = {file.stem: load_scenario(file) for file in sorted(folder.glob("*.yaml"))}
    for name, scenario in {"carried on": carried_on(plan), **given}.items():
        result = run(plan, scenario)
        if result is None:
            continue
        for measure in ("places", "good_places", "gap"):
            years = result.measure(measure).sort("year").select("year", "base", "low", "high").rows()
            print(name, measure, "; ".join(f"{y}: {b:.0f} ({lo:.0f} to {hi:.0f})" for y, b, lo, hi in years))
        if result.compared.height:
            changed = result.compared.filter(pl.col("measure").is_in(["places", "good_places"]))
            print(name, "changes", changed.select("measure", "year", "base").rows())


def main(dataset: str, folder: str) -> None:
    """Print them all."""
    data, plans = open_dataset(dataset), read_plans(folder)
    inputs = plans.inputs(data)
    totals = inputs.need.filter(pl.col("level") != "authority")
    hidden = totals.filter(status=TOTAL_NOT_SHOWN)
    print(f"totals not shown: {hidden.height} of {totals.height}")
    print(hidden.select("measure", "name", "year").sort("measure", "name", "year").rows())
    about = plans.about
    print("expected places", about["expected_places"], "groups", about["group_judgements"])
    print("seconds", about["seconds"])
    chain = plans.table("group_judgements").filter(pl.col("holder_id").str.contains("caretech"))
    print(chain.select("holder", "n_judged", "n_below_good", "expected", "p_chance", "p_spread").rows())
    reach = plans.table("groups").filter(pl.col("holder_id").str.contains("caretech|outcomes-first"))
    print(reach.select("holder", "n_over_10", "n_over_25", "n_over_50").rows())
    for name in AREAS:
        say(plan_area(inputs, find_area(data, name)))


if __name__ == "__main__":
    main(*sys.argv[1:3])
