"""A folder that is replaced whole never takes with it what ofsight did not write."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from ofsight.errors import UsageError
from ofsight.files import Contents, folder_being_written, list_contents, refuse_strangers

CONTENTS = Contents("thing", "thing.json", ("rows.csv", "tables/*.csv"))


def write(target: Path, rows: str = "old") -> None:
    with folder_being_written(target, CONTENTS) as new:
        (new / "tables").mkdir()
        (new / "rows.csv").write_text(rows)
        (new / "tables" / "extra.txt").write_text(rows)
        (new / "thing.json").write_text(json.dumps({"files": list_contents(new, "thing.json")}))


def left_beside(target: Path) -> list[str]:
    return [path.name for path in target.parent.iterdir() if path.name.startswith(f".{target.name}")]


def test_what_was_written_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "out"
    write(target)
    (target / ".DS_Store").write_text("left by a file manager")
    write(target, "new")
    assert (target / "rows.csv").read_text() == "new"
    assert left_beside(target) == []


@pytest.mark.parametrize("name", ["notes.txt", "tables/mine.csv", "releases/list.csv", ".hidden"])
def test_a_stranger_is_named_and_stays(tmp_path: Path, name: str) -> None:
    target = tmp_path / "out"
    write(target)
    (target / name).parent.mkdir(exist_ok=True)
    (target / name).write_text("mine")
    with pytest.raises(UsageError, match=f"{name.split('/')[0]}.*Move it out"):
        write(target, "new")
    assert (target / name).read_text() == "mine"
    assert (target / "rows.csv").read_text() == "old"
    assert left_beside(target) == []


def test_a_stranger_that_comes_while_writing_stays(tmp_path: Path) -> None:
    target = tmp_path / "out"
    write(target)
    with pytest.raises(UsageError, match=r"notes\.txt"), folder_being_written(target, CONTENTS):
        (target / "notes.txt").write_text("mine")
    assert (target / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("mark", ["{}", "{half", '{"files": 3}'])
def test_a_mark_without_a_list_falls_back_to_the_known_names(tmp_path: Path, mark: str) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "thing.json").write_text(mark)
    (tmp_path / "rows.csv").touch()
    (tmp_path / "tables" / "a.csv").touch()
    refuse_strangers(tmp_path, CONTENTS)
    (tmp_path / "tables" / "a.docx").touch()
    with pytest.raises(UsageError, match=r"tables/a\.docx"):
        refuse_strangers(tmp_path, CONTENTS)


def test_a_folder_without_the_mark_and_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").touch()
    for path in (tmp_path, tmp_path / "rows.csv"):
        with pytest.raises(UsageError, match="is no thing of ofsight"):
            refuse_strangers(path, CONTENTS)
    refuse_strangers(tmp_path / "nothing", CONTENTS)


def test_many_strangers_are_counted(tmp_path: Path) -> None:
    write(tmp_path / "out")
    for n in range(8):
        (tmp_path / "out" / f"mine{n}").touch()
    with pytest.raises(UsageError, match="mine4 and 3 more"):
        write(tmp_path / "out")


def test_a_link_to_a_folder_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", "first")
    write(tmp_path / "link", "second")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "rows.csv").read_text() == "second"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


def _hang(target: str, ready: str) -> None:
    with folder_being_written(Path(target), CONTENTS) as new:
        (new / "rows.csv").write_text("half")
        Path(ready).touch()
        time.sleep(60)


def test_what_a_killed_writer_left_goes_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    target = tmp_path / "out"
    ready = tmp_path / "ready"
    writer = multiprocessing.get_context("fork").Process(target=_hang, args=(str(target), str(ready)))
    writer.start()
    try:
        until = time.monotonic() + 20
        while not ready.exists() and time.monotonic() < until:
            time.sleep(0.01)
        (tmp_path / ".out.new-notebook").mkdir()  # an unlocked folder, as a dead writer leaves it
        (tmp_path / ".out.new-my own").mkdir()  # no name that a writer gives
        write(target)
        living = [name for name in left_beside(target) if name != ".out.new-my own"]
        assert len(living) == 1
        assert (tmp_path / living[0] / "rows.csv").read_text() == "half"
    finally:
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
    write(target, "new")
    assert left_beside(target) == [".out.new-my own"]
    assert (target / "rows.csv").read_text() == "new"
