"""Write a whole folder of synthetic releases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from ofsight.demo.boundaries import write_boundaries
from ofsight.demo.dirt import Key, Soiled, soil
from ofsight.demo.files import write_csv
from ofsight.demo.homes import HOME, make_homes
from ofsight.demo.inspections import History, full_inspection_records, make_histories
from ofsight.demo.layouts import IN_YEAR, LIST, QUARTER
from ofsight.demo.ods import sheet_of, write_ods
from ofsight.demo.tables import (
    ReleaseTable,
    in_year_entries,
    list_entries,
    period_of,
    quarter_entries,
    release_table,
)
from ofsight.demo.truth import MARKER, Truth, default_domains
from ofsight.demo.workbook import workbook_sheets
from ofsight.errors import UsageError

__all__ = ["make_tables", "write_releases"]

FIRST_EDITION, LAST_EDITION = 2015, 2025
_README = """SYNTHETIC RELEASES

Everything in this folder was invented by ofsight.demo. No home, owner or inspection in it exists.
The files imitate the layouts of Ofsted's releases "provider level at 31 March" and "provider level in
year", with their changes from year to year and some of their faults. The names of local authorities are
real; nothing said of them here is. The boundaries are those of an invented country.

{marker} holds the truth the data were drawn from: odds ratios, year effects, thresholds, and a
count of every fault put in. A dataset built from this folder is marked synthetic because of that file.

Seed {seed}; {n_homes} children's homes; releases of {first_year} to {last_year}.
"""


def _check(n_homes: int, first_year: int, last_year: int) -> None:
    if n_homes < 1:
        raise UsageError(f"n_homes is {n_homes}; a demo needs at least one home. Try n_homes=1200.")
    if not FIRST_EDITION <= first_year <= last_year <= LAST_EDITION:
        raise UsageError(
            f"first_year {first_year} and last_year {last_year} are not a span of release years; they are "
            f"known from {FIRST_EDITION} to {LAST_EDITION}. Try first_year=2015, last_year=2024."
        )


def make_tables(
    histories: Sequence[History], first_year: int, last_year: int
) -> dict[tuple[str, int], ReleaseTable]:
    """Print clean releases of both series.

    Returns
    -------
    dict of (series, edition) to ReleaseTable
        No in-year release of 2021: graded inspections were suspended.
    """
    tables = {}
    for edition in range(first_year, last_year + 1):
        tables[LIST, edition] = release_table(LIST, edition, list_entries(histories, edition))
        if edition != 2021:
            tables[IN_YEAR, edition] = release_table(IN_YEAR, edition, in_year_entries(histories, edition))
    return tables


def _quarters(histories: Sequence[History]) -> dict[str, ReleaseTable]:
    return {
        quarter: release_table(QUARTER, 2014, quarter_entries(histories, quarter))
        for quarter in ("jan-mar", "apr-jun")
    }


def file_name(series: str, edition: int) -> str:
    """Name of the csv file of a release."""
    if series == LIST:
        return f"synthetic-provider-level-at-31-march-{edition}.csv"
    return f"synthetic-provider-level-in-year-{period_of(edition)}.csv"


def _describe(table: ReleaseTable) -> dict[str, Any]:
    return {"series": table.layout.series, "edition": table.layout.edition, "n_rows": len(table.rows)}


def _write_tables(
    directory: Path, tables: Mapping[Key, ReleaseTable], histories: Sequence[History]
) -> dict[str, dict[str, Any]]:
    files = {}
    for (series, edition), table in tables.items():
        if table.layout.encoding != "ods":
            name = file_name(series, edition)
            write_csv(directory / name, table)
            files[name] = _describe(table)
            continue
        name = f"synthetic-childrens-social-care-in-england-{edition}-underlying-data.ods"
        files[f"{name}#{table.sheet}"] = _describe(table)
        if series == LIST:
            # the workbook holds both series: written once, with its list
            sheets = workbook_sheets(
                edition,
                sheet_of(table),
                sheet_of(tables[IN_YEAR, edition]),
                histories,
                tables.get((LIST, 2020)),
            )
            write_ods(directory / name, sheets)
    return files


def _count(histories: Sequence[History], truth: Truth) -> dict[str, int]:
    records = full_inspection_records(histories)
    in_sample = [date(2014, 1, 1) <= day <= date(2021, 8, 31) for day in records["inspected_on"]]  # type: ignore[operator]
    kinds = Counter(v.kind for h in histories if h.home.kind == HOME for v in h.inspections)
    return {
        "homes": truth.n_homes,
        "other_providers": len(histories) - truth.n_homes,
        "homes_closed": sum(h.closed_on is not None for h in histories if h.home.kind == HOME),
        "full_inspections_2014_to_august_2021": sum(in_sample),
        **{f"{kind}_visits": n for kind, n in sorted(kinds.items())},
    }


def write_releases(
    directory: Path | str,
    *,
    seed: int = 2022,
    n_homes: int = 1200,
    first_year: int = 2015,
    last_year: int = 2024,
) -> Truth:
    """Write synthetic releases in the official layouts, with a known truth.

    Parameters
    ----------
    directory : Path or str
        Folder to write into; made if it is not there. Files of the same names are replaced.
    seed : int
        Equal arguments give equal bytes.
    n_homes : int
        Children's homes ever open; other providers come on top.
    first_year, last_year : int
        Release years, 2015 to 2025. With 2015 come the two quarterly files of 2014. The editions of 2022,
        2023 and 2025 are workbooks, the others csv files. Boundaries of the authorities come with every span.

    Returns
    -------
    Truth
        What the data were drawn from; also in the folder, as ``SYNTHETIC-RELEASES.json``.

    Raises
    ------
    UsageError
        If there is no home, or the years are not a span of known releases.
    """
    _check(n_homes, first_year, last_year)
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    truth = Truth(
        seed=seed, n_homes=n_homes, first_year=first_year, last_year=last_year, domains=default_domains()
    )
    histories = make_histories(make_homes(truth), truth)
    soiled: Soiled = soil(make_tables(histories, first_year, last_year), seed)
    # the marker first: a folder that is half written already says that it is synthetic
    (folder / MARKER).write_text(truth.to_json(), encoding="utf-8", newline="\n")
    files = _write_tables(folder, soiled.tables, histories)
    if first_year == FIRST_EDITION:
        for quarter, table in _quarters(histories).items():
            name = f"synthetic-childrens-homes-inspections-2014-{quarter}.csv"
            write_csv(folder / name, table)
            files[name] = _describe(table)
    write_boundaries(folder, seed)
    truth = replace(
        truth,
        counts=_count(histories, truth),
        dirt=dict(sorted(soiled.counts.items())),
        faults=tuple(soiled.faults),
        files=files,
    )
    readme = _README.format(
        marker=MARKER, seed=seed, n_homes=n_homes, first_year=first_year, last_year=last_year
    )
    (folder / "README.txt").write_text(readme, encoding="utf-8", newline="\n")
    (folder / MARKER).write_text(truth.to_json(), encoding="utf-8", newline="\n")
    return truth
