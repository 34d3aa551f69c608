"""Table 4: whether local authorities that place more children with for-profit providers are judged lower."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ofsight.report.charts.model import Forest, ForestGroup, ForestRow
from ofsight.report.document import Block, Column, Figure, Paragraph, Row, Section, Table
from ofsight.report.folder import Estimate, StudyFolder
from ofsight.report.sections.authority_checks import authority_curve, authority_tests
from ofsight.report.sections.sources import source_line
from ofsight.report.sections.summary import caution_note
from ofsight.report.wording import capital, count, in_order, interval, joined, p_value, ratio

__all__ = ["ITEM", "authorities_section"]

ITEM = "table4"
_OUTCOMES: Mapping[str, str] = {
    "overall": "Overall effectiveness",
    "leaders": "Impact of leaders",
    "protection": "Children who need help and protection",
    "care": "Children in care",
}
_EXPOSURES: Mapping[str, str] = {
    "profit": "For-profit placements, per percentage point",
    "third": "Third-sector placements, per percentage point",
    "third_sector": "Third-sector placements, per percentage point",
    "voluntary": "Third-sector placements, per percentage point",
}
_TERMS: Mapping[str, str] = {
    **_EXPOSURES,
    "imd": "Deprivation (IMD 2019 extent)",
    "female": "Looked-after children who are girls, %",
    "white": "Looked-after children who are white, %",
    "n": "Looked-after children, hundreds",
    "under18": "Population under 18",
}


def _term(term: str) -> str:
    name, _, threshold = term.partition("/threshold:")
    kind, _, inner = name.partition(":")
    if kind == "region" and inner:
        words = f"Region: {inner}"
    elif kind == "scale" and inner:
        words = f"Spread of grades: {_TERMS.get(inner, inner)}"
    else:
        words = _TERMS.get(name, capital(name.replace("_", " ")))
    return f"{words}, at {threshold.replace('|', ' | ')}" if threshold else words


def _outcome(name: str) -> str:
    return _OUTCOMES.get(name, capital(name))


def _main(estimates: Sequence[Estimate]) -> list[Estimate]:
    """Return the exposure of each model: the share of placements that the question is about."""
    return [e for e in estimates if e.term in _EXPOSURES]


def _table(estimates: Sequence[Estimate]) -> Table:
    rows: list[Row] = []
    for model in dict.fromkeys(e.model for e in estimates):
        for outcome in in_order((e.outcome for e in estimates if e.model == model), tuple(_OUTCOMES)):
            mine = [e for e in estimates if (e.model, e.outcome) == (model, outcome)]
            size = f": {count(mine[0].n)} local authorities" if mine[0].n is not None else ""
            rows.append(Row((f"{_outcome(outcome)}, {model}{size}",), "group"))
            rows.extend(
                Row(
                    (
                        _term(e.term),
                        ratio(e.estimate, 3),
                        interval(e.ci_low, e.ci_high, 3),
                        p_value(e.p_value),
                    )
                )
                for e in mine
            )
    return Table(
        "table-4",
        "Table 4. Local authorities’ judgements: odds ratios with 95% intervals",
        (
            Column("Term", share=3.2),
            Column("Odds ratio", numeric=True),
            Column("95% interval", numeric=True, share=1.5),
            Column("p", numeric=True, share=0.8),
        ),
        tuple(rows),
        note="Spread of grades: a scale effect, a ratio of spreads. A term at a threshold acts there only.",
        folded=len(rows) > 30,
        stacked=True,
    )


def _say(estimates: Sequence[Estimate], model: str) -> str:
    mine = [e for e in estimates if e.term == "profit" and e.model == model]
    lower = [_outcome(e.outcome).lower() for e in mine if e.ci_high is not None and e.ci_high < 1]
    higher = [_outcome(e.outcome).lower() for e in mine if e.ci_low is not None and e.ci_low > 1]
    clauses = []
    if lower:
        clauses.append(f"lower judgements of {joined(lower)}")
    if higher:
        clauses.append(f"higher judgements of {joined(higher)}")
    if not mine:
        return "Odds ratios of a better judgement of local authorities"
    if not clauses:
        return "No clear association between the share of for-profit placements and authorities’ judgements"
    return f"A larger share of for-profit placements goes with {joined(clauses)}"


def _source(folder: StudyFolder) -> str:
    """Return what table 4 was fitted on: the study says so in its notes when it is not its own data."""
    said = (note for note in folder.listed("notes") if note.startswith("Table 4 was fitted on"))
    return next(said, source_line(folder))


def _figure(folder: StudyFolder, estimates: Sequence[Estimate]) -> Figure:
    main = _main(estimates)
    groups = []
    for model in dict.fromkeys(e.model for e in main):
        rows = tuple(
            ForestRow(
                _outcome(e.outcome), e.estimate, e.ci_low, e.ci_high, "two" if e.term == "profit" else "three"
            )
            for outcome in in_order((e.outcome for e in main if e.model == model), tuple(_OUTCOMES))
            for e in main
            if (e.model, e.outcome) == (model, outcome)
        )
        term = next(e.term for e in main if e.model == model)
        groups.append(ForestGroup(f"{_EXPOSURES[term]} ({model})", rows))
    return Figure(
        key="figure-authorities",
        title=_say(estimates, main[0].model),
        description=(
            "Forest plot. Each row is one judgement of local authorities: a marker for the odds ratio of a "
            "better grade for one percentage point more of placements, and a bar for its 95% interval."
        ),
        chart=Forest(
            tuple(groups), "Odds ratio of a better grade (logarithmic scale)", "lower grades", "higher grades"
        ),
        table=_table(estimates),
        source=f"Bars are 95% intervals. {_source(folder)}",
    )


def authorities_section(folder: StudyFolder) -> Section | None:
    """Return the section on table 4; None when the study did not compute it (its notes say why)."""
    estimates = [e for e in folder.of(ITEM) if e.variance != "cluster"]
    if not estimates:
        return None
    blocks: list[Block] = [
        Paragraph(
            "Here the unit is a local authority with its most recent inspection of children’s services, and "
            "the question is about the share of its looked-after children placed with for-profit providers."
        )
    ]
    blocks.append(_figure(folder, estimates) if _main(estimates) else _table(estimates))
    blocks.extend(authority_curve(folder, _OUTCOMES, _TERMS, _source(folder)))
    tests = authority_tests(folder, _OUTCOMES, _TERMS)
    if tests is not None:
        blocks.append(tests)
    blocks.append(caution_note(folder))
    return Section("authorities", "Local authorities that outsource more", tuple(blocks))
