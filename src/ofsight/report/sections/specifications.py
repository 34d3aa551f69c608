"""The specification curve: how much the finding depends on the choices of whoever fits the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ofsight.report.charts.curve import shown_points
from ofsight.report.charts.draw import WIDE
from ofsight.report.charts.model import Curve, CurveKind, CurvePoint
from ofsight.report.document import Block, Column, Figure, Paragraph, Row, Section, Span, Table
from ofsight.report.folder import StudyFolder, number
from ofsight.report.sections.probabilities import SERIES
from ofsight.report.sections.sources import source_line
from ofsight.report.sections.summary import caution_note
from ofsight.report.wording import (
    capital,
    count,
    domain_label,
    in_order,
    interval,
    percent,
    ratio,
    sector_label,
    share,
)
from ofsight.study.specification_space import AGES, CHAINS, PLACES, SAMPLES
from ofsight.vocabulary import Domain, Sector

__all__ = ["specifications_section"]

_DOMAINS = (Domain.OVERALL.value, Domain.LEADERSHIP.value, Domain.PROTECTION.value)
_CODINGS: Mapping[str, str] = {
    "requires improvement": "As requires improvement",
    "missing": "Left out",
}
_CLUSTERINGS: Mapping[str, str] = {"random intercept": "One effect per home", "none": "No effects of homes"}
_COVARIATES: Mapping[str, str] = {
    "age_months_paper": "To 1 June 2021",
    "age_months": "At the inspection",
    "chain_size": "As a number",
    "log_chain_size": "As a logarithm",
    "places": "As a number",
    "log_places": "As a logarithm",
    "region": "In the model",
}
_KINDS = (
    "Judgement",
    "Sample",
    "The old grade Adequate",
    "Age of the home",
    "Size of the chain",
    "Places",
    "Region",
    "Homes",
)
_SHORT_DOMAINS = {"overall": "Overall", "leadership": "Leadership", "protection": "Protection"}
_NOT_IN = "Not in the model"


@dataclass(frozen=True, slots=True)
class _One:
    """A specification's odds ratio for one sector."""

    estimate: float
    low: float
    high: float
    choices: tuple[str, ...]
    n: int | None


def _covariate(names: Sequence[str], group: Sequence[str | None]) -> str:
    found = next((name for name in names if name in group), None)
    return _NOT_IN if found is None else _COVARIATES.get(found, found)


def _choices(row: Mapping[str, str]) -> tuple[str, ...]:
    names = row.get("covariates", "").split()
    outcome = row.get("outcome", "")
    return (
        _SHORT_DOMAINS.get(outcome, domain_label(outcome)),
        capital(row.get("sample", "")),
        _CODINGS.get(row.get("coding", ""), row.get("coding", "")),
        _covariate(names, AGES),
        _covariate(names, CHAINS),
        _covariate(names, PLACES),
        _covariate(names, ("region",)),
        _CLUSTERINGS.get(row.get("clustering", ""), row.get("clustering", "")),
    )


def _read(folder: StudyFolder, sector: str) -> list[_One]:
    """Return the curve of a sector, with intervals clustered by home, from the smallest odds ratio up."""
    found = []
    for row in folder.rows("specifications"):
        if row.get("term") != f"sector:{sector}" or row.get("variance") != "cluster":
            continue
        values = [number(row.get(key)) for key in ("odds_ratio", "ci_low", "ci_high")]
        estimate, low, high = values
        if estimate is not None and low is not None and high is not None and low > 0:
            n = number(row.get("n"))
            found.append(_One(estimate, low, high, _choices(row), None if n is None else round(n)))
    return sorted(found, key=lambda one: (one.estimate, one.low, one.choices))


def _kinds(curve: Sequence[_One]) -> tuple[CurveKind, ...]:
    known = (
        tuple(_SHORT_DOMAINS[d] for d in _DOMAINS),
        tuple(capital(name) for name in SAMPLES),
        tuple(_CODINGS.values()),
        *((_NOT_IN, *(_COVARIATES[n] for n in group if n)) for group in (AGES, CHAINS, PLACES, ("region",))),
        tuple(_CLUSTERINGS.values()),
    )
    kinds = []
    for place, title in enumerate(_KINDS):
        choices = in_order((one.choices[place] for one in curve), known[place])
        kinds.append(CurveKind(title, tuple(choices)))
    return tuple(kinds)


def _below(curve: Sequence[_One]) -> int:
    return sum(one.estimate < 1 for one in curve)


def _clear(curve: Sequence[_One]) -> int:
    return sum(one.high < 1 for one in curve)


def _percentile(curve: Sequence[_One], part: float) -> float:
    """Return an odds ratio of the sorted curve, so much of the way along."""
    return curve[round(part * (len(curve) - 1))].estimate


def _of(part: int, whole: int) -> str:
    """Return ``all 60 models``, ``none of 60 models`` or ``45 of 60 models (75%)``."""
    if part in (0, whole):
        return f"{'all' if part else 'none of'} {count(whole)} models"
    near_all = not 0.005 <= part / whole < 0.995
    return f"{count(part)} of {count(whole)} models ({percent(part / whole, 1 if near_all else 0)})"


def _say(curve: Sequence[_One], sector: str) -> str:
    above = sum(one.low > 1 for one in curve)
    return (
        f"{sector_label(sector)} homes: the odds ratio is below 1, lower grades than local authority homes "
        f"get, in {_of(_below(curve), len(curve))}. The whole interval is below 1 in "
        f"{_of(_clear(curve), len(curve))} and above 1 in {_of(above, len(curve))}. The middle odds ratio is "
        f"{ratio(median(one.estimate for one in curve))}; nine in ten lie from "
        f"{ratio(_percentile(curve, 0.05))} to {ratio(_percentile(curve, 0.95))}, all from "
        f"{ratio(curve[0].estimate)} to {ratio(curve[-1].estimate)}."
    )


def _say_what_matters(curve: Sequence[_One], kinds: Sequence[CurveKind]) -> str:
    """Say which kinds of choice move the middle odds ratio most and least."""
    moves = []
    for place, kind in enumerate(kinds):
        middle = {
            choice: median(one.estimate for one in curve if one.choices[place] == choice)
            for choice in kind.choices
        }
        if len(middle) > 1:
            low, high = min(middle, key=lambda c: middle[c]), max(middle, key=lambda c: middle[c])
            moves.append((middle[high] / middle[low], kind.title, low, middle[low], high, middle[high]))
    if not moves:
        return ""
    moves.sort(key=lambda move: (-move[0], move[1]))
    first, last = moves[0], moves[-1]
    return (
        f"What moves it most is the choice “{first[1]}”: the middle odds ratio is {ratio(first[3])} with "
        f"“{first[2]}” and {ratio(first[5])} with “{first[4]}”. What moves it least is “{last[1]}” "
        f"({ratio(last[3])} to {ratio(last[5])})."
    )


def _by_choice(curve: Sequence[_One], kinds: Sequence[CurveKind], sector: str) -> Table:
    def cells(mine: Sequence[_One]) -> tuple[str, ...]:
        return (
            count(len(mine)),
            ratio(median(one.estimate for one in mine)),
            interval(mine[0].estimate, mine[-1].estimate),
            share(_below(mine), len(mine)),
            share(_clear(mine), len(mine)),
        )

    rows = [Row(("All models", *cells(curve)), "total")]
    for place, kind in enumerate(kinds):
        rows.append(Row((kind.title,), "group"))
        for choice in kind.choices:
            mine = [one for one in curve if one.choices[place] == choice]
            rows.append(Row((choice, *cells(mine))))
    return Table(
        f"table-specifications-{sector}",
        f"{sector_label(sector)} against local authority homes, by choice",
        (
            Column("Choice", share=2.4),
            Column("Models", numeric=True, share=0.8),
            Column("Middle odds ratio", numeric=True),
            Column("Smallest to largest", numeric=True, share=1.4),
            Column("Below 1", numeric=True, share=0.9),
            Column("Interval below 1", numeric=True),
        ),
        tuple(rows),
        note=(
            "Intervals are 95%, clustered by home. With one effect per home an odds ratio is of one home, "
            "without it is over all homes and nearer to 1 by its nature. Samples: "
            f"{'; '.join(f'{name}: {words}' for name, words in _samples(curve).items())}."
        ),
        folded=True,
        stacked=True,
    )


def _samples(curve: Sequence[_One]) -> dict[str, str]:
    used = {one.choices[1] for one in curve}
    return {name: words for name, words in SAMPLES.items() if capital(name) in used}


def _title(curve: Sequence[_One], sector: str) -> str:
    below, clear = _of(_below(curve), len(curve)), _of(_clear(curve), len(curve))
    said = f"{sector_label(sector)} homes: odds ratio below 1 in {below}"
    return f"{said}, and its whole interval" if below == clear else f"{said}, its whole interval in {clear}"


def _figure(folder: StudyFolder, curve: Sequence[_One], kinds: tuple[CurveKind, ...], sector: str) -> Figure:
    points = tuple(CurvePoint(one.estimate, one.low, one.high, one.choices) for one in curve)
    chart = Curve(points, kinds, "Odds ratio of a better grade (logarithmic scale)", SERIES[sector])
    drawn = len(shown_points(chart, WIDE - 250.0))
    part = (
        f"Of {count(len(curve))} models a part is drawn, evenly spread over their order. "
        if drawn < len(curve)
        else ""
    )
    return Figure(
        key="figure-specifications",
        title=_title(curve, sector),
        description=(
            "Specification curve. Above, the odds ratio of each model with its 95% interval, from the "
            "smallest to the largest, with a line at 1. Below, one row per choice, with a mark under each "
            "model that made it. The table below gives the same by choice."
        ),
        chart=chart,
        table=_by_choice(curve, kinds, sector),
        source=(
            f"{part}Filled marker: the interval leaves 1 out; hollow: it holds 1. Intervals are 95%, "
            f"clustered by home. {source_line(folder)}"
        ),
    )


def _scope(folder: StudyFolder) -> Paragraph:
    row = next(iter(folder.rows("specifications_scope")), {})
    n, possible = number(row.get("n")), number(row.get("n_possible"))
    ways = (
        "A model of homes can be set up in many ways that a careful person could defend: which judgement, "
        "which inspections, what “Adequate” counts as, which covariates and in which form, and how "
        "inspections of one home are tied. "
    )
    if n is None or possible is None:
        return Paragraph(ways)
    if n >= possible:
        return Paragraph(f"{ways}Here are all {count(possible)} of them.")
    return Paragraph(
        (
            f"{ways}They make {count(possible)} models. Here are {count(n)} of them, chosen so that every "
            "choice comes up about equally often, the same ones every time. ",
            Span("ofsight specifications", code=True),
            " fits them all, and ",
            Span("ofsight report --specifications", code=True),
            " shows them here.",
        )
    )


def specifications_section(folder: StudyFolder) -> Section | None:
    """Return the section on the specification curve; None when the study has none."""
    curve = _read(folder, Sector.PRIVATE.key)
    if not curve:
        return None
    kinds = _kinds(curve)
    blocks: list[Block] = [_scope(folder), Paragraph(_say(curve, Sector.PRIVATE.key))]
    matters = _say_what_matters(curve, kinds)
    if matters:
        blocks.append(Paragraph(matters))
    blocks.append(_figure(folder, curve, kinds, Sector.PRIVATE.key))
    other = _read(folder, Sector.VOLUNTARY.key)
    if other:
        blocks.append(Paragraph(_say(other, Sector.VOLUNTARY.key)))
        blocks.append(_by_choice(other, _kinds(other), Sector.VOLUNTARY.key))
    blocks.append(Paragraph(("Every model is in ", Span("specifications.csv", code=True), "."), "small"))
    blocks.append(caution_note(folder))
    return Section("specifications", "How much depends on the choices?", tuple(blocks))
