"""Tier: integration. Fits over partitions are the fits in one place: on a small cluster in this process."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ofsight.errors import ModelError
from ofsight.ordinal import OrdinalFit, clm, clmm, compare, nominal_test
from ofsight.ordinal.distributed import partition_by_group, survey

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")

GRADES = ["poor", "fair", "good", "best"]


def graded(n: int = 1200, groups: int = 150, seed: int = 7) -> pl.DataFrame:
    """Return graded rows with missing values, levels that are rare, and one that never occurs."""
    rng = np.random.default_rng(seed)
    g = rng.integers(0, groups, n)
    x = rng.normal(2000.0, 3.0, n)
    year = rng.integers(2014, 2019, n)
    kind = rng.choice(["public", "private", "charity"], n, p=[0.3, 0.69, 0.01])
    latent = 0.2 * (x - 2000) - 0.5 * (kind == "private") + 0.2 * (year - 2014)
    latent += 0.9 * rng.normal(size=groups)[g] + rng.logistic(size=n)
    grade = np.array(GRADES[:3])[np.digitize(latent, [-0.5, 1.2])]
    return pl.DataFrame(
        {
            "grade": pl.Series(grade, dtype=pl.Enum(GRADES)),
            "points": np.digitize(latent, [-0.5, 1.2]),
            "x": pl.Series(np.where(rng.random(n) < 0.01, np.nan, x)),
            "year": year,
            "kind": pl.Series(kind),
            "region": pl.Series(rng.choice(["N", "S"], n), dtype=pl.Enum(["S", "N", "W"])),
            "g": pl.Series([f"home {i:03d}" for i in g]),
            "area": g // 5,
            "w": rng.integers(1, 4, n).astype(float),
            "o": rng.normal(size=n),
            "so": 0.1 * rng.normal(size=n),
        }
    )


@pytest.fixture(scope="module")
def data() -> pl.DataFrame:
    return graded()


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, processes=False, dashboard_address=":0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        distributed.Client(cluster) as made,
    ):  # fmt: skip
        yield made


@pytest.fixture(scope="module")
def parts(data: pl.DataFrame, client: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Partitions by group of a source that cuts through every group."""
    source = tmp_path_factory.mktemp("source")
    for i in range(3):
        data[i * 400 : (i + 1) * 400].write_parquet(source / f"{i}.parquet")
    folder = tmp_path_factory.mktemp("made") / "parts"
    partition_by_group(source, "g", folder, 5, client)
    return folder


def same(here: OrdinalFit, there: OrdinalFit) -> None:
    assert there.names == here.names
    assert there.log_likelihood == pytest.approx(here.log_likelihood, rel=1e-10)
    np.testing.assert_allclose(there.arrays.estimates, here.arrays.estimates, rtol=1e-10)
    errors = list(here.standard_errors.values())
    np.testing.assert_allclose(list(there.standard_errors.values()), errors, rtol=1e-9)
    assert there.convergence.codes == here.convergence.codes
    assert (there.n, there.n_dropped, there.n_parameters) == (here.n, here.n_dropped, here.n_parameters)
    assert there.levels == here.levels
    assert there.bic == pytest.approx(here.bic, rel=1e-10)


MODELS: list[tuple[str, dict[str, Any]]] = [
    ("grade ~ kind + x + C(year)", {}),
    ("grade ~ kind + x + C(year)", {"group": "g"}),
    ("points ~ kind * region + year", {"group": "g", "nodes": 7, "link": "probit"}),
    ("grade ~ x + C(year > 2015)", {"group": "g", "threshold": "equidistant", "link": "cloglog"}),
    ("grade ~ kind", {"group": "g", "nominal": "~ region", "scale": "~ o", "weights": "w"}),
    ("grade ~ kind + region + (1 | area)", {"offset": "o", "scale_offset": "so"}),
    ("grade ~ scale(x) + bs(o, df=5) + center(year):region + poly(w, 2)", {"group": "g"}),
    ("grade ~ x + I(3 * x) + kind", {"group": "g", "nominal": "~ kind"}),
]


@pytest.mark.parametrize(("formula", "options"), MODELS)
def test_the_fit_is_that_of_one_place(
    data: pl.DataFrame, parts: Path, client: Any, formula: str, options: dict[str, Any]
) -> None:
    if "area" in formula:  # five homes an area: partitions of whole homes cut through areas
        with pytest.raises(ModelError, match=r"groups of 'area' are cut .* partition_by_group"):
            clmm(formula, parts, engine=client, **options)
        return
    call = clmm if "group" in options else clm
    there = call(formula, parts, engine=client, **options)
    same(call(formula, data, **options), there)
    assert repr(there).startswith("<clm")


def test_the_partitions_hold_every_row_once_and_every_group_whole(data: pl.DataFrame, parts: Path) -> None:
    files = sorted(parts.glob("*.parquet"))
    frames = [pl.read_parquet(f) for f in files]
    assert 2 <= len(files) <= 5
    everything = pl.concat(frames)
    assert everything.sort(everything.columns).equals(data.sort(data.columns), null_equal=True)
    homes = [set(f["g"]) for f in frames]
    assert sum(map(len, homes)) == len(set().union(*homes)) == data["g"].n_unique()
    assert everything["region"].dtype == pl.Enum(["S", "N", "W"])


def test_the_digits_do_not_depend_on_the_number_of_workers(parts: Path, client: Any) -> None:
    fits = [clmm("grade ~ kind + x", parts, group="g", engine=client)]
    for workers, threads in ((1, 1), (3, 2)):
        with (
            distributed.LocalCluster(
                n_workers=workers, threads_per_worker=threads, processes=False, dashboard_address=":0",
                silence_logs=logging.CRITICAL,
            ) as cluster,
            distributed.Client(cluster) as other,
        ):  # fmt: skip
            fits.append(clmm("grade ~ kind + x", parts, group="g", engine=other))
    for fit in fits[1:]:
        assert fit.log_likelihood.hex() == fits[0].log_likelihood.hex()
        assert fit.arrays.estimates.tobytes() == fits[0].arrays.estimates.tobytes()


def test_what_a_result_tells_without_its_rows(data: pl.DataFrame, parts: Path, client: Any) -> None:
    here = clmm("grade ~ kind + x + C(year)", data, group="g")
    there = clmm("grade ~ kind + x + C(year)", parts, group="g", engine=client)
    told = [re.sub(r"largest gradient \S+", "", fit.summary()) for fit in (here, there)]
    assert told[1] == told[0]
    assert there.icc() == pytest.approx(here.icc(), rel=1e-9)
    tables = [
        (f.odds_ratios(), f.probabilities("kind"), f.probabilities("year", random="integrate"),
         f.predict(data.drop_nulls().drop_nans()[:50]), f.random_effects(), f.to_frame(kind="cluster"),
         f.contrast({"x": 1.0, "kind[T.public]": 2.0}), f.confint(method="profile", names=["x"]))
        for f in (here, there)
    ]  # fmt: skip
    for ours, theirs in zip(*tables, strict=True):
        assert ours.columns == theirs.columns
        for name in ours.columns:
            if ours[name].dtype.is_float():
                np.testing.assert_allclose(
                    theirs[name].to_numpy(), ours[name].to_numpy(), rtol=1e-6, atol=1e-9, err_msg=name
                )
            else:
                assert theirs[name].cast(pl.String).to_list() == ours[name].cast(pl.String).to_list()
    bigger = clmm("grade ~ kind + x + C(year) + region", parts, group="g", engine=client)
    assert compare(there, bigger)["df"][1] == 1
    assert nominal_test(clm("grade ~ region + year", parts, engine=client)).height == 3


def test_what_needs_the_rows_says_so(data: pl.DataFrame, parts: Path, client: Any) -> None:
    fit = clmm("grade ~ kind", parts, group="g", engine=client)
    for ask in (fit.predict, lambda: fit.probabilities("kind", average="sample")):
        with pytest.raises(ModelError, match=r"the rows .* on the workers"):
            ask()
    with pytest.raises(ModelError, match="One fit has its rows here"):
        compare(fit, clmm("grade ~ kind", data, group="g"))
    with pytest.raises(ModelError, match="name of a column"):
        fit.covariance("cluster", cluster=np.zeros(fit.n))


@pytest.mark.parametrize("cluster", [None, "g", "area"])
@pytest.mark.parametrize("mixed", [True, False])
def test_robust_errors(
    data: pl.DataFrame, parts: Path, client: Any, cluster: str | None, mixed: bool
) -> None:
    options: dict[str, Any] = {"group": "g"} if mixed else {}
    call = clmm if mixed else clm
    here, there = (
        call("grade ~ kind + x", data, **options),
        call("grade ~ kind + x", parts, engine=client, **options),
    )
    ours = here.covariance("cluster", cluster=cluster, correction=True)
    theirs = there.covariance("cluster", cluster=cluster, correction=True)
    np.testing.assert_allclose(theirs, ours, rtol=1e-7, atol=1e-9 * np.abs(ours).max())


def test_clusters_that_cut_through_groups_are_refused(parts: Path, client: Any) -> None:
    fit = clmm("grade ~ kind", parts, group="g", engine=client)
    with pytest.raises(ModelError, match="Clusters cut through groups"):
        fit.covariance("cluster", cluster="year")
    with pytest.raises(ModelError, match="no column 'yaer'"):
        fit.covariance("cluster", cluster="yaer")


def test_a_variance_at_zero_is_told(client: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    flat = pl.DataFrame(
        {"y": rng.integers(0, 3, 600), "x": rng.normal(size=600), "g": np.repeat(np.arange(100), 6)}
    ).with_columns(y=pl.Series(np.tile([0, 1, 2], 200)))
    for i in range(3):
        flat.filter(pl.col("g") % 3 == i).write_parquet(tmp_path / f"{i}.parquet")
    here, there = clmm("y ~ x", flat, group="g"), clmm("y ~ x", tmp_path, group="g", engine=client)
    same(here, there)
    assert there.random_sd == 0.0
    assert there.random_effects().equals(here.random_effects())
    np.testing.assert_allclose(there.covariance("cluster"), here.covariance("cluster"), rtol=1e-7)


def test_a_dask_frame_and_delayed_frames_are_partitions_too(data: pl.DataFrame, client: Any) -> None:
    clean = data.filter(pl.col("area") < 20)
    thirds = [clean.filter(pl.col("area") % 3 == i) for i in range(3)]
    here = clmm("grade ~ kind + year", pl.concat(thirds), group="g")
    polars_ones = [dask.delayed(t) for t in thirds]
    same(here, clmm("grade ~ kind + year", polars_ones, group="g", engine=client))
    pandas_ones = [dask.delayed(t.drop("region").to_pandas()) for t in thirds]
    same(here, clmm("grade ~ kind + year", pandas_ones, group="g", engine=client))


def test_a_partition_without_complete_rows_is_no_trouble(
    data: pl.DataFrame, client: Any, tmp_path: Path
) -> None:
    data.write_parquet(tmp_path / "a.parquet")
    data.with_columns(x=pl.lit(None, dtype=pl.Float64)).write_parquet(tmp_path / "b.parquet")
    fit = clmm("grade ~ x", tmp_path, group="g", engine=client)
    assert fit.n_dropped == 1200 + int(data["x"].is_nan().sum())
    assert fit.log_likelihood == pytest.approx(clmm("grade ~ x", data, group="g").log_likelihood, rel=1e-10)


def refuse(words: str, client: Any, source: Any, formula: str = "grade ~ x", **options: Any) -> None:
    options = {"group": "g"} | options
    with pytest.raises(ModelError, match=words):
        clmm(formula, source, engine=client, **options)


def test_what_cannot_be_spread_is_one_clear_error(
    data: pl.DataFrame, parts: Path, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "_MOST_DISTINCT", 100)  # the partitions are small
    refuse("one random intercept; this has 2", client, parts, group=["g", "area"])
    refuse("the data are partitions", client, data)
    refuse("name of a column of the partitions", client, parts, weights=np.ones(1200))
    refuse("no column 'gradde'. Did you mean 'grade'", client, parts, formula="gradde ~ x")
    refuse("no column 'h'", client, parts, group="h")
    refuse("has no order", client, parts, formula="kind ~ x")
    refuse("also a predictor", client, parts, formula="grade ~ x + grade")
    refuse(r"factor C\(x\) .* more than 1,000 values", client, parts, formula="grade ~ C(x)")
    refuse(r"factor C\(year \+ area\) .* several columns", client, parts, formula="grade ~ C(year + area)")
    refuse("no Parquet file at", client, parts / "nothing")
    refuse("no column 'nofunc'", client, parts, formula="grade ~ nofunc(x)")
    refuse("Unknown link", client, parts, link="logitt")
    refuse("looks continuous", client, parts, formula="x ~ year")
    with pytest.raises(ModelError, match="for Parquet partitions give engine="):
        clmm("grade ~ x", str(parts), group="g")
    with pytest.raises(ModelError, match=r"distributed.Client or the address"):
        clmm("grade ~ x", parts, group="g", engine=7)
    with pytest.raises(ModelError, match=r"No Dask scheduler answers at 'tcp://127.0.0.1:9'"):
        clmm("grade ~ x", parts, group="g", engine="tcp://127.0.0.1:9")


def test_partitions_that_disagree_are_refused(data: pl.DataFrame, client: Any, tmp_path: Path) -> None:
    low, high = data.filter(pl.col("area") < 15), data.filter(pl.col("area") >= 15)

    def write(name: str, one: pl.DataFrame, other: pl.DataFrame) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        one.write_parquet(folder / "a.parquet")
        other.write_parquet(folder / "b.parquet")
        return folder

    other = high.with_columns(region=pl.col("region").cast(pl.Enum(["N", "S", "W"])))
    refuse("declare different levels of 'region'", client, write("levels", low, other), "grade ~ region")
    other = high.with_columns(year=pl.col("year").cast(pl.Float64))
    refuse("'year' holds integer in .*a.parquet, number", client, write("kinds", low, other), "grade ~ year")
    refuse("Partition .*b.parquet: The data have no column 'x'", client, write("x", low, high.drop("x")))
    bad = high.with_columns(w=-pl.col("w"))
    refuse("b.parquet: weights must not be negative", client, write("w", low, bad), weights="w")
    refuse("are cut by the partitions", client, write("cut", data[:600], data[600:]))


def test_partitioning_refuses_what_it_cannot_do(data: pl.DataFrame, client: Any, tmp_path: Path) -> None:
    data.write_parquet(tmp_path / "a.parquet")
    source = tmp_path / "a.parquet"
    with pytest.raises(ModelError, match="at least 1"):
        partition_by_group(source, "g", tmp_path / "to", 0, client)
    with pytest.raises(ModelError, match="is there already"):
        partition_by_group(source, "g", tmp_path, 2, client)
    with pytest.raises(ModelError, match="no column 'gg'"):
        partition_by_group(source, "gg", tmp_path / "to", 2, client)
    data.drop("x").write_parquet(tmp_path / "b.parquet")
    with pytest.raises(ModelError, match="do not go together"):
        partition_by_group([source, tmp_path / "b.parquet"], "g", tmp_path / "to", 2, client)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.parquet", "b.parquet"]
    made = partition_by_group([dask.delayed(data)], ["area", "g"], tmp_path / "to", 3, client)
    assert (made.n_rows, made.n_groups) == (1200, data.select("area", "g").n_unique())


def test_without_dask_the_error_says_what_to_install(parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ModelError, match=r"pip install 'ofsight\[scale\]'"):
        clmm("grade ~ x", parts, group="g", engine="tcp://127.0.0.1:1")
