"""A download that was interrupted, and whether it may be gone on with.

Bytes are gone on with only where the server named the version that they are of (a strong ETag, or a date of
change that is older than its answer), and says that it still sends the same one (If-Range).
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import httpx

from ofsight.files import write_text
from ofsight.releases.versions import http_time

__all__ = ["Part", "PartFacts"]

_RANGE: Final = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
# A file that changed in the second of the answer may change once more in it (RFC 9110, 8.8.2.2).
_SETTLED: Final = 1.0


@dataclass(frozen=True, slots=True)
class PartFacts:
    """What the server said of the version that is under way."""

    url: str
    etag: str | None
    last_modified: str | None
    validator: str | None
    total: int | None
    media_type: str | None

    @classmethod
    def of(cls, url: str, response: httpx.Response) -> PartFacts:
        """Read them from an answer that begins at the first byte."""
        headers = response.headers
        etag, modified = headers.get("etag"), headers.get("last-modified")
        packed = headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")
        length = headers.get("content-length", "")
        # Only what a header may hold can be sent back.
        strong = etag is not None and etag.startswith('"') and etag.isascii() and etag.isprintable()
        validator = etag if strong else modified if _settled(modified, headers.get("date")) else None
        return cls(
            url=url,
            etag=etag,
            last_modified=modified,
            # A packed body is unpacked as it comes: its bytes are not those that a range would count.
            validator=None if packed else validator,
            total=int(length) if _LENGTH.fullmatch(length) and not packed else None,
            media_type=headers.get("content-type"),
        )


def _settled(modified: str | None, answered: str | None) -> bool:
    then, now = http_time(modified), http_time(answered)
    return then is not None and now is not None and (now - then).total_seconds() >= _SETTLED


class Part:
    """The bytes of one download so far, and beside them what they are of.

    Parameters
    ----------
    path : Path
        Where the bytes are; its facts are beside it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._beside = path.with_name(f"{path.name}.json")

    def facts(self, url: str) -> PartFacts | None:
        """Return what the bytes are of; None where they cannot be gone on with."""
        try:
            facts = PartFacts(**json.loads(self._beside.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return facts if facts.url == url and facts.validator is not None and self.size > 0 else None

    @property
    def size(self) -> int:
        """How many bytes there are."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def begin(self, facts: PartFacts) -> None:
        """Forget what was there and begin anew. The bytes go first: they never stand beside new facts."""
        self.discard()
        write_text(self._beside, json.dumps(asdict(facts)))

    def discard(self) -> None:
        """Remove it."""
        with suppress(FileNotFoundError):
            self.path.unlink()
        self.forget()

    def forget(self) -> None:
        """Remove the facts, when the bytes have been moved to their place."""
        with suppress(FileNotFoundError):
            self._beside.unlink()

    def goes_on(self, facts: PartFacts, response: httpx.Response) -> bool:
        """Whether an answer of status 206 goes on exactly where the bytes end, with the same version."""
        headers = response.headers
        found = _RANGE.fullmatch(headers.get("content-range", "").strip())
        if found is None or headers.get("content-encoding", "identity").strip().lower() not in (
            "",
            "identity",
        ):
            return False
        start, last, total = int(found[1]), int(found[2]), found[3]
        same_length = total == "*" or facts.total is None or int(total) == facts.total
        to_the_end = total == "*" or last + 1 == int(total)
        same_version = facts.etag is None or headers.get("etag", facts.etag) == facts.etag
        return start == self.size and last >= start and to_the_end and same_length and same_version
