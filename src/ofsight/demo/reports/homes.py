"""Synthetic reports of children's homes in the layouts of 2012 to today."""

from __future__ import annotations

from pathlib import Path

from ofsight.demo.reports.pen import Pen
from ofsight.demo.reports.sections import (
    write_end,
    write_history,
    write_improvement,
    write_narrative,
)
from ofsight.demo.reports.texts import HomeText, say_day, say_span
from ofsight.vocabulary import Grade, InspectionType

__all__ = ["SENTENCES", "write_home"]

SENTENCES = {
    Grade.OUTSTANDING: "The children’s home provides highly effective services that consistently exceed the "
    "standards of good. The actions of the children’s home contribute to significantly improved outcomes "
    "and positive experiences for children and young people who need help, protection and care.",
    Grade.GOOD: "The children’s home provides effective services that meet the requirements for good.",
    Grade.REQUIRES_IMPROVEMENT: "The children’s home is not yet delivering good help and care for children "
    "and young people. However, there are no serious or widespread failures that result in their welfare "
    "not being safeguarded or promoted.",
    Grade.INADEQUATE: "There are serious and/or widespread failures that mean children and young people "
    "are not protected or their welfare is not promoted or safeguarded.",
}
"""The sentence that stands below the judgements, one for each overall grade."""

_LABELS = (
    "Overall experiences and progress of children and young people",
    "How well children and young people are helped and protected",
    "The effectiveness of leaders and managers",
)
_TYPE_LINES = {
    InspectionType.FULL: "Full inspection",
    InspectionType.INTERIM: "Interim inspection",
    InspectionType.ASSURANCE: "Assurance inspection",
    InspectionType.MONITORING: "Monitoring visit",
    InspectionType.EMERGENCY: "Emergency inspection",
}


def write_home(text: HomeText, path: Path) -> Path:
    """Write a report of a home; return the path."""
    urn = text.foot_urn or text.urn

    def foot(page: int) -> tuple[str, ...]:
        if text.layout == "sccif":
            return f"Inspection report for children’s home: {urn}", str(page)
        return "", f"{page} of 9"

    pen = Pen(path, text.style, foot)
    {"sccif": _write_sccif, "2015": _write_2015, "2014": _write_2014}[text.layout](pen, text)
    pen.close()
    return path


def _grades(text: HomeText) -> tuple[str, str, str]:
    return text.overall or "", text.protection or "", text.leadership or ""


def _write_sccif(pen: Pen, text: HomeText) -> None:
    pen.say(text.urn)
    pen.say(f"Registered provider: {text.provider}")
    pen.say(_TYPE_LINES[text.kind], bold=True)
    pen.say("Inspected under the social care common inspection framework")
    pen.say("Information about this children’s home", bold=True)
    pen.say("An invented home for up to four children.")
    many = text.first != text.last
    pen.say(
        f"Inspection date{'s' if many else ''}: {text.span_said or say_span(text.first, text.last)}",
        bold=True,
    )
    if text.graded:
        last_label = _LABELS[2].removesuffix("s") if text.style.typo else _LABELS[2]
        labels = (f"{_LABELS[0]}, taking into account", _LABELS[1], last_label)
        said = [grade.lower() for grade in _grades(text)]
        pen.pairs(list(zip(labels, said, strict=True)), 250.0, text.style.grade_beside == "middle")
        grade = text.sentence or next((g for g in Grade if g.value == text.overall), None)
        if grade:
            pen.say(SENTENCES[grade])
    _write_special(pen, text)
    if text.last_on:
        pen.say(f"Date of last inspection: {say_day(text.last_on)}")
        pen.say(f"Overall judgement at last inspection: {text.last_judgement}")
    pen.say(f"Enforcement action since last inspection: {text.enforcement}")
    pen.turn()
    if text.history:
        write_history(pen, text)
        pen.turn()
    if text.graded:
        pen.say("Inspection judgements", bold=True)
        for label, grade_said in zip(_LABELS, text.headings or _grades(text), strict=True):
            pen.room(4)
            pen.say(f"{label}: {grade_said.lower()}", bold=True)
            write_narrative(pen, max(1, text.style.filler // 3))
    else:
        write_narrative(pen, text.style.filler)
    write_improvement(pen, text)
    write_end(pen, text)


def _write_special(pen: Pen, text: HomeText) -> None:
    """Write what interim, assurance and monitoring reports say in place of grades."""
    if text.effectiveness:
        word = text.effectiveness.value.split()[0].lower()
        pen.say("This inspection", bold=True)
        pen.say(
            "The effectiveness of the home and the progress and experiences of children and young people "
            "since the "
            f"most recent full inspection. This home was judged {text.last_judgement} at the last full "
            f"inspection. "
            f"At this interim inspection, Ofsted judges that it has "
            f"{word}{' in' if word == 'declined' else ''} "
            "effectiveness."
        )
    if text.kind == InspectionType.ASSURANCE:
        pen.say(
            (
                "We identified serious or widespread"
                if text.concerns
                else "We did not identify any serious or widespread"
            )
            + " concerns in relation to the care or protection of children at this assurance inspection."
        )
    if text.kind == InspectionType.MONITORING:
        pen.say("This monitoring visit was made to see whether the compliance notices had been met.")


def _write_2015(pen: Pen, text: HomeText) -> None:
    kind = text.kind.value.removesuffix(" inspection")
    pen.say(f"Children’s homes inspection – {kind}", bold=True)
    rows = [
        ("Inspection date", f"{text.first:%d/%m/%Y}"),
        ("Unique reference number", text.urn),
        ("Type of inspection", kind),
        ("Provision subtype", "Children’s home"),
        ("Registered provider", text.provider),
        ("Registered provider address", "1 Invented Way, Nowhere, ZZ1 1ZZ"),
        ("Responsible individual", text.people.responsible),
        ("Registered manager", text.people.manager or "Post vacant"),
        ("Inspector", text.people.inspectors[0]),
    ]
    pen.pairs(rows, 210.0)
    pen.turn()
    pen.pairs(
        [
            ("Inspection date", f"{text.first:%d/%m/%Y}"),
            ("Previous inspection judgement", text.last_judgement),
            ("Enforcement action since last inspection", text.enforcement),
        ],
        250.0,
    )
    pen.say("This inspection", bold=True)
    labels = (
        "The overall experiences and progress of children and young people living in the home are",
        "How well children and young people are helped and protected",
        "The impact and effectiveness of leaders and managers",
    )
    if text.graded:
        pen.pairs(list(zip(labels, _grades(text), strict=True)), 290.0, text.style.grade_beside == "middle")
    _write_special(pen, text)
    pen.say(f"{text.urn}: Summary of findings", bold=True)
    write_narrative(pen, text.style.filler)
    write_improvement(pen, text)
    pen.turn()
    pen.say("Full report", bold=True)
    pen.say("Information about this children’s home", bold=True)
    write_narrative(pen, 2)
    if text.history:
        write_history(pen, text)
    if text.graded:
        pen.turn()
        pen.say("Inspection judgements", bold=True)
        for label, grade_said in zip(labels, text.headings or _grades(text), strict=True):
            pen.room(6)
            pen.pairs([(label, grade_said.lower())], 290.0)
            write_narrative(pen, 1)
    pen.say("What inspection judgements mean", bold=True)
    write_end(pen, text)


def _write_2014(pen: Pen, text: HomeText) -> None:
    pen.say("Inspection report for children’s home", bold=True)
    rows = [
        ("Unique reference number", text.urn),
        ("Inspection date", f"{text.first:%d/%m/%Y}"),
        ("Inspector", text.people.inspectors[0]),
        ("Type of inspection", text.kind.value.removesuffix(" inspection")),
        ("Provision subtype", "Children’s home"),
        ("Registered person", text.provider),
        ("Registered person address", "1 Invented Way, Nowhere, ZZ1 1ZZ"),
        ("Responsible individual", text.people.responsible),
        ("Registered manager", text.people.manager or "Post vacant"),
    ]
    if text.last_on:
        rows.append(("Date of last inspection", f"{text.last_on:%d/%m/%Y}"))
    pen.pairs(rows, 210.0)
    pen.say(f"© Crown copyright {text.last.year}")
    pen.turn()
    pen.say("Service information", bold=True)
    write_narrative(pen, 2)
    pen.say("The inspection judgements and what they mean", bold=True)
    for word in ("Outstanding", "Good", "Adequate", "Inadequate"):
        pen.say(f"{word}: a service that an invented sentence describes")
    labels = (
        "Overall effectiveness",
        "Safeguarding children and young people",
        "Leadership and management",
    )
    if text.graded:
        for label, grade_said in zip(labels, _grades(text), strict=True):
            pen.room(6)
            pen.say(label, bold=True)
            pen.say(f"Judgement outcome: {grade_said.lower()}", bold=True)
            write_narrative(pen, max(1, text.style.filler // 3))
    _write_special(pen, text)
    write_improvement(pen, text)
    write_end(pen, text)
