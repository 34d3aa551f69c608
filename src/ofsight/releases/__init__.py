"""Releases: what the publishers offer, fetched politely, and kept as it was published.

Fetching never interprets, and nothing here knows what a column means. What passes between the catalogue and
the shelf is told in `ofsight.releases.wanted`: a `Wanted` file, which the catalogue resolved from the
publishers' pages; a `Held` version, which is one line of the shelf's manifest; and `Fetched`, how one became
the other::

    shelf = Shelf(path)  # need not exist; the first file that is kept makes it
    shelf.held()  # tuple of Held: every line of the manifest, in order
    shelf.versions(series, period)  # tuple of Held, oldest first
    shelf.as_of(day, held_by=None)  # dict of (series, period) to Held: what a build of that day takes
    shelf.files(as_of=None)  # list of (Path, Held), hashes checked
    shelf.verify()  # tuple of faults

    loader = Downloader(client=None, allowed_hosts=("www.gov.uk", ...), gap=0.1)
    answer = loader.get(url, accept="application/json", statuses=(200, 304, 410), etag=None)
    answer.status, answer.url, answer.headers, answer.text, answer.json()
    loader.get_json(url), loader.get_text(url)  # for those who want nothing but the 200
    fetched = loader.download(wanted, shelf, progress=lambda done, of: None)

What goes wrong is a `ReleaseError` of the module `ofsight.releases.refusals`: `UnreachableError` (offline:
the next file of that host will fail too), `StatusError` (with ``.status`` and ``.text``), `RefusedError` (an
address, or bytes, that we do not take).
"""
