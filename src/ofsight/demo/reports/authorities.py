"""Synthetic reports of local authorities: single inspection, ILACS, visits, joint inspection."""

from __future__ import annotations

from pathlib import Path

from ofsight.demo.reports.pen import LEFT, Pen
from ofsight.demo.reports.sections import write_narrative
from ofsight.demo.reports.texts import AuthorityText, say_day, say_span

__all__ = ["write_authority"]


def write_authority(text: AuthorityText, path: Path) -> Path:
    """Write a report of a local authority; return the path."""
    said = text.span_said or say_span(text.first, text.last)

    def foot(page: int) -> tuple[str, ...]:
        if text.kind in ("Standard", "Short"):
            return f"Inspection of {text.title} local authority children’s services", str(page)
        return "", str(page)

    pen = Pen(path, text.style, foot)
    if text.letter:
        _write_letter(pen, text, said)
    elif text.kind == "Single inspection":
        _write_single(pen, text, said)
    else:
        _write_report(pen, text, said)
    pen.say(
        "The Office for Standards in Education, Children’s Services and Skills (Ofsted) regulates and "
        "inspects to "
        "achieve excellence in the care of children and young people."
    )
    pen.say("This is a synthetic report for tests of software. It describes no real authority.")
    pen.say(f"© Crown copyright {text.last.year}")
    pen.close()
    return path


def _points(pen: Pen, text: AuthorityText, numbered: bool) -> None:
    for n, point in enumerate(text.points, start=1):
        for k, line in enumerate(pen.wrap(point, 395)):
            if k == 0:
                pen.mark(f"{n}." if numbered else text.style.bullet)
            pen.put(line, LEFT + 22)
            pen.down()
        pen.down(0.4)
    pen.down(0.4)


def _write_report(pen: Pen, text: AuthorityText, said: str) -> None:
    if text.kind == "Joint inspection":
        pen.say(f"Joint targeted area inspection of {text.title}", bold=True)
    elif text.kind.endswith("visit"):
        pen.say(f"{text.kind} to {text.title} local authority children’s services", bold=True)
    else:
        pen.say(f"Inspection of {text.title} local authority children’s services", bold=True)
    pen.say(f"Inspection dates: {said}")
    pen.say(f"Lead inspector: {text.people.inspectors[0]}, His Majesty’s Inspector")
    if text.grades:
        pen.pairs([("Judgement", "Grade"), *text.grades], 260.0, text.style.grade_beside == "middle")
    pen.say(
        "Headline findings" if not text.grades else "Children in this invented authority are described here."
    )
    write_narrative(pen, text.style.filler)
    if text.points:
        pen.say("What needs to improve?", bold=True)
        _points(pen, text, numbered=False)
    pen.say("Main findings", bold=True)
    for label, grade in text.grades:
        if not label.startswith("Overall"):
            pen.room(4)
            pen.say(f"{label}: {grade.lower()}", bold=True)
            write_narrative(pen, 1)


def _write_letter(pen: Pen, text: AuthorityText, said: str) -> None:
    pen.say(say_day(text.last))
    pen.say(f"{text.people.addressee}\nDirector of Children’s Services\n1 Invented Street\nNowhere ZZ1 1ZZ")
    pen.say(f"Dear {text.people.addressee.split()[0]} {text.people.addressee.split()[-1]}")
    pen.say(f"{text.kind} to {text.title} children’s services", bold=True)
    pen.say(
        f"This letter summarises the findings of the {text.kind.lower()} to {text.title} children’s "
        f"services on "
        f"{said}. Her Majesty’s Inspectors were {' and '.join(text.people.inspectors)}."
    )
    write_narrative(pen, text.style.filler)
    if text.points:
        pen.say("What needs to improve in this area of social work practice", bold=True)
        _points(pen, text, numbered=False)
    pen.say("Findings", bold=True)
    write_narrative(pen, 2)
    pen.say(f"Yours sincerely\n{text.people.inspectors[0]}\nHer Majesty’s Inspector")


def _write_single(pen: Pen, text: AuthorityText, said: str) -> None:
    pen.say(f"{text.title} Council", bold=True)
    pen.say(
        "Inspection of services for children in need of help and protection, children looked after and "
        "care leavers",
        bold=True,
    )
    pen.say(f"Inspection date: {said}")
    pen.say(f"Report published: {say_day(text.last)}")
    if text.overall_said:
        pen.say(f"The overall judgement is that children’s services {text.overall_said}", bold=True)
    pen.pairs(text.grades, 300.0, text.style.grade_beside == "middle")
    pen.turn()
    pen.say("Contents", bold=True)
    pen.say("What does the local authority need to improve?      4")
    write_narrative(pen, text.style.filler)
    pen.say("What does the local authority need to improve?", bold=True)
    pen.say("Areas for improvement", bold=True)
    _points(pen, text, numbered=True)
    pen.say("The local authority’s strengths", bold=True)
    write_narrative(pen, 2)
    pen.say("Information about this inspection", bold=True)
    pen.say(
        f"The inspection team\nLead inspector: {text.people.inspectors[0]} HMI\n"
        f"Quality assurance manager: {text.people.responsible} SHMI"
    )
