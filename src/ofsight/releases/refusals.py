"""What can go wrong between a publisher and the shelf, told apart so that a caller can go on or stop."""

from __future__ import annotations

from ofsight.errors import ReleaseError

__all__ = ["BrokenOffError", "ContentError", "RefusedError", "StatusError", "UnreachableError"]


class RefusedError(ReleaseError):
    """An address that we do not ask: not https, not of the catalogue's hosts, or a redirect to such a one."""


class UnreachableError(ReleaseError):
    """A host that cannot be reached at all: offline, no such name, no answer. The next file will fail too."""


class BrokenOffError(ReleaseError):
    """A connection that broke off, or was too slow, again and again. What came is gone on with next time."""


class StatusError(ReleaseError):
    """An answer with a status that the caller did not ask for.

    Attributes
    ----------
    status : int
        The status.
    text : str
        The body's beginning, for an API that explains itself there.
    """

    def __init__(self, problem: str, *, status: int, text: str, file: str, hint: str | None = None) -> None:
        super().__init__(problem, file=file, hint=hint)
        self.status = status
        self.text = text


class ContentError(ReleaseError):
    """Bytes that are not what was asked for: a web page for a csv, a cut-off file, an archive that swells."""
