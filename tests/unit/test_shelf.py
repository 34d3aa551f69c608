"""The shelf: what is held, which version stands on a day, and what a crash at any moment leaves."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ofsight.errors import ReleaseError, UsageError
from ofsight.releases import manifest as manifest_module
from ofsight.releases.locks import locked
from ofsight.releases.manifest import append_lines, read_lines
from ofsight.releases.shelf import Fault, Shelf
from ofsight.releases.versions import group_versions, newest
from ofsight.releases.wanted import Held, Wanted, check_name
from shelf_builders import line, wanted


def hold(shelf: Shelf, content: bytes, **facts: Any) -> tuple[Held, str]:
    """Put bytes on a shelf as a download does."""
    held = line(sha256(content).hexdigest(), size=len(content), **facts)
    with shelf.reserved(held.series, held.period) as place:
        place.write_bytes(content)
        return shelf.hold(place, held)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


# ---- what is kept


def test_a_file_is_kept_under_its_hash_with_its_line(shelf: Shelf) -> None:
    held, status = hold(shelf, b"one", published="2024-07-15", etag='"1"')
    assert status == "new"
    assert held.file == f"provider-level-at-31-march/2024-03-31/{sha256(b'one').hexdigest()}.csv"
    assert shelf.path_of(held).read_bytes() == b"one"
    assert json.loads(shelf.manifest.read_text(encoding="utf-8"))["etag"] == '"1"'
    assert shelf.held() == (held,)
    assert shelf.verify() == ()
    assert Shelf.is_at(shelf.path)


def test_a_changed_file_is_a_version_beside_the_old(shelf: Shelf) -> None:
    first, _ = hold(shelf, b"one", published="2024-07-15")
    second, status = hold(shelf, b"two", published="2024-08-05", retrieved="2026-11-24T05:00:00+00:00")
    assert status == "changed"
    assert shelf.path_of(first).read_bytes() == b"one"
    assert shelf.versions(*first.key) == (first, second)
    assert shelf.current(*first.key) == second
    assert [path.read_bytes() for path, _ in shelf.files()] == [b"two"]
    assert [path.read_bytes() for path, _ in shelf.files(date(2024, 8, 4))] == [b"one"]


def test_the_same_bytes_again_are_no_version_and_say_only_what_is_new(shelf: Shelf) -> None:
    first, _ = hold(shelf, b"one", published="2024-07-15")
    again, status = hold(shelf, b"one", published="2024-07-15", retrieved="2026-12-01T00:00:00+00:00")
    assert (again, status) == (first, "same bytes")
    assert len(shelf.held()) == 1
    later, status = hold(shelf, b"one", published="2024-09-01", url="https://x.test/elsewhere.csv")
    assert status == "same bytes"
    assert len(shelf.held()) == 2
    assert shelf.versions(*first.key) == (first,)
    assert shelf.current(*first.key) == later
    # The bytes had been published in July, whatever the page says now.
    assert [held for _, held in shelf.files(date(2024, 8, 1))] == [first]


def test_one_file_of_two_series_is_held_twice(shelf: Shelf) -> None:
    hold(shelf, b"one")
    hold(shelf, b"one", series="provider-level-mid-year")
    assert len(shelf.files()) == 2
    assert shelf.verify() == ()


def test_nothing_is_written_where_another_folder_is(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("URN\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"is no shelf .*mine.csv.*ofsight add"):
        hold(Shelf(tmp_path), b"one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.csv"]
    with pytest.raises(UsageError, match="is a file"):
        hold(Shelf(tmp_path / "mine.csv"), b"one")


def test_a_folder_with_a_manifest_of_somebody_else_is_no_shelf(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text('{"name": "x"}\n', encoding="utf-8")
    assert not Shelf.is_at(tmp_path)
    with pytest.raises(UsageError, match="is no shelf"):
        hold(Shelf(tmp_path), b"one")


def test_nothing_is_looked_for_or_made_where_no_shelf_is(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UsageError, match="is no shelf"):
            Shelf(path).verify()
        with pytest.raises(UsageError, match="is no shelf"):
            Shelf(path).withdraw("0" * 64, "why")
        assert Shelf(path).held() == ()
        assert Shelf(path).files() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["..", "../x", "a/b", "a\\b", "", ".hidden", "a..b", "A", "é", "a b", "con", "nul.csv", "x" * 81, "a."],
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name"):
        check_name(name, "series")
    with pytest.raises(UsageError):
        wanted(series=name)
    with pytest.raises(UsageError):
        wanted(period=name)


def test_what_is_wanted_is_checked() -> None:
    with pytest.raises(UsageError, match="'exe' is no kind of file"):
        wanted(extension="exe")
    with pytest.raises(ValueError):
        wanted(published="last July")
    assert Wanted(**{name: getattr(wanted(), name) for name in Wanted.__slots__}) == wanted()


# ---- what a crash leaves


def test_a_torn_last_line_is_passed_over_and_taken_away(shelf: Shelf) -> None:
    first, _ = hold(shelf, b"one")
    whole = shelf.manifest.read_bytes()
    for cut in (1, 30, len(whole) - 1):
        shelf.manifest.write_bytes(whole + whole[:cut])
        assert shelf.held() == (first,)
    second, _ = hold(shelf, b"two")
    assert shelf.held() == (first, second)
    assert shelf.manifest.read_bytes().startswith(whole)
    assert shelf.manifest.read_bytes().count(b"\n") == 2


def test_a_torn_line_longer_than_the_next_leaves_nothing_behind(shelf: Shelf) -> None:
    first, _ = hold(shelf, b"one", title="A title " * 200)
    whole = shelf.manifest.read_bytes()
    shelf.manifest.write_bytes(whole + whole[:-1])
    second, _ = hold(shelf, b"two")
    assert shelf.held() == (first, second)
    assert shelf.manifest.read_bytes().endswith(b"}\n")


def test_a_torn_first_line_still_marks_a_shelf(shelf: Shelf) -> None:
    hold(shelf, b"one")
    shelf.manifest.write_bytes(shelf.manifest.read_bytes()[:40])
    assert Shelf.is_at(shelf.path)
    assert shelf.held() == ()
    held, status = hold(shelf, b"one")
    assert (shelf.held(), status) == ((held,), "new")


@pytest.mark.parametrize(
    "damage",
    [
        b"{\n",
        b"null\n",
        b"\xff\xfe\n",
        b'{"series": "x"}\n',
    ],
)
def test_a_damaged_line_elsewhere_stops_the_reader(shelf: Shelf, damage: bytes) -> None:
    hold(shelf, b"one")
    shelf.manifest.write_bytes(shelf.manifest.read_bytes() + damage + shelf.manifest.read_bytes())
    with pytest.raises(ReleaseError, match=r"manifest.jsonl, row 2: .*Only ofsight writes there"):
        shelf.held()


@pytest.mark.parametrize(
    "change",
    [
        {"file": "../../etc/passwd"},
        {"file": "provider-level-at-31-march/2024-03-31/../x.csv"},
        {"series": ".."},
        {"sha256": "A" * 64},
        {"size": "1"},
        {"size": True},
        {"origin": "found"},
        {"retrieved": "yesterday"},
        {"published": "soon"},
        {"withdrawn": "no"},
        {"name": 7},
        {"title": None, "url": ["x"]},
    ],
)
def test_a_line_that_ofsight_would_not_write_is_refused(shelf: Shelf, change: dict[str, object]) -> None:
    hold(shelf, b"one")
    facts = json.loads(shelf.manifest.read_text(encoding="utf-8"))
    shelf.manifest.write_text(json.dumps({**facts, **change}) + "\n", encoding="utf-8")
    with pytest.raises(ReleaseError, match="no line that ofsight wrote"):
        shelf.held()


def test_a_line_of_a_later_ofsight_is_read(shelf: Shelf) -> None:
    held, _ = hold(shelf, b"one")
    facts = json.loads(shelf.manifest.read_text(encoding="utf-8"))
    shelf.manifest.write_text(json.dumps({**facts, "colour": "blue"}) + "\n", encoding="utf-8")
    assert shelf.held() == (held,)


def test_bytes_whose_line_was_never_written_are_not_seen(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the move and the line: no build reads the file, and the next fetch lists it."""
    hold(shelf, b"one")
    monkeypatch.setattr(
        "ofsight.releases.shelf.append_lines", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    with pytest.raises(KeyboardInterrupt):
        hold(shelf, b"two")
    monkeypatch.undo()
    assert [path.read_bytes() for path, _ in shelf.files()] == [b"one"]
    assert [fault.problem for fault in shelf.verify()] == ["unlisted"]
    _, status = hold(shelf, b"two")
    assert status == "changed"
    assert shelf.verify() == ()


def test_a_damaged_file_is_never_read_and_mended_by_the_next_copy(shelf: Shelf) -> None:
    held, _ = hold(shelf, b"one")
    shelf.path_of(held).write_bytes(b"0ne")
    with pytest.raises(ReleaseError, match=r"the file is damaged: .*ofsight fetch"):
        shelf.files()
    assert shelf.verify() == (Fault(held.file, "damaged"),)
    hold(shelf, b"one")
    assert shelf.verify() == ()
    shelf.path_of(held).unlink()
    with pytest.raises(ReleaseError, match="the file is missing"):
        shelf.files()
    hold(shelf, b"one")
    assert [path.read_bytes() for path, _ in shelf.files()] == [b"one"]


def test_a_damaged_old_version_does_not_bar_the_new(shelf: Shelf) -> None:
    first, _ = hold(shelf, b"one", published="2024-07-15")
    hold(shelf, b"two", published="2024-08-05")
    shelf.path_of(first).write_bytes(b"0ne")
    assert [path.read_bytes() for path, _ in shelf.files()] == [b"two"]
    with pytest.raises(ReleaseError, match="damaged"):
        shelf.files(date(2024, 7, 31))


def test_a_full_disk_is_one_message_and_the_manifest_is_as_it_was(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = hold(shelf, b"one")
    before = shelf.manifest.read_bytes()
    write, written = os.write, []

    def full(handle: int, data: Any) -> int:
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(write(handle, bytes(data)[:20]))
        return written[0]

    monkeypatch.setattr(manifest_module.os, "write", full)
    with pytest.raises(ReleaseError, match=r"the disk is full.*What was held is as it was"):
        hold(shelf, b"two")
    monkeypatch.undo()
    assert written, "the test did not reach the manifest"
    assert shelf.manifest.read_bytes() == before
    assert shelf.held() == (first,)


def test_lines_are_synced_before_they_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    monkeypatch.setattr(
        manifest_module.os, "fsync", lambda handle: seen.append((tmp_path / "manifest.jsonl").read_bytes())
    )
    append_lines(tmp_path / "manifest.jsonl", [line()])
    assert seen[0] == (tmp_path / "manifest.jsonl").read_bytes()
    assert len(read_lines(tmp_path / "manifest.jsonl")) == 1


# ---- two at once


def test_who_comes_second_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []
    began = threading.Event()

    def first() -> None:
        with locked(tmp_path / "lock", "testing"):
            began.set()
            time.sleep(0.3)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    began.wait(5)
    with locked(tmp_path / "lock", "testing"):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_who_waits_too_long_is_told_so(tmp_path: Path) -> None:
    now = [0.0]
    second = locked(
        tmp_path / "lock",
        "fetching x",
        patience=10,
        sleep=lambda seconds: now.__setitem__(0, now[0] + seconds),
        clock=lambda: now[0],
    )
    told = pytest.raises(ReleaseError, match=r"another ofsight has been fetching x for 10 s")
    with locked(tmp_path / "lock", "testing"), told, second:
        raise AssertionError("two hold it")
    assert now[0] == pytest.approx(10, abs=0.3)


def test_many_writers_lose_no_line(shelf: Shelf) -> None:
    threads = [
        threading.Thread(target=hold, args=(shelf, b"%d" % n), kwargs={"period": f"20{n:02d}"})
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shelf.files()) == 12
    assert shelf.verify() == ()


# ---- which version stands


def _lines(*told: tuple[str, str, str | None]) -> list[Held]:
    """Lines of (bytes, day it came, day of publication)."""
    return [
        line(mark * 64, retrieved=f"{came}T00:00:00+00:00", published=published)
        for mark, came, published in told
    ]


def _stands(lines: list[Held], day: str | None = None, held_by: str | None = None) -> str | None:
    found = newest(
        group_versions(lines, date.fromisoformat(held_by) if held_by else None),
        date.fromisoformat(day) if day else None,
    )
    return None if found is None else found.first.sha256[0]


def test_a_day_takes_what_was_published_by_then() -> None:
    lines = _lines(("a", "2026-01-01", "2024-07-15"), ("b", "2026-02-01", "2024-08-05T09:30:00+01:00"))
    days = ("2024-07-14", "2024-07-15", "2024-08-04", "2024-08-05", None)
    assert [_stands(lines, day) for day in days] == [None, "a", "a", "b", "b"]


def test_the_day_of_publication_is_the_day_where_it_was_published() -> None:
    midnight = _lines(("a", "2026-01-01", "2024-07-15T00:00:00+01:00"))
    assert (_stands(midnight, "2024-07-14"), _stands(midnight, "2024-07-15")) == (None, "a")
    assert midnight[0].published_on == date(2024, 7, 15)


def test_a_vintage_is_the_same_later_when_what_came_later_is_left_out() -> None:
    lines = _lines(("b", "2026-01-01", "2024-08-05"))
    assert _stands(lines, "2024-08-31", held_by="2026-06-30") == "b"
    lines += _lines(("c", "2026-07-01", "2024-08-20"))
    assert _stands(lines, "2024-08-31") == "c"
    assert _stands(lines, "2024-08-31", held_by="2026-06-30") == "b"
    assert _stands(lines, held_by="2025-12-31") is None


def test_without_a_date_the_server_says_since_when_and_else_the_day_it_came() -> None:
    undated = [line("a" * 64, retrieved="2026-01-01T00:00:00+00:00")]
    assert (_stands(undated, "2025-12-31"), _stands(undated, "2026-01-01")) == (None, "a")
    dated = [
        line("a" * 64, retrieved="2026-01-01T00:00:00+00:00", last_modified="Mon, 15 Jul 2024 08:30:00 GMT")
    ]
    assert (_stands(dated, "2024-07-14"), _stands(dated, "2024-07-15")) == (None, "a")
    ahead = [
        line("a" * 64, retrieved="2026-01-01T00:00:00+00:00", last_modified="Mon, 15 Jul 2030 08:30:00 GMT")
    ]
    assert _stands(ahead, "2026-01-01") == "a"


def test_an_old_file_put_back_is_the_newest() -> None:
    lines = _lines(
        ("a", "2026-01-01", "2024-07-15"),
        ("b", "2026-02-01", "2024-08-05"),
        ("a", "2026-03-01", "2024-07-15"),
    )
    assert _stands(lines) == "a"
    assert _stands(lines, held_by="2026-02-15") == "b"
    assert _stands(lines, "2024-08-04") == "a"


def test_what_a_user_adds_without_a_date_never_stands_before_what_is_dated() -> None:
    added = line("c" * 64, origin="added", url=None, retrieved="2026-06-01T00:00:00+00:00")
    dated = _lines(("a", "2026-01-01", "2024-07-15"))
    assert _stands([*dated, added]) == "a"
    assert _stands([added, *dated]) == "a"
    assert _stands([added]) == "c"
    assert _stands([added], "2026-05-31") is None
    # With a date it takes its turn.
    told = line("c" * 64, origin="added", url=None, published="2024-09-01")
    assert _stands([*dated, told]) == "c"


def test_an_undated_copy_gets_its_date_when_its_publisher_sends_it() -> None:
    added = line("a" * 64, origin="added", url=None, retrieved="2026-06-01T00:00:00+00:00")
    fetched = line("a" * 64, retrieved="2026-07-01T00:00:00+00:00", published="2024-07-15")
    assert _stands([added, fetched], "2024-08-01") == "a"


def test_a_withdrawn_file_stands_no_more_until_a_user_adds_it_again(shelf: Shelf) -> None:
    good, _ = hold(shelf, b"one", published="2024-07-15")
    bad, _ = hold(shelf, b"two", published="2024-08-05", origin="added", url=None)
    assert shelf.current(*bad.key) == bad
    (told,) = shelf.withdraw(bad.sha256[:8], "the wrong year")
    assert (told.withdrawn, told.said, told.sha256) == (True, "the wrong year", bad.sha256)
    assert shelf.current(*bad.key) == good
    assert shelf.versions(*bad.key) == (good,)
    assert shelf.path_of(bad).read_bytes() == b"two"
    assert shelf.verify() == ()
    hold(shelf, b"two", published="2024-08-05")  # as its publisher sends it: still withdrawn
    assert shelf.current(*bad.key) == good
    hold(shelf, b"two", published="2024-08-05", origin="added", url=None)
    assert shelf.current(*bad.key).sha256 == bad.sha256  # type: ignore[union-attr]


def test_only_a_file_that_stands_and_is_meant_alone_is_withdrawn(shelf: Shelf) -> None:
    held, _ = hold(shelf, b"one")
    with pytest.raises(UsageError, match="8 digits or more"):
        shelf.withdraw(held.sha256[:7], "why")
    with pytest.raises(UsageError, match="no file that stands"):
        shelf.withdraw("0" * 64, "why")
    shelf.withdraw(held.sha256, "why")
    with pytest.raises(UsageError, match="no file that stands"):
        shelf.withdraw(held.sha256, "why")


# ---- names for readers


@pytest.mark.parametrize(
    ("name", "period", "called"),
    [
        ("Providers_places.csv", "2018-03-31", "Providers_places (31 March 2018).csv"),
        (None, "2018-03-31", "provider-level-at-31-march (31 March 2018).csv"),
        ("data.csv", "2023-24", "data (2023-24).csv"),
        ("SFR50_2017_CLA.csv", "2017", "SFR50_2017_CLA.csv"),
        ("list-31-march-2018.xlsx", "2018-03-31", "list-31-march-2018 (31 March 2018).csv"),
        ("noending", "2017", "noending (2017).csv"),
        ("a.b.c.csv", "2017", "a.b.c (2017).csv"),
        ("../../etc/x.csv", "2017", ".._.._etc_x (2017).csv"),
        (".csv", "2017", ".csv (2017).csv"),
    ],
)
def test_a_file_is_called_as_its_publisher_calls_it_and_by_its_day(
    name: str | None, period: str, called: str
) -> None:
    assert line(name=name, period=period).called == called
