"""All commands, and how an application gets them."""

from __future__ import annotations

from flask import Flask

from . import counters, doctor, exports, imports, people, questions, replays, upkeep
from .group import NAME, commands

#: Importing a module adds its commands to the group.
MODULES = (counters, doctor, exports, imports, people, questions, replays, upkeep)


def install(app: Flask) -> None:
    """Add the commands, unless the application has some of that name."""
    if NAME not in app.cli.commands:
        app.cli.add_command(commands)
