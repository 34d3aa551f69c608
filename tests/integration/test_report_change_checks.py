"""The checks of a change over the pause in the report: how many agree, which do not, and that it says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from report_study_folder import make_study_folder, split_estimates, write_further_tables, write_rows

from ofsight.report.content import make_document
from ofsight.report.document import Bullets, Figure, Paragraph, Section, Table, plain
from ofsight.report.folder import read_study_folder
from ofsight.report.sections.change_checks import change_checks_section


def _check(name: str, factor: float, spread: float = 1.2, before: float = 0.5) -> list[dict[str, Any]]:
    after = before * factor
    return [
        {
            "check": name,
            "asks": f"Is it {name}?",
            "outcome": "overall",
            "term": f"sector:{sector}",
            "before": before,
            "before_low": 0.8 * before,
            "before_high": 1.25 * before,
            "after": after,
            "after_low": 0.8 * after,
            "after_high": 1.25 * after,
            "factor": factor,
            "factor_low": factor / spread,
            "factor_high": factor * spread,
            "p_value": 0.001,
            "n": 4000,
            "n_homes": 900,
        }
        for sector in ("private", "voluntary")
    ]


def _shares() -> list[dict[str, Any]]:
    return [
        {
            "check": "the same homes",
            "sector": sector,
            "part": part,
            "n": 1000,
            "n_homes": 300,
            "n_below_good": round(1000 * low),
            "n_outstanding": 100,
            "outcome": "overall",
            "share_below_good": low,
            "share_outstanding": 0.1,
        }
        for sector, lows in (("Local Authority", (0.18, 0.26)), ("Private", (0.22, 0.23)))
        for part, low in zip(("before the pause", "after the pause"), lows, strict=True)
    ]


def _within() -> list[dict[str, Any]]:
    row = {"outcome": "overall", "measure": "below Good", "term": "sector:private", "points": -8.3}
    return [row | {"low": -12.5, "high": -4.1, "p_value": 0.0001, "n": 15565, "n_homes": 2045}]


def _folder(path: Path, checks: list[list[dict[str, Any]]]) -> Path:
    folder = make_study_folder(path, estimates=split_estimates())
    write_further_tables(folder)
    write_rows(folder / "tables" / "change_checks.csv", [row for check in checks for row in check])
    write_rows(folder / "tables" / "change_shares.csv", _shares())
    write_rows(folder / "tables" / "change_within_homes.csv", _within())
    return folder


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    checks = [_check("every inspection", 1.9), _check("the same homes", 2.0), _check("same region", 1.8)]
    return _folder(tmp_path / "study", [*checks, _check("one inspection each", 1.3, spread=1.5)])


def _words(section: Section | None) -> str:
    assert section is not None
    return " ".join(plain(block.text) for block in section.blocks if isinstance(block, Paragraph))


def test_a_check_that_does_not_agree_is_named_with_its_numbers(changed: Path) -> None:
    words = _words(change_checks_section(read_study_folder(changed)))
    assert "0.50 (0.40 to 0.62) before the pause and 0.95 (0.76 to 1.19) after it, 1.90 times" in words
    assert "as clear in 2 of 3 further checks" in words
    assert "It is not in 1: “one inspection each”" in words
    assert "1.30 (0.87 to 1.95) times" in words
    assert "between 0.65 and 1.00 in all 4 comparisons; its interval holds 1 in 3 of them" in words
    assert "18 of 100 inspections of local authority homes ended below Good before the pause and 26" in words
    assert "do not say" in words


def test_the_finding_carries_how_firm_it_is(changed: Path) -> None:
    document = make_document(read_study_folder(changed))
    bullets = next(b for b in document.sections[0].blocks if isinstance(b, Bullets))
    said = [plain(item) for item in bullets.items]
    assert any(item.startswith("How firm that is: the change is as clear in 2 of 3 checks") for item in said)
    assert any("over all years together" in item for item in said if item.startswith("Adjusted"))


def test_no_clear_change_is_said_to_be_none(tmp_path: Path) -> None:
    checks = [_check(name, 1.1) for name in ("every inspection", "the same homes", "same region")]
    folder = read_study_folder(_folder(tmp_path / "study", checks))
    words = _words(change_checks_section(folder))
    assert "That is no clear change, and none of 2 checks shows one." in words
    assert "may still be there" in words
    document = make_document(folder)
    assert not any(
        "How firm" in plain(i) for b in document.blocks() if isinstance(b, Bullets) for i in b.items
    )


def test_every_check_is_drawn_asked_and_tabled(changed: Path) -> None:
    section = change_checks_section(read_study_folder(changed))
    assert section is not None
    figure = next(block for block in section.blocks if isinstance(block, Figure))
    assert "clearly above 1 in 3 of 4 comparisons" in figure.title
    plain_rows = [row for row in figure.table.rows if row.kind == "plain"]
    assert len(plain_rows) == 8, "both sectors"
    asked = next(block for block in section.blocks if isinstance(block, Bullets))
    assert [plain(item) for item in asked.items][0] == "The same homes. Is it the same homes?"  # noqa: RUF015
    tables = {block.key: block for block in section.blocks if isinstance(block, Table)}
    assert plain(tables["table-change-within"].rows[0].cells[2]) == "−8.3 (−12.5 to −4.1)"  # type: ignore[arg-type]
    assert [plain(c) for c in tables["table-change-shares"].rows[2].cells] == [  # type: ignore[arg-type]
        "For-profit", "1,000 and 1,000", "22.0%", "23.0%", "10.0%", "10.0%"
    ]  # fmt: skip


def test_a_study_without_checks_has_no_such_part(tmp_path: Path) -> None:
    assert change_checks_section(read_study_folder(make_study_folder(tmp_path / "study"))) is None
