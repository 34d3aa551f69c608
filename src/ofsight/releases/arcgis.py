"""The Open Geography portal: rows and outlines of a feature service, put together from its pages.

A feature service sends a thousand features at most, says whether there are more, and answers an error with
status 200 and a body that has one. Reference: SOURCES.md, section 8.2.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from ofsight.definitions.catalogue_schema import EditionDefinition
from ofsight.errors import ReleaseError

if TYPE_CHECKING:
    from ofsight.releases.download import Downloader

__all__ = ["features_as_csv", "features_as_geojson", "service_url"]

_SERVICES: Final = "https://services1.arcgis.com/ESMARspQHYMw9BZ9/arcgis/rest/services"
_PER_PAGE: Final = 1000
# A hundred thousand areas: the largest lookup that anybody needs here has 361.
_MOST_PAGES: Final = 100


def service_url(edition: EditionDefinition, start: int = 0) -> str:
    """Return the address of a page of an edition's features."""
    question = {
        "where": edition.where,
        "outFields": ",".join(edition.fields) or "*",
        "returnGeometry": "true" if edition.geometry else "false",
        "outSR": "4326",
        "resultOffset": str(start),
        "resultRecordCount": str(_PER_PAGE),
        "f": "geojson" if edition.geometry else "json",
    }
    return f"{_SERVICES}/{edition.service}/FeatureServer/0/query?{urlencode(question)}"


def features_as_geojson(loader: Downloader, edition: EditionDefinition) -> bytes:
    """Return all outlines of a service as one GeoJSON collection, features as they were sent.

    Raises
    ------
    ReleaseError
        When the service answers with an error, with nothing, or with the same features twice.
    """
    features, first = _read_all(loader, edition)
    collection = {"type": "FeatureCollection", "features": features}
    if isinstance(first.get("crs"), dict):
        collection["crs"] = first["crs"]
    return (json.dumps(collection, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def features_as_csv(loader: Downloader, edition: EditionDefinition) -> bytes:
    """Return all rows of a service as csv, values as they were sent.

    Columns are those asked for, else those of the service, in its order.

    Raises
    ------
    ReleaseError
        As `features_as_geojson`, and when a row lacks a column.
    """
    features, first = _read_all(loader, edition)
    fields = first.get("fields")
    named = [
        field["name"]
        for field in (fields if isinstance(fields, list) else ())
        if isinstance(field, dict) and isinstance(field.get("name"), str)
    ]
    whole = features[0].get("attributes")
    columns = list(edition.fields) or named or (list(whole) if isinstance(whole, dict) else [])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for feature in features:
        row = feature.get("attributes")
        if not isinstance(row, dict) or not columns or any(column not in row for column in columns):
            raise ReleaseError(
                f"a row lacks one of the columns {', '.join(columns) or '(none)'}.",
                file=service_url(edition),
                hint="Correct 'fields' of this edition in definitions/catalogue.",
            )
        writer.writerow(["" if row[column] is None else row[column] for column in columns])
    return out.getvalue().encode()


def _read_all(loader: Downloader, edition: EditionDefinition) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Read page after page; return the features and the first answer."""
    features: list[dict[str, Any]] = []
    first: dict[str, Any] = {}
    seen: set[str] = set()
    for _ in range(_MOST_PAGES):
        url = service_url(edition, len(features))
        answer = _ask(loader, url)
        first = first or answer
        page = answer.get("features")
        if not isinstance(page, list) or not all(isinstance(feature, dict) for feature in page):
            raise ReleaseError("the answer holds no features.", file=url, hint="Try again later.")
        for feature in page:
            text = json.dumps(feature, sort_keys=True)
            if text in seen:
                raise ReleaseError(
                    "the service sends features a second time: its pages have no order.",
                    file=url,
                    hint="Try again later; else download the file from the portal and `ofsight add` it.",
                )
            seen.add(text)
        features += page
        more = _has_more(answer)
        if more and not page:
            raise ReleaseError(
                "the service says that there is more, and sends none.", file=url, hint="Try again later."
            )
        if not more and len(page) < _PER_PAGE:
            break
    else:
        raise ReleaseError(
            f"the service has more than {len(features):,} features.", file=service_url(edition)
        )
    if not features:
        raise ReleaseError("the service holds nothing.", file=service_url(edition), hint=_RENAMED)
    return features, first


_RENAMED: Final = (
    "Services are renamed when they are issued again: look for it at geoportal.statistics.gov.uk, and "
    "correct 'service' in definitions/catalogue."
)


def _ask(loader: Downloader, url: str) -> dict[str, Any]:
    answer = loader.get_json(url)
    if not isinstance(answer, dict):
        raise ReleaseError("the answer is not that of a feature service.", file=url, hint="Try again later.")
    if "error" in answer:
        error = answer["error"]
        said = error if not isinstance(error, dict) else error.get("message") or error.get("code")
        details = error.get("details") if isinstance(error, dict) else None
        more = f" ({'; '.join(map(str, details))})" if isinstance(details, list) and any(details) else ""
        raise ReleaseError(f"the service answers with an error: {said}{more}.", file=url, hint=_RENAMED)
    return answer


def _has_more(answer: dict[str, Any]) -> bool:
    properties = answer.get("properties")
    return bool(
        answer.get("exceededTransferLimit")
        or (isinstance(properties, dict) and properties.get("exceededTransferLimit"))
    )
