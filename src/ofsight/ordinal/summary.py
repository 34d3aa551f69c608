"""A fit as text that a statistician can read at a glance."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from ofsight.ordinal.intervals import tidy_frame

if TYPE_CHECKING:
    from ofsight.ordinal.result import OrdinalFit

__all__ = ["summarise"]

_TITLES = {"location": "Coefficients", "scale": "Log-scale coefficients", "threshold": "Thresholds"}


def summarise(fit: OrdinalFit, kind: str, cluster: Any) -> str:
    """Return a summary: model, fit, estimates, random effects, convergence."""
    lines = [*_head(fit), ""]
    table = tidy_frame(fit, 0.95, kind, cluster)
    if kind == "cluster":
        by = cluster if isinstance(cluster, str) else "default clusters"
        lines += [f"Standard errors are cluster-robust ({by}).", ""]
    for part, title in _TITLES.items():
        rows = [r for r in table.iter_rows(named=True) if r["part"] == part]
        if rows:
            lines += _table(title, rows, tested=part != "threshold")
    if fit.aliased:
        lines += [f"Aliased (left out): {', '.join(fit.aliased)}", ""]
    lines += _random(fit)
    lines += _convergence(fit)
    return "\n".join(lines).rstrip() + "\n"


def _head(fit: OrdinalFit) -> list[str]:
    arrays = fit.arrays
    request = fit.frame.request if fit.frame is not None else None
    name = "Cumulative link mixed model" if fit.is_mixed else "Cumulative link model"
    if fit.is_mixed:
        how = "Laplace" if arrays.nodes == 1 else f"adaptive quadrature, {arrays.nodes} nodes"
        name += f" fitted by {how}"
    lines = [name]
    if request is not None:
        lines.append(f"  formula  {request.formula}")
        lines += [f"  {p:8} ~ {t}" for p in ("nominal", "scale") if (t := getattr(request, p))]
    lines.append(f"  link     {arrays.link}, {arrays.threshold} thresholds")
    lines.append(f"  grades   {' < '.join(fit.levels)}")
    dropped = f" ({fit.n_dropped} dropped: missing values)" if fit.n_dropped else ""
    lines.append(f"  rows     {fit.n}{dropped}")
    lines.append(
        f"  log-likelihood {fit.log_likelihood:.4f}   AIC {fit.aic:.2f}   BIC {fit.bic:.2f}   "
        f"parameters {fit.n_parameters}"
    )
    return lines


def _table(title: str, rows: list[dict[str, Any]], *, tested: bool) -> list[str]:
    width = max(len(title), *(len(r["name"]) for r in rows))
    head = f"{title:{width}}  {'estimate':>10} {'std.error':>10}"
    if tested:
        head += f" {'z':>8} {'p':>9}"
    lines = [head + f"   {'95% interval':>21}"]
    for r in rows:
        line = f"{r['name']:{width}}  {_number(r['estimate'])} {_number(r['std_error'])}"
        if tested:
            z = r["statistic"]
            line += f" {z:8.2f} {_p_value(r['p_value'])}" if z is not None else " " * 19
        lines.append(f"{line}   {_number(r['low'])} {_number(r['high'])}")
    return [*lines, ""]


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return f"{'-':>10}"
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        return f"{value:10.3e}"
    return f"{value:10.4f}"


def _p_value(p: float | None) -> str:
    if p is None or math.isnan(p):
        return f"{'-':>9}"
    return "   <0.0001" if p < 1e-4 else f"{p:9.4f}"


def _random(fit: OrdinalFit) -> list[str]:
    if not fit.is_mixed:
        return []
    lines = [f"{'Random intercepts':24} {'groups':>8} {'variance':>10} {'std.dev.':>10}"]
    for name, sd in fit.random_sds.items():
        count = fit.group_counts[name]
        lines.append(f"{name:24} {count:8d} {_number(sd * sd)} {_number(sd)}")
    return [*lines, ""]


def _convergence(fit: OrdinalFit) -> list[str]:
    c = fit.convergence
    lines = [
        f"Convergence: {c.code.name.lower().replace('_', ' ')} ({c.code.value}), "
        f"{c.iterations} iterations, largest gradient {c.max_gradient:.1e} s.e., "
        f"condition number {c.condition_number:.1e}"
    ]
    for finding in c.findings:
        lines += textwrap.wrap(
            f"{finding.code.name.lower().replace('_', ' ')}: {finding.message}",
            96,
            initial_indent="  ",
            subsequent_indent="    ",
        )
    return lines
