"""The section on what must and what should be done: a table of requirements, a list of recommendations.

The table has no lines that could be trusted. A row is what stands between two due dates, or between two
rules where rules are drawn. A row may go on over pages, with or without the heading row said again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ofsight.harmonise.reports.citations import ends_in_citation
from ofsight.harmonise.reports.days import DAY
from ofsight.harmonise.reports.layout import BULLETS, join_lines, plain
from ofsight.harmonise.reports.pages import Line, Page

__all__ = ["Item", "Row", "list_items", "table_rows"]

_PAGE = 10_000.0  # one page below the other, further apart than any page is high

_HEAD = re.compile(
    r"^(?:(?:reg(?:ulation)?s?|standard|number|no)\b\.?\s*)?(?:statutory )?(?:requirements?|actions?)(?: "
    r"required)?\s*\*?\s*"
    r"(?:due date|due by|timescale|date due|by when|due)(?: for (?:action|completion))?s?$",
    re.IGNORECASE,
)
_DUE = re.compile(
    rf"(?P<day>{DAY})|(?P<month>\b(?:january|february|march|april|may|june|july|august|september|october"
    rf"|november|"
    r"december)\s+\d{4})|(?P<words>\b(?:with )?immediate(?:ly)?(?: effect| and ongoing)?\b|\bongoing\b"
    r"|\bn/a\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table of requirements, unread."""

    number: str
    text: str
    due: str
    page: int


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list, unread, and the sub-heading above it."""

    text: str
    page: int
    group: str | None = None


@dataclass(frozen=True, slots=True)
class _Columns:
    text: float
    due: float


@dataclass(slots=True)
class _Due:
    text: str
    top: float


def table_rows(lines: Sequence[Line], pages: Sequence[Page]) -> list[Row]:
    """Read the rows of the table of requirements.

    Parameters
    ----------
    lines : sequence of Line
        The lines below "Statutory requirements".
    pages : sequence of Page
        The pages of the document, for their rules.
    """
    head = next((i for i, line in enumerate(lines) if _is_head(line)), None)
    columns = _columns(lines, head)
    if columns is None:
        return []
    first = 0 if head is None else head + 1
    body = [line for line in lines[first:] if not _is_head(line)]
    left: list[Line] = []
    due_parts: list[Line] = []
    for line in body:
        text = tuple(word for word in line.words if word.x0 < columns.due)
        due = tuple(word for word in line.words if word.x0 >= columns.due)
        if text:
            left.append(Line(line.page, text))
        if due:
            due_parts.append(Line(line.page, due))
    dues = _due_cells(due_parts)
    if head is None:
        # No heading row: what stands above the first date's line is introduction.
        left = [line for line in left if dues and _place(line) >= dues[0].top - 3]
    starts = _row_starts(left, dues, pages)
    return [row for row in _cut(left, dues, starts, columns) if row.text]


def _is_head(line: Line) -> bool:
    return bool(_HEAD.match(plain(line.text)))


def _columns(lines: Sequence[Line], head: int | None) -> _Columns | None:
    if head is not None:
        words = lines[head].words
        due_x = next(
            (w.x0 for w in words[1:] if re.match(r"(?:due|timescale|date|by)", w.text, re.IGNORECASE)),
            words[-1].x0,
        )
        body = lines[head + 1 :]
        edge = _corridor(body, due_x)
        # A first column "Reg." or "Standard"; without one all that is left of the dates is text.
        named = next(
            (w.x0 for w in words[1:] if re.match(r"(?:requirement|action|statutory)", w.text, re.I)), None
        )
        if named is None or not re.match(r"(?:reg|standard|num|no)", words[0].text, re.I):
            return _Columns(float("-inf"), edge)
        left = [
            Line(line.page, kept) for line in body if (kept := tuple(w for w in line.words if w.x0 < edge))
        ]
        return _Columns(_corridor(left, named), edge)
    else:
        days = [part for line in lines for part in line.segments()[1:] if _DUE.match(plain(part.text))]
        if not days:
            return None
    return _Columns(float("-inf"), _corridor(lines, min(part.x0 for part in days)))


def _corridor(lines: Sequence[Line], due_x: float) -> float:
    """Return an x in the white between the columns, nearest to the left of the due dates."""
    taken = sorted(
        (round(part.x0, 1), round(part.x1, 1))
        for line in lines
        for part in line.segments(6.0)
        if not _is_head(line)
    )
    gaps: list[tuple[float, float]] = []
    reach = taken[0][1] if taken else 0.0
    for start, end in taken:
        if start - reach > 4.0:
            gaps.append((reach, start))
        reach = max(reach, end)
    near = [gap for gap in gaps if abs(gap[1] - due_x) < 90]
    if not near:
        return due_x - 3.0
    gap = min(near, key=lambda g: abs(g[1] - due_x))
    return (gap[0] + gap[1]) / 2


def _place(line: Line) -> float:
    return line.page * _PAGE + line.top


def _due_cells(parts: Sequence[Line]) -> list[_Due]:
    """Join the lines of the right-hand column and cut them into due dates."""
    text = ""
    places: list[tuple[int, Line]] = []
    for part in parts:
        text += " " if text else ""
        places.append((len(text), part))
        text += part.text
    cells = []
    words = plain(text)
    for match in _DUE.finditer(words):
        line = next(part for place, part in reversed(places) if place <= match.start())
        start = match.start() - (1 if words[: match.start()].endswith("*") else 0)
        after = re.match(r"\s*\*+", words[match.end() :])
        end = match.end() + (after.end() if after else 0)
        cells.append(_Due(text[start:end].strip(), _place(line)))
    return cells


def _row_starts(left: Sequence[Line], dues: Sequence[_Due], pages: Sequence[Page]) -> list[int]:
    """Return for each row the index of its first line."""
    if not left:
        return []
    if not dues:
        return [0]
    ruled = _starts_by_rules(left, dues, pages)
    if ruled is not None:
        return ruled
    nearest = [min(range(len(left)), key=lambda i: abs(_place(left[i]) - due.top)) for due in dues]
    if nearest[0] == 0 and all(_may_open(left, i) for i in nearest[1:]):
        return sorted(set(nearest))  # dates stand beside the first line of their row
    return _starts_by_citations(left, dues)


def _may_open(left: Sequence[Line], i: int) -> bool:
    """Whether a line can be the first of a row: what stands above it has come to an end."""
    return (
        left[i].page != left[i - 1].page
        or (bool(re.search(r"[.)*]$", left[i - 1].text)) and not left[i].text[0].islower())
        or _white(left, i) > 0.8 * left[i].height
    )


def _starts_by_citations(left: Sequence[Line], dues: Sequence[_Due]) -> list[int]:
    # Dates stand in the middle or at the foot: a row ends where its citation closes, or at the widest white.
    starts = [0]
    usual = median([_white(left, i) for i in range(1, len(left))] or [0.0])
    for before, due in pairwise(dues):
        between = [
            i for i in range(starts[-1] + 1, len(left)) if before.top - 1 <= _place(left[i]) <= due.top + 1
        ] or [i for i in range(starts[-1] + 1, len(left)) if _place(left[i]) > before.top][:1]
        if not between:
            continue
        closing = [i for i in between if ends_in_citation(join_lines(left[max(starts[-1], i - 4) : i]))]
        if not closing:
            beside = [i for i in between[-1:] if _may_open(left, i)]
            starts.append((beside or [max(between, key=lambda i: _white(left, i))])[0])
            continue
        # What follows the citation without white, or says what it relates to, belongs to it.
        later = [i for i in between if i >= closing[0] and not _GOES_ON.match(left[i].text)]
        parted = [i for i in later if left[i].page != left[i - 1].page or _white(left, i) > usual * 1.5 + 1.0]
        starts.append((parted or later or closing)[0])
    return starts


_GOES_ON = re.compile(r"^(?:this (?:specifically )?relates|in particular|specifically,)", re.IGNORECASE)


def _white(left: Sequence[Line], i: int) -> float:
    if left[i].page != left[i - 1].page:
        return 0.0
    return left[i].top - left[i - 1].bottom


def _starts_by_rules(left: Sequence[Line], dues: Sequence[_Due], pages: Sequence[Page]) -> list[int] | None:
    """Return the rows' first lines where rules between the rows are drawn, else None."""
    # A rule between rows has lines of the table above and below it on its page; the rule over the running
    # foot and the table's own edges have not.
    inner = [
        page.number * _PAGE + rule
        for page in pages
        for rule in page.rules
        if any(line.page == page.number and line.bottom <= rule + 4 for line in left)
        and any(line.page == page.number and line.top >= rule - 4 for line in left)
    ]

    def cell(place: float) -> int:
        return sum(1 for h in inner if h <= place + 4)

    dated = [cell(due.top) for due in dues]
    if len(set(dated)) < len(dated) or (len(dues) > 1 and not inner):
        return None  # two dates in one box: these rules do not part the rows
    if len(dues) == 1 and not inner:
        return None
    starts: list[int] = []
    seen: set[int] = set()
    for i, line in enumerate(left):
        here = cell(_place(line))
        if here in seen:
            continue
        seen.add(here)
        on_new_page = i > 0 and line.page != left[i - 1].page
        if i == 0 or here in dated:
            starts.append(i)
        elif not on_new_page and ends_in_citation(join_lines([x for x in left if cell(_place(x)) == here])):
            starts.append(i)  # a row whose date is missing
    return starts


def _cut(left: Sequence[Line], dues: Sequence[_Due], starts: Sequence[int], columns: _Columns) -> list[Row]:
    rows = []
    for k, start in enumerate(starts):
        stop = starts[k + 1] if k + 1 < len(starts) else len(left)
        lines = left[start:stop]
        upper = _place(lines[0]) - 8
        lower = _place(left[stop]) - 8 if stop < len(left) else float("inf")
        due = [cell.text for cell in dues if (upper if k else 0) <= cell.top < lower]
        number, text = [], []
        for line in lines:
            in_number = tuple(word for word in line.words if word.x0 < columns.text)
            in_text = tuple(word for word in line.words if word.x0 >= columns.text)
            if in_number:
                number.append(Line(line.page, in_number))
            if in_text:
                text.append(Line(line.page, in_text))
        rows.append(Row(join_lines(number), _without_bullets(join_lines(text)), " ".join(due), lines[0].page))
    return rows


_BULLET = re.compile(rf"^(?:[{BULLETS}]|[-o](?=\s+[A-Za-z]))\s*")
_NUMBERED = re.compile(r"^(?:\d{1,3}[.)]|\(\d{1,2}\))\s+(?=\S)")
_INTRODUCTION = re.compile(
    r"^(?:to improve the quality and standards of care further|this section sets out|the (?:service|home"
    r"|registered person)"
    r" should (?:consider|take account)|in order to improve)",
    re.IGNORECASE,
)


def _without_bullets(text: str) -> str:
    return re.sub(rf"\s*[{BULLETS}]\s*", " ", text).strip()


def list_items(lines: Sequence[Line], *, numbered: bool = False, hanging: bool = False) -> list[Item]:
    """Read the items of a list: bulleted, numbered, or apart from each other by white or a closed citation.

    Parameters
    ----------
    lines : sequence of Line
        The lines below the heading of the list.
    numbered : bool
        Whether "1." starts an item.
    hanging : bool
        Whether a line at the height of the marks, without one, is a sub-heading: it becomes the `group` of
        the items below it.
    """
    lines = [line for line in lines if plain(line.text).strip()]
    marks = [
        bool(_BULLET.match(line.text)) or (numbered and bool(_NUMBERED.match(line.text))) for line in lines
    ]
    groups: list[tuple[str | None, list[Line]]] = []
    if any(marks):
        edge = min(line.x0 for line, mark in zip(lines, marks, strict=True) if mark) + 3.0
        over: list[str] = []
        below_mark = False
        for line, mark in zip(lines, marks, strict=True):
            if mark:
                groups.append((over[-1] if over else None, [line]))
                below_mark = True
            elif hanging and line.x0 <= edge:
                # A sub-heading of two lines is one sub-heading.
                over[-1:] = [line.text] if below_mark or not over else [f"{over[-1]} {line.text}"]
                below_mark = False
            elif groups:
                groups[-1][1].append(line)
    else:
        groups = [(None, group) for group in _apart(lines)]
    items = [
        Item(_NUMBERED.sub("", _BULLET.sub("", join_lines(group))) if any(marks) else join_lines(group),
             group[0].page, over)
        for over, group in groups
    ]  # fmt: skip
    return [item for item in items if item.text and not _is_introduction(item.text)]


def _is_introduction(text: str) -> bool:
    return bool(_INTRODUCTION.match(plain(text)) and not re.search(r"\(.*(?:page|paragraph|NMS|\d)", text))


def _apart(lines: Sequence[Line]) -> list[list[Line]]:
    groups: list[list[Line]] = []
    for i, line in enumerate(lines):
        before = lines[i - 1] if i else None
        if before is None:
            groups.append([line])
            continue
        done = re.search(r"[.):]\s*\*?$", plain(before.text))
        white = before.page == line.page and line.top - before.bottom > 0.45 * line.height
        cited = re.search(r"(?:\d\.\d{1,2}|NMS \d[\d.]*)\W*\)\W*$", plain(before.text))
        if done and (white or cited):
            groups.append([])
        groups[-1].append(line)
    return groups
