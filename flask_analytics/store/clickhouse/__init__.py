"""The ClickHouse store: when one machine is not enough."""
