"""What the demo knows to be true: the parameters its releases were drawn from.

The truth is written beside the releases as ``SYNTHETIC-RELEASES.json``. The dataset build looks for that
file by name and marks the dataset synthetic; tests read it to hold the estimators to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["DOMAINS", "MARKER", "DomainTruth", "Truth", "default_domains"]

MARKER = "SYNTHETIC-RELEASES.json"
"""Name of the file whose presence says that a folder holds synthetic releases."""

DOMAINS = ("overall", "protection", "leadership")
"""The three judgements, in the order in which grades are kept."""

# One pattern over the calendar years, 2014 being the base; each domain has its own multiple of it.
_YEAR_PATTERN = {
    2013: 0.0,
    2014: 0.0,
    2015: 0.10,
    2016: 0.30,
    2017: 0.20,
    2018: 0.25,
    2019: 0.20,
    2020: 0.10,
    2021: -0.10,
    2022: 0.05,
    2023: 0.20,
    2024: 0.15,
    2025: 0.10,
}


@dataclass(frozen=True)
class DomainTruth:
    """A cumulative link mixed model for one domain, logit link.

    ``P(grade <= k) = logistic(threshold_k - eta)`` with
    ``eta = log(odds ratio of the sector) + year effect + random intercept of the home``:
    an odds ratio below 1 means worse grades than local-authority homes get.

    Parameters
    ----------
    odds_ratios : mapping of str to float
        Sector (``private``, ``voluntary``) to odds ratio against ``local_authority``.
    thresholds : tuple of 3 floats
        Inadequate|Requires improvement, Requires improvement|Good, Good|Outstanding; log-odds.
    year_effects : mapping of int to float
        Calendar year of the inspection to its effect, log-odds; 2014 is the base.
    random_sd : float
        Standard deviation of the homes' intercepts, log-odds.
    """

    odds_ratios: Mapping[str, float]
    thresholds: tuple[float, float, float]
    year_effects: Mapping[int, float]
    random_sd: float


def default_domains() -> dict[str, DomainTruth]:
    """Parameters of the three domains; grade shares come near to the real ones, the odds ratios do not."""

    def years(scale: float) -> dict[int, float]:
        return {year: round(scale * effect, 4) for year, effect in _YEAR_PATTERN.items()}

    return {
        "overall": DomainTruth({"private": 0.60, "voluntary": 0.80}, (-3.75, -1.70, 2.00), years(1.0), 1.30),
        "protection": DomainTruth(
            {"private": 0.65, "voluntary": 0.85}, (-3.60, -1.45, 2.20), years(0.8), 1.20
        ),
        "leadership": DomainTruth(
            {"private": 0.60, "voluntary": 0.75}, (-3.05, -1.05, 1.90), years(1.2), 1.25
        ),
    }


@dataclass(frozen=True)
class Truth:
    """Everything a reader of the demo releases could be asked to recover.

    Parameters
    ----------
    seed, n_homes, first_year, last_year : int
        The arguments of `ofsight.demo.write_releases`.
    domains : mapping of str to DomainTruth
        The generative model of each domain.
    correlation_between_homes : float
        Correlation between domains of the homes' random intercepts.
    correlation_within_inspection : float
        Correlation between domains of the normal scores behind one inspection's residuals.
    counts : mapping of str to int
        What was generated: homes, other providers, inspections by type, and so on.
    dirt : mapping of str to int
        How often each documented fault was put in, by kind.
    faults : tuple of mappings
        Where: one record per altered cell (kind, series, edition, urn, heading, was, is).
    files : mapping of str to mapping
        File name, with ``#sheet`` for a workbook, to series, edition and number of data rows.
    """

    seed: int
    n_homes: int
    first_year: int
    last_year: int
    domains: Mapping[str, DomainTruth]
    correlation_between_homes: float = 0.9
    correlation_within_inspection: float = 0.7
    counts: Mapping[str, int] = field(default_factory=dict)
    dirt: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[Mapping[str, Any], ...] = ()
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_json(self) -> str:
        """Text of the marker file: sorted keys, so that equal truths are equal bytes."""
        payload = {
            "synthetic": True,
            "note": (
                "SYNTHETIC releases written by ofsight.demo. No home, owner or inspection in this folder "
                "exists. The numbers below are the truth the releases were drawn from."
            ),
            **asdict(self),
        }
        return json.dumps(payload, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Truth:
        """Read the marker file's text back."""
        payload = json.loads(text)
        payload.pop("synthetic")
        payload.pop("note")
        payload["faults"] = tuple(payload["faults"])
        payload["domains"] = {
            name: DomainTruth(
                odds_ratios=values["odds_ratios"],
                thresholds=tuple(values["thresholds"]),
                year_effects={int(year): effect for year, effect in values["year_effects"].items()},
                random_sd=values["random_sd"],
            )
            for name, values in payload["domains"].items()
        }
        return cls(**payload)

    @classmethod
    def read(cls, directory: Path | str) -> Truth:
        """Read the truth of a folder of demo releases."""
        return cls.from_json((Path(directory) / MARKER).read_text(encoding="utf-8"))
