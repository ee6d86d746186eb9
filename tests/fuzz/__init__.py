"""What is fuzzed, one file each: ``SEEDS`` and ``run``."""

TARGETS = (
    "payload", "batch", "tracking", "body", "values", "event", "journal", "address", "words",
    "enrich",
)  # fmt: skip
