"""Answers as JSON and CSV: values with their status, rows in pages with a way on, nothing cut silently."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import polars as pl
from starlette.datastructures import QueryParams

from ofsight.dataset.columns import Table
from ofsight.report.document import Bullets, Facts, KeyFigures, Note, Paragraph, plain
from ofsight.web.answer import Answer, Field, Heading, Part
from ofsight.web.problems import Refusal
from ofsight.web.sources import Sources

__all__ = [
    "LICENCE",
    "MOST_ROWS",
    "Page",
    "answer_json",
    "cut_page",
    "frame_csv",
    "part_json",
    "rows_json",
    "rows_of",
]

LICENCE: Final = (
    "Contains public sector information licensed under the Open Government Licence v3.0. "
    "Made with ofsight; not official statistics."
)
MOST_ROWS: Final = 1000
"""So many rows are given at once at most; a cursor leads to the next."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a table and the way on.

    Parameters
    ----------
    frame : polars.DataFrame
        The rows.
    n_rows : int
        Of the whole table.
    first : int
        Place of the first row, from 0.
    next : str
        Cursor of the next rows; empty when there are none.
    """

    frame: pl.DataFrame
    n_rows: int
    first: int
    next: str


def _seal(what: str) -> str:
    return hashlib.blake2s(what.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _cursor_of(place: int, what: str) -> str:
    return base64.urlsafe_b64encode(f"{place}.{_seal(what)}".encode()).decode().rstrip("=")


def _place_of(cursor: str, what: str) -> int:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        place, _, seal = (
            base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").partition(".")
        )
        if seal != _seal(what) or not place.isdecimal():
            raise ValueError
        return int(place)
    except (ValueError, binascii.Error, UnicodeError):
        raise Refusal(
            422,
            "The cursor does not belong to this question, or the data has changed since. Begin "
            "again without it.",
        ) from None


def cut_page(frame: pl.DataFrame, limit: int, cursor: str, what: str) -> Page:
    """Return the rows that a cursor points to.

    Parameters
    ----------
    frame : polars.DataFrame
        The whole table.
    limit : int
        So many rows at most.
    cursor : str
        From the page before; empty for the first.
    what : str
        What makes this table this table: version, address and filters. A cursor of another one is refused.
    """
    first = _place_of(cursor, what) if cursor else 0
    rows = frame.slice(first, limit)
    end = first + rows.height
    return Page(rows, frame.height, first, _cursor_of(end, what) if end < frame.height else "")


def rows_of(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return rows for JSON: dates as ISO text, what is no finite number as null."""
    floats = [name for name, kind in frame.schema.items() if kind in (pl.Float32, pl.Float64)]
    dates = [name for name, kind in frame.schema.items() if kind == pl.Date or isinstance(kind, pl.Datetime)]
    ready = frame.with_columns(
        *(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in floats),
        *(pl.col(name).cast(pl.String) for name in dates),
    )
    return ready.to_dicts()


def frame_csv(frame: pl.DataFrame) -> bytes:
    """Return a frame as CSV (UTF-8, commas, one heading row), an empty cell for no value."""
    stream = io.BytesIO()
    frame.write_csv(stream, line_terminator="\n")
    return stream.getvalue()


def _field_facts(one: Field) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": one.name, "label": one.label, "kind": one.kind}
    optional = {
        "meaning": one.meaning,
        "unit": one.unit,
        "status": one.status,
        "low": one.low,
        "printed": one.printed,
        "high": one.high,
    }
    return facts | {name: value for name, value in optional.items() if value}


def _part_facts(part: Part) -> dict[str, Any]:
    facts: dict[str, Any] = {"key": part.key, "title": part.title}
    if part.picture is not None:
        facts["finding"] = part.picture.title
    facts["fields"] = [_field_facts(one) for one in part.fields]
    if part.source:
        facts["source"] = part.source
    if note := plain(part.note):
        facts["note"] = note
    return facts


def _said(answer: Answer) -> list[str]:
    """Return the words of an answer, for programs that show them."""
    said = [plain(answer.lead)] if answer.lead else []
    for block in answer.body:
        if isinstance(block, Paragraph):
            said.append(plain(block.text))
        elif isinstance(block, Bullets):
            said.extend(map(plain, block.items))
        elif isinstance(block, Note):
            said.extend(f"{block.title}: {plain(item)}" for item in block.items)
        elif isinstance(block, KeyFigures):
            said.extend(f"{one.value} {one.label} {one.detail}".strip() for one in block.figures)
        elif isinstance(block, Facts):
            said.extend(f"{name}: {plain(value)}" for name, value in block.pairs)
        elif isinstance(block, Heading):
            continue
    return said


def _frame_of(answer: Answer, sources: Sources) -> dict[str, Any]:
    return {
        "title": answer.title,
        "page": answer.address,
        "cautions": [plain(caution) for caution in answer.cautions],
        "dataset": sources.facts,
        "licence": LICENCE,
    }


def answer_json(answer: Answer, sources: Sources) -> bytes:
    """Return a whole answer: its words and every table, a long one with the address of the rest."""
    parts = []
    for part in answer.parts:
        page = cut_page(part.given, MOST_ROWS, "", _what(answer, part, sources))
        facts = _part_facts(part) | {"n_rows": page.n_rows, "rows": rows_of(page.frame)}
        if page.next:
            facts["next"] = _with_query(answer.twin(part.key), {"cursor": page.next, "limit": str(MOST_ROWS)})
        parts.append(facts)
    whole = _frame_of(answer, sources) | {"words": _said(answer), "parts": parts}
    return _dump(whole)


def part_json(answer: Answer, part: Part, sources: Sources, limit: int, cursor: str) -> tuple[bytes, str]:
    """Return one table of an answer and the address of the next rows (empty at the end)."""
    page = cut_page(part.given, limit, cursor, _what(answer, part, sources))
    following = ""
    if page.next:
        following = _with_query(answer.twin(part.key), {"cursor": page.next, "limit": str(limit)})
    whole = _frame_of(answer, sources) | _part_facts(part)
    whole |= {
        "n_rows": page.n_rows,
        "first": page.first,
        "rows": rows_of(page.frame),
        "next": following or None,
    }
    return _dump(whole), following


def rows_json(
    table: Table,
    frame: pl.DataFrame,
    sources: Sources,
    asked: str,
    limit: int,
    cursor: str,
    *,
    path: str,
    query: QueryParams,
) -> tuple[bytes, str]:
    """Return rows of a table of the dataset and the address of the next rows (empty at the end).

    Parameters
    ----------
    table : Table
        The declaration.
    frame : polars.DataFrame
        Its filtered rows, columns chosen.
    asked : str
        The filters and columns in one text; a cursor belongs to them.
    limit, cursor
        Which rows.
    path, query
        The address that was asked for.
    """
    page = cut_page(frame, limit, cursor, f"{sources.version} {table.name} {asked}")
    following = ""
    if page.next:
        kept = [(name, value) for name, value in query.multi_items() if name != "cursor"]
        following = f"{path}?{urlencode([*kept, ('cursor', page.next)])}"
    columns = {column.name: column for column in table.columns}
    fields = [
        {
            "name": name,
            "label": name,
            "meaning": columns[name].meaning,
            **({"unit": columns[name].unit} if columns[name].unit else {}),
        }
        for name in frame.columns
    ]
    whole = {
        "title": f"{table.name}: {table.row}",
        "page": f"/data/{table.name}",
        "cautions": [],
        "dataset": sources.facts,
        "licence": LICENCE,
        "key": table.name,
        "fields": fields,
        "n_rows": page.n_rows,
        "first": page.first,
        "rows": rows_of(page.frame),
        "next": following or None,
    }
    return _dump(whole), following


def _what(answer: Answer, part: Part, sources: Sources) -> str:
    return f"{sources.version} {answer.address} {part.key}"


def _with_query(address: str, more: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(more)}"


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=str, allow_nan=False).encode("utf-8", "replace")
