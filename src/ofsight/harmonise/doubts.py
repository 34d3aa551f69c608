"""Cells that cannot be read, dates and words that cannot be meant: told by file and column, or refused."""

from __future__ import annotations

from typing import Final

import polars as pl

from ofsight.definitions.schema import load_spellings
from ofsight.errors import ReleaseError
from ofsight.harmonise import values
from ofsight.harmonise.findings import Finding
from ofsight.harmonise.periods import Period, contradiction
from ofsight.harmonise.provisions import Provisions
from ofsight.harmonise.recognise import Recognised
from ofsight.harmonise.rows import notice

__all__ = [
    "doubt_period",
    "refuse_exchanged_dates",
    "refuse_exchanged_words",
    "tell_strangers",
    "tell_unreadable",
]

_READ: Final = ("registered_on", "published_on", "places")
_MOST_UNREADABLE: Final = 0.01
_MOST_EARLY: Final = 0.5
# Below this many rows a share says little: what looks odd is told, and not refused.
_FEWEST: Final = 20
# How many different entries a column of a whole release may have: England has 9 regions and 152 authorities
# (some are met in two spellings), a registration 4 states. Owners are hundreds.
_MOST_WORDS: Final = {"registration_status": 12, "region": 16, "ofsted_region": 16, "local_authority": 220}
_REGION: Final = r"(?i)\b(?:north|south|east|west|midlands|london|yorkshire)"


def tell_unreadable(kept: pl.DataFrame, found: Recognised) -> list[Finding]:
    """Return a finding for each column of kept rows that has cells which cannot be read.

    Parameters
    ----------
    kept : DataFrame
        Rows with each column's text and, under its name and ``_``, what was read of it.
    found : Recognised
        The table.

    Raises
    ------
    ReleaseError
        When they are more than one in a hundred of the column's filled cells.
    """
    empty = list(load_spellings()["not_filled"])
    findings = []
    for name in _READ:
        filled = kept.filter(pl.col(name).is_not_null() & ~values.folded(pl.col(name)).is_in(empty))
        unread = filled.filter(pl.col(f"{name}_").is_null())
        if unread.is_empty():
            continue
        heading = found.table.rows[found.heading_row][found.positions[name]].strip()
        first, row = unread[name][0], unread["row"][0]
        message = f"{unread.height} of {filled.height} filled cells of '{heading}' cannot be read"
        if unread.height > _MOST_UNREADABLE * filled.height:
            raise ReleaseError(
                f"{message}, more than one in a hundred; the first is '{first}'.",
                file=found.table.file,
                sheet=found.table.sheet,
                row=row,
                hint="Dates are read as 31/03/2024, 2024-03-31, 31 March 2024 or 31-Mar-24, numbers as 4 or "
                "1,024. Correct the column, or download the file again.",
            )
        message = f"{message} and count as missing, the first is '{first}'"
        findings.append(notice(found, "cell-unreadable", message, unread.height, row))
    return findings


def tell_strangers(
    judged: pl.DataFrame, provisions: Provisions, found: Recognised, n_kept: int
) -> list[Finding]:
    """Return a finding for each provision type never met.

    Raises
    ------
    ReleaseError
        When they are more than the homes kept: then a new word for homes is likelier than a new provider.
    """
    rows = judged.filter(pl.col("provision_type").is_in(list(provisions.strangers)))
    if rows.height > n_kept:
        raise ReleaseError(
            f"{rows.height} of {judged.height} rows have a provision type never met, the first "
            f"'{rows['provision_type'][0]}', and only {n_kept} are homes.",
            file=found.table.file,
            sheet=found.table.sheet,
            row=rows["row"][0],
            hint="Add each type to definitions/spellings.yaml: under provision_type if it is a home's, else "
            "under other_provision.",
        )
    counted = rows.group_by("provision_type", maintain_order=True).agg(pl.len(), pl.col("row").first())
    return [
        notice(
            found,
            "unknown-provision-type",
            f"provision type '{text}' was never met and is taken for another provider than a home",
            n,
            row,
        )
        for text, n, row in counted.iter_rows()
    ]


def refuse_exchanged_dates(parsed: pl.DataFrame, found: Recognised) -> None:
    """Refuse a table most of whose inspections were published before they took place."""
    both = parsed.filter(pl.col("inspected_on_").is_not_null() & pl.col("published_on_").is_not_null())
    early = both.filter(pl.col("published_on_") < pl.col("inspected_on_"))
    if both.height < _FEWEST or early.height <= _MOST_EARLY * both.height:
        return
    raise ReleaseError(
        f"{early.height} of {both.height} inspections were published before they took place.",
        file=found.table.file,
        sheet=found.table.sheet,
        row=early["row"][0],
        hint="The headings of the two dates are probably exchanged: correct them, or download it again.",
    )


def refuse_exchanged_words(parsed: pl.DataFrame, found: Recognised) -> None:
    """Refuse a table whose regions, authorities, states or owners stand under one another's headings.

    Any text will do for them, so they are told by how many different ones there are.
    """
    many = [name for name, most in _MOST_WORDS.items() if parsed[name].drop_nulls().n_unique() > most]
    regions = parsed["region"].drop_nulls()
    none_is_one = len(regions) >= _FEWEST and not regions.str.contains(_REGION).any()
    own, ofsted = (parsed[name].drop_nulls().n_unique() for name in ("region", "ofsted_region"))
    if many:
        n = parsed[many[0]].n_unique()
        problem = f"the column of '{many[0]}' has {n} different entries, more than there can be"
    elif none_is_one:
        problem = f"the column of 'region' names no region; its first entry is '{regions[0]}'"
    elif parsed.height >= _FEWEST and 1 < own < ofsted:
        # Ofsted's own regions join two of the others.
        problem = f"'region' has {own} different entries and 'ofsted_region' {ofsted}, which should be fewer"
    else:
        return
    raise ReleaseError(
        f"{problem}.",
        file=found.table.file,
        sheet=found.table.sheet,
        row=found.heading_row + 1,
        hint="The headings of two columns are probably exchanged: correct them, or download it again.",
    )


def doubt_period(period: Period, dates: pl.Series, found: Recognised, *, is_a_list: bool) -> list[Finding]:
    """Hold the time that a title or a sheet's name states against the rows.

    Raises
    ------
    ReleaseError
        When they contradict each other: neither can be believed, and a wrong year outvotes other releases.
    """
    doubt = contradiction(period, dates, is_a_list=is_a_list)
    if doubt is None:
        n = 0 if is_a_list else int((dates < period.start).sum())
        message = f"inspections lie before {period.label}, of which the table speaks; kept as published"
        return [notice(found, "inspected-before-the-year", f"{n} {message}", n)] if n else []
    if dates.count() < _FEWEST:
        return [notice(found, "title-contradicts-rows", f"{doubt}; the title is believed", dates.count())]
    raise ReleaseError(
        f"{doubt}.",
        file=found.table.file,
        sheet=found.table.sheet,
        hint="Correct the title or the sheet's name, or take the file out of the folder.",
    )
