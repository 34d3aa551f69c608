"""Exposure: what would go with each group, where else it is large, how its homes are judged."""

from __future__ import annotations

from typing import Any

import polars as pl

from ofsight.planning.area_plan import AreaPlan
from ofsight.planning.measures.exposure import FEWEST_HOMES
from ofsight.planning.sections.beside import list_source, mid_name
from ofsight.planning.wording import portion, say_status
from ofsight.report.document import Block, Column, Paragraph, Row, Section, Table
from ofsight.report.wording import count, decimal, joined, p_value, percent

__all__ = ["exposure_section"]

_SHOWN = 10
_FEWEST_JUDGED = 5


def exposure_section(plan: AreaPlan) -> Section:
    """Return the section on exposure."""
    held = plan.exposure.filter(pl.col("holder_id").is_not_null())
    if held.is_empty():
        return Section("exposure", "Exposure", (Paragraph("No registered place, so none to lose.", "lead"),))
    blocks: list[Block] = [Paragraph(_lead(plan, held), "lead"), _leaving(plan, held), _reach(plan, held)]
    judged = _judged(plan, held)
    if judged is not None:
        blocks.append(judged)
    return Section("exposure", "Exposure", tuple(blocks))


def _lead(plan: AreaPlan, held: pl.DataFrame) -> str:
    outside = held.filter(pl.col("kind") != "council")
    if outside.is_empty():
        return "All places are run by councils: no other group could leave."
    first = outside.row(0, named=True)
    share = portion(first["places"], plan.value("places").value or 0, plan.value("homes").value or 0)
    words = (
        f"If every home of {first['holder']} here closed, {count(first['places'])} places would go ({share}) "
        f"and {count(first['places_left']) if first['places_left'] else 'none'} be left"
    )
    if first["left_per_100_in_homes"] is not None:
        words += (
            f", {decimal(first['left_per_100_in_homes'], 0)} for every 100 of the area’s children in homes"
        )
    named = outside["holder_id"].implode()
    hard = _screened(plan).filter(pl.col("holder_id").is_in(named))["holder"].n_unique()
    if outside.height == 1:
        meets = "meets" if hard else "does not meet"
        return (
            f"{words}. Over England it {meets} the screen below for holders difficult to replace; what it is "
            "to this area alone, the screen does not ask."
        )
    return (
        f"{words}. {count(hard) if hard else 'None'} of the {count(outside.height)} groups and owners here, "
        f"councils apart, {'meets' if hard == 1 else 'meet'} the screen below for holders difficult to "
        "replace in England."
    )


def _screened(plan: AreaPlan) -> pl.DataFrame:
    return plan.inputs.screened


def _leaving(plan: AreaPlan, held: pl.DataFrame) -> Table:
    columns = (
        Column("If all homes of this holder here closed", share=2.4),
        Column("Homes", numeric=True),
        Column("Places lost", numeric=True),
        Column("Share", numeric=True),
        Column("Places left", numeric=True),
        Column("Good left", numeric=True),
        Column("Left per 100 in homes", numeric=True),
        Column("Expected loss, 36 months", numeric=True),
    )
    rows = [Row(_leaving_cells(row)) for row in held.head(_SHOWN).iter_rows(named=True)]
    rest = held.height - _SHOWN
    unlinked = plan.exposure.filter(pl.col("holder_id").is_null())
    notes = [list_source(plan)]
    if rest > 0:
        places = int(held.tail(rest)["places"].sum())
        notes.append(f"{count(rest)} more hold {count(places)} places.")
    if unlinked.height:
        notes.append(
            f"{count(unlinked['places'][0])} places are in homes whose owner the list does not name."
        )
    notes.append(
        "Good: last judged Good or Outstanding. Children are the area’s own, wherever they live. Expected "
        f"loss: places times the chance that the home closes, of {FEWEST_HOMES} homes or more. A sale is not "
        "a closure: homes of a group that fails may go on under another."
    )
    return Table(
        "table-exposure",
        "What would be left without each of the largest",
        columns,
        tuple(rows),
        " ".join(notes),
    )


def _leaving_cells(row: dict[str, Any]) -> tuple[str, ...]:
    left = row["left_per_100_in_homes"]
    loss = row["expected_loss_36"]
    return (
        row["holder"],
        count(row["homes"]),
        count(row["places"]),
        percent(row["share_of_places"], 1),
        count(row["places_left"]),
        count(row["good_places_left"]),
        say_status(row["left_per_100_in_homes_status"]) if left is None else decimal(left, 0),
        _expected_loss(row["homes"], loss),
    )


def _expected_loss(homes: int, loss: float | None) -> str:
    """Return the places expected to go; not of few homes, for it would tell a home's chance of closing."""
    if loss is None:
        return "–"
    return decimal(loss, 1) if homes >= FEWEST_HOMES else "too few homes"


def _reach(plan: AreaPlan, held: pl.DataFrame) -> Table:
    limbs = _screened(plan).group_by("holder_id").agg(pl.col("limb").sort())
    found = dict(limbs.iter_rows())
    columns = (
        Column("The largest here, in England", share=2.2),
        Column("Places", numeric=True),
        Column("Authorities", numeric=True),
        Column("Over 10%", numeric=True),
        Column("Over 25%", numeric=True),
        Column("Over 50%", numeric=True),
        Column("Difficult to replace", share=1.8),
    )
    rows = []
    for row in held.filter(pl.col("kind") != "council").head(_SHOWN).iter_rows(named=True):
        numbers = ("places_in_england", "n_authorities", "n_over_10", "n_over_25", "n_over_50")
        rows.append(
            Row(
                (
                    row["holder"],
                    *(count(row[name]) for name in numbers),
                    joined(found.get(row["holder_id"], [])) or "no",
                )
            )
        )
    if not rows:
        rows = [Row(("Councils only", *("–",) * 6))]
    asked = "; ".join(f"{limb.name}: {_asks(limb)}" for limb in plan.inputs.screen.limbs)
    note = (
        "Over 10, 25, 50%: authorities where it holds more than that share of all places. Difficult to "
        f"replace, by thresholds that can be edited: {asked}. Source: {plan.inputs.screen.source}. A screen, "
        "not a finding about any group."
    )
    return Table("table-reach", "How far the largest reach", columns, tuple(rows), note)


def _asks(limb: Any) -> str:
    words = f"{count(limb.places)} places"
    if limb.share is not None:
        words += f" and over {percent(limb.share, 0)} in {limb.authorities} authorities"
    elif limb.authorities > 1:
        words += f" in {limb.authorities} authorities"
    return words + (" (from memory)" if limb.from_memory else "")


def _judged(plan: AreaPlan, held: pl.DataFrame) -> Table | None:
    groups = plan.inputs.groups
    if groups is None:
        return None
    mine = held.filter(pl.col("kind") != "council").select("holder_id").head(2 * _SHOWN)
    frame = mine.join(groups.frame, on="holder_id", maintain_order="left").filter(
        pl.col("n_judged") >= _FEWEST_JUDGED
    )
    if frame.is_empty():
        return None
    columns = (
        Column("Group, all its homes in England", share=2.2),
        Column("Judged", numeric=True),
        Column("Below Good", numeric=True),
        Column("... Inadequate", numeric=True),
        Column("Expected", numeric=True),
        Column("p, chance", numeric=True),
        Column("p, groups differ", numeric=True),
    )
    rows = [
        Row(
            (
                row["holder"],
                count(row["n_judged"]),
                count(row["n_below_good"]),
                count(row["n_inadequate"]),
                decimal(row["expected"], 1),
                p_value(row["p_chance"]),
                p_value(row["p_spread"]),
            )
        )
        for row in frame.head(_SHOWN).iter_rows(named=True)
    ]
    note = (
        "Homes last judged Requires improvement or Inadequate, at once, against homes of the same sector, "
        "region, size and age. p: the chance of so many or more, if homes were independent, and where "
        "groups differ as groups in England do (beta-binomial, correlation "
        f"{decimal(groups.correlation, 2)}, {count(groups.n_homes)} homes, {count(groups.n_groups)} groups "
        f"of two or more). Of {count(groups.frame.height)} groups some reach a small p by chance. Only "
        f"groups with {_FEWEST_JUDGED} judged homes or more, which are here in {mid_name(plan.area.name)}."
    )
    return Table("table-groups", "Are their homes judged alike?", columns, tuple(rows), note)
