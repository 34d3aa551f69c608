"""Two-way fixed effects: against least squares with a column for each authority and year; a known truth."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from ofsight.definitions.study import PlacementModel, load_study
from ofsight.errors import ModelError, UsageError
from ofsight.study import placements
from ofsight.study.placements import fit_placement_model, fit_placements

_MODEL = PlacementModel(outcome="outside", exposure="profit", model="unadjusted", label="outside")


def _panel(n: int = 60, effect: float = 0.25, seed: int = 3) -> pl.DataFrame:
    """Authorities that differ by level and years that differ by level; both move exposure and outcome."""
    rng = np.random.default_rng(seed)
    years = np.arange(2011, 2019)
    level, drift = rng.normal(0, 6, n), rng.normal(0, 3, len(years))
    profit = 30 + level[:, None] + drift + rng.normal(0, 3, (n, len(years)))
    outside = 40 + 1.5 * level[:, None] - drift + effect * profit + rng.normal(0, 2, profit.shape)
    frame = pl.DataFrame(
        {
            "authority": np.repeat([f"Authority {i}" for i in range(n)], len(years)),
            "year": np.tile(years, n).astype(np.int32),
            "profit": profit.ravel(),
            "outside": outside.ravel(),
        }
    )
    extra = {
        name: rng.normal(0, 1, frame.height)
        for name in ("third", "moved", "far", "thrice", "white", "female", "n")
    }
    return frame.with_columns(**{name: pl.Series(values) for name, values in extra.items()})


def _twin(frame: pl.DataFrame) -> tuple[float, float]:
    """Least squares with a dummy for every authority and year, errors clustered by authority."""
    y = frame["outside"].to_numpy()
    dummies = frame.select("authority", pl.col("year").cast(pl.String)).to_dummies(drop_first=True).to_numpy()
    x = np.column_stack([frame["profit"].to_numpy(), np.ones(len(y)), dummies]).astype(float)
    beta, *_ = np.linalg.lstsq(x, y, rcond=None)
    bread = np.linalg.pinv(x.T @ x)
    scores = x * (y - x @ beta)[:, None]
    names = frame["authority"].to_numpy()
    sums = np.array([scores[names == name].sum(axis=0) for name in sorted(set(names))])
    return float(beta[0]), float(np.sqrt((bread @ sums.T @ sums @ bread)[0, 0]))


@pytest.fixture(autouse=True)
def _needs_linearmodels() -> None:
    pytest.importorskip("linearmodels")


def test_the_estimate_is_that_of_least_squares_with_dummies() -> None:
    panel = _panel().filter(pl.int_range(pl.len()) % 7 != 3)
    value, error = _twin(panel)
    fit = fit_placement_model(panel, _MODEL)
    assert fit["estimate"] == pytest.approx(value, rel=1e-8)
    # Its small-sample factor, (n - 1) / (n - columns), is a few in a hundred.
    assert fit["std_error"] == pytest.approx(error, rel=0.12)


def test_levels_of_authorities_and_years_do_not_reach_the_estimate() -> None:
    panel = _panel()
    plain = np.polyfit(panel["profit"], panel["outside"], 1)[0]
    fit = fit_placement_model(panel, _MODEL)
    assert abs(plain - 0.25) > 0.3
    assert abs(fit["estimate"] - 0.25) < 3 * fit["std_error"]
    assert (fit["n"], fit["n_authorities"], fit["from"], fit["to"]) == (480, 60, 2011, 2018)


def test_authorities_seen_once_and_rows_with_a_symbol_are_left_out() -> None:
    panel = _panel()
    lone = panel.head(1).with_columns(authority=pl.lit("Seen once"))
    suppressed = panel.tail(1).with_columns(
        authority=pl.lit("Authority 0"), outside=pl.lit(None, dtype=pl.Float64)
    )
    fit = fit_placement_model(pl.concat([panel, lone, suppressed]), _MODEL)
    assert fit["n"] == 480


def test_two_years_are_too_few() -> None:
    with pytest.raises(ModelError, match="2 years"):
        fit_placement_model(_panel().filter(pl.col("year") < 2013), _MODEL)


def test_a_study_fits_all_its_models_and_notes_what_it_cannot() -> None:
    panel = _panel().with_columns(far=pl.lit(None, dtype=pl.Float64))
    found = fit_placements(panel, load_study("outsourcing-2022"))
    assert found.tables["placements"].height == len(load_study("outsourcing-2022").placement_models) - 1
    assert len(found.notes) == 1
    assert "20 miles" in found.notes[0]
    assert all(e.log_estimate is None and e.variance == "cluster" for e in found.estimates)


def test_without_linearmodels_a_note_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(placements.importlib, "import_module", absent)
    with pytest.raises(UsageError, match=r"ofsight\[panel\]"):
        fit_placement_model(_panel(), _MODEL)
    found = fit_placements(_panel(), load_study("outsourcing-2022"))
    assert not found.estimates
    assert "ofsight[panel]" in found.notes[0]
