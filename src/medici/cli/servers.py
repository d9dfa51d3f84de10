"""Commands that keep running: the page."""

from __future__ import annotations

import typer


def add_to(app: typer.Typer) -> None:
    """Put this group's commands into the program."""
