"""The panel of 2023: whether placements moved with the for-profit share, authority by authority."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from ofsight.report.document import Block, Column, Paragraph, Row, Section, Table
from ofsight.report.folder import StudyFolder, number
from ofsight.report.sections.summary import caution_note
from ofsight.report.wording import capital, count, decimal, joined, p_value

__all__ = ["ITEM", "placements_section", "say_years"]

ITEM = "placements"
_OUTCOMES: Mapping[str, str] = {
    "outside": "placed outside the local authority",
    "moved": "not in one placement for two years",
    "thrice": "with three or more placements in the year",
    "far": "placed more than 20 miles from home",
}
_EXPOSURES: Mapping[str, str] = {"profit": "for-profit", "third": "third-sector"}
_COVARIATES: Mapping[str, str] = {"white": "% white", "female": "% girls", "n": "number of children"}


def say_years(years: Sequence[int]) -> str:
    """Return years as spans: ``2011 to 2017, 2020 to 2022``.

    >>> say_years([2011, 2012, 2013, 2020])
    '2011 to 2013, 2020'
    """
    spans = []
    for _, group in groupby(enumerate(sorted(set(years))), key=lambda pair: pair[1] - pair[0]):
        run = [year for _, year in group]
        spans.append(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}")
    return ", ".join(spans)


def _years(row: Mapping[str, str]) -> str:
    years = [int(year) for year in row.get("years", "").split() if year.isdigit()]
    if years:
        return say_years(years)
    ends = [row.get(name, "") for name in ("from", "to")]
    return f"{ends[0]} to {ends[1]}" if all(ends) else "–"


def _signed(value: float | None) -> str:
    return f"{'+' if value is not None and value > 0 else ''}{decimal(value, 2)}"


def _value(row: Mapping[str, str]) -> str:
    estimate, low, high = (number(row.get(key)) for key in ("estimate", "ci_low", "ci_high"))
    if low is None or high is None:
        return _signed(estimate)
    return f"{_signed(estimate)} ({_signed(low)} to {_signed(high)})"


def _adjusted(row: Mapping[str, str]) -> str:
    names = row.get("covariates", "").split()
    return ", ".join(_COVARIATES.get(name, name) for name in names) or "nothing else"


def _table(rows: Sequence[Mapping[str, str]]) -> Table:
    laid: list[Row] = []
    for outcome in dict.fromkeys(row.get("outcome", "") for row in rows):
        laid.append(Row((f"Children {_OUTCOMES.get(outcome, outcome)}, %",), "group"))
        laid.extend(
            Row(
                (
                    f"{capital(_EXPOSURES.get(row.get('term', ''), row.get('term', '')))} share",
                    _adjusted(row),
                    _value(row),
                    p_value(number(row.get("p_value"))),
                    f"{count(number(row.get('n')))} ({count(number(row.get('n_groups')))} authorities)",
                    _years(row),
                )
            )
            for row in rows
            if row.get("outcome") == outcome
        )
    return Table(
        "table-placements",
        "Percentage points that go with one percentage point more of placements in a sector",
        (
            Column("Exposure", share=1.3),
            Column("Held constant", share=1.4),
            Column("Points (95% interval)", numeric=True, share=1.8),
            Column("p", numeric=True, share=0.6),
            Column("Observations", numeric=True, share=1.5),
            Column("Years in the panel", share=1.5),
        ),
        tuple(laid),
        note=(
            "Two-way fixed effects: one for each authority and one for each year, errors clustered by "
            "authority. Years by their 31 March. A year is missing where no release in the dataset gives the "
            "share by provider, or the outcome, for single authorities; suppressed cells are left out, never "
            "filled."
        ),
        stacked=True,
    )


def _say(row: Mapping[str, str]) -> str:
    estimate, low, high = (number(row.get(key)) for key in ("estimate", "ci_low", "ci_high"))
    outcome = _OUTCOMES.get(row.get("outcome", ""), row.get("outcome", ""))
    if estimate is None or low is None or high is None:
        return ""
    n = count(number(row.get("n_groups")))
    size = (
        f"{_signed(estimate)} points for each point, 95% interval {_signed(low)} to {_signed(high)}; "
        f"{_years(row)}; {n} authorities"
    )
    if low <= 0 <= high:
        return f"For children {outcome} no clear link with the for-profit share was found ({size})."
    way = "larger" if estimate > 0 else "smaller"
    return f"In years when an authority’s for-profit share was larger, a {way} share was {outcome} ({size})."


def placements_section(folder: StudyFolder) -> Section | None:
    """Return the section on the panel of placements; None when the study did not fit it."""
    rows = folder.rows(ITEM)
    if not rows:
        return None
    main = [row for row in rows if row.get("model") == "unadjusted" and row.get("term") == "profit"]
    blocks: list[Block] = [
        Paragraph(
            "Here each local authority is compared with itself over the years, and each year with itself "
            "over all authorities: what is peculiar to an authority, or happened everywhere in a year, drops "
            "out. The question is whether more children are placed far away, or moved more often, when more "
            "are placed with for-profit providers."
        )
    ]
    blocks += [Paragraph(said) for row in main if (said := _say(row))]
    short = [row for row in main if len(row.get("years", "").split()) in range(1, 5)]
    if short:
        named = joined(dict.fromkeys(f"“{_OUTCOMES.get(row['outcome'], row['outcome'])}”" for row in short))
        blocks.append(
            Paragraph(
                f"For {named} the panel has {len(short[0]['years'].split())} years only: with so few, a link "
                "that is there can easily stay hidden."
            )
        )
    blocks += [_table(rows), caution_note(folder)]
    return Section("placements", "Where children are placed, and whether they stay", tuple(blocks))
