"""The citations at the end of requirements and recommendations.

Citations are printed with irregular spaces, with several regulations in one bracket, and with paragraphs
that take their beginning from the one before: ``(Regulation 12 (1) (2)(a)(i) and Regulation 13 (1)(a)(b))``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ofsight.harmonise.reports.layout import plain
from ofsight.harmonise.reports.model import Citation

__all__ = ["ends_in_citation", "read_citations", "read_guide", "read_standards", "regulation_in_column"]

Knows = Callable[[str, str], "bool | None"]
"""Whether a regulation (number, path) has a paragraph: yes, no, or None where it is not known."""

_OPENING = re.compile(
    r"\((?=\s*(?:the\s+)?(?:\W*children'?s'? "
    r"homes[^()]{0,30}(?:\(england\))?[^()]{0,20}regulations[^()]{0,12}"
    r"\d{4}\W+)?reg(?:ulation)?s?\b\.?)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\breg(?:ulation)?s?\b\.?", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(\d{1,2}[A-Z]?)(?![\d./])(?! ?(?:" + "january|february|march|april|may|june|july|"
                     r"august|september|october|november|december)\b)", re.IGNORECASE)  # fmt: skip
_GROUP = re.compile(
    r"\s*\(\s*(\d{1,2}[A-Z]?|[a-z]|[ivx]{2,5})\s*\)?(?=[\s(),;.*&\-]|to\b|and\b|$)", re.IGNORECASE
)
_JOIN = re.compile(r"\s*(?:,|;|&|\band\b|\bor\b|\bparagraphs?\b)+", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:-|\bto\b)(?=\s*\()", re.IGNORECASE)
_ROMAN = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv"]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def read_citations(text: str, knows: Knows = lambda _number, _path: None) -> tuple[Citation, ...]:
    """Return the regulations cited in brackets in a requirement, in order, each once.

    Parameters
    ----------
    text : str
        The requirement.
    knows : callable
        Decides between letter and numeral where ``(i)`` follows ``(h)``.
    """
    words = plain(text)
    found: dict[str, list[str]] = {}
    for inside in _brackets(words):
        for number, paths in _regulations(inside, knows):
            kept = found.setdefault(number, [])
            kept += [path for path in paths if path not in kept]
    return tuple(Citation(number, tuple(paths)) for number, paths in found.items())


def ends_in_citation(text: str) -> bool:
    """Whether a text ends with a closed citation of a regulation or standard."""
    words = plain(text).rstrip(" .*")
    depth = 0
    for place in range(len(words) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(words[place], 0)
        if depth <= 0:
            break
    inside = words[place:] if depth == 0 and words.endswith(")") else ""
    return bool(re.match(r"\([^()]{0,60}\b(?:reg(?:ulation)?s?|NMS|standards?)\b", inside, re.IGNORECASE))


def _brackets(words: str) -> Iterator[str]:
    for opening in _OPENING.finditer(words):
        if words[opening.end() :].lstrip().lower().startswith("see "):
            continue
        depth = 1
        for end in range(opening.end(), len(words)):
            depth += {"(": 1, ")": -1}.get(words[end], 0)
            if depth == 0:
                break
        else:
            end = len(words)  # the closing bracket is missing: the citation goes to the end
        yield words[opening.end() : end]


def _regulations(inside: str, knows: Knows) -> Iterator[tuple[str, list[str]]]:
    # Another statute's regulations ("... of the Care Planning Regulations") are not ours.
    place = 0
    word = _WORD.search(inside)
    while word:
        # "Regulations 2015" in a title is followed by a year, not by a number of ours.
        number = _NUMBER.match(inside, word.end())
        while number:
            paths, place = _paragraphs(inside, number.end(), number[1].upper(), knows)
            yield number[1].upper(), paths
            joined = _JOIN.match(inside, place)
            number = _NUMBER.match(inside, joined.end()) if joined else None
        word = _WORD.search(inside, max(place, word.end()))


def _paragraphs(inside: str, place: int, number: str, knows: Knows) -> tuple[list[str], int]:
    paths: list[list[str]] = []
    current: list[str] = []
    ranged = False
    while True:
        group = _GROUP.match(inside, place)
        if group is None:
            joined = _RANGE.match(inside, place)
            ranged = joined is not None
            joined = joined or _JOIN.match(inside, place)
            # "and 12(2)(b)": the number of the same regulation said again.
            again = re.compile(rf"\s*{number}(?=\s*\()").match(inside, joined.end()) if joined else None
            after = again.end() if again else joined.end() if joined else None
            if after is None or _GROUP.match(inside, after) is None:
                break
            place = after
            continue
        token = group[1] if group[1].isdigit() else group[1].lower()
        before = current
        current = _placed(current, token.upper() if token[0].isdigit() else token, number, knows)
        if ranged:
            paths += [[*current[:-1], step] for step in _between(before[-1], current[-1])]
        elif paths and len(current) > len(before) and paths[-1] == before:
            paths[-1] = current  # "(2)" was only the way to "(2)(a)"
        else:
            paths.append(current)
        ranged = False
        place = group.end()
    return ["".join(f"({step})" for step in path) for path in paths], place


def _placed(current: list[str], token: str, number: str, knows: Knows) -> list[str]:
    """Return the path of a token after another path."""
    if token[0].isdigit():
        return [token]
    head = current[:1] if current and current[0][0].isdigit() else []
    letters = current[len(head) :]
    if not letters:
        return [*head, token]
    if token in _ROMAN and not _is_letter(token, head, letters, number, knows):
        return [*head, letters[0], token]
    return [*head, token]


def _is_letter(token: str, head: list[str], letters: list[str], number: str, knows: Knows) -> bool:
    if len(token) > 1:
        return False
    if len(letters) > 1:
        # Within numerals: "(iv)(v)" goes on; "(viii)(x)" too.
        return False
    as_numeral = knows(number, "".join(f"({step})" for step in [*head, letters[0], token]))
    as_letter = knows(number, "".join(f"({step})" for step in [*head, token]))
    if as_numeral is False or (as_letter and not as_numeral):
        return True
    return not as_numeral and ord(token) - ord(letters[0]) == 1


def _between(first: str, last: str) -> list[str]:
    for row in (
        [str(n) for n in range(1, 60)],
        _ROMAN if len(first) > 1 or len(last) > 1 or first == "i" else [],
    ):
        if first in row and last in row and row.index(first) < row.index(last):
            return row[row.index(first) + 1 : row.index(last) + 1]
    if len(first) == len(last) == 1 and first in _LETTERS and last in _LETTERS and first < last:
        return list(_LETTERS[_LETTERS.index(first) + 1 : _LETTERS.index(last) + 1])
    return [last]


def regulation_in_column(text: str) -> Citation | None:
    """Return what a ``Reg.`` or ``Standard`` column says: ``34 (2001)``, ``Reg 33 (1)``, ``NMS 4.3``."""
    words = plain(text).strip()
    if standard := re.match(r"(?:NMS|standard)?\s*(\d{1,2}\.\d{1,2})\b", words, re.IGNORECASE):
        return Citation(f"NMS {standard[1]}")
    number = re.match(r"(?:reg(?:ulation)?\.?)?\s*(\d{1,2}[A-Z]?)\b", words, re.IGNORECASE)
    if number is None:
        return None
    rest = re.sub(r"\(?(?:19|20)\d\d\)?", "", words[number.end() :])
    paths, _ = _paragraphs(rest, 0, number[1].upper(), lambda _n, _p: None)
    return Citation(number[1].upper(), tuple(paths))


_STANDARD = re.compile(
    r"\b(?:NMS|national minimum standards?|standard)\s*(\d{1,2}(?:\.\d{1,2})?)", re.IGNORECASE
)


def read_standards(text: str) -> tuple[str, ...]:
    """Return the national minimum standards cited: ``("NMS 4.3",)``."""
    found = [f"NMS {match[1]}" for match in _STANDARD.finditer(plain(text))]
    return tuple(dict.fromkeys(found))


_GUIDE = re.compile(
    r"\bp(?:p|g|ages?)?\.?\s*(\d{1,3})(?:\s*(?:-|to|and|,|&)\s*(?:pages?\s*)?\d{1,3})*"
    r"\s*[,;:]?\s*(?:and\s+)?para(?:graph)?s?\.?\s*(\d{1,2})\s?\.\s?(\d{1,2})\b",
    re.IGNORECASE,
)
_PARAGRAPH = re.compile(r"\bpara(?:graph)?s?\.?\s*(\d{1,2})\s?\.\s?(\d{1,2})\b", re.IGNORECASE)
_PAGE = re.compile(r"\bpages?\s*(\d{1,3})\b", re.IGNORECASE)
_IN_QUOTES = re.compile(
    r"""\(\s*(?:see\s+|the\s+|statutory guidance,?\s*)*['"]([A-Z][^()'"]*(?:'s? [^()'"]*)*)['"]"""
)


def read_guide(text: str) -> tuple[int | None, str | None, str | None]:
    """Return page, paragraph and source of a recommendation's citation; None for what is not said."""
    words = plain(text)
    is_guide = re.search(r"\bguide to (?:the )?children'?s'? homes|\bthe guide\b", words, re.IGNORECASE)
    both = _GUIDE.search(words)
    source: str | None = "Guide" if is_guide else None
    if source is None and (standards := read_standards(words)):
        source = standards[0]
    if source is None and (title := _IN_QUOTES.search(words)):
        source = " ".join(title[1].rstrip(" ,").split())
    if both:
        return int(both[1]), f"{int(both[2])}.{int(both[3])}", source or "Guide"
    paragraph = _PARAGRAPH.search(words) if is_guide else None
    page = _PAGE.search(words) if is_guide else None
    return (
        int(page[1]) if page else None,
        f"{int(paragraph[1])}.{int(paragraph[2])}" if paragraph else None,
        source,
    )
