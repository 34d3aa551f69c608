"""The tables about homes beside their inspections: who joined and left the register."""

from __future__ import annotations

from typing import Final

import polars as pl

from ofsight.dataset.columns import ORIGIN, URN, Column, Reference, Table
from ofsight.vocabulary import ProvisionType, Sector

__all__ = ["HOME_TABLES", "OF_HOME", "OF_RELEASE"]

OF_RELEASE: Final = Reference(("release",), "releases", ("release",))

OF_HOME: Final = Reference(("urn",), "homes", ("urn",))

HOME_TABLES: Final[tuple[Table, ...]] = (
    Table(
        "movements",
        "one home that joined or left the register, as one release says it",
        ("urn", "kind", "release"),
        (
            URN,
            Column("kind", pl.String, "joined or left", required=True),
            Column("on", pl.Date, "the day, where the release prints one"),
            Column("status", pl.String, "Active for a joiner; Resigned, Cancelled or Closed for a leaver"),
            Column("status_as_published", pl.String, "the registration status as the release prints it"),
            Column("reason", pl.String, "the note or reason as published"),
            Column("provision_type", ProvisionType, "the kind of home; the lists of closed homes do not say"),
            Column("sector", Sector, "who ran the home"),
            Column("local_authority", pl.String, "the local authority in which it lay, as published"),
            Column("region", pl.String, "the region, as published"),
            Column("places", pl.Int32, "registered places", "places"),
            Column("registered_on", pl.Date, "the day of registration"),
            *ORIGIN,
        ),
        references=(OF_RELEASE,),
        source="Ofsted: joiners and leavers; lists of closed children's homes",
    ),
)
