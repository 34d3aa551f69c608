"""The Word and PDF editions: the same document as the page, on pages, with the banner on each of them."""

from __future__ import annotations

import importlib
import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pdfplumber
import pypdfium2 as pdfium
import pytest
from docx import Document as open_word
from docx.oxml.ns import qn
from report_study_folder import make_study_folder

from ofsight.errors import UsageError
from ofsight.report import FORMATS, write_report
from ofsight.report.content import BANNER, make_document
from ofsight.report.document import (
    Block,
    Cell,
    Column,
    Document,
    Figure,
    Paragraph,
    Row,
    Section,
    Span,
    Table,
    plain,
)
from ofsight.report.docx import render_docx
from ofsight.report.folder import read_study_folder
from ofsight.report.html import render_html
from ofsight.report.paging import paged
from ofsight.report.pdf import render_pdf

MARKUP = "#panic(1) *a* _b_ $c$ `d` @e <f> \\g // h [i] ]"
SYNTHETIC = {"note": "INVENTED."}


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b]+", "", text)


def every_text(document: Document) -> list[str]:
    """Everything that a reader of any edition must find: titles, headings, captions, cells."""
    texts = [document.title, document.kicker, *map(plain, document.byline), *map(plain, document.footer)]

    def of_section(section: Section) -> None:
        texts.append(section.title)
        for inner in section.sections:
            of_section(inner)

    def of_table(table: Table) -> None:
        texts.extend([table.caption, plain(table.note), *(column.heading for column in table.columns)])
        for row in table.rows:
            texts.extend(plain(cell.text if isinstance(cell, Cell) else cell) for cell in row.cells)

    for section in document.sections:
        of_section(section)
    for block in document.blocks():
        if isinstance(block, Figure):
            texts.append(block.title)
            of_table(block.table)
        elif isinstance(block, Table):
            of_table(block)
    return [text for text in texts if text]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    folder = make_study_folder(tmp_path_factory.mktemp("editions") / "s", synthetic=SYNTHETIC)
    return make_document(read_study_folder(folder))


@pytest.fixture(scope="module")
def word(document: Document) -> bytes:
    return render_docx(document)


@pytest.fixture(scope="module")
def pdf(document: Document) -> bytes:
    return render_pdf(document)


def word_text(content: bytes) -> str:
    body = open_word(io.BytesIO(content)).element.body
    return "".join(node.text or "" for node in body.iter(qn("w:t")))


def pdf_pages(content: bytes) -> list[str]:
    file = pdfium.PdfDocument(content)
    try:
        # PDFium reads a hyphen at the end of a line as a control character.
        return [re.sub("[\x02\ufffe]", "-", page.get_textpage().get_text_bounded()) for page in file]
    finally:
        file.close()


def test_word_says_everything_that_the_document_says(document: Document, word: bytes) -> None:
    said = squeezed(word_text(word))
    assert [text for text in every_text(document) if squeezed(text) not in said] == []


def test_word_headings_go_down_in_order_and_annexes_start_a_page(document: Document, word: bytes) -> None:
    paragraphs = open_word(io.BytesIO(word)).paragraphs
    headings = [p for p in paragraphs if p.style.name.startswith("Heading")]
    sections = paged(document).sections
    assert [p.text for p in headings] == [s.title for top in sections for s in top.walk()]
    assert {p.text for p in headings if p.paragraph_format.page_break_before} == {
        section.title for section in sections if section.starts_page
    }
    assert [p.text for p in paragraphs if p.style.name == "Title"] == [document.title]


def test_word_tables_repeat_their_headings_and_pictures_have_words(document: Document, word: bytes) -> None:
    body = open_word(io.BytesIO(word)).element.body
    blocks = [block for block in paged(document).blocks() if isinstance(block, Table | Figure)]
    tables = [block for block in blocks if isinstance(block, Table) or not block.bare]
    captions = [node.get(qn("w:val")) for node in body.iter(qn("w:tblCaption"))]
    assert captions == [
        block.table.caption if isinstance(block, Figure) else block.caption for block in tables
    ]
    assert len(list(body.iter(qn("w:tblHeader")))) == len(captions)
    described = [node.get("descr") for node in body.iter(qn("wp:docPr"))]
    figures = [block for block in blocks if isinstance(block, Figure)]
    assert described == [f"{figure.title}. {figure.description}" for figure in figures]


def test_word_carries_the_banner_page_numbers_language_and_title(document: Document, word: bytes) -> None:
    opened = open_word(io.BytesIO(word))
    page = opened.sections[0]
    assert page.header.paragraphs[0].text == BANNER
    fields = [node.text.strip() for node in page.footer._element.iter(qn("w:instrText"))]
    assert fields == ["PAGE", "NUMPAGES"]
    assert opened.core_properties.title == document.title
    assert opened.core_properties.language == "en-GB"


def test_word_links_lead_to_bookmarks_that_exist_once(word: bytes) -> None:
    body = open_word(io.BytesIO(word)).element.body
    names = [node.get(qn("w:name")) for node in body.iter(qn("w:bookmarkStart"))]
    numbers = [node.get(qn("w:id")) for node in body.iter(qn("w:bookmarkStart"))]
    anchors = [node.get(qn("w:anchor")) for node in body.iter(qn("w:hyperlink")) if node.get(qn("w:anchor"))]
    assert len(set(names)) == len(names)
    assert len(set(numbers)) == len(numbers)
    assert anchors
    assert set(anchors) <= set(names)


def test_the_pdf_says_everything_that_the_document_says(document: Document, pdf: bytes) -> None:
    said = squeezed("".join(pdf_pages(pdf)))
    # A cell that runs over two lines is read line by line together with its neighbours: its words are sought.
    missing = [
        text
        for text in every_text(document)
        if squeezed(text) not in said and not all(squeezed(word) in said for word in text.split())
    ]
    assert missing == []


def tables_in(blocks: Iterable[Block]) -> list[Table]:
    """Every table that an edition draws for these blocks, with those behind charts."""
    drawn = (b for b in blocks if isinstance(b, Table) or (isinstance(b, Figure) and not b.bare))
    return [block.table if isinstance(block, Figure) else block for block in drawn]


def test_long_folded_tables_stand_once_on_paper_in_the_last_annex(document: Document) -> None:
    on_paper = paged(document)
    before, after = tables_in(document.blocks()), tables_in(on_paper.blocks())
    assert sorted((table.key, table.rows) for table in before) == sorted((t.key, t.rows) for t in after)
    moved = [table for table in before if table.folded and not table.short]
    assert moved, "the made study has no long table: the test would hold nothing"
    annex = on_paper.sections[-1]
    in_annex = [block for part in annex.walk() for block in part.blocks if isinstance(block, Table)]
    assert [table.key for table in in_annex] == [table.key for table in moved], "in the order of the report"
    assert annex.title == "Annex C. Tables in full"
    assert all(table.dense for table in in_annex)
    assert not any(table.dense for table in before)
    links = [
        part.link
        for block in on_paper.blocks()
        if isinstance(block, Paragraph) and block.role == "small" and not isinstance(block.text, str)
        for part in block.text
        if isinstance(part, Span) and part.words == "annex C"
    ]
    assert links == [f"#{table.key}" for table in moved]


def test_an_annex_keeps_its_own_long_tables_in_smaller_type() -> None:
    rows = tuple(Row((str(n),)) for n in range(60))
    long = Table("long", "Long", (Column("A"),), rows, folded=True)
    inner = Section("inner", "Inner", (replace(long, key="inner-long"),))
    sections = (Section("a", "A"), Section("b", "Annex A. B", (long,), (inner,), annex=True))
    on_paper = paged(Document("T", "K", (), "", (), sections, ()))
    assert [section.title for section in on_paper.sections] == ["A", "Annex A. B"]
    assert [(table.key, table.dense) for table in tables_in(on_paper.blocks())] == [
        ("long", True),
        ("inner-long", True),
    ]


def test_the_pdf_names_the_page_of_a_table_in_the_annex(document: Document, pdf: bytes) -> None:
    pages = [squeezed(page) for page in pdf_pages(pdf)]
    for table in tables_in(paged(document).sections[-1].sections[0].blocks):
        named = re.search(rf"{re.escape(squeezed(table.caption))}:annexC,page(\d+)", "".join(pages))
        assert named
        assert squeezed(table.caption) in pages[int(named[1]) - 1]


def test_the_page_on_a_screen_keeps_its_folded_tables_in_place(document: Document) -> None:
    assert "Tables in full" not in render_html(document)


def test_a_document_of_a_few_pages_is_not_cut_up(document: Document) -> None:
    few = replace(document, contents=False)
    assert paged(few) is few


def test_a_table_is_short_by_its_lines_and_not_by_its_rows() -> None:
    columns = (Column("A"), Column("B"))
    rows = tuple(Row((str(place), "words " * 30)) for place in range(12))
    assert not Table("t", "Long words", columns, rows).short
    assert Table("t", "A wider column", (Column("A"), Column("B", share=30)), rows).short
    assert Table("t", "Few words", columns, tuple(Row(("a", "b")) for _ in range(24))).short


def test_code_of_the_pdf_is_copied_as_it_was_written(document: Document, pdf: bytes) -> None:
    text = "".join(pdf_pages(pdf))
    assert "\u200b" not in text
    joined = re.sub(r"\s", "", text)
    spans = {
        part.words
        for block in document.blocks()
        for line in (getattr(block, "text", ()), *getattr(block, "items", ()))
        if not isinstance(line, str)
        for part in line
        if isinstance(part, Span) and part.code
    }
    cells = {
        part.words
        for table in tables_in(document.blocks())
        for row in table.rows
        for cell in row.cells
        for part in (cell if isinstance(cell, tuple) else ())
        if isinstance(part, Span) and part.code
    }
    assert spans | cells
    assert [words for words in spans | cells if re.sub(r"\s", "", words) not in joined] == []


def test_every_page_of_the_pdf_has_the_banner_and_its_number(pdf: bytes) -> None:
    pages = pdf_pages(pdf)
    assert len(pages) > 5
    for number, text in enumerate(pages, 1):
        assert squeezed(BANNER) in squeezed(text)
        assert f"{number}/{len(pages)}" in squeezed(text)


def test_the_pdf_is_tagged_titled_and_in_its_language(document: Document, pdf: bytes) -> None:
    with pdfplumber.open(io.BytesIO(pdf)) as file:
        catalog = file.doc.catalog
        assert file.metadata["Title"] == document.title
        assert "CreationDate" not in file.metadata or "1970" in file.metadata["CreationDate"]
        assert catalog["Lang"].decode().lower().startswith("en")
        assert "StructTreeRoot" in catalog
        kinds = {node.type for node in _walk(file.structure_tree)}
    assert {"H1", "Table", "TH", "Figure"} <= kinds


class _Node:
    def __init__(self, kind: str) -> None:
        self.type = kind


def _walk(tree: list[dict[str, object]]) -> list[_Node]:
    found = []
    for node in tree:
        found.append(_Node(str(node.get("type"))))
        children = node.get("children", [])
        assert isinstance(children, list)
        found.extend(_walk(children))
    return found


def test_the_same_document_gives_the_same_bytes(document: Document, word: bytes, pdf: bytes) -> None:
    assert render_docx(document) == word
    assert render_pdf(document) == pdf


def test_words_from_files_are_words_and_not_markup(tmp_path: Path) -> None:
    study = make_study_folder(
        tmp_path / "s",
        title=MARKUP,
        question=f"Bell\x07, null\x00 and <script>alert(1)</script> {MARKUP}",
        cautions=[MARKUP],
        citation=MARKUP,
        synthetic={"note": MARKUP},
    )
    hostile = make_document(read_study_folder(study))
    assert squeezed(MARKUP) in squeezed(word_text(render_docx(hostile)))
    text = squeezed("".join(pdf_pages(render_pdf(hostile))))
    assert squeezed("<script>alert(1)</script>") in text
    assert text.count(squeezed(MARKUP)) >= 3


def test_a_script_that_the_fonts_lack_does_not_stop_the_report(tmp_path: Path) -> None:
    study = make_study_folder(tmp_path / "s", question="Is 兒童之家 \U0001f3e0 a home?")
    made = make_document(read_study_folder(study))
    assert "兒童之家 \U0001f3e0" in word_text(render_docx(made))
    assert render_pdf(made).startswith(b"%PDF")


def test_missing_files_leave_both_editions_standing(tmp_path: Path) -> None:
    missing = ["ledger", "probabilities", "figure1", "table1", "releases", "models", "set_aside"]
    study = make_study_folder(tmp_path / "s", leave_out=missing)
    made = make_document(read_study_folder(study))
    assert "judged lower" in word_text(render_docx(made))
    assert render_pdf(made).startswith(b"%PDF")


def test_all_formats_are_written_in_the_order_asked(tmp_path: Path) -> None:
    study = make_study_folder(tmp_path / "s")
    written = write_report(study, tmp_path / "r", formats=("pdf", "html", "docx", "pdf"))
    assert [path.name for path in written] == ["report.pdf", "report.html", "report.docx"]
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == [
        "report.docx",
        "report.html",
        "report.pdf",
    ]
    assert zipfile.is_zipfile(written[2])
    assert "synthetic" not in word_text(written[2].read_bytes()).lower(), "no banner on real data"
    assert "synthetic" not in "".join(pdf_pages(written[0].read_bytes())).lower()
    assert set(FORMATS) == {"html", "docx", "pdf"}


@pytest.mark.parametrize(("edition", "library"), [("docx", "docx"), ("pdf", "typst")])
def test_an_edition_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edition: str, library: str
) -> None:
    real = importlib.import_module

    def without(name: str, package: str | None = None) -> ModuleType:
        if name == f"ofsight.report.{edition}":
            raise ModuleNotFoundError(f"No module named '{library}'", name=library)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(UsageError, match=rf"needs the package `{library}`.*ofsight\[documents\]"):
        write_report(make_study_folder(tmp_path / "s"), tmp_path / "r", formats=(edition,))
    assert write_report(tmp_path / "s", tmp_path / "r")[0].is_file()
