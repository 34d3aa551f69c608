"""The ledger: every published number beside ours; and, for synthetic data, the truth beside ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ofsight.report.document import Block, Cell, Column, Facts, Paragraph, Row, Section, Table, Text, Tone
from ofsight.report.folder import StudyFolder, number
from ofsight.report.gaps import find_gaps, main_model
from ofsight.report.wording import (
    capital,
    count,
    decimal,
    domain_label,
    interval,
    ratio,
    sector_label,
    share,
    term_label,
)
from ofsight.vocabulary import Domain

__all__ = ["ledger_section", "truth_section"]

_TONES: Mapping[str, Tone] = {
    "same to print": "good",
    "within one standard error": "good",
    "same direction": "fair",
    "differs": "poor",
    "not reproducible from public data": "muted",
}
_QUANTITIES = {"n": "inspections in the model", "count": "inspections"}
_DOMAINS = (Domain.OVERALL.value, Domain.LEADERSHIP.value, Domain.PROTECTION.value)


def _places(text: str, quantity: str) -> int:
    """Return how many decimals a published number is shown with: as many as it was printed with."""
    value = number(text)
    if value is None or (value == int(value) and quantity not in ("odds ratio", "probability")):
        return 0
    if quantity in ("odds ratio", "probability"):
        return 3
    return max(len(text.partition(".")[2].rstrip("0")), 1)


def _value(text: str, low: str, high: str, places: int) -> str:
    value = number(text)
    if value is None:
        return text.strip() or "–"
    shown = decimal(value, places)
    bounds = number(low), number(high)
    if bounds[0] is not None and bounds[1] is not None:
        shown += f" ({decimal(bounds[0], places)} to {decimal(bounds[1], places)})"
    return shown


def _ours_places(places: int, quantity: str) -> int:
    return places + 1 if places == 0 and quantity.endswith(("mean", "median")) else places


def _what(row: Mapping[str, str]) -> str:
    """Name a number within its group: whose it is, of which grade, which quantity."""
    contrast, _, grade = row.get("contrast", "").partition("/grade:")
    kind, _, name = contrast.partition(":")
    parts = []
    if kind == "sector":
        against = row.get("quantity") in ("odds ratio", "difference in count per inspection")
        parts.append(term_label(contrast) if against else sector_label(name))
    elif contrast:
        parts.append(term_label(contrast))
    quantity = row.get("quantity", "")
    parts += [grade, _QUANTITIES.get(quantity, quantity)]
    return capital(", ".join(part for part in parts if part)) or row.get("id", "") or "Number"


def _group(row: Mapping[str, str]) -> str:
    outcome, model = row.get("outcome", ""), row.get("model", "")
    return ", ".join(part for part in (domain_label(outcome) if outcome else "", model) if part)


def _ledger_row(row: Mapping[str, str], reasons: Mapping[str, str]) -> Row:
    quantity, verdict = row.get("quantity", ""), row.get("verdict", "")
    places = _places(row.get("published", ""), quantity)
    exact = _ours_places(places, quantity)
    published = _value(
        row.get("published", ""), row.get("published_low", ""), row.get("published_high", ""), places
    )
    ours = _value(row.get("ours", ""), row.get("ours_low", ""), row.get("ours_high", ""), exact)
    difference = number(row.get("difference"))
    sign = "+" if difference is not None and difference > 0 else ""
    cells: tuple[Text | Cell, ...] = (
        _what(row),
        published,
        ours,
        "–" if difference is None else f"{sign}{decimal(difference, exact)}",
        _units(row.get("difference_in_last_digits")),
        _units(row.get("difference_in_standard_errors")),
        Cell(capital(verdict) or "No verdict", _TONES.get(verdict, "plain")),
        reasons.get(row.get("note", ""), "–"),
    )
    return Row(cells)


def _units(text: str | None) -> str:
    """Return a difference in units, with its sign; whole where it is large."""
    value = number(text)
    if value is None:
        return "–"
    return f"{'+' if value > 0 else ''}{decimal(value, 0 if abs(value) >= 100 else 1)}"


def _reasons(rows: tuple[Mapping[str, str], ...]) -> dict[str, str]:
    """Give each reason a letter (a to z, aa, ab): the same sentence stands behind many rows."""
    reasons: dict[str, str] = {}
    for row in rows:
        note = row.get("note", "")
        if note.strip() and note not in reasons:
            place = len(reasons)
            reasons[note] = (chr(96 + place // 26) if place >= 26 else "") + chr(97 + place % 26)
    return reasons


def _verdicts(rows: tuple[Mapping[str, str], ...]) -> Table:
    counts = Counter(row.get("verdict", "") or "no verdict" for row in rows)
    return Table(
        "table-verdicts",
        "Published numbers by verdict",
        (Column("Verdict", share=3), Column("Numbers", numeric=True), Column("Share", numeric=True)),
        (
            *(
                Row(
                    (
                        Cell(capital(verdict), _TONES.get(verdict, "plain")),
                        count(counts[verdict]),
                        share(counts[verdict], len(rows)),
                    )
                )
                for verdict in (*_TONES, *(found for found in counts if found not in _TONES))
            ),
            Row(("All published numbers", count(len(rows)), "100.0%"), "total"),
        ),
    )


def _ledger_table(item: str, rows: list[Mapping[str, str]], reasons: Mapping[str, str]) -> Table:
    name = capital(item.replace("table", "table ").replace("figure", "figure ")) or "Other"
    laid: list[Row] = []
    group = ""
    for row in sorted(rows, key=lambda row: list(dict.fromkeys(map(_group, rows))).index(_group(row))):
        if _group(row) != group:
            group = _group(row)
            laid.append(Row((group or "All judgements",), "group"))
        laid.append(_ledger_row(row, reasons))
    return Table(
        f"ledger-{''.join(c if c.isascii() and c.isalnum() else '-' for c in item.lower()) or 'other'}",
        f"{name}: published beside ours",
        (
            Column("Number", share=2.6),
            Column("Published", numeric=True, share=1.9),
            Column("Ours", numeric=True, share=2.0),
            Column("Difference", numeric=True),
            Column("In last digits", numeric=True, share=0.8),
            Column("In standard errors", numeric=True, share=0.9),
            Column("Verdict", share=2.0),
            Column("Why", share=0.5),
        ),
        tuple(laid),
        note=(
            "In last digits: the difference in units of the last digit that the paper prints. In standard "
            "errors: the printed one where there is one, else ours; of a count its square root."
        ),
        folded=len(laid) > 15,
        stacked=True,
    )


def ledger_section(folder: StudyFolder) -> Section:
    """Return the ledger: verdict counts first, then the reasons, then each published number beside ours."""
    rows = folder.rows("ledger")
    title = "Published numbers beside ours"
    if not rows:
        words = (
            "This study holds itself to no published numbers."
            if "ledger" in folder.tables
            else "The study folder holds no ledger (ledger.csv)."
        )
        return Section("ledger", title, (Paragraph(words),))
    blocks: list[Block] = [
        Paragraph(
            "Each number that the paper printed stands beside ours. The verdict says how near they are."
        )
    ]
    if folder.synthetic is not None:
        blocks.append(
            Paragraph("The data of this report is synthetic, so ours need not agree with what was published.")
        )
    blocks.append(_verdicts(rows))
    reasons = _reasons(rows)
    if reasons:
        blocks.append(
            Paragraph("Why ours may differ; the letters stand in the last column of the tables below:")
        )
        blocks.append(Facts(tuple((letter, note) for note, letter in reasons.items())))
    for item in dict.fromkeys(row.get("item", "") for row in rows):
        mine = [row for row in rows if row.get("item", "") == item]
        blocks.append(_ledger_table(item, mine, reasons))
    return Section("ledger", title, tuple(blocks))


def truth_section(folder: StudyFolder) -> Section | None:
    """Return, for synthetic data whose truth is known, the true odds ratios beside the estimated ones."""
    domains = (folder.synthetic or {}).get("domains")
    if not isinstance(domains, Mapping):
        return None
    gaps = find_gaps(folder.of("table2"))
    rows = []
    for gap in gaps:
        truth = domains.get(gap.outcome)
        ratios = truth.get("odds_ratios") if isinstance(truth, Mapping) else None
        true = number(ratios.get(gap.sector)) if isinstance(ratios, Mapping) else None
        if gap.model != main_model(gaps) or true is None:
            continue
        inside = gap.low is not None and gap.high is not None and gap.low <= true <= gap.high
        rows.append(
            Row(
                (
                    f"{domain_label(gap.outcome)}: {sector_label(gap.sector).lower()}",
                    ratio(true),
                    ratio(gap.estimate),
                    interval(gap.low, gap.high),
                    Cell("inside" if inside else "outside", "good" if inside else "poor"),
                )
            )
        )
    if not rows:
        return None
    table = Table(
        "table-truth",
        "The odds ratios that the data were drawn from, and what the study found",
        (
            Column("Odds ratio against local authority", share=2.6),
            Column("True", numeric=True),
            Column("Estimated", numeric=True),
            Column("95% interval", numeric=True, share=1.4),
            Column("Truth is", share=1.0),
        ),
        tuple(rows),
        note="Of 95% intervals, about one in twenty leaves the truth out.",
    )
    return Section(
        "truth",
        "The known truth beside the estimates",
        (Paragraph("These releases were drawn from a model whose parameters are known."), table),
    )
