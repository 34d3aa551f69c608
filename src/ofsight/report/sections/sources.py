"""The line under every chart and table that says where its numbers come from."""

from __future__ import annotations

from ofsight.report.folder import StudyFolder
from ofsight.report.wording import day, release_day

__all__ = ["source_line"]


def source_line(folder: StudyFolder) -> str:
    """Return the source and its date."""
    newest, built = release_day(folder.dataset.get("newest_release")), day(folder.dataset.get("built_at"))
    if folder.synthetic is not None:
        return "Source: synthetic releases made by ofsight. No number is about a real home."
    words = "Source: Ofsted inspection releases"
    if newest:
        words += f", newest: {newest}"
    return f"{words}; dataset built {built}." if built else f"{words}."
