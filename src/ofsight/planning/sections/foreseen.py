"""How well closures were foreseen in years that the model had not seen: what it may be used for."""

from __future__ import annotations

from typing import Any, Final

from ofsight.planning.area_plan import AreaPlan
from ofsight.planning.models.closure_model import ClosureModel
from ofsight.report.charts.model import Dot, DotChart, DotPanel, DotRow
from ofsight.report.document import Block, Column, Figure, Paragraph, Row, Section, Span, Table
from ofsight.report.wording import count, decimal, percent

__all__ = ["KEY", "calibration_chart", "foreseen_section", "foreseen_words", "say_order"]

KEY: Final = "foreseen"

_YEAR: Final = 12
_NEAR_A_COIN: Final = 0.6
_COIN: Final = 0.5


def foreseen_section(plan: AreaPlan) -> Section | None:
    """Return the annex on how well closures were foreseen: calibration and order; None without a record.

    It is of England, and made once for the plans of all areas.
    """
    model = plan.inputs.models.closure
    if model is None:
        return None
    kept = plan.inputs.kept.get("foreseen")
    if not isinstance(kept, tuple):
        kept = plan.inputs.kept["foreseen"] = tuple(_foreseen(model))
    return Section(KEY, "How well closures were foreseen", kept, annex=True) if kept else None


def foreseen_words(plan: AreaPlan) -> list[Block]:
    """Return what the order of the homes is worth, with the way to the annex; none where none was judged."""
    model = plan.inputs.models.closure
    words = say_order(model) if model is not None else ""
    if not words:
        return []
    return [
        Paragraph((f"{words} The record: ", Span("how well closures were foreseen", link=f"#{KEY}"), "."))
    ]


def _foreseen(model: ClosureModel) -> list[Block]:
    chart, order = calibration_chart(model), _order(model)
    blocks: list[Block] = [_calibration(model, chart)] if chart is not None else []
    return [*blocks, order] if order is not None else blocks


def say_order(model: ClosureModel) -> str:
    """Return what the order of the homes is worth, by the newest year judged; empty where none was.

    Parameters
    ----------
    model : ClosureModel
        Of `ofsight.planning.models.closure`.
    """
    judged = [
        row
        for row in model.years.filter(months=_YEAR).sort("fitted_to").iter_rows(named=True)
        if row["concordance"] is not None
    ]
    if not judged:
        return ""
    first, last = judged[0], judged[-1]
    named = _of_hundred(last["concordance"])
    words = (
        "Sums over an area may be used; no home should be ranked by its chance of closing. In the newest "
        f"year judged, of a home that closed within {_YEAR} months and one that did not, the model gave the "
        f"higher chance to the right one {named} times in 100 "
        f"({_of_hundred(last['concordance_low'])} to {_of_hundred(last['concordance_high'])})"
    )
    if last["concordance"] < _NEAR_A_COIN:
        words += ", which is near to the toss of a coin"
    if last["concordance_low"] <= _COIN:
        words += " and by chance alone may be one"
    if len(judged) > 1:
        words += f"; of those listed in {first['fitted_to'].year}, {_of_hundred(first['concordance'])}"
    return words + "."


def _of_hundred(value: float) -> str:
    return decimal(100 * value, 0)


def calibration_chart(model: ClosureModel) -> DotChart | None:
    """Return the calibration of a model out of time; None where no year could be judged.

    Returns
    -------
    DotChart or None
        A panel a horizon, a row a tenth of the homes by foreseen risk: the share foreseen to close, and the
        share that did with its 95 % interval.
    """
    panels = [
        DotPanel(
            f"Within {months} months",
            tuple(
                DotRow(
                    _tenth(row["tenth"]),
                    (
                        Dot("Foreseen", "one", row["expected"], None, None),
                        Dot("Closed", "two", row["observed"], row["observed_low"], row["observed_high"]),
                    ),
                )
                for row in cells.sort("tenth").iter_rows(named=True)
            ),
        )
        for (months,), cells in model.calibration.sort("months").group_by(["months"], maintain_order=True)
    ]
    return DotChart(tuple(panels), "Share of homes that closed, per cent") if panels else None


def _tenth(tenth: int) -> str:
    names = {1: "Tenth with the least risk", 10: "Tenth with the most risk"}
    return names.get(tenth, f"Tenth {tenth}")


def _calibration(model: ClosureModel, chart: DotChart) -> Figure:
    columns = (
        Column("Homes by foreseen risk", share=1.8),
        Column("Homes", numeric=True),
        Column("Foreseen to close", numeric=True),
        Column("Closed", numeric=True),
        Column("95% interval", numeric=True, share=1.3),
    )
    rows: list[Row] = []
    for panel, (_, cells) in zip(
        chart.panels,
        model.calibration.sort("months").group_by(["months"], maintain_order=True),
        strict=True,
    ):
        rows.append(Row((panel.title,), "group"))
        rows += [Row(_tenth_cells(row)) for row in cells.sort("tenth").iter_rows(named=True)]
    return Figure(
        "figure-foreseen",
        "Closures foreseen and closures that came, in years that the model had not seen",
        "For England, homes in tenths by foreseen risk: the share foreseen to close, and the share that "
        "closed with its 95% interval, within each number of months.",
        chart,
        Table(
            "table-foreseen",
            "Closures foreseen and closures that came",
            columns,
            tuple(rows),
            "Each year is judged with a model of the years before it. Intervals draw holders, not homes.",
            folded=True,
        ),
        "Source: Ofsted’s lists, joiners and leavers; hazard of ofsight (docs/planning-models.md).",
    )


def _tenth_cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        _tenth(row["tenth"]),
        count(row["n_homes"]),
        percent(row["expected"], 1),
        percent(row["observed"], 1),
        f"{percent(row['observed_low'], 1)} to {percent(row['observed_high'], 1)}",
    )


def _order(model: ClosureModel) -> Table | None:
    rows = [
        Row(
            (
                f"{row['fitted_to'].day} {row['fitted_to']:%B %Y}",
                count(row["months"]),
                count(row["n_homes"]),
                count(row["observed"]),
                count(row["expected"]),
                f"{decimal(row['concordance'], 2)} ({decimal(row['concordance_low'], 2)} to "
                f"{decimal(row['concordance_high'], 2)})",
            )
        )
        for row in model.years.sort("months", "fitted_to").iter_rows(named=True)
        if row["concordance"] is not None
    ]
    if not rows:
        return None
    columns = (
        Column("Fitted to the lists up to", share=1.6),
        Column("Months", numeric=True),
        Column("Homes", numeric=True),
        Column("Closed", numeric=True),
        Column("Foreseen", numeric=True),
        Column("Concordance, 95% interval", numeric=True, share=1.6),
    )
    note = (
        "For England. Concordance: of two homes, how often the one that closed had been given the higher "
        "chance: 0.5 is a coin, 1 is perfect. Homes that went on under another number are taken out in part, "
        "so that a count of closures is rounded."
    )
    return Table(
        "table-closure", "The order of the homes, year by year", columns, tuple(rows), note, folded=True
    )
