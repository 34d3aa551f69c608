"""Homes that joined the register and homes that left it: joiners and leavers, and the lists of closed homes.

The joiners and leavers have had five layouts since 2016-17. What changes is where a date stands: one column a
kind of leaving, one for all of them, or the registration's date for a joiner.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from ofsight.definitions.schema import SeriesDefinition
from ofsight.harmonise import values
from ofsight.harmonise.findings import Finding
from ofsight.harmonise.periods import Period, list_period, stated_day, year_period
from ofsight.harmonise.provisions import tell_provisions
from ofsight.harmonise.recognise import Recognised
from ofsight.harmonise.rows import (
    HarmonisedTable,
    finish_table,
    judge_rows,
    notice,
    raw_frame,
    refuse_empty,
    refuse_too_many,
    unknown_headings,
)
from ofsight.vocabulary import ProvisionType, Sector, enum_type

__all__ = ["harmonise_closures", "harmonise_movements"]

_LEAVING: Final = ("closed_on", "resigned_on", "cancelled_on", "left_on")
_DATES: Final = ("registered_on", *_LEAVING)
_COLUMNS: Final = (
    "urn",
    "provision_type",
    "sector",
    "local_authority",
    "region",
    "ofsted_region",
    "places",
    "joiner",
    "leaver",
    "status_before",
    "status",
    "reason",
    *_DATES,
)


def harmonise_movements(found: Recognised) -> HarmonisedTable:
    """Turn a table of joiners and leavers into movements, one or two a row.

    Raises
    ------
    ReleaseError
        When more than one row in a hundred is faulty, or the table has no rows.
    """
    series = found.candidates[0]
    raw, parsed = _parse(found)
    moved = pl.concat([_of_kind(parsed, "joined"), _of_kind(parsed, "left")])
    period = year_period(f"{_financial_year_of(found)} {found.title}", moved["on"], quarters=False)
    judged = _judge(parsed, joiners=True)
    kept = judged.filter(pl.col("set_aside_for").is_null())["row"]
    records = _finish(moved.filter(pl.col("row").is_in(kept.implode())))
    return _finish_movements(found, series, period, raw, judged, records)


def harmonise_closures(found: Recognised) -> HarmonisedTable:
    """Turn a list of closed homes into movements.

    Raises
    ------
    ReleaseError
        As `harmonise_movements`.
    """
    series = found.candidates[0]
    raw, parsed = _parse(found)
    period, _ = list_period(
        f"{found.table.sheet or ''} {found.title}", found.table.file.stem, parsed["left_on_"]
    )
    judged = _judge(parsed, joiners=False)
    kept = judged.filter(pl.col("set_aside_for").is_null())
    records = _finish(kept.with_columns(kind=pl.lit("left"), on="left_on_"))
    return _finish_movements(found, series, period, raw, judged, records)


def _parse(found: Recognised) -> tuple[pl.DataFrame, pl.DataFrame]:
    raw = raw_frame(found, _COLUMNS)
    refuse_empty(found, raw.height)
    month_first = {name: values.looks_month_first(raw[name]) for name in _DATES}
    parsed = raw.with_columns(
        urn_=values.parse_urn(pl.col("urn")),
        provision=values.recode(pl.col("provision_type"), "provision_type"),
        sector_=values.recode(pl.col("sector"), "sector"),
        places_=values.parse_count(pl.col("places")),
        joins=values.folded(pl.col("joiner")).str.contains("join").fill_null(value=False),
        leaves=values.folded(pl.col("leaver")).str.contains("leav").fill_null(value=False),
        **{
            f"{name}_": values.parse_date(pl.col(name), month_first=is_so)
            for name, is_so in month_first.items()
        },
    )
    return raw, parsed


def _of_kind(parsed: pl.DataFrame, kind: str) -> pl.DataFrame:
    if kind == "joined":
        return parsed.filter("joins").with_columns(kind=pl.lit(kind), on="registered_on_")
    left = pl.coalesce(f"{name}_" for name in _LEAVING)
    return parsed.filter("leaves").with_columns(kind=pl.lit(kind), on=left)


def _judge(parsed: pl.DataFrame, *, joiners: bool) -> pl.DataFrame:
    """Give each row that is set aside its reason."""
    unreadable = pl.any_horizontal(
        pl.col(name).is_not_null() & pl.col(f"{name}_").is_null() for name in _DATES
    )
    is_home = pl.col("provision_type").is_in(list(tell_provisions(parsed["provision_type"]).near))
    is_note = pl.col("urn_").is_null() & pl.all_horizontal(
        pl.col(name).is_null() for name in ("provision_type", "sector", "status", *_DATES)
    )
    checks = [
        ("blank row", pl.col("blank"), pl.lit(None)),
        ("note below the table", is_note, pl.lit(None)),
        ("not a URN", pl.col("urn_").is_null(), pl.col("urn")),
    ]
    if joiners:
        checks += [
            ("unknown provision type", pl.col("provision").is_null() & is_home, pl.col("provision_type")),
            ("other provision", pl.col("provision").is_null(), pl.col("provision_type")),
            ("unknown sector", pl.col("sector_").is_null(), pl.col("sector")),
            ("impossible date", unreadable, pl.concat_str(_DATES, separator="; ", ignore_nulls=True)),
            ("neither joiner nor leaver", ~pl.col("joins") & ~pl.col("leaves"), pl.lit(None)),
        ]
    else:
        checks += [
            ("impossible date", unreadable, pl.col("left_on")),
            ("no closing date", pl.col("left_on").is_null(), pl.col("status")),
        ]
    judged = judge_rows(parsed.rename({"reason": "why"}), checks).rename({"reason": "set_aside_for"})
    repeated = pl.col("set_aside_for").is_null() & (
        pl.int_range(pl.len()).over("urn_", "joins", "leaves", "set_aside_for") > 0
    )
    return judged.with_columns(
        set_aside_for=pl.when(repeated).then(pl.lit("repeated row")).otherwise("set_aside_for"),
        reason="why",
    )


def _finish(rows: pl.DataFrame) -> pl.DataFrame:
    """Name and type the columns of a movement; see ``ofsight.dataset.tables`` for what each means."""
    status = pl.when(pl.col("kind") == "joined").then(pl.lit("Active")).otherwise(_leaving_status())
    return rows.select(
        "row",
        "kind",
        urn="urn_",
        on="on",
        status=status,
        status_as_published="status",
        reason="reason",
        provision_type=pl.col("provision").cast(enum_type(ProvisionType)),
        sector=pl.col("sector_").cast(enum_type(Sector)),
        local_authority="local_authority",
        region=pl.coalesce("region", "ofsted_region"),
        places="places_",
        registered_on="registered_on_",
    ).sort("row", "kind")


def _leaving_status() -> pl.Expr:
    """Say how a home left: by its status, or by which of the date columns is filled."""
    status = pl.col("status").str.to_titlecase()
    return (
        pl.when(status.is_in(["Resigned", "Cancelled", "Closed"]))
        .then(status)
        .when(pl.col("cancelled_on").is_not_null())
        .then(pl.lit("Cancelled"))
        .when(pl.col("resigned_on").is_not_null())
        .then(pl.lit("Resigned"))
        .when(pl.col("closed_on").is_not_null())
        .then(pl.lit("Closed"))
        .otherwise(status)
    )


def _financial_year_of(found: Recognised) -> str:
    """Return the year that the sheet, or the headings of the status columns, name by its last day."""
    headings = [found.table.rows[found.heading_row][place] for place in found.positions.values()]
    days = (stated_day(text) for text in (found.table.sheet or "", found.title, *headings))
    last = next((day for day in days if day is not None and (day.month, day.day) == (3, 31)), None)
    return f"{last.year - 1}-{last.year % 100:02d}" if last else ""


def _finish_movements(
    found: Recognised,
    series: SeriesDefinition,
    period: Period,
    raw: pl.DataFrame,
    judged: pl.DataFrame,
    records: pl.DataFrame,
) -> HarmonisedTable:
    set_aside = judged.filter(pl.col("set_aside_for").is_not_null()).select(
        "row", reason="set_aside_for", detail="detail"
    )
    refuse_too_many(set_aside, raw.height, found)
    findings: list[Finding] = unknown_headings(found)
    undated = records.filter(pl.col("on").is_null())
    if undated.height:
        findings.append(
            notice(
                found,
                "movement-without-a-date",
                "homes joined or left on a day that is not printed",
                undated.height,
                undated["row"][0],
            )
        )
    return finish_table(
        found,
        series,
        period,
        records=records,
        set_aside=set_aside,
        n_read=raw.height,
        findings=findings,
    )
