"""The sample of a study: which inspections, and what was known of each home at the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.definitions.study import SampleDefinition, StudyDefinition
from ofsight.errors import DatasetError
from ofsight.link.owners import normalise_owner
from ofsight.vocabulary import Domain, InspectionType

__all__ = ["Sample", "draw_sample"]

_DAYS_A_MONTH = 365.25 / 12
_RECORD_SINCE = date(2014, 1, 1)
_NO_NAME = pl.lit(None, dtype=pl.String)
_OLD_WORDS = ("adequate", "satisfactory")


@dataclass(frozen=True, slots=True)
class Sample:
    """The inspections of a study.

    Attributes
    ----------
    frame : DataFrame
        One row an inspection: ``urn, inspected_on, year, sector, overall, protection, leadership``, their
        published texts, ``local_authority``, ``region`` and the covariates ``age_months_paper`` (registration
        to the study's day), ``age_months`` (registration to the inspection), ``places`` and ``chain_size``;
        ``owner_key`` (the owner's group, or the owner; see `_with_owner`) and ``visit`` ("first" full
        inspection of the home, "later", or null where no one can tell).
    flow : tuple of (str, int)
        How many inspections were left after each step.
    """

    frame: pl.DataFrame
    flow: tuple[tuple[str, int], ...]


def draw_sample(dataset: Dataset, study: StudyDefinition) -> Sample:
    """Draw a study's sample from a dataset.

    Raises
    ------
    DatasetError
        When no inspection fits.
    """
    frame, flow = dataset.inspections, []
    flow.append(("inspections of any kind in the dataset", frame.height))
    for step, keep in _steps(study.sample):
        frame = frame.filter(keep)
        flow.append((step, frame.height))
    if frame.is_empty():
        emptied = next(step for step, n in flow if n == 0)
        raise DatasetError(
            f"No inspection fits the sample of '{study.id}': none is left at the step '{emptied}'. "
            "Build the dataset from releases of those years."
        )
    frame = frame.with_columns(year=pl.col("inspected_on").dt.year())
    if study.sample.adequate == "missing":
        frame = frame.with_columns(_without_old_words(domain) for domain in Domain)
    frame = _with_covariates(frame, dataset.home_snapshots, dataset.homes, study.age_on)
    frame = _with_visit(_with_owner(frame, dataset), dataset.inspections)
    age = "age_months" if study.age_on is None else "age_months_paper"
    complete = frame.drop_nulls([age, "chain_size", "places"])
    flow.append(("of them with registration date, owner and places known", complete.height))
    return Sample(frame, tuple(flow))


def _steps(sample: SampleDefinition) -> list[tuple[str, pl.Expr]]:
    kinds = ", ".join(kind.value for kind in sample.inspection_types)
    homes = ", ".join(kind.value for kind in sample.provision_types)
    steps = [
        (
            f"of type {kinds}",
            pl.col("inspection_type").is_in([kind.value for kind in sample.inspection_types]),
        ),
        (
            f"of provision type {homes}",
            pl.col("provision_type").is_in([k.value for k in sample.provision_types]),
        ),
    ]
    if sample.start is not None:
        steps.append((f"from {sample.start}", pl.col("inspected_on") >= sample.start))
    if sample.end is not None:
        steps.append((f"to {sample.end}", pl.col("inspected_on") <= sample.end))
    steps.append(
        (
            "with a grade in at least one domain",
            pl.any_horizontal(pl.col(domain).is_not_null() for domain in Domain),
        )
    )
    return steps


def _without_old_words(domain: Domain) -> pl.Expr:
    """Leave out what was published as Adequate (code 3 in the quarterly files of 2014) or Satisfactory."""
    text = pl.col(f"{domain}_as_published").str.to_lowercase()
    return pl.when(text.is_in([*_OLD_WORDS, "3"])).then(None).otherwise(pl.col(domain)).alias(domain.value)


def _with_covariates(
    frame: pl.DataFrame, snapshots: pl.DataFrame, homes: pl.DataFrame, age_on: date | None
) -> pl.DataFrame:
    """Add age, places and chain size, each from the home's list nearest to the inspection that gives it."""
    frame = frame.drop("registered_on").join(homes.select("urn", "registered_on"), on="urn", how="left")
    frame = frame.sort("inspected_on", "urn")
    for column, name in (("places", "listed_places"), ("n_homes_of_owner", "chain_size")):
        frame = _join_nearest(frame, snapshots, pl.col(column).cast(pl.Float64).alias(name))
    age = (pl.lit(age_on, dtype=pl.Date) - pl.col("registered_on")).dt.total_days() / _DAYS_A_MONTH
    at_inspection = (pl.col("inspected_on") - pl.col("registered_on")).dt.total_days() / _DAYS_A_MONTH
    return frame.with_columns(
        age_months_paper=age,
        # A day of registration after the inspection is a correction of a later list, not an age.
        age_months=pl.when(at_inspection >= 0).then(at_inspection),
        places=pl.coalesce(pl.col("places").cast(pl.Float64), "listed_places"),
    ).sort("urn", "inspected_on")


def _join_nearest(frame: pl.DataFrame, snapshots: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    """Join what the home's list nearest to the inspection, among those that tell it, says."""
    lists = snapshots.select("urn", pl.col("listed_on").alias("nearest"), value)
    return frame.join_asof(
        lists.drop_nulls().sort("nearest", "urn"),
        left_on="inspected_on",
        right_on="nearest",
        by="urn",
        strategy="nearest",
        check_sortedness=False,
    ).drop("nearest", strict=False)


def _with_owner(frame: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """Add who owns the home: the group where one is known on the day, else the owner.

    As the list nearest to the inspection says, else the inspection itself, else the home as last described. A
    dataset that has not linked owners gives names only: they are brought to their normal form here.
    """
    linked = "owner_id" in dataset.home_snapshots.columns
    if linked:
        frame = frame.with_columns(own_owner=pl.col("owner_id"), own_group=pl.col("owner_group")).drop(
            "owner_id", "owner_group"
        )
        last = dataset.homes.select("urn", last_owner="owner_id", last_group="owner_group")
    else:
        frame = frame.with_columns(_normal_form("owner").alias("own_owner"), own_group=_NO_NAME)
        last = dataset.homes.select("urn", _normal_form("owner").alias("last_owner"), last_group=_NO_NAME)
    snapshots = dataset.home_snapshots.select(
        "urn",
        "listed_on",
        pl.col("owner_id") if linked else _normal_form("owner").alias("owner_id"),
        pl.col("owner_group") if linked else _NO_NAME.alias("owner_group"),
    )
    frame = frame.sort("inspected_on", "urn")
    for column in ("owner_id", "owner_group"):
        frame = _join_nearest(frame, snapshots, pl.col(column).alias(f"nearest_{column}"))
    owner = pl.coalesce("nearest_owner_id", "own_owner", "last_owner")
    # The group of the owner that was taken: none where that owner has none on any list.
    group = pl.coalesce("own_group", "nearest_owner_group", "last_group")
    return (
        frame.join(last, on="urn", how="left")
        .with_columns(owner_key=pl.coalesce(group, owner))
        .drop("nearest_owner_id", "nearest_owner_group", "own_owner", "own_group", "last_owner", "last_group")
        .sort("urn", "inspected_on")
    )


def _normal_form(column: str) -> pl.Expr:
    return pl.col(column).map_elements(normalise_owner, return_dtype=pl.String)


def _with_visit(frame: pl.DataFrame, inspections: pl.DataFrame) -> pl.DataFrame:
    """Say whether an inspection is the home's first full one.

    The record is whole from `_RECORD_SINCE`: a home registered before it had inspections that the releases do
    not hold, so what is seen of it is later ones. A home without a day of registration may have had, too.
    """
    earliest = (
        inspections.filter(pl.col("inspection_type") == InspectionType.FULL.value)
        .group_by("urn")
        .agg(first_seen=pl.col("inspected_on").min())
    )
    return (
        frame.join(earliest, on="urn", how="left")
        .with_columns(
            visit=pl.when(pl.col("inspected_on") > pl.col("first_seen"))
            .then(pl.lit("later"))
            .when(pl.col("registered_on") < _RECORD_SINCE)
            .then(pl.lit("later"))
            .when(pl.col("registered_on").is_not_null())
            .then(pl.lit("first"))
        )
        .drop("first_seen")
    )
