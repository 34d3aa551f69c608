"""The command line: parse, call one function, print. No logic."""

from ofsight.cli import (  # each module adds its commands to the app
    add,
    planning,
    releases,
    results,
    tables,
    web,
)
from ofsight.cli.frame import app

__all__ = ["add", "app", "main", "planning", "releases", "results", "tables", "web"]


def main() -> None:
    """Run the command line."""
    app()
