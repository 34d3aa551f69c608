"""Files as people and programs really leave them: sheets, cells, encodings and lines that a fuzzer seldom makes."""

# Parts of workbooks are longer than lines of code.
# ruff: noqa: E501
from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fuzz_targets import xlsx_parts

from builders import grid, providers
from ofsight.demo import Sheet, write_ods
from ofsight.errors import ReleaseError
from ofsight.harmonise import values
from ofsight.harmonise.readers import harmonise
from ofsight.harmonise.recognise import PassedOver, Recognised, recognise
from ofsight.harmonise.rows import HarmonisedTable
from ofsight.harmonise.spreadsheets import TextTable, read_tables

ROWS = [[str(cell) for cell in row] for row in grid(providers(6))]
_SHEET = b"<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>%s</sheetData>%s</worksheet>"


def inline(rows: list[list[str]]) -> bytes:
    """Rows as an Excel sheet's, every cell a text of its own."""
    return b"".join(
        b'<row r="%d">%s</row>'
        % (number, b"".join(b'<c t="inlineStr"><is><t>%s</t></is></c>' % cell.encode() for cell in row))
        for number, row in enumerate(rows, 1)
    )


def xlsx(path: Path, *sheets: tuple[str, bytes], state: str = "", after: bytes = b"", **parts: bytes) -> Path:
    """Save sheets, each a name and its rows, as an Excel workbook."""
    made = xlsx_parts()
    del made["xl/worksheets/sheet1.xml"]
    listed = related = b""
    for number, (name, rows) in enumerate(sheets, 1):
        made[f"xl/worksheets/sheet{number}.xml"] = _SHEET % (rows, after)
        listed += f'<sheet name="{name}" sheetId="{number}" {state} r:id="rId{number}"/>'.encode()
        related += (
            b'<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
            b'worksheet" Target="worksheets/sheet%d.xml"/>' % (number, number)
        )
    for part, begin, end, new in (
        ("xl/workbook.xml", b"<sheets>", b"</sheets>", b"<sheets>" + listed),
        ("xl/_rels/workbook.xml.rels", b"<Relationship ", b"</Relationships>", related),
    ):
        old = made[part]
        made[part] = old[: old.index(begin)] + new + old[old.index(end) :]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**made, **parts}.items():
            archive.writestr(name, content)
    return path


def ods(path: Path, new: bytes) -> Path:
    """Save a sheet of four cells whose last is what is given."""
    write_ods(path, [Sheet("A", [["a", "b"], [1, "d"]])])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    old = b"<text:p>d</text:p></table:table-cell>"
    assert parts["content.xml"].count(old) == 1
    parts["content.xml"] = parts["content.xml"].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def read(path: Path) -> list[TextTable]:
    return list(read_tables(path))


def harmonised(table: TextTable) -> HarmonisedTable:
    found = recognise(table)
    assert isinstance(found, Recognised), found.reason
    made = harmonise(found)
    assert not isinstance(made, PassedOver)
    return made


# Workbooks.


def test_a_million_formatted_rows_without_contents_are_no_reason_to_refuse(tmp_path: Path) -> None:
    """Who formats a column to its end leaves rows that exist and say nothing."""
    empty = b"".join(
        b'<row r="%d" s="1" customFormat="1"><c r="A%d" s="1"/><c r="XFD%d" s="1"></c></row>' % (n, n, n)
        for n in (*range(100, 2000), 1_048_576)
    )
    rows = b'<row r="1"><c r="A1" t="str"><v>a</v></c></row>' + empty
    (table,) = read(xlsx(tmp_path / "list.xlsx", ("A", rows)))
    assert table.rows == [["a"]]


@pytest.mark.parametrize(
    "cell",
    [
        b'<text:p>d<text:s text:c="2000000000"/></text:p></table:table-cell>',
        b'<text:p>d</text:p></table:table-cell><table:table-cell table:number-columns-repeated="9000" '
        b'office:value-type="string"><text:p>' + b"x" * 100_000 + b"</text:p></table:table-cell>",
    ],
    ids=["spaces", "text"],
)
def test_a_text_repeated_without_end_is_no_sheet(tmp_path: Path, cell: bytes) -> None:
    with pytest.raises(ReleaseError, match=r"a sheet would have [\d,]+ letters: more than 500,000,000"):
        read(ods(tmp_path / "list.ods", cell))


def test_a_long_cell_beside_many_empty_ones_is_read(tmp_path: Path) -> None:
    far = b'</table:table-cell><table:table-cell table:number-columns-repeated="16000"/><table:table-cell '
    cell = b"<text:p>d</text:p>" + far + b'office:value-type="string"><text:p>' + b"x" * 100_000
    (table,) = read(ods(tmp_path / "list.ods", cell + b"</text:p></table:table-cell>"))
    assert (table.rows[1][1], len(table.rows[1][-1])) == ("d", 100_000)


def test_a_long_text_shared_by_many_cells_is_no_sheet(tmp_path: Path) -> None:
    long = xlsx_parts()["xl/sharedStrings.xml"].replace(b"URN", b"x" * 100_000)
    cells = b"".join(b"<c t='s'><v>%d</v></c>" % (n > 3) for n in range(9000))
    shared: dict[str, Any] = {"xl/sharedStrings.xml": long}
    path = xlsx(tmp_path / "list.xlsx", ("A", b'<row r="1">%s</row>' % cells), **shared)
    assert [len(cell) for cell in read(path)[0].rows[0][:5]] == [100_000] * 4 + [6]  # it stands in four cells
    cells = cells.replace(b"<v>1</v>", b"<v>0</v>")
    with pytest.raises(ReleaseError, match=r"a sheet would have [\d,]+ letters"):
        read(xlsx(path, ("A", b'<row r="1">%s</row>' % cells), **shared))


def test_one_sheet_under_many_names_is_refused(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "list.xlsx", ("A", inline(ROWS)))
    with zipfile.ZipFile(path) as archive:
        book = archive.read("xl/workbook.xml")
    sheet = b'<sheet name="B%d" sheetId="9" r:id="rId1"/>'
    many: dict[str, Any] = {"xl/workbook.xml": book.replace(b"</sheets>", b"".join(sheet % n for n in range(99)) + b"</sheets>")}  # fmt: skip
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()} | many
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(ReleaseError, match="lists 100 sheets and holds fewer"):
        read(path)


def test_sheets_of_one_name_are_refused_and_a_hidden_one_is_told(tmp_path: Path) -> None:
    rows = inline(ROWS)
    with pytest.raises(ReleaseError, match="two sheets have this name") as told:
        read(xlsx(tmp_path / "list.xlsx", ("Homes", rows), ("Homes", inline([["x"]]))))
    assert told.value.sheet == "Homes"
    both = read(xlsx(tmp_path / "list.xlsx", ("Homes", rows), ("HOMES", inline([["x"]]))))
    assert [(table.sheet, len(table.rows)) for table in both] == [("Homes", 7), ("HOMES", 1)]
    name = "../../etc/Provider_level &amp; :*?\u202e"
    for state in ('state="hidden"', 'state="veryHidden"', ""):
        (table,) = read(xlsx(tmp_path / "list-31-march-2019.xlsx", (name, rows), state=state))
        assert table.sheet == name.replace("&amp;", "&")
        made = harmonised(table)
        assert made.records.height == 6
        assert ("sheet-hidden" in [finding.code for finding in made.findings]) is bool(state)


def test_merged_cells_formulas_and_marks_are_what_they_show(tmp_path: Path) -> None:
    cells = (
        b'<row r="1"><c r="A1" t="str"><f t="shared" ref="A1:A3" si="0">B1&amp;C1</f><v>Good</v></c>'
        b'<c r="B1"><f t="shared" si="0"/><v>2</v></c><c r="C1"><f t="shared" si="0"/></c></row>'
        b'<row r="2"><c r="A2" t="inlineStr"><is><t>a_x0000_b</t></is></c>'
        b'<c r="C2" t="inlineStr"><is><t>\xe2\x80\xaeb</t></is></c></row>'
    )
    merged = b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    (table,) = read(xlsx(tmp_path / "list.xlsx", ("A", cells), after=merged))
    assert table.rows == [["Good", "2", ""], ["a\x00b", "", "\u202eb"]]


def test_days_counted_from_1904_are_the_same_days(tmp_path: Path) -> None:
    tables = []
    for flag, epoch in ((b"0", date(1899, 12, 30)), (b"1", date(1904, 1, 1))):
        number = (date(2019, 3, 31) - epoch).days
        book = xlsx_parts()["xl/workbook.xml"].replace(b'date1904="0"', b'date1904="%s"' % flag)
        parts: dict[str, Any] = {"xl/workbook.xml": book}
        row = b'<row r="1"><c r="A1" s="1"><v>%d</v></c></row>' % number
        tables.append(read(xlsx(tmp_path / "list.xlsx", ("A", row), **parts))[0].rows)
    assert tables == [[["2019-03-31"]]] * 2


# Lines and encodings.


def saved(path: Path, rows: list[list[str]], separator: str = ",", end: str = "\r\n") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=end).writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize(
    ("encoding", "mark", "told"),
    [
        ("utf-16-le", b"\xff\xfe", "utf-16"),
        ("utf-16-be", b"\xfe\xff", "utf-16"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("utf-32-le", b"\xff\xfe\x00\x00", "utf-32"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8-sig"),
        ("cp1252", b"", "cp1252"),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_encoding_and_separator_is_the_same_table(
    tmp_path: Path, encoding: str, mark: bytes, told: str, separator: str
) -> None:
    rows = [[*row[:-1], "Caf\xe9, \u2019quoted\r\nline; and\tmore\u2019"] for row in ROWS]
    path = tmp_path / "list.csv"
    path.write_bytes(mark + saved(path, rows, separator).encode(encoding))
    (table,) = read(path)
    assert (table.rows, table.encoding) == (rows, told)


def test_very_long_lines_are_read_or_refused_by_row(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    # Neither cell is too long; with another separator the whole line would be one that is.
    rows = [*ROWS[:3], [*ROWS[3][:-2], "x" * 600_000, "y" * 600_000]]
    path.write_text(saved(path, rows))
    assert read(path)[0].rows == rows
    for line, words in (("a," * 20_000, "20,001 cells; more than 16,384"), ('"' + "x" * 1_000_001, "cannot be read as csv")):  # fmt: skip
        path.write_text("a,b\n1,2\n" + line + "\n")
        with pytest.raises(ReleaseError, match=words) as told:
            read(path)
        assert told.value.row == 3


def test_of_a_heading_without_end_only_the_beginning_is_told(tmp_path: Path) -> None:
    headings = [cell if cell == "URN" else cell + "z" * 100_000 * (n % 2) for n, cell in enumerate(ROWS[0])]
    path = tmp_path / "provider-level-at-31-march-2019.csv"
    path.write_text(saved(path, [headings, *ROWS[1:]]))
    with pytest.raises(ReleaseError, match="missing") as told:
        recognise(read(path)[0])
    assert len(str(told.value)) < 6000


# Values.


def test_numbers_of_other_scripts_and_locales_are_no_numbers() -> None:
    """A comma parts thousands; digits are those of the publishers. What is no number is null, never a fault."""
    cells = {
        "4": 4, "1,024": 1024, "12.0": 12, "3,5": None, "1,2,3": None, ",5": None, "1,0240": None,
        "\u0667": None, "\uff11\uff12": None, "\u00b2": None, "1 024": None, "-1": None, "1e3": None,
    }  # fmt: skip
    frame = pl.DataFrame({"text": list(cells)})
    assert frame.select(values.parse_count(pl.col("text")))["text"].to_list() == list(cells.values())
    other = ["SC\u0661\u0662\u0663\u0664\u0665\u0666", "\uff11\uff12\uff13\uff14\uff15\uff16", "\u0663\u0664\u0665\u0666\u0667"]  # fmt: skip
    frame = pl.DataFrame({"text": other})
    for parse in (values.parse_urn, values.parse_event_number, values.parse_date):
        assert frame.select(parse(pl.col("text")))["text"].null_count() == 3
