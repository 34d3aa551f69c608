"""From a folder of official files to a validated dataset, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from ofsight import __version__
from ofsight.dataset.authorities import (
    gather_authority_records,
    reconcile_authority_inspections,
    unmatched_areas,
)
from ofsight.dataset.authority_years import make_authority_years
from ofsight.dataset.boundaries import describe_boundaries
from ofsight.dataset.gather import Gathered, PassedOverFile, gather_tables
from ofsight.dataset.homes import describe_homes, take_snapshots
from ofsight.dataset.inputs import fingerprint_inputs, list_inputs
from ofsight.dataset.links import LinkedHomes, link_homes
from ofsight.dataset.movements import gather_movements
from ofsight.dataset.outlines import gather_outlines
from ofsight.dataset.panels import make_authority_panel, make_home_panel
from ofsight.dataset.readings import Readings
from ofsight.dataset.reconcile import gather_records, reconcile
from ofsight.dataset.reconciliation import make_reconciliation
from ofsight.dataset.reports import ReportTables, check_reports, read_report_tables
from ofsight.dataset.short_breaks import believe_marks
from ofsight.dataset.standing import (
    RELEASE_REPORTS,
    AddedReports,
    keep_added_reports,
    read_if_whole,
    with_added,
)
from ofsight.dataset.statistics import (
    gather_control_totals,
    gather_lookup,
    gather_neighbours,
    gather_statistics,
)
from ofsight.dataset.store import write_dataset
from ofsight.dataset.synthetic import read_truth
from ofsight.dataset.tables import KEPT, TABLES, conform
from ofsight.dataset.validate import validate
from ofsight.errors import ReleaseError
from ofsight.files import restore_folder
from ofsight.harmonise.contradictions import compare_releases
from ofsight.harmonise.findings import Finding, findings_frame
from ofsight.harmonise.readers import SPINE
from ofsight.harmonise.rows import HarmonisedTable
from ofsight.link.homes import propose_reregistrations

__all__ = ["BuildSummary", "build_dataset"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What a build read and made.

    Attributes
    ----------
    dataset : str
        The folder.
    unchanged : bool
        Whether the inputs were those of the dataset in place, so that nothing was done.
    synthetic : bool
        Whether the releases are synthetic.
    n_files, n_releases : int
        Files below the folder, and releases recognised in them.
    n_read, n_kept, n_set_aside : int
        Rows.
    set_aside : dict of str to int
        Rows set aside, by reason.
    tables : dict of str to int
        Rows by table.
    recognised : list of dict
        Release, file, sheet and rows read of each.
    passed_over : list of dict
        File, sheet and why.
    n_findings : int
        Findings.
    n_reports_kept : int
        Reports that `ofsight reports` had added to the dataset before, and that it still holds.
    as_of : str or None
        The day whose vintage of a shelf it is, where one was asked for.
    """

    dataset: str
    unchanged: bool
    synthetic: bool
    n_files: int
    n_releases: int
    n_read: int
    n_kept: int
    n_set_aside: int
    set_aside: dict[str, int]
    tables: dict[str, int]
    recognised: list[dict[str, Any]]
    passed_over: list[dict[str, Any]]
    n_findings: int
    n_reports_kept: int = 0
    as_of: str | None = None

    @classmethod
    def fits(cls, facts: Mapping[str, Any]) -> bool:
        """Whether the facts that an earlier build wrote are those of a summary."""
        names = {item.name for item in fields(cls)}
        return names - {"n_reports_kept", "as_of"} <= facts.keys() <= names

    @classmethod
    def of_unchanged(cls, dataset: Path, facts: Mapping[str, Any]) -> BuildSummary:
        """Return the summary of the build that made the dataset in place, nothing done."""
        return cls(**{**facts, "dataset": str(dataset), "unchanged": True})

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def build_dataset(
    releases: Path,
    dataset: Path,
    *,
    progress: Progress | None = None,
    as_of: date | None = None,
    held_by: date | None = None,
) -> BuildSummary:
    """Build the dataset from a folder of releases.

    Parameters
    ----------
    releases : Path
        A folder (searched to the bottom), one file, or a shelf: of that, the newest version of each file.
    dataset : Path
        Where to write; an earlier dataset there is replaced when the build has ended well.
    progress : callable, optional
        Called with what is being read, how many files are done, and of how many.
    as_of : date, optional
        Of a shelf, the versions that had been published by that day.
    held_by : date, optional
        Of a shelf, only what had come to it by that day: the vintage as it could be built then.

    Returns
    -------
    BuildSummary
        What was done.

    Raises
    ------
    UsageError
        When there is nothing at `releases`.
    ReleaseError
        When a file cannot be used; the dataset in place stays as it was.
    DatasetError
        When what was read does not add up.
    """
    inputs = list_inputs(releases, as_of, held_by)
    files = inputs.files
    restore_folder(dataset.absolute())
    fingerprint = fingerprint_inputs(releases, inputs)
    before = read_if_whole(dataset)
    if (
        before is not None
        and before.get("fingerprint") == fingerprint
        and BuildSummary.fits(before["summary"])
    ):
        return BuildSummary.of_unchanged(dataset, before["summary"])
    readings = Readings(dataset)
    gathered = gather_tables(
        releases,
        files,
        progress=progress,
        readings=readings,
        called=inputs.called,
        passed_over=inputs.passed_over,
    )
    if not any(table.series.reads in SPINE for table in gathered.tables):
        raise _nothing_recognised(releases, gathered)
    truth = read_truth(releases, files, gathered)
    report_hashes = sorted({gathered.hashes[path] for path in gathered.reports})
    added = keep_added_reports(dataset, report_hashes)
    tables = make_tables(gathered, readings, added)
    summary = replace(
        _summarise(dataset, files, gathered, tables, truth),
        n_reports_kept=added.n,
        as_of=None if as_of is None else as_of.isoformat(),
    )
    metadata = {
        "ofsight": __version__,
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "fingerprint": fingerprint,
        "synthetic": truth,
        "vintage": inputs.vintage,
        RELEASE_REPORTS: report_hashes,
        "newest_release": _newest(gathered).release,
        "summary": {**summary.as_dict(), "dataset": ""},
    }
    write_dataset(dataset, tables, metadata, also=readings.write)
    return summary


def make_tables(
    gathered: Gathered, readings: Readings | None = None, added: AddedReports | None = None
) -> dict[str, pl.DataFrame]:
    """Make every table of the dataset from harmonised tables, and check them.

    Parameters
    ----------
    gathered : Gathered
        What the folder holds.
    readings : Readings, optional
        What an earlier build read of reports.
    added : AddedReports, optional
        Reports that are not among the releases.

    Raises
    ------
    DatasetError
        When they do not add up.
    ReleaseError
        When a release has the grades of two domains the other way round.
    """
    added = added or AddedReports()
    contradictions = compare_releases(gathered.tables)
    records, misplaced = believe_marks(gather_records(gathered.tables))
    reconciled = reconcile(records)
    snapshots, gave_way = take_snapshots(records)
    movements = gather_movements(gathered.tables)
    reports = _read_reports(gathered, readings)
    boundaries, unbounded = describe_boundaries(gathered.boundaries, gathered.names, gathered.hashes)
    outlines, undrawn = gather_outlines(gathered.boundaries, gathered.names, gathered.hashes)
    authority_records = gather_authority_records(gathered.tables)
    statistics = gather_statistics(gathered.tables)
    odd = [
        *unmatched_areas(authority_records, "local_authority", "authority_records"),
        *unmatched_areas(statistics, "published_name", "authority_statistics"),
    ]
    homes = describe_homes(records, reconciled.inspections, movements)
    linked = link_homes(reconciled.inspections, homes, snapshots)
    authority_inspections = reconcile_authority_inspections(authority_records)
    years = make_authority_years(statistics, linked.snapshots, authority_inspections)
    made = {
        "inspections": linked.inspections,
        "homes": linked.homes,
        "home_snapshots": linked.snapshots,
        "records": reconciled.records,
        "revisions": reconciled.revisions,
        "movements": movements,
        "authority_inspections": authority_inspections,
        "authority_records": authority_records,
        "authority_statistics": statistics,
        "neighbours": gather_neighbours(gathered.tables),
        "district_lookup": gather_lookup(gathered.tables),
        "boundaries": boundaries.unique("sha256", keep="first", maintain_order=True),
        "outlines": outlines,
        "control_totals": gather_control_totals(gathered.tables),
        "owners": linked.owners,
        "reregistrations": propose_reregistrations(linked.homes),
        "authority_years": years,
        "home_panel": make_home_panel(linked.inspections, linked.homes, linked.snapshots),
        "authority_panel": make_authority_panel(authority_inspections, years, statistics),
        **with_added(reports.tables, added),
        "set_aside": _set_aside(gathered.tables, reconciled.set_aside, gave_way),
    }
    noticed = [
        *(*gathered.findings, *_of_tables(gathered.tables), *contradictions, *odd, *_unmatched(linked)),
        *(*misplaced, *unbounded, *undrawn),
        *(*reports.findings, *added.findings, *check_reports(made, linked.inspections)),
    ]
    made["findings"] = pl.concat([findings_frame(noticed), added.noticed])
    made["releases"] = _releases(gathered, made)
    beside = ("control_totals", "records", "inspections", "home_snapshots", "releases")
    made["reconciliation"] = make_reconciliation(*(made[name] for name in beside))
    made = {table.name: conform(table, made[table.name]) for table in TABLES}
    made["findings"] = pl.concat([made["findings"], findings_frame(validate(made))])
    return made


def _read_reports(gathered: Gathered, readings: Readings | None) -> ReportTables:
    """Read the inspection reports of the folder; those that are none are passed over with the reason."""
    reports = read_report_tables(gathered.reports, readings=readings)
    gathered.passed_over.extend(
        PassedOverFile(gathered.names[path], None, f"no inspection report: {reports.unread[path.name]}")
        for path in gathered.reports
        if path.name in reports.unread
    )
    return reports


def _unmatched(linked: LinkedHomes) -> list[Finding]:
    return unmatched_areas(linked.snapshots, "local_authority", "home_snapshots")


def _of_tables(tables: Iterable[HarmonisedTable]) -> list[Finding]:
    return [finding for table in tables for finding in table.findings]


def _newest(gathered: Gathered) -> HarmonisedTable:
    """Return the newest release of inspections."""
    spine = [table for table in gathered.tables if table.series.reads in SPINE]
    return max(spine, key=lambda table: table.period.end)


def _set_aside(tables: Iterable[HarmonisedTable], *gave_way: pl.DataFrame) -> pl.DataFrame:
    read = [
        table.set_aside.select(
            release=pl.lit(table.release),
            sheet=pl.lit(table.sheet, dtype=pl.String),
            row="row",
            reason="reason",
            detail="detail",
        )
        for table in tables
    ]
    return pl.concat([*read, *gave_way]).sort("release", "row")


def _releases(gathered: Gathered, made: dict[str, pl.DataFrame]) -> pl.DataFrame:
    rows = [
        {
            "release": table.release,
            "series": table.series.id,
            "title": table.series.title,
            "publisher": table.series.publisher,
            "licence": table.series.licence,
            "period": table.period.label,
            "period_start": table.period.start,
            "period_end": table.period.end,
            "file": gathered.names[table.file],
            "sheet": table.sheet,
            "sha256": gathered.hashes[table.file],
            "encoding": table.encoding,
            "heading_row": table.heading_row,
            "n_read": table.n_read,
        }
        for table in gathered.tables
    ]
    origin = ["release", "row"]
    set_aside = made["set_aside"]
    kept = pl.concat([made[name].select(origin) for name in KEPT]).unique()
    visits = (
        made["records"]
        .group_by("release")
        .agg(
            n_inspections=pl.len(), n_full_inspections=(pl.col("inspection_type") == "Full inspection").sum()
        )
    )
    return (
        pl.DataFrame(rows, infer_schema_length=None)
        .join(kept.group_by("release").len("n_kept"), on="release", how="left")
        .join(set_aside.group_by("release").len("n_set_aside"), on="release", how="left")
        .join(visits, on="release", how="left")
        .with_columns(pl.col("n_kept", "n_set_aside", "n_inspections", "n_full_inspections").fill_null(0))
        .sort("release")
    )


def _summarise(
    dataset: Path,
    files: list[tuple[Path, str]],
    gathered: Gathered,
    tables: dict[str, pl.DataFrame],
    truth: dict[str, Any] | None,
) -> BuildSummary:
    releases = tables["releases"]
    reasons = tables["set_aside"]["reason"].value_counts(sort=True).iter_rows()
    return BuildSummary(
        dataset=str(dataset),
        unchanged=False,
        synthetic=truth is not None,
        n_files=len(files),
        n_releases=releases.height,
        n_read=int(releases["n_read"].sum()),
        n_kept=int(releases["n_kept"].sum()),
        n_set_aside=int(releases["n_set_aside"].sum()),
        set_aside=dict(reasons),
        tables={name: frame.height for name, frame in tables.items()},
        recognised=releases.select("release", "file", "sheet", "n_read", "n_kept").to_dicts(),
        passed_over=[asdict(item) for item in gathered.passed_over],
        n_findings=tables["findings"].height,
    )


def _nothing_recognised(releases: Path, gathered: Gathered) -> ReleaseError:
    seen = (
        "; ".join(f"{item.file}: {item.reason}" for item in gathered.passed_over[:5]) or "it holds no files"
    )
    return ReleaseError(
        f"no release of a known series was found ({seen}).",
        file=releases,
        hint="Expected are Ofsted's 'provider level at 31 March' and 'provider level in year' files "
        "(csv, ods, xlsx). Try: ofsight demo",
    )
