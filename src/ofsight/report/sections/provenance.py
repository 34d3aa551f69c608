"""Where every number comes from, how to make it again, how to cite it, and under which licence."""

from __future__ import annotations

from collections.abc import Mapping

import ofsight
from ofsight.report.document import (
    Block,
    Bullets,
    Code,
    Column,
    Facts,
    Paragraph,
    Row,
    Section,
    Span,
    Table,
    Text,
)
from ofsight.report.folder import StudyFolder, number
from ofsight.report.wording import capital, count, day, decimal

__all__ = ["OGL", "citing_section", "licence_lines", "provenance_section"]

OGL = "Contains public sector information licensed under the Open Government Licence v3.0."
_OGL_LINK = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"


def _facts(folder: StudyFolder) -> Facts:
    pairs: list[tuple[str, Text]] = [("Study", (Span(folder.words("study"), code=True),))]
    known: tuple[tuple[str, object, bool], ...] = (
        ("Dataset fingerprint", folder.dataset.get("fingerprint"), True),
        ("Dataset built", day(folder.dataset.get("built_at")), False),
        ("Newest release", folder.dataset.get("newest_release"), True),
        ("Dataset made with ofsight", folder.dataset.get("ofsight"), False),
        ("Study made with ofsight", folder.about.get("ofsight"), False),
        ("Report made with ofsight", getattr(ofsight, "__version__", None), False),
    )
    for name, value, code in known:
        words = "" if value is None else str(value).strip()
        if words:
            pairs.append((name, (Span(words, code=True),) if code else words))
    seed = number(folder.about.get("seed"))
    if seed is not None:
        pairs.append(("Seed of all that is drawn at random", f"{seed:.0f}"))
    seconds = number(folder.about.get("seconds"))
    if seconds is not None:
        pairs.append(("The study took", f"{decimal(seconds, 1)} seconds"))
    return Facts(tuple(pairs))


def _commands(folder: StudyFolder) -> Code:
    study = folder.words("study")
    first = "ofsight demo --to DEMO" if folder.synthetic is not None else None
    lines = [
        "ofsight build --releases RELEASES --dataset DATASET",
        f"ofsight study --dataset DATASET --to STUDY --study {study}",
        "ofsight report --study STUDY --to REPORT",
    ]
    return Code(tuple([first] if first else lines), "Commands that make this report again")


def _files(folder: StudyFolder) -> Table | None:
    rows = [
        Row(
            (
                (Span(row.get("file", ""), code=True),),
                (Span(row.get("sheet", ""), code=True),) if row.get("sheet") else "–",
                (Span(row.get("sha256", ""), code=True),),
            )
        )
        for row in folder.rows("releases")
    ]
    if not rows:
        return None
    return Table(
        "table-files",
        "Files read, with their sha256",
        (Column("File", share=2.2), Column("Sheet", share=1.2), Column("sha256", share=2.6)),
        tuple(rows),
        folded=True,
        stacked=True,
    )


_TABLES: Mapping[str, str] = {
    "ledger": "published numbers beside ours",
    "ledger_summary": "verdicts counted",
    "table1": "grades by sector and covariates",
    "table2": "every term of the models of table 2, both kinds of error",
    "table3": "requirements and recommendations",
    "table3_regulations": "requirements by regulation and sector",
    "table4": "models of local authorities",
    "table4_tests": "tests of their scale and nominal terms",
    "table4_curve": "table 4 under every subset of its covariates",
    "figure1": "inspections and homes by year and sector",
    "counts_by_year": "grades by year and sector",
    "probabilities": "predicted probabilities of each grade",
    "probabilities_codings": "the same with Adequate left out",
    "codings": "both codings of Adequate side by side",
    "codings_models": "every term of the models with Adequate left out",
    "gaps": "the gap in each year, around the pause, at first and later inspections",
    "gap_tests": "tests of one gap in all parts",
    "change_checks": "the change over the pause in other samples and models",
    "change_shares": "grades before and after the pause, as counted",
    "change_within_homes": "each home compared with itself over the pause",
    "proportional_odds": "effects at each step between grades, and on the spread",
    "proportional_odds_tests": "tests of these",
    "interactions": "the gap at values of age, chain and places",
    "interaction_tests": "tests of these",
    "leave_one_owner_out": "table 2 without one owner at a time",
    "random_effects": "owners and authorities as random effects",
    "imputation": "covariates filled in",
    "specifications": "every model of the specification curve",
    "specifications_summary": "its spread",
    "specifications_scope": "how much of it was fitted",
    "placements": "the panel of local authorities",
    "releases": "what was read",
    "set_aside": "rows set aside, by reason",
}


def _tables(folder: StudyFolder) -> Table:
    """List every table of the study folder, so that what the report leaves out can be found."""
    known = [name for name in _TABLES if name in folder.tables]
    others = sorted(name for name in folder.tables if name not in _TABLES)
    rows = []
    for name in (*known, *others):
        file = f"{name}.csv" if name.startswith("ledger") else f"tables/{name}.csv"
        size = count(len(folder.tables[name]))
        rows.append(Row(((Span(file, code=True),), capital(_TABLES.get(name, "–")), size)))
    return Table(
        "table-tables",
        "Tables of the study, as csv files in its folder",
        (Column("File", share=1.8), Column("Holds", share=2.8), Column("Rows", numeric=True, share=0.6)),
        tuple(rows),
        note="With results.json (every estimate) and models.json (every model): all that the study found.",
        folded=True,
        stacked=True,
    )


def provenance_section(folder: StudyFolder) -> Section:
    """Return where the numbers come from and how to make them again."""
    blocks: list[Block] = [_facts(folder), _commands(folder)]
    if folder.synthetic is None:
        blocks.append(
            Paragraph(
                "The first command reads the files listed below; the same files give the same fingerprint "
                "and the same numbers."
            )
        )
    files = _files(folder)
    blocks.append(files if files is not None else Paragraph("The study folder does not list the files read."))
    if folder.tables:
        blocks.append(_tables(folder))
    notes = folder.listed("notes")
    if notes:
        blocks.append(Paragraph("Notes of the study:"))
        blocks.append(Bullets(notes))
    if folder.words("authors_note"):
        blocks.append(Paragraph(folder.words("authors_note")))
    return Section("provenance", "Where the numbers come from", tuple(blocks))


def licence_lines(folder: StudyFolder) -> tuple[Text, ...]:
    """Return the licence and status lines, which no edition leaves out."""
    words = folder.words("licence")
    lines: list[Text] = []
    if folder.synthetic is not None:
        lines.append("Synthetic data, made by ofsight; no number is about a real home, owner or council.")
    lines.append(
        (
            OGL.removesuffix("Open Government Licence v3.0."),
            Span("Open Government Licence v3.0", link=_OGL_LINK),
            ".",
        )
    )
    if words and words.rstrip(".") != OGL.rstrip("."):
        lines.append(words)
    lines.append(
        "Not official statistics, and not endorsed by Ofsted or the Department for Education. Names and "
        "addresses of homes are withheld by the publisher and not sought here."
    )
    return tuple(lines)


def citing_section(folder: StudyFolder) -> Section:
    """Return how to cite, and the licence."""
    fingerprint = str(folder.dataset.get("fingerprint") or "")
    version = str(folder.about.get("ofsight") or folder.dataset.get("ofsight") or "")
    ours = f"ofsight{' ' + version if version else ''}, study {folder.words('study')}"
    if fingerprint:
        ours += f", dataset {fingerprint[:12]}"
    blocks: list[Block] = []
    if folder.words("citation"):
        blocks.append(
            Paragraph((Span("The study that this report repeats: ", strong=True), folder.words("citation")))
        )
    blocks.append(Paragraph((Span("This report: ", strong=True), f"{ours}.")))
    blocks.append(Bullets(licence_lines(folder)))
    return Section("citing", "How to cite, and licence", tuple(blocks))
