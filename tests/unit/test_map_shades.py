"""Shades of the map: each stands for values that exist, in words that differ."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ofsight.profiles.funnel import FUNNELS
from ofsight.web.queries.map import _SHADES, _cuts, _legend

SHARE = next(one for one in FUNNELS if one.kind == "binomial")
RATIO = next(one for one in FUNNELS if one.kind == "poisson")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], ["nothing to compare"]),
        ([1.0, 1.0, 1.0], ["100%", "nothing to compare"]),
        ([0.5, 1.0, 1.0, 1.0, 1.0], ["up to 50%", "over 50%", "nothing to compare"]),
        (
            [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
            [
                "up to 20%",
                "over 20% to 30%",
                "over 30% to 40%",
                "over 40% to 50%",
                "over 50%",
                "nothing to compare",
            ],
        ),
    ],
)
def test_the_key_says_what_is_drawn(values: list[float], words: list[str]) -> None:
    series = pl.Series(values, dtype=pl.Float64)
    assert [said for _, said in _legend(_cuts(series, SHARE), series, SHARE)] == words


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from([0.0, 0.004, 0.25, 0.5, 0.504, 0.75, 1.0]), max_size=40), st.booleans())
def test_every_class_has_an_authority_and_a_name_of_its_own(values: list[float], share: bool) -> None:
    one, series = SHARE if share else RATIO, pl.Series(values, dtype=pl.Float64)
    cuts = _cuts(series, one)
    legend = _legend(cuts, series, one)
    assert len({said for _, said in legend}) == len(legend)
    assert len({shade for shade, _ in legend}) == len(legend)
    shades = _SHADES[len(cuts) + 1]
    drawn = {shades[sum(value > cut for cut in cuts)] for value in values}
    assert drawn == {shade for shade, _ in legend} - {0}
    for _, said in legend:
        found = re.fullmatch(r"over (\S+) to (\S+)", said)
        assert found is None or found[1] != found[2]
