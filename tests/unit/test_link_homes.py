"""Homes that may be one home under two registrations."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from ofsight.errors import UsageError
from ofsight.link.homes import CANDIDATES, propose_reregistrations

HOME: dict[str, Any] = {
    "provision_type": "Children's home",
    "authority": "Leeds",
    "owner_id": "keys",
    "places": 4,
    "registered_on": date(2010, 1, 1),
    "closed_on": None,
}


def homes(*rows: dict[str, Any]) -> pl.DataFrame:
    schema = {"urn": pl.String, "places": pl.Int32, "registered_on": pl.Date, "closed_on": pl.Date}
    return pl.DataFrame([HOME | row for row in rows], schema_overrides=schema)


CLOSED = {"urn": "SC000001", "closed_on": date(2020, 3, 1)}
OPENED = {"urn": "2000001", "registered_on": date(2020, 3, 1)}


def test_one_closes_and_one_like_it_opens_on_the_day() -> None:
    found = propose_reregistrations(homes(CLOSED, OPENED))
    assert found.select("old_urn", "new_urn", "days_apart", "score").rows() == [
        ("SC000001", "2000001", 0, 1.0)
    ]
    assert found.schema == pl.Schema(CANDIDATES)


@pytest.mark.parametrize(
    "other",
    [
        {"authority": "Bradford"},
        {"owner_id": "horizon"},
        {"owner_id": None},
        {"provision_type": "Secure children's home"},
        {"registered_on": date(2020, 9, 1)},
        {"registered_on": date(2019, 9, 1)},
    ],
)
def test_no_pair_of_another_place_owner_kind_or_time(other: dict[str, Any]) -> None:
    assert propose_reregistrations(homes(CLOSED, OPENED | other)).is_empty()


def test_the_new_one_must_not_be_the_older() -> None:
    young = {"urn": "SC000002", "registered_on": date(2020, 3, 20), "closed_on": date(2020, 3, 21)}
    assert propose_reregistrations(homes(young, OPENED)).is_empty()


def test_score_falls_with_time_places_and_rivals() -> None:
    near = propose_reregistrations(homes(CLOSED, OPENED))["score"][0]
    late = propose_reregistrations(homes(CLOSED, OPENED | {"registered_on": date(2020, 5, 20)}))["score"][0]
    larger = propose_reregistrations(homes(CLOSED, OPENED | {"places": 8}))["score"][0]
    unknown = propose_reregistrations(homes(CLOSED, OPENED | {"places": None}))["score"][0]
    rivals = propose_reregistrations(homes(CLOSED, OPENED, OPENED | {"urn": "2000002"}))
    assert near > late > 0.5
    assert near > larger == pytest.approx(0.5)
    assert unknown == pytest.approx(0.5)
    assert rivals["score"].to_list() == [0.5, 0.5]
    assert rivals["n_rivals"].to_list() == [2, 2]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(UsageError, match="owner_id"):
        propose_reregistrations(homes(CLOSED).drop("owner_id"))
