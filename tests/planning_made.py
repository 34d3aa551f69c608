"""Inputs of scenarios with defaults, so that a test names only what it is about."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from ofsight.planning.scenarios.inputs import SECTORS, NeedToCome, ScenarioInputs
from ofsight.planning.scenarios.scenario import MOST_YEARS
from ofsight.profiles.area import Area

SOURCES = dict.fromkeys(("homes", "closures", "openings", "quality", "new homes", "need"), "a test")
BOLTON = Area("bolton", "Bolton", "authority", ("E08000001",))


def made_inputs(
    places: list[int] | None = None,
    *,
    holder: list[int] | None = None,
    sector: list[int] | None = None,
    close: float = 0.0,
    opened: list[int] | None = None,
    children: float = 20.0,
    growth: float = 0.0,
    need_sd: float = 0.0,
    group_variance: float = 0.0,
    hazard_sd: float = 0.0,
    **others: Any,
) -> ScenarioInputs:
    """Homes of one area: nothing closes, nothing opens and nothing is uncertain unless a test says so."""
    places = [4, 4, 4, 2] if places is None else places
    n = len(places)
    holder = [k % 2 for k in range(n)] if holder is None else holder
    sector = [1] * n if sector is None else sector
    opened = [] if opened is None else opened
    holders = tuple(f"holder-{k}" for k in range(max([*holder, 0]) + 1))
    years = tuple(range(2024, 2025 + MOST_YEARS))
    given: dict[str, Any] = {
        "area": BOLTON,
        "vintage": date(2024, 3, 31),
        "holders": holders,
        "names": {name: f"Example {k} Ltd" for k, name in enumerate(holders)},
        "holder": np.array(holder, dtype=np.int64),
        "sector": np.array(sector, dtype=np.int64),
        "places": np.array(places, dtype=np.int64),
        "graded": np.ones(n, dtype=np.bool_),
        "good": np.full(n, 0.8),
        "good_sd": np.zeros(n),
        "close": np.full((n, MOST_YEARS), close),
        "new_sector": np.full(len(opened), 1, dtype=np.int64),
        "new_places": np.array(opened, dtype=np.int64),
        "new_holder": np.zeros(len(opened), dtype=np.int64),
        "new_real": 1.0,
        "new_good": np.full(len(SECTORS), 0.7),
        "new_good_sd": np.zeros(len(SECTORS)),
        "new_close": np.full((len(SECTORS), MOST_YEARS), close),
        "months_to_grade": (6.0, 9.0, 14.0),
        "need": NeedToCome(
            years,
            children * (1 + growth) ** np.arange(len(years)),
            np.r_[0.0, np.full(len(years) - 1, need_sd)],
            0,
            "",
        ),
        "group_variance": group_variance,
        "year_sd": 0.0,
        "hazard_sd": hazard_sd,
        "sources": SOURCES,
    }
    return ScenarioInputs(**{**given, **others})
