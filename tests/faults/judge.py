"""Whether a mutated release was taken as it should be: an own, slow reading of its cells beside ofsight's.

The twin knows the headings of the layouts by heart and nothing of definitions, polars or calamine.
"""

from __future__ import annotations

import csv
import io
import random
import re
import shutil
import zlib
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import python_calamine
from mutations import MUTATIONS, Book, save

from builders import grid, providers, visits
from ofsight.dataset.build import build_dataset, make_tables
from ofsight.dataset.gather import Gathered, gather_tables, list_files
from ofsight.dataset.store import open_dataset
from ofsight.demo import write_releases
from ofsight.errors import DatasetError, ReleaseError
from ofsight.harmonise.rows import HarmonisedTable

__all__ = [
    "Base",
    "base_of",
    "base_of_builders",
    "base_of_demo",
    "base_of_workbook",
    "check_alike",
    "gather",
    "judge",
    "names_of",
    "records_of",
]

# What a heading means, by how it begins, folded; the first that fits.
_MEANINGS = (
    ("overall experiences and progress", "overall_as_published"),
    ("overall effectiveness", "overall_as_published"),
    ("how well children", "protection_as_published"),
    ("the effectiveness of leaders", "leadership_as_published"),
    ("safeguarding children", "protection_as_published"),
    ("the safety of children", "protection_as_published"),
    ("leadership and management", "leadership_as_published"),
    ("provision type", "provision_type_as_published"),
    ("sector", "sector_as_published"),
    ("local authority", "local_authority"),
    ("event number", "event_number_as_published"),
    ("inspection id", "event_number_as_published"),
    ("places", "places"),
    ("inspection date", "inspected_on"),
    ("urn", "urn"),
)
_PLACE_OF_ROW = ("row", "sheet", "file", "sha256", "encoding")
# What was noticed, set aside or counted on the way may differ where the numbers do not.
_NOT_COMPARED = ("findings", "set_aside", "releases")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00]")
_EMPTY = {"", "NULL", "null", "#N/A", "#REF!", "nan", "NaN"}


@dataclass
class Base:
    """Releases as they should be, and the tables made of them."""

    books: list[Book]
    folder: Path
    records: dict[str, pl.DataFrame] = field(default_factory=dict)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)


def base_of_builders(folder: Path) -> Base:
    """A list and a year of 120 homes, so that one faulty row is one in a hundred at most."""
    books = [
        Book("list.csv", {"": grid(providers(120))}, {"": 0}),
        Book("year.csv", {"": grid(visits(120))}, {"": 0}),
    ]
    return base_of(books, folder)


def base_of_demo(folder: Path) -> Base:
    """A list and a year of the synthetic releases in the layouts of 2019."""
    write_releases(folder / "made", n_homes=40, first_year=2019, last_year=2019)
    books = []
    for path in sorted((folder / "made").glob("*2*19.csv")):
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
        books.append(Book(path.name, {"": rows}, {"": _heading_row(rows)}))
    assert len(books) == 2
    return base_of(books, folder)


def base_of_workbook(folder: Path) -> Base:
    """The synthetic underlying-data workbook of 2022."""
    write_releases(folder / "made", n_homes=40, first_year=2022, last_year=2022)
    (path,) = (folder / "made").glob("*.ods")
    workbook = python_calamine.CalamineWorkbook.from_path(str(path))
    sheets = {
        name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
        for name in workbook.sheet_names
    }
    homes = [name for name in sheets if name.startswith("Provider_level")]
    assert len(homes) == 2
    return base_of([Book(path.name, sheets, {name: _heading_row(sheets[name]) for name in homes})], folder)


def _heading_row(rows: list[list[Any]]) -> int:
    return next(n for n, row in enumerate(rows) if "URN" in row)


def base_of(books: list[Book], folder: Path) -> Base:
    base = Base(books, folder)
    gathered = gather(books, folder / "base")
    base.records, base.tables = records_of(gathered), make_tables(gathered)
    assert base.tables["records"].height > 20
    return base


def gather(books: list[Book], folder: Path) -> Gathered:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for book in books:
        save(book, folder)
    return gather_tables(folder, list_files(folder))


def records_of(gathered: Gathered) -> dict[str, pl.DataFrame]:
    return {table.release: table.records for table in gathered.tables}


def names_of(kind: str) -> list[str]:
    """The mutations that a csv (or a workbook) can suffer."""
    return [name for name, mutation in MUTATIONS.items() if mutation.of in ("any", kind)]


def judge(base: Base, name: str, seeds: range) -> Counter[str]:
    """Mutate a release once a seed and hold what comes of it against what it now says; count the outcomes."""
    outcomes: Counter[str] = Counter()
    for seed in seeds:
        rng = random.Random(zlib.crc32(f"{name} {seed}".encode()))
        books = deepcopy(base.books)
        hit = books[rng.randrange(len(books))]
        MUTATIONS[name].apply(hit, rng)
        try:
            outcomes[_judge_one(base, books, hit, name, seed)] += 1
        except Exception as error:
            error.add_note(f"{name}, seed {seed}")
            raise
    return outcomes


def _judge_one(base: Base, books: list[Book], hit: Book, name: str, seed: int) -> str:
    folder = base.folder / "mutated"
    kind = MUTATIONS[name].kind
    try:
        gathered = gather(books, folder)
        # Tables are made of some, and every table, file and fact of a few.
        draw = zlib.crc32(f"{seed} {name}".encode())
        tables = make_tables(gathered) if draw % (3 if kind == "same" else 8) == 0 else None
        if draw % 25 == 0:
            shutil.rmtree(base.folder / "dataset", ignore_errors=True)
            build_dataset(folder, base.folder / "dataset")
            open_dataset(base.folder / "dataset").sql("select count(*) from inspections")
    except ReleaseError as error:
        if kind == "same":
            raise
        _check_refusal(error, hit, kind)
        return "refused"
    for table in gathered.tables:
        _check_cells(table, _cells_of(books, table))
    if kind == "same":
        check_alike(base.records, records_of(gathered))
        if tables is not None:
            check_alike(base.tables, tables)
    noticed = bool(gathered.findings) or any(table.findings for table in gathered.tables)
    noticed |= any(table.set_aside.height for table in gathered.tables)
    return "built, with findings" if noticed else "built"


def _check_refusal(error: ReleaseError | DatasetError, hit: Book, kind: str) -> None:
    text = str(error)
    assert error.file is not None, text
    assert "Traceback" not in text
    assert len(text.splitlines()) == 1, text
    named = hit.name in text or kind == "value"
    assert named or "no release of a known series" in text or "both are" in text, text
    if not hit.is_csv and kind == "value":
        assert error.sheet is not None, text
    if kind == "value":
        # Of a column, the row of its headings; of rows that differ, the text names them.
        assert error.row is not None or "row" in text or "heading" in text, text


def _cells_of(books: list[Book], table: HarmonisedTable) -> list[list[Any]] | None:
    book = next(book for book in books if book.name == table.file.name)
    if not book.is_csv:
        return None if book.damage else book.sheets[table.sheet or ""]
    content = table.file.read_bytes()
    text = content.decode(table.encoding)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=book.separator))


def _check_cells(table: HarmonisedTable, rows: list[list[Any]] | None) -> None:
    """Every row is told, and every record says what its row says."""
    told = Counter([*table.records["row"].unique(), *table.set_aside["row"].unique()])
    if rows is None or table.series.reads not in ("list", "in year"):
        return
    below = range(table.heading_row + 1, table.heading_row + 1 + table.n_read)
    assert set(told) == set(below), "rows got lost or were made up"
    assert max(told.values()) == 1, "a row was kept and set aside"
    columns = _meant(rows[table.heading_row - 1])
    american = any(finding.code == "dates-month-first" for finding in table.findings)
    for record in table.records.iter_rows(named=True):
        cells = rows[record["row"] - 1]
        for meaning in {meaning for _, meaning in _MEANINGS}:
            place = columns.get(meaning)
            cell = _clean(cells[place]) if place is not None and place < len(cells) else None
            _check_cell(meaning, cell, record, american)


def _meant(headings: list[Any]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for place, heading in enumerate(headings):
        text = (_clean(heading) or "").casefold().removeprefix("latest full ")
        text = re.sub("^inspection (?=overall|how|the eff|event)", "", text)
        for start, meaning in _MEANINGS:
            if text.startswith(start) and not text.endswith("(new)"):
                columns.setdefault(meaning, place)
                break
    return columns


def _check_cell(meaning: str, cell: str | None, record: dict[str, Any], american: bool) -> None:
    ours = record[meaning]
    if meaning in ("inspected_on", "places"):
        said = _day(cell, american) if meaning == "inspected_on" else _count(cell)
        assert said is None or ours == said, f"{meaning} is {ours!r} where the file says {cell!r}"
        assert cell is not None or ours is None, f"{meaning} {ours!r} comes from nowhere"
    elif meaning == "urn":
        assert cell is not None
        assert ours == re.sub(r"\.0+$", "", cell.upper().replace(" ", "")), f"{ours!r} from {cell!r}"
    else:
        assert ours == cell, f"{meaning} is {ours!r} where the file says {cell!r}"


def _clean(cell: Any) -> str | None:
    if isinstance(cell, bool):
        cell = str(cell)
    if isinstance(cell, float) and cell.is_integer():
        cell = str(int(cell))
    if isinstance(cell, datetime):
        cell = cell.date()
    text = cell.isoformat() if isinstance(cell, date) else str(cell)
    text = " ".join(_INVISIBLE.sub("", text).split())
    return None if text in _EMPTY else text


def _day(cell: str | None, american: bool) -> date | None:
    for form in ("%m/%d/%Y" if american else "%d/%m/%Y", "%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(cell or "", form).date()
        except ValueError:
            continue
    return None


def _count(cell: str | None) -> int | None:
    return int(cell) if cell is not None and re.fullmatch(r"[0-9]{1,6}", cell) else None


def check_alike(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> None:
    assert one.keys() == other.keys(), f"{sorted(one)} became {sorted(other)}"
    for name in one:
        if name in _NOT_COMPARED:
            continue
        apart = [column for column in one[name].columns if column.endswith(_PLACE_OF_ROW)]
        frames = [tables[name].drop(apart).sort(pl.all()) for tables in (one, other)]
        assert frames[0].equals(frames[1]), f"{name} differs"
