"""The explorer as files: the same pages for any web host, or to be opened from a disk.

Pages are asked for as a browser would, from the front page along every link; each becomes a file, each link
relative. A link that leads nowhere stops it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

from ofsight import __version__
from ofsight.errors import DatasetError, UsageError
from ofsight.files import Contents, folder_being_written, list_contents
from ofsight.web.app import Explorer, create_app
from ofsight.web.inside import Reply, ask, started
from ofsight.web.links import anchors_in, file_of, links_in, relink, trim_links
from ofsight.web.problems import Refusal
from ofsight.web.queries.planning import prepare
from ofsight.web.search import index_of
from ofsight.web.vega import ENDING

__all__ = ["MARK", "FrozenSite", "freeze_site"]

MARK: Final = "ofsight-site.json"
CONTENTS: Final = Contents("site", MARK, ("index.html",))
_SEEDS: Final = (
    "/",
    "/areas",
    "/owners",
    "/owners/list",
    "/compare",
    "/study",
    "/data",
    "/search",
    "/changes",
)
_INDEX: Final = "static/search-index.js"


@dataclass(frozen=True, slots=True)
class FrozenSite:
    """What was written.

    Attributes
    ----------
    to : str
        The folder.
    n_pages, n_files, n_bytes : int
        Pages, all files, their bytes.
    seconds : float
        How long it took.
    """

    to: str
    n_pages: int
    n_files: int
    n_bytes: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


@dataclass
class _Walk:
    """The way through the pages: what was seen, what is still to be asked for, which places were meant."""

    waiting: deque[str] = field(default_factory=deque)
    seen: dict[str, str] = field(default_factory=dict)
    anchors: dict[str, set[str]] = field(default_factory=dict)
    meant: list[tuple[str, str, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    n_pages: int = 0
    n_bytes: int = 0

    def meet(self, address: str, where: str) -> None:
        """Note a link: ask for its page once, and remember the place in it that is meant."""
        path, _, anchor = address.partition("#")
        if path not in self.seen:
            self.seen[path] = where
            # The twins of a page come right after it, while its answer is still at hand.
            (self.waiting.appendleft if path.startswith("/api/") else self.waiting.append)(path)
        if anchor:
            self.meant.append((path, anchor, where))


def freeze_site(
    dataset: Path | str,
    to: Path | str,
    *,
    study: Path | str | None = None,
    plan: Path | str | None = None,
    homes: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> FrozenSite:
    """Write the explorer as a static site.

    Parameters
    ----------
    dataset, study, plan : Path or str
        What is shown.
    to : Path or str
        The folder of the site; an earlier site there is replaced, anything else in it is refused and stays.
    homes : bool
        Write a page for every home; without, homes are named and not linked.
    progress : callable
        Is told what is being written.

    Returns
    -------
    FrozenSite

    Raises
    ------
    DatasetError
        When there is no dataset, or a page has a link that leads nowhere: a fault of ofsight.
    UsageError
        When the folder holds what ofsight did not write, or the study or the plan cannot be shown: a site
        must not lack in silence what was asked for.
    """
    begun = time.monotonic()
    app = create_app(dataset, study, plan, frozen=True, tell=progress)
    with folder_being_written(Path(to), CONTENTS) as folder:
        walk = asyncio.run(_walk(app, folder, homes, progress))
        _check(walk)
        _write_index(app, folder, homes)
        _write_mark(app, folder)
        files = [path for path in folder.rglob("*") if path.is_file()]
        n_bytes = sum(path.stat().st_size for path in files)
    return FrozenSite(str(to), walk.n_pages, len(files), n_bytes, round(time.monotonic() - begun, 1))


async def _walk(app: Explorer, folder: Path, homes: bool, progress: Callable[[str], None]) -> _Walk:
    walk = _Walk()
    async with started(app):
        _require_all(app)
        for seed in (*_SEEDS, *_found_by_search(app, homes)):
            walk.meet(seed, "the list of pages")
        for n_written in count():
            if not walk.waiting:
                break
            address = walk.waiting.popleft()
            if n_written % 100 == 0:
                progress(
                    f"Writing the site: {walk.n_pages:,} pages and {n_written - walk.n_pages:,} files beside "
                    f"them, {len(walk.waiting):,} known to come"
                )
            reply = await ask(app, address)
            # Without a study its page says so, and every page leads there: it stays.
            told = address == "/study" and app.holdings.current().study is None
            if reply.status != 200 and not told:
                where = walk.seen[address]
                walk.broken.append(f"{address} ({reply.status}), linked from {where}")
                continue
            _write(walk, folder, address, reply, homes)
    return walk


def _require_all(app: Explorer) -> None:
    """Refuse to write a site without the study or the plans that were asked for."""
    holdings, sources = app.holdings, app.holdings.current()
    if holdings.study is not None and sources.study is None:
        raise UsageError(
            f"The study in {holdings.study} cannot be shown. {sources.study_problem} Run it again with "
            "'ofsight study', or leave out --study."
        )
    if holdings.plan is None:
        return
    try:
        prepare(sources)
    except Refusal as refusal:
        raise UsageError(
            f"The plans in {holdings.plan} cannot be shown. {refusal.detail} Prepare them with "
            "'ofsight plan', or leave out --plan."
        ) from None


def _write(walk: _Walk, folder: Path, address: str, reply: Reply, homes: bool) -> None:
    """Write one answer, and meet what it links to."""
    body = reply.body
    if reply.kind == "text/html":
        page = trim_links(body.decode("utf-8"), address, homes=homes)
        for link in links_in(page):
            walk.meet(link if not link.startswith("#") else f"{address}{link}", address)
        walk.anchors[address] = anchors_in(page)
        body = relink(page, address).encode("utf-8")
        walk.n_pages += 1
    file = folder / file_of(address)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)
    walk.n_bytes += len(body)
    if address.partition("?")[0].endswith(f".{ENDING}"):
        # Once more as a script, for the charts of pages that are opened from a disk.
        file.with_suffix(".js").write_bytes(b"window.ofsightGiven=" + body + b";\n")


def _check(walk: _Walk) -> None:
    lost = [
        f"{path}#{anchor}, linked from {where}"
        for path, anchor, where in walk.meant
        if path in walk.anchors and anchor not in walk.anchors[path]
    ]
    broken = [*walk.broken, *lost]
    if broken:
        more = f" and {len(broken) - 5} more" if len(broken) > 5 else ""
        raise DatasetError(
            f"The site has links that lead nowhere: {'; '.join(broken[:5])}{more}. Nothing was "
            "written. This is a fault of ofsight: please report it with these addresses."
        )


def _found_by_search(app: Explorer, homes: bool) -> Iterator[str]:
    """Give the pages that the search can lead to: not every home is named on another page."""
    index = index_of(app.holdings.current())
    yield from (one.address for one in index.entries)
    if homes:
        yield from (f"/homes/{urn}" for urn in index.urns)


def _write_index(app: Explorer, folder: Path, homes: bool) -> None:
    """Write what the search of the pages reads: a script, because a page from a disk may fetch nothing."""
    index = index_of(app.holdings.current())
    known = [[one.label, one.kind, file_of(one.address)] for one in index.entries]
    urns = list(index.urns) if homes else []
    data = json.dumps({"entries": known, "urns": urns}, ensure_ascii=False, separators=(",", ":"))
    file = folder / _INDEX
    file.parent.mkdir(parents=True, exist_ok=True)
    # Within a script no text may end it, nor begin a comment.
    safe = data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    file.write_text(f"window.ofsightIndex={safe};\n", encoding="utf-8")


def _write_mark(app: Explorer, folder: Path) -> None:
    facts = app.holdings.current().facts
    about = {"ofsight": __version__, **facts, "files": list_contents(folder, MARK)}
    (folder / MARK).write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
