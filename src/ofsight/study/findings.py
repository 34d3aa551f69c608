"""What an analysis hands over: estimates, facts of its models, tables, and what could not be done."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from ofsight.study.estimates import Estimate, ModelFacts

__all__ = ["Findings"]


@dataclass
class Findings:
    """The yield of one analysis.

    Attributes
    ----------
    estimates : list of Estimate
        For ``results.json``.
    facts : list of ModelFacts
        For ``models.json``.
    tables : dict of str to DataFrame
        For ``tables/``, by name.
    notes : list of str
        What was left undone and why, for ``study.json``.
    """

    estimates: list[Estimate] = field(default_factory=list)
    facts: list[ModelFacts] = field(default_factory=list)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, other: Findings) -> None:
        """Take another analysis's yield in; rows of a table that both have are stacked."""
        self.estimates += other.estimates
        self.facts += other.facts
        self.notes += other.notes
        for name, frame in other.tables.items():
            if name in self.tables:
                frame = pl.concat([self.tables[name], frame], how="diagonal_relaxed")
            self.tables[name] = frame
