"""What holds of concentration and exposure whatever the homes are."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ofsight.planning.measures.concentration import holder_shares, measure_concentration, without_councils
from ofsight.planning.measures.exposure import holder_exposure, holder_reach
from ofsight.planning.measures.values import Value

SCHEMA: dict[str, Any] = {
    **dict.fromkeys(
        ("urn", "authority", "sector", "owner_id", "holder_id", "holder", "group_id", "overall"), pl.String
    ),
    "places": pl.Int64,
    "council_company": pl.Boolean,
}


@st.composite
def markets(draw: st.DrawFn) -> pl.DataFrame:
    rows = []
    for n in range(draw(st.integers(1, 30))):
        holder = draw(st.sampled_from([None, "a", "b", "c", "d"]))
        owner = holder and f"{holder}-{draw(st.integers(1, 2))}"
        sector = draw(st.sampled_from(["Private", "Voluntary", "Local Authority"]))
        rows.append(
            (
                str(n), draw(st.sampled_from(["Bolton", "Bury"])), sector, owner, holder, holder,
                holder if holder == "a" else None, draw(st.sampled_from([None, "Good", "Inadequate"])),
                draw(st.one_of(st.none(), st.integers(0, 40))), draw(st.booleans()),
            )
        )  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@settings(deadline=None, max_examples=60)
@given(markets())
def test_joining_homes_never_lowers_concentration(homes):
    found = measure_concentration(homes)
    if found.by_home is None:
        assert found.n_places == 0
        return
    assert found.by_owner is not None
    assert found.by_group is not None
    assert found.by_group_high is not None
    assert (
        0
        < found.by_home
        <= found.by_owner
        <= found.by_group + 1e-12
        <= found.by_group_high + 2e-12
        <= 1 + 3e-12
    )
    assert found.largest is not None
    assert found.four_largest is not None
    assert found.largest**2 <= found.by_group + 1e-12 <= found.largest + 2e-12
    assert found.largest <= found.four_largest <= 1


@settings(deadline=None, max_examples=60)
@given(markets())
def test_shares_add_up_and_every_home_is_held_once(homes):
    shares = holder_shares(homes)
    assert shares["homes"].sum() == homes.height
    assert shares["places"].sum() == (homes["places"].sum() or 0)
    assert without_councils(homes).height <= homes.height
    assert abs(shares["share_of_homes"].sum() - 1) < 1e-9


@settings(deadline=None, max_examples=60)
@given(markets())
def test_order_of_rows_does_not_matter(homes):
    turned = homes.reverse()
    assert measure_concentration(homes) == measure_concentration(turned)
    assert holder_shares(homes).equals(holder_shares(turned))


@settings(deadline=None, max_examples=60)
@given(markets())
def test_what_is_lost_and_what_is_left_is_all(homes):
    children = Value("looked_after", value=50.0)
    found = holder_exposure(homes, holder_reach(homes), children, children)
    total = homes["places"].sum() or 0
    assert (found["places"] + found["places_left"]).to_list() == [total] * found.height
    assert (found["places_left"] >= 0).all()
    assert (found["good_places_left"] <= found["places_left"]).all()


@settings(deadline=None, max_examples=60)
@given(markets())
def test_over_half_is_over_a_quarter_is_over_a_tenth(homes):
    reach = holder_reach(homes)
    assert (reach["n_over_50"] <= reach["n_over_25"]).all()
    assert (reach["n_over_25"] <= reach["n_over_10"]).all()
    assert (reach["n_over_10"] <= reach["n_authorities"]).all()
    over_half = reach.select("holder_id", "n_over_50")["n_over_50"].sum()
    assert over_half <= homes["authority"].n_unique()
