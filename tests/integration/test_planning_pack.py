"""`ofsight plan` as a council runs it, on synthetic releases: a plan folder, and packs in three formats."""

from __future__ import annotations

import asyncio
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pypdfium2
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner, Result

from ofsight.cli import app
from ofsight.dataset.store import open_dataset
from ofsight.errors import DatasetError, UsageError
from ofsight.files import refuse_strangers
from ofsight.planning.area_plan import plan_area
from ofsight.planning.measures.register import load_measures
from ofsight.planning.pack import make_pack
from ofsight.planning.prepare import CONTENTS, Plans, prepare_plans, read_plans
from ofsight.planning.wording import CAUTIONS, NOT_VACANCIES
from ofsight.profiles.area import authority_names, find_area, list_areas
from ofsight.report.document import plain
from ofsight.report.paging import paged
from ofsight.web.app import create_app
from ofsight.web.inside import ask, started
from shared import made_dataset

ORDER = ["need", "supply", "quality", "ownership", "exposure", "outlook", "unknown", "foreseen", "sources"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_dataset(tmp_path_factory, seed=11, n_homes=260, first_year=2018)


@pytest.fixture(scope="module")
def plans(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Plans:
    return prepare_plans(dataset, tmp_path_factory.mktemp("plans") / "plan")


def busiest(dataset: Path) -> str:
    data = open_dataset(dataset)
    newest = data.home_snapshots.filter(pl.col("listed_on") == pl.col("listed_on").max())
    return str(newest["authority"].value_counts(sort=True)["authority"][0])


def test_a_plan_folder_has_every_area_and_says_what_it_is(dataset, plans):
    data = open_dataset(dataset)
    slugs = set(list_areas(data)["slug"])
    for name in ("measures", "need", "exposure", "trend"):
        assert set(plans.table(name)["area"]) <= slugs
    assert set(plans.table("measures")["area"]) == slugs
    assert set(plans.table("measures")["measure"]) == set(load_measures().measures)
    about = json.loads((plans.path / "plan.json").read_text(encoding="utf-8"))
    assert about["says"] == NOT_VACANCIES
    assert about["cautions"] == list(CAUTIONS)
    assert about["synthetic"] is not None
    assert about["occupancy"] == 0.85
    assert set(about["tables"]) == {path.stem for path in plans.path.glob("*.parquet")}


def test_places_of_authorities_add_up_to_regions_and_england(dataset, plans):
    data = open_dataset(dataset)
    places = dict(
        plans.table("measures").filter(measure="places", part="all").select("area", "value").iter_rows()
    )
    areas = list_areas(data)
    for kind in ("region", "authority"):
        slugs = areas.filter(kind=kind)["slug"].to_list()
        assert sum(places[slug] for slug in slugs) == places["england"] > 0


def test_a_prepared_folder_gives_what_fitting_gives(dataset, plans):
    data = open_dataset(dataset)
    inputs = read_plans(plans.path).inputs(data)
    for slug in (busiest(dataset), "england"):
        area = find_area(data, slug)
        read = plan_area(inputs, area)
        again = plan_area(replace(inputs, kept={}), area)
        assert again.measures.equals(plans.table("measures").filter(area=area.slug))
        for name in ("measures", "need", "exposure", "trend"):
            assert_frame_equal(getattr(read, name), getattr(again, name), check_exact=True)
        assert make_pack(read) == make_pack(again)


@pytest.mark.parametrize("name", ["england", "north-west"])
def test_sums_of_predictions_in_sql(dataset, plans, name):
    """Places times the chance of a Good judgement, and of closing: over the Parquet files, by DuckDB."""
    data = open_dataset(dataset)
    names = ", ".join(f"'{n}'" for n in authority_names(data, find_area(data, name)))
    value, lost, low, high = duckdb.sql(
        f"""
        with here as (
            select urn, places from '{dataset}/home_snapshots.parquet'
            where listed_on = (select max(listed_on) from '{dataset}/home_snapshots.parquet')
                and authority in ({names})
        )
        select (
                select sum(places * probability)
                from here join '{plans.path}/home_expected.parquet' using (urn)
            ),
            sum(places * p_close_36), sum(places * p_close_36_low), sum(places * p_close_36_high)
        from here join '{plans.path}/home_closing.parquet' using (urn)"""
    ).fetchall()[0]
    measures = plans.table("measures").filter(area=name)
    found = measures.filter(measure="expected_good_places", part="all").row(0, named=True)
    assert found["value"] == pytest.approx(value)
    assert found["low"] < found["value"] < found["high"]
    judged = duckdb.sql(
        f"""
        with day as (select max(listed_on) as d from '{dataset}/home_snapshots.parquet')
        select sum(places * probability) from '{dataset}/home_snapshots.parquet'
        join '{plans.path}/home_expected.parquet' using (urn) cross join day
        where listed_on = d and authority in ({names}) and urn in (
            select urn from '{dataset}/inspections.parquet', day
            where inspection_type = 'Full inspection' and overall is not null and inspected_on <= d
        )"""
    ).fetchall()[0][0]
    found = measures.filter(measure="expected_good_places", part="judged homes").row(0, named=True)
    assert found["value"] == pytest.approx(judged)
    found = measures.filter(measure="expected_loss").row(0, named=True)
    assert (found["value"], found["low"], found["high"]) == pytest.approx((lost, low, high))


@pytest.fixture
def no_fitting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way to fit a model raises: our own, and the optimisers below them."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model was fitted")

    for name in ("fit_expected_places", "group_judgements"):
        monkeypatch.setattr(f"ofsight.planning.inputs.{name}", refuse)
    for name in ("fit_closure", "forecast_need", "home_expected"):
        monkeypatch.setattr(f"ofsight.planning.fitted.{name}", refuse)
    for name in ("measures.expected_places.minimize", "measures.risk.minimize_scalar"):
        monkeypatch.setattr(f"ofsight.planning.{name}", refuse)
    for name in ("hazard.fit_candidates", "need.forecast_need", "closure.fit_closure"):
        monkeypatch.setattr(f"ofsight.planning.models.{name}", refuse)
    monkeypatch.setattr("ofsight.study.expected.fit_expected", refuse)


@pytest.mark.usefixtures("no_fitting")
def test_the_explorer_fits_nothing(dataset, plans):
    """Plans and scenarios of an authority, a region, a set: all that they need was prepared."""
    app = create_app(dataset, plan=plans.path)
    area = find_area(open_dataset(dataset), busiest(dataset)).slug
    opens = "event=open(homes=2;places=3;sector=Private)&years=2"
    addresses = [f"/areas/{slug}/planning" for slug in (area, "north-west", "kent,essex")]
    addresses += [f"/areas/{slug}/planning/what-if?{opens}" for slug in (area, "kent,essex")]
    addresses += [f"/api/v1/areas/{area}/planning.json"]

    async def statuses() -> list[int]:
        async with started(app):
            return [(await ask(app, address)).status for address in addresses]

    assert asyncio.run(statuses()) == [200] * len(addresses)


@pytest.mark.usefixtures("no_fitting")
def test_reading_plans_fits_nothing(dataset, plans):
    data = open_dataset(dataset)
    make_pack(plan_area(read_plans(plans.path).inputs(data), find_area(data, "Kent+Essex")))


def test_another_occupancy_changes_usable_places_only(dataset, plans):
    data = open_dataset(dataset)
    area = find_area(data, busiest(dataset))
    before = plans.table("measures").filter(area=area.slug)
    after = plan_area(plans.inputs(data, occupancy=0.5), area).measures
    changed = before.filter(before["value"].ne_missing(after["value"]))
    assert changed["measure"].to_list() == ["usable_places"]


def test_plans_of_another_dataset_are_refused(dataset, plans, tmp_path):
    other = tmp_path / "plan"
    shutil.copytree(plans.path, other)
    about = json.loads((other / "plan.json").read_text(encoding="utf-8"))
    about["dataset"]["fingerprint"] = "0" * 64
    (other / "plan.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(UsageError, match="another dataset"):
        read_plans(other).inputs(open_dataset(dataset))


def test_a_damaged_plan_folder_is_told(plans, tmp_path):
    copy = tmp_path / "plan"
    shutil.copytree(plans.path, copy)
    (copy / "exposure.parquet").write_bytes(b"no parquet")
    with pytest.raises(DatasetError, match="Prepare the plans again"):
        read_plans(copy).table("exposure")
    with pytest.raises(UsageError, match="no table 'homes'"):
        read_plans(copy).table("homes")
    for text in ("{}", "{", "[]", '{"format": 2}', '{"format": 3}', '{"format": "1"}'):
        (copy / "plan.json").write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match="no plans of this ofsight"):
            read_plans(copy)


def test_plans_of_before_are_refused_and_prepared_again(dataset, plans, tmp_path):
    """Format 1 held figures that are withheld today: it is not read, and its folder may be written over."""
    old = tmp_path / "plan"
    shutil.copytree(plans.path, old)
    about = json.loads((old / "plan.json").read_text(encoding="utf-8"))
    (old / "plan.json").write_text(json.dumps({**about, "format": 1}), encoding="utf-8")
    result = run("plan", "--dataset", dataset, "--area", "Leeds", "--plan", old, "--to", tmp_path / "packs")
    assert result.exit_code == 2
    assert "older ofsight (format 1, needed 2)" in result.output
    assert "withheld today. Prepare them again: ofsight plan" in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "packs").exists()
    refuse_strangers(old, CONTENTS)  # what `prepare_plans` asks before it writes


def test_a_folder_of_strangers_is_not_written_over(dataset, tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    result = run("plan", "--dataset", dataset, "--to", tmp_path)
    assert result.exit_code == 2
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_a_pack_has_the_order_of_a_sufficiency_statement(dataset, plans):
    data = open_dataset(dataset)
    document = make_pack(plan_area(plans.inputs(data), find_area(data, busiest(dataset))))
    assert [section.key for section in document.sections] == ORDER
    annexes = [section for section in document.sections if section.annex]
    assert [section.title.partition(". ")[0] for section in annexes] == ["Annex A", "Annex B"]
    on_paper = paged(document)
    assert [part.title for part in on_paper.sections] == [part.title for part in document.sections]
    (definitions,) = (one for one in on_paper.blocks() if getattr(one, "key", "") == "table-definitions")
    assert definitions.dense, "the definitions stay in their annex, in smaller type"
    assert NOT_VACANCIES in document.banner
    assert "ynthetic" in document.banner
    notes = [plain(item) for block in document.blocks() for item in getattr(block, "items", ())]
    assert all(notes.count(caution) >= 2 for caution in CAUTIONS)


def test_packs_in_three_formats_carry_the_words_on_every_page(dataset, plans, tmp_path):
    area = busiest(dataset)
    options = ["--plan", plans.path, "--format", "html", "--format", "docx", "--format", "pdf"]
    result = run("plan", "--dataset", dataset, "--area", area, "--to", tmp_path, *options)
    assert result.exit_code == 0, result.output
    files = {path.suffix: path for path in tmp_path.iterdir()}
    assert set(files) == {".html", ".docx", ".pdf"}
    page = files[".html"].read_text(encoding="utf-8")
    assert NOT_VACANCIES in page
    assert "<script" not in page
    pdf = pypdfium2.PdfDocument(files[".pdf"])
    assert len(pdf) > 3
    for n in range(len(pdf)):
        words = " ".join(pdf[n].get_textpage().get_text_range().split())
        assert NOT_VACANCIES in words, f"page {n + 1}"
        assert "association is no cause" in words, f"page {n + 1}"
    pdf.close()
    with zipfile.ZipFile(files[".docx"]) as archive:
        headers = [name for name in archive.namelist() if name.startswith("word/header")]
        assert any(NOT_VACANCIES in archive.read(name).decode() for name in headers)


def test_no_pack_names_a_home(dataset, plans):
    """No registration number of any home stands anywhere in the pack of its area."""
    data = open_dataset(dataset)
    plan = plan_area(plans.inputs(data), find_area(data, busiest(dataset)))
    words = repr(make_pack(plan))
    assert plan.homes.height > 2
    assert not any(urn in words for urn in plan.homes["urn"])


def test_an_area_without_homes_has_a_pack(dataset, plans, tmp_path):
    empty = plans.table("measures").filter(measure="homes", part="all", value=0.0)["area"]
    assert empty.len() > 0
    result = run("plan", "--dataset", dataset, "--area", empty[0], "--plan", plans.path, "--to", tmp_path)
    assert result.exit_code == 0, result.output
    assert "its children in homes live elsewhere" in next(tmp_path.iterdir()).read_text(encoding="utf-8")


def test_a_scenario_is_a_section_with_every_assumption(dataset, plans, tmp_path):
    scenario = tmp_path / "what-if.yaml"
    scenario.write_text(
        "name: Three homes open\nseed: 5\n"
        "events:\n  - {kind: open, homes: 3, places: 4, sector: Local Authority, year: 1}\n",
        encoding="utf-8",
    )
    options = ["--plan", plans.path, "--scenario", scenario, "--area", busiest(dataset)]
    result = run("plan", "--dataset", dataset, "--to", tmp_path / "packs", *options)
    assert result.exit_code == 0, result.output
    page = next((tmp_path / "packs").iterdir()).read_text(encoding="utf-8")
    assert "What if: Three homes open" in page
    assert "Every assumption" in page
    assert "seed" in page.lower()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--area", "Birminghem"], "Birmingham"),
        (["--area", "Birmingham", "--format", "odt"], "Allowed: html, docx, pdf"),
        (["--occupancy", "85"], "no share"),
        (["--area", "Birmingham", "--plan", "nowhere"], "Prepare them"),
        (["--area", "Birmingham", "--thresholds", "nowhere.yaml"], "nowhere.yaml"),
        (["--area", "Birmingham", "--thresholds", "/"], "it is a folder"),
        (["--area", "Leeds+Nowhere at all"], "No area 'Nowhere at all'"),
        (["--area", ""], "Name an area"),
    ],
)
def test_what_cannot_be_meant_is_told_in_one_line(dataset, tmp_path, options, words):
    result = run("plan", "--dataset", dataset, "--to", tmp_path / "out", *options)
    assert result.exit_code == 2, result.output
    assert words in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--scenario", "name: x\nyars: 3\n", "yars: no such field"),
        ("--scenario", "name: x\nyears: many\n", "years"),
        ("--scenario", "[1, 2]\n", "list of fields"),
        ("--scenario", "name: x\nevents: [{kind: fly}]\n", "kind"),
        ("--thresholds", "screen: x\nsource: y\nred: 1\nlimbs: [{name: a, words: b, places: 1}]", "red"),
        ("--thresholds", "- 1\n", "has the fields"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_meant_is_told_and_nothing_is_written(
    dataset, plans, tmp_path, option, text, words
):
    file, packs = tmp_path / "given.yaml", tmp_path / "packs"
    file.write_text(text, encoding="utf-8")
    packs.mkdir()
    (packs / "plan-leeds.html").write_text("of before", encoding="utf-8")
    options = ["--area", "Leeds", "--plan", plans.path, option, file]
    result = run("plan", "--dataset", dataset, "--to", packs, *options)
    assert result.exit_code == 5, result.output
    assert words in result.output
    assert "given.yaml" in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert [(path.name, path.read_text()) for path in packs.iterdir()] == [("plan-leeds.html", "of before")]


def test_half_a_plan_folder_and_a_file_in_the_way_are_told(dataset, plans, tmp_path):
    half = tmp_path / "half"
    shutil.copytree(plans.path, half)
    (half / "closure_terms.parquet").unlink()
    result = run("plan", "--dataset", dataset, "--area", "Leeds", "--plan", half, "--to", tmp_path / "p")
    assert result.exit_code == 4
    assert "closure_terms.parquet" in result.output
    assert "Prepare the plans again" in result.output
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for options in ([], ["--area", "Leeds", "--plan", plans.path]):
        result = run("plan", "--dataset", dataset, "--to", file, *options)
        assert result.exit_code == 2
        assert len(result.output.strip().splitlines()) == 1
        assert file.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "p").exists()


def test_a_region_with_one_of_its_authorities_is_the_region(dataset, plans, tmp_path):
    options = ["--area", "Camden+London", "--plan", plans.path, "--to", tmp_path]
    result = run("plan", "--dataset", dataset, *options)
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.iterdir()] == ["plan-london.html"]


def test_a_scenario_needs_an_area(dataset, tmp_path):
    scenario = tmp_path / "s.yaml"
    scenario.write_text("name: Nothing\n", encoding="utf-8")
    result = run("plan", "--dataset", dataset, "--to", tmp_path / "out", "--scenario", scenario)
    assert result.exit_code == 2
    assert "--area" in result.output


def test_thresholds_of_a_file_are_used(dataset, plans, tmp_path):
    file = tmp_path / "screen.yaml"
    file.write_text(
        "screen: mine\nsource: the council\nlimbs: [{name: any, words: any, places: 1}]\n", encoding="utf-8"
    )
    options = ["--plan", plans.path, "--thresholds", file, "--area", busiest(dataset)]
    result = run("plan", "--dataset", dataset, "--to", tmp_path / "packs", *options, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["says"] == NOT_VACANCIES
    assert "Source: the council" in Path(found["files"][0]).read_text(encoding="utf-8")
