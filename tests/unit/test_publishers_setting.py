"""OFSIGHT_PUBLISHERS: loopback only, and everything said in the publishers' own addresses."""

from __future__ import annotations

import json

import httpx
import pytest

from fake_publishers import GOVUK, Publishers, Reply, json_reply, page
from ofsight.errors import UsageError
from ofsight.releases.publishers import STAND_INS, open_downloader, read_stand_ins
from ofsight.releases.refusals import RefusedError, UnreachableError
from ofsight.releases.wire import Limits

ONCE = Limits(attempts=1, wait_initial=0.0, wait_max=0.0, wait_jitter=0.0)


@pytest.mark.parametrize(
    "value",
    [
        "{",
        "[]",
        '{"www.gov.uk": "https://127.0.0.1:8000"}',
        '{"www.gov.uk": "http://example.org"}',
        '{"www.gov.uk": "http://10.0.0.1"}',
        '{"www.gov.uk": "http://169.254.169.254"}',
        '{"www.gov.uk": "http://localhost.example.org"}',
        '{"www.gov.uk": "http://user:secret@127.0.0.1"}',
        '{"www.gov.uk": "http://127.0.0.1/path"}',
        '{"www.gov.uk": 7}',
    ],
)
def test_nothing_but_a_loopback_address_is_taken(value: str) -> None:
    with pytest.raises(UsageError, match=STAND_INS):
        read_stand_ins(value)


def test_no_setting_is_no_stand_in() -> None:
    assert read_stand_ins(None) == read_stand_ins("") == {}
    assert read_stand_ins('{"WWW.gov.uk": "http://[::1]:80"}') == {"www.gov.uk": httpx.URL("http://[::1]:80")}


def test_a_stand_in_answers_under_the_publishers_name(monkeypatch: pytest.MonkeyPatch) -> None:
    publishers = Publishers()
    publishers.pages["a"] = page("a")
    publishers.pages["b"] = Reply(301, b"", {"Location": f"https://{GOVUK}/api/content/a"})
    with publishers.serve() as stand_ins:
        monkeypatch.setenv(STAND_INS, json.dumps(stand_ins))
        with open_downloader((GOVUK,), limits=ONCE) as loader:
            answer = loader.get(f"https://{GOVUK}/api/content/b")
    assert answer.url == f"https://{GOVUK}/api/content/a"
    assert [host for host, _, _ in publishers.asked] == [GOVUK, GOVUK]
    assert all("ofsight" in headers["user-agent"] for _, _, headers in publishers.asked)


def test_a_stand_in_cannot_lead_to_this_machine_or_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    publishers = Publishers()
    with publishers.serve() as stand_ins:
        for number, target in enumerate((stand_ins[GOVUK], "https://elsewhere.example/")):
            publishers.pages[f"p{number}"] = Reply(302, b"", {"Location": target})
        monkeypatch.setenv(STAND_INS, json.dumps(stand_ins))
        with open_downloader((GOVUK,), limits=ONCE) as loader:
            for number in range(2):
                with pytest.raises(RefusedError):
                    loader.get(f"https://{GOVUK}/api/content/p{number}")
    assert len(publishers.asked) == 2


def test_a_host_that_is_not_named_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STAND_INS, '{"other.example": "http://127.0.0.1:1"}')
    with open_downloader((GOVUK,), limits=ONCE) as loader, pytest.raises(UnreachableError, match=STAND_INS):
        loader.get(f"https://{GOVUK}/")


def test_hosts_of_others_are_refused_whatever_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STAND_INS, '{"other.example": "http://127.0.0.1:1"}')
    with open_downloader((GOVUK,), limits=ONCE) as loader, pytest.raises(RefusedError):
        loader.get("https://other.example/")


def test_json_of_a_stand_in_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    publishers = Publishers()
    publishers.routes[GOVUK, "/x"] = json_reply({"packed": True})
    with publishers.serve() as stand_ins:
        monkeypatch.setenv(STAND_INS, json.dumps(stand_ins))
        with open_downloader((GOVUK,), limits=ONCE) as loader:
            assert loader.get_json(f"https://{GOVUK}/x") == {"packed": True}
