"""Which published figures about children looked after a profile shows, and where each is found.

A measure names the cells of table ``authority_statistics`` that hold it. A sum of areas is made of counts
only, so a share or rate names the counts it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["DEPRIVATION", "HOMES_OUTSIDE", "MEASURES", "Cell", "Measure"]

Cell = tuple[str, str, str, str]
"""Topic, category, breakdown, measure: as columns of ``authority_statistics``."""

_MARCH: Final = "looked after on 31 March"
_RATE: Final = "number and rate"
_PROVIDER: Final = "Placement provider"
_PLACEMENT: Final = "Placement"
_LOCALITY: Final = "Locality of placement"
_DISTANCE: Final = "Distance between home and placement"
_HOMES: Final = "Secure homes and children's homes"
_OUTSIDE: Final = "Placed outside the local authority boundary"
_STABLE: Final = "placement stability"
_OUT_OF_AREA: Final = "out of area in children's homes"
HOMES_OUTSIDE: Final[Cell] = (_OUT_OF_AREA, _LOCALITY, _OUTSIDE, "children")
"""Children in homes outside their authority: told of by the share that is shown."""

_IMD: Final = ("deprivation", "Index of multiple deprivation", "")
_LOOKED_AFTER: Final[tuple[Cell, ...]] = (
    (_RATE, "Looked after on 31 March", "Total", "children"),
    (_MARCH, "Looked after on 31 March", "Looked after on 31 March", "children"),
    (_MARCH, _PROVIDER, "Total", "children"),
)


@dataclass(frozen=True)
class Measure:
    """One published figure.

    Attributes
    ----------
    key, label, unit : str
        Its name in tables, its name for people, its unit.
    kind : str
        ``count`` (sums over areas), ``percent`` or ``rate`` (do not), ``score``.
    cells : tuple of Cell
        Where it is published, the first place that prints anything for the area and year wins, be it a
        symbol.
    part, whole : tuple of Cell
        The counts that a percent or rate is made of, for sums of areas.
    per : int
        What the ratio of the two counts is multiplied by.
    meaning : str
        The definition, as a sentence.
    """

    key: str
    label: str
    unit: str
    kind: Literal["count", "percent", "rate", "score"]
    cells: tuple[Cell, ...]
    meaning: str
    part: tuple[Cell, ...] = field(default=())
    whole: tuple[Cell, ...] = field(default=())
    per: int = 100


def _provider(key: str, label: str, breakdown: str, meaning: str) -> Measure:
    cell = (_MARCH, _PROVIDER, breakdown, "children")
    return Measure(
        key,
        label,
        "per cent",
        "percent",
        ((_MARCH, _PROVIDER, breakdown, "percent"),),
        meaning,
        part=(cell,),
        whole=((_MARCH, _PROVIDER, "Total", "children"), *_LOOKED_AFTER),
    )


MEASURES: Final[tuple[Measure, ...]] = (
    Measure(
        "looked_after",
        "Children looked after on 31 March",
        "children",
        "count",
        _LOOKED_AFTER,
        "Children looked after by the authority on 31 March, wherever they live.",
    ),
    Measure(
        "looked_after_rate",
        "Looked-after children per 10,000",
        "per 10,000 children",
        "rate",
        ((_RATE, "Looked after on 31 March", "Total", "rate per 10,000"),),
        "Children looked after on 31 March per 10,000 residents aged 0 to 17.",
        part=_LOOKED_AFTER,
        whole=((_RATE, "Looked after on 31 March", "Total", "population aged 0 to 17"),),
        per=10_000,
    ),
    Measure(
        "in_homes",
        "In children's homes or secure homes",
        "children",
        "count",
        ((_MARCH, _PLACEMENT, _HOMES, "children"),),
        "Looked-after children placed in secure homes and children's homes, in or outside the area.",
    ),
    Measure(
        "in_homes_percent",
        "In children's homes or secure homes",
        "per cent",
        "percent",
        ((_MARCH, _PLACEMENT, _HOMES, "percent"),),
        "Share of looked-after children placed in secure homes and children's homes.",
        part=((_MARCH, _PLACEMENT, _HOMES, "children"),),
        whole=((_MARCH, _PLACEMENT, "Total", "children"),),
    ),
    Measure(
        "homes_out_of_area_percent",
        "Of those in children's homes, outside the authority",
        "per cent",
        "percent",
        ((_OUT_OF_AREA, _LOCALITY, _OUTSIDE, "percent"),),
        "Share of the authority's children in children's homes who live outside its boundary (DfE, FOI).",
    ),
    Measure(
        "homes_net_gain",
        "Net gain of children in children's homes",
        "children",
        "count",
        (("net gain in children's homes", "", "Net gain", "children"),),
        "Other authorities' children in homes here less own children in homes elsewhere (DfE, FOI); "
        "below 0 is a "
        "net loss.",
    ),
    Measure(
        "outside_percent",
        "Placed outside the authority",
        "per cent",
        "percent",
        ((_MARCH, _LOCALITY, _OUTSIDE, "percent"),),
        "Share of all looked-after children, in any placement, who live outside the authority's boundary.",
        part=((_MARCH, _LOCALITY, _OUTSIDE, "children"),),
        whole=((_MARCH, _LOCALITY, "Total", "children"),),
    ),
    Measure(
        "far_percent",
        "Placed more than 20 miles from home",
        "per cent",
        "percent",
        ((_MARCH, _DISTANCE, "Placed more than 20 miles from home", "percent"),),
        "Share of all looked-after children whose placement is more than 20 miles from home, inside or "
        "outside "
        "the authority.",
        part=((_MARCH, _DISTANCE, "Placed more than 20 miles from home", "children"),),
        whole=((_MARCH, _DISTANCE, "Total", "children"),),
    ),
    _provider(
        "own_percent",
        "Placed with own provision",
        "Own provision",
        "Share of looked-after children placed with the authority's own provision, foster carers included.",
    ),
    _provider(
        "private_percent",
        "Placed with for-profit providers",
        "Private provision",
        "Share of looked-after children placed with private providers, fostering agencies included.",
    ),
    _provider(
        "voluntary_percent",
        "Placed with third-sector providers",
        "Voluntary provision",
        "Share of looked-after children placed with voluntary providers, fostering agencies included.",
    ),
    Measure(
        "moved_percent",
        "Three or more placements in the year",
        "per cent",
        "percent",
        ((_STABLE, "Looked after on 31 March", "With 3 or more placements during the year", "percent"),),
        "Share of children looked after on 31 March who had three or more placements in the year.",
        part=(
            (_STABLE, "Looked after on 31 March", "With 3 or more placements during the year", "children"),
        ),
        whole=((_STABLE, "Looked after on 31 March", "Total", "children"),),
    ),
    Measure(
        "stable_percent",
        "Same carer for two years",
        "per cent",
        "percent",
        (
            (
                _STABLE,
                "Under 16 and looked after for 2.5 years",
                "Living with the same carer for at least 2 years",
                "percent",
            ),
        ),
        "Share of children under 16, looked after for 2.5 years, who lived with one carer for at least two.",
        part=(
            (
                _STABLE,
                "Under 16 and looked after for 2.5 years",
                "Living with the same carer for at least 2 years",
                "children",
            ),
        ),
        whole=((_STABLE, "Under 16 and looked after for 2.5 years", "Total", "children"),),
    ),
    Measure(
        "population_0_17",
        "Residents aged 0 to 17",
        "people",
        "count",
        (("population", "Age group", "0 to 17", "population"),),
        "ONS mid-year estimate of residents aged 0 to 17.",
    ),
)
"""The figures of a profile, in the order shown."""

DEPRIVATION: Final[tuple[Measure, ...]] = (
    Measure(
        "imd_score",
        "Average deprivation score (IMD)",
        "score",
        "score",
        ((*_IMD, "average score"),),
        "Index of multiple deprivation: average score of the authority's small areas; higher is more "
        "deprived.",
    ),
    Measure(
        "imd_rank",
        "Rank of the average score",
        "rank",
        "score",
        ((*_IMD, "rank of average score"),),
        "Rank among upper-tier authorities, 1 the most deprived.",
    ),
    Measure(
        "imd_extent",
        "Extent of deprivation",
        "share",
        "score",
        ((*_IMD, "extent"),),
        "Share of residents in the most deprived areas of the country, weighted.",
    ),
    Measure(
        "imd_tenth",
        "Areas in the most deprived tenth",
        "share",
        "score",
        ((*_IMD, "share of areas in the most deprived tenth"),),
        "Share of the authority's small areas that are in the most deprived tenth of England.",
    ),
)
"""Deprivation is published for authorities only; nothing is made up for regions and sets."""
