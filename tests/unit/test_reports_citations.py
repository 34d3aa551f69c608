"""Citations of regulations, of the Guide, of the standards, in every form met or foreseen."""

# ruff: noqa: E501 (what reports print stays on one line)

from __future__ import annotations

import pytest

from ofsight.harmonise.reports.citations import (
    ends_in_citation,
    read_citations,
    read_guide,
    regulation_in_column,
)
from ofsight.harmonise.reports.statute import has_paragraph


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("(Regulation 44 (1) (7)(a))", {"44": ("(1)", "(7)(a)")}),
        (
            "(Regulation 12 (1) (2)(a)(i) and Regulation 13 (1)(a))",
            {"12": ("(1)", "(2)(a)(i)"), "13": ("(1)(a)",)},
        ),
        (
            "(Regulation 12(1), 12(2)(a)(i)(ii)(b) and 13(2)(a) to (d))",
            {
                "12": ("(1)", "(2)(a)(i)", "(2)(a)(ii)", "(2)(b)"),
                "13": ("(2)(a)", "(2)(b)", "(2)(c)", "(2)(d)"),
            },
        ),
        ("(Regulations 12 and 13)", {"12": (), "13": ()}),
        (
            "(Regulations 5 (a) and (b), 14 (2)(e)(i)–(iii))",
            {"5": ("(a)", "(b)"), "14": ("(2)(e)(i)", "(2)(e)(ii)", "(2)(e)(iii)")},
        ),
        ("(Regulation 32 (3)(d", {"32": ("(3)(d)",)}),
        ("(Regulation 32 ( 3 ) ( d ) )", {"32": ("(3)(d)",)}),
        ("(The Children’s Homes (England) Regulations 2015, regulation 27 (1))", {"27": ("(1)",)}),
        ("(Reg 16 (3)(b))", {"16": ("(3)(b)",)}),
        ("(regulation 17A (2))", {"17A": ("(2)",)}),
        ("(Regulation 45 (1) to (3))", {"45": ("(1)", "(2)", "(3)")}),
        # (i) is a letter where the regulation goes on to (j), a numeral where it has parts
        ("(Regulation 19 (2)(h)(i)(j))", {"19": ("(2)(h)", "(2)(i)", "(2)(j)")}),
        ("(Regulation 13 (2)(g)(i)(ii)(h))", {"13": ("(2)(g)(i)", "(2)(g)(ii)", "(2)(h)")}),
        ("(Regulation 11 (2)(a)(iv)(v)(x)(b))", {"11": ("(2)(a)(iv)", "(2)(a)(v)", "(2)(a)(x)", "(2)(b)")}),
        ("(Regulation 34 (1)) (see regulation 35(1))", {"34": ("(1)",)}),
        ("as described in regulation 35(1) of those", {}),
        ("Nothing is cited.", {}),
    ],
)
def test_regulations_are_read(said: str, expected: dict[str, tuple[str, ...]]) -> None:
    text = f"The registered person must do so. {said}"
    assert {c.regulation: c.paragraphs for c in read_citations(text, has_paragraph)} == expected


def test_a_year_is_no_regulation() -> None:
    assert read_citations("(Regulation 12 August 2024)") == ()
    assert read_citations("(Regulations 2015)") == ()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("(‘Guide to the Children’s Homes Regulations, including the quality standards’, page 15, paragraph 3.9)",
         (15, "3.9", "Guide")),
        ("(‘Guide to the children’s homes regulations including the quality standards,’ page 45 paragraph 9. 30)",
         (45, "9.30", "Guide")),
        ("(The Guide to the Children's Homes Regulations, pages 15-16, paragraphs 3.9 and 3.12)", (15, "3.9", "Guide")),
        ("(Guide to the Children's Homes Regulations, p. 61, para 14.2)", (61, "14.2", "Guide")),
        ("(NMS 4.3)", (None, None, "NMS 4.3")),
        ("(‘Working together to safeguard children’, page 12)", (None, None, "Working together to safeguard children")),
        ("No source.", (None, None, None)),
    ],
)  # fmt: skip
def test_the_guide_and_other_sources_are_read(said: str, expected: tuple[object, ...]) -> None:
    assert read_guide(f"The registered person should ensure this. {said}") == expected


@pytest.mark.parametrize(
    ("said", "number", "paragraphs"),
    [
        ("34 (2001)", "34", ()),
        ("Reg 33 (8)(a)", "33", ("(8)(a)",)),
        ("NMS 4.3", "NMS 4.3", ()),
        ("17B", "17B", ()),
    ],
)
def test_the_column_of_the_old_table_is_read(said: str, number: str, paragraphs: tuple[str, ...]) -> None:
    citation = regulation_in_column(said)
    assert citation is not None
    assert (citation.regulation, citation.paragraphs) == (number, paragraphs)
    assert regulation_in_column("none") is None


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("so. (Regulation 44 (1) (7)(a))", True),
        ("so. (Regulation 44 (1) (7)(a))*", True),
        ("so. (NMS 4.3)", True),
        ("so. (Regulation 10 and Regulation 5 and Regulation 6", False),
        ("so (of the home)", False),
        ("(Regulation 12) This specifically relates to plans.", False),
    ],
)
def test_the_end_of_a_citation_is_seen(text: str, ends: bool) -> None:
    assert ends_in_citation(text) is ends
