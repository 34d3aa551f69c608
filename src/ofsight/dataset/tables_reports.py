"""The tables of inspection reports: what each judged, required and recommended."""

from __future__ import annotations

from typing import Final

import polars as pl

from ofsight.dataset.columns import Column, Reference, Table

__all__ = ["REPORT_TABLES"]

_OF_REPORT: Final = Reference(("file_sha256",), "reports", ("file_sha256",))
_KEY: Final = (
    Column("kind", pl.String, "home or local authority", required=True),
    Column("urn", pl.String, "Ofsted's registration number of the home"),
    Column("authority", pl.String, "the local authority, of a report on one"),
    Column("inspected_on", pl.Date, "the first day of the inspection"),
)
_FILE: Final = (
    Column("page", pl.Int32, "the page of the PDF, from 1"),
    Column("file", pl.String, "the file", required=True),
    Column("file_sha256", pl.String, "of its bytes", required=True),
)
_GRADE: Final = "as read from the report"

REPORT_TABLES: Final[tuple[Table, ...]] = (
    Table(
        "reports",
        "one inspection report (a PDF)",
        ("file_sha256",),
        (
            *_KEY,
            Column("inspected_to", pl.Date, "its last day"),
            Column("published_on", pl.Date, "the day of publication"),
            Column("published_on_basis", pl.String, "printed, or the PDF's own date"),
            Column("inspection_type", pl.String, "the kind of inspection"),
            Column("inspection_type_as_published", pl.String, "as the report says it"),
            Column("framework", pl.String, "the framework"),
            Column("provider", pl.String, "the registered provider, an organisation"),
            Column("provision_type", pl.String, "the kind of home"),
            Column("overall", pl.String, f"overall grade, {_GRADE}"),
            Column("overall_as_published", pl.String, "its text"),
            Column("protection", pl.String, f"help and protection, {_GRADE}"),
            Column("protection_as_published", pl.String, "its text"),
            Column("leadership", pl.String, f"leadership, {_GRADE}"),
            Column("leadership_as_published", pl.String, "its text"),
            Column("interim_judgement", pl.String, "the judgement of an interim inspection"),
            Column("assurance_outcome", pl.String, "the outcome of an assurance visit"),
            Column("care", pl.String, "children in care (authorities)"),
            Column("care_leavers", pl.String, "care leavers (authorities)"),
            Column("care_and_care_leavers", pl.String, "children in care and care leavers (authorities)"),
            Column("permanence", pl.String, "looked after and achieving permanence (SIF)"),
            Column("adoption", pl.String, "adoption performance (SIF)"),
            Column("safeguarding_board", pl.String, "the safeguarding children board (SIF)"),
            Column("last_inspected_on", pl.Date, "the last inspection that the report names"),
            Column("last_overall", pl.String, "its overall judgement"),
            Column("enforcement", pl.String, "none or taken, as the report states it"),
            Column("improvement_section", pl.String, "listed, none stated or absent", required=True),
            Column("n_requirements", pl.Int32, "requirements", "requirements", required=True),
            Column("n_recommendations", pl.Int32, "recommendations", "recommendations", required=True),
            Column("n_compliance_notices", pl.Int32, "of the requirements with a notice", required=True),
            Column("n_pages", pl.Int32, "pages", "pages", required=True),
            Column("file", pl.String, "the file", required=True),
            Column("file_sha256", pl.String, "of its bytes", required=True),
        ),
        source="Ofsted: inspection reports of homes and of local authorities",
    ),
    Table(
        "report_history",
        "one earlier inspection that a home's report lists",
        ("file_sha256", "n"),
        (
            Column("file_sha256", pl.String, "the report", required=True),
            Column("n", pl.Int32, "its place in the list, from 1", required=True),
            Column("urn", pl.String, "the home"),
            Column("inspected_on", pl.Date, "the first day of the earlier inspection"),
            Column("inspection_type", pl.String, "its kind"),
            Column("judgement", pl.String, "its judgement"),
            Column("judgement_as_published", pl.String, "its text"),
        ),
        references=(_OF_REPORT,),
        source="as reports",
    ),
    Table(
        "requirements",
        "one regulation (and paragraph) that one requirement of one report cites",
        ("file_sha256", "n", "regulation", "paragraph"),
        (
            *_KEY,
            Column("n", pl.Int32, "the requirement, counted in its report from 1", required=True),
            Column("regulation_set", pl.String, "2015, 2001 or NMS: which statute"),
            Column("regulation", pl.String, "the regulation's number; empty where none is cited"),
            Column("heading", pl.String, "its heading in the statute"),
            Column("paragraph", pl.String, "the paragraph; empty where all of it is cited"),
            Column("text", pl.String, "the requirement, persons left out"),
            Column("due_on", pl.Date, "by when it must be met"),
            Column("due_as_published", pl.String, "as printed"),
            Column("compliance_notice", pl.Boolean, "whether a compliance notice was served"),
            *_FILE,
        ),
        references=(_OF_REPORT,),
        source="as reports",
    ),
    Table(
        "recommendations",
        "one recommendation of one report",
        ("file_sha256", "n"),
        (
            *_KEY,
            Column("n", pl.Int32, "the recommendation, counted in its report from 1", required=True),
            Column("text", pl.String, "its text, persons left out"),
            Column("guide_page", pl.Int32, "the page of the Guide that it cites"),
            Column("guide_paragraph", pl.String, "the paragraph of the Guide"),
            Column("source", pl.String, "the document that it cites"),
            *_FILE,
        ),
        references=(_OF_REPORT,),
        source="as reports",
    ),
)
