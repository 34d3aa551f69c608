"""How the gap moves: by year, over the pause of 2020, and from first inspections to later ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ofsight.report.charts.model import (
    Forest,
    ForestGroup,
    ForestRow,
    RatioChart,
    RatioPanel,
    RatioPoint,
    RatioSeries,
)
from ofsight.report.document import Block, Column, Figure, Paragraph, Row, Section, Table
from ofsight.report.folder import Estimate, StudyFolder, number
from ofsight.report.sections.change_checks import change_checks_section
from ofsight.report.sections.probabilities import SERIES
from ofsight.report.sections.sources import source_line
from ofsight.report.sections.summary import caution_note
from ofsight.report.wording import (
    capital,
    decimal,
    domain_label,
    in_order,
    interval,
    p_value,
    ratio,
    ratio_with_interval,
    sector_label,
)
from ofsight.vocabulary import Domain, Sector

__all__ = ["ITEMS", "change_section"]

ITEMS: Mapping[str, str] = {
    "gap_by_year": "by year",
    "gap_pause": "before and after the pause",
    "gap_visit": "at first and later inspections",
}
"""The questions that the study may answer, and how they are called."""

_DOMAINS = (Domain.OVERALL.value, Domain.LEADERSHIP.value, Domain.PROTECTION.value)
_AXIS = "Odds ratio of a better grade (logarithmic scale); 1 means the same as local authority homes"
_PARTS = ("before the pause", "after the pause", "first", "later")


def _parts(estimate: Estimate) -> tuple[str, str]:
    """Split ``sector:private/2016`` into sector and part."""
    sector, _, part = estimate.term.removeprefix("sector:").partition("/")
    return sector, part


def _of(folder: StudyFolder, item: str) -> list[Estimate]:
    return [e for e in folder.of(item) if e.term.startswith("sector:") and "/" in e.term]


def _shown(estimates: Sequence[Estimate]) -> list[Estimate]:
    """Return what is drawn: the first model, with its own errors."""
    model = in_order((e.model for e in estimates), ("unadjusted",))[0]
    return [e for e in estimates if e.model == model and e.variance != "cluster"]


def _table(item: str, estimates: Sequence[Estimate]) -> Table:
    models = in_order((e.model for e in estimates), ("unadjusted",))
    parts = in_order((_parts(e)[1] for e in estimates), _PARTS)
    found = {(e.model, e.outcome, *_parts(e)): e for e in estimates if e.variance != "cluster"}
    rows: list[Row] = []
    for outcome in in_order((e.outcome for e in estimates), _DOMAINS):
        for sector in in_order((_parts(e)[0] for e in estimates), tuple(SERIES)):
            rows.append(Row((f"{domain_label(outcome)}, {sector_label(sector).lower()}",), "group"))
            for part in parts if item != "gap_by_year" else sorted(parts):
                cells = [found.get((model, outcome, sector, part)) for model in models]
                if any(cells):
                    words = (
                        "–" if e is None else ratio_with_interval(e.estimate, e.ci_low, e.ci_high)
                        for e in cells
                    )
                    rows.append(Row((capital(part), *words)))
    return Table(
        f"table-{item.replace('_', '-')}",
        f"The gap {ITEMS[item]}: odds ratios against local authority homes with 95% intervals",
        (Column("Part", share=1.2), *(Column(capital(model), numeric=True, share=1.5) for model in models)),
        tuple(rows),
        note=(
            "The models allow for each home’s own standing; an odds ratio of raw counts usually lies nearer "
            "to 1. A dash: too few inspections of the sector, or of local authority homes, in that part."
        ),
        folded=True,
        stacked=True,
    )


def _by_year(folder: StudyFolder, estimates: list[Estimate]) -> Figure:
    shown = _shown(estimates)
    panels = []
    for outcome in in_order((e.outcome for e in shown), _DOMAINS):
        series = []
        for sector in in_order((_parts(e)[0] for e in shown), tuple(SERIES)):
            points = tuple(
                RatioPoint(int(year), e.estimate, e.ci_low, e.ci_high)
                for e in shown
                if e.outcome == outcome and _parts(e)[0] == sector and e.estimate is not None
                for year in (_parts(e)[1],)
                if year.isdigit()
            )
            if points:
                ordered = tuple(sorted(points, key=lambda point: point.year))
                series.append(RatioSeries(sector_label(sector), SERIES.get(sector, "four"), ordered))
        short = {"overall": "Overall", "protection": "Protection", "leadership": "Leadership"}
        panels.append(RatioPanel(short.get(outcome, domain_label(outcome)), tuple(series)))
    return Figure(
        key="figure-gap-by-year",
        title=_say_first_and_last(panels),
        description=(
            "One panel per domain. For each calendar year and sector a marker for the odds ratio of a better "
            "grade against local authority homes inspected in the same year, with its 95% interval, on a "
            "logarithmic axis with a line at 1. All values are in the table below."
        ),
        chart=RatioChart(
            tuple(panels),
            "Odds ratio of a better grade (logarithmic scale); 1 means the same as local authority homes",
        ),
        table=_table("gap_by_year", estimates),
        source=f"{capital(shown[0].model)} model. Bars are 95% intervals. {source_line(folder)}",
    )


def _say_first_and_last(panels: Sequence[RatioPanel]) -> str:
    """Say the first and the last year of the first line: for-profit homes overall."""
    series = panels[0].series if panels else ()
    if not series or len(series[0].points) < 2:
        return "The gap by year"
    first, last = series[0].points[0], series[0].points[-1]
    return (
        f"{panels[0].title}, {series[0].label.lower()} homes: odds ratio "
        f"{ratio_with_interval(first.estimate, first.low, first.high)} in {first.year}, "
        f"{ratio_with_interval(last.estimate, last.low, last.high)} in {last.year}"
    )


def _split(folder: StudyFolder, item: str, estimates: list[Estimate]) -> Figure:
    shown = _shown(estimates)
    groups = []
    for outcome in in_order((e.outcome for e in shown), _DOMAINS):
        rows = []
        for sector in in_order((_parts(e)[0] for e in shown), tuple(SERIES)):
            mine = {_parts(e)[1]: e for e in shown if e.outcome == outcome and _parts(e)[0] == sector}
            for place, part in enumerate(in_order(mine, _PARTS)):
                e = mine[part]
                label = f"{sector_label(sector)}, {part}{' inspections' if item == 'gap_visit' else ''}"
                series = SERIES.get(sector, "four")
                rows.append(ForestRow(label, e.estimate, e.ci_low, e.ci_high, series, hollow=place > 0))
        groups.append(ForestGroup(domain_label(outcome), tuple(rows)))
    return Figure(
        key=f"figure-{item.replace('_', '-')}",
        title=f"The gap {ITEMS[item]}",
        description=(
            "Forest plot, one group per domain. Each row is one sector in one part: a marker for the odds "
            "ratio of a better grade against local authority homes and a bar for its 95% interval. All "
            "values are in the table below."
        ),
        chart=Forest(
            tuple(groups),
            _AXIS,
            "lower grades",
            "higher grades",
        ),
        table=_table(item, estimates),
        source=f"{capital(shown[0].model)} model. Bars are 95% intervals. {source_line(folder)}",
    )


def _test_name(words: str) -> str:
    """Name a test in a reader's words: ``private`` is for-profit."""
    for sector in Sector:
        words = words.replace(f": {sector.key}", f": {sector.label.lower()}")
    return capital(words)


def _tests(folder: StudyFolder) -> Table | None:
    rows: list[Row] = []
    for item, words in ITEMS.items():
        mine = [row for row in folder.rows("gap_tests") if row.get("item") == item]
        for group in dict.fromkeys((row.get("model", ""), row.get("outcome", "")) for row in mine):
            rows.append(Row((f"The gap {words}: {domain_label(group[1], short=True)}, {group[0]}",), "group"))
            for row in mine:
                if (row.get("model", ""), row.get("outcome", "")) == group:
                    found = (number(row.get(key)) for key in ("estimate", "low", "high"))
                    estimate, low, high = found
                    value = "–" if estimate is None else f"{ratio(estimate, 3)} ({interval(low, high, 3)})"
                    rows.append(
                        Row(
                            (
                                _test_name(row.get("test", "")),
                                decimal(number(row.get("statistic")), 1),
                                decimal(number(row.get("df")), 0),
                                p_value(number(row.get("p_value"))),
                                value,
                            )
                        )
                    )
    if not rows:
        return None
    return Table(
        "table-gap-tests",
        "Is the gap the same in all parts? Tests",
        (
            Column("Test", share=2.8),
            Column("Chi-squared", numeric=True),
            Column("Degrees of freedom", numeric=True),
            Column("p", numeric=True, share=0.8),
            Column("Change in the odds ratio a year", numeric=True, share=1.8),
        ),
        tuple(rows),
        note="A small p speaks against one gap in all parts. No correction for the number of tests.",
        folded=True,
        stacked=True,
    )


def change_section(folder: StudyFolder) -> Section | None:
    """Return the section on change; None when the study does not ask for it."""
    found = {item: _of(folder, item) for item in ITEMS}
    if not any(found.values()):
        return None
    blocks: list[Block] = [
        Paragraph(
            "The same models with the gap split: each odds ratio compares a sector with local authority "
            "homes within one part of the sample, and can be read alone. A gap that is clear in one part and "
            "not in another need not have changed, as the other part may be small: the tests say if it did."
        )
    ]
    if found["gap_by_year"]:
        blocks.append(_by_year(folder, found["gap_by_year"]))
    blocks.extend(
        _split(folder, item, found[item]) for item in ITEMS if item != "gap_by_year" and found[item]
    )
    tests = _tests(folder)
    if tests is not None:
        blocks.append(tests)
    blocks.append(caution_note(folder))
    checks = change_checks_section(folder)
    return Section("change", "Is the gap changing?", tuple(blocks), (checks,) if checks is not None else ())
