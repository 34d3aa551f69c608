"""Owners left out one at a time, and the tests behind the models made under other assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ofsight.report.document import Block, Column, Paragraph, Row, Section, Table
from ofsight.report.folder import StudyFolder, number
from ofsight.report.wording import (
    capital,
    count,
    decimal,
    domain_label,
    in_order,
    p_value,
    ratio,
    ratio_with_interval,
    sector_label,
    term_label,
)
from ofsight.vocabulary import Domain, Sector

__all__ = [
    "imputation_table",
    "interaction_tests",
    "owners_section",
    "proportional_odds_tests",
    "random_effects_words",
]

_DOMAINS = (Domain.OVERALL.value, Domain.LEADERSHIP.value, Domain.PROTECTION.value)
_NO_ONE = "no one"
_COVARIATES: Mapping[str, str] = {
    "age_months": "Age of the home, per month",
    "age_months_paper": "Age of the home, per month",
    "chain_size": "Chain size, per home",
    "places": "Places, per place",
}


def _ratio_of(row: Mapping[str, str], places: int = 2) -> str:
    low, high = number(row.get("ci_low")), number(row.get("ci_high"))
    return ratio_with_interval(number(row.get("estimate")), low, high, places)


def _say_owners(rows: Sequence[Mapping[str, str]]) -> str:
    """Say how far leaving one owner out moves for-profit homes overall."""
    mine = [
        (row.get("left_out", ""), number(row.get("estimate")), number(row.get("ci_high")))
        for row in rows
        if (row.get("outcome"), row.get("term")) == ("overall", f"sector:{Sector.PRIVATE.key}")
    ]
    whole = next((value for name, value, _ in mine if name == _NO_ONE), None)
    others = [(value, name, high) for name, value, high in mine if name != _NO_ONE and value is not None]
    if whole is None or not others:
        return ""
    low, high = min(others), max(others)
    clear = sum(bound is not None and bound < 1 for _, _, bound in others)
    said = (
        f"With every owner the overall odds ratio of for-profit homes is {ratio(whole)}. Without one of the "
        f"{count(len(others))} owners with the most inspections, one at a time, it is between "
        f"{ratio(low[0])} (without {low[1]}) and {ratio(high[0])} (without {high[1]}); its interval stays "
        f"below 1 in {count(clear)} of {count(len(others))}."
    )
    return f"{said} No single owner makes the result." if clear == len(others) else said


def owners_section(folder: StudyFolder) -> Section | None:
    """Return the part on owners left out one at a time; None when the study did not do it."""
    source = folder.rows("leave_one_owner_out")
    if not source:
        return None
    outcomes = in_order((row.get("outcome", "") for row in source), _DOMAINS)
    terms = in_order((row.get("term", "") for row in source), tuple(f"sector:{s.key}" for s in Sector))
    found = {(row.get("left_out"), row.get("outcome"), row.get("term")): row for row in source}
    rows: list[Row] = []
    for term in terms:
        rows.append(Row((term_label(term),), "group"))
        for owner in dict.fromkeys(row.get("left_out", "") for row in source):
            mine = [found.get((owner, outcome, term)) for outcome in outcomes]
            first = next((row for row in mine if row), None)
            if first is None:
                continue
            sector = sector_label(first.get("left_out_sector", "")).lower()
            name = "No one left out" if owner == _NO_ONE else f"{owner} ({sector})"
            size = "–" if owner == _NO_ONE else count(number(first.get("left_out_inspections")))
            rows.append(Row((name, size, *("–" if row is None else _ratio_of(row) for row in mine))))
    table = Table(
        "table-owners-left-out",
        "Odds ratios without the homes of one owner, with 95% intervals",
        (
            Column("Left out", share=2),
            Column("Inspections left out", numeric=True),
            *(Column(domain_label(outcome), numeric=True, share=1.5) for outcome in outcomes),
        ),
        tuple(rows),
        note="The unadjusted model. An owner is its group where one is known on the day of the inspection.",
        folded=True,
        stacked=True,
    )
    said = _say_owners(source)
    blocks: list[Block] = [Paragraph(said), table] if said else [table]
    return Section("item-owners-left-out", "Does one large owner make the result?", tuple(blocks))


def interaction_tests(folder: StudyFolder) -> tuple[Block, ...]:
    """Return what the tests say of gaps that depend on a covariate, in words and as a table."""
    source = folder.rows("interaction_tests")
    if not source:
        return ()
    rows: list[Row] = []
    for outcome in in_order((row.get("outcome", "") for row in source), _DOMAINS):
        rows.append(Row((domain_label(outcome),), "group"))
        rows.extend(
            Row(
                (
                    _COVARIATES.get(row.get("covariate", ""), capital(row.get("covariate", ""))),
                    decimal(number(row.get("statistic")), 1),
                    decimal(number(row.get("df")), 0),
                    p_value(number(row.get("p_value"))),
                    ratio(number(row.get("ratio_per_unit_private")), 3),
                    ratio(number(row.get("ratio_per_unit_voluntary")), 3),
                )
            )
            for row in source
            if row.get("outcome") == outcome
        )
    table = Table(
        "table-interaction-tests",
        "Does the gap depend on the home? Likelihood-ratio tests",
        (
            Column("Covariate", share=2),
            Column("Chi-squared", numeric=True),
            Column("Degrees of freedom", numeric=True),
            Column("p", numeric=True, share=0.7),
            Column("For-profit: factor a unit", numeric=True, share=1.2),
            Column("Third sector: factor a unit", numeric=True, share=1.2),
        ),
        tuple(rows),
        note="The factor by which a sector’s odds ratio changes with one unit more of the covariate.",
        folded=True,
        stacked=True,
    )
    return (Paragraph(_say_tests(source, "covariate", "the gap is the same whatever the covariate")), table)


def _say_tests(rows: Sequence[Mapping[str, str]], key: str, null: str) -> str:
    tested = [(number(row.get("p_value")), row) for row in rows]
    against = [row for p, row in tested if p is not None and p < 0.05]
    n = sum(p is not None for p, _ in tested)
    if not against:
        return f"None of {count(n)} tests speaks against it that {null} (p below 0.05)."
    named = "; ".join(
        f"{domain_label(row.get('outcome', ''), short=True)}, "
        f"{_COVARIATES.get(row.get(key, ''), term_label(row.get(key, ''))).split(',')[0].lower()} "
        f"(p {p_value(number(row.get('p_value'))).replace('<', 'below ')})"
        for row in against
    )
    return f"{count(len(against))} of {count(n)} tests speak against it that {null} (p below 0.05): {named}."


def proportional_odds_tests(folder: StudyFolder) -> tuple[Block, ...]:
    """Return the tests of proportional odds and of equal spread, in words and as a table."""
    source = [row for row in folder.rows("proportional_odds_tests") if number(row.get("p_value")) is not None]
    if not source:
        return ()
    kinds = {"nominal": "One odds ratio at every step between grades", "scale": "The same spread of grades"}
    names = {"sector": "Sector", "C(year)": "Calendar year"}
    rows: list[Row] = []
    for group in dict.fromkeys((row.get("outcome", ""), row.get("model", "")) for row in source):
        rows.append(Row((f"{domain_label(group[0])}, {group[1]}",), "group"))
        for row in source:
            if (row.get("outcome", ""), row.get("model", "")) == group:
                term = row.get("term", "")
                rows.append(
                    Row(
                        (
                            kinds.get(row.get("test", ""), row.get("test", "")),
                            names.get(term, term_label(term)),
                            decimal(number(row.get("statistic")), 1),
                            decimal(number(row.get("df")), 0),
                            p_value(number(row.get("p_value"))),
                        )
                    )
                )
    table = Table(
        "table-proportional-odds-tests",
        "Tests of proportional odds and of equal spread",
        (
            Column("What is tested", share=2.4),
            Column("For", share=1.6),
            Column("Chi-squared", numeric=True),
            Column("Degrees of freedom", numeric=True),
            Column("p", numeric=True, share=0.7),
        ),
        tuple(rows),
        note="Likelihood-ratio tests, one term at a time. A small p speaks against the assumption.",
        folded=True,
        stacked=True,
    )
    sectors = [r for r in source if (r.get("term"), r.get("test")) == ("sector", "nominal")]
    against = sum((number(row.get("p_value")) or 0.0) < 0.05 for row in sectors)
    if not sectors:
        return (table,)
    said = (
        f"In {count(against)} of {count(len(sectors))} models the test speaks against one odds ratio for all "
        f"steps (p below 0.05). {_say_steps(folder)}"
    )
    return (Paragraph(said.strip()), table)


def _say_steps(folder: StudyFolder) -> str:
    """Say between what for-profit homes' odds ratios lie at the single steps, overall."""
    start = f"sector:{Sector.PRIVATE.key}/threshold:"
    steps = [
        e.estimate
        for e in folder.of("proportional_odds")
        if e.outcome == Domain.OVERALL.value and e.term.startswith(start) and e.estimate is not None
        if e.model.startswith("unadjusted") and "no random intercept" not in e.model
    ]
    if not steps:
        return ""
    span = f"{ratio(min(steps))} to {ratio(max(steps))}"
    said = f"Overall, the odds ratios of for-profit homes at the single steps are {span}"
    if max(steps) < 1 or min(steps) > 1:
        return f"{said}, all on the same side of 1: the direction of the finding does not depend on it."
    return f"{said}, on both sides of 1: one odds ratio does not say it all."


def imputation_table(folder: StudyFolder) -> Table | None:
    """Return complete cases, the single fill and multiple imputation side by side."""
    source = folder.rows("imputation")
    models = list(dict.fromkeys(row.get("model", "") for row in source))
    if len(models) < 2:
        return None
    found = {(row.get("model"), row.get("outcome"), row.get("term")): row for row in source}
    rows: list[Row] = []
    for outcome in in_order((row.get("outcome", "") for row in source), _DOMAINS):
        rows.append(Row((domain_label(outcome),), "group"))
        for term in dict.fromkeys(r.get("term", "") for r in source if r.get("outcome") == outcome):
            mine = (found.get((model, outcome, term)) for model in models)
            rows.append(Row((term_label(term), *("–" if row is None else _ratio_of(row, 3) for row in mine))))
        sizes = (next((r for r in source if (r["model"], r["outcome"]) == (m, outcome)), {}) for m in models)
        rows.append(Row(("Inspections", *(count(number(row.get("n"))) for row in sizes))))
    return Table(
        "table-item-imputation",
        "Unknown covariates left out, filled in once, and filled in many times",
        (Column("Term", share=1.8), *(Column(capital(m), numeric=True, share=1.5) for m in models)),
        tuple(rows),
        note="Odds ratios with 95% intervals. Multiple imputation is pooled by Rubin’s rules.",
        stacked=True,
    )


def random_effects_words(folder: StudyFolder) -> tuple[Block, ...]:
    """Return how much homes, owners and authorities differ of themselves, in a sentence."""
    row = next(
        (
            row
            for row in folder.rows("random_effects")
            if row.get("outcome") == Domain.OVERALL.value and number(row.get("sd_owner")) is not None
        ),
        None,
    )
    if row is None:
        return ()
    homes, owners, places = (number(row.get(f"sd_{name}")) for name in ("urn", "owner", "local_authority"))
    return (
        Paragraph(
            "How far they differ of themselves, overall, as standard deviations of log-odds: homes "
            f"{decimal(homes, 2)}, owners {decimal(owners, 2)} ({count(number(row.get('n_owner')))} of "
            f"them), local authorities {decimal(places, 2)} ({count(number(row.get('n_local_authority')))})."
        ),
    )
