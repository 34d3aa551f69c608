"""The inputs of scenarios, of all areas, as tables: made once, when plans are prepared."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from ofsight.dataset.store import Dataset
from ofsight.planning.measures.concentration import is_council
from ofsight.planning.models.closure_model import SOURCE, ClosureModel
from ofsight.planning.models.continuations import continuation_probabilities
from ofsight.planning.models.hazard import log_hazards
from ofsight.planning.models.need import NeedForecast
from ofsight.planning.scenarios.inputs import SECTORS
from ofsight.planning.scenarios.scenario import MOST_YEARS
from ofsight.profiles.homes_open import open_homes, snapshot_on
from ofsight.vocabulary import Grade, InspectionType, ProvisionType, Sector

__all__ = ["prepare_inputs"]

_RECENT_MONTHS: Final = 36
_FIRST_GRADES_MONTHS: Final = 60
_TIME_TO_GRADE_MONTHS: Final = 24
"""Homes registered less than this before the list are left out: the slow among them are not judged yet."""
_GOOD: Final = (Grade.GOOD.value, Grade.OUTSTANDING.value)
_USUAL_MONTHS: Final = (5.0, 8.0, 11.0)
_LISTS: Final = "Ofsted: list of children's homes"
_GRADED: Final = "Ofsted: inspections of children's homes"


def prepare_inputs(
    dataset: Dataset,
    closure: ClosureModel,
    in_homes: NeedForecast | None = None,
    *,
    expected: pl.DataFrame | None = None,
) -> dict[str, pl.DataFrame]:
    """Return the tables that `ofsight.planning.scenarios.inputs.ScenarioInputs.from_frames` reads.

    Parameters
    ----------
    dataset : Dataset
        An open dataset.
    closure : ClosureModel
        Of `ofsight.planning.models.closure.fit_closure`.
    in_homes : NeedForecast, optional
        Of ``forecast_need(dataset, measure="in_homes")``; its tables are among those returned. Without it
        no gap can be given.
    expected : DataFrame, optional
        ``urn, probability, low, high``: of a judgement of Good or better, home by home, from the study's
        model. Without it, the share of each sector's homes last judged so.

    Returns
    -------
    dict of str to DataFrame
        ``scenario_homes`` (one row a home, without its number), ``scenario_openings`` (one row a
        registration of the last 36 months), ``scenario_new_homes`` (one row a sector), ``scenario_about``,
        and those of the forecast.
    """
    day = snapshot_on(dataset)
    homes = open_homes(dataset)
    quality, quality_source = _quality(homes, expected)
    risk = closure.risk_by_year(homes, MOST_YEARS).select(pl.selectors.matches("^(urn|close_)"))
    stock = (
        homes.join(quality, on="urn", how="left")
        .join(risk, on="urn", how="left")
        .select(
            "authority_code",
            holder="holder_id",
            holder_name="holder",
            sector=_run_by(),
            places=pl.col("places").cast(pl.Int64),
            graded=pl.col("overall").is_not_null(),
            good="good",
            good_sd="good_sd",
            **{f"close_{k + 1}": f"close_{k + 1}" for k in range(MOST_YEARS)},
        )
        .sort("authority_code", "holder", "sector", "places", "good", nulls_last=True)
    )
    opened, real = _openings(dataset, day)
    new, months = _new_homes(dataset, closure, day)
    about = {
        "vintage": day.isoformat(),
        "new_real": repr(real),
        "months_to_grade_low": repr(months[0]),
        "months_to_grade": repr(months[1]),
        "months_to_grade_high": repr(months[2]),
        "group_variance": repr(float(closure.about["group_variance"])),
        "year_sd": repr(float(closure.about["year_sd"])),
        "hazard_sd": repr(_hazard_sd(closure, homes)),
        "source homes": f"{_LISTS} of {day}",
        "source closures": f"{SOURCE}; fitted to {closure.since} to {closure.until}",
        "source quality": quality_source,
        "source openings": f"{_LISTS} of {day}: homes registered in the {_RECENT_MONTHS} months before",
        "source new homes": f"{_GRADED}: first judgements of homes registered in the "
        f"{_FIRST_GRADES_MONTHS} months before {day}",
        "source need": _need_source(in_homes),
    }
    return {
        "scenario_homes": stock,
        "scenario_openings": opened,
        "scenario_new_homes": new,
        "scenario_about": pl.DataFrame({"name": list(about), "value": list(about.values())}),
        **(in_homes.to_frames() if in_homes is not None else {}),
    }


def _run_by() -> pl.Expr:
    """Return who runs a home: a company that a council set up is the council's, whatever its legal form.

    Ofsted prints such companies as voluntary or private; a rule about sectors does not mean them.
    """
    return (
        pl.when(is_council())
        .then(pl.lit(Sector.LOCAL_AUTHORITY.value))
        .otherwise(pl.col("sector").cast(pl.String))
    )


def _need_source(in_homes: NeedForecast | None) -> str:
    if in_homes is None:
        return "none: children in homes are not published in this dataset"
    releases = in_homes.published.filter(pl.col("value").is_not_null()).sort("year")["release"]
    return f"DfE: children looked after in England ({releases[-1]}); forecast: {in_homes.method}"


def _quality(homes: pl.DataFrame, expected: pl.DataFrame | None) -> tuple[pl.DataFrame, str]:
    """Return ``urn, good, good_sd`` of every home, and where it comes from."""
    usual = _shares(homes.filter(pl.col("overall").is_not_null()).select("sector", grade="overall"))
    by_sector = homes.select("urn", sector=pl.col("sector").cast(pl.String)).join(
        usual, on="sector", how="left"
    )
    if expected is None or expected.is_empty():
        return (
            by_sector.select("urn", "good", "good_sd"),
            f"{_GRADED}: share of the sector's homes last judged Good or Outstanding",
        )
    modelled = expected.select(
        "urn", model="probability", model_sd=(pl.col("high") - pl.col("low")) / (2 * 1.96)
    )
    return (
        by_sector.join(modelled, on="urn", how="left").select(
            "urn",
            good=pl.coalesce("model", "good"),
            good_sd=pl.when(pl.col("model").is_not_null())
            .then("model_sd")
            .otherwise("good_sd")
            .fill_null(0.0),
        ),
        "ofsight: probability of Good or better for homes of that age, size, region, sector and group",
    )


def _shares(judged: pl.DataFrame) -> pl.DataFrame:
    """Return the share judged Good or better by sector, one added to each side, and its standard error."""
    counts = judged.group_by(sector=pl.col("sector").cast(pl.String)).agg(
        k=pl.col("grade").cast(pl.String).is_in(_GOOD).sum().cast(pl.Float64), n=pl.len().cast(pl.Float64)
    )
    share = (pl.col("k") + 1) / (pl.col("n") + 2)
    return (
        pl.DataFrame({"sector": list(SECTORS)})
        .join(counts, on="sector", how="left", maintain_order="left")
        .with_columns(pl.col("k", "n").fill_null(0.0))
        .select("sector", good=share, good_sd=(share * (1 - share) / (pl.col("n") + 3)).sqrt())
    )


def _openings(dataset: Dataset, day: date) -> tuple[pl.DataFrame, float]:
    """Return the homes registered in the last months, and the share of them that were new homes.

    Homes that closed again before the list are not among them: they opened, but their places are not here.
    """
    since = pl.select(pl.lit(day).dt.offset_by(f"-{_RECENT_MONTHS}mo"))["literal"][0]
    new = open_homes(dataset).filter(pl.col("registered_on") > since)
    continued = continuation_probabilities(dataset.homes, since, day)["continued"].sum()
    real = 1.0 - min(1.0, float(continued) / new.height) if new.height else 1.0
    return (
        new.select(
            "authority_code",
            holder="holder_id",
            sector=_run_by(),
            places=pl.col("places").cast(pl.Int64),
        ).sort("authority_code", "holder", "sector", "places", nulls_last=True),
        real,
    )


def _new_homes(
    dataset: Dataset, closure: ClosureModel, day: date
) -> tuple[pl.DataFrame, tuple[float, float, float]]:
    """Return what is known of new homes by sector, and quartiles of the months to the first judgement."""
    first = _first_grades(dataset, day)
    sectors = pl.DataFrame({"sector": list(SECTORS)})
    stock = closure.stock.group_by("authority").agg(pl.col("n_homes").sum())["n_homes"]
    usual = sectors.with_columns(
        urn=pl.lit("new"),
        authority=pl.lit(None, dtype=pl.String),
        holder=pl.lit("a new holder"),
        places=pl.lit(3),
        age_years=pl.lit(0.0),
        grade=pl.lit(None, dtype=pl.String),
        special=pl.lit(value=False),
        group_size=pl.lit(5),
        rivals=pl.lit(int(stock.median() or 0)),  # type: ignore[arg-type]
    )
    risk = closure.risk_by_year(usual, MOST_YEARS).select(pl.selectors.starts_with("close_"))
    shares = _shares(first.select("sector", "grade"))
    table = pl.concat([sectors.join(shares, on="sector", maintain_order="left"), risk], how="horizontal")
    old = first.filter(pl.col("registered_on") <= _months_before(day, _TIME_TO_GRADE_MONTHS))
    quartiles: list[Any] = [old["months"].quantile(q, "linear") for q in (0.25, 0.5, 0.75)]
    if old.height < 20 or None in quartiles:
        return table, _USUAL_MONTHS
    low, middle, high = (float(value) for value in quartiles)
    return table, (low, middle, high)


def _months_before(day: date, months: int) -> date:
    found: date = pl.select(pl.lit(day).dt.offset_by(f"-{months}mo"))["literal"][0]
    return found


def _first_grades(dataset: Dataset, day: date) -> pl.DataFrame:
    """Return the first graded full inspection of homes registered in the last years."""
    since = _months_before(day, _FIRST_GRADES_MONTHS)
    return (
        dataset.inspections.filter(
            pl.col("inspection_type") == InspectionType.FULL.value,
            pl.col("overall").is_not_null(),
            pl.col("inspected_on") <= day,
        )
        .sort("inspected_on")
        .unique("urn", keep="first")
        .select("urn", "inspected_on", grade="overall")
        .join(
            dataset.homes.filter(
                pl.col("registered_on") > since,
                pl.col("provision_type") == ProvisionType.CHILDRENS_HOME.value,
            ).select("urn", "registered_on", "sector"),
            on="urn",
        )
        .with_columns(months=(pl.col("inspected_on") - pl.col("registered_on")).dt.total_days() / 30.4375)
        .filter(pl.col("months") >= 0)
    )


def _hazard_sd(closure: ClosureModel, homes: pl.DataFrame) -> float:
    """Return the standard error of the log of closures expected of all homes in the first half year."""
    hazard = closure.hazards["close"]
    logs, columns = log_hazards(hazard, closure.complete(homes), 1)
    weights = np.exp(logs[:, 0])
    gradient = weights @ columns[0] / weights.sum()
    return float(np.sqrt(max(0.0, gradient @ hazard.covariance @ gradient)))
