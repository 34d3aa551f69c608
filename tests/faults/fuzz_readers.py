"""Coverage-guided fuzzing of the readers (`make fuzz`): numbers on the screen, what was found in a folder.

    python tests/faults/fuzz_readers.py                     # every target for a minute each
    python tests/faults/fuzz_readers.py --seconds 600 --only headings

One process a target. A fault (anything but an `OfsightError`, or an answer that cannot be) is written to
``<found>/<target>/`` and the run goes on; an input that takes longer than its limit, or a process that
swells, ends the process, is kept likewise, and the rest of the time is given to a new one.
Put what was found into ``tests/faults/corpus/<target>/``: the ordinary tests read it there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SECONDS_AN_INPUT = 10
# By the clock; a PDF is given up after two seconds of processor time, which last longer on a busy machine.
SECONDS_A_PDF = 120
MOST_MEMORY = 3000
_EVERY = 200


def main() -> int:
    """Run the targets one after the other and print what came of it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=int, default=60, help="for each target")
    asked.add_argument("--runs", type=int, default=0, help="inputs for each target at most; 0: no bound")
    asked.add_argument("--only", action="append", help="a target; may be given again")
    asked.add_argument("--found", type=Path, default=Path("fuzz-found"), help="where to keep what is found")
    asked.add_argument("--seed", type=int, default=2026)
    asked.add_argument("--child", help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.child:
        _feed(options)
        return 0
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    sys.path[:0] = [str(HERE), str(HERE.parent)]
    from fuzz_targets import TARGETS

    totals = [_run(name, options) for name in options.only or TARGETS]
    n, seconds = sum(item["inputs"] for item in totals), sum(item["seconds"] for item in totals)
    peak = max(item["peak_mb"] for item in totals)
    faults = sum(item["faults"] for item in totals)
    print(f"{'all':16} {n:>10,} inputs  {seconds:7.0f} s  {faults} faults  peak {peak:,.0f} MB")
    return 1 if faults else 0


def _run(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Feed one target until its time or its number is over, beginning anew where a process ended."""
    found = options.found / name
    found.mkdir(parents=True, exist_ok=True)
    about = found / "stats.json"
    total: dict[str, Any] = {
        "target": name,
        "inputs": 0,
        "seconds": 0.0,
        "edges": 0,
        "warm_mb": 0.0,
        "end_mb": 0.0,
        "peak_mb": 0.0,
        "grown_mb": 0.0,
        "ended": 0,
    }
    began, seed = time.monotonic(), options.seed
    while time.monotonic() - began < options.seconds and not 0 < options.runs <= total["inputs"]:
        about.unlink(missing_ok=True)
        left = max(1, int(options.seconds - (time.monotonic() - began)))
        command = [sys.executable, __file__, "--child", name, "--found", str(options.found)]
        command += ["--seconds", str(left), "--seed", str(seed)]
        command += ["--runs", str(max(0, options.runs - total["inputs"]))]
        with (found / "log").open("wb") as log:
            code = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
        told = json.loads(about.read_text()) if about.exists() else {"inputs": 0}
        total["inputs"] += told["inputs"]
        for measure in ("peak_mb", "grown_mb"):
            total[measure] = max(total[measure], told.get(measure, 0.0))
        # Of a target whose process ended, the last one tells.
        total["warm_mb"] = told.get("warm_mb", total["warm_mb"])
        total["end_mb"] = told.get("end_mb", total["end_mb"])
        total["edges"] = max(total["edges"], _edges(found / "log"))
        total["ended"] += code != 0
        if code != 0 and told["inputs"] == 0:
            break
        seed += 1
    total["seconds"] = round(time.monotonic() - began, 1)
    kept = [
        path for path in found.iterdir() if path.name.startswith(("fault-", "timeout-", "oom-", "crash-"))
    ]
    total["faults"] = len([path for path in kept if path.suffix != ".txt"])
    (found / "total.json").write_text(json.dumps(total) + "\n")
    print(
        f"{name:16} {total['inputs']:>10,} inputs  {total['seconds']:7.0f} s  {total['edges']:>6,} edges  "
        f"{total['faults']} faults  memory {total['warm_mb']:,.0f} to {total['end_mb']:,.0f} MB, "
        f"peak {total['peak_mb']:,.0f} MB",
        flush=True,
    )
    return total


def _edges(log: Path) -> int:
    """Branches of the readers that were reached, as the fuzzer said last."""
    return max(map(int, re.findall(rb"cov: (\d+)", log.read_bytes())), default=0)


def _feed(options: argparse.Namespace) -> None:
    import atheris

    sys.path[:0] = [str(HERE), str(HERE.parent)]
    with atheris.instrument_imports(include=["ofsight.harmonise", "ofsight.definitions.schema"]):
        from fuzz_targets import TARGETS, seeds

    name, found = options.child, options.found / options.child
    target, corpus = TARGETS[name], found / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    told = _Told(found / "stats.json")
    seen: set[str] = set()

    def once(data: bytes) -> None:
        told.count()
        try:
            target(data)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            frames = traceback.extract_tb(error.__traceback__)
            where = " ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-3:])
            mark = f"{type(error).__name__} {where}"
            if mark not in seen:
                seen.add(mark)
                kept = found / f"fault-{hashlib.sha1(mark.encode()).hexdigest()[:10]}"
                kept.write_bytes(data)
                kept.with_suffix(".txt").write_text(f"{mark}\n{traceback.format_exc()}")

    limits = [
        f"-timeout={SECONDS_A_PDF if name == 'pdf_file' else SECONDS_AN_INPUT}",
        f"-rss_limit_mb={MOST_MEMORY}",
        f"-max_total_time={options.seconds}",
    ]
    limits += [f"-runs={options.runs}"] if options.runs else []
    limits += [f"-seed={options.seed}", "-max_len=65536", f"-artifact_prefix={found}/"]
    atheris.Setup([sys.argv[0], *limits, str(corpus)], once)
    atheris.Fuzz()


class _Told:
    """How many inputs and how much memory, written now and then: the fuzzer ends without a farewell."""

    def __init__(self, path: Path) -> None:
        self.path, self.n, self.warm = path, 0, 0.0

    def count(self) -> None:
        self.n += 1
        if self.n % _EVERY == 0:
            here, peak = _memory()
            # What was loaded and compiled by the thousandth input is no growth.
            self.warm = self.warm or (here if self.n >= 5 * _EVERY else 0.0)
            grown = here - self.warm if self.warm else 0.0
            told = {"inputs": self.n, "peak_mb": peak, "grown_mb": round(grown, 1), "end_mb": here}
            self.path.write_text(json.dumps(told | ({"warm_mb": self.warm} if self.warm else {})))


def _memory() -> tuple[float, float]:
    """Resident megabytes now and at most."""
    facts = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return tuple(round(int(facts[name].split()[0]) / 1e3, 1) for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]


if __name__ == "__main__":
    sys.exit(main())
