"""Reports of local authority children's services: single inspections, ILACS, visits, joint inspections.

The title page says what kind of report it is. Letters say it in the first sentence.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from importlib import resources

from ofsight.harmonise.reports.days import read_span
from ofsight.harmonise.reports.fields import copyright_year, read_dates, read_published
from ofsight.harmonise.reports.improvement import list_items
from ofsight.harmonise.reports.judgements import GRADE, read_grade, read_headings, read_table
from ofsight.harmonise.reports.layout import BULLETS, body_lines, join_lines, plain, tidy
from ofsight.harmonise.reports.model import Judgement, Recommendation, Report
from ofsight.harmonise.reports.pages import Document, Line
from ofsight.harmonise.reports.privacy import Names, learn_names

__all__ = ["LABELS", "is_authority_report", "read_authority"]

_EXPERIENCES = r"^(?:\d(?:\.\d)?\.? )?(?:the )?experiences? and progress of "
LABELS = {
    "overall": re.compile(r"^overall effectiveness", re.IGNORECASE),
    "leadership": re.compile(
        r"^(?:the )?(?:impact of leaders|(?:\d\. ?)?leadership,? (?:management )?and governance)",
        re.IGNORECASE,
    ),
    "protection": re.compile(
        rf"(?:{_EXPERIENCES}|^(?:\d\. ?)?)children who need help|^the effectiveness of the help and "
        rf"protection",
        re.IGNORECASE,
    ),
    "care and care leavers": re.compile(rf"{_EXPERIENCES}children in care and", re.IGNORECASE),
    "care": re.compile(rf"{_EXPERIENCES}children in care\b(?! and)", re.IGNORECASE),
    "care leavers": re.compile(rf"{_EXPERIENCES}care leavers", re.IGNORECASE),
    "permanence": re.compile(rf"(?:{_EXPERIENCES}|^(?:\d\. ?)?)children looked after", re.IGNORECASE),
    "adoption": re.compile(
        r"^(?:\d\.\d\.? ?)?(?:the graded judgement for )?adoption performance", re.IGNORECASE
    ),
    "safeguarding board": re.compile(
        r"^the (?:effectiveness of the )?local safeguarding children board", re.IGNORECASE
    ),
    "practice": re.compile(r"^the quality of practice", re.IGNORECASE),
}
"""How the label of each judgement begins, from 2012 on."""

_KINDS = (
    # pattern in the title or the first sentences, framework, type
    (
        r"joint targeted area|joint area child protection|joint inspection of the multi-agency",
        "JTAI",
        "Joint inspection",
    ),
    (r"focus+ed visit", "ILACS", "Focused visit"),
    (r"monitoring visit", "ILACS", "Monitoring visit"),
    (r"assurance visit", "ILACS", "Assurance visit"),
    (
        r"children in need of help and protection,? children looked after"
        r"|services for children in need of help and protection|effectiveness of the local safeguarding",
        "SIF",
        "Single inspection",
    ),
    (r"arrangements for the protection of children", "earlier", "Child protection inspection"),
    (
        r"inspection of (?:services for )?(?:safeguarding and )?looked after children"
        r"|services for looked after children",
        "earlier",
        "Looked-after children inspection",
    ),
    (
        r"inspection of children'?s social care services|local authority children'?s services"
        r"|children'?s services",
        "ILACS",
        None,
    ),
)
_NAMES_OF = (
    r"inspection of (?P<n>(?!local authority|services|children|the multi)[^:]{3,60}?)(?:'s)? (?:local "
    r"authority )?children'?s"
    r" (?:social care )?services",
    r"(?:focus+ed|monitoring|assurance) visit (?:of|to) (?P<n>[^:]{3,60}?)(?:'s)? (?:local authority "
    r")?children'?s"
    r" (?:social care )?services",
    r"joint (?:targeted )?area(?: child protection)? inspection of (?P<n>(?!the "
    r"multi)[A-Z][^:]{2,50}?)(?= inspection dates| \d| \(|$)",
    r"multi-agency response to [^.]{5,140} in (?P<n>(?:the )?[A-Z][\w' ,&-]{2,50}?)(?= inspection dates"
    r"| between| on \d|[.\n]|$)",
    r"(?:protection of children|children'?s services)\s*:?\s*(?P<n>[A-Z][\w' &-]{3,50}?)(?= inspection "
    r"dates?)",
)
_STRIPPED = (
    r"^the ", r"^(?:london borough|royal borough|metropolitan borough|borough|county|city and county) of ",
    r"^council of the ", r"^city of (?=[A-Z]\w+ (?:council|city))", r"\s+children's services$",
    r"\s+(?:metropolitan borough|metropolitan district|city and district|county borough|city and county"
    r"|county|city|borough|"
    r"district|unitary|metropolitan)? ?(?:council|corporation)$",
)  # fmt: skip
_IMPROVE = re.compile(
    r"^(?:what (?:does the (?:local authority|lscb|partnership|board) need|needs) to improve(?: in this "
    r"area of social work practice)?"
    r"|areas? for (?:priority action|improvement)|recommendations)\s*\??:?$",
    re.IGNORECASE,
)
_MAY_BE_HEADING = re.compile(r"^(?:what|area|recommend)", re.IGNORECASE)
_ENDS = re.compile(
    r"^(?:the experiences and progress|the effectiveness of the help|the quality of practice"
    r"|leadership and governance$|main findings?$|findings$|findings and evaluation|the impact of leaders"
    r"|the local authority'?s strengths"
    r"|summary for children|progress since|information about|the local authority has the following"
    r"|section \d|headline"
    r"|inspection judgements?|next steps|background|practice stud|case stud|the office for standards|key "
    r"strengths"
    r"|what (?:is working|needs|does)|areas? for (?:priority action|improvement)s?$|yours sincerely"
    r"|evaluation of|the local safeguarding"
    r"|strategic (?:leadership|response)|multi-agency (?:strategic|response)|children'?s experiences)",
    re.IGNORECASE,
)
_PART = re.compile(
    r"^(?:priority and immediate actions?|areas for (?:improvement|development|priority action))",
    re.IGNORECASE,
)
_WITHIN = re.compile(r"^areas? for (?:priority action|improvement)s?$", re.IGNORECASE)


def is_authority_report(document: Document) -> bool:
    """Whether a document is a report about a local authority's children's services."""
    words = plain(" ".join(line.text for page in document.pages[:2] for line in page.lines))[:5000]
    ofsted = plain(" ".join(line.text for page in document.pages for line in page.lines))
    titled = any(re.search(pattern, words, re.IGNORECASE) for pattern, _, _ in _KINDS)
    spoken = re.search(r"inspect", words, re.IGNORECASE)
    return bool(titled and spoken and re.search(r"ofsted|majesty's inspector", ofsted, re.IGNORECASE))


def read_authority(document: Document) -> Report:
    """Read a local authority's report; checks are made by `checks`."""
    lines = body_lines(document)
    names = learn_names(lines)
    words = plain(join_lines(lines))
    top = plain(join_lines(lines[:14]))
    span, said = read_dates(lines[:40]) or _dates_of_letter(words[:4000]) or (None, None)
    inspected_on, inspected_to = span if span else (None, None)
    framework, kind, kind_said = _kind(top, words, inspected_on, inspected_to)
    authority, as_published = _authority(lines, words)
    judgements = _judgements(lines, words)
    published_on, basis = read_published(words, None, None)
    recommendations = _recommendations(lines, names)
    first = {j.domain: j for j in reversed(judgements)}
    overall, protection, leadership = (first.get(d) for d in ("overall", "protection", "leadership"))
    return replace(
        Report(
            kind="local authority", file=document.file, sha256=document.sha256, n_pages=len(document.pages)
        ),
        authority=authority,
        authority_as_published=names.remove(as_published) if as_published else None,
        inspected_on=inspected_on,
        inspected_to=inspected_to,
        dates_as_published=said,
        published_on=published_on,
        published_on_basis=basis,
        copyright_year=copyright_year(words),
        inspection_type=kind,
        inspection_type_as_published=kind_said,
        framework=framework,
        overall=overall.grade if overall else None,
        overall_as_published=overall.as_published if overall else None,
        protection=protection.grade if protection else None,
        protection_as_published=protection.as_published if protection else None,
        leadership=leadership.grade if leadership else None,
        leadership_as_published=leadership.as_published if leadership else None,
        judgements=judgements,
        improvement_section="listed" if recommendations else "absent",
        recommendations=recommendations,
    )


def _kind(
    top: str, words: str, first: date | None, last: date | None
) -> tuple[str | None, str | None, str | None]:
    """Return framework, type, and the words that say the type."""
    for text in (top, words[:2500]):
        for pattern, framework, kind in _KINDS:
            said = re.search(pattern, text, re.IGNORECASE)
            if said is None:
                continue
            if kind == "Monitoring visit" and first and first < date(2018, 1, 1):
                framework = "SIF"
            if kind is None:
                return framework, *_length(words, first, last)
            return framework, kind, tidy(said.group())
    return None, None, None


def _length(words: str, first: date | None, last: date | None) -> tuple[str | None, str | None]:
    said = re.search(r"\b(?:this|was a|a) (short|standard) inspection\b", words, re.IGNORECASE)
    if said:
        return said[1].capitalize(), tidy(said.group())
    if first is None or last is None:
        return None, None
    # Nothing else tells them apart: a short inspection is one week on site, a standard one two.
    return ("Short" if (last - first).days < 7 else "Standard"), None


def _dates_of_letter(words: str) -> tuple[tuple[date, date], str] | None:
    for match in re.finditer(
        r"(?:visit|inspect)[^.]{0,200}?\b(?:on|between|from|over)\s+(?=(?:\w+day,? )?\d{1,2}\b)([^.]{4,70})",
        words,
        re.I,
    ):
        span = read_span(match[1])
        if span:
            return span, tidy(re.split(r"(?<=\b20\d\d)\b", match[1])[0])
    return None


@cache
def _official() -> dict[str, str]:
    folder = resources.files("ofsight.definitions") / "codes"
    known: dict[str, str] = {}
    for row in csv.DictReader((folder / "authorities.csv").read_text(encoding="utf-8").splitlines()):
        known[_folded(row["authority"])] = row["authority"]
    for row in csv.DictReader((folder / "authority_names.csv").read_text(encoding="utf-8").splitlines()):
        if row["kind"] == "authority":
            known.setdefault(_folded(row["spelling"]), row["authority"])
    return known


def _folded(name: str) -> str:
    return re.sub(r"[^a-z]+", " ", plain(name).casefold().replace("&", "and")).strip()


def _authority(lines: Sequence[Line], words: str) -> tuple[str | None, str | None]:
    top = plain(join_lines(lines[:20]))[:1500]
    said = [tidy(m["n"]) for p in _NAMES_OF for m in re.finditer(p, top, re.IGNORECASE)]
    said += [tidy(plain(line.text)) for line in lines[:12] if len(line.text) < 80]
    for name in said:
        if known := _official_name(name):
            return known, name
    if named := _named_in(top):
        return named, named
    for pattern in _NAMES_OF:
        if match := re.search(pattern, words[:4000], re.IGNORECASE):
            name = tidy(match["n"])
            return _official_name(name) or _short(name), name
    council = next((n for n in said if re.search(r"\b(?:council|borough)\b", n, re.IGNORECASE)), None)
    return (_short(council), council) if council else (None, None)


def _named_in(top: str) -> str | None:
    """Return the official name that a title mentions, capitals as they are: the longest of the first."""
    found = []
    for name in set(_official().values()):
        place = re.search(rf"(?<=\b(?:in|of|to) ){re.escape(name)}\b", top)
        if place:
            found.append((place.start(), -len(name), name))
    return min(found)[2] if found else None


def _short(name: str) -> str:
    for pattern in _STRIPPED:
        name = re.sub(pattern, "", name, flags=re.IGNORECASE)
    return name.strip()


def _official_name(name: str) -> str | None:
    known = _official()
    short = _short(name)
    council = re.sub(_STRIPPED[-1], "", name, flags=re.IGNORECASE)
    for spelling in (name, council, short, re.sub(r"^city of ", "", short, flags=re.IGNORECASE)):
        if _folded(spelling) in known:
            return known[_folded(spelling)]
    return None


def _judgements(lines: Sequence[Line], words: str) -> tuple[Judgement, ...]:
    front = [line for line in lines if line.page == 1]
    found = read_table(front, LABELS)
    if not found and any(line.page == 2 for line in lines):
        found = read_table([line for line in lines if line.page == 2], LABELS)
    domains = {j.domain for j in found}
    if "overall" not in domains and (judgement := _overall_in_prose(front, words)):
        found.insert(0, judgement)
    if board := re.search(
        rf"local safeguarding children board\d?(?: \(LSCB\))?\d? (?:is|{'requires'})\s+({GRADE})",
        words[:3000],
        re.I,
    ):
        found.append(_judgement("safeguarding board", board[1], 1))
    headings = _key_judgements(lines) or read_headings([line for line in lines if line.page > 1], LABELS)
    if not found and not headings:
        found = _in_prose(words)
    return (*found, *headings)


def _key_judgements(lines: Sequence[Line]) -> list[Judgement]:
    # Single inspections repeat each grade in a small table, "Key judgement" beside "Judgement grade".
    found: list[Judgement] = []
    for i, line in enumerate(lines):
        if (
            re.match(r"^(?:key )?judgement\s+(?:judgement )?grade", line.text, re.IGNORECASE)
            and line.page > 1
        ):
            table = [after for after in lines[i + 1 : i + 6] if after.page == line.page]
            found += [replace(j, place="heading") for j in read_table(table, LABELS)[:1]]
    return found


def _judgement(domain: str, said: str, page: int) -> Judgement:
    grade = read_grade(said)
    return Judgement(domain, grade.value if grade else None, said, "front", page)


_SERVICES = re.compile(
    rf"(?:overall judgement is(?: that [^.]{{0,70}}?)?(?: is| are)?|children'?s services in "
    rf"[^.\d]{{2,60}}?(?: are| is)?)"
    rf"\s+({GRADE}|require improvement(?: to be good)?)",
    re.IGNORECASE,
)


def _overall_in_prose(front: Sequence[Line], words: str) -> Judgement | None:
    found = _SERVICES.search(plain(join_lines(front)))
    if found:
        return _judgement("overall", found[1], 1)
    said = re.search(
        rf"overall effectiveness[^.]{{0,140}}?\b(?:judged (?:to be|as)|is)\s+({GRADE})\b", words[:20000], re.I
    )
    return _judgement("overall", said[1], 1) if said else None


def _in_prose(words: str) -> list[Judgement]:
    # Reports of 2012 and 2013 give each grade in the first sentence of its section.
    starts = {
        "protection": r"effectiveness of the help and protection",
        "practice": r"quality of practice",
        "leadership": r"leadership and governance",
    }
    found = []
    for domain, start in starts.items():
        match = re.search(
            rf"{start}[^.]{{0,140}}?\b(?:judged (?:to be|as)|is|are)\s+({GRADE})\b", words, re.I
        )
        if match:
            found.append(_judgement(domain, match[1], 1))
    return found


def _recommendations(lines: Sequence[Line], names: Names) -> tuple[Recommendation, ...]:
    found: list[Recommendation] = []
    seen: set[str] = set()
    for i, line in enumerate(lines):
        if not _MAY_BE_HEADING.match(line.text):
            continue
        heading = next((h for n in (1, 2) if _IMPROVE.match(h := plain(join_lines(lines[i : i + n])))), None)
        if heading is None:
            continue
        start = i + (1 if _IMPROVE.match(plain(line.text)) else 2)
        below: list[Line] = []
        for after in lines[start:]:
            text = plain(after.text).strip()
            # Inside the single inspection's section the sub-heading "Areas for improvement" is no end.
            # A heading begins with a capital; a line within an item may begin with the same words.
            if (
                text[:1].isupper()
                and _ENDS.match(text)
                and not (_WITHIN.match(text) and heading.lower().startswith("what does"))
            ):
                break
            if not below and _IMPROVE.match(text):
                break
            below.append(after)
        if not any(re.match(r"\W|\d", x.text) for x in below):
            continue
        part = heading
        bulleted = any(line.text[0] in BULLETS for line in below)
        for item in list_items(below, numbered=not bulleted, hanging=True):
            if item.text in seen or not re.search(r"[a-z]{3}", item.text):
                continue
            seen.add(item.text)
            if item.group and (sub := _PART.match(plain(item.group))):
                part = sub.group()
            source = part.rstrip("?: ")
            found.append(Recommendation(names.remove(item.text), None, None, source, item.page))
    return tuple(found)
