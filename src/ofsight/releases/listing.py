"""What is published, and what of it the shelf holds, lacks, or holds in an older version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from ofsight.definitions.catalogue_schema import PublicationDefinition, load_catalogue
from ofsight.releases.catalogue import Chosen, choose
from ofsight.releases.fetch import OpenDownloader, fetch
from ofsight.releases.offers import period_of
from ofsight.releases.outcomes import FileOutcome
from ofsight.releases.publishers import open_downloader
from ofsight.releases.shelf import Shelf
from ofsight.releases.wanted import Held, moment

__all__ = ["Listing", "ListedFile", "list_releases"]

State = Literal["held", "newer", "missing", "by hand", "not offered", "not found", "failed"]
# What a publication does not need: said where a publisher was asked, and not else.
_SILENT: Final = ("not offered",)


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of an edition.

    Attributes
    ----------
    publication, publisher, series, period, title : str
        Which.
    state : str
        ``held``; ``newer`` (held, and the publisher offers another version); ``missing``; ``by hand``
        (missing, and not to be fetched); ``not offered``; ``not found`` (the page was inferred, and is not
        there);
        ``failed`` (the publisher could not say).
    published : str or None
        When the publisher last changed what it offers.
    held_published, retrieved : str or None
        When the version held was published, and when it came.
    found : bool
        Whether the edition is one that the catalogue does not list.
    reason : str
        Why it is not there.
    page : str or None
        Where to look.
    """

    publication: str
    publisher: str
    series: str
    period: str
    title: str
    state: State
    published: str | None = None
    held_published: str | None = None
    retrieved: str | None = None
    found: bool = False
    reason: str = ""
    page: str | None = None


@dataclass(frozen=True)
class Listing:
    """All of them.

    Attributes
    ----------
    shelf : str
        The shelf.
    asked : bool
        Whether the publishers were asked; else the catalogue alone was.
    files : list of ListedFile
        In the catalogue's order; what only the shelf has comes last.
    """

    shelf: str
    asked: bool
    files: list[ListedFile] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many files are in each state."""
        return dict(Counter(file.state for file in self.files))

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        files = [asdict(file) for file in self.files]
        return {"shelf": self.shelf, "asked": self.asked, "counts": self.counts, "files": files}


def list_releases(
    names: Sequence[str] = (),
    *,
    shelf: Path,
    since: str | date | None = None,
    ask: bool = True,
    catalogue: Sequence[PublicationDefinition] | None = None,
    open_loader: OpenDownloader = open_downloader,
) -> Listing:
    """Compare what is published with what a shelf holds.

    Parameters
    ----------
    names : sequence of str
        Publications, files or series of the catalogue; nothing means all.
    shelf : Path
        The shelf; it need not exist.
    since : str or date, optional
        A year or day: editions that speak of a time before are left out.
    ask : bool
        Whether to ask the publishers what they offer today; else the catalogue says what there should be.
    catalogue, open_loader
        As in `ofsight.releases.fetch.fetch`.

    Raises
    ------
    UsageError
        When a name is none of the catalogue's.
    ReleaseError
        When the shelf's manifest is damaged.
    """
    publications = {item.id: item for item in (load_catalogue() if catalogue is None else catalogue)}
    chosen = choose(names, since, catalogue)
    held = Shelf(shelf).as_of()
    lines = {line.key: line for line in Shelf(shelf).held() if line.origin == "fetched"}
    if ask:
        outcomes = fetch(
            names, to=shelf, since=since, dry_run=True, catalogue=catalogue, open_loader=open_loader
        ).files
        files = [_compare(publications[item.publication], item, held, lines) for item in outcomes]
    else:
        files = [file for item in chosen for file in _expected(item, held)]
    listed = {(file.series, file.period) for file in files}
    rest = [_held_only(line) for key, line in held.items() if key not in listed and not names]
    return Listing(str(shelf), ask, [file for file in files if file.state not in _SILENT or names] + rest)


def _compare(
    publication: PublicationDefinition,
    outcome: FileOutcome,
    held: dict[tuple[str, str], Held],
    lines: dict[tuple[str, str], Held],
) -> ListedFile:
    key = (outcome.series, outcome.period)
    have = held.get(key)
    state: State
    if have is not None:
        state = "newer" if outcome.status == "planned" and _is_newer(outcome, lines.get(key)) else "held"
    elif outcome.status == "planned":
        state = "missing"
    elif outcome.status in ("by hand", "not offered", "not found", "failed"):
        state = outcome.status
    else:
        state = "missing"
    return ListedFile(
        publication=publication.id,
        publisher=publication.publisher,
        series=outcome.series,
        period=outcome.period,
        title=outcome.title or publication.title,
        state=state,
        published=outcome.published,
        held_published=None if have is None else have.published,
        retrieved=None if have is None else have.retrieved,
        found=outcome.found,
        reason=outcome.reason,
        page=outcome.page,
    )


def _is_newer(outcome: FileOutcome, held: Held | None) -> bool:
    """Whether the publisher offers another version than the one that was fetched: elsewhere, or later."""
    if held is None:  # a user's own file, of which nobody knows which version it is
        return True
    if outcome.url != held.url:
        return True
    if outcome.published is None or held.published is None:
        return False
    return moment(outcome.published) > moment(held.published)


def _expected(item: Chosen, held: dict[tuple[str, str], Held]) -> list[ListedFile]:
    """Say what the catalogue expects, without asking anybody."""
    publication = item.publication
    files = []
    for edition in item.editions:
        kinds = publication.kinds(edition)
        any_held = any((kind.series, period_of(kind, edition)) in held for kind in kinds)
        for kind in kinds:
            period = period_of(kind, edition)
            have = held.get((kind.series, period))
            # A workbook may be there as tables one by one: then it is not missing.
            other_shape = any_held and kind.optional
            if have is None and (other_shape or kind not in publication.expected(edition)):
                continue
            state: State = "held" if have else "by hand" if publication.ask == "by hand" else "missing"
            files.append(
                ListedFile(
                    publication=publication.id,
                    publisher=publication.publisher,
                    series=kind.series,
                    period=period,
                    title=have.title if have else publication.title,
                    state=state,
                    held_published=have.published if have else None,
                    retrieved=have.retrieved if have else None,
                    reason="" if have else publication.note if state == "by hand" else edition.note,
                )
            )
    return files


def _held_only(line: Held) -> ListedFile:
    return ListedFile(
        publication="",
        publisher=line.publisher,
        series=line.series,
        period=line.period,
        title=line.title,
        state="held",
        held_published=line.published,
        retrieved=line.retrieved,
        page=line.page,
    )
