"""Nothing is ever half written."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from ofsight import files
from ofsight.files import folder_being_written, hash_file, restore_folder, write_text


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "data"
    for content in ("old", "new"):
        with folder_being_written(target) as folder:
            (folder / "file").write_text(content)
    assert (target / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_failed_block_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "data"
    with folder_being_written(target) as folder:
        (folder / "file").write_text("old")
    with pytest.raises(ZeroDivisionError), folder_being_written(target) as folder:
        (folder / "file").write_text(str(1 / 0))
    assert (target / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_where_the_system_cannot_swap_the_old_folder_is_moved_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    test_a_folder_is_replaced_whole(tmp_path)


def test_a_folder_left_under_its_backup_name_comes_back(tmp_path: Path) -> None:
    (tmp_path / ".data.previous").mkdir()
    (tmp_path / ".data.previous" / "file").write_text("old")
    assert restore_folder(tmp_path / "data")
    assert (tmp_path / "data" / "file").read_text() == "old"
    assert not restore_folder(tmp_path / "data")


def _write_for_ever(target: str) -> None:
    number = 0
    while True:
        number += 1
        with folder_being_written(Path(target)) as folder:
            for name in ("a", "b", "c"):
                (folder / name).write_text(str(number))


@pytest.mark.parametrize("delay", [0.05, 0.11, 0.17])
def test_a_writer_killed_at_any_moment_leaves_one_whole_folder(tmp_path: Path, delay: float) -> None:
    target = tmp_path / "data"
    writer = multiprocessing.get_context("fork").Process(target=_write_for_ever, args=(str(target),))
    writer.start()
    while not target.exists():
        time.sleep(0.005)
    time.sleep(delay)
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    restore_folder(target)
    assert len({(target / name).read_text() for name in ("a", "b", "c")}) == 1


def test_a_text_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "note.txt"
    write_text(path, "old")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["note.txt"]


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert hash_file(tmp_path / "empty").startswith("e3b0c44298fc1c14")
