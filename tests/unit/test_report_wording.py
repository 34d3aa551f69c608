"""Numbers and words as a reader sees them."""

from __future__ import annotations

import pytest

from ofsight.report import wording
from ofsight.report.document import Column, Row, Span, Table, plain
from ofsight.report.folder import number


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (0.5614, 2, "0.56"),
        (-0.02, 2, "−0.02"),
        (-0.001, 2, "0.00"),
        (None, 2, "–"),
        (27121.84, 1, "27,121.8"),
    ],
)
def test_decimal(value: float | None, places: int, expected: str) -> None:
    assert wording.decimal(value, places) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.561, "0.56"), (123456.0, "1.2e+05"), (0.0004, "4.0e-04"), (0.0, "0.00"), (None, "–")],
)
def test_ratio_of_any_size(value: float | None, expected: str) -> None:
    assert wording.ratio(value) == expected


def test_ratio_with_interval_says_what_is_missing() -> None:
    assert wording.ratio_with_interval(0.663, 0.522, 0.842) == "0.66 (0.52 to 0.84)"
    assert wording.ratio_with_interval(0.663, None, 0.842) == "0.66 (no interval)"
    assert wording.ratio_with_interval(None, 0.5, 0.8) == "not estimated"


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0001, "<0.001"), (0.0123, "0.012"), (None, "–"), (1.0, "1.000")]
)
def test_p_value(value: float | None, expected: str) -> None:
    assert wording.p_value(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0.073, "7.3"), (0.24, "24"), (0.05, "5"), (0.996, "100"), (0, "0")]
)
def test_of_hundred(value: float, expected: str) -> None:
    assert wording.of_hundred(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2021-08-31", "31 August 2021"),
        ("2026-11-23T02:12:11+00:00", "23 November 2026"),
        ("spring", "spring"),
        (None, ""),
        ("2021-02-30", "2021-02-30"),
    ],
)
def test_day(value: object, expected: str) -> None:
    assert wording.day(value) == expected


def test_release_day() -> None:
    assert wording.release_day("provider-level-at-31-march/2024-03-31") == "31 March 2024"
    assert wording.release_day(None) == ""


def test_joined() -> None:
    assert [wording.joined(x) for x in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_labels_of_known_and_unknown_things() -> None:
    assert wording.sector_label("private") == wording.sector_label("Private") == "For-profit"
    assert wording.sector_label("Martian") == "Martian"
    assert wording.term_label("sector:voluntary") == "Third sector against local authority"
    assert wording.term_label("sector:private/threshold:Good|Outstanding") == (
        "For-profit, at Good | Outstanding"
    )
    assert wording.term_label("sector:voluntary/chain_size=3") == ("Third sector, where chain size = 3")
    assert (
        wording.term_label("scale:sector:private") == "Spread of grades: For-profit against local authority"
    )
    assert wording.term_label("imd_extent") == "Imd extent"
    assert wording.domain_label("care") == "Care"


@pytest.mark.parametrize("text", ["", "nan", "inf", "n/a", None, True])
def test_what_is_not_a_finite_number_is_none(text: object) -> None:
    assert number(text) is None


def test_a_row_with_too_few_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="'t' has a plain row with 1 cells where 2 are needed"):
        Table("t", "c", (Column("a"), Column("b")), (Row(("x",)),))
    with pytest.raises(ValueError, match="group row with 2 cells where 1"):
        Table("t", "c", (Column("a"), Column("b")), (Row(("x", "y"), "group"),))


def test_plain_drops_looks_only() -> None:
    assert plain(("a ", Span("b", strong=True, link="https://x"), "c")) == "a bc"
