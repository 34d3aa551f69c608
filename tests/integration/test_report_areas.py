"""The area edition: every area has one, small ones say so, and nothing withheld is printed."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from ofsight.cli import app
from ofsight.dataset.store import Dataset, open_dataset
from ofsight.errors import UsageError
from ofsight.profiles.area import find_area, list_areas
from ofsight.profiles.homes_open import open_homes
from ofsight.report.areas import make_area_document, write_area_reports
from ofsight.report.document import Bullets, Document, Figure, KeyFigures, Note, Paragraph, Table, plain
from shared import made_dataset


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_dataset(tmp_path_factory, seed=31)


def words_of(document: Document) -> str:
    """Everything that the document says, line by line."""
    said = [document.title, document.banner, *map(plain, document.byline)]
    for block in document.blocks():
        if isinstance(block, Paragraph):
            said.append(plain(block.text))
        elif isinstance(block, Bullets | Note):
            said += map(plain, block.items)
        elif isinstance(block, KeyFigures):
            said += [f"{figure.value} {figure.label} {figure.detail}" for figure in block.figures]
        tables = [block] if isinstance(block, Table) else [block.table] if isinstance(block, Figure) else []
        for table in tables:
            said.append(table.caption)
            said += [" | ".join(plain(getattr(c, "text", c)) for c in row.cells) for row in table.rows]
            said.append(plain(table.note))
    return "\n".join(said)


def test_every_edition_says_the_same_and_marks_synthetic_data(demo: Path, tmp_path: Path) -> None:
    pytest.importorskip("docx")
    pytest.importorskip("typst")
    import docx
    import pdfplumber

    files = write_area_reports(demo, ["Birmingham"], tmp_path, formats=["html", "docx", "pdf"])
    assert [file.name for file in files] == [f"area-birmingham.{kind}" for kind in ("html", "docx", "pdf")]
    document = make_area_document(open_dataset(demo), find_area(open_dataset(demo), "Birmingham"))
    title = re.sub(r"\s+", "", document.title)
    assert document.title.startswith("Synthetic data: birmingham") or "Synthetic data" in document.title
    html = files[0].read_text(encoding="utf-8")
    word = "".join(p.text for p in docx.Document(BytesIO(files[1].read_bytes())).paragraphs)
    with pdfplumber.open(files[2]) as pdf:
        pages = [page.extract_text() or "" for page in pdf.pages]
    for text in (re.sub(r"<[^>]+>", "", html), word, "".join(pages)):
        assert title in re.sub(r"\s+", "", text).replace("&#39;", "'")
        assert "Synthetic data: no number here is about a real home" in text or text is word
    assert 2 <= len(pages) <= 4


def test_the_command_takes_several_areas_and_says_what_is_missing(demo: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    asked = ["report", "--dataset", str(demo), "--to", str(tmp_path), "--json"]
    done = run(app, [*asked, "--area", "E08000025", "--area", "Norfolk+Suffolk"])
    assert done.exit_code == 0, done.output
    names = [Path(file).name for file in json.loads(done.stdout)["files"]]
    assert names == ["area-birmingham.html", "area-norfolk,suffolk.html"]
    for wrong, said in (
        (["report", "--to", str(tmp_path)], "Give --study DIR, or --area NAME"),
        (["report", "--to", str(tmp_path), "--area", "Kent"], "--area needs the dataset"),
        ([*asked, "--area", "Brimingham"], "Nearest: Birmingham"),
        ([*asked, "--area", "Kent", "--format", "odt"], "Allowed: html, docx, pdf"),
        ([*asked, "--area", "Kent", "--study", str(demo)], "is no study's folder"),
    ):
        refused = run(app, wrong)
        assert refused.exit_code == 2, refused.output
        assert said in refused.output


def test_a_study_s_expectations_stand_beside_the_owners(demo: Path, tmp_path: Path) -> None:
    data = open_dataset(demo)
    holders = open_homes(data, find_area(data, "Birmingham"))["holder_id"].drop_nulls()
    study = tmp_path / "study"
    (study / "tables").mkdir(parents=True)
    (study / "study.json").write_text("{}")
    pl.DataFrame(
        {"outcome": ["overall", "protection"], "holder_id": [holders[0]] * 2, "n": [20, 20],
         "observed": [13, 1], "expected": [16.4, 2.0], "low_95": [12, 0], "high_95": [19, 5]}
    ).write_csv(study / "tables" / "group_performance.csv")  # fmt: skip
    (file,) = write_area_reports(demo, ["Birmingham"], tmp_path, study=study)
    assert "13 of 20; 16 (12 to 19)" in file.read_text(encoding="utf-8")


def test_no_area_is_told(demo: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Name at least one area"):
        write_area_reports(demo, [], tmp_path)


def test_the_document_is_the_same_every_time(demo: Path) -> None:
    area = find_area(open_dataset(demo), "London")
    assert make_area_document(open_dataset(demo), area) == make_area_document(open_dataset(demo), area)


@pytest.mark.releases
def test_every_authority_region_and_england_has_an_edition(official_dataset: Dataset) -> None:
    for slug in list_areas(official_dataset)["slug"]:
        area = find_area(official_dataset, slug)
        document = make_area_document(official_dataset, area)
        said = words_of(document)
        assert area.name in document.title
        assert "not vacancies" in said
        homes = open_homes(official_dataset, area)
        assert ("no children’s home" in document.title) == homes.is_empty()
        assert not re.search(r"\bNone\b(?! is open)|\bnan\b|\{|Cell\(", said), slug
        assert "SC0" not in said  # no home is named, not even by number
        graded = homes["overall"].count()
        if 0 < graded < 10:
            assert "too few for a share" in said
            assert f"{area.name} judged" not in said
        if not area.is_single:
            continue
        withheld = official_dataset.authority_statistics.filter(
            (pl.col("authority") == area.name) & pl.col("newest") & (pl.col("year") == 2024)
            & (pl.col("topic") == "looked after on 31 March") & (pl.col("category") == "Placement")
            & (pl.col("breakdown") == "Secure homes and children's homes") & (pl.col("status") == "c")
        )  # fmt: skip
        if withheld.height:
            row = re.search(r"^In children's homes or secure homes \|.*$", said, re.MULTILINE)
            assert row is not None
            assert row.group().endswith("withheld (c)")


@pytest.mark.releases
def test_a_region_counts_today_s_authorities_once(official_dataset: Dataset) -> None:
    england = words_of(make_area_document(official_dataset, find_area(official_dataset, "England")))
    found = re.search(r"Latest graded inspection of (\d+) authorities of 153", england)
    assert found is not None
    assert 148 <= int(found.group(1)) <= 153  # of those of April 2023 some have none yet
    merged = words_of(make_area_document(official_dataset, find_area(official_dataset, "Cumbria")))
    assert "Cumbria ended on 31 March 2023" in merged
    young = words_of(make_area_document(official_dataset, find_area(official_dataset, "Cumberland")))
    assert "31 March 2022 |" not in young
