"""The annexes: methods in the words of the models fitted, and the STROBE and RECORD checklist filled in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ofsight.report.document import (
    Block,
    Bullets,
    Cell,
    Column,
    Facts,
    Paragraph,
    Row,
    Section,
    Span,
    Table,
    Text,
)
from ofsight.report.folder import StudyFolder
from ofsight.report.wording import capital, domain_label

__all__ = ["checklist_section", "methods_section"]


def _formulas(folder: StudyFolder) -> Table | None:
    rows = [
        Row(
            (
                f"{domain_label(str(facts.get('outcome', '')))}, {facts.get('model', '')}",
                (Span(str(facts.get("formula", "")), code=True),),
                str(facts.get("convergence", "")) or "–",
            )
        )
        for facts in folder.models
    ]
    if not rows:
        return None
    return Table(
        "table-formulas",
        "The models fitted: formula and how the fit ended",
        (Column("Model", share=1.8), Column("Formula", share=2.6), Column("Convergence", share=1.4)),
        tuple(rows),
        stacked=True,
        folded=len(rows) > 12,
    )


def methods_section(folder: StudyFolder) -> Section:
    """Return annex A: how the numbers were made."""
    adequate = str(folder.sample.get("adequate") or "")
    pairs: list[tuple[str, Text]] = [
        ("Design", "Repeated inspections of homes, from public releases; observational."),
        ("Unit", "One full inspection of one home; a home is known by its number (URN)."),
        (
            "Outcome",
            "Four ordered grades in each domain, from Inadequate to Outstanding (table 1 names them).",
        ),
        ("Comparison", "Who runs the home: local authority, for-profit, third sector."),
    ]
    if adequate:
        pairs.append(("“Adequate”, the word to March 2015", f"Counted as {adequate}."))
    blocks: list[Block] = [Facts(tuple(pairs))]
    notes = folder.listed("notes")
    if notes:
        blocks.append(Bullets(notes))
    formulas = _formulas(folder)
    if formulas is not None:
        blocks.append(formulas)
    blocks.append(
        Paragraph(
            "A difference between sectors is stated in words only when its 95% interval leaves 1 out, both "
            "with the model’s own standard errors and with errors clustered by home. No correction is made "
            "for the number of comparisons; all that were made are shown."
        )
    )
    return Section("annex-methods", "Annex A. Methods", tuple(blocks), annex=True)


@dataclass(frozen=True, slots=True)
class _Item:
    """An item of a checklist: what it asks for, which sections answer it, and what is to be said besides."""

    number: str
    asks: str
    sections: tuple[str, ...] = ()
    remark: str = ""


_STROBE = (
    _Item("1", "Title and abstract: design and a balanced summary", ("summary",)),
    _Item("2", "Background and reasons", ("question",), "Reasons are in the cited study."),
    _Item("3", "Objectives and hypotheses", ("question",)),
    _Item("4", "Study design early on", ("annex-methods",)),
    _Item("5", "Setting, places and dates", ("sample",)),
    _Item("6", "Who is eligible and how they were chosen", ("sample",)),
    _Item("7", "Outcomes, exposures, confounders defined", ("annex-methods", "gap")),
    _Item("8", "Sources and measurement of each variable", ("sample", "provenance")),
    _Item(
        "9", "Efforts against bias", ("gap", "summary"), "Survival of homes with covariates is stated there."
    ),
    _Item(
        "10", "How the study size came about", ("sample",), "All inspections released; no size was chosen."
    ),
    _Item("11", "Handling of quantitative variables", ("annex-methods",)),
    _Item(
        "12",
        "Statistical methods, missing data, sensitivity",
        ("annex-methods", "gap", "specifications", "others"),
    ),
    _Item("13", "Numbers at each stage", ("sample",)),
    _Item("14", "Description of those studied; missing data by variable", ("grades",)),
    _Item("15", "Numbers of outcomes over time", ("grades", "sample")),
    _Item("16", "Unadjusted and adjusted estimates with precision", ("gap",)),
    _Item("17", "Other analyses", ("change", "probabilities", "codings", "specifications", "others")),
    _Item("18", "Key results against the objectives", ("summary",)),
    _Item("19", "Limits, direction of possible bias", ("summary", "gap", "change", "specifications")),
    _Item("20", "Cautious interpretation", ("summary",)),
    _Item(
        "21", "Generality", (), "England only, the kinds of home and visit in the sample; no claim beyond."
    ),
    _Item("22", "Funding", (), "Stated by whoever publishes the report."),
)

_RECORD = (
    _Item("RECORD 1.1 to 1.3", "Data, region, period and linkage named at the front", ("summary", "sample")),
    _Item("RECORD 6.1", "Codes or rules that choose the sample", ("sample",)),
    _Item("RECORD 6.3", "Flow of records through linkage", ("sample",)),
    _Item(
        "RECORD 7.1",
        "Codes and rules that define the variables",
        ("annex-methods",),
        "And ofsight’s definitions, published with its code.",
    ),
    _Item(
        "RECORD 12.1",
        "Access of the authors to the source data",
        ("provenance",),
        "Public files, listed with their sha256.",
    ),
    _Item("RECORD 12.2", "Cleaning of the data", ("sample",), "Rows set aside are counted by reason."),
    _Item(
        "RECORD 12.3",
        "Level, method and quality of linkage",
        ("provenance",),
        "Within releases by the home’s number; no people are linked.",
    ),
    _Item("RECORD 13.1", "Selection of those studied, with a flow", ("sample",)),
    _Item("RECORD 19.1", "Limits of data not made for research", ("summary",)),
    _Item("RECORD 22.1", "Access to protocol, data and code", ("provenance", "citing")),
)


def _answer(item: _Item, titles: Mapping[str, str], empty: Collection[str]) -> Text | Cell:
    where = [key for key in item.sections if key in titles and key not in empty]
    parts: list[str | Span] = []
    for key in where:
        parts += [", " if parts else "", Span(titles[key], link=f"#{key}")]
    if item.remark:
        parts.append(f"{'. ' if parts else ''}{item.remark}")
    elif parts:
        parts.append(".")
    if item.sections and not where:
        return Cell((f"Not in this report. {item.remark}".strip(),), "poor")
    return tuple(parts)


def checklist_section(titles: Mapping[str, str], empty: Collection[str] = ()) -> Section:
    """Return annex B: where each item of STROBE and RECORD is answered.

    Parameters
    ----------
    titles : mapping of str to str
        Titles of the report's sections by key.
    empty : collection of str
        Keys of sections that only say that they have nothing to show; they answer no item.
    """
    rows = [Row(("STROBE",), "group")]
    rows += [Row((item.number, item.asks, _answer(item, titles, empty))) for item in _STROBE]
    rows.append(Row(("RECORD, for data collected in routine",), "group"))
    rows += [
        Row((capital(item.number.removeprefix("RECORD ")), item.asks, _answer(item, titles, empty)))
        for item in _RECORD
    ]
    table = Table(
        "table-checklist",
        "STROBE and RECORD items and where they are answered",
        (Column("Item", share=0.7), Column("Asks for", share=2.4), Column("Answered in", share=2.4)),
        tuple(rows),
        note="Items in our own words. Filled in by ofsight; authors check it before they publish.",
        stacked=True,
    )
    return Section("annex-checklist", "Annex B. STROBE and RECORD checklist", (table,), annex=True)
