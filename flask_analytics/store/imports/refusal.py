"""Why a record of a file becomes no event."""

from __future__ import annotations


class Refused(Exception):
    """It should have been an event and cannot be one. ``reason`` begins with the field; it names
    no value, so that equal faults count as one."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LeftOut(Exception):
    """It is no event by the rules of its format, such as the image of a page. ``reason`` names
    the rule."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreadable(Exception):
    """The file as a whole cannot be read as what it is taken for. The message names the cure."""
