"""Tables 1 and 2 as plain HTML pages of their own: for a browser, or to paste into a document."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from jinja2 import Environment

from ofsight.vocabulary import Domain, Sector

__all__ = ["write_html_table"]

_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ caption }}</title>
<style>body{font:16px/1.4 system-ui,sans-serif;margin:1.5rem;color:#0b0c0c;background:#fff}
table{border-collapse:collapse}caption{text-align:left;font-weight:700}
th,td{text-align:left;padding:.3rem .9rem .3rem 0;border-bottom:1px solid #b1b4b6}
td{font-variant-numeric:tabular-nums}.warn{background:#801650;color:#fff;padding:.5rem 1rem}</style>
</head><body>
{% if synthetic %}<p class="warn">Synthetic data: no number here is about a real home.</p>{% endif %}
<table><caption>{{ caption }}</caption>
<thead><tr>{% for name in heads %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr><th scope="row">{{ row[0] }}</th>{% for cell in row[1:] %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody></table>
<p>{{ note }}</p>
</body></html>
"""
)


def write_html_table(path: Path, name: str, frame: pl.DataFrame, synthetic: bool) -> None:
    """Write ``table1`` or ``table2`` as a page."""
    caption, heads, rows, note = _table1(frame) if name == "table1" else _table2(frame)
    page = _PAGE.render(caption=caption, heads=heads, rows=rows, note=note, synthetic=synthetic)
    path.write_text(page, encoding="utf-8")


_Laid = tuple[str, list[str], list[list[str]], str]


def _table1(frame: pl.DataFrame) -> _Laid:
    columns = [*(sector.key for sector in Sector), "total"]
    rows = []
    for row in frame.filter(pl.col("statistic") != "percent").iter_rows(named=True):
        cells = [_figure(row[column], row["statistic"]) for column in columns]
        shares = frame.filter(
            (pl.col("section") == row["section"])
            & (pl.col("label") == row["label"])
            & (pl.col("statistic") == "percent")
        )
        if row["statistic"] == "n" and shares.height:
            share = shares.row(0, named=True)
            cells = [
                f"{cell} ({share[column]:.1f}%)" if share[column] is not None else cell
                for cell, column in zip(cells, columns, strict=True)
            ]
        rows.append([row["section"], f"{row['label']}, {row['statistic']}", *cells])
    heads = ["Section", "Row", *(sector.label for sector in Sector), "All"]
    return "Table 1. Inspections by grade and sector", heads, rows, "Percentages are of graded inspections."


def _figure(value: float | None, statistic: str) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if statistic == "n" else f"{value:,.1f}"


def _table2(frame: pl.DataFrame) -> _Laid:
    heads = ["Model", "Judgement", "Term", "Odds ratio (95% interval)", "Robust interval", "p", "n", "Homes"]
    rows: list[list[str]] = []
    if frame.is_empty():
        return "Table 2", heads, rows, ""
    shown = frame.filter(~pl.col("term").str.starts_with("year:"))
    robust = {
        (row["model"], row["outcome"], row["term"]): row
        for row in shown.filter(pl.col("variance") == "cluster").iter_rows(named=True)
    }
    for row in shown.filter(pl.col("variance") == "model").iter_rows(named=True):
        other = robust.get((row["model"], row["outcome"], row["term"]), {})
        rows.append(
            [
                row["label"],
                Domain(row["outcome"]).label,
                row["term"],
                f"{row['estimate']:.3f} ({_interval(row)})",
                _interval(other),
                "<0.001" if (row["p_value"] or 0) < 0.001 else f"{row['p_value']:.3f}",
                f"{row['n']:,}",
                f"{row['n_groups']:,}",
            ]
        )
    note = "Odds of a higher grade against local authority homes. Year effects are in table2.csv."
    return "Table 2. Cumulative link mixed models of judgements", heads, rows, note


def _interval(row: dict[str, float | None]) -> str:
    low, high = row.get("ci_low"), row.get("ci_high")
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"
