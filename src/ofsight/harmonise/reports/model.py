"""What a report says, without the people it names: frozen records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

__all__ = [
    "Citation",
    "Finding",
    "HistoryRow",
    "Judgement",
    "Recommendation",
    "Report",
    "Requirement",
]

Kind = Literal["home", "local authority"]
RegulationSet = Literal["2015", "2001", "NMS"]
SectionState = Literal["listed", "none stated", "absent"]


class Finding(NamedTuple):
    """Something in a report that does not agree with itself, or that could not be read.

    Parameters
    ----------
    code : str
        What kind of finding it is, hyphenated: ``grades-differ``. `docs/reports.md` lists them.
    message : str
        One sentence. It never quotes a person's name.
    page : int or None
        Page of the PDF, from 1.
    file : str or None
        The file's name.
    """

    code: str
    message: str
    page: int | None = None
    file: str | None = None


class Citation(NamedTuple):
    """A regulation (or, in the set ``NMS``, a standard) that a requirement rests on.

    Parameters
    ----------
    regulation : str
        Number: ``"12"``, ``"17A"``, ``"NMS 4.3"`` in the set NMS.
    paragraphs : tuple of str
        Each cited paragraph from the top: ``("(1)", "(2)(a)(i)")``; empty when the whole is cited.
    """

    regulation: str
    paragraphs: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the citation as a reader writes it."""
        return self.regulation + (f" {' '.join(self.paragraphs)}" if self.paragraphs else "")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judgement as the report gives it.

    Attributes
    ----------
    domain : str
        ``overall``, ``protection``, ``leadership``; homes also ``outcomes``, ``quality of care``,
        ``education``, ``health``; local authorities also ``care and care leavers``, ``care``,
        ``care leavers``, ``permanence``, ``adoption``, ``safeguarding board``, ``practice``.
    grade : str or None
        A label of `ofsight.vocabulary.Grade`; None when the word printed is no grade.
    as_published : str
        The word printed.
    place : {"front", "heading"}
        The table on the first pages or the heading of the narrative.
    page : int
        Page of the PDF, from 1.
    """

    domain: str
    grade: str | None
    as_published: str
    place: Literal["front", "heading"]
    page: int


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A row of "Recent inspection history": an earlier inspection, by its first day."""

    inspected_on: date | None
    inspection_type: str | None
    type_as_published: str
    judgement: str | None
    judgement_as_published: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """A statutory requirement.

    Attributes
    ----------
    regulations : tuple of Citation
        The regulations it rests on, in the order cited.
    regulation_set : {"2015", "2001", "NMS"}
        Which statute the numbers belong to.
    text : str
        The whole cell in reading order, spaces evened out, names removed.
    due_on : date or None
        When it must be met; None when no day is printed.
    due_as_published : str
        What the due-date cell says.
    compliance_notice : bool or None
        True when the requirement carries the mark, False when others of the table do and this does not,
        None when the report has no mark at all: then it is not known.
    page : int
        Page on which it begins, from 1.
    """

    regulations: tuple[Citation, ...]
    regulation_set: RegulationSet
    text: str
    due_on: date | None
    due_as_published: str
    compliance_notice: bool | None
    page: int


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommendation to a home, or a point under "What needs to improve" of a local authority.

    Attributes
    ----------
    text : str
        The item in reading order, spaces evened out, names removed.
    guide_page, guide_paragraph : int or None, str or None
        Where the Guide to the regulations says so: ``15`` and ``"3.9"``. The first, when several are cited.
    source : str or None
        ``Guide``, ``NMS 4.3``, the title cited, or the heading of the section (local authorities).
    page : int
        Page on which it begins, from 1.
    """

    text: str
    guide_page: int | None
    guide_paragraph: str | None
    source: str | None
    page: int


@dataclass(frozen=True, slots=True)
class Report:
    """An inspection report as data. No person who is named in the PDF occurs in any field.

    Attributes
    ----------
    kind : {"home", "local authority"}
        Whose report it is.
    urn : str or None
        Unique reference number of a home, as printed.
    authority, authority_as_published : str or None
        The local authority: official spelling when it is known, and the name on the title page.
    inspected_on, inspected_to : date or None
        First and last day. A home's first day and URN are the key to Ofsted's tables.
    published_on, published_on_basis : date or None, {"printed", "pdf"} or None
        Printed in the report; else, for homes, the day the PDF was made, which is the day of publication in
        every report that could be compared with Ofsted's tables.
    copyright_year : int or None
        Year of the Crown copyright line.
    inspection_type, inspection_type_as_published : str or None
        A label of `ofsight.vocabulary.InspectionType` (homes); ``Single inspection``, ``Standard``,
        ``Short``, ``Focused visit``, ``Monitoring visit``, ``Joint inspection`` and others (authorities).
    framework : str or None
        A label of `ofsight.vocabulary.Framework` (homes); ``SIF``, ``ILACS``, ``JTAI``, ``earlier``.
    provider, provision_type : str or None
        Organisation registered to run the home; None when that is a person.
    overall, protection, leadership : str or None
        Labels of `ofsight.vocabulary.Grade`, each with what was printed beside it.
    judgements : tuple of Judgement
        All judgements, front table first, then headings.
    interim_judgement : str or None
        A label of `ofsight.vocabulary.Effectiveness`.
    assurance_outcome : {"No serious or widespread concerns", "Serious or widespread concerns"} or None
        Outcome of an assurance inspection.
    last_inspected_on, last_overall, last_overall_as_published
        The inspection before this one, as the report says it.
    enforcement, enforcement_as_published : {"none", "taken"} or None, str or None
        Enforcement action since the last inspection.
    history : tuple of HistoryRow
        "Recent inspection history".
    improvement_section : {"listed", "none stated", "absent"}
        Whether requirements or recommendations are listed, denied in words, or not spoken of.
    requirements, recommendations : tuple
        What must and what should be done.
    findings : tuple of Finding
        Where the report disagrees with itself.
    file, sha256, n_pages : str, str, int
        The PDF.
    """

    kind: Kind
    file: str
    sha256: str
    n_pages: int
    urn: str | None = None
    authority: str | None = None
    authority_as_published: str | None = None
    inspected_on: date | None = None
    inspected_to: date | None = None
    dates_as_published: str | None = None
    published_on: date | None = None
    published_on_basis: Literal["printed", "pdf"] | None = None
    copyright_year: int | None = None
    inspection_type: str | None = None
    inspection_type_as_published: str | None = None
    framework: str | None = None
    provider: str | None = None
    provision_type: str | None = None
    overall: str | None = None
    overall_as_published: str | None = None
    protection: str | None = None
    protection_as_published: str | None = None
    leadership: str | None = None
    leadership_as_published: str | None = None
    judgements: tuple[Judgement, ...] = ()
    interim_judgement: str | None = None
    assurance_outcome: str | None = None
    last_inspected_on: date | None = None
    last_overall: str | None = None
    last_overall_as_published: str | None = None
    enforcement: Literal["none", "taken"] | None = None
    enforcement_as_published: str | None = None
    history: tuple[HistoryRow, ...] = ()
    improvement_section: SectionState = "absent"
    requirements: tuple[Requirement, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    findings: tuple[Finding, ...] = field(default=())

    def grade(self, domain: str) -> str | None:
        """Return the grade on a domain, the front table before the heading."""
        return next((j.grade for j in self.judgements if j.domain == domain), None)
