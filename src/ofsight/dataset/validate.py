"""Checks that every dataset passes before it is put in place; what is odd but possible becomes a finding."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from ofsight.dataset.tables import KEPT, TABLES
from ofsight.errors import DatasetError
from ofsight.harmonise.findings import Finding
from ofsight.vocabulary import Effectiveness, Framework, InspectionType

__all__ = ["validate"]

_Tables = Mapping[str, pl.DataFrame]


def validate(tables: _Tables) -> list[Finding]:
    """Check the tables of a dataset.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Every table of ``ofsight.dataset.tables``.

    Returns
    -------
    list of Finding
        What is odd, counted.

    Raises
    ------
    DatasetError
        When a key occurs twice, a required value is missing, a table refers to what is not there, or the rows
        read are not the rows kept and set aside.
    """
    for table in TABLES:
        frame = tables[table.name]
        if table.key and frame.select(table.key).is_duplicated().any():
            twice = frame.filter(frame.select(table.key).is_duplicated()).select(table.key).row(0)
            raise DatasetError(f"Table '{table.name}': the key {table.key} occurs twice: {twice}.")
        for column in table.columns:
            if column.required and frame[column.name].null_count():
                raise DatasetError(
                    f"Table '{table.name}': {frame[column.name].null_count()} rows have no '{column.name}'."
                )
    _check_sums(tables)
    _check_references(tables)
    return _oddities(tables)


def _check_sums(tables: _Tables) -> None:
    """Every row read is kept or set aside, counted from the tables themselves and not from the reader."""
    origin = ["release", "row"]
    kept = pl.concat([tables[name].select(origin) for name in KEPT]).unique()
    aside = tables["set_aside"].select(origin)
    both = kept.join(aside, on=origin, how="semi")
    sums = (
        tables["releases"]
        .select("release", "n_read", "n_kept", "n_set_aside")
        .join(kept.group_by("release").len("kept"), on="release", how="left")
        .join(aside.group_by("release").len("aside"), on="release", how="left")
        .with_columns(pl.col("kept", "aside").fill_null(0).cast(pl.Int64))
    )
    open_sums = sums.filter(
        (pl.col("kept") + pl.col("aside") != pl.col("n_read"))
        | (pl.col("kept") != pl.col("n_kept"))
        | (pl.col("aside") != pl.col("n_set_aside"))
    )
    if open_sums.height or both.height:
        name = open_sums["release"][0] if open_sums.height else both["release"][0]
        raise DatasetError(
            f"The rows of release '{name}' do not add up: read is not kept plus set aside. "
            "This is a fault of ofsight; please report it with the release's name."
        )


def _check_references(tables: _Tables) -> None:
    """Hold every declared reference: what a row names is there."""
    for table in TABLES:
        for reference in table.references:
            named = tables[table.name].select(reference.columns).drop_nulls().unique()
            key = tables[reference.table].select(reference.key)
            strangers = named.join(key, left_on=reference.columns, right_on=reference.key, how="anti")
            if strangers.height:
                what = ", ".join(str(value) for value in strangers.row(0))
                raise DatasetError(
                    f"Table '{table.name}' refers to '{what}' of '{reference.table}', which is not there."
                )


def _oddities(tables: _Tables) -> list[Finding]:
    inspections = tables["inspections"]
    full = pl.col("inspection_type") == InspectionType.FULL
    checks = {
        "full-inspection-without-grade": (
            "full inspections carry no overall grade",
            full & pl.col("overall").is_null(),
        ),
        "published-before-inspected": (
            "inspections were published before their first day, as printed",
            pl.col("published_on") < pl.col("inspected_on"),
        ),
        "published-late": (
            "inspections were published more than a year after",
            pl.col("published_on") > pl.col("inspected_on").dt.offset_by("1y"),
        ),
        "registered-after-inspected": (
            "homes were registered, as printed, after their inspection",
            pl.col("registered_on") > pl.col("inspected_on"),
        ),
        "old-grade-word-under-sccif": (
            "grades say Adequate or Satisfactory after the frameworks that used the words",
            (pl.col("framework") == Framework.SCCIF)
            & pl.col("overall_as_published").str.to_lowercase().is_in(["adequate", "satisfactory"]),
        ),
        "interim-judgement-on-another-visit": (
            "visits that are not interim inspections carry an interim judgement",
            (pl.col("inspection_type") != InspectionType.INTERIM)
            & pl.col("effectiveness").is_in([word.value for word in Effectiveness]),
        ),
        "graded-in-the-pause": (
            "full inspections have a day between April 2020 and March 2021, when routine inspection stopped",
            full & pl.col("inspected_on").is_between(pl.date(2020, 4, 1), pl.date(2021, 3, 31)),
        ),
    }
    counted = inspections.select(**{code: holds.sum() for code, (_, holds) in checks.items()}).row(
        0, named=True
    )
    late = _counted(tables)
    return late + [
        Finding(code, f"{counted[code]} {message}", n=counted[code])
        for code, (message, _) in checks.items()
        if counted[code]
    ]


def _counted(tables: _Tables) -> list[Finding]:
    """Count what is odd in the other tables: dates out of order, grades that a framework does not give."""
    homes, movements = tables["homes"], tables["movements"]
    authorities, panel = tables["authority_inspections"], tables["authority_years"]
    known = homes.select("urn")
    checks = {
        "listed-after-closing": (
            "homes stand on a list of the weeks after they left the register",
            homes.filter(pl.col("last_listed_on") > pl.col("closed_on")),
        ),
        "closed-before-registered": (
            "homes left the register, as printed, before they were registered",
            homes.filter(pl.col("closed_on") < pl.col("registered_on")),
        ),
        "release-contradicts-itself": (
            "inspections are told twice by one release, not alike; its first row is believed",
            _told_twice(tables["records"]),
        ),
        "inspected-after-closing": (
            "homes were inspected, as printed, after they left the register",
            homes.filter(pl.col("closed_on") < pl.col("last_inspected_on")),
        ),
        "movement-of-a-home-never-described": (
            "movements are of numbers that no list, inspection or joiner describes as a home",
            movements.join(known, on="urn", how="anti"),
        ),
        "authority-reported-before-inspected": (
            "inspections of authorities were published, as printed, before their first day",
            authorities.filter(pl.col("published_on") < pl.col("inspected_on")),
        ),
        "authority-overall-after-march-2026": (
            "inspections of authorities carry an overall grade after March 2026, when ILACS gave none",
            authorities.filter(
                (pl.col("framework") == "ILACS")
                & (pl.col("on") >= pl.date(2026, 4, 1))
                & pl.col("overall").is_not_null()
            ),
        ),
        "share-over-100": (
            "authorities' years have a part larger than the whole, as published",
            panel.filter(pl.any_horizontal(pl.col("^.*_percent$") > 100)),
        ),
    }
    return [
        Finding(code, f"{found.height} {message}", n=found.height)
        for code, (message, found) in checks.items()
        if found.height
    ]


def _told_twice(records: pl.DataFrame) -> pl.DataFrame:
    """Return the inspections of which one release has rows that differ in day, kind or judgement."""
    told = ("inspected_on", "inspection_type", "overall", "protection", "leadership", "effectiveness")
    return (
        records.group_by("urn", "inspection", "release")
        .agg(differs=pl.any_horizontal(pl.col(name).n_unique() > 1 for name in told))
        .filter("differs")
    )
