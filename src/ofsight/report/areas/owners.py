"""Who runs the homes of an area: the largest groups and owners, their shares and their judgements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ofsight.profiles.bundle import AreaProfile
from ofsight.profiles.intervals import FEW
from ofsight.report.areas.words import plural
from ofsight.report.document import Block, Cell, Column, Paragraph, Row, Section, Table, Text
from ofsight.report.wording import NONE, count, percent, sector_label

__all__ = ["owners_section"]

_SHOWN = 6

Performance = Mapping[str, Mapping[str, str]]
"""Rows of the study's table ``group_performance`` for the overall judgement, by ``holder_id``."""


def owners_section(profile: AreaProfile, performance: Performance) -> Section:
    """Return the section on owners.

    Parameters
    ----------
    profile : AreaProfile
        The area.
    performance : mapping
        What each group's homes got against what homes like them would get; empty without a study.
    """
    held = profile.holders
    linked = held.filter(pl.col("kind") != "unlinked")
    title = "Who runs the homes"
    if linked.is_empty():
        words = (
            "No home here has an owner whose name is printed." if held.height else "There is no home here."
        )
        return Section("owners", title, (Paragraph(words),))
    shown = linked.head(_SHOWN)
    known = {key: performance[key] for key in shown["holder_id"] if key in performance}
    blocks: list[Block] = [Paragraph(_say(held, linked)), _table(profile, linked, known)]
    return Section("owners", title, tuple(blocks))


def _say(held: pl.DataFrame, linked: pl.DataFrame) -> str:
    first = linked.row(0, named=True)
    words = f"{plural(linked.height, 'group, owner or council', 'groups, owners and councils')} "
    words += "run homes here" if linked.height != 1 else "runs homes here"
    if held["n_homes"].sum() < FEW:
        return f"{words}; too few homes for shares. {_unlinked(held)}".strip()
    words += f"; {first['holder']} holds most places"
    if first["share_of_places"] is not None:
        four = _total(linked["share_of_places"].head(4).to_list())
        words += f", {percent(first['share_of_places'], 0)} of them"
        words += f", and the four largest together {percent(four, 0)}" if linked.height > 4 else ""
    alone = linked.filter(pl.col("n_homes") == 1).height
    words += f". {count(alone)} of them run one home each here." if alone > 1 else "."
    return f"{words} {_unlinked(held)}".strip()


def _unlinked(held: pl.DataFrame) -> str:
    missing = int(held.filter(pl.col("kind") == "unlinked")["n_homes"].sum())
    if not missing:
        return ""
    return f"Of {plural(missing, 'home')} Ofsted does not print the owner’s name."


def _table(profile: AreaProfile, linked: pl.DataFrame, known: Performance) -> Table:
    columns = [
        Column("Group, owner or council", share=2.6),
        Column("Sector", share=1.3),
        Column("Homes", numeric=True, share=0.8),
        Column("Places", numeric=True, share=0.8),
        Column("Share of places", numeric=True),
        Column("Good or better, of graded", numeric=True, share=1.2),
        Column("Homes in England", numeric=True),
    ]
    if known:
        columns.append(Column("Good or better in England; expected", numeric=True, share=2.3))
    few = profile.holders["n_homes"].sum() < FEW
    rows = [Row(_cells(row, known, few)) for row in linked.head(_SHOWN).iter_rows(named=True)]
    rest = linked.slice(_SHOWN)
    if rest.height:
        rows.append(Row(_rest(rest, bool(known), few)))
    note = (
        "A group is the owners under one ultimate owner, where that is known; an owner without a known group "
        "is not thereby independent. Council: the authority itself or another."
    )
    if known:
        note += (
            " Expected: Good or better among its homes in England if they were judged as homes of the same "
            "age, size, region and sector elsewhere, with the 95% range of chance; the model knows "
            "little of a "
            "single home."
        )
    return Table(
        "table-owners",
        "The largest groups and owners by places",
        tuple(columns),
        tuple(rows),
        note,
        stacked=True,
    )


def _cells(row: Mapping[str, Any], known: Performance, few: bool) -> tuple[Text | Cell, ...]:
    cells: list[Text | Cell] = [
        str(row["holder"]),
        sector_label(str(row["sector"])),
        count(row["n_homes"]),
        count(row["n_places"]),
        NONE if few else percent(row["share_of_places"], 0),
        f"{count(row['n_good_or_better'])} of {count(row['n_graded'])}" if row["n_graded"] else "none graded",
        count(row["n_homes_in_england"]),
    ]
    if known:
        cells.append(_expected(known.get(str(row["holder_id"]))))
    return tuple(cells)


def _expected(found: Mapping[str, str] | None) -> Text | Cell:
    if found is None:
        return Cell("fewer than ten graded", "muted")
    n, observed = int(float(found["n"])), int(float(found["observed"]))
    low, high = int(float(found["low_95"])), int(float(found["high_95"]))
    return f"{observed} of {n}; {float(found['expected']):.0f} ({low} to {high})"


def _rest(rest: pl.DataFrame, with_expected: bool, few: bool) -> tuple[Text | Cell, ...]:
    graded, good = int(rest["n_graded"].sum()), int(rest["n_good_or_better"].sum())
    cells: list[Text | Cell] = [
        f"{plural(rest.height, 'other')}",
        Cell(NONE, "muted"),
        count(int(rest["n_homes"].sum())),
        count(int(rest["n_places"].sum())),
        NONE if few else percent(_total(rest["share_of_places"].to_list()), 0),
        f"{count(good)} of {count(graded)}" if graded else "none graded",
        Cell(NONE, "muted"),
    ]
    return (*cells, Cell(NONE, "muted")) if with_expected else tuple(cells)


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
