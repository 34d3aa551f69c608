"""The specification curve in the report: counted right, said in words, of this study and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report_study_folder import curve_rows, make_study_folder, write_curve, write_rows

from ofsight.errors import DatasetError, UsageError
from ofsight.report import find_specifications, write_report
from ofsight.report.document import Figure, Paragraph, Section, plain
from ofsight.report.folder import read_study_folder
from ofsight.report.sections.specifications import specifications_section


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = make_study_folder(tmp_path / "study")
    write_rows(folder / "tables" / "specifications.csv", curve_rows())
    write_rows(folder / "tables" / "specifications_scope.csv", [{"n": 4, "n_possible": 5832}])
    return folder


def _section(study: Path, curve: Path | None = None) -> Section:
    section = specifications_section(read_study_folder(study, curve))
    assert section is not None
    return section


def _words(section: Section) -> str:
    return " ".join(plain(block.text) for block in section.blocks if isinstance(block, Paragraph))


def test_the_words_count_the_curve(study: Path) -> None:
    """Ratios 0.5, 0.6, 0.7 and 1.1, intervals from 0.8 to 1.25 of each: three of four below 1 with them."""
    words = _words(_section(study))
    assert "They make 5,832 models. Here are 4 of them" in words
    assert "below 1, lower grades than local authority homes get, in 3 of 4 models (75%)" in words
    assert "The whole interval is below 1 in 3 of 4 models (75%) and above 1 in none of 4 models" in words
    assert "The middle odds ratio is 0.65" in words
    assert "all from 0.50 to 1.10" in words
    assert "For-profit homes" in words
    assert "Third sector homes" in words


def test_the_table_behind_the_chart_counts_by_choice(study: Path) -> None:
    figure = next(block for block in _section(study).blocks if isinstance(block, Figure))
    rows = {plain(row.cells[0]): [plain(c) for c in row.cells[1:]] for row in figure.table.rows}  # type: ignore[arg-type]
    assert rows["All models"] == ["4", "0.65", "0.50 to 1.10", "75.0%", "75.0%"]
    assert rows["From April 2015"][0] == "2"
    assert rows["From April 2015"][1] == "0.90"
    assert rows["One effect per home"] == ["2", "0.55", "0.50 to 0.60", "100.0%", "100.0%"]
    assert "after the pause" not in plain(figure.table.note), "only the samples that were used are explained"


def test_what_moves_the_result_most_is_named(study: Path) -> None:
    words = _words(_section(study))
    assert re.search(r"What moves it most is the choice “(Sample|Homes)”: .* 0\.55 .* 0\.90", words)


def test_a_whole_curve_takes_the_place_of_the_study_s_part(study: Path, tmp_path: Path) -> None:
    curve = write_curve(tmp_path / "curve", study)
    assert find_specifications(study, curve) == curve
    words = _words(_section(study, curve))
    assert "Here are all 2 of them" in words
    assert "all 2 models" in words
    (page,) = write_report(study, tmp_path / "report", specifications=curve)
    assert "all 2 of them" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("facts", [{"dataset": "another"}, {"study": "outsourcing-latest"}])
def test_a_curve_of_something_else_is_refused(study: Path, tmp_path: Path, facts: dict[str, str]) -> None:
    curve = write_curve(tmp_path / "curve", study, **facts)
    with pytest.raises(DatasetError, match="the report is of study"):
        read_study_folder(study, curve)
    assert find_specifications(study, curve) is None


def test_a_folder_that_is_no_curve_is_refused(study: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"specifications\.json"):
        write_report(study, tmp_path / "report", specifications=tmp_path)
    assert find_specifications(study, tmp_path / "absent") is None


def test_a_model_that_failed_counts_for_nothing(study: Path) -> None:
    failed = {**curve_rows()[0], "odds_ratio": "", "ci_low": "", "ci_high": "", "error": "separated"}
    write_rows(study / "tables" / "specifications.csv", [*curve_rows(), failed])
    assert "3 of 4 models" in _words(_section(study))


def test_without_a_curve_there_is_no_section(tmp_path: Path) -> None:
    assert specifications_section(read_study_folder(make_study_folder(tmp_path / "study"))) is None
