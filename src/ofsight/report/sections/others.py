"""Whatever else a study estimated and no other section shows: each item as one table."""

from __future__ import annotations

from dataclasses import replace

from ofsight.report.document import Section
from ofsight.report.folder import StudyFolder
from ofsight.report.sections import authorities, change, codings
from ofsight.report.sections.comparison import lay_out
from ofsight.report.sections.summary import caution_note
from ofsight.report.wording import capital

__all__ = ["other_sections"]

_SHOWN = {"table1", "table2", "figure1", "figure2", authorities.ITEM, *change.ITEMS, *codings.ITEMS}


def other_sections(folder: StudyFolder) -> tuple[Section, ...]:
    """Return a section for each further item of the study's results, in their order."""
    sections = []
    for item in dict.fromkeys(estimate.item for estimate in folder.estimates):
        if item in _SHOWN:
            continue
        name = capital(item.replace("_", " ").replace("table", "table ").replace("figure", "figure "))
        key = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in item.lower())
        table = lay_out(folder, item, f"table-{key}", f"{name}. Estimates with 95% intervals")
        # A difference is not a ratio; the item's own words say which of them it holds.
        first, _, *rest = table.columns
        table = replace(table, columns=(first, replace(table.columns[1], heading="Estimate"), *rest), note="")
        sections.append(Section(f"item-{key}", name, (table, caution_note(folder))))
    return tuple(sections)
