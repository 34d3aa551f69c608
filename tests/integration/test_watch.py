"""Watching over loopback: nothing new, a new edition, a changed one, a fault, a killed run."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from builders import OVERALL, grid, provider
from fake_publishers import Publishers, Reply, page
from ofsight import watch as watching
from ofsight.cli import app
from ofsight.dataset.store import open_dataset
from ofsight.releases.locks import locked
from ofsight.releases.publishers import STAND_INS
from ofsight.releases.shelf import Shelf

STATISTICS = "government/statistics"
COLLECTION = "government/collections/childrens-social-care-statistics"
ATOM = "{http://www.w3.org/2005/Atom}"
HOMES = 120


def listed(year: int, **grades: str) -> bytes:
    """The list at 31 March of a year; other grades by URN."""
    rows = []
    for number in range(1, HOMES + 1):
        day = date(year - 1, 4, 10) + timedelta(days=number * 2)
        row = provider(
            number, **{"Inspection date": f"{day:%d/%m/%Y}", "Event number": f"{year}{number:04d}"}
        )
        row["Publication date"] = f"{day + timedelta(days=30):%d/%m/%Y}"
        row[OVERALL] = grades.get(row["URN"], "Good")
        rows.append(row)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(grid(rows))
    return out.getvalue().encode("utf-8-sig")


class Site:
    """Ofsted's pages from 2024 on."""

    def __init__(self) -> None:
        self.publishers = Publishers()
        self.publishers.pages[COLLECTION] = page(COLLECTION, schema_name="document_collection")
        for year in (2024, 2025, 2026):
            self.put(year, listed(year))

    def put(self, year: int, content: bytes, title: str = "") -> None:
        path = f"{STATISTICS}/childrens-social-care-in-england-{year}"
        title = title or f"Children's social care in England {year}"
        file = ("Provider level at 31 March", f"Provider_level_at_31_Mar_{year}.csv", content)
        self.publishers.add_page(path, file, title=title, public_updated_at=f"{year}-07-16T09:30:00Z")


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    found = Site()
    with found.publishers.serve() as stand_ins:
        monkeypatch.setenv(STAND_INS, json.dumps(stand_ins))
        yield found


@pytest.fixture
def run(tmp_path: Path) -> Any:
    def invoke(*more: str) -> Result:
        places = {"--to": "shelf", "--dataset": "dataset", "--feed": "feed"}
        options = [str(word) for name, place in places.items() for word in (name, tmp_path / place)]
        return CliRunner().invoke(app, ["watch", "childrens-social-care", "--since", "2024", *options, *more])

    return invoke


def entries(tmp_path: Path) -> list[str]:
    root = ElementTree.parse(tmp_path / "feed" / "changes.atom").getroot()
    ids = [entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))
    return [str(entry.findtext(f"{ATOM}title")) for entry in root.findall(f"{ATOM}entry")]


def test_a_watch_tells_what_changed_and_only_then(site: Site, run: Any, tmp_path: Path) -> None:
    first = run()
    assert first.exit_code == 10, first.output
    assert "the first dataset" in first.output
    assert entries(tmp_path) == []

    quiet = run()
    assert quiet.exit_code == 0, quiet.output
    assert "nothing changed" in quiet.output
    dated = set((tmp_path / "feed").glob("changes-*.json"))

    site.put(2026, listed(2026, SC900007="Inadequate"))
    changed = run()
    assert changed.exit_code == 10, changed.output
    titles = entries(tmp_path)
    assert titles[0].startswith(
        "provider-level-at-31-march 2026-03-31: a changed file, Children's social care"
    )
    assert any("SC900007" in title and "Good to Inadequate" in title for title in titles)
    [told] = set((tmp_path / "feed").glob("changes-*.json")) - dated
    facts = json.loads(told.read_text())
    assert [(item["period"], item["change"]) for item in facts["versions"]] == [("2026-03-31", "changed")]
    assert facts["changes"]["counts"]["restated"] == 1
    assert facts == json.loads((tmp_path / "feed" / "changes.json").read_text())

    assert run().exit_code == 0
    assert entries(tmp_path) == titles
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dataset", "feed", "shelf"]


def test_a_new_edition_that_the_catalogue_does_not_list_is_found_and_told(
    site: Site, run: Any, tmp_path: Path
) -> None:
    run()
    site.put(2027, listed(2027, SC900003="Outstanding"))
    link = f"/{STATISTICS}/childrens-social-care-in-england-2027"
    site.publishers.search = [{"title": "Children’s social care in England 2027", "link": link}]
    found = run()
    assert found.exit_code == 10, found.output
    assert "the catalogue does not list yet: childrens-social-care 2027-03-31" in found.output
    titles = entries(tmp_path)
    assert titles[0].startswith("provider-level-at-31-march 2027-03-31: a new file")
    assert any("SC900003" in title and "Good to Outstanding" in title for title in titles)


def test_a_fault_leaves_with_3_and_the_rest_is_told(site: Site, run: Any, tmp_path: Path) -> None:
    run()
    site.put(2026, listed(2026, SC900007="Inadequate"))
    site.publishers.pages[f"{STATISTICS}/childrens-social-care-in-england-2025"] = Reply(404, b"")
    failed = run()
    assert failed.exit_code == 3, failed.output
    assert "Failed: childrens-social-care-workbook 2025-03-31" in failed.output
    assert entries(tmp_path)[0].startswith("provider-level-at-31-march 2026-03-31")


def test_a_run_killed_before_the_feed_is_told_by_the_next(
    site: Site, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    site.put(2026, listed(2026, SC900007="Inadequate"))

    def killed(*_: Any) -> list[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(watching, "_write_feed", killed)
        assert run().exit_code not in (0, 10)
    assert open_dataset(tmp_path / "dataset").metadata["newest_release"].endswith("2026-03-31")
    again = run()
    assert again.exit_code == 10, again.output
    titles = entries(tmp_path)
    assert titles[0].startswith("provider-level-at-31-march 2026-03-31: a changed file")
    assert any("SC900007" in title for title in titles)


def test_a_file_that_cannot_be_used_leaves_the_dataset_as_it_was(
    site: Site, run: Any, tmp_path: Path
) -> None:
    run()
    before = open_dataset(tmp_path / "dataset").metadata["fingerprint"]
    site.put(2026, listed(2026).replace(b"URN,", b"Number,"))
    broken = run()
    assert broken.exit_code == 3, broken.output
    assert open_dataset(tmp_path / "dataset").metadata["fingerprint"] == before
    site.put(2026, listed(2026))
    mended = run("--json")
    facts = json.loads(mended.stdout)
    # The file changed, and changed back: both are told, and the dataset is what it was.
    assert [item["change"] for item in facts["versions"]] == ["changed", "changed"]
    assert (mended.exit_code, facts["changes"]) == (10, None)
    assert run().exit_code == 0


def test_a_damaged_feed_and_a_damaged_count_are_told(site: Site, run: Any, tmp_path: Path) -> None:
    run()
    (tmp_path / "feed" / "changes.atom").write_text("<feed")
    site.put(2026, listed(2026, SC900007="Inadequate"))
    assert run().exit_code == 10
    assert entries(tmp_path)
    (tmp_path / "feed" / "watch.json").write_text("{}")
    told = run()
    assert told.exit_code == 3
    assert "watch.json" in told.output


def test_a_title_of_a_publisher_never_spoils_the_feed(site: Site, run: Any, tmp_path: Path) -> None:
    run()
    bad = "Children's \x0b\x1b[31m care \ud800 <b>&amp;"
    site.put(2026, listed(2026, SC900007="Inadequate"), title=bad)
    told = run()
    assert told.exit_code == 10, told.output
    assert "\x1b" not in told.output
    [title, *_] = entries(tmp_path)
    assert "Children's \ufffd[31m care \ufffd <b>&amp;" in title


def test_a_first_watch_that_gets_nothing_says_why(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STAND_INS, json.dumps({"nobody.test": "http://127.0.0.1:9"}))
    told = run()
    assert told.exit_code == 3
    assert "nothing could be fetched. https://www.gov.uk/" in told.output
    assert "cannot be reached" in told.output
    assert not (tmp_path / "dataset").exists()


def test_a_file_taken_back_is_told(site: Site, run: Any, tmp_path: Path) -> None:
    run()
    site.put(2026, listed(2026, SC900007="Inadequate"))
    run()
    changed = Shelf(tmp_path / "shelf").versions("provider-level-at-31-march", "2026-03-31")[-1]
    Shelf(tmp_path / "shelf").withdraw(changed.sha256, "a wrong grade")
    site.put(2026, listed(2026))
    told = run()
    assert told.exit_code == 10, told.output
    titles = entries(tmp_path)
    assert titles[0].startswith("provider-level-at-31-march 2026-03-31: a file taken back")
    assert any("SC900007" in title and "Inadequate to Good" in title for title in titles)


def test_json_is_for_scripts(site: Site, run: Any) -> None:
    facts = json.loads(run("--json").stdout)
    assert facts["changed"] is True
    assert facts["fetched"]["counts"]["new"] == 3
    assert facts["built"]["n_releases"] == 3


def test_a_second_watch_at_the_same_time_ends_at_once(site: Site, run: Any, tmp_path: Path) -> None:
    with locked(tmp_path / "feed" / ".watch.lock", "testing"):
        second = run()
    assert second.exit_code == 3
    assert "another ofsight has been watching" in second.output
    assert site.publishers.asked == []


def test_a_listing_of_publishers_who_do_not_answer_leaves_with_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STAND_INS, json.dumps({"nobody.test": "http://127.0.0.1:9"}))
    asked = ["releases", "childrens-social-care", "--since", "2024", "--to", str(tmp_path / "shelf")]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 3
    assert "cannot be reached" in told.output
    offline = CliRunner().invoke(app, [*asked, "--offline"])
    assert offline.exit_code == 0
