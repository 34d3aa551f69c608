"""The machine around ofsight: disks, rights, clocks, locales, two at once. See docs/faults.md.

Every command is a process of its own, as people run it. A full disk is a small tmpfs, which takes root; what
root may do anyway (write where nobody may) is tried by a user who may not.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from builders import grid, providers, visits, write_csv
from ofsight.dataset.store import open_dataset

NOBODY = 65534
OFSIGHT = [sys.executable, "-c", "from ofsight.cli import main; main()"]


def _ofsight(
    *arguments: object, how: Mapping[str, str] | None = None, before: list[str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*(before or []), *OFSIGHT, *map(str, arguments)],
        env={**os.environ, "POLARS_MAX_THREADS": "1", **(how or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def _build(releases: Path, dataset: Path, **how: object) -> subprocess.CompletedProcess[str]:
    return _ofsight("build", "--releases", releases, "--dataset", dataset, **how)  # type: ignore[arg-type]


def _one_message(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode in (1, 2, 3, 4), (result.returncode, result.stderr)
    assert result.stderr.startswith("Error: "), result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr, result.stderr


def _numbers(dataset: Path) -> dict[str, str]:
    """The hash of every table."""
    facts = json.loads((dataset / "dataset.json").read_text(encoding="utf-8"))
    return {name: fact["sha256"] for name, fact in facts["tables"].items()}


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("around") / "releases"
    write_csv(folder / "year.csv", grid(visits(60)))
    write_csv(folder / "list.csv", grid(providers(60)))
    return folder


@pytest.fixture(scope="module")
def usual(releases: Path) -> dict[str, str]:
    assert _build(releases, releases.parent / "usual").returncode == 0
    return _numbers(releases.parent / "usual")


def test_no_surroundings_change_a_byte(releases: Path, usual: dict[str, str], tmp_path: Path) -> None:
    """Hash seeds, a locale that writes 1,5, a clock at the other end of the world: the same tables."""
    surroundings = {
        "a hash seed, a locale with commas, far east": {
            "PYTHONHASHSEED": "1",
            "LC_ALL": "de_DE.UTF-8",
            "LANG": "de_DE.UTF-8",
            "LANGUAGE": "de",
            "TZ": "Pacific/Kiritimati",
        },
        "another hash seed, no locale, far west": {
            "PYTHONHASHSEED": "4242",
            "LC_ALL": "C",
            "PYTHONUTF8": "0",
            "PYTHONCOERCECLOCALE": "0",
            "TZ": "Etc/GMT+12",
        },
    }
    for number, (what, how) in enumerate(surroundings.items()):
        result = _build(releases, tmp_path / str(number), how=how)
        assert result.returncode == 0, (what, result.stderr)
        assert _numbers(tmp_path / str(number)) == usual, what


COMMAS = """
import locale, sys
import builtins
locale.localeconv = lambda real=locale.localeconv: {{**real(), "decimal_point": ",", "thousands_sep": "."}}
locale.atof = locale.str = locale.format_string = None
from ofsight.cli import main
sys.argv = ["ofsight", *sys.argv[1:]]
main()
"""


def test_nothing_asks_the_locale_for_a_comma(releases: Path, usual: dict[str, str], tmp_path: Path) -> None:
    """Where de_DE is not installed the variable alone proves little: here Python itself says comma."""
    arguments = ["build", "--releases", str(releases), "--dataset", str(tmp_path / "dataset")]
    code = COMMAS.format()
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert _numbers(tmp_path / "dataset") == usual


CLOCK = """
import sys, time, datetime
real = datetime.datetime
class Clock(real):
    @classmethod
    def now(cls, tz=None): return real({year}, 1, 2, 3, 4, 5, tzinfo=tz)
class Day(datetime.date):
    @classmethod
    def today(cls): return datetime.date({year}, 1, 2)
datetime.datetime = Clock
datetime.date = Day
time.time = lambda: real({year}, 1, 2).timestamp()
sys.path[:0] = {paths!r}
from ofsight.dataset.build import build_dataset
from pathlib import Path
print(build_dataset(Path(sys.argv[1]), Path(sys.argv[2])).unchanged)
"""


@pytest.mark.parametrize("year", [1999, 2090])
def test_a_clock_that_is_wrong_dates_the_build_and_nothing_else(
    releases: Path, usual: dict[str, str], tmp_path: Path, year: int
) -> None:
    code = CLOCK.format(year=year, paths=[])
    command = [sys.executable, "-c", code, str(releases), str(tmp_path / "dataset")]
    for unchanged in ("False", "True"):
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout.strip()) == (0, unchanged), result.stderr
    assert _numbers(tmp_path / "dataset") == usual
    assert open_dataset(tmp_path / "dataset").metadata["built_at"].startswith(str(year))
    # The right clock finds nothing to do: what is new is told by bytes, not by times.
    assert "nothing to do" in _build(releases, tmp_path / "dataset").stdout


def test_two_builds_at_once_both_end_and_one_dataset_is_whole(
    releases: Path, usual: dict[str, str], tmp_path: Path
) -> None:
    command = [*OFSIGHT, "build", "--releases", str(releases), "--dataset", str(tmp_path / "dataset")]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in "ab"
    ]
    for process in both:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    assert _numbers(tmp_path / "dataset") == usual
    assert open_dataset(tmp_path / "dataset").sql("select count(*) as n from inspections")["n"][0] == 90
    assert [path.name for path in tmp_path.iterdir()] == ["dataset"]


def test_ctrl_c_ends_a_build_without_a_word_and_leaves_nothing(releases: Path, tmp_path: Path) -> None:
    command = [*OFSIGHT, "build", "--releases", str(releases), "--dataset", str(tmp_path / "dataset")]
    begun = time.monotonic()
    subprocess.run([*command[:-1], str(tmp_path / "whole")], capture_output=True, check=True)
    whole = time.monotonic() - begun
    codes = set()
    for share in (0.4, 0.6, 0.8):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_heed_ctrl_c
        )
        time.sleep(share * whole)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=60)
        codes.add(process.returncode)
        assert process.returncode in (0, 130, -signal.SIGINT)  # the last: while Python itself ends
        assert errors == b""
        assert process.returncode != 130 or said == b""
        if (tmp_path / "dataset").exists():  # it was done before
            assert _numbers(tmp_path / "dataset") == _numbers(tmp_path / "whole")
            shutil.rmtree(tmp_path / "dataset")
        assert [path.name for path in tmp_path.iterdir()] == ["whole"]
    assert 130 in codes


def _heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & shuts it


@pytest.fixture
def tight(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "tight"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("a full disk takes a tmpfs, and mounting one takes root")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_stops_the_build_and_leaves_the_dataset(
    releases: Path, usual: dict[str, str], tight: Path
) -> None:
    (tight / "filler").write_bytes(b"x" * 700_000)
    result = _build(releases, tight / "dataset")
    _one_message(result, "No space left on device")
    assert [path.name for path in tight.iterdir()] == ["filler"], "half a dataset was left"


def _as_nobody() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


@pytest.fixture
def shut(releases: Path, usual: dict[str, str]) -> Iterator[Path]:
    """A folder in /tmp, where a user who owns nothing can come, and which he may not write."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="ofsight-shut-", dir="/tmp") as made:
        folder = Path(made)
        folder.chmod(0o755)
        shutil.copytree(releases, folder / "releases")
        shutil.copytree(releases.parent / "usual", folder / "dataset")
        home = folder / "home"
        home.mkdir()
        os.chown(home, NOBODY, NOBODY) if os.geteuid() == 0 else None
        yield folder


def test_a_folder_that_may_not_be_written_is_named(shut: Path) -> None:
    shut.joinpath("releases", "list.csv").write_bytes(
        shut.joinpath("releases", "year.csv").read_bytes() + b"\n"
    )
    if os.geteuid() != 0:
        shut.chmod(0o555)
    before = _numbers(shut / "dataset")
    how = {"HOME": str(shut / "home")}
    result = _build(shut / "releases", shut / "dataset", how=how, before=_as_nobody())
    shut.chmod(0o755)
    _one_message(result)
    assert _numbers(shut / "dataset") == before
    assert sorted(path.name for path in shut.iterdir()) == ["dataset", "home", "releases"]


def test_a_dataset_that_may_only_be_read_is_read(shut: Path) -> None:
    """An unchanged build writes nothing, and a question only reads."""
    how = {"HOME": str(shut / "home")}
    result = _build(shut / "releases", shut / "dataset", how=how, before=_as_nobody())
    assert result.returncode == 0, result.stderr
    assert "nothing to do" in result.stdout


def test_a_release_that_may_not_be_read_is_named(shut: Path) -> None:
    (shut / "releases" / "list.csv").chmod(0o000)
    how = {"HOME": str(shut / "home")}
    result = _build(shut / "releases", shut / "home" / "dataset", how=how, before=_as_nobody())
    (shut / "releases" / "list.csv").chmod(0o644)
    _one_message(result, "list.csv", "Permission denied")


def test_without_a_network_all_but_fetch_works_and_fetch_says_so(
    releases: Path, usual: dict[str, str], tmp_path: Path
) -> None:
    """In a network of its own a process reaches nobody, not even this machine."""
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--net"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine gives no process a network of its own (unshare --net)")
    result = _build(releases, tmp_path / "dataset", before=alone)
    assert result.returncode == 0, result.stderr
    assert _numbers(tmp_path / "dataset") == usual
    result = _ofsight("fetch", "--to", tmp_path / "shelf", before=alone)
    assert result.returncode != 0
    assert "Traceback" not in result.stderr + result.stdout
    assert "cannot be reached" in result.stderr + result.stdout


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small dataset and its study, in a folder that every user may enter."""
    from ofsight.dataset.build import build_dataset
    from ofsight.demo import write_releases
    from ofsight.study.run import run_study

    folder = tmp_path_factory.mktemp("results")
    write_releases(folder / "releases", n_homes=40, first_year=2018, last_year=2019)
    build_dataset(folder / "releases", folder / "dataset")
    run_study(folder / "dataset", folder / "study", analyses=())
    return folder


def _writing(what: str, results: Path, to: Path) -> list[str]:
    source = ("--study", results / "study") if what == "report" else ("--dataset", results / "dataset")
    return [what, *map(str, source), "--to", str(to)]


WRITERS = ("plan", "report", "freeze")


@pytest.mark.parametrize("what", WRITERS)
def test_a_full_disk_stops_what_is_written_and_leaves_nothing(what: str, results: Path, tight: Path) -> None:
    (tight / "filler").write_bytes(b"x" * 1_000_000)
    result = _ofsight(*_writing(what, results, tight / "made"))
    _one_message(result, "No space left on device")
    left = [path for path in tight.rglob("*") if path.is_file()]
    assert left == [tight / "filler"], "something half written was left"


@pytest.mark.parametrize("what", WRITERS)
def test_a_folder_that_may_not_be_written_is_named_by_every_writer(
    what: str, results: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="ofsight-shut-", dir="/tmp") as made:
        folder = Path(made)
        for name in ("dataset", "study"):
            shutil.copytree(results / name, folder / name)
        home = folder / "home"
        home.mkdir()
        os.chown(home, NOBODY, NOBODY) if os.geteuid() == 0 else None
        folder.chmod(0o555)
        how = {"HOME": str(home), "NUMBA_CACHE_DIR": str(home), "TMPDIR": str(home)}
        result = _ofsight(*_writing(what, folder, folder / "made"), how=how, before=_as_nobody())
        folder.chmod(0o755)
        _one_message(result, "made")
        assert sorted(path.name for path in folder.iterdir()) == ["dataset", "home", "study"]


def test_no_surroundings_change_a_byte_of_a_report_and_no_network_is_asked(
    results: Path, tmp_path: Path
) -> None:
    """Locale, hash seed, time zone and no network: one report, letter by letter."""
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--net"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode != 0:
        alone = []
    how = {"LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "4242", "TZ": "Pacific/Kiritimati"}
    for number, (given, before) in enumerate((({"PYTHONHASHSEED": "1"}, []), (how, alone))):
        result = _ofsight(*_writing("report", results, tmp_path / str(number)), how=given, before=before)
        assert result.returncode == 0, result.stderr
    one, other = ((tmp_path / str(number) / "report.html").read_bytes() for number in (0, 1))
    assert one == other
