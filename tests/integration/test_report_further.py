"""Table 3, table 4's curve, the panel of placements, owners left out, and tests: shown, counted and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from report_study_folder import authority_estimates, estimate, make_study_folder, write_rows

from ofsight.report.content import make_document
from ofsight.report.document import Bullets, Cell, Document, Figure, Note, Paragraph, Section, Table, plain
from ofsight.report.folder import read_study_folder
from ofsight.report.sections.placements import say_years


def _document(folder: Path) -> Document:
    return make_document(read_study_folder(folder))


def _section(document: Document, key: str) -> Section:
    return next(part for top in document.sections for part in top.walk() if part.key == key)


def _words(section: Section) -> str:
    lists = [item for block in section.blocks if isinstance(block, Bullets) for item in block.items]
    texts = [block.text for block in section.blocks if isinstance(block, Paragraph)]
    return " ".join(plain(text) for text in [*texts, *lists])


def _table(section: Section, key: str) -> Table:
    figures = [block.table for block in section.blocks if isinstance(block, Figure)]
    return next(t for t in [*section.blocks, *figures] if isinstance(t, Table) and t.key == key)


def _cells(table: Table) -> list[list[str]]:
    return [[plain(c.text if isinstance(c, Cell) else c) for c in row.cells] for row in table.rows]


def _placements() -> list[dict[str, Any]]:
    row = {"model": "unadjusted", "term": "profit", "p_value": 0.001, "n": 1488, "n_groups": 153}
    row |= {"from": 2011, "to": 2022, "covariates": ""}
    outside = {"outcome": "outside", "estimate": 0.273, "ci_low": 0.201, "ci_high": 0.345}
    moved = {"outcome": "moved", "estimate": 0.019, "ci_low": -0.211, "ci_high": 0.25}
    return [
        row | outside | {"years": "2011 2012 2013 2020 2021 2022"},
        row | moved | {"years": "2020 2021 2022"},
    ]


def test_the_panel_says_its_years_and_what_is_not_clear(tmp_path: Path) -> None:
    folder = make_study_folder(tmp_path / "study")
    write_rows(folder / "tables" / "placements.csv", _placements())
    section = _section(_document(folder), "placements")
    words = _words(section)
    assert "a larger share was placed outside the local authority (+0.27 points for each point" in words
    assert "95% interval +0.20 to +0.34; 2011 to 2013, 2020 to 2022; 153 authorities" in words
    assert "not in one placement for two years no clear link" in words
    assert "“not in one placement for two years” the panel has 3 years only" in words
    rows = _cells(_table(section, "table-placements"))
    assert rows[3][:4] == ["For-profit share", "nothing else", "+0.02 (−0.21 to +0.25)", "0.001"]


@pytest.mark.parametrize(
    ("years", "words"), [([2020], "2020"), ([2013, 2011, 2012, 2012, 2020], "2011 to 2013, 2020"), ([], "")]
)
def test_years_are_said_as_spans(years: list[int], words: str) -> None:
    assert say_years(years) == words


def test_table_3_that_could_not_be_computed_says_what_is_there_and_what_would_do(tmp_path: Path) -> None:
    notes = ["Odds ratios are of a higher grade.", "Table 3: 0 of the 3 inspections are in the sample."]
    document = _document(make_study_folder(tmp_path / "study", notes=notes))
    words = _words(_section(document, "requirements"))
    assert "0 of the 3 inspections" in words
    assert "ofsight study --requirements-table FILE" in words
    assert "Odds ratios are of a higher grade" not in words


def test_means_by_home_stand_as_a_check(tmp_path: Path) -> None:
    folder = make_study_folder(tmp_path / "study", notes=["Table 3 was checked on means by home."])
    row = {"outcome": "requirements", "term": "sector:private", "difference": 0.41, "low": -0.2, "high": 1.0}
    write_rows(folder / "tables" / "table3_home_means.csv", [row | {"n_homes": 2500}])
    rows = _cells(_table(_section(_document(folder), "requirements"), "table-3-means"))
    assert rows == [["Requirements: for-profit", "0.41", "−0.20 to 1.00", "2,500"]]


def test_table_3_tells_differences_from_ratios(tmp_path: Path) -> None:
    where = {"item": "table3", "outcome": "requirements", "n": 900}
    linear = estimate("sector:private", 1.0, 0.1, model="linear", **where)
    linear |= {"estimate": -0.38, "log_estimate": None, "ci_low": -0.575, "ci_high": -0.186}
    found = [linear, {**linear, "variance": "cluster", "ci_high": -0.1}]
    found.append(estimate("sector:private", 1.44, 0.1, model="logistic", **where))
    broken = estimate("sector:private/regulation:12", 1.6, 0.1, model="multinomial", **where)
    found.append({**broken, "variance": "cluster"})
    folder = make_study_folder(tmp_path / "study", estimates=found)
    counted = [{"kind": kind, "sector": "Private", "n": n} for kind, n in (("12", 40), ("5", 3))]
    write_rows(folder / "tables" / "table3_regulations.csv", counted)
    section = _section(_document(folder), "requirements")
    rows = _cells(_table(section, "table-3"))
    assert rows[0] == [
        "Requirements. Difference in the number per inspection (as in the paper): 900 inspections"
    ]
    assert rows[1][:4] == ["For-profit", "−0.38", "−0.57 to −0.19", "−0.57 to −0.10"]
    assert rows[3][:2] == ["For-profit", "1.44"]
    kinds = _cells(_table(section, "table-3-regulations"))
    assert [row[0] for row in kinds] == ["Regulation 5", "Regulation 12"]
    assert kinds[1][2] == "40"
    assert kinds[1][4].startswith("1.60 (")


def test_table_4_s_curve_and_tests_are_shown(tmp_path: Path) -> None:
    folder = make_study_folder(tmp_path / "study", estimates=authority_estimates())
    curve = [
        {"outcome": "overall", "exposure": exposure, "covariates": names, "estimate": value}
        | {"ci_low": value - 0.02, "ci_high": value + 0.02}
        for exposure, values in (("profit", (0.95, 0.97, 0.99)), ("third", (1.01,)))
        for names, value in zip(("", "white", "white region"), values, strict=False)
    ]
    write_rows(folder / "tables" / "table4_curve.csv", curve)
    test = {"outcome": "overall", "test": "nominal", "statistic": 4.2, "df": 2, "p_value": 0.122}
    tests = [test | {"term": t, "convergence": c} for t, c in (("profit", "CONVERGED."), ("n", "SEPARATED."))]
    write_rows(folder / "tables" / "table4_tests.csv", tests)
    section = _section(_document(folder), "authorities")
    assert "every subset of the 2 covariates, 3 models in all" in _words(section)
    assert "below 1 in 3 and its whole interval in 2 (67%)" in _words(section)
    rows = _cells(_table(section, "table-authority-curve"))
    assert rows[1] == ["Overall effectiveness", "3", "0.970", "0.950 to 0.990", "100%", "67%"]
    assert [row[-1] for row in _cells(_table(section, "table-authority-tests"))[1:]] == ["0.122", "0.122 *"]


def _owners(without: tuple[float, ...], high: float = 0.7) -> list[dict[str, Any]]:
    return [
        {
            "left_out": name,
            "left_out_sector": sector,
            "left_out_inspections": 700,
            "outcome": "overall",
            "term": "sector:private",
            "estimate": value,
            "ci_low": 0.4,
            "ci_high": high,
        }
        for name, sector, value in zip(
            ("no one", "Big & Co", "Small"), ("", "Private", "Voluntary"), (0.56, *without), strict=True
        )
    ]


def test_owners_left_out_are_said_and_listed(tmp_path: Path) -> None:
    folder = make_study_folder(tmp_path / "study")
    write_rows(folder / "tables" / "leave_one_owner_out.csv", _owners((0.51, 0.61)))
    section = _section(_document(folder), "item-owners-left-out")
    words = _words(section)
    assert "between 0.51 (without Big & Co) and 0.61 (without Small)" in words
    assert words.endswith("No single owner makes the result.")
    rows = _cells(_table(section, "table-owners-left-out"))
    assert rows[2][0] == "Big & Co (for-profit)"
    write_rows(folder / "tables" / "leave_one_owner_out.csv", _owners((0.51, 0.61), high=1.2))
    assert "No single owner" not in _words(_section(_document(folder), "item-owners-left-out"))


def test_tests_stand_below_the_estimates_they_are_of(tmp_path: Path) -> None:
    where = {"outcome": "overall", "n": 4000}
    steps = [
        estimate(f"sector:private/threshold:{step}", ratio, 0.1, item="proportional_odds", **where)
        | {"model": "unadjusted, nominal"}
        for step, ratio in (("Inadequate|Good", 0.6), ("Good|Outstanding", 0.4))
    ]
    inner = estimate("sector:private/places=3", 0.6, 0.1, item="interactions", model="places", **where)
    folder = make_study_folder(tmp_path / "study", estimates=[*steps, inner])
    test = {"model": "unadjusted", "outcome": "overall", "test": "nominal", "statistic": 14.6, "df": 4}
    write_rows(
        folder / "tables" / "proportional_odds_tests.csv", [test | {"term": "sector", "p_value": 0.005}]
    )
    row = {"outcome": "overall", "covariate": "places", "statistic": 9.8, "df": 2, "p_value": 0.007}
    row |= {"ratio_per_unit_private": 1.017, "ratio_per_unit_voluntary": 0.895}
    write_rows(
        folder / "tables" / "interaction_tests.csv", [row, {**row, "covariate": "age_months", "p_value": 0.3}]
    )
    document = _document(folder)
    said = _words(_section(document, "item-proportional-odds"))
    assert "In 1 of 1 models the test speaks against" in said
    assert "0.40 to 0.60, all on the same side of 1" in said
    said = _words(_section(document, "item-interactions"))
    assert "1 of 2 tests speak against it" in said
    assert "overall experiences and progress, places (p 0.007)" in said


def test_imputation_stands_beside_complete_cases_and_effects_are_sized(tmp_path: Path) -> None:
    where = {"item": "imputation", "outcome": "overall", "n": 4000}
    found = [estimate("sector:private", 0.64, 0.1, model="single fill", **where)]
    found.append(
        estimate("sector:private", 0.5, 0.1, item="random_effects", model="homes", outcome="overall")
    )
    folder = make_study_folder(tmp_path / "study", estimates=found)
    filled = [
        {"model": model, "outcome": "overall", "term": "sector:private", "estimate": value, "n": n}
        | {"ci_low": value - 0.1, "ci_high": value + 0.1}
        for model, value, n in (("complete cases", 0.63, 3500), ("single fill", 0.64, 4000))
    ]
    write_rows(folder / "tables" / "imputation.csv", filled)
    sds = {
        "sd_urn": 1.097,
        "sd_owner": 0.8,
        "sd_local_authority": 0.3,
        "n_owner": 900,
        "n_local_authority": 152,
    }
    write_rows(folder / "tables" / "random_effects.csv", [{"model": "homes", "outcome": "overall"} | sds])
    document = _document(folder)
    rows = _cells(_table(_section(document, "item-imputation"), "table-item-imputation"))
    assert rows[1] == [
        "For-profit against local authority",
        "0.630 (0.530 to 0.730)",
        "0.640 (0.540 to 0.740)",
    ]
    assert rows[2] == ["Inspections", "3,500", "4,000"]
    assert "homes 1.10, owners 0.80 (900 of them), local authorities 0.30 (152)" in _words(
        _section(document, "item-random-effects")
    )


def test_a_model_with_clustered_errors_only_is_not_lost(tmp_path: Path) -> None:
    where = {"item": "proportional_odds", "outcome": "overall", "n": 4000}
    found = [
        estimate("sector:private", 0.6, 0.1, model="unadjusted, nominal", **where),
        estimate("sector:private", 0.5, 0.1, model="unadjusted, nominal", **where) | {"variance": "cluster"},
        estimate("sector:private", 0.7, 0.1, model="no random intercept", **where) | {"variance": "cluster"},
    ]
    section = _section(
        _document(make_study_folder(tmp_path / "study", estimates=found)), "item-proportional-odds"
    )
    rows = [row for row in _cells(_table(section, "table-proportional-odds")) if len(row) > 1]
    assert [row[1] for row in rows] == ["0.600", "0.700"]
    assert rows[1][2] == "–"
    assert rows[1][4] == "0.575 to 0.852"


def test_many_cautions_stand_whole_once_and_in_short_beside_every_gap(tmp_path: Path) -> None:
    cautions = [f"Caution number {place}." for place in range(1, 7)]
    document = _document(make_study_folder(tmp_path / "study", cautions=cautions))
    notes = [b for b in document.blocks() if isinstance(b, Note) and b.kind == "caution"]
    assert [plain(item) for item in notes[0].items] == cautions
    assert len(notes) > 1
    for note in notes[1:]:
        assert [plain(item) for item in note.items][:2] == cautions[:2]
        assert plain(note.items[2]) == "4 more cautions stand under What was found."
