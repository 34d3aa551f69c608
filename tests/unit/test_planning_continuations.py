"""Exits that were homes going on under another number: a probability by kind of match."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ofsight.planning.models.continuations import continuation_probabilities, describe_continuations

START = date(2018, 1, 1)
SCHEMA = {
    "urn": pl.String,
    "authority": pl.String,
    "provision_type": pl.String,
    "owner_id": pl.String,
    "places": pl.Int64,
    "registered_on": pl.Date,
    "closed_on": pl.Date,
}


def table(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def register(n_authorities: int = 60, continued: int = 30, seed: int = 4) -> pl.DataFrame:
    """Homes that open and close at random over six years; some close on the day a like one is registered."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    for a in range(n_authorities):
        for k in range(10):
            opened = START + timedelta(days=int(rng.integers(0, 2190)))
            rows.append((f"new{a}-{k}", f"A{a}", "home", f"o{rng.integers(0, 99)}", 4, opened, None))
        for k in range(4):
            closed = START + timedelta(days=int(rng.integers(400, 1800)))
            rows.append((f"old{a}-{k}", f"A{a}", "home", f"p{k}", 4, date(2010, 1, 1), closed))
    for k in range(continued):
        on = START + timedelta(days=int(rng.integers(400, 1800)))
        rows.append((f"was{k}", f"A{k}", "home", "seller", 3, date(2010, 1, 1), on))
        rows.append((f"is{k}", f"A{k}", "home", "buyer", 3, on, None))
    return table(rows)


def test_real_ones_are_found_and_chance_is_not() -> None:
    found = continuation_probabilities(register())
    was = found.filter(pl.col("urn").str.starts_with("was"))["continued"]
    old = found.filter(pl.col("urn").str.starts_with("old"))["continued"]
    assert was.len() == 30
    assert was.mean() > 0.8
    assert old.mean() < 0.1
    assert found["continued"].sum() == pytest.approx(30, rel=0.35)


def test_without_any_the_sum_is_near_nothing() -> None:
    found = continuation_probabilities(register(continued=0))
    assert found["continued"].sum() / found.height < 0.08


def test_a_registration_is_one_homes_continuation_only() -> None:
    on = date(2020, 6, 1)
    rows = [(f"old{k}", "Bolton", "home", "a", 4, date(2010, 1, 1), on) for k in range(5)]
    rows.append(("new", "Bolton", "home", "b", 4, on, None))
    table_of_matches = describe_continuations(table(rows))
    assert table_of_matches["n_matched"].sum() == 1


def test_other_authorities_kinds_and_later_days_do_not_match() -> None:
    on = date(2020, 6, 1)
    rows = [
        ("old", "Bolton", "home", "a", 4, date(2010, 1, 1), on),
        ("far", "Bury", "home", "a", 4, on, None),
        ("kind", "Bolton", "secure", "a", 4, on, None),
        ("late", "Bolton", "home", "a", 4, on + timedelta(days=40), None),
    ]
    assert continuation_probabilities(table(rows))["continued"].to_list() == [0.0]
    like = table([*rows, ("like", "Bolton", "home", "a", 4, on, None)])
    found = continuation_probabilities(like)
    assert found["match"].to_list() == ["same day, same owner, as many places"]
    assert found["continued"].to_list() == [1.0]


def test_a_home_is_not_its_own_continuation() -> None:
    on = date(2020, 6, 1)
    rows = [("one", "Bolton", "home", "a", 4, on, on)]
    assert continuation_probabilities(table(rows))["continued"].to_list() == [0.0]


def test_the_window_bounds_exits_and_what_is_known() -> None:
    homes = register()
    until = date(2020, 1, 1)
    found = continuation_probabilities(homes, date(2019, 1, 1), until)
    known = homes.filter(pl.col("closed_on") > date(2019, 1, 1), pl.col("closed_on") <= until)
    assert sorted(found["urn"]) == sorted(known["urn"])


def test_nothing_closed_gives_an_empty_table() -> None:
    assert continuation_probabilities(register().filter(pl.col("closed_on").is_null())).height == 0
