"""Every local authority is known by the name on the title page, whatever its council calls itself."""

from __future__ import annotations

import csv
from importlib import resources

import pytest

from ofsight.harmonise.reports.authorities import _authority
from ofsight.harmonise.reports.pages import Line, Word

TITLES = (
    "{} Council",
    "{} City Council",
    "{} County Council",
    "{} Metropolitan Borough Council",
    "London Borough of {}",
    "The Royal Borough of {}",
    "City of {} Metropolitan District Council",
    "Inspection of {} local authority children’s services",
    "Focused visit to {} children’s services",
    "Monitoring visit of {} local authority children’s services",
    "Joint targeted area inspection of {}",
    "Joint targeted area inspection of the multi-agency response to neglect in {}",
)


def names() -> list[str]:
    text = (resources.files("ofsight.definitions") / "codes" / "authorities.csv").read_text("utf-8")
    return [row["authority"] for row in csv.DictReader(text.splitlines())]


def line(text: str, top: float) -> Line:
    return Line(
        1,
        tuple(
            Word(word, 71.0 + 50 * k, 110.0 + 50 * k, top, top + 12) for k, word in enumerate(text.split())
        ),
    )


@pytest.mark.parametrize("title", TITLES)
def test_the_official_name_is_found(title: str) -> None:
    wrong = {}
    for name in names():
        if "(" in name:  # "Dorset (to 2019)": told apart by date, which a title does not do
            continue
        said = title.format(name)
        lines = [line(said, 80.0), line("Inspection dates: 4 to 8 March 2024", 110.0)]
        found, _ = _authority(lines, " ".join(x.text for x in lines))
        # "Dorset County Council" was abolished in 2019 and is told apart by its name.
        if found not in (name, f"{name} (to 2019)"):
            wrong[name] = found
    assert wrong == {}


def test_what_names_no_authority_gives_none() -> None:
    assert _authority([line("A menu of soups", 80.0)], "A menu of soups") == (None, None)
