"""The events of a store in files that others read: one format a module."""
