"""The gaps between sectors: which way each goes, how sure that is, and what may be said of all of them.

The report's title comes from here. It is worked out from the estimates and never written down before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ofsight.report.folder import Estimate
from ofsight.report.wording import capital, domain_label, in_order, joined, sector_label
from ofsight.vocabulary import Domain, Sector

__all__ = [
    "Direction",
    "Gap",
    "finding",
    "find_gaps",
    "main_model",
    "models_of",
    "say_change",
    "say_directions",
    "split_gaps",
]

Direction = Literal["lower", "higher", "unclear"]
"""How a sector is judged against local authorities; unclear when an interval holds 1."""

_DOMAINS = tuple(domain.value for domain in (Domain.OVERALL, Domain.LEADERSHIP, Domain.PROTECTION))
_LEVEL = 0.05
_SECTORS = tuple(sector.key for sector in Sector)


@dataclass(frozen=True, slots=True)
class Gap:
    """One sector against local authorities in one domain and one model.

    Parameters
    ----------
    outcome, sector, model : str
        Which gap.
    estimate, low, high : float, optional
        Odds ratio of a better grade with its interval; with model-based errors where there are several.
    direction : {"lower", "higher", "unclear"}
        Lower or higher only when every interval that the study gives (model-based and clustered) lies on
        that side of 1.
    n, n_groups : int, optional
        Inspections and homes behind it.
    """

    outcome: str
    sector: str
    model: str
    estimate: float | None
    low: float | None
    high: float | None
    direction: Direction
    n: int | None
    n_groups: int | None


def _direction(estimates: Sequence[Estimate]) -> Direction:
    bounds = [(estimate.ci_low, estimate.ci_high) for estimate in estimates]
    if all(high is not None and high < 1 for _, high in bounds):
        return "lower"
    if all(low is not None and low > 1 for low, _ in bounds):
        return "higher"
    return "unclear"


def find_gaps(estimates: Sequence[Estimate]) -> tuple[Gap, ...]:
    """Return the gaps among estimates, by model, domain and sector; covariates are left out."""
    found: dict[tuple[str, str, str], list[Estimate]] = {}
    for estimate in estimates:
        if estimate.sector is not None:
            found.setdefault((estimate.model, estimate.outcome, estimate.sector), []).append(estimate)
    gaps = []
    for model in models_of(estimates):
        for outcome in in_order((key[1] for key in found if key[0] == model), _DOMAINS):
            for sector in in_order((key[2] for key in found if key[:2] == (model, outcome)), _SECTORS):
                several = found[model, outcome, sector]
                shown = next((one for one in several if one.variance in ("", "model")), several[0])
                gaps.append(
                    Gap(
                        outcome=outcome,
                        sector=sector,
                        model=model,
                        estimate=shown.estimate,
                        low=shown.ci_low,
                        high=shown.ci_high,
                        direction=_direction(several),
                        n=shown.n,
                        n_groups=shown.n_groups,
                    )
                )
    return tuple(gaps)


def models_of(estimates: Sequence[Estimate]) -> list[str]:
    """Return the models in which sectors are compared, the unadjusted one first."""
    return in_order((e.model for e in estimates if e.sector is not None), ("unadjusted",))


def main_model(gaps: Sequence[Gap]) -> str:
    """Return the model that the title speaks of: the unadjusted one, which is fitted to all inspections."""
    return gaps[0].model if gaps else ""


def split_gaps(estimates: Sequence[Estimate]) -> dict[str, tuple[Gap, ...]]:
    """Return the gaps of the main model in each part of a split sample: ``before the pause`` and after it.

    Parameters
    ----------
    estimates : sequence of Estimate
        Of one item whose terms name a part: ``sector:private/before the pause``.

    Returns
    -------
    dict
        Part to gaps, in the order of the parts.
    """
    by_part: dict[str, list[Estimate]] = {}
    for estimate in estimates:
        term, _, part = estimate.term.partition("/")
        if term.startswith("sector:") and part:
            by_part.setdefault(part, []).append(replace(estimate, term=term))
    parts = in_order(by_part, ("before the pause", "after the pause", "first", "later"))
    split = {}
    for part in parts:
        gaps = find_gaps(by_part[part])
        split[part] = tuple(gap for gap in gaps if gap.model == main_model(gaps))
    return split


def _clause(sector: str, direction: Direction, domains: Sequence[str]) -> str:
    who, where = sector_label(sector), joined(domain_label(domain, short=True) for domain in domains)
    if direction == "unclear":
        return f"no clear difference was found in {where}"
    return f"{who} homes were judged {direction} than local authority homes in {where}"


def say_directions(gaps: Sequence[Gap], sector: str) -> str:
    """Say in one sentence, without a full stop, which way a sector's gaps go.

    Parameters
    ----------
    gaps : sequence of Gap
        Gaps of one model.
    sector : str
        The sector's key.

    Returns
    -------
    str
        Empty when the sector is not among them.
    """
    mine = [gap for gap in gaps if gap.sector == sector]
    if not mine:
        return ""
    by_direction: dict[Direction, list[str]] = {}
    for gap in mine:
        by_direction.setdefault(gap.direction, []).append(gap.outcome)
    who = sector_label(sector)
    if len(by_direction) == 1:
        direction = next(iter(by_direction))
        if len(mine) == 1:
            where = f"in {domain_label(mine[0].outcome, short=True)}"
        elif direction == "unclear":
            where = "in any domain"
        else:
            where = "in every domain" if len(mine) > 2 else "in both domains"
        if direction == "unclear":
            return f"No clear difference between {who.lower()} and local authority homes {where}"
        return f"{who} homes were judged {direction} than local authority homes {where}"
    order: tuple[Direction, ...] = ("lower", "higher", "unclear")
    clauses = [_clause(sector, way, by_direction[way]) for way in order if way in by_direction]
    first, *rest = clauses
    rest = [clause.replace(f"{who} homes were judged ", "they were judged ") for clause in rest]
    rest = [clause.replace(" than local authority homes", "") for clause in rest]
    return capital("; ".join([first, *rest]))


def finding(
    gaps: Sequence[Gap],
    split: Mapping[str, Sequence[Gap]] | None = None,
    p_values: Mapping[str, float | None] | None = None,
) -> str:
    """Return the finding as a title: what the main model says of for-profit homes.

    When there are none, of whatever sector is compared; when no sector is, nothing. Where the study splits
    the sample at the pause of inspections and the gaps do not go the same way before and after it, one
    sentence for the whole would mislead, and the title says both.

    Parameters
    ----------
    gaps : sequence of Gap
        Of all inspections.
    split : mapping of str to sequence of Gap, optional
        Of the parts before and after the pause, from `split_gaps`.
    p_values : mapping of str to float, optional
        By domain: of the test that the gap is the same before and after.
    """
    main = [gap for gap in gaps if gap.model == main_model(gaps)]
    sectors = in_order((gap.sector for gap in main), (Sector.PRIVATE.key, Sector.VOLUNTARY.key))
    if not sectors:
        return ""
    changed = say_change(split or {}, sectors[0], p_values or {})
    return changed or say_directions(main, sectors[0])


def say_change(split: Mapping[str, Sequence[Gap]], sector: str, p_values: Mapping[str, float | None]) -> str:
    """Say how a sector's gaps went before and after the pause; empty when nothing shows that they changed.

    A gap that is clear in one part and not in the other need not have changed: the other part may be small.
    So the change is said only where, besides, the test of equal gaps speaks against them (p below 0.05) in
    every domain whose direction differs.
    """
    if list(split) != ["before the pause", "after the pause"]:
        return ""
    before, after = ([gap for gap in gaps if gap.sector == sector] for gaps in split.values())
    ways = {gap.outcome: gap.direction for gap in before}
    turned = [gap.outcome for gap in after if ways.get(gap.outcome) != gap.direction]
    shown = all((p := p_values.get(outcome)) is not None and p < _LEVEL for outcome in turned)
    if not before or not after or not turned or not shown:
        return ""
    who = sector_label(sector)
    second = say_directions(after, sector)
    second = second.replace(f" between {who.lower()} and local authority homes", "")
    second = second.replace(f"{who} homes were judged", "they were judged").replace(
        " than local authority homes", ""
    )
    return (
        f"{say_directions(before, sector)} before inspections paused in 2020; "
        f"{second[:1].lower()}{second[1:]} since they resumed"
    )
