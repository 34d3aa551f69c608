"""Table 4 under every subset of its covariates, and the tests of its terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from ofsight.report.charts.model import Curve, CurveKind, CurvePoint
from ofsight.report.document import Block, Column, Figure, Paragraph, Row, Table
from ofsight.report.folder import StudyFolder, number
from ofsight.report.wording import count, decimal, in_order, interval, p_value, percent, ratio

__all__ = ["authority_curve", "authority_tests"]

_IN, _OUT = "In the model", "Not in the model"
_EXPOSURES = {"profit": "for-profit", "third": "third-sector"}


def _points(
    rows: Sequence[Mapping[str, str]], names: Sequence[str], outcomes: Mapping[str, str]
) -> tuple[CurvePoint, ...]:
    points = []
    for row in rows:
        estimate, low, high = (number(row.get(key)) for key in ("estimate", "ci_low", "ci_high"))
        if estimate is None or low is None or high is None or low <= 0:
            continue
        used = row.get("covariates", "").split()
        outcome = row.get("outcome", "")
        choices = (outcomes.get(outcome, outcome), *(_IN if name in used else _OUT for name in names))
        points.append(CurvePoint(estimate, low, high, choices))
    return tuple(points)


def _by_outcome(
    rows: Sequence[Mapping[str, str]], names: Sequence[str], outcomes: Mapping[str, str], source: str
) -> Table:
    laid: list[Row] = []
    for exposure, words in _EXPOSURES.items():
        mine = [row for row in rows if row.get("exposure") == exposure]
        if mine:
            laid.append(Row((f"Share of {words} placements, per percentage point",), "group"))
        for outcome in in_order((row.get("outcome", "") for row in mine), tuple(outcomes)):
            points = _points([row for row in mine if row.get("outcome") == outcome], names, outcomes)
            if not points:
                continue
            ratios = sorted(point.estimate for point in points)
            laid.append(
                Row(
                    (
                        outcomes.get(outcome, outcome),
                        count(len(points)),
                        ratio(median(ratios), 3),
                        interval(ratios[0], ratios[-1], 3),
                        percent(sum(r < 1 for r in ratios) / len(ratios), 0),
                        percent(sum(point.high < 1 for point in points) / len(points), 0),
                    )
                )
            )
    return Table(
        "table-authority-curve",
        "Every subset of the covariates: odds ratios by judgement",
        (
            Column("Judgement", share=2.4),
            Column("Models", numeric=True, share=0.8),
            Column("Middle odds ratio", numeric=True),
            Column("Smallest to largest", numeric=True, share=1.5),
            Column("Below 1", numeric=True, share=0.8),
            Column("Interval below 1", numeric=True),
        ),
        tuple(laid),
        note=source,
        stacked=True,
    )


def authority_curve(
    folder: StudyFolder, outcomes: Mapping[str, str], terms: Mapping[str, str], source: str
) -> tuple[Block, ...]:
    """Return the specification curve of table 4, in words, as a chart and as a table.

    Parameters
    ----------
    folder : StudyFolder
        With the table ``table4_curve``.
    outcomes, terms : mapping of str to str
        Judgements and covariates in a reader's words.
    source : str
        Where the numbers come from.
    """
    rows = folder.rows("table4_curve")
    used = {name for row in rows for name in row.get("covariates", "").split()}
    names = in_order(sorted(used), tuple(terms))
    points = _points([row for row in rows if row.get("exposure") == "profit"], names, outcomes)
    if not points:
        return ()
    below = sum(point.estimate < 1 for point in points)
    clear = sum(point.high < 1 for point in points)
    judged = in_order((point.choices[0] for point in points), tuple(outcomes.values()))
    kinds = (
        CurveKind("Judgement", tuple(judged)),
        *(CurveKind(terms.get(name, name.capitalize()), (_IN,)) for name in names),
    )
    words = (
        f"With every subset of the {len(names)} covariates, {count(len(points))} models in all, the odds "
        f"ratio of the for-profit share is below 1 in {count(below)} and its whole interval in "
        f"{count(clear)} ({percent(clear / len(points), 0)}). These models have neither scale nor nominal "
        "terms."
    )
    figure = Figure(
        key="figure-authority-curve",
        title=f"For-profit share: odds ratio below 1 in {count(below)} of {count(len(points))} models",
        description=(
            "Specification curve. Above, the odds ratio of each model with its 95% interval, from the "
            "smallest to the largest, with a line at 1. Below, a mark under each model that has the "
            "judgement or the covariate."
        ),
        chart=Curve(points, kinds, "Odds ratio per percentage point (logarithmic scale)"),
        table=_by_outcome(rows, names, outcomes, source),
        source=f"Filled marker: the interval leaves 1 out; hollow: it holds 1. {source}",
    )
    return (Paragraph(words), figure)


def authority_tests(
    folder: StudyFolder, outcomes: Mapping[str, str], terms: Mapping[str, str]
) -> Table | None:
    """Return the tests of scale and nominal effects of table 4's terms."""
    source = [row for row in folder.rows("table4_tests") if number(row.get("p_value")) is not None]
    kinds = {"nominal": "Acts alike at every threshold", "scale": "Leaves the spread of grades alone"}
    rows: list[Row] = []
    for outcome in in_order((row.get("outcome", "") for row in source), tuple(outcomes)):
        rows.append(Row((outcomes.get(outcome, outcome),), "group"))
        for row in (row for row in source if row.get("outcome") == outcome):
            converged = row.get("convergence", "").startswith("CONVERGED")
            rows.append(
                Row(
                    (
                        kinds.get(row.get("test", ""), row.get("test", "")),
                        terms.get(row.get("term", ""), row.get("term", "").capitalize()),
                        decimal(number(row.get("statistic")), 1),
                        decimal(number(row.get("df")), 0),
                        f"{p_value(number(row.get('p_value')))}{'' if converged else ' *'}",
                    )
                )
            )
    if not rows:
        return None
    return Table(
        "table-authority-tests",
        "Tests behind table 4: which terms need a scale or a nominal effect",
        (
            Column("What is tested", share=2.2),
            Column("Of", share=2.2),
            Column("Chi-squared", numeric=True),
            Column("Degrees of freedom", numeric=True),
            Column("p", numeric=True, share=0.8),
        ),
        tuple(rows),
        note="Likelihood-ratio tests, one term at a time. A star: the wider model did not settle.",
        folded=True,
        stacked=True,
    )
