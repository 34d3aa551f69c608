"""Grades and the tables that give them: labels on the left, one grade to each on the right."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ofsight.harmonise.reports.layout import join_lines, plain
from ofsight.harmonise.reports.model import Judgement
from ofsight.harmonise.reports.pages import Line, Word
from ofsight.vocabulary import Effectiveness, Grade

__all__ = ["GRADE", "find_grade", "read_effectiveness", "read_grade", "read_headings", "read_table"]

GRADE = (
    r"(?:outstanding|good|requires? improvement(?: to be good)?|inadequate|adequate|satisfactory"
    r"|not judged|not applicable)"
)
"""Pattern of what may stand for a grade, for case-ignoring search in plain text."""

_GRADE = re.compile(rf"\b{GRADE}\b", re.IGNORECASE)
# A grade may break over lines anywhere.
_GRADES: Mapping[str, Grade] = {
    "outstanding": Grade.OUTSTANDING,
    "good": Grade.GOOD,
    "requires improvement": Grade.REQUIRES_IMPROVEMENT,
    "requires improvement to be good": Grade.REQUIRES_IMPROVEMENT,
    "require improvement": Grade.REQUIRES_IMPROVEMENT,
    "require improvement to be good": Grade.REQUIRES_IMPROVEMENT,
    # The words of before April 2015; what was printed stands beside the grade.
    "adequate": Grade.REQUIRES_IMPROVEMENT,
    "satisfactory": Grade.REQUIRES_IMPROVEMENT,
    "inadequate": Grade.INADEQUATE,
}
_EFFECTIVENESS = re.compile(
    r"\b(improved|sustained|declin(?:ed|ing))(?: in)?(?: its)?(?: level of)? effectiveness"
    r"|effectiveness[^.]{0,160}?\b(?:is|has|have|:) ?(improved|sustained|declined)\b",
    re.IGNORECASE,
)
_FIRST_WORD = re.compile(
    r"^(?:outstanding|good|requires?|inadequate|adequate|satisfactory|not|improvement|to)\b[.*]?$",
    re.IGNORECASE,
)


def read_grade(text: str) -> Grade | None:
    """Return the grade that a text is, or None; nothing but the grade may stand in it."""
    return _GRADES.get(" ".join(plain(text).casefold().strip(" .:*").split()))


def _value_of(text: str) -> str | None:
    grade = read_grade(text)
    return grade.value if grade else None


def find_grade(text: str) -> str | None:
    """Return the first words in a text that may stand for a grade, as printed."""
    found = _GRADE.search(text)
    return found.group() if found else None


def read_effectiveness(text: str) -> Effectiveness | None:
    """Return the judgement of an interim inspection that a text gives, or None."""
    found = _EFFECTIVENESS.search(plain(text))
    word = (found[1] or found[2]).lower()[:4] if found else ""
    return {
        "impr": Effectiveness.IMPROVED,
        "sust": Effectiveness.SUSTAINED,
        "decl": Effectiveness.DECLINED,
    }.get(word)


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    middle: float


def read_table(lines: Sequence[Line], labels: Mapping[str, re.Pattern[str]]) -> list[Judgement]:
    """Read a judgement table by the places of its words.

    Parameters
    ----------
    lines : sequence of Line
        The lines of one page in which the table stands.
    labels : mapping of str to pattern
        How the label of each domain begins, in plain text.

    Returns
    -------
    list of Judgement
        From top to bottom. A label may take several lines and its grade may stand beside any of them, or
        between two; a grade may itself break over lines.
    """
    edge = _value_edge(lines)
    if edge is None:
        return []
    left: list[Line] = []
    right: list[Word] = []
    for line in lines:
        beside = tuple(word for word in line.words if word.x0 < edge)
        right += [word for word in line.words if word.x0 >= edge]
        if beside:
            left.append(Line(line.page, beside))
    values = _values(right)
    # The title of a single inspection begins a line like a label; labels stand beside grades.
    upper = min((cell.middle for cell in values), default=0.0) - 45.0
    found = _labels([line for line in left if line.top > upper], labels)
    paired: list[tuple[tuple[str, float, float], _Cell]]
    if len(found) == len(values):
        paired = list(zip(found, values, strict=True))
    else:
        paired = []
        for label in found:
            reach = [cell for cell in values if label[1] - 9 <= cell.middle <= label[2] + 9]
            if reach:
                paired.append((label, reach[0]))
                values.remove(reach[0])
    return [
        Judgement(label[0], _value_of(cell.text), cell.text, "front", lines[0].page) for label, cell in paired
    ]


def _value_edge(lines: Sequence[Line]) -> float | None:
    # Where the column of grades begins: the commonest left edge of grade words with white before them.
    starts: list[float] = []
    for line in lines:
        for k, part in enumerate(line.segments()):
            if _FIRST_WORD.match(part.words[0].text) and _grade_only(part) and (k or part.x0 > 250):
                starts.append(part.x0)
    return min(starts) - 2.0 if starts else None


def _grade_only(part: Line) -> bool:
    words = plain(part.text).casefold().strip(" .*")
    return bool(_GRADE.fullmatch(words)) or words in {
        "requires", "requires improvement to", "improvement", "improvement to be good", "to be good",
        "be good",
    }  # fmt: skip


def _labels(lines: Sequence[Line], labels: Mapping[str, re.Pattern[str]]) -> list[tuple[str, float, float]]:
    found: list[tuple[str, float, float]] = []
    for i, line in enumerate(lines):
        words = plain(join_lines(lines[i : i + 3]))
        for domain, pattern in labels.items():
            if pattern.match(words) and domain not in {name for name, _, _ in found}:
                found.append((domain, line.top, line.bottom))
                break
        else:
            if found and line.top - found[-1][2] < 8:
                found[-1] = (found[-1][0], found[-1][1], max(found[-1][2], line.bottom))
    return found


def _values(words: Sequence[Word]) -> list[_Cell]:
    text = ""
    places: list[tuple[int, Word]] = []
    for word in sorted(words, key=lambda w: (round((w.top + w.bottom) / 6), w.x0)):
        text += " " if text else ""
        places.append((len(text), word))
        text += word.text
    cells = []
    for match in _GRADE.finditer(plain(text)):
        inside = [word for place, word in places if match.start() <= place < match.end()]
        if inside:
            middle = (min(w.top for w in inside) + max(w.bottom for w in inside)) / 2
            cells.append(_Cell(match.group(), middle))
    return cells


def read_headings(
    lines: Sequence[Line],
    labels: Mapping[str, re.Pattern[str]],
    place: Literal["front", "heading"] = "heading",
) -> list[Judgement]:
    """Read headings such as ``Overall experiences ... people: good``, also over two lines.

    A heading ends with its grade: running text that happens to begin like a label is not taken.
    """
    found: list[Judgement] = []
    for i, line in enumerate(lines):
        first = _NUMBERED.sub("", plain(line.text))
        domain = next((name for name, pattern in labels.items() if pattern.match(first)), None)
        if domain is None or any(j.domain == domain for j in found):
            continue
        parts = line.segments()
        if len(parts) > 1 and (said := read_grade(parts[-1].text)):
            found.append(Judgement(domain, said.value, parts[-1].text, place, line.page))
            continue
        for n in (1, 2, 3, 4):
            words = plain(join_lines(lines[i : i + n])).rstrip(" .")
            after = _after_label(words)
            if after is not None:
                # "Requires improvement" may go on in the next line.
                longer = _after_label(plain(join_lines(lines[i : i + n + 1])).rstrip(" ."))
                grade = longer if longer and longer.lower().startswith(after.lower()) else after
                found.append(Judgement(domain, _value_of(grade), grade, place, line.page))
                break
    return found


_NUMBERED = re.compile(r"^\d{1,2}(?:\.\d)?\.? (?=[A-Z])")
_ENDS_IN_GRADE = re.compile(
    rf"^.{{8,150}}?(?:[:\-]|\bis|\bare|\bjudgement outcome|\bjudged(?: to be| as)?)\s*\b({GRADE})$",
    re.IGNORECASE,
)


def _after_label(words: str) -> str | None:
    match = _ENDS_IN_GRADE.match(words)
    return match[1] if match else None
