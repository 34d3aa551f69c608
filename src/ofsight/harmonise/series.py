"""A recognised table made into records: one meaning per column, every row kept or set aside by name."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import polars as pl

from ofsight.definitions.schema import SeriesDefinition, load_spellings
from ofsight.errors import ReleaseError
from ofsight.harmonise import values
from ofsight.harmonise.doubts import (
    doubt_period,
    refuse_exchanged_dates,
    refuse_exchanged_words,
    tell_strangers,
    tell_unreadable,
)
from ofsight.harmonise.findings import Finding
from ofsight.harmonise.periods import Period, list_period, stated_day, year_period
from ofsight.harmonise.provisions import MARK, Provisions, parse_short_breaks, tell_provisions
from ofsight.harmonise.recognise import PassedOver, Recognised
from ofsight.harmonise.rows import (
    FAULTS,
    HarmonisedTable,
    finish_table,
    judge_rows,
    notice,
    raw_frame,
    refuse_empty,
    refuse_too_many,
    unknown_headings,
)
from ofsight.vocabulary import Domain, Effectiveness, Grade, InspectionType, ProvisionType, Sector, enum_type

__all__ = ["FAULTS", "LISTS", "HarmonisedTable", "harmonise_table"]

UNDATED: Final = (
    "neither its title, its rows nor its name say of which day it speaks; name the day in the file's name"
)
# The kinds of series in which a row is a provider on a date.
LISTS: Final = ("list", "places")
_COLUMNS: Final = (
    "urn",
    "provision_type",
    "sector",
    "local_authority",
    "inspection_type",
    "inspected_on",
    *(domain.value for domain in Domain),
    "event_number",
    "published_on",
    "registration_status",
    "registered_on",
    "places",
    "owner",
    "region",
    "ofsted_region",
)
_MOST_FAULTY: Final = 0.01
# A registration or publication outside is a slip of the keyboard.
_FIRST_MEANT, _LAST_MEANT = date(1900, 1, 1), date(2100, 1, 1)
# Notes stand below the last provider, have one cell or two, and are few.
_MOST_NOTES: Final = 60
_CELLS_OF_NOTE: Final = 2
# Interim codes of January to March 2014 have not been verified against anything published in words.
_CODE: Final = r"^\d(?:\.0+)?$"
_INTERIM_CODES_FROM: Final = date(2014, 4, 1)


def harmonise_table(found: Recognised) -> HarmonisedTable | PassedOver:
    """Turn a recognised table into records, or pass it over where nothing says of which day it speaks.

    Raises
    ------
    ReleaseError
        When more than one row in a hundred is faulty, or one cell in a hundred of a column that is read; when
        the title contradicts the rows, nothing says of which day they speak, or there are none.
    """
    raw = raw_frame(found, (*_COLUMNS, MARK))
    refuse_empty(found, raw.height)
    findings: list[Finding] = []
    parsed = _parse(raw, found, findings)
    if found.candidates[0].reads == "places" and _is_undated(found, parsed):
        return PassedOver(found.table, UNDATED, known=True)
    refuse_exchanged_dates(parsed, found)
    refuse_exchanged_words(parsed, found)
    series = _choose_series(found, parsed)
    period = _period(series, found, parsed, findings)
    provisions = tell_provisions(parsed["provision_type"])
    judged = _with_reasons(parsed, period, series, provisions)
    set_aside = judged.filter(pl.col("reason").is_not_null()).select("row", "reason", "detail")
    kept = judged.filter(pl.col("reason").is_null())
    records = _finish(kept, series, period)
    refuse_too_many(set_aside, raw.height, found)
    findings += tell_strangers(judged, provisions, found, records.height)
    findings += tell_unreadable(kept, found)
    findings += _notice(records, set_aside, found, period)
    return finish_table(
        found, series, period, records=records, set_aside=set_aside, n_read=raw.height, findings=findings
    )


def _is_undated(found: Recognised, parsed: pl.DataFrame) -> bool:
    """Whether neither the title, nor a row, nor the file's name says of which day a list speaks."""
    texts = (f"{found.table.sheet or ''} {found.title}", found.table.file.stem)
    return (
        found.candidates[0].one_off is None
        and parsed["registered_on_"].null_count() == parsed.height
        and not any(stated_day(text) for text in texts)
    )


def _parse(raw: pl.DataFrame, found: Recognised, findings: list[Finding]) -> pl.DataFrame:
    """Add the parsed value of every column beside its text."""
    month_first = {
        name: values.looks_month_first(raw[name])
        for name in ("inspected_on", "published_on", "registered_on")
    }
    if any(month_first.values()):
        # One program wrote them all: 01/02/2010 beside 12/31/2018 is the second of January.
        month_first = {
            name: is_so or values.fits_month_first(raw[name]) for name, is_so in month_first.items()
        }
    for name, is_so in month_first.items():
        if is_so:
            findings.append(
                notice(
                    found, "dates-month-first", f"the dates of '{name}' are written month first", raw.height
                )
            )
    return raw.with_columns(
        urn_=values.parse_urn(pl.col("urn")),
        provision=values.recode(pl.col("provision_type"), "provision_type"),
        sector_=values.recode(pl.col("sector"), "sector"),
        type_=values.recode(pl.col("inspection_type"), "inspection_type"),
        event=values.parse_event_number(pl.col("event_number")),
        places_=values.parse_count(pl.col("places")),
        short_breaks_only_=parse_short_breaks(),
        **{
            f"{name}_": values.parse_date(pl.col(name), month_first=is_so)
            for name, is_so in month_first.items()
        },
    ).with_columns(
        pl.when(pl.col(name).is_between(_FIRST_MEANT, _LAST_MEANT)).then(name)
        for name in ("published_on_", "registered_on_")
    )


def _choose_series(found: Recognised, parsed: pl.DataFrame) -> SeriesDefinition:
    """Tell a list of providers from a year's inspections where both have the same headings.

    The sheet's name or the title says it; else the rows: a list holds a provider once, its full inspection,
    a year holds visits of every kind and the same provider again.
    """
    if len(found.candidates) == 1:
        return found.candidates[0]
    stated = found.table.sheet or ""
    for series in found.candidates:
        if re.search(series.sheet, stated, re.IGNORECASE) or re.search(
            series.title_pattern, found.title, re.IGNORECASE
        ):
            return series
    # A row copied whole says nothing of either.
    homes = parsed.filter(pl.col("urn_").is_not_null()).unique(_COLUMNS)
    n = max(1, homes.height)
    repeated = n - homes["urn_"].n_unique()
    other_visits = homes["type_"].is_in([InspectionType.INTERIM, InspectionType.ASSURANCE]).sum()
    named = {
        series.reads
        for series in found.candidates
        if re.search(series.file, found.table.file.stem, re.IGNORECASE)
    }
    of_every_kind = repeated / n > _MOST_FAULTY or other_visits / n > _MOST_FAULTY
    wanted = "in year" if of_every_kind or named == {"in year"} else "list"
    return next(series for series in found.candidates if series.reads == wanted)


def _period(
    series: SeriesDefinition, found: Recognised, parsed: pl.DataFrame, findings: list[Finding]
) -> Period:
    stated = f"{found.table.sheet or ''} {found.title}"
    if series.one_off is not None:
        return Period(series.one_off.isoformat(), series.one_off, series.one_off)
    if series.reads == "in year":
        period = year_period(stated, parsed["inspected_on_"])
        findings += doubt_period(period, parsed["inspected_on_"], found, is_a_list=False)
        return period
    dates = pl.concat([parsed["inspected_on_"], parsed["registered_on_"]])
    if dates.null_count() == len(dates) and not any(map(stated_day, (stated, found.table.file.stem))):
        raise ReleaseError(
            f"{UNDATED}.",
            file=found.table.file,
            sheet=found.table.sheet,
            hint="For example: provider-level-at-31-march-2024.csv.",
        )
    period, doubt = list_period(stated, found.table.file.stem, dates)
    if stated_day(stated) is not None:
        findings += doubt_period(period, dates, found, is_a_list=True)
    if doubt:
        findings.append(notice(found, "file-name-contradicts-rows", f"{doubt}; the rows are believed"))
    return period


def _with_reasons(
    parsed: pl.DataFrame, period: Period, series: SeriesDefinition, provisions: Provisions
) -> pl.DataFrame:
    """Give each row that is set aside its reason, the first that holds."""
    parsed = _with_grades(parsed, period)
    text = pl.col
    inspected = text("inspected_on").is_not_null()
    possible = text("inspected_on_").is_between(values.FIRST_DAY, period.end)
    unknown_grade = pl.any_horizontal(text(f"{domain}_unknown") for domain in Domain)
    near_home = text("provision_type").is_in(list(provisions.near)) | text("provision_type").is_null()
    dated = inspected if series.reads == "in year" else inspected | text("overall_grade").is_null()
    checks: list[tuple[str, pl.Expr, pl.Expr]] = [
        ("blank row", text("blank"), pl.lit(None)),
        ("note below the table", _is_note(), pl.lit(None)),
        ("not a URN", text("urn_").is_null(), text("urn")),
        ("unknown provision type", text("provision").is_null() & near_home, text("provision_type")),
        ("other provision", text("provision").is_null(), text("provision_type")),
        ("unknown sector", text("sector_").is_null(), text("sector")),
        ("impossible date", inspected & ~possible.fill_null(value=False), text("inspected_on")),
        ("inspection without a date", ~dated, text("overall")),
        ("unknown inspection type", inspected & text("type_").is_null(), text("inspection_type")),
        ("unknown grade", inspected & unknown_grade, _unknown_texts()),
    ]
    return _without_repeats(judge_rows(parsed, checks), is_a_list=series.reads in LISTS)


def _is_note() -> pl.Expr:
    """Whether a row is a note: below the last provider, nearly empty, and one of few."""
    nameless = pl.all_horizontal(pl.col(name).is_null() for name in ("urn_", "provision_type", "sector"))
    last = pl.col("row").filter(pl.col("urn_").is_not_null()).max()
    filled = pl.sum_horizontal(pl.col(name).is_not_null() for name in _COLUMNS)
    note = nameless & ~pl.col("blank") & (pl.col("row") > last).fill_null(value=False)
    note &= filled <= _CELLS_OF_NOTE
    return note & (note.sum() <= _MOST_NOTES)


def _without_repeats(judged: pl.DataFrame, *, is_a_list: bool) -> pl.DataFrame:
    """Set aside rows that repeat another, and as faults those that contradict it; the first row stands.

    A list holds a provider once. A year may hold the same home again, but not the same visit.
    """
    kept = pl.col("reason").is_null()
    grades = [f"{domain}_grade" for domain in Domain]
    if is_a_list:
        key, alike, fault = ["urn_"], list(_COLUMNS), "home listed twice, differently"
    else:
        key, alike = ["urn_", "inspected_on_", "type_"], ["event", "overall", "protection", "leadership"]
        fault = "visit told twice, differently"
    told = alike if is_a_list else [*grades, "effectiveness"]
    group = [*key, "reason"]
    again = kept & (pl.int_range(pl.len()).over(group) > 0)
    repeated = kept & (pl.int_range(pl.len()).over([*dict.fromkeys([*key, *alike]), "reason"]) > 0)
    differs = again & pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(name).first().over(group)) for name in told
    )
    where = pl.concat_str(pl.lit("otherwise in row "), pl.col("row").first().over(group).cast(pl.String))
    return judged.with_columns(
        reason=pl.when(differs)
        .then(pl.lit(fault))
        .when(repeated)
        .then(pl.lit("repeated row"))
        .otherwise("reason"),
        detail=pl.when(differs).then(where).otherwise("detail"),
    )


def _with_grades(parsed: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Add ``<domain>_grade``, ``<domain>_unknown`` and ``effectiveness`` for words and for codes alike.

    Most cells decide which a table prints, so that one odd cell is a fault of its row. Among codes a word is
    still a word.
    """
    cells = pl.concat([parsed[domain.value] for domain in Domain]).drop_nulls()
    coded = not cells.is_empty() and 2 * int(cells.str.contains(_CODE).sum()) > len(cells)
    silent = [*load_spellings()["no_grade"], *(load_spellings()["no_grade_code"] if coded else ())]
    interim = pl.col("type_") == InspectionType.INTERIM
    verified = interim & pl.lit(coded and period.start >= _INTERIM_CODES_FROM)

    def code_of(domain: Domain) -> pl.Expr:
        return pl.when(pl.lit(coded)).then(pl.col(domain.value).str.replace(r"\.0+$", ""))

    overall = code_of(Domain.OVERALL)
    new: dict[str, pl.Expr] = {
        "effectiveness": pl.coalesce(
            values.recode(pl.col("overall"), "effectiveness"),
            pl.when(verified).then(values.recode(overall, "effectiveness_code")),
        )
    }
    for domain in Domain:
        cell, code = pl.col(domain.value), code_of(domain)
        by_code, by_word = values.recode(code, "grade_code"), values.recode(cell, "grade")
        new[f"{domain}_grade"] = pl.coalesce(by_word, pl.when(~interim.fill_null(value=False)).then(by_code))
        known = pl.coalesce(by_word, by_code).is_not_null() | cell.is_null()
        known |= values.folded(cell).is_in(silent) | code.is_in(silent).fill_null(value=False)
        if domain is Domain.OVERALL:
            known |= values.recode(cell, "effectiveness").is_not_null()
            known |= values.recode(code, "effectiveness_code").is_not_null()
        new[f"{domain}_unknown"] = ~known
    return parsed.with_columns(**new)


def _unknown_texts() -> pl.Expr:
    return pl.concat_str(
        [
            pl.when(f"{domain}_unknown").then(pl.concat_str(pl.lit(f"{domain}: "), pl.col(domain.value)))
            for domain in Domain
        ],
        separator="; ",
        ignore_nulls=True,
    )


def _finish(rows: pl.DataFrame, series: SeriesDefinition, period: Period) -> pl.DataFrame:
    """Name and type the columns of a record; see ``ofsight.dataset.tables`` for what each means."""
    return rows.select(
        pl.col("row"),
        urn="urn_",
        inspected_on="inspected_on_",
        event_number="event",
        event_number_as_published="event_number",
        inspection_type=pl.col("type_").cast(enum_type(InspectionType)),
        **{
            name: expression
            for domain in Domain
            for name, expression in (
                (domain.value, pl.col(f"{domain}_grade").cast(enum_type(Grade))),
                (f"{domain}_as_published", pl.col(domain.value)),
            )
        },
        effectiveness=pl.col("effectiveness").cast(enum_type(Effectiveness)),
        published_on="published_on_",
        provision_type=pl.col("provision").cast(enum_type(ProvisionType)),
        provision_type_as_published="provision_type",
        sector=pl.col("sector_").cast(enum_type(Sector)),
        sector_as_published="sector",
        local_authority="local_authority",
        region=pl.coalesce("region", "ofsted_region"),
        places="places_",
        registered_on="registered_on_",
        registration_status="registration_status",
        owner="owner",
        short_breaks_only="short_breaks_only_",
        listed_on=pl.lit(period.end if series.reads in LISTS else None, dtype=pl.Date),
    )


def _notice(
    records: pl.DataFrame, set_aside: pl.DataFrame, found: Recognised, period: Period
) -> list[Finding]:
    """Say what is odd about the rows that were kept, and where the faulty ones stand."""
    findings = unknown_headings(found)
    findings += [
        notice(found, "row-set-aside", f"{fault['reason']}: '{fault['detail'] or ''}'", row=fault["row"])
        for fault in set_aside.filter(pl.col("reason").is_in(FAULTS)).iter_rows(named=True)
    ]
    damaged = records.filter(
        pl.col("event_number").is_null() & pl.col("event_number_as_published").is_not_null()
    )
    findings += [
        notice(found, "event-number-damaged", f"event number '{text}' is none", row=row)
        for row, text in damaged.select("row", "event_number_as_published").iter_rows()
    ]
    early = records.filter(pl.col("published_on") < pl.col("inspected_on"))
    if early.height:
        findings.append(
            notice(
                found,
                "published-before-inspected",
                "the publication date lies before the inspection",
                early.height,
                early["row"][0],
            )
        )
    coded = records.filter(
        (pl.col("inspection_type") == InspectionType.INTERIM)
        & pl.col("overall_as_published").str.contains(_CODE)
        & pl.col("effectiveness").is_null()
    )
    if coded.height and period.start < _INTERIM_CODES_FROM:
        message = "interim judgements are printed as codes that nothing published explains; kept as published"
        findings.append(notice(found, "interim-code-not-verified", message, coded.height, coded["row"][0]))
    if records.is_empty():
        findings.append(notice(found, "no-homes", "no row is a children's home", 0))
    return findings
