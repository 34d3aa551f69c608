"""From a study folder to a document: which sections, in which order."""

from __future__ import annotations

from ofsight.report.document import Block, Document, Note, Paragraph, Section, Text
from ofsight.report.folder import StudyFolder
from ofsight.report.sections.annexes import checklist_section, methods_section
from ofsight.report.sections.authorities import authorities_section
from ofsight.report.sections.change import change_section
from ofsight.report.sections.checks import ledger_section, truth_section
from ofsight.report.sections.codings import codings_section
from ofsight.report.sections.comparison import comparison_section
from ofsight.report.sections.grades import grades_section
from ofsight.report.sections.others import other_sections
from ofsight.report.sections.placements import placements_section
from ofsight.report.sections.probabilities import probabilities_section
from ofsight.report.sections.provenance import citing_section, licence_lines, provenance_section
from ofsight.report.sections.requirements import requirements_section
from ofsight.report.sections.sample import sample_section
from ofsight.report.sections.sources import source_line
from ofsight.report.sections.specifications import specifications_section
from ofsight.report.sections.summary import summary_section, title_of
from ofsight.report.wording import capital

__all__ = ["BANNER", "make_document"]

BANNER = "Synthetic data: no number here is about a real home."
"""What stands on every page of a report on synthetic data."""


def _question(folder: StudyFolder) -> Section:
    asked = folder.words("question") or "The study folder does not say what was asked."
    return Section("question", "What was asked", (Paragraph(capital(asked)),))


def _checklist(sections: tuple[Section, ...]) -> Section:
    # A section that is one plain paragraph says that the study folder has nothing for it.
    empty = {
        section.key
        for section in sections
        if section.key != "question" and all(isinstance(block, Paragraph) for block in section.blocks)
    }
    return checklist_section({section.key: section.title for section in sections}, empty)


def _opening(folder: StudyFolder) -> tuple[Block, ...]:
    if folder.synthetic is None:
        return ()
    note = str(folder.synthetic.get("note") or "").strip()
    items: tuple[Text, ...] = (
        "This report was made from releases that ofsight invented, to show what it does and to test that it "
        "finds what is there. Nothing in it says anything about children’s homes in England.",
        *((note,) if note else ()),
    )
    return (Note("Synthetic data", items, "synthetic"),)


def make_document(folder: StudyFolder) -> Document:
    """Build the report of a study, before it has a format.

    Parameters
    ----------
    folder : StudyFolder
        From `ofsight.report.folder.read_study_folder`.

    Returns
    -------
    Document
        The same folder always gives the same document.
    """
    truth = truth_section(folder)
    change = change_section(folder)
    further = (
        requirements_section(folder),
        authorities_section(folder),
        placements_section(folder),
        codings_section(folder),
        specifications_section(folder),
    )
    sections: tuple[Section, ...] = (
        summary_section(folder),
        _question(folder),
        comparison_section(folder),
        *((change,) if change is not None else ()),
        probabilities_section(folder),
        grades_section(folder),
        *(section for section in further if section is not None),
        *other_sections(folder),
        sample_section(folder),
        *((truth,) if truth is not None else ()),
        ledger_section(folder),
        provenance_section(folder),
        citing_section(folder),
        methods_section(folder),
    )
    sections = (*sections, _checklist(sections))
    byline: list[Text] = [source_line(folder)]
    description = str(folder.sample.get("description") or "").strip()
    if description:
        byline.append(f"Sample: {description}")
    byline.append("Not official statistics.")
    return Document(
        title=title_of(folder),
        kicker=folder.words("title"),
        byline=tuple(byline),
        banner="" if folder.synthetic is None else BANNER,
        opening=_opening(folder),
        sections=sections,
        footer=licence_lines(folder),
        keywords=("children's homes", "Ofsted", "inspection outcomes", "ownership"),
    )
