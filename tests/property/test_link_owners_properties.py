"""Laws that hold for any owner names: stable normal forms, stable ids, order does not matter."""

from __future__ import annotations

import random
import string

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ofsight.link.owners import link_owners, normalise_owner

FIRST = ["Keys", "Horizon", "Meadow", "Bright", "Willow", "Compass", "Acorn", "Sunrise", "Pathway", "Beacon"]
SECOND = ["Care", "Childcare", "Homes", "Children's Services", "Residential Care", "Education and Care"]
LEGAL = ["Ltd", "Limited", "LTD.", "limited", "", "Limited 04249271"]


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    """Names of a few years, many of them printings and slips of one another."""
    n = draw(st.integers(1, 25))
    rows = []
    for _ in range(n):
        name = (
            f"{draw(st.sampled_from(FIRST))} {draw(st.sampled_from(SECOND))} {draw(st.sampled_from(LEGAL))}"
        )
        if draw(st.booleans()):
            place = draw(st.integers(0, len(name) - 1))
            name = name[:place] + draw(st.sampled_from(list("aestn &-"))) + name[place + 1 :]
        year, urn = draw(st.integers(2018, 2021)), str(draw(st.integers(1, 6)))
        rows.append((name, year, urn, draw(st.sampled_from(["Leeds", "Kent"]))))
    return pl.DataFrame(rows, schema=["owner", "year", "urn", "local_authority"], orient="row")


def owner_ids(frame: pl.DataFrame) -> dict[str, str | None]:
    return dict(link_owners(frame).select("owner_as_published", "owner_id").iter_rows())


@settings(deadline=None)
@given(st.text(max_size=60))
def test_normalising_again_changes_nothing(text: str) -> None:
    once = normalise_owner(text)
    assert normalise_owner(once) == once
    assert once == " ".join(once.split())
    assert set(once) <= set(string.ascii_lowercase + string.digits + " ")


@settings(deadline=None)
@given(
    st.sampled_from(FIRST),
    st.sampled_from(SECOND),
    st.sampled_from(LEGAL),
    st.sampled_from([" ", "\u00a0", "  "]),
)
def test_legal_form_case_and_spaces_do_not_matter(first: str, second: str, legal: str, space: str) -> None:
    name = space.join(f"{first} {second} {legal}".split(" "))
    assert normalise_owner(name.upper()) == normalise_owner(f"{first} {second}")


@settings(max_examples=60, deadline=None)
@given(frames(), st.integers(2018, 2021))
def test_later_names_never_change_an_id(frame: pl.DataFrame, last: int) -> None:
    """What was linked with the lists up to a year stays so when newer lists come."""
    early = frame.filter(pl.col("year") <= last)
    if early.is_empty():
        return
    whole = owner_ids(frame)
    for name, owner_id in owner_ids(early).items():
        assert whole[name] == owner_id


@settings(max_examples=60, deadline=None)
@given(frames(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(frame: pl.DataFrame, shuffler: random.Random) -> None:
    order = list(range(frame.height))
    shuffler.shuffle(order)
    assert link_owners(frame).equals(link_owners(frame[order]))


@settings(max_examples=60, deadline=None)
@given(frames())
def test_one_normal_form_has_one_owner(frame: pl.DataFrame) -> None:
    seen: dict[str, str | None] = {}
    for name, owner_id in owner_ids(frame).items():
        assert seen.setdefault(normalise_owner(name), owner_id) == owner_id
