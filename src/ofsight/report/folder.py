"""Reading a study folder: what `ofsight.study` wrote, as plain values, checked once.

The report reads nothing else: neither the dataset nor the releases. What a study may leave out is None or
empty here, and the section that would have shown it says so.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ofsight.errors import DatasetError, UsageError
from ofsight.files import hash_file
from ofsight.report.characters import clean, clean_all
from ofsight.report.wording import capital

__all__ = ["Estimate", "Rows", "StudyFolder", "find_specifications", "number", "read_study_folder"]

Rows = tuple[Mapping[str, str], ...]
"""A csv file: one mapping per row, heading to text."""

_STUDY = "study.json"
_RESULTS = "results.json"
_MODELS = "models.json"
_HASHES = "sha256"
_CURVE = "specifications"
_CURVE_FACTS = "specifications.json"
_NEEDED = ("study", "title")


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimate of ``results.json``; a number that is missing or not finite is None."""

    item: str
    model: str
    outcome: str
    term: str
    estimate: float | None
    log_estimate: float | None
    std_error_log: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    n: int | None
    n_groups: int | None
    variance: str

    @property
    def sector(self) -> str | None:
        """``private`` for the term ``sector:private``; None for a covariate."""
        kind, _, name = self.term.partition(":")
        return name if kind == "sector" and name and "/" not in name else None


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """A study folder as read.

    Parameters
    ----------
    path : Path
        The folder.
    about : mapping
        ``study.json`` as it stands.
    estimates : tuple of Estimate
        ``results.json``.
    tables : mapping of str to Rows
        Each csv by its name without folder and suffix: ``ledger``, ``table1``, ``figure1``.
    models : tuple of mappings
        ``models.json``: what describes each fitted model as a whole; empty when the study did not write it.
    """

    path: Path
    about: Mapping[str, Any]
    estimates: tuple[Estimate, ...]
    tables: Mapping[str, Rows]
    models: tuple[Mapping[str, Any], ...] = ()

    def model_label(self, item: str, model: str) -> str:
        """Return a model's heading for readers; its own name, with a first capital, where it has none."""
        for facts in self.models:
            if (facts.get("item"), facts.get("model")) == (item, model) and facts.get("label"):
                return str(facts["label"])
        return capital(model)

    @property
    def synthetic(self) -> Mapping[str, Any] | None:
        """What the makers of synthetic data say of it; None when the data is real."""
        value = self.about.get("synthetic")
        if not value:
            return None
        return value if isinstance(value, Mapping) else {"note": str(value)}

    @property
    def sample(self) -> Mapping[str, Any]:
        """The sample's description and counts."""
        return _mapping(self.about.get("sample"))

    @property
    def dataset(self) -> Mapping[str, Any]:
        """Where the numbers come from."""
        return _mapping(self.about.get("dataset"))

    def words(self, name: str) -> str:
        """Return a text of ``study.json``, empty when it has none."""
        value = self.about.get(name)
        return "" if value is None else str(value).strip()

    def listed(self, name: str) -> tuple[str, ...]:
        """Return a list of texts of ``study.json``."""
        value = self.about.get(name)
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,) if value.strip() else ()
        return tuple(str(item) for item in value if str(item).strip())

    def rows(self, name: str) -> Rows:
        """Return a csv's rows; none when the study did not write it."""
        return self.tables.get(name, ())

    def of(self, item: str) -> tuple[Estimate, ...]:
        """Return the estimates of one table or figure, in the order of the study."""
        return tuple(estimate for estimate in self.estimates if estimate.item == item)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def number(value: object) -> float | None:
    """Return a finite number, or None for whatever is not one.

    >>> number("0.561"), number(""), number(float("nan")), number(None)
    (0.561, None, None, None)
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        result = float(str(value).replace(",", ""))
    except ValueError:
        return None
    return result if math.isfinite(result) else None


def _whole(value: object) -> int | None:
    result = number(value)
    return None if result is None else round(result)


def _load(path: Path) -> Any:
    try:
        return clean_all(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, OSError) as error:
        raise DatasetError(
            f"{path}: cannot be read as JSON ({error}). The study folder is damaged or was written half: run "
            "`ofsight study` again."
        ) from error


def _read_csv(path: Path) -> Rows:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restkey="", restval="")
            return tuple({key: clean(value or "") for key, value in row.items() if key} for row in reader)
    except (ValueError, OSError, csv.Error) as error:
        raise DatasetError(
            f"{path}: cannot be read as a csv file ({error}). Run `ofsight study` again."
        ) from error


def _hold_to_hashes(path: Path, hashes: object) -> None:
    """Refuse a folder whose files are not those that the study wrote; one of an older study lists none."""
    for name, sha256 in _mapping(hashes).items():
        file = path / str(name)
        if not file.is_file():
            problem = "is missing, though the study wrote it"
        elif hash_file(file) != sha256:
            problem = "is not as the study wrote it: it was damaged or changed"
        else:
            continue
        raise DatasetError(f"{file}: {problem}. Run `ofsight study` again.")


def _estimate(path: Path, place: int, record: object) -> Estimate:
    if not isinstance(record, Mapping) or not {"item", "outcome", "term"} <= record.keys():
        raise DatasetError(
            f"{path}: entry {place} is no estimate; each needs `item`, `outcome` and `term`. Run "
            "`ofsight study` again, with the version of ofsight that makes this report."
        )
    return Estimate(
        item=str(record["item"]),
        model=str(record.get("model") or ""),
        outcome=str(record["outcome"] or ""),
        term=str(record["term"]),
        estimate=number(record.get("estimate")),
        log_estimate=number(record.get("log_estimate")),
        std_error_log=number(record.get("std_error_log")),
        ci_low=number(record.get("ci_low")),
        ci_high=number(record.get("ci_high")),
        p_value=number(record.get("p_value")),
        n=_whole(record.get("n")),
        n_groups=_whole(record.get("n_groups")),
        variance=str(record.get("variance") or ""),
    )


def find_specifications(study: Path, folder: Path) -> Path | None:
    """Return a folder of specifications when it is one, and of the same study and dataset; else None."""
    try:
        _curve(folder, _mapping(_load(study / _STUDY)))
    except (DatasetError, UsageError):
        return None
    return folder


def _curve(folder: Path | None, about: Mapping[str, Any]) -> dict[str, Rows]:
    """Read a specification curve and hold it to the study that it is shown with."""
    if folder is None:
        return {}
    folder = Path(folder)
    missing = [name for name in (_CURVE_FACTS, f"{_CURVE}.csv") if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"{folder} is no folder of specifications: {' and '.join(missing)} not found in it. Run "
            "`ofsight specifications --dataset DIR --to DIR` to its end and name the folder that it wrote."
        )
    facts = _mapping(_load(folder / _CURVE_FACTS))
    own = (about.get("study"), _mapping(about.get("dataset")).get("fingerprint"))
    if (facts.get("study"), facts.get("dataset")) != own:
        raise DatasetError(
            f"{folder}: these specifications are of study {facts.get('study')!r} on dataset "
            f"{str(facts.get('dataset'))[:12]}, the report is of study {own[0]!r} on dataset "
            f"{str(own[1])[:12]}. Run `ofsight specifications` on the study's dataset, with the same --study."
        )
    scope = {name: str(facts.get(name) or "") for name in ("n", "n_possible")}
    return {_CURVE: _read_csv(folder / f"{_CURVE}.csv"), f"{_CURVE}_scope": (scope,)}


def read_study_folder(path: Path, specifications: Path | None = None) -> StudyFolder:
    """Read a study folder whole.

    Parameters
    ----------
    path : Path
        The folder that `ofsight study` wrote.
    specifications : Path, optional
        A folder that `ofsight specifications` wrote, of the same study and dataset: its curve stands in the
        place of the study's own part of it.

    Returns
    -------
    StudyFolder

    Raises
    ------
    UsageError
        The folder is not there, or is no study folder.
    DatasetError
        A file in it is missing, damaged, changed since, or lacks what every study has; or the specifications
        are of another study or dataset.
    """
    path = Path(path)
    if not path.is_dir():
        raise UsageError(
            f"{path} is not a folder. Name the folder that `ofsight study --dataset DIR --to DIR` wrote."
        )
    missing = [name for name in (_STUDY, _RESULTS) if not (path / name).is_file()]
    if missing:
        raise UsageError(
            f"{path} is no study folder: {' and '.join(missing)} not found in it. Run "
            "`ofsight study --dataset DIR --to DIR` first and name the folder that it wrote."
        )
    about = _load(path / _STUDY)
    _hold_to_hashes(path, _mapping(about).get(_HASHES))
    if not isinstance(about, Mapping) or any(not about.get(name) for name in _NEEDED):
        raise DatasetError(
            f"{path / _STUDY}: lacks {' or '.join(f'`{name}`' for name in _NEEDED)}. "
            "Run `ofsight study` again."
        )
    records = _load(path / _RESULTS)
    if not isinstance(records, list):
        raise DatasetError(f"{path / _RESULTS}: must be a list of estimates. Run `ofsight study` again.")
    models = _load(path / _MODELS) if (path / _MODELS).is_file() else []
    if not isinstance(models, list):
        raise DatasetError(f"{path / _MODELS}: must be a list of models. Run `ofsight study` again.")
    files = sorted([*path.glob("*.csv"), *path.glob("tables/*.csv")])
    return StudyFolder(
        path=path,
        about=about,
        estimates=tuple(_estimate(path / _RESULTS, place, item) for place, item in enumerate(records, 1)),
        tables={file.stem: _read_csv(file) for file in files} | _curve(specifications, about),
        models=tuple(model for model in models if isinstance(model, Mapping)),
    )
