"""One normal form for every way an organisation's name is printed."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["company_number", "compact", "is_withheld", "normalise_owner"]

_WITHHELD = frozenset({"redacted", "withheld", "not available", "n a", "null", "none", "unknown"})

# "Tulip Care One Limited t/as TulipCare", "A&m Care Solutions Ltd - T/a Metropolitan Care Solutions".
_TRADING_AS = re.compile(r"[\s(\-–—,]*\b(?:t\s?/\s?as?|(?:trading|operating) as)\b.*$")
# "Birtenshaw - company number 02978546", "Alliance Foster Care Limited 04249271", "(Company No. 1234567)",
# "... SC123456". Companies House numbers have eight characters; a leading zero is sometimes lost.
_COMPANY_NUMBER = re.compile(
    r"[\s(\-–—,:]*(?:\b(?:company|registered|reg|registration|charity)?\s*(?:numbers?|no|reg no)\b"
    r"\.?\s*:?\s*)?"
    r"\b(?:\d{7,8}|(?:sc|ni|oc|ip|rc|so|nl|r|ce)\s?\d{5,6})\b[\s)]*$"
)
_NUMBER_WORDS_LEFT = re.compile(r"[\s(\-–—,:]*\b(?:company|charity|registered|reg)\s+(?:number|no)\b[\s.:]*$")
# Trailing remarks that are not part of the name: "(part of the Talking Trust)", "(formerly Acorn Care)".
_REMARK = re.compile(
    r"[\s\-–—,]*\(?\s*\b(?:part of|formerly|previously|previous name|now known as|known as|c/o"
    r"|a subsidiary of|trustees?:)\b.*$"
)
_NOTE_IN_BRACKETS = re.compile(r"\s*\(([^()]*)\)?\s*$")

_POSSESSIVE = re.compile(r"['’‘`´]")
_DOTTED = re.compile(r"\b(?:[a-z]\.){2,}[a-z]?\b|\b(?:[a-z]\.)+[a-z]\b")
_OTHER = re.compile(r"[^a-z0-9]+")

_LEGAL_LONG = {
    "community interest company": "cic",
    "public limited company": "plc",
    "limited liability partnership": "llp",
    "charitable incorporated organisation": "cio",
}
# With the slips that are met, and with what is left of "Limited" where a narrow column cut it off.
_LEGAL = frozenset(
    [
        "ltd",
        "limited",
        "plc",
        "llp",
        "cic",
        "cio",
        "inc",
        "l",
        "li",
        "lt",
        "lim",
        "lmt",
        "td",
        "ltdd",
        "ltds",
        "lytd",
        "lmited",
        "limted",
        "limite",
        "limitd",
        "limitec",
        "limitied",
        "limiited",
    ]
)


def normalise_owner(name: str) -> str:
    """Reduce the name of an organisation to its normal form.

    Folded: case, accents, every kind of space, punctuation, ``&`` and ``+``, apostrophes, a leading "The",
    dotted and spaced initials, the legal form at the end (Ltd, Limited, plc, LLP, CIC, CIO), company numbers,
    "T/A" and what follows, trailing remarks. Place names, numbers and words such as "Group" stay: they tell
    companies apart.

    Parameters
    ----------
    name : str
        A name as published.

    Returns
    -------
    str
        Lower-case words of letters and digits, one space between; empty if nothing is left. Applying the
        function again changes nothing.

    Examples
    --------
    >>> normalise_owner("Priory Education Services Limited 06244880")
    'priory education services'
    >>> normalise_owner("A & T Home Limited") == normalise_owner("A&t Home Ltd")
    True
    """
    once = _normalise(name)
    while (again := _normalise(once)) != once:
        once = again
    return once


def _normalise(name: str) -> str:
    """Apply every rule once."""
    text = unicodedata.normalize("NFKD", name.replace("\u00a0", " ")).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = " ".join(text.split())
    text = _kept(_TRADING_AS, text)
    for rule in (_COMPANY_NUMBER, _NUMBER_WORDS_LEFT, _REMARK):
        text = _kept(rule, text)
    text = _without_abbreviation(text)
    text = _POSSESSIVE.sub("", text)
    text = _DOTTED.sub(lambda found: found.group().replace(".", ""), text)
    text = text.replace("&", " and ").replace("+", " and ")
    return _words(_OTHER.sub(" ", text).strip())


def compact(normalised: str) -> str:
    """Take the spaces out of a normal form: ``child care`` and ``childcare`` become one."""
    return normalised.replace(" ", "")


def is_withheld(name: str | None) -> bool:
    """Tell whether a cell holds no name: blank, or a word that stands for a withheld one."""
    return (
        name is None
        or _OTHER.sub(" ", name.casefold()).strip() in _WITHHELD
        or not name.strip("\u00a0 \t\r\n-.?")
    )


def _words(text: str) -> str:
    """Join initials, drop the leading article and the legal form at the end, until nothing changes."""
    while True:
        before = text
        for long, short in _LEGAL_LONG.items():
            text = re.sub(rf"\b{long}\b", short, text)
        words = _joined_initials(text.split())
        while len(words) > 1 and words[-1] in _LEGAL:
            words.pop()
        if len(words) > 1 and words[0] == "the":
            words.pop(0)
        while len(words) > 1 and words[-1] in ("and", "the"):  # what "..., The" and a cut name leave
            words.pop()
        if len(words) > 2 and words[-1] in ("co", "comp", "company") and words[-2] in _LEGAL:
            words.pop()  # "Limited Comp", cut off before the company number
        text = " ".join(words)
        if text == before:
            return text


def _joined_initials(words: list[str]) -> list[str]:
    """Join runs of single letters: ``after care n w`` becomes ``after care nw``."""
    joined: list[str] = []
    run = ""
    for word in [*words, ""]:
        if len(word) == 1 and word.isalpha():
            run += word
            continue
        if run:
            joined.append(run)
            run = ""
        if word:
            joined.append(word)
    return joined


def _without_abbreviation(text: str) -> str:
    """Drop brackets at the end that only repeat the initials of the name: ``... Trust (tact)``."""
    found = _NOTE_IN_BRACKETS.search(text)
    if not found or not found.start():
        return text
    inside = re.sub(r"[^a-z]", "", found.group(1))
    words = re.findall(r"[a-z0-9]+", _POSSESSIVE.sub("", text[: found.start()]))
    minor = {"and", "of", "for", "in"}
    major = "".join(word[0] for word in words if word not in minor)
    initials = {"".join(word[0] for word in words), major, major.removeprefix("t")}
    return text[: found.start()] if len(inside) > 2 and inside in initials else text


def _kept(rule: re.Pattern[str], text: str) -> str:
    """Apply a deletion unless it would leave no name."""
    shorter = rule.sub("", text).strip()
    return shorter if re.search(r"[a-z0-9]", shorter) else text


_ANY_NUMBER = re.compile(r"(?<![a-z0-9])(?:\d{7,8}|(?:sc|ni|oc)\s?\d{6})(?![a-z0-9])")


def company_number(name: str) -> frozenset[str]:
    """Give the company and charity numbers printed in a name, Companies House numbers with eight characters.

    Examples
    --------
    >>> sorted(company_number("ERA Care Limited 5921904"))
    ['05921904']
    """
    numbers = (found.replace(" ", "").upper() for found in _ANY_NUMBER.findall(name.casefold()))
    return frozenset(number.rjust(8, "0") for number in numbers)
