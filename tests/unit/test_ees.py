"""Explore Education Statistics: the API, the list behind it, the page of a release, the archive."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fake_publishers import EES_API, EES_CONTENT, EES_SITE, Publishers, Reply, json_reply, loader_of
from ofsight.definitions.catalogue_schema import PublicationDefinition
from ofsight.errors import ReleaseError
from ofsight.releases.ees import find_releases, list_data_files, offer_releases
from ofsight.releases.offers import Absent, Offer

IDENTITY = "3260801d-601a-48c6-93b7-cf51680323d1"
SLUG = "children-looked-after"


def key(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def publication(**more: Any) -> PublicationDefinition:
    return PublicationDefinition.model_validate(
        {
            "id": "cla",
            "title": "Children looked after",
            "publisher": "Department for Education",
            "licence": "OGL-UK-3.0",
            "ask": "ees",
            "publication": {"slug": SLUG, "id": IDENTITY},
            "discover": {"title": r"(?P<year>20\d\d)"},
            "files": [
                {"series": "rate", "called": ["cla number and rate", "number and rate"], "formats": ["csv"]},
                {
                    "series": "stability",
                    "called": "placement stability",
                    "formats": ["csv"],
                    "optional": True,
                },
            ],
            "editions": [{"period": "2024"}],
            **more,
        }
    )


def data_file(
    number: int = 1, title: str = "Number and rate", release: str = "2024", **more: Any
) -> dict[str, Any]:
    return {
        "id": key(number),
        "fileId": key(number + 500),
        "filename": "cla_number_and_rate_per_10k_children.csv",
        "fileSize": "1 Mb",
        "title": title,
        "release": {"id": key(900), "title": f"Reporting year {release}", "slug": release},
        "latestData": True,
        "isSuperseded": False,
        "published": "2024-11-21T09:30:00Z",
        "lastUpdated": "2024-12-01T09:30:00Z",
        **more,
    }


def version(number: str = "1.0", release: str | None = "2024", **more: Any) -> dict[str, Any]:
    return {
        "version": number,
        "type": "Major",
        "status": "Published",
        "published": "2024-11-21T09:30:00Z",
        "totalResults": 100,
        "release": None if release is None else {"title": f"Reporting year {release}", "slug": release},
        "timePeriods": {"start": "2020", "end": release or "2024"},
        **more,
    }


def with_api(*versions: dict[str, Any], title: str = "CLA number and rate") -> Publishers:
    publishers = Publishers()
    publishers.data_sets[IDENTITY] = [{"id": key(1), "title": title, "status": "Published"}]
    publishers.versions[key(1)] = list(versions)
    return publishers


def offers(publishers: Publishers, **more: Any) -> list[Offer | Absent]:
    known = publication(**more)
    loader = loader_of(publishers)
    return offer_releases(loader, known, list(known.editions), list_data_files(loader, known))


def urls(found: list[Offer | Absent]) -> list[str]:
    return [item.wanted.url for item in found if isinstance(item, Offer)]


def test_the_newest_version_of_a_release_is_taken_from_the_api() -> None:
    publishers = with_api(
        version("1.9"), version("1.10"), version("2.0", "2025"), version("1.11", status="Withdrawn"),
        version("draft"),
    )  # fmt: skip
    [offer, absent] = offers(publishers)
    assert isinstance(offer, Offer)
    assert offer.wanted.url == (f"https://{EES_API}/statistics/v1/data-sets/{key(1)}/csv?dataSetVersion=1.10")
    assert (offer.wanted.series, offer.wanted.period, offer.wanted.extension) == ("rate", "2024", "csv")
    assert offer.wanted.published == "2024-11-21T09:30:00Z"
    assert isinstance(absent, Absent)
    assert absent.status == "not offered"


def test_a_version_without_release_is_of_its_last_year() -> None:
    assert len(urls(offers(with_api(version("1.0", None))))) == 1


def test_all_pages_of_data_sets_and_versions_are_read() -> None:
    publishers = with_api()
    publishers.data_sets[IDENTITY] = [{"id": key(number), "title": f"Set {number}"} for number in range(45)]
    publishers.data_sets[IDENTITY].append({"id": key(99), "title": "Number and rate"})
    publishers.versions[key(99)] = [version(f"1.{number}", "2023") for number in range(41)] + [version("2.0")]
    assert urls(offers(publishers)) == [
        f"https://{EES_API}/statistics/v1/data-sets/{key(99)}/csv?dataSetVersion=2.0"
    ]


def test_what_the_api_lacks_comes_from_the_sites_list() -> None:
    publishers = with_api()
    publishers.data_files[IDENTITY] = [
        data_file(1, isSuperseded=True), data_file(2), data_file(3, release="2023"),
        data_file(4, "Stability", filename="la_cla_placement_stability.csv"),
        data_file(5, release={"id": 1}), {"id": "no id", "release": {"slug": "2024"}},
    ]  # fmt: skip
    found = offers(publishers)
    assert urls(found) == [
        f"https://{EES_CONTENT}/api/data-set-files/{key(number)}/download" for number in (2, 4)
    ]
    assert isinstance(found[0], Offer)
    assert found[0].wanted.published == "2024-12-01T09:30:00Z"
    assert publishers.paths(EES_SITE) == []


def test_the_api_counts_before_the_list() -> None:
    publishers = with_api(version())
    publishers.data_files[IDENTITY] = [data_file(2)]
    assert urls(offers(publishers))[0].startswith(f"https://{EES_API}/")


def test_more_than_a_page_of_the_list_is_read() -> None:
    publishers = with_api()
    publishers.data_files[IDENTITY] = [data_file(number, release="2023") for number in range(85)] + [
        data_file(99)
    ]
    assert urls(offers(publishers)) == [f"https://{EES_CONTENT}/api/data-set-files/{key(99)}/download"]
    questions = [target for host, target, _ in publishers.asked if host == EES_CONTENT]
    assert len(questions) == 3
    assert all("latestOnly=false" in target and "pageSize=40" in target for target in questions)


def next_data(content: Any) -> Reply:
    text = f'<html><script id="__NEXT_DATA__" type="application/json">{json.dumps(content)}</script></html>'
    return Reply(200, text.encode(), {"Content-Type": "text/html; charset=utf-8"})


GUIDANCE = f"/find-statistics/{SLUG}/2024/data-guidance"


def test_where_neither_has_it_the_page_of_the_release_is_read() -> None:
    publishers = with_api()
    data_sets = [{"dataSetFileId": key(7), "title": "CLA number and rate", "rows": 1}, {"dataSetFileId": "x"}]
    publishers.routes[EES_SITE, GUIDANCE] = next_data({"props": {"release": {"dataSets": data_sets}}})
    assert urls(offers(publishers)) == [f"https://{EES_SITE}/data-catalogue/data-set/{key(7)}/csv"]


def test_where_the_page_names_no_file_the_archive_is_offered_with_its_parts() -> None:
    publishers = with_api()
    publishers.routes[EES_SITE, GUIDANCE] = next_data({"props": {"releaseVersionId": key(8)}})
    [offer] = offers(publishers)
    assert isinstance(offer, Offer)
    assert offer.wanted.url == f"https://{EES_CONTENT}/api/releases/{key(8)}/files"
    assert (offer.wanted.series, offer.wanted.extension) == ("cla-archive", "zip")
    assert [part.wanted.series for part in offer.parts] == ["rate", "stability"]


@pytest.mark.parametrize(
    "reply",
    [Reply(200, b"<html>another page</html>", {"Content-Type": "text/html"}),
     Reply(200, b'<script id="__NEXT_DATA__">{"cut</script>', {"Content-Type": "text/html"}),
     Reply(404, b"", {})],
)  # fmt: skip
def test_where_nothing_has_it_the_release_failed(reply: Reply) -> None:
    publishers = with_api()
    publishers.routes[EES_SITE, GUIDANCE] = reply
    found = offers(publishers)
    assert [(item.series, item.status) for item in found if isinstance(item, Absent)] == [
        ("rate", "failed"),
        ("stability", "not offered"),
    ]
    inferred = offers(publishers, editions=[{"period": "2024", "status": "inferred"}])
    assert [item.status for item in inferred if isinstance(item, Absent)] == ["not found", "not offered"]


def test_a_file_that_is_missing_among_others_is_told_with_their_titles() -> None:
    publishers = with_api()
    publishers.data_files[IDENTITY] = [data_file(1, "Stability", filename="la_cla_placement_stability.csv")]
    [first, _] = offers(publishers)
    assert isinstance(first, Absent)
    assert (first.status, first.reason) == ("failed", "none of the release's files is called so: Stability")


def test_the_list_alone_is_enough_when_the_api_is_down() -> None:
    publishers = Publishers()
    publishers.routes[EES_API, f"/statistics/v1/publications/{IDENTITY}/data-sets"] = Reply(503, b"busy")
    publishers.data_files[IDENTITY] = [data_file()]
    assert len(urls(offers(publishers))) == 1


def test_when_both_are_down_it_is_told() -> None:
    publishers = Publishers()
    publishers.routes[EES_API, f"/statistics/v1/publications/{IDENTITY}/data-sets"] = Reply(503, b"busy")
    publishers.routes[EES_CONTENT, "/api/data-set-files"] = Reply(503, b"busy")
    with pytest.raises(ReleaseError, match="503"):
        list_data_files(loader_of(publishers), publication())


@pytest.mark.parametrize("answer", [{"results": 7}, [], {"paging": {}}])
def test_an_answer_of_another_shape_is_a_fault_of_that_way_only(answer: Any) -> None:
    publishers = Publishers()
    publishers.routes[EES_API, f"/statistics/v1/publications/{IDENTITY}/data-sets"] = json_reply(answer)
    publishers.data_files[IDENTITY] = [data_file()]
    assert len(urls(offers(publishers))) == 1


def test_a_publication_without_id_is_found_by_its_slug() -> None:
    publishers = Publishers()
    publishers.publications = [{"id": key(n), "slug": f"other-{n}"} for n in range(25)]
    publishers.publications.append({"id": IDENTITY, "slug": SLUG})
    publishers.data_files[IDENTITY] = [data_file()]
    assert len(urls(offers(publishers, publication={"slug": SLUG}))) == 1


def test_a_publication_that_the_api_does_not_have_is_found_by_the_site() -> None:
    publishers = Publishers()
    publishers.routes[EES_CONTENT, f"/api/publications/{SLUG}"] = json_reply({"id": IDENTITY, "title": "x"})
    publishers.data_files[IDENTITY] = [data_file()]
    assert len(urls(offers(publishers, publication={"slug": SLUG}))) == 1


def test_two_files_of_one_name_are_for_a_person_to_tell_apart() -> None:
    publishers = with_api()
    publishers.data_files[IDENTITY] = [
        data_file(1, "Number and rate, by area"),
        data_file(2, "Number and rate"),
    ]
    [first, _] = offers(publishers)
    assert isinstance(first, Absent)
    assert first.status == "failed"
    assert "2 files may be 'rate'" in first.reason


def test_a_release_that_is_not_listed_is_found() -> None:
    publishers = with_api()
    publishers.data_files[IDENTITY] = [data_file(number, release=str(2022 + number)) for number in range(5)]
    files = list_data_files(loader_of(publishers), publication())
    assert [(item.period, item.release) for item in find_releases(publication(), files)] == [
        ("2025", "2025"),
        ("2026", "2026"),
    ]
