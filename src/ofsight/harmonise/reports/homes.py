"""Reports of children's homes, in every layout from 2012 on.

A field is found by its label, a grade by its place beside the label, a section by its heading. Nothing
depends on the page or the order, which have changed with each framework.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ofsight.harmonise.reports.days import find_days, read_day
from ofsight.harmonise.reports.fields import (
    LABELLED,
    copyright_year,
    field_value,
    read_dates,
    read_published,
    table_fields,
)
from ofsight.harmonise.reports.judgements import (
    find_grade,
    read_effectiveness,
    read_grade,
    read_headings,
    read_table,
)
from ofsight.harmonise.reports.layout import body_lines, footer_urns, join_lines, plain, tidy
from ofsight.harmonise.reports.model import HistoryRow, Judgement, Report
from ofsight.harmonise.reports.pages import Document, Line
from ofsight.harmonise.reports.privacy import learn_names
from ofsight.harmonise.reports.requirements import read_improvement
from ofsight.vocabulary import InspectionType, framework_on

__all__ = ["LABELS", "is_home_report", "read_home"]

LABELS = {
    "overall": re.compile(r"^(?:the )?overall (?:experi\w+ and progr|effectiveness)", re.IGNORECASE),
    "protection": re.compile(
        r"^(?:how well (?:the )?child\w*(?: and young people)? (?:are|is) (?:help|prot)"
        r"|(?:keeping|safeguarding) children|(?:the )?safety of children)",
        re.IGNORECASE,
    ),
    "leadership": re.compile(
        r"^(?:the )?(?:(?:impact and )?effectivene?ss of (?:the )?(?:leader|manage)|leadership and "
        r"management)",
        re.IGNORECASE,
    ),
    "outcomes": re.compile(r"^outcomes for (?:children|young)", re.IGNORECASE),
    "quality of care": re.compile(r"^(?:the )?quality of care\b", re.IGNORECASE),
    "education": re.compile(r"^(?:the )?children'?s education and learning", re.IGNORECASE),
    "health": re.compile(r"^(?:the )?children'?s health\b", re.IGNORECASE),
}
"""How the label of each judgement begins."""

_URN = re.compile(r"^(?:urn:? ?)?(SC\s?\d{6}|\d{6,8})$", re.IGNORECASE)
_URN_LABEL = re.compile(r"unique reference number(?: \(urn\))?:?\s*(SC\s?\d{6}|\d{6,8})", re.IGNORECASE)
_TYPES = (
    (InspectionType.FULL, r"full"),
    (InspectionType.INTERIM, r"interim"),
    (InspectionType.ASSURANCE, r"assurance"),
    (InspectionType.MONITORING, r"monitoring|random"),
    (InspectionType.EMERGENCY, r"emergency"),
)
_TYPE_LINE = re.compile(
    r"^(?:(?:type of inspection|inspection type):?\s*(?P<a>[a-z].*)"
    r"|(?:secure )?(?:children'?s homes?) inspection\s*-\s*(?P<b>[a-z]+)"
    r"|(?P<c>(?:full|interim|assurance|monitoring|emergency|random)(?: inspection| visit)?))$",
    re.IGNORECASE,
)
_FRONT_ENDS = re.compile(
    r"^(?:recent inspection history|inspection judgements?$|what does the (?:secure )?children|what must "
    r"be done|service information"
    r"|the inspection judgements and what|full report|information about this inspection|statutory "
    r"requirements?$)",
    re.IGNORECASE,
)
_TABLE_ENDS = re.compile(
    r"^(?:date of (?:last|previous)|overall judgement at|previous (?:full )?inspection|recent inspection)",
    re.I,
)
_LAST_DATE = re.compile(
    r"^(?:date of (?:the )?(?:last|previous) inspection|(?:last|previous) inspection date)\s*:?\s*(.*)$", re.I
)
_LAST_OVERALL = re.compile(
    r"^(?:overall judgement at (?:the )?last inspection|judgement at (?:the )?last inspection"
    r"|previous inspection judgement|judgement at previous inspection)\s*:?\s*(.*)$",
    re.IGNORECASE,
)
_ENFORCEMENT = re.compile(
    r"^enforcement action since (?:the )?(?:last|previous) inspection\s*:?\s*(.*)$", re.IGNORECASE
)
_NO_ACTION = re.compile(
    r"^(?:none|no\b|not applicable|n/?a\b|nil|there (?:has|have) (?:been|not been) (?:no|any))", re.IGNORECASE
)
_HISTORY_ROW = re.compile(r"^(\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2} [A-Za-z]+ \d{4})\s+(.+)$")
_CONCERNS = re.compile(
    r"(?P<no>(?:did not identify|(?:have|has) not identified|not identified|identified no|found no|there "
    r"(?:are|were|is) no|"
    r"does not have|do(?:es)? not|no)\s+(?:any\s+)?)?\bserious (?:and/?or|or|and) widespread (?:concerns"
    r"|failures)",
    re.IGNORECASE,
)


def is_home_report(document: Document) -> bool:
    """Whether a document is an inspection report of a children's home."""
    words = plain(" ".join(line.text for page in document.pages[:3] for line in page.lines))
    titled = re.search(r"children'?s homes?\b", words, re.IGNORECASE)
    first = document.pages[0].lines[:10] if document.pages else ()
    numbered = (
        any(_URN.match(plain(line.text).strip()) for line in first)
        or re.search(r"unique reference number", words, re.IGNORECASE)
        or footer_urns(document)
    )
    spoken = re.search(
        r"inspection (?:report|dates?|framework|judgement)|inspected under|type of inspection", words, re.I
    )
    other = re.search(
        r"(?:independent fostering agency|adoption (?:support )?agency|residential family centre): ",
        words,
        re.I,
    )
    return bool(titled and numbered and spoken and not other)


def read_home(document: Document) -> Report:
    """Read a children's home's report; checks are made by `checks`."""
    lines = body_lines(document)
    names = learn_names(lines)
    stop = next(
        (i for i, line in enumerate(lines) if i > 4 and _FRONT_ENDS.match(plain(line.text))), len(lines)
    )
    front = lines[:stop]
    words = plain(join_lines(lines))
    span, dates_said = read_dates(front) or read_dates(lines) or (None, None)
    inspected_on = span[0] if span else None
    report = Report(kind="home", file=document.file, sha256=document.sha256, n_pages=len(document.pages))
    judgements = (*_front_table(front), *read_headings(lines[stop:] if stop < len(lines) else lines, LABELS))
    kind, kind_said = _inspection_type(front, words, judgements)
    improvement = read_improvement(document, lines, names, inspected_on)
    last_overall = field_value(front, _LAST_OVERALL)
    provider = _provider(lines)
    if provider and names.occur_in(provider):
        provider = None  # the provider is a person
    enforcement = _enforcement(front)
    report = replace(
        report,
        urn=_urn(front, words, document),
        inspected_on=inspected_on,
        inspected_to=span[1] if span else None,
        dates_as_published=dates_said,
        copyright_year=copyright_year(words),
        inspection_type=kind,
        inspection_type_as_published=kind_said,
        framework=framework_on(inspected_on).value if inspected_on else None,
        provider=provider,
        provision_type=_provision(lines),
        judgements=judgements,
        interim_judgement=_interim(front, words) if kind == InspectionType.INTERIM else None,
        assurance_outcome=_assurance(words) if kind == InspectionType.ASSURANCE else None,
        last_inspected_on=read_day(field_value(front, _LAST_DATE) or ""),
        last_overall=_grade_in(last_overall),
        last_overall_as_published=names.remove(last_overall) if last_overall else None,
        enforcement=None
        if enforcement is None
        else ("none" if _NO_ACTION.match(plain(enforcement)) else "taken"),
        enforcement_as_published=names.remove(enforcement) if enforcement else None,
        history=_history(lines),
        improvement_section=improvement.state,
        requirements=improvement.requirements,
        recommendations=improvement.recommendations,
        findings=tuple(improvement.findings),
    )
    published, basis = read_published(words, document.made_on, report.inspected_to)
    report = replace(report, published_on=published, published_on_basis=basis)
    return _with_grades(report)


def _with_grades(report: Report) -> Report:
    first = {j.domain: j for j in reversed(report.judgements)}
    overall, protection, leadership = (first.get(d) for d in ("overall", "protection", "leadership"))
    return replace(
        report,
        overall=overall.grade if overall else None,
        overall_as_published=overall.as_published if overall else None,
        protection=protection.grade if protection else None,
        protection_as_published=protection.as_published if protection else None,
        leadership=leadership.grade if leadership else None,
        leadership_as_published=leadership.as_published if leadership else None,
    )


def _front_table(front: Sequence[Line]) -> list[Judgement]:
    stop = next((i for i, line in enumerate(front) if _TABLE_ENDS.match(plain(line.text))), len(front))
    best: list[Judgement] = []
    # In the layout of 2015 the table stands below the last inspection's judgement.
    for part in (front[:stop], front[stop:]):
        for page in sorted({line.page for line in part}):
            found = read_table([line for line in part if line.page == page], LABELS)
            best = max(best, found, key=len)
    return best or read_headings(front, LABELS, "front")


def _urn(front: Sequence[Line], words: str, document: Document) -> str | None:
    for line in front[:8]:
        if match := _URN.match(plain(line.text).strip()):
            return match[1].replace(" ", "").upper()
    if match := _URN_LABEL.search(words):
        return match[1].replace(" ", "").upper()
    return min(footer_urns(document), default=None)


def _inspection_type(
    front: Sequence[Line], words: str, judgements: Sequence[Judgement]
) -> tuple[str | None, str | None]:
    for line in front[:30]:
        # In a table the value is followed by nothing else of its row.
        match = _TYPE_LINE.match(plain(line.text).strip())
        said = next((g for g in match.groups() if g), None) if match else None
        for kind, pattern in _TYPES:
            if said and re.search(rf"\b(?:{pattern})\b", said, re.IGNORECASE):
                return kind.value, tidy(line.text)
    for kind, pattern in _TYPES[1:]:
        if re.search(rf"\b(?:this|the) (?:{pattern}) (?:inspection|visit)\b", words[:6000], re.IGNORECASE):
            return kind.value, None
    return (InspectionType.FULL.value, None) if len(judgements) >= 3 else (None, None)


_PROVIDER = re.compile(
    r"^registered (?:provider|person)(?!\s*address)(?:'s name)?(?:\(s\))?\s*:?\s+(?!must|should)(.+)$",
    re.IGNORECASE,
)


def _provider(lines: Sequence[Line]) -> str | None:
    for i, line in enumerate(lines):
        match = _PROVIDER.match(plain(line.text))
        if match is None or (":" not in line.text and len(line.segments()) < 2):
            continue
        said = line.text[match.start(1) :]
        for after in lines[i + 1 : i + 3]:
            # A long name goes on only when its line is full.
            if after.page != line.page or line.x1 < 430 or LABELLED.match(plain(after.text)):
                break
            if after.top - line.bottom > 0.5 * line.height:
                break
            said, line = f"{said} {after.text}", after
        return tidy(said)
    return None


def _provision(lines: Sequence[Line]) -> str | None:
    return field_value(lines, re.compile(r"^provision sub-? ?type\s*:?\s*(.*)$", re.IGNORECASE))


def _enforcement(front: Sequence[Line]) -> str | None:
    for i, line in enumerate(front):
        match = _ENFORCEMENT.match(plain(line.text))
        if match is None:
            continue
        parts = [line.text[match.start(1) :]] if match[1] else []
        for after in front[i + 1 :]:
            if LABELLED.match(plain(after.text)) or any(p.match(plain(after.text)) for p in LABELS.values()):
                break
            if parts and _NO_ACTION.match(plain(parts[0])) and len(parts[0]) < 16:
                break
            parts.append(after.text)
        return tidy(" ".join(parts)) or None
    found = (_ENFORCEMENT.match(plain(text)) for text in table_fields(front))
    return next((tidy(match[1]) for match in found if match), None)


def _grade_in(said: str | None) -> str | None:
    if not said:
        return None
    grade = read_grade(said) or read_grade(find_grade(plain(said)) or "")
    return grade.value if grade else None


def _interim(front: Sequence[Line], words: str) -> str | None:
    sentences = re.split(r"(?<=\.)\s", words)
    spoken = [
        s
        for s in sentences
        if re.search(r"interim inspection|since the (?:most recent|last) full", s, re.IGNORECASE)
    ]
    for text in (*spoken, plain(join_lines(front))):
        if found := read_effectiveness(text):
            return found.value
    return None


def _assurance(words: str) -> str | None:
    for match in _CONCERNS.finditer(words):
        return ("No serious" if match["no"] else "Serious") + " or widespread concerns"
    return None


def _history(lines: Sequence[Line]) -> tuple[HistoryRow, ...]:
    start = next(
        (
            i
            for i, line in enumerate(lines)
            if re.match(r"^(?:recent )?inspection history", plain(line.text), re.I)
        ),
        None,
    )
    if start is None:
        return ()
    rows: list[list[str]] = []
    for line in lines[start + 1 :]:
        text = plain(line.text).strip()
        if match := _HISTORY_ROW.match(text):
            rows.append([match[1], match[2]])
        elif re.match(r"^inspection date", text, re.IGNORECASE):
            continue
        elif rows and re.match(
            r"^(?:to be good|be good|improvement|effectiveness|good$|inspection$|visit$)", text, re.I
        ):
            rows[-1][1] += f" {text}"
        elif rows or len(text) > 60:
            break
    return tuple(_history_row(day, rest) for day, rest in rows)


_HISTORY_JUDGEMENT = re.compile(
    r"\b(?:outstanding|good|requires? improvement(?: to be good)?|inadequate|adequate|satisfactory|"
    r"(?:improved|sustained|declined)(?: in)? effectiveness|(?:good|satisfactory|inadequate) progress|"
    r"no judgement.*|not judged|not applicable|n/a|-|(?:no )?serious or widespread.*|(?:does not have"
    r"|has) serious.*)\s*$",
    re.IGNORECASE,
)


def _history_row(day: str, rest: str) -> HistoryRow:
    found = _HISTORY_JUDGEMENT.search(rest)
    said = found.group().strip() if found else ""
    kind = tidy(rest[: found.start()] if found else rest).strip(" -")
    effect = read_effectiveness(said)
    grade = read_grade(said)
    judgement = grade.value if grade else effect.value if effect else None
    named = next((k.value for k, p in _TYPES if re.search(rf"\b(?:{p})\b", kind, re.IGNORECASE)), None)
    days = find_days(day)
    return HistoryRow(days[0] if days else None, named, kind, judgement, said)
