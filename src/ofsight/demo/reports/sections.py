"""The parts of a home's report that every layout has: history, improvement section, last page."""

from __future__ import annotations

from ofsight.demo.reports.pen import LEFT, Pen
from ofsight.demo.reports.texts import HomeText, RequirementText

__all__ = ["INTRODUCTIONS", "write_end", "write_history", "write_improvement", "write_narrative"]

INTRODUCTIONS = {
    "sccif": "This section sets out the actions that the registered person(s) must take to meet the Care "
    "Standards "
    "Act 2000, The Children’s Homes (England) Regulations 2015 and the ‘Guide to the Children’s Homes "
    "Regulations, "
    "including the quality standards’. The registered person(s) must comply within the given timescales.",
    "2015": "This section sets out the actions which must be taken so that the registered person/s meets "
    "the Care "
    "Standards Act 2000, The Children’s Homes (England) Regulations 2015 and the ‘Guide to the "
    "children’s homes "
    "regulations including the quality standards’. The registered person(s) must comply within the given "
    "timescales.",
    "2014": "This section sets out the actions which must be taken so that the registered person/s meets "
    "the Care "
    "Standards Act 2000, the Children’s Homes Regulations 2001 and the National Minimum Standards. The "
    "registered "
    "person(s) must comply with the given timescales.",
}
_FILLER = "Invented narrative stands here, so that the pages break where the pages of a report may break."
_SPLIT = 345.0


def write_narrative(pen: Pen, lines: int) -> None:
    """Write so many paragraphs of narrative."""
    for _ in range(lines):
        pen.say(_FILLER)


def write_history(pen: Pen, text: HomeText) -> None:
    """Write the table of earlier inspections."""
    pen.say("Recent inspection history", bold=True)
    columns = (LEFT, LEFT + 150, LEFT + 260)
    for k, word in enumerate(("Inspection date", "Inspection type", "Inspection judgement")):
        pen.put(word, columns[k], bold=True)
    pen.down(2)
    for row in text.history:
        pen.put(f"{row.inspected_on:%d/%m/%Y}", columns[0])
        pen.put(row.kind, columns[1])
        lines = pen.wrap(row.judgement, 150)
        for line in lines:
            pen.put(line, columns[2])
            pen.down()
        pen.down(0.4)


def write_improvement(pen: Pen, text: HomeText) -> None:
    """Write requirements and recommendations, or the sentence that there are none."""
    old = text.layout == "2014"
    if text.requirements or text.recommendations or text.no_requirements_said:
        pen.say(
            "What must be done to secure future improvement?"
            if old
            else "What does the children’s home need to do to improve?",
            bold=True,
        )
    if text.no_requirements_said:
        pen.say("No requirements or recommendations were made at this inspection.")
    if text.requirements:
        pen.say("Statutory Requirements" if old else "Statutory requirements", bold=True)
        pen.say(INTRODUCTIONS[text.layout])
        _write_table(pen, text)
        if any(r.notice for r in text.requirements):
            pen.down(0.5)
            pen.say("* These requirements are subject to a compliance notice.")
    if text.recommendations:
        several = old or len(text.recommendations) > 1
        pen.say("Recommendations" if several else "Recommendation", bold=True)
        if old:
            pen.say(
                "To improve the quality and standards of care further the service should take account of the "
                "following recommendation(s):"
            )
        for item in text.recommendations:
            mark = text.style.bullet
            for k, line in enumerate(pen.wrap(item.text, 400)):
                if k == 0:
                    pen.mark(mark)
                pen.put(line, LEFT + (18 if mark else 0))
                pen.down()
            pen.down(0.8)


def _head(pen: Pen, text: HomeText) -> None:
    with_column = any(r.column for r in text.requirements)
    if text.style.rules:
        pen.rule()
    if with_column:
        pen.put("Reg.", LEFT, bold=True)
    pen.put("Requirement", LEFT + (70 if with_column else 0), bold=True)
    pen.put("Due date", LEFT + _SPLIT, bold=True)
    pen.down(1.6)


def _write_table(pen: Pen, text: HomeText) -> None:
    pen.room(6)
    _head(pen, text)
    indent = 70.0 if any(r.column for r in text.requirements) else 0.0
    for requirement in text.requirements:
        _write_row(pen, text, requirement, indent)
    if text.style.rules:
        pen.rule()


def _write_row(pen: Pen, text: HomeText, requirement: RequirementText, indent: float) -> None:
    lines = [
        line
        for k, part in enumerate((*requirement.paragraphs, requirement.citation, requirement.after))
        if part
        for line in ([""] if k and part == requirement.paragraphs[-1] else [])
        + pen.wrap(part, _SPLIT - indent - 18)
    ]
    if requirement.notice:
        lines[-1] += "*"
    due = pen.wrap(requirement.due_said, 85)
    middle = text.style.due_beside == "middle"
    if middle:
        pen.room(len(lines) + 1)  # a date in the middle is only drawn for a row on one page
    elif pen.y + 2 * text.style.leading > 770:
        pen.room(3)
    at = (len(lines) - len(due)) // 2 if middle else 0
    if text.style.rules:
        pen.rule()
    for k, line in enumerate(lines):
        page = pen.page
        if k == 0 and requirement.column:
            pen.put(requirement.column, LEFT)
        if line:
            pen.put(line, LEFT + indent)
        if 0 <= k - at < len(due):
            pen.put(due[k - at], LEFT + _SPLIT)
        pen.down()
        if pen.page != page and text.style.head_again and k + 1 < len(lines):
            _head(pen, text)
    for k in range(len(lines) - at, len(due)):
        pen.put(due[k], LEFT + _SPLIT)
        pen.down()
    pen.down(0.7)


def write_end(pen: Pen, text: HomeText) -> None:
    """Write the sentence on the inspection, the details with their names, and the last page."""
    pen.say("Information about this inspection", bold=True)
    pen.say("Inspectors have looked closely at the experiences and progress of children and young people.")
    pen.turn()
    if text.layout == "sccif":
        pen.say("Children’s home details", bold=True)
        pen.say(f"Unique reference number: {text.urn}")
        pen.say("Provision sub-type: Children’s home")
        pen.say(f"Registered provider: {text.provider}")
        pen.say("Registered provider address: 1 Invented Way, Nowhere, ZZ1 1ZZ")
        pen.say(f"Responsible individual: {text.people.responsible}")
        pen.say(f"Registered manager: {text.people.manager or 'Post vacant'}")
        pen.say("Inspectors" if len(text.people.inspectors) > 1 else "Inspector", bold=True, space=0)
        for name in text.people.inspectors:
            pen.say(f"{name}, Social Care Inspector", space=0)
        pen.turn()
    pen.say(
        "The Office for Standards in Education, Children’s Services and Skills (Ofsted) regulates and "
        "inspects to "
        "achieve excellence in the care of children and young people."
    )
    pen.say("This is a synthetic report for tests of software. It describes no real home.")
    pen.say(f"© Crown copyright {text.last.year}")
