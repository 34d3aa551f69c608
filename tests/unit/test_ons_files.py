"""Files of ONS data sets, whose names move."""

from __future__ import annotations

from typing import Any

import pytest

from fake_publishers import ONS, Publishers, Reply, json_reply, loader_of
from ofsight.definitions.catalogue_schema import PublicationDefinition
from ofsight.errors import ReleaseError
from ofsight.releases.ons import find_ons_editions, offer_ons_file

PAGE = "people/datasets/estimates"


def publication() -> PublicationDefinition:
    return PublicationDefinition.model_validate(
        {
            "id": "population",
            "title": "Estimates",
            "publisher": "Office for National Statistics",
            "licence": "OGL-UK-3.0",
            "ask": "ons",
            "page": PAGE,
            "discover": {"title": r"^mid\d{4}tomid(?P<year>20\d\d)", "period": "2011-{year}"},
            "files": [{"series": "population", "formats": ["xlsx"]}],
            "editions": [
                {"period": "2011-2022", "folder": "mid2011tomid2022", "file": "tables20112022v2.xlsx"},
            ],
        }
    )


def url(files: list[str] | None, **more: Any) -> str:
    publishers = Publishers()
    if files is not None:
        about = {"type": "dataset", "downloads": [{"file": name} for name in files], **more}
        publishers.routes[ONS, f"/{PAGE}/mid2011tomid2022/data"] = json_reply(about)
    known = publication()
    offer = offer_ons_file(loader_of(publishers), known, known.editions[0])
    assert offer.wanted.extension == "xlsx"
    return offer.wanted.url


HERE = f"https://{ONS}/file?uri=/{PAGE}/mid2011tomid2022"


def test_the_catalogues_file_stands_where_the_page_does_not_answer() -> None:
    assert url(None) == f"{HERE}/tables20112022v2.xlsx"
    assert url([]) == f"{HERE}/tables20112022v2.xlsx"


def test_the_newest_issue_is_taken() -> None:
    files = ["tables20112022.xlsx", "tables20112022v10.xlsx", "tables20112022v3.xlsx", "notes.csv"]
    assert url(files) == f"{HERE}/tables20112022v10.xlsx"


def test_the_only_file_of_its_kind_is_taken() -> None:
    assert url(["renamed.xlsx", "renamed.csv"]) == f"{HERE}/renamed.xlsx"


def test_two_others_are_for_a_person_to_tell_apart() -> None:
    with pytest.raises(ReleaseError, match=r"offers one\.xlsx, two\.xlsx.*Say which is meant"):
        url(["one.xlsx", "two.xlsx"])


def test_a_name_with_a_path_in_it_is_no_name() -> None:
    assert url(["../../secret.xlsx", "/etc/passwd", "a b.xlsx"]) == f"{HERE}/tables20112022v2.xlsx"


def test_the_day_of_release_is_kept() -> None:
    publishers = Publishers()
    about = {"downloads": [], "description": {"releaseDate": "2024-07-14T23:00:00.000Z"}}
    publishers.routes[ONS, f"/{PAGE}/mid2011tomid2022/data"] = json_reply(about)
    offer = offer_ons_file(loader_of(publishers), publication(), publication().editions[0])
    assert offer.wanted.published == "2024-07-14T23:00:00.000Z"


@pytest.mark.parametrize("reply", [json_reply([]), Reply(200, b"<html>", {"Content-Type": "text/html"})])
def test_another_answer_says_nothing(reply: Reply) -> None:
    publishers = Publishers()
    publishers.routes[ONS, f"/{PAGE}/mid2011tomid2022/data"] = reply
    offer = offer_ons_file(loader_of(publishers), publication(), publication().editions[0])
    assert offer.wanted.url == f"{HERE}/tables20112022v2.xlsx"


def test_editions_that_are_not_listed_are_found() -> None:
    publishers = Publishers()
    folders = [
        "mid2011tomid2022",
        "mid2011tomid2025",
        "mid2001tomid2011",
        "current",
        "mid2011tomid2026/../x",
        7,
    ]
    about = {"datasets": [{"uri": f"/{PAGE}/{name}"} for name in folders] + [None]}
    publishers.routes[ONS, f"/{PAGE}/data"] = json_reply(about)
    found = find_ons_editions(loader_of(publishers), publication())
    assert [(item.period, item.folder) for item in found] == [("2011-2025", "mid2011tomid2025")]
