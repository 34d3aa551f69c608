"""Names are learnt from where the layouts put them and taken out wherever they stand."""

# ruff: noqa: E501 (what reports print stays on one line)

from __future__ import annotations

import pytest

from ofsight.harmonise.reports.pages import Line, Word
from ofsight.harmonise.reports.privacy import REMOVED, Names, learn_names


def lines(*texts: str) -> list[Line]:
    found = []
    for k, text in enumerate(texts):
        words, x = [], 70.0
        for word in text.split():
            words.append(Word(word, x, x + 6.0 * len(word), 15.0 * k, 15.0 * k + 12))
            x += 6.0 * len(word) + 4.0
        found.append(Line(1, tuple(words)))
    return found


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (("Inspector", "Ottoline Quenby, Social Care Inspector", "The Office for Standards"), ("Ottoline Quenby",)),
        (
            ("Inspectors", "Ottoline Quenby, Social Care Inspector", "Barnaby D’Arcy, Social Care Regulatory Inspector"),
            ("Ottoline Quenby", "Barnaby D'Arcy"),
        ),
        (("Registered manager: Post vacant", "Responsible individual: Mr Barnaby Thistlewick"),
         ("Mr Barnaby Thistlewick",)),
        (("Lead inspector: Ottoline McQuenby, Her Majesty’s Inspector",), ("Ottoline McQuenby",)),
        (("Lead inspector: Ottoline Quenby", "Her Majesty’s Inspector", "Judgement Grade"), ("Ottoline Quenby",)),
        (
            ("Team inspectors: Ada Firstname HMI, Bertram Longsurname OI, Cecily Otherway HMI, Dora",
             "Fenwright HMI and Edgar Lowe-Hall (Associate Inspector)", "Quality assurance manager: Flora Ash SHMI"),
            ("Ada Firstname", "Bertram Longsurname", "Cecily Otherway", "Dora Fenwright", "Edgar Lowe-Hall", "Flora Ash"),
        ),
        (("Dear Ms Fennimore", "Focused visit", "Yours sincerely", "Ottoline Quenby", "Her Majesty’s Inspector"),
         ("Ms Fennimore", "Ottoline Quenby")),
        (("Her Majesty’s Inspectors were Ada Firstname and Bertram Longsurname.",), ("Ada Firstname", "Bertram Longsurname")),
        (
            ("manager and staff to act on advice, including that of partners, as it is set out in the", "guide,", "Working Together, and in plans"),
            (),
        ),
        (("Registered manager has left and, Working Together, staff do well",), ()),
        (("Lead inspector: Ottoline Quenby", "Her Majesty’s Inspector", "Early Help", "Judgement Grade"), ("Ottoline Quenby",)),
        (("The registered manager is suitably qualified.", "Registered provider: Larkspur Care Limited"), ()),
    ],
)  # fmt: skip
def test_names_are_learnt(texts: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert set(learn_names(lines(*texts)).full) == set(names)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("agreed with Ottoline Quenby.", f"agreed with {REMOVED}."),
        ("agreed with O Quenby and Mrs Quenby", f"agreed with {REMOVED} and {REMOVED}"),
        ("Quenby’s plan", f"{REMOVED}’s plan"),
        ("led by Dr Jonquil Unknown today", f"led by {REMOVED} today"),
        ("Young people are safe", "Young people are safe"),
        ("seen by Grace Young", f"seen by {REMOVED}"),
        ("nobody is named", "nobody is named"),
    ],
)
def test_names_are_taken_out(text: str, left: str) -> None:
    names = Names(["Ottoline Quenby", "Grace Young"], ordinary={"young", "people", "grace"})
    assert names.remove(text) == left


def test_a_text_with_a_name_is_known() -> None:
    names = Names(["Ottoline Quenby"], ordinary=set())
    assert names.occur_in("Ottoline Quenby")
    assert names.occur_in("Mr Someone Else")
    assert not names.occur_in("Larkspur Care Limited")
