"""Whatever else a study estimated and no other section shows: each item as a table, none left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ofsight.report.document import Block, Column, Paragraph, Row, Section, Table
from ofsight.report.folder import Estimate, StudyFolder
from ofsight.report.sections import authorities, change, codings, placements, requirements
from ofsight.report.sections.comparison import lay_out
from ofsight.report.sections.robustness import (
    imputation_table,
    interaction_tests,
    owners_section,
    proportional_odds_tests,
    random_effects_words,
)
from ofsight.report.sections.summary import caution_note
from ofsight.report.wording import capital, domain_label, in_order, ratio_with_interval, term_label
from ofsight.vocabulary import Domain

__all__ = ["other_sections"]

_SHOWN = {"table1", "table2", "figure1", "figure2", authorities.ITEM, *change.ITEMS, *codings.ITEMS}
_SHOWN |= {placements.ITEM, requirements.ITEM}
_TESTS: Mapping[str, Callable[[StudyFolder], tuple[Block, ...]]] = {
    "interactions": interaction_tests,
    "proportional_odds": proportional_odds_tests,
    "random_effects": random_effects_words,
}
"""What stands below an item's estimates."""
_DOMAINS = (Domain.OVERALL.value, Domain.LEADERSHIP.value, Domain.PROTECTION.value)
_MOST_COLUMNS = 4
_NAMES: Mapping[str, tuple[str, str]] = {
    "proportional_odds": (
        "Is one odds ratio enough for all grades?",
        "The models of table 2 take the odds ratio to be the same at each step between grades. Here it may "
        "differ by step (nominal), or the spread of grades may differ by sector (scale).",
    ),
    "interactions": (
        "Does the gap depend on age, places or chain size?",
        "The adjusted model with the gap at three values of a covariate.",
    ),
    "imputation": (
        "What if unknown covariates are filled in?",
        "Complete cases leave out inspections whose covariates are unknown; here they are filled in, once as "
        "in the paper, or many times with the uncertainty of the filling.",
    ),
    "random_effects": (
        "What if owners and local authorities have effects of their own?",
        "Random effects of owners and of local authorities beside those of homes.",
    ),
}


def _name(item: str) -> tuple[str, str]:
    words = capital(item.replace("_", " ").replace("table", "table ").replace("figure", "figure "))
    return _NAMES.get(item, (words, ""))


def _beside(estimates: list[Estimate], key: str, caption: str) -> Table | None:
    """Lay estimates out with one column a model, where few models share their terms; else None."""
    shown = [e for e in estimates if e.variance != "cluster" and not e.term.startswith("year:")]
    models = list(dict.fromkeys(e.model for e in shown))
    found = {(e.model, e.outcome, e.term): e for e in shown}
    keys = {(e.outcome, e.term) for e in shown}
    filled = len(found) / max(len(keys) * len(models), 1)
    if not 1 < len(models) <= _MOST_COLUMNS or filled < 0.6:
        return None
    rows: list[Row] = []
    for outcome in in_order((e.outcome for e in shown), _DOMAINS):
        rows.append(Row((domain_label(outcome),), "group"))
        for term in dict.fromkeys(e.term for e in shown if e.outcome == outcome):
            cells = (found.get((model, outcome, term)) for model in models)
            words = (
                "–" if e is None else ratio_with_interval(e.estimate, e.ci_low, e.ci_high, 3) for e in cells
            )
            rows.append(Row((term_label(term), *words)))
    columns = (Column("Term", share=1.8), *(Column(capital(m), numeric=True, share=1.5) for m in models))
    return Table(key, caption, columns, tuple(rows), folded=len(rows) > 30, stacked=True)


def _without_last(table: Table) -> Table:
    """Return a table without its last column: that of clustered intervals, where there are none."""
    rows = tuple(row if row.kind == "group" else replace(row, cells=row.cells[:-1]) for row in table.rows)
    return replace(table, columns=table.columns[:-1], rows=rows)


def _section(folder: StudyFolder, item: str) -> Section:
    title, text = _name(item)
    key = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in item.lower())
    caption = f"{title.rstrip('?')}. Estimates with 95% intervals"
    table = imputation_table(folder) if item == "imputation" else None
    if table is None:
        table = _beside(list(folder.of(item)), f"table-{key}", caption)
    if table is None:
        table = lay_out(folder, item, f"table-{key}", caption)
        # A difference is not a ratio; the item's own words say which of them it holds.
        first, second, *rest = table.columns
        columns = (first, replace(second, heading="Estimate"), *rest)
        table = replace(table, columns=columns, note="", folded=len(table.rows) > 30)
        if all(estimate.variance != "cluster" for estimate in folder.of(item)):
            table = _without_last(table)
    tests = _TESTS[item](folder) if item in _TESTS else ()
    return Section(f"item-{key}", title, (*((Paragraph(text),) if text else ()), table, *tests))


def other_sections(folder: StudyFolder) -> tuple[Section, ...]:
    """Return one section with a part for each further item of the study's results."""
    items = [item for item in dict.fromkeys(e.item for e in folder.estimates) if item not in _SHOWN]
    owners = owners_section(folder)
    if not items and owners is None:
        return ()
    parts = [_section(folder, item) for item in items]
    if owners is not None:
        parts.append(owners)
    # The section before ends with the same cautions: these stand after the last part.
    parts[-1] = replace(parts[-1], blocks=(*parts[-1].blocks, caution_note(folder)))
    words = Paragraph("The same question asked in other ways. Estimates that agree make a result firmer.")
    return (Section("others", "Does it hold otherwise?", (words,), tuple(parts)),)
