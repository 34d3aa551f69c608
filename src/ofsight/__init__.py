"""ofsight: who runs England's children's homes, how inspectors judge them, and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["__version__", "open_dataset"]

if TYPE_CHECKING:
    from ofsight.dataset.store import open_dataset


def __getattr__(name: str) -> Any:
    # Loaded when asked for, so that `ofsight --help` and `import ofsight.ordinal` stay quick.
    if name == "open_dataset":
        from ofsight.dataset.store import open_dataset

        return open_dataset
    raise AttributeError(f"module 'ofsight' has no attribute '{name}'")
