"""The HTML edition: whole, offline, escaped, in order, legible, and honest about what is missing."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from report_study_folder import (
    ALL_LOWER,
    DOMAINS,
    authority_estimates,
    estimate,
    make_study_folder,
    split_estimates,
    write_further_tables,
    write_rows,
)

from ofsight.errors import DatasetError, UsageError
from ofsight.report import write_report
from ofsight.report.content import make_document
from ofsight.report.document import Figure, Table
from ofsight.report.folder import read_study_folder
from ofsight.report.html import render_html

SCRIPT = "<script>alert('owned')</script>"
VOID = {"meta", "br", "img", "link", "input", "hr", "circle", "line", "path"}


class Page(HTMLParser):
    """What a test wants to know of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.stack: list[str] = []
        self.words: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.unclosed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.stack.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if self.stack and self.stack[-1] == tag:
            self.stack.pop()
        else:
            self.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.stack:
            self.words.append(data)
        if self.stack and re.fullmatch(r"h[1-6]", self.stack[-1]):
            level, words = self.headings[-1]
            self.headings[-1] = (level, words + data)

    def having(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def written(study: Path, to: Path) -> tuple[str, Page]:
    (path,) = write_report(study, to)
    assert path == to / "report.html"
    text = path.read_text(encoding="utf-8")
    return text, Page(text)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Page]:
    folder = tmp_path_factory.mktemp("report")
    return written(make_study_folder(folder / "study"), folder / "out")


def test_the_title_states_the_finding_and_its_years(report: tuple[str, Page]) -> None:
    title = "For-profit homes were judged lower than local authority homes in every domain, 2014 to 2021"
    _, page = report
    assert page.headings[0] == (1, title)
    assert f"<title>{title}</title>" in report[0]


def test_the_title_turns_with_the_data(tmp_path: Path) -> None:
    ratios = {key: 1 / ratio if key[1] == "private" else ratio for key, ratio in ALL_LOWER.items()}
    _, page = written(make_study_folder(tmp_path / "s", ratios=ratios), tmp_path / "r")
    assert page.headings[0][1].startswith("For-profit homes were judged higher")
    _, page = written(make_study_folder(tmp_path / "s2", cluster_error=1.0), tmp_path / "r2")
    assert page.headings[0][1].startswith("No clear difference between for-profit and local authority homes")


def test_the_page_asks_for_nothing_and_runs_nothing(report: tuple[str, Page]) -> None:
    text, page = report
    assert not page.having("script")
    assert not page.having("link")
    assert not page.having("img")
    assert not page.having("iframe")
    assert not re.search(r"@import|url\(|\ssrc=|\son\w+=", text)
    policy = next(meta["content"] for meta in page.having("meta") if meta.get("http-equiv"))
    assert policy.startswith("default-src 'none'")


def test_elements_close_and_ids_are_unique_and_links_lead_somewhere(report: tuple[str, Page]) -> None:
    _, page = report
    assert page.unclosed == []
    assert page.stack == []
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for key in ("aria-labelledby", "aria-describedby"):
            assert set(attributes.get(key, "").split()) <= set(ids)
    inside = [a["href"][1:] for a in page.having("a") if a["href"].startswith("#")]
    assert inside
    assert set(inside) <= set(ids)


def test_headings_go_down_one_step_at_a_time(report: tuple[str, Page]) -> None:
    levels = [level for level, _ in report[1].headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_page_has_what_screen_readers_need(report: tuple[str, Page]) -> None:
    text, page = report
    assert page.having("html")[0]["lang"] == "en-GB"
    first = next(attributes for name, attributes in page.elements if name == "a")
    assert (first["class"], first["href"]) == ("skip", "#main")
    assert len(page.having("table")) == len(page.having("caption")) >= 8
    assert all(th.get("scope") in {"col", "row", "rowgroup"} for th in page.having("th"))
    assert all(svg["role"] == "img" for svg in page.having("svg"))
    assert text.count("<figcaption>") == len(page.having("figure")) >= 4
    for frame in page.having("div"):
        if frame.get("class") == "table-frame":
            assert (frame["role"], frame["tabindex"]) == ("region", "0"), (
                "a wide table can be scrolled by keyboard"
            )


def test_every_number_of_the_study_is_there(report: tuple[str, Page]) -> None:
    words = report[1].text
    for expected in (
        "4,000",
        "0.560 (0.508 to 0.618)",
        "1.003",
        "336 (12.0%)",
        "Of 100 full inspections of for-profit homes, the model expects 12 (11 to 13) to end Outstanding "
        "overall, against 21 (20 to 22) of 100 of local authority homes",
        "27,121.8 28,010.1 +888.3",
        "0.561 0.563 +0.002",
        "Provider_level_in_year_2018-19.csv",
        f"{2018:064x}",
        "0123456789abcdef" * 4,
        "Bach-Mortensen A, Goodair B, Barlow J.",
        "Contains public sector information licensed under the Open Government Licence v3.0",
        "Not official statistics",
        "Do homes run for profit",
    ):
        assert expected in words, expected


def test_verdicts_are_counted_on_top_of_the_ledger(report: tuple[str, Page]) -> None:
    words = report[1].text
    start = words.index("Published numbers by verdict")
    counts = words[start : words.index("published beside ours", start)]
    for expected in (
        "Same to print 1 20.0%",
        "Within one standard error 1 20.0%",
        "Same direction 0 0.0%",
        "Differs 2 40.0%",
        "Not reproducible from public data 1 20.0%",
        "All published numbers 5 100.0%",
    ):
        assert expected in counts


def test_cautions_stand_beside_the_summary_and_the_gap(report: tuple[str, Page]) -> None:
    assert report[1].text.count("An association is not a cause.") >= 2


def test_a_report_on_real_data_has_no_banner(report: tuple[str, Page]) -> None:
    assert "synthetic" not in report[1].text.lower()
    assert not [div for div in report[1].having("div") if div.get("class") == "banner"]


def test_synthetic_data_is_said_on_screen_on_paper_and_in_the_title(tmp_path: Path) -> None:
    truth = {
        "note": "INVENTED.",
        "domains": {d: {"odds_ratios": {"private": 0.6, "voluntary": 0.1}} for d in DOMAINS},
    }
    text, page = written(make_study_folder(tmp_path / "s", synthetic=truth), tmp_path / "r")
    banner = "Synthetic data: no number here is about a real home."
    assert page.headings[0][1].startswith("Synthetic data: for-profit homes")
    assert [div for div in page.having("div") if div.get("class") == "banner"]
    assert banner in page.text
    assert f'content: "{banner}"' in text.replace("\\3a ", ":"), "the running head of the printed pages"
    assert re.search(r"position: sticky", text)
    assert "INVENTED." in page.text
    start = page.text.index("The odds ratios that the data were drawn from")
    known = page.text[start : start + 900]
    assert "for-profit 0.60 0.56" in known
    assert "inside" in known
    assert "outside" in known


@pytest.mark.parametrize(
    "missing", ["ledger", "probabilities", "figure1", "table1", "releases", "set_aside", "models"]
)
def test_a_missing_file_leaves_the_rest_standing(tmp_path: Path, missing: str) -> None:
    _, page = written(make_study_folder(tmp_path / "s", leave_out=[missing]), tmp_path / "r")
    assert page.unclosed == []
    assert page.headings[0][1].startswith("For-profit homes were judged lower")
    said = {
        "ledger": "holds no ledger",
        "probabilities": "holds no predicted probabilities",
        "figure1": "holds no counts by year",
        "table1": "holds no table 1",
        "releases": "does not list the files read",
    }
    assert said.get(missing, "") in page.text


def test_without_probabilities_the_counted_shares_are_said_to_be_counted(tmp_path: Path) -> None:
    _, page = written(make_study_folder(tmp_path / "s", leave_out=["probabilities"]), tmp_path / "r")
    assert (
        "Of 100 full inspections of for-profit homes, 28 ended below Good overall, of 100 of local authority "
        "homes 23 (as counted, without a model)." in page.text
    )


def test_a_study_with_nothing_in_it_still_reports(tmp_path: Path) -> None:
    study = tmp_path / "s"
    study.mkdir()
    (study / "study.json").write_text(json.dumps({"study": "x", "title": "A bare study"}), encoding="utf-8")
    (study / "results.json").write_text("[]", encoding="utf-8")
    _, page = written(study, tmp_path / "r")
    assert page.headings[0] == (1, "A bare study")
    assert "no finding to state" in page.text


def test_numbers_that_are_null_are_not_estimated(tmp_path: Path) -> None:
    broken = {
        **estimate("sector:private", 0.5, 0.1),
        "estimate": None,
        "ci_low": None,
        "ci_high": None,
        "p_value": None,
    }
    failed = {**broken, "item": "table3", "model": "linear", "outcome": "requirements", "n": 10}
    _, page = written(make_study_folder(tmp_path / "s", estimates=[failed]), tmp_path / "r")
    assert "Table 3. Requirements and recommendations" in page.text
    assert "not estimated" in page.text


def further(path: Path, *, after: float = 1.0, p_value: float = 0.001, error: float = 0.05) -> Path:
    estimates = [*split_estimates(after, error), *authority_estimates()]
    notes = ["Table 4 was fitted on authors.csv: 148 local authorities."]
    study = make_study_folder(path, estimates=estimates, notes=notes)
    write_further_tables(study, p_value)
    return study


def test_a_gap_that_changed_over_the_pause_is_in_the_title(tmp_path: Path) -> None:
    _, page = written(further(tmp_path / "s"), tmp_path / "r")
    assert page.headings[0][1] == (
        "For-profit homes were judged lower than local authority homes in every domain before inspections "
        "paused in 2020; no clear difference in any domain since they resumed, 2014 to 2021"
    )
    assert "After the pause: no clear difference between for-profit and local authority homes" in page.text
    assert "Over all years together: of 100 full inspections" in page.text, (
        "the pooled number says what it pools"
    )
    assert page.text.count("Over all years together: for-profit homes were judged lower") >= 2


def test_a_gap_that_is_only_less_clear_after_the_pause_has_not_changed(tmp_path: Path) -> None:
    _, page = written(further(tmp_path / "s", p_value=0.2), tmp_path / "r")
    assert page.headings[0][1].endswith("local authority homes in every domain, 2014 to 2021")
    assert "After the pause: no clear" not in page.text


def test_further_analyses_have_their_sections(tmp_path: Path) -> None:
    _, page = written(further(tmp_path / "s", after=0.6), tmp_path / "r")
    assert page.unclosed == []
    assert [words for level, words in page.headings if level == 2][3:6] == [
        "The gap between sectors",
        "Is the gap changing?",
        "How likely each grade is",
    ]
    for expected in (
        "Overall, for-profit homes: odds ratio 0.50 (0.45 to 0.55) in 2014, 0.64 (0.58 to 0.71) in 2021",
        "The gap before and after the pause",
        "The gap at first and later inspections",
        "Wald, clustered: for-profit 12.3 1 0.001",
        "1.020 (1.010 to 1.030)",
        "A larger share of for-profit placements goes with lower judgements of overall effectiveness, impact "
        "of leaders, children who need help and protection and children in care",
        "For-profit placements, per percentage point 0.950 0.932 to 0.969 <0.001",
        "Region: London",
        "Spread of grades: Looked-after children who are white, %",
        "Looked-after children, hundreds, at Good | Outstanding",
        "Table 4 was fitted on authors.csv: 148 local authorities.",
        "Overall effectiveness, paper: 146 local authorities",
        "0.562 (0.476 to 0.664) 0.552 (0.464 to 0.656) −0.21",
    ):
        assert expected in page.text, expected
    assert page.text.count("An association is not a cause.") >= 4


def test_an_item_that_no_section_knows_is_shown_whole(tmp_path: Path) -> None:
    known = [
        {
            **estimate("sector:private", ratio, 0.1),
            "item": "random_effects",
            "model": model,
            "outcome": "overall",
        }
        for model, ratio in (("homes", 0.55), ("homes and owners", 0.66))
    ]
    new = {
        **estimate("sector:private/moon=3", 0.77, 0.1),
        "item": "table9",
        "model": "lunar",
        "outcome": "overall",
    }
    _, page = written(make_study_folder(tmp_path / "s", estimates=[*known, new]), tmp_path / "r")
    assert (2, "Does it hold otherwise?") in page.headings
    assert (3, "Table 9") in page.headings
    for expected in (
        "Term Homes Homes and owners",
        "0.550 (0.452 to 0.669) 0.660 (0.543 to 0.803)",
        "For-profit, where moon = 3 0.770 0.633 to 0.937",
    ):
        assert expected in page.text, expected


def test_a_year_that_the_releases_do_not_reach_the_end_of_is_said(tmp_path: Path) -> None:
    study = make_study_folder(
        tmp_path / "s",
        sample={"from": "2014-01-01", "to": None, "description": "All.", "n_inspections": 1, "n_homes": 1},
        dataset={"newest_release": "provider-level-in-year/2021-03-31", "fingerprint": "f"},
    )
    _, page = written(study, tmp_path / "r")
    assert page.headings[0][1].endswith(", 2014 to 2021")
    assert "2021 is not whole: the newest release is of 31 March 2021." in page.text


def test_a_study_held_to_no_published_numbers_says_so(tmp_path: Path) -> None:
    study = make_study_folder(tmp_path / "s")
    (study / "ledger.csv").write_text("id,item,verdict\n", encoding="utf-8")
    assert "This study holds itself to no published numbers." in written(study, tmp_path / "r")[1].text


def test_everything_from_files_is_escaped(tmp_path: Path) -> None:
    study = make_study_folder(
        tmp_path / "s",
        title=SCRIPT,
        question=SCRIPT,
        authors_note=SCRIPT,
        cautions=[SCRIPT],
        notes=[SCRIPT],
        citation=f'{SCRIPT}" onload="x',
        licence=SCRIPT,
        synthetic={"note": SCRIPT},
        dataset={"fingerprint": SCRIPT, "built_at": SCRIPT, "newest_release": SCRIPT, "ofsight": SCRIPT},
        estimates=[
            {**estimate("sector:private", 0.5, 0.1), "item": SCRIPT, "model": SCRIPT, "outcome": SCRIPT},
            {**estimate(f"sector:{SCRIPT}", 0.5, 0.1), "model": SCRIPT, "outcome": SCRIPT},
        ],
    )
    release = {"release": SCRIPT, "title": SCRIPT, "period": SCRIPT, "file": f"{SCRIPT}.csv", "sheet": SCRIPT}
    write_rows(study / "tables" / "releases.csv", [{**release, "sha256": SCRIPT, "n_read": SCRIPT}])
    write_rows(study / "tables" / "set_aside.csv", [{"reason": SCRIPT, "n": SCRIPT}])
    write_rows(study / "tables" / "table1.csv", [{"section": SCRIPT, "label": SCRIPT, "private": SCRIPT}])
    note = dict.fromkeys(
        ("id", "item", "model", "outcome", "contrast", "quantity", "published", "verdict"), SCRIPT
    )
    write_rows(study / "ledger.csv", [{**note, "ours": SCRIPT, "note": SCRIPT}])
    text, page = written(study, tmp_path / "r")
    assert not page.having("script")
    assert "alert('owned')" in page.text, "shown as words"
    assert SCRIPT not in text
    assert not [
        attributes for _, attributes in page.elements if any(key.startswith("on") for key in attributes)
    ]
    assert page.unclosed == []


def test_the_same_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    study = make_study_folder(tmp_path / "s")
    one, two = write_report(study, tmp_path / "a")[0], write_report(study, tmp_path / "b")[0]
    assert one.read_bytes() == two.read_bytes()


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    study, to = make_study_folder(tmp_path / "s"), tmp_path / "r"
    to.mkdir()
    (to / "notes.txt").write_text("mine", encoding="utf-8")
    write_report(study, to)
    assert {path.name for path in to.iterdir()} == {"notes.txt", "report.html"}


class TestErrors:
    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"nowhere is not a folder.*ofsight study"):
            write_report(tmp_path / "nowhere", tmp_path / "r")

    def test_not_a_study_folder(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"study\.json and results\.json not found"):
            write_report(tmp_path, tmp_path / "r")

    @pytest.mark.parametrize("name", ["study.json", "results.json", "models.json"])
    def test_damaged_json(self, tmp_path: Path, name: str) -> None:
        study = make_study_folder(tmp_path / "s")
        (study / name).write_text("{", encoding="utf-8")
        with pytest.raises(DatasetError, match=rf"{name}: cannot be read as JSON"):
            write_report(study, tmp_path / "r")
        assert not (tmp_path / "r").exists()

    def test_a_csv_that_is_no_text(self, tmp_path: Path) -> None:
        study = make_study_folder(tmp_path / "s")
        (study / "ledger.csv").write_bytes(b"id\n\xff\xfe\x00")
        with pytest.raises(DatasetError, match=r"ledger\.csv: cannot be read as a csv"):
            write_report(study, tmp_path / "r")

    def test_results_of_another_shape(self, tmp_path: Path) -> None:
        study = make_study_folder(tmp_path / "s", estimates=[{"item": "table2"}])
        with pytest.raises(
            DatasetError, match=r"entry \d+ is no estimate; each needs `item`, `outcome` and `term`"
        ):
            write_report(study, tmp_path / "r")

    def test_a_study_without_a_name(self, tmp_path: Path) -> None:
        study = make_study_folder(tmp_path / "s", study="")
        with pytest.raises(DatasetError, match="lacks `study` or `title`"):
            write_report(study, tmp_path / "r")

    @pytest.mark.parametrize("formats", [("rtf",), ()])
    def test_unknown_format(self, tmp_path: Path, formats: tuple[str, ...]) -> None:
        with pytest.raises(UsageError, match=r"Unknown report format: .* Allowed: html"):
            write_report(make_study_folder(tmp_path / "s"), tmp_path / "r", formats=formats)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast_of_both_schemes(report: tuple[str, Page], scheme: int) -> None:
    schemes = re.findall(r":root \{(.*?)\}", report[0], flags=re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-fA-F]{6})", schemes[0]))
    if scheme:
        colours |= dict(re.findall(r"--([a-z-]+): (#[0-9a-fA-F]{6})", schemes[1]))
    for words, on in (
        *((name, "paper") for name in ("ink", "quiet", "link", "good", "fair", "poor")),
        *((name, "soft") for name in ("ink", "quiet")),
        ("ink", "caution-soft"),
        ("alarm-ink", "alarm"),
    ):
        assert contrast(colours[words], colours[on]) >= 4.5, (words, on)
    for shape in ("one", "two", "three", "four", "focus"):
        assert contrast(colours[shape], colours["paper"]) >= 3, shape


def test_short_tables_are_kept_whole_on_paper_and_long_ones_may_be_cut(tmp_path: Path) -> None:
    document = make_document(read_study_folder(make_study_folder(tmp_path / "s")))
    blocks = [block for block in document.blocks() if isinstance(block, Table | Figure)]
    tables = [block.table if isinstance(block, Figure) else block for block in blocks]
    frames = re.findall(
        r'<div class="table-frame( short)?" role="region" aria-labelledby="([^"]+)-caption"',
        render_html(document),
    )
    assert frames == [(" short" if table.short else "", table.key) for table in tables]
    assert {table.short for table in tables} == {True, False}, "the made study has both kinds"
