"""Owner names as published -> one owner each, with the rule and the score that linked them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from ofsight.errors import UsageError
from ofsight.link.areas import Areas, load_areas
from ofsight.link.owners.aliases import load_aliases
from ofsight.link.owners.councils import find_council
from ofsight.link.owners.likeness import SCORE_AT_LEAST, Evidence, differ_only_by_typing, protected_words
from ofsight.link.owners.naming import compact, company_number, is_withheld, normalise_owner
from ofsight.link.owners.optional import likeness_matrix

__all__ = ["LINKS", "RULES", "link_owners"]

RULES = {
    "no name": "the cell is blank or says that the name is withheld: no owner",
    "council": "the name of a local authority in any form",
    "alias": "a row of definitions/codes/owner_aliases.csv",
    "normal form": "equal after normalising, or the first name of its owner",
    "spacing": "equal after normalising and taking out the spaces",
    "word order": "the same words in another order, at least four",
    "company number": "the same company or charity number in both names",
    "typing error": "each differing word is a slip of the other; nothing that tells companies apart differs",
}
"""What each value of the column ``rule`` means, from the surest to the least sure."""

LINKS = {
    "owner_as_published": pl.String,
    "owner_id": pl.String,
    "owner": pl.String,
    "score": pl.Float64,
    "rule": pl.String,
}
"""Columns of what `link_owners` returns."""


@dataclass
class _Form:
    """One normal form and what is known of it in the first year in which it is met."""

    text: str
    spellings: list[str] = field(default_factory=list)
    first_year: int = 0
    n_first: int = 0
    registrations: set[str] = field(default_factory=set)
    authorities: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)


def link_owners(
    names: pl.DataFrame, *, areas: Areas | None = None, aliases: dict[str, str] | None = None
) -> pl.DataFrame:
    """Link owner names to owners.

    Forms are taken in order of time. Each joins an owner that is already there, or becomes a new one, whose
    id is its normal form (`owner_id` ``keys-care``; councils ``council-leeds``). So an id does not change
    when names of later years are added, provided that the column `year` is given. Names of the same year are
    taken by number of rows, then by alphabet.

    Parameters
    ----------
    names : pl.DataFrame
        One row per name, or per home and list. Columns: ``owner`` (as published), and as evidence, if there:
        ``year`` (of the list), ``n`` (homes; 1 without it), ``urn`` and ``local_authority`` of the home.
    areas : Areas, optional
        The authorities; the shipped ones without it.
    aliases : dict of str to str, optional
        Published name to owner name; the shipped ones without it. Pass ``{}`` for none.

    Returns
    -------
    pl.DataFrame
        One row per distinct published name, sorted by it: ``owner_as_published``, ``owner_id`` (null without
        a name), ``owner`` (the spelling met most often), ``score`` (likeness to the form it was linked to, 0
        to 100) and ``rule`` (a key of `RULES`).

    Raises
    ------
    UsageError
        No column ``owner``, or rapidfuzz is not installed.
    """
    if "owner" not in names.columns:
        raise UsageError(
            f"No column 'owner' among {', '.join(names.columns)}. It holds the names as published."
        )
    areas = areas or load_areas()
    targets = load_aliases() if aliases is None else aliases
    by_alias = {normalise_owner(name): owner for name, owner in targets.items()}
    frame = _prepared(names)
    weight = dict(frame.group_by("owner").agg(pl.col("n").sum()).iter_rows())
    found: dict[str, tuple[str | None, float | None, str]] = {}
    spelled: dict[str, list[str]] = defaultdict(list)
    council_names: dict[str, str] = {}
    for name in sorted(weight):
        alias = by_alias.get(normalise_owner(name))
        council = None if is_withheld(name) else find_council(alias or name, areas)
        if is_withheld(name):
            found[name] = (None, None, "no name")
        elif council:
            identifier = _identifier(f"council {council.name}")
            council_names[identifier] = f"{council.name} council"
            found[name] = (identifier, 100.0, "alias" if alias else "council")
        else:
            spelled[normalise_owner(alias or name)].append(name)
    forms = _forms(frame, spelled)
    linked = _linked(forms, _places(areas))
    for form in forms:
        anchor, score, rule = linked[form.text]
        for name in form.spellings:
            aliased = normalise_owner(name) in by_alias
            found[name] = (_identifier(anchor), score, "alias" if aliased else rule)
    return _table(found, weight, council_names)


def _prepared(names: pl.DataFrame) -> pl.DataFrame:
    """Fill in the columns that were not given."""
    given = {
        "year": pl.col("year").cast(pl.Int64) if "year" in names.columns else pl.lit(0, pl.Int64),
        "n": pl.col("n").cast(pl.Int64) if "n" in names.columns else pl.lit(1, pl.Int64),
        "urn": pl.col("urn").cast(pl.String) if "urn" in names.columns else pl.lit(None, pl.String),
        "local_authority": (
            pl.col("local_authority").cast(pl.String)
            if "local_authority" in names.columns
            else pl.lit(None, pl.String)
        ),
    }
    return names.select(pl.col("owner").cast(pl.String), **given).filter(pl.col("owner").is_not_null())


def _forms(frame: pl.DataFrame, spelled: dict[str, list[str]]) -> list[_Form]:
    """Gather the normal forms in the order in which they are linked."""
    form_of = {name: text for text, names in spelled.items() for name in names}
    known = frame.filter(pl.col("owner").is_in(list(form_of))).with_columns(
        form=pl.col("owner").replace_strict(form_of, return_dtype=pl.String)
    )
    first = known.filter(pl.col("year") == pl.col("year").min().over("form"))
    forms = {text: _Form(text, names) for text, names in spelled.items()}
    rows = first.group_by("form").agg(
        pl.col("year").first(),
        pl.col("n").sum(),
        pl.col("urn").unique(),
        pl.col("local_authority").unique(),
        pl.col("owner").unique(),
    )
    for text, year, n_rows, registrations, authorities, names in rows.iter_rows():
        form = forms[text]
        form.first_year, form.n_first = year, n_rows
        form.registrations = {urn for urn in registrations if urn}
        form.authorities = {authority for authority in authorities if authority}
        form.numbers = {number for name in names for number in company_number(name)}
    return sorted(forms.values(), key=lambda form: (form.first_year, -form.n_first, form.text))


def _linked(forms: list[_Form], places: frozenset[str]) -> dict[str, tuple[str, float, str]]:
    """Give each form its anchor, the likeness to it, and the rule.

    A form is only compared with forms that came before it, and only words of those count as known.
    """
    candidates = _candidates(forms)
    protected = protected_words(places)
    by_compact: dict[str, str] = {}
    by_words: dict[tuple[str, ...], str] = {}
    by_number: dict[str, str] = {}
    n_names_with: dict[str, int] = defaultdict(int)
    of: dict[str, _Form] = {}
    linked: dict[str, tuple[str, float, str]] = {}
    for form in forms:
        words = tuple(sorted(form.text.split()))
        for word in set(words):
            n_names_with[word] += 1
        key = compact(form.text)
        shared = sorted(by_number[number] for number in form.numbers if number in by_number)
        if key in by_compact:
            link = (by_compact[key], 100.0, "spacing")
        elif len(words) >= 4 and words in by_words:
            link = (by_words[words], 100.0, "word order")
        elif shared:
            link = (shared[0], 100.0, "company number")
        else:
            link = _by_typing(form, candidates.get(form.text, []), of, n_names_with, protected)
        anchor = linked[link[0]][0] if link[0] in linked else link[0]
        linked[form.text] = (anchor, link[1], link[2])
        of[form.text] = form
        by_compact.setdefault(key, anchor)
        by_words.setdefault(words, anchor)
        for number in form.numbers:
            by_number.setdefault(number, anchor)
    return linked


def _by_typing(
    form: _Form,
    candidates: list[tuple[str, float]],
    of: dict[str, _Form],
    n_names_with: dict[str, int],
    protected: frozenset[str],
) -> tuple[str, float, str]:
    """Find the most like form before this one of which it is a slip; else the form itself."""
    for text, score in candidates:
        if text not in of:
            continue
        evidence = Evidence(
            same_registration=bool(form.registrations & of[text].registrations),
            same_authority=bool(form.authorities & of[text].authorities),
        )
        if differ_only_by_typing(form.text, text, evidence, n_names_with, protected):
            return text, score, "typing error"
    return form.text, 100.0, "normal form"


def _candidates(forms: list[_Form]) -> dict[str, list[tuple[str, float]]]:
    """Give each form the forms that are like it, the most like first.

    Blocked by the first letter, where a slip is rare and `differ_only_by_typing` wants evidence, and by
    registration, which is that evidence.
    """
    blocks: dict[str, list[str]] = defaultdict(list)
    for form in forms:
        blocks[form.text[:1]].append(form.text)
        for registration in form.registrations:
            blocks[f"registration {registration}"].append(form.text)
    like: dict[str, dict[str, float]] = defaultdict(dict)
    for texts in blocks.values():
        if len(texts) < 2:
            continue
        for i, j, score in likeness_matrix([compact(text) for text in texts], SCORE_AT_LEAST):
            like[texts[i]][texts[j]] = like[texts[j]][texts[i]] = score
    return {text: sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0])) for text, pairs in like.items()}


def _places(areas: Areas) -> frozenset[str]:
    """Give the words of the names of authorities: never slips of one another (Bolton, Boston)."""
    words: Iterable[str] = (
        word for authority in areas.authorities for word in re.findall(r"[a-z]+", authority.name.casefold())
    )
    return frozenset(
        word for word in words if word not in {"and", "of", "on", "upon", "the", "to", "with", "city"}
    )


def _identifier(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")


def _table(
    found: dict[str, tuple[str | None, float | None, str]],
    weight: dict[str, int],
    council_names: dict[str, str],
) -> pl.DataFrame:
    """Lay the links out, with the spelling met most often as the name of each owner."""
    best: dict[str, str] = {}
    for name in sorted(found, key=lambda name: (-weight[name], name)):
        identifier = found[name][0]
        if identifier is not None:
            best.setdefault(identifier, " ".join(name.replace("\u00a0", " ").split()))
    best.update(council_names)
    rows = [
        (name, identifier, best[identifier] if identifier is not None else None, score, rule)
        for name, (identifier, score, rule) in sorted(found.items())
    ]
    return pl.DataFrame(rows, schema=LINKS, orient="row")
