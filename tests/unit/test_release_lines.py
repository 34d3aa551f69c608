"""What people read of a fetch, and `ofsight run` without releases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ofsight.cli import app, results
from ofsight.cli.release_lines import fetch_lines, listing_lines, reports_lines
from ofsight.releases.listing import ListedFile, Listing
from ofsight.releases.ofsted_reports import ReportsSummary
from ofsight.releases.outcomes import FetchSummary, FileOutcome

CAME = "2023-08-01T00:00:00+00:00"


def outcome(status: Any = "new", series: str = "lists", period: str = "2024", **more: Any) -> FileOutcome:
    return FileOutcome("children", series, period, status, **{"title": "Children", **more})


def lines(*files: FileOutcome, dry_run: bool = False) -> list[str]:
    return fetch_lines(FetchSummary("shelf", dry_run, list(files)).as_dict())


def test_the_first_line_has_the_numbers() -> None:
    told = lines(
        outcome(received=1_500_000, size=1_500_000),
        outcome("unchanged"),
        outcome("same bytes"),
        outcome("changed"),
    )
    assert told[0] == "Fetch: shelf: 1 new, 1 changed, 2 unchanged, 0 failed; 1.5 MB received."
    assert told[1] == "    new: lists 2024: Children, 1.5 MB"


def test_a_dry_run_says_so() -> None:
    told = lines(outcome("planned", size=2000), outcome("planned"), dry_run=True)
    assert told[0] == "Fetch (dry run): 2 files would be fetched, 2.0 kB as far as it is said."


def test_a_long_list_is_cut_and_says_where_the_rest_is() -> None:
    told = lines(*(outcome(period=str(2000 + number)) for number in range(30)))
    assert told[21] == "    and 10 more; --json lists all"


def test_one_reason_is_told_once_for_all_that_it_holds_for() -> None:
    told = lines(
        outcome("failed", reason="it is down."), outcome("failed", period="2025", reason="it is down."),
        outcome("failed", "movements", reason="it is down."),
        outcome("failed", "places", reason="no such page."),
    )  # fmt: skip
    assert told[1:] == [
        "  Failed: lists 2024, 2025; movements 2024: it is down.",
        "  Failed: places 2024: no such page.",
    ]


def test_a_publisher_that_is_down_is_one_line_over_all_its_publications() -> None:
    down = [outcome("failed", period=str(year), reason="it is down.") for year in (2023, 2024)]
    other = FileOutcome("ownership", "owners", "2025", "failed", reason="it is down.")
    assert lines(*down, other)[1:] == ["  Failed: 3 files of children, ownership: it is down."]


def test_an_address_never_hides_what_is_said_after_it() -> None:
    address = f"https://services1.arcgis.com/{'x' * 300}"
    [_, told] = lines(outcome("failed", reason=f"{address}: the service answers with an error: down."))
    assert told.endswith("…: the service answers with an error: down.")


def test_editions_that_are_not_in_the_catalogue_are_pointed_out() -> None:
    told = lines(outcome(period="2027", found=True))
    assert any("does not list yet: children 2027" in line for line in told)


def test_a_listing_names_each_file_with_its_state() -> None:
    files = [
        ListedFile("children", "Ofsted", "lists", "2023", "Lists", "newer", "2024-02-01", "2023-07-06", CAME),
        ListedFile("children", "Ofsted", "lists", "2024", "Lists", "missing", "2024-07-15", found=True),
        ListedFile("", "Somebody", "other", "2020", "Other", "held", retrieved=CAME),
    ]  # fmt: skip
    told = listing_lines(Listing("shelf", True, files).as_dict())
    assert told == [
        "Releases: shelf (publishers asked today): "
        "1 newer versions are published, 1 published and not held, 1 held.",
        "  children: Ofsted",
        "    NEWER       lists 2023; held since 2023-08-01; published 2023-07-06; offered: 2024-02-01",
        "    missing     lists 2024; offered: 2024-07-15; not in the catalogue yet",
        "  on the shelf, and not in the catalogue: Somebody",
        "    held        other 2020; held since 2023-08-01",
    ]


def test_reports_that_were_stopped_say_why() -> None:
    found = ReportsSummary(n_homes=10, n_asked=2, missing=["SC1"], failed={"SC2": "down"}, stopped="403")
    told = reports_lines(found.as_dict())
    assert told[1:] == ["  Failed: SC2: down", "  Without a page: 1 homes.", "  Stopped: 403"]


def test_reports_need_the_homes_of_a_dataset(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["fetch", "inspection-reports", "--to", str(tmp_path)])
    assert found.exit_code == 2
    assert "--dataset" in found.output


@pytest.mark.parametrize(
    ("statuses", "code", "runs"),
    [
        (["new"], 0, True),
        (["unchanged"], 0, True),
        (["same bytes", "failed"], 3, True),
        (["failed"], 3, False),
    ],
)
def test_run_without_releases_fetches_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statuses: list[str], code: int, runs: bool
) -> None:
    steps: list[tuple[str, Path]] = []

    def fetch_all(to: Path, **_: Any) -> FetchSummary:
        steps.append(("fetch", to))
        return FetchSummary(str(to), False, [outcome(status, reason="it is down.") for status in statuses])

    def run_all(releases: Path, *more: Any, **_: Any) -> None:
        steps.append(("run", releases))
        assert more[-1]["counts"]

    monkeypatch.setattr(results, "fetch_all", fetch_all)
    monkeypatch.setattr(results, "_run", run_all)
    found = CliRunner().invoke(app, ["run", "--to", str(tmp_path)])
    assert found.exit_code == code, found.output
    assert steps == [(step, tmp_path / "releases") for step in (["fetch", "run"] if runs else ["fetch"])]
    assert runs or "it is down." in found.output
