"""What is drawn on a terminal. Only these modules know rich."""

from .counters import Screen as Screen
