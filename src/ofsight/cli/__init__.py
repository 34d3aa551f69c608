"""The command line: parse, call one function, print. No logic."""

from ofsight.cli import results, tables  # each module adds its commands to the app
from ofsight.cli.frame import app

__all__ = ["app", "main", "results", "tables"]


def main() -> None:
    """Run the command line."""
    app()
