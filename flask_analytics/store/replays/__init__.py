"""Stored history, sent once more: which events (``choice``), how (``replay``), what became of
them (``report``)."""
