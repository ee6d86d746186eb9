"""The bounded store of one process, in plain Python: what METRICS says, executable."""

from .store import MemoryStore as MemoryStore
