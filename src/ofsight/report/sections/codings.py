"""Both codings of “Adequate”, the second grade's name to March 2015, side by side."""

from __future__ import annotations

from ofsight.report.document import Column, Paragraph, Row, Section, Table
from ofsight.report.folder import StudyFolder, number
from ofsight.report.wording import capital, decimal, domain_label, ratio_with_interval, term_label

__all__ = ["ITEMS", "codings_section"]

ITEMS = ("codings", "figure2_codings")
"""The items of the results that this section stands for."""

_CODINGS = {"requires_improvement": "Adequate as requires improvement", "missing": "Adequate left out"}


def codings_section(folder: StudyFolder) -> Section | None:
    """Return the section on both codings; None when the study does not compare them."""
    source = [row for row in folder.rows("codings") if row.get("variance") != "cluster"]
    if not source:
        return None
    rows: list[Row] = []
    for group in dict.fromkeys((row.get("model", ""), row.get("outcome", "")) for row in source):
        rows.append(Row((f"{domain_label(group[1])}, {group[0]}",), "group"))
        for row in source:
            if (row.get("model", ""), row.get("outcome", "")) == group:
                values = [
                    ratio_with_interval(
                        number(row.get(f"odds_ratio_{key}")),
                        number(row.get(f"low_{key}")),
                        number(row.get(f"high_{key}")),
                        3,
                    )
                    for key in _CODINGS
                ]
                apart = decimal(number(row.get("difference_in_standard_errors")), 2)
                rows.append(Row((term_label(row.get("term", "")), *values, apart)))
    table = Table(
        "table-codings",
        "Odds ratios under both codings of “Adequate”, with 95% intervals",
        (
            Column("Term", share=2.2),
            *(Column(capital(words), numeric=True, share=1.8) for words in _CODINGS.values()),
            Column("Apart, standard errors", numeric=True),
        ),
        tuple(rows),
        stacked=True,
    )
    text = (
        "Until March 2015 the second grade was called Adequate. The paper counts it as requires improvement; "
        "its authors’ later work leaves it out. The last column says how far the choice moves each estimate."
    )
    return Section("codings", "How “Adequate” is counted", (Paragraph(text), table))
