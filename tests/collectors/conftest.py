"""Fixtures of the collectors' tests. What a test takes it gives back."""

from __future__ import annotations

from ..leaks import leaves_nothing
from .actors import deliver

__all__ = ["deliver", "leaves_nothing"]
