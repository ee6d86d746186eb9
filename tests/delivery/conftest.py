"""Fixtures of the delivery tests."""

from .actors import tell

__all__ = ["tell"]
