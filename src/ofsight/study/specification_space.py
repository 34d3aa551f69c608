"""Every defensible way to fit the models of homes: the space of the specification curve.

Simonsohn, U., Simmons, J. & Nelson, L. (2020). Specification curve analysis. Nature Human Behaviour 4,
1208-1214.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from itertools import combinations, product
from typing import Any, Final

import numpy as np
import polars as pl

from ofsight.definitions.study import PauseDefinition
from ofsight.vocabulary import Domain

__all__ = [
    "CLUSTERINGS",
    "CODINGS",
    "SAMPLES",
    "Specification",
    "all_specifications",
    "spread_evenly",
    "take_sample",
]

CODINGS: Final = ("requires improvement", "missing")
SAMPLES: Final = {
    "all": "every inspection of the study's sample",
    "covariates known": "homes of which every covariate is known, whether it is in the model or not",
    "before the pause": "inspections before 17 March 2020",
    "after the pause": "inspections after 31 March 2021",
    "from April 2015": "since the word Adequate went",
    "from April 2017": "under the social care common inspection framework",
    "later visits": "all but the home's first inspection",
    "homes inspected often": "homes with three inspections or more in the sample",
    "up to six places": "homes of six places or fewer",
    "without the largest owners": "all but the homes of the ten owners with the most inspections",
}
"""Which inspections, in words."""
AGES: Final = (None, "age_months_paper", "age_months")
CHAINS: Final = (None, "chain_size", "log_chain_size")
PLACES: Final = (None, "places", "log_places")
CLUSTERINGS: Final = {
    "random intercept": "a random intercept per home: the odds ratio for one home",
    "none": "no random intercept: the odds ratio over homes",
}
"""How inspections of one home are tied; errors are given from the model and clustered by home."""


@dataclass(frozen=True, slots=True, order=True)
class Specification:
    """One way to fit the model of homes.

    Attributes
    ----------
    outcome : str
        The judgement.
    coding : str
        What "Adequate" counts as.
    sample : str
        One of `SAMPLES`.
    covariates : tuple of str
        Beside sector and year.
    clustering : str
        One of `CLUSTERINGS`.
    """

    outcome: str
    coding: str
    sample: str
    covariates: tuple[str, ...]
    clustering: str

    def key(self, context: dict[str, Any]) -> str:
        """Name the specification on one dataset and study: the same words give the same name."""
        text = json.dumps({**asdict(self), "context": context}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    @property
    def formula(self) -> str:
        """The model's formula."""
        return f"{self.outcome} ~ {' + '.join(('sector', 'C(year)', *self.covariates))}"


def all_specifications() -> Iterator[Specification]:
    """Give every specification: domains x codings x samples x covariates x clustering."""
    choices = product(AGES, CHAINS, PLACES, (None, "region"))
    covariates = [tuple(name for name in choice if name is not None) for choice in choices]
    for outcome, coding, sample, names, clustering in product(
        Domain, CODINGS, SAMPLES, covariates, CLUSTERINGS
    ):
        yield Specification(outcome.value, coding, sample, names, clustering)


def spread_evenly(specifications: Iterable[Specification], n: int) -> list[Specification]:
    """Choose a part of the space in which every choice comes up as evenly as it can.

    Each next one is that whose choices (judgement, coding, sample, covariates, clustering) have been taken
    least often so far; between equals, that whose pairs of choices have, so that no two go together; then a
    hash of its words. A part holds every smaller part, and is the same every time, whatever the dataset.

    Parameters
    ----------
    specifications : iterable of Specification
        The space.
    n : int
        How many.

    Returns
    -------
    list
        Those chosen, in the order of choice.
    """
    space = sorted(specifications, key=lambda one: one.key({}))
    levels = [np.unique(column, return_inverse=True)[1] for column in zip(*map(_levels, space), strict=True)]
    pairs = [first * (int(second.max()) + 1) + second for first, second in combinations(levels, 2)]
    left = np.ones(len(space), dtype=bool)
    loads = np.zeros(len(space))
    chosen = []
    for _ in range(min(n, len(space))):
        place = int(np.argmin(np.where(left, loads, np.inf)))
        left[place] = False
        for columns, weight in ((levels, 1.0), (pairs, 1e-3)):
            for column in columns:
                # A choice of few levels must not outweigh one of many: it is held against its even share.
                loads[column == column[place]] += weight * (int(column.max()) + 1)
        chosen.append(space[place])
    return chosen


def _levels(one: Specification) -> tuple[str, ...]:
    """Return what was chosen in each respect; a set of covariates is four choices."""
    covariates = [
        next((name for name in group if name in one.covariates), "") or "none"
        for group in (AGES, CHAINS, PLACES, ("region",))
    ]
    return (one.outcome, one.coding, one.sample, one.clustering, *covariates)


def take_sample(frame: pl.DataFrame, name: str, pause: PauseDefinition | None) -> pl.DataFrame:
    """Return the inspections of one sample, with the columns that specifications use."""
    frame = frame.with_columns(
        log_places=pl.when(pl.col("places") > 0).then(pl.col("places").log()),
        log_chain_size=pl.when(pl.col("chain_size") > 0).then(pl.col("chain_size").log()),
    )
    if name == "covariates known":
        known = [column for column in (AGES[2], CHAINS[1], PLACES[1], "region") if column]
        frame = frame.drop_nulls(known)
    elif name == "before the pause":
        frame = frame.filter(pl.col("inspected_on") < (pause.start if pause else date(2020, 3, 17)))
    elif name == "after the pause":
        frame = frame.filter(pl.col("inspected_on") > (pause.end if pause else date(2021, 3, 31)))
    elif name == "from April 2015":
        frame = frame.filter(pl.col("inspected_on") >= date(2015, 4, 1))
    elif name == "from April 2017":
        frame = frame.filter(pl.col("inspected_on") >= date(2017, 4, 1))
    elif name == "later visits":
        frame = frame.filter(pl.col("visit") == "later")
    elif name == "homes inspected often":
        frame = frame.filter(pl.len().over("urn") >= 3)
    elif name == "up to six places":
        frame = frame.filter(pl.col("places") <= 6)
    elif name == "without the largest owners":
        largest = (
            frame.drop_nulls("owner_key")
            .group_by("owner_key")
            .len("n")
            .sort("n", "owner_key", descending=[True, False])
            .head(10)["owner_key"]
        )
        frame = frame.filter(~pl.col("owner_key").is_in(largest.to_list()).fill_null(value=False))
    return frame.select(
        "urn",
        "sector",
        "year",
        "region",
        *(domain.value for domain in Domain),
        *(column for group in (AGES, CHAINS, PLACES) for column in group if column),
    )
