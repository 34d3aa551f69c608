"""The model of closure as a whole: chosen and judged out of time, kept in tables, asked for homes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from profile_tables import dataset_of, inspected, listed

from ofsight.dataset.store import Dataset
from ofsight.errors import DatasetError, ModelError, UsageError
from ofsight.planning.models.closure import ClosureModel, fit_closure
from ofsight.planning.models.closure_check import weighted_concordance
from ofsight.planning.sections.foreseen import calibration_chart, say_order
from ofsight.profiles.homes_open import open_homes

LISTS = [date(year, 3, 31) for year in range(2018, 2025)]
WORST = 0.12


def simulated(n: int = 500, seed: int = 3) -> Dataset:
    """Homes whose yearly risk is three times as high where the judgement is Inadequate; none opens."""
    rng = np.random.default_rng(seed)
    rows, homes, visits = [], [], []
    for k in range(n):
        bad = bool(rng.random() < 0.3)
        urn, risk = f"H{k}", WORST if bad else WORST / 6
        lives = -np.log(rng.random()) / -np.log(1 - risk)
        closed = LISTS[0] + timedelta(days=int(lives * 365.25) + 1)
        ends = closed if closed <= LISTS[-1] else None
        cells = {
            "owner_id": f"o{k % 90}", "registered_on": date(2012, 5, 1), "authority": "Bolton",
            "sector": "Local Authority" if k % 5 == 0 else "Private",
        }  # fmt: skip
        rows += [listed(urn, listed_on=on, **cells) for on in LISTS if ends is None or ends > on]
        homes.append({**rows[-1], "closed_on": ends, "n_inspections": 1, "n_graded": 1})
        visits.append(inspected(urn, date(2018, 1, 9), overall="Inadequate" if bad else "Good"))
    return dataset_of(home_snapshots=rows, homes=homes, inspections=visits)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return simulated()


@pytest.fixture(scope="module")
def model(dataset: Dataset) -> ClosureModel:
    return fit_closure(dataset)


def test_what_explains_is_found_out_of_time(model: ClosureModel) -> None:
    chosen = model.choice.filter("chosen", pl.col("outcome") == "close")["candidate"].item()
    assert chosen.startswith("hazard")
    assert model.years["concordance"].min() > 0.6
    total = model.years.filter(pl.col("months") == 12).sum()
    assert total["observed"].item() == pytest.approx(total["expected"].item(), rel=0.35)
    top = model.calibration.filter(pl.col("months") == 12)
    assert top["expected"].is_sorted()
    assert top["observed"][-1] > top["observed"][0]


def test_predictions_are_near_the_truth(model: ClosureModel, dataset: Dataset) -> None:
    homes = open_homes(dataset)
    found = model.predict(homes).join(homes.select("urn", "overall"), on="urn")
    mean = found.group_by("overall").agg(pl.col("p_close_12").mean()).sort("overall")
    assert mean.filter(pl.col("overall") == "Inadequate")["p_close_12"].item() == pytest.approx(
        WORST, rel=0.4
    )
    assert mean.filter(pl.col("overall") == "Good")["p_close_12"].item() == pytest.approx(WORST / 6, rel=0.5)
    assert (found["p_close_12"] <= found["p_close_36"]).all()
    assert (found["p_close_12_low"] <= found["p_close_12"]).all()
    assert (found["p_close_12"] <= found["p_close_12_high"]).all()
    assert (found["p_exit_36"] <= 1).all()


def test_years_are_the_horizon_cut_in_pieces(model: ClosureModel, dataset: Dataset) -> None:
    homes = open_homes(dataset)
    years, ahead = model.risk_by_year(homes, 3), model.predict(homes)
    stays = np.ones(homes.height)
    closes = np.zeros(homes.height)
    for k in (1, 2, 3):
        close, transfer = years[f"close_{k}"].to_numpy(), years[f"transfer_{k}"].to_numpy()
        closes += stays * close
        stays *= 1 - close - transfer
    np.testing.assert_allclose(closes, ahead["p_close_36"].to_numpy(), rtol=1e-9)


def test_group_size_and_rivals_come_from_the_last_list(model: ClosureModel, dataset: Dataset) -> None:
    ready = model.complete(open_homes(dataset))
    listed_now = open_homes(dataset)
    sizes = listed_now.group_by("holder_id").len()
    joined = ready.join(sizes, left_on="holder", right_on="holder_id")
    assert (joined["group_size"] == joined["len"]).all()
    assert (joined["rivals"] == listed_now.height - joined["len"]).all()


def test_tables_carry_the_model_whole(model: ClosureModel, dataset: Dataset) -> None:
    again = ClosureModel.from_frames(model.to_frames())
    homes = open_homes(dataset)
    assert again.predict(homes).equals(model.predict(homes))
    assert again.table().equals(model.table())
    assert (again.since, again.until, again.notes) == (model.since, model.until, model.notes)
    frames = model.to_frames()
    del frames["closure_stock"]
    with pytest.raises(DatasetError, match="closure_stock"):
        ClosureModel.from_frames(frames)


def test_wrong_questions_are_told(model: ClosureModel, dataset: Dataset) -> None:
    with pytest.raises(UsageError, match="multiples of 6"):
        model.predict(open_homes(dataset), months=(7,))
    with pytest.raises(UsageError, match="age_years"):
        model.predict(open_homes(dataset).drop("age_years"))
    with pytest.raises(UsageError, match="close, transfer"):
        model.table("opens")
    assert model.predict(open_homes(dataset).head(0)).height == 0


def test_the_chart_shows_every_tenth_of_every_horizon(model: ClosureModel) -> None:
    chart = calibration_chart(model)
    assert chart is not None
    assert [panel.title for panel in chart.panels] == ["Within 12 months", "Within 36 months"]
    assert [len(panel.rows) for panel in chart.panels] == [10, 10]
    shown = [row.dots[1].value for row in chart.panels[0].rows]
    assert shown == model.calibration.filter(pl.col("months") == 12)["observed"].to_list()
    unjudged = replace(model, calibration=model.calibration.head(0))
    assert calibration_chart(unjudged) is None


@pytest.mark.parametrize(
    ("newest", "words"),
    [
        ((0.57, 0.49, 0.69), "57 times in 100 (49 to 69), which is near to the toss of a coin and by chance"),
        ((0.58, 0.52, 0.64), "58 times in 100 (52 to 64), which is near to the toss of a coin; of those"),
        ((0.71, 0.66, 0.76), "71 times in 100 (66 to 76); of those listed in 2020, 69"),
    ],
)
def test_what_the_order_of_homes_is_worth_is_said(
    model: ClosureModel, newest: tuple[float, float, float], words: str
) -> None:
    names = ("concordance", "concordance_low", "concordance_high")
    row = {"months": 12, "fitted_to": date(2020, 3, 31), **dict(zip(names, (0.69, 0.62, 0.75), strict=True))}
    last = {"months": 12, "fitted_to": date(2023, 3, 31), **dict(zip(names, newest, strict=True))}
    told = say_order(replace(model, years=pl.DataFrame([last, row])))
    assert told.startswith("Sums over an area may be used; no home should be ranked")
    assert words in told
    assert say_order(replace(model, years=pl.DataFrame([row]).clear())) == ""


def test_no_exits_at_all_is_told() -> None:
    rows = [listed(f"H{k}", listed_on=on) for on in LISTS for k in range(5)]
    with pytest.raises(ModelError, match="No home left"):
        fit_closure(dataset_of(home_snapshots=rows))


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0.0, 0.3, 1.0])), min_size=2, max_size=25))
def test_concordance_equals_counting_every_pair(pairs: list[tuple[int, float]]) -> None:
    risk = np.array([float(p) for p, _ in pairs])
    came = np.array([c for _, c in pairs])
    won = all_pairs = 0.0
    for i in range(len(pairs)):
        for j in range(len(pairs)):
            weight = came[i] * (1 - came[j])
            all_pairs += weight
            won += weight * (1.0 if risk[i] > risk[j] else 0.5 if risk[i] == risk[j] else 0.0)
    found = weighted_concordance(risk, came)
    if all_pairs == 0:
        assert found is None
    else:
        assert found == pytest.approx(won / all_pairs)
