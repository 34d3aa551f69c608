"""A study's results on disk: one folder, written whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from ofsight import __version__
from ofsight.dataset.store import Dataset
from ofsight.definitions.study import StudyDefinition
from ofsight.files import Contents, folder_being_written, hash_file, list_contents, refuse_strangers
from ofsight.study.findings import Findings
from ofsight.study.html_tables import write_html_table
from ofsight.study.ledger import count_verdicts
from ofsight.study.samples import Sample

__all__ = ["STUDY_FILE", "list_releases", "refuse_other_folder", "write_results"]

STUDY_FILE = "study.json"
CONTENTS: Final = Contents(
    "study",
    STUDY_FILE,
    ("results.json", "models.json", "ledger.csv", "ledger_summary.csv", "tables/*.csv", "tables/*.html"),
)
_LICENCE = "Contains public sector information licensed under the Open Government Licence v3.0."


def refuse_other_folder(to: Path) -> None:
    """Refuse to write over a folder that holds anything that a study of ofsight did not write."""
    refuse_strangers(to, CONTENTS)


def list_releases(data: Dataset) -> pl.DataFrame:
    """List the releases behind a dataset, for the report's annex."""
    return data.releases.select(
        "release",
        "title",
        "period",
        "file",
        "sheet",
        "sha256",
        "n_read",
        "n_kept",
        "n_set_aside",
        "n_full_inspections",
    )


def write_results(
    to: Path,
    definition: StudyDefinition,
    data: Dataset,
    sample: Sample,
    found: Findings,
    ledger: pl.DataFrame,
    seconds: dict[str, float],
) -> None:
    """Write everything that a study found; what stood in the folder is replaced when all is written."""
    with folder_being_written(to, CONTENTS) as folder:
        description = _describe(definition, data, sample, found.notes, seconds)
        if not ledger.is_empty():
            counts = count_verdicts(ledger)
            whole = counts.filter(pl.col("item") == "all").select("verdict", "n").rows()
            description["ledger"] = {"n": ledger.height, "verdicts": {str(v): n for v, n in whole}}
            counts.write_csv(folder / "ledger_summary.csv")
        _write_json(folder / "results.json", [estimate.as_dict() for estimate in found.estimates])
        _write_json(folder / "models.json", [fact.as_dict() for fact in found.facts])
        ledger.write_csv(folder / "ledger.csv")
        (folder / "tables").mkdir()
        for name, frame in found.tables.items():
            frame.write_csv(folder / "tables" / f"{name}.csv")
        for name in ("table1", "table2"):
            page = folder / "tables" / f"{name}.html"
            write_html_table(page, name, found.tables[name], data.synthetic is not None)
        # By these the report sees that a file is missing or is no longer what the study wrote.
        description["sha256"] = {name: hash_file(folder / name) for name in list_contents(folder)}
        description["files"] = list_contents(folder, STUDY_FILE)
        _write_json(folder / STUDY_FILE, description)


def _write_json(path: Path, content: Any) -> None:
    path.write_text(
        json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )


def _describe(
    definition: StudyDefinition,
    data: Dataset,
    sample: Sample,
    notes: Sequence[str],
    seconds: dict[str, float],
) -> dict[str, Any]:
    by_sector = sample.frame.group_by("sector").agg(n_inspections=pl.len(), n_homes=pl.col("urn").n_unique())
    return {
        "study": definition.id,
        "title": definition.title,
        "question": definition.question,
        "citation": definition.citation,
        "licence": _LICENCE,
        "synthetic": data.synthetic,
        "dataset": {
            key: data.metadata.get(key) for key in ("fingerprint", "built_at", "newest_release", "ofsight")
        },
        "ofsight": __version__,
        "sample": {
            "description": _sentence(definition),
            "from": _iso(definition.sample.start),
            "to": _iso(definition.sample.end),
            "adequate": definition.sample.adequate,
            "n_inspections": sample.frame.height,
            "n_homes": sample.frame["urn"].n_unique(),
            "by_sector": {
                str(row["sector"]): {"n_inspections": row["n_inspections"], "n_homes": row["n_homes"]}
                for row in by_sector.sort("sector").iter_rows(named=True)
            },
            "flow": [{"step": step, "n": n} for step, n in sample.flow],
        },
        "cautions": list(definition.cautions),
        "notes": [
            "Odds ratios are of a higher grade, against local authority homes; below 1, lower judgements.",
            "Models: cumulative link mixed models (logit, flexible thresholds), random intercept per home, "
            "fixed effect per calendar year, Laplace approximation.",
            "Intervals are 95%, Wald; 'model' from the observed information, 'cluster' robust to dependence "
            "within homes (sandwich).",
            *notes,
        ],
        "seed": definition.seed,
        "seconds": seconds["all"],
        "seconds_by_part": seconds,
    }


def _iso(day: Any) -> str | None:
    return None if day is None else day.isoformat()


def _sentence(definition: StudyDefinition) -> str:
    sample = definition.sample
    kinds = " and ".join(kind.value.lower() + "s" for kind in sample.inspection_types)
    homes = " or ".join(f'"{kind.value}"' for kind in sample.provision_types)
    start = f" from {sample.start:%-d %B %Y}" if sample.start else ""
    end = f" to {sample.end:%-d %B %Y}" if sample.end else ""
    return (
        f"{kinds[0].upper()}{kinds[1:]} of provision type exactly {homes}{start}{end}, "
        "one row per home and first inspection day."
    )
