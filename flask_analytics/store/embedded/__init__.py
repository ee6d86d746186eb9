"""The store beside the application: SQLite takes events in, Parquet keeps them, DuckDB reads."""
