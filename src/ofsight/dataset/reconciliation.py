"""The dataset held against Ofsted's own published series, difference by difference, with its reason.

What Ofsted counted is what was published by 30 April after the year. So a year's graded inspections are
counted from the year's own release; the dataset as a whole holds more, since later lists bring what came out
late. To 2019-20 the series counts the few monitoring visits at which a home was judged anew; from 2021-22 it
does not (two a year). Every visit with a grade is counted here.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from ofsight.vocabulary import Grade, ProvisionType

__all__ = ["make_reconciliation", "reconciliation_page"]

ALL_HOMES: Final = "all children's homes"
_PROVISIONS: Final = {
    "children's homes": ProvisionType.CHILDRENS_HOME,
    "secure children's homes": ProvisionType.SECURE,
    "residential special schools (registered as a children's home)": ProvisionType.RESIDENTIAL_SPECIAL_SCHOOL,
}
_KEY: Final = ["counted", "provision", "grade", "year", "on"]
_IN_YEAR: Final = "graded in the year"
_LATEST: Final = "latest grade"
_LATE_YEARS: Final = (2015, 2016, 2019)
_PAUSE: Final = 2021
_LISTS_NOT_SHOWN: Final = (date(2018, 3, 31), date(2019, 3, 31))


def make_reconciliation(
    control_totals: pl.DataFrame,
    records: pl.DataFrame,
    inspections: pl.DataFrame,
    snapshots: pl.DataFrame,
    releases: pl.DataFrame,
) -> pl.DataFrame:
    """Return table ``reconciliation``: every published number about homes beside ours.

    Parameters
    ----------
    control_totals, records, inspections, snapshots, releases : DataFrame
        The tables of those names (`snapshots` is ``home_snapshots``).
    """
    wanted = [ALL_HOMES, *_PROVISIONS]
    published = (
        control_totals.filter(pl.col("provision").is_in(wanted))
        .sort("release")
        .unique(_KEY, keep="last", maintain_order=True)
        .select(*_KEY, "release", published="n")
    )
    in_year = releases.filter(pl.col("series") == "provider-level-in-year").select(
        "release", year=pl.col("period_end").dt.year().cast(pl.Int32)
    )
    of_lists = releases.filter(pl.col("series") == "provider-level-at-31-march").select(
        "release", on="period_end"
    )
    graded = _graded(records.join(in_year, on="release", how="inner"))
    everywhere = _graded(inspections.with_columns(year=_year_to_march("inspected_on")))
    latest = _latest(records.join(of_lists, on="release", how="inner"))
    ours = pl.concat([graded, _listed(snapshots), latest], how="diagonal").select(*_KEY, "in_release")
    joined = published.join(ours, on=_KEY, how="left", nulls_equal=True).join(
        everywhere.select(*_KEY, in_dataset="in_release"), on=_KEY, how="left", nulls_equal=True
    )
    covered = set(in_year["year"])
    lists = set(snapshots["listed_on"].unique())
    # A year or a list that is there and holds none of a kind counts zero.
    has_ours = (pl.col("counted") == _IN_YEAR) & pl.col("year").is_in(list(covered))
    has_ours = has_ours | pl.col("on").is_in(list(lists))
    joined = joined.with_columns(
        in_release=pl.when(has_ours & (pl.col("counted") != "places"))
        .then(pl.col("in_release").fill_null(0))
        .otherwise("in_release"),
    ).with_columns(difference=pl.col("in_release") - pl.col("published"))
    whole = _whole_lists(joined)
    reasons = [_reason(row, whole) for row in joined.iter_rows(named=True)]
    return joined.with_columns(reason=pl.Series(reasons, dtype=pl.String)).sort(
        "counted", "provision", "year", "on", "grade"
    )


def _year_to_march(day: str) -> pl.Expr:
    return (pl.col(day).dt.year() + (pl.col(day).dt.month() > 3).cast(pl.Int32)).cast(pl.Int32)


def _by_provision(frame: pl.DataFrame) -> pl.DataFrame:
    """Count each home under its own kind and under all."""
    own = (
        pl.col("provision_type")
        .cast(pl.String)
        .replace_strict({kind.value: name for name, kind in _PROVISIONS.items()}, return_dtype=pl.String)
    )
    return pl.concat([frame.with_columns(provision=own), frame.with_columns(provision=pl.lit(ALL_HOMES))])


def _graded(visits: pl.DataFrame) -> pl.DataFrame:
    """Count graded visits by year (to 31 March), kind of home and grade."""
    graded = visits.filter(pl.col("overall").is_not_null()).unique(["urn", "inspected_on", "year"])
    return (
        _by_provision(graded)
        .group_by("provision", "year", grade=pl.col("overall").cast(pl.String))
        .agg(in_release=pl.len().cast(pl.Int64))
        .with_columns(counted=pl.lit(_IN_YEAR), on=pl.lit(None, dtype=pl.Date))
    )


def _listed(snapshots: pl.DataFrame) -> pl.DataFrame:
    """Count homes and places on each list."""
    by = _by_provision(snapshots).group_by("provision", on="listed_on")
    homes = by.agg(in_release=pl.len().cast(pl.Int64)).with_columns(counted=pl.lit("providers"))
    known = pl.col("places").is_not_null().any()
    places = by.agg(in_release=pl.when(known).then(pl.col("places").sum().cast(pl.Int64))).with_columns(
        counted=pl.lit("places")
    )
    return pl.concat([homes, places]).with_columns(
        year=_year_to_march("on"), grade=pl.lit(None, dtype=pl.String)
    )


def _latest(listed: pl.DataFrame) -> pl.DataFrame:
    """Count the latest grades on each list."""
    return (
        _by_provision(listed.filter(pl.col("overall").is_not_null()))
        .group_by("provision", "on", grade=pl.col("overall").cast(pl.String))
        .agg(in_release=pl.len().cast(pl.Int64))
        .with_columns(counted=pl.lit(_LATEST), year=_year_to_march("on"))
    )


def _whole_lists(joined: pl.DataFrame) -> set[date]:
    """Return the days of the lists that hold every registered home, by Ofsted's own count."""
    every = joined.filter(
        pl.col("counted") == "providers", pl.col("provision") == ALL_HOMES, pl.col("difference") == 0
    )
    return set(every["on"])


def _reason(row: dict[str, object], whole: set[date]) -> str:
    """Say why a number differs, or that it does not."""
    counted, year, difference = row["counted"], row["year"], row["difference"]
    if row["published"] is None:
        return "no number is published"
    if difference is None:
        if counted == _IN_YEAR and year == _PAUSE:
            return "routine inspection was suspended; no release of visits of that year is needed"
        if counted == _IN_YEAR:
            return "no release of that year's inspections is among the files"
        if counted == "places":
            return "no list of that day with places is among the files"
        return "no list of that day is among the files"
    if difference == 0:
        return "equal"
    assert isinstance(difference, int)
    if counted == _IN_YEAR:
        if year == 2014 and difference < 0:
            return "only the quarter from January 2014 is among the files"
        if year in _LATE_YEARS and difference < 0:
            return "Ofsted added reports to its series that were published after the year's release"
        if abs(difference) <= 2:
            return "within two: from 2021-22 the series leaves out judgements made at monitoring visits"
        return "the release and the series differ; nothing published says why"
    if row["on"] not in whole and counted in ("providers", "places"):
        return "the list of that day leaves out homes that had not been inspected"
    if counted == _LATEST and row["on"] in _LISTS_NOT_SHOWN:
        return "the series does not show the lists of 2018 and 2019: its number for 2019 is the list of 2018"
    if row["provision"] != ALL_HOMES and row["on"] in whole:
        return "all kinds of home together agree with the series; its parts class or sum a few otherwise"
    return "the list and the series differ; nothing published says why"


def reconciliation_page(reconciliation: pl.DataFrame) -> str:
    """Return the page of the docs: graded inspections, homes and places of every year, with reasons.

    Parameters
    ----------
    reconciliation : DataFrame
        Table ``reconciliation``.
    """
    lines = [
        "# The dataset beside Ofsted's own series",
        "",
        "Made by `python tools/write_docs.py DATASET` from table `reconciliation`; do not edit. Children's "
        "homes of all kinds together.",
        "*published* is Ofsted's number, *release* what the year's (or day's) own release holds, *dataset* "
        "what the dataset holds with the later releases.",
        "",
        f"Published numbers are from: {', '.join(reconciliation['release'].unique().sort())}.",
        "",
        "## Graded inspections in each year to 31 March",
        "",
        "| year | grade | published | release | difference | dataset | reason |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    every = reconciliation.filter(pl.col("provision") == ALL_HOMES)
    order = {grade.value: rank for rank, grade in enumerate(reversed(Grade))}
    rows = sorted(
        every.filter(pl.col("counted") == _IN_YEAR).iter_rows(named=True),
        key=lambda row: (-row["year"], order.get(row["grade"], 9)),
    )
    for row in rows:
        cells = [f"{row['year'] - 1}-{row['year'] % 100:02d}", row["grade"], *_cells(row), row["reason"]]
        cells.insert(5, _cell(row["in_dataset"]))
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "## Homes and places on each day",
        "",
        "| day | counted | published | release | difference | reason |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    ]
    listed = every.filter(pl.col("counted").is_in(["providers", "places"]))
    for row in listed.sort("on", "counted", descending=[True, True]).iter_rows(named=True):
        what = "homes" if row["counted"] == "providers" else "places"
        lines.append("| " + " | ".join([str(row["on"]), what, *_cells(row), row["reason"]]) + " |")
    return "\n".join(lines) + "\n"


def _cells(row: dict[str, object]) -> list[str]:
    difference = row["difference"]
    signed = "" if difference is None else f"{difference:+d}" if difference else "0"
    return [_cell(row["published"]), _cell(row["in_release"]), signed]


def _cell(value: object) -> str:
    return "" if value is None else f"{value:,}"
