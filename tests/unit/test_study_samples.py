"""Which inspections are studied, and what was known of the home."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from builders import OVERALL, grid, provider, providers, visits, write_csv
from ofsight.dataset.build import build_dataset
from ofsight.dataset.store import Dataset, open_dataset
from ofsight.definitions.study import StudyDefinition, load_study
from ofsight.errors import DatasetError, UsageError
from ofsight.study.samples import draw_sample

_STUDY = load_study("outsourcing-2022")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    tmp_path = tmp_path_factory.mktemp("sample")
    secure = provider(500, **{"Provision type": "Secure children's home"})
    adequate = provider(501, **{OVERALL: "Adequate"})
    other_owner = providers(40, **{"Organisation which owns the provider": "Other Homes Limited"})
    rows = [*other_owner, *providers(200)[40:], secure, adequate]
    write_csv(tmp_path / "releases" / "year.csv", grid([*visits(), secure, adequate]))
    write_csv(tmp_path / "releases" / "list.csv", grid(rows))
    build_dataset(tmp_path / "releases", tmp_path / "dataset")
    return open_dataset(tmp_path / "dataset")


def _with_sample(**changes: object) -> StudyDefinition:
    return _STUDY.model_copy(update={"sample": _STUDY.sample.model_copy(update=changes)})


def test_only_full_inspections_of_children_s_homes(data: Dataset) -> None:
    sample = draw_sample(data, _STUDY)
    assert sample.frame.height == 201
    assert sample.frame["provision_type"].unique().to_list() == ["Children's home"]
    assert sample.flow[0] == ("inspections of any kind in the dataset", data.inspections.height)
    assert [n for _, n in sample.flow] == sorted((n for _, n in sample.flow), reverse=True)


def test_the_days_are_both_included(data: Dataset) -> None:
    sample = draw_sample(data, _with_sample(start=date(2018, 4, 20), end=date(2018, 5, 9)))
    days = sample.frame["inspected_on"]
    assert (days.min(), days.max()) == (date(2018, 4, 20), date(2018, 5, 9))


def test_adequate_is_requires_improvement_or_missing_as_the_study_says(data: Dataset) -> None:
    home = pl.col("urn") == "SC900501"
    kept = draw_sample(data, _STUDY).frame.filter(home)["overall"].to_list()
    assert kept == ["Requires improvement to be good"]
    left_out = draw_sample(data, _with_sample(adequate="missing")).frame.filter(home)
    assert left_out["overall"].to_list() == [None]
    assert left_out["protection"].to_list() == ["Good"]


def test_chain_size_is_homes_of_the_owner_on_one_list(data: Dataset) -> None:
    frame = draw_sample(data, _STUDY).frame
    sizes = dict(frame.select("urn", "chain_size").rows())
    assert sizes["SC900001"] == 40
    assert sizes["SC900150"] == 162


def test_age_is_counted_both_ways(data: Dataset) -> None:
    row = draw_sample(data, _STUDY).frame.row(0, named=True)
    registered = date(2010, 2, 1)
    assert row["age_months_paper"] == pytest.approx((date(2021, 6, 1) - registered).days / 30.4375)
    assert row["age_months"] == pytest.approx((row["inspected_on"] - registered).days / 30.4375)


def test_an_empty_sample_says_at_which_step(data: Dataset) -> None:
    with pytest.raises(DatasetError, match="from 2030-01-01"):
        draw_sample(data, _with_sample(start=date(2030, 1, 1), end=None))


def test_an_unknown_study_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="outsourcing-2022"):
        load_study("outsourcing-1822")


def test_first_visits_are_told_only_where_the_record_is_whole(data: Dataset) -> None:
    """The homes were registered in 2010: what they had before 2014 is not in the releases."""
    frame = draw_sample(data, _STUDY).frame
    assert frame["visit"].unique().to_list() == ["later"]
    young = data.homes.with_columns(registered_on=pl.lit(date(2016, 1, 1)))
    newer = Dataset(data.path, data.metadata, {**data._frames, "homes": young})
    assert draw_sample(newer, _STUDY).frame["visit"].unique().to_list() == ["first"]
    unknown = data.homes.with_columns(registered_on=pl.lit(None, dtype=pl.Date))
    nothing = Dataset(data.path, data.metadata, {**data._frames, "homes": unknown})
    assert draw_sample(nothing, _STUDY).frame["visit"].null_count() == 201


def test_the_owner_is_the_nearest_list_s_in_its_normal_form(data: Dataset) -> None:
    keys = dict(draw_sample(data, _STUDY).frame.select("urn", "owner_key").rows())
    assert keys["SC900001"].replace("-", " ") == "other homes"
    assert keys["SC900150"].replace("-", " ") == "example care"


def test_a_study_without_a_day_for_age_uses_age_at_inspection(data: Dataset) -> None:
    sample = draw_sample(data, load_study("outsourcing-latest"))
    assert sample.frame["age_months_paper"].null_count() == sample.frame.height
    assert sample.flow[-1][1] > 150
