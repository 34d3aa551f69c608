"""Measures on homes small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from profile_tables import dataset_of, inspected, listed, published

from ofsight.errors import DefinitionError, UsageError
from ofsight.planning.area_plan import plan_area
from ofsight.planning.inputs import gather_inputs
from ofsight.planning.measures.concentration import (
    holder_shares,
    measure_concentration,
    without_councils,
)
from ofsight.planning.measures.exposure import holder_exposure, holder_reach
from ofsight.planning.measures.quality import (
    KINDS,
    expected_places,
    places_by_judgement,
    places_with_group_record,
)
from ofsight.planning.measures.register import load_measures
from ofsight.planning.measures.screen import load_screen, screen_groups
from ofsight.planning.measures.supply import months_before
from ofsight.planning.measures.values import Value, withheld
from ofsight.planning.sections.exposure import exposure_section
from ofsight.planning.wording import n_of, portion, with_interval
from ofsight.profiles.area import find_area
from ofsight.profiles.homes_open import open_homes
from ofsight.report.document import Table, plain

DAY = date(2024, 3, 31)


def home(urn: str, places: int | None = 4, **cells: Any) -> dict[str, Any]:
    holder = cells.pop("holder_id", "a")
    return {
        "urn": urn, "places": places, "authority": "Bolton", "sector": "Private", "council_company": False,
        "owner_id": holder, "holder_id": holder, "holder": holder and holder.upper(), "group_id": None,
        "overall": "Good", "inspected_on": date(2023, 9, 1), "registered_on": date(2019, 1, 1), **cells,
    }  # fmt: skip


def homes(*rows: dict[str, Any]) -> pl.DataFrame:
    texts = ("urn", "authority", "sector", "owner_id", "holder_id", "holder", "group_id", "overall")
    schema: dict[str, Any] = dict.fromkeys(texts, pl.String)
    schema |= {"places": pl.Int64, "council_company": pl.Boolean}
    schema |= {"inspected_on": pl.Date, "registered_on": pl.Date}
    return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)


MARKET = homes(
    home("1", 6, holder_id="a", owner_id="a-north", group_id="a"),
    home("2", 2, holder_id="a", owner_id="a-south", group_id="a"),
    home("3", 4, holder_id="council-bolton", sector="Local Authority"),
    home("4", 2, holder_id="b"),
    home("5", 2, holder_id=None),
)


def test_concentration_by_hand():
    """16 places: 6+2 of one group in two companies, 4 of the council, 2 of b, 2 unknown."""
    found = measure_concentration(MARKET)
    assert found.by_home == pytest.approx((36 + 4 + 16 + 4 + 4) / 256)
    assert found.by_owner == pytest.approx((36 + 4 + 16 + 4 + 4) / 256)
    assert found.by_group == pytest.approx((64 + 16 + 4 + 4) / 256)
    assert found.by_group_high == pytest.approx((100 + 16 + 4) / 256)
    assert found.from_ownership == pytest.approx(24 / 256)
    assert (found.largest, found.four_largest) == (0.5, 1.0)
    assert (found.largest_homes, found.four_largest_homes) == (0.4, 1.0)
    assert (found.n_homes, found.n_places, found.n_holders) == (5, 16, 3)
    assert (found.unlinked_homes, found.unlinked_places) == (1, 2)


def test_concentration_without_councils():
    found = measure_concentration(without_councils(MARKET))
    assert found.by_group == pytest.approx((64 + 4 + 4) / 144)
    assert found.largest == pytest.approx(8 / 12)


def test_a_council_company_is_a_council():
    frame = homes(home("1", sector="Voluntary", council_company=True, holder_id="trust"), home("2"))
    assert without_councils(frame)["urn"].to_list() == ["2"]
    assert holder_shares(frame).select("holder_id", "kind").rows() == [("a", "owner"), ("trust", "council")]


def test_holders_are_named_ranked_and_the_unknown_come_last():
    found = holder_shares(MARKET)
    assert found["holder_id"].to_list() == ["a", "council-bolton", "b", None]
    assert found["kind"].to_list() == ["group", "council", "owner", "unlinked"]
    assert found["share_of_places"].to_list() == [0.5, 0.25, 0.125, 0.125]
    assert found["share_of_places"].sum() == 1


def test_no_homes_have_no_concentration():
    found = measure_concentration(MARKET.clear())
    assert (found.by_group, found.largest, found.n_places) == (None, None, 0)
    assert holder_shares(MARKET.clear()).is_empty()


def test_homes_without_published_places_count_as_homes_only():
    found = measure_concentration(homes(home("1", None), home("2", 4, holder_id="b")))
    assert (found.n_homes, found.n_places, found.by_group, found.largest_homes) == (2, 4, 1.0, 0.5)


def test_places_by_judgement_keeps_every_place_once():
    frame = homes(
        home("1", 1),
        home("2", 2, overall="Outstanding", inspected_on=date(2022, 9, 29)),
        home("3", 4, overall="Requires improvement to be good"),
        home("4", 8, overall="Inadequate"),
        home("5", 16, overall=None, inspected_on=None, registered_on=date(2023, 1, 1)),
        home("6", 32, overall=None, inspected_on=None, registered_on=date(2019, 1, 1)),
        home("7", 64, overall=None, inspected_on=None, registered_on=None),
        home("8", 128, inspected_on=date(2022, 9, 30)),
    )
    found = places_by_judgement(frame, DAY)
    assert found["judgement"].to_list() == list(KINDS)
    assert found["places"].to_list() == [129, 2, 4, 8, 16, 96]
    assert found["homes"].sum() == frame.height


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2024, 3, 31), 12, date(2023, 3, 31)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2024, 3, 31), 18, date(2022, 9, 30)),
        (date(2023, 8, 31), 36, date(2020, 8, 31)),
        (date(2024, 1, 15), 1, date(2023, 12, 15)),
    ],
)
def test_months_before(day, months, before):
    assert months_before(day, months) == before


def test_expected_places_are_places_times_probability():
    frame = homes(home("1", 3), home("2", 5), home("3", None), home("4", 7))
    expected = pl.DataFrame({"urn": ["1", "2", "3"], "probability": [0.5, 1.0, 0.5]})
    value, low, high, n = expected_places(frame, expected) or (0, 0, 0, 0)
    assert (value, low, high, n) == (6.5, 5.0, 8.0, 2)
    assert expected_places(frame, expected.clear()) is None


def test_a_groups_record_moves_its_homes_and_no_others():
    frame = homes(home("1", 10), home("2", 10, holder_id="b"), home("3", 10, holder_id=None))
    expected = pl.DataFrame({"urn": ["1", "2", "3"], "probability": [0.8, 0.8, 0.8]})
    groups = pl.DataFrame(
        {"holder_id": ["a"], "n_judged": [50], "expected": [10.0], "shrunk": [0.4], "shrunk_low": [0.3],
         "shrunk_high": [0.5]}
    )  # fmt: skip
    value, low, high, n = places_with_group_record(frame, expected, groups) or (0, 0, 0, 0)
    assert value == pytest.approx(10 * 0.6 + 20 * 0.8)
    assert n == 3
    assert 0 <= low < value < high <= 30
    same = groups.with_columns(shrunk=pl.lit(0.2), shrunk_low=pl.lit(0.2), shrunk_high=pl.lit(0.2))
    assert (places_with_group_record(frame, expected, same) or (0,))[0] == pytest.approx(24)


def test_exposure_by_hand():
    children, in_homes = Value("looked_after", value=200.0), withheld("children_in_homes", "c")
    closing = pl.DataFrame({"urn": ["1", "2"], "p_close_36": [0.5, 0.25]})
    found = holder_exposure(MARKET, holder_reach(MARKET), children, in_homes, closing)
    first = found.row(0, named=True)
    assert (first["holder_id"], first["places_left"], first["good_places_left"]) == ("a", 8, 8)
    assert first["left_per_100_looked_after"] == 4
    assert (first["left_per_100_in_homes"], first["left_per_100_in_homes_status"]) == (None, "c")
    assert first["expected_loss_36"] == pytest.approx(6 * 0.5 + 2 * 0.25)
    assert found.row(1, named=True)["expected_loss_36"] is None


def test_reach_counts_authorities_over_each_share():
    frame = homes(
        home("1", 5), home("2", 5, holder_id="b"), home("3", 1, authority="Bury"),
        home("4", 9, authority="Bury", holder_id="b"), home("5", 3, authority="Wigan"),
    )  # fmt: skip
    rows = {row["holder_id"]: row for row in holder_reach(frame).iter_rows(named=True)}
    # 50 % of Bolton is not over 50 %, 10 % of Bury is not over 10 %.
    assert [rows["a"][f"n_over_{n}"] for n in (10, 25, 50)] == [2, 2, 1]
    assert [rows["b"][f"n_over_{n}"] for n in (10, 25, 50)] == [2, 2, 1]
    assert (rows["a"]["largest_in"], rows["a"]["largest_share"]) == ("Wigan", 1.0)
    assert rows["a"]["n_authorities"] == 3


def test_shares_of_few_homes_are_said_as_counts():
    assert portion(281 * 0.843, 281, 82, "places") == "84% of the places"
    assert portion(2, 4, 9, "places") == "2 of the 4 places"
    assert portion(2, 4, 10) == "50%"
    assert portion(1, 5, 2) == "1 of 5"
    assert portion(0, 0, 0) == "none"
    assert (n_of(1, "home", "homes"), n_of(0, "home", "homes"), n_of(1200, "home", "homes")) == (
        "1 home", "0 homes", "1,200 homes",
    )  # fmt: skip


def test_intervals_are_said_where_they_say_more():
    assert with_interval(Value("x", value=0.0887, low=0.0887, high=0.0887), 3) == "0.089"
    assert with_interval(Value("x", value=0.0887, low=0.0887, high=0.0913), 3) == "0.089 (0.089 to 0.091)"
    assert with_interval(Value("x", value=40.0, low=30.0, high=55.0), 0, "%") == "40% (30 to 55%)"
    assert with_interval(Value("x", value=40.0, low=30.0)) == "40 (30 to not reached)"
    assert with_interval(Value("x", value=1234.0)) == "1,234"
    assert with_interval(withheld("x", "c")) == "withheld (c)"


SCREEN = """
screen: test
source: a test
limbs:
  - {name: large, words: many, places: 10}
  - {name: wide, words: in two, places: 2, authorities: 2}
  - {name: deep, words: most of two, places: 2, authorities: 2, share: 0.5}
"""


def test_screen_by_thresholds_of_a_file(tmp_path):
    file = tmp_path / "screen.yaml"
    file.write_text(SCREEN, encoding="utf-8")
    frame = homes(
        home("1", 5), home("2", 5, holder_id="b"), home("3", 4, authority="Bury"),
        home("4", 3, authority="Bury", holder_id="b"), home("5", 3, authority="Wigan"),
        home("6", 9, authority="Bolton", holder_id="council-bolton", sector="Local Authority"),
    )  # fmt: skip
    found = screen_groups(frame, load_screen(file)).select("holder_id", "limb", "authorities").rows()
    assert found == [("a", "deep", 2), ("a", "large", 3), ("a", "wide", 3), ("b", "wide", 2)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("screen: x\nsource: y\nlimbs: []\n", "limbs"),
        ("screen: x\nsource: y\nlimbs: [{name: a, words: b, places: -1}]\n", "places"),
        ("screen: x\nsource: y\nlimbs: [{name: a, words: b, places: 1, share: 10}]\n", "share"),
        ("screen: x\nsource: y\nlimbs: [{name: a, words: b, places: 1, colour: red}]\n", "colour"),
        ("screen: [", "YAML"),
    ],
)
def test_thresholds_that_cannot_be_meant(tmp_path, text, why):
    file = tmp_path / "screen.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=why):
        load_screen(file)


def test_thresholds_that_are_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"none\.yaml"):
        load_screen(tmp_path / "none.yaml")


def test_our_thresholds_say_which_limb_is_from_memory():
    limbs = {limb.name: limb.from_memory for limb in load_screen().limbs}
    assert limbs == {"large": False, "spread": False, "concentrated": True}


def test_a_value_has_a_number_or_a_reason():
    with pytest.raises(ValueError, match="a value or a status"):
        Value("homes", value=3.0, status="c")
    with pytest.raises(ValueError, match="a value or a status"):
        Value("homes")


@pytest.mark.parametrize("occupancy", [0, -0.1, 1.01, 85])
def test_an_occupancy_that_is_no_share(occupancy):
    with pytest.raises(UsageError, match="no share"):
        gather_inputs(dataset_of(home_snapshots=[listed("SC1")]), occupancy=occupancy)


def test_every_measure_of_a_plan_is_described_and_every_description_measured():
    data = dataset_of(
        home_snapshots=[listed(f"SC{n}", places=n) for n in range(1, 8)],
        inspections=[inspected(f"SC{n}", date(2023, 5, 1)) for n in range(1, 6)],
        authority_statistics=[
            published(
                "Bolton", 2024, ("number and rate", "Looked after on 31 March", "Total", "children"), 400
            )
        ],
    )
    inputs = gather_inputs(data)
    plan = plan_area(inputs, find_area(data, "Bolton"))
    assert set(plan.measures["measure"]) == set(load_measures().measures)
    assert plan.value("places").value == 28
    assert plan.value("usable_places").value == pytest.approx(0.85 * 28)
    assert plan.value("places_per_100_looked_after").value == pytest.approx(7)
    assert plan.value("children_in_homes").status == "not published"
    assert [area.name for area, _ in plan.beside] == ["North West", "England"]
    assert len(inputs.notes) == 2
    assert open_homes(data).height == 7


def test_no_homes_chance_of_closing_is_told():
    """The expected loss of one or two homes would be a home's own chance: no measure or table gives it."""
    few = [listed(f"SC{n}", authority="Kent", places=4, owner="B Ltd", owner_id="b") for n in range(2)]
    three = [listed(f"SC{n}", places=4, owner="A Ltd", owner_id="a") for n in range(5, 8)]
    data = dataset_of(home_snapshots=[*few, *three])
    urns = [row["urn"] for row in (*few, *three)]
    chances = {name: [0.25] * 5 for name in ("p_close_36", "p_close_36_low", "p_close_36_high")}
    inputs = gather_inputs(data)
    inputs = replace(inputs, models=replace(inputs.models, closing=pl.DataFrame({"urn": urns, **chances})))
    kent, bolton = (plan_area(inputs, find_area(data, name)) for name in ("Kent", "Bolton"))
    assert kent.value("expected_loss", "36 months").status == "fewer than 3 homes"
    assert bolton.value("expected_loss", "36 months").value == pytest.approx(3)
    lost = []
    for plan in (kent, bolton):
        tables = [block for block in exposure_section(plan).blocks if isinstance(block, Table)]
        lost.append(plain(tables[0].rows[0].cells[-1]))
    assert lost == ["too few homes", "3.0"]
