"""The run time of interactive charts: Vega-Lite, made of the library that carries it, at the first need.

`vl-convert` carries Vega, Vega-Lite and Vega-Embed, and with the last an interpreter of Vega's expressions:
so charts run under a policy that forbids `eval`. Nothing of it is a file of this project.
"""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import threading
from functools import cache
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from typing import Final

__all__ = ["RunTime", "run_time"]

_LIBRARY: Final = "vl-convert-python"
_SNIPPET: Final = (
    "window.ofsightVega = (place, specification, options) => vegaEmbed(place, specification, "
    "{ ...options, ast: true, actions: false, defaultStyle: false, renderer: 'svg' });"
)
# In a process of its own: the bundler needs 115 MB, which the server would keep.
_MAKE: Final = (
    "import sys, vl_convert; sys.stdout.buffer.write(vl_convert.javascript_bundle(sys.argv[1]).encode())"
)
_LONGEST: Final = 120.0
_log = logging.getLogger(__name__)


class RunTime:
    """The script that draws interactive charts.

    Attributes
    ----------
    name : str
        Its name in addresses; it changes with the library that it is made of. Empty where there is none: then
        pages have the plain charts alone.
    """

    def __init__(self) -> None:
        try:
            self._version = version(_LIBRARY)
        except PackageNotFoundError:
            self._version = ""
        notice = _notice()
        made_of = f"{self._version} {_SNIPPET} {notice}".encode()
        digest = hashlib.blake2s(made_of, digest_size=5).hexdigest()
        self.name = f"vega.{digest}.js" if self._version else ""
        self._body: bytes | None = None
        self._making = threading.Lock()

    def body(self) -> bytes | None:
        """Return the script, made at the first call: about two seconds of a processor.

        Returns
        -------
        bytes or None
            None when it cannot be made; the reason is in the log, and the next call tries again.
        """
        with self._making:
            if self._body is None and self.name:
                made = _make()
                if made is not None:
                    self._body = _notice().encode() + made
            return self._body


def _notice() -> str:
    """Return the libraries' licence as a comment: it goes with every copy."""
    words = resources.files(__package__).joinpath("static", "vega-licence.txt").read_text(encoding="utf-8")
    return f"/*!\n{words.strip()}\n*/\n"


def _make() -> bytes | None:
    command = [sys.executable, "-P", "-c", _MAKE, _SNIPPET]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LONGEST, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or b""
        _log.error(
            "The run time of interactive charts could not be made: %s %s Pages keep their plain charts.",
            error,
            said.decode("utf-8", "replace")[-300:],
        )
        return None
    return done.stdout or None


@cache
def run_time() -> RunTime:
    """Return the one of this process."""
    return RunTime()
