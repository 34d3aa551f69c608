"""Characters that no edition can show, replaced where text is read."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["clean", "clean_all"]

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def clean(words: str) -> str:
    """Return words with each control character and each half of a pair shown as U+FFFD."""
    return _ILLEGAL.sub("\ufffd", words)


def clean_all(value: Any) -> Any:
    """Return what JSON holds with every text in it cleaned, names of entries too."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_all(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean_all(item) for key, item in value.items()}
    return value
