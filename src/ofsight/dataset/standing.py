"""The dataset that stands in place before a build: whether it is whole, and the reports added to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from ofsight.dataset.store import DATABASE, FORMAT, METADATA, Dataset, read_metadata
from ofsight.dataset.tables import TABLES, conform
from ofsight.dataset.tables_reports import REPORT_TABLES
from ofsight.errors import DatasetError, OfsightError
from ofsight.files import hash_file
from ofsight.harmonise.findings import FINDINGS_SCHEMA, Finding

__all__ = ["RELEASE_REPORTS", "AddedReports", "keep_added_reports", "read_if_whole", "with_added"]

# In dataset.json: the sha256 of the PDFs that lay among the releases. What else is in table 'reports' was
# added by `ofsight reports`.
RELEASE_REPORTS: Final = "release_reports"
_OF_REPORTS: Final = "report-"


@dataclass(frozen=True, slots=True)
class AddedReports:
    """Reports that were added to a dataset, to stand in the next one, too.

    Attributes
    ----------
    tables : dict of str to DataFrame
        Their rows of each table of reports; none where none were added.
    noticed : DataFrame
        What was noticed while they were read, as in table ``findings``.
    findings : list of Finding
        How many are kept, or that they cannot be.
    """

    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    noticed: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FINDINGS_SCHEMA))
    findings: list[Finding] = field(default_factory=list)

    @property
    def n(self) -> int:
        """How many reports are kept."""
        return self.tables["reports"].height if self.tables else 0


def _read_facts(dataset: Path) -> dict[str, Any] | None:
    """Return the facts of the dataset in place, or None where there is none or they cannot be read."""
    try:
        return read_metadata(dataset)
    except DatasetError:
        return None


def read_if_whole(dataset: Path) -> dict[str, Any] | None:
    """Return the facts of the dataset in place; a damaged one counts as none and is built anew.

    Every file that the facts list must be there, every table's bytes have its sha256, and the DuckDB file
    the same numbers of rows.
    """
    facts = _read_facts(dataset)
    if facts is None or facts.get("format") != FORMAT:
        return None
    if not all(isinstance(facts.get(key), dict) for key in ("summary", "tables")):
        return None
    rows = {table.name: facts["tables"].get(table.name) for table in TABLES}
    if not all(isinstance(fact, dict) for fact in rows.values()):
        return None
    listed = facts.get("files")
    names = {METADATA, DATABASE, *(listed if isinstance(listed, list) else ())}
    try:
        whole = all((dataset / str(name)).is_file() for name in names) and all(
            hash_file(dataset / f"{name}.parquet") == fact.get("sha256") for name, fact in rows.items()
        )
    except OSError:
        return None
    wanted = {name: fact.get("rows") for name, fact in rows.items()}
    return facts if whole and _count_rows(dataset, facts) == wanted else None


def _count_rows(dataset: Path, facts: dict[str, Any]) -> dict[str, int] | None:
    """Count the rows of each table in the DuckDB file, or return None where it cannot be read."""
    counts = (f"select '{table.name}' as name, count(*) as n from {table.name}" for table in TABLES)
    try:
        found = Dataset(dataset, facts).sql(" union all ".join(counts))
    except OfsightError:
        return None
    return dict(found.select("name", "n").iter_rows())


def keep_added_reports(dataset: Path, among_releases: Collection[str]) -> AddedReports:
    """Return the reports that `ofsight reports` added to the dataset in place.

    Parameters
    ----------
    dataset : Path
        The dataset in place.
    among_releases : collection of str
        The sha256 of the PDFs that the coming build reads itself.
    """
    facts = _read_facts(dataset)
    if facts is None:
        return AddedReports()
    known = {*among_releases, *facts.get(RELEASE_REPORTS, ())}
    try:
        tables = {
            table.name: conform(table, pl.read_parquet(dataset / f"{table.name}.parquet", glob=False))
            for table in REPORT_TABLES
        }
        findings = pl.read_parquet(dataset / "findings.parquet", glob=False).cast(pl.Schema(FINDINGS_SCHEMA))
    except (OSError, KeyError, DatasetError, pl.exceptions.PolarsError):
        return _lost(dataset, facts)
    added = tables["reports"].filter(~pl.col("file_sha256").is_in(list(known)))
    if added.is_empty():
        return AddedReports()
    kept = {
        name: frame.join(added.select("file_sha256"), on="file_sha256", how="semi", maintain_order="left")
        for name, frame in tables.items()
    }
    noticed = findings.filter(
        pl.col("code").str.starts_with(_OF_REPORTS) & pl.col("file").is_in(added["file"].to_list())
    )
    told = Finding(
        "reports-kept", "reports that were added to the dataset before are kept in it", n=added.height
    )
    return AddedReports(kept, noticed, [told])


def _lost(dataset: Path, facts: dict[str, Any]) -> AddedReports:
    """Say that reports cannot be kept, where there were some."""
    rows = (facts.get("tables") or {}).get("reports")
    n = rows.get("rows", 0) if isinstance(rows, dict) else 0
    n -= len(facts.get(RELEASE_REPORTS, ()))
    if n <= 0:
        return AddedReports()
    message = (
        f"reports that were added to the dataset before cannot be read and are dropped; add them again with: "
        f"ofsight reports FOLDER --dataset {dataset}"
    )
    return AddedReports(findings=[Finding("reports-dropped", message, n=n)])


def with_added(tables: dict[str, pl.DataFrame], added: AddedReports) -> dict[str, pl.DataFrame]:
    """Put added reports behind those of the releases, which come first where both hold a file."""
    if not added.tables:
        return tables
    declared = {table.name: table for table in REPORT_TABLES}
    return {
        name: pl.concat([conform(declared[name], frame), added.tables[name]])
        for name, frame in tables.items()
    }
