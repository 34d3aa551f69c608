"""The tables that bring the others together: owners, candidates, authorities by year, and the panels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from ofsight.dataset.columns import URN, Column, Reference, Table
from ofsight.dataset.tables_authorities import AREA
from ofsight.dataset.tables_homes import OF_HOME
from ofsight.definitions.measures_schema import load_year_definition
from ofsight.vocabulary import Domain, Framework, Grade, ProvisionType, Sector

__all__ = ["LINKED", "PANEL_TABLES"]

# What is put beside the tables about homes: the owner and the area, as linked.
LINKED: Final[tuple[Column, ...]] = (
    Column("owner_id", pl.String, "the owner, whatever its spelling; see `owners`"),
    Column("owner_group", pl.String, "the group of the owner on the day; empty where none is known"),
    Column("council_company", pl.Boolean, "whether the owner is a company that a council set up"),
    *AREA,
)


def _year_columns() -> Iterable[Column]:
    definition = load_year_definition()
    for name, column in (definition.counts | definition.constants).items():
        yield Column(name, pl.Float64, column.meaning, column.unit)
        yield Column(
            f"{name}_status",
            pl.String,
            f"empty where `{name}` is a number; else the symbol published in its place, or `not published`",
            required=True,
        )
        yield Column(f"{name}_release", pl.String, f"the release that `{name}` is from")
    for name, share in definition.shares.items():
        yield Column(name, pl.Float64, share.meaning, "per cent")
        yield Column(f"{name}_status", pl.String, f"as of `{share.of}`, or of `looked_after`", required=True)
    for subject, unit in (("homes", "homes"), ("places", "places")):
        what = "children's homes on the list of 31 March" if subject == "homes" else "their registered places"
        yield Column(f"n_{subject}", pl.Int32, what, unit)
        for sector in Sector:
            yield Column(f"n_{subject}_{sector.key}", pl.Int32, f"{what}, {sector.label}", unit)


def _covariate(name: str, meaning: str, unit: str) -> tuple[Column, Column]:
    return (
        Column(name, pl.Float64, meaning, unit),
        Column(f"{name}_year", pl.Int32, f"the year to 31 March that `{name}` is of"),
    )


_JUDGED: Final = ("overall", "leaders", "protection", "care", "care_leavers")

PANEL_TABLES: Final[tuple[Table, ...]] = (
    Table(
        "owners",
        "one name of an owner as published, and the owner it stands for",
        ("owner_as_published",),
        (
            Column("owner_as_published", pl.String, "the name as published", required=True),
            Column("owner_id", pl.String, "the owner; empty for a name that is none"),
            Column("owner", pl.String, "the owner's name in the spelling met most often"),
            Column("score", pl.Float64, "likeness to the name it was linked to", "0 to 100"),
            Column("rule", pl.String, "how it was linked; docs/owners.md explains each", required=True),
            Column("n_homes", pl.UInt32, "homes that were published under the name", "homes"),
            Column("first_year", pl.Int32, "the first year it is met in"),
            Column("last_year", pl.Int32, "the last year it is met in"),
        ),
        source="Ofsted: organisation which owns the provider, from March 2018",
    ),
    Table(
        "reregistrations",
        "two homes that may be one registered twice: a proposal, nothing is merged",
        ("old_urn", "new_urn"),
        (
            Column("old_urn", pl.String, "the home that left the register", required=True),
            Column("new_urn", pl.String, "the home that was registered", required=True),
            Column("authority", pl.String, "the authority of both", required=True),
            Column("owner_id", pl.String, "the owner of both", required=True),
            Column("closed_on", pl.Date, "when the first left", required=True),
            Column("registered_on", pl.Date, "when the second was registered", required=True),
            Column("days_apart", pl.Int32, "registration less leaving", "days", required=True),
            Column("n_rivals", pl.UInt32, "pairs that either home is in", "pairs", required=True),
            Column(
                "score", pl.Float64, "how likely beside other pairs; no probability", "0 to 1", required=True
            ),
        ),
        references=(
            Reference(("old_urn",), "homes", ("urn",)),
            Reference(("new_urn",), "homes", ("urn",)),
        ),
        source="link/homes over homes",
    ),
    Table(
        "authority_years",
        "one local authority that existed on 31 March of one year",
        ("authority", "year"),
        (
            Column("authority", pl.String, "the local authority", required=True),
            Column("year", pl.Int32, "the year of the 31 March", required=True),
            *AREA[1:],
            *_year_columns(),
            Column("judged_on", pl.Date, "the inspection whose judgement was in force"),
            Column("judged_under", pl.String, "its framework"),
            Column("judgement", Grade, "its overall effectiveness"),
        ),
        source="DfE, ONS, MHCLG, Ofsted: by definitions/measures/authority-years.yaml",
    ),
    Table(
        "home_panel",
        "one graded full inspection of a home, with covariates as on the day",
        ("urn", "inspected_on"),
        (
            URN,
            Column("inspected_on", pl.Date, "the first day of the inspection", required=True),
            Column("year", pl.Int32, "its calendar year", required=True),
            Column("published_on", pl.Date, "the day of the report"),
            Column("framework", Framework, "the framework in force", required=True),
            Column("provision_type", ProvisionType, "the kind of home", required=True),
            Column("sector", Sector, "who ran it", required=True),
            *(
                column
                for domain in Domain
                for column in (
                    Column(domain.value, Grade, f"grade: {domain.label}", "ordered, worst first"),
                    Column(f"{domain.value}_as_published", pl.String, "what the release prints"),
                )
            ),
            Column("registered_on", pl.Date, "the earliest day of registration in any release"),
            Column("age_months_paper", pl.Float64, "registration to 1 June 2021, the study's way", "months"),
            Column("age_months", pl.Float64, "registration to the inspection", "months"),
            Column("places", pl.Int32, "registered places: of the row, else of the nearest list", "places"),
            Column("places_listed_on", pl.Date, "that list's day; empty where the row itself says it"),
            Column("chain_size", pl.UInt32, "homes of the owner on the nearest list with an owner", "homes"),
            Column("chain_listed_on", pl.Date, "that list's day"),
            Column("owner", pl.String, "the owner as published with the inspection"),
            *LINKED,
            Column("region", pl.String, "the region as published"),
            Column("setting_release", pl.String, "the release that describes the home"),
        ),
        references=(OF_HOME, Reference(("urn", "inspected_on"), "inspections", ("urn", "inspected_on"))),
        source="inspections, homes, home_snapshots",
    ),
    Table(
        "authority_panel",
        "one graded inspection of a local authority, with covariates of the newest 31 March up to the day",
        ("authority", "on", "framework"),
        (
            Column("authority", pl.String, "the local authority", required=True),
            Column("on", pl.Date, "its first day, or the report's where that is all there is", required=True),
            Column("year", pl.Int32, "the calendar year", required=True),
            Column("framework", pl.String, "SLAC, CPI, TLAC, SIF or ILACS"),
            Column("inspection_type", pl.String, "the kind of inspection, as published"),
            Column("inspected_on", pl.Date, "the first day"),
            Column("published_on", pl.Date, "the day of the report"),
            *(
                column
                for name in _JUDGED
                for column in (
                    Column(name, Grade, f"grade: {name.replace('_', ' ')}", "ordered, worst first"),
                    Column(f"{name}_as_published", pl.String, "what the release prints"),
                )
            ),
            Column("area_code", pl.String, "its ONS code on the day"),
            Column("constant_area", pl.String, "the area with one boundary since April 2009"),
            Column("region", pl.String, "the standard region (nine)"),
            *_covariate("profit", "looked-after children placed with for-profit providers", "per cent"),
            *_covariate("third", "looked-after children placed with third-sector providers", "per cent"),
            *_covariate("white", "looked-after children who are white", "per cent"),
            *_covariate("female", "looked-after children who are girls", "per cent"),
            *_covariate("n", "looked-after children", "hundreds"),
            *_covariate("population_0_17", "residents aged 0 to 17", "people"),
            Column("imd", pl.Float64, "IMD 2019 extent", "share"),
            Column("residents", pl.Float64, "residents at the census of 2021", "people"),
            Column("under18", pl.Float64, "`population_0_17` over the residents of 2021", "per cent"),
            Column("latest", pl.Boolean, "whether it is the newest of the authority", required=True),
        ),
        source="authority_inspections, authority_years",
    ),
)
