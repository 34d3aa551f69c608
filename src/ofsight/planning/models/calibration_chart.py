"""The calibration of the hazard of closure as a chart: foreseen beside what came, by tenth of risk."""

from __future__ import annotations

from ofsight.planning.models.closure_model import ClosureModel
from ofsight.report.charts.model import Dot, DotChart, DotPanel, DotRow

__all__ = ["calibration_chart"]


def calibration_chart(model: ClosureModel) -> DotChart | None:
    """Return the chart of a model's calibration out of time; None where no year could be judged.

    Parameters
    ----------
    model : ClosureModel
        Of `ofsight.planning.models.closure.fit_closure`.

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
                    _row(row["tenth"]),
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


def _row(tenth: int) -> str:
    names = {1: "Tenth with the least risk", 10: "Tenth with the most risk"}
    return names.get(tenth, f"Tenth {tenth}")
