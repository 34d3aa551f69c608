"""Any reasonable printing of an authority's name leads back to it."""

from __future__ import annotations

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ofsight.link.areas import Areas, load_areas, normalise_authority_name, without_council_words

AREAS: Areas = load_areas()
NAMES = [authority.name for authority in AREAS.authorities]


@st.composite
def printed(draw: st.DrawFn) -> tuple[str, str]:
    """Give (canonical name, a printing of it)."""
    name = draw(st.sampled_from(NAMES))
    text = draw(st.sampled_from([name, name.upper(), name.lower(), name.title()]))
    if draw(st.booleans()):
        text = text.replace(" and ", " & ").replace(" AND ", " & ").replace(" And ", " & ")
    text = text.replace(" ", draw(st.sampled_from([" ", "  ", "\u00a0"])))
    text = text.replace("-", draw(st.sampled_from(["-", " ", "\u2011"])))
    if draw(st.booleans()):
        text = text.replace(",", "")
    pad = draw(st.sampled_from(["", " ", "\u00a0", "\t"]))
    return name, pad + text + pad


@settings(deadline=None)
@given(printed())
def test_printings_lead_back(pair: tuple[str, str]) -> None:
    name, text = pair
    assert AREAS.find(text).name == name


def test_council_words_do_not_matter() -> None:
    """All names with all words: a sample would miss the odd one. County Councils are dated (Dorset)."""
    for name in NAMES:
        for words in ("Council", "Borough Council", "City Council", "UA", "Metropolitan District Council"):
            assert AREAS.find(f"{name} {words}").name == name
        for words in ("London Borough of", "Royal Borough of", "Metropolitan Borough of", "Council of the"):
            assert name == "City of London" or AREAS.find(f"{words} {name}").name == name
    assert AREAS.find("Dorset County Council").name == "Dorset (to 2019)"


@settings(deadline=None)
@given(st.text(max_size=40))
def test_keys_are_stable_and_matching_never_raises(text: str) -> None:
    key = normalise_authority_name(text)
    assert normalise_authority_name(key) == key
    short = without_council_words(text)
    assert without_council_words(short) == short
    assert AREAS.match(pl.Series([text])).height == 1


@settings(deadline=None)
@given(st.dates(min_value=date(1998, 4, 1), max_value=date(2040, 1, 1)))
def test_on_any_day_the_map_has_no_hole_and_no_overlap(day: date) -> None:
    there = AREAS.on(day)
    assert 150 <= len(there) <= 160
    for authority in AREAS.authorities:
        if authority.exists_until is not None and authority.exists_until < day:
            assert authority.successors
        if authority not in there and authority.exists_from is not None and authority.exists_from > day:
            assert authority.predecessors
    codes = [authority.code_on(day) for authority in there if authority.code_on(day)]
    assert len(codes) == len(set(codes))
