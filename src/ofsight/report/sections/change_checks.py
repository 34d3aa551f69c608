"""What a sceptic asks of a change over the pause: the question put to other inspections, and plain counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ofsight.report.charts.model import Forest, ForestGroup, ForestRow
from ofsight.report.document import Block, Bullets, Column, Figure, Paragraph, Row, Section, Span, Table, Text
from ofsight.report.folder import StudyFolder, number
from ofsight.report.sections.probabilities import SERIES
from ofsight.report.sections.sources import source_line
from ofsight.report.wording import (
    capital,
    count,
    decimal,
    domain_label,
    in_order,
    interval,
    joined,
    of_hundred,
    p_value,
    percent,
    ratio,
    ratio_with_interval,
    sector_label,
)
from ofsight.vocabulary import Domain, Sector

__all__ = ["Change", "main_change", "change_checks_section", "read_changes", "say_firmness"]

_DOMAINS = (Domain.OVERALL.value, Domain.LEADERSHIP.value, Domain.PROTECTION.value)
_WHOLE = "every inspection"
_UNCLEAR = "A change that is not clear may still be there: there are few inspections after the pause."
_CLEAR = (
    "Why the gap moved, these data do not say: inspectors’ practice, staff, the children placed and the "
    "choice of homes to inspect first after the pause may all have changed unlike in the sectors. A gap that "
    "is no longer clear is not a gap that is known to be gone."
)
_BEFORE, _AFTER = "before the pause", "after the pause"


@dataclass(frozen=True, slots=True)
class Change:
    """A sector's odds ratio before and after the pause in one check, and the factor between the two."""

    check: str
    asks: str
    outcome: str
    sector: str
    before: tuple[float | None, float | None, float | None]
    after: tuple[float | None, float | None, float | None]
    factor: float | None
    low: float | None
    high: float | None
    p_value: float | None
    n: float | None
    n_homes: float | None

    @property
    def way(self) -> str:
        """``higher`` or ``lower`` since the pause where the interval leaves 1 out, else ``unclear``."""
        if self.low is not None and self.low > 1:
            return "higher"
        return "lower" if self.high is not None and self.high < 1 else "unclear"


def _three(row: Mapping[str, str], name: str) -> tuple[float | None, float | None, float | None]:
    return number(row.get(name)), number(row.get(f"{name}_low")), number(row.get(f"{name}_high"))


def read_changes(folder: StudyFolder) -> list[Change]:
    """Return every check of the study, in its order."""
    return [
        Change(
            check=row.get("check", ""),
            asks=row.get("asks", ""),
            outcome=row.get("outcome", ""),
            sector=row.get("term", "").removeprefix("sector:"),
            before=_three(row, "before"),
            after=_three(row, "after"),
            factor=number(row.get("factor")),
            low=number(row.get("factor_low")),
            high=number(row.get("factor_high")),
            p_value=number(row.get("p_value")),
            n=number(row.get("n")),
            n_homes=number(row.get("n_homes")),
        )
        for row in folder.rows("change_checks")
    ]


def main_change(changes: Sequence[Change]) -> list[Change]:
    """Return what the checks say of for-profit homes overall: the first is the comparison itself."""
    return [c for c in changes if (c.outcome, c.sector) == (Domain.OVERALL.value, Sector.PRIVATE.key)]


def _factor(change: Change) -> str:
    return ratio_with_interval(change.factor, change.low, change.high)


def _say_checks(changes: Sequence[Change]) -> Text:
    """Say in how many checks the change is clear, and name those in which it is not."""
    whole = next((c for c in changes if c.check == _WHOLE), None)
    if whole is None:
        return ""
    others = [c for c in changes if c is not whole]
    first = (
        f"Over every inspection the overall odds ratio of for-profit homes is "
        f"{ratio_with_interval(*whole.before)} before the pause and {ratio_with_interval(*whole.after)} "
        f"after it, {ratio(whole.factor)} times as high ({interval(whole.low, whole.high)})."
    )
    if whole.way == "unclear":
        agree = [c.check for c in others if c.way != "unclear"]
        if not agree:
            return f"{first} That is no clear change, and none of {count(len(others))} checks shows one."
        listed = joined(f"“{name}”" for name in agree)
        return (
            f"{first} That is no clear change. Of {count(len(others))} checks only {listed} would show one."
        )
    same = [c for c in others if c.way == whole.way]
    unlike = [c for c in others if c.way != whole.way]
    said = f" The change is as clear in {count(len(same))} of {count(len(others))} further checks."
    if unlike:
        listed = "; ".join(
            f"“{c.check}”: {ratio_with_interval(*c.before)} before, {ratio_with_interval(*c.after)} after, "
            f"{_factor(c)} times"
            for c in unlike
        )
        said += f" It is not in {count(len(unlike))}: {listed}."
    return (Span(first, strong=True), f"{said} {_say_after(changes)}".rstrip())


def _say_after(changes: Sequence[Change]) -> str:
    """Say between what the odds ratios after the pause lie, and in how many checks they are clear of 1."""
    found = [c.after for c in changes]
    values = [value for value, _, _ in found if value is not None]
    holding = sum(low is not None and high is not None and low <= 1 <= high for _, low, high in found)
    if not values:
        return ""
    return (
        f"After the pause the odds ratio is between {ratio(min(values))} and {ratio(max(values))} in all "
        f"{count(len(found))} comparisons; its interval holds 1 in {count(holding)} of them."
    )


def say_firmness(folder: StudyFolder) -> Text:
    """Say in one line how firm a change is; empty where the study made no checks or shows no change."""
    changes = main_change(read_changes(folder))
    whole = next((c for c in changes if c.check == _WHOLE), None)
    if whole is None or whole.way == "unclear":
        return ""
    others = [c for c in changes if c is not whole]
    unlike = [f"“{c.check}”" for c in others if c.way != whole.way]
    but = f", but not in {joined(unlike)}" if unlike else ""
    return (
        f"How firm that is: the change is as clear in {count(len(others) - len(unlike))} of "
        f"{count(len(others))} checks{but}; these data do not say why it came. See ",
        Span("Is the change real?", link="#change-checks"),
    )


def _figure(folder: StudyFolder, changes: Sequence[Change], every: Sequence[Change]) -> Figure:
    rows = tuple(
        ForestRow(
            capital(c.check), c.factor, c.low, c.high, SERIES[Sector.PRIVATE.key], hollow=c.check != _WHOLE
        )
        for c in changes
    )
    clear = sum(c.way == "higher" for c in changes)
    return Figure(
        key="figure-change-checks",
        title=(
            f"For-profit homes, overall: the odds ratio after the pause over that before it; clearly above 1 "
            f"in {count(clear)} of {count(len(changes))} comparisons"
        ),
        description=(
            "Forest plot. Each row is one comparison: a marker for the odds ratio of for-profit homes after "
            "the pause divided by that before it, and a bar for its 95% interval, on a logarithmic axis with "
            "a line at 1, no change. All values are in the table below."
        ),
        chart=Forest(
            (ForestGroup("Overall, for-profit against local authority homes", rows),),
            "Odds ratio after the pause divided by that before it (logarithmic scale); 1 means no change",
            "lower since",
            "higher since",
        ),
        table=_table(every),
        source=(
            "Filled marker: the comparison itself; hollow: the checks. Bars are 95% intervals, clustered by "
            f"home. {source_line(folder)}"
        ),
    )


def _table(changes: Sequence[Change]) -> Table:
    rows: list[Row] = []
    for outcome in in_order((c.outcome for c in changes), _DOMAINS):
        for sector in in_order((c.sector for c in changes), tuple(SERIES)):
            mine = [c for c in changes if (c.outcome, c.sector) == (outcome, sector)]
            if mine:
                rows.append(Row((f"{domain_label(outcome)}, {sector_label(sector).lower()}",), "group"))
            rows.extend(
                Row(
                    (
                        capital(c.check),
                        count(c.n),
                        ratio_with_interval(*c.before),
                        ratio_with_interval(*c.after),
                        _factor(c),
                        p_value(c.p_value),
                    )
                )
                for c in mine
            )
    return Table(
        "table-change-checks",
        "Odds ratios against local authority homes before and after the pause, in each check",
        (
            Column("Check", share=1.9),
            Column("Inspections", numeric=True, share=0.9),
            Column("Before", numeric=True, share=1.5),
            Column("After", numeric=True, share=1.5),
            Column("After over before", numeric=True, share=1.5),
            Column("p", numeric=True, share=0.6),
        ),
        tuple(rows),
        note="Intervals are 95%, clustered by home; p is of no change. No correction for how many there are.",
        folded=True,
        stacked=True,
    )


def _asked(changes: Sequence[Change]) -> Bullets:
    return Bullets(
        tuple((Span(f"{capital(c.check)}. ", strong=True), c.asks) for c in changes if c.check != _WHOLE)
    )


def _shares(folder: StudyFolder) -> Table | None:
    source = [row for row in folder.rows("change_shares") if row.get("outcome") == Domain.OVERALL.value]
    rows: list[Row] = []
    for check in dict.fromkeys(row.get("check", "") for row in source):
        rows.append(Row((capital(check),), "group"))
        mine = [row for row in source if row.get("check") == check]
        for sector in Sector:
            by_part = {row.get("part", ""): row for row in mine if row.get("sector") == sector.value}
            if _BEFORE not in by_part or _AFTER not in by_part:
                continue
            before, after = by_part[_BEFORE], by_part[_AFTER]
            cells = [
                percent(number(row.get(name)))
                for name in ("share_below_good", "share_outstanding")
                for row in (before, after)
            ]
            sizes = " and ".join(count(number(row.get("n"))) for row in (before, after))
            rows.append(Row((sector.label, sizes, *cells)))
    if not rows:
        return None
    return Table(
        "table-change-shares",
        "Overall grades before and after the pause, as counted, without a model",
        (
            Column("Sector", share=1.3),
            Column("Inspections before and after", numeric=True, share=1.5),
            Column("Below Good, before", numeric=True),
            Column("Below Good, after", numeric=True),
            Column("Outstanding, before", numeric=True),
            Column("Outstanding, after", numeric=True),
        ),
        tuple(rows),
        stacked=True,
    )


def _say_shares(folder: StudyFolder) -> str:
    """Say what became of the share below Good in the same homes, without a model."""
    share = {
        (row.get("sector"), row.get("part")): value
        for row in folder.rows("change_shares")
        if (row.get("check"), row.get("outcome")) == ("the same homes", Domain.OVERALL.value)
        and (value := number(row.get("share_below_good"))) is not None
    }
    said = []
    for sector in (Sector.LOCAL_AUTHORITY, Sector.PRIVATE):
        before, after = share.get((sector.value, _BEFORE)), share.get((sector.value, _AFTER))
        if before is None or after is None:
            return ""
        said.append(
            f"{of_hundred(before)} of 100 inspections of {sector.label.lower()} homes ended below Good "
            f"before the pause and {of_hundred(after)} after it"
        )
    return f"As counted, in homes inspected on both sides of it: {'; '.join(said)}."


def _within(folder: StudyFolder) -> Table | None:
    rows = [
        Row(
            (
                f"{domain_label(row.get('outcome', ''), short=True)}: {row.get('measure', '')}",
                sector_label(row.get("term", "").removeprefix("sector:")),
                f"{_signed(number(row.get('points')))} "
                f"({_signed(number(row.get('low')))} to {_signed(number(row.get('high')))})",
                p_value(number(row.get("p_value"))),
            )
        )
        for row in folder.rows("change_within_homes")
    ]
    if not rows:
        return None
    first = folder.rows("change_within_homes")[0]
    return Table(
        "table-change-within",
        "Each home compared with itself: how the share moved over the pause, against local authority homes",
        (
            Column("Share of inspections", share=2.4),
            Column("Sector", share=1.2),
            Column("Percentage points (95% interval)", numeric=True, share=1.8),
            Column("p", numeric=True, share=0.6),
        ),
        tuple(rows),
        note=(
            f"{count(number(first.get('n')))} inspections of {count(number(first.get('n_homes')))} homes "
            "inspected on both sides of the pause. A linear model with an effect of its own for each home "
            "and each calendar year; errors clustered by home."
        ),
        folded=True,
        stacked=True,
    )


def _signed(value: float | None) -> str:
    return f"{'+' if value is not None and value > 0 else ''}{decimal(value, 1)}"


def change_checks_section(folder: StudyFolder) -> Section | None:
    """Return the part on what else could explain a change; None when the study made no checks."""
    every = read_changes(folder)
    changes = main_change(every)
    if not changes:
        return None
    blocks: list[Block] = [Paragraph(_say_checks(changes))]
    shares = _say_shares(folder)
    if shares:
        blocks.append(Paragraph(shares))
    blocks.append(Paragraph(_UNCLEAR if changes[0].way == "unclear" else _CLEAR))
    blocks.append(_figure(folder, changes, every))
    blocks.append(_asked(changes))
    blocks.extend(table for table in (_shares(folder), _within(folder)) if table is not None)
    return Section("change-checks", "Is the change real? What a sceptic would ask", tuple(blocks))
