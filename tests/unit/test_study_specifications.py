"""The specification curve: what it spans, that each point is the model it says, that it can be resumed."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from study_simulated import simulated_sample

from ofsight.definitions.study import StudyDefinition, load_study
from ofsight.errors import UsageError
from ofsight.ordinal import clm, clmm
from ofsight.study import specifications
from ofsight.study.samples import Sample
from ofsight.study.specification_space import (
    SAMPLES,
    Specification,
    all_specifications,
    spread_evenly,
    take_sample,
)
from ofsight.study.specifications import fit_batch, run_specifications, sample_curve, summarise_curve

_ALL = list(all_specifications())


@pytest.fixture(scope="module")
def sample() -> Sample:
    return simulated_sample(n_homes=250, years=(2016, 2017, 2018, 2019))


@pytest.fixture
def _on_simulated_data(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run draws the simulated sample from a dataset that is none."""

    def draw(dataset: object, study: StudyDefinition) -> Sample:
        return sample

    dataset = SimpleNamespace(metadata={"fingerprint": "simulated"}, synthetic=None)
    monkeypatch.setattr(specifications, "open_dataset", lambda path: dataset)
    monkeypatch.setattr(specifications, "draw_sample", draw)


def test_the_space_is_thousands_of_distinct_specifications() -> None:
    assert len(set(_ALL)) == len(_ALL) == 3 * 2 * len(SAMPLES) * 54 * 2
    assert sum(one.clustering == "random intercept" for one in _ALL) > 2_000


def test_keys_tell_specifications_and_datasets_apart() -> None:
    context = {"dataset": "a"}
    keys = {one.key(context) for one in _ALL}
    assert len(keys) == len(_ALL)
    assert _ALL[0].key(context) == _ALL[0].key({"dataset": "a"})
    assert _ALL[0].key({"dataset": "b"}) not in keys


def test_a_part_takes_every_choice_as_often_as_it_can() -> None:
    part = spread_evenly(_ALL, 60)
    assert len(set(part)) == 60
    assert spread_evenly(reversed(_ALL), 40) == part[:40]
    for choice, n_levels in (("outcome", 3), ("coding", 2), ("sample", len(SAMPLES)), ("clustering", 2)):
        counts = Counter(getattr(one, choice) for one in part)
        assert len(counts) == n_levels
        assert max(counts.values()) - min(counts.values()) <= 1
    together = Counter((one.outcome, one.coding, one.clustering) for one in part)
    assert len(together) == 12
    assert max(together.values()) <= 2 * min(together.values()) + 2
    assert len(spread_evenly(_ALL[:7], 100)) == 7


@pytest.mark.usefixtures("_on_simulated_data")
def test_a_study_s_part_of_the_curve_is_what_the_whole_run_gives(tmp_path: Path) -> None:
    dataset = specifications.open_dataset(tmp_path)
    found = sample_curve(dataset, load_study("outsourcing-2022"), n=6)
    run_specifications(tmp_path, tmp_path / "curve", limit=6, n_jobs=1)
    found.tables["specifications"].write_csv(tmp_path / "own.csv")
    assert (tmp_path / "own.csv").read_bytes() == (tmp_path / "curve" / "specifications.csv").read_bytes()
    assert "6 of 5,832" in found.notes[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_a_part_of_the_whole(sample: Sample, name: str) -> None:
    if name == "after the pause":
        sample = simulated_sample(n_homes=100, years=(2019, 2020, 2022))
    taken = take_sample(sample.frame, name, None)
    if name == "after the pause":
        assert taken["year"].unique().to_list() == [2022]
    assert 0 < taken.height <= sample.frame.height
    assert (taken.height == sample.frame.height) == (
        name in ("all", "covariates known", "before the pause", "from April 2015", "homes inspected often")
    )
    if name == "up to six places":
        assert taken["places"].max() == 6
    assert taken.drop_nulls()["log_places"].to_list() == pytest.approx(
        [math.log(v) for v in taken.drop_nulls()["places"]]
    )


@pytest.mark.parametrize("clustering", ["random intercept", "none"])
def test_a_point_of_the_curve_is_the_model_it_says(sample: Sample, clustering: str) -> None:
    one = Specification("overall", "missing", "all", ("age_months", "log_places", "region"), clustering)
    frame = take_sample(sample.frame, "all", None)
    (record,) = fit_batch(frame, [("key", one)])
    formula = "overall ~ sector + C(year) + age_months + log_places + region"
    direct = clmm(formula, frame, group="urn") if clustering != "none" else clm(formula, frame)
    found = {(e["term"], e["variance"]): e for e in record["estimates"]}
    beta = direct.coefficients["sector[T.Private]"]
    assert math.log(found["sector:private", "model"]["odds_ratio"]) == pytest.approx(beta, abs=1e-8)
    where = direct.names.index("sector[T.Private]")
    robust = math.sqrt(direct.covariance("cluster", cluster="urn")[where, where])
    high = found["sector:private", "cluster"]["ci_high"]
    assert (math.log(high) - beta) / 1.959964 == pytest.approx(robust, rel=1e-4)
    assert record["n"] == direct.n
    assert record["n_homes"] == 250


def test_a_specification_that_cannot_be_fitted_says_why(sample: Sample) -> None:
    one = Specification("overall", "missing", "all", ("places",), "none")
    empty = take_sample(sample.frame, "all", None).with_columns(places=pl.lit(None, dtype=pl.Float64))
    (record,) = fit_batch(empty, [("key", one)])
    assert record["error"]
    assert record["estimates"] == []


@pytest.mark.usefixtures("_on_simulated_data")
def test_a_run_writes_its_part_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    first = run_specifications(tmp_path, tmp_path / "curve", limit=6, n_jobs=1)
    assert (first.n, first.n_fitted, first.n_resumed, first.n_failed) == (6, 6, 0, 0)
    table = (tmp_path / "curve" / "specifications.csv").read_bytes()
    lines = tmp_path / "curve" / "specifications.jsonl"
    whole = lines.read_text(encoding="utf-8")
    # The run is killed in the middle of a line.
    lines.write_text(whole[: whole.rfind("\n", 0, -1) + 40], encoding="utf-8")
    again = run_specifications(tmp_path, tmp_path / "curve", limit=6, n_jobs=1)
    assert (again.n_fitted, again.n_resumed) == (1, 5)
    assert (tmp_path / "curve" / "specifications.csv").read_bytes() == table
    more = run_specifications(tmp_path, tmp_path / "curve", limit=8, n_jobs=1)
    assert (more.n_fitted, more.n_resumed) == (2, 6)
    assert all(json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines())


@pytest.mark.usefixtures("_on_simulated_data")
def test_in_parallel_the_same_comes_out(tmp_path: Path) -> None:
    pytest.importorskip("joblib")
    run_specifications(tmp_path, tmp_path / "one", limit=10, n_jobs=1)
    told: list[str] = []
    run_specifications(
        tmp_path, tmp_path / "two", limit=10, n_jobs=2, backend="threading", progress=told.append
    )
    for name in ("specifications.csv", "specifications_summary.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert told[-1] == "specification 10 of 10"


@pytest.mark.usefixtures("_on_simulated_data")
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(UsageError, match="no specification curve"):
        run_specifications(tmp_path, tmp_path / "mine", limit=1)
    with pytest.raises(UsageError, match="1 or more"):
        run_specifications(tmp_path, tmp_path / "new", limit=0)


def test_the_summary_counts_what_lies_below_one() -> None:
    table = pl.DataFrame(
        {
            "outcome": ["overall"] * 4,
            "term": ["sector:private"] * 4,
            "clustering": ["none"] * 4,
            "variance": ["model"] * 4,
            "odds_ratio": [0.5, 0.7, 1.2, None],
            "ci_high": [0.8, 1.1, 2.0, None],
        }
    )
    row = summarise_curve(table).row(0, named=True)
    assert (row["n"], row["smallest"], row["median"], row["largest"]) == (3, 0.5, 0.7, 1.2)
    assert row["share_below_1"] == pytest.approx(2 / 3)
    assert row["share_interval_below_1"] == pytest.approx(1 / 3)


@pytest.mark.usefixtures("_on_simulated_data")
@pytest.mark.filterwarnings("ignore")
def test_dask_workers_give_what_one_process_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    # It looks up its own address by a socket to the outside, which no test may open.
    monkeypatch.setattr("distributed.utils._get_ip", lambda *args, **more: "127.0.0.1")
    pytest.importorskip("joblib")
    run_specifications(tmp_path, tmp_path / "one", limit=4, n_jobs=1)
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None):
        run_specifications(tmp_path, tmp_path / "two", limit=4, n_jobs=2, backend="dask")
    name = "specifications.csv"
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.usefixtures("_on_simulated_data")
def test_a_study_without_the_paper_s_age_does_not_ask_for_it(tmp_path: Path) -> None:
    told: list[str] = []
    run_specifications(
        tmp_path, tmp_path / "curve", study="outsourcing-latest", limit=3, n_jobs=1, progress=told.append
    )
    table = pl.read_csv(tmp_path / "curve" / "specifications.csv", infer_schema_length=None)
    assert not table["covariates"].fill_null("").str.contains("age_months_paper").any()
    assert table["error"].null_count() == table.height
