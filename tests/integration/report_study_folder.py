"""A builder of study folders in the shape that `ofsight.study` writes, with invented numbers."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

SECTORS = ("local_authority", "private", "voluntary")
NAMES = {"local_authority": "Local Authority", "private": "Private", "voluntary": "Voluntary"}
DOMAINS = {
    "overall": "Overall experiences and progress",
    "leadership": "Effectiveness of leaders and managers",
    "protection": "How well children are helped and protected",
}
GRADES = ("Inadequate", "Requires improvement to be good", "Good", "Outstanding")
MODELS = {
    "unadjusted": "Unadjusted",
    "adjusted": "Adjusted (age to 1 June 2021, as in the paper)",
    "adjusted, age at inspection": "Adjusted (age at the inspection)",
}
ALL_LOWER = {
    (domain, sector): ratio
    for domain, ratios in {
        "overall": (0.56, 0.83),
        "leadership": (0.58, 0.77),
        "protection": (0.61, 0.75),
    }.items()
    for sector, ratio in zip(("private", "voluntary"), ratios, strict=True)
}


def estimate(term: str, ratio: float, error: float, **where: Any) -> dict[str, Any]:
    """One entry of results.json from an odds ratio and the error of its logarithm."""
    log = math.log(ratio)
    return {
        "study": "outsourcing-2022",
        "item": "table2",
        "term": term,
        "estimate": ratio,
        "log_estimate": log,
        "std_error_log": error,
        "ci_low": math.exp(log - 1.96 * error),
        "ci_high": math.exp(log + 1.96 * error),
        "p_value": math.erfc(abs(log / error) / math.sqrt(2)),
        "variance": "model",
        **where,
    }


def table2(
    ratios: Mapping[tuple[str, str], float], error: float, cluster_error: float
) -> list[dict[str, Any]]:
    """Estimates of three models in the domains and sectors of the ratios."""
    found = []
    for model in MODELS:
        n, homes = (4000, 900) if model == "unadjusted" else (2500, 500)
        for domain in dict.fromkeys(domain for domain, _ in ratios):
            where = {"model": model, "outcome": domain, "n": n, "n_groups": homes}
            for variance, size in (("model", error), ("cluster", cluster_error)):
                for (of, sector), ratio in ratios.items():
                    if of == domain:
                        found.append(estimate(f"sector:{sector}", ratio, size, variance=variance, **where))
                if model != "unadjusted":
                    for term, ratio in (("age_months", 1.003), ("chain_size", 1.001), ("places", 0.986)):
                        found.append(estimate(term, ratio, 0.004, variance=variance, **where))
                found.append(estimate("year:2016", 1.2, 0.1, variance=variance, **where))
    return found


def _counts(sector: str, scale: int) -> dict[str, int]:
    shares = {"local_authority": (6, 17, 56, 21), "private": (8, 20, 60, 12), "voluntary": (5, 18, 60, 17)}[
        sector
    ]
    return {grade: share * scale for grade, share in zip(GRADES, shares, strict=True)}


_SCALE = {"local_authority": 8, "private": 28, "voluntary": 4}


def table1() -> list[dict[str, Any]]:
    """Counts by grade as results.json has them."""
    return [
        {
            "study": "outsourcing-2022",
            "item": "table1",
            "model": "count",
            "outcome": domain,
            "term": f"sector:{sector}/grade:{grade}",
            "estimate": float(n),
            "n": 100 * _SCALE[sector],
        }
        for domain in DOMAINS
        for sector in SECTORS
        for grade, n in _counts(sector, _SCALE[sector]).items()
    ]


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a csv file with the headings of the first row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _table1_rows() -> list[dict[str, Any]]:
    head = {sector: 100 * _SCALE[sector] for sector in SECTORS}
    rows: list[dict[str, Any]] = [
        {"section": "Sample", "label": "Inspections", "statistic": "n", **head, "total": 4000},
        {"section": "Sample", "label": "Homes", "statistic": "n", **head, "total": 900},
    ]
    for label in DOMAINS.values():
        for grade in reversed(GRADES):
            n = {sector: _counts(sector, _SCALE[sector])[grade] for sector in SECTORS}
            row = {"section": label, "label": grade, "statistic": "n", **n, "total": sum(n.values())}
            percent = {sector: n[sector] / _SCALE[sector] for sector in SECTORS}
            rows += [row, {**row, "statistic": "percent", **percent, "total": sum(n.values()) / 40}]
    for statistic, values in (
        ("mean", (173.2, 122.4, 164.1)),
        ("median", (206, 106, 127)),
        ("n", (600, 1800, 300)),
    ):
        cells = dict(zip(SECTORS, values, strict=True))
        row = {"section": "Covariates", "label": "Age in months, to 1 June 2021", "statistic": statistic}
        rows.append({**row, **cells, "total": values[1]})
    return rows


def _ledger_rows() -> list[dict[str, Any]]:
    head = {"model": "", "outcome": "overall", "published_low": "", "published_high": "", "ours_low": ""}
    verdicts = (
        ("count", 718, 724, "differs", "The releases hold more inspections than the paper’s sample."),
        ("count", 153, 153, "same to print", ""),
        ("odds ratio", 0.561, 0.563, "within one standard error", "The sample is larger than the paper’s."),
        ("AIC", 27121.8, 28010.12, "differs", "An AIC grows with the number of inspections."),
        ("odds ratio", 0.925, "", "not reproducible from public data", "The authority models are not here."),
    )
    rows = []
    for place, (quantity, published, ours, verdict, why) in enumerate(verdicts):
        item = "table1" if quantity == "count" else "table4" if ours == "" else "table2"
        rows.append(
            {
                "id": f"{item}-{place}",
                "item": item,
                **head,
                "model": "unadjusted" if item == "table2" else "",
                "contrast": ""
                if quantity == "AIC"
                else "sector:private" + ("/grade:Good" if quantity == "count" else ""),
                "quantity": quantity,
                "published": published,
                "ours": ours,
                "ours_high": "",
                "difference": "" if ours == "" else round(ours - published, 6),
                "verdict": verdict,
                "note": why,
            }
        )
    return rows


def _probability_rows() -> list[dict[str, Any]]:
    rows = []
    for kind in ("grid", "population"):
        for domain in DOMAINS:
            for sector in SECTORS:
                for grade, n in _counts(sector, 1).items():
                    p = n / 100
                    rows.append(
                        {
                            "model": "unadjusted" if kind == "population" else "adjusted",
                            "outcome": domain,
                            "sector": sector,
                            "grade": grade,
                            "probability": p,
                            "low": p - 0.012,
                            "high": p + 0.012,
                            "kind": kind,
                        }
                    )
    return rows


def _figure1_rows() -> list[dict[str, Any]]:
    return [
        {
            "year": year,
            "sector": NAMES[sector],
            "n_inspections": 12 * _SCALE[sector] + 3 * place * place,
            "n_homes": 9 * _SCALE[sector] + place * (3 if sector == "private" else 1),
        }
        for place, year in enumerate(range(2014, 2022))
        for sector in SECTORS
    ]


def _release_rows() -> list[dict[str, Any]]:
    return [
        {
            "release": f"in-year-{year}",
            "title": f"Children’s homes provider level in year {year}",
            "period": f"{year}-04-01 to {year + 1}-03-31",
            "file": f"Provider_level_in_year_{year}-{year + 1 - 2000}.csv",
            "sheet": "" if year % 2 else "Provider_level",
            "sha256": f"{year:064x}",
            "n_read": 2100 + year,
            "n_kept": 2090 + year,
            "n_set_aside": 10,
            "n_full_inspections": 1700,
        }
        for year in (2018, 2019)
    ]


def split_estimates(after: float = 1.0, error: float = 0.05) -> list[dict[str, Any]]:
    """Estimates of the gap by year, before and after the pause, at first and later inspections."""
    found = []
    parts = {
        "gap_by_year": {str(year): 0.5 + 0.02 * (year - 2014) for year in range(2014, 2022)},
        "gap_pause": {"before the pause": 0.5, "after the pause": after},
        "gap_visit": {"first": 0.8, "later": 0.6},
    }
    for item, ratios in parts.items():
        for model in ("unadjusted", "adjusted"):
            for domain in DOMAINS:
                for sector in SECTORS[1:]:
                    for part, ratio in ratios.items():
                        for variance in ("model", "cluster"):
                            where = {"item": item, "model": model, "outcome": domain, "variance": variance}
                            found.append(estimate(f"sector:{sector}/{part}", ratio, error, n=4000, **where))
    return found


def authority_estimates() -> list[dict[str, Any]]:
    """Estimates of table 4: the share of placements, a region, a scale effect and one at a threshold."""
    found = []
    for place, outcome in enumerate(("overall", "leaders", "protection", "care")):
        for model, term in (("paper", "profit"), ("third sector", "third")):
            where = {"item": "table4", "model": model, "outcome": outcome, "n": 146 - 2 * (place > 0)}
            for name, ratio in ((term, 0.95), ("imd", 0.98), ("region:London", 2.4), ("scale:white", 0.99)):
                found.append(estimate(name, ratio, 0.01 if name == "profit" else 0.3, **where))
            found.append(estimate("n/threshold:Good|Outstanding", 1.1, 0.2, **where))
    return found


def write_further_tables(path: Path, p_value: float = 0.001) -> None:
    """Write the tests of the split gaps and both codings of Adequate beside a study's tables."""
    tests = [
        {
            "item": item,
            "model": "unadjusted",
            "outcome": domain,
            "n": 4000,
            "test": test,
            "statistic": 12.3,
            "df": 1,
            "p_value": p_value,
            "estimate": 1.02 if "change" in test else "",
            "low": 1.01 if "change" in test else "",
            "high": 1.03 if "change" in test else "",
        }
        for item in ("gap_by_year", "gap_pause")
        for domain in DOMAINS
        for test in ("Wald, clustered: private", "change in the odds ratio a year: private, model error")
    ]
    write_rows(path / "tables" / "gap_tests.csv", tests)
    codings = [
        {
            "model": "unadjusted",
            "outcome": domain,
            "term": "sector:private",
            "variance": variance,
            "odds_ratio_requires_improvement": 0.562,
            "low_requires_improvement": 0.476,
            "high_requires_improvement": 0.664,
            "odds_ratio_missing": 0.552,
            "low_missing": 0.464,
            "high_missing": 0.656,
            "difference_in_standard_errors": -0.21,
        }
        for domain in DOMAINS
        for variance in ("model", "cluster")
    ]
    write_rows(path / "tables" / "codings.csv", codings)


def curve_rows(ratios: Sequence[float] = (0.5, 0.6, 0.7, 1.1)) -> list[dict[str, Any]]:
    """Rows of a specification curve: one model a ratio, both sectors, both kinds of error."""
    return [
        {
            "key": f"k{place}",
            "outcome": tuple(DOMAINS)[place % 3],
            "coding": ("requires improvement", "missing")[place % 2],
            "sample": ("all", "from April 2015")[place // 2 % 2],
            "covariates": ("", "age_months log_places", "region")[place % 3],
            "clustering": ("random intercept", "none")[place // 2 % 2],
            "term": f"sector:{sector}",
            "variance": variance,
            "odds_ratio": ratio,
            "ci_low": 0.8 * ratio,
            "ci_high": 1.25 * ratio,
            "p_value": 0.01,
            "n": 4000 - place,
            "n_homes": 900,
            "aic": 9000.5,
            "error": "",
        }
        for place, ratio in enumerate(ratios)
        for sector in SECTORS[1:]
        for variance in ("model", "cluster")
    ]


def write_curve(path: Path, beside: Path, **facts: Any) -> Path:
    """Write a folder of specifications for a study folder, as `ofsight specifications` does."""
    about = json.loads((beside / "study.json").read_text(encoding="utf-8"))
    write_rows(path / "specifications.csv", curve_rows((0.4, 0.9)))
    named = {"study": about["study"], "dataset": about["dataset"]["fingerprint"], "n": 2, "n_possible": 2}
    (path / "specifications.json").write_text(json.dumps(named | facts), encoding="utf-8")
    return path


def make_study_folder(
    path: Path,
    *,
    ratios: Mapping[tuple[str, str], float] = ALL_LOWER,
    error: float = 0.05,
    cluster_error: float = 0.055,
    synthetic: Mapping[str, Any] | None = None,
    leave_out: Iterable[str] = (),
    estimates: Sequence[Mapping[str, Any]] | None = None,
    **about: Any,
) -> Path:
    """Write a study folder.

    Parameters
    ----------
    ratios, error, cluster_error
        Odds ratios by (domain, sector) and the errors of their logarithms.
    synthetic
        What study.json says of synthetic data.
    leave_out
        Names of files that are not written: ``ledger``, ``probabilities``, ``models``.
    estimates
        Further entries of results.json.
    about
        Entries of study.json that replace the usual ones.
    """
    path.mkdir(parents=True, exist_ok=True)
    study = {
        "study": "outsourcing-2022",
        "title": "Outsourcing and children's social care, 2014 to 2021",
        "question": "do homes run for profit get worse judgements than homes run by local authorities?",
        "authors_note": "",
        "synthetic": synthetic,
        "ofsight": "0.1.0",
        "dataset": {
            "fingerprint": "0123456789abcdef" * 4,
            "built_at": "2026-01-02T03:04:05+00:00",
            "newest_release": "2025-03-31",
            "ofsight": "0.1.0",
        },
        "sample": {
            "description": 'Full inspections of provision type exactly "Children\'s home".',
            "from": "2014-01-01",
            "to": "2021-08-31",
            "n_inspections": 4000,
            "n_homes": 900,
            "by_sector": {
                NAMES[s]: {"n_inspections": 100 * _SCALE[s], "n_homes": 20 * _SCALE[s]} for s in SECTORS
            },
            "flow": [
                {"step": "inspections of any kind in the dataset", "n": 9000},
                {"step": "of type Full inspection", "n": 5000},
                {"step": "from 2014-01-01", "n": 4000},
            ],
        },
        "cautions": ["Judgements measure compliance.", "An association is not a cause."],
        "citation": "Bach-Mortensen A, Goodair B, Barlow J. Social Science & Medicine 2022; 313: 115323.",
        "licence": "Contains public sector information licensed under the Open Government Licence v3.0.",
        "seconds": 3.21,
        "notes": ["Intervals are 95%, Wald."],
        **about,
    }
    results = [*table1(), *table2(ratios, error, cluster_error), *(estimates or ())]
    models = [
        {
            "item": "table2",
            "model": model,
            "outcome": domain,
            "label": label,
            "formula": f"{domain} ~ sector + C(year) + (1 | urn)",
            "n": 4000,
            "n_groups": 900,
            "n_dropped": 3,
            "log_likelihood": -13500.25,
            "aic": 27026.5,
            "random_sd": 1.31,
            "thresholds": {"Inadequate|Requires improvement to be good": -3.5},
            "convergence": "0: converged",
        }
        for model, label in MODELS.items()
        for domain in dict.fromkeys(domain for domain, _ in ratios)
    ]
    skipped = set(leave_out)
    (path / "study.json").write_text(json.dumps(study), encoding="utf-8")
    (path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    if "models" not in skipped:
        (path / "models.json").write_text(json.dumps(models), encoding="utf-8")
    files: dict[str, list[dict[str, Any]]] = {
        "ledger.csv": _ledger_rows(),
        "tables/table1.csv": _table1_rows(),
        "tables/figure1.csv": _figure1_rows(),
        "tables/probabilities.csv": _probability_rows(),
        "tables/releases.csv": _release_rows(),
        "tables/set_aside.csv": [{"reason": "no_date", "n": 12}, {"reason": "grade_unknown", "n": 2}],
    }
    for name, rows in files.items():
        if Path(name).stem not in skipped:
            write_rows(path / name, rows)
    return path
