"""Fixtures of the delivery tests. Each test gives back what it took."""

from ..leaks import leaves_nothing
from .actors import tell

__all__ = ["leaves_nothing", "tell"]
